"""torch.distributed.device_mesh: meshes of one process."""

from __future__ import annotations

from typing import Any

from ..core.construct import tensor
from .groups import get_rank, new_group

__all__ = ["DeviceMesh", "init_device_mesh"]


class DeviceMesh:
    """A mesh whose every dimension has the one process 0.

    errors  NotImplementedError: a mesh of several processes
    """

    def __init__(self, device_type: str, mesh: Any, *, mesh_dim_names: Any = None, **kwargs: Any):
        self.mesh = tensor(mesh)
        if self.mesh.numel() != 1:
            raise NotImplementedError(
                f"rushlight computes in one process: a mesh of {self.mesh.numel()} is not supported"
            )
        self.device_type = device_type
        self.mesh_dim_names = None if mesh_dim_names is None else tuple(mesh_dim_names)

    def __repr__(self) -> str:
        return f"DeviceMesh({self.device_type!r}, {self.mesh.tolist()})"

    def __getitem__(self, names: Any) -> DeviceMesh:
        names = (names,) if isinstance(names, str) else tuple(names)
        for name in names:
            if name not in (self.mesh_dim_names or ()):
                raise KeyError(f"Invalid mesh_dim_name {name}")
        flat = self.mesh.reshape([1] * len(names)).tolist()
        return DeviceMesh(self.device_type, flat, mesh_dim_names=names)

    @property
    def ndim(self) -> int:
        """Its dimensions."""
        return self.mesh.ndim

    @property
    def shape(self) -> tuple[int, ...]:
        """Its sizes: ones."""
        return tuple(self.mesh.shape)

    def size(self, mesh_dim: int | None = None) -> int:
        """1"""
        return 1

    def get_rank(self) -> int:
        """0"""
        return get_rank()

    def get_local_rank(self, mesh_dim: Any = None) -> int:
        """0"""
        return 0

    def get_coordinate(self) -> list[int]:
        """[0, ...]"""
        return [0] * self.ndim

    def get_group(self, mesh_dim: Any = None) -> Any:
        """A group of this process."""
        return new_group([0])


def init_device_mesh(
    device_type: str,
    mesh_shape: tuple[int, ...],
    *,
    mesh_dim_names: Any = None,
    backend_override: Any = None,
) -> DeviceMesh:
    """A DeviceMesh of ones. errors  NotImplementedError: more than one process"""
    count = 1
    for size in mesh_shape:
        count *= size
    if count != 1:
        raise NotImplementedError(
            f"rushlight computes in one process: a mesh of {count} is not supported"
        )
    nested: Any = 0
    for _ in mesh_shape:
        nested = [nested]
    return DeviceMesh(device_type, nested, mesh_dim_names=mesh_dim_names)
