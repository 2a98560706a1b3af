"""The registry: from one card to everything that users call.

`@op("silu", inplace=True, functional=True)` over a class with forward and backward makes `torch.silu`,
`Tensor.silu_`, `F.silu`: functions that bind arguments, promote dtypes, unwrap Tensors, run the formula on
arrays, wrap the result and record a node if a gradient is wanted. `@composite` registers a plain function
over Tensors under the same names. The cards in `rushlight.ops` speak only of arrays and formulas.

How backward's parameters are read: after `c` (the node) come the gradients of the outputs, then whatever
backward wants to see again, by name: arguments of forward, `x_shape` (the shape of argument x, without keeping x),
`out` (the first output), names of `extras`. What is named is saved; nothing else is.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from .dtype import (
    FLOAT,
    bool_,
    check_can_cast,
    from_numpy_dtype,
    get_default_dtype,
    number_dtype,
    result_dtype,
)
from .errors import explain
from .grad_mode import inferring, mode
from .results import named_result
from .tape import Node, edge_of, make_node
from .tensor import Tensor, ViewInfo, _cell, wrap

_new = object.__new__
_ndarray = np.ndarray
_F32, _F64 = np.dtype(np.float32), np.dtype(np.float64)

CARDS: dict[str, Card] = {}
FUNCTIONS: dict[str, Any] = {}  # torch.<name>
FUNCTIONAL: dict[str, Any] = {}  # torch.nn.functional.<name>
_MISSING = object()
_SHAPE = 1 << 10  # in Card.save: the shape of argument i - _SHAPE
_ALIASES = {"axis": "dim", "keepdims": "keepdim", "axis0": "dim0", "axis1": "dim1", "from": "low", "to": "high"}


class Card:
    """An op as the wrapper needs it: the author's class and what follows from its signatures.

    name, node_type   the public name; the Node class, named as PyTorch's grad_fn
    parameters        names of forward's parameters; `defaults` for the last ones
    tensors           positions of the differentiable arguments, or "list": the first one is a list of tensors
    outputs           how many differentiable outputs come first, or "list"
    extras            names of the results after them (indices, means): never differentiated
    returns           names of the visible results, if the user gets a named tuple
    visible           how many results the user gets
    save              (index, ...): argument i, result ~i, or the shape of argument i - _SHAPE, for each name asked for
    when              {argument: j}: the argument is saved only if the gradient of differentiable input j is wanted
    """

    on_tensors = False  # backward is written on arrays
    fill = True  # gradients of unused outputs arrive as zeros

    def __init__(self, cls: type, name: str, *, tensors: Any = None, outputs: Any = 1, extras: tuple = (), returns: tuple = (),
                 promote: str | None = None, broadcast: bool = False, view: bool | str = False, varargs: bool = False,
                 when: dict | None = None, fill: bool = True, node: str | None = None):  # fmt: skip
        code = cls.forward.__code__
        self.name, self.doc, self.source = name, cls.__doc__, cls
        self.forward, self.backward = cls.forward, getattr(cls, "backward", _no_derivative(name))
        self.check = getattr(cls, "check", None)  # check(*tensors) sees the operands before promotion
        self.numbers = getattr(cls, "numbers", None)  # operands that may be Python numbers; None: all but one
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
        self.promote, self.broadcast, self.view, self.varargs = promote, broadcast, view, varargs
        self.visible = len(returns) or outputs
        self.result = named_result(name, returns) if returns else None
        title = node or cls.__name__  # a digit at the end is PyTorch's overload number: Sum1 -> SumBackward1
        title = f"{title[:-1]}Backward{title[-1]}" if title[-1].isdigit() else f"{title}Backward0"
        title = "CopySlices" if node == "CopySlices" else title
        self.node_type = type(title, (Node,), {"__slots__": (), "card": self})
        self.save = self._saves()
        self.saved_out = self.save.index(~0) if ~0 in self.save else -1
        when = when or {}
        self.when = (
            tuple(when.get(self.parameters[i], -1) if 0 <= i < _SHAPE else -1 for i in self.save)
            if when
            else None
        )
        self.saves_first = 0 in self.save
        self.unusual = self.listed  # what it saved may hold lists, which only the engine's long way unpacks
        one = not (self.listed or returns) and outputs == 1
        self.run = partial(_general, self) if not one else _viewing(self) if view else _simple(self)

    def _saves(self) -> tuple[int, ...]:
        if self.backward is None:
            return ()
        code = self.backward.__code__
        gradients = 1 if self.outputs == "list" else self.outputs
        wanted = code.co_varnames[1 + gradients : code.co_argcount]
        save = []
        for w in wanted:
            if w in self.parameters:
                save.append(self.parameters.index(w))
            elif w.endswith("_shape") and w[:-6] in self.parameters:
                save.append(_SHAPE + self.parameters.index(w[:-6]))
            elif w == "out":
                save.append(~0)
            elif w in self.extras:
                save.append(~(self.outputs + self.extras.index(w)))
            else:
                raise TypeError(f"card {self.name}: backward asks for '{w}', which is neither an argument of forward, "
                                f"'out', nor one of extras={self.extras}")  # fmt: skip
        return tuple(save)

    def __repr__(self) -> str:
        return f"<card {self.name}>"


def _no_derivative(name: str) -> Any:
    def backward(c, dy):
        raise RuntimeError(f"derivative for {name} is not implemented")

    return backward


# ---------------------------------------------------------------- binding arguments


def bind(card: Card, args: tuple, kwargs: dict) -> tuple:
    """Positional and keyword arguments as forward's full positional tuple. TypeError in PyTorch's words."""
    count = card.count
    if card.varargs and len(args) > 1 and (len(args) > 2 or not isinstance(args[1], (tuple, list))):
        if not isinstance(args[1], (tuple, list)) and args[1] is not None:
            args = (args[0], tuple(args[1:]))
    given = len(args)
    if given > count:
        raise TypeError(f"{card.name}() takes {count} positional arguments but {given} were given")
    if not kwargs and given >= card.required:
        return args + card.defaults[given - card.required :] if given < count else args
    names = card.parameters
    values = list(args) + [_MISSING] * (count - given)
    for key, value in kwargs.items():
        if key in names:
            i = names.index(key)
        elif key == "input" or (key == "self" and not given):
            i = 0
        elif key == "other" and count > 1:
            i = 1
        elif _ALIASES.get(key) in names:
            i = names.index(_ALIASES[key])
        else:
            raise TypeError(f"{card.name}() got an unexpected keyword argument '{key}'")
        if values[i] is not _MISSING:
            raise TypeError(f"{card.name}() got multiple values for argument '{key}'")
        values[i] = value
    for i, value in enumerate(values):
        if value is _MISSING:
            if i < card.required:
                raise TypeError(
                    f'{card.name}() missing 1 required positional arguments: "{names[i]}"'
                )
            values[i] = card.defaults[i - card.required]
    return tuple(values)


# ---------------------------------------------------------------- promotion


def promoted(card: Card, args: tuple) -> tuple:
    """The arguments with the tensors that take part in promotion cast to the common dtype.

    promote="arith": the common dtype; "float": as arith, integers become the default float dtype.
    Numbers stay numbers where NumPy would not let them widen the result, and become 0-d arrays otherwise.
    """
    first = args[0]
    if isinstance(first, Tensor) and ((d := first._a.dtype) is _F32 or d is _F64):
        for i in card.tensors:
            a = args[i]
            if a is not None and not (isinstance(a, Tensor) and a._a.dtype is d):
                break
        else:
            return args
    if card.listed:
        tensors = list(args[0])
        target = result_dtype(tensors)
        return ([t if t.dtype is target else cast(t, target) for t in tensors], *args[1:])
    operands = [a for i in card.tensors if (a := args[i]) is not None]
    some_tensor = any([isinstance(a, Tensor) for a in operands])
    for i in card.tensors:
        a = args[i]
        if a is None or isinstance(a, Tensor):
            continue
        if not _is_number(a) or not some_tensor or (card.numbers is not None and i not in card.numbers):
            if isinstance(a, _ndarray):
                return promoted(
                    card, tuple(wrap(a) if isinstance(a, _ndarray) else a for a in args)
                )
            raise TypeError(
                f"{card.name}(): argument '{_public(card, i)}' (position {i + 1}) must be Tensor, not {type(args[i]).__name__}"
            )
    if card.check is not None:
        card.check(*operands)
    target = result_dtype(operands)
    if card.promote == "float" and target.category < FLOAT:
        target = get_default_dtype()
    values = list(args)
    for i in card.tensors:
        a = values[i]
        if isinstance(a, Tensor):
            if a.dtype is not target:
                values[i] = cast(a, target)
        elif a is not None:
            values[i] = number_array(a, target)
    return tuple(values)


def number_array(x: Any, target: Any) -> np.ndarray:
    """A Python number as a 0-d array of `target`: integers wrap around as in C."""
    if target.category == bool_.category:
        return np.array(bool(x))
    if target.category < FLOAT and isinstance(x, (int, np.integer)):
        return np.array(
            int(x) & ((1 << 8 * target.itemsize) - 1), dtype=f"u{target.itemsize}"
        ).view(target.np)
    return np.array(x).astype(target.np)


def _is_number(x: Any) -> bool:
    return isinstance(x, (int, float, complex, np.number, np.bool_))


def _public(card: Card, i: int) -> str:
    name = card.parameters[i]
    return {0: "input"}.get(i, {"y": "other"}.get(name, name))


def cast(t: Tensor, target: Any) -> Tensor:
    """t in another dtype, recorded."""
    return apply(CARDS["_to_copy"], (t, target))


# ---------------------------------------------------------------- running a card


def apply(card: Card, args: tuple) -> Any:
    """Run a card on its full argument tuple: arrays in, formula, Tensors out, a node if one is needed."""
    return card.run(args)


_TRANSLATED = (ValueError, IndexError, TypeError, AttributeError)  # what NumPy raises that PyTorch says otherwise


def _simple(card: Card) -> Any:
    """`run` of a card with one visible result that is no view: the way nearly all calls take, kept short."""
    forward, promote, positions, save = card.forward, card.promote, card.tensors, card.save
    differentiable, when, broadcast, node_type = card.backward is not None, card.when, card.broadcast, card.node_type
    saves_out = card.saved_out >= 0

    def run(args):
        if promote is not None and not _alike(args, positions):
            args = promoted(card, args)
        try:
            r = forward(*[a._a if isinstance(a, Tensor) else a for a in args])
        except _TRANSLATED as e:
            raise explain(card, args, e) from None
        if type(r) is tuple:
            results, r = r, r[0]
        else:
            results = None
        t = _new(Tensor)
        t._a = r if type(r) is _ndarray else np.asarray(r)
        t._rg = False
        t._node = t._view = t._v = None
        if inferring[0] and mode.inference:
            t._inference = True
        if differentiable:
            for i in positions:
                a = args[i]
                if isinstance(a, Tensor) and a._rg:
                    break
            else:
                return t
            if mode.grad and t._a.dtype.kind in "fcV":
                edges = tuple([edge_of(a) if isinstance(a := args[i], Tensor) else None for i in positions])
                if save:
                    if results is None:
                        results = (t._a,)
                    saved = [
                        args[i] if 0 <= i < _SHAPE else results[~i] if i < 0 else args[i - _SHAPE]._a.shape for i in save
                    ]
                    if when is not None:
                        saved = [None if j >= 0 and edges[j] is None else s for s, j in zip(saved, when)]
                else:
                    saved = ()
                shapes = None
                if broadcast:
                    shapes = tuple([a._a.shape if isinstance(a := args[i], Tensor) else None for i in positions])
                t._node = node = make_node(node_type, edges, saved, shapes)
                t._slot = 0
                t._rg = True
                if saves_out:
                    t._v = cell = [0]
                    node.out_cell = (cell, 0)
        return t

    return run


def _viewing(card: Card) -> Any:
    """`run` of a card whose result is (view="maybe": can be) a view of its first argument."""
    forward, maybe = card.forward, card.view == "maybe"

    def run(args):
        x = args[0]
        try:
            r = forward(x._a, *args[1:])
        except _TRANSLATED as e:
            raise explain(card, args, e) from None
        if maybe and not np.may_share_memory(r, x._a):
            t = wrap(r)
            if x._rg and mode.grad:
                record(card, args, (r,), (t,))
            return t
        return view_of(card, x, r, args[1:])

    return run


def view_of(card: Card, x: Tensor, array: np.ndarray, options: tuple) -> Tensor:
    """The Tensor of `array`, a view of x that `card` made with these options: shared version, known base, recorded."""
    t = _new(Tensor)
    t._a = array
    t._rg = False
    t._node = None
    cell = x._v
    if cell is None:
        x._v = cell = [0]
    t._v = cell
    info = x._view
    view = ViewInfo(x, ((card, options),)) if info is None else ViewInfo(info.base, (*info.chain, (card, options)), info.many)
    if x._rg and mode.grad:
        t._view = None
        record(card, (x, *options), (array,), (t,))
        view.seen = view.base._node
    t._view = view
    if inferring[0] and mode.inference:
        t._inference = True
    return t


def _alike(args: tuple, positions: tuple) -> bool:
    """True if promotion has nothing to do: only tensors of one of the two common float dtypes."""
    first = None
    for i in positions:
        a = args[i]
        if not isinstance(a, Tensor):
            return False
        d = a._a.dtype
        if first is None:
            if d is not _F32 and d is not _F64:
                return False
            first = d
        elif d is not first:
            return False
    return True


def _general(card: Card, args: tuple) -> Any:
    """`run` of cards with views, lists of tensors, or several results."""
    if card.promote is not None:
        args = promoted(card, args)
    arrays = []
    track = False
    for a in args:
        if isinstance(a, Tensor):
            arrays.append(a._a)
            if a._rg:
                track = True
        elif type(a) is list and card.listed and a is args[0]:
            arrays.append([t._a for t in a])
            for t in a:
                if t._rg:
                    track = True
        else:
            arrays.append(a)
    try:
        r = card.forward(*arrays)
    except _TRANSLATED as e:
        raise explain(card, args, e) from None
    results = r if type(r) is tuple else tuple(r) if type(r) is list else (r,)
    tensors = tuple(
        [wrap(x) for x in (results if card.outputs == "list" else results[: card.visible])]
    )
    if card.view:
        for t in tensors:
            _share(card, args, t, many=card.outputs == "list")
    if track and mode.grad and card.backward is not None:
        record(card, args, tuple(t._a for t in tensors) + results[len(tensors) :], tensors)
    if inferring[0] and mode.inference:
        for t in tensors:
            t._inference = True
    if card.result is not None:
        return card.result(*tensors)
    return tensors[0] if card.outputs == 1 and len(tensors) == 1 else tensors


def record(card: Card, args: tuple, results: tuple, tensors: tuple) -> Node:
    """Put the node of this call on the tape and hang it on the differentiable outputs."""
    if card.listed:
        edges = tuple([edge_of(t) for t in args[0]])
    else:
        edges = tuple(
            [edge_of(a) if isinstance(a := args[i], Tensor) else None for i in card.tensors]
        )
    saved = tuple([results[~i] if i < 0 else args[i] if i < _SHAPE else args[i - _SHAPE]._a.shape for i in card.save])
    if card.when is not None:
        saved = tuple(
            [None if j >= 0 and edges[j] is None else s for s, j in zip(saved, card.when)]
        )
    shapes = None
    if card.broadcast:
        shapes = tuple(
            [a._a.shape if isinstance(a := args[i], Tensor) else None for i in card.tensors]
        )
    count = len(tensors) if card.outputs == "list" else card.outputs
    outs = None
    if card.outputs != 1:
        outs = tuple([(t._a.shape, t._a.dtype) for t in tensors[:count]])
    node = make_node(card.node_type, edges, saved, shapes, outs)
    for slot in range(count):
        t = tensors[slot]
        if t._a.dtype.kind in "fcV":
            t._node = node
            t._slot = slot
            t._rg = True
    if card.saved_out >= 0:
        cell = _cell(tensors[0])
        node.out_cell = (cell, cell[0])
    for t in tensors:
        if t._view is not None:
            t._view.seen = t._view.base._node
    return node


def _share(card: Card, args: tuple, t: Tensor, many: bool = False) -> None:
    """Make `t` a view of the first argument, if it does share its memory."""
    source = args[0]
    if t._a.base is None or not (t._a.size == 0 or np.may_share_memory(t._a, source._a)):
        return
    if t._rg:
        return
    t._v = _cell(source)
    base, chain = source, ((card, args[1:]),)
    if source._view is not None:
        base, chain = source._view.base, source._view.chain + chain
    if many or (source._view is not None and source._view.many):
        many_name = card.node_type.__name__ if many else source._view.many
        # one output of several cannot be replayed alone; in-place on it under autograd is refused
        t._view = ViewInfo(base, chain, many_name)
    else:
        t._view = ViewInfo(base, chain)


# ---------------------------------------------------------------- in place


def check_inplace(x: Tensor) -> None:
    """RuntimeError if autograd forbids changing `x` in place."""
    if x._view is not None:
        x._view.refresh(x)
        base = x._view.base
        if x._view.many and x._rg:
            raise RuntimeError(
                f"Output of {x._view.many} is a view and is being modified inplace. This view is the output of a function "
                "that returns multiple views. Such functions do not allow the output views to be modified inplace. You "
                "should replace the inplace operation by an out-of-place one."
            )
        if base._rg and base._node is None:
            raise RuntimeError(
                "a view of a leaf Variable that requires grad is being used in an in-place operation."
            )
    if x._rg and x._node is None:
        raise RuntimeError(
            "a leaf Variable that requires grad is being used in an in-place operation."
        )


def apply_inplace(card: Card, args: tuple) -> Tensor:
    """Run a card and put its result into the first argument's memory; history and version follow."""
    x = args[0]
    if not isinstance(x, Tensor):
        raise TypeError(
            f"{card.name}_(): argument 'input' (position 1) must be Tensor, not {type(x).__name__}"
        )
    track = mode.grad and any([isinstance(a, Tensor) and a._rg for a in args])
    if track:
        check_inplace(x)
    if mode.grad and x._inference and not mode.inference:
        raise RuntimeError("Inplace update to inference tensor outside InferenceMode is not allowed. You can make a clone to "
                           "get a normal tensor before doing inplace update.")  # fmt: skip
    if card.promote is not None:
        if card.promote == "arith" or x.dtype.category < FLOAT:
            found = result_dtype([a for i in card.tensors if (a := args[i]) is not None])
            if card.promote == "float" and found.category < FLOAT:
                found = get_default_dtype()
            check_can_cast(found, x.dtype)
    old = _new(Tensor)
    old._a, old._rg, old._node, old._view, old._v = x._a, x._rg, x._node, None, None
    if x._node is not None:
        old._slot = x._slot
    if track and card.saves_first:
        old._a = x._a.copy()
    args = (old, *args[1:])
    if card.promote is not None:
        args = promoted(card, args)
    arrays = [a._a if isinstance(a, Tensor) else a for a in args]
    try:
        r = card.forward(*arrays)
    except (ValueError, IndexError, TypeError, AttributeError) as e:
        raise explain(card, args, e) from None
    results = r if type(r) is tuple else (r,)
    write(x, results[0])
    if track and card.backward is not None:
        rebase(x, card, args, (x._a, *results[1:]))
    return x


