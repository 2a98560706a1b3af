"""Scripts in the manner of PyTorch's tutorials, run untouched: they print what PyTorch prints.

The texts in frozen/scripts were recorded from PyTorch 2.13.0 (CPU) by tools/freeze_scripts.py.
Words must be the same, and numbers up to 1.5e-4, as most have four decimals; losses up to 1e-5.
With the scripts' seeds, processor, threads and BLAS change less (tools/find_seeds.py).
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import rushlight

SCRIPTS = Path(__file__).parent / "scripts"
NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:e[-+]?\d+)?(?!\w)")


def printed(name):
    digits = Path(rushlight.__file__).parent / "vision/datasets/digits.npz"
    done = subprocess.run(
        [sys.executable, "-m", "rushlight", "run", SCRIPTS / f"{name}.py", digits],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def differences(got, want, slack):
    """Lines that differ in their words, or in a number by more than `slack`, relative above 1."""
    assert len(got) == len(want)
    for ours, theirs in zip(got, want, strict=True):
        words = [" ".join(NUMBER.sub("#", line).split()) for line in (ours, theirs)]
        pairs = zip(NUMBER.findall(ours), NUMBER.findall(theirs), strict=words[0] == words[1])
        numbers = [(float(a), float(b)) for a, b in pairs]
        if words[0] != words[1] or any(abs(a - b) > slack * max(1, abs(b)) for a, b in numbers):
            yield f"{ours}\n{theirs}"


@pytest.mark.parametrize("name", ["build_model", "from_scratch"])
def test_a_script_prints_what_pytorch_prints(frozen, name):
    want = (frozen / "scripts" / f"{name}.txt").read_text("utf-8").splitlines()
    assert list(differences(printed(name), want, 1.5e-4)) == []


def test_the_first_100_losses_are_pytorchs(frozen):
    want = (frozen / "scripts" / "first_losses.txt").read_text("utf-8").splitlines()
    got = printed("first_losses")
    assert [line.split()[:2] for line in got] == [line.split()[:2] for line in want]
    ours, theirs = ([float(line.split()[2]) for line in lines] for lines in (got, want))
    assert len(ours) == 300
    assert ours == pytest.approx(theirs, rel=1e-5)
