"""out= where PyTorch hides it, and old or rare names of torch.nn."""

import pytest

import rushlight as torch

F, nn = torch.nn.functional, torch.nn


@pytest.mark.parametrize(
    "call",
    [
        lambda x, **out: F.avg_pool2d(x, 2, **out),
        lambda x, **out: F.avg_pool3d(x, 2, **out),
        lambda x, **out: F.logsigmoid(x, **out),
    ],
)
def test_functions_whose_signature_does_not_say_it_take_out(call):
    x = torch.arange(96.0).reshape(2, 3, 4, 4).sin()
    out = torch.empty(0)
    assert call(x, out=out) is out
    assert torch.equal(out, call(x))


def test_an_empty_tensor_can_be_written_to():
    """Its strides may all be 0: no two elements share memory, as there are none."""
    out = torch.empty(1, 0, 3)
    out._a = out._a.reshape(-1).reshape(1, 0, 3)
    assert F.softshrink(torch.empty(1, 0, 3), out=out) is out
    with pytest.raises(RuntimeError, match="refers to a single memory location"):
        F.softshrink(torch.ones(3), out=torch.zeros(1).expand(3))


def test_convolution_with_time_first():
    x, w, b = torch.randn(5, 2, 3), torch.randn(3, 3, 4), torch.randn(4)
    y = F.conv_tbc(x, w, b, 1)
    want = F.conv1d(x.permute(1, 2, 0), w.permute(2, 1, 0), b, padding=1).permute(2, 0, 1)
    assert torch.allclose(y, want) and y.shape == (5, 2, 4)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_gradients_of_convolutions_as_functions(rank):
    conv = getattr(F, f"conv{rank}d")
    x = torch.randn(2, 2, *[5] * rank, requires_grad=True)
    w = torch.randn(3, 2, *[2] * rank, requires_grad=True)
    y = conv(x, w, stride=2, padding=1)
    dy = torch.randn(*y.shape)
    dx, dw = torch.autograd.grad(y, (x, w), dy)
    own = getattr(nn.grad, f"conv{rank}d_input")(x.shape, w.detach(), dy, stride=2, padding=1)
    assert torch.equal(own, dx) and not own.requires_grad
    own = getattr(nn.grad, f"conv{rank}d_weight")(x.detach(), w.shape, dy, stride=2, padding=1)
    assert torch.equal(own, dw)
    again = getattr(nn.grad, f"conv{rank}d_input")(x.shape, w, dy, stride=2, padding=1)
    assert again.requires_grad


def test_old_layers_warn():
    with pytest.warns(FutureWarning, match="`nn.Container` is deprecated") as seen:
        net = nn.Container(a=nn.Linear(2, 2))
    assert seen[0].filename == __file__ and list(net.state_dict()) == ["a.weight", "a.bias"]
    with pytest.warns(FutureWarning, match="`NLLLoss2d` has been deprecated"):
        loss = nn.NLLLoss2d()
    x = F.log_softmax(torch.randn(2, 3, 4, 4), 1)
    t = torch.zeros(2, 4, 4, dtype=torch.int64)
    assert torch.equal(loss(x, t), F.nll_loss(x, t)) and repr(loss) == "NLLLoss2d()"


def test_factory_kwargs():
    made = nn.factory_kwargs({"device": "cpu", "factory_kwargs": {"dtype": torch.float64}})
    assert made == {"device": "cpu", "dtype": torch.float64} and nn.factory_kwargs(None) == {}
    with pytest.raises(TypeError, match="unexpected kwargs"):
        nn.factory_kwargs({"foo": 1})
    with pytest.raises(TypeError, match="device specified twice"):
        nn.factory_kwargs({"device": "cpu", "factory_kwargs": {"device": "cpu"}})


def test_names_of_types():
    from rushlight.nn.common_types import _size_2_t

    assert _size_2_t == int | tuple[int, int]


def test_options_as_one_number_per_dimension(fresh):
    assert fresh("import rushlight as t; print(t.nn.modules.utils._pair(3))") == ["(3, 3)"]
    from rushlight.nn.modules import utils

    assert utils._pair([1, 2]) == (1, 2) and utils._triple(5) == (5, 5, 5)
    assert utils._pair.__name__ == "_pair" and utils._ntuple(3).__name__ == "parse"
    assert utils._reverse_repeat_tuple((1, 2), 2) == (2, 2, 1, 1)
    assert utils._list_with_default([None, 3], [7, 8, 9]) == [8, 3]
    with pytest.raises(ValueError, match="Input dimension should be at least 3"):
        utils._list_with_default([None, 3], [7, 8])


def test_a_prefix_is_taken_off_a_state_dict():
    net = nn.DataParallel(nn.Sequential(nn.Linear(2, 2), nn.ReLU()))
    state = net.state_dict()
    nn.modules.utils.consume_prefix_in_state_dict_if_present(state, "module.")
    assert list(state) == ["0.weight", "0.bias"]
    assert list(state._metadata) == ["", "0", "1"]
    nn.Sequential(nn.Linear(2, 2), nn.ReLU()).load_state_dict(state)
