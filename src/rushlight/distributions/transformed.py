"""Distributions that are another one, transformed: LogNormal, HalfNormal, Gumbel, Weibull, ..."""

from __future__ import annotations

import math
from typing import Any

import rushlight as torch

from ..core.tensor import Tensor
from . import constraints
from .compound import TransformedDistribution
from .exponential import Cauchy, Exponential
from .gamma import Gamma
from .normal import Normal, Uniform
from .transforms import (
    AbsTransform,
    AffineTransform,
    ExpTransform,
    PowerTransform,
    StickBreakingTransform,
)
from .utils import broadcast_all, euler_constant

__all__ = [
    "Gumbel",
    "HalfCauchy",
    "HalfNormal",
    "InverseGamma",
    "Kumaraswamy",
    "LogNormal",
    "LogisticNormal",
    "Pareto",
    "Weibull",
]


class LogNormal(TransformedDistribution):
    """exp(x), x normal

    loc, scale  of ln y, scale > 0: (batch)

    >>> LogNormal(0.0, 1.0).mean
    tensor(1.6487)
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.positive
    has_rsample = True
    base_dist: Normal
    _parameters = ()

    def __init__(
        self, loc: Tensor | float, scale: Tensor | float, validate_args: bool | None = None
    ) -> None:
        base = Normal(loc, scale, validate_args=validate_args)
        super().__init__(base, ExpTransform(), validate_args=validate_args)

    @property
    def loc(self) -> Tensor:
        """The mean of ln y"""
        return self.base_dist.loc

    @property
    def scale(self) -> Tensor:
        """The standard deviation of ln y"""
        return self.base_dist.scale

    @property
    def mean(self) -> Tensor:
        """exp(loc + scale² / 2)"""
        return (self.loc + self.scale.pow(2) / 2).exp()

    @property
    def mode(self) -> Tensor:
        """exp(loc - scale²)"""
        return (self.loc - self.scale.square()).exp()

    @property
    def variance(self) -> Tensor:
        """(exp(scale²) - 1) exp(2 loc + scale²)"""
        square = self.scale.pow(2)
        return square.expm1() * (2 * self.loc + square).exp()

    def entropy(self) -> Tensor:
        """That of the normal distribution, plus loc"""
        return self.base_dist.entropy() + self.loc


class LogisticNormal(TransformedDistribution):
    """Stick breaking of K normal numbers: a vector (K + 1) on the simplex

    loc, scale  of the numbers: (batch, K)

    >>> LogisticNormal(torch.zeros(2), torch.ones(2)).event_shape
    torch.Size([3])
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.simplex
    has_rsample = True
    base_dist: Any
    _parameters = ()

    def __init__(
        self, loc: Tensor | float, scale: Tensor | float, validate_args: bool | None = None
    ) -> None:
        base = Normal(loc, scale, validate_args=validate_args)
        if not base.batch_shape:
            base = base.expand([1])
        super().__init__(base, StickBreakingTransform(), validate_args=validate_args)

    @property
    def loc(self) -> Tensor:
        """The means of the normal numbers"""
        return self.base_dist.base_dist.loc

    @property
    def scale(self) -> Tensor:
        """Their standard deviations"""
        return self.base_dist.base_dist.scale


class HalfNormal(TransformedDistribution):
    """|x|, x normal of mean 0

    scale  > 0, the standard deviation of x: (batch)

    >>> HalfNormal(1.0).mean
    tensor(0.7979)
    """

    arg_constraints = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    base_dist: Normal
    _parameters = ()

    def __init__(self, scale: Tensor | float, validate_args: bool | None = None) -> None:
        base = Normal(0, scale, validate_args=False)
        super().__init__(base, AbsTransform(), validate_args=validate_args)

    @property
    def scale(self) -> Tensor:
        """The standard deviation of x"""
        return self.base_dist.scale

    @property
    def mean(self) -> Tensor:
        """scale √(2/π)"""
        return self.scale * math.sqrt(2 / math.pi)

    @property
    def mode(self) -> Tensor:
        """0"""
        return torch.zeros_like(self.scale)

    @property
    def variance(self) -> Tensor:
        """scale² (1 - 2/π)"""
        return self.scale.pow(2) * (1 - 2 / math.pi)

    def log_prob(self, value: Tensor) -> Tensor:
        """That of the normal distribution plus ln 2, -inf for value < 0"""
        if self._validate_args:
            self._validate_sample(value)
        log_prob = self.base_dist.log_prob(value) + math.log(2)
        return torch.where(value >= 0, log_prob, -math.inf)

    def cdf(self, value: Tensor) -> Tensor:
        """2 Φ(value / scale) - 1"""
        if self._validate_args:
            self._validate_sample(value)
        return 2 * self.base_dist.cdf(value) - 1

    def icdf(self, prob: Tensor) -> Tensor:  # type: ignore[override]
        """scale Φ⁻¹((prob + 1) / 2)"""
        return self.base_dist.icdf((prob + 1) / 2)

    def entropy(self) -> Tensor:
        """That of the normal distribution less ln 2"""
        return self.base_dist.entropy() - math.log(2)


