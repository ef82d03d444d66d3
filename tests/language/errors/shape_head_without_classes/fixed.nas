use papers.darts
network { head global_avg_pool -> linear(classes) }
