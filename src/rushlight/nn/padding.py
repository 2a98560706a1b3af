"""Padding layers: constant, zeros, reflection, replication and wrapping round, each in 1, 2 and 3
dimensions.

N batch, C channels; padding is one number for all sides, or (before, after) of the last dimension,
then of the one before, ..."""

from __future__ import annotations

from typing import Any

from ..core.tensor import Tensor
from . import functional as F
from .module import Module

__all__ = [
    f"{kind}Pad{n}d"
    for kind in ("Circular", "Constant", "Zero", "Reflection", "Replication")
    for n in (1, 2, 3)
]


class _Pad(Module):
    """Padding by `mode` of the last `dims` dimensions."""

    __constants__ = ["padding"]
    dims = 0
    mode = "constant"

    def __init__(self, padding: int | tuple[int, ...]):
        super().__init__()
        self.padding = _sides(padding, self.dims)

    def forward(self, input: Tensor) -> Tensor:
        """input (N, C, *) or (C, *), or any for constants -> the same with longer *"""
        return F.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


def _sides(padding: Any, dims: int) -> tuple[int, ...]:
    """One width for each side. ValueError: another number of widths."""
    if not isinstance(padding, (tuple, list)):
        return (padding,) * (2 * dims)
    if len(padding) != 2 * dims:
        raise ValueError(f"padding should have {2 * dims} elements, got {len(padding)}")
    return tuple(padding)


class _Constant(_Pad):
    """Padding with the number `value`."""

    __constants__ = ["padding", "value"]

    def __init__(self, padding: int | tuple[int, ...], value: float):
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        """input (*, W), (*, H, W) or (*, D, H, W)"""
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_Constant):
    """(*, W) with `value` before and after W.

    shape   x (*, L) -> y (*, L'), each longer by its paddings
    errors  ValueError: padding has other than 2 numbers. RuntimeError: a negative size results
    """

    dims = 1


class ConstantPad2d(_Constant):
    """(*, H, W) with `value` around H and W.

    shape   x (*, H, W) -> y (*, H', W'), each longer by its paddings
    errors  ValueError: padding has other than 4 numbers. RuntimeError: a negative size results
    """

    dims = 2


class ConstantPad3d(_Constant):
    """(*, D, H, W) with `value` around D, H and W.

    shape   x (*, D, H, W) -> y (*, D', H', W'), each longer by its paddings
    errors  ValueError: padding has other than 6 numbers. RuntimeError: a negative size results
    """

    dims = 3


class _Zero(_Constant):
    """Padding with zeros."""

    def __init__(self, padding: int | tuple[int, ...]):
        super().__init__(padding, 0.0)

    extra_repr = _Pad.extra_repr


class ZeroPad1d(_Zero):
    """(*, W) with zeros before and after W.

    shape   x (*, L) -> y (*, L'), each longer by its paddings
    errors  ValueError: padding has other than 2 numbers. RuntimeError: a negative size results
    """

    dims = 1


class ZeroPad2d(_Zero):
    """(*, H, W) with zeros around H and W.

    shape   x (*, H, W) -> y (*, H', W'), each longer by its paddings
    errors  ValueError: padding has other than 4 numbers. RuntimeError: a negative size results
    """

    dims = 2


class ZeroPad3d(_Zero):
    """(*, D, H, W) with zeros around D, H and W.

    shape   x (*, D, H, W) -> y (*, D', H', W'), each longer by its paddings
    errors  ValueError: padding has other than 6 numbers. RuntimeError: a negative size results
    """

    dims = 3


class _Reflection(_Pad):
    """Padding with the input mirrored at its first and last elements, which are not repeated."""

    mode = "reflect"


class ReflectionPad1d(_Reflection):
    """(N, C, W) or (C, W), mirrored at both ends.

    shape   x (N, C, L) or (C, L) -> the same, L longer by its paddings
    errors  ValueError: padding has other than 2 numbers. NotImplementedError: x has other than 2 or
            3 dimensions. RuntimeError: a padding not smaller than the dimension
    """

    dims = 1


class ReflectionPad2d(_Reflection):
    """(N, C, H, W) or (C, H, W), mirrored at all borders.

    shape   x (N, C, H, W) or (C, H, W) -> the same, each of H, W longer by its paddings
    errors  ValueError: padding has other than 4 numbers. NotImplementedError: x has other than 3 or
            4 dimensions. RuntimeError: a padding not smaller than the dimension
    """

    dims = 2


class ReflectionPad3d(_Reflection):
    """(N, C, D, H, W) or (C, D, H, W), mirrored at all borders.

    shape   x (N, C, D, H, W) or (C, D, H, W) -> the same, each of D, H, W longer by its paddings
    errors  ValueError: padding has other than 6 numbers. NotImplementedError: x has other than 4 or
            5 dimensions. RuntimeError: a padding not smaller than the dimension
    """

    dims = 3


class _Replication(_Pad):
    """Padding with the first and last elements repeated."""

    mode = "replicate"


class ReplicationPad1d(_Replication):
    """(N, C, W) or (C, W), its ends repeated.

    shape   x (N, C, L) or (C, L) -> the same, L longer by its paddings
    errors  ValueError: padding has other than 2 numbers. NotImplementedError: x has other than 2 or
            3 dimensions. RuntimeError: a negative size results
    """

    dims = 1


class ReplicationPad2d(_Replication):
    """(N, C, H, W) or (C, H, W), its borders repeated.

    shape   x (N, C, H, W) or (C, H, W) -> the same, each of H, W longer by its paddings
    errors  ValueError: padding has other than 4 numbers. NotImplementedError: x has other than 3 or
            4 dimensions. RuntimeError: a negative size results
    """

    dims = 2


class ReplicationPad3d(_Replication):
    """(N, C, D, H, W) or (C, D, H, W), its borders repeated.

    shape   x (N, C, D, H, W) or (C, D, H, W) -> the same, each of D, H, W longer by its paddings
    errors  ValueError: padding has other than 6 numbers. NotImplementedError: x has other than 4 or
            5 dimensions. RuntimeError: a negative size results
    """

    dims = 3


class _Circular(_Pad):
    """Padding with what comes next when the input is repeated."""

    mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        """input (N, C, *) or (C, *). ValueError: other numbers of dimensions."""
        if input.dim() not in (self.dims + 1, self.dims + 2):
            raise ValueError(
                f"expected {self.dims + 1}D or {self.dims + 2}D input (got {input.dim()}D input)"
            )
        return super().forward(input)


class CircularPad1d(_Circular):
    """(N, C, W) or (C, W), wrapped round.

    shape   x (N, C, L) or (C, L) -> the same, L longer by its paddings
    errors  ValueError: padding has other than 2 numbers; x has other than 2 or 3 dimensions.
            RuntimeError: a padding larger than the dimension
    """

    dims = 1


class CircularPad2d(_Circular):
    """(N, C, H, W) or (C, H, W), wrapped round in both dimensions.

    shape   x (N, C, H, W) or (C, H, W) -> the same, each of H, W longer by its paddings
    errors  ValueError: padding has other than 4 numbers; x has other than 3 or 4 dimensions.
            RuntimeError: a padding larger than the dimension
    """

    dims = 2


class CircularPad3d(_Circular):
    """(N, C, D, H, W) or (C, D, H, W), wrapped round in all three dimensions.

    shape   x (N, C, D, H, W) or (C, D, H, W) -> the same, each of D, H, W longer by its paddings
    errors  ValueError: padding has other than 6 numbers; x has other than 4 or 5 dimensions.
            RuntimeError: a padding larger than the dimension
    """

    dims = 3
