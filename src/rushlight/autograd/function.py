"""torch.autograd.Function: operations whose backward the user writes.

forward and backward are written on Tensors. The call becomes one node on the tape whose card is the
user's class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.grad_mode import mode, no_grad, watching
from ..core.names import explain_missing
from ..core.tensor import Tensor, _cell, wrap
from ..kernels import K
from .inplace import check_inplace
from .node import FREED, Node, edge_of, fill, make_node
from .saved import Packed


class FunctionCtx(Node):
    """`ctx`.

    What forward leaves for backward. It is the node itself, so attributes set on it live as long as
    the graph.
    """

    __slots__ = ()
    frees = True

    if TYPE_CHECKING:  # what apply notes, and what the user's forward leaves
        _positions: list[int]
        _shapes: dict[int, tuple]
        _count: int

        def __getattr__(self, name: str) -> Any: ...

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep inputs or outputs (or None) for backward.

        Read there as ctx.saved_tensors, checked for in-place changes.
        """
        self._to_save = tensors

    def save_for_forward(self, *tensors: Any) -> None:
        """Keep tensors (or None) for jvp, which reads them as ctx.saved_tensors."""
        self._for_jvp = tensors

    @property
    def saved_tensors(self) -> tuple:
        """What save_for_backward kept. RuntimeError: freed already, or changed in place since."""
        if "_in_jvp" in self.__dict__ and "_for_jvp" in self.__dict__:
            return self._for_jvp
        if self.saved is FREED:
            raise RuntimeError(
                "Trying to backward through the graph a second time (or directly access saved "
                "tensors after they have already been freed). Saved intermediate values of the "
                "graph are freed when you call .backward() or autograd.grad(). Specify "
                "retain_graph=True if you need to backward through the graph a second time or if "
                "you need to access saved tensors after calling backward."
            )
        entries = self.saved.entries() if isinstance(self.saved, _Saved) else self.saved or ()
        return tuple(self._unpacked(s) for s in entries)

    saved_variables = saved_tensors

    def _unpacked(self, s: Any) -> Any:
        if s is None:
            return None
        if isinstance(s, Packed):
            return s.with_history(self)
        t, version, slot = s
        if t._version != version:
            raise RuntimeError(
                "one of the variables needed for gradient computation has been modified by an "
                f"inplace operation: a tensor of shape {list(t._a.shape)} saved by {self.name()} "
                f"is at version {t._version}; expected version {version} instead."
            )
        if slot is None:
            return t
        out = wrap(t._a)  # an output: kept without its history, which would be a cycle
        out._rg, out._node, out._slot = True, self, slot
        return out

    def mark_dirty(self, *tensors: Tensor) -> None:
        """Inputs that forward changed in place and returns."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """Outputs that get no gradient."""
        self._constant = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """False: gradients of unused outputs arrive as None, not as zeros."""
        self._materialize = value

    @property
    def needs_input_grad(self) -> tuple[bool, ...]:
        """For each argument of forward, whether backward's result for it is used."""
        return self._needs


