"""The data that `rushlight train` knows by name, and folders of images.

Every source becomes a `Data`: three data sets of (image, label), images float32 (C, H, W)
normalised with constants of the source, so that the numbers of a run never depend on what was
split off.

Letters: N images, C channels, H and W height and width, K classes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rushlight as rl
from rushlight.utils.data import Dataset, Subset, TensorDataset, random_split

HOLDOUT = 0.1  # share of the training images that is kept for validation
IMAGE_SIZE = 64  # height and width that images of a folder are brought to


@dataclass(frozen=True)
class Data:
    """What a run trains on. `test` is never looked at before the report."""

    name: str
    classes: list[str]
    shape: tuple[int, int, int]  # (C, H, W)
    mean: float  # of the pixels in 0..1: what the images were normalised with
    std: float
    train: Dataset[Any]
    valid: Dataset[Any]
    test: Dataset[Any]

    def about(self) -> dict[str, Any]:
        """What predicting needs to know, as plain data for the checkpoint."""
        return {
            "classes": self.classes,
            "shape": list(self.shape),
            "mean": self.mean,
            "std": self.std,
        }


@dataclass(frozen=True)
class Known:
    """A data set of rushlight.vision: its class there, and its pixels' mean and deviation."""

    factory: str
    mean: float
    std: float


# Of the training images, divided by 255.
KNOWN = {
    "digits": Known("Digits", 0.3054, 0.3755),
    "mnist": Known("MNIST", 0.1307, 0.3081),
    "fashion-mnist": Known("FashionMNIST", 0.2860, 0.3530),
    "kmnist": Known("KMNIST", 0.1918, 0.3483),
}


def load(name: str, root: str, download: bool, seed: int) -> Data:
    """The data called `name`: one of `KNOWN`, or a folder of images.

    Raises ValueError for a name that is neither, RuntimeError where files are absent or broken.
    """
    if name in KNOWN:
        return _known(name, root, download, seed)
    if Path(name).is_dir():
        return _folder(Path(name), seed)
    raise ValueError(
        f"no data set {name!r}; choose from {', '.join(KNOWN)}, or give a folder of images "
        f"with one folder inside per class"
    )


def _split(whole: Dataset[Any], shares: list[float], seed: int) -> list[Subset[Any]]:
    """Disjoint random parts; the first takes what rounding leaves."""
    n = len(whole)
    sizes = [round(n * share) for share in shares[1:]]
    generator = rl.Generator().manual_seed(seed)
    return random_split(whole, [n - sum(sizes), *sizes], generator=generator)


def _known(name: str, root: str, download: bool, seed: int) -> Data:
    from rushlight.vision import datasets

    known = KNOWN[name]
    factory: Callable[..., Any] = getattr(datasets, known.factory)
    try:
        parts = [factory(root, train=train, download=download) for train in (True, False)]
    except RuntimeError as error:
        if "download=True" not in str(error):
            raise
        folder = Path(root) / known.factory / "raw"
        raise RuntimeError(
            f"{name} is not in {folder}\n  fix: --root FOLDER if it is elsewhere, "
            f"--download to fetch it there"
        ) from None

    def tensors(part: Any) -> TensorDataset:
        x = part.data.to(rl.float32).unsqueeze(1)  # (N, H, W) -> (N, 1, H, W)
        return TensorDataset((x / 255 - known.mean) / known.std, part.targets)

    whole, test = (tensors(part) for part in parts)
    train, valid = _split(whole, [1 - HOLDOUT, HOLDOUT], seed)
    shape = tuple(whole.tensors[0].shape[1:])
    classes = [str(c) for c in parts[0].classes]
    return Data(name, classes, shape, known.mean, known.std, train, valid, test)


def _folder(path: Path, seed: int) -> Data:
    """A folder with one folder per class; or with train/ and, if it likes, valid/ (val/), test/."""
    from rushlight.vision import transforms
    from rushlight.vision.datasets import ImageFolder

    prepare = transforms.Compose(
        [
            transforms.Resize((IMAGE_SIZE, IMAGE_SIZE)),
            transforms.ToTensor(),
            transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        ]
    )

    def images(*names: str) -> Any:
        return next((ImageFolder(path / n, prepare) for n in names if (path / n).is_dir()), None)

    train, valid, test = images("train"), images("valid", "val"), images("test")
    whole = train or ImageFolder(path, prepare)
    for part in (valid, test):
        if part and part.classes != whole.classes:
            raise ValueError(f"{part.root} has the classes {part.classes}, not {whole.classes}")
    shares = [0.0 if valid else HOLDOUT, 0.0 if test else HOLDOUT]
    rest, some, other = _split(whole, [1 - sum(shares), *shares], seed)
    shape = (3, IMAGE_SIZE, IMAGE_SIZE)
    classes = list(whole.classes)
    return Data(str(path), classes, shape, 0.5, 0.5, rest, valid or some, test or other)