def write(x: Tensor, values: Any) -> None:
    """Copy values into the memory of x (same shape, or broadcast up to it) and count the change."""
    a = x._a
    if getattr(values, "shape", ()) != a.shape:
        shape = np.shape(values)
        if np.broadcast_shapes(shape, a.shape) != a.shape:
            raise RuntimeError(
                f"output with shape {list(a.shape)} doesn't match the broadcast shape {list(shape)}"
            )
    if not a.flags.writeable:
        a = writable(x)
    elif (
        a.ndim
        and 0 in a.strides
        and a.size > 1
        and any(s == 0 and n > 1 for s, n in zip(a.strides, a.shape))
    ):
        raise RuntimeError("unsupported operation: more than one element of the written-to tensor refers to a single memory "
                           "location. Please clone() the tensor before performing the operation.")  # fmt: skip
    np.copyto(a, values, casting="unsafe")
    x._bump()


def writable(x: Tensor) -> np.ndarray:
    """The array of x for writing; expanded tensors are refused in PyTorch's words, read-only memory by name."""
    a = x._a
    if any(s == 0 and n > 1 for s, n in zip(a.strides, a.shape)):
        raise RuntimeError("unsupported operation: more than one element of the written-to tensor refers to a single memory "
                           "location. Please clone() the tensor before performing the operation.")  # fmt: skip
    raise RuntimeError(
        "the tensor shares read-only memory of a NumPy array and cannot be changed in place; clone() it first"
    )


