"""VisionDataset: what image data sets have in common; ArrayImages: those that are held in memory.

N images, C channels, H height, W width.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ...core.tensor import Tensor, wrap
from ...utils.data.dataset import BatchReader, Dataset, drawing, gather
from ..transforms.batch import whole_batch
from ..transforms.pil import image_module

__all__ = ["ArrayImages", "StandardTransform", "VisionDataset"]


class StandardTransform:
    """(image, target) -> (transform(image), target_transform(target)); None leaves it as it is."""

    def __init__(
        self, transform: Callable | None = None, target_transform: Callable | None = None
    ) -> None:
        self.transform = transform
        self.target_transform = target_transform

    def __call__(self, input: Any, target: Any) -> tuple[Any, Any]:
        if self.transform is not None:
            input = self.transform(input)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return input, target

    def __repr__(self) -> str:
        lines = [type(self).__name__]
        for head, part in (
            ("Transform: ", self.transform),
            ("Target transform: ", self.target_transform),
        ):
            if part is not None:
                lines.append(head + repr(part).replace("\n", "\n" + " " * len(head)))
        return "\n".join(lines)


class VisionDataset(Dataset):
    """A data set of images with a `root` folder and transforms.

    transforms        f(image, target) of both; or instead
    transform         f(image), and
    target_transform  f(target)
    ValueError: both kinds are given.
    """

    _repr_indent = 4

    def __init__(
        self,
        root: str | Path | None = None,
        transforms: Callable | None = None,
        transform: Callable | None = None,
        target_transform: Callable | None = None,
    ) -> None:
        self.root = os.path.expanduser(root) if isinstance(root, str) else root
        if transforms is not None and (transform is not None or target_transform is not None):
            raise ValueError(
                "Only transforms or transform/target_transform can be passed as argument"
            )
        self.transform = transform
        self.target_transform = target_transform
        if transform is not None or target_transform is not None:
            transforms = StandardTransform(transform, target_transform)
        self.transforms = transforms

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} should implement __getitem__.")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} should implement __len__.")

    def __repr__(self) -> str:
        body = [f"Number of datapoints: {len(self)}"]
        if self.root is not None:
            body.append(f"Root location: {self.root}")
        body += self.extra_repr().splitlines()
        if self.transforms is not None:
            body.append(repr(self.transforms))
        indent = " " * self._repr_indent
        return "\n".join([f"Dataset {type(self).__name__}", *(indent + line for line in body)])

    def extra_repr(self) -> str:
        """Further lines of the text."""
        return ""


class ArrayImages(VisionDataset):
    """Images in memory: `data` uint8 (N, H, W) or (N, H, W, C), `targets` int64 (N).

    A sample is a PIL image and an int. Where the transform is one that can do a whole batch (see
    transforms.batch), no PIL image is made, and a loader reads whole batches.
    """

    data: Tensor
    targets: Tensor

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        pixels = self.data[index].numpy()  # (H, W) or (H, W, C)
        target = int(self.targets[index])
        apply = whole_batch(self.transform, pixels.shape)
        if apply is not None:
            image = wrap(apply(pixels[None].copy())[0])
        else:
            image = image_module().fromarray(pixels)
            if self.transform is not None:
                image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def __batches__(self) -> BatchReader | None:
        apply = whole_batch(self.transform, self.data.shape[1:])
        plain = type(self.data) is Tensor and type(self.targets) is Tensor
        if apply is None or self.target_transform is not None or not plain:
            return None

        def batch(indices: np.ndarray | slice) -> list[Tensor]:
            images = apply(gather(self.data._a, indices))  # (N, C, H, W)
            targets = gather(self.targets._a, indices).astype(np.int64, copy=False)
            return [wrap(images), wrap(targets)]

        return drawing(batch, apply.draws)

    def __len__(self) -> int:
        return len(self.data)
