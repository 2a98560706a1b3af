"""Option: a float of an optimizer's group (lr, betas, weight_decay, ...) while a step is traced.

The float is an input of the program, so that a scheduler changes it without a new compilation. In
the formulas it does what a Python float does: arithmetic with arrays keeps their dtype, with other
numbers it is in float64. Its sign is part of the program's key, so comparisons with 0
(`if weight_decay != 0`) are answered; any other question of its value cannot be.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..kernels.xla.array import YIELDS, Array
from .stage import CannotCompile

_Tracer = jax.core.Tracer
_F64 = np.dtype(np.float64)


def sign_of(x: float) -> int:
    """-1, 0 or 1; 2 for nan."""
    return (x > 0) - (x < 0) if x == x else 2


class Option:
    """A float of which only the sign is known.

    v     0-d, float64, a tracer
    sign  -1, 0, 1; None: not known, of a computed one
    """

    __slots__ = ("sign", "v")

    def __init__(self, v: Any, sign: int | None = None):
        self.v, self.sign = v, sign

    def __jax_array__(self) -> Any:
        return self.v

    def __repr__(self) -> str:
        return "<an optimizer's number>"

    def __format__(self, spec: str) -> str:
        return repr(self)

    # ---- what depends on the value

    def _asked(self) -> Any:
        raise CannotCompile(
            "asks for the value of an optimizer's number (its learning rate, ...)",
            "do so outside of the compiled function",
        )

    def __float__(self) -> float:
        return self._asked()

    __int__ = __index__ = __complex__ = __hash__ = __float__  # type: ignore[assignment]

    def __bool__(self) -> bool:
        return bool(self._sign_beside(0))

    def _sign_beside(self, other: Any) -> int:
        if type(other) not in (int, float) or other != 0 or self.sign is None:
            return self._asked()
        return self.sign

    def __eq__(self, other: Any) -> bool:  # type: ignore[override]
        return self._sign_beside(other) == 0

    def __ne__(self, other: Any) -> bool:  # type: ignore[override]
        return self._sign_beside(other) != 0

    def __lt__(self, other: Any) -> bool:
        return self._sign_beside(other) == -1

    def __gt__(self, other: Any) -> bool:
        return self._sign_beside(other) == 1

    def __le__(self, other: Any) -> bool:
        return self._sign_beside(other) in (-1, 0)

    def __ge__(self, other: Any) -> bool:
        return self._sign_beside(other) in (0, 1)

    # ---- arithmetic

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **options: Any) -> Any:
        f, out = _UFUNCS.get(ufunc), options.pop("out", None)
        if f is None or method != "__call__" or options:
            return self._asked()
        if len(args) == 1:
            return Option(f(self.v))
        result = _with(f, *args)
        if out is None or result is NotImplemented:
            return result
        out[0].write(result.v)
        return out[0]

    def __neg__(self) -> Option:
        return Option(-self.v, {1: -1, -1: 1}.get(self.sign, self.sign))

    def __pos__(self) -> Option:
        return self

    def __abs__(self) -> Option:
        return Option(abs(self.v), {-1: 1}.get(self.sign, self.sign))


def _with(f: Any, x: Any, y: Any) -> Any:
    """f(x, y), one of them an Option and the other what it met."""
    option, other = (x, y) if type(x) is Option else (y, x)
    kind = type(other)
    if kind in (int, float, bool, Option) or isinstance(other, (np.floating, np.integer)):
        a, b = (o.v if type(o) is Option else np.float64(o) for o in (x, y))
        return Option(f(a, b))
    if kind is Array:
        value = other.v
    elif isinstance(other, (jax.Array, np.ndarray)):
        value = jnp.asarray(other)
    else:
        return NotImplemented
    number = option.v
    if jnp.issubdtype(value.dtype, jnp.inexact):
        number = number.astype(value.dtype)
    result = f(number, value) if option is x else f(value, number)
    return result if isinstance(other, jax.Array) and kind is not Array else Array(result)


def _operator(name: str, f: Any) -> None:
    setattr(Option, f"__{name}__", lambda x, y: _with(f, x, y))
    setattr(Option, f"__r{name}__", lambda x, y: _with(f, y, x))


_UFUNCS = {
    np.add: jnp.add,
    np.subtract: jnp.subtract,
    np.multiply: jnp.multiply,
    np.divide: jnp.divide,
    np.power: jnp.power,
    np.maximum: jnp.maximum,
    np.minimum: jnp.minimum,
    np.sqrt: jnp.sqrt,
    np.exp: jnp.exp,
    np.log: jnp.log,
}
for _name, _ufunc in {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "truediv": np.divide,
    "pow": np.power,
}.items():
    _operator(_name, _UFUNCS[_ufunc])
YIELDS.add(Option)


def counted(step: Any) -> Any:
    """A step count (0-d Array) as a number of float64: 1 - betaᵗ needs its digits."""
    return Option(step.v.astype(_F64), None)


def lifted(value: Any, take: Any) -> Any:
    """A float, or a tuple with floats, as Options; take() gives the next input. None: no float."""
    if type(value) is float:
        return Option(take(), sign_of(value))
    if type(value) is tuple and any([type(v) is float for v in value]):
        return tuple([lifted(v, take) if type(v) is float else v for v in value])
    return None


def floats(value: Any) -> list[float]:
    """The floats that `lifted` replaces, in its order."""
    if type(value) is float:
        return [value]
    if type(value) is tuple:
        return [v for v in value if type(v) is float]
    return []
