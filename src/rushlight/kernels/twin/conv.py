"""Convolution on NumPy, for one, two or three spatial dimensions.

N batch, C input channels, O output channels, G groups, I = C / G, J = O / G,
S spatial sizes of the input, L of the output, T of the kernel ("taps"), | | their product

Along each dimension output cell l meets input cell  l · stride + tap · dilation - padding, and

    y[n, o, l] = b[o] + Σ_{c, t} w[o, c, t] · x[n, c, l · stride + t · dilation - padding]

Products are taken on unfolded windows: for every tap the slice of the input that it meets is copied
into a matrix (N, G, I·|T|, |L|), block of images by block of images so that it stays in the cache
sizes of a small machine.
"""

from __future__ import annotations

from math import prod

import numpy as np

from ..seam import K
from ..window_geometry import output_size, taps
from .norm import batch_norm_eval
from .pointwise import hardswish, relu, relu6, relu_dx, silu

BLOCK = 1 << 22  # cells of an unfolded block: 16 MB of float32


def unfold(x, kernel, stride, padding, dilation, out=None):
    """x (N, C, *S) -> windows (N, C, *T, *L); zeros where a window reaches into the padding.

    out: L, if not all of the windows that there are room for are wanted.
    """
    size = x.shape[2:]
    if out is None:
        out = tuple(map(output_size, size, kernel, stride, padding, dilation))
    cols = K.zeros((*x.shape[:2], *kernel, *out), x)
    for tap, cells, meets in taps(size, out, kernel, stride, padding, dilation):
        cols[(slice(None), slice(None), *tap)][cells] = x[meets]
    return cols


def fold(cols, size, stride, padding, dilation):
    """Windows (N, C, *T, *L) -> x (N, C, *S): the sum of all cells that came from one place.

    The adjoint of `unfold`.
    """
    rank = len(size)
    kernel, out = cols.shape[2 : 2 + rank], cols.shape[2 + rank :]
    x = K.zeros((*cols.shape[:2], *size), cols)
    for tap, cells, meets in taps(size, out, kernel, stride, padding, dilation):
        x[meets] += cols[(slice(None), slice(None), *tap)][cells]
    return x


