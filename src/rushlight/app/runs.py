"""`rushlight runs [FOLDER...]`: the runs of `rushlight train` in a table, best first.

A run is a folder with a last.pt. What is shown comes from its checkpoints and its report.txt.
"""

from __future__ import annotations

import csv
import json
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from rushlight.app import models, train
from rushlight.app.arguments import Parser
from rushlight.app.errors import CliError, say
from rushlight.app.pages import page, svg
from rushlight.app.pages.words import LANGUAGES, Words
from rushlight.app.report import percent

#: Column of the table -> (title, text of a value)
COLUMNS: dict[str, tuple[str, Any]] = {
    "run": ("run", str),
    "data": ("data", str),
    "model": ("model", str),
    "parameters": ("parameters", lambda n: f"{n:,}"),
    "optimizer": ("optimizer", str),
    "lr": ("lr", lambda x: f"{x:.3g}"),
    "batch_size": ("batch", str),
    "epochs": ("epochs", str),
    "valid_accuracy": ("valid", percent),
    "test_accuracy": ("test", percent),
    "seconds": ("seconds", lambda s: f"{s:.1f}"),
}
SORTS = ("valid_accuracy", "test_accuracy", "seconds", "parameters", "run")
CURVES = 12  # runs that are drawn side by side


def find(folders: Iterable[Path]) -> Iterator[Path]:
    """The runs in the folders and below them. CliError: a folder is absent."""
    for folder in folders:
        if not folder.is_dir():
            raise CliError(
                f"no folder {str(folder)!r} with runs in it\n"
                "  fix: `rushlight train` makes runs/; another folder is named behind `runs`"
            )
        for file in sorted(folder.rglob("last.pt")):
            yield file.parent


def describe(run: Path) -> dict[str, Any]:
    """A run as a row: COLUMNS, and its history. CliError: its last.pt cannot be read."""
    state = models.read_run(run / "last.pt")
    settings, history = state["settings"], state["history"]
    best = max((row.get("valid_accuracy", math.nan) for row in history), default=math.nan)
    plan = settings["epochs"]
    return {
        "run": str(run),
        "data": Path(settings["data"]).name,
        "model": settings["model"] + (f" x{settings['width']}" if settings.get("width") else ""),
        "parameters": sum(t.numel() for t in state["model"].values()),
        "optimizer": settings["optimizer"],
        "lr": settings["lr"],
        "batch_size": settings["batch_size"],
        "epochs": f"{len(history)}/{plan}" if len(history) < plan else str(plan),
        "valid_accuracy": best,
        "test_accuracy": _tested(run / "report.txt"),
        "seconds": sum(row["seconds"] for row in history),
        "settings": settings,
        "history": history,
    }


def _tested(report: Path) -> float:
    """The accuracy on the test images that a report says; nan without one."""
    if report.is_file():
        for line in report.read_text("utf-8").splitlines():
            if line.startswith("test accuracy "):
                return float(line.split()[2]) / 100
    return math.nan


def text(row: dict[str, Any], column: str) -> str:
    """A cell of the table."""
    value = row[column]
    return "-" if isinstance(value, float) and math.isnan(value) else COLUMNS[column][1](value)


def table(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The rows as lines for a terminal."""
    cells = [[COLUMNS[c][0] for c in COLUMNS], *([text(r, c) for c in COLUMNS] for r in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(COLUMNS))]
    left = [i for i, c in enumerate(COLUMNS) if c in ("run", "data", "model", "optimizer")]
    return [
        "  ".join(
            f"{v:<{w}}" if i in left else f"{v:>{w}}"
            for i, (v, w) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]


def runs_page(rows: Sequence[dict[str, Any]], lang: str = "en") -> str:
    """The table, and the curves of the first runs side by side on one scale."""
    words = Words(lang)
    head = [words(COLUMNS[c][0]) for c in COLUMNS]
    drawn = [row for row in rows if row["history"]][:CURVES]
    top = max((r["train_loss"] for row in drawn for r in row["history"]), default=1.0)
    charts = []
    for row in drawn:
        epochs = [r["epoch"] for r in row["history"]]
        parts = [
            svg.chart(
                words("loss"),
                [
                    svg.Curve(words("train"), epochs, _column(row, "train_loss"), "a"),
                    svg.Curve(words("valid"), epochs, _column(row, "valid_loss"), "b"),
                ],
                bounds=(0, top),
                x_name=words("epoch"),
            ),
            svg.chart(
                words("accuracy"),
                [
                    svg.Curve(words("train"), epochs, _column(row, "train_accuracy"), "a"),
                    svg.Curve(words("valid"), epochs, _column(row, "valid_accuracy"), "b"),
                ],
                axis=lambda y: f"{100 * y:.3g} %",
                bounds=(None, 1.0),
                x_name=words("epoch"),
            ),
        ]
        again = escape(train.again(train.DEFAULTS | row["settings"]))
        charts.append(
            f'<section><h2>{escape(row["run"])}</h2><div class="tiles">{"".join(parts)}</div>'
            f"<pre><code>{again}</code></pre></section>"
        )
    body = (
        f"<header><h1>{words('runs')}</h1></header>\n<section>"
        f"{page.table(head, [[text(r, c) for c in COLUMNS] for r in rows], right=range(3, 11))}"
        f"</section>\n{''.join(charts)}\n{page.footer(words)}"
    )
    return page.document(words("runs"), body, words)


def _column(row: dict[str, Any], name: str) -> list[float]:
    return [r.get(name, math.nan) for r in row["history"]]


def main(words: Sequence[str]) -> int:
    """Prints the table."""
    parser = Parser(
        prog="rushlight runs",
        usage="rushlight runs [FOLDER...] [--sort COLUMN] [--csv | --json] [--page FILE]",
        description="The runs of `rushlight train` in a table, best first.",
    )
    parser.add_argument("folders", type=Path, nargs="*", help="where to look (default: runs)")
    parser.add_argument("--sort", choices=SORTS, default=SORTS[0], help=f"default: {SORTS[0]}")
    parser.add_argument("--csv", action="store_true", help="print the table as CSV")
    parser.add_argument("--json", action="store_true", help="print one JSON object per run")
    parser.add_argument("--page", type=Path, metavar="FILE", help="also draw them side by side")
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="of the page (en)")
    options = parser.parse_args(words)
    if options.csv and options.json:
        raise CliError("--csv and --json exclude each other: leave one out")
    rows, status = [], 0
    for run in find(options.folders or [Path("runs")]):
        try:
            rows.append(describe(run))
        except (CliError, OSError) as error:
            say("runs", f"{run} is left out: {error}")
            status = 1
    if not rows:
        raise CliError("no runs there; `rushlight train` makes them in runs/")
    if options.sort == "run":
        rows.sort(key=lambda row: row["run"])
    else:
        sign = 1 if options.sort in ("seconds", "parameters") else -1
        rows.sort(key=lambda row: _last(sign * row[options.sort]))
    if options.page is not None:
        page.write(options.page, runs_page(rows, options.lang))
    if options.json:
        for row in rows:
            print(json.dumps({c: None if row[c] != row[c] else row[c] for c in COLUMNS}))
    elif options.csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([row[c] for c in COLUMNS] for row in rows)
    else:
        print("\n".join(table(rows)))
    return status


def _last(value: float) -> float:
    """What is not known stands last."""
    return math.inf if math.isnan(value) else value
