"""Distributions and what is asked of each, for tests/test_distributions.py (frozen numbers) and the
oracle test. `evaluate(torch, code)` runs a case with either library.

In a case D is torch.distributions, p(...) a float64 parameter that takes a gradient, t(...) a
constant.
"""

import json
import math
import warnings

POSITIVE = ["0.7", "[0.3, 2.5, 11.0]", "[[0.4], [3.0]]"]
PROBS = ["0.3", "[0.1, 0.5, 0.9]", "[[0.25], [0.75]]"]
LOGITS = ["0.4", "[-2.0, 0.0, 3.0]"]
VECTORS = ["[0.2, 0.3, 0.5]", "[[0.1, 0.9], [0.6, 0.4]]"]
MATRIX = "[[2.0, 0.3, -0.2], [0.3, 1.0, 0.1], [-0.2, 0.1, 0.7]]"
LOWER = "[[1.2, 0.0, 0.0], [0.3, 0.9, 0.0], [-0.4, 0.2, 1.5]]"


def _each(pattern, values):
    return [pattern.replace("_", v) for v in values]


CASES = [
    *_each("D.Bernoulli(p(_))", PROBS),
    *_each("D.Bernoulli(logits=p(_))", LOGITS),
    *_each("D.Beta(p(_), p(1.5))", POSITIVE),
    "D.Beta(p([0.3, 4.0]), p([0.5, 2.0]))",
    *_each("D.Binomial(4, p(_))", PROBS),
    "D.Binomial(t([3.0, 7.0]), logits=p([0.4, -1.0]))",
    *_each("D.Categorical(p(_))", VECTORS),
    "D.Categorical(logits=p([[0.5, -1.0, 2.0], [0.0, 0.0, 0.0]]))",
    *_each("D.Cauchy(p(0.5), p(_))", POSITIVE),
    *_each("D.Chi2(p(_))", POSITIVE),
    *_each("D.ContinuousBernoulli(p(_))", PROBS),
    "D.ContinuousBernoulli(logits=p([-1.0, 0.0004, 2.0]))",
    "D.Dirichlet(p([0.5, 2.0, 4.0]))",
    "D.Dirichlet(p([[1.5, 1.5], [3.0, 0.5]]))",
    *_each("D.Exponential(p(_))", POSITIVE),
    *_each("D.FisherSnedecor(p(_), p(5.0))", POSITIVE),
    *_each("D.Gamma(p(_), p(2.0))", POSITIVE),
    *_each("D.Geometric(p(_))", PROBS),
    *_each("D.Geometric(logits=p(_))", LOGITS),
    *_each("D.Gumbel(p(0.5), p(_))", POSITIVE),
    *_each("D.HalfCauchy(p(_))", POSITIVE),
    *_each("D.HalfNormal(p(_))", POSITIVE),
    "D.Independent(D.Normal(p([[0.0, 1.0], [2.0, -1.0]]), p(2.0)), 1)",
    "D.Independent(D.Bernoulli(p([0.2, 0.6])), 1)",
    *_each("D.InverseGamma(p(_), p(2.0))", POSITIVE),
    *_each("D.Kumaraswamy(p(_), p(1.5))", POSITIVE),
    "D.LKJCholesky(3, p(1.5))",
    "D.LKJCholesky(2, p([0.5, 3.0]))",
    *_each("D.Laplace(p(0.5), p(_))", POSITIVE),
    *_each("D.LogNormal(p(0.5), p(_))", ["0.7", "[0.3, 1.5]"]),
    "D.LogisticNormal(p([0.5, -0.5]), p([1.0, 0.5]))",
    "D.LowRankMultivariateNormal(p([0.0, 1.0, 2.0]), p([[1.0], [0.5], [-1.0]]), "
    "p([0.5, 1.0, 2.0]))",
    "D.LowRankMultivariateNormal(p([[0.0, 1.0]] * 3), p([[1.0, 0.2], [0.5, 0.1]]), p([0.5, 1.0]))",
    "D.MixtureSameFamily(D.Categorical(p([0.3, 0.7])), D.Normal(p([-1.0, 2.0]), p([0.5, 1.0])))",
    "D.MixtureSameFamily(D.Categorical(p([[0.3, 0.7], [0.5, 0.5]])), "
    "D.Independent(D.Gamma(p([[[1.0, 2.0], [3.0, 4.0]]] * 2), p(2.0)), 1))",
    *_each("D.Multinomial(5, p(_))", VECTORS),
    "D.Multinomial(3, logits=p([0.5, -1.0, 0.0]))",
    f"D.MultivariateNormal(p([0.0, 1.0, 2.0]), p({MATRIX}))",
    f"D.MultivariateNormal(p([[0.0, 1.0, 2.0]] * 2), precision_matrix=p({MATRIX}))",
    f"D.MultivariateNormal(p([0.0, 1.0, 2.0]), scale_tril=p([{LOWER}] * 2))",
    *_each("D.NegativeBinomial(p(3.0), p(_))", PROBS),
    "D.NegativeBinomial(p([2.0, 5.5]), logits=p([0.4, -1.0]))",
    *_each("D.Normal(p(0.5), p(_))", POSITIVE),
    "D.Normal(0.5, 2.0)",
    "D.Normal(t([1, 2]), 2.0)",
    *_each("D.OneHotCategorical(p(_))", VECTORS),
    *_each("D.OneHotCategoricalStraightThrough(p(_))", VECTORS),
    *_each("D.Pareto(p(0.5), p(_))", POSITIVE),
    *_each("D.Poisson(p(_))", POSITIVE),
    *_each("D.RelaxedBernoulli(p(0.6), p(_))", PROBS),
    "D.RelaxedBernoulli(p(0.6), logits=p([0.5, -1.0]))",
    *_each("D.RelaxedOneHotCategorical(p(0.6), p(_))", VECTORS),
    *_each("D.StudentT(p(_), p(0.5), p(2.0))", POSITIVE),
    "D.TransformedDistribution(D.Normal(p([0.0, 1.0]), p(1.0)), "
    "[D.AffineTransform(p(1.0), p(-2.0)), D.SigmoidTransform()])",
    "D.TransformedDistribution(D.Independent(D.Normal(p([[0.0, 1.0, 0.5]]), p(1.0)), 1), "
    "[D.StickBreakingTransform()])",
    *_each("D.Uniform(p(0.1), p(_))", POSITIVE),
    *_each("D.VonMises(p(0.5), p(_))", POSITIVE),
    *_each("D.Weibull(p(1.5), p(_))", POSITIVE),
    f"D.Wishart(p(5.0), p({MATRIX}))",
    f"D.Wishart(p([4.5, 7.0]), precision_matrix=p({MATRIX}))",
    f"D.Wishart(p(6.0), scale_tril=p({LOWER}))",
]

