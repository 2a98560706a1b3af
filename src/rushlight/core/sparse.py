"""Sparse tensors: the elements that are not zero, by their places ("COO").

A SparseTensor has no array: `_a` raises NoElements, so nothing can take it for a dense tensor by
mistake. Faces catch that and look for the op in ops/sparse.py; an op that is not there is refused
by its name. Gradients need nothing of their own: they are those of the values, a Tensor like any
other.
"""

from __future__ import annotations

from copy import copy as shallow
from copy import deepcopy
from typing import Any, NoReturn

import numpy as np

from .device import CPU
from .layout import sparse_coo
from .size import Size
from .tensor import Tensor, _checked_dim, new


class NoElements(NotImplementedError, TypeError):
    """Someone asked for the array of a tensor that has none."""


NoElements.__name__ = NoElements.__qualname__ = "NotImplementedError"  # as which users see it
NoElements.__module__ = "builtins"


def refused(name: str = "") -> NoElements:
    """The error for an op that sparse tensors do not have, by PyTorch's first sentence."""
    what = f"'aten::{name}'" if name else "an op that needs all elements"
    return NoElements(
        f"Could not run {what} with arguments from the 'SparseCPU' backend.\n"
        "  rushlight has the sparse tensors that gradients of embeddings need\n"
        "  fix: to_dense() first"
    )


