"""The recipes of CONTRIBUTING.md, followed to the letter in a copy of the sources.

The first line of a block says where it goes:

    # a new file PATH
    # at the end of PATH              in C++: before the namespaces end
    # a row of TABLE in PATH          after the line that opens the table

Then the new thing is used, in a process of its own, without the native extension.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
SECTIONS = {
    part.partition("\n")[0]: re.findall(r"^```(?:python|cpp)\n(.*?)^```$", part, re.M | re.S)
    for part in TEXT.split("\n## ")[1:]
}
# the places that each recipe names, and the stubs that `make stubs` writes
PLACES = {
    "An op": ["src/rushlight/ops/activation.py", "src/rushlight/nn/functional.pyi"],
    "An op with a kernel": [
        "src/rushlight/ops/reduce.py",
        "src/rushlight/kernels/twin/norm.py",
        "native/bind_reduce.hpp",
        "native/bind.cpp",
        "src/rushlight/nn/functional.pyi",
    ],
    "A layer": ["src/rushlight/nn/activation.py", "src/rushlight/nn/__init__.pyi"],
    "An optimizer": [
        "src/rushlight/optim/lion.py",
        "src/rushlight/optim/__init__.py",
        "src/rushlight/optim/__init__.pyi",
        "tests/optim_cases.py",
    ],
    "A verb of the command line": ["src/rushlight/app/weigh.py", "src/rushlight/app/cli.py"],
}


def placed(block):
    """(kind, table, path, text) of a block."""
    first, _, text = block.partition("\n")
    found = re.fullmatch(r"(?:#|//) (a new file|at the end of|a row of (\w+) in) (\S+)", first)
    assert found, f"the block does not say where it goes: {first}"
    return found[1], found[2], found[3], text


class Copy:
    """A copy of the sources in which recipes are followed; of=: of another copy, with what Python
    has compiled there."""

    def __init__(self, folder, of=ROOT):
        self.folder = folder
        ignored = shutil.ignore_patterns("*.so", "frozen", *(["__pycache__"] if of is ROOT else []))
        for part in ("src", "tests", "tools", "native"):
            shutil.copytree(of / part, folder / part, ignore=ignored)
        (folder / "tests/frozen").symlink_to(ROOT / "tests/frozen")
        shutil.copy(ROOT / "pyproject.toml", folder)

    def follow(self, section):
        for block in SECTIONS[section]:
            kind, table, path, text = placed(block)
            file = self.folder / path
            if kind == "a new file":
                assert not file.exists()
                file.write_text(text, "utf-8")
                continue
            lines = file.read_text("utf-8").splitlines(keepends=True)
            if table:
                opened = [i for i, line in enumerate(lines) if opens(line, table)]
                assert len(opened) == 1, f"{path} has no table {table}"
                lines.insert(opened[0] + 1, text)
            elif file.suffix == ".py":
                lines.append("\n\n" + text)
            else:
                lines.insert(lines.index("}  // namespace\n"), text + "\n")
            file.write_text("".join(lines), "utf-8")

    def python(self, *arguments, status=0):
        """What a Python process in the copy prints."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(self.folder / "src"), "RUSHLIGHT_PURE": "1"},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def run(self, code):
        return self.python("-c", code)

    def tests(self, *words):
        """The words of pytest's last line, such as {"passed": 4}."""
        last = self.python("-m", "pytest", "-q", "-p", "no:cacheprovider", *words).splitlines()[-1]
        return {kind: int(n) for n, kind in re.findall(r"(\d+) (passed|failed|skipped)", last)}

    def changed(self):
        """Paths of files that are new or differ from those of the project."""
        for part in ("src", "tests", "tools", "native"):
            for path in sorted((self.folder / part).rglob("*")):
                inside = path.relative_to(self.folder)
                if path.is_dir() or "__pycache__" in path.parts or "frozen" in path.parts:
                    continue
                if (
                    not (ROOT / inside).exists()
                    or path.read_bytes() != (ROOT / inside).read_bytes()
                ):
                    yield str(inside)


def opens(line, table):
    return re.match(rf"(const \w+ )?{table}(\[\])?(: [^=]+)? = [\[{{(]$", line.rstrip()) is not None


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """A copy whose modules Python has compiled."""
    copy = Copy(tmp_path_factory.mktemp("compiled"))
    copy.python("tools/make_stubs.py")
    assert not [*copy.changed()], "make stubs"
    return copy.folder


@pytest.fixture
def copy(tmp_path, compiled):
    return Copy(tmp_path, compiled)


def stubs_and_places(copy, *sections):
    copy.python("tools/make_stubs.py")
    assert set(copy.changed()) == {path for section in sections for path in PLACES[section]}


def test_every_block_has_its_place():
    for section, places in PLACES.items():
        assert SECTIONS[section]
        assert {placed(block)[2] for block in SECTIONS[section]} <= set(places)
    assert not [s for s, blocks in SECTIONS.items() if blocks and s not in PLACES]


