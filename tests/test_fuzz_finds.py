"""What random programs against PyTorch have found: one minimal program for each kind of fault.

The values are PyTorch 2.13.0's, or follow from the formula in the line above them.
"""

import math

import numpy as np
import pytest

import rushlight as torch
from rushlight import tensor
from rushlight.nn import functional as F

nan, inf = math.nan, math.inf


def same(x, values, dtype=None):
    """x has these values (NaN equals NaN, -0 is not 0) and, if given, this dtype."""
    found, wanted = np.asarray(x.tolist(), float), np.asarray(values, float)
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=0, equal_nan=True)
    zero = wanted == 0
    assert np.array_equal(np.signbit(found)[zero], np.signbit(wanted)[zero]), (found, wanted)
    assert dtype is None or x.dtype is dtype, x.dtype


def slope(f, *values, dtype=torch.float32):
    """The gradient of f at these values, each taken with weight 1."""
    x = tensor(list(values), dtype=dtype, requires_grad=True)
    y = f(x)
    y.backward(torch.ones_like(y))
    return x.grad


# ---------------------------------------------------------------- values


def test_a_remainder_of_zero_has_the_sign_of_fmod():
    same(tensor([0.0, -0.0, 3.0, -3.0]) % 3, [0.0, -0.0, 0.0, -0.0])
    same(torch.remainder(tensor([0.0, 3.0, 1.0]), -3), [0.0, 0.0, -2.0])
    x = tensor([3.0, -1.0])
    x %= -3
    same(x, [0.0, -1.0])


def test_a_power_of_a_half_is_a_root():
    same(tensor([-inf, 4.0]) ** 0.5, [nan, 2.0])
    same(slope(lambda x: x**0.5, -inf, 4.0), [nan, 0.25])


def test_a_cube_in_half_precision_is_rounded_once():
    same(tensor([1.26953125], dtype=torch.float16) ** 3, [2.046875], torch.float16)


def test_bounds_and_indices_on_memory_that_elements_share():
    x = tensor([0.5, 0.25, 0.125])
    x.as_strided((2, 2), (1, 1)).scatter_(0, torch.zeros(2, 2, dtype=torch.int64), 1)
    same(x, [1.0, 1.0, 0.125])


def test_index_put_on_an_expanded_tensor_only_warns():
    x = tensor([1.0], requires_grad=True)
    y = (x + 0).expand(2)
    with pytest.warns(UserWarning, match="Use of index_put_ on expanded tensors is deprecated"):
        y[[0]] = 3
    same(y, [3.0, 3.0])


def test_copying_into_bool_and_integers_casts():
    same(tensor([False, True]).copy_(tensor([2, 0])), [1, 0], torch.bool)
    x = tensor([[4, -3]], dtype=torch.int16)
    x[0] = tensor(-2.25, requires_grad=True)
    same(x, [[-2, -2]], torch.int16)
    assert not x.requires_grad


def test_rounding_integers_keeps_the_strides():
    x = torch.arange(6).reshape(2, 3).t()
    assert torch.floor(x).stride() == torch.round(x).stride() == (1, 3)


def test_the_loss_of_logits_is_rounded_to_the_dtype_of_the_target():
    x, y = tensor([-1.0, 1.344], dtype=torch.bfloat16), tensor([0.995, -2.5])
    loss = F.binary_cross_entropy_with_logits
    np.testing.assert_allclose(loss(x, y, reduction="none").tolist(), [1.3075, 4.9346], atol=6e-5)
    same(loss(y, x, reduction="none"), [2.3125, 3.4375], torch.bfloat16)


def test_short_rows_of_equal_elements():
    x = tensor([3.0, 3.0, 3.0, 3.0])
    same(torch.topk(x, 2, largest=False)[1], [2, 3], torch.int64)
    same(torch.topk(tensor([7, 7]), 2)[1], [0, 1])
    same(torch.topk(tensor([1, 1, 0], dtype=torch.uint8), 1)[1], [0])
    same(torch.kthvalue(tensor([2.25, 2.25, 2.5, 2.5]), 1)[1], 1)
    x = tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    same(torch.kthvalue(x, 1, dim=0)[1], [1, 2])
    same(torch.topk(tensor([nan, 1.0, nan]), 2)[1], [0, 2])


