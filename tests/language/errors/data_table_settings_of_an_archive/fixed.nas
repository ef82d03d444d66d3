use papers.darts
data signals { path "waves.npz" }
