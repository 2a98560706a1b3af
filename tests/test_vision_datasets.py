"""vision.datasets: MNIST and its files, the embedded digits, folders of images; their errors."""

import gzip
import hashlib
import io
import pickle
import struct
import tarfile
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import rushlight as torch
from rushlight.utils.data import DataLoader
from rushlight.vision import datasets, transforms
from rushlight.vision.datasets import arrays

# A smooth picture (40, 52, 3), so that methods that differ in rounding agree within a level.
Y, X = np.mgrid[0:40, 0:52]
PIXELS = np.stack([128 + 100 * np.sin(X / 7 + c) * np.cos(Y / 5 - c) for c in range(3)], -1).astype(
    np.uint8
)


def pixels(image):
    """The numbers of a PIL image, (C, H, W)."""
    return np.asarray(image).astype(int).transpose(2, 0, 1)


# ---------------------------------------------------------------- MNIST and its files


def idx(array):
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def write_mnist(folder, kind="MNIST", zipped=True, counts=(6, 4)):
    raw = folder / kind / "raw"
    raw.mkdir(parents=True)
    generator = np.random.default_rng(0)
    for part, n in zip(("train", "t10k"), counts, strict=True):
        images = generator.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        for name, array in (
            ("images-idx3-ubyte", images),
            ("labels-idx1-ubyte", np.arange(n, dtype=np.uint8)),
        ):
            if zipped:
                (raw / f"{part}-{name}.gz").write_bytes(gzip.compress(idx(array)))
            else:
                (raw / f"{part}-{name}").write_bytes(idx(array))
    return raw


@pytest.mark.parametrize("zipped", [True, False])
def test_mnist_is_read(tmp_path, zipped):
    write_mnist(tmp_path, zipped=zipped)
    train = datasets.MNIST(tmp_path)
    test = datasets.MNIST(str(tmp_path), train=False)
    assert (len(train), len(test)) == (6, 4)
    assert train.data.shape == (6, 28, 28) and train.data.dtype == torch.uint8
    assert train.targets.tolist() == list(range(6)) and train.targets.dtype == torch.int64
    image, label = train[3]
    assert isinstance(image, Image.Image) and image.mode == "L" and image.size == (28, 28)
    assert label == 3 and type(label) is int
    assert (np.asarray(image) == train.data[3].numpy()).all()
    assert train.classes[7] == "7 - seven" and train.class_to_idx["7 - seven"] == 7
    assert repr(test) == (
        "Dataset MNIST\n    Number of datapoints: 4\n"
        f"    Root location: {tmp_path}\n    Split: Test"
    )
    shown = datasets.MNIST(tmp_path, transform=transforms.ToTensor(), target_transform=str)
    assert repr(shown).endswith(
        "    StandardTransform\nTransform: ToTensor()\nTarget transform: <class 'str'>"
    )
    assert shown[2][1] == "2" and shown[2][0].dtype == torch.float32
    assert [label for _, label in shown] == list("012345")


def test_other_sets_have_their_own_folders_and_classes(tmp_path):
    write_mnist(tmp_path, "FashionMNIST")
    write_mnist(tmp_path, "KMNIST")
    assert datasets.FashionMNIST(tmp_path).classes[9] == "Ankle boot"
    assert datasets.KMNIST(tmp_path).classes[0] == "o"


