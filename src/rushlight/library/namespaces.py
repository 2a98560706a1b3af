"""torch.ops: `torch.ops.NAMESPACE.NAME(...)` calls a registered operator, `torch.ops.aten.NAME` the
function or method of rushlight that has this name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any

from ..core.paths import refused
from ..core.tensor import Tensor
from ..dispatch.registry import FUNCTIONAL, FUNCTIONS
from .aten import NAMES
from .operators import OPERATORS, Operator

# the names that PyTorch gives to overloads of aten's ops, without the "_out" ones
_OVERLOADS = frozenset(
    """default out Tensor Scalar Dimname IntList ScalarList ScalarOpt_dim ScalarOther ScalarSelf
    Scalar_Scalar Scalar_Tensor Scalar_mode TensorList Tensor_Scalar Tensor_Tensor Tensor_mode
    array correction decimals dim dim_IntList dim_dtype dim_int dim_max dim_min dim_values dims
    device dtype dtype_layout float from generator indices input int int_Scalar int_Tensor
    left_t list list_Tensor low low_dtype low_generator memory_format mode msg no_stats ntonly
    other other_scalar output padding padding_idx periodic reduce right_ scalar self self_Tensor
    self_int self_scalar sections size sizes source_Storage source_Tensor sparse_dim src stable
    start start_step step str str_ord sublist t tensor tensor_indices_or_sections two using_ints
    value value_reduce values values_stable vec with_index x_scalar complex bool""".split()
)


class OpOverload:
    """One overload of an operator: `torch.ops.ns.name.default`, callable."""

    def __init__(self, packet: OpOverloadPacket, overload: str, call: Callable, schema: Any = None):
        self._overloadpacket, self._overloadname, self._op = packet, overload, call
        self._schema = schema
        self._name = packet._qualified_op_name + ("" if overload == "default" else f".{overload}")
        self.__name__ = f"{packet.__name__}.{overload}"
        self.__qualname__, self.__module__ = self.__name__, packet.__module__
        self.namespace = packet._namespace

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._op(*args, **kwargs)

    def __str__(self) -> str:
        return f"{self.namespace}.{self.__name__}"

    def __repr__(self) -> str:
        shown = f"{self.namespace}.{self._overloadpacket.__name__}"
        return f"<OpOverload(op='{shown}', overload='{self._overloadname}')>"

    def __hash__(self) -> int:
        return hash(self._name)

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, OpOverload) and self._name == other._name

    def name(self) -> str:
        """ "ns::name", with ".overload" if it has a name."""
        return self._name

    @property
    def overloadpacket(self) -> OpOverloadPacket:
        """All overloads of the operator."""
        return self._overloadpacket

    @property
    def op(self) -> Callable:
        """What is called."""
        return self._op


class OpOverloadPacket:
    """All overloads of an operator: `torch.ops.ns.name`, callable."""

    def __init__(
        self, namespace: str, name: str, overloads: Callable[[], list[str]], find: Callable
    ):
        self._namespace, self.__name__ = namespace, name
        self.__qualname__, self.__module__ = name, f"torch.ops.{namespace}"
        self._qualified_op_name = f"{namespace}::{name}"
        self._overloads, self._find = overloads, find

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        names = self.overloads()
        first = self._find("default" if "default" in names else names[0])
        return first(*args, **kwargs)

    def __str__(self) -> str:
        return f"{self._namespace}.{self.__name__}"

    def __repr__(self) -> str:
        return f"<OpOverloadPacket(op='{self}')>"

    def __hash__(self) -> int:
        return hash(self._qualified_op_name)

    def __eq__(self, other: Any) -> bool:
        same = isinstance(other, OpOverloadPacket)
        return same and self._qualified_op_name == other._qualified_op_name

    def overloads(self) -> list[str]:
        """Their names."""
        return self._overloads()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"'{self}' has no attribute '{name}'")
        found = self._find(name)
        if found is None:
            raise AttributeError(f"The underlying op of '{self}' has no overload name '{name}'")
        operator = found if isinstance(found, Operator) else None
        made = OpOverload(self, name, found, operator and operator.schema)
        self.__dict__[name] = made
        return made


class OpNamespace(ModuleType):
    """torch.ops.NAMESPACE"""

    def __init__(self, name: str):
        super().__init__(f"torch.ops.{name}")
        self.__dict__["_space"] = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module '{self.__name__}' has no attribute '{name}'")
        packet = _own(self._space, name) or (_aten(name) if self._space == "aten" else None)
        if packet is None:
            raise AttributeError(f"'_OpNamespace' '{self._space}' object has no attribute '{name}'")
        self.__dict__[name] = packet
        return packet

    def __dir__(self) -> list[str]:
        own = {key.partition("::")[2] for key in OPERATORS if key.startswith(self._space + "::")}
        return sorted(own | (set(FUNCTIONS) if self._space == "aten" else set()))


def _own(space: str, name: str) -> OpOverloadPacket | None:
    key = f"{space}::{name}"
    if key not in OPERATORS:
        return None

    def names() -> list[str]:
        return [overload or "default" for overload in OPERATORS[key]]

    def find(overload: str) -> Any:
        return OPERATORS[key].get("" if overload == "default" else overload)

    return OpOverloadPacket(space, name, names, find)


def _aten(name: str) -> OpOverloadPacket | None:
    """The function, method or nn.functional of this name, under PyTorch's overloads."""
    found: Any = None
    if name in FUNCTIONS and "." not in name:
        found = FUNCTIONS[name]
    elif name in FUNCTIONAL:
        found = FUNCTIONAL[name]
    elif name in NAMES:
        found = NAMES[name]
    elif not name.startswith("__"):
        found = getattr(Tensor, name, None)
    if not callable(found) and name.startswith("_"):
        found = getattr(import_module(__name__.partition(".")[0]), name, None)
    if not isinstance(found, FunctionType):
        return None

    def find(overload: str) -> Any:
        return found if overload in _OVERLOADS or overload.endswith("_out") else None

    return OpOverloadPacket("aten", name, lambda: ["default"], find)


class Ops(ModuleType):
    """torch.ops"""

    def __init__(self) -> None:
        super().__init__("torch.ops")
        self.__dict__.update(loaded_libraries=set(), __file__="_ops.py", __path__=[])

    def __getattr__(self, name: str) -> OpNamespace:
        if name.startswith("__"):
            raise AttributeError(f"module 'torch.ops' has no attribute '{name}'")
        space = OpNamespace(name)
        self.__dict__[name] = space
        return space

    def load_library(self, path: Any) -> None:
        """Refused: it is compiled for PyTorch."""
        raise refused("torch.ops.load_library", f"{path} is compiled against PyTorch's own code")

    def import_module(self, module: str) -> None:
        """Imports a Python module that registers operators."""
        import_module(module)


ops = Ops()


def forget(space: str, name: str) -> None:
    """Drops what is cached of an operator that is gone."""
    vars(vars(ops).get(space, ops)).pop(name, None)
