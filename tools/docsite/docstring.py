"""A docstring of this package as Markdown: formula, rows, paragraphs, examples.

y = max(x, 0)                       the first paragraph

shape   x (*) -> y (*)              rows: a label, two spaces or more, text that may go on
errors  RuntimeError: bool          in lines that are indented

    m ← β₁ m + (1 - β₁) g           indented: as it stands

>>> torch.relu(tensor([-1.0]))      an example
"""

from __future__ import annotations

import inspect
import re
from html import escape

LABEL = re.compile(r"(?P<label>[\w.*]+(?:,? [\w.*]+){0,5})(?P<gap> {2,})(?P<text>\S.*)")
# rows that every page explains by the same words, whatever their case in the source
CONTRACT = ("shape", "shapes", "dtype", "errors", "grad", "source")


def paragraphs(doc: str | None) -> list[list[str]]:
    """The docstring's paragraphs, each a list of lines without the common indent."""
    lines = inspect.cleandoc(doc or "").split("\n")
    found: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            found[-1].append(line.rstrip())
        elif found[-1]:
            found.append([])
    return [p for p in found if p]


def rows(paragraph: list[str]) -> list[tuple[str, str]] | None:
    """[(label, text)] of a paragraph that is a table of them, else None."""
    found: list[list[str]] = []
    for line in paragraph:
        match = LABEL.fullmatch(line)
        if match:
            found.append([match["label"], match["text"]])
        elif found and line.startswith("  "):
            found[-1][1] += " " + line.strip()
        else:
            return None
    if len(found) == 1 and found[0][0] not in CONTRACT and not found[0][0].isidentifier():
        return None
    return [(label, text) for label, text in found]


def inline(text: str) -> str:
    """Text as HTML: `code` in backticks."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))


def summary(doc: str | None) -> str:
    """The first sentence, as it stands in a list of names."""
    first = paragraphs(doc)[:1]
    text = " ".join(line.strip() for line in first[0]) if first else ""
    if len(text) > 100:
        text = re.split(r"(?<=[\w)])[.;:] ", text, maxsplit=1)[0]
    return inline(re.sub(r" {2,}", "  ", text).rstrip(".:;"))


def markdown(doc: str | None) -> str:
    """The docstring as Markdown, with HTML for what Markdown would take apart."""
    out = []
    for i, paragraph in enumerate(paragraphs(doc)):
        table = rows(paragraph)
        if paragraph[0].lstrip().startswith(">>>"):
            code = "\n".join(inspect.cleandoc("\n".join(paragraph)).split("\n"))
            out.append(f"```pycon\n{code}\n```")
        elif table:
            body = "".join(
                f"<tr><th>{inline(label)}</th><td>{inline(text)}</td></tr>" for label, text in table
            )
            out.append(f'<table class="rows"><tbody>{body}</tbody></table>')
        elif all(line.startswith("    ") for line in paragraph) or aligned(paragraph):
            text = inspect.cleandoc("\n".join(paragraph))
            out.append(f'<pre class="formula">{escape(text, quote=False)}</pre>')
        else:
            kind = ' class="first"' if i == 0 else ""
            out.append(f"<p{kind}>{inline(' '.join(line.strip() for line in paragraph))}</p>")
    return "\n\n".join(out)


def aligned(paragraph: list[str]) -> bool:
    """True where several lines hold columns, which a paragraph would run together."""
    return len(paragraph) > 1 and sum("   " in line.strip() for line in paragraph) > 1
