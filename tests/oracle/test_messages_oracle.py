"""The mistakes of tests/test_messages.py, made with PyTorch: the same first lines."""

from pathlib import Path

import pytest

pytest.importorskip("torch")

SOURCE = Path(__file__).parent.parent / "test_messages.py"
TEXT = SOURCE.read_text("utf-8").replace("import rushlight as torch", "import torch")
theirs = {"__name__": "test_messages_with_pytorch"}
exec(compile(TEXT.replace("from rushlight", "from torch"), str(SOURCE), "exec"), theirs)
MISTAKES = theirs["MISTAKES"]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_pytorch_says_the_same_first(mistake):
    run, kind, first, _ = MISTAKES[mistake]
    with pytest.raises(kind) as caught:
        run()
    assert str(caught.value).split("\n")[0] == first
