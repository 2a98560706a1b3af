"""dtype, device and copies: to, type, float() ..., clone, contiguous, copy_."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import dtype as dtypes
from ..core.device import CPU, META, accelerators, device, moved, resolve
from ..core.dtype import dtype, float64
from ..core.dtype_info import as_dtype, is_dtype
from ..core.grad_mode import inferring, mode
from ..core.layout import channels_last, contiguous_format, preserve_format
from ..core.layout import memory_format as Format
from ..core.memory import is_expanded
from ..core.memory_order import axes_of, relaid
from ..core.meta import NO_DATA, NoData
from ..core.notices import warn
from ..core.sparse import START
from ..core.tensor import Tensor
from ..core.tensor_types import dtype_of_type
from ..dispatch.messages import mismatch, not_a_tensor
from ..dispatch.modes import ON
from ..dispatch.registry import apply_inplace, composite, internal, op
from ..kernels import K, as_array


@internal("to_copy", tensors=1, node="ToCopy", quiet=False)
class ToCopy:
    """y = x in another dtype; the gradient returns in x's, which is `source`."""

    def forward(x, dtype, source):
        if x.dtype.kind == "c" and dtypes.INT < dtype.category < dtypes.COMPLEX:
            x = x.real
        # (nan and inf become some integer, as in C)
        y = x.astype(dtype.np) if x.dtype == dtype.np else K.astype(x, dtype.np)
        if x.ndim > 1 and not x.flags.forc and is_expanded(x):  # steps of 0 come last for NumPy
            y = relaid(y, axes_of(x.shape, [x]))
        return y

    def backward(c, dy, source):
        return K.cast(dy, source)

    def samples(make):
        yield make(3, 4), float64, float64
        yield make(), float64, float64
        yield make(4, 3).T, float64, float64
        yield make(0, 5), float64, float64


@internal("to_device", tensors=1, constants=2, node="ToCopy", fresh=True)
class ToDevice:
    """y = x on another device; the gradient goes home, to `source`."""

    def forward(x, where, source):
        return _array_on(x, where)

    def backward(c, dy, where, source):
        return (
            ToDevice.run((dy, source, where)) if isinstance(dy, Tensor) else _array_on(dy, source)
        )

    def samples(make):
        yield make(3, 4), CPU, CPU
        yield make(), CPU, CPU
        yield make(4, 3).T, CPU, CPU
        yield make(0, 5), CPU, CPU


def _array_on(a: np.ndarray, where: device) -> Any:
    """The array on another device."""
    if where is CPU and (type(a) is np.ndarray or isinstance(a, np.generic)):
        return as_array(a).copy()
    return moved(a, where)


@op("clone(input, *, memory_format=preserve_format)", at="torch Tensor", tensors=1, quiet=False)
class Clone:
    """y = a copy of x, differentiable.

    memory_format  preserve_format keeps the order of the dimensions in memory; contiguous_format
                   is C order; channels_last, channels_last_3d
    errors         RuntimeError: another number of dimensions than the format has
    """

    def forward(x, memory_format):
        if memory_format is preserve_format:
            if x.flags.c_contiguous or (x.ndim and 0 in x.strides):
                return K.dense_copy(x)
            return x.copy(order="K")
        return _ordered(x, memory_format)

    def backward(c, dy):
        return dy

    def samples(make):
        yield make(3, 4)
        yield make(4, 3).T
        yield make()
        yield make(0, 5)
        yield make(4, 3).T, {"memory_format": contiguous_format}


def _ordered(x: np.ndarray, memory: Format) -> np.ndarray:
    """A copy of x in the given memory format."""
    if memory.name.startswith("channels_last"):
        rank = 4 if memory is channels_last else 5
        if x.ndim != rank:
            raise RuntimeError(f"required rank {rank} tensor to use {memory.name} format")
        back = (0, rank - 1, *range(1, rank - 1))
        return K.dense_copy(x.transpose((0, *range(2, rank), 1))).transpose(back)
    return K.dense_copy(x)


