"""mypy and pyright on two pages: training.py is right, wrong.py is wrong where it says so.

Run by `make lint`. The type checkers read the sources and stubs; rushlight is not imported.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
# the values of a case, as tests/op_cases.py has them
HEAD = """from math import inf
import math
from typing import Any
import rushlight as torch
import rushlight.nn.functional as F
from rushlight import Tensor, nn
grads: Any
def case(x: Tensor, y: Tensor, i: Tensor, v: Tensor, n: Tensor, m: Tensor, z: Tensor) -> None:
"""
SOURCES = HERE.parents[1] / "src"


def mypy(page, tmp_path):
    """{line: what mypy says}."""
    config = tmp_path / "mypy.ini"
    config.write_text("[mypy]\nfollow_imports = silent\ncheck_untyped_defs = True\n")
    command = [sys.executable, "-m", "mypy", "--config-file", config, "--no-error-summary"]
    command += ["--cache-dir", tmp_path / "cache", "--hide-error-context", page]
    run = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"MYPYPATH": str(SOURCES)}
    )
    assert run.stderr == ""
    found = {}
    for line in run.stdout.splitlines():
        path, number, kind, text = re.fullmatch(r"(.*?):(\d+): (\w+): (.*)", line).groups()
        assert Path(path).name == page.name, line
        if kind == "error":
            found.setdefault(int(number), text)
    return found


def pyright(page, tmp_path):
    """{line: what pyright says}."""
    (tmp_path / page.name).write_text(page.read_text("utf-8"), "utf-8")
    config = {"include": [page.name], "extraPaths": [str(SOURCES)], "pythonVersion": "3.11"}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(config))
    command = [sys.executable, "-m", "pyright", "--outputjson", "-p", tmp_path]
    command += ["--pythonpath", sys.executable]
    run = subprocess.run(command, capture_output=True, text=True)
    report = json.loads(run.stdout)
    assert report["summary"]["filesAnalyzed"] == 1
    found = {}
    for d in report["generalDiagnostics"]:
        if d["severity"] == "error":
            found.setdefault(d["range"]["start"]["line"] + 1, d["message"])
    return found


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_a_page_of_training_code_is_right(checker, tmp_path):
    assert checker(HERE / "training.py", tmp_path) == {}


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_planted_mistakes_are_found(checker, tmp_path):
    page = HERE / "wrong.py"
    lines = enumerate(page.read_text("utf-8").splitlines(), 1)
    planted = {i for i, line in lines if line.endswith("# wrong")}
    assert set(checker(page, tmp_path)) == planted


# one-line programs about odd calls, in which several statements stand for one
PROGRAMS = ("faults",)


# a module of names that begin with _; the form of torch.lstm for packed sequences, by position
NOT_IN_STUBS = ("torch._VF", "torch.lstm(torch.ones(5, 4)")


def test_the_cases_of_the_suite_are_right(tmp_path):
    """Every call of tests/cases that PyTorch does not refuse."""
    frozen = json.loads((HERE.parent / "frozen" / "ops.json").read_text("utf-8"))
    page = tmp_path / "page" / "cases.py"
    page.parent.mkdir()
    lines = []
    for name, family in frozen.items():
        for code, result in family.items() if name not in PROGRAMS else ():
            if isinstance(result, dict) and "error" in result:
                continue
            if any(part in code for part in NOT_IN_STUBS):
                continue
            made, arrow, given = code.partition(" <- ")
            code = f"({made})({given})" if arrow else code
            lines.append(f"    {code if 'r = ' in code else f'r = {code}'}")
    assert len(lines) > 500
    page.write_text(HEAD + "\n".join(lines) + "\n", "utf-8")
    start = HEAD.count("\n") + 1
    found = {lines[i - start]: text for i, text in pyright(page, tmp_path).items()}
    assert not found, "\n".join(f"{line[-90:]}: {text}" for line, text in found.items())
