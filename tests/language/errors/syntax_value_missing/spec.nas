let width =
let depth = 3
