use papers.darts
let many = 0
search darts { epochs many }
