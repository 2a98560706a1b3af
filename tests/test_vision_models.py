"""vision.models: keys, texts, first weights and outputs as torchvision's; weights by name.

The numbers are torchvision's: tools/freeze_vision.py.
"""

import hashlib
import inspect
import io
import json
import pickle
from pathlib import Path

import pytest
import vision_cases
from op_cases import agree

import rushlight as torch
from rushlight import vision
from rushlight.serialization import layers
from rushlight.vision import models

FROZEN = json.loads((Path(__file__).parent / "frozen" / "vision.json").read_text())


@pytest.mark.parametrize("name", FROZEN["models"])
@pytest.mark.filterwarnings("ignore:The default weight initialization")
def test_what_it_is_made_of(name):
    model = vision_cases.without_numbers(torch, vision, name)
    assert vision_cases.shape(model) == FROZEN["models"][name]


@pytest.mark.parametrize("case", FROZEN["numbers"])
def test_numbers(case):
    found, expected = vision_cases.numbers(torch, vision, case), FROZEN["numbers"][case]
    assert found.keys() == expected.keys()
    for part in expected:
        assert agree(found[part], expected[part]), (part, found[part], expected[part])


def test_what_is_known_of_weights_fits_the_models():
    for name in models.list_models():
        if models.get_model_builder(name).__module__.endswith(("deeplabv3", "fcn", "lraspp")):
            continue  # their published weights have a second classifier
        for weight in models.get_model_weights(name):
            expected = FROZEN["models"][name]["parameters"]
            if weight.meta["num_params"] != expected:
                # counted without the side branches, or for a larger image
                assert name in ("googlenet", "inception_v3") or weight.meta["min_size"] != (1, 1)
            if weight.meta["categories"] is not None:
                assert len(weight.meta["categories"]) == 1000
            assert weight.url.startswith("https://download.pytorch.org/models/")
    assert models.ResNet50_Weights.DEFAULT.meta["categories"][281] == "tabby"


def test_weights_by_name():
    kind = models.ResNet50_Weights
    assert list(kind.__members__) == ["IMAGENET1K_V1", "IMAGENET1K_V2", "DEFAULT"]
    assert kind.DEFAULT is kind.IMAGENET1K_V2
    assert models.get_weight("ResNet50_Weights.IMAGENET1K_V2") is kind.DEFAULT
    assert models.get_model_weights("resnet50") is kind
    assert models.get_model_weights(models.resnet50) is kind
    assert repr(kind.DEFAULT) == str(kind.DEFAULT) == "ResNet50_Weights.IMAGENET1K_V2"
    assert pickle.loads(pickle.dumps(kind.DEFAULT)) is kind.DEFAULT
    assert kind.DEFAULT.url.endswith("/resnet50-11ad3fa6.pth")
    assert kind.__module__ == "rushlight.vision.models.resnet"
    with pytest.raises(ValueError, match="Invalid weight name provided: 'nope'"):
        models.get_weight("nope")
    with pytest.raises(ValueError, match="The weight enum 'No_Weights' for the specific method"):
        models.get_weight("No_Weights.V1")
    with pytest.raises(KeyError, match="V9"):
        models.get_weight("ResNet50_Weights.V9")
    with pytest.raises(TypeError, match="expected ResNet18_Weights but received ResNet50_Weights"):
        models.resnet18(weights=kind.DEFAULT)


