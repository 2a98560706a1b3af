"""Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict against frozen answers."""

import json

import module_cases as cases

import rushlight as torch
from rushlight import nn


def test_answers_are_pytorchs(frozen):
    expected = json.loads((frozen / "modules.json").read_text())["containers"]
    got = cases.answers(torch, cases.containers)
    home = "rushlight.nn.container."  # the one difference: where the classes live
    got = {k: [t.replace(home, "torch.nn.modules.container.") for t in v] for k, v in got.items()}
    assert {k: (got.get(k), v) for k, v in expected.items() if got.get(k) != v} == {}
    assert got.keys() == expected.keys()


class Scale(nn.Module):
    def __init__(self, factor=1.0):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([factor, 2.0]))

    def forward(self, x):
        return x * self.weight


def test_sequential_respects_calls_hooks_and_watchers():
    class Doubling(Scale):
        def __call__(self, x):
            return 2 * super().__call__(x)

    net = nn.Sequential(Doubling(), Scale())
    assert net(torch.ones(2)).tolist() == [2.0, 8.0]
    net[1].register_forward_hook(lambda m, a, y: y + 1)
    assert net(torch.ones(2)).tolist() == [3.0, 9.0]
    seen, call = [], nn.Module.__call__

    def watched(self, *args, **kwargs):
        seen.append(type(self).__name__)
        return call(self, *args, **kwargs)

    nn.Module.__call__ = watched
    try:
        net(torch.ones(2))
    finally:
        nn.Module.__call__ = call
    assert seen == ["Sequential", "Doubling", "Scale"]


def test_parameters_of_containers_are_trained():
    table = nn.ParameterDict({"a": torch.ones(2), "b": 3})
    row = nn.ParameterList([torch.ones(2), "text"])
    both = nn.ModuleDict({"table": table, "row": row})
    assert [name for name, _ in both.named_parameters()] == ["table.a", "row.0"]
    (table["a"] * row[0]).sum().backward()
    assert all(p.grad.tolist() == [1.0, 1.0] for p in both.parameters())


def test_a_container_of_shared_modules_counts_them_once():
    m = Scale()
    net = nn.Sequential(m, m)
    assert len(list(net.parameters())) == 1
    assert net(torch.ones(2)).tolist() == [1.0, 4.0]
    assert list(net.state_dict()) == ["0.weight", "1.weight"]


def test_deleting_from_a_list_renames_what_follows():
    row = nn.ModuleList([Scale(float(i)) for i in range(4)])
    del row[1:3]
    assert [(k, m.weight.tolist()[0]) for k, m in row.named_children()] == [("0", 0.0), ("1", 3.0)]
    assert getattr(row, "1") is row[1]
    assert not hasattr(row, "2")
