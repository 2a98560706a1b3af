"""Random numbers are PyTorch's for the same seed; generators, states and errors are, too.

tests/frozen/random.json: tools/freeze_random.py, from tests/random_cases.py.
"""

import base64
import copy
import json
import pickle
import zlib

import numpy as np
import pytest
import random_cases as cases

import rushlight as torch
import rushlight.nn.functional as F
from rushlight.kernels.twin.random import SIZE
from rushlight.nn import init

FAMILIES = {
    "EXACT": cases.EXACT,
    "LIBRARY": cases.LIBRARY,
    "WHOLE": cases.WHOLE,
    "INIT": cases.INIT,
}


@pytest.fixture(scope="module")
def record(frozen):
    return json.loads((frozen / "random.json").read_text())


@pytest.fixture(scope="module")
def drawn():
    return cases.recorded(torch, F, init)


@pytest.fixture(autouse=True)
def untouched():
    """The default generator is given back as it was."""
    with torch.random.fork_rng():
        yield


# ---------------------------------------------------------------- the same numbers as PyTorch


@pytest.mark.parametrize("family", FAMILIES)
def test_numbers_are_pytorchs(family, record, drawn):
    expressions = tuple(FAMILIES[family])
    names = [name for name in record["numbers"] if name.startswith(expressions)]
    assert len(names) >= len(expressions) * len(cases.SEEDS)
    same_library = record["library"] == cases.library()
    for name in names:
        bits, states, few = record["numbers"][name]
        assert drawn[name][1] == states, f"{name}: draws from the generator"
        np.testing.assert_allclose(drawn[name][2], few, 1e-6, 1e-6, err_msg=name)
        if family in ("EXACT", "WHOLE") or (same_library and "orthogonal" not in name):
            assert drawn[name][0] == bits, f"{name}: bits"


def test_calls_share_one_stream(record, drawn):
    for name, (_, state, few) in record["numbers"].items():
        if name.startswith("mixed"):
            np.testing.assert_allclose(drawn[name][2], few, 1e-6, err_msg=name)
            assert drawn[name][1] == state, name


def test_states_are_exchanged_with_pytorch(record):
    state = zlib.decompress(base64.b64decode(record["exchanged"]["state"]))
    g = torch.Generator()
    g.set_state(torch.from_numpy(np.frombuffer(state, np.uint8).copy()))
    assert g.initial_seed() == 99
    assert g.get_state().numpy().tobytes() == state
    following = [torch.randn(1, generator=g).item(), torch.rand(1, generator=g).item()]
    np.testing.assert_allclose(following, record["exchanged"]["next"], 1e-7)


# ---------------------------------------------------------------- kernels (more: test_kernels.py)


def test_moments(kernels):
    s = np.zeros(SIZE, np.uint32)
    kernels.rng_seed(s, 1)
    z = kernels.rng_normal(s, 20000, 1.0, 2.0, False)
    assert abs(z.mean() - 1) < 0.05 and abs(z.std() - 2) < 0.05
    assert sorted(kernels.rng_randperm(s, 100).tolist()) == list(range(100))
    assert abs(kernels.rng_bernoulli(s, 20000, 0.25).mean() - 0.25) < 0.02


# ---------------------------------------------------------------- generators and states


