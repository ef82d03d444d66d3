use papers.darts
derive {
    require latency <= 5ms, params < 4M
}