class _FunctionCard:
    """What the engine asks of a card, answered by a user's Function."""

    on_tensors = slow_backward = True
    fast_backward = narrow = None
    fill = True
    saved_out = -1
    more_outs: dict[int, int] = {}

    def __init__(self, cls: Any):
        self.cls, self.outputs, self.name = cls, 1, cls.__name__

    def backward(self, ctx: FunctionCtx, *grads: Any) -> tuple:
        cls = self.cls
        if cls.backward is Function.backward and cls.vjp is Function.vjp:
            raise NotImplementedError(
                "You must implement either the backward or vjp method for your custom "
                "autograd.Function to use it with backward mode AD."
            )
        f = cls.backward if cls.backward is not Function.backward else cls.vjp
        if len(grads) > ctx._count:
            grads = grads[: ctx._count]
        results = f(ctx, *grads)
        if not isinstance(results, tuple):
            results = tuple(results) if isinstance(results, list) else (results,)
        needs = ctx._needs
        if len(results) > len(needs) and any(r is not None for r in results[len(needs) :]):
            raise RuntimeError(
                f"function {self.name}Backward returned an incorrect number of gradients (expected "
                f"{len(needs)}, got {len(results)})"
            )
        if len(results) < len(needs):
            raise RuntimeError(
                f"function {self.name}Backward returned an incorrect number of gradients (expected "
                f"{len(needs)}, got {len(results)})"
            )
        kept = []
        for i, r in zip(ctx._positions, (results[i] for i in ctx._positions), strict=False):
            if r is not None and not isinstance(r, Tensor):
                raise RuntimeError(
                    f"function {self.name}Backward returned a {type(r).__name__} as gradient {i}, "
                    "expected a Tensor or None"
                )
            if r is not None and r._a.shape != ctx._shapes[i]:
                try:
                    r = K.sum_to(r, ctx._shapes[i]) if r._a.size != 0 else r
                    if r._a.shape != ctx._shapes[i]:
                        r = r.expand(ctx._shapes[i])
                except Exception:
                    raise RuntimeError(
                        f"Function {self.name}Backward returned an invalid gradient at index {i} - "
                        f"got {list(results[i]._a.shape)} but expected shape compatible with "
                        f"{list(ctx._shapes[i])}"
                    ) from None
            kept.append(r)
        return tuple(kept)


# while a transform runs: f(cls, args, kwargs) -> result, see dispatch/functions.py
CARRYING: list[Any] = []


class _FunctionMeta(type):
    def __init__(cls, name: str, bases: tuple, namespace: dict):
        super().__init__(name, bases, namespace)
        cls._card = _FunctionCard(cls)
        cls._node_type = type(name + "Backward", (FunctionCtx,), {"card": cls._card})


