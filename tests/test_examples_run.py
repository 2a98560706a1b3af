"""The programs of examples/ in small: they write the numbers that PyTorch wrote for the same seed
(tools/freeze_examples.py), pictures that can be opened, and the same numbers again when run again.
In full: tests/examples (`make test-examples`)."""

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

#: The largest difference from PyTorch, of numbers about 1, and of larger ones by their size.
#: Winograd is off: it leaves 1e-8 where a weight's gradient is 0, of which Adam makes a step, and a
#: loss 2e-3 apart.
NEAR = 2e-5

#: the numbers of a run's loss, where they are the first and fall
FALLING = {"nets": 2, "char_rnn": 50, "gpt": 24, "unet": 3, "forecast": 2, "mlp_ddp": 3}


def run(name, out, *more):
    """What the program printed; its files are in `out`."""
    words = [*cases.words(name, out), *more]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "rushlight", "run", *words],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"RUSHLIGHT_WINOGRAD": "0"},
    )
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
