"""Hooks of modules: registering them, and the call of a module that has some.

Each kind of hook has a table {id: hook} per module, created on first use. Creating one that calls
must consult sets the module's flag `_hooked`, so a module without hooks only pays for testing it.
Global hooks are in `EVERY` and set the flag of the class.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from ..autograd.hooks import RemovableHandle
from ..core.grad_mode import is_grad_enabled
from ..core.notices import warn
from ..core.tensor import Tensor


class _Table:
    """A table of hooks, created on first use; `watched`: module calls consult it."""

    def __init__(self, watched: bool = True):
        self.watched = watched

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, module: Any, owner: type) -> Any:
        if module is None:
            return self
        table = module.__dict__[self.name] = OrderedDict()
        if self.watched:
            module.__dict__["_hooked"] = True
        return table


class _Tables:
    """The hooks of one module (or the global ones) that run before, after and around forward."""

    _forward_pre_hooks = _Table()
    _forward_pre_hooks_with_kwargs = _Table()
    _forward_hooks = _Table()
    _forward_hooks_with_kwargs = _Table()
    _forward_hooks_always_called = _Table()
    _backward_pre_hooks = _Table()
    _backward_hooks = _Table()
    _is_full_backward_hook: bool | None = None


class _EveryModule(_Tables):
    """The tables of global hooks, and of those called when something is registered."""

    _parameter_registration = _Table()
    _buffer_registration = _Table()
    _module_registration = _Table()

    def registered(self, kind: str, module: Any, name: str, value: Any) -> Any:
        """A value that is about to be registered, after the registration hooks."""
        for hook in self.__dict__.get(f"_{kind}_registration", {}).values():
            changed = hook(module, name, value)
            value = value if changed is None else changed
        return value


EVERY = _EveryModule()
_CALLED = ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks")


def _add(table: Any, hook: Callable, prepend: bool = False, **extra: Any) -> RemovableHandle:
    """Put a hook into a table, and its id into those extra tables whose value is true."""
    chosen = [t for t, wanted in extra.values() if wanted]
    handle = RemovableHandle(table, extra_dict=chosen)
    table[handle.id] = hook
    for t in chosen:
        t[handle.id] = True
    if prepend:
        table.move_to_end(handle.id, last=False)
    return handle


def _one_kind(tables: _Tables, full: bool, which: str = "single ") -> None:
    """Full and legacy backward hooks do not mix: RuntimeError."""
    if tables._is_full_backward_hook is (not full):
        raise RuntimeError(
            "Cannot use both regular backward hooks and full backward hooks on a "
            f"{which}Module. Please use only one of them."
        )
    tables._is_full_backward_hook = full


class Hooked(_Tables):
    """The part of Module that registers and runs hooks."""

    _hooked = False
    _state_dict_hooks = _Table(watched=False)
    _state_dict_pre_hooks = _Table(watched=False)
    _load_state_dict_pre_hooks = _Table(watched=False)
    _load_state_dict_post_hooks = _Table(watched=False)

    def register_forward_pre_hook(
        self, hook: Callable, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """hook(module, args) -> None or new args, before each call.

        with_kwargs: hook(module, args, kwargs) -> None or (args, kwargs). prepend: before all
        others.
        """
        self._hooked = True
        kwargs = self._forward_pre_hooks_with_kwargs
        return _add(self._forward_pre_hooks, hook, prepend, kwargs=(kwargs, with_kwargs))

    def register_forward_hook(
        self,
        hook: Callable,
        *,
        prepend: bool = False,
        with_kwargs: bool = False,
        always_call: bool = False,
    ) -> RemovableHandle:
        """hook(module, args, output) -> None or a new output, after each call.

        with_kwargs: hook(module, args, kwargs, output). always_call: even if forward raised.
        """
        self._hooked = True
        return _add(
            self._forward_hooks,
            hook,
            prepend,
            kwargs=(self._forward_hooks_with_kwargs, with_kwargs),
            always=(self._forward_hooks_always_called, always_call),
        )

    def register_full_backward_pre_hook(
        self, hook: Callable, prepend: bool = False
    ) -> RemovableHandle:
        """hook(module, grad_output) -> None or a new grad_output, before the module's backward."""
        self._hooked = True
        return _add(self._backward_pre_hooks, hook, prepend)

    def register_full_backward_hook(self, hook: Callable, prepend: bool = False) -> RemovableHandle:
        """hook(module, grad_input, grad_output) -> None or a new grad_input, after the backward."""
        _one_kind(self, True)
        self._hooked = True
        return _add(self._backward_hooks, hook, prepend)

    def register_backward_hook(self, hook: Callable) -> RemovableHandle:
        """As `register_full_backward_hook`, which replaces it: sees the gradients of the last
        operation of forward, not those of the module."""
        _one_kind(self, False)
        self._hooked = True
        return _add(self._backward_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Callable) -> RemovableHandle:
        """hook(module, prefix, keep_vars), before `state_dict` collects this module."""
        return _add(self._state_dict_pre_hooks, hook)

    def register_state_dict_post_hook(self, hook: Callable) -> RemovableHandle:
        """hook(module, state_dict, prefix, local_metadata), after; changes state_dict in place."""

        def checked(*args: Any) -> None:
            if hook(*args) is not None:
                raise RuntimeError("state_dict post-hook must return None")

        return _add(self._state_dict_hooks, checked)

    def _register_state_dict_hook(self, hook: Callable) -> RemovableHandle:
        """As `register_state_dict_post_hook`; what the hook returns replaces the state_dict."""
        return _add(self._state_dict_hooks, hook)

    def register_load_state_dict_pre_hook(self, hook: Callable) -> RemovableHandle:
        """hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys,
        error_msgs), before `load_state_dict` fills this module."""
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def _register_load_state_dict_pre_hook(
        self, hook: Callable, with_module: bool = False
    ) -> RemovableHandle:
        """As `register_load_state_dict_pre_hook`, without the module as the first argument."""
        return _add(self._load_state_dict_pre_hooks, (hook, with_module))

    def register_load_state_dict_post_hook(self, hook: Callable) -> RemovableHandle:
        """hook(module, incompatible_keys), after `load_state_dict`; changes the keys in place."""
        return _add(self._load_state_dict_post_hooks, hook)


