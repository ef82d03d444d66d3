use papers.darts
data npz { path "3" }
