"""`rushlight predict RUN IMAGE...`: what a trained model sees in images.

An image is brought to what the model was trained on: its size, grey or colour, and the same mean
and deviation. Sets like MNIST are light on dark: `--invert` turns ink on paper around.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import rushlight as rl
from rushlight import Tensor
from rushlight.app import models
from rushlight.app.arguments import Parser, count
from rushlight.app.errors import CliError, expected, say
from rushlight.app.report import percent


def read_image(path: Path, about: dict[str, Any], invert: bool) -> Tensor:
    """An image file as the model takes it, (1, C, H, W).

    OSError and others: the file is absent or no image. CliError: no pillow.
    """
    with expected(ImportError):
        from rushlight.vision.datasets.folder import read_image as read_image_file
        from rushlight.vision.transforms.pil import image_module

        image_module()

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


def main(words: Sequence[str]) -> int:
    """Prints each image's likeliest classes; 1 if one cannot be read."""
    parser = Parser(
        prog="rushlight predict",
        usage="rushlight predict RUN IMAGE... [--top N] [--invert]",
        description=__doc__.split("\n\n")[1],
    )
    parser.add_argument("run", type=Path, help="a run's folder, or one of its checkpoints")
    parser.add_argument("images", type=Path, nargs="+", metavar="IMAGE")
    parser.add_argument(
        "--top", type=count, default=3, help="how many classes to show (default: 3)"
    )
    parser.add_argument("--invert", action="store_true", help="dark becomes light")
    options = parser.parse_args(words)
    model, state = models.load(options.run)
    classes = state["data"]["classes"]
    status = 0
    for path in options.images:
        try:
            x = read_image(path, state["data"], options.invert)
        except CliError:
            raise
        except Exception as error:  # Pillow's decoders raise many types
            say("predict", f"{path}: {getattr(error, 'strerror', None) or error}")
            status = 1
            continue
        with rl.no_grad():
            shares = model(x).softmax(1)[0]
        best = shares.topk(min(options.top, len(classes)))
        answers = zip(best.values.tolist(), best.indices.tolist(), strict=True)
        print(f"{path}: " + ", ".join(f"{classes[i]} {percent(share)}" for share, i in answers))
    return status
