"""torch.quasirandom: PyTorch's numbers, written down (tests/oracle compares more of them)."""

import pickle

import numpy as np
import pytest

import rushlight as torch
from rushlight.quasirandom import SobolEngine


def test_first_points():
    points = SobolEngine(3).draw(8)
    assert points.dtype is torch.float32
    assert (points * 8).tolist() == [
        [0, 0, 0],
        [4, 4, 4],
        [6, 2, 2],
        [2, 6, 6],
        [3, 3, 5],
        [7, 7, 1],
        [5, 1, 7],
        [1, 5, 3],
    ]


def test_every_dimension_is_a_permutation():
    """Each interval of 1/256 holds one of the first 256 points: the numbers are a (t, s)-net's."""
    points = SobolEngine(1111, scramble=True, seed=1).draw(256, dtype=torch.float64).numpy()
    assert (np.sort((points * 256).astype(int), 0) == np.arange(256)[:, None]).all()


def test_scrambled_by_a_seed():
    engine = SobolEngine(3, scramble=True, seed=7)
    expected = [[0.1995, 0.1709, 0.7494], [0.6922, 0.7115, 0.4898], [0.8505, 0.2963, 0.7880]]
    np.testing.assert_allclose(engine.draw(3).numpy(), expected, atol=6e-5)
    torch.manual_seed(3)
    first = SobolEngine(2, scramble=True).draw(2)  # from the default generator
    np.testing.assert_allclose(first.numpy(), [[0.0685, 0.2245], [0.6215, 0.7231]], atol=6e-5)
    np.testing.assert_allclose(torch.rand(2).numpy(), [0.4729, 0.9328], atol=6e-5)


@pytest.mark.parametrize("scramble", [False, True])
def test_in_pieces(scramble):
    def made():
        return SobolEngine(5, scramble=scramble, seed=0)

    whole = made().draw(40)
    engine = made()
    pieces = [engine.draw(), engine.draw(2), engine.draw(0), engine.draw(5)]
    assert torch.equal(torch.cat(pieces), whole[:8]) and engine.num_generated == 8
    assert torch.equal(engine.fast_forward(3).draw(4), whole[11:15])
    assert torch.equal(made().fast_forward(9).draw(4), whole[9:13])
    assert torch.equal(pickle.loads(pickle.dumps(engine)).draw(5), whole[15:20])
    assert torch.equal(engine.reset().draw_base2(3), whole[:8])
    assert torch.equal(engine.draw_base2(3), whole[8:16])


def test_options_and_errors():
    out = torch.empty(0, dtype=torch.float64)
    assert SobolEngine(2).draw(3, out=out) is out and out.tolist()[2] == [0.75, 0.25]
    assert SobolEngine(2).draw(3, dtype=torch.float16).dtype is torch.float16
    assert repr(SobolEngine(4, True, 9)) == "SobolEngine(dimension=4, scramble=True, seed=9)"
    for dimension in (0, 1112):
        with pytest.raises(ValueError, match="Supported range of dimensionality for SobolEngine"):
            SobolEngine(dimension)
    with pytest.raises(RuntimeError, match=r"negative dimension -1: \[-1, 2\]"):
        SobolEngine(2).draw(0)
    with pytest.raises(ValueError, match=r"power of 2. 3 points .*n=3\+2\*\*2=7"):
        engine = SobolEngine(2)
        engine.draw(3)
        engine.draw_base2(2)
