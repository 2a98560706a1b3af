"""torch.library: operators written in Python, callable as torch.ops.NAMESPACE.NAME.

custom_op wraps a function whose annotations are its schema; Library, define and impl take a schema
as text. Kernels are found by the device of the first tensor; register_autograd gives the gradient,
register_fake the shape of the result, for tensors on "meta".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..core.dtype import dtype as _dtype
from ..core.names import explain_missing
from ..core.paths import refused
from .namespaces import OpOverload, OpOverloadPacket, forget, ops
from .operators import OPERATORS, Operator, register
from .schema import infer, parse

__all__ = [
    "CustomOpDef",
    "Library",
    "custom_op",
    "define",
    "fallthrough_kernel",
    "get_ctx",
    "impl",
    "impl_abstract",
    "infer_schema",
    "opcheck",
    "register_autocast",
    "register_autograd",
    "register_fake",
    "register_kernel",
    "register_torch_dispatch",
    "register_vmap",
]

_KEYS = {
    "": "composite",
    "CompositeImplicitAutograd": "composite",
    "CompositeExplicitAutograd": "default",
    "CompositeExplicitAutogradNonFunctional": "default",
    "CPU": "cpu",
    "cpu": "cpu",
    "Meta": "meta",
    "Autograd": "autograd",
    "AutogradCPU": "autograd",
    "default": "default",
}
_DEFINED: set[str] = {"aten", "prim", "prims"}
infer_schema = infer


def fallthrough_kernel(*args: Any, **kwargs: Any) -> Any:
    """A kernel that stands for the next one: never called itself."""
    raise NotImplementedError("fallthrough_kernel() should never be called.")


def _operator(op: Any) -> Operator:
    """The Operator that a name, a CustomOpDef or torch.ops.ns.name.overload means."""
    if isinstance(op, CustomOpDef):
        return op._operator
    if isinstance(op, (OpOverload, OpOverloadPacket)):
        name = getattr(op, "_name", None) or op._qualified_op_name  # type: ignore[union-attr]
    elif isinstance(op, str):
        name = op
    else:
        raise ValueError(f"register_*({op}): got unexpected type for op: {type(op)}")
    plain, _, overload = name.partition(".")
    found = OPERATORS.get(plain, {}).get("" if overload == "default" else overload)
    if found is None:
        raise RuntimeError(f"operator {name} does not exist")
    return found


def _key(name: str) -> str | None:
    """The kernel that a device or dispatch key means; None: of a device that is not here."""
    return _KEYS.get(name)


class Library:
    """Operators of one namespace. kind: "DEF" defines it, "FRAGMENT" adds to it, "IMPL" kernels.

    errors  ValueError: another kind, a reserved namespace; RuntimeError: "DEF" twice
    """

    def __init__(self, ns: str, kind: str, dispatch_key: str = ""):
        if kind not in ("IMPL", "DEF", "FRAGMENT"):
            raise ValueError(f"Unsupported kind: {kind}")
        if ns == "prim" and kind in ("DEF", "FRAGMENT"):
            raise ValueError(f"{ns} is a reserved namespace.")
        if kind == "DEF":
            if ns in _DEFINED:
                raise RuntimeError(
                    "Only a single TORCH_LIBRARY can be used to register the namespace "
                    f"{ns}; please put all of your definitions in a single TORCH_LIBRARY block. "
                    " If you were trying to specify implementations, consider using "
                    "TORCH_LIBRARY_IMPL (which can be duplicated)."
                )
            _DEFINED.add(ns)
        self.ns, self.kind, self.dispatch_key = ns, kind, dispatch_key
        self._made: list[Operator] = []

    def __repr__(self) -> str:
        return f"Library(kind={self.kind}, ns={self.ns}, dispatch_key={self.dispatch_key})>"

    def define(self, schema: str, alias_analysis: str = "", *, tags: Any = ()) -> str:
        """A new operator, "name(Tensor x) -> Tensor"; its name.

        errors  RuntimeError: it is there already, or the text cannot be read
        """
        parsed = parse(schema, self.ns)
        self._made.append(register(parsed))
        short = parsed.name.partition("::")[2]
        return short + (f".{parsed.overload_name}" if parsed.overload_name else "")

    def impl(
        self,
        op_name: Any,
        fn: Callable,
        dispatch_key: str = "",
        *,
        with_keyset: bool = False,
        allow_override: bool = False,
    ) -> None:
        """A kernel: for "CPU", "Meta", "Autograd", "CompositeExplicitAutograd" (any device), or ""
        (differentiable by what it calls). Those of absent devices are never called.

        errors  TypeError: no function. RuntimeError: no such operator
        """
        if not callable(fn):
            raise TypeError(
                f"Input function is required to be a callable but found type {type(fn)}"
            )
        name = op_name if isinstance(op_name, str) else op_name.name()
        if "::" not in name:
            name = f"{self.ns}::{name}"
        key = _key(dispatch_key or self.dispatch_key)
        if key is None or fn is fallthrough_kernel:
            return
        _operator(name).kernels[key] = fn

    def fallback(self, fn: Callable, dispatch_key: str = "", *, with_keyset: bool = False) -> None:
        """Refused: a kernel for all operators."""
        raise refused("torch.library.Library.fallback", "kernels are of one operator each")

    def _destroy(self) -> None:
        """Takes its operators away again."""
        for operator in self._made:
            OPERATORS.pop(operator.qualname, None)
            space, _, name = operator.qualname.partition("::")
            forget(space, name)
        self._made = []
        if self.kind == "DEF":
            _DEFINED.discard(self.ns)


def define(qualname: str, schema: str, *, lib: Any = None, tags: Any = ()) -> None:
    """define("ns::name", "(Tensor x) -> Tensor"): a new operator without kernels.

    errors  ValueError: no namespace in the name; RuntimeError: it is there already
    """
    if not isinstance(qualname, str):
        raise ValueError(
            "define(qualname, schema): expected qualname to be instance of str, got "
            f"{type(qualname)}"
        )
    if lib is not None:
        lib.define(qualname.partition("::")[2] + schema)
        return
    _space(qualname)
    register(parse(schema, name=qualname))


def _space(qualname: str) -> str:
    space, colons, name = qualname.partition("::")
    if not colons or not space or not name:
        raise ValueError(
            f"Expected qualname to be of the form 'namespace::name', but got {qualname}. The "
            "qualname passed to the torch.library APIs must consist of a namespace and a name, "
            "e.g. aten::sin"
        )
    return space


def _devices(types: Any) -> list[str]:
    return ["default"] if types is None else [types] if isinstance(types, str) else list(types)


def impl(qualname: str, types: Any, func: Callable | None = None, *, lib: Any = None) -> Any:
    """A kernel of an operator for devices ("cpu", "default": any) or dispatch keys; a decorator
    without func. errors  RuntimeError: no such operator"""

    def put(f: Callable) -> None:
        operator = _operator(qualname)
        for one in _devices(types):
            key = _key(one)
            if key is not None:
                operator.kernels[key] = f

    return put if func is None else put(func)


def register_kernel(
    op: Any, device_types: Any, func: Callable | None = None, /, *, lib=None
) -> Any:
    """A kernel of an operator for devices; None: any. A decorator without func."""

    def put(f: Callable) -> Callable:
        operator = _operator(op)
        for one in _devices(device_types):
            key = _key(one)
            if key is not None:
                operator.kernels[key] = f
        return f

    return put if func is None else put(func)


def register_fake(
    op: Any,
    func: Callable | None = None,
    /,
    *,
    lib: Any = None,
    _stacklevel: int = 1,
    allow_override: bool = True,
) -> Any:
    """The rule that makes a result without elements, for tensors on "meta"; a decorator without
    func. errors  RuntimeError: no such operator"""

    def put(f: Callable) -> Callable:
        _operator(op).shapes = f
        return f

    return put if func is None else put(func)


impl_abstract = register_fake


def register_autograd(
    op: Any, backward: Callable, /, *, setup_context: Callable | None = None, lib: Any = None
) -> None:
    """The gradient of an operator: backward(ctx, *grads) returns one per positional argument.

    setup_context   (ctx, inputs, output), or (ctx, inputs, keyword_only_inputs, output) where the
                    operator has such: puts what backward needs into ctx
    errors          RuntimeError: no such operator, one that changes its arguments
    """
    operator = _operator(op)
    if operator.schema.is_mutable:
        raise RuntimeError(
            "Cannot register autograd formula for non-functional operator "
            f"{operator.dotted} with schema {operator.schema}. Please create a functional "
            "operator and register an autograd formula for that."
        )
    operator.derivative = (backward, setup_context)


def register_vmap(op: Any, func: Callable | None = None, /, *, lib: Any = None) -> Any:
    """Noted and not used: under vmap a kernel's own ops see the whole batch. A decorator without
    func."""

    def put(f: Callable) -> Callable:
        _operator(op)
        return f

    return put if func is None else put(func)


def register_autocast(
    op: Any, device_type: str, cast_inputs: _dtype, /, *, lib: Any = None
) -> None:
    """Under autocast of this device, floating inputs of the operator are cast to cast_inputs."""
    operator = _operator(op)
    if not isinstance(device_type, str):
        raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
    if device_type not in ("cpu", "cuda"):
        raise ValueError(f"Unknown device type: {device_type}")
    if device_type == "cpu":
        operator.autocast = cast_inputs


def register_torch_dispatch(
    op: Any, torch_dispatch_class: Any, func: Any = None, /, **kw: Any
) -> Any:
    """Refused: there is no __torch_dispatch__."""
    raise refused("torch.library.register_torch_dispatch", "there is no __torch_dispatch__")


def get_ctx() -> Any:
    """What a register_fake rule asks for sizes that depend on data: refused."""
    raise refused("torch.library.get_ctx", "shapes that depend on data cannot be foreseen")


class CustomOpDef:
    """What custom_op returns: call it as the function it wraps."""

    def __init__(self, namespace: str, name: str, operator: Operator, fn: Callable):
        self._namespace, self._name, self._operator = namespace, name, operator
        self._qualname = f"{namespace}::{name}"
        self._init_fn = fn
        self.__name__, self.__doc__ = name, fn.__doc__

    def __repr__(self) -> str:
        return f"<CustomOpDef({self._qualname})>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._operator(*args, **kwargs)

    @property
    def _opoverload(self) -> Any:
        return getattr(getattr(ops, self._namespace), self._name).default

    def register_fake(self, fn: Callable, /) -> Callable:
        """torch.library.register_fake of this operator."""
        return register_fake(self, fn)

    def register_kernel(self, device_types: Any, fn: Callable | None = None, /) -> Any:
        """torch.library.register_kernel of this operator."""
        return register_kernel(self, device_types, fn)

    def register_autograd(
        self, backward: Callable, /, *, setup_context: Callable | None = None
    ) -> None:
        """torch.library.register_autograd of this operator."""
        register_autograd(self, backward, setup_context=setup_context)

    def register_vmap(self, func: Callable | None = None) -> Any:
        """torch.library.register_vmap of this operator."""
        return register_vmap(self, func)

    def register_autocast(self, device_type: str, cast_inputs: _dtype) -> None:
        """torch.library.register_autocast of this operator."""
        register_autocast(self, device_type, cast_inputs)


def custom_op(
    name: str,
    fn: Callable | None = None,
    /,
    *,
    mutates_args: str | Iterable[str],
    device_types: str | Sequence[str] | None = None,
    schema: str | None = None,
    tags: Any = None,
) -> Any:
    """An operator "ns::name" of a function; a decorator without fn. Its result is no input.

    mutates_args    names of the tensors that it changes in place
    device_types    for which the function is; None: any
    schema          instead of the one that its annotations say
    errors          ValueError: no namespace in the name, annotations that no operator takes
    """

    def make(f: Callable) -> CustomOpDef:
        space = _space(name)
        short = name.partition("::")[2]
        text = schema if schema is not None else infer(f, mutates_args)
        parsed = parse(text, name=name)
        OPERATORS.pop(name, None)  # defined anew, as in a notebook's cell that runs twice
        forget(space, short)
        operator = register(parsed)
        operator.no_alias = True
        operator.title = f"<CustomOpDef({name})>"
        for one in _devices(device_types):
            key = _key(one)
            if key is not None:
                operator.kernels[key] = f
        return CustomOpDef(space, short, operator, f)

    return make if fn is None else make(fn)


def opcheck(
    op: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any] | None = None,
    *,
    test_utils: Any = ("test_schema", "test_autograd_registration", "test_faketensor"),
    raise_exception: bool = True,
    atol: float | None = None,
    rtol: float | None = None,
) -> dict[str, str]:
    """Refused: compare with torch.autograd.gradcheck and a reference."""
    raise refused("torch.library.opcheck", "use torch.autograd.gradcheck and a reference")


explain_missing(__name__)
