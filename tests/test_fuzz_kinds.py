"""Kinds of faults that random programs found, each by several of its members.

Values and refusals are PyTorch 2.13.0's; tests/oracle/test_versions_oracle.py asks a living one
what every card's node keeps.
"""

import math

import numpy as np
import pytest

import rushlight as torch
from rushlight import tensor
from rushlight.nn import functional as F

nan, inf = math.nan, math.inf
CHANGED = "has been modified by an inplace operation"


def leaf(*values, dtype=torch.float32):
    return tensor(list(values), dtype=dtype, requires_grad=True)


def same(x, values):
    np.testing.assert_allclose(np.asarray(x.tolist(), float), values, rtol=1e-6, equal_nan=True)


# ---------------------------------------------------------------- what nodes keep is watched

INTEGERS = tensor([2, 3])
PROMOTED = {
    "mul": lambda x, i: x * i,
    "div": lambda x, i: x / i,
    "pow": lambda x, i: x**i,
    "atan2": lambda x, i: torch.atan2(i, x),
    "maximum": lambda x, i: torch.maximum(x, i),
    "fmin": lambda x, i: torch.fmin(x, i),
    "xlogy": lambda x, i: torch.xlogy(i, x),
    "clamp": lambda x, i: torch.clamp(x, i, 5 * i),
    "addcmul": lambda x, i: torch.addcmul(x, x, i),
    "outer": lambda x, i: torch.outer(x, i),
}


@pytest.mark.parametrize("f", PROMOTED.values(), ids=list(PROMOTED))
def test_an_operand_of_another_dtype_is_watched(f):
    x, i = leaf(0.5, 1.5), INTEGERS.clone()
    f(x, i).sum().backward(retain_graph=True)
    y = f(x, i)
    i.add_(1)
    with pytest.raises(RuntimeError, match=CHANGED):
        y.sum().backward()


KEPT = {  # the formula does not read it, PyTorch's node keeps it
    "div_rounded": (lambda x, y: torch.div(x, y, rounding_mode="floor"), 1),
    "gather": (lambda x, y: x.gather(0, tensor([1])), 0),
    "take": (lambda x, y: x.take(tensor([1])), 0),
    "masked_select": (lambda x, y: x.masked_select(tensor([True, False])), 0),
    "cummax": (lambda x, y: x.cummax(0)[0], 0),
    "index_copy": (lambda x, y: x.index_copy(0, tensor([0, 1]), leaf(1.0, 2.0) * y), None),
    "erfinv": (lambda x, y: x.erfinv(), 0),
    "complex": (lambda x, y: torch.complex(x, y).abs(), 0),
    "layer_norm": (lambda x, y: F.layer_norm(x, (2,), y, y), 1),
}


@pytest.mark.parametrize("name", [n for n, (_, i) in KEPT.items() if i is not None])
def test_an_operand_that_pytorch_keeps_is_watched(name):
    f, which = KEPT[name]
    operands = [leaf(0.25, 0.5) * 1, leaf(0.5, 0.75) * 1]
    y = f(*operands)
    operands[which].add_(1)
    with pytest.raises(RuntimeError, match=CHANGED):
        y.sum().backward()


RESULTS = {
    "prod": lambda x: x.prod(),
    "ldexp": lambda x: torch.ldexp(x, x),
    "aminmax": lambda x: torch.aminmax(x)[0],
    "sgn": lambda x: torch.sgn(x),
    "log_ndtr": lambda x: torch.special.log_ndtr(x),
}


@pytest.mark.parametrize("f", RESULTS.values(), ids=list(RESULTS))
def test_a_result_that_pytorch_keeps_is_watched(f):
    y = f(leaf(0.25, 0.5))
    y.mul_(2)
    with pytest.raises(RuntimeError, match=CHANGED):
        y.sum().backward()


def test_what_is_not_kept_may_change():
    x, y = leaf(0.25, 0.5), tensor([0.5, 0.75])
    for f in (torch.hypot, lambda x, y: torch.copysign(y, x), F.bilinear):
        given = (x, y, torch.ones(1, 2, 2)) if f is F.bilinear else (x, y)
        operands = [t.clone() for t in given]
        z = f(*operands)
        operands[0 if f is not torch.hypot else 1].add_(0)
        z.sum().backward()


