"""torch.jit, torch.compiler, torch._dynamo where there is no compiler; torch._check and sym_*."""

import sys
import typing
import warnings

import pytest

import rushlight as torch
from rushlight import jit, nn


@pytest.fixture(autouse=True)
def noted(monkeypatch):
    """As if the note had been given already."""
    monkeypatch.setattr(jit, "_noted", True)


def test_script_and_trace_return_what_they_are_given_with_one_note(monkeypatch):
    monkeypatch.setattr(jit, "_noted", False)
    net = nn.Linear(2, 2)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert jit.script(net) is net and jit.trace(net, torch.ones(1, 2)) is net
        assert jit.trace_module(net, {"forward": torch.ones(1, 2)}) is net
    assert [str(w.message) for w in caught] == [
        "torch.jit.script returns what it is given: rushlight has no TorchScript compiler"
    ]
    assert caught[0].filename == __file__


def test_the_note_is_no_error_where_warnings_are(monkeypatch):
    monkeypatch.setattr(jit, "_noted", False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        @jit.script
        def twice(x):
            return x * 2

    assert twice(3) == 6


def test_decorators_return_the_function():
    def f(x):
        return x

    for mark in (jit.ignore, jit.unused, jit.export, jit.script_method, jit.script_if_tracing):
        assert mark(f) is f
    assert jit.ignore(drop=True)(f) is f and jit._overload_method(f) is f
    assert not jit.is_scripting() and not jit.is_tracing() and jit.annotate(int, "a") == "a"
    assert jit.annotations.List is typing.List and jit.Final is typing.Final  # noqa: UP006
    with pytest.raises(RuntimeError, match="must be a bool or a function but got 5"):
        jit.ignore(5)
    with pytest.raises(TypeError, match="<class 'int'> is a built-in class"):
        jit.script(3)


def test_classes_of_compiled_code_have_no_instances():
    net = jit.script(nn.ReLU())
    assert not isinstance(net, (jit.ScriptModule, jit.RecursiveScriptModule, jit.ScriptFunction))

    class Mine(jit.ScriptModule):
        __constants__ = ["k"]

        def __init__(self):
            super().__init__()
            self.k = jit.Attribute(3, int)
            self.layer = nn.Linear(1, 1)

        @jit.script_method
        def forward(self, x):
            return self.layer(x) * self.k

    mine = Mine()
    torch.nn.init.constant_(mine.layer.bias, 0.5)
    assert mine.k == 3 and mine(torch.zeros(1, 1)).item() == 1.5
    assert torch.ScriptModule is jit.ScriptModule and isinstance(mine, nn.Module)
    with pytest.raises(NotImplementedError, match=r"torch\.jit\.ScriptFunction"):
        jit.ScriptFunction()


@pytest.mark.parametrize(
    ("value", "kind", "answer"),
    [
        ([1, 2], typing.List[int], True),  # noqa: UP006
        ([1, "a"], list[int], False),
        ({"a": 1.0}, dict[str, float], True),
        ((1, "a"), tuple[int, str], True),
        ((1, "a"), tuple[int, int], False),
        (None, typing.Optional[int], True),  # noqa: UP045
        ("a", int | None, False),
        (3, (int, str), True),
    ],
)
def test_isinstance_looks_into_containers(value, kind, answer):
    assert jit.isinstance(value, kind) is answer


def test_isinstance_wants_the_contained_type():
    with pytest.raises(RuntimeError, match=r"Attempted to use list without a contained type"):
        jit.isinstance([1], list)


def test_files_are_refused_with_a_way_out(tmp_path):
    with pytest.raises(ValueError, match="The provided filename /no/such does not exist"):
        jit.load("/no/such")
    (tmp_path / "a.pt").write_bytes(b"x")
    with pytest.raises(NotImplementedError, match="load_state_dict"):
        jit.load(tmp_path / "a.pt")
    with pytest.raises(NotImplementedError, match="state_dict"):
        jit.save(nn.ReLU(), tmp_path / "b.pt")


@pytest.fixture
def scripted(monkeypatch):
    """torch.jit.script was called once, and what it leaves on Module is taken away afterwards."""
    monkeypatch.setattr(jit, "_noted", False)
    for name in jit.SCRIPTED:
        monkeypatch.setattr(nn.Module, name, None, raising=False)
        monkeypatch.delattr(nn.Module, name)
    with pytest.warns(UserWarning, match="returns what it is given"):
        yield jit.script(nn.Linear(2, 2))
    for name in jit.SCRIPTED:
        delattr(nn.Module, name)


def test_what_a_compiled_module_has_is_missed_with_a_way_out(scripted):
    with pytest.raises(AttributeError) as caught:
        scripted.save("a.pt")
    lines = str(caught.value).splitlines()
    assert lines[0] == "'Linear' object has no attribute 'save'"
    assert lines[1].startswith("  torch.jit.script and trace return the module itself")
    assert "torch.save(model.state_dict(), FILE)" in lines[2]
    assert not any(hasattr(nn.ReLU(), name) for name in jit.SCRIPTED)
    with pytest.raises(AttributeError, match="type object 'ReLU' has no attribute 'graph'"):
        nn.ReLU.graph  # noqa: B018


def test_a_modules_own_attributes_go_before(scripted):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.graph = nn.Linear(1, 1)
            self.code = nn.Parameter(torch.ones(1))

        def save(self):
            return "saved"

    net = Net()
    assert isinstance(net.graph, nn.Linear) and net.code.item() == 1 and net.save() == "saved"
    assert list(net.state_dict()) == ["code", "graph.weight", "graph.bias"]


def test_fork_runs_at_once():
    future = jit.fork(lambda x, y: x + y, torch.ones(1), y=2)
    assert isinstance(future, torch.futures.Future) and jit.wait(future).item() == 3.0
    with pytest.raises(ZeroDivisionError):
        jit.fork(lambda: 1 / 0)


def test_freeze_wants_eval():
    net = nn.Dropout()
    with pytest.raises(RuntimeError, match="only implemented for modules in eval mode"):
        jit.freeze(net)
    assert jit.freeze(net.eval()) is net
    assert jit.optimize_for_inference(net.train()).training is False


# ---------------------------------------------------------------- compilers


def test_compiler_answers():
    c = torch.compiler
    assert not c.is_compiling() and not c.is_exporting() and not c.is_dynamo_compiling()
    assert c.list_backends() in ([], ["openxla", "xla"]) and c.compile is torch.compile

    def f(x):
        return x

    assert c.disable(f) is f and c.disable(recursive=False)(f) is f and c.allow_in_graph(f) is f
    assert c.assume_constant_result(f) is f and c.allow_in_graph([f]) == [f]
    with c.set_stance("force_eager"):
        pass
    assert c.set_stance("default")(f) is f
    with pytest.raises(RuntimeError, match=r"invalid torch\.compile stance: 'x'"):
        c.set_stance("x")
    assert c.get_default_backend() == "inductor"


def test_dynamo_names(monkeypatch):
    monkeypatch.delitem(
        sys.modules, "rushlight.kernels.xla.array", raising=False
    )  # no device was used
    d = torch._dynamo
    x = torch.ones(2)
    assert d.mark_static_address(x) is None and d.mark_dynamic(x, 0) is None
    with pytest.raises(TypeError, match="expects a tensor"):
        d.mark_static_address(3)
    assert d.config.suppress_errors is False
    with d.config.patch(suppress_errors=True, cache_size_limit=3):
        assert d.config.suppress_errors is True and d.config.cache_size_limit == 3
    assert d.config.suppress_errors is False and d.config.cache_size_limit == 8
    from rushlight._dynamo._trace_wrapped_higher_order_op import TransformGetItemToIndex
    from rushlight._dynamo.eval_frame import OptimizedModule

    with TransformGetItemToIndex():
        assert x[torch.tensor(1)].item() == 1.0
    assert not isinstance(torch.compile(nn.ReLU()), OptimizedModule)
    assert d.optimize("eager")(nn.ReLU).__name__ == "ReLU"
    assert issubclass(d.exc.Unsupported, RuntimeError)


def test_compile_of_what_is_on_the_cpu(monkeypatch):
    """It runs eagerly; without a word about XLA no compiler is looked for."""
    monkeypatch.delitem(
        sys.modules, "rushlight.kernels.xla.array", raising=False
    )  # no device was used
    net = nn.Linear(2, 2)
    assert torch.compile(net) is net and torch.compile(net, mode="max-autotune") is net
    assert torch.compile(net, backend="eager") is net and torch.compile(net, disable=True) is net

    @torch.compile(fullgraph=True, dynamic=False)
    def step(x, *, k):
        """Doc."""
        return x * k if x.sum().item() > 0 else x

    assert step(torch.ones(2), k=3).tolist() == [3.0, 3.0]
    assert step.__name__ == "step" and step.__doc__ == "Doc." and torch.compile(step) is step
    with pytest.raises(RuntimeError, match=r"Invalid backend: 'nope', see `torch\._dynamo"):
        torch.compile(net, backend="nope")
    with pytest.raises(RuntimeError, match="Unrecognized mode=nope, should be one of: default"):
        torch.compile(net, mode="nope")
    with pytest.raises(RuntimeError, match="Either mode or options can be specified"):
        torch.compile(net, mode="default", options={})
    with pytest.raises(AssertionError, match="callable function is expected, but <class 'int'>"):
        torch.compile(3)
    torch.compiler.set_default_backend("eager")
    assert torch.compiler.get_default_backend() == "eager"
    torch.compiler.set_default_backend(None)
    torch.compiler.reset()


def test_compile_needs_no_jax(in_python):
    """Where JAX is absent, CPU tensors run eagerly, and the backend "xla" says what is missing."""
    code = """
import sys, importlib.util as u
found = u.find_spec
u.find_spec = lambda name, *a: None if name == "jax" else found(name, *a)
import rushlight as torch
f = torch.compile(lambda x: x + 1)
assert f(torch.ones(1)).item() == 2 and torch.compiler.list_backends() == []
for f in (lambda: torch.compile(f, backend="xla"), lambda: torch._dynamo.explain(f)):
    try:
        f()
    except Exception as e:
        print(str(e).splitlines()[0])
print("jax" in sys.modules)
"""
    said = in_python(code).splitlines()
    assert said[0] == "torch.compile(backend='xla') needs JAX, which is not installed"
    assert "there is no compiler without JAX" in said[1] and said[2] == "False"


# ---------------------------------------------------------------- torch._check, torch.sym_*


@pytest.mark.parametrize(
    ("check", "error"),
    [
        (torch._check, RuntimeError),
        (torch._check_index, IndexError),
        (torch._check_value, ValueError),
        (torch._check_type, TypeError),
        (torch._check_not_implemented, NotImplementedError),
    ],
)
def test_checks(check, error):
    check(True)
    with pytest.raises(error, match="Expected cond to be True, but got False"):
        check(False)
    with pytest.raises(error, match=r"^mine 3$"):
        check(False, lambda: f"mine {3}")
    with pytest.raises(TypeError, match="cond must be a bool, but got a Tensor"):
        check(torch.tensor(True))
    with pytest.raises(TypeError, match="cond must be a bool, but got <class 'int'>"):
        check(1)
    with pytest.raises(TypeError, match="message must be a callable"):
        check(False, "text")


def test_checks_of_tensors_and_sizes():
    torch._check_tensor_all(torch.tensor([True, True]))
    with pytest.raises(RuntimeError, match=r"^no$"):
        torch._check_tensor_all(torch.tensor([True, False]), lambda: "no")
    with pytest.raises(TypeError, match=r"must have dtype torch\.bool, but got torch\.int64"):
        torch._check_tensor_all(torch.tensor([1]))
    torch._check_is_size(3)
    with pytest.raises(RuntimeError):
        torch._check_is_size(-1)
    with pytest.raises(AssertionError, match=r"^m$"):
        torch._assert(torch.tensor(False), "m")
    with pytest.raises(RuntimeError, match="single nonzero value, but got zero"):
        torch._assert_async(torch.tensor(0))


def test_symbols_are_numbers():
    assert not isinstance(torch.ones(3).shape[0], torch.SymInt)
    results = [
        torch.sym_float(3),
        torch.sym_int(-3.7),
        torch.sym_max(3, 4.0),
        torch.sym_min(3, 4.0),
    ]
    assert results == [3.0, -3, 4.0, 3.0] and isinstance(results[3], float)
    assert (
        torch.sym_ite(True, 1, 2) == 1 and torch.sym_not(0) is True and torch.sym_sum([1, 2]) == 3
    )
    with pytest.raises(NotImplementedError, match=r"torch\.SymInt"):
        torch.SymInt(3)
    from rushlight.fx.experimental import symbolic_shapes

    assert symbolic_shapes.guard_or_false(3 > 2) is True
    assert symbolic_shapes.free_symbols(torch.ones(1)) == set()


def test_softmax_backward_is_the_gradient_of_softmax():
    x = torch.tensor([[1.0, 2.0, -1.0]], requires_grad=True)
    y = x.softmax(1)
    dy = torch.tensor([[1.0, -2.0, 0.5]])
    y.backward(dy)
    found = torch._softmax_backward_data(dy, y.detach(), 1, torch.float32)
    assert torch.allclose(found, x.grad)
    assert torch._shape_as_tensor(torch.ones(2, 3)).tolist() == [2, 3]
    assert torch._shape_as_tensor(torch.tensor(1.0)).tolist() == []
