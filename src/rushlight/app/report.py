"""What `rushlight train` shows: progress while it runs, a table of epochs, the report at the end.

On a terminal with `rich` installed the epoch in hand is a moving bar; anywhere else plain lines are
printed, a few per epoch, so that a log stays readable.
"""

import os
import sys
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from rushlight import Tensor
from rushlight.app.trainer import Row

SECONDS_BETWEEN_LINES = 10.0

HEAD = (
    f"{'epoch':>5} {'train loss':>11} {'accuracy':>9} {'valid loss':>11} {'accuracy':>9} "
    f"{'lr':>9} {'seconds':>8}"
)


def percent(share: float) -> str:
    """0.97543 -> '97.54 %'"""
    return f"{100 * share:.2f} %"


def line(row: Row, best: bool) -> str:
    """A row of the table under HEAD; the best so far is marked."""
    return (
        f"{row['epoch']:>5} {row['train_loss']:>11.4f} {percent(row['train_accuracy']):>9} "
        f"{row['valid_loss']:>11.4f} {percent(row['valid_accuracy']):>9} {row['lr']:>9.3g} "
        f"{row['seconds']:>8.2f}{'  best' if best else ''}"
    )


class Progress:
    """The Learner's watcher: use it as a context around `fit`."""

    def __init__(self, epochs: int, quiet: bool = False):
        self.epochs, self.quiet = epochs, quiet
        self.bar: Any = None
        self.task: Any = None
        self.mean = 0.0  # of the loss, over about the last twenty batches
        self.images = 0  # since `since`
        self.since = self.last_line = time.perf_counter()

    def __enter__(self) -> "Progress":
        if not self.quiet:
            self.bar = _rich_bar()
            if self.bar is not None:
                self.bar.start()
            print(HEAD, flush=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.bar is not None:
            self.bar.stop()

    def batch(self, epoch: int, done: int, batches: int, loss: float, images: int) -> None:
        first = done == 1 or self.images == 0
        now = time.perf_counter()
        if first:
            self.since, self.images, self.mean = now, 0, loss
        self.mean += 0.05 * (loss - self.mean)
        self.images += images
        if self.quiet:
            return
        rate = self.images / max(now - self.since, 1e-9)
        if self.bar is not None:
            if first:
                self.task = self.bar.add_task("", total=batches, loss=loss, rate=0.0)
            text = f"epoch {epoch}/{self.epochs}"
            self.bar.update(self.task, completed=done, description=text, loss=self.mean, rate=rate)
        elif now - self.last_line > SECONDS_BETWEEN_LINES:
            self.last_line = now
            print(
                f"      epoch {epoch}/{self.epochs}  batch {done}/{batches}  "
                f"loss {self.mean:.4f}  {rate:,.0f} images/s",
                flush=True,
            )

    def epoch(self, row: Row, best: bool) -> None:
        self.last_line, self.images = time.perf_counter(), 0
        if self.bar is not None and self.task is not None:
            self.bar.remove_task(self.task)
        if not self.quiet:
            print(line(row, best), flush=True)


def _rich_bar() -> Any:
    """A moving bar, or None where there is no terminal or no rich."""
    if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        return None
    try:
        from rich import progress
    except ImportError:
        return None
    return progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("loss {task.fields[loss]:.4f}  {task.fields[rate]:,.0f} images/s"),
        progress.TimeRemainingColumn(),
        transient=True,
    )


def confusion_table(confusion: Tensor, classes: Sequence[str]) -> list[str]:
    """Per class: how many, how many right, and what the others were taken for.

    `confusion` (K, K) counts images by (label, answer).
    """
    counts = confusion.tolist()
    width = max(5, *(len(name) for name in classes))
    lines = [f"  {'class':<{width}} {'images':>7} {'right':>9}  most often taken for"]
    for i, name in enumerate(classes):
        total = sum(counts[i])
        wrong = sorted(
            ((n, classes[j]) for j, n in enumerate(counts[i]) if j != i and n),
            key=lambda pair: -pair[0],
        )
        others = ", ".join(f"{other} ({n})" for n, other in wrong[:3])
        right = percent(counts[i][i] / total) if total else "-"
        lines.append(f"  {name:<{width}} {total:>7} {right:>9}  {others}".rstrip())
    return lines
