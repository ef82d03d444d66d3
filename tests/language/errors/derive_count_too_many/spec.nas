use papers.darts
cell normal { nodes 9; keep all }
derive {
    count max_pool(3) <= 20, avg_pool(3) <= 20, sep_conv(3) <= 20, dil_conv(3) <= 20
}
