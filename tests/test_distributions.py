"""torch.distributions against frozen numbers of PyTorch: every method of every distribution, with
gradients; divergences, transforms, constraints, errors. tools/freeze_distributions.py made them.
"""

import doctest
import importlib
import math
from pathlib import Path

import distribution_cases as cases
import pytest

import rushlight as torch
from rushlight import distributions as D
from rushlight.ops.gamma_draws import beta_slope, gamma_slope

FROZEN = cases.read(Path(__file__).parent / "frozen" / "distributions.json")
# float64, through special functions that both libraries have to about 1e-8
TOLERANCE = 1e-7
SINGLE = 1e-5


@pytest.mark.parametrize("code", cases.CASES)
def test_every_method_of_a_distribution(code):
    answers = cases.evaluate(torch, code)
    assert list(cases.differences(answers, FROZEN["distributions"][code], TOLERANCE, code)) == []


@pytest.mark.parametrize("code", cases.SINGLE)
def test_every_method_in_float32(code):
    answers = cases.evaluate(torch, code, dtype=torch.float32)
    assert list(cases.differences(answers, FROZEN["single"][code], SINGLE, code)) == []


@pytest.mark.parametrize("p", cases.PAIRS)
def test_divergences_from(p):
    wrong = []
    for q in cases.OTHERS:
        answer = cases.divergence(torch, p, q)
        wrong += cases.differences(answer, FROZEN["divergences"][f"{p} {q}"], TOLERANCE, f"{p} {q}")
    assert wrong == []


@pytest.mark.parametrize("code", cases.TRANSFORMS)
def test_transforms(code):
    answers = cases.transformed(torch, code, cases.TRANSFORMS[code])
    assert list(cases.differences(answers, FROZEN["transforms"][code], TOLERANCE)) == []


@pytest.mark.parametrize("code", cases.CHECKS)
def test_constraints(code):
    answers = cases.checked(torch, code, cases.CHECKS[code])
    assert list(cases.differences(answers, FROZEN["constraints"][code], 0)) == []


@pytest.mark.parametrize("code", cases.ERRORS)
def test_errors(code):
    name, text = FROZEN["errors"][code]
    ours = cases.error_of(torch, code)
    assert ours is not None and ours[0] == name
    assert ours[1].startswith(text.partition("\n")[0])


# ---------------------------------------------------------------- without PyTorch's numbers


def test_implicit_gradients():
    for a, x, slope in FROZEN["slopes"]["gamma"]:
        found = gamma_slope(*(torch.tensor([v], dtype=torch.float64).numpy() for v in (a, x)))
        assert found[0] == pytest.approx(slope, rel=1e-6)
    for a, b, x, slope in FROZEN["slopes"]["beta"]:
        found = beta_slope(*(torch.tensor([v], dtype=torch.float64).numpy() for v in (a, b, x)))
        assert found[0] == pytest.approx(slope, rel=1e-6, abs=1e-12)


def test_implicit_gradients_at_the_edges():
    nan = float("nan")
    a, x = torch.tensor([1.0, 0.0, nan, 2.0]), torch.tensor([0.0, 1.0, 1.0, math.inf])
    slope = torch._standard_gamma_grad(a, x)
    assert slope[0] == 0 and slope[1:].isnan().all()
    assert torch._standard_gamma(torch.tensor([0.0, -1.0]))[1].isnan()
    assert torch._standard_gamma(torch.empty(0, 3)).shape == (0, 3)


@pytest.mark.parametrize("draw", [torch._standard_gamma, torch._sample_dirichlet])
def test_implicit_gradients_have_no_derivative_and_say_so(draw):
    a = torch.tensor([2.0, 3.0]).requires_grad_()
    w = torch.tensor([1.0, 2.0])
    (g,) = torch.autograd.grad((draw(a) * w).sum(), a, create_graph=True)
    with pytest.raises(NotImplementedError, match=r"the derivative for '_.*_grad' is not"):
        g.sum().backward()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "int64"])
def test_gamma_numbers_come_in_float32_and_float64(dtype):
    a = torch.ones(2, dtype=getattr(torch, dtype))
    name = {"float16": "Half", "bfloat16": "BFloat16", "int64": "Long"}[dtype]
    for kernel, f in {
        "gamma_cpu": torch._standard_gamma,
        "dirichlet": torch._sample_dirichlet,
        "_standard_gamma_grad_cpu": lambda a: torch._standard_gamma_grad(a, a),
        "_dirichlet_grad_cpu": lambda a: torch._dirichlet_grad(a, a, a),
    }.items():
        with pytest.raises(NotImplementedError) as caught:
            f(a)
        assert str(caught.value) == f"\"{kernel}\" not implemented for '{name}'"


