"""Sobol sequences: direction numbers, and points from them.

D dimensions, B = 30 bits, n points
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

__all__ = ["BITS", "LARGEST", "directions", "parities", "points"]

BITS = 30
#: dimensions: as many as there are primitive polynomials up to degree 13, and one
LARGEST = 1111


def directions(dimension: int) -> np.ndarray:
    """The direction numbers v of each dimension, as integers of BITS bits.

    v_i = m_i 2^(B-i), with m_i odd numbers that are given for the first s of them (s the degree of
    the dimension's polynomial x^s + a_1 x^(s-1) + .. + 1) and then
    v_i = a_1 v_(i-1) ^ .. ^ a_(s-1) v_(i-s+1) ^ v_(i-s) ^ (v_(i-s) >> s);  dimension 0 has m_i = 1

    shape   (D, B) int64
    source  Sobol' 1967; numbers: Joe, Kuo 2008, doi:10.1137/070709359
    """
    table = np.load(Path(__file__).with_name("sobol_directions.npy")).astype(np.int64)
    v = np.empty((dimension, BITS), np.int64)
    v[0] = 1 << np.arange(BITS - 1, -1, -1)
    if dimension == 1:
        return v
    polynomial, m = table[: dimension - 1, 0], table[: dimension - 1, 1:]
    degrees = np.log2(polynomial).astype(int)
    for s in np.unique(degrees):
        rows = np.flatnonzero(degrees == s)
        w = v[1 + rows]  # (rows, B)
        for i in range(BITS):
            if i < s:
                w[:, i] = m[rows, i] << (BITS - 1 - i)
                continue
            w[:, i] = w[:, i - s] ^ (w[:, i - s] >> s)
            for k in range(1, s):
                w[:, i] ^= (polynomial[rows] >> (s - k) & 1) * w[:, i - k]
        v[1 + rows] = w
    return v


def parities(v: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Direction numbers whose bits are sums mod 2 of bits: a linear scrambling.

    v (D, B), triangles (D, B, B) of 0 and 1: bit p of a result, from the highest, is that of v plus
    the bits q < p of v where triangles[p, q] is 1

    source  Matousek 1998, doi:10.1006/jcom.1998.0489
    """
    bits = v[:, :, None] >> np.arange(BITS - 1, -1, -1) & 1  # (D, B numbers, B bits)
    lower = np.tril(triangles, -1) + np.eye(BITS, dtype=np.int64)
    mixed = np.matmul(bits, lower.transpose(0, 2, 1)) & 1  # (D, B, B)
    return mixed @ (1 << np.arange(BITS - 1, -1, -1))


def points(quasi: np.ndarray, v: np.ndarray, first: int, n: int) -> np.ndarray:
    """Integers after `quasi`, the first-th of the sequence: each differs from the one before by one
    direction number, that of the lowest zero bit of its index (Gray code).

    shape   quasi (D), v (D, B) -> (n, D) int64
    source  Antonov, Saleev 1979
    """
    index = np.arange(first, first + n)
    lowest = np.log2(~index & (index + 1)).astype(int) if n else index
    return np.bitwise_xor.accumulate(np.vstack([quasi[None], v[:, lowest].T]), 0)[1:]
