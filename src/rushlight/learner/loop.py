"""The Learner: the loop, its state, its checkpoints."""

from __future__ import annotations

import csv
import math
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from .. import nn
from ..core.device import device as as_device
from ..core.grad_mode import no_grad
from ..core.tensor import Tensor
from ..nn import functional as F
from ..optim.lr_scheduler import ReduceLROnPlateau
from ..random.generator import get_rng_state, set_rng_state
from ..serialization import load, save
from .callbacks import Row, length


class Stopped(Exception):
    """The run was stopped on request; it can be resumed from its last checkpoint."""


class Diverged(RuntimeError):
    """The loss is infinite or not a number."""


def accuracy(scores: Tensor, labels: Tensor) -> Tensor:
    """1 for each example whose label has the largest score. scores (N, K, *), labels (N, *)"""
    return scores.argmax(1) == labels


class Meter:
    """Sums of the loss and of metrics over examples.

    loss, count   the sum of the loss, how many examples
    sums          {metric: its sum}
    """

    def __init__(self, loss: float = 0.0, count: int = 0, sums: Mapping[str, float] | None = None):
        self.loss, self.count, self.sums = loss, count, dict(sums or {})

    def add(self, loss: float, count: int, values: Mapping[str, Any]) -> None:
        """Counts a batch: its mean loss; of each metric a number, the batch's mean, or a tensor
        with one number for each example."""
        self.loss += loss * count
        self.count += count
        for name, value in values.items():
            if isinstance(value, Tensor) and value.ndim:
                total = value.sum().item() * count / max(value.shape[0], 1)
                total = total if value.ndim == 1 else total / max(value[0].numel(), 1)
            else:
                total = float(value) * count
            self.sums[name] = self.sums.get(name, 0.0) + total

    @property
    def mean_loss(self) -> float:
        """The mean over all examples."""
        return self.loss / max(self.count, 1)

    def mean(self, name: str) -> float:
        """The mean of a metric over all examples; NaN if it was never counted."""
        return self.sums[name] / max(self.count, 1) if name in self.sums else math.nan

    @property
    def accuracy(self) -> float:
        """The mean of the metric of this name."""
        return self.mean("accuracy")

    @property
    def right(self) -> int:
        """How many were right, by the metric "accuracy"."""
        return round(self.sums.get("accuracy", 0))

    @property
    def images(self) -> int:
        """How many examples."""
        return self.count

    def state(self) -> dict[str, Any]:
        """The sums as plain data."""
        return {"loss": self.loss, "count": self.count, "sums": dict(self.sums)}


