"""torch.finfo and torch.iinfo: the limits of number types."""

from __future__ import annotations

from typing import Any

from .dtype import BOOL, INT, as_dtype, bool_, get_default_dtype, is_dtype

__all__ = ["as_dtype", "finfo", "iinfo", "is_dtype"]

# name -> resolution (10^-digits that are exact), max, eps (step behind 1), smallest normal number.
# The eps of float8_e5m2fnuz is the one PyTorch gives.
_FLOATS = {
    "float16": (1e-3, 65504.0, 2.0**-10, 2.0**-14),
    "bfloat16": (1e-2, (2 - 2.0**-7) * 2.0**127, 2.0**-7, 2.0**-126),
    "float32": (1e-6, (2 - 2.0**-23) * 2.0**127, 2.0**-23, 2.0**-126),
    "float64": (1e-15, (2 - 2.0**-52) * 2.0**1023, 2.0**-52, 2.0**-1022),
    "float8_e4m3fn": (1.0, 448.0, 2.0**-3, 2.0**-6),
    "float8_e5m2": (1.0, 57344.0, 2.0**-2, 2.0**-14),
    "float8_e4m3fnuz": (1.0, 240.0, 2.0**-3, 2.0**-7),
    "float8_e5m2fnuz": (1.0, 57344.0, 2.0**-3, 2.0**-15),
}


class finfo:
    """Limits of a floating dtype (of its parts, if complex); without argument, of the default one.

    bits, min, max; eps: the step from 1 to the next number; smallest_normal (= tiny);
    resolution: 10^-(decimal digits that survive); dtype: its name.
    TypeError: an integer dtype.
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, type: Any = None):
        d = get_default_dtype() if type is None else as_dtype(type, "finfo", "'type' (position 1)")
        if d.category in (BOOL, INT):
            raise TypeError(
                "torch.finfo() requires a floating point input type. Use torch.iinfo to handle "
                f"'torch.finfo'\n  {d} is an integer type"
            )
        d = d.to_real()
        self.bits, self.dtype = 8 * d.itemsize, d.name
        self.resolution, self.max, self.eps, self.smallest_normal = _FLOATS[d.name]
        self.min, self.tiny = -self.max, self.smallest_normal

    def __eq__(self, other: object) -> bool:
        return isinstance(other, finfo) and self.dtype == other.dtype

    def __repr__(self) -> str:
        numbers = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        text = ", ".join(f"{name}={getattr(self, name):g}" for name in numbers)
        return f"finfo({text}, dtype={self.dtype})"


class iinfo:
    """Limits of an integer dtype: bits, min, max; dtype: its name. TypeError: any other dtype."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, type: Any):
        d = as_dtype(type, "iinfo", "'type' (position 1)")
        if d is bool_:
            raise TypeError("torch.bool is not supported by torch.iinfo")
        if d.category != INT:
            raise TypeError(
                "torch.iinfo() requires an integer input type. Use torch.finfo to handle "
                f"'torch.iinfo'\n  {d} is a floating point type"
            )
        self.bits, self.dtype = 8 * d.itemsize, d.name
        self.max = (1 << (self.bits - d.is_signed)) - 1
        self.min = -self.max - 1 if d.is_signed else 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, iinfo) and self.dtype == other.dtype

    def __repr__(self) -> str:
        # floats on purpose: PyTorch prints -2.14748e+09
        lowest, highest = float(self.min), float(self.max)
        return f"iinfo(min={lowest:g}, max={highest:g}, dtype={self.dtype})"
