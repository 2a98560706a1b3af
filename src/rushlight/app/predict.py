"""`rushlight predict RUN IMAGE...`: what a trained model sees in images.

An image is brought to what the model was trained on: its size, grey or colour, and the same mean
and deviation. Sets like MNIST are light on dark: `--invert` turns ink on paper around.
"""

from __future__ import annotations

import csv
import glob
import io
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import rushlight as rl
from rushlight import Tensor
from rushlight.app import images, models, tables
from rushlight.app.arguments import Parser, count
from rushlight.app.errors import CliError, reason, say
from rushlight.app.report import percent

BATCH = 64  # images that the model sees at once
_MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"RIFF", b"II*\0", b"MM\0*")


def read_image(path: Any, about: dict[str, Any], invert: bool) -> Tensor:
    """An image file (a path, or a file object) as the model takes it, (1, C, H, W).

    OSError and others: the file is absent or no image. CliError: no pillow.
    """
    from rushlight.vision.datasets.folder import read_image as read_image_file

    Image = images.need_pillow()

    if hasattr(path, "read"):
        image = Image.open(path)
    else:
        image = read_image_file(path, "L" if about["shape"][0] == 1 else "RGB")
    return as_input(image, about, invert).unsqueeze(0)


def as_input(image: Any, about: dict[str, Any], invert: bool) -> Tensor:
    """A picture of Pillow's as the model takes it, (C, H, W)."""
    from rushlight.vision.transforms import functional
    from rushlight.vision.transforms.pil import image_module

    channels, height, width = about["shape"]
    image = image.convert("L" if channels == 1 else "RGB")
    image = image.resize((width, height), image_module().Resampling.BILINEAR)
    x = functional.to_tensor(image)  # (C, H, W), 0..1
    x = 1 - x if invert else x
    return (x - about["mean"]) / about["std"]


def is_inverted(x: Tensor, about: dict[str, Any]) -> bool:
    """Is the border of an image light where the run's images are dark on the whole? x (1, C, H, W)

    Only for grey images that are dark on the whole, such as handwritten digits on black.
    """
    if about["shape"][0] != 1 or about["mean"] > 0.4:
        return False
    a = x[0, 0] * about["std"] + about["mean"]
    border = rl.cat([a[0], a[-1], a[1:-1, 0], a[1:-1, -1]])
    return bool(border.mean() > 0.5)


def files(words: Sequence[str]) -> Iterator[Any]:
    """The images that the words name: files, folders, patterns, and `-`.

    `-` is one image on stdin, or the names of files there, one in each line. CliError: a folder or
    a pattern without images.
    """
    for word in words:
        path = Path(word)
        if word == "-":
            data = sys.stdin.buffer.read()
            if data.startswith(_MAGIC):
                yield io.BytesIO(data)
            else:
                yield from (
                    Path(line) for line in data.decode(errors="replace").splitlines() if line
                )
        elif path.is_dir():
            found = sorted(images.below(path))
            if not found:
                raise CliError(f"no images in {word}\n  fix: another folder, or names of files")
            yield from map(Path, found)
        elif any(c in word for c in "*?[") and not path.exists():
            matching = sorted(glob.glob(word, recursive=True))
            if not matching:
                raise CliError(
                    f"no file matches {word}\n  fix: check it, and the folder you are in"
                )
            yield from (Path(m) for m in matching if Path(m).is_file())
        else:
            yield path


class _Rows:
    """Prints the answers: text, CSV or JSON."""

    def __init__(self, form: str, classes: Sequence[str], top: int):
        self.form, self.classes, self.top = form, classes, top
        if form == "csv":
            head = [f"{word}{i + 1}" for i in range(top) for word in ("class", "probability")]
            self._csv(["file", *head])

    def _csv(self, row: Sequence[Any]) -> None:
        csv.writer(sys.stdout, lineterminator="\n").writerow(row)

    def answer(self, name: str, shares: Tensor) -> None:
        """One image: shares (K)."""
        best = shares.topk(self.top)
        pairs = zip(best.values.tolist(), best.indices.tolist(), strict=True)
        found = [(self.classes[i], share) for share, i in pairs]
        if self.form == "csv":
            self._csv([name, *(v for c, s in found for v in (c, f"{s:.6g}"))])
        elif self.form == "json":
            rows = [{"class": c, "probability": s} for c, s in found]
            print(json.dumps({"file": name, "classes": rows}))
        else:
            print(f"{name}: " + ", ".join(f"{c} {percent(share)}" for c, share in found))


