"""What the command line says of wrong files, folders and ends: a line or two, never a traceback."""

import csv
import gzip
import os
import re
import signal
import struct
import subprocess
import sys

import numpy as np
import pytest

from rushlight.app import cli, images, report
from rushlight.vision.datasets import Digits


@pytest.fixture
def photos(tmp_path):
    """photos(classes, count, root): folders of small images that a model can tell apart."""
    image = pytest.importorskip("PIL.Image")

    def make(classes=("dark", "light"), count=10, root=tmp_path / "photos"):
        random = np.random.default_rng(0)
        for i, name in enumerate(classes):
            (root / name).mkdir(parents=True)
            level = 60 + 130 * i // max(1, len(classes) - 1)
            for k in range(count):
                pixels = random.integers(level - 50, level + 50, (8, 9, 3), dtype=np.uint8)
                image.fromarray(pixels).save(root / name / f"{k:02}.png")
        return root

    return make


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """command(verb, *words): (status, stdout, stderr) of the command line, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*words):
        capsys.readouterr()
        status = cli.main([str(word) for word in words])
        return status, *capsys.readouterr()

    return call


TRAIN = ["--model", "logistic", "--epochs", 1, "--batch-size", 8, "--quiet"]


def refused(result, *texts, status=2, lines=2):
    """Asserts that the command failed with a short text that has `texts` in it."""
    got, _, err = result
    assert got == status, err
    assert len(err.splitlines()) <= lines and "Traceback" not in err
    assert all(text in err for text in texts), err


# ---------------------------------------------------------------- folders of images


def test_a_folder_without_classes_or_images(command, photos, tmp_path):
    (tmp_path / "empty").mkdir()
    refused(command("train", "empty", *TRAIN), "empty has no images; expected one folder per class")
    refused(
        command("train", photos() / "dark", *TRAIN), "dark has 10 images but no folders; expected"
    )
    (tmp_path / "photos" / "void").mkdir()
    refused(command("train", "photos", *TRAIN), "no images in photos/void")


def test_hidden_folders_are_no_classes(command, photos):
    root = photos()
    for name in (".ipynb_checkpoints", "__MACOSX"):
        (root / name).mkdir()
    (root / "dark" / "._00.png").write_bytes(b"a resource fork")
    status, out, err = command("train", root, *TRAIN)
    assert (status, err) == (0, "")
    assert "dark" in out and "ipynb" not in out


def damage(root):
    """Three files that cannot be read."""
    whole = (root / "dark" / "00.png").read_bytes()
    (root / "dark" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (root / "dark" / "lost.jpg").symlink_to("nowhere.jpg")
    (root / "light" / "none.png").write_bytes(b"")


def test_images_that_cannot_be_read_are_named_and_left_out(command, photos):
    root = photos()
    damage(root)
    status, _, err = command("train", root, *TRAIN)
    assert status == 0
    assert err.splitlines() == [
        "rushlight train: left out 3 files that cannot be read (--strict stops instead)",
        f"  {root}/dark/cut.png: not an image, or only part of one",
        f"  {root}/dark/lost.jpg: a link to nothing",
        f"  {root}/light/none.png: empty",
    ]
    refused(command("train", root, "--strict", *TRAIN, "--out", "b"), "dark/cut.png: not an image")


def test_many_broken_images_are_counted(command, photos):
    root = photos()
    for i in range(14):
        (root / "dark" / f"bad{i:02}.jpg").write_bytes(b"\xff\xd8\xff no more")
    status, _, err = command("train", root, *TRAIN)
    assert status == 0 and len(err.splitlines()) == 12
    assert "left out 14 files" in err and err.splitlines()[-1] == "  and 4 more"


def test_a_link_back_counts_no_image_twice(command, photos):
    root = photos()
    (root / "dark" / "again").symlink_to(root / "dark")
    (root / "light" / "up").symlink_to(root / "light" / "..")
    found = images.read(root, (0.1, 0.1), 0, True, None)
    assert len(found.train + found.valid + found.test) == 30  # light/up leads to dark once more
    assert len({sample for part in (found.train, found.valid, found.test) for sample in part}) == 30
    (root / "light" / "up").unlink()
    found = images.read(root, (0.1, 0.1), 0, True, None)
    assert len(found.train + found.valid + found.test) == 20


def test_every_class_has_its_share_in_each_part(photos):
    root = photos(classes=("a", "b", "c", "d"), count=40)
    found = images.read(root, (0.1, 0.1), 7, True, None)
    for part, size in ((found.train, 32), (found.valid, 4), (found.test, 4)):
        labels = [label for _, label in part]
        assert [labels.count(i) for i in range(4)] == [size] * 4
    assert found == images.read(root, (0.1, 0.1), 7, True, None)
    assert found.test != images.read(root, (0.1, 0.1), 8, True, None).test


def test_a_part_without_images_is_an_error(command, photos):
    root = photos(count=2)
    refused(command("train", root, *TRAIN), "none is left to validate", "at least 3 images")
    found = images.read(photos(count=3, root=root.parent / "more"), (0.1, 0.1), 0, True, None)
    assert [len(part) for part in (found.train, found.valid, found.test)] == [2, 2, 2]


def test_folders_for_the_parts(command, photos, tmp_path):
    root = tmp_path / "set"
    for name, count in (("train", 10), ("val", 4), ("test", 3)):
        photos(count=count, root=root / name)
    status, out, err = command("train", root, *TRAIN[:-1])
    assert (status, err) == (0, "")
    assert "20 images to train on, 8 to validate, 6 to test" in out
    photos(classes=("grey",), root=root / "test" / "..", count=2)
    # with another folder beside them, train and test are classes
    refused(command("train", root, *TRAIN, "--out", "b", "--size", 8), lines=2, status=0)


def test_a_class_that_training_lacks(command, photos, tmp_path):
    photos(root=tmp_path / "set" / "train")
    photos(classes=("grey",), root=tmp_path / "set" / "test")
    refused(command("train", "set", *TRAIN), "has the classes grey, which train/ has not")
    os.rename("set/train", "set/val")
    refused(command("train", "set", *TRAIN), "set has test, val but no train")


def test_the_size_of_images(command, photos):
    status, out, _ = command("train", photos(), *TRAIN[:-1], "--size", 12, "--out", "run")
    assert status == 0 and "3x12x12" in out
    status, out, _ = command("predict", "run", "photos/dark/00.png", "--top", 1)
    assert status == 0 and out.startswith("photos/dark/00.png: ")


# ---------------------------------------------------------------- files


def test_files_that_are_no_checkpoints(command, tmp_path):
    (tmp_path / "net.py").write_text("import torch\n")
    (tmp_path / "text.pt").write_text("hello")
    (tmp_path / "empty.pt").write_bytes(b"")
    refused(command("inspect", "net.py"), "net.py is a program; name the class of a model in it")
    for verb in ("inspect", "predict"):
        words = ["x.png"] if verb == "predict" else []
        refused(command(verb, "text.pt", *words), "text.pt")
        refused(command(verb, "empty.pt", *words), "empty.pt is empty")
    refused(command("predict", "nowhere", "x.png"), "no checkpoint 'nowhere'")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "last.pt").write_text("hello")
    refused(command("train", "--resume", "run"), "run/last.pt")


OWN = """
import torch
class Wrong(torch.nn.Module):
    def forward(self, x):
        return x.flatten(1) @ torch.zeros(3, 10)