def conv(x, w, b, stride, padding, dilation, groups):
    """x (N, C, *S), w (O, I, *T), b (O) or None -> y (N, O, *L), in the dtype of x."""
    n, c, *size = x.shape
    o, i, *kernel = w.shape
    out = tuple(map(output_size, size, kernel, stride, padding, dilation))
    _fit(x, w, b, out, stride, padding, dilation, groups)
    options = (stride, padding, dilation, groups)
    if _narrow(x.dtype):
        y = getattr(K, f"conv{len(size)}d")(*_wide(x, w, b), *options)
        return K.astype(y, x.dtype)
    y = np.empty((n, o, *out), x.dtype)
    wg = w.reshape(groups, o // groups, i * prod(kernel))  # (G, J, I·|T|)
    yg = y.reshape(n, groups, o // groups, prod(out))
    for block in _blocks(n, c * prod(kernel) * prod(out)):
        cols = unfold(x[block], kernel, stride, padding, dilation)
        np.matmul(wg, cols.reshape(len(cols), groups, i * prod(kernel), prod(out)), out=yg[block])
    if b is not None:
        y += b.reshape(-1, *[1] * len(size))
    return y


def conv_relu(x, w, b, stride, padding, dilation, groups):
    """max(conv(x, w, b), 0)"""
    return relu(conv(x, w, b, stride, padding, dilation, groups))


def conv_norm(x, w, b, stride, padding, dilation, groups, mean, var, gamma, beta, eps, act, other):
    """act(batch norm of conv(x, w, b) + other): act is a place in ACTS

    mean, var (O), or both None: no batch norm; gamma, beta (O) or None; other like y or None
    """
    y = conv(x, w, b, stride, padding, dilation, groups)
    if mean is not None:
        y = batch_norm_eval(y, gamma, beta, mean, var, eps)
    if other is not None:
        y = y + other
    f = ACTS[act]
    return y if f is None else f(y)


ACTS = (None, relu, relu6, silu, hardswish)


def conv_dx(dy, w, x_shape, stride, padding, dilation, groups, gate=None):
    """dy (N, O, *L), w (O, I, *T) -> dx of shape `x_shape` (N, C, *S).

    gate: an array like dx, the output of a relu; dx is 0 where it is 0.
    """
    n, c, *size = x_shape
    o, i, *kernel = w.shape
    options = (stride, padding, dilation, groups)
    if _narrow(dy.dtype):
        masks = _wide(gate) if gate is not None else ()
        dx = getattr(K, f"conv{len(size)}d_dx")(*_wide(dy, w), x_shape, *options, *masks)
        return K.astype(dx, dy.dtype)
    out = dy.shape[2:]
    dx = np.empty((n, c, *size), dy.dtype)
    wt = w.reshape(groups, o // groups, i * prod(kernel)).swapaxes(1, 2)  # (G, I·|T|, J)
    dyg = dy.reshape(n, groups, o // groups, prod(out))
    for block in _blocks(n, c * prod(kernel) * prod(out)):
        cols = wt @ dyg[block]  # (n, G, I·|T|, |L|)
        cols = cols.reshape(len(cols), c, *kernel, *out)
        dx[block] = fold(cols, size, stride, padding, dilation)
    return dx if gate is None else relu_dx(dx, gate)


def conv_dw(dy, x, w_shape, stride, padding, dilation, groups):
    """dy (N, O, *L), x (N, C, *S) -> dw of shape `w_shape` (O, I, *T), db (O)."""
    n, c = x.shape[:2]
    o, i, *kernel = w_shape
    if _narrow(x.dtype):
        options = (stride, padding, dilation, groups)
        both = getattr(K, f"conv{len(kernel)}d_dw")(*_wide(dy, x), w_shape, *options)
        return tuple(K.astype(d, x.dtype) for d in both)
    cells = prod(dy.shape[2:])
    dw = np.zeros((groups, o // groups, i * prod(kernel)), dy.dtype)
    for block in _blocks(n, c * prod(kernel) * cells):
        cols = unfold(x[block], kernel, stride, padding, dilation, dy.shape[2:])
        images = len(cols)
        cols = cols.reshape(images, groups, i * prod(kernel), cells).transpose(1, 0, 3, 2)
        dyg = dy[block].reshape(images, groups, o // groups, cells).transpose(1, 2, 0, 3)
        # one product over images and cells at once: (G, J, n·|L|) @ (G, n·|L|, I·|T|)
        rows = images * cells
        dw += dyg.reshape(*dw.shape[:2], rows) @ cols.reshape(groups, rows, dw.shape[2])
    db = dy.sum((0, *range(2, dy.ndim)))
    return dw.reshape(w_shape), db


conv1d = conv2d = conv3d = conv
conv1d_relu = conv2d_relu = conv3d_relu = conv_relu
conv1d_norm = conv2d_norm = conv_norm
conv1d_dx = conv2d_dx = conv3d_dx = conv_dx
conv1d_dw = conv2d_dw = conv3d_dw = conv_dw


def _fit(x, w, b, out, stride, padding, dilation, groups):
    """ValueError unless the arguments belong together: NumPy would broadcast or promote some that
    do not. The card says what is wrong."""
    if (
        len(out) != w.ndim - 2
        or min((*out, *stride, *dilation, groups, *w.shape[2:], *x.shape[2:])) < 1
        or min(padding) < 0
        or x.dtype == bool
        or x.dtype != w.dtype
        or w.shape[0] % groups
        or w.shape[0] < groups
        or w.shape[1] * groups != x.shape[1]
        or (b is not None and (b.dtype != x.dtype or b.shape != w.shape[:1]))
    ):
        raise ValueError("conv: the arguments do not fit each other")


def _blocks(n, cells_per_image):
    """Slices of the batch whose unfolded windows stay under BLOCK cells."""
    step = max(1, BLOCK // max(1, cells_per_image))
    return [slice(i, i + step) for i in range(0, n, step)]


def _narrow(dtype):
    """16- and 8-bit floats, whose sums are taken in float32 as PyTorch's are."""
    return dtype.itemsize < 4 and dtype.kind in "fV"


def _wide(*arrays):
    """The arrays, or None, in float32."""
    single = np.dtype(np.float32)
    return [None if a is None else K.astype(a, single) for a in arrays]
