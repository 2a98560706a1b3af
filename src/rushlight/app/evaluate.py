"""`rushlight evaluate RUN [DATA]`: how good a trained model is, class by class.

    accuracy      right answers of all
    precision     of the answers "this class", how many are right: TP / (TP + FP)
    recall        of the images of this class, how many are found: TP / (TP + FN)
    F1            their harmonic mean: 2 TP / (2 TP + FP + FN)
    calibration   expected calibration error: the answers in 15 bins of equal width by their
                  probability, the mean distance of accuracy and mean probability
                  (Guo et al. 2017, arXiv:1706.04599)

Letters: N images, K classes.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rushlight import Tensor, cat, no_grad
from rushlight.app import datasets, images, models, tables
from rushlight.app.arguments import Parser
from rushlight.app.errors import CliError, say
from rushlight.app.pages.outcome import Outcome, outcome
from rushlight.app.predict import read_image
from rushlight.app.report import percent
from rushlight.utils.data import DataLoader, Dataset, TensorDataset

BINS = 15  # of the calibration error
PARTS = ("test", "valid", "train")


def calibration_error(sure: np.ndarray, right: np.ndarray, bins: int = BINS) -> float:
    """Σ_b n_b / N · |accuracy of b - mean probability of b|, over bins of equal width.

    sure (N) probabilities of the answers, right (N) bool; 0 for no answers.
    """
    if not len(sure):
        return 0.0
    where = np.minimum((sure * bins).astype(int), bins - 1)
    count = np.bincount(where, minlength=bins)
    mean = np.bincount(where, sure, bins) / np.maximum(count, 1)
    accuracy = np.bincount(where, right, bins) / np.maximum(count, 1)
    return float((count * np.abs(accuracy - mean)).sum() / len(sure))


def measures(found: Outcome, classes: Sequence[str]) -> dict[str, Any]:
    """Everything `evaluate` says, as plain data: means over the images and over the classes."""
    rows: list[dict[str, Any]] = [
        dict(zip(("class", "images", "precision", "recall", "f1"), (name, *row), strict=True))
        for name, row in zip(classes, found.scores(), strict=True)
    ]
    there: list[dict[str, Any]] = [row for row in rows if row["images"]] or rows
    return {
        "images": len(found),
        "right": found.right,
        "accuracy": found.accuracy,
        "loss": found.loss,
        "calibration_error": calibration_error(found.sure, found.labels == found.answers),
        **{
            f"macro_{key}": sum(row[key] for row in there) / len(there)
            for key in ("precision", "recall", "f1")
        },
        "classes": rows,
        "confusion": found.confusion.tolist(),
    }


def table(found: dict[str, Any], things: str = "images") -> list[str]:
    """The measures as lines for a terminal; of images, or of other `things`."""
    width = max(5, *(len(row["class"]) for row in found["classes"]))
    lines = [
        f"accuracy {percent(found['accuracy'])} ({found['right']} of {found['images']}), "
        f"loss {found['loss']:.4f}",
        f"calibration error {percent(found['calibration_error'])} ({BINS} bins)",
        f"  {'class':<{width}} {things:>7} {'precision':>10} {'recall':>10} {'F1':>10}",
    ]
    means = {"class": "mean", "images": found["images"]}
    means |= {key: found[f"macro_{key}"] for key in ("precision", "recall", "f1")}
    for row in [*found["classes"], means]:
        cells = " ".join(f"{percent(row[key]):>10}" for key in ("precision", "recall", "f1"))
        lines.append(f"  {row['class']:<{width}} {row['images']:>7} {cells}")
    return lines


def comma_separated(found: dict[str, Any]) -> str:
    """One line per class as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["class", "images", "precision", "recall", "f1"])
    for row in found["classes"]:
        writer.writerow([row["class"], row["images"], *(f"{row[k]:.6g}" for k in
                        ("precision", "recall", "f1"))])  # fmt: skip
    return text.getvalue()


