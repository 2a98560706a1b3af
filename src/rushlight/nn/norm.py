"""Normalisation layers: batch, layer, group, instance, RMS, local response."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

from ..core.dtype import int64, scalar_name
from ..core.grad_mode import no_grad
from ..core.notices import warn
from ..core.parameter import Parameter
from ..core.tensor import Tensor
from ..ops.cat_split import cat
from ..ops.creation import empty, ones, zeros
from ..ops.ranges import arange
from . import functional as F
from . import init
from .module import Module

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "CrossMapLRN2d",
    "GroupNorm",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "LayerNorm",
    "LocalResponseNorm",
    "RMSNorm",
    "SyncBatchNorm",
]


class _ChannelNorm(Module):
    """What batch and instance normalisation share.

    an affine map and running statistics per channel.
    """

    _version = 2
    __constants__ = ["track_running_stats", "momentum", "eps", "num_features", "affine"]
    _ranks: tuple[int, ...] = ()
    _expected = ""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ):
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        if affine:
            self.weight = Parameter(empty(num_features, device=device, dtype=dtype))
        else:
            self.register_parameter("weight", None)
        if affine and bias:
            self.bias = Parameter(empty(num_features, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        if track_running_stats:
            self.register_buffer("running_mean", zeros(num_features, device=device, dtype=dtype))
            self.register_buffer("running_var", ones(num_features, device=device, dtype=dtype))
            self.register_buffer("num_batches_tracked", zeros((), dtype=int64, device=device))
        else:
            for name in ("running_mean", "running_var", "num_batches_tracked"):
                self.register_buffer(name, None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget the statistics seen so far."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """weight = 1, bias = 0, no statistics."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() not in self._ranks:
            raise ValueError(f"expected {self._expected} input (got {input.dim()}D input)")

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, *args):
        version = local_metadata.get("version", None)
        key = prefix + "num_batches_tracked"
        if (version is None or version < 2) and self.track_running_stats and key not in state_dict:
            held = self.num_batches_tracked  # files from before the counter existed
            state_dict[key] = held if held is not None else zeros((), dtype=int64)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)


class _BatchNorm(_ChannelNorm):
    def forward(self, input: Tensor) -> Tensor:
        """input (N, C, *) -> the same shape"""
        self._check_input_dim(input)
        factor = self._counted()
        by_batch = self.training or (self.running_mean is None and self.running_var is None)
        keep = not self.training or self.track_running_stats
        return F.batch_norm(
            input,
            self.running_mean if keep else None,
            self.running_var if keep else None,
            self.weight,
            self.bias,
            by_batch,
            factor,
            self.eps,
        )

    def _counted(self) -> float:
        """Counts the batch; the weight of its statistics in the running ones."""
        factor = 0.0 if self.momentum is None else self.momentum
        if self.training and self.track_running_stats and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:  # cumulative average
                factor = 1.0 / float(self.num_batches_tracked)
        return factor


class BatchNorm1d(_BatchNorm):
    """Per channel (x - mean) / √(var + eps) · weight + bias over (N, C) or (N, C, L).

    The batch's statistics in training, the running ones in eval.

    shape   x (N, C) or (N, C, L) -> the same
    errors  ValueError: other dimensions; one value per channel in training. RuntimeError: C is not
            num_features
    source  Ioffe, Szegedy 2015, arXiv:1502.03167
    """

    _ranks, _expected = (2, 3), "2D or 3D"


class BatchNorm2d(_BatchNorm):
    """BatchNorm1d over (N, C, H, W).

    shape   x (N, C, H, W) -> the same
    errors  ValueError: other dimensions; one value per channel in training. RuntimeError: C is not
            num_features
    """

    _ranks, _expected = (4,), "4D"


class BatchNorm3d(_BatchNorm):
    """BatchNorm1d over (N, C, D, H, W).

    shape   x (N, C, D, H, W) -> the same
    errors  ValueError: other dimensions; one value per channel in training. RuntimeError: C is not
            num_features
    """

    _ranks, _expected = (5,), "5D"