INTEGRALS = {
    "D.Beta(t(2.0), t(3.0))": (0, 1), "D.Cauchy(0.0, 0.01)": (-30, 30), "D.Chi2(3.0)": (0, 60),
    "D.ContinuousBernoulli(t(0.3))": (0, 1), "D.Exponential(2.0)": (0, 20),
    "D.FisherSnedecor(4.0, 30.0)": (0, 60), "D.Gamma(2.5, 2.0)": (0, 30),
    "D.GeneralizedPareto(0.0, 1.0, -0.4)": (0, 2.4999), "D.Gumbel(0.0, 1.0)": (-5, 25),
    "D.HalfNormal(2.0)": (0, 20), "D.InverseGamma(6.0, 2.0)": (1e-3, 40),
    "D.Kumaraswamy(t(2.0), t(3.0))": (0, 1), "D.Laplace(0.5, 0.7)": (-20, 20),
    "D.LogNormal(0.0, 0.5)": (1e-3, 30), "D.Normal(0.5, 2.0)": (-20, 20),
    "D.Pareto(1.0, 5.0)": (1, 60), "D.StudentT(9.0)": (-40, 40),
    "D.Uniform(-1.0, 2.0)": (-1, 1.9999),
    "D.VonMises(t(0.5), t(2.0))": (-math.pi, math.pi), "D.Weibull(1.0, 2.5)": (1e-4, 6),
    "D.MixtureSameFamily(D.Categorical(t([0.3, 0.7])), D.Normal(t([-1.0, 2.0]), 0.5))": (-9, 9),
    "D.RelaxedBernoulli(t(2.0), t(0.3))": (1e-5, 1 - 1e-5),
}  # fmt: skip


@pytest.mark.parametrize("code", INTEGRALS)
def test_a_density_integrates_to_one(code):
    names, _ = cases.namespace(torch)
    d = eval(code, names)
    low, high = INTEGRALS[code]
    n = 40000
    x = low + (high - low) * (torch.arange(n, dtype=torch.float64) + 0.5) / n
    p = d.log_prob(x.to(torch.float32)).double().exp()
    assert p.sum().item() * (high - low) / n == pytest.approx(1, abs=5e-3)


SUMS = {
    "D.Bernoulli(0.3)": 2, "D.Binomial(6, t(0.3))": 7, "D.Categorical(t([0.2, 0.3, 0.5]))": 3,
    "D.Geometric(0.3)": 90, "D.NegativeBinomial(2.5, t(0.4))": 90, "D.Poisson(7.0)": 90,
}  # fmt: skip


@pytest.mark.parametrize("code", SUMS)
def test_probabilities_sum_to_one(code):
    names, _ = cases.namespace(torch)
    d = eval(code, names)
    p = d.log_prob(torch.arange(float(SUMS[code]))).exp()
    assert p.sum().item() == pytest.approx(1, abs=1e-5)


MOMENTS = """
    D.Beta(2.0,3.0) D.Gamma(2.5,2.0) D.FisherSnedecor(5.0,30.0) D.StudentT(9.0,1.0,2.0)
    D.InverseGamma(6.0,2.0) D.Kumaraswamy(2.0,3.0) D.Gumbel(0.5,2.0) D.Weibull(1.5,2.0)
    D.Pareto(1.0,6.0) D.HalfNormal(2.0) D.LogNormal(0.2,0.5) D.Laplace(0.5,2.0)
    D.ContinuousBernoulli(0.3) D.Geometric(0.3) D.Poisson(12.0) D.Binomial(40,t(0.4))
    D.NegativeBinomial(4.0,t(0.4)) D.GeneralizedPareto(0.0,1.0,-0.3)
    D.Dirichlet(t([1.0,2.0,3.0])) D.Multinomial(7,t([0.2,0.3,0.5]))
    D.MultivariateNormal(t([1.0,2.0]),t([[2.0,0.5],[0.5,1.0]])) D.Wishart(t(6.0),torch.eye(2))
    D.LowRankMultivariateNormal(t([1.0,2.0]),t([[1.0],[0.5]]),t([0.5,1.0]))
""".split()


