use papers.darts
data npz { path "~no-such-user-here/digits.npz" }
