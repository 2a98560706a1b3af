"""torch.distributions.constraints: the sets that parameters and values lie in.

A constraint answers `check(value)`: for each event (a block of `event_dim` dimensions) whether it
lies in the set. `transform_to` and `biject_to` find maps from all real numbers to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import rushlight as torch

from ..core.tensor import Tensor
from . import matrices

__all__ = [
    "Constraint",
    "MixtureSameFamilyConstraint",
    "boolean",
    "cat",
    "corr_cholesky",
    "dependent",
    "dependent_property",
    "greater_than",
    "greater_than_eq",
    "half_open_interval",
    "independent",
    "integer_interval",
    "interval",
    "is_dependent",
    "less_than",
    "lower_cholesky",
    "lower_triangular",
    "multinomial",
    "nonnegative",
    "nonnegative_integer",
    "one_hot",
    "positive",
    "positive_definite",
    "positive_integer",
    "positive_semidefinite",
    "real",
    "real_vector",
    "simplex",
    "square",
    "stack",
    "symmetric",
    "unit_interval",
]


class Constraint:
    """A set of values. is_discrete: is it countable? event_dim: dimensions of one value."""

    is_discrete: Any = False
    event_dim: Any = 0

    def check(self, value: Tensor) -> Any:
        """value (*, event) -> bool (*): does it lie in the set?"""
        raise NotImplementedError

    def __repr__(self) -> str:
        return self.__class__.__name__[1:] + "()"


class _Dependent(Constraint):
    """A set that depends on other parameters, or on the distribution: not known from the class."""

    def __init__(self, *, is_discrete: Any = NotImplemented, event_dim: Any = NotImplemented):
        self._is_discrete = is_discrete
        self._event_dim = event_dim
        super().__init__()

    @property
    def is_discrete(self) -> bool:  # type: ignore[override]
        """NotImplementedError: known only of an instance."""
        if self._is_discrete is NotImplemented:
            raise NotImplementedError(".is_discrete cannot be determined statically")
        return self._is_discrete

    @property
    def event_dim(self) -> int:  # type: ignore[override]
        """NotImplementedError: known only of an instance."""
        if self._event_dim is NotImplemented:
            raise NotImplementedError(".event_dim cannot be determined statically")
        return self._event_dim

    def __call__(
        self, *, is_discrete: Any = NotImplemented, event_dim: Any = NotImplemented
    ) -> _Dependent:
        """The same, with more known about it."""
        if is_discrete is NotImplemented:
            is_discrete = self._is_discrete
        if event_dim is NotImplemented:
            event_dim = self._event_dim
        return _Dependent(is_discrete=is_discrete, event_dim=event_dim)

    def check(self, value: Tensor) -> Any:
        """ValueError: a dependent constraint has no set of its own."""
        raise ValueError("Cannot determine validity of dependent constraint")


def is_dependent(constraint: Any) -> bool:
    """Does the set depend on other parameters?"""
    return isinstance(constraint, _Dependent)


class _DependentProperty(property, _Dependent):
    """A property of an instance that is a constraint; of the class it is a dependent one.

    @constraints.dependent_property(is_discrete=False, event_dim=0)
    def support(self): ...
    """

    def __init__(
        self,
        fn: Callable[..., Any] | None = None,
        *,
        is_discrete: bool | None = NotImplemented,
        event_dim: int | None = NotImplemented,
    ) -> None:
        super().__init__(fn)
        self._is_discrete = is_discrete
        self._event_dim = event_dim

    def __call__(self, fn: Callable[..., Any]) -> _DependentProperty:  # type: ignore[override]
        """Decorates a method."""
        return _DependentProperty(fn, is_discrete=self._is_discrete, event_dim=self._event_dim)


class _IndependentConstraint(Constraint):
    """A constraint whose last batch dimensions count as part of an event: all must hold."""

    def __init__(self, base_constraint: Any, reinterpreted_batch_ndims: int):
        if not isinstance(base_constraint, Constraint):
            raise AssertionError("base_constraint must be a Constraint")
        if not isinstance(reinterpreted_batch_ndims, int) or reinterpreted_batch_ndims < 0:
            raise AssertionError("reinterpreted_batch_ndims must be a non-negative integer")
        self.base_constraint = base_constraint
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims
        super().__init__()

    @property
    def is_discrete(self) -> bool:  # type: ignore[override]
        """That of the base."""
        return self.base_constraint.is_discrete

    @property
    def event_dim(self) -> int:  # type: ignore[override]
        """That of the base and the dimensions added to it."""
        return self.base_constraint.event_dim + self.reinterpreted_batch_ndims

    def check(self, value: Tensor) -> Any:
        """All of an event lie in the base. ValueError: too few dimensions."""
        result = self.base_constraint.check(value)
        n = self.reinterpreted_batch_ndims
        if result.dim() < n:
            expected = self.base_constraint.event_dim + n
            raise ValueError(f"Expected value.dim() >= {expected} but got {value.dim()}")
        result = result.reshape((*result.shape[: result.dim() - n], -1))
        return result.all(-1)

    def __repr__(self) -> str:
        return (
            f"{self.__class__.__name__[1:]}({self.base_constraint!r}, "
            f"{self.reinterpreted_batch_ndims})"
        )


class MixtureSameFamilyConstraint(Constraint):
    """The set of a mixture's values: each component's constraint must hold for the value."""

    def __init__(self, base_constraint: Any):
        if not isinstance(base_constraint, Constraint):
            raise AssertionError("base_constraint must be a Constraint")
        self.base_constraint = base_constraint
        super().__init__()

    @property
    def is_discrete(self) -> bool:  # type: ignore[override]
        """That of the base."""
        return self.base_constraint.is_discrete

    @property
    def event_dim(self) -> int:  # type: ignore[override]
        """That of the base."""
        return self.base_constraint.event_dim

    def check(self, value: Tensor) -> Any:
        """The base holds for value in each component. ValueError: too few dimensions."""
        result = self.base_constraint.check(value.unsqueeze(-1 - self.event_dim))
        if value.dim() < self.event_dim:
            raise ValueError(f"Expected value.dim() >= {self.event_dim} but got {value.dim()}")
        keep = value.dim() - self.event_dim
        return result.reshape((*result.shape[:keep], -1)).all(-1)

    def __repr__(self) -> str:
        return f"{self.__class__.__name__}({self.base_constraint!r})"


# ---------------------------------------------------------------- numbers


class _Real(Constraint):
    """All numbers: not NaN."""

    def check(self, value: Tensor) -> Any:
        """value = value"""
        return value == value


class _Boolean(Constraint):
    """0 or 1"""

    is_discrete = True

    def check(self, value: Tensor) -> Any:
        """value is 0 or 1"""
        return (value == 0) | (value == 1)


class _Bounded(Constraint):
    """A set with bounds, which its repr shows."""

    _bounds: tuple[str, ...] = ("lower_bound",)

    def __repr__(self) -> str:
        bounds = ", ".join(f"{name}={getattr(self, name)}" for name in self._bounds)
        return f"{self.__class__.__name__[1:]}({bounds})"


class _Above(_Bounded):
    def __init__(self, lower_bound: Any):
        self.lower_bound = lower_bound
        super().__init__()


class _Below(_Bounded):
    _bounds = ("upper_bound",)

    def __init__(self, upper_bound: Any):
        self.upper_bound = upper_bound
        super().__init__()


class _Between(_Bounded):
    _bounds = ("lower_bound", "upper_bound")

    def __init__(self, lower_bound: Any, upper_bound: Any):
        self.lower_bound = lower_bound
        self.upper_bound = upper_bound
        super().__init__()


class _GreaterThan(_Above):
    """(lower_bound, inf]"""

    def check(self, value: Tensor) -> Any:
        """value > lower_bound"""
        return self.lower_bound < value


class _GreaterThanEq(_Above):
    """[lower_bound, inf]"""

    def check(self, value: Tensor) -> Any:
        """value >= lower_bound"""
        return self.lower_bound <= value


class _IntegerGreaterThan(_Above):
    """lower_bound, lower_bound + 1, ..."""

    is_discrete = True

    def check(self, value: Tensor) -> Any:
        """value is whole and >= lower_bound"""
        return (value % 1 == 0) & (value >= self.lower_bound)


class _LessThan(_Below):
    """[-inf, upper_bound)"""

    def check(self, value: Tensor) -> Any:
        """value < upper_bound"""
        return value < self.upper_bound


class _IntegerLessThan(_Below):
    """..., upper_bound - 1, upper_bound"""

    is_discrete = True

    def check(self, value: Tensor) -> Any:
        """value is whole and <= upper_bound"""
        return (value % 1 == 0) & (value <= self.upper_bound)


class _Interval(_Between):
    """[lower_bound, upper_bound]"""

    def check(self, value: Tensor) -> Any:
        """lower_bound <= value <= upper_bound"""
        return (self.lower_bound <= value) & (value <= self.upper_bound)


class _HalfOpenInterval(_Between):
    """[lower_bound, upper_bound)"""

    def check(self, value: Tensor) -> Any:
        """lower_bound <= value < upper_bound"""
        return (self.lower_bound <= value) & (value < self.upper_bound)


class _IntegerInterval(_Between):
    """lower_bound, ..., upper_bound"""

    is_discrete = True

    def check(self, value: Tensor) -> Any:
        """value is whole, lower_bound <= value <= upper_bound"""
        return (value % 1 == 0) & (self.lower_bound <= value) & (value <= self.upper_bound)


# ---------------------------------------------------------------- vectors


class _Simplex(Constraint):
    """Vectors (K) of numbers >= 0 that sum to 1."""

    event_dim = 1

    def check(self, value: Tensor) -> Any:
        """all >= 0 and |sum - 1| < 1e-6"""
        return torch.all(value >= 0, dim=-1) & ((value.sum(-1) - 1).abs() < 1e-6)


class _OneHot(Constraint):
    """Vectors (K) of one 1 and zeros."""

    is_discrete = True
    event_dim = 1

    def check(self, value: Tensor) -> Any:
        """zeros and ones that sum to 1"""
        return ((value == 0) | (value == 1)).all(-1) & (value.sum(-1) == 1)


class _Multinomial(Constraint):
    """Vectors (K) of whole numbers >= 0 that sum to at most upper_bound."""

    is_discrete = True
    event_dim = 1

    def __init__(self, upper_bound: Any):
        self.upper_bound = upper_bound

    def check(self, x: Tensor) -> Any:
        """all >= 0 and sum <= upper_bound"""
        return (x >= 0).all(dim=-1) & (x.sum(dim=-1) <= self.upper_bound)


# ---------------------------------------------------------------- matrices


class _Square(Constraint):
    """Square matrices."""

    event_dim = 2

    def check(self, value: Tensor) -> Any:
        """as many rows as columns"""
        square = value.shape[-2] == value.shape[-1]
        return torch.full(value.shape[:-2], square, dtype=torch.bool)


class _Symmetric(_Square):
    """Symmetric matrices."""

    def check(self, value: Tensor) -> Any:
        """X = Xᵀ, up to 1e-6"""
        square = super().check(value)
        if not square.all():
            return square
        return torch.isclose(value, value.mT, atol=1e-6).all(-2).all(-1)


class _PositiveSemidefinite(_Symmetric):
    """Symmetric matrices without a negative eigenvalue."""

    def check(self, value: Tensor) -> Any:
        """symmetric, eigenvalues >= 0"""
        symmetric = super().check(value)
        if not symmetric.all():
            return symmetric
        return matrices.eigenvalues(value).ge(0).all(-1)


class _PositiveDefinite(_Symmetric):
    """Symmetric matrices of positive eigenvalues only."""

    def check(self, value: Tensor) -> Any:
        """symmetric, with a Cholesky factor"""
        symmetric = super().check(value)
        if not symmetric.all():
            return symmetric
        return matrices.has_cholesky(value)


class _LowerTriangular(Constraint):
    """Matrices with zeros above the diagonal."""

    event_dim = 2

    def check(self, value: Tensor) -> Any:
        """tril(X) = X"""
        same = value.tril() == value
        return same.reshape((*value.shape[:-2], -1)).min(-1)[0]


class _LowerCholesky(Constraint):
    """Lower triangular matrices with a positive diagonal."""

    event_dim = 2

    def check(self, value: Tensor) -> Any:
        """tril(X) = X and diagonal > 0"""
        lower = _LowerTriangular().check(value)
        return lower & (value.diagonal(dim1=-2, dim2=-1) > 0).min(-1)[0]


class _CorrCholesky(Constraint):
    """Cholesky factors of correlation matrices: _LowerCholesky with rows of length 1."""

    event_dim = 2

    def check(self, value: Tensor) -> Any:
        """|row| = 1 up to 10 N rounding errors, and a Cholesky factor"""
        tol = torch.finfo(value.dtype).eps * value.shape[-1] * 10
        norm = value.detach().norm(dim=-1)
        unit = (norm - 1.0).abs().le(tol).all(dim=-1)
        return unit & _LowerCholesky().check(value)


# ---------------------------------------------------------------- several side by side


class _Cat(Constraint):
    """Constraints for consecutive blocks of lengths `lengths` along dimension `dim`."""

    def __init__(self, cseq: Sequence[Any], dim: int = 0, lengths: Sequence[int] | None = None):
        if not all(isinstance(c, Constraint) for c in cseq):
            raise AssertionError("All elements of cseq must be Constraint instances")
        self.cseq = list(cseq)
        self.lengths = [1] * len(self.cseq) if lengths is None else list(lengths)
        if len(self.lengths) != len(self.cseq):
            raise AssertionError(
                f"lengths ({len(self.lengths)}) must have same length as cseq ({len(self.cseq)})"
            )
        self.dim = dim
        super().__init__()

    @property
    def is_discrete(self) -> bool:  # type: ignore[override]
        """Is any of them?"""
        return any(c.is_discrete for c in self.cseq)

    @property
    def event_dim(self) -> int:  # type: ignore[override]
        """The largest of theirs."""
        return max(c.event_dim for c in self.cseq)

    def check(self, value: Tensor) -> Any:
        """Each block lies in its set."""
        if not -value.dim() <= self.dim < value.dim():
            raise AssertionError(f"dim {self.dim} out of range for value with {value.dim()} dims")
        parts = value.split(self.lengths, self.dim)
        checks = [c.check(v) for c, v in zip(self.cseq, parts, strict=True)]
        return torch.cat(checks, self.dim)


class _Stack(Constraint):
    """Constraints for the slices along dimension `dim`."""

    def __init__(self, cseq: Sequence[Any], dim: int = 0):
        if not all(isinstance(c, Constraint) for c in cseq):
            raise AssertionError("All elements of cseq must be Constraint instances")
        self.cseq = list(cseq)
        self.dim = dim
        super().__init__()

    @property
    def is_discrete(self) -> bool:  # type: ignore[override]
        """Is any of them?"""
        return any(c.is_discrete for c in self.cseq)

    @property
    def event_dim(self) -> int:  # type: ignore[override]
        """The largest of theirs, and one more if `dim` lies within an event."""
        dim = max(c.event_dim for c in self.cseq)
        return dim + 1 if self.dim + dim < 0 else dim

    def check(self, value: Tensor) -> Any:
        """Each slice lies in its set."""
        if not -value.dim() <= self.dim < value.dim():
            raise AssertionError(f"dim {self.dim} out of range for value with {value.dim()} dims")
        slices = value.unbind(self.dim)
        return torch.stack([c.check(v) for c, v in zip(self.cseq, slices, strict=True)], self.dim)


# ---------------------------------------------------------------- PyTorch's names

dependent = _Dependent()
dependent_property = _DependentProperty
independent = _IndependentConstraint
boolean: Constraint = _Boolean()
one_hot: Constraint = _OneHot()
nonnegative_integer: Constraint = _IntegerGreaterThan(0)
positive_integer: Constraint = _IntegerGreaterThan(1)
integer_interval = _IntegerInterval
real: Constraint = _Real()
real_vector: Constraint = independent(real, 1)
positive: Constraint = _GreaterThan(0.0)
nonnegative: Constraint = _GreaterThanEq(0.0)
greater_than = _GreaterThan
greater_than_eq = _GreaterThanEq
less_than = _LessThan
multinomial = _Multinomial
unit_interval: Constraint = _Interval(0.0, 1.0)
interval = _Interval
half_open_interval = _HalfOpenInterval
simplex: Constraint = _Simplex()
lower_triangular: Constraint = _LowerTriangular()
lower_cholesky: Constraint = _LowerCholesky()
corr_cholesky: Constraint = _CorrCholesky()
square: Constraint = _Square()
symmetric: Constraint = _Symmetric()
positive_semidefinite: Constraint = _PositiveSemidefinite()
positive_definite: Constraint = _PositiveDefinite()
cat = _Cat
stack = _Stack