def _every(table: str, hook: Callable, **extra: Any) -> RemovableHandle:
    Hooked._hooked = True
    return _add(getattr(EVERY, table), hook, **extra)


def register_module_forward_pre_hook(hook: Callable) -> RemovableHandle:
    """`Module.register_forward_pre_hook` on every module."""
    return _every("_forward_pre_hooks", hook)


def register_module_forward_hook(
    hook: Callable, *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """`Module.register_forward_hook` on every module; runs before the module's own."""
    return _every(
        "_forward_hooks",
        hook,
        kwargs=(EVERY._forward_hooks_with_kwargs, with_kwargs),
        always=(EVERY._forward_hooks_always_called, always_call),
    )


def register_module_full_backward_pre_hook(hook: Callable) -> RemovableHandle:
    """`Module.register_full_backward_pre_hook` on every module."""
    return _every("_backward_pre_hooks", hook)


def register_module_full_backward_hook(hook: Callable) -> RemovableHandle:
    """`Module.register_full_backward_hook` on every module."""
    _one_kind(EVERY, True, "global ")
    return _every("_backward_hooks", hook)


def register_module_backward_hook(hook: Callable) -> RemovableHandle:
    """`Module.register_backward_hook` on every module."""
    _one_kind(EVERY, False, "global ")
    return _every("_backward_hooks", hook)


def register_module_parameter_registration_hook(hook: Callable) -> RemovableHandle:
    """hook(module, name, parameter) -> None or another parameter, before one joins a module."""
    return _add(EVERY._parameter_registration, hook)


def register_module_buffer_registration_hook(hook: Callable) -> RemovableHandle:
    """hook(module, name, buffer) -> None or another buffer, before one joins a module."""
    return _add(EVERY._buffer_registration, hook)


def register_module_module_registration_hook(hook: Callable) -> RemovableHandle:
    """hook(module, name, submodule) -> None or another one, before one joins a module."""
    return _add(EVERY._module_registration, hook)


def call_with_hooks(module: Any, args: tuple, kwargs: dict, compiled: bool = True) -> Any:
    """module.forward(*args, **kwargs) with the module's hooks and the global ones; compiled: by
    what Module.compile has left, if it was called."""
    program = module.__dict__.get("_compiled_call_impl")
    if program is not None and compiled:
        return program(args, kwargs)
    if program is None and not any(
        EVERY.__dict__.get(t) or module.__dict__.get(t) for t in _CALLED
    ):
        module.__dict__.pop("_hooked", None)  # all removed: back to the fast path
        if not any(EVERY.__dict__.get(t) for t in _CALLED):
            Hooked._hooked = False
        return module.forward(*args, **kwargs)

    result, finished = None, set()
    try:
        args, kwargs = _run_pre_hooks(module, args, kwargs)
        backward = _BackwardHooks(module) if is_grad_enabled() else None
        if backward is not None and backward.watching:
            args = backward.watch_inputs(args)
        result = module.forward(*args, **kwargs)
        for tables in (EVERY, module):
            for key, hook in list(tables._forward_hooks.items()):
                finished.add(key)
                changed = _call_forward_hook(tables, key, hook, module, args, kwargs, result)
                result = result if changed is None else changed
        if backward is not None and backward.watching:
            result = backward.watch_outputs(result)
        if backward is not None and backward.legacy:
            backward.watch_last_operation(args, result)
        return result
    except Exception:
        _run_always_called(module, args, kwargs, result, finished)
        raise


def _run_pre_hooks(module: Any, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """The arguments after the pre-hooks. RuntimeError: a hook with kwargs returned no pair."""
    for tables in (EVERY, module):
        for key, hook in list(tables._forward_pre_hooks.items()):
            if key in tables._forward_pre_hooks_with_kwargs:
                changed = hook(module, args, kwargs)
                if changed is not None:
                    if not isinstance(changed, tuple) or len(changed) != 2:
                        raise RuntimeError(
                            "forward pre-hook must return None or a tuple of (new_args, "
                            f"new_kwargs), but got {changed}."
                        )
                    args, kwargs = changed
            else:
                changed = hook(module, args)
                if changed is not None:
                    args = changed if isinstance(changed, tuple) else (changed,)
    return args, kwargs


def _call_forward_hook(
    tables: Any, key: int, hook: Callable, module: Any, args: tuple, kwargs: dict, result: Any
) -> Any:
    if key in tables._forward_hooks_with_kwargs:
        return hook(module, args, kwargs, result)
    return hook(module, args, result)


def _run_always_called(module: Any, args: tuple, kwargs: dict, result: Any, finished: set) -> None:
    """Runs the always_call hooks that have not run; their exceptions become warnings."""
    for tables in (EVERY, module):
        for key, hook in list(tables._forward_hooks.items()):
            if key in finished or key not in tables._forward_hooks_always_called:
                continue
            try:
                changed = _call_forward_hook(tables, key, hook, module, args, kwargs, result)
                result = result if changed is None else changed
            except Exception as error:
                warn(
                    "module forward hook with ``always_call=True`` raised an exception that was "
                    f"silenced as another error was raised in forward: {error}",
                )


class _BackwardHooks:
    """The backward hooks of one call: identity nodes around forward hand them the gradients."""

    def __init__(self, module: Any):
        self.module = module
        self.before = [*EVERY._backward_pre_hooks.values(), *module._backward_pre_hooks.values()]
        self.after, self.legacy = [], []
        for tables in (EVERY, module):
            kind = self.after if tables._is_full_backward_hook else self.legacy
            kind.extend(tables._backward_hooks.values())
        self.watching = bool(self.before or self.after)
        self.inputs_watched = False
        self.grad_outputs: tuple | None = None

    def watch_inputs(self, args: tuple) -> tuple:
        watched = _pass_through(args, self._inputs_known, zeros=True)
        self.inputs_watched = watched is not None
        self.arity = len(args)
        return args if watched is None else watched

    def watch_outputs(self, result: Any) -> Any:
        single = isinstance(result, Tensor)
        if not single and not isinstance(result, tuple):
            warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of "
                f"Tensors but received {type(result)}",
            )
            return result
        watched = _pass_through((result,) if single else result, self._outputs_known)
        if watched is None:
            return result
        if single:
            return watched[0]
        return watched if type(result) is tuple else type(result)(*watched)  # a named tuple

    def _outputs_known(self, grads: tuple) -> tuple:
        for hook in self.before:
            grads = _replaced(hook(self.module, grads), grads, "Backward pre hook", "grad_output")
        self.grad_outputs = grads
        if not self.inputs_watched and self.after:
            warn(
                "Full backward hook is firing when gradients are computed with respect to module "
                "outputs since no inputs require gradients. See "
                "https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html"
                "#torch.nn.Module.register_full_backward_hook for more details.",
            )
            for hook in self.after:
                if hook(self.module, (None,) * self.arity, grads) is not None:
                    raise RuntimeError(
                        "Backward hook for Modules where no input requires gradient should always "
                        "return None or None for all gradients."
                    )
        return grads

    def _inputs_known(self, grads: tuple) -> tuple:
        if self.grad_outputs is None:  # no gradient reached the module's outputs
            return grads
        for hook in self.after:
            changed = hook(self.module, grads, self.grad_outputs)
            grads = _replaced(changed, grads, "Backward hook", "grad_input")
        self.grad_outputs = None
        return grads

    def watch_last_operation(self, args: tuple, result: Any) -> None:
        while not isinstance(result, Tensor):
            result = next(iter(result.values() if isinstance(result, dict) else result))
        node = result.grad_fn
        if node is None:
            return
        before = {t.grad_fn for t in args if isinstance(t, Tensor)} - {None}
        if before != {n for n, _ in node.next_functions}:
            warn(
                "Using a non-full backward hook when the forward contains multiple autograd Nodes "
                "is deprecated and will be removed in future versions. This hook will be missing "
                "some grad_input. Please use register_full_backward_hook to get the documented "
                "behavior.",
                FutureWarning,
            )
        for hook in self.legacy:
            node.register_hook(lambda gi, go, hook=hook: hook(self.module, gi, go))


def _replaced(changed: Any, grads: tuple, who: str, what: str) -> tuple:
    """What a hook returned, as a tuple as long as the gradients it was given."""
    if changed is None:
        return grads
    changed = changed if isinstance(changed, tuple) else (changed,)
    if len(changed) != len(grads):
        raise RuntimeError(
            f"{who} returned an invalid number of {what}, got {len(changed)}, "
            f"but expected {len(grads)}"
        )
    return changed


def _pass_through(
    values: tuple, seen: Callable[[tuple], tuple], zeros: bool = False
) -> tuple | None:
    """The values, their tensors replaced by identities whose gradients go through `seen`.

    None if no tensor among them requires a gradient. seen: (gradient or None per value) -> the
    same; zeros: it is given zeros, not None, for a tensor that has no gradient.
    """
    places = [i for i, v in enumerate(values) if isinstance(v, Tensor)]
    if not any(values[i].requires_grad for i in places):
        return None

    def tell(grads: tuple) -> tuple:
        spread: list = [None] * len(values)
        for i, g in zip(places, grads, strict=True):
            spread[i] = g
        changed = seen(tuple(spread))
        return tuple(changed[i] for i in places)

    passed = list(values)
    results = _identity().apply(tell, zeros, *(values[i] for i in places))
    for i, t in zip(places, results, strict=True):
        passed[i] = t
    return tuple(passed)


def _identity() -> Any:
    """The identity as an autograd Function; created on first use, since few programs need it."""
    global _Identity
    if _Identity is None:
        from ..autograd.function import Function

        class BackwardHookFunction(Function):
            @staticmethod
            def forward(ctx: Any, tell: Callable, zeros: bool, *tensors: Tensor) -> tuple:
                ctx.tell = tell
                ctx.set_materialize_grads(zeros)
                ctx.mark_non_differentiable(*(t for t in tensors if not t.requires_grad))
                return tensors

            @staticmethod
            def backward(ctx: Any, *grads: Any) -> tuple:
                return (None, None, *ctx.tell(grads))

        _Identity = BackwardHookFunction
    return _Identity


_Identity: Any = None
