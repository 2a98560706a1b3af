"""torch.masked: reductions and normalisations under a mask, made from the schemas in
`ops.masked_reductions`.

Tensors that carry their mask (MaskedTensor, a prototype of PyTorch's) are not there: the names are,
so that code which only mentions them runs, and say so when they are called.
"""

from __future__ import annotations

from typing import Any

from .core.names import elsewhere as _elsewhere
from .dispatch.registry import FUNCTIONS as _FUNCTIONS
from .ops.masked_reductions import MaskedTensor as MaskedTensor

__path__: list[str] = []  # modules of PyTorch's below this one: core/path_table.py


def __getattr__(name: str) -> Any:
    if f"masked.{name}" in _FUNCTIONS:
        globals()[name] = function = _FUNCTIONS[f"masked.{name}"]
        return function
    return _elsewhere(__name__, name)


def __dir__() -> list[str]:
    names = [n.removeprefix("masked.") for n in _FUNCTIONS if n.startswith("masked.")]
    return sorted([*names, "MaskedTensor"])
