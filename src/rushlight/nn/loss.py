"""Losses as layers: each holds the options of the function of its name."""

from __future__ import annotations

from math import prod
from typing import Any

from ..core.notices import warn
from ..core.tensor import Tensor
from ..ops.linear_cross_entropy import LinearCrossEntropyOptions
from ..ops.loss import reduction_word
from . import functional as F
from .linear import Linear
from .module import Module

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CTCLoss",
    "CrossEntropyLoss",
    "GaussianNLLLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "LinearCrossEntropyLoss",
    "LinearCrossEntropyOptions",
    "MSELoss",
    "NLLLoss",
    "NLLLoss2d",
    "PoissonNLLLoss",
    "SmoothL1Loss",
]


class _Loss(Module):
    """What all losses share: how the elements' losses are reduced ('mean', 'sum' or 'none')."""

    __constants__ = ["reduction"]
    reduction: str

    def __init__(self, size_average: Any = None, reduce: Any = None, reduction: str = "mean"):
        super().__init__()
        try:
            self.reduction = reduction_word(size_average, reduce, reduction)
        except RuntimeError as error:
            if not isinstance(size_average, Tensor) and not isinstance(reduce, Tensor):
                raise
            name = type(self).__name__
            raise RuntimeError(
                str(error).partition("\n")[0] + f"\n  nn.{name}(...) makes the layer of the loss; "
                f"tensors are given to the layer\n  fix: nn.{name}()(input, target)"
            ) from None


class _WeightedLoss(_Loss):
    """A loss with a buffer of weights."""

    weight: Tensor | None

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ):
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)


class CrossEntropyLoss(_WeightedLoss):
    """-log softmax(input)[target]: the loss of classification on logits. See F.cross_entropy.

    shape   input (N, C, *) or (C); target (N, *) or () of classes, or probabilities (N, C, *) or
            (C) -> y (), or (N, *) for reduction='none'
    errors  IndexError: a class outside of [0, C). ValueError: another reduction or batch size.
            RuntimeError: classes that are not integers; a weight that has other than C numbers;
            label_smoothing outside of [0, 1]
    """

    __constants__ = ["ignore_index", "reduction", "label_smoothing"]

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: Any = None,
        ignore_index: int = -100,
        reduce: Any = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ):
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index, self.label_smoothing = ignore_index, label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """input (N, C, *), target (N, *) of classes or (N, C, *) of probabilities"""
        return F.cross_entropy(
            input,
            target,
            self.weight,
            None,
            self.ignore_index,
            None,
            self.reduction,
            self.label_smoothing,
        )


class NLLLoss(_WeightedLoss):
    """-input[target] for log-probabilities. See F.nll_loss.

    shape   input (N, C, *) or (C); target (N, *) or () -> y (), or (N, *) for reduction='none'
    errors  IndexError: a class outside of [0, C). ValueError: another reduction or batch size.
            RuntimeError: a target that is not int64 or uint8; a weight that has other than C
            numbers
    """

    __constants__ = ["ignore_index", "reduction"]

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: Any = None,
        ignore_index: int = -100,
        reduce: Any = None,
        reduction: str = "mean",
    ):
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """input (N, C, *), target (N, *)"""
        return F.nll_loss(input, target, self.weight, None, self.ignore_index, None, self.reduction)


