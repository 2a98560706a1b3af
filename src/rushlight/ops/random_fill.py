"""Random numbers put into a tensor: uniform_, normal_, bernoulli_, random_ and others.

Each is a card whose forward draws numbers for the shape and memory order of x; the gradient with
respect to what x held before is zero. generator: a torch.Generator, None for the default one. The
numbers are PyTorch's for the same seed: random/variates.py, docs/random.md.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ..core.dtype import COMPLEX, FLOAT, from_numpy_dtype, scalar_name
from ..core.notices import warn
from ..core.tensor import Tensor
from ..dispatch.messages import not_implemented
from ..dispatch.registry import apply_inplace, composite, internal, op
from ..kernels import K
from ..random import variates
from ..random.generator import default_generator, generator_or_default

_F32, _F64 = np.dtype(np.float32), np.dtype(np.float64)
_I64 = np.dtype(np.int64)
_HALF = np.dtype(np.float16)

# What PyTorch's messages call a dtype.
_C_NAMES = {"bool": "bool", "uint8": "unsigned char", "int8": "signed char", "int16": "short",
            "int32": "int", "int64": "long int", "float16": "c10::Half",
            "bfloat16": "c10::BFloat16", "float32": "float", "float64": "double",
            "complex64": "c10::complex<float>", "complex128": "c10::complex<double>"}  # fmt: skip


def unwrapped(value: Any) -> Any:
    """The number in a 0-d tensor (which reaches a card as an array); anything else as it is."""
    return value.item() if getattr(value, "ndim", None) == 0 else value


def real(value: Any, name: str, argument: str, position: int) -> float:
    """A float argument, from a number or a 0-d tensor. TypeError in PyTorch's words."""
    if type(value) is float:
        return value
    value = unwrapped(value)
    if isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool):
        return float(value)
    raise TypeError(
        f"{name}(): argument '{argument}' (position {position}) must be float, "
        f"not {type(value).__name__}"
    )


def whole(value: Any, name: str, argument: str, position: int) -> int:
    """An int argument within 64 bits. TypeError, ValueError (too large) in PyTorch's words."""
    if type(value) is int:
        if -(2**63) <= value < 2**63:
            return value
    else:
        value = unwrapped(value)
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool):
        raise TypeError(
            f"{name}(): argument '{argument}' (position {position}) must be int, "
            f"not {type(value).__name__}"
        )
    if not -(2**63) <= value < 2**63:
        raise ValueError("Overflow when unpacking long long")
    return int(value)


_SURE = 1e38  # bounds that every dtype of 4 bytes and more holds, and their distance


def check_kind(dtype: np.dtype, kernel: str, complex_too: bool = False) -> None:
    """NotImplementedError unless the dtype is one that continuous distributions come in."""
    if dtype is _F32 or dtype is _F64 or dtype == _F32 or dtype == _F64:
        return
    d = from_numpy_dtype(dtype)
    if not ((d.category == FLOAT and d.itemsize > 1) or (complex_too and d.category == COMPLEX)):
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{scalar_name(d)}'")


@cache
def limits(dtype: np.dtype) -> tuple[Any, Any]:
    """The least and the greatest number of a dtype, as Python numbers."""
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return int(info.min), int(info.max)
    if dtype.kind == "b":
        return 0, 1
    if dtype.kind == "V":  # bfloat16
        return -3.3895313892515355e38, 3.3895313892515355e38
    greatest = float(np.finfo(dtype).max)
    return -greatest, greatest


# ---------------------------------------------------------------- in place, continuous


@op(
    "uniform(input, from_: float = 0.0, to: float = 1.0, *, generator=None)",
    inplace="Tensor",
    tensors=1,
    quiet=False,
)
class Uniform:
    """x_i uniform in [low, high); called uniform_(from=0, to=1).

    dtype   floating; complex: both parts uniform
    errors  RuntimeError: a bound outside the dtype's range, from > to

    >>> torch.empty(3).uniform_(-1, 1)
    """

    def prepare(input, from_, to, generator):
        if generator is None and type(input._a) is np.ndarray:
            g = default_generator
        else:
            g = generator_or_default(generator, "uniform_", input)
        if type(from_) is float is type(to):
            return input, from_, to, g
        return input, real(from_, "uniform_", "from", 1), real(to, "uniform_", "to", 2), g

    once = True

    def forward(x, low, high, g):
        d = x.dtype
        if not ((d is _F32 or d is _F64) and -_SURE <= low <= high <= _SURE):
            check_kind(d, "check_uniform_bounds", complex_too=True)
            check_bounds(d, low, high)
        return variates.arranged(variates.uniform(x.size, d, low, high, g), x)

    def backward(c, dy):
        return K.zeros_like(dy)


