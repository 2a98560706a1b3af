"""The data that `rushlight train` knows by name, and folders of images.

Every source becomes a `Data`: three data sets of (image, label), images float32 (C, H, W)
normalised with constants of the source, so that the numbers of a run never depend on what was
split off.

Letters: N images, C channels, H and W height and width, K classes.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import rushlight as rl
from rushlight.app import images, tables
from rushlight.app.errors import CliError, expected
from rushlight.utils.data import Subset, TensorDataset, random_split

HOLDOUT = 0.1  # share of the training images that is kept for validation, likewise for the test
IMAGE_SIZE = 64  # height and width that images of a folder are brought to, without --size


class Examples(Protocol):
    """A data set of (image, label), of known size."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Any: ...


@dataclass(frozen=True)
class Data:
    """What a run trains on. `test` is never looked at before the report."""

    name: str
    classes: list[str]
    shape: tuple[int, int, int]  # (C, H, W)
    mean: float  # of the pixels in 0..1: what the images were normalised with
    std: float
    train: Examples
    valid: Examples
    test: Examples
    table: dict[str, Any] | None = None  # how rows become numbers, see tables.py

    @property
    def is_number(self) -> bool:
        """Is a number predicted, not a class?"""
        return self.table is not None and tables.is_number(self.table)

    @property
    def things(self) -> str:
        """What it has many of: "images" or "rows"."""
        return "images" if self.table is None else "rows"

    def about(self) -> dict[str, Any]:
        """What predicting needs to know, as plain data for the checkpoint."""
        return {
            "classes": self.classes,
            "shape": list(self.shape),
            "mean": self.mean,
            "std": self.std,
            **({} if self.table is None else {"table": self.table}),
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


def is_folder(name: str) -> bool:
    """Is it a folder of images, not the name of a data set?"""
    return name not in KNOWN and Path(name).is_dir()


@contextmanager
def told_size(data: Data) -> Iterator[None]:
    """Adds to a CliError what the images of a folder were brought to, not the size of the files."""
    try:
        yield
    except CliError as error:
        if not is_folder(data.name):
            raise
        raise CliError(
            f"{error}; the images of {data.name} are brought to {data.shape}, by --size N to others"
        ) from error


def load(
    name: str,
    root: str,
    download: bool,
    seed: int,
    *,
    size: int | None = None,
    strict: bool = False,
    valid: float | None = None,
    test: float | None = None,
    target: str | None = None,
    tell: Any = print,
) -> Data:
    """The data called `name`: one of `KNOWN`, a folder of images, a table or labelled lines.

    target  the column of a table that is predicted

    valid   share of the images that is kept for validation; None: HOLDOUT
    test    likewise for the test, of a folder without test/; data sets by name have a test of their
            own
    size    height and width that the images of a folder are brought to; None: IMAGE_SIZE
    strict  a broken image is an error; otherwise it is left out, and `tell(text)` names it
    CliError: a name that is neither; files that are absent or broken.
    """
    shares = (HOLDOUT if valid is None else valid, HOLDOUT if test is None else test)
    if Path(name).suffix.lower() in tables.ENDINGS and not Path(name).exists():
        raise CliError(f"no file {name!r}\n  fix: check the name, and the folder you are in")
    if target is not None and not tables.is_table(name):
        raise CliError(f"--target is for a table (.csv, .tsv); {name} is none: leave it out")
    if tables.is_table(name):
        if size is not None:
            raise CliError(f"--size is for images; {name} is a table: leave it out")
        spec, parts = tables.parts(Path(name), target, shares, seed)
        classes = spec.get("classes", [spec["target"]])
        width = parts[0][0].shape[1]
        train, held, last = (TensorDataset(x, y) for x, y in parts)
        return Data(name, classes, (width, 1, 1), 0.0, 1.0, train, held, last, table=spec)
    if name in KNOWN:
        if size is not None:
            raise CliError(
                f"--size is for a folder of images; {name} has a size of its own: leave it out"
            )
        if test is not None:
            raise CliError(
                f"--test is for a folder of images; {name} has test images of its own: leave it out"
            )
        with expected(RuntimeError, ValueError):
            return _known(name, root, download, seed, shares[0])
    if is_folder(name):
        return _folder(Path(name), seed, size or IMAGE_SIZE, strict, tell, shares)
    raise CliError(
        f"no data set {name!r}; choose from {', '.join(KNOWN)}, or give a folder of images "
        f"with one folder inside per class, a table (.csv, .tsv) or labelled lines (.txt)"
    )


def of(settings: Mapping[str, Any], tell: Any) -> Data:
    """The data of a run's settings, see `load`."""
    return load(
        settings["data"],
        settings["root"],
        settings.get("download", False),
        settings["seed"],
        size=settings.get("size"),
        strict=settings.get("strict", False),
        valid=settings.get("valid"),
        test=settings.get("test"),
        target=settings.get("target"),
        tell=tell,
    )


def _split(whole: TensorDataset, shares: list[float], seed: int) -> list[Subset[Any]]:
    """Disjoint random parts; the first takes what rounding leaves."""
    n = len(whole)
    sizes = [round(n * share) for share in shares[1:]]
    generator = rl.Generator().manual_seed(seed)
    return random_split(whole, [n - sum(sizes), *sizes], generator=generator)


def _known(name: str, root: str, download: bool, seed: int, share: float) -> Data:
    from rushlight.vision import datasets

    known = KNOWN[name]
    factory: Callable[..., Any] = getattr(datasets, known.factory)
    try:
        parts = [factory(root, train=train, download=download) for train in (True, False)]
    except RuntimeError as error:
        if "download=True" not in str(error):
            raise
        folder = Path(root) / known.factory / "raw"
        raise CliError(
            f"{name} is not in {folder}\n  fix: --root FOLDER if it is elsewhere, "
            f"--download to fetch it there"
        ) from None

    def tensors(part: Any) -> TensorDataset:
        x = part.data.to(rl.float32).unsqueeze(1)  # (N, H, W) -> (N, 1, H, W)
        return TensorDataset((x / 255 - known.mean) / known.std, part.targets)

    whole, test = (tensors(part) for part in parts)
    train, valid = _split(whole, [1 - share, share], seed)
    if not len(train) or not len(valid):
        raise CliError(
            f"--valid {share:g} leaves no image to {'validate' if len(train) else 'train'}\n"
            "  fix: a share between, such as 0.1"
        )
    shape = tuple(whole.tensors[0].shape[1:])
    classes = [str(c) for c in parts[0].classes]
    return Data(name, classes, shape, known.mean, known.std, train, valid, test)


def _folder(
    path: Path, seed: int, size: int, strict: bool, tell: Any, shares: tuple[float, float]
) -> Data:
    """A folder of images, each brought to size x size."""
    from rushlight.vision import transforms

    found = images.read(path, shares, seed, strict, tell)
    prepare = transforms.Compose(
        [
            transforms.Resize((size, size)),
            transforms.ToTensor(),
            transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        ]
    )
    train, held, last = (
        images.ImageFiles(part, prepare) for part in (found.train, found.valid, found.test)
    )
    return Data(str(path), found.classes, (3, size, size), 0.5, 0.5, train, held, last)
