"""Figures of speed and size in the pages, and the command that made them.

    python tools/docsite/claims.py          the sections with figures and no command

A section (from one heading to the next) that says how long or how fast something is must name a
command: in itself, in a section above it that it belongs to, or before the page's first section.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FIGURE = re.compile(
    r"(?<![\w.^-])\d[\d.,]*(?: ?(?:/|->|,|to|and|against|beside) ?[\d.,]+)*"
    r" ?(?:us|µs|ms|ns|GFLOP/s|GB/s|images/s|CPU seconds)\b"
    r"|\b\d[\d.,]* (?:seconds|s)\b|\b\d[\d.]*(?: times| ?x) (?:faster|slower|PyTorch)"
)
COMMAND = re.compile(
    r"`(?:[A-Z_]+=\S+ )*(?:make [\w-]+|(?:python3? )?-m (?:bench|conformance)\b[^`]*|python3? [^`]*"
    r"|bench/[\w/]+\.py|tools/[\w/]+\.(?:py|sh)|pytest [^`]*|rushlight [^`]+|pip [^`]+)`"
    r"|^(?: {4}(?:\$ )?|\$ )(?:make|python|rushlight) .*$",
    re.M,
)


def sections(text: str) -> Iterator[tuple[int, int, str]]:
    """(line, level of its heading, text) of each section; level 0: before the first."""
    line, level, body, code = 1, 0, [], False
    for i, row in enumerate(text.split("\n"), 1):
        if row.lstrip().startswith("```"):
            code = not code
        heading = None if code else re.match(r"(#{1,6}) ", row)
        if heading:
            yield line, level, "\n".join(body)
            line, level, body = i, len(heading[1]), []
        body.append(row)
    yield line, level, "\n".join(body)


def without(text: str) -> list[tuple[int, str]]:
    """(line, first figure) of the sections whose figures name no command."""
    found, above = [], {}
    for line, level, body in sections(text):
        above = {at: has for at, has in above.items() if at < level}
        above[level] = bool(COMMAND.search(body))
        figure = FIGURE.search(re.sub(r"^```.*?^```|`[^`\n]*`", "", body, flags=re.M | re.S))
        if figure and not any(above.values()):
            found.append((line, figure[0]))
    return found


def pages() -> list[Path]:
    """README and docs/, but for the tutorials, whose outputs are made by the build."""
    return [
        p
        for p in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
        if "tutorials" not in p.parts
    ]


if __name__ == "__main__":
    bare = [(p, *at) for p in pages() for at in without(p.read_text("utf-8"))]
    for path, line, figure in bare:
        print(f"{path.relative_to(ROOT)}:{line}: {figure!r} and no command")
    sys.exit(bool(bare))
