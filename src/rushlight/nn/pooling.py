"""Pooling layers: each holds the options of the function of its name, which has the formula."""

from __future__ import annotations

from typing import Any

from ..core.tensor import Tensor
from . import functional as F
from .module import Module

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "FractionalMaxPool2d",
    "FractionalMaxPool3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
]


class _MaxPool(Module):
    """The largest element of each window."""

    __constants__ = ["kernel_size", "stride", "padding", "dilation", "return_indices", "ceil_mode"]
    _name = ""

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding, self.dilation = padding, dilation
        self.return_indices, self.ceil_mode = return_indices, ceil_mode

    def forward(self, input: Tensor) -> Any:
        """input (N, C, *), or (C, *) unbatched -> the pooled tensor (and the indices, if
        return_indices)
        """
        return getattr(F, self._name)(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """Maxima of windows over (N, C, L).

    shape   x (N, C, L) or (C, L) -> y (N, C, L') or (C, L')
    errors  RuntimeError: other dimensions; an output of size 0; padding over half of the window
    """

    _name = "max_pool1d"


class MaxPool2d(_MaxPool):
    """Maxima of windows over (N, C, H, W).

    shape   x (N, C, H, W) or (C, H, W) -> y (N, C, H', W') or (C, H', W')
    errors  RuntimeError: other dimensions; an output of size 0; padding over half of the window
    """

    _name = "max_pool2d"


class MaxPool3d(_MaxPool):
    """Maxima of windows over (N, C, D, H, W).

    shape   x (N, C, D, H, W) or (C, D, H, W) -> y (N, C, D', H', W') or (C, D', H', W')
    errors  RuntimeError: other dimensions; an output of size 0; padding over half of the window
    """

    _name = "max_pool3d"


class _MaxUnpool(Module):
    """The inverse of a max pool: values at the given indices, zeros elsewhere."""

    _rank, _name = 0, ""

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0):
        super().__init__()
        n = self._rank
        wide = lambda x: tuple(x) if isinstance(x, (tuple, list)) else (x,) * n  # noqa: E731
        self.kernel_size = wide(kernel_size)
        self.stride = wide(stride if stride is not None else kernel_size)
        self.padding = wide(padding)

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        """input and indices as a max pool returned them"""
        return getattr(F, self._name)(
            input, indices, self.kernel_size, self.stride, self.padding, output_size
        )

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """The inverse of MaxPool1d.

    shape   x and indices (N, C, L') or (C, L') -> y (N, C, L) or (C, L)
    errors  ValueError: an output_size that pooling cannot have come from. RuntimeError: indices of
            another shape or dtype than int64, or outside of y
    """

    _rank, _name = 1, "max_unpool1d"


class MaxUnpool2d(_MaxUnpool):
    """The inverse of MaxPool2d.

    shape   x and indices (N, C, H', W') or (C, H', W') -> y (N, C, H, W) or (C, H, W)
    errors  ValueError: an output_size that pooling cannot have come from. RuntimeError: indices of
            another shape or dtype than int64, or outside of y
    """

    _rank, _name = 2, "max_unpool2d"


class MaxUnpool3d(_MaxUnpool):
    """The inverse of MaxPool3d.

    shape   x and indices (N, C, D', H', W') or (C, D', H', W') -> y (N, C, D, H, W) or (C, D, H, W)
    errors  ValueError: an output_size that pooling cannot have come from. RuntimeError: indices of
            another shape or dtype than int64, or outside of y
    """

    _rank, _name = 3, "max_unpool3d"


