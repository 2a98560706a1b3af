"""Nets as people write them, with sizes that follow the input; every kind of model of
rushlight.vision; and what an export refuses."""

import io
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

import rushlight as torch
import rushlight.nn.functional as F
from rushlight import nn
from rushlight.onnx import OnnxExporterError, OperatorExportTypes, TrainingMode
from rushlight.vision import models
from rushlight.vision.models import vgg

sys.path[:0] = [str(Path(__file__).parent)]
from helpers import agree, exported  # noqa: E402

MLP = nn.Sequential(nn.Flatten(), nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 3))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 8, 3, padding=1)
        self.norm, self.up = nn.GroupNorm(2, 4), nn.ConvTranspose2d(8, 4, 2, 2)
        self.c = nn.Conv2d(8, 2, 1)

    def forward(self, x):
        a = F.relu(self.norm(self.a(x)), inplace=True)
        b = F.relu(self.b(F.max_pool2d(a, 2)))
        y = self.c(torch.cat([self.up(b), a], 1))
        return y, F.interpolate(b, size=x.shape[-2:], mode="bilinear")


class Attention(nn.Module):
    """A language model of one layer: positions, a causal mask made of the length."""

    def __init__(self):
        super().__init__()
        self.words, self.places = nn.Embedding(20, 8), nn.Embedding(32, 8)
        self.qkv, self.head = nn.Linear(8, 24), nn.Linear(8, 20)

    def forward(self, ids):
        n, t = ids.shape
        x = self.words(ids) + self.places(torch.arange(t))
        q, k, v = self.qkv(x).view(n, t, 3, 2, 4).permute(2, 0, 3, 1, 4)
        scores = q @ k.transpose(-2, -1) / 2
        mask = torch.ones(t, t).tril().bool()
        y = scores.masked_fill(~mask, float("-inf")).softmax(-1) @ v
        return self.head(y.transpose(1, 2).reshape(n, t, 8) + x)


def net(make):
    torch.manual_seed(0)
    return make().eval()


def encoder(**options):
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, **options)
    return nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 8, 3, padding="same"), nn.GELU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(8, 3),
    )  # fmt: skip


NETS = {
    "mlp": (lambda: MLP, (3, 4), {0: "n"}, [(2, 3, 4), (7, 3, 4)]),
    "cnn": (cnn, None, {0: "n"}, [(2, 1, 28, 28), (5, 1, 28, 28)]),
    "unet": (UNet, None, {0: "n", 2: "h", 3: "w"}, [(2, 1, 16, 16), (3, 1, 24, 8)]),
    "encoder": (encoder, None, {0: "n", 1: "t"}, [(2, 5, 8), (3, 9, 8)]),
    "encoder, norm first": (lambda: encoder(norm_first=True, activation="gelu"), None,
                            {0: "n", 1: "t"}, [(2, 5, 8), (1, 4, 8)]),
    "lstm": (lambda: nn.LSTM(7, 6, 2, bidirectional=True), None, {0: "t", 1: "n"},
             [(5, 3, 7), (8, 4, 7)]),
    "gru": (lambda: nn.GRU(7, 6, batch_first=True), None, {0: "n", 1: "t"}, [(5, 3, 7), (2, 6, 7)]),
    "rnn": (lambda: nn.RNN(7, 6, 2, nonlinearity="relu", bias=False), None, {1: "n"},
            [(5, 3, 7), (5, 1, 7)]),
}  # fmt: skip


@pytest.mark.parametrize("name", NETS)
@pytest.mark.parametrize("opset", [17, 20])
def test_sizes_follow_the_input(name, opset):
    make, _, dims, shapes = NETS[name]
    model = net(make)
    given = [(torch.randn(*shape),) for shape in shapes]
    program = exported(model, *given, input_names=["x"], dynamic_axes={"x": dims},
                       opset_version=opset)  # fmt: skip
    dims_of_x = program.model_proto.graph.input[0].type.tensor_type.shape.dim
    sizes = [d.dim_param or d.dim_value for d in dims_of_x]
    assert [s for s in sizes if isinstance(s, str)] == list(dims.values())


def test_a_language_model():
    ids = [torch.randint(0, 20, shape) for shape in ((2, 6), (3, 11), (1, 1))]
    program = exported(
        net(Attention), *[(i,) for i in ids], dynamic_shapes={"ids": {0: "n", 1: "t"}}
    )
    assert [i.name for i in program.model_proto.graph.input] == ["ids"]


# one of each family, the smallest
FAMILIES = [
    "alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "efficientnet_v2_s", "googlenet",
    "inception_v3", "maxvit_t", "mnasnet0_5", "mobilenet_v2", "mobilenet_v3_small",
    "regnet_y_400mf", "resnet18", "shufflenet_v2_x0_5", "squeezenet1_0", "swin_t",
    "swin_v2_t", "vgg11_bn", "vit_b_16",
]  # fmt: skip


SIZES = {"inception_v3": 96, "maxvit_t": 224, "vit_b_16": 32}


