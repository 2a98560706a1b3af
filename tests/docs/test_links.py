"""Links of the finished site are followed; names of pages in the text become links."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from docsite import links  # noqa: E402

PAGE = """<html><body><h1 id="top">A</h1>
<a href="{}">x</a>
</body></html>"""


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("b/", ""),
        ("b/#part", ""),
        ("#top", ""),
        ("/a.png", ""),
        ("https://arxiv.org/abs/1412.6980", ""),
        ("mailto:x@example.org", ""),
        ("c/", "is not there"),
        ("b/#other", "has no such anchor"),
        ("#other", "has no such anchor"),
        ("https:/arxiv.org", "is no address"),
        ("http://not a host/", "is no address"),
    ],
)
def test_a_link(tmp_path, link, said):
    links.read.cache_clear()
    (tmp_path / "b").mkdir()
    (tmp_path / "b/index.html").write_text('<p id="part">B</p>')
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "index.html").write_text(PAGE.replace("{}", link))
    wrong = list(links.broken(tmp_path))
    assert wrong == ([f"index.html:2: {link} {said}"] if said else [])


def test_names_of_pages_become_links():
    pytest.importorskip("mkdocs")
    from docsite.hooks import linked

    known = {"running.md", "files.md", "security.md", "zh/start.md"}
    text = "See `docs/running.md`, files.md and SECURITY.md.\n\n    docs/running.md\n\n`unknown.md`"
    assert linked(text, "start.md", known) == (
        "See [running](running.md), [files](files.md) and [security](security.md).\n\n"
        "    docs/running.md\n\n`unknown.md`"
    )
    assert linked("`running.md`", "zh/start.md", known) == "[running](../running.md)"
    assert linked("[text](docs/files.md)", "changelog.md", known) == "[text](files.md)"
    assert linked("`running.md`", "running.md", known) == "`running.md`"
