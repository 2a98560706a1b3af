"""dtypes under PyTorch's names, and PyTorch's promotion rules (not NumPy's).

Categories, lowest first: bool < integer < floating < complex. A value of a higher category decides
the category of a result; among operands of that category only those with dimensions decide the
width: a 0-d tensor or a Python number never widens its own category.
Source: https://docs.pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc
"""

from __future__ import annotations

from typing import Any

import numpy as np

BOOL, INT, FLOAT, COMPLEX = range(4)


class dtype:
    """One of PyTorch's element types; `torch.float32` and friends are its only instances.

    Attributes: name, itemsize (bytes), is_floating_point, is_complex, is_signed, category, and
    `np`, the
    NumPy dtype, which for bfloat16 and the float8 types comes from ml_dtypes and is loaded on first
    use.
    """

    __slots__ = (
        "__weakref__",
        "category",
        "is_complex",
        "is_floating_point",
        "is_signed",
        "itemsize",
        "name",
        "np",
    )

    def __init__(self, name: str, itemsize: int, category: int, signed: bool = True):
        self.name, self.itemsize, self.category, self.is_signed = name, itemsize, category, signed
        self.is_floating_point, self.is_complex = category == FLOAT, category == COMPLEX

    def __getattr__(self, attribute: str) -> Any:
        if attribute != "np":
            raise AttributeError(f"'torch.dtype' object has no attribute '{attribute}'")
        if self.name == "complex32":
            raise NotImplementedError(
                "torch.complex32: NumPy has no half precision complex dtype; use torch.complex64"
            )
        if self.name == "qint8":
            raise NotImplementedError(
                "torch.qint8: rushlight has no quantized tensors, but Linear layers with such "
                "weights: torch.ao.quantization.quantize_dynamic"
            )
        try:
            import ml_dtypes
        except ModuleNotFoundError as error:
            raise NotImplementedError(
                f"{self!r} needs the package ml_dtypes, which is not installed; "
                "fix: pip install ml_dtypes (under Pyodide: await micropip.install('ml_dtypes')), "
                "or use torch.float32"
            ) from error

        self.np = np.dtype(getattr(ml_dtypes, self.name))
        FROM_NUMPY[self.np] = self
        return self.np

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self):
        return _by_name, (self.name,)

    def to_real(self) -> dtype:
        """The real dtype of one part: complex64 -> float32; real dtypes are kept."""
        return _REAL.get(self, self)

    def to_complex(self) -> dtype:
        """The complex dtype whose parts have this width: float32 -> complex64."""
        if self.category == COMPLEX:
            return self
        return _COMPLEX.get(self, complex64)


def _by_name(name: str) -> dtype:
    return qint8 if name == "qint8" else DTYPES[name]


def _numpy(name: str, category: int, signed: bool = True, np_name: str | None = None) -> dtype:
    array_type = np.dtype(np_name or name)
    d = dtype(name, array_type.itemsize, category, signed)
    d.np = array_type
    return d


bool_ = _numpy("bool", BOOL, False)
uint8 = _numpy("uint8", INT, False)
int8 = _numpy("int8", INT)
int16 = _numpy("int16", INT)
int32 = _numpy("int32", INT)
int64 = _numpy("int64", INT)
uint16 = _numpy("uint16", INT, False)
uint32 = _numpy("uint32", INT, False)
uint64 = _numpy("uint64", INT, False)
float16 = _numpy("float16", FLOAT)
float32 = _numpy("float32", FLOAT)
float64 = _numpy("float64", FLOAT)
complex64 = _numpy("complex64", COMPLEX)
complex128 = _numpy("complex128", COMPLEX)
bfloat16 = dtype("bfloat16", 2, FLOAT)
float8_e4m3fn = dtype("float8_e4m3fn", 1, FLOAT)
float8_e5m2 = dtype("float8_e5m2", 1, FLOAT)
float8_e4m3fnuz = dtype("float8_e4m3fnuz", 1, FLOAT)
float8_e5m2fnuz = dtype("float8_e5m2fnuz", 1, FLOAT)
complex32 = dtype("complex32", 4, COMPLEX)
qint8 = dtype("qint8", 1, INT)  # a name only: of weights, see nn/int8.py