def rebase(x: Tensor, card: Card, args: tuple, results: tuple) -> None:
    """After an in-place operation: x comes from the new node, and so does the base it is a view of."""
    view, x._view = x._view, None
    node = record(card, args, results, (x,))
    x._view = view
    if view is not None:
        base = view.base
        old_edge = edge_of(base)
        scatter = make_node(
            CARDS["_view_scatter"].node_type, (old_edge, node), (view.chain, base._a.shape)
        )
        base._node, base._slot, base._rg = scatter, 0, True


# ---------------------------------------------------------------- the public functions


def _function(card: Card) -> Any:
    count, varargs = card.count, card.varargs
    first_is_tensor = not card.listed and (card.promote is None or len(card.tensors) < 2)

    def function(*args, **kwargs):
        if kwargs:
            out = kwargs.pop("out", None)
            args = bind(card, args, kwargs)
            if out is not None:
                return _into(card, args, out)
        elif len(args) != count or varargs:
            args = bind(card, args, kwargs)
        if first_is_tensor and not isinstance(args[0], Tensor):
            args = _checked_first(card, args)
        return apply(card, args)

    return function


def _checked_first(card: Card, args: tuple) -> tuple:
    if isinstance(args[0], _ndarray):
        return (wrap(args[0]), *args[1:])
    raise TypeError(
        f"{card.name}(): argument '{_public(card, 0)}' (position 1) must be Tensor, not {type(args[0]).__name__}"
    )


