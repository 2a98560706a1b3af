"""Products: matrices, vectors, batches, and the linear map of a layer.

The checks of the small products are in forward: operators run the cards without prepare.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from ..core.dtype import from_numpy_dtype, scalar_name
from ..core.memory import owned
from ..core.tensor import Tensor, wrap
from ..dispatch.messages import dtype_fix, mismatch, not_implemented, tensor_argument
from ..dispatch.modes import COMPOSITES
from ..dispatch.on_tensors import translate
from ..dispatch.registry import CARDS, composite, internal, op, write_out
from ..kernels import K
from .convert import unrecorded

_F32 = np.dtype(np.float32)
_FEW = 1 << 10


_C_NAMES = {"half": "c10::Half", "bfloat16": "c10::BFloat16"}


def _same_dtype(x: np.ndarray, y: np.ndarray) -> None:
    if x.dtype != y.dtype:
        a, b = (scalar_name(from_numpy_dtype(z.dtype)).lower() for z in (x, y))
        a, b = (_C_NAMES.get(n, n) for n in (a, b))
        raise RuntimeError(
            f"expected m1 and m2 to have the same dtype, but got: {a} != {b}"
            + dtype_fix("first", from_numpy_dtype(x.dtype), "second", from_numpy_dtype(y.dtype))
        )


def check_mm(x, y) -> None:
    """RuntimeError: no matrices, or sizes that do not fit."""
    if x.ndim != 2:
        raise RuntimeError("self must be a matrix")
    if y.ndim != 2:
        raise RuntimeError("mat2 must be a matrix")
    if x.shape[1] != y.shape[0]:
        raise RuntimeError(
            "mat1 and mat2 shapes cannot be multiplied "
            f"({x.shape[0]}x{x.shape[1]} and {y.shape[0]}x{y.shape[1]})\n"
            f"  the first has {x.shape[1]} columns, the second {y.shape[0]} rows: must be equal"
            + ("\n  fix: second.t()" if x.shape[1] == y.shape[1] else "")
        )


def check_bmm(x, y) -> None:
    """RuntimeError: no batches of matrices, or sizes that do not fit."""
    if x.ndim != 3 or y.ndim != 3:
        raise RuntimeError(
            f"batch{1 if x.ndim != 3 else 2} must be a 3D tensor\n"
            f"  shapes {tuple(x.shape)} and {tuple(y.shape)}"
        )
    if x.shape[0] != y.shape[0] or x.shape[2] != y.shape[1]:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{x.shape[0]}, "
            f"{x.shape[2]}] but got: [{y.shape[0]}, {y.shape[1]}]."
        )


def _t(x):
    """The conjugate transpose of the last two dimensions."""
    return K.conj(K.swapaxes(x, -1, -2))


def _product_dx(c, dz, x, y):
    """dX = dZ Yᵀ, dY = Xᵀ dZ"""
    dx = K.matmul(dz, _t(y)) if c.needs(0) else None
    return dx, K.matmul(_t(x), dz) if c.needs(1) else None


@op(
    "mm(input, mat2, *, out=None)",
    at="torch Tensor",
    tensors=2,
    save_if={"x": 1, "y": 0},
    fresh=True,
    quiet=False,
)
class Mm:
    """Z = X Y for matrices X (n, k), Y (k, m)

    grad    dX = dZ Yᵀ,  dY = Xᵀ dZ
    errors  RuntimeError: no matrices, sizes that do not fit, different dtypes

    >>> torch.mm(tensor([[1.0, 2.0]]), tensor([[3.0], [4.0]]))
    tensor([[11.]])
    """

    def forward(x, y):
        if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[0]:
            check_mm(x, y)
        _same_dtype(x, y)
        return K.matmul(x, y)

    def backward(c, dz, x, y):
        return _product_dx(c, dz, x, y)

    def samples(make):
        yield make(3, 4), make(4, 5)
        yield make(4, 3).T, make(4, 2)
        yield make(0, 4), make(4, 2)


@op(
    "bmm(input, mat2, *, out=None)",
    at="torch Tensor",
    tensors=2,
    save_if={"x": 1, "y": 0},
    quiet=False,
)
class Bmm:
    """Z[b] = X[b] Y[b] for batches X (b, n, k), Y (b, k, m)

    grad    as of mm
    errors  RuntimeError: no batches of matrices, sizes that do not fit, different dtypes
    """

    def forward(x, y):
        check_bmm(x, y)
        if x.dtype != y.dtype and not (x.size and y.size):  # nothing is multiplied
            return K.zeros((x.shape[0], x.shape[1], y.shape[2]), like=y)
        if x.dtype.kind == "b" and x.size and y.size:
            raise not_implemented("bmm", x)
        _same_dtype(x, y)
        return K.matmul(x, y)

    def backward(c, dz, x, y):
        return _product_dx(c, dz, x, y)

    def samples(make):
        yield make(2, 4, 3).transpose(1, 2), make(2, 5, 4).transpose(1, 2)
        yield make(0, 3, 4), make(0, 4, 2)
        yield make(2, 3, 0), make(2, 0, 4)
        yield make(2, 3, 4), make(2, 4, 5)


@op(
    "mv(input, vec, *, out=None)",
    at="torch Tensor",
    tensors=2,
    save_if={"x": 1, "v": 0},
    fresh=True,
    quiet=False,
)
class Mv:
    """y = X v for a matrix X (n, k) and a vector v (k)

    grad    dX = dy vᵀ,  dv = Xᵀ dy
    errors  RuntimeError: no matrix or no vector, sizes that do not fit, different dtypes
    """

    def forward(x, v):
        if not (x.ndim and v.ndim):
            raise IndexError("Dimension specified as 0 but tensor has no dimensions")
        if x.ndim != 2 or v.ndim != 1:
            raise RuntimeError(
                f"vector + matrix @ vector expected, got {v.ndim}, {x.ndim}, {v.ndim}"
            )
        if x.shape[1] != v.shape[0]:
            raise RuntimeError(
                f"size mismatch, got input ({x.shape[0]}), mat ({x.shape[0]}x{x.shape[1]}), vec "
                f"({v.shape[0]})"
            )
        _same_dtype(x, v)
        if type(x) is np.ndarray and x.dtype.kind == "f":  # the kernel is one of matrices
            return K.linear(v, x, None) if x.flags.c_contiguous else K.matmul(x, v[:, None])[:, 0]
        return K.matmul(x, v)

    def backward(c, dy, x, v):
        dx = K.expand_dims(dy, 1) * K.expand_dims(K.conj(v), 0) if c.needs(0) else None
        return dx, K.matmul(K.conj(K.swapaxes(x, 0, 1)), dy) if c.needs(1) else None

    def samples(make):
        yield make(4, 3).T, make(4)
        yield make(0, 4), make(4)
        yield make(3, 4), make(4)


@op(
    "dot(input, tensor, *, out=None)",
    at="torch Tensor",
    tensors=2,
    save_if={"x": 1, "y": 0},
    fresh=True,
    quiet=False,
)
class Dot:
    """z = Σ x y for vectors of one length

    grad    dx = dz y,  dy = dz x
    errors  RuntimeError: no vectors, different lengths or dtypes

    >>> torch.dot(tensor([1.0, 2.0]), tensor([3.0, 4.0]))
    tensor(11.)
    """

    def forward(x, y):
        if x.ndim != 1 or y.ndim != 1:
            raise RuntimeError(f"1D tensors expected, but got {x.ndim}D and {y.ndim}D tensors")
        if x.shape != y.shape:
            raise RuntimeError(
                "inconsistent tensor size, expected tensor [{}] and src [{}] to have the same "
                "number of elements, but got {} and {} elements respectively".format(
                    *x.shape, *y.shape, *x.shape, *y.shape
                )
            )
        if x.dtype != y.dtype:
            p, q = from_numpy_dtype(x.dtype), from_numpy_dtype(y.dtype)
            whole = x.dtype.kind in "iub"  # the one to change
            sides = ("first", p, "second", q) if whole else ("second", q, "first", p)
            raise RuntimeError(
                "dot : expected both vectors to have same dtype, but found "
                f"{scalar_name(p)} and {scalar_name(q)}" + dtype_fix(*sides)
            )
        if x.dtype.kind == "b":
            raise not_implemented("dot", x)
        if x.dtype.kind == "f" and 0 < x.size < _FEW:  # NumPy's takes longer to be asked
            return K.dot(x, y)
        return K.matmul(x, y)

    def backward(c, dz, x, y):
        return dz * K.conj(y) if c.needs(0) else None, dz * K.conj(x) if c.needs(1) else None

    def samples(make):
        yield make(4, 2)[:, 0], make(4)
        yield make(0), make(0)
        yield make(5), make(5)


# as parts of matmul they bear its name: autocast lowers x @ y, but neither dot nor mv
_DOT, _MV = Dot.copied(), Mv.copied()
_DOT.name = _MV.name = "matmul"


@composite("matmul(input, other: Tensor, *, out=None)", at="torch Tensor linalg")
def matmul(input, other):
    """The matrix product: vectors, matrices, or batches of matrices with broadcast batch
    dimensions

    shape   (k)(k) -> (), (n, k)(k) -> (n), (*, n, k)(*, k, m) -> (*, n, m)
    errors  RuntimeError: a 0-d operand, sizes that do not fit, different dtypes
    """
    return _matmul(input, other)


def _matmul(x: Tensor, y: Tensor) -> Tensor:
    if not isinstance(y, Tensor):
        tensor_argument("matmul", y, "other", 2)
    n, m = x._a.ndim, y._a.ndim
    if n == 2 and m == 2:
        return Mm.run((x, y))
    if n == 0 or m == 0:
        raise RuntimeError(
            f"both arguments to matmul need to be at least 1D, but they are {n}D and {m}D"
        )
    if n == 1:
        if m == 1:
            return _DOT.run((x, y))
        return owned(_matmul(x.unsqueeze(0), y).squeeze(-2))
    if m == 1:
        if n == 2:
            return _MV.run((x, y))
        return owned(_matmul(x, y.unsqueeze(1)).squeeze(-1))
    a, b = x._a.shape, y._a.shape
    if m == 2:  # one matrix for the whole batch: a single product of the folded rows
        if a[-1] != b[0]:
            raise RuntimeError(
                f"mat1 and mat2 shapes cannot be multiplied ({int(np.prod(a[:-1]))}x{a[-1]} and "
                f"{b[0]}x{b[1]})"
            )
        rows = x.reshape(-1, a[-1]) if a[-1] else x.reshape(int(np.prod(a[:-1])), 0)
        return Mm.run((rows, y)).reshape((*a[:-1], b[1]))
    if a[-1] != b[-2]:
        raise RuntimeError(
            "Expected size for first two dimensions of batch2 tensor to be: "
            f"[{int(np.prod(b[:-2]))}, {a[-1]}] but got: [{int(np.prod(b[:-2]))}, {b[-2]}]."
        )
    if a[:-2] != b[:-2]:
        text = mismatch([a[:-2], b[:-2]])
        if text:
            raise RuntimeError(f"{text}\n  batches of matmul's {tuple(a)} and {tuple(b)}")
    return MatmulBatched.run((x, y))


@internal(
    "matmul_batched",
    tensors=2,
    broadcast=True,
    order="made",
    save_if={"x": 1, "y": 0},
    node="UnsafeView",
    quiet=False,
)
class MatmulBatched:
    """Z = X Y over the last two dimensions, batch dimensions broadcast."""

    def forward(x, y):
        if x.dtype != y.dtype and not (x.size and y.size):
            batch = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
            return K.zeros((*batch, x.shape[-2], y.shape[-1]), like=y)
        _same_dtype(x, y)
        return K.matmul(x, y)

    def backward(c, dz, x, y):
        return _product_dx(c, dz, x, y)

    def samples(make):
        yield make(2, 4, 3).transpose(1, 2), make(2, 4, 5)
        yield make(2, 0, 4), make(2, 4, 3)
        yield make(2, 3, 4), make(2, 4, 5)
        yield make(3, 1, 2, 4), make(2, 4, 3)


# operators by hand: faces and prepare would cost small products 5 %
Tensor.__matmul__ = lambda x, y: _matmul(x, y) if isinstance(y, Tensor) else NotImplemented
Tensor.__rmatmul__ = lambda x, y: _matmul(y if isinstance(y, Tensor) else wrap(np.asarray(y)), x)
Tensor.__imatmul__ = lambda x, y: (
    x.copy_(_matmul(x, y)) if isinstance(y, Tensor) else NotImplemented
)
_product: Any = next(c for c in COMPOSITES if c.unasked is matmul)
Tensor.__matmul__.operator_of = Tensor.__rmatmul__.operator_of = _product  # type: ignore
Tensor.__rmatmul__.turned = True  # type: ignore[attr-defined]  # see dispatch/modes.py


@internal(
    "linear", tensors=3, save_if={"input": 1, "weight": 0}, node="Addmm", fresh=True, quiet=False
)
class Linear:
    """y = x Wᵀ + b

    shape   input (*, I), weight (O, I) or (I), bias (O) or None -> (*, O)
    dtype   one floating dtype for all
    grad    dx = dy W,  dW = dyᵀ x,  db = Σ dy
    errors  RuntimeError: the last dimension of input is not I
    """

    def forward(input, weight, bias=None):
        if input.dtype is weight.dtype and weight.ndim == 2:
            try:
                y = K.linear(input, weight, bias)
            except ValueError:
                pass  # said better below
            else:
                if bias is None or (bias.ndim < 2 and bias.dtype is input.dtype):
                    return y
        return odd_linear(input, weight, bias)

    def backward(c, dy, input, weight):
        vector = c.needs(1) and len(dy.shape) < len(input.shape)  # so has the weight
        if vector or len(dy.shape) == 0 or len(weight.shape if c.needs(0) else (0, 0)) == 1:
            return _odd_linear_dx(c, dy, input, weight)
        dx = K.linear_dx(dy, weight) if c.needs(0) else None
        dw = K.linear_dw(dy, input) if c.needs(1) else None
        return dx, dw, K.linear_db(dy) if c.needs(2) else None

    def samples(make):
        yield make(4, 3).T, make(4, 5).T, make(5)
        yield make(3, 4), make(5, 4), make(5)
        yield make(4), make(5, 4)
        yield make(2, 3, 4), make(5, 4), make(5)
        yield make(0, 4), make(5, 4), make(5)


# PyTorch takes other ways for other ranks and without a bias: here the same card, under their nodes
_OTHERS = {
    key: Linear.renamed(f"{node}Backward{number}")
    for key, node, number in (
        ((1, True), "View", 0),
        ((1, False), "Squeeze", 4),
        ((2, False), "Mm", 0),
        ((3, True), "View", 0),
        ((3, False), "UnsafeView", 0),
    )
}


@composite("linear", at="F")  # a bare function: the fast path of every layer, with no face on top
def linear(input, weight, bias=None, *, out=None):
    """y = input weightᵀ + bias: input (*, I), weight (O, I) or (I), bias (O) or None -> (*, O)

    errors  RuntimeError: the last dimension of input is not I, or the dtypes differ

    >>> F.linear(tensor([1.0, 2.0]), tensor([[3.0, 4.0]]), tensor([0.5]))
    tensor([11.5000])
    """
    if not isinstance(input, Tensor):
        tensor_argument("linear", input)
    if out is not None:
        return write_out("linear", out, linear(input, weight, bias), (input, weight, bias))
    rank = input._a.ndim
    if rank == 2 and bias is not None:
        if isinstance(bias, Tensor) and bias._a.ndim > 1 and _is_plain(input, weight, bias):
            return CARDS["addmm"].call((bias, input, weight.t(), 1, 1))
        return Linear.run((input, weight, bias))
    card = _OTHERS.get((min(rank, 3), bias is not None), Linear)
    return card.run((input, weight, bias))


def _is_plain(x: Tensor, w: Tensor, b: Tensor) -> bool:
    """True if x times the transposed weight is a product of matrices of one dtype."""
    fits = w._a.ndim == 2 and x._a.shape[1] == w._a.shape[1]
    return fits and x._a.dtype == w._a.dtype == b._a.dtype


def odd_linear(x: np.ndarray, w: np.ndarray, b: np.ndarray | None) -> np.ndarray:
    """linear with a vector as weight (y = x · w + b), or the error in PyTorch's words."""
    if b is not None and (w.ndim == 2 or x.ndim == 2) and (b.ndim or x.ndim > 1):
        for said, n, y, m, z in (
            ("self", "bias", b, "weight", w),
            ("mat1", "input", x, "weight", w),
        ):
            if y.dtype != z.dtype:
                p, q = from_numpy_dtype(y.dtype), from_numpy_dtype(z.dtype)
                raise RuntimeError(
                    f"{said} and mat2 must have the same dtype, but got {scalar_name(p)} and "
                    f"{scalar_name(q)}" + dtype_fix(n, p, m, q)
                )
    if w.ndim > 2:
        raise RuntimeError(
            f"t() expects a tensor with <= 2 dimensions, but self is {w.ndim}D\n"
            f"  weight {tuple(w.shape)}: linear takes (out, in), or (in)"
        )
    if not x.ndim or not w.ndim:
        raise RuntimeError(
            f"both arguments to linear need to be at least 1D, but they are {x.ndim}D and {w.ndim}D"
        )
    if x.dtype != w.dtype:
        _same_dtype(x, w)
    if x.shape[-1] != w.shape[-1]:
        rows = int(np.prod(x.shape[:-1]))
        if w.ndim == 1 and x.ndim > 1:
            raise RuntimeError(
                f"size mismatch, got input ({rows}), mat ({rows}x{x.shape[-1]}), vec ({w.shape[0]})"
            )
        columns = w.shape[0] if w.ndim == 2 else 1
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({rows}x{x.shape[-1]} and "
            f"{w.shape[-1]}x{columns})\n"
            f"  input {tuple(x.shape)}, weight {tuple(w.shape)}: the last dimension of the input "
            f"must be {w.shape[-1]}\n"
            f"  fix: in_features={x.shape[-1]}, or flatten something of {w.shape[-1]} features "
            "before this layer"
        )
    y = K.linear(x, w, None) if w.ndim == 2 else K.matmul(x, w)
    if b is None:
        return y
    if w.ndim == 1 and x.ndim == 2:
        raise RuntimeError(
            f"mat2 must be a matrix, got 1-D tensor\n  weight {tuple(w.shape)}: linear with a bias "
            "takes (out, in)"
        )
    if not b.ndim and b.dtype.kind in "iub" and y.dtype.kind == "f":  # it promotes as a number
        b = b.astype(y.dtype)
    text = mismatch([y.shape, b.shape])
    common = y.shape if text else np.broadcast_shapes(y.shape, b.shape)
    if (text or common != y.shape) and w.ndim == 2 and (b.ndim == 1 or y.ndim == b.ndim == 2):
        target = [int(np.prod(y.shape[:-1])), y.shape[-1]]
        at = 0 if b.ndim == 2 and b.shape[0] not in (1, target[0]) else 1
        text = (
            f"The expanded size of the tensor ({target[at]}) must match the existing size "
            f"({b.shape[at - 2 + b.ndim]}) at non-singleton dimension {at}.  "
            f"Target sizes: {target}.  Tensor sizes: {list(b.shape)}"
        )
    elif common != y.shape:
        text = f"output with shape {list(y.shape)} doesn't match the broadcast shape {list(common)}"
    if text:
        raise RuntimeError(f"{text}\n  bias {tuple(b.shape)}: linear's result is {y.shape}")
    return y + b