class SyncBatchNorm(_BatchNorm):
    """BatchNorm over the batches of all processes of a group, in training: mean and variance are
    those of all elements of a channel, wherever they are. Alone, it is BatchNorm for any number of
    dimensions. Each process may have another number of samples.

    process_group  None: the default group

    shape   x (N, C, *) -> the same
    errors  ValueError: fewer than 2 dimensions, no channels, one value per channel in training.
            RuntimeError: C is not num_features
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: Any = None,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ):
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias
        )
        self.process_group = process_group

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() < 2:
            raise ValueError(f"expected at least 2D input (got {input.dim()}D input)")
        if input.size(1) == 0:
            raise ValueError("SyncBatchNorm number of input channels should be non-zero")

    def forward(self, input: Tensor) -> Tensor:
        """x (N, C, *) -> the same shape"""
        distributed = f"{__name__.partition('.')[0]}.distributed"
        # not imported: nobody has made a group
        if not self.training or f"{distributed}.groups" not in sys.modules:
            return super().forward(input)
        functional = import_module(f"{distributed}.functional")
        if functional.processes(self.process_group) < 2:
            return super().forward(input)
        self._check_input_dim(input)
        factor, c = self._counted(), input.size(1)
        dims = (0, *range(2, input.dim()))
        shape = (1, c, *[1] * (input.dim() - 2))
        x = input.float() if input.dtype.itemsize < 4 else input
        group = self.process_group
        sums = cat([x.sum(dims), x.new_full((1,), x.numel() / c)])  # (C + 1)
        sums = functional.all_reduce(sums, group=group)
        n = sums[-1].detach()
        mean = sums[:-1] / n
        d = x - mean.view(shape)
        var = functional.all_reduce((d * d).sum(dims), group=group) / n
        if self.track_running_stats and self.running_mean is not None:
            assert self.running_var is not None
            with no_grad():
                self.running_mean += factor * (mean.to(self.running_mean.dtype) - self.running_mean)
                whole = (var * n / (n - 1).clamp_min(1)).to(self.running_var.dtype)
                self.running_var += factor * (whole - self.running_var)
        y = d * (var + self.eps).rsqrt().view(shape)
        if self.weight is not None:
            y = y * self.weight.view(shape)
        if self.bias is not None:
            y = y + self.bias.view(shape)
        return y.to(input.dtype)

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any = None) -> Module:
        """module with its BatchNorm layers replaced by SyncBatchNorm, which take over parameters
        and statistics; a BatchNorm itself comes back as a new layer.
        """
        made: Module = module
        if isinstance(module, _BatchNorm):
            made = SyncBatchNorm(
                module.num_features,
                module.eps,
                module.momentum,
                module.affine,
                module.track_running_stats,
                process_group,
                bias=module.bias is not None,
            )
            for name in ("weight", "bias", *module._buffers):
                setattr(made, name, getattr(module, name))
            made.training = module.training
            if hasattr(module, "qconfig"):
                made.qconfig = module.qconfig
        for name, child in module.named_children():
            made.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return made


class _InstanceNorm(_ChannelNorm):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ):
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias
        )

    def forward(self, input: Tensor) -> Tensor:
        """input (N, C, *), or (C, *) unbatched -> the same shape"""
        self._check_input_dim(input)
        alone = input.dim() == self._ranks[0]
        channels = input.size(0 if alone else 1)
        if channels != self.num_features:
            if self.affine:
                raise ValueError(
                    f"expected input's size at dim={0 if alone else 1} to match num_features "
                    f"({self.num_features}), but got: {channels}."
                )

            warn(
                f"input's size at dim={0 if alone else 1} does not match num_features. You can "
                "silence this warning by not passing in num_features, which is not used because "
                "affine=False",
            )
        x = input.unsqueeze(0) if alone else input
        y = F.instance_norm(
            x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            self.momentum or 0.0,
            self.eps,
        )
        return y.squeeze(0) if alone else y


class InstanceNorm1d(_InstanceNorm):
    """Each sample's channels normalised by themselves, (N, C, L) or (C, L).

    shape   x (N, C, L) or (C, L) -> the same
    errors  ValueError: other dimensions; C is not num_features, if affine; one value per channel
    source  arXiv:1607.08022
    """

    _ranks, _expected = (2, 3), "2D or 3D"


class InstanceNorm2d(_InstanceNorm):
    """InstanceNorm1d over (N, C, H, W) or (C, H, W).

    shape   x (N, C, H, W) or (C, H, W) -> the same
    errors  ValueError: other dimensions; C is not num_features, if affine; one value per channel
    """

    _ranks, _expected = (3, 4), "3D or 4D"


class InstanceNorm3d(_InstanceNorm):
    """InstanceNorm1d over (N, C, D, H, W) or (C, D, H, W).

    shape   x (N, C, D, H, W) or (C, D, H, W) -> the same
    errors  ValueError: other dimensions; C is not num_features, if affine; one value per channel
    """

    _ranks, _expected = (4, 5), "4D or 5D"


class LayerNorm(Module):
    """(x - mean) / √(var + eps) · weight + bias over the last dimensions, of shape
    normalized_shape.

    shape   x (*, *normalized_shape) -> the same
    errors  RuntimeError: the last dimensions are not normalized_shape, or that is empty; another
            dtype than the weight's
    source  Ba, Kiros, Hinton 2016, arXiv:1607.06450
    """

    __constants__ = ["normalized_shape", "eps", "elementwise_affine"]

    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        self.normalized_shape = (
            (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        )
        self.eps, self.elementwise_affine = eps, elementwise_affine
        if elementwise_affine:
            self.weight = Parameter(empty(self.normalized_shape, device=device, dtype=dtype))
        else:
            self.register_parameter("weight", None)
        if elementwise_affine and bias:
            self.bias = Parameter(empty(self.normalized_shape, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """weight = 1, bias = 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """input (*, normalized_shape) -> the same shape"""
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        )


