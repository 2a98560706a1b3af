"""Files made to do harm, as code: {name: (suffix, bytes)}. None of them may load.

Sources of the kinds: PyTorch's advisories (CVE-2025-32434, CVE-2026-24747, GHSA-g53j-hmj6-fqvw),
picklescan, fickling and modelscan; the audit of safetensors (Trail of Bits, 2023).
"""

import gzip
import io
import json
import pickle
import struct
import tarfile
import zipfile
from zlib import crc32

SIX = struct.pack("<6f", *range(6))
SIX_COUNTED = struct.pack("<q", 6) + SIX


def text(s: str) -> bytes:
    data = s.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def number(n: int) -> bytes:
    if 0 <= n < 256:
        return b"K" + bytes([n])
    size = n.bit_length() // 8 + 1
    return b"\x8a" + bytes([size]) + n.to_bytes(size, "little", signed=True)


def named(name: str) -> bytes:
    module, _, attribute = name.rpartition(".")
    return f"c{module}\n{attribute}\n".encode()


def call(name: str, *args: bytes) -> bytes:
    return named(name) + b"(" + b"".join(args) + b"tR"


def ints(*values: int) -> bytes:
    return b"(" + b"".join(map(number, values)) + b"t"


def storage(kind="FloatStorage", key="0", count=6, location="cpu") -> bytes:
    return (
        b"(" + text("storage") + named(f"torch.{kind}") + text(key) + text(location)
        + number(count) + b"tQ"
    )  # fmt: skip


def tensor(size=(2, 3), stride=(3, 1), offset=0, **where) -> bytes:
    return call(
        "torch._utils._rebuild_tensor_v2", storage(**where), number(offset), ints(*size),
        ints(*stride), b"\x89", call("collections.OrderedDict"),
    )  # fmt: skip


def zipped(records, start=b"", **change) -> bytes:
    """An archive made by hand, in which single fields can be wrong."""
    body, central = bytearray(start), bytearray()
    for name, data in records:
        raw, at = name.encode(), len(body)
        flags, method, size = change.get("flags", 0), change.get("method", 0), len(data)
        check = change.get("crc", crc32(data))
        local = change.get("local", {})
        body += struct.pack(
            "<4s5H3L2H", b"PK\3\4", 20, flags, method, 0, 0, local.get("crc", check),
            local.get("packed", size), local.get("size", size), len(raw), 0,
        ) + local.get("name", raw) + data  # fmt: skip
        body += change.get("gap", b"")
        central += struct.pack(
            "<4s6H3L5H2L", b"PK\1\2", 20, 20, flags, method, 0, 0, check, size,
            change.get("size", size), len(raw), len(change.get("extra", b"")), 0, 0, 0, 0,
            at + change.get("shift", 0),
        ) + raw + change.get("extra", b"")  # fmt: skip
    n = change.get("count", len(records))
    at = change.get("directory", len(body))
    tail = struct.pack(
        "<4s4H2LH", b"PK\5\6", 0, 0, n, n, len(central), at, len(change.get("note", b""))
    )
    return bytes(body + central + change.get("before_end", b"") + tail + change.get("note", b""))


def archive(program: bytes, *storages: bytes, proto: bytes = b"\x80\x02", **change) -> bytes:
    records = [("a/data.pkl", proto + program), ("a/byteorder", b"little")]
    records += [(f"a/data/{i}", data) for i, data in enumerate(storages)]
    return zipped([*records, ("a/version", b"3\n")], **change)


def legacy(program: bytes, keys=("0",), data=SIX_COUNTED) -> bytes:
    head = [pickle.dumps(v, 2) for v in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})]
    return b"".join([*head, b"\x80\x02" + program, pickle.dumps(list(keys), 2), data])


def safetensors(header, data: bytes = b"", length=None) -> bytes:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw) if length is None else length) + raw + data