def _odd_linear_dx(c, dy, x, w):
    dx = K.expand_dims(dy, -1) * w if c.needs(0) else None
    dw = K.sum(K.expand_dims(dy, -1) * x, tuple(range(x.ndim - 1))) if c.needs(1) else None
    return dx, dw, K.sum(dy) if c.needs(2) else None


translate("linear", lambda x, w, b=None: Linear.run((x, w, b)))
translate("linear_dx", lambda dy, w: _matmul(dy, w))
translate(
    "linear_dw", lambda dy, x: _matmul(dy.reshape(-1, dy.shape[-1]).t(), x.reshape(-1, x.shape[-1]))
)
translate("linear_db", lambda dy: dy.reshape(-1, dy.shape[-1]).sum(0))
translate("matmul", _matmul)


# ---------------------------------------------------------------- built on them


@composite("outer(input, vec2, *, out=None)", "ger", at="torch Tensor")
def outer(input, vec2):
    """The matrix (n, m) of all products of two vectors' elements.

    errors  RuntimeError: no vectors

    >>> torch.outer(tensor([1, 2]), tensor([3, 4]))
    tensor([[3, 4],
            [6, 8]])
    """
    for x, name in ((input, "self"), (vec2, "vec2")):
        if x.ndim != 1:
            raise RuntimeError(f"outer: Expected 1-D argument {name}, but got {x.ndim}-D")
    if input._a.dtype is vec2._a.dtype and unrecorded(input, vec2):
        return wrap(K.mul(input._a[:, None], vec2._a))
    return input.unsqueeze(1) * vec2


