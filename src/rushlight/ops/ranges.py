"""Numbers in order: arange, range, linspace, logspace."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np

from ..core.device import resolve
from ..core.dtype import (
    BOOL,
    COMPLEX,
    FLOAT,
    complex128,
    float64,
    get_default_dtype,
    int64,
    number_dtype,
    promote_types,
    scalar_name,
)
from ..core.dtype import dtype as DType
from ..core.notices import warn
from ..core.tensor import Tensor
from ..dispatch.messages import check_storage, missing
from ..dispatch.registry import composite, number_of
from ..kernels import K, native
from .creation import dtype_of, finished

_I64 = int64.np


def _range_dtype(values: tuple) -> DType:
    """int64 if all bounds are integers, else the default dtype."""
    found = int64
    for v in values:
        found = promote_types(found, v.dtype if isinstance(v, Tensor) else number_dtype(v))
    return (
        get_default_dtype()
        if found.category == FLOAT and not any(isinstance(v, Tensor) for v in values)
        else found
    )


def _few(start: Any, end: Any, step: Any) -> np.ndarray | None:
    """arange of a few floats; None: not these."""
    if native is None or not (type(start) is float or type(end) is float or type(step) is float):
        return None
    if not (type(start) in _NUMBERS and type(end) in _NUMBERS and type(step) in _NUMBERS and step):
        return None
    count = (end - start) / step
    if not 0 <= count < 1 << 14:
        return None
    return native.counted(start, step, ceil(count), get_default_dtype().np)


_NUMBERS = frozenset((int, float))


@composite("arange", at="torch")
def arange(
    *args,
    start=0,
    end=None,
    step=1,
    out=None,
    dtype=None,
    layout=None,
    device=None,
    requires_grad=False,
    pin_memory=False,
):
    """start, start + step, ... below end: arange(end), arange(start, end), arange(start, end,
    step).

    dtype   int64 if all are integers, else the default dtype
    errors  RuntimeError: step is 0, or its sign leads away from end
    """
    if len(args) == 1 and end is not None:
        start = args[0]
    elif len(args) == 1:
        end = args[0]
    elif len(args) == 2:
        start, end = args
    elif len(args) == 3:
        start, end, step = args
    elif args:
        raise TypeError(f"arange() takes 3 positional arguments but {len(args)} were given")
    if end is None:
        raise missing("arange", "end")
    if out is None and dtype is None and type(end) is type(start) is type(step) is int and step:
        if (end - start) * step >= 0:
            check_storage(((end - start) // step,))
            a = np.arange(start, end, step, _I64)
            return finished(a, requires_grad, resolve(device), layout, pin_memory)
    a = None if out is not None or dtype is not None else _few(start, end, step)
    if a is not None:
        return finished(a, requires_grad, resolve(device), layout, pin_memory)
    for name, v in (("start", start), ("end", end), ("step", step)):
        if not isinstance(v, (int, float, complex, np.number, Tensor)):
            position = 1 if len(args) == 1 else ("start", "end", "step").index(name) + 1
            raise TypeError(
                f"arange(): argument '{name}' (position {position}) must be Number, not "
                f"{type(v).__name__}"
            )
    dtype = dtype_of(dtype, "arange", out, _range_dtype((start, end, step)))
    if dtype.category in (BOOL, COMPLEX):
        raise NotImplementedError(f"\"arange_cpu\" not implemented for '{scalar_name(dtype)}'")
    start, end, step = number_of(start), number_of(end), number_of(step)
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not (np.isfinite(start) and np.isfinite(end)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    if dtype.category < FLOAT:
        start, end, step = int(start), int(end), int(step)
        if step == 0:
            raise ValueError("step must be nonzero")
        count = max(-(-(end - start) // step), 0)
        check_storage((count,))
        if max(abs(start), abs(end), abs(step)) < 1 << 52:  # NumPy counts in float64
            a = np.arange(start, end, step, np.int64).astype(dtype.np, copy=False)
        else:
            a = (np.arange(count, dtype=np.int64) * step + start).astype(dtype.np)
    else:
        count = int(np.ceil((end - start) / step))
        check_storage((count,))
        a = np.arange(count, dtype=np.float64)
        a *= step
        a += start
        a = K.astype(a, dtype.np)
    return finished(a, requires_grad, resolve(device), layout, pin_memory, out)


@composite("range", at="torch")
def range_(
    start=0,
    end=None,
    step=1,
    *,
    out=None,
    dtype=None,
    layout=None,
    device=None,
    requires_grad=False,
):
    """start, start + step, ... up to and including end (deprecated in PyTorch: use arange).

    shape   (⌊(end - start) / step⌋ + 1)
    errors  RuntimeError: step is 0 or has the wrong sign
    """
    warn(
        "torch.range is deprecated and will be removed in a future release because its behavior is "
        "inconsistent with Python's range builtin. Instead, use torch.arange, which produces "
        "values in [start, end).",
    )
    if end is None:
        start, end = 0, start
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    count = int(np.floor((end - start) / step)) + 1
    a = (start + np.arange(count) * step).astype(dtype_of(dtype, "range", out).np)
    return finished(a, requires_grad, resolve(device), layout, False, out, name="range")


def _steps(name: str, start: Any, end: Any, steps: int, dtype: DType | None) -> tuple:
    if type(start) is type(end) is float or (type(start) is type(end) is int):
        if type(steps) is int and steps >= 0 and dtype is None:
            return start, end, get_default_dtype()
    if steps is None:
        raise missing(name, "steps")
    if isinstance(steps, bool) or not hasattr(steps, "__index__"):
        raise TypeError(f"{name}(): argument 'steps' must be int, not {type(steps).__name__}")
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    for v in (start, end):
        if isinstance(v, Tensor) and v._a.ndim:
            raise RuntimeError(
                f"{name} only supports 0-dimensional start and end tensors, but got "
                f"{'start' if v is start else 'end'} with {v._a.ndim} dimension(s)."
            )
    d = get_default_dtype() if dtype is None else dtype
    if d.category == BOOL:
        raise NotImplementedError(f"\"{name}_cpu\" not implemented for 'Bool'")
    start, end = number_of(start), number_of(end)
    if dtype is None and (isinstance(start, complex) or isinstance(end, complex)):
        d = d.to_complex()
    return start, end, d


def _asked(dtype: Any, name: str, out: Tensor | None) -> DType | None:
    """The dtype that the caller wants, through dtype= or out=; None: no one in particular."""
    return None if dtype is None and out is None else dtype_of(dtype, name, out)


def evenly(start: Any, end: Any, steps: int, d: DType) -> np.ndarray:
    """start ... end in equal steps.

    counted from start in the first half, from end in the second, as PyTorch does.
    """
    y = None if native is None else native.spaced_evenly(start, end, steps, d.np)
    if y is not None:
        return y
    if d.category < FLOAT:  # the bounds are cut to integers first
        start, end = int(start), int(end)
    if steps == 1:
        return np.full(1, start).astype(d.np)
    wide = (
        np.complex128
        if d.category > FLOAT
        else d.np
        if d.category == FLOAT and d.itemsize >= 4
        else np.float64
    )
    start, end = np.asarray(start, wide), np.asarray(end, wide)
    step = np.asarray((end - start) / np.asarray(max(steps - 1, 1), wide))
    i, slope, base = np.arange(steps, dtype=wide), np.empty(steps, wide), np.empty(steps, wide)
    first, second = slice(steps // 2), slice(steps // 2, None)
    i[second] = i[: steps - steps // 2][::-1].copy()
    slope[first], slope[second] = step, -step
    base[first], base[second] = start, end
    # PyTorch rounds once
    y = K.fma(slope, i, base) if step.dtype.kind == "f" else slope * i + base
    if d.category < FLOAT:
        y = np.trunc(y)
    return y.astype(d.np)


@composite("linspace", at="torch")
def linspace(
    start,
    end,
    steps=None,
    *,
    out=None,
    dtype=None,
    layout=None,
    device=None,
    requires_grad=False,
    pin_memory=False,
):
    """`steps` numbers from start to end, both included, equally spaced.

    shape   (steps)
    errors  RuntimeError: a negative number of steps
    """
    start, end, d = _steps("linspace", start, end, steps, _asked(dtype, "linspace", out))
    return finished(
        evenly(start, end, steps, d), requires_grad, resolve(device), layout, pin_memory, out
    )


@composite("logspace", at="torch")
def logspace(
    start,
    end,
    steps=None,
    base=10.0,
    *,
    out=None,
    dtype=None,
    layout=None,
    device=None,
    requires_grad=False,
    pin_memory=False,
):
    """base to the power of linspace(start, end, steps).

    shape   (steps)
    errors  RuntimeError: a negative number of steps
    """
    start, end, d = _steps("logspace", start, end, steps, _asked(dtype, "logspace", out))
    powers = evenly(start, end, steps, complex128 if d.category > FLOAT else float64)
    return finished(
        np.power(base, powers).astype(d.np), requires_grad, resolve(device), layout, pin_memory, out
    )
