"""What the arguments of Module.to mean."""

from __future__ import annotations

from typing import Any

from ..core.device import device as device_type
from ..core.device import resolve
from ..core.dtype import as_dtype, is_dtype
from ..core.layout import memory_format
from ..core.tensor import Tensor


def destination(*args: Any, **kwargs: Any) -> tuple[Any, Any, Any]:
    """(device, dtype, memory format) of the arguments of `to`. TypeError: no overload matches."""
    known = {"device", "dtype", "tensor", "non_blocking", "copy", "memory_format"}
    found: dict[str, Any] = {}
    bad = False
    for i, value in enumerate(args):
        if i == 0 and isinstance(value, Tensor):
            found["tensor"] = value
        elif is_dtype(value):
            found["dtype"] = as_dtype(value, "to")
        elif i == 0 and (value is None or isinstance(value, (str, int, device_type))):
            found["device"] = value
        elif isinstance(value, bool) or value is None:
            found["copy" if "non_blocking" in found else "non_blocking"] = value
        else:
            bad = True
    dtype = kwargs.get("dtype")
    if is_dtype(dtype):
        kwargs["dtype"] = dtype = as_dtype(dtype, "to")
    memory = kwargs.get("memory_format")
    fits = not bad and (dtype is None or is_dtype(dtype))
    fits = fits and (memory is None or isinstance(memory, memory_format))
    if not fits or len(args) > 4 or not known.issuperset(kwargs) or not (args or kwargs):
        got = [type(a).__name__ for a in args]
        got += [f"{name}={type(value).__name__}" for name, value in kwargs.items()]
        raise TypeError(
            f"to() received an invalid combination of arguments - got ({', '.join(got)}), "
            "but expected one of:\n"
            " * (torch.device device = None, torch.dtype dtype = None, bool non_blocking = False, "
            "bool copy = False, *, torch.memory_format memory_format = None)\n"
            " * (torch.dtype dtype, bool non_blocking = False, bool copy = False, *, "
            "torch.memory_format memory_format = None)\n"
            " * (Tensor tensor, bool non_blocking = False, bool copy = False, *, "
            "torch.memory_format memory_format = None)\n"
        )
    found.update(kwargs)
    like = found.get("tensor")
    if like is not None:
        return like.device, like.dtype, memory
    where = found.get("device")
    return None if where is None else resolve(where), found.get("dtype"), memory
