"""tensor(), finfo and torch.device beside the living PyTorch: values, dtypes, errors."""

import array
import fractions
from collections import deque

import numpy as np
import pytest

oracle = pytest.importorskip("torch")

import rushlight as torch  # noqa: E402
from rushlight.core import accelerators  # noqa: E402
from rushlight.core.dtype import DTYPES as DTYPES_OF_TORCH  # noqa: E402


def outcome(f, *args):
    """What a call gives, as text: the value and its dtype, or the error's type and first line."""
    try:
        r = f(*args)
    except Exception as e:
        return type(e).__name__, str(e).splitlines()[0]
    return repr(r), str(getattr(r, "dtype", ""))


def same(f):
    assert outcome(f, torch) == outcome(f, oracle)


DATA = [
    1, 1.5, True, 1j, [], [[]], (), [1, 2], [1, 2.5], [True, 2], [True, 2.5], [1, 2j], [1.5, 2j],
    [[1, 2], [3, 4]], [[1, 2], [3, 4, 5]], [[1], [3, 4]], [1, [3, 4]], [[1, 2], 3],
    [[[1, 2]], [[3]]], [[1], []],
    "a", ["a"], [1, "a"], None, [None], [1, None], {}, {1: 2}, {1}, [{1}], range(3),
    deque([1, 2]), b"abc", bytearray(b"abc"), array.array("d", [1, 2]), 2**63, -(2**63), 2**64,
    [2**63], 300, -1, 128, 1.7, float("nan"), float("inf"), 1e20, -1.5, 1e40, 0.5,
    np.float32(1.5), np.float64(1.5), np.int8(3), np.bool_(True), np.float16(1), [np.float32(1.5)],
    [np.float64(1.5), np.float32(1)], [np.int32(3), 1.5], np.arange(3), np.arange(3.0), np.array(3),
    np.array([]), [np.arange(3), np.arange(2)], [np.array(3.0)], np.array(["a"]),
    np.array([1, "a"], dtype=object), np.array([1], dtype=">i4"), np.arange(3)[::-1],
    np.array([1], dtype=np.longdouble), fractions.Fraction(1, 2), object(),
    [fractions.Fraction(1, 2)],
    [-1, 255], [-255.0, 1], [2**40], [1, float("nan")], [True], [1e10, 1],
]  # fmt: skip
DTYPES = [None, "float32", "float64", "float16", "bfloat16", "int64", "int32", "int8", "uint8",
          "bool", "complex64"]  # fmt: skip


def is_odd(x, dtype):
    """PyTorch turns NumPy's float64 into integers, but no other scalar; rushlight takes all."""
    return dtype in ("int64", "int32", "int8", "uint8", "bool") and "np." in repr(x)


@pytest.mark.filterwarnings("ignore:Creating a tensor from a list of numpy")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("i", range(len(DATA)))
def test_tensor(i, dtype):
    if not is_odd(DATA[i], dtype):
        same(lambda lib: lib.tensor(DATA[i], dtype=dtype and getattr(lib, dtype)))


@pytest.mark.parametrize("name", list(DTYPES_OF_TORCH))
@pytest.mark.parametrize("kind", ["finfo", "iinfo"])
def test_limits(kind, name):
    same(lambda lib: getattr(lib, kind)(getattr(lib, name)))


DEVICES = [
    ("cpu",), ("cpu:0",), ("cuda", 1), ("cuda:1",), ("mps",), ("meta",), (0,), (-1,), ("foo",),
    ("foo:1",), ("",), ("cuda:",), ("cuda:x",), ("cuda:-1",), ("cuda:01",), ("cuda:1:2",),
    ("cuda:1", 1), ("cuda", -1),
    (1.5,), (None,), ("CPU",), ("cpu ",), ("cuda", None), ("privateuseone",), ("xpu:0",), ("hpu",),
]  # fmt: skip


#: What PyTorch says without CUDA, where the installed build has it.
_NONE = "Cannot access accelerator device when none is available."
WITHOUT_CUDA = {
    (0,): ("RuntimeError", _NONE),
    "cuda": ("AssertionError", "Torch not compiled with CUDA enabled"),
    "cuda:1": ("AssertionError", "Torch not compiled with CUDA enabled"),
    0: ("RuntimeError", _NONE),
}


def without_cuda(key, f):
    return WITHOUT_CUDA[key] if oracle.version.cuda and key in WITHOUT_CUDA else outcome(f, oracle)


@pytest.mark.parametrize("arguments", DEVICES, ids=repr)
def test_devices(arguments):
    def device(lib):
        return lib.device(*arguments)

    assert outcome(device, torch) == without_cuda(arguments, device)


@pytest.mark.parametrize("kind", ["cuda", "cuda:1", "xpu", "mtia", "mps", "xla", 0, "foo"])
def test_absent_devices(kind, monkeypatch):
    monkeypatch.setattr(accelerators, "has_jax", lambda: False)
    ours = outcome(torch.zeros(1).to, kind)
    theirs = without_cuda(kind, lambda lib: lib.zeros(1).to(kind))
    assert ours[0] == theirs[0]
    assert theirs[1].startswith(ours[1])  # PyTorch goes on about MTIA's build files
