"""Functions of a few numbers that take short ways, beside PyTorch."""

import numpy as np
import pytest
import torch
import torch.nn.functional

import rushlight

EXPRESSIONS = """
T.outer(v, w); T.outer(v[::2], w); v @ w; T.linalg.cross(m, n, dim=1); T.cross(m.t(), n.t(), 0)
T.var(m, 1); T.std(m); T.std(m, 0, correction=0); T.var_mean(m, 1); T.std_mean(m)
T.var_mean(m, 0, keepdim=True); T.std(m, (0, 1)); T.var(e, 1)
F.normalize(m); F.normalize(m, dim=0); F.normalize(m, p=1); F.normalize(m * 0)
F.cosine_similarity(m, n); F.cosine_similarity(m, n, 0); F.cosine_similarity(m, n[:1])
F.glu(u); F.glu(u, 0); F.glu(u.t(), 0); F.nll_loss(m, t); F.nll_loss(m, t, reduction='sum')
F.nll_loss(m, t, ignore_index=1); F.nll_loss(m, t, reduction='none')
F.pad(p, (1, 2, 2, 1), 'reflect'); F.pad(p, (1, 2, 2, 1), 'replicate')
F.pad(p, (1, 2, 2, 1), 'circular'); F.pad(p, (-1, 2, 2, -1), 'reflect')
F.pad(p, (-1, 1, 0, -1), 'circular'); F.pad(p[0], (1, 2), 'replicate')
F.pad(p, (3, 0, 0, 2), 'reflect')
m[t, 0]; m[:, t[:2]]; m[t, t % 3]; m[-1, t % 3]; m.aminmax(); m.aminmax(dim=1)
F.max_pool1d(p[0], 2); F.max_pool1d(p[0], 3, 2, 1); F.max_pool1d(p[0], 2, ceil_mode=True)
T.take_along_dim(m, t[:, None] % 3, 1); m.count_nonzero(); (m > 0).any(); (m > 0).all()
k % 3; k % -3; k % k.clamp(1, 4); m * t[:, None]; m * (m > 0)
m + (m > 0); m - t[:, None]; m / t[:, None]
k.median(); k.median(1); k.median(0); k.mode(); k.mode(1, True); m.median(); m.median(1); m.mode()
m.as_strided((2, 2), (3, 1)); m.as_strided((2, 2), (1, 2), 4); v.topk(3); m.topk(2)
T.zeros(4, 3, dtype=m.dtype).index_add_(0, t % 4, m)
T.zeros(4, 9, dtype=m.dtype).index_copy_(1, T.arange(3), m[:4])
T.zeros(4, 3, dtype=m.dtype).index_fill_(0, T.tensor([-1, 1]), 2.0)
T.zeros(9, 5, dtype=m.dtype).scatter_add_(1, t[:, None] % 5, m[:, :1]); T.equal(m, m); T.equal(m, n)
"""


def operands(lib, kind):
    r = np.random.default_rng(3)

    def numbers(*shape):
        return lib.from_numpy(r.standard_normal(shape).astype(kind))

    def whole(high, *shape):
        return lib.from_numpy(r.integers(0, high, shape))

    T, F = lib, lib.nn.functional
    names = {"T": T, "F": F, "v": numbers(16), "w": numbers(16), "m": numbers(9, 3)}
    names |= {"n": numbers(9, 3), "u": numbers(6, 8), "p": numbers(2, 3, 4, 5), "e": numbers(4, 1)}
    return names | {"t": whole(3, 9), "k": whole(5, 7, 40) - 2}


def flat(x):
    return [np.asarray(y) for y in (x if isinstance(x, (tuple, list)) else (x,))]


@pytest.mark.filterwarnings("ignore:.*degrees of freedom")
@pytest.mark.parametrize("kind", ["f4", "f8"])
@pytest.mark.parametrize("text", EXPRESSIONS.replace("\n", ";").split(";"))
def test_as_pytorch(text, kind):
    if not text.strip():
        return
    ours, theirs = (flat(eval(text.strip(), operands(lib, kind))) for lib in (rushlight, torch))
    for a, b in zip(ours, theirs, strict=True):
        assert a.dtype == b.dtype and a.shape == b.shape and a.strides == b.strides
        close = {"rtol": 2e-6, "atol": 1e-6} if kind == "f4" else {"rtol": 1e-13, "atol": 1e-14}
        np.testing.assert_allclose(a, b, **close)


@pytest.mark.parametrize("kind", ["f4", "f8", "i8"])
@pytest.mark.parametrize("size", [1, 2, 15, 16, 17, 40, 100, 1000])
def test_medians_and_modes_choose_the_same_of_equal_numbers(kind, size):
    for seed in range(10):
        a = np.random.default_rng(seed).integers(0, 6, (4, size)).astype(kind)
        x, y = rushlight.from_numpy(a), torch.from_numpy(a)
        for name in ("median", "mode"):
            for ours, theirs in zip(getattr(x, name)(1), getattr(y, name)(1), strict=True):
                assert ours.tolist() == theirs.tolist()