class Raises(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(nowhere, 10)
"""


def test_faults_in_a_users_own_file_name_their_line(command, tmp_path):
    (tmp_path / "typo.py").write_text("import torch\nclass Net(torch.nn.Module)\n    pass\n")
    (tmp_path / "absent.py").write_text("import torch, nonsuch\n")
    (tmp_path / "own.py").write_text(OWN)
    for verb in ("train", "inspect"):
        model = ["--model"] if verb == "train" else []
        refused(command(verb, *model, "typo.py:Net"), "typo.py, line 2: SyntaxError: expected ':'")
        refused(command(verb, *model, "absent.py:Net"), "line 1", "No module named 'nonsuch'")
        refused(
            command(verb, *model, "own.py:Raises"), "own.py, line 9, in __init__: NameError: name"
        )
        refused(
            command(verb, *model, "own.py:Wrong"),
            "own.py, line 5, in forward: RuntimeError: ",
            lines=6,
        )


def test_wrong_places_to_write(command, tmp_path):
    (tmp_path / "file").write_text("")
    refused(command("train", "--out", "file", *TRAIN), "file: File exists")
    refused(command("train", "--out", "file/run", *TRAIN), "file/run: Not a directory")
    refused(command("check", "nowhere.py"), "nowhere.py: No such file or directory")
    (tmp_path / "typo.py").write_text("def")
    refused(command("check", "typo.py"), "typo.py: invalid syntax")


@pytest.mark.parametrize("verb", ["train", "check", "predict", "inspect"])
def test_one_line_of_usage_before_the_error(command, verb):
    _, _, err = result = command(verb, "--nonsense")
    refused(result, f"rushlight {verb}: ")
    assert re.fullmatch(
        rf"usage: rushlight {verb} .*\(rushlight {verb} --help\)", err.split("\n")[0]
    )


def test_help_tells_of_the_folders(capsys):
    with pytest.raises(SystemExit):
        cli.main(["train", "--help"])
    assert "train/" in capsys.readouterr().out


# ---------------------------------------------------------------- runs that do not learn


def test_a_run_that_learns_nothing_says_so(command):
    words = ["--model", "logistic", "--optimizer", "sgd", "--schedule", "none", "--epochs", 1]
    status, out, _ = command("train", *words, "--lr", 1000, "--quiet")
    assert status == 0
    assert "nothing was learnt: the loss is" in out and "guessing among 10 classes has 2.303" in out
    assert "(now 1000)" in out
    status, out, _ = command("train", *words, "--quiet")
    assert "nothing was learnt" not in out


def test_what_counts_as_learning_nothing():
    row = {"train_loss": 3.0, "valid_loss": 3.0}
    said = report.not_learnt([row], 10, 0.1, 500)
    assert said[0].startswith("nothing was learnt: the loss is 3, ")
    assert said[1] == "  fix: another --lr (now 0.1)"
    assert report.not_learnt([{**row, "train_loss": 2.0}], 10, 0.1, 500) == []


def test_few_steps_are_the_first_thing_to_mend_unless_the_loss_rose():
    row = {"train_loss": 3.0, "valid_loss": 3.0}
    said = report.not_learnt([row, row], 10, 0.1, 3)[1]
    assert said.startswith("  fix: more than these 6 steps, by --epochs or a smaller --batch-size;")
    said = report.not_learnt([row, {**row, "train_loss": 4.0}], 10, 0.1, 3)[1]
    assert said == "  fix: a smaller --lr (now 0.1): the loss rose"


INFINITE = """
import torch
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(10))
    def forward(self, x):
        never = torch.tensor([0.0] + [-float("inf")] * 9)
        return self.weight + never.expand(len(x), 10)
