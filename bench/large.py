"""Workloads of single operations on large tensors, most of them of 10^6 numbers, of all common
dtypes: what takes as long as the memory, or the arithmetic, needs.

    python -m bench --only 'large: *'
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

Call = Callable[[], Any]


class Operands:
    """The tensors of the operations, each made when it is first asked for."""

    def __init__(self, lib: Any):
        self.lib, self.T, self.F, self.nn = lib, lib.torch, lib.F, lib.nn

    @cached_property
    def x(self) -> Any:
        return self.T.rand(1000, 1000)

    @cached_property
    def y(self) -> Any:
        return self.T.rand(1000, 1000)

    @cached_property
    def positive(self) -> Any:
        return self.T.rand(1000, 1000) + 0.1

    @cached_property
    def double(self) -> Any:
        return self.x.double()

    @cached_property
    def half(self) -> Any:
        return self.x.half()

    @cached_property
    def bfloat16(self) -> Any:
        return self.x.bfloat16()

    @cached_property
    def mask(self) -> Any:
        return self.x > 0.5

    @cached_property
    def index(self) -> Any:
        return self.T.randint(0, 1000, (100_000,))

    @cached_property
    def everywhere(self) -> Any:
        return self.T.randint(0, 1000, (1000, 1000))

    @cached_property
    def images(self) -> Any:
        return self.T.rand(16, 64, 32, 32)

    @cached_property
    def narrow_images(self) -> Any:
        return self.images.bfloat16()

    @cached_property
    def heads(self) -> Any:
        return self.T.rand(16, 128, 8, 48).transpose(1, 2)

    @cached_property
    def signals(self) -> Any:
        return self.T.rand(16, 64, 256)

    @cached_property
    def small(self) -> Any:
        return [self.T.rand(4) for _ in range(1000)]


def gradient(f: Callable[[Any], Any]) -> Callable[[Operands], Call]:
    """f of 10^6 numbers, summed, and back."""

    def make(s: Operands) -> Call:
        x = s.T.rand(1000, 1000, requires_grad=True)

        def step() -> None:
            x.grad = None
            f(s.F, x).sum().backward()

        return step

    return make


def training(layer: Callable[[Any], Any], operand: str) -> Callable[[Operands], Call]:
    """A layer forward and back."""

    def make(s: Operands) -> Call:
        module, x = layer(s.nn), getattr(s, operand)

        def step() -> None:
            module(x).sum().backward()
            for p in module.parameters():
                p.grad = None

        return step

    return make


def batch_norm_eval(s: Operands) -> Call:
    module = s.nn.BatchNorm2d(64).eval()
    return lambda: module(s.images)


def cross_entropy(s: Operands) -> Call:
    x = s.T.rand(512, 1000, requires_grad=True)
    t = s.T.randint(0, 1000, (512,))

    def step() -> None:
        x.grad = None
        s.F.cross_entropy(x, t).backward()

    return step


def embedding(s: Operands) -> Call:
    module, i = s.nn.Embedding(10_000, 64), s.T.randint(0, 10_000, (32, 64))

    def step() -> None:
        module(i).sum().backward()
        module.weight.grad = None

    return step


def adam(s: Operands) -> Call:
    weights = [s.T.rand(1000, 1000, requires_grad=True) for _ in range(10)]
    for w in weights:
        w.grad = s.T.rand(1000, 1000)
    return s.lib.optim.Adam(weights).step


def matrices(s: Operands) -> Call:
    a, b = s.T.rand(256, 64, 64), s.T.rand(256, 64, 64)
    return lambda: a @ b


def matrix(dtype: str) -> Callable[[Operands], Call]:
    def make(s: Operands) -> Call:
        a = s.T.rand(512, 512).to(getattr(s.T, dtype))
        return lambda: a @ a

    return make


def layer(rows: int, features: int, dtype: str) -> Callable[[Operands], Call]:
    """x wᵀ + b with as many inputs as outputs."""

    def make(s: Operands) -> Call:
        dt = getattr(s.T, dtype)
        x, w, b = (s.T.rand(*n).to(dt) for n in ((rows, features), (features,) * 2, (features,)))
        return lambda: s.F.linear(x, w, b)

    return make


def layer_gradient(s: Operands) -> Call:
    x, w, dy = (s.T.rand(*n).bfloat16() for n in ((64, 512), (512, 512), (64, 512)))
    x.requires_grad_()
    w.requires_grad_()

    def step() -> None:
        x.grad = w.grad = None
        s.F.linear(x, w).backward(dy)

    return step


def index_add(dim: int) -> Callable[[Operands], Call]:
    def make(s: Operands) -> Call:
        x = s.T.zeros(1000, 64) if dim == 0 else s.T.zeros(64, 1000)
        i = s.index[:20_000]
        v = s.T.rand(20_000, 64) if dim == 0 else s.T.rand(64, 20_000)
        return lambda: x.index_add(dim, i, v)

    return make


def rounded(s: Operands, way: str, x: Any) -> Call:
    """x / y as a whole number."""
    y = x % 7 + 1
    return lambda: s.T.div(x, y, rounding_mode=way)


def narrow_images(s: Operands, f: Callable[[Any], Any]) -> Call:
    """f of the images in bfloat16."""
    return partial(f, s.images.bfloat16())


def batch_statistics(s: Operands) -> Callable[[Any], Any]:
    """Batch norm by the batch's own statistics."""
    w, b = s.T.rand(64).bfloat16(), s.T.rand(64).bfloat16()
    return lambda x: s.F.batch_norm(x, None, None, w, b, True)


