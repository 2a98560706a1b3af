"""DistributedDataParallel: a module whose gradients are the means over the processes of a group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..core.grad_mode import mode, no_grad
from ..core.tensor import Tensor, wrap
from ..nn.module import Module
from .collectives import all_reduce, broadcast
from .groups import ProcessGroup, RedOpType, _get_default_group
from .join import Join, Joinable, JoinHook
from .objects import all_gather_object
from .reducer import MB, GradBucket, Reducer, joined, parts
from .work import values, write

__all__ = ["DistributedDataParallel"]

_REFUSED = {
    "delay_all_reduce_named_params": None,
    "param_to_hook_all_reduce": None,
    "mixed_precision": None,
}


def sync_tensors(tensors: Sequence[Tensor], group: ProcessGroup, source: int = 0) -> None:
    """Tensors become those of the process `source` of the group, in place: one broadcast for each
    dtype and device."""
    if group.size() == 1:
        return
    kinds: dict[Any, list[Tensor]] = {}
    for x in tensors:
        kinds.setdefault((x.dtype, x.device), []).append(x)
    for same in kinds.values():
        flat = joined(same)
        broadcast(flat, group=group, group_src=source)
        with no_grad():
            for x, new in zip(same, parts(flat, same), strict=True):
                write(x, values(new))


def verify_same(params: Sequence[Tensor], group: ProcessGroup) -> None:
    """errors  RuntimeError: the processes' modules have other parameters"""
    if group.size() == 1:
        return
    found: list[Any] = [None] * group.size()
    all_gather_object(found, [(list(p.shape), str(p.dtype)) for p in params], group)
    here, rank = found[group.rank()], group.rank()
    for other, theirs in enumerate(found):
        if len(theirs) != len(here):
            raise RuntimeError(
                "DDP expects same model across all ranks, but Rank "
                f"{rank} has {len(here)} params, while rank {other} has inconsistent "
                f"{len(theirs)} params."
            )
    for other, theirs in enumerate(found):
        for i, (a, b) in enumerate(zip(here, theirs, strict=True)):
            if a != b:
                raise RuntimeError(
                    f"[{rank}]: params[{i}] in this process with sizes {a[0]} ({a[1]}) appears not "
                    f"to match sizes of the same param in process {other}: {b[0]} ({b[1]})."
                )


