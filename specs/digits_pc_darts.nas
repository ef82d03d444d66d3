# PC-DARTS (Xu et al., ICLR 2020, arXiv:1907.05737) on digits.
# Space, data and training are those of digits_darts.nas; only the method is another.

use "digits_darts.nas"

search pc_darts {
    epochs  6
    warmup  2
    arch    adam(lr = 3e-3)
}
