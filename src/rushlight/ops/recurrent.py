"""Recurrent layers: RNN, GRU, LSTM over sequences, and one step of each.

    T steps, N sequences, I inputs, H hidden units, P outputs of a step: H, or the projection's
    S rows of a packed batch: those of all steps one after the other, step t those of the first
    sizes[t] sequences

A card is one layer in one direction, over all steps. Its backward is a kernel on arrays; under
create_graph=True it is that of the same layer in elementary ops, recomputed (`_again`), so that
derivatives of any order exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd.api import grad
from ..core.grad_mode import enable_grad, mode
from ..core.meta import phantom
from ..core.tensor import Tensor, wrap
from ..dispatch.messages import tensor_argument
from ..dispatch.registry import composite, internal
from ..kernels import K
from ..kernels.twin import TWINS
from .cat_split import cat, stack
from .dropout import dropped
from .padded import check_batch_sizes
from .recurrent_arguments import check_counts, check_dtypes, check_layer, check_states


def _again(c: Any, name: str, grads: tuple, tensors: tuple, rest: tuple) -> tuple:
    """The gradients of the tensors that want them, as Tensors with a history."""
    with enable_grad():
        # not the tensors themselves: their hooks are none of this derivative's business
        own = [t if t is None or not t._rg else t.view(t.shape) for t in tensors]
        results = TWINS[name](*own, *rest)
    known = [(r, g) for r, g in zip(results, grads, strict=False) if g is not None and r._rg]
    wanted = [i for i in range(len(tensors)) if c.needs(i)]
    found = grad(
        [r for r, _ in known],
        [own[i] for i in wanted],
        [g for _, g in known],
        create_graph=True,
        allow_unused=True,
    )
    at = dict(zip(wanted, found, strict=True))
    return tuple(at.get(i) for i in range(len(tensors)))


def _twice(db: Any) -> tuple:
    """The gradient of the sum of two biases: of either."""
    return (None, None) if db is None else (db, db.copy())


@internal("rnn_layer", tensors=6, outputs=2, constants=3, node="Rnn", not_for="iub", fill=False)
class RnnLayer:
    """h = f(w_ih x + b_ih + w_hh h' + b_hh) for all steps, f = relu or tanh -> y, hn"""

    def forward(x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse, relu):
        return K.rnn_layer(x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse, relu)

    def backward(c, dy, dhn, x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse, relu, out):
        given = (x, h0, w_ih, w_hh, b_ih, b_hh)
        if isinstance(x, Tensor):
            return _again(c, "rnn_layer", (dy, dhn), given, (sizes, reverse, relu))
        dy = np.zeros_like(out) if dy is None else dy
        *found, db = K.rnn_layer_dx(dy, dhn, *given, sizes, reverse, relu, out, c.needs(0))
        return *found, *_twice(db)

    def samples(make):
        for sizes, x in ((None, make(3, 2, 3)), ((2, 2, 1), make(5, 3))):
            weights = make(4, 3), make(4, 4), make(4), make(4)
            yield x, make(1, 2, 4), *weights, sizes, sizes is not None, False
        yield make(2, 1, 3), make(1, 4), make(4, 3), make(4, 4), None, None, None, False, True


@internal(
    "gru_layer",
    tensors=6,
    outputs=2,
    extras=("gates",),
    constants=3,
    node="Gru",
    not_for="iub",
    fill=False,
)
class GruLayer:
    """r, z = σ(...), n = tanh(w_in x + b_in + r (w_hn h' + b_hn)), h = n + z (h' - n) -> y, hn"""

    def forward(x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse, keep):
        return K.gru_layer(x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse, keep)

    def backward(c, dy, dhn, x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse, out, gates):
        given = (x, h0, w_ih, w_hh, b_ih, b_hh)
        if isinstance(x, Tensor):
            return _again(c, "gru_layer", (dy, dhn), given, (sizes, reverse, False))
        dy = np.zeros_like(out) if dy is None else dy
        return K.gru_layer_dx(dy, dhn, *given, sizes, reverse, out, gates, c.needs(0))

    def samples(make):
        for sizes, x in ((None, make(3, 2, 3)), ((2, 2, 1), make(5, 3))):
            weights = make(12, 3), make(12, 4), make(12), make(12)
            yield x, make(1, 2, 4), *weights, sizes, sizes is not None, True
        yield make(2, 1, 3), make(1, 4), make(12, 3), make(12, 4), None, None, None, False, True


@internal(
    "lstm_layer",
    tensors=8,
    outputs=3,
    extras=("gates", "cells"),
    constants=3,
    node="Lstm",
    not_for="iub",
    fill=False,
)
class LstmLayer:
    """i, f, o = σ(...), u = tanh(...), c = f c' + i u, h = w_hr (o tanh(c)) -> y, hn, cn"""

    def forward(x, h0, c0, w_ih, w_hh, w_hr, b_ih, b_hh, sizes, reverse, keep):
        return K.lstm_layer(x, h0, c0, w_ih, w_hh, w_hr, b_ih, b_hh, sizes, reverse, keep)

    def backward(
        c,
        dy,
        dhn,
        dcn,
        x,
        h0,
        c0,
        w_ih,
        w_hh,
        w_hr,
        b_ih,
        b_hh,
        sizes,
        reverse,
        out,
        gates,
        cells,
    ):
        given = (x, h0, c0, w_ih, w_hh, w_hr, b_ih, b_hh)
        if isinstance(x, Tensor):
            return _again(c, "lstm_layer", (dy, dhn, dcn), given, (sizes, reverse, False))
        dy = np.zeros_like(out) if dy is None else dy
        *found, db = K.lstm_layer_dx(
            dy, dhn, dcn, *given, sizes, reverse, out, gates, cells, c.needs(0)
        )
        return *found, *_twice(db)

    def samples(make):
        for sizes, x in ((None, make(3, 2, 3)), ((2, 2, 1), make(5, 3))):
            weights = make(16, 3), make(16, 4), None, make(16), make(16)
            yield x, make(1, 2, 4), make(1, 2, 4), *weights, sizes, sizes is not None, True
        weights = make(16, 3), make(16, 2), make(2, 4), None, None
        yield make(2, 1, 3), make(1, 2), make(1, 4), *weights, None, False, True


# ---------------------------------------------------------------- layers


_GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


def run_layers(
    mode: str,
    x: Tensor,
    states: tuple[Tensor, ...] | None,
    weights: Sequence[Any],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    bidirectional: bool,
    sizes: tuple[int, ...] | None,
) -> tuple[Tensor, list[Tensor]]:
    """All layers and directions: the output of the last, and the last states.

    x        (T, N, I), or (S, I) with the steps' sizes
    states   (layers · directions, N, H) each, or None: zeros
    weights  by layer, direction: w_ih, w_hh, b_ih, b_hh, w_hr, as far as there are any
    dropout  between layers, if it is not 0
    """
    directions = 2 if bidirectional else 1
    count = num_layers * directions
    if not count or len(weights) % count:
        raise RuntimeError(
            f"got an incorrect number of RNN parameters\n  {len(weights)} for {num_layers} layers "
            f"in {directions} direction{'s'[: directions - 1]}"
        )
    per = len(weights) // count
    is_lstm = mode == "LSTM"
    if per != 2 + 2 * has_biases + (is_lstm and per % 2):
        raise RuntimeError(
            f"got an incorrect number of RNN parameters\n  {per} for a layer and direction, with "
            f"has_biases={has_biases}"
        )
    check_dtypes(x, states, weights)
    if sizes is not None:
        check_batch_sizes(np.array(sizes), x._a.shape[0])
    n = x._a.shape[1] if sizes is None else sizes[0]
    if states is None:
        widths = (weights[1]._a.shape[1], weights[1]._a.shape[0] // 4)[: 1 + is_lstm]
        lead = (1, n) if count == 1 else (n,)
        make = (lambda shape, a: phantom(shape, a.dtype)) if x.is_meta else K.zeros
        zeros = tuple([wrap(make((*lead, w), x._a)) for w in widths])
        each: Any = [zeros] * count
    else:
        check_counts(states, count)
        each = [states] if count == 1 else list(zip(*[s.unbind(0) for s in states], strict=True))
    keep = _recorded(x, *states or (), *weights)
    finals: list = []
    for layer in range(num_layers):
        if layer and dropout:
            x = dropped(x, dropout, True, False)
        outputs = []
        for direction in range(directions):
            k = layer * directions + direction
            w = weights[k * per : (k + 1) * per]
            b = (w[2], w[3]) if has_biases else (None, None)
            own, reverse = each[k], direction == 1
            w_hr = w[-1] if is_lstm and per % 2 else None
            check_layer(_GATES[mode], x, own, w[0], w[1], w_hr, b, n)
            if is_lstm:
                y, *last = LstmLayer.run((x, *own, w[0], w[1], w_hr, *b, sizes, reverse, keep))
            elif mode == "GRU":
                y, *last = GruLayer.run((x, *own, w[0], w[1], *b, sizes, reverse, keep))
            else:
                relu = mode == "RNN_RELU"
                y, *last = RnnLayer.run((x, *own, w[0], w[1], *b, sizes, reverse, relu))
            outputs.append(y)
            finals.append(last)
        x = outputs[0] if directions == 1 else cat(outputs, -1)
    if count == 1:
        return x, finals[0]
    return x, [stack(list(s)) for s in zip(*finals, strict=True)]


def _recorded(*tensors: Tensor | None) -> bool:
    """True if a backward may follow, so that gates must be kept for it."""
    return mode.grad and any([t is not None and t._rg for t in tensors])


def _sequence(name: str, mode: str, given: tuple, tuple_of: int) -> tuple[Tensor, list[Tensor]]:
    """Either of PyTorch's forms: (input, hx, params, ..., batch_first), or (data, batch_sizes,
    hx, params, ...), the packed one.
    """
    first, second, third = given[:3]
    tensor_argument(name, first)
    packed = isinstance(second, Tensor) and (tuple_of > 1 or isinstance(third, Tensor))
    if packed:
        data, batch_sizes, hx, params, biases, layers, p, train, bidirectional = given
        sizes, batch_first = tuple(batch_sizes.tolist()), False
        x = data
    else:
        x, hx, params, biases, layers, p, train, bidirectional, batch_first = given
        sizes = None
    states = check_states(name, hx, tuple_of)
    if x._a.ndim != (2 if packed else 3):
        x.size(1 if packed else 2)  # the error of a dimension that is not there
        raise RuntimeError(f"input must have {2 if packed else 3} dimensions, got {x._a.ndim}")
    if batch_first:
        x = x.transpose(0, 1)
    if x._a.shape[0] == 0:
        raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
    y, last = run_layers(
        mode, x, states, tuple(params), biases, layers, p if train else 0, bidirectional, sizes
    )
    return (y.transpose(0, 1) if batch_first else y), last


_SEQUENCE = (
    "(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)"
)


@composite("lstm" + _SEQUENCE, at="torch")
def lstm(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first):
    """An LSTM of several layers: what torch.nn.LSTM computes. Also by position for a packed batch:
    lstm(data, batch_sizes, hx, params, has_biases, num_layers, dropout, train, bidirectional).

    hx      (h0, c0), each (layers · directions, N, *)
    params  by layer and direction: w_ih (4 H, I), w_hh (4 H, P), b_ih, b_hh (4 H) if has_biases,
            w_hr (P, H) with a projection
    shape   input (T, N, I), or (N, T, I) with batch_first -> output (T, N, directions · P), hn, cn
    dtype   floating, the same for all
    errors  RuntimeError: dtypes differ, no steps, a number of params that does not fit
    source  Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735
    """
    given = (input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)
    y, (h, c) = _sequence("lstm", "LSTM", given, 2)
    return y, h, c


@composite("gru" + _SEQUENCE, at="torch")
def gru(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first):
    """A GRU of several layers: what torch.nn.GRU computes. Also by position for a packed batch,
    as torch.lstm.

    hx      h0 (layers · directions, N, H)
    params  by layer and direction: w_ih (3 H, I), w_hh (3 H, H), b_ih, b_hh (3 H) if has_biases
    shape   input (T, N, I), or (N, T, I) with batch_first -> output (T, N, directions · H), hn
    dtype   floating, the same for all
    errors  as torch.lstm
    source  Cho et al. 2014, arXiv:1406.1078
    """
    given = (input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)
    y, (h,) = _sequence("gru", "GRU", given, 1)
    return y, h


@composite("rnn_tanh" + _SEQUENCE, at="torch")
def rnn_tanh(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first):
    """A plain recurrent network with tanh: what torch.nn.RNN computes. Also by position for a
    packed batch, as torch.lstm.

    shape   as torch.gru, with w_ih (H, I), w_hh (H, H)
    errors  as torch.lstm
    source  Elman 1990, doi:10.1207/s15516709cog1402_1
    """
    given = (input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)
    y, (h,) = _sequence("rnn_tanh", "RNN_TANH", given, 1)
    return y, h


@composite("rnn_relu" + _SEQUENCE, at="torch")
def rnn_relu(input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first):
    """torch.rnn_tanh with relu instead of tanh.

    shape   and errors as there
    source  Le, Jaitly, Hinton 2015, arXiv:1504.00941
    """
    given = (input, hx, params, has_biases, num_layers, dropout, train, bidirectional, batch_first)
    y, (h,) = _sequence("rnn_relu", "RNN_RELU", given, 1)
    return y, h


# ---------------------------------------------------------------- one step


def _cell(
    gates: int, input: Tensor, states: tuple, w_ih: Tensor, w_hh: Tensor, b_ih: Any, b_hh: Any
) -> tuple[Tensor, tuple, Any, Any]:
    """Checked operands of one step: input (N, I), states, both biases or none."""
    x = input._a
    for t in (input, *states):
        if t._a.ndim < 2:
            t.size(1)  # the error of a dimension that is not there
    if x.shape[1] != w_ih._a.shape[1]:
        raise RuntimeError(
            f"input has inconsistent input_size: got {x.shape[1]} expected {w_ih._a.shape[1]}"
        )
    for i, h in enumerate(states):
        if h._a.shape[0] != x.shape[0]:
            raise RuntimeError(
                f"Input batch size {x.shape[0]} doesn't match hidden{i} batch size {h._a.shape[0]}"
            )
        if h._a.shape[1] != w_hh._a.shape[1]:
            raise RuntimeError(
                f"hidden{i} has inconsistent hidden_size: got {h._a.shape[1]}, expected "
                f"{w_hh._a.shape[1]}"
            )
    check_dtypes(input, states, [w for w in (w_ih, w_hh, b_ih, b_hh) if w is not None])
    if (b_ih is None) != (b_hh is None):
        zeros = wrap(np.zeros_like((b_hh if b_ih is None else b_ih)._a))
        b_ih, b_hh = (zeros, b_hh) if b_ih is None else (b_ih, zeros)
    check_layer(gates, input, states, w_ih, w_hh, None, (b_ih, b_hh), x.shape[0])
    return input, (x.shape[0],), b_ih, b_hh


_CELL = "(input, hx, w_ih: Tensor, w_hh: Tensor, b_ih=None, b_hh=None)"


@composite("lstm_cell" + _CELL, at="torch")
def lstm_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """One step of an LSTM.

    shape   input (N, I), hx = (h (N, H), c (N, H)), w_ih (4 H, I), w_hh (4 H, H) -> h, c (N, H)
    dtype   floating, the same for all
    errors  TypeError: hx is no tuple of tensors; RuntimeError: sizes or dtypes that do not fit
    source  as torch.lstm
    """
    if isinstance(hx, Tensor):
        raise TypeError(
            "lstm_cell(): argument 'hx' (position 2) must be tuple of Tensors, not Tensor"
        )
    hx = check_states("lstm_cell", hx, 2)
    x, sizes, b_ih, b_hh = _cell(4, input, hx, w_ih, w_hh, b_ih, b_hh)
    keep = _recorded(x, *hx, w_ih, w_hh, b_ih, b_hh)
    h, _, c = LstmLayer.run((x, *hx, w_ih, w_hh, None, b_ih, b_hh, sizes, False, keep))
    return h, c


@composite("gru_cell" + _CELL, at="torch")
def gru_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """One step of a GRU.

    shape   input (N, I), hx (N, H), w_ih (3 H, I), w_hh (3 H, H) -> (N, H)
    dtype   floating, the same for all
    errors  RuntimeError: sizes or dtypes that do not fit
    source  as torch.gru
    """
    x, sizes, b_ih, b_hh = _cell(3, input, (hx,), w_ih, w_hh, b_ih, b_hh)
    keep = _recorded(x, hx, w_ih, w_hh, b_ih, b_hh)
    return GruLayer.run((x, hx, w_ih, w_hh, b_ih, b_hh, sizes, False, keep))[0]


@composite("rnn_tanh_cell" + _CELL, at="torch")
def rnn_tanh_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """tanh(w_ih input + b_ih + w_hh hx + b_hh)

    shape   input (N, I), hx (N, H), w_ih (H, I), w_hh (H, H) -> (N, H)
    dtype   floating, the same for all
    errors  RuntimeError: sizes or dtypes that do not fit
    source  as torch.rnn_tanh
    """
    x, sizes, b_ih, b_hh = _cell(1, input, (hx,), w_ih, w_hh, b_ih, b_hh)
    return RnnLayer.run((x, hx, w_ih, w_hh, b_ih, b_hh, sizes, False, False))[0]


@composite("rnn_relu_cell" + _CELL, at="torch")
def rnn_relu_cell(input, hx, w_ih, w_hh, b_ih=None, b_hh=None):
    """relu(w_ih input + b_ih + w_hh hx + b_hh)

    shape   as torch.rnn_tanh_cell
    errors  as there
    source  as torch.rnn_relu
    """
    x, sizes, b_ih, b_hh = _cell(1, input, (hx,), w_ih, w_hh, b_ih, b_hh)
    return RnnLayer.run((x, hx, w_ih, w_hh, b_ih, b_hh, sizes, False, True))[0]
