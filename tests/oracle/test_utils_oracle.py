"""nn.utils, torch.func and hooks on saved tensors beside the living PyTorch."""

import pytest

oracle = pytest.importorskip("torch")

import prune_cases  # noqa: E402
import utils_cases  # noqa: E402
from module_cases import answers  # noqa: E402

import rushlight as torch  # noqa: E402


@pytest.mark.parametrize("part", [*utils_cases.ALL, *prune_cases.ALL], ids=lambda p: p.__name__)
def test_answers(part):
    theirs, ours = answers(oracle, part), answers(torch, part)
    assert theirs.keys() == ours.keys()
    wrong = {k: (ours[k], v) for k, v in theirs.items() if not utils_cases.agree(ours[k], v)}
    assert wrong == {}


def test_training():
    theirs, ours = prune_cases.training(oracle), prune_cases.training(torch)
    for name, losses in theirs.items():
        assert ours[name] == pytest.approx(losses, rel=1e-5), name


LAYERS = {
    "linear": lambda T, x: T.nn.Linear(8, 4)(x),
    "relu": lambda T, x: x.relu(),
    "gelu": lambda T, x: T.nn.functional.gelu(x),
    "silu": lambda T, x: T.nn.functional.silu(x),
    "softmax": lambda T, x: x.softmax(-1),
    "layer_norm": lambda T, x: T.nn.LayerNorm(8)(x),
    "mse": lambda T, x: T.nn.functional.mse_loss(x, T.ones(4, 8)),
    "mul": lambda T, x: x * x,
    "div": lambda T, x: x / (x + 2),
    "sum": lambda T, x: x.sum(0),
    "sqrt": lambda T, x: (x + 3).sqrt(),
    "tanh": lambda T, x: x.tanh(),
    "sigmoid": lambda T, x: x.sigmoid(),
    "exp": lambda T, x: x.exp(),
    "log": lambda T, x: (x + 3).log(),
    "pow": lambda T, x: x**3,
    "matmul": lambda T, x: x @ x.T,
    "conv": lambda T, x: T.nn.Conv1d(4, 2, 3)(x[None]),
    "batch_norm": lambda T, x: T.nn.BatchNorm1d(8)(x),
    "embedding": lambda T, x: T.nn.Embedding(5, 8)(T.arange(4)),
    "cat": lambda T, x: T.cat([x, x]),
    "max_pool": lambda T, x: T.nn.functional.max_pool1d(x[None], 2),
    "where": lambda T, x: T.where(x > 0, x, -x),
    "clamp": lambda T, x: x.clamp(-1, 1),
    "var": lambda T, x: x.var(1),
    "log_softmax": lambda T, x: x.log_softmax(1),
}


def saved_elements(T, call):
    """How many elements, of tensors of more than one, are saved by `call`."""
    T.manual_seed(0)
    x, kept = T.linspace(-1, 1, 32).reshape(4, 8).requires_grad_(), {}

    def pack(t):
        if t.numel() > 1:
            kept[t.data_ptr()] = t.numel()
        return t

    with T.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        call(T, x)
    return sum(kept.values())


@pytest.mark.parametrize("name", LAYERS)
def test_no_more_is_saved_than_pytorch_saves(name):
    assert saved_elements(torch, LAYERS[name]) <= saved_elements(oracle, LAYERS[name])
