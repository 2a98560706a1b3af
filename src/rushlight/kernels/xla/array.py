"""Array: an array of an XLA device that formulas take for NumPy's.

It has ndarray's attributes and methods, and NumPy hands its own functions over (__array_ufunc__,
__array_function__, see protocol.py). Beneath lies a jax.Array or, while a program is traced, a
tracer. Neither can be changed; what changes is the Cell that holds it.

    Cell    value, version: one memory, as users see it
    Array   a cell and a chain of views (views.py); v is its value now, write() replaces it

The elements go to the host by `host` alone, which .cpu(), .numpy(), .item(), .tolist(), printing
and saving call. np.asarray(array) raises: a silent copy would be stale after the next write.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from . import views
from .views import as_key, cast, shadow

Tracer = jax.core.Tracer
_ndarray = np.ndarray
TRACED: list[Any] = [
    None
]  # the torch.device that tracers are said to be on, while a program is traced


NOTED: list[Any] = [None]  # called with every ndarray that becomes a constant of a program


YIELDS: set[type] = set()  # operands that do the ufuncs themselves: compiler/options.py


# several devices (fully_shard): SPREAD[0](values) brings values of one device to those of another
SPREAD: list[Any] = [None]


class HostAccess(TypeError):
    """Code that computes on NumPy arrays was given an array of another device."""


HostAccess.__name__ = HostAccess.__qualname__ = "TypeError"  # as which users see it
HostAccess.__module__ = "builtins"


class Cell:
    """One memory: a value that is replaced, and how often that happened."""

    __slots__ = ("_number", "value", "version")
    _next = [1]

    def __init__(self, value: Any):
        self.value, self.version, self._number = value, 0, 0

    def copy(self) -> Cell:
        """A memory of its own with the same value."""
        return Cell(self.value)

    @property
    def number(self) -> int:
        """A number that no other living cell has: the address that data_ptr() tells."""
        if not self._number:
            self._number = Cell._next[0] << 44
            Cell._next[0] += 1
        return self._number


class _Flags:
    """ndarray.flags of a view, from its shadow."""

    __slots__ = ("of",)
    aligned = owndata = True
    carray = farray = False  # no kernel of the host may write here

    def __init__(self, of: np.ndarray):
        self.of = of

    @property
    def writeable(self) -> bool:
        return self.of.flags.writeable

    @writeable.setter
    def writeable(self, wanted: bool) -> None:  # formulas ask for it of views that they may write
        pass

    def __getattr__(self, name: str) -> Any:
        return getattr(self.of.flags, name)

    def __getitem__(self, name: str) -> Any:
        return self.of.flags[name]


class _Dense:
    """ndarray.flags of a whole cell, which lies in row-major order."""

    __slots__ = ()
    c_contiguous = contiguous = forc = aligned = owndata = writeable = behaved = True
    carray = farray = fnc = False
    f_contiguous = False


_DENSE = _Dense()


class Array(np.lib.mixins.NDArrayOperatorsMixin):
    """An array of an XLA device.

    value  a jax.Array or a tracer; or a cell, a chain of views of it, where its windows begin, and
           the view's shadow
    """

    __slots__ = ("__weakref__", "_seen", "_shadow", "_value", "cell", "chain", "lazy", "starts")
    __array_priority__ = 500

    cell: Cell
    chain: tuple
    starts: tuple

    def __init__(
        self, value: Any, cell: Any = None, chain: tuple = (), starts: tuple = (), of: Any = None
    ):
        self.cell = Cell(value) if cell is None else cell
        self.chain, self.starts, self._shadow = chain, starts, of
        self._seen, self._value, self.lazy = -1, None, None

    @property
    def __class__(self) -> type:  # type: ignore[override]
        """np.ndarray, so that isinstance(a, np.ndarray) holds in formulas.

        type(a) is Array, and C code asks for the type: no kernel takes it for an array of its own.
        """
        return _ndarray

    # ---- the value, and writing it

    @property
    def v(self) -> Any:
        """The value as it is now."""
        cell = self.cell
        if not self.chain:
            return cell.value
        if self._seen != cell.version:
            f = views.get if isinstance(cell.value, Tracer) else views.get_now
            self._value, self._seen = f(cell.value, self.chain, self.starts), cell.version
        return self._value

    def write(self, new: Any) -> None:
        """Replace the elements; `new` is cast and broadcast."""
        cell, old = self.cell, self.v
        if not hasattr(new, "dtype") or not isinstance(new, jax.Array):
            new = constant(new, None if hasattr(new, "dtype") else old.dtype)
        new = cast(new, old.dtype)
        if new.shape != old.shape:
            if new.ndim > old.ndim:  # leading ones, as NumPy lets pass
                new = new.reshape(new.shape[new.ndim - old.ndim :])
            new = jnp.broadcast_to(new, old.shape)
        if self.chain:
            traced = isinstance(cell.value, Tracer) or isinstance(new, Tracer)
            put = views.put if traced else views.put_now
            new = put(cell.value, new, self.chain, self.starts)
        cell.value = new
        cell.version += 1

    def of_cell(self, cell: Cell) -> Array:
        """The same view of another memory of this shape."""
        return Array(None, cell, self.chain, self.starts, self._shadow)

    def view_by(self, step: tuple, of: np.ndarray) -> Array:
        """The view by one step more, and its shadow."""
        return Array(None, self.cell, (*self.chain, step), self.starts, of)

    @property
    def shadow(self) -> np.ndarray:
        """An array of the host with this shape, dtype and strides; it has no elements."""
        if self._shadow is None:
            v = self.cell.value
            self._shadow = shadow(v.shape, np.dtype(v.dtype))
        return self._shadow

    # ---- what it is

    @property
    def shape(self) -> tuple[int, ...]:
        return self.cell.value.shape if self._shadow is None else self._shadow.shape

    @shape.setter
    def shape(self, shape: tuple) -> None:
        """Of a view that nobody else has: other sizes. AttributeError: the strides forbid it."""
        try:
            of = np.reshape(self.shadow, shape, copy=False)
        except ValueError as e:
            raise AttributeError(str(e)) from None
        self.chain, self._shadow, self._seen = (*self.chain, ("shape", of.shape)), of, -1

    @property
    def dtype(self) -> np.dtype:
        return self.cell.value.dtype if self._shadow is None else self._shadow.dtype

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return self.cell.value.size if self._shadow is None else self._shadow.size

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    @property
    def strides(self) -> tuple[int, ...]:
        return self.shadow.strides

    @property
    def flags(self) -> Any:
        return _Flags(self.shadow) if self.chain or self.ndim < 2 else _DENSE

    @property
    def base(self) -> Any:
        return Array(None, self.cell) if self.chain else None

    @property
    def address(self) -> int:
        """A number as an address: two arrays overlap where theirs do."""
        return self.cell.number + views.offset_of(self.shadow)

    @property
    def T(self) -> Array:
        return self.transpose()

    @property
    def real(self) -> Array:
        if self.dtype.kind != "c":
            return self.view_by(("real",), self.shadow)
        return self.view_by(("real",), self.shadow.real)

    @real.setter
    def real(self, value: Any) -> None:
        self.real.write(raw(value))

    @property
    def imag(self) -> Array:
        if self.dtype.kind != "c":
            return Array(jnp.zeros(self.shape, self.dtype))
        return self.view_by(("imag",), self.shadow.imag)

    @imag.setter
    def imag(self, value: Any) -> None:
        self.view_by(("imag",), self.shadow.imag).write(raw(value))

    @property
    def flat(self) -> Any:
        return iter(self.reshape(-1))

    @property
    def device(self) -> Any:
        """JAX's device; None of a tracer."""
        v = self.cell.value
        if isinstance(v, Tracer):
            return None
        places = v.devices()
        return next(iter(places)) if len(places) == 1 else min(places, key=lambda d: d.id)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"Array({self.v!r})"

    # ---- to the host

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        raise HostAccess(
            "an array of an XLA device cannot be used as a NumPy array: "
            "Tensor.cpu() copies it to the host first"
        )

    def item(self, *at: Any) -> Any:
        return host(self).item(*at)

    def tolist(self) -> Any:
        return host(self).tolist()

    def tobytes(self, order: str = "C") -> bytes:
        return host(self).tobytes()

    def __bool__(self) -> bool:
        return bool(self.v)

    def __int__(self) -> int:
        return int(self.v)

    def __float__(self) -> float:
        return float(self.v)

    def __complex__(self) -> complex:
        return complex(self.v)

    def __index__(self) -> int:
        return self.v.__index__()

    # ---- views

    def __getitem__(self, key: Any) -> Array:
        key, basic = taken(key)
        return self._at(key) if basic else Array(self.v[key])

    def _at(self, key: Any) -> Array:
        """The view by a basic index."""
        at = as_key(key)
        if Ellipsis not in at:
            at = (*at, Ellipsis)
        of = self.shadow[views.as_index(at)]
        found = views.window(at, self.shape)
        if found is None:
            return self.view_by(("index", at), of)
        items, starts = found
        return Array(None, self.cell, (*self.chain, ("window", items)), (*self.starts, *starts), of)

    def __setitem__(self, key: Any, value: Any) -> None:
        key, basic = taken(key)
        new = value.v if type(value) is Array else value
        if basic:
            whole = key is Ellipsis or (
                type(key) is tuple and (not key or key[0] is Ellipsis is key[-1])
            )
            (self if whole else self._at(key)).write(new)
            return
        x = self.v
        if not isinstance(new, jax.Array):
            new = np.asarray(new) if hasattr(new, "dtype") else jnp.asarray(new, x.dtype)
        if new.dtype != x.dtype:
            new = cast(jnp.asarray(new), x.dtype)
        if _is_mask(key, x.shape) and not new.ndim:
            self.write(jnp.where(key[0] if type(key) is tuple else key, new, x))
            return
        self.write(x.at[key].set(new))

    def reshape(self, *shape: Any, order: str = "C", copy: Any = None) -> Array:
        if len(shape) == 1 and not isinstance(shape[0], (int, np.integer)):
            shape = tuple(shape[0])
        shape = tuple([int(n) for n in shape])
        if shape == self.shape:
            return self.view_by(("shape", shape), self.shadow)
        if order == "F":
            return Array(jnp.reshape(self.v, shape, order="F"))
        of = self.shadow
        if of.flags.c_contiguous:
            of = of.reshape(shape)
            return self.view_by(("shape", of.shape), of)
        try:
            of = np.reshape(of, shape, copy=False)
        except ValueError:
            if -1 not in shape and int(np.prod(shape)) != self.size:
                raise
            return Array(jnp.reshape(self.v, shape))
        return self.view_by(("shape", of.shape), of)

    def transpose(self, *axes: Any) -> Array:
        if len(axes) == 1 and not isinstance(axes[0], (int, np.integer)):
            axes = () if axes[0] is None else tuple(axes[0])
        n = self.ndim
        of = self.shadow.transpose(axes) if axes else self.shadow.T
        given = tuple([int(a) % n for a in axes]) if axes else tuple(range(n - 1, -1, -1))
        return self.view_by(("axes", given), of)

    def swapaxes(self, a: int, b: int) -> Array:
        axes = list(range(self.ndim))
        axes[a], axes[b] = axes[b], axes[a]
        return self.transpose(axes)

    def squeeze(self, axis: Any = None) -> Array:
        of = self.shadow.squeeze(axis)
        return self.view_by(("shape", of.shape), of)

    def ravel(self, order: str = "C") -> Array:
        return self.reshape(-1)

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
        of = self.shadow.diagonal(offset, axis1, axis2).view()
        of.flags.writeable = True
        n = self.ndim
        return self.view_by(("diagonal", int(offset), axis1 % n, axis2 % n), of)

    def view(self, dtype: Any = None, type: Any = None) -> Array:
        kind = self.dtype if dtype is None else np.dtype(dtype)
        if kind == self.dtype:
            chain = self.chain or (("shape", self.shape),)
            return Array(None, self.cell, chain, self.starts, self.shadow)
        return self.view_by(("bits", kind), self.shadow.view(kind))

    def broadcast(self, shape: tuple) -> Array:
        """The view repeated up to a shape."""
        of = np.broadcast_to(self.shadow, shape)
        of = np.lib.stride_tricks.as_strided(self.shadow, of.shape, of.strides)  # may be written
        return self.view_by(("broadcast", of.shape), of)

    def strided(self, shape: Any, strides: Any, offset: int = 0) -> Array:
        """The view by strides and an offset from the first element, in bytes."""
        return self.over(self.dtype, shape, strides, offset)

    def over(self, kind: Any, shape: Any, strides: Any, offset: int) -> Array:
        """The view of the cell by strides and an offset from the first element, in bytes, as
        elements of a dtype."""
        unit, shape = kind.itemsize, tuple([int(n) for n in shape])
        of = self.shadow
        at = views.offset_of(of) + int(offset) if 0 not in shape else 0
        of = np.ndarray(shape, kind, views.room(at, shape, strides, unit), at, strides)
        step = ("strided", shape, tuple([s // unit for s in strides]), at // unit)
        same = kind == self.cell.value.dtype
        first = () if same else (("shape", (self.cell.value.size,)), ("bits", kind))
        return Array(None, self.cell, (*first, step), (), of)

    # ---- new arrays

    def copy(self, order: str = "C") -> Array:
        axes = axes_of(self) if order == "K" else None
        if axes is None:
            return Array(self.v)  # the value cannot change: no bytes move
        return Array(self.transpose(axes).v).transpose(np.argsort(axes))

    def astype(
        self,
        dtype: Any,
        order: str = "K",
        casting: str = "unsafe",
        subok: bool = True,
        copy: bool = True,
    ) -> Array:
        dtype = np.dtype(dtype)
        if dtype == self.dtype:
            return Array(self.v) if copy else self
        v = self.v
        return Array(cast(v, dtype) if isinstance(v, Tracer) else _cast_now(v, dtype))

    def flatten(self, order: str = "C") -> Array:
        return Array(self.v.reshape(-1))

    def fill(self, value: Any) -> None:
        self.write(value.v if type(value) is Array else value)

    def sort(self, axis: int = -1, kind: Any = None) -> None:
        self.write(jnp.sort(self.v, axis))

    def argsort(self, axis: int = -1, kind: Any = None) -> Array:
        return np.argsort(self, axis)

    def __copy__(self) -> Array:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Array:
        return self.copy()

    def __reduce__(self) -> Any:
        return _unpickled, (host(self),)

    # NumPy's two protocols
    __array_ufunc__: Any  # see protocol.py
    __array_function__: Any


def _method(name: str) -> Any:
    def call(self: Array, *args: Any, **kwargs: Any) -> Any:
        return getattr(np, name)(self, *args, **kwargs)

    call.__name__ = name
    return call


for _name in (
    "sum mean max min prod any all argmax argmin cumsum cumprod take repeat round nonzero clip std "
    "var dot searchsorted trace partition argpartition compress ptp put"
).split():
    if hasattr(np, _name):
        setattr(Array, _name, _method(_name))
Array.conj = Array.conjugate = lambda self: np.conjugate(self)  # type: ignore[attr-defined]


def _unpickled(a: np.ndarray) -> Array:
    return Array(jnp.asarray(a))


def _cast_traced(x: Any, dtype: Any) -> Any:
    return cast(x, dtype)


_cast_now = jax.jit(_cast_traced, static_argnums=1)


def axes_of(a: Any) -> list[int] | None:
    """The dimensions of a dense array by their order in memory; None: row-major, or with gaps."""
    if a.ndim < 2 or a.flags.c_contiguous or a.size < 2:
        return None
    of = a.shadow if type(a) is Array else a
    axes = sorted(range(a.ndim), key=lambda i: -abs(of.strides[i]))
    return axes if of.transpose(axes).flags.c_contiguous else None


def host(a: Any) -> np.ndarray:
    """A NumPy array of the elements, of its own memory: the one way to the host."""
    if type(a) is not Array:
        return a
    axes = axes_of(a)
    if axes is None:
        return np.array(a.v)
    return np.array(a.transpose(axes).v).transpose(np.argsort(axes))


def constant(a: Any, dtype: Any = None) -> Any:
    """An array of the host, or a number, as a value of JAX."""
    if NOTED[0] is not None and type(a) is _ndarray:
        NOTED[0](a)
    return jnp.asarray(a.v if type(a) in YIELDS else a, dtype)


def raw(a: Any) -> Any:
    """The value of an Array; other things as they are."""
    return a.v if type(a) is Array else a


def tree(x: Any) -> Any:
    """`raw` of everything in tuples, lists and dicts."""
    t = type(x)
    if t is Array:
        return x.v
    if t is _ndarray and NOTED[0] is not None:
        NOTED[0](x)
    if t is tuple:
        return tuple([tree(a) for a in x])
    if t is list:
        return [tree(a) for a in x]
    if t is dict:
        return {k: tree(v) for k, v in x.items()}
    return x


def wrapped(r: Any) -> Any:
    """JAX's results as Arrays."""
    if isinstance(r, jax.Array):
        return Array(r)
    if isinstance(r, (tuple, list)):
        values = [wrapped(a) for a in r]
        return tuple(values) if not hasattr(r, "_fields") else type(r)(*values)
    return r


def taken(key: Any) -> tuple[Any, bool]:
    """An index for JAX, and whether it makes a view."""
    items = tuple(key) if isinstance(key, tuple) else (key,)
    basic, found = True, []
    for k in items:
        if isinstance(k, (_ndarray, list)):
            basic = False
            if NOTED[0] is not None and type(k) is _ndarray:
                NOTED[0](k)
            k = k.v if type(k) is Array else np.asarray(k)
        elif isinstance(k, range):
            basic, k = False, np.arange(k.start, k.stop, k.step)
        elif isinstance(k, (bool, np.bool_)):
            basic, k = False, np.asarray(k)
        found.append(k)
    return (tuple(found) if isinstance(key, tuple) else found[0]), basic


def _is_mask(key: Any, shape: tuple) -> bool:
    """Is the index one mask of the whole array?"""
    if type(key) is tuple and len(key) == 1:
        key = key[0]
    return getattr(key, "dtype", None) == np.bool_ and key.shape == shape
