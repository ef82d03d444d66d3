use papers.darts
op block = conv2d(3) -> swish -> wibble
cell normal { choose GELU }
