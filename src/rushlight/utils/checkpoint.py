"""torch.utils.checkpoint: memory for time. What forward saves is thrown away and computed again.

`checkpoint(f, x)` keeps the arguments of f only. When backward asks for a tensor that f had saved,
f runs a second time, from the same random state. Two ways:

    use_reentrant=False  hooks on saved tensors: each keeps a _Place, backward fills the places
    use_reentrant=True   an autograd Function whose backward runs f and a backward pass of its own
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any

from ..autograd.api import backward as _backward
from ..autograd.function import Function
from ..autograd.saved import Packing
from ..core.dtype import from_numpy_dtype
from ..core.grad_mode import enable_grad, is_grad_enabled, mode, no_grad, watching
from ..core.names import explain_missing
from ..core.notices import warn
from ..core.size import Size
from ..core.tensor import Tensor
from ..dispatch.registry import FUNCTIONS
from ..random.generator import fork_rng, get_rng_state, set_rng_state

__all__ = [
    "CheckpointError",
    "CheckpointFunction",
    "DefaultDeviceType",
    "check_backward_validity",
    "checkpoint",
    "checkpoint_sequential",
    "create_selective_checkpoint_contexts",
    "detach_variable",
    "get_device_states",
    "noop_context_fn",
    "set_checkpoint_debug_enabled",
    "set_checkpoint_early_stop",
    "set_device_states",
]

_early_stop: bool | None = None  # what set_checkpoint_early_stop says
_debug: bool | None = None  # what set_checkpoint_debug_enabled says


class CheckpointError(RuntimeError):
    """The second run of a function did not save what the first one did."""


class DefaultDeviceType:
    """The accelerator whose random states are kept beside the CPU's: none here."""

    _type = "cpu"

    @staticmethod
    def set_device_type(device: str = "cuda") -> None:
        """Remember another type."""
        DefaultDeviceType._type = device

    @staticmethod
    def get_device_type() -> str:
        """The type that is remembered."""
        return DefaultDeviceType._type


def get_device_states(*args: Any) -> tuple[list[int], list[Tensor]]:
    """(devices, their random states) of the accelerators that the arguments are on: none."""
    return [], []


def set_device_states(
    devices: Iterable[int], states: Iterable[Tensor], *, device_type: str | None = None
) -> None:
    """Set the random states that `get_device_states` gave: none."""


def noop_context_fn() -> tuple[AbstractContextManager, AbstractContextManager]:
    """Two contexts that do nothing: the default of `context_fn`."""
    return nullcontext(), nullcontext()


@contextmanager
def set_checkpoint_early_stop(enable: bool) -> Iterator[None]:
    """Context: may the second run stop as soon as all that was saved is there again?"""
    global _early_stop
    before, _early_stop = _early_stop, enable
    try:
        yield
    finally:
        _early_stop = before


@contextmanager
def set_checkpoint_debug_enabled(enabled: bool | None) -> Iterator[None]:
    """Context: debug of every `checkpoint` inside; None leaves it to the argument."""
    global _debug
    before, _debug = _debug, enabled
    try:
        yield
    finally:
        _debug = before


def create_selective_checkpoint_contexts(
    policy_fn_or_list: Any, allow_cache_entry_mutation: bool = False
) -> Any:
    """Not there: NotImplementedError."""
    raise NotImplementedError(
        "create_selective_checkpoint_contexts: rushlight recomputes all that a checkpointed "
        "function computes\n  fix: leave context_fn out, or checkpoint smaller functions"
    )


