"""torch.special: functions of mathematical physics and statistics, elementwise.

Each is made when it is first asked for, from the schema of its op.
"""

from __future__ import annotations

from typing import Any

from .core.names import missing
from .dispatch.registry import FUNCTIONS

# functions that torch.special has under the name they have in torch, or another one
_IN_TORCH = {
    "expit": "sigmoid",
    "log_softmax": "log_softmax",
    "logsumexp": "logsumexp",
    "softmax": "softmax",
}


def __getattr__(name: str) -> Any:
    for key in ("special." + name, _IN_TORCH.get(name)):
        if key in FUNCTIONS:
            function = globals()[name] = FUNCTIONS[key]
            return function
    raise missing(__name__, name)


def __dir__() -> list[str]:
    return sorted({k[8:] for k in FUNCTIONS if k.startswith("special.")} | set(_IN_TORCH))
