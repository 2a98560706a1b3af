"""save, load, pickle and copies: what goes in comes out, and files can do no harm."""

import argparse
import collections
import copy
import datetime
import io
import os
import pathlib
import pickle
import pickletools
import struct
import types
import zipfile

import numpy as np
import pytest

import rushlight as torch


def there_and_back(obj, **options):
    buffer = io.BytesIO()
    torch.save(obj, buffer)
    buffer.seek(0)
    return torch.load(buffer, **options)


def archive(pickled, storages=(), name="archive", byteorder=b"little"):
    """A checkpoint of hand-made parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as z:
        z.writestr(f"{name}/data.pkl", pickled)
        z.writestr(f"{name}/byteorder", byteorder)
        for i, storage in enumerate(storages):
            z.writestr(f"{name}/data/{i}", storage)
        z.writestr(f"{name}/version", b"3\n")
    buffer.seek(0)
    return buffer


def storage(kind, count, location="cpu", key="0"):
    """The opcodes of a persistent id."""
    strings = [
        f"X{struct.pack('<I', len(s)).decode('latin1')}{s}" for s in ("storage", key, location)
    ]
    parts = f"({strings[0]}ctorch\n{kind}\n{strings[1]}{strings[2]}K{chr(count)}tQ"
    return parts.encode("latin1")


def tensor_pickle(kind="FloatStorage", count=6, offset=0, size=(2, 3), stride=(3, 1), **where):
    """The pickle of one tensor, as PyTorch writes it."""

    def ints(values):
        return b"(" + b"".join(b"K" + bytes([v]) for v in values) + b"t"

    return (
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + storage(kind, count, **where)
        + b"K" + bytes([offset]) + ints(size) + ints(stride)
        + b"\x89ccollections\nOrderedDict\n)RtR."
    )  # fmt: skip


SIX = np.arange(6, dtype=np.float32)


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


# ---------------------------------------------------------------- safety


class Plain:
    """A user's class; would note it if its constructor ran."""

    def __init__(self):
        self.made = True


class Evil:
    def __reduce__(self):
        return os.system, ("echo pwned > pwned.txt",)


@pytest.fixture(autouse=True)
def no_registrations_left():
    yield
    torch.serialization.clear_safe_globals()


@pytest.mark.parametrize("weights_only", [None, True, False])
@pytest.mark.parametrize("protocol", range(6))
def test_code_never_runs(tmp_path, monkeypatch, weights_only, protocol):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(pickle.UnpicklingError, match=r"Unsupported global: GLOBAL posix\.system"):
        torch.load(archive(pickle.dumps(Evil(), protocol)), weights_only=weights_only)
    assert os.listdir() == []


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (b"cbuiltins\neval\n(X\x01\0\0\x001tR.", "GLOBAL builtins.eval was not an allowed"),
        (b"c__builtin__\ngetattr\n)R.", "GLOBAL builtins.getattr|GLOBAL __builtin__.getattr"),
        (b"cbuiltins\nint\n(K\x01tR.", "a call of builtins.int is not allowed"),
        (b"ctorch\nTensor\n(K\x01tR.", "a call of torch.Tensor is not allowed"),
        (b"ctorch\nTensor\n)\x81.", "an instance of torch.Tensor is not allowed"),
        (b"cbuiltins\nlist\n}X\x01\0\0\0aK\x01sb.", "setting the state of builtins.type is not"),
        (b"c_codecs\nencode\n(X\x01\0\0\0aX\x03\0\0\0hextR.", "allowed for latin1 only"),
        (b"cbuiltins\nlist\n(cbuiltins\nrange\n(J\0\0\0\x7ftRtR.", "lists, tuples, sets and dicts"),
        (b"cnumpy\ndtype\n(X\x01\0\0\0OK\0K\x01tR.", "only numbers and text"),
        (b"cnumpy\nndarray\n(K\x02tR.", "a call of numpy.ndarray is not allowed"),
        (b"(cos\nsystem\no.", "GLOBAL os.system"),
        (b"(ios\nsystem\n.", "the pickle opcode INST is not supported"),
        (b"K\x01K\x02a.", "items cannot be put into builtins.int"),
        (b"}K\x01a.", "items cannot be put into builtins.dict"),
        (b"K\x01", "broken pickle"),
        (b"a.", "broken pickle"),
        (b"K\x01h\x05.", "broken pickle at byte 4: KeyError"),
        (b"K\x01t.", "no mark"),
        (b"(.", "a mark where a value should be"),
        (b"]]Q.", "names no storage"),
    ],
)
def test_pickles_that_want_too_much(program, words):
    with pytest.raises(pickle.UnpicklingError, match=words):
        torch.load(archive(b"\x80\x02" + program), weights_only=False)


