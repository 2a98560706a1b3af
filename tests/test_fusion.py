"""A layer and the ReLU behind it in one kernel: nothing may show but the time.

Values, gradients and nodes are compared with those of the layers called one by one, bit for bit.
"""

import pytest

import rushlight as torch
import rushlight.nn.functional as F
from rushlight import nn
from rushlight.nn.fusion import WITH_RELU


def net():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 16, 3, stride=2, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(16, 16, 3, groups=16, bias=False),  # the narrow way of convolution
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(400, 8),
        nn.ReLU(),
        nn.Linear(8, 3),
    )


def one_by_one(layers, x):
    for layer in layers:
        x = layer(x)
    return x


def gradients(layers, y):
    layers.zero_grad()
    (y * torch.arange(3.0)).sum().backward()
    return [p.grad.clone() for p in layers.parameters()]


def chain(node):
    names = []
    while node is not None:
        names.append(node.name())
        node = node.next_functions[0][0] if node.next_functions else None
    return names


@pytest.fixture
def x():
    torch.manual_seed(1)
    return torch.randn(5, 1, 28, 28)


def test_values_and_gradients_are_those_of_the_layers_one_by_one(x):
    layers = net()
    x.requires_grad_()
    together, apart = layers(x), one_by_one(layers, x)
    assert torch.equal(together, apart)
    assert chain(together.grad_fn) == chain(apart.grad_fn)
    together = gradients(layers, together)
    dx, x.grad = x.grad, None
    for got, want in zip(together, gradients(layers, apart), strict=True):
        assert torch.equal(got, want)
    assert torch.equal(dx, x.grad)


def test_the_one_call_is_taken(x, monkeypatch):
    seen = []
    for kind in (nn.Conv2d.forward, nn.Linear.forward):
        whole = WITH_RELU[kind]

        def watched(layer, input, whole=whole):
            seen.append(type(layer).__name__)
            return whole(layer, input)

        monkeypatch.setitem(WITH_RELU, kind, watched)
    net()(x)
    assert seen == ["Conv2d", "Conv2d", "Conv2d", "Linear"]


def test_hooks_between_the_two_see_what_they_saw(x):
    layers, seen = net(), []
    layers[0].register_forward_hook(lambda m, a, y: seen.append(y.min().item()))
    layers[3].register_forward_pre_hook(lambda m, a: seen.append(a[0].min().item()))
    assert torch.equal(layers(x), one_by_one(layers, x))
    assert len(seen) == 4 and max(seen) < 0


def test_an_overridden_forward_is_called(x):
    class Doubled(nn.ReLU):
        def forward(self, input):
            return super().forward(input) * 2

    layers = net()
    layers[1] = Doubled()
    layers[3].forward = lambda y: y - 1
    layers[7].forward = lambda y: y[:, :8]
    assert torch.equal(layers(x), one_by_one(layers, x))


def test_what_was_put_in_the_place_of_a_method_is_called(x, monkeypatch):
    layers = net()
    plain = layers(x)
    layers[0]._conv_forward = lambda y, w, b: F.conv2d(y, w, b, 2, 1) + 1
    own = layers(x)
    assert torch.equal(own, one_by_one(layers, x)) and not torch.equal(own, plain)
    for kind in (nn.Conv2d, nn.Linear, nn.ReLU):
        with monkeypatch.context() as patch:
            forward = kind.forward
            patch.setattr(kind, "forward", lambda self, y, forward=forward: forward(self, y) * 0.5)
            patched = layers(x)
            assert torch.equal(patched, one_by_one(layers, x)) and not torch.equal(patched, own)

    class Shifted(nn.Conv2d):
        def _conv_forward(self, y, w, b):
            return super()._conv_forward(y, w, b) + 1

    layers[0] = Shifted(1, 16, 3, stride=2, padding=1)
    assert torch.equal(layers(x), one_by_one(layers, x))


