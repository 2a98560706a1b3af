"""torch.masked: reductions and normalisations of those numbers of x that a mask leaves in.

Masked-out numbers are replaced by the reduction's identity, so they change nothing and get no
gradient. Where a mask leaves nothing in, the result is that of the identities alone: 0 for sum,
-inf for amax, NaN for mean and softmax.

    x        the numbers, any shape
    mask     bool (or numbers: not 0 is True), broadcast to x's shape, with no more dimensions

The documentation of one function holds for all: dim is an int, a tuple, or None or () for all
dimensions; dtype casts x first. Compositions of other ops: their gradients, errors and batching.

This module is imported with rushlight.masked, when it is first asked for.
"""

from __future__ import annotations

import math
from typing import Any, NoReturn

from ..core.dtype import bool_, float32, float64, int64
from ..core.dtype_info import iinfo
from ..core.tensor import Tensor
from ..dispatch.registry import FUNCTIONS, composite
from .reduce import axes_of

_OPTIONS = "*, keepdim: bool | None = False, dtype=None, mask: Tensor | None = None"
_SMALL_INTEGERS = ("uint8", "bool", "int8", "int16", "int32")


# ---------------------------------------------------------------- masks and identities


def _dense(name: str, x: Any, mask: Any) -> None:
    """Refuse what is no strided tensor."""
    for what, value in (("input", x), ("mask", mask)):
        if value is None and what == "mask":
            continue
        if not isinstance(value, Tensor):
            raise TypeError(
                f"{name}(): argument '{what}' must be Tensor, not {type(value).__name__}"
            )
        if value.is_sparse:
            raise NotImplementedError(
                f"torch.masked.{name} of a sparse {what} is not supported\n  fix: {what}.to_dense()"
            )


def _fitting(x: Tensor, mask: Tensor) -> Tensor:
    """The mask in x's shape, as bool."""
    if mask.ndim > x.ndim:
        raise IndexError(
            "_input_mask expected broadcastable mask (got mask dimensionality higher than of the "
            f"input)\n  mask {tuple(mask.shape)}, input {tuple(x.shape)}"
        )
    return mask.expand(x.shape).to(bool_)


def _inside(x: Tensor, mask: Tensor | None, identity: Any) -> Tensor:
    """x, and the identity where the mask leaves nothing in."""
    if mask is None:
        return x
    return FUNCTIONS["where"](_fitting(x, mask), x, FUNCTIONS["full"]((), identity, dtype=x.dtype))


def _lowest(name: str, x: Tensor) -> Any:
    """The number below all others of x's dtype, the identity of max."""
    if x.dtype is bool_:
        raise NotImplementedError(f"identity of {name} on torch.bool input")
    if x.is_floating_point():
        return -math.inf
    if x.is_complex():
        raise TypeError(f"torch.masked.{name}: complex numbers have no order")
    return iinfo(x.dtype).min


def _highest(name: str, x: Tensor) -> Any:
    lowest = _lowest(name, x)
    return -lowest if x.is_floating_point() else iinfo(x.dtype).max


def _axes(dim: Any, ndim: int) -> tuple[int, ...]:
    """dim as axes counted from 0, in order; None and () are all of them."""
    axes = axes_of(dim, ndim)
    if axes is None:
        return tuple(range(ndim))
    return axes if ndim else ()


def _axis(dim: Any, ndim: int) -> int:
    """The first of the axes."""
    return (*_axes(dim, ndim), 0)[0]


def _cast(x: Tensor, dtype: Any, default: Any = None) -> Tensor:
    dtype = dtype or default
    return x if dtype is None or x.dtype is dtype else x.to(dtype)


def _wide(x: Tensor) -> Any:
    """The dtype of a sum."""
    return int64 if str(x.dtype).partition(".")[2] in _SMALL_INTEGERS else x.dtype


# ---------------------------------------------------------------- sums and extremes


