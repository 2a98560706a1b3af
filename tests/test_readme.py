"""The Python blocks of the README and the examples run as they stand."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BLOCKS = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.M | re.S)
# those that `import torch` are run by test_examples_run.py; gpt_ddp.py by tests/xla
EXAMPLES = sorted(
    p
    for p in (ROOT / "examples").glob("*.py")
    if "\nimport rushlight as torch" in p.read_text("utf-8")
)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split("\n")[0])
def test_block(block):
    exec(compile(block, "README.md", "exec"), {"__name__": "__main__"})


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_example(path, capsys):
    runpy.run_path(str(path), run_name="__main__")
    assert capsys.readouterr().out


def test_the_readme_has_a_block():
    assert len(BLOCKS) >= 1 and len(EXAMPLES) >= 2
