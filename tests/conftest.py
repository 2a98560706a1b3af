"""What all tests share: the folder of frozen numbers, and kernels of both kinds.

Warnings are errors (pyproject.toml). `make test` runs the whole suite twice: as installed, and
with RUSHLIGHT_PURE=1; a test that covers both kinds of kernels by itself takes `kernels`.
"""

from pathlib import Path
from types import SimpleNamespace

import pytest

from rushlight import kernels as seam
from rushlight.kernels.twin import TWINS


def pytest_addoption(parser):
    parser.addoption(
        "--overwrite", action="store_true", help="write the golden texts anew instead of comparing"
    )


@pytest.fixture(scope="session")
def frozen() -> Path:
    """The folder of numbers and texts recorded from PyTorch; each names the script that made it."""
    return Path(__file__).parent / "frozen"


@pytest.fixture(params=["native", "pure"])
def kernels(request):
    """The array-level kernels by name, `kernels.softmax(x, 1)`: native, then the NumPy twins."""
    if request.param == "pure":
        return SimpleNamespace(**TWINS)
    if seam.native is None:
        pytest.skip("the native extension is not loaded")
    native = seam.native
    return SimpleNamespace(**{name: getattr(native, name) for name in native.KERNELS})
