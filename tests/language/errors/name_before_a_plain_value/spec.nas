use papers.darts

network {
    channels  few: 4
}
