"""Numbers of a tensor, as the walk and its page say them."""

from __future__ import annotations

import numpy as np

import rushlight as rl
from rushlight import Tensor
from rushlight.app.pages.recorder import Step


def array(tensor: Tensor) -> np.ndarray:
    """The numbers of a tensor as float64; magnitudes of complex ones."""
    tensor = tensor.detach()
    if tensor.is_complex():
        tensor = tensor.abs()
    return np.asarray(tensor.to(rl.float64).tolist() if tensor.is_sparse else tensor.double())


class Numbers:
    """min, mean, max and the share of zeros of a tensor; NaN for an empty one."""

    def __init__(self, values: np.ndarray):
        self.min = self.mean = self.max = self.zeros = float("nan")
        if values.size:
            with np.errstate(all="ignore"):
                self.min, self.max = float(values.min()), float(values.max())
                self.mean, self.zeros = float(values.mean()), float((values == 0).mean())

    def __str__(self) -> str:
        return (
            f"min {self.min:.4g}, mean {self.mean:.4g}, max {self.max:.4g}, "
            f"zeros {100 * self.zeros:.1f} %"
        )


def dead_units(step: Step) -> list[int] | None:
    """The units (dimension 1) that are zero for the whole mini-batch; None where that says nothing.

    Only of activation functions, and of more than one image.
    """
    values = array(step.output)
    if not step.activation or values.ndim < 2 or len(values) < 2 or not values.size:
        return None
    if values.min() < 0:
        return None
    others = tuple(i for i in range(values.ndim) if i != 1)
    return np.flatnonzero((values == 0).all(others)).tolist()


def first_two(param: Tensor) -> Tensor:
    """The preview of a parameter, as the documents print it."""
    return param[:2] if param.ndim else param
