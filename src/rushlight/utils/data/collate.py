"""How samples become a batch: `default_collate`, and `default_convert` where there are no
batches."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from ...core import dtype as dtypes
from ...core.construct import tensor
from ...core.sharing import as_tensor
from ...core.tensor import Tensor, wrap
from ...dispatch.registry import FUNCTIONS

__all__ = ["collate", "default_collate", "default_collate_fn_map", "default_convert"]

_NO_TENSOR = "SUaO"  # kinds of NumPy dtypes that no tensor holds: bytes, str, void, object
_REFUSED = (
    "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"
)


def default_convert(data: Any) -> Any:
    """NumPy arrays and scalars become tensors, also inside mappings, named tuples and sequences.

    Arrays are shared, not copied; anything else is returned unchanged. A tuple becomes a list.

    >>> default_convert({"x": np.zeros(2), "name": "a"})
    {'x': tensor([0., 0.], dtype=torch.float64), 'name': 'a'}
    """
    if isinstance(data, Tensor | str | bytes):
        return data
    if isinstance(data, np.ndarray | np.generic):
        return data if data.dtype.kind in _NO_TENSOR else as_tensor(data)
    if isinstance(data, Mapping):
        return _like_mapping(data, {key: default_convert(data[key]) for key in data})
    if _is_namedtuple(data):
        return type(data)(*map(default_convert, data))
    if isinstance(data, tuple):
        return [default_convert(item) for item in data]
    if isinstance(data, Sequence):
        return _like_sequence(data, [default_convert(item) for item in data])
    return data


def default_collate(batch: Any) -> Any:
    """A list of samples becomes one batch, with a new first dimension N.

    tensors and NumPy arrays of one shape (*) -> Tensor (N, *); numbers -> Tensor (N): int64 for
    ints, float64 for floats; str and bytes stay a list; mappings, named tuples, tuples and lists
    are collated item by item. Raises RuntimeError for shapes or lengths that differ, TypeError for
    anything else.

    >>> default_collate([(0, "a"), (2, "b")])
    [tensor([0, 2]), ('a', 'b')]
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)


def collate(batch: Any, *, collate_fn_map: dict | None = None) -> Any:
    """`default_collate` with a custom map {type or tuple of types: f(batch, *, collate_fn_map)}.

    The exact type of the first sample is looked up first, then its base classes, then the
    containers.
    """
    first = batch[0]
    kind = type(first)
    if collate_fn_map is not None:
        function = collate_fn_map.get(kind)
        if function is None:
            function = next((f for t, f in collate_fn_map.items() if isinstance(first, t)), None)
        if function is not None:
            return function(batch, collate_fn_map=collate_fn_map)
    if isinstance(first, Mapping):
        columns = {
            key: collate([sample[key] for sample in batch], collate_fn_map=collate_fn_map)
            for key in first
        }
        return _like_mapping(first, columns)
    if _is_namedtuple(first):
        samples = zip(*batch, strict=True)
        return kind(*(collate(column, collate_fn_map=collate_fn_map) for column in samples))
    if isinstance(first, Sequence):
        lengths = {len(sample) for sample in batch}
        if len(lengths) > 1:
            raise RuntimeError(
                "each element in list of batch should be of equal size\n"
                f"  the samples' lengths are {sorted(lengths)}\n"
                "  fix: pad the samples, or pass DataLoader a collate_fn that does"
            )
        parts = [
            collate(column, collate_fn_map=collate_fn_map) for column in zip(*batch, strict=True)
        ]
        return parts if isinstance(first, tuple) else _like_sequence(first, parts)
    raise TypeError(_REFUSED.format(kind) + _advice(first))


def _advice(sample: Any) -> str:
    """What to do about a sample that cannot be collated."""
    if sample is None:
        return "\n  does the data set's __getitem__ return something in every case?"
    if hasattr(sample, "getbands"):  # a PIL image
        return "\n  fix: transform=transforms.ToTensor() in the data set makes tensors of images"
    return "\n  fix: samples of those types, or pass DataLoader a collate_fn"


def _is_namedtuple(data: Any) -> bool:
    return isinstance(data, tuple) and hasattr(data, "_fields")


def _like_mapping(model: Any, columns: dict) -> Any:
    """`columns` as a mapping of the model's type; falls back to a dict."""
    if type(model) is dict:
        return columns
    try:
        if isinstance(model, MutableMapping):
            clone = copy.copy(model)
            clone.update(columns)
            return clone
        return type(model)(columns)
    except TypeError:
        return columns


def _like_sequence(model: Any, columns: list) -> Any:
    """`columns` as a sequence of the model's type; falls back to a list."""
    if type(model) is list:
        return columns
    try:
        if isinstance(model, MutableSequence):
            clone = copy.copy(model)
            for i, column in enumerate(columns):
                clone[i] = column
            return clone
        return type(model)(columns)
    except TypeError:
        return columns


def collate_tensor_fn(batch: Sequence, *, collate_fn_map: dict | None = None) -> Tensor:
    first = batch[0]
    if type(first) is Tensor and first.ndim:
        # Plain tensors of equal shape: one concatenation. All others, and errors: stack().
        shape, dtype = first._a.shape, first._a.dtype
        if all(
            type(t) is Tensor and t._a.shape == shape and t._a.dtype == dtype and not t._rg
            for t in batch
        ):
            # In C order, as PyTorch's: NumPy would keep the samples' own order.
            rows = np.ascontiguousarray(np.concatenate([t._a for t in batch]))  # (N·d0, ...)
            return wrap(rows.reshape(len(batch), *shape))
    return FUNCTIONS["stack"](batch, 0)


def collate_numpy_array_fn(batch: Sequence, *, collate_fn_map: dict | None = None) -> Any:
    if batch[0].dtype.kind in _NO_TENSOR:
        raise TypeError(_REFUSED.format(batch[0].dtype))
    return collate([as_tensor(array) for array in batch], collate_fn_map=collate_fn_map)


def collate_numpy_scalar_fn(batch: Sequence, *, collate_fn_map: dict | None = None) -> Tensor:
    return as_tensor(batch)


def collate_float_fn(batch: Sequence, *, collate_fn_map: dict | None = None) -> Tensor:
    return tensor(batch, dtype=dtypes.float64)


def collate_int_fn(batch: Sequence, *, collate_fn_map: dict | None = None) -> Tensor:
    return tensor(batch)


def collate_str_fn(batch: Sequence, *, collate_fn_map: dict | None = None) -> Sequence:
    return batch


# Public: users register their own types here.
default_collate_fn_map: dict[type | tuple[type, ...], Callable] = {
    Tensor: collate_tensor_fn,
    np.ndarray: collate_numpy_array_fn,
    (np.bool_, np.number, np.object_): collate_numpy_scalar_fn,
    float: collate_float_fn,
    int: collate_int_fn,
    str: collate_str_fn,
    bytes: collate_str_fn,
}
_STOCK = dict(default_collate_fn_map)


def is_stock_collate(collate_fn: Callable) -> bool:
    """Is this `default_collate`, with nothing changed about tensors, arrays and numbers?"""
    return collate_fn is default_collate and all(
        default_collate_fn_map.get(key) is function for key, function in _STOCK.items()
    )
