"""The pages without a browser: what they are made of, and the functions that users call.

tests/pages/ opens them in Chromium.
"""

import ast
import csv
import json
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from walk_cases import networks

import rushlight as rl
from rushlight import nn
from rushlight.app import cli
from rushlight.app.pages import png, report_page, run_page, svg, words
from rushlight.app.pages.outcome import Outcome, outcome
from rushlight.nn import functional as F
from rushlight.utils.data import DataLoader, TensorDataset

PAGES = Path(png.__file__).parent


# ---------------------------------------------------------------- the walk


@pytest.fixture(scope="module")
def walked():
    return {name: rl.walk(model, x) for name, (model, x) in networks(rl).items()}


@pytest.mark.parametrize("name", ["001", "001 layers", "003", "003 layers", "004"])
def test_the_walk_of_the_documents_networks(walked, frozen, name):
    """What PyTorch makes of each layer and function, before and after each ReLU."""
    recorded = json.loads((frozen / "walk.json").read_text())["networks"][name]
    steps = [s for s in walked[name].steps if s.title != "view"]  # views were not recorded
    assert len(steps) == len(recorded["steps"])
    for step, right in zip(steps, recorded["steps"], strict=True):
        check = [("", step.output, right)]
        if step.activation:
            check.append(("before", step.before, right["before"]))
        for _, tensor, expected in check:
            values = tensor.numpy().astype(np.float64)
            assert list(values.shape) == expected["shape"]
            assert values.ravel()[:60] == pytest.approx(expected["first"], rel=1e-4, abs=1e-5)
            assert values.min() == pytest.approx(expected["min"], rel=1e-4, abs=1e-5)
            assert values.max() == pytest.approx(expected["max"], rel=1e-4, abs=1e-5)
            assert values.mean() == pytest.approx(expected["mean"], rel=1e-3, abs=1e-5)
            assert (values == 0).mean() == pytest.approx(expected["zeros"], abs=1e-3)


@pytest.mark.parametrize("name", ["001", "003"])
def test_the_preview_of_parameters_is_the_documents(walked, frozen, name):
    recorded = json.loads((frozen / "walk.json").read_text())["networks"][name]
    lines = list(walked[name].preview())
    assert lines[0].startswith("Model structure: NeuralNetwork(")
    assert lines[1:] == recorded["preview"]


def test_before_and_after_relu_as_documents_001_and_003_print_them(walked):
    """The numbers of their golden outputs, seed 0."""
    text = str(walked["001 layers"])
    assert (
        "Before ReLU: tensor([[ 0.3432,  0.4017,  0.5258, -0.2133,  0.1780, -0.4737, -0.3011,"
        in text
    )
    assert "After ReLU: tensor([[0.3432, 0.4017, 0.5258, 0.0000, 0.1780, 0.0000," in text
    assert "0.5748,  0.2176, -0.5745,\n         -0.1003, -0.1242, -0.2478,  0.7332]])" in text


def test_steps_of_the_cnn_of_document_004(walked):
    walk = walked["004"]
    assert [(s.title, s.name, s.parameters, s.multiply_adds) for s in walk.steps] == [
        ("view", "", 0, 0),
        ("Conv2d", "conv1", 160, 3 * 16 * 14 * 14 * 9),
        ("relu", "", 0, 0),
        ("Conv2d", "conv2", 2320, 3 * 16 * 7 * 7 * 9 * 16),
        ("relu", "", 0, 0),
        ("Conv2d", "conv3", 1450, 3 * 10 * 4 * 4 * 9 * 16),
        ("relu", "", 0, 0),
        ("avg_pool2d", "", 0, 0),
        ("view", "", 0, 0),
    ]
    assert walk.multiply_adds == sum(s.multiply_adds for s in walk.steps)
    assert walk.steps[0].call == "view(-1, 1, 28, 28)"
    assert walk.steps[7].call == "avg_pool2d(kernel_size=4)"
    assert [s.formula for s in walk.steps[1:3]] == [
        "y[n, o] = b[o] + Σ_c w[o, c] ⋆ x[n, c] over (N, C, H, W)",
        "y = max(x, 0), NaN stays",
    ]
    assert [s.sources for s in walk.steps] == [[i] for i in range(9)]


