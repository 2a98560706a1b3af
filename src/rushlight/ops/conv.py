"""Convolution and its transpose in one, two and three dimensions; unfold and fold.

N batch, C input channels, O output channels, G groups, S spatial sizes of the input, L of the
output, T of the kernel. The cards see batches and full tuples of options; the functions below them
take what users write. Arguments are checked when a kernel has refused them, so that a right call
pays nothing.
"""

from __future__ import annotations

from math import prod

import numpy as np

from ..core.tensor import Tensor
from ..dispatch.messages import not_implemented
from ..dispatch.on_tensors import translate
from ..dispatch.registry import FUNCTIONAL, composite, internal
from ..kernels import K
from ..kernels.window_geometry import output_size as window_count
from .conv_arguments import by, check, check_positive, pair, sizes, wrong_arguments, wrong_rank

_F32 = np.dtype(np.float32)
# The kernels by the number of dimensions of their arrays: batch, channels and 1, 2 or 3 more.
_FORWARD = {rank + 2: getattr(K, f"conv{rank}d") for rank in (1, 2, 3)}
_DX = {rank + 2: getattr(K, f"conv{rank}d_dx") for rank in (1, 2, 3)}
_DW = {rank + 2: getattr(K, f"conv{rank}d_dw") for rank in (1, 2, 3)}


def _sum_cells(dy):
    """dy (N, O, *L) -> (O): the gradient of a bias."""
    return K.sum(dy, (0, *range(2, dy.ndim)))


def _windows_of(x, w, b, cells, options):
    """The convolution of x with w, its first `cells` of each dimension: output_padding may leave
    room for more windows than a transposed convolution had inputs."""
    y = _FORWARD[x.ndim](x, w, b, *options)
    return y if y.shape[2:] == cells else y[..., *map(slice, cells)]


@internal(
    "convolution_nd",
    tensors=3,
    constants=4,
    save_if={"x": 1, "w": 0},
    node="Convolution",
    order="convolution",
    fresh=True,
    quiet=False,
)
class Convolution:
    """y[n, o, l] = b[o] + Σ_{c, t} w[o, c, t] · x[n, c, l · stride + t · dilation - padding]

    shape   x (N, C, *S), w (O, C / G, *T), b (O) or None -> y (N, O, *L),
            L = (S + 2 padding - dilation (T - 1) - 1) // stride + 1
    dtype   any but bool, the same for all three, kept
    grad    dx: the transposed convolution of dy with w; dw: ConvWeight; db = Σ_{n, l} dy
    mask    x, if it comes from a relu: dx is 0 where x is
    """

    def forward(x, w, b, stride, padding, dilation, groups):
        return _FORWARD[x.ndim](x, w, b, stride, padding, dilation, groups)

    def backward(c, dy, x, w, stride, padding, dilation, groups, x_shape, w_shape, *, mask=None):
        to_x, to_w, to_b = c.edges
        dx = dw = db = None
        if to_x is not None:
            options = (stride, padding, dilation, groups)
            masks = () if mask is None else (mask,)
            dx = _DX[len(x_shape)](dy, K.conj(w), x_shape, *options, *masks)
        if to_w is not None:
            dw, db = _DW[len(x_shape)](dy, K.conj(x), w_shape, stride, padding, dilation, groups)
        elif to_b is not None:
            db = _sum_cells(dy)
        return dx, dw, db if to_b is not None else None

    def samples(make):
        def pair(n):
            return (n, n)

        yield make(2, 3, 5, 6), make(4, 3, 3, 2), make(4), pair(1), pair(0), pair(1), 1
        yield make(1, 4, 6, 5), make(6, 2, 3, 3), None, (2, 1), (1, 2), (1, 2), 2
        yield make(2, 2, 7), make(3, 2, 3), make(3), (2,), (1,), (1,), 1
        yield make(1, 1, 4, 3, 4), make(2, 1, 2, 2, 3), make(2), (1, 1, 2), (0, 1, 1), (1, 1, 1), 1
        yield make(0, 2, 7), make(3, 2, 3), make(3), (2,), (1,), (1,), 1
        yield make(6, 5, 2, 3).transpose(0, 3), make(3, 5, 3, 3), None, pair(2), pair(1), pair(1), 1


