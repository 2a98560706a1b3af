"""Files that documents, comments and docstrings name are there; no file is too long."""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAMED = re.compile(r"(?<![\w.*/{}<>~-])((?:[\w-]+/)*[\w-]+\.(?:pyi?|cpp|hpp|md|npz|cmake|toml))\b")
# names of a user's files, in examples; and what the recipes of CONTRIBUTING.md create
EXAMPLES = "script.py mine.py file.py mine/net.py DIGITS.npz optim/lion.py app/weigh.py".split()
EXAMPLES += ["hubconf.py"]
FOLDERS = ["src", "native", "tests", "tools", "docs", "bench", "examples"]
FILES = [
    *ROOT.glob("*.*"),
    *(p for folder in FOLDERS for p in (ROOT / folder).rglob("*") if p.is_file()),
]
KNOWN = {"/" + str(p.relative_to(ROOT)) for p in FILES}


def prose(path):
    """(line, text) of a document, or of the comments and docstrings of a source file."""
    text = path.read_text("utf-8")
    if path.suffix == ".md":
        yield from enumerate(text.splitlines(), 1)
    elif path.suffix == ".py":
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
                if doc := ast.get_docstring(node, clean=False):
                    yield node.body[0].lineno, doc
    else:
        for i, line in enumerate(text.splitlines(), 1):
            yield i, line.partition("//")[2]


def lost(path):
    for line, text in prose(path):
        for name in NAMED.findall(text):
            if not any(known.endswith("/" + name) for known in KNOWN) and not name.endswith(
                tuple(EXAMPLES)
            ):
                yield f"{path.relative_to(ROOT)}:{line}: {name}"


@pytest.mark.parametrize("folder", ["", *FOLDERS])
def test_named_files_exist(folder):
    kinds = {".md"} if folder == "" else {".md", ".py", ".cpp", ".hpp"}
    files = (ROOT / folder).rglob("*") if folder else ROOT.glob("*")
    texts = [p for p in sorted(files) if p.suffix in kinds and "scripts" not in p.parts]
    texts = [p for p in texts if p.name != "ecosystem.md"]  # names files of other packages
    assert texts
    assert [name for path in texts for name in lost(path)] == []


def test_what_counts_as_a_name():
    assert NAMED.findall("as `core/tape.py` and tools/x.hpp say") == ["core/tape.py", "tools/x.hpp"]
    assert NAMED.findall("*.py, {name}.py, x.python") == []


@pytest.mark.parametrize("folder", ["src", "tests", "tools", "native"])
def test_files_have_at_most_600_lines(folder):
    kinds = {".py", ".cpp", ".hpp"}
    files = [p for p in (ROOT / folder).rglob("*") if p.suffix in kinds]
    lengths = {str(p.relative_to(ROOT)): len(p.read_text("utf-8").splitlines()) for p in files}
    assert {path: n for path, n in lengths.items() if n > 600} == {}
