"""Channels last: values and gradients are those of row-major memory; where PyTorch keeps the order,
so do we (all of it beside PyTorch: tests/oracle/test_memory_format_oracle.py).
"""

import json
import re
from pathlib import Path

import memory_format_cases
import numpy as np
import pytest
import resize_cases

import rushlight as torch
from rushlight import kernels
from rushlight.core.memory_order import axes_of, in_order_of, is_channels_last
from rushlight.dispatch.order import ordered

F, nn = torch.nn.functional, torch.nn
LAST = torch.channels_last
RANDOM = re.compile(r"dropout|rrelu|rand|empty|fractional")
FIXED = [case for case in memory_format_cases.CASES if not RANDOM.search(case[1])]


@pytest.mark.parametrize(("rank", "code"), FIXED)
def test_values_do_not_depend_on_the_order(rank, code):
    last, rows = (
        eval(code, memory_format_cases.scope(torch, rank, last=last)) for last in (True, False)
    )
    if isinstance(last, torch.Tensor):
        last, rows = [last], [rows]
    for a, b in zip(last, rows, strict=True):
        assert a.dtype is b.dtype and a.shape == b.shape
        np.testing.assert_allclose(a.numpy(), b.numpy(), 2e-5, 1e-6)


# code, strides of PyTorch's result; x is (2, 4, 6, 6) channels last, c the same in row-major order
STRIDES = {
    "F.conv2d(x, w)": (75, 1, 15, 3),
    "F.conv2d(c, wl)": (75, 1, 15, 3),
    "F.conv2d(c, w)": (75, 25, 5, 1),
    "F.conv_transpose2d(x, wt)": (147, 1, 21, 3),
    "F.max_pool2d(x, 2)": (36, 1, 12, 4),
    "F.max_pool2d(x, 2, return_indices=True)[1]": (36, 1, 12, 4),
    "F.avg_pool2d(x, 2)": (36, 1, 12, 4),
    "F.adaptive_avg_pool2d(x, 2)": (16, 1, 8, 4),
    "F.batch_norm(x, rm, rv)": (144, 1, 24, 4),
    "F.batch_norm(x, None, None, training=True)": (144, 1, 24, 4),
    "F.group_norm(x, 2)": (144, 1, 24, 4),
    "F.instance_norm(x)": (144, 36, 6, 1),
    "F.interpolate(x, scale_factor=2, mode='bilinear')": (576, 1, 48, 4),
    "F.interpolate(x, size=3, mode='area')": (36, 1, 12, 4),
    "F.pad(x, (1, 1))": (192, 1, 32, 4),
    "F.relu(x)": (144, 1, 24, 4),
    "x + c": (144, 1, 24, 4),
    "c + x": (144, 36, 6, 1),
    "x + g.reshape(4, 1, 1)": (144, 1, 24, 4),
    "g.reshape(4, 1, 1) + x": (144, 1, 24, 4),
    "torch.rsub(c, x)": (144, 1, 24, 4),
    "torch.where(x > 0, c, x)": (144, 1, 24, 4),
    "torch.lerp(x, c, 0.5)": (144, 1, 24, 4),
    "torch.clamp(c, x)": (144, 36, 6, 1),
    "torch.pow(x, c)": (144, 1, 24, 4),
    "p + x": (1, 72, 2, 12),
    "x.sort(1)[0]": (144, 1, 24, 4),
    "x.argsort(2)": (144, 1, 24, 4),
    "torch.zeros_like(x)": (144, 1, 24, 4),
    "x.clone()": (144, 1, 24, 4),
    "x.contiguous()": (144, 36, 6, 1),
    "c.to(memory_format=torch.channels_last)": (144, 1, 24, 4),
    "torch.empty(2, 4, 6, 6, memory_format=torch.channels_last)": (144, 1, 24, 4),
}


@pytest.mark.parametrize("code", STRIDES)
def test_strides_are_pytorchs(code):
    y = eval(code, memory_format_cases.scope(torch, 2))
    assert y.stride() == STRIDES[code]
    assert y.is_contiguous(memory_format=LAST) == (STRIDES[code][1] == 1)


def test_a_net_in_channels_last_trains_alike():
    frozen = json.loads((Path(__file__).parent / "frozen" / "resize.json").read_text())
    losses = resize_cases.unet_losses(torch, memory=LAST)
    assert losses == pytest.approx(frozen["unet"], rel=1e-5)


