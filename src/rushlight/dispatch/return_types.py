"""torch.return_types: tuples whose items have names, such as (values, indices) of max(dim)."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

__all__ = ["named_result"]

_NAMED: dict[str, Any] = {}


def named_result(name: str, fields: tuple[str, ...]) -> Any:
    """The class of an operation's results: "linalg.slogdet" is torch.return_types.linalg_slogdet.

    An instance is a tuple, prints as PyTorch's does, one field to a line, and can be pickled.
    """
    if name in _NAMED:
        return _NAMED[name]
    title = name.replace(".", "_")

    def reduce(self: Any) -> tuple[Any, ...]:
        return _made, (name, fields, tuple(self))

    members = {
        "__slots__": (),
        "__module__": "torch.return_types",
        "__repr__": _text,
        "__reduce__": reduce,
    }
    _NAMED[name] = type(title, (namedtuple(title, fields),), members)  # type: ignore[misc]
    return _NAMED[name]


def _text(self: Any) -> str:
    items = ",\n".join(f"{name}={item!r}" for name, item in zip(self._fields, self, strict=True))
    return f"torch.return_types.{type(self).__name__}(\n{items})"


def _made(name: str, fields: tuple[str, ...], items: tuple[Any, ...]) -> Any:
    return named_result(name, fields)(*items)
