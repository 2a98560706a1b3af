"""torch.distributed.nn: collectives that gradients flow through.

The backward of each is the collective that carries the gradients back; all processes of the group
must run it. In a group of one they are identities.

Letters: K processes of the group.
"""

from __future__ import annotations

from typing import Any

from ..autograd.function import Function
from ..core.tensor import Tensor
from . import collectives
from .collectives import root_of
from .groups import ProcessGroup, RedOpType, _member, is_initialized

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


def processes(group: Any) -> int:
    """How many there are in the group; 1 without a group."""
    return _member(group).size() if group is not None or is_initialized() else 1


class _AllReduce(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, op: Any, group: ProcessGroup) -> Tensor:
        ctx.op, ctx.group = op, group
        y = x.detach().clone()
        collectives.all_reduce(y, op, group)
        return y

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Any:
        return _AllReduce.apply(dy, ctx.op, ctx.group), None, None


class _Broadcast(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, root: int, group: ProcessGroup) -> Tensor:
        ctx.root, ctx.group = root, group
        y = x.detach().clone()
        collectives.broadcast(y, group=group, group_src=root)
        return y

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Any:
        return _Reduce.apply(dy, ctx.root, SUM, ctx.group), None, None


class _Reduce(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, root: int, op: Any, group: ProcessGroup) -> Tensor:
        ctx.root, ctx.group = root, group
        y = x.detach().clone()
        collectives.reduce(y, group_dst=root, op=op, group=group)
        return y if group.rank() == root else y.zero_()

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Any:
        return _Broadcast.apply(dy, ctx.root, ctx.group), None, None, None


class _AllToAll(Function):
    """Tensors for each process -> tensors of each; shapes of what comes."""

    @staticmethod
    def forward(ctx: Any, group: ProcessGroup, shapes: list, *xs: Tensor) -> tuple:
        ctx.group, ctx.sent = group, [x.shape for x in xs]
        ys = [xs[0].detach().new_zeros(shape) for shape in shapes]
        collectives.all_to_all(ys, [x.detach() for x in xs], group)
        return tuple(ys)

    @staticmethod
    def backward(ctx: Any, *dys: Tensor) -> Any:
        return None, None, *_AllToAll.apply(ctx.group, ctx.sent, *dys)


def _exchange(group: ProcessGroup, shapes: list, xs: list[Tensor]) -> tuple[Tensor, ...]:
    return _AllToAll.apply(group, shapes, *xs)


def broadcast(tensor: Tensor, src: int, group: Any = None) -> Tensor:
    """tensor of the process src; its gradient is the sum of the processes'."""
    found = _member(group)
    if found.size() == 1:
        root_of(found, src, None, "broadcast")
        return tensor
    return _Broadcast.apply(tensor, root_of(found, src, None, "broadcast"), found)


def all_reduce(tensor: Tensor, op: Any = SUM, group: Any = None) -> Tensor:
    """Σ over the processes; its gradient is the sum of the processes' gradients."""
    found = _member(group)
    return tensor if found.size() == 1 else _AllReduce.apply(tensor, op, found)


def reduce(tensor: Tensor, dst: int, op: Any = SUM, group: Any = None) -> Tensor:
    """Σ over the processes in the process dst, zeros elsewhere."""
    found = _member(group)
    root = root_of(found, dst, None, "reduce")
    return tensor if found.size() == 1 else _Reduce.apply(tensor, root, op, found)


def all_gather(tensor: Tensor, group: Any = None) -> tuple[Tensor, ...]:
    """The processes' tensors (K of them), all of one shape."""
    found = _member(group)
    if found.size() == 1:
        return (tensor,)
    size = found.size()
    return _exchange(found, [tensor.shape] * size, [tensor] * size)


def gather(tensor: Tensor, dst: int = 0, group: Any = None) -> tuple[Tensor, ...]:
    """The processes' tensors in the process dst, zeros elsewhere."""
    found = _member(group)
    root = root_of(found, dst, None, "gather")
    if found.size() == 1:
        return (tensor,)
    zeros = tensor.detach().new_zeros(tensor.shape)
    given = [tensor if i == root else zeros for i in range(found.size())]
    return _exchange(found, [tensor.shape] * found.size(), given)


def scatter(tensors: list[Tensor], src: int = 0, group: Any = None) -> Tensor:
    """What the process src has for this one; all give K tensors, which elsewhere are not sent."""
    found = _member(group)
    root = root_of(found, src, None, "scatter")
    if found.size() == 1:
        return tensors[0]
    xs = list(tensors)
    return _exchange(found, [xs[0].shape] * found.size(), xs)[root]


def reduce_scatter(
    output: Tensor, input_list: list[Tensor], op: Any = SUM, group: Any = None
) -> Tensor:
    """Σ over the processes of input_list[r], r this process; output says its shape."""
    found = _member(group)
    if found.size() == 1:
        return input_list[0]
    if op not in (SUM, RedOpType.AVG):
        raise NotImplementedError(f"reduce_scatter with gradients: {op} is not supported, SUM is")
    total = sum(_exchange(found, [output.shape] * found.size(), list(input_list)))
    return total if op is SUM else total / found.size()  # type: ignore[return-value]


def all_to_all(
    output_tensor_list: list[Tensor], input_tensor_list: list[Tensor], group: Any = None
) -> tuple[Tensor, ...]:
    """What each process has for this one; output_tensor_list says the shapes."""
    found = _member(group)
    if found.size() == 1:
        return tuple(input_tensor_list)
    return _exchange(found, [x.shape for x in output_tensor_list], list(input_tensor_list))


def all_to_all_single(
    output: Tensor,
    input: Tensor,
    output_split_sizes: Any = None,
    input_split_sizes: Any = None,
    group: Any = None,
) -> Tensor:
    """The r-th part of input goes to process r; what came, one after the other."""
    from .. import cat

    found = _member(group)
    if found.size() == 1:
        return input
    shapes = [x.shape for x in collectives._parts(output, output_split_sizes, found.size())]
    sizes = [x.shape[0] for x in collectives._parts(input, input_split_sizes, found.size())]
    return cat(list(_exchange(found, shapes, list(input.split(sizes)))))


def _sync_module_states(
    module: Any,
    process_group: Any,
    broadcast_bucket_size: int = 0,
    src: int = 0,
    params_and_buffers_to_ignore: Any = (),
    broadcast_buffers: bool = True,
) -> None:
    """Parameters and buffers become those of the process src."""
    from .data_parallel import sync_tensors

    found, skip = _member(process_group), set(params_and_buffers_to_ignore or ())
    tensors = [p for n, p in module.named_parameters() if n not in skip]
    if broadcast_buffers:
        tensors += [b for n, b in module.named_buffers() if n not in skip]
    sync_tensors(tensors, found, root_of(found, src, None, "broadcast"))