# in float32: PyTorch's GeneralizedPareto does not take float64
SINGLE = [
    *_each("D.GeneralizedPareto(p(0.5), p(_), p(0.2))", POSITIVE),
    "D.GeneralizedPareto(p([0.0, 1.0, -1.0]), p([1.0, 2.0, 0.5]), p([0.0, -0.3, 1.5]))",
    "D.Normal(p([0.0, 1.0]), p(2.0))",
    "D.Gamma(p([0.5, 3.0]), p(2.0))",
    "D.Normal(0, 1)",
]

PAIRS = {
    "Bernoulli": "D.Bernoulli(p([0.2, 0.7]))",
    "Beta": "D.Beta(p([0.7, 3.0]), p([1.2, 2.0]))",
    "Binomial": "D.Binomial(4, p([0.2, 0.7]))",
    "Categorical": "D.Categorical(p([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]]))",
    "Cauchy": "D.Cauchy(p([0.2, 0.7]), p(2.0))",
    "ContinuousBernoulli": "D.ContinuousBernoulli(p([0.2, 0.7]))",
    "Dirichlet": "D.Dirichlet(p([[0.2, 0.7, 2.0], [1.0, 3.0, 1.0]]))",
    "Exponential": "D.Exponential(p([0.6, 1.7]))",
    "Gamma": "D.Gamma(p([0.6, 1.7]), p([0.9, 2.0]))",
    "Geometric": "D.Geometric(p([0.2, 0.7]))",
    "Gumbel": "D.Gumbel(p([0.2, 0.7]), p([1.2, 0.7]))",
    "HalfNormal": "D.HalfNormal(p([0.2, 0.7]))",
    "Independent": "D.Independent(D.Normal(p([0.2, 0.7]), p([1.2, 0.7])), 1)",
    "Laplace": "D.Laplace(p([0.2, 0.7]), p([1.2, 0.7]))",
    "LowRankMultivariateNormal": "D.LowRankMultivariateNormal(p([0.0, 1.0, 2.0]), "
    "p([[1.0], [0.5], [-1.0]]), p([0.5, 1.0, 2.0]))",
    "MultivariateNormal": f"D.MultivariateNormal(p([0.0, 1.0, 2.0]), p({MATRIX}))",
    "Normal": "D.Normal(p([0.2, 0.7]), p([1.2, 0.7]))",
    "OneHotCategorical": "D.OneHotCategorical(p([0.2, 0.3, 0.5]))",
    "Pareto": "D.Pareto(p([0.2, 0.7]), p([2.6, 3.5]))",
    "Poisson": "D.Poisson(p([0.6, 1.7]))",
    "TransformedDistribution": "D.LogNormal(p([0.2, 0.7]), p([1.2, 0.7]))",
    "Uniform": "D.Uniform(p([0.2, 0.3]), p([0.8, 0.9]))",
    "NegativeBinomial": "D.NegativeBinomial(t([3.0, 4.0]), p([0.2, 0.7]))",
}
# the same families with other parameters: what a divergence from a pair above is taken to
OTHERS = {
    **PAIRS,
    "Bernoulli": "D.Bernoulli(p([0.4, 0.6]))",
    "Beta": "D.Beta(p([1.7, 2.0]), p([1.1, 0.5]))",
    "Binomial": "D.Binomial(4, p([0.4, 0.6]))",
    "Categorical": "D.Categorical(p([[0.3, 0.3, 0.4], [0.2, 0.7, 0.1]]))",
    "Dirichlet": "D.Dirichlet(p([2.2, 0.7, 1.0]))",
    "Exponential": "D.Exponential(p([1.6, 0.7]))",
    "Gamma": "D.Gamma(p([2.6, 1.1]), p([1.9, 1.0]))",
    "Gumbel": "D.Gumbel(p([0.5, -0.7]), p([1.5, 1.7]))",
    "Independent": "D.Independent(D.Normal(p([0.5, -0.7]), p([2.2, 1.7])), 1)",
    "Laplace": "D.Laplace(p([0.5, -0.7]), p([1.9, 1.7]))",
    "LowRankMultivariateNormal": "D.LowRankMultivariateNormal(p([1.0, 0.0, 2.0]), "
    "p([[0.4], [0.5], [1.0]]), p([1.5, 1.0, 0.7]))",
    "MultivariateNormal": f"D.MultivariateNormal(p([[0.5, 1.0, 1.0]] * 2), scale_tril=p({LOWER}))",
    "Normal": "D.Normal(p([0.5, -0.7]), p([1.9, 1.7]))",
    "OneHotCategorical": "D.OneHotCategorical(p([0.5, 0.3, 0.2]))",
    "Pareto": "D.Pareto(p([0.1, 0.9]), p([2.0, 3.0]))",
    "Poisson": "D.Poisson(p([1.6, 0.7]))",
    "TransformedDistribution": "D.LogNormal(p([0.5, -0.7]), p([1.9, 1.7]))",
    "Uniform": "D.Uniform(p([0.0, -0.5]), p([0.8, 1.2]))",
}

