"""The page of `rushlight train`: report.html in the run's folder, written while the run goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import rushlight as rl
from rushlight.app.errors import CliError
from rushlight.app.pages.live import Live
from rushlight.app.pages.outcome import Outcome, outcome
from rushlight.app.pages.page import write
from rushlight.app.pages.report_page import Report, layer_rows
from rushlight.app.pages.words import Words
from rushlight.utils.data import Subset

EVERY, EVERY_LIVE = 10.0, 1.0  # seconds between two pages
MOST_LIVE = 2000  # images to validate that a live page is made of
NAME = "report.html"


@contextmanager
def same_random_numbers() -> Iterator[None]:
    """What is drawn inside is not missed outside: a run's numbers do not depend on its page."""
    state = rl.get_rng_state()
    try:
        yield
    finally:
        rl.set_rng_state(state)


class RunPage:
    """Stands between a Learner and its watcher, and writes the page as the run goes on.

    about    (name, text) of data, model and plan; command  what repeats the run
    notes    warnings, such as files that were left out
    serve    serve the page on 127.0.0.1 until the run ends; its address is in `address`
    """

    def __init__(
        self,
        learner: Any,
        data: Any,
        *,
        about: Sequence[tuple[str, str]],
        command: str,
        notes: Sequence[str] = (),
        lang: str = "en",
        serve: bool = False,
    ):
        self.learner, self.data, self.watcher = learner, data, learner.watcher
        self.about, self.command, self.notes = about, command, notes
        self.words = Words(lang)
        self.live = Live() if serve else None
        self.address = self.live.address if self.live else ""
        self.written = time.monotonic()
        self.layers: list[tuple[Any, ...]] | None = None
        self.counts: list[int] = []
        self.found: Outcome | None = None  # of the images to validate, live
        # without --live nothing is asked after a batch
        self.batch: Callable[..., None] = self._live_batch if serve else self.watcher.batch

    def __enter__(self) -> RunPage:
        self.watcher.__enter__()
        if self.live:
            self._write(self._going_on())
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self.watcher.__exit__(kind, error, trace)
        if error is None or not (self.learner.out / "last.pt").exists():
            return
        if isinstance(error, CliError):  # the loss is nan, the disk is full
            self.notes = [*self.notes, str(error)]
        fields = {"done": self.learner.epoch, "all": self._epochs()}
        with suppress(CliError):  # the first error is the one to tell
            self._write(self.words("stopped after epoch {done} of {all}", **fields), live=False)

    def _epochs(self) -> int:
        return int(self.learner.settings["epochs"])

    def _live_batch(self, epoch: int, done: int, batches: int, loss: float, images: int) -> None:
        self.watcher.batch(epoch, done, batches, loss, images)
        if time.monotonic() - self.written > EVERY_LIVE:
            fields = {"done": epoch, "all": self._epochs(), "batch": done, "batches": batches}
            text = "epoch {done} of {all}, batch {batch} of {batches}"
            self._write(self.words(text, **fields))

    def epoch(self, row: Any, best: bool) -> None:
        """After each epoch: the watcher, and a page if the last one is old enough."""
        self.watcher.epoch(row, best)
        if self.live and not self.data.is_number:
            with same_random_numbers():
                valid: Any = self.data.valid
                part: Any = Subset(valid, range(min(len(valid), MOST_LIVE)))
                self.found = outcome(self.learner.model, part)
        if time.monotonic() - self.written > (EVERY_LIVE if self.live else EVERY):
            self._write(self._going_on())

    def _going_on(self) -> str:
        fields = {"done": self.learner.epoch, "all": self._epochs()}
        return self.words("epoch {done} of {all}", **fields)

    def finish(self, found: Outcome | None) -> None:
        """The last page, with what the best checkpoint makes of the test images; None: of a run
        that predicts a number."""
        self.found = found
        self._write("", "test", live=False)
        self.close()

    def close(self) -> None:
        """Ends the server."""
        if self.live:
            self.live.close()
            self.live = None

    def _write(self, state: str, part: str = "validation", live: bool = True) -> None:
        with same_random_numbers():
            page = self._report(state, part, live and self.live is not None).page(self.words.code)
        write(self.learner.out / NAME, page)
        if self.live:
            self.live.page = page
        self.written = time.monotonic()

    def _report(self, state: str, part: str, live: bool) -> Report:
        learner, data = self.learner, self.data
        if self.layers is None:
            x = rl.zeros(1, *data.shape).to(learner.device)
            self.layers = layer_rows(learner.model, x)
            self.counts = [] if data.is_number else class_counts(data.train, len(data.classes))
        return Report(
            learner.out.resolve().name,
            history=learner.history,
            best=None if learner.best is None else learner.best["epoch"],
            outcome=self.found,
            part=part,
            data=data.test if part == "test" else data.valid,
            classes=data.classes,
            mean=data.mean,
            std=data.std,
            counts=self.counts,
            batch=learner.seen,
            augmented=learner.augment is not None,
            layers=self.layers,
            notes=self.notes,
            about=self.about,
            command=self.command,
            seconds=sum(row["seconds"] for row in learner.history),
            state=state,
            live=live,
        )


def class_counts(data: Any, classes: int) -> list[int]:
    """Images of each class, where the data set says it without loading its images; else []."""
    indices = None
    if isinstance(data, Subset):
        data, indices = data.dataset, data.indices
    samples = getattr(data, "samples", None)
    tensors = getattr(data, "tensors", None)
    if samples is not None:
        labels = [label for _, label in samples]
    elif tensors is not None and len(tensors) > 1 and tensors[-1].ndim == 1:
        if tensors[-1].is_floating_point():
            return []
        labels = tensors[-1].tolist()
    else:
        return []
    if indices is not None:
        labels = [labels[int(i)] for i in indices]
    counts = [0] * classes
    for label in labels:
        counts[label] += 1
    return counts
