"""Bernoulli, Binomial, Geometric, NegativeBinomial, Poisson: successes and how many.

Most take `probs` or `logits` = ln(p / (1 - p)), one of the two; the other is computed when asked.
"""

from __future__ import annotations

import math
from typing import Any

import rushlight as torch

from ..core.size import Size
from ..core.tensor import Tensor
from ..dispatch.registry import FUNCTIONAL as F
from . import constraints
from .distribution import Elementwise
from .exp_family import ExponentialFamily
from .gamma import Gamma
from .utils import batch_shape_of, broadcast_all, lazy_property, logits_to_probs, probs_to_logits

__all__ = ["Bernoulli", "Binomial", "Geometric", "NegativeBinomial", "Poisson"]


def check_one(probs: Any, logits: Any) -> None:
    """ValueError: not exactly one of the two."""
    if (probs is None) == (logits is None):
        raise ValueError("Either `probs` or `logits` must be specified, but not both.")


class WithProbs(Elementwise):
    """A distribution of success or failure: `probs` and `logits`, each from the other."""

    @property
    def _param(self) -> Tensor:
        return self.__dict__["probs"] if "probs" in self.__dict__ else self.__dict__["logits"]

    @lazy_property
    def logits(self) -> Tensor:
        """ln(p / (1 - p))"""
        return probs_to_logits(self.probs, is_binary=True)

    @lazy_property
    def probs(self) -> Tensor:
        """The probability of success"""
        return logits_to_probs(self.logits, is_binary=True)

    @property
    def param_shape(self) -> Size:
        """The shape of probs, or of logits"""
        return self._param.size()

    def _new(self, *args: Any, **kwargs: Any) -> Tensor:
        return self._param.new(*args, **kwargs)

    def _set(self, probs: Any, logits: Any, validate_args: bool | None) -> Size:
        """Keep the one that was given; returns the batch shape."""
        check_one(probs, logits)
        given = logits if probs is None else probs
        (tensor,) = broadcast_all(given)
        setattr(self, "logits" if probs is None else "probs", tensor)
        return batch_shape_of((given,), tensor)

    def _set_trials(self, total_count: Any, probs: Any, logits: Any) -> Size:
        """Likewise, with a number of trials that is broadcast against it."""
        check_one(probs, logits)
        counts, tensor = broadcast_all(total_count, logits if probs is None else probs)
        self.total_count = counts.type_as(tensor)
        setattr(self, "logits" if probs is None else "probs", tensor)
        return tensor.size()


def _cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    return F["binary_cross_entropy_with_logits"](logits, target, reduction="none")