class Learner:
    """A model in training.

    model          a Module
    optimizer      of its parameters
    train, valid   loaders, or any iterable of batches; valid may be None. Each batch is
                   (inputs..., targets): the model gets the inputs. Other batches: `compute`
    loss           f(outputs, targets) -> the batch's mean; default: cross_entropy
    metrics        {name: f(outputs, targets)}, a number (the batch's mean) or a tensor with one
                   number for each example; default: accuracy, if the loss is cross_entropy
    scheduler      of the optimizer; `schedule_each` says when it steps: "batch" or "epoch"
    monitor        which number of an epoch's row says what is best ("valid_accuracy", ...);
                   default: the first metric of valid, or its loss, or train's
    largest        is more better? default: unless "loss" or "error" is in the monitor's name
    augment        f(inputs) -> inputs, on training batches
    clip           the largest norm of all gradients together; None: no limit
    callbacks      objects with the methods of `Callback`, or some of them
    out            a folder for best.pt, last.pt and history.csv; None: nothing is written
    notes          plain data that is stored in the checkpoints

    Attributes: history (a row for each epoch), best (its best row), epoch and batch (how many are
    finished), lr, stop and finished (set them to end the run after this batch, or this epoch).
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Any,
        train: Iterable[Any],
        valid: Iterable[Any] | None = None,
        *,
        loss: Callable[[Any, Any], Tensor] = F.cross_entropy,
        metrics: Mapping[str, Callable[[Any, Any], Any]] | None = None,
        scheduler: Any = None,
        schedule_each: str = "batch",
        monitor: str | None = None,
        largest: bool | None = None,
        augment: Callable[[Tensor], Tensor] | None = None,
        clip: float | None = None,
        callbacks: Sequence[Any] = (),
        device: Any = "cpu",
        out: str | os.PathLike | None = None,
        notes: Mapping[str, Any] | None = None,
    ):
        if schedule_each not in ("batch", "epoch"):
            raise ValueError(f"schedule_each is {schedule_each!r}; it must be 'batch' or 'epoch'")
        self.model, self.optimizer, self.scheduler = model, optimizer, scheduler
        self.train: Any = train
        self.valid: Any = valid
        self.loss = loss
        if metrics is None:
            metrics = {"accuracy": accuracy} if loss is F.cross_entropy else {}
        self.metrics = dict(metrics)
        self.schedule_each, self.augment, self.clip = schedule_each, augment, clip
        self.callbacks = list(callbacks)
        self.device = as_device(device)
        self.out = None if out is None else Path(out)
        self.notes = dict(notes or {})
        parts = ("train", "valid") if valid is not None else ("train",)
        self.columns = (
            "epoch",
            *(f"{part}_{name}" for part in parts for name in ("loss", *self.metrics)),
            "lr",
            "seconds",
        )
        self.monitor = monitor or f"{parts[-1]}_{next(iter(self.metrics), 'loss')}"
        if self.monitor not in self.columns:
            known = ", ".join(self.columns[1:-1])
            raise ValueError(f"monitor is {self.monitor!r}; an epoch has {known}")
        less = any(word in self.monitor for word in ("loss", "error"))
        self.largest = not less if largest is None else largest
        self.history: list[Row] = []
        self.best: Row | None = None
        self.epoch = 0  # epochs finished
        self.batch = 0  # batches finished in this epoch
        self.meter = Meter()
        self.step_lr = self.lr  # of the last step that was taken
        self.seconds = 0.0  # spent in this epoch before the last interruption
        self.stop = False  # stop after the current batch: set by a signal handler, a callback
        self.finished = False  # end after the current epoch: set by a callback
        self.seen: tuple[Any, Any] | None = None  # inputs and targets of the epoch's first batch

    # ---------------------------------------------------------------- what a subclass may change

    def compute(self, batch: Any) -> tuple[Tensor, Any, Any]:
        """(loss, outputs, targets) of a batch, in training and evaluation.

        Override it for batches that are not (inputs..., targets), or models that give their own
        loss. The loss is a mean over the examples that `examples` counts.
        """
        if isinstance(batch, Tensor):
            batch = (batch, batch)
        if not isinstance(batch, (tuple, list)) or len(batch) < 2:
            raise TypeError(
                f"a batch is a {type(batch).__name__}, and not (inputs..., targets)\n"
                "  fix: a subclass of Learner with its own compute(batch) -> loss, outputs, targets"
            )
        *inputs, targets = [self._placed(x) for x in batch]
        if self.model.training:
            if self.augment is not None:
                inputs[0] = self.augment(inputs[0])
            if self.batch == 0 or self.seen is None:
                self.seen = inputs[0], targets
        outputs = self.model(*inputs)
        return self.loss(outputs, targets), outputs, targets

    def examples(self, targets: Any) -> int:
        """How many examples a batch has."""
        return len(targets)

    def _placed(self, x: Any) -> Any:
        return x.to(self.device) if isinstance(x, Tensor) else x

    # ---------------------------------------------------------------- the loop

    def fit(self, epochs: int) -> list[Row]:
        """Trains until `epochs` are finished, counted from the start of the run; the history.

        errors  Stopped: `stop` was set; Diverged: the loss is not finite
        """
        self._tell("begin", self)
        try:
            while self.epoch < epochs and not self.finished:
                start = time.perf_counter() - self.seconds
                self._train_epoch(start)
                valid = None if self.valid is None else self.evaluate(self.valid)
                row = self._finish_epoch(valid, time.perf_counter() - start)
                best = self.best is row
                self._tell("epoch", row, best)
                if best:
                    self.save("best.pt")
                self.save("last.pt")
                self.write_history()
                if self.stop and self.epoch < epochs:
                    raise Stopped
        finally:
            self._tell("end", self)
        return self.history

    def _tell(self, what: str, *args: Any) -> None:
        for callback in self.callbacks:
            method = getattr(callback, what, None)
            if method is not None:
                method(*args)

    def _train_epoch(self, start: float) -> None:
        self.model.train()
        batches = length(self.train)
        for batch in self.train:
            loss, outputs, targets = self.compute(batch)
            loss.backward()
            if self.clip is not None:
                nn.utils.clip_grad_norm_(self.model.parameters(), self.clip)
            self.step_lr = self.lr
            self.optimizer.step()
            self.optimizer.zero_grad()
            if self.scheduler is not None and self.schedule_each == "batch":
                self.scheduler.step()
            value, count = loss.item(), self.examples(targets)
            with no_grad():
                self._count(self.meter, value, count, outputs, targets)
            self.batch += 1
            self._tell("batch", self.epoch + 1, self.batch, batches, value, count)
            if not math.isfinite(value):
                raise Diverged(
                    f"the loss is {value} in epoch {self.epoch + 1}, batch {self.batch}\n"
                    f"  fix: a smaller lr (now {self.step_lr:g}), or look for nan in the data"
                )
            if self.stop and self.batch != batches:
                self.seconds = time.perf_counter() - start
                self.save("last.pt")
                raise Stopped

    def _count(self, meter: Meter, value: float, count: int, outputs: Any, targets: Any) -> None:
        found = outputs.detach() if isinstance(outputs, Tensor) else outputs
        meter.add(value, count, {name: f(found, targets) for name, f in self.metrics.items()})

    def evaluate(
        self, loader: Iterable[Any], each: Callable[[Any, Any], object] | None = None
    ) -> Meter:
        """Loss and metrics over a loader, in eval mode.

        each  called with each batch's outputs and targets
        """
        meter = Meter()
        self.model.eval()
        with no_grad():
            for batch in loader:
                loss, outputs, targets = self.compute(batch)
                self._count(meter, loss.item(), self.examples(targets), outputs, targets)
                if each is not None:
                    each(outputs, targets)
        return meter

    def predict(self, loader: Iterable[Any]) -> list[Any]:
        """The outputs of each batch, in eval mode, without gradients."""
        found: list[Any] = []
        self.evaluate(loader, lambda outputs, targets: found.append(outputs))
        return found

    def _finish_epoch(self, valid: Meter | None, seconds: float) -> Row:
        if self.scheduler is not None and self.schedule_each == "epoch":
            watched = self.meter if valid is None else valid
            plateau = isinstance(self.scheduler, ReduceLROnPlateau)
            self.scheduler.step(*([watched.mean_loss] if plateau else []))
        self.epoch += 1
        values: list[float] = [self.epoch]
        for meter in (self.meter, valid):
            if meter is not None:
                values += [meter.mean_loss, *(meter.mean(name) for name in self.metrics)]
        row = dict(zip(self.columns, [*values, self.step_lr, seconds], strict=True))
        self.history.append(row)
        if self.best is None or self._better(row[self.monitor], self.best[self.monitor]):
            self.best = row
        self.batch, self.meter, self.seconds = 0, Meter(), 0.0
        return row

    def _better(self, a: float, b: float) -> bool:
        return (a > b if self.largest else a < b) or (math.isnan(b) and not math.isnan(a))

    @property
    def lr(self) -> float:
        """The learning rate of the first parameter group."""
        return float(self.optimizer.param_groups[0]["lr"])

    # ---------------------------------------------------------------- what is written

    def state_dict(self) -> dict[str, Any]:
        """Everything of the run as plain data and tensors."""
        position = getattr(self.train, "state_dict", None)
        states = [getattr(c, "state_dict", dict)() for c in self.callbacks]
        return {
            "format": 1,
            **self.notes,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": None if self.scheduler is None else self.scheduler.state_dict(),
            "rng": get_rng_state(),
            "loader": None if position is None else position(),
            "epoch": self.epoch,
            "batch": self.batch,
            "meter": self.meter.state(),
            "seconds": self.seconds,
            "history": self.history,
            "best": None if self.best is None else self.best["epoch"],
            "callbacks": states,
            "finished": self.finished,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores the run to the state when `state` was taken."""
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.scheduler is not None:
            self.scheduler.load_state_dict(state["scheduler"])
        if state["loader"] is not None and hasattr(self.train, "load_state_dict"):
            self.train.load_state_dict(state["loader"])
        self.epoch, self.batch = state["epoch"], state["batch"]
        given = state["meter"]
        if isinstance(given, dict):
            self.meter = Meter(**given)
        else:  # of an older run: loss, how many right, how many images
            self.meter = Meter(given[0], given[2], {"accuracy": float(given[1])})
        self.seconds, self.history = state["seconds"], state["history"]
        self.best = next((row for row in self.history if row["epoch"] == state["best"]), None)
        self.finished = state.get("finished", False)
        for callback, own in zip(self.callbacks, state.get("callbacks", ()), strict=False):
            if own and hasattr(callback, "load_state_dict"):
                callback.load_state_dict(own)
        set_rng_state(state["rng"])

    def resume(self, path: str | os.PathLike | None = None) -> Learner:
        """Goes on from a checkpoint: a file, a run's folder, or, without path, `out`. Itself.

        errors  FileNotFoundError: there is none
        """
        given = self.out if path is None else Path(path)
        if given is None:
            raise ValueError("resume() needs a path, or a Learner with out=")
        file = given / "last.pt" if given.is_dir() else given
        self.load_state_dict(load(file))
        return self

    def save(self, name: str) -> None:
        """Writes a checkpoint into the run's folder, if there is one."""
        if self.out is not None:
            self.write(lambda path: save(self.state_dict(), path), self.out / name)

    def write_history(self) -> None:
        """Writes history.csv: one line per epoch."""
        if self.out is not None:
            lines = [",".join(self.columns)]
            lines += [",".join(f"{row[c]:.9g}" for c in self.columns) for row in self.history]
            text = "\n".join(lines) + "\n"
            self.write(
                lambda path: path.write_text(text, encoding="utf-8"), self.out / "history.csv"
            )

    def write(self, write: Callable[[Path], object], path: Path) -> None:
        """Calls `write` on a file that becomes `path` when it is whole."""
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(write, path)


def write_whole(write: Callable[[Path], object], path: Path) -> None:
    """Calls `write` on a temporary file beside `path`, then renames it: whole, or not at all."""
    part = path.with_name(path.name + ".part")
    try:
        write(part)
        with open(part, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def read_history(path: str | os.PathLike) -> list[Row]:
    """The rows of a history.csv."""
    with open(path, encoding="utf-8", newline="") as file:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]
