data npz { path "digits.npz" }
use papers.darts
