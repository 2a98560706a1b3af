"""Products: matrices, vectors, batches, einsum and the affine maps built on them."""

from __future__ import annotations

import numpy as np

from ..core.tensor import Tensor, wrap
from ..dispatch.messages import mismatch
from ..dispatch.on_tensors import translate
from ..dispatch.registry import (
    CARDS,
    FUNCTIONAL,
    Card,
    apply,
    apply_inplace,
    composite,
    fuse,
    op,
    store,
)
from ..kernels import K
from .activation import Relu

_F32 = np.dtype(np.float32)


def _same_dtype(name: str, x: np.ndarray, y: np.ndarray) -> None:
    if x.dtype != y.dtype:
        from ..core.dtype import from_numpy_dtype, scalar_name

        a, b = (scalar_name(from_numpy_dtype(z.dtype)).lower() for z in (x, y))
        a, b = (
            {"float": "float", "half": "c10::Half", "bfloat16": "c10::BFloat16"}.get(n, n)
            for n in (a, b)
        )
        raise RuntimeError(f"expected m1 and m2 to have the same dtype, but got: {a} != {b}")


def _t(x):
    """The conjugate transpose of the last two dimensions."""
    return K.conj(K.swapaxes(x, -1, -2))


@op("mm", tensors=2, save_if={"x": 1, "y": 0})
class Mm:
    """Z = X Y for matrices X (n, k), Y (k, m).

    RuntimeError: not matrices, or sizes that do not fit.
    """

    def forward(x, y):
        if x.ndim != 2:
            raise RuntimeError("self must be a matrix")
        if y.ndim != 2:
            raise RuntimeError("mat2 must be a matrix")
        if x.shape[1] != y.shape[0]:
            raise RuntimeError(
                "mat1 and mat2 shapes cannot be multiplied "
                f"({x.shape[0]}x{x.shape[1]} and {y.shape[0]}x{y.shape[1]})"
            )
        _same_dtype("mm", x, y)
        return K.matmul(x, y)

    def backward(c, dz, x, y):
        return K.matmul(dz, _t(y)) if c.needs(0) else None, K.matmul(_t(x), dz) if c.needs(
            1
        ) else None

    def samples(make):
        yield make(3, 4), make(4, 5)
        yield make(4, 3).T, make(4, 2)
        yield make(0, 4), make(4, 2)


@op("bmm", tensors=2, save_if={"x": 1, "y": 0})
class Bmm:
    """Z[b] = X[b] Y[b] for batches X (b, n, k), Y (b, k, m)."""

    def forward(x, y):
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
        _same_dtype("bmm", x, y)
        return K.matmul(x, y)

    def backward(c, dz, x, y):
        return K.matmul(dz, _t(y)) if c.needs(0) else None, K.matmul(_t(x), dz) if c.needs(
            1
        ) else None

    def samples(make):
        yield make(2, 4, 3).transpose(1, 2), make(2, 5, 4).transpose(1, 2)
        yield make(0, 3, 4), make(0, 4, 2)
        yield make(2, 3, 0), make(2, 0, 4)
        yield make(2, 3, 4), make(2, 4, 5)


@op("mv", tensors=2, save_if={"x": 1, "v": 0})
class Mv:
    """y = X v for a matrix X (n, k) and a vector v (k)."""

    def forward(x, v):
        if x.ndim != 2 or v.ndim != 1:
            raise RuntimeError(
                f"vector + matrix @ vector expected, got {v.ndim}, {x.ndim}, {v.ndim}"
            )
        if x.shape[1] != v.shape[0]:
            raise RuntimeError(
                f"size mismatch, got input ({x.shape[0]}), mat ({x.shape[0]}x{x.shape[1]}), vec "
                f"({v.shape[0]})"
            )
        _same_dtype("mv", x, v)
        return K.matmul(x, v)

    def backward(c, dy, x, v):
        dx = K.expand_dims(dy, 1) * K.expand_dims(K.conj(v), 0) if c.needs(0) else None
        return dx, K.matmul(K.conj(K.swapaxes(x, 0, 1)), dy) if c.needs(1) else None

    def samples(make):
        yield make(4, 3).T, make(4)
        yield make(0, 4), make(4)
        yield make(3, 4), make(4)


