"""rushlight.onnx.load: what was exported computes the same, has the same state dict, and trains."""

import sys
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper

import rushlight as torch
from rushlight import nn
from rushlight.onnx import OnnxExporterError
from rushlight.onnx.errors import UnsupportedOperatorError

sys.path[:0] = [str(Path(__file__).parent)]
from helpers import agree, copies  # noqa: E402
from test_nets import NETS, Attention, made, net  # noqa: E402


@pytest.mark.parametrize("name", NETS)
def test_nets_come_back(name, tmp_path):
    make, _, dims, shapes = NETS[name]
    model = net(make)
    given = [torch.randn(*shape) for shape in shapes]
    path = tmp_path / "net.onnx"
    torch.onnx.export(model, (given[0],), path, input_names=["x"], dynamic_axes={"x": dims})
    again = torch.onnx.load(path)
    for x in given:
        with torch.no_grad():
            found = again(x)
            agree(model(*copies((x,))), found if isinstance(found, tuple) else (found,))


def test_a_language_model_comes_back():
    model, ids = net(Attention), torch.randint(0, 20, (2, 6))
    program = torch.onnx.export(model, (ids,), dynamic_shapes={"ids": {0: "n", 1: "t"}})
    again = torch.onnx.load(program.model_proto)
    more = torch.randint(0, 20, (3, 9))
    agree(model(more), [again(ids=more)])


@pytest.mark.parametrize("name", ["mobilenet_v3_small", "shufflenet_v2_x0_5", "squeezenet1_0",
                                  "vit_b_16", "resnet18", "swin_t"])  # fmt: skip
def test_models_of_vision_come_back(name):
    torch.manual_seed(0)
    model, x = made(name).eval(), torch.randn(2, 3, 32, 32)
    again = torch.onnx.load(torch.onnx.export(model, (x,)).model_proto)
    with torch.no_grad():
        agree(model(x), [again(x)])


def test_state_dict_and_training():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(),
                          nn.Linear(144, 3)).eval()  # fmt: skip
    x = torch.randn(2, 1, 8, 8)
    again = torch.onnx.load(torch.onnx.export(model, (x,)).model_proto)
    state = {k: v for k, v in model.state_dict().items() if "num_batches" not in k}
    assert again.state_dict().keys() == state.keys()
    assert {n for n, _ in again.named_parameters()} == {n for n, _ in model.named_parameters()}
    again.load_state_dict({k: v * 0 + 1 for k, v in state.items()})
    again.load_state_dict(state)
    y = torch.tensor([0, 2])
    for m in (model, again):
        nn.functional.cross_entropy(m(x), y).backward()
    ours = dict(again.named_parameters())
    for name, p in model.named_parameters():
        np.testing.assert_allclose(ours[name].grad.numpy(), p.grad.numpy(), atol=1e-5)
    assert "(input) -> (output), 5 nodes, opset 20" in repr(again)


def graph(kind, *inputs, **attributes):
    """A model of one node with the input x (2, 3)."""
    node = helper.make_node(kind, ["x", *inputs], ["y"], **attributes)
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 3])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    return helper.make_model(helper.make_graph([node], "g", [x], [y]))


def test_what_is_refused(tmp_path):
    with pytest.raises(UnsupportedOperatorError, match="does not read NonMaxSuppression"):
        torch.onnx.load(graph("NonMaxSuppression", "x"))
    pool = torch.onnx.load(graph("MaxPool", kernel_shape=[2], auto_pad="SAME_UPPER"))
    with pytest.raises(UnsupportedOperatorError, match="MaxPool with auto_pad=SAME_UPPER"):
        pool(torch.ones(1, 2, 3))
    relu = torch.onnx.load(graph("Relu"))
    assert relu(torch.tensor([-1.0, 2.0])).tolist() == [0.0, 2.0]
    with pytest.raises(TypeError, match="the graph takes x"):
        relu()
    with pytest.raises(TypeError, match="the graph takes x"):
        relu(torch.ones(1), z=torch.ones(1))
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"\x08\x07not a model")
    with pytest.raises(OnnxExporterError, match="no ONNX file"):
        torch.onnx.load(broken)
    with pytest.raises(FileNotFoundError):
        torch.onnx.load(tmp_path / "none.onnx")
