"""torch.fx: what is traced, its code, what it computes, and how graphs are changed.

The codes here are those of PyTorch 2.13 for the same functions.
"""

import copy
import math
import operator

import pytest
from rushlight.fx.passes.shape_prop import ShapeProp

import rushlight as torch
from rushlight import fx, nn
from rushlight.fx.proxy import TraceError
from rushlight.nn import functional as F


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.l = nn.Linear(3, 4)
        self.seq = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
        self.p = nn.Parameter(torch.arange(4.0))
        self.register_buffer("b", torch.ones(4))

    def forward(self, input, k=2, *, flag=None):
        x = self.l(input)
        x = self.seq(x) + self.p * 2
        x = x.relu() + self.b
        y = x.view(x.size(0), -1)
        y = torch.cat([y, y], dim=1)
        a = y.shape[0]
        t = y[:, :2] / a
        return {"u": (t * k).sum(dim=-1, keepdim=True), "t": (t, -y)}


CODE = """


def forward(self, input, k = 2, flag = None):
    input_1 = input
    l = self.l(input_1);  input_1 = None
    seq_0 = getattr(self.seq, "0")(l);  l = None
    seq_1 = getattr(self.seq, "1")(seq_0);  seq_0 = None
    p = self.p
    mul = p * 2;  p = None
    add = seq_1 + mul;  seq_1 = mul = None
    relu = add.relu();  add = None
    b = self.b
    add_1 = relu + b;  relu = b = None
    size = add_1.size(0)
    view = add_1.view(size, -1);  add_1 = size = None
    cat = torch.cat([view, view], dim = 1);  view = None
    getattr_1 = cat.shape
    getitem = getattr_1[0];  getattr_1 = None
    getitem_1 = cat[(slice(None, None, None), slice(None, 2, None))]
    truediv = getitem_1 / getitem;  getitem_1 = getitem = None
    mul_1 = truediv * k;  k = None
    sum_1 = mul_1.sum(dim = -1, keepdim = True);  mul_1 = None
    neg = -cat;  cat = None
    return {'u': sum_1, 't': (truediv, neg)}
    """

GRAPH = """\
graph():
    %x : [num_users=2] = placeholder[target=x]
    %y : [num_users=1] = placeholder[target=y](default=3)
    %relu : [num_users=1] = call_function[target=torch.relu](args = (%x,), kwargs = {})
    %add : [num_users=1] = call_function[target=operator.add](args = (%relu, %y), kwargs = {})
    %getattr_1 : [num_users=1] = call_function[target=builtins.getattr](args = (%x, T), kwargs = {})
    %cat : [num_users=1] = call_function[target=torch.cat](args = ([%add, %getattr_1],), kwargs = \
{dim: 1})
    return cat"""


def traced(f, **kwargs):
    return fx.symbolic_trace(f, **kwargs)


def test_code_of_a_module():
    assert traced(Net()).code == CODE


def test_it_computes_what_the_module_does_and_has_its_state():
    net = Net()
    gm = traced(net)
    x = torch.arange(6.0).reshape(2, 3)
    ours, theirs = gm(x, k=3), net(x, k=3)
    assert torch.equal(ours["u"], theirs["u"]) and torch.equal(ours["t"][1], theirs["t"][1])
    assert list(gm.state_dict()) == ["p", "b", "l.weight", "l.bias", "seq.0.weight", "seq.0.bias"]
    assert gm.l is net.l and gm.p is net.p
    assert type(gm).__name__ == "Net" and isinstance(gm, fx.GraphModule)
    gm(x)["u"].sum().backward()
    assert net.p.grad.tolist() != [0.0] * 4


def test_nothing_stays_replaced_after_tracing():
    before = nn.Module.__call__
    traced(Net())
    with pytest.raises(TraceError):
        traced(lambda x: 1 if x.sum() > 0 else 2)
    assert nn.Module.__call__ is before and "__getattribute__" not in vars(nn.Module)
    assert math.sqrt(4) == 2.0 and type(F.dropout(torch.ones(1), 0.0)) is torch.Tensor


def test_text_of_a_graph(capsys):
    gm = traced(lambda x, y=3: torch.cat([torch.relu(x) + y, x.T], dim=1))
    assert str(gm.graph) == GRAPH
    gm.graph.print_tabular()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["opcode", "name", "target", "args", "kwargs"]
    assert lines[2].split() == ["placeholder", "x", "x", "()", "{}"]
    assert str(gm).endswith(
        "\n# To see more debug info, please use `graph_module.print_readable()`"
    )
    assert "class <lambda>(torch.nn.Module):" in gm.print_readable(print_output=False)