# ---------------------------------------------------------------- dtypes


def test_block_diag_promotes_the_tensors_as_given():
    y = torch.block_diag(tensor(0.5), tensor([0.75], dtype=torch.float16))
    same(y, [[0.5, 0.0], [0.0, 0.75]], torch.float16)


@pytest.mark.filterwarnings("ignore:Using a target size")
def test_losses_expand_before_they_promote():
    x, y = tensor(0.5, dtype=torch.float64), tensor([1.5])
    for loss in (F.l1_loss, F.mse_loss, F.smooth_l1_loss):
        assert loss(x, y).dtype is loss(y, x).dtype is torch.float64


@pytest.mark.filterwarnings("ignore:Using a target size")
def test_huber_loss_has_the_dtype_of_its_input():
    x, y = tensor([0.5], dtype=torch.float64), tensor([2.0])
    for reduction in ("none", "mean", "sum"):
        assert F.huber_loss(x, y, reduction).dtype is torch.float64
        assert F.huber_loss(y, x, reduction).dtype is torch.float32
    same(F.huber_loss(y, x, "none"), [1.0])


def test_a_0_d_input_counts_in_addr():
    x = tensor([2.0])
    same(torch.addr(tensor(1.0, dtype=torch.float64), x, x), [[5.0]], torch.float64)


def test_the_integral_over_nothing_keeps_the_dtype_and_no_history():
    same(torch.trapezoid(torch.zeros(2, 0, dtype=torch.int64)), [0, 0], torch.int64)
    assert not torch.trapezoid(torch.zeros(2, 0).requires_grad_()).requires_grad


# ---------------------------------------------------------------- strides


def test_softmax_lies_in_row_major_order(kernels):
    x = np.arange(6, dtype=np.float32).reshape(2, 3).T
    assert kernels.softmax(x, 1).flags.c_contiguous
    assert kernels.log_softmax(x, 0).flags.c_contiguous


def test_running_extremes_and_triangles_lie_in_row_major_order():
    x = torch.arange(6).reshape(2, 3).t()
    values, indices = torch.cummax(x, 0)
    assert values.stride() == indices.stride() == (2, 1)
    assert torch.tril(x).stride() == torch.triu(x).stride() == (2, 1)


# ---------------------------------------------------------------- gradients


def test_nan_keeps_the_gradient_of_elu_and_its_kin():
    same(slope(F.elu, nan, 1.0, 0.0), [1.0, 1.0, 1.0])
    same(slope(F.celu, nan, 1.0, 0.0), [1.0, 1.0, 1.0])
    same(slope(F.selu, nan), [1.0507009873554805])
    same(slope(F.hardswish, nan, 4.0, -4.0), [1.0, 1.0, 0.0])


def test_nan_is_nan_in_the_gradient_of_losses():
    zeros = torch.zeros(3)
    for loss in (F.smooth_l1_loss, F.huber_loss):
        same(slope(lambda x, f=loss: f(x, zeros, reduction="sum"), nan, 3.0, 0.5), [nan, 1.0, 0.5])


def test_the_gradient_of_acosh_below_minus_one():
    same(slope(torch.acosh, -2.0, 2.0, 0.5), [1 / math.sqrt(3), 1 / math.sqrt(3), nan])


def test_the_gradient_of_amax_of_nan_is_nan():
    same(slope(torch.amax, 1.0, nan), [nan, nan])
    same(slope(torch.amin, 1.0, nan), [nan, nan])
    same(slope(torch.max, 1.0, nan), [0.0, 1.0])


@pytest.mark.filterwarnings("ignore:.*degrees of freedom")
def test_the_gradient_of_the_variance_of_one_infinity():
    same(slope(lambda x: x[0].var(), inf), [nan])


def test_logaddexp_keeps_its_operands_only():
    for f, y in ((torch.logaddexp, math.log(3)), (torch.logaddexp2, math.log2(3))):
        x = tensor(0.0, requires_grad=True)
        z = f(x, tensor(y))
        with torch.no_grad():
            z.fill_(7.0)
        z.backward()
        same(x.grad, 0.25)
    same(slope(lambda x: torch.logaddexp(x, x), inf), [nan])


