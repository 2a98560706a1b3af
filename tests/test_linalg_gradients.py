"""First and second derivatives of torch.linalg against central differences, real and complex.

Eigenvectors and singular vectors are determined up to a factor of modulus 1: their losses here do
not depend on it.
"""

import numpy as np
import pytest

import rushlight as torch
from rushlight.autograd import gradcheck, gradgradcheck

L = torch.linalg


def hermitian(x):
    return x + x.mH


def positive(x):
    return x @ x.mH + 2 * torch.eye(x.shape[-1], dtype=x.dtype)


def projected(x):
    u, _, vh = L.svd(x, False)
    return u @ vh


# name -> (function, shapes of its arguments)
CASES = {
    "inv": (L.inv, [(2, 3, 3)]),
    "matrix_power": (lambda x: L.matrix_power(x, -3), [(3, 3)]),
    "det": (L.det, [(2, 3, 3)]),
    "slogdet": (L.slogdet, [(2, 3, 3)]),
    "logdet": (lambda x: torch.logdet(positive(x)), [(2, 3, 3)]),
    "cholesky": (lambda x: L.cholesky(positive(x)), [(2, 3, 3)]),
    "cholesky upper": (lambda x: L.cholesky(positive(x), upper=True), [(3, 3)]),
    "cholesky_solve": (
        lambda b, x: torch.cholesky_solve(b, L.cholesky(positive(x))),
        [(3, 2), (2, 3, 3)],
    ),
    "cholesky_inverse": (lambda x: torch.cholesky_inverse(L.cholesky(positive(x))), [(3, 3)]),
    "lu": (lambda x: L.lu(x)[1:], [(2, 3, 3)]),
    "lu wide": (lambda x: L.lu(x)[1:], [(3, 5)]),
    "lu tall": (lambda x: L.lu(x)[1:], [(5, 3)]),
    "lu_solve": (lambda x, b: L.lu_solve(*L.lu_factor(x), b), [(3, 3), (3, 2)]),
    "lu_solve adjoint, from the right": (
        lambda x, b: L.lu_solve(*L.lu_factor(x), b, adjoint=True, left=False),
        [(3, 3), (2, 3)],
    ),
    "solve": (L.solve, [(2, 3, 3), (3, 2)]),
    "solve_ex": (lambda x, b: L.solve_ex(x, b, left=False)[0], [(2, 3, 3), (4, 3)]),
    "solve_triangular": (
        lambda x, b: L.solve_triangular(x + 4 * torch.eye(3), b, upper=True, left=False),
        [(2, 3, 3), (2, 3)],
    ),
    "qr": (L.qr, [(4, 3)]),
    "qr wide": (L.qr, [(2, 3, 5)]),
    "qr complete": (lambda x: L.qr(x, "complete"), [(2, 3, 3)]),
    "ormqr": (lambda x, t, c: torch.ormqr(x, t, c, False, True), [(4, 2), (2,), (3, 4)]),
    "eigh": (lambda x: (L.eigh(hermitian(x))[0], L.eigh(hermitian(x))[1].abs()), [(2, 3, 3)]),
    "eigvalsh": (lambda x: L.eigvalsh(hermitian(x), UPLO="U"), [(2, 3, 3)]),
    "eig": (lambda x: (L.eig(x)[0], L.eig(x)[1].abs()), [(2, 3, 3)]),
    "eigvals": (L.eigvals, [(2, 3, 3)]),
    "svd tall": (lambda x: [y.abs() for y in L.svd(x, False)], [(2, 4, 3)]),
    "svd wide": (projected, [(2, 3, 5)]),
    "svd": (projected, [(3, 3)]),
    "svd full": (lambda x: L.svd(x)[0][..., :3].abs(), [(4, 3)]),
    "svdvals": (L.svdvals, [(2, 4, 3)]),
    "pinv": (L.pinv, [(2, 4, 3)]),
    "pinv hermitian": (lambda x: L.pinv(hermitian(x), hermitian=True), [(3, 3)]),
    "lstsq": (lambda a, b: L.lstsq(a, b, driver="gels")[:2], [(4, 3), (4, 2)]),
    "lstsq wide": (lambda a, b: L.lstsq(a, b)[0], [(2, 3, 4), (2, 3, 2)]),
    "nuclear norm": (lambda x: L.matrix_norm(x, "nuc"), [(2, 3, 4)]),
    "norm 2": (lambda x: L.matrix_norm(x, 2), [(2, 3, 4)]),
    "norm 1": (lambda x: L.matrix_norm(x, 1, keepdim=True), [(2, 3, 4)]),
    "norm of rows": (lambda x: L.norm(x, -float("inf"), dim=(0, 2)), [(2, 3, 4)]),
    "cond": (lambda x: (L.cond(x), L.cond(x, "fro"), L.cond(x, 1)), [(2, 3, 3)]),
    "tensorinv": (lambda x: L.tensorinv(x, ind=1), [(4, 2, 2)]),
    "tensorsolve": (L.tensorsolve, [(2, 2, 4), (2, 2)]),
    "vecdot": (L.vecdot, [(2, 2, 4), (2, 4)]),
}


