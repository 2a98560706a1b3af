"""torch.autocast on the CPU: dtypes op by op, the kept copies of weights, settings, Functions."""

import json
import os
import subprocess
import sys
import threading
import warnings
from pathlib import Path

import autocast_cases as cases
import numpy as np
import pytest

import rushlight as torch
from rushlight import nn
from rushlight.nn import functional as F

FROZEN = json.loads((Path(__file__).parent / "frozen" / "autocast.json").read_text())


def there(name):
    space, _, last = cases.CASES[name].partition("(")[0].rpartition(".")
    at = {"torch": torch, "F": nn.functional, "torch.linalg": torch.linalg, "torch.nn": nn}
    return last in dir(at[space]) if space in at else True


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [n for n in cases.CASES if there(n)])
def test_dtypes_are_pytorchs(name):
    found = [cases.dtype_of(torch, name, d, "bfloat16") for d in ("float32", "bfloat16")]
    wanted = FROZEN["dtypes"][name]
    assert [b if a == "error" else a for a, b in zip(wanted, found, strict=True)] == found


@pytest.mark.parametrize("key", FROZEN["losses"])
def test_training_agrees_within_rounding(key):
    """16-bit products are rounded in another order than PyTorch's: 8 (or 11) bits of each value."""
    net, lower = key.split()
    found = cases.losses(torch, net, lower)
    np.testing.assert_allclose(
        found, FROZEN["losses"][key], rtol={"bfloat16": 1e-2, "float16": 2e-3}[lower]
    )


def test_contexts_nest_and_end():
    x = torch.ones(2, 2)
    with torch.autocast("cpu"):
        assert (x @ x).dtype is torch.bfloat16 and (x + x).dtype is torch.float32
        with torch.autocast("cpu", enabled=False):
            assert (x @ x).dtype is torch.float32 and not torch.is_autocast_enabled("cpu")
        with torch.autocast("cpu", dtype=torch.float16):
            assert torch.mm(x, x).dtype is torch.float16
        assert (x @ x).dtype is torch.bfloat16
        assert (x.double() @ x.double()).dtype is torch.float64
        with pytest.raises(ZeroDivisionError), torch.autocast("cpu"):
            _ = 1 / 0
        assert torch.is_autocast_enabled("cpu") and not torch.is_autocast_enabled()
    assert (x @ x).dtype is torch.float32 and not torch.is_autocast_enabled("cpu")


LEFT = """
import rushlight as torch
from rushlight.dispatch import modes

x = torch.ones(2, 2)
torch.mm(x, x), x + x, 1 - x
plain = {c: c.run for c in modes.Card.used if "run" in c.__dict__}
operators = {n: vars(torch.Tensor)[n] for n in ("__matmul__", "__add__", "__rsub__")}
with torch.autocast("cpu"):
    x @ x
    assert torch.mm.face.op.unasked is not None
assert all(c.run is run for c, run in plain.items()) and plain
assert all(c.unasked is None for c in modes.Card.used)
assert {n: vars(torch.Tensor)[n] for n in operators} == operators
assert all(c.function is c.unasked for c in modes.COMPOSITES)
"""


def test_nothing_is_left_in_front_of_the_ops():
    """In a process of its own: other tests may hold tensors that keep a mode on."""
    path = {"PYTHONPATH": str(Path(torch.__file__).parents[1])}
    run = subprocess.run([sys.executable, "-c", LEFT], env=os.environ | path, capture_output=True)
    assert (run.returncode, run.stderr) == (0, b"")


def test_a_decorator_and_a_second_use():
    context = torch.autocast("cpu")

    @context
    def product(x):
        """x x"""
        return x @ x

    x = torch.ones(2, 2)
    assert product(x).dtype is torch.bfloat16 and product.__doc__ == "x x"
    with context, context:
        assert (x @ x).dtype is torch.bfloat16
    assert (x @ x).dtype is torch.float32


def test_weights_are_cast_once_and_their_gradients_are_float32():
    w = torch.full((2, 2), 1.0 / 3, requires_grad=True)
    x = torch.ones(1, 2)
    with torch.autocast("cpu"):
        y, z = x @ w, x @ w
        copies = [t.grad_fn.next_functions[1][0] for t in (y, z)]
    assert copies[0] is copies[1] and copies[0].name() == "ToCopyBackward0"
    (y + z).sum().backward()
    assert w.grad.dtype is torch.float32 and w.grad.tolist() == [[2, 2], [2, 2]]
    with torch.autocast("cpu", cache_enabled=False):
        assert not torch.is_autocast_cache_enabled()
        copies = [(x @ w).grad_fn.next_functions[1][0] for _ in range(2)]
    assert copies[0] is not copies[1]
    assert torch.is_autocast_cache_enabled()


def test_the_copies_do_not_outlive_the_context():
    w = torch.ones(2, 2, requires_grad=True)
    with torch.autocast("cpu"):
        assert (w @ w).sum().item() == 8
        with torch.no_grad():
            w.fill_(2.0)
        assert (w @ w).sum().item() == 8  # as in PyTorch: the copy is that of before
        torch.clear_autocast_cache()
        assert (w @ w).sum().item() == 32
        with torch.no_grad():
            w.fill_(3.0)
            assert (w @ w).sum().item() == 72  # nothing is kept where no gradient is recorded
    with torch.autocast("cpu"):
        assert (w @ w).sum().item() == 72


def test_a_fused_pair_is_lowered_too():
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Conv1d(2, 2, 1), nn.ReLU())
    with torch.autocast("cpu"):
        assert net[:2](torch.ones(2, 2)).dtype is torch.bfloat16
        assert net[2:](torch.ones(2, 2, 2)).dtype is torch.bfloat16
    assert net[:2](torch.ones(2, 2)).dtype is torch.float32


