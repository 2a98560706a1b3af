"""The training loop of `rushlight train`: the public Learner (learner/loop.py), with what a run of
the command line adds.

Letters: N batch, K classes.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

import rushlight as rl
from rushlight import Tensor, learner, nn
from rushlight.app.errors import CliError, reason
from rushlight.learner import Stopped
from rushlight.utils.data import DataLoader

__all__ = ["COLUMNS", "Learner", "Meter", "Row", "Stopped", "Watcher", "save_atomically"]

Row = dict[str, float]  # one epoch of the history
Meter = learner.Meter

#: The columns of the history.
COLUMNS = (
    "epoch",
    "train_loss",
    "train_accuracy",
    "valid_loss",
    "valid_accuracy",
    "lr",
    "seconds",
)


class Watcher(Protocol):
    """What a Learner calls while it runs (the progress display of report.py)."""

    def batch(self, epoch: int, done: int, batches: int, loss: float, images: int) -> None: ...

    def epoch(self, row: Row, best: bool) -> None: ...

    def __enter__(self) -> Any: ...

    def __exit__(self, *error: Any) -> None: ...


def save_atomically(write: Callable[[Path], object], path: Path) -> None:
    """Calls `write` on a temporary file beside `path`, then renames it: whole, or not at all.

    CliError: it cannot be written
    """
    try:
        learner.write_whole(write, path)
    except OSError as error:
        text = reason(error, f"{path} cannot be written")
        raise CliError(text, status=1) from error


class Learner(learner.Learner):
    """A classifier in training.

    `out` is always a folder here. `settings` and `about` are plain data stored in the checkpoints:
    how to build this Learner again, and what its images and classes are. `watcher` is the first of
    its callbacks.
    """

    out: Path

    def __init__(
        self,
        model: nn.Module,
        optimizer: Any,
        train: DataLoader[Any],
        valid: DataLoader[Any],
        *,
        out: Path,
        settings: dict[str, Any],
        about: dict[str, Any],
        watcher: Watcher,
        **options: Any,
    ):
        notes = {"settings": settings, "data": about}
        super().__init__(model, optimizer, train, valid, out=out, notes=notes, **options)
        self.callbacks.insert(0, watcher)
        self.settings, self.about = settings, about
        self.outcome: dict[str, Any] = {}  # of the test images, at the end
        self.remarks: list[str] = []  # for the report, such as files that were left out

    @property
    def watcher(self) -> Any:
        """Who shows the progress."""
        return self.callbacks[0]

    @watcher.setter
    def watcher(self, watcher: Any) -> None:
        self.callbacks[0] = watcher

    def fit(self, epochs: int) -> list[Row]:
        """As Learner.fit. CliError: the loss is not finite"""
        try:
            return super().fit(epochs)
        except learner.Diverged as error:
            raise CliError(str(error).replace("smaller lr", "smaller --lr"), status=1) from None

    def evaluate(
        self,
        loader: Iterable[Any],
        each: Callable[[Tensor, Tensor], object] | None = None,
        confusion: Tensor | None = None,
    ) -> Meter:
        """Loss and accuracy over a loader.

        each       called with each batch's scores (N, K) and labels (N)
        confusion  (K, K), into which pairs (label, answer) are counted
        """

        def both(scores: Tensor, y: Tensor) -> None:
            scores, y = scores.cpu(), y.cpu()  # few numbers, counted where the counts are
            if each is not None:
                each(scores, y)
            if confusion is not None:
                pairs = y * len(confusion) + scores.argmax(1)  # (N)
                counts = rl.bincount(pairs, minlength=confusion.numel())
                confusion.add_(counts.reshape(confusion.shape))

        return super().evaluate(loader, both)

    def write(self, write: Callable[[Path], object], path: Path) -> None:
        """Calls `write` on a file that becomes `path` when it is whole."""
        save_atomically(write, path)