class HalfCauchy(TransformedDistribution):
    """|x|, x of the Cauchy distribution of median 0

    scale  > 0: (batch)

    >>> HalfCauchy(1.0).cdf(tensor(1.0))
    tensor(0.5000)
    """

    arg_constraints = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    base_dist: Cauchy
    _parameters = ()

    def __init__(self, scale: Tensor | float, validate_args: bool | None = None) -> None:
        base = Cauchy(0, scale, validate_args=False)
        super().__init__(base, AbsTransform(), validate_args=validate_args)

    @property
    def scale(self) -> Tensor:
        """The median of |x|"""
        return self.base_dist.scale

    @property
    def mean(self) -> Tensor:
        """inf"""
        return torch.full(self._extended_shape(), math.inf, dtype=self.scale.dtype)

    @property
    def mode(self) -> Tensor:
        """0"""
        return torch.zeros_like(self.scale)

    @property
    def variance(self) -> Tensor:
        """That of the Cauchy distribution: inf"""
        return self.base_dist.variance

    def log_prob(self, value: Tensor) -> Tensor:
        """That of the Cauchy distribution plus ln 2, -inf for value < 0"""
        if self._validate_args:
            self._validate_sample(value)
        value = torch.as_tensor(value, dtype=self.base_dist.scale.dtype)
        log_prob = self.base_dist.log_prob(value) + math.log(2)
        return torch.where(value >= 0, log_prob, -math.inf)

    def cdf(self, value: Tensor) -> Tensor:
        """2 atan(value / scale) / π"""
        if self._validate_args:
            self._validate_sample(value)
        return 2 * self.base_dist.cdf(value) - 1

    def icdf(self, prob: Tensor) -> Tensor:  # type: ignore[override]
        """scale tan(π prob / 2)"""
        return self.base_dist.icdf((prob + 1) / 2)

    def entropy(self) -> Tensor:
        """ln(2π scale)"""
        return self.base_dist.entropy() - math.log(2)


class InverseGamma(TransformedDistribution):
    """1 / x, x of the gamma distribution

    concentration, rate  > 0, of x: (batch)

    >>> InverseGamma(3.0, 1.0).mean
    tensor(0.5000)
    """

    arg_constraints = {"concentration": constraints.positive, "rate": constraints.positive}
    support = constraints.positive
    has_rsample = True
    base_dist: Gamma
    _parameters = ()

    def __init__(
        self,
        concentration: Tensor | float,
        rate: Tensor | float,
        validate_args: bool | None = None,
    ) -> None:
        base = Gamma(concentration, rate, validate_args=validate_args)
        minus = -base.rate.new_ones(())
        super().__init__(base, PowerTransform(minus), validate_args=validate_args)

    @property
    def concentration(self) -> Tensor:
        """a"""
        return self.base_dist.concentration

    @property
    def rate(self) -> Tensor:
        """The scale of 1 / x"""
        return self.base_dist.rate

    @property
    def mean(self) -> Tensor:
        """rate / (a - 1), inf for a <= 1"""
        result = self.rate / (self.concentration - 1)
        return torch.where(self.concentration > 1, result, math.inf)

    @property
    def mode(self) -> Tensor:
        """rate / (a + 1)"""
        return self.rate / (self.concentration + 1)

    @property
    def variance(self) -> Tensor:
        """rate² / ((a - 1)² (a - 2)), inf for a <= 2"""
        a = self.concentration
        result = self.rate.square() / ((a - 1).square() * (a - 2))
        return torch.where(a > 2, result, math.inf)

    def entropy(self) -> Tensor:
        """a + ln rate + ln Γ(a) - (1 + a) ψ(a)"""
        a = self.concentration
        return a + self.rate.log() + a.lgamma() - (1 + a) * a.digamma()