def test_what_is_not_on_the_cpu_is_left_alone():
    x, s = torch.empty(2, 2, device="meta"), torch.eye(2).to_sparse()
    with torch.autocast("cpu"):
        assert (x @ x).dtype is torch.float32 and F.mse_loss(x, x).dtype is torch.float32
        assert nn.Linear(2, 2, device="meta")(x).dtype is torch.float32
        assert (s + s).dtype is torch.float32


def test_the_state_is_the_threads_own():
    seen = []
    with torch.autocast("cpu"):
        other = threading.Thread(
            target=lambda: seen.append((torch.ones(2, 2) @ torch.ones(2, 2)).dtype)
        )
        other.start()
        other.join()
    assert seen == [torch.float32]


def test_settings():
    assert torch.get_autocast_dtype("cpu") is torch.bfloat16
    assert torch.get_autocast_dtype("cuda") is torch.float16
    torch.set_autocast_dtype("cpu", torch.float16)
    torch.set_autocast_enabled("cpu", True)
    assert (torch.ones(1, 1) @ torch.ones(1, 1)).dtype is torch.float16
    torch.set_autocast_enabled("cpu", False)
    torch.set_autocast_dtype("cpu", torch.bfloat16)
    assert torch.autocast_increment_nesting() == 1 and torch.autocast_decrement_nesting() == 0
    with pytest.warns(DeprecationWarning, match=r"use torch\.is_autocast_enabled\('cpu'\)"):
        assert torch.is_autocast_cpu_enabled() is False
    with pytest.warns(DeprecationWarning):
        assert torch.get_autocast_cpu_dtype() is torch.bfloat16
    assert torch.amp.is_autocast_available("cpu") and not torch.amp.is_autocast_available("meta")
    with pytest.raises(TypeError, match=r"argument 'enabled' \(position 1\) must be bool, not str"):
        torch.set_autocast_enabled("cpu")
    with pytest.raises(TypeError, match=r"argument 'device_type' \(position 1\) must be str"):
        torch.is_autocast_enabled(3)
    with pytest.raises(RuntimeError, match="unsupported scalarType"):
        torch.autocast("meta")
    with pytest.raises(RuntimeError, match="Expected one of cpu, cuda"):
        torch.autocast("gpuu")


def test_what_does_nothing_says_so():
    x = torch.ones(2, 2)
    with pytest.warns(UserWarning, match="CUDA is not available .* Disabling autocast"):
        context = torch.autocast("cuda", dtype=torch.float16)
    with context:
        assert (x @ x).dtype is torch.float32
    with pytest.warns(UserWarning, match="CPU Autocast only supports dtypes of torch.bfloat16"):
        context = torch.autocast("cpu", dtype=torch.float64)
    with context:
        assert (x @ x).dtype is torch.float32
    with torch.amp.autocast("xpu"):
        assert (x @ x).dtype is torch.float32
    with pytest.raises(ValueError, match="Expected `device_type` of type `str`"):
        torch.autocast(3)
    with pytest.warns(FutureWarning, match=r"torch\.amp\.autocast\('cuda', args\.\.\.\)"):
        decorate = torch.cuda.amp.autocast(enabled=False)
    assert decorate(lambda v: v + 1)(1) == 2
    with pytest.warns(FutureWarning, match=r"torch\.amp\.autocast\('cpu', args\.\.\.\)"):
        context = torch.cpu.amp.autocast()
    with context:
        assert (x @ x).dtype is torch.bfloat16


def _function(seen, **options):
    class Double(torch.autograd.Function):
        @staticmethod
        @torch.amp.custom_fwd(device_type="cpu", **options)
        def forward(ctx, x):
            seen.append((x.dtype, torch.is_autocast_enabled("cpu")))
            return x * 2

        @staticmethod
        @torch.amp.custom_bwd(device_type="cpu")
        def backward(ctx, g):
            seen.append((g.dtype, torch.is_autocast_enabled("cpu")))
            return g * 2

    return Double


@pytest.mark.parametrize(
    ("options", "dtype", "on"),
    [({}, "bfloat16", True), ({"cast_inputs": torch.float32}, "float32", False)],
)
def test_functions(options, dtype, on):
    seen = []
    x = torch.ones(2, dtype=torch.bfloat16, requires_grad=True)
    double = _function(seen, **options)
    with torch.autocast("cpu"):
        y = double.apply(x)
    y.sum().backward()
    assert seen == [(getattr(torch, dtype), on)] * 2
    assert x.grad.tolist() == [2, 2]
    seen.clear()
    double.apply(torch.ones(1)).sum()
    assert seen == [(torch.float32, False)]


def test_functions_are_checked():
    with pytest.raises(ValueError, match="Expected `device_type` of type `str`"):
        torch.amp.custom_fwd(lambda ctx: None, device_type=3)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        torch.cuda.amp.custom_fwd(lambda ctx: None)
        torch.cuda.amp.custom_bwd(lambda ctx: None)
    assert ["device_type='cuda'" in str(w.message) for w in said] == [True, True]


def test_a_leaf_is_written_to_without_grad_while_a_mode_is_on():
    """x[i] = v takes another way while a mode is on; what no_grad allows is allowed there."""
    w = torch.zeros(2, 2, requires_grad=True)
    with torch.autocast("cpu"), torch.no_grad():
        w[0, 0] = 1.0
        w[[1]] = 2.0
    assert w.tolist() == [[1, 0], [2, 2]] and w.is_leaf
    with torch.autocast("cpu"), pytest.raises(RuntimeError, match="a view of a leaf Variable"):
        w[0, 0] = 1.0
