"""Questions about tensors and settings that PyTorch keeps at the top of its namespace."""

from __future__ import annotations

from typing import Any

from . import dtype as dtypes
from .dtype import FLOAT, dtype, get_default_dtype, result_dtype, set_default_dtype
from .grad_mode import is_anomaly_enabled
from .tensor import Tensor


def is_tensor(obj: Any) -> bool:
    """True if obj is a Tensor."""
    return isinstance(obj, Tensor)


def is_storage(obj: Any) -> bool:
    """True if obj is a storage."""
    from .storage import TypedStorage, UntypedStorage

    return isinstance(obj, (UntypedStorage, TypedStorage))


def is_floating_point(input: Tensor) -> bool:
    """True if input's dtype is floating."""
    return input.is_floating_point()


def is_complex(input: Tensor) -> bool:
    """True if input's dtype is complex."""
    return input.is_complex()


def is_signed(input: Tensor) -> bool:
    """True if input's dtype is signed."""
    return input.is_signed()


def is_conj(input: Tensor) -> bool:
    """False: conjugation is never lazy here."""
    return input.is_conj()


def is_neg(input: Tensor) -> bool:
    """False: negation is never lazy here."""
    return input.is_neg()


def is_inference(input: Tensor) -> bool:
    """True if input was made inside inference_mode."""
    return input.is_inference()


def is_nonzero(input: Tensor) -> bool:
    """True if the only element is not zero. RuntimeError: not exactly one element."""
    return bool(input)


def is_same_size(input: Tensor, other: Tensor) -> bool:
    """True if the shapes are equal."""
    return input.is_same_size(other)


def numel(input: Tensor) -> int:
    """The number of elements."""
    return input.numel()


def result_type(tensor1: Any, tensor2: Any) -> dtype:
    """The dtype of an arithmetic operation on the two tensors or numbers."""
    return result_dtype((tensor1, tensor2))


def typename(obj: Any) -> str:
    """'torch.FloatTensor' for tensors, the qualified class name otherwise."""
    if isinstance(obj, Tensor):
        return obj.type()
    cls = obj if isinstance(obj, type) else type(obj)
    return (
        cls.__qualname__
        if cls.__module__ in ("builtins", "")
        else f"{cls.__module__}.{cls.__qualname__}"
    )


def set_default_tensor_type(t: Any) -> None:
    """Set the default dtype by a tensor type such as torch.DoubleTensor (deprecated in PyTorch)."""
    from ..ops.convert import dtype_of_type

    set_default_dtype(dtype_of_type(t))


def compile(model: Any = None, **options: Any) -> Any:
    """The model as it is.

    There is no compiler here, and none is needed for the results to be right.
    """
    return model if model is not None else lambda f: f


_settings: dict[str, Any] = {"deterministic": False, "warn_only": False, "precision": "highest"}


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Noted; results here are always deterministic, for any number of threads."""
    _settings["deterministic"], _settings["warn_only"] = bool(mode), bool(warn_only)


def are_deterministic_algorithms_enabled() -> bool:
    """What use_deterministic_algorithms was told."""
    return _settings["deterministic"]


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """What use_deterministic_algorithms was told of warn_only."""
    return _settings["warn_only"]


_DEBUG_MODES = ("default", "warn", "error")


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """The same as a word or number: "default" 0, "warn" 1, "error" 2. RuntimeError: another one."""
    if isinstance(debug_mode, str):
        if debug_mode not in _DEBUG_MODES:
            raise RuntimeError(
                "invalid value of debug_mode, expected one of `default`, `warn`, `error`, "
                f"but got {debug_mode}"
            )
        debug_mode = _DEBUG_MODES.index(debug_mode)
    elif debug_mode not in (0, 1, 2):
        raise RuntimeError(
            f"invalid value of debug_mode, expected 0, 1, or 2, but got {debug_mode}"
        )
    use_deterministic_algorithms(debug_mode > 0, warn_only=debug_mode == 1)


def get_deterministic_debug_mode() -> int:
    """0, 1 or 2, as set by `set_deterministic_debug_mode` or `use_deterministic_algorithms`."""
    return 0 if not _settings["deterministic"] else 1 if _settings["warn_only"] else 2


def set_float32_matmul_precision(precision: str) -> None:
    """Noted; float32 products are always computed in float32. RuntimeError: an unknown word."""
    if precision not in ("highest", "high", "medium"):
        raise RuntimeError(
            f"{precision} is not one of 'highest', 'high', or 'medium'; the current choice is "
            f"{_settings['precision']}."
        )
    _settings["precision"] = precision


def get_float32_matmul_precision() -> str:
    """What set_float32_matmul_precision was told."""
    return _settings["precision"]


def get_num_interop_threads() -> int:
    """1: operations never run beside each other here."""
    return 1


def set_num_interop_threads(n: int) -> None:
    """Accepted: operations never run beside each other here. RuntimeError: n < 1."""
    if n < 1:
        raise RuntimeError("set_num_interop_threads expects a positive integer")


def set_flush_denormal(mode: bool) -> bool:
    """False: denormal numbers are kept, the request is not carried out."""
    return False


class _TypeMeta(type):
    dtype: dtype

    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, Tensor) and x.dtype is cls.dtype


def _tensor_type(scalar: str, d: dtype) -> type:
    def __new__(cls, *data: Any, device: Any = None):
        from .interop import legacy_tensor

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

__all__ = ["FLOAT", "get_default_dtype", "is_anomaly_enabled"]
