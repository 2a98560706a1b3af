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

def cross(input: Tensor, other: Tensor, *, dim: _int = -1, out: Tensor | None = None, axis: _int = -1) -> Tensor:
    """z = x × y along dim, of length 3; the other dimensions broadcast."""
def householder_product(input: Tensor, tau: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Q = H₁ H₂ ... H_K of which the first M columns;  H = I - τ v vᴴ"""
def matmul(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """The matrix product: vectors, matrices, or batches of matrices with broadcast batch"""
def matrix_exp(input: Tensor) -> Tensor:
    """Y = I + X + X² / 2 + X³ / 6 + ..."""
def matrix_power(input: Tensor, n: _int, *, out: Tensor | None = None) -> Tensor:
    """X multiplied by itself n times, for a square matrix or a batch of them; n = 0 is the identity"""
def multi_dot(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """The product of several matrices (the first and last may be vectors), cheap order first."""
def solve(A: Tensor, B: Tensor, *, left: _bool = True, out: Tensor | None = None) -> Tensor:
    """X with A X = B; left=False: X A = B"""
def vander(x: Tensor, *, N: _int | None = None) -> Tensor:
    """y[..., i, j] = x[..., i]^j: the Vandermonde matrices of the vectors in x."""
