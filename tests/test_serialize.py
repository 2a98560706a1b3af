"""save, load, pickle and copies: what goes in comes out."""

import collections
import copy
import io
import os
import pickle
import pickletools
import struct
import zipfile

import numpy as np
import pytest
from serialize_cases import SIX, archive, tensor_pickle, there_and_back

import rushlight as torch

# ---------------------------------------------------------------- values


@pytest.mark.parametrize(
    "dtype",
    "float32 float64 float16 bfloat16 float8_e4m3fn float8_e5m2 uint8 int8 int16 int32 int64 "
    "uint16 uint32 uint64 bool complex64 complex128".split(),
)
def test_every_dtype(dtype):
    x = torch.tensor([0, 1, 2], dtype=getattr(torch, dtype))
    y = there_and_back(x)
    assert y.dtype is x.dtype and y.tolist() == x.tolist()


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (1,), (2, 3, 4)])
def test_every_shape(shape):
    x = torch.ones(shape)
    assert there_and_back(x).shape == x.shape


def test_python_values():
    values = [
        {"a": 1, 2: None}, (1, (2.5, True)), {1, 2}, frozenset([3]), 1j, b"\x00\xff",
        bytearray(b"x"), 2**70, -5, float("inf"), "é", "", slice(1, None), range(3),
        collections.Counter("aab"),
        collections.OrderedDict(b=1, a=2), collections.defaultdict(list, x=[1]),
        torch.Size([2, 3]), torch.float32, torch.bfloat16, torch.device("cpu"),
    ]  # fmt: skip
    found = there_and_back(values)
    assert found == values
    assert [type(v) for v in found] == [type(v) for v in values]
    assert found[-3] is torch.float32


def test_numpy_values():
    values = [np.arange(6).reshape(2, 3).T, np.float32(2.5), np.bool_(True), np.array(["ab", "c"])]
    for a, b in zip(values, there_and_back(values), strict=True):
        assert type(a) is type(b) and a.dtype == b.dtype and (a == b).all()


def test_the_same_object_stays_one():
    x = torch.ones(2)
    a, b, c = there_and_back([x, x, [x]])
    assert a is b is c[0]


def test_views_keep_sharing_memory():
    x = torch.arange(12.0).reshape(3, 4)
    y, row, column, flat = there_and_back([x, x[1], x[:, 2], x.T])
    y[1, 2] = -1
    assert (row[2], column[1], flat[2, 1]) == (-1, -1, -1)
    assert column.stride() == (4,) and column.storage_offset() == 2
    assert flat.stride() == (1, 4)


def test_expanded_tensors():
    x = torch.tensor([1.0, 2.0]).expand(3, 2)
    y = there_and_back(x)
    assert y.stride() == (0, 1) and y.tolist() == x.tolist()


def test_requires_grad_and_attributes():
    x = torch.ones(2, requires_grad=True)
    x.note = "mine"
    x.grad = torch.ones(2)
    y = there_and_back(x)
    assert y.requires_grad and y.is_leaf and y.note == "mine" and y.grad is None
    z = there_and_back(x * 2)
    assert z.requires_grad and z.is_leaf


def test_parameters_and_buffers():
    p, q, b = there_and_back(
        [torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.ones(1), requires_grad=False),
         torch.nn.Buffer(torch.zeros(1))]
    )  # fmt: skip
    assert type(p) is torch.nn.Parameter and p.requires_grad and not q.requires_grad
    assert isinstance(b, torch.nn.Buffer)


def test_state_dict_keeps_its_metadata():
    state = collections.OrderedDict(weight=torch.ones(2))
    state._metadata = {"": {"version": 2}}
    found = there_and_back(state)
    assert type(found) is collections.OrderedDict and found._metadata == state._metadata


def test_storages():
    x = torch.arange(3.0)
    bytes_, numbers, y = there_and_back([x.untyped_storage(), x.storage(), x])
    assert bytes_.nbytes() == 12 and numbers.tolist() == [0, 1, 2]
    y[0] = 9
    assert numbers[0] == 9
    with pytest.raises(
        RuntimeError, match="Cannot save multiple tensors or storages that view the"
    ):
        torch.save([x, x.view(torch.int32)], io.BytesIO())


