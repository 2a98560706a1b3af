"""Rows of a table, and back, in NumPy.

V rows in the table, E numbers in a row
"""

from __future__ import annotations

import numpy as np

from ..refusals import no_such_row


def embedding(w, i):
    """y = w[i]: w (V, E), i int64 (*) -> (*, E). IndexError: an index outside of 0..V-1."""
    if i.size and (i.min() < 0 or i.max() >= len(w)):
        raise no_such_row(i, len(w))
    return w[i]


def embedding_dw(dy, i, rows, padding_idx, scale_by_freq):
    """dw[v] = Σ dy over the places where i = v, by their number if scale_by_freq

    dy (*, E), i (*) -> (V, E). The row padding_idx stays 0; -1: none does.
    """
    i, dy = i.reshape(-1), dy.reshape(i.size, dy.shape[-1])
    if scale_by_freq:
        dy = dy / np.bincount(i, minlength=rows)[i].astype(dy.dtype)[:, None]
    dw = np.zeros((rows, dy.shape[-1]), dy.dtype)
    np.add.at(dw, i, dy)
    if padding_idx >= 0:
        dw[padding_idx] = 0
    return dw


def take(x, i):
    """y = x[i], rows of any dtype: x (V, *), i int64 (N) -> (N, *). IndexError as NumPy's."""
    return np.take(x, i, axis=0)
