"""The pages that explain errors: each program is run, and what stands under it is what comes."""

import re
import shlex
import sys
import traceback
import warnings
from pathlib import Path
from types import ModuleType

import pytest

from rushlight.app import cli
from rushlight.serialization import safe_globals

DOCS = Path(__file__).parent.parent / "docs"
PAGES = [DOCS / "errors.md", DOCS / "zh" / "errors.md"]
BLOCK = re.compile(r"^```(python|console)\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.M | re.S)
#: what Python since 3.12 adds to messages, for names of modules and of arguments
ADDED = re.compile(r"\.? Did you mean:? '\w+'\?$", re.M)
ERROR = re.compile(r"[A-Za-z_.]+(?:Error|Warning): ")


def plain(text):
    """Without what an editor takes away: spaces at the ends of lines, tabs."""
    return "\n".join(line.rstrip() for line in text.rstrip().expandtabs(4).split("\n"))


def program(code, names, capsys):
    """What a program prints, and the last lines of its traceback."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            exec(compile(code, "program.py", "exec"), names)
        message = ""
    except Exception as error:
        message = ADDED.sub("", "".join(traceback.format_exception_only(error)))
    return plain(capsys.readouterr().out + message)


def commands(block, capsys):
    """Commands of rushlight, each followed by what it says."""
    lines = []
    for line in block.split("\n"):
        if line.startswith("$ "):
            words = shlex.split(line[2:])
            assert words[0] == "rushlight", line
            assert cli.main(words[1:]) == 2, line
            said = capsys.readouterr()
            lines += [line, plain(said.out + said.err)]
    return "\n".join(lines)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_messages(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    main = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", main)
    errors = 0
    with safe_globals([]):  # the page's own are forgotten after it
        for kind, code, shown in BLOCK.findall(page.read_text("utf-8")):
            if kind == "console":
                assert commands(code, capsys) == plain(code)
            else:
                assert program(code, main.__dict__, capsys) == plain(shown), code
                errors += bool(ERROR.match(shown))
    assert errors >= 50