def test_the_file_is_pytorchs():
    buffer = io.BytesIO()
    torch.save({"x": torch.arange(6.0).reshape(2, 3)}, buffer)
    with zipfile.ZipFile(buffer) as z:
        names = [name.partition("/")[2] for name in z.namelist()]
        assert names == ["data.pkl", ".format_version", ".storage_alignment", "byteorder", "data/0",
                         "version", ".data/serialization_id"]  # fmt: skip
        globals_ = [
            a for o, a, _ in pickletools.genops(z.read("archive/data.pkl")) if o.name == "GLOBAL"
        ]
        assert globals_ == [
            "torch._utils _rebuild_tensor_v2",
            "torch FloatStorage",
            "collections OrderedDict",
        ]
        start = buffer.getvalue().find(SIX.tobytes())
        assert start % 64 == 0
        assert z.read("archive/data/0") == SIX.tobytes()


def test_the_same_contents_make_the_same_file():
    files = [io.BytesIO(), io.BytesIO()]
    for f in files:
        torch.save([torch.ones(3), "x"], f)
    assert files[0].getvalue() == files[1].getvalue()


# ---------------------------------------------------------------- files


def test_paths_are_written_atomically(tmp_path):
    path = tmp_path / "model.pt"
    torch.save(torch.ones(2), path)
    with pytest.raises((pickle.PicklingError, AttributeError)):
        torch.save([torch.zeros(2), lambda: 0], path)
    assert os.listdir(tmp_path) == ["model.pt"]
    assert torch.load(str(path)).tolist() == [1, 1]
    with zipfile.ZipFile(path) as z:
        assert z.namelist()[0] == "model/data.pkl"


def test_mmap(tmp_path):
    path = tmp_path / "x.pt"
    torch.save([torch.arange(6.0), torch.tensor([])], path)
    x, empty = torch.load(path, mmap=True)
    x[0] = 9
    assert x.tolist() == [9, 1, 2, 3, 4, 5] and empty.numel() == 0
    assert torch.load(path)[0].tolist() == [0, 1, 2, 3, 4, 5]
    with pytest.raises(ValueError, match="f must be a file path in order to use the mmap argument"):
        torch.load(io.BytesIO(), mmap=True)


def test_places_that_cannot_be(tmp_path):
    with pytest.raises(RuntimeError, match=r"Parent directory .*absent does not exist"):
        torch.save(1, tmp_path / "absent" / "x.pt")
    with pytest.raises(AttributeError, match="expected 'f' to be string, path, or a file-like"):
        torch.save(1, 3)
    with pytest.raises(AttributeError, match="'int' object has no attribute 'seek'"):
        torch.load(3)
    with pytest.raises(FileNotFoundError):
        torch.load(tmp_path / "nothing.pt")
    with pytest.raises(TypeError, match="Expected bytes, got str"):
        torch.load(io.StringIO("a"))


def test_files_that_are_no_checkpoints(tmp_path):
    path = tmp_path / "strange.pt"
    for contents, error, words in [
        (
            b"hello world",
            pickle.UnpicklingError,
            "not a PyTorch checkpoint, which is a zip archive",
        ),
        (b"", EOFError, "strange.pt is empty, a PyTorch checkpoint was expected"),
        (pickle.dumps([1]), pickle.UnpicklingError, "it is a pickle of another program"),
        (b"\x10\0\0\0\0\0\0\0{}", pickle.UnpicklingError, "it looks like a safetensors file"),
    ]:
        path.write_bytes(contents)
        with pytest.raises(error, match=words) as caught:
            torch.load(path)
        assert "strange.pt" in str(caught.value)
    with zipfile.ZipFile(path, "w") as z:
        z.writestr("a/b.txt", "")
    with pytest.raises(RuntimeError, match="is a zip archive, but no PyTorch checkpoint"):
        torch.load(path)
    with zipfile.ZipFile(path, "w") as z:
        z.writestr("m/data.pkl", "")
        z.writestr("m/constants.pkl", "")
    with pytest.raises(RuntimeError, match="is a TorchScript archive"):
        torch.load(path)


