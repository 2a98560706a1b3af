"""Handles that take a hook out again."""

from __future__ import annotations

import itertools
import weakref
from typing import Any


class RemovableHandle:
    """What registering a hook returns: `remove()` takes the hook out; also a context manager.

    hooks_dict: the table the hook was put into; extra_dict: further tables keyed by the same id.
    """

    _ids = itertools.count()

    def __init__(self, hooks_dict: Any, *, extra_dict: Any = None):
        self.id = next(self._ids)
        self._tables = [_Reference(hooks_dict)]
        for extra in (
            extra_dict
            if isinstance(extra_dict, list)
            else [extra_dict]
            if extra_dict is not None
            else []
        ):
            self._tables.append(_Reference(extra))

    def remove(self) -> None:
        """Take the hook out; a second call does nothing."""
        for reference in self._tables:
            table = reference()
            if table is not None:
                table.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()

    def __getstate__(self) -> dict:
        return {"id": self.id, "tables": [r() for r in self._tables]}

    def __setstate__(self, state: dict) -> None:
        self.id = state["id"]
        self._tables = [_Reference({} if t is None else t) for t in state["tables"]]


class _Reference:
    """A weak reference where the table allows one (OrderedDict), a strong one to a plain dict."""

    def __init__(self, table: Any):
        self.get: Any
        try:
            self.get = weakref.ref(table)
        except TypeError:
            self.get = lambda: table

    def __call__(self) -> Any:
        return self.get()