def test_missing_files_are_named(tmp_path):
    with pytest.raises(RuntimeError, match="You can use download=True") as caught:
        datasets.MNIST(tmp_path)
    assert str(tmp_path / "MNIST" / "raw") in str(caught.value)
    raw = write_mnist(tmp_path)
    (raw / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(RuntimeError, match=r"lacks t10k-labels-idx1-ubyte\.gz"):
        datasets.MNIST(tmp_path)


WHOLE = idx(np.zeros((6, 28, 28), np.uint8))
BROKEN = {
    "zipped short": (gzip.compress(WHOLE)[:-9], r"cannot be unzipped \(.*\), \d+ bytes"),
    "not zipped": (b"<html>404</html>", "cannot be unzipped .Not a gzipped file"),
    "foreign": (gzip.compress(b"PK\3\4...."), "starts with 50 4b 03 04, expected 00 00 08 03"),
    "labels": (
        gzip.compress(idx(np.zeros(6, np.uint8))),
        "starts with 00 00 08 01, expected 00 00",
    ),
    "empty": (gzip.compress(b""), "starts with nothing"),
    "header": (gzip.compress(WHOLE[:9]), "ends after 9 bytes, within its header"),
    "short": (gzip.compress(WHOLE[:-5]), r"has 4715 bytes, expected 4720 for the shape \(6, 28"),
    "long": (gzip.compress(WHOLE + b"x"), "has 4721 bytes, expected 4720"),
    "other count": (gzip.compress(idx(np.zeros((5, 28, 28), np.uint8))), "6 labels, expected 5"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_named_with_what_was_expected(tmp_path, kind):
    content, text = BROKEN[kind]
    path = write_mnist(tmp_path) / "train-images-idx3-ubyte.gz"
    path.write_bytes(content)
    with pytest.raises(RuntimeError, match=text) as caught:
        datasets.MNIST(tmp_path)
    assert str(path) in str(caught.value)


class Mirrored(datasets.MNIST):
    """MNIST with mirrors on this disk."""


@pytest.fixture
def mirrors(tmp_path, monkeypatch):
    raw = write_mnist(tmp_path / "mirror")
    files = sorted(raw.iterdir())
    by_part = sorted(files, key=lambda path: (path.name.startswith("t10k"), path.name))
    digests = [(path.name, hashlib.md5(path.read_bytes()).hexdigest()) for path in by_part]
    monkeypatch.setattr(Mirrored, "resources", tuple(digests))
    monkeypatch.setattr(Mirrored, "mirrors", (f"file://{tmp_path}/nowhere/", f"file://{raw}/"))
    return raw


def test_download_takes_the_next_mirror(tmp_path, mirrors, capsys):
    dataset = Mirrored(tmp_path / "data", download=True)
    assert len(dataset) == 6
    assert sorted(path.name for path in (tmp_path / "data/Mirrored/raw").iterdir()) == sorted(
        path.name for path in mirrors.iterdir()
    )
    assert "train-images-idx3-ubyte.gz: 100%" in capsys.readouterr().err
    Mirrored(tmp_path / "data", download=True)  # nothing is fetched again
    assert capsys.readouterr().err == ""


def test_download_keeps_no_wrong_file(tmp_path, mirrors, capsys):
    (mirrors / "train-labels-idx1-ubyte.gz").write_bytes(b"something else")
    with pytest.raises(RuntimeError, match="Error downloading train-labels") as caught:
        Mirrored(tmp_path / "data", download=True)
    text = str(caught.value)
    assert "nowhere" in text and "its md5 is" in text and "put it into" in text
    left = [path.name for path in (tmp_path / "data/Mirrored/raw").iterdir()]
    assert left == ["train-images-idx3-ubyte.gz"]


def test_digits_come_with_the_package():
    train, test = datasets.Digits(), datasets.Digits(train=False)
    assert (len(train), len(test)) == (1437, 360)
    assert train.data.shape == (1437, 8, 8) and train.data.dtype == torch.uint8
    assert train.targets[:10].tolist() == list(range(10))
    # The first row of the source's first image is 0 0 5 13 9 1 0 0 of 16.
    assert train.data[0, 0].tolist() == [0, 0, 80, 207, 143, 16, 0, 0]
    assert int(train.data.max()) == 255
    counts = np.bincount(np.concatenate([train.targets.numpy(), test.targets.numpy()]))
    assert counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert repr(test) == "Dataset Digits\n    Number of datapoints: 360\n    Split: Test"


# ---------------------------------------------------------------- folders, fakes


@pytest.fixture
def folder(tmp_path):
    for name, files in (("cat", ["b.png", "a.PNG", "notes.txt"]), ("ant", ["sub/c.png"])):
        for i, file in enumerate(files):
            path = tmp_path / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            if file.endswith("txt"):
                path.write_text("no image")
            else:
                Image.fromarray(PIXELS[:, :, i]).save(path, format="png")
    return tmp_path


def test_image_folder(folder):
    dataset = datasets.ImageFolder(folder, transform=transforms.ToTensor())
    assert dataset.classes == ["ant", "cat"] and dataset.class_to_idx == {"ant": 0, "cat": 1}
    names = [path[len(str(folder)) + 1 :] for path, _ in dataset.samples]
    assert names == ["ant/sub/c.png", "cat/a.PNG", "cat/b.png"]
    assert dataset.imgs == dataset.samples and dataset.targets == [0, 1, 1]
    image, target = dataset[0]
    assert image.shape == (3, 40, 52) and target == 0
    x, y = next(iter(DataLoader(dataset, 3)))
    assert x.shape == (3, 3, 40, 52) and y.tolist() == [0, 1, 1]
    text = datasets.ImageFolder(folder, is_valid_file=lambda path: "a" in path, allow_empty=True)
    assert len(text) == len([n for n in names if "a" in n]) + 1
    assert pickle.loads(pickle.dumps(dataset)).samples == dataset.samples


DEEP = np.array([[0, 128, 32768], [40000, 65407, 65535]])  # of 16 bits
EIGHT = np.array([[0, 0, 128], [156, 255, 255]])  # DEEP / 257, rounded


def deep_images(folder):
    """name -> the file of the same picture in 16 bits or floats."""
    from PIL import Image

    names = {"grey.png": DEEP.astype(np.uint16), "grey.tif": DEEP.astype(np.uint16)}
    names["floats.tif"] = (DEEP / 65535).astype(np.float32)
    for name, pixels in names.items():
        Image.fromarray(pixels).save(folder / name)
    (folder / "grey.pgm").write_bytes(b"P5 3 2 65535\n" + DEEP.astype(">u2").tobytes())
    return [*names, "grey.pgm"]


def test_images_of_16_bits_and_floats_keep_their_greys(tmp_path):
    from rushlight.app.predict import read_image
    from rushlight.vision.datasets.folder import default_loader

    for name in deep_images(tmp_path):
        image = default_loader(tmp_path / name)
        assert image.mode == "RGB"
        assert np.array_equal(np.asarray(image), np.stack([EIGHT] * 3, -1)), name
        about = {"shape": (1, 2, 3), "mean": 0.0, "std": 1.0}
        x = read_image(tmp_path / name, about, invert=False)
        assert np.allclose(x.numpy(), EIGHT[None, None] / 255, atol=1e-6), name


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (np.full((2, 2), 300, np.int32), "32-bit integers"),
        (np.array([[0, 255.0]], np.float32), "floats of 0 to 255"),
        (np.array([[-0.5, 1.0]], np.float32), "floats of -0.5 to 1"),
        (np.array([[np.nan, 1.0]], np.float32), "floats of nan"),
    ],
)
def test_images_without_a_scale_are_refused_by_name(tmp_path, pixels, reason):
    from PIL import Image

    from rushlight.app import images
    from rushlight.vision.datasets.folder import default_loader

    Image.fromarray(pixels).save(tmp_path / "odd.tif")
    with pytest.raises(RuntimeError, match=rf"odd\.tif: its numbers are {reason}") as caught:
        default_loader(tmp_path / "odd.tif")
    assert "fix: save it with 8 or 16 bits" in str(caught.value)
    short = images._reason(str(tmp_path / "odd.tif"), caught.value)  # what `train` says of the file
    assert short.startswith(f"its numbers are {reason}") and "fix" not in short


def test_image_folder_errors(folder, tmp_path):
    (folder / "dog").mkdir()
    with pytest.raises(
        FileNotFoundError,
        match=r"Found no valid file for the classes dog\. Supported extensions are: \.jpg, \.jpeg",
    ):
        datasets.ImageFolder(folder)
    assert len(datasets.ImageFolder(folder, allow_empty=True)) == 3
    empty = tmp_path / "ant" / "sub"
    with pytest.raises(FileNotFoundError, match="Couldn't find any class folder in"):
        datasets.ImageFolder(empty)
    with pytest.raises(ValueError, match="cannot be None or not None at the same time"):
        datasets.DatasetFolder(folder, str)
    broken = folder / "cat" / "b.png"
    broken.write_bytes(broken.read_bytes()[:100])
    with pytest.raises(RuntimeError, match=r"b\.png is not an image that can be read(.|\n)*100 b"):
        datasets.ImageFolder(folder, allow_empty=True)[2]
    broken.write_text("no image")
    with pytest.raises(RuntimeError, match=r"b\.png is not an image that can be read"):
        datasets.ImageFolder(folder, allow_empty=True)[2]


BAD_IMAGES = {
    "a.ppm": b"P6\n-3 4\n255\n",
    "b.ppm": b"P3\n2 2\n255\nx y z",
    "c.pgm": b"P5\n99999999999999999999 2\n255\n",
    "d.bmp": b"BM" + bytes(60),
    "e.tif": b"II*\0\x08\0\0\0" + b"\xff" * 40,
    "f.webp": b"RIFF\x10\0\0\0WEBPVP8 ",
    "g.jpg": b"\xff\xd8\xff\xe0",
    "h.png": b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + b"\0\1\0\0" * 2 + b"\x08\2\0\0\0"
    + struct.pack(">L", zlib.crc32(b"IHDR" + b"\0\1\0\0" * 2 + b"\x08\2\0\0\0")),  # a bomb
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_IMAGES)
def test_images_that_cannot_be_read(tmp_path, name):
    """Whatever Pillow raises (ValueError, SyntaxError, DecompressionBombError, ...): one error."""
    path = tmp_path / name
    path.write_bytes(BAD_IMAGES[name])
    with pytest.raises(torch.serialization.LoadError, match=r"is not an image that can be") as e:
        datasets.folder.default_loader(path)
    assert str(path) in str(e.value) and isinstance(e.value, OSError)


def test_an_idx_file_is_not_unpacked_before_its_header_is_read(tmp_path):
    path = write_mnist(tmp_path) / "train-images-idx3-ubyte.gz"
    header = struct.pack(">4B3I", 0, 0, 8, 3, 2**31, 2**31, 2**31)
    bomb = gzip.compress(b"\1" + bytes(1 << 26))
    for content, text in (
        (bomb, "starts with 01 00 00 00"),
        (gzip.compress(header + bytes(100)), "it has 116 bytes, expected 9903520314283042199"),
        (gzip.compress(WHOLE + bytes(1 << 23)), "bytes or more, expected 4720"),
    ):
        path.write_bytes(content)
        tracemalloc.start()
        try:
            with pytest.raises(torch.serialization.LoadError, match=text):
                datasets.MNIST(tmp_path)
            assert tracemalloc.get_traced_memory()[1] < 1 << 23
        finally:
            tracemalloc.stop()


def test_fake_data_is_the_same_for_the_same_index():
    fake = datasets.FakeData(size=3, image_size=(3, 5, 6), num_classes=4)
    torch.manual_seed(0)
    image, target = fake[1]
    assert image.size == (6, 5) and 0 <= target < 4 and type(target) is int
    drawn = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(drawn, torch.rand(1))  # the global generator was left alone
    assert (pixels(fake[1][0]) == pixels(image)).all() and len(fake) == 3
    # PyTorch 2.13: manual_seed(1), then floor(255 · randn) modulo 256.
    generator = torch.Generator().manual_seed(1)
    first = torch.randn(3, 5, 6, generator=generator)
    assert pixels(image)[0, 0, 0] == int(first[0, 0, 0].item() * 255) % 256
    with pytest.raises(IndexError, match="FakeData index out of range"):
        fake[3]


def test_a_chunk_that_says_it_is_huge_costs_no_memory(tmp_path):
    """Pillow asks a file for as many bytes as the chunk says, and Python makes room for them."""
    path = tmp_path / "a.png"
    Image.fromarray(np.zeros((12, 10, 3), np.uint8)).save(path)
    data = path.read_bytes()
    at = data.index(b"IDAT") - 4
    path.write_bytes(data[:at] + b"\xf0\x00\x00\x00" + data[at + 4 :])
    tracemalloc.start()
    try:
        datasets.folder.default_loader(path)
    except torch.serialization.LoadError:
        pass  # Pillow decides by its version whether the pixels are all there
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 << 20


def tar_of(path, *members):
    """(name, content) of files; (name, None, kind, target) of the rest."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content, *rest in members:
            info = tarfile.TarInfo(name)
            info.size = len(content or b"")
            if rest:
                info.type, info.linkname = rest
            tar.addfile(info, None if content is None else io.BytesIO(content))
    return path


def test_an_archive_of_files_and_folders(tmp_path):
    archive = tar_of(
        tmp_path / "a.tar.gz",
        ("set", None, tarfile.DIRTYPE, ""),
        ("set/one", b"1" * 1000),
        ("a/b/two", b""),
    )
    arrays._unpack(archive, tmp_path / "out")
    assert (tmp_path / "out/set/one").read_bytes() == b"1" * 1000
    assert (tmp_path / "out/a/b/two").read_bytes() == b""


@pytest.mark.parametrize(
    "member",
    [
        ("../outside", b"x"),
        ("a/../../outside", b"x"),
        ("/tmp/rushlight-outside", b"x"),
        ("link", None, tarfile.SYMTYPE, "/etc"),
        ("hard", None, tarfile.LNKTYPE, "set/one"),
        ("pipe", None, tarfile.FIFOTYPE, ""),
    ],
    ids=lambda member: member[0],
)
def test_an_archive_that_leaves_its_folder_is_refused(tmp_path, member):
    archive = tar_of(tmp_path / "a.tar.gz", ("set/one", b"1"), member)
    with pytest.raises(ValueError, match="a link, a device or outside of the folder"):
        arrays._unpack(archive, tmp_path / "out")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.tar.gz", "out"]
    assert not Path("/tmp/rushlight-outside").exists()