def test_the_gradient_of_a_remainder_at_infinity():
    y = tensor([1.0, -inf, inf], requires_grad=True)
    torch.remainder(tensor([inf, 1.0, -1.0]), y).sum().backward()
    same(y.grad, [nan, 1.0, 1.0])


def test_the_gradient_of_logit_at_minus_zero():
    same(slope(torch.logit, -0.0, 0.0, 1.0), [inf, inf, inf])


def test_addcdiv_divides_in_the_dtype_of_its_divisor():
    y = tensor(-0.823, requires_grad=True)
    z = tensor(-1.146484375, dtype=torch.float16)
    torch.addcdiv(z, y, z).backward()
    same(y.grad, float(np.float16(1 / -1.146484375)))


def test_an_empty_tensor_in_cat_is_part_of_the_history():
    x = torch.zeros(0).requires_grad_()
    y = torch.cat([tensor([[True]]), x, tensor([[False]])])
    same(y, [[1.0], [0.0]], torch.float32)
    y.sum().backward()
    assert x.grad.shape == (0,)


# ---------------------------------------------------------------- what must not be refused


def test_a_0_d_tensor_is_its_own_transpose():
    x = tensor(2.0)
    for name in ("mT", "mH", "adjoint()"):
        with pytest.warns(UserWarning, match="deprecated on 0-D tensors"):
            y = x.adjoint() if name == "adjoint()" else getattr(x, name)
        assert y.tolist() == 2.0
    with pytest.raises(RuntimeError, match=r"tensor\.mH is only supported on matrices"):
        _ = torch.ones(3).mH
    with pytest.raises(RuntimeError, match=r"tensor\.adjoint\(\) is only supported on matrices"):
        torch.ones(3).adjoint()


def test_searchsorted_compares_different_dtypes():
    same(torch.searchsorted(tensor([0, 1, 2]), tensor([0.5, 1.5])), [1, 2], torch.int64)
    found = torch.searchsorted(tensor([0.1]), tensor([0.1], dtype=torch.float64))
    same(found, [0])  # 0.1 in float64 lies below 0.1 in float32


def test_softmax_of_no_elements_has_any_dtype():
    x = torch.zeros(2, 0, dtype=torch.int64)
    assert x.softmax(1).dtype is torch.log_softmax(x, 0).dtype is torch.int64


def test_products_of_no_elements_have_any_dtype():
    x = torch.zeros(2, 0, dtype=torch.bool)
    same(x @ x.T, [[0, 0], [0, 0]], torch.bool)
    y = torch.bmm(torch.zeros(1, 2, 0, dtype=torch.float64), torch.zeros(1, 0, 1, dtype=torch.int8))
    same(y, [[[0], [0]]], torch.int8)
    with pytest.raises(NotImplementedError, match="\"dot\" not implemented for 'Bool'"):
        torch.dot(torch.zeros(0, dtype=torch.bool), torch.zeros(0, dtype=torch.bool))


def test_einsum_multiplies_where_a_size_is_one():
    one = tensor([True])
    same(torch.einsum("i,i->", one, one), True, torch.bool)
    same(torch.einsum("i,i->", tensor([True, True]), one), 2, torch.int64)
    x = tensor([4], dtype=torch.int8)
    same(torch.einsum("i,i->", x, tensor([1.5])), 6.0, torch.float32)
    same(torch.einsum("ij,jk->ik", x.view(1, 1), tensor([[0.5, 2.0]])), [[2.0, 8.0]])


def test_tensordot_sums_in_the_dtype_it_was_given():
    x, y = tensor([-3, 4], dtype=torch.int16), tensor([4], dtype=torch.int16)
    same(torch.tensordot(x, y, 1), 4, torch.int16)
    with pytest.raises(RuntimeError, match="both inputs should have same dtype"):
        torch.tensordot(x, tensor([4]), 1)


def test_one_tensor_bounds_a_bool_tensor():
    same(torch.clamp(tensor([True, False]), min=tensor([False, True])), [1, 1], torch.bool)
    with pytest.raises(NotImplementedError, match="clamp_cpu"):
        torch.clamp(tensor([True]), tensor([False]), tensor([True]))


