"""The arguments of convolutions: options as tuples, and what is wrong, in PyTorch's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.dtype import bool_, scalar_name
from ..core.tensor import Tensor
from ..dispatch.messages import dtype_fix


def sizes(name: str, what: str, given: Any, rank: int) -> tuple[int, ...]:
    """An option as `rank` whole numbers, from one or as many. RuntimeError: another count."""
    if isinstance(given, Tensor) and given.ndim == 0:
        given = given.item()
    if isinstance(given, int):
        return (int(given),) * rank
    if not isinstance(given, Sequence) or not all(isinstance(n, int) for n in given):
        raise TypeError(
            f"{name}() received an invalid combination of arguments - got {what}={given!r}\n"
            f"  {what} must be a whole number, or {rank} of them"
        )
    if len(given) == 1:
        return tuple(given) * rank
    if len(given) != rank:
        raise RuntimeError(_wrong_count(what, rank, list(given)))
    return tuple(given)


def _wrong_count(what: str, rank: int, given: list) -> str:
    return (
        f"expected {what} to be a single integer value or a list of {rank} values to match the "
        f"convolution dimensions, but got {what}={given}"
    )


def pair(what: str, given: Any) -> tuple[int, int]:
    """An option of unfold or fold, from one number or two."""
    if isinstance(given, int):
        return given, given
    given = tuple(given)
    if len(given) not in (1, 2):
        raise RuntimeError(f"It is expected {what} equals to 2, but got size {len(given)}")
    return given if len(given) == 2 else given * 2


def check_positive(kernel: tuple, dilation: tuple, stride: tuple) -> None:
    """RuntimeError: an option of unfold or fold that is 0 or less."""
    for title, (h, w) in (("kernel size", kernel), ("dilation", dilation), ("stride", stride)):
        what = title.split()[0]
        if h < 1 or w < 1:
            raise RuntimeError(
                f"{title} should be greater than zero, but got {what}_height: {h} {what}_width: {w}"
            )


def by(numbers: Any) -> str:
    """(2, 3) -> '2 x 3'"""
    return " x ".join(map(str, numbers))


def wrong_rank(name: str, rank: int, x: Tensor) -> RuntimeError:
    """The input has neither rank + 1 nor rank + 2 dimensions."""
    layout = ("N, C, L", "N, C, H, W", "N, C, D, H, W")[rank - 1]
    return RuntimeError(
        f"Expected {rank + 1}D (unbatched) or {rank + 2}D (batched) input to {name}, but got input "
        f"of size: {list(x.shape)}\n  fix: reshape the input to ({layout})"
    )


def wrong_arguments(name: str, args: tuple) -> TypeError:
    """An argument is not of its type; trailing defaults are not shown."""
    given = list(args)
    while len(given) > 2 and (given[-1] is None or given[-1] in (0, 1)):
        given.pop()
    got = ", ".join(type(a).__name__ for a in given)
    return TypeError(
        f"{name}() received an invalid combination of arguments - got ({got}), but expected one "
        "of:\n * (Tensor input, Tensor weight, Tensor bias = None, tuple of ints stride = 1, tuple "
        "of ints or str padding = 0, tuple of ints dilation = 1, int groups = 1)"
    )


def check(
    name: str,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
    output_padding: tuple[int, ...] | None = None,
) -> None:
    """Raise what is wrong with a convolution's arguments, or a transposed one's, if anything is."""
    if not isinstance(bias, Tensor | None) or not isinstance(groups, int):
        raise wrong_arguments(name, (input, weight, bias, stride, padding, dilation, groups))
    x, w = list(input.shape), list(weight.shape)
    if len(w) != len(x):
        message = _wrong_count("stride", len(w) - 2, list(stride))
        raise RuntimeError(f"{message}\n  weight {w} is no weight for input {x}")
    _check_options(stride, padding, dilation, groups, output_padding)
    if w[0] < groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but "
            f"got weight of size {w} instead"
        )
    if w[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, "
            f"but got weight of size [{w}] instead\n  fix: {w[0]} must be a multiple of groups"
        )
    _check_channels(x, w, bias, groups, transposed=output_padding is not None)
    if min(w[2:]) < 1:
        got = _named("kernel", tuple(w[2:]), 1)
        raise RuntimeError(f"kernel size should be greater than zero, but got {got}")
    if 0 in x[2:]:
        raise RuntimeError(
            f"Only zero batch or zero channel inputs are supported, but got input shape: {x}"
        )
    if output_padding is None:
        _check_room(x, w, padding, dilation)
    else:
        _check_output_padding(output_padding, stride, dilation)
    _check_dtypes(input, weight, bias, transposed=output_padding is not None)


def _check_options(stride, padding, dilation, groups, output_padding):
    if min(padding) < 0:
        raise RuntimeError("negative padding is not supported")
    if output_padding is not None and min(output_padding) < 0:
        raise RuntimeError("negative output_padding is not supported")
    if min(stride) < 1:
        raise RuntimeError("non-positive stride is not supported")
    if min(dilation) < 1:
        raise RuntimeError(f"dilation should be greater than zero, but got {list(dilation)}")
    if groups < 1:
        raise RuntimeError("non-positive groups is not supported")


def _check_channels(x, w, bias, groups, transposed):
    given = "Given transposed=1" if transposed else f"Given groups={groups}"
    channels, filters = (w[0], w[1] * groups) if transposed else (w[1] * groups, w[0])
    if x[1] != channels:
        fix = f"in_channels={x[1]}, or an input of {channels} channels"
        if x[-1] == channels:  # (N, H, W, C): as pictures lie in NumPy
            fix = f"here they seem to come last: input.movedim(-1, {1 - len(x)})"
        raise RuntimeError(
            f"{given}, weight of size {w}, expected input{x} to have {channels} channels, but got "
            f"{x[1]} channels instead\n  dimension 1 of the input counts its channels\n  fix: {fix}"
        )
    if bias is not None and list(bias.shape) != [filters]:
        given = "Given transposed=1, weight" if transposed else "Given weight"
        raise RuntimeError(
            f"{given} of size {w}, expected bias to be 1-dimensional with {filters} elements, but "
            f"got bias of size {list(bias.shape)} instead"
        )


def _check_room(x, w, padding, dilation):
    padded = [n + 2 * p for n, p in zip(x[2:], padding, strict=True)]
    kernel = [d * (k - 1) + 1 for d, k in zip(dilation, w[2:], strict=True)]
    if any(k > n for k, n in zip(kernel, padded, strict=True)):
        raise RuntimeError(
            f"Calculated padded input size per channel: ({by(padded)}). Kernel size: "
            f"({by(kernel)}). Kernel size can't be greater than actual input size\n"
            f"  input {x}, weight {w}, padding {list(padding)}\n"
            "  fix: a smaller kernel, more padding, or fewer layers that shrink"
        )


def _check_output_padding(extra, stride, dilation):
    if all(e < max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)):
        return
    named = (("output_padding", extra, 0), ("stride", stride, 1), ("dilation", dilation, 1))
    got = " ".join(_named(*option) for option in named)
    raise RuntimeError(
        f"output padding must be smaller than either stride or dilation, but got {got}"
    )


def _named(what: str, given: tuple, missing: int) -> str:
    """'stride_height: 1 stride_width: 2', as PyTorch lists an option; rows count as images."""
    axes = ("depth", "height", "width")[-max(2, len(given)) :]
    given = (missing,) * (len(axes) - len(given)) + given
    return " ".join(f"{what}_{axis}: {n}" for axis, n in zip(axes, given, strict=True))


def _check_dtypes(input, weight, bias, transposed):
    if not transposed and bias is not None and bias.dtype is not input.dtype:
        raise _other_bias(input, bias)
    if input.dtype is bool_:
        raise NotImplementedError(
            "\"slow_conv2d_cpu\" not implemented for 'Bool'\n  fix: input.float()"
        )
    if weight.dtype is not input.dtype:
        raise RuntimeError(
            f"expected scalar type {scalar_name(input.dtype)} but found "
            f"{scalar_name(weight.dtype)}" + dtype_fix("input", input.dtype, "weight", weight.dtype)
        )
    if bias is not None and bias.dtype is not input.dtype:
        raise _other_bias(input, bias)


def _other_bias(input: Tensor, bias: Tensor) -> RuntimeError:
    return RuntimeError(
        f"Input type ({_c_name(input)}) and bias type ({_c_name(bias)}) should be the same"
        + dtype_fix("input", input.dtype, "bias", bias.dtype)
    )


_C_NAMES = {
    "Half": "c10::Half",
    "BFloat16": "c10::BFloat16",
    "Byte": "unsigned char",
    "Char": "signed char",
    "Short": "short int",
    "Long": "long int",
}


def _c_name(t: Tensor) -> str:
    """The dtype as PyTorch's C++ messages spell it."""
    name = scalar_name(t.dtype)
    return _C_NAMES.get(name, name.lower())
