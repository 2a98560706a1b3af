"""Every link of the finished site: file and anchor are there; external ones by their form."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

KNOWN = ("href", "src", "data")
LOCAL = ("data", "mailto", "javascript")
HOST = re.compile(r"(?:[\w-]+\.)+[a-z]{2,}(?::\d+)?")


class _Page(HTMLParser):
    """The links and anchors of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[int, str]] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in KNOWN and value is not None and tag != "base":
                self.links.append((self.getpos()[0], value))
            elif name in ("id", "name") and value:
                self.anchors.add(value)


@cache
def read(path: Path) -> _Page:
    """A page, parsed once."""
    page = _Page()
    page.feed(path.read_text("utf-8"))
    return page


def target(page: Path, site: Path, link: str) -> Path:
    """The file that a relative link means."""
    path = unquote(urlsplit(link).path)
    found = page if not path else (site / path[1:] if path[0] == "/" else page.parent / path)
    found = found.resolve()
    return found / "index.html" if found.is_dir() or path.endswith("/") else found


def broken(site: Path) -> Iterator[str]:
    """A line for each link that leads nowhere."""
    site = site.resolve()
    for file in sorted(site.rglob("*.html")):
        where = file.relative_to(site).as_posix()
        if where == "404.html" or where.startswith("source/"):
            continue  # of any depth; sources link to themselves and the reference
        for line, link in read(file).links:
            parts = urlsplit(link)
            if parts.scheme in LOCAL:
                continue
            if parts.scheme or parts.netloc:
                if parts.scheme not in ("http", "https") or not HOST.fullmatch(parts.netloc):
                    yield f"{where}:{line}: {link} is no address"
                continue
            found = target(file, site, link)
            if not found.is_file():
                yield f"{where}:{line}: {link} is not there"
            elif parts.fragment and found.suffix == ".html":
                anchors = read(found).anchors
                if unquote(parts.fragment) not in anchors and parts.fragment != "__skip":
                    yield f"{where}:{line}: {link} has no such anchor"


if __name__ == "__main__":
    wrong = list(broken(Path(sys.argv[1])))
    print("\n".join(wrong) or "all links lead somewhere")
    sys.exit(bool(wrong))