def test_damaged_files(tmp_path):
    path = tmp_path / "broken.pt"
    torch.save(torch.arange(6.0), path)
    whole = path.read_bytes()
    for length in (len(whole) // 2, len(whole) - 10):
        path.write_bytes(whole[:length])
        with pytest.raises(RuntimeError, match=r"failed finding central directory\.\n.*broken\.pt"):
            torch.load(path)
    i = whole.find(SIX.tobytes())
    path.write_bytes(whole[:i] + b"\1" + whole[i + 1 :])
    with pytest.raises(
        RuntimeError, match=r"broken.pt is damaged: record broken/data/0: Bad CRC-32"
    ):
        torch.load(path)
    with pytest.raises(RuntimeError, match="record archive/data/0 is missing"):
        torch.load(archive(tensor_pickle()))
    with pytest.raises(RuntimeError, match="record archive/data/0 has 20 bytes, 24 expected"):
        torch.load(archive(tensor_pickle(), [bytes(20)]))


def test_tensors_cannot_reach_beyond_their_storage():
    good = torch.load(archive(tensor_pickle(), [SIX.tobytes()]))
    assert good.tolist() == [[0, 1, 2], [3, 4, 5]]
    for wrong in ({"offset": 1}, {"size": (3, 3)}, {"stride": (4, 1)}, {"size": (2,)}):
        with pytest.raises(pickle.UnpicklingError, match="broken tensor"):
            torch.load(archive(tensor_pickle(**wrong), [SIX.tobytes()]))


def test_the_other_byte_order():
    big = SIX.astype(">f4").tobytes()
    assert torch.load(archive(tensor_pickle(), [big], byteorder=b"big"))[1, 2] == 5


def test_before_pytorch_1_6():
    # magic number, protocol, system, object, keys; then the length and the bytes of each storage
    parts = [pickle.dumps(v, 2) for v in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})]
    old = tensor_pickle().replace(b"K\x06tQ", b"K\x06NtQ", 1)
    data = b"".join([*parts, old, pickle.dumps(["0"], 2), struct.pack("<q", 6), SIX.tobytes()])
    assert torch.load(io.BytesIO(data)).tolist() == [[0, 1, 2], [3, 4, 5]]
    with pytest.raises(RuntimeError, match="storage 0 is missing or cut off"):
        torch.load(io.BytesIO(data[:-4]))


# ---------------------------------------------------------------- where storages go


def test_map_location():
    def cuda_file():
        return archive(tensor_pickle(location="cuda:0"), [SIX.tobytes()])

    with pytest.raises(
        RuntimeError, match="Attempting to deserialize object on a CUDA device but t"
    ):
        torch.load(cuda_file())
    for where in ("cpu", torch.device("cpu"), {"cuda:0": "cpu"}, lambda storage, location: storage):
        assert torch.load(cuda_file(), map_location=where)[1, 2] == 5
    with pytest.raises(RuntimeError, match="on a CUDA device"):
        torch.load(cuda_file(), map_location={"cuda:1": "cpu"})
    with pytest.raises(RuntimeError, match="don't know how to restore data location of"):
        torch.load(cuda_file(), map_location="nowhere")
    with pytest.raises(TypeError, match="'int' object is not callable"):
        torch.load(cuda_file(), map_location=3)
    with pytest.raises(KeyError, match="mine"):
        torch.load(cuda_file(), map_location=lambda storage, location: {}["mine"])


# ---------------------------------------------------------------- safetensors


