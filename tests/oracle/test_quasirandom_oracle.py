"""torch.quasirandom beside PyTorch: every number of the engines."""

import numpy as np
import pytest
import torch

import rushlight as rl
from rushlight.quasirandom import SobolEngine


@pytest.mark.parametrize("dimension", [1, 2, 3, 17, 200, 1111])
@pytest.mark.parametrize("scramble", [False, True])
def test_points(dimension, scramble):
    ours, theirs = (
        engine(dimension, scramble, seed=5)
        for engine in (SobolEngine, torch.quasirandom.SobolEngine)
    )
    assert repr(ours) == repr(theirs)
    assert np.array_equal(ours.sobolstate.numpy(), theirs.sobolstate.numpy())
    for n in (1, 3, 8, 5):
        assert np.array_equal(ours.draw(n).numpy(), theirs.draw(n).numpy())
    ours.fast_forward(6)
    theirs.fast_forward(6)
    a, b = ours.draw(2, dtype=rl.float64), theirs.draw(2, dtype=torch.float64)
    assert np.array_equal(a.numpy(), b.numpy())
    ours.reset()
    theirs.reset()
    ours.fast_forward(3)
    theirs.fast_forward(3)
    assert np.array_equal(ours.draw(9).numpy(), theirs.draw(9).numpy())
