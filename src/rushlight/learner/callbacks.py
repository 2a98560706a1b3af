"""What a Learner calls while it runs: the base class, and some that are often wanted."""

from __future__ import annotations

import json
import math
import os
import sys
from typing import Any

Row = dict[str, float]  # one epoch of the history


def length(loader: Any) -> int:
    """How many batches it has; 0 if nobody knows."""
    try:
        return len(loader)
    except TypeError:
        return 0


class Callback:
    """What a Learner calls while it runs: a base class whose methods do nothing.

    Whatever a callback keeps in `state_dict` is part of the checkpoints.
    """

    def begin(self, learner: Any) -> None:
        """`fit` begins, or goes on."""

    def batch(self, epoch: int, done: int, batches: int, loss: float, images: int) -> None:
        """A batch was trained on: how many of this epoch's batches are done (batches: 0 if nobody
        knows how many there are), its mean loss, its number of examples."""

    def epoch(self, row: Row, best: bool) -> None:
        """An epoch has ended: its row of the history; is it the best so far?"""

    def end(self, learner: Any) -> None:
        """`fit` ends: by itself, stopped, or with an error."""

    def state_dict(self) -> dict[str, Any]:
        """What is needed to go on later."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores `state_dict`."""


class EarlyStopping(Callback):
    """Ends the run when `patience` epochs in a row were no better than the best one."""

    def __init__(self, patience: int):
        if patience < 1:
            raise ValueError(f"patience is {patience}; it must be at least 1")
        self.patience, self.waited = patience, 0
        self.learner: Any | None = None

    def begin(self, learner: Any) -> None:
        """Whose run to end."""
        self.learner = learner

    def epoch(self, row: Row, best: bool) -> None:
        """Counts."""
        self.waited = 0 if best else self.waited + 1
        if self.waited >= self.patience and self.learner is not None:
            self.learner.finished = True

    def state_dict(self) -> dict[str, Any]:
        """How many epochs were no better."""
        return {"waited": self.waited}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The same."""
        self.waited = state["waited"]


class Printer(Callback):
    """Prints a line for each epoch."""

    def __init__(self, file: Any = None):
        self.file = file

    def epoch(self, row: Row, best: bool) -> None:
        """epoch 3  train_loss 0.1234  valid_loss 0.2345  lr 0.001  0.52 s  best"""
        words = [f"epoch {row['epoch']:.0f}"]
        words += [f"{k} {v:.4g}" for k, v in row.items() if k not in ("epoch", "seconds")]
        words += [f"{row['seconds']:.2f} s", *(["best"] if best else [])]
        print("  ".join(words), file=self.file or sys.stdout, flush=True)


class JsonLines(Callback):
    """Writes a line of JSON for each epoch, for other programs: the row of the history, and best.

    file  a file that is open for text; default: stdout. NaN and infinities are null.
    """

    def __init__(self, file: Any = None):
        self.file = file

    def epoch(self, row: Row, best: bool) -> None:
        """{"epoch": 3, "train_loss": 0.12, ..., "best": true}"""
        found = {k: v if math.isfinite(v) else None for k, v in row.items()}
        line = {**found, "epoch": int(row["epoch"]), "best": best}
        print(json.dumps(line), file=self.file or sys.stdout, flush=True)


class TensorBoard(Callback):
    """Event files for TensorBoard: the numbers of each epoch, the loss of each batch.

    folder   where they are written
    every    every so many batches the loss is written; 0: never
    """

    def __init__(self, folder: str | os.PathLike, every: int = 10):
        self.folder, self.every, self.steps = os.fspath(folder), every, 0
        self.writer: Any = None

    def begin(self, learner: Any) -> None:
        """Opens a file; of a resumed run, a further one, which hides what came after its start."""
        from ..utils.tensorboard import SummaryWriter

        done = learner.epoch * length(learner.train)
        self.steps = max(self.steps, done + learner.batch)
        self.writer = SummaryWriter(self.folder, purge_step=self.steps or None)

    def batch(self, epoch: int, done: int, batches: int, loss: float, images: int) -> None:
        """The batch's loss."""
        self.steps += 1
        if self.every and self.steps % self.every == 0:
            self.writer.add_scalar("batch/loss", loss, self.steps)

    def epoch(self, row: Row, best: bool) -> None:
        """train_loss as loss/train, and so on."""
        for key, value in row.items():
            part, _, name = key.partition("_")
            if key != "epoch":
                self.writer.add_scalar(f"{name}/{part}" if name else key, value, int(row["epoch"]))
        self.writer.flush()

    def end(self, learner: Any) -> None:
        """Closes the file."""
        if self.writer is not None:
            self.writer.close()
            self.writer = None

    def state_dict(self) -> dict[str, Any]:
        """How many batches there were."""
        return {"steps": self.steps}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The same."""
        self.steps = state["steps"]
