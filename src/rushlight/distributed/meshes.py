"""torch.distributed.device_mesh: processes on a grid, and a group for each of its lines."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.construct import tensor
from ..core.tensor import wrap
from .groups import (
    GroupMember,
    _get_default_group,
    get_rank,
    get_world_size,
    init_process_group,
    is_initialized,
    new_group,
)

__all__ = ["DeviceMesh", "init_device_mesh"]


class DeviceMesh:
    """Ranks on a grid. All processes make it, in the same order; along each dimension those of a
    line are a group.

    device_type     "cpu", "cuda", "xla"
    mesh            the ranks, nested lists or a tensor
    mesh_dim_names  names of the dimensions

    errors  RuntimeError: names that do not go with the dimensions, a rank twice
            ValueError: more ranks than there are processes
    """

    def __init__(
        self,
        device_type: str,
        mesh: Any,
        *,
        mesh_dim_names: Any = None,
        _groups: list[Any] | None = None,
        **kwargs: Any,
    ):
        self.mesh = wrap(np.asarray(mesh.tolist() if hasattr(mesh, "tolist") else mesh, np.int64))
        self.device_type = device_type
        self.mesh_dim_names = None if mesh_dim_names is None else tuple(mesh_dim_names)
        names = self.mesh_dim_names
        if names is not None and (len(set(names)) != len(names) or len(names) != self.mesh.ndim):
            raise RuntimeError(
                "mesh_shape and mesh_dim_names should have same length and each name once, but "
                f"found {self.mesh.ndim} dimensions and the names {list(names)}"
            )
        if not is_initialized():
            init_process_group()
        ranks = self.mesh.reshape(-1).tolist()
        if len(ranks) > get_world_size():
            raise ValueError(
                f"Mesh should not be bigger than default world size {get_world_size()}, but found "
                f"{len(ranks)} ranks!"
            )
        if len(set(ranks)) != len(ranks):
            raise RuntimeError(f"a rank stands twice in the mesh {self.mesh.tolist()}")
        self._groups = self._made() if _groups is None else _groups

    def _made(self) -> list[Any]:
        """For each dimension the group of this process's line."""
        world, array, found = _get_default_group(), self.mesh._a, []
        for dim in range(array.ndim):
            mine: Any = GroupMember.NON_GROUP_MEMBER
            for line in np.moveaxis(array, dim, -1).reshape(-1, array.shape[dim]).tolist():
                whole = line == world.ranks  # the default group itself will do
                group = world if whole else new_group(line, sort_ranks=False)
                mine = group if group != GroupMember.NON_GROUP_MEMBER else mine
            found.append(mine)
        return found

    def __repr__(self) -> str:
        if self.mesh_dim_names is not None:
            parts = ", ".join(
                f"{name}={size}" for name, size in zip(self.mesh_dim_names, self.shape, strict=True)
            )
            return f"DeviceMesh(({parts}), {self.device_type!r}, {self.mesh.tolist()})"
        return f"DeviceMesh({self.device_type!r}, {self.mesh.tolist()})"

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, DeviceMesh)
            and self.device_type == other.device_type
            and self.mesh_dim_names == other.mesh_dim_names
            and self.mesh.tolist() == other.mesh.tolist()
        )

    def __hash__(self) -> int:
        return hash((self.device_type, self.mesh_dim_names, str(self.mesh.tolist())))

    def _dim(self, mesh_dim: Any) -> int:
        if isinstance(mesh_dim, str):
            if mesh_dim not in (self.mesh_dim_names or ()):
                raise KeyError(
                    f"Invalid mesh_dim_name {mesh_dim} specified. Valid mesh_dim_names are "
                    f"{list(self.mesh_dim_names or ())}."
                )
            return (self.mesh_dim_names or ()).index(mesh_dim)
        if mesh_dim is None:
            if self.ndim > 1:
                raise RuntimeError(
                    f"Found the DeviceMesh have {self.ndim} dimensions"
                    "Optional kwarg `mesh_dim` needs to be specified when device_mesh.ndim > 1."
                )
            return 0
        return int(mesh_dim)

    def __getitem__(self, names: Any) -> DeviceMesh:
        """The part with these dimensions in which this process stands. errors  KeyError"""
        names = (names,) if isinstance(names, str) else tuple(names)
        dims = [self._dim(name) for name in names]
        here = self.get_coordinate() or [0] * self.ndim
        key = tuple(slice(None) if d in dims else here[d] for d in range(self.ndim))
        kept = [d for d in range(self.ndim) if d in dims]
        part = np.transpose(self.mesh._a[key], [kept.index(d) for d in dims])
        groups = [self._groups[d] for d in dims]
        return DeviceMesh(self.device_type, part, mesh_dim_names=names, _groups=groups)

    @property
    def ndim(self) -> int:
        """Its dimensions."""
        return self.mesh.ndim

    @property
    def shape(self) -> tuple[int, ...]:
        """Its sizes."""
        return tuple(self.mesh.shape)

    def size(self, mesh_dim: Any = None) -> int:
        """How many processes, in all or along a dimension."""
        return self.mesh.numel() if mesh_dim is None else self.mesh.shape[self._dim(mesh_dim)]

    def get_rank(self) -> int:
        """The rank of this process in the default group."""
        return get_rank()

    def get_local_rank(self, mesh_dim: Any = None) -> int:
        """Where this process stands along a dimension."""
        dim, here = self._dim(mesh_dim), self.get_coordinate()
        if here is None:
            raise RuntimeError("this process is not in the mesh")
        return here[dim]

    def get_coordinate(self) -> list[int] | None:
        """Where this process stands; None: it is not in the mesh."""
        found = np.argwhere(self.mesh._a == get_rank()).tolist()
        return found[0] if found else None

    def get_group(self, mesh_dim: Any = None) -> Any:
        """The group of this process's line along a dimension."""
        return self._groups[self._dim(mesh_dim)]

    def get_all_groups(self) -> list[Any]:
        """get_group for each dimension."""
        return list(self._groups)

    @classmethod
    def from_group(
        cls, group: Any, device_type: str, mesh: Any = None, *, mesh_dim_names: Any = None
    ) -> DeviceMesh:
        """The mesh of a group, or of one for each dimension of `mesh`."""
        groups = group if isinstance(group, (list, tuple)) else [group]
        ranks = groups[0].ranks if mesh is None else mesh
        return cls(device_type, ranks, mesh_dim_names=mesh_dim_names, _groups=list(groups))


def init_device_mesh(
    device_type: str,
    mesh_shape: tuple[int, ...],
    *,
    mesh_dim_names: Any = None,
    backend_override: Any = None,
) -> DeviceMesh:
    """The DeviceMesh of all processes in order; without a group it makes the default one first.

    errors  RuntimeError: names that do not go with the shape. ValueError: too few processes
    """
    if mesh_dim_names is not None and len(mesh_shape) != len(mesh_dim_names):
        raise RuntimeError(
            "mesh_shape and mesh_dim_names should have same length!Found len(mesh_dim_names): "
            f"{len(mesh_dim_names)} and len(mesh_shape):{len(mesh_shape)}."
        )
    ranks = tensor(list(range(math.prod(mesh_shape)))).reshape(tuple(mesh_shape))
    return DeviceMesh(device_type, ranks, mesh_dim_names=mesh_dim_names)
