"""The part of Module that is saved and loaded: state_dict, load_state_dict."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..core.grad_mode import no_grad
from ..core.notices import warn
from ..core.parameter import Parameter, is_lazy
from ..core.tensor import Tensor

_EXTRA_STATE_KEY_SUFFIX = "_extra_state"


class _IncompatibleKeys(namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    """What load_state_dict returns: the missing keys and the unexpected keys."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return super().__repr__()

    __str__ = __repr__


class Stateful:
    """state_dict and load_state_dict of Module."""

    def state_dict(
        self,
        *args: Any,
        destination: Any = None,
        prefix: str = "",
        keep_vars: bool = False,
    ) -> Any:
        """{name: tensor} of all parameters and persistent buffers, in the order of their creation.

        The tensors are detached but share their elements with the module, unless keep_vars asks
        for the module's own. The dictionary's `_metadata` holds each module's `_version`.
        """
        if args:
            warn(
                "Positional args are being deprecated, use kwargs instead. Refer to "
                "https://pytorch.org/docs/main/generated/torch.nn.Module.html"
                "#torch.nn.Module.state_dict for details.",
                FutureWarning,
            )
            given = (*args, *(destination, prefix, keep_vars)[len(args) :])
            destination, prefix, keep_vars = given[:3]
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        local_metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = local_metadata
        for hook in self.__dict__.get("_state_dict_pre_hooks", {}).values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(
                    destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars
                )
        for hook in self.__dict__.get("_state_dict_hooks", {}).values():
            replaced = hook(self, destination, prefix, local_metadata)
            if replaced is not None:
                destination = replaced
        return destination

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        """Put this module's own tensors (not those of its children) into destination."""
        for name, t in self._own_state().items():
            destination[prefix + name] = t if keep_vars else t.detach()
        if type(self).get_extra_state is not Stateful.get_extra_state:
            destination[prefix + _EXTRA_STATE_KEY_SUFFIX] = self.get_extra_state()

    def _own_state(self) -> dict[str, Tensor]:
        """Parameters and persistent buffers of this module alone, without the absent ones."""
        state = {k: p for k, p in self._parameters.items() if p is not None}
        hidden = self._non_persistent_buffers_set
        state.update({k: b for k, b in self._buffers.items() if b is not None and k not in hidden})
        return state

    def get_extra_state(self) -> Any:
        """Extra state for state_dict; to be overridden together with set_extra_state."""
        raise RuntimeError(_never("get_extra_state"))

    def set_extra_state(self, state: Any) -> None:
        """Restore what get_extra_state returned when the state was saved."""
        raise RuntimeError(_never("set_extra_state"))

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> _IncompatibleKeys:
        """Copy the tensors of state_dict into the parameters and buffers of the same names.

        strict   every name must be found on both sides; otherwise the differences are returned
        assign   use the given tensors themselves (and their dtype) instead of copying into ours
        RuntimeError: names (strict) or shapes differ; it lists all of them.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        keys = _IncompatibleKeys([], [])
        errors: list[str] = []
        metadata = getattr(state_dict, "_metadata", None)
        state = OrderedDict(state_dict)
        if metadata is not None:
            state._metadata = metadata  # type: ignore[attr-defined]
        _load(self, state, "", metadata, assign, keys, errors)
        if strict:
            differences = [("Missing", keys.missing_keys), ("Unexpected", keys.unexpected_keys)]
            errors[:0] = [
                "{} key(s) in state_dict: {}. ".format(what, ", ".join(f'"{k}"' for k in names))
                for what, names in differences
                if names
            ]
        if errors:
            raise RuntimeError(
                "Error(s) in loading state_dict for {}:\n\t{}".format(
                    type(self).__name__, "\n\t".join(errors)
                )
            )
        return keys

    def _load_from_state_dict(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: dict,
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Fill this module's own tensors (not its children's); names and texts go into the lists.

        Overridden by modules whose state changed between versions (local_metadata["version"]).
        """
        for hook, with_module in self.__dict__.get("_load_state_dict_pre_hooks", {}).values():
            first = (self,) if with_module else ()
            hook(*first, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys,
                 error_msgs)  # fmt: skip
        own = self._own_state()
        assign = local_metadata.get("assign_to_params_buffers", False)
        for name, t in own.items():
            key = prefix + name
            if key in state_dict:
                error = self._fill(key, name, t, state_dict[key], assign)
                if error:
                    error_msgs.append(error)
            elif strict:
                missing_keys.append(key)

        extra = prefix + _EXTRA_STATE_KEY_SUFFIX
        if type(self).set_extra_state is not Stateful.set_extra_state:
            if extra in state_dict:
                self.set_extra_state(state_dict[extra])
            elif strict:
                missing_keys.append(extra)
        elif strict and extra in state_dict:
            unexpected_keys.append(extra)
        if strict:
            for key in state_dict:
                if key.startswith(prefix) and key != extra:
                    head, *rest = key[len(prefix) :].split(".", 1)
                    if head not in (self._modules if rest else own):
                        unexpected_keys.append(key)

    def _fill(self, key: str, name: str, t: Tensor, new: Any, assign: bool) -> str | None:
        """Copy `new` into this module's tensor `name`; returns an error text, or None."""
        if not isinstance(new, Tensor):
            return (
                f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like '
                f"object from checkpoint but received {type(new)}"
            )
        if is_lazy(t):
            if is_lazy(new):
                return None
            t.materialize(new.shape)
        if t.ndim == 0 and new.ndim == 1 and len(new) == 1:
            new = new[0]  # files of PyTorch 0.3 keep a number as one element
        if new.shape != t._a.shape:
            return (
                f"size mismatch for {key}: copying a param with shape {new.shape} from checkpoint, "
                f"the shape in current model is {t.shape}."
            )
        try:
            with no_grad():
                if t.is_meta and not new.is_meta and not assign:
                    warn(
                        f"for {key}: copying from a non-meta parameter in the checkpoint to a meta "
                        "parameter in the current model, which is a no-op. (Did you mean to pass "
                        "`assign=True` to assign items in the state dictionary to their "
                        "corresponding key in the module instead of copying them in place?)",
                    )
                elif t.is_meta or new.is_meta:
                    self._replace(name, t, new) if assign else t.copy_(new)
                elif not assign and t._view is None and _plain(t, new):
                    t._a[...] = new._a  # what copy_ does, when there is nothing to convert
                    t._bump()
                elif not assign:
                    t.copy_(new)
                else:
                    self._replace(name, t, new)
        except Exception as error:
            said = tuple(a.split("\n")[0] if isinstance(a, str) else a for a in error.args)
            return (
                f'While copying the parameter named "{key}", whose dimensions in the model are '
                f"{t.shape} and whose dimensions in the checkpoint are {new.shape}, "
                f"an exception occurred : {said}."
            )
        return None

    def _replace(self, name: str, t: Tensor, new: Tensor) -> None:
        """The given tensor itself in the place of this module's."""
        if isinstance(t, Parameter) and not isinstance(new, Parameter):
            new = Parameter(new, requires_grad=t.requires_grad)
        setattr(self, name, new)


