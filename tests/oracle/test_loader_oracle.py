"""Loaders, samplers and resizing beside PyTorch, in the same process, with the same seeds."""

import loader_cases as cases
import numpy as np
import pytest

import rushlight

torch = pytest.importorskip("torch")
pytest.importorskip("torch.utils.data")

pytestmark = [
    pytest.mark.filterwarnings("ignore:This DataLoader will create"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded"),
]


def test_samplers():
    assert cases.samplers(rushlight) == cases.samplers(torch)


@pytest.mark.parametrize("num_workers", [0, 2])
def test_loaders(num_workers):
    for case in (cases.drawn_by_loaders, cases.whole_batches):
        assert case(rushlight, num_workers) == case(torch, num_workers)


@pytest.mark.parametrize("shape", [(1, 3, 17, 23), (2, 1, 5, 4)])
@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_resize(shape, antialias, mode):
    from rushlight.vision.transforms import InterpolationMode
    from rushlight.vision.transforms import functional as F

    x = torch.rand(shape)
    for size in ((4, 5), (9, 40), (31, 3), (1, 1)):
        wanted = torch.nn.functional.interpolate(x, size=size, mode=mode, antialias=antialias)
        found = F.resize(
            rushlight.from_numpy(x.numpy()), size, InterpolationMode(mode), antialias=antialias
        )
        np.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=1.3e-6, atol=1e-5)
