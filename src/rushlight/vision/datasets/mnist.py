"""MNIST and the sets in its format, in torchvision's folders: root/<Class>/raw/*-ubyte.gz."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ...core.tensor import wrap
from .download import download_file
from .idx import read_idx
from .vision import ArrayImages

__all__ = ["KMNIST", "MNIST", "FashionMNIST"]


class MNIST(ArrayImages):
    """Handwritten digits: 60,000 images of 28x28 for training, 10,000 for testing.

    root              the folder that holds `MNIST/raw`
    train             the training images, or those for testing
    transform         f(PIL image)
    target_transform  f(int)
    download          fetch the files that are not there

    `data` uint8 (N, 28, 28), `targets` int64 (N), `classes`, `class_to_idx`. The files are read as
    they are, gzipped or not.

    RuntimeError: the files are missing, or one is broken, short or foreign (the text names it).

    Source: LeCun, Cortes, Burges, http://yann.lecun.com/exdb/mnist/
    """

    mirrors = (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "http://yann.lecun.com/exdb/mnist/",
    )
    # File on the mirrors, its md5.
    resources = (
        ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
    )
    classes = [
        "0 - zero",
        "1 - one",
        "2 - two",
        "3 - three",
        "4 - four",
        "5 - five",
        "6 - six",
        "7 - seven",
        "8 - eight",
        "9 - nine",
    ]

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
        if not self._check_exists():
            missing = [name for name, _ in self.resources if self._file(name) is None]
            raise RuntimeError(
                "Dataset not found. You can use download=True to download it\n"
                f"  {self.raw_folder} lacks {', '.join(missing)} (with or without .gz)"
            )
        self.data, self.targets = self._load_data()

    def _load_data(self) -> tuple:
        first = 0 if self.train else 2
        image_file, label_file = (self._file(name) for name, _ in self.resources[first : first + 2])
        images, labels = read_idx(image_file, 3), read_idx(label_file, 1)
        if len(images) != len(labels):
            raise RuntimeError(
                f"{label_file} has {len(labels)} labels, expected {len(images)}: "
                f"as many as there are images in {image_file}"
            )
        return wrap(images), wrap(labels.astype("int64"))

    @property
    def raw_folder(self) -> str:
        """Where the files are."""
        return str(Path(self.root, type(self).__name__, "raw"))

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The number of each class."""
        return {name: i for i, name in enumerate(self.classes)}

    def _file(self, name: str) -> Path | None:
        """The extracted file of this name, or else the gzipped one, or else None.

        Kaggle's names (train-images.idx3-ubyte) are as good; a file without a byte is the last.
        """
        names = [name, name.replace("-idx", ".idx")]
        names += [n.removesuffix(".gz") for n in names]
        there = [p for n in reversed(names) if (p := Path(self.raw_folder, n)).is_file()]
        return next((path for path in there if path.stat().st_size), there[0] if there else None)

    def _check_exists(self) -> bool:
        return all(self._file(name) is not None for name, _ in self.resources)

    def download(self) -> None:
        """Fetch the files that are not there yet."""
        for name, md5 in self.resources:
            if self._file(name) is None:
                urls = [f"{mirror}{name}" for mirror in self.mirrors]
                download_file(urls, Path(self.raw_folder, name), md5)

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"


class FashionMNIST(MNIST):
    """Articles of clothing, in the place of MNIST: 60,000 and 10,000 images of 28x28.

    Source: Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747; MIT licence
    """

    mirrors = ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",)
    resources = (
        ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe"),
        ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79"),
        ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310"),
    )
    classes = [
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ]


class KMNIST(MNIST):
    """Cursive Japanese characters, in the place of MNIST: 60,000 and 10,000 images of 28x28.

    Source: Clanuwat et al. 2018, arXiv:1812.01718; CC BY-SA 4.0
    """

    mirrors = ("http://codh.rois.ac.jp/kmnist/dataset/kmnist/",)
    resources = (
        ("train-images-idx3-ubyte.gz", "bdb82020997e1d708af4cf47b453dcf7"),
        ("train-labels-idx1-ubyte.gz", "e144d726b3acfaa3e44228e80efcd344"),
        ("t10k-images-idx3-ubyte.gz", "5c965bf0a639b31b8f53240b1b52f4d7"),
        ("t10k-labels-idx1-ubyte.gz", "7320c461ea6c1c855c0b718fb2a4b134"),
    )
    classes = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]