def test_every_family_of_models_is_here():
    roots = {n.split(".")[-2] for n in (models.get_model_builder(m).__module__ + "." + m
                                        for m in models.list_models(module=models))}  # fmt: skip
    ours = {models.get_model_builder(m).__module__.split(".")[-1] for m in FAMILIES}
    assert {r for r in roots if r != "models"} - ours == set()


def made(name):
    """A model of this family; a very large one with fewer weights."""
    if name == "vit_b_16":
        return models.VisionTransformer(
            32, 16, num_layers=2, num_heads=2, hidden_dim=32, mlp_dim=64
        )
    if name == "vgg11_bn":
        with torch.device("meta"):
            model = models.VGG(nn.Sequential(), init_weights=False)
        model.features = vgg.make_layers(vgg.cfgs["A"], True)
        model.classifier = nn.Sequential(nn.Linear(25088, 32), nn.ReLU(), nn.Linear(32, 10))
        return model
    if name == "alexnet":
        model = models.AlexNet(10)
        model.classifier = nn.Sequential(nn.Linear(9216, 32), nn.ReLU(), nn.Linear(32, 10))
        return model
    options = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    return models.get_model(name, **options)


@pytest.mark.parametrize("name", FAMILIES)
def test_models_of_vision(name):
    torch.manual_seed(0)
    model = made(name).eval()
    for m in model.modules():  # numbers that are not near 0 everywhere
        if isinstance(m, nn.BatchNorm2d):
            m.running_mean.uniform_(-0.05, 0.05)
            m.weight.data.uniform_(0.9, 1.4)
        elif isinstance(m, nn.Linear) and not m.weight.any():
            m.weight.data.normal_(std=0.02)
    size = SIZES.get(name, 64)
    x = torch.randn(1, 3, size, size)
    large = sum(p.numel() for p in model.parameters()) > 20_000_000  # their sizes are fixed here
    axes = None if large else {"x": {0: "n"}}
    program = torch.onnx.export(model, (x,), dynamic_axes=axes)
    onnx.checker.check_model(program.model_proto)
    with torch.no_grad():
        agree(model(x), program(x))


# ---------------------------------------------------------------- the function


def test_files_names_and_metadata(tmp_path):
    path = tmp_path / "mlp.onnx"
    x = torch.randn(2, 3, 4)
    assert torch.onnx.export(MLP, x, path, dynamo=False, input_names=["pixels"],
                             output_names=["scores"]) is None  # fmt: skip
    model = onnx.load(path)
    assert [i.name for i in model.graph.input] == ["pixels"]
    assert [o.name for o in model.graph.output] == ["scores"]
    assert model.producer_name == "rushlight" and model.opset_import[0].version == 20
    assert {i.name for i in model.graph.initializer} >= {"1.weight", "1.bias", "3.weight"}
    weight = next(i for i in model.graph.initializer if i.name == "1.weight")
    np.testing.assert_array_equal(
        onnx.numpy_helper.to_array(weight), MLP[1].weight.detach().numpy()
    )
    buffer = io.BytesIO()
    torch.onnx.export(MLP, x, buffer, verify=True)
    assert onnx.load_from_string(buffer.getvalue()).graph.output[0].name == "output"


def test_weights_that_one_file_cannot_hold_lie_beside_it(tmp_path, monkeypatch):
    class Wide(nn.Module):
        def __init__(self):
            super().__init__()
            self.wide, self.small = nn.Linear(12, 700), nn.Linear(700, 3)

        def forward(self, x):
            return self.small(self.wide(x).relu())

    model, x, path = net(Wide), torch.randn(2, 12), tmp_path / "wide.onnx"
    program = torch.onnx.export(model, (x,))
    program.save(path, external_data=True)
    assert path.stat().st_size < 2000 and (tmp_path / "wide.onnx.data").stat().st_size > 40_000
    onnx.checker.check_model(str(path), full_check=True)
    again = onnx.load(path)
    for tensor in again.graph.initializer:
        tensor.ClearField("data_location")  # onnx.load says "in the file"; we say nothing
    assert again == program.model_proto  # the numbers, names, opset, all
    agree(model(x), [torch.onnx.load(path)(x)])
    program.save(path)
    assert path.stat().st_size > 40_000

    monkeypatch.setattr("rushlight.onnx.program._LARGEST", 10_000)  # 2 GB in earnest
    (tmp_path / "wide.onnx.data").unlink()
    with torch.no_grad():
        agree(model(x), program(x))
    program.save(path)
    assert path.stat().st_size < 2000
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    np.testing.assert_allclose(
        session.run(None, {"x": x.numpy()})[0], model(x).detach().numpy(), atol=1e-5
    )
    with pytest.raises(ValueError, match="larger than 2 GB"):
        program.save(io.BytesIO())


def test_parameters_as_inputs():
    x = torch.randn(2, 3, 4)
    graph = torch.onnx.export(MLP, (x,), export_params=False).model_proto.graph
    assert [i.name for i in graph.input][1:] == ["1.weight", "1.bias", "3.weight", "3.bias"]
    assert not [i.name for i in graph.initializer if "weight" in i.name]
    graph = torch.onnx.export(MLP, (x,), keep_initializers_as_inputs=True).model_proto.graph
    assert len(graph.input) == 5 and len([i for i in graph.initializer if "weight" in i.name]) == 2


