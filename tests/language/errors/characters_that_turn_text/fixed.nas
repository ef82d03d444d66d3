use papers.darts

#  shows what follows backwards; ‍ and ‏ may stand here
let a = 1  # isolated
data images { path "ab" }
