"""Questions about tensors, at the top of PyTorch's namespace: is_tensor, numel, typename, ..."""

from __future__ import annotations

from typing import Any

import numpy as np

from .dtype import dtype, result_dtype
from .storage import TypedStorage, UntypedStorage
from .tensor import Tensor


def is_tensor(obj: Any) -> bool:
    """True if obj is a Tensor."""
    return isinstance(obj, Tensor)


def carries(t: Tensor) -> bool:
    """True if t has a gradient or a tangent, or stands for tensors that may: only differentiable
    formulas will do."""
    return t._rg or t._duals is not None or type(t._a) is not np.ndarray


def is_storage(obj: Any) -> bool:
    """True if obj is a storage."""
    return isinstance(obj, (UntypedStorage, TypedStorage))


def is_floating_point(input: Tensor) -> bool:
    """True if input's dtype is floating."""
    return input.is_floating_point()


def is_complex(input: Tensor) -> bool:
    """True if input's dtype is complex."""
    return input.is_complex()


def is_signed(input: Tensor) -> bool:
    """True if input's dtype is signed."""
    return input.is_signed()


def is_conj(input: Tensor) -> bool:
    """False: conjugation is never lazy here."""
    return input.is_conj()


def is_neg(input: Tensor) -> bool:
    """False: negation is never lazy here."""
    return input.is_neg()


def is_inference(input: Tensor) -> bool:
    """True if input was made inside inference_mode."""
    return input.is_inference()


def is_nonzero(input: Tensor) -> bool:
    """True if the only element is not zero. RuntimeError: not exactly one element."""
    return bool(input)


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """True if the shapes are equal."""
    return input.is_same_size(other)


def numel(input: Tensor) -> int:
    """The number of elements."""
    return input.numel()


def result_type(tensor1: Any, tensor2: Any) -> dtype:
    """The dtype of an arithmetic operation on the two tensors or numbers."""
    return result_dtype((tensor1, tensor2))


def typename(obj: Any) -> str:
    """'torch.FloatTensor' for tensors, the qualified class name otherwise."""
    if isinstance(obj, Tensor):
        return obj.type()
    cls = obj if isinstance(obj, type) else type(obj)
    return (
        cls.__qualname__
        if cls.__module__ in ("builtins", "")
        else f"{cls.__module__}.{cls.__qualname__}"
    )