def entry(dtype="F32", shape=(2,), offsets=(0, 8)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def compressed(records) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in records:
            z.writestr(name, data)
    return buffer.getvalue()


def twice(name: str, first: bytes, second: bytes) -> bytes:
    return zipped([(name, first), ("a/byteorder", b"little"), (name, second)])


def numpy_array(code: str, shape, data: bytes, *more: bytes) -> bytes:
    dtype = call("numpy.dtype", text(code), number(0), number(1))
    make = call("numpy.core.multiarray._reconstruct", named("numpy.ndarray"), ints(0), b"C\1b")
    state = number(1) + ints(*shape) + dtype + b"".join(more) + b"\x89"
    return make + b"(" + state + b"B" + struct.pack("<I", len(data)) + data + b"tb"


def dtype_again(itemsize: int) -> bytes:
    """The first fault found here: a dtype given another itemsize after an array has it."""
    state = b"(" + number(3) + text("|") + b"NNN" + number(itemsize) + number(1) + number(0) + b"tb"
    make = call("numpy.core.multiarray._reconstruct", named("numpy.ndarray"), ints(0), b"C\1b")
    array = make + b"(" + number(1) + ints(3) + b"h\0\x89" + b"C\x03abct" + b"b"
    return (
        b"(" + call("numpy.dtype", text("S1"), number(0), number(1)) + b"q\0" + array
        + b"h\0" + state + b"t."
    )  # fmt: skip


def evil(name: str, *args: bytes) -> bytes:
    return call(name, *args) + b"."


def laughs(levels: int, width: int, make: bytes = b"l") -> bytes:
    """Lists of lists: `width` times the one before, `levels` times."""
    out = b"((" + text("ha") * width + make + b"q\0"
    for i in range(levels):
        out += b"(" + b"h" + bytes([i]) + (b"h" + bytes([i])) * (width - 1) + make
        out += b"q" + bytes([i + 1])
    return out + b"t."


COMMAND = text("echo pwned > pwned.txt")
PICKLES = {
    "os_system": evil("os.system", COMMAND),
    "posix_system": evil("posix.system", COMMAND),
    "subprocess": evil("subprocess.Popen", COMMAND),
    "eval": evil("builtins.eval", text("1")),
    "exec_python2": evil("__builtin__.exec", text("1")),
    "getattr_chain": call(
        "builtins.getattr", call("builtins.__import__", text("os")), text("system")
    ) + b"(" + COMMAND + b"tR.",
    "resolve_name": call("pkgutil.resolve_name", text("os:system")) + b"(" + COMMAND + b"tR.",
    "operator": evil("operator.attrgetter", text("system")),
    "partial": evil("functools.partial", named("os.system"), COMMAND),
    "import_module": evil("importlib.import_module", text("os")),
    "runpy": evil("runpy._run_code", text("1")),
    "numpy_runstring": evil("numpy.testing._private.utils.runstring", text("1"), b"}"),
    "torch_load": evil("torch.load", text("/etc/passwd")),
    "torch_hub": evil("torch.hub.load", text("x"), text("y")),
    "torch_jit": evil("torch.jit.unsupported_tensor_ops.execWrapper", text("1")),
    "load_from_bytes": evil("torch.storage._load_from_bytes", b"C\1a"),
    "pop_trick": call("os.system", COMMAND) + b"0N.",
    "pop_mark_trick": b"(" + call("os.system", COMMAND) + b"1N.",
    "dotted_stack_global": text("collections") + text("OrderedDict.__class__") + b"\x93.",
    "dotted_global": b"ctorch\nnn.Linear\n.",
    "stack_global_numbers": number(1) + number(2) + b"\x93.",
    "dunder": b"ctorch._utils\n__builtins__\n.",
    "ext1": b"\x82\1.",
    "ext4": b"\x84\1\0\0\0.",
    "inst": b"(" + COMMAND + b"ios\nsystem\n.",
    "obj": b"(" + named("os.system") + COMMAND + b"o.",
    "newobj": named("os.system") + b")\x81.",
    "newobj_ex": named("subprocess.Popen") + b")}\x92.",
    "newobj_ex_with_options": named("collections.OrderedDict") + b")}" + text("a") + b"Ks\x92.",
    "build_a_class": named("collections.OrderedDict") + b"}" + text("a") + number(1) + b"sb.",
    "build_a_list": b"]}b.",
    "build_a_dict": b"}}b.",
    "build_a_tensor": tensor() + b"}b.",
    "setitems_on_a_list": b"](" + number(1) + number(2) + b"u.",
    "setitems_on_a_tensor": tensor() + b"(" + number(0) + number(2) + b"u.",
    "setitem_on_an_int": number(1) + number(2) + number(3) + b"s.",
    "appends_on_a_dict": b"}(" + number(1) + b"e.",
    "append_on_a_tensor": tensor() + number(1) + b"a.",
    "additems_on_a_list": b"](" + number(1) + b"\x90.",
    "odd_setitems": b"}(" + number(1) + b"u.",
    "reduce_a_string": text("os.system") + b"(" + COMMAND + b"tR.",
    "reduce_without_tuple": named("collections.OrderedDict") + b"]R.",
    "second_stop": b"N.N.",
    "data_after_stop": b"N.pwned",
    "no_stop": b"N",
    "empty": b"",
    "left_over": b"NN.",
    "open_mark": b"(.",
    "proto_in_the_middle": b"N\x80\x02.",
    "persid_text": b"Pstorage\n.",
    "memo_gap": b"Nr\xff\xff\xff\x7f.",
    "memo_negative": b"Np-1\n.",
    "memo_not_set": b"h\x05.",
    "get_huge": b"g99999999999999999999\n.",
    "dup": b"N2.",
    "frame_longer_than_file": b"\x95" + b"\xff" * 7 + b"\x7fN.",
    "bytes_longer_than_file": b"\x8e" + b"\xff" * 7 + b"\x7f.",
    "text_longer_than_file": b"X\xff\xff\xff\xffa.",
    "long4_negative": b"\x8b\xff\xff\xff\xff.",
    "long_of_digits": b"L" + b"9" * 100_000 + b"L\n.",
    "bad_utf8": b"X\x01\0\0\0\xff.",
    "bad_escape": b"S'\\x'\n.",
    "laughs": laughs(9, 10),
    "laughs_of_tuples": laughs(40, 2, b"t"),
    "laughs_of_dicts": b"(}q\0" + b"".join(
        b"}q" + bytes([i + 1]) + b"(" + number(0) + b"h" + bytes([i]) + number(1)
        + b"h" + bytes([i]) + b"u" for i in range(60)
    ) + b"t.",
    "deep_tuple": b"N" + b"\x85" * 200_000 + b".",
    "deep_list": b"(" * 100_000 + b"l" * 100_000 + b".",
    "deep_dict": b"}" + b"".join(number(0) + b"}" for _ in range(5000)) + b"s" * 5000 + b".",
    "deep_key": b"}" + b"N" + b"\x85" * 200_000 + b"Ns.",
    "deep_set_member": b"\x8f(" + b"N" + b"\x85" * 200_000 + b"\x90.",
    "deep_function": b"N" + b"\x85" * 200_000 + b")R.",
    "wide_key": b"}" + b"N" + b"".join(
        b"q" + bytes([i]) + b"h" + bytes([i]) + b"\x86" for i in range(40)
    ) + b"Ns.",
    "wide_persistent_id": b"N" + b"".join(
        b"q" + bytes([i]) + b"h" + bytes([i]) + b"\x86" for i in range(40)
    ) + b"Q.",
    "wide_size": named("torch.Size") + b"N" + b"".join(
        b"q" + bytes([i]) + b"h" + bytes([i]) + b"\x86" for i in range(40)
    ) + b"\x85\x85R.",
    "list_as_key": b"}]Ns.",
    "colliding_keys": b"}(" + b"".join(number(i * (2**61 - 1)) + b"N" for i in range(1, 30_000))
    + b"u.",
    "colliding_tuples": b"}(" + b"".join(ints(i, i) + b"N" for i in range(30_000)) + b"u.",
    "colliding_set": call("builtins.set", b"(" + b"".join(
        number(i * (2**61 - 1)) for i in range(1, 30_000)
    ) + b"l") + b".",
    "many_sets": b"(" + b"\x8f" * 2_000_000 + b"l.",
    "many_dicts": b"(" + b"}" * 4_000_000 + b"l.",
    "many_copies": b"(" + text("a" * 100_000) + b"q\0" + text("latin1") + b"q\1" + (
        named("_codecs.encode") + b"q\2" + b"(h\0h\1tR" + b"h\2(h\0h\1tR" * 20_000
    ) + b"t.",
    "many_lists": b"((" + b"N" * 10_000 + b"lq\0" + named("builtins.tuple") + b"q\1(h\0tR"
    + b"h\1(h\0tR" * 20_000 + b"t.",
    "many_pops": b"N0" * 2_000_000 + b"N.",
    "size_of_range": call("torch.Size", call("builtins.range", number(5 * 10**7))) + b".",
    "size_negative": call("torch.Size", ints(-1)) + b".",
    "size_huge": call("torch.Size", ints(2**70)) + b".",
    "list_of_range": call("builtins.list", call("builtins.range", number(2**40))) + b".",
    "range_huge": call("builtins.range", number(2**100)) + b".",
    "bytearray_of_int": call("builtins.bytearray", number(10**10)) + b".",
    "counter_of_int": call("collections.Counter", number(10**10)) + b".",
    "complex_text": call("builtins.complex", text("1")) + b".",
    "defaultdict_of_function": call("collections.defaultdict", named("_codecs.encode")) + b".",
    "encode_other": call("_codecs.encode", text("a"), text("rot13")) + b".",
    "datetime_of_ints": call("datetime.datetime", number(1), number(1), number(1)) + b".",
    "datetime_bad": call("datetime.datetime", b"C\x0a" + b"\xff" * 10) + b".",
    "timedelta_huge": call("datetime.timedelta", number(10**18)) + b".",
    "path_of_bytes": call("pathlib.PosixPath", b"C\1a") + b".",
    "namespace_args": call("argparse.Namespace", number(1)) + b".",
    "namespace_state": named("argparse.Namespace") + b")\x81" + number(1) + b"b.",
    "linear_huge": call("torch.nn.modules.linear.Linear", number(10**6), number(10**6)) + b".",
    "module_list_of_range": call(
        "torch.nn.modules.container.ModuleList", call("builtins.range", number(2**40))
    ) + b".",
    "linear_with_arguments": named("torch.nn.modules.linear.Linear") + ints(10**6, 10**6)
    + b"\x81.",
    "linear_state": named("torch.nn.modules.linear.Linear") + b")\x81" + number(1) + b"b.",
    "dtype_again": dtype_again(2**20),
    "dtype_itemsize": call("numpy.dtype", text("S1"), number(0), number(1)) + b"(" + number(3)
    + text("|") + b"NNN" + number(2**20) + number(1) + number(0) + b"tb.",
    "dtype_fields": call("numpy.dtype", text("f8,O"), number(0), number(1)) + b".",
    "dtype_object": call("numpy.dtype", text("O8"), number(0), number(1)) + b".",
    "dtype_huge": call("numpy.dtype", text("S999999999"), number(0), number(1)) + b".",
    "dtype_structured": call("numpy.dtype", text("f8"), number(0), number(1)) + b"(" + number(3)
    + text("<") + b"N" + text("a") + b"N" + number(8) + number(1) + number(0) + b"tb.",
    "array_too_short": numpy_array("f8", (3,), b"12345678") + b".",
    "array_huge": numpy_array("f8", (2**40, 2**40), b"") + b".",
    "array_negative": numpy_array("f8", (-1,), b"") + b".",
    "array_no_characters": numpy_array("U1", (1,), b"\xff\xff\xff\xff") + b".",
    "array_twice": numpy_array("u1", (1,), b"a") + b"(" + number(1) + ints(1)
    + call("numpy.dtype", text("u1"), number(0), number(1)) + b"\x89C\1btb.",
    "array_of_a_class": call(
        "numpy.core.multiarray._reconstruct", named("numpy.dtype"), ints(0), b"C\1b"
    ) + b".",
    "scalar_without_bytes": call(
        "numpy.core.multiarray.scalar", call("numpy.dtype", text("f8"), number(0), number(1))
    ) + b".",
    "scalar_too_short": call(
        "numpy.core.multiarray.scalar", call("numpy.dtype", text("f8"), number(0), number(1)),
        b"C\1a",
    ) + b".",
    "pid_other_shape": b"(" + text("storage") + b"tQ.",
    "pid_module": b"(" + text("module") + text("os") + text("a") + text("b") + text("c") + b"tQ.",
    "pid_list": b"]Q.",
    "pid_negative_count": storage(count=-1) + b".",
    "pid_huge_count": storage(count=2**62) + b".",
    "pid_overflow": storage(count=2**61 + 6) + b".",
    "storage_other_size": tensor(kind="DoubleStorage") + b".",
    "storage_missing": tensor(key="7") + b".",
    "storage_outside": tensor(key="../version") + b".",
    "storage_two_sizes": b"(" + storage() + storage(kind="ByteStorage") + b"t.",
    "tensor_negative_size": tensor(size=(-2, 3)) + b".",
    "tensor_negative_stride": tensor(stride=(-3, 1)) + b".",
    "tensor_negative_offset": tensor(offset=-1) + b".",
    "tensor_outside": tensor(size=(3, 3)) + b".",
    "tensor_offset_outside": tensor(offset=1) + b".",
    "tensor_huge_size": tensor(size=(2**62, 4), stride=(0, 0)) + b".",
    "tensor_overflowing_stride": tensor(size=(2**33, 2), stride=(2**33, 1)) + b".",
    "tensor_huge_empty": tensor(size=(0, 2**62, 2**62), stride=(1, 1, 1)) + b".",
    "tensor_many_dimensions": tensor(size=(1,) * 200, stride=(1,) * 200) + b".",
    "tensor_other_strides": tensor(stride=(1,)) + b".",
    "tensor_of_list": call("torch._utils._rebuild_tensor_v2", b"]", number(0), ints(1), ints(1))
    + b".",
    "tensor_bool_size": call(
        "torch._utils._rebuild_tensor_v2", storage(), number(0), b"(\x88t", ints(1), b"\x89", b"N"
    ) + b".",
    "tensor_hooks": call(
        "torch._utils._rebuild_tensor_v2", storage(), number(0), ints(1), ints(1), b"\x89",
        b"}" + text("a") + named("collections.OrderedDict") + b"s",
    ) + b".",
    "tensor_metadata": call(
        "torch._utils._rebuild_tensor_v2", storage(), number(0), ints(1), ints(1), b"\x89", b"}",
        b"}" + text("evil") + number(1) + b"s",
    ) + b".",
    "tensor_class": call(
        "torch._tensor._rebuild_from_type_v2", named("os.system"), named("torch.Tensor"), b")", b"N"
    ) + b".",
    "parameter_of_nothing": call("torch._utils._rebuild_parameter", b"N", b"\x88", b"}") + b".",
    "engine_attributes": call(
        "torch._utils._rebuild_parameter_with_state", tensor(), b"\x88", b"}",
        b"}" + text("_grad") + number(1) + b"s",
    ) + b".",
    "device_of_tuple": call("torch.device", ints(1)) + b".",
    "device_unknown": call("torch.device", text("x" * 100_000)) + b".",
    "location_unknown": tensor(location="nowhere") + b".",
    "location_meta": tensor(location="meta") + b".",
}  # fmt: skip

GOOD = b"\x80\x02" + tensor() + b"."
RECORDS = [("a/data.pkl", GOOD), ("a/byteorder", b"little"), ("a/data/0", SIX)]


def _tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as t:
        for name, data in RECORDS:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def _zip64(full: bool, **lies: int) -> bytes:
    """An archive with a zip64 end of which a field is wrong; `full`: the old end refers to it."""
    plain = zipped(RECORDS)
    end = len(plain) - 22
    *_, length, begin, _ = struct.unpack("<4s4H2LH", plain[end:])
    said = {"record": 44, "count": 3, "size": length, "at": begin, "place": end, **lies}
    record = struct.pack(
        "<4sQ2H2L4Q", b"PK\6\6", said["record"], 45, 45, 0, 0, said["count"], said["count"],
        said["size"], said["at"],
    )  # fmt: skip
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, said["place"], 1)
    old = plain[end:]
    if full:
        old = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 2**32 - 1, 2**32 - 1, 0)
    return plain[:end] + record + locator + old