def check_bounds(dtype: np.dtype, low: float, high: float) -> None:
    """RuntimeError unless low <= high, and both and their distance fit the dtype."""
    if dtype.kind == "c":
        dtype = _F32 if dtype.itemsize == 8 else _F64
    least, greatest = limits(dtype)
    if least / 2 <= low <= high <= greatest / 2:
        return
    for name, bound in (("from", low), ("to", high)):
        if not least <= bound <= greatest:
            raise RuntimeError(f"{name} is out of bounds for {_C_NAMES[dtype.name]}")
    if low > high:
        raise RuntimeError(
            f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}"
        )
    if high - low > greatest:
        name = scalar_name(from_numpy_dtype(dtype))
        raise RuntimeError(
            f"uniform_ expects to-from <= std::numeric_limits<{name}>::max(), but found "
            f"to={high:g} and from={low:g} which result in to-from to exceed the limit"
        )


@op(
    "normal(input, mean: float = 0.0, std: float = 1.0, *, generator=None)",
    inplace="Tensor",
    tensors=1,
    quiet=False,
)
class Normal:
    """x_i of N(mean, std²); for complex x each part has the variance std² / 2.

    errors  RuntimeError: std < 0 or NaN

    >>> torch.empty(3).normal_(mean=1, std=2)
    """

    def prepare(input, mean, std, generator):
        if generator is None and type(input._a) is np.ndarray:
            g = default_generator
        else:
            g = generator_or_default(generator, "normal_", input)
        if type(mean) is float is type(std) and std >= 0:
            return input, mean, std, g
        if not isinstance(mean, (float, complex)):
            mean = real(mean, "normal_", "mean", 1)
        std = real(std, "normal_", "std", 2)
        check_std(std)
        return input, mean, std, g

    once = True

    def forward(x, mean, std, g):
        d = x.dtype
        if d is not _F32:
            check_kind(d, "normal_kernel_cpu", complex_too=True)
        y = variates.normal(x.size, d, mean, std, g, x.flags.c_contiguous)
        return variates.arranged(y, x)

    def backward(c, dy):
        return K.zeros_like(dy)


def check_std(std: float) -> None:
    """RuntimeError: not a standard deviation."""
    if not std >= 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")


def drawn_normal(x: np.ndarray, mean: Any, std: float, g: Any) -> np.ndarray:
    """Normal numbers for the shape and memory order of x."""
    numbers = variates.normal(x.size, x.dtype, mean, std, g, x.flags.c_contiguous)
    return variates.arranged(numbers, x)


@op(
    "exponential(input, lambd: float = 1.0, *, generator=None)",
    inplace="Tensor",
    tensors=1,
)
class Exponential:
    """x_i with density lambd · exp(-lambd · x), x > 0.

    errors  RuntimeError: lambd <= 0, dtype not floating

    >>> torch.empty(3).exponential_()
    """

    def prepare(input, lambd, generator):
        g = generator_or_default(generator, "exponential_", input)
        rate = real(lambd, "exponential_", "lambd", 1)
        if not rate > 0:
            raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={rate:g}")
        return input, rate, g

    def forward(x, rate, g):
        check_continuous(x.dtype, "Exponential", scalar_name(from_numpy_dtype(x.dtype)))
        return variates.arranged(variates.exponential(x.size, x.dtype, rate, g), x)

    def backward(c, dy):
        return K.zeros_like(dy)


def check_continuous(dtype: np.dtype, distribution: str, given: str) -> None:
    """RuntimeError unless the dtype is floating."""
    if from_numpy_dtype(dtype).category != FLOAT:
        raise RuntimeError(
            f"{distribution} distribution is a continuous probability distribution. dtype must be "
            f"a floating point but you specified {given}"
        )


@op(
    "cauchy(input, median: float = 0.0, sigma: float = 1.0, *, generator=None)",
    inplace="Tensor",
    tensors=1,
)
class Cauchy:
    """x_i with density 1 / (π σ (1 + ((x - median) / σ)²)).

    errors  RuntimeError: sigma <= 0, dtype not floating

    >>> torch.empty(3).cauchy_(median=0, sigma=1)
    """

    def prepare(input, median, sigma, generator):
        g = generator_or_default(generator, "cauchy_", input)
        median, sigma = real(median, "cauchy_", "median", 1), real(sigma, "cauchy_", "sigma", 2)
        if not sigma > 0:
            raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
        return input, median, sigma, g

    def forward(x, median, sigma, g):
        check_continuous(x.dtype, "Cauchy", _C_NAMES.get(x.dtype.name, x.dtype.name))
        return variates.arranged(variates.cauchy(x.size, x.dtype, median, sigma, g), x)

    def backward(c, dy):
        return K.zeros_like(dy)


