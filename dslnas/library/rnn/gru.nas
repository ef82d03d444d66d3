# Gated recurrent unit (Cho et al., EMNLP 2014, arXiv:1406.1078). Gates stand in the order r, z, n,
# and r closes behind the weights of h, as in torch.nn.GRU.

use std.rnn

cell gru {
    inputs  x
    states  h
    let new = linear(3 * C)(drop_input(x))
    let old = linear(3 * C)(drop_state(h))
    let r = sigmoid(split(3, 0)(new) + split(3, 0)(old))
    let z = sigmoid(split(3, 1)(new) + split(3, 1)(old))
    let n = tanh(split(3, 2)(new) + r * split(3, 2)(old))
    let h_next = n + z * (h - n)
    output  h_next
}

network {
    cells  gru
}
