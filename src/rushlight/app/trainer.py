"""The training loop of `rushlight train`, which can be stopped and resumed anywhere.

A `Learner` holds the whole state of a run; `state_dict` converts it to plain data and tensors,
`load_state_dict` restores it, and the run then continues with the same numbers as one that was
never stopped, in the middle of an epoch too: the loader's position and the random generators are
saved.

Letters: N batch, K classes.
"""

import math
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import rushlight as rl
from rushlight import Tensor, nn
from rushlight.app.errors import CliError
from rushlight.nn import functional as F
from rushlight.utils.data import DataLoader

Row = dict[str, float]  # one epoch of the history

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


class Stopped(Exception):
    """The run was stopped on request; it can be resumed from its last checkpoint."""


class Watcher(Protocol):
    """What a Learner calls while it runs (the progress display of report.py)."""

    def batch(self, epoch: int, done: int, batches: int, loss: float, images: int) -> None: ...

    def epoch(self, row: Row, best: bool) -> None: ...

    def __enter__(self) -> Any: ...

    def __exit__(self, *error: Any) -> None: ...


class Meter:
    """Running mean of loss and accuracy over images."""

    def __init__(self, loss: float = 0.0, right: int = 0, images: int = 0):
        self.loss, self.right, self.images = loss, right, images  # sums

    def add(self, loss: float, scores: Tensor, labels: Tensor) -> None:
        """Counts a batch: its mean loss, its scores (N, K) and labels (N)."""
        self.loss += loss * len(labels)
        self.right += int((scores.argmax(1) == labels).sum())
        self.images += len(labels)

    @property
    def mean_loss(self) -> float:
        return self.loss / max(self.images, 1)

    @property
    def accuracy(self) -> float:
        return self.right / max(self.images, 1)


