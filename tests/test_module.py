"""Module against answers frozen from PyTorch, and what PyTorch does not have."""

import copy
import gc
import json
import pickle
import weakref

import module_cases as cases
import pytest

import rushlight as torch
from rushlight import nn
from rushlight.nn.module_hooks import Hooked


@pytest.fixture(scope="module")
def recorded(frozen):
    return json.loads((frozen / "modules.json").read_text())


PARTS = [part for part in cases.ALL if part is not cases.containers]


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_answers_are_pytorchs(recorded, part):
    expected = recorded[part.__name__]
    got = cases.answers(torch, part)
    assert {k: (got.get(k), v) for k, v in expected.items() if got.get(k) != v} == {}
    assert got.keys() == expected.keys()


class Scale(nn.Module):
    def __init__(self, factor=1.0):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([factor, 2.0]))

    def forward(self, x):
        return x * self.weight


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stack = nn.Sequential(Scale(), nn.Linear(2, 3))
        self.heads = nn.ModuleList([nn.Linear(3, 4), nn.Linear(3, 5)])

    def forward(self, x, head=0):
        return self.heads[head](self.stack(x))


# ---------------------------------------------------------------- attributes without __getattr__


def test_members_are_ordinary_attributes_whoever_wrote_them():
    m = Scale()
    assert "__getattr__" not in nn.Module.__dict__ or hasattr(m, "weight")
    new = nn.Parameter(torch.zeros(1))
    for write in (
        lambda: m._parameters.__setitem__("weight", new),
        lambda: m._parameters.update(weight=new),
        lambda: setattr(m, "_parameters", {"weight": new}),
    ):
        m.weight = nn.Parameter(torch.ones(2))
        write()
        assert m.weight is new
        assert [*m.parameters()] == [new]
    m._parameters.clear()
    assert not hasattr(m, "weight")
    m._parameters["weight"] = new
    assert m._parameters.popitem() == ("weight", new)
    assert not hasattr(m, "weight")
    assert m._parameters.setdefault("weight", new) is new
    assert m.weight is new


def test_a_class_attribute_comes_before_a_member_of_its_name():
    class Odd(nn.Module):
        layer = None

    m = Odd()
    m._modules["layer"] = Scale()
    assert m.layer is None
    assert [name for name, _ in m.named_children()] == ["layer"]


def test_a_subclass_with_getattr_may_call_that_of_module(fresh):
    program = """
import rushlight as torch
from rushlight import nn

class Wrapper(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def __getattr__(self, name):
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(self.inner, name)

class Mixin:
    def __getattr__(self, name):
        return "mixed in" if name == "flavour" else super().__getattr__(name)

assert Wrapper(nn.Linear(2, 3)).out_features == 3
try:
    Wrapper(nn.Linear(2, 3)).nope
except AttributeError as error:
    assert str(error) == "'Linear' object has no attribute 'nope'", error
"""
    fresh(program)


def test_modules_die_by_reference_count():
    gc.disable()
    try:
        net = Net()
        net(torch.ones(1, 2)).sum().backward()
        net.register_forward_hook(lambda *a: None)
        net(torch.ones(1, 2))
        seen = [weakref.ref(m) for m in net.modules()]
        del net
        assert [r() for r in seen] == [None] * len(seen)
    finally:
        gc.enable()


def test_pickled_members_are_plain_dicts():
    m = Scale()
    restored = pickle.loads(pickle.dumps(m._parameters))
    assert type(restored) is dict
    other = pickle.loads(pickle.dumps(m))
    other.weight = nn.Parameter(torch.zeros(1))
    assert [p.tolist() for p in other.parameters()] == [[0.0]]


def test_a_copied_module_of_a_class_that_restores_itself():
    class Own(Scale):
        def __setstate__(self, state):
            self.__dict__.update(state)  # without super(): as some programs do

    Own.__qualname__ = "Own"
    m = copy.deepcopy(Own())
    assert m.weight.tolist() == [1.0, 2.0]
    m.weight = nn.Parameter(torch.zeros(2))
    assert m.weight.tolist() == [0.0, 0.0]


# ---------------------------------------------------------------- the call


def test_the_fast_call_comes_back_when_hooks_are_gone():
    m = Scale()
    handle = m.register_forward_hook(lambda m, a, y: y * 0)
    assert m(torch.ones(2)).tolist() == [0.0, 0.0]
    handle.remove()
    assert m._hooked
    assert m(torch.ones(2)).tolist() == [1.0, 2.0]
    assert not m._hooked
    everywhere = nn.modules.module.register_module_forward_hook(lambda m, a, y: y * 0)
    assert m(torch.ones(2)).tolist() == [0.0, 0.0]
    everywhere.remove()
    m(torch.ones(2))
    assert not Hooked._hooked


