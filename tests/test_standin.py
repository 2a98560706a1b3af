"""`rushlight standin`: in an environment of its own, as a user would meet it."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import rushlight

SOURCES = Path(rushlight.__file__).parent.parent


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A virtual environment without pip, torch or anything; rushlight and NumPy by PYTHONPATH."""
    room = tmp_path_factory.mktemp("standin")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(room / "env")], check=True)
    (room / "numpy").mkdir()
    site = Path(np.__file__).parent.parent
    for name in ("numpy", "numpy.libs"):
        if (site / name).exists():
            (room / "numpy" / name).symlink_to(site / name)
    (room / "rushlight").mkdir()
    (room / "rushlight" / "rushlight").symlink_to(SOURCES / "rushlight")
    return room


@pytest.fixture
def python(environment, monkeypatch):
    """python(*words) -> (status, stdout, stderr) of that environment's Python."""
    monkeypatch.setenv("PYTHONPATH", f"{environment / 'numpy'}:{environment / 'rushlight'}")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "")

    def call(*words):
        done = subprocess.run(
            [str(environment / "env" / "bin" / "python"), *words],
            capture_output=True,
            text=True,
            cwd=environment,
            timeout=300,
        )
        return done.returncode, done.stdout, done.stderr

    yield call
    call("-m", "rushlight", "standin", "remove")


def site_packages(room):
    return next((room / "env" / "lib").glob("python*")) / "site-packages"


def everything(folder):
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


ASKS = """
import importlib.metadata, importlib.util, json
spec = importlib.util.find_spec("torch") is not None
import torch, torch.nn as nn, torchvision
from torch.utils.data import DataLoader
import rushlight
print(json.dumps([
    spec, torch is rushlight, torchvision is rushlight.vision, nn is rushlight.nn,
    DataLoader is rushlight.utils.data.DataLoader, torch.__version__,
    importlib.metadata.version("torch"), importlib.metadata.version("torchvision"),
    torch.__file__ == rushlight.__file__, importlib.util.find_spec("torch.nn") is not None,
]))
"""


def test_a_program_finds_torch_until_it_is_removed(environment, python):
    before = everything(site_packages(environment))
    assert python("-c", "import torch")[0] == 1
    status, out, err = python("-m", "rushlight", "standin", "install")
    assert status == 0, err
    assert "is rushlight" in out and "rushlight standin remove" in out
    status, out, err = python("-c", ASKS)
    version = "2.13.0+rushlight"
    expected = [True] * 5 + [version, version, "0.28.0+rushlight", True, True]
    assert json.loads(out) == expected, err
    assert python("-m", "rushlight", "standin", "status")[0] == 0
    assert python("-m", "rushlight", "standin", "remove")[1] == "removed: torch, torchvision\n"
    assert everything(site_packages(environment)) == before
    assert python("-m", "rushlight", "standin", "remove")[0] == 1
    assert python("-m", "rushlight", "standin", "status")[:2] == (
        1,
        "no torch here, nor a stand-in\n",
    )


def test_torchvision_first_and_workers(environment, python):
    python("-m", "rushlight", "standin", "install")
    script = environment / "spawned.py"
    script.write_text(
        textwrap.dedent(
            """
            from torchvision import transforms
            import multiprocessing
            def work(q):
                import torch
                q.put(float(torch.ones(3).sum()))
            if __name__ == "__main__":
                context = multiprocessing.get_context("spawn")
                q = context.Queue()
                p = context.Process(target=work, args=(q,))
                p.start(); print(q.get(), transforms.ToTensor.__name__); p.join()
            """
        )
    )
    _, out, err = python(str(script))
    assert out == "3.0 ToTensor\n", err


def test_every_file_is_on_record(environment, python):
    """So that pip and uv can take it away, too."""
    before = set(everything(site_packages(environment)))
    python("-m", "rushlight", "standin", "install", "--hide-from", "shy")
    folder = site_packages(environment)
    new = {p for p in set(everything(folder)) - before if (folder / p).is_file()}
    listed = set()
    for record in folder.glob("torch*-*.dist-info/RECORD"):
        listed |= {line.split(",")[0] for line in record.read_text().splitlines()}
    assert {p for p in new if "__pycache__" not in p} == listed


def test_packages_that_must_not_see_it(environment, python):
    python("-m", "rushlight", "standin", "install", "--hide-from", "shy,other")
    for name in ("shy", "bold"):
        folder = environment / name
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").write_text(
            "import importlib.util, importlib.metadata\n"
            "found = importlib.util.find_spec('torch') is not None\n"
            "try: version = importlib.metadata.version('torch')\n"
            "except importlib.metadata.PackageNotFoundError: version = None\n"
            "try:\n    import torch\nexcept ImportError: torch = None\n"
            "try:\n    from torch import nn\nexcept ImportError: nn = None\n"
        )
    for first in ("", "import torch; "):
        _, out, err = python(
            "-c",
            first + "import shy, bold; print(shy.found, shy.version, shy.torch, shy.nn); "
            "print(bold.found, bold.version, bold.torch.__spec__.name, bold.nn.__name__)",
        )
        assert out.splitlines() == [
            "False None None None",
            "True 2.13.0+rushlight rushlight rushlight.nn",
        ], err
    assert "hidden from: other, shy" in python("-m", "rushlight", "standin", "status")[1]
    python("-m", "rushlight", "standin", "install")
    assert "hidden" not in python("-m", "rushlight", "standin", "status")[1]


@pytest.mark.parametrize("name", ["torch", "torchvision"])
def test_it_refuses_beside_the_real_one(environment, python, name):
    real = site_packages(environment) / name
    real.mkdir()
    try:
        (real / "__init__.py").write_text("")
        status, out, err = python("-m", "rushlight", "standin", "install")
        assert (status, out) == (2, "")
        assert f"the real {name} is here" in err and f"pip uninstall {name}" in err
        assert len(err.splitlines()) == 2
    finally:
        (real / "__init__.py").unlink()
        real.rmdir()


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], "install|remove|status"),
        (["instal"], "invalid choice"),
        (["install", "--hide-from", "a b"], "is not the import name of a package"),
    ],
)
def test_mistakes_are_said_in_a_line(python, words, text):
    status, _, err = python("-m", "rushlight", "standin", *words)
    assert status == 2 and text in err and "Traceback" not in err


def test_run_answers_for_the_record():
    """`rushlight run` within its process."""
    code = (
        "import importlib.metadata as m, importlib.util as u, torch\n"
        "print(m.version('torch'), m.version('torchvision'), torch.__version__)\n"
        "print(u.find_spec('torch') is not None, m.version('numpy') > '2')\n"
        "print(torch.__name__, torch.fft.fft is torch.torch.fft.fft, hasattr(torch, 'nothing'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "rushlight", "run", "-c", code], capture_output=True, text=True
    )
    assert done.stdout.splitlines() == [
        "2.13.0+rushlight 0.28.0+rushlight 2.13.0+rushlight",
        "True True",
        "torch True False",
    ], done.stderr