TRANSFORMS = {
    "D.AbsTransform()": "[0.5, 2.0]",
    "D.AffineTransform(p(1.0), p([2.0, -3.0]))": "[0.5, -1.0]",
    "D.AffineTransform(1.0, 2.0, event_dim=1)": "[0.5, -1.0]",
    "D.CatTransform([D.ExpTransform(), D.TanhTransform()], 0, [2, 1])": "[0.5, -1.0, 2.0]",
    "D.ComposeTransform([D.ExpTransform(), D.StickBreakingTransform()])": "[0.5, -1.0, 2.0]",
    "D.CorrCholeskyTransform()": "[0.5, -1.0, 2.0]",
    "D.CumulativeDistributionTransform(D.Normal(0.5, 2.0))": "[0.5, -1.0, 2.0]",
    "D.ExpTransform()": "[0.5, -1.0, 2.0]",
    "D.IndependentTransform(D.ExpTransform(), 1)": "[[0.5, -1.0], [2.0, 0.0]]",
    "D.LowerCholeskyTransform()": "[[0.5, -1.0], [2.0, 0.0]]",
    "D.PositiveDefiniteTransform()": "[[0.5, -1.0], [2.0, 0.0]]",
    "D.PowerTransform(p(2.5))": "[0.5, 1.0, 2.0]",
    "D.ReshapeTransform((4,), (2, 2))": "[0.5, 1.0, 2.0, 3.0]",
    "D.SigmoidTransform()": "[0.5, -1.0, 2.0]",
    "D.SoftmaxTransform()": "[0.5, -1.0, 2.0]",
    "D.SoftplusTransform()": "[0.5, -1.0, 25.0]",
    "D.StackTransform([D.ExpTransform(), D.TanhTransform()], dim=0)": "[[0.5, -1.0], [2.0, 0.1]]",
    "D.StickBreakingTransform()": "[0.5, -1.0, 2.0]",
    "D.TanhTransform()": "[0.5, -1.0, 2.0]",
    "D.identity_transform": "[0.5, -1.0]",
    "D.TanhTransform().inv": "[0.5, -0.2]",
    "D.ComposeTransform([D.ExpTransform(), D.AffineTransform(1.0, 2.0)]).inv": "[1.5, 3.0]",
    "D.transform_to(D.constraints.interval(-1.0, 3.0))": "[0.5, -1.0]",
    "D.biject_to(D.constraints.less_than(2.0))": "[0.5, -1.0]",
    "D.biject_to(D.constraints.simplex)": "[0.5, -1.0]",
    "D.transform_to(D.constraints.positive_definite)": "[[0.5, -1.0], [2.0, 0.0]]",
    "D.biject_to(D.constraints.independent(D.constraints.positive, 1))": "[0.5, -1.0]",
}

