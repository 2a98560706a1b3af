"""`rushlight train`: it learns, goes on to the same numbers, and says what would be right."""

import csv
import sys

import numpy as np
import pytest

import rushlight as rl
from rushlight.app import augment, cli, datasets, models, report, train
from rushlight.app.trainer import COLUMNS
from rushlight.core import accelerators

FAST = ["--quiet", "--batch-size", "128"]


def call(*words):
    return start(*words, *FAST)


def start(*words):
    """The exit status of `rushlight train WORDS`."""
    return cli.main(["train", *map(str, words)])


def history(folder):
    """The numbers of history.csv without the times."""
    with open(folder / "history.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    return [{k: v for k, v in row.items() if k != "seconds"} for row in rows]


def test_the_digits_are_learnt_and_the_run_is_a_folder(tmp_path, capsys):
    out = tmp_path / "run"
    assert call("digits", "--model", "mlp", "--epochs", 8, "--out", out) == 0
    assert {p.name for p in out.iterdir()} == {
        "last.pt",
        "best.pt",
        "history.csv",
        "report.txt",
        "report.html",
    }
    rows = history(out)
    assert [row["epoch"] for row in rows] == [str(i) for i in range(1, 9)]
    assert float(rows[-1]["train_loss"]) < 0.2 < float(rows[0]["train_loss"])
    text = capsys.readouterr().out
    assert float(text.split()[2]) > 87 and text in (out / "report.txt").read_text()
    best = max(rows, key=lambda row: float(row["valid_accuracy"]))  # the first of equals
    assert rl.load(out / "best.pt")["epoch"] == int(best["epoch"])


SETTINGS = ["digits", "--epochs", 3, "--augment", "shift,rotate", "--seed", 5]


def stop_after(monkeypatch, batches):
    """Makes each learner behave as if Ctrl-C came after so many batches."""
    original = report.Progress.batch
    seen = []

    def batch(self, *args):
        seen.append(args)
        if len(seen) == batches:
            self.learner.stop = True
        original(self, *args)

    build = train.build

    def build_and_tell(settings, data, out, watcher, **options):
        watcher.learner = build(settings, data, out, watcher, **options)
        return watcher.learner

    monkeypatch.setattr(report.Progress, "batch", batch)
    monkeypatch.setattr(train, "build", build_and_tell)


@pytest.mark.parametrize("schedule", ["onecycle", "plateau"])
def test_a_stopped_run_goes_on_to_the_same_numbers(tmp_path, monkeypatch, capsys, schedule):
    words = [*SETTINGS, "--schedule", schedule, "--optimizer", "sgd"]
    whole = tmp_path / "whole"
    assert call(*words, "--out", whole) == 0
    for batches in (4, 13):  # an epoch has 11 to 13
        parts = tmp_path / f"stopped-{batches}"
        with monkeypatch.context() as patch:
            stop_after(patch, batches)
            assert call(*words, "--out", parts) == 130
        assert f"rushlight train --resume {parts}" in capsys.readouterr().out
        assert start("--resume", str(parts), "--quiet") == 0
        assert history(parts) == history(whole)
        a, b = (rl.load(folder / "last.pt")["model"] for folder in (whole, parts))
        assert all(rl.equal(a[key], b[key]) for key in a)


def test_more_epochs_than_planned(tmp_path, capsys):
    words = ["digits", "--schedule", "none", "--model", "logistic"]
    assert call(*words, "--epochs", 2, "--out", tmp_path / "long") == 0
    assert call(*words, "--epochs", 1, "--out", tmp_path / "short") == 0
    assert start("--resume", str(tmp_path / "short"), "--quiet") == 2
    assert "more --epochs" in capsys.readouterr().err
    assert start("--resume", str(tmp_path / "short"), "--epochs", "2", "--quiet") == 0
    assert history(tmp_path / "short") == history(tmp_path / "long")


@pytest.mark.parametrize("optimizer", train.OPTIMIZERS)
def test_every_optimizer(tmp_path, optimizer):
    out = tmp_path / "run"
    assert call("--model", "cnn", "--optimizer", optimizer, "--epochs", 1, "--out", out) == 0
    assert float(history(out)[0]["train_loss"]) < 2.4


@pytest.mark.parametrize("schedule", train.SCHEDULES)
def test_every_schedule(tmp_path, schedule):
    out = tmp_path / "run"
    assert call("--model", "logistic", "--schedule", schedule, "--epochs", 2, "--out", out) == 0
    assert len(history(out)) == 2


OWN = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, in_features, num_classes, hidden=32):
        super().__init__()
        self.stack = nn.Sequential(
            nn.Flatten(), nn.Linear(in_features, hidden), nn.BatchNorm1d(hidden), nn.Dropout(0.1),
            nn.ReLU(), nn.Linear(hidden, num_classes))

    def forward(self, x):
        return self.stack(x)

class Narrow(nn.Module):
    def forward(self, x):
        return x.flatten(1)[:, :3]