def _inplace_function(card: Card) -> Any:
    def function(*args, **kwargs):
        return apply_inplace(card, bind(card, args, kwargs))

    return function


def _into(card: Card, args: tuple, out: Any) -> Any:
    """The out= form: the result is written into given tensors, resized if need be."""
    outs = out if isinstance(out, (tuple, list)) else (out,)
    if mode.grad:
        tensors = args[0] if card.listed else args
        if any(isinstance(a, Tensor) and a._rg for a in (*tensors, *outs)):
            raise RuntimeError(f"{card.name}(): functions with out=... arguments don't support automatic differentiation, "
                               "but one of the arguments requires grad.")  # fmt: skip
    results = apply(card, args)
    pairs = zip(outs, results if isinstance(results, tuple) else (results,))
    for o, r in pairs:
        store(o, r)
    return out if not isinstance(out, (tuple, list)) or card.result is None else card.result(*outs)


def store(out: Tensor, result: Tensor) -> None:
    """Write a result into the tensor given as out=: dtype must allow it, a wrong shape is resized."""
    check_can_cast(result.dtype, out.dtype)
    if out._a.shape != result._a.shape:
        if out._a.size:
            import warnings

            warnings.warn(
                f"An output with one or more elements was resized since it had shape {list(out._a.shape)}, which does not match "
                f"the required output shape {list(result._a.shape)}. This behavior is deprecated, and in a future PyTorch "
                "release outputs will not be resized unless they have zero elements. You can explicitly reuse an out tensor t "
                "by resizing it, inplace, to zero elements with t.resize_(0).",
                stacklevel=4,
            )
        out._a = np.empty(result._a.shape, out._a.dtype)
    np.copyto(out._a, result._a, casting="unsafe")
    out._bump()


