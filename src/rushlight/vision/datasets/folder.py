"""Data sets from folders: one subfolder per class."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...serialization.errors import ImageError, UserError, reading
from ..transforms.pil import NoScale, eight_bits, image_module
from .vision import VisionDataset

__all__ = ["IMG_EXTENSIONS", "DatasetFolder", "ImageFolder", "default_loader", "make_dataset"]

IMG_EXTENSIONS = (
    ".jpg",
    ".jpeg",
    ".png",
    ".ppm",
    ".bmp",
    ".pgm",
    ".tif",
    ".tiff",
    ".webp",
)


def has_file_allowed_extension(filename: str, extensions: str | tuple[str, ...]) -> bool:
    """Does the name end in one of the extensions, in whatever case?"""
    return filename.lower().endswith(extensions)


def find_classes(directory: str | Path) -> tuple[list[str], dict[str, int]]:
    """The names of the subfolders, sorted, and their numbers. FileNotFoundError: there are none."""
    classes = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir())
    if not classes:
        raise FileNotFoundError(f"Couldn't find any class folder in {directory}.")
    return classes, {name: i for i, name in enumerate(classes)}


def make_dataset(
    directory: str | Path,
    class_to_idx: dict[str, int] | None = None,
    extensions: str | tuple[str, ...] | None = None,
    is_valid_file: Callable[[str], bool] | None = None,
    allow_empty: bool = False,
) -> list[tuple[str, int]]:
    """(path, class number) of all files below the class folders, sorted.

    Either `extensions` or `is_valid_file` says which files count; ValueError: both or neither.
    FileNotFoundError: a class has no file, unless `allow_empty`.
    """
    directory = os.path.expanduser(directory)
    if class_to_idx is None:
        _, class_to_idx = find_classes(directory)
    elif not class_to_idx:
        raise ValueError("'class_to_index' must have at least one entry to collect any samples.")
    if (extensions is None) == (is_valid_file is None):
        raise ValueError(
            "Both extensions and is_valid_file cannot be None or not None at the same time"
        )
    if is_valid_file is None:

        def is_valid_file(path: str) -> bool:
            return has_file_allowed_extension(path, extensions)

    samples, empty = [], []
    for name, number in sorted(class_to_idx.items()):
        paths = [
            os.path.join(folder, file)
            for folder, _, files in sorted(os.walk(os.path.join(directory, name), followlinks=True))
            for file in sorted(files)
        ]
        paths = [path for path in paths if is_valid_file(path)]
        samples += [(path, number) for path in paths]
        if not paths:
            empty.append(name)
    if empty and not allow_empty:
        text = f"Found no valid file for the classes {', '.join(empty)}. "
        if extensions is not None:
            names = extensions if isinstance(extensions, str) else ", ".join(extensions)
            text += f"Supported extensions are: {names}"
        raise FileNotFoundError(text)
    return samples


def default_loader(path: str | Path) -> Any:
    """The image in a file, as a PIL image in RGB. ImageError: none that Pillow can read.

    Images of 16 bits are scaled to 8, and floats of [0, 1] likewise; other floats are an
    ImageError. (torchvision cuts them off at 255.)
    """
    return read_image(path, "RGB")


def read_image(path: str | Path, mode: str) -> Any:
    """The image in a file, converted to `mode`.

    ImageError (a LoadError, RuntimeError and OSError) for whatever Pillow raises about the contents
    (each of its formats has errors of its own); OSError if the file cannot be opened.
    """
    Image = image_module()
    with open(path, "rb") as file, reading(os.fspath(path), ImageError):
        try:
            # from memory: of a file, Pillow asks for as many bytes as a chunk says it has, and
            # Python makes room for them before it finds that they are not there
            with Image.open(io.BytesIO(file.read())) as image:
                return eight_bits(image, mode)
        except MemoryError:
            raise
        except NoScale as error:
            raise ImageError(f"{path}: {error}") from error
        except Exception as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise UserError(error) from None  # of the disk
            size = os.fstat(file.fileno()).st_size
            # its text names the buffer above, not the file
            unknown = type(error).__name__ == "UnidentifiedImageError"
            why = "no format that Pillow knows" if unknown else error
            raise ImageError(
                f"{path} is not an image that can be read, or only part of one: {why}\n"
                f"  {size} bytes; expected one of {', '.join(IMG_EXTENSIONS)}"
            ) from error


class DatasetFolder(VisionDataset):
    """Files below root/<class>/, read by `loader(path)`.

    extensions        of the files that count; or instead
    is_valid_file     f(path) -> bool
    transform         f(sample)
    target_transform  f(int)
    allow_empty       classes may have no file

    `classes` sorted names, `class_to_idx`, `samples` [(path, class number)], `targets`.
    FileNotFoundError: no class folder, or a class without files.
    """

    def __init__(
        self,
        root: str | Path,
        loader: Callable[[str], Any],
        extensions: tuple[str, ...] | None = None,
        transform: Callable | None = None,
        target_transform: Callable | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        classes, class_to_idx = self.find_classes(self.root)
        self.loader = loader
        self.extensions = extensions
        self.classes = classes
        self.class_to_idx = class_to_idx
        self.samples = self.make_dataset(
            self.root, class_to_idx, extensions, is_valid_file, allow_empty
        )
        self.targets = [number for _, number in self.samples]

    @staticmethod
    def make_dataset(
        directory: str | Path,
        class_to_idx: dict[str, int],
        extensions: tuple[str, ...] | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> list[tuple[str, int]]:
        """See `make_dataset` of this module; to be overridden."""
        if class_to_idx is None:
            raise ValueError("The class_to_idx parameter cannot be None.")
        return make_dataset(directory, class_to_idx, extensions, is_valid_file, allow_empty)

    def find_classes(self, directory: str | Path) -> tuple[list[str], dict[str, int]]:
        """See `find_classes` of this module; to be overridden."""
        return find_classes(directory)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, target = self.samples[index]
        sample = self.loader(path)
        if self.transform is not None:
            sample = self.transform(sample)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return sample, target

    def __len__(self) -> int:
        return len(self.samples)


class ImageFolder(DatasetFolder):
    """Images below root/<class>/, as PIL images in RGB.

    `imgs` is another name of `samples`; the rest is DatasetFolder's.
    """

    def __init__(
        self,
        root: str | Path,
        transform: Callable | None = None,
        target_transform: Callable | None = None,
        loader: Callable[[str], Any] = default_loader,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        super().__init__(
            root,
            loader,
            IMG_EXTENSIONS if is_valid_file is None else None,
            transform=transform,
            target_transform=target_transform,
            is_valid_file=is_valid_file,
            allow_empty=allow_empty,
        )
        self.imgs = self.samples