# each is checked on each: (constraint, values)
CHECKS = {
    "boolean": "[0.0, 1.0, 0.5]",
    "one_hot": "[[0.0, 1.0], [1.0, 1.0], [0.5, 0.5]]",
    "nonnegative_integer": "[0.0, 2.0, -1.0, 0.5]",
    "positive_integer": "[0.0, 2.0, -1.0]",
    "integer_interval(1, 3)": "[0.0, 1.0, 3.0, 4.0, 2.5]",
    "real": "[0.0, NAN, INF]",
    "real_vector": "[[0.0, NAN], [1.0, 2.0]]",
    "positive": "[0.0, 1.0, NAN, -1.0]",
    "nonnegative": "[0.0, 1.0, -1.0]",
    "greater_than(1.0)": "[1.0, 2.0]",
    "greater_than_eq(1.0)": "[1.0, 2.0, 0.0]",
    "less_than(1.0)": "[1.0, 0.0]",
    "multinomial(3)": "[[1.0, 2.0], [2.0, 2.0], [-1.0, 1.0]]",
    "unit_interval": "[0.0, 1.0, 1.5, -0.1]",
    "interval(1.0, 2.0)": "[1.0, 2.0, 3.0]",
    "half_open_interval(1.0, 2.0)": "[1.0, 2.0]",
    "simplex": "[[0.5, 0.5], [0.5, 0.6], [-1.0, 2.0]]",
    "lower_triangular": "[[[1.0, 0.0], [1.0, -1.0]], [[1.0, 1.0], [0.0, 1.0]]]",
    "lower_cholesky": "[[[1.0, 0.0], [1.0, -1.0]], [[1.0, 0.0], [0.0, 1.0]]]",
    "corr_cholesky": "[[[1.0, 0.0], [0.6, 0.8]], [[1.0, 0.0], [0.6, 0.7]]]",
    "square": "[[1.0, 0.0], [0.0, 1.0]]",
    "symmetric": "[[[1.0, 0.5], [0.5, 1.0]], [[1.0, 0.5], [0.4, 1.0]]]",
    "positive_semidefinite": "[[[1.0, 0.5], [0.5, 1.0]], [[1.0, 2.0], [2.0, 1.0]]]",
    "positive_definite": "[[[1.0, 0.5], [0.5, 1.0]], [[1.0, 2.0], [2.0, 1.0]]]",
    "cat([C.real, C.positive], dim=-1, lengths=[1, 2])": "[[0.0, 1.0, -1.0]]",
    "stack([C.real, C.positive], dim=-1)": "[[-1.0, -1.0], [1.0, 1.0]]",
    "independent(C.positive, 1)": "[[1.0, 2.0], [0.0, 1.0]]",
    "MixtureSameFamilyConstraint(C.positive)": "[1.0, -1.0]",
}