def test_views_of_no_elements_as_another_dtype():
    assert torch.zeros(0, 2, dtype=torch.float16).view(torch.int32).shape == (0, 1)
    assert torch.zeros(0, 4, dtype=torch.int16).view(torch.uint8).shape == (0, 8)
    with pytest.raises(RuntimeError, match="to view Half as Int"):
        torch.zeros(0, 3, dtype=torch.float16).view(torch.int32)


def test_running_extremes_of_no_elements_take_any_dim():
    values, indices = torch.cummin(torch.zeros(4, 0), 7)
    assert values.shape == indices.shape == (4, 0)
    assert indices.dtype is torch.int64


def test_broadcast_tensors_gives_back_what_fits():
    x, y = tensor([1, 2]), tensor(3)
    found = torch.broadcast_tensors(x, y)
    assert found[0] is x
    assert found[1] is not y


def test_a_0_d_bool_tensor_is_its_own_running_sum():
    same(tensor(True).cumsum_(0), True, torch.bool)
    same(tensor(True).cumprod_(-1), True, torch.bool)
    with pytest.raises(NotImplementedError, match="\"cumsum_out_cpu\" not implemented for 'Bool'"):
        tensor([True]).cumsum_(0)


def test_logical_not_in_place_of_a_leaf():
    x = tensor(0.5, requires_grad=True)
    same(x.logical_not_(), 0.0)
    assert x.is_leaf
    assert x.requires_grad


def test_resize_out_of_place():
    x = torch.arange(6.0).requires_grad_()
    with pytest.warns(UserWarning, match="non-inplace resize_as is deprecated"):
        y = x.resize_as(torch.zeros(2, 3))
    same(y, [[0, 1, 2], [3, 4, 5]])
    assert y.requires_grad
    with pytest.warns(UserWarning, match="non-inplace resize is deprecated"):
        same(x.resize(3, 2), [[0, 1], [2, 3], [4, 5]])
    with (
        pytest.warns(UserWarning, match="resize_as"),
        pytest.raises(RuntimeError, match="requested resize to"),
    ):
        x.resize_as(torch.zeros(7))


def test_matrix_power():
    x = tensor([[-3.0, 1.0], [2.0, 1.0]])
    same(torch.matrix_power(x, 2), [[11.0, -2.0], [-4.0, 3.0]])
    same(x.matrix_power(3), [[-37.0, 9.0], [18.0, -1.0]])
    same(torch.matrix_power(x, 0), [[1.0, 0.0], [0.0, 1.0]])
    same(torch.linalg.matrix_power(tensor([[1, 1], [0, 1]]), 5), [[1, 5], [0, 1]], torch.int64)
    with pytest.raises(RuntimeError, match="must be batches of square matrices"):
        torch.matrix_power(torch.ones(2, 3), 2)


# ---------------------------------------------------------------- what must be refused


def test_bool_has_no_order_statistics():
    x = tensor([True, False])
    for f in (torch.median, torch.nanmedian):
        with pytest.raises(NotImplementedError, match="\"median_cpu\" not implemented for 'Bool'"):
            f(x)
        with pytest.raises(NotImplementedError, match="\"median_out\" not implemented for 'Bool'"):
            f(x, 0)
    with pytest.raises(NotImplementedError, match="\"kthvalue_cpu\" not implemented for 'Bool'"):
        torch.kthvalue(x, 1)
    with pytest.raises(RuntimeError, match="topk does not support bool dtypes on CPU"):
        torch.topk(x, 1)
    with pytest.raises(RuntimeError, match=r"argmin\(\): does not support bool input"):
        torch.argmin(x)
    with pytest.raises(
        RuntimeError, match=r"Unsupported input type encountered for isin\(\): Bool"
    ):
        torch.isin(x, x)


def test_glu_of_integers():
    with pytest.raises(NotImplementedError, match="\"glu_cpu\" not implemented for 'Long'"):
        F.glu(tensor([1, 2]))


def test_dimensions_of_a_0_d_tensor():
    with pytest.raises(RuntimeError, match="dim 0 appears multiple times in the list of dims"):
        tensor(1.0).squeeze((0, -1))
    with pytest.raises(IndexError, match="Dimension out of range"):
        tensor(1.0).transpose(7, 0)


