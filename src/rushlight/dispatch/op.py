"""Cards: what an op's author wrote, and what follows from its signatures.

How backward's parameters are read: after `c` (the node) come the gradients of the outputs, then
whatever backward wants to see again, by name: arguments of forward, `x_shape` (the shape of
argument x, without keeping x), `out` (the first output; `out1`, `out2` the next ones), names of
`extras`. What is named is saved; nothing else is. A name that the formula does not read is there
because PyTorch's node keeps it, too: a change of it in place is then refused as there.
"""

from __future__ import annotations

from copy import copy
from functools import cached_property
from opcode import opmap
from typing import Any

from ..autograd.node import Node
from ..autograd.saved import saved_properties
from ..kernels import TABLE, K, in_single, quietly
from ..kernels.seam import native
from . import late
from .accumulate import accumulating_backward
from .messages import missing
from .order import IMAGES, keeping, keeping_back
from .return_types import named_result
from .schema import MISSING, Schema


class Cards(dict[str, "Card"]):
    """name -> card; a walk over it sees the families that are imported (late.py)."""

    def __missing__(self, name: str) -> Card:
        if late.find(late.CARDS, name):
            return self[name]
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return dict.__contains__(self, name) or name in late.CARDS

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self else default


CARDS = Cards()
MADE: list[Any] = []  # called with every card and composite that is made, see devices.py
_OUTPUTS = ("out", "out1", "out2")  # backward's names for differentiable outputs
SHAPE = 1 << 10  # in Card.save: the shape of argument i - SHAPE


