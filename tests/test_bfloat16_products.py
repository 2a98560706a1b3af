"""Products of bfloat16: sums in float32, rounded once, the same bits on any number of threads.

Numbers are eighths of at most 8 bits, so that sums of their products are exact in float32 in any
order: what is left is one rounding, which is compared with NumPy's of float64.
"""

from itertools import product

import numpy as np
import pytest

import rushlight as torch
from rushlight import kernels as seam
from rushlight.kernels import K

F = torch.nn.functional
B = torch.bfloat16
SIZES = list(product((1, 2, 6, 9, 17, 50, 200), (1, 3, 33, 64, 300), (1, 7, 32, 33, 600)))


@pytest.fixture(autouse=True, params=[False, True], ids=["in float32", "by the processor"])
def products(request):
    """Products in float32, and by the processor's instruction, if it has it."""
    if seam.native is None:
        yield
        return
    before = seam.native.get_bf16_products()
    seam.native.set_bf16_products(request.param)
    yield
    seam.native.set_bf16_products(before)


def eighths(*shape, seed=0):
    g = np.random.default_rng(seed)
    return torch.tensor(g.integers(-12, 13, shape) / 8).to(B)


def exactly(x):
    """Float64 numbers rounded to bfloat16."""
    return torch.tensor(np.asarray(x, np.float32)).to(B)


def double(t):
    return t.double().numpy()


def same(got, expected):
    assert got.dtype is B and got.shape == expected.shape
    np.testing.assert_array_equal(double(got), double(expected))


def on_threads(f):
    """f() on one thread and on two: the same bits."""
    before = torch.get_num_threads()
    results = []
    for n in (1, 2):
        torch.set_num_threads(n)
        results.append(f())
    torch.set_num_threads(before)
    assert results[0].view(torch.int16).tolist() == results[1].view(torch.int16).tolist()
    return results[0]


@pytest.mark.parametrize(("n", "m", "k"), SIZES)
def test_matmul(n, m, k):
    x, y = eighths(n, k), eighths(k, m, seed=1)
    expected = exactly(double(x) @ double(y))
    for a in (x, x.t().contiguous().t()):
        for b in (y, y.t().contiguous().t()):
            same(on_threads(lambda a=a, b=b: a @ b), expected)
    wide = torch.zeros(n, 2 * k, dtype=B)
    wide[:, ::2] = x
    same(wide[:, ::2] @ y, expected)


@pytest.mark.parametrize(
    ("rows", "out", "k"), [(1, 300, 70), (5, 9, 33), (64, 130, 50), (200, 8, 64)]
)
def test_linear_and_its_gradients(rows, out, k):
    x, w, b = eighths(rows, k), eighths(out, k, seed=1), eighths(out, seed=2)
    x, w, b = (t.requires_grad_() for t in (x, w, b))
    y = F.linear(x, w, b)
    same(y.detach(), exactly(double(x.detach()) @ double(w.detach()).T + double(b.detach())))
    g = eighths(rows, out, seed=3)
    y.backward(g)
    same(x.grad, exactly(double(g) @ double(w.detach())))
    same(w.grad, exactly(double(g).T @ double(x.detach())))
    same(b.grad, exactly(double(g).sum(0)))


def test_batches_and_broadcasting():
    x, y = eighths(5, 1, 20, 30), eighths(3, 30, 40, seed=1)
    same(on_threads(lambda: x @ y), exactly(double(x) @ double(y)))
    same(x @ y.transpose(1, 2).contiguous().transpose(1, 2), exactly(double(x) @ double(y)))
    p, q = eighths(6, 20, 30), eighths(6, 30, 9, seed=1)
    same(torch.bmm(p, q), exactly(double(p) @ double(q)))


def test_addmm_rounds_once():
    b, x, y = eighths(40, seed=2), eighths(12, 600), eighths(600, 40, seed=1)
    leaves = [t.requires_grad_() for t in (b, x, y)]
    z = torch.addmm(*leaves)
    b, x, y = (double(t.detach()) for t in leaves)
    same(z.detach(), exactly(x @ y + b))
    g = eighths(12, 40, seed=3)
    z.backward(g)
    db, dx, dy = (t.grad for t in leaves)
    same(db, exactly(double(g).sum(0)))
    same(dx, exactly(double(g) @ y.T))
    same(dy, exactly(x.T @ double(g)))
    half = torch.addmm(*[t.detach() for t in leaves], beta=0.5, alpha=2)
    same(half, exactly(2 * (x @ y) + 0.5 * b))


def test_infinities_and_nan():
    x, y = eighths(20, 40), eighths(40, 70, seed=1)
    x[3, 5], x[4, 6] = float("inf"), float("nan")
    y[5, 9] = 0
    z = x @ y
    assert z[4].isnan().all() and not z[5:].isnan().any()
    assert z[3, 9].isnan() and z[3].isinf().sum() == (y[5] != 0).sum()


def test_nothing_to_add_up():
    x = torch.zeros(3, 0, dtype=B)
    assert (x @ x.t()).tolist() == [[0.0] * 3] * 3
    assert F.linear(x, torch.zeros(2, 0, dtype=B), eighths(2)).tolist() == [eighths(2).tolist()] * 3


def test_half_products_run_in_the_native_kernels(monkeypatch):
    """What is widened to float32 is computed by the kernel, not by its twin."""
    seen = []
    for name in ("matmul", "logsumexp"):
        own = seam.TABLE[name]
        monkeypatch.setitem(
            seam.TABLE, name, lambda *a, own=own: (seen.append(a[0].dtype), own(*a))[1]
        )
    x = eighths(4, 5).half()
    same((x @ x.t()).to(B), exactly(double(x) @ double(x).T))
    K.logsumexp(x._a, 1, False)
    if seam.native is not None:
        assert seen == [np.float32, np.float32]


def bits_of_bfloat16(x):
    return double(torch.tensor(x).to(B))


@pytest.mark.parametrize("precision", ["highest", "high", "medium"])
def test_float32_matmul_precision(precision):
    """Only "medium" may round operands to bfloat16; sums and results stay float32."""
    g = np.random.default_rng(0)
    x, w, dy = (g.standard_normal(s).astype("f") for s in ((30, 200), (50, 200), (30, 50)))
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision(precision)
    try:
        assert torch.get_float32_matmul_precision() == precision
        got = [K.linear(x, w, None), K.matmul(x, w.T), K.linear_dx(dy, w), K.linear_dw(dy, x)]
        few = K.matmul(x[:4], w.T)
    finally:
        torch.set_float32_matmul_precision(before)

    def products(x, w, dy):
        return [x @ w.T, x @ w.T, dy @ w, dy.T @ x]

    exact = products(*(a.astype("d") for a in (x, w, dy)))
    rounded = products(*(bits_of_bfloat16(a) for a in (x, w, dy)))
    for y, e, r in zip(got, exact, rounded, strict=True):
        assert y.dtype == np.float32
        far = np.abs(y - e).max()
        if far > 1e-4:  # where the processor has the instruction
            assert precision == "medium" and np.abs(y - r).max() < 1e-4
    assert np.abs(few - exact[0][:4]).max() < 1e-4


def test_an_unknown_precision_warns_and_changes_nothing():
    with pytest.warns(UserWarning, match="x is not one of 'highest', 'high', or 'medium'"):
        torch.set_float32_matmul_precision("x")
    assert torch.get_float32_matmul_precision() == "highest"
    with pytest.raises(RuntimeError, match="expects a str, but got int"):
        torch.set_float32_matmul_precision(3)
