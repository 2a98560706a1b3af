"""The tutorials' blocks run; sessions of the command line show what they say. `make docs` calls this."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from docsite import blocks

PAGES = {
    p.relative_to(ROOT).as_posix(): blocks.blocks(p.read_text("utf-8"))
    for p in (*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs").rglob("*.md")))
}
TUTORIALS = [n for n in PAGES if "tutorials/" in n and not n.endswith("index.md")]
SESSIONS = [
    name
    for name, found in PAGES.items()
    if any(b.text.startswith("$ ") and not b.not_run for b in found if b.language == "console")
]


@pytest.mark.parametrize("page", TUTORIALS)
def test_a_tutorial(page):
    with blocks.empty_folder():
        for block, result in blocks.run(PAGES[page], page):
            assert blocks.complaint(block, result) == ""


def test_both_languages_have_the_same_code():
    def code(page):
        texts = [re.sub(r"\s*#.*", "", b.text) for b in PAGES[page] if b.language == "python"]
        return [re.sub(r'"[^"\n]*"', '""', text) for text in texts]

    pairs = [(n.replace("docs/", "docs/zh/", 1), n) for n in TUTORIALS if "/zh/" not in n]
    assert [n for zh, n in pairs if zh in PAGES and code(zh) != code(n)] == []


def steps(text):
    """[(command, what is shown under it)] of a session."""
    found = []
    for line in text.split("\n"):
        if line.startswith("$ "):
            found.append((line[2:].partition("  #")[0].strip(), []))
        else:
            found[-1][1].append(line)
    return [(command, "\n".join(shown).strip("\n")) for command, shown in found]


@pytest.mark.parametrize("page", SESSIONS)
def test_a_session(page, tmp_path):
    command = f"{sys.executable} -m rushlight"
    env = {**os.environ, "COLUMNS": "100"}
    wrong = []
    for block in PAGES[page]:
        if block.language != "console" or block.not_run or not block.text.startswith("$ "):
            continue
        for typed, shown in steps(block.text):
            line = re.sub(r"\brushlight(?= )", command, typed).replace("python ", f"{sys.executable} ", 1) if typed.startswith(("rushlight", "python ")) else typed
            done = subprocess.run(
                line, shell=True, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120
            )
            said = done.stdout + done.stderr
            if shown and (difference := blocks.unlike(said, shown)):
                wrong.append(f"{page}:{block.line}: $ {typed}\n{difference}")
            elif not shown and done.returncode:
                wrong.append(f"{page}:{block.line}: $ {typed}\n{said}")
    assert wrong == []
