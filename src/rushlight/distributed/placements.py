"""torch.distributed.tensor's placements: how a tensor would lie on many processes.

Descriptions only, which packages make at import (transformers' plans of parallelism): nothing here
can be distributed by them.
"""

from __future__ import annotations

from typing import Any

__all__ = ["Partial", "Placement", "Replicate", "Shard"]


class Placement:
    """Base of the placements: equal if of one class with the same argument, and never changed."""

    __slots__ = ("_argument",)

    _argument: Any
    _letter = ""

    def __init__(self) -> None:
        object.__setattr__(self, "_argument", None)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"property of '{type(self).__name__}' object has no setter")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._argument == self._argument

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._argument))

    def __str__(self) -> str:
        return self._letter if self._argument is None else f"{self._letter}({self._argument})"

    def __reduce__(self) -> Any:
        return type(self), () if self._argument is None else (self._argument,)

    def is_shard(self, dim: int | None = None) -> bool:
        """Is each process given a part, along `dim` if one is named?"""
        return False

    def is_replicate(self) -> bool:
        """Is each process given the whole?"""
        return False

    def is_partial(self, reduce_op: str | None = None) -> bool:
        """Is the value a reduction over the processes' values, by `reduce_op` if one is named?"""
        return False


class Replicate(Placement):
    """The whole tensor on each process."""

    __slots__ = ()
    _letter = "R"

    def __repr__(self) -> str:
        return "Replicate()"

    def is_replicate(self) -> bool:
        """True."""
        return True


class Shard(Placement):
    """A part of the tensor on each process, along dimension `dim`."""

    __slots__ = ()
    _letter = "S"

    def __init__(self, dim: int):
        object.__setattr__(self, "_argument", int(dim))

    @property
    def dim(self) -> int:
        """The dimension that is split."""
        return self._argument

    def __repr__(self) -> str:
        return f"Shard(dim={self.dim})"

    def is_shard(self, dim: int | None = None) -> bool:
        """True, unless another dimension is asked for."""
        return dim is None or dim == self.dim


class Partial(Placement):
    """On each process a value of its own, the tensor is their reduction: "sum", "avg", ..."""

    __slots__ = ()
    _letter = "P"

    def __init__(self, reduce_op: str = "sum"):
        object.__setattr__(self, "_argument", reduce_op)

    @property
    def reduce_op(self) -> str:
        """The name of the reduction."""
        return self._argument

    def __repr__(self) -> str:
        return f"Partial({self.reduce_op})"

    def is_partial(self, reduce_op: str | None = None) -> bool:
        """True, unless another reduction is asked for."""
        return reduce_op is None or reduce_op == self.reduce_op
