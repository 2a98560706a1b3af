"""torch.distributions against the living PyTorch: every case with seeds of the day, random
parameters, transforms and divergences.
"""

import os
import random
import sys
from pathlib import Path

import pytest

oracle = pytest.importorskip("torch")

sys.path.insert(0, str(Path(__file__).parents[1]))

import distribution_cases as cases  # noqa: E402

import rushlight as torch  # noqa: E402

SEED = int(os.environ.get("ORACLE_SEED", "1"))
TOLERANCE = 1e-7
# samples of 64 numbers and more by PyTorch's vector kernels, whose logarithms round differently on
# some processors (docs/random.md); in float64
DRAWS = """
    D.Bernoulli(p(PROBS)) D.Beta(p(SOME),p(2.0)) D.Binomial(20,p(PROBS)) D.Cauchy(p(0.0),p(SOME))
    D.Categorical(p(PROBS)) D.Chi2(p(SOME)) D.ContinuousBernoulli(p(PROBS)) D.Dirichlet(p(SOME))
    D.Exponential(p(SOME)) D.FisherSnedecor(p(SOME),p(5.0)) D.Gamma(p(SOME),p(2.0))
    D.Geometric(p(PROBS)) D.Gumbel(p(0.0),p(SOME)) D.HalfCauchy(p(SOME)) D.HalfNormal(p(SOME))
    D.InverseGamma(p(SOME),p(2.0)) D.Kumaraswamy(p(SOME),p(2.0)) D.LKJCholesky(4,p(SOME))
    D.Laplace(p(0.0),p(SOME)) D.LogNormal(p(0.0),p(SOME)) D.LogisticNormal(p(SOME),p(SOME))
    D.Multinomial(9,p(PROBS)) D.NegativeBinomial(p(SOME),p(PROBS)) D.Normal(p(0.0),p(SOME))
    D.OneHotCategorical(p(PROBS)) D.Pareto(p(1.0),p(SOME)) D.Poisson(p(SOME))
    D.RelaxedBernoulli(p(0.7),p(PROBS)) D.RelaxedOneHotCategorical(p(0.7),p(PROBS))
    D.StudentT(p(SOME)) D.Uniform(p(0.0),p(SOME)) D.VonMises(p(SOME),p(SOME))
    D.Weibull(p(1.0),p(SOME))
""".split()
RANDOM = random.Random(SEED)
SOME = [RANDOM.uniform(0.2, 9.0) for _ in range(5)]
PROBS = [RANDOM.uniform(0.05, 0.95) for _ in range(5)]


@pytest.mark.parametrize("code", cases.CASES)
def test_every_method(code):
    ours, theirs = (cases.evaluate(t, code, seed=SEED) for t in (torch, oracle))
    assert list(cases.differences(ours, theirs, TOLERANCE, code)) == [], SEED


def drawn(t, code, points=None):
    """Samples, the logarithm of the density at `points` (if None, at samples), what comes next."""
    names, _ = cases.namespace(t)
    names |= {"SOME": SOME, "PROBS": PROBS}
    t.manual_seed(SEED)
    d = eval(code, names)
    x = [d.sample((64,)), d.sample((3, 7)), d.sample()]
    at = x[0] if points is None else t.tensor(points, dtype=x[0].dtype)
    with t.no_grad():
        return [v.tolist() for v in x], d.log_prob(at).tolist(), t.rand(3).tolist()


@pytest.mark.parametrize("code", DRAWS)
def test_samples_and_what_they_leave_of_the_stream(code):
    theirs = drawn(oracle, code)
    # at the same points: beside 1 the density of a simplex is another one from float to float
    ours = drawn(torch, code, theirs[0][0])
    assert list(cases.differences(ours, theirs, 1e-6, code)) == [], SEED


@pytest.mark.parametrize("p", cases.PAIRS)
def test_divergences(p):
    for q in cases.OTHERS:
        ours, theirs = (cases.divergence(t, p, q) for t in (torch, oracle))
        assert list(cases.differences(ours, theirs, TOLERANCE, f"{p} {q}")) == []


@pytest.mark.parametrize("code", cases.TRANSFORMS)
def test_transforms(code):
    x = cases.TRANSFORMS[code]
    ours, theirs = (cases.transformed(t, code, x) for t in (torch, oracle))
    assert list(cases.differences(ours, theirs, TOLERANCE)) == []


def test_names_and_pairs():
    ours, theirs = torch.distributions, oracle.distributions
    assert sorted(ours.__all__) == sorted(theirs.__all__)
    for name in "constraints transforms kl utils constraint_registry distribution".split():
        assert set(getattr(theirs, name).__all__) <= set(dir(getattr(ours, name)))
    pairs = [{(p.__name__, q.__name__) for p, q in t.kl._KL_REGISTRY} for t in (ours, theirs)]
    assert pairs[0] == pairs[1]