@op("dot", tensors=2, save_if={"x": 1, "y": 0})
class Dot:
    """z = Σ x y for vectors of one length."""

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
            raise RuntimeError(
                f"dot : expected both vectors to have same dtype, but found {wrap(x).dtype} and "
                f"{wrap(y).dtype}"
            )
        return K.matmul(x, y)

    def backward(c, dz, x, y):
        return dz * K.conj(y) if c.needs(0) else None, dz * K.conj(x) if c.needs(1) else None

    def samples(make):
        yield make(4, 2)[:, 0], make(4)
        yield make(0), make(0)
        yield make(5), make(5)


@composite("matmul", "linalg.matmul", method=True)
def matmul(input, other, *, out=None):
    """The matrix product: vectors, matrices, or batches of matrices with broadcast batch
    dimensions.

    RuntimeError: a 0-d operand, or sizes that do not fit.
    """
    z = _matmul(input, other)
    if out is not None:
        store(out, z)
        return out
    return z


def _matmul(x: Tensor, y: Tensor) -> Tensor:
    if not isinstance(y, Tensor):
        raise TypeError(
            f"matmul(): argument 'other' (position 2) must be Tensor, not {type(y).__name__}"
        )
    n, m = x._a.ndim, y._a.ndim
    if n == 2 and m == 2:
        return apply(_MM, (x, y))
    if n == 0 or m == 0:
        raise RuntimeError(
            f"both arguments to matmul need to be at least 1D, but they are {n}D and {m}D"
        )
    if n == 1:
        if m == 1:
            return apply(CARDS["dot"], (x, y))
        return _matmul(x.unsqueeze(0), y).squeeze(-2)
    if m == 1:
        if n == 2:
            return apply(CARDS["mv"], (x, y))
        return _matmul(x, y.unsqueeze(1)).squeeze(-1)
    a, b = x._a.shape, y._a.shape
    if m == 2:  # one matrix for the whole batch: a single product of the folded rows
        if a[-1] != b[0]:
            raise RuntimeError(
                f"mat1 and mat2 shapes cannot be multiplied ({int(np.prod(a[:-1]))}x{a[-1]} and "
                f"{b[0]}x{b[1]})"
            )
        return apply(
            _MM, (x.reshape(-1, a[-1]) if a[-1] else x.reshape(int(np.prod(a[:-1])), 0), y)
        ).reshape((*a[:-1], b[1]))
    if a[-1] != b[-2]:
        raise RuntimeError(
            "Expected size for first two dimensions of batch2 tensor to be: "
            f"[{int(np.prod(b[:-2]))}, {a[-1]}] but got: [{int(np.prod(b[:-2]))}, {b[-2]}]."
        )
    if a[:-2] != b[:-2]:
        text = mismatch([a[:-2], b[:-2]])
        if text:
            raise RuntimeError(f"{text}\n  batches of matmul's {tuple(a)} and {tuple(b)}")
    return apply(CARDS["_matmul_batched"], (x, y))


@op(
    "_matmul_batched",
    fn=False,
    method=False,
    tensors=2,
    broadcast=True,
    save_if={"x": 1, "y": 0},
    node="UnsafeView",
)
class _MatmulBatched:
    """Z = X Y over the last two dimensions, batch dimensions broadcast."""

    def forward(x, y):
        _same_dtype("matmul", x, y)
        return K.matmul(x, y)

    def backward(c, dz, x, y):
        return K.matmul(dz, _t(y)) if c.needs(0) else None, K.matmul(_t(x), dz) if c.needs(
            1
        ) else None

    def samples(make):
        yield make(2, 4, 3).transpose(1, 2), make(2, 4, 5)
        yield make(2, 0, 4), make(2, 4, 3)
        yield make(2, 3, 4), make(2, 4, 5)
        yield make(3, 1, 2, 4), make(2, 4, 3)