class Residual(nn.Module):
    """A shared layer, an addition around it, parameters of its own, a change in place."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(4)
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.act = nn.ReLU(inplace=True)
        self.weight = nn.Parameter(rl.randn(4 * 9, 5) / 6)
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        y = self.conv(self.norm(x))
        x = self.act(x + y)
        x = self.act(self.conv(x)) + x
        return F.log_softmax(self.drop(x).flatten(1) @ self.weight, 1)


def test_the_walk_of_a_network_with_branches():
    rl.manual_seed(1)
    model, x = Residual().train(), rl.randn(3, 4, 3, 3)
    model.norm.momentum = 0.9
    before = {k: v.clone() for k, v in model.state_dict().items()}
    kept = x.clone()
    walk = rl.walk(model, x)
    assert [(s.title, s.sources) for s in walk.steps] == [
        ("BatchNorm2d", [0]),
        ("Conv2d", [1]),
        ("add", [0, 2]),
        ("ReLU", [3]),
        ("Conv2d", [4]),
        ("ReLU", [5]),
        ("add", [4, 6]),
        ("Dropout", [7]),
        ("flatten", [8]),
        ("matmul", [9]),
        ("log_softmax", [10]),
    ]
    by_hand = x + model.conv(model.eval().norm(x))
    assert (walk.steps[3].before == by_hand).all() and (walk.steps[3].before < 0).any()
    assert (walk.steps[3].output == by_hand.relu()).all()
    assert [s.parameters for s in walk.steps] == [8, 148, 0, 0, 0, 0, 0, 0, 0, 180, 0]
    assert walk.steps[0].formula == (
        "Per channel (x - mean) / √(var + eps) · weight + bias over (N, C, H, W)"
    )
    assert walk.kind == "logs" and (walk.shares - walk.output.exp()).abs().max() < 1e-6
    # gradients of the loss against the model's own answers
    logs = model(x)
    F.nll_loss(logs, logs.argmax(1)).backward()
    for name, param in model.named_parameters():
        assert (walk.grads[name] - param.grad).abs().max() < 1e-5, name
    # the model is left as it was
    model = Residual().train()
    rl.walk(model, x)
    assert model.training and all(p.grad is None for p in model.parameters())
    assert not model._forward_hooks and not model.conv._forward_pre_hooks
    assert (x == kept).all() and before["norm.running_mean"].sum() == 0


def test_labels_are_what_the_gradients_are_of():
    model, x = nn.Linear(3, 4), rl.ones(2, 3)
    target = rl.tensor([1, 2])
    walk = rl.walk(model, x, target=target)
    F.cross_entropy(model(x), target).backward()
    assert (walk.grads["weight"] - model.weight.grad).abs().max() < 1e-6
    assert walk.loss == "labels"
    walk = rl.walk(nn.Linear(3, 1), x)
    assert walk.loss == "squares" and walk.shares is None


def test_dead_units_are_counted():
    layer = nn.Linear(2, 3)
    with rl.no_grad():
        layer.weight.copy_(rl.tensor([[1.0, 0], [-1, 0], [0, 1]]))
        layer.bias.zero_()
    walk = rl.walk(nn.Sequential(layer, nn.ReLU()), rl.tensor([[1.0, 1], [2, -1]]))
    assert "dead in this batch: 1 of 3" in str(walk)
    assert "min 0, mean 0.6667, max 2, zeros 50.0 %" in str(walk)


@pytest.mark.parametrize(
    ("model", "x"),
    [
        (nn.LSTM(4, 8), rl.rand(5, 2, 4)),
        (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), rl.rand(2, 5, 8)),
        (nn.Embedding(9, 4), rl.tensor([[1, 2], [3, 4]])),
        (nn.Conv3d(1, 2, 2), rl.rand(2, 1, 3, 3, 3)),
        (nn.Sequential(nn.Conv1d(2, 40, 3), nn.GELU()), rl.rand(2, 2, 9)),
        (nn.Bilinear(3, 4, 5), (rl.rand(2, 3), rl.rand(2, 4))),
        (nn.Identity(), rl.rand(())),
        (nn.Linear(3, 2, dtype=rl.bfloat16), rl.rand(2, 3, dtype=rl.bfloat16)),
        (nn.Linear(3, 2), rl.full((2, 3), float("nan"))),
        (nn.Linear(3, 2), rl.zeros(0, 3)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_any_model_has_a_page(model, x):
    for lang in words.LANGUAGES:
        page = rl.walk(model, x).page(lang)
        assert page.startswith("<!DOCTYPE html>") and page.count("<section") >= 2
        assert page.count("<svg") == page.count("</svg>")


def test_errors_of_the_functions():
    with pytest.raises(TypeError, match=r"walk\(\): model must be a Module, got function"):
        rl.walk(lambda x: x, rl.ones(1))
    with pytest.raises(TypeError, match=r"summary\(\): model must be a Module, got int"):
        rl.summary(3, (1, 2))
    with pytest.raises(ValueError, match=r"no column 'size'; choose from 'input_size'"):
        rl.summary(nn.Linear(2, 2), (1, 2), col_names=["size"])
    with pytest.raises(ValueError, match=r"whose output is \(N, K\).*is \(4, 1\)"):
        rl.report(nn.Linear(2, 1), (rl.ones(4, 2), rl.zeros(4)))
    with pytest.raises(ValueError, match=r"labels must be \(N\) with numbers from 0 to 2"):
        rl.report(nn.Linear(2, 3), (rl.ones(4, 2), rl.tensor([0, 1, 2, 3])))
    with pytest.raises(ValueError, match="the model has 3 classes, classes names 2"):
        rl.report(nn.Linear(2, 3), (rl.ones(1, 2), rl.tensor([0])), classes=["a", "b"])


# ---------------------------------------------------------------- the summary


def test_the_summary_has_torchinfos_columns():
    model = nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 24 * 24, 10))
    model[0].requires_grad_(False)
    found = rl.summary(model, (2, 1, 28, 28))
    lines = str(found).splitlines()
    titles = ["Layer (type:depth-idx)", "Input Shape", "Output Shape", "Param #", "Mult-Adds"]
    assert re.split(r"  +", lines[1]) == titles
    cells = [re.split(r"  +", line) for line in lines[3:8]]
    assert cells == [
        ["Sequential", "[2, 1, 28, 28]", "[2, 10]", "--", "--"],
        ["├─Conv2d: 1-1", "[2, 1, 28, 28]", "[2, 6, 24, 24]", "156", "172,800"],
        ["├─ReLU: 1-2", "[2, 6, 24, 24]", "[2, 6, 24, 24]", "--", "--"],
        ["├─Flatten: 1-3", "[2, 6, 24, 24]", "[2, 3456]", "--", "--"],
        ["└─Linear: 1-4", "[2, 3456]", "[2, 10]", "34,570", "69,120"],
    ]
    assert found.total_params == 34726 and found.trainable_params == 34570
    assert found.total_mult_adds == 2 * 6 * 24 * 24 * 25 + 2 * 34560
    assert "Total mult-adds (k): 241.92" in lines and "Non-trainable params: 156" in lines
    html = found._repr_html_()
    assert "├─Conv2d: 1-1" in html and html.count("<tr>") == 6


def test_shared_layers_and_depth_in_the_summary():
    lines = str(rl.summary(Residual(), (1, 4, 3, 3))).splitlines()
    assert [line.split()[0] for line in lines if "(recursive)" in line] == ["├─Conv2d:"]
    deep = nn.Sequential(nn.Sequential(nn.Linear(2, 2)))
    assert len(rl.summary(deep, (1, 2), depth=1).rows) == 2
    assert [name for name, _ in rl.summary(deep, (1, 2)).rows] == [
        "Sequential",
        "└─Sequential: 1-1",
        "     └─Linear: 2-1",
    ]


# ---------------------------------------------------------------- pictures


def decoded(file):
    """The pixels of a PNG file, rows as bytes, by the format's own description."""
    assert file[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(file):
        (size,) = struct.unpack(">I", file[at : at + 4])
        kind, data = file[at + 4 : at + 8], file[at + 8 : at + 8 + size]
        assert struct.unpack(">I", file[at + 8 + size : at + 12 + size])[0] == zlib.crc32(
            kind + data
        )
        chunks[kind], at = data, at + 12 + size
    w, h, depth, kind = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert depth == 8 and b"IEND" in chunks
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(h, -1)
    assert (rows[:, 0] == 0).all()
    return kind, rows[:, 1:].reshape(h, w, -1), chunks


def test_png_files():
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert (decoded(png.encode(pixels))[1][..., 0] == pixels).all()
    colours = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    kind, found, _ = decoded(png.encode(colours))
    assert kind == 2 and (found == colours).all()
    kind, found, chunks = decoded(png.encode(pixels, png.PALETTE))
    assert kind == 3 and len(chunks[b"PLTE"]) == 768 and len(chunks[b"tRNS"]) == 256


def test_numbers_as_colours():
    indices = png.heat([[-2.0, -1, 0, 0.5, 1, np.nan, np.inf]], 1.0)
    assert indices.tolist() == [[1, 1, 127, 190, 253, 254, 254]]
    alpha = png.PALETTE[:, 3].astype(int)
    assert alpha[1] == alpha[253] == 255 and (np.diff(alpha[128:254]) >= 0).all()
    blocks = png.smaller(np.arange(12.0).reshape(3, 4), 2, 2)
    assert blocks.tolist() == [[2.5, 4.5], [8.5, 10.5]]  # the last row is a block of one row
    _, width, height = png.grid(np.zeros((5, 2, 3)), 3, 1.0)
    assert (width, height) == (11, 5)


def test_ticks_are_round_numbers():
    assert svg.ticks(0, 2.3) == [0, 1, 2] or svg.ticks(0, 2.3) == [0, 0.5, 1, 1.5, 2]
    assert svg.ticks(0.55, 1.0)[-1] == pytest.approx(1.0)
    assert svg.ticks(3, 3) == [3]
    assert "NaN" not in svg.chart("x", [svg.Curve("a", [1, 2], [np.nan, 1.0], "a")])
    assert svg.chart("x", [svg.Curve("a", [1], [np.nan], "a")]) == ""
    assert svg.apart([20, 90, 99], 100) == [20, 85, 100] and svg.apart([10, 12], 100) == [10, 25]


# ---------------------------------------------------------------- the report


def test_an_outcome_counts_what_a_classifier_says():
    found = Outcome(3)
    scores = rl.tensor([[4.0, 0, 0], [0, 4, 0], [0, 4, 0], [0, 0, 1]])
    found.add(scores[:2], rl.tensor([0, 0]))
    found.add(scores[2:], rl.tensor([1, 2]))
    assert found.confusion.tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 1]]
    assert found.scores() == [
        (2, 1.0, 0.5, pytest.approx(2 / 3)),
        (1, 0.5, 1.0, pytest.approx(2 / 3)),
        (1, 1.0, 1.0, 1.0),
    ]
    assert found.worst(5) == [1] and found.least_sure(1) == [3] and found.surest(2) == [0, 2]
    assert found.cell(0, 1, 9) == [1] and found.confused() == [(0, 1, 1)]
    labels = rl.tensor([0, 0, 1, 2])
    assert found.loss == pytest.approx(F.cross_entropy(scores, labels).item(), rel=1e-6)
    assert found.accuracy == 0.75 and len(Outcome(2)) == 0


