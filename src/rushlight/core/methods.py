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


def storage_type(self: Tensor) -> type:
    """The class of storages of the tensor's dtype: torch.FloatStorage and the like."""
    from .storage import OF_DTYPE

    return OF_DTYPE[self.dtype]


def module_load(self: Tensor, other: Tensor, assign: bool = False) -> Tensor:
    """What load_state_dict puts in this tensor's place: its own elements, changed, or
    other's (assign).
    """
    return other.detach() if assign else self.copy_(other).detach()


def reinforce(self: Tensor, reward: Any) -> Any:
    """RuntimeError: torch.distributions have log_prob instead."""
    raise RuntimeError(
        "reinforce() was removed.\nUse torch.distributions instead.\n"
        "  fix: m = Categorical(probs); a = m.sample(); loss = -m.log_prob(a) * reward"
    )


def ipu(self: Tensor, device: Any = None, non_blocking: bool = False, **options: Any) -> Any:
    """RuntimeError: no such device."""
    raise RuntimeError("PyTorch is not linked with support for ipu devices")


def xpu(self: Tensor, device: Any = None, non_blocking: bool = False, **options: Any) -> Any:
    """AssertionError: no such device."""
    raise AssertionError("Torch not compiled with XPU enabled")


def mtia(self: Tensor, device: Any = None, non_blocking: bool = False, **options: Any) -> Any:
    """AssertionError: no such device."""
    raise AssertionError("Torch not compiled with MTIA enabled.")


def _grad_dtype(self: Tensor) -> Any:
    """The dtype of the gradient: the tensor's own. RuntimeError: not a leaf"""
    if not self.is_leaf:
        raise RuntimeError("grad_dtype can only be accessed on leaf tensors.")
    return self.dtype


def _set_grad_dtype(self: Tensor, dtype: Any) -> None:
    if dtype is not _grad_dtype(self):
        raise NotImplementedError(
            f"grad_dtype: gradients have the tensor's dtype here, {self.dtype}, not {dtype}"
        )


Tensor.grad_dtype = property(_grad_dtype, _set_grad_dtype)  # type: ignore
Tensor.name = None  # type: ignore
Tensor.__new__ = staticmethod(__new__)  # type: ignore[assignment]
_METHODS = (untyped_storage, storage, storage_type, module_load, reinforce, ipu, xpu, mtia)
for _method in (*_METHODS, __repr__, __format__):
    _method.__qualname__ = f"Tensor.{_method.__name__}"
    setattr(Tensor, _method.__name__, _method)
