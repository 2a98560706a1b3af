"""Gradients of a data-parallel module: averaged over the processes, in buckets, during backward.

A hook on each parameter notes that its gradient is there. When all of a bucket are there, and the
buckets before it are under way, the bucket is copied into one tensor and all_reduce is begun in the
runtime's thread, while backward goes on. The last hook waits for all and writes the means into the
gradients. So all processes reduce the same buckets in the same order, whatever order their
gradients come in.

Inside a compiled step there are no buckets: each gradient is one reduction of the program, and XLA
puts them together.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..autograd.node import edge_of
from ..core.grad_mode import no_grad
from ..core.tensor import Tensor, wrap
from .collectives import all_reduce
from .groups import ProcessGroup, RedOpType
from .work import _traced, values, write

MB = 1 << 20


class GradBucket:
    """What a communication hook gets: the gradients of some parameters in one tensor.

    index  0 for the bucket that is first in backward
    """

    def __init__(self, index: int, last: bool, buffer: Tensor, parameters: list[Tensor]):
        self._index, self._last, self._buffer, self._parameters = index, last, buffer, parameters

    def index(self) -> int:
        """Its number."""
        return self._index

    def is_last(self) -> bool:
        """Is it the last of this backward?"""
        return self._last

    def buffer(self) -> Tensor:
        """All gradients, flat, not yet divided by the number of processes."""
        return self._buffer

    def set_buffer(self, buffer: Tensor) -> None:
        """Replaces the tensor."""
        self._buffer = buffer

    def parameters(self) -> list[Tensor]:
        """Whose gradients they are."""
        return list(self._parameters)

    def gradients(self) -> list[Tensor]:
        """The parts of the buffer, with the parameters' shapes."""
        return list(parts(self._buffer, self._parameters))


def parts(flat: Tensor, like: Sequence[Tensor]) -> Iterator[Tensor]:
    """flat (n) cut into views with the shapes of other tensors."""
    start = 0
    for x in like:
        yield flat[start : start + x.numel()].view(x.shape)
        start += x.numel()


def joined(tensors: Sequence[Tensor]) -> Tensor:
    """Tensors of one dtype and device, flat, one after the other, in new memory."""
    from .. import cat

    with no_grad():
        return cat([x.detach().reshape(-1) for x in tensors])


class Bucket:
    """Parameters of one dtype and device whose gradients travel together."""

    def __init__(self, indices: list[int]):
        self.indices, self.left = indices, len(indices)
        self.flat: Tensor | None = None
        self.under_way: Any = None


def buckets_of(params: Sequence[Tensor], caps: Sequence[int]) -> list[Bucket]:
    """Buckets of at most caps[i] bytes (the last cap for all further ones), from the last parameter
    to the first: about the order in which gradients come."""
    found: list[Bucket] = []
    open_: dict[Any, tuple[list[int], int]] = {}
    for i in reversed(range(len(params))):
        p = params[i]
        key = p.dtype, p.device
        indices, size = open_.get(key, ([], 0))
        indices.append(i)
        size += p.numel() * p.element_size()
        if size >= caps[min(len(found), len(caps) - 1)]:
            found.append(Bucket(indices))
            indices, size = [], 0
        open_[key] = indices, size
    return found + [Bucket(indices) for indices, _ in open_.values() if indices]


