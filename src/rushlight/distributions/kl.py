"""torch.distributions.kl: the Kullback-Leibler divergence KL(p, q) = E_p[ln p(x) - ln q(x)].

`register_kl` adds a pair of classes. Between different families it is the cross entropy
-E_p[ln q] less p's entropy; where q's support does not hold p's it is infinite.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import rushlight as torch

from ..core.notices import warn
from ..core.tensor import Tensor
from ..dispatch.registry import FUNCTIONAL as F
from . import matrices
from .categorical import Categorical, OneHotCategorical
from .compound import Independent, TransformedDistribution
from .continuous_bernoulli import ContinuousBernoulli
from .counts import Bernoulli, Binomial, Geometric, Poisson
from .distribution import Distribution
from .exp_family import ExponentialFamily
from .exponential import Cauchy, Exponential, Laplace
from .gamma import Beta, Dirichlet, Gamma
from .multivariate_normal import (
    LowRankMultivariateNormal,
    MultivariateNormal,
    low_rank_log_det,
    low_rank_mahalanobis,
)
from .normal import Normal, Uniform
from .transformed import Gumbel, HalfNormal, Pareto
from .utils import _sum_rightmost
from .utils import euler_constant as _euler_gamma

__all__ = ["kl_divergence", "register_kl"]

_KL_REGISTRY: dict[tuple[type, type], Callable[..., Any]] = {}
_KL_MEMOIZE: dict[tuple[type, type], Callable[..., Any]] = {}


def register_kl(type_p: Any, type_q: Any) -> Callable[[Any], Any]:
    """Decorates a function (p, q) -> KL for two classes and their subclasses.

    Any classes: pyro's are no subclasses of Distribution.

    TypeError: no classes
    """
    for kind in (type_p, type_q):
        if not isinstance(kind, type):
            raise TypeError("issubclass() arg 1 must be a class")

    def decorator(function: Any) -> Any:
        _KL_REGISTRY[type_p, type_q] = function
        _KL_MEMOIZE.clear()
        return function

    return decorator


def _dispatch_kl(type_p: type, type_q: type) -> Callable[..., Any]:
    """The function registered for the nearest classes; NotImplemented if there is none."""
    matches = [(p, q) for p, q in _KL_REGISTRY if issubclass(type_p, p) and issubclass(type_q, q)]
    if not matches:
        return NotImplemented

    def nearness_p(pair: tuple[type, type]) -> tuple[int, int]:
        return type_p.__mro__.index(pair[0]), type_q.__mro__.index(pair[1])

    by_p = min(matches, key=nearness_p)
    by_q = min(matches, key=lambda pair: tuple(reversed(nearness_p(pair))))
    left, right = _KL_REGISTRY[by_p], _KL_REGISTRY[by_q]
    if left is not right:
        warn(
            f"Ambiguous kl_divergence({type_p.__name__}, {type_q.__name__}). Please "
            f"register_kl({by_p[0].__name__}, {by_q[1].__name__})",
            RuntimeWarning,
        )
    return left


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """KL(p, q) = E_p[ln p(x) - ln q(x)]: (batch), broadcast

    NotImplementedError: none is known for the two classes

    >>> kl_divergence(Normal(0.0, 1.0), Normal(1.0, 1.0))
    tensor(0.5000)
    """
    key = (type(p), type(q))
    function = _KL_MEMOIZE.get(key)
    if function is None:
        function = _KL_MEMOIZE[key] = _dispatch_kl(*key)
    if function is NotImplemented:
        raise NotImplementedError(
            f"No KL(p || q) is implemented for p type {p.__class__.__name__} and q type "
            f"{q.__class__.__name__}"
        )
    return function(p, q)


# ---------------------------------------------------------------- one family


@register_kl(Bernoulli, Bernoulli)
def _kl_bernoulli_bernoulli(p: Any, q: Any) -> Any:
    softplus = F["softplus"]
    one = p.probs * (softplus(-q.logits) - softplus(-p.logits))
    one = _where(q.probs == 0, math.inf, one)
    one = _where(p.probs == 0, 0.0, one)
    zero = (1 - p.probs) * (softplus(q.logits) - softplus(p.logits))
    zero = _where(q.probs == 1, math.inf, zero)
    zero = _where(p.probs == 1, 0.0, zero)
    return one + zero


def _where(condition: Any, value: float, otherwise: Any) -> Any:
    return torch.where(condition, value, otherwise)


@register_kl(Beta, Beta)
def _kl_beta_beta(p: Any, q: Any) -> Any:
    a, b = p.concentration1, p.concentration0
    c, d = q.concentration1, q.concentration0
    return (
        _log_beta(c, d)
        - _log_beta(a, b)
        + (a - c) * torch.digamma(a)
        + (b - d) * torch.digamma(b)
        + (c + d - (a + b)) * torch.digamma(a + b)
    )


def _log_beta(a: Any, b: Any) -> Any:
    return a.lgamma() + b.lgamma() - (a + b).lgamma()


@register_kl(Binomial, Binomial)
def _kl_binomial_binomial(p: Any, q: Any) -> Any:
    if (p.total_count < q.total_count).any():
        raise NotImplementedError(
            "KL between Binomials where q.total_count > p.total_count is not implemented"
        )
    kl = p.total_count * (p.probs * (p.logits - q.logits) + (-p.probs).log1p() - (-q.probs).log1p())
    return _where(p.total_count > q.total_count, math.inf, kl)


@register_kl(Categorical, Categorical)
def _kl_categorical_categorical(p: Any, q: Any) -> Any:
    t = p.probs * (p.logits - q.logits)
    t = _where((q.probs == 0).expand_as(t), math.inf, t)
    t = _where((p.probs == 0).expand_as(t), 0.0, t)
    return t.sum(-1)


@register_kl(OneHotCategorical, OneHotCategorical)
def _kl_onehotcategorical_onehotcategorical(p: Any, q: Any) -> Any:
    return _kl_categorical_categorical(p._categorical, q._categorical)


@register_kl(Cauchy, Cauchy)
def _kl_cauchy_cauchy(p: Any, q: Any) -> Any:
    distance = (p.scale + q.scale).pow(2) + (p.loc - q.loc).pow(2)
    return distance.log() - (4 * p.scale * q.scale).log()


@register_kl(ContinuousBernoulli, ContinuousBernoulli)
def _kl_continuous_bernoulli_continuous_bernoulli(p: Any, q: Any) -> Any:
    ours = p._cont_bern_log_norm() + torch.log1p(-p.probs)
    theirs = q._cont_bern_log_norm() + torch.log1p(-q.probs)
    return p.mean * (p.logits - q.logits) + ours - theirs


@register_kl(Dirichlet, Dirichlet)
def _kl_dirichlet_dirichlet(p: Any, q: Any) -> Any:
    a, b = p.concentration, q.concentration
    total = a.sum(-1)
    inner = ((a - b) * (a.digamma() - total.digamma().unsqueeze(-1))).sum(-1)
    return total.lgamma() - b.sum(-1).lgamma() - (a.lgamma() - b.lgamma()).sum(-1) + inner


@register_kl(Exponential, Exponential)
def _kl_exponential_exponential(p: Any, q: Any) -> Any:
    ratio = q.rate / p.rate
    return -ratio.log() + ratio - 1


@register_kl(ExponentialFamily, ExponentialFamily)
def _kl_expfamily_expfamily(p: Any, q: Any) -> Any:
    """The Bregman divergence of the log normaliser."""
    if type(p) is not type(q):
        raise NotImplementedError(
            "The cross KL-divergence between different exponential families cannot "
            "                            be computed using Bregman divergences"
        )
    ours = [x.detach().requires_grad_() for x in p._natural_params]
    theirs = q._natural_params
    with torch.enable_grad():
        normalizer = p._log_normalizer(*ours)
        gradients = torch.autograd.grad(normalizer.sum(), ours, create_graph=True)
    result = q._log_normalizer(*theirs) - normalizer
    for a, b, g in zip(ours, theirs, gradients, strict=True):
        result = result - _sum_rightmost((b - a) * g, len(q.event_shape))
    return result


@register_kl(Gamma, Gamma)
def _kl_gamma_gamma(p: Any, q: Any) -> Any:
    a, b = p.concentration, q.concentration
    return (
        b * (p.rate / q.rate).log()
        + b.lgamma()
        - a.lgamma()
        + (a - b) * a.digamma()
        + (q.rate - p.rate) * (a / p.rate)
    )


@register_kl(Geometric, Geometric)
def _kl_geometric_geometric(p: Any, q: Any) -> Any:
    return -p.entropy() - torch.log1p(-q.probs) / p.probs - q.logits


@register_kl(Gumbel, Gumbel)
def _kl_gumbel_gumbel(p: Any, q: Any) -> Any:
    ratio = p.scale / q.scale
    distance = (p.loc - q.loc) / q.scale
    return (
        -ratio.log()
        + distance
        + ratio * _euler_gamma
        + torch.exp((1 + ratio).lgamma() - distance)
        - (1 + _euler_gamma)
    )


@register_kl(HalfNormal, HalfNormal)
def _kl_halfnormal_halfnormal(p: Any, q: Any) -> Any:
    return _kl_normal_normal(p.base_dist, q.base_dist)


@register_kl(Laplace, Laplace)
def _kl_laplace_laplace(p: Any, q: Any) -> Any:
    ratio = p.scale / q.scale
    distance = (p.loc - q.loc).abs()
    return -ratio.log() + distance / q.scale + ratio * torch.exp(-distance / p.scale) - 1


@register_kl(Normal, Normal)
def _kl_normal_normal(p: Any, q: Any) -> Any:
    ratio = (p.scale / q.scale).pow(2)
    distance = ((p.loc - q.loc) / q.scale).pow(2)
    return 0.5 * (ratio + distance - 1 - ratio.log())


@register_kl(Pareto, Pareto)
def _kl_pareto_pareto(p: Any, q: Any) -> Any:
    ratio = q.alpha / p.alpha
    kl = q.alpha * (p.scale / q.scale).log() - ratio.log() + ratio - 1
    return _where(p.support.lower_bound < q.support.lower_bound, math.inf, kl)


@register_kl(Poisson, Poisson)
def _kl_poisson_poisson(p: Any, q: Any) -> Any:
    return p.rate * (p.rate.log() - q.rate.log()) - (p.rate - q.rate)


@register_kl(Uniform, Uniform)
def _kl_uniform_uniform(p: Any, q: Any) -> Any:
    kl = ((q.high - q.low) / (p.high - p.low)).log()
    return _where((q.low > p.low) | (q.high < p.high), math.inf, kl)


@register_kl(TransformedDistribution, TransformedDistribution)
def _kl_transformed_transformed(p: Any, q: Any) -> Any:
    if p.transforms != q.transforms or p.event_shape != q.event_shape:
        raise NotImplementedError
    extra = len(p.event_shape) - len(p.base_dist.event_shape)
    return _sum_rightmost(kl_divergence(p.base_dist, q.base_dist), extra)


@register_kl(Independent, Independent)
def _kl_independent_independent(p: Any, q: Any) -> Any:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError
    return _sum_rightmost(kl_divergence(p.base_dist, q.base_dist), p.reinterpreted_batch_ndims)


# ---------------------------------------------------------------- multivariate normal


def _same_event(p: Any, q: Any, kind: str) -> None:
    if p.event_shape != q.event_shape:
        raise ValueError(
            f"KL-divergence between two {kind} with                          "
            "different event shapes cannot be computed"
        )


@register_kl(MultivariateNormal, MultivariateNormal)
def _kl_multivariatenormal_multivariatenormal(p: Any, q: Any) -> Any:
    _same_event(p, q, "Multivariate Normals")
    ours, theirs = p._unbroadcasted_scale_tril, q._unbroadcasted_scale_tril
    log_dets = matrices.log_diagonal(theirs) - matrices.log_diagonal(ours)
    trace = matrices.trace_of_square(matrices.solve_lower(theirs, ours))
    distance = matrices.mahalanobis(theirs, q.loc - p.loc)
    return log_dets + 0.5 * (trace + distance - p.event_shape[0])


def _low_rank_log_det(d: Any) -> Any:
    return low_rank_log_det(
        d._unbroadcasted_cov_factor, d._unbroadcasted_cov_diag, d._capacitance_tril
    )


def _low_rank_distance(q: Any, x: Any) -> Any:
    return low_rank_mahalanobis(
        q._unbroadcasted_cov_factor, q._unbroadcasted_cov_diag, x, q._capacitance_tril
    )


@register_kl(MultivariateNormal, LowRankMultivariateNormal)
def _kl_multivariatenormal_lowrankmultivariatenormal(p: Any, q: Any) -> Any:
    _same_event(p, q, "(Low Rank) Multivariate Normals")
    log_dets = _low_rank_log_det(q) - 2 * matrices.log_diagonal(p._unbroadcasted_scale_tril)
    return _low_rank_kl(p, q, [p._unbroadcasted_scale_tril], log_dets)


@register_kl(LowRankMultivariateNormal, LowRankMultivariateNormal)
def _kl_lowrankmultivariatenormal_lowrankmultivariatenormal(p: Any, q: Any) -> Any:
    _same_event(p, q, "Low Rank Multivariate Normals")
    log_dets = _low_rank_log_det(q) - _low_rank_log_det(p)
    return _low_rank_kl(p, q, _parts(p), log_dets)


def _parts(p: Any) -> list[Any]:
    """Factors whose squares sum to the covariance: W and √D"""
    return [p._unbroadcasted_cov_factor, torch.diag_embed(p._unbroadcasted_cov_diag.sqrt())]


def _low_rank_kl(p: Any, q: Any, parts: list[Any], log_dets: Any) -> Any:
    # tr((W Wᵀ + D)⁻¹ X Xᵀ) = |D^-½ X|² - |C^-½ Wᵀ D⁻¹ X|²
    d = q._unbroadcasted_cov_diag
    scaled = q._unbroadcasted_cov_factor.mT / d.unsqueeze(-2)
    factor = matrices.solve_lower(q._capacitance_tril, scaled)
    trace: Any = 0.0
    for part in parts:
        trace = trace + matrices.trace_of_square(part * d.rsqrt().unsqueeze(-1))
        trace = trace - matrices.trace_of_square(factor.matmul(part))
    distance = _low_rank_distance(q, q.loc - p.loc)
    return 0.5 * (log_dets + trace + distance - p.event_shape[0])


@register_kl(LowRankMultivariateNormal, MultivariateNormal)
def _kl_lowrankmultivariatenormal_multivariatenormal(p: Any, q: Any) -> Any:
    _same_event(p, q, "(Low Rank) Multivariate Normals")
    theirs = q._unbroadcasted_scale_tril
    log_dets = 2 * matrices.log_diagonal(theirs) - _low_rank_log_det(p)
    trace = sum(matrices.trace_of_square(matrices.solve_lower(theirs, part)) for part in _parts(p))
    distance = matrices.mahalanobis(theirs, q.loc - p.loc)
    return 0.5 * (log_dets + trace + distance - p.event_shape[0])


# ---------------------------------------------------------------- between families

_p: Any
_q: Any

for _p, _qs in (
    (Beta, (Pareto,)),
    (ContinuousBernoulli, (Pareto,)),
    (Exponential, (Beta, ContinuousBernoulli, Pareto, Uniform)),
    (Gamma, (Beta, ContinuousBernoulli, Pareto, Uniform)),
    (Gumbel, (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform)),
    (Laplace, (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform)),
    (Normal, (Beta, ContinuousBernoulli, Exponential, Gamma, Pareto, Uniform)),
    (Pareto, (Beta, ContinuousBernoulli, Uniform)),
    (Poisson, (Bernoulli, Binomial)),
):
    for _q in _qs:

        @register_kl(_p, _q)
        def _kl_infinity(p: Any, q: Any) -> Any:
            """q is zero where p is not."""
            shape = torch.broadcast_shapes(p.batch_shape, q.batch_shape)
            return torch.full(shape, math.inf, dtype=p.mean.dtype)


def _against_normal(p: Any, q: Any) -> Any:
    """-H(p) + ln(√(2π) scale) + E (x - loc)² / (2 scale²)"""
    square = p.variance + (p.mean - q.loc).pow(2)
    cross = 0.5 * math.log(2 * math.pi) + q.scale.log() + square / (2 * q.scale.pow(2))
    return -p.entropy() + cross


for _p in (Beta, ContinuousBernoulli, Exponential, Gamma, Gumbel, Laplace, Uniform):
    register_kl(_p, Normal)(_against_normal)


@register_kl(Pareto, Normal)
def _kl_pareto_normal(p: Any, q: Any) -> Any:
    return _where(p.alpha <= 2, math.inf, _against_normal(p, q))


def _against_exponential(p: Any, q: Any) -> Any:
    """-H(p) - ln rate + rate E x"""
    return -p.entropy() - q.rate.log() + q.rate * p.mean


for _p in (Beta, ContinuousBernoulli, Gamma):
    register_kl(_p, Exponential)(_against_exponential)


@register_kl(Pareto, Exponential)
def _kl_pareto_exponential(p: Any, q: Any) -> Any:
    return _where(p.alpha <= 1, math.inf, _against_exponential(p, q))


@register_kl(Uniform, Exponential)
def _kl_uniform_exponential(p: Any, q: Any) -> Any:
    return _where(p.low < q.support.lower_bound, math.inf, _against_exponential(p, q))


def _against_gamma(p: Any, q: Any, mean_log: Any) -> Any:
    """-H(p) - a ln rate + ln Γ(a) - (a - 1) E ln x + rate E x"""
    a = q.concentration
    return -p.entropy() - a * q.rate.log() + a.lgamma() - (a - 1) * mean_log + q.rate * p.mean


@register_kl(Beta, Gamma)
def _kl_beta_gamma(p: Any, q: Any) -> Any:
    a, b = p.concentration1, p.concentration0
    return _against_gamma(p, q, a.digamma() - (a + b).digamma())


@register_kl(Exponential, Gamma)
def _kl_exponential_gamma(p: Any, q: Any) -> Any:
    return _against_gamma(p, q, -_euler_gamma - p.rate.log())


@register_kl(Pareto, Gamma)
def _kl_pareto_gamma(p: Any, q: Any) -> Any:
    kl = _against_gamma(p, q, p.scale.log() + p.alpha.reciprocal())
    return _where(p.alpha <= 1, math.inf, kl)


@register_kl(Uniform, Gamma)
def _kl_uniform_gamma(p: Any, q: Any) -> Any:
    kl = _against_gamma(p, q, _mean_log(p.low, p.high))
    return _where(p.low < q.support.lower_bound, math.inf, kl)


def _mean_log(low: Any, high: Any) -> Any:
    """E ln x of uniform numbers: (high ln high - low ln low) / (high - low) - 1"""
    return (torch.xlogy(high, high) - torch.xlogy(low, low)) / (high - low) - 1


def _against_gumbel(p: Any, q: Any, mean_exp: Any) -> Any:
    """-H(p) + ln scale + E z + E e^-z, z = (x - loc) / scale"""
    return -p.entropy() + q.scale.log() + (p.mean - q.loc) / q.scale + mean_exp


@register_kl(Exponential, Gumbel)
def _kl_exponential_gumbel(p: Any, q: Any) -> Any:
    product = p.rate * q.scale
    return _against_gumbel(p, q, (q.loc / q.scale).exp() * product / (product + 1))


@register_kl(Gamma, Gumbel)
def _kl_gamma_gumbel(p: Any, q: Any) -> Any:
    shrink = (1 + (p.rate * q.scale).reciprocal()).pow(-p.concentration)
    return _against_gumbel(p, q, (q.loc / q.scale).exp() * shrink)


@register_kl(Normal, Gumbel)
def _kl_normal_gumbel(p: Any, q: Any) -> Any:
    exponent = (q.loc - p.loc) / q.scale + 0.5 * (p.scale / q.scale).pow(2)
    return _against_gumbel(p, q, exponent.exp())


@register_kl(Uniform, Gumbel)
def _kl_uniform_gumbel(p: Any, q: Any) -> Any:
    low, high = (q.loc - p.low) / q.scale, (q.loc - p.high) / q.scale
    return _against_gumbel(p, q, q.scale * (low.exp() - high.exp()) / (p.high - p.low))


@register_kl(Normal, Laplace)
def _kl_normal_laplace(p: Any, q: Any) -> Any:
    distance = p.loc - q.loc
    z = distance / p.scale
    mean_distance = math.sqrt(2 / math.pi) * p.scale * torch.exp(
        -0.5 * z.pow(2)
    ) + distance * torch.erf(z / math.sqrt(2))
    return -p.entropy() + (2 * q.scale).log() + mean_distance / q.scale


def _against_continuous_bernoulli(p: Any, q: Any) -> Any:
    """-H(p) - E x logit - ln(1 - probs) - ln C"""
    return -p.entropy() - p.mean * q.logits - torch.log1p(-q.probs) - q._cont_bern_log_norm()


register_kl(Beta, ContinuousBernoulli)(_against_continuous_bernoulli)


@register_kl(Uniform, ContinuousBernoulli)
def _kl_uniform_continuous_bernoulli(p: Any, q: Any) -> Any:
    # at the bounds too, as in PyTorch
    outside = (p.high >= q.support.upper_bound) | (p.low <= q.support.lower_bound)
    return _where(outside, math.inf, _against_continuous_bernoulli(p, q))


@register_kl(Beta, Uniform)
def _kl_beta_uniform(p: Any, q: Any) -> Any:
    kl = -p.entropy() + (q.high - q.low).log()
    outside = (q.low > p.support.lower_bound) | (q.high < p.support.upper_bound)
    return _where(outside, math.inf, kl)


@register_kl(ContinuousBernoulli, Uniform)
def _kl_continuous_bernoulli_uniform(p: Any, q: Any) -> Any:
    # at the bounds too, as in PyTorch
    kl = -p.entropy() + (q.high - q.low).log()
    outside = (q.low >= p.support.lower_bound) | (q.high <= p.support.upper_bound)
    return _where(outside, math.inf, kl)


@register_kl(Uniform, Beta)
def _kl_uniform_beta(p: Any, q: Any) -> Any:
    a, b = q.concentration1, q.concentration0
    kl = (
        -p.entropy()
        - (a - 1) * _mean_log(p.low, p.high)
        - (b - 1) * _mean_log(1 - p.high, 1 - p.low)
        + _log_beta(a, b)
    )
    outside = (p.high > q.support.upper_bound) | (p.low < q.support.lower_bound)
    return _where(outside, math.inf, kl)


@register_kl(Uniform, Pareto)
def _kl_uniform_pareto(p: Any, q: Any) -> Any:
    kl = (
        -p.entropy()
        - q.alpha.log()
        - q.alpha * q.scale.log()
        + (q.alpha + 1) * _mean_log(p.low, p.high)
    )
    return _where(p.low < q.support.lower_bound, math.inf, kl)


@register_kl(Bernoulli, Poisson)
def _kl_bernoulli_poisson(p: Any, q: Any) -> Any:
    return -p.entropy() - (p.probs * q.rate.log() - q.rate)
