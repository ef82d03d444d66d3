use papers.darts
data npz { path "~/digits.npz" }
