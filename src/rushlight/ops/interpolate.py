"""Resizing: nearest neighbours, linear and cubic interpolation, antialiased filters, areas.

N batch, C channels, S spatial sizes of the input, L of the output, one to three of them. Every mode
but "area" is one linear map per dimension (kernels/filters.py), so one card does for all of them;
PyTorch's nodes have a name per mode and rank.
"""

from __future__ import annotations

import math
from functools import lru_cache
from operator import index as as_index
from typing import Any

import numpy as np

from ..core.dtype import FLOAT, float16, scalar_name, uint8
from ..core.notices import warn
from ..core.tensor import Tensor
from ..dispatch.on_tensors import translate
from ..dispatch.registry import FUNCTIONAL, composite, internal
from ..kernels import K
from ..kernels.filters import Filters, filters

_SINGLE, _DOUBLE = np.float32, np.float64


@internal("resample", tensors=1, node="Upsample", order="channels")
class Resample:
    """y[l] = Σ_t w[t, l] x[i[t, l]] in each of the last dimensions

    shape   x (N, C, *S) -> y (N, C, *L); `given` holds index and weight of each dimension
    dtype   floating, kept; uint8 without a gradient
    grad    the transposed map of dy
    """

    def forward(x, given):
        return K.resample(x, given)

    def backward(c, dy, given):
        return K.resample(dy, given.adjoint)

    def samples(make):
        real = make.dtype.np.type
        for mode, size, out in (
            ("nearest", (3,), (5,)),
            ("bilinear", (3, 4), (5, 7)),
            ("bicubic", (4, 5), (3, 8)),
            ("trilinear", (2, 3, 2), (3, 4, 1)),
        ):
            yield make(2, 2, *size), _filters(mode, size, out, real)
        yield make(1, 1, 5, 6), _filters("bicubic", (5, 6), (3, 4), real, antialias=True)
        yield make(4, 3, 2).permute(2, 1, 0)[None], _filters("bilinear", (3, 4), (2, 2), real)
        yield make(0, 2, 3), _filters("linear", (3,), (4,), real)


translate("resample", lambda x, given: Resample.run((x, given)))


def _filters(mode, size, out, real, antialias=False) -> Filters:
    return filters(mode, size, out, (None,) * len(size), False, antialias, real)


# ---------------------------------------------------------------- F.interpolate

_PLAIN = ("nearest", "area", "nearest-exact")
_RANK_OF = {"linear": 1, "bilinear": 2, "trilinear": 3, "bicubic": 2, "lanczos": 2}
_TITLES = {"nearest": "UpsampleNearest", "nearest-exact": "UpsampleNearestExact"}


@composite(
    "interpolate(input, size: int | Sequence[int] | None = None, "
    "scale_factor: float | Sequence[float] | None = None, mode: str = 'nearest', "
    "align_corners: bool | None = None, recompute_scale_factor: bool | None = None, "
    "antialias: bool = False)",
    at="F",
)
def interpolate(
    input,
    size=None,
    scale_factor=None,
    mode="nearest",
    align_corners=None,
    recompute_scale_factor=None,
    antialias=False,
):
    """input in another size: by the nearest element, by interpolation, or by means of areas.

    Output l lies at (l + 0.5) S / L - 0.5 in the input, with align_corners at l (S - 1) / (L - 1).
    "nearest" takes floor(l S / L), "nearest-exact" floor((l + 0.5) S / L).

    size            L, or one number for all dimensions
    scale_factor    L = floor(S scale_factor), and 1 / scale_factor stands for S / L; with
                    recompute_scale_factor=True it does not
    mode            nearest | nearest-exact | linear (3-d) | bilinear, bicubic, lanczos (4-d) |
                    trilinear (5-d) | area (adaptive_avg_pool)
    antialias       shrinking widens the filter; bilinear, bicubic and lanczos only

    shape   input (N, C, *S) -> (N, C, *L)
    dtype   floating; uint8 for the nearest modes and those of 4-d
    grad    the transposed map of dy
    errors  ValueError: size and scale_factor both or neither, another number of dimensions, an
            option that the mode does not take; NotImplementedError: a mode for another rank, a
            dtype; RuntimeError: an empty size
    source  Keys 1981, doi:10.1109/TASSP.1981.1163711 (cubic)

    >>> F.interpolate(tensor([[[1.0, 2.0]]]), scale_factor=2, mode="linear")
    tensor([[[1.0000, 1.2500, 1.7500, 2.0000]]])
    """
    a = input._a
    if isinstance(size, (list, tuple)):
        size = tuple(size)
    if isinstance(scale_factor, (list, tuple)):
        scale_factor = tuple(scale_factor)
    plan = _plan if _is_plain(size) and _is_plain(scale_factor) else _plan.__wrapped__
    card, found = plan(
        a.shape,
        input.dtype,
        size,
        scale_factor,
        mode,
        align_corners,
        recompute_scale_factor,
        antialias,
    )
    if card is None:
        return FUNCTIONAL[f"adaptive_avg_pool{a.ndim - 2}d"](input, found)
    return card.run((input, found))


