"""torch.nn.attention: which ways of computing attention are permitted; `bias`, `flex_attention`.

rushlight has one kernel, which stands in PyTorch's place "flash", and the plain formula, "math".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from importlib import import_module as _import_module
from typing import Any

from ...core.names import elsewhere as _elsewhere
from ...ops.attention import ENABLED as _ENABLED

__all__ = ["WARN_FOR_UNFUSED_KERNELS", "SDPBackend", "sdpa_kernel"]

WARN_FOR_UNFUSED_KERNELS = False
_SUBMODULES = frozenset({"bias", "flex_attention"})


class SDPBackend(IntEnum):
    """The ways in which scaled_dot_product_attention may be computed."""

    ERROR = -1
    MATH = 0
    FLASH_ATTENTION = 1
    EFFICIENT_ATTENTION = 2
    CUDNN_ATTENTION = 3
    OVERRIDEABLE = 4


_SWITCHES = {
    SDPBackend.MATH: "math",
    SDPBackend.FLASH_ATTENTION: "flash",
    SDPBackend.EFFICIENT_ATTENTION: "mem_efficient",
    SDPBackend.CUDNN_ATTENTION: "cudnn",
}


@contextmanager
def sdpa_kernel(
    backends: list[SDPBackend] | SDPBackend, set_priority: bool = False
) -> Iterator[dict[Any, Any]]:
    """Within the context only these ways are permitted; also a decorator.

    set_priority   accepted: the order changes nothing, the kernel is taken whenever it can
    errors         AssertionError: no SDPBackend; scaled_dot_product_attention raises a
                   RuntimeError when nothing that is permitted can compute it
    """
    if not isinstance(backends, (list, SDPBackend)):
        raise AssertionError(
            "Backend must be an instance of SDPBackend or a list of SDPBackend instances, got "
            f"{type(backends).__name__}"
        )
    wanted = [backends] if isinstance(backends, SDPBackend) else backends
    before = dict(_ENABLED)
    _ENABLED.update({name: backend in wanted for backend, name in _SWITCHES.items()})
    try:
        yield {}
    finally:
        _ENABLED.update(before)


def _cur_sdpa_kernel_backends(with_priority: bool = False) -> list[SDPBackend]:
    """The ways that are permitted now."""
    order = ("FLASH_ATTENTION", "EFFICIENT_ATTENTION", "MATH", "CUDNN_ATTENTION")
    return [SDPBackend[name] for name in order if _ENABLED[_SWITCHES[SDPBackend[name]]]]


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return _import_module(f"{__name__}.{name}")
    return _elsewhere(__name__, name)


def __dir__() -> list[str]:
    return sorted({*__all__, *_SUBMODULES})
