"""nn.utils.prune, torch.func.functional_call, fusion: against answers frozen from PyTorch."""

import json

import prune_cases as cases
import pytest
from module_cases import answers
from utils_cases import agree

import rushlight as torch
from rushlight import nn
from rushlight.nn.utils import prune


@pytest.mark.parametrize("part", cases.ALL, ids=lambda part: part.__name__)
def test_answers_are_pytorchs(frozen, part):
    expected = json.loads((frozen / "utils.json").read_text())[part.__name__]
    got = answers(torch, part)
    assert {k: (got.get(k), v) for k, v in expected.items() if not agree(got.get(k), v)} == {}
    assert got.keys() == expected.keys()


def test_a_pruned_net_trains_with_its_mask():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    prune.l1_unstructured(net[0], "weight", amount=0.5)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
    x = torch.rand(16, 4)
    y = x.sum(1, keepdim=True)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = (net(x) - y).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 4
    mask = net[0].weight_mask
    assert mask.sum() == 16
    prune.remove(net[0], "weight")
    assert torch.equal(net[0].weight == 0, mask == 0)


def test_a_container_is_indexed_and_counted():
    layer = nn.Linear(4, 3)
    prune.identity(layer, "weight")
    prune.random_unstructured(layer, "weight", 2)
    (hook,) = layer._forward_pre_hooks.values()
    assert len(hook) == 2 and isinstance(hook[0], prune.Identity)
    assert [type(m) for m in hook] == [prune.Identity, prune.RandomUnstructured]
    other = prune.L1Unstructured(1)
    other._tensor_name = "bias"
    with pytest.raises(ValueError, match=r"acting on the parameter named 'weight'.*Found 'bias'"):
        hook.add_pruning_method(other)