ARCHIVES = {
    "two_data_pkl": zipped([*RECORDS, ("b/data.pkl", GOOD)]),
    "record_twice": twice("a/data.pkl", b"\x80\x02N.", GOOD),
    "encrypted": zipped(RECORDS, flags=1),
    "strong_encryption": zipped(RECORDS, flags=0x41),
    "compressed_bomb": compressed([("a/data.pkl", b"\x80\x02N."), ("a/data/0", bytes(1 << 28))]),
    "compressed_pickle": compressed(RECORDS),
    "unknown_method": zipped(RECORDS, method=93),
    "local_name": zipped([("a/data.pkl", b"\x80\x02N.")], local={"name": b"b/data.pkl"}),
    "local_size": zipped(RECORDS, local={"size": 5, "packed": 5}),
    "local_crc": zipped(RECORDS, local={"crc": 5}),
    "central_crc": zipped(RECORDS, crc=5),
    "central_size": zipped(RECORDS, size=2**31),
    "central_size_zip64_missing": zipped(RECORDS, size=2**32 - 1),
    "central_size_zip64": zipped(RECORDS, size=2**32 - 1, extra=struct.pack("<2HQ", 1, 8, 2**60)),
    "central_offset": zipped(RECORDS, shift=1),
    "central_offset_outside": zipped(RECORDS, shift=2**31),
    "hidden_bytes": zipped(RECORDS, gap=b"hidden bytes"),
    "more_records_than_said": zipped(RECORDS, count=2),
    "fewer_records_than_said": zipped(RECORDS, count=4),
    "directory_elsewhere": zipped(RECORDS, directory=0),
    "bytes_before_the_end": zipped(RECORDS, before_end=b"hidden"),
    "prefix": zipped(RECORDS, start=b"PK\3\4 prefix"),
    "prefix_unaccounted": b"PK\3\4 prefix" + zipped(RECORDS),
    "suffix": zipped(RECORDS) + b"suffix",
    "comment": zipped(RECORDS, note=b"comment"),
    "comment_with_an_end": zipped(RECORDS, note=struct.pack("<4s4H2LH", b"PK\5\6", *[0] * 7)),
    "end_in_front": zipped([])[:22] + zipped(RECORDS),
    "no_records": zipped([]),
    "zip64_size": _zip64(True, size=2**60),
    "zip64_count": _zip64(True, count=2**40),
    "zip64_offset": _zip64(True, at=2**60),
    "zip64_place": _zip64(True, place=2**60),
    "zip64_record": _zip64(True, record=2**60),
    "zip64_contradicts": _zip64(False, count=2),
    "path_outside": zipped([*RECORDS, ("a/../../etc/passwd", b"")]),
    "path_backslash": zipped([*RECORDS, ("a\\b", b"")]),
    "path_with_nul": zipped([*RECORDS, ("a/b\0c", b"")]),
    "record_outside_the_folder": zipped([*RECORDS, ("evil.py", b"")]),
    "no_data_pkl": zipped([("a/b.txt", b"")]),
    "byteorder": zipped([RECORDS[0], ("a/byteorder", b"middle"), RECORDS[2]]),
    "byteorder_huge": zipped([RECORDS[0], ("a/byteorder", b"l" * 1000), RECORDS[2]]),
    "torchscript": zipped([*RECORDS, ("a/constants.pkl", b"\x80\x02).")]),
    "cut_off": zipped(RECORDS)[:-30],
    "numpy_archive": zipped([("a.npy", b"")]),
    "7z": b"7z\xbc\xaf\x27\x1c" + zipped(RECORDS),
    "tar": _tar(),
    "gzip": gzip.compress(zipped(RECORDS)),
    "rar": b"Rar!\x1a\x07\x01\0" + zipped(RECORDS),
    "numpy": b"\x93NUMPY\x01\0",
    "git_lfs": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
    "web_page": b"<!DOCTYPE html><html></html>",
    "plain_pickle": pickle.dumps({"a": 1}),
    "pickle_0": b"cos\nsystem\n(S'echo pwned'\ntR.",
    "nothing": b"",
}  # fmt: skip