def test_seeds():
    g = torch.Generator()
    assert g.initial_seed() == 67280421310721 and g.device == torch.device("cpu")
    assert g.manual_seed(-1) is g and g.initial_seed() == 2**64 - 1
    assert torch.manual_seed(5) is torch.default_generator and torch.initial_seed() == 5
    a = torch.rand(3)
    torch.manual_seed(5 + 2**32)  # the lower 32 bits decide
    assert torch.equal(torch.rand(3), a)
    assert torch.seed() == torch.initial_seed()
    assert 0 <= g.seed() < 2**64


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: torch.manual_seed(2**64), ValueError, "Overflow when unpacking long long"),
        (lambda: torch.manual_seed("a"), ValueError, "invalid literal"),
        (lambda: torch.manual_seed(None), TypeError, "int\\(\\) argument"),
        (lambda: torch.Generator().manual_seed(1.5), RuntimeError, "long, but got float"),
        (lambda: torch.Generator().manual_seed(True), RuntimeError, "long, but got bool"),
        (lambda: torch.set_rng_state(torch.zeros(3)), TypeError, "must be a torch.ByteTensor"),
        (lambda: torch.set_rng_state([1]), TypeError, "torch.ByteTensor, but got list"),
        (lambda: torch.set_rng_state(torch.zeros(9, dtype=torch.uint8)), RuntimeError, "size 5056"),
        (lambda: torch.set_rng_state(torch.zeros(5056, dtype=torch.uint8)), RuntimeError,
         "Invalid mt19937 state"),
        (lambda: torch.rand(3, generator=5), TypeError, "must be torch.Generator, not int"),
        (lambda: torch.Generator("cuda"), RuntimeError, "Cannot get CUDA generator"),
        (lambda: torch.Generator(1.5), TypeError, "must be torch.device, not float"),
    ],
)  # fmt: skip
def test_errors_of_generators(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_state_brings_back_the_stream():
    torch.manual_seed(3)
    torch.randn(3)  # half a pair waits
    state = torch.get_rng_state()
    a, b = torch.randn(2), torch.rand(700)
    torch.set_rng_state(state)
    assert torch.equal(torch.randn(2), a) and torch.equal(torch.rand(700), b)


def test_generators_are_independent_and_copied_with_their_place():
    torch.manual_seed(1)
    g = torch.Generator().manual_seed(2)
    torch.randn(3, generator=g)
    before = torch.get_rng_state()
    copies = [g.clone_state(), copy.copy(g), copy.deepcopy(g), pickle.loads(pickle.dumps(g))]
    expected = torch.randn(9, generator=g)
    for other in copies:
        assert other.initial_seed() == 2
        assert torch.equal(torch.randn(9, generator=other), expected)
    assert torch.equal(torch.get_rng_state(), before)


def test_fork_rng_leaves_no_trace():
    torch.manual_seed(4)
    torch.randn(1)
    before = torch.get_rng_state()
    with torch.random.fork_rng():
        torch.manual_seed(9)
        torch.rand(5)
    assert torch.equal(torch.get_rng_state(), before)
    with torch.random.fork_rng(enabled=False):
        torch.rand(5)
    assert not torch.equal(torch.get_rng_state(), before)


# ---------------------------------------------------------------- tensors


def test_factories_take_their_options():
    out = torch.empty(5)
    assert torch.rand(2, 3, out=out) is out and out.shape == (2, 3)
    assert torch.randn((2,), dtype=torch.float64, requires_grad=True).requires_grad
    assert torch.rand(size=(2,), device="cpu").dtype == torch.float32
    assert torch.randint(3, (2,), dtype=torch.uint8).dtype == torch.uint8
    assert torch.randint_like(torch.zeros(2, 2), 1, 5).dtype == torch.float32
    assert torch.rand_like(torch.empty(3, 2).t()).stride() == (1, 2)
    assert torch.randperm(3, dtype=torch.int32).dtype == torch.int32
    assert torch.rand(()).shape == () and torch.rand(0, 3).shape == (0, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: torch.rand(), TypeError, "invalid combination of arguments - got \\(\\)"),
        (lambda: torch.rand(-1), RuntimeError, "negative dimension -1"),
        (lambda: torch.rand(2.5), TypeError, "must be tuple of ints, not float"),
        (lambda: torch.rand(2, dtype=torch.int64), NotImplementedError,
         '"check_uniform_bounds" not implemented for \'Long\''),
        (lambda: torch.randn(2, dtype=torch.int64), NotImplementedError, "normal_kernel_cpu"),
        (lambda: torch.rand(2, out=torch.empty(2), dtype=torch.float64), RuntimeError,
         "dtype Double does not match dtype of out parameter"),
        (lambda: torch.randint(5, 2, (2,)), RuntimeError, "from=5 >= to=2"),
        (lambda: torch.randint(2.0, (2,)), TypeError, "'high' \\(position 1\\) must be int"),
        (lambda: torch.randint(500, (2,), dtype=torch.uint8), RuntimeError,
         "to - 1 is out of bounds for unsigned char"),
        (lambda: torch.randperm(300, dtype=torch.int8), RuntimeError, "without overflow"),
        (lambda: torch.empty(2).uniform_(3, 1), RuntimeError, "found from=3 > to=1"),
        (lambda: torch.empty(2).normal_(0, -1), RuntimeError, "std >= 0.0, but found std -1"),
        (lambda: torch.empty(2).exponential_(0), RuntimeError, "lambda > 0.0"),
        (lambda: torch.empty(2).geometric_(1), RuntimeError, "p to be in \\(0, 1\\)"),
        (lambda: torch.empty(2).bernoulli_(1.5), RuntimeError, "in \\[0, 1\\], but got p=1.5"),
        (lambda: torch.bernoulli(torch.tensor([1.5])), RuntimeError, "Expected p_in >= 0"),
        (lambda: torch.empty(1).expand(3).normal_(), RuntimeError, "single memory location"),
        (lambda: torch.zeros(2, requires_grad=True).uniform_(), RuntimeError, "leaf Variable"),
        (lambda: torch.multinomial(torch.ones(3), 4), RuntimeError, "without replacement"),
        (lambda: torch.multinomial(torch.zeros(3), 1), RuntimeError, "sum of probabilities <= 0"),
        (lambda: torch.poisson(torch.tensor([-1.0])), RuntimeError, "non-negative"),
        (lambda: F.dropout(torch.ones(2), 1.5), ValueError, "between 0 and 1, but got 1.5"),
        (lambda: F.dropout(torch.arange(3), 0.5), RuntimeError, "can't be cast"),
        (lambda: F.dropout1d(torch.ones(2)), RuntimeError, "Expected 2D or 3D input"),
        (lambda: init.xavier_uniform_(torch.empty(3)), ValueError, "fewer than 2 dimensions"),
        (lambda: init.calculate_gain("gelu"), ValueError, "Unsupported nonlinearity gelu"),
        (lambda: init.kaiming_uniform_(torch.empty(2, 2), mode="x"), ValueError, "Mode x"),
    ],
)  # fmt: skip
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.uniform_(), lambda x: x.normal_(), lambda x: x.exponential_(),
        lambda x: x.cauchy_(), lambda x: x.log_normal_(), lambda x: x.geometric_(0.5),
        lambda x: x.bernoulli_(), lambda x: x.random_(10), lambda x: x.bernoulli_(torch.ones(3)),
    ],
)  # fmt: skip
def test_what_was_overwritten_has_no_gradient(change):
    x = torch.ones(3, requires_grad=True)
    y = x * 2
    version = y._version
    assert change(y) is y and y._version == version + 1
    y.sum().backward()
    assert x.grad.tolist() == [0, 0, 0]
    with torch.no_grad():
        change(x)  # a leaf, outside of autograd
    assert x.requires_grad and x.is_leaf


