"""Tensors from and to Python's values, NumPy's arrays, buffers and DLPack; limits of dtypes."""

import array
import copy
import pickle
from collections import deque

import numpy as np
import pytest

import rushlight as torch


def check(t, values, dtype, shape=None):
    assert t.dtype is dtype
    assert t.tolist() == values
    if shape is not None:
        assert tuple(t.shape) == shape


INFERRED = [
    (1, torch.int64), (1.5, torch.float32), (True, torch.bool), (1j, torch.complex64),
    ([1, 2], torch.int64), ([1, 2.5], torch.float32), ([True, 2], torch.int64),
    ([True, False], torch.bool), ([1.5, 2j], torch.complex64), ([[1, 2], [3, 4]], torch.int64),
    ([(1, 2), [3, 4]], torch.int64), ([], torch.float32), ([[], []], torch.float32),
    (range(3), torch.int64), (deque([1, 2]), torch.int64), (bytearray(b"ab"), torch.int64),
    (array.array("d", [1, 2]), torch.float32), (torch.Size([1, 2]), torch.int64),
    (np.float64(1.5), torch.float64), (np.int8(3), torch.int8), (np.bool_(True), torch.bool),
    ([np.float32(1.5)], torch.float32), ([np.float64(1.5), 2.0], torch.float64),
    ([np.int32(3), 1.5], torch.float32), (np.arange(3), torch.int64),
    ([np.arange(3.0), np.arange(3.0)], torch.float64), (np.array(3.0), torch.float64),
    ([torch.tensor(1), torch.tensor(2.0)], torch.float32), ([torch.tensor([1])], torch.int64),
    ([torch.tensor(1.0, dtype=torch.float16)], torch.float16), (-(2**63), torch.int64),
]  # fmt: skip


@pytest.mark.parametrize(("data", "dtype"), INFERRED)
def test_inference(data, dtype):
    assert torch.tensor(data).dtype is dtype


def test_values_and_shapes():
    check(torch.tensor([[1, 2], [3, 4.5]]), [[1, 2], [3, 4.5]], torch.float32, (2, 2))
    check(torch.tensor([[], []]), [[], []], torch.float32, (2, 0))
    check(torch.tensor([np.arange(3), [4, 5, 6]]), [[0, 1, 2], [4, 5, 6]], torch.int64)
    check(torch.tensor([[torch.tensor(1.0), 2], [3, 4]]), [[1, 2], [3, 4]], torch.float32)
    assert torch.tensor(np.arange(6).reshape(2, 3).T).stride() == (1, 3)
    a = np.zeros(2)
    t = torch.tensor(a)
    a[0] = 1
    assert t.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("data", "dtype", "values"),
    [
        (-1, torch.uint8, 255),
        (2**64 - 1, torch.uint64, 2**64 - 1),
        ([2**63, 1], torch.uint64, [2**63, 1]),
        ([1.7, -1.7], torch.int32, [1, -1]),
        ([2**60 + 1, 0.5], torch.int64, [2**60 + 1, 0]),
        (2**64, torch.float32, 2.0**64),
        ([0.0, 0.5, 2], torch.bool, [False, True, True]),
        (1j, torch.bool, True),
        (1e40, torch.float32, float("inf")),
        (1, float, 1.0),
        ([1.5, 2], torch.bfloat16, [1.5, 2.0]),
        (np.arange(3), torch.float16, [0.0, 1.0, 2.0]),
    ],
)
def test_given_dtypes(data, dtype, values):
    assert torch.tensor(data, dtype=dtype).tolist() == values


@pytest.mark.parametrize(
    ("data", "dtype", "error", "words"),
    [
        (
            [[1, 2], [3, 4, 5]],
            None,
            ValueError,
            r"^expected sequence of length 2 at dim 1 \(got 3\)",
        ),
        ([[[1, 2]], [[3]]], None, ValueError, r"at dim 2 \(got 1\)\n  at data\[1\]\[0\]; fix"),
        ([1, [3, 4]], None, TypeError, "'list' object cannot be interpreted as an integer"),
        ([[1, 2], 3], None, TypeError, r"^not a sequence\n  data\[1\] is a int"),
        ("a", None, TypeError, r"new\(\): invalid data type 'str'"),
        (["a"], None, ValueError, "too many dimensions 'str'"),
        ([1, "a"], None, TypeError, r"new\(\): invalid data type 'str'"),
        (None, None, RuntimeError, "Could not infer dtype of NoneType"),
        ([1, None], None, RuntimeError, "Could not infer dtype of NoneType"),
        ({1: 2}, None, RuntimeError, "Could not infer dtype of dict"),
        ([None], torch.float32, TypeError, "must be real number, not NoneType"),
        (2**63, None, ValueError, "^Overflow when unpacking long long"),
        ([2**64], None, ValueError, "Overflow when unpacking long long"),
        (
            [300],
            torch.uint8,
            RuntimeError,
            "value cannot be converted to type uint8 without overfl",
        ),
        (float("nan"), torch.int64, RuntimeError, "converted to type int64 without overflow"),
        (-1.5, torch.uint8, RuntimeError, "converted to type uint8 without overflow"),
        (1j, torch.float32, TypeError, "must be real number, not complex"),
        ([1j], torch.int64, TypeError, "'complex' object cannot be interpreted as an integer"),
        (1, "float32", TypeError, "argument 'dtype' must be torch.dtype, not str"),
        (
            [torch.ones(2)],
            None,
            TypeError,
            "only integer tensors of a single element can be conver",
        ),
        (np.array(["a"]), None, TypeError, "can't convert np.ndarray of type numpy.str_"),
        (np.array([1], ">i4"), None, ValueError, "byte order different from the native byte order"),
    ],
)
def test_refusals(data, dtype, error, words):
    with pytest.raises(error, match=words):
        torch.tensor(data, dtype=dtype)


