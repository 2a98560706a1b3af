"""src/rushlight/random/sobol_directions.npy: the initial direction numbers of Joe and Kuo.

    python tools/freeze_sobol.py        (needs PyTorch, whose engine carries the numbers)

S. Joe, F. Y. Kuo 2008, "Constructing Sobol sequences with better two-dimensional projections",
SIAM J. Sci. Comput. 30: dimension k has the k-th primitive polynomial over GF(2), of degree s,
and s odd numbers m_1 .. m_s below 2, 4, .. 2^s. All else follows from these by the recurrence,
which is checked here. Row k holds the polynomial and then the m_i; dimensions up to that of the
last polynomial of degree 13.
"""

from pathlib import Path

import numpy as np
from torch.quasirandom import SobolEngine

from rushlight.random.sobol import BITS, directions

DEGREE = 13
FILE = Path(__file__).parents[1] / "src/rushlight/random/sobol_directions.npy"


def primitive(degree):
    """The primitive polynomials of a degree over GF(2), by value: those whose powers of x give all
    2^degree - 1 residues."""
    order = 2**degree - 1
    primes = [p for p in range(2, order + 1) if order % p == 0 and all(p % q for q in range(2, p))]
    for low in range(1, 2**degree, 2):
        p = 2**degree | low
        if _power(order, p, degree) == 1 and all(
            _power(order // q, p, degree) != 1 for q in primes
        ):
            yield p


def _power(n, p, degree):
    """x^n modulo p, by squaring."""
    y, base = 1, 2 if degree > 1 else 1
    while n:
        if n & 1:
            y = _product(y, base, p, degree)
        base, n = _product(base, base, p, degree), n >> 1
    return y


def _product(a, b, p, degree):
    y = 0
    while b:
        if b & 1:
            y ^= a
        a, b = a << 1, b >> 1
        if a >> degree & 1:
            a ^= p
    return y


def main():
    """Takes the m_i from PyTorch's state, whose column i is m_i 2^(BITS - i)."""
    polynomials = [p for degree in range(1, DEGREE + 1) for p in primitive(degree)]
    count = len(polynomials) + 1  # the first dimension has none
    theirs = SobolEngine(count).sobolstate.numpy()
    table = np.zeros((count - 1, 1 + DEGREE), np.uint16)
    for row, p, state in zip(table, polynomials, theirs[1:], strict=True):
        row[0] = p
        for i in range(p.bit_length() - 1):
            row[1 + i] = state[i] >> (BITS - 1 - i)
    np.save(FILE, table)
    assert np.array_equal(directions(count), theirs)
    print(f"{FILE}: {count} dimensions, {FILE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
