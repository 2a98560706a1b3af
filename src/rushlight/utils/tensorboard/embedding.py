"""Files for TensorBoard's projector: points, names, one picture of all pictures."""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np

from .images import encode_png, grid
from .summary import make_np


def write_embedding(
    folder: str, points: np.ndarray, metadata: Any, pictures: Any, step: Any, tag: str, header: Any
) -> None:
    """Write what the projector reads into folder/STEP/TAG, and where it is.

    points (N, D); metadata: N texts, or rows under `header`; pictures (N, C, H, W)
    AssertionError: not as many of them as points
    """
    names = tag.replace("%", "%25").replace("\\", "%5c").replace("/", "%2f")
    place = f"{str(step).zfill(5)}/{names}"
    path = os.path.join(folder, place)
    os.makedirs(path, exist_ok=True)
    lines = ["embeddings {", f'tensor_name: "{tag}:{str(step).zfill(5)}"']
    lines.append(f'tensor_path: "{place}/tensors.tsv"')
    if metadata is not None:
        if points.shape[0] != len(metadata):
            raise AssertionError("#labels should equal with #data points")
        rows = [str(x) for x in metadata]
        if header:
            rows = ["\t".join(header), *["\t".join(str(x) for x in row) for row in metadata]]
        _write(os.path.join(path, "metadata.tsv"), rows)
        lines.append(f'metadata_path: "{place}/metadata.tsv"')
    if pictures is not None:
        array = make_np(pictures)
        if points.shape[0] != array.shape[0]:
            raise AssertionError("#images should equal with #data points")
        with open(os.path.join(path, "sprite.png"), "wb") as f:
            f.write(encode_png(_sprite(array)))
        lines += ["sprite {", f'image_path: "{place}/sprite.png"']
        lines += [f"single_image_dim: {n}" for n in (array.shape[3], array.shape[2])] + ["}"]
    if points.ndim != 2:
        raise AssertionError("mat should be 2D, where mat.size(0) is the number of data points")
    _write(os.path.join(path, "tensors.tsv"), ["\t".join(map(str, row)) for row in points.tolist()])
    with open(os.path.join(folder, "projector_config.pbtxt"), "a", encoding="utf-8") as f:
        f.write("\n".join([*lines, "}"]) + "\n")


def _write(path: str, rows: list[str]) -> None:
    with open(path, "w", encoding="utf-8") as f:
        f.writelines(row + "\n" for row in rows)


def _sprite(array: np.ndarray) -> np.ndarray:
    """All pictures in a square, (H, W, C) of uint8."""
    columns = math.ceil(math.sqrt(array.shape[0]))
    scale = 1 if array.dtype == np.uint8 else 255
    values = (array.astype(np.float32) * scale).clip(0, 255).astype(np.uint8)
    missing = columns * columns - len(values)
    values = np.concatenate([values, np.zeros((missing, *values.shape[1:]), np.uint8)])
    return grid(values, columns).transpose(1, 2, 0)