def test_classes_of_the_user():
    thing = Plain()
    thing.x = torch.ones(2)
    name = f"{__name__}.Plain"
    buffer = io.BytesIO()
    torch.save({"thing": thing}, buffer)
    with pytest.raises(pickle.UnpicklingError, match=rf"add_safe_globals\(\[{name}\]\)"):
        buffer.seek(0)
        torch.load(buffer)
    buffer.seek(0)
    assert torch.serialization.get_unsafe_globals_in_checkpoint(buffer) == [name]
    with torch.serialization.safe_globals([Plain]):
        assert torch.serialization.get_safe_globals() == [Plain]
        buffer.seek(0)
        found = torch.load(buffer)["thing"]
        assert type(found) is Plain and found.made and found.x.tolist() == [1, 1]
    assert torch.serialization.get_safe_globals() == []
    torch.serialization.add_safe_globals([(Plain, "elsewhere.Old")])
    old = torch.load(archive(b"\x80\x02celsewhere\nOld\n)\x81}X\x01\0\0\0aK\x01sb."))
    assert type(old) is Plain and old.a == 1 and not hasattr(old, "made")
    with pytest.raises(TypeError, match="takes classes and functions, not int"):
        torch.serialization.add_safe_globals([3])


def test_inert_values_that_pytorch_refuses():
    """All of these are plain data; PyTorch's weights_only refuses most of them."""
    east = datetime.timezone(datetime.timedelta(hours=2), "east")
    values = [
        argparse.Namespace(lr=0.1, layers=[1, 2]), types.SimpleNamespace(a=1),
        datetime.datetime(2026, 11, 28, 19, 54, 53, 7, east), datetime.date(2026, 1, 2),
        datetime.time(1, 2, 3), datetime.timedelta(1, 2, 3), east, datetime.UTC,
        pathlib.Path("runs/x"), pathlib.PurePosixPath("/a"), pathlib.PureWindowsPath("c:/b"),
        ..., 1j, range(1, 9, 2), slice(None, 3), collections.deque([1, 2], 5),
    ]  # fmt: skip
    for protocol in range(6):
        buffer = io.BytesIO()
        torch.save(values, buffer, pickle_protocol=protocol)
        buffer.seek(0)
        found = torch.load(buffer)
        assert found == values
        assert [type(v) for v in found] == [type(v) for v in values]
        assert found[-1].maxlen == 5


def test_layouts_and_memory_formats():
    values = [torch.strided, torch.contiguous_format, torch.channels_last, torch.preserve_format]
    assert all(a is b for a, b in zip(there_and_back(values), values, strict=True))
    # as rushlight wrote them before
    old = b"\x80\x02crushlight.core.layout\n_by_name\nX\x11\0\0\0contiguous_format\x85R."
    assert torch.load(archive(old)) is torch.contiguous_format


@pytest.mark.parametrize("legacy", [False, True])
def test_conj_and_neg_bits(legacy):
    """PyTorch keeps them beside the memory: here they are carried out, once the memory is read."""
    numbers = np.array([1 + 2j, -3.5j], np.complex64)
    bits = b"}(X\x04\0\0\0conj\x88X\x03\0\0\0neg\x88u"
    program = tensor_pickle("ComplexFloatStorage", 2, size=(2,), stride=(1,))
    program = program.replace(b")RtR.", b")R" + bits + b"tR.")
    if legacy:
        program = program.replace(b"K\x02tQ", b"K\x02NtQ")
        head = [pickle.dumps(v, 2) for v in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})]
        tail = pickle.dumps(["0"], 2) + struct.pack("<q", 2) + numbers.tobytes()
        file = io.BytesIO(b"".join([*head, program, tail]))
    else:
        file = archive(program, [numbers.tobytes()])
    assert torch.load(file).tolist() == [-1 + 2j, -3.5j]


def test_strings_of_python_2():
    file = b"\x80\x02U\x02\xc3\xa9."
    assert torch.load(archive(file)) == "é"
    assert torch.load(archive(file), encoding="latin1") == "Ã©"
    assert torch.load(archive(file), encoding="bytes") == b"\xc3\xa9"
    with pytest.raises(torch.serialization.LoadError, match=r"no ascii.*encoding='latin1'"):
        torch.load(archive(file), encoding="ascii")
    assert torch.load(archive(file), encoding="ascii", errors="ignore") == ""
    assert torch.load(archive(b"\x80\x02S'\\xc3\\xa9'\n.")) == "é"