class Card:
    """Metadata of an op, computed once from the signatures of the author's class.

    name, title       the public name; the name of its nodes, PyTorch's grad_fn
    parameters        names of forward's parameters; `defaults` for the last ones
    tensors           positions of the differentiable arguments, or "list": the first one is a
                      list of tensors
    outputs           how many differentiable outputs come first, or "list"
    extras            names of the results after them (indices, means): never differentiated
    returns           names of the visible results, if the user gets a named tuple
    visible           how many results the user gets
    run               run(args), see call.py and codegen.py
    fast_backward     fast_backward(node, grad), see codegen.py; None: only the general path
    fused_with        the card of a relu that `forward` computes as well, see `fuse` in call.py
    save              (index, ...): argument i, result ~i, or the shape of argument i - SHAPE, for
                      each name asked for
    more_outs         {position in save: output}, for the outputs after the first
    save_if           {argument: j}: the argument is saved only if the gradient of differentiable
                      input j is wanted, (j, k): of j or of k
    schema            PyTorch's signature; None for a card that no user calls
    prepare           prepare(*schema's arguments) -> forward's arguments: PyTorch's checks on
                      Tensors, options normalised; without it the two are the same
    variant           variant(*forward's arguments) -> the node's name by overload, or None, or the
                      card of that overload
    legacy            legacy(*positional arguments) -> the schema's arguments out of those of a form
                      that PyTorch still takes, or None
    quick             quick(*schema's arguments) -> the result of a usual call that no one watches,
                      or None; a face asks it first
    order             how results lie in memory, if not as forward made them (order.py)
    fresh             forward always returns a new array: the runner need not see to it
    not_for, kernel   kinds of dtypes ("iub") that the first argument must not have, and the name
                      in the error for them
    accumulate        2-byte floats are widened to float32 around forward and backward, and the
                      results rounded once (accumulate.py)
    narrow            what accumulate=True runs for them: (forward, backward), or None; a card's own
                      narrow(forward, backward, widened ones) may say another pair
    quiet             forward runs without NumPy's warnings (the engine sees to backward); None: if
                      its code shows that it computes with NumPy itself
    fast              when a face may skip prepare and variant: a condition on the schema's names.
                      forward's arguments are then the first ones of the schema
    check             check(*tensors) sees the operands before promotion
    numbers           operands that may be Python numbers; None: all but one
    slow_backward     the engine takes its general path through backward
    check_out         check_out(out, result) sees the tensor given as out= before it is written
    apart             no input may lie in the memory that is written to, not even all of it: the op
                      writes by index, so what it reads would change under it
    opmath            with float16 and bfloat16, a number (or a 0-d last operand) is used in float32
    once              forward reads no operand after its first kernel, so that this may write its
                      result into one; None: if forward is nothing but a kernel
    into              into(*forward's arguments): the result written into the first one, in a short
                      way; False: not these, and nothing is written
    boolean           the result is bool, whatever the operands are
    arrays            how many of the first arguments may be Tensors; the others are constants
    tensor_slots      where in what its nodes save Tensors may be
    is_relu           its gradient is dy where its output is not 0: the next op's backward may apply
                      that mask
    relu_mask         backward takes `mask`, the output of a relu in front of it, and returns the
                      gradient before that relu
    """

    used: list[Card] = []  # every card that has run, see call.py
    asking: Any = None  # a `run` that asks the modes first, kept for the next time
    unasked: Any = None  # the card's own `run`, while a mode is asked before it (modes.py)
    run: Any  # the first call puts the card's own function here, see call.py
    fast_backward: Any  # likewise, see codegen.py
    change: Any  # change(arguments): in place, see inplace.py
    changed: Any  # changed(arguments) -> whether that was all; the first call puts it here
    on_tensors = False  # backward is written on arrays
    relu_mask = False
    fused_with: Card | None = None
    fill = True  # gradients of unused outputs arrive as zeros

    def __init__(
        self,
        cls: Any,
        name: str,
        *,
        tensors: Any = None,
        outputs: Any = 1,
        extras: tuple = (),
        returns: tuple = (),
        promote: str | None = None,
        broadcast: bool = False,
        view: bool | str = False,
        save_if: dict | None = None,
        fill: bool = True,
        node: str | None = None,
        constants: int = 0,
        is_relu: bool = False,
        opmath: bool = False,
        boolean: bool = False,
        not_for: str = "",
        kernel: str = "",
        accumulate: bool = False,
        quiet: bool | None = None,
        fast: str = "",
        fresh: bool = False,
        order: str = "",
        schema: Schema | None = None,
    ):
        code = cls.forward.__code__
        self.name, self.doc, self.source = name, cls.__doc__, cls
        self.forward, self.backward = cls.forward, getattr(cls, "backward", _no_derivative(name))
        self.fresh, self.order = fresh, order
        self.schema, self.not_for, self.kernel = schema, not_for, kernel or name
        self.prepare = getattr(cls, "prepare", None)
        self.variant = getattr(cls, "variant", None)
        self.variants: dict[str, Card] = {}
        self.legacy = getattr(cls, "legacy", None)
        self.quick = getattr(cls, "quick", None)
        self.check_out = getattr(cls, "check_out", None)
        self.once = getattr(cls, "once", _is_a_kernel(code))
        self.apart = getattr(cls, "apart", False)
        self.into = getattr(cls, "into", None)
        self.opmath, self.boolean = opmath, boolean
        self.check = getattr(cls, "check", None)
        self.numbers = getattr(cls, "numbers", None)
        self.samples = getattr(cls, "samples", None)
        self.tolerance = getattr(cls, "tolerance", None)
        self.parameters = code.co_varnames[: code.co_argcount]
        self.count = code.co_argcount
        self.defaults = cls.forward.__defaults__ or ()
        self.required = self.count - len(self.defaults)
        self.tensors = tuple(range(tensors)) if type(tensors) is int else tensors
        if self.tensors is None:
            self.tensors = tuple(range(self.required))
        self.listed = self.tensors == "list"
        self.outputs, self.extras, self.fill = outputs, extras, fill
        self.promote, self.broadcast, self.view = promote, broadcast, view
        self.arrays = self.count - constants
        self.visible = len(returns) or outputs
        self.returns = returns
        if node is None and not hasattr(cls, "backward"):
            node = "NotImplemented"
        self.title = node_name(node or cls.__name__.strip("_"))
        self.save = self._saves()
        self.tensor_slots = tuple(j for j, i in enumerate(self.save) if self._may_be_tensor(i))
        self.is_relu = is_relu
        self.saved_out = self.save.index(~0) if ~0 in self.save else -1
        count = outputs if type(outputs) is int else 0
        self.more_outs = {j: ~i for j, i in enumerate(self.save) if i < 0 < ~i < count}
        save_if = save_if or {}
        self.save_if = (
            tuple(
                _several(save_if.get(self.parameters[i], ())) if 0 <= i < SHAPE else ()
                for i in self.save
            )
            if save_if
            else None
        )
        if view and self.saved_out >= 0:
            raise TypeError(f"card {name}: a view's backward cannot ask for 'out'")
        self.saves_first = 0 in self.save
        self.fast = fast
        if quiet or (quiet is None and not view and not only_kernels(code)):
            self.forward = quietly(self.forward)
        self.forward = self.in_order(self.forward)
        if order in IMAGES and self.backward is not None:
            self.backward = keeping_back(self.backward)
        self.narrow = None
        if accumulate:
            back = self.backward and accumulating_backward(self.backward)
            self.narrow = (in_single(self.forward), back)
            if (own := getattr(cls, "narrow", None)) is not None:  # where less is to be widened
                self.narrow = own(self.forward, self.backward, *self.narrow)
        self.slow_backward = self.listed  # lists are unpacked by the general path
        for f in MADE:
            f(self)

    @cached_property
    def result(self) -> Any:
        """The class of named tuples that the user gets, or None."""
        return named_result(self.name, self.returns) if self.returns else None

    @cached_property
    def node_type(self) -> Any:
        """The class of this card's nodes, named as PyTorch's grad_fn."""
        known = {
            "__slots__": (),
            "card": self,
            "tensor_slots": self.tensor_slots,
            "is_relu": self.is_relu,
            **saved_properties(self),
        }
        return type(self.title, (Node,), known)

    @property
    def elementwise(self) -> bool:
        """Several operands broadcast against each other: the result lies as they say (order.py)."""
        return self.broadcast and self.arrays > 1 and not self.order

    def lying(self, order: str) -> Card:
        """The same card with results that lie in memory otherwise."""
        other = self.copied()
        other.order = order
        other.forward = other.in_order(self.forward)
        return other

    def in_order(self, forward: Any) -> Any:
        """A forward of this card with results that lie as `order` says."""
        return keeping(self.order, forward) if self.order else forward

    def forward_for(self, x: Any) -> Any:
        """The forward for arrays of which the first is x."""
        if self.narrow is not None and getattr(x, "itemsize", 0) == 2:
            return self.narrow[0]
        return self.forward

    def copied(self) -> Card:
        """The same card, to be changed; what follows from its fields is made anew when needed."""
        other = copy(self)
        other.variants = {}
        for name in ("run", "asking", "unasked", "fast_backward", "node_type", "changed"):
            other.__dict__.pop(name, None)
        return other

    def renamed(self, title: str) -> Card:
        """The same card under another of PyTorch's node names: one formula, several overloads."""
        other = self.copied()
        other.title = title
        return other

    # ------------------------------------------------------------ what faces ask

    @property
    def card(self) -> Card:
        """The card itself: what `@op` returns is the card, or a function that has one."""
        return self

    @property
    def checks_first(self) -> bool:
        """A face must see that the first argument is a Tensor: promotion does not find out."""
        if self.listed or (self.promote is not None and len(self.tensors) > 1):
            return False
        return self.schema is None or self.schema.arguments[0].type == "Tensor"

    @property
    def explains(self) -> bool:
        """`run` words its errors itself."""
        return self.prepare is None and self.variant is None

    def call_text(self, given: str) -> str:
        """The expression with which a face runs the card on its arguments."""
        args = f"({given})" if self.prepare is None else f"prepare({given})"
        if self.variant is None:
            text = f"op.run({args})"
        else:
            title = f"(title := variant(*(args := {args})))"
            text = f"(op if {title} is None else op.named(title)).run(args)"
        if self.quick is not None:
            text = f"r if (r := quick({given})) is not None else {text}"
        if self.fast:
            first = ", ".join(given.split(", ")[: self.count])
            text = f"op.run(({first})) if {self.fast} else {text}"
        return text

    def change_text(self, given: str) -> str:
        """Likewise, in place."""
        return f"op.change(({given}))"

    def arguments(self, args: tuple) -> tuple:
        """forward's arguments out of the schema's: what `prepare` makes of them."""
        return tuple(args) if self.prepare is None else self.prepare(*args)

    def select(self, args: tuple) -> Card:
        """This card, or the same under the node name that `variant(*args)` says, or another."""
        title = None if self.variant is None else self.variant(*args)
        return self if title is None else self.named(title)

    def named(self, title: str | Card) -> Card:
        """The card that `variant` means: the same under another node name, or the card it gave."""
        if isinstance(title, Card):
            return title
        found = self.variants.get(title)
        if found is None:
            found = self.variants[title] = self.renamed(node_name(title))
        return found

    def call(self, args: Any) -> Any:
        """Run on the schema's arguments."""
        args = self.arguments(args)
        return self.select(args).run(args)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """For other ops: the public call, with positional arguments and keywords."""
        return self.call(bind(self, args, kwargs))

    def _may_be_tensor(self, i: int) -> bool:
        """True if entry i of `save` may be kept as a Tensor: an argument or a returned index."""
        if i >= 0:
            return i < self.arrays
        return self.outputs != "list" and self.outputs <= ~i < self.visible

    def _saves(self) -> tuple[int, ...]:
        if self.backward is None:
            return ()
        code = self.backward.__code__
        gradients = 1 if self.outputs == "list" else self.outputs
        wanted = code.co_varnames[1 + gradients : code.co_argcount]
        self.relu_mask = code.co_kwonlyargcount == 1
        save = []
        for w in wanted:
            if w in self.parameters:
                save.append(self.parameters.index(w))
            elif w.endswith("_shape") and w[:-6] in self.parameters:
                save.append(SHAPE + self.parameters.index(w[:-6]))
            elif w in _OUTPUTS:
                save.append(~_OUTPUTS.index(w))
            elif w in self.extras:
                save.append(~(self.outputs + self.extras.index(w)))
            else:
                raise TypeError(
                    f"card {self.name}: backward asks for '{w}', which is neither an argument of "
                    f"forward, 'out', nor one of extras={self.extras}"
                )
        return tuple(save)

    def public_name(self, i: int) -> str:
        """The name that users know forward's i-th argument by."""
        if self.schema is not None and self.prepare is None:
            return self.schema.names[i]
        return "input" if i == 0 else {"y": "other"}.get(self.parameters[i], self.parameters[i])

    def __repr__(self) -> str:
        return f"<card {self.name}>"


