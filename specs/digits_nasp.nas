# NASP (Yao, Xu, Tu and Zhu, AAAI 2020, arXiv:1905.13577) on digits.
# Space, data and training are those of digits_darts.nas; only the method is another.

use "digits_darts.nas"

search nasp {
    epochs  6
    arch    adam(lr = 1e-2)
}
