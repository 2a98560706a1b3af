"""Random numbers whose distribution is given by tensors: bernoulli, poisson, ...

The numbers are PyTorch's for the same seed: random/variates.py, docs/random.md.
"""

from __future__ import annotations

import numpy as np

from ..core.device import resolve
from ..core.dtype import FLOAT, from_numpy_dtype, scalar_name
from ..core.meta import MetaArray, phantom
from ..core.tensor import Tensor, wrap
from ..dispatch.messages import not_implemented, tensor_argument
from ..dispatch.registry import apply_inplace, composite, internal, op, write_out
from ..kernels import K
from ..random import variates
from ..random.generator import generator_or_default
from .random_factories import NORMAL, made
from .random_fill import (
    BernoulliNumber,
    BernoulliTensor,
    check_kind,
    check_probabilities,
    check_std,
    drawn_normal,
    real,
    whole,
)


@internal("bernoulli_of_input", tensors=1)
class Bernoulli:
    """y_i = 1 with probability x_i, else 0."""

    def forward(x, generator):
        check_probabilities(x)
        return variates.bernoulli_each(x.ravel(), x.dtype, generator).reshape(x.shape)

    def backward(c, dy):
        return K.zeros_like(dy)


@composite("bernoulli", at="torch Tensor")
def bernoulli(input, p=None, *, generator=None, out=None):
    """y_i = 1 with probability input_i (or p, if it is given), else 0.

    out     of any dtype, which is why it is not left to the schema
    shape   input (*) -> y (*)
    dtype   floating, kept
    grad    zero
    errors  RuntimeError: a probability outside [0, 1]; NotImplementedError: integers

    >>> torch.bernoulli(torch.full((2, 3), 0.5))
    """
    tensor_argument("bernoulli", input)
    g = generator_or_default(generator, "bernoulli", input)
    if out is not None:
        if out._a.shape != input._a.shape:
            out._a = np.empty(input._a.shape, out._a.dtype)
        return apply_inplace(BernoulliTensor, (out, input, g))
    if p is None:
        return Bernoulli.run((input, g))
    return BernoulliNumber.run((input, real(p, "bernoulli", "p", 2), g))


@op("poisson(input, generator=None)", at="torch", tensors=1)
class Poisson:
    """y_i: the number of events in a unit of time, of rate x_i each.

    shape   x (*) -> y (*)
    dtype   floating, kept
    grad    zero
    errors  RuntimeError: x < 0 or NaN; NotImplementedError: integers

    >>> torch.poisson(torch.tensor([0.5, 20.0]))
    """

    def prepare(input, generator):
        return input, generator_or_default(generator, "poisson", input)

    def forward(x, g):
        check_kind(x.dtype, "poisson_cpu")
        error = RuntimeError("invalid Poisson rate, expected rate to be non-negative")
        K.refuse(~(x >= 0), error)
        return variates.poisson(x.ravel(), g).reshape(x.shape)

    def backward(c, dy):
        return K.zeros_like(dy)


@op(
    "binomial(count: Tensor, prob: Tensor, generator=None)",
    at="torch",
    tensors=2,
    broadcast=True,
)
class Binomial:
    """y_i: successes in count_i trials of probability prob_i.

    shape   count (*), prob (*) -> y (*), broadcast
    dtype   float32, float64; of both the same
    grad    not implemented, as in PyTorch
    errors  ValueError: count not floating; RuntimeError: different dtypes

    >>> torch.binomial(torch.full((3,), 10.0), torch.tensor([0.1, 0.5, 0.9]))
    """

    def prepare(count, prob, generator):
        g = generator_or_default(generator, "binomial", count)
        d, e = count.dtype, prob.dtype
        if d.category != FLOAT:
            raise ValueError(
                f"binomial only supports floating-point dtypes for count, got: {scalar_name(d)}"
            )
        if d is not e:
            raise RuntimeError(f"Found dtype {scalar_name(e)} but expected {scalar_name(d)}")
        if d.itemsize < 4:
            raise not_implemented("binomial_cpu", count._a)
        return count, prob, g

    def forward(count, prob, g):
        count, prob = np.broadcast_arrays(count, prob)
        return variates.binomial(count.ravel(), prob.ravel(), g).reshape(count.shape)

    def backward(c, dy):
        raise RuntimeError("derivative for aten::binomial is not implemented")