@composite("contiguous(input, memory_format=contiguous_format)", at="Tensor")
def contiguous(input, memory_format=contiguous_format):
    """input itself if its elements already lie in that order, else a copy that does."""
    if memory_format is contiguous_format and input._a.flags.c_contiguous:
        return input
    return input if input.is_contiguous(memory_format) else Clone.run((input, memory_format))


@internal("copy", tensors=2, broadcast=True, node="CopyBackwards", quiet=False)
class Copy:
    """y = source in x's shape and dtype: what copy_ writes."""

    def forward(x, source):
        if source.shape == x.shape:
            return source
        try:
            return np.broadcast_to(source, x.shape)
        except ValueError:
            shapes = [x.shape, source.shape]
            raise RuntimeError(
                mismatch(shapes)
                or f"output with shape {list(x.shape)} doesn't match the broadcast shape "
                f"{list(np.broadcast_shapes(*shapes))}"
            ) from None

    def backward(c, dy):
        return K.zeros_like(dy) if c.needs(0) else None, dy

    def samples(make):
        yield make(3, 4), make(4)
        yield make(), make()


@composite(
    "copy_(input, src: Tensor | Number, non_blocking: bool = False)",
    at="Tensor",
)
def copy_(input, src, non_blocking):
    """Write src (broadcast, cast) into input. Returns input.

    errors  RuntimeError: src does not broadcast to input's shape
    """
    if not isinstance(src, Tensor):
        if isinstance(src, (bool, int, float, complex, np.number)):
            return input.fill_(src)
        raise not_a_tensor("copy_", "other", 1, src)
    a, b = input._a, src._a
    if not type(b) is type(a) is np.ndarray and not (src.is_meta or input.is_meta):
        src = src.to(input.device)
    elif b.dtype is a.dtype and Copy.changed((input, src)):
        return input
    if src._a.dtype != input._a.dtype and (src._rg or input._a.dtype.kind in "iub"):
        if src._rg and src._a.shape != input._a.shape and src._a.ndim <= input._a.ndim:
            src = src.expand(input._a.shape)  # its gradient is summed in its own dtype
        src = src.to(input.dtype)
    return apply_inplace(Copy, (input, src))


def unseen(x: Tensor, source: Tensor) -> bool:
    """No one but x has to know that source is written into it: no mode, no graph, no overlap."""
    if ON[0] or inferring[0] or ((x._rg or source._rg) and mode.grad):
        return False
    return not x._inference and (x._v is None or x._v is not source._v)


def unrecorded(*tensors: Tensor) -> bool:
    """Their arrays are all there is to think of: no mode, no graph, no device."""
    if ON[0] or inferring[0]:
        return False
    for t in tensors:
        if type(t._a) is not np.ndarray or (t._rg and mode.grad):
            return False
    return True


# written by hand: its arguments are told apart by their types
@composite("to", at="Tensor")
def to(
    x,
    *args,
    dtype=None,
    device=None,
    non_blocking=False,
    copy=False,
    memory_format=preserve_format,
    tensor=None,
):
    """x on a device and in a dtype: to(dtype), to(device), to(device, dtype), to(tensor); itself if
    nothing changes.

    errors  RuntimeError: a device that is absent; TypeError: other arguments

    >>> torch.ones(2).to(torch.int64)
    tensor([1, 1])
    """
    flags = []
    for a in args if tensor is None else (tensor, *args):
        if is_dtype(a):
            dtype = a
        elif isinstance(a, Tensor):
            dtype, device = a.dtype, a.device
        elif isinstance(a, bool):
            flags.append(a)
        elif a is not None:
            device = a
    if len(flags) > 1:
        copy = flags[1]
    if memory_format is None:
        memory_format = preserve_format
    elif not isinstance(memory_format, Format):
        raise TypeError(
            "to() received an invalid combination of arguments - got (memory_format="
            f"{type(memory_format).__name__}, ), but expected one of:\n"
            "  torch.channels_last, channels_last_3d, contiguous_format, preserve_format"
        )
    if device is not None and resolve(device) is not x.device:
        return _moved(x, resolve(device), x.dtype if dtype is None else as_dtype(dtype, "to"))
    if dtype is not None:
        dtype = as_dtype(dtype, "to")
        if x.dtype is not dtype:
            if x._a.dtype.kind == "c" and dtype.category != dtypes.COMPLEX:
                warn("Casting complex values to real discards the imaginary part")
            y = ToCopy.run((x, dtype, x.dtype))
            if memory_format is preserve_format:
                return y
            return y.contiguous(memory_format=memory_format)
    if copy or (memory_format is not preserve_format and not x.is_contiguous(memory_format)):
        return Clone.run((x, memory_format))
    return x


