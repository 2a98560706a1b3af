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
EXAMPLES += ["hubconf.py", "文件.py"]
# what is made when it is needed: pages of the site, files of a build
EXAMPLES += ["reference/index.md", "reference/app.md", "contributing.md"]
EXAMPLES += ["wheel.cmake"]  # an option of scikit-build-core
FOLDERS = ["src", "native", "tests", "tools", "docs", "bench", "examples"]
FILES = [
    *ROOT.glob("*.*"),
    *(p for folder in FOLDERS for p in (ROOT / folder).rglob("*") if p.is_file()),
]
# every end of a path, by which it may be named
KNOWN = {"/".join(parts[i:]) for p in FILES for parts in [p.parts] for i in range(len(parts))}


def prose(path):
    """(line, text) of a document, or of the comments and docstrings of a source file."""
    text = path.read_text("utf-8")
    if path.suffix == ".md":  # programs and transcripts name files of a user's
        parts = re.split(r"^(`{3,}[^`]*?^`{3,})", text, flags=re.M | re.S)
        parts[1::2] = ["\n" * code.count("\n") for code in parts[1::2]]
        yield from enumerate("".join(parts).splitlines(), 1)
    elif path.suffix == ".py":
        comments = [line for line in text.splitlines() if "#" in line and NAMED.search(line)]
        for token in tokenize.generate_tokens(io.StringIO(text if comments else "").readline):
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
            if name not in KNOWN and not name.endswith(tuple(EXAMPLES)):
                yield f"{path.relative_to(ROOT)}:{line}: {name}"


@pytest.mark.parametrize("folder", ["", *FOLDERS])
def test_named_files_exist(folder):
    kinds = {".md"} if folder == "" else {".md", ".py", ".cpp", ".hpp"}
    files = (ROOT / folder).rglob("*") if folder else ROOT.glob("*")
    texts = [p for p in sorted(files) if p.suffix in kinds and "scripts" not in p.parts]
    texts = [p for p in texts if p.name != "ecosystem.md"]  # names files of other packages
    assert texts
    assert "\n".join(name for path in texts for name in lost(path)) == ""


def test_what_counts_as_a_name():
    assert NAMED.findall("as `core/tape.py` and tools/x.hpp say") == ["core/tape.py", "tools/x.hpp"]
    assert NAMED.findall("*.py, {name}.py, x.python") == []


@pytest.mark.parametrize("folder", ["src", "tests", "tools", "native"])
def test_files_have_at_most_600_lines(folder):
    kinds = {".py", ".cpp", ".hpp"}
    files = [p for p in (ROOT / folder).rglob("*") if p.suffix in kinds]
    lengths = {str(p.relative_to(ROOT)): len(p.read_text("utf-8").splitlines()) for p in files}
    assert {path: n for path, n in lengths.items() if n > 600} == {}
