"""Fuzzer: tensors of random sizes and layouts, to be timed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from math import exp, isclose, log, prod
from typing import Any

import numpy as np

from ...core.dtype import dtype as _dtype
from ...core.dtype import float32
from ...core.tensor import Tensor
from ...dispatch.registry import FUNCTIONS

_TRIES = 1000  # parameter sets that may not fit, one after the other
_DISTRIBUTIONS = ("loguniform", "uniform")


class FuzzedParameter:
    """A number that is drawn anew for each set of tensors.

    minval, maxval  with distribution "uniform" or "loguniform": ints give ints, floats floats
    distribution    or {value: probability}, probabilities summing to 1
    strict          draws nothing that was drawn for another parameter
    """

    def __init__(
        self,
        name: str,
        minval: int | float | None = None,
        maxval: int | float | None = None,
        distribution: str | dict[Any, float] | None = None,
        strict: bool = False,
    ):
        self._name, self._minval, self._maxval = name, minval, maxval
        self.strict = strict
        if isinstance(distribution, dict):
            if not isclose(sum(distribution.values()), 1.0, abs_tol=1e-3):
                raise AssertionError("Distribution is not normalized")
        elif distribution not in _DISTRIBUTIONS:
            raise AssertionError(f"Unknown distribution: {distribution}")
        elif minval is None or maxval is None:
            raise ValueError("`minval` and `maxval` must be provided for a named distribution.")
        self._distribution = distribution

    @property
    def name(self) -> str:
        """Its name."""
        return self._name

    def sample(self, state: np.random.RandomState) -> Any:
        """A value."""
        if isinstance(self._distribution, dict):
            values = list(self._distribution)
            shares = np.array([self._distribution[v] for v in values])
            value = values[state.choice(len(values), p=shares / shares.sum())]
            return value.sample(state) if isinstance(value, FuzzedParameter) else value
        low: Any = self._minval
        high: Any = self._maxval
        whole = isinstance(low, int) and isinstance(high, int)
        if self._distribution == "uniform":
            return state.randint(low, high + 1) if whole else state.uniform(low, high)
        value = exp(state.uniform(log(low), log(high)))
        return round(value) if whole else value


class ParameterAlias:
    """The value of another parameter."""

    def __init__(self, alias_to: str):
        self.alias_to = alias_to

    def __repr__(self) -> str:
        return f"ParameterAlias[alias_to: {self.alias_to}]"


class FuzzedTensor:
    """A tensor whose size is made of parameters, by name, and whose dimensions may lie in another
    order in memory, or with gaps (steps).
    """

    def __init__(
        self,
        name: str,
        size: tuple[str | int, ...],
        steps: tuple[str | int, ...] | None = None,
        probability_contiguous: float = 0.5,
        min_elements: int | None = None,
        max_elements: int | None = None,
        max_allocation_bytes: int | None = None,
        dim_parameter: str | None = None,
        roll_parameter: str | None = None,
        dtype: _dtype = float32,
        cuda: bool = False,
        tensor_constructor: Callable | None = None,
    ):
        if cuda:
            raise RuntimeError("FuzzedTensor(cuda=True): rushlight has no CUDA")
        self._name, self._size, self._steps = name, size, steps
        self._contiguous = probability_contiguous
        self._least, self._most, self._bytes = min_elements, max_elements, max_allocation_bytes
        self._dim, self._dtype = dim_parameter, dtype
        self._constructor = tensor_constructor or self.default_tensor_constructor

    @property
    def name(self) -> str:
        """Its name."""
        return self._name

    @staticmethod
    def default_tensor_constructor(size: Any, dtype: _dtype, **kwargs: Any) -> Tensor:
        """Uniform numbers; integers from 0 to 127."""
        if dtype.is_floating_point or dtype.is_complex:
            return FUNCTIONS["rand"](tuple(size), dtype=dtype)
        return FUNCTIONS["randint"](0, 127, tuple(size), dtype=dtype)

    def _sizes(self, params: dict[Any, Any]) -> tuple[list[int], list[int], list[int]]:
        dim = params[self._dim] if self._dim else len(self._size)
        size = [params.get(s, s) for s in self._size][:dim]
        steps = [params.get(s, s) for s in self._steps or (1,) * dim][:dim]
        return size, steps, [n * s for n, s in zip(size, steps, strict=True)]

    def satisfies_constraints(self, params: dict[str, Any]) -> bool:
        """True if it is neither too small nor too large."""
        size, _, reserved = self._sizes(params)
        elements = prod(size)
        return not (
            (self._least is not None and elements < self._least)
            or (self._most is not None and elements > self._most)
            or (self._bytes is not None and prod(reserved) * self._dtype.itemsize > self._bytes)
        )

    def _make_tensor(self, params: dict[str, Any], state: np.random.RandomState) -> Any:
        size, steps, reserved = self._sizes(params)
        order = np.arange(len(size))
        if state.rand() > self._contiguous and prod(size) > 1:
            order = state.permutation(order)
        raw = self._constructor(size=[reserved[i] for i in order], dtype=self._dtype, **params)
        x = raw.permute(tuple(int(i) for i in np.argsort(order)))
        x = x[tuple(slice(0, n * s, s) for n, s in zip(size, steps, strict=True))]
        return x, {
            "numel": int(x.numel()),
            "order": order,
            "steps": steps,
            "is_contiguous": x.is_contiguous(),
            "dtype": str(self._dtype),
        }


class Fuzzer:
    """Draws parameters, and makes tensors of them, until the constraints hold.

    constraints  f(**parameters) -> bool
    seed         of the parameters; the tensors' elements come from torch's generator
    """

    def __init__(
        self,
        parameters: list[FuzzedParameter | list[FuzzedParameter]],
        tensors: list[FuzzedTensor | list[FuzzedTensor]],
        constraints: list[Callable] | None = None,
        seed: int | None = None,
    ):
        self._seed = np.random.RandomState().randint(0, 2**32 - 1, dtype=np.int64)
        if seed is not None:
            self._seed = np.int64(seed)
        self._parameters: list[Any] = self._flat(parameters, FuzzedParameter)
        self._tensors: list[Any] = self._flat(tensors, FuzzedTensor)
        self._constraints = tuple(constraints or ())
        names = [p.name for p in self._parameters] + [t.name for t in self._tensors]
        if len(names) != len(set(names)):
            raise ValueError(f"Parameter names are not unique: {sorted(names)}")
        self._rejections = self._generated = 0

    @staticmethod
    def _flat(values: Any, kind: type) -> list:
        flat = [v if isinstance(v, (list, tuple)) else [v] for v in values]
        found = list(itertools.chain(*flat))
        if not all(isinstance(v, kind) for v in found):
            raise TypeError(f"expected {kind.__name__}s")
        return found

    def take(self, n: int) -> Iterator[tuple[dict, dict, dict]]:
        """n times ({name: tensor}, {name: properties}, {name: parameter})."""
        state = np.random.RandomState(int(self._seed) % 2**32)
        for _ in range(n):
            params = self._parameters_that_fit(state)
            made = {t.name: t._make_tensor(params, state) for t in self._tensors}
            yield (
                {name: x for name, (x, _) in made.items()},
                {name: about for name, (_, about) in made.items()},
                params,
            )

    def _parameters_that_fit(self, state: np.random.RandomState) -> dict[str, Any]:
        for _ in range(_TRIES):
            params: dict[str, Any] = {p.name: p.sample(state) for p in self._parameters}
            for name, value in params.items():
                if isinstance(value, ParameterAlias):
                    params[name] = params[value.alias_to]
            self._generated += 1
            fits = all(t.satisfies_constraints(params) for t in self._tensors)
            if fits and all(f(**params) for f in self._constraints):
                return params
            self._rejections += 1
        raise ValueError("Failed to generate a set of valid parameters.")

    @property
    def rejection_rate(self) -> float:
        """The share of parameter sets that did not fit; 0 before the first."""
        return self._rejections / self._generated if self._generated else 0.0
