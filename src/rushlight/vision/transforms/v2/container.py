"""v2's transforms of transforms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ....core.tensor import wrap
from ... import functions as T
from ..draws import draw_order, draw_uniform
from .base import Transform


class _Several(Transform):
    """A sequence of transforms. TypeError, ValueError: something else, or nothing."""

    def __init__(self, transforms: Sequence[Callable]) -> None:
        super().__init__()
        if not isinstance(transforms, Sequence):
            raise TypeError("Argument transforms should be a sequence of callables")
        if not transforms:
            raise ValueError("Pass at least one transform")
        self.transforms = transforms


def _lines(transforms: Any) -> str:
    return "\n".join(f"    {t}" for t in transforms)


def _in_turn(transforms: Any, inputs: tuple) -> Any:
    outputs: Any = inputs if len(inputs) > 1 else inputs[0]
    for transform in transforms:
        outputs = transform(*inputs)
        inputs = outputs if len(inputs) > 1 else (outputs,)
    return outputs


class Compose(_Several):
    """One transform after the other."""

    def extra_repr(self) -> str:
        return _lines(self.transforms)

    def forward(self, *inputs: Any) -> Any:
        return _in_turn(self.transforms, inputs)


class RandomApply(_Several):
    """All of the transforms, with probability p; else none."""

    def __init__(self, transforms: Any, p: float = 0.5) -> None:
        Transform.__init__(self)
        if not isinstance(transforms, Sequence) and not hasattr(transforms, "append"):
            raise TypeError("Argument transforms should be a sequence of callables or a ModuleList")
        if not (0.0 <= p <= 1.0):
            raise ValueError("`p` should be a floating point value in the interval [0.0, 1.0].")
        self.transforms, self.p = transforms, p

    def forward(self, *inputs: Any) -> Any:
        if draw_uniform() >= self.p:
            return inputs if len(inputs) > 1 else inputs[0]
        return _in_turn(self.transforms, inputs)

    def extra_repr(self) -> str:
        return _lines(self.transforms)


class RandomChoice(_Several):
    """One of the transforms, with weights p."""

    def __init__(self, transforms: Sequence[Callable], p: list[float] | None = None) -> None:
        super().__init__(transforms)
        p = [1.0] * len(transforms) if p is None else p
        if len(p) != len(transforms):
            raise ValueError(
                f"Length of p doesn't match the number of transforms: {len(p)} != {len(transforms)}"
            )
        self.p = [v / sum(p) for v in p]

    def forward(self, *inputs: Any) -> Any:
        index = int(T.multinomial(wrap(np.array(self.p, np.float32)), 1))
        return self.transforms[index](*inputs)


class RandomOrder(_Several):
    """All of the transforms, in random order."""

    def forward(self, *inputs: Any) -> Any:
        order = draw_order(len(self.transforms))
        return _in_turn([self.transforms[i] for i in order], inputs)
