"""torchvision.models.feature_extraction: the steps' names, and models that give what is inside.

The names and sentences are torchvision's (0.28).
"""

import pytest

import rushlight as torch
from rushlight.nn import functional as F
from rushlight.vision import models
from rushlight.vision.models import feature_extraction

nn = torch.nn
create_feature_extractor = feature_extraction.create_feature_extractor
get_graph_node_names = feature_extraction.get_graph_node_names


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(2, 2)
        self.act = nn.ReLU()
        self.b = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
        self.d = nn.Dropout()

    def forward(self, x):
        y = F.relu(self.act(self.a(x))) + 1
        y = self.act(self.a(y)) + 1
        if self.training:
            y = self.d(y)
        return self.b(y).flatten(1).sum()


@pytest.fixture
def net():
    torch.manual_seed(0)
    return Net()


def test_names_of_steps(net):
    with pytest.warns(UserWarning, match="in eval mode are a subsequence of those obtained in tr"):
        train, evaluation = get_graph_node_names(net)
    expected = "x a act relu add a_1 act_1 add_1 b.0 b.1 flatten sum".split()
    assert evaluation == expected
    assert train == [*expected[:8], "d", *expected[8:]]
    assert net.training


def test_names_in_a_resnet():
    train, evaluation = get_graph_node_names(models.resnet18())
    assert train == evaluation
    assert " ".join(train[:14]) == (
        "x conv1 bn1 relu maxpool layer1.0.conv1 layer1.0.bn1 layer1.0.relu layer1.0.conv2 "
        "layer1.0.bn2 layer1.0.add layer1.0.relu_1 layer1.1.conv1 layer1.1.bn1"
    )
    assert " ".join(train[-5:]) == "layer4.1.add layer4.1.relu_1 avgpool flatten fc"


def test_what_is_inside(net):
    x = torch.tensor([[0.5, -2.0]])
    names = {"a": "first", "act_1": "second", "b": "last"}
    found = create_feature_extractor(net, names, suppress_diff_warning=True)
    for mode in (False, True):
        net.train(mode)
        found.train(mode)
        torch.manual_seed(1)
        y = found(x)
        assert list(y) == ["first", "second", "last"]
        again = net.act(net.a(F.relu(net.act(net.a(x))) + 1))
        torch.manual_seed(1)
        assert torch.equal(y["first"], net.a(x)) and torch.equal(y["second"], again)
        assert torch.equal(y["last"], net.b(net.d(again + 1) if mode else again + 1))
    assert found.a is net.a and found.training
    y["last"].sum().backward()
    assert net.a.weight.grad is not None


def test_only_what_is_needed_stays(net):
    found = create_feature_extractor(net, ["b.0", "add"], suppress_diff_warning=True)
    assert [name for name, _ in found.named_modules() if name in ("a", "act", "b.0", "b.1")] == [
        "a",
        "act",
        "b.0",
    ]
    assert list(found(torch.ones(1, 2))) == ["add", "b.0"]


def test_nodes_for_each_mode(net):
    found = create_feature_extractor(net, None, ["d"], {"add_1": "d"})
    x = torch.ones(3, 2)
    found.eval()
    net.eval()
    expected = net.act(net.a(net.act(net.a(x)) + 1)) + 1
    assert torch.equal(found(x)["d"], expected)
    found.train()
    kept = found(x)["d"]
    assert torch.equal(kept[kept != 0], 2 * expected[kept != 0])


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((["zz"],), "node: 'zz' is not present in model. Hint: use `get_graph_node_names`"),
        ((), "Either `return_nodes` or `train_return_nodes` and `eval_return_nodes` together"),
        ((None, ["a"]), "If any of `train_return_nodes` and `eval_return_nodes` are specified"),
        ((["d"], None, None), "node: 'd' is not present in model"),
    ],
)
def test_wrong_nodes(net, arguments, text):
    with pytest.raises(ValueError) as caught:
        create_feature_extractor(net, *arguments)
    assert str(caught.value).startswith(text)


@pytest.mark.parametrize(
    ("make", "step"),
    [
        (lambda: models.mobilenet_v2(num_classes=2, width_mult=0.35), "features.3"),
        (
            lambda: models.VisionTransformer(32, 16, 2, 2, 8, 8, num_classes=2),
            "encoder.layers.encoder_layer_0",
        ),
        (
            lambda: models.SwinTransformer([4, 4], 8, [2, 2], [1, 2], [4, 4], num_classes=2),
            "features.1.0",
        ),
        (
            lambda: models.ConvNeXt([models.convnext.CNBlockConfig(8, None, 2)], num_classes=2),
            "features.1.0",
        ),
        (lambda: models.DenseNet(4, (2, 1, 1, 1), 8, num_classes=2), "features.denseblock1"),
    ],
)
def test_families(make, step):
    torch.manual_seed(0)
    model = make().eval()
    seen = {}
    layer = model.get_submodule(step)
    hook = layer.register_forward_hook(lambda m, x, y: seen.update(y=y))
    x = torch.rand(2, 3, 32, 32)
    model(x)
    hook.remove()
    found = create_feature_extractor(model, {step: "y"})
    assert torch.equal(found(x)["y"], seen["y"])


def test_steps_of_the_callers(net):
    options = {"leaf_modules": [nn.Sequential], "autowrap_functions": (F.relu,)}
    names = get_graph_node_names(net.eval(), options, suppress_diff_warning=True)[1]
    assert names == "x a act relu add a_1 act_1 add_1 b flatten sum".split()
    options = {"leaf_modules": [nn.ReLU6]}
    names = get_graph_node_names(models.mobilenet_v2(), options)[0]
    assert "features.0" in names and "features.0.0" not in names  # those of ops still are one