def test_drawn_from_tensors_has_a_gradient_of_zero():
    p = torch.full((3,), 0.5, requires_grad=True)
    y = torch.bernoulli(p) + torch.poisson(p) + torch.normal(p, p)
    y.sum().backward()
    assert p.grad.tolist() == [0, 0, 0]


# ---------------------------------------------------------------- dropout


def test_dropout_outside_of_training_is_the_input_itself():
    x = torch.randn(2, 3, 4)
    for f in (F.dropout, F.dropout1d, F.alpha_dropout, F.feature_alpha_dropout):
        assert f(x, 0.5, False) is x and f(x, 0.0, True) is x


def test_dropout_backward_is_the_mask():
    x = torch.ones(50, requires_grad=True)
    y = F.dropout(x, 0.3)
    y.sum().backward()
    assert torch.equal(x.grad, y.detach())
    assert set(y.tolist()) == {0.0, np.float32(1) / np.float32(0.7)}
    x.grad = None
    F.alpha_dropout(x, 0.3, True).sum().backward()
    assert len(set(x.grad.tolist())) == 2


def test_dropout_in_place_and_of_channels():
    x = torch.ones(4, 5, 6)
    assert F.dropout(x, 0.5, inplace=True) is x
    y = F.dropout1d(torch.ones(4, 5, 6), 0.5)
    assert ((y == 0) | (y == 2)).all() and torch.equal(y, y[..., :1].expand(4, 5, 6))
    assert F.dropout(torch.ones(3), 1.0).tolist() == [0, 0, 0]
    y, mask = torch.native_dropout(torch.ones(9), 0.5, True)
    assert torch.equal(y, mask.float() * 2)


