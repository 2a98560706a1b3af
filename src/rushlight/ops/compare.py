"""Comparisons and questions: == < > ..., isclose, isnan, isin;
and what answers NaN and steps. No gradients but one.
"""

from __future__ import annotations

import numpy as np

from ..core.dtype import from_numpy_dtype, scalar_name
from ..core.dtype_info import finfo
from ..core.tensor import Tensor, wrap
from ..dispatch.messages import tensor_argument
from ..dispatch.out import into
from ..dispatch.promotion import is_number
from ..dispatch.registry import CARDS, apply, binary_operator, composite, op
from ..kernels import K
from .samples import binary, unary


def _compare(name: str, alias: str, symbol: str, ufunc) -> None:
    """Register x <op> y, which gives a bool tensor and no gradient."""

    class Card:
        __doc__ = (
            f"z = x {symbol} y as bool, broadcast, compared in the promoted dtype; "
            "not differentiable."
        )
        numbers = (1,)
        backward = None

        def forward(x, y):
            if x.dtype.kind == "c" and name not in ("eq", "ne"):
                raise RuntimeError(
                    f"\"{name}_cpu\" not implemented for '{scalar_name(from_numpy_dtype(x.dtype))}'"
                )
            return ufunc(x, y)

        samples = binary()

    op(
        name,
        *([alias] if alias else []),
        inplace=True,
        promote="arith",
        broadcast=True,
        node=name.capitalize(),
    )(Card)
    operator, _ = binary_operator(CARDS[name], ufunc)
    setattr(Tensor, f"__{name}__", operator)


for _args in (
    ("eq", None, "=", np.equal),
    ("ne", "not_equal", "≠", np.not_equal),
    ("lt", "less", "<", np.less),
    ("le", "less_equal", "≤", np.less_equal),
    ("gt", "greater", ">", np.greater),
    ("ge", "greater_equal", "≥", np.greater_equal),
):
    _compare(*_args)


def _question(name: str, meaning: str, ask, *, method: bool = True) -> None:
    """Register y = ask(x), a bool tensor."""

    class Card:
        __doc__ = f"True where x is {meaning}."
        backward = None

        def forward(x):
            return ask(x)

        samples = unary()

    op(name, method=method)(Card)


def _none(x: np.ndarray) -> np.ndarray:
    return np.zeros(x.shape, bool)


def _exact(x: np.ndarray) -> bool:
    return x.dtype.kind in "iub"


def _infinite(sign: int, name: str):
    def ask(x):
        if x.dtype.kind == "c":
            raise RuntimeError(f"{name} does not support complex inputs.")
        return _none(x) if _exact(x) else x == sign * np.inf

    return ask


_question("isnan", "NaN", lambda x: _none(x) if _exact(x) else np.isnan(x))
_question("isinf", "infinite", lambda x: _none(x) if _exact(x) else np.isinf(x))
_question(
    "isfinite", "neither infinite nor NaN", lambda x: ~_none(x) if _exact(x) else np.isfinite(x)
)
_question("isposinf", "+infinity", _infinite(1, "isposinf"))
_question("isneginf", "-infinity", _infinite(-1, "isneginf"))


def _both_arrays(name: str, *xs) -> None:
    for i, x in enumerate(xs):
        if not isinstance(x, np.ndarray):
            argument, kind = ("input", "other")[i], type(x).__name__
            raise TypeError(
                f"{name}(): argument '{argument}' (position {i + 1}) must be Tensor, not {kind}"
            )


@op("isclose", tensors=2, broadcast=True)
class Isclose:
    """True where |x - y| ≤ atol + rtol |y|, or both are the same infinity, or (equal_nan) both NaN.

    RuntimeError: different dtypes, or negative tolerances.

    >>> torch.isclose(tensor([1.0, 2.0]), tensor([1.0, 2.1]))
    tensor([ True, False])
    """

    backward = None

    def forward(x, y, rtol=1e-05, atol=1e-08, equal_nan=False):
        _both_arrays("isclose", x, y)
        if x.dtype != y.dtype:
            raise RuntimeError(
                f"{scalar_name(from_numpy_dtype(x.dtype))} did not match "
                f"{scalar_name(from_numpy_dtype(y.dtype))}"
            )
        if rtol < 0:
            raise RuntimeError(f"rtol must be greater than or equal to zero, but got {rtol}")
        if atol < 0:
            raise RuntimeError(f"atol must be greater than or equal to zero, but got {atol}")
        close = x == y
        if equal_nan and not _exact(x):
            close = close | (np.isnan(x) & np.isnan(y))
        if x.dtype.kind == "b" or (rtol == 0 and atol == 0):
            return close
        allowed = atol + np.abs(rtol * y)
        if _exact(x):
            gap = np.abs(x.astype(np.float64) - y.astype(np.float64))
            return close | (gap <= allowed)
        gap = np.abs(x - y)
        return close | (np.isfinite(gap) & (gap <= allowed))

    def samples(make):
        yield make(3, 4), make(3, 4), 0.3, 0.2
        yield make(3, 1), make(4), 1.0
        yield make(0, 5), make(5)


