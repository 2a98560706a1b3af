"""Determinants: det, slogdet, logdet.

N rows and columns, * batch.
"""

from __future__ import annotations

import numpy as np

from ..core.tensor import Tensor, wrap
from ..dispatch.registry import composite, internal
from ..kernels import K, lapack
from .eigen import svd_of
from .linear_algebra import constant, floating, full_floats, h, inverse_of, named, raw, square


def _slope_of_det(x, y):
    """The gradient of det at x, y = det x: conj(y) X⁻ᴴ, or of singular matrices the adjugate
    by singular values."""
    if not (raw(y) == 0).any():
        return K.conj(y)[..., None, None] * h(inverse_of(x))
    u, s, vh = svd_of(x, True)
    one = constant(np.eye(x.shape[-1], dtype=raw(s).dtype), s)
    others = K.prod(s[..., None, :] * (1 - one) + one, -1)  # Π of all s but one
    turn = K.conj(det_of(u) * det_of(vh))
    return turn[..., None, None] * K.matmul(u * others[..., None, :], vh)


def det_of(x):
    """det X, on arrays or Tensors."""
    return Det.run((x,)) if isinstance(x, Tensor) else lapack.det(x)


@internal("linalg_det", tensors=1, node="LinalgDet")
class Det:
    """y = det X for X (*, N, N);  dX = dy conj(y) X⁻ᴴ"""

    def forward(x):
        return lapack.det(x)

    def backward(c, dy, x, out):
        return dy[..., None, None] * _slope_of_det(x, out)

    def samples(make):
        yield make(3, 3)
        yield make(2, 3, 3)
        yield make(3, 3).T


@composite("det(input)", at="torch Tensor")
def det(input):
    """The determinant: the product of the eigenvalues.

    shape   input (*, N, N) -> (*)
    dtype   floating and complex, of 4 bytes or more
    errors  RuntimeError: no square matrices

    >>> torch.det(tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor(-2.)
    """
    floating("linalg.det", input)
    square("linalg.det", input)
    full_floats("lu_cpu", input)
    return Det.run((input,))


@composite("det(A, *, out=None)", at="linalg")
def linalg_det(A):
    """The determinant: torch.det under NumPy's name. A (*, N, N) -> (*)

    errors  RuntimeError: no square matrices
    """
    return det(A)


@internal("linalg.slogdet", tensors=1, outputs=2, returns=("sign", "logabsdet"),
          node="LinalgSlogdet")  # fmt: skip
class Slogdet:
    """sign and log |y| of y = det X;  d log y = tr X⁻¹ dX"""

    def forward(x):
        sign, log = lapack.slogdet(x)
        return np.where(np.isnan(sign), 0, sign).astype(x.dtype), log

    def backward(c, dsign, dlog, x, out):
        slope = K.astype(dlog, raw(x).dtype)
        if K.is_complex(x):  # of the angle: d sign = i sign dθ
            slope = slope + 1j * K.imag(dsign * K.conj(out))
        return slope[..., None, None] * h(inverse_of(x))

    def samples(make):
        yield make(3, 3)
        yield make(2, 3, 3)


def _slogdet(name, x):
    floating(name, x, False)
    square(name, x)
    return Slogdet.run((x,))


@composite("slogdet(input)", at="torch Tensor")
def slogdet(input):
    """The sign of the determinant and the logarithm of its absolute value.

    shape   input (*, N, N) -> sign (*), logabsdet (*)
    errors  RuntimeError: no square matrices, integers, floats of 2 bytes

    >>> torch.slogdet(tensor([[1.0, 2.0], [3.0, 4.0]])).sign
    tensor(-1.)
    """
    return named("slogdet", *_slogdet("linalg.slogdet", input))


@composite("slogdet(A, *, out=None)", at="linalg")
def linalg_slogdet(A):
    """The sign of the determinant and the logarithm of its absolute value. A (*, N, N) -> (*), (*)

    errors  RuntimeError: no square matrices, integers, floats of 2 bytes
    """
    return _slogdet("linalg.slogdet", A)


@composite("logdet(input)", at="torch Tensor")
def logdet(input):
    """The logarithm of the determinant: nan for a negative one, -inf for 0.

    shape   input (*, N, N) -> (*)
    errors  RuntimeError: no square matrices, integers, floats of 2 bytes

    >>> torch.logdet(tensor([[2.0, 0.0], [0.0, 2.0]]))
    tensor(1.3863)
    """
    sign, log = _slogdet("logdet", input)
    if input.is_complex():
        return log + sign.log()
    return log.masked_fill(wrap(sign._a < 0), np.nan)
