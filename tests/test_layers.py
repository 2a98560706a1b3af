"""Layers: text, parameters from seed 0, outputs in training and evaluation, gradients.

The numbers and sentences are PyTorch's: tools/freeze_ops.py.
"""

import pytest
from op_cases import agree, evaluate, frozen

import rushlight as torch

nn = torch.nn

CASES = frozen("layers")


@pytest.mark.parametrize("code", CASES)
def test_as_in_pytorch(code):
    found = evaluate(torch, code)
    assert agree(found, CASES[code]), (found, CASES[code])


def test_an_error_in_a_layer_names_the_layer():
    net = nn.Sequential(nn.Flatten(), nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(5, 2)))
    with pytest.raises(RuntimeError) as caught:
        net(torch.ones(2, 2, 2))
    text = str(caught.value) + "".join(getattr(caught.value, "__notes__", []))
    assert "1.2: Linear(in_features=5, out_features=2, bias=True)" in text


def test_a_pretrained_table_is_frozen():
    table = nn.Embedding.from_pretrained(torch.eye(2))
    assert not table.weight.requires_grad and table(torch.tensor([1])).tolist() == [[0, 1]]


def test_batch_norm_counts_batches():
    norm = nn.BatchNorm1d(2)
    norm(torch.arange(4.0).reshape(2, 2))
    norm(torch.arange(4.0).reshape(2, 2))
    assert norm.num_batches_tracked == 2
    norm.reset_running_stats()
    assert norm.num_batches_tracked == 0 and norm.running_var.tolist() == [1, 1]


LAYERS = sorted(
    name
    for name, value in ((name, getattr(nn, name)) for name in dir(nn))
    if isinstance(value, type) and issubclass(value, nn.Module) and value is not nn.Module
)
TAKE_ANYTHING = {
    "Identity",
    "ReLU",
    "ReLU6",
    "Sigmoid",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Threshold",
}
HOLD_ANYTHING = {"ModuleDict", "ModuleList", "ParameterDict", "ParameterList"}


@pytest.mark.parametrize("name", LAYERS)
def test_the_docstring_has_shapes_and_errors(name):
    text = getattr(nn, name).__doc__
    assert name in HOLD_ANYTHING or "shape" in text or "->" in text
    assert name in TAKE_ANYTHING or "errors " in text
    assert all(len(line) <= 100 for line in text.splitlines())