_MM = CARDS["mm"]
Tensor.__matmul__ = lambda x, y: _matmul(x, y) if isinstance(y, Tensor) else NotImplemented
Tensor.__rmatmul__ = lambda x, y: _matmul(y if isinstance(y, Tensor) else wrap(np.asarray(y)), x)
Tensor.__imatmul__ = lambda x, y: x.copy_(_matmul(x, y))


@op("linear", fn=False, method=False, tensors=3, save_if={"input": 1, "weight": 0}, node="Addmm")
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
                return K.linear(input, weight, bias)
            except ValueError:
                pass  # said better below
        return _odd_linear(input, weight, bias)

    def backward(c, dy, input, weight):
        if len(dy.shape) == 0 or len(weight.shape if c.needs(0) else (0, 0)) == 1:
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


_LINEAR = CARDS["linear"]
# PyTorch takes other ways for other ranks and without a bias: here the same card, under their nodes
_OTHERS = {
    key: Card(_LINEAR.source, "linear", tensors=3, save_if={"input": 1, "weight": 0}, node=node)
    for key, node in {
        (1, True): "View",
        (1, False): "Squeeze4",
        (2, False): "Mm",
        (3, True): "View",
        (3, False): "UnsafeView",
    }.items()
}


@composite("linear", fn=False, functional=True)
def linear(input, weight, bias=None, *, out=None):
    """y = input weightᵀ + bias: input (*, I), weight (O, I) or (I), bias (O) or None -> (*, O)

    RuntimeError: the last dimension of input is not I, or the dtypes differ.
    """
    if not isinstance(input, Tensor):
        kind = type(input).__name__
        raise TypeError(f"linear(): argument 'input' (position 1) must be Tensor, not {kind}")
    if out is not None:
        store(out, linear(input, weight, bias))
        return out
    rank = input._a.ndim
    if rank == 2 and bias is not None:
        return _LINEAR.run((input, weight, bias))
    card = _OTHERS.get((min(rank, 3), bias is not None), _LINEAR)
    return card.run((input, weight, bias))


def _forward_relu(input, weight, bias):
    if input.dtype is weight.dtype and weight.ndim == 2:
        try:
            return K.linear_relu(input, weight, bias)
        except ValueError:
            pass
    return K.relu(_odd_linear(input, weight, bias))


_LINEAR_RELU = fuse(_LINEAR, Relu.card, _forward_relu)


def linear_relu(input, weight, bias) -> Tensor:
    """relu of linear, for batches of float32 rows without a pass over the memory in between."""
    if isinstance(input, Tensor) and bias is not None:
        x = input._a
        if x.ndim == 2 and x.dtype is _F32:
            return _LINEAR_RELU.run((input, weight, bias))
    return FUNCTIONAL["relu"](linear(input, weight, bias))


def _odd_linear(x: np.ndarray, w: np.ndarray, b: np.ndarray | None) -> np.ndarray:
    """linear with a vector as weight (y = x · w + b), or the error in PyTorch's words."""
    if x.dtype != w.dtype:
        _same_dtype("linear", x, w)
    if x.ndim == 0 or x.shape[-1] != w.shape[-1]:
        if x.ndim == 0:
            raise RuntimeError(
                f"both arguments to linear need to be at least 1D, but they are {x.ndim}D and "
                f"{w.ndim}D"
            )
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
    if w.ndim == 2:
        return K.linear(x, w, b)
    y = np.matmul(x, w)
    return y if b is None else y + b


def _odd_linear_dx(c, dy, x, w):
    dx = K.expand_dims(dy, -1) * w if c.needs(0) else None
    dw = K.sum(K.expand_dims(dy, -1) * x, tuple(range(x.ndim - 1))) if c.needs(1) else None
    return dx, dw, K.sum(dy) if c.needs(2) else None


translate("linear", lambda x, w, b=None: apply(CARDS["linear"], (x, w, b)))
translate("linear_dx", lambda dy, w: _matmul(dy, w))
translate(
    "linear_dw", lambda dy, x: _matmul(dy.reshape(-1, dy.shape[-1]).t(), x.reshape(-1, x.shape[-1]))
)
translate("linear_db", lambda dy: dy.reshape(-1, dy.shape[-1]).sum(0))
translate("matmul", lambda x, y: _matmul(x, y))


