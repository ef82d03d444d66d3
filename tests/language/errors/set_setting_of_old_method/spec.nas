use papers.darts
search random {
    samples  100
}
