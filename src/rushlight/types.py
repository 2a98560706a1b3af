"""torch.types: names for annotations."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import IO, Any, TypeAlias

from ._utils.checks import SymBool, SymFloat, SymInt
from .core.device import device
from .core.dtype import dtype
from .core.layout import layout
from .core.size import Size
from .core.storage import TypedStorage, UntypedStorage
from .core.tensor import Tensor

_TensorOrTensors: TypeAlias = Tensor | Sequence[Tensor]
_TensorOrTensorsOrGradEdge: TypeAlias = Tensor | Sequence[Tensor]
_TensorOrOptionalTensors: TypeAlias = Tensor | Sequence[Tensor | None]
_int, _float, _bool, _complex = int, float, bool, complex
_dtype, _device, _layout, _qscheme = dtype, device, layout, Any
_size: TypeAlias = Size | list[int] | tuple[int, ...]
_symsize: TypeAlias = Size | Sequence[int]
_dispatchkey: TypeAlias = str
IntLikeType: TypeAlias = int | SymInt  # type: ignore[valid-type]
FloatLikeType: TypeAlias = float | SymFloat  # type: ignore[valid-type]
BoolLikeType: TypeAlias = bool | SymBool  # type: ignore[valid-type]
PySymType: TypeAlias = SymInt | SymFloat | SymBool  # type: ignore[valid-type]
py_sym_types = (SymInt, SymFloat, SymBool)
Number: TypeAlias = int | float | bool
Device: TypeAlias = device | str | int | None
FileLike: TypeAlias = str | os.PathLike[str] | IO[bytes]
Storage: TypeAlias = UntypedStorage | TypedStorage
DispatchKey: TypeAlias = str

__all__ = ["Device", "FileLike", "Number", "Storage"]