def test_models_by_name():
    assert models.list_models(include="res*", exclude=["*xt*", "resnet1??"]) == [
        "resnet18",
        "resnet34",
        "resnet50",
    ]
    assert models.list_models(module=models.segmentation)[0] == "deeplabv3_mobilenet_v3_large"
    assert models.get_model_builder("ResNet18") is models.resnet18
    assert type(models.get_model("squeezenet1_1", num_classes=2)) is models.SqueezeNet
    with pytest.raises(ValueError, match=r"Unknown model nope$"):
        models.get_model("nope")
    with pytest.raises(ValueError, match="Unknown model raft_small\n  rushlight does not have it"):
        models.get_model("raft_small")
    with pytest.raises(AttributeError, match=r"not have torchvision\.models\.detection"):
        _ = models.detection
    text = str(inspect.signature(models.resnet18))
    assert text.startswith("(*, weights: ") and text.endswith(
        " = None, progress: bool = True, **kwargs: Any) -> rushlight.vision.models.resnet.ResNet"
    )
    assert "weights_backbone" in inspect.signature(models.segmentation.fcn_resnet50).parameters


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty folder in place of torch.hub's."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def tiny(monkeypatch, cache, kind, model, head="abc"):
    """Save the model's state as kind.DEFAULT's file; head: the hash in its name, "": its own."""
    torch.save(model.state_dict(), cache / "file")
    digest = hashlib.sha256((cache / "file").read_bytes()).hexdigest()
    url = f"https://example.org/tiny-{head or digest[:8]}.pth"
    (cache / "file").rename(cache / url.rpartition("/")[2])
    monkeypatch.setattr(kind.DEFAULT.value, "url", url)
    return url


def test_weights_are_read_from_the_cache_folder(cache, monkeypatch):
    kind = models.SqueezeNet1_1_Weights
    saved = models.squeezenet1_1()
    tiny(monkeypatch, cache, kind, saved, head="")
    for options in ({"weights": "DEFAULT"}, {"weights": kind.DEFAULT, "num_classes": 1000}):
        model = models.squeezenet1_1(**options)
        for a, b in zip(model.state_dict().values(), saved.state_dict().values(), strict=True):
            assert torch.equal(a, b)
    with pytest.raises(ValueError, match="'num_classes' expected value 1000 but got 3 instead"):
        models.squeezenet1_1(weights="DEFAULT", num_classes=3)


def test_weights_with_another_hash_are_refused(cache, monkeypatch):
    kind = models.SqueezeNet1_1_Weights
    tiny(monkeypatch, cache, kind, models.squeezenet1_1(num_classes=2))
    with pytest.raises(RuntimeError, match='invalid hash value \\(expected "abc", got "'):
        models.squeezenet1_1(weights=kind.DEFAULT)


def test_weights_are_not_downloaded(cache):
    with pytest.raises(FileNotFoundError) as caught:
        models.resnet18(weights="IMAGENET1K_V1")
    text = str(caught.value)
    assert "does not download" in text and str(cache / "resnet18-f37072fd.pth") in text
    assert "https://download.pytorch.org/models/resnet18-f37072fd.pth" in text
    with pytest.raises(FileNotFoundError, match=r"ResNet50_Weights\.IMAGENET1K_V1"):
        models.segmentation.fcn_resnet50()


def test_keys_of_old_files(cache, monkeypatch):
    model = models.DenseNet(8, (1, 1, 1, 1), 8)
    assert "features.denseblock1.denselayer1.norm1.weight" in model.state_dict()
    new = models.densenet._new_key
    assert new("features.denseblock1.denselayer1.norm.1.weight").endswith(
        "denselayer1.norm1.weight"
    )
    assert new("features.denseblock1.denselayer1.conv1.weight").endswith("denselayer1.conv1.weight")
    old = models.vision_transformer.MLPBlock(2, 3, 0.0)
    state = {
        f"{name}.{kind}": old.state_dict()[f"{i}.{kind}"] + 1
        for name, i in (("linear_1", 0), ("linear_2", 3))
        for kind in ("weight", "bias")
    }
    block = models.vision_transformer.MLPBlock(2, 3, 0.0)
    block.load_state_dict(state)
    assert torch.equal(block[3].weight, old[3].weight + 1)


def test_old_arguments_warn(cache):
    with pytest.warns(UserWarning) as caught:
        model = models.squeezenet1_1(False, True, num_classes=2)
    assert [str(w.message) for w in caught] == [
        "Using 'weights' and 'progress' as positional parameter(s) is deprecated since 0.13 and "
        "may be removed in the future. Please use keyword parameter(s) instead.",
        "Arguments other than a weight enum or `None` for 'weights' are deprecated since 0.13 and "
        "may be removed in the future. The current behavior is equivalent to passing "
        "`weights=None`.",
    ]
    assert model.num_classes == 2
    with pytest.warns(UserWarning) as caught, pytest.raises(FileNotFoundError):
        models.squeezenet1_1(pretrained=True)
    assert str(caught[0].message) == (
        "The parameter 'pretrained' is deprecated since 0.13 and may be removed in the future, "
        "please use 'weights' instead."
    )
    assert "`weights=SqueezeNet1_1_Weights.IMAGENET1K_V1`. You can" in str(caught[1].message)


