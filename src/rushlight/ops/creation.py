"""New tensors: zeros, ones, full, eye, the *_like and new_* forms. (arange, linspace: ranges.py.)

All take dtype, device, requires_grad, layout, pin_memory as PyTorch does; layouts other than
strided and pinned memory raise. The functions with out= are plain ones: without a dtype, the result
has that of out. (tensor: core/construct.py; from_numpy: core/sharing.py; random numbers:
random_factories.py.)
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from ..core.construct import legacy_tensor, tensor
from ..core.device import CPU, META, accelerators, moved, resolve
from ..core.dtype import (
    INT,
    get_default_dtype,
    int64,
    number_dtype,
)
from ..core.dtype import dtype as DType
from ..core.dtype_info import as_dtype
from ..core.layout import preserve_format, strided
from ..core.making import plain_sizes
from ..core.meta import SWITCH, phantom, phantom_like, without_data
from ..core.strided import as_sizes, required, view_of
from ..core.tensor import Tensor, wrap
from ..dispatch.messages import missing, not_implemented, out_of_memory
from ..dispatch.out import LARGE
from ..dispatch.promotion import fits_anyway
from ..dispatch.registry import composite, fitted, number_of, write_out
from ..kernels import K, native
from .cat_split import stack


def _switch_meta(on: bool) -> None:
    """The first tensor without elements has come, or the last one has gone."""
    if not _meta:
        from . import meta  # seldom needed

        _meta.append(meta)
    _meta[0].switch(on)


_meta: list[Any] = []
SWITCH.append(_switch_meta)
#: the keywords that all creation functions take
OPTIONS = (
    "dtype=None, layout: layout | None = None, device=None, pin_memory: bool = False, "
    "requires_grad: bool = False"
)


def dtype_of(given: Any, name: str, out: Tensor | None = None, default: Any = None) -> DType:
    """The dtype of a new tensor: the argument, else out's, else `default`, else the default one."""
    if given is not None:
        return as_dtype(given, name)
    return out.dtype if out is not None else default or get_default_dtype()


def shape_of(size: Any, name: str = "zeros") -> tuple:
    """The shape in zeros(2, 3), zeros((2, 3)).

    errors  TypeError: not integers; RuntimeError: a negative size
    """
    plain = plain_sizes(size)
    if plain is not None:
        return plain
    if len(size) == 1:
        if isinstance(size[0], (tuple, list)):
            size = size[0]
        elif isinstance(size[0], bool) or not hasattr(size[0], "__index__"):
            raise _no_sizes(name, size[0])
    try:
        shape = tuple([n if type(n) is int else n.__index__() for n in size])
    except (AttributeError, TypeError):
        i = next(i for i, n in enumerate(size) if not hasattr(n, "__index__"))
        raise TypeError(
            f"{name}(): argument 'size' failed to unpack the object at pos {i + 1} with error "
            f'"type must be tuple of ints,but got {type(size[i]).__name__}"'
        ) from None
    for n in shape:
        if n < 0:
            raise RuntimeError(
                "zeros: Dimension size must be non-negative."
                if name == "zeros"
                else f"Trying to create tensor with negative dimension {n}: {list(shape)}"
            )
    return shape


def _no_sizes(name: str, given: Any) -> TypeError:
    return TypeError(
        f"{name}(): argument 'size' (position 1) must be tuple of ints, not {type(given).__name__}"
    )


