"""torch.linalg and its older names: as recorded from PyTorch (linalg_cases.py,
tools/freeze_linalg.py), and what the recording cannot say.
"""

import json
from pathlib import Path

import linalg_cases
import numpy as np
import pytest
from op_cases import agree

import rushlight as torch
from rushlight.kernels import umath_linalg

L = torch.linalg
CASES = json.loads((Path(__file__).parent / "frozen" / "linalg.json").read_text())["cases"]


def test_the_recording_is_of_these_cases():
    assert list(CASES) == linalg_cases.CASES


@pytest.mark.parametrize("code", CASES)
def test_as_in_pytorch(code):
    found = linalg_cases.evaluate(torch, code)
    # float32 through factors of matrices whose condition is up to 20
    assert agree(found, CASES[code], 5e-5), (found, CASES[code])


def random(*shape, seed=0, kind="d"):
    draw = np.random.default_rng(seed).standard_normal
    x = draw(shape) + (1j * draw(shape) if kind in "FD" else 0)
    return torch.tensor(x.astype(kind))


def same(x, y, tolerance=1e-10):
    np.testing.assert_allclose(x.numpy(), y.numpy(), tolerance, tolerance)


# ---------------------------------------------------------------- factors multiply to the matrix


@pytest.mark.parametrize("kind", "dD")
@pytest.mark.parametrize("shape", [(5, 5), (2, 3, 70, 70), (80, 45), (2, 45, 80), (1, 1)])
def test_lu(shape, kind):
    """More columns than a panel: the part right of it is solved and subtracted."""
    x = random(*shape, kind=kind)
    p, low, up = L.lu(x)
    same(p @ low @ up, x)
    assert low.abs().amax() <= 2**0.5 + 1e-12  # LAPACK's size of complex pivots is |re| + |im|
    lu, pivots = L.lu_factor(x)
    again = torch.lu_unpack(lu, pivots)
    assert torch.equal(again.P, p) and torch.equal(again.U, up)


@pytest.mark.parametrize("hermitian", [False, True])
@pytest.mark.parametrize("kind", "dD")
@pytest.mark.parametrize("n", [1, 2, 7, 30])
def test_ldl(n, kind, hermitian):
    x = random(2, n, n, seed=n, kind=kind)
    x = x + (x.mH if hermitian else x.mT)
    x.diagonal(0, -2, -1)[..., ::2] *= 1e-3  # small pivots: blocks of 2 x 2
    ld, pivots = L.ldl_factor(x, hermitian=hermitian)
    assert n < 7 or (pivots < 0).any()
    b = random(2, n, 3, kind=kind)
    same(x @ L.ldl_solve(ld, pivots, b, hermitian=hermitian), b, 1e-8)


@pytest.mark.parametrize("kind", "fFdD")
def test_dtypes(kind):
    """Each dtype in its own precision; values and sizes are real."""
    x = random(4, 3, 3, kind=kind)
    real = x.abs().dtype
    for y in (L.inv(x), L.svd(x).U, L.qr(x).Q, L.lu(x).L, L.eigh(x).eigenvectors, L.det(x)):
        assert y.dtype is x.dtype
    for y in (L.svdvals(x), L.eigvalsh(x), L.slogdet(x).logabsdet, L.cond(x), L.matrix_norm(x)):
        assert y.dtype is real
    assert L.eigvals(x).dtype is torch.complex(x.abs(), x.abs()).dtype
    same(L.inv(x) @ x, torch.eye(3, dtype=x.dtype).expand(4, 3, 3), 1e-4 if kind in "fF" else 1e-10)


def test_decompositions():
    x = random(2, 6, 4, kind="D")
    u, s, vh = L.svd(x, full_matrices=False)
    same((u * s[:, None]) @ vh, x)
    q, r = L.qr(x)
    same(q @ r, x)
    q, r = L.qr(x, mode="complete")
    same(q @ r, x)
    same(q.mH @ q, torch.eye(6, dtype=q.dtype).expand(2, 6, 6))
    a, tau = torch.geqrf(x)
    same(torch.ormqr(a, tau, x, transpose=True), torch.cat([r[:, :4], 0 * r[:, 4:]], 1))
    h = x.mH @ x
    values, vectors = L.eigh(h, UPLO="U")
    same(h @ vectors, vectors * values[:, None])
    values, vectors = L.eig(x[:, :4])
    same(x[:, :4] @ vectors, vectors * values[:, None])


def test_pseudoinverse_and_least_squares():
    x, b = random(2, 6, 4), random(2, 6, 3)
    y = L.pinv(x)
    same(x @ y @ x, x)
    same((x @ y).mT, x @ y)
    for driver in ("gels", "gelsy", "gelsd", "gelss"):
        same(L.lstsq(x, b, driver=driver).solution, y @ b)
    low = x[..., :2] @ x[..., :2].mT
    assert L.matrix_rank(low).tolist() == L.matrix_rank(low, hermitian=True).tolist() == [2, 2]
    same(L.pinv(low, hermitian=True, rtol=1e-10), L.pinv(low, rtol=1e-10), 1e-8)
    assert L.lstsq(low, b).rank.tolist() == [2, 2]


# ---------------------------------------------------------------- what has no result


def test_the_error_has_a_type_and_names_the_matrix():
    assert issubclass(L.LinAlgError, RuntimeError)
    x = torch.eye(3).repeat(4, 1, 1)
    x[2, 1, 1] = 0
    for call in (
        lambda: L.inv(x),
        lambda: L.solve(x, torch.ones(3)),
        lambda: torch.cholesky_inverse(x),
        lambda: L.cholesky(-x),
        lambda: L.svd(x / 0),
    ):
        with pytest.raises(L.LinAlgError, match=r"\(Batch element [02]\)"):
            call()