@composite("multinomial", at="torch Tensor")
def multinomial(input, num_samples, replacement=False, *, generator=None, out=None):
    """num_samples categories for each row of weights (not necessarily normalised).

    shape   input (C) -> (num_samples); (rows, C) -> (rows, num_samples)
    dtype   int64
    errors  RuntimeError: weights negative, infinite, NaN or all 0; without replacement more samples
            than categories

    >>> torch.multinomial(torch.tensor([0.0, 10.0, 3.0, 0.0]), 2)
    """
    tensor_argument("multinomial", input)
    k = whole(num_samples, "multinomial", "num_samples", 2)
    g = generator_or_default(generator, "multinomial", input)
    p = input._a
    if type(p) is MetaArray:
        return wrap(phantom((*p.shape[:-1], k), np.dtype(np.int64)))
    check_sampling(p, k, replacement)
    several = bool(replacement) and k > 1 and p.size > 0
    if not several:
        check_weights(p, k, replacement)
    if out is not None and out._a.dtype != np.int64:
        raise RuntimeError(f"multinomial expects Long tensor out, got: {scalar_name(out.dtype)}")
    rows = p if p.ndim == 2 else p[None]
    if several:
        chosen = K.rng_multinomial(g.mt, K.dense(rows), k)
        if chosen is None:
            check_weights(p, k, replacement)
    elif rows.size:
        chosen = variates.race(K.dense(rows), k, g)
    else:
        chosen = np.empty((len(rows), k), np.int64)
    result = wrap(chosen if p.ndim == 2 else chosen[0])
    return result if out is None else write_out("multinomial", out, result, (input,))


def check_sampling(p: np.ndarray, k: int, replacement: bool) -> None:
    """RuntimeError, in PyTorch's words, for no weights at all or for too many samples."""
    d = from_numpy_dtype(p.dtype)
    if d.category != FLOAT:
        raise RuntimeError(
            f"multinomial only supports floating-point dtypes for input, got: {scalar_name(d)}"
        )
    if p.ndim not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if k <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and k > p.shape[-1]:
        raise RuntimeError(
            "cannot sample n_sample > prob_dist.size(-1) samples without replacement\n"
            f"  {k} samples of {p.shape[-1]} categories; fix: replacement=True"
        )


def check_weights(p: np.ndarray, k: int, replacement: bool) -> None:
    """RuntimeError, in PyTorch's words, for weights that say nothing."""
    if p.size and K.min(p) >= 0 and K.max(p) < np.inf and (p.ndim == 2 or K.max(p) > 0):
        if p.ndim == 1 or K.max(p, 1).all():
            return
    if replacement and k > 1:
        if not (p >= 0).all():
            raise RuntimeError(
                "invalid multinomial distribution (encountering probability entry < 0)"
            )
        if not np.isfinite(p).all():
            raise RuntimeError(
                "invalid multinomial distribution (encountering probability entry = infinity "
                "or NaN)"
            )
    elif not ((p >= 0) & np.isfinite(p)).all():
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if p.size and not (p > 0).any(-1).all():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")


# ---------------------------------------------------------------- torch.normal