def test_what_depends_on_parameters_only_is_folded_if_wished():
    layer = nn.utils.parametrizations.weight_norm(nn.Linear(4, 3)).eval()
    x = torch.randn(2, 4)
    assert [n.op_type for n in exported(layer, (x,)).model_proto.graph.node] == ["Gemm"]
    w = nn.Parameter(torch.randn(3, 4))
    f = lambda x: x @ (w * 2).T  # noqa: E731
    kinds = [n.op_type for n in exported(f, (x,), do_constant_folding=False).model_proto.graph.node]
    assert kinds == ["Mul", "Transpose", "MatMul"]


def test_changes_in_place():
    def f(x):
        y = x * 2
        y[:, 1] = 7.0
        y[0].add_(x[1])
        z = y.view(-1)
        y.mul_(3)
        return y, z + 1

    exported(f, (torch.randn(2, 3),))
    buffer = torch.zeros(2, 3)

    def g(x):
        buffer.zero_()
        buffer[0] += 5.0
        return x + buffer

    exported(g, (torch.randn(2, 3),))


def test_several_inputs_and_structures():
    def f(pair, *, scale, flag=True):
        a, b = pair
        return {"sum": a + b * scale, "both": [a, b.neg()]}

    a, b, s = torch.randn(2, 3), torch.randn(3), torch.tensor(2.0)
    program = torch.onnx.export(f, ((a, b),), kwargs={"scale": s})
    assert [i.name for i in program.model_proto.graph.input] == ["pair_0", "pair_1", "scale"]
    agree([a + b * s, a, b.neg()], program(a, b, s))


def test_the_model_and_its_input_stay_as_they_were():
    model = nn.Sequential(nn.ReLU(inplace=True), nn.Dropout(0.5)).train()
    x = torch.tensor([[-1.0, 2.0]])
    torch.onnx.export(model, (x,))
    assert model.training and model[1].training and x.tolist() == [[-1.0, 2.0]]
    assert not torch.onnx.is_in_onnx_export()


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (lambda x: torch.cumprod(x, 0), "cumprod cannot be written in ONNX opset 20"),
        (lambda x: x * float(x.sum()), "a number that follows the input"),
        (lambda x: x + torch.tensor(x.numpy() * 2), "not the same for all inputs"),
        (lambda x: x + torch.rand(3), "draws random numbers"),
        (lambda x: x.abs() if x.max() > 0.8 else x.neg(), "does not do the same for all inputs"),
        (lambda x: torch.fft.fft(x).abs(), r"cannot be written|complex"),
        (lambda x: nn.functional.dropout(x, 0.5, True), "draws random numbers"),
    ],
)
def test_what_a_graph_cannot_say_is_refused(f, words):
    with pytest.raises(OnnxExporterError, match=words):
        torch.onnx.export(f, (torch.tensor([0.25, 0.5, 1.0]),))


def test_dynamic_axes_of_a_name_that_is_not_there_warn():
    axes = {"x": {0: "n"}, "pixels": {0: "n"}, "y": {0: "n"}}
    with pytest.warns(UserWarning, match="Provided key pixels for dynamic axes is not a valid"):
        torch.onnx.export(lambda x: x + 1, (torch.ones(4),), output_names=["y"], dynamic_axes=axes)
    del axes["pixels"]
    torch.onnx.export(lambda x: x + 1, (torch.ones(4),), output_names=["y"], dynamic_axes=axes)


def test_sizes_that_decide_are_refused():
    with pytest.raises(OnnxExporterError, match=r"does not do the same|with other sizes"):
        torch.onnx.export(lambda x: x if len(x) < 5 else x + 1, (torch.ones(4),),
                          dynamic_axes={"x": {0: "n"}})  # fmt: skip


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"opset_version": 7}, ValueError, "Unsupported ONNX opset version: 7"),
        ({"opset_version": 22}, ValueError, "17 to 21"),
        ({"training": "eval"}, TypeError, "torch.onnx.TrainingMode enum"),
        ({"training": TrainingMode.TRAINING}, NotImplementedError, "inference"),
        ({"operator_export_type": OperatorExportTypes.ONNX_ATEN}, NotImplementedError, "ONNX"),
        ({"output_names": ["a", "b"]}, RuntimeError, "names provided .2. exceeded"),
        ({"dynamic_axes": {"x": [5]}}, RuntimeError, "Dynamic shape axis should be no more than"),
        ({"dynamic_shapes": {"y": {0: "n"}}}, ValueError, "forward has not"),
        ({"custom_opsets": {"mine": 1}}, NotImplementedError, "custom_opsets="),
        ({"report": True}, NotImplementedError, "report="),
        ({"dynamo": False}, ValueError, "needs f"),
    ],
)
def test_arguments_that_are_refused(options, error, words):
    with pytest.raises(error, match=words):
        torch.onnx.export(lambda x: x + 1, (torch.ones(2, 3),), **options)
