"""torch.utils.data's data pipes: the base classes, so that a program can write its own. The pipes
that PyTorch ships are not here (core/path_table.py refuses them by name)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ...core.paths import is_refused
from .dataset import Dataset, IterableDataset

__path__: list[str] = []  # modules of PyTorch's below this one: core/path_table.py


class _Functional:
    """Pipes registered under a name are methods of all pipes of their kind."""

    functions: dict[str, Callable]

    def __getattr__(self, name: str) -> Any:
        functions = type(self).functions
        if name in functions:
            return functools.partial(functions[name], self)
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    @classmethod
    def register_datapipe_as_function(
        cls, function_name: str, cls_to_register: Callable, enable_df_api_tracing: bool = False
    ) -> None:
        """pipe.function_name(...) is cls_to_register(pipe, ...). errors  Exception: it is taken"""
        if function_name in cls.functions:
            raise Exception(
                f"Unable to add DataPipe function name {function_name} as it is already taken"
            )
        cls.functions[function_name] = cls_to_register


class IterDataPipe(_Functional, IterableDataset):
    """A pipe that is iterated: define `__iter__`."""

    functions: dict[str, Callable] = {}

    def reset(self) -> None:
        """Before it is iterated anew."""


class MapDataPipe(_Functional, Dataset):
    """A pipe that is indexed: define `__getitem__` and `__len__`."""

    functions: dict[str, Callable] = {}


class DFIterDataPipe(IterDataPipe):
    """A pipe of data frames."""


class functional_datapipe:
    """@functional_datapipe("name"): the class is the method `name` of all pipes of its kind.

    errors  TypeError: the class is no pipe
    """

    def __init__(self, name: str, enable_df_api_tracing: bool = False):
        self.name = name

    def __call__(self, cls: Any) -> Any:
        for base in (IterDataPipe, MapDataPipe):
            if isinstance(cls, type) and issubclass(cls, base):
                base.register_datapipe_as_function(self.name, cls)
                return cls
        if any(is_refused(base) for base in getattr(cls, "__mro__", ())):
            return cls  # of a pipe that is not here: it cannot be made
        raise TypeError("`functional_datapipe` can only decorate IterDataPipe")