class Gumbel(TransformedDistribution):
    """p(x) = exp(-z - e^-z) / scale, z = (x - loc) / scale

    loc, scale  scale > 0: (batch)

    >>> Gumbel(0.0, 1.0).mean
    tensor(0.5772)
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    _parameters = ("loc", "scale")

    def __init__(
        self, loc: Tensor | float, scale: Tensor | float, validate_args: bool | None = None
    ) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        finfo = torch.finfo(self.loc.dtype)
        base = Uniform(
            torch.full_like(self.loc, finfo.tiny),
            torch.full_like(self.loc, 1 - finfo.eps),
            validate_args=validate_args,
        )
        if not isinstance(loc, Tensor) and not isinstance(scale, Tensor):
            base = Uniform(finfo.tiny, 1 - finfo.eps, validate_args=validate_args)
        transforms = [
            ExpTransform().inv,
            AffineTransform(loc=0, scale=-torch.ones_like(self.scale)),
            ExpTransform().inv,
            AffineTransform(loc=self.loc, scale=-self.scale),
        ]
        super().__init__(base, transforms, validate_args=validate_args)

    def log_prob(self, value: Tensor) -> Tensor:
        """-z - e^-z - ln scale"""
        if self._validate_args:
            self._validate_sample(value)
        y = (self.loc - value) / self.scale
        return (y - y.exp()) - self.scale.log()

    @property
    def mean(self) -> Tensor:
        """loc + γ scale, γ Euler's constant"""
        return self.loc + self.scale * euler_constant

    @property
    def mode(self) -> Tensor:
        """loc"""
        return self.loc

    @property
    def stddev(self) -> Tensor:
        """π scale / √6"""
        return (math.pi / math.sqrt(6)) * self.scale

    @property
    def variance(self) -> Tensor:
        """(π scale)² / 6"""
        return self.stddev.pow(2)

    def entropy(self) -> Tensor:
        """ln scale + 1 + γ"""
        return self.scale.log() + (1 + euler_constant)


class Kumaraswamy(TransformedDistribution):
    """p(x) = a b x^(a - 1) (1 - x^a)^(b - 1), x in [0, 1]

    concentration1, concentration0  a and b, > 0: (batch)

    >>> Kumaraswamy(1.0, 1.0).mean
    tensor(0.5000)
    """

    arg_constraints = {
        "concentration1": constraints.positive,
        "concentration0": constraints.positive,
    }
    support = constraints.unit_interval
    has_rsample = True
    _parameters = ("concentration1", "concentration0")

    def __init__(
        self,
        concentration1: Tensor | float,
        concentration0: Tensor | float,
        validate_args: bool | None = None,
    ) -> None:
        self.concentration1, self.concentration0 = broadcast_all(concentration1, concentration0)
        base = Uniform(
            torch.full_like(self.concentration0, 0),
            torch.full_like(self.concentration0, 1),
            validate_args=validate_args,
        )
        transforms = [
            PowerTransform(exponent=self.concentration0.reciprocal()),
            AffineTransform(loc=1.0, scale=-1.0),
            PowerTransform(exponent=self.concentration1.reciprocal()),
        ]
        super().__init__(base, transforms, validate_args=validate_args)

    def _moment(self, n: int) -> Tensor:
        """E xⁿ = b B(1 + n/a, b)"""
        a, b = self.concentration1, self.concentration0
        arg = 1 + n / a
        log_value = torch.lgamma(arg) + torch.lgamma(b) - torch.lgamma(arg + b)
        return b * torch.exp(log_value)

    @property
    def mean(self) -> Tensor:
        """b B(1 + 1/a, b)"""
        return self._moment(1)

    @property
    def mode(self) -> Tensor:
        """((a - 1) / (a b - 1))^(1/a), NaN for a or b < 1 (PyTorch's is NaN everywhere)"""
        a, b = self.concentration1, self.concentration0
        log_mode = torch.log((a - 1) / (a * b - 1)) / a
        log_mode = torch.where((a < 1) | (b < 1), torch.full_like(log_mode, math.nan), log_mode)
        return log_mode.exp()

    @property
    def variance(self) -> Tensor:
        """E x² - (E x)²"""
        return self._moment(2) - torch.pow(self.mean, 2)

    def entropy(self) -> Tensor:
        """1 - 1/a + (1 - 1/b) (ψ(b + 1) + γ) - ln(a b), the first term of b"""
        a, b = self.concentration1, self.concentration0
        t1, t0 = 1 - a.reciprocal(), 1 - b.reciprocal()
        harmonic = torch.digamma(b + 1) + euler_constant
        return t0 + t1 * harmonic - torch.log(a) - torch.log(b)


