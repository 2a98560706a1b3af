"""Option: a float of which a program does not know the value.

The float is an input of the program: an optimizer's lr or weight decay while a step is traced
(compiler/options.py), the number of an op that is called with another one each time (program.py).
In the formulas it does what a Python float does: arithmetic with arrays keeps their dtype, with
other numbers it is in float64. Its sign is part of the program's key, so comparisons with 0
(`if weight_decay != 0`) are answered, and so is `value == 1` of an op's; other questions cannot be.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .array import YIELDS, Array


class Asked(Exception):
    """A formula asked for the value of an Option."""


def sign_of(x: float) -> int:
    """-1, 0 or 1; 2 for nan."""
    return (x > 0) - (x < 0) if x == x else 2


class Option:
    """A float of which only the sign is known.

    v     0-d, float64, a tracer
    sign  -1, 0, 1; None: not known, of a computed one
    one   is it 1? None: not known
    """

    __slots__ = ("one", "sign", "v")

    def __init__(self, v: Any, sign: int | None = None, one: bool | None = None):
        self.v, self.sign, self.one = v, sign, one

    def __jax_array__(self) -> Any:
        return self.v

    def __repr__(self) -> str:
        return "<a number>"

    def __format__(self, spec: str) -> str:
        return repr(self)

    # ---- what depends on the value

    def _asked(self) -> Any:
        raise Asked

    def __float__(self) -> float:
        return self._asked()

    __int__ = __index__ = __complex__ = __hash__ = __float__  # type: ignore[assignment]

    def __bool__(self) -> bool:
        return bool(self._sign_beside(0))

    def _sign_beside(self, other: Any) -> int:
        if type(other) not in (int, float) or other != 0 or self.sign is None:
            return self._asked()
        return self.sign

    def __eq__(self, other: Any) -> Any:
        if type(other) in (int, float) and other == 1 and self.one is not None:
            return self.one
        return _compared(np.equal, self, other, lambda sign: sign == 0)

    def __ne__(self, other: Any) -> Any:
        if type(other) in (int, float) and other == 1 and self.one is not None:
            return not self.one
        return _compared(np.not_equal, self, other, lambda sign: sign != 0)

    def __lt__(self, other: Any) -> Any:
        return _compared(np.less, self, other, lambda sign: sign == -1)

    def __gt__(self, other: Any) -> Any:
        return _compared(np.greater, self, other, lambda sign: sign == 1)

    def __le__(self, other: Any) -> Any:
        return _compared(np.less_equal, self, other, lambda sign: sign in (-1, 0))

    def __ge__(self, other: Any) -> Any:
        return _compared(np.greater_equal, self, other, lambda sign: sign in (0, 1))

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

    def conjugate(self) -> Option:
        """Itself."""
        return self

    def __neg__(self) -> Option:
        return Option(-self.v, {1: -1, -1: 1}.get(self.sign, self.sign))

    def __pos__(self) -> Option:
        return self

    def __abs__(self) -> Option:
        return Option(abs(self.v), {-1: 1}.get(self.sign, self.sign))


def _compared(ufunc: Any, option: Option, other: Any, answer: Any) -> Any:
    """Beside an array, element by element; beside 0, what the sign says."""
    if isinstance(other, (jax.Array, np.ndarray)):
        return _with(_UFUNCS[ufunc], option, other)
    return answer(option._sign_beside(other))


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
    **{
        f: getattr(jnp, f.__name__)
        for f in (np.equal, np.not_equal, np.less, np.greater, np.less_equal, np.greater_equal)
    },
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
