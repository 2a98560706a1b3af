"""Discrete Fourier transforms: torch.fft.

X[k] = Σ x[j] e^(-2πi jk / n) over j; the inverse has e^(+2πi jk / n). Three cards do the work:
complex to complex, real to complex, and complex (Hermitian) to real, each one axis after the
other (native/fft.cpp, kernels/twin/fft.py). n is the length of the signal, m = n // 2 + 1 the
number of frequencies of a real one.

This module is imported with rushlight.fft, when it is first asked for.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.dtype import FLOAT, get_default_dtype, scalar_name
from ..core.tensor import Tensor, wrap
from ..dispatch.on_tensors import translate
from ..dispatch.registry import CARDS, FUNCTIONS, Composite, internal, publish_faces
from ..dispatch.schema import Schema
from ..kernels import K
from ..kernels.seam import word
from .complex import conj
from .creation import OPTIONS, dtype_of, finished
from .reduce import axes_of

# how a sum is scaled: not, by 1 / √n, by 1 / n
NONE, ROOT, WHOLE = 0, 1, 2


def _factor(scale: int, sizes: list) -> float:
    n = math.prod(sizes) if scale else 1
    return 1.0 if not scale else 1 / n if scale == WHOLE else 1 / math.sqrt(n)


# ---------------------------------------------------------------- the three transforms


@internal("fft_c2c", tensors=1, node="FftC2C", quiet=True)
class FftC2C:
    """Y = the transform of complex X over `axes`; back=True: with e^(+2πi jk / n)

    grad    dX = the transform of dY the other way round, scaled the same
    """

    def forward(x, axes, scale, back):
        if not axes or not x.size:
            return x.copy()
        factor = _factor(scale, [x.shape[d] for d in axes])
        for d in axes[:0:-1]:
            x = K.dft(x, d, 1.0, back)
        return K.dft(x, axes[0], factor, back)

    def backward(c, dy, axes, scale, back):
        return K.fft_c2c(dy, axes, scale, not back)

    def samples(make):
        yield make(3, 4, dtype="complex128"), (1,), NONE, False
        yield make(4, 3, dtype="complex128").T, (0, 1), WHOLE, True
        yield make(2, 3, 2, dtype="complex128"), (2, 0), ROOT, False
        yield make(0, 3, dtype="complex128"), (1,), NONE, True


@internal("fft_r2c", tensors=1, node="FftR2C", quiet=True)
class FftR2C:
    """Y = the transform of real X over `axes`; half: only the m frequencies 0 ... n // 2 of the
    last of them, since the others are their conjugates

    grad    dX = the real part of the inverse sum over the frequencies that Y has: a transform
            to real numbers, in which every frequency but 0 and n / 2 counts twice
    """

    def forward(x, axes, scale, half):
        if not x.size:
            shape = list(x.shape)
            shape[axes[-1]] = shape[axes[-1]] // 2 + 1 if half else shape[axes[-1]]
            return np.zeros(shape, np.result_type(x.dtype, np.complex64))
        y = K.dft_real(x, axes[-1], _factor(scale, [x.shape[d] for d in axes]), half)
        for d in axes[-2::-1]:
            y = K.dft(y, d, 1.0, False)
        return y

    def backward(c, dy, x_shape, axes, scale, half):
        if not half:
            return K.real(K.fft_c2c(dy, axes, scale, True))
        n = x_shape[axes[-1]]
        return K.fft_c2r(dy * _counts(dy, axes[-1], n, 0.5), axes, scale, n)

    def samples(make):
        yield make(3, 4), (1,), NONE, True
        yield make(5, 3).T, (1,), WHOLE, True
        yield make(2, 3, 4), (2, 0), ROOT, True
        yield make(3, 4), (0, 1), NONE, False
        yield make(0, 4), (1,), NONE, True


@internal("fft_c2r", tensors=1, node="FftC2R", quiet=True)
class FftC2R:
    """Y = the n real numbers with the frequencies X over `axes`, of whose last axis X has half

    What X says of the imaginary part of frequency 0, and n / 2, is not looked at.

    grad    dX = the transform of dY to complex numbers, every frequency but 0 and n / 2 twice
    """

    def forward(x, axes, scale, n):
        if not x.size:
            shape = list(x.shape)
            shape[axes[-1]] = n
            return np.zeros(shape, x.real.dtype)
        for d in axes[:-1]:
            x = K.dft(x, d, 1.0, True)
        factor = _factor(scale, [*(x.shape[d] for d in axes[:-1]), n])
        return K.dft_to_real(x, axes[-1], n, factor)

    def backward(c, dy, axes, scale, n):
        dx = K.fft_r2c(dy, axes, scale, True)
        return dx * _counts(dx, axes[-1], n, 2.0)

    def samples(make):
        yield make(3, 4, dtype="complex128"), (1,), WHOLE, 6
        yield make(3, 4, dtype="complex128").T, (1,), NONE, 5
        yield make(2, 3, 4, dtype="complex128"), (0, 2), ROOT, 7
        yield make(0, 4, dtype="complex128"), (1,), NONE, 6


def _counts(x, axis: int, n: int, inner: float):
    """1 for the frequencies 0 and n / 2, `inner` for those between, along axis of x."""
    w = np.full(n // 2 + 1, inner)
    w[0] = 1
    if n % 2 == 0:
        w[-1] = 1
    array = x._a if isinstance(x, Tensor) else x
    w = w.astype(array.real.dtype).reshape(-1, *(1,) * (array.ndim - 1 - axis))
    return wrap(w) if isinstance(x, Tensor) else w


def _words() -> None:
    for name in ("fft_c2c", "fft_r2c", "fft_c2r"):
        card = CARDS[name]
        word(name, card.forward)
        translate(name, lambda *args, card=card: card.run(args))


_words()

# ---------------------------------------------------------------- arguments


def _scale(norm: Any, back: bool, name: str) -> int:
    """How a transform is scaled. RuntimeError: no such mode."""
    if norm is None or norm == "backward":
        return WHOLE if back else NONE
    if not isinstance(norm, str):
        raise TypeError(f"{name}(): argument 'norm' must be str, not {type(norm).__name__}")
    if norm == "ortho":
        return ROOT
    if norm == "forward":
        return NONE if back else WHOLE
    raise RuntimeError(f'Invalid normalization mode: "{norm}"')


def _promoted(x: Tensor, complex: bool) -> Tensor:
    """x as floating or complex numbers that can be transformed. RuntimeError: 2-byte floats."""
    if x.dtype.category < FLOAT:
        x = x.to(get_default_dtype())
    if x.dtype.itemsize == 2 or x._a.dtype.kind not in "fc":
        raise RuntimeError(f"Unsupported dtype {scalar_name(x.dtype)}")
    return x + 0j if complex and not x.is_complex() else x


def _one_axis(x: Tensor, dim: int) -> int:
    if not x.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    return axes_of(dim, x.ndim)[0]


def _points(n: int) -> None:
    if n < 1:
        raise RuntimeError(f"Invalid number of data points ({n}) specified")


def _resized(x: Tensor, axes: tuple, sizes: tuple) -> Tensor:
    """x cut, or padded with zeros at the end, to `sizes` along `axes`."""
    pad, any_pad = [0] * (2 * x.ndim), False
    for axis, n in zip(axes, sizes, strict=True):
        size = x.shape[axis]
        if n < size:
            x = x[(slice(None),) * axis + (slice(0, n),)]
        elif n > size:
            pad[2 * (x.ndim - 1 - axis) + 1] = n - size
            any_pad = True
    return FUNCTIONS["constant_pad_nd"](x, pad) if any_pad else x


def _integer(name: str, n: Any) -> None:
    if n is not None and (isinstance(n, (bool, float)) or not hasattr(n, "__index__")):
        raise TypeError(f"{name}(): argument 'n' (position 2) must be int, not {type(n).__name__}")


def _axes_and_sizes(x: Tensor, s: Any, dim: Any) -> tuple[tuple, tuple]:
    """The axes to be transformed and their lengths, from the options of the functions of several
    dimensions.
    """
    s = (s,) if isinstance(s, int) else s
    axes: tuple
    if dim is not None:
        dim = (dim,) if isinstance(dim, int) else tuple(dim)
        for d in dim:
            _one_axis(x, d)
        axes = tuple(d % x.ndim for d in dim)
        if len(set(axes)) < len(axes):
            raise RuntimeError("FFT dims must be unique")
        if s is not None and len(s) != len(axes):
            raise RuntimeError("When given, dim and shape arguments must have the same length")
    elif s is not None:
        if len(s) > x.ndim:
            raise RuntimeError(
                f"Got shape with {len(s)} values but input tensor only has {x.ndim} dimensions."
            )
        axes = tuple(range(x.ndim - len(s), x.ndim))
    else:
        axes = tuple(range(x.ndim))
    s = (-1,) * len(axes) if s is None else tuple(int(n) for n in s)
    sizes = tuple(x.shape[a] if n == -1 else n for a, n in zip(axes, s, strict=True))
    for n in sizes:
        _points(n)
    return axes, sizes


def _halved(x: Tensor, s: Any, dim: Any, name: str) -> tuple[tuple, tuple, int]:
    """Axes, sizes and the length of the real signal, for a transform from half of the frequencies
    of the last axis. RuntimeError: no axis.
    """
    axes, sizes = _axes_and_sizes(x, s, dim)
    if not axes:
        raise RuntimeError(f"{name} must transform at least one axis")
    last = -1 if s is None else (s if isinstance(s, int) else s[-1])
    n = 2 * (x.shape[axes[-1]] - 1) if last == -1 else int(last)
    _points(n)
    return axes, (*sizes[:-1], n // 2 + 1), n


def _is_real(words: str, x: Tensor) -> None:
    if x.is_complex():
        raise RuntimeError(f"{words} but got {scalar_name(x.dtype)}")


def _fft(parameters: str) -> Any:
    """Publish a function: `@_fft("fft(input, ...)")` is torch.fft.fft, "fft_fft" in messages."""

    def decorate(function: Any) -> Any:
        schema = Schema("fft_" + parameters)
        publish_faces(schema, Composite(schema, function), (function.__name__,), "fft", False)
        return function

    return decorate


_ONE = "input, n: int | None = None, dim=-1, norm: str | None = None, *, out=None"
_SIZES = "s: int | Sequence[int] | None = None"
_TWO = f"input, {_SIZES}, dim: int | Sequence[int] = (-2, -1), norm: str | None = None, *, out=None"
_MANY = (
    f"input, {_SIZES}, dim: int | Sequence[int] | None = None, norm: str | None = None, *, out=None"
)

# ---------------------------------------------------------------- one dimension


def _one(name: str, input: Tensor, n: Any, dim: int, norm: Any, back: bool) -> Tensor:
    """A transform to complex numbers of all n frequencies."""
    _integer(name, n)
    scale = _scale(norm, back, name)
    x = _promoted(input, False)
    axis = _one_axis(x, dim)
    size = x.shape[axis] if n is None else int(n)
    _points(size)
    x = _resized(x, (axis,), (size,))
    if x.is_complex():
        return FftC2C.run((x, (axis,), scale, back))
    y = FftR2C.run((x, (axis,), scale, False))
    return conj(y) if back else y


def _one_half(name: str, input: Tensor, n: Any, dim: int, norm: Any, back: bool) -> Tensor:
    """A transform of real numbers to m frequencies."""
    _integer("fft_" + name, n)
    _is_real(f"{name} expects a real input tensor,", input)
    scale = _scale(norm, back, "fft_" + name)
    x = _promoted(input, False)
    axis = _one_axis(x, dim)
    size = x.shape[axis] if n is None else int(n)
    _points(size)
    y = FftR2C.run((_resized(x, (axis,), (size,)), (axis,), scale, True))
    return conj(y) if back else y


def _one_real(name: str, input: Tensor, n: Any, dim: int, norm: Any, back: bool) -> Tensor:
    """A transform of m frequencies to real numbers; forward: of the conjugates."""
    _integer(name, n)
    scale = _scale(norm, back, name)
    x = _promoted(input, True)
    axis = _one_axis(x, dim)
    size = 2 * (x.shape[axis] - 1) if n is None else int(n)
    _points(size)
    x = _resized(x, (axis,), (size // 2 + 1,))
    return FftC2R.run((x if back else conj(x), (axis,), scale, size))


@_fft(f"fft({_ONE})")
def fft(input, n, dim, norm):
    """X[k] = Σ x[j] e^(-2πi jk / n) over j, along dim

    n       the length that x is first cut or padded with zeros to; default: its own
    norm    "backward" (also None): as above; "ortho": / √n; "forward": / n
    shape   x (*, n, *) -> (*, n, *)
    dtype   complex; integers count as the default dtype
    grad    the inverse sum of the gradient
    errors  RuntimeError: float16, bfloat16, no elements, another norm; IndexError: dim

    >>> torch.fft.fft(tensor([1.0, 2.0, 3.0, 4.0]))
    tensor([10.+0.j, -2.+2.j, -2.+0.j, -2.-2.j])
    """
    return _one("fft_fft", input, n, dim, norm, False)


@_fft(f"ifft({_ONE})")
def ifft(input, n, dim, norm):
    """x[j] = 1/n Σ X[k] e^(+2πi jk / n) over k, along dim: the inverse of fft

    norm    "backward" (also None): as above; "ortho": / √n; "forward": the bare sum
    shape   (*, n, *) -> (*, n, *)
    errors  as fft
    """
    return _one("fft_ifft", input, n, dim, norm, True)


@_fft(f"rfft({_ONE})")
def rfft(input, n, dim, norm):
    """The frequencies 0 ... n // 2 of a real signal: the others are their conjugates

    shape   x (*, n, *) -> (*, n // 2 + 1, *)
    errors  RuntimeError: complex input, and as fft

    >>> torch.fft.rfft(tensor([1.0, 2.0, 3.0, 4.0]))
    tensor([10.+0.j, -2.+2.j, -2.+0.j])
    """
    return _one_half("rfft", input, n, dim, norm, False)


@_fft(f"irfft({_ONE})")
def irfft(input, n, dim, norm):
    """The real signal of length n with these frequencies: the inverse of rfft

    n       default: 2 (m - 1), an even length
    shape   (*, m, *) -> (*, n, *)
    errors  as fft
    """
    return _one_real("fft_irfft", input, n, dim, norm, True)


@_fft(f"hfft({_ONE})")
def hfft(input, n, dim, norm):
    """The real transform of a Hermitian signal, of which input is the first half

    n       default: 2 (m - 1)
    shape   (*, m, *) -> (*, n, *)
    errors  as fft
    """
    return _one_real("fft_hfft", input, n, dim, norm, False)


@_fft(f"ihfft({_ONE})")
def ihfft(input, n, dim, norm):
    """The first half of the Hermitian signal whose transform is real: the inverse of hfft

    shape   (*, n, *) -> (*, n // 2 + 1, *)
    errors  RuntimeError: complex input, and as fft
    """
    return _one_half("ihfft", input, n, dim, norm, True)


# ---------------------------------------------------------------- several dimensions


def _many(name: str, input: Tensor, s: Any, dim: Any, norm: Any, back: bool) -> Tensor:
    axes, sizes = _axes_and_sizes(input, s, dim)
    scale = _scale(norm, back, name)
    x = _resized(_promoted(input, True), axes, sizes)
    return FftC2C.run((x, axes, scale, back))


def _many_half(name: str, input: Tensor, s: Any, dim: Any, norm: Any) -> Tensor:
    _is_real("rfftn expects a real-valued input tensor,", input)
    axes, sizes = _axes_and_sizes(input, s, dim)
    if not axes:
        raise RuntimeError("rfftn must transform at least one axis")
    scale = _scale(norm, False, name)
    return FftR2C.run((_resized(_promoted(input, False), axes, sizes), axes, scale, True))


def _many_real(name: str, input: Tensor, s: Any, dim: Any, norm: Any) -> Tensor:
    axes, sizes, n = _halved(input, s, dim, "irfftn")
    scale = _scale(norm, True, name)
    x = _resized(_promoted(input, True), axes, sizes)
    return FftC2R.run((x, axes, scale, n))


def _many_hermitian(name: str, input: Tensor, s: Any, dim: Any, norm: Any) -> Tensor:
    axes, sizes, n = _halved(input, s, dim, "hfftn")
    scale = _scale(norm, False, name)
    x = _resized(_promoted(input, True), axes, sizes)
    if len(axes) > 1:
        x = FftC2C.run((x, axes[:-1], scale, False))
    return FftC2R.run((conj(x), axes[-1:], scale, n))


def _many_hermitian_back(name: str, input: Tensor, s: Any, dim: Any, norm: Any) -> Tensor:
    axes, sizes = _axes_and_sizes(input, s, dim)
    if not axes:
        raise RuntimeError("ihfftn must transform at least one axis")
    if input.is_complex():
        raise RuntimeError(
            f"Only supports floating-point dtypes, but found: {scalar_name(input.dtype)}"
        )
    scale = _scale(norm, True, name)
    x = _resized(_promoted(input, False), axes, sizes)
    y = conj(FftR2C.run((x, axes[-1:], scale, True)))
    return FftC2C.run((y, axes[:-1], scale, True)) if len(axes) > 1 else y


@_fft(f"fftn({_MANY})")
def fftn(input, s, dim, norm):
    """The transform over several dimensions, one after the other

    s       the lengths that they are first cut or padded to, -1 for their own
    dim     default: the last len(s) ones, or all
    norm    as in fft, n the product of the lengths
    shape   x (*) -> (*)
    errors  RuntimeError: dims repeated, s and dim of other lengths, and as fft
    """
    return _many("fft_fftn", input, s, dim, norm, False)


@_fft(f"ifftn({_MANY})")
def ifftn(input, s, dim, norm):
    """The inverse of fftn; s, dim, shapes and errors as there."""
    return _many("fft_ifftn", input, s, dim, norm, True)


@_fft(f"rfftn({_MANY})")
def rfftn(input, s, dim, norm):
    """fftn of a real signal: the frequencies 0 ... n // 2 of the last dimension

    shape   x (*, n) -> (*, n // 2 + 1)
    errors  RuntimeError: complex input, no dimension, and as fftn
    """
    return _many_half("fft_rfftn", input, s, dim, norm)


@_fft(f"irfftn({_MANY})")
def irfftn(input, s, dim, norm):
    """The inverse of rfftn: a real signal

    s       default of the last one: 2 (m - 1)
    shape   (*, m) -> (*, n)
    errors  RuntimeError: no dimension, and as fftn
    """
    return _many_real("fft_irfftn", input, s, dim, norm)


@_fft(f"hfftn({_MANY})")
def hfftn(input, s, dim, norm):
    """The real transform of a signal that is Hermitian in several dimensions, of which input is
    the first half along the last one

    shape   (*, m) -> (*, n)
    errors  as irfftn
    """
    return _many_hermitian("fft_hfftn", input, s, dim, norm)


@_fft(f"ihfftn({_MANY})")
def ihfftn(input, s, dim, norm):
    """The inverse of hfftn, for a real input: half of it along the last dimension

    shape   (*, n) -> (*, n // 2 + 1)
    errors  as rfftn
    """
    return _many_hermitian_back("fft_ihfftn", input, s, dim, norm)


@_fft(f"fft2({_TWO})")
def fft2(input, s, dim, norm):
    """fftn over the last two dimensions, or those of dim; errors as there."""
    return _many("fft_fft2", input, s, dim, norm, False)


@_fft(f"ifft2({_TWO})")
def ifft2(input, s, dim, norm):
    """ifftn over the last two dimensions, or those of dim; errors as there."""
    return _many("fft_ifft2", input, s, dim, norm, True)


@_fft(f"rfft2({_TWO})")
def rfft2(input, s, dim, norm):
    """rfftn over the last two dimensions, or those of dim; errors as there."""
    return _many_half("fft_rfft2", input, s, dim, norm)


@_fft(f"irfft2({_TWO})")
def irfft2(input, s, dim, norm):
    """irfftn over the last two dimensions, or those of dim; errors as there."""
    return _many_real("fft_irfft2", input, s, dim, norm)


@_fft(f"hfft2({_TWO})")
def hfft2(input, s, dim, norm):
    """hfftn over the last two dimensions, or those of dim; errors as there."""
    return _many_hermitian("fft_hfft2", input, s, dim, norm)


@_fft(f"ihfft2({_TWO})")
def ihfft2(input, s, dim, norm):
    """ihfftn over the last two dimensions, or those of dim; errors as there."""
    return _many_hermitian_back("fft_ihfft2", input, s, dim, norm)


# ---------------------------------------------------------------- frequencies


def _frequencies(name: str, index: np.ndarray, n: int, d: float, dtype: Any, options: dict):
    kind = dtype_of(dtype, name, options.get("out"))
    if kind.category < FLOAT:
        raise RuntimeError(f"{name} requires a floating point or complex dtype")
    if kind.is_complex:
        raise NotImplementedError(f"\"arange_cpu\" not implemented for '{scalar_name(kind)}'")
    if n < 0:
        size = n if name == "fftfreq" else n // 2 + 1
        raise RuntimeError(f"Trying to create tensor with negative dimension {size}: [{size}]")
    step = n * float(d)
    factor = 1 / step if step else math.inf
    with np.errstate(all="ignore"):
        values = index.astype(kind.np) * kind.np.type(factor)
    return finished(values, **options)


@_fft(f"fftfreq(n: int, d: float = 1.0, *, {OPTIONS})")
def fftfreq(n, d, *, dtype, **options):
    """The frequencies of fft's results: 0, 1, ..., -2, -1 over n d, for samples d apart

    shape   (n)
    errors  RuntimeError: a negative n, a dtype that is not floating

    >>> torch.fft.fftfreq(4, 0.5)
    tensor([ 0.0000,  0.5000, -1.0000, -0.5000])
    """
    half = (n + 1) // 2
    index = np.concatenate([np.arange(half), np.arange(half - n, 0)]) if n > 0 else np.zeros(0)
    return _frequencies("fftfreq", index, n, d, dtype, options)


@_fft(f"rfftfreq(n: int, d: float = 1.0, *, {OPTIONS})")
def rfftfreq(n, d, *, dtype, **options):
    """The frequencies of rfft's results: 0, 1, ..., n // 2 over n d, for samples d apart

    shape   (n // 2 + 1)
    errors  RuntimeError: a negative n, a dtype that is not floating
    """
    return _frequencies("rfftfreq", np.arange(n // 2 + 1), n, d, dtype, options)


def _shifted(input: Tensor, dim: Any, back: bool) -> Tensor:
    if dim is None:
        dims = tuple(range(input.ndim))
    else:
        dims = (dim,) if isinstance(dim, int) else tuple(dim)
        for d in dims:
            _one_axis(input, d)
    if not dims:
        raise RuntimeError("`shifts` required")
    return FUNCTIONS["roll"](input, [(input.shape[d] + back) // 2 for d in dims], dims)


@_fft("fftshift(input, dim: int | Sequence[int] | None = None)")
def fftshift(input, dim):
    """The frequency 0 moved to the middle, along dim (default: all)

    shape   (*) -> (*)
    errors  IndexError: dim; RuntimeError: no dimensions
    """
    return _shifted(input, dim, False)


@_fft("ifftshift(input, dim: int | Sequence[int] | None = None)")
def ifftshift(input, dim):
    """The inverse of fftshift; shapes and errors as there."""
    return _shifted(input, dim, True)
