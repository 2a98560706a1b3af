"""CIFAR-10, CIFAR-100, SVHN and STL-10: small color images, held in memory.

N images, C channels, H height, W width. Files are read as data: a pickle by the closed reader of
`serialization`, MATLAB's and binary files by the few lines here.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import struct
import tarfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from ...serialization.grammar import Grammar
from ...serialization.unpickle import read_pickle
from ..transforms.pil import image_module
from .download import download_file
from .vision import VisionDataset

__all__ = ["CIFAR10", "CIFAR100", "STL10", "SVHN"]


class _Colored(VisionDataset):
    """Images `data`, an array, and `targets`, numbers. A sample is a PIL image and an int."""

    data: np.ndarray
    targets: Any

    def _picture(self, index: int) -> np.ndarray:
        """(H, W, C)"""
        return self.data[index]

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        image, target = image_module().fromarray(self._picture(index)), self.targets[index]
        target = None if target is None else int(target)
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return image, target

    def __len__(self) -> int:
        return len(self.data)


def _intact(path: Path, md5: str) -> bool:
    if not path.is_file():
        return False
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "md5").hexdigest() == md5


def _unpack(archive: Path, folder: Path) -> None:
    """The files of a tar archive; links and paths out of the folder are refused.

    (By hand: Python knows `extractall(filter=)` from 3.11.4 on.)
    """
    with tarfile.open(archive) as tar:
        for member in tar:
            path = folder / member.name
            if not path.resolve().is_relative_to(folder.resolve()) or not (
                member.isfile() or member.isdir()
            ):
                raise ValueError(
                    f"{archive}: {member.name!r} is a link, a device or outside of the folder; "
                    "a data set's archive holds files and folders only"
                )
            (path if member.isdir() else path.parent).mkdir(parents=True, exist_ok=True)
            if member.isfile():
                with tar.extractfile(member) as source, open(path, "wb") as copy:
                    shutil.copyfileobj(source, copy)


def _fetch_archive(url: str, root: Path, filename: str, md5: str) -> None:
    if not _intact(root / filename, md5):
        download_file([url], root / filename, md5)
    _unpack(root / filename, root)


# ---------------------------------------------------------------- CIFAR


def read_cifar(path: Path) -> dict:
    """The dict of a file: a pickle of Python 2 with an array and lists.

    UnpicklingError: it holds anything else
    """

    def unknown(module: str, name: str) -> NoReturn:
        raise _foreign(f"{path} wants {module}.{name}")

    def persistent(key: Any) -> NoReturn:
        raise _foreign(f"{path} refers to a storage")

    data = path.read_bytes()
    grammar = Grammar({}, {}, unknown)
    return read_pickle(io.BytesIO(data), len(data), grammar, persistent, ("latin1", "strict"))


def _foreign(what: str) -> Exception:
    from pickle import UnpicklingError

    return UnpicklingError(f"{what}: no file of CIFAR does")


class _Archived(_Colored):
    """Files with known checksums in a folder that one archive unpacks to."""

    base_folder: str
    url: str
    filename: str
    tgz_md5: str

    def _folder(self) -> Path:
        return Path(str(self.root), self.base_folder)

    def _files(self) -> list:
        """[name, md5] of each."""
        raise NotImplementedError

    def _check_integrity(self) -> bool:
        return all(_intact(self._folder() / name, md5) for name, md5 in self._files())

    def download(self) -> None:
        """Fetch and unpack the archive, if the files are not there."""
        if not self._check_integrity():
            _fetch_archive(self.url, Path(str(self.root)), self.filename, self.tgz_md5)


class CIFAR10(_Archived):
    """60,000 images of 32x32 in 10 classes, 10,000 of them for testing.

    root              the folder that holds `cifar-10-batches-py`
    train             the images for training, or those for testing
    transform         f(PIL image); target_transform  f(int)
    download          fetch the archive if the files are not there

    `data` uint8 array (N, 32, 32, 3), `targets` list, `classes`, `class_to_idx`.
    RuntimeError: files are missing or damaged

    Source: Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html
    """

    base_folder = "cifar-10-batches-py"
    url = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
    filename = "cifar-10-python.tar.gz"
    tgz_md5 = "c58f30108f718f92721af3b95e74349a"
    train_list = [
        ["data_batch_1", "c99cafc152244af753f735de768cd75f"],
        ["data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"],
        ["data_batch_3", "54ebc095f3ab1f0389bbae665268c751"],
        ["data_batch_4", "634d18415352ddfa80567beed471001a"],
        ["data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"],
    ]
    test_list = [["test_batch", "40351d587109b95175f43aff81a1287e"]]
    meta = {
        "filename": "batches.meta",
        "key": "label_names",
        "md5": "5ff9c542aee3614f3951f8cda6e48888",
    }

    def __init__(
        self,
        root: str | Path,
        train: bool = True,
        transform: Callable | None = None,
        target_transform: Callable | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        if download:
            self.download()
        if not self._check_integrity():
            raise RuntimeError(
                "Dataset not found or corrupted. You can use download=True to download it\n"
                f"  looked for {self._folder()} with {', '.join(n for n, _ in self._files())}"
            )
        images, self.targets = [], []
        for name, _ in self.train_list if train else self.test_list:
            entry = read_cifar(self._folder() / name)
            images.append(entry["data"])
            self.targets += entry["labels"] if "labels" in entry else entry["fine_labels"]
        pixels = np.vstack(images).reshape(-1, 3, 32, 32)
        self.data = np.ascontiguousarray(pixels.transpose(0, 2, 3, 1))
        self.classes = read_cifar(self._folder() / self.meta["filename"])[self.meta["key"]]
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}

    def _files(self) -> list:
        return [*self.train_list, *self.test_list, [self.meta["filename"], self.meta["md5"]]]

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train is True else 'Test'}"


class CIFAR100(CIFAR10):
    """As CIFAR10, in 100 classes."""

    base_folder = "cifar-100-python"
    url = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
    filename = "cifar-100-python.tar.gz"
    tgz_md5 = "eb9058c3a382ffc7106e4002c42a8d85"
    train_list = [["train", "16019d7e3df5f24257cddd939b257f8d"]]
    test_list = [["test", "f0ef6b0ae62326f3e7ffdfab6717acfc"]]
    meta = {
        "filename": "meta",
        "key": "fine_label_names",
        "md5": "7973b15100ade9c7d40fb424638fde48",
    }


# ---------------------------------------------------------------- SVHN


# miCOMPRESSED and miMATRIX, and the types of numbers, of MATLAB's "MAT-File Format", chapter 1
_COMPRESSED, _MATRIX = 15, 14
_KINDS = (1, 2, 3, 4, 5, 6, 7, 9, 12, 13)
_NUMBERS = dict(zip(_KINDS, "i1 u1 i2 u2 i4 u4 f4 f8 i8 u8".split(), strict=True))


def read_mat(path: Path) -> dict[str, np.ndarray]:
    """The numeric arrays of a MATLAB file of version 5.

    RuntimeError: another kind of file
    """
    data = path.read_bytes()
    if len(data) < 128 or data[126:128] != b"IM":
        raise RuntimeError(f"{path} is no MATLAB file of version 5")
    found: dict[str, np.ndarray] = {}
    at = 128
    while at + 8 <= len(data):
        kind, size = struct.unpack_from("<II", data, at)
        body = data[at + 8 : at + 8 + size]
        at += 8 + size
        if kind == _COMPRESSED:
            body = zlib.decompress(body)
            kind, size = struct.unpack_from("<II", body)
            body = body[8 : 8 + size]
        if kind == _MATRIX:
            name, array = _matrix(body)
            found[name] = array
    return found


def _matrix(body: bytes) -> tuple[str, np.ndarray]:
    at, parts = 0, []
    for _ in range(4):  # flags, sizes, name, numbers
        kind, size = struct.unpack_from("<II", body, at)
        if kind >> 16:  # a small element: type and size in one word
            kind, size = kind & 0xFFFF, kind >> 16
            parts.append((kind, body[at + 4 : at + 4 + size]))
            at += 8
        else:
            parts.append((kind, body[at + 8 : at + 8 + size]))
            at += 8 + size + -size % 8
    (_, flags), (_, sizes), (_, name), (kind, numbers) = parts
    if flags[0] not in range(6, 16):
        raise RuntimeError(f"the variable {name.decode('latin1')} is no array of numbers")
    shape = np.frombuffer(sizes, "<i4")
    array = np.frombuffer(numbers, "<" + _NUMBERS[kind])
    return name.decode("latin1"), array.reshape(shape, order="F")


class SVHN(_Colored):
    """House numbers: images of 32x32, 73,257 for training, 26,032 for testing, 531,131 more.

    split     "train", "test" or "extra": root/SPLIT_32x32.mat
    download  fetch the file if it is not there

    `data` uint8 array (N, 3, 32, 32), `labels` int64 array.
    ValueError: another split; RuntimeError: the file is missing or damaged

    Source: Netzer et al. 2011, http://ufldl.stanford.edu/housenumbers/
    """

    split_list = {
        name: [
            f"http://ufldl.stanford.edu/housenumbers/{name}_32x32.mat",
            f"{name}_32x32.mat",
            md5,
        ]
        for name, md5 in (
            ("train", "e26dedcc434d2e4c54c9b2d4a06d8373"),
            ("test", "eb5a983be6a315427106f1b164d9cef3"),
            ("extra", "a93ce644f1a588dc4d68dda5feec44a7"),
        )
    }

    def __init__(
        self,
        root: str | Path,
        split: str = "train",
        transform: Callable | None = None,
        target_transform: Callable | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        if split not in self.split_list:
            raise ValueError(
                f"Unknown value '{split}' for argument split. Valid values are "
                f"{{{', '.join(repr(s) for s in self.split_list)}}}."
            )
        self.split = split
        self.url, self.filename, self.file_md5 = self.split_list[split]
        if download:
            self.download()
        if not self._check_integrity():
            raise RuntimeError(
                "Dataset not found or corrupted. You can use download=True to download it\n"
                f"  looked for {Path(str(self.root), self.filename)}"
            )
        found = read_mat(Path(str(self.root), self.filename))
        self.labels = found["y"].astype(np.int64).reshape(-1)
        self.labels[self.labels == 10] = 0  # the digit 0
        self.data = np.ascontiguousarray(found["X"].transpose(3, 2, 0, 1))

    @property
    def targets(self) -> np.ndarray:  # type: ignore[override]
        """The labels."""
        return self.labels

    def _picture(self, index: int) -> np.ndarray:
        return np.ascontiguousarray(self.data[index].transpose(1, 2, 0))

    def _check_integrity(self) -> bool:
        return _intact(Path(str(self.root), self.filename), self.split_list[self.split][2])

    def download(self) -> None:
        """Fetch the file, if it is not there."""
        if not self._check_integrity():
            url, name, md5 = self.split_list[self.split]
            download_file([url], Path(str(self.root), name), md5)

    def extra_repr(self) -> str:
        return f"Split: {self.split}"


# ---------------------------------------------------------------- STL-10


class STL10(_Archived):
    """Images of 96x96 in 10 classes: 5,000 for training, 8,000 for testing, 100,000 unlabeled (-1).

    split     "train", "test", "unlabeled" or "train+unlabeled"
    folds     0 to 9: only these of the images for training
    download  fetch the archive if the files are not there

    `data` uint8 array (N, 3, 96, 96), `labels` array, `classes`.
    ValueError: another split or fold; RuntimeError: files are missing or damaged

    Source: Coates, Lee, Ng 2011, https://cs.stanford.edu/~acoates/stl10
    """

    base_folder = "stl10_binary"
    url = "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz"
    filename = "stl10_binary.tar.gz"
    tgz_md5 = "91f7769df0f17e558f3565bffb0c7dfb"
    class_names_file, folds_list_file = "class_names.txt", "fold_indices.txt"
    train_list = [
        ["train_X.bin", "918c2871b30a85fa023e0c44e0bee87f"],
        ["train_y.bin", "5a34089d4802c674881badbb80307741"],
        ["unlabeled_X.bin", "5242ba1fed5e4be9e1e742405eb56ca4"],
    ]
    test_list = [
        ["test_X.bin", "7f263ba9f9e0b06b93213547f721ac82"],
        ["test_y.bin", "36f9794fa4beb8a2c72628de14fa638e"],
    ]
    splits = ("train", "train+unlabeled", "unlabeled", "test")

    def __init__(
        self,
        root: str | Path,
        split: str = "train",
        folds: int | None = None,
        transform: Callable | None = None,
        target_transform: Callable | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        if split not in self.splits:
            raise ValueError(
                f"Unknown value '{split}' for argument split. Valid values are "
                f"{{{', '.join(repr(s) for s in self.splits)}}}."
            )
        if folds is not None and not (isinstance(folds, int) and 0 <= folds < 10):
            raise ValueError(
                f"Value for argument folds should be in the range [0, 10), but got {folds}."
            )
        self.split, self.folds = split, folds
        if download:
            self.download()
        elif not self._check_integrity():
            raise RuntimeError(
                "Dataset not found or corrupted. You can use download=True to download it\n"
                f"  looked for {self._folder()}"
            )
        self.labels: Any
        if split == "unlabeled":
            self.data = self._images("unlabeled_X.bin")
            self.labels = np.full(len(self.data), -1)
        else:
            name = "test" if split == "test" else "train"
            self.data, self.labels = self._images(f"{name}_X.bin"), self._numbers(f"{name}_y.bin")
            if split != "test":
                self._take_fold(folds)
            if split == "train+unlabeled":
                more = self._images("unlabeled_X.bin")
                self.data = np.concatenate((self.data, more))
                self.labels = np.concatenate((self.labels, np.full(len(more), -1)))
        names = self._folder() / self.class_names_file
        self.classes = names.read_text("utf-8").splitlines() if names.is_file() else None

    @property
    def targets(self) -> Any:  # type: ignore[override]
        """The labels."""
        return self.labels

    def _images(self, name: str) -> np.ndarray:
        """(N, 3, 96, 96): in the file columns come before rows."""
        pixels = np.fromfile(self._folder() / name, np.uint8).reshape(-1, 3, 96, 96)
        return pixels.transpose(0, 1, 3, 2)

    def _numbers(self, name: str) -> np.ndarray:
        return np.fromfile(self._folder() / name, np.uint8) - 1  # from 0 on

    def _take_fold(self, fold: int | None) -> None:
        if fold is None:
            return
        lines = (self._folder() / self.folds_list_file).read_text("utf-8").splitlines()
        chosen = np.fromstring(lines[fold], np.int64, sep=" ")
        self.data, self.labels = self.data[chosen], self.labels[chosen]

    def _picture(self, index: int) -> np.ndarray:
        return np.ascontiguousarray(self.data[index].transpose(1, 2, 0))

    def _files(self) -> list:
        return [*self.train_list, *self.test_list]

    def extra_repr(self) -> str:
        return f"Split: {self.split}"