def _affine(name: str, product) -> None:
    """Register y = beta · input + alpha · (product of the other two)."""

    def f(input, a, b, *, beta=1, alpha=1, out=None):
        z = product(a, b)
        if alpha != 1:
            z = z * alpha
        if beta == 0:
            y = (
                z.expand(np.broadcast_shapes(z._a.shape, input._a.shape)).clone()
                if z._a.shape != input._a.shape
                else z
            )
        else:
            y = (input if beta == 1 else input * beta) + z
        if out is not None:
            store(out, y)
            return out
        return y

    f.__name__, f.__doc__ = (
        name,
        f"beta · input + alpha · {product.__name__.strip('_')}(a, b); beta = 0 ignores input's "
        "values.",
    )
    composite(name, method=True)(f)

    def inplace(input, a, b, *, beta=1, alpha=1):
        return apply_inplace(CARDS["copy"], (input, f(input, a, b, beta=beta, alpha=alpha)))

    inplace.__name__, inplace.__doc__ = name + "_", f"In-place version of {name}."
    composite(name + "_", fn=False, method=True)(inplace)


def addmm_product(a, b):
    return apply(_MM, (a, b))


def _summed(a, b):
    return apply(CARDS["bmm"], (a, b)).sum(0)


def _outer(a, b):
    return outer(a, b)


_affine("addmm", addmm_product)
_affine("addmv", lambda a, b: apply(CARDS["mv"], (a, b)))
_affine("addbmm", _summed)
_affine("baddbmm", lambda a, b: apply(CARDS["bmm"], (a, b)))
_affine("addr", _outer)


@composite("outer", "ger", method=True)
def outer(input, vec2, *, out=None):
    """The matrix of all products of two vectors' elements. RuntimeError: not vectors."""
    if input._a.ndim != 1 or vec2._a.ndim != 1:
        raise RuntimeError(
            f"outer: Expected 1-D argument self, but got {input._a.ndim}-D"
            if input._a.ndim != 1
            else f"outer: Expected 1-D argument vec2, but got {vec2._a.ndim}-D"
        )
    z = input.unsqueeze(1) * vec2
    if out is not None:
        store(out, z)
        return out
    return z


@composite("vdot", method=True)
def vdot(input, other, *, out=None):
    """Σ conj(input) other for vectors."""
    y = apply(CARDS["dot"], (input.conj() if input._a.dtype.kind == "c" else input, other))
    if out is None:
        return y
    store(out, y)
    return out


@composite("chain_matmul")
def chain_matmul(*matrices, out=None):
    """The product of several matrices, in the order that needs the fewest multiplications."""
    return multi_dot(matrices, out=out)


@composite("linalg.multi_dot")
def multi_dot(tensors, *, out=None):
    """The product of several matrices (the first and last may be vectors), cheapest order first."""
    tensors = list(tensors)
    if len(tensors) < 2:
        raise RuntimeError("multi_dot(): expected at least 2 tensors but got " + str(len(tensors)))
    first, last = tensors[0]._a.ndim == 1, tensors[-1]._a.ndim == 1
    if first:
        tensors[0] = tensors[0].unsqueeze(0)
    if last:
        tensors[-1] = tensors[-1].unsqueeze(1)
    while len(tensors) > 2:  # greedy on the largest inner size: optimal for three, near it for more
        i = max(range(len(tensors) - 1), key=lambda j: tensors[j]._a.shape[1])
        tensors[i : i + 2] = [_matmul(tensors[i], tensors[i + 1])]
    z = _matmul(*tensors)
    z = z.squeeze(-1) if last else z
    return z.squeeze(0) if first else z


@composite("kron", method=True)
def kron(input, other):
    """The Kronecker product."""
    n = max(input._a.ndim, other._a.ndim)
    a = (1,) * (n - input._a.ndim) + input._a.shape
    b = (1,) * (n - other._a.ndim) + other._a.shape
    left = input.reshape([s for m in a for s in (m, 1)])
    right = other.reshape([s for m in b for s in (1, m)])
    return (left * right).reshape([p * q for p, q in zip(a, b, strict=False)])
