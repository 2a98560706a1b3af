"""The figures of the tables in README.md, README.zh-CN.md and docs/performance.md, from
bench/results.json, which `make bench` writes, and bench/results-NAME.json of other machines.

A table is marked by the line `<!-- bench: COLUMNS -->` before it, COLUMNS in the order of its cells
after the first: `torch`, `rushlight`, `onnxruntime` (medians), `ratio` and `onnxruntime-ratio`
(theirs over ours), each with `@1` for one thread and with `NAME:` before it for another machine;
`goal` (at least, aim). A row's first cell is the
name of its workload; the Chinese tables have the English ones' workloads in their order. What was
not measured has an empty cell.

    python tools/make_bench_tables.py [--check]
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
#: page -> the page whose tables name its workloads
PAGES = {"README.md": "README.md", "README.zh-CN.md": "README.md"}
PAGES["docs/performance.md"] = "docs/performance.md"
_TABLE = re.compile(r"^<!-- bench: (.+) -->\n\n?(\|.*\n\|[-|: ]+\n)((?:\|.*\n)+)", re.M)

Rows = dict[tuple[str, str], dict[str, Any]]


def measured(value: float, unit: str) -> str:
    """A median with its unit: 0.32 us, 36.5 us, 1.89 ms, 23.2 s, 330 MB."""
    for factor, name in () if unit == "MB" else ((1e6, "s"), (1e3, "ms")):
        if value >= factor:
            value, unit = value / factor, name
            break
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:.{digits}f} {unit}"


def cell(
    column: str, name: str, machines: dict[str, Rows], goals: dict[str, tuple[float, float]]
) -> str:
    """What stands in one cell of the workload's row."""
    if column == "goal":
        return "{:g} ({:g})".format(*goals[name]) if name in goals else ""
    machine, _, key = column.rpartition(":")
    key, _, threads = key.partition("@")
    row = machines.get(machine, {}).get((name, threads or "default"), {})
    value = row.get(key.replace("-", " "))
    if value is None or value != value:
        return ""
    return f"{value:.2f}" if key.endswith("ratio") else measured(value, row["unit"])


def _cells(body: str) -> list[list[str]]:
    """The cells of a table's rows."""
    return [[c.strip() for c in line.strip("|").split("|")] for line in body.splitlines()]


def tables(text: str) -> Iterator[tuple[list[str], list[list[str]]]]:
    """(columns, the cells of each row) of every marked table."""
    for found in _TABLE.finditer(text):
        yield found[1].split(), _cells(found[3])


def page(name: str, machines: dict[str, Rows], goals: dict[str, tuple[float, float]]) -> str:
    """The page's text with the figures of the machines' records."""
    text, model = ((ROOT / p).read_text("utf-8") for p in (name, PAGES[name]))
    names = iter([[row[0] for row in cells] for _, cells in tables(model)])

    def filled(found: re.Match[str]) -> str:
        columns, workloads = found[1].split(), next(names)
        cells = _cells(found[3])
        if len(cells) != len(workloads):
            raise SystemExit(f"{name}: {len(cells)} rows where {PAGES[name]} has {len(workloads)}")
        body = "".join(
            f"| {own[0]} | " + " | ".join(cell(c, w, machines, goals) for c in columns) + " |\n"
            for own, w in zip(cells, workloads, strict=True)
        )
        return found[0].removesuffix(found[3]) + body

    return _TABLE.sub(filled, text)


def record(path: Path) -> Rows:
    """The rows of one machine's record, and what the libraries take on disk."""
    found = json.loads(path.read_text("utf-8"))
    rows: Rows = {(r["workload"], str(r["threads"])): r for r in found["rows"]}
    sizes = found["installed_bytes"]
    if not sizes["rushlight"]:  # measured in a checkout that is not installed
        return rows
    installed = {k: v / 1e6 for k, v in sizes.items()}
    installed |= {"ratio": sizes["torch"] / sizes["rushlight"], "unit": "MB"}
    rows["installed, with all core dependencies", "default"] = installed
    return rows


def pages(read_goals: Callable[[], dict[str, tuple[float, float]]]) -> dict[str, str]:
    """Every page with the figures of the records."""
    files = (ROOT / "bench").glob("results*.json")
    machines = {p.stem.removeprefix("results").removeprefix("-"): record(p) for p in files}
    goals = read_goals()
    return {name: page(name, machines, goals) for name in PAGES}


def _goals() -> dict[str, tuple[float, float]]:
    sys.path.insert(0, str(ROOT))
    from bench.__main__ import GOALS

    return GOALS


def main() -> int:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("--check", action="store_true", help="write nothing; 1 if a page would change")
    check = p.parse_args().check
    stale = 0
    for name, text in pages(_goals).items():
        if (ROOT / name).read_text("utf-8") != text:
            stale = 1
            print(f"{name}: " + ("figures are not the record's" if check else "written"))
            if not check:
                (ROOT / name).write_text(text, "utf-8")
    return stale if check else 0


if __name__ == "__main__":
    sys.exit(main())