def save_atomically(write: Callable[[Path], object], path: Path) -> None:
    """Calls `write` on a temporary file beside `path`, then renames it: whole, or not at all."""
    part = path.with_name(path.name + ".part")
    try:
        write(part)
        with open(part, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            reason = error.strerror or error
            raise CliError(f"{path} cannot be written: {reason}", status=1) from error
        raise


class Learner:
    """A model in training.

    `schedule_each` says when the scheduler steps: after each "batch", or after each "epoch".
    `settings` and `about` are plain data stored in the checkpoints: how to build this Learner
    again, and what its images and classes are.
    """

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
        scheduler: Any = None,
        schedule_each: str = "batch",
        augment: Callable[[Tensor], Tensor] | None = None,
        device: Any = "cpu",
    ):
        self.model, self.optimizer, self.scheduler = model, optimizer, scheduler
        self.train, self.valid = train, valid
        self.schedule_each, self.augment = schedule_each, augment
        self.device = rl.device(device)
        self.out, self.settings, self.about, self.watcher = out, settings, about, watcher
        self.history: list[Row] = []
        self.best: Row | None = None
        self.epoch = 0  # epochs finished
        self.batch = 0  # batches finished in this epoch
        self.meter = Meter()
        self.step_lr = self.lr  # of the last step that was taken
        self.seconds = 0.0  # spent in this epoch before the last interruption
        self.stop = False  # set by a signal handler: stop after the current batch
        self.seen: tuple[Tensor, Tensor] | None = None  # the epoch's first batch

    # the loop

    def fit(self, epochs: int) -> None:
        """Trains until `epochs` are finished. Raises Stopped if `stop` is set meanwhile."""
        while self.epoch < epochs:
            start = time.perf_counter() - self.seconds
            self._train_epoch(start)
            valid = self.evaluate(self.valid)
            row = self._finish_epoch(valid, time.perf_counter() - start)
            best = self.best is row
            if best:
                self.save("best.pt")
            self.save("last.pt")
            self.write_history()
            self.watcher.epoch(row, best)
            if self.stop and self.epoch < epochs:
                raise Stopped

    def _train_epoch(self, start: float) -> None:
        self.model.train()
        batches = len(self.train)
        for x, y in self.train:
            x, y = x.to(self.device), y.to(self.device)
            if self.augment is not None:
                x = self.augment(x)
            if self.batch == 0 or self.seen is None:
                self.seen = x, y
            scores = self.model(x)
            loss = F.cross_entropy(scores, y)
            loss.backward()
            self.step_lr = self.lr
            self.optimizer.step()
            self.optimizer.zero_grad()
            if self.scheduler is not None and self.schedule_each == "batch":
                self.scheduler.step()
            value = loss.item()
            self.meter.add(value, scores.detach(), y)
            self.batch += 1
            self.watcher.batch(self.epoch + 1, self.batch, batches, value, len(y))
            if not math.isfinite(value):
                raise CliError(
                    f"the loss is {value} in epoch {self.epoch + 1}, batch {self.batch}\n"
                    f"  fix: a smaller --lr (now {self.step_lr:g}), or look for nan in the data",
                    status=1,
                )
            if self.stop and self.batch < batches:
                self.seconds = time.perf_counter() - start
                self.save("last.pt")
                raise Stopped

    def evaluate(
        self,
        loader: DataLoader[Any],
        confusion: Tensor | None = None,
        each: Callable[[Tensor, Tensor], object] | None = None,
    ) -> Meter:
        """Loss and accuracy over a loader.

        confusion  (K, K), into which pairs (label, answer) are counted
        each       called with each batch's scores (N, K) and labels (N)
        """
        meter = Meter()
        self.model.eval()
        with rl.no_grad():
            for x, y in loader:
                x, y = x.to(self.device), y.to(self.device)
                scores = self.model(x)
                meter.add(F.cross_entropy(scores, y).item(), scores, y)
                if each is not None:
                    each(scores, y)
                if confusion is not None:
                    pairs = y * len(confusion) + scores.argmax(1)  # (N)
                    counts = rl.bincount(pairs, minlength=confusion.numel())
                    confusion += counts.reshape(confusion.shape)
        return meter

    def _finish_epoch(self, valid: Meter, seconds: float) -> Row:
        if self.scheduler is not None and self.schedule_each == "epoch":
            plateau = isinstance(self.scheduler, rl.optim.lr_scheduler.ReduceLROnPlateau)
            self.scheduler.step(*([valid.mean_loss] if plateau else []))
        self.epoch += 1
        values = (
            self.epoch,
            self.meter.mean_loss,
            self.meter.accuracy,
            valid.mean_loss,
            valid.accuracy,
            self.step_lr,
            seconds,
        )
        row = dict(zip(COLUMNS, values, strict=True))
        self.history.append(row)
        if self.best is None or row["valid_accuracy"] > self.best["valid_accuracy"]:
            self.best = row
        self.batch, self.meter, self.seconds = 0, Meter(), 0.0
        return row

    @property
    def lr(self) -> float:
        """The learning rate of the first parameter group."""
        return float(self.optimizer.param_groups[0]["lr"])

    # what is written

    def state_dict(self) -> dict[str, Any]:
        """Everything of the run as plain data and tensors."""
        return {
            "format": 1,
            "settings": self.settings,
            "data": self.about,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": None if self.scheduler is None else self.scheduler.state_dict(),
            "rng": rl.get_rng_state(),
            "loader": self.train.state_dict(),
            "epoch": self.epoch,
            "batch": self.batch,
            "meter": [self.meter.loss, self.meter.right, self.meter.images],
            "seconds": self.seconds,
            "history": self.history,
            "best": None if self.best is None else self.best["epoch"],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores the run to the state when `state` was taken."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.scheduler is not None:
            self.scheduler.load_state_dict(state["scheduler"])
        self.train.load_state_dict(state["loader"])
        self.epoch, self.batch = state["epoch"], state["batch"]
        self.meter, self.seconds = Meter(*state["meter"]), state["seconds"]
        self.history = state["history"]
        self.best = next((row for row in self.history if row["epoch"] == state["best"]), None)
        rl.set_rng_state(state["rng"])

    def save(self, name: str) -> None:
        """Writes a checkpoint into the run's folder."""
        save_atomically(lambda path: rl.save(self.state_dict(), path), self.out / name)

    def write_history(self) -> None:
        """Writes history.csv: one line per epoch."""

        def write(path: Path) -> None:
            lines = [",".join(COLUMNS)]
            lines += [",".join(f"{row[c]:.9g}" for c in COLUMNS) for row in self.history]
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")

        save_atomically(write, self.out / "history.csv")
