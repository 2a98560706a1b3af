"""Arithmetic as PyTorch does it: promotion, rounding, edges, errors, names in the graph."""

import math
import operator

import pytest

import rushlight as torch

nan, inf = math.nan, math.inf


def close(x, want):
    return torch.allclose(x, torch.tensor(want, dtype=x.dtype), equal_nan=True)


def gradient(f, *values):
    leaves = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in values]
    f(*leaves).sum().backward()
    return [t.grad.tolist() for t in leaves]


@pytest.mark.parametrize(
    "x, y, dtype",
    [
        (torch.tensor([1], dtype=torch.int8), 3, "int8"),
        (torch.tensor([1], dtype=torch.uint8), torch.tensor([1], dtype=torch.int8), "int16"),
        (torch.tensor([1]), 2.5, "float32"),
        (torch.tensor([1.0]), torch.tensor(2.0, dtype=torch.float64), "float32"),
        (torch.tensor([True]), 1, "int64"),
        (torch.tensor([1], dtype=torch.float16), torch.tensor([1.0]), "float32"),
        (torch.tensor([1.0], dtype=torch.float64), 1j, "complex128"),
    ],
)
def test_promotion(x, y, dtype):
    assert str((x + y).dtype) == str((x * y).dtype) == f"torch.{dtype}"


