"""Methods of Tensor whose code is imported when they are first called: the start stays short."""

from __future__ import annotations

from typing import Any

from .memory import storage_array
from .tensor import Tensor


def __new__(cls: type[Tensor], *data: Any, device: Any = None) -> Tensor:
    """Tensor(sizes...) or Tensor(sequence).

    Float tensors of the default dtype, as PyTorch's legacy constructor.
    """
    from .construct import legacy_tensor

    t = legacy_tensor(data, device)
    if cls is not Tensor:
        t = t.as_subclass(cls)
    return t


def untyped_storage(self: Tensor) -> Any:
    """The block of memory under the tensor and its views."""
    from .storage import UntypedStorage

    return UntypedStorage(storage_array(self._a))


def storage(self: Tensor) -> Any:
    """The block of memory under the tensor and its views, as numbers of the tensor's dtype."""
    from .storage import typed_storage

    return typed_storage(self)


def __repr__(self: Tensor, *, tensor_contents: str | None = None) -> str:
    from .printing import tensor_repr

    return tensor_repr(self, tensor_contents=tensor_contents)


def __format__(self: Tensor, spec: str) -> str:
    from .printing import tensor_format

    return tensor_format(self, spec)


Tensor.__new__ = staticmethod(__new__)  # type: ignore[assignment]
for _method in (untyped_storage, storage, __repr__, __format__):
    _method.__qualname__ = f"Tensor.{_method.__name__}"
    setattr(Tensor, _method.__name__, _method)
