"""Storages: files mapped, storages as tensors, numbers converted."""

import numpy as np
import pytest

import rushlight as torch


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "bytes"
    path.write_bytes(np.arange(8, dtype=np.float32).tobytes())
    return path


def test_a_file_is_mapped_and_not_written(file):
    storage = torch.UntypedStorage.from_file(str(file), nbytes=32)
    assert storage.untyped() is storage and storage.nbytes() == 32
    # what safetensors does: a slice, the bytes as a tensor, then the dtype
    t = torch.asarray(storage[8:16], dtype=torch.uint8).view(torch.float32)
    assert t.tolist() == [2.0, 3.0]
    t[0] = 7
    assert torch.asarray(storage, dtype=torch.float32)[2] == 7
    assert file.read_bytes() == np.arange(8, dtype=np.float32).tobytes()


def test_a_shared_file_is_written_and_made_longer(file):
    t = torch.from_file(str(file), shared=True, size=10)
    assert t.shape == (10,) and t[:8].tolist() == list(range(8)) and t[9] == 0
    t[9] = 5
    assert np.frombuffer(file.read_bytes(), np.float32).tolist() == [*range(8), 0, 5]
    assert torch.from_file(str(file), size=2, dtype=torch.int16).tolist() == [0, 0]
    assert torch.from_file(str(file)).shape == (0,)


def test_errors_of_files(file):
    with pytest.raises(RuntimeError, match="size <32> is smaller than the required mapping size"):
        torch.UntypedStorage.from_file(str(file), False, 33)
    with pytest.raises(RuntimeError, match=r"unable to open file </nowhere> in read-only mode: No"):
        torch.UntypedStorage.from_file("/nowhere", False, 33)
    with pytest.raises(TypeError, match="argument 1 must be str, not bytes"):
        torch.UntypedStorage.from_file(b"x", False, 33)
    with pytest.raises(RuntimeError, match="unable to mmap -8 bytes"):
        torch.from_file(str(file), size=-2)


def test_a_storage_as_a_tensor():
    storage = torch.tensor([1.0, 2.0]).untyped_storage()
    assert torch.asarray(storage, dtype=torch.float32).tolist() == [1.0, 2.0]
    assert torch.asarray(storage).dtype is torch.int64  # as in PyTorch
    assert torch.asarray(storage[:7], dtype=torch.float32).tolist() == [1.0]
    typed = torch.tensor([1.5, 2.5]).storage()
    assert torch.asarray(typed).tolist() == [1.5, 2.5]
    with pytest.raises(RuntimeError, match="Expected a Storage of type Byte or an UntypedStorage"):
        torch.asarray(typed, dtype=torch.uint8)


def test_numbers_of_storages():
    typed = torch.tensor([1.5, 0.0]).storage()
    assert typed.int().tolist() == [1, 0] and typed.bool().tolist() == [True, False]
    assert typed.double().dtype is torch.float64
    assert torch.UntypedStorage(3).fill_(7).float().tolist() == [7.0, 7.0, 7.0]
    assert typed.copy_(torch.tensor([4, 5]).storage()).tolist() == [4.0, 5.0]
    assert typed.get_device() == -1 and not typed.is_cuda and not typed.is_pinned()
    with pytest.raises(RuntimeError, match="size does not match"):
        typed.copy_(torch.zeros(3).storage())
