"""Operators that programs register: a schema, kernels by device, a shape rule, a backward."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..amp.autocast_mode import autocast, is_autocast_enabled
from ..autograd.function import Function
from ..core.grad_mode import is_grad_enabled, no_grad
from ..core.tensor import Tensor
from .schema import Schema

#: "namespace::name" -> {overload: Operator}
OPERATORS: dict[str, dict[str, Operator]] = {}

_BELOW = threading.local()


class BelowAutograd:
    """A context in which "Autograd" kernels are passed over: what such a kernel calls the op in."""

    def __enter__(self) -> None:
        _BELOW.depth = getattr(_BELOW, "depth", 0) + 1

    def __exit__(self, *error: object) -> None:
        _BELOW.depth -= 1


class Operator:
    """One overload of an operator.

    kernels     "cpu", "meta", "autograd", "composite" (differentiable by what it calls) or
                "default" -> function
    shapes      what `register_fake` gave: it makes the result for tensors without elements
    derivative  (backward, setup_context) of `register_autograd`
    """

    def __init__(self, schema: Schema):
        self.schema = schema
        self.kernels: dict[str, Callable] = {}
        self.shapes: Callable | None = None
        self.derivative: tuple[Callable, Callable | None] | None = None
        self.no_alias = False  # custom_op: results are no inputs
        self.title = ""  # what errors call it
        self.autocast: Any = None  # the dtype that register_autocast gave
        self._gradient: type[Function] | None = None

    @property
    def qualname(self) -> str:
        """ "namespace::name" """
        return self.schema.name

    @property
    def dotted(self) -> str:
        """ "namespace.name.default" """
        overload = self.schema.overload_name or "default"
        return f"{self.qualname.replace('::', '.')}.{overload}"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        plain, only = self.schema.bind(args, kwargs)
        if self.autocast is not None and is_autocast_enabled("cpu"):
            plain, only = _cast(plain, self.autocast), _cast(only, self.autocast)
            with autocast("cpu", enabled=False):
                return self._called(plain, only)
        return self._called(plain, only)

    def _called(self, plain: list[Any], only: dict[str, Any]) -> Any:
        tensors = _tensors_in([*plain, *only.values()])
        below = getattr(_BELOW, "depth", 0)
        if "autograd" in self.kernels and not below:
            return self.kernels["autograd"](*plain, **only)
        if any(t.is_meta for t in tensors) and "meta" not in self.kernels:
            return self._without_elements(plain, only)
        kernel = self._kernel(tensors)
        if kernel is self.kernels.get("composite") or not (
            is_grad_enabled() and any(t.requires_grad for t in tensors) and not below
        ):
            return self._run(kernel, plain, only)
        if self.derivative is None and not self.no_alias:
            return self._run(kernel, plain, only)  # as PyTorch: differentiable by what it calls
        return self._with_gradient(kernel, plain, only)

    def _kernel(self, tensors: list[Tensor]) -> Callable:
        kind = tensors[0].device.type if tensors else "cpu"
        for key in (kind, "default", "composite"):
            if key in self.kernels:
                return self.kernels[key]
        raise NotImplementedError(
            f"Could not run '{self.qualname}' with arguments from the '{kind.upper()}' backend.\n"
            f"  it has kernels for: {', '.join(sorted(self.kernels)) or 'nothing'}"
        )

    def _without_elements(self, plain: list[Any], only: dict[str, Any]) -> Any:
        rule = self.shapes or self.kernels.get("composite")
        if rule is None:
            short = self.qualname.rpartition("::")[2]
            raise RuntimeError(
                f"There was no fake impl registered for {self.title or self.dotted}. This is "
                "necessary for torch.compile/export/fx tracing to work. Please use "
                f"`{short}.register_fake` to add an fake impl."
            )
        return rule(*plain, **only)

    def _run(self, kernel: Callable, plain: list[Any], only: dict[str, Any]) -> Any:
        out = kernel(*plain, **only)
        if self.no_alias:
            given = {id(t) for t in _tensors_in([*plain, *only.values()])}
            if any(id(t) in given for t in _tensors_in([out])):
                raise RuntimeError(
                    f"{self.qualname.rpartition('::')[2]}: The output of this custom operator (1) "
                    "must not also be an input to this custom operator and (2) may not alias any "
                    "inputs to this custom operator or other returns. The most common way to "
                    "trigger this error is if we have y = custom_op(x) and y and x are the same "
                    "Tensor. Please instead return a clone of the offending output tensor(s) (e.g. "
                    "return x.clone()) or refactor the custom operator to not return y."
                )
        return out

    def _with_gradient(self, kernel: Callable, plain: list[Any], only: dict[str, Any]) -> Any:
        """The call as one node: inputs, lists of tensors taken apart, go through a Function."""
        layout: list[int | None] = []  # per argument: None, or how many tensors a list has
        flat: list[Any] = []
        for value in plain:
            if isinstance(value, (list, tuple)) and _tensors_in([value]):
                layout.append(len(value))
                flat.extend(value)
            else:
                layout.append(None)
                flat.append(value)
        call = _Call(self, kernel, layout, only)
        out = self._function().apply(call, *flat)
        return call.shaped(out)

    def _function(self) -> type[Function]:
        if self._gradient is None:
            name = "GeneratedBackwardFor_" + self.dotted.replace(".", "_")
            self._gradient = type(name, (_Gradient,), {"operator": self})
        return self._gradient


class _Call:
    """One differentiable call: how its flat arguments and results belong together."""

    def __init__(
        self,
        operator: Operator,
        kernel: Callable,
        layout: list[int | None],
        only: dict[str, Any],
    ):
        self.operator, self.kernel, self.layout, self.only = operator, kernel, layout, only
        self.made: Any = None

    def gathered(self, flat: Sequence[Any]) -> list[Any]:
        """The arguments as they were given."""
        found, i = [], 0
        for size in self.layout:
            found.append(flat[i] if size is None else list(flat[i : i + size]))
            i += 1 if size is None else size
        return found

    def spread(self, per_argument: Sequence[Any]) -> list[Any]:
        """A gradient per argument, lists taken apart."""
        flat: list[Any] = []
        for size, value in zip(self.layout, per_argument, strict=True):
            if size is None:
                flat.append(value)
            else:
                flat.extend([None] * size if value is None else value)
        return flat

    def shaped(self, out: Any) -> Any:
        """The results in the shape that the kernel returned them in."""
        flat = iter(out if isinstance(out, tuple) else (out,))
        return _fill(self.made, flat)


def _cast(value: Any, dtype: Any) -> Any:
    """Floating tensors in a structure, in another dtype."""
    if isinstance(value, Tensor):
        return value.to(dtype) if value.is_floating_point() else value
    if isinstance(value, dict):
        return {key: _cast(x, dtype) for key, x in value.items()}
    return type(value)(_cast(x, dtype) for x in value) if type(value) in (list, tuple) else value


def _fill(shape: Any, flat: Any) -> Any:
    if isinstance(shape, Tensor):
        return next(flat)
    if isinstance(shape, (list, tuple)):
        return type(shape)(_fill(one, flat) for one in shape)
    return shape


class _Gradient(Function):
    """The node of a call; subclasses name their operator."""

    operator: Operator

    @staticmethod
    def forward(ctx: Any, call: _Call, *flat: Any) -> Any:
        operator = call.operator
        args = call.gathered(flat)
        with no_grad():
            out = operator._run(call.kernel, args, call.only)
        call.made = out
        ctx._call = call
        if operator.derivative is not None and operator.derivative[1] is not None:
            keywords = {"keyword_only_inputs": call.only} if call.only else {}
            with _needs_per_argument(ctx, call):
                operator.derivative[1](ctx=ctx, inputs=tuple(args), output=out, **keywords)
        tensors = tuple(_tensors_in([out]))
        return tensors if len(tensors) != 1 else tensors[0]

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        call = ctx._call
        operator = call.operator
        if operator.derivative is None:
            raise RuntimeError(
                f"Trying to backward through {operator.dotted} but no autograd formula was "
                "registered. Please use register_autograd to add one."
            )
        with _needs_per_argument(ctx, call):
            found = operator.derivative[0](ctx, *_as_returned(call.made, iter(grads)))
        per_argument = found if isinstance(found, tuple) else (found,)
        return (None, *call.spread(per_argument))


@contextmanager
def _needs_per_argument(ctx: Any, call: _Call) -> Iterator[None]:
    """Inside, ctx.needs_input_grad has an entry per argument of the operator."""
    needs = ctx._needs
    ctx._needs = tuple(
        any(part) if isinstance(part, list) else part for part in call.gathered(needs[1:])
    )
    try:
        yield
    finally:
        ctx._needs = needs


def _as_returned(made: Any, flat: Any) -> tuple[Any, ...]:
    """The gradients as backward gets them: one per result, a list for a list."""
    parts = made if isinstance(made, tuple) else (made,)
    return tuple(_fill(part, flat) for part in parts)


def _tensors_in(values: Any) -> list[Tensor]:
    found: list[Tensor] = []
    for value in values:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, (list, tuple)):
            found.extend(_tensors_in(value))
    return found


def find(name: str, overload: str = "") -> Operator | None:
    """The operator "namespace::name", or None."""
    return OPERATORS.get(name, {}).get(overload)


def register(schema: Schema) -> Operator:
    """A new operator. errors  RuntimeError: it is there already"""
    table = OPERATORS.setdefault(schema.name, {})
    if schema.overload_name in table:
        raise RuntimeError(
            f"Tried to register an operator ({schema}) with the same name and overload name "
            "multiple times. Each overload's schema should only be registered with a single call "
            "to def()."
        )
    table[schema.overload_name] = Operator(schema)
    return table[schema.overload_name]
