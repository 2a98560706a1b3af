"""MultivariateNormal and LowRankMultivariateNormal."""

from __future__ import annotations

import math
from typing import Any

import rushlight as torch

from ..core.size import Size
from ..core.tensor import Tensor
from . import constraints, matrices
from .distribution import Distribution
from .utils import _standard_normal, lazy_property

__all__ = ["LowRankMultivariateNormal", "MultivariateNormal"]

_LOG_2_PI = math.log(2 * math.pi)


class MultivariateNormal(Distribution):
    """ln p(x) = -(x - loc)ᵀ Σ⁻¹ (x - loc) / 2 - ln det Σ / 2 - N/2 ln 2π

    loc                (batch, N)
    covariance_matrix  Σ, precision_matrix Σ⁻¹, or scale_tril L with L Lᵀ = Σ: one of the three,
                       (batch, N, N)
    errors  ValueError: not exactly one of them; too few dimensions; not positive definite

    >>> MultivariateNormal(torch.zeros(2), torch.eye(2)).entropy()
    tensor(2.8379)
    """

    arg_constraints = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self,
        loc: Tensor,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        options = {
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
            "scale_tril": scale_tril,
        }
        given = [(name, value) for name, value in options.items() if value is not None]
        if len(given) != 1:
            raise ValueError(
                "Exactly one of covariance_matrix or precision_matrix or scale_tril may be "
                "specified."
            )
        ((name, matrix),) = given
        if matrix.dim() < 2:
            what = "scale_tril matrix" if name == "scale_tril" else name
            raise ValueError(
                f"{what} must be at least two-dimensional, with optional leading batch dimensions"
            )
        batch_shape = torch.broadcast_shapes(matrix.shape[:-2], loc.shape[:-1])
        setattr(self, name, matrix.expand((*batch_shape, -1, -1)))
        self.loc = loc.expand((*batch_shape, -1))
        super().__init__(Size(batch_shape), self.loc.shape[-1:], validate_args=validate_args)
        # one factor serves a whole batch that was broadcast
        if scale_tril is not None:
            self._unbroadcasted_scale_tril = scale_tril
        elif covariance_matrix is not None:
            self._unbroadcasted_scale_tril = matrices.cholesky(covariance_matrix)
        else:
            assert precision_matrix is not None
            self._unbroadcasted_scale_tril = matrices.of_precision(precision_matrix)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same distribution with parameters broadcast to a batch shape, without a copy."""
        new = self._get_checked_instance(MultivariateNormal, _instance)
        batch_shape = Size(batch_shape)
        new.loc = self.loc.expand(batch_shape + self.event_shape)
        new._unbroadcasted_scale_tril = self._unbroadcasted_scale_tril
        for name in ("covariance_matrix", "scale_tril", "precision_matrix"):
            if name in self.__dict__:
                shape = batch_shape + self.event_shape + self.event_shape
                setattr(new, name, self.__dict__[name].expand(shape))
        Distribution.__init__(new, batch_shape, self.event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    def _square_shape(self) -> Size:
        return self._batch_shape + self._event_shape + self._event_shape

    @lazy_property
    def scale_tril(self) -> Tensor:
        """L, lower triangular, L Lᵀ = Σ"""
        return self._unbroadcasted_scale_tril.expand(self._square_shape())

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """Σ"""
        factor = self._unbroadcasted_scale_tril
        return torch.matmul(factor, factor.mT).expand(self._square_shape())

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """Σ⁻¹"""
        return matrices.inverse_of(self._unbroadcasted_scale_tril).expand(self._square_shape())

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
        """The diagonal of Σ"""
        return (
            self._unbroadcasted_scale_tril.pow(2)
            .sum(-1)
            .expand(self._batch_shape + self._event_shape)
        )

    def rsample(self, sample_shape: Any = Size()) -> Tensor:  # noqa: B008
        """loc + L z, z standard normal"""
        shape = self._extended_shape(sample_shape)
        eps = _standard_normal(shape, dtype=self.loc.dtype, device=self.loc.device)
        return self.loc + matrices.product(self._unbroadcasted_scale_tril, eps)

    def log_prob(self, value: Tensor) -> Tensor:
        """ln p(value): (*, batch)"""
        if self._validate_args:
            self._validate_sample(value)
        factor = self._unbroadcasted_scale_tril
        distance = matrices.mahalanobis(factor, value - self.loc)
        half_log_det = matrices.log_diagonal(factor)
        return -0.5 * (self._event_shape[0] * _LOG_2_PI + distance) - half_log_det

    def entropy(self) -> Tensor:
        """N/2 (1 + ln 2π) + ln det Σ / 2"""
        half_log_det = matrices.log_diagonal(self._unbroadcasted_scale_tril)
        h = 0.5 * self._event_shape[0] * (1.0 + _LOG_2_PI) + half_log_det
        return h if len(self._batch_shape) == 0 else h.expand(self._batch_shape)


def capacitance_tril(w: Tensor, d: Tensor) -> Tensor:
    """The Cholesky factor of I + Wᵀ D⁻¹ W: W (*, N, R), D (*, N) -> (*, R, R)"""
    scaled = w.mT / d.unsqueeze(-2)
    return matrices.cholesky(torch.matmul(scaled, w) + torch.eye(w.shape[-1], dtype=w.dtype))


def low_rank_log_det(w: Tensor, d: Tensor, capacitance: Tensor) -> Tensor:
    """ln det(W Wᵀ + D), by the matrix determinant lemma"""
    return 2 * matrices.log_diagonal(capacitance) + d.log().sum(-1)


def low_rank_mahalanobis(w: Tensor, d: Tensor, x: Tensor, capacitance: Tensor) -> Tensor:
    """xᵀ (W Wᵀ + D)⁻¹ x, by Woodbury's identity"""
    scaled = w.mT / d.unsqueeze(-2)
    projected = matrices.product(scaled, x)
    return (x.pow(2) / d).sum(-1) - matrices.mahalanobis(capacitance, projected)


