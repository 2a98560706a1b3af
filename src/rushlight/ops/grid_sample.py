"""Sampling an image at places that a grid names, and grids of affine maps.

N batch, C channels, S spatial sizes, two or three; L sizes of the grid. A grid's last dimension
holds x, y (and z): x runs along the last dimension of the image, from -1 to 1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.dtype import FLOAT, scalar_name
from ..core.notices import warn
from ..core.tensor import Tensor, wrap
from ..dispatch.registry import composite, internal
from ..kernels import K

MODES = {"bilinear": 0, "nearest": 1, "bicubic": 2}
PADDINGS = {"zeros": 0, "border": 1, "reflection": 2}


class GridSample:
    """y[n, c, l] = Σ w(p) x[n, c, p] over the elements p around grid[n, l]

    mode     0: the 2^r neighbours, by linear weights; 1: the nearest; 2: the 16 of a cubic
    padding  what lies outside: 0 zeros, 1 the edge, 2 the mirror image
    align    ±1 are the centres of the outermost elements, not their edges
    shape    x (N, C, *S), grid (N, *L, r) -> y (N, C, *L)
    grad     dx: dy spread with the same weights; dgrid: Σ dy x dw/dgrid, 0 for nearest
    source   Jaderberg et al. 2015, arXiv:1506.02025
    """

    def forward(x, grid, mode, padding, align):
        return K.grid_sample(x, grid, mode, padding, align)

    def backward(c, dy, x, grid, mode, padding, align):
        options = (mode, padding, align)
        dx = dgrid = None
        if c.edges[0] is not None:
            dx = K.grid_sample_dx(dy, grid, tuple(x.shape), *options)
        if c.edges[1] is not None:
            dgrid = K.grid_sample_dgrid(dy, x, grid, *options)
        return dx, dgrid

    def samples2d(make):
        for mode, padding in ((0, 0), (0, 1), (0, 2), (1, 0), (2, 0), (2, 2)):
            yield make(1, 2, 3, 4), make(1, 2, 2, 2), mode, padding, padding == 1
        yield make(1, 2, 1, 3), make(1, 2, 1, 2), 0, 2, True
        yield make(0, 2, 3, 3), make(0, 2, 1, 2), 0, 0, True
        yield make(4, 3, 2, 1).permute(3, 2, 1, 0), make(1, 2, 2, 2), 0, 0, False

    def samples3d(make):
        for mode, padding in ((0, 0), (1, 1), (0, 2)):
            yield make(1, 1, 3, 2, 4), make(1, 2, 1, 1, 3), mode, padding, padding == 0


_CARDS = {}
for _rank in (2, 3):
    _CARDS[_rank] = internal(f"grid_sampler_{_rank}d_card", tensors=2, node=f"GridSampler{_rank}D")(
        GridSample
    )
    _CARDS[_rank].samples = getattr(GridSample, f"samples{_rank}d")


@composite(
    "grid_sample(input, grid: Tensor, mode: str = 'bilinear', padding_mode: str = 'zeros', "
    "align_corners: bool | None = None)",
    at="F",
)
def grid_sample(input, grid, mode="bilinear", padding_mode="zeros", align_corners=None):
    """input at the places that grid names, from -1 to 1 in each dimension.

    mode            bilinear (in three dimensions trilinear), nearest, bicubic (4-d only)
    padding_mode    what lies outside: zeros, border (the edge) or reflection (the mirror image)
    align_corners   ±1 are the centres of the outermost elements, not their edges; None is False
                    and warns

    shape   input (N, C, H, W), grid (N, H', W', 2) -> (N, C, H', W'); likewise in three dimensions
    dtype   floating, the same for both
    grad    for input and grid; 0 for the grid with "nearest"
    errors  ValueError: no such mode; RuntimeError: shapes that do not fit, an empty image;
            NotImplementedError: integers, complex numbers
    source  Jaderberg et al. 2015, arXiv:1506.02025

    >>> F.grid_sample(tensor([[[[1.0, 3.0]]]]), tensor([[[[0.0, 0.0]]]]), align_corners=True)
    tensor([[[[2.]]]])
    """
    if mode not in MODES:
        raise ValueError(
            "nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', "
            f"but got: '{mode}'"
        )
    if padding_mode not in PADDINGS:
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or "
            f"'reflection', but got: '{padding_mode}'"
        )
    if align_corners is None:
        _warn_of_corners()
    return _sampled(input, grid, MODES[mode], PADDINGS[padding_mode], align_corners)


def _warn_of_corners() -> None:
    warn(
        "Default grid_sample and affine_grid behavior has changed to align_corners=False since "
        "1.3.0. Please specify align_corners=True if the old behavior is desired. See the "
        "documentation of grid_sample for details.",
    )


_OPTIONS = "interpolation_mode: int, padding_mode: int, align_corners: bool"


@composite(f"grid_sampler(input, grid: Tensor, {_OPTIONS})", at="torch")
def grid_sampler(input, grid, interpolation_mode, padding_mode, align_corners):
    """F.grid_sample with numbers for the modes: 0 bilinear, 1 nearest, 2 bicubic; 0 zeros,
    1 border, 2 reflection.

    errors  as F.grid_sample
    """
    return _sampled(input, grid, interpolation_mode, padding_mode, align_corners)


@composite(f"grid_sampler_2d(input, grid: Tensor, {_OPTIONS})", at="torch")
def grid_sampler_2d(input, grid, interpolation_mode, padding_mode, align_corners):
    """grid_sampler for (N, C, H, W). RuntimeError: other dimensions."""
    return _sampled(input, grid, interpolation_mode, padding_mode, align_corners, 2)


@composite(f"grid_sampler_3d(input, grid: Tensor, {_OPTIONS})", at="torch")
def grid_sampler_3d(input, grid, interpolation_mode, padding_mode, align_corners):
    """grid_sampler for (N, C, D, H, W). RuntimeError: other dimensions."""
    return _sampled(input, grid, interpolation_mode, padding_mode, align_corners, 3)


def _sampled(x: Tensor, grid: Tensor, mode: int, padding: int, align: Any, rank: int = 0) -> Tensor:
    _check(x, grid, mode, rank)
    mode = mode if mode in (0, 1, 2) else 0  # PyTorch takes any number
    padding = padding if padding in (0, 1, 2) else 0
    return _CARDS[x.ndim - 2].run((x, grid, mode, padding, bool(align)))


def _check(x: Tensor, grid: Tensor, mode: int, rank: int) -> None:
    shapes = f"input with sizes {list(x.shape)} and grid with sizes {list(grid.shape)}"
    if x.shape[:1] != grid.shape[:1]:
        raise RuntimeError(
            f"grid_sampler(): expected grid and input to have same batch size, but got {shapes}"
        )
    if grid.shape[-1] != x.ndim - 2:
        raise RuntimeError(
            f"grid_sampler(): expected grid to have size {x.ndim - 2} in last dimension, but got "
            f"grid with sizes {list(grid.shape)}"
        )
    for i in range(2, x.ndim):
        if x.shape[i] == 0:
            raise RuntimeError(
                "grid_sampler(): expected input to have non-empty spatial dimensions, but input "
                f"has sizes {list(x.shape)} with dimension {i} being empty"
            )
    if x.ndim not in ((4, 5) if rank == 0 else (rank + 2,)) or x.ndim != grid.ndim:
        wanted = "4D or 5D" if rank == 0 else f"{rank + 2}D"
        raise RuntimeError(
            f"grid_sampler(): expected {wanted} input and grid with same number of dimensions, but "
            f"got {shapes}"
        )
    if x.ndim == 5 and mode == 2:
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")
    if x.dtype.category != FLOAT:
        raise NotImplementedError(
            f'"grid_sampler_{x.ndim - 2}d_cpu_kernel_impl" not implemented for '
            f"'{scalar_name(x.dtype)}'\n  fix: input.float()"
        )
    if x.dtype is not grid.dtype:
        raise RuntimeError(
            f"expected scalar type {scalar_name(x.dtype)} but found {scalar_name(grid.dtype)}\n"
            "  input and grid must be of one dtype"
        )


# ---------------------------------------------------------------- affine maps


@internal("affine_places", tensors=1, node="AffineGridGenerator")
class AffineGrid:
    """y[n, l] = theta[n] (place of l, 1), places from -1 to 1 along each dimension

    shape   theta (N, r, r + 1), places (∏L, r + 1) -> y (N, *L, r)
    grad    dtheta = Σ_l dy[n, l] (place of l, 1)
    """

    def forward(theta, places, size):
        y = K.matmul(K.reshape(places, (1, *places.shape)), K.swapaxes(theta, 1, 2))
        return y.reshape(theta.shape[0], *size, theta.shape[1])

    def backward(c, dy, theta_shape, places):
        n, rank, _ = theta_shape
        flat = K.reshape(dy, (n, -1, rank))
        return K.matmul(K.swapaxes(flat, 1, 2), places)

    def samples(make):
        real = make.dtype.np
        yield make(2, 2, 3), _places((3, 4), True, real), (3, 4)
        yield make(1, 3, 4), _places((2, 1, 3), False, real), (2, 1, 3)
        yield make(3, 2, 2).permute(2, 1, 0), _places((1, 2), True, real), (1, 2)


def _places(size: tuple, align: bool, dtype: Any) -> np.ndarray:
    """(∏L, r + 1): x, y (, z), 1 for each cell."""
    axes = []
    for n in size:
        if n <= 1:
            axes.append(np.zeros(n, dtype))
            continue
        line = np.linspace(-1, 1, n, dtype=np.float64)
        axes.append((line if align else line * ((n - 1) / n)).astype(dtype))
    cells = np.meshgrid(*axes, indexing="ij")[::-1]
    return np.stack([*cells, np.ones_like(cells[0])], -1).reshape(-1, len(size) + 1)


@composite(
    "affine_grid_generator(theta: Tensor, size: Sequence[int], align_corners: bool)", at="torch"
)
def affine_grid_generator(theta, size, align_corners):
    """F.affine_grid without its checks. RuntimeError: size is neither 4-d nor 5-d."""
    size = tuple(size)
    if len(size) not in (4, 5):
        raise RuntimeError("AffineGridGenerator needs 4d (spatial) or 5d (volumetric) inputs.")
    if theta.shape[0] != size[0]:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{size[0]}, "
            f"{len(size) - 1}] but got: [{theta.shape[0]}, {len(size) - 1}].\n"
            f"  theta is a batch of {theta.shape[0]}, size one of {size[0]}"
        )
    real = theta._a.dtype
    return AffineGrid.run((theta, wrap(_places(size[2:], bool(align_corners), real)), size[2:]))


@composite(
    "affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None)", at="F"
)
def affine_grid(theta, size, align_corners=None):
    """The grid with which F.grid_sample maps an image by the matrices theta.

    shape   theta (N, 2, 3), size (N, C, H, W) -> (N, H, W, 2); theta (N, 3, 4), size
            (N, C, D, H, W) -> (N, D, H, W, 3)
    dtype   floating
    grad    dtheta = Σ over the cells of dgrid (x, y, 1)
    errors  ValueError: theta of integers, shapes that do not fit, an empty size;
            NotImplementedError: size neither 4-d nor 5-d
    source  Jaderberg et al. 2015, arXiv:1506.02025

    >>> F.affine_grid(tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]), (1, 1, 1, 2), False)
    tensor([[[[-0.5000,  0.0000],
              [ 0.5000,  0.0000]]]])
    """
    size = tuple(size)
    if align_corners is None:
        _warn_of_corners()
        align_corners = False
    if not theta.is_floating_point():
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    if len(size) not in (4, 5):
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, "
            f"respectively. Got size {size}."
        )
    rank = len(size) - 2
    if theta.ndim != 3 or tuple(theta.shape[-2:]) != (rank, rank + 1):
        raise ValueError(
            f"Expected a batch of {rank}D affine matrices of shape Nx{rank}x{rank + 1} for size "
            f"{size}. Got {theta.shape}."
        )
    if align_corners and min(size[2:]) == 1:
        warn(
            "Since version 1.3.0, affine_grid behavior has changed for unit-size grids when "
            "align_corners=True. This is not an intended use case of affine_grid. See the "
            "documentation of affine_grid for details.",
        )
    elif min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    return affine_grid_generator(theta, size, align_corners)
