"""Padding: constant, reflected, replicated, circular."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..core.dtype import from_numpy_dtype
from ..core.tensor import Tensor, wrap
from ..dispatch.messages import not_implemented
from ..dispatch.on_tensors import translate
from ..dispatch.promotion import fits_anyway, fitting
from ..dispatch.registry import CARDS, composite, internal, op
from ..kernels import K
from ..kernels.seam import word
from ..kernels.window_geometry import continuation
from . import index_select  # noqa: F401  (K.index_select_dx)


@op(
    "constant_pad_nd(input, pad: Sequence[int], value=0)",
    at="torch",
    tensors=1,
    node="ConstantPadNd",
    order="channels",
    quiet=False,
)
class ConstantPadNd:
    """y = x with `value` around it; negative widths cut off.

    pad     (before, after) of the last dimension, then of the one before it, ...
    errors  RuntimeError: too many widths, an odd number, a negative size

    >>> torch.constant_pad_nd(tensor([1, 2]), (1, 0), 7)
    tensor([7, 1, 2])
    """

    def prepare(input, pad, value):
        return input, _widths(input._a, pad), value

    def forward(x, widths, value):
        kind = from_numpy_dtype(x.dtype)
        if fits_anyway(value, kind):
            return K.padded(x, tuple(widths), np.array(value, kind.np))
        return K.padded(x, tuple(widths), fitting(value, kind))

    def backward(c, dy, widths):
        return K.pad_constant(dy, tuple((-a, -b) for a, b in widths), 0)

    def samples(make):
        yield make(4, 3).T, (0, 2, 1, 0), 0
        yield make(0, 2), (0, 0, 1, 1), 1.0
        yield make(2, 3), (2, 1, 1, 0), 0.5
        yield make(3, 4), (0, -2, -1, 1), 0


word("pad_constant", ConstantPadNd.forward)
translate("pad_constant", lambda x, widths, value: ConstantPadNd.run((x, widths, value)))


@internal("pad_by_index", tensors=1, node="PadIndex", fresh=True, quiet=False)
class PadByIndex:
    """y = x with a border that continues it: reflected, replicated, circular."""

    def forward(x, widths, how):
        return K.continued(x, widths, how)

    def backward(c, dy, x_shape, widths, how):
        for dim, (before, after) in reversed(tuple(enumerate(widths))):
            if before or after:
                shape = list(dy.shape)
                shape[dim] = x_shape[dim]
                index = continuation(x_shape[dim], before, after, how)
                dy = K.index_select_dx(dy, tuple(shape), dim, index)
        return dy

    def samples(make):
        yield make(4, 2).T, ((0, 0), (1, 2)), "replicate"
        yield make(2, 4), ((1, 1), (2, 1)), "reflect"
        yield make(3, 4), ((0, -1), (2, -1)), "circular"


_PAD_IMAGE = PadByIndex.lying("channels")


translate(
    "index_select_dx",
    lambda dy, shape, dim, index: CARDS["index_select_dx"].run(
        (dy, shape, dim, index if isinstance(index, Tensor) else wrap(index))
    ),
)


def _widths(a: np.ndarray, pad) -> tuple[tuple[int, int], ...]:
    """((before, after), ...) of every dimension, from PyTorch's list, which begins at the last."""
    return _pairs(a.shape, tuple([int(w) for w in pad]))


@lru_cache
def _pairs(shape: tuple, widths: tuple) -> tuple[tuple[int, int], ...]:
    if len(widths) % 2:
        raise RuntimeError(f"Padding length must be divisible by 2\n  it is {len(widths)}")
    k = len(widths) // 2
    if k > len(shape):
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got "
            f"padding length {len(widths)} and input of dimension {len(shape)}"
        )
    pairs = [(widths[2 * i], widths[2 * i + 1]) for i in reversed(range(k))]
    for d, (before, after) in enumerate(pairs, len(shape) - k):
        if shape[d] + before + after < 0:
            raise RuntimeError(
                f"The input size {shape[d]}, plus negative padding {before} and {after}, "
                f"resulted in a negative output size, which is invalid. Check dimension {d} of "
                "your input."
            )
    return ((0, 0),) * (len(shape) - k) + tuple(pairs)


@lru_cache
def _border(shape: tuple, dtype: np.dtype, widths: tuple, mode: str) -> tuple:
    """((before, after), ...) of a mode that continues x, after its checks."""
    per_dim, k = _pairs(shape, widths), len(widths) // 2
    if mode not in ("reflect", "replicate", "circular"):
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if not 1 <= k <= 3 or len(shape) not in (k + 1, k + 2):
        raise NotImplementedError(
            "Only 2D, 3D, 4D, 5D padding with non-constant padding are supported for now"
        )
    if dtype.kind == "b" and mode != "circular":
        word = "reflection" if mode == "reflect" else "replication"
        raise not_implemented(f"{word}_pad{k}d", np.empty(0, dtype))
    batch = len(shape) - k - 1  # 0 without one: then the channels must not be none, either
    if mode != "circular" and 0 in (shape[batch:] if batch == 0 else shape[1:]):
        raise RuntimeError(
            f"Expected {k + 1}D or {k + 2}D (batch mode) tensor with possibly 0 batch size and "
            f"other non-zero dimensions for input, but got: {list(shape)}"
        )
    for d, (before, after) in enumerate(per_dim):
        if not (before or after):
            continue
        n = shape[d]
        if mode == "reflect" and (before >= n or after >= n):
            raise RuntimeError(
                f"Argument #{4 if k == 1 else 6}: Padding size should be less than the "
                f"corresponding input dimension, but got: padding ({before}, {after}) at dimension "
                f"{d} of input {list(shape)}"
            )
        if mode == "circular" and (before > n or after > n):
            raise RuntimeError("Padding value causes wrapping around more than once.")
        if n == 0:
            raise RuntimeError(
                f"Expected {k + 1}D or {k + 2}D (batch mode) tensor with possibly 0 batch size and "
                f"other non-zero dimensions for input, but got: {list(shape)}"
            )
    return per_dim


@composite("pad(input, pad: Sequence[int], mode: str = 'constant', value=None)", at="F")
def pad(input, pad, mode="constant", value=None):
    """input with pad = (before, after) of the last dimension, then of the one before it, ... around
    it.

    mode    constant (filled with value), reflect, replicate or circular (those only pad 1, 2 or 3
            last dimensions)
    errors  RuntimeError: too many widths, or wider than the mode can fill; ValueError: a value for
            another mode than constant; NotImplementedError: another mode

    >>> F.pad(tensor([1.0, 2.0]), (1, 1))
    tensor([0., 1., 2., 0.])
    """
    a = input._a
    if mode == "constant":
        return ConstantPadNd.run((input, _widths(a, pad), 0 if value is None else value))
    widths = tuple([int(w) for w in pad])
    if value is not None and value != 0:
        _pairs(a.shape, widths)
        raise ValueError(f'Padding mode "{mode}" doesn\'t take in value argument')
    per_dim = _border(a.shape, a.dtype, widths, mode)
    if not any(widths):
        return input.clone()
    return (PadByIndex if mode == "circular" else _PAD_IMAGE).run((input, per_dim, mode))
