"""fully_shard: parameters, gradients and optimizer state in parts, one on each device.

One process drives all devices of its machine. A parameter's value is a jax.Array that lies in parts
over them (jax.sharding). A module's own parameters are gathered while it computes and then lie in
parts again; the batch is split; what else has to be gathered or summed XLA puts into each program
by itself (GSPMD). What is on one device, targets say, is brought to all
where it meets what is in parts.

Letters: K devices.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..core.tensor import Tensor, wrap
from ..nn.module import Module
from .groups import get_world_size, is_initialized
from .placements import Shard

__all__ = [
    "CPUOffloadPolicy",
    "FSDPModule",
    "MixedPrecisionPolicy",
    "OffloadPolicy",
    "UnshardHandle",
    "fully_shard",
    "register_fsdp_forward_method",
]

_AXIS = "fsdp"


@dataclass(frozen=True)
class MixedPrecisionPolicy:
    """Dtypes of fully_shard: those of the parameters are the only ones that are supported."""

    param_dtype: Any = None
    reduce_dtype: Any = None
    output_dtype: Any = None
    cast_forward_inputs: bool = True


@dataclass
class OffloadPolicy:
    """Nothing is kept on the host."""


@dataclass
class CPUOffloadPolicy(OffloadPolicy):
    """Parameters on the host: not supported."""

    pin_memory: bool = True


class UnshardHandle:
    """What unshard(async_op=True) returns."""

    def wait(self) -> None:
        """It is done."""


class _Mesh:
    """The devices, and where on them a value of some shape lies."""

    def __init__(self, kind: str):
        import jax

        from ..core.accelerators import jax_devices

        self.jax, devices = jax, jax_devices(kind)
        self.size = len(devices)
        self.mesh = jax.sharding.Mesh(devices, (_AXIS,))
        self.whole = self._sharding(None)

    def _sharding(self, dim: int | None) -> Any:
        spec = self.jax.sharding.PartitionSpec
        parts = spec() if dim is None else spec(*[None] * dim, _AXIS)
        return self.jax.sharding.NamedSharding(self.mesh, parts)

    def of(self, shape: tuple, dim: int | None = None) -> Any:
        """In parts along `dim`, or along the first dimension that K divides; else whole on each."""
        if dim is None:
            dims = [i for i, n in enumerate(shape) if n % self.size == 0 and n > 0]
            return self._sharding(dims[0]) if dims else self.whole
        if shape[dim] % self.size:
            raise ValueError(
                f"fully_shard: dimension {dim} of a parameter of shape {tuple(shape)} is not "
                f"divisible by {self.size} devices"
            )
        return self._sharding(dim)

    def batch(self, shape: tuple) -> Any:
        """In parts along dimension 0, if K divides it."""
        return self._sharding(0) if shape and shape[0] % self.size == 0 and shape[0] else self.whole

    def put(self, v: Any, where: Any) -> Any:
        """A value, or a tracer, there."""
        if isinstance(v, self.jax.core.Tracer):
            return self.jax.lax.with_sharding_constraint(v, where)
        return v if v.sharding == where else self.jax.device_put(v, where)

    def spread(self, values: list) -> list:
        """Values of one device go to all, if another value is on several."""
        kinds = [self._count(v) for v in values]
        if max(kinds, default=1) < 2 or 1 not in kinds:
            return values
        return [
            self.jax.device_put(v, self.whole) if n == 1 else v
            for v, n in zip(values, kinds, strict=True)
        ]

    def _count(self, v: Any) -> int:
        """On how many devices is it? 0: it is no value of a device"""
        if not isinstance(v, self.jax.Array) or isinstance(v, self.jax.core.Tracer):
            return 0
        return len(v.devices())


_MESHES: dict[str, _Mesh] = {}


def _mesh_of(kind: str) -> _Mesh:
    if kind not in _MESHES:
        from ..kernels.xla.array import SPREAD

        _MESHES[kind] = _Mesh(kind)
        SPREAD[0] = _MESHES[kind].spread
    return _MESHES[kind]


class FSDPModule:
    """What fully_shard adds to a module's class."""

    def reshard(self) -> None:
        """Parameters lie in parts again."""
        for p, place in _state(self).places:
            _move(_state(self).mesh, p, place)

    def unshard(self, async_op: bool = False) -> UnshardHandle | None:
        """Parameters lie whole on each device, until reshard() or the next forward."""
        for p, _ in _state(self).places:
            _move(_state(self).mesh, p, _state(self).mesh.whole)
        return UnshardHandle() if async_op else None

    def set_requires_gradient_sync(
        self, requires_gradient_sync: bool, *, recurse: bool = True
    ) -> None:
        """No effect: gradients are sums over the devices in any case."""

    def set_is_last_backward(self, is_last_backward: bool) -> None:
        """No effect."""

    def set_reshard_after_forward(self, reshard_after_forward: bool, recurse: bool = True) -> None:
        """No effect: parameters lie in parts after forward."""

    def set_reshard_after_backward(
        self, reshard_after_backward: bool, *, recurse: bool = True
    ) -> None:
        """No effect."""

    def set_modules_to_forward_prefetch(self, modules: Any) -> None:
        """No effect: XLA orders the gathers."""

    def set_modules_to_backward_prefetch(self, modules: Any) -> None:
        """No effect: XLA orders the gathers."""


