use papers.darts
network { input 1 x 3 x 32 x 32 }
