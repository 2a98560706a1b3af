"""What old scripts are full of and PyTorch 2.13 still takes, and what it refuses by dtype or size.

The values are PyTorch 2.13.0's; tests/oracle/test_legacy_oracle.py compares with a living one.
"""

import pytest

import rushlight as torch
from rushlight import tensor
from rushlight.nn import functional as F


def test_arithmetic_on_two_numbers_gives_a_tensor():
    for f, x, y, wanted, dtype in (
        (torch.add, 2, 3, 5, torch.int64),
        (torch.add, 2.0, 3, 5.0, torch.float32),
        (torch.sub, 2, 3, -1, torch.int64),
        (torch.mul, 2, 3.5, 7.0, torch.float32),
        (torch.div, 1, 4, 0.25, torch.float32),
        (torch.floor_divide, 7, 2, 3, torch.int64),
        (torch.add, True, False, True, torch.bool),
    ):
        z = f(x, y)
        assert z.shape == () and z.item() == wanted and z.dtype is dtype
    assert torch.add(2, 3, alpha=2).item() == 8
    assert torch.div(-7, 2, rounding_mode="trunc").item() == -3
    with pytest.raises(TypeError, match=r"remainder\(\): argument 'input' .* must be Tensor"):
        torch.remainder(2, 3)


@pytest.mark.filterwarnings("ignore:This overload of ")
def test_numbers_before_what_they_multiply():
    m, x, y = tensor([[1.0]]), tensor([[2.0]]), tensor([[3.0]])
    assert torch.addmm(2, m, x, y).item() == 8
    assert torch.addmm(2, m, 3, x, y).item() == 20
    assert m.addmm(2, x, y).item() == 8
    assert m.clone().addmm_(2, 3, x, y).item() == 20
    v = tensor([1.0])
    assert v.addmv(2, x, tensor([3.0])).item() == 8
    assert tensor([[1.0]]).addr_(2, 3, v, v).item() == 5
    assert x[None].baddbmm(2, x[None], y[None]).item() == 10.0
    with pytest.raises(TypeError, match="takes 3 positional arguments but 4 were given"):
        m.addmm(x, x, y)


def test_a_mask_of_bytes_warns():
    with pytest.warns(UserWarning, match="where received a uint8 condition tensor"):
        assert torch.where(tensor([1, 0], dtype=torch.uint8), 2, 3).tolist() == [2, 3]


def test_the_oldest_word_for_mean():
    with pytest.warns(UserWarning, match="reduction='elementwise_mean' is deprecated"):
        loss = F.mse_loss(tensor([1.0, 2.0]), tensor([0.0, 0.0]), reduction="elementwise_mean")
    assert loss.item() == 2.5


@pytest.mark.parametrize(
    "f",
    [
        torch.bitwise_and,
        torch.bitwise_or,
        torch.bitwise_xor,
        torch.bitwise_left_shift,
        torch.gcd,
        torch.nextafter,
    ],
    ids=lambda f: f.__name__,
)
def test_sizes_are_compared_before_dtypes(f):
    dtype = torch.int64 if f.__name__ == "nextafter" else torch.float32
    with pytest.raises(RuntimeError, match=r"size of tensor a \(2\) must match .* b \(3\)"):
        f(torch.ones(2, dtype=dtype), torch.ones(3, dtype=dtype))
    with pytest.raises(NotImplementedError, match="not implemented for"):
        f(torch.ones(2, dtype=dtype), torch.ones(2, dtype=dtype))


TOO_LARGE = [
    lambda n: torch.zeros(n),
    lambda n: torch.full((n,), 1.0),
    lambda n: torch.rand(n, 4),
    lambda n: torch.randn(n),
    lambda n: torch.randint(0, 2, (n,)),
    lambda n: torch.arange(n),
    lambda n: torch.ones(1).expand(n),
    lambda n: torch.ones(1).repeat(n),
    lambda n: torch.ones(4).repeat_interleave(n),
    lambda n: F.pad(torch.ones(1), (0, n)),
    lambda n: F.one_hot(tensor([0]), n),
]


@pytest.mark.parametrize("make", TOO_LARGE)
def test_sizes_beyond_any_memory_are_a_runtime_error(make):
    with pytest.raises(RuntimeError, match="Storage size calculation overflowed"):
        make(1 << 62)


def test_numbers_of_more_than_64_bits():
    with pytest.raises(ValueError, match="Overflow when unpacking long long"):
        torch.ones(4)[1 << 63]
    with pytest.raises(TypeError, match="Overflow when unpacking long long"):
        torch.ones(1).expand(1 << 63)


