"""Tensors out of other values: tensor, as_tensor, asarray, from_numpy, frombuffer, DLPack.

`tensor` copies; the others share memory wherever the dtype allows it. Inference is PyTorch's:
Python floats become the default dtype, ints int64; NumPy scalars, arrays and tensors keep theirs,
and mixed ones are promoted by PyTorch's rules.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernels import as_array
from .batched import BatchArray
from .device import CPU, accelerators, moved, resolve
from .dtype import (
    COMPLEX,
    FLOAT,
    INT,
    adopted,
    bool_,
    complex64,
    complex128,
    dtype,
    float64,
    from_numpy_dtype,
    get_default_dtype,
    int64,
    promote_types,
    uint64,
)
from .dtype_info import as_dtype
from .notices import warn
from .size import Size
from .tensor import Tensor, wrap

__all__ = ["legacy_tensor", "new_array", "tensor"]

_ndarray = np.ndarray
_PLAIN = frozenset((int, float, bool, complex))
_NESTED = frozenset((list, tuple))
_MAX_DIMS = 64  # NumPy's limit


# ---------------------------------------------------------------- tensor(): copies


def tensor(
    data: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """A new leaf tensor with a copy of `data`: a number, nested sequences, an array, a tensor.

    >>> tensor([[1., 2], [3, 4]])
    tensor([[1., 2.],
            [3., 4.]])

    Errors: ValueError for rows of different lengths and for integers beyond int64; TypeError or
    RuntimeError for what is no number; RuntimeError for a number that an integer dtype cannot hold.
    """
    if dtype is not None:
        dtype = as_dtype(dtype, "tensor")
    if pin_memory and not accelerators().count("cuda"):
        raise RuntimeError(
            "pin_memory=True requires a CUDA or other accelerator backend; no pinned memory "
            "allocator is available on this system."
        )
    where = resolve(device)
    if isinstance(data, Tensor):
        where = data.device if device is None else where
        warn(
            "To copy construct from a tensor, it is recommended to use "
            "sourceTensor.detach().clone() or sourceTensor.detach().clone().requires_grad_(True), "
            "rather than torch.tensor(sourceTensor).",
        )
        if type(data._a) is BatchArray:
            t = data.detach().clone()
            return t if dtype is None else t.to(dtype)
    a = new_array(data, dtype)
    t = wrap(a if where is CPU else moved(a, where))
    return asking_grad(t, requires_grad, "tensor") if requires_grad is not False else t


def asking_grad(t: Tensor, requires_grad: bool, function: str) -> Tensor:
    """t, a leaf, with requires_grad set as the argument of that name says."""
    if requires_grad is not True and requires_grad is not False:
        kind = type(requires_grad).__name__
        raise TypeError(f"{function}(): argument 'requires_grad' must be bool, not {kind}")
    if requires_grad and t.dtype.category < FLOAT:
        raise RuntimeError(
            "Only Tensors of floating point and complex dtype can require gradients\n"
            f"  this one would be {t.dtype}; fix: pass dtype=torch.float32"
        )
    return t.requires_grad_(requires_grad)


def new_array(data: Any, target: dtype | None = None) -> _ndarray:
    """`data` as an array of its own, in the dtype `target` or in the one PyTorch infers."""
    kind = type(data)
    if kind in _NESTED:
        kinds = _kinds(data)
        if kinds <= _PLAIN:
            try:
                return _plain(data, kinds, target)
            except ValueError as e:
                if "inhomogeneous" not in str(e):
                    raise
        return _nested(data, target)  # or, for rows of different lengths, say which
    if kind in _PLAIN:
        return _plain(data, (kind,), target)
    if isinstance(data, Tensor):
        if data.is_meta:
            return data._a.astype(data._a.dtype if target is None else target.np)
        return copied_array(data._a, target)
    if isinstance(data, _ndarray):
        return copied_array(checked_array(data), target)
    if isinstance(data, np.generic):
        return copied_array(np.asarray(data), target or from_numpy_dtype(data.dtype))
    if isinstance(data, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{kind.__name__}'")
    if _is_sequence(data):
        return new_array(list(data), target)
    return _nested(data, target)


def _kinds(rows: Any, depth: int = 1) -> set[type]:
    """The types of the innermost items of nested lists and tuples."""
    kinds = set(map(type, rows))
    if not kinds <= _NESTED:
        return kinds
    if depth > _MAX_DIMS:  # a list that contains itself, too
        raise ValueError(f"too many dimensions '{type(rows).__name__}'")
    inner: set[type] = set()
    for row in rows:
        inner |= _kinds(row, depth + 1)
    return inner


def _plain(data: Any, kinds: Any, target: dtype | None) -> _ndarray:
    """An array of Python numbers whose types are `kinds`.

    ValueError: ragged rows (in NumPy's words), or an int beyond int64 (in PyTorch's).
    """
    if target is None:
        target = _inferred(kinds)
        if target is int64:
            try:
                return np.array(data, target.np)
            except OverflowError:
                raise _beyond_int64() from None
    elif complex in kinds and target.category < COMPLEX and target is not bool_:
        raise TypeError(_not_a_number(target, "complex"))
    elif target.category == INT:
        return _integers(data, kinds, target)
    if target.np.isbuiltin != 1:  # bfloat16 and float8 do not take large ints
        return copied_array(np.array(data, np.float64), target)
    try:
        return np.array(data, target.np)
    except RuntimeWarning:  # the user made warnings errors; an overflow to inf is none
        with np.errstate(over="ignore"):
            return np.array(data, target.np)


def _inferred(kinds: Any) -> dtype:
    if complex in kinds:
        return complex128 if get_default_dtype() is float64 else complex64
    if float in kinds or not kinds:
        return get_default_dtype()
    return int64 if int in kinds else bool_


def _integers(data: Any, kinds: Any, target: dtype) -> _ndarray:
    """Python numbers as an integer dtype: fractions are cut, what does not fit is an error.

    Negative ints wrap around in unsigned dtypes, down to minus the largest value, as in PyTorch.
    """
    highest = (1 << (8 * target.itemsize - target.is_signed)) - 1
    lowest = -highest - 1 if target.is_signed else -highest
    if float in kinds:
        exact = np.array(data, object)
        flat = exact.reshape(-1)
        for i, v in enumerate(flat.tolist()):
            if type(v) is float:
                if not (lowest if target.is_signed else 0) - 1 < v < highest + 1:
                    raise _does_not_fit(target, v)
                flat[i] = int(v)
        data = exact.tolist()
    try:
        found = np.array(data, np.int64)
    except OverflowError:
        if target is not uint64:
            raise _beyond_int64() from None
        found = np.array(data, object)
    if found.size:
        smallest, largest = found.min(), found.max()
        if target is uint64 and smallest < 0:
            raise OverflowError(f"can't convert negative int to unsigned\n  the value: {smallest}")
        if smallest < lowest or largest > highest:
            raise _does_not_fit(target, largest if largest > highest else smallest)
    return found.astype(target.np)


def _beyond_int64() -> ValueError:
    return ValueError(
        "Overflow when unpacking long long\n"
        "  an integer lies outside of int64; fix: pass dtype=torch.float64, or uint64"
    )


def _does_not_fit(target: dtype, value: Any) -> RuntimeError:
    return RuntimeError(
        f"value cannot be converted to type {target.name} without overflow\n  the value: {value}"
    )


def _not_a_number(target: dtype, kind: str) -> str:
    if target.category <= INT:
        return f"'{kind}' object cannot be interpreted as an integer"
    return f"must be real number, not {kind}"


def copied_array(a: _ndarray, target: dtype | None) -> _ndarray:
    """A copy in the same memory order, cast as `Tensor.to` casts."""
    if target is None or target.np == a.dtype:
        return a.copy(order="K")
    with np.errstate(all="ignore"):
        return as_array(a.astype(target.np))


# ---------------------------------------------------------------- tensor(): unusual items, errors


def _is_sequence(x: Any) -> bool:
    if isinstance(x, (list, tuple)):
        return True
    if isinstance(x, (str, bytes, dict, set, frozenset, Tensor, np.generic)):
        return False
    return hasattr(type(x), "__len__") and hasattr(type(x), "__getitem__")


def _nested(data: Any, target: dtype | None) -> _ndarray:
    """Sequences with NumPy scalars, arrays or 0-d tensors in them, or the error they deserve."""
    shape: list[int] = []
    first = data
    while _is_sequence(first):
        shape.append(len(first))
        if len(shape) > _MAX_DIMS:
            raise ValueError(f"too many dimensions '{type(first).__name__}'")
        if not shape[-1]:
            break
        first = first[0]
    if isinstance(first, (str, bytes)) and shape:
        raise ValueError(
            f"too many dimensions '{type(first).__name__}'\n"
            "  a tensor holds numbers; fix: float(text) for figures, an index for each word"
        )

    items: list[Any] = []
    if target is None:
        found = _Found()
        found.see(data)
        target = found.dtype or get_default_dtype()
    _collect(data, shape, 0, items, target, "data")
    return _plain(items, set(map(type, items)), target).reshape(shape)


class _Found:
    """The dtype that the items of nested sequences promote to."""

    dtype: dtype | None = None

    def see(self, x: Any) -> None:
        if isinstance(x, (Tensor, np.generic, _ndarray)):
            d = x.dtype if isinstance(x, Tensor) else from_numpy_dtype(x.dtype)
        elif isinstance(x, (bool, int, float, complex)):
            d = _inferred({next(k for k in (bool, int, float, complex) if isinstance(x, k))})
        elif isinstance(x, (str, bytes)):
            raise TypeError(f"new(): invalid data type '{type(x).__name__}'")
        elif _is_sequence(x):
            for item in x:
                self.see(item)
            return
        else:
            raise RuntimeError(f"Could not infer dtype of {type(x).__name__}")
        self.dtype = d if self.dtype is None else promote_types(self.dtype, d)


def _collect(
    x: Any, shape: list[int], dim: int, items: list[Any], target: dtype, where: str
) -> None:
    """Append the numbers of x, which must have shape[dim:]; `where` names x in errors."""
    if dim == len(shape):
        items.append(_number(x, target))
        return
    if not _is_sequence(x):
        raise TypeError(
            f"not a sequence\n  {where} is a {type(x).__name__}, its neighbours are not"
        )
    if len(x) != shape[dim]:
        raise ValueError(
            f"expected sequence of length {shape[dim]} at dim {dim} (got {len(x)})\n"
            f"  at {where}; fix: give all sequences at this depth one length, or pad them"
        )
    if isinstance(x, _ndarray) and x.shape == tuple(shape[dim:]):
        items.extend(_python_numbers(x.reshape(-1)))
        return
    for i, item in enumerate(x):
        _collect(item, shape, dim + 1, items, target, f"{where}[{i}]")


def _python_numbers(a: _ndarray) -> list[Any]:
    """An array's numbers as Python's; bfloat16 and float8 have no such form in NumPy."""
    return (a if a.dtype.kind in "biufc" else a.astype(np.float64)).tolist()


def _number(x: Any, target: dtype) -> Any:
    """One item as a Python number. TypeError in PyTorch's words if it is none."""
    if type(x) in _PLAIN:
        return x
    if isinstance(x, Tensor):
        if x._a.size != 1:
            raise TypeError(
                "only integer tensors of a single element can be converted to an index\n"
                f"  a tensor of shape {list(x.shape)} in a list; fix: torch.stack(list)"
            )
        return x.item()
    if isinstance(x, np.generic):
        return _python_numbers(np.asarray(x).reshape(1))[0]
    try:
        if target.category >= FLOAT and hasattr(x, "__float__"):
            return float(x)
        if target.category <= INT and hasattr(x, "__index__"):
            return x.__index__()
    except (TypeError, ValueError):
        pass
    raise TypeError(_not_a_number(target, type(x).__name__))


