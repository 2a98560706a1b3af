"""Operators of torch.ops.aten that are no function of torch.* and no method under that name."""

from __future__ import annotations

from typing import Any, NoReturn

from ..core.paths import refused
from ..core.tensor import Tensor

__all__ = ["NAMES"]


def _to_copy(
    self: Tensor,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool | None = None,
    non_blocking: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """A copy in this dtype and order: `x.to(..., copy=True)`."""
    options = {} if memory_format is None else {"memory_format": memory_format}
    return self.to(device=device, dtype=dtype, copy=True, **options)


def alias(self: Tensor) -> Tensor:
    """A view of all elements."""
    return self.view(self.shape)


def index(self: Tensor, indices: list[Tensor | None]) -> Tensor:
    """self[indices], where None stands for a whole dimension."""
    return self[tuple(slice(None) if i is None else i for i in indices)]


def slice_(
    self: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """self[start:end:step] in one dimension: a view."""
    return self[(slice(None),) * (dim % max(self.ndim, 1)) + (slice(start, end, step),)]


def _unsafe_view(self: Tensor, size: Any) -> Tensor:
    """A view; PyTorch does not note that it is one."""
    return self.view(size)


def _pin_memory(self: Tensor, device: Any = None) -> Tensor:
    """`x.pin_memory()`, which says that there is no accelerator to pin memory for."""
    return self.pin_memory()


def _sparse_addmm(
    self: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1
) -> Tensor:
    """beta self + alpha mat1 mat2 with a sparse mat1."""
    return self.addmm(mat1, mat2, beta=beta, alpha=alpha)


def _sparse_mm_reduce_impl(self: Tensor, other: Tensor, reduce: str) -> NoReturn:
    """Refused: its operands have the layout CSR."""
    raise refused("torch.ops.aten._sparse_mm_reduce_impl", "rushlight has no sparse layout CSR")


def _is_all_true(self: Tensor) -> Tensor:
    """Whether all elements are True: a Tensor without dimensions."""
    return self.all()


def _is_any_true(self: Tensor) -> Tensor:
    """Whether an element is True: a Tensor without dimensions."""
    return self.any()


def _local_scalar_dense(self: Tensor) -> Any:
    """`x.item()`"""
    return self.item()


def lift_fresh(self: Tensor) -> Tensor:
    """The tensor itself."""
    return self


def sym_numel(self: Tensor) -> int:
    """How many elements there are."""
    return self.numel()


def sym_size(self: Tensor, dim: int | None = None) -> Any:
    """The shape, or the length of one dimension."""
    return self.size() if dim is None else self.size(dim)


def sym_stride(self: Tensor, dim: int | None = None) -> Any:
    """The strides, or that of one dimension."""
    return self.stride() if dim is None else self.stride(dim)


#: name -> function
NAMES = {
    f.__name__.rstrip("_"): f
    for f in (
        _is_all_true,
        _is_any_true,
        _local_scalar_dense,
        _pin_memory,
        _sparse_addmm,
        _sparse_mm_reduce_impl,
        _to_copy,
        _unsafe_view,
        alias,
        index,
        lift_fresh,
        slice_,
        sym_numel,
        sym_size,
        sym_stride,
    )
}
