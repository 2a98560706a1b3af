"""Adaptive softmax: frequent classes in a short list, the rare ones in clusters that cost less."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..core.tensor import Tensor
from ..ops.cat_split import cat
from . import functional as F
from .container import ModuleList, Sequential
from .linear import Linear
from .module import Module

__all__ = [
    "AdaptiveLogSoftmaxWithLoss",
]


class _ASMoutput(NamedTuple):
    """output (N): the log-probability of each target; loss (): the mean of -output."""

    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """log p(target) where classes lie in clusters, log p = log p(cluster) + log p(class | cluster).

    head    Linear(I, short list + number of clusters)
    tail    for cluster i a Linear(I, I / div_value^(i + 1)) and a Linear to its classes
    shape   input (N, I) or (I); target (N) or () -> (output (N) or (), loss ())
    errors  ValueError: cutoffs that do not rise, or reach n_classes. RuntimeError: other shapes; a
            target outside of [0, n_classes)
    source  Grave et al. 2016, arXiv:1609.04309
    """

    def __init__(
        self,
        in_features: int,
        n_classes: int,
        cutoffs: Sequence[int],
        div_value: float = 4.0,
        head_bias: bool = False,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        cutoffs = list(cutoffs)
        if not cutoffs:
            raise ValueError("cutoffs should be a sequence of length larger than 0")
        if (
            cutoffs != sorted(set(cutoffs))
            or cutoffs[0] <= 0
            or cutoffs[-1] > n_classes - 1
            or any(int(c) != c for c in cutoffs)
        ):
            raise ValueError(
                "cutoffs should be a sequence of unique, positive integers sorted in an increasing "
                "order, where each value is between 1 and n_classes-1"
            )
        self.in_features, self.n_classes, self.cutoffs = (
            in_features,
            n_classes,
            [*cutoffs, n_classes],
        )
        self.div_value, self.head_bias = div_value, head_bias
        self.shortlist_size, self.n_clusters = cutoffs[0], len(cutoffs)
        self.head_size = self.shortlist_size + self.n_clusters
        made = {"device": device, "dtype": dtype}
        self.head = Linear(in_features, self.head_size, bias=head_bias, **made)
        self.tail = ModuleList()
        for i in range(self.n_clusters):
            hidden = int(in_features // div_value ** (i + 1))
            classes = self.cutoffs[i + 1] - self.cutoffs[i]
            self.tail.append(
                Sequential(
                    Linear(in_features, hidden, bias=False, **made),
                    Linear(hidden, classes, bias=False, **made),
                )
            )

    def reset_parameters(self) -> None:
        """Initialise all weights again."""
        self.head.reset_parameters()
        for narrow, wide in self.tail:
            narrow.reset_parameters()
            wide.reset_parameters()

    def forward(self, input_: Tensor, target_: Tensor) -> _ASMoutput:
        """input_ (N, I) and target_ (N), or (I) and () -> output (N) or (), loss ()

        RuntimeError: sizes differ, or a target is no class.
        """
        if target_.dim() == 1:
            if input_.shape[0] != target_.shape[0]:
                raise RuntimeError(
                    "Input and target should have the same size in the batch dimension."
                )
            if input_.dim() != 2:
                raise RuntimeError(
                    "1D target tensor expects 2D input tensors, but found inputs with size "
                    f"{input_.size()}"
                )
        elif target_.dim() == 0:
            if input_.dim() != 1:
                raise RuntimeError(
                    "0D target tensor expects 1D input tensors, but found inputs with size "
                    f"{input_.size()}"
                )
        else:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
        batched = target_.dim() > 0
        x, t = (input_, target_) if batched else (input_.unsqueeze(0), target_.unsqueeze(0))
        if t.numel() and (int(t.min()) < 0 or int(t.max()) >= self.n_classes):
            raise RuntimeError(
                f"Target values should be in [0, {self.n_classes - 1}], but values in range "
                f"[{int(t.min())}, {int(t.max())}] were found. "
            )
        places, extra = t.clone(), x.new_zeros(t.shape[0])
        for i, (low, high) in enumerate(zip(self.cutoffs, self.cutoffs[1:], strict=False)):
            rows = ((t >= low) & (t < high)).nonzero().squeeze(1)
            if not rows.numel():
                continue
            places[rows] = self.shortlist_size + i
            inside = F.log_softmax(self.tail[i](x.index_select(0, rows)), 1)
            own = inside.gather(1, (t[rows] - low).unsqueeze(1)).squeeze(1)
            extra = extra.index_copy(0, rows, own)
        head = F.log_softmax(self.head(x), 1).gather(1, places.unsqueeze(1)).squeeze(1)
        output = head + extra
        loss = (-output).mean()
        return _ASMoutput(output if batched else output.squeeze(0), loss)

    def log_prob(self, input: Tensor) -> Tensor:
        """input (N, I) -> the log-probabilities of all classes (N, n_classes)"""
        head = F.log_softmax(self.head(input), 1)
        parts = [head[:, : self.shortlist_size]]
        for i, tail in enumerate(self.tail):
            cluster = head[:, self.shortlist_size + i].unsqueeze(1)
            parts.append(F.log_softmax(tail(input), 1) + cluster)
        return cat(parts, 1)

    def predict(self, input: Tensor) -> Tensor:
        """input (N, I) -> the most probable classes (N)"""
        return self.log_prob(input).argmax(1)