@internal("normal_of_tensors", tensors=2, broadcast=True, node="Normal3")
class NormalOfTensors:
    """z_i of N(mean_i, std_i²), mean and std broadcast; standard numbers, scaled and moved."""

    def forward(mean, std, generator):
        check_kind(mean.dtype, "normal_kernel_cpu", complex_too=True)
        K.refuse(~(std >= 0), RuntimeError("normal expects all elements of std >= 0.0"))
        shape = np.broadcast_shapes(mean.shape, std.shape)
        z = drawn_normal(np.empty(shape, mean.dtype), 0.0, 1.0, generator)
        return (z * std + mean).astype(mean.dtype, copy=False)

    def backward(c, dy):
        return K.zeros_like(dy), K.zeros_like(dy)


@internal("normal_of_mean", tensors=1, node="Normal1")
class NormalOfMean:
    """z_i of N(mean_i, std²) for a number std."""

    def forward(mean, std, generator):
        check_std(std)
        check_kind(mean.dtype, "normal_kernel_cpu", complex_too=True)
        return drawn_normal(np.empty(mean.shape, mean.dtype), 0.0, std, generator) + mean

    def backward(c, dy):
        return K.zeros_like(dy)


@internal("normal_of_std", tensors=1, node="Normal2")
class NormalOfStd:
    """z_i of N(mean, std_i²) for a number mean."""

    def forward(std, mean, generator):
        check_kind(std.dtype, "normal_kernel_cpu")
        K.refuse(~(std >= 0), RuntimeError("normal expects all elements of std >= 0.0"))
        z = drawn_normal(np.empty(std.shape, std.dtype), 0.0, 1.0, generator)
        return z * std + std.dtype.type(mean)

    def backward(c, dy):
        return K.zeros_like(dy)


@composite("normal", at="torch")
def normal(
    mean,
    std=1.0,
    size=None,
    *,
    generator=None,
    out=None,
    dtype=None,
    layout=None,
    device=None,
    pin_memory=False,
    requires_grad=False,
):
    """Normal numbers: normal(mean, std) of tensors or one tensor, or normal(mean, std, size).

    shape   mean and std broadcast, or size
    dtype   the tensors'; of numbers the default dtype, or `dtype`
    grad    zero
    errors  RuntimeError: std < 0; TypeError: arguments of another kind

    >>> torch.normal(torch.arange(1.0, 4.0), torch.tensor([1.0, 0.5, 0.1]))
    """
    numbers = not isinstance(mean, Tensor) and not isinstance(std, Tensor)
    given = resolve(device) if numbers else mean if isinstance(mean, Tensor) else std
    g = generator_or_default(generator, "normal", given)
    if numbers and isinstance(size, (tuple, list)):
        mean, std = real(mean, "normal", "mean", 1), real(std, "normal", "std", 2)
        check_std(std)
        return made(
            NORMAL,
            (mean, std, g),
            (size,),
            out=out,
            dtype=dtype,
            layout=layout,
            device=device,
            pin_memory=pin_memory,
            requires_grad=requires_grad,
        )
    if numbers or size is not None:
        given = ", ".join(type(a).__name__ for a in (mean, std, size) if a is not None)
        raise TypeError(
            f"normal() received an invalid combination of arguments - got ({given}), but expected "
            "one of:\n * (Tensor mean, Tensor std, *, torch.Generator generator = None, Tensor out "
            "= None)\n * (Tensor mean, float std = 1, *, torch.Generator generator = None, Tensor "
            "out = None)\n * (float mean, Tensor std, *, torch.Generator generator = None, Tensor "
            "out = None)\n * (float mean, float std, tuple of ints size, *, torch.Generator "
            "generator = None, Tensor out = None, torch.dtype dtype = None, torch.layout layout = "
            "None, torch.device device = None, bool pin_memory = False, bool requires_grad = False)"
        )
    if not isinstance(std, Tensor):
        z = NormalOfMean.run((mean, real(std, "normal", "std", 2), g))
    elif not isinstance(mean, Tensor):
        z = NormalOfStd.run((std, real(mean, "normal", "mean", 1), g))
    else:
        z = NormalOfTensors.run((mean, std, g))
    return z if out is None else write_out("normal", out, z, (mean, std))