def op(name: str, *aliases: str, fn: bool = True, method: bool = True, inplace: bool = False, functional: bool = False,
       **options: Any) -> Any:  # fmt: skip
    """Register a card. See Card for the options.

    fn, method, inplace, functional: whether torch.name, Tensor.name, name_ (both) and nn.functional.name exist.
    The decorated name becomes the function, so that cards of one file can use each other.
    """

    def decorate(cls: type) -> Any:
        card = Card(cls, name, **options)
        CARDS[name] = card
        function = _function(card)
        function.__name__ = function.__qualname__ = name
        function.__doc__ = cls.__doc__
        function.card = card
        publish(function, (name, *aliases), fn, method, functional)
        if inplace:
            changed = _inplace_function(card)
            changed.__name__ = changed.__qualname__ = name + "_"
            changed.__doc__ = f"In-place version of {name}."
            publish(changed, tuple(n + "_" for n in (name, *aliases)), fn, True, False)
        return function

    return decorate


def composite(
    name: str, *aliases: str, fn: bool = True, method: bool = False, functional: bool = False
) -> Any:
    """Register a plain function over Tensors under the public names."""

    def decorate(function: Any) -> Any:
        publish(function, (name, *aliases), fn, method, functional)
        return function

    return decorate


def publish(function: Any, names: tuple, fn: bool, method: bool, functional: bool) -> None:
    for n in names:
        if fn:
            FUNCTIONS[n] = function
        if method:
            setattr(Tensor, n, function)
        if functional:
            FUNCTIONAL[n] = function


