"""torch.utils.flop_counter: the counts are those of PyTorch 2.13.0 for the same programs."""

import pytest

import rushlight as torch
from rushlight import nn
from rushlight.nn import functional as F
from rushlight.utils import flop_counter
from rushlight.utils.flop_counter import FlopCounterMode, register_flop_formula

R = torch.ones


def W(*shape):
    return torch.ones(*shape, requires_grad=True)


def counts(f):
    with FlopCounterMode(display=False) as counter:
        f()
    return {str(k)[5:]: n for k, n in counter.get_flop_counts().get("Global", {}).items()}


CASES = [
    (lambda: (W(3, 4) @ W(4, 5)).sum().backward(), {"mm": 360}),
    (lambda: torch.einsum("ij,jk->ik", W(3, 4), W(4, 5)), {"bmm": 120}),
    (lambda: R(2, 3, 4) @ W(4, 5), {"mm": 240}),
    (lambda: W(3, 4) @ R(4), {}),
    (
        lambda: torch.baddbmm(R(2, 3, 5), W(2, 3, 4), R(2, 4, 5)).sum().backward(),
        {"baddbmm": 240, "bmm": 240},
    ),
    (lambda: F.linear(W(2, 3, 4), W(6, 4)).sum().backward(), {"mm": 864}),
    (lambda: F.linear(W(2, 3, 4), W(6, 4), R(6)).sum().backward(), {"addmm": 288, "mm": 576}),
    (
        lambda: F.conv_transpose2d(W(2, 3, 8, 8), W(3, 4, 3, 3), stride=2).sum().backward(),
        {"convolution": 27648, "convolution_backward": 55296},
    ),
    (
        lambda: F.conv2d(W(2, 4, 8, 8), W(6, 2, 3, 3), W(6), groups=2, dilation=2).sum().backward(),
        {"convolution": 6912, "convolution_backward": 20736},
    ),
    (
        lambda: F.conv1d(R(2, 4, 8), W(6, 4, 3)).sum().backward(),
        {"convolution": 1728, "convolution_backward": 1728},
    ),
    (
        lambda: F.conv3d(W(2, 4, 8, 8, 8), R(6, 4, 3, 3, 3)).sum().backward(),
        {"convolution": 559872, "convolution_backward": 559872},
    ),
    (lambda: nn.MultiheadAttention(8, 2)(*[R(3, 2, 8)] * 3), {"addmm": 3072, "bmm": 576}),
    (lambda: nn.GRU(4, 5)(R(2, 3, 4)), {"addmm": 1620}),
    (lambda: torch.matmul(R(2, 1, 3, 4), R(5, 4, 6)), {"bmm": 1440}),
    (
        # PyTorch's flash attention on a GPU; its CPU counts none of it
        lambda: (
            F.scaled_dot_product_attention(W(2, 4, 5, 8), W(2, 4, 7, 8), W(2, 4, 7, 8))
            .sum()
            .backward()
        ),
        {
            "_scaled_dot_product_flash_attention": 8960,
            "_scaled_dot_product_flash_attention_backward": 22400,
        },
    ),
]


@pytest.mark.parametrize("i", range(len(CASES)))
def test_counts_are_pytorchs(i):
    f, wanted = CASES[i]
    assert counts(f) == wanted


TABLE = """\
Module                          FLOP    % Total
---------------------------  -------  ---------
Sequential                   43.008K    100.00%
- aten.convolution           13.824K     32.14%
- aten.addmm                  5.120K     11.90%
- aten.mm                    10.240K     23.81%
- aten.convolution_backward  13.824K     32.14%
Sequential.0                 27.648K     64.29%
- aten.convolution           13.824K     32.14%
- aten.convolution_backward  13.824K     32.14%
Sequential.3                 15.360K     35.71%
- aten.addmm                  5.120K     11.90%
- aten.mm                    10.240K     23.81%"""


def test_modules_and_the_table(capsys):
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(128, 10)
    )
    with FlopCounterMode(depth=None) as counter:
        model(R(2, 3, 8, 8)).sum().backward()
    assert capsys.readouterr().out.rstrip() == counter.get_table() == TABLE
    assert counter.get_total_flops() == 43008
    assert (
        counter.get_table(1).splitlines()[-1] == "- aten.convolution_backward  13.824K     32.14%"
    )
    assert not nn.module_hooks.EVERY._forward_hooks


def test_nested_modules_keep_their_names_in_backward():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Linear(3, 3)
            self.b = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))

        def forward(self, x):
            return self.b(self.a(x))

    with FlopCounterMode(display=False) as counter:
        Net()(W(2, 3)).sum().backward()
    sums = {name: sum(n.values()) for name, n in counter.get_flop_counts().items()}
    assert sums == {"Global": 324, "Net": 324, "Net.a": 108, "Net.b": 216, "Net.b.0": 108,
                    "Net.b.1": 108}  # fmt: skip


def test_keys_are_those_of_torch_ops():
    with FlopCounterMode(display=False) as counter:
        R(2, 3) @ R(3, 4)
    found = counter.get_flop_counts()["Global"]
    assert found[torch.ops.aten.mm] == 48 and list(found) == [torch.ops.aten.mm]
    assert repr(found) == "{<OpOverloadPacket(op='aten.mm')>: 48}"
    with pytest.raises(RuntimeError, match=r"duplicate registrations for aten.mm"):
        register_flop_formula(torch.ops.aten.mm)(lambda *args, **kwargs: 1)


def test_own_formulas():
    key = torch.ops.aten.sin
    seen = []

    def formula(x_shape, *args, out_shape=None, **kwargs):
        seen.append((tuple(x_shape), tuple(out_shape)))
        return 7

    with FlopCounterMode(display=False, custom_mapping={key: formula}) as counter:
        R(2, 3).sin()
        R(2, 3).cos()
    assert counter.get_total_flops() == 7 and seen == [((2, 3), (2, 3))]
    register_flop_formula(key)(formula)
    try:
        assert counts(lambda: R(2).sin()) == {"sin": 7}
        with pytest.raises(RuntimeError, match=r"duplicate registrations for aten.sin"):
            register_flop_formula(key)(formula)
    finally:
        del flop_counter.flop_registry[key]
    with pytest.raises(ValueError, match="expected each target to be OpOverloadPacket"):
        register_flop_formula(torch.sin)(formula)
    assert FlopCounterMode().get_table().splitlines()[-1] == "Global         0         0%"
