"""What `rushlight train` shows: progress while it runs, a table of epochs, the report at the end.

On a terminal with `rich` installed the current epoch is a moving bar; otherwise plain lines are
printed, a few per epoch, so that a log stays readable.
"""

import math
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from rushlight import Tensor
from rushlight.app.trainer import Row

SECONDS_BETWEEN_LINES = 10.0
ENDLESS = 10**6  # the width of a file


def percent(share: float) -> str:
    """0.97543 -> '97.54 %'"""
    return f"{100 * share:.2f} %"


#: Columns of the table: (title, width, text of a row).
COLUMNS: dict[str, tuple[str, int, Callable[[Row], str]]] = {
    "epoch": ("epoch", 5, lambda row: f"{row['epoch']:.0f}"),
    "train_loss": ("train loss", 11, lambda row: f"{row['train_loss']:.4f}"),
    "train_accuracy": ("accuracy", 9, lambda row: percent(row["train_accuracy"])),
    "train_error": ("error", 9, lambda row: f"{row['train_error']:.4f}"),
    "valid_loss": ("valid loss", 11, lambda row: f"{row['valid_loss']:.4f}"),
    "valid_accuracy": ("accuracy", 9, lambda row: percent(row["valid_accuracy"])),
    "valid_error": ("error", 9, lambda row: f"{row['valid_error']:.4f}"),
    "lr": ("lr", 9, lambda row: f"{row['lr']:.3g}"),
    "seconds": ("seconds", 8, lambda row: f"{row['seconds']:.2f}"),
}
OF_NUMBERS = (
    "train_error",
    "valid_error",
)  # in the place of accuracies, where numbers are predicted
# first, if too narrow
DROPPED = ("seconds", "lr", "train_accuracy", "train_error", "valid_loss", "train_loss")
BEST = "  best"


def columns(width: int, numbers: bool = False) -> list[str]:
    """The columns for which there is room."""
    left_out = [name.replace("error", "accuracy") if numbers else name for name in OF_NUMBERS]
    chosen = [name for name in COLUMNS if name not in left_out]
    for name in DROPPED:
        if sum(COLUMNS[c][1] + 1 for c in chosen) - 1 + len(BEST) <= width:
            break
        if name in chosen:
            chosen.remove(name)
    return chosen


def head(width: int = ENDLESS, numbers: bool = False) -> str:
    """The titles of the columns."""
    return " ".join(f"{COLUMNS[c][0]:>{COLUMNS[c][1]}}" for c in columns(width, numbers))


def line(row: Row, best: bool, width: int = ENDLESS) -> str:
    """A row of the table under `head`; the best so far is marked."""
    shown = columns(width, "valid_error" in row)
    cells = [f"{COLUMNS[c][2](row):>{COLUMNS[c][1]}}" for c in shown]
    return " ".join(cells) + (BEST if best else "")


def terminal_width() -> int:
    """The columns of the terminal that stdout is; ENDLESS where it is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else ENDLESS


class Progress:
    """The Learner's watcher: use it as a context around `fit`."""

    def __init__(self, epochs: int, quiet: bool = False, numbers: bool = False):
        self.epochs, self.quiet, self.numbers = epochs, quiet, numbers
        self.width = terminal_width()
        self.bar: Any = None
        self.task: Any = None
        self.mean = 0.0  # of the loss, over about the last twenty batches
        self.images = 0  # since `since`
        self.since = self.last_line = time.perf_counter()

    def __enter__(self) -> "Progress":
        if not self.quiet:
            self.bar = _rich_bar(self.width)
            if self.bar is not None:
                self.bar.start()
            print(head(self.width, self.numbers), flush=True)
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
            print(line(row, best, self.width), flush=True)


def _rich_bar(width: int) -> Any:
    """A moving bar of one line, or None where there is no terminal, no rich or no room."""
    if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb" or width < 40:
        return None
    try:
        from rich import progress
    except ImportError:
        return None
    loss, rate = "loss {task.fields[loss]:.4f}", "  {task.fields[rate]:,.0f} images/s"
    parts: list[Any] = [
        progress.TextColumn("{task.description}"),
        progress.MofNCompleteColumn(),
        progress.TextColumn(loss + rate if width >= 70 else loss),
    ]
    if width >= 90:
        parts.insert(1, progress.BarColumn(bar_width=min(40, width - 80)))
        parts.append(progress.TimeRemainingColumn())
    return progress.Progress(*parts, transient=True)


FEW_STEPS = 300  # that a network of small steps has hardly learnt by


def not_learnt(history: Sequence[Row], classes: int, lr: float, batches: int) -> list[str]:
    """A line for a run whose loss is no better than guessing's, ln K for K classes; else none.

    batches  of an epoch
    """
    guessing, loss = math.log(classes), min(history[-1]["train_loss"], history[-1]["valid_loss"])
    if classes < 2 or loss < 0.99 * guessing:
        return []
    rose = history[-1]["train_loss"] > history[0]["train_loss"]
    way = f"a smaller --lr (now {lr:g}): the loss rose" if rose else f"another --lr (now {lr:g})"
    steps = batches * len(history)
    if steps < FEW_STEPS and not rose:
        way = f"more than these {steps} steps, by --epochs or a smaller --batch-size; or {way}"
    return [
        f"nothing was learnt: the loss is {loss:.4g}, guessing among {classes} classes has "
        f"{guessing:.4g}",
        f"  fix: {way}",
    ]


def confusion_table(confusion: Tensor, classes: Sequence[str], things: str = "images") -> list[str]:
    """Per class: how many, how many right, and what the others were taken for.

    `confusion` (K, K) counts images, or other `things`, by (label, answer).
    """
    counts = confusion.tolist()
    width = max(5, *(len(name) for name in classes))
    lines = [f"  {'class':<{width}} {things:>7} {'right':>9}  most often taken for"]
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