def replay(chain: tuple, x: Any) -> Any:
    """Apply the view operations of a chain to an array or a Tensor."""
    for card, options in chain:
        x = apply(card, (x, *options)) if isinstance(x, Tensor) else card.forward(x, *options)
    return x


@op("_view_scatter", fn=False, method=False, tensors=2, node="CopySlices")
class _ViewScatter:
    """The base after a view of it was overwritten: y = base outside the view, new inside."""

    def forward(base, new, chain, shape):
        raise AssertionError("recorded by rebase, never called")

    def backward(c, dy, chain, shape):
        outside = np.ones(shape, dtype=bool)
        replay(chain, outside)[...] = False
        base = dy * wrap(outside) if isinstance(dy, Tensor) else dy * outside
        return base if c.needs(0) else None, replay(chain, dy) if c.needs(1) else None


# ---------------------------------------------------------------- operators: the fast way in


def binary_operator(card: Card, ufunc: Any) -> tuple[Any, Any]:
    """(x op y, y op x) as methods: same float dtypes and Python numbers go straight to the ufunc."""
    node_type, save, cross = card.node_type, card.save, card.when == (1, 0)
    differentiable = card.backward is not None

    def forward(x, y):
        if inferring[0]:
            pass  # results may have to be marked: the long way
        elif isinstance(y, Tensor):
            a, b = x._a, y._a
            d = a.dtype
            if d is b.dtype and (d is _F32 or d is _F64):
                try:
                    r = ufunc(a, b)
                except ValueError as e:
                    raise explain(card, (x, y), e) from None
                t = _new(Tensor)
                t._a = r if type(r) is _ndarray else np.asarray(r)
                t._rg = False
                t._node = t._view = t._v = None
                if (x._rg or y._rg) and differentiable and mode.grad:
                    ex, ey = edge_of(x), edge_of(y)
                    if not save:
                        saved = ()
                    elif cross:
                        saved = (None if ey is None else x, None if ex is None else y)
                    else:
                        record(card, (x, y), (t._a,), (t,))
                        return t
                    shapes = None if a.shape == b.shape else (a.shape, b.shape)
                    t._node = make_node(node_type, (ex, ey), saved, shapes)
                    t._slot = 0
                    t._rg = True
                return t
        elif type(y) is float or type(y) is int:
            a = x._a
            if a.dtype is _F32 or a.dtype is _F64:
                r = ufunc(a, y)
                t = _new(Tensor)
                t._a = r if type(r) is _ndarray else np.asarray(r)
                t._rg = False
                t._node = t._view = t._v = None
                if x._rg and differentiable and mode.grad:
                    record(card, (x, np.asarray(y, a.dtype) if save else y), (t._a,), (t,))
                return t
        if not isinstance(y, (Tensor, int, float, complex, np.number, np.bool_, _ndarray)):
            return NotImplemented
        return apply(card, (x, y) + card.defaults)

    def reflected(x, y):
        if not isinstance(x, Tensor):
            raise TypeError(f"descriptor requires a 'torch.Tensor' object but received a '{type(x).__name__}'")
        if not isinstance(y, (Tensor, int, float, complex, np.number, np.bool_, _ndarray)):
            return NotImplemented
        return apply(card, (y, x) + card.defaults)

    return forward, reflected


