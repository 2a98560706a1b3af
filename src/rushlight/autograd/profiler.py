"""torch.autograd.profiler: no profiler, only the marks that programs leave for one."""

from __future__ import annotations

from typing import Any

from ..core.grad_mode import _Decorator
from ..core.names import explain_missing

__all__ = ["record_function"]


class record_function(_Decorator):
    """Context and decorator that names a block for a profiler: none listens."""

    def __init__(self, name: str, args: str | None = None):
        self.name, self.args = name, args

    def __enter__(self) -> Any:
        return self

    def clone(self) -> record_function:
        return record_function(self.name, self.args)


explain_missing(__name__)
