"""torch._check and its kin, and torch.sym_*: conditions checked at once, symbols as numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ..core.dtype import bool_
from ..core.tensor import Tensor
from ..dispatch.overrides import ask_torch_function

_ASKED = (
    "Expected cond to be True, but got False. (Could this error message be improved? If so, please "
    "report an enhancement request to PyTorch.)"
)


def _raise(kind: type[Exception], message: Callable[[], Any] | None) -> None:
    if message is None:
        raise kind(_ASKED)
    if not callable(message):
        raise TypeError("message must be a callable")
    raise kind(str(message()))


def _check_with(error_type: type[Exception], cond: Any, message: Any = None) -> None:
    """Raises error_type(message()) unless cond, a bool, is True.

    errors  TypeError: cond is no bool, message is not callable
    """
    if not isinstance(cond, bool):
        if isinstance(cond, Tensor):
            raise TypeError(
                "cond must be a bool, but got a Tensor. For tensor conditions, use "
                "torch._check_tensor_all() to assert that all elements are true."
            )
        raise TypeError(f"cond must be a bool, but got {type(cond)}")
    if not cond:
        _raise(error_type, message)


def _check(cond: Any, message: Any = None) -> None:
    """RuntimeError(message()) unless cond."""
    _check_with(RuntimeError, cond, message)


def _check_index(cond: Any, message: Any = None) -> None:
    """IndexError(message()) unless cond."""
    _check_with(IndexError, cond, message)


def _check_value(cond: Any, message: Any = None) -> None:
    """ValueError(message()) unless cond."""
    _check_with(ValueError, cond, message)


def _check_type(cond: Any, message: Any = None) -> None:
    """TypeError(message()) unless cond."""
    _check_with(TypeError, cond, message)


def _check_not_implemented(cond: Any, message: Any = None) -> None:
    """NotImplementedError(message()) unless cond."""
    _check_with(NotImplementedError, cond, message)


def _check_is_size(i: int, message: Any = None, *, max: int | None = None) -> None:
    """RuntimeError(message()) unless i is a size: 0 at least, and at most max."""
    _check(bool(i >= 0), message)
    if max is not None:
        _check(bool(i <= max), message)


def _check_tensor_all_with(error_type: type[Exception], cond: Any, message: Any = None) -> None:
    """error_type(message()) unless all elements of cond, a tensor of bool, are True."""
    if not isinstance(cond, Tensor):
        raise TypeError(f"cond must be a tensor, but got {type(cond)}")
    if cond.dtype is not bool_:
        raise TypeError(f"cond tensor must have dtype torch.bool, but got {cond.dtype}")
    _check_with(error_type, bool(cond.all().item()), message)


def _check_tensor_all(cond: Any, message: Any = None) -> None:
    """RuntimeError(message()) unless all elements of cond, a tensor of bool, are True."""
    _check_tensor_all_with(RuntimeError, cond, message)


def _assert(condition: Any, message: str) -> None:
    """assert condition, message; a function, so that torch.fx traces it."""
    if hasattr(type(condition), "__torch_function__"):
        result = ask_torch_function(_assert, (condition, message), {})
        if result is not NotImplemented:
            return
    if not condition:
        raise AssertionError(message)


def _assert_async(input: Tensor, assert_msg: str | None = None) -> None:
    """RuntimeError unless input, a tensor of one element, is not 0."""
    if not bool(input):
        raise RuntimeError(assert_msg or "Expected Tensor with single nonzero value, but got zero")


def _assert_scalar(input: Any, assert_msg: str) -> None:
    """RuntimeError(assert_msg) unless input, a number, is not 0."""
    if not input:
        raise RuntimeError(assert_msg)


class _Symbol:
    """A number that a compiler does not know yet: nothing is an instance, sizes are ints here."""

    __module__ = "torch"

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(
            f"rushlight does not have torch.{cls.__name__}: sizes and numbers are always known"
        )


SymInt, SymFloat, SymBool = (
    type(name, (_Symbol,), {"__module__": "torch", "__doc__": _Symbol.__doc__})
    for name in ("SymInt", "SymFloat", "SymBool")
)


def sym_float(a: Any) -> float:
    """float(a)"""
    return float(a)


def sym_int(a: Any) -> int:
    """a, towards 0"""
    return math.trunc(a)


def sym_not(a: Any) -> bool:
    """not a"""
    return not a


def sym_max(a: Any, b: Any) -> Any:
    """The greater one; a float if one of them is."""
    return _common(max(a, b), a, b)


def sym_min(a: Any, b: Any) -> Any:
    """The smaller one; a float if one of them is."""
    return _common(min(a, b), a, b)


def _common(x: Any, a: Any, b: Any) -> Any:
    return float(x) if isinstance(a, float) or isinstance(b, float) else x


def sym_ite(b: Any, t: Any, f: Any) -> Any:
    """t if b else f"""
    return t if b else f


def sym_sum(*args: Any) -> Any:
    """The sum of the numbers, or of those in the one list given."""
    return sum(args[0]) if len(args) == 1 and isinstance(args[0], (list, tuple)) else sum(args)


for _function in (_assert, _assert_async, _check, _check_index, _check_value, _check_type):
    _function.__module__ = "torch"
