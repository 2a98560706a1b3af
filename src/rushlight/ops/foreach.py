"""torch._foreach_*: one op on every tensor of a list, as optimizers call it.

A call does what a loop does: the ops of the tensors, one after the other. Optimizers here have
kernels for whole lists of their own (optim/).

    f(tensors)            one argument                      tuple of results; f_ in place: the list
    f(tensors, other)     a number, numbers, a tensor of one element, or tensors: one for each
    f(tensors, a, b, v)   addcmul, addcdiv; v: a number, numbers, or a tensor of numbers
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.tensor import Tensor
from ..dispatch.promotion import is_number
from ..dispatch.registry import FUNCTIONS

_UNARY = (
    "abs acos asin atan ceil cos cosh erf erfc exp expm1 floor frac lgamma log log10 log1p log2 "
    "neg reciprocal round rsqrt sigmoid sign sin sinh sqrt tan tanh trunc"
).split()
_BINARY = "add sub mul div pow clamp_max clamp_min maximum minimum".split()
# the op for tensors, where another one takes numbers
_NUMBERS = {"maximum": "clamp_min", "minimum": "clamp_max"}
_TENSORS = {"clamp_min": "maximum", "clamp_max": "minimum"}
_TENSOR_OPERAND = frozenset("add mul div".split())  # take one tensor for all


def _list(name: str, tensors: Any) -> Sequence[Tensor]:
    """The first argument, checked."""
    if not isinstance(tensors, (list, tuple)):
        raise TypeError(
            f"{name}(): argument 'self' (position 1) must be tuple of Tensors, not "
            f"{type(tensors).__name__}"
        )
    if not tensors:
        raise RuntimeError("Tensor list must have at least one tensor.")
    for i, t in enumerate(tensors):
        if not isinstance(t, Tensor):
            raise TypeError(
                f"expected Tensor as element {i} in argument 0, but got {type(t).__name__}"
            )
    return tensors


def _same_length(a: Sequence, b: Sequence) -> Sequence:
    if len(a) != len(b):
        raise RuntimeError(
            f"Tensor lists must have the same number of tensors, got {len(a)} and {len(b)}"
        )
    return b


def _each(name: str, tensors: Sequence, other: Any, one_tensor: bool = True) -> Sequence:
    """The second operand of each tensor."""
    if is_number(other):
        return [other] * len(tensors)
    if isinstance(other, Tensor) and one_tensor:
        if other.ndim:
            raise RuntimeError(
                f"scalar tensor expected to be 0 dim but it has {other.ndim} dimensions and "
                f"{other.numel()} elements."
            )
        return [other] * len(tensors)
    if isinstance(other, (list, tuple)):
        if all(isinstance(t, Tensor) for t in other):
            return _same_length(tensors, other)
        if all(is_number(v) for v in other):
            if len(other) != len(tensors):
                raise RuntimeError("Tensor list must have same number of elements as scalar list.")
            return other
    raise TypeError(
        f"{name}() received an invalid combination of arguments - got "
        f"({type(tensors).__name__}, {type(other).__name__}), but expected a number, a list of "
        "numbers, or a list of Tensors as the second one"
    )


def _op(base: str, other: Any) -> Any:
    table = _TENSORS if isinstance(other, Tensor) else _NUMBERS
    return FUNCTIONS[table.get(base, base)]


def _write(x: Tensor, base: str, value: Any, *args: Any, **kwargs: Any) -> None:
    """x = base(x, value) in place."""
    name = (_TENSORS if isinstance(value, Tensor) else _NUMBERS).get(base, base)
    method = getattr(x, name + "_", None)
    if method is None:  # maximum and minimum have none
        x.copy_(FUNCTIONS[name](x, value))  # type: ignore[attr-defined]
    else:
        method(value, *args, **kwargs)


def _unary(base: str) -> tuple[Any, Any]:
    name = f"_foreach_{base}"

    def function(self: Any) -> tuple:
        op = FUNCTIONS[base]
        return tuple([op(t) for t in _list(name, self)])

    def inplace(self: Any) -> Any:
        for t in _list(name + "_", self):
            getattr(t, base + "_")()
        return self

    return function, inplace


def _binary(base: str) -> tuple[Any, Any]:
    name, one_tensor = f"_foreach_{base}", base in _TENSOR_OPERAND or base == "sub"

    def function(self: Any, other: Any, *, alpha: Any = 1) -> tuple:
        if base == "pow" and is_number(self):  # the number to the power of each
            return tuple([FUNCTIONS["pow"](self, t) for t in _list(name, other)])
        others = _each(name, _list(name, self), other, one_tensor)
        more = {} if alpha == 1 else _alpha(base, alpha)
        pairs = zip(self, others, strict=True)
        return tuple([_op(base, v)(t, v, **more) for t, v in pairs])

    def inplace(self: Any, other: Any, *, alpha: Any = 1) -> Any:
        others = _each(name + "_", _list(name + "_", self), other, one_tensor)
        more = {} if alpha == 1 else _alpha(base, alpha)
        for t, v in zip(self, others, strict=True):
            _write(t, base, v, **more)
        return self

    return function, inplace


def _alpha(base: str, alpha: Any) -> dict[str, Any]:
    if base not in ("add", "sub"):
        raise TypeError(f"_foreach_{base}() got an unexpected keyword argument 'alpha'")
    return {"alpha": alpha}


def _pointwise(base: str) -> tuple[Any, Any]:
    """addcmul, addcdiv"""
    name = f"_foreach_{base}"

    def values(self: Any, tensor1: Any, tensor2: Any, value: Any) -> Any:
        for other in (tensor1, tensor2):
            _same_length(_list(name, self), other)
        if isinstance(value, Tensor):
            if value.numel() != len(self):
                raise RuntimeError(
                    f"Expected length of scalars to match input of length {len(self)} but got "
                    f"{value.numel()} instead."
                )
            value = value.tolist()
        factors = [value] * len(self) if is_number(value) else _each(name, self, value)
        return zip(self, tensor1, tensor2, factors, strict=True)

    def function(self: Any, tensor1: Any, tensor2: Any, value: Any = 1) -> tuple:
        op = FUNCTIONS[base]
        return tuple([op(t, a, b, value=v) for t, a, b, v in values(self, tensor1, tensor2, value)])

    def inplace(self: Any, tensor1: Any, tensor2: Any, value: Any = 1) -> Any:
        for t, a, b, v in values(self, tensor1, tensor2, value):
            getattr(t, base + "_")(a, b, value=v)
        return self

    return function, inplace


def _lerp() -> tuple[Any, Any]:
    def pairs(self: Any, tensors1: Any, weight: Any) -> Any:
        ends = _same_length(_list("_foreach_lerp", self), tensors1)
        return zip(self, ends, _each("_foreach_lerp", self, weight), strict=True)

    def function(self: Any, tensors1: Any, weight: Any) -> tuple:
        op = FUNCTIONS["lerp"]
        return tuple([op(t, end, w) for t, end, w in pairs(self, tensors1, weight)])

    def inplace(self: Any, tensors1: Any, weight: Any) -> Any:
        for t, end, w in pairs(self, tensors1, weight):
            t.lerp_(end, w)
        return self

    return function, inplace


def _foreach_norm(self: Any, ord: Any = 2, dtype: Any = None) -> tuple:
    """The norm of each tensor, over all its elements."""
    norm = FUNCTIONS["linalg.vector_norm"]
    return tuple([norm(t, ord, dtype=dtype) for t in _list("_foreach_norm", self)])


def _foreach_powsum(self: Any, ord: Any = 2, dtype: Any = None) -> tuple:
    """sum |x|^ord of each tensor"""
    tensors = _list("_foreach_powsum", self)
    if dtype is not None:
        tensors = [t.to(dtype) for t in tensors]
    power, total = FUNCTIONS["pow"], FUNCTIONS["sum"]
    return tuple([total(power(t.abs(), ord)) for t in tensors])  # type: ignore[attr-defined]


def _foreach_max(self: Any) -> tuple:
    """The largest element of each tensor."""
    tensors = _list("_foreach_max", self)
    if any(t.numel() == 0 for t in tensors):
        raise RuntimeError(
            "_foreach_max cannot compute the maximum of an empty tensor; max over zero elements is "
            "undefined."
        )
    return tuple([FUNCTIONS["amax"](t) for t in tensors])


def _foreach_mm(self: Any, mat2: Any) -> tuple:
    """The matrix product of each pair."""
    pairs = zip(_list("_foreach_mm", self), _same_length(self, mat2), strict=True)
    return tuple([FUNCTIONS["mm"](a, b) for a, b in pairs])


def _foreach_clone(self: Any, *, memory_format: Any = None) -> tuple:
    """A copy of each tensor."""
    more = {} if memory_format is None else {"memory_format": memory_format}
    return tuple([t.clone(**more) for t in _list("_foreach_clone", self)])  # type: ignore[attr-defined]


def _foreach_copy_(self: Any, src: Any, non_blocking: bool = False) -> Any:
    """Copy each of src into the tensor of `self` at its place."""
    for t, s in zip(_list("_foreach_copy_", self), _same_length(self, src), strict=True):
        t.copy_(s, non_blocking)  # type: ignore[attr-defined]
    return self


def _foreach_zero_(self: Any) -> Any:
    """Zeros in each tensor."""
    for t in _list("_foreach_zero_", self):
        t.zero_()  # type: ignore[attr-defined]
    return self


def _define() -> None:
    """The functions of the tables, under PyTorch's names."""
    made = [(base, _unary(base)) for base in _UNARY] + [(base, _binary(base)) for base in _BINARY]
    made += [(base, _pointwise(base)) for base in ("addcmul", "addcdiv")] + [("lerp", _lerp())]
    for base, (function, inplace) in made:
        for f, name in ((function, f"_foreach_{base}"), (inplace, f"_foreach_{base}_")):
            f.__name__ = f.__qualname__ = name
            f.__doc__ = f"torch.{name.removeprefix('_foreach_')} of each tensor, see foreach.py."
            globals()[name] = f


_define()