ERRORS = [
    "D.Normal(t([0.0, 1.0]), t([1.0, -1.0]))",
    "D.Normal(0.0, 1.0).log_prob(t(math.nan))",
    "D.Normal(0.0, 1.0).log_prob(1.0)",
    "D.Normal(t([0.0, 1.0]), 1.0).log_prob(torch.zeros(3))",
    "D.Bernoulli()", "D.Bernoulli(0.5, 0.1)", "D.Bernoulli(0.5).icdf(t(0.5))",
    "D.Bernoulli(0.5).rsample()", "D.Poisson(0.5).entropy()", "D.Poisson(-1.0)",
    "D.Poisson(0.5).log_prob(t(0.5))", "D.Categorical(t(1.0))",
    "D.Categorical(t([0.5, 0.5])).log_prob(t(2.0))",
    "D.MultivariateNormal(t(1.0), torch.eye(2))", "D.MultivariateNormal(torch.ones(2))",
    "D.MultivariateNormal(torch.ones(2), torch.ones(2))",
    "D.MultivariateNormal(torch.ones(2), -torch.eye(2))",
    "D.MultivariateNormal(torch.ones(2), torch.eye(2)).log_prob(torch.ones(3))",
    "D.Wishart(t(1.0), torch.eye(2))", "D.Wishart(t(3.0), torch.ones(2))", "D.Wishart(t(3.0))",
    "D.LKJCholesky(1, 1.0)", "D.Dirichlet(t(1.0))", "D.Multinomial(t([3]), t([0.2, 0.8]))",
    "D.Dirichlet(t([1.0, 2.0])).log_prob(t([0.5, 0.6]))",
    "D.Independent(D.Normal(0.0, 1.0), 1)",
    "D.MixtureSameFamily(D.Normal(0.0, 1.0), D.Normal(0.0, 1.0))",
    "D.MixtureSameFamily(D.Categorical(t([0.5, 0.5])), D.Normal(0.0, 1.0))",
    "D.MixtureSameFamily(D.Categorical(t([0.5, 0.5])), D.Normal(torch.zeros(3), 1.0))",
    "D.TransformedDistribution(D.Normal(0.0, 1.0), 3)",
    "D.TransformedDistribution(D.Normal(0.0, 1.0), [D.StickBreakingTransform()])",
    "D.Uniform(t(1.0), t(0.0))", "D.Uniform(0.0, 1.0).log_prob(t(2.0))",
    "D.Uniform(0.0, 1.0).cdf(t(2.0))", "D.RelaxedBernoulli(t(1.0))",
    "D.LowRankMultivariateNormal(t(0.0), torch.ones(2, 1), torch.ones(2))",
    "D.LowRankMultivariateNormal(torch.zeros(2), torch.ones(2), torch.ones(2))",
    "D.LowRankMultivariateNormal(torch.zeros(2), torch.ones(3, 1), torch.ones(2))",
    "D.LowRankMultivariateNormal(torch.zeros(2), torch.ones(2, 1), torch.ones(3))",
    "D.Binomial(t([2.0, 3.0]), t(0.5)).enumerate_support()", "D.Geometric(0.0)",
    "D.Binomial(-1, t(0.5))", "D.Beta(0.0, 1.0)", "D.Gamma(1.0, t([1.0, 0.0]))",
    "D.kl_divergence(D.Poisson(0.5), D.Normal(0.0, 1.0))",
    "D.kl_divergence(D.Cauchy(0.0, 1.0), D.Normal(0.0, 1.0))",
    "D.kl_divergence(D.Binomial(3, t(0.5)), D.Binomial(4, t(0.5)))",
    "D.kl_divergence(D.MultivariateNormal(torch.zeros(2), torch.eye(2)), "
    "D.MultivariateNormal(torch.zeros(3), torch.eye(3)))",
    "D.biject_to(D.constraints.symmetric)", "D.transform_to(D.constraints.dependent)",
    "D.biject_to(3)", "D.biject_to.register(3, lambda c: c)", "D.register_kl(3, D.Normal)",
    "D.utils.broadcast_all(3, 'a')", "D.Distribution.set_default_validate_args(3)",
    "D.constraints.dependent.check(t(1.0))", "D.constraints.dependent.event_dim",
    "D.constraints.dependent.is_discrete", "D.ExpTransform(cache_size=2)",
    "D.ReshapeTransform((2,), (3,))", "D.ReshapeTransform((2,), (1, 2)).forward_shape((3,))",
    "D.CorrCholeskyTransform().forward_shape((4,))", "D.AbsTransform().sign",
    "D.StickBreakingTransform().forward_shape(())",
    "D.utils.vec_to_tril_matrix(torch.ones(4))", "D.utils.tril_matrix_to_vec(torch.ones(2, 2), 3)",
    "D.Independent(D.Bernoulli(t([0.5])), 1).enumerate_support()",
]  # fmt: skip


