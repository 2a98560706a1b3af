"""Promotion: the arguments of a card brought to one dtype, and numbers made to fit it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.dtype import (
    COMPLEX,
    FLOAT,
    INT,
    bool_,
    float32,
    float64,
    get_default_dtype,
    number_dtype,
    result_dtype,
)
from ..core.dtype_info import finfo
from ..core.tensor import Tensor, wrap
from ..kernels import TABLE, native, quietly
from .messages import not_a_tensor, tensor_argument
from .op import CARDS, Card

_ndarray = np.ndarray
# PyTorch takes these of two numbers, too: torch.add(2, 3)
_OF_NUMBERS = frozenset("add add_scaled sub mul div div_rounded true_divide floor_divide".split())
_F32, _F64 = np.dtype(np.float32), np.dtype(np.float64)
_EXACT = 1 << 24  # whole numbers up to here are float32's


def promoted(card: Card, args: tuple) -> tuple:
    """The arguments with the tensors that take part in promotion cast to the common dtype.

    promote="arith": the common dtype; "float": as arith, integers become the default float dtype.
    Numbers stay numbers where NumPy would not let them widen the result, and become 0-d arrays
    otherwise.
    """
    if not card.listed and alike(card, args):
        return args
    if card.listed:
        tensors = list(args[0])
        if {type(t) for t in tensors} == {Tensor} and len({id(t._a.dtype) for t in tensors}) == 1:
            return (tensors, *args[1:])
        target = result_dtype(tensors)
        return ([t if t.dtype is target else seen_as(t, target) for t in tensors], *args[1:])
    if len(card.tensors) == 2 and (pair := _pair(card, args)) is not None:
        return pair
    operands = [a for i in card.tensors if (a := args[i]) is not None]
    some_tensor = any([isinstance(a, Tensor) for a in operands])
    for i in card.tensors:
        a = args[i]
        if a is None or isinstance(a, Tensor):
            continue
        if (
            not is_number(a)
            or (not some_tensor and card.name not in _OF_NUMBERS)
            or (card.numbers is not None and i not in card.numbers)
        ):
            if isinstance(a, _ndarray):
                return promoted(
                    card, tuple(wrap(a) if isinstance(a, _ndarray) else a for a in args)
                )
            raise not_a_tensor(card.name, card.public_name(i), i + 1, a)
    if not some_tensor and card.name in _OF_NUMBERS and len(operands) > 1:
        args = (wrap(np.array(args[0], number_dtype(args[0]).np)), *args[1:])
        return promoted(card, args)
    if card.check is not None:
        card.check(*operands)
    target = result_dtype(operands)
    if card.promote == "float" and target.category < FLOAT:
        target = get_default_dtype()
    values = list(args)
    for i in card.tensors:
        a = values[i]
        if isinstance(a, Tensor):
            if a.dtype is not target:
                values[i] = seen_as(a, target)
        elif a is not None:
            values[i] = number_array(a, target)
    if card.opmath and target.itemsize == 2 and target.category == FLOAT:
        _widen_numbers(card, args, values)
    return tuple(values)


def _pair(card: Card, args: tuple) -> tuple | None:
    """The arguments where the two operands are of usual kinds, which need no search for their
    common dtype; None: they are not.

    A number and a tensor that holds it; a float tensor and one of integers or bools.
    """
    i, j = card.tensors
    x, y = args[i], args[j]
    if type(x) is Tensor is type(y):
        a, b = x._a, y._a
        if not (type(a) is _ndarray is type(b)) or not a.ndim or not b.ndim:
            return None
        if card.check is not None:
            card.check(x, y)
        if (a.dtype is _F32 or a.dtype is _F64) and b.dtype.kind in "iub":
            return (*args[:j], _seen_in(y, a.dtype), *args[j + 1 :])
        if (b.dtype is _F32 or b.dtype is _F64) and a.dtype.kind in "iub":
            return (*args[:i], _seen_in(x, b.dtype), *args[i + 1 :])
        return None
    at, n, t = (i, x, y) if type(y) is Tensor else (j, y, x)
    if type(t) is not Tensor or type(t._a) is not _ndarray:
        return None
    if card.numbers is not None and at not in card.numbers:
        return None
    d = t._a.dtype
    if d is _F32 or d is _F64:
        if not (type(n) is int or type(n) is float):
            return None
        if not -_EXACT <= n <= _EXACT and n - n == 0:  # neither inf nor nan
            return None
    elif d.kind not in "iu" or type(n) is not int or not 0 <= n < 128 or card.promote != "arith":
        return None
    return (*args[:at], np.array(n, d), *args[at + 1 :])


def _seen_in(t: Tensor, d: Any) -> Tensor:
    """`seen_as` for a tensor without a gradient."""
    other = wrap(TABLE["astype"](t._a, d))
    if t._v is None:
        t._v = [0]
    other._v = t._v
    return other


def _widen_numbers(card: Card, args: tuple, values: list) -> None:
    """The numbers among the operands in float32, and so the last one if it is 0-d and wider."""
    for i in card.tensors:
        a = args[i]
        if not isinstance(a, Tensor):
            values[i] = number_array(a, float32)
        elif i == card.tensors[-1] and not a._a.ndim and a._a.dtype.itemsize > 2:
            values[i] = seen_as(a, float32)


def alike(card: Card, args: tuple) -> bool:
    """True if promotion has nothing to do: only tensors of one dtype, and unless the card leaves
    every dtype as it is one of the two common float ones."""
    first = None
    for i in card.tensors:
        a = args[i]
        if not isinstance(a, Tensor):
            if a is None and i:
                continue
            return False
        d = a._a.dtype
        if first is None:
            if d is not _F32 and d is not _F64 and (card.promote != "arith" or card.check):
                return False
            first = d
        elif d is not first:
            return False
    return True


@quietly
def _cast(a: np.ndarray, array_type: Any) -> np.ndarray:
    return a.astype(array_type)


def number_array(x: Any, target: Any) -> np.ndarray:
    """A Python number as a 0-d array of `target`: integers wrap around as in C."""
    if hasattr(x, "__jax_array__"):  # an input of a program
        return x.astype(target.np)
    if target.category == bool_.category:
        return np.array(bool(x))
    if target.category < FLOAT and isinstance(x, (int, np.integer)):
        return np.array(
            int(x) & ((1 << 8 * target.itemsize) - 1), dtype=f"u{target.itemsize}"
        ).view(target.np)
    return _cast(np.array(x), target.np)


def real(x: Any) -> Any:
    """float(x); the input of a program is one already."""
    return x if type(x) is float or hasattr(x, "__jax_array__") else float(x)


def number_like(x: Any, a: np.ndarray) -> Any:
    """A number in the dtype of a; the input of a program becomes that by itself."""
    return x if isinstance(x, np.ndarray) or hasattr(x, "__jax_array__") else a.dtype.type(x)


_WORDS = {"float32": "float", "float64": "double", "int32": "int", "bool": "bool"}
_WORDS |= {"float16": "c10::Half", "bfloat16": "c10::BFloat16"}
_WORDS |= {"complex64": "c10::complex<float>", "complex128": "c10::complex<double>"}


def fits_anyway(x: Any, target: Any) -> bool:
    """Can a Python number of a usual kind and size be stored as it is? In short, for most."""
    if type(x) is float:
        wide = target is float32 or target is float64
        return wide and -_MOST <= x <= _MOST
    if type(x) is int and 0 <= x < 128:
        return target.category == INT or (target.category == FLOAT and target.itemsize > 2)
    return False


def fitted(x: Any, target: Any, any_size: bool = False) -> np.ndarray:
    """A Python number that is to be stored, as a 0-d array of `target`.

    Fractions are cut. An unsigned dtype takes negative integers down to minus its largest value;
    they wrap around. any_size: two-byte floats become inf (of x[i] = number).
    OverflowError: an integer beyond 64 bits; RuntimeError: anything else that does not fit.
    """
    if fits_anyway(x, target):
        return number(x, target.np)
    if isinstance(x, (int, np.integer)) and not isinstance(x, bool) and not -_2_63 <= x < 2 * _2_63:
        raise OverflowError("int too big to convert")
    small = any_size and target.itemsize == 2 and target.category == FLOAT
    if target.category != bool_.category and not small and not _fits(x, target):
        whole = target.category < FLOAT
        word = _WORDS.get(target.name, f"{target.name}_t" if whole else "double")
        raise RuntimeError(
            f"value cannot be converted to type {word} without overflow\n  the value: {x}"
        )
    if isinstance(x, complex) and target.category <= FLOAT and target is not bool_:
        x = x.real
    if target.category < FLOAT and isinstance(x, (float, np.floating)) and target is not bool_:
        x = int(x)
    with np.errstate(over="ignore"):
        return number_array(x, target)


number: Any = np.array if native is None else native.number  # number(x, dtype): a 0-d array
_2_63 = 1 << 63
_MOST = float(np.finfo(np.float32).max)


def _fits(x: Any, target: Any) -> bool:
    if hasattr(x, "__jax_array__"):
        return target.category >= FLOAT
    if isinstance(x, (complex, np.complexfloating)):
        if target.category > FLOAT:
            part = target.to_real()
            return _fits(x.real, part) and _fits(x.imag, part)
        return x.imag == 0 and _fits(x.real, target)
    if target.category >= FLOAT:
        return not math.isfinite(x) or abs(x) <= finfo(target).max
    highest = (1 << (8 * target.itemsize - target.is_signed)) - 1
    lowest = -highest - 1 if target.is_signed else 0
    if isinstance(x, (int, np.integer)):
        return (lowest if target.is_signed or x >= 0 else -highest) <= x <= highest or (
            target.itemsize == 8 and not target.is_signed
        )
    return lowest <= x <= highest  # False for NaN


def number_of(x: Any) -> Any:
    """A Python number out of a number, one of NumPy's (which would widen the result), or a
    one-element tensor: options such as alpha=."""
    return x.item() if isinstance(x, (Tensor, np.generic)) else x


def is_number(x: Any) -> bool:
    """True for Python and NumPy numbers: operands that are no tensors."""
    return isinstance(x, (int, float, complex, np.number, np.bool_))


def cast(t: Tensor, target: Any) -> Tensor:
    """t in another dtype, recorded."""
    return CARDS["to_copy"].run((t, target, t.dtype))


def seen_as(t: Tensor, target: Any) -> Tensor:
    """An operand in the dtype that the op computes in, with the operand's own version: PyTorch's
    nodes keep the operand itself, so that a change of it before backward is noticed."""
    other = cast(t, target)
    if t._v is None:
        t._v = [0]
    other._v = t._v
    return other


def operand(name: str, x: Any) -> Any:
    """x if it can be the second operand of a binary function. TypeError otherwise."""
    if isinstance(x, Tensor) or is_number(x):
        return x
    if isinstance(x, _ndarray):
        return wrap(x)
    return tensor_argument(name, x, "other", 2)


_C_NAMES = {
    "bool": "bool",
    "uint8": "uint8_t",
    "int8": "int8_t",
    "int16": "int16_t",
    "int32": "int",
    "int64": "int64_t",
    "uint16": "uint16_t",
    "uint32": "uint32_t",
    "uint64": "uint64_t",
    "float16": "c10::Half",
    "bfloat16": "c10::BFloat16",
    "float32": "float",
    "float64": "double",
    "complex64": "c10::complex<float>",
    "complex128": "c10::complex<double>",
}


def fitting(x: Any, target: Any) -> np.ndarray:
    """A Python number as a 0-d array of `target`. RuntimeError: the dtype cannot hold it.

    As in PyTorch, bool holds every number, an unsigned dtype the negative of what it holds (it
    wraps around), and a floating one inf and nan.
    """
    check_fits(x, target)
    return number_array(_integral(x, target), target)


def _integral(x: Any, target: Any) -> Any:
    if target.category < COMPLEX and isinstance(x, (complex, np.complexfloating)):
        x = x.real
    return int(x) if target.category == INT else x


def check_fits(x: Any, target: Any) -> None:
    """RuntimeError: the dtype cannot hold the number x, see `fitting`."""
    if target is float32 and type(x) is float and -3e38 < x < 3e38:
        return
    if hasattr(x, "__jax_array__"):  # an input of a program; large numbers are constants there
        return
    bad = False
    if target.category < COMPLEX and isinstance(x, (complex, np.complexfloating)):
        bad, x = x.imag != 0, x.real
    if target.category == INT:
        info = np.iinfo(target.np)
        low = info.min if target.is_signed else -info.max
        bad = bad or not math.isfinite(x) or not low <= int(x) <= info.max
    elif target.category == FLOAT:
        bad = bad or (math.isfinite(x) and abs(x) > finfo(target).max)
    if bad:
        kind = _C_NAMES.get(target.name, target.name)
        raise RuntimeError(f"value cannot be converted to type {kind} without overflow")