def finished(
    a: np.ndarray,
    requires_grad: bool = False,
    device: Any = None,
    layout: Any = None,
    pin_memory: bool = False,
    out: Tensor | None = None,
    memory_format: Any = None,
    name: str = "functions with out=",
) -> Tensor:
    """The new tensor of array a with the options of every creation function, each checked."""
    where = resolve(device)
    if where is META:
        a = without_data(a)
    elif where is not CPU:
        a = moved(a, where)
    elif out is layout is memory_format is None and not (requires_grad or pin_memory):
        return wrap(a)
    if layout is not None and layout is not strided:
        raise NotImplementedError(f"layout={layout}: rushlight has strided tensors only")
    if pin_memory and not accelerators().count("cuda"):
        raise RuntimeError(
            "Cannot access accelerator device when none is available: pin_memory=True needs one."
        )
    if out is not None:
        return write_out(name, out, wrap(a))
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
        if dtype is out is layout is device is memory_format is None:
            if not (requires_grad or pin_memory or kwargs) and resolve(None) is CPU and size:
                shape = plain_sizes(size)
                if shape is not None:
                    try:
                        return wrap(fill(shape, get_default_dtype().np))
                    except (MemoryError, ValueError) as e:
                        raise out_of_memory(e, shape) from None
        if "size" in kwargs:
            size = (kwargs.pop("size"),)
        if kwargs:
            raise TypeError(f"{name}() got an unexpected keyword argument '{next(iter(kwargs))}'")
        if not size:
            raise missing(name, "size")
        d = get_default_dtype() if dtype is None and out is None else dtype_of(dtype, name, out)
        shape = shape_of(size, name)
        where = resolve(device)
        try:
            a = phantom(shape, d.np) if where is META else fill(shape, d.np)
        except (MemoryError, ValueError) as e:
            raise out_of_memory(e, shape) from None
        return finished(a, requires_grad, where, layout, pin_memory, out, memory_format, name)

    def like(input, *, dtype, layout, device, requires_grad, pin_memory, memory_format):
        model = input._a
        if type(model) is np.ndarray and model.flags.c_contiguous and dtype is layout is device:
            if dtype is None and not (requires_grad or pin_memory):
                if memory_format is preserve_format:
                    return wrap(fill(model.shape, model.dtype))
        d = dtype_of(dtype, name + "_like", input)
        where = input.device if device is None else resolve(device)
        if where is META:
            a = phantom_like(input._a, d.np)
        else:
            a = ordered_like(fill(input._a.shape, d.np), input._a, memory_format)
        return finished(a, requires_grad, where, layout, pin_memory)

    def new(input, *size, dtype, layout, device, requires_grad, pin_memory):
        d = dtype_of(dtype, "new_" + name, input)
        shape = shape_of(size, "new_" + name)
        where = input.device if device is None else resolve(device)
        a = phantom(shape, d.np) if where is META else fill(shape, d.np)
        return finished(a, requires_grad, where, layout, pin_memory)

    for f, public, text in (
        (make, name, "A tensor of the given size"),
        (like, name + "_like", "A tensor of input's shape, dtype and memory order"),
        (new, "new_" + name, "A tensor of the given size and of input's dtype"),
    ):
        f.__name__ = f.__qualname__ = public
        end = "shape   that of input" if f is like else "errors  RuntimeError: a negative size"
        f.__doc__ = f"{text}; elements: {name}.\n\n    {end}"
    make.__signature__ = _without_open_keywords(make)  # type: ignore[attr-defined]
    composite(name, at="torch")(make)
    memory = "memory_format=preserve_format"
    composite(f"{name}_like(input, *, {OPTIONS}, {memory})", at="torch")(like)
    composite(f"new_{name}(input, *size: int, {OPTIONS})", at="Tensor")(new)
    return make


def _without_open_keywords(function: Any) -> inspect.Signature:
    """The signature that help() shows: **kwargs only takes size= beside *size."""
    known = inspect.signature(function)
    parameters = known.parameters.values()
    return known.replace(parameters=[p for p in parameters if p.kind is not p.VAR_KEYWORD])


def ordered_like(a: np.ndarray, model: np.ndarray, memory_format: Any) -> np.ndarray:
    """a with the dimension order of `model` in memory, where preserve_format asks for it."""
    if memory_format is not preserve_format:
        return a if memory_format is None else wrap(a).contiguous(memory_format=memory_format)._a
    if model.flags.c_contiguous or model.ndim < 2 or 0 in model.strides:
        return a
    order = sorted(range(model.ndim), key=lambda i: -abs(model.strides[i]))
    b = np.empty([a.shape[i] for i in order], a.dtype).transpose(np.argsort(order))
    b[...] = a
    return b


_empty = np.empty if native is None else native.empty


def _of(shape: tuple, dtype: np.dtype, value: Any) -> np.ndarray:
    a = _empty(shape, dtype)
    if a.size < LARGE:
        a.fill(value)
    else:
        K.assign(a, np.array(value, dtype))
    return a


def _of_ones(shape: tuple, dtype: np.dtype) -> np.ndarray:
    return _of(shape, dtype, 1)


zeros, ones, empty = (
    _filled("zeros", np.zeros),
    _filled("ones", _of_ones),
    _filled("empty", _empty),
)


