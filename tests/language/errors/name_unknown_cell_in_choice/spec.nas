use std.cnn

cell wide { inputs 1; node n1 = {conv(3), conv(5)}(in1); output n1 }
cell deep like wide {}

network {
    stem   conv(3, out = C)
    cells  wide, {deep, narrow}
}
