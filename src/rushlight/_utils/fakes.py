"""torch._subclasses: tensors of a compiler that have no data. Nothing is one; torch.device("meta")
has tensors without elements."""

from __future__ import annotations

from typing import Any

from ..core.paths import refused
from ..core.tensor import Tensor

__all__ = ["FakeTensor", "FakeTensorMode", "is_fake"]

_WHY = "there is no compiler that needs them; tensors without elements: device='meta'"


class FakeTensor(Tensor):
    """A tensor of a compiler: nothing is an instance."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        raise refused("torch._subclasses.FakeTensor", _WHY)


class FakeTensorMode:
    """A context that makes FakeTensors: refused."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        raise refused("torch._subclasses.FakeTensorMode", _WHY)


class DynamicOutputShapeException(RuntimeError):
    """A shape that depends on data: never raised here."""


class DataDependentOutputException(RuntimeError):
    """A number that depends on data: never raised here."""


class UnsupportedFakeTensorException(RuntimeError):
    """Never raised here."""


def is_fake(x: Any) -> bool:
    """Is x a FakeTensor? No."""
    return False


def unset_fake_temporarily() -> Any:
    """A context that changes nothing."""
    from contextlib import nullcontext

    return nullcontext()


def maybe_get_fake_mode(t: Any) -> None:
    """None: there is no mode."""
