"""Every small file that ever failed: it crashed, hung, or raised something else than it should.

A file that `tools/fuzz_files.py` finds is put into this folder; its suffix says which reader it is
for.
"""

from pathlib import Path

import pytest

import rushlight as torch
from rushlight.vision.datasets.folder import default_loader
from rushlight.vision.datasets.idx import read_idx

HERE = Path(__file__).parent
FILES = sorted(p.name for p in HERE.iterdir() if p.is_file() and p.suffix not in (".py", ".md"))
READERS = {".pt": torch.load, ".safetensors": torch.load_safetensors, ".idx": None, ".gz": None}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_once_failed(name):
    path = HERE / name
    reader = READERS.get(path.suffix, default_loader)
    with pytest.raises(torch.serialization.LoadError, match=name.partition(".")[0]):
        read_idx(path, 3) if reader is None else reader(path)
