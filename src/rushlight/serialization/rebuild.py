"""Tensors in a checkpoint: the names that PyTorch's pickles use, written and read.

Writing, a tensor becomes the call of a name with arguments; reading, the name is looked up here and
means a function of this file. Nothing else that belongs to PyTorch can be named by a file.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from math import prod
from pickle import UnpicklingError
from typing import Any

import numpy as np

from ..core import layout as layouts
from ..core.device import device
from ..core.dtype import COMPLEX, DTYPES, dtype
from ..core.meta import MetaArray, phantom
from ..core.parameter import Parameter
from ..core.size import Size
from ..core.sparse import SparseTensor, sparse
from ..core.storage import TypedStorage, UntypedStorage
from ..core.tensor import Tensor, wrap
from . import layers
from .errors import brief
from .numpy_values import LARGEST, sizes
from .pickling import attributes, set_attributes
from .standins import StandInClass

__all__ = [
    "CALLS",
    "VALUES",
    "Name",
    "StorageKind",
    "public_name",
    "storage_name",
    "tensor_recipe",
]

_STORAGE_NAMES = {
    "float32": "FloatStorage",
    "float64": "DoubleStorage",
    "float16": "HalfStorage",
    "bfloat16": "BFloat16Storage",
    "uint8": "ByteStorage",
    "int8": "CharStorage",
    "int16": "ShortStorage",
    "int32": "IntStorage",
    "int64": "LongStorage",
    "bool": "BoolStorage",
    "complex64": "ComplexFloatStorage",
    "complex128": "ComplexDoubleStorage",
}


class Name:
    """A global in a pickle that is being written: `module` and `name`, whether or not it exists."""

    def __init__(self, module: str, name: str):
        self.module, self.name = module, name

    def __call__(self, *args: Any) -> Any:  # pickle insists that what it calls is callable
        raise TypeError(f"{self.module}.{self.name} is a name, not a function")


# ---------------------------------------------------------------- writing


def storage_name(d: dtype | None) -> Name:
    """The class that a persistent id names: FloatStorage; UntypedStorage for dtypes without one."""
    found = None if d is None else _STORAGE_NAMES.get(d.name)
    return Name("torch.storage", "UntypedStorage") if found is None else Name("torch", found)


def tensor_recipe(
    t: Tensor, place: Callable[[np.ndarray], tuple[Any, int, Any]]
) -> tuple[Any, ...]:
    """(name, arguments) that make the tensor.

    place(array) -> (reference to its storage, offset in elements, strides in elements).
    """
    state = attributes(t)
    args: tuple[Any, ...]
    if isinstance(t, SparseTensor):
        parts = wrap(t._places), t._blocks.detach(), Size(t._size), t._sorted
        return Name("torch._utils", "_rebuild_sparse_tensor"), (layouts.sparse_coo, parts)
    if type(t) is Parameter:
        args = (t.detach(), t.requires_grad, OrderedDict())
        if state:
            return Name("torch._utils", "_rebuild_parameter_with_state"), (*args, state)
        return Name("torch._utils", "_rebuild_parameter"), args
    if t.is_meta and type(t) is Tensor and not state:
        args = (t.dtype, tuple(t.shape), t.stride(), t.requires_grad)
        return Name("torch._utils", "_rebuild_meta_tensor_no_storage"), args
    reference, offset, strides = place(t._a)
    args = (reference, offset, tuple(t.shape), strides, t.requires_grad, OrderedDict())
    if t.dtype.name in _STORAGE_NAMES:
        make = Name("torch._utils", "_rebuild_tensor_v2")
    else:
        make = Name("torch._utils", "_rebuild_tensor_v3")
        args = (*args, t.dtype)
    if state or type(t) is not Tensor:
        return Name("torch._tensor", "_rebuild_from_type_v2"), (make, type(t), args, state)
    return make, args


def public_name(obj: Any) -> Name | None:
    """PyTorch's name of a class of rushlight's; None for everybody else's."""
    if not isinstance(obj, type):
        return None
    if obj in (Tensor, Size, device, UntypedStorage, TypedStorage):
        return Name("torch", obj.__name__)
    if obj is Parameter:
        return Name("torch.nn.parameter", "Parameter")
    return Name("rushlight.nn", obj.__name__) if layers.find(obj.__name__) is obj else None


# ---------------------------------------------------------------- reading


class StorageKind:
    """What `torch.FloatStorage` means in a persistent id: the dtype; None for bytes."""

    def __init__(self, dtype: dtype | None):
        self.dtype = dtype


