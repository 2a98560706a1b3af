"""Tensors from nothing: zeros, ones, full, arange, linspace, eye, the *_like and new_* forms.

All take dtype, device, requires_grad, layout, pin_memory as PyTorch does; layouts other than
strided and pinned memory raise. (tensor: core/construct.py; from_numpy: core/sharing.py; random:
ops/random.py.)"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.device import resolve
from ..core.dtype import FLOAT, get_default_dtype, int64, number_dtype, promote_types
from ..core.dtype import dtype as DType
from ..core.layout import preserve_format, strided
from ..core.tensor import Tensor, wrap
from ..dispatch.registry import composite, number_array, number_of
from ..kernels import K, native


def shape_of(size: Any) -> tuple:
    """zeros(2, 3) and zeros((2, 3)) mean the same.

    RuntimeError: a negative size; TypeError: not integers.
    """
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = size[0]
    try:
        shape = tuple([n if type(n) is int else n.__index__() for n in size])
    except AttributeError:
        bad = next(n for n in size if not hasattr(n, "__index__"))
        raise TypeError(f"sizes must be integers, but got {type(bad).__name__}: {bad!r}") from None
    for n in shape:
        if n < 0:
            raise RuntimeError(
                f"Trying to create tensor with negative dimension {n}: {list(shape)}"
            )
    return shape


def finished(
    a: np.ndarray,
    requires_grad: bool = False,
    device: Any = None,
    layout: Any = None,
    pin_memory: bool = False,
    out: Tensor | None = None,
    memory_format: Any = None,
) -> Tensor:
    """The new tensor of array a with the options of every creation function, each checked."""
    if device is not None:
        resolve(device)
    if layout is not None and layout is not strided:
        raise NotImplementedError(f"layout={layout}: rushlight has strided tensors only")
    if pin_memory:
        raise RuntimeError(
            "Cannot access accelerator device when none is available: pin_memory=True needs one."
        )
    if out is not None:
        from ..dispatch.registry import store

        store(out, wrap(a))
        return out
    t = wrap(a)
    if memory_format is not None and memory_format is not preserve_format:
        t = t.contiguous(memory_format=memory_format)
    if requires_grad:
        if a.dtype.kind in "biu":
            raise RuntimeError(
                "Only Tensors of floating point and complex dtype can require gradients"
            )
        t.requires_grad_()
    return t


def _filled(name: str, fill: Any) -> Any:
    """Register name(*size), name_like and new_name; returns the first."""

    def make(
        *size,
        out=None,
        dtype=None,
        layout=None,
        device=None,
        requires_grad=False,
        pin_memory=False,
        memory_format=None,
        **kwargs,
    ):
        if "size" in kwargs:
            size = (kwargs.pop("size"),)
        if kwargs:
            raise TypeError(f"{name}() got an unexpected keyword argument '{next(iter(kwargs))}'")
        if dtype is None:
            dtype = get_default_dtype() if out is None else out.dtype
        return finished(
            fill(shape_of(size), dtype.np),
            requires_grad,
            resolve(device),
            layout,
            pin_memory,
            out,
            memory_format,
        )

    def like(
        input,
        *,
        dtype=None,
        layout=None,
        device=None,
        requires_grad=False,
        pin_memory=False,
        memory_format=preserve_format,
    ):
        a = fill(input._a.shape, (dtype or input.dtype).np)
        return finished(
            _ordered_like(a, input._a, memory_format), requires_grad, device, layout, pin_memory
        )

    def new(
        input, *size, dtype=None, device=None, requires_grad=False, layout=None, pin_memory=False
    ):
        return finished(
            fill(shape_of(size), (dtype or input.dtype).np),
            requires_grad,
            device,
            layout,
            pin_memory,
        )

    doc = f"{{}}; elements: {name}."
    for f, public, text in (
        (make, name, "A tensor of the given size"),
        (like, name + "_like", "A tensor of input's shape and dtype"),
        (new, "new_" + name, "A tensor of the given size and of input's dtype"),
    ):
        f.__name__ = f.__qualname__ = public
        f.__doc__ = doc.format(text)
        composite(public, fn=not public.startswith("new"), method=public.startswith("new"))(f)
    return make


def _ordered_like(a: np.ndarray, model: np.ndarray, memory_format: Any) -> np.ndarray:
    """a with the dimension order of `model` in memory, where preserve_format asks for it."""
    if memory_format is not preserve_format:
        return a if memory_format is None else wrap(a).contiguous(memory_format=memory_format)._a
    if model.flags.c_contiguous or model.ndim < 2 or 0 in model.strides:
        return a
    order = sorted(range(model.ndim), key=lambda i: -abs(model.strides[i]))
    b = np.empty([a.shape[i] for i in order], a.dtype).transpose(np.argsort(order))
    b[...] = a
    return b


zeros, ones, empty = (
    _filled("zeros", np.zeros),
    _filled("ones", np.ones),
    _filled("empty", np.empty if native is None else native.empty),
)


def _number_array_of(value: Any, d: DType) -> np.ndarray:
    return value._a if isinstance(value, Tensor) else number_array(value, d)


@composite("full")
def full(
    size,
    fill_value,
    *,
    out=None,
    dtype=None,
    layout=None,
    device=None,
    requires_grad=False,
    pin_memory=False,
):
    """A tensor of the given size, every element fill_value; dtype follows the value."""
    value = number_of(fill_value)
    d = dtype or (out.dtype if out is not None else number_dtype(value))
    a = np.full(shape_of((size,)), number_array(value, d))
    return finished(a, requires_grad, resolve(device), layout, pin_memory, out)


@composite("full_like")
def full_like(
    input,
    fill_value,
    *,
    dtype=None,
    layout=None,
    device=None,
    requires_grad=False,
    pin_memory=False,
    memory_format=preserve_format,
):
    """A tensor of input's shape and dtype, every element fill_value."""
    d = dtype or input.dtype
    a = np.full(input._a.shape, number_array(number_of(fill_value), d))
    return finished(
        _ordered_like(a, input._a, memory_format), requires_grad, device, layout, pin_memory
    )


