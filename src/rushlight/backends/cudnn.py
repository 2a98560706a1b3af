"""torch.backends.cudnn: not there; its switches can be set and read."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

__path__: list[str] = []  # modules of PyTorch's below this one: core/path_table.py

enabled = True
benchmark = False
benchmark_limit: int | None = None
deterministic = False
allow_tf32 = True
fp32_precision = "none"
conv = SimpleNamespace(fp32_precision="tf32")
rnn = SimpleNamespace(fp32_precision="tf32")


def is_available() -> bool:
    """Is cuDNN there? No."""
    return False


def version() -> int | None:
    """The version of cuDNN: None."""
    return None


@contextmanager
def flags(
    enabled: bool = False,
    benchmark: bool = False,
    benchmark_limit: int | None = 10,
    deterministic: bool = False,
    allow_tf32: bool = True,
) -> Iterator[None]:
    """Set the switches inside a with block; the old ones return at its end."""
    new: dict[str, Any] = dict(locals())
    here = globals()
    before = {name: here[name] for name in new}
    here.update(new)
    try:
        yield
    finally:
        here.update(before)
