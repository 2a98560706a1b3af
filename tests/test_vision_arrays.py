"""CIFAR-10, CIFAR-100, SVHN, STL-10: small files in their formats, made here."""

import hashlib
import pickle
import struct
import zlib
from pickle import UnpicklingError

import numpy as np
import pytest

from rushlight.vision import datasets
from rushlight.vision.datasets import arrays


def md5(path):
    return hashlib.md5(path.read_bytes()).hexdigest()


def python_2(value):
    """A pickle as Python 2 wrote it: byte strings."""
    return pickle.dumps(value, protocol=2)


@pytest.fixture
def cifar(tmp_path, monkeypatch):
    """A folder with two images in each file, and a CIFAR10 that expects these files."""
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    rng = np.random.RandomState(0)
    pixels = {}
    for name, _ in [*datasets.CIFAR10.train_list, *datasets.CIFAR10.test_list]:
        pixels[name] = rng.randint(0, 256, (2, 3072)).astype(np.uint8)
        (folder / name).write_bytes(python_2({"data": pixels[name], "labels": [3, len(pixels)]}))
    (folder / "batches.meta").write_bytes(python_2({"label_names": [f"c{i}" for i in range(10)]}))
    for names in ("train_list", "test_list"):
        sums = [[n, md5(folder / n)] for n, _ in getattr(datasets.CIFAR10, names)]
        monkeypatch.setattr(datasets.CIFAR10, names, sums)
    meta = {**datasets.CIFAR10.meta, "md5": md5(folder / "batches.meta")}
    monkeypatch.setattr(datasets.CIFAR10, "meta", meta)
    return tmp_path, pixels


def test_cifar10(cifar):
    root, pixels = cifar
    train = datasets.CIFAR10(root, transform=np.asarray, target_transform=lambda t: -t)
    assert train.data.shape == (10, 32, 32, 3) and train.targets == [3, 1, 3, 2, 3, 3, 3, 4, 3, 5]
    image, target = train[3]
    wanted = pixels["data_batch_2"][1].reshape(3, 32, 32).transpose(1, 2, 0)
    assert np.array_equal(image, wanted) and target == -2
    assert train.classes[3] == "c3" and train.class_to_idx["c7"] == 7
    test = datasets.CIFAR10(str(root), train=False)
    assert len(test) == 2 and test[1][0].size == (32, 32)
    assert "Split: Test" in repr(test) and "Number of datapoints: 2" in repr(test)


def test_a_damaged_or_missing_file_is_refused(cifar, tmp_path):
    root, _ = cifar
    (root / "cifar-10-batches-py" / "data_batch_3").write_bytes(b"x")
    with pytest.raises(RuntimeError, match="Dataset not found or corrupted"):
        datasets.CIFAR10(root)
    with pytest.raises(RuntimeError, match="cifar-100-python"):
        datasets.CIFAR100(tmp_path)


def test_a_file_that_would_run_code_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return print, ("run",)

    path = tmp_path / "f"
    path.write_bytes(pickle.dumps({"data": Evil()}, protocol=2))
    with pytest.raises(UnpicklingError, match="no file of CIFAR does"):
        arrays.read_cifar(path)


def element(kind, data):
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def mat(compressed=True, **variables):
    """A MATLAB file of version 5."""
    data = b"MATLAB 5.0".ljust(124) + b"\0\1IM"
    for name, a in variables.items():
        body = element(6, struct.pack("<II", 9, 0))
        body += element(5, np.array(a.shape, "<i4").tobytes())
        body += struct.pack("<I", len(name) << 16 | 1) + name.encode().ljust(4, b"\0")
        body += element(2, np.asfortranarray(a).tobytes(order="F"))
        whole = struct.pack("<II", 14, len(body)) + body
        packed = zlib.compress(whole)
        data += struct.pack("<II", 15, len(packed)) + packed if compressed else whole
    return data


@pytest.mark.parametrize("compressed", [True, False])
def test_svhn(tmp_path, monkeypatch, compressed):
    x = np.random.RandomState(0).randint(0, 256, (32, 32, 3, 4)).astype(np.uint8)
    y = np.array([[1], [10], [9], [2]], np.uint8)
    path = tmp_path / "test_32x32.mat"
    path.write_bytes(mat(compressed, X=x, y=y))
    monkeypatch.setitem(datasets.SVHN.split_list, "test", ["", path.name, md5(path)])
    data = datasets.SVHN(tmp_path, "test", transform=np.asarray)
    assert data.labels.tolist() == [1, 0, 9, 2] and data.data.shape == (4, 3, 32, 32)
    image, target = data[1]
    assert np.array_equal(image, x[..., 1]) and target == 0
    with pytest.raises(ValueError, match="Unknown value 'all' for argument split"):
        datasets.SVHN(tmp_path, "all")
    with pytest.raises(RuntimeError, match="Dataset not found or corrupted"):
        datasets.SVHN(tmp_path, "train")
    path.write_bytes(b"MATLAB 7.3")
    with pytest.raises(RuntimeError, match="no MATLAB file of version 5"):
        arrays.read_mat(path)


def test_stl10(tmp_path, monkeypatch):
    folder = tmp_path / "stl10_binary"
    folder.mkdir()
    rng = np.random.RandomState(0)
    pixels = {
        n: rng.randint(0, 256, (3, 3, 96, 96)).astype(np.uint8)
        for n in "train test unlabeled".split()
    }
    for name, x in pixels.items():
        (folder / f"{name}_X.bin").write_bytes(x.transpose(0, 1, 3, 2).tobytes())
        (folder / f"{name}_y.bin").write_bytes(bytes([1, 10, 2]))
    (folder / "class_names.txt").write_text("airplane\nbird\n")
    (folder / "fold_indices.txt").write_text("2 0\n1\n")
    for names in ("train_list", "test_list"):
        sums = [[n, md5(folder / n)] for n, _ in getattr(datasets.STL10, names)]
        monkeypatch.setattr(datasets.STL10, names, sums)
    train = datasets.STL10(tmp_path, transform=np.asarray)
    assert np.array_equal(train[1][0], pixels["train"][1].transpose(1, 2, 0)) and train[1][1] == 9
    assert train.classes == ["airplane", "bird"]
    assert datasets.STL10(tmp_path, folds=0).labels.tolist() == [1, 0]
    both = datasets.STL10(tmp_path, "train+unlabeled")
    assert both.labels.tolist() == [0, 9, 1, -1, -1, -1] and len(both) == 6
    assert datasets.STL10(tmp_path, "unlabeled")[2][1] == -1
    with pytest.raises(ValueError, match="Unknown value 'x'"):
        datasets.STL10(tmp_path, "x")
    with pytest.raises(ValueError, match="should be in the range"):
        datasets.STL10(tmp_path, folds=10)
