use papers.darts
network { steem conv(3) }
