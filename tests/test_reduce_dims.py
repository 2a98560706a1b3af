"""dim=(), several dims, size-1 dims, warnings: what PyTorch says of the odd calls of reductions."""

import math
import warnings

import pytest

import rushlight as torch

inf = math.inf


def test_any_and_all_take_several_dims_and_none():
    x = torch.tensor([[1.0, 2.0], [3.0, 0.0]])
    assert x.all(dim=()).tolist() == [[True, True], [True, False]]
    assert x.all(dim=(0, 1)).tolist() is False
    assert x.any(dim=[1]).tolist() == [True, True]
    assert x.any(dim=(0,), keepdim=True).tolist() == [[True, True]]
    bytes_ = torch.tensor([0, 3], dtype=torch.uint8)
    assert torch.all(bytes_, dim=()).tolist() == [0, 1]
    assert bytes_.any(dim=0).dtype is torch.uint8


def test_names_of_numpy():
    x = torch.tensor([[1.0, 2.0], [3.0, 0.0]])
    assert x.sum(axis=1, keepdims=True).tolist() == [[3.0], [3.0]]
    assert x.max(axis=0).values.tolist() == [3.0, 2.0]
    assert torch.mean(a=x, axis=0).tolist() == [2.0, 1.0]
    assert x.cumsum(axis=0).tolist() == [[1.0, 2.0], [4.0, 2.0]]
    assert x.norm(dim=1, p=1).tolist() == [3.0, 3.0]


def test_the_gradient_of_std_over_no_dims_is_pytorchs():
    x = torch.tensor([[1.0, 2.0], [3.0, 0.0]], requires_grad=True)
    x.std(dim=()).backward()
    assert x.grad.tolist() == [[-inf, inf], [inf, -inf]]


def test_no_warning_of_numpy_reaches_the_user():
    big = torch.full((40,), 1e10, requires_grad=True)
    tiny = torch.zeros(3, requires_grad=True)
    with warnings.catch_warnings():
        warnings.resetwarnings()
        warnings.simplefilter("error")
        assert big.prod().item() == inf
        big.cumprod(0).sum().backward()
        assert torch.full((3,), 6e4, dtype=torch.float16).sum().item() == inf
        for value, dtype in ((1e38, torch.float32), (1e300, torch.float64)):
            x = (torch.arange(3, dtype=dtype) / 3).masked_fill(
                torch.tensor([True, False, True]), value
            )
            x.requires_grad_()
            x.norm().backward()
            x.var(0).backward()
        assert tiny.logsumexp(0).item() == pytest.approx(math.log(3))
        torch.full((3,), -inf).logsumexp(0)
        torch.full((3,), inf).softmax(0)
        torch.full((3,), -inf).logcumsumexp(0)
        huge = torch.full((2, 2), 1e200, dtype=torch.float64)
        assert (huge @ huge).tolist() == [[inf, inf], [inf, inf]]
        torch.full((3,), 1e38, dtype=torch.complex64).prod()
        torch.nanmean(torch.full((3,), math.nan))


def test_unique_has_a_grad_fn_without_a_derivative():
    x = torch.tensor([[2.0, 1.0], [2.0, 1.0]], requires_grad=True)
    for y, name in (
        (x.unique(), "Unique2Backward0"),
        (x.unique(dim=0), "UniqueDimBackward0"),
        (x.unique_consecutive(), "UniqueConsecutiveBackward0"),
    ):
        assert y.requires_grad and y.grad_fn.name() == name
        with pytest.raises(
            NotImplementedError, match=r"the derivative for '.*' is not implemented"
        ):
            y.sum().backward()
    y, inverse, counts = torch.unique(x, return_inverse=True, return_counts=True)
    assert inverse.tolist() == [[1, 0], [1, 0]] and counts.tolist() == [2, 2]


