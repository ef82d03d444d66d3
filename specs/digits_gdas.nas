# GDAS (Dong and Yang, CVPR 2019, arXiv:1910.04465) on digits.
# Space, data and training are those of digits_darts.nas; only the method is another.

use "digits_darts.nas"

search gdas {
    epochs  6
    arch    adam(lr = 1e-2)
}
