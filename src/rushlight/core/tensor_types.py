"""The legacy tensor types: torch.FloatTensor, torch.LongTensor, ... and what they name."""

from __future__ import annotations

from typing import Any

from . import dtype as dtypes
from .construct import legacy_tensor
from .dtype import dtype, set_default_dtype
from .notices import warn
from .tensor import Tensor


def dtype_of_type(given: Any) -> dtype:
    """The dtype meant by torch.float32, 'torch.FloatTensor' or torch.FloatTensor."""
    if isinstance(given, dtypes.dtype):
        return given
    name = given if isinstance(given, str) else getattr(given, "__name__", repr(given))
    if isinstance(given, str) and not name.startswith("torch."):
        raise ValueError(f"invalid type: '{name}'")
    short = name.removeprefix("torch.").removesuffix("Tensor")
    for d, scalar in dtypes.SCALAR_NAME.items():
        if scalar == short:
            return d
    raise ValueError(f"invalid type: '{name}'")


def set_default_tensor_type(t: Any) -> None:
    """Set the default dtype by a tensor type such as torch.DoubleTensor (deprecated in PyTorch)."""
    warn(
        "torch.set_default_tensor_type() is deprecated as of PyTorch 2.1, please use "
        "torch.set_default_dtype() and torch.set_default_device() as alternatives."
    )
    set_default_dtype(dtype_of_type(t))


class _TypeMeta(type):
    dtype: dtype

    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, Tensor) and x.dtype is cls.dtype


def _tensor_type(scalar: str, d: dtype) -> type:
    def __new__(cls, *data: Any, device: Any = None):
        return legacy_tensor(data, device, d)

    doc = (
        f"The legacy constructor of {d} tensors; isinstance(t, {scalar}Tensor) asks for that dtype."
    )
    return _TypeMeta(
        f"{scalar}Tensor",
        (),
        {"__new__": __new__, "dtype": d, "__doc__": doc, "__module__": "torch"},
    )


FloatTensor, DoubleTensor = (
    _tensor_type("Float", dtypes.float32),
    _tensor_type("Double", dtypes.float64),
)


HalfTensor, BFloat16Tensor = (
    _tensor_type("Half", dtypes.float16),
    _tensor_type("BFloat16", dtypes.bfloat16),
)


LongTensor, IntTensor = _tensor_type("Long", dtypes.int64), _tensor_type("Int", dtypes.int32)


ShortTensor, CharTensor = _tensor_type("Short", dtypes.int16), _tensor_type("Char", dtypes.int8)


ByteTensor, BoolTensor = _tensor_type("Byte", dtypes.uint8), _tensor_type("Bool", dtypes.bool_)