def test_a_list_in_itself():
    loop = []
    loop.append(loop)
    with pytest.raises(ValueError, match="too many dimensions 'list'"):
        torch.tensor(loop)


def test_requires_grad():
    assert torch.tensor([1.0], requires_grad=True).requires_grad
    with pytest.raises(RuntimeError, match="Only Tensors of floating point and complex dtype can"):
        torch.tensor([1], requires_grad=True)
    with pytest.raises(TypeError, match="argument 'requires_grad' must be bool, not int"):
        torch.tensor(1.0, requires_grad=1)
    with pytest.raises(RuntimeError, match="pin_memory=True requires"):
        torch.tensor(1.0, pin_memory=True)


def test_tensor_of_a_tensor_copies_and_warns():
    x = torch.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match="To copy construct from a tensor, it is recommended"):
        y = torch.tensor(x)
    assert y.is_leaf and not y.requires_grad and y.data_ptr() != x.data_ptr()


def test_default_dtype_of_numbers():
    try:
        torch.set_default_dtype(torch.float64)
        assert torch.tensor([1.5]).dtype is torch.float64
        assert torch.tensor([1j]).dtype is torch.complex128
    finally:
        torch.set_default_dtype(torch.float32)


# ---------------------------------------------------------------- sharing


def test_from_numpy_shares_memory():
    a = np.arange(6.0).reshape(2, 3)
    t = torch.from_numpy(a)
    t[0, 0] = 7
    assert a[0, 0] == 7 and t.numpy() is a
    assert torch.from_numpy(a[:, ::2]).stride() == (3, 2)
    assert torch.from_numpy(np.array(1.0)).shape == ()


def test_from_numpy_refusals():
    with pytest.raises(TypeError, match=r"^expected np.ndarray \(got list\)"):
        torch.from_numpy([1])
    with pytest.raises(TypeError, match=r"got numpy\.float32\)"):
        torch.from_numpy(np.float32(1))
    with pytest.raises(
        ValueError, match="At least one stride in the given numpy array is negative"
    ):
        torch.from_numpy(np.arange(3)[::-1])
    with pytest.raises(TypeError, match=r"can't convert np\.ndarray of type numpy\.object_"):
        torch.from_numpy(np.array([None]))
    packed = np.zeros(3, dtype=[("a", "i1"), ("b", "f4")])
    with pytest.raises(ValueError, match="strides not a multiple of the element byte size"):
        torch.from_numpy(packed["b"])


def test_read_only_arrays_warn_and_stay_unharmed():
    a = np.arange(3.0)
    a.flags.writeable = False
    with pytest.warns(UserWarning, match="The given NumPy array is not writable"):
        t = torch.from_numpy(a)
    with pytest.raises(RuntimeError, match="read-only"):
        t.add_(1)
    assert a.tolist() == [0, 1, 2]


def test_as_tensor_shares_what_it_can():
    a = np.arange(3)
    assert np.shares_memory(torch.as_tensor(a).numpy(), a)
    assert torch.as_tensor(a, dtype=torch.float32).dtype is torch.float32
    x = torch.ones(2, requires_grad=True)
    assert torch.as_tensor(x) is x
    assert torch.as_tensor(x, dtype=torch.float64).grad_fn is not None
    check(torch.as_tensor([1, 2.5]), [1, 2.5], torch.float32)


def test_asarray():
    a, x = np.arange(3), torch.ones(2)
    assert torch.asarray(x) is x
    assert torch.asarray(x, copy=True).data_ptr() != x.data_ptr()
    assert np.shares_memory(torch.asarray(a, copy=False).numpy(), a)
    with pytest.raises(ValueError, match="can't alias arbitrary sequence into a tensor"):
        torch.asarray([1], copy=False)
    with pytest.raises(ValueError, match="can't alias tensor with dtype 'Long' into dtype 'Float'"):
        torch.asarray(a, dtype=torch.float32, copy=False)
    y = torch.ones(2, requires_grad=True)
    assert torch.asarray(y).requires_grad
    assert not torch.asarray(y, requires_grad=False).requires_grad
    assert torch.asarray(y * 2, requires_grad=True).is_leaf
    check(torch.asarray(array.array("i", [1, 2]), dtype=torch.int32), [1, 2], torch.int32)


