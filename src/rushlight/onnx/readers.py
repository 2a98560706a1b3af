"""What operators of ONNX are here: the table of onnx.load.

A reader is a function `f(a, *inputs)`: `a` gives the attributes of the node (`a("axis", 0)`), the
inputs are tensors, or None for one that is left out. It returns a tensor or a tuple of tensors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import rushlight as rl

from ..core.tensor import Tensor
from ..nn import functional as F
from .errors import UnsupportedOperatorError

READERS: dict[str, Callable] = {}


def reads(*kinds: str) -> Callable:
    """Decorator: the reader of these operators."""

    def register(f: Callable) -> Callable:
        READERS.update(dict.fromkeys(kinds, f))
        return f

    return register


def ints(x: Any) -> list[int]:
    """Whole numbers out of a tensor."""
    return [int(v) for v in x.reshape(-1).tolist()]


for _kind, _name in {
    "Abs": "abs", "Acos": "acos", "Acosh": "acosh", "Asin": "asin", "Asinh": "asinh",
    "Atan": "atan", "Atanh": "atanh", "Ceil": "ceil", "Cos": "cos", "Cosh": "cosh", "Erf": "erf",
    "Exp": "exp", "Floor": "floor", "IsNaN": "isnan", "Log": "log", "Neg": "neg",
    "Not": "logical_not", "Reciprocal": "reciprocal", "Round": "round", "Sign": "sign",
    "Sin": "sin", "Sinh": "sinh", "Sqrt": "sqrt", "Tan": "tan", "Tanh": "tanh", "Relu": "relu",
    "Sigmoid": "sigmoid", "Det": "det",
}.items():  # fmt: skip
    READERS[_kind] = lambda a, x, name=_name: getattr(rl, name)(x)

for _kind, _name in {
    "Add": "add", "Sub": "sub", "Mul": "mul", "Pow": "pow", "Equal": "eq", "Less": "lt",
    "LessOrEqual": "le", "Greater": "gt", "GreaterOrEqual": "ge", "And": "logical_and",
    "Or": "logical_or", "Xor": "logical_xor", "MatMul": "matmul", "BitwiseAnd": "bitwise_and",
    "BitwiseOr": "bitwise_or", "BitwiseXor": "bitwise_xor",
}.items():  # fmt: skip
    READERS[_kind] = lambda a, x, y, name=_name: getattr(rl, name)(x, y)

for _kind, _name in {
    "Selu": "selu", "HardSwish": "hardswish", "Mish": "mish", "Softsign": "softsign",
}.items():  # fmt: skip
    READERS[_kind] = lambda a, x, name=_name: getattr(F, name)(x)


@reads("Identity", "Dropout")
def identity(a: Any, x: Tensor, *rest: Any) -> Tensor:
    return x


@reads("Div")
def div(a: Any, x: Tensor, y: Tensor) -> Tensor:
    return x / y if x.is_floating_point() else rl.div(x, y, rounding_mode="trunc")


@reads("Mod")
def mod(a: Any, x: Tensor, y: Tensor) -> Tensor:
    return rl.fmod(x, y) if a("fmod", 0) else rl.remainder(x, y)


@reads("Max", "Min", "Sum", "Mean")
def several(a: Any, *xs: Tensor) -> Tensor:
    f = {"Max": rl.maximum, "Min": rl.minimum}.get(a.kind, rl.add)
    y = xs[0]
    for x in xs[1:]:
        y = f(y, x)
    return y / len(xs) if a.kind == "Mean" else y


@reads("LeakyRelu")
def leaky_relu(a: Any, x: Tensor) -> Tensor:
    return F.leaky_relu(x, a("alpha", 0.01))


@reads("PRelu")
def prelu(a: Any, x: Tensor, slope: Tensor) -> Tensor:
    return rl.where(x >= 0, x, x * slope)


@reads("Elu")
def elu(a: Any, x: Tensor) -> Tensor:
    return F.elu(x, a("alpha", 1.0))


@reads("Celu")
def celu(a: Any, x: Tensor) -> Tensor:
    return F.celu(x, a("alpha", 1.0))


@reads("Gelu")
def gelu(a: Any, x: Tensor) -> Tensor:
    return F.gelu(x, approximate=a("approximate", "none"))


@reads("HardSigmoid")
def hard_sigmoid(a: Any, x: Tensor) -> Tensor:
    return (x * a("alpha", 0.2) + a("beta", 0.5)).clamp(0, 1)


@reads("Softplus")
def softplus(a: Any, x: Tensor) -> Tensor:
    return F.softplus(x)


@reads("Shrink")
def shrink(a: Any, x: Tensor) -> Tensor:
    lambd, bias = a("lambd", 0.5), a("bias", 0.0)
    zero = rl.zeros_like(x)
    return rl.where(x > lambd, x - bias, rl.where(x < -lambd, x + bias, zero))


@reads("Softmax", "LogSoftmax")
def softmax(a: Any, x: Tensor) -> Tensor:
    f = rl.softmax if a.kind == "Softmax" else rl.log_softmax
    return f(x, a("axis", -1))


@reads("Clip")
def clip(a: Any, x: Tensor, low: Any = None, high: Any = None) -> Tensor:
    return x if low is None and high is None else rl.clamp(x, low, high)


@reads("Cast")
def cast(a: Any, x: Tensor) -> Tensor:
    from onnx.helper import tensor_dtype_to_np_dtype

    from ..core.dtype import from_numpy_dtype

    return x.to(from_numpy_dtype(np.dtype(tensor_dtype_to_np_dtype(a("to")))))


@reads("Where")
def where(a: Any, condition: Tensor, x: Tensor, y: Tensor) -> Tensor:
    return rl.where(condition, x, y)


# ---------------------------------------------------------------- products, convolutions, pools


@reads("Gemm")
def gemm(a: Any, x: Tensor, w: Tensor, b: Any = None) -> Tensor:
    x = x.T if a("transA", 0) else x
    alpha, beta = a("alpha", 1.0), a("beta", 1.0)
    if alpha == beta == 1 and a("transB", 0) and (b is None or b.ndim == 1):
        return F.linear(x, w, b)
    y = x @ (w.T if a("transB", 0) else w) * alpha
    return y if b is None else y + b * beta


def _padded(a: Any, x: Tensor, rank: int, value: float = 0.0) -> tuple[Tensor, Any]:
    """(x, padding on both sides): uneven padding is put around x."""
    kind = a("auto_pad", "NOTSET")
    if kind not in ("NOTSET", "VALID"):
        raise UnsupportedOperatorError(f"{a.kind} with auto_pad={kind}")
    pads = a("pads", [0] * 2 * rank)
    if pads[:rank] == pads[rank:]:
        return x, tuple(pads[:rank])
    widths = [w for i in reversed(range(rank)) for w in (pads[i], pads[rank + i])]
    return F.pad(x, widths, value=value), (0,) * rank


@reads("Conv")
def conv(a: Any, x: Tensor, w: Tensor, b: Any = None) -> Tensor:
    rank = w.ndim - 2
    x, padding = _padded(a, x, rank)
    f = (F.conv1d, F.conv2d, F.conv3d)[rank - 1]
    one = [1] * rank
    return f(x, w, b, tuple(a("strides", one)), padding, tuple(a("dilations", one)), a("group", 1))


@reads("ConvTranspose")
def conv_transpose(a: Any, x: Tensor, w: Tensor, b: Any = None) -> Tensor:
    rank = w.ndim - 2
    pads = a("pads", [0] * 2 * rank)
    if pads[:rank] != pads[rank:] or a("output_shape", None) or a("auto_pad", "NOTSET") != "NOTSET":
        raise UnsupportedOperatorError("ConvTranspose with uneven pads, output_shape or auto_pad")
    f = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[rank - 1]
    one, zero = [1] * rank, [0] * rank
    more, dilation = tuple(a("output_padding", zero)), tuple(a("dilations", one))
    stride = tuple(a("strides", one))
    return f(x, w, b, stride, tuple(pads[:rank]), more, a("group", 1), dilation)


@reads("MaxPool")
def max_pool(a: Any, x: Tensor) -> Tensor:
    kernel = a("kernel_shape")
    rank = len(kernel)
    x, padding = _padded(a, x, rank, float("-inf"))
    f = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[rank - 1]
    one = [1] * rank
    return f(x, tuple(kernel), tuple(a("strides", one)), padding, tuple(a("dilations", one)),
             bool(a("ceil_mode", 0)))  # fmt: skip


@reads("AveragePool")
def average_pool(a: Any, x: Tensor) -> Tensor:
    kernel = a("kernel_shape")
    rank, include = len(kernel), bool(a("count_include_pad", 0))
    pads = a("pads", [0] * 2 * rank)
    if pads[:rank] != pads[rank:] and not include:
        ones, _ = _padded(a, rl.ones_like(x), rank)
        total, _ = _padded(a, x, rank)
        stride = tuple(a("strides", [1] * rank))
        f = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[rank - 1]
        return f(total, tuple(kernel), stride) / f(ones, tuple(kernel), stride)
    x, padding = _padded(a, x, rank)
    f = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[rank - 1]
    return f(x, tuple(kernel), tuple(a("strides", [1] * rank)), padding, bool(a("ceil_mode", 0)),
             include)  # fmt: skip


@reads("GlobalAveragePool", "GlobalMaxPool")
def global_pool(a: Any, x: Tensor) -> Tensor:
    dims = tuple(range(2, x.ndim))
    return x.mean(dims, True) if "Average" in a.kind else x.amax(dims, True)


@reads("BatchNormalization")
def batch_norm(a: Any, x: Tensor, w: Tensor, b: Tensor, mean: Tensor, var: Tensor) -> Tensor:
    if a("training_mode", 0):
        raise UnsupportedOperatorError("BatchNormalization with training_mode=1")
    return F.batch_norm(x, mean, var, w, b, False, 0.1, a("epsilon", 1e-5))


@reads("LayerNormalization")
def layer_norm(a: Any, x: Tensor, w: Tensor, b: Any = None) -> Tensor:
    axis = a("axis", -1) % x.ndim
    return F.layer_norm(x, tuple(x.shape[axis:]), w, b, a("epsilon", 1e-5))


@reads("InstanceNormalization")
def instance_norm(a: Any, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return F.instance_norm(x, weight=w, bias=b, eps=a("epsilon", 1e-5))


@reads("GroupNormalization")
def group_norm(a: Any, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return F.group_norm(x, a("num_groups"), w, b, a("epsilon", 1e-5))


@reads("LRN")
def local_response_norm(a: Any, x: Tensor) -> Tensor:
    given = a("alpha", 1e-4), a("beta", 0.75), a("bias", 1.0)
    return F.local_response_norm(x, a("size"), *given)


# ---------------------------------------------------------------- shapes


@reads("Reshape")
def reshape(a: Any, x: Tensor, shape: Tensor) -> Tensor:
    sizes = ints(shape)
    if not a("allowzero", 0):
        sizes = [x.shape[i] if n == 0 else n for i, n in enumerate(sizes)]
    return x.reshape(sizes)


@reads("Flatten")
def flatten(a: Any, x: Tensor) -> Tensor:
    axis = a("axis", 1) % (x.ndim + 1)
    lead = 1
    for n in x.shape[:axis]:
        lead *= n
    return x.reshape(lead, -1) if x.numel() else x.flatten(axis)


@reads("Transpose")
def transpose(a: Any, x: Tensor) -> Tensor:
    return x.permute(a("perm", list(range(x.ndim))[::-1]))


@reads("Squeeze")
def squeeze(a: Any, x: Tensor, axes: Any = None) -> Tensor:
    dims = ints(axes) if axes is not None else a("axes", None)
    return x.squeeze() if dims is None else x.squeeze(tuple(dims))


@reads("Unsqueeze")
def unsqueeze(a: Any, x: Tensor, axes: Any = None) -> Tensor:
    dims = ints(axes) if axes is not None else a("axes")
    for d in sorted(d % (x.ndim + len(dims)) for d in dims):
        x = x.unsqueeze(d)
    return x


@reads("Concat")
def concat(a: Any, *xs: Tensor) -> Tensor:
    return rl.cat(list(xs), a("axis"))


@reads("Split")
def split(a: Any, x: Tensor, sizes: Any = None) -> tuple:
    axis = a("axis", 0)
    given = ints(sizes) if sizes is not None else a("split", None)
    if given is None:
        each = -(-x.shape[axis] // a.outputs)
        return tuple(rl.split(x, each, axis))
    return tuple(rl.split(x, given, axis))


@reads("Slice")
def slice_(
    a: Any, x: Tensor, starts: Any, ends: Any, axes: Any = None, steps: Any = None
) -> Tensor:
    low, high = ints(starts), ints(ends)
    dims = ints(axes) if axes is not None else list(range(len(low)))
    step = ints(steps) if steps is not None else [1] * len(low)
    for i, j, d, s in zip(low, high, dims, step, strict=True):
        n = x.shape[d]
        if s > 0:
            key: list[Any] = [slice(None)] * x.ndim
            key[d % x.ndim] = slice(max(i + n, 0) if i < 0 else i, max(j + n, 0) if j < 0 else j, s)
            x = x[tuple(key)]
        else:
            x = x.index_select(d, rl.tensor(list(range(n))[slice(i, None if j < -n else j, s)]))
    return x


@reads("Gather")
def gather(a: Any, x: Tensor, index: Tensor) -> Tensor:
    axis = a("axis", 0) % x.ndim
    index = rl.where(index < 0, index + x.shape[axis], index).long()
    if axis == 0 and x.ndim == 2 and x.is_floating_point():
        return F.embedding(index, x)
    y = x.index_select(axis, index.reshape(-1))
    return y.reshape(*x.shape[:axis], *index.shape, *x.shape[axis + 1 :])


@reads("GatherElements")
def gather_elements(a: Any, x: Tensor, index: Tensor) -> Tensor:
    axis = a("axis", 0)
    return rl.gather(x, axis, rl.where(index < 0, index + x.shape[axis], index))


@reads("GatherND")
def gather_nd(a: Any, x: Tensor, index: Tensor) -> Tensor:
    if a("batch_dims", 0):
        raise UnsupportedOperatorError("GatherND with batch_dims")
    return x[tuple(index.unbind(-1))]


@reads("ScatterElements")
def scatter_elements(a: Any, x: Tensor, index: Tensor, src: Tensor) -> Tensor:
    how, axis = a("reduction", "none"), a("axis", 0)
    if how == "none":
        return rl.scatter(x, axis, index, src)
    names = {"add": "sum", "mul": "prod", "max": "amax", "min": "amin"}
    return rl.scatter_reduce(x, axis, index, src, names[how])


@reads("Expand")
def expand(a: Any, x: Tensor, shape: Tensor) -> Tensor:
    return x.expand(np.broadcast_shapes(tuple(x.shape), tuple(ints(shape))))


@reads("Tile")
def tile(a: Any, x: Tensor, repeats: Tensor) -> Tensor:
    return x.repeat(*ints(repeats))


@reads("Shape")
def shape(a: Any, x: Tensor) -> Tensor:
    return rl.tensor(list(x.shape)[a("start", 0) : a("end", None)], dtype=rl.int64)


@reads("Pad")
def pad(a: Any, x: Tensor, pads: Tensor, value: Any = None, axes: Any = None) -> Tensor:
    widths, dims = ints(pads), ints(axes) if axes is not None else list(range(x.ndim))
    n = len(dims)
    each = {d % x.ndim: (widths[i], widths[n + i]) for i, d in enumerate(dims)}
    mode = {"edge": "replicate", "wrap": "circular"}.get(
        a("mode", "constant"), a("mode", "constant")
    )
    used = [d for d in each if any(each[d])]
    first = min(used, default=x.ndim)
    given = [w for d in reversed(range(first, x.ndim)) for w in each.get(d, (0, 0))]
    if not given:
        return x
    if mode == "constant":
        return F.pad(x, given, value=0.0 if value is None else value.item())
    return F.pad(x, given, mode)


@reads("Constant")
def constant(a: Any) -> Tensor:
    if a("value", None) is None:
        for name in ("value_float", "value_int", "value_floats", "value_ints"):
            if a(name, None) is not None:
                return rl.tensor(a(name))
        raise UnsupportedOperatorError("Constant of strings or sparse numbers")
    return rl.from_numpy(np.array(a("value")))


@reads("ConstantOfShape")
def constant_of_shape(a: Any, sizes: Tensor) -> Tensor:
    value = a("value", np.zeros(1, np.float32))
    return rl.from_numpy(np.full(tuple(ints(sizes)), value[0]))


@reads("Range")
def range_(a: Any, start: Tensor, end: Tensor, step: Tensor) -> Tensor:
    return rl.arange(start.item(), end.item(), step.item(), dtype=start.dtype)


@reads("Trilu")
def trilu(a: Any, x: Tensor, k: Any = None) -> Tensor:
    offset = 0 if k is None else int(k.item())
    return rl.triu(x, offset) if a("upper", 1) else rl.tril(x, offset)


@reads("DepthToSpace")
def depth_to_space(a: Any, x: Tensor) -> Tensor:
    if a("mode", "DCR") != "CRD":
        raise UnsupportedOperatorError("DepthToSpace with mode DCR")
    return F.pixel_shuffle(x, a("blocksize"))


@reads("Einsum")
def einsum(a: Any, *xs: Tensor) -> Tensor:
    return rl.einsum(a("equation"), *xs)


# ---------------------------------------------------------------- reductions


_REDUCED: dict[str, Callable] = {
    "ReduceSum": rl.sum,
    "ReduceMean": rl.mean,
    "ReduceMax": rl.amax,
    "ReduceMin": rl.amin,
    "ReduceL1": lambda x, d, k: x.abs().sum(d, k),
    "ReduceL2": lambda x, d, k: (x * x).sum(d, k).sqrt(),
    "ReduceSumSquare": lambda x, d, k: (x * x).sum(d, k),
    "ReduceLogSumExp": rl.logsumexp,
}


@reads(*_REDUCED)
def reduce(a: Any, x: Tensor, axes: Any = None) -> Tensor:
    dims = ints(axes) if axes is not None else a("axes", None)
    if not dims:
        if a("noop_with_empty_axes", 0):
            return x
        dims = list(range(x.ndim))
    return _REDUCED[a.kind](x, tuple(dims), bool(a("keepdims", 1)))


@reads("ArgMax", "ArgMin")
def arg(a: Any, x: Tensor) -> Tensor:
    f = rl.argmax if a.kind == "ArgMax" else rl.argmin
    return f(x, a("axis", 0), bool(a("keepdims", 1)))


@reads("CumSum")
def cumsum(a: Any, x: Tensor, axis: Tensor) -> Tensor:
    if a("exclusive", 0) or a("reverse", 0):
        raise UnsupportedOperatorError("CumSum with exclusive or reverse")
    return rl.cumsum(x, int(axis.item()))


@reads("TopK")
def topk(a: Any, x: Tensor, k: Tensor) -> tuple:
    given = a("axis", -1), bool(a("largest", 1)), bool(a("sorted", 1))
    return tuple(rl.topk(x, int(k.reshape(-1)[0].item()), *given))


# ---------------------------------------------------------------- resizing, recurrent layers


@reads("Resize")
def resize(a: Any, x: Tensor, roi: Any = None, scales: Any = None, sizes: Any = None) -> Tensor:
    mode, places = a("mode", "nearest"), a("coordinate_transformation_mode", "half_pixel")
    rank = x.ndim - 2
    if mode == "nearest":
        how = {
            "asymmetric": ("floor", "nearest"),
            "half_pixel": ("round_prefer_ceil", "nearest-exact"),
        }
        rounding, ours = how.get(places, ("", ""))
        if a("nearest_mode", "round_prefer_floor") != rounding:
            raise UnsupportedOperatorError(f"Resize with {places}, {a('nearest_mode', '')}")
    else:
        ours = {"cubic": "bicubic"}.get(mode, ("linear", "bilinear", "trilinear")[rank - 1])
        if places not in ("half_pixel", "pytorch_half_pixel", "align_corners"):
            raise UnsupportedOperatorError(f"Resize with coordinates {places}")
    options: dict[str, Any] = {"mode": ours}
    if mode != "nearest":
        options["align_corners"] = places == "align_corners"
    if a("antialias", 0):
        options["antialias"] = True
    if sizes is not None:
        return F.interpolate(x, size=ints(sizes)[2:], **options)
    factors = [float(v) for v in scales.tolist()][2:]
    return F.interpolate(x, scale_factor=factors, **options)


_ORDER = {"LSTM": [0, 2, 3, 1], "GRU": [1, 0, 2], "RNN": [0]}  # our gates out of ONNX's


@reads("LSTM", "GRU", "RNN")
def recurrent(a: Any, x: Tensor, w: Tensor, r: Tensor, b: Any = None, lens: Any = None,
              h0: Any = None, c0: Any = None, p: Any = None) -> tuple:  # fmt: skip
    kind, direction = a.kind, a("direction", "forward")
    if lens is not None or p is not None or a("layout", 0) or a("clip", None):
        raise UnsupportedOperatorError(f"{kind} with sequence_lens, peepholes, layout or clip")
    if kind == "GRU" and not a("linear_before_reset", 0):
        raise UnsupportedOperatorError("GRU with linear_before_reset=0")
    usual = {"LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"], "RNN": ["Tanh"]}[kind]
    acts = list(a("activations", usual * w.shape[0]))
    relu = kind == "RNN" and acts == ["Relu"] * w.shape[0]
    if not relu and acts != usual * w.shape[0]:
        raise UnsupportedOperatorError(f"{kind} with activations {acts}")
    order, hidden = _ORDER[kind], r.shape[2]

    def gates(t: Tensor) -> Tensor:
        parts = t.split(hidden, 0)
        return rl.cat([parts[i] for i in order], 0) if len(order) > 1 else t

    outputs, last = [], []
    n = x.shape[1]
    for i in range(w.shape[0]):
        turned = direction == "reverse" or i == 1
        weights = [gates(w[i]), gates(r[i])]
        if b is not None:
            half = b.shape[1] // 2
            weights += [gates(b[i, :half]), gates(b[i, half:])]
        states = [
            s[i : i + 1] if s is not None else rl.zeros(1, n, hidden, dtype=x.dtype)
            for s in ([h0, c0] if kind == "LSTM" else [h0])
        ]
        f = {"LSTM": rl.lstm, "GRU": rl.gru}.get(kind, rl.rnn_relu if relu else rl.rnn_tanh)
        given = x.flip(0) if turned else x
        hx = tuple(states) if kind == "LSTM" else states[0]
        y, *ends = f(given, hx, weights, b is not None, 1, 0.0, False, False, False)
        outputs.append(y.flip(0) if turned else y)
        last.append(ends)
    y = rl.stack(outputs, 1)  # (T, directions, N, H)
    return (y, *[rl.cat(list(each), 0) for each in zip(*last, strict=True)])