"""


def test_an_infinite_loss_stops(command, tmp_path):
    (tmp_path / "net.py").write_text(INFINITE)
    result = command("train", "--model", "net.py:Net", "--lr", 0.5, "--quiet")
    refused(result, "the loss is inf in epoch 1, batch 1", "(now 0.5)", status=1)


def test_the_table_shows_the_rate_of_the_step(command):
    words = ["--model", "logistic", "--lr", 0.25, "--quiet", "--out"]
    assert command("train", "--epochs", 1, "--schedule", "cosine", *words, "a")[0] == 0
    assert command("train", "--epochs", 4, "--schedule", "step", *words, "b")[0] == 0
    rates = {}
    for name in "ab":
        with open(f"{name}/history.csv", newline="") as file:
            rates[name] = [float(row["lr"]) for row in csv.DictReader(file)]
    assert 0 < rates["a"][0] < 0.01  # the last of the schedule's, not the 0 that comes after it
    assert rates["b"] == [0.25, 0.025, 0.0025, 0.00025]


def test_tables_and_bars_fit_the_terminal():
    row = {"epoch": 12, "train_loss": 0.5, "train_accuracy": 1.0, "valid_loss": 0.25}
    row |= {"valid_accuracy": 0.5, "lr": 1e-3, "seconds": 100.0}
    for width in range(24, 120):
        lines = [report.head(width), report.line(row, True, width)]
        assert all(len(line) <= width for line in lines)
        assert "epoch" in lines[0] and "50.00 %" in lines[1]
    assert report.head(80) == report.head()
    assert report.head().split() == [
        *["epoch", "train", "loss", "accuracy", "valid", "loss", "accuracy", "lr", "seconds"]
    ]


# ---------------------------------------------------------------- ends


def start(tmp_path, *words, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "rushlight", *map(str, words)],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


def test_a_reader_that_goes_away_ends_a_run_quietly(tmp_path):
    words = ["train", "--model", "logistic", "--epochs", 30]
    with start(tmp_path, *words) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141


INTERRUPTS = """
import os, signal, sys
class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["INTERRUPTED_AT"]:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupts())
"""


@pytest.mark.parametrize(
    "module", ["numpy", "rushlight.ops", "rushlight.app.cli", "rushlight.app.train"]
)
def test_ctrl_c_while_it_starts(tmp_path, module):
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTS)
    path = os.pathsep.join([str(tmp_path), *sys.path])
    environment = {**os.environ, "PYTHONPATH": path, "INTERRUPTED_AT": module}
    words = ["train", "--epochs", 1, "--model", "logistic", "--quiet"]
    with start(tmp_path, *words, env=environment) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT), (out, err)
    assert "Traceback" not in err and len(err.splitlines()) <= 1, err


def test_ctrl_c_later_stops_and_saves(tmp_path):
    with start(tmp_path, "train", "--epochs", 10000, "--model", "logistic") as process:
        for line in process.stdout:
            if line.split()[:1] == ["1"]:
                process.send_signal(signal.SIGINT)
                break
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "")
    assert "go on with:" in out


# ---------------------------------------------------------------- MNIST's files


def write_idx(path, array):
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    data = head + array.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


@pytest.mark.parametrize("ending", ["-idx{}-ubyte", "-idx{}-ubyte.gz", ".idx{}-ubyte"])
def test_names_of_mnists_files(command, tmp_path, ending):
    raw = tmp_path / "data" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part, train in (("train", True), ("t10k", False)):
        digits = Digits(tmp_path, train=train)
        for name, array in (("images", digits.data), ("labels", digits.targets)):
            write_idx(raw / f"{part}-{name}{ending.format(array.ndim)}", array.numpy())
    if ending.endswith("gz"):  # an extraction that was broken off leaves an empty file
        (raw / "train-images-idx3-ubyte").write_bytes(b"")
    status, out, err = command("train", "mnist", "--root", "data", *TRAIN[:-1])
    assert (status, err) == (0, "")
    assert "data   mnist:" in out and "1x8x8" in out
