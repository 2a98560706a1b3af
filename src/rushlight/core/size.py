"""torch.Size: a tuple of ints that stays a Size under slicing, ``+`` and ``*``."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from operator import index
from typing import Any

__all__ = ["Size", "size_of"]


class Size(tuple[int, ...]):
    """The shape of a tensor.

    >>> Size([3, 784])[1:]
    torch.Size([784])

    Each item must be an int or something with ``__index__`` (a NumPy integer, an integer tensor of
    one element); anything else is a TypeError. Compares and hashes as the tuple it is.
    """

    __slots__ = ()

    def __new__(cls, dims: Iterable[Any] = ()) -> Size:
        if type(dims) is not Size:
            dims = tuple(dims)
            for d in dims:
                if type(d) is not int:
                    return tuple.__new__(cls, map(_as_dim, dims, range(len(dims))))
        return tuple.__new__(cls, dims)

    def numel(self) -> int:
        """Number of elements of a tensor of this shape: the product, 1 for the empty Size."""
        return prod(self)

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(map(int.__repr__, self))}])"

    def __getitem__(self, key: Any) -> Any:
        item = tuple.__getitem__(self, key)
        return tuple.__new__(Size, item) if type(item) is tuple else item

    def __add__(self, other: Any) -> Size:  # type: ignore[override]
        if not isinstance(other, tuple):
            raise TypeError(
                f"can only concatenate tuple (not {type(other).__name__}) to torch.Size"
            )
        return tuple.__new__(Size, tuple.__add__(self, other))

    def __radd__(self, other: Any) -> Size:
        if not isinstance(other, tuple):
            return NotImplemented
        return tuple.__new__(Size, tuple.__add__(other, self))

    def __mul__(self, times: Any) -> Size:  # type: ignore[override]
        return tuple.__new__(Size, tuple.__mul__(self, times))

    __rmul__ = __mul__

    def __reduce__(self) -> tuple[type, tuple[tuple[int, ...]]]:
        return Size, (tuple(self),)


def _as_dim(d: Any, position: int) -> int:
    try:
        return index(d)
    except TypeError:
        raise TypeError(
            f"torch.Size() takes an iterable of 'int' (item {position} is '{type(d).__name__}')"
        ) from None


def size_of(shape: tuple[int, ...]) -> Size:
    """A Size from a tuple that is known to hold ints (``array.shape``): no check."""
    return tuple.__new__(Size, shape)
