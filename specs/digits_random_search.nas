# Random search (Li and Talwalkar, UAI 2019, arXiv:1902.07638): five architectures, each trained alone.
# Space, data and training are those of digits_darts.nas; only the method is another.

use "digits_darts.nas"

search random_search {
    epochs  10
    each    2
}
