let a = 1            # one
let longer_name = 2  # two
let b = 3

let c = 4  # apart from those above
# so is this
let d = 5  # and this
search milenas {
    order    first  # short
    lambda   1.0
    epochs   50     # aligned with the one above
    # too wide here
    weights  sgd(lr = cosine(0.025, 0.001), momentum = 0.9, weight_decay = 3e-4, clip = 5)
    arch     adam(lr = 3e-4)
}
cell normal {
    node n1 = sep_conv(3)(in1)  # nodes and settings
    keep  2                     # align as well
}
