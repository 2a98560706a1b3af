"""LAPACK on arrays: NumPy's generalised functions, and what NumPy has not, written on products.

N, M rows and columns, K right-hand sides, * batch. Nothing here raises for a matrix that has no
result: it gives LAPACK's `info` beside numbers that are inf or nan where a division was by zero.
The functions of `np.linalg` compute float32 in float64; those below them do not, and take batches
without a check per call.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .seam import K, as_array, native
from .umath_linalg import function

_PANEL = 32
_SMALL = 192  # rows up to which our own elimination is faster, of float64, too


def of(name: str, x: np.ndarray) -> Any:
    """NumPy's function; before NumPy 2.1 some have one name for tall and one for wide matrices."""
    found = function(name)
    if found is None:
        base, _, rest = name.partition("_")
        side = "m" if x.shape[-2] < x.shape[-1] else "n"
        found = function(f"{base}_{side}" + (f"_{rest}" if rest else ""))
    return found


def h(x: np.ndarray) -> np.ndarray:
    """The conjugate transpose."""
    y = x.swapaxes(-1, -2)
    return y.conj() if y.dtype.kind == "c" else y


def _failed(y: np.ndarray) -> bool:
    """NumPy fills the result of a matrix that has none with nan."""
    return bool(y.size) and bool(np.isnan(y[..., 0, 0]).any())


def _flat(x: np.ndarray) -> np.ndarray:
    """(*, N, M) -> (B, N, M), a copy."""
    count = int(np.prod(x.shape[:-2]))
    return np.array(x, order="C").reshape(count, *x.shape[-2:])


def _sizes(x: np.ndarray) -> np.ndarray:
    """|Re x| + |Im x|, by which LAPACK chooses pivots."""
    return np.abs(x.real) + np.abs(x.imag) if x.dtype.kind == "c" else np.abs(x)


# ---------------------------------------------------------------- LU


