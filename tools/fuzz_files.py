"""Mutated files against the readers: .pt (both formats), safetensors, IDX, images, checkpoints.

    python tools/fuzz_files.py --first 0 --count 2000 [--keep FOLDER]

A seed makes one mutant, the same on every machine. Mutants run in children, in groups, so that one
that ends its process is a finding like any other. What must hold for each:

- nothing but serialization.LoadError is raised, and its text names the file
- nothing is executed: an audit hook ends the child
- tensors lie inside their storages, and all their elements can be read
- memory at its peak stays under 3 times the file and 2 MB (images: what Pillow allows)
- a mutant takes less than 10 seconds

Prints one line per finding and a count at the end; exit status 1 if there was any. --keep writes
the mutants of the findings into a folder; small ones belong into tests/corpus.
"""

import argparse
import gzip
import io
import json
import os
import pickle
import random
import signal
import struct
import sys
import tempfile
import time
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import numpy as np

import rushlight as rl
from rushlight.core.storage import flat_bytes
from rushlight.core.tensor import address, storage_array
from rushlight.serialization.loading import load_data
from rushlight.vision.datasets.folder import default_loader
from rushlight.vision.datasets.idx import read_idx

GROUP = 200
SECONDS = 10
FORBIDDEN = (
    "exec", "compile", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.remove",
    "os.rename", "os.mkdir", "subprocess.", "socket.", "ctypes.", "shutil.", "marshal.",
    "pickle.find_class",
)  # fmt: skip
NUMBERS = (
    0,
    1,
    0x7F,
    0x80,
    0xFF,
    0xFFFF,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    2**62,
    2**63,
    2**64 - 1,
)


# ---------------------------------------------------------------- good files


def _pt(obj, protocol=2) -> bytes:
    buffer = io.BytesIO()
    rl.save(obj, buffer, pickle_protocol=protocol)
    return buffer.getvalue()


def _legacy() -> bytes:
    """As PyTorch before 1.6 wrote two views of one storage."""

    def text(s):
        return b"X" + struct.pack("<I", len(s)) + s.encode()

    def tensor(offset):
        return (
            b"ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + b"ctorch\nFloatStorage\n"
            + text("0") + text("cpu") + b"K\x06NtQK" + bytes([offset])
            + b"(K\x03t(K\x01t\x89ccollections\nOrderedDict\n)RtR"
        )  # fmt: skip

    head = [pickle.dumps(v, 2) for v in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})]
    body = b"\x80\x02]q\0(" + tensor(0) + tensor(3) + b"e."
    data = struct.pack("<q", 6) + struct.pack("<6f", *range(6))
    return b"".join([*head, body, pickle.dumps(["0"], 2), data])


def _safetensors() -> bytes:
    header = json.dumps(
        {
            "__metadata__": {"format": "pt"},
            "a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
            "b": {"dtype": "BF16", "shape": [4], "data_offsets": [24, 32]},
            "c": {"dtype": "I64", "shape": [], "data_offsets": [32, 40]},
        }
    ).encode()
    return struct.pack("<Q", len(header)) + header + bytes(range(40))


def _images() -> dict[str, bytes]:
    try:
        from PIL import Image
    except ImportError:
        return {}
    picture = Image.fromarray((np.arange(12 * 10 * 3) % 251).astype(np.uint8).reshape(12, 10, 3))
    found = {}
    for suffix, kind in (
        (".png", "PNG"), (".jpg", "JPEG"), (".bmp", "BMP"), (".ppm", "PPM"), (".tif", "TIFF"),
        (".webp", "WEBP"),
    ):  # fmt: skip
        buffer = io.BytesIO()
        picture.save(buffer, kind)
        found[suffix] = buffer.getvalue()
    return found


