"""A pytest plugin (`-p recorder`): writes each test's outcome as a line of JSON when it is known.

It runs in a package's environment, with PyTorch or with rushlight as `torch`, and imports nothing
of ours. What a killed process has done is not lost: tests in the record are not run again.

    ECOSYSTEM_RECORD   the file of lines {"id", "outcome", "reason"}
    ECOSYSTEM_VALUES   the folder where `theirs` writes the values that `ours` is compared with
    ECOSYSTEM_SIDE     "theirs" (PyTorch) or "ours"
    ECOSYSTEM_EVERY    k: only tests whose name's hash is divisible by k
    ECOSYSTEM_EACH     seconds of processor time for one test: other programs do not count
    ECOSYSTEM_SKIP     a file of node ids (or their beginnings), one a line, that are not run
"""

import hashlib
import json
import os
import random
import signal
import sys
from pathlib import Path

import pytest

SIDE = os.environ.get("ECOSYSTEM_SIDE", "theirs")
RECORD = Path(os.environ["ECOSYSTEM_RECORD"])
EACH = int(os.environ.get("ECOSYSTEM_EACH", "0"))


def _seen():
    if not RECORD.exists():
        return set()
    return {json.loads(line)["id"] for line in RECORD.read_text("utf-8").splitlines()}


def _write(name, outcome, reason=""):
    with RECORD.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"id": name, "outcome": outcome, "reason": reason[:400]}) + "\n")


def _reason(report):
    """The last line of what went wrong: the error, not where it was raised."""
    longrepr = report.longrepr
    if isinstance(longrepr, tuple):
        return str(longrepr[2])
    crash = getattr(longrepr, "reprcrash", None)
    text = crash.message if crash is not None else str(longrepr)
    lines = [line for line in text.strip().splitlines() if line.strip()]
    errors = [line[2:].strip() for line in lines if line.startswith("E  ")]
    return errors[-1] if errors else lines[0] if lines else ""


def pytest_configure(config):
    """PyPI's torchvision has its compiled ops only beside the CUDA build of PyTorch, and asks for
    one schema at import."""
    if SIDE == "theirs" and os.environ.get("ECOSYSTEM_TORCHVISION"):
        import torch

        config._torchvision = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            schema = f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
            config._torchvision.define(schema)


def pytest_collection_modifyitems(items):
    """Leaves out what has been run before the process was killed, and what the table leaves out."""
    every = int(os.environ.get("ECOSYSTEM_EVERY", "1"))
    seen = _seen()
    skip = os.environ.get("ECOSYSTEM_SKIP")
    out = tuple(Path(skip).read_text("utf-8").splitlines()) if skip else ()
    items[:] = [
        i
        for i in items
        if i.nodeid not in seen
        and not (out and i.nodeid.startswith(out))
        and int(hashlib.sha256(i.nodeid.encode()).hexdigest()[:8], 16) % every == 0
    ]


def pytest_collectreport(report):
    """A file that cannot be imported is a line, too: its tests are not there."""
    if report.failed:
        _write(report.nodeid, "not collected", _reason(report))


def pytest_runtest_logstart(nodeid):
    """A line that stays the only one if the process dies in this test."""
    _write(nodeid, "started")


def _late(number, frame):
    pytest.fail(f"more than {EACH} s of processor time")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Ends a test that computes for too long."""
    if not EACH:
        return (yield)
    signal.signal(signal.SIGPROF, _late)
    signal.setitimer(signal.ITIMER_PROF, EACH)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """The same random numbers on both sides."""
    random.seed(0)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "manual_seed"):
        torch.manual_seed(0)


def pytest_runtest_logreport(report):
    """Passed is what passed in all three phases; an expected failure is not a pass."""
    if report.when == "call" or not report.passed:
        expected = hasattr(report, "wasxfail")
        outcome = "xfailed" if expected else report.outcome
        _write(report.nodeid, outcome, "" if report.passed else _reason(report))


def _flat(value, name="value"):
    """Arrays of a tensor, a sequence or a dict, by name."""
    import numpy as np

    if isinstance(value, dict):
        pairs = [(f"{name}.{key}", part) for key, part in value.items()]
    elif isinstance(value, list | tuple):
        pairs = [(f"{name}.{k}", part) for k, part in enumerate(value)]
    else:
        if hasattr(value, "detach"):
            value = value.detach().numpy()
        return {name: np.asarray(value)}
    return {key: array for name, part in pairs for key, array in _flat(part, name).items()}


@pytest.fixture
def same(request):
    """same(name, value, rtol, atol): `theirs` writes the value, `ours` must have it."""
    import numpy as np

    test = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:16]
    folder = Path(os.environ["ECOSYSTEM_VALUES"])

    def same(name, value, rtol=1e-4, atol=1e-5):
        arrays = _flat(value)
        path = folder / f"{test}_{name}.npz"
        if SIDE == "theirs":
            folder.mkdir(parents=True, exist_ok=True)
            np.savez(path, **arrays)
            return
        with np.load(path) as known:
            assert list(known) == list(arrays), f"{name}: other values than PyTorch's"
            for key in known:
                if known[key].dtype.kind == "U":  # text
                    assert str(arrays[key]) == str(known[key])
                    continue
                np.testing.assert_allclose(
                    arrays[key], known[key], rtol=rtol, atol=atol, err_msg=f"{name} {key}"
                )

    return same


@pytest.fixture
def weights(request):
    """weights(model, name): `theirs` writes the parameters and buffers, `ours` loads them."""
    import numpy as np
    import torch

    test = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:16]
    folder = Path(os.environ["ECOSYSTEM_VALUES"])

    def weights(model, name="model"):
        path = folder / f"{test}_{name}_weights.npz"
        if SIDE == "theirs":
            folder.mkdir(parents=True, exist_ok=True)
            state = {key: value.numpy() for key, value in model.state_dict().items()}
            np.savez(path, **state)
            return model
        with np.load(path) as known:
            model.load_state_dict({key: torch.from_numpy(known[key]) for key in known})
        return model

    return weights
