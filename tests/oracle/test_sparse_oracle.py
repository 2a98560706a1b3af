"""Sparse tensors beside PyTorch: texts, values, errors, steps of the optimizers."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import rushlight

sys.path.insert(0, str(Path(__file__).parent.parent))
import sparse_cases as cases


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("line", cases.LINES)
def test_answers(line):
    assert cases.answer(rushlight, line) == cases.answer(torch, line)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", cases.OPTIMIZERS, ids=str)
def test_optimizers(case):
    (found, state), (wanted, theirs) = (cases.trained(t, *case) for t in (rushlight, torch))
    np.testing.assert_allclose(found, wanted, rtol=2e-6)
    for key, value in theirs.items():
        np.testing.assert_allclose(state[key], value, rtol=2e-6)


@pytest.mark.parametrize(("here", "there"), [(rushlight, torch), (torch, rushlight)])
def test_files(here, there):
    """Sparse tensors and those on "meta" are read by the other package."""
    file = io.BytesIO()
    s = here.sparse_coo_tensor(here.tensor([[0, 1, 1], [2, 0, 0]]), here.ones(3), (2, 3))
    m = here.nn.Parameter(here.empty(4, 3, device="meta"))
    here.save({"s": s, "c": s.coalesce(), "m": m.t().detach(), "p": m}, file)
    file.seek(0)
    found = there.load(file)
    assert [found[k].is_coalesced() for k in "sc"] == [False, True]
    assert (
        found["s"].to_dense().tolist() == found["c"].to_dense().tolist() == [[0, 0, 1], [2, 0, 0]]
    )
    assert found["m"].is_meta and found["m"].stride() == (1, 3)
    assert isinstance(found["p"], there.nn.Parameter) and found["p"].requires_grad


@pytest.mark.parametrize("seed", range(8))
def test_random_sums_and_products(seed):
    """Sums, products and gradients of random places agree, with a dense dimension or without."""
    rng = np.random.default_rng(seed)
    places = rng.integers(0, 4, (2, 2, 7))
    values = rng.standard_normal((2, 7, *([3] if seed % 2 else []))).astype(np.float32)
    found = []
    for t in (rushlight, torch):
        v = [t.tensor(x.tolist()).requires_grad_() for x in values]
        a, b = (
            t.sparse_coo_tensor(t.tensor(p.tolist()), x, (4, 4, *values.shape[2:]))
            for p, x in zip(places, v, strict=True)
        )
        y = (a * 2 + b.coalesce()).coalesce()
        y.to_dense().square().sum().backward()
        found.append([y.to_dense().tolist(), v[0].grad.tolist(), v[1].grad.tolist()])
        if values.ndim == 2:
            found[-1].append(t.sparse.mm(a, t.ones(4, 3)).tolist())
    for x, y in zip(*found, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-6)