@pytest.mark.parametrize("code", MOMENTS)
def test_samples_have_the_mean_and_the_variance(code):
    names, _ = cases.namespace(torch)
    d = eval(code, names)
    torch.manual_seed(0)
    x = d.sample((4000,))
    spread = d.stddev / math.sqrt(4000)
    assert ((x.mean(0) - d.mean).abs() <= 5 * spread).all()
    assert (x.var(0) / d.variance - 1).abs().max() < 0.25


@pytest.mark.parametrize(
    ("p", "q"),
    [
        ("D.Normal(0.0, 1.0)", "D.Laplace(0.5, 2.0)"),
        ("D.Gamma(3.0, 2.0)", "D.Gumbel(0.5, 2.0)"),
        ("D.Beta(2.0, 3.0)", "D.ContinuousBernoulli(0.3)"),
        ("D.Uniform(0.2, 0.8)", "D.Beta(2.0, 3.0)"),
        ("D.Pareto(1.0, 6.0)", "D.Gamma(2.0, 1.0)"),
        ("D.Exponential(2.0)", "D.Gamma(2.0, 1.5)"),
        ("D.Wishart(t(6.0), torch.eye(2))", "D.Wishart(t(7.0), 1.5 * torch.eye(2))"),
    ],
)
def test_a_divergence_is_the_mean_of_the_log_ratio(p, q):
    names, _ = cases.namespace(torch)
    p, q = eval(p, names), eval(q, names)
    torch.manual_seed(0)
    x = p.sample((4000,))
    ratio = p.log_prob(x) - q.log_prob(x)
    error = ratio.std() / math.sqrt(4000)
    assert (ratio.mean() - D.kl_divergence(p, q)).abs() < 5 * error


