use std.cnn
cell base { nodes 1; choose skip_connect, relu_conv_bn(3); preprocess preprocess }
cell used like base { widen 2 }
network { channels 4; cells used }
data digits
search random { epochs 1 }
evaluate { channels 4; epochs 1; auxiliary 0 }
