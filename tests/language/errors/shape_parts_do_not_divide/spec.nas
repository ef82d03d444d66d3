use papers.darts
network { channels 18 }
search pc_darts