@op(
    "log_normal(input, mean: float = 1.0, std: float = 2.0, *, generator=None)",
    inplace="Tensor",
    tensors=1,
)
class LogNormal:
    """x_i = exp(z), z of N(mean, std²).

    errors  RuntimeError: std <= 0; NotImplementedError: dtype not floating

    >>> torch.empty(3).log_normal_(mean=1, std=2)
    """

    def prepare(input, mean, std, generator):
        g = generator_or_default(generator, "log_normal_", input)
        mean, std = real(mean, "log_normal_", "mean", 1), real(std, "log_normal_", "std", 2)
        if not std > 0:
            raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std:g}")
        return input, mean, std, g

    def forward(x, mean, std, g):
        check_kind(x.dtype, "log_normal_cpu")
        return variates.arranged(variates.log_normal(x.size, x.dtype, mean, std, g), x)

    def backward(c, dy):
        return K.zeros_like(dy)


# ---------------------------------------------------------------- in place, discrete


@op(
    "geometric(input, p: float, *, generator=None)",
    inplace="Tensor",
    tensors=1,
    not_for="bc",
    kernel="geometric_cpu",
)
class Geometric:
    """x_i: the number of trials until the first success of probability p, 1, 2, 3, ...

    errors  RuntimeError: p outside (0, 1); NotImplementedError: bool, complex

    >>> torch.empty(3).geometric_(0.5)
    """

    def prepare(input, p, generator):
        g = generator_or_default(generator, "geometric_", input)
        p = real(p, "geometric_", "p", 1)
        if not 0 < p < 1:
            raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
        return input, p, g

    def forward(x, p, g):
        return variates.arranged(variates.geometric(x.size, x.dtype, p, g), x)

    def backward(c, dy):
        return K.zeros_like(dy)


@internal(
    "bernoulli_of_number",
    tensors=1,
    node="Bernoulli2",
    not_for="c",
    kernel="bernoulli_scalar_cpu_",
)
class BernoulliNumber:
    """x_i = 1 with probability p, else 0, for a number p."""

    def forward(x, p, generator):
        if not 0 <= p <= 1:
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
        return variates.arranged(variates.bernoulli(x.size, x.dtype, p, generator), x)

    def backward(c, dy):
        return K.zeros_like(dy)


@internal("bernoulli_of_tensor", tensors=2, node="Bernoulli1")
class BernoulliTensor:
    """x_i = 1 with probability p_i, else 0. p is broadcast to x."""

    def forward(x, p, generator):
        check_probabilities(p)
        if p.shape != x.shape:
            p = expanded(p, x.shape)
        axes = sorted(range(x.ndim), key=lambda i: -abs(x.strides[i]))
        flat = K.dense(p.transpose(axes)).ravel()
        return variates.arranged(variates.bernoulli_each(flat, x.dtype, generator), x)

    def backward(c, dy, p):
        return K.zeros_like(dy), K.zeros_like(p)


def check_probabilities(p: np.ndarray) -> None:
    """Errors unless p is floating and all of it lies in [0, 1]."""
    check_kind(p.dtype, "bernoulli_tensor_cpu_p_")
    error = RuntimeError(
        "Expected p_in >= 0 && p_in <= 1 to be true, but got false.\n"
        "  every probability must lie in [0, 1]; fix: sigmoid, softmax or clamp(0, 1) before"
    )
    K.refuse(~((p >= 0) & (p <= 1)), error)


def expanded(p: np.ndarray, shape: tuple) -> np.ndarray:
    """p broadcast to exactly `shape`. RuntimeError in the words of expand()."""
    for i in range(1, p.ndim + 1):
        if i > len(shape) or p.shape[-i] not in (1, shape[-i]):
            raise RuntimeError(
                f"The expanded size of the tensor ({shape[-i] if i <= len(shape) else 1}) must "
                f"match the existing size ({p.shape[-i]}) at non-singleton dimension "
                f"{max(len(shape) - i, 0)}.  Target sizes: {list(shape)}.  "
                f"Tensor sizes: {list(p.shape)}"
            )
    return np.broadcast_to(p, shape)


@composite("bernoulli_(input, p: float | Tensor = 0.5, *, generator=None)", at="Tensor")
def bernoulli_(input, p=0.5, *, generator=None):
    """input_i = 1 with probability p (a number, or a tensor broadcast to input), else 0.

    errors  RuntimeError: p outside [0, 1]; NotImplementedError: complex
    """
    g = generator_or_default(generator, "bernoulli_", input)
    if isinstance(p, Tensor):
        return apply_inplace(BernoulliTensor, (input, p, g))
    return apply_inplace(BernoulliNumber, (input, real(p, "bernoulli_", "p", 1), g))


