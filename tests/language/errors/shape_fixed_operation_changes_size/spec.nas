use papers.darts
op shrink = max_pool2d(2, stride = 2)
cell normal { node n1 = shrink(in1) + skip_connect(in2) }