@pytest.mark.parametrize(
    "code",
    """
    D.Normal(a,b) D.Laplace(a,b) D.Cauchy(a,b) D.Exponential(b) D.Uniform(a,a+b) D.Gumbel(a,b)
    D.LogNormal(a,b) D.HalfNormal(b) D.HalfCauchy(b) D.Weibull(b,b+1) D.Pareto(b,b+1)
    D.Kumaraswamy(b,b+1) D.ContinuousBernoulli(torch.sigmoid(a)) D.LogisticNormal(a,b)
    D.RelaxedBernoulli(b,logits=a) D.RelaxedOneHotCategorical(b[0],logits=a)
    D.GeneralizedPareto(a,b,b/4) D.MultivariateNormal(a,scale_tril=torch.diag(b))
    D.MultivariateNormal(a,torch.outer(b,b)+torch.diag(b))
    D.LowRankMultivariateNormal(a,b[:,None],b) D.Independent(D.Normal(a,b),1)
    """.split(),
)
def test_rsample_is_differentiable(code):
    def drawn(a, b):
        torch.manual_seed(3)
        return eval(code, {"D": D, "torch": torch, "a": a, "b": b}).rsample((2,))

    a = torch.tensor([0.3, -0.5], dtype=torch.float64).requires_grad_()
    b = torch.tensor([0.7, 1.6], dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(drawn, (a, b))


def test_straight_through_passes_the_gradient_to_the_probabilities():
    logits = torch.tensor([0.5, 1.0, -1.0]).requires_grad_()
    y = D.OneHotCategoricalStraightThrough(logits=logits).rsample()
    assert sorted(y.tolist()) == [0, 0, 1]
    (g,) = torch.autograd.grad(y[0], logits)
    p = torch.softmax(logits, 0).detach()
    assert torch.allclose(g, p[0] * (torch.tensor([1.0, 0.0, 0.0]) - p))


# ---------------------------------------------------------------- conveniences


@pytest.mark.parametrize("name", D.__all__)
def test_the_examples_of_docstrings(name):
    names = {n: getattr(D, n) for n in D.__all__} | {"torch": torch, "tensor": torch.tensor}
    parser, lines = doctest.DocTestParser(), getattr(D, name).__doc__ or ""
    for example in parser.get_examples(lines):
        if not example.want:
            exec(example.source, names)
        else:
            assert repr(eval(example.source, names)) == example.want.strip()


def test_pytorchs_files_are_import_paths():
    for path, name in {
        "normal": "Normal", "multivariate_normal": "MultivariateNormal", "beta": "Beta",
        "kl": "register_kl", "utils": "lazy_property", "transforms": "ExpTransform",
        "constraints": "positive", "distribution": "Distribution", "studentT": "StudentT",
        "exp_family": "ExponentialFamily", "constraint_registry": "ConstraintRegistry",
        "relaxed_bernoulli": "LogitRelaxedBernoulli", "lkj_cholesky": "LKJCholesky",
        "relaxed_categorical": "ExpRelaxedCategorical", "independent": "Independent",
    }.items():  # fmt: skip
        module = importlib.import_module(f"rushlight.distributions.{path}")
        assert getattr(module, name) is not None
        if name in D.__all__:
            assert getattr(module, name) is getattr(D, name)
    assert torch.distributions is D


def test_validation_can_be_turned_off():
    D.Normal(0.0, -1.0, validate_args=False)
    assert D.Uniform(0.0, 1.0, validate_args=False).log_prob(torch.tensor(2.0)) == -math.inf
    try:
        D.Distribution.set_default_validate_args(False)
        D.Normal(0.0, -1.0)
    finally:
        D.Distribution.set_default_validate_args(True)
    with pytest.raises(ValueError, match="to satisfy the constraint GreaterThan"):
        D.Normal(0.0, -1.0)


def test_expand_of_a_subclass():
    class Plain(D.Normal):
        pass

    class Own(D.Normal):
        def __init__(self, loc):
            super().__init__(loc, 1.0)

    assert type(Plain(0.0, 1.0).expand((2,))) is Plain
    with pytest.raises(NotImplementedError, match=r"must also define a custom \.expand"):
        Own(0.0).expand((2,))


def test_register_kl_takes_classes_of_others():
    class Other:
        """Like pyro's distributions: no subclass of torch's."""

    try:
        D.register_kl(Other, Other)(lambda p, q: torch.tensor(3.0))
        assert D.kl_divergence(Other(), Other()) == 3
    finally:
        D.kl._KL_REGISTRY.pop((Other, Other))
        D.kl._KL_MEMOIZE.clear()
    with pytest.raises(TypeError, match="arg 1 must be a class"):
        D.register_kl(D.Normal, 3)


def test_register_kl_prefers_the_nearest_classes():
    class Mine(D.Normal):
        pass

    try:

        @D.register_kl(Mine, D.Normal)
        def _(p, q):
            return torch.tensor(7.0)

        assert D.kl_divergence(Mine(0.0, 1.0), D.Normal(0.0, 1.0)) == 7
        assert D.kl_divergence(D.Normal(0.0, 1.0), Mine(0.0, 1.0)) == 0

        @D.register_kl(D.Normal, Mine)
        def _(p, q):
            return torch.tensor(8.0)

        with pytest.warns(RuntimeWarning, match="Ambiguous kl_divergence"):
            D.kl_divergence(Mine(0.0, 1.0), Mine(0.0, 1.0))
    finally:
        for key in [k for k in D.kl._KL_REGISTRY if Mine in k]:
            del D.kl._KL_REGISTRY[key]
        D.kl._KL_MEMOIZE.clear()


def test_a_registry_takes_constraints_of_ones_own():
    class Even(D.constraints.Constraint):
        pass

    registry = D.constraint_registry.ConstraintRegistry()
    registry.register(Even, lambda c: D.ExpTransform())
    assert registry(Even()) == D.ExpTransform()
    with pytest.raises(NotImplementedError, match="Cannot transform Even constraints"):
        D.biject_to(Even())


def test_lazy_properties():
    d = D.Bernoulli(logits=torch.tensor(0.0))
    assert "probs" not in vars(d)
    assert d.probs == 0.5 and "probs" in vars(d)
    assert isinstance(D.Bernoulli.probs, property)
    with pytest.warns(FutureWarning, match="sample_n"):
        assert d.sample_n(3).shape == (3,)


def test_triangles():
    x = torch.arange(1.0, 7.0)
    m = D.utils.vec_to_tril_matrix(x)
    assert m.tolist() == [[1, 0, 0], [2, 3, 0], [4, 5, 6]]
    assert torch.equal(D.utils.tril_matrix_to_vec(m), x)
    m = D.utils.vec_to_tril_matrix(x[:3], diag=-1)
    assert m.tolist() == [[0, 0, 0], [1, 0, 0], [2, 3, 0]]