def test_dropout2d_warns_of_other_shapes():
    with pytest.warns(UserWarning, match="Received a 3D input to dropout2d"):
        F.dropout2d(torch.ones(2, 3, 4))
    with pytest.warns(UserWarning, match="Received a 2-D input to dropout3d"):
        F.dropout3d(torch.ones(2, 3))


# ---------------------------------------------------------------- nn.init


def test_init_patterns():
    assert torch.equal(init.eye_(torch.empty(2, 3)), torch.eye(2, 3))
    assert init.constant_(torch.empty(2), 3.0).tolist() == [3, 3]
    assert init.ones_(torch.empty(2)).tolist() == [1, 1]
    assert init.zeros_(torch.empty(2)).tolist() == [0, 0]
    w = init.dirac_(torch.empty(4, 2, 3), groups=2)
    assert w.nonzero().tolist() == [[0, 0, 1], [1, 1, 1], [2, 0, 1], [3, 1, 1]]


def test_init_fills_parameters_outside_of_autograd():
    w = torch.empty(4, 4, requires_grad=True)
    for f in (init.uniform_, init.normal_, init.trunc_normal_, init.kaiming_uniform_,
              init.orthogonal_, init.eye_, init.zeros_):  # fmt: skip
        assert f(w) is w and w.is_leaf and w.requires_grad
    g = torch.Generator().manual_seed(1)
    before = torch.get_rng_state()
    init.xavier_normal_(w, generator=g)
    assert torch.equal(torch.get_rng_state(), before)


def test_init_orthogonal_and_gains():
    w = init.orthogonal_(torch.empty(4, 6), gain=2.0)
    np.testing.assert_allclose((w @ w.T).numpy(), 4 * np.eye(4), atol=1e-5)
    assert init.calculate_gain("tanh") == 5 / 3
    assert init.calculate_gain("leaky_relu", 1) == 1.0
    assert init.calculate_gain("leaky_relu") == pytest.approx((2 / 1.0001) ** 0.5)


def test_init_old_names_and_warnings():
    with pytest.warns(FutureWarning, match="`nn.init.uniform` is now deprecated"):
        init.uniform(torch.empty(2))
    with pytest.warns(UserWarning, match="zero-element"):
        init.kaiming_normal_(torch.empty(0, 3))
    with pytest.warns(UserWarning, match="mean is more than 2 std"):
        w = init.trunc_normal_(torch.empty(9), 5.0)
    assert (w >= -2).all() and (w <= 2).all()


def test_erfinv():
    x = torch.linspace(-0.999, 0.999, 101, dtype=torch.float64)
    np.testing.assert_allclose(torch.erf(torch.erfinv(x)).numpy(), x.numpy(), atol=1e-14)
    assert torch.erfinv(torch.tensor([1.0, -1.0, 0.0])).tolist() == [np.inf, -np.inf, 0.0]