def _predict_rows(model: Any, spec: dict[str, Any], options: Any) -> int:
    """The answers to the rows of tables."""
    writer: Any = None
    for word in options.images:
        if not tables.is_table(word) and Path(word).exists():
            raise CliError(
                f"{options.run} was trained on rows of a table; {word} is none\n"
                f"  fix: the name of a file, {', '.join(tables.ENDINGS)}"
            )
        header, rows = tables.read(Path(word))
        with rl.no_grad():
            outputs = model(tables.features(spec, header, rows, Path(word)))
        for i, found in enumerate(tables.answers(spec, outputs), 1):
            row = {"file": word, "row": i} | found
            if options.json:
                print(json.dumps(row))
            elif options.csv:
                writer = writer or csv.DictWriter(sys.stdout, row, lineterminator="\n")
                if i == 1 and word == options.images[0]:
                    writer.writeheader()
                writer.writerow(row)
            else:
                value = found[spec["target"]]
                said = f"{value:.6g}" if tables.is_number(spec) else str(value)
                share = f" {percent(found['probability'])}" if "probability" in found else ""
                print(f"{word}, row {i}: {said}{share}")
    return 0


def main(words: Sequence[str]) -> int:
    """Prints each image's likeliest classes; 1 if one cannot be read."""
    parser = Parser(
        prog="rushlight predict",
        usage="rushlight predict RUN IMAGE... [--top N] [--invert] [--csv | --json]",
        description=__doc__.split("\n\n")[1],
        epilog="IMAGE is a file, a folder, a pattern in quotes ('scans/*.png'), or - for an image "
        "or names of files on stdin.",
    )
    parser.add_argument("run", type=Path, help="a run's folder, or one of its checkpoints")
    parser.add_argument("images", nargs="+", metavar="IMAGE")
    parser.add_argument(
        "--top", type=count, default=3, help="how many classes to show (default: 3)"
    )
    parser.add_argument("--invert", action="store_true", help="dark becomes light")
    parser.add_argument(
        "--csv", action="store_true", help="a table: file, class1, probability1, ..."
    )
    parser.add_argument("--json", action="store_true", help="one JSON object in each line")
    options = parser.parse_args(words)
    if options.csv and options.json:
        raise CliError("--csv and --json exclude each other: leave one out")
    model, state = models.load(options.run)
    about = state["data"]
    if "table" in about:
        return _predict_rows(model, about["table"], options)
    form = "csv" if options.csv else "json" if options.json else ""
    rows = _Rows(form, about["classes"], min(options.top, len(about["classes"])))
    waiting: list[tuple[str, Tensor]] = []
    status = inverted = 0

    def answer() -> None:
        if waiting:
            with rl.no_grad():
                shares = model(rl.cat([x for _, x in waiting])).softmax(1)
            for (name, _), share in zip(waiting, shares, strict=True):
                rows.answer(name, share)
            waiting.clear()

    for path in files(options.images):
        name = str(path) if isinstance(path, Path) else "-"
        try:
            x = read_image(path, about, options.invert)
        except CliError:
            raise
        except Exception as error:  # Pillow's decoders raise many types
            answer()
            say("predict", reason(error, name))
            status = 1
            continue
        inverted += not options.invert and is_inverted(x, about)
        waiting.append((name, x))
        if len(waiting) == BATCH:
            answer()
    answer()
    if inverted:
        what = "the image is" if inverted == 1 else f"{inverted} images are"
        say(
            "predict",
            f"{what} light at the border, and the run was trained on light strokes on dark: "
            "try --invert",
        )
    return status