@composite("new_full", fn=False, method=True)
def new_full(
    input,
    size,
    fill_value,
    *,
    dtype=None,
    device=None,
    requires_grad=False,
    layout=None,
    pin_memory=False,
):
    """A tensor of the given size and of input's dtype, every element fill_value."""
    return full(
        size,
        fill_value,
        dtype=dtype or input.dtype,
        device=device,
        requires_grad=requires_grad,
        layout=layout,
        pin_memory=pin_memory,
    )


@composite("new_tensor", fn=False, method=True)
def new_tensor(
    input, data, *, dtype=None, device=None, requires_grad=False, layout=None, pin_memory=False
):
    """A tensor of data, by default of input's dtype."""
    from ..core.construct import tensor

    return tensor(data, dtype=dtype or input.dtype, device=device, requires_grad=requires_grad)


@composite("new_empty_strided", fn=False, method=True)
def new_empty_strided(
    input, size, stride, dtype=None, layout=None, device=None, pin_memory=False, requires_grad=False
):
    """An uninitialised tensor of the given sizes and strides, of input's dtype."""
    return empty_strided(
        size, stride, dtype=dtype or input.dtype, device=device, requires_grad=requires_grad
    )


@composite("empty_strided")
def empty_strided(
    size, stride, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False
):
    """An uninitialised tensor of the given sizes and strides (in elements)."""
    if len(size) != len(stride):
        raise RuntimeError(
            f"dimensionality of sizes ({len(size)}) must match dimensionality of strides "
            f"({len(stride)})"
        )
    count = 1 + sum((n - 1) * s for n, s in zip(size, stride, strict=False)) if 0 not in size else 0
    flat = np.empty(count, (dtype or get_default_dtype()).np)
    a = np.lib.stride_tricks.as_strided(flat, tuple(size), tuple(s * flat.itemsize for s in stride))
    return finished(a, requires_grad, resolve(device), layout, pin_memory)