def _view(memory: np.ndarray, offset: Any, size: Any, stride: Any) -> np.ndarray:
    """Elements of a 1-d array, seen in another shape. UnpicklingError: some would lie outside."""
    (offset,) = sizes((offset,), "offset of a tensor")
    size, stride = sizes(size, "sizes of a tensor"), sizes(stride, "strides of a tensor")
    if len(size) != len(stride):
        raise UnpicklingError(f"broken tensor: sizes {list(size)} with strides {list(stride)}")
    unit = memory.itemsize
    if prod(n for n in size if n) * unit > LARGEST:
        raise UnpicklingError(f"broken tensor: sizes {list(size)} are too large")
    if 0 in size:
        return np.empty(size, memory.dtype)
    end = offset + sum((n - 1) * s for n, s in zip(size, stride, strict=True)) + 1
    if end > len(memory):
        raise UnpicklingError(
            f"broken tensor: sizes {list(size)}, strides {list(stride)} and offset {offset} reach "
            f"element {end} of a storage of {len(memory)}"
        )
    strides = tuple(s * unit if n > 1 else unit for n, s in zip(size, stride, strict=True))
    return np.ndarray(size, memory.dtype, memory.view(np.uint8), offset * unit, strides)


def _tensor(storage: Any = None, offset: Any = 0, size: Any = None, stride: Any = None) -> Tensor:
    if not isinstance(storage, TypedStorage):
        raise UnpicklingError(f"broken tensor: {brief(storage)} as its storage")
    a = _view(storage._a, offset, size, stride)
    return wrap(a.view(MetaArray) if type(storage._a) is MetaArray else a)


def _metadata(metadata: Any, kind: dtype) -> tuple[bool, bool]:
    """(conj, neg): PyTorch keeps these two as bits of a tensor, over memory as it was before."""
    if not metadata:
        return False, False
    right = type(metadata) is dict and all(
        name in ("conj", "neg") and type(value) is bool
        for name, value in metadata.items()
        if type(name) is str
    )
    if not right or not all(type(name) is str for name in metadata):
        raise UnpicklingError("tensors with other metadata than conj and neg are not supported")
    if metadata.get("conj") and kind.category != COMPLEX:
        raise UnpicklingError(f"broken tensor: a conj bit on {kind}")
    return metadata.get("conj", False), metadata.get("neg", False)


def _resolved(storage: Any, t: Tensor, conj: bool, neg: bool) -> Tensor:
    """A tensor of its own with the bits carried out; later, if the memory is still to be read."""
    if t.is_meta:
        return t
    view, own = t._a, np.empty(t._a.shape, t._a.dtype)

    def fill() -> None:
        own[...] = np.conjugate(view) if conj else view
        if neg:
            np.negative(own, out=own)

    later = getattr(storage, "later", None)
    fill() if later is None else later.append(fill)
    return wrap(own)


def _tensor_v2(
    storage: Any = None,
    offset: Any = 0,
    size: Any = None,
    stride: Any = None,
    requires_grad: Any = False,
    hooks: Any = None,
    metadata: Any = None,
) -> Tensor:
    if hooks:
        raise UnpicklingError("tensors with backward hooks are not supported in files")
    t = _tensor(storage, offset, size, stride)
    conj, neg = _metadata(metadata, t.dtype)
    if conj or neg:
        t = _resolved(storage, t, conj, neg)
    return t.requires_grad_() if requires_grad is True else t


def _tensor_v3(
    storage: Any = None,
    offset: Any = 0,
    size: Any = None,
    stride: Any = None,
    requires_grad: Any = False,
    hooks: Any = None,
    kind: Any = None,
    metadata: Any = None,
) -> Tensor:
    if not isinstance(storage, UntypedStorage) or not isinstance(kind, dtype):
        raise UnpicklingError("broken tensor: it needs an UntypedStorage and a dtype")
    if len(storage) % kind.itemsize:
        raise UnpicklingError(f"broken tensor: {kind} in a storage of {len(storage)} bytes")
    typed = TypedStorage(wrap_storage=storage, dtype=kind)
    typed.later = getattr(storage, "later", None)  # type: ignore[attr-defined]
    return _tensor_v2(typed, offset, size, stride, requires_grad, hooks, metadata)


def _meta_tensor(
    kind: Any = None, size: Any = None, stride: Any = None, requires_grad: Any = False
) -> Tensor:
    if not isinstance(kind, dtype) or type(size) is not tuple or type(stride) is not tuple:
        raise UnpicklingError("broken tensor: without elements, it needs a dtype, sizes, strides")
    size, stride = sizes(size), sizes(stride)
    if len(size) != len(stride):
        raise UnpicklingError("broken tensor: as many strides as sizes")
    t = wrap(phantom(tuple(size), kind.np, tuple(s * kind.itemsize for s in stride)))
    return t.requires_grad_() if requires_grad is True else t


