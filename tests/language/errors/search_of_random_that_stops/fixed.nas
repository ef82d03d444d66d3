use papers.darts
search random {
}
derive {
}