_CALLS: dict[str, tuple[int, Callable[[Operands], Call]]] = {
    "add": (20, lambda s: lambda: s.x + s.y),
    "add, float64": (10, lambda s: lambda: s.double + s.double),
    "add, int64": (10, lambda s: lambda: s.everywhere + s.everywhere),
    "add, bfloat16": (10, lambda s: lambda: s.bfloat16 + s.bfloat16),
    "mul by a number": (20, lambda s: lambda: s.x * 2.0),
    "div": (20, lambda s: lambda: s.x / s.positive),
    "pow 1.5": (3, lambda s: lambda: s.positive**1.5),
    "clamp": (20, lambda s: lambda: s.x.clamp(0.2, 0.8)),
    **{n: (10, lambda s, n=n: getattr(s.positive, n)) for n in ("log", "sqrt")},
    **{
        n: (10, lambda s, n=n: getattr(s.x, n))
        for n in ("exp", "sin", "cos", "tanh", "sigmoid", "erf")
    },
    **{
        f"{n}, float64": (5, lambda s, n=n: getattr(s.double, n))
        for n in ("exp", "log", "tanh", "sin")
    },
    "gelu": (10, lambda s: partial(s.F.gelu, s.x)),
    "relu, gradient": (10, gradient(lambda F, x: F.relu(x))),
    "gelu, gradient": (5, gradient(lambda F, x: F.gelu(x))),
    "softmax, gradient": (5, gradient(lambda F, x: F.softmax(x, -1) ** 2)),
    "layer_norm, gradient": (5, gradient(lambda F, x: F.layer_norm(x, (1000,)) ** 2)),
    "where": (10, lambda s: lambda: s.T.where(s.mask, s.x, s.y)),
    "where, compared": (10, lambda s: lambda: s.T.where(s.x > 0.5, s.x, s.y)),
    "masked_fill": (10, lambda s: lambda: s.x.masked_fill(s.mask, 0.0)),
    "sum": (20, lambda s: s.x.sum),
    "sum, dim 0": (20, lambda s: lambda: s.x.sum(0)),
    "sum, dim 1": (20, lambda s: lambda: s.x.sum(1)),
    "sum, float64": (10, lambda s: s.double.sum),
    "mean, dim 0": (20, lambda s: lambda: s.x.mean(0)),
    "var, dim 1": (10, lambda s: lambda: s.x.var(1)),
    "max, dim 1": (10, lambda s: lambda: s.x.max(1)),
    "argmax, dim 0": (10, lambda s: lambda: s.x.argmax(0)),
    "norm": (20, lambda s: s.x.norm),
    "prod, dim 1": (20, lambda s: lambda: s.x.prod(1)),
    "cumsum, dim 1": (5, lambda s: lambda: s.x.cumsum(1)),
    "logsumexp, dim 1": (10, lambda s: lambda: s.x.logsumexp(1)),
    "softmax, dim 1": (10, lambda s: lambda: s.F.softmax(s.x, 1)),
    "log_softmax, dim 0": (10, lambda s: lambda: s.F.log_softmax(s.x, 0)),
    "layer_norm": (10, lambda s: lambda: s.F.layer_norm(s.x, (1000,))),
    "sort, dim 1": (1, lambda s: lambda: s.x.sort(1)),
    "topk 10, dim 1": (3, lambda s: lambda: s.x.topk(10, 1)),
    "unique of 10^5": (5, lambda s: lambda: s.T.unique(s.index)),
    "unique of 10^5, float32": (2, lambda s: partial(s.T.unique, s.x[:100].reshape(-1))),
    "index_select": (3, lambda s: partial(s.x.index_select, 0, s.index[:5000])),
    "x[i]": (3, lambda s: lambda i=s.index[:5000]: s.x[i]),
    "gather, dim 1": (5, lambda s: lambda: s.x.gather(1, s.everywhere)),
    "gather, dim 0": (5, lambda s: lambda: s.x.gather(0, s.everywhere)),
    "scatter_add": (
        20,
        lambda s: partial(s.T.zeros(1000).scatter_add, 0, s.index, s.T.rand(100_000)),
    ),
    "scatter_add, dim 1": (
        3,
        lambda s: partial(s.T.zeros(1000, 1000).scatter_add, 1, s.everywhere, s.x),
    ),
    "index_add, dim 0": (5, index_add(0)),
    "index_add, dim 1": (5, index_add(1)),
    "bincount of 10^5": (20, lambda s: lambda: s.T.bincount(s.index)),
    "embedding, gradient": (10, embedding),
    "transposed, contiguous": (5, lambda s: lambda: s.x.t().contiguous()),
    "transposed, contiguous, float64": (3, lambda s: lambda: s.double.t().contiguous()),
    "permuted, contiguous": (3, lambda s: lambda: s.images.permute(0, 2, 3, 1).contiguous()),
    "cat": (10, lambda s: lambda: s.T.cat([s.x, s.y], 1)),
    "cat of 1000 small ones": (10, lambda s: lambda: s.T.cat(s.small)),
    "stack": (10, lambda s: lambda: s.T.stack([s.x, s.y])),
    "stack of 1000 small ones": (10, lambda s: lambda: s.T.stack(s.small)),
    "repeat": (10, lambda s: partial(s.x[:100].repeat, 10, 1)),
    "pad": (10, lambda s: lambda: s.F.pad(s.images, (1, 1, 1, 1))),
    "x[mask]": (3, lambda s: lambda: s.x[s.mask]),
    "nonzero": (5, lambda s: (s.x > 0.9).nonzero),
    "half to float": (10, lambda s: s.half.float),
    "float to half": (10, lambda s: s.x.half),
    "bfloat16 to float": (10, lambda s: s.bfloat16.float),
    "float to bfloat16": (10, lambda s: s.x.bfloat16),
    "float to double": (5, lambda s: s.x.double),
    "int64 to float": (5, lambda s: s.everywhere.float),
    "dropout": (2, lambda s: lambda: s.F.dropout(s.x, 0.5)),
    "rand": (3, lambda s: lambda: s.T.rand(1000, 1000)),
    "randn": (3, lambda s: lambda: s.T.randn(1000, 1000)),
    "randperm of 10^5": (5, lambda s: lambda: s.T.randperm(100_000)),
    "bernoulli": (2, lambda s: lambda: s.T.bernoulli(s.x)),
    "multinomial": (100, lambda s: partial(s.T.multinomial, s.x[0], 100, True)),
    "bmm, 256 of 64 x 64": (3, matrices),
    "batched product of strided": (2, lambda s: lambda: s.heads @ s.heads.transpose(-1, -2)),
    "einsum bhqd,bhkd->bhqk": (
        2,
        lambda s: lambda: s.T.einsum("bhqd,bhkd->bhqk", s.heads, s.heads),
    ),
    "product 512 x 512": (3, matrix("float32")),
    "product 512 x 512, bfloat16": (3, matrix("bfloat16")),
    "batch_norm, training": (2, training(lambda nn: nn.BatchNorm2d(64), "images")),
    "batch_norm, eval": (10, batch_norm_eval),
    "group_norm, training": (2, training(lambda nn: nn.GroupNorm(8, 64), "images")),
    "max_pool": (3, lambda s: lambda: s.F.max_pool2d(s.images, 2)),
    "avg_pool": (3, lambda s: lambda: s.F.avg_pool2d(s.images, 2)),
    "conv1d, training": (1, training(lambda nn: nn.Conv1d(64, 64, 5), "signals")),
    "depthwise, training": (
        1,
        training(lambda nn: nn.Conv2d(64, 64, 3, padding=1, groups=64), "images"),
    ),
    "cross_entropy, 1000 classes": (5, cross_entropy),
    "Adam of 10^7": (1, adam),
}