def test_other_dtypes_shapes_and_options():
    torch.manual_seed(0)
    for layer, shape in [
        (nn.Conv2d(2, 4, 3, padding="same"), (3, 2, 6, 6)),
        (nn.Conv2d(2, 4, 3, padding=1, padding_mode="circular"), (3, 2, 6, 6)),
        (nn.Conv2d(2, 4, 3), (2, 6, 6)),
        (nn.Conv1d(2, 4, 3, stride=2), (3, 2, 9)),
        (nn.Conv3d(2, 4, 2), (1, 2, 4, 4, 4)),
        (nn.Linear(6, 5), (6,)),
        (nn.Linear(6, 5, bias=False), (4, 6)),
        (nn.Linear(6, 5), (2, 3, 6)),
        (nn.Linear(6, 5).double(), (4, 6)),
    ]:
        pair = nn.Sequential(layer, nn.ReLU())
        x = torch.randn(shape).to(layer.weight.dtype)
        y = pair(x)
        assert torch.equal(y, F.relu(layer(x))) and (y == 0).any() and (y > 0).any()


def test_nan_and_infinity_come_through():
    layer = nn.Sequential(nn.Conv2d(1, 16, 1), nn.ReLU())
    x = torch.tensor([float("nan"), float("inf"), -float("inf"), 0.0]).view(1, 1, 2, 2)
    with torch.no_grad():
        layer[0].weight.fill_(1)
        layer[0].bias.zero_()
    y = layer(x)[0, 3].flatten().tolist()
    assert y[0] != y[0] and y[1:] == [float("inf"), 0.0, 0.0]


def test_an_error_names_the_layer():
    with pytest.raises(RuntimeError, match="mat1 and mat2") as error:
        nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(5, 6), nn.ReLU())(torch.ones(2, 3))
    assert any("Linear(in_features=5" in note for note in error.value.__notes__)


# ---------------------------------------------------------------- the relu in front, backward


def after_relu(x):
    torch.manual_seed(2)
    layer = nn.Conv2d(3, 16, 3, padding=1)
    h = F.relu(x)
    return h, layer(h)


@pytest.fixture
def image():
    torch.manual_seed(3)
    return torch.randn(2, 3, 6, 6, requires_grad=True)


def test_a_gradient_that_somebody_looks_at_is_not_masked_early(image):
    """dL/dh of h = relu(x) is not 0 where h is; dL/dx is."""
    h, y = after_relu(image)
    (plain,) = torch.autograd.grad(y.sum(), h, retain_graph=True)
    assert (plain[h == 0] != 0).any()
    y.sum().backward(retain_graph=True)
    expected = plain * (h > 0)
    assert torch.equal(image.grad, expected)

    h, y = after_relu(image)
    h.retain_grad()
    y.sum().backward()
    assert torch.equal(h.grad, plain)

    seen, (h, y) = [], after_relu(image)
    h.register_hook(seen.append)
    image.grad = None
    y.sum().backward()
    assert torch.equal(seen[0], plain) and torch.equal(image.grad, expected)


def test_a_relu_that_is_used_twice(image):
    h, y = after_relu(image)
    (y.sum() + (h * 3).sum()).backward()
    got, image.grad = image.grad, None
    h, y = after_relu(image)
    (plain,) = torch.autograd.grad(y.sum(), h)
    assert torch.allclose(got, (plain + 3) * (h > 0))


def test_a_relu_output_changed_in_place_is_refused(image):
    h, y = after_relu(image)
    h.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_the_gradient_is_not_kept(image):
    h, y = after_relu(image)
    y.sum().backward(retain_graph=True)
    assert h.grad_fn.masked_grad is None
    first = image.grad.clone()
    y.sum().backward()
    assert torch.equal(image.grad, first * 2)


def test_second_derivatives(image):
    _, y = after_relu(image)
    (dx,) = torch.autograd.grad((y**2).sum(), image, create_graph=True)
    (got,) = torch.autograd.grad((dx**2).sum(), image)
    assert torch.isfinite(got).all() and (got[image < 0] == 0).all() and (got != 0).any()
