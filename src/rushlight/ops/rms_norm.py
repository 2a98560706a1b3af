"""Normalisation by norms: root mean square, p-norms, neighbouring channels.

N batch, C channels, * further dimensions.
"""

from __future__ import annotations

import numpy as np

from ..core.dtype import scalar_name
from ..core.tensor import wrap
from ..dispatch.promotion import real
from ..dispatch.registry import composite
from ..kernels import K
from .cat_split import cat
from .convert import unrecorded
from .narrow import is_narrow, rounded, wide
from .norm import check_trailing, normalized_dims
from .reduce import axis_of


@composite(
    "rms_norm(input, normalized_shape: Sequence[int], weight: Tensor | None = None, "
    "eps: float | None = None)",
    at="torch F",
)
def rms_norm(input, normalized_shape, weight=None, eps=None):
    """y = x / sqrt(mean(x²) + eps) · w over the last dimensions, of shape normalized_shape.

    eps     of the dtype that it is computed in by default: 2^-23 or, in float64, 2^-52
    dtype   floating, kept; a weight of another dtype is promoted with it, but for narrow inputs
    errors  TypeError: normalized_shape is no tuple; RuntimeError: shapes that do not fit;
            NotImplementedError: integers
    source  Zhang, Sennrich 2019, arXiv:1910.07467

    >>> F.rms_norm(tensor([[1.0, 7.0]]), (2,))
    tensor([[0.2000, 1.4000]])
    """
    shape = normalized_dims("rms_norm", normalized_shape)
    check_trailing(input._a.shape, shape, "", weight=weight)
    if not (input.is_floating_point() or input.is_complex()):
        kind = scalar_name(input.dtype)
        raise NotImplementedError(f"\"rms_norm\" not implemented for '{kind}'")
    x = wide(input)
    if eps is None:
        eps = float(np.finfo(x._a.dtype).eps)
    y = x * (x * x).mean(tuple(range(-len(shape), 0)), keepdim=True).add(eps).rsqrt()
    if weight is not None:
        y = y * wide(weight)
    return rounded(y, input) if is_narrow(input) else y


@composite("normalize(input, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out=None)", at="F")
def normalize(input, p=2.0, dim=1, eps=1e-12):
    """y = x / max(‖x‖_p, eps) along dim.

    errors  IndexError: there is no such dimension

    >>> F.normalize(tensor([[3.0, 4.0]]))
    tensor([[0.6000, 0.8000]])
    """
    a = input._a
    if p == 2 and unrecorded(input) and a.dtype.kind == "f" and a.itemsize > 2 and a.ndim:
        if a.flags.c_contiguous:
            return wrap(K.unit(a, axis_of(dim, a.ndim), real(eps)))
    return input / input.norm(p, dim, keepdim=True).clamp_min(eps).expand_as(input)


@composite(
    "local_response_norm(input, size: int, alpha: float = 1e-4, beta: float = 0.75, "
    "k: float = 1.0)",
    at="F",
)
def local_response_norm(input, size, alpha=1e-4, beta=0.75, k=1.0):
    """y = x / (k + alpha · mean of x² over `size` neighbouring channels)^beta

    shape   x (N, C, *) -> y (N, C, *), at least three dimensions
    errors  ValueError: fewer dimensions
    source  Krizhevsky, Sutskever, Hinton 2012
    """
    dim = input.dim()
    if dim < 3:
        raise ValueError(f"Expected 3D or higher dimensionality input (got {dim} dimensions)")
    if input.numel() == 0:
        return input
    channels = input.shape[1]
    squares = input * input
    before, after = size // 2, (size - 1) // 2
    zeros_before = squares.new_zeros((squares.shape[0], before, *squares.shape[2:]))
    zeros_after = squares.new_zeros((squares.shape[0], after, *squares.shape[2:]))
    padded = cat([zeros_before, squares, zeros_after], 1)
    total = padded[:, 0:channels]
    for i in range(1, size):
        total = total + padded[:, i : i + channels]
    exact = input.is_floating_point() or input.is_complex()  # else means are cut, as PyTorch does
    mean = total / size if exact else total.div(size, rounding_mode="trunc")
    return input / (mean * alpha + k).pow(beta)
