"""torch.nested: tensors of rows of different lengths, a prototype of PyTorch's. They are not there.

The names are, so that code which only mentions them runs, and say so when they are called.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from .core.names import missing as _missing

_NAMES = [
    "as_nested_tensor",
    "masked_select",
    "narrow",
    "nested_tensor",
    "nested_tensor_from_jagged",
    "to_padded_tensor",
]


def _refusal(name: str) -> Callable[..., NoReturn]:
    def refused(*args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(
            f"torch.nested.{name}: rushlight has no nested tensors, a prototype of PyTorch's\n"
            "  fix: nn.utils.rnn.pad_sequence and a mask, nn.utils.rnn.pack_sequence, or "
            "torch.segment_reduce"
        )

    refused.__name__ = refused.__qualname__ = name
    refused.__doc__ = "Refused: rushlight has no nested tensors."
    return refused


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        globals()[name] = function = _refusal(name)
        return function
    raise _missing(__name__, name)


def __dir__() -> list[str]:
    return list(_NAMES)
