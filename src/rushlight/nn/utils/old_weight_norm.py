"""torch.nn.utils.weight_norm: the older weight normalisation, by a hook before forward.

Found under the name of the function too: see nn/utils/__init__.py.
"""

from __future__ import annotations

from typing import Any

from ...core.notices import warn
from ...core.parameter import Parameter, is_lazy
from ...dispatch.registry import FUNCTIONS as T
from ..module import Module

__all__ = ["WeightNorm", "remove_weight_norm", "weight_norm"]


class WeightNorm:
    """The hook: sets a module's weight to g v / |v| before each forward.

    name  of the parameter; g and v are name_g and name_v
    dim   a norm for each slice along dim; None or -1: one for all
    """

    name: str
    dim: int

    def __init__(self, name: str, dim: int | None):
        self.name = name
        self.dim = -1 if dim is None else dim

    def compute_weight(self, module: Module) -> Any:
        """g v / |v|"""
        g, v = getattr(module, self.name + "_g"), getattr(module, self.name + "_v")
        return T["_weight_norm"](v, g, self.dim)

    @staticmethod
    def apply(module: Module, name: str, dim: int | None) -> WeightNorm:
        """Replace the parameter by g and v, and put the hook in.

        RuntimeError: it is there already. ValueError: a lazy parameter.
        """
        warn(
            "`torch.nn.utils.weight_norm` is deprecated in favor of "
            "`torch.nn.utils.parametrizations.weight_norm`.",
            FutureWarning,
        )
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, WeightNorm) and hook.name == name:
                raise RuntimeError(
                    f"Cannot register two weight_norm hooks on the same parameter {name}"
                )
        made = WeightNorm(name, dim)
        weight = getattr(module, name)
        if is_lazy(weight):
            raise ValueError(
                "The module passed to `WeightNorm` can't have uninitialized parameters. Make sure "
                "to run the dummy forward before applying weight normalization"
            )
        del module._parameters[name]
        norms = T["norm_except_dim"](weight, 2, made.dim)
        module.register_parameter(name + "_g", Parameter(norms.detach()))
        module.register_parameter(name + "_v", Parameter(weight.detach()))
        setattr(module, name, made.compute_weight(module))
        module.register_forward_pre_hook(made)
        return made

    def remove(self, module: Module) -> None:
        """Make the weight a parameter again, of the value that it has."""
        weight = self.compute_weight(module)
        delattr(module, self.name)
        del module._parameters[self.name + "_g"]
        del module._parameters[self.name + "_v"]
        setattr(module, self.name, Parameter(weight.detach()))

    def __call__(self, module: Module, inputs: Any) -> None:
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module: Module, name: str = "weight", dim: int | None = 0) -> Module:
    """Train a weight's length and direction apart: w = g v / |v|; returns the module.

    Deprecated in favour of `parametrizations.weight_norm`.
    dim  a norm for each slice along dim; None: one for all of the weight
    RuntimeError: the parameter has one already. AttributeError: no such parameter.
    source  Salimans & Kingma 2016, arXiv:1602.07868
    """
    WeightNorm.apply(module, name, dim)
    return module


def remove_weight_norm(module: Module, name: str = "weight") -> Module:
    """Take weight normalisation out; returns the module. ValueError: it has none."""
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, WeightNorm) and hook.name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            return module
    raise ValueError(f"weight_norm of '{name}' not found in {module}")
