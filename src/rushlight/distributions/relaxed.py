"""RelaxedBernoulli and RelaxedOneHotCategorical: differentiable draws near 0 and 1.

Sources: Maddison, Mnih and Teh 2017, arXiv:1611.00712; Jang, Gu and Poole 2017, arXiv:1611.01144
"""

from __future__ import annotations

from typing import Any

import rushlight as torch

from ..core.size import Size
from ..core.tensor import Tensor
from . import constraints
from .categorical import Categorical
from .compound import TransformedDistribution
from .counts import WithProbs
from .distribution import Distribution
from .transforms import ExpTransform, SigmoidTransform
from .utils import broadcast_all, clamp_probs

__all__ = ["ExpRelaxedCategorical", "LogitRelaxedBernoulli", "RelaxedBernoulli",
           "RelaxedOneHotCategorical"]  # fmt: skip


class LogitRelaxedBernoulli(WithProbs):
    """(logit + ln u - ln(1 - u)) / temperature, u uniform: the logit of a relaxed Bernoulli number

    temperature    t > 0
    probs, logits  one of them: (batch)
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.real
    _parameters = ("probs", "logits")

    def __init__(
        self,
        temperature: Tensor,
        probs: Tensor | float | None = None,
        logits: Tensor | float | None = None,
        validate_args: bool | None = None,
    ) -> None:
        self.temperature = temperature
        super().__init__(self._set(probs, logits, validate_args), validate_args=validate_args)

    def _expand_rest(self, new: Any, batch_shape: Size) -> None:
        new.temperature = self.temperature

    def rsample(self, sample_shape: Any = Size()) -> Tensor:  # noqa: B008
        """(logit + ln u - ln(1 - u)) / t"""
        shape = self._extended_shape(sample_shape)
        probs = clamp_probs(self.probs.expand(shape))
        u = clamp_probs(torch.rand(shape, dtype=probs.dtype))
        logit = probs.log() - (-probs).log1p()
        return (u.log() - (-u).log1p() + logit) / self.temperature

    def log_prob(self, value: Tensor) -> Tensor:
        """ln t + d - 2 ln(1 + e^d), d = logit - t value"""
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        diff = logits - value.mul(self.temperature)
        temperature = torch.as_tensor(self.temperature)
        return temperature.log() + diff - 2 * diff.exp().log1p()


class RelaxedBernoulli(TransformedDistribution):
    """sigmoid((logit + ln u - ln(1 - u)) / t): near 0 or 1 for small temperatures t

    temperature    t > 0
    probs, logits  one of them: (batch)

    >>> RelaxedBernoulli(tensor([2.2]), tensor([0.1, 0.2, 0.3])).sample()
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.unit_interval
    has_rsample = True
    base_dist: LogitRelaxedBernoulli
    _parameters = ()

    def __init__(
        self,
        temperature: Tensor,
        probs: Tensor | float | None = None,
        logits: Tensor | float | None = None,
        validate_args: bool | None = None,
    ) -> None:
        base = LogitRelaxedBernoulli(temperature, probs, logits)
        super().__init__(base, SigmoidTransform(), validate_args=validate_args)

    @property
    def temperature(self) -> Tensor:
        """t"""
        return self.base_dist.temperature

    @property
    def logits(self) -> Tensor:
        """ln(p / (1 - p))"""
        return self.base_dist.logits

    @property
    def probs(self) -> Tensor:
        """p"""
        return self.base_dist.probs


class ExpRelaxedCategorical(Distribution):
    """The logarithm of a relaxed one-hot vector: log_softmax((logits + Gumbel numbers) / t)

    temperature    t > 0
    probs, logits  one of them: (batch, K)
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self,
        temperature: Tensor,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        self._categorical = Categorical(probs, logits)
        self.temperature = temperature
        batch_shape = self._categorical.batch_shape
        event_shape = self._categorical.param_shape[-1:]
        super().__init__(batch_shape, event_shape, validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same distribution with parameters broadcast to a batch shape, without a copy."""
        new = self._get_checked_instance(ExpRelaxedCategorical, _instance)
        batch_shape = Size(batch_shape)
        new.temperature = self.temperature
        new._categorical = self._categorical.expand(batch_shape)
        Distribution.__init__(new, batch_shape, self.event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    @property
    def param_shape(self) -> Size:
        """(batch, K)"""
        return self._categorical.param_shape

    @property
    def logits(self) -> Tensor:
        """ln p"""
        return self._categorical.logits

    @property
    def probs(self) -> Tensor:
        """p"""
        return self._categorical.probs

    def rsample(self, sample_shape: Any = Size()) -> Tensor:  # noqa: B008
        """log_softmax((ln p - ln(-ln u)) / t), u uniform"""
        shape = self._extended_shape(sample_shape)
        u = clamp_probs(torch.rand(shape, dtype=self.logits.dtype))
        gumbels = -((-(u.log())).log())
        scores = (self.logits + gumbels) / self.temperature
        return scores - scores.logsumexp(dim=-1, keepdim=True)

    def log_prob(self, value: Tensor) -> Tensor:
        """ln (K - 1)! + (K - 1) ln t + Σ score - K ln Σ e^score, score = ln p - t value"""
        k = self._categorical._num_events
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        log_scale = torch.full_like(torch.as_tensor(self.temperature), float(k)).lgamma() - (
            torch.as_tensor(self.temperature).log().mul(-(k - 1))
        )
        score = logits - value.mul(self.temperature)
        score = (score - score.logsumexp(dim=-1, keepdim=True)).sum(-1)
        return score + log_scale


class RelaxedOneHotCategorical(TransformedDistribution):
    """softmax((ln p + Gumbel numbers) / t): near a one-hot vector for small temperatures t

    temperature    t > 0
    probs, logits  one of them: (batch, K)

    >>> RelaxedOneHotCategorical(tensor([2.2]), tensor([0.1, 0.2, 0.7])).sample()
    """

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.simplex
    has_rsample = True
    base_dist: ExpRelaxedCategorical
    _parameters = ()

    def __init__(
        self,
        temperature: Tensor,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args=validate_args)
        super().__init__(base, ExpTransform(), validate_args=validate_args)

    @property
    def temperature(self) -> Tensor:
        """t"""
        return self.base_dist.temperature

    @property
    def logits(self) -> Tensor:
        """ln p"""
        return self.base_dist.logits

    @property
    def probs(self) -> Tensor:
        """p"""
        return self.base_dist.probs