_ALL = (
    bool_,
    uint8,
    int8,
    int16,
    int32,
    int64,
    uint16,
    uint32,
    uint64,
    float16,
    float32,
    float64,
    complex64,
    complex128,
    bfloat16,
    float8_e4m3fn,
    float8_e5m2,
    float8_e4m3fnuz,
    float8_e5m2fnuz,
    complex32,
)
DTYPES = {d.name: d for d in _ALL}
ALIASES = {
    "half": float16,
    "float": float32,
    "double": float64,
    "short": int16,
    "int": int32,
    "long": int64,
    "cfloat": complex64,
    "cdouble": complex128,
    "chalf": complex32,
}
_BARE_UNSIGNED = ("uint16", "uint32", "uint64")
_REAL = {complex32: float16, complex64: float32, complex128: float64}
_COMPLEX = {float16: complex32, bfloat16: complex64, float32: complex64, float64: complex128}
FROM_NUMPY: dict[np.dtype, dtype] = {d.np: d for d in _ALL[:14]}

# The names that error messages use: "expected scalar type Float but found Double".
SCALAR_NAME = {
    bool_: "Bool",
    uint8: "Byte",
    int8: "Char",
    int16: "Short",
    int32: "Int",
    int64: "Long",
    uint16: "UInt16",
    uint32: "UInt32",
    uint64: "UInt64",
    float16: "Half",
    bfloat16: "BFloat16",
    float32: "Float",
    float64: "Double",
    complex32: "ComplexHalf",
    complex64: "ComplexFloat",
    complex128: "ComplexDouble",
}


def scalar_name(d: dtype) -> str:
    """PyTorch's name of a dtype in error messages: float32 -> 'Float'."""
    return SCALAR_NAME.get(d) or d.name.capitalize()


def from_numpy_dtype(array_type: np.dtype) -> dtype:
    """The torch dtype of a NumPy dtype.

    TypeError for one that PyTorch does not have (strings, float128).
    """
    found = FROM_NUMPY.get(array_type)
    if found is None:
        found = DTYPES.get(array_type.name)
        if found is None:
            raise TypeError(
                f"can't convert np.ndarray of type numpy.{array_type.type.__name__}. The only "
                "supported types are: float64, float32, float16, complex64, complex128, int64, "
                "int32, int16, int8, uint64, uint32, uint16, uint8, and bool."
            )
        if array_type.isnative and found.np == array_type:
            FROM_NUMPY[array_type] = found
    return found


def adopted(a: np.ndarray) -> np.ndarray:
    """An array from outside, over the same memory, with the dtype object that our arrays have.

    Pickled arrays bring their own, equal but not the same, and it is handed on to results; the
    short ways ask `a.dtype is float32`.
    """
    own = from_numpy_dtype(a.dtype).np
    return a if a.dtype is own else a.view(own)


_PYTHON_TYPES = {float: float64, int: int64, bool: bool_, complex: complex128}


def as_dtype(given: Any, function: str, argument: str = "'dtype'") -> dtype:
    """The dtype that a user's argument means; Python's float, int, bool, complex mean their widest.

    TypeError in PyTorch's words for anything else.
    """
    if type(given) is dtype:
        return given
    try:
        return _PYTHON_TYPES[given]
    except (KeyError, TypeError):
        kind = type(given).__name__
        known = kind == "str" and type(globals().get(given)) is dtype
        fix = f"\n  fix: torch.{given}, without quotes" if known else ""
        raise TypeError(
            f"{function}(): argument {argument} must be torch.dtype, not {kind}{fix}"
        ) from None


def is_dtype(x: Any) -> bool:
    """True for what `as_dtype` reads."""
    return type(x) is dtype or (isinstance(x, type) and x in _PYTHON_TYPES)


_default = float32


def get_default_dtype() -> dtype:
    """The dtype of tensors made from Python floats; float32 unless set otherwise."""
    return _default


def set_default_dtype(d: dtype) -> None:
    """Set the floating dtype that Python floats become. TypeError: not a floating dtype."""
    global _default
    if not isinstance(d, dtype) or d.category != FLOAT:
        raise TypeError(
            "invalid dtype object: only floating-point types are supported as the default type\n"
            f"  got {d}"
        )
    _default = d


