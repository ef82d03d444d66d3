"""Functions that networks spend their time in: loops of our own on a CPU, else those of torch.

A kernel is three modules: its function, `mix`; the record that its loops read, with what must hold
of all tensors in it, `mix_args`; and the loops, `mix_numba`. `availability` says whether there are
loops, `compilation` when they are worth compiling, `jit` how that is done, and `kept_loops` where
they are kept. Every call goes through `kernel_call`, which has its arguments checked first. Loops
are built of what stands below them: norms and moments by channel, on `tiles`; spaces, strips and
products of convolutions; and vectors in registers, `vectors` and `simd_*`.
"""
