# Made by tools/make_stubs.py from the schemas of the ops: `make stubs`.

from builtins import bool as _bool, complex as _complex, float as _float, int as _int, range as _range, str as _str, type as _type
from collections.abc import Callable, Iterable, Sequence
from typing import Any as _Any, Literal, overload
import numpy as np
from ..random.generator import Generator as _Generator
from ..core.size import Size as _Size
from ..core.tensor import Tensor as Tensor
from ..core.device import device as _device
from ..core.dtype import dtype as _dtype
from ..core.layout import layout as _layout
from ..core.layout import memory_format as _memory_format
from .. import return_types
_Number = _int | _float | _complex | _bool | np.number[_Any]

class TensorOperations:
    def __init__(self, *data: _Any, device: _Any = None) -> None: ...
    @property
    def H(self) -> Tensor: ...
    @property
    def T(self) -> Tensor: ...
    def __abs__(self) -> Tensor: ...
    def __add__(self, y: _Any) -> Tensor:
        """Leaves its place at the first call: importing the package compiles nothing."""
    def __and__(self, y: _Any) -> Tensor: ...
    def __eq__(self, y: _Any) -> Tensor: ...  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
    def __floordiv__(self, y: _Any) -> Tensor:
        """Leaves its place at the first call: importing the package compiles nothing."""
    def __ge__(self, y: _Any) -> Tensor:
        """Leaves its place at the first call: importing the package compiles nothing."""
    def __getitem__(self, key: _Any) -> Tensor:
        """x[key]: a view for basic keys, a copy where index tensors or masks take part."""
    def __gt__(self, y: _Any) -> Tensor:
        """Leaves its place at the first call: importing the package compiles nothing."""
    def __iadd__(self, y: _Any) -> Tensor: ...
    def __iand__(self, y: _Any) -> Tensor: ...
    def __ifloordiv__(self, y: _Any) -> Tensor: ...
    def __ilshift__(self, y: _Any) -> Tensor: ...
    def __imatmul__(self, y: _Any) -> Tensor: ...
    def __imod__(self, y: _Any) -> Tensor: ...
    def __imul__(self, y: _Any) -> Tensor: ...
    def __invert__(self) -> Tensor: ...
    def __ior__(self, y: _Any) -> Tensor: ...
    def __ipow__(self, y: _Any) -> Tensor: ...
    def __irshift__(self, y: _Any) -> Tensor: ...
    def __isub__(self, y: _Any) -> Tensor: ...
    def __itruediv__(self, y: _Any) -> Tensor: ...
    def __ixor__(self, y: _Any) -> Tensor: ...
    def __le__(self, y: _Any) -> Tensor:
        """Leaves its place at the first call: importing the package compiles nothing."""
    def __lshift__(self, y: _Any) -> Tensor: ...
    def __lt__(self, y: _Any) -> Tensor:
        """Leaves its place at the first call: importing the package compiles nothing."""
    def __matmul__(self, y: _Any) -> Tensor: ...
    def __mod__(self, y: _Any) -> Tensor:
        """Leaves its place at the first call: importing the package compiles nothing."""
    def __mul__(self, y: _Any) -> Tensor:
        """Leaves its place at the first call: importing the package compiles nothing."""
    def __ne__(self, y: _Any) -> Tensor: ...  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
    def __neg__(self) -> Tensor: ...
    def __or__(self, y: _Any) -> Tensor: ...
    def __pos__(self) -> Tensor:
        """input itself. RuntimeError: it is bool."""
    def __pow__(self, y: _Any) -> Tensor: ...
    def __radd__(self, y: _Any) -> Tensor: ...
    def __rand__(self, y: _Any) -> Tensor: ...
    def __rdiv__(self, y: _Any) -> Tensor: ...
    def __rfloordiv__(self, y: _Any) -> Tensor: ...
    def __rlshift__(self, y: _Any) -> Tensor: ...
    def __rmatmul__(self, y: _Any) -> Tensor: ...
    def __rmod__(self, y: _Any) -> Tensor: ...
    def __rmul__(self, y: _Any) -> Tensor: ...
    def __ror__(self, y: _Any) -> Tensor: ...
    def __rpow__(self, y: _Any) -> Tensor: ...
    def __rrshift__(self, y: _Any) -> Tensor: ...
    def __rshift__(self, y: _Any) -> Tensor: ...
    def __rsub__(self, y: _Any) -> Tensor:
        """Leaves its place at the first call: importing the package compiles nothing."""
    def __rtruediv__(self, y: _Any) -> Tensor: ...
    def __rxor__(self, y: _Any) -> Tensor: ...
    def __setitem__(self, key: _Any, value: _Any) -> None:
        """x[key] = value (broadcast, cast to x's dtype), in place."""
    def __sub__(self, y: _Any) -> Tensor:
        """Leaves its place at the first call: importing the package compiles nothing."""
    def __truediv__(self, y: _Any) -> Tensor:
        """Leaves its place at the first call: importing the package compiles nothing."""
    def __xor__(self, y: _Any) -> Tensor: ...
    def abs(self) -> Tensor:
        """y = |x|, real for complex x;  dx = dy · x / |x|, 0 at 0"""
    def abs_(self) -> Tensor:
        """In-place version of abs."""
    def absolute(self) -> Tensor:
        """y = |x|, real for complex x;  dx = dy · x / |x|, 0 at 0"""
    def absolute_(self) -> Tensor:
        """In-place version of absolute."""
    def acos(self) -> Tensor:
        """y = arccos x;  dx = -dy / √(1 - x²)"""
    def acos_(self) -> Tensor:
        """In-place version of acos."""
    def acosh(self) -> Tensor:
        """y = arcosh x;  dx = dy / (√(x - 1) √(x + 1))"""
    def acosh_(self) -> Tensor:
        """In-place version of acosh."""
    def add(self, other: Tensor | _Number, *, alpha: _Number = 1) -> Tensor:
        """z = x + α y, α a number"""
    def add_(self, other: Tensor | _Number, *, alpha: _Number = 1) -> Tensor:
        """In-place version of add."""
    def addbmm(self, batch1: Tensor, batch2: Tensor, *, beta: _Number = 1, alpha: _Number = 1) -> Tensor:
        """Z = β input + α Σ X[b] Y[b] over the batch, X (b, n, k), Y (b, k, m)"""
    def addbmm_(self, batch1: Tensor, batch2: Tensor, *, beta: _Number = 1, alpha: _Number = 1) -> Tensor:
        """In-place version of addbmm."""
    def addcdiv(self, tensor1: Tensor, tensor2: Tensor, *, value: _Number = 1) -> Tensor:
        """r = x + v y / z for a number v"""
    def addcdiv_(self, tensor1: Tensor, tensor2: Tensor, *, value: _Number = 1) -> Tensor:
        """In-place version of addcdiv."""
    def addcmul(self, tensor1: Tensor, tensor2: Tensor, *, value: _Number = 1) -> Tensor:
        """r = x + v y z for a number v"""
    def addcmul_(self, tensor1: Tensor, tensor2: Tensor, *, value: _Number = 1) -> Tensor:
        """In-place version of addcmul."""
    def addmm(self, mat1: Tensor, mat2: Tensor, *, beta: _Number = 1, alpha: _Number = 1) -> Tensor:
        """Z = β input + α X Y for matrices X (n, k), Y (k, m)"""
    def addmm_(self, mat1: Tensor, mat2: Tensor, *, beta: _Number = 1, alpha: _Number = 1) -> Tensor:
        """In-place version of addmm."""
    def addmv(self, mat: Tensor, vec: Tensor, *, beta: _Number = 1, alpha: _Number = 1) -> Tensor:
        """z = β input + α X y for a matrix X (n, k) and a vector y (k)"""
    def addmv_(self, mat: Tensor, vec: Tensor, *, beta: _Number = 1, alpha: _Number = 1) -> Tensor:
        """In-place version of addmv."""
    def addr(self, vec1: Tensor, vec2: Tensor, *, beta: _Number = 1, alpha: _Number = 1) -> Tensor:
        """Z = β input + α x yᵀ for vectors x (n), y (m)"""
    def addr_(self, vec1: Tensor, vec2: Tensor, *, beta: _Number = 1, alpha: _Number = 1) -> Tensor:
        """In-place version of addr."""
    def adjoint(self) -> Tensor:
        """The last two dimensions exchanged, and conjugated. RuntimeError: 1-d."""
    def all(self, dim: _int | Sequence[_int] | None = None, keepdim: _bool = False, *, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor:
        """True where no element is 0, over all elements or over dim (an int or several)"""
    def allclose(self, other: Tensor, rtol: _Number = 1e-05, atol: _Number = 1e-08, equal_nan: _bool = False) -> _bool:
        """True if all elements are close (see isclose)."""
    def amax(self, dim: _int | Sequence[_int] | None = ..., keepdim: _bool = False, *, axis: _int | Sequence[_int] | None = ..., keepdims: _bool = False) -> Tensor:
        """y = the maximum of all elements or over dim (an int or several), NaN if there is one"""
    def amin(self, dim: _int | Sequence[_int] | None = ..., keepdim: _bool = False, *, axis: _int | Sequence[_int] | None = ..., keepdims: _bool = False) -> Tensor:
        """y = the minimum of all elements or over dim (an int or several), NaN if there is one"""
    def aminmax(self, *, dim: _int | None = None, keepdim: _bool = False, axis: _int | None = None, keepdims: _bool = False) -> return_types.aminmax:
        """(min, max) of all elements, or over dim;  gradients are shared equally by ties"""
    def angle(self) -> Tensor:
        """y = the argument of x: 0 or π for real x, NaN for NaN;  dx = dy i x / |x|², 0 for real x"""
    def any(self, dim: _int | Sequence[_int] | None = None, keepdim: _bool = False, *, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor:
        """True where some element is not 0, over all elements or over dim (an int or several)"""
    def apply_(self, callable: Callable) -> Tensor:
        """callable(element) in place of every element: a Python call each."""
    def arccos(self) -> Tensor:
        """y = arccos x;  dx = -dy / √(1 - x²)"""
    def arccos_(self) -> Tensor:
        """In-place version of arccos."""
    def arccosh(self) -> Tensor:
        """y = arcosh x;  dx = dy / (√(x - 1) √(x + 1))"""
    def arccosh_(self) -> Tensor:
        """In-place version of arccosh."""
    def arcsin(self) -> Tensor:
        """y = arcsin x;  dx = dy / √(1 - x²)"""
    def arcsin_(self) -> Tensor:
        """In-place version of arcsin."""
    def arcsinh(self) -> Tensor:
        """y = arsinh x;  dx = dy / √(x² + 1)"""
    def arcsinh_(self) -> Tensor:
        """In-place version of arcsinh."""
    def arctan(self) -> Tensor:
        """y = arctan x;  dx = dy / (1 + x²)"""
    def arctan2(self, other: Tensor) -> Tensor:
        """z = the angle of the point (y, x);  dx = dz y / (x² + y²),  dy = -dz x / (x² + y²)"""
    def arctan2_(self, other: Tensor) -> Tensor:
        """In-place version of arctan2."""
    def arctan_(self) -> Tensor:
        """In-place version of arctan."""
    def arctanh(self) -> Tensor:
        """y = artanh x;  dx = dy / (1 - x²)"""
    def arctanh_(self) -> Tensor:
        """In-place version of arctanh."""
    def argmax(self, dim: _int | None = None, keepdim: _bool = False, *, axis: _int | None = None, keepdims: _bool = False) -> Tensor:
        """The int64 index of the largest element along dim, of the flattened tensor without dim"""
    def argmin(self, dim: _int | None = None, keepdim: _bool = False, *, axis: _int | None = None, keepdims: _bool = False) -> Tensor:
        """The int64 index of the smallest element along dim, of the flattened tensor without dim"""
    def argsort(self, dim: _int = -1, descending: _bool = False, *, stable: _bool = False, axis: _int = -1) -> Tensor:
        """The indices that sort input along dim; equal elements always keep their order"""
    def argwhere(self) -> Tensor:
        """nonzero(input)"""
    def as_strided(self, size: Sequence[_int], stride: Sequence[_int], storage_offset: _int | None = None) -> Tensor:
        """y = the elements at storage_offset + Σ index · stride of x's storage; a view."""
    def as_strided_(self, size: Sequence[_int], stride: Sequence[_int], storage_offset: _int | None = None) -> Tensor:
        """input turned into input.as_strided(...), in place. RuntimeError: outside of the storage."""
    def as_strided_scatter(self, src: Tensor, size: Sequence[_int], stride: Sequence[_int], storage_offset: _int | None = None) -> Tensor:
        """A copy of input with src at as_strided(size, stride, storage_offset)."""
    def asin(self) -> Tensor:
        """y = arcsin x;  dx = dy / √(1 - x²)"""
    def asin_(self) -> Tensor:
        """In-place version of asin."""
    def asinh(self) -> Tensor:
        """y = arsinh x;  dx = dy / √(x² + 1)"""
    def asinh_(self) -> Tensor:
        """In-place version of asinh."""
    def atan(self) -> Tensor:
        """y = arctan x;  dx = dy / (1 + x²)"""
    def atan2(self, other: Tensor) -> Tensor:
        """z = the angle of the point (y, x);  dx = dz y / (x² + y²),  dy = -dz x / (x² + y²)"""
    def atan2_(self, other: Tensor) -> Tensor:
        """In-place version of atan2."""
    def atan_(self) -> Tensor:
        """In-place version of atan."""
    def atanh(self) -> Tensor:
        """y = artanh x;  dx = dy / (1 - x²)"""
    def atanh_(self) -> Tensor:
        """In-place version of atanh."""
    def backward(self, gradient: Tensor | None = None, retain_graph: _bool | None = None, create_graph: _bool = False, inputs: _Any = None) -> None:
        """Add d(self)/d(leaf), times `gradient`, to `.grad` of every leaf this tensor depends on."""
    def baddbmm(self, batch1: Tensor, batch2: Tensor, *, beta: _Number = 1, alpha: _Number = 1) -> Tensor:
        """Z[b] = β input[b] + α X[b] Y[b], X (b, n, k), Y (b, k, m)"""
    def baddbmm_(self, batch1: Tensor, batch2: Tensor, *, beta: _Number = 1, alpha: _Number = 1) -> Tensor:
        """In-place version of baddbmm."""
    def bernoulli(self, p: _Number | None = None, *, generator: _Generator | None = None) -> Tensor:
        """y_i = 1 with probability input_i (or p, if it is given), else 0."""
    def bernoulli_(self, p: _float | Tensor = 0.5, *, generator: _Generator | None = None) -> Tensor:
        """input_i = 1 with probability p (a number, or a tensor broadcast to input), else 0."""
    def bfloat16(self, memory_format: _memory_format = ...) -> Tensor:
        """input as torch.bfloat16; itself if it already is."""
    def bincount(self, weights: Tensor | None = None, minlength: _int = 0) -> Tensor:
        """How often each of 0, 1, 2, ... occurs, or the sum of its weights; at least minlength long."""
    def bitwise_and(self, other: Tensor | _Number) -> Tensor:
        """z = x & y, bit by bit"""
    def bitwise_and_(self, other: Tensor | _Number) -> Tensor:
        """In-place version of bitwise_and."""
    def bitwise_left_shift(self, other: Tensor | _Number) -> Tensor:
        """z = x · 2^n; 0 where n is negative or no smaller than the width"""
    def bitwise_left_shift_(self, other: Tensor | _Number) -> Tensor:
        """In-place version of bitwise_left_shift."""
    def bitwise_not(self) -> Tensor:
        """y = ~x: all bits turned; logical not for bool"""
    def bitwise_not_(self) -> Tensor:
        """In-place version of bitwise_not."""
    def bitwise_or(self, other: Tensor | _Number) -> Tensor:
        """z = x | y, bit by bit"""
    def bitwise_or_(self, other: Tensor | _Number) -> Tensor:
        """In-place version of bitwise_or."""
    def bitwise_right_shift(self, other: Tensor | _Number) -> Tensor:
        """z = ⌊x / 2^n⌋; the sign alone is left where n is negative or no smaller than the width"""
    def bitwise_right_shift_(self, other: Tensor | _Number) -> Tensor:
        """In-place version of bitwise_right_shift."""
    def bitwise_xor(self, other: Tensor | _Number) -> Tensor:
        """z = x ^ y, bit by bit"""
    def bitwise_xor_(self, other: Tensor | _Number) -> Tensor:
        """In-place version of bitwise_xor."""
    def bmm(self, mat2: Tensor) -> Tensor:
        """Z[b] = X[b] Y[b] for batches X (b, n, k), Y (b, k, m)"""
    def bool(self, memory_format: _memory_format = ...) -> Tensor:
        """input as torch.bool; itself if it already is."""
    @overload
    def broadcast_to(self, *size: _int) -> Tensor:
        """input expanded to `size`: a view. RuntimeError: it does not broadcast to it."""
    @overload
    def broadcast_to(self, size: Sequence[_int]) -> Tensor: ...
    def byte(self, memory_format: _memory_format = ...) -> Tensor:
        """input as torch.uint8; itself if it already is."""
    def cauchy_(self, median: _Number = 0, sigma: _Number = 1, *, generator: _Generator | None = None) -> Tensor:
        """In-place version of cauchy."""
    def ccol_indices(self) -> Tensor:
        """The places of a compressed sparse tensor; there are none here."""
    def cdouble(self, memory_format: _memory_format = ...) -> Tensor:
        """input as torch.complex128; itself if it already is."""
    def ceil(self) -> Tensor:
        """y = the smallest integer ≥ x; integers stay as they are.  grad 0"""
    def ceil_(self) -> Tensor:
        """In-place version of ceil."""
    def cfloat(self, memory_format: _memory_format = ...) -> Tensor:
        """input as torch.complex64; itself if it already is."""
    def chalf(self, memory_format: _memory_format = ...) -> Tensor:
        """input as torch.complex32; itself if it already is."""
    def char(self, memory_format: _memory_format = ...) -> Tensor:
        """input as torch.int8; itself if it already is."""
    def cholesky(self, upper: _bool = False) -> Tensor:
        """L with input = L Lᴴ, the older name of linalg.cholesky. input (*, N, N) -> (*, N, N)"""
    def cholesky_inverse(self, upper: _bool = False) -> Tensor:
        """The inverse of L Lᴴ, L = input a lower triangle; upper: of Uᴴ U."""
    def cholesky_solve(self, input2: Tensor, upper: _bool = False) -> Tensor:
        """X with L Lᴴ X = input, L = input2 a lower triangle; upper: Uᴴ U X = input."""
    def chunk(self, chunks: _int, dim: _int = 0, *, axis: _int = 0) -> tuple[Tensor, ...]:
        """At most `chunks` views of equal size along dim (the last may be shorter)."""
    def clamp(self, min: Tensor | _Number | None = None, max: Tensor | _Number | None = None) -> Tensor:
        """y = x held between min and max: numbers, tensors, or None for no bound; max wins if min > max"""
    def clamp_(self, min: Tensor | _Number | None = None, max: Tensor | _Number | None = None) -> Tensor:
        """In-place version of clamp."""
    def clamp_max(self, max: _Any) -> Tensor:
        """y = min(x, max), max a number or a tensor; see clamp"""
    def clamp_max_(self, max: _Any) -> Tensor:
        """In-place version of clamp_max."""
    def clamp_min(self, min: _Any) -> Tensor:
        """y = max(x, min), min a number or a tensor; see clamp"""
    def clamp_min_(self, min: _Any) -> Tensor:
        """In-place version of clamp_min."""
    def clip(self, min: Tensor | _Number | None = None, max: Tensor | _Number | None = None) -> Tensor:
        """y = x held between min and max: numbers, tensors, or None for no bound; max wins if min > max"""
    def clip_(self, min: Tensor | _Number | None = None, max: Tensor | _Number | None = None) -> Tensor:
        """In-place version of clip."""
    def clone(self, *, memory_format: _memory_format = ...) -> Tensor:
        """y = a copy of x, differentiable."""
    def coalesce(self) -> Tensor:
        """The places of a sparse tensor in order, each one once."""
    def col_indices(self) -> Tensor:
        """The places of a compressed sparse tensor; there are none here."""
    def conj(self) -> Tensor:
        """x̄: a new tensor for complex input (conjugation is never lazy here), input itself if it is"""
    def conj_physical(self) -> Tensor:
        """y = x̄, computed;  dx = dȳ.  A real tensor comes back itself from conj()."""
    def conj_physical_(self) -> Tensor:
        """In-place version of conj_physical."""
    def const_data_ptr(self) -> _int:
        """The address of the first element (bytes), for reading."""
    def contiguous(self, memory_format: _memory_format = ...) -> Tensor:
        """input itself if its elements already lie in that order, else a copy that does."""
    def copy_(self, src: Tensor | _Number, non_blocking: _bool = False) -> Tensor:
        """Write src (broadcast, cast) into input. Returns input."""
    def copysign(self, other: Tensor | _Number) -> Tensor:
        """z = |x| with the sign of y;  dx = dz where the sign was kept, else -dz, 0 where x = 0"""
    def copysign_(self, other: Tensor | _Number) -> Tensor:
        """In-place version of copysign."""
    def corrcoef(self) -> Tensor:
        """The correlation coefficients (V, V) of V variables: covariances by standard deviations."""
    def cos(self) -> Tensor:
        """y = cos x;  dx = -dy sin x"""
    def cos_(self) -> Tensor:
        """In-place version of cos."""
    def cosh(self) -> Tensor:
        """y = cosh x;  dx = dy sinh x"""
    def cosh_(self) -> Tensor:
        """In-place version of cosh."""
    def count_nonzero(self, dim: _int | Sequence[_int] | None = None, *, axis: _int | Sequence[_int] | None = None) -> Tensor:
        """How many elements are not 0, in all or over dim (an int or several), as int64"""
    def cov(self, *, correction: _int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None) -> Tensor:
        """The covariances (V, V) of V variables: input (V, N) or (N), a row each."""
    def cpu(self, memory_format: _memory_format = ...) -> Tensor:
        """input on the CPU: itself. NotImplementedError: it has no elements."""
    def cross(self, other: Tensor, dim: _int | None = None, *, axis: _int | None = None) -> Tensor:
        """z = x × y along dim; without dim along the first dimension of length 3 (deprecated)."""
    def crow_indices(self) -> Tensor:
        """The places of a compressed sparse tensor; there are none here."""
    def cuda(self, device: _device | _str | _int | None = None, non_blocking: _bool = False, memory_format: _memory_format = ...) -> Tensor:
        """input on a CUDA device. RuntimeError, AssertionError: there is none."""
    @overload
    def cummax(self, dim: _int) -> return_types.cummax:
        """(values, indices): the maximum so far along dim, and where it stood last; NaN stays"""
    @overload
    def cummax(self, *, axis: _int) -> return_types.cummax: ...
    @overload
    def cummin(self, dim: _int) -> return_types.cummin:
        """(values, indices): the minimum so far along dim, and where it stood last; NaN stays"""
    @overload
    def cummin(self, *, axis: _int) -> return_types.cummin: ...
    @overload
    def cumprod(self, dim: _int, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None) -> Tensor:
        """y[i] = x[0] · ... · x[i] along dim"""
    @overload
    def cumprod(self, *, axis: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None) -> Tensor: ...
    @overload
    def cumprod_(self, dim: _int, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None) -> Tensor:
        """In-place version of cumprod."""
    @overload
    def cumprod_(self, *, axis: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None) -> Tensor: ...
    @overload
    def cumsum(self, dim: _int, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None) -> Tensor:
        """y[i] = x[0] + ... + x[i] along dim;  dx[i] = dy[i] + ... + dy[-1]"""
    @overload
    def cumsum(self, *, axis: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None) -> Tensor: ...
    @overload
    def cumsum_(self, dim: _int, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None) -> Tensor:
        """In-place version of cumsum."""
    @overload
    def cumsum_(self, *, axis: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None) -> Tensor: ...
    def deg2rad(self) -> Tensor:
        """y = x π / 180"""
    def deg2rad_(self) -> Tensor:
        """In-place version of deg2rad."""
    def dense_dim(self) -> Tensor:
        """The number of dense dimensions: all of a dense tensor."""
    def det(self) -> Tensor:
        """The determinant: the product of the eigenvalues."""
    def diag(self, diagonal: _int = 0) -> Tensor:
        """A vector as the diagonal of a matrix, or the diagonal of a matrix as a vector (a copy)."""
    def diag_embed(self, offset: _int = 0, dim1: _int = -2, dim2: _int = -1) -> Tensor:
        """The last dimension as diagonals of matrices in dimensions dim1, dim2, zeros elsewhere."""
    def diagflat(self, offset: _int = 0) -> Tensor:
        """All elements as the diagonal of a matrix."""
    def diagonal(self, offset: _int = 0, dim1: _int = 0, dim2: _int = 1) -> Tensor:
        """y (..., k) = the elements x[i, i + offset] of dimensions dim1, dim2; a view."""
    def diagonal_scatter(self, src: Tensor, offset: _int = 0, dim1: _int = 0, dim2: _int = 1) -> Tensor:
        """A copy of input with src at diagonal(offset, dim1, dim2). RuntimeError: another shape."""
    def diff(self, n: _int = 1, dim: _int = -1, prepend: Tensor | None = None, append: Tensor | None = None, *, axis: _int = -1) -> Tensor:
        """The n-th differences x[i + 1] - x[i] along dim, of prepend, input, append joined."""
    def digamma(self) -> Tensor:
        """y = ψ(x), the slope of ln Γ;  dx = dy ψ'(x)"""
    def digamma_(self) -> Tensor:
        """In-place version of digamma."""
    def dim_order(self, *, ambiguity_check: _bool | list[_Any] = False) -> tuple[_int, ...]:
        """The dimensions from the outermost to the innermost in memory."""
    def dist(self, other: Tensor, p: _float = 2) -> Tensor:
        """z = the p-norm of input - other, broadcast"""
    def div(self, other: Tensor | _Number, *, rounding_mode: _str | None = None) -> Tensor:
        """z = x / y; rounding_mode "floor" rounds down, "trunc" towards zero, and both keep integers"""
    def div_(self, other: Tensor | _Number, *, rounding_mode: _str | None = None) -> Tensor:
        """In-place version of div."""
    def divide(self, other: Tensor | _Number, *, rounding_mode: _str | None = None) -> Tensor:
        """z = x / y; rounding_mode "floor" rounds down, "trunc" towards zero, and both keep integers"""
    def divide_(self, other: Tensor | _Number, *, rounding_mode: _str | None = None) -> Tensor:
        """In-place version of divide."""
    def dot(self, tensor: Tensor) -> Tensor:
        """z = Σ x y for vectors of one length"""
    def double(self, memory_format: _memory_format = ...) -> Tensor:
        """input as torch.float64; itself if it already is."""
    @overload
    def dsplit(self, indices_or_sections: _int | Sequence[_int] | Tensor) -> tuple[Tensor, ...]:
        """tensor_split along depth. RuntimeError: parts of unequal size, or fewer than 3 dimensions."""
    @overload
    def dsplit(self, *, sections: _int) -> tuple[Tensor, ...]: ...
    @overload
    def dsplit(self, *, indices: Sequence[_int]) -> tuple[Tensor, ...]: ...
    @overload
    def dsplit(self, *, tensor_indices_or_sections: Tensor) -> tuple[Tensor, ...]: ...
    def eig(self, eigenvectors: _bool = False, *, e: _Any = None, v: _Any = None) -> Tensor:
        """Removed in PyTorch, too: use torch.linalg.eig. RuntimeError: always"""
    def eq(self, other: Tensor | _Number) -> Tensor:
        """z = x = y as bool, compared in the promoted dtype; not differentiable"""
    def eq_(self, other: Tensor | _Number) -> Tensor:
        """In-place version of eq."""
    def equal(self, other: Tensor) -> _bool:
        """True if shape and all elements are equal."""
    def erf(self) -> Tensor:
        """y = 2/√π ∫₀ˣ e^-t² dt;  dx = dy 2/√π e^-x²"""
    def erf_(self) -> Tensor:
        """In-place version of erf."""
    def erfc(self) -> Tensor:
        """y = 1 - erf(x);  dx = -dy 2/√π e^-x²"""
    def erfc_(self) -> Tensor:
        """In-place version of erfc."""
    def erfinv(self) -> Tensor:
        """y = erf⁻¹(x): erf(y) = x; ±inf at ±1, NaN beyond."""
    def erfinv_(self) -> Tensor:
        """In-place version of erfinv."""
    def exp(self) -> Tensor:
        """y = e^x;  dx = dy · y"""
    def exp2(self) -> Tensor:
        """y = 2^x;  dx = dy · y ln 2"""
    def exp2_(self) -> Tensor:
        """In-place version of exp2."""
    def exp_(self) -> Tensor:
        """In-place version of exp."""
    @overload
    def expand(self, *size: _int, implicit: _bool = False) -> Tensor:
        """y = x with dimensions of size 1 repeated without copying; a view."""
    @overload
    def expand(self, size: Sequence[_int], *, implicit: _bool = False) -> Tensor: ...
    def expand_as(self, other: Tensor) -> Tensor:
        """input.expand(other.size())"""
    def expm1(self) -> Tensor:
        """y = e^x - 1, exact near 0;  dx = dy (y + 1)"""
    def expm1_(self) -> Tensor:
        """In-place version of expm1."""
    def exponential_(self, lambd: _Number = 1, *, generator: _Generator | None = None) -> Tensor:
        """In-place version of exponential."""
    def fill_(self, value: Tensor | _Number) -> Tensor:
        """In-place version of fill."""
    def fill_diagonal_(self, fill_value: _Number, wrap: _bool = False) -> Tensor:
        """The main diagonal (of all dimensions at once) set to a number, in place."""
    def fix(self) -> Tensor:
        """y = x without its fraction; integers stay as they are.  grad 0"""
    def fix_(self) -> Tensor:
        """In-place version of fix."""
    def flatten(self, start_dim: _int = 0, end_dim: _int = -1) -> Tensor:
        """Dimensions start_dim to end_dim become one; a view where possible."""
    @overload
    def flip(self, *dims: _int) -> Tensor:
        """y = x in reverse order along dims; a copy."""
    @overload
    def flip(self, dims: Sequence[_int]) -> Tensor: ...
    def fliplr(self) -> Tensor:
        """input with its columns in reverse order; a copy. RuntimeError: fewer than 2 dimensions."""
    def flipud(self) -> Tensor:
        """input with its rows in reverse order; a copy. RuntimeError: 0-d."""
    def float(self, memory_format: _memory_format = ...) -> Tensor:
        """input as torch.float32; itself if it already is."""
    def float_power(self, exponent: Tensor | _Number) -> Tensor:
        """z = x^y, computed in float64 or complex128, each a tensor or a number."""
    def float_power_(self, exponent: Tensor | _Number) -> Tensor:
        """In-place version of float_power. RuntimeError: input is not float64 or complex128."""
    def floor(self) -> Tensor:
        """y = the largest integer ≤ x; integers stay as they are.  grad 0"""
    def floor_(self) -> Tensor:
        """In-place version of floor."""
    def floor_divide(self, other: Tensor | _Number) -> Tensor:
        """z = ⌊x / y⌋, as Python's //; not differentiable, backward raises"""
    def floor_divide_(self, other: Tensor | _Number) -> Tensor:
        """In-place version of floor_divide."""
    def fmax(self, other: Tensor) -> Tensor:
        """z = max(x, y), the other one if one is NaN.  grad to the one taken, x where equal."""
    def fmin(self, other: Tensor) -> Tensor:
        """z = min(x, y), the other one if one is NaN.  grad to the one taken, x where equal."""
    def fmod(self, other: Tensor | _Number) -> Tensor:
        """z = x - y trunc(x / y): the sign of x, as C's fmod"""
    def fmod_(self, other: Tensor | _Number) -> Tensor:
        """In-place version of fmod."""
    def frac(self) -> Tensor:
        """y = x - trunc(x);  dx = dy"""
    def frac_(self) -> Tensor:
        """In-place version of frac."""
    def frexp(self) -> return_types.frexp:
        """x = mantissa · 2^exponent, ½ ≤ |mantissa| < 1, exponent int32;  dx = dmantissa / 2^exponent"""
    @overload
    def gather(self, dim: _int, index: Tensor, *, sparse_grad: _bool = False) -> Tensor:
        """y[i, j] = x[index[i, j], j] for dim = 0, and so on."""
    @overload
    def gather(self, *, axis: _int, index: Tensor, sparse_grad: _bool = False) -> Tensor: ...
    def gcd(self, other: Tensor) -> Tensor:
        """z = the greatest common divisor of integers x, y; gcd(0, 0) = 0"""
    def gcd_(self, other: Tensor) -> Tensor:
        """In-place version of gcd."""
    def ge(self, other: Tensor | _Number) -> Tensor:
        """z = x ≥ y as bool, compared in the promoted dtype; not differentiable"""
    def ge_(self, other: Tensor | _Number) -> Tensor:
        """In-place version of ge."""
    def geometric_(self, p: _Number, *, generator: _Generator | None = None) -> Tensor:
        """In-place version of geometric."""
    def geqrf(self) -> return_types.geqrf:
        """A = Q R: R on and above the diagonal of a, the reflections that make Q below it, and tau"""
    def ger(self, vec2: Tensor) -> Tensor:
        """The matrix (n, m) of all products of two vectors' elements."""
    @property
    def grad_dtype(self) -> Tensor: ...
    def greater(self, other: Tensor | _Number) -> Tensor:
        """z = x > y as bool, compared in the promoted dtype; not differentiable"""
    def greater_(self, other: Tensor | _Number) -> Tensor:
        """In-place version of greater."""
    def greater_equal(self, other: Tensor | _Number) -> Tensor:
        """z = x ≥ y as bool, compared in the promoted dtype; not differentiable"""
    def greater_equal_(self, other: Tensor | _Number) -> Tensor:
        """In-place version of greater_equal."""
    def gt(self, other: Tensor | _Number) -> Tensor:
        """z = x > y as bool, compared in the promoted dtype; not differentiable"""
    def gt_(self, other: Tensor | _Number) -> Tensor:
        """In-place version of gt."""
    def half(self, memory_format: _memory_format = ...) -> Tensor:
        """input as torch.float16; itself if it already is."""
    def hardshrink(self, lambd: _Number = 0.5) -> Tensor:
        """y = x where |x| > λ, else 0;  dx = dy where |x| > λ"""
    def hash_tensor(self, dim: _int | Sequence[_int] = ..., *, keepdim: _bool = False, mode: _int = 0, axis: _int | Sequence[_int] = ..., keepdims: _bool = False) -> Tensor:
        """y = x_1 ^ x_2 ^ ... over dim (all dimensions if it is empty): a check sum of elements' bits"""
    def heaviside(self, values: Tensor) -> Tensor:
        """z = 0 where x < 0, 1 where x > 0, y where x = 0; not differentiable, backward raises"""
    def heaviside_(self, values: Tensor) -> Tensor:
        """In-place version of heaviside."""
    def histc(self, bins: _int = 100, min: _float = 0, max: _float = 0) -> Tensor:
        """How many elements lie in each of `bins` equal parts of [min, max] (of the data's range if"""
    def histogram(self, bins: _int | Tensor = 100, *, range: Sequence[_float] | None = None, weight: Tensor | None = None, density: _bool = False) -> return_types.histogram:
        """(hist, bin_edges): how many elements (or how much weight) lie in each bin."""
    @overload
    def hsplit(self, indices_or_sections: _int | Sequence[_int] | Tensor) -> tuple[Tensor, ...]:
        """tensor_split along columns (of a vector: along it). RuntimeError: parts of unequal size."""
    @overload
    def hsplit(self, *, sections: _int) -> tuple[Tensor, ...]: ...
    @overload
    def hsplit(self, *, indices: Sequence[_int]) -> tuple[Tensor, ...]: ...
    @overload
    def hsplit(self, *, tensor_indices_or_sections: Tensor) -> tuple[Tensor, ...]: ...
    def hypot(self, other: Tensor) -> Tensor:
        """z = √(x² + y²);  dx = dz x / z"""
    def hypot_(self, other: Tensor) -> Tensor:
        """In-place version of hypot."""
    def i0(self) -> Tensor:
        """y = I₀(x), the modified Bessel function;  dx = dy I₁(x)"""
    def i0_(self) -> Tensor:
        """In-place version of i0."""
    def igamma(self, other: Tensor) -> Tensor:
        """z = P(a, x), the regularised lower incomplete gamma function: ∫₀ˣ t^(a-1) e^-t dt / Γ(a)"""
    def igamma_(self, other: Tensor) -> Tensor:
        """In-place version of igamma."""
    def igammac(self, other: Tensor) -> Tensor:
        """z = Q(a, x), the regularised upper incomplete gamma function: ∫ₓ^∞ t^(a-1) e^-t dt / Γ(a)"""
    def igammac_(self, other: Tensor) -> Tensor:
        """In-place version of igammac."""
    @property
    def imag(self) -> Tensor: ...
    @overload
    def index_add(self, dim: _int, index: Tensor, source: Tensor, *, alpha: _Number = 1) -> Tensor:
        """y = x, with alpha · source[i] added to slice index[i] of dim."""
    @overload
    def index_add(self, *, axis: _int, index: Tensor, source: Tensor, alpha: _Number = 1) -> Tensor: ...
    @overload
    def index_add_(self, dim: _int, index: Tensor, source: Tensor, *, alpha: _Number = 1) -> Tensor:
        """In-place version of index_add."""
    @overload
    def index_add_(self, *, axis: _int, index: Tensor, source: Tensor, alpha: _Number = 1) -> Tensor: ...
    @overload
    def index_copy(self, dim: _int, index: Tensor, source: Tensor) -> Tensor:
        """y = x, with slice index[i] of dim replaced by source[i]."""
    @overload
    def index_copy(self, *, axis: _int, index: Tensor, source: Tensor) -> Tensor: ...
    @overload
    def index_copy_(self, dim: _int, index: Tensor, source: Tensor) -> Tensor:
        """In-place version of index_copy."""
    @overload
    def index_copy_(self, *, axis: _int, index: Tensor, source: Tensor) -> Tensor: ...
    @overload
    def index_fill(self, dim: _int, index: Tensor, value: Tensor | _Number) -> Tensor:
        """y = x, with the slices `index` of dim set to value (a number or 0-d tensor)."""
    @overload
    def index_fill(self, *, axis: _int, index: Tensor, value: Tensor | _Number) -> Tensor: ...
    @overload
    def index_fill_(self, dim: _int, index: Tensor, value: Tensor | _Number) -> Tensor:
        """In-place version of index_fill."""
    @overload
    def index_fill_(self, *, axis: _int, index: Tensor, value: Tensor | _Number) -> Tensor: ...
    def index_put(self, indices: Sequence[Tensor], values: Tensor, accumulate: _bool = False) -> Tensor:
        """y = x, with values at [indices] (added there if accumulate)."""
    def index_put_(self, indices: Sequence[Tensor], values: Tensor, accumulate: _bool = False) -> Tensor:
        """In-place version of index_put."""
    @overload
    def index_reduce(self, dim: _int, index: Tensor, source: Tensor, reduce: _str, *, include_self: _bool = True) -> Tensor:
        """scatter_reduce of whole slices: slice i of source goes to slice index[i] of dim."""
    @overload
    def index_reduce(self, *, axis: _int, index: Tensor, source: Tensor, reduce: _str, include_self: _bool = True) -> Tensor: ...
    @overload
    def index_reduce_(self, dim: _int, index: Tensor, source: Tensor, reduce: _str, *, include_self: _bool = True) -> Tensor:
        """In-place version of index_reduce."""
    @overload
    def index_reduce_(self, *, axis: _int, index: Tensor, source: Tensor, reduce: _str, include_self: _bool = True) -> Tensor: ...
    @overload
    def index_select(self, dim: _int, index: Tensor) -> Tensor:
        """y = the slices of x along dim that `index` lists, in its order; a copy."""
    @overload
    def index_select(self, *, axis: _int, index: Tensor) -> Tensor: ...
    def indices(self) -> Tensor:
        """The places of a coalesced sparse tensor."""
    def inner(self, other: Tensor) -> Tensor:
        """Σ over the last dimension of both."""
    def int(self, memory_format: _memory_format = ...) -> Tensor:
        """input as torch.int32; itself if it already is."""
    def inverse(self) -> Tensor:
        """The inverse matrix: Y with X Y = I."""
    def ipu(self, device: _device | _str | _int | None = None, non_blocking: _bool = False, **options: _Any) -> _Any:
        """RuntimeError: no such device."""
    def is_coalesced(self) -> Tensor:
        """True if the places of a sparse tensor are in order, each one once."""
    @property
    def is_cpu(self) -> Tensor: ...
    @property
    def is_cuda(self) -> Tensor: ...
    def is_distributed(self) -> _bool:
        """False: no tensor is spread over processes."""
    @property
    def is_meta(self) -> Tensor: ...
    def is_nonzero(self) -> _bool:
        """True if the only element is not zero. RuntimeError: not exactly one element."""
    @property
    def is_xla(self) -> Tensor: ...
    def isclose(self, other: Tensor, rtol: _Number = 1e-05, atol: _Number = 1e-08, equal_nan: _bool = False) -> Tensor:
        """True where |x - y| ≤ atol + rtol |y|, or both are the same infinity, or (equal_nan) both NaN"""
    def isfinite(self) -> Tensor:
        """True where x is neither infinite nor NaN."""
    def isinf(self) -> Tensor:
        """True where x is infinite."""
    def isnan(self) -> Tensor:
        """True where x is NaN."""
    def isneginf(self) -> Tensor:
        """True where x is -infinity.  RuntimeError: complex."""
    def isposinf(self) -> Tensor:
        """True where x is +infinity.  RuntimeError: complex."""
    def isreal(self) -> Tensor:
        """True where the imaginary part is 0."""
    def istft(self, n_fft: _int, hop_length: _int | None = None, win_length: _int | None = None, window: Tensor | None = None, center: _bool = True, normalized: _bool = False, onesided: _bool | None = None, length: _int | None = None, return_complex: _bool = False) -> Tensor:
        """The signal with this short-time Fourier transform, by least squares: the frames' inverse"""
    def kron(self, other: Tensor) -> Tensor:
        """The Kronecker product: every element of input times other, as blocks."""
    def kthvalue(self, k: _int, dim: _int = -1, keepdim: _bool = False, *, axis: _int = -1, keepdims: _bool = False) -> return_types.kthvalue:
        """(values, indices) of the k-th smallest element along dim, k from 1;  dy goes back to it"""
    def lcm(self, other: Tensor) -> Tensor:
        """z = the least common multiple of integers x, y; 0 if one is 0"""
    def lcm_(self, other: Tensor) -> Tensor:
        """In-place version of lcm."""
    def ldexp(self, other: Tensor) -> Tensor:
        """z = x 2^y;  dx = dz 2^y,  dy = dz z ln 2"""
    def ldexp_(self, other: Tensor) -> Tensor:
        """In-place version of ldexp."""
    def le(self, other: Tensor | _Number) -> Tensor:
        """z = x ≤ y as bool, compared in the promoted dtype; not differentiable"""
    def le_(self, other: Tensor | _Number) -> Tensor:
        """In-place version of le."""
    def lerp(self, end: Tensor, weight: Tensor | _Number) -> Tensor:
        """z = x + w (y - x), w a number or a tensor"""
    def lerp_(self, end: Tensor, weight: Tensor | _Number) -> Tensor:
        """In-place version of lerp."""
    def less(self, other: Tensor | _Number) -> Tensor:
        """z = x < y as bool, compared in the promoted dtype; not differentiable"""
    def less_(self, other: Tensor | _Number) -> Tensor:
        """In-place version of less."""
    def less_equal(self, other: Tensor | _Number) -> Tensor:
        """z = x ≤ y as bool, compared in the promoted dtype; not differentiable"""
    def less_equal_(self, other: Tensor | _Number) -> Tensor:
        """In-place version of less_equal."""
    def lgamma(self) -> Tensor:
        """y = ln |Γ(x)|;  dx = dy ψ(x)"""
    def lgamma_(self) -> Tensor:
        """In-place version of lgamma."""
    def log(self) -> Tensor:
        """y = ln x;  dx = dy / x"""
    def log10(self) -> Tensor:
        """y = log₁₀ x;  dx = dy / (x ln 10)"""
    def log10_(self) -> Tensor:
        """In-place version of log10."""
    def log1p(self) -> Tensor:
        """y = ln(1 + x), exact near 0;  dx = dy / (1 + x)"""
    def log1p_(self) -> Tensor:
        """In-place version of log1p."""
    def log2(self) -> Tensor:
        """y = log₂ x;  dx = dy / (x ln 2)"""
    def log2_(self) -> Tensor:
        """In-place version of log2."""
    def log_(self) -> Tensor:
        """In-place version of log."""
    def log_normal_(self, mean: _Number = 1, std: _Number = 2, *, generator: _Generator | None = None) -> Tensor:
        """In-place version of log_normal."""
    @overload
    def log_softmax(self, dim: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None) -> Tensor:
        """y = x - log Σ e^x along dim"""
    @overload
    def log_softmax(self, *, axis: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None) -> Tensor: ...
    def logaddexp(self, other: Tensor) -> Tensor:
        """z = ln(e^x + e^y);  dx = dz / (1 + e^(y - x))"""
    def logaddexp2(self, other: Tensor) -> Tensor:
        """z = log₂(2^x + 2^y);  dx = dz / (1 + 2^(y - x))"""
    @overload
    def logcumsumexp(self, dim: _int) -> Tensor:
        """y[i] = ln(e^x[0] + ... + e^x[i]) along dim"""
    @overload
    def logcumsumexp(self, *, axis: _int) -> Tensor: ...
    def logdet(self) -> Tensor:
        """The logarithm of the determinant: nan for a negative one, -inf for 0."""
    def logical_and(self, other: Tensor) -> Tensor:
        """z = x and y as bool; numbers count as true unless they are 0"""
    def logical_and_(self, other: Tensor) -> Tensor:
        """In-place version of logical_and."""
    def logical_not(self) -> Tensor:
        """y = not x as bool: true where x is 0."""
    def logical_not_(self) -> Tensor:
        """In-place version of logical_not."""
    def logical_or(self, other: Tensor) -> Tensor:
        """z = x or y as bool; numbers count as true unless they are 0"""
    def logical_or_(self, other: Tensor) -> Tensor:
        """In-place version of logical_or."""
    def logical_xor(self, other: Tensor) -> Tensor:
        """z = x or y but not both as bool; numbers count as true unless they are 0"""
    def logical_xor_(self, other: Tensor) -> Tensor:
        """In-place version of logical_xor."""
    def logit(self, eps: _Number | None = None) -> Tensor:
        """y = ln(x / (1 - x)), x held within [eps, 1 - eps] if eps is given"""
    def logit_(self, eps: _Number | None = None) -> Tensor:
        """In-place version of logit."""
    @overload
    def logsumexp(self, dim: _int | Sequence[_int], keepdim: _bool = False, *, keepdims: _bool = False) -> Tensor:
        """y = ln Σ e^x over dim (an int or several), by way of the maximum so that nothing overflows"""
    @overload
    def logsumexp(self, *, axis: _int | Sequence[_int], keepdim: _bool = False, keepdims: _bool = False) -> Tensor: ...
    def long(self, memory_format: _memory_format = ...) -> Tensor:
        """input as torch.int64; itself if it already is."""
    def lstsq(self, A: Tensor) -> Tensor:
        """Removed in PyTorch, too: use torch.linalg.lstsq(A, input). RuntimeError: always"""
    def lt(self, other: Tensor | _Number) -> Tensor:
        """z = x < y as bool, compared in the promoted dtype; not differentiable"""
    def lt_(self, other: Tensor | _Number) -> Tensor:
        """In-place version of lt."""
    def lu(self, pivot: _bool = True, get_infos: _bool = False) -> _Any:
        """LU and pivots with input = P L U; an older name of linalg.lu_factor_ex."""
    def lu_solve(self, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
        """X with A X = input by the factors of torch.lu; an older name of linalg.lu_solve."""
    @property
    def mH(self) -> Tensor: ...
    @property
    def mT(self) -> Tensor: ...
    def map2_(self, tensor1: Tensor, tensor2: Tensor, callable: Callable) -> Tensor:
        """callable(element, element of tensor1, of tensor2) in place of every element."""
    def map_(self, tensor: Tensor, callable: Callable) -> Tensor:
        """callable(element, element of tensor) in place of every element."""
    def masked_fill(self, mask: Tensor, value: Tensor | _Number) -> Tensor:
        """y = value where mask, x elsewhere."""
    def masked_fill_(self, mask: Tensor, value: Tensor | _Number) -> Tensor:
        """In-place version of masked_fill."""
    def masked_scatter(self, mask: Tensor, source: Tensor) -> Tensor:
        """y = x, with the elements where mask taken from source, in order."""
    def masked_scatter_(self, mask: Tensor, source: Tensor) -> Tensor:
        """In-place version of masked_scatter."""
    def masked_select(self, mask: Tensor) -> Tensor:
        """y (k) = the elements of x where mask (bool), in order; a copy."""
    def matmul(self, other: Tensor) -> Tensor:
        """The matrix product: vectors, matrices, or batches of matrices with broadcast batch"""
    def matrix_exp(self) -> Tensor:
        """Y = I + X + X² / 2 + X³ / 6 + ..."""
    def matrix_power(self, n: _int) -> Tensor:
        """X multiplied by itself n times; n = 0 is the identity, n < 0 multiplies inverses."""
    @overload
    def max(self) -> Tensor:
        """The largest element, NaN if there is one; over dim: (values, indices), the first of ties."""
    @overload
    def max(self, dim: _int, keepdim: _bool = False, *, keepdims: _bool = False) -> return_types.max: ...
    @overload
    def max(self, *, axis: _int, keepdim: _bool = False, keepdims: _bool = False) -> return_types.max: ...
    @overload
    def max(self, other: Tensor) -> Tensor: ...
    def maximum(self, other: Tensor) -> Tensor:
        """z = max(x, y), NaN if one is NaN.  grad to the larger; halves where equal."""
    def mean(self, dim: _int | Sequence[_int] | None = None, keepdim: _bool = False, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor:
        """y = Σ x / n over all elements, or over dim (an int or several); NaN for no elements"""
    @overload
    def median(self) -> Tensor:
        """The lower median of all elements; over dim: (values, indices). NaN if there is one."""
    @overload
    def median(self, dim: _int, keepdim: _bool = False, *, keepdims: _bool = False) -> return_types.median: ...
    @overload
    def median(self, *, axis: _int, keepdim: _bool = False, keepdims: _bool = False) -> return_types.median: ...
    @overload
    def min(self) -> Tensor:
        """The smallest element, NaN if there is one; over dim: (values, indices), the first of ties."""
    @overload
    def min(self, dim: _int, keepdim: _bool = False, *, keepdims: _bool = False) -> return_types.min: ...
    @overload
    def min(self, *, axis: _int, keepdim: _bool = False, keepdims: _bool = False) -> return_types.min: ...
    @overload
    def min(self, other: Tensor) -> Tensor: ...
    def minimum(self, other: Tensor) -> Tensor:
        """z = min(x, y), NaN if one is NaN.  grad to the smaller; halves where equal."""
    def mm(self, mat2: Tensor) -> Tensor:
        """Z = X Y for matrices X (n, k), Y (k, m)"""
    def mode(self, dim: _int = -1, keepdim: _bool = False, *, axis: _int = -1, keepdims: _bool = False) -> return_types.mode:
        """(values, indices): the most frequent element along dim, the smallest of ties, and the"""
    def module_load(self, other: Tensor, assign: _bool = False) -> Tensor:
        """What load_state_dict puts in this tensor's place: its own elements, changed, or"""
    def moveaxis(self, source: _int | Sequence[_int], destination: _int | Sequence[_int]) -> Tensor:
        """Dimensions `source` moved to the places `destination`; the others keep their order. A view."""
    def movedim(self, source: _int | Sequence[_int], destination: _int | Sequence[_int]) -> Tensor:
        """Dimensions `source` moved to the places `destination`; the others keep their order. A view."""
    def msort(self) -> Tensor:
        """input sorted along the first dimension."""
    def mtia(self, device: _device | _str | _int | None = None, non_blocking: _bool = False, **options: _Any) -> _Any:
        """AssertionError: no such device."""
    def mul(self, other: Tensor | _Number) -> Tensor:
        """z = x · y"""
    def mul_(self, other: Tensor | _Number) -> Tensor:
        """In-place version of mul."""
    def multinomial(self, num_samples: _int, replacement: _bool = False, *, generator: _Generator | None = None) -> Tensor:
        """num_samples categories for each row of weights (not necessarily normalised)."""
    def multiply(self, other: Tensor | _Number) -> Tensor:
        """z = x · y"""
    def multiply_(self, other: Tensor | _Number) -> Tensor:
        """In-place version of multiply."""
    def mv(self, vec: Tensor) -> Tensor:
        """y = X v for a matrix X (n, k) and a vector v (k)"""
    def mvlgamma(self, p: _int) -> Tensor:
        """y = p(p - 1)/4 ln π + Σ ln Γ(x - j/2), j = 0...p-1;  dx = dy Σ ψ(x - j/2)"""
    def mvlgamma_(self, p: _int) -> Tensor:
        """In-place version of mvlgamma."""
    @property
    def names(self) -> Tensor: ...
    def nan_to_num(self, nan: _Any = None, posinf: _Any = None, neginf: _Any = None) -> Tensor:
        """y = x with NaN, +inf, -inf replaced; by 0 and the largest and lowest numbers if nothing is"""
    def nan_to_num_(self, nan: _Any = None, posinf: _Any = None, neginf: _Any = None) -> Tensor:
        """In-place version of nan_to_num."""
    def nanmean(self, dim: _int | Sequence[_int] | None = None, keepdim: _bool = False, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor:
        """The mean of what is not NaN, over all elements or over dim."""
    @overload
    def nanmedian(self) -> Tensor:
        """As median, NaN left out."""
    @overload
    def nanmedian(self, dim: _int, keepdim: _bool = False, *, keepdims: _bool = False) -> return_types.nanmedian: ...
    @overload
    def nanmedian(self, *, axis: _int, keepdim: _bool = False, keepdims: _bool = False) -> return_types.nanmedian: ...
    def nanquantile(self, q: _float | Tensor, dim: _int | None = None, keepdim: _bool = False, *, interpolation: _str = 'linear', axis: _int | None = None, keepdims: _bool = False) -> Tensor:
        """As quantile, NaN left out."""
    def nansum(self, dim: _int | Sequence[_int] | None = None, keepdim: _bool = False, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor:
        """y = Σ x over what is not NaN, of all elements or over dim;  dx = dy there, 0 at NaN"""
    @overload
    def narrow(self, dim: _int, start: _int | Tensor, length: _int) -> Tensor:
        """`length` slices of dimension dim from `start` on; a view."""
    @overload
    def narrow(self, *, axis: _int, start: _int | Tensor, length: _int) -> Tensor: ...
    @overload
    def narrow_copy(self, dim: _int, start: _int | Tensor, length: _int) -> Tensor:
        """A contiguous copy of narrow(input, dim, start, length)."""
    @overload
    def narrow_copy(self, *, axis: _int, start: _int | Tensor, length: _int) -> Tensor: ...
    def ne(self, other: Tensor | _Number) -> Tensor:
        """z = x ≠ y as bool, compared in the promoted dtype; not differentiable"""
    def ne_(self, other: Tensor | _Number) -> Tensor:
        """In-place version of ne."""
    def neg(self) -> Tensor:
        """y = -x.  RuntimeError: x is bool."""
    def neg_(self) -> Tensor:
        """In-place version of neg."""
    def negative(self) -> Tensor:
        """y = -x.  RuntimeError: x is bool."""
    def negative_(self) -> Tensor:
        """In-place version of negative."""
    def new(self, *data: _Any, device: _device | _str | _int | None = None) -> Tensor:
        """A tensor of input's dtype of the given sizes (uninitialised), or with a copy of the given"""
    @overload
    def new_empty(self, *size: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, pin_memory: _bool = False, requires_grad: _bool = False) -> Tensor:
        """A tensor of the given size and of input's dtype; elements: empty."""
    @overload
    def new_empty(self, size: Sequence[_int], *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, pin_memory: _bool = False, requires_grad: _bool = False) -> Tensor: ...
    def new_empty_strided(self, size: Sequence[_int], stride: Sequence[_int], dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, pin_memory: _bool = False, requires_grad: _bool = False) -> Tensor:
        """An uninitialised tensor of the given sizes and strides, of input's dtype."""
    def new_full(self, size: Sequence[_int], fill_value: _Number, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, pin_memory: _bool = False, requires_grad: _bool = False) -> Tensor:
        """A tensor of the given size and of input's dtype, every element fill_value."""
    @overload
    def new_ones(self, *size: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, pin_memory: _bool = False, requires_grad: _bool = False) -> Tensor:
        """A tensor of the given size and of input's dtype; elements: ones."""
    @overload
    def new_ones(self, size: Sequence[_int], *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, pin_memory: _bool = False, requires_grad: _bool = False) -> Tensor: ...
    def new_tensor(self, data: _Any, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, pin_memory: _bool = False, requires_grad: _bool = False) -> Tensor:
        """A tensor of data, by default of input's dtype."""
    @overload
    def new_zeros(self, *size: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, pin_memory: _bool = False, requires_grad: _bool = False) -> Tensor:
        """A tensor of the given size and of input's dtype; elements: zeros."""
    @overload
    def new_zeros(self, size: Sequence[_int], *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, layout: _layout | None = None, device: _device | _str | _int | None = None, pin_memory: _bool = False, requires_grad: _bool = False) -> Tensor: ...
    def nextafter(self, other: Tensor) -> Tensor:
        """z = the next number after x in the direction of y;  dx = dz where x ≠ y, else 0"""
    def nextafter_(self, other: Tensor) -> Tensor:
        """In-place version of nextafter."""
    @overload
    def nonzero(self, *, as_tuple: Literal[False] = False) -> Tensor:
        """The indices of all elements that are not zero."""
    @overload
    def nonzero(self, *, as_tuple: Literal[True]) -> tuple[Tensor, ...]: ...
    def nonzero_static(self, *, size: _int, fill_value: _int = -1) -> Tensor:
        """The first `size` rows of nonzero(input); missing rows hold fill_value."""
    def norm(self, p: _Number | _str | None = 'fro', dim: _int | Sequence[_int] | None = None, keepdim: _bool = False, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, *, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor:
        """The p-norm of all elements or over dim."""
    def normal_(self, mean: _Number = 0, std: _Number = 1, *, generator: _Generator | None = None) -> Tensor:
        """In-place version of normal."""
    def not_equal(self, other: Tensor | _Number) -> Tensor:
        """z = x ≠ y as bool, compared in the promoted dtype; not differentiable"""
    def not_equal_(self, other: Tensor | _Number) -> Tensor:
        """In-place version of not_equal."""
    def orgqr(self, input2: Tensor) -> Tensor:
        """linalg.householder_product(input, tau), LAPACK's name. (*, N, M), (*, K) -> (*, N, M)"""
    def ormqr(self, tau: Tensor, other: Tensor, left: _bool = True, transpose: _bool = False) -> Tensor:
        """Q C, or C Q (left=False), with all N columns of the Q of geqrf; transpose: Qᴴ."""
    def outer(self, vec2: Tensor) -> Tensor:
        """The matrix (n, m) of all products of two vectors' elements."""
    @overload
    def permute(self, *dims: _int) -> Tensor:
        """y = x with its dimensions in the order dims; a view."""
    @overload
    def permute(self, dims: Sequence[_int]) -> Tensor: ...
    def pin_memory(self, device: _device | _str | _int | None = None) -> Tensor:
        """input itself: JAX copies by itself. RuntimeError: there is no accelerator to pin it for."""
    def pinverse(self, rcond: _float = 1e-15) -> Tensor:
        """The pseudoinverse, the older name of linalg.pinv. input (*, N, M) -> (*, M, N)"""
    def polygamma(self, n: _int) -> Tensor:
        """The n-th derivative of digamma, see torch.polygamma."""
    def polygamma_(self, n: _int) -> Tensor:
        """In-place version of polygamma."""
    def positive(self) -> Tensor:
        """input itself. RuntimeError: it is bool."""
    def pow(self, exponent: Tensor | _Number) -> Tensor:
        """z = x^y, each a tensor or a number"""
    def pow_(self, exponent: Tensor | _Number) -> Tensor:
        """In-place version of pow."""
    def prelu(self, weight: Tensor) -> Tensor:
        """y = x where x > 0, else w x; one weight, or one for each channel (dimension 1)"""
    def prod(self, dim: _int | Sequence[_int] | None = None, keepdim: _bool = False, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor:
        """y = Π x over all elements, or over dim (one int)"""
    def put(self, index: Tensor, source: Tensor, accumulate: _bool = False) -> Tensor:
        """A copy of input with source at positions `index` of the flattened form (added, if"""
    def put_(self, index: Tensor, source: Tensor, accumulate: _bool = False) -> Tensor:
        """In-place version of put."""
    def qr(self, some: _bool = True) -> return_types.qr:
        """A = Q R, the older name: some=False is linalg.qr's mode 'complete'."""
    def quantile(self, q: _float | Tensor, dim: _int | None = None, keepdim: _bool = False, *, interpolation: _str = 'linear', axis: _int | None = None, keepdims: _bool = False) -> Tensor:
        """The q-th quantiles of all elements or along dim."""
    def rad2deg(self) -> Tensor:
        """y = x 180 / π"""
    def rad2deg_(self) -> Tensor:
        """In-place version of rad2deg."""
    @overload
    def random_(self, *, generator: _Generator | None = None) -> Tensor:
        """In-place version of random."""
    @overload
    def random_(self, to: _int, *, generator: _Generator | None = None) -> Tensor: ...
    @overload
    def random_(self, low: _int, to: _int | None, *, generator: _Generator | None = None) -> Tensor: ...
    def ravel(self) -> Tensor:
        """All elements in one dimension; a view where possible."""
    @property
    def real(self) -> Tensor: ...
    def reciprocal(self) -> Tensor:
        """y = 1 / x;  dx = -dy y²"""
    def reciprocal_(self) -> Tensor:
        """In-place version of reciprocal."""
    def register_hook(self, hook: Callable[[Tensor], _Any]) -> _Any:
        """hook(grad) -> new grad or None, when this tensor's gradient is known."""
    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> _Any:
        """hook(tensor), after a gradient was added to this leaf's `.grad`."""
    def reinforce(self, reward: _Any) -> _Any:
        """RuntimeError: torch.distributions have log_prob instead."""
    def relu(self) -> Tensor:
        """y = max(x, 0), NaN stays;  dx = dy where y > 0"""
    def relu_(self) -> Tensor:
        """In-place version of relu."""
    def remainder(self, other: Tensor | _Number) -> Tensor:
        """z = x - y ⌊x / y⌋: the sign of y, as Python's %"""
    def remainder_(self, other: Tensor | _Number) -> Tensor:
        """In-place version of remainder."""
    @overload
    def renorm(self, p: _float, dim: _int, maxnorm: _float) -> Tensor:
        """y = x with each slice along dim scaled down to a p-norm of at most maxnorm"""
    @overload
    def renorm(self, p: _float, *, axis: _int, maxnorm: _float) -> Tensor: ...
    @overload
    def renorm_(self, p: _float, dim: _int, maxnorm: _float) -> Tensor:
        """In-place version of renorm."""
    @overload
    def renorm_(self, p: _float, *, axis: _int, maxnorm: _float) -> Tensor: ...
    @overload
    def repeat(self, *repeats: _int) -> Tensor:
        """y = x laid out `repeats` times along each dimension; new dimensions go in front; a copy."""
    @overload
    def repeat(self, repeats: Sequence[_int]) -> Tensor: ...
    def repeat_interleave(self, repeats: _int | Tensor | None = None, dim: _int | None = None, *, output_size: _int | None = None, axis: _int | None = None) -> Tensor:
        """Each element repeated in place: `repeats` times, or repeats[i] times along dim; without dim,"""
    @overload
    def reshape(self, *dims: _int, shape: Sequence[_int] | None = None) -> Tensor:
        """The elements in another shape: a view where the strides allow it, else a copy."""
    @overload
    def reshape(self, dims: Sequence[_int], *, shape: Sequence[_int] | None = None) -> Tensor: ...
    def reshape_as(self, other: Tensor) -> Tensor:
        """input.reshape(other.size())"""
    @overload
    def resize(self, *sizes: _int) -> Tensor:
        """input in another shape of as many elements; deprecated in PyTorch, use reshape."""
    @overload
    def resize(self, sizes: Sequence[_int]) -> Tensor: ...
    @overload
    def resize_(self, *size: _int, memory_format: _memory_format | None = None) -> Tensor:
        """input in another size, in place, over the same storage in C order; a larger one is allocated"""
    @overload
    def resize_(self, size: Sequence[_int], *, memory_format: _memory_format | None = None) -> Tensor: ...
    def resize_as(self, tensor: Tensor) -> Tensor:
        """input in the shape of a tensor of as many elements; deprecated in PyTorch, use reshape_as."""
    def resize_as_(self, the_template: Tensor, *, memory_format: _memory_format | None = None) -> Tensor:
        """input in the size of another tensor, in place."""
    def resize_as_sparse_(self, the_template: Tensor) -> Tensor:
        """The sizes of another sparse tensor, see sparse_resize_; in place."""
    def resolve_conj(self) -> Tensor:
        """input itself: neither conjugation nor negation is ever lazy here."""
    def resolve_neg(self) -> Tensor:
        """input itself: neither conjugation nor negation is ever lazy here."""
    def retain_grad(self) -> None:
        """Keep the gradient of this non-leaf tensor in `.grad`, too."""
    def roll(self, shifts: _int | Sequence[_int], dims: _int | Sequence[_int] = ...) -> Tensor:
        """y[(i + shift) mod n] = x[i] along each of dims; without dims, over the flattened tensor."""
    def rot90(self, k: _int = 1, dims: Sequence[_int] = ...) -> Tensor:
        """input turned k times by 90 degrees in the plane of dims, from the first towards the second."""
    def round(self, *, decimals: _int = 0) -> Tensor:
        """y = x rounded to `decimals` places (negative: to tens, hundreds...), halves to even.  grad 0"""
    def round_(self, *, decimals: _int = 0) -> Tensor:
        """In-place version of round."""
    def row_indices(self) -> Tensor:
        """The places of a compressed sparse tensor; there are none here."""
    def rsqrt(self) -> Tensor:
        """y = 1 / √x;  dx = -dy y³ / 2"""
    def rsqrt_(self) -> Tensor:
        """In-place version of rsqrt."""
    @overload
    def scatter(self, dim: _int, index: Tensor, src: Tensor | _Number | None = None, *, value: _Number | None = None, reduce: _str | None = None) -> Tensor:
        """A copy of input with src (a tensor or number) written at index along dim."""
    @overload
    def scatter(self, *, axis: _int, index: Tensor, src: Tensor | _Number | None = None, value: _Number | None = None, reduce: _str | None = None) -> Tensor: ...
    @overload
    def scatter_(self, dim: _int, index: Tensor, src: Tensor | _Number | None = None, *, value: _Number | None = None, reduce: _str | None = None) -> Tensor:
        """In-place version of scatter."""
    @overload
    def scatter_(self, *, axis: _int, index: Tensor, src: Tensor | _Number | None = None, value: _Number | None = None, reduce: _str | None = None) -> Tensor: ...
    @overload
    def scatter_add(self, dim: _int, index: Tensor, src: Tensor) -> Tensor:
        """y = x, with src[i, j] added at [index[i, j], j] for dim = 0, and so on."""
    @overload
    def scatter_add(self, *, axis: _int, index: Tensor, src: Tensor) -> Tensor: ...
    @overload
    def scatter_add_(self, dim: _int, index: Tensor, src: Tensor) -> Tensor:
        """In-place version of scatter_add."""
    @overload
    def scatter_add_(self, *, axis: _int, index: Tensor, src: Tensor) -> Tensor: ...
    @overload
    def scatter_reduce(self, dim: _int, index: Tensor, src: Tensor, reduce: _str, *, include_self: _bool = True) -> Tensor:
        """y = for each target the sum, prod, mean, amax or amin of the src elements sent there (and of"""
    @overload
    def scatter_reduce(self, *, axis: _int, index: Tensor, src: Tensor, reduce: _str, include_self: _bool = True) -> Tensor: ...
    @overload
    def scatter_reduce_(self, dim: _int, index: Tensor, src: Tensor, reduce: _str, *, include_self: _bool = True) -> Tensor:
        """In-place version of scatter_reduce."""
    @overload
    def scatter_reduce_(self, *, axis: _int, index: Tensor, src: Tensor, reduce: _str, include_self: _bool = True) -> Tensor: ...
    @overload
    def select(self, dim: _int, index: _int | Tensor) -> Tensor:
        """The slice `index` of dimension dim, that dimension gone; a view."""
    @overload
    def select(self, *, axis: _int, index: _int | Tensor) -> Tensor: ...
    @overload
    def select_scatter(self, src: Tensor, dim: _int, index: _int) -> Tensor:
        """A copy of input with src at select(dim, index). RuntimeError: src has another shape."""
    @overload
    def select_scatter(self, src: Tensor, *, axis: _int, index: _int) -> Tensor: ...
    def set_(self, source: _Any = None, storage_offset: _int = 0, size: _Any = None, stride: _Any = None) -> Tensor:
        """input turned into another view of the elements of `source` (a tensor or storage); empty"""
    def sgn(self) -> Tensor:
        """y = x / |x|, 0 at 0; sign for real x.  grad of complex: (dy - y Re(dy ȳ)) / |x|"""
    def sgn_(self) -> Tensor:
        """In-place version of sgn."""
    def share_memory_(self) -> Tensor:
        """input itself, its elements moved to memory that processes share: what one of them writes,"""
    def short(self, memory_format: _memory_format = ...) -> Tensor:
        """input as torch.int16; itself if it already is."""
    def sigmoid(self) -> Tensor:
        """y = σ(x) = 1 / (1 + e^-x);  dx = dy y (1 - y)"""
    def sigmoid_(self) -> Tensor:
        """In-place version of sigmoid."""
    def sign(self) -> Tensor:
        """y = -1, 0 or 1 (0 for NaN).  NotImplementedError: complex.  grad 0"""
    def sign_(self) -> Tensor:
        """In-place version of sign."""
    def signbit(self) -> Tensor:
        """True where the sign bit is set: negative numbers and -0.0."""
    def sin(self) -> Tensor:
        """y = sin x;  dx = dy cos x"""
    def sin_(self) -> Tensor:
        """In-place version of sin."""
    def sinc(self) -> Tensor:
        """y = sin(πx) / (πx), 1 at 0;  dx = dy (cos(πx) - y) / x, 0 at 0"""
    def sinc_(self) -> Tensor:
        """In-place version of sinc."""
    def sinh(self) -> Tensor:
        """y = sinh x;  dx = dy cosh x"""
    def sinh_(self) -> Tensor:
        """In-place version of sinh."""
    def slice_scatter(self, src: Tensor, dim: _int = 0, start: _int | None = None, end: _int | None = None, step: _int = 1, *, axis: _int = 0) -> Tensor:
        """A copy of input with src at [start:end:step] of dim. RuntimeError: src has another shape."""
    def slogdet(self) -> return_types.slogdet:
        """The sign of the determinant and the logarithm of its absolute value."""
    def smm(self, mat: Tensor) -> Tensor:
        """input mat as a sparse matrix, see torch.smm."""
    @overload
    def softmax(self, dim: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None) -> Tensor:
        """y = e^x / Σ e^x along dim"""
    @overload
    def softmax(self, *, axis: _int, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None) -> Tensor: ...
    def solve(self, A: Tensor) -> Tensor:
        """Removed in PyTorch, too: use torch.linalg.solve(A, input). RuntimeError: always"""
    def sort(self, dim: _int = -1, descending: _bool = False, *, stable: _bool | None = None, axis: _int = -1) -> return_types.sort:
        """(values, indices) of input sorted along dim; equal elements always keep their order"""
    def sparse_dim(self) -> Tensor:
        """The number of sparse dimensions: 0 for a dense tensor."""
    def sparse_mask(self, mask: Tensor) -> Tensor:
        """The elements of input at the places of a sparse tensor."""
    def sparse_resize_(self, size: Sequence[_int], sparse_dim: _int, dense_dim: _int) -> Tensor:
        """Other sizes for a sparse tensor, its elements at the same places, in place."""
    def sparse_resize_and_clear_(self, size: Sequence[_int], sparse_dim: _int, dense_dim: _int) -> Tensor:
        """Other sizes for a sparse tensor, without elements, in place."""
    @overload
    def split(self, split_size_or_sections: _int | Sequence[_int] | Tensor, dim: _int = 0, *, axis: _int = 0) -> tuple[Tensor, ...]:
        """torch.split(input, split_size, dim)"""
    @overload
    def split(self, *, split_size: _int | Sequence[_int], dim: _int = 0, axis: _int = 0) -> tuple[Tensor, ...]: ...
    def split_with_sizes(self, split_sizes: Sequence[_int], dim: _int = 0, *, axis: _int = 0) -> tuple[Tensor, ...]:
        """Views of the listed sizes along dim. RuntimeError: the sizes do not add up."""
    def sqrt(self) -> Tensor:
        """y = √x;  dx = dy / 2ȳ"""
    def sqrt_(self) -> Tensor:
        """In-place version of sqrt."""
    def square(self) -> Tensor:
        """y = x²;  dx = 2 dy x̄.  bool becomes int64"""
    def square_(self) -> Tensor:
        """In-place version of square."""
    def squeeze(self, dim: _int | Sequence[_int] | None = None, *, axis: _int | Sequence[_int] | None = None) -> Tensor:
        """y = x without its dimensions of size 1: all, or those among dim; a view."""
    def squeeze_(self, dim: _int | Sequence[_int] | None = None, *, axis: _int | Sequence[_int] | None = None) -> Tensor:
        """input without its dimensions of size 1 (all, or those among dim), in place."""
    def sspaddmm(self, mat1: Tensor, mat2: Tensor, *, beta: _Number = 1, alpha: _Number = 1) -> Tensor:
        """beta input + alpha mat1 mat2 as a sparse matrix, see torch.sspaddmm."""
    @overload
    def std(self, dim: _int | Sequence[_int] | None = None, unbiased: _bool = True, keepdim: _bool = False, *, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor:
        """y = √(Σ |x - x̄|² / max(n - correction, 0)), the root of `var`, which see"""
    @overload
    def std(self, dim: _int | Sequence[_int] | None = None, *, correction: _Number | None = None, keepdim: _bool = False, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor: ...
    @overload
    def std(self, unbiased: _bool) -> Tensor: ...
    def stft(self, n_fft: _int, hop_length: _int | None = None, win_length: _int | None = None, window: Tensor | None = None, center: _bool = True, pad_mode: _str = 'reflect', normalized: _bool = False, onesided: _bool | None = None, return_complex: _bool | None = None, align_to_window: _bool | None = None) -> Tensor:
        """Y[k, t] = Σ w[j] x[t hop + j] e^(-2πi jk / n) over j = 0 ... n - 1: the short-time Fourier"""
    def storage(self) -> _Any:
        """The block of memory under the tensor and its views, as numbers of the tensor's dtype."""
    def storage_type(self) -> _type:
        """The class of storages of the tensor's dtype: torch.FloatStorage and the like."""
    def sub(self, other: Tensor | _Number, *, alpha: _Number = 1) -> Tensor:
        """z = x - α y, α a number"""
    def sub_(self, other: Tensor | _Number, *, alpha: _Number = 1) -> Tensor:
        """In-place version of sub."""
    def subtract(self, other: Tensor | _Number, *, alpha: _Number = 1) -> Tensor:
        """z = x - α y, α a number"""
    def subtract_(self, other: Tensor | _Number, *, alpha: _Number = 1) -> Tensor:
        """In-place version of subtract."""
    def sum(self, dim: _int | Sequence[_int] | None = None, keepdim: _bool = False, *, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor:
        """y = Σ x over all elements, or over dim (an int or several)"""
    @overload
    def sum_to_size(self, *size: _int) -> Tensor:
        """input summed over the dimensions that broadcasting `size` to its shape would stretch."""
    @overload
    def sum_to_size(self, size: Sequence[_int]) -> Tensor: ...
    def svd(self, some: _bool = True, compute_uv: _bool = True) -> return_types.svd:
        """input = U S Vᴴ, the older name: it returns V, not Vᴴ, and by default K columns."""
    def swapaxes(self, dim0: _int, dim1: _int) -> Tensor:
        """y = x with two dimensions exchanged; a view."""
    def swapaxes_(self, dim0: _int, dim1: _int) -> Tensor:
        """input with two dimensions exchanged, in place: the elements stay where they are."""
    def swapdims(self, dim0: _int, dim1: _int) -> Tensor:
        """y = x with two dimensions exchanged; a view."""
    def swapdims_(self, dim0: _int, dim1: _int) -> Tensor:
        """input with two dimensions exchanged, in place: the elements stay where they are."""
    def symeig(self, eigenvectors: _bool = False, upper: _bool = True) -> Tensor:
        """Removed in PyTorch, too: use torch.linalg.eigh or eigvalsh. RuntimeError: always"""
    def t(self) -> Tensor:
        """Y = Xᵀ of a matrix; vectors and numbers as they are; a view."""
    def t_(self) -> Tensor:
        """input turned into its transpose, in place. RuntimeError: more than 2 dimensions."""
    def take(self, index: Tensor) -> Tensor:
        """y = the elements at positions `index` of the flattened x, in index's shape."""
    def take_along_dim(self, indices: Tensor, dim: _int | None = None, *, axis: _int | None = None) -> Tensor:
        """gather with broadcasting of input and indices; without dim over the flattened input."""
    def tan(self) -> Tensor:
        """y = tan x;  dx = dy (1 + y²)"""
    def tan_(self) -> Tensor:
        """In-place version of tan."""
    def tanh(self) -> Tensor:
        """y = tanh x;  dx = dy (1 - y²)"""
    def tanh_(self) -> Tensor:
        """In-place version of tanh."""
    @overload
    def tensor_split(self, indices_or_sections: _int | Sequence[_int] | Tensor, dim: _int = 0, *, axis: _int = 0) -> tuple[Tensor, ...]:
        """Views cut at the listed indices, or into n parts whose sizes differ by at most one."""
    @overload
    def tensor_split(self, *, sections: _int, dim: _int = 0, axis: _int = 0) -> tuple[Tensor, ...]: ...
    @overload
    def tensor_split(self, *, indices: Sequence[_int], dim: _int = 0, axis: _int = 0) -> tuple[Tensor, ...]: ...
    @overload
    def tensor_split(self, *, tensor_indices_or_sections: Tensor, dim: _int = 0, axis: _int = 0) -> tuple[Tensor, ...]: ...
    @overload
    def tile(self, *dims: _int) -> Tensor:
        """repeat; missing repeats count as 1 in front."""
    @overload
    def tile(self, dims: Sequence[_int]) -> Tensor: ...
    @overload
    def to(self, dtype: _dtype | _type[_complex | _float | _int | _bool], non_blocking: _bool = False, copy: _bool = False, *, memory_format: _Any = None) -> Tensor:
        """x on a device and in a dtype: to(dtype), to(device), to(device, dtype), to(tensor); itself if"""
    @overload
    def to(self, device: _device | _str | _int | None = None, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, non_blocking: _bool = False, copy: _bool = False, *, memory_format: _Any = None) -> Tensor: ...
    @overload
    def to(self, other: Tensor, non_blocking: _bool = False, copy: _bool = False, *, memory_format: _Any = None) -> Tensor: ...
    @overload
    def to(self, *, tensor: Tensor, non_blocking: _bool = False, copy: _bool = False, memory_format: _Any = None) -> Tensor: ...
    def to_dense(self, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None, *, masked_grad: _bool | None = None) -> Tensor:
        """input itself (in dtype): every tensor here is dense."""
    def to_mkldnn(self, dtype: _dtype | _type[_complex | _float | _int | _bool] | None = None) -> Tensor:
        """Not in rushlight: layouts other than strided and sparse_coo"""
    def to_sparse(self, sparse_dim: _int | None = None, *, layout: _layout | None = None) -> Tensor:
        """The elements that are not zero, with their places: a sparse tensor."""
    def to_sparse_bsc(self, blocksize: _Any, dense_dim: _int | None = None) -> Tensor:
        """Not in rushlight: layouts other than strided and sparse_coo"""
    def to_sparse_bsr(self, blocksize: _Any, dense_dim: _int | None = None) -> Tensor:
        """Not in rushlight: layouts other than strided and sparse_coo"""
    def to_sparse_coo(self) -> Tensor:
        """The elements that are not zero, with their places: a sparse tensor."""
    def to_sparse_csc(self) -> Tensor:
        """Not in rushlight: layouts other than strided and sparse_coo"""
    def to_sparse_csr(self) -> Tensor:
        """Not in rushlight: layouts other than strided and sparse_coo"""
    def topk(self, k: _int, dim: _int = -1, largest: _bool = True, sorted: _bool = True, *, axis: _int = -1) -> return_types.topk:
        """(values, indices) of the k largest (or smallest) elements along dim, always in order"""
    def trace(self) -> Tensor:
        """y = Σ x[i, i] of a matrix."""
    def transpose(self, dim0: _int, dim1: _int) -> Tensor:
        """y = x with two dimensions exchanged; a view."""
    def transpose_(self, dim0: _int, dim1: _int) -> Tensor:
        """input with two dimensions exchanged, in place: the elements stay where they are."""
    def triangular_solve(self, A: Tensor, upper: _bool = True, transpose: _bool = False, unitriangular: _bool = False) -> return_types.triangular_solve:
        """X with A X = input for a triangle A, and A; transpose: Aᵀ X = input. An older name of"""
    def tril(self, diagonal: _int = 0) -> Tensor:
        """y[..., i, j] = x[..., i, j] where j ≤ i + diagonal, else 0."""
    def tril_(self, diagonal: _int = 0) -> Tensor:
        """In-place version of tril."""
    def triu(self, diagonal: _int = 0) -> Tensor:
        """y[..., i, j] = x[..., i, j] where j ≥ i + diagonal, else 0."""
    def triu_(self, diagonal: _int = 0) -> Tensor:
        """In-place version of triu."""
    def true_divide(self, other: Tensor | _Number) -> Tensor:
        """z = x / y; rounding_mode "floor" rounds down, "trunc" towards zero, and both keep integers"""
    def true_divide_(self, other: Tensor | _Number) -> Tensor:
        """In-place version of true_divide."""
    def trunc(self) -> Tensor:
        """y = x without its fraction; integers stay as they are.  grad 0"""
    def trunc_(self) -> Tensor:
        """In-place version of trunc."""
    @overload
    def type(self, dtype: None = None, non_blocking: _bool = False) -> _str:
        """Without an argument the name of the tensor type ("torch.FloatTensor"); with one, x in that"""
    @overload
    def type(self, dtype: _dtype | _str | _type[_Any], non_blocking: _bool = False) -> Tensor: ...
    def type_as(self, other: Tensor) -> Tensor:
        """input in the dtype of other, and where that is."""
    def unbind(self, dim: _int = 0, *, axis: _int = 0) -> tuple[Tensor, ...]:
        """The slices of x along dim, that dimension gone; views."""
    @overload
    def unflatten(self, dim: _int, sizes: Sequence[_int]) -> Tensor:
        """Dimension dim becomes several, of the given sizes (one may be -1); a view."""
    @overload
    def unflatten(self, *, axis: _int, sizes: Sequence[_int]) -> Tensor: ...
    def unfold(self, dimension: _int, size: _int, step: _int) -> Tensor:
        """y (..., windows, ..., size) = the windows of `size` elements every `step` along dimension."""
    def uniform_(self, from_: _Number = 0, to: _Number = 1, *, generator: _Generator | None = None) -> Tensor:
        """In-place version of uniform."""
    @overload
    def unique(self, sorted: _bool = True, return_inverse: Literal[False] = False, return_counts: Literal[False] = False, dim: _int | None = None, *, axis: _int | None = None) -> Tensor:
        """The different elements (or slices along dim), always sorted; on request (output, inverse,"""
    @overload
    def unique(self, sorted: _bool = True, return_inverse: _bool = False, return_counts: _bool = False, dim: _int | None = None, *, axis: _int | None = None) -> _Any: ...
    @overload
    def unique_consecutive(self, return_inverse: Literal[False] = False, return_counts: Literal[False] = False, dim: _int | None = None, *, axis: _int | None = None) -> Tensor:
        """input without elements (or slices along dim) that equal the one before; on request (output,"""
    @overload
    def unique_consecutive(self, return_inverse: _bool = False, return_counts: _bool = False, dim: _int | None = None, *, axis: _int | None = None) -> _Any: ...
    def unsafe_chunk(self, chunks: _int, dim: _int = 0, *, axis: _int = 0) -> tuple[Tensor, ...]:
        """chunk whose outputs may be written in place under autograd: the input must not be used."""
    def unsafe_split(self, split_size: _int, dim: _int = 0, *, axis: _int = 0) -> tuple[Tensor, ...]:
        """split whose outputs may be written in place under autograd: the input must not be used."""
    def unsafe_split_with_sizes(self, split_sizes: Sequence[_int], dim: _int = 0, *, axis: _int = 0) -> tuple[Tensor, ...]:
        """split_with_sizes whose outputs may be written in place: the input must not be used."""
    @overload
    def unsqueeze(self, dim: _int) -> Tensor:
        """y = x with a dimension of size 1 put in before dim; a view."""
    @overload
    def unsqueeze(self, *, axis: _int) -> Tensor: ...
    @overload
    def unsqueeze_(self, dim: _int) -> Tensor:
        """input with a dimension of size 1 put in before dim, in place."""
    @overload
    def unsqueeze_(self, *, axis: _int) -> Tensor: ...
    def untyped_storage(self) -> _Any:
        """The block of memory under the tensor and its views."""
    def values(self) -> Tensor:
        """The values of a coalesced sparse tensor."""
    @overload
    def var(self, dim: _int | Sequence[_int] | None = None, unbiased: _bool = True, keepdim: _bool = False, *, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor:
        """y = Σ |x - x̄|² / max(n - correction, 0), x̄ the mean of all elements or over dim"""
    @overload
    def var(self, dim: _int | Sequence[_int] | None = None, *, correction: _Number | None = None, keepdim: _bool = False, axis: _int | Sequence[_int] | None = None, keepdims: _bool = False) -> Tensor: ...
    @overload
    def var(self, unbiased: _bool) -> Tensor: ...
    def vdot(self, other: Tensor) -> Tensor:
        """Σ conj(input) other for vectors."""
    @overload
    def view(self, *size: _int) -> Tensor:
        """The same elements in another shape, or, with a dtype, the same bytes as another type."""
    @overload
    def view(self, size: Sequence[_int]) -> Tensor: ...
    @overload
    def view(self, dtype: _dtype) -> Tensor: ...
    def view_as(self, other: Tensor) -> Tensor:
        """input.view(other.size())"""
    @overload
    def vsplit(self, indices_or_sections: _int | Sequence[_int] | Tensor) -> tuple[Tensor, ...]:
        """tensor_split along rows. RuntimeError: parts of unequal size, or fewer than 2 dimensions."""
    @overload
    def vsplit(self, *, sections: _int) -> tuple[Tensor, ...]: ...
    @overload
    def vsplit(self, *, indices: Sequence[_int]) -> tuple[Tensor, ...]: ...
    @overload
    def vsplit(self, *, tensor_indices_or_sections: Tensor) -> tuple[Tensor, ...]: ...
    def where(self, condition: Tensor, other: Tensor | _Number) -> Tensor:
        """input where the condition holds, else other; see torch.where"""
    def xlogy(self, other: Tensor | _Number) -> Tensor:
        """z = x ln y, 0 where x = 0 and y is no NaN; each a tensor or a number"""
    def xlogy_(self, other: Tensor | _Number) -> Tensor:
        """In-place version of xlogy."""
    def xpu(self, device: _device | _str | _int | None = None, non_blocking: _bool = False, **options: _Any) -> _Any:
        """AssertionError: no such device."""
    def zero_(self) -> Tensor:
        """All elements set to zero, in place."""
