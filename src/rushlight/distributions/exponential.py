"""Exponential, Laplace, Cauchy, generalised Pareto: sampled by inverting their cdf."""

from __future__ import annotations

import math
from typing import Any

import rushlight as torch

from ..core.size import Size
from ..core.tensor import Tensor
from . import constraints
from .distribution import Elementwise
from .exp_family import ExponentialFamily
from .utils import batch_shape_of, broadcast_all

__all__ = ["Cauchy", "Exponential", "GeneralizedPareto", "Laplace"]


class Exponential(Elementwise, ExponentialFamily):
    """p(x) = rate exp(-rate x), x >= 0

    rate  > 0, (batch)

    >>> Exponential(2.0).mean
    tensor(0.5000)
    """

    arg_constraints = {"rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True
    _mean_carrier_measure = 0
    _parameters = ("rate",)

    def __init__(self, rate: Tensor | float, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast_all(rate)
        super().__init__(batch_shape_of((rate,), self.rate), validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """1 / rate"""
        return self.rate.reciprocal()

    @property
    def mode(self) -> Tensor:
        """0"""
        return torch.zeros_like(self.rate)

    @property
    def stddev(self) -> Tensor:
        """1 / rate"""
        return self.rate.reciprocal()

    @property
    def variance(self) -> Tensor:
        """1 / rate²"""
        return self.rate.pow(-2)

    def rsample(self, sample_shape: Any = Size()) -> Tensor:  # noqa: B008
        """e / rate, e exponential of rate 1"""
        shape = self._extended_shape(sample_shape)
        return torch.empty(shape, dtype=self.rate.dtype).exponential_() / self.rate

    def log_prob(self, value: Tensor) -> Tensor:
        """ln rate - rate value"""
        if self._validate_args:
            self._validate_sample(value)
        return self.rate.log() - self.rate * value

    def cdf(self, value: Tensor) -> Tensor:
        """1 - exp(-rate value)"""
        if self._validate_args:
            self._validate_sample(value)
        return 1 - torch.exp(-self.rate * value)

    def icdf(self, value: Tensor) -> Tensor:
        """-ln(1 - value) / rate"""
        return -torch.log1p(-value) / self.rate

    def entropy(self) -> Tensor:
        """1 - ln rate"""
        return 1.0 - torch.log(self.rate)

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return (-self.rate,)

    def _log_normalizer(self, x: Tensor) -> Tensor:  # type: ignore[override]
        return -torch.log(-x)


class Laplace(Elementwise):
    """p(x) = exp(-|x - loc| / scale) / (2 scale)

    loc, scale  scale > 0: (batch)

    >>> Laplace(0.0, 1.0).log_prob(tensor(1.0))
    tensor(-1.6931)
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True
    _parameters = ("loc", "scale")

    def __init__(
        self, loc: Tensor | float, scale: Tensor | float, validate_args: bool | None = None
    ) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(batch_shape_of((loc, scale), self.loc), validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """loc"""
        return self.loc

    @property
    def mode(self) -> Tensor:
        """loc"""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """2 scale²"""
        return 2 * self.scale.pow(2)

    @property
    def stddev(self) -> Tensor:
        """√2 scale"""
        return 2**0.5 * self.scale

    def rsample(self, sample_shape: Any = Size()) -> Tensor:  # noqa: B008
        """loc - scale sgn(u) ln(1 - |u|), u uniform in (-1, 1)"""
        shape = self._extended_shape(sample_shape)
        finfo = torch.finfo(self.loc.dtype)
        u = torch.empty(shape, dtype=self.loc.dtype).uniform_(finfo.eps - 1, 1)
        return self.loc - self.scale * u.sign() * torch.log1p(-u.abs())

    def log_prob(self, value: Tensor) -> Tensor:
        """-|value - loc| / scale - ln(2 scale)"""
        if self._validate_args:
            self._validate_sample(value)
        return -torch.log(2 * self.scale) - torch.abs(value - self.loc) / self.scale

    def cdf(self, value: Tensor) -> Tensor:
        """1/2 - sgn(z) (exp(-|z|) - 1) / 2, z = (value - loc) / scale"""
        if self._validate_args:
            self._validate_sample(value)
        z = value - self.loc
        return 0.5 - 0.5 * z.sign() * torch.expm1(-z.abs() / self.scale)

    def icdf(self, value: Tensor) -> Tensor:
        """loc - scale sgn(value - 1/2) ln(1 - 2 |value - 1/2|)"""
        term = value - 0.5
        return self.loc - self.scale * term.sign() * torch.log1p(-2 * term.abs())

    def entropy(self) -> Tensor:
        """1 + ln(2 scale)"""
        return 1 + torch.log(2 * self.scale)


class Cauchy(Elementwise):
    """p(x) = 1 / (π scale (1 + ((x - loc) / scale)²))

    loc, scale  median and half width at half height > 0: (batch)

    >>> Cauchy(0.0, 1.0).cdf(tensor(1.0))
    tensor(0.7500)
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.real
    has_rsample = True
    _parameters = ("loc", "scale")

    def __init__(
        self, loc: Tensor | float, scale: Tensor | float, validate_args: bool | None = None
    ) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(batch_shape_of((loc, scale), self.loc), validate_args=validate_args)

    @property
    def mean(self) -> Tensor:
        """NaN: there is none"""
        return torch.full(self._extended_shape(), math.nan, dtype=self.loc.dtype)

    @property
    def mode(self) -> Tensor:
        """loc"""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """inf"""
        return torch.full(self._extended_shape(), math.inf, dtype=self.loc.dtype)

    def rsample(self, sample_shape: Any = Size()) -> Tensor:  # noqa: B008
        """loc + scale c, c of the standard Cauchy distribution"""
        shape = self._extended_shape(sample_shape)
        return self.loc + torch.empty(shape, dtype=self.loc.dtype).cauchy_() * self.scale

    def log_prob(self, value: Tensor) -> Tensor:
        """-ln π - ln scale - ln(1 + z²), z = (value - loc) / scale"""
        if self._validate_args:
            self._validate_sample(value)
        z = (value - self.loc) / self.scale
        return -math.log(math.pi) - self.scale.log() - (z**2).log1p()

    def cdf(self, value: Tensor) -> Tensor:
        """atan(z) / π + 1/2"""
        if self._validate_args:
            self._validate_sample(value)
        return torch.atan((value - self.loc) / self.scale) / math.pi + 0.5

    def icdf(self, value: Tensor) -> Tensor:
        """loc + scale tan(π (value - 1/2))"""
        return torch.tan(math.pi * (value - 0.5)) * self.scale + self.loc

    def entropy(self) -> Tensor:
        """ln(4π scale)"""
        return math.log(4 * math.pi) + self.scale.log()


class GeneralizedPareto(Elementwise):
    """p(x) = (1 + c z)^(-1/c - 1) / scale, z = (x - loc) / scale; exp(-z) / scale for c = 0

    loc, scale, concentration  scale > 0, c any number: (batch)
    source  Pickands 1975, doi:10.1214/aos/1176343003

    >>> GeneralizedPareto(0.0, 1.0, 0.0).log_prob(tensor(1.0))
    tensor(-1.)
    """

    arg_constraints = {
        "loc": constraints.real,
        "scale": constraints.positive,
        "concentration": constraints.real,
    }
    has_rsample = True
    _parameters = ("loc", "scale", "concentration")

    def __init__(self, loc, scale, concentration, validate_args=None):
        self.loc, self.scale, self.concentration = broadcast_all(loc, scale, concentration)
        shape = batch_shape_of((loc, scale, concentration), self.loc)
        super().__init__(shape, validate_args=validate_args)

    def rsample(self, sample_shape: Any = Size()) -> Tensor:  # noqa: B008
        """icdf of uniform numbers"""
        shape = self._extended_shape(sample_shape)
        return self.icdf(torch.rand(shape, dtype=self.loc.dtype))

    def _is_exponential(self) -> Tensor:
        return torch.isclose(self.concentration, torch.tensor(0.0, dtype=self.loc.dtype))

    def _safe_concentration(self) -> Tensor:
        one = torch.ones_like(self.concentration)
        return torch.where(self._is_exponential(), one, self.concentration)

    def _z(self, x: Tensor) -> Tensor:
        return (x - self.loc) / self.scale

    def log_prob(self, value: Tensor) -> Tensor:
        """-(1 + 1/c) ln(1 + c z) - ln scale"""
        if self._validate_args:
            self._validate_sample(value)
        z = self._z(value)
        c = self._safe_concentration()
        y = 1 / c + torch.ones_like(z)
        where_nonzero = torch.where(y == 0, y, y * torch.log1p(c * z))
        return -self.scale.log() - torch.where(self._is_exponential(), z, where_nonzero)

    def log_survival_function(self, value: Tensor) -> Tensor:
        """ln(1 - cdf) = -ln(1 + c z) / c"""
        if self._validate_args:
            self._validate_sample(value)
        z = self._z(value)
        c = self._safe_concentration()
        return torch.where(self._is_exponential(), -z, -torch.log1p(c * z) / c)

    def log_cdf(self, value: Tensor) -> Tensor:
        """ln(1 - exp(log_survival_function))"""
        return torch.log1p(-torch.exp(self.log_survival_function(value)))

    def cdf(self, value: Tensor) -> Tensor:
        """1 - (1 + c z)^(-1/c)"""
        return torch.exp(self.log_cdf(value))

    def icdf(self, value: Tensor) -> Tensor:
        """loc + scale ((1 - value)^-c - 1) / c"""
        c = self._safe_concentration()
        log_u = torch.log1p(-value)
        where_nonzero = self.loc + self.scale / c * torch.expm1(-c * log_u)
        return torch.where(self._is_exponential(), self.loc - self.scale * log_u, where_nonzero)

    @property
    def mean(self) -> Tensor:
        """loc + scale / (1 - c), NaN for c >= 1, where it is infinite, as in PyTorch"""
        c = self.concentration
        finite = torch.where(c < 1, c, torch.tensor(0.5, dtype=c.dtype))
        result = self.loc + self.scale / (1 - finite)
        return torch.where(c < 1, result, torch.full_like(c, math.nan))

    @property
    def variance(self) -> Tensor:
        """scale² / ((1 - c)² (1 - 2c)), NaN for c >= 1/2, as in PyTorch"""
        c = self.concentration
        finite = torch.where(c < 0.5, c, torch.tensor(0.25, dtype=c.dtype))
        result = self.scale**2 / ((1 - finite) ** 2 * (1 - 2 * finite))
        return torch.where(c < 0.5, result, torch.full_like(c, math.nan))

    def entropy(self) -> Tensor:
        """ln scale + c + 1"""
        return (torch.log(self.scale) + self.concentration + 1).expand(self._batch_shape)

    @property
    def mode(self) -> Tensor:
        """loc"""
        return self.loc

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self) -> Any:
        """[loc, inf], for c < 0 [loc, loc - scale / c]"""
        c = self.concentration
        upper = torch.where(
            c < 0, self.loc - self.scale / self._safe_concentration(), torch.full_like(c, math.inf)
        )
        return constraints.interval(self.loc, upper)
