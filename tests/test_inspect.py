"""`rushlight inspect` and `rushlight predict`."""

import zipfile

import numpy as np
import pytest

import rushlight as rl
from rushlight.app import cli
from rushlight.app.inspect import tensors


def test_layers_shapes_and_parameters(capsys):
    assert cli.main(["inspect", "cnn", "--shape", "1x28x28"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["layer", "class", "output", "parameters"]
    rows = {line.split()[0]: line.split()[1:] for line in lines[1:-1]}
    assert rows["conv2"] == ["Conv2d", "(1,", "16,", "7,", "7)", "2,320"]
    assert rows["pool"] == ["AdaptiveAvgPool2d", "(1,", "10,", "1,", "1)", "0"]
    assert lines[-1] == "3,930 parameters, 3,930 of them trained; 0.01 MiB"


NETS = """
from rushlight import nn

class Reused(nn.Module):
    def __init__(self):
        super().__init__()
        self.spare = nn.Linear(2, 2)
        self.last = nn.Linear(8, 10)
        self.act = nn.ReLU()
        self.blocks = nn.ModuleList([nn.Linear(4, 8), nn.Linear(8, 8)])
        self.steps = nn.Identity()

    def forward(self, x):
        x = self.act(x.flatten(1))
        for block in self.blocks:
            x = self.act(block(x))
        for _ in range(6):
            x = self.steps(x)
        return self.last(x)
"""


def test_layers_stand_in_the_order_of_their_calls(tmp_path, capsys):
    (tmp_path / "nets.py").write_text(NETS)
    assert cli.main(["inspect", f"{tmp_path}/nets.py:Reused", "--shape", "1x2x2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [" ".join(line.split()) for line in lines[1:]] == [
        "(the model) Reused (1, 10) 0",
        "act ReLU (1, 4) 0",
        "blocks ModuleList 0",
        "blocks.0 Linear (1, 8) 40",
        "act ReLU, again (1, 8)",
        "blocks.1 Linear (1, 8) 72",
        "act ReLU, again (1, 8)",
        "steps Identity, 6 times (1, 8) 0",
        "last Linear (1, 10) 90",
        "spare Linear not called 6",
        "208 parameters, 208 of them trained; 0.00 MiB",
    ]


def test_a_file_of_tensors(tmp_path, capsys):
    path = tmp_path / "some.pt"
    rl.save({"a": rl.zeros(2, 3), "more": [rl.ones(4, dtype=rl.int64), "text"]}, path)
    assert cli.main(["inspect", str(path)]) == 0
    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["tensor", "shape", "dtype", "numbers"],
        ["a", "(2,", "3)", "torch.float32", "6"],
        ["more.0", "(4,)", "torch.int64", "4"],
        ["2", "tensors,", "10", "numbers"],
    ]


def test_a_file_with_foreign_classes(tmp_path, capsys):
    """Unknown classes are looked into, not refused; nothing that the file names is run."""
    path = tmp_path / "lightning.ckpt"
    with zipfile.ZipFile(path, "w") as z:
        z.writestr(
            "a/data.pkl",
            b"\x80\x02}(X\x05\0\0\0hyperclightning.utils\nAttributeDict\n)\x81}X\x01\0\0\0w"
            + TENSOR + b"sbX\x05\0\0\0statecos\nsystem\n(X\x01\0\0\0a" + TENSOR + b"tRu.",
        )  # fmt: skip
        z.writestr("a/data/0", bytes(8))
    assert cli.main(["inspect", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:-1]] == ["hyper.w", "state.1"]
    assert lines[-1] == "2 tensors, 4 numbers"


TENSOR = (
    b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\n"
    b"X\x01\0\0\x000X\x03\0\0\0cpuK\x02tQK\0K\x02\x85K\x01\x85\x89NtR"
)


def test_what_stands_inside_of_itself(tmp_path):
    loop = [rl.ones(1)]
    loop.append(loop)
    assert [name for name, _ in tensors(loop)] == ["0"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nonsuch"], "choose from logistic, mlp, cnn, file.py:Class"),
        (["mlp", "--shape", "28"], "three numbers such as 3x64x64"),
    ],
)
def test_what_cannot_be_inspected(capsys, words, message):
    assert cli.main(["inspect", *words]) == 2
    assert message in capsys.readouterr().err


def test_predicting_from_a_run(tmp_path, capsys):
    image = pytest.importorskip("PIL.Image")
    from rushlight.vision.datasets import Digits

    run = tmp_path / "run"
    assert cli.main(["train", "digits", "--epochs", "4", "--out", str(run), "--quiet"]) == 0
    digits = Digits(tmp_path, train=False)
    paths = [str(tmp_path / f"{i}.png") for i in range(20)]
    for path, pixels in zip(paths, digits.data.numpy(), strict=False):
        image.fromarray(pixels.astype(np.uint8)).save(path)
    capsys.readouterr()
    assert cli.main(["predict", str(run), *paths, "--top", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    answers = [int(line.split(": ")[1].split()[0]) for line in lines]
    right = sum(a == b for a, b in zip(answers, digits.targets.tolist(), strict=False))
    assert right >= 16

    assert cli.main(["predict", str(run), str(tmp_path / "nowhere.png"), paths[0]]) == 1
    out, err = capsys.readouterr()
    assert "nowhere.png" in err and len(out.splitlines()) == 1
    assert cli.main(["predict", str(tmp_path / "no run"), paths[0]]) == 2
    rl.save({"a": 1}, tmp_path / "other.pt")
    assert cli.main(["predict", str(tmp_path / "other.pt"), paths[0]]) == 2
    assert "no checkpoint of `rushlight train`" in capsys.readouterr().err