class _State:
    """What a sharded module knows: its mesh, its parameters and their places."""

    def __init__(self, mesh: _Mesh, places: list[tuple[Tensor, Any]]):
        self.mesh, self.places = mesh, places


def _state(module: Any) -> _State:
    return module.__dict__["_fsdp"]


def _move(mesh: _Mesh, x: Tensor, where: Any) -> None:
    """The value of a tensor goes there; users see no change."""
    cell = x._a.cell
    if not isinstance(cell.value, mesh.jax.core.Tracer):
        cell.value = mesh.put(cell.value, where)


def fully_shard(
    module: Any,
    *,
    mesh: Any = None,
    reshard_after_forward: bool | int | None = None,
    shard_placement_fn: Callable[[Tensor], Shard | None] | None = None,
    mp_policy: MixedPrecisionPolicy = MixedPrecisionPolicy(),
    offload_policy: OffloadPolicy = OffloadPolicy(),  # noqa: B008
    ignored_params: set[Tensor] | None = None,
    dp_mesh_dims: Any = None,
) -> Any:
    """module, its parameters in parts over all devices of its type, along the first dimension that
    the number of devices divides; small ones whole on each. Called for inner modules first, then
    for the model, as in PyTorch; then the optimizer is made. Numbers are those of one device.

    module               on a device: model.to("xla") or "cuda"; a list of modules: each
    mesh                 None, or of this process: all its devices are used
    shard_placement_fn   parameter -> Shard(dim) or None
    reshard_after_forward  has no effect: parameters lie in parts after forward
    ignored_params       stay whole on each device

    errors  ValueError: a parameter on the CPU, a dimension that is not divisible
            NotImplementedError: several processes, mixed precision, offloading
    Source: Zhao et al. 2023, arXiv:2304.11277; Xu et al. 2021, arXiv:2105.04663 (GSPMD)
    """
    if isinstance(module, (list, tuple)):
        for one in module:
            fully_shard(one, mesh=mesh, shard_placement_fn=shard_placement_fn,
                        mp_policy=mp_policy, offload_policy=offload_policy,
                        ignored_params=ignored_params)  # fmt: skip
        return module
    _check(module, mesh, mp_policy, offload_policy)
    skip = {id(p) for p in ignored_params or ()}
    own = [*module.parameters(), *module.buffers()]
    kinds = {t.device.type for t in own}
    if kinds - {"xla", "cuda"} or len(kinds) != 1:
        raise ValueError(
            f"fully_shard needs a module on a device, and this one is on {', '.join(kinds)}\n"
            "  fix: model.to('xla'), or 'cuda', first"
        )
    found = _mesh_of(kinds.pop())
    places = []
    for t in own:
        if len(t._a.cell.value.devices()) > 1:
            continue  # an inner call has placed it
        dim = None
        placement = shard_placement_fn(t) if shard_placement_fn and t.requires_grad else None
        if placement is not None:
            dim = placement.dim % t.dim()
        learns = isinstance(t, Tensor) and t.requires_grad and id(t) not in skip
        places.append((t, found.of(tuple(t.shape), dim) if learns else found.whole))
    for t, place in places:
        _move(found, t, place)
        if t.requires_grad:
            t.register_post_accumulate_grad_hook(_gradient_to(found, place))
    module.__dict__["_fsdp"] = _State(found, places)
    cls = type(module)
    module.__class__ = type(
        f"FSDP{cls.__name__}", (FSDPModule, cls), {"__module__": cls.__module__}
    )
    module.register_forward_pre_hook(_before_forward, with_kwargs=True)
    module.register_forward_hook(_after_forward)
    return module


