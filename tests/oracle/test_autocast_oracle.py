"""Autocast beside PyTorch: the dtype of every op's result, losses and gradients of small nets."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import rushlight

sys.path.insert(0, str(Path(__file__).parent.parent))
import autocast_cases as cases
from test_autocast import there

# PyTorch refuses, or promotes, float32 beside a 16-bit dtype that the context does not say
MIXED = "index_copy index_copy2 stack cat hstack vstack lstm_cell gru_cell lstm gru".split()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("lower", cases.LOWER)
@pytest.mark.parametrize("name", [n for n in cases.CASES if there(n)])
def test_dtypes(name, lower):
    for given in ("float32", "bfloat16", "float16", "float64"):
        wanted = cases.dtype_of(torch, name, given, lower)
        if wanted != "error" and not (name in MIXED and given != lower):
            assert cases.dtype_of(rushlight, name, given, lower) == wanted, given


@pytest.mark.parametrize(("net", "lower"), cases.TRAINED)
def test_training(net, lower):
    """16-bit products are rounded in another order: 8 (or 11) bits of each value."""
    found = cases.losses(rushlight, net, lower)
    torch._C._set_mkldnn_enabled(net != "lstm")  # oneDNN's LSTM of bfloat16 wants AVX-512
    try:
        wanted = cases.losses(torch, net, lower)
    finally:
        torch._C._set_mkldnn_enabled(True)
    np.testing.assert_allclose(found, wanted, rtol={"bfloat16": 1e-2, "float16": 2e-3}[lower])
