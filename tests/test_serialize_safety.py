"""torch.load on hostile, foreign and old files: nothing runs, and errors are of one family."""

import argparse
import collections
import copy
import datetime
import gc
import io
import os
import pathlib
import pickle
import struct
import threading
import types
import weakref
import zipfile

import numpy as np
import pytest
from serialize_cases import SIX, archive, tensor_pickle, there_and_back

import rushlight as torch


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


def test_a_record_that_a_second_thread_checks_is_checked_to_its_last_byte(tmp_path):
    """Every byte of a large record arrives; a changed one is seen wherever it is."""
    size = (5 << 20) + 3
    x = torch.arange(size, dtype=torch.int64).mul_(7).to(torch.uint8)
    path = tmp_path / "large.pt"
    torch.save(x, path)
    whole = path.read_bytes()
    for file in (path, io.BytesIO(whole)):
        y = torch.load(file)
        assert torch.equal(x, y)
        assert y.add_(1)[-1] == (x[-1].item() + 1) % 256
    first = whole.find(x[:64].numpy().tobytes())
    for place in (first, first + (1 << 20), first + size - 1):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(torch.serialization.LoadError, match="Bad CRC-32"):
            torch.load(path)

    class Breaks(io.BytesIO):
        def readinto(self, block):
            if len(block) == 1 << 20 and self.tell() > 2 << 20:
                raise OSError("the disk is gone")
            return super().readinto(block)

    with pytest.raises(torch.serialization.LoadError, match="the disk is gone"):
        torch.load(Breaks(whole))
    assert "rushlight checksum" not in [thread.name for thread in threading.enumerate()]


@pytest.mark.parametrize("weights_only", [True, False])
def test_what_was_loaded_goes_when_it_is_dropped(weights_only):
    """No cycle of the reader's holds it until the garbage collector comes."""
    buffer = io.BytesIO()
    torch.save(torch.ones(1000), buffer)
    buffer.seek(0)
    gc.disable()
    try:
        loaded = torch.load(buffer, weights_only=weights_only)
        seen = weakref.ref(loaded)
        del loaded
        assert seen() is None
    finally:
        gc.enable()


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