def test_division_of_integers():
    x, y = torch.tensor([7, -7, 7, -7]), torch.tensor([2, 2, -2, -2])
    assert (x / y).tolist() == [3.5, -3.5, -3.5, 3.5]
    assert (x // y).tolist() == [3, -4, -4, 3]
    assert torch.div(x, y, rounding_mode="trunc").tolist() == [3, -3, -3, 3]
    assert (x % y).tolist() == [1, 1, -1, -1]
    assert torch.fmod(x, y).tolist() == [1, -1, 1, -1]
    for f in (torch.floor_divide, torch.remainder, torch.fmod):
        with pytest.raises(RuntimeError, match="ZeroDivisionError"):
            f(x, 0)


def test_division_of_floats_at_the_edges():
    x = torch.tensor([1.0, -1.0, 0.0, inf])
    assert close(x / 0, [inf, -inf, nan, inf])
    assert close(x // 0, [inf, -inf, nan, inf])
    assert close(x % inf, [1.0, inf, 0.0, nan])


def test_powers():
    assert (torch.tensor([2, 3]) ** 2).tolist() == [4, 9]
    assert (2 ** torch.tensor([1, 3])).tolist() == [2, 8]
    assert (torch.tensor([1, -1, 2]) ** torch.tensor([-1, -1, -1])).tolist() == [1, -1, 0]
    with pytest.raises(RuntimeError, match="Integers to negative integer powers"):
        torch.tensor([2]) ** -1
    assert gradient(lambda x: x**0, [0.0, 2.0]) == [[0.0, 0.0]]
    assert gradient(torch.pow, [0.0, 2.0], [2.0, 3.0])[1][0] == 0.0


def test_inplace_keeps_the_dtype():
    x = torch.tensor([1, 2])
    with pytest.raises(RuntimeError, match="result type Float can't be cast to the desired"):
        x.add_(0.5)
    with pytest.raises(RuntimeError, match="result type Float can't be cast to the desired"):
        x /= 2
    x = torch.tensor([1.0, 2.0])
    before = x.data_ptr()
    x.add_(1, alpha=3).mul_(2).sub_(torch.tensor([1, 1])).div_(3, rounding_mode="floor")
    assert x.tolist() == [2.0, 3.0] and x.data_ptr() == before


def test_alpha():
    x = torch.tensor([1, 2])
    assert torch.add(x, x, alpha=2).tolist() == [3, 6]
    assert torch.sub(x, x, alpha=2).tolist() == [-1, -2]
    with pytest.raises(RuntimeError, match="argument alpha must not be a floating point number"):
        torch.add(x, x, alpha=0.5)


def test_bool_operands():
    b = torch.tensor([True, False])
    assert (b + b).tolist() == [True, False]
    for f in (lambda: b - b, lambda: 1.0 - b, lambda: -b):
        with pytest.raises(RuntimeError, match=r"operator, (with|on) (two |a )bool tensor"):
            f()
    assert (~b).tolist() == [False, True]
    assert (b ^ True).tolist() == [False, True]


def test_sign_and_rounding():
    x = torch.tensor([-2.5, -0.5, 0.5, 1.5, nan])
    assert close(x.sign(), [-1, -1, 1, 1, 0])
    assert close(x.round(), [-2, 0, 0, 2, nan])
    assert close(torch.tensor([1.2345]).round(decimals=2), [1.23])
    assert close(torch.tensor([1254.0]).round(decimals=-2), [1300.0])
    assert close(x.frac(), [-0.5, -0.5, 0.5, 0.5, nan])
    assert torch.tensor([3]).floor().dtype is torch.int64


def test_clamp():
    x = torch.tensor([-1.0, 0.0, 2.0, nan])
    assert close(x.clamp(0, 1), [0, 0, 1, nan])
    assert close(x.clamp(min=1, max=0), [0, 0, 0, nan])
    assert torch.tensor([1, 5]).clamp(max=2.5).dtype is torch.float32
    assert gradient(lambda t: t.clamp(0, 1), [-1.0, 0.0, 1.0, 2.0]) == [[0.0, 1.0, 1.0, 0.0]]
    with pytest.raises(RuntimeError, match="At least one of 'min' or 'max' must not be None"):
        x.clamp()


def test_gradients_of_ties():
    assert gradient(torch.maximum, [1.0, 2.0], [1.0, 1.0]) == [[0.5, 1.0], [0.5, 0.0]]
    assert gradient(torch.fmax, [1.0, 2.0], [1.0, 1.0]) == [[1.0, 1.0], [0.0, 0.0]]
    assert gradient(torch.abs, [0.0, -2.0]) == [[0.0, -1.0]]


def test_logarithms_at_the_edges():
    assert close(
        torch.xlogy(torch.tensor([0.0, 0.0, 1.0]), torch.tensor([0.0, nan, 0.0])), [0, nan, -inf]
    )
    assert close(
        torch.logaddexp(torch.tensor([-inf, 1000.0]), torch.tensor([-inf, 1000.0])),
        [-inf, 1000.6931],
    )
    assert gradient(lambda x: x.sqrt(), [0.0]) == [[inf]]


def test_shifts():
    x = torch.tensor([1, -8, 3])
    assert (x << 2).tolist() == [4, -32, 12]
    assert (x >> 1).tolist() == [0, -4, 1]
    assert (x << 64).tolist() == [0, 0, 0]
    assert (x >> 64).tolist() == [0, -1, 0]
    with pytest.raises(RuntimeError, match="not implemented for 'Float'"):
        torch.tensor([1.0]) & 1


def test_comparison_with_anything():
    x = torch.tensor([1.0, nan])
    assert (x == None) is False and (x != "a") is True  # noqa: E711
    with pytest.raises(TypeError):
        operator.lt(x, "a")
    assert (x == x).tolist() == [True, False]
    assert torch.equal(x, x) is False
    assert torch.isclose(x, x, equal_nan=True).tolist() == [True, True]
    with pytest.raises(RuntimeError, match="Float did not match Double"):
        torch.isclose(x, x.double())


def test_where():
    x = torch.tensor([1.0, -1.0], requires_grad=True)
    y = torch.where(x > 0, x, 0)
    y.sum().backward()
    assert y.tolist() == [1.0, 0.0] and x.grad.tolist() == [1.0, 0.0]
    with pytest.raises(RuntimeError, match="expected condition to be a boolean tensor"):
        torch.where(x, x, x)


def test_lerp_reaches_its_end():
    x, y = torch.tensor([0.1]), torch.tensor([0.7])
    assert torch.lerp(x, y, 1.0).item() == y.item()
    with pytest.raises(RuntimeError, match="expected dtype"):
        torch.lerp(x, y.double(), 0.5)


def test_shapes_that_do_not_fit():
    with pytest.raises(
        RuntimeError, match=r"The size of tensor a \(3\) must match the size of tensor b \(4\)"
    ):
        torch.ones(3) + torch.ones(4)
    with pytest.raises(RuntimeError, match="doesn't match the broadcast shape"):
        torch.ones(1).add_(torch.ones(3))
    with pytest.raises(TypeError, match="must be Tensor, not str"):
        torch.add(torch.ones(1), "a")


def test_complex():
    z = torch.complex(torch.tensor([3.0]), torch.tensor([-4.0]))
    assert z.abs().item() == 5.0
    assert z.conj().imag.item() == 4.0
    assert close(torch.view_as_real(z), [[3.0, -4.0]])
    z.real = torch.tensor([1.0])
    assert z.tolist() == [1 - 4j]
    with pytest.raises(RuntimeError, match="imag is not implemented for tensors with non-complex"):
        torch.imag(torch.ones(1))


def test_names_in_the_graph():
    x = torch.ones(2, requires_grad=True)
    expected = {
        "AddBackward0": x + 1,
        "RsubBackward1": 1 - x,
        "MulBackward0": 1 / x,
        "DivBackward0": x / 2,
        "PowBackward0": x**2,
        "PowBackward1": x**x,
        "PowBackward2": 2**x,
        "RemainderBackward0": x.remainder(2),
        "ClampBackward1": x.clamp(0, 1),
        "ClampMinBackward0": x.clamp_min(0),
        "RoundBackward1": x.round(decimals=1),
        "Atan2Backward0": x.atan2(x),
        "Log1PBackward0": x.log1p(),
        "XlogyBackward1": torch.xlogy(2, x),
    }
    assert {name: y.grad_fn.name() for name, y in expected.items()} == {n: n for n in expected}


def test_out_is_written():
    out = torch.empty(0)
    assert torch.mul(torch.ones(2), 3, out=out) is out and out.tolist() == [3.0, 3.0]
    with pytest.raises(RuntimeError, match="can't be cast"):
        torch.add(torch.ones(2), 1, out=torch.empty(2, dtype=torch.int64))
    with pytest.raises(RuntimeError, match="don't support automatic differentiation"):
        torch.add(torch.ones(2, requires_grad=True), 1, out=torch.empty(2))