def _check(module: Any, mesh: Any, mp_policy: Any, offload_policy: Any) -> None:
    if not isinstance(module, Module):
        raise ValueError(f"fully_shard does not support {type(module).__name__}: modules are")
    if isinstance(module, FSDPModule):
        raise AssertionError(
            f"fully_shard has been called for this {type(module).__name__} already"
        )
    if is_initialized() and get_world_size() > 1:
        raise NotImplementedError(
            "rushlight does not have torch.distributed.fsdp.fully_shard of several processes: one "
            "process drives all devices of a machine\n  fix: start one process, or use "
            "DistributedDataParallel and ZeroRedundancyOptimizer"
        )
    if mesh is not None and mesh.size() != 1:
        raise NotImplementedError("fully_shard: a mesh of several processes is not supported")
    dtypes = (mp_policy.param_dtype, mp_policy.reduce_dtype, mp_policy.output_dtype)
    if any(d is not None for d in dtypes):
        raise NotImplementedError("fully_shard: mixed precision is not supported: use autocast")
    if isinstance(offload_policy, CPUOffloadPolicy):
        raise NotImplementedError("fully_shard: offloading to the CPU is not supported")


def _gradient_to(mesh: _Mesh, place: Any) -> Callable[[Tensor], None]:
    def placed(leaf: Tensor) -> None:
        a = leaf._grad._a  # type: ignore[union-attr]
        if not a.chain:
            a.cell.value = mesh.put(a.cell.value, place)

    return placed


def _before_forward(module: Any, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """The batch in parts, the module's own parameters whole, while it computes."""
    state = _state(module)
    module.unshard()

    def spread(x: Any) -> Any:
        if isinstance(x, Tensor) and hasattr(x._a, "cell") and not x.requires_grad:
            v = x._a.v
            if isinstance(v, state.mesh.jax.core.Tracer) or len(v.devices()) == 1:
                from ..kernels.xla.array import Array

                return wrap(Array(state.mesh.put(v, state.mesh.batch(v.shape))))
            return x
        if isinstance(x, dict):
            return {key: spread(value) for key, value in x.items()}
        if isinstance(x, (list, tuple)) and not hasattr(x, "_fields"):
            return type(x)(spread(value) for value in x)
        return x

    return spread(args), spread(kwargs)


def _after_forward(module: Any, args: tuple, y: Any) -> None:
    """The parameters in parts again; XLA gathers them for backward."""
    module.reshard()


def register_fsdp_forward_method(module: Any, method_name: str) -> None:
    """The method places the batch as forward does.

    errors  AttributeError: there is no such method
    """
    method = getattr(module, method_name)
    if not isinstance(module, FSDPModule):
        return
    me = weakref.ref(module)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        args, kwargs = _before_forward(me(), args, kwargs)
        try:
            return method(*args, **kwargs)
        finally:
            me().reshard()  # type: ignore[union-attr]

    setattr(module, method_name, wrapped)
