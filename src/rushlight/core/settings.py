"""Global settings that PyTorch keeps at the top of its namespace."""

from __future__ import annotations

from typing import Any

from ..kernels import set_medium_products
from .notices import warn

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


PRECISION: list[Any] = []  # told, too: of other devices, see accelerators.py


def set_float32_matmul_precision(precision: str) -> None:
    """How products of float32 are computed: "highest", the default, and "high" in float32.

    "medium": operands of products of more than 8 rows and columns are rounded to bfloat16, sums and
    results are float32, if the processor has a fast instruction for it (AMD's avx512_bf16); else in
    float32.
    On other devices the word is JAX's: "high" is TF32 on GPUs, "medium" bfloat16.

    An unknown word warns and changes nothing; RuntimeError: no word.
    """
    if not isinstance(precision, str):
        raise RuntimeError(
            "set_float32_matmul_precision expects a str, but got " + type(precision).__name__
        )
    if precision not in ("highest", "high", "medium"):
        warn(
            f"{precision} is not one of 'highest', 'high', or 'medium'; the current"
            "setFloat32MatmulPrecision call has no effect."
        )
        return
    _settings["precision"] = precision
    set_medium_products(precision == "medium")
    for f in PRECISION:
        f(precision)


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


# what was built in: NumPy's LAPACK and Fourier transforms, and threads of our own, no MKL or OpenMP
has_lapack = has_spectral = True
has_mkl = has_openmp = False


def is_vulkan_available() -> bool:
    """False."""
    return False


def set_warn_always(b: bool) -> None:
    """Noted; whether a warning is shown again is for Python's filters to say. RuntimeError: no bool

    Warnings here are raised each time.
    """
    if not isinstance(b, bool):
        raise RuntimeError(f"setWarnOnlyOnce expects a bool, but got {type(b).__name__}")
    _settings["warn_always"] = b


def is_warn_always_enabled() -> bool:
    """What set_warn_always was told."""
    return _settings.get("warn_always", False)


def thread_safe_generator() -> None:
    """None: there are no loader workers that are threads, so the default generator is right."""