def test_operands_in_the_memory_that_is_written():
    for change in (
        lambda w: w.mul_(w),
        lambda w: w.pow_(w),
        lambda w: w[:1].mul_(w[1:]),
        lambda w: w.addcmul_(w, w),
        lambda w: w.atan2_(w),
    ):
        w = leaf(2.0, 3.0) + 2.5
        change(w)
        with pytest.raises(RuntimeError, match=CHANGED):
            w.sum().backward()
    x = leaf(2.0, 3.0)
    w = x + 2.5
    w.add_(w)
    w[:1].add_(w[1:])
    w.sum().backward()
    same(x.grad, [2.0, 4.0])


# ---------------------------------------------------------------- whose memory a result is


def test_results_are_no_views_of_what_nobody_sees():
    x = torch.ones(3, 2)
    for y in (
        torch.kron(x, x),
        torch.ones(2, 3, 2) @ torch.ones(2),
        torch.einsum("i,j->ij", x[0], x[0]),
        x.quantile(0.5),
        F.nll_loss(x[0], tensor(1), reduction="none"),
        F.multi_margin_loss(x, tensor([0, 1, 0]), reduction="none"),
    ):
        assert not y._is_view()
        y.detach_()


def test_movedim_of_a_number_is_a_view():
    x = tensor(2.0, requires_grad=True)
    y = x.movedim(-1, 0)
    assert y._is_view() and not y.is_leaf and y.grad_fn.name() == "AliasBackward0"


def test_views_of_a_detached_base_keep_their_history():
    x = leaf(1.0, 2.0)
    base = x * 3
    view = base[:1]
    base.detach_()
    assert view.requires_grad and not base.requires_grad
    view.sum().backward()
    same(x.grad, [3.0, 0.0])


def test_expanded_targets():
    x = tensor([1.0, 2.0, 3.0])
    for change in (lambda v: v.fill_(2.5), lambda v: v.zero_(), lambda v: v.tril_()):
        change(x.clone().expand(2, 3))
    v = x.clone().expand(2, 3)
    v.tril_()
    same(v, [[1.0, 0.0, 0.0]] * 2)
    for change in (
        lambda v: v.__setitem__(True, 1),
        lambda v: v.__setitem__(..., 4),
        lambda v: v.__setitem__(slice(None), torch.ones(3)),
        lambda v: v.add_(1),
    ):
        with pytest.raises(RuntimeError, match="more than one element of the written-to tensor"):
            change(x.clone().expand(2, 3))
    with pytest.raises(RuntimeError, match="refer to a single memory location"):
        number = tensor(0)
        number.T.put_(tensor([0]), number)


# ---------------------------------------------------------------- gradients at infinity


def test_what_was_overwritten_gets_0():
    spots = tensor([1])
    for f in (
        lambda x: x.index_put((spots,), tensor(2.0)),
        lambda x: x.masked_scatter(tensor([False, True]), tensor([2.0, 3.0])),
        lambda x: x.select_scatter(tensor(2.0), 0, 1),
        lambda x: x.put(spots, tensor([2.0])),
    ):
        x = leaf(0.5, 1.5)
        f(x).backward(tensor([inf, inf]))
        same(x.grad, [inf, 0.0])


def test_what_was_not_chosen_gets_0():
    for f in (torch.max, torch.nanmedian):
        x = leaf(0.5, 0.25)
        f(x).backward(tensor(-inf))
        assert 0.0 in x.grad.tolist() and -inf in x.grad.tolist()
    x = leaf(2.0)
    torch.xlogy(x, tensor([-2.0])).backward(tensor([0.0]))
    same(x.grad, [0.0])
    x = leaf(inf)
    x.prod().backward()
    same(x.grad, [nan])
    x = leaf(2.0, 0.0, 3.0)
    x.prod().backward()
    same(x.grad, [0.0, 6.0, 0.0])


def test_a_gradient_is_summed_in_the_dtype_of_its_operand():
    y = leaf(0.201, dtype=torch.float64)
    for change in (lambda x: x.__setitem__(slice(None), y), lambda x: x.copy_(y)):
        y.grad, x = None, torch.zeros(3, 1, dtype=torch.float16)
        change(x)
        x.backward(tensor([[2049.0], [1.0], [1.0]]).half())
        same(y.grad, [2050.0])  # 2048 + 1 + 1; in float16 2048 + 1 is 2048


# ---------------------------------------------------------------- dtypes and refusals


def test_integers_have_no_gradient():
    x = leaf(1.0, 2.0)
    for f in (torch.sum, torch.prod, torch.nansum):
        with pytest.raises(RuntimeError, match="Autograd not support dtype: Long"):
            f(x, dtype=torch.int64)
    assert x.detach().sum(dtype=torch.int64).item() == 3


