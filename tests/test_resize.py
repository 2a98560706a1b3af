"""Resizing and the layers that PyTorch has beside it: as recorded from PyTorch (resize_cases.py,
tools/freeze_resize.py), and what the recording cannot say.
"""

import json
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest
import resize_cases
from op_cases import agree, evaluate

import rushlight as torch
from rushlight.kernels.filters import filters

F, nn = torch.nn.functional, torch.nn
FROZEN = json.loads((Path(__file__).parent / "frozen" / "resize.json").read_text())
CASES = FROZEN["cases"]


def test_the_recording_is_of_these_cases():
    assert list(CASES) == list(dict.fromkeys(resize_cases.CASES))


@pytest.mark.parametrize("code", CASES)
def test_as_in_pytorch(code):
    found = evaluate(torch, code)
    low = ".half()" in code or ".bfloat16()" in code
    # 2-byte floats: PyTorch rounds more than once. Gradients are sums of products with numbers up
    # to 12: a rounding of one of them is 1e-6.
    assert agree(found, CASES[code], 8e-3 if low else 1e-5), (found, CASES[code])


def test_a_small_unet_trains_as_in_pytorch():
    losses = resize_cases.unet_losses(torch)
    assert losses == pytest.approx(FROZEN["unet"], rel=1e-5)


def test_old_names_warn():
    x = torch.ones(1, 1, 2, 2)
    for name in ("upsample", "upsample_nearest", "upsample_bilinear"):
        with pytest.warns(UserWarning, match=f"`nn.functional.{name}` is deprecated") as seen:
            getattr(F, name)(x, 3)
        assert seen[0].filename == __file__
    for call in (
        lambda: F.grid_sample(x, torch.zeros(1, 1, 1, 2)),
        lambda: F.affine_grid(torch.zeros(1, 2, 3), (1, 1, 2, 2)),
        lambda: F.affine_grid(torch.zeros(1, 2, 3), (1, 1, 1, 2), True),
    ):
        with pytest.warns(UserWarning, match="behavior has changed") as seen:
            call()
        assert seen[0].filename == __file__


def test_a_row_of_one_element_is_shrunk_like_any_other():
    """PyTorch 2.13 fills the column with its first element (antialias, one column)."""
    x = torch.arange(4.0).reshape(1, 1, 4, 1)
    y = F.interpolate(x, (2, 1), mode="bilinear", antialias=True)
    wide = F.interpolate(x.expand(1, 1, 4, 3), (2, 3), mode="bilinear", antialias=True)
    assert torch.allclose(y, wide[..., :1])


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic", "trilinear"])
def test_the_adjoint_is_the_transpose(mode, kernels):
    """<A x, y> = <x, A' y> for random x and y."""
    size, out = {"trilinear": ((3, 4, 5), (5, 3, 9))}.get(mode, ((6, 7), (4, 15)))
    f = filters(mode, size, out, (None,) * len(size), False, False, np.float64)
    random = np.random.default_rng(0)
    x, y = random.standard_normal((2, *size)), random.standard_normal((2, *out))
    there, back = kernels.resample(x, f), kernels.resample(y, f.adjoint)
    assert np.isclose((there * y).sum(), (x * back).sum())
    assert f.adjoint.adjoint is f and f.adjoint.out == size


def test_infinities_stay_where_they_are(kernels):
    """A row of the transposed map with fewer taps than others does not multiply them by 0."""
    f = filters("nearest", (6,), (3,), (None,), False, False, np.float32)
    dy = np.array([[np.inf, 1, 2]], np.float32)
    with np.errstate(invalid="ignore"):
        dx = kernels.resample(dy, f.adjoint)
    assert dx.tolist() == [[np.inf, 0, 1, 0, 2, 0]]


