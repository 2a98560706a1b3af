"""Tutorials run; sessions of the command line print what they show. `make docs` calls this."""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from docsite import blocks  # noqa: E402

PAGES = {
    p.relative_to(ROOT).as_posix(): blocks.blocks(p.read_text("utf-8"))
    for p in (*sorted(ROOT.glob("README*.md")), *sorted((ROOT / "docs").rglob("*.md")))
}
TUTORIALS = [n for n in PAGES if "tutorials/" in n and not n.endswith("index.md")]
SESSIONS = [
    name
    for name, found in PAGES.items()
    if any(b.session and not b.not_run for b in found) and "errors.md" not in name
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


@pytest.mark.parametrize("page", SESSIONS)
def test_a_page_with_sessions(page):
    with blocks.empty_folder():
        wrong = [
            f"{page}:{block.line}: {said}"
            for block, result in blocks.run(PAGES[page], page)
            if (said := blocks.complaint(block, result))
        ]
    assert wrong == []
