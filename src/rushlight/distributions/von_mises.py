"""VonMises: the normal distribution of angles."""

from __future__ import annotations

import math
from typing import Any

import rushlight as torch

from ..core.size import Size
from ..core.tensor import Tensor
from . import constraints
from .distribution import Elementwise
from .utils import broadcast_all, lazy_property

__all__ = ["VonMises"]


def _log_i0(x: Tensor) -> Tensor:
    """ln I₀(x), x >= 0, without overflow"""
    return torch.special.i0e(x).log() + x


class VonMises(Elementwise):
    """p(x) = exp(κ cos(x - loc)) / (2π I₀(κ)), x in [-π, π)

    loc            an angle: (batch)
    concentration  κ > 0, the reciprocal of a variance: (batch)
    source         Best and Fisher 1979, doi:10.2307/2346732

    >>> VonMises(tensor(0.0), tensor(1.0)).log_prob(tensor(0.0))
    tensor(-1.0738)
    """

    arg_constraints = {"loc": constraints.real, "concentration": constraints.positive}
    support = constraints.real
    has_rsample = False
    _parameters = ("loc", "concentration")

    def __init__(
        self, loc: Tensor, concentration: Tensor, validate_args: bool | None = None
    ) -> None:
        self.loc, self.concentration = broadcast_all(loc, concentration)
        super().__init__(self.loc.shape, Size(), validate_args)

    def log_prob(self, value: Tensor) -> Tensor:
        """κ cos(value - loc) - ln 2π - ln I₀(κ)"""
        if self._validate_args:
            self._validate_sample(value)
        log_prob = self.concentration * torch.cos(value - self.loc)
        return log_prob - math.log(2 * math.pi) - _log_i0(self.concentration)

    @lazy_property
    def _loc(self) -> Tensor:
        return self.loc.to(torch.double)

    @lazy_property
    def _concentration(self) -> Tensor:
        return self.concentration.to(torch.double)

    @lazy_property
    def _proposal_r(self) -> Tensor:
        """The parameter of the wrapped Cauchy distribution that is drawn from."""
        kappa = self._concentration
        tau = 1 + (1 + 4 * kappa**2).sqrt()
        rho = (tau - (2 * tau).sqrt()) / (2 * kappa)
        r = (1 + rho**2) / (2 * rho)
        # for small κ the difference above cancels: r = 1/κ + κ + ...
        return torch.where(kappa < 1e-5, 1 / kappa + kappa, r)

    def sample(self, sample_shape: Any = Size()) -> Tensor:  # noqa: B008
        """Rejection from a wrapped Cauchy distribution, in float64"""
        with torch.no_grad():
            shape = self._extended_shape(sample_shape)
            x = torch.empty(shape, dtype=self._loc.dtype)
            kappa, r = self._concentration.expand(shape), self._proposal_r.expand(shape)
            done = torch.zeros(shape, dtype=torch.bool)
            while not done.all():
                u1, u2, u3 = torch.rand((3, *shape), dtype=self._loc.dtype).unbind()
                z = torch.cos(math.pi * u1)
                f = (1 + r * z) / (r + z)
                c = kappa * (r - f)
                accept = ((c * (2 - c) - u2) > 0) | ((c / u2).log() + 1 - c >= 0)
                if accept.any():
                    x = torch.where(accept, (u3 - 0.5).sign() * f.acos(), x)
                    done = done | accept
            angle = (x + math.pi + self._loc) % (2 * math.pi) - math.pi
            return angle.to(self.loc.dtype)

    @property
    def mean(self) -> Tensor:
        """loc: the mean of angles on the circle"""
        return self.loc

    @property
    def mode(self) -> Tensor:
        """loc"""
        return self.loc

    @lazy_property
    def variance(self) -> Tensor:  # type: ignore[override]
        """1 - I₁(κ) / I₀(κ), that of angles on the circle"""
        kappa = self.concentration
        return 1 - torch.special.i1e(kappa) / torch.special.i0e(kappa)
