# Random sampling with weight sharing (Li and Talwalkar, UAI 2019, arXiv:1902.07638), the baseline, on digits.
# Space, data and training are those of digits_darts.nas; only the method is another.

use "digits_darts.nas"

search random {
    epochs   6
    samples  50
}
