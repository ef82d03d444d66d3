# DARTS with the second-order alpha-gradient (Liu, Simonyan and Yang, ICLR 2019), on digits.
# Space, data and training are those of digits_darts.nas; only the gradient is another.

use "digits_darts.nas"

search darts {
    epochs  6
    order   second
    arch    adam(lr = 3e-3)
}
