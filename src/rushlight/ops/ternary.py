"""Mixtures of several tensors, element by element: where, lerp, addcmul, addcdiv."""

from __future__ import annotations

import numpy as np

from ..core.dtype import FLOAT, from_numpy_dtype
from ..core.tensor import Tensor
from ..dispatch.messages import tensor_argument
from ..dispatch.out import into
from ..dispatch.registry import CARDS, apply, apply_inplace, composite, number_of, op
from ..kernels import K


@op("where", fn=False, method=False, tensors=(1, 2), promote="arith", broadcast=True)
class Where:
    """z = x where the condition holds, else y; broadcast."""

    def forward(condition, x, y):
        return np.where(condition, x, y)

    def backward(c, dz, condition):
        zero = K.zeros_like(dz)
        return K.where(condition, dz, zero) if c.needs(0) else None, K.where(
            condition, zero, dz
        ) if c.needs(1) else None

    def samples(make):
        yield make(3, 4, dtype="bool"), make(3, 4), make(3, 4)
        yield make(3, 1, dtype="bool"), make(4), make()
        yield make(dtype="bool"), make(2, 3).T, 1.5
        yield make(0, 5, dtype="bool"), make(5), make(1)


@composite("where", method=False)
def where(condition, input=None, other=None, *, out=None):
    """input where condition holds, else other (broadcast, promoted);
    with condition alone, the indices where it holds.

    >>> torch.where(tensor([True, False]), tensor([1.0, 2.0]), 0)
    tensor([1., 0.])
    """
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    tensor_argument("where", condition, "condition")
    if condition._a.dtype.kind != "b":
        if condition._a.dtype != np.uint8:
            raise RuntimeError(
                "where expected condition to be a boolean tensor, but got a tensor with dtype "
                f"{from_numpy_dtype(condition._a.dtype)}"
            )
        condition = condition.bool()
    z = apply(CARDS["where"], (condition, input, other))
    return z if out is None else into(out, z)


Tensor.where = lambda self, condition, other: where(condition, self, other)


@op("_lerp", fn=False, method=False, tensors=2, broadcast=True, node="Lerp")
class _Lerp:
    """z = x + w (y - x) for a number w;  dx = dz (1 - w̄),  dy = dz w̄

    Computed from the nearer end, so that w = 1 gives y exactly.
    """

    def forward(x, y, w):
        _same_dtype(x, y, "end")
        return K.like(x + w * (y - x) if abs(w) < 0.5 else y - (y - x) * (1 - w), x)

    def backward(c, dz, w):
        w = w.conjugate()
        return dz * (1 - w), dz * w

    def samples(make):
        yield make(3, 4), make(3, 4), 0.25
        yield make(3, 1), make(4), 0.75
        yield make(), make(2, 3), 2
        yield make(0, 5), make(1), 0.5


@op("_lerp_tensor", fn=False, method=False, tensors=3, broadcast=True, node="Lerp1")
class _LerpTensor:
    """z = x + w (y - x) for a tensor w;  dx = dz (1 - w̄),  dy = dz w̄,  dw = dz (y - x)"""

    def forward(x, y, w):
        _same_dtype(x, y, "end")
        _same_dtype(x, w, "weight")
        return np.where(np.abs(w) < 0.5, x + w * (y - x), y - (y - x) * (1 - w))

    def backward(c, dz, x, y, w):
        w = K.conj(w)
        return dz * (1 - w), dz * w, dz * K.conj(y - x) if c.needs(2) else None

    def samples(make):
        yield make(3, 4), make(3, 4), make(3, 4)
        yield make(3, 1), make(4), make()
        yield make(0, 5), make(1), make(5)


def _same_dtype(x, y, name: str) -> None:
    if x.dtype != y.dtype:
        raise RuntimeError(f"expected dtype {x.dtype} for `{name}`, but got dtype {y.dtype}")


def _lerp(run, input, end, weight):
    if isinstance(weight, Tensor):
        return run(CARDS["_lerp_tensor"], (input, end, weight))
    return run(CARDS["_lerp"], (input, end, weight))