_NUMBERS = frozenset((int, float))


def _is_plain(option: Any) -> bool:
    """True if the option can be looked up by its value: it is no tensor and holds none."""
    if type(option) is tuple:
        return all([type(n) in _NUMBERS for n in option])
    return option is None or type(option) in _NUMBERS


@lru_cache(256)
def _plan(shape, dtype, size, scale_factor, mode, align_corners, recompute, antialias) -> tuple:
    """(card, filters) for an input of this shape and dtype; (None, size) for the mode "area"."""
    if mode in _PLAIN:
        if align_corners is not None:
            raise ValueError(
                "align_corners option can only be set with the interpolating modes: linear | "
                "bilinear | bicubic | trilinear"
            )
    elif align_corners is None:
        align_corners = False
    ndim, given = len(shape), shape[2:]
    rank = len(given)
    size, scales = _wanted(given, size, scale_factor, mode)
    if recompute and scales is None:
        raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
    if scales is not None and (mode == "area" or recompute):
        size = tuple(math.floor(float(n) * s) for n, s in zip(given, scales, strict=True))
        scales = None
    if antialias and not (mode in ("bilinear", "bicubic", "lanczos") and ndim == 4):
        raise ValueError(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires "
            "a 4-D tensor as input"
        )
    if mode == "lanczos" and not antialias:
        raise ValueError("Lanczos mode requires antialias=True")
    if mode == "lanczos" and align_corners:
        raise ValueError("Lanczos mode does not support align_corners=True")
    _check_mode(mode, ndim)
    if mode == "area":
        return None, size
    if scales is not None:
        size = _scaled(given, scales)
    _check_sizes(shape, size)
    _check_dtype(dtype, mode, rank, antialias)
    name = _TITLES.get(mode) or f"Upsample{mode.title()}"
    real = _DOUBLE if dtype is uint8 or dtype.itemsize == 8 else _SINGLE
    if dtype is uint8 and scales is not None and mode == "bicubic":
        scales = tuple(s if n != m else None for s, n, m in zip(scales, given, size, strict=True))
    found = filters(
        mode, given, size, scales or (None,) * rank, bool(align_corners), bool(antialias), real
    )
    return Resample.named(f"{name}{rank}D{'Aa' if antialias else ''}"), found


def _wanted(given: tuple, size: Any, scale_factor: Any, mode: str) -> tuple:
    """(size, None) or (None, scales), each with one number per dimension."""
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is None and scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    what, value = ("output size of", size) if size is not None else ("scale_factor", scale_factor)
    if not isinstance(value, (list, tuple)):
        value = (value,) * len(given)
    elif len(value) != len(given):
        shown = "output" if size is not None else "scale_factor"
        again = "output size" if size is not None else "scale_factor"
        of = (
            f"{what} {tuple(value)}"
            if size is not None
            else f"scale_factor of shape {tuple(value)}"
        )
        raise ValueError(
            f"Input and {shown} must have the same number of spatial dimensions, but got input "
            f"with spatial dimensions of {list(given)} and {of}. Please provide input tensor in "
            f"(N, C, d1, d2, ...,dK) format and {again} in "
            f"{'(o1, o2, ...,oK)' if size is not None else '(s1, s2, ...,sK)'} format."
        )
    elif size is not None and not all(isinstance(n, (int, Tensor)) for n in value):
        raise TypeError(
            "expected size to be one of int or Tuple[int] or Tuple[int, int] or Tuple[int, int, "
            f"int], but got size with types {[type(n) for n in value]}"
        )
    try:
        if size is not None:
            return tuple(as_index(n) for n in value), None
        if any(isinstance(s, Tensor) for s in value):
            raise TypeError
        return None, tuple(float(s) for s in value)
    except (TypeError, ValueError):
        option = "size must be one int or one per dimension"
        if size is None:
            option = "scale_factor must be one number or one per dimension"
        raise TypeError(
            f"upsample_{mode}{len(given)}d() received an invalid combination of arguments - got "
            f"{type(value[0]).__name__}\n  {option}"
        ) from None