def _several(j: Any) -> tuple[int, ...]:
    return (j,) if isinstance(j, int) else j


_PLAIN = frozenset(
    "K dtype kind ndim shape size flags c_contiguous strides itemsize RuntimeError "
    "NotImplementedError".split()
)
_ARITHMETIC = frozenset(opmap[name] for name in ("BINARY_OP", "UNARY_NEGATIVE") if name in opmap)


def only_kernels(code: Any) -> bool:
    """True if forward's code only calls words of K, which keep NumPy quiet themselves."""
    return (
        all(name in _PLAIN or name in TABLE for name in code.co_names)
        and not code.co_freevars
        and _ARITHMETIC.isdisjoint(code.co_code[::2])
    )


_A_CALL = frozenset(
    f.__code__.co_code
    for f in (lambda x: K.f(x), lambda x, y: K.f(x, y), lambda x, y, z: K.f(x, y, z))  # type: ignore
)


def _is_a_kernel(code: Any) -> bool:
    """True if forward(x, ...) is K.name(x, ...), and that is a native kernel."""
    return code.co_code in _A_CALL and native is not None and code.co_names[1] in native.KERNELS


def node_name(title: str) -> str:
    """PyTorch's class of nodes: Sum -> SumBackward0; with an overload's number, SumBackward1."""
    if title in ("CopySlices", "NotImplemented") or "Backward" in title:
        return title
    return f"{title[:-1]}Backward{title[-1]}" if title[-1].isdigit() else f"{title}Backward0"