@composite("empty_permuted")
def empty_permuted(
    size,
    physical_layout,
    *,
    dtype=None,
    layout=None,
    device=None,
    requires_grad=False,
    pin_memory=False,
):
    """An uninitialised tensor whose dimensions lie in memory in the order physical_layout."""
    if len(size) != len(physical_layout):
        raise RuntimeError(
            "Number of dimensions in size does not match the length of the physical_layout; i.e. "
            f"len(size) = {len(size)} is not equal to len(physical_layout) = {len(physical_layout)}"
        )
    if sorted(physical_layout) != list(range(len(size))):
        raise RuntimeError("Dimension out of range or duplicate dim in physical_layout")
    a = np.empty([size[i] for i in physical_layout], (dtype or get_default_dtype()).np)
    return finished(
        a.transpose(np.argsort(physical_layout)), requires_grad, resolve(device), layout, pin_memory
    )


@composite("scalar_tensor")
def scalar_tensor(
    s, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False
):
    """A 0-d tensor of a number, of the default dtype."""
    return full(
        (), s, dtype=dtype or get_default_dtype(), device=device, requires_grad=requires_grad
    )


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


@composite("arange")
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
    elif len(args) >= 3:
        start, end, step = args
    if end is None:
        raise TypeError('arange() missing 1 required positional arguments: "end"')
    if dtype is None:
        dtype = out.dtype if out is not None else _range_dtype((start, end, step))
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
        a = (np.arange(count, dtype=np.int64) * step + start).astype(dtype.np)
    else:
        count = int(np.ceil((end - start) / step))
        a = (start + np.arange(count, dtype=np.float64) * step).astype(dtype.np)
    return finished(a, requires_grad, resolve(device), layout, pin_memory, out)


@composite("range")
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
    """start, start + step, ... up to and including end (deprecated in PyTorch: use arange)."""
    import warnings

    warnings.warn(
        "torch.range is deprecated and will be removed in a future release because its behavior is "
        "inconsistent with Python's range builtin. Instead, use torch.arange, which produces "
        "values in [start, end).",
        stacklevel=2,
    )
    if end is None:
        start, end = 0, start
    count = int(np.floor((end - start) / step)) + 1
    a = (start + np.arange(count) * step).astype((dtype or get_default_dtype()).np)
    return finished(a, requires_grad, resolve(device), layout, False, out)


def _steps(name: str, start: Any, end: Any, steps: int, dtype: DType | None) -> tuple:
    if steps is None:
        raise TypeError(f'{name}() missing 1 required positional arguments: "steps"')
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
    d = dtype or get_default_dtype()
    start, end = number_of(start), number_of(end)
    if dtype is None and (isinstance(start, complex) or isinstance(end, complex)):
        d = d.to_complex()
    return start, end, d


