"""gradcheck and gradgradcheck: gradients against central differences, with PyTorch's rules.

A function of tensors is treated as one from real numbers to real numbers: the real and imaginary
parts of a complex tensor count separately, in inputs (n numbers) and outputs (m numbers). Jacobian
J (n, m): J[i, j] = d output[j] / d input[i]; numerically one input number at a time, analytically
one output number at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd.api import grad
from ..core.grad_mode import enable_grad, no_grad
from ..core.memory import on_host
from ..core.notices import warn
from ..core.tensor import Tensor, wrap


class GradcheckError(RuntimeError):
    """Raised by gradcheck and gradgradcheck: a gradient is not the derivative."""


def gradcheck(
    func: Callable,
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """True if the gradients of func(*inputs) agree with central differences of step eps.

    Checked with respect to the inputs that require grad; they should be float64. Agreement:
    |numerical - analytical| ≤ atol + rtol |analytical|. Each output is differentiated with the
    gradients of the other outputs undefined, which covers check_undefined_grad.

    nondet_tol  how far two backward passes of the same graph may differ
    check_forward_ad            tangents, too; check_backward_ad=False: only them
    check_batched_grad          a batch of cotangents gives what they give one by one
    check_batched_forward_grad  likewise, of tangents
    fast_mode   compare uᵀ J v for one random u, v, instead of all of J

    Errors: GradcheckError where they disagree (False if not raise_exception); ValueError if no
    input requires grad, or nothing is to be checked.
    """
    if not (check_backward_ad or check_forward_ad):
        raise ValueError(
            "Expected at least one of check_forward_ad or check_backward_ad to be True"
        )
    tensors = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    try:
        wanted = _wanted_inputs(tensors)
        with enable_grad():
            outputs = _outputs(func(*tensors))
        if check_backward_ad:
            _check(
                func,
                tensors,
                wanted,
                outputs,
                eps,
                atol,
                rtol,
                nondet_tol,
                fast_mode,
                check_grad_dtypes,
            )
        if check_forward_ad:
            _check_forward(func, tensors, wanted, len(outputs), eps, atol, rtol)
        if check_batched_forward_grad:
            pairs = _forward().batched_tangents(func, tensors, wanted)
            _check_batches(pairs, "forward mode AD's tangents")
        if check_batched_grad:
            for y in outputs:
                if y.requires_grad:
                    inputs_of = [tensors[i] for i in wanted]
                    _check_batches(_forward().batched_gradients(inputs_of, y), "gradients")
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable,
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """As gradcheck, for func's backward, with respect to inputs and grad_outputs.

    grad_outputs: the cotangents; random ones if None (every second number of a larger tensor, so
    not contiguous, if gen_non_contig_grad_outputs).
    """
    tensors = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    with enable_grad():
        outputs = _outputs(func(*tensors))
    if grad_outputs is None:
        random = np.random.RandomState(0)
        grad_outputs = tuple(
            _random_like(y._a, random, gen_non_contig_grad_outputs).to(y.device).requires_grad_()
            for y in outputs
        )
    else:
        grad_outputs = (grad_outputs,) if isinstance(grad_outputs, Tensor) else tuple(grad_outputs)
    count = len(tensors)

    def derivative(*args):
        given, cotangents = args[:count], args[count:]
        differentiated = [t for t in given if isinstance(t, Tensor) and t.requires_grad]
        with enable_grad():
            ys = _outputs(func(*given))
            found = grad(ys, differentiated, cotangents, create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None and g.requires_grad)

    return gradcheck(
        derivative,
        (*tensors, *grad_outputs),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev,
        fast_mode=fast_mode,
        masked=masked,
    )


def _forward() -> Any:
    """forward_check.py, which is seldom needed."""
    from . import forward_check

    return forward_check


def _check_forward(func, tensors, wanted, count, eps, atol, rtol) -> None:
    numerical = _numerical(func, tensors, wanted, count, eps)
    analytical = _forward().forward_jacobian(func, tensors, wanted, _reals)
    for k, i in enumerate(wanted):
        for j, (J, G) in enumerate(zip(numerical[k], analytical[k], strict=False)):
            if not np.allclose(J, G, rtol, atol, equal_nan=False):
                raise GradcheckError(
                    f"Jacobian computed with forward mode mismatch for output {j} with respect to "
                    f"input {i},\nnumerical:{wrap(J)}\nanalytical:{wrap(G)}\n"
                )


def _check_batches(pairs: list, what: str) -> None:
    for together, alone in pairs:
        if not np.allclose(together, alone, 1e-5, 1e-8, equal_nan=True):
            raise GradcheckError(
                f"gradcheck: a batch of {what} differs from one by one.\n"
                f"in a batch:{wrap(together)}\none by one:{wrap(alone)}\n"
            )


def _wanted_inputs(tensors: tuple) -> list[int]:
    """The positions of the inputs to check."""
    wanted = [i for i, t in enumerate(tensors) if isinstance(t, Tensor) and t.requires_grad]
    if not wanted:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them "
            "have requires_grad=True."
        )
    for i in wanted:
        a = tensors[i]._a
        if a.dtype not in (np.float64, np.complex128):
            warn(
                f"Input #{i} requires gradient and is not a double precision floating point or "
                "complex. This check will likely fail if all the inputs are not of double "
                "precision floating point or complex. ",
            )
        if a.size > 1 and any(s == 0 and n > 1 for s, n in zip(a.strides, a.shape, strict=True)):
            raise RuntimeError(
                f"The {i}th input has a dimension with stride 0. gradcheck only supports inputs "
                "that are non-overlapping to be able to compute the numerical gradients correctly. "
                "You should call .contiguous on the input before passing it to gradcheck."
            )
    return wanted


def _outputs(result: Any) -> tuple:
    """The differentiable tensors among a function's results."""
    found = (result,) if isinstance(result, Tensor) else tuple(result)
    return tuple(y for y in found if isinstance(y, Tensor) and y._a.dtype.kind in "fc")


