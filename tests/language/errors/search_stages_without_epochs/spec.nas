use papers.darts
search drnas {
    epochs  25
    warmup  12
    prune   stages(2)
}
