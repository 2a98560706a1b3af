"""What all tests share: the folder of frozen numbers, and kernels of both kinds.

Warnings are errors (pyproject.toml). `make test` runs the whole suite twice: as installed, and
with RUSHLIGHT_PURE=1; a test that covers both kinds of kernels by itself takes `kernels`.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from rushlight import kernels as seam
from rushlight.kernels.twin import TWINS

if os.environ.get("RUSHLIGHT_TEST_DEVICE"):  # the suite on another device, see on_device.py
    sys.path.insert(0, str(Path(__file__).parent / "xla"))
    pytest_plugins = ["on_device"]

# a shell starts what runs in the background with Ctrl-C ignored, and children inherit that
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser):
    parser.addoption(
        "--overwrite", action="store_true", help="write the golden texts anew instead of comparing"
    )


@pytest.fixture(scope="session")
def frozen() -> Path:
    """The folder of numbers and texts recorded from PyTorch; each names the script that made it."""
    return Path(__file__).parent / "frozen"


@pytest.fixture
def two_threads():
    """The native kernels on two threads, as on a machine that has processors enough for more."""
    before = seam.native.get_num_threads()
    seam.native.set_processors(128)
    seam.native.set_num_threads(2)
    yield
    seam.native.set_processors(0)
    seam.native.set_num_threads(before)


@pytest.fixture
def in_python():
    """in_python(code, NAME=value) -> what a Python of its own prints, with these variables set."""

    def run(code: str, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


# imports the package once, then runs each text that comes in on a fork of itself
FORKS = """
import json, os, sys, traceback
import rushlight, rushlight.nn.functional
for line in sys.stdin:
    r, w = os.pipe()
    pid = os.fork()
    if not pid:
        os.dup2(w, 1)
        os.dup2(w, 2)
        try:
            exec(compile(json.loads(line), "<fresh>", "exec"), {"__name__": "__main__"})
            status = 0
        except BaseException:
            traceback.print_exc()
            status = 1
        sys.stdout.flush()
        os._exit(status)
    os.close(w)
    with open(r) as printed:
        text = printed.read()
    print(json.dumps([os.waitpid(pid, 0)[1], text]), flush=True)
"""


@pytest.fixture(scope="session")
def fresh():
    """fresh(code) -> the lines that it prints, in a process to which nothing was done but to import
    rushlight. A start costs 0.3 s; here all of a session share one. AssertionError: it raised.
    """
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", FORKS], stdin=pipe, stdout=pipe, text=True) as run:

        def call(code):
            run.stdin.write(json.dumps(code) + "\n")
            run.stdin.flush()
            status, text = json.loads(run.stdout.readline())
            assert status == 0, text
            return text.splitlines()

        yield call
        run.stdin.close()


@pytest.fixture(params=["native", "pure"])
def kernels(request):
    """The array-level kernels by name, `kernels.softmax(x, 1)`: native, then the NumPy twins."""
    if request.param == "pure":
        return SimpleNamespace(**TWINS)
    if seam.native is None:
        pytest.skip("the native extension is not loaded")
    native = seam.native
    return SimpleNamespace(**{name: getattr(native, name) for name in native.KERNELS})
