"""The programs of examples/ in small: they write the numbers that PyTorch wrote for the same seed
(tools/freeze_examples.py), pictures that can be opened, and the same numbers again when run again.
In full: tests/examples (`make test-examples`)."""

import gzip
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import example_cases as cases
import numpy as np
import pytest
from PIL import Image

from rushlight.kernels import seam

#: The largest difference from PyTorch, of numbers about 1, and of larger ones by their size.
#: Winograd is off: it leaves 1e-8 where a weight's gradient is 0, of which Adam makes a step, and a
#: loss 2e-3 apart.
#: The twins' sums are NumPy's BLAS's, in another order on each processor: 4.7e-5 in `forecast`.
NEAR = 2e-5 if seam.native else 1e-4

#: the numbers of a run's loss, where they are the first and fall
FALLING = {"nets": 2, "char_rnn": 38, "gpt": 24, "unet": 3, "forecast": 3, "mlp_ddp": 3}


def start(words, **environment):
    """The program in a process of its own, warnings being errors."""
    rest = {name: value for name, value in os.environ.items() if name != "RUSHLIGHT_MNIST"}
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "rushlight", "run", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=120,
        env=rest | {"RUSHLIGHT_WINOGRAD": "0"} | environment,
    )


def run(name, out, *more):
    """What the program printed; its files are in `out`."""
    done = start([*cases.words(name, out), *more])
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


def check_svg(path):
    """It is XML, says something, draws something, and every place in it is inside the paper."""
    root = ElementTree.parse(path).getroot()
    _, _, width, height = map(float, root.get("viewBox").split())
    kinds = [element.tag.rpartition("}")[2] for element in root.iter()]
    assert kinds.count("text") >= 3 and kinds.count("path") + kinds.count("rect") >= 4
    for element in root.iter():
        for name, limit in (("x", width), ("y", height)):
            place = element.get(name)
            assert place is None or 0 <= float(place) <= limit, (path, element.attrib)
        for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", element.get("d", "")):
            assert 0 <= float(x) <= width and 0 <= float(y) <= height, (path, x, y)


def check_png(path):
    """It can be read, and is not of one colour."""
    with Image.open(path) as image:
        assert image.format == "PNG"
        pixels = np.asarray(image.convert("L"))
    assert min(pixels.shape) >= 40 and pixels.std() > 5, path


@pytest.mark.parametrize("name", cases.SMALL)
def test_the_numbers_are_pytorchs(name, tmp_path, frozen):
    printed = run(name, tmp_path / "out")
    assert len(printed.splitlines()) >= 3
    found = np.array(cases.numbers(tmp_path / "out"))
    theirs = np.array(json.loads((frozen / "examples.json").read_text())[name])
    assert found.shape == theirs.shape and np.isfinite(found).all()
    differences = np.abs(found - theirs) / np.maximum(1, np.abs(theirs))
    assert differences.max() < NEAR, (differences.argmax(), differences.max())
    if name in FALLING:
        assert found[FALLING[name] - 1] < 0.98 * found[0], "the loss does not fall"
    for picture in cases.PICTURES[name]:
        check = check_svg if picture.endswith(".svg") else check_png
        check(tmp_path / "out" / picture)


@pytest.mark.parametrize("name", ["gpt", "gan"])
def test_the_seed_decides(name, tmp_path):
    """The same seed gives the same bits, another one does not."""
    for out, seed in (("a", "3"), ("b", "3"), ("c", "4")):
        run(name, tmp_path / out, "--seed", seed)
    first, again, other = (cases.numbers(tmp_path / out) for out in "abc")
    assert first == again != other


def idx(array):
    """An IDX file of bytes."""
    head = b"\0\0\x08" + bytes([array.ndim]) + np.array(array.shape, ">i4").tobytes()
    return head + array.astype(np.uint8).tobytes()


def test_mnist_where_it_is_given(tmp_path):
    """Four files of 28x28, two of them gzipped: the CNN reads them and learns which half is lit."""
    rng = np.random.default_rng(0)
    for part, count in (("train", 128), ("t10k", 64)):
        labels = rng.integers(0, 2, count)
        images = rng.integers(0, 80, (count, 28, 28))
        images[:, :14] += np.where(labels, 120, 0)[:, None, None]
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(idx(labels))
        packed = gzip.compress(idx(images))
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(packed)
    words = ["nets.py", "--model", "cnn", "--epochs", "4", "--out", tmp_path / "out"]
    words[0] = cases.EXAMPLES / words[0]
    done = start(words, RUSHLIGHT_MNIST=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert done.stdout.startswith("128 digits to learn from, 64 to test with")
    found = json.loads((tmp_path / "out" / "numbers.json").read_text())["cnn"]
    assert found["loss"][-1] < 0.5 * found["loss"][0] and found["right"][-1] > 0.9


@pytest.mark.parametrize(
    ("words", "environment", "said"),
    [
        ("nets.py", {"RUSHLIGHT_MNIST": "nowhere"}, "train-images-idx3-ubyte is not there"),
        ("minilm.py --model nowhere", {}, "nowhere has no vocab.txt"),
        ("unet.py --side 30", {}, "--side 30: a multiple of 4"),
        ("forecast.py --seen 24", {}, "--seen 24: at least 168"),
        (
            "mlp_ddp.py --batch 9",
            {"RANK": "0", "WORLD_SIZE": "2"},
            "--batch 9: a multiple of",
        ),
    ],
    ids=lambda given: given.split()[0] if isinstance(given, str) else "",
)
def test_what_cannot_be_is_said(words, environment, said, tmp_path):
    program, *rest = words.split()
    done = start([cases.EXAMPLES / program, *rest, "--out", tmp_path], **environment)
    assert done.returncode != 0 and said in done.stderr and "Traceback" not in done.stderr
