"""torch.distributions.utils: broadcasting of parameters, probabilities and logits, triangles."""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Number
from typing import Any

import rushlight as torch

from ..core.tensor import Tensor
from ..dispatch.registry import FUNCTIONAL as F

euler_constant = 0.57721566490153286060  # Euler and Mascheroni's
_LOG_SQRT_2_PI = math.log(math.sqrt(2 * math.pi))

__all__ = [
    "broadcast_all",
    "clamp_probs",
    "lazy_property",
    "logits_to_probs",
    "probs_to_logits",
    "tril_matrix_to_vec",
    "vec_to_tril_matrix",
]


def broadcast_all(*values: Any) -> tuple[Tensor, ...]:
    """Numbers and tensors, all as tensors of one shape.

    Numbers take dtype and device of the first tensor, or the default dtype if there is none.
    ValueError: anything else.
    """
    if not all(_is_tensor_like(v) or isinstance(v, Number) for v in values):
        raise ValueError(
            "Input arguments must all be instances of Number, torch.Tensor or objects "
            "implementing __torch_function__."
        )
    if not all(_is_tensor_like(v) for v in values):
        like = next((v for v in values if isinstance(v, Tensor)), None)
        dtype = torch.get_default_dtype() if like is None else like.dtype
        values = tuple(v if _is_tensor_like(v) else torch.tensor(v, dtype=dtype) for v in values)
    return tuple(torch.broadcast_tensors(*values))


def _is_tensor_like(x: Any) -> bool:
    return isinstance(x, Tensor) or hasattr(type(x), "__torch_function__")


def _standard_normal(shape: Any, dtype: Any, device: Any = None) -> Tensor:
    return torch.normal(torch.zeros(shape, dtype=dtype), torch.ones(shape, dtype=dtype))


def _sum_rightmost(value: Any, dim: int) -> Any:
    """value (*, ...) summed over its last `dim` dimensions."""
    if dim == 0:
        return value
    return value.reshape((*value.shape[:-dim], -1)).sum(-1)


def logits_to_probs(logits: Tensor, is_binary: bool = False) -> Tensor:
    """sigmoid(logits) if is_binary, else softmax over the last dimension."""
    return torch.sigmoid(logits) if is_binary else F["softmax"](logits, dim=-1)


def clamp_probs(probs: Tensor) -> Tensor:
    """Probabilities held within [eps, 1 - eps], eps the dtype's rounding error."""
    eps = torch.finfo(probs.dtype).eps
    return probs.clamp(min=eps, max=1 - eps)


def probs_to_logits(probs: Tensor, is_binary: bool = False) -> Tensor:
    """ln(p / (1 - p)) if is_binary, else ln p; p is held within (0, 1) by `clamp_probs`."""
    p = clamp_probs(probs)
    return torch.log(p) - torch.log1p(-p) if is_binary else torch.log(p)


class lazy_property:
    """A method whose value is computed when first asked for, then kept as an attribute."""

    def __init__(self, wrapped: Callable[[Any], Any]):
        self.wrapped = wrapped
        self.__doc__ = wrapped.__doc__
        self.__name__ = wrapped.__name__

    def __get__(self, instance: Any, obj_type: Any = None) -> Any:
        if instance is None:
            return _LazyProperty(self.wrapped)
        with torch.enable_grad():
            value = self.wrapped(instance)
        setattr(instance, self.wrapped.__name__, value)
        return value


class _LazyProperty(lazy_property, property):
    """What a class shows for a lazy property: documented like a property."""

    def __init__(self, wrapped: Callable[[Any], Any]):
        property.__init__(self, wrapped)


def tril_matrix_to_vec(mat: Tensor, diag: int = 0) -> Tensor:
    """The lower triangle of matrices, row by row: (*, N, N) -> (*, N (N + 1) / 2) for diag = 0.

    diag  the triangle ends at this diagonal; ValueError: outside of [-N, N)
    """
    n = mat.shape[-1]
    if not -n <= diag < n:
        raise ValueError(f"diag ({diag}) provided is outside [{-n}, {n - 1}].")
    rows, columns = torch.tril_indices(n, n, diag)
    return mat[..., rows, columns]


def vec_to_tril_matrix(vec: Tensor, diag: int = 0) -> Tensor:
    """Vectors as lower triangles, row by row: (*, D) -> (*, N, N), the inverse of
    `tril_matrix_to_vec`.

    ValueError: D is not the size of such a triangle
    """
    n = (
        -(1 + 2 * diag)
        + ((1 + 2 * diag) ** 2 + 8 * vec.shape[-1] + 4 * abs(diag) * (diag + 1)) ** 0.5
    ) / 2
    eps = torch.finfo(vec.dtype).eps
    if round(n) - n > eps:
        raise ValueError(
            f"The size of last dimension is {vec.shape[-1]} which cannot be expressed as "
            "the lower triangular part of a square D x D matrix."
        )
    n = round(n)
    rows, columns = torch.tril_indices(n, n, diag)
    mat = torch.zeros((*vec.shape[:-1], n, n), dtype=vec.dtype)
    mat[..., rows, columns] = vec
    return mat


def batch_shape_of(parameters: tuple[Any, ...], tensor: Tensor) -> Any:
    """() if all parameters were given as numbers, else the shape that they were broadcast to."""
    if all(isinstance(p, Number) for p in parameters):
        return torch.Size()
    return tensor.size()
