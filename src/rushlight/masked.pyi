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

from .ops.masked_reductions import MaskedTensor as MaskedTensor
def amax(input: Tensor, dim: _int | Sequence[_int] | None = None, *, keepdim: _bool | None = False, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, mask: Tensor | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool | None = False) -> Tensor:
    """y = max x over dim, of what the mask leaves in; -inf or the dtype's lowest number if that is"""
def amin(input: Tensor, dim: _int | Sequence[_int] | None = None, *, keepdim: _bool | None = False, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, mask: Tensor | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool | None = False) -> Tensor:
    """y = min x over dim, of what the mask leaves in; inf or the dtype's highest number if that is"""
def argmax(input: Tensor, dim: _int | None = None, *, keepdim: _bool | None = False, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, mask: Tensor | None = None, axis: _int | None = None, keepdims: _bool | None = False) -> Tensor:
    """i: where x is largest along dim (None: in the flat x), of what the mask leaves in"""
def argmin(input: Tensor, dim: _int | None = None, *, keepdim: _bool | None = False, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, mask: Tensor | None = None, axis: _int | None = None, keepdims: _bool | None = False) -> Tensor:
    """i: where x is smallest along dim (None: in the flat x), of what the mask leaves in"""
def as_masked_tensor(data: _Any, mask: Tensor) -> Tensor:
    """NotImplementedError: see MaskedTensor."""
@overload
def cumprod(input: Tensor, dim: _int, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, mask: Tensor | None = None) -> Tensor:
    """y_i = Π x_j over j ≤ i along dim, of what the mask leaves in"""
@overload
def cumprod(input: Tensor, *, axis: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, mask: Tensor | None = None) -> Tensor: ...
@overload
def cumsum(input: Tensor, dim: _int, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, mask: Tensor | None = None) -> Tensor:
    """y_i = Σ x_j over j ≤ i along dim, of what the mask leaves in"""
@overload
def cumsum(input: Tensor, *, axis: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, mask: Tensor | None = None) -> Tensor: ...
def is_masked_tensor(obj: _Any) -> _bool:
    """False: there are none, see MaskedTensor."""
@overload
def log_softmax(input: Tensor, dim: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, *, out: Tensor | None = None) -> Tensor:
    """y = ln softmax(x) along dim; -inf where the mask leaves nothing in"""
@overload
def log_softmax(input: Tensor, *, axis: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, out: Tensor | None = None) -> Tensor: ...
def logaddexp(input: Tensor, other: Tensor, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, input_mask: Tensor | None = None, other_mask: Tensor | None = None) -> Tensor:
    """z = ln(e^x + e^y), of what the masks leave in; -inf if that is nothing"""
@overload
def logsumexp(input: Tensor, dim: _int | Sequence[_int], keepdim: _bool = False, *, out: Tensor | None = None, keepdims: _bool = False) -> Tensor:
    """y = ln Σ e^x over dim, of what the mask leaves in; -inf if that is nothing"""
@overload
def logsumexp(input: Tensor, *, axis: _int | Sequence[_int], keepdim: _bool = False, out: Tensor | None = None, keepdims: _bool = False) -> Tensor: ...
def masked_tensor(data: _Any, mask: Tensor, requires_grad: _bool = False) -> Tensor:
    """NotImplementedError: see MaskedTensor."""
def mean(input: Tensor, dim: _int | Sequence[_int] | None = None, *, keepdim: _bool | None = False, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, mask: Tensor | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool | None = False) -> Tensor:
    """y = the mean over dim of what the mask leaves in; NaN if that is nothing"""
@overload
def median(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """y = the median (the lower of two) along dim, of what the mask leaves in; NaN if that is"""
@overload
def median(input: Tensor, dim: _int, keepdim: _bool = False, *, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None, keepdims: _bool = False) -> return_types.median: ...
@overload
def median(input: Tensor, *, axis: _int, keepdim: _bool = False, out: tuple[Tensor, ...] | Sequence[Tensor] | None = None, keepdims: _bool = False) -> return_types.median: ...
def norm(input: Tensor, p: _Number | _str | None = 'fro', dim: _int | Sequence[_int] | None = None, keepdim: _bool = False, out: Tensor | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, *, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor:
    """y = (Σ |x|^ord)^(1/ord) over dim, of what the mask leaves in, see torch.linalg.vector_norm"""
@overload
def normalize(input: Tensor, ord: _Number, dim: _int, *, eps: _float = 1e-12, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, mask: Tensor | None = None) -> Tensor:
    """y = x / max(‖x‖, eps) along dim, of what the mask leaves in; 0 elsewhere"""
@overload
def normalize(input: Tensor, ord: _Number, *, axis: _int, eps: _float = 1e-12, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, mask: Tensor | None = None) -> Tensor: ...
def prod(input: Tensor, dim: _int | Sequence[_int] | None = None, *, keepdim: _bool | None = False, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, mask: Tensor | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool | None = False) -> Tensor:
    """y = Π x over dim, of what the mask leaves in; 1 if that is nothing"""
@overload
def softmax(input: Tensor, dim: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, *, out: Tensor | None = None) -> Tensor:
    """y = e^x / Σ e^x along dim; 0 where the mask leaves nothing in, NaN if it leaves nothing"""
@overload
def softmax(input: Tensor, *, axis: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, out: Tensor | None = None) -> Tensor: ...
@overload
def softmin(input: Tensor, dim: _int, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, mask: Tensor | None = None) -> Tensor:
    """y = softmax(-x) along dim; 0 where the mask leaves nothing in"""
@overload
def softmin(input: Tensor, *, axis: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, mask: Tensor | None = None) -> Tensor: ...
@overload
def std(input: Tensor, dim: _int | Sequence[_int] | None = None, unbiased: _bool = True, keepdim: _bool = False, *, out: Tensor | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor:
    """y = √var, see torch.masked.var"""
@overload
def std(input: Tensor, dim: _int | Sequence[_int] | None = None, *, correction: _Number | None = None, keepdim: _bool = False, out: Tensor | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor: ...
@overload
def std(input: Tensor, unbiased: _bool, *, out: Tensor | None = None) -> Tensor: ...
def sum(input: Tensor, dim: _int | Sequence[_int] | None = None, *, keepdim: _bool | None = False, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, mask: Tensor | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool | None = False) -> Tensor:
    """y = Σ x over dim, of what the mask leaves in; 0 if that is nothing"""
@overload
def var(input: Tensor, dim: _int | Sequence[_int] | None = None, unbiased: _bool = True, keepdim: _bool = False, *, out: Tensor | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor:
    """y = Σ |x - mean|² / (n - correction) over dim, of the n numbers that the mask leaves in"""
@overload
def var(input: Tensor, dim: _int | Sequence[_int] | None = None, *, correction: _Number | None = None, keepdim: _bool = False, out: Tensor | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor: ...
@overload
def var(input: Tensor, unbiased: _bool, *, out: Tensor | None = None) -> Tensor: ...
