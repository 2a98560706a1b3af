"""Optimizers, schedules and modules beside PyTorch itself, on the cases of the frozen tests."""

import pytest

torch = pytest.importorskip("torch")

import module_cases  # noqa: E402
import optim_cases  # noqa: E402

import rushlight  # noqa: E402

CONFIGS = [(n, i) for n, table in optim_cases.OPTIMIZERS.items() for i in range(len(table))]


def differences(got, expected, tolerance, where=""):
    """The places where nested numbers differ by more than tolerance, relative above 1."""
    if isinstance(expected, dict):
        assert got.keys() == expected.keys(), where
        pairs = [(got[k], v, f"{where}[{k}]") for k, v in expected.items()]
    elif isinstance(expected, list):
        assert len(got) == len(expected), where
        both = enumerate(zip(got, expected, strict=True))
        pairs = [(g, e, f"{where}[{i}]") for i, (g, e) in both]
    else:
        far = abs(got - expected) > tolerance * max(1.0, abs(expected))
        return [(where, got, expected)] if far else []
    return [d for g, e, w in pairs for d in differences(g, e, tolerance, w)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "i"), CONFIGS)
def test_steps(name, i, dtype):
    options = optim_cases.OPTIMIZERS[name][i]
    expected = optim_cases.steps(torch, name, options, dtype)
    got = optim_cases.steps(rushlight, name, options, dtype)
    assert differences(got, expected, 1e-6 if dtype == "float32" else 1e-12) == []


@pytest.mark.parametrize("name", optim_cases.SCHEDULES)
def test_rates(name):
    assert optim_cases.rates(rushlight, name, 60 if "OneCycle" not in name else 16) == (
        optim_cases.rates(torch, name, 60 if "OneCycle" not in name else 16)
    )


def test_averages():
    expected = optim_cases.averages(torch)
    assert differences(optim_cases.averages(rushlight), expected, 1e-6) == []


@pytest.mark.parametrize("part", module_cases.ALL, ids=lambda part: part.__name__)
def test_modules(part):
    home = "rushlight.nn.container."
    got = module_cases.answers(rushlight, part)
    got = {k: [t.replace(home, "torch.nn.modules.container.") for t in v] for k, v in got.items()}
    assert got == module_cases.answers(torch, part)
