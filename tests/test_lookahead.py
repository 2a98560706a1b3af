"""Convolution, batch norm, residual and activation in one pass: in Sequential, and in forwards
written by hand. Nothing may show but the time.

Values are compared with those of the same calls with gradients on, which are made one by one.
"""

import sys

import pytest

import rushlight as torch
import rushlight.nn.functional as F
from rushlight import nn
from rushlight.nn import conv, fusion, lookahead
from rushlight.overrides import TorchFunctionMode


class Net(nn.Module):
    """Layers for the forwards below."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv1, self.bn1 = nn.Conv2d(4, 20, 3, padding=1), nn.BatchNorm2d(20)
        self.conv2 = nn.Conv2d(20, 4, 3, padding=1, bias=False)
        self.bn2, self.relu = nn.BatchNorm2d(4), nn.ReLU(inplace=True)
        self.downsample, self.shortcut = None, nn.Sequential()
        self.act = nn.Hardswish()
        self.log = []
        for m in self.modules():
            if isinstance(m, nn.BatchNorm2d):
                m.running_mean.normal_()
                m.running_var.uniform_(0.5, 2)
                nn.init.normal_(m.weight)
                nn.init.normal_(m.bias)
        self.eval()


class Nested(Net):
    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu6(self.bn2(self.conv2(y)), inplace=True) * 2


class Torchvision(Net):
    def forward(self, x):
        identity = x

        out = self.conv1(x)
        out = self.bn1(out)
        out = self.relu(out)

        out = self.conv2(out)
        out = self.bn2(out)

        if self.downsample is not None:
            identity = self.downsample(x)

        out += identity
        out = self.relu(out)
        return out


class EmptyShortcut(Net):
    def forward(self, x):
        out = torch.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.shortcut(x)
        return F.silu(out)


class Sum(Net):
    def forward(self, x):
        y = self.act(self.bn1(self.conv1(x)))
        z = self.bn2(self.conv2(y))
        return self.relu(x + z)


class Conditional(Net):
    def forward(self, x):
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        y = y + (x if self.downsample is None else self.downsample(x))
        return self.relu(y)


class UsedTwice(Net):
    def forward(self, x):
        y = self.conv1(x)
        z = self.bn1(y)
        return self.conv2(z + y)


class InPlaceBetween(Net):
    def forward(self, x):
        x = x.clone()
        y = self.conv1(x)
        x.zero_()
        y = self.bn1(y)
        return self.conv2(y) + x


class ResidualIsReassigned(Net):
    def forward(self, x):
        out = self.bn1(self.conv1(x))
        out = self.conv2(out)
        x = self.bn2(out)
        x = x + out
        return x


class Loop(Net):
    def forward(self, x):
        y = self.conv1(x)
        for _ in range(3):
            y = self.bn1(y)
        return [self.bn2(y) for y in [self.conv2(y)] * 2][1]


class Listed(Net):
    def forward(self, x):
        y = self.conv1(x)
        many = [self.bn1(y) for _ in range(2)]
        return many[0] + many[1]


class Kept(Net):
    def forward(self, x):
        y = self.conv1(x)
        self.log.append(y)
        y = self.bn1(y)
        return self.conv2(y) + self.log.pop().mean()


class Locals(Net):
    def forward(self, x):
        y = self.conv1(x)
        y = self.bn1(y)
        return y + len(locals())


class Caught(Net):
    def forward(self, x):
        try:
            y = self.conv1(x)
            y = self.bn1(y)
        finally:
            y = y + 1
        return y


#: net -> how many convolutions take what is behind them along
NETS = {
    Nested: 2,
    Torchvision: 2,
    EmptyShortcut: 2,
    Sum: 2,
    Conditional: 2,
    UsedTwice: 0,
    InPlaceBetween: 0,
    ResidualIsReassigned: 1,
    Loop: 0,
    Listed: 0,
    Kept: 0,
    Locals: 0,
    Caught: 0,
}


@pytest.fixture(autouse=True)
def small_too(monkeypatch):
    monkeypatch.setattr(conv, "LOOK_FROM", 0)
    monkeypatch.setattr(conv, "LOOK", [lookahead.look])


@pytest.fixture
def taken(monkeypatch):
    """Counts the calls of the one kernel."""
    calls = []

    def counting(*args):
        y = fusion.conv_norm(*args)
        calls.extend([] if y is None else [args])
        return y

    monkeypatch.setattr(lookahead, "conv_norm", counting)
    return calls


@pytest.fixture
def x():
    torch.manual_seed(1)
    return torch.randn(2, 4, 9, 9)


def check(net, x):
    want = net(x).detach()  # with gradients: call by call
    before = x.clone()
    with torch.no_grad():
        got = net(x)
    assert type(got) is torch.Tensor and got.shape == want.shape
    torch.testing.assert_close(got, want, rtol=1e-5, atol=1e-5)
    assert torch.equal(x, before)
    return got


@pytest.mark.parametrize("kind", NETS, ids=lambda kind: kind.__name__)
def test_a_forward_written_by_hand(kind, x, taken):
    check(kind(), x)
    assert len(taken) == NETS[kind]


def test_a_shortcut_with_layers_is_called_where_it_stands(x, taken):
    for kind in (Torchvision, Conditional):
        net = kind()
        net.downsample = nn.Sequential(nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4)).eval()
        check(net, x)
    net = EmptyShortcut()
    net.shortcut = nn.Sequential(nn.Tanh())
    check(net, x)
    assert len(taken) == 6 and all(args[4] is None for args in taken)


def test_what_can_be_seen_keeps_them_apart(x, taken, monkeypatch):
    class Property(Torchvision):
        bn = property(lambda self: self.bn1)

        def forward(self, x):
            out = self.conv1(x)
            out = self.bn(out)
            return out

    check(Property(), x)
    net, seen = Nested(), []
    for module in (net.bn1, net.bn2):
        module.register_forward_hook(lambda m, args, y: seen.append(type(args[0])))
    check(net, x)
    assert seen == [torch.Tensor] * 4
    net = Nested()
    net.bn1.forward = lambda y: y * 2
    net.bn2 = nn.Identity()
    check(net, x)
    net = Nested()
    net.bn1.train()
    net.bn2.running_mean = net.bn2.running_var = None
    net.bn1.momentum = 0.0
    check(net, x)
    net = Nested()
    net.conv1.register_forward_hook(lambda m, args, y: y + 1)
    net.conv2.padding_mode = "circular"
    check(net, x)

    class Names(TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            seen.append(function.__name__)
            return function(*args, **(kwargs or {}))

    seen.clear()
    with Names(), torch.no_grad():
        Nested()(x)
    assert "batch_norm" in seen and "relu6" in seen
    monkeypatch.setattr(sys, "gettrace", lambda: print)  # a debugger could look in between
    check(Nested(), x)
    assert not taken


def test_an_activation_that_is_none_of_ours_is_called(x, taken):
    net = Torchvision()
    net.relu = nn.Tanh()
    check(net, x)
    net = Sum()
    net.relu.forward = lambda y: y - 1
    check(net, x)
    assert [args[2] for args in taken] == [0, 0, 4, 0]


def test_weights_changed_between_two_calls(x):
    net = Nested()
    with torch.no_grad():
        first = net(x)
        for p in [*net.parameters(), *(b for b in net.buffers() if b.is_floating_point())]:
            p.data.numpy()[...] *= 1.5  # without a change of the version
        assert not torch.allclose(net(x), first)
    check(net, x)


def test_a_source_that_was_written_meanwhile_is_not_believed(x, taken, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "late_net.py").write_text(
        "from test_lookahead import Net, F\n\n\nclass Late(Net):\n    def forward(self, x):\n"
        "        return F.relu(self.bn1(self.conv1(x)))\n"
    )
    check(__import__("late_net").Late(), x)
    assert not taken
    lookahead._CHAINS.clear()
    monkeypatch.setattr(conv, "BEGAN", conv.time() + 100)
    check(sys.modules["late_net"].Late(), x)
    assert len(taken) == 1


def test_inference_mode_marks_the_result(x):
    net = Torchvision()
    with torch.inference_mode():
        assert net(x).is_inference()


def test_errors_name_the_layer_that_they_are_from(x):
    net = Nested()
    net.bn1 = nn.BatchNorm2d(7).eval()
    with torch.no_grad(), pytest.raises(RuntimeError, match="running_mean should contain 20"):
        net(x)
    with torch.no_grad(), pytest.raises(RuntimeError, match="expected input") as error:
        Nested()(x[:, :3])
    assert any("Nested.conv1" in note for note in error.value.__notes__)
    layers = nn.Sequential(nn.Conv2d(4, 6, 1), nn.BatchNorm2d(5), nn.ReLU()).eval()
    with torch.no_grad(), pytest.raises(RuntimeError, match="running_mean should contain") as error:
        layers(x)
    assert any("Sequential.1" in note for note in error.value.__notes__)


@pytest.mark.parametrize(
    "use",
    [
        lambda y: y + 1,
        lambda y: 1 + y,
        lambda y: y.sum(),
        lambda y: F.relu(y),
        lambda y: torch.add(torch.ones(()), y),
        lambda y: torch.cat([y, y]),
        lambda y: y.add_(1),
        lambda y: y.__iadd__(2),
        lambda y: F.batch_norm(y, torch.zeros(20), torch.ones(20)),
        repr,
    ],
)
def test_a_pending_value_that_somebody_else_asks_for_is_computed(use, x):
    net = Nested()
    with torch.no_grad():
        y = conv._Conv._conv_forward(net.conv1, x, net.conv1.weight, net.conv1.bias)
        made = (torch.zeros(2, 20, 9, 9), net.conv1, x, net.bn1, None)
        pending = lookahead.pending(("batch_norm", "relu"), (), made)
        got, want = use(pending), use(y)
        assert type(pending) is torch.Tensor and torch.equal(pending, y)
        assert got == want if isinstance(got, str) else torch.equal(got, want)
        pending = net.bn1(lookahead.pending(("batch_norm", "relu"), (), made))
        assert type(pending) is lookahead.Pending
        y = F.batch_norm(
            conv._Conv._conv_forward(net.conv1, x, net.conv1.weight, net.conv1.bias),
            *(net.bn1.running_mean, net.bn1.running_var, net.bn1.weight, net.bn1.bias),
        )
        assert torch.equal(pending.exp(), y.exp())


# ---------------------------------------------------------------- Sequential

ACTS = [None, nn.ReLU, nn.ReLU6, nn.SiLU, nn.Hardswish]
LAYERS = {
    "direct": lambda: nn.Conv2d(3, 20, 3, stride=2),
    "winograd": lambda: nn.Conv2d(32, 33, 3, padding=1, bias=False),
    "depthwise": lambda: nn.Conv2d(24, 24, 3, padding=1, groups=24),
    "narrow": lambda: nn.Conv2d(4, 2, 3, groups=2),
    "rows": lambda: nn.Conv1d(3, 20, 3),
    "images of rows": lambda: nn.Conv3d(3, 5, 2),
}


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.__name__ if act else "none")
@pytest.mark.parametrize("name", LAYERS)
def test_sequential(name, act):
    torch.manual_seed(0)
    layer = LAYERS[name]()
    rank = layer.weight.ndim - 2
    norm = [nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d][rank - 1](layer.out_channels)
    norm.running_mean.normal_()
    norm.running_var.uniform_(0.5, 2)
    layers = nn.Sequential(layer, norm, *([act()] if act else []), nn.Identity()).eval()
    x = torch.randn(2, layer.in_channels, *((9,) * rank)) * 3
    want = layers(x).detach()
    with torch.no_grad():
        torch.testing.assert_close(layers(x), want, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(layers[:-1](x), want, rtol=1e-5, atol=1e-5)


def test_sequential_takes_the_one_call(monkeypatch, x):
    calls, real = [], fusion.conv_norm
    monkeypatch.setattr(fusion, "conv_norm", lambda *args: calls.append(args[2]) or real(*args))
    layers = nn.Sequential(
        *(nn.Conv2d(4, 8, 1), nn.BatchNorm2d(8), nn.SiLU()),
        *(nn.Conv2d(8, 4, 1), nn.BatchNorm2d(4), nn.Tanh()),
        *(nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4)),
    ).eval()
    want = layers(x)
    assert not calls  # gradients are on
    with torch.no_grad():
        torch.testing.assert_close(layers(x), want.detach(), rtol=1e-5, atol=1e-5)
    assert calls == [3, 0, 0]
    layers[1].register_forward_hook(lambda m, args, y: y * 2)
    layers[4].train()
    with torch.no_grad():
        layers(x)
    assert calls == [3, 0, 0, 0]


def test_nan_and_infinity_come_through_the_norm():
    layers = nn.Sequential(nn.Conv2d(1, 16, 1), nn.BatchNorm2d(16), nn.ReLU6()).eval()
    x = torch.tensor([float("nan"), float("inf"), -float("inf"), 0.0]).view(1, 1, 2, 2)
    with torch.no_grad():
        layers[0].weight.fill_(1)
        layers[0].bias.zero_()
        y = layers(x)[0, 3].flatten().tolist()
    assert y[0] != y[0] and y[1:] == [6.0, 0.0, 0.0]
