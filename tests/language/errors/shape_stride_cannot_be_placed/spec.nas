use papers.darts
op quiet = relu -> tanh
cell reduction { choose quiet, sep_conv(3) }
