# The cheapest place to see DARTS collapse: a choice between `skip_connect` and `sep_conv(3)` (Zela et
# al., ICLR 2020, arXiv:1909.09656, space S3). The share of skip connections stands in every line.

use "digits_darts.nas"

ops two = skip_connect, sep_conv(3)

cell normal {
    choose  two
}

cell reduction {
    choose  two
}

search darts {
    epochs  10
    arch    adam(lr = 1e-2)
}
