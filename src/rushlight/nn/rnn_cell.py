"""Recurrent cells: one step of a layer.

N sequences, I input_size, H hidden_size, G gates.
"""

from __future__ import annotations

import math
from typing import Any

from ..core.parameter import Parameter
from ..core.tensor import Tensor
from ..dispatch.registry import FUNCTIONS
from ..ops.creation import empty, zeros
from . import init
from .module import Module

__all__ = [
    "GRUCell",
    "LSTMCell",
    "RNNCell",
    "RNNCellBase",
]


class RNNCellBase(Module):
    """What the cells have in common: weight_ih (G H, I), weight_hh (G H, H), bias_ih and bias_hh
    (G H), from U(-√(1/H), √(1/H)), for G = num_chunks gates.

    shape   input (N, I) or (I), states (N, H) or (H)
    errors  RuntimeError: a negative size; TypeError: a size that is no int
    """

    __constants__ = ["input_size", "hidden_size", "bias"]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows, made = num_chunks * hidden_size, {"device": device, "dtype": dtype}
        self.weight_ih = Parameter(empty((rows, input_size), **made))
        self.weight_hh = Parameter(empty((rows, hidden_size), **made))
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, Parameter(empty(rows, **made)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all parameters again."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for w in self.parameters():
            init.uniform_(w, -bound, bound)

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        if self.__dict__.get("nonlinearity", "tanh") != "tanh":
            text += f", nonlinearity={self.nonlinearity}"
        return text

    def _one(self, step: str, input: Tensor, hx: Tensor | None) -> Tensor:
        """torch.<step> on (N, I) or (I), with one state."""
        name = type(self).__name__
        _check_dims(name, "input", input)
        if hx is not None:
            _check_dims(name, "hidden", hx)
        batched = input.dim() == 2
        x = input if batched else input.unsqueeze(0)
        if hx is None:
            hx = zeros(x.size(0), self.hidden_size, dtype=x.dtype, device=x.device)
        else:
            hx = hx if batched else hx.unsqueeze(0)
        h = FUNCTIONS[step](
            x, _rows(hx), self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh
        )
        return h if batched else h.squeeze(0)


def _check_dims(name: str, what: str, t: Tensor) -> None:
    if t.dim() not in (1, 2):
        raise ValueError(f"{name}: Expected {what} to be 1D or 2D, got {t.dim()}D instead")


def _rows(h: Tensor) -> Tensor:
    """A state with sequences: of fewer dimensions it is left to the error of its length."""
    return h.unsqueeze(1) if h.dim() == 1 else h


class RNNCell(RNNCellBase):
    """h = tanh(W_ih x + b_ih + W_hh h' + b_hh), or relu: one step of RNN.

    shape   input (N, I) or (I), hx (N, H) or (H), zeros if it is not given -> (N, H) or (H)
    errors  ValueError: more dimensions; RuntimeError: sizes that do not fit, another nonlinearity
    source  Elman 1990, doi:10.1207/s15516709cog1402_1
    """

    __constants__ = ["input_size", "hidden_size", "bias", "nonlinearity"]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """input (N, I), hx (N, H) -> (N, H)"""
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(
                f"Unknown nonlinearity: {self.nonlinearity}\n  choose 'tanh' or 'relu'"
            )
        return self._one(f"rnn_{self.nonlinearity}_cell", input, hx)


class GRUCell(RNNCellBase):
    """One step of GRU.

    shape   input (N, I) or (I), hx (N, H) or (H), zeros if it is not given -> (N, H) or (H)
    errors  ValueError: more dimensions; RuntimeError: sizes that do not fit
    source  Cho et al. 2014, arXiv:1406.1078
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """input (N, I), hx (N, H) -> (N, H)"""
        return self._one("gru_cell", input, hx)


class LSTMCell(RNNCellBase):
    """One step of LSTM.

    shape   input (N, I) or (I), hx = (h, c) each (N, H) or (H), zeros if they are not given ->
            (h, c)
    errors  ValueError: more dimensions; RuntimeError: sizes that do not fit; TypeError: hx is one
            tensor
    source  Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ):
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(
        self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        """input (N, I), hx ((N, H), (N, H)) -> h, c"""
        _check_dims("LSTMCell", "input", input)
        if hx is not None:
            for i, h in enumerate(hx):
                _check_dims("LSTMCell", f"hx[{i}]", h)
        batched = input.dim() == 2
        x = input if batched else input.unsqueeze(0)
        states: Any = hx
        if hx is None:
            h = zeros(x.size(0), self.hidden_size, dtype=x.dtype, device=x.device)
            states = (h, h)
        elif not isinstance(hx, Tensor):
            states = tuple([_rows(h if batched else h.unsqueeze(0)) for h in hx])
        step = FUNCTIONS["lstm_cell"]
        h, c = step(x, states, self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        return (h, c) if batched else (h.squeeze(0), c.squeeze(0))