class Reducer:
    """The gradients of `params` in the processes of a group."""

    def __init__(
        self,
        params: Sequence[Tensor],
        names: Sequence[str],
        group: ProcessGroup,
        caps: Sequence[int],
        find_unused: bool,
    ):
        self.params, self.names, self.group = list(params), list(names), group
        self.find_unused = find_unused
        self.buckets = buckets_of(self.params, caps)
        self.bucket_of = {i: b for b in self.buckets for i in b.indices}
        self.armed, self.next = False, 0
        self.used: set[int] = set()
        self.ready: set[int] = set()
        self.comm_hook: Callable[[GradBucket], Any] | None = None
        self.divisor = group.size()
        me = weakref.ref(self)
        self.handles = [
            p.register_post_accumulate_grad_hook(_hook(me, i)) for i, p in enumerate(self.params)
        ]

    # ---- forward

    def check_finished(self) -> None:
        """errors  RuntimeError: in the backward before, some parameters got no gradient"""
        if not self.armed or not self.ready:
            return
        missing = [i for i in range(len(self.params)) if i not in self.ready]
        self.armed = False
        names = ", ".join(self.names[i] for i in missing)
        raise RuntimeError(
            "Expected to have finished reduction in the prior iteration before starting a new one. "
            "This error indicates that your module has parameters that were not used in producing "
            "loss. You can enable unused parameter detection by passing the keyword argument "
            "`find_unused_parameters=True` to `torch.nn.parallel.DistributedDataParallel`, and by "
            "\nmaking sure all `forward` function outputs participate in calculating loss. \n"
            f"Parameter indices which did not receive grad for rank {self.group.rank()}: "
            f"{' '.join(map(str, missing))}\n  they are {names}"
        )

    def prepare(self, outputs: Any) -> None:
        """A forward has been: the next backward is to be reduced."""
        self.armed, self.next = True, 0
        self.used, self.ready = set(), set()
        for bucket in self.buckets:
            bucket.left, bucket.flat, bucket.under_way = len(bucket.indices), None, None
        if self.find_unused:
            reached = reachable(outputs)
            for i, p in enumerate(self.params):
                if id(p) not in reached:
                    self._note(i)

    # ---- backward

    def arrived(self, i: int) -> None:
        """The gradient of parameter i is there."""
        if not self.armed:
            return
        if i in self.ready:
            self.armed = False
            raise RuntimeError(
                "Expected to mark a variable ready only once. This error is caused by one of the "
                "following reasons: a parameter is used outside of the module's forward, or "
                "backward runs several times over parts of it\n  "
                f"Parameter at index {i} with name {self.names[i]} has been marked as ready twice."
            )
        self.used.add(i)
        self._note(i)

    def _note(self, i: int) -> None:
        self.ready.add(i)
        self.bucket_of[i].left -= 1
        while self.next < len(self.buckets) and self.buckets[self.next].left == 0:
            self._begin(self.next)
            self.next += 1
        if self.next == len(self.buckets) and self.used:
            self._finish()

    def _begin(self, number: int) -> None:
        bucket = self.buckets[number]
        params = [self.params[i] for i in bucket.indices]
        grads = [self._grad(i) for i in bucket.indices]
        if _traced(self.group, grads):
            for g in grads:
                all_reduce(g, RedOpType.AVG, self.group)
            return
        bucket.flat = joined(grads)
        if self.comm_hook is not None:
            last = number + 1 == len(self.buckets)
            bucket.under_way = self.comm_hook(GradBucket(number, last, bucket.flat, params))
            return
        with no_grad():
            bucket.flat /= self.divisor
        bucket.under_way = all_reduce(bucket.flat, group=self.group, async_op=True)

    def _grad(self, i: int) -> Tensor:
        p = self.params[i]
        if i not in self.used or p._grad is None:
            with no_grad():
                return p.detach().new_zeros(p.shape)
        return p._grad

    def _finish(self) -> None:
        """Waits for the buckets and writes the means into the gradients."""
        self.armed = False
        everywhere = self._used_somewhere() if self.find_unused else None
        for bucket in self.buckets:
            if bucket.flat is None:
                continue  # of a compiled step
            flat = bucket.flat
            if self.comm_hook is None:
                bucket.under_way.wait()
            else:
                flat = _value(bucket.under_way)
            params = [self.params[i] for i in bucket.indices]
            for i, p, mean in zip(bucket.indices, params, parts(flat, params), strict=True):
                if everywhere is not None and not everywhere[i]:
                    continue  # no process has used it: its gradient stays what it was
                with no_grad():
                    if p._grad is None:
                        p._grad = mean.clone()
                    else:
                        write(p._grad, values(mean))
            bucket.flat = bucket.under_way = None

    def _used_somewhere(self) -> list[bool]:
        import numpy as np

        flags = wrap(np.zeros(len(self.params), np.int32))
        for i in self.used:
            flags._a[i] = 1
        all_reduce(flags, group=self.group)
        return (flags._a > 0).tolist()

    def shadow(self) -> None:
        """The reductions of a backward of the others, by a process that has no more batches."""
        for number, bucket in enumerate(self.buckets):
            zeros = [
                self.params[i].detach().new_zeros(self.params[i].shape) for i in bucket.indices
            ]
            flat = joined(zeros)
            if self.comm_hook is not None:
                last = number + 1 == len(self.buckets)
                params = [self.params[i] for i in bucket.indices]
                _value(self.comm_hook(GradBucket(number, last, flat, params)))
            else:
                all_reduce(flat, group=self.group)
        if self.find_unused:
            self.used = set()
            self._used_somewhere()


def _hook(reducer: Any, i: int) -> Callable[[Tensor], None]:
    def arrived(leaf: Tensor) -> None:
        found = reducer()
        if found is not None:
            found.arrived(i)

    return arrived


def _value(x: Any) -> Tensor:
    """What a communication hook has returned: a Future, or its tensor."""
    found = x.wait() if hasattr(x, "wait") else x
    if isinstance(found, (list, tuple)):
        found = found[0]
    if not isinstance(found, Tensor):
        raise TypeError(
            f"a communication hook returns a Future of a tensor, not of {type(found).__name__}"
        )
    return found


def reachable(outputs: Any) -> set[int]:
    """The ids of the leaves that gradients from these outputs reach."""
    found, seen = set(), set()
    stack = [edge_of(x) for x in tensors_in(outputs) if x.requires_grad]
    while stack:
        edge = stack.pop()
        if type(edge) is tuple:
            edge = edge[0]
        if edge is None or id(edge) in seen:
            continue
        seen.add(id(edge))
        if isinstance(edge, Tensor):
            found.add(id(edge))
        else:
            stack.extend(edge.edges)
    return found


def tensors_in(x: Any) -> Iterator[Tensor]:
    """The tensors in lists, tuples, dicts and dataclasses."""
    if isinstance(x, Tensor):
        yield x
    elif isinstance(x, dict):
        for value in x.values():
            yield from tensors_in(value)
    elif isinstance(x, (list, tuple, set)):
        for value in x:
            yield from tensors_in(value)
    elif hasattr(x, "__dataclass_fields__"):
        for name in x.__dataclass_fields__:
            yield from tensors_in(getattr(x, name))
