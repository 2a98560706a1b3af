"""Inert stand-ins for what a file names and this process does not know.

With `weights_only=False`, and in `rushlight inspect`, an instance of a foreign class becomes a
`StandIn` that keeps its module, name, arguments, state and items. Nothing is imported or called.
"""

from __future__ import annotations

from typing import Any

__all__ = ["StandIn", "StandInClass"]


class StandInClass:
    """A class or function that a file names: `module` and `name`, nothing behind them."""

    __slots__ = ("module", "name")

    def __init__(self, module: str, name: str):
        self.module, self.name = module, name

    def __repr__(self) -> str:
        return f"<stand-in for {self.module}.{self.name}>"

    def __call__(self, *args: Any, **options: Any) -> Any:
        raise TypeError(_cannot(self, "be called"))

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(_cannot(self, "be pickled or copied"))


class StandIn:
    """An instance of a foreign class, as data.

    module, name  of the class or function that the file names
    args          what it would have been called with
    state         its attributes as they stand in the file; usually a dict, whose values can be read
                  as attributes, too
    values        what the file puts into it as into a list; pairs: as into a dict, (key, value)
    """

    def __init__(self, kind: StandInClass, args: tuple[Any, ...]):
        self.module, self.name = kind.module, kind.name
        self.args = args
        self.state: Any = None
        self.values: list[Any] = []
        self.pairs: list[tuple[Any, Any]] = []

    def __repr__(self) -> str:
        return f"<stand-in for an instance of {self.module}.{self.name}>"

    def __getattr__(self, name: str) -> Any:
        state = self.__dict__.get("state")
        if type(state) is dict and name in state:
            return state[name]
        raise AttributeError(_cannot(self, f"have the attribute {name!r}"))

    def __call__(self, *args: Any, **options: Any) -> Any:
        raise TypeError(_cannot(self, "be called"))

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError(_cannot(self, "be pickled or copied"))


def _cannot(what: StandIn | StandInClass, do: str) -> str:
    return (
        f"{what!r} cannot {do}: the file names a class that is not registered, and keeps its data "
        "only\n  fix: torch.serialization.add_safe_globals([the class]) before load"
    )