@composite("vdot(input, other: Tensor, *, out=None)", at="torch Tensor")
def vdot(input, other):
    """Σ conj(input) other for vectors.

    errors  RuntimeError: no vectors, different lengths or dtypes
    """
    return _VDOT.run((input.conj() if input.is_complex() else input, other))


_VDOT = Dot.renamed("VdotBackward0")


@composite("chain_matmul", at="torch")
def chain_matmul(*matrices, out=None):
    """The product of several matrices, in an order that needs few multiplications.

    errors  RuntimeError: sizes that do not fit, a tensor that is no matrix
    """
    for m in matrices:
        if m.dim() != 2:
            raise RuntimeError(f"Tensor dimension is {m.dim()}, expected 2 instead.")
    if not matrices:
        raise RuntimeError("chain_matmul(): Expected one or more matrices")
    y = matrices[0] if len(matrices) == 1 else multi_dot(matrices)
    return y if out is None else write_out("chain_matmul", out, y, matrices)


def _check_chain(tensors: list[Tensor]) -> None:
    """RuntimeError: what multi_dot cannot multiply."""
    last = len(tensors) - 1
    for i, x in enumerate(tensors):
        end = "first" if i == 0 else "last" if i == last else ""
        if x.ndim != 2 and not (end and x.ndim == 1):
            which, wanted = (f"the {end} tensor", "1D or 2D") if end else (f"tensor {i}", "2D")
            raise RuntimeError(f"multi_dot(): {which} must be {wanted} but got {x.ndim}D")
        if x.dtype is not tensors[0].dtype:
            a, b = (scalar_name(t.dtype).lower() for t in (tensors[0], x))
            a, b = _C_NAMES.get(a, a), _C_NAMES.get(b, b)
            raise RuntimeError(
                f"multi_dot(): all tensors must have be the same dtype but tensor 0 is {a} and "
                f"tensor {i} {b}"
            )
    for i, (x, y) in enumerate(pairwise(tensors)):
        if x.shape[-1] != y.shape[0]:
            raise RuntimeError(
                f"multi_dot(): tensors {i} and {i + 1} with shapes {list(x.shape)} and "
                f"{list(y.shape)} cannot be multiplied"
            )