@pytest.mark.parametrize(
    ("f", "line"),
    [
        (lambda x: 3 - x, "sub = 3 - x;  x = None"),
        (lambda x: 2**x, "pow_1 = 2 ** x;  x = None"),
        (lambda x: x @ x, "matmul = x @ x;  x = None"),
        (
            lambda x: x[..., None, 1:2],
            "getitem = x[(Ellipsis, None, slice(1, 2, None))];  x = None",
        ),
        (lambda x: ~x, "invert = ~x;  x = None"),
        (lambda x: abs(x), "abs_1 = _operator_abs(x);  x = None"),
        (lambda x: x.max(), "max_1 = x.max();  x = None"),
        (lambda x: torch.max(x), "max_1 = torch.max(x);  x = None"),
        (lambda x: math.sqrt(x), "sqrt = math_sqrt(x);  x = None"),
        (lambda x: x.to(torch.float64), "to = x.to(torch.float64);  x = None"),
        (
            lambda x: F.softmax(x, dim=1),
            "softmax = torch.nn.functional.softmax(x, dim = 1);  x = None",
        ),
        (lambda x: F.linear(x, torch.ones(1)), "_tensor_constant0 = self._tensor_constant0"),
        (lambda x: torch.stack((x, x)), "stack = torch.stack((x, x));  x = None"),
        (lambda x: torch._assert(x.ndim == 4, "m"), "getattr_1 = x.ndim;  x = None"),
        (lambda *args: args[0], "getitem = _args[0];  _args = None"),
        (lambda x, **kw: x + kw["a"], "getitem = _kw['a'];  _kw = None"),
    ],
)
def test_a_line_of_code(f, line):
    assert line in [text.strip() for text in traced(f).code.splitlines()]


@pytest.mark.parametrize(
    ("f", "error", "text"),
    [
        (lambda x: 1 if x > 0 else 2, TraceError, "used as inputs to control flow"),
        (lambda x: [i for i in x], TraceError, "Proxy object cannot be iterated"),
        (lambda x: len(x), RuntimeError, "'len' is not supported in symbolic tracing"),
        (lambda x: range(x.size(0)), TypeError, "cannot be interpreted as an integer"),
        (lambda x: int(x), TypeError, "not 'Proxy'"),
    ],
)
def test_what_cannot_be_traced(f, error, text):
    with pytest.raises(error, match=text):
        traced(f)


def test_unpacking_into_names():
    gm = traced(lambda x: (lambda a, b: a - b)(*_halves(x)))
    assert gm(torch.arange(4.0)).tolist() == [-2.0, -2.0]


def _halves(x):
    a, b = x.chunk(2)
    return a, b


def test_concrete_args():
    def f(x, mode, n=2):
        return x * n if mode == "times" else x + n

    gm = traced(f, concrete_args={"mode": "times", "n": 3})
    assert gm(torch.ones(2), "times", 3).tolist() == [3.0, 3.0]
    with pytest.raises(AssertionError, match="n has been specialized to have value 3"):
        gm(torch.ones(2), "times", 4)
    assert "torch._assert(eq, 'mode_1 has been" not in gm.code and "torch._assert(eq," in gm.code


@fx.wrap
def _decides(x, n):
    return x * n if float(x.sum()) > 0 else x - n


def test_wrapped_functions_are_one_node():
    gm = traced(lambda x: _decides(x, 2) + 1)
    assert [n.op for n in gm.graph.nodes].count("call_function") == 2
    assert gm(torch.ones(1)).item() == 3.0 and gm(-torch.ones(1)).item() == -2.0
    assert _decides(torch.ones(1), 3).item() == 3.0


def test_a_tracer_of_ones_own():
    class Leaves(fx.Tracer):
        def is_leaf_module(self, m, name):
            return isinstance(m, nn.Sequential) or super().is_leaf_module(m, name)

    net = Net()
    graph = Leaves().trace(net)
    targets = [n.target for n in graph.nodes if n.op == "call_module"]
    assert targets == ["l", "seq"]
    x = torch.ones(1, 3)
    assert torch.equal(fx.GraphModule(net, graph)(x)["u"], net(x)["u"])
    module = next(n for n in graph.nodes if n.target == "seq")
    assert module.meta["nn_module_stack"]["seq"] == ("seq", nn.Sequential)


