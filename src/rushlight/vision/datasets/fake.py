"""FakeData: random images, to try a program on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...dispatch.registry import FUNCTIONS
from ...random.generator import Generator
from ..transforms.functional import to_pil_image
from .vision import VisionDataset

__all__ = ["FakeData"]


class FakeData(VisionDataset):
    """`size` samples: normally distributed pixels and a random class, set by the index.

    image_size     (C, H, W)
    random_offset  added to the index to make the seed of a sample
    """

    def __init__(
        self,
        size: int = 1000,
        image_size: tuple[int, int, int] = (3, 224, 224),
        num_classes: int = 10,
        transform: Callable | None = None,
        target_transform: Callable | None = None,
        random_offset: int = 0,
    ) -> None:
        super().__init__(transform=transform, target_transform=target_transform)
        self.size = size
        self.num_classes = num_classes
        self.image_size = image_size
        self.random_offset = random_offset

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        if index >= len(self):
            raise IndexError(f"{type(self).__name__} index out of range")
        generator = Generator().manual_seed(index + self.random_offset)
        image = to_pil_image(FUNCTIONS["randn"](*self.image_size, generator=generator))
        target = FUNCTIONS["randint"](0, self.num_classes, (1,), generator=generator)[0].item()
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def __len__(self) -> int:
        return self.size
