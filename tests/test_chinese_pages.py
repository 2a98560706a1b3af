"""The Chinese pages say what the English ones say: the same programs, commands and figures."""

import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
#: English page -> Chinese page
PAIRS = {ROOT / "README.md": ROOT / "README.zh-CN.md"} | {
    ROOT / "docs" / page.relative_to(ROOT / "docs" / "zh"): page
    for page in sorted((ROOT / "docs" / "zh").rglob("*.md"))
    if page.name not in ("index.md", "glossary.md")
}
PAIRED = [pytest.param(a, b, id=str(b.relative_to(ROOT))) for a, b in PAIRS.items()]


def programs(page):
    """The Python blocks of a page, without comments, which are written in its language."""
    for code in re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.M | re.S):
        tokens = tokenize.generate_tokens(io.StringIO(code).readline)
        yield [t.string for t in tokens if t.type not in (tokenize.COMMENT, tokenize.NL)]


def commands(page):
    """The commands of a page, without the option that asks for Chinese and without comments."""
    lines = re.findall(r"^(?:\$ |    (?=rushlight |make ))(.*)", page.read_text("utf-8"), re.M)
    return [line.split("#")[0].replace(" --lang zh", "").strip() for line in lines]


def figures(page):
    """The cells of a page's tables that are measurements, row by row."""
    rows = re.findall(r"^\|.*", page.read_text("utf-8"), re.M)
    number = re.compile(r"[\d.,]+( (us|ms|s|MB|%))?")
    cells = ([cell.strip() for cell in row.split("|")] for row in rows)
    return list(filter(None, ([c for c in row if number.fullmatch(c)] for row in cells)))


def test_every_page_has_its_pair():
    assert [str(a) for a in PAIRS if not a.exists()] == []


@pytest.mark.parametrize("english, chinese", PAIRED)
def test_programs(english, chinese):
    assert list(programs(chinese)) == list(programs(english))


@pytest.mark.parametrize("english, chinese", PAIRED)
def test_commands(english, chinese):
    assert commands(chinese) == commands(english)


@pytest.mark.parametrize("english, chinese", PAIRED)
def test_figures(english, chinese):
    assert figures(chinese) == figures(english)


@pytest.mark.parametrize("english, chinese", PAIRED)
def test_links(english, chinese):
    targets = re.findall(r"\]\((?!https?:)([^)#]+\.md)", chinese.read_text("utf-8"))
    assert [t for t in targets if not (chinese.parent / t).exists()] == []
