"""Comparisons and questions: == < > ..., isclose, isnan, isin; heaviside, nextafter, nan_to_num."""

from __future__ import annotations

import numpy as np

from ..core.dtype import from_numpy_dtype, scalar_name
from ..core.dtype_info import finfo
from ..core.tensor import Tensor, wrap
from ..dispatch.messages import not_a_tensor, tensor_argument
from ..dispatch.promotion import is_number
from ..dispatch.registry import binary_operator, composite, op
from ..kernels import TABLE, K, native
from .samples import binary, unary


def _compare(name: str, alias: str | None, symbol: str) -> None:
    """Register x <op> y, which gives a bool tensor and no gradient."""
    kernel = getattr(K, name)

    class Compare:
        __doc__ = (
            f"z = x {symbol} y as bool, compared in the promoted dtype; not differentiable\n\n"
            "    shape   broadcast\n"
            "    dtype   bool; in place, that of x"
            + ("" if name in ("eq", "ne") else "\n    errors  NotImplementedError: complex")
            + "\n"
        )
        numbers = (1,)
        backward = None

        def variant(x, y):
            return None if isinstance(y, Tensor) else f"{name.capitalize()}0"

        def forward(x, y):
            return kernel(x, y)

        samples = binary()

    card = op(
        f"{name}(input, other, *, out=None)",
        *([alias] if alias else []),
        at="torch Tensor",
        inplace="Tensor",
        promote="arith",
        boolean=True,
        broadcast=True,
        node=f"{name.capitalize()}1",
        not_for="" if name in ("eq", "ne") else "c",
        kernel=f"{name}_cpu",
    )(Compare)
    operator, _ = binary_operator(card, TABLE[name], True)
    setattr(Tensor, f"__{name}__", operator)


for _args in (
    ("eq", None, "="),
    ("ne", "not_equal", "≠"),
    ("lt", "less", "<"),
    ("le", "less_equal", "≤"),
    ("gt", "greater", ">"),
    ("ge", "greater_equal", "≥"),
):
    _compare(*_args)


def _none(x: np.ndarray) -> np.ndarray:
    return np.zeros_like(x, bool)


def _exact(x: np.ndarray) -> bool:
    return x.dtype.kind in "iub"


@op("isnan(input)", at="torch Tensor")
class Isnan:
    """True where x is NaN.

    shape   x (*) -> y (*)
    """

    backward = None

    def forward(x):
        return _none(x) if _exact(x) else K.isnan(x)

    samples = unary()


@op("isinf(input)", at="torch Tensor")
class Isinf:
    """True where x is infinite.

    shape   x (*) -> y (*)
    """

    backward = None

    def forward(x):
        return _none(x) if _exact(x) else K.isinf(x)

    samples = unary()


@op("isfinite(input)", at="torch Tensor")
class Isfinite:
    """True where x is neither infinite nor NaN.

    shape   x (*) -> y (*)
    """

    backward = None

    def forward(x):
        return ~_none(x) if _exact(x) else K.isfinite(x)

    samples = unary()


@op("isposinf(input, *, out=None)", at="torch Tensor")
class Isposinf:
    """True where x is +infinity.  RuntimeError: complex."""

    backward = None

    def forward(x):
        return _is_infinity(x, np.inf, "isposinf")

    samples = unary()


@op("isneginf(input, *, out=None)", at="torch Tensor")
class Isneginf:
    """True where x is -infinity.  RuntimeError: complex."""

    backward = None

    def forward(x):
        return _is_infinity(x, -np.inf, "isneginf")

    samples = unary()


def _is_infinity(x: np.ndarray, infinity: float, name: str) -> np.ndarray:
    if x.dtype.kind == "c":
        raise RuntimeError(f"{name} does not support complex inputs.")
    return _none(x) if _exact(x) else x == infinity


@op(
    "isclose(input, other: Tensor, rtol=1e-05, atol=1e-08, equal_nan=False)",
    at="torch Tensor",
    tensors=2,
    broadcast=True,
)
class Isclose:
    """True where |x - y| ≤ atol + rtol |y|, or both are the same infinity, or (equal_nan) both NaN

    shape   broadcast
    errors  RuntimeError: different dtypes, or negative tolerances

    >>> torch.isclose(tensor([1.0, 2.0]), tensor([1.0, 2.1]))
    tensor([ True, False])
    """

    backward = None

    def prepare(input, other, rtol, atol, equal_nan):
        tensor_argument("isclose", input)
        tensor_argument("isclose", other, "other", 2)
        if input.dtype is not other.dtype:
            raise RuntimeError(
                f"{scalar_name(input.dtype)} did not match {scalar_name(other.dtype)}"
            )
        if rtol < 0:
            raise RuntimeError(f"rtol must be greater than or equal to zero, but got {rtol}")
        if atol < 0:
            raise RuntimeError(f"atol must be greater than or equal to zero, but got {atol}")
        return input, other, rtol, atol, equal_nan

    def forward(x, y, rtol, atol, equal_nan):
        close = x == y
        if equal_nan and not _exact(x):
            close = close | (K.isnan(x) & K.isnan(y))
        if x.dtype.kind == "b" or (rtol == 0 and atol == 0):
            return close
        allowed = atol + K.abs(rtol * y)
        if _exact(x):
            gap = K.abs(x.astype(np.float64) - y.astype(np.float64))
            return close | (gap <= allowed)
        gap = K.abs(x - y)
        return close | (K.isfinite(gap) & (gap <= allowed))

    def samples(make):
        yield make(3, 4), make(3, 4), 0.3, 0.2
        yield make(3, 1), make(4), 1.0
        yield make(0, 5), make(5)