def detach_variable(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """The tensors detached, still requiring gradients if they did. RuntimeError: no tuple."""
    if not isinstance(inputs, tuple):
        raise RuntimeError(
            "Only tuple of tensors is supported. Got Unsupported input type: "
            f"{type(inputs).__name__}"
        )
    return tuple(
        x.detach().requires_grad_(x.requires_grad) if isinstance(x, Tensor) else x for x in inputs
    )


def check_backward_validity(inputs: Iterable[Any]) -> None:
    """A warning if no tensor among them requires a gradient."""
    if not any(x.requires_grad for x in inputs if isinstance(x, Tensor)):
        warn("None of the inputs have requires_grad=True. Gradients will be None")


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[
        [], tuple[AbstractContextManager, AbstractContextManager]
    ] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """function(*args, **kwargs), computed again in backward instead of keeping what it saves.

    function             must compute the same a second time
    use_reentrant        False: by hooks on saved tensors (recommended); True: a backward pass
                         inside of backward, for `.backward()` only, arguments without keywords
    preserve_rng_state   keyword; True: the second run draws the same random numbers
    context_fn           -> (context of the first run, context of the second run)
    determinism_check    "default": shapes and dtypes must be the same; "none"
    debug                an error shows what the two runs did
    early_stop           the second run ends when all that was saved is there
    CheckpointError (in backward): the runs differ. ValueError: options that do not go together.
    source  Chen et al. 2016, arXiv:1604.06174

    >>> x = torch.ones(2, requires_grad=True)
    >>> checkpoint(torch.exp, x, use_reentrant=False).sum().backward()
    >>> x.grad
    tensor([2.7183, 2.7183])
    """
    if use_reentrant is None:
        warn(
            "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. "
            "Starting in PyTorch 2.9, calling checkpoint without use_reentrant will raise an "
            "exception. use_reentrant=False is recommended, but if you need to preserve the "
            "current default behavior, you can pass use_reentrant=True. Refer to docs for more "
            "details on the differences between the two variants.",
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if use_reentrant:
        if kwargs:
            raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
        if context_fn is not noop_context_fn or debug is not False:
            raise ValueError(
                "Passing `context_fn` or `debug` is only supported when use_reentrant=False."
            )
        return CheckpointFunction.apply(function, preserve, *args)
    if determinism_check not in _CHECKS:
        raise ValueError(
            f"determinism_check should be one of {list(_CHECKS)}, but got {determinism_check}"
        )
    first, second = context_fn()
    if not is_grad_enabled():
        with first:
            return function(*args, **kwargs)
    region = _Region(
        function, args, kwargs, preserve, second, _CHECKS[determinism_check],
        debug if _debug is None else _debug, early_stop if _early_stop is None else _early_stop,
    )  # fmt: skip
    with region.saving(), first:
        return function(*args, **kwargs)


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """The functions (or a Sequential) one after the other, cut into segments.

    All segments but the last are checkpointed.
    segments            how many
    preserve_rng_state  keyword, as in `checkpoint`
    ValueError: other keywords, more segments than functions.
    """
    if use_reentrant is None:
        warn(
            "torch.utils.checkpoint.checkpoint_sequential: the use_reentrant parameter should be "
            "passed explicitly. In version 2.9 we will raise an exception if use_reentrant is not "
            "passed. use_reentrant=False is recommended, but if you need to preserve the current "
            "default behavior, you can pass use_reentrant=True. Refer to docs for more details on "
            "the differences between the two variants.",
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    layers = list(functions.children() if hasattr(functions, "children") else functions)

    def run(part: list) -> Callable[[Any], Any]:
        def forward(x: Any) -> Any:
            for layer in part:
                x = layer(x)
            return x

        return forward

    size = len(layers) // segments
    end = 0
    for start in range(0, size * (segments - 1), size):
        end = start + size
        input = checkpoint(
            run(layers[start:end]),
            input,
            use_reentrant=use_reentrant,
            preserve_rng_state=preserve,
        )
    return run(layers[end:])(input)


# ---------------------------------------------------------------- the state around a run


class _Surroundings:
    """The random state and the autocast settings at the first run, for the second."""

    def __init__(self, preserve: bool):
        self.random = get_rng_state() if preserve else None
        torch = sys.modules[__name__.partition(".")[0]]
        self.autocast = None
        if torch.is_autocast_enabled("cpu"):
            self.autocast = torch.amp.autocast, torch.get_autocast_dtype("cpu")

    @contextmanager
    def again(self) -> Iterator[None]:
        """Inside, it is as it was."""
        with ExitStack() as stack:
            if self.random is not None:
                stack.enter_context(fork_rng())
                set_rng_state(self.random)
            if self.autocast is not None:
                autocast, dtype = self.autocast
                stack.enter_context(autocast("cpu", dtype=dtype))
            yield


# ---------------------------------------------------------------- use_reentrant=True


class CheckpointFunction(Function):
    """apply(function, preserve_rng_state, *args): `checkpoint` with use_reentrant=True."""

    @staticmethod
    def forward(ctx: Any, run_function: Callable, preserve_rng_state: bool, *args: Any) -> Any:
        """The results, computed without recording."""
        check_backward_validity(args)
        ctx.run_function = run_function
        ctx.surroundings = _Surroundings(preserve_rng_state)
        ctx.inputs = [None if isinstance(a, Tensor) else a for a in args]
        ctx.places = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
        ctx.save_for_backward(*(args[i] for i in ctx.places))
        with no_grad():
            return run_function(*args)

    @staticmethod
    def backward(ctx: Any, *args: Any) -> Any:
        """The gradients, by a pass through a second, recorded run."""
        if mode.partial:
            raise RuntimeError(
                "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or "
                "passing an `inputs` parameter to .backward(). To resolve this error, you can "
                "either set use_reentrant=False, or call .backward() without passing the `inputs` "
                "argument."
            )
        inputs = list(ctx.inputs)
        for i, t in zip(ctx.places, ctx.saved_tensors, strict=True):
            inputs[i] = t
        detached = detach_variable(tuple(inputs))
        with ctx.surroundings.again(), enable_grad():
            outputs = ctx.run_function(*detached)
        if not isinstance(outputs, (tuple, list)):
            outputs = (outputs,)
        pairs = [
            (t, g)
            for t, g in zip(outputs, args, strict=False)
            if isinstance(t, Tensor) and t.requires_grad
        ]
        if not pairs:
            raise RuntimeError(
                "none of output has requires_grad=True, this checkpoint() is not necessary"
            )
        _backward([t for t, _ in pairs], [g for _, g in pairs])
        gradients = (x.grad if isinstance(x, Tensor) else None for x in detached)
        return (None, None, *gradients)


# ---------------------------------------------------------------- use_reentrant=False


def _metadata(t: Tensor) -> tuple:
    return t._a.shape, t._a.dtype, t.device


def _told(known: tuple) -> dict[str, Any]:
    shape, kind, device = known
    return {"shape": Size(shape), "dtype": from_numpy_dtype(kind), "device": device}


_CHECKS: dict[str, Callable[[Tensor], Any]] = {"default": _metadata, "none": lambda t: None}


class _Place:
    """What a node keeps instead of a tensor: the second run puts it here, backward takes it."""

    __slots__ = ("__weakref__", "value")

    def __init__(self) -> None:
        self.value: Tensor | None = None


class _AllThere(BaseException):  # no Exception: what the function catches does not matter here
    """Ends a second run: everything that was saved has been computed again."""


class _KeepArguments(Function):
    """Saves the tensors among the arguments, so that hooks around the checkpoint see them and a
    later change in place is noticed."""

    @staticmethod
    def forward(ctx: Any, mark: Tensor, *tensors: Tensor) -> Tensor:
        ctx.save_for_backward(*tensors)
        return FUNCTIONS["empty"](0)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        raise AssertionError("nothing depends on it")


class _Region:
    """One call of `checkpoint`: its places, in the order in which tensors were saved, and how to
    compute their values again."""

    def __init__(
        self,
        function: Callable,
        args: tuple,
        kwargs: dict,
        preserve: bool,
        context: AbstractContextManager,
        metadata: Callable[[Tensor], Any],
        debug: bool,
        early_stop: bool,
    ):
        self.function, self.kwargs, self.context = function, kwargs, context
        self.metadata, self.early_stop = metadata, early_stop
        self.surroundings = _Surroundings(preserve)
        self.logs: tuple[list, list] | None = ([], []) if debug else None
        self.places: list[weakref.ref[_Place]] = []
        self.known: list[Any] = []  # metadata of the first run
        self.found: list[Any] = []  # and of the second
        self.constants = [None if isinstance(a, Tensor) else a for a in args]
        self.where = [i for i, a in enumerate(args) if isinstance(a, Tensor)]
        mark = FUNCTIONS["empty"](0, requires_grad=True)
        self.kept = _KeepArguments.apply(mark, *(args[i] for i in self.where)).grad_fn

    def saving(self) -> AbstractContextManager:
        """Context of the first run."""

        def pack(t: Tensor) -> _Place:
            place = _Place()
            self.places.append(weakref.ref(place))
            self.known.append(self.metadata(t))
            return place

        return _packing(pack, self.value, self.logs and self.logs[0])

    def value(self, place: _Place) -> Tensor:
        """The tensor of a place; backward asks for it."""
        if place.value is None:
            self.compute_again()
        value, place.value = place.value, None
        if value is None:
            raise CheckpointError(
                "torch.utils.checkpoint: Unpack is being triggered for a tensor that was never "
                "recomputed."
            )
        return value

    def compute_again(self) -> None:
        """The second run: fills all places that are still wanted. CheckpointError: it differs."""
        self.found = []
        args = list(self.constants)
        for i, t in zip(self.where, self.kept.saved_tensors, strict=True):
            args[i] = t
        if self.logs is not None:
            self.logs[1].clear()
        stop = _AllThere()

        def pack(t: Tensor) -> Tensor:
            i = len(self.found)
            self.found.append(self.metadata(t))
            t = t.detach()
            if i < len(self.places):
                place = self.places[i]()
                if place is not None:
                    place.value = t
                if self.early_stop and i + 1 == len(self.places):
                    raise stop
            return t

        hooks = _packing(pack, lambda t: t, self.logs and self.logs[1])
        try:
            with self.surroundings.again(), enable_grad(), hooks, self.context:
                self.function(*args, **self.kwargs)
        except _AllThere as end:
            if end is not stop:
                raise
        self.check()

    def check(self) -> None:
        """CheckpointError: the two runs did not save the same."""
        problem = ""
        if len(self.found) != len(self.places):
            problem = (
                "torch.utils.checkpoint: A different number of tensors was saved during the "
                "original forward and recomputation.\n"
                f"Number of tensors saved during forward: {len(self.places)}\n"
                f"Number of tensors saved during recomputation: {len(self.found)}."
            )
        else:
            for i, (a, b) in enumerate(zip(self.known, self.found, strict=True)):
                if a != b and self.places[i]() is not None:
                    problem += (
                        f"tensor at position {i}:\nsaved metadata: {_told(a)}\n"
                        f"recomputed metadata: {_told(b)}\n"
                    )
            if problem:
                problem = (
                    "torch.utils.checkpoint: Recomputed values for the following tensors have "
                    f"different metadata than during the forward pass.\n{problem}."
                )
        if not problem:
            return
        for ref in self.places:
            place = ref()
            if place is not None:
                place.value = None
        if self.logs is not None:
            raise CheckpointError(_report(self.logs)) from CheckpointError(problem)
        raise CheckpointError(problem + _TIP)


_TIP = """

Tip: To see a more detailed error message, either pass `debug=True` to
`torch.utils.checkpoint.checkpoint(...)` or wrap the code block
with `with torch.utils.checkpoint.set_checkpoint_debug_enabled(True):` to
enable checkpoint-debug mode globally.
"""


class _Noting(Packing):
    """Hooks that also note which operation saved what, and where it was called."""

    def __init__(self, pack: Any, unpack: Any, log: list):
        super().__init__(pack, unpack)
        self.log = log

    def pack_node(self, node: Any) -> None:
        import traceback

        here = __name__.partition(".")[0] + "/"
        frames = [f for f in traceback.extract_stack() if f"/{here}" not in f.filename]
        frames = [f for f in frames if not f.filename.startswith("<")]
        self.log.append((node.name(), "".join(traceback.format_list(frames[-6:]))))
        super().pack_node(node)


@contextmanager
def _packing(pack: Any, unpack: Any, log: list | None) -> Iterator[None]:
    """As `saved_tensors_hooks`, noting operations into a log, if there is one."""
    if mode.refuses_packing is not None:
        raise RuntimeError(mode.refuses_packing)
    before = mode.packing
    mode.packing = Packing(pack, unpack) if log is None else _Noting(pack, unpack, log)
    watching[0] += 1
    try:
        yield
    finally:
        watching[0] -= 1
        mode.packing = before


def _report(logs: tuple[list, list]) -> str:
    """The operations of both runs that saved tensors, with their call stacks."""
    text = (
        " An error happened while unpacking tensors; dumping logs of latest computation\n"
        "because you passed `debug=True` to `torch.utils.checkpoint.checkpoint()`.\n"
    )
    names = ("original", "recompute")
    for title, which, log in zip(
        ("in the original forward", "during recomputation"), names, logs, strict=True
    ):
        text += f"\nOperations that saved tensors {title}, with their stacks:\n"
        for i, (name, stack) in enumerate(log):
            text += f"\n{name}   ({i + 1} of {len(log)} in {which})\n{stack}"
    for title, log in zip(("the original forward", "recomputation"), logs, strict=True):
        text += f"\nOperations executed during {title}:\n" + "".join(f"  {n}\n" for n, _ in log)
    return text + "\nERROR: Detected non-determinism while running activation checkpointing\n"


explain_missing(__name__)
