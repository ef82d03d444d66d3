use papers.darts
cell other like nromal { stride 2 }
