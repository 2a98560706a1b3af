"""Compare: measurements side by side."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from math import ceil, log10

from .measurement import (
    Measurement,
    ordered_unique,
    select_unit,
    trim_sigfig,
    unit_to_english,
)

_BEST, _GOOD, _BAD, _VERY_BAD = "\033[92m", "\033[34m", "\033[2m\033[91m", "\033[31m"
_BOLD, _END = "\033[1m", "\033[0m"


class Colorize(enum.Enum):
    """Along what the best time is looked for."""

    NONE = "none"
    COLUMNWISE = "columnwise"
    ROWWISE = "rowwise"


class Compare:
    """A table for each label: rows by threads, environment and sub_label (or statement), columns by
    description; medians, all in the unit that suits the smallest."""

    def __init__(self, results: list[Measurement]):
        self._results: list[Measurement] = []
        self.extend_results(results)
        self._trim = self._warnings = False
        self._colorize = Colorize.NONE

    def __str__(self) -> str:
        groups: dict = {}
        for m in Measurement.merge(self._results):
            groups.setdefault(m.label, []).append(m)
        return "\n".join(self._layout(group) for group in groups.values())

    def extend_results(self, results: Iterable[Measurement]) -> None:
        """Add measurements."""
        for r in results:
            if not isinstance(r, Measurement):
                raise ValueError(f"Expected an instance of `Measurement`, got {type(r)} instead.")
        self._results.extend(results)

    def trim_significant_figures(self) -> None:
        """Show no digits that cannot be relied on."""
        self._trim = True

    def colorize(self, rowwise: bool = False) -> None:
        """Color the best and the worst of each column (of each row)."""
        self._colorize = Colorize.ROWWISE if rowwise else Colorize.COLUMNWISE

    def highlight_warnings(self) -> None:
        """Mark measurements that vary too much."""
        self._warnings = True

    def print(self) -> None:
        """Print the tables."""
        print(str(self))

    def _layout(self, group: list[Measurement]) -> str:
        unit, scale = select_unit(min(m.median for m in group))
        rows = ordered_unique((m.num_threads, m.task_spec.env, m.as_row_name) for m in group)
        rows.sort(key=lambda row: (row[0], row[1] or ""))
        names = ordered_unique(m.description for m in group)
        found = {(m.num_threads, m.task_spec.env, m.as_row_name, m.description): m for m in group}
        columns = [[found.get((*row, name)) for row in rows] for name in names]
        texts = [self._texts(column, scale) for column in columns]

        indent = max(len(env or "") for _, env, _ in rows) + 4
        heads = [f"{f'  ({env})' if env else '':<{indent}}  {name}" for _, env, name in rows]
        widths = [max(map(len, heads))]
        widths += [
            max(len(t) for t in [name or "", *column])
            for name, column in zip(names, texts, strict=True)
        ]
        title = [" " * widths[0]]
        title += [(name or "").center(w) for name, w in zip(names, widths[1:], strict=True)]
        lines = ["  |  ".join(title)]
        width = len(lines[0])
        best = self._best(rows, columns)
        threads = None
        for i, row in enumerate(rows):
            if row[0] != threads:
                threads = row[0]
                lines.append(f"{threads} threads: ".ljust(width, "-"))
            cells = [heads[i].ljust(widths[0])]
            for j, column in enumerate(columns):
                m = column[i]
                text = texts[j][i].center(widths[j + 1])
                cells.append(text if m is None else self._colored(text, m, best[i][j]))
            lines.append("  |  ".join(cells))
        label = group[0].label
        lines.insert(0, f"[{f' {label} ':-^{width - 2}}]")
        lines += ["", f"Times are in {unit_to_english(unit)}s ({unit})."]
        if self._warnings and any(m.has_warnings for m in group):
            lines.append(
                "(! XX%) Measurement has high variance, where XX is the IQR / median * 100."
            )
        return "\n".join(line for line in lines) + "\n"

    def _texts(self, column: list[Measurement | None], scale: float) -> list[str]:
        values = [(m, m.median / scale) for m in column if m is not None]
        digits = [ceil(log10(value)) for _, value in values]
        decimals = 1
        if self._trim:
            pairs = zip(values, digits, strict=True)
            decimals = min([1, *[max(m.significant_figures - d, 0) for (m, _), d in pairs]])
        width = max(digits) + decimals + (1 if decimals else 0)
        marked = self._warnings and any(m.has_warnings for m, _ in values)
        texts = []
        for m in column:
            if m is None:
                texts.append("")
                continue
            value = m.median / scale
            value = trim_sigfig(value, m.significant_figures) if self._trim else value
            text = f"{value:>{width}.{decimals}f}"
            if marked:
                note = f" (! {m.iqr / m.median * 100:.0f}%)" if m.has_warnings else ""
                text += f"{note:>7}"
            texts.append(text)
        return texts

    def _best(self, rows: list, columns: list) -> list[list[float]]:
        """For each cell the time that it is compared with."""
        if self._colorize is Colorize.ROWWISE:
            lowest = [min(m.median for m in row if m) for row in zip(*columns, strict=True)]
            return [[value] * len(columns) for value in lowest]
        groups: list[list[float]] = []
        for row in rows:
            same = [i for i, other in enumerate(rows) if other[0] == row[0]]
            groups.append([min([c[i].median for i in same if c[i]] or [0.0]) for c in columns])
        return groups

    def _colored(self, text: str, m: Measurement, best: float) -> str:
        if self._colorize is Colorize.NONE:
            return text
        value = m.median
        if value <= best * 1.01 or value <= best + 100e-9:
            return _BEST + _BOLD + text + _END * 2
        if value <= best * 1.1:
            return _GOOD + _BOLD + text + _END * 2
        if value >= best * 5:
            return _VERY_BAD + _BOLD + text + _END * 2
        if value >= best * 2:
            return _BAD + text + _END * 2
        return text


__all__ = ["Colorize", "Compare"]
