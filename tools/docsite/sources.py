"""The package's sources as pages of the site: the reference points at their lines."""

from __future__ import annotations

import ast
import sys
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

import rushlight

PARENT = Path(rushlight.__file__).resolve().parents[1]  # of the package: src/, or site-packages
USED: set[str] = set()  # paths that a page of this build points at
STYLE = """
body { margin: 0 auto; max-width: 64rem; padding: 1rem; font: 14px/1.5 ui-monospace, monospace;
  background: #fff; color: #1b1f24 }
h1 { font-size: 1rem } a { color: inherit } pre { overflow-x: auto }
.linenos { color: #8c959f; padding-right: 1em; user-select: none }
span:target { background: #ffd54f66 }
@media (prefers-color-scheme: dark) { body { background: #1e2129; color: #d7dae0 } }
"""


def place(thing: Any) -> tuple[str, int] | None:
    """(path, line) of a definition within the package, or None."""
    home = sys.modules.get(getattr(thing, "__module__", None) or "")
    code = getattr(thing, "__code__", None)
    file = code.co_filename if code is not None else getattr(home, "__file__", None)
    try:
        path = Path(file or "").resolve()
        short = path.relative_to(PARENT).as_posix()
        line = code.co_firstlineno if code is not None else classes(path)[thing.__qualname__]
    except (OSError, TypeError, ValueError, KeyError, AttributeError):
        return None
    USED.add(short)
    return short, line


@cache
def classes(path: Path) -> dict[str, int]:
    """qualified name -> line of every class of a file."""
    found = {}

    def walk(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ClassDef):
                found[prefix + child.name] = min(
                    [child.lineno, *(d.lineno for d in child.decorator_list)]
                )
                walk(child, f"{prefix}{child.name}.")
            elif not isinstance(child, ast.FunctionDef):
                walk(child, prefix)

    walk(ast.parse(path.read_text("utf-8")), "")
    return found


def url(path: str) -> str:
    """Where the page of a source is, from the site's root."""
    return f"source/{path}.html"


def write(site: Path) -> int:
    """Write the pages of all sources that were pointed at; how many."""
    light = HtmlFormatter(
        style="default", linenos="inline", lineanchors="L", anchorlinenos=True, wrapcode=True
    )
    dark = HtmlFormatter(style="github-dark")
    colours = light.get_style_defs(".highlight") + (
        "@media (prefers-color-scheme: dark) {" + dark.get_style_defs(".highlight") + "}"
    )
    # the reference points at #L-12; Pygments makes <a id="L-12">
    folder = site / "source"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "source.css").write_text(STYLE + colours, "utf-8")
    for path in sorted(USED):
        file = folder / f"{path}.html"
        file.parent.mkdir(parents=True, exist_ok=True)
        code = highlight((PARENT / path).read_text("utf-8"), PythonLexer(), light)
        up = "../" * path.count("/")
        file.write_text(
            f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width,initial-scale=1">'
            f"<title>{escape(path)}</title>"
            f'<link rel="stylesheet" href="{up}source.css"></head><body>'
            f'<h1><a href="{up}../reference/">reference</a> · {escape(path)}</h1>{code}'
            "</body></html>\n",
            "utf-8",
        )
    return len(USED)
