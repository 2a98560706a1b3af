"""Faults once found by trying: one line each, in tests/cases/faults.txt, named after its entry.

D narrow dtypes, A autograd, I indexing, shapes, interop. The values are PyTorch's:
tools/freeze_ops.py.
"""

import copy
import itertools
import pickle
import subprocess
import sys

import numpy as np
import pytest
from op_cases import agree, evaluate, frozen

import rushlight as torch
from rushlight import nn
from rushlight.dispatch.registry import apply
from rushlight.testing.samples import Make, sample_arguments, sampled_cards

CASES = frozen("faults")


def entry(code):
    return code.rpartition("  # ")[2]


@pytest.mark.parametrize("code", CASES, ids=entry)
def test_as_in_pytorch(code):
    found = evaluate(torch, code)
    assert agree(found, CASES[code]), (found, CASES[code])


# ---------------------------------------------------------------- properties of all cards

EXTREME = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e30, -1e30, 1e38, -1.0, 3e4, 88.0, 2.0])


def tensors_of(args):
    for a in args:
        if isinstance(a, torch.Tensor):
            yield a
        elif isinstance(a, list):
            yield from tensors_of(a)


def results_of(card, args):
    r = apply(card, args)
    return [t for t in ([r] if isinstance(r, torch.Tensor) else r) if isinstance(t, torch.Tensor)]


def exchanged(args, f):
    """The arguments with f(t) for each tensor t, in lists, too."""
    swap = [
        f(a)
        if isinstance(a, torch.Tensor)
        else exchanged(a, f)
        if isinstance(a, list) and a and isinstance(a[0], torch.Tensor)
        else a
        for a in args
    ]
    return swap if isinstance(args, list) else tuple(swap)


@pytest.mark.parametrize("card", sampled_cards(), ids=lambda c: f"I13-{c.name}")
def test_numpy_warns_of_nothing(card):
    """Warnings are errors here: forward and backward at 0, inf, NaN and the ends of the range."""
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        random = np.random.default_rng(0)

        def extreme(t, dtype=dtype, random=random):
            if t._a.dtype.kind != "f":
                return t
            values = torch.from_numpy(np.asarray(random.choice(EXTREME, t._a.shape)))
            return values.to(dtype).requires_grad_()

        for args in sample_arguments(card, Make(card.name)):
            args = exchanged(args, extreme)
            try:
                results = results_of(card, args)
                for y in results:
                    if y.requires_grad:
                        torch.autograd.backward(y, torch.ones_like(y), retain_graph=True)
            except (RuntimeError, IndexError, ValueError, TypeError, ZeroDivisionError):
                pass  # values that the op refuses; a RuntimeWarning is none of these


@pytest.mark.parametrize(
    "card",
    [c for c in sampled_cards() if getattr(c.source, "backward", None)],
    ids=lambda c: f"A2-A6-{c.name}",
)
def test_what_a_node_keeps_has_its_version_checked(card):
    """A tensor changed before backward: an error, or the gradient is what it was."""
    for args in itertools.islice(sample_arguments(card, Make(card.name)), 2):
        count = len(list(tensors_of(args)))

        def gradients(args, change=None):
            leaves = []

            def tracked(t):
                if t._a.dtype.kind not in "fc":
                    return t.clone()
                leaves.append(t.clone().requires_grad_())
                return leaves[-1] * 1

            args = exchanged(args, tracked)
            results = [y for y in results_of(card, args) if y.requires_grad]
            if not results:
                return None
            if change is not None:
                with torch.no_grad():
                    list(tensors_of(args))[change].zero_()
            weights = [
                torch.arange(1.0, y.numel() + 1).reshape(y.shape).to(y.dtype) for y in results
            ]
            torch.autograd.backward(results, weights)
            return [leaf.grad for leaf in leaves]

        before = gradients(args)
        if before is None or card.view:
            continue
        for i in range(count):
            try:
                after = gradients(args, i)
            except RuntimeError as e:
                assert "modified by an inplace operation" in str(e)
                continue
            for a, b in zip(before, after, strict=True):
                same = a is b is None or np.array_equal(a._a, b._a, equal_nan=True)
                assert same, (card.name, i, a, b)


# ---------------------------------------------------------------- what is no line of faults.txt


def test_I12_a_wrapper_reaches_its_net():
    class Wrapper(nn.Module):
        def __init__(self, net):
            super().__init__()
            self.net = net

        def __getattr__(self, name):
            try:
                return super().__getattr__(name)
            except AttributeError:
                return getattr(self.net, name)

    wrapped = Wrapper(nn.Linear(2, 3))
    assert wrapped.out_features == 3
    with pytest.raises(AttributeError, match="'Linear' object has no attribute 'absent'"):
        wrapped.absent  # noqa: B018


