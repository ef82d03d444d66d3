use papers.darts

network {
    channels  4
}