def lu(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x (*, N, M) -> L and U in one (*, N, M), pivots (*, min(N, M)) from 1, info (*)

    Partial pivoting, panels of columns; info is the first i with U[i, i] = 0, from 1, or 0.
    """
    batch, (n, m) = x.shape[:-2], x.shape[-2:]
    a = _flat(x)
    k = min(n, m)
    pivots = np.empty((len(a), k), np.int32)
    info = np.zeros(len(a), np.int32)
    every = np.arange(len(a))
    for start in range(0, k, _PANEL):
        end = min(start + _PANEL, k)
        for j in range(start, end):
            p = j + np.argmax(_sizes(a[:, j:, j]), 1)
            pivots[:, j] = p + 1
            row = a[every, p]
            a[every, p] = a[:, j]
            a[:, j] = row
            pivot = a[:, j, j]
            zero = pivot == 0
            if zero.any():
                info[zero & (info == 0)] = j + 1
                pivot = np.where(zero, 1, pivot)
            column = a[:, j + 1 :, j]
            column /= pivot[:, None]
            a[:, j + 1 :, j + 1 : end] -= column[:, :, None] * a[:, j, None, j + 1 : end]
        if end < m:
            for j in range(start, end - 1):  # L of the panel, solved with what stands right of it
                a[:, j + 1 : end, end:] -= a[:, j + 1 : end, j, None] * a[:, j, None, end:]
            a[:, end:, end:] -= a[:, end:, start:end] @ a[:, start:end, end:]
    return a.reshape(x.shape), pivots.reshape(*batch, k), info.reshape(batch)


def permutation(pivots: np.ndarray, n: int) -> np.ndarray:
    """Exchanges of rows (*, K) -> where each of the n rows of P A comes from (*, n)."""
    flat = pivots.reshape(int(np.prod(pivots.shape[:-1])), pivots.shape[-1]).astype(np.int64) - 1
    order = np.tile(np.arange(n), (len(flat), 1))
    every = np.arange(len(flat))
    for j in range(flat.shape[1]):
        p = flat[:, j]
        taken = order[every, p]
        order[every, p] = order[:, j]
        order[:, j] = taken
    return order.reshape(*pivots.shape[:-1], n)


# ---------------------------------------------------------------- equations


def triangular(a: np.ndarray, b: np.ndarray, upper: bool, unit: bool) -> np.ndarray:
    """a (*, N, N), b (*, N, K) -> X with a X = b; a zero on the diagonal gives inf and nan."""
    n = a.shape[-1]
    a = np.triu(a) if upper else np.tril(a)[..., ::-1, ::-1]
    b = b if upper else b[..., ::-1, :]
    if unit:
        a = a.copy()
        a[..., np.arange(n), np.arange(n)] = 1
    if (np.diagonal(a, 0, -2, -1) == 0).any():
        x = _substituted(a, b)
    else:
        x = _halved(a, b)
    return x if upper else x[..., ::-1, :]


def _halved(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Back substitution in blocks: most of it is products. A small upper triangle is its own LU."""
    n = a.shape[-1]
    if n <= _PANEL:
        return function("solve")(a, b)
    k = n // 2
    low = _halved(a[..., k:, k:], b[..., k:, :])
    up = _halved(a[..., :k, :k], b[..., :k, :] - np.matmul(a[..., :k, k:], low))
    batch = np.broadcast_shapes(up.shape[:-2], low.shape[:-2])
    return np.concatenate([np.broadcast_to(y, (*batch, *y.shape[-2:])) for y in (up, low)], -2)


def _substituted(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    x = np.array(np.broadcast_to(b, (*batch, *b.shape[-2:])))
    for i in reversed(range(a.shape[-1])):
        x[..., i, :] /= a[..., i, i, None]
        x[..., :i, :] -= a[..., :i, i, None] * x[..., i, None, :]
    return x


def solve(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """a (*, N, N), b (*, N, K) -> X with a X = b, info (*): the first zero pivot, from 1"""
    n, k = b.shape[-2:]
    if native is not None and 0 < n <= _SMALL and k and a.dtype.kind == "f" and a.size:
        if a.shape[:-2] == b.shape[:-2]:
            x = K.solve_small(a.reshape(-1, n, n), b.reshape(-1, n, k))
            if x is not None:
                return x.reshape(b.shape), np.zeros(b.shape[:-2], np.int32)
    x = function("solve")(a, b)
    batch = x.shape[:-2]
    if x.size and not _failed(x):
        return x, np.zeros(batch, np.int32)
    factors, pivots, info = lu(a)
    if info.any():
        rows = permutation(pivots, a.shape[-1])
        b = np.broadcast_to(b, (*batch, *b.shape[-2:]))
        rows = np.broadcast_to(rows, (*batch, a.shape[-1]))[..., None]
        y = triangular(factors, np.take_along_axis(b, rows, -2), False, True)
        careful = _substituted(np.triu(factors), y)
        info = np.broadcast_to(info, batch)
        x = np.where((info != 0)[..., None, None], careful, x)
    return x, np.array(np.broadcast_to(info, batch), np.int32)


def inv(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x (*, N, N) -> its inverse, info (*)"""
    y = function("inv")(x)
    if not _failed(y):
        return y, np.zeros(x.shape[:-2], np.int32)
    eye = np.broadcast_to(np.eye(x.shape[-1], dtype=x.dtype), x.shape)
    return solve(x, eye)


def lstsq(a: np.ndarray, b: np.ndarray, rcond: float) -> tuple:
    """a (*, N, M), b (*, N, K) -> X of the least |a X - b| and |X|, rank (*), singular values"""
    m, k = a.shape[-1], b.shape[-1]
    if not k:
        b = np.zeros((*b.shape[:-1], 1), b.dtype)
    real = a.real.dtype
    x, _, rank, s = of("lstsq", a)(a, b, real.type(rcond))
    return x[..., :m, :k], rank.astype(np.int64), s


# ---------------------------------------------------------------- Cholesky, L D Lᵀ


def cholesky(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The lower triangle of x (*, N, N) -> L with L Lᴴ = x, info (*): the leading minor, from 1,
    that is not positive."""
    y = function("cholesky_lo")(x)
    batch = x.shape[:-2]
    info = np.zeros(batch, np.int32)
    if not _failed(y):
        return y, info
    for i in np.ndindex(batch):
        if np.isnan(y[i][0, 0]):
            y[i], info[i] = _cholesky_until(x[i])
    return y, info


def _cholesky_until(x: np.ndarray) -> tuple[np.ndarray, int]:
    """What LAPACK leaves of a matrix without a factor."""
    a = np.tril(x)
    for j in range(len(a)):
        d = a[j, j].real - (a[j, :j] * a[j, :j].conj()).sum().real
        if not d > 0:
            a[j, j] = d
            return a, j + 1
        a[j, j] = np.sqrt(d)
        a[j + 1 :, j] = (a[j + 1 :, j] - a[j + 1 :, :j] @ a[j, :j].conj()) / a[j, j]
    return a, 0


def ldl(x: np.ndarray, hermitian: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The lower triangle of x (*, N, N) -> L and D in one, pivots (*, N), info (*)

    Bunch and Kaufman's diagonal pivoting, in LAPACK's form: a pivot k > 0 is an exchange with row
    k, two equal negative ones a block of 2 x 2. Source: Bunch & Kaufman 1977, Math. Comp. 31(137).
    """
    a, batch = _flat(np.tril(x)), x.shape[:-2]
    pivots = np.zeros(a.shape[:-1], np.int32)
    info = np.zeros(len(a), np.int32)
    for i in range(len(a)):
        info[i] = _ldl_of_one(a[i], pivots[i], hermitian and x.dtype.kind == "c")
    return a.reshape(x.shape), pivots.reshape(x.shape[:-1]), info.reshape(batch)


def _ldl_of_one(a: np.ndarray, pivots: np.ndarray, hermitian: bool) -> int:
    alpha, n, k, info = (1 + 17**0.5) / 8, len(a), 0, 0
    cc: Any = np.conj if hermitian else lambda v: v

    def size(i: int) -> float:
        return abs(a[i, i].real) if hermitian else float(_sizes(a[i, i]))

    while k < n:
        here, kp, step = size(k), k, 1
        below = _sizes(a[k + 1 :, k])
        imax = k + 1 + int(np.argmax(below)) if len(below) else k
        colmax = float(below.max(initial=0))
        if max(here, colmax) == 0 or np.isnan(here):
            info = info or k + 1
        elif here < alpha * colmax:
            row = np.concatenate([_sizes(a[imax, k:imax]), _sizes(a[imax + 1 :, imax])])
            rowmax = float(row.max())
            if here < alpha * colmax * (colmax / rowmax):
                kp = imax
                step = 1 if size(imax) >= alpha * rowmax else 2
        kk = k + step - 1
        if kp != kk:
            a[kp + 1 :, [kk, kp]] = a[kp + 1 :, [kp, kk]]
            between = a[kk + 1 : kp, kk].copy()
            a[kk + 1 : kp, kk] = cc(a[kp, kk + 1 : kp])
            a[kp, kk + 1 : kp] = cc(between)
            a[kp, kk] = cc(a[kp, kk])
            a[kk, kk], a[kp, kp] = a[kp, kp], a[kk, kk]
            if step == 2:
                a[k + 1, k], a[kp, k] = a[kp, k], a[k + 1, k]
        if hermitian:
            a[k, k] = a[k, k].real
        if step == 1:
            pivots[k] = kp + 1
            if max(here, colmax) != 0:
                v = a[k + 1 :, k] / a[k, k]
                a[k + 1 :, k + 1 :] -= np.tril(np.outer(v, cc(a[k + 1 :, k])))
                a[k + 1 :, k] = v
        else:
            pivots[k : k + 2] = -(kp + 1)
            block = _block(a, k, cc)
            v = a[k + 2 :, k : k + 2].copy()
            w = v @ np.linalg.inv(block).astype(a.dtype)
            a[k + 2 :, k + 2 :] -= np.tril(w @ cc(v).T)
            a[k + 2 :, k : k + 2] = w
        k += step
    return info


def _block(a: np.ndarray, k: int, cc: Any) -> np.ndarray:
    """The 2 x 2 block of D at k."""
    return np.array([[a[k, k], cc(a[k + 1, k])], [a[k + 1, k], a[k + 1, k + 1]]])


def ldl_solve(a: np.ndarray, pivots: np.ndarray, b: np.ndarray, hermitian: bool) -> np.ndarray:
    """X with A X = b for the factors of `ldl`; b (*, N, K)"""
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    x = np.array(np.broadcast_to(b, (*batch, *b.shape[-2:])))
    a = np.broadcast_to(a, (*batch, *a.shape[-2:]))
    pivots = np.broadcast_to(pivots, (*batch, pivots.shape[-1]))
    for i in np.ndindex(batch):
        _ldl_solve_one(a[i], pivots[i], x[i], hermitian and a.dtype.kind == "c")
    return x


def _ldl_solve_one(a: np.ndarray, pivots: np.ndarray, x: np.ndarray, hermitian: bool) -> None:
    cc: Any = np.conj if hermitian else lambda v: v
    steps, k = [], 0
    while k < len(a):
        step = 1 if pivots[k] > 0 else 2
        steps.append((k, step))
        p, last = abs(int(pivots[k])) - 1, k + step - 1
        x[[last, p]] = x[[p, last]]
        x[last + 1 :] -= a[last + 1 :, k : last + 1] @ x[k : last + 1]
        if step == 1:
            x[k] /= a[k, k].real if hermitian else a[k, k]
        else:
            x[k : k + 2] = np.linalg.solve(_block(a, k, cc), x[k : k + 2])
        k += step
    for k, step in reversed(steps):
        p, last = abs(int(pivots[k])) - 1, k + step - 1
        x[k : last + 1] -= cc(a[last + 1 :, k : last + 1]).T @ x[last + 1 :]
        x[[last, p]] = x[[p, last]]


# ---------------------------------------------------------------- values and vectors


def svd(x: np.ndarray, full: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x (*, N, M) -> U, S, Vᴴ"""
    if not x.size:
        n, m = x.shape[-2:]
        k = min(n, m)
        shapes = ((n, n), (m, m)) if full else ((n, k), (k, m))
        u, v = (np.zeros((*x.shape[:-2], *s), x.dtype) for s in shapes)
        for y in (u, v):
            y[...] = np.eye(*y.shape[-2:])
        return u, np.zeros((*x.shape[:-2], k), x.real.dtype), v
    return of("svd_f" if full else "svd_s", x)(x)


def singular_values(x: np.ndarray) -> np.ndarray:
    """x (*, N, M) -> S (*, min(N, M))"""
    if not x.size:
        return np.zeros((*x.shape[:-2], min(x.shape[-2:])), x.real.dtype)
    return of("svd", x)(x)


def eigh(x: np.ndarray, lower: bool) -> tuple[np.ndarray, np.ndarray]:
    """One triangle of x (*, N, N) -> eigenvalues, eigenvectors"""
    return function("eigh_lo" if lower else "eigh_up")(x)


def eigvalsh(x: np.ndarray, lower: bool) -> np.ndarray:
    """One triangle of x (*, N, N) -> eigenvalues"""
    return function("eigvalsh_lo" if lower else "eigvalsh_up")(x)


def eig(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x (*, N, N) -> complex eigenvalues, eigenvectors"""
    values, vectors = function("eig")(x)
    narrow = _complex(x)  # NumPy has no loop for complex64
    return values.astype(narrow, copy=False), vectors.astype(narrow, copy=False)


def eigvals(x: np.ndarray) -> np.ndarray:
    """x (*, N, N) -> complex eigenvalues"""
    return as_array(function("eigvals")(x)).astype(_complex(x), copy=False)


def _complex(x: np.ndarray) -> np.dtype:
    return np.result_type(x.dtype, np.complex64)


def det(x: np.ndarray) -> np.ndarray:
    """x (*, N, N) -> (*)"""
    return as_array(function("det")(x))


def slogdet(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x (*, N, N) -> sign, logarithm of the absolute value"""
    sign, log = function("slogdet")(x)
    return as_array(sign), as_array(log)