@composite("full", at="torch")
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
    """A tensor of the given size, every element fill_value.

    dtype   by default that of the value: int64, bool, or the default dtype
    errors  RuntimeError: a value that does not fit the dtype, a negative size

    >>> torch.full((2,), 7)
    tensor([7, 7])
    """
    value = number_of(fill_value)
    d = dtype_of(dtype, "full", out, number_dtype(value))
    if not isinstance(size, (tuple, list)):
        raise _no_sizes("full", size)
    shape = shape_of((size,), "full")
    if not fits_anyway(value, d):
        value = fitted(value, d)
    where = resolve(device)
    try:
        if where is META:
            a = phantom(shape, d.np)
        else:
            a = _of(shape, d.np, value)
    except (MemoryError, ValueError) as e:
        raise out_of_memory(e, shape) from None
    if where is CPU and out is layout is None and not (requires_grad or pin_memory):
        return wrap(a)
    return finished(a, requires_grad, where, layout, pin_memory, out, name="full")


@composite(
    f"full_like(input, fill_value: Number, *, {OPTIONS}, memory_format=preserve_format)",
    at="torch",
)
def full_like(
    input, fill_value, *, dtype, layout, device, requires_grad, pin_memory, memory_format
):
    """A tensor of input's shape and dtype, every element fill_value.

    errors  RuntimeError: a value that does not fit the dtype
    """
    d = dtype_of(dtype, "full_like", input)
    value = fitted(number_of(fill_value), d)
    where = input.device if device is None else resolve(device)
    if where is META:
        a = phantom_like(input._a, d.np)
    else:
        a = ordered_like(np.full(input._a.shape, value), input._a, memory_format)
    return finished(a, requires_grad, where, layout, pin_memory)


@composite(f"new_full(input, size: Sequence[int], fill_value: Number, *, {OPTIONS})", at="Tensor")
def new_full(input, size, fill_value, *, dtype, device, **options):
    """A tensor of the given size and of input's dtype, every element fill_value."""
    d, device = dtype_of(dtype, "new_full", input), input.device if device is None else device
    return full(size, fill_value, dtype=d, device=device, **options)


@composite(f"new_tensor(input, data: Any, *, {OPTIONS})", at="Tensor")
def new_tensor(input, data, *, dtype, device, requires_grad, layout, pin_memory):
    """A tensor of data, by default of input's dtype."""
    d = dtype_of(dtype, "new_tensor", input)
    device = input.device if device is None else device
    return tensor(data, dtype=d, device=device, requires_grad=requires_grad)


@composite(
    f"new_empty_strided(input, size: Sequence[int], stride: Sequence[int], {OPTIONS})",
    at="Tensor",
)
def new_empty_strided(input, size, stride, dtype, layout, device, pin_memory, requires_grad):
    """An uninitialised tensor of the given sizes and strides, of input's dtype.

    shape   size
    errors  RuntimeError: sizes and strides of two lengths
    """
    d = dtype_of(dtype, "new_empty_strided", input)
    device = input.device if device is None else device
    return empty_strided(size, stride, dtype=d, device=device, requires_grad=requires_grad)


@composite("empty_strided", at="torch")
def empty_strided(
    size, stride, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False
):
    """An uninitialised tensor of the given sizes and strides (in elements).

    shape   size
    errors  RuntimeError: sizes and strides of two lengths
    """
    if len(size) != len(stride):
        raise RuntimeError(
            f"dimensionality of sizes ({len(size)}) must match dimensionality of strides "
            f"({len(stride)})"
        )
    size = as_sizes(size, "empty_strided", "size", 1)
    stride = as_sizes(stride, "empty_strided", "stride", 2)
    kind = dtype_of(dtype, "empty_strided").np
    for n in size:
        if n < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {n}: {list(size)}")
    count = required(size, stride, kind.itemsize)
    where = resolve(device)
    if where is META:
        a = phantom(size, kind, tuple(s * kind.itemsize for s in stride))
    else:
        a = view_of(np.empty(count, kind).view(np.uint8), kind, size, stride, 0)
    return finished(a, requires_grad, where, layout, pin_memory)


@composite("empty_permuted", at="torch")
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
    """An uninitialised tensor whose dimensions lie in memory in the order physical_layout.

    shape   size
    errors  RuntimeError: physical_layout is no permutation of the dimensions
    """
    if len(size) != len(physical_layout):
        raise RuntimeError(
            "Number of dimensions in size does not match the length of the physical_layout; i.e. "
            f"len(size) = {len(size)} is not equal to len(physical_layout) = {len(physical_layout)}"
        )
    for place, i in enumerate(physical_layout):
        if not 0 <= i < len(size):
            raise RuntimeError(
                f"Dimension out of range (expected to be between 0 and {len(size) - 1}, but got "
                f"{i} at index {place}).  NB: negative dims not currently supported"
            )
    if len(set(physical_layout)) < len(size):
        raise RuntimeError("Duplicate dim not allowed")
    d = dtype_of(dtype, "empty_permuted")
    a = np.empty([size[i] for i in physical_layout], d.np)
    return finished(
        a.transpose(np.argsort(physical_layout)), requires_grad, resolve(device), layout, pin_memory
    )