def namespace(torch, dtype=None):
    """What a case may use, and the list of its parameters."""
    parameters = []

    def p(value):
        parameters.append(torch.tensor(value, dtype=dtype or torch.float64).requires_grad_())
        return parameters[-1]

    def t(value):
        return torch.tensor(value)

    names = {"D": torch.distributions, "C": torch.distributions.constraints, "p": p, "t": t,
             "torch": torch, "math": math, "NAN": math.nan, "INF": math.inf}  # fmt: skip
    return names, parameters


def plain(x):
    """A tensor as a list, else its text."""
    return x.detach().tolist() if hasattr(x, "detach") else str(x)


def _gradients(torch, parameters, y):
    """The gradients of Σ y_i w_i, w fixed numbers; None for parameters that y does not have."""
    if not y.requires_grad:
        return None
    w = torch.linspace(0.5, 1.5, y.numel(), dtype=y.dtype).reshape(y.shape)
    try:
        found = torch.autograd.grad((y * w).sum(), parameters, allow_unused=True)
    except RuntimeError as error:
        return str(error)
    return [None if g is None else plain(g) for g in found]


def evaluate(torch, code, seed=1, dtype=None):
    """{what was asked: answer} of a case."""
    answers = {}

    def asked(name, f):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                names, parameters = namespace(torch, dtype)
                torch.manual_seed(seed)
                d = eval(code, names)
                y = f(d)
        except (NotImplementedError, AttributeError) as error:
            answers[name] = type(error).__name__
            return
        answers[name] = plain(y)
        if hasattr(y, "requires_grad") and y.is_floating_point():
            answers[name + " dtype"] = str(y.dtype)
            answers[name + " gradients"] = _gradients(torch, parameters, y)

    for name in ("mean", "mode", "variance", "stddev"):
        asked(name, lambda d, name=name: getattr(d, name))
    for name in ("batch_shape", "event_shape", "has_rsample", "has_enumerate_support", "support"):
        asked(name, lambda d, name=name: repr(getattr(d, name)))
    asked("repr", repr)
    asked("entropy", lambda d: d.entropy())
    asked("perplexity", lambda d: d.perplexity())
    asked("enumerate_support", lambda d: d.enumerate_support())
    asked("enumerate_support(False)", lambda d: d.enumerate_support(expand=False))
    for shape in ((), (2,), (3, 2)):
        asked(f"sample({shape})", lambda d, shape=shape: d.sample(shape))
        asked(f"rsample({shape})", lambda d, shape=shape: d.rsample(shape))
    asked("log_prob", lambda d: d.log_prob(d.sample((3,))))
    asked("cdf", lambda d: d.cdf(d.sample((3,))))
    asked(
        "icdf",
        lambda d: d.icdf(torch.full((2, *d.batch_shape), 0.3, dtype=dtype or torch.float64)),
    )
    wide = lambda d: d.expand((2, *d.batch_shape))  # noqa: E731
    asked("expand repr", lambda d: repr(wide(d)))
    asked("expand sample", lambda d: wide(d).sample())
    asked("expand log_prob", lambda d: wide(d).log_prob(d.sample()))
    asked("expand mean", lambda d: wide(d).mean)
    return answers


def divergence(torch, p, q):
    """KL of a pair and its gradients, or the class of its error."""
    names, parameters = namespace(torch)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            kl = torch.distributions.kl_divergence(eval(PAIRS[p], names), eval(OTHERS[q], names))
    except NotImplementedError as error:
        return type(error).__name__
    return {"kl": plain(kl), "gradients": _gradients(torch, parameters, kl)}


