"""The arguments of pooling: options as tuples, and what is wrong, in PyTorch's words."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from ..core.dtype import COMPLEX, FLOAT, bool_, int64, scalar_name
from ..core.tensor import Tensor
from ..kernels.window_geometry import pooled_size

_COUNT = {2: "two", 3: "three"}


def check_rows(name: str, x: Tensor) -> None:
    """RuntimeError: x is neither (N, C, L) nor (C, L)."""
    if x.ndim in (2, 3):
        return
    if name == "max_pool1d":
        raise RuntimeError(
            "max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for "
            f"input, but got:{list(x.shape)}"
        )
    raise RuntimeError(
        f"Expected 2 to 3 dimensions, but got {x.ndim}-dimensional tensor for argument #1 'self' "
        f"(while checking arguments for {name})"
    )


def numbers(given: Any, rank: int) -> tuple[int, ...]:
    """One number for every dimension, from one or `rank` of them."""
    return (given,) * rank if isinstance(given, int | float) else tuple(given)


def _option(name: str, what: str, given: Any, rank: int) -> tuple[int, ...]:
    if isinstance(given, Tensor):
        given = given.item()
    values = (given,) if isinstance(given, int) else tuple(given)
    if not all(isinstance(v, int) for v in values):
        raise TypeError(
            f"{name}(): argument '{what}' must be tuple of ints, but found element of type "
            f"{next(type(v).__name__ for v in values if not isinstance(v, int))}"
        )
    if len(values) == 1:
        return values * rank
    if len(values) != rank:
        if rank == 1:
            raise RuntimeError(
                f"{name}() {what} must be an int, list of ints or tuple of ints of size 1 but got "
                f"size {len(values)}"
            )
        either = "either be omitted, a" if what == "stride" else "either be a"
        raise RuntimeError(
            f"{name}: {what} must {either} single int, or a tuple of {_COUNT[rank]} ints"
        )
    return values


def _frozen(*options: Any) -> tuple:
    return tuple(tuple(o) if isinstance(o, list) else o for o in options)


def max_options(name: str, rank: int, *options: Any) -> tuple[tuple[int, ...], ...]:
    """kernel, stride, padding, dilation as tuples; of images of height 1 if rank is 1."""
    try:
        return _max_options(name, rank, *options)
    except TypeError:  # lists, which cannot be looked up
        pass
    return _max_options(name, rank, *_frozen(*options))


@lru_cache
def _max_options(name, rank, kernel_size, stride, padding, dilation):
    kernel = _option(name, "kernel_size", kernel_size, rank)
    stride = _option(name, "stride", stride, rank) if stride not in (None, ()) else kernel
    padding = _option(name, "padding", padding, rank)
    dilation = _option(name, "dilation", dilation, rank)
    if min(stride) < 1:
        raise RuntimeError("stride should not be zero")
    if min(kernel) < 1:
        raise RuntimeError(f"kernel size should be greater than zero, but got {list(kernel)}")
    if min(dilation) < 1:
        axes = "TT" * (rank == 3) + "HW"
        got = " ".join(f"dilation{a}: {d}" for a, d in zip(axes[-rank:], dilation, strict=True))
        raise RuntimeError(f"dilation should be greater than zero, but got {got}")
    _check_padding(name, kernel, padding, dilation)
    if rank == 1:
        return (1, *kernel), (1, *stride), (0, *padding), (1, *dilation)
    return kernel, stride, padding, dilation


def avg_options(name: str, rank: int, *options: Any) -> tuple[tuple[int, ...], ...]:
    """kernel, stride, padding as tuples; of images of height 1 if rank is 1."""
    try:
        return _avg_options(name, rank, *options)
    except TypeError:  # lists, which cannot be looked up
        pass
    return _avg_options(name, rank, *_frozen(*options))


@lru_cache
def _avg_options(name, rank, kernel_size, stride, padding, divisor):
    kernel = _option(name, "kernel_size", kernel_size, rank)
    stride = _option(name, "stride", stride, rank) if stride not in (None, ()) else kernel
    padding = _option(name, "padding", padding, rank)
    if divisor == 0 and divisor is not None:
        raise RuntimeError("divisor must be not zero")
    if min(stride) < 1:
        raise RuntimeError("stride should not be zero")
    if min(kernel) < 1:
        raise RuntimeError(f"kernel size should be greater than zero, but got {list(kernel)}")
    _check_padding(name, kernel, padding, (1,) * rank)
    if rank == 1:
        return (1, *kernel), (1, *stride), (0, *padding)
    return kernel, stride, padding


def _check_padding(name, kernel, padding, dilation):
    for k, p, d in zip(kernel, padding, dilation, strict=True):
        if p < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {p}")
        if p <= (d * (k - 1) + 1) // 2:
            continue
        if name == "max_pool1d":
            raise RuntimeError(
                "max_pool1d() padding should be at most half of kernel size, but got "
                f"padding={p} and kernel_size={k}"
            )
        raise RuntimeError(
            f"pad should be at most half of effective kernel size, but got pad={p}, "
            f"kernel_size={k} and dilation={d}"
        )


def check_max(name, rank, x, kernel, stride, padding, dilation, ceil) -> None:
    """Raise what is wrong with the input of a max pool, if anything is."""
    _check_dimensions(rank, x)
    _check_room(name, rank, x, kernel, stride, padding, dilation, ceil)
    if x.dtype is bool_ or x.dtype.category == COMPLEX:
        raise NotImplementedError(_not_for("max_pool2d" if rank == 1 else name, x))


def check_avg(name, rank, x, kernel, stride, padding, ceil) -> None:
    """Raise what is wrong with the input of an average pool, if anything is."""
    _check_dimensions(rank, x)
    _check_room(name, rank, x, kernel, stride, padding, (1,) * len(kernel), ceil)
    if x.dtype.category != FLOAT and x.dtype is not int64:
        raise NotImplementedError(_not_for("avg_pool2d" if rank == 1 else name, x))


def _not_for(name: str, x: Tensor) -> str:
    return f"\"{name}\" not implemented for '{scalar_name(x.dtype)}'\n  fix: input.float()"


def _check_dimensions(rank, x):
    if rank > 1 and x.ndim not in (rank + 1, rank + 2):
        raise RuntimeError(
            f"non-empty {rank + 1}D or {rank + 2}D (batch mode) tensor expected for input"
        )
    if 0 in x.shape[-1 - rank :]:
        raise RuntimeError(
            f"Expected {rank + 1}D or {rank + 2}D (batch mode) tensor with optional 0 dim batch "
            f"size for input, but got:{list(x.shape)}"
        )


def _check_room(name, rank, x, kernel, stride, padding, dilation, ceil):
    size = (1,) * (len(kernel) - rank) + tuple(x.shape[-rank:])
    windows = zip(size, kernel, stride, padding, dilation, strict=True)
    out = [pooled_size(*w, ceil) for w in windows]
    if min(out) >= 1:
        return
    if name == "max_pool1d":
        raise RuntimeError(f"max_pool1d() Invalid computed output size: {out[-1]}")
    channels = x.shape[-1 - rank]
    given, found = ("x".join(map(str, (channels, *s))) for s in (size, out))
    raise RuntimeError(
        f"Given input size: ({given}). Calculated output size: ({found}). Output size is too small"
        "\n  fix: a smaller kernel, more padding, or fewer layers that shrink the input"
    )


def adaptive_size(name: str, rank: int, x: Tensor, given: Any) -> tuple[int, ...]:
    """The output size of an adaptive pool; None stands for the input's."""
    if rank == 1:
        check_rows(name, x)
        sizes = (given,) if isinstance(given, int) or given is None else tuple(given)
        if len(sizes) != 1:
            raise RuntimeError(
                f"{name}() argument 'output_size' should contain one int (got {len(sizes)})"
            )
    else:
        if isinstance(given, tuple | list) and x.ndim <= len(given):
            raise ValueError(
                f"Input dimension should be at least {len(given) + 1}\n  it has {x.ndim}"
            )
        if x.ndim not in (rank + 1, rank + 2):
            colon = ":" if "max" in name else ""
            raise RuntimeError(
                f"{name}(): Expected {rank + 1}D or {rank + 2}D tensor, but got{colon} "
                f"{list(x.shape)}"
            )
        sizes = (given,) * rank if isinstance(given, int) or given is None else tuple(given)
        if len(sizes) != rank:
            raise RuntimeError(f"{name}: output_size must be {rank}")
    shape = x.shape
    size = tuple(shape[i - rank] if n is None else n for i, n in enumerate(sizes))
    if min(size) < 0:
        got = ", ".join(map(str, size))
        raise RuntimeError(
            f"{name}: elements of output_size must be greater than or equal to 0 but received "
            f"{{{got}}}"
        )
    for i in range(1 if "max" in name else x.ndim - rank, x.ndim):
        if shape[i] == 0:
            raise RuntimeError(
                f"{name}(): Expected input to have non-zero size for non-batch dimensions, but "
                f"input has sizes {list(shape)} with dimension {i} being empty"
            )
    if x.dtype.category != FLOAT and "avg" in name:
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or "
            f"complex dtype. Got: {scalar_name(x.dtype)}\n  fix: input.float()"
        )
    if x.dtype.category != FLOAT:
        kernel = "adaptive_max_pool3d_cpu" if rank == 3 else "adaptive_max_pool2d"
        raise NotImplementedError(_not_for(kernel, x))
    return size