@pytest.mark.parametrize(
    ("line", "error", "text"),
    [
        ("F.linear(zeros(0, 2, 1, 3), zeros(1, 1, 3))", RuntimeError, "t\\(\\) expects a tensor"),
        ("F.linear(zeros(1), torch.tensor(8.0))", RuntimeError, "they are 1D and 0D"),
        ("F.linear(zeros(2, 3), zeros(2, 3), zeros(4, 2))", RuntimeError, "existing size \\(4\\)"),
        ("F.linear(zeros(1, 3), zeros(2, 3), zeros(4, 2))", RuntimeError, "existing size \\(4\\)"),
        ("torch.einsum('...i,...i->...', zeros(), zeros())", RuntimeError, "is more than the num"),
        ("zeros().unflatten(-1, (-1, 2))", RuntimeError, "unflatten got an unexpected error"),
        ("F.bilinear(zeros(), zeros(), zeros(1, 1, 1))", IndexError, "has no dimensions"),
        ("F.bilinear(zeros(1), zeros(1), zeros(1, 1, 1).long())", RuntimeError, "the same dtype"),
        ("F.bilinear(zeros(1), zeros(1), zeros(1, 1, 1), zeros(2))", RuntimeError, "bias size"),
        ("zeros()[::-1]", ValueError, "step must be greater than zero"),
        ("zeros()[0:1]", IndexError, "slice\\(\\) cannot be applied"),
        ("torch.chain_matmul(zeros(1), zeros(1))", RuntimeError, "Tensor dimension is 1"),
    ],
)
def test_no_error_of_numpys_comes_through(line, error, text):
    with pytest.raises(error, match=text):
        eval(line, {"torch": torch, "F": F, "zeros": lambda *n: torch.zeros(n)})


OVERLAPS = """
x[1:] = x[:-1];  x[1:].copy_(x[:-1]);  x[1:].add_(x[:-1]);  x.add_(x[0]);  x[i] = x[:1]
x.index_add_(0, i, x);  x.index_copy_(0, i, x);  x.scatter_(0, i, x);  x.scatter_add_(0, i, x)
x.scatter_reduce_(0, i, x, "sum");  x.index_put_((i,), x);  x[[0, 1]] = x[:2];  x[x > 0] = x
torch.gather(x, 0, i, out=x);  torch.index_select(x, 0, i, out=x);  torch.take(x, i, out=x)
""".replace("\n", ";").split(";")
FITS = """
x[:] = x;  x.copy_(x);  x.add_(x);  x[:] = x[0];  x[x > 0] = x[0];  x[0] = x[1]
x.masked_fill_(x > 0, x[0]);  x.index_fill_(0, i, x[0]);  x.fill_(x[0]);  x[::2].copy_(x[:2])
"""
FITS = FITS.replace("\n", ";").split(";")


@pytest.mark.parametrize("grad", [False, True])
@pytest.mark.parametrize("line", [line.strip() for line in OVERLAPS if line.strip()])
def test_what_is_written_may_not_be_read(line, grad):
    """As PyTorch: refused, whatever the order of reading and writing would give."""
    x = torch.arange(1.0, 4, requires_grad=grad and "out=" not in line) * 1
    with pytest.raises(RuntimeError, match="refer to a single memory location"):
        exec(line, {"x": x, "i": torch.tensor([0, 1, 2]), "torch": torch})
    assert x.tolist() == [1, 2, 3]


@pytest.mark.parametrize("grad", [False, True])
@pytest.mark.parametrize("line", [line.strip() for line in FITS if line.strip()])
def test_all_of_it_or_one_number_may_be_read(line, grad):
    x = torch.arange(1.0, 4, requires_grad=grad) * 1
    exec(line, {"x": x, "i": torch.tensor([0, 1, 2])})
    first = {"x.add_(x)": [2, 4, 6], "x[0] = x[1]": [2, 2, 3], "x[::2].copy_(x[:2])": [1, 2, 2]}
    whole = line in ("x[:] = x", "x.copy_(x)")
    assert x.tolist() == first.get(line, [1, 2, 3] if whole else [1, 1, 1])


