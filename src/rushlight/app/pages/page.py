"""The frame of a page: one HTML file with its style, and the parts that all pages share."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from rushlight.app.pages.words import Words
from rushlight.version import RUSHLIGHT

STYLE = (Path(__file__).parent / "style.css").read_text("utf-8")

#: The page asks for itself again and puts the new content in its place.
REFRESH = (Path(__file__).parent / "refresh.js").read_text("utf-8")


def document(
    title: str, body: str, words: Words, live: bool = False, made: str = "", gone: str = ""
) -> str:
    """The whole file. `live`: it brings itself up to date; `gone` is said when nobody answers."""
    script, refresh, policy, state = "", "", "", ""
    if live:
        script = f"<script>{REFRESH}</script>"
        refresh = '<noscript><meta http-equiv="refresh" content="3"></noscript>'
        policy = ";script-src 'unsafe-inline';connect-src 'self'"
        state = f' data-live="1" data-gone="{escape(gone)}"'
    return (
        f'<!DOCTYPE html>\n<html lang="{words.code}">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(title)}</title>\n"
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\';img-src data:;'
        f"style-src 'unsafe-inline'{policy}\">\n"
        f'<meta name="generator" content="rushlight {RUSHLIGHT}">\n'
        f'<link rel="icon" href="data:,">\n{refresh}<style>{STYLE}</style>\n{script}</head>\n'
        f'<body>\n<main data-made="{escape(made)}"{state}>\n{body}\n</main>\n</body>\n</html>\n'
    )


def framed(page: str, height: int = 760) -> str:
    """A page as part of another, for a notebook's _repr_html_."""
    return (
        f'<iframe srcdoc="{escape(page)}" style="width:100%;height:{height}px;border:1px solid '
        '#8886;border-radius:8px" loading="lazy"></iframe>'
    )


def facts(pairs: Iterable[tuple[str, str]], main: bool = False) -> str:
    """A row of numbers with their names; the first one large if `main`."""
    parts = [
        f'<div class="fact{" main" if main and i == 0 else ""}"><b>{escape(value)}</b>'
        f"{escape(name)}</div>"
        for i, (name, value) in enumerate(pairs)
    ]
    return f'<div class="facts">{"".join(parts)}</div>'


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[Any]],
    code: Sequence[int] = (),
    right: Sequence[int] = (),
    style: str = "",
) -> str:
    """A table: numbers and the columns of `right` to the right, those of `code` as code."""
    kept = [list(row) for row in rows]
    numeric = [
        i in right or {type(row[i]) for row in kept if row[i] != ""} == {int}
        for i in range(len(head))
    ]

    def cell(kind: str, i: int, value: Any) -> str:
        style = "n" if numeric[i] else "code" if i in code and kind == "td" else ""
        text = f"{value:,}" if isinstance(value, int) else str(value)
        return f"<{kind}{f' class={style}' if style else ''}>{escape(text)}</{kind}>"

    lines = [f"<tr>{''.join(cell('th', i, name) for i, name in enumerate(head))}</tr>"]
    lines += [f"<tr>{''.join(cell('td', i, v) for i, v in enumerate(row))}</tr>" for row in kept]
    return f'<div class="scroll"><table class="{style}">{"".join(lines)}</table></div>'


def footer(words: Words, *parts: str) -> str:
    """The last line of a page."""
    made = words("made by rushlight {version}", version=RUSHLIGHT)
    return f"<footer>{' · '.join(escape(part) for part in (made, *parts) if part)}</footer>"


def write(path: Path, page: str) -> None:
    """The file, whole or not at all."""
    from rushlight.app.trainer import save_atomically

    save_atomically(lambda part: part.write_text(page, encoding="utf-8"), path)