def test_dtypes_of_nothing():
    assert torch.softmax(torch.zeros(0, 4, dtype=torch.bool), 0).dtype is torch.bool
    assert torch.cdist(torch.zeros(1, 0), torch.zeros(1, 0).double()).dtype is torch.float32
    assert torch.nanmedian(torch.zeros(0, dtype=torch.bool)).item() is True
    assert torch.nanmedian(torch.zeros(0, dtype=torch.int8)).item() == 0
    assert torch.cat([torch.zeros(0), torch.zeros(0)], 5).shape == (0,)
    assert torch.zeros(1, 2, 0)[tensor([0, 5])].shape == (2, 2, 0)


REFUSED = {
    "cdist": (lambda: torch.cdist(torch.ones(1, 2), torch.ones(1, 2).double()), "but found Double"),
    "dist": (lambda: torch.dist(tensor(1.0), tensor(True)), "with a bool tensor is not supported"),
    "linear": (
        lambda: F.linear(torch.ones(1, 2), torch.ones(3, 2), tensor([1, 2, 3])),
        "must have the same dtype, but got Long and Float",
    ),
    "logsumexp": (lambda: torch.logsumexp(leaf(1.0), ()), "doesn't match the broadcast shape"),
    "reflect": (lambda: F.pad(torch.zeros(0, 2), (1, 1), "reflect"), "non-zero dimensions"),
    "as_strided": (lambda: torch.zeros(3, 0).as_strided((2,), (2,), 1), "storage of size 0"),
    "cross": (lambda: torch.cross(leaf(1.0, 0.0, 0.0), tensor([0, 1, 0]), 0), "but found Long"),
    "searchsorted": (lambda: torch.searchsorted(tensor(1.0), tensor(0.5)), "tensor dim\\(0\\)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    f, words = REFUSED[name]
    with pytest.raises(RuntimeError, match=words):
        f()


# ---------------------------------------------------------------- values


def test_searchsorted_in_what_is_not_sorted():
    b = tensor([2.5, -1.25, 0.125, 0.5])
    assert torch.searchsorted(b, tensor([0.5, 3.0, -2.0, nan])).tolist() == [3, 4, 0, 4]
    assert torch.searchsorted(tensor([nan]), tensor(0.8)).item() == 1
    rows = tensor([[1.5, 0.75, 0.25], [1.0, 2.0, 3.0]])
    assert torch.searchsorted(rows, tensor([[1.0], [2.0]])).tolist() == [[3], [1]]


def test_the_mean_beside_a_variance_is_a_running_one():
    assert torch.var_mean(tensor([1.0, inf]), 0)[1].item() == inf
    same(torch.var_mean(tensor([[inf, 1.0], [1.0, 2.0]]), 0)[1], [nan, 1.5])


def test_narrow_numbers_are_rounded_where_pytorchs_are():
    x = tensor([0.393])
    y = tensor([0.2060546875], dtype=torch.bfloat16)
    same(torch.ldexp(x, y), [0.393 * 1.15625])
    assert torch.round(tensor(0.5498046875, dtype=torch.float16), decimals=1).item() == 0.5
    z = tensor([2.59375], dtype=torch.bfloat16, requires_grad=True)
    (2.0**z).backward(tensor([1.0], dtype=torch.bfloat16))
    same(z.grad, [4.1875])


def test_a_mask_of_bytes_is_not_filled():
    x, mask = torch.zeros(3), tensor([1, 0, 1], dtype=torch.uint8)
    with pytest.warns(UserWarning, match="uint8 is now deprecated"):
        with pytest.raises(RuntimeError, match="only supports boolean masks"):
            x[mask] = 5
    with pytest.warns(UserWarning, match="uint8 is now deprecated"):
        x[mask] = tensor([1.0, 2.0])
    assert x.tolist() == [1.0, 0.0, 2.0]
    assert x[tensor(1, dtype=torch.uint8)].shape == (1, 3)


def test_the_logarithm_of_a_sigmoid_of_1_is_0():
    y = F.logsigmoid(tensor([200.0] * 9))
    assert y.tolist() == [0.0] * 9 and not y.signbit().any()


def test_memory_order_of_expanded_operands():
    x = tensor([1, 2]).expand(2, 2)
    for y in (x + 1.5, x.sqrt(), x.to(torch.float64)):
        assert y.stride() == (2, 1)
    t = tensor([[1, 2], [3, 4]]).T
    assert t.isnan().stride() == torch.nan_to_num(t).stride() == (1, 2)
    assert (2**t).stride() == (2, 1)