def _moved(x: Tensor, where: Any, dtype: dtype) -> Tensor:
    """x on the other device: to "meta" it leaves its elements behind, from there is no way back."""
    if x.is_meta:
        raise NoData(NO_DATA)
    if where is META:
        from . import meta  # seldom needed

        y = meta.to_meta(x)
        return y if x.dtype is dtype else to(y, dtype)
    if x.dtype is not dtype and x.device is CPU:  # less to move, or as exact
        return ToDevice.run((to(x, dtype), where, CPU))
    y = ToDevice.run((x, where, x.device))
    return y if x.dtype is dtype else to(y, dtype)


def _conversion(name: str, target: dtype) -> None:
    def convert(input, memory_format):
        if input._a.dtype is target.np and memory_format is preserve_format:
            return input
        if memory_format is preserve_format and input._a.dtype.kind in "fiub":
            return ToCopy.run((input, target, input.dtype))
        return to(input, target, memory_format=memory_format)

    convert.__name__ = name
    convert.__doc__ = f"input as {target}; itself if it already is."
    composite(f"{name}(input, memory_format=preserve_format)", at="Tensor")(convert)


for _name, _target in {
    **dtypes.ALIASES,
    "bool": dtypes.bool_,
    "byte": dtypes.uint8,
    "char": dtypes.int8,
    "bfloat16": dtypes.bfloat16,
}.items():
    _conversion(_name, _target)


@composite("type_as(input, other: Tensor)", at="Tensor")
def type_as(input, other):
    """input in the dtype of other, and where that is."""
    return to(input, other)


@composite("type", at="Tensor")
def type_(x, dtype=None, non_blocking=False, **kwargs):
    """Without an argument the name of the tensor type ("torch.FloatTensor"); with one, x in that
    dtype (a dtype, a tensor type or its name).
    """
    if dtype is None:
        where = "sparse." * x.is_sparse if x.is_cpu else f"{x.device.type}."
        return f"torch.{where}{dtypes.scalar_name(x.dtype)}Tensor"
    return to(x, dtype_of_type(dtype))


@composite("cpu(input, memory_format=preserve_format)", at="Tensor")
def cpu(input, memory_format):
    """input on the CPU: itself. NotImplementedError: it has no elements."""
    return to(input, CPU)


@composite(
    "cuda(input, device=None, non_blocking: bool = False, memory_format=preserve_format)",
    at="Tensor",
)
def cuda(input, device, non_blocking, memory_format):
    """input on a CUDA device. RuntimeError, AssertionError: there is none."""
    return to(input, resolve("cuda" if device is None else device))


# ---------------------------------------------------------------- element by element, in Python


def _called(name: str, x: Tensor, others: tuple, f: Any) -> Tensor:
    """x with f of every element and of the others' elements at its place, in place."""
    if x._rg:
        raise RuntimeError(
            f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() "
            "instead."
        )
    arrays = np.broadcast_arrays(x._a, *(t._a for t in others))
    values = [f(*v) for v in zip(*(a.reshape(-1).tolist() for a in arrays), strict=True)]
    x._a[...] = np.array(values).reshape(x._a.shape) if values else x._a
    x._bump()
    return x