def test_hooks_put_into_the_tables_by_hand():
    m = Scale()
    m._forward_hooks[99] = lambda m, a, y: y * 0
    assert m(torch.ones(2)).tolist() == [0.0, 0.0]
    m._forward_hooks.clear()
    assert m(torch.ones(2)).tolist() == [1.0, 2.0]


# ---------------------------------------------------------------- errors say where


def notes(call):
    with pytest.raises(Exception) as error:
        call()
    return getattr(error.value, "__notes__", []), str(error.value).split("\n")[0]


def test_errors_name_the_module():
    where, text = notes(lambda: Net()(torch.ones(4, 3)))
    assert text.startswith("The size of tensor a (3) must match the size of tensor b (2)")
    assert where[0].split("\n")[0] == "  in Net.stack.0: Scale()"
    where, text = notes(lambda: Net()(torch.ones(4, 2), head=7))
    assert (where, text) == (["  in Net: Net(...)\n  x (4, 2)"], "index 7 is out of range")


def test_errors_name_a_module_called_from_a_list():
    class Wrong(Net):
        def forward(self, x):
            return self.heads[1](x)

    where, text = notes(lambda: Wrong()(torch.ones(4, 2)))
    assert text == "mat1 and mat2 shapes cannot be multiplied (4x2 and 3x5)"
    (line,) = where
    assert line == "  in Wrong.heads.1: Linear(in_features=3, out_features=5, bias=True)"


def test_errors_name_a_module_that_is_not_registered():
    class Hidden(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden = [nn.Linear(2, 2)]

        def forward(self, x):
            return self.hidden[0](x)

    where, _ = notes(lambda: Hidden()(torch.ones(3)))
    assert where[0].startswith("  in Hidden.(Linear): Linear(in_features=2")


def test_an_error_that_is_caught_inside_leaves_no_trace():
    class Lenient(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(2, 2)

        def forward(self, x):
            try:
                return self.fc(x)
            except RuntimeError:
                raise ValueError("no") from None

    where, text = notes(lambda: Lenient()(torch.ones(3)))
    assert where == ["  in Lenient: Lenient(...)\n  x (3,)"]
    assert text == "no"


# ---------------------------------------------------------------- conversions, parameters


def test_conversions_keep_the_parameters_and_convert_their_gradients():
    m = Scale()
    p = m.weight
    m(torch.ones(2)).sum().backward()
    m.double()
    assert m.weight is p
    assert p.dtype is p.grad.dtype is torch.float64
    assert m.to("cpu").to(torch.float32).weight.dtype is torch.float32
    assert m.to_empty(device="cpu").weight.shape == (2,)
    with pytest.raises(AssertionError, match="Torch not compiled with CUDA enabled"):
        m.cuda()


def test_zero_grad():
    m = Scale()
    m(torch.ones(2)).sum().backward()
    m.zero_grad(set_to_none=False)
    assert m.weight.grad.tolist() == [0.0, 0.0]
    m.zero_grad()
    assert m.weight.grad is None


def test_compile_returns_the_module():
    m = Scale()
    assert m.compile() is m


def test_parameter():
    p = nn.Parameter(torch.ones(2))
    assert repr(p) == "Parameter containing:\ntensor([1., 1.], requires_grad=True)"
    assert type(p * 2) is type(p.data) is type(p.detach()) is torch.Tensor
    assert nn.Parameter(p, requires_grad=False).data_ptr() == p.data_ptr()
    assert nn.Parameter().shape == (0,)
    p.note = 1
    assert not hasattr(copy.deepcopy(p), "note")
    with torch.no_grad():
        assert nn.Parameter(torch.ones(1)).requires_grad
    with pytest.raises(RuntimeError, match="Only Tensors of floating point and complex dtype"):
        nn.Parameter(torch.ones(2, dtype=torch.int64))
    with pytest.raises(AttributeError, match="'int' object has no attribute 'detach'"):
        nn.Parameter(3)


def test_buffer():
    b = nn.Buffer(torch.ones(2), persistent=False)
    assert type(b) is torch.Tensor
    assert isinstance(b, nn.Buffer)
    assert not isinstance(torch.ones(2), nn.Buffer)
    m = nn.Module()
    m.b = b
    assert ([*m.state_dict()], [name for name, _ in m.named_buffers()]) == ([], ["b"])


def test_pytorchs_file_names():
    import rushlight.nn.modules.container as container
    from rushlight.nn.modules.linear import Linear
    from rushlight.nn.modules.module import register_module_forward_hook

    from rushlight.utils.hooks import RemovableHandle

    assert Linear is nn.Linear
    assert container.Sequential is nn.Sequential is nn.modules.Sequential
    handle = register_module_forward_hook(lambda *a: None)
    assert isinstance(handle, RemovableHandle)
    handle.remove()
    Scale()(torch.ones(2))
