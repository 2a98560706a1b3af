"""torch.backends of libraries that are not here: is_available() is False. Settings can be made and
read on the module, as on those of the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..core.names import explain_missing

enabled = False
_fastpath = [True]


def is_available() -> bool:
    """False"""
    return False


def is_built() -> bool:
    """False"""
    return False


def version() -> None:
    """None: the library is not here."""


def get_max_alg_id() -> None:
    """None: the library is not here."""


def set_flags(_enabled: bool) -> tuple[bool]:
    """Noted; what it was."""
    global enabled
    before, enabled = enabled, _enabled
    return (before,)


@contextmanager
def flags(enabled: bool = False) -> Iterator[None]:
    """A context in which set_flags(enabled) holds."""
    before = set_flags(enabled)
    try:
        yield
    finally:
        set_flags(*before)


def get_fastpath_enabled() -> bool:
    """May nn.MultiheadAttention take its fast path? Noted; results are the same."""
    return _fastpath[0]


def set_fastpath_enabled(value: bool) -> None:
    """Noted: what get_fastpath_enabled returns."""
    _fastpath[0] = bool(value)


def __dir__() -> list[str]:
    return ["is_available", "version"]


explain_missing(__name__)