@internal(
    "conv_transpose_nd",
    tensors=3,
    save_if={"x": 1, "w": 0},
    node="Convolution",
    order="convolution",
)
class ConvTranspose:
    """y = the dx of a convolution whose dy is x, plus b: every x spreads w over its window.

    shape   x (N, C, *L), w (C, O / G, *T), b (O) or None -> y of shape `y_shape` (N, O, *S)
    grad    dx convolves dy with w; dw correlates x with dy; db = Σ_{n, s} dy
    source  Zeiler et al. 2010, doi:10.1109/CVPR.2010.5539957
    """

    def forward(x, w, b, y_shape, stride, padding, dilation, groups):
        y = _DX[x.ndim](x, w, y_shape, stride, padding, dilation, groups)
        return y if b is None else y + b.reshape(-1, *[1] * (x.ndim - 2))

    def backward(c, dy, x, w, stride, padding, dilation, groups, x_shape, w_shape):
        options = (stride, padding, dilation, groups)
        dx = _windows_of(dy, K.conj(w), None, x_shape[2:], options) if c.needs(0) else None
        dw = _DW[dy.ndim](K.conj(x), dy, w_shape, *options)[0] if c.needs(1) else None
        return dx, dw, _sum_cells(dy) if c.needs(2) else None

    def samples(make):
        yield make(2, 3, 4, 3), make(3, 2, 3, 2), make(2), (2, 2, 6, 4), (1, 1), (0, 0), (1, 1), 1
        yield make(1, 4, 3), make(4, 3, 3), make(6), (1, 6, 6), (2,), (1,), (1,), 2
        yield make(1, 1, 3), make(1, 1, 2), None, (1, 1, 6), (1,), (1,), (2,), 1
        once = (1, 1, 1)
        size = (1, 1, 5, 4, 3)
        yield make(1, 1, 2, 2, 2), make(1, 1, 2, 3, 2), None, size, (3, 2, 1), (0, 1, 0), once, 1


@internal("convolution_dw", tensors=2, outputs=2, node="ConvolutionBackward")
class ConvWeight:
    """dw[o, c, t] = Σ_{n, l} dy[n, o, l] · x[n, c, l · stride + t · dilation - padding]
    db[o] = Σ_{n, l} dy[n, o, l]

    Linear in dy, so its gradient is the convolution of x with (ddw, ddb); linear in x, so that
    gradient is the transposed convolution of dy with ddw.
    """

    def forward(dy, x, w_shape, stride, padding, dilation, groups):
        return _DW[x.ndim](dy, x, w_shape, stride, padding, dilation, groups)

    def backward(c, ddw, ddb, dy, x, stride, padding, dilation, groups):
        options = (stride, padding, dilation, groups)
        ddy = _windows_of(K.conj(x), ddw, ddb, dy.shape[2:], options) if c.needs(0) else None
        dx = _DX[ddw.ndim](K.conj(dy), ddw, x.shape, *options) if c.needs(1) else None
        return ddy, dx

    def samples(make):
        yield make(2, 4, 3, 5), make(2, 3, 5, 6), (4, 3, 3, 2), (1, 1), (0, 0), (1, 1), 1
        yield make(2, 4, 3), make(2, 2, 6), (4, 1, 3), (2,), (1,), (1,), 2


def _convolution_word(x, w, b, stride, padding, dilation, groups):
    return Convolution.run((x, w, b, stride, padding, dilation, groups))


def _transposed_word(dy, w, x_shape, stride, padding, dilation, groups):
    return ConvTranspose.run((dy, w, None, tuple(x_shape), stride, padding, dilation, groups))