# the same operations of other dtypes: name of the operand -> what it is called
_DTYPES = {"double": "float64", "bfloat16": "bfloat16", "half": "float16", "everywhere": "int64"}
_OF_ALL: dict[str, tuple[int, Callable[[Operands, Any], Call]]] = {
    "mul": (10, lambda s, x: lambda: x * x),
    "add a number": (10, lambda s, x: lambda: x + 2),
    "compare": (10, lambda s, x: lambda: x > 1),
    "sum": (10, lambda s, x: x.sum),
    "sum, dim 1": (10, lambda s, x: lambda: x.sum(1)),
    "max, dim 1": (10, lambda s, x: lambda: x.max(1)),
    "cumsum, dim 1": (3, lambda s, x: lambda: x.cumsum(1)),
    "clamp": (10, lambda s, x: lambda: x.clamp(0, 1)),
    "where": (10, lambda s, x: lambda: s.T.where(s.mask, x, x)),
    "cat": (5, lambda s, x: lambda: s.T.cat([x, x], 1)),
    "transposed, contiguous": (3, lambda s, x: lambda: x.t().contiguous()),
    "gather, dim 1": (3, lambda s, x: lambda: x.gather(1, s.everywhere)),
    "x[mask]": (2, lambda s, x: lambda: x[s.mask]),
    "maximum": (10, lambda s, x: lambda: s.T.maximum(x, x)),
    "remainder": (2, lambda s, x: lambda: x % 3),
    "floor_divide": (2, lambda s, x: lambda: x // 3),
}
_OF_FLOATS: dict[str, tuple[int, Callable[[Operands, Any], Call]]] = {
    "exp": (5, lambda s, x: x.exp),
    "gelu": (5, lambda s, x: partial(s.F.gelu, x)),
    "sigmoid": (5, lambda s, x: x.sigmoid),
    "relu": (10, lambda s, x: x.relu),
    "softmax, dim 1": (5, lambda s, x: lambda: s.F.softmax(x, 1)),
    "layer_norm": (5, lambda s, x: lambda: s.F.layer_norm(x, (1000,))),
    "mean, dim 0": (5, lambda s, x: lambda: x.mean(0)),
    "floor": (10, lambda s, x: x.floor),
    "lerp": (5, lambda s, x: lambda: s.T.lerp(x, x, x)),
    "addcmul": (5, lambda s, x: lambda: s.T.addcmul(x, x, x)),
    "topk 10, dim 1": (2, lambda s, x: lambda: x.topk(10, 1)),
}
for _kind, _dtype in _DTYPES.items():
    for _name, (_count, _make) in {
        **_OF_ALL,
        **(_OF_FLOATS if _dtype != "int64" else {}),
    }.items():
        _CALLS.setdefault(
            f"{_name}, {_dtype}",
            (_count, lambda s, kind=_kind, make=_make: make(s, getattr(s, kind))),
        )
_CALLS |= {
    "add, float16": (10, lambda s: lambda: s.half + s.half),
    "bitwise and, int64": (10, lambda s: lambda: s.everywhere & s.everywhere),
    "sign": (10, lambda s: s.x.sign),
    "hypot": (5, lambda s: lambda: s.T.hypot(s.x, s.y)),
    "logaddexp": (2, lambda s: lambda: s.T.logaddexp(s.x, s.y)),
    **{
        n: (3, lambda s, n=n: getattr(s.x, n))
        for n in "asin asinh atan cosh erfc erfinv exp2 i0 log10 log2 sinh tan".split()
    },
    "digamma": (1, lambda s: s.positive.digamma),
    "atan2": (3, lambda s: lambda: s.T.atan2(s.x, s.y)),
    "pow 1.5, float64": (2, lambda s: lambda: s.double**1.5),
    "pow of two tensors, float64": (2, lambda s: lambda: s.double**s.double),
    "pow 3": (10, lambda s: lambda: s.x**3),
    "erfinv, float64": (2, lambda s: s.double.erfinv),
    "elu": (10, lambda s: partial(s.F.elu, s.x - 0.5)),
    "square_": (20, lambda s: s.x.square_),
    "frac_": (20, lambda s: s.x.frac_),
    "bce with logits": (
        5,
        lambda s: lambda: s.F.binary_cross_entropy_with_logits(s.x, s.y),
    ),
    "bce with logits, gradient": (
        5,
        gradient(lambda F, x: F.binary_cross_entropy_with_logits(x, x.detach())),
    ),
    "group_norm, bfloat16": (
        5,
        lambda s: narrow_images(s, lambda x: s.F.group_norm(x, 8)),
    ),
    "group_norm, training, bfloat16": (
        5,
        training(lambda nn: nn.GroupNorm(8, 64).bfloat16(), "narrow_images"),
    ),
    "pow of two tensors": (2, lambda s: lambda: s.positive**s.y),
    "cummax, dim 1": (3, lambda s: lambda: s.x.cummax(1)),
    "cumprod, dim 1": (5, lambda s: lambda: s.x.cumprod(1)),
    "cumprod, dim 0": (3, lambda s: lambda: s.x.cumprod(0)),
    "tril": (10, lambda s: s.x.tril),
    "roll, dim 1": (10, lambda s: lambda: s.x.roll(7, 1)),
    "rot90": (5, lambda s: lambda: s.T.rot90(s.x)),
    "scatter, dim 1": (3, lambda s: lambda: s.x.scatter(1, s.everywhere, s.y)),
    "huber_loss": (5, lambda s: lambda: s.F.huber_loss(s.x, s.y)),
    "smooth_l1_loss": (5, lambda s: lambda: s.F.smooth_l1_loss(s.x, s.y)),
    "neighbours' differences": (5, lambda s: s.x.diff),
    "flip, dim 1": (5, lambda s: lambda: s.x.flip(1)),
    "float to bool": (10, lambda s: s.x.bool),
    "bfloat16 to half": (5, lambda s: s.bfloat16.half),
    "bfloat16 to int32": (5, lambda s: s.bfloat16.int),
    "clamp_": (20, lambda s: lambda: s.x.clamp_(0, 1)),
    "outer": (10, lambda s: lambda: s.T.outer(s.x[0], s.y[0])),
    **{
        f"div, {way}{of}": (5, lambda s, way=way, kind=kind: rounded(s, way, getattr(s, kind)))
        for way in ("floor", "trunc")
        for kind, of in (("x", ""), *((k, f", {d}") for k, d in _DTYPES.items()))
    },
    "normalize": (10, lambda s: lambda: s.F.normalize(s.x)),
    "pixel_shuffle": (3, lambda s: lambda: s.F.pixel_shuffle(s.images, 2)),
    "max_pool, bfloat16": (3, lambda s: narrow_images(s, lambda x: s.F.max_pool2d(x, 2))),
    "batch_norm, training, bfloat16": (5, lambda s: narrow_images(s, batch_statistics(s))),
    "product 512 x 512, float64": (2, matrix("float64")),
    "product 512 x 512, float16": (1, matrix("float16")),
    "linear, 64 x 512, bfloat16": (20, layer(64, 512, "bfloat16")),
    "linear, 64 x 512, gradient, bfloat16": (10, layer_gradient),
    "linear, 1 x 2048, bfloat16": (20, layer(1, 2048, "bfloat16")),
    "linear, 16 x 2048, bfloat16": (10, layer(16, 2048, "bfloat16")),
    "linear, 64 x 512, float16": (10, layer(64, 512, "float16")),
}


def _workload(make: Callable[[Operands], Call]) -> Callable[[Any], Call]:
    return lambda lib: make(Operands(lib))


# name -> (workload, calls a block, PyTorch's time over ours: at least, aim)
ROWS: dict[str, tuple[Callable[[Any], Call], int, tuple[float, float]]] = {
    f"large: {name}": (_workload(make), calls, (1, 1.3)) for name, (calls, make) in _CALLS.items()
}
