"""Option: a float of which a program does not know the value.

The float is an input of the program: an optimizer's lr or weight decay while a step is traced
(compiler/options.py), the number of an op (program.py). In the formulas it does what a Python
float does: arithmetic with arrays keeps their dtype, with other numbers it is in float64. Its sign
is part of the program's key, so comparisons with 0 (`if weight_decay != 0`) are answered. So are
`p == 2` and `p < 2` where the owner keeps Questions: from then on 2 is a constant with a program of
its own, and on which side of 2 another number is becomes part of the key. Other questions cannot be
answered.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .array import YIELDS, Array


class Asked(Exception):
    """A formula asked for the value of an Option."""


class Own(Exception):
    """A formula has a case of its own for the value of an Option, as was not known before: the key
    of the call is another one now."""


def sign_of(x: float) -> int:
    """-1, 0 or 1; 2 for nan."""
    return (x > 0) - (x < 0) if x == x else 2


class Questions:
    """The numbers that formulas compare their options with.

    values   x == c
    derived  (steps, c): what the steps make of x is c
    limits   (steps, c): what the steps make of x is less than c, or more
    """

    __slots__ = ("derived", "limits", "values")

    def __init__(self) -> None:
        self.values: set[float] = set()
        self.derived: set[tuple] = set()
        self.limits: list[tuple] = []

    def own(self, x: float) -> bool:
        """Is x a number that some formula has a case of its own for?"""
        if x in self.values:
            return True
        return bool(self.derived) and any([_made(x, steps) == c for steps, c in self.derived])

    def add(self, steps: tuple, c: float) -> None:
        """A comparison with c."""
        if steps:
            self.derived.add((steps, c))
        else:
            self.values.add(c)

    def sides(self, x: float) -> tuple:
        """On which side of each limit x is."""
        return tuple([sign_of(_made(x, steps) - c) for steps, c in self.limits])


# all floating dtypes hold it, so that formulas need not ask whether theirs does
_LARGEST = 65504.0


def marked(x: float, asked: Questions | None) -> tuple | None:
    """What a key says of a float that is an input; None: it is a constant."""
    if asked is None or not abs(x) <= _LARGEST or asked.own(x):
        return None
    return ("F", sign_of(x), *asked.sides(x))


def _made(x: float, steps: tuple) -> float:
    """x after some arithmetic with other numbers: (ufunc, number, is x the second operand?)"""
    if not steps:
        return x
    y: Any = np.float64(x)
    with np.errstate(all="ignore"):
        for f, other, turned in steps:
            y = f(other, y) if turned else f(y, other)
    return float(y)


class Option:
    """A float of which only the sign is known.

    v          0-d, float64, a tracer
    sign       -1, 0, 1; None: not known, of a computed one
    questions  the owner's; None: nobody keeps any
    value      what the questions are asked of, the number of this call
    steps      how it was computed from that; None: in another way than by numbers
    """

    __slots__ = ("questions", "sign", "steps", "v", "value")

    def __init__(
        self,
        v: Any,
        sign: int | None = None,
        questions: Questions | None = None,
        value: float = 0.0,
        steps: tuple | None = (),
    ):
        self.v, self.sign, self.questions, self.value, self.steps = v, sign, questions, value, steps

    @property
    def __class__(self) -> type:  # type: ignore[override]
        """float, so that isinstance(x, float) holds in formulas; type(x) is Option."""
        return float

    def over(self, v: Any) -> Option:
        """The same number in another program, where v stands for it."""
        return Option(v, self.sign, self.questions, self.value, self.steps)

    def __jax_array__(self) -> Any:
        return self.v

    def __repr__(self) -> str:
        return "<a number>"

    def __str__(self) -> str:
        return self._asked()

    def __format__(self, spec: str) -> str:
        return self._asked()

    # ---- what depends on the value

    def _asked(self) -> Any:
        raise Asked

    def __float__(self) -> float:
        return self._asked()

    __int__ = __index__ = __complex__ = __hash__ = __float__  # type: ignore[assignment]

    def __bool__(self) -> bool:
        return bool(self._sign_beside(0))

    def _sign_beside(self, other: Any) -> int:
        if type(other) not in (int, float):
            return self._asked()
        return self._side(other) if other != 0 or self.sign is None else self.sign

    def _is(self, other: Any) -> bool:
        """self == other, a number that is not 0."""
        if self.questions is None or self.steps is None:
            return self._asked()
        self.questions.add(self.steps, float(other))
        if _made(self.value, self.steps) == other:
            raise Own
        return False

    def _side(self, other: float) -> int:
        """The sign of self - other."""
        if self.questions is None or self.steps is None:
            return self._asked()
        limit = self.steps, float(other)
        if limit not in self.questions.limits:
            self.questions.limits.append(limit)
            raise Own
        return sign_of(_made(self.value, self.steps) - other)

    def __eq__(self, other: Any) -> Any:
        if other is None or type(other) is str:
            return False
        if type(other) in (int, float) and (other != 0 or self.sign is None):
            return self._is(other)
        return _compared(np.equal, self, other, lambda sign: sign == 0)

    def __ne__(self, other: Any) -> Any:
        if other is None or type(other) is str:
            return True
        if type(other) in (int, float) and (other != 0 or self.sign is None):
            return not self._is(other)
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
            return Option(f(self.v), None, steps=None)
        result = _with(ufunc, *args)
        if out is None or result is NotImplemented:
            return result
        out[0].write(result.v)
        return out[0]

    def astype(self, dtype: Any) -> Array:
        """An array of the number."""
        return Array(self.v.astype(dtype))

    def conjugate(self) -> Option:
        """Itself."""
        return self

    def __neg__(self) -> Option:
        return self._by(
            -self.v, {1: -1, -1: 1}.get(self.sign, self.sign), (np.multiply, -1.0, False)
        )

    def __pos__(self) -> Option:
        return self

    def __abs__(self) -> Option:
        return Option(abs(self.v), {-1: 1}.get(self.sign, self.sign), steps=None)

    def _by(self, v: Any, sign: Any, step: tuple) -> Option:
        """The Option that a step of arithmetic with a number makes of this one."""
        steps = None if self.steps is None else (*self.steps, step)
        return Option(v, sign, self.questions, self.value, steps)


def _compared(ufunc: Any, option: Option, other: Any, answer: Any) -> Any:
    """Beside an array, element by element; beside a number, what is known."""
    if isinstance(other, (jax.Array, np.ndarray)):
        return _with(ufunc, option, other)
    return answer(option._sign_beside(other))


def _with(ufunc: Any, x: Any, y: Any) -> Any:
    """ufunc(x, y), one of them an Option and the other what it met."""
    f = _UFUNCS[ufunc]
    option, other = (x, y) if type(x) is Option else (y, x)
    kind = type(other)
    if kind in (int, float, bool, Option) or isinstance(other, (np.floating, np.integer)):
        a, b = (o.v if type(o) is Option else np.float64(o) for o in (x, y))
        if kind is Option:
            return Option(f(a, b), None, steps=None)
        return option._by(f(a, b), None, (ufunc, float(other), option is y))
    if kind is Array:
        value = other.v
    elif isinstance(other, (jax.Array, np.ndarray)):
        value = jnp.asarray(other)
    else:
        return NotImplemented
    number, own = option.v, value.dtype
    if jnp.issubdtype(own, jnp.inexact):
        wide = np.dtype(np.float32) if own.itemsize == 2 else own  # rounded once
        number, value = number.astype(wide), value.astype(wide)
    result = f(number, value) if option is x else f(value, number)
    if own.itemsize == 2 and result.dtype == np.float32:
        result = result.astype(own)
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
    _operator(_name, _ufunc)
YIELDS.add(Option)