def test_an_outcome_keeps_the_order_of_the_data_set():
    x, y = rl.eye(4), rl.tensor([0, 1, 2, 0])
    loader = DataLoader(TensorDataset(x, y), batch_size=3, shuffle=True)
    model = nn.Dropout(0.9).train()
    found = outcome(model, loader, batch_size=2)
    assert found.labels.tolist() == [0, 1, 2, 0] and found.answers.tolist() == [0, 1, 2, 3]
    assert model.training


def test_a_report_for_a_loop_of_ones_own(tmp_path):
    rl.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
    x, y = rl.rand(40, 1, 8, 8), rl.arange(40) % 3
    history = [{"train_loss": 1.2 - i / 10, "valid_accuracy": 0.2 + i / 10} for i in range(3)]
    path = rl.report(
        model,
        DataLoader(TensorDataset(x, y), batch_size=8),
        tmp_path / "my.html",
        history=history,
        classes=["ant", "bee", "<cat>"],
        batch=(x[:4], y[:4]),
        notes=["one file left out"],
        command="python mine.py",
        title="mine & yours",
    )
    page = path.read_text("utf-8")
    assert "<title>mine &amp; yours</title>" in page and "<cat>" not in page
    assert "&lt;cat&gt;" in page and "one file left out" in page and "python mine.py" in page
    found = outcome(model, (x, y))
    assert f"{100 * found.accuracy:.2f} %" in page
    wrong = [(i, j) for i in range(3) for j in range(3) if found.confusion[i, j]]
    for i, j in wrong:
        assert f'href="#c-{i}-{j}"' in page and f'id="c-{i}-{j}"' in page
    assert "http:" not in page.replace("http://www.w3.org", "") and "<script" not in page
    assert "测试准确率" in rl.report(model, (x, y), tmp_path / "zh.html", lang="zh").read_text(
        "utf-8"
    )


