# MiLeNAS (He, Ye, Shen and Zhang, CVPR 2020, arXiv:2003.12238) on digits.
# Space, data and training are those of digits_darts.nas; only the method is another.

use "digits_darts.nas"

search milenas {
    epochs  6
    arch    adam(lr = 3e-3)
}
