use papers.darts
network { input 3 x 32 x 32 }