def test_modules_and_gradients_keep_the_order():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2))
    plain = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2))
    plain.load_state_dict(net.state_dict())
    net = net.to(memory_format=LAST)
    x = torch.randn(2, 3, 8, 8)
    a = x.contiguous(memory_format=LAST).requires_grad_()
    b = x.clone().requires_grad_()
    y, z = net(a), plain(b)
    assert net[0].weight.stride() == (27, 1, 9, 3) and y.is_contiguous(memory_format=LAST)
    y.sin().sum().backward()
    z.sin().sum().backward()
    assert a.grad.stride() == a.stride() and b.grad.is_contiguous()
    assert net[0].weight.grad.stride() == (27, 1, 9, 3)
    assert torch.allclose(a.grad, b.grad, atol=1e-6)
    assert torch.allclose(net[0].weight.grad, plain[0].weight.grad, atol=1e-5)
    (a * 2).sum().backward()  # a second gradient is added in place
    assert a.grad.stride() == a.stride()


def test_a_leaf_with_gaps_has_a_row_major_gradient():
    leaf = torch.zeros(4, 6)[:, ::2].detach().requires_grad_()
    (leaf.T * torch.ones(3, 4)).sum().backward()
    assert leaf.stride() == (6, 2) and leaf.grad.stride() == (3, 1)
    turned = torch.zeros(4, 6).T.detach().requires_grad_()
    (turned * 2).sum().backward()
    assert turned.grad.stride() == turned.stride() == (1, 6)


def test_the_first_operand_that_says_something_decides():
    rows, columns = np.zeros((3, 4)), np.zeros((4, 3)).T
    assert axes_of((3, 4), [rows, columns]) == (0, 1)
    assert axes_of((3, 4), [columns, rows]) == (1, 0)
    assert axes_of((3, 4), [np.zeros((1, 4)), columns]) == (1, 0)
    assert axes_of((3, 4), [np.zeros(4), np.zeros((3, 1))]) == (0, 1)
    r = np.arange(12.0).reshape(3, 4)
    assert ordered(r, (rows, 2.0, rows)) is r
    turned = ordered(r, (columns, rows))
    assert turned.strides == columns.strides and np.array_equal(turned, r)
    assert in_order_of(r, columns).strides == columns.strides


def test_channels_last_is_seen_in_slices_but_not_in_rows():
    x = np.zeros((2, 5, 5, 4)).transpose(0, 3, 1, 2)
    assert is_channels_last(x) and is_channels_last(x[:, :2])
    assert not is_channels_last(x[..., ::2])  # its rows overlap, if they are taken to be dense
    assert not is_channels_last(x.copy()) and not is_channels_last(x[0])
    assert not is_channels_last(np.broadcast_to(x[:, :1], x.shape))


@pytest.mark.skipif(kernels.native is None, reason="the native extension is not loaded")
def test_the_call_that_makes_a_result_sees_the_order():
    wrap, rows = kernels.native.wrap_beside, np.zeros((3, 4))
    assert type(wrap(rows, 2.0, rows)) is torch.Tensor
    assert wrap(rows, rows, rows.T) is None
    with pytest.raises(TypeError, match="wrap_beside"):
        wrap()


@pytest.mark.parametrize("name", ["clone", "contiguous", "double", "half"])
def test_something_else_as_memory_format(name):
    x = torch.ones(2, 2)
    wrong = rf"^{name}\(\): argument 'memory_format' must be torch.memory_format, not int$"
    with pytest.raises(TypeError, match=wrong):
        getattr(x, name)(memory_format=3)
    with pytest.raises(TypeError, match=r"^zeros_like\(\): argument 'memory_format' must be torch"):
        torch.zeros_like(x, memory_format="a")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "to",
            r"to\(\) received an invalid combination of arguments - got \(memory_format=str, \)",
        ),
        ("is_contiguous", r"argument 'memory_format' must be torch.memory_format, not str"),
        ("contiguous", r"argument 'memory_format' must be torch.memory_format, not str"),
        ("clone", r"argument 'memory_format' must be torch.memory_format, not str"),
    ],
)
def test_what_is_no_memory_format_is_told(name, words):
    with pytest.raises(TypeError, match=words):
        getattr(torch.zeros(2, 3, 4, 5), name)(memory_format="channels_last")
    with pytest.raises(RuntimeError, match="required rank 4 tensor to use channels_last format"):
        torch.zeros(2, 3, 4).to(memory_format=torch.channels_last)
