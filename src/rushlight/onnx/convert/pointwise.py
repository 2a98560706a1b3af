"""Ops on elements one by one, and comparisons."""

from __future__ import annotations

import math
from typing import Any

from ...core.dtype import bool_, float32, int64
from ..graph import Graph, Value
from .table import CARDS, card, common, is_float, whole

# ---------------------------------------------------------------- one operand

for _ours, _theirs in {
    "abs": "Abs", "neg": "Neg", "exp": "Exp", "log": "Log", "sqrt": "Sqrt",
    "reciprocal": "Reciprocal", "sin": "Sin", "cos": "Cos", "tan": "Tan", "asin": "Asin",
    "acos": "Acos", "atan": "Atan", "sinh": "Sinh", "cosh": "Cosh", "tanh": "Tanh",
    "asinh": "Asinh", "acosh": "Acosh", "atanh": "Atanh", "floor": "Floor", "ceil": "Ceil",
    "erf": "Erf", "sign": "Sign", "sgn": "Sign", "relu": "Relu", "sigmoid": "Sigmoid",
    "selu": "Selu",
}.items():  # fmt: skip

    def _plain(g: Graph, x: Value, kind: str = _theirs) -> Value:
        given = g.cast(x, g.result.dtype)
        if kind in ("Floor", "Ceil") and not g.result.dtype.is_floating_point:
            return given
        return g.op(kind, given)

    CARDS[_ours] = _plain


def number(g: Graph, value: Any, like: Value) -> Value:
    """A constant of the dtype of another Value."""
    return g.constant(value, like.dtype)


def scaled(g: Graph, x: Value, factor: float) -> Value:
    return x if factor == 1 else g.op("Mul", x, number(g, factor, x))


def floats(g: Graph, x: Value) -> Value:
    """x in the dtype of the result."""
    return g.cast(x, g.result.dtype)


@card("clone", "contiguous")
def clone(g: Graph, x: Value, memory_format: Any = None) -> Value:
    return x


@whole("contiguous", "detach", "positive", "resolve_conj", "resolve_neg", "cpu", "alias_copy",
       "detach_copy")  # fmt: skip
def same(g: Graph, input: Value, **rest: Any) -> Value:
    return input


@card("to_copy")
def to_copy(g: Graph, x: Value, dtype: Any = None, source: Any = None) -> Value:
    return g.cast(x, g.result.dtype)


@whole("to")
def to(g: Graph, args: Any, kwargs: Any) -> Value:
    return g.cast(args[0], g.result.dtype)


@card("rsqrt")
def rsqrt(g: Graph, x: Value) -> Value:
    return g.op("Reciprocal", g.op("Sqrt", floats(g, x)))


@card("square")
def square(g: Graph, x: Value, p: Any = 2) -> Value:
    return g.op("Mul", x, x)


@card("exp2")
def exp2(g: Graph, x: Value) -> Value:
    return g.op("Exp", scaled(g, floats(g, x), math.log(2)))


@card("expm1")
def expm1(g: Graph, x: Value) -> Value:
    x = floats(g, x)  # 2 sinh(x / 2) exp(x / 2): exact near 0, too
    half = scaled(g, x, 0.5)
    return scaled(g, g.op("Mul", g.op("Sinh", half), g.op("Exp", half)), 2.0)


@card("log2")
def log2(g: Graph, x: Value) -> Value:
    return scaled(g, g.op("Log", floats(g, x)), 1 / math.log(2))


@card("log10")
def log10(g: Graph, x: Value) -> Value:
    return scaled(g, g.op("Log", floats(g, x)), 1 / math.log(10))


@card("log1p")
def log1p(g: Graph, x: Value) -> Value:
    x = floats(g, x)
    return g.op("Log", g.op("Add", x, number(g, 1, x)))


@card("erfc")
def erfc(g: Graph, x: Value) -> Value:
    x = floats(g, x)
    return g.op("Sub", number(g, 1, x), g.op("Erf", x))


@card("trunc")
def trunc(g: Graph, x: Value) -> Value:
    if not x.dtype.is_floating_point:
        return x
    return g.op("Mul", g.op("Sign", x), g.op("Floor", g.op("Abs", x)))


@card("frac")
def frac(g: Graph, x: Value) -> Value:
    return g.op("Sub", x, trunc(g, x))


@card("round")
def round_(g: Graph, x: Value, decimals: int = 0) -> Value:
    if not x.dtype.is_floating_point:
        return x
    factor = 10.0**decimals
    return scaled(g, g.op("Round", scaled(g, x, factor)), 1 / factor)


