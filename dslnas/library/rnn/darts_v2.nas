# The recurrent cell that DARTS found with the second-order gradient (Liu, Simonyan and Yang, ICLR
# 2019, arXiv:1806.09055).

use papers.darts_rnn

cell recurrent {
    node n1 = sigmoid(first)
    node n2 = relu(n1)
    node n3 = relu(n1)
    node n4 = identity(n1)
    node n5 = tanh(n2)
    node n6 = sigmoid(n5)
    node n7 = tanh(n3)
    node n8 = relu(n5)
}