def _no_derivative(name: str) -> Any:
    def backward(c, dy, *others):
        raise RuntimeError(f"derivative for aten::{name} is not implemented")

    return backward


def bind(card: Card, args: tuple, kwargs: dict) -> tuple:
    """Positional and keyword arguments as the full positional tuple of the schema, or of forward
    for a card without one. TypeError in PyTorch's words.
    """
    if card.schema is not None:
        return bind_schema(card.schema, args, kwargs)
    if len(args) > card.count or kwargs:
        raise TypeError(
            f"{card.name}() takes {card.count} positional arguments but {len(args)} were given"
        )
    if len(args) < card.required:
        raise missing(card.name, card.public_name(len(args)))
    return args + card.defaults[len(args) - card.required :] if len(args) < card.count else args


def bind_schema(schema: Schema, args: tuple, kwargs: dict) -> tuple:
    """The arguments of a call in the schema's order, with its defaults; see `bind`."""
    parameters = schema.arguments
    if len(args) > len(parameters):
        raise TypeError(
            f"{schema.name}() takes {len(parameters)} positional arguments but {len(args)} were "
            "given"
        )
    values = [*args, *(p.default for p in parameters[len(args) :])]
    for key, value in kwargs.items():
        i = schema.resolve(key)
        if i is None:
            raise TypeError(f"{schema.name}() got an unexpected keyword argument '{key}'")
        if i < len(args):
            raise TypeError(f"{schema.name}() got multiple values for argument '{key}'")
        values[i] = value
    for p, value in zip(parameters, values, strict=True):
        if value is MISSING:
            raise missing(schema.name, p.name)
    return tuple(values)
