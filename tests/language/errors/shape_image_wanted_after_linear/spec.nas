use papers.darts
network { head linear(20) -> conv(3) -> linear(classes) }
