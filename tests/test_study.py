"""Around a run: evaluate, predict on many files, find-lr, runs, and how train begins and ends."""

import csv
import io
import json
import math
import sys

import numpy as np
import pytest

import rushlight as rl
from rushlight import nn
from rushlight.app import cli, evaluate, find_lr, models, predict, transfer
from rushlight.app.pages.outcome import Outcome
from rushlight.nn import functional as F
from rushlight.vision.datasets import Digits

Image = pytest.importorskip("PIL.Image")


def call(*words):
    return cli.main([str(word) for word in words])


def trained(folder, model, *words):
    out = folder / model
    assert call("train", "digits", "--model", model, "--quiet", "--out", out, *words) == 0
    return out


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """An MLP that has learnt the digits."""
    return trained(tmp_path_factory.mktemp("runs"), "mlp", "--width", 64, "--epochs", 8)


@pytest.fixture(scope="module")
def cnn(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("convnets"), "cnn", "--epochs", 2)


@pytest.fixture(scope="module")
def scans(tmp_path_factory):
    """Twenty digits as files, one folder per class."""
    root = tmp_path_factory.mktemp("scans")
    digits = Digits("data", train=False)
    for i in range(20):
        folder = root / str(int(digits.targets[i]))
        folder.mkdir(exist_ok=True)
        Image.fromarray(digits.data[i].numpy()).save(folder / f"{i:02}.png")
    return root


# evaluate


def test_measures_by_hand():
    """Three classes, six images; scikit-learn's numbers for the same labels and answers."""
    found = Outcome(3)
    scores = rl.tensor([[4.0, 0, 0], [0, 4, 0], [0, 4, 0], [0, 0, 4], [4, 0, 0], [0, 0, 4]])
    found.add(scores, rl.tensor([0, 0, 1, 2, 2, 2]))
    m = evaluate.measures(found, ["a", "b", "c"])
    assert (m["images"], m["right"]) == (6, 4) and m["accuracy"] == pytest.approx(4 / 6)
    assert [row["precision"] for row in m["classes"]] == pytest.approx([0.5, 0.5, 1.0])
    assert [row["recall"] for row in m["classes"]] == pytest.approx([0.5, 1.0, 2 / 3])
    assert [row["f1"] for row in m["classes"]] == pytest.approx([0.5, 2 / 3, 0.8])
    assert m["macro_f1"] == pytest.approx((0.5 + 2 / 3 + 0.8) / 3)
    sure = math.exp(4) / (math.exp(4) + 2)
    assert m["calibration_error"] == pytest.approx(abs(sure - 4 / 6))
    assert m["confusion"] == [[1, 1, 0], [0, 1, 0], [1, 0, 2]]


def test_calibration_error():
    """Bins (0.2, 0.4], ...: 2 of 4 at 0.3 right, all of 6 at 0.9: 0.4 · 0.2 + 0.6 · 0.1"""
    sure = np.array([0.3] * 4 + [0.9] * 6)
    right = np.array([True, True, False, False] + [True] * 6)
    assert evaluate.calibration_error(sure, right, 5) == pytest.approx(0.14)
    assert evaluate.calibration_error(np.ones(3), np.ones(3, bool)) == 0
    assert evaluate.calibration_error(np.empty(0), np.empty(0, bool)) == 0


