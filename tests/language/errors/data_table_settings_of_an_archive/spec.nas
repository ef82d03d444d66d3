use papers.darts
data signals { path "waves.npz"; channels 3; ignore "a" }
