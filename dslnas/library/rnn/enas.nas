# The recurrent cell of ENAS (Pham et al., ICML 2018, arXiv:1802.03268), with the gates of DARTS.

use papers.darts_rnn

cell recurrent {
    node n1 = tanh(first)
    node n2 = tanh(n1)
    node n3 = relu(n1)
    node n4 = tanh(n3)
    node n5 = tanh(n3)
    node n6 = relu(n3)
    node n7 = relu(n4)
    node n8 = relu(n7)
    node n9 = relu(n8)
    node n10 = relu(n8)
    node n11 = relu(n8)
    output  mean(n2, n5, n6, n9, n10, n11)
}
