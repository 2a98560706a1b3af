"""Lazy layers: they infer the size of their input from the first batch, then become ordinary."""

from __future__ import annotations

from typing import Any

from ..core.grad_mode import no_grad
from ..core.parameter import UninitializedBuffer, UninitializedParameter, is_lazy
from ..core.tensor import Tensor
from .conv import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from .linear import Linear
from .norm import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
)

__all__ = [
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
    "LazyLinear",
]


class LazyModuleMixin:
    """Calls `initialize_parameters` with the arguments of the first call, before `forward`.

    A class that mixes it in makes UninitializedParameters and materializes them there; then the
    module becomes an instance of `cls_to_become`, if that is given.
    """

    cls_to_become: type | None = None

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._infer = self.register_forward_pre_hook(_initialize, with_kwargs=True)

    def initialize_parameters(self, *args: Any, **kwargs: Any) -> None:
        """Materialize all parameters and buffers for these arguments of forward."""
        raise NotImplementedError(
            f"initialize_parameters is not implemented for {type(self).__name__}"
        )

    def has_uninitialized_params(self: Any) -> bool:
        """True before the first call, unless a state was loaded."""
        return any(map(is_lazy, [*self._parameters.values(), *self._buffers.values()]))


def _initialize(module: Any, args: tuple, kwargs: dict) -> None:
    module.initialize_parameters(*args, **kwargs)
    if module.has_uninitialized_params():
        raise RuntimeError(f"module {module._get_name()} has not been fully initialized")
    module._infer.remove()
    del module._infer
    if module.cls_to_become is not None:
        module.__class__ = module.cls_to_become


class _LazyLayer(LazyModuleMixin):
    """A layer whose first argument is the size of one dimension of its input."""

    _sized = "in_features"  # the layer's name for that size
    _axis = -1  # the dimension of the input that has it

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(0, *args, **kwargs)
        self._made_with = args, kwargs
        for name, p in self._parameters.items():
            if p is not None:
                self._parameters[name] = UninitializedParameter(device=p.device, dtype=p.dtype)
        for name, b in self._buffers.items():
            if b is not None and b.ndim > 0:
                self._buffers[name] = UninitializedBuffer(device=b.device, dtype=b.dtype)

    def reset_parameters(self: Any) -> None:
        """Initialise the parameters again, once their sizes are known."""
        if getattr(self, self._sized) != 0 and not self.has_uninitialized_params():
            super().reset_parameters()

    def initialize_parameters(self: Any, input: Tensor) -> None:
        size = self._size_in(input)
        args, kwargs = self.__dict__.pop("_made_with")
        if self.has_uninitialized_params():
            with no_grad():
                made = self.cls_to_become(size, *args, **kwargs)
                for mine, theirs in ((self._parameters, made._parameters),
                                     (self._buffers, made._buffers)):  # fmt: skip
                    for name, t in mine.items():
                        if is_lazy(t):
                            t.materialize(theirs[name].shape)
                            t.copy_(theirs[name])
        setattr(self, self._sized, size)

    def _size_in(self, input: Tensor) -> int:
        return input.shape[self._axis]


class LazyLinear(_LazyLayer, Linear):
    """A Linear that takes in_features from its first input; shape and errors are Linear's."""

    cls_to_become = Linear

    def __init__(
        self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(out_features, bias, device, dtype)


class _LazyConv(_LazyLayer):
    """in_channels from the first input, batched or not; arguments as the layer's, without it."""

    _sized = "in_channels"

    def _size_in(self: Any, input: Tensor) -> int:
        n = self._rank
        if input.ndim not in (n + 1, n + 2):
            raise RuntimeError(
                f"Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to "
                f"{type(self).__name__}, but got input of size: {input.shape}"
            )
        return input.shape[-n - 1]


class _LazyNorm(_LazyLayer):
    """num_features from the first input."""

    _sized = "num_features"
    _axis = 1

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(eps, momentum, affine, track_running_stats, device, dtype, bias=bias)


def _lazy(kind: type, layer: type) -> type:
    """The lazy form of a layer."""
    name = f"Lazy{layer.__name__}"
    size = kind._sized  # type: ignore[attr-defined]
    doc = f"A {layer.__name__} that takes {size} from its first input.\n\n    "
    doc += f"shape and errors are those of {layer.__name__}\n    "
    body = {"cls_to_become": layer, "__module__": __name__, "__doc__": doc}
    return type(name, (kind, layer), body)


LazyConv1d = _lazy(_LazyConv, Conv1d)
LazyConv2d = _lazy(_LazyConv, Conv2d)
LazyConv3d = _lazy(_LazyConv, Conv3d)
LazyConvTranspose1d = _lazy(_LazyConv, ConvTranspose1d)
LazyConvTranspose2d = _lazy(_LazyConv, ConvTranspose2d)
LazyConvTranspose3d = _lazy(_LazyConv, ConvTranspose3d)
LazyBatchNorm1d = _lazy(_LazyNorm, BatchNorm1d)
LazyBatchNorm2d = _lazy(_LazyNorm, BatchNorm2d)
LazyBatchNorm3d = _lazy(_LazyNorm, BatchNorm3d)
LazyInstanceNorm1d = _lazy(_LazyNorm, InstanceNorm1d)
LazyInstanceNorm2d = _lazy(_LazyNorm, InstanceNorm2d)
LazyInstanceNorm3d = _lazy(_LazyNorm, InstanceNorm3d)
