"""torch.nn.modules: the names of torch.nn, and PyTorch's files, which core/path_table.py lists."""

import sys as _sys

from ...core.paths import submodule as _submodule

_nn = _sys.modules[__package__.rpartition(".")[0]]


def __getattr__(name: str):
    """A file of PyTorch's (torch.nn.modules.linear), or what torch.nn has (Linear)."""
    found = _submodule(__name__, name)
    return getattr(_nn, name) if found is None else found


def __dir__() -> list[str]:
    return sorted({"utils", *(n for n in dir(_nn) if n[:1].isupper())})