def _check(func, tensors, wanted, outputs, eps, atol, rtol, nondet_tol, fast, check_dtypes) -> None:
    attached = [j for j, y in enumerate(outputs) if y.requires_grad]
    numerical = _numerical(func, tensors, wanted, len(outputs), eps)
    if not attached:
        if any(J.any() for row in numerical for J in row):
            raise GradcheckError("Numerical gradient for function expected to be zero")
        return
    for j in attached:
        analytical = _analytical(tensors, wanted, outputs[j], check_dtypes)
        again = _analytical(tensors, wanted, outputs[j], False)
        for k, i in enumerate(wanted):
            J, G = numerical[k][j], analytical[k]
            if G.size and np.abs(G - again[k]).max() > nondet_tol:
                raise GradcheckError(
                    "Backward is not reentrant, i.e., running backward with same input and "
                    "grad_output multiple times gives different values, although analytical "
                    "gradient matches numerical gradient.The tolerance for nondeterminism was "
                    f"{nondet_tol}."
                )
            if fast:
                J, G = _projected(J), _projected(G)
            if not np.allclose(J, G, rtol, atol, equal_nan=False):
                raise GradcheckError(
                    f"Jacobian mismatch for output {j} with respect to input {i},\n"
                    f"numerical:{wrap(J)}\n"
                    f"analytical:{wrap(G)}\n"
                )


def _projected(J: np.ndarray) -> np.ndarray:
    random = np.random.RandomState(1)
    u, v = random.standard_normal(J.shape[0]), random.standard_normal(J.shape[1])
    return u @ J @ v


def _reals(a: np.ndarray) -> np.ndarray:
    """The numbers of an array in C order, parts of complex numbers one after the other."""
    flat = np.ascontiguousarray(on_host(a)).reshape(-1)
    return flat.view(flat.real.dtype) if a.dtype.kind == "c" else flat


def _numerical(
    func, tensors: tuple, wanted: list, count: int, eps: float
) -> list[list[np.ndarray]]:
    """[[J of output j] for each wanted input]:
    (f(x + eps) - f(x - eps)) / 2 eps, one number at a time.
    """

    def values() -> list[np.ndarray]:
        with no_grad():
            return [_reals(y._a).astype(np.float64) for y in _outputs(func(*tensors))[:count]]

    rows = []
    for i in wanted:
        a = tensors[i]._a
        steps = (eps, eps * 1j) if a.dtype.kind == "c" else (eps,)
        columns: list[list[np.ndarray]] = []
        for at in np.ndindex(a.shape):
            for step in steps:
                kept = a[at].copy()
                a[at] = kept + step
                above = values()
                a[at] = kept - step
                below = values()
                a[at] = kept
                columns.append([(p - q) / (2 * eps) for p, q in zip(above, below, strict=True)])
        if columns:
            rows.append([np.stack([row[j] for row in columns]) for j in range(count)])
        else:
            rows.append([np.zeros((0, v.size)) for v in values()])
    return rows


def _analytical(tensors: tuple, wanted: list, y: Tensor, check_dtypes: bool) -> list[np.ndarray]:
    """[J of output y with respect to each wanted input], one number of y at a time."""
    inputs = [tensors[i] for i in wanted]
    sizes = [_reals(t._a).size for t in inputs]
    columns: list[list[np.ndarray]] = [[] for _ in inputs]
    for k in range(_reals(y._a).size):
        seed = np.zeros(y._a.shape, y._a.dtype)
        _reals(seed)[k] = 1
        with enable_grad():
            dy = wrap(seed).to(y.device)
            found = grad(y, inputs, dy, retain_graph=True, allow_unused=True)
        for column, t, g, n in zip(columns, inputs, found, sizes, strict=True):
            if g is None:
                column.append(np.zeros(n))
                continue
            if g.shape != t.shape:
                raise GradcheckError("Analytical gradient has incorrect size")
            if check_dtypes and g.dtype is not t.dtype:
                raise GradcheckError("Analytical gradient has incorrect type")
            column.append(_reals(g._a).astype(np.float64))
    return [
        np.stack(column, axis=1) if column else np.zeros((n, 0))
        for column, n in zip(columns, sizes, strict=True)
    ]


def _random_like(a: np.ndarray, random: np.random.RandomState, strided: bool) -> Tensor:
    shape = (*a.shape, 2) if strided else a.shape
    values: Any = random.standard_normal(shape)
    if a.dtype.kind == "c":
        values = values + 1j * random.standard_normal(shape)
    values = np.asarray(values).astype(a.dtype)
    return wrap(values[..., 0] if strided else values)
