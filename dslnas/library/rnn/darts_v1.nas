# The recurrent cell that DARTS found with the first-order gradient (Liu, Simonyan and Yang, ICLR 2019,
# arXiv:1806.09055).

use papers.darts_rnn

cell recurrent {
    node n1 = relu(first)
    node n2 = relu(n1)
    node n3 = tanh(n2)
    node n4 = relu(n3)
    node n5 = relu(n4)
    node n6 = identity(n1)
    node n7 = relu(n5)
    node n8 = relu(n1)
}
