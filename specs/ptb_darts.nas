# DARTS' recurrent cells on the Penn Treebank, as published (Liu, Simonyan and Yang, ICLR 2019,
# arXiv:1806.09055). Days on a CPU: specs/ptb_small_darts.nas takes minutes.
#
#   dslnas compile specs/ptb_darts.nas --search --set data.path=PTB --device cuda
#
# PTB is a folder with train.txt, valid.txt and test.txt. The paper trains alpha on the validation
# text; here a tenth of the training text does, so that what is reported has chosen nothing.

use papers.darts_rnn

data ptb

search darts {
    order   second
    epochs  50
}
