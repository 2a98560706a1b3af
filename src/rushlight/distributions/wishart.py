"""Wishart and LKJCholesky: random covariance and correlation matrices."""

from __future__ import annotations

import math
from typing import Any

import rushlight as torch

from ..core.notices import warn
from ..core.size import Size
from ..core.tensor import Tensor
from . import constraints, matrices
from .distribution import Distribution
from .exp_family import ExponentialFamily
from .gamma import Beta, Chi2
from .utils import lazy_property

__all__ = ["LKJCholesky", "Wishart"]


class Wishart(ExponentialFamily):
    """The distribution of Σ xᵢ xᵢᵀ for df vectors xᵢ (N) of normal numbers with covariance V

    ln p(X) = (df - N - 1)/2 ln det X - tr(V⁻¹ X)/2 - df N/2 ln 2 - df/2 ln det V - ln Γ_N(df/2)

    df                 > N - 1: (batch)
    covariance_matrix  V, precision_matrix V⁻¹, or scale_tril L with L Lᵀ = V: (batch, N, N)
    errors  ValueError: df too small; too few dimensions. AssertionError: not exactly one matrix
    source  Bartlett's decomposition: Smith and Hocking 1972, doi:10.2307/2346290

    >>> Wishart(tensor(3.0), torch.eye(2)).mean
    tensor([[3., 0.],
            [0., 3.]])
    """

    support = constraints.positive_definite
    has_rsample = True
    _mean_carrier_measure = 0

    @property
    def arg_constraints(self) -> dict[str, Any]:
        """df > N - 1; the matrices positive definite"""
        return {
            "covariance_matrix": constraints.positive_definite,
            "precision_matrix": constraints.positive_definite,
            "scale_tril": constraints.lower_cholesky,
            "df": constraints.greater_than(self.event_shape[-1] - 1),
        }

    def __init__(
        self,
        df: Tensor | float,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        options = {
            "scale_tril": scale_tril,
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
        }
        given = [(name, value) for name, value in options.items() if value is not None]
        if len(given) != 1:
            raise AssertionError(
                "Exactly one of covariance_matrix or precision_matrix or scale_tril may be "
                "specified."
            )
        ((name, matrix),) = given
        if matrix.dim() < 2:
            raise ValueError(
                "scale_tril must be at least two-dimensional, with optional leading batch "
                "dimensions"
            )
        count = df if isinstance(df, Tensor) else torch.tensor(df, dtype=matrix.dtype)
        batch_shape = Size(torch.broadcast_shapes(count.shape, matrix.shape[:-2]))
        event_shape = matrix.shape[-2:]
        self.df = count.expand(batch_shape)
        setattr(self, name, matrix.expand(batch_shape + event_shape))
        if self.df.le(event_shape[-1] - 1).any():
            raise ValueError(
                f"Value of df={df} expected to be greater than ndim - 1 = {event_shape[-1] - 1}."
            )
        self._batch_dims = [-(x + 1) for x in range(len(batch_shape))]
        super().__init__(batch_shape, event_shape, validate_args=validate_args)
        if (self.df <= event_shape[-1]).any():
            warn(
                "Low df values detected. Singular samples are highly likely to occur for "
                "ndim - 1 < df < ndim.",
            )
        if scale_tril is not None:
            self._unbroadcasted_scale_tril = scale_tril
        elif covariance_matrix is not None:
            self._unbroadcasted_scale_tril = matrices.cholesky(covariance_matrix)
        else:
            assert precision_matrix is not None
            self._unbroadcasted_scale_tril = matrices.of_precision(precision_matrix)
        n = self._event_shape[-1]
        rows = torch.arange(n, dtype=self._unbroadcasted_scale_tril.dtype)
        self._dist_chi2 = Chi2(df=self.df.unsqueeze(-1) - rows.expand((*batch_shape, -1)))

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same distribution with parameters broadcast to a batch shape, without a copy."""
        new = self._get_checked_instance(Wishart, _instance)
        batch_shape = Size(batch_shape)
        new._unbroadcasted_scale_tril = self._unbroadcasted_scale_tril.expand(
            batch_shape + self.event_shape
        )
        new.df = self.df.expand(batch_shape)
        new._batch_dims = [-(x + 1) for x in range(len(batch_shape))]
        for name in ("covariance_matrix", "scale_tril", "precision_matrix"):
            if name in self.__dict__:
                matrix = self.__dict__[name]
                setattr(new, name, matrix.expand(batch_shape + self.event_shape))
        new._dist_chi2 = self._dist_chi2.expand(batch_shape + self.event_shape[-1:])
        Distribution.__init__(new, batch_shape, self.event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    @lazy_property
    def scale_tril(self) -> Tensor:
        """L, lower triangular, L Lᵀ = V"""
        return self._unbroadcasted_scale_tril.expand(self._batch_shape + self._event_shape)

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """V"""
        factor = self._unbroadcasted_scale_tril
        return (factor @ factor.mT).expand(self._batch_shape + self._event_shape)

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """V⁻¹"""
        inverse = matrices.inverse_of(self._unbroadcasted_scale_tril)
        return inverse.expand(self._batch_shape + self._event_shape)

    @property
    def mean(self) -> Tensor:
        """df V"""
        return self.df.view((*self._batch_shape, 1, 1)) * self.covariance_matrix

    @property
    def mode(self) -> Tensor:
        """(df - N - 1) V, NaN for df <= N + 1"""
        factor = self.df - self.covariance_matrix.shape[-1] - 1
        factor = torch.where(factor <= 0, torch.full_like(factor, math.nan), factor)
        return factor.view((*self._batch_shape, 1, 1)) * self.covariance_matrix

    @property
    def variance(self) -> Tensor:
        """df (V_ij² + V_ii V_jj)"""
        v = self.covariance_matrix
        diagonal = v.diagonal(dim1=-2, dim2=-1)
        outer = diagonal.unsqueeze(-1) * diagonal.unsqueeze(-2)
        return self.df.view((*self._batch_shape, 1, 1)) * (v.pow(2) + outer)

    def _bartlett_sampling(self, sample_shape: Any = Size()) -> Tensor:  # noqa: B008
        """L A Aᵀ Lᵀ: A lower triangular, normal below the diagonal, √Chi2 on it."""
        n = self._event_shape[-1]
        noise = torch.diag_embed(self._dist_chi2.rsample(sample_shape).sqrt())
        rows, columns = torch.tril_indices(n, n, offset=-1)
        shape = Size(sample_shape) + self._batch_shape + (n * (n - 1) // 2,)
        below = torch.zeros_like(noise)
        below[..., rows, columns] = torch.randn(shape, dtype=noise.dtype)
        factor = self._unbroadcasted_scale_tril @ (noise + below)
        return factor @ factor.mT

    def rsample(self, sample_shape: Any = Size(), max_try_correction: Any = None) -> Tensor:  # noqa: B008
        """Random matrices (sample_shape, batch, N, N); singular ones are drawn again a few times

        max_try_correction  how often; 3 for one row and column, else 10
        """
        if max_try_correction is None:
            max_try_correction = 3 if self._event_shape[-1] == 1 else 10
        sample = self._bartlett_sampling(Size(sample_shape))
        # PyTorch takes the definite ones for singular and draws them again: for the same numbers
        # so does this; what is singular then is drawn again in any case
        chosen = self._over_batch(self.support.check(sample))
        for attempt in range(max_try_correction + 1):
            if attempt:
                chosen = self._over_batch(~self.support.check(sample))
            if not chosen.any():
                break
            if attempt:
                warn("Singular sample detected.")
            again = self._bartlett_sampling(Size([int(chosen.sum())]))
            if chosen.dim():
                sample = sample.clone()
                sample[chosen] = again
            else:
                sample = again[0]
        return sample

    def _over_batch(self, found: Tensor) -> Tensor:
        """For each sample: is any of its batch found?"""
        for _ in self._batch_dims:
            found = found.any(-1)
        return found

    def log_prob(self, value: Tensor) -> Tensor:
        """ln p(value): (*, batch)"""
        if self._validate_args:
            self._validate_sample(value)
        n = self._event_shape[-1]
        factor = self._unbroadcasted_scale_tril
        nu = self.df
        # tr(V⁻¹ X), from L⁻¹ X L⁻ᵀ
        half = matrices.solve_lower(factor, value)
        scaled = matrices.solve_lower(factor, half.mT)
        trace = scaled.diagonal(dim1=-2, dim2=-1).sum(-1)
        log_det = 2 * matrices.log_diagonal(matrices.cholesky(value))
        return (
            -nu * (n * math.log(2) / 2 + matrices.log_diagonal(factor))
            - torch.mvlgamma(nu / 2, p=n)
            + (nu - n - 1) / 2 * log_det
            - trace / 2
        )

    def entropy(self) -> Tensor:
        """-E ln p"""
        n = self._event_shape[-1]
        nu = self.df
        return (
            (n + 1) * (n * math.log(2) / 2 + matrices.log_diagonal(self._unbroadcasted_scale_tril))
            + torch.mvlgamma(nu / 2, p=n)
            - (nu - n - 1) / 2 * _multivariate_digamma(nu / 2, n)
            + nu * n / 2
        )

    @property
    def _natural_params(self) -> tuple[Tensor, ...]:
        return -self.precision_matrix / 2, (self.df - self._event_shape[-1] - 1) / 2

    def _log_normalizer(self, x: Tensor, y: Tensor) -> Tensor:  # type: ignore[override]
        n = self._event_shape[-1]
        log_det = 2 * matrices.log_diagonal(matrices.cholesky(-2 * x))
        half = y + (n + 1) / 2
        return half * (-log_det + n * math.log(2)) + torch.mvlgamma(half, p=n)


def _multivariate_digamma(x: Tensor, n: int) -> Tensor:
    """The slope of ln Γₙ: Σ ψ(x - j/2), j = 0 ... n - 1"""
    return torch.digamma(x.unsqueeze(-1) - torch.arange(n, dtype=x.dtype) / 2).sum(-1)


class LKJCholesky(Distribution):
    """Cholesky factors of correlation matrices C: p(C) ∝ det(C)^(η - 1)

    dim            N >= 2
    concentration  η > 0; 1: all correlation matrices are as likely: (batch)
    errors  ValueError: dim < 2
    source  Lewandowski, Kurowicka and Joe 2009, the onion method, doi:10.1016/j.jmva.2009.04.008

    >>> LKJCholesky(3, 0.5).sample()
    """

    arg_constraints = {"concentration": constraints.positive}
    support = constraints.corr_cholesky

    def __init__(
        self,
        dim: int,
        concentration: Tensor | float = 1.0,
        validate_args: bool | None = None,
    ) -> None:
        if dim < 2:
            raise ValueError(
                f"Expected dim to be an integer greater than or equal to 2. Found dim={dim}."
            )
        self.dim = dim
        self.concentration = torch.as_tensor(concentration)
        if not self.concentration.is_floating_point():
            self.concentration = self.concentration.to(torch.get_default_dtype())
        batch_shape = self.concentration.size()
        event_shape = Size((dim, dim))
        # the squared length of row i below the diagonal is a beta number
        marginal = self.concentration + 0.5 * (self.dim - 2)
        offset = torch.arange(self.dim - 1, dtype=self.concentration.dtype)
        offset = torch.cat([offset.new_zeros((1,)), offset])
        self._beta = Beta(offset + 0.5, marginal.unsqueeze(-1) - 0.5 * offset)
        super().__init__(batch_shape, event_shape, validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same distribution with parameters broadcast to a batch shape, without a copy."""
        new = self._get_checked_instance(LKJCholesky, _instance)
        batch_shape = Size(batch_shape)
        new.dim = self.dim
        new.concentration = self.concentration.expand(batch_shape)
        new._beta = self._beta.expand((*batch_shape, self.dim))
        Distribution.__init__(new, batch_shape, self.event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    def sample(self, sample_shape: Any = Size()) -> Tensor:  # noqa: B008
        """Row i: a direction on the sphere, of a beta length; the diagonal makes it a unit"""
        with torch.no_grad():
            y = self._beta.sample(sample_shape).unsqueeze(-1)
            normal = torch.randn(self._extended_shape(sample_shape), dtype=y.dtype).tril(-1)
            direction = normal / normal.norm(dim=-1, keepdim=True)
            direction[..., 0, :].fill_(0.0)
            w = torch.sqrt(y) * direction
            tiny = torch.finfo(w.dtype).tiny
            diagonal = torch.clamp(1 - torch.sum(w**2, dim=-1), min=tiny).sqrt()
            return w + torch.diag_embed(diagonal)

    def log_prob(self, value: Tensor) -> Tensor:
        """Σ (2 (η - 1) + N - i) ln L_ii, i = 2 ... N, less the normaliser"""
        if self._validate_args:
            self._validate_sample(value)
        diagonal = value.diagonal(dim1=-1, dim2=-2)[..., 1:]
        order = torch.arange(2, self.dim + 1)
        order = 2 * (self.concentration - 1).unsqueeze(-1) + self.dim - order
        unnormalized = torch.sum(order * diagonal.log(), dim=-1)
        below = self.dim - 1
        alpha = self.concentration + 0.5 * below
        denominator = torch.lgamma(alpha) * below
        numerator = torch.mvlgamma(alpha - 0.5, below)
        return unnormalized - (0.5 * below * math.log(math.pi) + numerator - denominator)