LEGACY = {
    "legacy_evil": legacy(evil("os.system", COMMAND), [], b""),
    "legacy_huge_storage": legacy(tensor(count=2**60) + b"."),
    "legacy_other_count": legacy(tensor() + b".", data=struct.pack("<q", 5) + SIX),
    "legacy_negative_count": legacy(tensor() + b".", data=struct.pack("<q", -6) + SIX),
    "legacy_cut": legacy(tensor() + b".", data=struct.pack("<q", 6) + SIX[:-1]),
    "legacy_no_bytes": legacy(tensor() + b".", keys=(), data=b""),
    "legacy_unknown_key": legacy(tensor() + b".", keys=("1",)),
    "legacy_key_twice": legacy(tensor() + b".", keys=("0", "0")),
    "legacy_more": legacy(tensor() + b".") + b"more",
    "legacy_keys": legacy(tensor() + b".", keys=[1]),
    "legacy_view": legacy(
        call(
            "torch._utils._rebuild_tensor", b"(" + text("storage") + named("torch.FloatStorage")
            + text("0") + text("cpu") + number(6) + b"(" + text("v") + number(-4) + number(8)
            + b"ttQ", number(0), ints(8), ints(1),
        ) + b"."
    ),
    "legacy_system": b"".join(
        pickle.dumps(v, 2) for v in (0x1950A86A20F9469CFC6C, 1001, [1], 1, [])
    ),
}  # fmt: skip

