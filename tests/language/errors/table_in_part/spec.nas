use std.common

cell one {
    inputs  1
    node n1 = {linear(C), identity}(in1)
    output  n1
}

network { stem linear(C); cells one; head linear(classes) }

data diabetes

search pc_darts
