"""torch.fx, torch.library and torch.export.Dim beside the living PyTorch: the same code, graphs,
schemas and texts for the same functions."""

import operator
import re

import pytest
import torch as theirs

import rushlight as ours


def functions(torch):
    """name -> a function written on one of the two libraries."""
    F = torch.nn.functional

    def blocks(x, y=2, *, scale=1.0):
        h = torch.cat([x, x * scale], dim=1).reshape(x.size(0), -1)
        a, b = torch.chunk(h, 2, dim=1)
        return (a @ b.t() + y, {"m": h.mean(1, keepdim=True), "s": [a[:, 0], b[..., None]]})

    def arithmetic(x, sum):
        z = (3 - x) ** 2 / (x // 2 + 1) % 5
        z = -z + ~(x > 0) & (x <= 1) | (x != 2) ^ (x == 3)
        return abs(z) + sum - (+x) + (x << 1) + (x >> 1)

    def methods(input, for_=None):
        x = input.view(-1).float().softmax(dim=0)
        return x.sum().item, x.T, x.max(), torch.max(input), x.shape[0], input.dtype

    def calls(x):
        x = torch.stack((x, torch.sin(x)))
        x = torch.where(x > 0, x, torch.tanh(x))
        return torch.clamp(x, min=-1, max=1).to(torch.float64).transpose(0, 1).contiguous()

    return {
        "blocks": blocks,
        "arithmetic": arithmetic,
        "methods": methods,
        "calls": calls,
        "star": lambda *args, **kwargs: args[0] + kwargs["k"],
        "constants": lambda x: x + torch.ones(2) * torch.arange(2) - F.relu(x * 0).sum(),
    }


def model(torch):
    nn = torch.nn

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.q, self.k = nn.Linear(4, 4), nn.Linear(4, 4)
            self.scale = nn.Parameter(torch.ones(1))
            self.register_buffer("mask", torch.ones(1))

        def forward(self, x):
            w = (self.q(x) @ self.k(x).transpose(-2, -1)) * self.scale + self.mask
            return w.softmax(-1) @ x

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Linear(4, 4), nn.GELU(), Attention(), nn.LayerNorm(4))
            self.layers = nn.ModuleList([Attention(), nn.Dropout(0.1)])

        def forward(self, x, mask=None):
            x = self.body(x)
            for layer in self.layers:
                x = x + layer(x)
            return x if mask is None else x * mask

    return Net()


def plain(text):
    """Without the defaults that nn.functional spells out."""
    return re.sub(r", (inplace|training) = (False|True)", "", text)


@pytest.mark.parametrize("name", functions(ours))
def test_codes_and_graphs_of_functions(name):
    mine = ours.fx.symbolic_trace(functions(ours)[name])
    right = theirs.fx.symbolic_trace(functions(theirs)[name])
    assert plain(mine.code) == plain(right.code)
    lines = [re.sub(r"\{inplace: False\}", "{}", str(gm.graph)) for gm in (mine, right)]
    assert lines[0] == lines[1]


@pytest.mark.parametrize("fixed", [None, {"mask": None}])
def test_code_of_a_model(fixed):
    if fixed is None:  # `mask is None` is decided by the proxy: not None
        fixed = {}
    mine = ours.fx.symbolic_trace(model(ours), concrete_args=fixed)
    right = theirs.fx.symbolic_trace(model(theirs), concrete_args=fixed)
    assert list(mine.state_dict()) == list(right.state_dict())
    if not fixed:
        assert mine.code == right.code and str(mine.graph) == str(right.graph)
    assert repr(mine) == repr(right)


def test_changed_graphs_have_the_same_text():
    texts = []
    for torch in (ours, theirs):
        gm = torch.fx.symbolic_trace(lambda x: (x + 1) * (x + 2))
        for node in gm.graph.nodes:
            if node.target is operator.add:
                with gm.graph.inserting_after(node):
                    new = gm.graph.call_function(operator.sub, node.args)
                node.replace_all_uses_with(new)
                gm.graph.erase_node(node)
        gm.recompile()
        gm.graph.lint()
        texts.append((gm.code, str(gm.graph), [n.name for n in reversed(gm.graph.nodes)]))
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    "f",
    [
        lambda x: 1 if x > 0 else 2,
        lambda x: [i for i in x],
        lambda x: len(x),
        lambda x: range(x.size(0)),
        lambda x: 3 in x,
    ],
)
def test_what_cannot_be_traced_is_said_in_the_same_words(f):
    said = []
    for torch in (ours, theirs):
        with pytest.raises(Exception) as caught:
            torch.fx.symbolic_trace(f)
        said.append((type(caught.value).__name__, str(caught.value)))
    assert said[0] == said[1]


NAMES = (
    "x x x_1 x1 sum max_1 LayerNorm a.0.b for 1st conv2d relu_2 relu_2 relu getattr torch".split()
)


def test_names_of_nodes():
    made = []
    for torch in (ours, theirs):
        graph = torch.fx.Graph()
        made.append([graph.create_node("placeholder", name).name for name in NAMES])
    assert made[0] == made[1]


# ---------------------------------------------------------------- torch.library


def typed(torch):
    Tensor = torch.Tensor

    def f(
        x: Tensor,
        ys: list[Tensor],
        k: float = 2.0,
        n: int = 1,
        flag: bool = False,
        name: str = "a",
        size: list[int] | None = None,
        o: Tensor | None = None,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | None = None,
    ) -> tuple[Tensor, list[Tensor]]:
        return x, ys

    return f


@pytest.mark.parametrize("mutates", [(), {"x"}, {"x", "ys"}, "unknown"])
def test_inferred_schemas(mutates):
    mine = ours.library.infer_schema(typed(ours), mutates_args=mutates)
    assert mine == theirs.library.infer_schema(typed(theirs), mutates_args=mutates)


@pytest.mark.parametrize(
    "call",
    [
        lambda f, one: f(),
        lambda f, one: f(one, 1.0, 2, 3),
        lambda f, one: f(one, zz=3),
        lambda f, one: f(3),
        lambda f, one: f(one, "a"),
    ],
)
def test_errors_of_arguments(call):
    said = []
    for torch, tensor in ((ours, ours.Tensor), (theirs, theirs.Tensor)):

        def scale(x: tensor, k: float = 2.0, *, n: int = 1) -> tensor:
            return x * k * n

        op = torch.library.custom_op("oracle_errors::scale", scale, mutates_args=())
        with pytest.raises(RuntimeError) as caught:
            call(op, torch.ones(1))
        said.append(str(caught.value).replace("2.0", "2.").partition("\nCast error")[0])
    assert said[0] == said[1]


# ---------------------------------------------------------------- torch.export.Dim


def test_texts_of_dims():
    texts = []
    for torch in (ours, theirs):
        Dim = torch.export.Dim
        d = Dim("d", max=9)
        many = [
            Dim("b"),
            Dim("a", min=1),
            Dim("s", min=2, max=5),
            Dim("u", min=3),
            d,
            d * 2,
            2 * d + 1,
        ]
        texts.append(repr([*many, d - 1, Dim.AUTO, Dim.STATIC, d.__name__, d.min, d.max]))
    assert texts[0] == texts[1]
