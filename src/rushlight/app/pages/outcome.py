"""What a classifier makes of a data set, image by image.

Letters: N images, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import rushlight as rl
from rushlight import Tensor, nn
from rushlight.app.pages.recorder import evaluating
from rushlight.utils.data import DataLoader, Subset, TensorDataset

MOST = 5  # likeliest mistakes that are named


class Outcome:
    """Labels, answers and losses of the images, in the order of the data set.

    confusion (K, K)  counts by (label, answer)
    labels, answers (N)
    sure (N)          the probability of the answer
    losses (N)        -ln of the probability of the label
    """

    def __init__(self, classes: int):
        self.classes = classes
        self._parts: list[tuple[np.ndarray, ...]] = []
        self._joined: tuple[np.ndarray, ...] | None = None

    def add(self, scores: Tensor, labels: Tensor) -> None:
        """Counts a batch: scores (N, K) and labels (N)."""
        logs = scores.detach().double().log_softmax(1)
        answers = logs.argmax(1)
        sure = logs.gather(1, answers.unsqueeze(1)).squeeze(1).exp()
        losses = -logs.gather(1, labels.unsqueeze(1)).squeeze(1)
        self._parts.append(tuple(np.array(t.tolist()) for t in (labels, answers, sure, losses)))
        self._joined = None

    def _columns(self) -> tuple[np.ndarray, ...]:
        if self._joined is None:
            kinds = (np.int64, np.int64, np.float64, np.float64)
            parts = self._parts or [tuple(np.empty(0) for _ in kinds)]
            self._joined = tuple(
                np.concatenate(column).astype(kind)
                for column, kind in zip(zip(*parts, strict=True), kinds, strict=True)
            )
        return self._joined

    @property
    def labels(self) -> np.ndarray:
        return self._columns()[0]

    @property
    def answers(self) -> np.ndarray:
        return self._columns()[1]

    @property
    def sure(self) -> np.ndarray:
        return self._columns()[2]

    @property
    def losses(self) -> np.ndarray:
        return self._columns()[3]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def right(self) -> int:
        return int((self.labels == self.answers).sum())

    @property
    def accuracy(self) -> float:
        return self.right / max(len(self), 1)

    @property
    def loss(self) -> float:
        return float(self.losses.mean()) if len(self) else float("nan")

    @property
    def confusion(self) -> np.ndarray:
        k = self.classes
        return np.bincount(self.labels * k + self.answers, minlength=k * k).reshape(k, k)

    def scores(self) -> list[tuple[int, float, float, float]]:
        """(images, precision, recall, F1) of each class; 0 where nothing is to be divided."""
        c = self.confusion
        rows = []
        for i in range(self.classes):
            true, found, right = int(c[i].sum()), int(c[:, i].sum()), int(c[i, i])
            precision, recall = right / max(found, 1), right / max(true, 1)
            f1 = 2 * right / max(true + found, 1)
            rows.append((true, precision, recall, f1))
        return rows

    def worst(self, n: int) -> list[int]:
        """The wrong answers of the largest losses."""
        wrong = np.flatnonzero(self.labels != self.answers)
        return wrong[np.argsort(-self.losses[wrong], kind="stable")][:n].tolist()

    def surest(self, n: int) -> list[int]:
        """The right answers of the largest probabilities."""
        right = np.flatnonzero(self.labels == self.answers)
        return right[np.argsort(-self.sure[right], kind="stable")][:n].tolist()

    def least_sure(self, n: int) -> list[int]:
        """The answers of the smallest probabilities, right or wrong."""
        return np.argsort(self.sure, kind="stable")[:n].tolist()

    def cell(self, label: int, answer: int, n: int) -> list[int]:
        """Images of a cell of the confusion matrix, those of the largest losses first."""
        inside = np.flatnonzero((self.labels == label) & (self.answers == answer))
        return inside[np.argsort(-self.losses[inside], kind="stable")][:n].tolist()

    def confused(self, n: int = MOST) -> list[tuple[int, int, int]]:
        """(label, answer, how often) of the commonest mistakes."""
        c = self.confusion.copy()
        np.fill_diagonal(c, 0)
        order = np.argsort(-c.ravel(), kind="stable")[:n]
        pairs = [(int(i) // self.classes, int(i) % self.classes) for i in order]
        return [(i, j, int(c[i, j])) for i, j in pairs if c[i, j]]


def data_set(data: Any) -> Any:
    """The data set of (image, label) that a user gave: itself, a loader's, or two tensors."""
    if isinstance(data, DataLoader):
        return data.dataset
    if isinstance(data, tuple | list) and len(data) == 2 and isinstance(data[0], Tensor):
        return TensorDataset(*data)
    return data


def outcome(model: nn.Module, data: Any, batch_size: int = 256) -> Outcome:
    """Runs a classifier over a data set, a DataLoader or (x, y), in order, in evaluation mode.

    ValueError: the model's output is not (N, K), or a label is none of the classes.
    """
    loader = DataLoader(
        data_set(data),
        batch_size=batch_size,
        collate_fn=data.collate_fn if isinstance(data, DataLoader) else None,
    )
    found: Outcome | None = None
    device = next((p.device for p in model.parameters()), rl.device("cpu"))
    with evaluating(model), rl.no_grad():
        for x, y in loader:
            scores = model(x.to(device))
            if not isinstance(scores, Tensor) or scores.ndim != 2 or scores.shape[1] < 2:
                shape = tuple(getattr(scores, "shape", ()))
                raise ValueError(
                    f"report() shows classifiers, whose output is (N, K) with K of at least 2; "
                    f"this model's is {shape or type(scores).__name__}"
                )
            found = found or Outcome(scores.shape[1])
            y = y.to(device).long()
            if y.ndim != 1 or int(y.min()) < 0 or int(y.max()) >= found.classes:
                raise ValueError(
                    f"report(): labels must be (N) with numbers from 0 to {found.classes - 1}, "
                    f"got {tuple(y.shape)}, {int(y.min())} to {int(y.max())}"
                )
            found.add(scores, y)
    return found or Outcome(2)


def file_names(data: Any) -> Callable[[int], str]:
    """index -> the file of an image, or its number: "#17"."""
    data = data_set(data)
    samples = getattr(data, "samples", None) or getattr(data, "imgs", None)
    if isinstance(data, Subset):
        below = file_names(data.dataset)
        indices = data.indices
        return lambda i: below(int(indices[i]))
    if isinstance(samples, list) and samples and isinstance(samples[0], tuple):
        return lambda i: str(samples[i][0])
    return lambda i: f"#{i}"


def short_names(names: Sequence[str]) -> list[str]:
    """File names without the folders that all have in common."""
    import os

    paths = [n for n in names if os.sep in n]
    if not paths:
        return list(names)
    base = os.path.commonpath([os.path.dirname(p) for p in paths])
    return [os.path.relpath(n, base) if os.sep in n and base else n for n in names]
