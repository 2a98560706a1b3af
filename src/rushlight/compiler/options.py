"""The floats of an optimizer's groups (lr, betas, weight_decay, ...) while a step is traced: inputs
of the program, so that a scheduler changes them without a new compilation.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernels.xla.option import Option, sign_of

_F64 = np.dtype(np.float64)


def counted(step: Any) -> Any:
    """A step count (0-d Array) as a number of float64: 1 - betaᵗ needs its digits."""
    return Option(step.v.astype(_F64), None)


def lifted(value: Any, take: Any) -> Any:
    """A float, or a tuple with floats, as Options; take() gives the next input. None: no float."""
    if type(value) is float:
        return Option(take(), sign_of(value))
    if type(value) is tuple and any([type(v) is float for v in value]):
        return tuple([lifted(v, take) if type(v) is float else v for v in value])
    return None


def floats(value: Any) -> list[float]:
    """The floats that `lifted` replaces, in its order."""
    if type(value) is float:
        return [value]
    if type(value) is tuple:
        return [v for v in value if type(v) is float]
    return []