class SparseTensor(Tensor):
    """A tensor of S sparse dimensions and D dense ones: n blocks of elements and where they are.

    _places     (S, n) int64: the indices of each block
    _blocks     (n, *dense sizes): a Tensor, whose history is this tensor's
    _size       the sizes of all dimensions
    _sorted     the blocks are in order, each place occurs once ("coalesced")
    """

    __module__ = "torch"
    is_sparse = True
    layout = sparse_coo  # type: ignore[assignment]
    device = CPU
    is_meta = False
    is_cpu = True
    _places: np.ndarray
    _blocks: Tensor
    _size: tuple[int, ...]
    _sorted: bool

    @property
    def _a(self) -> NoReturn:  # type: ignore[override]
        raise refused()

    # ------------------------------------------------------------ what it is

    shape = property(lambda self: Size(self._size))
    ndim = property(lambda self: len(self._size))
    dtype = property(lambda self: self._blocks.dtype)
    itemsize = property(lambda self: self._blocks.itemsize)

    def size(self, dim: int | None = None) -> Any:
        """All sizes, or that of one dimension. IndexError: no such dimension."""
        return self.shape if dim is None else self._size[_checked_dim(dim, len(self._size))]

    def dim(self) -> int:
        """The number of dimensions, sparse and dense."""
        return len(self._size)

    ndimension = dim

    def numel(self) -> int:
        """The number of elements, zeros included."""
        return int(np.prod(self._size, dtype=object))

    nelement = numel

    def element_size(self) -> int:
        """Bytes per element."""
        return self._blocks.itemsize

    def is_complex(self) -> bool:
        """True for complex64 and complex128."""
        return self._blocks.is_complex()

    def stride(self, dim: int | None = None) -> Any:
        """Zeros: the elements do not lie in a grid."""
        return (0,) * len(self._size) if dim is None else 0

    def storage_offset(self) -> int:
        """0: there is no storage."""
        return 0

    def is_contiguous(self, memory_format: Any = None) -> bool:
        """False."""
        return False

    def is_same_size(self, tensor: Tensor) -> bool:
        """True if the shapes are equal."""
        return tuple(self._size) == tuple(tensor.shape)

    @property
    def nbytes(self) -> int:
        """RuntimeError: neither of the two numbers that it could be."""
        raise RuntimeError(
            "nbytes is not defined for sparse tensors.  If you want the size of the constituent "
            "tensors, add the nbytes of the indices and values.  If you want the size of the  "
            "equivalent dense tensor, multiply numel() by element_size()"
        )

    def __len__(self) -> int:
        if not self._size:
            raise TypeError("len() of a 0-d tensor")
        return self._size[0]

    # ------------------------------------------------------------ gradients: those of the values

    _rg = property(lambda self: self._blocks._rg, lambda self, wanted: None)  # type: ignore
    _node = property(lambda self: self._blocks._node, lambda self, node: None)

    @property
    def requires_grad(self) -> bool:
        """True if gradients flow to or through the values."""
        return self._blocks.requires_grad

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        self.requires_grad_(wanted)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Ask for this leaf's gradient; returns the tensor itself."""
        self._blocks.requires_grad_(requires_grad)
        return self

    @property
    def is_leaf(self) -> bool:
        """True unless the values are the result of a recorded operation."""
        return self._blocks.is_leaf

    @property
    def grad_fn(self) -> Any:
        """The node that made the values; None for leaves."""
        return self._blocks.grad_fn

    @property
    def grad(self) -> Any:
        """The gradient accumulated so far: sparse, at the same places."""
        g = self._blocks.grad
        return None if g is None else sparse(self._places, g, self._size, self._sorted)

    @grad.setter
    def grad(self, g: Any) -> None:
        if g is not None:
            raise refused("set_grad")
        self._blocks.grad = None

    _grad = grad  # type: ignore[assignment]

    def detach(self) -> Tensor:
        """The same elements (shared), without history."""
        return sparse(self._places, self._blocks.detach(), self._size, self._sorted)

    def detach_(self) -> Tensor:
        """Forget the history of this tensor; returns it."""
        self._blocks.detach_()
        return self

    data = property(detach)  # type: ignore[assignment]

    # ------------------------------------------------------------ to Python and NumPy

    def item(self) -> Any:
        """The only element. RuntimeError: not exactly one element."""
        if self.numel() != 1:
            raise RuntimeError(
                f"a Tensor with {self.numel()} elements cannot be converted to Scalar"
            )
        return self.to_dense().item()

    def tolist(self) -> Any:
        """RuntimeError: to_dense() first."""
        raise RuntimeError("Cannot access data pointer of Tensor that doesn't have storage")

    data_ptr = const_data_ptr = tolist  # type: ignore[assignment]

    def numpy(self, *, force: bool = False) -> np.ndarray:
        """TypeError: to_dense() first."""
        raise TypeError("can't convert Sparse layout tensor to numpy. Use Tensor.to_dense() first.")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.numpy()

    def untyped_storage(self) -> Any:
        """NotImplementedError: there is none."""
        raise NotImplementedError("Cannot access storage of SparseTensorImpl")

    storage = untyped_storage

    def __bool__(self) -> bool:
        if self.numel() == 1:
            return bool(self.to_dense())
        said = "no values" if not self.numel() else "more than one value"
        raise RuntimeError(f"Boolean value of Tensor with {said} is ambiguous")

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __deepcopy__(self, memo: dict) -> Any:
        if id(self) not in memo:
            copy = sparse(
                self._places.copy(), deepcopy(self._blocks, memo), self._size, self._sorted
            )
            memo[id(self)] = copy
        return memo[id(self)]

    def __copy__(self) -> Any:
        return sparse(self._places, shallow(self._blocks), self._size, self._sorted)


# classes of Tensor's that are no user's: overrides.py does not ask them
SparseTensor.__name__ = SparseTensor.__qualname__ = "Tensor"


START: list[Any] = []  # what imports ops/sparse.py, before the first sparse tensor is made


def sparse(
    places: np.ndarray, blocks: Tensor, size: tuple[int, ...], coalesced: bool = False
) -> SparseTensor:
    """A sparse tensor of these parts: no copy, no checks."""
    if START:
        START.pop()()
    t = new(SparseTensor)
    t._places, t._blocks, t._size, t._sorted = places, blocks, tuple(size), coalesced
    t._view = t._v = None
    return t
