"""`rushlight export`: what it writes is read by others; what it cannot write it says."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest
from safetensors import safe_open

import rushlight as rl
from rushlight.app import cli, models


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "digits"
    words = ["train", "digits", "--model", "cnn", "--epochs", "1", "--quiet", "--out"]
    assert cli.main([*words, str(folder)]) == 0
    return folder


def test_three_files(run, tmp_path, capsys):
    capsys.readouterr()
    files = [tmp_path / name for name in ("net.onnx", "net.safetensors", "net.pt")]
    words = ["export", run, "--onnx", files[0], "--safetensors", files[1], "--pt", files[2]]
    assert cli.main([*map(str, words), "--opset", "17"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 and "opset 17, input (batch, 1, 8, 8)" in lines[0]

    model, _ = models.load(run)
    written = onnx.load(files[0])
    notes = {p.key: json.loads(p.value) for p in written.metadata_props}
    assert notes["classes"] == [str(k) for k in range(10)] and notes["mean"] == 0.3054
    session = onnxruntime.InferenceSession(files[0], providers=["CPUExecutionProvider"])
    for n in (1, 2, 6):
        x = rl.randn(n, 1, 8, 8)
        found = session.run(["scores"], {"input": x.numpy()})[0]
        np.testing.assert_allclose(found, model(x).detach().numpy(), atol=1e-5)

    state = model.state_dict()
    with safe_open(files[1], "np") as tensors:
        assert json.loads(tensors.metadata()["shape"]) == [1, 8, 8]
        assert set(tensors.keys()) == set(state)
        for name in state:
            np.testing.assert_array_equal(tensors.get_tensor(name), state[name].numpy())
    again = rl.load(files[2])
    assert all(rl.equal(again[name], state[name]) for name in state)
    assert list(tmp_path.glob("*.part")) == []


OWN = """
import torch
from torch import nn

class Own(nn.Module):
    def __init__(self, in_features, num_classes):
        super().__init__()
        self.linear = nn.Linear(in_features, num_classes)

    def forward(self, x):
        return torch.cumprod(self.linear(x.flatten(1)).exp(), 1)
"""


def test_what_is_said(run, tmp_path, capsys):
    def said(*words):
        capsys.readouterr()
        assert cli.main([str(w) for w in words]) == 2
        return capsys.readouterr().err

    assert "nothing to write" in said("export", run)
    assert "--opset is for --onnx" in said("export", run, "--pt", tmp_path / "a", "--opset", 18)
    assert "from 17 to 21" in said("export", run, "--onnx", tmp_path / "a", "--opset", 9)
    assert "is a folder" in said("export", run, "--pt", tmp_path)
    assert "no folder" in said("export", run, "--pt", tmp_path / "x" / "y.pt")
    assert "no checkpoint" in said("export", tmp_path, "--pt", tmp_path / "a.pt")
    own = tmp_path / "own.py"
    own.write_text(OWN)
    words = ["train", "digits", "--model", f"{own}:Own", "--epochs", "1", "--quiet", "--out"]
    assert cli.main([*words, str(tmp_path / "own")]) == 0
    err = said("export", tmp_path / "own", "--onnx", tmp_path / "a.onnx")
    assert "cumprod cannot be written in ONNX opset 20" in err and "Traceback" not in err
    assert not (tmp_path / "a.onnx").exists()
