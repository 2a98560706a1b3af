"""torch.backends.mkldnn: not used, rushlight has its own kernels; its switches can be set."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

enabled = True
deterministic = False
fp32_precision = "none"
conv = SimpleNamespace(fp32_precision="none")
matmul = SimpleNamespace(fp32_precision="none")
rnn = SimpleNamespace(fp32_precision="none")


def is_available() -> bool:
    """Is Intel's oneDNN used? No."""
    return False


@contextmanager
def flags(enabled: bool = False, deterministic: bool = False) -> Iterator[None]:
    """Set the switches inside a with block; the old ones return at its end."""
    here = globals()
    before = here["enabled"], here["deterministic"]
    here["enabled"], here["deterministic"] = enabled, deterministic
    try:
        yield
    finally:
        here["enabled"], here["deterministic"] = before