class Odd(nn.Module):
    def __init__(self, wheels):
        super().__init__()
"""


def test_a_model_of_ones_own(tmp_path, capsys):
    file = tmp_path / "mine.py"
    file.write_text(OWN)
    words = ["--model", f"{file}:Net", "--lr", 0.01, "--epochs", 3]
    assert call(*words, "--out", tmp_path / "run") == 0
    assert float(history(tmp_path / "run")[-1]["valid_accuracy"]) > 0.5
    capsys.readouterr()
    for name, message in [
        ("Nut", "its models are Net, Narrow, Odd"),
        ("Narrow", "for 10 classes it must be (1, 10)"),
        ("Odd", "needs wheels"),
    ]:
        assert call("--model", f"{file}:{name}", "--out", tmp_path / name) == 2
        assert message in capsys.readouterr().err
        assert not (tmp_path / name).exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nonsuch"], "choose from digits, mnist, fashion-mnist, kmnist, or give a folder"),
        (["--model", "nonsuch"], "choose from logistic, mlp, cnn, file.py:Class"),
        (["--augment", "nonsuch"], "choose from none, shift, rotate, zoom, flip"),
        (
            ["--momentum", "0.5", "--optimizer", "adam"],
            "--momentum is not an option of adam, but",
        ),
        (["mnist", "--root", "/nowhere"], "--download to fetch it there"),
        (["--resume", "/nowhere"], "no run to go on with"),
        (["--optimizer", "nonsuch"], "adagrad"),
        (["--lr", "-1"], "-1 is not a positive number"),
        (["--lr", "quick"], "train: argument --lr: quick is not a positive number"),
        (["--lr", "nan"], "nan is not a positive number"),
        (["--momentum", "high"], "high is not a number from 0 to 1, below 1"),
        (["--epochs", "0"], "0 is not a whole number of at least 1"),
        (["--epochs", "1.5"], "1.5 is not a whole number of at least 1"),
        (["--workers", "-1"], "-1 is not a whole number of at least 0"),
        (["--seed", "x"], "x is not a whole number"),
        (["--weight-decay", "1", "--optimizer", "rprop"], "--weight-decay is not an option of"),
        (["--optimizer", "muon"], "invalid choice: 'muon'"),
        (["--size", "32"], "--size is for a folder of images"),
        (["--unknown"], "--help)\nrushlight train: unrecognized arguments: --unknown"),
        (["--out", "/dev/null/run"], "/dev/null"),
        (["--device", "cuda"], "cuda"),
    ],
)
def test_a_wrong_argument_is_told_what_would_be_right(
    tmp_path, monkeypatch, capsys, words, message
):
    monkeypatch.chdir(tmp_path)
    assert start(*words) == 2
    out, err = capsys.readouterr()
    assert message in err and out == ""
    assert len(err.splitlines()) <= 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--device", "xla"],
            "--device xla: JAX is not installed\n"
            "  fix: --device cpu, or pip install 'rushlight[xla]'",
        ),
        (
            ["--device", "cuda:0"],
            "--device cuda:0: Torch not compiled with CUDA enabled\n"
            "  fix: --device cpu, or pip install 'rushlight[xla]' 'jax[cuda13]'",
        ),
        (
            ["--nproc", "2"],
            "--nproc 2: JAX, which joins processes, is not installed\n"
            "  fix: pip install 'rushlight[xla]'",
        ),
    ],
)
def test_without_jax_the_command_that_brings_it_is_named(
    tmp_path, monkeypatch, capsys, words, message
):
    monkeypatch.setattr(accelerators, "has_jax", lambda: False)
    monkeypatch.chdir(tmp_path)
    assert start(*words) == 2
    assert capsys.readouterr().err == f"rushlight train: {message}\n"
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_not_overwritten_nor_changed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["--model", "logistic", "--epochs", 1]
    assert call(*words) == 0 and call(*words) == 0
    assert sorted(p.name for p in (tmp_path / "runs").iterdir()) == [
        "digits-logistic",
        "digits-logistic-2",
    ]
    assert call(*words, "--out", "runs/digits-logistic") == 2
    assert "holds a run already" in capsys.readouterr().err
    assert start("--resume", "runs/digits-logistic", "--lr", "1") == 2
    assert "--lr is" in capsys.readouterr().err


def test_a_folder_of_images(tmp_path):
    image = pytest.importorskip("PIL.Image")
    random = np.random.default_rng(0)
    for label, level in (("dark", 60), ("light", 190)):
        (tmp_path / "photos" / label).mkdir(parents=True)
        for i in range(20):
            pixels = random.integers(level - 50, level + 50, (20, 30, 3), dtype=np.uint8)
            image.fromarray(pixels).save(tmp_path / "photos" / label / f"{i}.png")
    out = tmp_path / "run"
    words = [tmp_path / "photos", "--model", "logistic", "--optimizer", "adam", "--epochs", 3]
    assert start(*words, "--batch-size", "8", "--out", out, "--quiet") == 0
    assert float(history(out)[-1]["valid_accuracy"]) == 1.0


def test_the_cnn_learns_a_folder_of_images_with_its_defaults(tmp_path, capsys):
    image = pytest.importorskip("PIL.Image")
    random = np.random.default_rng(0)
    for name, mode in (("across", "RGB"), ("down", "L")):
        (tmp_path / "bars" / name).mkdir(parents=True)
        for i in range(40):
            pixels = random.integers(0, 90, (20 + i % 7, 24))
            at = int(random.integers(2, 16))
            if name == "across":
                pixels[at : at + 3] = 250
            else:
                pixels[:, at : at + 3] = 250
            made = image.fromarray(pixels.astype(np.uint8)).convert(mode)
            made.save(tmp_path / "bars" / name / f"{i}.png")
    out = tmp_path / "run"
    words = ["train", str(tmp_path / "bars"), "--model", "cnn", "--size", "24", "--quiet"]
    assert cli.main([*words, "--out", str(out)]) == 0
    settings = rl.load(out / "last.pt")["settings"]
    chosen = {key: settings[key] for key in ("optimizer", "lr", "width", "epochs")}
    assert chosen == {"optimizer": "adam", "lr": 0.01, "width": 32, "epochs": 15}
    assert float(history(out)[-1]["valid_accuracy"]) == 1.0
    assert "nothing was learnt" not in capsys.readouterr().out
    again = train.again(settings)
    assert again.endswith("--model cnn --size 24"), again
    usual = train.complete({"model": "cnn"})
    assert (usual["optimizer"], usual["width"], usual["epochs"]) == ("sgd", None, 10)


def test_a_folder_needs_pillow_and_says_so(tmp_path, monkeypatch, capsys):
    (tmp_path / "photos" / "cat").mkdir(parents=True)
    (tmp_path / "photos" / "cat" / "1.png").write_bytes(b"")
    for name in ("PIL", "PIL.Image"):
        monkeypatch.setitem(sys.modules, name, None)
    assert start(tmp_path / "photos", "--out", tmp_path / "run") == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0].endswith("by Pillow, which is not installed")
    assert said[1:] == ["  fix: pip install pillow"]


def test_sources_split_once_and_for_all():
    data = datasets.load("digits", "", False, seed=3)
    again = datasets.load("digits", "", False, seed=3)
    assert data.shape == (1, 8, 8) and len(data.classes) == 10
    assert list(data.valid.indices) == list(again.valid.indices)
    assert not set(data.train.indices) & set(data.valid.indices)
    x = rl.stack([data.train[i][0] for i in range(500)])
    assert abs(x.mean().item()) < 0.05 and abs(x.std().item() - 1) < 0.05


def test_models_have_the_documents_shapes():
    for name, parameters in [("logistic", 7850), ("mlp", 669706), ("cnn", 3930)]:
        model = models.recipe(name).make((1, 28, 28), 10)
        assert sum(p.numel() for p in model.parameters()) == parameters
        assert model(rl.zeros(2, 1, 28, 28)).shape == (2, 10)


def test_augmentation_moves_pixels():
    x = rl.arange(36.0).reshape(1, 1, 6, 6).repeat(8, 2, 1, 1)
    rows, columns = augment._grid(x)
    assert rl.equal(augment._read(x, rows, columns), x)
    half = augment._read(x, rows + 0.5, columns + 1)
    assert half[0, 0, 0, 0].item() == (1 + 7) / 2  # between rows 0 and 1 of column 1
    assert half[0, 0, 5, 5].item() == 35  # beyond the border: the border

    rl.manual_seed(0)
    flipped = augment.augmentation("flip")(x)
    mirrored = [bool(rl.equal(image, x[0].flip(-1))) for image in flipped]
    assert 0 < sum(mirrored) < 8
    assert all(m or rl.equal(image, x[0]) for m, image in zip(mirrored, flipped, strict=True))

    turned = augment.augmentation("rotate,zoom")(x)
    assert turned.shape == x.shape and not rl.allclose(turned, x)
    assert rl.equal(turned[:, 0], turned[:, 1])  # the channels of an image move together
    assert augment.augmentation("none") is None


def test_confusion_table():
    table = report.confusion_table(rl.tensor([[8, 2], [0, 0]]), ["cat", "dog"])
    assert table[1].split() == ["cat", "10", "80.00", "%", "dog", "(2)"]
    assert table[2].split() == ["dog", "0", "-"]
    assert table[0].split()[:3] == ["class", "images", "right"]
    table = report.confusion_table(rl.tensor([[8, 2], [0, 0]]), ["cat", "dog"], "rows")
    assert table[0].split()[:3] == ["class", "rows", "right"]


def test_a_loss_of_nan_stops(tmp_path, capsys):
    words = ["--model", "logistic", "--optimizer", "sgd", "--lr", "1e38", "--schedule", "none"]
    assert call(*words, "--out", tmp_path / "run") == 1
    assert "a smaller --lr" in capsys.readouterr().err