@composite("multi_dot(tensors, *, out=None)", at="linalg")
def multi_dot(tensors):
    """The product of several matrices (the first and last may be vectors), cheap order first.

    errors  RuntimeError: fewer than two tensors, sizes that do not fit
    """
    tensors = list(tensors)
    if len(tensors) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(tensors)}")
    _check_chain(tensors)
    first, last = tensors[0].ndim == 1, tensors[-1].ndim == 1
    if first:
        tensors[0] = tensors[0].unsqueeze(0)
    if last:
        tensors[-1] = tensors[-1].unsqueeze(1)
    while len(tensors) > 2:  # greedy on the largest inner size: optimal for three, near it for more
        i = max(range(len(tensors) - 1), key=lambda j: tensors[j].shape[1])
        tensors[i : i + 2] = [_matmul(tensors[i], tensors[i + 1])]
    z = _matmul(*tensors)
    z = z.squeeze(-1) if last else z
    return z.squeeze(0) if first else z


@composite("kron(input, other: Tensor, *, out=None)", at="torch Tensor")
def kron(input, other):
    """The Kronecker product: every element of input times other, as blocks.

    shape   (a, b), (c, d) -> (a c, b d), in any number of dimensions
    """
    n = max(input.ndim, other.ndim)
    a = (1,) * (n - input.ndim) + tuple(input.shape)
    b = (1,) * (n - other.ndim) + tuple(other.shape)
    left = input.reshape([s for m in a for s in (m, 1)])
    right = other.reshape([s for m in b for s in (1, m)])
    return owned((left * right).reshape([p * q for p, q in zip(a, b, strict=True)]))