def good_files() -> list[tuple[str, bytes]]:
    """(suffix, contents) of files that every reader accepts."""
    rl.manual_seed(0)
    net = rl.nn.Sequential(rl.nn.Conv2d(1, 2, 3), rl.nn.BatchNorm2d(2), rl.nn.Linear(4, 3))
    optimizer = rl.optim.Adam(net.parameters())
    for p in net.parameters():
        p.grad = rl.ones_like(p)
    optimizer.step()
    x = rl.arange(12.0).reshape(3, 4)
    checkpoint = {
        "model": net.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3,
        "rng": rl.get_rng_state(), "history": [{"loss": 0.5, "name": "é"}], "best": None,
    }  # fmt: skip
    values = [x, x.T, x[1:, ::2], rl.tensor([1.5], dtype=rl.bfloat16), rl.tensor([True]),
              np.arange(6).reshape(2, 3), np.float32(2), np.array(["ab", "c"]), {1, 2.5, "a"},
              (1, (2,)), 2**70, 1j, slice(3), rl.Size([2]), rl.float16,
              rl.device("cpu")]  # fmt: skip
    idx = struct.pack(">4B3I", 0, 0, 8, 3, 2, 5, 5) + bytes(range(50))
    return [
        *((".pt", _pt(values, protocol)) for protocol in (0, 2, 4, 5)),
        (".pt", _pt(checkpoint)),
        (".pt", _pt(net)),
        (".pt", _legacy()),
        (".safetensors", _safetensors()),
        (".idx", idx),
        (".idx.gz", gzip.compress(idx, mtime=0)),
        *_images().items(),
    ]


# ---------------------------------------------------------------- mutants


