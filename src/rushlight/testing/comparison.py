"""assert_close and make_tensor: what tests of code on tensors need, under PyTorch's names.

Two values are close where |actual - expected| ≤ atol + rtol · |expected|.
Tolerances that are not given depend on the dtypes: the wider of the two.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core.dtype import COMPLEX, FLOAT, dtype, number_dtype, result_dtype
from ..core.dtype_info import finfo, iinfo
from ..core.tensor import Tensor, wrap

# (rtol, atol) by dtype; integers and bool must be equal
TOLERANCES = {
    "float16": (1e-3, 1e-5),
    "bfloat16": (1.6e-2, 1e-5),
    "float32": (1.3e-6, 1e-5),
    "float64": (1e-7, 1e-7),
    "complex64": (1.3e-6, 1e-5),
    "complex128": (1e-7, 1e-7),
}
_NUMBERS = (bool, int, float, complex, np.number, np.bool_)


def assert_close(
    actual: Any,
    expected: Any,
    *,
    allow_subclasses: bool = True,
    rtol: float | None = None,
    atol: float | None = None,
    equal_nan: bool = False,
    check_device: bool = True,
    check_dtype: bool = True,
    check_layout: bool = True,
    check_stride: bool = False,
    msg: str | Callable[[str], str] | None = None,
) -> None:
    """AssertionError unless actual and expected are close.

    They are tensors, arrays, numbers, None, and nestings of them.

    rtol, atol        given both or none; by default those of the dtypes
    equal_nan         NaN equals NaN
    check_dtype       dtypes must be equal (device and layout always are, here)
    check_stride      strides must be equal
    allow_subclasses  if False, both must be of the same type
    msg               the message of the error, or a function of the message that there would be

    Errors: ValueError: only one tolerance; TypeError: values that cannot be compared.

    >>> torch.testing.assert_close(torch.tensor([1.0]), torch.tensor([1.0 + 1e-7]))
    """
    if (rtol is None) != (atol is None):
        missing = "rtol" if rtol is None else "atol"
        raise ValueError(
            f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {missing}."
        )
    rules = _Rules(rtol, atol, equal_nan, check_dtype, check_stride, allow_subclasses)
    try:
        rules.compare(actual, expected, ())
    except _Mismatch as e:
        text = str(e)
        raise AssertionError(msg(text) if callable(msg) else text if msg is None else msg) from None


class _Mismatch(Exception):
    """Where and how two values differ."""


class _Rules:
    """One call's options, and the comparison by them."""

    def __init__(self, rtol, atol, equal_nan, check_dtype, check_stride, allow_subclasses):
        self.rtol, self.atol, self.equal_nan = rtol, atol, equal_nan
        self.check_dtype, self.check_stride = check_dtype, check_stride
        self.allow_subclasses = allow_subclasses

    def compare(self, x: Any, y: Any, path: tuple) -> None:
        if not self.allow_subclasses and type(x) is not type(y):
            raise self._refusal(x, y)
        if isinstance(x, (Tensor, np.ndarray)) and isinstance(y, (Tensor, np.ndarray)):
            x, y = (v if isinstance(v, Tensor) else wrap(v) for v in (x, y))
            return self._tensors(x, y, path)
        if isinstance(x, Mapping) and isinstance(y, Mapping):
            return self._mappings(x, y, path)
        if _is_sequence(x) and _is_sequence(y):
            if len(x) != len(y):
                self._fail(path, f"The length of the sequences mismatch: {len(x)} != {len(y)}")
            for i, (p, q) in enumerate(zip(x, y, strict=True)):
                self.compare(p, q, (*path, i))
            return None
        if x is None or y is None:
            if x is not y:
                self._fail(path, f"None mismatch: {x} is not {y}")
            return None
        if isinstance(x, (bool, np.bool_)) and isinstance(y, (bool, np.bool_)):
            if bool(x) is not bool(y):
                self._fail(path, f"Booleans mismatch: {x} is not {y}")
            return None
        if isinstance(x, _NUMBERS) and isinstance(y, _NUMBERS):
            return self._numbers(x, y, path)
        raise self._refusal(x, y)

    @staticmethod
    def _refusal(x: Any, y: Any) -> TypeError:
        return TypeError(
            f"No comparison pair was able to handle inputs of type {type(x)} and {type(y)}."
        )

    @staticmethod
    def _fail(path: tuple, message: str) -> None:
        if path:
            message += f"\n\nThe failure occurred for item {''.join(f'[{key!r}]' for key in path)}"
        raise _Mismatch(message)

    def _mappings(self, x: Mapping, y: Mapping, path: tuple) -> None:
        missing, additional = set(y) - set(x), set(x) - set(y)
        if missing or additional:
            self._fail(
                path,
                "The keys of the mappings do not match:\n"
                f"Missing keys in the actual mapping: {sorted(missing, key=str)}\n"
                f"Additional keys in the actual mapping: {sorted(additional, key=str)}",
            )
        for key in y:
            self.compare(x[key], y[key], (*path, key))

    def _tolerances(self, *found: dtype) -> tuple[float, float]:
        if self.rtol is not None:
            return self.rtol, self.atol
        pairs = [TOLERANCES.get(d.name, (0.0, 0.0)) for d in found]
        return max(r for r, _ in pairs), max(a for _, a in pairs)

    def _numbers(self, x: Any, y: Any, path: tuple) -> None:
        if self.check_dtype and type(x) is not type(y):
            self._fail(path, f"The (d)types do not match: {type(x)} != {type(y)}.")
        double = {FLOAT: dtypes.float64, COMPLEX: dtypes.complex128}
        kinds = [double.get(number_dtype(v).category, number_dtype(v)) for v in (x, y)]
        rtol, atol = self._tolerances(*kinds)
        if x == y or (self.equal_nan and x != x and y != y):
            return
        gap = abs(x - y)
        if math.isfinite(abs(y)) and gap <= atol + rtol * abs(y):
            return
        self._fail(path, _scalar_text(x, y, gap, rtol, atol))

    def _tensors(self, x: Tensor, y: Tensor, path: tuple) -> None:
        for name, p, q in (
            ("shape", x.shape, y.shape),
            ("dtype", x.dtype, y.dtype),
            ("stride()", x.stride(), y.stride()),
        ):
            wanted = {"dtype": self.check_dtype, "stride()": self.check_stride}.get(name, True)
            if wanted and p != q:
                self._fail(path, f"The values for attribute '{name}' do not match: {p} != {q}.")
        rtol, atol = self._tolerances(x.dtype, y.dtype)
        common = result_dtype((x.reshape(-1)[:0], y.reshape(-1)[:0]))
        exact = common.category < FLOAT
        a, b = (v._a.astype(np.int64 if exact else common.np) for v in (x, y))
        with np.errstate(all="ignore"):
            gap = np.abs(a - b)
            close = (a == b) | (np.isfinite(gap) & (gap <= atol + rtol * np.abs(b)))
            if self.equal_nan and not exact:
                close |= np.isnan(a) & np.isnan(b)
            if close.all():
                return
            relative = np.divide(gap, np.abs(b), dtype=np.float32 if exact else None)
        if not a.ndim:
            self._fail(path, _scalar_text(a.item(), b.item(), gap.item(), rtol, atol))
        self._fail(path, _tensor_text(~close, gap, relative, rtol, atol, a.size))