@composite(f"sum(input, dim=None, {_OPTIONS})", at="masked")
def masked_sum(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """y = Σ x over dim, of what the mask leaves in; 0 if that is nothing

    shape   x (*), mask broadcast to it -> y (* without dim, or with size 1)
    dtype   floating and complex kept, small integers and bool: int64; dtype= first casts x
    errors  IndexError: dim out of range, a mask with more dimensions; RuntimeError: sizes of x and
            mask, repeated dim; NotImplementedError: sparse tensors

    >>> torch.masked.sum(tensor([1.0, 2.0, 3.0]), mask=tensor([True, False, True]))
    tensor(4.)
    """
    _dense("sum", input, mask)
    x = _inside(_cast(input, dtype, _wide(input)), mask, 0)
    return x.sum(_axes(dim, x.ndim), bool(keepdim)) if x.ndim else x.sum()


@composite(f"prod(input, dim=None, {_OPTIONS})", at="masked")
def prod(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """y = Π x over dim, of what the mask leaves in; 1 if that is nothing

    shape   dtype and errors as torch.masked.sum
    """
    _dense("prod", input, mask)
    x = _inside(_cast(input, dtype, _wide(input)), mask, 1)
    for d in sorted(_axes(dim, x.ndim), reverse=True):
        x = x.prod(d, bool(keepdim))
    return x


@composite(f"amax(input, dim=None, {_OPTIONS})", at="masked")
def amax(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """y = max x over dim, of what the mask leaves in; -inf or the dtype's lowest number if that is
    nothing

    shape   and errors as torch.masked.sum; NotImplementedError: bool; TypeError: complex numbers
    """
    _dense("amax", input, mask)
    x = _inside(input, mask, _lowest("amax", input))
    return _cast(x.amax(_axes(dim, x.ndim), bool(keepdim)), dtype)


@composite(f"amin(input, dim=None, {_OPTIONS})", at="masked")
def amin(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """y = min x over dim, of what the mask leaves in; inf or the dtype's highest number if that is
    nothing

    shape   and errors as torch.masked.amax
    """
    _dense("amin", input, mask)
    x = _inside(input, mask, _highest("amin", input))
    return _cast(x.amin(_axes(dim, x.ndim), bool(keepdim)), dtype)


@composite(f"argmax(input, dim: int | None = None, {_OPTIONS})", at="masked")
def argmax(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """i: where x is largest along dim (None: in the flat x), of what the mask leaves in

    shape   as torch.masked.sum, one dim
    dtype   x's own, as in PyTorch; dtype=torch.int64 for an index
    errors  as torch.masked.amax
    """
    _dense("argmax", input, mask)
    x = _inside(input, mask, _lowest("argmax", input))
    return x.argmax(dim, bool(keepdim)).to(dtype or input.dtype)


@composite(f"argmin(input, dim: int | None = None, {_OPTIONS})", at="masked")
def argmin(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """i: where x is smallest along dim (None: in the flat x), of what the mask leaves in

    shape   dtype and errors as torch.masked.argmax
    """
    _dense("argmin", input, mask)
    x = _inside(input, mask, _highest("argmin", input))
    return x.argmin(dim, bool(keepdim)).to(dtype or input.dtype)


@composite(f"logsumexp(input, dim=None, {_OPTIONS})", at="masked")
def logsumexp(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """y = ln Σ e^x over dim, of what the mask leaves in; -inf if that is nothing

    shape   and errors as torch.masked.sum
    dtype   x's own; NotImplementedError: bool with a mask
    """
    _dense("logsumexp", input, mask)
    x = _cast(input, dtype)
    if mask is not None:
        x = _inside(x, mask, -math.inf if x.is_complex() else _lowest("logsumexp", x))
    return FUNCTIONS["logsumexp"](x, _axes(dim, x.ndim), bool(keepdim)).to(x.dtype)


@composite(f"norm(input, ord: Number | None = 2.0, dim=None, {_OPTIONS})", at="masked")
def norm(input, ord=2.0, dim=None, *, keepdim=False, dtype=None, mask=None):
    """y = (Σ |x|^ord)^(1/ord) over dim, of what the mask leaves in, see torch.linalg.vector_norm

    Masked-out numbers count as 0, as in PyTorch (inf for ord = -inf).

    shape   and errors as torch.masked.sum; RuntimeError: integers
    """
    _dense("norm", input, mask)
    x = _inside(input, mask, math.inf if ord == -math.inf else 0)
    axes = _axes(dim, x.ndim)
    return FUNCTIONS["linalg.vector_norm"](x, ord, axes, bool(keepdim), dtype=dtype)


@composite(
    "median(input, dim: int = -1, *, keepdim: bool = False, dtype=None, "
    "mask: Tensor | None = None)",
    at="masked",
)
def median(input, dim=-1, *, keepdim=False, dtype=None, mask=None):
    """y = the median (the lower of two) along dim, of what the mask leaves in; NaN if that is
    nothing

    shape   as torch.masked.sum, one dim
    errors  as there; ValueError: nothing left in a row of integers
    """
    _dense("median", input, mask)
    x = _cast(input, dtype)
    axis = _axis(dim, x.ndim)
    if mask is None:
        return x.median(axis, bool(keepdim))[0]
    if not input.is_floating_point():
        if not bool(_fitting(input, mask).any(axis).all()):
            raise ValueError(
                "masked median expects no fully masked out rows if dtype is not floating point"
            )
        y = _inside(x.to(float64), mask, math.nan).nanmedian(axis, bool(keepdim))[0]
        return y.to(x.dtype)
    return _inside(x, mask, math.nan).nanmedian(axis, bool(keepdim))[0]


# ---------------------------------------------------------------- means and variances


def _count(x: Tensor, dim: Any, keepdim: Any, mask: Tensor | None) -> Tensor:
    """How many numbers are left in."""
    ones = FUNCTIONS["ones"](x.shape, dtype=int64)
    return masked_sum(ones, dim, keepdim=keepdim, mask=mask)


@composite(f"mean(input, dim=None, {_OPTIONS})", at="masked")
def mean(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """y = the mean over dim of what the mask leaves in; NaN if that is nothing

    shape   and errors as torch.masked.sum
    dtype   floating and complex, kept; dtype= first casts x. ValueError: integers
    """
    _dense("mean", input, mask)
    chosen = dtype or input.dtype
    if not (chosen.is_floating_point or chosen.is_complex):
        what = "Input" if dtype is None else "Optional"
        raise ValueError(
            f"mean(): Could not infer output dtype. {what} dtype must be either a floating point "
            f"or complex dtype. Got: {chosen}"
        )
    total = masked_sum(input, dim, keepdim=keepdim, dtype=chosen, mask=mask)
    return total / _count(input, dim, keepdim, mask)


def _variance(input, dim, unbiased, correction, keepdim, dtype, mask):
    if unbiased is not None and correction is not None:
        raise AssertionError("Only one of unbiased and correction may be given")
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    dtype = dtype or input.dtype
    if not (dtype.is_floating_point or dtype.is_complex):
        dtype = float32
    count = _count(input, dim, True, mask)
    center = masked_sum(input, dim, keepdim=True, dtype=dtype, mask=mask) / count
    rest = input - center
    total = masked_sum(rest * rest.conj(), dim, keepdim=keepdim, dtype=dtype, mask=mask)
    count = count if keepdim else count.reshape(total.shape)
    if correction != 0:
        count = count - correction
        count = FUNCTIONS["maximum"](count, FUNCTIONS["zeros"]((), dtype=count.dtype))
    return (total / count).to(dtype)


_MOMENTS = (
    "dim=None, unbiased: bool | None = None, *, correction: Number | None = None, "
    "keepdim: bool | None = False, dtype=None, mask: Tensor | None = None"
)


@composite(f"var(input, {_MOMENTS})", at="masked")
def var(input, dim=None, unbiased=None, *, correction=None, keepdim=False, dtype=None, mask=None):
    """y = Σ |x - mean|² / (n - correction) over dim, of the n numbers that the mask leaves in

    unbiased    the same as correction=1 (the default) or 0
    shape       and errors as torch.masked.sum; AssertionError: unbiased and correction
    dtype       floating and complex, kept; integers become float32
    """
    _dense("var", input, mask)
    return _variance(input, dim, unbiased, correction, keepdim, dtype, mask)


@composite(f"std(input, {_MOMENTS})", at="masked")
def std(input, dim=None, unbiased=None, *, correction=None, keepdim=False, dtype=None, mask=None):
    """y = √var, see torch.masked.var

    shape   dtype and errors as there
    """
    _dense("std", input, mask)
    return _variance(input, dim, unbiased, correction, keepdim, dtype, mask).sqrt()


# ---------------------------------------------------------------- the same shape


_ALONG = "dim: int, *, dtype=None, mask: Tensor | None = None"


@composite(f"softmax(input, {_ALONG})", at="masked")
def softmax(input, dim, *, dtype=None, mask=None):
    """y = e^x / Σ e^x along dim; 0 where the mask leaves nothing in, NaN if it leaves nothing

    shape   x (*), mask broadcast to it -> y (*)
    errors  IndexError: dim out of range, a mask with more dimensions; RuntimeError: sizes;
            NotImplementedError: sparse tensors, integers
    """
    _dense("softmax", input, mask)
    x = _cast(input, dtype)
    return _inside(x, mask, _lowest("softmax", x)).softmax(_axis(dim, x.ndim))


@composite(f"log_softmax(input, {_ALONG})", at="masked")
def log_softmax(input, dim, *, dtype=None, mask=None):
    """y = ln softmax(x) along dim; -inf where the mask leaves nothing in

    shape   and errors as torch.masked.softmax
    """
    _dense("log_softmax", input, mask)
    x = _cast(input, dtype)
    return _inside(x, mask, _lowest("log_softmax", x)).log_softmax(_axis(dim, x.ndim))


@composite(f"softmin(input, {_ALONG})", at="masked")
def softmin(input, dim, *, dtype=None, mask=None):
    """y = softmax(-x) along dim; 0 where the mask leaves nothing in

    shape   and errors as torch.masked.softmax
    """
    _dense("softmin", input, mask)
    x = _cast(input, dtype)
    return (-_inside(x, mask, _highest("softmin", x))).softmax(_axis(dim, x.ndim))


@composite(f"cumsum(input, {_ALONG})", at="masked")
def cumsum(input, dim, *, dtype=None, mask=None):
    """y_i = Σ x_j over j ≤ i along dim, of what the mask leaves in

    shape   and errors as torch.masked.softmax
    dtype   x's own, integers too
    """
    _dense("cumsum", input, mask)
    x = _inside(_cast(input, dtype), mask, 0)
    return x.cumsum(_axis(dim, x.ndim), dtype=x.dtype)


@composite(f"cumprod(input, {_ALONG})", at="masked")
def cumprod(input, dim, *, dtype=None, mask=None):
    """y_i = Π x_j over j ≤ i along dim, of what the mask leaves in

    shape   dtype and errors as torch.masked.cumsum
    """
    _dense("cumprod", input, mask)
    x = _inside(_cast(input, dtype), mask, 1)
    return x.cumprod(_axis(dim, x.ndim), dtype=x.dtype)


@composite(
    "normalize(input, ord: Number, dim: int, *, eps: float = 1e-12, dtype=None, "
    "mask: Tensor | None = None)",
    at="masked",
)
def normalize(input, ord, dim, *, eps=1e-12, dtype=None, mask=None):
    """y = x / max(‖x‖, eps) along dim, of what the mask leaves in; 0 elsewhere

    shape   and errors as torch.masked.softmax; RuntimeError: integers
    """
    _dense("normalize", input, mask)
    size = norm(input, ord, dim, keepdim=True, dtype=dtype, mask=mask)
    return _inside(input, mask, 0) / size.clamp_min(eps)


@composite(
    "logaddexp(input, other: Tensor, *, dtype=None, input_mask: Tensor | None = None, "
    "other_mask: Tensor | None = None)",
    at="masked",
)
def logaddexp(input, other, *, dtype=None, input_mask=None, other_mask=None):
    """z = ln(e^x + e^y), of what the masks leave in; -inf if that is nothing

    input_mask  for x, other_mask for y
    shape       x, y broadcast; the masks as torch.masked.softmax
    errors      as there
    """
    _dense("logaddexp", input, input_mask)
    _dense("logaddexp", other, other_mask)
    x = _inside(input, input_mask, -math.inf)
    y = _inside(other, other_mask, -math.inf)
    return _cast(FUNCTIONS["logaddexp"](x, y), dtype)


# ---------------------------------------------------------------- tensors with their mask

_PROTOTYPE = (
    "rushlight has no MaskedTensor, a prototype of PyTorch's\n"
    "  fix: keep the mask beside the tensor: torch.masked.sum(x, 0, mask=mask) and the like"
)


class MaskedTensor:
    """A tensor that carries its mask: not there, making one raises NotImplementedError."""

    def __init__(self, data: Any, mask: Any, requires_grad: bool = False):
        raise NotImplementedError(_PROTOTYPE)


@composite("masked_tensor", at="masked")
def masked_tensor(data: Any, mask: Any, requires_grad: bool = False) -> NoReturn:
    """NotImplementedError: see MaskedTensor."""
    raise NotImplementedError(_PROTOTYPE)


@composite("as_masked_tensor", at="masked")
def as_masked_tensor(data: Any, mask: Any) -> NoReturn:
    """NotImplementedError: see MaskedTensor."""
    raise NotImplementedError(_PROTOTYPE)


@composite("is_masked_tensor", at="masked")
def is_masked_tensor(obj: Any, /) -> bool:
    """False: there are none, see MaskedTensor.

    shape   obj, anything -> bool
    """
    return isinstance(obj, MaskedTensor)
