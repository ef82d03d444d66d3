use papers.darts
data npz {
    path "data/digits.npz"
    batch 32
}