@composite("apply_(input, callable: Callable)", at="Tensor")
def apply_(input, callable):
    """callable(element) in place of every element: a Python call each.

    errors  RuntimeError: input requires grad
    """
    return _called("apply_", input, (), callable)


@composite("map_(input, tensor, callable: Callable)", at="Tensor")
def map_(input, tensor, callable):
    """callable(element, element of tensor) in place of every element.

    errors  RuntimeError: input requires grad
    """
    return _called("map_", input, (tensor,), callable)


@composite("map2_(input, tensor1, tensor2, callable: Callable)", at="Tensor")
def map2_(input, tensor1, tensor2, callable):
    """callable(element, element of tensor1, of tensor2) in place of every element.

    errors  RuntimeError: input requires grad
    """
    return _called("map2_", input, (tensor1, tensor2), callable)


# ---------------------------------------------------------------- what changes nothing on a CPU


@composite("share_memory_(input)", at="Tensor")
def share_memory_(input):
    """input itself, its elements moved to memory that processes share: what one of them writes,
    all of them see. Views made before keep the old memory.

    errors  RuntimeError: input is a view
    """
    from ..serialization.shared import share  # seldom needed

    return share(input)


@composite("pin_memory(input, device=None)", at="Tensor")
def pin_memory(input, device):
    """input itself: JAX copies by itself. RuntimeError: there is no accelerator to pin it for."""
    if accelerators().count("cuda"):
        return input
    raise RuntimeError("Cannot access accelerator device when none is available.")


@composite("to_dense(input, dtype=None, *, masked_grad: bool | None = None)", at="Tensor")
def to_dense(input, dtype, *, masked_grad):
    """input itself (in dtype): every tensor here is dense."""
    return input if dtype is None else to(input, dtype)


# ---------------------------------------------------------------- sparse, see ops/sparse.py


def _sparse_ops() -> None:
    from . import sparse  # noqa: F401  seldom needed


START.append(_sparse_ops)


@composite("to_sparse(input, sparse_dim: int | None = None, *, layout=None)", at="Tensor")
def to_sparse(input, sparse_dim, *, layout):
    """The elements that are not zero, with their places: a sparse tensor.

    sparse_dim  so many dimensions are sparse, the others are blocks; default: all
    errors      RuntimeError: more than there are; NotImplementedError: another layout
    """
    from . import sparse

    return sparse.to_sparse(input, sparse_dim, layout=layout)


@composite("to_sparse_coo(input)", at="Tensor")
def to_sparse_coo(input):
    """The elements that are not zero, with their places: a sparse tensor."""
    return to_sparse(input, None, layout=None)


@composite("sparse_mask(input, mask: Tensor)", at="Tensor")
def sparse_mask(input, mask):
    """The elements of input at the places of a sparse tensor.

    errors  RuntimeError: sizes that differ, mask is not sparse
    """
    from . import sparse

    if not mask.is_sparse:
        raise RuntimeError("sparse_mask expected sparse coordinate tensor layout but got Strided")
    return sparse.sparse_mask(input, mask)


@composite("sparse_dim(input)", at="Tensor")
def sparse_dim(input):
    """The number of sparse dimensions: 0 for a dense tensor."""
    return 0


@composite("dense_dim(input)", at="Tensor")
def dense_dim(input):
    """The number of dense dimensions: all of a dense tensor."""
    return input._a.ndim


def _of_sparse(name: str, doc: str, kind: str = "sparse coordinate tensor layout") -> None:
    def method(input):
        raise RuntimeError(f"{name} expected {kind} but got Strided")

    method.__name__ = name
    method.__doc__ = f"{doc}\n\n    errors  RuntimeError: input is dense\n"
    composite(f"{name}(input)", at="Tensor")(method)


