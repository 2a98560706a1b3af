"""Linear layers with weights of 8 bits: torch.ao.quantization.quantize_dynamic.

Weights are rounded once, w ≈ s_w · whole numbers of [-128, 127]; inputs at each call, to 7 bits
with one scale for all of them, as PyTorch's "x86" and "fbgemm" engines do; sums are exact, results
float32. A model is a quarter as large, and products that are bound by reading weights (few rows)
take a fraction of the time. It costs digits: about two are left. Only for inference.

There are no quantized tensors here: weight() is the float32 tensor of what the numbers stand for.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np

from ..core.dtype import dtype as _dtype
from ..core.dtype import float16, float32, qint8
from ..core.tensor import Tensor, wrap
from ..kernels import K
from .linear import Linear as FloatLinear
from .module import Module

__all__ = ["Linear", "quantize_dynamic"]

_OUTPUTS, _DEEP = 16, 4  # how weights are packed, see native/gemm_int8.hpp


class Linear(Module):
    """y = x Wᵀ + b with whole numbers of 8 bits as weights and of 7 as inputs.

    Made by `quantize_dynamic` or `from_float`; a new one has weights of 0.

    shape   x (*, in_features), two dimensions or more -> y (*, out_features)
    dtype   float32
    grad    none
    errors  RuntimeError: another dtype or last dimension, one dimension, a number that is not
            finite. AssertionError: another dtype than torch.qint8
    source  Jacob et al. 2018, arXiv:1712.05877; Khudia et al. 2021, arXiv:2101.05615 (FBGEMM)
    """

    _FLOAT_MODULE = FloatLinear
    _version = 4

    def __init__(
        self, in_features: int, out_features: int, bias_: bool = True, dtype: Any = qint8
    ) -> None:
        super().__init__()
        _only_qint8(dtype)
        self.in_features, self.out_features = in_features, out_features
        self.scale, self.zero_point = 1.0, 0
        bias = wrap(np.zeros(out_features, np.float32)) if bias_ else None
        self._set(np.zeros((out_features, in_features), np.int8), 1.0, bias)

    def _set(self, w: np.ndarray, scale: float, bias: Tensor | None) -> None:
        """w (O, I) int8"""
        out, width = w.shape
        groups, steps = -(-out // _OUTPUTS), -(-width // _DEEP)
        padded = np.zeros((groups * _OUTPUTS, steps * _DEEP), np.int8)
        padded[:out, :width] = w
        packed = padded.reshape(groups, _OUTPUTS, steps, _DEEP).transpose(0, 2, 1, 3)
        self._packed = np.ascontiguousarray(packed)
        self._sums = padded.sum(1, dtype=np.int32)
        self._scale, self._bias = scale, bias

    def _whole(self) -> np.ndarray:
        """The whole numbers (O, I) int8."""
        rows = self._packed.transpose(0, 2, 1, 3).reshape(len(self._sums), -1)
        return np.ascontiguousarray(rows[: self.out_features, : self.in_features])

    @classmethod
    def from_float(cls, mod: Module, use_precomputed_fake_quant: bool = False) -> Linear:
        """The layer of an nn.Linear. AssertionError: another class."""
        if type(mod) is not FloatLinear:
            raise AssertionError(
                "nn.quantized.dynamic.Linear.from_float only works for nn.Linear\n"
                f"  it was given {type(mod).__name__}"
            )
        layer = cls(mod.in_features, mod.out_features, mod.bias is not None)
        layer.set_weight_bias(mod.weight, mod.bias)
        layer.training = mod.training
        return layer

    def set_weight_bias(self, w: Tensor, b: Tensor | None) -> None:
        """Rounds a float32 weight (O, I) to 8 bits, s_w = max |w| / 127.5; b (O) or None is kept.

        RuntimeError: another shape or dtype
        """
        if w.dtype is not float32 or tuple(w.shape) != (self.out_features, self.in_features):
            raise RuntimeError(
                f"expected a float32 weight of shape ({self.out_features}, {self.in_features}), "
                f"got {w.dtype} {tuple(w.shape)}"
            )
        a = w.detach()._a
        least = np.finfo(np.float32).eps
        scale = max(np.float32(np.abs(a).max(initial=0)) / np.float32(127.5), least)
        whole = np.clip(np.rint(a * (np.float32(1) / scale)), -128, 127).astype(np.int8)
        self._set(whole, float(scale), None if b is None else b.detach().clone())

    def weight(self) -> Tensor:
        """(out_features, in_features) float32: what the whole numbers stand for."""
        return wrap(self._whole() * np.float32(self._scale))

    def bias(self) -> Tensor | None:
        """(out_features), or None."""
        return self._bias

    def forward(self, x: Tensor) -> Tensor:
        """x (*, in_features) -> (*, out_features)"""
        if x.dtype is not float32:
            name = x.dtype.name.capitalize().replace("Float64", "Double").replace("Float16", "Half")
            raise RuntimeError(f"expected scalar type Float but found {name}")
        if x.ndim < 2:
            raise RuntimeError(
                "The dimension of input tensor should be larger than or equal to 2\n"
                f"  its shape is {tuple(x.shape)}\n  fix: unsqueeze(0)"
            )
        if x.shape[-1] != self.in_features:
            raise RuntimeError(
                f"The number of rows in the packB should be equal to K: {x.shape[-1]}\n"
                f"  the input is {tuple(x.shape)}, in_features is {self.in_features}"
            )
        bias = None if self._bias is None else self._bias._a
        arguments = (self._packed, self._sums, self._scale, bias, self.out_features)
        try:
            return wrap(K.linear_int8(x._a, *arguments))
        except ValueError:
            raise RuntimeError(
                "In ChooseQuantizationParams, min should be less than or equal to max\n"
                "  the input has a number that is not finite"
            ) from None

    def _get_name(self) -> str:
        return "DynamicQuantizedLinear"

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            "dtype=torch.qint8, qscheme=torch.per_tensor_affine"
        )

    # state_dict has PyTorch's names "scale" and "zero_point", and the numbers under names of its
    # own: PyTorch's packed parameters are quantized tensors.

    def _state(self) -> dict[str, Tensor | None]:
        return {
            "scale": wrap(np.float32(self.scale)),
            "zero_point": wrap(np.int64(self.zero_point)),
            "_packed_params.weight": wrap(self._whole()),
            "_packed_params.weight_scale": wrap(np.float32(self._scale)),
            "_packed_params.bias": self._bias,
        }

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination.update({prefix + k: v for k, v in self._state().items() if v is not None})

    def _load_from_state_dict(
        self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
    ):
        found = {}
        for name, own in self._state().items():
            value = state_dict.get(prefix + name)
            if value is None and own is not None and strict:
                missing_keys.append(prefix + name)
            elif value is not None and own is not None and value.shape != own.shape:
                error_msgs.append(
                    f"size mismatch for {prefix + name}: copying a param with shape {value.shape} "
                    f"from checkpoint, the shape in current model is {own.shape}."
                )
            else:
                found[name] = value
        wanted = ("_packed_params.weight", "_packed_params.weight_scale")
        if all(found.get(name) is not None for name in wanted):
            w, scale = (found[name] for name in wanted)
            bias = found.get("_packed_params.bias", self._bias)
            self._set(w._a.astype(np.int8), float(scale), None if bias is None else bias.clone())
        known = {prefix + name for name in self._state()}
        for name in state_dict:
            if strict and name.startswith(prefix) and name not in known:
                unexpected_keys.append(name)


def _only_qint8(dtype: _dtype) -> None:
    if dtype is float16:
        raise NotImplementedError(
            "rushlight does not have dynamic quantization to torch.float16: model.half() keeps "
            "weights of 16 bits, dtype=torch.qint8 of 8"
        )
    if dtype is not qint8:
        raise AssertionError(
            "The only supported dtypes for dynamic quantized linear are qint8 and float16, "
            f"got: {dtype}"
        )


def quantize_dynamic(
    model: Module,
    qconfig_spec: Any = None,
    dtype: Any = qint8,
    mapping: Any = None,
    inplace: bool = False,
) -> Module:
    """A copy of model whose Linear layers have weights of 8 bits; see `Linear`.

    qconfig_spec   which: a set of classes and of names of submodules ("encoder.fc"); None: all
                   Linear layers
    inplace        change model itself
    errors         NotImplementedError: another class than nn.Linear, a qconfig of one's own, a
                   mapping, dtype float16

    >>> torch.ao.quantization.quantize_dynamic(model, {nn.Linear}, dtype=torch.qint8)
    """
    _only_qint8(dtype)
    if mapping is not None:
        raise NotImplementedError("rushlight does not have quantize_dynamic(mapping=...)")
    if isinstance(qconfig_spec, dict):
        raise NotImplementedError(
            "rushlight does not have quantize_dynamic with qconfigs of one's own: give the set of "
            "classes or names"
        )
    wanted = {FloatLinear} if qconfig_spec is None else set(qconfig_spec)
    for kind in wanted:
        if not isinstance(kind, str) and kind is not FloatLinear:
            name = getattr(kind, "__name__", kind)
            raise NotImplementedError(
                f"rushlight does not have dynamic quantization of {name}: of nn.Linear only"
            )
    model = model if inplace else deepcopy(model)
    if type(model) is FloatLinear and FloatLinear in wanted:
        return Linear.from_float(model)
    _swap(model, "", False, lambda name: name in wanted, FloatLinear in wanted)
    return model


def _swap(
    module: Module, prefix: str, chosen: bool, named: Callable[[str], bool], every: bool
) -> None:
    """Replace the Linear layers below `module`: every one, or those at or below a chosen name."""
    for name, child in module._modules.items():
        if child is None:
            continue
        path = prefix + name
        here = chosen or named(path)
        if type(child) is FloatLinear:
            if here or every:
                setattr(module, name, Linear.from_float(child))
        else:
            _swap(child, path + ".", here, named, every)