class GroupNorm(Module):
    """Each of num_groups groups of channels normalised by itself, then an affine map per channel.

    shape   x (N, C, *) -> the same
    errors  ValueError: num_groups does not divide num_channels. RuntimeError: fewer than 2
            dimensions; C is not num_channels
    source  Wu, He 2018, arXiv:1803.08494
    """

    __constants__ = ["num_groups", "num_channels", "eps", "affine"]

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ):
        super().__init__()
        if num_channels % num_groups:
            raise ValueError(
                f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})"
            )
        self.num_groups, self.num_channels, self.eps, self.affine = (
            num_groups,
            num_channels,
            eps,
            affine,
        )
        if affine:
            self.weight = Parameter(empty(num_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("weight", None)
        if affine and bias:
            self.bias = Parameter(empty(num_channels, device=device, dtype=dtype))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    reset_parameters = LayerNorm.reset_parameters

    def forward(self, input: Tensor) -> Tensor:
        """input (N, C, *) -> the same shape"""
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """x / √(mean(x²) + eps) · weight over the last dimensions.

    shape   x (*, *normalized_shape) -> the same
    errors  RuntimeError: the last dimensions are not normalized_shape
    source  arXiv:1910.07467
    """

    __constants__ = ["normalized_shape", "eps", "elementwise_affine"]

    def __init__(
        self,
        normalized_shape: Any,
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        self.normalized_shape = (
            (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        )
        self.eps, self.elementwise_affine = eps, elementwise_affine
        if elementwise_affine:
            self.weight = Parameter(empty(self.normalized_shape, device=device, dtype=dtype))
        else:
            self.register_parameter("weight", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """weight = 1."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, x: Tensor) -> Tensor:
        """x (*, normalized_shape) -> the same shape"""
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )


class LocalResponseNorm(Module):
    """x / (k + alpha · mean of x² over `size` neighbouring channels)^beta

    shape   x (N, C, *) -> the same
    errors  ValueError: fewer than 3 dimensions
    """

    __constants__ = ["size", "alpha", "beta", "k"]

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0):
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, input: Tensor) -> Tensor:
        """input (N, C, *) -> the same shape"""
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class CrossMapLRN2d(Module):
    """x / (k + alpha / size · sum of x² over the channels at most (size - 1) / 2 away)^beta

    As in PyTorch, channel 0 counts for the channels further away, too.

    shape   x (N, C, H, W) -> the same
    errors  ValueError: another number of dimensions. RuntimeError: integers
    source  Krizhevsky, Sutskever, Hinton 2012, section 3.3
    """

    size: int
    alpha: float
    beta: float
    k: float

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1):
        super().__init__()
        self.size, self.alpha, self.beta, self.k = size, alpha, beta, k

    def forward(self, input: Tensor) -> Tensor:
        """input (N, C, H, W) -> the same shape"""
        if input.dim() != 4:
            raise ValueError(f"CrossMapLRN2d: Expected input to be 4D, got {input.dim()}D instead.")
        if not (input.is_floating_point() or input.is_complex()):
            kind = scalar_name(input.dtype)
            raise RuntimeError(
                f"result type Float can't be cast to the desired output type {kind}\n"
                "  fix: input.float()"
            )
        reach = int((self.size - 1) / 2)
        squares = input * input
        padded = F.pad(squares, (0, 0, 0, 0, reach, reach))  # (N, C + 2 reach, H, W)
        around = padded.unfold(1, 2 * reach + 1, 1).sum(-1)  # (N, C, H, W)
        far = arange(input.size(1), device=input.device).reshape(-1, 1, 1) > reach
        around = around + squares[:, :1] * far
        return input * (self.k + around * (self.alpha / self.size)) ** -self.beta

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