@card("sinc")
def sinc(g: Graph, x: Value) -> Value:
    x = scaled(g, floats(g, x), math.pi)
    zero = g.op("Equal", x, number(g, 0, x), dtype=bool_)
    safe = g.op("Where", zero, number(g, 1, x), x, dtype=x.dtype)
    return g.op("Where", zero, number(g, 1, x), g.op("Div", g.op("Sin", safe), safe), dtype=x.dtype)


@card("logit")
def logit(g: Graph, x: Value, eps: Any = None) -> Value:
    x = floats(g, x)
    if eps is not None:
        x = g.op("Clip", x, number(g, eps, x), number(g, 1 - eps, x))
    return g.op("Log", g.op("Div", x, g.op("Sub", number(g, 1, x), x)))


@card("ldexp")
def ldexp(g: Graph, x: Value, y: Value, narrower: Any = None) -> Value:
    d = g.result.dtype
    return g.op("Mul", g.cast(x, d), g.op("Pow", g.constant(2, d), g.cast(y, d)))


@card("deg2rad")
def deg2rad(g: Graph, x: Value) -> Value:
    return scaled(g, floats(g, x), math.pi / 180)


@card("rad2deg")
def rad2deg(g: Graph, x: Value) -> Value:
    return scaled(g, floats(g, x), 180 / math.pi)


@card("signbit")
def signbit(g: Graph, x: Value) -> Value:
    return g.op("Less", x, number(g, 0, x), dtype=bool_)


@card("entr")
def entr(g: Graph, x: Value) -> Value:
    x = floats(g, x)
    y = g.op("Neg", g.op("Mul", x, g.op("Log", x)))
    y = g.op(
        "Where", g.op("Equal", x, number(g, 0, x), dtype=bool_), number(g, 0, x), y, dtype=x.dtype
    )
    below = g.op("Less", x, number(g, 0, x), dtype=bool_)
    return g.op("Where", below, number(g, -math.inf, x), y, dtype=x.dtype)


# ---------------------------------------------------------------- two operands


def _two(kind: str) -> Any:
    def converter(g: Graph, x: Any, y: Any) -> Value:
        d = g.result.dtype
        if d is bool_:  # of truths
            logical = {"Mul": "And", "Add": "Or", "Max": "Or", "Min": "And"}[kind]
            return g.op(logical, g.cast(x, d), g.cast(y, d))
        return g.op(kind, g.cast(x, d), g.cast(y, d))

    return converter


for _ours, _theirs in {
    "add": "Add", "sub": "Sub", "mul": "Mul", "maximum": "Max", "minimum": "Min", "fmax": "Max",
    "fmin": "Min", "div": "Div",
}.items():  # fmt: skip
    CARDS[_ours] = _two(_theirs)


@card("add_scaled")
def add_scaled(g: Graph, x: Any, y: Any, alpha: Any) -> Value:
    d = g.result.dtype
    return g.op("Add", g.cast(x, d), g.op("Mul", g.cast(y, d), g.constant(alpha, d)))


@card("rsub")
def rsub(g: Graph, x: Any, y: Any) -> Value:
    d = g.result.dtype
    return g.op("Sub", g.cast(y, d), g.cast(x, d))


@card("pow", "pow_number")
def pow_(g: Graph, x: Any, y: Any = None, p: Any = None) -> Value:
    d, y = g.result.dtype, p if y is None else y
    x = g.cast(x, d)
    if y == 2 and not isinstance(y, Value):
        return g.op("Mul", x, x)
    if y == 0.5 and not isinstance(y, Value):
        return g.op("Sqrt", x)
    return g.op("Pow", x, g.cast(y, d))


def _floor_div(g: Graph, x: Value, y: Value) -> Value:
    if x.dtype.is_floating_point:
        return g.op("Floor", g.op("Div", x, y))
    return g.op("Div", g.op("Sub", x, g.op("Mod", x, y)), y)


@card("floor_divide")
def floor_divide(g: Graph, x: Any, y: Any) -> Value:
    d = g.result.dtype
    return _floor_div(g, g.cast(x, d), g.cast(y, d))


@card("div_rounded")
def div_rounded(g: Graph, x: Any, y: Any, rounding_mode: str) -> Value:
    d = g.result.dtype
    x, y = g.cast(x, d), g.cast(y, d)
    if rounding_mode == "floor":
        return _floor_div(g, x, y)
    return trunc(g, g.op("Div", x, y))


@card("remainder", "remainder_of_number")
def remainder(g: Graph, x: Any, y: Any) -> Value:
    d = g.result.dtype
    x, y = g.cast(x, d), g.cast(y, d)
    if not d.is_floating_point:
        return g.op("Mod", x, y)
    return g.op("Sub", x, g.op("Mul", y, g.op("Floor", g.op("Div", x, y))))


