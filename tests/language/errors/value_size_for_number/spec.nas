use papers.darts

network { channels 0x10 }
data images { path "."; size 0 x 5 }
