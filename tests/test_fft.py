"""torch.fft, stft, istft, torch.signal.windows: PyTorch's values, gradients, nodes, errors."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fft_cases import LINES, answer

import rushlight as torch
from rushlight.testing.gradcheck import gradcheck, gradgradcheck

FROZEN = json.loads((Path(__file__).parent / "frozen" / "fft.json").read_text())


@pytest.mark.parametrize("line", LINES)
def test_as_pytorch(line):
    wanted, got = FROZEN[line], answer(torch, line)
    wanted[0] = wanted[0].replace("torch.", "")
    got[0] = got[0].replace("torch.", "")
    if len(wanted) == 2:
        assert got == wanted
        return
    assert got[:2] == wanted[:2]
    # the digit tells overloads apart: views have one name here
    assert re.sub(r"\d$", "", got[3] or "") == re.sub(r"\d$", "", wanted[3] or "")
    largest = max((abs(v) for v in wanted[2] if np.isfinite(v)), default=1)
    assert np.allclose(got[2], wanted[2], 1e-5, 1e-6 * largest, equal_nan=True)
    assert (got[4] is None) == (wanted[4] is None)
    if wanted[4] is not None:
        assert np.allclose(got[4], wanted[4], 1e-5, 2e-6 * max(map(abs, wanted[4])))


def test_nothing_is_transformed_in_another_precision():
    x = torch.ones(8)
    assert torch.fft.rfft(x).dtype is torch.complex64
    assert torch.fft.irfft(torch.fft.rfft(x)).dtype is torch.float32
    assert torch.fft.fftn(x.double()).dtype is torch.complex128


@pytest.mark.parametrize(
    "f",
    [
        lambda x: torch.stft(x, 4, 1, 3, torch.tensor([0.5, 1.0, 0.25]), return_complex=True),
        lambda x: torch.fft.rfft(x, 5, norm="ortho"),
        lambda x: torch.fft.rfft2(x),
        lambda x: torch.fft.fft(x),
        lambda x: torch.fft.ihfftn(x),
    ],
)
def test_second_gradients(f):
    x = torch.tensor(np.cos(np.arange(12.0)).reshape(2, 6), requires_grad=True)
    assert gradcheck(f, (x,))
    assert gradgradcheck(f, (x,), atol=1e-4)


@pytest.mark.parametrize(
    "f",
    [
        lambda z: torch.fft.fftn(z),
        lambda z: torch.fft.irfft(z, 5),
        lambda z: torch.fft.hfft2(z),
        lambda z: torch.istft(z.T[None], 6, 2, window=torch.ones(6).double()),
    ],
)
def test_second_gradients_of_complex_signals(f):
    a = np.cos(np.arange(12.0)) + 1j * np.sin(np.arange(12.0) ** 2)
    z = torch.tensor(a.reshape(3, 4), requires_grad=True)
    assert gradcheck(f, (z,))
    assert gradgradcheck(f, (z,), atol=1e-4)


def test_istft_undoes_stft():
    x = torch.tensor(np.cos(np.arange(64.0) ** 1.5))
    w = torch.hann_window(16, dtype=torch.float64)
    z = torch.stft(x, 16, 4, window=w, return_complex=True)
    assert np.allclose(torch.istft(z, 16, 4, window=w, length=64).numpy(), x.numpy(), atol=1e-12)


def test_parseval():
    x = torch.tensor(np.sin(np.arange(30.0) ** 2).reshape(5, 6))
    y = torch.fft.fftn(x, norm="ortho")
    assert abs(float((x * x).sum() - (y * y.conj()).real.sum())) < 1e-12


def test_a_missing_window_is_said_once():
    code = (
        "import warnings, rushlight as torch\n"
        "x = torch.ones(16)\n"
        "with warnings.catch_warnings(record=True) as w:\n"
        "    warnings.simplefilter('always')\n"
        "    torch.stft(x, 4, return_complex=True); torch.stft(x, 4, return_complex=True)\n"
        "print([str(i.message)[:29] for i in w])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['A window was not provided. A ']"


def test_transforms_are_imported_when_they_are_asked_for():
    code = "import rushlight, sys; print('rushlight.ops.fft' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