def _other_layout(name: str, more: str = "") -> None:
    def method(input, *options):
        raise NotImplementedError(
            f"{name}: rushlight has no layouts but strided and sparse_coo\n  fix: to_sparse()"
        )

    method.__name__ = name
    method.__doc__ = "Not in rushlight: layouts other than strided and sparse_coo"
    composite(f"{name}(input, {more})", at="Tensor")(method)


for _name in ("to_sparse_csr", "to_sparse_csc"):
    _other_layout(_name)
for _name in ("to_sparse_bsr", "to_sparse_bsc"):
    _other_layout(_name, "blocksize, dense_dim: int | None = None")
_other_layout("to_mkldnn", "dtype=None")

_of_sparse("coalesce", "The places of a sparse tensor in order, each one once.")
_of_sparse("is_coalesced", "True if the places of a sparse tensor are in order, each one once.")
_of_sparse("indices", "The places of a coalesced sparse tensor.")
_of_sparse("values", "The values of a coalesced sparse tensor.", "sparse tensor layout")
_ROWS, _COLUMNS = "sparse row compressed tensor layout", "sparse column compressed tensor layout"
for _name, _kind in (
    ("crow_indices", _ROWS),
    ("col_indices", _ROWS),
    ("ccol_indices", _COLUMNS),
    ("row_indices", _COLUMNS),
):
    _of_sparse(_name, "The places of a compressed sparse tensor; there are none here.", _kind)


def _sparse_method(name: str, arguments: str, doc: str) -> None:
    """A method whose code is in ops/sparse_names.py."""

    def method(input, *args, **options):
        from . import sparse_names

        return getattr(sparse_names, name)(input, *args, **options)

    method.__name__, method.__doc__ = name, doc
    composite(f"{name}(input, {arguments})", at="Tensor", explains=True)(method)


_sparse_method("smm", "mat: Tensor", "input mat as a sparse matrix, see torch.smm.")
_sparse_method(
    "sspaddmm",
    "mat1: Tensor, mat2: Tensor, *, beta=1, alpha=1",
    "beta input + alpha mat1 mat2 as a sparse matrix, see torch.sspaddmm.",
)
_sparse_method(
    "sparse_resize_",
    "size: Sequence[int], sparse_dim: int, dense_dim: int",
    "Other sizes for a sparse tensor, its elements at the same places, in place.\n\n"
    "    errors  RuntimeError: sparse sizes that shrink, other numbers of dimensions, unless it is "
    "empty",
)
_sparse_method(
    "sparse_resize_and_clear_",
    "size: Sequence[int], sparse_dim: int, dense_dim: int",
    "Other sizes for a sparse tensor, without elements, in place.",
)
_sparse_method(
    "resize_as_sparse_",
    "the_template: Tensor",
    "The sizes of another sparse tensor, see sparse_resize_; in place.",
)


@composite("detach(input)", at="torch")
def detach(input):
    """The same elements (shared), without history.

    shape   x (*) -> y (*), a view
    """
    return input.detach()


@composite("detach_(input)", at="torch")
def detach_(input):
    """input with its history forgotten, in place.

    errors  RuntimeError: input is a view
    """
    return input.detach_()


@composite("get_device(input)", at="torch")
def get_device(input):
    """The index of input's device; -1 for the CPU.

    errors  TypeError: not a Tensor
    """
    return input.get_device()


@composite("is_nonzero(input)", at="Tensor")
def is_nonzero(input):
    """True if the only element is not zero. RuntimeError: not exactly one element."""
    return bool(input)


@composite("is_distributed(input)", at="torch Tensor")
def is_distributed(input):
    """False: no tensor is spread over processes.

    errors  TypeError: not a Tensor
    """
    return False


@composite("const_data_ptr(input)", at="Tensor")
def const_data_ptr(input):
    """The address of the first element (bytes), for reading."""
    return input.data_ptr()
