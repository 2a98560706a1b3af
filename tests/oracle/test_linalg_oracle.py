"""torch.linalg beside a living PyTorch, on random matrices of all four dtypes.

Eigenvectors and singular vectors are compared by what they span: abs, or products.
"""

import numpy as np
import pytest
import torch as oracle

import rushlight

CASES = {
    "inv": lambda t, x, b: t.linalg.inv(x),
    "solve": lambda t, x, b: t.linalg.solve(x, b),
    "solve left=False": lambda t, x, b: t.linalg.solve(x, b.mT, left=False),
    "solve_triangular": lambda t, x, b: t.linalg.solve_triangular(x, b, upper=False),
    "det": lambda t, x, b: t.linalg.det(x),
    "slogdet": lambda t, x, b: tuple(t.linalg.slogdet(x)),
    "lu_factor": lambda t, x, b: tuple(t.linalg.lu_factor(x)),
    "lu": lambda t, x, b: tuple(t.linalg.lu(t.cat([x, b], -1))),
    "lu tall": lambda t, x, b: tuple(t.linalg.lu(t.cat([x, b], -1).mT)),
    "lu_solve": lambda t, x, b: t.linalg.lu_solve(*t.linalg.lu_factor(x), b, adjoint=True),
    "ldl_factor": lambda t, x, b: tuple(t.linalg.ldl_factor(x + x.mT)),
    "ldl_factor hermitian": lambda t, x, b: tuple(t.linalg.ldl_factor(x + x.mH, hermitian=True)),
    "cholesky": lambda t, x, b: t.linalg.cholesky(x @ x.mH),
    "qr": lambda t, x, b: tuple(t.linalg.qr(b)),
    "geqrf": lambda t, x, b: tuple(t.geqrf(b)),
    "eigvalsh": lambda t, x, b: t.linalg.eigvalsh(x),
    "eigh": lambda t, x, b: t.linalg.eigh(x).eigenvectors.abs(),
    "svdvals": lambda t, x, b: t.linalg.svdvals(b),
    "svd": lambda t, x, b: t.linalg.svd(b, full_matrices=False).U.abs(),
    "pinv": lambda t, x, b: t.linalg.pinv(b),
    "lstsq": lambda t, x, b: t.linalg.lstsq(b, x).solution,
    "matrix_exp": lambda t, x, b: t.linalg.matrix_exp(x / 4),
    "cond": lambda t, x, b: t.linalg.cond(x, 1),
}


@pytest.mark.parametrize("kind", "fFdD")
@pytest.mark.parametrize("n", [1, 4, 40])
@pytest.mark.parametrize("name", CASES)
def test_as_in_pytorch(name, n, kind):
    draw = np.random.default_rng(n).standard_normal
    x, b = (
        draw(s) + (1j * draw(s) if kind in "FD" else 0) for s in ((2, n, n), (2, n, (n + 1) // 2))
    )
    x, b = (x + 3 * np.eye(n)).astype(kind), b.astype(kind)
    found = CASES[name](rushlight, rushlight.tensor(x), rushlight.tensor(b))
    wanted = CASES[name](oracle, oracle.tensor(x), oracle.tensor(b))
    if not isinstance(found, tuple):
        found, wanted = (found,), (wanted,)
    tolerance = 5e-3 if kind in "fF" else 1e-9  # times the condition, up to 1000
    for y, z in zip(found, wanted, strict=True):
        assert str(y.dtype) == str(z.dtype)
        size = max(1.0, float(z.abs().amax()))
        np.testing.assert_allclose(y.numpy(), z.resolve_conj().numpy(), tolerance, tolerance * size)
