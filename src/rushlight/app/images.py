"""Folders of images: which files there are, which of them can be read, and the parts of a run.

    photos/cat/1.jpg, photos/dog/2.jpg                one folder per class
    photos/train/cat/1.jpg, photos/test/cat/2.jpg     train/, and valid/ (or val/), test/ or both

Letters: C channels, H and W height and width.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rushlight as rl
from rushlight.app.errors import CliError
from rushlight.utils.data import Dataset
from rushlight.vision.datasets.folder import IMG_EXTENSIONS, default_loader
from rushlight.vision.transforms.pil import NoScale

PARTS = ("train", "valid", "val", "test")  # folders of parts, if there are no others
SHOWN = 10  # files that are named one by one
EXAMPLE = "expected one folder per class, such as cat/ and dog/, with images in each"

Sample = tuple[str, int]  # the file, the number of its class


class ImageFiles(Dataset[Any]):
    """(transform(image in RGB), number of its class) of each sample."""

    def __init__(self, samples: Sequence[Sample], transform: Callable[[Any], Any]):
        self.samples, self.transform = samples, transform

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        path, label = self.samples[index]
        return self.transform(default_loader(path)), label


@dataclass(frozen=True)
class Folder:
    """What is in a folder of images: sorted classes, and the samples of each part of the run."""

    classes: list[str]
    train: list[Sample]
    valid: list[Sample]
    test: list[Sample]


def read(root: Path, shares: tuple[float, float], seed: int, strict: bool, tell: Any) -> Folder:
    """The parts of a folder. Those that have no folder of their own are split off the images.

    shares  of the images for validation and for the test, where they have no folder
    strict  a file that is no image, or a broken one, is an error; otherwise it is left out, and
            `tell(text)` names it
    CliError: no classes, no images, a part without images.
    """
    names = [entry.name for entry in _entries(root) if entry.is_dir()]
    parts = {name: root / name for name in names} if set(names) <= set(PARTS) else {}
    if parts and "train" not in parts:
        raise CliError(
            f"{root} has {', '.join(sorted(parts))} but no train\n"
            "  fix: add train/ with one folder per class, or give another folder"
        )
    whole = parts.get("train", root)
    classes = _classes(whole)
    checked = _Check(root, strict, tell)
    samples = checked.readable(_samples(whole, classes))
    empty = set(range(len(classes))) - {label for _, label in samples}
    if empty:
        folders = ", ".join(str(whole / classes[i]) for i in sorted(empty))
        raise CliError(f"no images in {folders}\n  fix: put some there, or take the folder away")
    found = [parts.get("valid", parts.get("val")), parts.get("test")]
    given = [checked.readable(_part(folder, classes)) if folder else None for folder in found]
    checked.report()
    wanted = [0.0 if part is not None else s for part, s in zip(given, shares, strict=True)]
    train, *split = stratified(samples, wanted, seed)
    valid, test = (s if g is None else g for g, s in zip(given, split, strict=True))
    for name, part in (("train", train), ("validate", valid), ("test", test)):
        if not part:
            raise CliError(
                f"{root} has too few images: none is left to {name}\n"
                f"  fix: at least 3 images per class, or folders train/, val/ and test/"
            )
    return Folder(classes, train, valid, test)


def labelled(root: Path, classes: list[str], strict: bool, tell: Any) -> list[Sample]:
    """All images of a folder with one folder per class, or of its test/, for known classes.

    CliError: a class that is not one of them, no images.
    """
    names = {entry.name for entry in _entries(root) if entry.is_dir()}
    whole = root / "test" if "test" in names and names <= set(PARTS) else root
    checked = _Check(root, strict, tell)
    found = checked.readable(_part(whole, classes, "the run"))
    checked.report()
    return found


def stratified(samples: Sequence[Sample], shares: Sequence[float], seed: int) -> list[list[Sample]]:
    """[the rest, one part per share]: random, with each class's share in each part.

    A class of three or more images has at least one in every part that is wanted.
    """
    generator = rl.Generator().manual_seed(seed)
    parts: list[list[Sample]] = [[] for _ in range(1 + len(shares))]
    for label in sorted({label for _, label in samples}):
        members = [sample for sample in samples if sample[1] == label]
        order = rl.randperm(len(members), generator=generator).tolist()
        least = 1 if len(members) >= 3 else 0
        sizes = [max(least, round(len(members) * share)) if share else 0 for share in shares]
        for part, size in zip(parts[1:], sizes, strict=True):
            part += [members[i] for i in order[:size]]
            del order[:size]
        parts[0] += [members[i] for i in order]
    return [sorted(part, key=lambda sample: (sample[1], sample[0])) for part in parts]


# ---------------------------------------------------------------- which files there are


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What is in a folder, sorted, without hidden things such as .ipynb_checkpoints."""
    return sorted(
        (e for e in os.scandir(folder) if not e.name.startswith((".", "__MACOSX"))),
        key=lambda e: e.name,
    )