def test_an_op(copy):
    copy.follow("An op")
    copy.run("""
import inspect, warnings
import rushlight as torch
import rushlight.nn.functional as F
from rushlight.testing.gradcheck import gradcheck, gradgradcheck
x = torch.tensor([-1.5, 0.0, 1.5], dtype=torch.float64, requires_grad=True)
assert F.squareplus(x).tolist() == [0.5, 1.0, 2.0]
assert F.squareplus(input=x, b=0.0).tolist() == [0.0, 0.0, 1.5]
assert gradcheck(F.squareplus, (x + 1, 4.0)) and gradgradcheck(F.squareplus, (x + 1, 4.0))
assert type(F.squareplus(x).grad_fn).__name__ == "SquareplusBackward0"
y = torch.tensor([1.5])
assert F.squareplus(y, inplace=True) is y and y.item() == 2
assert F.squareplus_(y, 0.0) is y and y.item() == 2
assert F.squareplus(y.bfloat16()).dtype is torch.bfloat16
assert str(inspect.signature(F.squareplus)) == "(input, b=4.0, inplace=False)"
assert "Barron 2021" in inspect.getdoc(F.squareplus)
assert "squareplus" in dir(F) and not hasattr(torch, "squareplus")
for call, error in [
    (lambda: F.squareplus(torch.ones(2, dtype=torch.int64)), NotImplementedError),
    (lambda: F.squareplus(), TypeError), (lambda: F.squareplus([1.0]), TypeError),
    (lambda: F.squareplus(y, c=1), TypeError),
]:
    try:
        call()
    except error as e:
        assert "squareplus" in str(e), e
    else:
        raise AssertionError(error)
""")
    stubs_and_places(copy, "An op")
    stub = (copy.folder / "src/rushlight/nn/functional.pyi").read_text("utf-8")
    assert re.search(r"def squareplus\(input: Tensor, b: .*inplace: ", stub)
    assert "def squareplus_(" in stub
    found = copy.tests("tests/test_cards.py", "-k", "squareplus")
    assert found["passed"] >= 4 and "failed" not in found
    copy.tests("tests/test_examples.py", "tests/test_signatures.py", "-k", "activation or function")


def test_an_op_with_a_kernel(copy):
    copy.follow("An op with a kernel")
    copy.run("""
import rushlight as torch
import rushlight.nn.functional as F
x = torch.tensor([[3.0, 4.0], [1.0, 2.0]], requires_grad=True)
y = F.sum_squares(x)
assert y.tolist() == [[25.0], [5.0]]
y.sum().backward()
assert x.grad.tolist() == [[6.0, 8.0], [2.0, 4.0]]
assert F.sum_squares(x.bfloat16()).dtype is torch.bfloat16
""")
    found = copy.tests("tests/test_cards.py", "-k", "sum_squares")
    assert found["passed"] >= 4 and "failed" not in found
    stubs_and_places(copy, "An op with a kernel")


def test_the_kernel_compiles(copy):
    headers = [sysconfig.get_paths()["include"], np.get_include()]
    compiler = shutil.which("g++")
    if compiler is None or not Path(headers[0], "Python.h").exists():
        pytest.skip("no g++ here, or no headers of Python's")
    copy.follow("An op with a kernel")
    done = subprocess.run(
        [compiler, "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wno-psabi", "-Werror"]
        + ["-DNPY_NO_DEPRECATED_API=NPY_2_0_API_VERSION", "-DRL_ISA=baseline", "-Inative"]
        + [f"-isystem{path}" for path in headers]
        + ["native/bind.cpp"],
        cwd=copy.folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_a_layer(copy):
    copy.follow("An op")
    copy.follow("A layer")
    copy.run("""
import io, pickle
import rushlight as torch
from rushlight import nn
layer = nn.Squareplus(0.0)
assert repr(layer) == "Squareplus(b=0.0)" and repr(nn.Squareplus(inplace=True)) == (
    "Squareplus(b=4.0, inplace=True)"
)
assert layer(torch.tensor([-2.0, 3.0])).tolist() == [0.0, 3.0]
assert nn.modules.activation.Squareplus is nn.Squareplus and "Squareplus" in dir(nn)
net = nn.Sequential(nn.Linear(2, 2), nn.Squareplus(b=1.0))
file = io.BytesIO()
torch.save(net, file)
file.seek(0)
x = torch.ones(3, 2)
assert torch.load(file, weights_only=False)(x).tolist() == net(x).tolist()
net(x).sum().backward()
assert net[0].weight.grad is not None
""")
    stubs_and_places(copy, "An op", "A layer")
    stub = (copy.folder / "src/rushlight/nn/__init__.pyi").read_text("utf-8")
    assert "from .activation import Squareplus as Squareplus" in stub
    found = copy.tests("tests/test_layers.py", "-k", "Squareplus")
    assert found["passed"] >= 1 and "failed" not in found


def test_an_optimizer(copy):
    copy.follow("An optimizer")
    copy.run("""
import inspect
import rushlight as torch
from rushlight.app import train
assert "*, maximize: 'bool' = False" in str(inspect.signature(torch.optim.Lion))
assert train.OPTIMIZERS["lion"] == "Lion" and "Lion" in dir(torch.optim)
""")
    assert "lion" in copy.python("-m", "rushlight", "train", "--help")
    stubs_and_places(copy, "An optimizer")
    # two runs and their state, float64, resuming, the constructor
    assert copy.tests("tests/test_optim.py", "-k", "Lion") == {"passed": 5}


def test_a_wrong_optimizer_is_found_by_its_reference(copy):
    copy.follow("An optimizer")
    file = copy.folder / "src/rushlight/optim/lion.py"
    text = file.read_text("utf-8")
    assert "1 - beta2" in text
    file.write_text(text.replace("1 - beta2", "1 - beta1"), "utf-8")
    with pytest.raises(AssertionError, match="3 failed"):
        copy.tests("tests/test_optim.py", "-k", "Lion")


def test_a_verb(copy):
    copy.follow("A verb of the command line")
    assert "weigh     say how many bytes" in copy.python("-m", "rushlight", "--help")
    assert copy.python("-m", "rushlight", "weigh", "logistic") == "31,400 bytes\n"
    wrong = copy.python("-m", "rushlight", "weigh", "nothing.py:Net", status=2)
    assert wrong.startswith("rushlight weigh: ") and "Traceback" not in wrong
    stubs_and_places(copy, "A verb of the command line")