@composite("scalar_tensor", at="torch")
def scalar_tensor(
    s, *, dtype=None, layout=None, device=None, requires_grad=False, pin_memory=False
):
    """A 0-d tensor of a number, of the default dtype.

    shape   ()
    """
    return full(
        (),
        s,
        dtype=dtype_of(dtype, "scalar_tensor"),
        device=device,
        requires_grad=requires_grad,
    )


@composite("eye", at="torch")
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
    plain = plain_sizes((n, n if m is None else m)) is not None
    for name, v in () if plain else (("n", n), ("m", n if m is None else m)):
        if isinstance(v, bool) or not hasattr(v, "__index__"):
            raise TypeError(
                f"eye(): argument '{name}' (position {1 + (name == 'm')}) must be int, not "
                f"{type(v).__name__}"
            )
        if v < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {v}")
    m = n if m is None else m.__index__()
    d = dtype_of(dtype, "eye", out).np
    a = None if native is None else native.unit_matrix(n, m, d)
    if a is None:
        a = np.zeros((n, m), d)
        a.reshape(-1)[: m * m : m + 1] = 1  # no rows below the diagonal's end
    return finished(a, requires_grad, resolve(device), layout, pin_memory, out, name="eye")


def _triangle_indices(name, find, row, col, offset, dtype, device, layout):
    for what, n in (("row", row), ("col", col)):
        if n < 0:
            raise RuntimeError(f"{what} must be non-negative, got{n}")
    a = np.stack(find(row, offset, col))
    d = as_dtype(dtype, name)
    if d.category != INT:
        raise not_implemented(name, a.astype(d.np))
    return finished(a.astype(d.np), device=resolve(device), layout=layout)


@composite("tril_indices", at="torch")
def tril_indices(row, col, offset=0, *, dtype=int64, device=None, layout=None):
    """(2, k): rows and columns of the lower triangle of a (row, col) matrix, in order.

    shape   (2, k) int64
    errors  RuntimeError: a negative row or col
    """
    return _triangle_indices(
        "tril_indices", np.tril_indices, row, col, offset, dtype, device, layout
    )


@composite("triu_indices", at="torch")
def triu_indices(row, col, offset=0, *, dtype=int64, device=None, layout=None):
    """(2, k): rows and columns of the upper triangle of a (row, col) matrix, in order.

    shape   (2, k) int64
    errors  RuntimeError: a negative row or col
    """
    return _triangle_indices(
        "triu_indices", np.triu_indices, row, col, offset, dtype, device, layout
    )


@composite(
    "vander(x: Tensor, N: int | None = None, increasing: bool = False)",
    at="torch",
)
def vander(x, N, increasing):
    """The Vandermonde matrix: powers of a vector's elements as columns, the highest first.

    N           the number of columns; by default that of the elements
    increasing  the highest power last
    errors      RuntimeError: not a vector

    >>> torch.vander(tensor([1, 2, 3]))
    tensor([[1, 1, 1],
            [4, 2, 1],
            [9, 3, 1]])
    """
    if x._a.ndim != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    return _powers(x, x._a.shape[0] if N is None else N, increasing)


@composite("vander(x: Tensor, *, N: int | None = None)", at="linalg")
def linalg_vander(x, *, N):
    """y[..., i, j] = x[..., i]^j: the Vandermonde matrices of the vectors in x.

    shape   x (*, n) -> y (*, n, N); N is n if not given
    errors  RuntimeError: N < 2
    """
    n = N if N is not None else x._a.shape[-1] if x._a.ndim else 1
    if n <= 1:
        raise RuntimeError("N must be greater than 1.")
    return _powers(x if x._a.ndim else x.reshape(1), n, True)


def _powers(x: Tensor, n: int, increasing: bool) -> Tensor:
    """x^0 ... x^(n - 1) along a new last dimension."""
    if x._a.dtype.kind == "b":
        x = x.to(int64)
    if n == 0:
        return x.new_empty((*x._a.shape, 0))
    powers = [x.new_ones(tuple(x._a.shape))]
    while len(powers) < n:
        powers.append(powers[-1] * x)
    return stack(powers if increasing else powers[::-1], -1)


@composite("new", at="Tensor")
def new(input, *data, device=None):
    """A tensor of input's dtype of the given sizes (uninitialised), or with a copy of the given
    sequence.
    """
    return legacy_tensor(data, input.device if device is None else device, input.dtype)