def test_evaluate_says_what_the_report_says(run, capsys):
    assert call("evaluate", run) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].removeprefix("accuracy ") in (run / "report.txt").read_text()
    assert [line.split()[0] for line in lines[2:]] == ["class", *map(str, range(10)), "mean"]
    assert call("evaluate", run, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["right"] / found["images"] == found["accuracy"] > 0.85
    assert sum(row["images"] for row in found["classes"]) == found["images"] == 360
    assert call("evaluate", run, "--csv", "-") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [float(r["f1"]) for r in rows] == pytest.approx(
        [r["f1"] for r in found["classes"]], 1e-5
    )


def test_evaluate_on_other_images(run, scans, capsys):
    model, state = models.load(run)
    digits = Digits("data", train=False)
    x = (digits.data[:20].float().unsqueeze(1) / 255 - state["data"]["mean"]) / state["data"]["std"]
    right = int((model(x).argmax(1) == digits.targets[:20]).sum())
    assert call("evaluate", run, scans, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["images"], found["right"]) == (20, right)


# predict


def answers(text):
    return [json.loads(line) for line in text.splitlines()]


def test_predict_takes_folders_patterns_and_lists(run, scans, capsys, monkeypatch):
    files = sorted(map(str, scans.rglob("*.png")))
    one_by_one = []
    for file in files:
        assert call("predict", run, file, "--json") == 0
        one_by_one += answers(capsys.readouterr().out)
    assert [a["file"] for a in one_by_one] == files
    assert sum(a["classes"][0]["class"] == a["file"].split("/")[-2] for a in one_by_one) >= 15

    def same(*words):
        assert call("predict", run, *words, "--json") == 0
        found = answers(capsys.readouterr().out)
        assert [a["file"] for a in found] == [a["file"] for a in one_by_one]
        for a, b in zip(found, one_by_one, strict=True):
            assert [c["class"] for c in a["classes"]] == [c["class"] for c in b["classes"]]
            assert a["classes"][0]["probability"] == pytest.approx(
                b["classes"][0]["probability"], abs=1e-5
            )

    same(scans)
    same(f"{scans}/*/*.png")
    same(f"{scans}/**/*.png")
    lists = io.TextIOWrapper(io.BytesIO("\n".join(files).encode()))
    monkeypatch.setattr(sys, "stdin", lists)
    same("-")


def test_predict_reads_an_image_from_stdin(run, scans, capsys, monkeypatch):
    file = next(scans.rglob("*.png"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(file.read_bytes())))
    assert call("predict", run, "-", file, "--csv", "--top", 2) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert list(rows[0]) == ["file", "class1", "probability1", "class2", "probability2"]
    assert [r["file"] for r in rows] == ["-", str(file)]
    assert rows[0]["class1"] == rows[1]["class1"]


def test_predict_suggests_to_invert(run, scans, tmp_path, capsys):
    file = next((scans / "0").iterdir())
    Image.fromarray(255 - np.asarray(Image.open(file))).save(tmp_path / "paper.png")
    assert call("predict", run, tmp_path / "paper.png") == 0
    said = capsys.readouterr()
    assert "the image is light at the border" in said.err and "try --invert" in said.err
    assert call("predict", run, tmp_path / "paper.png", "--invert", "--top", 1) == 0
    said = capsys.readouterr()
    assert said.err == "" and ": 0 " in said.out
    assert call("predict", run, file) == 0
    assert capsys.readouterr().err == ""
    photo = {"shape": [3, 8, 8], "mean": 0.1, "std": 1.0}
    assert not predict.is_inverted(rl.ones(1, 3, 8, 8), photo)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing/*.png"], "no file matches nothing/*.png"),
        (["."], "no images in ."),
        (["x.png", "--csv", "--json"], "--csv and --json exclude each other"),
    ],
)
def test_predict_mistakes(run, tmp_path, capsys, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    assert call("predict", run, *words) == 2
    assert said in capsys.readouterr().err


# how train begins and ends


def test_patience_ends_a_run(tmp_path, capsys):
    out = tmp_path / "run"
    words = ["digits", "--model", "logistic", "--lr", 1e-7, "--quiet", "--schedule", "none"]
    assert call("train", *words, "--epochs", 30, "--patience", 3, "--out", out) == 0
    with open(out / "history.csv", newline="") as file:
        accuracies = [float(row["valid_accuracy"]) for row in csv.DictReader(file)]
    best = accuracies.index(max(accuracies))
    assert len(accuracies) == best + 4 < 30
    capsys.readouterr()
    assert call("train", "--resume", out, "--quiet") == 2
    assert "fix: more --patience" in capsys.readouterr().err


def test_valid_is_a_share(tmp_path, capsys):
    words = ["digits", "--model", "logistic", "--epochs", 1, "--out", tmp_path / "run"]
    assert call("train", *words, "--valid", 0.25) == 0
    assert "1078 images to train on, 359 to validate, 360 to test" in capsys.readouterr().out


def weights_of(folder):
    return rl.load(folder / "best.pt")["model"]


def test_a_run_begins_with_the_weights_of_another(cnn, tmp_path):
    out = tmp_path / "again"
    words = ["digits", "--model", "cnn", "--epochs", 1, "--quiet", "--out", out, "--init", cnn]
    assert call("train", *words, "--freeze", "conv1.*,conv2.weight") == 0
    before, after = weights_of(cnn), weights_of(out)
    same = [name for name in before if rl.equal(before[name], after[name])]
    assert same == ["conv1.weight", "conv1.bias", "conv2.weight"]


def test_a_resumed_run_does_not_begin_anew(cnn, tmp_path):
    """Weights of --init are for the start; the file may be gone later."""
    source, out = tmp_path / "source.pt", tmp_path / "run"
    rl.save(weights_of(cnn), source)
    words = ["digits", "--model", "cnn", "--quiet", "--out", out, "--init", source]
    assert call("train", *words, "--schedule", "none", "--epochs", 1) == 0
    source.unlink()
    (out / "report.txt").unlink()
    assert call("train", "--resume", out, "--epochs", 2, "--quiet") == 0
    assert len((out / "history.csv").read_text().splitlines()) == 3


def test_a_head_for_other_classes_is_left_as_it_was_made():
    rl.manual_seed(0)
    old, new = models.CNN((1, 8, 8), 10), models.CNN((1, 8, 8), 4)
    made = new.conv3.weight.clone()
    weights = old.state_dict()
    assert transfer.begin_with(new, weights, "old.pt") == ["conv3.weight", "conv3.bias"]
    assert rl.equal(new.conv3.weight, made) and rl.equal(new.conv1.weight, old.conv1.weight)


@pytest.mark.parametrize("kind", ["state.pt", "state.safetensors", "checkpoint.pt"])
def test_weights_of_files(tmp_path, kind):
    net = models.CNN((1, 8, 8), 3)
    path = tmp_path / kind
    if kind.endswith("safetensors"):
        rl.save_safetensors(net.state_dict(), path)
    else:
        state = net.state_dict()
        rl.save({"state_dict": state, "epoch": 3} if kind == "checkpoint.pt" else state, path)
    found = transfer.read_weights(path)
    assert sorted(found) == sorted(net.state_dict())
    assert all(rl.equal(found[name], t) for name, t in net.state_dict().items())


def test_a_model_of_torchvision_by_name(tmp_path, capsys):
    recipe = models.recipe("squeezenet1_1")
    assert recipe.built((3, 64, 64), 3)(rl.zeros(1, 3, 64, 64)).shape == (1, 3)
    assert call("train", "digits", "--model", "squeezenet1_1", "--out", tmp_path / "a") == 2
    assert "squeezenet1_1 takes images of 3 channels, these have 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--model", "squeeznet1_1"], "did you mean squeezenet1_1"),
        (["--width", "8", "--model", "logistic"], "--width is not an option of this model"),
        (["--init", "nix.pt"], "--init nix.pt: there is no such file"),
        (["--init", "other.pt"], "none of its names is one of the model's"),
        (["--init", "wide.pt"], "linear_relu_stack.0.weight is (16, 64) there and (512, 64) here"),
        (["--init", "number.pt"], "this is no state dict"),
        (["--freeze", "features.*"], "--freeze features.*: no parameter has such a name"),
        (["--freeze", "*"], "--freeze * leaves nothing to train"),
        (["--test", "0.2"], "digits has test images of its own"),
        (["--valid", "0"], "--valid 0 leaves no image to validate"),
        (["--patience", "0"], "0 is not a whole number of at least 1"),
    ],
)
def test_train_mistakes(tmp_path, capsys, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    rl.save({"a": rl.zeros(1)}, "other.pt")
    rl.save(models.MLP((1, 8, 8), 10, width=16).state_dict(), "wide.pt")
    rl.save(rl.zeros(1), "number.pt")
    assert call("train", "digits", "--quiet", "--epochs", 1, *words) == 2
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error


# find-lr


def test_find_lr_knows_a_parabola():
    """One weight, loss w²: SGD falls where the rate is below 1 and rises above."""
    net = nn.Linear(1, 1, bias=False)
    with rl.no_grad():
        net.weight.fill_(3.0)
    optimizer = rl.optim.SGD(net.parameters(), lr=0.5, momentum=0.9)
    x = rl.ones(1, 1)
    found = find_lr.find_lr(net, optimizer, [(x, rl.zeros(1, 1))], F.mse_loss, low=1e-4, high=100)
    assert found.rates == sorted(found.rates) and len(found.rates) == len(found.losses) < 100
    assert found.rates[0] == pytest.approx(1e-4)
    assert found.rates[1] / found.rates[0] == pytest.approx(1e6 ** (1 / 99))
    assert found.suggestion is not None and 1e-3 < found.suggestion < 1.0
    assert net.weight.item() == 3.0 and net.training and net.weight.grad is None
    assert optimizer.param_groups[0]["lr"] == 0.5 and not optimizer.state


def test_find_lr_keeps_the_optimizers_state():
    net = nn.Linear(2, 2)
    optimizer = rl.optim.Adam(net.parameters())
    batch = (rl.ones(4, 2), rl.tensor([0, 1, 0, 1]))
    F.cross_entropy(net(batch[0]), batch[1]).backward()
    optimizer.step()
    before = {k: v.clone() for k, v in optimizer.state[net.weight].items()}
    find_lr.find_lr(net.eval(), optimizer, [batch], steps=12)
    assert all(rl.equal(v, optimizer.state[net.weight][k]) for k, v in before.items())
    assert not net.training


def test_find_lr_without_a_fall():
    net = nn.Linear(1, 1)
    optimizer = rl.optim.SGD(net.parameters(), lr=0.1)
    found = find_lr.find_lr(
        net, optimizer, [(rl.zeros(2, 1), rl.zeros(2, 1))], lambda x, y: (x - y).sum() * 0 + 1
    )
    assert found.suggestion is None


@pytest.mark.parametrize("bad", [{"low": 1.0, "high": 0.1}, {"steps": 3}])
def test_find_lr_refuses(bad):
    net = nn.Linear(1, 1)
    optimizer = rl.optim.SGD(net.parameters(), lr=0.1)
    with pytest.raises(ValueError, match="0 < low < high and at least 10 steps"):
        find_lr.find_lr(net, optimizer, [], **bad)
    with pytest.raises(ValueError, match="no batches"):
        find_lr.find_lr(net, optimizer, [])


def test_find_lr_on_the_command_line(tmp_path, capsys):
    page = tmp_path / "lr.html"
    assert call("find-lr", "digits", "--model", "cnn", "--page", page) == 0
    lines = capsys.readouterr().out.splitlines()
    rate = float(lines[-2].split()[-1])
    assert 0.01 < rate < 1 and lines[-1].endswith(f"--lr {rate:g}")
    assert all(len(line) <= 72 for line in lines[:-2])
    assert f"{rate:.2g}" in page.read_text() and "<svg" in page.read_text()
    assert call("find-lr", "digits", "--model", "cnn", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert float(f"{found['lr']:.2g}") == rate and len(found["rates"]) == len(found["losses"])
    assert call("find-lr", "--low", "1", "--high", "0.5") == 2
    assert "--low 1 must be below --high 0.5" in capsys.readouterr().err


# runs


def test_runs_are_listed_best_first(run, tmp_path, capsys):
    out = tmp_path / "slow"
    words = ["digits", "--model", "mlp", "--width", 16, "--lr", 1e-6, "--epochs", 1]
    assert call("train", *words, "--quiet", "--out", out) == 0
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "last.pt").write_bytes(b"nothing")
    capsys.readouterr()
    assert call("runs", tmp_path, run.parent, "--csv") == 1
    said = capsys.readouterr()
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert [r["run"] for r in rows] == [str(run), str(out)]
    assert (rows[1]["model"], rows[1]["epochs"], rows[1]["lr"]) == ("mlp x16", "1", "1e-06")
    assert int(rows[1]["parameters"]) == 64 * 16 + 16 + 16 * 16 + 16 + 16 * 10 + 10
    assert "broken is left out" in said.err
    report = (run / "report.txt").read_text()
    assert f"test accuracy {100 * float(rows[0]['test_accuracy']):.2f} %" in report
    page = tmp_path / "runs.html"
    assert call("runs", run.parent, out, "--sort", "parameters", "--page", page) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["run", str(out), str(run)]
    text = page.read_text()
    assert text.count("<svg") == 4 and text.index(str(out)) < text.index(str(run))


def test_runs_without_runs(tmp_path, capsys):
    assert call("runs", tmp_path) == 2
    assert "no runs there" in capsys.readouterr().err
    assert call("runs", tmp_path / "nix") == 2
    assert "no folder" in capsys.readouterr().err