def inplace_operator(card: Card, ufunc: Any) -> Any:
    """x op= y: without a gradient the ufunc writes straight into x."""

    def inplace(x, y):
        a = x._a
        if isinstance(y, Tensor):
            b = y._a
            plain = not ((x._rg or y._rg) and mode.grad) and a.dtype is b.dtype
        elif type(y) is float or type(y) is int:
            b, plain = y, not (x._rg and mode.grad)
        elif isinstance(y, (bool, complex, np.number, np.bool_, _ndarray)):
            plain = False
        else:
            return NotImplemented
        if plain and (a.dtype is _F32 or a.dtype is _F64) and a.flags.carray and not x._inference:
            try:
                ufunc(a, b, out=a)
            except ValueError as e:
                raise explain(card, (x, y), e, into=x) from None
            v = x._v
            if v is None:
                x._v = [1]
            else:
                v[0] += 1
            return x
        return apply_inplace(card, (x, y) + card.defaults)

    return inplace


def number_of(x: Any) -> Any:
    """A Python number out of a number or a one-element tensor (options such as alpha=)."""
    return x.item() if isinstance(x, Tensor) else x


__all__ = ["CARDS", "FUNCTIONAL", "FUNCTIONS", "Card", "apply", "apply_inplace", "bind", "cast", "composite", "number_dtype",
           "op", "replay", "from_numpy_dtype"]  # fmt: skip