@card("fmod")
def fmod(g: Graph, x: Any, y: Any) -> Value:
    d = g.result.dtype
    return g.op("Mod", g.cast(x, d), g.cast(y, d), fmod=1)


@card("copysign")
def copysign(g: Graph, x: Any, y: Any) -> Value:
    d = g.result.dtype
    size, y = g.op("Abs", g.cast(x, d)), g.cast(y, d)
    negative = g.op("Less", y, number(g, 0, y), dtype=bool_)
    return g.op("Where", negative, g.op("Neg", size), size, dtype=d)


@card("hypot")
def hypot(g: Graph, x: Any, y: Any) -> Value:
    d = g.result.dtype
    x, y = g.cast(x, d), g.cast(y, d)
    return g.op("Sqrt", g.op("Add", g.op("Mul", x, x), g.op("Mul", y, y)))


@card("atan2")
def atan2(g: Graph, x: Any, y: Any) -> Value:
    d = g.result.dtype
    y, x = g.cast(x, d), g.cast(y, d)  # atan2(y, x)
    zero = number(g, 0, x)
    left = g.op("Less", x, zero, dtype=bool_)
    on_axis = g.op("Equal", x, zero, dtype=bool_)
    safe = g.op("Where", on_axis, number(g, 1, x), x, dtype=d)
    angle = g.op("Atan", g.op("Div", y, safe))
    below = g.op("Less", y, zero, dtype=bool_)
    turn = g.op("Where", below, number(g, -math.pi, x), number(g, math.pi, x), dtype=d)
    angle = g.op("Where", left, g.op("Add", angle, turn), angle, dtype=d)
    upright = g.op("Mul", g.op("Sign", y), number(g, math.pi / 2, x))
    return g.op("Where", on_axis, upright, angle, dtype=d)


def _log_of_sum(base: float) -> Any:
    def converter(g: Graph, x: Any, y: Any) -> Value:
        d = g.result.dtype
        x, y = scaled(g, g.cast(x, d), base), scaled(g, g.cast(y, d), base)
        top = g.op("Max", x, y)
        away = g.op("Neg", g.op("Abs", g.op("Sub", x, y)))
        found = g.op("Add", top, g.op("Log", g.op("Add", g.op("Exp", away), number(g, 1, x))))
        return scaled(g, found, 1 / base)

    return converter


CARDS["logaddexp"] = _log_of_sum(1.0)
CARDS["logaddexp2"] = _log_of_sum(math.log(2))


@card("xlogy", "xlog1py")
def xlogy(g: Graph, x: Any, y: Any) -> Value:
    d = g.result.dtype
    x, y = g.cast(x, d), g.cast(y, d)
    found = g.op("Mul", x, g.op("Log", y))
    return g.op(
        "Where", g.op("Equal", x, number(g, 0, x), dtype=bool_), number(g, 0, x), found, dtype=d
    )


del CARDS["xlog1py"]


def _compared(kind: str, negated: bool = False) -> Any:
    def converter(g: Graph, x: Any, y: Any) -> Value:
        x, y = common(g, x, y)
        if x.dtype is bool_ and kind != "Equal":
            x, y = g.cast(x, int64), g.cast(y, int64)
        found = g.op(kind, x, y, dtype=bool_)
        return g.op("Not", found) if negated else found

    return converter


for _ours, _theirs in {"eq": "Equal", "lt": "Less", "le": "LessOrEqual", "gt": "Greater",
                       "ge": "GreaterOrEqual"}.items():  # fmt: skip
    CARDS[_ours] = _compared(_theirs)
CARDS["ne"] = _compared("Equal", True)


@card("isnan")
def isnan(g: Graph, x: Value) -> Value:
    x = x if x.dtype.is_floating_point else g.cast(x, float32)
    return g.op("IsNaN", x, dtype=bool_)


def _infinite(**signs: int) -> Any:
    def converter(g: Graph, x: Value) -> Value:
        x = x if x.dtype.is_floating_point else g.cast(x, float32)
        return g.op("IsInf", x, dtype=bool_, **signs)

    return converter


CARDS["isinf"] = _infinite()
CARDS["isposinf"] = _infinite(detect_negative=0)
CARDS["isneginf"] = _infinite(detect_positive=0)


@card("isfinite")
def isfinite(g: Graph, x: Value) -> Value:
    return g.op("Not", g.op("Or", CARDS["isinf"](g, x), isnan(g, x)))


@card("isclose")
def isclose(g: Graph, x: Value, y: Value, rtol: float, atol: float, equal_nan: bool) -> Value:
    x, y = common(g, x, y)
    allowed = g.op("Add", scaled(g, g.op("Abs", y), rtol), number(g, atol, y))
    near = g.op("LessOrEqual", g.op("Abs", g.op("Sub", x, y)), allowed, dtype=bool_)
    near = g.op("Or", near, g.op("Equal", x, y, dtype=bool_))
    if equal_nan:
        near = g.op("Or", near, g.op("And", isnan(g, x), isnan(g, y)))
    return near


