# The recurrent cell that GDAS found (Dong and Yang, CVPR 2019, arXiv:1910.04465).

use papers.darts_rnn

cell recurrent {
    node n1 = relu(first)
    node n2 = relu(first)
    node n3 = identity(n1)
    node n4 = relu(n1)
    node n5 = tanh(first)
    node n6 = relu(n2)
    node n7 = identity(n4)
    node n8 = identity(n2)
}
