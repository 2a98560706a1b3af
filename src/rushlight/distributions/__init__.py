"""torch.distributions: probability distributions, transforms, constraints, divergences.

    d = Normal(loc, scale)     parameters broadcast to the batch shape
    d.sample((5,))             (5, batch, event), PyTorch's numbers for the same seed
    d.rsample((5,))            the same, with gradients to the parameters
    d.log_prob(x)              (*, batch)

One file per family; PyTorch's file names (torch.distributions.gamma) are import paths as well.
"""

from ..core.names import explain_missing as _explain_missing
from ..core.names import signpost as _signpost
from . import (
    constraint_registry,
    constraints,
    distribution,
    exp_family,
    kl,
    transforms,
    utils,
)
from .categorical import (
    Categorical,
    Multinomial,
    OneHotCategorical,
    OneHotCategoricalStraightThrough,
)
from .compound import Independent, MixtureSameFamily, TransformedDistribution
from .constraint_registry import biject_to, transform_to
from .continuous_bernoulli import ContinuousBernoulli
from .counts import Bernoulli, Binomial, Geometric, NegativeBinomial, Poisson
from .distribution import Distribution
from .exp_family import ExponentialFamily
from .exponential import Cauchy, Exponential, GeneralizedPareto, Laplace
from .gamma import Beta, Chi2, Dirichlet, FisherSnedecor, Gamma, StudentT
from .kl import kl_divergence, register_kl
from .multivariate_normal import LowRankMultivariateNormal, MultivariateNormal
from .normal import Normal, Uniform
from .relaxed import RelaxedBernoulli, RelaxedOneHotCategorical
from .transformed import (
    Gumbel,
    HalfCauchy,
    HalfNormal,
    InverseGamma,
    Kumaraswamy,
    LogisticNormal,
    LogNormal,
    Pareto,
    Weibull,
)
from .transforms import *  # noqa: F403
from .von_mises import VonMises
from .wishart import LKJCholesky, Wishart

__all__ = [
    "Bernoulli",
    "Beta",
    "Binomial",
    "Categorical",
    "Cauchy",
    "Chi2",
    "ContinuousBernoulli",
    "Dirichlet",
    "Distribution",
    "Exponential",
    "ExponentialFamily",
    "FisherSnedecor",
    "Gamma",
    "GeneralizedPareto",
    "Geometric",
    "Gumbel",
    "HalfCauchy",
    "HalfNormal",
    "Independent",
    "InverseGamma",
    "Kumaraswamy",
    "LKJCholesky",
    "Laplace",
    "LogNormal",
    "LogisticNormal",
    "LowRankMultivariateNormal",
    "MixtureSameFamily",
    "Multinomial",
    "MultivariateNormal",
    "NegativeBinomial",
    "Normal",
    "OneHotCategorical",
    "OneHotCategoricalStraightThrough",
    "Pareto",
    "Poisson",
    "RelaxedBernoulli",
    "RelaxedOneHotCategorical",
    "StudentT",
    "TransformedDistribution",
    "Uniform",
    "VonMises",
    "Weibull",
    "Wishart",
    "biject_to",
    "kl_divergence",
    "register_kl",
    "transform_to",
]
__all__ += transforms.__all__

# PyTorch's files that are part of one of ours
for _ours, _theirs in {
    "categorical": "multinomial one_hot_categorical",
    "compound": "independent mixture_same_family transformed_distribution",
    "counts": "bernoulli binomial geometric negative_binomial poisson",
    "exponential": "cauchy generalized_pareto laplace",
    "gamma": "beta chi2 dirichlet fishersnedecor studentT",
    "multivariate_normal": "lowrank_multivariate_normal",
    "normal": "uniform",
    "relaxed": "relaxed_bernoulli relaxed_categorical",
    "transformed": "gumbel half_cauchy half_normal inverse_gamma kumaraswamy log_normal "
    "logistic_normal pareto weibull",
    "wishart": "lkj_cholesky",
}.items():
    for _name in _theirs.split():
        _signpost(f"{__name__}.{_name}", f"{__name__}.{_ours}")

_explain_missing(__name__)
