# Attention between the positions of images, and blocks made of it.
#
# All of it keeps the channels. Where a place is strided, what a block gives is pooled.

use std.vision

# heads x channels of each x positions
op of_heads(heads) = conv(1, out = C_in, bias = true) -> reshape((heads, C_in / heads, H_in * W_in))

# Multi-head self-attention (Vaswani et al., NeurIPS 2017): values weighed by how well the keys of
# their positions fit the queries of others.
op attend(heads) = matmul(of_heads(heads),
    matmul(of_heads(heads) -> transpose(2, 3), of_heads(heads)) -> rescale(1 / sqrt(C_in / heads))
    -> softmax(2)) -> reshape((C_in, H_in, W_in)) -> conv(1, out = C_in, bias = true)

op mlp(ratio = 4) = conv(1, out = ratio * C_in, bias = true)
    -> gelu -> conv(1, out = C_in, bias = true)

op pooled(f) = f
    | when stride 2: f -> avg_pool2d(3, stride = stride)

op beside(f) = add(f, identity)

op normed(f) = layer_norm(eps = 1e-6) -> f

op self_attention(heads = 4) = pooled(attend(heads))

# A layer of a vision transformer (Dosovitskiy et al., ICLR 2021).
op vit_block(heads = 4, ratio = 4) = pooled(beside(normed(attend(heads)))
    -> beside(normed(mlp(ratio))))

# Attention in the place of a bottleneck's convolution, as in BoTNet (Srinivas et al., CVPR 2021).
op attention_bottleneck(heads = 4, ratio = 4) = residual(conv(1, out = C / ratio)
    -> batch_norm -> relu -> attend(heads) -> batch_norm -> relu -> conv(1) -> batch_norm)

op token_mixing(hidden) = reshape((C_in, H_in * W_in)) -> transpose(1, 2)
    -> conv(1, out = hidden, bias = true) -> gelu -> conv(1, out = H_in * W_in, bias = true)
    -> transpose(1, 2) -> reshape((C_in, H_in, W_in))

# A layer of an MLP-Mixer (Tolstikhin et al., NeurIPS 2021); `hidden` units mix the positions.
op mixer_block(hidden = 64, ratio = 4) = pooled(beside(normed(token_mixing(hidden)))
    -> beside(normed(mlp(ratio))))

# An operation on images, done to a signal as an image of one row.
op on_signal(f) = as_row -> f -> as_signal
op as_row = reshape((C_in, 1, W_in))
op as_signal = reshape((C_in, H_in * W_in))
