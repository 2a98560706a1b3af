"""RNN, GRU and LSTM: one node of ONNX for each layer and direction.

T steps, N batch, I inputs, H numbers of a state. ONNX has the gates in another order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import SymbolicValueError, UnsupportedOperatorError
from ..graph import Graph, Value
from .table import card


def _gates(g: Graph, x: Value, order: list[int]) -> Value:
    """x (gates H, ...) with its gates in another order, in front a dimension of the direction."""
    h = x.shape[0] // len(order)
    if x.array is not None:
        parts = x.array.reshape(len(order), h, *x.shape[1:])[order]
        return g.constant(np.ascontiguousarray(parts.reshape(1, *x.shape)))
    parts = (
        g.op("Split", x, [h] * len(order), axis=0, outputs=len(order)) if len(order) > 1 else (x,)
    )
    parts = [parts[i] for i in order]
    y = g.op("Concat", *parts, axis=0) if len(parts) > 1 else parts[0]
    return g.unsqueeze(y, 0)


def _layer(
    g: Graph, kind: str, x: Value, states: list, w_ih: Value, w_hh: Value, b_ih: Any, b_hh: Any,
    sizes: Any, reverse: bool, order: list[int], **attributes: Any,
) -> tuple:  # fmt: skip
    one_step = x.ndim == 2
    if sizes is not None and (not one_step or len(sizes) > 1):
        raise SymbolicValueError(
            f"{kind}: packed sequences\n  fix: export with padded ones (pad_packed_sequence)"
        )
    w, r, bias = _gates(g, w_ih, order), _gates(g, w_hh, order), None
    if b_ih is not None:
        bias = g.op("Concat", _gates(g, b_ih, order), _gates(g, b_hh, order), axis=1)
        if b_ih.array is not None and b_hh.array is not None:
            h = [a.array.reshape(len(order), -1)[order].reshape(1, -1) for a in (b_ih, b_hh)]
            bias = g.constant(np.concatenate(h, 1))
    flat = [s.ndim == 2 for s in states]
    given = [g.unsqueeze(s, 0) if f else s for s, f in zip(states, flat, strict=True)]
    steps = g.unsqueeze(x, 0) if one_step else x
    y, *last = g.op(
        kind, steps, w, r, bias, None, *given, outputs=1 + len(states),
        hidden_size=w_hh.shape[1], direction="reverse" if reverse else "forward", **attributes,
    )  # fmt: skip
    y = g.squeeze(y, 1)  # (T, 1, N, H)
    if one_step:
        y = g.squeeze(y, 0)
    return (y, *[g.squeeze(s, 0) if f else s for s, f in zip(last, flat, strict=True)])


@card("lstm_layer")
def lstm(
    g: Graph, x: Value, h0: Value, c0: Value, w_ih: Value, w_hh: Value, w_hr: Any, b_ih: Any,
    b_hh: Any, sizes: Any, reverse: bool, keep: bool,
) -> tuple:  # fmt: skip
    if w_hr is not None:
        raise UnsupportedOperatorError("LSTM with proj_size: ONNX has no projection")
    return _layer(g, "LSTM", x, [h0, c0], w_ih, w_hh, b_ih, b_hh, sizes, reverse, [0, 3, 1, 2])


@card("gru_layer")
def gru(
    g: Graph, x: Value, h0: Value, w_ih: Value, w_hh: Value, b_ih: Any, b_hh: Any, sizes: Any,
    reverse: bool, keep: bool,
) -> tuple:  # fmt: skip
    return _layer(g, "GRU", x, [h0], w_ih, w_hh, b_ih, b_hh, sizes, reverse, [1, 0, 2],
                  linear_before_reset=1)  # fmt: skip


@card("rnn_layer")
def rnn(
    g: Graph, x: Value, h0: Value, w_ih: Value, w_hh: Value, b_ih: Any, b_hh: Any, sizes: Any,
    reverse: bool, relu: bool,
) -> tuple:  # fmt: skip
    return _layer(g, "RNN", x, [h0], w_ih, w_hh, b_ih, b_hh, sizes, reverse, [0],
                  activations=["Relu" if relu else "Tanh"])  # fmt: skip