def _weight_word(dy, x, w_shape, stride, padding, dilation, groups):
    return ConvWeight.run((dy, x, tuple(w_shape), stride, padding, dilation, groups))


for _rank in (1, 2, 3):
    translate(f"conv{_rank}d", _convolution_word)
    translate(f"conv{_rank}d_dx", _transposed_word)
    translate(f"conv{_rank}d_dw", _weight_word)


# ---------------------------------------------------------------- what users call


_OPTIONS = (
    "stride: int | Sequence[int] = 1, padding: int | Sequence[int] | str = 0, "
    "dilation: int | Sequence[int] = 1, groups: int = 1"
)
_TRANSPOSED = (
    "stride: int | Sequence[int] = 1, padding: int | Sequence[int] = 0, "
    "output_padding: int | Sequence[int] = 0, groups: int = 1, dilation: int | Sequence[int] = 1"
)


@composite(f"conv1d(input, weight, bias=None, {_OPTIONS})", at="torch F", explains=True)
def conv1d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Convolution in one dimension; see conv2d.

    shape   input (N, C, L) or (C, L), weight (O, C / groups, T), bias (O) -> (N, O, L') or (O, L')
    errors  as conv2d
    """
    return convolve("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


@composite(f"conv2d(input, weight, bias=None, {_OPTIONS})", at="torch F", explains=True)
def conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Convolution in two dimensions: windows of the input, weighed and added up.

    stride, padding, dilation: an int or one per dimension; padding also "valid" (none) or "same"
    (the output is as large as the input; stride 1 only).

    shape   input (N, C, H, W) or (C, H, W), weight (O, C / groups, kH, kW), bias (O)
            -> (N, O, H', W') or (O, H', W')
    errors  RuntimeError: shapes or dtypes that do not fit; TypeError: no Tensors, no numbers

    >>> F.conv2d(torch.ones(1, 1, 3, 3), torch.ones(1, 1, 2, 2)).shape
    torch.Size([1, 1, 2, 2])
    """
    return convolve("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


@composite(f"conv3d(input, weight, bias=None, {_OPTIONS})", at="torch F", explains=True)
def conv3d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Convolution in three dimensions; see conv2d.

    shape   input (N, C, D, H, W), weight (O, C / groups, kD, kH, kW), bias (O)
            -> (N, O, D', H', W'); input and result may lack N
    errors  as conv2d
    """
    return convolve("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


@composite(
    f"conv_transpose1d(input, weight, bias=None, {_TRANSPOSED})", at="torch F", explains=True
)
def conv_transpose1d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Transposed convolution in one dimension; see conv_transpose2d.

    shape   input (N, C, L) or (C, L), weight (C, O / groups, T) -> (N, O, L') or (O, L')
    errors  as conv_transpose2d
    """
    options = (stride, padding, output_padding, groups, dilation)
    return _conv_transpose("conv_transpose1d", 1, input, weight, bias, *options)


@composite(
    f"conv_transpose2d(input, weight, bias=None, {_TRANSPOSED})", at="torch F", explains=True
)
def conv_transpose2d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """The gradient of conv2d with respect to its input, as a layer of its own.

    shape   input (N, C, H, W) or (C, H, W), weight (C, O / groups, kH, kW), bias (O)
            -> (N, O, H', W'), H' = (H - 1) stride - 2 padding + dilation (kH - 1) + output_padding
            + 1
    errors  RuntimeError: shapes or dtypes that do not fit; output_padding not below stride or
            dilation; TypeError: no Tensors, no numbers
    """
    options = (stride, padding, output_padding, groups, dilation)
    return _conv_transpose("conv_transpose2d", 2, input, weight, bias, *options)


@composite(
    f"conv_transpose3d(input, weight, bias=None, {_TRANSPOSED})", at="torch F", explains=True
)
def conv_transpose3d(
    input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """Transposed convolution in three dimensions; see conv_transpose2d.

    shape   input (N, C, D, H, W), weight (C, O / groups, kD, kH, kW) -> (N, O, D', H', W')
    errors  as conv_transpose2d
    """
    options = (stride, padding, output_padding, groups, dilation)
    return _conv_transpose("conv_transpose3d", 3, input, weight, bias, *options)


@composite("conv_tbc(input, weight, bias: Tensor, pad: int = 0)", at="torch F")
def conv_tbc(input, weight, bias, pad=0):
    """conv1d with time first.

    shape   input (L, N, C), weight (T, C, O), bias (O) -> (L', N, O)
    errors  as conv2d
    """
    y = conv1d(input.permute(1, 2, 0), weight.permute(2, 1, 0), bias, 1, pad)
    return y.permute(2, 0, 1)


@composite(
    "convolution(input, weight, bias: Tensor | None, stride: Sequence[int], "
    "padding: Sequence[int], dilation: Sequence[int], transposed: bool, "
    "output_padding: Sequence[int], groups: int)",
    at="torch",
)
def convolution(input, weight, bias, stride, padding, dilation, transposed, output_padding, groups):
    """conv1d, conv2d or conv3d, or its transpose, by the number of dimensions of weight.

    errors  as conv2d and conv_transpose2d
    """
    rank = weight.ndim - 2
    if transposed:
        options = (stride, padding, output_padding, groups, dilation)
        return _conv_transpose("convolution", rank, input, weight, bias, *options)
    return convolve("convolution", rank, input, weight, bias, stride, padding, dilation, groups)


def convolve(
    name, rank, input, weight, bias, stride, padding, dilation, groups, card=None
) -> Tensor:
    """card: Convolution unless given."""
    if not (isinstance(input, Tensor) and isinstance(weight, Tensor)):
        raise wrong_arguments(name, (input, weight, bias, stride, padding, dilation, groups))
    if type(stride) is type(padding) is type(dilation) is tuple and input._a.ndim == rank + 2:
        if len(stride) == len(padding) == len(dilation) == rank:
            try:
                return (card or Convolution).run(
                    (input, weight, bias, stride, padding, dilation, groups)
                )
            except Exception:
                check(name, input, weight, bias, stride, padding, dilation, groups)
                raise
    if type(padding) is str:
        input, padding = _named_padding(input, weight, padding, stride, dilation, rank)
    options = (
        sizes(name, "stride", stride, rank),
        sizes(name, "padding", padding, rank),
        sizes(name, "dilation", dilation, rank),
        groups,
    )
    ndim = input._a.ndim
    if ndim == rank + 2:
        return convolve(name, rank, input, weight, bias, *options, card)
    if ndim == rank + 1:
        return convolve(name, rank, input.unsqueeze(0), weight, bias, *options, card).squeeze(0)
    raise wrong_rank(name, rank, input)


def _conv_transpose(
    name, rank, input, weight, bias, stride, padding, output_padding, groups, dilation
) -> Tensor:
    if not (isinstance(input, Tensor) and isinstance(weight, Tensor)):
        args = (input, weight, bias, stride, padding, output_padding, groups, dilation)
        raise wrong_arguments(name, args)
    stride, padding = sizes(name, "stride", stride, rank), sizes(name, "padding", padding, rank)
    output_padding = sizes(name, "output_padding", output_padding, rank)
    dilation = sizes(name, "dilation", dilation, rank)
    ndim = input._a.ndim
    if ndim == rank + 1:
        options = (stride, padding, output_padding, groups, dilation)
        return _conv_transpose(name, rank, input.unsqueeze(0), weight, bias, *options).squeeze(0)
    if ndim != rank + 2:
        raise wrong_rank(name, rank, input)
    check(name, input, weight, bias, stride, padding, dilation, groups, output_padding)
    x, w = input._a.shape, weight._a.shape
    size = [
        (n - 1) * s - 2 * p + d * (k - 1) + extra + 1
        for n, k, s, p, d, extra in zip(
            x[2:], w[2:], stride, padding, dilation, output_padding, strict=True
        )
    ]
    if min(size) < 1:
        raise RuntimeError(
            f"Given input size per channel: ({by(x[2:])}). Calculated output size per channel: "
            f"({by(size)}). Output size is too small"
        )
    shape = (x[0], w[1] * groups, *size)
    args = (input, weight, bias, shape, stride, padding, dilation, groups)
    return ConvTranspose.run(args)


def _named_padding(input, weight, padding, stride, dilation, rank):
    """Padding by name as numbers; input is padded here where its two sides need different ones."""
    if padding == "valid":
        return input, (0,) * rank
    w, x = list(weight.shape), list(input.shape)
    if len(w) != rank + 2:
        raise RuntimeError(
            f"Expected {len(w)}-dimensional input for {len(w)}-dimensional weight{w}, but got "
            f"{len(x)}-dimensional input of size {x} instead"
        )
    if padding != "same":
        raise RuntimeError(f"Invalid padding string: '{padding}'\n  fix: 'same', 'valid', numbers")
    if any(s != 1 for s in sizes("conv", "stride", stride, rank)):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    dilation = sizes("conv", "dilation", dilation, rank)
    total = [d * (k - 1) for d, k in zip(dilation, w[2:], strict=True)]
    if any(t % 2 for t in total):
        after = [n for t in reversed(total) for n in (0, t % 2)]
        input = FUNCTIONAL["pad"](input, after)
    return input, tuple(t // 2 for t in total)


# ---------------------------------------------------------------- unfold and fold


@internal("im2col", tensors=1, node="Im2Col")
class Im2Col:
    """Windows as columns: x (N, C, *S) or (C, *S) -> y (N, C · |T|, |L|), zeros from the padding.

    grad    dx: all cells that came from one place, added up (col2im)
    """

    def forward(x, kernel, dilation, padding, stride):
        batch = x if x.ndim == len(kernel) + 2 else x[None]
        y = K.unfold(batch, kernel, stride, padding, dilation)  # (N, C, *T, *L)
        columns = (batch.shape[1] * prod(kernel), prod(y.shape[2 + len(kernel) :]))
        return y.reshape(*x.shape[: -1 - len(kernel)], *columns)

    def backward(c, dy, x_shape, kernel, dilation, padding, stride):
        channels, *size = x_shape[-1 - len(kernel) :]
        out = map(window_count, size, kernel, stride, padding, dilation)
        n = x_shape[0] if len(x_shape) == len(kernel) + 2 else 1
        cols = K.reshape(dy, (n, channels, *kernel, *out))
        return K.reshape(K.fold(cols, tuple(size), stride, padding, dilation), x_shape)

    def samples(make):
        yield make(2, 3, 4, 5), (2, 3), (1, 1), (0, 1), (1, 2)
        yield make(1, 1, 5, 5), (2, 2), (2, 1), (1, 0), (2, 1)
        yield make(2, 4, 3), (2, 2), (1, 1), (0, 0), (1, 1)


@internal("col2im", tensors=1, node="Col2Im")
class Col2Im:
    """Columns (N, C · |T|, |L|) back to their places, added up where they overlap: (N, C, *S).

    grad    dx: the windows of dy (im2col)
    """

    def forward(x, size, kernel, dilation, padding, stride):
        out = map(window_count, size, kernel, stride, padding, dilation)
        n, channels = x.shape[0] if x.ndim == 3 else 1, x.shape[-2] // prod(kernel)
        y = K.fold(x.reshape(n, channels, *kernel, *out), size, stride, padding, dilation)
        return y if x.ndim == 3 else y[0]

    def backward(c, dy, x_shape, kernel, dilation, padding, stride):
        dy = dy if len(x_shape) == 3 else dy[None]
        return K.reshape(K.unfold(dy, kernel, stride, padding, dilation), x_shape)

    def samples(make):
        yield make(2, 6, 9), (4, 5), (2, 3), (1, 1), (0, 0), (1, 1)
        yield make(4, 9), (4, 4), (2, 2), (1, 1), (1, 1), (2, 2)


def _unfold_word(x, kernel, stride, padding, dilation):
    out = map(window_count, x.shape[2:], kernel, stride, padding, dilation)
    y = Im2Col.run((x, tuple(kernel), dilation, padding, stride))
    return y.reshape(*x.shape[:2], *kernel, *out)


def _fold_word(cols, size, stride, padding, dilation):
    n, c, *rest = cols.shape
    kernel, out = tuple(rest[: len(size)]), rest[len(size) :]
    cols = cols.reshape(n, c * prod(kernel), prod(out))
    return Col2Im.run((cols, tuple(size), kernel, dilation, padding, stride))


translate("unfold", _unfold_word)
translate("fold", _fold_word)


@composite(
    "unfold(input, kernel_size: int | Sequence[int], dilation: int | Sequence[int] = 1, "
    "padding: int | Sequence[int] = 0, stride: int | Sequence[int] = 1)",
    at="F",
)
def unfold(input, kernel_size, dilation=1, padding=0, stride=1):
    """Sliding windows as columns.

    shape   input (N, C, H, W) or (C, H, W) -> (N, C · |kernel|, windows), likewise without N
    errors  RuntimeError: no window fits, input has other dimensions; NotImplementedError: integers
    """
    kernel, stride = pair("kernel_size", kernel_size), pair("stride", stride)
    padding, dilation = pair("padding", padding), pair("dilation", dilation)
    check_positive(kernel, dilation, stride)
    if input.ndim not in (3, 4):
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero "
            f"dimensions for input, but got: {list(input.shape)}"
        )
    if input._a.dtype.kind in "iu":
        raise not_implemented("im2col_out_cpu", input._a)
    size = tuple(input.shape[-2:])
    out = tuple(map(window_count, size, kernel, stride, padding, dilation))
    if min(out) < 1:
        raise RuntimeError(
            f"Given input with spatial size {size}, kernel_size={kernel}, dilation={dilation}, "
            f"padding={padding}, calculated shape of the array of sliding blocks as {out}, but its "
            "components must be at least one."
        )
    return Im2Col.run((input, kernel, dilation, padding, stride))


@composite(
    "fold(input, output_size: int | Sequence[int], kernel_size: int | Sequence[int], "
    "dilation: int | Sequence[int] = 1, padding: int | Sequence[int] = 0, "
    "stride: int | Sequence[int] = 1)",
    at="F",
)
def fold(input, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """The sum of overlapping windows: what unfold took apart, put back and added up.

    shape   input (N, C · |kernel|, windows) -> (N, C, *output_size), likewise without N
    errors  RuntimeError: the columns do not fit the kernel or the number of windows
    """
    size, kernel = pair("output_size", output_size), pair("kernel_size", kernel_size)
    padding, dilation = pair("padding", padding), pair("dilation", dilation)
    stride = pair("stride", stride)
    check_positive(kernel, dilation, stride)
    shape = list(input.shape)
    if len(shape) not in (2, 3):
        raise RuntimeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and "
            f"non-zero dimensions for input, but got: {shape}"
        )
    if shape[-2] % prod(kernel):
        raise RuntimeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, "
            f"but got input.size(1)={shape[-2]} and kernel_size={kernel}."
        )
    out = tuple(map(window_count, size, kernel, stride, padding, dilation))
    if shape[-1] != prod(out):
        raise RuntimeError(
            f"Given output_size={size}, kernel_size={kernel}, dilation={dilation}, "
            f"padding={padding}, stride={stride}, expected size of input's dimension 2 to match "
            f"the calculated number of sliding blocks {out[0]} * {out[1]} = {prod(out)}, but got "
            f"input.size(2)={shape[-1]}."
        )
    return Col2Im.run((input, size, kernel, dilation, padding, stride))
