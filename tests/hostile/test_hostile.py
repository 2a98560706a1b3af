"""Every hostile file is refused: with one family of errors, its name, in bounded time and memory.

Each is read in a child that may use 200 MB more than it has and two seconds of processor time,
under an audit hook that ends it if anything is executed.
"""

import io
import mmap  # noqa: F401  what `load` imports when it needs it: an import executes a module
import pickletools  # noqa: F401

import pytest

import rushlight as torch

from . import files
from .sandbox import child

torch.load(io.BytesIO(files.zipped(files.RECORDS)), weights_only=False)
assert torch.nn.Module


@pytest.mark.parametrize("weights_only", [True, False])
@pytest.mark.parametrize("name", files.FILES)
def test_hostile_file(name, weights_only, tmp_path):
    if not weights_only and name in STAND_INS:
        return
    suffix, data = files.FILES[name]
    path = tmp_path / f"{name}{suffix}"
    path.write_bytes(data)
    kinds, text = child(lambda: torch.load(path, weights_only=weights_only))
    assert "torch.serialization.LoadError" in kinds.split(), (kinds, text)
    assert path.name in text


# With weights_only=False, names of foreign libraries are inert stand-ins: nothing wrong with them.
STAND_INS = ("numpy_runstring", "torch_load", "torch_hub", "torch_jit")


@pytest.mark.parametrize("name", files.SAFETENSORS)
def test_hostile_safetensors(name, tmp_path):
    path = tmp_path / f"{name}.safetensors"
    path.write_bytes(files.SAFETENSORS[name])
    kinds, text = child(lambda: torch.load_safetensors(path))
    assert "torch.serialization.LoadError" in kinds.split(), (kinds, text)
    assert "builtins.ValueError" in kinds.split() and path.name in text


def test_the_helpers_make_good_files():
    good = torch.tensor([[0.0, 1, 2], [3, 4, 5]])
    for data in (
        files.archive(files.tensor() + b".", files.SIX),
        files.zipped(files.RECORDS),
        files.legacy(files.tensor() + b"."),
        files._zip64(True),
        files._zip64(False),
    ):
        assert torch.equal(torch.load(io.BytesIO(data)), good)