def test_one_bad_matrix_leaves_the_others_of_its_batch():
    x = torch.stack([torch.eye(2) * 2, torch.zeros(2, 2), torch.eye(2)])
    inverse, info = L.inv_ex(x)
    assert info.tolist() == [0, 1, 0]
    assert torch.equal(inverse[0], torch.eye(2) / 2) and torch.equal(inverse[2], torch.eye(2))
    result, info = L.solve_ex(x, torch.ones(2, 1))
    assert info.tolist() == [0, 1, 0] and result[0].tolist() == [[0.5], [0.5]]
    factor, info = L.cholesky_ex(torch.stack([torch.eye(2), torch.tensor([[1.0, 2], [2, 1]])]))
    assert info.tolist() == [0, 2] and factor[1].tolist() == [[1, 0], [2, -3]]


def test_nan_is_no_singular_matrix():
    x = torch.full((2, 2), float("nan"))
    assert L.inv(x).isnan().all() and L.solve(x, torch.ones(2)).isnan().all()
    with pytest.raises(RuntimeError, match="should not contain infs or NaNs"):
        L.eig(x)


# ---------------------------------------------------------------- many vectors


def test_low_rank():
    torch.manual_seed(0)
    x = random(40, 3) @ random(3, 30, seed=1)
    u, s, v = torch.svd_lowrank(x, q=5)
    same((u * s) @ v.mT, x, 1e-9)
    same(s[:3], L.svdvals(x)[:3], 1e-9)
    u, s, v = torch.pca_lowrank(x.mT, q=3)
    centred = x.mT - x.mT.mean(0)
    same((u * s) @ v.mT, centred, 1e-9)


@pytest.mark.parametrize("largest", [False, True])
def test_lobpcg(largest):
    torch.manual_seed(0)
    x = random(40, 40)
    x = x @ x.mT + torch.diag(torch.arange(40.0, dtype=torch.float64) * 10)
    b = torch.diag(torch.linspace(1, 2, 40, dtype=torch.float64))
    values, vectors = torch.lobpcg(x, k=3, largest=largest, tol=1e-12)
    every = L.eigvalsh(x)
    same(values, every.flip(0)[:3] if largest else every[:3], 1e-9)
    same(x @ vectors, vectors * values, 1e-5)
    values, vectors = torch.lobpcg(x, k=3, B=b, largest=largest, tol=1e-12)
    same(x @ vectors, b @ vectors * values, 1e-5)
    leaf = x.clone().requires_grad_()
    exact = torch.lobpcg(leaf, k=3, B=b, largest=largest)[0]
    same(values, exact.detach(), 1e-9)
    exact.sum().backward()
    same(leaf.grad, vectors @ vectors.mT, 1e-5)


@pytest.mark.parametrize(
    "call",
    [
        L.inv,
        L.cholesky,
        L.svd,
        L.lu,
        L.lu_factor,
        L.ldl_factor,
        torch.cholesky_inverse,
        lambda x: torch.lu_unpack(*L.lu_factor(x)),
        lambda x: L.matrix_power(x, -2),
        lambda x: L.solve(x, x[0, :, :2]),
    ],
)
def test_shapes_without_elements(call):
    """What looks at the result of a factorization does not on "meta"."""
    positive = torch.eye(3).repeat(2, 1, 1)
    found, wanted = call(torch.empty(2, 3, 3, device="meta")), call(positive)
    for y, z in zip(*(r if isinstance(r, tuple) else (r,) for r in (found, wanted)), strict=True):
        assert y.is_meta and y.shape == z.shape


@pytest.mark.parametrize("call", [L.inv, L.svdvals, L.qr, L.eigvals, torch.geqrf, torch.pinverse])
def test_autocast_computes_in_float32(call):
    """LAPACK has no 16-bit floats: PyTorch's list of ops that are cast to float32."""
    x = torch.tensor([[2.0, 0.5], [0.5, 1.0]])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found, wanted = call(x.bfloat16()), call(x)
    for y, z in zip(*(r if isinstance(r, tuple) else (r,) for r in (found, wanted)), strict=True):
        assert torch.equal(y, z)


def test_blas_threads_are_left_as_they_were(monkeypatch):
    """Small matrices take one thread of NumPy's BLAS, which has its threads back after."""
    threads, set_to = [3], []

    def set_threads(n):
        set_to.append(n)
        threads[0] = n

    monkeypatch.setattr(umath_linalg, "blas_threads", lambda: (lambda: threads[0], set_threads))
    assert torch.linalg.svdvals(torch.eye(4)).tolist() == [1, 1, 1, 1]
    assert set_to == [1, 3]
    torch.linalg.svdvals(torch.eye(umath_linalg._LARGE))
    assert set_to == [1, 3]
    with pytest.raises(torch.linalg.LinAlgError):
        torch.linalg.inv(torch.zeros(2, 2))
    assert threads == [3] and set_to[:4] == [1, 3, 1, 3]


def test_numpys_blas_is_found():
    """NumPy's own wheels bring OpenBLAS; of another BLAS nothing is set."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]
    found = umath_linalg.blas_threads()
    assert (found is not None) == ("openblas" in blas)
    if found:
        before = found[0]()
        found[1](1)
        assert found[0]() == 1
        found[1](before)
        assert found[0]() == before