def test_warnings_of_a_report():
    say = words.Words("en")
    found = Outcome(3)
    found.add(rl.tensor([[1.0, 0, 0], [1, 0, 0]]), rl.tensor([0, 1]))
    rows = [{"epoch": i + 1, "train_loss": 1.2, "valid_loss": 1.1} for i in range(2)]
    report = report_page.Report(
        "x", history=rows, outcome=found, classes=["a", "b", "c"], counts=[30, 3, 25]
    )
    assert report_page.warnings(report, say) == [
        "b: 3 images to train on, fewer than 20",
        "b: none of its test examples is recognised",
        "c: nothing to test it with",
        "the loss is no better than guessing's: 1.1 (guessing among 3 classes has 1.099)",
    ]
    low = [0.9, 0.5, 0.4, 0.45, 0.5, 0.55, 0.6]
    rows = [
        {"epoch": i + 1, "train_loss": 0.9 - i / 10, "valid_loss": v} for i, v in enumerate(low)
    ]
    report = report_page.Report("x", history=rows)
    assert report_page.warnings(report, say) == [
        "validation loss rises since epoch 3, training loss falls: the model overfits"
    ]
    report = report_page.Report("x", history=[{"epoch": 1, "train_loss": float("nan")}])
    assert report_page.warnings(report, say) == ["the loss was nan or infinite in epoch 1"]


