"""The digits that the examples learn from, as PyTorch tensors.

8x8 pixels (1,437 for training, 360 for testing) from the file that comes with rushlight; or MNIST's
28x28, where $RUSHLIGHT_MNIST names the folder with its four files.
Source of the small ones: E. Alpaydin, C. Kaynak 1998, https://doi.org/10.24432/C50P49; CC BY 4.0

Letters: N images, H and W height and width.
"""

import gzip
import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch

TRAIN = 1437


def load():
    """(x, y) for training and (x, y) for testing: x (N, 1, H, W) in 0..1, y (N)."""
    folder = os.environ.get("RUSHLIGHT_MNIST")
    if folder:
        return [
            images(read(folder, f"{part}-images-idx3-ubyte", 16).reshape(-1, 28, 28) / 255.0,
                   read(folder, f"{part}-labels-idx1-ubyte", 8))
            for part in ("train", "t10k")
        ]  # fmt: skip
    package = find_spec("rushlight")  # found, not imported: the digits are the same under PyTorch
    if package is None:
        raise SystemExit(
            "the digits are in the package rushlight, which is not installed here\n"
            "  fix: pip install rushlight, or RUSHLIGHT_MNIST=FOLDER with MNIST's four files"
        )
    with np.load(Path(package.origin).parent / "vision" / "datasets" / "digits.npz") as arrays:
        pixels, labels = arrays["images"] / 16.0, arrays["labels"]
    return [images(pixels[:TRAIN], labels[:TRAIN]), images(pixels[TRAIN:], labels[TRAIN:])]


def images(pixels, labels):
    x = torch.from_numpy(pixels.astype(np.float32)).unsqueeze(1)  # (N, H, W) -> (N, 1, H, W)
    return x, torch.from_numpy(labels.astype(np.int64))


def read(folder, name, head):
    """The bytes behind the header of one of MNIST's files, gzipped or not."""
    for path in (Path(folder, name), Path(folder, name + ".gz")):
        if path.is_file():
            opened = gzip.open(path) if path.suffix == ".gz" else open(path, "rb")
            with opened as file:
                return np.frombuffer(file.read(), np.uint8, offset=head)
    raise SystemExit(f"RUSHLIGHT_MNIST={folder}: {name} is not there, nor {name}.gz")
