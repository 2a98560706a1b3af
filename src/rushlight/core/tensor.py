"""Tensor: a NumPy array with a gradient, a place in the graph and a version.

Only what a tensor *is* is defined here: its array, flags, history, conversions to Python and NumPy.
What it can *do* (operators, methods named after operations) is attached by the cards in
`rushlight.ops`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..kernels import native
from .annotations import readable
from .device import CPU
from .dtype import FLOAT, dtype, from_numpy_dtype, scalar_name
from .grad_mode import mode
from .layout import memory_format as Format
from .layout import strided
from .making import learn, wrap
from .memory import address, host_address, host_strides, new, numpy_of, storage_array, strides_of
from .meta import MetaArray, NoNumpy, device_of
from .notices import warn
from .shared import arena_of
from .size import Size, size_of

_ndarray = np.ndarray
_PYTHON_NUMBERS = frozenset((int, float, bool, complex))

if TYPE_CHECKING:  # the operations that the cards attach; a stub, made by tools/make_stubs.py
    from .tensor_operations import TensorOperations
else:
    TensorOperations = object


class _Slots(TensorOperations):
    """The fields that every tensor has; apart from Tensor so that a tensor's `__dict__` stays empty
    until used.

    _a     the elements: an ndarray, never a NumPy scalar
    _rg    a gradient is wanted: a leaf that asked for it, or a result that depends on one
    _node  the node that made it (None: a leaf); _slot: which of the node's outputs it is
    _view  ViewInfo if it shares its elements with a base
    _v     [version], shared by a base and its views; None while nothing was ever changed in place
    """

    __slots__ = ("__weakref__", "_a", "_node", "_rg", "_slot", "_v", "_view")


class ViewInfo:
    """How a view came from its base.

    replay        ((card, options), ...): the view operations from the base to this view
    recorded_at   the base's node when the view was recorded
    multi_output  the operation's name if it returned several views, else None
    """

    __slots__ = ("base", "multi_output", "recorded_at", "replay")  # by_strides: of the class

    def __init__(self, base: Tensor, replay: tuple, multi_output: str | None = None):
        self.base, self.replay = base, replay
        self.recorded_at, self.multi_output = base._node, multi_output

    def refresh(self, view: Tensor) -> None:
        """After the base was changed in place under autograd, record the view anew from the base as
        it is now.

        RuntimeError: the view is one of several outputs, which cannot be recorded alone.
        """
        base = self.base
        if base._node is self.recorded_at:
            return
        if base._node is None:  # detach_() of the base: the view keeps its own history
            self.recorded_at = None
            return
        if self.multi_output:
            name = self.multi_output if view._node is None else view._node.name()
            name = name.removesuffix("Backward0")
            raise RuntimeError(
                f"Output {view._slot if view._node is not None else 0} of {name} is a view and its "
                "base or another view of its base has been modified inplace. This view is the "
                "output of a function that returns multiple views. Such functions do not allow "
                "the output views to be modified inplace. You should replace the inplace operation "
                "by an out-of-place one."
            )
        self.recorded_at = base._node
        self.fit(view)
        fresh = base
        for card, options in self.replay:
            fresh = card.run((fresh, *options))
        view._node, view._rg = fresh._node, fresh._rg
        if fresh._node is not None:
            view._slot = fresh._slot

    def fit(self, view: Tensor) -> None:
        """After the base was given another shape in place (t_, squeeze_, ...), the view operations
        no longer lead from it to the view: find it by its strides.
        """
        a: Any = self.base._a
        try:
            for card, options in self.replay:
                a = card.forward(a, *options)
        except (RuntimeError, IndexError, ValueError):
            a = None
        b = view._a
        if a is None or type(a) is list:
            same = type(a) is list
        else:
            same = a.shape == b.shape and a.strides == b.strides and address(a) == address(b)
        if not same:
            self.replay = self.by_strides(self.base, view)

    by_strides: Any = None  # by_strides(base, view) -> replay, see ops/as_strided.py


class Tensor(_Slots):
    """An n-dimensional array that can be differentiated.

    Made by `tensor`, `zeros`, `rand`, `from_numpy`, ...
    """

    _grad: Tensor | None = None
    _hooks: dict | None = None
    _after_grad: dict | None = None
    _keeps_grad = False
    _inference = False
    _duals: dict | None = None  # level -> tangent, in forward mode (dispatch/levels.py)
    __array_priority__ = 1000
    __module__ = "torch"
    is_sparse = is_quantized = is_nested = is_mkldnn = is_mps = is_xpu = False
    is_sparse_csr = is_vulkan = is_ipu = is_maia = is_mtia = volatile = False
    is_cuda, is_xla = [property(lambda x, k=k: x.device.type == k) for k in ("cuda", "xla")]  # type: ignore
    is_meta: Any = property(lambda self: type(self._a) is MetaArray)
    is_cpu: Any = property(lambda self: self.device is CPU)
    names: Any = property(lambda self: (None,) * self._a.ndim)

    if TYPE_CHECKING:  # the slots
        _a: np.ndarray
        _rg: bool
        _node: Any
        _slot: int
        _view: ViewInfo | None
        _v: list[int] | None

    def as_subclass(self, cls: type) -> Any:
        """The same elements and history as an instance of `cls`."""
        t: Any = new(cls)
        t._a, t._rg, t._node, t._view, t._v = self._a, self._rg, self._node, self._view, _cell(self)
        t._slot = self._slot if self._node is not None else 0
        return t

    # ------------------------------------------------------------ what it is

    @property
    def shape(self) -> Size:
        """The sizes of all dimensions, as a torch.Size."""
        return size_of(self._a.shape)

    def size(self, dim: int | None = None) -> Any:
        """All sizes, or that of one dimension. IndexError: no such dimension."""
        if dim is None:
            return self.shape
        return self._a.shape[_checked_dim(dim, self._a.ndim)]

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._a.ndim

    def dim(self) -> int:
        """The number of dimensions."""
        return self._a.ndim

    ndimension = dim

    def numel(self) -> int:
        """The number of elements."""
        return self._a.size

    nelement = numel

    @property
    def dtype(self) -> dtype:
        """The element type, e.g. torch.float32."""
        return from_numpy_dtype(self._a.dtype)

    if native is not None and not TYPE_CHECKING:  # without a frame of Python's
        shape = property(native.sizes, doc=shape.__doc__)
        dtype = property(native.dtype_of, doc=dtype.__doc__)

    @property
    def device(self) -> Any:
        """Where the elements are: device(type='cpu'), another one; "meta" if there are none."""
        return CPU if type(self._a) is _ndarray else device_of(self._a)

    def get_device(self) -> int:
        """The device's index; -1 for the CPU."""
        return -1 if self.is_cpu or self.is_meta else self.device.index

    @property
    def layout(self) -> Any:
        """torch.strided: the only layout there is."""
        return strided

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self._a.itemsize

    def element_size(self) -> int:
        """Bytes per element."""
        return self._a.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self._a.nbytes

    def is_floating_point(self) -> bool:
        """True for float16, bfloat16, float32, float64 and the float8 types."""
        return self.dtype.category == FLOAT

    def is_complex(self) -> bool:
        """True for complex64 and complex128."""
        return self._a.dtype.kind == "c"

    def is_signed(self) -> bool:
        """True unless the dtype is bool or unsigned."""
        return self.dtype.is_signed

    def is_conj(self) -> bool:
        """False: conjugation is never lazy here."""
        return False

    is_neg = is_conj

    def is_inference(self) -> bool:
        """True if the tensor was made inside inference_mode."""
        return self._inference

    def stride(self, dim: int | None = None) -> Any:
        """Steps between neighbours of each dimension (or of one), in elements."""
        steps = host_strides(self._a) if type(self._a) is _ndarray else strides_of(self._a)
        return steps if dim is None else steps[_checked_dim(dim, self._a.ndim)]

    def storage_offset(self) -> int:
        """How many elements the first one lies behind the start of the storage."""
        root = storage_array(self._a)
        return (address(self._a) - address(root)) // max(self._a.itemsize, 1)

    def data_ptr(self) -> int:
        """The address of the first element (bytes); 0 if there are no elements."""
        a = self._a
        return host_address(a) if type(a) is _ndarray else 0 if self.is_meta else address(a)

    def is_contiguous(self, memory_format: Any = None) -> bool:
        """True if the elements lie in C order (or in the order of `memory_format`)."""
        if memory_format is None:
            return self._a.flags.c_contiguous
        if not isinstance(memory_format, Format):
            raise TypeError(
                "is_contiguous(): argument 'memory_format' must be torch.memory_format, not "
                f"{type(memory_format).__name__}"
            )
        if memory_format.name in ("contiguous_format", "preserve_format"):
            return self._a.flags.c_contiguous
        order = (0, *range(2, self._a.ndim), 1)
        expected = {"channels_last": 4, "channels_last_3d": 5}[memory_format.name]
        return self._a.ndim == expected and self._a.transpose(order).flags.c_contiguous

    def is_set_to(self, tensor: Tensor) -> bool:
        """True if both are the same elements in the same layout."""
        a, b = self._a, tensor._a
        return address(a) == address(b) and a.shape == b.shape and a.strides == b.strides

    def is_same_size(self, other: Tensor) -> bool:
        """True if the shapes are equal."""
        return self._a.shape == other._a.shape

    def is_pinned(self, device: Any = None) -> bool:
        """False: there is no accelerator to pin memory for."""
        return False

    def is_shared(self) -> bool:
        """Do its elements lie in memory that processes share? See share_memory_."""
        return arena_of(self._a) is not None

    # ------------------------------------------------------------ gradients

    @property
    def requires_grad(self) -> bool:
        """True if gradients flow to or through this tensor; may be set on leaves."""
        view = self._view
        if view is not None:
            if view.multi_output:
                return self._rg or (view.base._rg and self._a.dtype.kind in "fcV")
            view.refresh(self)
        return self._rg

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        self.requires_grad_(wanted)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Ask for (or stop asking for) this leaf's gradient; returns the tensor itself.

        RuntimeError: not a leaf, or not of a floating or complex dtype.
        """
        if self._node is not None:
            if requires_grad:
                return self
            raise RuntimeError(
                "you can only change requires_grad flags of leaf variables. If you want to use a "
                "computed variable in a subgraph that doesn't require differentiation use "
                "var_no_grad = var.detach()."
            )
        if requires_grad and self.dtype.category < FLOAT:
            raise RuntimeError("only Tensors of floating point dtype can require gradients")
        if requires_grad and self._inference and not mode.inference:
            raise RuntimeError(
                "Setting requires_grad=True on inference tensor outside InferenceMode is not "
                "allowed."
            )
        self._rg = bool(requires_grad)
        return self

    @property
    def is_leaf(self) -> bool:
        """True unless the tensor is the result of a recorded operation."""
        return not self._rg or self.grad_fn is None

    @property
    def grad_fn(self) -> Any:
        """The node that made this tensor; None for leaves."""
        if self._view is not None:
            self._view.refresh(self)
        return self._node

    @property
    def output_nr(self) -> int:
        """Which of its node's outputs this is."""
        return self._slot if self._node is not None else 0

    @property
    def grad(self) -> Tensor | None:
        """The gradient accumulated so far; None before the first backward."""
        if self._grad is None and self._node is not None and not self._keeps_grad:
            warn(
                "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its "
                ".grad attribute won't be populated during autograd.backward(). If you indeed "
                "want the .grad field to be populated for a non-leaf Tensor, use .retain_grad() "
                "on the non-leaf Tensor.",
            )
        return self._grad

    @grad.setter
    def grad(self, g: Tensor | None) -> None:
        if g is not None:
            if not isinstance(g, Tensor):
                raise TypeError(
                    "assigned grad expected to be a Tensor or None but got grad of type "
                    f"{type(g).__name__}"
                )
            if g is self:
                raise RuntimeError("can't assign Variable as its own grad")
            given: Any = g if g.is_sparse else g._a
            if g.dtype is not self.dtype if g.is_sparse else given.dtype != self._a.dtype:
                raise RuntimeError(
                    f"attempting to assign a gradient with dtype '{g.dtype}' to a tensor with "
                    f"dtype '{self.dtype}'. The gradient must match the tensor's dtype (or its "
                    "grad_dtype attribute)."
                )
            if given.shape != self._a.shape:
                raise RuntimeError(
                    f"attempting to assign a gradient of size '{list(given.shape)}' to a tensor of "
                    f"size '{list(self._a.shape)}'. Please ensure that the gradient and the tensor "
                    "are the same size"
                )
            if g.device is not self.device:
                raise RuntimeError(
                    f"attempting to assign a gradient with device type '{g.device}' to a tensor "
                    f"with device type '{self.device}'. Please ensure that the gradient and the "
                    "tensor are on the same device"
                )
        self._grad = g

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def retains_grad(self) -> bool:
        """True if this is a non-leaf tensor whose gradient is kept."""
        return self._keeps_grad

    def detach(self) -> Tensor:
        """The same elements (shared), without history."""
        t = wrap(self._a)
        t._v = _cell(self)
        return t

    def detach_(self) -> Tensor:
        """Forget the history of this tensor; returns it."""
        if self._view is not None:
            raise RuntimeError("Can't detach views in-place. Use detach() instead.")
        self._node, self._rg = None, False
        return self

    @property
    def data(self) -> Tensor:
        """The elements without history; assigning replaces them."""
        return wrap(self._a)

    @data.setter
    def data(self, new: Tensor) -> None:
        if not isinstance(new, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(new).__name__}")
        if self._rg and new.dtype.category < FLOAT:
            raise RuntimeError(
                "data set to a tensor that requires gradients must be floating point or complex "
                "dtype"
            )
        self._a = new._a

    @property
    def _version(self) -> int:
        return 0 if self._v is None else self._v[0]

    @property
    def _base(self) -> Tensor | None:
        return None if self._view is None else self._view.base

    def _is_view(self) -> bool:
        return self._view is not None

    def _bump(self) -> None:
        """Note that the elements were changed in place."""
        if self._v is None:
            self._v = [1]
        else:
            self._v[0] += 1

    # ------------------------------------------------------------ to Python and NumPy

    def item(self) -> Any:
        """The only element, as a Python number. RuntimeError: not exactly one element."""
        try:
            x = self._a.item()
        except ValueError:
            raise RuntimeError(
                f"a Tensor with {self._a.size} elements cannot be converted to Scalar\n"
                f"  its shape is {tuple(self._a.shape)}\n  fix: tolist(), or index one element"
            ) from None
        if type(x) is float:
            return x
        return x if type(x) in _PYTHON_NUMBERS else float(x)

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers; a number if 0-d."""
        a = self._a
        return (
            a.tolist()
            if a.dtype.kind != "V" and a.dtype.num < 256
            else a.astype(np.float64).tolist()
        )

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """The elements as an array that shares their memory.

        RuntimeError: requires grad (and not `force`).
        """
        if self._rg and not force:
            raise RuntimeError(
                "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() "
                "instead."
            )
        if isinstance(self._a, MetaArray):
            raise self._a.no_numpy or NoNumpy(
                "can't convert meta device type tensor to numpy. Use Tensor.cpu() to copy the "
                "tensor to host memory first."
            )
        if self._a.dtype.num >= 256 and not force:
            raise TypeError(f"Got unsupported ScalarType {scalar_name(self.dtype)}")
        return self._a if type(self._a) is _ndarray else numpy_of(self._a, self.device, force)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        a = self.numpy()
        if dtype is not None and a.dtype != dtype:
            if copy is False:
                raise ValueError(f"a copy is needed to turn {a.dtype} into {dtype}; pass copy=None")
            return a.astype(dtype)
        return a.copy() if copy else a

    def __array_wrap__(
        self, array: Any, context: Any = None, return_scalar: bool = False
    ) -> Tensor:
        """What NumPy's own functions hand back when they are given a tensor: np.sqrt(t) is a
        Tensor; bool becomes uint8, as in PyTorch.
        """
        array = np.asarray(array)
        t = wrap(array.astype(np.uint8) if array.dtype.kind == "b" else array)
        return t if type(self) is Tensor else t.as_subclass(type(self))

    def __dlpack__(self, **options: Any) -> Any:
        if self._rg:
            raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
        if type(self._a) is MetaArray:
            raise BufferError("Cannot pack tensors on meta")
        return self._a.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._a.__dlpack_device__()

    def __bool__(self) -> bool:
        a = self._a
        if a.size != 1 and getattr(a, "value", None) is None:
            if a.size == 0:
                raise RuntimeError("Boolean value of Tensor with no values is ambiguous")
            raise RuntimeError(
                "Boolean value of Tensor with more than one value is ambiguous\n"
                f"  its shape is {tuple(a.shape)}\n"
                "  fix: .any() or .all()"
            )
        return bool(a)

    def __float__(self) -> float:
        return float(self._scalar())

    def __int__(self) -> int:
        return int(self._scalar())

    def __complex__(self) -> complex:
        return complex(self._scalar())

    def _scalar(self) -> Any:
        if self._a.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        if self._rg:
            warn(
                "Converting a tensor with requires_grad=True to a scalar may lead to unexpected "
                "behavior.\nConsider using tensor.detach() first.",
            )
        return self.item()

    def __index__(self) -> int:
        a = self._a
        if a.size != 1 or a.dtype.kind not in "iub":
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(a.item())

    def __len__(self) -> int:
        shape = self._a.shape
        if not shape:
            raise TypeError("len() of a 0-d tensor")
        return shape[0]

    def __iter__(self) -> Any:
        if not self._a.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))

    def __contains__(self, element: Any) -> bool:
        if isinstance(element, (Tensor, int, float, complex, np.number)):
            return bool(self.eq(element).any())
        raise RuntimeError(
            "Tensor.__contains__ only supports Tensor or scalar, but you passed in a "
            f"{type(element)}."
        )

    __hash__ = object.__hash__

    def __dir__(self) -> list[str]:
        return sorted(set(dir(type(self))) | set(self.__dict__))


learn(Tensor, ViewInfo, Size)


def _cell(t: Tensor) -> list:
    """The version cell of a tensor that is about to share its elements."""
    if t._v is None:
        t._v = [0]
    return t._v


def _checked_dim(dim: int, ndim: int) -> int:
    """dim, if it lies in [-ndim, ndim); IndexError in PyTorch's words otherwise."""
    reach = max(ndim, 1)
    if not -reach <= dim < reach or ndim == 0:
        if ndim == 0 and -1 <= dim <= 0:
            raise IndexError("Dimension specified as 0 but tensor has no dimensions")
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-reach}, {reach - 1}], but got "
            f"{dim})"
        )
    return dim


readable(Tensor, __name__)
