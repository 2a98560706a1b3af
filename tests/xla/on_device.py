"""The suite on another device: RUSHLIGHT_TEST_DEVICE=xla pytest tests/test_autograd.py ...

A plugin that tests/conftest.py loads when the variable is set. Tests stay as they are:

    new tensors    the default device is the variable's, and from_numpy moves what it is given
    to NumPy       numpy() and np.asarray(t) copy to the host, which users have to ask for by cpu()
    printing       leaves out the device
    random         drawn by the CPU's generator and moved, so that frozen numbers stay right

tests/xla/exceptions.txt lists the cases that cannot pass there, each with its reason; they are
expected to fail, and fail the run if they do not.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import rushlight as torch
from rushlight.core import accelerators, sharing
from rushlight.core.tensor import Tensor
from rushlight.random import generator
from rushlight.testing import samples

# most of the time goes into compiling what runs once
os.environ.setdefault(
    "XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
)
DEVICE = os.environ["RUSHLIGHT_TEST_DEVICE"]
EXCEPTIONS = Path(__file__).with_name("exceptions.txt")


def exceptions() -> dict[str, str]:
    """test id -> why it fails on a device: lines "id  # reason"."""
    found = {}
    for line in EXCEPTIONS.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, reason = line.partition("  # ")
            assert reason, f"{line}: no reason"
            found[name.strip()] = reason.strip()
    return found


def _to_host(own):
    def numpy(self, *, force=False):
        array = self._a
        if type(array).__name__ != "Array":
            return own(self, force=force)
        if self._rg and not force:
            return own(self)
        return accelerators.backend().host(array)

    return numpy


def _moving(own):
    def from_numpy(array):
        return own(array).to(DEVICE)

    return from_numpy


def _without_device(own):
    def text(self, *args, **kwargs):
        return own(self, *args, **kwargs).replace(f", device='{DEVICE}:0'", "")

    return text


def _made(own):
    def make(*args, **kwargs):
        t = own(*args, **kwargs)
        return t.detach().to(DEVICE).requires_grad_(t.requires_grad)

    return make


def pytest_configure(config):
    accelerators.present(torch.device(DEVICE))
    Tensor.numpy = _to_host(Tensor.numpy)
    torch.from_numpy = sharing.from_numpy = _moving(torch.from_numpy)
    Tensor.__repr__ = _without_device(Tensor.__repr__)
    samples.Make.__call__ = _made(samples.Make.__call__)
    samples.Make.indices = _made(samples.Make.indices)
    generator.generator_on = lambda where: generator.default_generator
    torch.set_default_device(DEVICE)  # from now on: modules of tests make tensors, too


def pytest_collection_modifyitems(items):
    known = exceptions()
    for item in items:
        item.add_marker(pytest.mark.filterwarnings("ignore:.*cannot be computed on an XLA device"))
        name = item.nodeid.removeprefix("tests/")
        reason = known.get(name) or known.get(name.partition("[")[0] + "[*]")
        if reason:
            item.add_marker(pytest.mark.xfail(reason=reason, strict="[*]" not in name))
