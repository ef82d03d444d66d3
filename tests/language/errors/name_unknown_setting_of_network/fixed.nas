use papers.darts
network { stem conv(3) }
