"""What the models share."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any

from ... import nn
from ...core.tensor import Tensor
from ._api import expect

__all__ = ["IntermediateLayerGetter"]


class IntermediateLayerGetter(nn.ModuleDict):
    """A model's children up to the last one wanted, called one after another.

    return_layers  child's name -> the name of its output
    errors         ValueError: a name that is no child

    >>> net = nn.Sequential(OrderedDict(a=nn.ReLU(), b=nn.Hardtanh(), c=nn.Tanh()))
    >>> dict(IntermediateLayerGetter(net, {"a": "low", "b": "high"})(tensor([-1.0, 2.0])))
    {'low': tensor([0., 2.]), 'high': tensor([0., 1.])}
    """

    _version = 2

    def __init__(self, model: nn.Module, return_layers: dict[str, str]) -> None:
        children = dict(model.named_children())
        if not set(return_layers) <= set(children):
            raise ValueError("return_layers are not present in model")
        last = max(list(children).index(name) for name in return_layers)
        super().__init__(OrderedDict(list(children.items())[: last + 1]))
        self.return_layers = {str(k): str(v) for k, v in return_layers.items()}

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """x -> the wanted outputs by their names, an OrderedDict"""
        out = OrderedDict()
        for name, module in self.items():
            x = module(x)
            if name in self.return_layers:
                out[self.return_layers[name]] = x
        return out


def _make_divisible(v: float, divisor: int, min_value: int | None = None) -> int:
    """The multiple of divisor nearest to v, min_value at least, and not below 0.9 v."""
    nearest = int(v + divisor / 2) // divisor * divisor
    rounded = max(divisor if min_value is None else min_value, nearest)
    return rounded + divisor if rounded < 0.9 * v else rounded


def init_weights(
    model: nn.Module,
    convolution: Callable[[Tensor], Any],
    linear: Callable[[Tensor], Any] | None = None,
) -> None:
    """New weights of convolutions and of linear layers (None: they keep theirs); norms 1 and 0;
    biases 0.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            convolution(module.weight)
        elif isinstance(module, nn.BatchNorm2d | nn.GroupNorm):
            nn.init.ones_(module.weight)
        elif isinstance(module, nn.Linear) and linear is not None:
            linear(module.weight)
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)


#: He et al. 2015, arXiv:1502.01852, by the number of outputs
he_fan_out = partial(nn.init.kaiming_normal_, mode="fan_out")
small_normal = partial(nn.init.normal_, mean=0.0, std=0.01)


def _ovewrite_named_param(kwargs: dict[str, Any], param: str, new_value: Any) -> None:
    """torchvision's name of `expect`."""
    expect(kwargs, param, new_value)


def _ovewrite_value_param(param: str, actual: Any, expected: Any) -> Any:
    """expected; ValueError if actual is another value and not None."""
    if actual is not None and actual != expected:
        raise ValueError(
            f"The parameter '{param}' expected value {expected} but got {actual} instead."
        )
    return expected