class Function(metaclass=_FunctionMeta):
    """Base class of custom operations: static methods forward(ctx, *args) and backward(ctx,
    *grads), used by `apply`.

    Or forward(*args) with setup_context(ctx, inputs, output). backward returns one gradient (or
    None) per argument.
    """

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """The operation. NotImplementedError unless overridden."""
        raise NotImplementedError(
            "You must implement the forward function for custom autograd.Function."
        )

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple, output: Any) -> None:
        """For forward(*args) without ctx: leave on ctx what backward needs."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any, **unused: Any) -> Any:
        """The gradients of the arguments from those of the outputs."""
        raise NotImplementedError

    @staticmethod
    def vjp(ctx: Any, *grad_outputs: Any, **unused: Any) -> Any:
        """Another name for backward."""
        raise NotImplementedError

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use "
            "new-style autograd function with static forward method. (Example: "
            "https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    generate_vmap_rule = False  # True: vmap calls the function for each sample

    @staticmethod
    def vmap(info: Any, in_dims: tuple, *args: Any) -> Any:
        """(outputs, where their batch dimension is) of inputs with a batch dimension at in_dims."""
        raise NotImplementedError(
            "To use autograd.Function with vmap, you must either override the vmap staticmethod or "
            "set generate_vmap_rule=True."
        )

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """The tangents of the outputs from those of the arguments."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with "
            "forward mode AD."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run forward and put the call on the tape."""
        if CARRYING and (found := CARRYING[0](cls, args, kwargs)) is not NotImplemented:
            return found
        return cls._called(args, kwargs)[0]

    @classmethod
    def _called(cls, args: tuple, kwargs: dict) -> tuple[Any, Any]:
        """(results, ctx) of a call."""
        ctx: Any = make_node(cls._node_type, (), ())
        ctx._needs = tuple(isinstance(a, Tensor) and a._rg for a in args)
        ctx._to_save = ctx._dirty = ctx._constant = ()
        track = mode.grad and any(ctx._needs)
        edges = tuple(edge_of(a) for a in args if isinstance(a, Tensor)) if track else ()
        with no_grad():
            if cls.setup_context is not Function.setup_context:
                out = cls.forward(*args, **kwargs)
                cls.setup_context(ctx, args, out)
            else:
                out = cls.forward(ctx, *args, **kwargs)
        outputs = out if isinstance(out, tuple) else tuple(out) if isinstance(out, list) else (out,)
        if not track:
            ctx.saved = tuple(None if t is None else (t, t._version, None) for t in ctx._to_save)
            return out, ctx
        return _recorded(ctx, args, edges, out, outputs), ctx


def _recorded(ctx: FunctionCtx, args: tuple, edges: tuple, out: Any, outputs: tuple) -> Any:
    """Hang the outputs of a Function on its node."""
    ctx._positions = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
    ctx._shapes = {i: args[i]._a.shape for i in ctx._positions}
    ctx._count = len(outputs)
    inputs = {id(a) for a in args if isinstance(a, Tensor)}
    dirty = {id(t) for t in ctx._dirty}
    constant = {id(t) for t in ctx._constant}
    outs = None
    if len(outputs) > 1:
        outs = tuple(
            (t._a.shape, t._a.dtype) if isinstance(t, Tensor) else ((), "f4") for t in outputs
        )
    fill(ctx, edges, (), None, outs, None)
    results, slots = [], {}
    for slot, t in enumerate(outputs):
        if not isinstance(t, Tensor):
            results.append(t)
            continue
        original = t
        if id(t) in dirty:
            check_inplace(t)
            t._bump()
        elif id(t) in inputs:
            t = t.detach()  # an input returned as it is becomes a new tensor
        if id(original) not in constant and t._a.dtype.kind in "fcV":
            t._node, t._slot, t._rg = ctx, slot, True
            slots[id(original)] = slot
        results.append(t)
    saved: list = []
    for t in ctx._to_save:
        if t is None:
            saved.append(None)
        elif id(t) in slots:
            alias = wrap(t._a)
            alias._v = _cell(t)
            saved.append((alias, t._version, slots[id(t)]))
        else:
            saved.append((t, t._version, None))
    if watching[0] and mode.packing is not None:
        saved = [s if s is None else _packed(ctx, *s) for s in saved]
    ctx.saved = _Saved(saved)
    del ctx._to_save, ctx._dirty, ctx._constant
    if isinstance(out, tuple):
        return type(out)(*results) if hasattr(out, "_fields") else tuple(results)
    return results if isinstance(out, list) else results[0]


def _packed(ctx: FunctionCtx, t: Tensor, version: int, slot: int | None) -> Packed:
    """A saved entry of a Function under saved_tensors_hooks."""
    if slot is None:
        return mode.packing.packed(t, edge_of(t))
    return mode.packing.packed_output(ctx, t._a, slot)


class _Saved(tuple):
    """Saved entries of a Function.

    Unpacked by ctx.saved_tensors, not passed to backward as arguments.
    """

    def __iter__(self):
        return iter(())

    def entries(self):
        return tuple.__iter__(self)


def once_differentiable(f: Any) -> Any:
    """Decorator of a Function's backward that cannot be differentiated itself.

    A second derivative raises.
    """
    import functools

    @functools.wraps(f)
    def backward(ctx, *grads):
        recording = mode.grad
        with no_grad():
            results = f(ctx, *grads)
        if not recording or not any(isinstance(g, Tensor) and g._rg for g in grads):
            if not recording:
                return results
        wants = any(isinstance(g, Tensor) and g._rg for g in grads) or any(ctx._needs)
        if not wants:
            return results
        many = results if isinstance(results, tuple) else (results,)
        marked = tuple(_refusing(r) if isinstance(r, Tensor) else r for r in many)
        return marked if isinstance(results, tuple) else marked[0]

    return backward


class _Refuses:
    """A card whose backward says that a once_differentiable function was differentiated twice."""

    fast_backward = narrow = None
    more_outs: dict[int, int] = {}
    on_tensors, slow_backward, fill, saved_out, outputs, name = (
        False,
        True,
        True,
        -1,
        1,
        "once_differentiable",
    )

    def backward(self, *args: Any) -> Any:
        raise RuntimeError(
            "trying to differentiate twice a function that was marked with @once_differentiable"
        )


class DelayedErrorBackward(Node):
    """The node on results of a once_differentiable backward."""

    __slots__ = ()
    card = _Refuses()


def _refusing(t: Tensor) -> Tensor:
    out = wrap(t._a)
    out._node, out._slot, out._rg = make_node(DelayedErrorBackward, (), ()), 0, True
    return out


explain_missing(__name__)