@composite(
    "allclose(input, other: Tensor, rtol=1e-05, atol=1e-08, equal_nan=False)", at="torch Tensor"
)
def allclose(input, other, rtol, atol, equal_nan):
    """True if all elements are close (see isclose).

    shape   the operands are broadcast; a bool comes back
    errors  RuntimeError: two dtypes, or shapes that do not broadcast
    """
    return bool(Isclose(input, other, rtol, atol, equal_nan)._a.all())


@composite("equal(input, other: Tensor)", at="torch Tensor")
def equal(input, other):
    """True if shape and all elements are equal."""
    tensor_argument("equal", other, "other", 2)
    x, y = input._a, other._a
    if native is not None and (same := native.same(x, y)) is not None:
        return same
    if x.shape != y.shape:
        return False
    same = x == y
    return bool(np.count_nonzero(same) == same.size if type(same) is np.ndarray else same.all())


@composite(
    "isin(elements, test_elements, *, assume_unique=False, invert=False, out=None)", at="torch"
)
def isin(elements, test_elements, *, assume_unique, invert):
    """True where an element is one of test_elements (invert: is none of them)

    Either may be a number.

    shape   that of elements
    errors  TypeError: both are numbers; RuntimeError: complex or bool

    >>> torch.isin(tensor([1, 2, 3]), tensor([3, 1]))
    tensor([ True, False,  True])
    """
    for i, (name, v) in enumerate((("elements", elements), ("test_elements", test_elements))):
        if not is_number(v):
            tensor_argument("isin", v, name, i + 1)
    if is_number(elements) and is_number(test_elements):
        raise not_a_tensor("isin", "elements", 1, elements)
    x, y = (v._a if isinstance(v, Tensor) else np.asarray(v) for v in (elements, test_elements))
    for v in (x, y):
        if v.dtype.kind in "cb":
            kind = scalar_name(from_numpy_dtype(v.dtype))
            raise RuntimeError(f"Unsupported input type encountered for isin(): {kind}")
    return wrap(np.isin(x, y, assume_unique=assume_unique, invert=invert))


@op(
    "heaviside(input, values: Tensor, *, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    broadcast=True,
    quiet=True,
)
class Heaviside:
    """z = 0 where x < 0, 1 where x > 0, y where x = 0; not differentiable, backward raises

    shape   broadcast
    errors  RuntimeError: different dtypes, complex
    """

    def prepare(input, values):
        tensor_argument("heaviside", input)
        tensor_argument("heaviside", values, "values", 2)
        if input.is_complex() or values.is_complex():
            raise RuntimeError("heaviside is not yet implemented for complex tensors.")
        if input.dtype is not values.dtype:
            raise RuntimeError(
                "heaviside is not yet implemented for tensors with different dtypes."
            )
        return input, values

    def forward(x, y):
        return K.where(x == 0, y, (x > 0).astype(x.dtype))

    samples = binary(numbers=False)


@op(
    "nextafter(input, other: Tensor, *, out=None)",
    at="torch Tensor",
    inplace="Tensor",
    promote="arith",
    broadcast=True,
    not_for="iubc",
    kernel="nextafter_cpu",
)
class Nextafter:
    """z = the next number after x in the direction of y;  dx = dz where x ≠ y, else 0

    shape   broadcast
    errors  NotImplementedError: not floating
    """

    numbers = ()

    def forward(x, y):
        return K.nextafter(x, y)

    def backward(c, dz, x, y):
        zero = K.zeros_like(dz)
        return K.where(x == y, zero, dz), zero


@op(
    "nan_to_num(input, nan=None, posinf=None, neginf=None, *, out=None)",
    at="torch Tensor",
    inplace="torch Tensor",
    tensors=1,
)
class NanToNum:
    """y = x with NaN, +inf, -inf replaced; by 0 and the largest and lowest numbers if nothing is
    given.

    shape   x (*) -> y (*)
    grad    dx = dy where x is finite, else 0

    >>> torch.nan_to_num(tensor([float("nan"), float("inf"), 1.0]), posinf=9.0)
    tensor([0., 9., 1.])
    """

    once = True

    def forward(x, nan, posinf, neginf):
        if _exact(x):
            return x.copy(order="K")
        if x.dtype.kind == "c":
            y = K.zeros(x.shape, x)
            y.real, y.imag = (_finite(v, nan, posinf, neginf) for v in (x.real, x.imag))
            return y
        return _finite(x, nan, posinf, neginf)

    def backward(c, dy, x):
        return K.where(K.isfinite(x), dy, K.zeros_like(dy))

    samples = unary()


def _finite(x: np.ndarray, nan, posinf, neginf) -> np.ndarray:
    info = finfo(from_numpy_dtype(x.dtype))
    return K.finite(
        x,
        0.0 if nan is None else nan,
        info.max if posinf is None else posinf,
        info.min if neginf is None else neginf,
    )