@card("heaviside")
def heaviside(g: Graph, x: Value, y: Value) -> Value:
    positive = g.cast(g.op("Greater", x, number(g, 0, x), dtype=bool_), x.dtype)
    zero = g.op("Equal", x, number(g, 0, x), dtype=bool_)
    return g.op("Where", zero, y, positive, dtype=x.dtype)


def _logical(kind: str) -> Any:
    def converter(g: Graph, x: Any, y: Any) -> Value:
        return g.op(kind, g.cast(x, bool_), g.cast(y, bool_))

    return converter


for _ours, _theirs in {"logical_and": "And", "logical_or": "Or", "logical_xor": "Xor"}.items():
    CARDS[_ours] = _logical(_theirs)


@card("logical_not")
def logical_not(g: Graph, x: Value) -> Value:
    return g.op("Not", g.cast(x, bool_))


def _bitwise(kind: str) -> Any:
    def converter(g: Graph, x: Any, y: Any) -> Value:
        d = g.result.dtype
        x, y = g.cast(x, d), g.cast(y, d)
        return g.op(kind, x, y) if d is bool_ else _since(g, 18, "Bitwise" + kind, x, y)

    return converter


def _since(g: Graph, opset: int, kind: str, *inputs: Any, **attributes: Any) -> Any:
    """An operator that ONNX has since an opset. UnsupportedOperatorError: an older one."""
    from ..errors import UnsupportedOperatorError

    if g.opset < opset:
        raise UnsupportedOperatorError(
            f"{kind} is in ONNX since opset {opset}, and opset_version is {g.opset}"
        )
    return g.op(kind, *inputs, **attributes)


for _kind in ("And", "Or", "Xor"):
    CARDS["bitwise_" + _kind.lower()] = _bitwise(_kind)


@card("bitwise_not")
def bitwise_not(g: Graph, x: Value) -> Value:
    return g.op("Not", x) if x.dtype is bool_ else _since(g, 18, "BitwiseNot", x)


# ---------------------------------------------------------------- three operands


@card("where")
def where(g: Graph, condition: Any, x: Any, y: Any) -> Value:
    d = g.result.dtype
    return g.op("Where", g.cast(condition, bool_), g.cast(x, d), g.cast(y, d), dtype=d)


@card("masked_fill")
def masked_fill(g: Graph, x: Value, mask: Value, value: Any) -> Value:
    d = x.dtype
    return g.op("Where", g.cast(mask, bool_), g.cast(value, d), x, dtype=d)


@card("lerp", "lerp_tensor")
def lerp(g: Graph, x: Any, y: Any, w: Any) -> Value:
    d = g.result.dtype
    x, y, w = g.cast(x, d), g.cast(y, d), g.cast(w, d)
    return g.op("Add", x, g.op("Mul", w, g.op("Sub", y, x)))


@card("addcmul")
def addcmul(g: Graph, x: Any, y: Any, z: Any, value: Any) -> Value:
    d = g.result.dtype
    x, y, z = g.cast(x, d), g.cast(y, d), g.cast(z, d)
    return g.op("Add", x, g.op("Mul", g.op("Mul", y, z), g.cast(value, d)))


@card("addcdiv")
def addcdiv(g: Graph, x: Any, y: Any, z: Any, value: Any, divisor: Any = None) -> Value:
    d = g.result.dtype
    x, y, z = g.cast(x, d), g.cast(y, d), g.cast(z, d)
    return g.op("Add", x, g.op("Mul", g.op("Div", y, z), g.cast(value, d)))


@card("copy")
def copy(g: Graph, x: Value, source: Any) -> Value:
    return expanded(g, g.cast(source, x.dtype), source, x)


@whole("copy_")
def copy_(g: Graph, input: Value, src: Any, non_blocking: bool = False) -> Value:
    return expanded(g, g.cast(src, input.dtype), src, input)


@card("fill")
def fill(g: Graph, x: Value, value: Any) -> Value:
    return expanded(g, g.cast(value, x.dtype), value, x)


@whole("zero_")
def zero_(g: Graph, input: Value) -> Value:
    return g.filled(input.shape, 0, input.dtype)


def expanded(g: Graph, y: Value, source: Any, x: Value) -> Value:
    """y in the shape of x."""
    if isinstance(source, Value) and source.shape == x.shape:
        return y
    return g.op("Expand", y, g.sizes(x.shape))


__all__ = ["is_float"]