def _is_sequence(x: Any) -> bool:
    return isinstance(x, Sequence) and not isinstance(x, str)


def _scalar_text(x: Any, y: Any, gap: Any, rtol: float, atol: float) -> str:
    relative = gap / abs(y) if y != 0 else math.inf
    if rtol == 0 and atol == 0:
        return (
            f"Scalars are not equal!\n\nExpected {y} but got {x}.\nAbsolute difference: {gap}\n"
            f"Relative difference: {relative}"
        )
    return (
        f"Scalars are not close!\n\nExpected {y} but got {x}.\nAbsolute difference: {gap} (up to "
        f"{atol} allowed)\n"
        f"Relative difference: {relative} (up to {rtol} allowed)"
    )


def _tensor_text(
    bad: np.ndarray, gap: np.ndarray, relative: np.ndarray, rtol: float, atol: float, count: int
) -> str:
    exact = rtol == 0 and atol == 0
    lines = [
        f"Tensor-likes are not {'equal' if exact else 'close'}!",
        "",
        f"Mismatched elements: {bad.sum()} / {count} ({bad.sum() / count:.1%})",
    ]
    for name, values, allowed in (("absolute", gap, atol), ("relative", relative, rtol)):
        shown = np.where(bad | (values == values), values, -1)  # NaN only where it is a mismatch
        at = np.unravel_index(np.argmax(np.where(bad, shown, -1)), bad.shape)
        limit = "" if exact else f" (up to {allowed} allowed)"
        lines.append(
            f"Greatest {name} difference: {values[at].item()} at index "
            f"{tuple(int(i) for i in at)}{limit}"
        )
    return "\n".join(lines)


def make_tensor(
    *shape: Any,
    dtype: dtype,
    device: Any = None,
    low: float | None = None,
    high: float | None = None,
    requires_grad: bool = False,
    noncontiguous: bool = False,
    exclude_zero: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """A tensor of random numbers in [low, high), from the default generator:
    PyTorch's numbers for the same seed.

    low, high      by default -9 and 9; 0 and 10 for uint8, -9 and 10 for other integers, 0 and 2
    for bool
    exclude_zero   zeros become 1, or the smallest positive number of a floating dtype
    noncontiguous  every second element of a tensor twice as wide

    Errors: ValueError: low ≥ high, or both options of layout.
    """
    from ..dispatch.registry import FUNCTIONS

    if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
        shape = tuple(shape[0])
    if noncontiguous and memory_format is not None:
        raise ValueError(
            "The parameters `noncontiguous` and `memory_format` are mutually exclusive, but got "
            f"{noncontiguous=} and {memory_format=}"
        )
    spread = noncontiguous and len(shape) > 0 and math.prod(shape) > 1
    if spread:
        shape = (*shape[:-1], 2 * shape[-1])
    floating = dtype.category >= FLOAT
    if dtype.name == "bool":
        lowest, highest = 0, 2
    else:
        lowest, highest = (-9, 9) if floating else (0, 10) if not dtype.is_signed else (-9, 10)
    low, high = lowest if low is None else low, highest if high is None else high
    if low >= high:
        raise ValueError(f"`low` must be less than `high`, but got {low} >= {high}")
    if floating:
        part = dtype.to_real()
        t = FUNCTIONS["empty"](*shape, *((2,) if dtype.category == COMPLEX else ()), dtype=part)
        info = finfo(part)
        t.uniform_(max(low, info.min), min(high, info.max))
        t = FUNCTIONS["view_as_complex"](t) if dtype.category == COMPLEX else t
    else:
        limits = (0, 2) if dtype.name == "bool" else (iinfo(dtype).min, iinfo(dtype).max)
        t = FUNCTIONS["randint"](
            math.ceil(max(low, limits[0])), math.ceil(min(high, limits[1])), shape, dtype=dtype
        )
    if spread:
        t = t[..., 1::2]
    elif memory_format is not None:
        t = t.clone(memory_format=memory_format)
    if exclude_zero:
        t[t == 0] = finfo(dtype.to_real()).tiny if floating else 1
    return t.requires_grad_() if requires_grad else t
