"""torch.nn.utils.stateless: a module called with tensors other than its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ...core.notices import warn
from ...core.tensor import Tensor
from ..module import Module

__all__ = ["functional_call"]


def functional_call(
    module: Module,
    parameters_and_buffers: dict[str, Tensor],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """The older name of `torch.func.functional_call`."""
    warn(
        "`torch.nn.utils.stateless.functional_call` is deprecated as of PyTorch 2.0 and will be "
        "removed in a future version of PyTorch. Please use `torch.func.functional_call` instead "
        "which is a drop-in replacement.",
        FutureWarning,
    )
    return _functional_call(
        module, parameters_and_buffers, args, kwargs, tie_weights=tie_weights, strict=strict
    )


def _functional_call(
    module: Module,
    tensors: dict[str, Any],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    if args is None:
        args = ()
    elif not isinstance(args, tuple):
        args = (args,)
    with _with_tensors(module, tensors, tie_weights, strict):
        return module(*args, **(kwargs or {}))


@contextmanager
def _with_tensors(module: Module, tensors: dict, tie: bool, strict: bool) -> Iterator[None]:
    """Inside, the module has these tensors; what it puts in their place is in the dict after."""
    wanted = _tied(module, tensors) if tie else dict(tensors)
    if strict:
        _check_names(module, wanted)
    before: dict[str, Any] = {}
    try:
        for name, t in wanted.items():
            before[name] = _swap(module, name, t)
        yield
    finally:
        for name in reversed(list(before)):
            after = _swap(module, name, before[name])
            if name in tensors and after is not _absent:
                tensors[name] = after


@contextmanager
def _reparametrize_module(
    module: Module,
    parameters_and_buffers: dict[str, Tensor],
    tie_weights: bool = False,
    strict: bool = False,
    stack_weights: bool = False,
) -> Iterator[None]:
    """The context under `functional_call`, by the name that some packages use it by."""
    with _with_tensors(module, parameters_and_buffers, tie_weights, strict):
        yield


class _Absent:
    """In place of a tensor that a module does not have."""


_absent = _Absent()


def _swap(module: Module, path: str, t: Any) -> Any:
    """Put t where the path says; returns what was there.

    AttributeError: no such submodule. TypeError: no tensor.
    """
    *steps, name = path.split(".")
    for step in steps:
        owner, module = module, getattr(module, step, None)  # type: ignore[assignment]
        if not isinstance(module, Module):
            if module is None:
                raise AttributeError(f"{owner._get_name()} has no attribute `{step}`")
            raise TypeError(f"{path.rpartition('.')[0]}: {module} is not an instance of "
                            "torch.nn.Module")  # fmt: skip
    if t is not None and t is not _absent and not isinstance(t, Tensor):
        raise TypeError(f"{t} is not an instance of torch.Tensor")
    for members in (module._parameters, module._buffers):
        if name in members:
            found = members[name]
            members[name] = t
            return found
    found = getattr(module, name, _absent)
    if found is not _absent and found is not None and not isinstance(found, Tensor):
        raise TypeError(f"{found} is not an instance of torch.Tensor")
    if t is not _absent:
        setattr(module, name, t)
    elif found is not _absent:
        delattr(module, name)
    return found


def _named_tensors(module: Module) -> dict[str, Tensor]:
    named = dict(module.named_parameters(remove_duplicate=False))
    named.update(module.named_buffers(remove_duplicate=False))
    return named


def _tied(module: Module, tensors: Mapping[str, Any]) -> dict[str, Any]:
    """The tensors under all names of what is one tensor in the module.

    ValueError: different tensors are given under names of one.
    """
    names_of: dict[int, set[str]] = {}
    for name, t in _named_tensors(module).items():
        names_of.setdefault(id(t), set()).add(name)
    found = dict(tensors)
    for names in names_of.values():
        given = [name for name in sorted(names) if name in tensors]
        if len({id(tensors[name]) for name in given}) > 1:
            raise ValueError(
                f"functional_call got multiple values for keys {given}, which are tied. Consider "
                "using tie_weights=False"
            )
        if given:
            found.update((name, tensors[given[0]]) for name in names)
    return found


def _check_names(module: Module, tensors: Mapping[str, Any]) -> None:
    """RuntimeError: names that are too many or missing."""
    known = _named_tensors(module)
    lines = []
    for what, names in (("Unexpected", set(tensors) - set(known)),
                        ("Missing", set(known) - set(tensors))):  # fmt: skip
        if names:
            listed = ", ".join(f"'{n}'" for n in sorted(names))
            lines.append(f"\n\t{what} key(s): {listed}.")
    if lines:
        raise RuntimeError(f"Error(s) in reparametrizing for {module._get_name()}:{''.join(lines)}")