def _classes(root: Path) -> list[str]:
    """The names of the class folders, sorted. CliError: there are none."""
    entries = _entries(root)
    classes = [entry.name for entry in entries if entry.is_dir()]
    if not classes:
        images = sum(entry.name.lower().endswith(IMG_EXTENSIONS) for entry in entries)
        what = f"{images} images but no folders" if images else "no images"
        raise CliError(f"{root} has {what}; {EXAMPLE}")
    return classes


def _samples(root: Path, classes: list[str]) -> list[Sample]:
    """The image files below the class folders, in order."""
    return [
        (path, label)
        for label, name in enumerate(classes)
        if (root / name).is_dir()
        for path in below(root / name)
    ]


def _part(root: Path, classes: list[str], known: str = "train/") -> list[Sample]:
    """The samples of valid/ or test/. CliError: a class that `known` has not, no images."""
    foreign = [name for name in _classes(root) if name not in classes]
    if foreign:
        raise CliError(f"{root} has the classes {', '.join(foreign)}, which {known} has not")
    samples = _samples(root, classes)
    if not samples:
        raise CliError(f"no images in {root}")
    return samples


def below(folder: Path) -> Iterator[str]:
    """The image files in a folder and those below it."""
    return _images(folder, set())


def _images(folder: Path, seen: set[str]) -> Iterator[str]:
    """The image files in a folder and those below; a folder that a link leads back to, once."""
    real = os.path.realpath(folder)
    if real in seen:
        return
    seen.add(real)
    for entry in _entries(folder):
        if entry.is_dir():
            yield from _images(Path(entry.path), seen)
        elif entry.name.lower().endswith(IMG_EXTENSIONS):
            yield entry.path


# ---------------------------------------------------------------- which of them can be read


def need_pillow() -> Any:
    """PIL.Image. CliError: Pillow, which reads images and brings them to one size, is not there."""
    from rushlight.vision.transforms.pil import image_module

    try:
        return image_module()
    except ImportError:
        raise CliError(
            "files of images are read, and brought to one size, by Pillow, which is not installed\n"
            "  fix: pip install pillow"
        ) from None


class _Check:
    """Reads every file once, before a run: one that is broken would end it hours later."""

    def __init__(self, root: Path, strict: bool, tell: Any):
        self.root, self.strict, self.tell = root, strict, tell
        self.broken: list[str] = []
        need_pillow()

    def readable(self, samples: list[Sample]) -> list[Sample]:
        """Those of the samples that can be read. CliError: one cannot, if strict."""
        return [sample for sample in samples if self._fine(sample[0])]

    def _fine(self, path: str) -> bool:
        try:
            default_loader(path)
            return True
        except Exception as error:  # Pillow's decoders raise many types
            text = f"{path}: {_reason(path, error)}"
        if self.strict:
            raise CliError(f"{text}\n  fix: mend or remove it, or leave --strict out")
        self.broken.append(text)
        return False

    def report(self) -> None:
        """Names what was left out."""
        if self.broken:
            files = "1 file" if len(self.broken) == 1 else f"{len(self.broken)} files"
            lines = [f"left out {files} that cannot be read (--strict stops instead)"]
            lines += [f"  {text}" for text in self.broken[:SHOWN]]
            more = len(self.broken) - SHOWN
            self.tell("\n".join([*lines, f"  and {more} more"] if more > 0 else lines))


def _reason(path: str, error: Exception) -> str:
    """Why a file cannot be read, in a few words."""
    if os.path.islink(path) and not os.path.exists(path):
        return "a link to nothing"
    if isinstance(error.__cause__, NoScale):
        return str(error.__cause__).partition("\n")[0]
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "not an image, or only part of one" if os.path.getsize(path) else "empty"