def test_foreign_classes_are_stand_ins_if_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program = (
        b"\x80\x02}(X\x05\0\0\0state" + tensor_pickle()[2:-1]
        + b"X\x05\0\0\0hyperclightning.utils\nAttributeDict\n)\x81(X\x02\0\0\0lrK\x02u}"
        b"X\x01\0\0\0aK\x01sbX\x04\0\0\0callcmy.package\nmake\n(K\x07tRu."
    )  # fmt: skip
    file = archive(program, [SIX.tobytes()])
    with pytest.raises(torch.serialization.LoadError, match=r"GLOBAL lightning\.utils\.Attr"):
        torch.load(file)
    file.seek(0)
    found = torch.load(file, weights_only=False)
    assert found["state"].tolist() == [[0, 1, 2], [3, 4, 5]]
    hyper, call = found["hyper"], found["call"]
    assert (hyper.module, hyper.name) == ("lightning.utils", "AttributeDict")
    assert hyper.state == {"a": 1} and hyper.a == 1 and hyper.pairs == [("lr", 2)]
    assert (call.module, call.name, call.args, call.state) == ("my.package", "make", (7,), None)
    assert repr(call) == "<stand-in for an instance of my.package.make>"
    for use in (lambda: call(), lambda: copy.copy(call)):
        with pytest.raises(TypeError, match=r"not registered.*\n  fix: torch\.serialization\.add"):
            use()
    with pytest.raises(AttributeError, match="cannot have the attribute 'b'"):
        hyper.b  # noqa: B018
    file.seek(0)
    names = torch.serialization.get_unsafe_globals_in_checkpoint(file)
    assert names == ["lightning.utils.AttributeDict", "my.package.make"]
    # what only the whole file could be is an error still, and so are Python's own functions
    for program, name in (
        (b"\x80\x02cmy.package\nmake\n)R.", "my.package.make"),
        (b"\x80\x02}K\0cos\nsystem\n(X\x01\0\0\0atRs.", "os.system"),
    ):
        with pytest.raises(torch.serialization.LoadError, match=f"GLOBAL {name}"):
            torch.load(archive(program), weights_only=False)


def test_checkpoints_without_checksums():
    """torch.serialization.set_crc32_options(False) writes 0 for all of them."""
    buffer = archive(tensor_pickle(), [SIX.tobytes()])
    with zipfile.ZipFile(buffer) as z:
        checks = [struct.pack("<L", info.CRC) for info in z.infolist()]
    data = buffer.getvalue()
    for check in checks:
        data = data.replace(check, bytes(4))
    assert torch.load(io.BytesIO(data))[1, 2] == 5


def test_layers_are_not_constructed_by_a_file():
    """A file names them and gives them their state; what a constructor would make costs memory."""
    for call in (b"(J\0\0\0\x10J\0\0\0\x10tR.", b"(J\0\0\0\x10J\0\0\0\x10t\x81."):
        with pytest.raises(torch.serialization.LoadError, match=r"constructor is not run|with arg"):
            torch.load(
                archive(b"\x80\x02ctorch.nn.modules.linear\nLinear\n" + call), weights_only=False
            )
    with torch.serialization.safe_globals([torch.nn.Linear]):
        net = torch.nn.Linear(2, 3)
        assert there_and_back(net).weight.tolist() == net.weight.tolist()


def test_one_family_of_errors(tmp_path):
    """Whoever catches PyTorch's errors (UnpicklingError, RuntimeError) catches all of ours."""
    error = torch.serialization.LoadError
    assert issubclass(error, pickle.UnpicklingError) and issubclass(error, RuntimeError)
    path = tmp_path / "x.pt"
    for contents in (b"", b"PK\3\4", b"hello", b"\x80\x02N.", b"\x10\0\0\0\0\0\0\0{}"):
        path.write_bytes(contents)
        with pytest.raises(error, match=r"x\.pt"):
            torch.load(path)
    with pytest.raises(error, match=r"x\.pt"), open(path, "rb") as file:
        torch.load(file)


def test_safetensors_through_load(tmp_path):
    pytest.importorskip("safetensors")
    path = tmp_path / "x.safetensors"
    torch.save_safetensors({"b": torch.arange(6.0).reshape(2, 3), "a": torch.zeros(0, 2)}, path)
    found = torch.load(path)
    assert found["b"].tolist() == [[0, 1, 2], [3, 4, 5]] and found["a"].shape == (0, 2)
    assert set(found) == {"a", "b"}


def test_options_that_are_not_supported():
    with pytest.raises(NotImplementedError, match="pickle_module"):
        torch.load(io.BytesIO(), pickle_module=io)
    with pytest.raises(NotImplementedError, match=r"before 1\.6"):
        torch.save(1, io.BytesIO(), _use_new_zipfile_serialization=False)
    with pytest.raises(TypeError, match="unexpected keyword argument 'nonsense'"):
        torch.load(io.BytesIO(), nonsense=1)


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