@op(
    "random(input, from_: int | None = None, to: int | None = ..., *, generator=None)",
    inplace="Tensor",
    tensors=1,
)
class Random:
    """x_i: whole numbers. random_() all the dtype holds from 0; random_(to); random_(from, to).

    from is included, to is not; to=None: the greatest whole number of the dtype, included.
    errors  RuntimeError: an empty range, a bound outside the dtype's range
    """

    def prepare(input, from_, to, generator):
        g = generator_or_default(generator, "random_", input)
        if to is ...:  # random_(), random_(to)
            if from_ is None:
                return input, None, None, g
            from_, to = 0, from_
        low = whole(0 if from_ is None else from_, "random_", "from", 1)
        return input, low, None if to is None else whole(to, "random_", "to", 2), g

    def forward(x, low, high, g):
        if low is None:
            return variates.arranged(drawn_all(x, g), x)
        return variates.arranged(drawn_integers(x.size, x.dtype, low, high, g), x)

    def backward(c, dy):
        return K.zeros_like(dy)


def drawn_all(x: np.ndarray, g: Any) -> np.ndarray:
    """For random_() without bounds."""
    if x.dtype.kind == "c" or (x.dtype.kind == "u" and x.dtype.itemsize > 1):
        raise not_implemented("random_kernel_cpu", x)
    return variates.whole_range(x.size, x.dtype, g)


def drawn_integers(n: int, dtype: np.dtype, low: int, high: int | None, g: Any) -> np.ndarray:
    """n whole numbers in [low, high), which the dtype must hold; high None: its greatest + 1."""
    if dtype is _I64 and high is not None and low < high:  # it holds all that `whole` lets through
        return variates.integers(n, dtype, low, high, g)
    if high is None:
        return variates.integers(n, dtype, *open_range(dtype, low), g)
    if low >= high:
        raise RuntimeError(
            f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
        )
    if dtype.kind == "c":
        raise RuntimeError(
            "check_random_bounds handles only integral, floating-point and boolean types"
        )
    if dtype.kind in "fV":
        low, high = rounded_up(dtype, low), rounded_down(dtype, high)
        if low >= high:
            raise RuntimeError(
                "random_ expects 'from' casted to dtype to be less than 'to' casted to dtype, but "
                f"got from={low} >= to={high}"
            )
    check_range(dtype, low, "from")
    check_range(dtype, high - 1, "to - 1")
    return variates.integers(n, dtype, low, high, g)


def check_range(dtype: np.dtype, bound: int, name: str) -> None:
    """RuntimeError: the dtype does not reach so far. UserWarning: it has gaps before."""
    least, greatest = limits(dtype)
    if not least <= bound <= greatest:
        c_name = _C_NAMES.get(dtype.name, dtype.name)
        raise RuntimeError(f"{name} is out of bounds for {c_name}")
    if dtype.kind in "fV" and abs(bound) > 1 << variates.significand(dtype):
        bits, c_name = variates.significand(dtype), _C_NAMES[dtype.name]
        warn(
            f"{name} is out of bounds [-(2^{bits}), 2^{bits}]. Due to precision limitations "
            f"{c_name} can support discrete uniform distribution only within this range. This "
            "warning will become an error in version 1.7 release, please fix the code in advance",
        )


def open_range(dtype: np.dtype, low: int) -> tuple[int, int]:
    """[low, high) for random_(from=low, to=None): as far as the dtype has all whole numbers."""
    wide = dtype.itemsize == 8 or (dtype.kind in "fV" and dtype != _HALF)
    if low == -(2**63) and wide:
        return low, 2**63
    if dtype.kind in "fV":
        last = 1 << variates.significand(dtype)
        low = rounded_up(dtype, low)
        if low >= last:
            raise RuntimeError(
                "random_ expects 'from' casted to dtype to be less than or equal to 'to_inc' "
                f"casted to dtype, but got from={low} > to_inc={last}"
            )
    else:
        last = limits(dtype)[1]
    check_range(dtype, low, "from")
    return low, last + 1


def rounded_up(dtype: np.dtype, low: int) -> int:
    """The first whole number from low on that the floating dtype holds."""
    after = int(dtype.type(low + 1))
    if after >= low:
        return low
    return after + (1 << (abs(low + 1).bit_length() - variates.significand(dtype)))


def rounded_down(dtype: np.dtype, high: int) -> int:
    """The end of a range up to high whose last number the floating dtype holds."""
    before = int(dtype.type(min(high - 1, limits(dtype)[1])))
    if before < high:
        return high
    return before - (1 << (abs(high - 1).bit_length() - variates.significand(dtype)))
