"""Lazy layers: they learn the size of their input, then are what they would have been."""

import copy
import pickle

import pytest

import rushlight as torch
from rushlight import nn, optim
from rushlight.core.parameter import UninitializedParameter, is_lazy

LAYERS = {
    "LazyLinear": ((3,), nn.Linear, 5, (2, 5)),
    "LazyConv1d": ((4, 3), nn.Conv1d, 2, (1, 2, 6)),
    "LazyConv2d": ((4, 3), nn.Conv2d, 2, (1, 2, 5, 6)),
    "LazyConv3d": ((4, 3), nn.Conv3d, 2, (2, 4, 5, 6)),
    "LazyConvTranspose1d": ((4, 3), nn.ConvTranspose1d, 2, (1, 2, 6)),
    "LazyConvTranspose2d": ((4, 3), nn.ConvTranspose2d, 2, (2, 5, 6)),
    "LazyConvTranspose3d": ((4, 3), nn.ConvTranspose3d, 2, (1, 2, 4, 5, 6)),
    "LazyBatchNorm1d": ((), nn.BatchNorm1d, 3, (4, 3)),
    "LazyBatchNorm2d": ((1e-3,), nn.BatchNorm2d, 3, (4, 3, 2, 2)),
    "LazyBatchNorm3d": ((), nn.BatchNorm3d, 3, (4, 3, 2, 2, 2)),
    "LazyInstanceNorm1d": ((1e-5, 0.1, True, True), nn.InstanceNorm1d, 3, (4, 3, 5)),
    "LazyInstanceNorm2d": ((1e-5, 0.1, True, True), nn.InstanceNorm2d, 3, (4, 3, 5, 5)),
    "LazyInstanceNorm3d": ((1e-5, 0.1, True, True), nn.InstanceNorm3d, 3, (4, 3, 5, 5, 2)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_after_the_first_call_it_is_the_ordinary_layer(name):
    options, ordinary, size, shape = LAYERS[name]
    x = torch.arange(float(torch.zeros(shape).numel())).reshape(shape) / 10
    torch.manual_seed(1)
    layer = getattr(nn, name)(*options)
    assert repr(layer).startswith(name + "(")
    assert layer.has_uninitialized_params()
    y = layer(x)
    torch.manual_seed(1)
    expected = ordinary(size, *options)
    assert type(layer) is ordinary
    assert repr(layer) == repr(expected)
    assert torch.equal(y, expected(x))
    assert list(layer.state_dict()) == list(expected.state_dict())


def test_an_optimizer_made_before_trains_the_parameters():
    layer = nn.LazyLinear(1)
    optimizer = optim.SGD(layer.parameters(), lr=0.5)
    layer(torch.ones(1, 2)).sum().backward()
    before = layer.weight.detach().clone()
    optimizer.step()
    assert torch.equal(layer.weight.detach(), before - 0.5)


def test_a_loaded_state_gives_the_shapes():
    layer = nn.LazyLinear(3)
    source = nn.Linear(5, 3)
    assert str(layer.load_state_dict(nn.LazyLinear(3).state_dict())).startswith("<All keys")
    layer.load_state_dict(source.state_dict())
    assert torch.equal(layer(torch.ones(2, 5)), source(torch.ones(2, 5)))
    assert repr(layer) == repr(source)
    with pytest.raises(RuntimeError, match="Can't access the shape of an uninitialized parameter"):
        nn.Linear(5, 3).load_state_dict(nn.LazyLinear(3).state_dict())


def test_conversions_before_the_first_call():
    layer = nn.LazyLinear(3).double()
    assert layer.weight.dtype is torch.float64
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert other(torch.ones(2, 4, dtype=torch.float64)).dtype is torch.float64
    assert layer.has_uninitialized_params()


def test_an_uninitialized_parameter_has_no_elements():
    p = UninitializedParameter()
    assert repr(p) == "<UninitializedParameter>"
    assert is_lazy(p)
    assert isinstance(p, nn.Parameter)
    with pytest.raises(ValueError, match="Attempted to use an uninitialized parameter"):
        p + 1
    with pytest.raises(ValueError, match="Attempted to use an uninitialized parameter"):
        p.numel()
    p.materialize((2, 3))
    assert type(p) is nn.Parameter
    assert p.shape == (2, 3)
    assert p.requires_grad


def test_a_lazy_module_of_ones_own():
    from rushlight.nn.modules.lazy import LazyModuleMixin

    class LazyScale(LazyModuleMixin, nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = UninitializedParameter()

        def initialize_parameters(self, x):
            self.weight.materialize(x.shape[-1:])
            nn.init.ones_(self.weight)

        def forward(self, x):
            return x * self.weight

    m = LazyScale()
    assert m(torch.ones(3)).tolist() == [1.0, 1.0, 1.0]
    assert type(m) is LazyScale
    assert not m._forward_pre_hooks


def test_conv_says_what_it_expected():
    with pytest.raises(RuntimeError, match=r"Expected 3D \(unbatched\) or 4D \(batched\) input to"):
        nn.LazyConv2d(4, 3)(torch.ones(3, 5))


def test_a_parameter_without_a_shape_knows_where_it_will_be():
    p = nn.LazyLinear(3).weight
    assert p.device == torch.device("cpu") and p.is_cpu and not p.is_cuda and not p.is_meta
    assert p.dtype is torch.float32 and not p.is_sparse
