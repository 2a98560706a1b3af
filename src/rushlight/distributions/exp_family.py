"""torch.distributions.exp_family: densities h(x) exp(θ·T(x) - A(θ)).

θ the natural parameters, A the log normaliser, h the carrier measure.
"""

from __future__ import annotations

from typing import Any

import rushlight as torch

from ..core.tensor import Tensor
from .distribution import Distribution

__all__ = ["ExponentialFamily"]


class ExponentialFamily(Distribution):
    """p(x; θ) = h(x) exp(θ·T(x) - A(θ))

    source  Nielsen and Nock 2010, Entropies and cross-entropies of exponential families
    """

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        """θ, of the batch shape"""
        raise NotImplementedError

    def _log_normalizer(self, *natural_params: Any) -> Any:
        """A(θ)"""
        raise NotImplementedError

    @property
    def _mean_carrier_measure(self) -> Any:
        """E ln h(x)"""
        raise NotImplementedError

    def entropy(self) -> Tensor:
        """A(θ) - θ·∇A(θ) - E ln h(x), by automatic differentiation: (batch)"""
        result: Any = -self._mean_carrier_measure
        params = [p.detach().requires_grad_() for p in self._natural_params]
        with torch.enable_grad():
            normalizer = self._log_normalizer(*params)
            gradients = torch.autograd.grad(normalizer.sum(), params, create_graph=True)
        result = result + normalizer
        for p, g in zip(params, gradients, strict=True):
            result = result - (p * g).reshape((*self._batch_shape, -1)).sum(-1)
        return result
