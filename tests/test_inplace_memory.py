"""Operations in place and out= of large tensors: a kernel writes into the memory at once, and the
values, the history and the refusals are those of the long way.
"""

import tracemalloc

import numpy as np
import pytest

import rushlight as torch
from rushlight.kernels.seam import native

N = 70_000
IN_PLACE = """
x.clamp_(-0.5, 0.5)
x.clamp_min_(0)
x.relu_()
x.exp_()
x.abs_()
x.sin_()
x.neg_()
x.sign_()
x.floor_()
x.round_()
x.add_(y, alpha=0.3)
x.sub_(y, alpha=0.3)
x.addcmul_(y, z, value=0.3)
x.addcdiv_(y, z, value=0.3)
x.lerp_(y, 0.3)
x.lerp_(y, 0.7)
x.fmod_(y)
x.remainder_(y)
x.atan2_(y)
x.hypot_(y)
x.copysign_(y)
x.fill_(2.5)
x.zero_()
x.frac_()
x.square_()
x.pow_(3)
x.pow_(2)
x.pow_(-2)
x.masked_fill_(y > 0, 1.0)
x.nan_to_num_()
x.rsqrt_()
x.add_(x)
x.mul_(x)
x.addcmul_(x, x, value=0.3)
x.lerp_(x, 0.3)
x.fill_(x[3, 3])
x.tril_()
torch.nn.functional.leaky_relu_(x, 0.1)
torch.nn.functional.elu_(x)
torch.nn.functional.celu_(x, 0.7)
torch.nn.functional.selu_(x)
torch.nn.functional.silu(x, inplace=True)
torch.nn.functional.threshold_(x, 0.1, 7.0)
torch.nn.functional.hardtanh_(x)
torch.nn.functional.relu6(x, inplace=True)
""".strip().splitlines()
OUT = """
add(y, z, out=x)
add(y, z, alpha=0.3, out=x)
sub(y, 2.0, out=x)
mul(y, z, out=x)
div(y, z, out=x)
exp(y, out=x)
div(y, z, rounding_mode="floor", out=x)
maximum(y, z, out=x)
clamp(y, -0.5, 0.5, out=x)
lerp(y, z, 0.3, out=x)
add(x, y, out=x)
mul(x, x, out=x)
sub(y, x, out=x)
pow(x, 3, out=x)
cumsum(y, 0, out=x)
sin(x, out=x)
""".strip().splitlines()


def operands(dtype):
    r = np.random.default_rng(0)
    shape = (N // 100, 100)
    return [torch.tensor(r.standard_normal(shape), dtype=dtype) for _ in "xyz"]


def same(a, b):
    np.testing.assert_array_equal(a.double().numpy(), b.double().numpy())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16], ids=str)
@pytest.mark.parametrize("text", IN_PLACE)
def test_in_place_is_what_small_pieces_give(text, dtype):
    x, y, z = operands(dtype)
    expected, view, before = x.clone(), x[:], x.data_ptr()
    for i in range(0, len(x), 10):  # too small for any other way
        part = {"x": expected[i : i + 10], "y": y[i : i + 10], "z": z[i : i + 10]}
        if "x[" in text:
            part["x"] = expected
        elif "tril" in text:
            break
        eval(text, {"torch": torch}, part)
        if "x[" in text:
            break
    if "tril" in text:
        expected = x.clone().tril()
    version = x._version
    assert eval(text, {"torch": torch}, {"x": x, "y": y, "z": z}) is x
    assert x._version == version + 1 and x.data_ptr() == before
    same(x, expected)
    same(view, expected)


@pytest.mark.parametrize("text", OUT)
def test_out_is_what_the_function_returns(text):
    x, y, z = operands(torch.float32)
    plain = eval("torch." + text.replace(", out=x", ""), {"torch": torch, "x": x, "y": y, "z": z})
    before, version = x.data_ptr(), x._version
    assert eval("torch." + text, {"torch": torch, "x": x, "y": y, "z": z}) is x
    assert x.data_ptr() == before and x._version == version + 1
    same(x, plain)


@pytest.mark.skipif(native is None, reason="kernels write into memory, twins do not")
@pytest.mark.parametrize(
    "text",
    [
        *("x.clamp_(0, 1)", "x.exp_()", "torch.add(y, z, out=x)", "x.square_()", "x.pow_(2)"),
        *("x.pow_(3)", "x.frac_()", "x.nan_to_num_()", "torch.nn.functional.celu_(x)"),
        "torch.nn.functional.relu6(x, inplace=True)",
    ],
)
def test_no_second_array(text):
    x, y, z = operands(torch.float32)
    names = {"torch": torch, "x": x, "y": y, "z": z}
    eval(text, names)  # imports what it needs
    tracemalloc.start()
    try:
        eval(text, names)
        assert tracemalloc.get_traced_memory()[1] < x.nbytes / 2  # the most at once
    finally:
        tracemalloc.stop()


def test_what_overlaps_in_part_is_refused_before_anything_is_written():
    memory = torch.arange(float(N))
    kept = memory.clone()
    with pytest.raises(RuntimeError, match="refer to a single memory location"):
        torch.exp(memory[1:], out=memory[:-1])
    with pytest.raises(RuntimeError, match="refer to a single memory location"):
        memory[1:].add_(memory[:-1], alpha=0.5)
    same(memory, kept)


def test_a_gradient_that_needs_the_old_value_gets_it():
    x = torch.randn(N, requires_grad=True)
    y = x * 1.0
    y.cos_().sin_().sum().backward()
    c = x.detach().cos()
    torch.testing.assert_close(x.grad, -x.detach().sin() * c.cos())
    leaf = torch.randn(N, requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf Variable"):
        leaf.exp_()
    with pytest.raises(RuntimeError, match="don't support automatic differentiation"):
        torch.exp(x, out=torch.empty(N))


def test_after_an_error_the_next_result_is_a_new_array():
    x, y, z = operands(torch.float32)
    kept = x.clone()
    with pytest.raises((RuntimeError, TypeError)):
        torch.add(y, z[:3, :7], out=x)
    with pytest.raises((RuntimeError, TypeError)):
        x.clamp_(torch.zeros(3), 1)
    fresh = y.exp()
    assert fresh.data_ptr() != x.data_ptr()
    same(x, kept)


@pytest.mark.skipif(native is None, reason="asks for the native kernels")
def test_the_destination_is_of_its_thread_and_of_one_result():
    import threading

    a, b = np.ones(N, "f"), np.full(N, 2, "f")
    native.write_to(a)
    found = []
    t = threading.Thread(target=lambda: found.append(native.exp(b)))
    t.start()
    t.join()
    first, second = native.exp(b), native.exp(b)
    assert found[0] is not a and first is a and second is not a
    native.write_to(None)
    b.flags.writeable = False
    with pytest.raises(TypeError, match="can be written to"):
        native.write_to(b)