def history(folder):
    with open(folder / "history.csv", newline="") as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def test_the_numbers_of_a_run_do_not_depend_on_its_page(tmp_path, monkeypatch, capsys):
    words = ["train", "digits", "--epochs", "2", "--augment", "shift", "--quiet", "--out"]
    assert cli.main([*words, str(tmp_path / "a")]) == 0
    monkeypatch.setattr(run_page, "EVERY", -1.0)
    monkeypatch.setattr(run_page, "EVERY_LIVE", -1.0)  # a page after each batch
    assert cli.main([*words, str(tmp_path / "b"), "--live", "--lang", "zh"]) == 0
    assert history(tmp_path / "a") == history(tmp_path / "b")
    page = (tmp_path / "a/report.html").read_text("utf-8")
    assert "<script" not in page and "train digits --model mlp --epochs 2 --augment shift" in page
    page = (tmp_path / "b/report.html").read_text("utf-8")
    assert '<html lang="zh">' in page and "<script" not in page


def test_inspect_walks_through_a_run(tmp_path, capsys):
    run = tmp_path / "run"
    words = ["train", "digits", "--model", "logistic", "--epochs", "1", "--quiet"]
    assert cli.main([*words, "--out", str(run)]) == 0
    capsys.readouterr()
    page = tmp_path / "walk.html"
    assert cli.main(["inspect", str(run), "--page", str(page)]) == 0
    assert capsys.readouterr().out == f"the walk is in {page}\n"
    text = page.read_text("utf-8")
    assert "label 2" in text and "weights of the 10 units, as images" in text
    assert cli.main(["inspect", str(run), "--walk"]) == 0
    out = capsys.readouterr().out
    assert "  2  linear  Linear(in_features=64, out_features=10, bias=True)\n" in out
    assert "Predicted class: tensor([" in out and "Layer: linear.bias | Size: " in out
    assert cli.main(["inspect", str(run / "best.pt"), str(tmp_path / "no.png")]) == 2
    error = capsys.readouterr().err
    assert error.splitlines()[0].endswith("no.png: No such file or directory")
    assert error.splitlines()[1:] == ["  fix: check the name, and that its folder is there"]


def test_inspect_walks_random_numbers_through_a_model_by_name(capsys):
    assert cli.main(["inspect", "cnn", "--walk", "--shape", "3x16x16"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == ("cnn: a mini-batch (3, 3, 16, 16), 4,218 parameters, 210,816 multiply-adds")


# ---------------------------------------------------------------- words


def test_every_text_of_the_pages_is_there_in_chinese():
    """Each literal given to words() or words.html(); f-strings are named here."""
    texts = {f"{part} {what}" for part in ("test", "validation") for what in ("accuracy", "loss")}
    literals = set()
    for path in sorted(PAGES.glob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                literals.add(node.value)
            if not isinstance(node, ast.Call) or not node.args:
                continue
            function = ast.unparse(node.func)
            if function in ("words", "self.words", "words.html"):
                first = node.args[0]
                choices = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
                texts |= {c.value for c in choices if isinstance(c, ast.Constant)}
    assert texts - set(words.ZH) == set()
    assert {t for t in words.ZH if t not in literals and t not in texts} == set()
    for english, chinese in words.ZH.items():
        fields = [sorted(re.findall(r"\{(\w+)\}", text)) for text in (english, chinese)]
        assert fields[0] == fields[1], english
