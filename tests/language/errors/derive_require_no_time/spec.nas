use papers.darts
derive {
    require latency < 5, params < 4ms
}