class NLLLoss2d(NLLLoss):
    """NLLLoss under its old name for images; deprecated.

    shape   input (N, C, H, W), target (N, H, W) -> y (), or (N, H, W) for reduction='none'
    errors  as NLLLoss
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: Any = None,
        ignore_index: int = -100,
        reduce: Any = None,
        reduction: str = "mean",
    ):
        warn(
            "`NLLLoss2d` has been deprecated. Please use `NLLLoss` instead as a drop-in "
            "replacement and see https://pytorch.org/docs/main/nn.html#torch.nn.NLLLoss for more "
            "details.",
            FutureWarning,
        )
        super().__init__(weight, size_average, ignore_index, reduce, reduction)


class MSELoss(_Loss):
    """(input - target)²

    shape   input (*), target (*) -> y (), or (*) for reduction='none'
    errors  ValueError: another reduction. RuntimeError: shapes that do not broadcast
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """input (*), target (*)"""
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(_Loss):
    """|input - target|

    shape   input (*), target (*) -> y (), or (*) for reduction='none'
    errors  ValueError: another reduction. RuntimeError: shapes that do not broadcast
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """input (*), target (*)"""
        return F.l1_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(_Loss):
    """d²/(2 beta) where |d| < beta, else |d| - beta/2

    shape   input (*), target (*) -> y (), or (*) for reduction='none'
    errors  ValueError: another reduction. RuntimeError: shapes that do not broadcast; beta < 0
    """

    def __init__(
        self,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
        beta: float = 1.0,
    ):
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """input (*), target (*)"""
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(_Loss):
    """d²/2 where |d| < delta, else delta (|d| - delta/2)

    shape   input (*), target (*) -> y (), or (*) for reduction='none'
    errors  ValueError: another reduction. RuntimeError: shapes that do not broadcast; delta <= 0
    """

    __constants__ = ["reduction", "delta"]

    def __init__(self, reduction: str = "mean", delta: float = 1.0):
        super().__init__(reduction=reduction)
        if not isinstance(delta, (int, float)):
            raise TypeError(f"delta must be a float or int, got: {type(delta)}")
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """input (*), target (*)"""
        return F.huber_loss(input, target, self.reduction, self.delta)


class BCELoss(_WeightedLoss):
    """-(y log x + (1 - y) log(1 - x)) for probabilities

    shape   input (*), target (*) -> y (), or (*) for reduction='none'
    errors  ValueError: another reduction; a target of another shape. RuntimeError: an input outside
            of [0, 1], a target of another dtype
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """input (*) in [0, 1], target (*) in [0, 1]"""
        return F.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    """BCELoss of sigmoid(input), computed stably; pos_weight weighs positive targets

    shape   input (*), target (*) -> y (), or (*) for reduction='none'
    errors  ValueError: another reduction; a target of another shape
    """

    def __init__(
        self,
        weight: Tensor | None = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
        pos_weight: Tensor | None = None,
    ):
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """input (*) logits, target (*) in [0, 1]"""
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, pos_weight=self.pos_weight, reduction=self.reduction
        )


class KLDivLoss(_Loss):
    """Σ q (log q - input) for log-probabilities input; reduction may also be 'batchmean'

    shape   input (*), target (*) -> y (), or (*) for reduction='none'
    errors  ValueError: another reduction. RuntimeError: shapes that do not broadcast
    """

    __constants__ = ["reduction", "log_target"]

    def __init__(
        self,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
        log_target: bool = False,
    ):
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """input (*) log-probabilities, target (*)"""
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class GaussianNLLLoss(_Loss):
    """(log max(var, eps) + (input - target)² / max(var, eps)) / 2. See F.gaussian_nll_loss.

    shape   input, target (*), var (*), (*, 1) or without the last dimension -> y (), or (*) for
            reduction='none'
    errors  ValueError: another reduction; a negative var, or one of another shape
    """

    __constants__ = ["full", "eps", "reduction"]

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean"):
        super().__init__(None, None, reduction)
        self.full, self.eps = full, eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor | float) -> Tensor:
        """input (N, *), target and var of its shape, or var without (or with 1 for) the last
        dimension
        """
        return F.gaussian_nll_loss(input, target, var, self.full, self.eps, self.reduction)