def leaves(shapes, complex_numbers):
    draw = np.random.default_rng(3).standard_normal
    for shape in shapes:
        x = draw(shape) + (1j * draw(shape) if complex_numbers else 0)
        yield torch.tensor(x).requires_grad_()


@pytest.mark.parametrize("complex_numbers", [False, True])
@pytest.mark.parametrize("name", CASES)
def test_derivatives(name, complex_numbers):
    function, shapes = CASES[name]
    inputs = tuple(leaves(shapes, complex_numbers))
    assert gradcheck(function, inputs)
    assert gradgradcheck(function, inputs)


@pytest.mark.parametrize("rows", [[[1, 2], [2, 4]], [[1, 2, 3], [2, 4, 7], [3, 6, 1]]])
def test_det_of_singular_matrices(rows):
    """The adjugate; PyTorch's gradient is 0 where the determinant is exactly 0."""
    assert gradcheck(L.det, (torch.tensor(rows, dtype=torch.float64).requires_grad_(),))


def test_equal_singular_values():
    """Values alone have a gradient where vectors have none."""
    x = torch.eye(3, dtype=torch.float64).requires_grad_()
    for values in (L.svdvals(x), L.svd(x).S, L.eigh(x).eigenvalues, L.eigvalsh(x)):
        x.grad = None
        values.sum().backward()
        assert torch.equal(x.grad, torch.eye(3, dtype=torch.float64))


@pytest.mark.parametrize("changed", [0, 1, 2])
def test_every_saved_output_has_its_version_checked(changed):
    """backward names several outputs: `out`, `out1`, `out2`."""
    x = next(leaves([(3, 3)], False))
    results = L.svd(x)
    loss = results[0].abs().sum() + results[2].abs().sum()
    with torch.no_grad():
        results[changed].mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


@pytest.mark.parametrize(
    "function",
    [
        L.inv,
        L.pinv,
        lambda x: L.solve_ex(x, x.mT)[0],
        lambda x: L.solve_triangular(x, x.mT, upper=True),
        lambda x: torch.cholesky_inverse(L.cholesky(positive(x))),
        lambda x: L.qr(x).R,
        lambda x: L.svdvals(x),
    ],
)
def test_forward_mode_and_vmap(function):
    """Operands of these cards broadcast their batches, but they are not elementwise."""
    x = np.random.default_rng(0).standard_normal((4, 3, 3))
    t, step = 2 * x + 1, 1e-6
    found = torch.func.jvp(function, (torch.tensor(x),), (torch.tensor(t),))[1].numpy()
    up, down = (function(torch.tensor(x + s * t)).numpy() for s in (step, -step))
    np.testing.assert_allclose(found, (up - down) / (2 * step), 1e-6, 1e-6)
    each = torch.func.vmap(function)(torch.tensor(x)).numpy()
    np.testing.assert_allclose(each, function(torch.tensor(x)).numpy(), 1e-9, 1e-9)
