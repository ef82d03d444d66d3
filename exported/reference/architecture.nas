# A cell of four edges, for the reference export: small enough to read all of it.

use std.cnn

cell tiny {
    inputs      2
    preprocess  preprocess
    node n1 = sep_conv(3)(in1) + max_pool(3)(in2)
    node n2 = skip_connect(n1) + dil_conv(3)(in2)
    output      concat(n1, n2)
}

cell reduction like tiny {
    stride  2
    widen   2
}

network {
    channels  4
    repeat    1
    cells     tiny, reduction, tiny
}

data digits

evaluate {
    channels  4
    repeat    1
}
