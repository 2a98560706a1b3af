"""autocast as a context and a decorator, its settings, and Functions inside of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import numpy as np

from ..core.device import device as _device
from ..core.dtype import bfloat16, float16
from ..core.dtype import dtype as _dtype
from ..core.dtype_info import as_dtype
from ..core.notices import warn
from ..core.tensor import Tensor
from ..dispatch.autocast import DEFAULTS, enable, state

__all__ = ["autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]

_CPU_DTYPES = (bfloat16, float16)


def _kind(device_type: Any, name: str = "") -> str:
    """A device type as a word. TypeError: no string; RuntimeError: no device type."""
    if name and not isinstance(device_type, str):
        raise TypeError(
            f"{name}(): argument 'device_type' (position 1) must be str, not "
            f"{type(device_type).__name__}"
        )
    return _device(device_type).type


def _known(device_type: Any, name: str) -> str:
    kind = _kind(device_type, name)
    if kind not in DEFAULTS:
        raise RuntimeError(
            "unknown device type for autocast in get_autocast_dispatch_key_from_device_type"
        )
    return kind


def is_autocast_available(device_type: str) -> bool:
    """Can ops on this device choose their dtypes? True for the CPU (and for devices that PyTorch
    has it for).

    errors  RuntimeError: no device type
    """
    return _kind(device_type) in DEFAULTS


# ---------------------------------------------------------------- settings of the thread


def is_autocast_enabled(device_type: str | None = None) -> bool:
    """Is autocast on for the device type, in this thread? Without an argument: for "cuda".

    errors  RuntimeError: no device type, or one without autocast
    """
    return state.enabled.get(_known(device_type or "cuda", "is_autocast_enabled"), False)


def set_autocast_enabled(device_type: Any, enabled: Any = None) -> None:
    """Switch autocast on or off in this thread: set_autocast_enabled("cpu", True).

    errors  TypeError: not a bool; RuntimeError: no device type, or one without autocast
    """
    if enabled is None:
        device_type, enabled = "cuda", device_type
    if not isinstance(enabled, bool):
        raise TypeError(
            "set_autocast_enabled(): argument 'enabled' (position 1) must be bool, not "
            f"{type(enabled).__name__}"
        )
    enable(_known(device_type, "set_autocast_enabled"), enabled)


def get_autocast_dtype(device_type: str) -> _dtype:
    """The dtype that products are computed in: bfloat16 on the CPU, unless set.

    errors  RuntimeError: no device type, or one without autocast
    """
    kind = _kind(device_type, "get_autocast_dtype")
    if kind not in DEFAULTS:
        raise RuntimeError("unsupported scalarType")
    return state.dtype[kind]


def set_autocast_dtype(device_type: str, dtype: _dtype) -> None:
    """Choose the dtype that products are computed in, in this thread.

    errors  TypeError: not a dtype; RuntimeError: no device type, or one without autocast
    """
    state.dtype[_known(device_type, "set_autocast_dtype")] = as_dtype(dtype, "set_autocast_dtype")


def _deprecated(name: str, instead: str) -> None:
    warn(
        f"torch.{name} is deprecated. Please use torch.{instead} instead.",
        DeprecationWarning,
    )


def is_autocast_cpu_enabled() -> bool:
    """The old name of `is_autocast_enabled("cpu")`."""
    _deprecated("is_autocast_cpu_enabled()", "is_autocast_enabled('cpu')")
    return is_autocast_enabled("cpu")


def set_autocast_cpu_enabled(enabled: bool) -> None:
    """The old name of `set_autocast_enabled("cpu", enabled)`."""
    _deprecated("set_autocast_cpu_enabled(enabled)", "set_autocast_enabled('cpu', enabled)")
    set_autocast_enabled("cpu", enabled)


def get_autocast_cpu_dtype() -> _dtype:
    """The old name of `get_autocast_dtype("cpu")`."""
    _deprecated("get_autocast_cpu_dtype()", "get_autocast_dtype('cpu')")
    return get_autocast_dtype("cpu")


def set_autocast_cpu_dtype(dtype: _dtype) -> None:
    """The old name of `set_autocast_dtype("cpu", dtype)`."""
    _deprecated("set_autocast_cpu_dtype(dtype)", "set_autocast_dtype('cpu', dtype)")
    set_autocast_dtype("cpu", dtype)


def get_autocast_gpu_dtype() -> _dtype:
    """The old name of `get_autocast_dtype("cuda")`."""
    _deprecated("get_autocast_gpu_dtype()", "get_autocast_dtype('cuda')")
    return get_autocast_dtype("cuda")


def set_autocast_gpu_dtype(dtype: _dtype) -> None:
    """The old name of `set_autocast_dtype("cuda", dtype)`."""
    _deprecated("set_autocast_gpu_dtype(dtype)", "set_autocast_dtype('cuda', dtype)")
    set_autocast_dtype("cuda", dtype)


def is_autocast_cache_enabled() -> bool:
    """Are the copies of weights kept until the outermost context ends?"""
    return state.caches


def set_autocast_cache_enabled(enabled: bool) -> None:
    """Keep the copies of weights, or cast them for every op."""
    if not isinstance(enabled, bool):
        raise TypeError(f"enabled must be a bool (got {type(enabled).__name__})")
    state.caches = enabled


def clear_autocast_cache() -> None:
    """Forget the copies of weights: after they were changed inside a context."""
    state.cache.clear()


def autocast_increment_nesting() -> int:
    """One context more around; how many there are."""
    state.nesting += 1
    return state.nesting


def autocast_decrement_nesting() -> int:
    """One context less around; how many there are."""
    state.nesting -= 1
    return state.nesting


# ---------------------------------------------------------------- the context


class autocast:
    """`with autocast("cpu", dtype=bfloat16):` products and convolutions run in the lower dtype,
    losses in float32; also a decorator. docs/autocast.md has the lists.

    device_type    "cpu"; for one that is not there the context does nothing, with a warning
    dtype          bfloat16 (the default) or float16
    enabled        False: ops inside run in the dtypes that they get
    cache_enabled  a weight is cast once per outermost context
    errors         ValueError: no string; RuntimeError: no device type

    >>> with torch.autocast("cpu"):
    ...     (torch.ones(1, 2) @ torch.ones(2, 1)).dtype
    torch.bfloat16
    """

    def __init__(
        self,
        device_type: str,
        dtype: Any = None,
        enabled: bool = True,
        cache_enabled: bool | None = None,
    ):
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        kind = _device(device_type).type
        self.fast_dtype = get_autocast_dtype(device_type) if dtype is None else dtype
        self.device = device_type
        self._kind = kind
        self._cache_enabled = state.caches if cache_enabled is None else cache_enabled
        if enabled and kind == "cuda":
            warn("CUDA is not available or torch_xla is imported. Disabling autocast.")
            enabled = False
        elif enabled and kind == "cpu" and self.fast_dtype not in _CPU_DTYPES:
            warn(
                "In CPU autocast, but the target dtype is not supported. Disabling autocast.\n"
                "CPU Autocast only supports dtypes of torch.bfloat16, torch.float16 currently.",
            )
            enabled = False
        self._enabled = enabled
        self._before: list[tuple] = []

    def __enter__(self) -> autocast:
        kind = self._kind
        self._before.append((state.enabled.get(kind, False), state.dtype[kind], state.caches))
        enable(kind, bool(self._enabled))
        state.dtype[kind], state.caches = self.fast_dtype, self._cache_enabled
        autocast_increment_nesting()
        return self

    def __exit__(self, *error: object) -> None:
        kind = self._kind
        if autocast_decrement_nesting() == 0:
            clear_autocast_cache()
        enabled, state.dtype[kind], state.caches = self._before.pop()
        enable(kind, enabled)

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def decorated(*args: Any, **options: Any) -> Any:
            with self:
                return function(*args, **options)

        return decorated


# ---------------------------------------------------------------- autograd.Function


def _cast(value: Any, kind: str, dtype: Any) -> Any:
    """The floating tensors (but float64) of nested containers in dtype."""
    if isinstance(value, Tensor):
        wanted = value.is_floating_point() and value.device.type == kind and value.itemsize < 8
        return value.to(dtype) if wanted else value
    if isinstance(value, (str, bytes, np.ndarray)):
        return value
    if isinstance(value, Mapping):
        return {_cast(k, kind, dtype): _cast(v, kind, dtype) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)([_cast(v, kind, dtype) for v in value])
    return value


def _checked(device_type: Any) -> str:
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
    return device_type


def custom_fwd(fwd: Any = None, *, device_type: str, cast_inputs: Any = None) -> Any:
    """Decorates the forward of an autograd.Function.

    cast_inputs  under autocast, floating tensors are cast to this dtype, and forward runs without
                 autocast; None: it runs as it is called
    errors       ValueError: device_type is no string
    """
    kind = _checked(device_type)
    if fwd is None:
        return lambda f: custom_fwd(f, device_type=kind, cast_inputs=cast_inputs)

    @wraps(fwd)
    def forward(*args: Any, **kwargs: Any) -> Any:
        args[0]._dtype = get_autocast_dtype(kind)
        on = is_autocast_enabled(kind)
        args[0]._fwd_used_autocast = on if cast_inputs is None else False
        if cast_inputs is None or not on:
            return fwd(*args, **kwargs)
        with autocast(kind, enabled=False):
            return fwd(
                *_cast(args, kind, cast_inputs),
                **{k: _cast(v, kind, cast_inputs) for k, v in kwargs.items()},
            )

    return forward


def custom_bwd(bwd: Any = None, *, device_type: str) -> Any:
    """Decorates the backward of an autograd.Function: it runs with autocast as forward did.

    errors  ValueError: device_type is no string
    """
    kind = _checked(device_type)
    if bwd is None:
        return lambda f: custom_bwd(f, device_type=kind)

    @wraps(bwd)
    def backward(*args: Any, **kwargs: Any) -> Any:
        with autocast(kind, enabled=args[0]._fwd_used_autocast, dtype=args[0]._dtype):
            return bwd(*args, **kwargs)

    return backward