def transformed(torch, code, x):
    """What a transform makes of x, and back."""
    names, _ = namespace(torch)
    t = eval(code, names)
    x = torch.tensor(eval(x), dtype=torch.float64).requires_grad_()
    y = t(x)
    answers = {"y": plain(y), "x": plain(t.inv(y)), "repr": repr(t), "inv": repr(t.inv)}
    answers["gradients"] = _gradients(torch, [x], y)
    asked = {
        "log_abs_det_jacobian": lambda: plain(t.log_abs_det_jacobian(x, y)),
        "sign": lambda: plain(t.sign),
        "bijective": lambda: str(t.bijective),
        "domain": lambda: repr(t.domain),
        "codomain": lambda: repr(t.codomain),
        "event_dim": lambda: str(t.event_dim),
        "forward_shape": lambda: str(tuple(t.forward_shape(x.shape))),
        "inverse_shape": lambda: str(tuple(t.inverse_shape(y.shape))),
        "with_cache": lambda: str(cached(t.with_cache(1), x)),
        "equal": lambda: str(t == eval(code, names)),
    }
    for name, f in asked.items():
        try:
            answers[name] = f()
        except (NotImplementedError, ValueError) as error:
            answers[name] = f"{type(error).__name__}"
    return answers


def cached(t, x):
    """Does a transform with a cache give back the very x that it was called with?"""
    return t.inv(t(x)) is x


def checked(torch, code, values):
    """A constraint's repr and verdicts."""
    names, _ = namespace(torch)
    c = eval("C." + code, names)
    value = torch.tensor(eval(values, names), dtype=torch.float64)
    return {"repr": repr(c), "check": plain(c.check(value)), "event_dim": c.event_dim,
            "is_discrete": c.is_discrete}  # fmt: skip


def error_of(torch, code):
    """Class and text of the error of a case; None if there is none."""
    names, _ = namespace(torch)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            eval(code, names)
    except Exception as error:
        return type(error).__name__, str(error).replace("rushlight", "torch")
    return None


def everything(torch):
    """All cases of this file with one library: what tests/frozen/distributions.json holds."""
    return {
        "distributions": {code: evaluate(torch, code) for code in CASES},
        "single": {code: evaluate(torch, code, dtype=torch.float32) for code in SINGLE},
        "divergences": {f"{p} {q}": divergence(torch, p, q) for p in PAIRS for q in OTHERS},
        "transforms": {code: transformed(torch, code, x) for code, x in TRANSFORMS.items()},
        "constraints": {code: checked(torch, code, v) for code, v in CHECKS.items()},
        "errors": {code: error_of(torch, code) for code in ERRORS},
    }


# rsample's gradients through gamma numbers: PyTorch approximates them to about 1e-3, ours are exact
# (test_implicit_gradients); up to IMPLICIT they are compared
GAMMA_MADE = "Beta Chi2 Dirichlet FisherSnedecor Gamma InverseGamma StudentT Wishart".split()
IMPLICIT = 2e-3


def _known(path, key):
    """Where ours is another answer on purpose."""
    return (
        # PyTorch's formula has the parameters exchanged: NaN wherever there is a mode
        ("Kumaraswamy" in path and key.startswith("mode"))
        # PyTorch writes into a saved tensor and cannot go backward
        or ("Wishart" in path and key.startswith("rsample(") and "," in key and "grad" in key)
        # PyTorch gives the zeros above the diagonal a gradient
        or ("Wishart" in path and "scale_tril" in path and key.endswith("log_prob gradients"))
    )


def differences(ours, theirs, tolerance, path=""):
    """Where two answers differ: lists of numbers up to the tolerance, all else exactly."""
    if isinstance(theirs, dict):
        for key in theirs:
            if _known(path, key):
                continue
            # PyTorch's Bessel functions there are polynomials of Abramowitz and Stegun, to 1e-6
            tolerance = max(tolerance, 1e-6) if "VonMises" in path else tolerance
            loose = "rsample" in key and "gradients" in key and any(g in path for g in GAMMA_MADE)
            yield from differences(
                ours.get(key), theirs[key], IMPLICIT if loose else tolerance, f"{path} {key}"
            )
    elif isinstance(theirs, (list, tuple)) and isinstance(ours, (list, tuple)):
        if len(ours) != len(theirs):
            yield f"{path}: {ours} {theirs}"
            return
        for a, b in zip(ours, theirs, strict=True):
            yield from differences(a, b, tolerance, path)
    elif isinstance(theirs, float) and isinstance(ours, float):
        same = ours == theirs or (math.isnan(ours) and math.isnan(theirs))
        if not same and not abs(ours - theirs) <= tolerance * (1 + abs(theirs)):
            yield f"{path}: {ours} {theirs}"
    elif ours != theirs:
        yield f"{path}: {ours!r} {theirs!r}"


def read(path):
    """The frozen answers."""
    return json.loads(path.read_text("utf-8"))