def _scaled(given: tuple, scales: tuple) -> tuple:
    sizes = []
    for n, scale in zip(given, scales, strict=True):
        if not abs(n * scale) < 2**63:
            raise RuntimeError("value cannot be converted to type int64_t without overflow")
        sizes.append(int(n * scale))
    return tuple(sizes)


def _check_mode(mode: str, ndim: int) -> None:
    if ndim in (3, 4, 5) and (mode in _PLAIN or _RANK_OF.get(mode) == ndim - 2):
        return
    if ndim in (3, 4, 5) and mode in ("linear", "bilinear", "trilinear"):
        raise NotImplementedError(
            f"Got {ndim}D input, but {mode} mode needs {_RANK_OF[mode] + 2}D input"
        )
    raise NotImplementedError(
        f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {ndim}D) for the modes: "
        "nearest | linear | bilinear | bicubic | trilinear | lanczos | area | nearest-exact (got "
        f"{mode})"
    )


def _check_sizes(shape: tuple, size: tuple) -> None:
    given = shape[2:]
    if min(given) < 1 or min(size) < 1:
        axes = "DHW"[-len(given) :]
        before, after = (
            "(" + ", ".join(f"{a}: {n}" for a, n in zip(axes, sizes, strict=True)) + ")"
            for sizes in (given, size)
        )
        joint = " and output" if len(given) == 1 else " output"
        raise RuntimeError(
            f"Input and output sizes should be greater than 0, but got input {before}{joint} "
            f"{after}"
        )
    if shape[1] == 0:
        raise RuntimeError(
            f"Non-empty {len(shape)}D data tensor expected but got a tensor with sizes "
            f"{list(shape)}"
        )


def _check_dtype(d: Any, mode: str, rank: int, antialias: bool) -> None:
    nearest = mode.startswith("nearest")
    if antialias:
        kernel, fits = "compute_index_ranges_weights", d is uint8 or d.itemsize > 2
    elif nearest:
        kernel, fits = "compute_indices_weights_nearest", True
        if rank == 2:
            kernel = "upsample_nearest2d_channels_last"
    elif mode == "bicubic":
        kernel, fits = "compute_indices_weights_cubic", True
    else:
        kernel, fits = "compute_indices_weights_linear", d is not uint8 or rank == 2
        if rank == 2:
            kernel = "upsample_bilinear2d_channels_last"
    if fits and (d is uint8 or (d.category == FLOAT and d.itemsize >= float16.itemsize)):
        return
    raise NotImplementedError(
        f"\"{kernel}\" not implemented for '{scalar_name(d)}'\n  fix: input.float()"
    )


def _deprecated(name: str) -> None:
    warn(
        f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.",
    )


@composite(
    "upsample(input, size=None, scale_factor=None, mode: str = 'nearest', "
    "align_corners: bool | None = None)",
    at="F",
)
def upsample(input, size=None, scale_factor=None, mode="nearest", align_corners=None):
    """F.interpolate under its old name; warns.

    shape   input (N, C, *S) -> (N, C, *L)
    errors  as F.interpolate
    """
    _deprecated("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


@composite("upsample_nearest(input, size=None, scale_factor=None)", at="F")
def upsample_nearest(input, size=None, scale_factor=None):
    """F.interpolate(mode="nearest") under its old name; warns.

    shape   input (N, C, *S) -> (N, C, *L)
    errors  as F.interpolate
    """
    _deprecated("upsample_nearest")
    return interpolate(input, size, scale_factor)


@composite("upsample_bilinear(input, size=None, scale_factor=None)", at="F")
def upsample_bilinear(input, size=None, scale_factor=None):
    """F.interpolate(mode="bilinear", align_corners=True) under its old name; warns.

    shape   input (N, C, H, W) -> (N, C, *L)
    errors  as F.interpolate
    """
    _deprecated("upsample_bilinear")
    return interpolate(input, size, scale_factor, "bilinear", True)