def test_set_has_no_derivative():
    x = torch.ones(3, requires_grad=True) * 2
    x.set_(torch.zeros(2))
    assert x.requires_grad and x.tolist() == [0, 0]
    with pytest.raises(RuntimeError, match="derivative for set_ is not implemented"):
        x.sum().backward()
    x = torch.ones(3)
    x.set_(torch.zeros(2, requires_grad=True))
    assert x.requires_grad
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        torch.ones(3, requires_grad=True).set_(torch.zeros(2))


def test_bytes_of_a_view_want_no_gradient():
    y = (torch.ones(3, requires_grad=True) * 2).split(1, 0)[0]
    assert y.requires_grad and not y.view(torch.int32).requires_grad


def test_bits_of_a_leaf_in_place():
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        x |= 1


def test_erf_of_one():
    assert (
        torch.erf(torch.tensor([1.0, -1.0] * 8)).tolist()
        == [
            0.8427007794380188,
            -0.8427007794380188,
        ]
        * 8
    )


def test_out_of_layers_that_pytorch_has_in_c():
    x, y = torch.arange(16.0).reshape(1, 1, 4, 4), torch.full((1, 1, 2, 2), 9.0)
    assert F.avg_pool2d(x, 2, out=y) is y and y.flatten().tolist() == [2.5, 4.5, 10.5, 12.5]
    z = torch.full((1, 1, 1, 2, 2), 9.0)
    F.avg_pool3d(x[None].expand(1, 1, 2, 4, 4), 2, out=z)
    assert z.flatten().tolist() == [2.5, 4.5, 10.5, 12.5]
    assert F.logsigmoid(torch.zeros(1), out=torch.ones(1)).item() == pytest.approx(-math.log(2))


def test_an_empty_out_shares_no_memory():
    y = torch.full((0, 4), 9.0)
    assert F.linear(torch.zeros(0, 3), torch.zeros(4, 3), out=y) is y
    assert F.softplus(torch.zeros(1, 0, 3), out=torch.zeros(1, 0, 3)).shape == (1, 0, 3)


def test_the_gradient_of_linear_with_a_vector_or_a_matrix_where_another_is_usual():
    w = tensor([1.0, 2.0], requires_grad=True)
    F.linear(tensor([[3.0, 4.0]]), w).sum().backward()
    same(w.grad, [3.0, 4.0])
    b = tensor([[1.0], [2.0]], requires_grad=True)
    y = F.linear(tensor([[3.0], [4.0]]), tensor([[1.0]]), b)
    y.backward(tensor([[1.0], [2.0]]))
    same(y.detach(), [[4.0], [6.0]])
    same(b.grad, [[1.0], [2.0]])


# ---------------------------------------------------------------- errors


def test_combinations_of_too_few_keep_the_history():
    x = torch.zeros(1, requires_grad=True)
    y = torch.combinations(x, 3)
    assert y.shape == (0, 3) and y.requires_grad


def test_nothing_is_divided_by_zero():
    x = torch.zeros(0, 3, dtype=torch.int64)
    for f in (torch.floor_divide, torch.remainder, torch.fmod):
        assert f(x, tensor(0)).shape == (0, 3)


def test_bool_where_pytorch_has_no_arithmetic_on_it():
    x = tensor([True, False])
    for f in (torch.trapezoid, torch.cumulative_trapezoid):
        with pytest.raises(RuntimeError, match=f"^{f.__name__}: received a bool input"):
            f(x)
    with pytest.raises(RuntimeError, match=r"cov\(\): bool dtype is not supported for input"):
        torch.cov(x)
    for input, target in ((tensor([1]), tensor([1.0])), (tensor([1.0]), tensor([1]))):
        with pytest.raises(RuntimeError, match="kl_div: Integral inputs not supported"):
            F.kl_div(input, target, reduction="sum")


def test_a_number_has_no_dimension_to_repeat():
    for repeats in (2, tensor(2)):
        with pytest.raises(IndexError, match="Dimension"):
            tensor(2.0).repeat_interleave(repeats, dim=0)


def test_windows_of_bool_as_columns():
    x = tensor([[[True, False], [False, True]]])
    assert F.unfold(x, 2, padding=1).shape == (4, 9)
    same(F.unfold(x, (2, 1)), [[1, 0], [0, 1]], torch.bool)
    with pytest.raises(NotImplementedError, match="\"im2col_out_cpu\" not implemented for 'Long'"):
        F.unfold(x.long(), 2)
