"""torch.distributed.nn: collectives that gradients flow through; of one process, identities."""

from __future__ import annotations

from typing import Any

from ..core.tensor import Tensor
from .groups import RedOpType, is_member

__all__ = [
    "all_gather",
    "all_reduce",
    "all_to_all",
    "all_to_all_single",
    "broadcast",
    "gather",
    "reduce",
    "reduce_scatter",
    "scatter",
]

SUM = RedOpType.SUM
ReduceOp = RedOpType


def broadcast(tensor: Tensor, src: int, group: Any = None) -> Tensor:
    """tensor"""
    is_member(group)
    return tensor


def all_reduce(tensor: Tensor, op: Any = SUM, group: Any = None) -> Tensor:
    """tensor"""
    is_member(group)
    return tensor


def reduce(tensor: Tensor, dst: int, op: Any = SUM, group: Any = None) -> Tensor:
    """tensor"""
    is_member(group)
    return tensor


def all_gather(tensor: Tensor, group: Any = None) -> tuple[Tensor, ...]:
    """(tensor,)"""
    is_member(group)
    return (tensor,)


def gather(tensor: Tensor, dst: int = 0, group: Any = None) -> tuple[Tensor, ...]:
    """(tensor,)"""
    is_member(group)
    return (tensor,)


def scatter(tensors: list[Tensor], src: int = 0, group: Any = None) -> Tensor:
    """tensors[0]"""
    is_member(group)
    return tensors[0]


def reduce_scatter(
    output: Tensor, input_list: list[Tensor], op: Any = SUM, group: Any = None
) -> Tensor:
    """input_list[0]"""
    is_member(group)
    return input_list[0]


def all_to_all(
    output_tensor_list: list[Tensor], input_tensor_list: list[Tensor], group: Any = None
) -> tuple[Tensor, ...]:
    """The inputs."""
    is_member(group)
    return tuple(input_tensor_list)


def all_to_all_single(
    output: Tensor,
    input: Tensor,
    output_split_sizes: Any = None,
    input_split_sizes: Any = None,
    group: Any = None,
) -> Tensor:
    """input"""
    is_member(group)
    return input


def _sync_module_states(module: Any, *args: Any, **kwargs: Any) -> None:
    """Parameters and buffers of all processes become equal: of one, they are."""