class _Files(Dataset[Any]):
    """(image as the model takes it, label) of files."""

    def __init__(self, samples: list[images.Sample], about: dict[str, Any]):
        self.samples, self.about = samples, about

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        path, label = self.samples[index]
        return read_image(Path(path), self.about, False)[0], label


def data_of(state: dict[str, Any], data: str | None, part: str | None, root: str | None) -> Any:
    """The data set to evaluate on: the run's own part, or the images of another place.

    CliError: `data` is neither a name nor a folder, or its classes are not the run's.
    """
    settings, about = state["settings"], state["data"]
    name = data or settings["data"]
    if data is not None and "table" in about:
        header, rows = tables.read(Path(name))
        spec = about["table"]
        return TensorDataset(
            tables.features(spec, header, rows, Path(name)),
            tables.targets(spec, header, rows, Path(name)),
        )
    if data is not None and name not in datasets.KNOWN:
        if not Path(name).is_dir():
            raise CliError(
                f"no data set {name!r}; choose from {', '.join(datasets.KNOWN)}, or give a folder "
                "of images with one folder inside per class"
            )
        if part is not None:
            raise CliError(
                f"--part is of the run's own data; of {name} all images are taken: leave it out"
            )
        samples = images.labelled(
            Path(name), about["classes"], False, lambda text: say("evaluate", text)
        )
        return _Files(samples, about)
    given = {"data": name, "root": root or settings["root"], "download": False, "strict": False}
    found = datasets.of(settings | given, lambda text: say("evaluate", text))
    if found.classes != about["classes"]:
        raise CliError(
            f"{name} has the classes {', '.join(found.classes[:6])}, the run "
            f"{', '.join(about['classes'][:6])}"
        )
    return getattr(found, part or "test")


def _evaluate_number(model: Any, spec: dict[str, Any], data: Any, options: Any) -> int:
    """The measures of a run that predicts a number."""
    pairs = list(DataLoader(data, batch_size=256))
    with no_grad():
        outputs = cat([model(x) for x, _ in pairs])
    found = tables.number_measures(spec, outputs, cat([y for _, y in pairs]))
    if options.csv is not None:
        text = ",".join(found) + "\n" + ",".join(f"{v:.6g}" for v in found.values()) + "\n"
        if str(options.csv) == "-":
            sys.stdout.write(text)
            return 0
        options.csv.write_text(text, encoding="utf-8")
    print(json.dumps(found) if options.json else tables.number_text(spec, found, ""))
    return 0


def main(words: Sequence[str]) -> int:
    """Prints the measures of a run on a data set."""
    parser = Parser(
        prog="rushlight evaluate",
        usage="rushlight evaluate RUN [DATA] [--part PART] [--csv FILE] [--json]",
        description="How good a trained model is: accuracy, calibration, and for each class "
        "precision, recall and F1.",
    )
    parser.add_argument("run", type=Path, help="a run's folder, or one of its checkpoints")
    parser.add_argument(
        "data",
        nargs="?",
        help=f"{', '.join(datasets.KNOWN)}, or a folder with one folder per class (default: the "
        "test images of the run's own data)",
    )
    parser.add_argument("--part", choices=PARTS, help="of the run's own data (default: test)")
    parser.add_argument("--root", help="the folder that holds the data sets, if it was moved")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="also a line per class; - stdout")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    options = parser.parse_args(words)
    model, state = models.load(options.run)
    wanted = data_of(state, options.data, options.part, options.root)
    table_of = state["data"].get("table")
    if table_of is not None and tables.is_number(table_of):
        return _evaluate_number(model, table_of, wanted, options)
    found = outcome(model, wanted)
    classes = state["data"]["classes"]
    if found.classes != len(classes):
        raise CliError(f"no images to evaluate {options.run} on")
    result = measures(found, classes)
    if options.csv is not None:
        if str(options.csv) == "-":
            sys.stdout.write(comma_separated(result))
            return 0
        options.csv.write_text(comma_separated(result), encoding="utf-8")
    things = "images" if table_of is None else "rows"
    print(json.dumps(result) if options.json else "\n".join(table(result, things)))
    return 0