BOOL, LONG = torch.ones(1, 4, 4, dtype=torch.bool), torch.ones(1, 4, 4, dtype=torch.int64)
REFUSED = [
    (lambda: F.pad(BOOL, (1, 1), "reflect"), NotImplementedError, '"reflection_pad1d" not'),
    (lambda: F.pad(BOOL, (1,) * 4, "replicate"), NotImplementedError, '"replication_pad2d" not'),
    (lambda: torch.linspace(0, 1, 3, dtype=torch.bool), NotImplementedError, '"linspace_cpu" not'),
    (lambda: torch.logspace(0, 1, 3, dtype=torch.bool), NotImplementedError, '"logspace_cpu" not'),
    (lambda: F.prelu(LONG, LONG[0, 0, :1]), NotImplementedError, "\"prelu_cpu\" not .* 'Long'"),
    (lambda: F.max_pool1d(LONG, 2), NotImplementedError, "\"max_pool1d_impl\" not .* 'Long'"),
    (lambda: F.adaptive_max_pool1d(LONG, 1), NotImplementedError, '"adaptive_max_pool2d" not'),
    (lambda: F.adaptive_avg_pool2d(LONG, 1), RuntimeError, r"mean\(\): could not infer output"),
    (lambda: torch.renorm(LONG, 2, 0, 1), RuntimeError, "linalg.vector_norm: Expected a float"),
    (lambda: F.hardtanh(BOOL), RuntimeError, "Bool inputs not supported for hardtanh"),
    (lambda: F.relu6(BOOL), RuntimeError, "Bool inputs not supported for hardtanh"),
    (lambda: torch.polygamma(1, tensor([1j])), NotImplementedError, '"polygamma" not'),
    (
        lambda: torch.scatter_reduce(BOOL, 0, LONG * 0, BOOL, "mean"),
        NotImplementedError,
        '"scatter_gather_tensor_cpu_reduce_mean" not',
    ),
    (
        lambda: BOOL[0, 0].index_reduce(0, tensor([0]), BOOL[0, 0, :1], "prod"),
        NotImplementedError,
        '"index_func_" not',
    ),
    (lambda: F.hinge_embedding_loss(LONG, LONG), RuntimeError, r"mean\(\): could not infer"),
    (lambda: torch.bmm(tensor(1.0), tensor(1.0)), RuntimeError, "batch1 must be a 3D tensor"),
    (
        lambda: torch.baddbmm(tensor(1.0), torch.ones(1), tensor(1.0)),
        IndexError,
        r"Dimension out of range \(expected to be in range of \[-1, 0\], but got 1\)",
    ),
    (
        lambda: torch.baddbmm(tensor(1.0), torch.ones(1, 1, 1), tensor(1.0)),
        IndexError,
        "Dimension specified as 2 but tensor has no dimensions",
    ),
    (lambda: torch.mv(tensor(1.0), tensor(1.0)), IndexError, "Dimension specified as 0 but"),
]


@pytest.mark.parametrize("call, kind, words", REFUSED)
def test_dtypes_and_dimensions_that_pytorch_refuses(call, kind, words):
    with pytest.raises(kind, match=words):
        call()


def test_margins_are_cut_to_the_integers_of_the_input():
    loss = F.hinge_embedding_loss(tensor([1, 2]), tensor([1, -1]), margin=1.5, reduction="sum")
    assert loss.item() == 1 and loss.dtype is torch.int64


def test_signs_of_zero():
    y = torch.special.entr(tensor([0.0, -0.0, 1.0]))
    assert torch.signbit(y).tolist() == [False, False, True]


def test_outputs_that_pytorch_refuses():
    index = torch.zeros(2, 2, dtype=torch.int64)
    with pytest.raises(RuntimeError, match="Expected out tensor to have dtype float, but got dou"):
        torch.gather(torch.ones(2, 2), 1, index, out=torch.ones(2, 2, dtype=torch.float64))
    x = torch.ones(4, 6)
    with pytest.raises(RuntimeError, match="refer to a single memory location"):
        torch.cat([x[:0, 0], x], out=x)


def test_old_ways_to_index_warn():
    x = tensor([[1.0, 2.0], [3.0, 4.0]])
    with pytest.warns(UserWarning, match="indexing with dtype torch.uint8 is now deprecated"):
        assert x[tensor([1, 0], dtype=torch.uint8)].tolist() == [[1.0, 2.0]]
    with pytest.warns(UserWarning, match="Using a non-tuple sequence for multidimensional index"):
        assert x[[slice(None), 0]].tolist() == [1.0, 3.0]
    with pytest.warns(UserWarning, match="Using a non-tuple sequence for multidimensional index"):
        x[[tensor([0]), tensor([0])]] = 0
    assert x[0, 0] == 0
    assert x[[0, 1]].shape == (2, 2)


def test_the_eps_of_gumbel_softmax_warns():
    with pytest.warns(UserWarning, match="`eps` parameter is deprecated and has no effect"):
        F.gumbel_softmax(tensor([[1.0, 2.0]]), eps=1)


def test_the_name_of_a_tensor_type_is_the_whole_name():
    assert tensor([1.5]).type("torch.LongTensor").tolist() == [1]
    with pytest.raises(ValueError, match="invalid type: 'FloatTensor'"):
        tensor([1.0]).type("FloatTensor")


def test_volatile_and_the_default_tensor_type_warn():
    with pytest.warns(UserWarning, match="volatile was removed and now has no effect"):
        torch.autograd.Variable(tensor([1.0]), volatile=True)
    with pytest.warns(UserWarning, match=r"set_default_tensor_type\(\) is deprecated"):
        torch.set_default_tensor_type("torch.FloatTensor")