def _plain(t: Tensor, new: Tensor) -> bool:
    """Is there nothing to convert, and nothing on another device?"""
    a, b = t._a, new._a
    return type(a) is type(b) is np.ndarray and a.dtype == b.dtype


def _load(
    module: Any,
    state: Any,
    prefix: str,
    metadata: Any,
    assign: bool,
    keys: _IncompatibleKeys,
    errors: list[str],
) -> None:
    """Fill a module and its children from the part of the state that begins with prefix."""
    local_metadata = {} if metadata is None else metadata.get(prefix[:-1], {})
    if assign:
        local_metadata["assign_to_params_buffers"] = True
    module._load_from_state_dict(
        state, prefix, local_metadata, True, keys.missing_keys, keys.unexpected_keys, errors
    )
    for name, child in module._modules.items():
        if child is not None:
            inner = f"{prefix}{name}."
            part = {k: v for k, v in state.items() if k.startswith(inner)}
            _load(child, part, inner, metadata, assign, keys, errors)
    for hook in module.__dict__.get("_load_state_dict_post_hooks", {}).values():
        assert hook(module, keys) is None, (
            "Hooks registered with ``register_load_state_dict_post_hook`` are not expected to "
            "return new values, if incompatible_keys need to be modified, it should be done "
            "inplace."
        )


def _never(method: str) -> str:
    return (
        f"Reached a code path in Module.{method}() that should never be called. Please file an "
        "issue at https://github.com/pytorch/pytorch/issues/new?template=bug-report.yml to report "
        f"this bug.\n  override {method} in your module"
    )