@composite("lerp", method=True)
def lerp(input, end, weight, *, out=None):
    """z = input + weight · (end - input), weight a number or a tensor. RuntimeError:
    different dtypes.

    >>> torch.lerp(tensor([0.0, 10.0]), tensor([4.0, 20.0]), 0.25)
    tensor([ 1.0000, 12.5000])
    """
    z = _lerp(apply, input, end, weight)
    return z if out is None else into(out, z)


@composite("lerp_", fn=False, method=True)
def lerp_(input, end, weight):
    """In-place version of lerp."""
    return _lerp(apply_inplace, input, end, weight)


@op("_addcmul", fn=False, method=False, tensors=3, promote="arith", broadcast=True, node="Addcmul")
class _Addcmul:
    """r = x + v y z for a number v;  dy = dr v z̄,  dz = dr v ȳ"""

    def forward(x, y, z, value):
        return K.like(x + value * y * z if value != 1 else x + y * z, x)

    def backward(c, dr, y, z, value):
        dy = dr * (K.conj(z) * value) if c.needs(1) else None
        return dr, dy, dr * (K.conj(y) * value) if c.needs(2) else None

    def samples(make):
        yield make(3, 4), make(3, 4), make(3, 4), 1
        yield make(3, 1), make(4), make(), 0.5
        yield make(0, 5), make(1), make(5), 2


@op("_addcdiv", fn=False, method=False, tensors=3, promote="arith", broadcast=True, node="Addcdiv")
class _Addcdiv:
    """r = x + v y / z for a number v;  dy = dr v / z,  dz = -dr v y / z².
    RuntimeError: integers.
    """

    def forward(x, y, z, value):
        if from_numpy_dtype(x.dtype).category < FLOAT:
            raise RuntimeError(
                "Integer division with addcdiv is no longer supported, and in a future release "
                "addcdiv will perform a true "
                "division of tensor1 and tensor2. The historic addcdiv behavior can be implemented "
                "as (input + value * "
                "torch.trunc(tensor1 / tensor2)).to(input.dtype) for integer inputs and as (input "
                "+ value * tensor1 / "
                "tensor2) for float inputs. The future addcdiv behavior is just the latter "
                "implementation: (input + value * "
                "tensor1 / tensor2), for all dtypes."
            )
        return K.like(x + value * y / z if value != 1 else x + y / z, x)

    def backward(c, dr, y, z, value):
        z = K.conj(z)
        dy = dr * (value / z)
        return dr, dy, -dy * (K.conj(y) / z) if c.needs(2) else None

    def samples(make):
        yield make(3, 4), make(3, 4), make(3, 4, low=0.5, high=2), 1
        yield make(3, 1), make(4), make(low=0.5, high=2), 0.5
        yield make(0, 5), make(1), make(5), 2


def _value(tensors: tuple, value):
    """The number value=. RuntimeError: a float for integer tensors."""
    value = number_of(value)
    if isinstance(value, float) and all(t.dtype.category < FLOAT for t in tensors):
        raise RuntimeError("value cannot be converted to type int64_t without overflow")
    return value


@composite("addcmul", method=True)
def addcmul(input, tensor1, tensor2, *, value=1, out=None):
    """input + value · tensor1 · tensor2

    >>> torch.addcmul(tensor([1.0]), tensor([2.0]), tensor([3.0]), value=0.5)
    tensor([4.])
    """
    z = apply(
        CARDS["_addcmul"], (input, tensor1, tensor2, _value((input, tensor1, tensor2), value))
    )
    return z if out is None else into(out, z)


@composite("addcmul_", fn=False, method=True)
def addcmul_(input, tensor1, tensor2, *, value=1):
    """input += value · tensor1 · tensor2"""
    return apply_inplace(CARDS["_addcmul"], (input, tensor1, tensor2, number_of(value)))


@composite("addcdiv", method=True)
def addcdiv(input, tensor1, tensor2, *, value=1, out=None):
    """input + value · tensor1 / tensor2. RuntimeError: integer tensors."""
    z = apply(CARDS["_addcdiv"], (input, tensor1, tensor2, number_of(value)))
    return z if out is None else into(out, z)


@composite("addcdiv_", fn=False, method=True)
def addcdiv_(input, tensor1, tensor2, *, value=1):
    """input += value · tensor1 / tensor2"""
    return apply_inplace(CARDS["_addcdiv"], (input, tensor1, tensor2, number_of(value)))