def test_safetensors(tmp_path):
    pytest.importorskip("safetensors")
    path = tmp_path / "x.safetensors"
    names = "float32 float64 float16 bfloat16 int64 int32 int8 uint8 bool complex64".split()
    tensors = {name: torch.tensor([[0, 1, 2]], dtype=getattr(torch, name)) for name in names}
    tensors |= {"turned": torch.arange(6).reshape(2, 3).T, "number": torch.tensor(1.5)}
    torch.save_safetensors(tensors, path, {"made by": "rushlight"})
    found = torch.load_safetensors(path)
    assert set(found) == set(tensors)
    for name, t in tensors.items():
        assert found[name].dtype is t.dtype and found[name].tolist() == t.tolist()
    found["number"].add_(1)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"x\.safetensors is no whole safetensors file"):
        torch.load_safetensors(path)
    with pytest.raises(TypeError, match="'a' is a int: safetensors hold tensors only"):
        torch.save_safetensors({"a": 1}, path)
    with pytest.raises(TypeError, match=r"'a' has dtype torch\.complex128, which safetensors do"):
        torch.save_safetensors({"a": torch.ones(1, dtype=torch.complex128)}, path)


# ---------------------------------------------------------------- pickle and copy


def test_pickle():
    x = torch.arange(4.0, requires_grad=True)
    x.note = [1]
    y, view, p, r = pickle.loads(pickle.dumps([x, x.detach()[1:], torch.nn.Parameter(x), x * 2]))
    assert y.requires_grad and y.is_leaf and y.note == [1] and view.tolist() == [1, 2, 3]
    assert type(p) is torch.nn.Parameter and p.requires_grad
    assert r.is_leaf and r.requires_grad
    b = pickle.loads(pickle.dumps(torch.tensor([1.5], dtype=torch.bfloat16)))
    assert b.dtype is torch.bfloat16 and b.tolist() == [1.5]


def test_copy_shares_and_deepcopy_does_not():
    x = torch.ones(2, requires_grad=True)
    x.grad, x.note = torch.ones(2), [1]
    shallow, deep = copy.copy(x), copy.deepcopy(x)
    assert shallow.data_ptr() == x.data_ptr() and shallow.note is x.note and shallow.grad is None
    assert deep.data_ptr() != x.data_ptr() and deep.note == [1] and deep.note is not x.note
    assert deep.requires_grad and deep.grad.tolist() == [1, 1] and deep.grad is not x.grad
    assert copy.copy(x * 2).is_leaf


def test_deepcopy_keeps_aliases():
    x = torch.arange(6.0).reshape(2, 3)
    y, row, again, turned = copy.deepcopy([x, x[1], x, x.T])
    assert again is y
    y[1, 0] = -1
    assert row[0] == -1 and turned[0, 1] == -1 and x[1, 0] == 3


def test_deepcopy_of_a_result_is_refused():
    with pytest.raises(RuntimeError, match="Only Tensors created explicitly by the user") as caught:
        copy.deepcopy(torch.ones(1, requires_grad=True) * 2)
    assert "comes from MulBackward0; fix: t.detach().clone()" in str(caught.value)


def test_deepcopy_of_a_parameter():
    p = torch.nn.Parameter(torch.ones(2))
    q, again = copy.deepcopy([p, p])
    assert q is again and type(q) is torch.nn.Parameter and q.data_ptr() != p.data_ptr()


# ---------------------------------------------------------------- whole models


def test_models_of_our_own_layers():
    net = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.ReLU())
    x = torch.ones(2, 4)
    with pytest.raises(pickle.UnpicklingError, match=r"GLOBAL rushlight\.nn\.Sequential was not"):
        there_and_back(net)
    for copied in (
        there_and_back(net, weights_only=False),
        pickle.loads(pickle.dumps(net)),
        copy.deepcopy(net),
    ):
        assert (copied(x) == net(x)).all()
        assert (
            copied[0].weight.requires_grad
            and copied[0].weight.data_ptr() != net[0].weight.data_ptr()
        )


def test_models_of_the_user():
    net = Net()
    buffer = io.BytesIO()
    torch.save(net, buffer)
    buffer.seek(0)
    with pytest.raises(pickle.UnpicklingError, match="fix: register the class, or save"):
        torch.load(buffer, weights_only=False)
    buffer.seek(0)
    with torch.serialization.safe_globals([Net]):
        found = torch.load(buffer, weights_only=False)
    x = torch.ones(1, 2)
    assert type(found) is Net and (found(x) == net(x)).all()


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 2)

    def forward(self, x):
        return self.layer(x)
