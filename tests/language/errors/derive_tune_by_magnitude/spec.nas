use papers.darts

search darts

derive {
    tune  5
}
