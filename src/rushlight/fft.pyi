# Made by tools/make_stubs.py from the schemas of the ops: `make stubs`.

from builtins import bool as _bool, complex as _complex, float as _float, int as _int, range as _range, str as _str, type as _type
from collections.abc import Callable, Iterable, Sequence
from typing import Any as _Any, Literal, overload
import numpy as np
from .random.generator import Generator as _Generator
from .core.size import Size as _Size
from .core.tensor import Tensor as Tensor
from .core.device import device as _device
from .core.dtype import dtype as _dtype
from .core.layout import layout as _layout
from .core.layout import memory_format as _memory_format
from . import return_types
_Number = _int | _float | _complex | _bool | np.number[_Any]

def fft(input: Tensor, n: _int | None = None, dim: _int = -1, norm: _str | None = None, *, out: Tensor | None = None, axis: _int = -1) -> Tensor:
    """X[k] = Σ x[j] e^(-2πi jk / n) over j, along dim"""
def fft2(input: Tensor, s: _int | Sequence[_int] | None = None, dim: _int | Sequence[_int] = ..., norm: _str | None = None, *, out: Tensor | None = None, axis: _int | Sequence[_int] = ...) -> Tensor:
    """fftn over the last two dimensions, or those of dim; errors as there."""
def fftfreq(n: _int, d: _float = 1.0, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, pin_memory: _bool = False, requires_grad: _bool = False) -> Tensor:
    """The frequencies of fft's results: 0, 1, ..., -2, -1 over n d, for samples d apart"""
def fftn(input: Tensor, s: _int | Sequence[_int] | None = None, dim: _int | Sequence[_int] | None = None, norm: _str | None = None, *, out: Tensor | None = None, axis: _int | Sequence[_int] | None = None) -> Tensor:
    """The transform over several dimensions, one after the other"""
def fftshift(input: Tensor, dim: _int | Sequence[_int] | None = None, *, axis: _int | Sequence[_int] | None = None) -> Tensor:
    """The frequency 0 moved to the middle, along dim (default: all)"""
def hfft(input: Tensor, n: _int | None = None, dim: _int = -1, norm: _str | None = None, *, out: Tensor | None = None, axis: _int = -1) -> Tensor:
    """The real transform of a Hermitian signal, of which input is the first half"""
def hfft2(input: Tensor, s: _int | Sequence[_int] | None = None, dim: _int | Sequence[_int] = ..., norm: _str | None = None, *, out: Tensor | None = None, axis: _int | Sequence[_int] = ...) -> Tensor:
    """hfftn over the last two dimensions, or those of dim; errors as there."""
def hfftn(input: Tensor, s: _int | Sequence[_int] | None = None, dim: _int | Sequence[_int] | None = None, norm: _str | None = None, *, out: Tensor | None = None, axis: _int | Sequence[_int] | None = None) -> Tensor:
    """The real transform of a signal that is Hermitian in several dimensions, of which input is"""
def ifft(input: Tensor, n: _int | None = None, dim: _int = -1, norm: _str | None = None, *, out: Tensor | None = None, axis: _int = -1) -> Tensor:
    """x[j] = 1/n Σ X[k] e^(+2πi jk / n) over k, along dim: the inverse of fft"""
def ifft2(input: Tensor, s: _int | Sequence[_int] | None = None, dim: _int | Sequence[_int] = ..., norm: _str | None = None, *, out: Tensor | None = None, axis: _int | Sequence[_int] = ...) -> Tensor:
    """ifftn over the last two dimensions, or those of dim; errors as there."""
def ifftn(input: Tensor, s: _int | Sequence[_int] | None = None, dim: _int | Sequence[_int] | None = None, norm: _str | None = None, *, out: Tensor | None = None, axis: _int | Sequence[_int] | None = None) -> Tensor:
    """The inverse of fftn; s, dim, shapes and errors as there."""
def ifftshift(input: Tensor, dim: _int | Sequence[_int] | None = None, *, axis: _int | Sequence[_int] | None = None) -> Tensor:
    """The inverse of fftshift; shapes and errors as there."""
def ihfft(input: Tensor, n: _int | None = None, dim: _int = -1, norm: _str | None = None, *, out: Tensor | None = None, axis: _int = -1) -> Tensor:
    """The first half of the Hermitian signal whose transform is real: the inverse of hfft"""
def ihfft2(input: Tensor, s: _int | Sequence[_int] | None = None, dim: _int | Sequence[_int] = ..., norm: _str | None = None, *, out: Tensor | None = None, axis: _int | Sequence[_int] = ...) -> Tensor:
    """ihfftn over the last two dimensions, or those of dim; errors as there."""
def ihfftn(input: Tensor, s: _int | Sequence[_int] | None = None, dim: _int | Sequence[_int] | None = None, norm: _str | None = None, *, out: Tensor | None = None, axis: _int | Sequence[_int] | None = None) -> Tensor:
    """The inverse of hfftn, for a real input: half of it along the last dimension"""
def irfft(input: Tensor, n: _int | None = None, dim: _int = -1, norm: _str | None = None, *, out: Tensor | None = None, axis: _int = -1) -> Tensor:
    """The real signal of length n with these frequencies: the inverse of rfft"""
def irfft2(input: Tensor, s: _int | Sequence[_int] | None = None, dim: _int | Sequence[_int] = ..., norm: _str | None = None, *, out: Tensor | None = None, axis: _int | Sequence[_int] = ...) -> Tensor:
    """irfftn over the last two dimensions, or those of dim; errors as there."""
def irfftn(input: Tensor, s: _int | Sequence[_int] | None = None, dim: _int | Sequence[_int] | None = None, norm: _str | None = None, *, out: Tensor | None = None, axis: _int | Sequence[_int] | None = None) -> Tensor:
    """The inverse of rfftn: a real signal"""
def rfft(input: Tensor, n: _int | None = None, dim: _int = -1, norm: _str | None = None, *, out: Tensor | None = None, axis: _int = -1) -> Tensor:
    """The frequencies 0 ... n // 2 of a real signal: the others are their conjugates"""
def rfft2(input: Tensor, s: _int | Sequence[_int] | None = None, dim: _int | Sequence[_int] = ..., norm: _str | None = None, *, out: Tensor | None = None, axis: _int | Sequence[_int] = ...) -> Tensor:
    """rfftn over the last two dimensions, or those of dim; errors as there."""
def rfftfreq(n: _int, d: _float = 1.0, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, pin_memory: _bool = False, requires_grad: _bool = False) -> Tensor:
    """The frequencies of rfft's results: 0, 1, ..., n // 2 over n d, for samples d apart"""
def rfftn(input: Tensor, s: _int | Sequence[_int] | None = None, dim: _int | Sequence[_int] | None = None, norm: _str | None = None, *, out: Tensor | None = None, axis: _int | Sequence[_int] | None = None) -> Tensor:
    """fftn of a real signal: the frequencies 0 ... n // 2 of the last dimension"""
