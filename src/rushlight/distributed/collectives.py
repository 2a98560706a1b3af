"""The collectives of torch.distributed, on tensors of any device and dtype.

Each checks its arguments in the calling process, runs in the group's turn (work.py), writes into
the tensors that are given for results, and returns None, or with async_op=True a Work. For a group
that this process is not in, it does nothing. In a group of one, what goes out comes back.

Letters: K processes of the group.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.notices import warn
from ..core.tensor import Tensor
from .groups import GroupMember, ProcessGroup, RedOpType, get_group_rank, member
from .work import Work, begin, link_of, values, write

SUM = RedOpType.SUM

_NAMES = {
    RedOpType.SUM: "sum",
    RedOpType.AVG: "sum",
    RedOpType.PRODUCT: "product",
    RedOpType.MIN: "min",
    RedOpType.MAX: "max",
    RedOpType.BAND: "band",
    RedOpType.BOR: "bor",
    RedOpType.BXOR: "bxor",
}
# of truth values, which add and multiply as such
_LOGIC = {"sum": "max", "bor": "max", "max": "max", "product": "min", "band": "min", "min": "min"}


def _tensor(x: Any, name: str) -> Tensor:
    if not isinstance(x, Tensor):
        raise TypeError(
            f"Invalid function argument. Expected parameter `{name}` of type torch.Tensor\n"
            f"             but got {type(x)} instead."
        )
    return x


def _tensors(x: Any, name: str) -> list[Tensor]:
    if not isinstance(x, (list, tuple)) or not all(isinstance(t, Tensor) for t in x):
        raise TypeError(
            f"Invalid function argument. Expected parameter `{name}` of type List[torch.Tensor]\n"
            f"             but got {type(x)} with elements of type {[type(t) for t in x]}."
        )
    return list(x)


def _same_dtype(*tensors: Tensor) -> None:
    for x in tensors:
        if x.dtype != tensors[0].dtype:
            raise ValueError(
                "Invalid usage of tensors with different dtypes"
                f"Found {tensors[0].dtype} and  {x.dtype}"
            )


def root_of(group: ProcessGroup, rank: Any, group_rank: Any, name: str) -> int:
    """The rank in the group of the process that sends or collects, given either way."""
    if rank is None and group_rank is None:
        raise ValueError("Must specify global_rank or group_rank")
    if rank is not None and group_rank is not None:
        raise ValueError("Can't specify both group_rank and global_rank")
    if group_rank is None and rank in group.ranks:
        return get_group_rank(group, rank)
    if group_rank is None or not 0 <= group_rank < group.size():
        raise ValueError(
            f"rank {rank if group_rank is None else group_rank} is not one of a group of "
            f"{group.size()}, in {name}"
        )
    return group_rank


def gathers_here(
    group: ProcessGroup, dst: Any, group_dst: Any, gather_list: Any, name: str
) -> bool:
    """Is this the process that `gather` and its kin collect in? It alone gives a list."""
    if dst is None and group_dst is None:
        dst = group.ranks[0]
    here = group.rank() == root_of(group, dst, group_dst, name)
    if here and not gather_list:
        raise ValueError("Argument ``gather_list`` must be specified on destination rank.")
    if not here and gather_list:
        raise ValueError("Argument ``gather_list`` must NOT be specified on non-destination ranks.")
    return here


def _skip(name: str) -> None:
    warn(f"Running {name} on a rank that does not belong to the given group.")


def _reduced(group: ProcessGroup, x: Tensor, op: Any, name: str) -> Any:
    """A function without arguments that gives the reduction of x, once checked."""
    if op not in _NAMES:
        if op is RedOpType.PREMUL_SUM:
            raise RuntimeError("Cannot use ReduceOp.PREMUL_SUM with Gloo")
        raise ValueError(f"{name}: op={op!r} is not one of torch.distributed.ReduceOp")
    word, dtype = _NAMES[op], x.dtype
    if dtype.is_complex and op not in (RedOpType.SUM, RedOpType.AVG):
        raise ValueError(f"{name} does not support {op} on complex tensors")
    floating = dtype.is_floating_point or dtype.is_complex
    if floating and word in ("band", "bor", "bxor"):
        raise RuntimeError(f"Cannot use ReduceOp.{op.name} with non-integral dtype")
    if op is RedOpType.AVG and not floating:
        kind = {"int64": "Long", "int32": "Int", "int16": "Short", "int8": "Char"}
        kind |= {"uint8": "Byte", "bool": "Bool"}
        short = str(dtype).rpartition(".")[2]
        raise RuntimeError(
            f"result type Float can't be cast to the desired output type {kind.get(short, short)}"
        )
    link, held, size = link_of(group, x), values(x), group.size()
    if link is None:
        return lambda: held

    def run() -> Any:
        if held.dtype == bool:
            if word == "bxor":
                return link.reduce(held.astype("uint8"), "sum") % 2 == 1
            return link.reduce(held.astype("uint8"), _LOGIC[word]).astype(bool)
        found = link.reduce(held, word)
        if op is RedOpType.AVG:
            found = found / np.asarray(size, found.dtype)
        return found

    return run


def barrier(
    group: Any = None, async_op: bool = False, device_ids: Any = None, timeout: Any = None
) -> Any:
    """Waits until all processes of the group are here."""
    found = member(group)
    if found is None:
        return _skip("barrier")
    link = found.link("cpu") or found.link("gpu")

    def job() -> None:
        if link is not None:
            link.reduce(np.zeros(1, np.float32), "sum")

    return begin(found, "barrier", job, async_op, timeout=timeout)


def all_reduce(tensor: Tensor, op: Any = SUM, group: Any = None, async_op: bool = False) -> Any:
    """tensor becomes Σ of all processes' tensors, in place; op: their mean, product, minimum, ...

    shape   the same on all processes
    dtype   any; truth values add as "or"; AVG floating, BAND, BOR, BXOR integers and truth values
    errors  RuntimeError, ValueError: op does not go with the dtype
    """
    _tensor(tensor, "tensor")
    found = member(group)
    if found is None:
        return _skip("all_reduce")
    reduced = _reduced(found, tensor, op, "all_reduce")
    alone = found.size() == 1

    def job() -> None:
        if not alone:
            write(tensor, reduced())

    return begin(found, "all_reduce", job, async_op, [tensor], [tensor])


def all_reduce_coalesced(
    tensors: Sequence[Tensor], op: Any = SUM, group: Any = None, async_op: bool = False
) -> Any:
    """all_reduce of each tensor."""
    found = member(group)
    if found is None:
        return _skip("all_reduce_coalesced")
    works = [all_reduce(x, op, found, True) for x in _tensors(tensors, "tensors")]
    return _together(works, list(tensors), async_op)


def _together(works: list[Any], result: Any, async_op: bool) -> Any:
    """The last of several Works, which run in order, with the results of all."""
    if async_op:
        last = works[-1] if works else Work.done()
        last._result = result
        return last
    for work in works:
        work.wait()
    return None


def reduce(
    tensor: Tensor,
    dst: int | None = None,
    op: Any = SUM,
    group: Any = None,
    async_op: bool = False,
    group_dst: int | None = None,
) -> Any:
    """all_reduce whose result only the process dst gets. errors  ValueError: no such process"""
    _tensor(tensor, "tensor")
    found = member(group)
    if found is None:
        return _skip("reduce")
    root = root_of(found, dst, group_dst, "reduce")
    reduced = _reduced(found, tensor, op, "reduce")

    def job() -> None:
        new = reduced()
        if found.rank() == root:
            write(tensor, new)

    return begin(found, "reduce", job, async_op, [tensor], [tensor])


def broadcast(
    tensor: Tensor,
    src: int | None = None,
    group: Any = None,
    async_op: bool = False,
    group_src: int | None = None,
) -> Any:
    """tensor becomes that of the process src, bit for bit. errors  ValueError: no such process"""
    _tensor(tensor, "tensor")
    found = member(group)
    if found is None:
        return _skip("broadcast")
    root = root_of(found, src, group_src, "broadcast")
    link, held = link_of(found, tensor), values(tensor)

    def job() -> None:
        if link is not None:
            write(tensor, link.broadcast(held, root))

    return begin(found, "broadcast", job, async_op, [tensor], [tensor])


def _gathered(group: ProcessGroup, x: Tensor) -> Any:
    """A function without arguments that gives (K, *): x of each process."""
    link, held = link_of(group, x), values(x)
    return (lambda: held[None]) if link is None else (lambda: link.gather(held))


def _expect_list(given: list[Tensor], x: Tensor, size: int, name: str) -> None:
    if len(given) != size:
        raise ValueError(
            f"ProcessGroupGloo::{name}: invalid tensor list: {len(given)} tensors for a group of "
            f"{size}"
        )
    _same_dtype(*given, x)
    for i, one in enumerate(given):
        if one.numel() != x.numel():
            raise ValueError(
                f"ProcessGroupGloo::{name}: invalid tensor size at index {i} (expected "
                f"{tuple(x.shape)}, got {tuple(one.shape)})"
            )


def all_gather(
    tensor_list: list[Tensor], tensor: Tensor, group: Any = None, async_op: bool = False
) -> Any:
    """tensor_list[r] becomes tensor of process r.

    errors  ValueError: not K tensors, another size, another dtype
    """
    to = _tensors(tensor_list, "tensor_list")
    _tensor(tensor, "tensor")
    found = member(group)
    if found is None:
        return _skip("all_gather")
    _expect_list(to, tensor, found.size(), "allgather")
    gathered = _gathered(found, tensor)

    def job() -> None:
        for x, new in zip(to, gathered(), strict=True):
            write(x, new)

    return begin(found, "all_gather", job, async_op, to, [tensor])


def all_gather_coalesced(
    output_tensor_lists: list[list[Tensor]],
    input_tensor_list: list[Tensor],
    group: Any = None,
    async_op: bool = False,
) -> Any:
    """all_gather for each pair."""
    found = member(group)
    if found is None:
        return _skip("all_gather_coalesced")
    works = [
        all_gather(to, x, found, True)
        for to, x in zip(output_tensor_lists, input_tensor_list, strict=True)
    ]
    return _together(works, output_tensor_lists, async_op)


def all_gather_into_tensor(
    output_tensor: Tensor, input_tensor: Tensor, group: Any = None, async_op: bool = False
) -> Any:
    """output_tensor becomes the processes' input_tensors one after the other.

    shape   input (*), output (K *, ...) or (K, *)
    errors  ValueError: another number of elements, another dtype
    """
    _tensor(output_tensor, "output_tensor"), _tensor(input_tensor, "input_tensor")
    found = member(group)
    if found is None:
        return _skip("all_gather_into_tensor")
    _same_dtype(output_tensor, input_tensor)
    _expect(output_tensor, input_tensor, found.size())
    gathered = _gathered(found, input_tensor)
    return begin(
        found,
        "all_gather_into_tensor",
        lambda: write(output_tensor, gathered()),
        async_op,
        [output_tensor],
        [input_tensor],
    )


def _expect(larger: Tensor, smaller: Tensor, size: int, out: bool = True) -> None:
    if larger.numel() != size * smaller.numel():
        first, second = ("output", "input") if out else ("input", "output")
        raise ValueError(
            f"{first} tensor size must be equal to world_size times {second} tensor size: "
            f"{tuple(larger.shape)} for {tuple(smaller.shape)}"
        )


all_gather_single = _all_gather_base = all_gather_into_tensor


def gather(
    tensor: Tensor,
    gather_list: list[Tensor] | None = None,
    dst: int | None = None,
    group: Any = None,
    async_op: bool = False,
    group_dst: int | None = None,
) -> Any:
    """gather_list[r] of the process dst (0, if none is given) becomes tensor of process r.

    errors  ValueError: no list at dst, a list elsewhere
    """
    _tensor(tensor, "tensor")
    found = member(group)
    if found is None:
        return _skip("gather")
    here = gathers_here(found, dst, group_dst, gather_list, "gather")
    to = _tensors(gather_list or [], "gather_list")
    if here:
        _expect_list(to, tensor, found.size(), "gather")
    gathered = _gathered(found, tensor)

    def job() -> None:
        rows = gathered()
        for i, x in enumerate(to):
            write(x, rows[i])

    return begin(found, "gather", job, async_op, to, [tensor])


def scatter(
    tensor: Tensor,
    scatter_list: list[Tensor] | None = None,
    src: int | None = None,
    group: Any = None,
    async_op: bool = False,
    group_src: int | None = None,
) -> Any:
    """tensor of process r becomes scatter_list[r] of the process src (0, if none is given).

    errors  ValueError: no list at src, a list elsewhere, another size or dtype
    """
    _tensor(tensor, "tensor")
    found = member(group)
    if found is None:
        return _skip("scatter")
    if src is None and group_src is None:
        src = found.ranks[0]
    root = root_of(found, src, group_src, "scatter")
    here = found.rank() == root
    if here and not scatter_list:
        raise ValueError("Argument ``scatter_list`` must be specified on source rank.")
    if not here and scatter_list:
        raise ValueError("Argument ``scatter_list`` must NOT be specified on non-source ranks.")
    given = _tensors(scatter_list or [], "scatter_list")
    if here:
        _expect_list(given, tensor, found.size(), "scatter")
    link, held = link_of(found, tensor), values(tensor)
    rows = [values(x).reshape(held.shape) for x in given]

    def job() -> None:
        if link is None:
            return write(tensor, rows[0])
        mine = _stacked(rows or [held] * found.size())
        write(tensor, link.exchange(mine)[root])

    return begin(found, "scatter", job, async_op, [tensor], [tensor])


def _stacked(rows: list[Any]) -> Any:
    """[(*)] -> (K, *), of the host or of a device"""
    if isinstance(rows[0], np.ndarray):
        return np.stack(rows)
    from jax import numpy

    return numpy.stack(rows)


def reduce_scatter(
    output: Tensor,
    input_list: list[Tensor],
    op: Any = SUM,
    group: Any = None,
    async_op: bool = False,
) -> Any:
    """output of process r becomes Σ of all processes' input_list[r].

    errors  ValueError: not K tensors, another size or dtype
    """
    _tensor(output, "output")
    given = _tensors(input_list, "input_list")
    found = member(group)
    if found is None:
        return _skip("reduce_scatter")
    if len(given) != found.size():
        raise ValueError("invalid input tensor list size, must be world size")
    _expect_list(given, output, found.size(), "reduce_scatter")
    whole = _joined(given)
    return _reduce_scatter(output, whole, op, found, async_op, "reduce_scatter")


def _joined(tensors: list[Tensor]) -> Tensor:
    from .. import no_grad, stack

    with no_grad():
        return stack([x.reshape(-1) for x in tensors])


def _reduce_scatter(
    output: Tensor, whole: Tensor, op: Any, group: ProcessGroup, async_op: bool, name: str
) -> Any:
    # XLA's reduce-scatter of gloo gives up after 30 s (jax#40831): the whole is reduced instead
    reduced = _reduced(group, whole, op, name)
    size, rank = group.size(), group.rank()

    def job() -> None:
        write(output, reduced().reshape(size, -1 if output.numel() else 0)[rank])

    return begin(group, name, job, async_op, [output], [whole])


def reduce_scatter_tensor(
    output: Tensor, input: Tensor, op: Any = SUM, group: Any = None, async_op: bool = False
) -> Any:
    """output of process r becomes the r-th part of Σ of all processes' inputs.

    shape   input (K *, ...) or (K, *), output (*)
    errors  ValueError: another number of elements, another dtype
    """
    _tensor(output, "output"), _tensor(input, "input")
    found = member(group)
    if found is None:
        return _skip("reduce_scatter_tensor")
    _same_dtype(output, input)
    _expect(input, output, found.size(), out=False)
    return _reduce_scatter(output, input, op, found, async_op, "reduce_scatter_tensor")


reduce_scatter_single = _reduce_scatter_base = reduce_scatter_tensor


def all_to_all(
    output_tensor_list: list[Tensor],
    input_tensor_list: list[Tensor],
    group: Any = None,
    async_op: bool = False,
) -> Any:
    """output_tensor_list[r] becomes what process r has for this one in its input_tensor_list.

    errors  ValueError: not K tensors, another dtype
    """
    to = _tensors(output_tensor_list, "output_tensor_list")
    given = _tensors(input_tensor_list, "input_tensor_list")
    found = member(group)
    if found is None:
        return _skip("all_to_all")
    if len(to) != found.size() or len(given) != found.size():
        raise ValueError("tensor lists must have as many tensors as the group has processes")
    _same_dtype(*to, *given)
    return _all_to_all(to, given, found, async_op, "all_to_all")


def _all_to_all(
    to: list[Tensor], given: list[Tensor], group: ProcessGroup, async_op: bool, name: str
) -> Any:
    link = link_of(group, given[0])
    held = [values(x) for x in given]
    size = group.size()

    def job() -> None:
        if link is None:
            return write(to[0], held[0])
        flat = [x.reshape(-1) for x in held]
        longest = max([x.size for x in flat] + [x.numel() for x in to])
        # parts may differ in length: all are filled up to the longest of all processes
        if not link.traced(flat[0]):
            longest = int(link.reduce(np.array([longest], np.int64), "max")[0])
        rows = _stacked([_filled(x, longest) for x in flat])
        found = link.exchange(rows)
        for r in range(size):
            write(to[r], found[r][: to[r].numel()])

    return begin(group, name, job, async_op, to, given)


def _filled(x: Any, n: int) -> Any:
    """x (m) -> (n), zeros behind"""
    if isinstance(x, np.ndarray):
        return np.concatenate([x, np.zeros(n - x.size, x.dtype)])
    from jax import numpy

    return numpy.pad(x, (0, n - x.size))


def all_to_all_single(
    output: Tensor,
    input: Tensor,
    output_split_sizes: Any = None,
    input_split_sizes: Any = None,
    group: Any = None,
    async_op: bool = False,
) -> Any:
    """The r-th part of input goes to process r; output is what came, one after the other.

    output_split_sizes, input_split_sizes  of dimension 0; equal parts if they are not given
    errors  RuntimeError: the sizes do not fit
    """
    _tensor(output, "output"), _tensor(input, "input")
    found = member(group)
    if found is None:
        return _skip("all_to_all_single")
    _same_dtype(output, input)
    to = _parts(output, output_split_sizes, found.size())
    given = _parts(input, input_split_sizes, found.size())
    return _all_to_all(to, given, found, async_op, "all_to_all_single")


def _parts(x: Tensor, sizes: Any, count: int) -> list[Tensor]:
    length = x.shape[0] if x.dim() else 1
    if not sizes:
        if length % count:
            raise RuntimeError("Tensor's dim 0 does not divide equally across group size")
        sizes = [length // count] * count
    if len(sizes) != count:
        raise RuntimeError("Number of tensor splits not equal to group size")
    if sum(sizes) != length:
        raise RuntimeError("Split sizes doesn't match total dim 0 size")
    found, start = [], 0
    for n in sizes:
        found.append(x.detach()[start : start + n])
        start += n
    return found


__all__ = [
    "GroupMember",
    "Work",
    "all_gather",
    "all_gather_coalesced",
    "all_gather_into_tensor",
    "all_gather_single",
    "all_reduce",
    "all_reduce_coalesced",
    "all_to_all",
    "all_to_all_single",
    "barrier",
    "broadcast",
    "gather",
    "reduce",
    "reduce_scatter",
    "reduce_scatter_single",
    "reduce_scatter_tensor",
    "scatter",
]