# ---------------------------------------------------------------- sharing memory


# ---------------------------------------------------------------- DLPack


def checked_array(a: _ndarray) -> _ndarray:
    """The array itself (a plain ndarray), if a tensor can have its dtype and strides.

    Errors: TypeError for a dtype that no tensor has; ValueError for swapped bytes, for negative
    strides and for strides that are no multiple of the element size.
    """
    if not a.dtype.isnative:
        raise ValueError(
            "given numpy array has byte order different from the native byte order. Conversion "
            "between byte orders is currently not supported.\n"
            "  fix: a.astype(a.dtype.newbyteorder('='))"
        )
    a = adopted(a)
    if not a.flags.c_contiguous:
        if min(a.strides) < 0:
            raise ValueError(
                "At least one stride in the given numpy array is negative, and tensors with "
                "negative strides are not currently supported. (You can probably work around this "
                "by making a copy of your array  with array.copy().) "
            )
        if any(s % a.itemsize for s in a.strides):
            raise ValueError(
                "given numpy array strides not a multiple of the element byte size. Copy the numpy "
                "array to reallocate the memory."
            )
    return a if type(a) is _ndarray else np.asarray(a)


# ---------------------------------------------------------------- torch.Tensor(...)


def legacy_tensor(data: tuple[Any, ...], device: Any = None, dtype: dtype | None = None) -> Tensor:
    """What the old constructors make: torch.Tensor(*data), torch.FloatTensor(*data) with its dtype.

    Integers, or one Size, are sizes: an uninitialised tensor. One tensor is shared; one sequence or
    array is copied into `dtype`, by default the default dtype. TypeError for anything else.
    """
    where = resolve(device)
    target = dtype or get_default_dtype()
    if len(data) == 1:
        (x,) = data
        if isinstance(x, Tensor):
            if dtype is not None and x.dtype is not dtype:
                raise TypeError(f"expected a tensor of dtype {dtype} (got one of dtype {x.dtype})")
            return x.detach()
        if isinstance(x, (str, bytes)):
            raise TypeError(f"new(): invalid data type '{type(x).__name__}'")
        if isinstance(x, _ndarray) or (_is_sequence(x) and not isinstance(x, Size)):
            return wrap(_on(new_array(x, target), where))
        if isinstance(x, Size):
            data = tuple(x)
        elif isinstance(x, bool) or not isinstance(x, (int, np.integer)):
            raise TypeError(f"new(): data must be a sequence (got {type(x).__name__})")
    for i, n in enumerate(data):
        if isinstance(n, bool) or not isinstance(n, (int, np.integer)):
            raise TypeError(
                f"new(): argument 'size' failed to unpack the object at pos {i + 1} with error "
                f'"type must be tuple of ints,but got {type(n).__name__}"'
            )
        if n < 0:
            raise RuntimeError(
                f"Trying to create tensor with negative dimension {n}: {list(map(int, data))}"
            )
    return wrap(_on(np.empty(data or (0,), target.np), where))


def _on(a: np.ndarray, where: Any) -> Any:
    return a if where is CPU else moved(a, where)