class Bernoulli(WithProbs, ExponentialFamily):
    """1 with probability p, else 0

    probs, logits  one of them: (batch)

    >>> Bernoulli(0.25).log_prob(tensor(1.0))
    tensor(-1.3863)
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.boolean
    has_enumerate_support = True
    _mean_carrier_measure = 0
    _parameters = ("probs", "logits")

    def __init__(
        self,
        probs: Tensor | float | None = None,
        logits: Tensor | float | None = None,
        validate_args: bool | None = None,
    ) -> None:
        super().__init__(self._set(probs, logits, validate_args), validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """p"""
        return self.probs

    @property
    def mode(self) -> Tensor:
        """1 for p > 1/2, 0 for p < 1/2, NaN between"""
        mode = (self.probs >= 0.5).to(self.probs)
        return torch.where(self.probs == 0.5, torch.full_like(mode, math.nan), mode)

    @property
    def variance(self) -> Tensor:
        """p (1 - p)"""
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = Size()) -> Tensor:  # noqa: B008
        """torch.bernoulli(p)"""
        shape = self._extended_shape(sample_shape)
        with torch.no_grad():
            return torch.bernoulli(self.probs.expand(shape))

    def log_prob(self, value: Tensor) -> Tensor:
        """value ln p + (1 - value) ln(1 - p), from the logits"""
        if self._validate_args:
            self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        return -_cross_entropy(logits, value)

    def entropy(self) -> Tensor:
        """-p ln p - (1 - p) ln(1 - p)"""
        return _cross_entropy(self.logits, self.probs)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """0 and 1: (2, batch)"""
        values = torch.arange(2, dtype=self._param.dtype)
        values = values.view((-1,) + (1,) * len(self._batch_shape))
        return values.expand((-1, *self._batch_shape)) if expand else values

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (torch.logit(self.probs),)

    def _log_normalizer(self, x: Tensor) -> Tensor:  # type: ignore[override]
        return torch.log1p(torch.exp(x))


class Geometric(WithProbs):
    """p(k) = (1 - p)^k p: failures before the first success, k = 0, 1, ...

    probs, logits  one of them, p > 0: (batch)

    >>> Geometric(0.25).mean
    tensor(3.)
    """

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.nonnegative_integer
    _parameters = ("probs", "logits")

    def __init__(
        self,
        probs: Tensor | float | None = None,
        logits: Tensor | float | None = None,
        validate_args: bool | None = None,
    ) -> None:
        super().__init__(self._set(probs, logits, validate_args), validate_args=validate_args)
        if self._validate_args and probs is not None:
            value = self.probs
            if not (value > 0).all():
                invalid = value[~(value > 0)]
                raise ValueError(
                    f"Expected parameter probs ({type(value).__name__} of shape "
                    f"{tuple(value.shape)}) of distribution {self!r} to be positive but found "
                    f"invalid values:\n{invalid}"
                )

    @property
    def mean(self) -> Tensor:
        """1 / p - 1"""
        return 1.0 / self.probs - 1.0

    @property
    def mode(self) -> Tensor:
        """0"""
        return torch.zeros_like(self.probs)

    @property
    def variance(self) -> Tensor:
        """(1 / p - 1) / p"""
        return (1.0 / self.probs - 1.0) / self.probs

    def sample(self, sample_shape: Any = Size()) -> Tensor:  # noqa: B008
        """floor(ln u / ln(1 - p)), u uniform in (0, 1)"""
        shape = self._extended_shape(sample_shape)
        tiny = torch.finfo(self.probs.dtype).tiny
        with torch.no_grad():
            u = torch.empty(shape, dtype=self.probs.dtype).uniform_(tiny, 1)
            return (u.log() / (-self.probs).log1p()).floor()

    def log_prob(self, value: Tensor) -> Tensor:
        """value ln(1 - p) + ln p"""
        if self._validate_args:
            self._validate_sample(value)
        value, probs = broadcast_all(value, self.probs)
        certain = (probs == 1) & (value == 0)
        return value * (-torch.where(certain, 0.0, probs)).log1p() + self.probs.log()

    def entropy(self) -> Tensor:
        """That of Bernoulli(p), divided by p"""
        return _cross_entropy(self.logits, self.probs) / self.probs


def _positive_part(x: Tensor) -> Tensor:
    # clamp's gradient at 0 is 1: half of it, as of (x + |x|) / 2
    return (x.clamp(min=0) + x - x.clamp(max=0)) / 2


class Binomial(WithProbs):
    """p(k) = C(n, k) p^k (1 - p)^(n - k): successes in n trials

    total_count    n, whole, >= 0: (batch)
    probs, logits  one of them: (batch)

    >>> Binomial(3, tensor(0.5)).log_prob(tensor(1.0))
    tensor(-0.9808)
    """

    arg_constraints = {
        "total_count": constraints.nonnegative_integer,
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }
    has_enumerate_support = True
    _parameters = ("total_count", "probs", "logits")

    def __init__(
        self,
        total_count: Tensor | int = 1,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        shape = self._set_trials(total_count, probs, logits)
        super().__init__(shape, validate_args=validate_args)

    @constraints.dependent_property(is_discrete=True, event_dim=0)
    def support(self) -> Any:
        """0, 1, ..., n"""
        return constraints.integer_interval(0, self.total_count)

    @property
    def mean(self) -> Tensor:
        """n p"""
        return self.total_count * self.probs

    @property
    def mode(self) -> Tensor:
        """floor((n + 1) p), at most n"""
        return ((self.total_count + 1) * self.probs).floor().clamp(max=self.total_count)

    @property
    def variance(self) -> Tensor:
        """n p (1 - p)"""
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = Size()) -> Tensor:  # noqa: B008
        """torch.binomial(n, p)"""
        shape = self._extended_shape(sample_shape)
        with torch.no_grad():
            return torch.binomial(self.total_count.expand(shape), self.probs.expand(shape))

    def log_prob(self, value: Tensor) -> Tensor:
        """ln C(n, value) + value logit - n ln(1 + e^logit)"""
        if self._validate_args:
            self._validate_sample(value)
        choose = (
            torch.lgamma(self.total_count + 1)
            - torch.lgamma(value + 1)
            - torch.lgamma(self.total_count - value + 1)
        )
        # ln(1 + e^l) = max(l, 0) + ln(1 + e^-|l|)
        log_normalizer = self.total_count * (
            _positive_part(self.logits) + torch.log1p(torch.exp(-torch.abs(self.logits)))
        )
        return value * self.logits + choose - log_normalizer

    def entropy(self) -> Tensor:
        """-Σ p(k) ln p(k); NotImplementedError: counts that differ"""
        total_count = int(self.total_count.max())
        if not self.total_count.min() == total_count:
            raise NotImplementedError("Inhomogeneous total count not supported by `entropy`.")
        log_prob = self.log_prob(self.enumerate_support(False))
        return -(torch.exp(log_prob) * log_prob).sum(0)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """0, 1, ..., n: (n + 1, batch). NotImplementedError: counts that differ"""
        total_count = int(self.total_count.max())
        if not self.total_count.min() == total_count:
            raise NotImplementedError(
                "Inhomogeneous total count not supported by `enumerate_support`."
            )
        values = torch.arange(1 + total_count, dtype=self._param.dtype)
        values = values.view((-1,) + (1,) * len(self._batch_shape))
        return values.expand((-1, *self._batch_shape)) if expand else values


class NegativeBinomial(WithProbs):
    """p(k) = Γ(n + k) / (k! Γ(n)) (1 - p)^n p^k: successes before the n-th failure

    total_count    n >= 0, failures: (batch)
    probs, logits  one of them, p in [0, 1) of success: (batch)

    >>> NegativeBinomial(3.0, tensor(0.5)).mean
    tensor(3.)
    """

    arg_constraints = {
        "total_count": constraints.greater_than_eq(0),
        "probs": constraints.half_open_interval(0.0, 1.0),
        "logits": constraints.real,
    }
    support = constraints.nonnegative_integer
    _parameters = ("total_count", "probs", "logits")

    def __init__(
        self,
        total_count: Tensor | float,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        shape = self._set_trials(total_count, probs, logits)
        super().__init__(shape, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """n p / (1 - p)"""
        return self.total_count * torch.exp(self.logits)

    @property
    def mode(self) -> Tensor:
        """floor((n - 1) p / (1 - p)), 0 for n <= 1"""
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0.0)

    @property
    def variance(self) -> Tensor:
        """n p / (1 - p)²"""
        return self.mean / torch.sigmoid(-self.logits)

    @lazy_property
    def _gamma(self) -> Gamma:
        return Gamma(
            concentration=self.total_count, rate=torch.exp(-self.logits), validate_args=False
        )

    def sample(self, sample_shape: Any = Size()) -> Tensor:  # noqa: B008
        """Poisson numbers whose rates are gamma numbers"""
        with torch.no_grad():
            return torch.poisson(self._gamma.sample(sample_shape=sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        """ln Γ(n + value) - ln value! - ln Γ(n) + n ln(1 - p) + value ln p"""
        if self._validate_args:
            self._validate_sample(value)
        n = self.total_count
        unnormalized = n * F["logsigmoid"](-self.logits) + value * F["logsigmoid"](self.logits)
        normalizer = -torch.lgamma(n + value) + torch.lgamma(1.0 + value) + torch.lgamma(n)
        normalizer = normalizer.masked_fill(n + value == 0.0, 0.0)
        return unnormalized - normalizer


class Poisson(Elementwise, ExponentialFamily):
    """p(k) = rate^k e^-rate / k!: events in a unit of time

    rate  >= 0: (batch)

    >>> Poisson(4.0).log_prob(tensor(0.0))
    tensor(-4.)
    """

    arg_constraints = {"rate": constraints.nonnegative}
    support = constraints.nonnegative_integer
    _parameters = ("rate",)

    def __init__(self, rate: Tensor | float, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast_all(rate)
        super().__init__(batch_shape_of((rate,), self.rate), validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """rate"""
        return self.rate

    @property
    def mode(self) -> Tensor:
        """floor(rate)"""
        return self.rate.floor()

    @property
    def variance(self) -> Tensor:
        """rate"""
        return self.rate

    def sample(self, sample_shape: Any = Size()) -> Tensor:  # noqa: B008
        """torch.poisson(rate)"""
        shape = self._extended_shape(sample_shape)
        with torch.no_grad():
            return torch.poisson(self.rate.expand(shape))

    def log_prob(self, value: Tensor) -> Tensor:
        """value ln rate - rate - ln value!"""
        if self._validate_args:
            self._validate_sample(value)
        rate, value = broadcast_all(self.rate, value)
        return value.xlogy(rate) - rate - (value + 1).lgamma()

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (torch.log(self.rate),)

    def _log_normalizer(self, x: Tensor) -> Tensor:  # type: ignore[override]
        return torch.exp(x)
