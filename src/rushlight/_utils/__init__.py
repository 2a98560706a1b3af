"""torch._utils: helpers that packages take from there; and the names of torch that are checks or
symbols (checks.py), annotations (types.py), or a compiler's (fakes.py, prims.py)."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ..core.names import explain_missing
from ..core.parameter import Parameter
from ..core.tensor import Tensor
from ..dispatch.registry import FUNCTIONS

__all__ = ["ExceptionWrapper", "KeyErrorMessage"]

IMPORT_MAPPING: dict[str, str] = {}
NAME_MAPPING: dict[tuple[str, str], tuple[str, str]] = {}


class KeyErrorMessage(str):
    """A message whose repr is itself: KeyError shows the repr of its argument."""

    def __repr__(self) -> str:
        return str(self)


class ExceptionWrapper:
    """An exception with its traceback as text, to be raised again in another process or thread."""

    def __init__(self, exc_info: Any = None, where: str = "in background"):
        kind, error, trace = exc_info or sys.exc_info()
        self.exc_type = kind
        self.exc_msg = "".join(traceback.format_exception(kind, error, trace))
        self.where = where

    def reraise(self) -> None:
        """Raise it: of the same class if that takes a message, else a RuntimeError."""
        name = self.exc_type.__name__
        text = f"Caught {name} {self.where}.\nOriginal {self.exc_msg}"
        if self.exc_type is KeyError:
            raise KeyError(KeyErrorMessage(text))
        try:
            error = self.exc_type(text)
        except Exception:
            raise RuntimeError(text) from None
        raise error


class classproperty:
    """A property of the class."""

    def __init__(self, func: Any):
        self.func = func

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self.func(type(instance) if owner is None else owner)


def is_compiling() -> bool:
    """False: there is no compiler."""
    return False


def _element_size(dtype: Any) -> int:
    """The bytes of one element."""
    return dtype.itemsize


def _get_device_index(device: Any, optional: bool = False, allow_cpu: bool = False) -> int:
    """The index of an accelerator; there is none, so -1 for the CPU where that is allowed."""
    from ..core.device import device as device_

    if isinstance(device, int) and not isinstance(device, bool):
        return device
    found = None if device is None else device_(device)
    if found is not None and found.type == "cpu" and allow_cpu:
        return -1
    if found is not None and found.index is not None:
        return found.index
    raise ValueError(
        f"Expected a torch.device with a specified index or an integer, but got:{device}"
    )


def _get_available_device_type() -> None:
    """The type of the accelerator: None."""


_get_current_device_index = _get_all_device_indices = _get_available_device_type


def _flatten_dense_tensors(tensors: Sequence[Tensor]) -> Tensor:
    """One vector of all their elements, in order."""
    return FUNCTIONS["cat"]([t.contiguous().view(-1) for t in tensors])


def _unflatten_dense_tensors(flat: Tensor, tensors: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Views of `flat` in the shapes of `tensors`: the inverse of _flatten_dense_tensors."""
    parts = flat.split([t.numel() for t in tensors])
    return tuple(part.view(t.shape) for part, t in zip(parts, tensors, strict=True))


def _take_tensors(tensors: Iterable[Tensor], size_limit: int) -> Iterator[list[Tensor]]:
    """Lists of tensors of one dtype, in order, of size_limit bytes at most if one fits."""
    waiting: dict[Any, tuple[list[Tensor], int]] = {}
    for t in tensors:
        size = t.numel() * t.element_size()
        batch, bytes_ = waiting.get(t.dtype, ([], 0))
        if batch and bytes_ + size > size_limit:
            yield batch
            batch, bytes_ = [], 0
        waiting[t.dtype] = ([*batch, t], bytes_ + size)
    yield from (batch for batch, _ in waiting.values() if batch)


def _reorder_tensors_as(tensors: Iterable[Tensor], ordered: Iterable[Tensor]) -> tuple[Tensor, ...]:
    """The tensors in the order of dtypes of `ordered`."""
    of: dict[Any, list[Tensor]] = {}
    for t in tensors:
        of.setdefault(t.dtype, []).append(t)
    takes = {dtype: iter(found) for dtype, found in of.items()}
    return tuple(next(takes[t.dtype]) for t in ordered)


def _rebuild_tensor(storage: Any, storage_offset: int, size: Any, stride: Any) -> Tensor:
    """The view of a storage."""
    dtype = getattr(storage, "dtype", None)
    return FUNCTIONS["empty"](0, dtype=dtype).set_(storage, storage_offset, size, stride)


def _rebuild_tensor_v2(
    storage: Any,
    storage_offset: int,
    size: Any,
    stride: Any,
    requires_grad: bool,
    backward_hooks: Any,
    metadata: Any = None,
) -> Tensor:
    """The view of a storage, as a leaf."""
    return _rebuild_tensor(storage, storage_offset, size, stride).requires_grad_(requires_grad)


def _rebuild_parameter(data: Tensor, requires_grad: bool, backward_hooks: Any) -> Parameter:
    """data as a Parameter."""
    return Parameter(data, requires_grad)


def _shape_as_tensor(x: Tensor) -> Tensor:
    """The sizes of x as int64."""
    return FUNCTIONS["arange"](0) if not x.ndim else x.new_tensor(list(x.shape)).long()


def _softmax_backward_data(
    grad_output: Tensor, output: Tensor, dim: int, input_dtype: Any
) -> Tensor:
    """dx = y (dy - Σ y dy), the sum over dim, of y = softmax(x)."""
    weighted = grad_output * output
    return (weighted - output * weighted.sum(dim, True)).to(input_dtype)


explain_missing(__name__)