def _sparse_tensor(kind: Any = None, data: Any = None) -> Tensor:
    """_rebuild_sparse_tensor(torch.sparse_coo, (indices, values, size, is_coalesced))."""
    if kind is not layouts.sparse_coo:
        raise UnpicklingError(f"a tensor of layout {brief(kind)}: only sparse_coo is supported")
    if type(data) is not tuple or len(data) not in (3, 4):
        raise UnpicklingError("broken sparse tensor: it needs indices, values and a size")
    indices, values, size = data[:3]
    if not (isinstance(indices, Tensor) and isinstance(values, Tensor)):
        raise UnpicklingError("broken sparse tensor: its indices and values must be tensors")
    if not isinstance(size, tuple):
        raise UnpicklingError("broken sparse tensor: its size must be a tuple")
    size, places = tuple(sizes(tuple(size))), indices._a
    fits = places.ndim == 2 and places.dtype == np.int64 and values._a.ndim
    if not fits or (*size[: len(places)], *values._a.shape[1:]) != size:
        raise UnpicklingError("broken sparse tensor: its parts do not fit its size")
    if places.shape[1] != len(values._a) or any(
        row.size and not 0 <= row.min() <= row.max() < n
        for row, n in zip(places, size, strict=False)
    ):
        raise UnpicklingError("broken sparse tensor: its indices do not fit its size")
    return sparse(places, values, size, data[3:] == (True,))


def _parameter(data: Any = None, requires_grad: Any = True, hooks: Any = None) -> Tensor:
    if not isinstance(data, Tensor) or hooks:
        raise UnpicklingError("broken Parameter: it needs a tensor and no hooks")
    return Parameter(data, requires_grad is True)


def _parameter_with_state(data: Any, requires_grad: Any, hooks: Any, state: Any) -> Tensor:
    return _with_state(_parameter(data, requires_grad, hooks), state)


def _with_state(t: Tensor, state: Any) -> Tensor:
    if type(state) is not dict or not all(type(name) is str for name in state):
        raise UnpicklingError("broken tensor: its attributes must be a dict of names")
    return set_attributes(t, state)


def _tensor_of_type(make: Any, cls: Any, args: Any, state: Any) -> Tensor:
    """_rebuild_from_type_v2: a tensor with attributes, or of a class that the user registered."""
    if (make is not _tensor_v2 and make is not _tensor_v3) or type(args) is not tuple:
        raise UnpicklingError("broken tensor: _rebuild_from_type_v2 without a tensor")
    if type(cls) is StandInClass:
        cls = Tensor
    if not isinstance(cls, type) or not issubclass(cls, Tensor):
        raise UnpicklingError("broken tensor: its class is no class of tensors")
    t = make(*args)
    if cls is not Tensor:
        t = t.as_subclass(cls)
    return _with_state(t, state) if state else t


def _size(dims: Any = ()) -> Size:
    if type(dims) not in (tuple, list):
        raise UnpicklingError(f"torch.Size is made from a tuple, not from {brief(dims)}")
    return Size(sizes(dims))


def _device(kind: Any = None, index: Any = None) -> device:
    if type(kind) is not str or not (index is None or type(index) is int):
        raise UnpicklingError("broken device: its type must be text, its index an int")
    return device(kind, index)


def _layout(name: Any = None) -> Any:
    """torch.serialization._get_layout("torch.strided"), and how rushlight wrote it before."""
    found = _LAYOUTS.get(name.removeprefix("torch.")) if type(name) is str else None
    if found is None:
        raise UnpicklingError(f"{brief(name)} is no layout")
    return found


_LAYOUTS = {
    value.name: value
    for value in vars(layouts).values()
    if isinstance(value, (layouts.layout, layouts.memory_format))
}

VALUES: dict[tuple[str, str], Any] = {
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor_v2,
    ("torch._utils", "_rebuild_tensor_v3"): _tensor_v3,
    ("torch._utils", "_rebuild_meta_tensor_no_storage"): _meta_tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch._utils", "_rebuild_parameter_with_state"): _parameter_with_state,
    ("torch._utils", "_rebuild_sparse_tensor"): _sparse_tensor,
    ("torch._tensor", "_rebuild_from_type_v2"): _tensor_of_type,
    ("torch.nn.parameter", "Parameter"): _parameter,
    ("torch", "Tensor"): Tensor,
    ("torch", "Size"): Size,
    ("torch", "device"): device,
    ("torch.serialization", "_get_layout"): _layout,
    ("rushlight.core.layout", "_by_name"): _layout,
    **{("torch", name): value for name, value in _LAYOUTS.items()},
    ("torch.storage", "UntypedStorage"): StorageKind(None),
    ("torch", "UntypedStorage"): StorageKind(None),
    **{("torch", name): d for name, d in DTYPES.items()},
    **{
        (module, name): StorageKind(DTYPES[d])
        for d, name in _STORAGE_NAMES.items()
        for module in ("torch", "torch.cuda")
    },
}

CALLS: dict[Any, Callable[..., Any]] = {
    Size: _size,
    device: _device,
    **{
        make: make
        for make in (
            _tensor,
            _tensor_v2,
            _tensor_v3,
            _meta_tensor,
            _sparse_tensor,
            _parameter,
            _parameter_with_state,
            _tensor_of_type,
            _layout,
        )
    },
}
