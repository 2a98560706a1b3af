"""Files of named tensors in the safetensors format, through the package of that name.

The format holds tensors and nothing else: no code, no Python objects, no shared memory.
"""

from __future__ import annotations

import os
from typing import Any

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
from .saving import replacing

__all__ = ["load_safetensors", "save_safetensors"]

_DTYPES: dict[str, dtype] = {
    "F64": float64, "F32": float32, "F16": float16, "BF16": bfloat16, "F8_E4M3": float8_e4m3fn,
    "F8_E5M2": float8_e5m2, "I64": int64, "I32": int32, "I16": int16, "I8": int8, "U64": uint64,
    "U32": uint32, "U16": uint16, "U8": uint8, "BOOL": bool_, "C64": complex64,
}  # fmt: skip


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
    """{name: tensor} from a file. ValueError: it is none, or damaged; the message names it."""
    package = _package()
    with open(filename, "rb") as file:
        data = file.read()
    try:
        found = package.deserialize(data)
    except package.SafetensorError as e:
        raise ValueError(f"{os.fspath(filename)} is no whole safetensors file: {e}") from e
    tensors = {}
    for name, part in found:
        kind = _DTYPES.get(part["dtype"])
        if kind is None:
            raise ValueError(f"{os.fspath(filename)}: '{name}' has dtype {part['dtype']}")
        a = np.frombuffer(bytearray(part["data"]), kind.np)
        tensors[name] = wrap(a.reshape(part["shape"]))
    return tensors