class AvgPool1d(Module):
    """Means of windows over (N, C, L).

    shape   x (N, C, L) or (C, L) -> y (N, C, L') or (C, L')
    errors  RuntimeError: other dimensions; an output of size 0; padding over half of the window
    """

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ):
        super().__init__()
        one = lambda x: tuple(x) if isinstance(x, (tuple, list)) else (x,)  # noqa: E731
        self.kernel_size = one(kernel_size)
        self.stride = one(stride if stride is not None else kernel_size)
        self.padding, self.ceil_mode, self.count_include_pad = (
            one(padding),
            ceil_mode,
            count_include_pad,
        )

    def forward(self, input: Tensor) -> Tensor:
        """input (N, C, L) or (C, L) -> (N, C, L') or (C, L')"""
        return F.avg_pool1d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
        )

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(Module):
    """Means of windows over (N, C, H, W).

    shape   x (N, C, H, W) or (C, H, W) -> y (N, C, H', W') or (C, H', W')
    errors  RuntimeError: other dimensions; an output of size 0; padding over half of the window;
            divisor_override = 0
    """

    __constants__ = [
        "kernel_size",
        "stride",
        "padding",
        "ceil_mode",
        "count_include_pad",
        "divisor_override",
    ]
    _name = "avg_pool2d"

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ):
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding, self.ceil_mode = padding, ceil_mode
        self.count_include_pad, self.divisor_override = count_include_pad, divisor_override

    def forward(self, input: Tensor) -> Tensor:
        """input (N, C, *), or (C, *) unbatched -> the pooled tensor"""
        return getattr(F, self._name)(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool3d(AvgPool2d):
    """Means of windows over (N, C, D, H, W).

    shape   x (N, C, D, H, W) or (C, D, H, W) -> y (N, C, D', H', W') or (C, D', H', W')
    errors  RuntimeError: other dimensions; an output of size 0; padding over half of the window;
            divisor_override = 0
    """

    _name = "avg_pool3d"


class _AdaptiveAvgPool(Module):
    """Means of windows laid out so that the result has output_size."""

    __constants__ = ["output_size"]
    _name = ""

    def __init__(self, output_size: Any):
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        """input (N, C, *), or (C, *) unbatched -> (N, C, *output_size); None keeps a size"""
        return getattr(F, self._name)(input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """Means over (N, C, L), result of length output_size.

    shape   x (N, C, L) or (C, L) -> y (N, C, output_size) or (C, output_size)
    errors  RuntimeError: other dimensions; output_size has other than 1 numbers
    """

    _name = "adaptive_avg_pool1d"


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """Means over (N, C, H, W), result of sizes output_size.

    shape   x (N, C, H, W) or (C, H, W) -> the same, with output_size in place of H, W; None keeps a
            size
    errors  RuntimeError: other dimensions; output_size has other than 2 numbers
    """

    _name = "adaptive_avg_pool2d"


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """Means over (N, C, D, H, W), result of sizes output_size.

    shape   x (N, C, D, H, W) or (C, D, H, W) -> the same, with output_size in place of D, H, W;
            None keeps a size
    errors  RuntimeError: other dimensions; output_size has other than 3 numbers
    """

    _name = "adaptive_avg_pool3d"


class _AdaptiveMaxPool(Module):
    """Maxima of windows laid out so that the result has output_size."""

    __constants__ = ["output_size", "return_indices"]
    _name = ""

    def __init__(self, output_size: Any, return_indices: bool = False):
        super().__init__()
        self.output_size, self.return_indices = output_size, return_indices

    def forward(self, input: Tensor) -> Any:
        """input (N, C, *), or (C, *) unbatched -> (N, C, *output_size) (and the indices, if
        return_indices)
        """
        return getattr(F, self._name)(input, self.output_size, self.return_indices)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """Maxima over (N, C, L), result of length output_size.

    shape   x (N, C, L) or (C, L) -> y (N, C, output_size) or (C, output_size)
    errors  RuntimeError: other dimensions; output_size has other than 1 numbers
    """

    _name = "adaptive_max_pool1d"


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """Maxima over (N, C, H, W), result of sizes output_size.

    shape   x (N, C, H, W) or (C, H, W) -> the same, with output_size in place of H, W; None keeps a
            size
    errors  RuntimeError: other dimensions; output_size has other than 2 numbers
    """

    _name = "adaptive_max_pool2d"


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """Maxima over (N, C, D, H, W), result of sizes output_size.

    shape   x (N, C, D, H, W) or (C, D, H, W) -> the same, with output_size in place of D, H, W;
            None keeps a size
    errors  RuntimeError: other dimensions; output_size has other than 3 numbers
    """

    _name = "adaptive_max_pool3d"


class _LPPool(Module):
    """(Σ x^p)^(1/p) of each window."""

    __constants__ = ["norm_type", "kernel_size", "stride", "ceil_mode"]
    _name = ""

    def __init__(
        self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
    ):
        super().__init__()
        self.norm_type, self.kernel_size, self.stride, self.ceil_mode = (
            norm_type,
            kernel_size,
            stride,
            ceil_mode,
        )

    def forward(self, input: Tensor) -> Tensor:
        """input (N, C, *), or (C, *) unbatched -> the pooled tensor"""
        return getattr(F, self._name)(
            input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode
        )

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPool):
    """Power means of windows over (N, C, L).

    shape   x (N, C, L) or (C, L) -> y (N, C, L') or (C, L')
    errors  RuntimeError: other dimensions; an output of size 0
    """

    _name = "lp_pool1d"


class LPPool2d(_LPPool):
    """Power means of windows over (N, C, H, W).

    shape   x (N, C, H, W) or (C, H, W) -> y (N, C, H', W') or (C, H', W')
    errors  RuntimeError: other dimensions; an output of size 0
    """

    _name = "lp_pool2d"


class LPPool3d(_LPPool):
    """Power means of windows over (N, C, D, H, W).

    shape   x (N, C, D, H, W) or (C, D, H, W) -> y (N, C, D', H', W') or (C, D', H', W')
    errors  RuntimeError: other dimensions; an output of size 0
    """

    _name = "lp_pool3d"


class _FractionalMaxPool(Module):
    """The largest element of windows at pseudo-random places.

    ValueError: neither or both of output_size and output_ratio are given, or a ratio is not
    between 0 and 1.
    """

    __constants__ = ["kernel_size", "return_indices", "output_size", "output_ratio"]
    _rank, _name = 0, ""

    def __init__(
        self,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ):
        super().__init__()
        n = self._rank
        wide = lambda x: tuple(x) if isinstance(x, (tuple, list)) else (x,) * n  # noqa: E731
        self.kernel_size, self.return_indices = wide(kernel_size), return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = wide(output_size) if output_size is not None else None
        self.output_ratio = wide(output_ratio) if output_ratio is not None else None
        if output_size is None and output_ratio is None:
            raise ValueError(
                f"{type(self).__name__} requires specifying either an output size, or a "
                "pooling ratio"
            )
        if output_size is not None and output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        if self.output_ratio is not None and not all(0 < r < 1 for r in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def forward(self, input: Tensor) -> Any:
        """input (N, C, *), or (C, *) unbatched -> the pooled tensor (and the indices, if
        return_indices)
        """
        return getattr(F, self._name)(
            input,
            self.kernel_size,
            self.output_size,
            self.output_ratio,
            self.return_indices,
            _random_samples=self._random_samples,
        )


class FractionalMaxPool2d(_FractionalMaxPool):
    """Largest elements over (N, C, H, W).

    shape   x (N, C, H, W) or (C, H, W) -> y (N, C, H', W') or (C, H', W')
    errors  ValueError: neither or both of output_size and output_ratio; a ratio outside of (0, 1).
            RuntimeError: other dimensions; a window and an output larger than x allows
    """

    _rank, _name = 2, "fractional_max_pool2d"


class FractionalMaxPool3d(_FractionalMaxPool):
    """Largest elements over (N, C, D, H, W).

    shape   x (N, C, D, H, W) or (C, D, H, W) -> y (N, C, D', H', W') or (C, D', H', W')
    errors  ValueError: neither or both of output_size and output_ratio; a ratio outside of (0, 1).
            RuntimeError: other dimensions; a window and an output larger than x allows
    """

    _rank, _name = 3, "fractional_max_pool3d"
