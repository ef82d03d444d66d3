"""exp of float32 numbers, in a form that loops over arrays are vectorised with."""

from __future__ import annotations

from typing import Any

import numpy as np

from dslnas.backends.torch.kernels.jit import from_bits, serial


@serial
def exponential(v: Any) -> Any:
    """Return exp(v); v counts as 87 or -87 where it is further from 0.

    exp(v) = 2^n * exp(r) with n the whole number nearest to v / ln 2; ln 2 is taken away in two
    parts, and exp(r) is a polynomial (Moshier, Cephes Mathematical Library, expf).
    """
    most = np.float32(87)
    v = most if v > most else v
    v = -most if v < -most else v
    n = np.floor(v * np.float32(1.44269504088896341) + np.float32(0.5))
    r = v - n * np.float32(0.693359375) + n * np.float32(2.12194440e-4)
    p = np.float32(1.9875691500e-4) * r + np.float32(1.3981999507e-3)
    p = p * r + np.float32(8.3334519073e-3)
    p = p * r + np.float32(4.1665795894e-2)
    p = p * r + np.float32(1.6666665459e-1)
    p = p * r + np.float32(5.0000001201e-1)
    power = from_bits(np.int32((np.int32(n) + np.int32(127)) << np.int32(23)))
    return (p * r * r + r + np.float32(1)) * power