def test_frombuffer():
    b = bytearray(range(16))
    t = torch.frombuffer(b, dtype=torch.int32, count=2, offset=4)
    assert t.tolist() == [117835012, 185207048]
    b[4] = 0
    assert t[0] == 117835008
    for arguments, words in [
        (
            {"count": 5},
            r"requested buffer length \(5 \* 4 bytes\) after offset \(0 bytes\) must not",
        ),
        ({"offset": 2}, r"buffer length \(14 bytes\) after offset \(2 bytes\) must be a multiple"),
        ({"offset": 16}, r"offset \(16 bytes\) must be non-negative and no greater than buffer"),
        ({"count": 0}, r"both buffer length \(16\) and count \(0\) must not be 0"),
    ]:
        with pytest.raises(ValueError, match=words):
            torch.frombuffer(b, dtype=torch.int32, **arguments)
    with pytest.raises(ValueError, match="object does not implement Python buffer protocol"):
        torch.frombuffer([1], dtype=torch.int32)
    with pytest.warns(UserWarning, match="The given buffer is not writable"):
        torch.frombuffer(b"abcd", dtype=torch.uint8)


def test_dlpack():
    a = np.arange(3.0)
    t = torch.from_dlpack(a)
    t[0] = 5
    assert a[0] == 5
    x = torch.ones(2)
    assert torch.from_dlpack(x).data_ptr() == x.data_ptr()
    assert torch.from_dlpack(x, copy=True).data_ptr() != x.data_ptr()
    assert np.from_dlpack(x).tolist() == [1, 1]
    assert torch.from_dlpack(torch.to_dlpack(x)).data_ptr() == x.data_ptr()
    assert torch.utils.dlpack.from_dlpack(torch.utils.dlpack.to_dlpack(x)).tolist() == [1, 1]
    with pytest.raises(RuntimeError, match="from_dlpack received an invalid capsule"):
        torch.from_dlpack([1])
    with pytest.raises(BufferError, match="Can't export tensors that require gradient"):
        np.from_dlpack(torch.ones(1, requires_grad=True))


def test_the_old_constructor():
    assert torch.Tensor().shape == (0,)
    assert torch.Tensor(2, 3).shape == torch.Tensor(torch.Size([2, 3])).shape == (2, 3)
    check(torch.Tensor([1, 2]), [1, 2], torch.float32)
    check(torch.Tensor(np.arange(3)), [0, 1, 2], torch.float32)
    x = torch.ones(2)
    assert torch.Tensor(x).data_ptr() == x.data_ptr()
    for data, words in [(3.5, r"data must be a sequence \(got float\)"), ("a", "data type 'str'")]:
        with pytest.raises(TypeError, match=words):
            torch.Tensor(data)
    with pytest.raises(RuntimeError, match="negative dimension -1"):
        torch.Tensor(-1)


# ---------------------------------------------------------------- finfo, iinfo


def test_limits():
    f = torch.finfo(torch.float32)
    assert (f.bits, f.dtype, f.eps, f.tiny) == (32, "float32", 2.0**-23, 2.0**-126)
    assert f.max == -f.min == np.finfo(np.float32).max and f.smallest_normal == f.tiny
    assert repr(torch.finfo(torch.float16)) == (
        "finfo(resolution=0.001, min=-65504, max=65504, eps=0.000976562, "
        "smallest_normal=6.10352e-05, tiny=6.10352e-05, dtype=float16)"
    )
    assert torch.finfo(torch.complex64) == f == torch.finfo()
    i = torch.iinfo(torch.uint8)
    assert (i.min, i.max, i.bits) == (0, 255, 8)
    assert torch.iinfo(torch.int64).min == -(2**63)
    assert repr(torch.iinfo(torch.int32)) == "iinfo(min=-2.14748e+09, max=2.14748e+09, dtype=int32)"
    with pytest.raises(TypeError, match=r"torch.finfo\(\) requires a floating point input type"):
        torch.finfo(torch.int32)
    with pytest.raises(TypeError, match=r"torch.iinfo\(\) requires an integer input type"):
        torch.iinfo(torch.float32)
    with pytest.raises(TypeError, match=r"torch\.bool is not supported by torch\.iinfo"):
        torch.iinfo(torch.bool)


def test_pickled_arrays_take_the_short_ways():
    """Unpickled arrays have a dtype object of their own; results must not depend on it."""
    pickled = pickle.loads(pickle.dumps(np.arange(3, dtype=np.float32)))
    assert pickled.dtype is not np.dtype(np.float32)
    for x in (
        torch.from_numpy(pickled),
        torch.tensor(pickled),
        pickle.loads(pickle.dumps(torch.ones(3))),
        copy.deepcopy(torch.from_numpy(pickled)),
    ):
        assert x.numpy().dtype is np.dtype(np.float32)
    assert np.shares_memory(torch.from_numpy(pickled).numpy(), pickled)
