"""What the compiler and those who ask about it share: is a program being traced, which programs
there are, the settings of torch._dynamo.config.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

TRACING: list[Any] = []  # the programs that are being traced, the innermost last
PROGRAMS: weakref.WeakSet[Any] = weakref.WeakSet()  # all that torch.compile has made
DISABLED: set[Any] = set()  # code objects of functions that torch.compiler.disable was given
# several processes: RANKS[0]() gives what joins their programs, or None. It has axis_env, for
# make_jaxpr, and jit(jaxpr, donate_argnums); distributed/ sets it.
RANKS: list[Any] = [None]
STANCE = ["default"]  # of torch.compiler.set_stance


class CannotCompile(Exception):
    """The function does something that a compiled program cannot repeat.

    what  a clause after "it": "changes the list losses"
    fix   the way out, a clause; "" if there is none
    """

    def __init__(self, what: str, fix: str = ""):
        super().__init__(what)
        self.what, self.fix = what, fix


class Unsupported(RuntimeError):
    """fullgraph=True, and the function cannot be compiled as a whole."""


class InvalidBackend(RuntimeError):
    """torch.compile(backend=...) with an unknown name."""


class FailOnRecompileLimitHit(RuntimeError):
    """fullgraph=True, and there are more keys than the limit allows."""


for _error in (Unsupported, InvalidBackend, FailOnRecompileLimitHit):
    _error.__module__ = "torch._dynamo.exc"


class _Config(SimpleNamespace):
    """torch._dynamo.config: `recompile_limit` counts, all else is noted; what was not set is
    False."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return False

    @contextmanager
    def patch(self, settings: Any = None, value: Any = None, **changes: Any) -> Iterator[None]:
        """A context, or decorator, in which settings have other values."""
        if isinstance(settings, str):
            changes[settings] = value
        elif settings:
            changes.update(settings)
        before = {name: getattr(self, name) for name in changes}
        vars(self).update(changes)
        try:
            yield
        finally:
            vars(self).update(before)


config = _Config(
    automatic_dynamic_shapes=True,
    cache_size_limit=8,
    recompile_limit=8,
    accumulated_cache_size_limit=256,
)


def reset() -> None:
    """Forget all compiled programs: every function begins as if it had never been called."""
    for program in list(PROGRAMS):
        program.forget()
