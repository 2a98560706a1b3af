"""Runs and pages that the tests open, made once, and a Chromium.

Every page of the tests leaves a picture in $PAGES_SHOTS, if that is set.
"""

import os
from pathlib import Path

import numpy as np
import pytest
from browser import Browser

import rushlight as rl
from rushlight import nn
from rushlight.app import cli, tune
from rushlight.nn import functional as F


@pytest.fixture(scope="session")
def browser():
    with Browser() as browser:
        yield browser


@pytest.fixture(scope="session")
def shots(tmp_path_factory):
    folder = Path(os.environ.get("PAGES_SHOTS") or tmp_path_factory.mktemp("shots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def photos(folder):
    """Two classes of coloured squares and discs, one broken file."""
    from PIL import Image

    random = np.random.default_rng(0)
    for kind in ("disc", "square"):
        (folder / kind).mkdir(parents=True)
        for i in range(15):
            pixels = random.integers(0, 90, (48, 64, 3))
            y, x = np.mgrid[:48, :64] - np.array([24, 32])[:, None, None]
            inside = (x * x + y * y < 200) if kind == "disc" else np.maximum(abs(x), abs(y)) < 14
            pixels[inside] += random.integers(60, 160, 3)
            Image.fromarray(pixels.astype(np.uint8)).save(folder / kind / f"photo {i:03}.png")
    (folder / "disc" / "broken.png").write_bytes(b"\x89PNG")
    return folder


class Branches(nn.Module):
    """Functions, an addition around two layers, a shared layer."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 8, 3, padding=1)
        self.last = nn.Linear(8 * 7 * 7, 10)

    def forward(self, x):
        x = F.relu(self.first(x))
        x = F.relu(self.second(x) + x)
        x = F.relu(self.second(x) + x)
        return self.last(F.avg_pool2d(x, 4).flatten(1))


# as Optuna leaves them
TRIALS = [
    {"trial": i, "state": "whole" if i % 2 else "stopped", "accuracy": 0.9 - i / 20, "epochs": 8,
     "seconds": 1.5, "lr": 10.0 ** -(1 + i / 3), "batch_size": (16, 128)[i % 2],
     "optimizer": ("sgd", "adam")[i % 2], "width": (64, 256, 512)[i % 3]}
    for i in range(9)
]  # fmt: skip


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """{name: file} of every kind of page."""
    folder = tmp_path_factory.mktemp("pages")
    digits, shapes = folder / "digits-mlp", folder / "shapes"
    words = ["train", "digits", "--epochs", "6", "--augment", "shift", "--quiet"]
    assert cli.main([*words, "--out", str(digits)]) == 0
    words = ["train", str(photos(folder / "photos")), "--model", "cnn", "--size", "32", "--quiet"]
    assert cli.main([*words, "--epochs", "2", "--out", str(shapes), "--lang", "zh"]) == 0
    found = {"report": digits / "report.html", "report-photos": shapes / "report.html"}
    for name, words in {
        "walk": [str(digits)],
        "walk-zh": [str(digits), "--lang", "zh"],
        "walk-photos": [str(shapes), str(folder / "photos/disc/photo 001.png")],
        "walk-mlp": ["mlp"],
        "walk-cnn": ["cnn"],
    }.items():
        found[name] = folder / f"{name}.html"
        assert cli.main(["inspect", *words, "--page", str(found[name])]) == 0
    rl.manual_seed(0)
    walk = rl.walk(Branches(), rl.rand(3, 1, 28, 28))
    found["walk-branches"] = walk.save(folder / "walk-branches.html")
    model = nn.Linear(6, 4)
    data = (rl.randn(50, 6), rl.arange(50) % 4)
    names = ["a class with a long name", "b", "another one", "<d>"]
    path = folder / "report-own.html"
    found["report-own"] = rl.report(model, data, path, classes=names, command="python own.py")
    notebook = folder / "notebook.html"
    style = "<!DOCTYPE html><meta charset='utf-8'><link rel='icon' href='data:,'>"
    notebook.write_text(
        style + walk._repr_html_() + rl.summary(Branches(), (1, 1, 28, 28))._repr_html_(), "utf-8"
    )
    found["notebook"] = notebook
    found |= {name: folder / f"{name}.html" for name in ("runs", "runs-zh", "find-lr", "tune")}
    lists = ["runs", str(digits), str(shapes), "--page"]
    assert cli.main([*lists, str(found["runs"])]) == 0
    assert cli.main([*lists, str(found["runs-zh"]), "--lang", "zh"]) == 0
    assert cli.main(["find-lr", "digits", "--model", "cnn", "--page", str(found["find-lr"])]) == 0
    found["tune"].write_text(tune.tune_page(TRIALS, "digits-mlp", "rushlight train"), "utf-8")
    return found


def pytest_generate_tests(metafunc):
    if "name" in metafunc.fixturenames:
        names = """
            report report-photos report-own walk walk-zh walk-photos walk-mlp walk-cnn
            walk-branches notebook runs runs-zh find-lr tune
        """.split()
        metafunc.parametrize("name", names)
