use std.cnn

cell normal {
    inputs  2
    node n1 = {skip_connect, sep_conv(3)}(in1) + {none, sep_conv(3)}(in2)
    node n2 = none(n1)
    output  concat(n2)
    none    allowed
}

network { cells normal * 2 }