def evenly(start: Any, end: Any, steps: int, d: DType) -> np.ndarray:
    """start ... end in equal steps.

    counted from start in the first half, from end in the second, as PyTorch does.
    """
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
    i = np.arange(steps)
    fma = K.fma if step.dtype.kind == "f" else lambda x, y, z: x * y + z  # PyTorch rounds once
    first = fma(step, i.astype(wide), start)
    second = fma(-step, (steps - 1 - i).astype(wide), end)
    y = np.where(i < steps // 2, first, second)
    if d.category < FLOAT:
        y = np.trunc(y)
    return y.astype(d.np)


@composite("linspace")
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
    """`steps` numbers from start to end, both included, equally spaced."""
    start, end, d = _steps(
        "linspace", start, end, steps, dtype or (out.dtype if out is not None else None)
    )
    return finished(
        evenly(start, end, steps, d), requires_grad, resolve(device), layout, pin_memory, out
    )


@composite("logspace")
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
    """base to the power of linspace(start, end, steps)."""
    from ..core.dtype import complex128, float64

    start, end, d = _steps(
        "logspace", start, end, steps, dtype or (out.dtype if out is not None else None)
    )
    powers = evenly(start, end, steps, complex128 if d.category > FLOAT else float64)
    return finished(
        np.power(base, powers).astype(d.np), requires_grad, resolve(device), layout, pin_memory, out
    )


@composite("eye")
def eye(
    n,
    m=None,
    *,
    out=None,
    dtype=None,
    layout=None,
    device=None,
    requires_grad=False,
    pin_memory=False,
):
    """An (n, m) matrix with ones on the diagonal. RuntimeError: a negative size."""
    for name, v in (("n", n), ("m", n if m is None else m)):
        if v < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {v}")
    d = dtype or (out.dtype if out is not None else get_default_dtype())
    return finished(
        np.eye(n, m, dtype=d.np), requires_grad, resolve(device), layout, pin_memory, out
    )


@composite("tril_indices")
def tril_indices(row, col, offset=0, *, dtype=int64, device=None, layout=None):
    """(2, k): rows and columns of the lower triangle of a (row, col) matrix, in order."""
    return finished(
        np.stack(np.tril_indices(row, offset, col)).astype(dtype.np),
        device=resolve(device),
        layout=layout,
    )


@composite("triu_indices")
def triu_indices(row, col, offset=0, *, dtype=int64, device=None, layout=None):
    """(2, k): rows and columns of the upper triangle of a (row, col) matrix, in order."""
    return finished(
        np.stack(np.triu_indices(row, offset, col)).astype(dtype.np),
        device=resolve(device),
        layout=layout,
    )


@composite("vander", "linalg.vander")
def vander(x, N=None, increasing=False):
    """The Vandermonde matrix: powers of a vector's elements as columns."""
    from .cat_split import stack

    if x._a.ndim != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    n = x._a.shape[0] if N is None else N
    powers = range(n) if increasing else range(n - 1, -1, -1)
    if n == 0:
        return x.new_empty((x._a.shape[0], 0))
    return stack([x**p for p in powers], 1)


def _window(name: str, formula: Any) -> None:
    def f(
        window_length,
        periodic=True,
        *args,
        dtype=None,
        layout=None,
        device=None,
        requires_grad=False,
        pin_memory=False,
        **options,
    ):
        d = dtype or get_default_dtype()
        if d.category != FLOAT:
            raise RuntimeError(f"{name} expects floating point dtypes, got: {d}")
        if window_length < 0:
            raise RuntimeError(
                f"{name} requires non-negative window_length, got window_length={window_length}"
            )
        if window_length <= 1:
            return finished(
                np.ones(window_length, d.np), requires_grad, resolve(device), layout, pin_memory
            )
        n = window_length if periodic else window_length - 1
        a = formula(np.arange(window_length), n, *args, **options)
        return finished(a.astype(d.np), requires_grad, resolve(device), layout, pin_memory)

    f.__name__, f.__doc__ = (
        name,
        f"The {name.removesuffix('_window')} window of window_length samples.",
    )
    composite(name)(f)


_window("hann_window", lambda i, n: 0.5 - 0.5 * np.cos(2 * np.pi * i / n))
_window(
    "hamming_window", lambda i, n, alpha=0.54, beta=0.46: alpha - beta * np.cos(2 * np.pi * i / n)
)
_window("bartlett_window", lambda i, n: 1 - np.abs(2 * i / n - 1))
_window(
    "blackman_window",
    lambda i, n: 0.42 - 0.5 * np.cos(2 * np.pi * i / n) + 0.08 * np.cos(4 * np.pi * i / n),
)
_window(
    "kaiser_window",
    lambda i, n, beta=12.0: (
        np.i0(beta * np.sqrt(np.maximum(0, 1 - (2 * i / n - 1) ** 2))) / np.i0(beta)
    ),
)


@composite("new", fn=False, method=True)
def new(input, *data, device=None):
    """A tensor of input's dtype of the given sizes (uninitialised), or with a copy of the given
    sequence.
    """
    from ..core.construct import legacy_tensor

    return legacy_tensor(data, device, input.dtype)