def default_complex() -> dtype:
    return _default.to_complex()


def promote_types(a: dtype, b: dtype) -> dtype:
    """The smallest dtype that both convert to without leaving their category.

    Int32, float16 -> float16.
    """
    if a is b and type(a) is dtype:
        return a
    if not (type(a) is type(b) is dtype):
        a = as_dtype(a, "promote_types", "'type1' (position 1)")
        b = as_dtype(b, "promote_types", "'type2' (position 2)")
    if a.category != b.category:
        low, high = (a, b) if a.category < b.category else (b, a)
        if high.category == COMPLEX and low.category == FLOAT:
            return promote_types(high, low.to_complex())
        return high
    if a.category == INT:
        return _promote_integers(a, b)
    if min(a.itemsize, b.itemsize) == 1:
        raise RuntimeError(
            f"Promotion for Float8 Types is not supported, attempted to promote {scalar_name(a)} "
            f"and {scalar_name(b)}"
        )
    if a.itemsize == b.itemsize:  # float16 with bfloat16
        return float32
    return a if a.itemsize > b.itemsize else b


def _promote_integers(a: dtype, b: dtype) -> dtype:
    if a.name in _BARE_UNSIGNED or b.name in _BARE_UNSIGNED:
        raise RuntimeError(
            "Promotion for uint16, uint32, uint64 types is not supported, attempted to promote "
            f"{scalar_name(a)} and {scalar_name(b)}"
        )
    if a.is_signed == b.is_signed:
        return a if a.itemsize > b.itemsize else b
    signed = b if b.is_signed else a  # the other one is uint8
    return signed if signed.itemsize > 1 else int16


def number_dtype(x: Any) -> dtype:
    """What a Python number counts as: bool, int64, the default float dtype or its complex."""
    kind = type(x)
    if kind is bool:
        return bool_
    if kind is int:
        return int64
    if kind is float:
        return _default
    if isinstance(x, (bool, np.bool_)):
        return bool_
    if isinstance(x, (int, np.integer)):
        return int64
    if isinstance(x, (float, np.floating)):
        return _default
    if isinstance(x, (complex, np.complexfloating)):
        return _default.to_complex()
    raise TypeError(f"expected a Tensor or a number, got {kind.__name__}")


def _combine(higher: dtype | None, lower: dtype | None) -> dtype | None:
    """Let `lower` (0-d tensors, then numbers) raise the category of `higher`, never its width."""
    if higher is None or lower is None or higher.category == COMPLEX:
        return higher if lower is None or higher is not None else lower
    if higher.category == FLOAT:
        return higher.to_complex() if lower.category == COMPLEX else higher
    if higher.category == BOOL or lower.category >= FLOAT:
        return promote_types(higher, lower)
    return higher


def result_dtype(operands) -> dtype:
    """PyTorch's result type of tensors and numbers. operands: Tensors or Python numbers."""
    with_dims = zero_dims = numbers = None
    for x in operands:
        array = getattr(x, "_a", None)
        if array is None:
            d = number_dtype(x)
            numbers = d if numbers is None else promote_types(numbers, d)
        else:
            d = from_numpy_dtype(array.dtype)
            if array.ndim:
                with_dims = d if with_dims is None else promote_types(with_dims, d)
            else:
                zero_dims = d if zero_dims is None else promote_types(zero_dims, d)
    found = _combine(with_dims, _combine(zero_dims, numbers))
    if found is None:
        raise ValueError("result_type needs at least one tensor or number")
    return found


def can_cast(source: dtype, target: dtype) -> bool:
    """True if `source` may be written into `target`.

    The category must not fall; width and sign may.
    """
    if not (type(source) is type(target) is dtype):
        source = as_dtype(source, "can_cast", "'from_' (position 1)")
        target = as_dtype(target, "can_cast", "'to' (position 2)")
    return source.category <= target.category


def check_can_cast(source: dtype, target: dtype) -> None:
    """RuntimeError, in PyTorch's words, unless a result of dtype `source` may be stored in
    `target`.
    """
    if not can_cast(source, target):
        raise RuntimeError(
            f"result type {scalar_name(source)} can't be cast to the desired output type "
            f"{scalar_name(target)}"
        )