def unpool_options(rank: int, kernel_size: Any, stride: Any, padding: Any) -> tuple:
    """kernel, stride, padding of an unpool as tuples."""
    kernel = numbers(kernel_size, rank)
    return kernel, kernel if stride is None else numbers(stride, rank), numbers(padding, rank)


def unpooled_size(rank, x, kernel, stride, padding, wanted) -> tuple[int, ...]:
    """The spatial size before max pooling. ValueError: `wanted` pools to another size."""
    size = tuple(
        (n - 1) * s + k - 2 * p
        for n, k, s, p in zip(x.shape[-rank:], kernel, stride, padding, strict=True)
    )
    if wanted is None:
        return size
    wanted = tuple(wanted)
    if len(wanted) == rank + 2:
        wanted = wanted[2:]
    if len(wanted) != rank:
        raise ValueError(
            f"output_size should be a sequence containing {rank} or {rank + 2} elements, but it "
            f"has a length of '{len(wanted)}'"
        )
    for i, (n, default, s) in enumerate(zip(wanted, size, stride, strict=True)):
        if not default - s < n < default + s:
            raise ValueError(
                f'invalid output_size "{wanted}" (dim {i} must be between {default - s} and '
                f"{default + s})"
            )
    return wanted


def check_unpool(name, rank, x, indices, size) -> None:
    """RuntimeError: indices do not belong to x, or lie outside of `size`."""
    if indices.dtype is not int64:
        raise RuntimeError(
            f"elements in indices should be type int64 but got: {scalar_name(indices.dtype)}"
        )
    if rank > 1 and x.ndim not in (rank + 1, rank + 2):
        raise RuntimeError(
            f"Input to max_unpooling{rank}d should be a {rank + 1}d or {rank + 2}d Tensor, but got "
            f"a tensor with {x.ndim} dimensions."
        )
    if indices.shape != x.shape:
        raise RuntimeError(
            "Expected shape of indices to be same as that of the input tensor "
            f"({list(x.shape)}) but got indices tensor with shape: {list(indices.shape)}"
        )
    cells = 1
    for n in size:
        cells *= n
    places = indices.numpy()
    wrong = places[(places < 0) | (places >= cells)]
    if wrong.size:
        raise RuntimeError(
            f"Found an invalid max index: {wrong.flat[0]} (output volumes are of size "
            f"{'x'.join(map(str, (1,) * (rank == 1) + size))})"
        )


def fractional_size(name, rank, x, kernel, size, ratio) -> tuple[int, ...]:
    """The output size of a fractional pool, from itself or as a share of the input's."""
    if size is None and ratio is None:
        raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
    given = x.shape[-rank:]
    if size is None:
        ratio = numbers(ratio, rank)
        if any(not 0 < r < 1 for r in ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {ratio})")
        size = tuple(int(n * r) for n, r in zip(given, ratio, strict=True))
    size = numbers(size, rank)
    if x.ndim not in (rank + 1, rank + 2):
        raise RuntimeError(
            f"{name}(): Expected {rank + 1}D or {rank + 2}D tensor, but got: {list(x.shape)}"
        )
    axes = ("time", "height", "width")[-rank:]
    for axis, n, k, m in zip(axes, given, kernel, size, strict=True):
        if m + k - 1 > n - (rank == 3):  # PyTorch asks for one more in three dimensions
            name += "_out" if rank == 3 else ""
            raise RuntimeError(f"{name}(): pool {axis} {k} too large relative to input {axis} {n}")
    return size
