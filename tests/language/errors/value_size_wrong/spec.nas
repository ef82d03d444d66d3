use papers.darts
network { input 32 x 32 }