SAFETENSORS = {
    "st_header_longer_than_file": safetensors({"a": entry()}, bytes(8), length=1000),
    "st_header_huge": safetensors({"a": entry()}, bytes(8), length=2**39),
    "st_no_json": safetensors(b'{"a": ', bytes(8)),
    "st_deep_json": safetensors(b'{"a":' + b"[" * 100_000, b""),
    "st_many_lists": safetensors(b'{"a":[' + b"[]," * 1_000_000 + b"[]]}", b""),
    "st_many_numbers": safetensors(b'{"a":[' + b"0," * 5_000_000 + b"0]}", b""),
    "st_key_twice": safetensors(
        b'{"a":%s,"a":%s}' % ((json.dumps(entry()).encode(),) * 2), bytes(8)
    ),
    "st_entry_key_twice": safetensors(
        b'{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}', bytes(8)
    ),
    "st_gap": safetensors({"a": entry(), "b": entry(offsets=(16, 24))}, bytes(24)),
    "st_overlap": safetensors({"a": entry(), "b": entry(offsets=(4, 12))}, bytes(12)),
    "st_beyond": safetensors({"a": entry()}, bytes(4)),
    "st_more": safetensors({"a": entry()}, bytes(12)),
    "st_negative": safetensors({"a": entry(offsets=(-8, 0))}, bytes(8)),
    "st_product": safetensors({"a": entry(shape=(2**40, 2**40))}, bytes(8)),
    "st_product_empty": safetensors({"a": entry(shape=(0, 2**62, 2**62), offsets=(0, 0))}),
    "st_shape": safetensors({"a": entry(shape=(3,))}, bytes(8)),
    "st_dtype": safetensors({"a": entry(dtype="O")}, bytes(8)),
    "st_dtype_list": safetensors({"a": entry(dtype=["F32"])}, bytes(8)),
    "st_metadata": safetensors({"__metadata__": {"a": 1}, "a": entry()}, bytes(8)),
    "st_float_sizes": safetensors({"a": entry(shape=(2.0,))}, bytes(8)),
    "st_nan": safetensors(b'{"a":NaN}'),
    "st_list": safetensors(b"{}", b"1"),
    "st_bad_utf8": safetensors(b'{"\xff":1}', b""),
}

FILES: dict[str, tuple[str, bytes]] = {
    **{name: (".pt", archive(program, SIX)) for name, program in PICKLES.items()},
    "protocol_6": (".pt", archive(b"N.", proto=b"\x80\x06")),
    **{name: (".pt", data) for name, data in (*ARCHIVES.items(), *LEGACY.items())},
    **{name: (".safetensors", data) for name, data in SAFETENSORS.items()},
}