class LowRankMultivariateNormal(Distribution):
    """MultivariateNormal of covariance W Wᵀ + D, at the cost of the rank

    loc         (batch, N)
    cov_factor  W (batch, N, R)
    cov_diag    the diagonal D > 0 (batch, N)
    errors      ValueError: shapes that do not fit

    >>> d = LowRankMultivariateNormal(torch.zeros(2), tensor([[1.0], [0.0]]), torch.ones(2))
    >>> d.variance
    tensor([2., 1.])
    """

    arg_constraints = {
        "loc": constraints.real_vector,
        "cov_factor": constraints.independent(constraints.real, 2),
        "cov_diag": constraints.independent(constraints.positive, 1),
    }
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self,
        loc: Tensor,
        cov_factor: Tensor,
        cov_diag: Tensor,
        validate_args: bool | None = None,
    ) -> None:
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        event_shape = loc.shape[-1:]
        if cov_factor.dim() < 2:
            raise ValueError(
                "cov_factor must be at least two-dimensional, with optional leading batch "
                "dimensions"
            )
        if cov_factor.shape[-2:-1] != event_shape:
            raise ValueError(
                f"cov_factor must be a batch of matrices with shape {event_shape[0]} x m"
            )
        if cov_diag.shape[-1:] != event_shape:
            raise ValueError(f"cov_diag must be a batch of vectors with shape {event_shape}")
        try:
            batch_shape = Size(
                torch.broadcast_shapes(loc.shape[:-1], cov_factor.shape[:-2], cov_diag.shape[:-1])
            )
        except RuntimeError as error:
            raise ValueError(
                f"Incompatible batch shapes: loc {loc.shape}, cov_factor {cov_factor.shape}, "
                f"cov_diag {cov_diag.shape}"
            ) from error
        self.loc = loc.expand(batch_shape + event_shape)
        self.cov_diag = cov_diag.expand(batch_shape + event_shape)
        self.cov_factor = cov_factor.expand(batch_shape + cov_factor.shape[-2:])
        self._unbroadcasted_cov_factor = cov_factor
        self._unbroadcasted_cov_diag = cov_diag
        self._capacitance_tril = capacitance_tril(cov_factor, cov_diag)
        super().__init__(batch_shape, event_shape, validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """The same distribution with parameters broadcast to a batch shape, without a copy."""
        new = self._get_checked_instance(LowRankMultivariateNormal, _instance)
        batch_shape = Size(batch_shape)
        new.loc = self.loc.expand(batch_shape + self.event_shape)
        new.cov_diag = self.cov_diag.expand(batch_shape + self.event_shape)
        new.cov_factor = self.cov_factor.expand(batch_shape + self.cov_factor.shape[-2:])
        new._unbroadcasted_cov_factor = self._unbroadcasted_cov_factor
        new._unbroadcasted_cov_diag = self._unbroadcasted_cov_diag
        new._capacitance_tril = self._capacitance_tril
        Distribution.__init__(new, batch_shape, self.event_shape, validate_args=False)
        new._validate_args = self._validate_args
        return new

    def _square_shape(self) -> Size:
        return self._batch_shape + self._event_shape + self._event_shape

    @property
    def mean(self) -> Tensor:
        """loc"""
        return self.loc

    @property
    def mode(self) -> Tensor:
        """loc"""
        return self.loc

    @lazy_property
    def variance(self) -> Tensor:  # type: ignore[override]
        """The diagonal of W Wᵀ + D"""
        squares = self._unbroadcasted_cov_factor.pow(2).sum(-1)
        return (squares + self._unbroadcasted_cov_diag).expand(
            self._batch_shape + self._event_shape
        )

    @lazy_property
    def scale_tril(self) -> Tensor:
        """The Cholesky factor of the covariance"""
        # of D^½ (I + D^-½ W Wᵀ D^-½) D^½
        root = self._unbroadcasted_cov_diag.sqrt().unsqueeze(-1)
        w = self._unbroadcasted_cov_factor / root
        inner = torch.matmul(w, w.mT) + torch.eye(self._event_shape[0], dtype=w.dtype)
        return (root * matrices.cholesky(inner)).expand(self._square_shape())

    @lazy_property
    def covariance_matrix(self) -> Tensor:
        """W Wᵀ + D"""
        w = self._unbroadcasted_cov_factor
        full = torch.matmul(w, w.mT) + torch.diag_embed(self._unbroadcasted_cov_diag)
        return full.expand(self._square_shape())

    @lazy_property
    def precision_matrix(self) -> Tensor:
        """(W Wᵀ + D)⁻¹ = D⁻¹ - D⁻¹ W C⁻¹ Wᵀ D⁻¹, C the capacitance matrix"""
        d = self._unbroadcasted_cov_diag
        scaled = self._unbroadcasted_cov_factor.mT / d.unsqueeze(-2)
        a = matrices.solve_lower(self._capacitance_tril, scaled)
        return (torch.diag_embed(d.reciprocal()) - a.mT @ a).expand(self._square_shape())

    def rsample(self, sample_shape: Any = Size()) -> Tensor:  # noqa: B008
        """loc + W z + √D e, z and e standard normal"""
        shape = self._extended_shape(sample_shape)
        rank = self.cov_factor.shape[-1:]
        dtype, device = self.loc.dtype, self.loc.device
        z = _standard_normal(shape[:-1] + rank, dtype=dtype, device=device)
        e = _standard_normal(shape, dtype=dtype, device=device)
        return (
            self.loc
            + matrices.product(self._unbroadcasted_cov_factor, z)
            + self._unbroadcasted_cov_diag.sqrt() * e
        )

    def log_prob(self, value: Tensor) -> Tensor:
        """ln p(value): (*, batch)"""
        if self._validate_args:
            self._validate_sample(value)
        w, d = self._unbroadcasted_cov_factor, self._unbroadcasted_cov_diag
        distance = low_rank_mahalanobis(w, d, value - self.loc, self._capacitance_tril)
        log_det = low_rank_log_det(w, d, self._capacitance_tril)
        return -0.5 * (self._event_shape[0] * _LOG_2_PI + log_det + distance)

    def entropy(self) -> Tensor:
        """N/2 (1 + ln 2π) + ln det / 2"""
        log_det = low_rank_log_det(
            self._unbroadcasted_cov_factor, self._unbroadcasted_cov_diag, self._capacitance_tril
        )
        h = 0.5 * (self._event_shape[0] * (1.0 + _LOG_2_PI) + log_det)
        return h if len(self._batch_shape) == 0 else h.expand(self._batch_shape)