def test_I12_getattr_of_the_base_knows_what_is_registered():
    """lightning asks it for a submodule that Python would have found itself."""

    class Wrapper(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = nn.Linear(2, 3)
            self.scale = nn.Parameter(torch.ones(1))
            self.register_buffer("seen", torch.zeros(2))
            self.register_parameter("absent", None)

        def __getattr__(self, name):
            return super().__getattr__(name.removeprefix("my_"))

    m = Wrapper()
    assert m.my_net is m.net and m.my_scale is m.scale and m.my_seen is m.seen
    assert m.my_absent is None
    with pytest.raises(AttributeError, match="'Wrapper' object has no attribute 'other'"):
        m.my_other  # noqa: B018


def test_I12_getattr_called_by_name():
    """gpytorch's modules call `self.__getattr__(name)`; nothing else in a process may be needed."""
    code = """
from rushlight import nn

assert not hasattr(nn.Module, "__getattr__")

class Mean(nn.Linear):
    def found(self, name):
        return self.__getattr__(name)

m = Mean(2, 3)
assert m.found("weight") is m.weight and m.weight.shape == (3, 2)
try:
    m.found("absent")
except AttributeError as e:
    assert str(e) == "'Mean' object has no attribute 'absent'"
else:
    raise AssertionError
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_I12_a_mixin_before_module():
    class Mixin:
        def __getattr__(self, name):
            return 7 if name == "seven" else super().__getattr__(name)

    class Net(Mixin, nn.Module):
        pass

    assert Net().seven == 7
    with pytest.raises(AttributeError, match="'Net' object has no attribute 'eight'"):
        Net().eight  # noqa: B018


def test_I14_float_of_a_tensor_with_a_gradient_warns():
    with pytest.warns(UserWarning, match="requires_grad=True to a scalar"):
        assert float(torch.ones(1, requires_grad=True)) == 1


def test_I15_classes_of_a_program_that_is_run_say_where_pytorch_has_them(tmp_path):
    """And in a program that imports rushlight itself pickle finds the classes."""
    names = "Dropout Linear Conv2d BatchNorm2d ReLU MaxPool2d Embedding LayerNorm Flatten Unfold"
    script = tmp_path / "script.py"
    script.write_text(
        "import pickle\nfrom torch import nn\n"
        f"for name in '{names}'.split():\n    kind = getattr(nn, name)\n"
        "    print(kind.__module__.rpartition('.')[2], pickle.loads(pickle.dumps(kind)) is kind)\n"
        "print(nn.Linear.__module__, pickle.loads(pickle.dumps(nn.Linear(1, 1))).weight.shape)\n"
    )
    command = [sys.executable, "-m", "rushlight", "run", str(script)]
    done = subprocess.run(command, capture_output=True, text=True)
    files = "dropout linear conv batchnorm activation pooling sparse normalization flatten fold"
    want = [f"{file} True" for file in files.split()]
    want.append("torch.nn.modules.linear torch.Size([1, 1])")
    assert done.stdout.splitlines() == want, done.stderr
    assert pickle.loads(pickle.dumps(nn.Linear)) is nn.Linear


def test_I15_pickles_name_our_own_package():
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    data = pickle.dumps(net)
    assert b"torch.nn.modules" not in data.replace(b"rushlight.nn", b"")
    again = pickle.loads(data)
    assert type(again[0]) is nn.Linear
    assert np.array_equal(again[0].weight.detach(), net[0].weight.detach())
    assert copy.deepcopy(net)[0].weight is not net[0].weight


@pytest.mark.parametrize("allowed", [False, True])
def test_I15_a_whole_module_needs_a_word(tmp_path, monkeypatch, allowed):
    torch.save(nn.Linear(2, 2), tmp_path / "net.pt")
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1" if allowed else "0")
    if allowed:
        assert type(torch.load(tmp_path / "net.pt")) is nn.Linear
    else:
        with pytest.raises(pickle.UnpicklingError, match="Linear"):
            torch.load(tmp_path / "net.pt")
        with torch.serialization.safe_globals([nn.Linear]):
            assert type(torch.load(tmp_path / "net.pt")) is nn.Linear


def test_I16_the_version_a_program_sees():
    code = (
        "import torch; v = torch.__version__; "
        "print(v.split('+')[0], v >= '2.9', v < (2, 14), torch.version.__version__ == v)"
    )
    run = [sys.executable, "-m", "rushlight", "run", "-c", code]
    found = subprocess.run(run, capture_output=True, text=True, timeout=60, check=True)
    assert found.stdout == "2.13.0 True True True\n"


def test_D5_no_memory_is_a_runtime_error():
    with pytest.raises(RuntimeError, match="can't allocate memory: you tried to allocate"):
        torch.zeros(10**15)
    with pytest.raises(MemoryError):
        torch.ones(10**6, 10**9)


HINTS = """
import typing, rushlight
from rushlight.app.run import install
if "run" in __import__("sys").argv:
    install()
    import torch
from rushlight import nn, optim
class Net(nn.Module):
    size: int = 3
for space in (rushlight, nn, optim):
    for name in dir(space):
        kind = getattr(space, name, None)
        if isinstance(kind, type):
            for what in (kind, kind.__init__):
                try:
                    typing.get_type_hints(what)
                except NameError as error:
                    print(name, what, error)
print(typing.get_type_hints(Net)["size"], typing.get_type_hints(Net)["_modules"])
"""


@pytest.mark.parametrize("how", ["import", "run"])
def test_annotations_of_classes_can_be_read(how):
    """What dataclass-like tools do with a user's module (transformers with every model): the names
    of its bases' annotations are found although the classes say that they are PyTorch's."""
    done = subprocess.run([sys.executable, "-c", HINTS, how], capture_output=True, text=True)
    module = "torch.nn.modules.module" if how == "run" else "rushlight.nn.module"
    assert done.stdout == f"<class 'int'> dict[str, {module}.Module | None]\n", done.stderr
