"""Collectives of a group of one process: what goes out comes back.

Each checks that there is a group, writes into the tensors or lists that are given for results, and
returns None, or with async_op=True a Work that is done.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from ..core.grad_mode import no_grad
from ..core.tensor import Tensor
from .groups import RedOpType, is_member

SUM = RedOpType.SUM


class Work:
    """A collective that is done."""

    def __init__(self, result: Any = None):
        self._result = result

    def is_completed(self) -> bool:
        """True"""
        return True

    is_success = is_completed

    def wait(self, timeout: Any = None) -> bool:
        """True, at once."""
        return True

    def synchronize(self) -> None:
        """Nothing to wait for."""

    def result(self) -> Any:
        """The tensors."""
        return self._result

    def get_future(self) -> Any:
        """A Future with the tensors."""
        from ..futures import Future

        future: Future = Future()
        future.set_result(self._result)
        return future


def _done(async_op: bool, result: Any = None) -> Work | None:
    return Work(result) if async_op else None


def _tensor(x: Any, name: str) -> Tensor:
    if not isinstance(x, Tensor):
        raise TypeError(
            f"Invalid function argument. Expected parameter `{name}` of type torch.Tensor\n"
            f"             but got {type(x)} instead."
        )
    return x


def _root(rank: Any, group_rank: Any = None) -> None:
    """The process that sends or collects must be this one."""
    found = group_rank if rank is None else rank
    if found not in (None, 0):
        raise ValueError(f"rank {found} is not one of a group of 1")


def _write(to: Tensor, x: Tensor) -> None:
    if to.numel() != x.numel():
        raise ValueError(
            f"output tensor size must be equal to world_size times input tensor size: "
            f"{tuple(to.shape)} for {tuple(x.shape)}"
        )
    with no_grad():
        to.copy_(x.reshape(to.shape))


def barrier(group: Any = None, async_op: bool = False, *args: Any, **kwargs: Any) -> Any:
    """Waits for the others: there are none."""
    is_member(group)
    return _done(async_op)


def monitored_barrier(group: Any = None, timeout: Any = None, wait_all_ranks: bool = False) -> None:
    """Waits for the others: there are none."""
    is_member(group)


def all_reduce(tensor: Tensor, op: Any = SUM, group: Any = None, async_op: bool = False) -> Any:
    """tensor stays as it is: it is its own sum, maximum, ..."""
    is_member(group)
    return _done(async_op, [_tensor(tensor, "tensor")])


def all_reduce_coalesced(
    tensors: Sequence[Tensor], op: Any = SUM, group: Any = None, async_op: bool = False
) -> Any:
    """The tensors stay as they are."""
    is_member(group)
    return _done(async_op, list(tensors))


def reduce(
    tensor: Tensor,
    dst: int | None = None,
    op: Any = SUM,
    group: Any = None,
    async_op: bool = False,
    group_dst: int | None = None,
) -> Any:
    """tensor stays as it is. errors  ValueError: dst is not 0"""
    is_member(group)
    _root(dst, group_dst)
    return _done(async_op, [_tensor(tensor, "tensor")])


def broadcast(
    tensor: Tensor,
    src: int | None = None,
    group: Any = None,
    async_op: bool = False,
    group_src: int | None = None,
) -> Any:
    """tensor stays as it is. errors  ValueError: src is not 0"""
    is_member(group)
    _root(src, group_src)
    return _done(async_op, [_tensor(tensor, "tensor")])


def all_gather(
    tensor_list: list[Tensor], tensor: Tensor, group: Any = None, async_op: bool = False
) -> Any:
    """Writes tensor into tensor_list[0]. errors  ValueError: the list has not one tensor"""
    is_member(group)
    _tensor(tensor, "tensor")
    if len(tensor_list) != 1:
        raise ValueError(f"Tensor list input to all_gather has {len(tensor_list)} tensors for 1")
    _write(tensor_list[0], tensor)
    return _done(async_op, tensor_list)


def all_gather_coalesced(
    output_tensor_lists: list[list[Tensor]],
    input_tensor_list: list[Tensor],
    group: Any = None,
    async_op: bool = False,
) -> Any:
    """all_gather for each pair."""
    is_member(group)
    for to, x in zip(output_tensor_lists, input_tensor_list, strict=True):
        all_gather(to, x, group)
    return _done(async_op, output_tensor_lists)


def all_gather_into_tensor(
    output_tensor: Tensor, input_tensor: Tensor, group: Any = None, async_op: bool = False
) -> Any:
    """Writes input_tensor into output_tensor. errors  ValueError: another number of elements"""
    is_member(group)
    _write(_tensor(output_tensor, "output_tensor"), _tensor(input_tensor, "input_tensor"))
    return _done(async_op, [output_tensor])


all_gather_single = _all_gather_base = all_gather_into_tensor


def all_gather_object(object_list: list[Any], obj: Any, group: Any = None) -> None:
    """object_list[0] = a copy of obj"""
    is_member(group)
    object_list[0] = copy.deepcopy(obj)


def gather(
    tensor: Tensor,
    gather_list: list[Tensor] | None = None,
    dst: int | None = None,
    group: Any = None,
    async_op: bool = False,
    group_dst: int | None = None,
) -> Any:
    """Writes tensor into gather_list[0]. errors  ValueError: no list, dst is not 0"""
    is_member(group)
    _root(dst, group_dst)
    if not gather_list:
        raise ValueError("Argument ``gather_list`` must be specified on destination rank.")
    return all_gather(gather_list, tensor, group, async_op)


def gather_object(
    obj: Any,
    object_gather_list: list[Any] | None = None,
    dst: int | None = None,
    group: Any = None,
    group_dst: int | None = None,
) -> None:
    """object_gather_list[0] = a copy of obj"""
    is_member(group)
    _root(dst, group_dst)
    if not object_gather_list:
        raise ValueError("Argument ``gather_list`` must be specified on destination rank.")
    object_gather_list[0] = copy.deepcopy(obj)


def scatter(
    tensor: Tensor,
    scatter_list: list[Tensor] | None = None,
    src: int | None = None,
    group: Any = None,
    async_op: bool = False,
    group_src: int | None = None,
) -> Any:
    """Writes scatter_list[0] into tensor. errors  ValueError: no list, src is not 0"""
    is_member(group)
    _root(src, group_src)
    if not scatter_list:
        raise ValueError("Argument ``scatter_list`` must be specified on source rank.")
    _write(_tensor(tensor, "tensor"), scatter_list[0])
    return _done(async_op, [tensor])


def scatter_object_list(
    scatter_object_output_list: list[Any],
    scatter_object_input_list: list[Any] | None = None,
    src: int | None = None,
    group: Any = None,
    group_src: int | None = None,
) -> None:
    """scatter_object_output_list[0] = a copy of scatter_object_input_list[0]"""
    is_member(group)
    _root(src, group_src)
    if not scatter_object_output_list:
        raise ValueError(
            "Expected argument scatter_object_output_list to be a list of size at least 1."
        )
    if not scatter_object_input_list:
        raise ValueError("source rank must provide non-empty scatter_object_input_list")
    scatter_object_output_list[0] = copy.deepcopy(scatter_object_input_list[0])


def broadcast_object_list(
    object_list: list[Any],
    src: int | None = None,
    group: Any = None,
    device: Any = None,
    group_src: int | None = None,
) -> None:
    """object_list stays as it is. errors  ValueError: src is not 0"""
    is_member(group)
    _root(src, group_src)


def reduce_scatter(
    output: Tensor,
    input_list: list[Tensor],
    op: Any = SUM,
    group: Any = None,
    async_op: bool = False,
) -> Any:
    """Writes input_list[0] into output."""
    is_member(group)
    _write(_tensor(output, "output"), input_list[0])
    return _done(async_op, [output])


def reduce_scatter_tensor(
    output: Tensor, input: Tensor, op: Any = SUM, group: Any = None, async_op: bool = False
) -> Any:
    """Writes input into output."""
    is_member(group)
    _write(_tensor(output, "output"), _tensor(input, "input"))
    return _done(async_op, [output])


reduce_scatter_single = _reduce_scatter_base = reduce_scatter_tensor


def all_to_all(
    output_tensor_list: list[Tensor],
    input_tensor_list: list[Tensor],
    group: Any = None,
    async_op: bool = False,
) -> Any:
    """Writes input_tensor_list[0] into output_tensor_list[0]."""
    is_member(group)
    _write(output_tensor_list[0], input_tensor_list[0])
    return _done(async_op, output_tensor_list)


def all_to_all_single(
    output: Tensor,
    input: Tensor,
    output_split_sizes: Any = None,
    input_split_sizes: Any = None,
    group: Any = None,
    async_op: bool = False,
) -> Any:
    """Writes input into output."""
    return reduce_scatter_tensor(output, input, SUM, group, async_op)


def _nobody(name: str, group: Any) -> ValueError:
    is_member(group)
    return ValueError(f"{name}: a group of one process has nobody to send to or receive from")


def send(tensor: Tensor, dst: int | None = None, group: Any = None, *args: Any, **kw: Any) -> None:
    """ValueError: there is nobody to send to."""
    raise _nobody("send", group)


def recv(tensor: Tensor, src: int | None = None, group: Any = None, *args: Any, **kw: Any) -> int:
    """ValueError: there is nobody to receive from."""
    raise _nobody("recv", group)


def isend(tensor: Tensor, dst: int | None = None, group: Any = None, *args: Any, **kw: Any) -> Any:
    """ValueError: there is nobody to send to."""
    raise _nobody("isend", group)


def irecv(tensor: Tensor, src: int | None = None, group: Any = None, *args: Any, **kw: Any) -> Any:
    """ValueError: there is nobody to receive from."""
    raise _nobody("irecv", group)


def send_object_list(object_list: list, dst: Any = None, group: Any = None, **kw: Any) -> None:
    """ValueError: there is nobody to send to."""
    raise _nobody("send_object_list", group)


def recv_object_list(object_list: list, src: Any = None, group: Any = None, **kw: Any) -> int:
    """ValueError: there is nobody to receive from."""
    raise _nobody("recv_object_list", group)


class P2POp:
    """One of isend and irecv, for batch_isend_irecv."""

    def __init__(
        self, op: Any, tensor: Tensor, peer: int | None = None, group: Any = None, **kw: Any
    ):
        self.op, self.tensor, self.peer, self.group = op, tensor, peer, group


def batch_isend_irecv(p2p_op_list: list[P2POp]) -> list[Work]:
    """ValueError: there is nobody to send to."""
    raise _nobody("batch_isend_irecv", p2p_op_list[0].group if p2p_op_list else None)