def test_transforms_of_weights():
    prepare = models.ResNet50_Weights.DEFAULT.transforms()
    assert repr(prepare).splitlines()[:3] == [
        "ImageClassification(",
        "    crop_size=[224]",
        "    resize_size=[232]",
    ]
    x = (torch.arange(3 * 300 * 240) % 256).to(torch.uint8).reshape(3, 300, 240)
    y = prepare(x)
    assert y.shape == (3, 224, 224) and y.dtype == torch.float32
    grey = torch.full((3, 300, 240), 128, dtype=torch.uint8)
    expected = (128 / 255 - torch.tensor(prepare.mean)) / torch.tensor(prepare.std)
    assert torch.allclose(prepare(grey), expected[:, None, None].expand(3, 224, 224), atol=1e-6)


def test_interpolated_positions():
    state = {"encoder.pos_embedding": torch.arange(10.0).reshape(1, 5, 2), "heads.x": 1}
    found = models.vision_transformer.interpolate_embeddings(48, 16, state, "bilinear", True)
    assert list(found) == ["encoder.pos_embedding"]
    expected = [0, 2, 3, 4, 4, 5, 6, 6, 7, 8]  # the class token, then corners and their means
    assert found["encoder.pos_embedding"][0, :, 0].tolist() == expected


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: models.MobileNetV2(inverted_residual_setting=[]), "non-empty or a 4-element list"),
        (lambda: models.MobileNetV3([], 8), "setting should not be empty"),
        (lambda: models.EfficientNet([], 0.2), "setting should not be empty"),
        (lambda: models.ConvNeXt([]), "block_setting should not be empty"),
        (lambda: models.MNASNet(0), "alpha should be greater than 0.0 instead of 0"),
        (lambda: models.SqueezeNet("2"), "Unsupported SqueezeNet version 2: 1_0 or 1_1 expected"),
        (lambda: models.resnet18(groups=2), "BasicBlock only supports groups=1"),
        (lambda: models.resnet50(replace_stride_with_dilation=[1]), "None or a 3-element tuple"),
        (
            lambda: models.RegNet(models.regnet.BlockParams.from_init_params(4, 7, 1, 2, 8)),
            "RegNet",
        ),
        (lambda: models._utils.IntermediateLayerGetter(models.regnet_y_400mf(), {"x": "y"}), "not"),
    ],
)
def test_wrong_options(make, text):
    with pytest.raises(ValueError, match=text):
        make()


def test_whole_models_of_torchvision():
    file = Path(__file__).parent / "frozen" / "torchvision_model.pt"
    with pytest.raises(pickle.UnpicklingError, match=r"GLOBAL torchvision\.models\.shufflenetv2"):
        torch.load(file)
    model = torch.load(file, weights_only=False)
    assert type(model) is models.ShuffleNetV2
    x = torch.linspace(0, 1, 3 * 32 * 32).reshape(1, 3, 32, 32)
    y = model(x)[0].tolist()
    assert y == pytest.approx(FROZEN["whole"]["output"], rel=1e-5)
    again = io.BytesIO()
    torch.save(model, again)
    again.seek(0)
    assert torch.load(again, weights_only=False)(x)[0].tolist() == y


def test_files_name_no_other_class_of_a_models_module():
    for name in ("models.resnet.Any", "models.resnet.nn", "models.vgg.Tensor", "datasets.MNIST"):
        assert layers.find_model(name) is None
    assert layers.find_model("models.resnet.ResNet") is models.ResNet
    assert layers.is_ours(models.ResNet) and not layers.is_ours(models.WeightsEnum)
