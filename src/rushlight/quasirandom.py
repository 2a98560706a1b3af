"""torch.quasirandom: Sobol sequences."""

from __future__ import annotations

import numpy as np

from .core.dtype import dtype as Dtype
from .core.dtype import get_default_dtype
from .core.tensor import Tensor, wrap
from .ops.random_factories import randint
from .random import sobol
from .random.generator import Generator

__all__ = ["SobolEngine"]


class SobolEngine:
    """Points that fill the unit cube more evenly than random ones do: a Sobol sequence.

    dimension  of the points, 1 to 1111
    scramble   a random lower triangular matrix mod 2 and a random shift of the digits
    seed       of the scrambling; None: the default generator

    errors     ValueError: another dimension (PyTorch has the numbers of 21201)
    source     Joe, Kuo 2008, doi:10.1137/070709359; the numbers equal PyTorch's

    >>> torch.quasirandom.SobolEngine(2).draw(3)
    tensor([[0.0000, 0.0000],
            [0.5000, 0.5000],
            [0.7500, 0.2500]])
    """

    MAXBIT = sobol.BITS
    MAXDIM = sobol.LARGEST

    def __init__(self, dimension: int, scramble: bool = False, seed: int | None = None):
        if dimension > self.MAXDIM or dimension < 1:
            beyond = self.MAXDIM < dimension <= 21201
            raise ValueError(
                f"Supported range of dimensionality for SobolEngine is [1, {self.MAXDIM}]"
                + "\n  PyTorch carries direction numbers up to 21201, rushlight those of the "
                "first 1111" * beyond
            )
        self.seed = seed
        self.scramble = scramble
        self.dimension = dimension
        self.sobolstate = wrap(sobol.directions(dimension))  # (D, B)
        self.shift = wrap(np.zeros(dimension, np.int64))  # (D)
        if scramble:
            self._scramble()
        self.quasi = self.shift.clone()
        self._first_point = wrap(self._numbers(self.quasi._a[None], get_default_dtype()))
        self.num_generated = 0

    def _scramble(self) -> None:
        given = None if self.seed is None else Generator().manual_seed(self.seed)
        bits, shape = self.MAXBIT, (self.dimension, self.MAXBIT)
        shift = randint(2, shape, generator=given)
        triangles = randint(2, (*shape, bits), generator=given)
        self.shift = wrap(shift._a @ (1 << np.arange(bits)))
        self.sobolstate = wrap(sobol.parities(self.sobolstate._a, triangles._a))

    def _numbers(self, quasi: np.ndarray, dtype: Dtype) -> np.ndarray:
        return (quasi * 2.0**-self.MAXBIT).astype(dtype.np)

    def draw(self, n: int = 1, out: Tensor | None = None, dtype: Dtype | None = None) -> Tensor:
        """The next n points.

        shape   (n, dimension)
        dtype   default: the default dtype
        errors  RuntimeError: n < 0
        """
        if n < 0 or (not n and not self.num_generated):
            raise RuntimeError(
                f"Trying to create tensor with negative dimension {n - (not self.num_generated)}: "
                f"[{n - (not self.num_generated)}, {self.dimension}]"
            )
        kind = get_default_dtype() if dtype is None else dtype
        start = not self.num_generated
        found = self._advance(n - start)
        if start:
            found = np.vstack([self.shift._a[None], found])
        result = wrap(self._numbers(found, kind))
        if out is None:
            return result
        return out.resize_(result.shape).copy_(result)

    def draw_base2(self, m: int, out: Tensor | None = None, dtype: Dtype | None = None) -> Tensor:
        """The next 2^m points, so that a power of two of them have been drawn.

        errors  ValueError: it would not be a power of two
        """
        n = 2**m
        total = self.num_generated + n
        if total & (total - 1):
            raise ValueError(
                "The balance properties of Sobol' points require n to be a power of 2. "
                f"{self.num_generated} points have been previously generated, then: "
                f"n={self.num_generated}+2**{m}={total}. If you still want to do this, please use "
                "'SobolEngine.draw()' instead."
            )
        return self.draw(n=n, out=out, dtype=dtype)

    def _advance(self, n: int) -> np.ndarray:
        """n points after the last; the first of all is not counted among them."""
        last = max(self.num_generated - 1, 0)
        found = sobol.points(self.quasi._a, self.sobolstate._a, last, n)
        if n:
            self.quasi._a[...] = found[-1]
        self.num_generated += n + (not self.num_generated)
        return found

    def reset(self) -> SobolEngine:
        """To the first point again."""
        self.quasi.copy_(self.shift)
        self.num_generated = 0
        return self

    def fast_forward(self, n: int) -> SobolEngine:
        """As if n more points had been drawn."""
        self._advance(n - (not self.num_generated))
        return self

    def __repr__(self) -> str:
        text = [f"dimension={self.dimension}"]
        if self.scramble:
            text.append("scramble=True")
        if self.seed is not None:
            text.append(f"seed={self.seed}")
        return f"{self.__class__.__name__}({', '.join(text)})"