def changed(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:
    """The data after a few random changes."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        n = len(out)
        at = rng.randrange(n + 1)
        kind = rng.randrange(9)
        if kind == 0 and n:
            out[at - 1] ^= 1 << rng.randrange(8)
        elif kind == 1 and n:
            out[at - 1] = rng.randrange(256)
        elif kind == 2:
            out[at:at] = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 9)))
        elif kind == 3:
            del out[at : at + rng.randrange(1, 20)]
        elif kind == 4:
            piece = out[at : at + rng.randrange(1, 60)]
            place = rng.randrange(n + 1)
            out[place:place] = piece * rng.choice((1, 1, 2, 50))
        elif kind == 5:
            width = rng.choice((1, 2, 4, 8))
            value = rng.choice(NUMBERS) & ((1 << 8 * width) - 1)
            out[at : at + width] = value.to_bytes(width, rng.choice(("little", "big")))
        elif kind == 6:
            del out[at:]
        elif kind == 7:
            other = rng.choice(others)
            start = rng.randrange(len(other) + 1)
            out[at : at + rng.randrange(80)] = other[start : start + rng.randrange(80)]
        else:  # opcodes and words that pickles are made of
            out[at:at] = rng.choice(
                (b"R", b"b", b"\x81", b"\x85", b"0", b"2", b"(", b"t", b"u", b"s", b"e", b"a", b"Q",
                 b".", b"h\0", b"q\0", b"}", b"]", b")", b"\x8f", b"\x91", b"\x90",
                 b"cos\nsystem\n",
                 b"cbuiltins\nlist\n", b"cnumpy\ndtype\n", b"ctorch\nSize\n", b"K\xff",
                 b"ctorch._utils\n_rebuild_tensor_v2\n", b"J\xff\xff\xff\xff",
                 b"\x8a\x08" + b"\xff" * 8)
            )  # fmt: skip
    return bytes(out)


def repacked(rng: random.Random, data: bytes, others: list[bytes]) -> bytes:
    """An archive with one changed record, whole in every other respect."""
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        records = [(name, z.read(name)) for name in z.namelist()]
    chosen = rng.randrange(len(records)) if rng.random() < 0.3 else 0  # 0: the pickle
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as z:
        for i, (name, record) in enumerate(records):
            z.writestr(name, changed(rng, record, others) if i == chosen else record)
    return buffer.getvalue()


def mutant(seed: int, files: list[tuple[str, bytes]]) -> tuple[str, bytes]:
    """(suffix, contents) of the mutant of a seed."""
    rng = random.Random(seed)
    suffix, data = rng.choice(files)
    others = [other for _, other in files]
    if suffix == ".idx.gz" and rng.random() < 0.5:
        return suffix, gzip.compress(changed(rng, gzip.decompress(data), others), mtime=0)
    if data[:2] == b"PK" and rng.random() < 0.7:
        return suffix, repacked(rng, data, others)
    return suffix, changed(rng, data, others)


# ---------------------------------------------------------------- what must hold


def tensors(value, seen):
    """Every tensor and array in a value, storages of stand-ins and models included."""
    if id(value) in seen:
        return
    seen[id(value)] = value
    if isinstance(value, rl.Tensor):
        yield value._a
    elif isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from tensors(part, seen)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for part in value:
            yield from tensors(part, seen)
    if type(getattr(value, "__dict__", None)) is dict:
        yield from tensors(value.__dict__, seen)


def check_arrays(value) -> None:
    """AssertionError: an array reaches beyond the memory that it is a view of."""
    for a in tensors(value, {}):
        root = storage_array(a)
        memory = flat_bytes(root)
        if a.size and memory is not None:
            first = address(a) - address(root)
            last = first + sum((n - 1) * s for n, s in zip(a.shape, a.strides, strict=True))
            assert min(first, last) >= 0 and max(first, last) + a.itemsize <= memory.nbytes, "view"
        if a.size <= 1 << 20:
            a.tobytes()


def read(path: Path):
    """What the reader of this kind of file makes of it."""
    name = path.name
    if ".idx" in name:
        return read_idx(path, 3)
    if name.endswith((".pt", ".safetensors")):
        seed = int(name.split(".")[0])
        if seed % 3 == 0:
            return rl.load(path)
        return rl.load(path, weights_only=False) if seed % 3 == 1 else load_data(path)
    return default_loader(path)


def examine(path: Path) -> str:
    """ "loaded" or "refused"; anything else is a finding."""
    size = path.stat().st_size
    is_image = path.suffix in (".png", ".jpg", ".bmp", ".ppm", ".tif", ".webp")
    tracemalloc.start()
    begin = time.perf_counter()
    try:
        value = read(path)
        check_arrays(value)
        outcome = "loaded"
    except rl.serialization.LoadError as e:
        outcome = "refused" if path.name in str(e) else f"no name: {e}"
    except BaseException as e:
        outcome = f"{type(e).__name__}: {e}"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    if time.perf_counter() - begin > SECONDS:
        return "slow"
    if peak > 3 * size + (2 << 20) + (200 << 20 if is_image else 0):
        return f"memory: {peak} bytes for a file of {size} ({outcome})"
    return outcome


def child(seeds, files, folder: Path, out: int) -> None:
    """Examines mutants; writes (seed, outcome) lines, the seed before it begins."""
    import mmap  # noqa: F401  imported by readers when they need it
    import zlib  # noqa: F401

    def hook(event, args):
        if armed and event.startswith(FORBIDDEN):
            os.write(out, f" executed {event}\n".encode())
            os._exit(99)

    armed = []
    warnings.simplefilter("ignore")  # Pillow's, about images that it half understands
    for suffix, data in files:  # what is imported late is imported now
        path = folder / f"0{suffix}"
        path.write_bytes(data)
        examine(path)
        path.unlink()
    sys.addaudithook(hook)
    for seed in seeds:
        suffix, data = mutant(seed, files)
        path = folder / f"{seed}{suffix}"
        path.write_bytes(data)
        os.write(out, f"{seed}".encode())
        signal.alarm(60)
        armed.append(1)
        outcome = examine(path)
        armed.clear()
        signal.alarm(0)
        path.unlink()
        os.write(out, (" " + outcome.replace("\n", " ")[:300] + "\n").encode())
    os._exit(0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--first", type=int, default=0, help="the first seed (0)")
    parser.add_argument("--count", type=int, default=2000, help="how many mutants (2000)")
    parser.add_argument("--keep", type=Path, help="where the mutants of findings go")
    options = parser.parse_args()
    files = good_files()
    counts: dict[str, int] = {}
    findings = 0
    seeds = list(range(options.first, options.first + options.count))
    with tempfile.TemporaryDirectory() as folder:
        while seeds:
            group, seeds = seeds[:GROUP], seeds[GROUP:]
            receive, send = os.pipe()
            pid = os.fork()
            if pid == 0:
                os.close(receive)
                try:
                    child(group, files, Path(folder), send)
                finally:
                    os._exit(98)
            os.close(send)
            with os.fdopen(receive, "rb") as stream:
                lines = stream.read().decode("utf-8", "replace").split("\n")
            _, status = os.waitpid(pid, 0)
            done = 0
            for line in filter(None, lines):
                seed, _, outcome = line.partition(" ")
                done = int(seed)
                outcome = outcome or f"ended its process, status {status}"
                kind = outcome if outcome in ("loaded", "refused") else "findings"
                counts[kind] = counts.get(kind, 0) + 1
                if kind == "findings":
                    findings += 1
                    print(f"seed {seed}: {outcome}", flush=True)
                    if options.keep is not None:
                        options.keep.mkdir(parents=True, exist_ok=True)
                        suffix, data = mutant(done, files)
                        (options.keep / f"{seed}{suffix}").write_bytes(data)
            if status and done:
                seeds = list(range(done + 1, group[-1] + 1)) + seeds
            elif status:
                print(f"a child ended before its first mutant, status {status}")
                return 1
    print(f"{options.count} mutants from seed {options.first}: {counts}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
