"""torch.compiler.*, torch._dynamo.*, Module.compile where JAX is installed."""

import copy

import pytest

import rushlight as torch
from rushlight import nn


def test_is_compiling_while_traced_only():
    seen = []

    def f(x):
        seen.append(torch.compiler.is_compiling())
        return x + 1

    g = torch.compile(f, backend="xla")
    assert not torch.compiler.is_compiling() and not torch.compiler.is_exporting()
    with pytest.warns(UserWarning, match="changes seen"):
        g(torch.ones(1))
    assert seen == [False]  # the trace's entry was taken back with all else that it did

    def h(x):
        return x + 1 if torch.compiler.is_compiling() else x + 2

    k = torch.compile(h, backend="xla", fullgraph=True)
    assert [k(torch.ones(1)).item() for _ in range(3)] == [3.0, 2.0, 2.0]


def test_explain():
    def f(x):
        y = x.sin() * 2
        if y.sum().item() > 100:
            return y
        return y + 1

    found = torch._dynamo.explain(f)(torch.ones(3))
    assert (found.graph_count, found.graph_break_count, found.op_count) == (0, 1, 0)
    assert "needs the values of a tensor" in found.break_reasons[0].reason
    assert found.break_reasons[0].user_stack[0].line == "if y.sum().item() > 100:"
    found = torch._dynamo.explain(lambda x: x.sin() * 2, torch.ones(3))
    assert (found.graph_count, found.graph_break_count) == (1, 0) and found.op_count >= 2
    assert "sin" in found.ops_per_graph[0]
    text = str(found)
    assert text.startswith("Graph Count: 1\nGraph Break Count: 0\nOp Count: ")
    assert "\nBreak Reasons:\nOps per Graph:\n  Ops 1:\n" in text


def test_disabled_functions_and_breaks():
    @torch.compiler.disable
    def inner(x):
        return x * 2

    f = torch.compile(lambda x: inner(x) + 1, backend="xla")
    with pytest.warns(UserWarning, match="calls inner, which torch.compiler.disable excludes"):
        assert f(torch.ones(1)).item() == 3.0
    assert torch.compile(inner, backend="xla") is inner
    g = torch.compile(lambda x: torch._dynamo.graph_break() or x + 1, backend="xla")
    with pytest.warns(UserWarning, match=r"calls torch\._dynamo\.graph_break"):
        assert g(torch.ones(1)).item() == 2.0
    h = torch.compile(lambda x: x + 1, backend="xla")
    with torch.compiler.disable():
        h(torch.ones(1)), h(torch.ones(1))
    assert not h._program().known


def test_stances():
    f = torch.compile(lambda x: x + 1, backend="xla")
    with torch.compiler.set_stance("force_eager"):
        f(torch.ones(1))
    assert f._program().compiles == 0
    f(torch.ones(1))
    with torch.compiler.set_stance("eager_on_recompile"):
        assert f(torch.ones(2)).tolist() == [2.0, 2.0] and f._program().compiles == 1
    with torch.compiler.set_stance("fail_on_recompile"):
        f(torch.ones(1))
        with pytest.raises(RuntimeError, match=r"(?s)fail_on_recompile.*shape \(1,\), then \(2,\)"):
            f(torch.ones(2))
    assert f(torch.ones(2)).tolist() == [2.0, 2.0] and f._program().compiles == 2


def test_the_limit_of_the_configuration():
    f = torch.compile(lambda x: x + 1, backend="xla")
    with torch._dynamo.config.patch(recompile_limit=2):
        f(torch.ones(1)), f(torch.ones(2))
        with pytest.warns(
            UserWarning, match=r"2 programs.*\n.*argument 0: shape \(2,\), then \(3,"
        ):
            f(torch.ones(3))
    f(torch.ones(3))
    assert f._program().compiles == 3


def test_backends():
    assert torch.compiler.list_backends() == ["openxla", "xla"]
    assert torch._dynamo.list_backends() == ["openxla", "xla"]
    f = torch._dynamo.optimize("xla", nopython=True)(lambda x: x.sum().item())
    with pytest.raises(torch._dynamo.exc.Unsupported):
        f(torch.ones(1))


def test_module_compile_is_in_place():
    m = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    x = torch.rand(3, 2)
    wanted = m(x)
    assert m.compile(backend="xla", fullgraph=True) is m
    for _ in range(3):
        assert torch.allclose(m(x), wanted)
    assert type(m(x).grad_fn).__name__ == "CompiledFunctionBackward"
    other = copy.deepcopy(m)  # not compiled, and not this one
    with torch.no_grad():
        other[0].weight.zero_(), other[0].bias.zero_()
    assert not other(x).any() and torch.allclose(m(x), wanted)
    assert list(m.state_dict()) == ["0.weight", "0.bias"]


def test_calls_of_compiled_functions_inside_others():
    inner = torch.compile(lambda x: x * 2, backend="xla")
    outer = torch.compile(lambda x: inner(x) + 1, backend="xla", fullgraph=True)
    for _ in range(3):
        assert outer(torch.ones(2)).tolist() == [3.0, 3.0]
    batched = torch.vmap(inner)  # vmap looks at every op: eagerly
    assert batched(torch.ones(2, 3)).tolist() == [[2.0] * 3] * 2
