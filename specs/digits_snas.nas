# SNAS (Xie, Zheng, Liu and Lin, ICLR 2019, arXiv:1812.09926) on digits.
# Space, data and training are those of digits_darts.nas; only the method is another.

use "digits_darts.nas"

search snas {
    epochs  6
    arch    adam(lr = 1e-2)
}