def test_changing_a_graph():
    gm = traced(lambda x, y: torch.relu(x + y))
    for node in gm.graph.nodes:
        if node.op == "call_function" and node.target is operator.add:
            with gm.graph.inserting_after(node):
                new = gm.graph.call_function(operator.mul, node.args)
            node.replace_all_uses_with(new)
            with pytest.raises(RuntimeError, match="Tried to erase Node x"):
                gm.graph.erase_node(node.args[0])
            gm.graph.erase_node(node)
    gm.graph.lint()
    gm.recompile()
    assert gm(torch.tensor([2.0]), torch.tensor([5.0])).item() == 10.0
    assert [n.name for n in gm.graph.nodes] == ["x", "y", "mul", "relu", "output"]
    assert next(iter(reversed(gm.graph.nodes))).name == "output"
    with gm.graph.inserting_before(gm.graph.output_node()):
        gm.graph.call_method("sin", (gm.graph.find_nodes(op="placeholder")[0],))
    assert len(gm.graph.nodes) == 6 and gm.graph.eliminate_dead_code() and len(gm.graph.nodes) == 5


def test_lint_finds_what_is_out_of_order_and_lost_targets():
    gm = traced(lambda x: (x + 1) * 2)
    add, mul = [n for n in gm.graph.nodes if n.op == "call_function"]
    mul.append(add)
    with pytest.raises(RuntimeError, match="used before it has been defined"):
        gm.graph.lint()
    net = traced(Net())
    del net.l
    with pytest.raises(RuntimeError, match="references nonexistent attribute l"):
        net.graph.lint()


def test_building_a_graph_by_hand():
    graph = fx.Graph()
    x = graph.placeholder("x")
    w = graph.get_attr("w")
    y = graph.call_function(torch.matmul, (x, w))
    graph.output(graph.call_module("act", (y,)))
    gm = fx.GraphModule({"w": torch.eye(2), "act": nn.ReLU()}, graph)
    assert gm(torch.tensor([[-1.0, 2.0]])).tolist() == [[0.0, 2.0]]
    assert list(gm.state_dict()) == ["w"]
    with pytest.raises(RuntimeError, match="target act but that target was not provided"):
        fx.GraphModule({"w": torch.eye(2)}, graph)
    with pytest.raises(NotImplementedError, match="does not support mutation"):
        graph.call_function(torch.cat, ([x, y],)).args[0].append(x)


def test_names_are_never_taken_twice():
    graph = fx.Graph()
    made = [graph.placeholder("x"), graph.placeholder("x"), graph.call_function(max, (1, 2))]
    made += [graph.call_module("a.0"), graph.call_module("LayerNorm"), graph.placeholder("for")]
    assert [n.name for n in made] == ["x", "x_1", "max_1", "a_0", "layer_norm", "for_1"]


def test_copies_are_independent():
    net = Net()
    gm = traced(net)
    other = copy.deepcopy(gm)
    assert other.code == gm.code and other.p is not gm.p and other.l is not gm.l
    with torch.no_grad():
        other.p.zero_()
    x = torch.ones(1, 3)
    assert torch.equal(gm(x)["u"], net(x)["u"]) and not torch.equal(
        other(x)["t"][1], net(x)["t"][1]
    )
    assert other.graph.owning_module is other and type(other) is not type(gm)


def test_interpreter_and_transformer():
    class Counting(fx.Interpreter):
        calls = 0

        def call_function(self, target, args, kwargs):
            self.calls += 1
            return super().call_function(target, args, kwargs)

    net = Net()
    gm = traced(net)
    x = torch.ones(2, 3)
    run = Counting(gm)
    assert torch.equal(run.run(x)["u"], net(x)["u"]) and run.calls == 10

    class Swap(fx.Transformer):
        def call_function(self, target, args, kwargs):
            return super().call_function(
                torch.sub if target is operator.add else target, args, kwargs
            )

    swapped = Swap(traced(lambda x, y=2: x + y)).transform()
    assert swapped(torch.ones(1)).item() == -1.0


def test_an_error_of_the_interpreter_names_the_node():
    gm = traced(lambda x: x.view(7))
    with pytest.raises(RuntimeError) as caught:
        fx.Interpreter(gm).run(torch.ones(2))
    line = "%view : [num_users=1] = call_method[target=view](args = (%x, 7), kwargs = {})"
    assert caught.value.__notes__ == [f"While executing {line}"]


def test_shape_prop():
    gm = traced(Net())
    ShapeProp(gm).propagate(torch.ones(2, 3))
    shapes = {n.name: tuple(n.meta["tensor_meta"].shape) for n in gm.graph.nodes if n.name == "cat"}
    assert shapes == {"cat": (2, 8)}


def test_whole_models():
    encoder = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    for model, x in [
        (
            nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten()),
            (2, 1, 5, 5),
        ),
        (nn.Sequential(encoder, nn.Linear(8, 2)), (2, 3, 8)),
    ]:
        model.eval()
        gm = traced(model)
        assert torch.equal(gm(torch.ones(x)), model(torch.ones(x)))
        assert all(n.op in ("placeholder", "call_module", "output") for n in gm.graph.nodes)
