"""What a Timer measured, and how it is described."""

from __future__ import annotations

import dataclasses
import textwrap
from collections import defaultdict
from collections.abc import Iterable
from math import ceil, floor, log10
from typing import Any

import numpy as np

_MAX_SIGNIFICANT_FIGURES = 4
_MIN_CONFIDENCE_INTERVAL = 25e-9  # seconds: a clock does not tell less
_WARN, _GROSS_WARN = 0.1, 0.25  # interquartile range / median


@dataclasses.dataclass(init=True, repr=False, eq=True, frozen=True)
class TaskSpec:
    """What was measured: the statement, and the words that a table shows for it."""

    stmt: str
    setup: str
    global_setup: str = ""
    label: str | None = None
    sub_label: str | None = None
    description: str | None = None
    env: str | None = None
    num_threads: int = 1

    @property
    def title(self) -> str:
        """label: sub_label; the statement without a label."""
        if self.label is not None:
            return self.label + (f": {self.sub_label}" if self.sub_label else "")
        if "\n" not in self.stmt:
            return self.stmt + (f": {self.sub_label}" if self.sub_label else "")
        text = f"stmt:{f' ({self.sub_label})' if self.sub_label else ''}\n"
        return text + textwrap.indent(self.stmt, "  ")

    def setup_str(self) -> str:
        """The set-up as `summarize` shows it; "" if there is none."""
        if self.setup == "pass" or not self.setup:
            return ""
        if "\n" in self.setup:
            return f"setup:\n{textwrap.indent(self.setup, '  ')}"
        return f"setup: {self.setup}"

    def summarize(self) -> str:
        """Title, description and set-up."""
        parts = [self.title, self.description or "", self.setup_str()]
        return "".join(
            part + "\n" if "\n" not in part else part + "\n\n" for part in parts if part
        )[:-1]


@dataclasses.dataclass(init=True, repr=False)
class Measurement:
    """Times of a task: `raw_times` of runs of `number_per_run` calls each, in seconds."""

    number_per_run: int
    raw_times: list[float]
    task_spec: TaskSpec
    metadata: dict[Any, Any] | None = None

    def __post_init__(self) -> None:
        self._sorted: tuple = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or "task_spec" not in self.__dict__:
            raise AttributeError(name)
        if name in ("stmt", "setup", "label", "sub_label", "description", "num_threads"):
            return getattr(self.task_spec, name)
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    @property
    def env(self) -> str:
        """The environment, "Unspecified env" if none was given."""
        env = self.task_spec.env
        return "Unspecified env" if env is None else env

    @property
    def as_row_name(self) -> str:
        """The name of its row in a table."""
        return self.sub_label or self.stmt or "[Unknown]"

    @property
    def title(self) -> str:
        """The task's title."""
        return self.task_spec.title

    @property
    def times(self) -> list[float]:
        """Seconds of one call, for each run."""
        return [t / self.number_per_run for t in self.raw_times]

    def _times(self) -> tuple:
        if not self.raw_times:
            raise ValueError("No results recorded.")
        return tuple(sorted(self.times))

    @property
    def median(self) -> float:
        """Seconds of one call, the median of the runs."""
        return float(np.median(self._times()))

    @property
    def mean(self) -> float:
        """Seconds of one call, on average."""
        return float(np.mean(self._times()))

    @property
    def iqr(self) -> float:
        """From the 25th to the 75th percentile, in seconds."""
        low, high = self._quartiles()
        return high - low

    def _quartiles(self) -> tuple[float, float]:
        low, high = np.quantile(self._times(), [0.25, 0.75])
        return float(low), float(high)

    @property
    def significant_figures(self) -> int:
        """How many digits of the median can be relied on, from the spread of its middle half."""
        times = self._times()
        n = len(times)
        middle = times[n // 4 : ceil(3 * n / 4)]
        interval = max(1.645 * float(np.std(middle)) / len(middle) ** 0.5, _MIN_CONFIDENCE_INTERVAL)
        digits = floor(log10(self.median / interval)) if self.median > 0 else 1
        return min(max(digits, 1), _MAX_SIGNIFICANT_FIGURES)

    @property
    def has_warnings(self) -> bool:
        """True if the times vary too much."""
        return not self.meets_confidence()

    def meets_confidence(self, threshold: float = _WARN) -> bool:
        """True if the interquartile range is below `threshold` of the median."""
        return self.iqr / self.median < threshold

    def __repr__(self) -> str:
        head = f"{object.__repr__(self)}\n{self.task_spec.summarize()}\n"
        n = len(self.raw_times)
        unit, scale = select_unit(self.median)
        lines = [f"  {'Median: ' if n > 1 else ''}{self.median / scale:.2f} {unit}"]
        if n >= 4:
            low, high = (q / scale for q in self._quartiles())
            lines.append(f"  IQR:    {self.iqr / scale:.2f} {unit} ({low:.2f} to {high:.2f})")
        lines.append(
            f"  {n} measurement{'s' if n > 1 else ''}, {self.number_per_run} runs "
            f"{'per measurement' if n > 1 else ''}, "
            f"{self.num_threads} thread{'s' if self.num_threads > 1 else ''}"
        )
        if not self.meets_confidence(_WARN):
            share = f"{self.iqr / self.median * 100:.1f}%"
            lines.append(f"  WARNING: Interquartile range is {share} of the median measurement.")
            strong = not self.meets_confidence(_GROSS_WARN)
            lines.append(
                "           This suggests significant environmental influence."
                if strong
                else "           This could indicate system fluctuation."
            )
        return head + "\n".join(lines)

    @staticmethod
    def merge(measurements: Iterable[Measurement]) -> list[Measurement]:
        """One Measurement for each task, with the times of all."""
        groups: dict[TaskSpec, list[Measurement]] = defaultdict(list)
        for m in measurements:
            groups[m.task_spec].append(m)

        def merged(spec: TaskSpec, group: list[Measurement]) -> Measurement:
            return Measurement(1, [t for m in group for t in m.times], spec, None)

        return [merged(spec, group) for spec, group in groups.items()]


def select_unit(t: float) -> tuple[str, float]:
    """(name, seconds) of the unit for a time: "ns", "us", "ms" or "s"."""
    for name, scale in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
        if t >= scale * (1 - 1e-9):
            return name, scale
    return "ns", 1e-9


def unit_to_english(u: str) -> str:
    """ "us" -> "microsecond" """
    return {"ns": "nanosecond", "us": "microsecond", "ms": "millisecond", "s": "second"}[u]


def trim_sigfig(x: float, n: int) -> float:
    """x rounded to n significant figures."""
    if x != int(x * 10**6) / 10**6 or x:
        scale = 10 ** (ceil(log10(abs(x))) - n)
        return float(round(x / scale) * scale)
    return 0.0


def ordered_unique(elements: Iterable[Any]) -> list[Any]:
    """The elements without repetitions, in order."""
    return list(dict.fromkeys(elements))