class PoissonNLLLoss(_Loss):
    """e^x - y x, or x - y log(x + eps) if not log_input. See F.poisson_nll_loss.

    shape   input (*), target (*) -> y (), or (*) for reduction='none'
    errors  ValueError: another reduction. RuntimeError: shapes that do not broadcast
    """

    __constants__ = ["log_input", "full", "eps", "reduction"]

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: Any = None,
        eps: float = 1e-8,
        reduce: Any = None,
        reduction: str = "mean",
    ):
        super().__init__(size_average, reduce, reduction)
        self.log_input, self.full, self.eps = log_input, full, eps

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:
        """log_input (*), target (*)"""
        return F.poisson_nll_loss(
            log_input, target, self.log_input, self.full, eps=self.eps, reduction=self.reduction
        )


class CTCLoss(_Loss):
    """-log of the probability of a label sequence, however it is aligned. See F.ctc_loss.

    shape   log_probs (T, N, C) or (T, C), targets (N, S) or (sum of lengths), lengths (N) or () ->
            y (), or (N) for reduction='none'
    errors  ValueError: another reduction. RuntimeError: blank outside of [0, C); an input length
            over T; lengths that are not N
    """

    __constants__ = ["blank", "reduction"]

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False):
        super().__init__(reduction=reduction)
        self.blank, self.zero_infinity = blank, zero_infinity

    def forward(
        self, log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any
    ) -> Tensor:
        """log_probs (T, N, C) or (T, C), targets (N, S) or (sum of target_lengths)"""
        return F.ctc_loss(
            log_probs,
            targets,
            input_lengths,
            target_lengths,
            self.blank,
            self.reduction,
            self.zero_infinity,
        )


class LinearCrossEntropyLoss(_WeightedLoss):
    """CrossEntropyLoss of a Linear layer's outputs, with the layer inside.

    linear   Linear(in_features, num_classes · ∏ out_features)
    shape   input (N, in_features); target (N, *out_features) -> y (), or target's for
            reduction='none'
    errors  IndexError: a class outside of [0, num_classes). RuntimeError: another in_features
    """

    __constants__ = ["num_classes", "out_features", "reduction", "ignore_index", "label_smoothing"]

    def __init__(
        self,
        in_features: int,
        num_classes: int,
        *,
        out_features: tuple[int, ...] = (),
        bias: bool = False,
        device: Any = None,
        dtype: Any = None,
        reduction: str = "mean",
        weight: Tensor | None = None,
        ignore_index: int | None = None,
        label_smoothing: float = 0.0,
        options: LinearCrossEntropyOptions | None = None,
    ):
        super().__init__(weight, None, None, reduction)
        if weight is not None and weight.shape != (num_classes,):
            raise RuntimeError(
                f"expected weight shape to be {(num_classes,)}, got {tuple(weight.shape)}"
            )
        if not 0 <= label_smoothing <= 1:
            raise RuntimeError(
                f"expected label_smoothing to be in range [0, 1], got {label_smoothing}"
            )
        self.linear = Linear(
            in_features, num_classes * prod(out_features), bias=bias, device=device, dtype=dtype
        )
        self.num_classes, self.out_features = num_classes, out_features
        self.ignore_index, self.label_smoothing, self.options = (
            ignore_index,
            label_smoothing,
            options,
        )

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        """input (N, I) or (I), target (N, *out_features) of classes or (N, C, *out_features) of
        probabilities
        """
        sizes = (self.num_classes, *self.out_features)
        bias = self.linear.bias
        return F.linear_cross_entropy(
            input,
            self.linear.weight.reshape(*sizes, self.linear.in_features),
            target,
            linear_bias=None if bias is None else bias.reshape(sizes),
            weight=self.weight,
            reduction=self.reduction,
            ignore_index=self.ignore_index,
            label_smoothing=self.label_smoothing,
            options=self.options,
        )

    def extra_repr(self) -> str:
        return (
            f"in_features={self.linear.in_features}, num_classes={self.num_classes}, "
            f"out_features={self.out_features}, bias={self.linear.bias is not None}, "
            f"reduction={self.reduction}, ignore_index={self.ignore_index}, "
            f"label_smoothing={self.label_smoothing}, options={self.options}"
        )