def test_places_that_are_no_numbers():
    x = torch.arange(1.0, 13.0).reshape(1, 1, 3, 4)
    nan, inf = float("nan"), float("inf")
    grid = torch.tensor([[[[nan, 0.0], [inf, 0.0], [-1e20, 0.5], [0.0, nan]]]])
    y = F.grid_sample(x, grid, "bilinear", "border", align_corners=False)
    assert y.flatten().tolist() == [5.0, 8.0, 8.0, 2.5]  # recorded from PyTorch
    y = F.grid_sample(x, grid, "nearest", "zeros", align_corners=False)
    assert y.flatten().tolist() == [0, 0, 0, 0]


def test_the_identity_samples_the_image_itself():
    x = torch.randn(2, 3, 4, 5)
    theta = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]).expand(2, 2, 3)
    for align in (False, True):
        grid = F.affine_grid(theta, (2, 3, 4, 5), align)
        assert torch.allclose(F.grid_sample(x, grid, align_corners=align), x, atol=1e-5)


def test_layers_pickle_and_keep_their_options():
    layer = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
    again = pickle.loads(pickle.dumps(layer))
    assert repr(again) == repr(layer) and again.align_corners is True
    state = dict(vars(layer))
    del state["recompute_scale_factor"]
    again.__setstate__(state)
    assert again.recompute_scale_factor is True  # what files from before the option mean


def test_sync_batch_norm_takes_over_parameters_and_statistics():
    norm = nn.BatchNorm2d(3)
    norm(torch.randn(4, 3, 2, 2))
    norm.eval()
    norm.weight.requires_grad_(False)
    made = nn.SyncBatchNorm.convert_sync_batchnorm(norm, "group")
    assert made.weight is norm.weight and made.running_mean is norm.running_mean
    assert made.process_group == "group" and not made.training
    x = torch.randn(2, 3, 2, 2)
    assert torch.equal(made(x), norm(x))
    net = nn.Sequential(nn.BatchNorm1d(3), nn.Linear(3, 3))
    assert nn.SyncBatchNorm.convert_sync_batchnorm(net) is net
    assert type(net[0]) is nn.SyncBatchNorm and type(net[1]) is nn.Linear


def test_data_parallel_wraps():
    layer = nn.Linear(3, 2)
    net = nn.DataParallel(layer)
    x = torch.randn(4, 3)
    assert net.module is layer and list(net.state_dict()) == ["module.weight", "module.bias"]
    assert torch.equal(net(x), layer(x)) and net.device_ids == []
    assert torch.equal(nn.parallel.data_parallel(layer, (x,)), layer(x))
    assert torch.nn.parallel.DataParallel is nn.DataParallel
    for call in (
        lambda: nn.parallel.data_parallel(layer, x, [0]),
        lambda: nn.parallel.replicate(layer, [0]),
        lambda: nn.parallel.scatter(x, [0, 1]),
        lambda: nn.parallel.gather([x], 0),
        lambda: nn.parallel.parallel_apply([layer], [x]),
    ):
        with pytest.raises(RuntimeError, match="accelerator device when none is available"):
            call()


def test_bytes_warn_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x = torch.full((1, 1, 4, 4), 255, dtype=torch.uint8)
        y = F.interpolate(x, (9, 7), mode="bicubic", antialias=True)
    assert torch.equal(y, torch.full((1, 1, 9, 7), 255, dtype=torch.uint8))


def test_a_size_held_in_tensors_is_read_each_time():
    """Plans are remembered by the options' values; a tensor's may change."""
    x, n = torch.arange(4.0).reshape(1, 1, 2, 2), torch.tensor(3)
    assert F.interpolate(x, size=(n, 2)).shape == (1, 1, 3, 2)
    n += 1
    assert F.interpolate(x, size=(n, 2)).shape == (1, 1, 4, 2)
    assert F.interpolate(x, size=n).shape == (1, 1, 4, 4)
    assert F.interpolate(x, size=[3, 2]).shape == F.interpolate(x, size=(3, 2)).shape
    assert F.interpolate(x.double(), size=3, mode="bilinear").dtype is torch.float64