def test_contracted_dimensions_of_size_1_are_broadcast():
    a, b = torch.arange(3.0).reshape(1, 3), torch.arange(8.0).reshape(2, 4)
    assert torch.tensordot(a, b, ([0], [0])).tolist() == [
        [0.0] * 4,
        [4.0, 6.0, 8.0, 10.0],
        [8.0, 12.0, 16.0, 20.0],
    ]
    assert torch.tensordot(b, a, ([0], [0])).shape == (4, 3)
    with pytest.raises(RuntimeError, match="both dimension lists should have same length"):
        torch.tensordot(a, b, ([0], [0, 1]))


@pytest.mark.parametrize("equation", ["ii->i", "ii"])
def test_a_repeated_letter_needs_one_size(equation):
    with pytest.raises(RuntimeError, match=r"subscript i is repeated .* don't match, 3 != 1"):
        torch.einsum(equation, torch.ones(1, 3))


def test_histogramdd():
    x = torch.tensor([[0.0, 1.0], [1.0, 0.0], [2.0, 0.0], [2.0, 5.0]])
    found = torch.histogramdd(x, bins=(2, 3))
    assert found.hist.tolist() == [[1.0, 0.0, 0.0], [2.0, 0.0, 1.0]]
    weighed = torch.histogramdd(x, 2, range=[0, 1, 0, 1], weight=torch.tensor([1.0, 2.0, 4.0, 8.0]))
    assert weighed.hist.tolist() == [[0.0, 1.0], [2.0, 0.0]]
    for code, message in (
        (lambda: torch.histogramdd(x, [0, 2]), "bins must be > 0, but got 0 for dimension 0"),
        (lambda: torch.histogramdd(x, 2, range=[0, 1, 0]), "range should have 4 elements"),
        (lambda: torch.histogramdd(torch.ones(3), 2), "should have at least 2 dimensions"),
        (lambda: torch.histogramdd(x, 2, weight=torch.ones(3)), "should have the same shape"),
        (lambda: torch.histogramdd(torch.full((1, 2), math.nan), 2), "is not finite"),
    ):
        with pytest.raises(RuntimeError, match=message):
            code()


def test_addmm_and_its_kin_are_ops_of_their_own():
    m = torch.arange(4.0).reshape(2, 2).requires_grad_()
    b = m.detach().unsqueeze(0)
    v = torch.ones(2)
    for y, name in (
        (torch.addmm(m, m, m), "Addmm"),
        (torch.addmv(v, m, v), "Addmv"),
        (torch.addbmm(m, b, b), "Addbmm"),
        (torch.baddbmm(m, b, b), "Baddbmm"),
        (torch.addr(m, v, v), "Addr"),
        (torch.vdot(m[0], v), "Vdot"),
    ):
        assert y.grad_fn.name() == name + "Backward0"
    assert torch.addmm(torch.full((2,), math.nan), b[0], b[0], beta=0).tolist() == [[2, 3], [6, 11]]
    with pytest.raises(RuntimeError, match=r"expanded size of the tensor .2. must match"):
        torch.addmm(torch.ones(3), b[0], b[0])
    with pytest.raises(NotImplementedError, match="\"addmm_impl_cpu_\" not implemented for 'Bool'"):
        b[0].bool() @ b[0].bool()


def test_dtypes_without_a_kernel():
    c, i = torch.ones(2, dtype=torch.complex64), torch.ones(2, dtype=torch.int64)
    for f, x, message in (
        (torch.amax, c, "\"max_values_cpu\" not implemented for 'ComplexFloat'"),
        (torch.median, c, "\"median_cpu\" not implemented for 'ComplexFloat'"),
        (torch.unique, c, "\"unique\" not implemented for 'ComplexFloat'"),
        (torch.histc, i, "\"histogram_cpu\" not implemented for 'Long'"),
        (lambda x: x.softmax(0), c, '"softmax_lastdim_kernel_impl" not implemented for'),
        (lambda x: x.logcumsumexp(0), i, "\"logcumsumexp_out_cpu\" not implemented for 'Long'"),
    ):
        with pytest.raises(NotImplementedError, match=message):
            f(x)