class Weibull(TransformedDistribution):
    """p(x) = k/scale (x/scale)^(k - 1) exp(-(x/scale)^k), k the concentration

    scale, concentration  > 0: (batch)

    >>> Weibull(1.0, 1.0).mean
    tensor(1.)
    """

    arg_constraints = {"scale": constraints.positive, "concentration": constraints.positive}
    support = constraints.positive

    def __init__(
        self,
        scale: Tensor | float,
        concentration: Tensor | float,
        validate_args: bool | None = None,
    ) -> None:
        self.scale, self.concentration = broadcast_all(scale, concentration)
        self.concentration_reciprocal = self.concentration.reciprocal()
        base = Exponential(torch.ones_like(self.scale), validate_args=validate_args)
        transforms = [
            PowerTransform(exponent=self.concentration_reciprocal),
            AffineTransform(loc=0, scale=self.scale),
        ]
        super().__init__(base, transforms, validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same distribution with parameters broadcast to a batch shape, without a copy."""
        new = self._get_checked_instance(Weibull, _instance)
        new.scale = self.scale.expand(batch_shape)
        new.concentration = self.concentration.expand(batch_shape)
        new.concentration_reciprocal = new.concentration.reciprocal()
        base = self.base_dist.expand(batch_shape)
        transforms = [
            PowerTransform(exponent=new.concentration_reciprocal),
            AffineTransform(loc=0, scale=new.scale),
        ]
        TransformedDistribution.__init__(new, base, transforms, validate_args=False)
        new._validate_args = self._validate_args
        return new

    @property
    def mean(self) -> Tensor:
        """scale Γ(1 + 1/k)"""
        return self.scale * torch.exp(torch.lgamma(1 + self.concentration_reciprocal))

    @property
    def mode(self) -> Tensor:
        """scale ((k - 1) / k)^(1/k)"""
        k = self.concentration
        return self.scale * ((k - 1) / k) ** k.reciprocal()

    @property
    def variance(self) -> Tensor:
        """scale² (Γ(1 + 2/k) - Γ(1 + 1/k)²)"""
        r = self.concentration_reciprocal
        return self.scale.pow(2) * (
            torch.exp(torch.lgamma(1 + 2 * r)) - torch.exp(2 * torch.lgamma(1 + r))
        )

    def entropy(self) -> Tensor:
        """γ (1 - 1/k) + ln(scale / k) + 1"""
        r = self.concentration_reciprocal
        return euler_constant * (1 - r) + torch.log(self.scale * r) + 1


class Pareto(TransformedDistribution):
    """p(x) = alpha scale^alpha / x^(alpha + 1), x >= scale

    scale, alpha  > 0: (batch)

    >>> Pareto(1.0, 3.0).mean
    tensor(1.5000)
    """

    arg_constraints = {"alpha": constraints.positive, "scale": constraints.positive}
    _parameters = ("scale", "alpha")

    def __init__(
        self, scale: Tensor | float, alpha: Tensor | float, validate_args: bool | None = None
    ) -> None:
        self.scale, self.alpha = broadcast_all(scale, alpha)
        base = Exponential(self.alpha, validate_args=validate_args)
        transforms = [ExpTransform(), AffineTransform(loc=0, scale=self.scale)]
        super().__init__(base, transforms, validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """alpha scale / (alpha - 1), inf for alpha <= 1"""
        a = self.alpha.clamp(min=1)
        return a * self.scale / (a - 1)

    @property
    def mode(self) -> Tensor:
        """scale"""
        return self.scale

    @property
    def variance(self) -> Tensor:
        """scale² alpha / ((alpha - 1)² (alpha - 2)), inf for alpha <= 2"""
        a = self.alpha.clamp(min=2)
        return self.scale.pow(2) * a / ((a - 1).pow(2) * (a - 2))

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        """[scale, inf]"""
        return constraints.greater_than_eq(self.scale)

    def entropy(self) -> Tensor:
        """ln(scale / alpha) + 1 + 1/alpha"""
        return (self.scale / self.alpha).log() + (1 + self.alpha.reciprocal())
