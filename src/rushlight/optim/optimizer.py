"""Optimizer: parameters in groups with options, their state, saving and loading it, hooks.

A subclass defines `step`. Its loop collects the arrays of the parameters that have a gradient and
hands the lists to one kernel, which changes parameters and state in place.
"""

from __future__ import annotations

import functools
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from itertools import chain
from typing import TYPE_CHECKING, Any, dataclass_transform

import numpy as np

from ..autograd.hooks import RemovableHandle
from ..core.grad_mode import enable_grad
from ..core.meta import NoData
from ..core.notices import warn
from ..core.sparse import NoElements
from ..core.tensor import Tensor, wrap
from .options import collect, option


class _Required:
    """The default of an option that every group must set."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()
_EVERY_PRE: OrderedDict = OrderedDict()
_EVERY_POST: OrderedDict = OrderedDict()
_HOOKS = ("step_pre", "step_post", "state_dict_pre", "state_dict_post",
          "load_state_dict_pre", "load_state_dict_post")  # fmt: skip


@dataclass_transform(eq_default=False, field_specifiers=(option,))
class _Declared:
    """Tells type checkers that `option(...)` in a subclass's body makes its constructor."""


class Optimizer(_Declared):
    """Base of all optimizers.

    params     tensors, or (name, tensor) pairs, or dicts {"params": ..., option: value}: the groups
    defaults   the options of groups that do not set their own

    param_groups: list of dicts; state: {parameter: {name: value}}, filled by `step`.
    TypeError, ValueError: something that cannot be optimized, a parameter in two groups, ...
    """

    _hooked = False
    _opt_called = False  # has step() run yet? Learning-rate schedulers ask

    if TYPE_CHECKING:
        params: Iterable  # the first argument of every constructor

    def __init__(self, params: Iterable, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self._make_hook_tables()
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, "
                f"but got {params.type()}"
            )
        self.state: defaultdict[Any, dict] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        try:
            groups = list(params)
        except TypeError as error:
            raise _not_parameters(params, error) from None
        if not groups:
            raise ValueError(
                "optimizer got an empty parameter list\n"
                "  layers in a plain list or dict are not registered, and have no parameters here\n"
                "  fix: nn.ModuleList or nn.ModuleDict; and layers before the optimizer"
            )
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(dict(group))

    def _make_hook_tables(self) -> None:
        for kind in _HOOKS:
            self.__dict__.setdefault(f"_optimizer_{kind}_hooks", OrderedDict())

    def _hooks_of(self, kind: str) -> OrderedDict:
        return self.__dict__[f"_optimizer_{kind}_hooks"]

    def _from_options(
        self, params: Iterable, values: dict[str, Any], checks: Iterable[tuple[str, Callable]]
    ) -> None:
        """What the constructors made from declared options do; see options.py."""
        for name, check in checks:
            check(values[name], values)
        self._prepare(values)
        Optimizer.__init__(self, params, values)

    def _prepare(self, options: dict[str, Any]) -> None:
        """Checks that concern several options, and defaults that depend on others."""

    def __init_subclass__(cls: Any, group_order: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        collect(cls, Optimizer._from_options, group_order)
        if "step" in cls.__dict__ and not hasattr(cls.step, "hooked"):
            cls.step = _with_hooks(cls.step)

    # ------------------------------------------------------------ steps

    def step(self, closure: Callable | None = None) -> Any:
        """Change the parameters by their gradients; closure: computes them, returns the loss."""
        raise NotImplementedError

    def _loss(self, closure: Callable | None) -> Any:
        """The closure's loss, computed with gradients; None without a closure."""
        if closure is None:
            return None
        with enable_grad():
            return closure()

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set all gradients to None, or fill them with zeros."""
        for group in self.param_groups:
            for p in group["params"]:
                grad = p._grad
                if grad is None:
                    continue
                if set_to_none:
                    p._grad = None
                else:
                    p._grad = grad = grad.detach()
                    grad.zero_()

    def __repr__(self) -> str:
        text = f"{type(self).__name__} ("
        for i, group in enumerate(self.param_groups):
            text += f"\nParameter Group {i}\n"
            text += "".join(
                f"    {key}: {group[key]}\n" for key in sorted(group) if key != "params"
            )
        return text + ")"

    # ------------------------------------------------------------ groups

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Optimize further parameters: {"params": ..., option: value}."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        if isinstance(params, Tensor):
            params = [params]
        elif isinstance(params, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but the "
                "ordering of tensors in sets will change between runs. Please use a list instead."
            )
        params = list(params)
        named = [isinstance(p, tuple) for p in params]
        if any(named):
            if not all(named):
                raise ValueError(
                    "all optimizer params should be with/without names. Some param names are "
                    "missing"
                )
            param_group["params"] = [p for _, p in params]
            param_group["param_names"] = [name for name, _ in params]
        else:
            param_group["params"] = params
        self._check_params(param_group["params"])
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(
                    "parameter group didn't specify a value of required optimization parameter "
                    + name
                )
            param_group.setdefault(name, default)
        self._check_options(param_group)
        known = {id(p) for group in self.param_groups for p in group["params"]}
        if len({id(p) for p in param_group["params"]}) != len(param_group["params"]):
            warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this "
                "will cause an error; see github.com/pytorch/pytorch/issues/40967 for more "
                "information",
            )
        if not known.isdisjoint(id(p) for p in param_group["params"]):
            raise ValueError("some parameters appear in more than one parameter group")
        if self.param_groups:
            here, there = "param_names" in param_group, "param_names" in self.param_groups[0]
            if here != there:
                raise ValueError(
                    "all optimizer param groups should be with/without names. cannot add param "
                    f"group {'with' if here else 'without'} names to the optimizer"
                )
        self.param_groups.append(param_group)

    def _check_params(self, params: list) -> None:
        for p in params:
            if not isinstance(p, Tensor):
                raise TypeError(
                    "optimizer can only optimize Tensors, but one of the params is "
                    + (p.__name__ if isinstance(p, type) else type(p).__name__)
                )
            if not (p.is_leaf or p.retains_grad):
                raise ValueError(
                    "can't optimize a non-leaf Tensor\n"
                    f"  it was computed by {p.grad_fn.name()}\n"
                    "  fix: the tensor that it was computed from, or .detach().requires_grad_()"
                )

    def _check_options(self, group: dict[str, Any]) -> None:
        """Errors for options that PyTorch refuses or that are not supported here."""
        if group.get("fused"):
            if group.get("differentiable"):
                raise RuntimeError("`fused` does not support `differentiable`")
            if group.get("foreach"):
                raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
        own = type(self).step.__module__.startswith(f"{__name__.partition('.')[0]}.")
        if group.get("differentiable") and own:
            raise NotImplementedError(
                f"{type(self).__name__}(differentiable=True) is not supported: "
                "steps are not recorded"
            )
        if group.get("capturable"):
            raise AssertionError(
                "If capturable=True, params and state_steps must be on supported devices: ['cuda', "
                "'xpu', 'hpu', 'privateuseone', 'xla'].\n  fix: leave capturable out; it is for "
                "CUDA graphs"
            )

    # ------------------------------------------------------------ saving and loading

    def state_dict(self) -> dict[str, Any]:
        """{"state": {index of parameter: state}, "param_groups": options and indices}.

        The tensors are the optimizer's own.
        """
        for hook in self._hooks_of("state_dict_pre").values():
            hook(self)
        index: dict[int, int] = {}
        groups = []
        for group in self.param_groups:
            for p in group["params"]:
                index.setdefault(id(p), len(index))
            packed = {k: v for k, v in group.items() if k != "params"}
            packed["params"] = [index[id(p)] for p in group["params"]]
            groups.append(packed)
        state = {index[id(k)] if isinstance(k, Tensor) else k: v for k, v in self.state.items()}
        result: dict[str, Any] = {"state": state, "param_groups": groups}
        for hook in self._hooks_of("state_dict_post").values():
            changed = hook(self, result)
            result = result if changed is None else changed
        return result

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore a saved state; its tensors are copied, in the dtype of their parameters.

        ValueError: the number of groups or their sizes differ from this optimizer's.
        """
        state_dict = state_dict.copy()
        for hook in self._hooks_of("load_state_dict_pre").values():
            changed = hook(self, state_dict)
            state_dict = state_dict if changed is None else changed
        groups, saved = self.param_groups, deepcopy(state_dict["param_groups"])
        if len(groups) != len(saved):
            raise ValueError(
                "loaded state dict has a different number of parameter groups\n"
                f"  it has {len(saved)}, the optimizer {len(groups)}"
            )
        for mine, theirs in zip(groups, saved, strict=True):
            if len(mine["params"]) != len(theirs["params"]):
                raise ValueError(
                    "loaded state dict contains a parameter group that doesn't match the size of "
                    f"optimizer's group\n  it has {len(theirs['params'])} parameters, the "
                    f"optimizer's group {len(mine['params'])}"
                )
        indices = chain.from_iterable(g["params"] for g in saved)
        params = chain.from_iterable(g["params"] for g in groups)
        parameter = dict(zip(indices, params, strict=True))
        state: defaultdict = defaultdict(dict)
        for key, value in state_dict["state"].items():
            if key in parameter:
                state[parameter[key]] = _fitted(parameter[key], value)
            else:
                state[key] = value
        for mine, theirs in zip(groups, saved, strict=True):
            theirs["params"] = mine["params"]
            if "param_names" in mine and "param_names" not in theirs:
                theirs["param_names"] = mine["param_names"]
        self.__setstate__({"state": state, "param_groups": saved})
        for hook in self._hooks_of("load_state_dict_post").values():
            hook(self)

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._make_hook_tables()
        for group in self.param_groups:  # options that were added after the state was saved
            for name, default in self.defaults.items():
                group.setdefault(name, default)
        for values in self.state.values():
            if isinstance(values, dict) and isinstance(values.get("step"), (int, float)):
                values["step"] = counter(values["step"])

    # ------------------------------------------------------------ hooks

    def _hook(self, kind: str, hook: Callable, prepend: bool = False) -> RemovableHandle:
        table = self._hooks_of(kind)
        handle = RemovableHandle(table)
        table[handle.id] = hook
        if prepend:
            table.move_to_end(handle.id, last=False)
        return handle

    def register_step_pre_hook(self, hook: Callable) -> RemovableHandle:
        """hook(optimizer, args, kwargs) -> None or (args, kwargs), before each step."""
        self._hooked = True
        return self._hook("step_pre", hook)

    def register_step_post_hook(self, hook: Callable) -> RemovableHandle:
        """hook(optimizer, args, kwargs), after each step."""
        self._hooked = True
        return self._hook("step_post", hook)

    def register_state_dict_pre_hook(
        self, hook: Callable, prepend: bool = False
    ) -> RemovableHandle:
        """hook(optimizer), before `state_dict` collects."""
        return self._hook("state_dict_pre", hook, prepend)

    def register_state_dict_post_hook(
        self, hook: Callable, prepend: bool = False
    ) -> RemovableHandle:
        """hook(optimizer, state_dict) -> None or another one."""
        return self._hook("state_dict_post", hook, prepend)

    def register_load_state_dict_pre_hook(
        self, hook: Callable, prepend: bool = False
    ) -> RemovableHandle:
        """hook(optimizer, state_dict) -> None or another one, before it is loaded."""
        return self._hook("load_state_dict_pre", hook, prepend)

    def register_load_state_dict_post_hook(
        self, hook: Callable, prepend: bool = False
    ) -> RemovableHandle:
        """hook(optimizer), after a state was loaded."""
        return self._hook("load_state_dict_post", hook, prepend)


def register_optimizer_step_pre_hook(hook: Callable) -> RemovableHandle:
    """`Optimizer.register_step_pre_hook` on every optimizer."""
    return _every(_EVERY_PRE, hook)


def register_optimizer_step_post_hook(hook: Callable) -> RemovableHandle:
    """`Optimizer.register_step_post_hook` on every optimizer."""
    return _every(_EVERY_POST, hook)


def _every(table: OrderedDict, hook: Callable) -> RemovableHandle:
    Optimizer._hooked = True
    handle = RemovableHandle(table)
    table[handle.id] = hook
    return handle


def _with_hooks(step: Callable) -> Callable:
    """Wraps a step: runs the hooks and records that it was called."""

    @functools.wraps(step)
    def hooked(self: Any, *args: Any, **kwargs: Any) -> Any:
        if self._hooked:
            return _step_with_hooks(step, (self, *args), kwargs)
        self._opt_called = True
        try:
            if args or kwargs:
                return step(self, *args, **kwargs)
            return step(self)  # a starred call takes longer
        except NoElements as e:
            raise _sparse_refused(self, e) from None
        except NoData:
            return _without_data(self)

    hooked.hooked = True  # type: ignore[attr-defined]
    return hooked


def _without_data(self: Any) -> None:
    """A step of parameters on "meta": there is nothing to change. The error, if some have data."""
    if not all(
        p.is_meta for group in self.param_groups for p in group["params"] if p._grad is not None
    ):
        raise


def _sparse_refused(self: Any, error: Exception) -> Exception:
    """The error of a step that met a sparse gradient; `error` if there is none."""
    if not any(
        p._grad is not None and p._grad.is_sparse for g in self.param_groups for p in g["params"]
    ):
        return error
    name = type(self).__name__
    text = f"{name} does not support sparse gradients"
    if name in ("Adam", "AdamW"):
        text = "Adam does not support sparse gradients, please consider SparseAdam instead"
    return RuntimeError(text)


def _step_with_hooks(step: Callable, args: tuple, kwargs: dict) -> Any:
    self = args[0]
    self._opt_called = True
    for hook in chain(_EVERY_PRE.values(), self._optimizer_step_pre_hooks.values()):
        changed = hook(self, args, kwargs)
        if changed is not None:
            if not isinstance(changed, tuple) or len(changed) != 2:
                raise RuntimeError(
                    f"{step} must return None or a tuple of (new_args, new_kwargs), "
                    f"but got {changed}."
                )
            args, kwargs = changed
    try:
        result = step(*args, **kwargs)
    except NoElements as e:
        raise _sparse_refused(self, e) from None
    except NoData:
        result = None
        _without_data(self)
    for hook in chain(self._optimizer_step_post_hooks.values(), _EVERY_POST.values()):
        hook(self, args, kwargs)
    return result


def _fitted(p: Tensor, value: Any, name: str | None = None) -> Any:
    """A copy of a loaded value; its tensors (but `step`) in the parameter's dtype."""
    if isinstance(value, Tensor):
        keeps = name == "step" or not p.is_floating_point() or value.dtype is p.dtype
        if value.is_sparse:
            return value.detach().to(value.dtype if keeps else p.dtype).clone()
        return value.detach().clone() if keeps else wrap(value._a.astype(p._a.dtype, copy=True))
    if isinstance(value, dict):
        return {k: _fitted(p, v, k) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_fitted(p, v) for v in value)
    return value


# ---------------------------------------------------------------- what the optimizers share


def counter(start: float = 0.0) -> Tensor:
    """The state `step`: how many steps a parameter took, a 0-d float32 tensor as in PyTorch."""
    return wrap(np.array(start, np.float32))


COUNTED: list[Any] = [None]  # what a count becomes while a step is traced, see compiler/options.py


def count(state: dict[str, Any]) -> float:
    """Add one to the state's `step`; the new number."""
    step = state["step"]._a
    if type(step) is not np.ndarray:  # on a device: the number stays there
        step += 1
        return step if COUNTED[0] is None else COUNTED[0](step)
    t = step.item() + 1.0
    step[()] = t
    return t


def zeros(p: Tensor) -> Tensor:
    """State as large as a parameter, in its dtype, zero."""
    return wrap(np.zeros_like(p._a))


def numbers(t: Tensor) -> np.ndarray:
    """The elements of a tensor, to be changed in place; complex ones as pairs of real ones."""
    a = t._a
    return a[..., None].view(a.real.dtype) if a.dtype.kind == "c" else a


def gradients(group: dict[str, Any]) -> Iterator[tuple[Tensor, np.ndarray, np.ndarray]]:
    """(parameter, its elements x, its gradient g) of those that have one; -g to maximize.

    A 16-bit gradient comes as float32, so that what is computed with it is not rounded midway.
    """
    for p in group["params"]:
        if p._grad is not None:
            g = numbers(p._grad)
            if g.dtype.itemsize == 2:
                g = g.astype(np.float32)
            yield p, numbers(p), -g if group["maximize"] else g
            p._bump()


def number(x: Any) -> float:
    """An option that may be a tensor of one element, as a Python number; on a device, or while a
    step is traced, as what stands for it.
    """
    if type(x) is float:
        return x
    if isinstance(x, Tensor) and type(x._a) is not np.ndarray and hasattr(x._a, "cell"):
        return x._a  # type: ignore[return-value]
    return x if hasattr(x, "__jax_array__") else float(x)


def __getattr__(name: str) -> Any:
    """The helpers that optimizers written for PyTorch import from here: support.py."""
    from . import support

    if name in vars(support):
        return vars(support)[name]
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")


def _not_parameters(given: Any, error: TypeError) -> TypeError:
    """What is said of an optimizer's first argument that cannot be iterated over."""
    if hasattr(given, "parameters"):
        return TypeError(f"{error}\n  fix: its parameters, model.parameters()")
    if callable(given):
        return TypeError(f"{error}\n  fix: call it, model.parameters()")
    return error
