"""Files of named tensors in the safetensors format; written by the package of that name, read here.

The format holds tensors and nothing else: no code, no Python objects, no shared memory.
"""

from __future__ import annotations

import json
import os
from math import prod
from typing import IO, Any

import numpy as np

from ..core.dtype import (
    bfloat16,
    bool_,
    complex64,
    dtype,
    float8_e4m3fn,
    float8_e5m2,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
)
from ..core.tensor import Tensor, wrap
from .errors import SafetensorsError, brief, name_of, read_into, reading
from .saving import replacing

__all__ = ["load_safetensors", "save_safetensors"]

_DTYPES: dict[str, dtype] = {
    "F64": float64, "F32": float32, "F16": float16, "BF16": bfloat16, "F8_E4M3": float8_e4m3fn,
    "F8_E5M2": float8_e5m2, "I64": int64, "I32": int32, "I16": int16, "I8": int8, "U64": uint64,
    "U32": uint32, "U16": uint16, "U8": uint8, "BOOL": bool_, "C64": complex64,
}  # fmt: skip


MAX_HEADER = 100_000_000  # as the package has it


def _package() -> Any:
    try:
        import safetensors.numpy
    except ImportError as e:
        raise ImportError("safetensors files need that package: pip install safetensors") from e
    return safetensors


def save_safetensors(
    tensors: dict[str, Tensor], filename: Any, metadata: dict[str, str] | None = None
) -> None:
    """Write {name: tensor} to a path, atomically; metadata: text that goes with them.

    Tensors that share memory are written one by one. TypeError: a value that is no tensor, or of a
    dtype that the format does not have.
    """
    arrays = {}
    for name, t in tensors.items():
        if not isinstance(t, Tensor):
            raise TypeError(f"'{name}' is a {type(t).__name__}: safetensors hold tensors only")
        if t.dtype not in _DTYPES.values():
            raise TypeError(f"'{name}' has dtype {t.dtype}, which safetensors do not have")
        arrays[name] = np.asarray(t._a, order="C")
    data = _package().numpy.save(arrays, metadata)
    with replacing(filename) as file:
        file.write(data)


def load_safetensors(filename: Any) -> dict[str, Tensor]:
    """{name: tensor} from a file.

    SafetensorsError, a ValueError and LoadError: it is none, or damaged; the message names it.
    """
    name = name_of(filename)
    with open(filename, "rb") as file, reading(name, SafetensorsError):
        return read_safetensors(file, name)


def looks_like_safetensors(head: bytes) -> bool:
    """Does a file with these first bytes begin with a length and JSON?"""
    return len(head) > 8 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 2**40


def read_safetensors(file: IO[bytes], name: str) -> dict[str, Tensor]:
    """The tensors of an open file that reaches to its end. SafetensorsError: anything amiss.

    Source of the format: https://github.com/huggingface/safetensors, README, "Format"
    """

    def broken(what: str) -> SafetensorsError:
        return SafetensorsError(
            f"{name} is no whole safetensors file: {what}\n"
            "  it looks like a safetensors file, which begins with the length of its header and "
            "the header, JSON"
        )

    start = file.tell()
    size = file.seek(0, os.SEEK_END) - start
    file.seek(start)
    length = int.from_bytes(file.read(8), "little")
    if not 2 <= length <= min(MAX_HEADER, size - 8):
        raise broken(f"a header of {length} bytes in a file of {size}")
    text = file.read(length)
    # what JSON makes of a header must stay near to its size: no file of tensors has more of these
    if 12 * (text.count(b"{") + text.count(b"[")) > length + 1000 or 5 * text.count(b",") > (
        length + 1000
    ):
        raise broken("its header is no table of tensors")
    try:
        header = json.loads(text.decode("utf-8"), object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError) as e:
        raise broken(f"its header is no JSON: {str(e)[:100]}") from None
    if type(header) is not dict:
        raise broken("its header is no table of tensors")
    _check_metadata(header.pop("__metadata__", {}), broken)
    begin = start + 8 + length
    data = size - 8 - length
    parts = sorted((_entry(key, value, broken) for key, value in header.items()), key=_by_offset)
    place = 0
    for key, _, _, (first, last) in parts:
        if first != place:
            raise broken(f"the bytes of {brief(key)} begin at {first}, expected {place}")
        place = last
    if place != data:
        raise broken(f"{data} bytes of tensors, expected {place}")
    found = {}
    for key, kind, shape, (first, last) in parts:
        memory = np.empty(last - first, np.uint8)
        file.seek(begin + first)
        if read_into(file, memory) != last - first:
            raise broken(f"the bytes of {brief(key)} end too early")
        found[key] = wrap(memory.view(kind.np).reshape(shape))
    return {key: found[key] for key in header}


def _by_offset(entry: Any) -> Any:
    return entry[3]


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands in it twice")
    return found


def _check_metadata(value: Any, broken: Any) -> None:
    if type(value) is not dict or not all(type(text) is str for text in value.values()):
        raise broken("its __metadata__ is no table of texts")


def _entry(key: str, value: Any, broken: Any) -> tuple[str, dtype, tuple[int, ...], Any]:
    """(name, dtype, shape, (first, last)) of one tensor, whose parts agree."""
    if type(value) is not dict or set(value) != {"dtype", "shape", "data_offsets"}:
        raise broken(f"{brief(key)} is described by something else than dtype, shape and offsets")
    kind = _DTYPES.get(value["dtype"]) if type(value["dtype"]) is str else None
    if kind is None:
        raise broken(f"{brief(key)} has dtype {brief(value['dtype'])}, which is not known")
    shape, offsets = value["shape"], value["data_offsets"]
    if type(shape) is not list or type(offsets) is not list or len(offsets) != 2:
        raise broken(f"{brief(key)} has no shape or no offsets")
    if not all(type(n) is int and 0 <= n < 2**63 for n in (*shape, *offsets)) or len(shape) > 64:
        raise broken(f"{brief(key)} has sizes or offsets out of bounds")
    first, last = offsets
    if prod(n for n in shape if n) * kind.itemsize >= 2**63:
        raise broken(f"{brief(key)} is larger than any memory")
    if last - first != prod(shape) * kind.itemsize:
        raise broken(f"{brief(key)} of shape {shape} and {kind} has {last - first} bytes")
    return key, kind, tuple(shape), (first, last)
