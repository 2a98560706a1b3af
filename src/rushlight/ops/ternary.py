"""Mixtures of several tensors, element by element: where, lerp, addcmul, addcdiv."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.dtype import FLOAT, from_numpy_dtype, result_dtype, scalar_name, uint8
from ..core.notices import warn
from ..core.tensor import Tensor, wrap
from ..dispatch.messages import not_a_tensor, not_implemented, tensor_argument
from ..dispatch.promotion import cast, fitted, fitting, is_number, number_of
from ..dispatch.registry import composite, internal, op
from ..kernels import K

# ---------------------------------------------------------------- where


@internal("where", tensors=(1, 2), promote="arith", broadcast=True)
class Where:
    """z = x where the condition holds, else y"""

    def forward(condition, x, y):
        return K.where(condition, x, y)

    def backward(c, dz, condition):
        zero = K.zeros_like(dz)
        dx = K.where(condition, dz, zero) if c.needs(0) else None
        return dx, K.where(condition, zero, dz) if c.needs(1) else None

    def samples(make):
        yield make(3, 4, dtype="bool"), make(3, 4), make(3, 4)
        yield make(3, 1, dtype="bool"), make(4), make()
        yield make(dtype="bool"), make(2, 3).T, 1.5
        yield make(0, 5, dtype="bool"), make(5), make(1)


def _is_bool(x: Any) -> bool:
    return isinstance(x, Tensor) and x._a.dtype.kind == "b"


def _fits_all(n: Any) -> bool:
    """A Python number that all dtypes hold, if their category does."""
    return (type(n) is float or type(n) is int) and not 128 <= abs(n) < math.inf


@composite("where(condition, input=None, other=None, *, out=None)", at="torch")
def where(condition: Any, input: Any, other: Any) -> Any:
    """z = x where the condition holds, else y; each a tensor or a number

    With the condition alone: a tuple of the indices where it holds, one tensor for each dimension.

    shape   broadcast
    dtype   promoted
    grad    dx = dz where the condition holds,  dy = dz elsewhere
    errors  RuntimeError: the condition is neither bool nor uint8

    >>> torch.where(tensor([True, False]), tensor([1.0, 2.0]), 0)
    tensor([1., 0.])
    """
    t, n = (input, other) if isinstance(input, Tensor) else (other, input)
    if isinstance(t, Tensor) and _is_bool(condition) and (isinstance(n, Tensor) or _fits_all(n)):
        return Where.run((condition, input, other))
    tensor_argument("where", condition, "condition")
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    for i, (name, x) in enumerate((("input", input), ("other", other))):
        if not (isinstance(x, (Tensor, np.ndarray)) or is_number(x)):
            raise not_a_tensor("where", name, i + 2, x)
    if condition._a.dtype.kind != "b":
        if condition.dtype is not uint8:
            raise RuntimeError(
                "where expected condition to be a boolean tensor, but got a tensor with dtype "
                f"{scalar_name(condition.dtype)}"
            )
        warn(
            "where received a uint8 condition tensor. This behavior is deprecated and will be "
            "removed in a future version of PyTorch. Use a boolean condition instead."
        )
        condition = condition.bool()
    if is_number(input) and is_number(other):
        input = wrap(np.asarray(input, result_dtype((input, other)).np))
    elif is_number(input) or is_number(other):
        fitted(
            input if is_number(input) else other, result_dtype((input, other)), any_size=True
        )  # which looks
    return Where.run((condition, input, other))


@composite("where(input, condition: Tensor, other)", at="Tensor")
def _where_method(input: Tensor, condition: Any, other: Any) -> Tensor:
    """input where the condition holds, else other; see torch.where"""
    return where(condition, input, other)


# ---------------------------------------------------------------- lerp


@internal("lerp_tensor", tensors=3, broadcast=True, save_if={"x": 2, "y": 2}, node="Lerp1")
class LerpTensor:
    """z = x + w (y - x) for a tensor w;  dx = dz (1 - w̄),  dy = dz w̄,  dw = dz (y - x)"""

    def forward(x, y, w):
        return K.lerp(x, y, w)

    def backward(c, dz, x, y, w):
        w = K.conj(w)
        return dz * (1 - w), dz * w, dz * K.conj(y - x) if c.needs(2) else None

    def samples(make):
        yield make(3, 4), make(3, 4), make(3, 4)
        yield make(3, 1), make(4), make()
        yield make(0, 5), make(1), make(5)


@op(
    "lerp(input, end, weight: Tensor | Number, *, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    tensors=2,
    broadcast=True,
    node="Lerp",
    quiet=False,
)
class Lerp:
    """z = x + w (y - x), w a number or a tensor

    shape   broadcast
    dtype   of input; end and weight have it too, but a 0-d weight may have any
    grad    dx = dz (1 - w̄),  dy = dz w̄,  dw = dz (y - x)
    errors  RuntimeError: different dtypes; NotImplementedError: bool and integers

    >>> torch.lerp(tensor([0.0, 10.0]), tensor([4.0, 20.0]), 0.25)
    tensor([ 1.0000, 12.5000])
    """

    once = True

    def prepare(input, end, weight):
        if type(weight) is float and isinstance(input, Tensor) and isinstance(end, Tensor):
            if input._a.dtype is end._a.dtype and input._a.dtype.kind == "f":
                return input, end, weight
        tensor_argument("lerp", input)
        tensor_argument("lerp", end, "end", 2)
        if not (isinstance(weight, Tensor) or is_number(weight)):
            tensor_argument("lerp", weight, "weight", 3)
        d = input.dtype
        if end.dtype is not d:
            raise RuntimeError(f"expected dtype {_c(d)} for `end` but got dtype {_c(end.dtype)}")
        if isinstance(weight, Tensor) and weight.dtype is not d:
            if weight.ndim:
                raise RuntimeError(
                    f"expected dtype {_c(d)} for `weight` but got dtype {_c(weight.dtype)}"
                )
            weight = cast(weight, d)
        if d.category < FLOAT:
            kind = "tensor" if isinstance(weight, Tensor) else "scalar"
            raise not_implemented(f"lerp_kernel_{kind}", input._a)
        return input, end, weight

    def variant(x, y, w):
        return LerpTensor if isinstance(w, Tensor) else None

    def forward(x, y, w):
        if hasattr(w, "__jax_array__"):  # an input of a device's program, whose value is not known
            return K.lerp(x, y, np.zeros((), x.dtype) + w)
        z = K.lerp_number(x, y, w)
        return z if z.dtype is x.dtype else K.like(z, x)

    def backward(c, dz, w):
        w = w.conjugate()
        return dz * (1 - w), dz * w

    def samples(make):
        yield make(3, 4), make(3, 4), 0.25
        yield make(3, 1), make(4), 0.75
        yield make(), make(2, 3), 2
        yield make(0, 5), make(1), 0.5


def _c(d: Any) -> str:
    """A dtype as C++ names it, which is what these errors say."""
    return {"float32": "float", "float64": "double", "int64": "long int"}.get(
        d.name, scalar_name(d)
    )


# ---------------------------------------------------------------- products and quotients added


def _number_in_front(input, value, tensor1, tensor2):
    """addcmul(input, value, tensor1, tensor2), which PyTorch still takes."""
    if is_number(value) and isinstance(tensor2, Tensor):
        return input, tensor1, tensor2, value
    return None


def _three(name: str, input: Any, tensor1: Any, tensor2: Any, value: Any) -> tuple:
    """The arguments of addcmul and addcdiv, `value` fit for the dtype of the result."""
    operands = (input, tensor1, tensor2)
    if type(value) is float and isinstance(input, Tensor) and input._a.dtype.kind == "f":
        if isinstance(tensor1, Tensor) and isinstance(tensor2, Tensor):
            return input, tensor1, tensor2, value
    for i, x in enumerate(operands):
        if not isinstance(x, Tensor):
            raise not_a_tensor(name, ("input", "tensor1", "tensor2")[i], i + 1, x)
    if type(value) is int:
        return input, tensor1, tensor2, value
    value = number_of(value)
    if not is_number(value):
        raise TypeError(f"{name}(): argument 'value' must be Number, not {type(value).__name__}")
    if isinstance(value, float) and result_dtype(operands).category < FLOAT:
        value = int(value)
    return input, tensor1, tensor2, value


@op(
    "addcmul(input, tensor1, tensor2, *, value=1, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    tensors=3,
    constants=1,
    promote="arith",
    broadcast=True,
    save_if={"y": 2, "z": 1},
    node="Addcmul",
    quiet=False,
    not_for="b",
    kernel="addcmul_cpu_out",
)
class Addcmul:
    """r = x + v y z for a number v

    shape   broadcast
    dtype   promoted
    grad    dx = dr,  dy = dr v z̄,  dz = dr v ȳ
    errors  NotImplementedError: bool

    >>> torch.addcmul(tensor([1.0]), tensor([2.0]), tensor([3.0]), value=0.5)
    tensor([4.])
    """

    once = True

    numbers = ()
    legacy = _number_in_front

    def prepare(input, tensor1, tensor2, value):
        return _three("addcmul", input, tensor1, tensor2, value)

    def forward(x, y, z, value):
        if x.dtype.kind in "iu":
            value = fitting(value, from_numpy_dtype(x.dtype))
        return K.addcmul(x, y, z, value)

    def backward(c, dr, y, z, value):
        dy = dr * (K.conj(z) * value) if c.needs(1) else None
        return dr, dy, dr * (K.conj(y) * value) if c.needs(2) else None

    def samples(make):
        yield make(3, 4), make(3, 4), make(3, 4)
        yield make(3, 1), make(4), make(), {"value": 0.5}
        yield make(0, 5), make(1), make(5), {"value": 2}


@op(
    "addcdiv(input, tensor1, tensor2, *, value=1, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    tensors=3,
    constants=2,
    promote="arith",
    broadcast=True,
    save_if={"y": 2},
    node="Addcdiv",
    quiet=False,
)
class Addcdiv:
    """r = x + v y / z for a number v

    shape   broadcast
    dtype   promoted
    grad    dx = dr,  dy = dr v / z,  dz = -dr v y / z²
    errors  RuntimeError: tensor1 and tensor2 are integers
    """

    once = True

    numbers = ()
    legacy = _number_in_front

    def prepare(input, tensor1, tensor2, value):
        args = (*_three("addcdiv", input, tensor1, tensor2, value), tensor2._a.dtype)
        if tensor1.dtype.category < FLOAT and tensor2.dtype.category < FLOAT:
            raise RuntimeError(
                "Integer division with addcdiv is no longer supported, and in a future  release "
                "addcdiv will perform a true division of tensor1 and tensor2. The historic addcdiv "
                "behavior can be implemented as (input + value * torch.trunc(tensor1 / tensor2))."
                "to(input.dtype) for integer inputs and as (input + value * tensor1 / tensor2) for "
                "float inputs. The future addcdiv behavior is just the latter implementation: "
                "(input + value * tensor1 / tensor2), for all dtypes."
            )
        return args

    def forward(x, y, z, value, divisor):
        return K.addcdiv(x, y, z, value)

    def backward(c, dr, y, z, value, divisor):
        z = K.conj(z)
        quotient = value / z
        if divisor.itemsize == 2 and divisor.kind in "fV" and dr.dtype != divisor:
            quotient = K.like(K.astype(quotient, divisor), dr)  # PyTorch divides before promotion
        dy = dr * quotient
        return dr, dy, -dy * (K.conj(y) / z) if c.needs(2) else None

    def samples(make):
        yield make(3, 4), make(3, 4), make(3, 4, low=0.5, high=2)
        yield make(3, 1), make(4), make(low=0.5, high=2), {"value": 0.5}
        yield make(0, 5), make(1), make(5), {"value": 2}