@composite("allclose", method=True)
def allclose(input, other, rtol=1e-05, atol=1e-08, equal_nan=False):
    """True if all elements are close (see isclose)."""
    return bool(apply(CARDS["isclose"], (input, other, rtol, atol, equal_nan))._a.all())


@composite("equal", method=True)
def equal(input, other):
    """True if shape and all elements are equal."""
    tensor_argument("equal", input)
    tensor_argument("equal", other, "other", 2)
    return input._a.shape == other._a.shape and bool((input._a == other._a).all())


@composite("isin")
def isin(elements, test_elements, *, assume_unique=False, invert=False, out=None):
    """True where an element is one of test_elements (invert:
    is none of them). Either may be a number.

    >>> torch.isin(tensor([1, 2, 3]), tensor([3, 1]))
    tensor([ True, False,  True])
    """
    if is_number(elements) and is_number(test_elements):
        raise ValueError("isin(): at least one of elements and test_elements must be a Tensor")
    x, y = (v._a if isinstance(v, Tensor) else np.asarray(v) for v in (elements, test_elements))
    for v in (x, y):
        if v.dtype.kind == "c":
            raise RuntimeError("Unsupported input type encountered for isin(): ComplexFloat")
    found = wrap(np.isin(x, y, assume_unique=assume_unique, invert=invert))
    return found if out is None else into(out, found)


@op("heaviside", broadcast=True, inplace=True)
class Heaviside:
    """z = 0 where x < 0, 1 where x > 0, y where x = 0.  RuntimeError: different dtypes, complex."""

    def forward(x, y):
        _both_arrays("heaviside", x, y)
        if x.dtype.kind == "c" or y.dtype.kind == "c":
            raise RuntimeError("heaviside is not yet implemented for complex tensors.")
        if x.dtype != y.dtype:
            raise RuntimeError(
                "heaviside is not yet implemented for tensors with different dtypes."
            )
        return np.where(x == 0, y, (x > 0).astype(x.dtype))


@op("nextafter", inplace=True, promote="arith", broadcast=True)
class Nextafter:
    """z = the next number after x in the direction of y;  dx = dz where x ≠ y, else 0"""

    numbers = ()

    def forward(x, y):
        return np.nextafter(x, y)

    def backward(c, dz, x, y):
        zero = K.zeros_like(dz)
        return K.where(x == y, zero, dz), zero


@op("nan_to_num", inplace=True, tensors=1)
class NanToNum:
    """y = x with NaN, +inf, -inf replaced; by 0 and the largest and lowest numbers if nothing is
    given.

    grad    dx = dy where x is finite, else 0

    >>> torch.nan_to_num(tensor([float("nan"), float("inf"), 1.0]), posinf=9.0)
    tensor([0., 9., 1.])
    """

    def forward(x, nan=None, posinf=None, neginf=None):
        if _exact(x):
            return x.copy()
        if x.dtype.kind == "c":
            y = np.empty_like(x)
            y.real, y.imag = (_finite(v, nan, posinf, neginf) for v in (x.real, x.imag))
            return y
        return _finite(x, nan, posinf, neginf)

    def backward(c, dy, x):
        return K.where(K.isfinite(x), dy, K.zeros_like(dy))

    samples = unary()


def _finite(x: np.ndarray, nan, posinf, neginf) -> np.ndarray:
    info = finfo(from_numpy_dtype(x.dtype))
    y = np.where(np.isnan(x), 0 if nan is None else nan, x)
    y = np.where(x == np.inf, info.max if posinf is None else posinf, y)
    return np.where(x == -np.inf, info.min if neginf is None else neginf, y).astype(
        x.dtype, copy=False
    )