class DistributedDataParallel(Module, Joinable):
    """`module` under the name "module", whose gradients are averaged over the processes.

    At first parameters and buffers become those of process 0; at each forward buffers do. backward
    leaves in each .grad the mean of the processes' gradients, so that equal optimizers keep the
    parameters equal to the bit. A loss that is a mean over the batch gives the gradients of the
    whole batch, if all processes have as many samples.

    broadcast_buffers       False: buffers of each process stay its own
    init_sync               False: parameters are taken to be equal already
    bucket_cap_mb           size of the buckets (25, the first one 1 MB); bucket_cap_mb_list: of
                            each of the first ones
    find_unused_parameters  parameters that an output does not depend on get no gradient here, and
                            that of other processes where these use them
    static_graph            the same parameters are used at each step: looked for at the first
    device_ids              one GPU; inputs are moved there
    gradient_as_bucket_view, check_reduction, skip_all_reduce_unused_params, batched_grad_copy
                            have no effect

    errors  ValueError: no group yet. RuntimeError: no parameter requires a gradient; other
            parameters in other processes; in forward: the backward before did not reach all
            parameters. NotImplementedError: mixed_precision and hooks of single parameters
    """

    module: Module

    def __init__(
        self,
        module: Module,
        device_ids: Sequence[Any] | None = None,
        output_device: Any = None,
        dim: int = 0,
        broadcast_buffers: bool | None = None,
        init_sync: bool = True,
        process_group: Any = None,
        bucket_cap_mb: float | None = None,
        find_unused_parameters: bool = False,
        check_reduction: bool = False,
        gradient_as_bucket_view: bool = False,
        static_graph: bool = False,
        delay_all_reduce_named_params: Any = None,
        param_to_hook_all_reduce: Any = None,
        mixed_precision: Any = None,
        device_mesh: Any = None,
        skip_all_reduce_unused_params: bool = False,
        bucket_cap_mb_list: list[int] | None = None,
        batched_grad_copy: bool = False,
        forward_sync_buffers: bool | None = None,
    ):
        super().__init__()
        given = locals()
        for name in _REFUSED:
            if given[name] is not None:
                raise NotImplementedError(
                    f"rushlight does not have DistributedDataParallel({name}=...)"
                )
        if process_group is not None and device_mesh is not None:
            raise RuntimeError("Cannot specify both process_group and device_mesh arguments.")
        if device_mesh is not None:
            process_group = device_mesh.get_group()
        self.process_group = _get_default_group() if process_group is None else process_group
        if not any(p.requires_grad for p in module.parameters()):
            raise RuntimeError(
                "DistributedDataParallel is not needed when a module doesn't have any parameters "
                "that require a gradient."
            )
        self._check_devices(module, device_ids, output_device)
        self.module, self.dim = module, dim
        self.device_ids, self.output_device = device_ids and list(device_ids), output_device
        self.broadcast_buffers = (
            broadcast_buffers is not False and forward_sync_buffers is not False
        )
        self.find_unused_parameters, self.static_graph = find_unused_parameters, static_graph
        self.require_backward_grad_sync = self.require_forward_param_sync = True
        self.parameters_to_ignore = set(getattr(module, "_ddp_params_and_buffers_to_ignore", ()))
        if bucket_cap_mb is not None and bucket_cap_mb <= 0:
            raise ValueError(f"bucket_cap_mb {bucket_cap_mb}: a size above 0 is expected")
        larger = 25 if bucket_cap_mb is None else bucket_cap_mb
        first = [1] if bucket_cap_mb is None else []
        self._caps = [int(mb * MB) for mb in [*(bucket_cap_mb_list or first), larger]]
        named = self._named_parameters()
        if init_sync:
            verify_same([p for _, p in named], self.process_group)
            sync_tensors(self._state(), self.process_group)
        self._make_reducer()

    def _make_reducer(self) -> None:
        named = [(n, p) for n, p in self._named_parameters() if p.requires_grad]
        self.reducer = Reducer(
            [p for _, p in named],
            [n for n, _ in named],
            self.process_group,
            self._caps,
            self.find_unused_parameters or self.static_graph,
        )

    @staticmethod
    def _check_devices(module: Module, device_ids: Any, output_device: Any) -> None:
        devices = {p.device for p in module.parameters()}
        if len(devices) > 1 and (device_ids or output_device is not None):
            raise ValueError(
                "DistributedDataParallel device_ids and output_device arguments only work with "
                f"single-device/multiple-device GPU modules or CPU modules, but got device_ids "
                f"{device_ids}, output_device {output_device}, and module parameters {devices}."
            )
        if device_ids and (len(device_ids) != 1 or next(iter(devices)).type == "cpu"):
            raise ValueError(
                "DistributedDataParallel device_ids and output_device arguments only work with "
                f"single-device/multiple-device GPU modules or CPU modules, but got device_ids "
                f"{device_ids}, output_device {output_device}, and module parameters {devices}."
            )

    def _named_parameters(self) -> list[tuple[str, Tensor]]:
        skip = self.parameters_to_ignore
        return [(n, p) for n, p in self.module.named_parameters() if n not in skip]

    def _buffers_here(self) -> list[Tensor]:
        skip = self.parameters_to_ignore
        return [b for n, b in self.module.named_buffers() if n not in skip]

    def _state(self) -> list[Tensor]:
        return [p for _, p in self._named_parameters()] + self._buffers_here()

    # ---- forward

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """What module(*inputs, **kwargs) is."""
        reduces = mode.grad and self.require_backward_grad_sync
        if reduces:
            self.reducer.check_finished()
        active = Join.notify_join_context(self)
        if active is not None:
            active.wait()
            count = int(active.result()[0])
            if not self._join_config.settings.get("divide_by_initial_world_size", True):
                self.reducer.divisor = count
            self._flag(self.require_backward_grad_sync)
        if self._syncs_buffers():
            self._sync_buffers()
        if self.device_ids:
            inputs, kwargs = self._moved(inputs), self._moved(kwargs)
        y = self.module(*inputs, **kwargs)
        self.require_forward_param_sync = reduces
        if reduces:
            self.reducer.prepare(y)
        return y

    def _moved(self, x: Any) -> Any:
        if isinstance(x, Tensor):
            return x.to(next(self.module.parameters()).device, non_blocking=True)
        if isinstance(x, dict):
            return {key: self._moved(value) for key, value in x.items()}
        if isinstance(x, (list, tuple)) and not hasattr(x, "_fields"):
            return type(x)(self._moved(value) for value in x)
        return x

    def _syncs_buffers(self) -> bool:
        return (
            self.require_forward_param_sync
            and self.broadcast_buffers
            and self.process_group.size() > 1
            and bool(self._buffers_here())
        )

    def _sync_buffers(self) -> None:
        source = self._common_rank(True) if self._join_config.enable else 0
        sync_tensors(self._buffers_here(), self.process_group, source)

    def _common_rank(self, candidate: bool) -> int:
        """The largest rank among the processes that offer themselves."""
        rank = wrap(np.array([self.process_group.rank() if candidate else -1], np.int64))
        all_reduce(rank, RedOpType.MAX, self.process_group)
        return int(rank._a[0])

    def _flag(self, value: bool) -> bool:
        """Is it True in one of the processes?"""
        flag = wrap(np.array([int(value)], np.int64))
        all_reduce(flag, RedOpType.MAX, self.process_group)
        return bool(flag._a[0])

    @contextmanager
    def no_sync(self) -> Iterator[None]:
        """A context whose forwards leave gradients to each process: they add up in .grad, and the
        first backward after it averages the sums."""
        before, self.require_backward_grad_sync = self.require_backward_grad_sync, False
        try:
            yield
        finally:
            self.require_backward_grad_sync = before

    def _set_static_graph(self) -> None:
        """static_graph=True, later."""
        self.static_graph = self.reducer.find_unused = True

    def register_comm_hook(self, state: Any, hook: Any) -> None:
        """hook(state, GradBucket) -> Future of the reduced tensor, in place of the mean.

        errors  TypeError: no function. RuntimeError: there is one already
        """
        if not callable(hook):
            raise TypeError("Communication hook must be callable.")
        if self.reducer.comm_hook is not None:
            raise RuntimeError(
                "register_comm_hook or register_builtin_comm_hook can only be called once."
            )

        def call(bucket: GradBucket) -> Any:
            return hook(state, bucket)

        self.reducer.comm_hook = call

    # ---- processes with fewer batches

    def join(
        self,
        divide_by_initial_world_size: bool = True,
        enable: bool = True,
        throw_on_early_termination: bool = False,
    ) -> Join:
        """A context for processes with different numbers of batches: one that has none left takes
        part in the others' reductions with zeros.

        divide_by_initial_world_size  False: means are over the processes that still have batches
        throw_on_early_termination    True: an error in all processes as soon as one has none left
        """
        return Join(
            [self],
            enable,
            throw_on_early_termination,
            divide_by_initial_world_size=divide_by_initial_world_size,
        )

    def join_hook(self, **kwargs: Any) -> JoinHook:
        """What a process without batches does."""
        return _Shadow(self)

    @property
    def join_device(self) -> Any:
        """The parameters' device."""
        return next(self.module.parameters()).device

    @property
    def join_process_group(self) -> ProcessGroup:
        """The group."""
        return self.process_group

    # ---- copies

    def __getstate__(self) -> dict:
        state = dict(self.__dict__)
        for name in ("reducer", "process_group"):
            state.pop(name, None)
        return state

    def __setstate__(self, state: dict) -> None:
        super().__setstate__(state)
        self.process_group = _get_default_group()
        self._make_reducer()


DistributedDataParallel.__module__ = f"{__name__.partition('.')[0]}.nn.parallel.distributed"


class _Shadow(JoinHook):
    """A data-parallel module in a process that has no more batches."""

    def __init__(self, ddp: DistributedDataParallel):
        self.ddp = ddp

    def main_hook(self) -> None:
        """One step of the others: their flag, their buffers, their gradients."""
        ddp = self.ddp
        reduces = ddp._flag(False)
        if ddp._syncs_buffers():
            sync_tensors(ddp._buffers_here(), ddp.process_group, ddp._common_rank(False))
        ddp.require_forward_param_sync = reduces
        if reduces:
            ddp.reducer.shadow()

    def post_hook(self, is_last_joiner: bool) -> None:
        """The model of the process that trained longest becomes that of all."""
        ddp = self.ddp
        ddp.reducer.divisor = ddp.process_group.size()
        sync_tensors(ddp._state(), ddp.process_group, ddp._common_rank(is_last_joiner))
