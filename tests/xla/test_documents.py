"""Tutorials with `device = "xla"`: they print what they print on the CPU.

OWN follows the steps that the PyTorch tutorials take. Where the project's source documents lie
beside the repository (shared/seeds, with check.py, which makes scripts of them), they run too.
Packages that tutorials use beside torch are stood in for: nothing of theirs is looked at here.
"""

import gzip
import importlib.util
import json
import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

OWN = """
import gzip, math, pickle
import torch
from torch import nn, optim
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset
device = torch.accelerator.current_accelerator().type if torch.accelerator.is_available() else "cpu"
print(f"Using {device} device")
with gzip.open("data/mnist/mnist.pkl.gz", "rb") as f:
    (x, y), (xv, yv), _ = pickle.load(f)
x, y, xv, yv = map(torch.tensor, (x, y, xv, yv))
print(x, y.min(), y.max())
w = (torch.randn(784, 10) / math.sqrt(784)).to(device).requires_grad_()
b = torch.zeros(10, requires_grad=True, device=device)
a, t = x.to(device), y.to(device)
for i in range((len(x) - 1) // 64 + 1):
    rows = slice(i * 64, i * 64 + 64)
    z = a[rows] @ w + b
    loss = -(z - z.exp().sum(-1).log().unsqueeze(-1))[range(len(z)), t[rows]].mean()
    loss.backward()
    with torch.no_grad():
        w -= w.grad * 0.5
        b -= b.grad * 0.5
        w.grad.zero_()
        b.grad.zero_()
print(loss, (z.argmax(1) == t[rows]).float().mean())

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 8, 3, stride=2, padding=1), nn.ReLU(), nn.BatchNorm2d(8),
            nn.Conv2d(8, 10, 3, stride=2, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
        )

    def forward(self, x):
        return self.body(x.view(-1, 1, 28, 28)).flatten(1)

model = Net().to(device)
print(model)
opt = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
for epoch in range(2):
    model.train()
    for xb, yb in DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True):
        loss = F.cross_entropy(model(xb.to(device)), yb.to(device))
        loss.backward()
        opt.step()
        opt.zero_grad()
    model.eval()
    with torch.no_grad():
        loss = sum(F.cross_entropy(model(a.to(device)), t.to(device)) * len(a)
                   for a, t in DataLoader(TensorDataset(xv, yv), batch_size=128))
    print(epoch, loss.item() / len(xv))
prediction = nn.Softmax(1)(model(xv[:5].to(device))).argmax(1)
print(f"Predicted class: {prediction}")
for name, param in model.named_parameters():
    print(f"Layer: {name} | Size: {param.size()} | Values : {param[:2]}")
"""

# runs every script on the CPU and on the device, both from the same seed
DRIVER = """
import contextlib, io, json, sys
import torch

found = {}
for name, text in json.load(open("scripts.json")).items():
    for device in ("cpu", "xla", "default") if name in ("own", "003", "004") else ("cpu", "xla"):
        torch.manual_seed(0)
        out = io.StringIO()
        own = text.replace("@DEVICE@", "cpu" if device == "cpu" else "xla")
        if device == "default":
            torch.set_default_device("xla")
        with contextlib.redirect_stdout(out):
            exec(compile(own, name, "exec"), {"__name__": "__main__"})
        torch.set_default_device("cpu")
        found[name + " " + device] = out.getvalue()
json.dump(found, open("found.json", "w"))
"""
STAND_IN = "def __getattr__(name):\n    return lambda *args, **options: None\n"
NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:e[-+]?\d+)?(?![\w])")


def documents():
    """{name: script} of the source documents, if they are there."""
    for folder in Path(__file__).resolve().parents:
        path = folder / "shared" / "seeds" / "check.py"
        if path.is_file():
            spec = importlib.util.spec_from_file_location("seeds_check", path)
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return {name: module.script(name) for name in module.PLAN}
    return {}


SCRIPTS = {"own": OWN, **documents()}


def on_a_device(script):
    """The script with its choice of a device replaced by @DEVICE@."""
    script, count = re.subn(
        r"(?m)^(device|dev) = (?:.|\n)*?\n(?=print|\n)", r'\1 = "@DEVICE@"\n', script
    )
    assert count == 1
    # the same numbers on both: drawn on the CPU and moved
    return script.replace(
        "torch.rand(1, 28, 28, device=device)", "torch.rand(1, 28, 28).to(device)"
    )


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """{"NAME DEVICE": what the script printed}"""
    folder = tmp_path_factory.mktemp("documents")
    (folder / "matplotlib").mkdir()
    (folder / "matplotlib" / "__init__.py").touch()
    for name in ("requests", "matplotlib/pyplot", "IPython/core/debugger"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.py").write_text(STAND_IN)
    r = np.random.default_rng(0)
    likenesses, y = r.random((10, 784)), r.integers(0, 10, 448)
    y[:10] = range(10)
    x = (0.7 * likenesses[y] + 0.3 * r.random((448, 784))).astype(np.float32)
    (folder / "data" / "mnist").mkdir(parents=True)
    with gzip.open(folder / "data" / "mnist" / "mnist.pkl.gz", "wb") as f:
        pickle.dump(((x[:320], y[:320]), (x[320:], y[320:]), None), f)
    scripts = {name: on_a_device(text) for name, text in SCRIPTS.items()}
    (folder / "scripts.json").write_text(json.dumps(scripts))
    (folder / "driver.py").write_text(DRIVER)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "rushlight", "run", "driver.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((folder / "found.json").read_text())


def numbers(text):
    return [float(n) for n in NUMBER.findall(text)]


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_document_prints_on_the_device_what_it_prints_on_the_cpu(name, printed):
    here, there = printed[f"{name} cpu"], printed[f"{name} xla"]
    assert "device='xla:0'" in there or name == "004"  # it prints no tensor of the device
    there = re.sub(r",\s+device='xla:0'", "", there).replace("Using xla", "Using cpu")

    def words(text):
        return re.sub(r"\s+", " ", NUMBER.sub("#", text))

    assert words(there) == words(here)
    np.testing.assert_allclose(numbers(there), numbers(here), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", sorted({"own", "003", "004"} & set(SCRIPTS)))
def test_a_document_runs_where_every_tensor_is_on_the_device(name, printed):
    """With torch.set_default_device: its numbers are drawn there, so only its words can be told."""
    here, there = printed[f"{name} cpu"], printed[f"{name} default"]
    assert len(there.splitlines()) >= len(here.splitlines())
    assert "device='xla:0'" in there and "nan" not in there
    if name in ("own", "004"):  # it has learned
        losses = [numbers(line)[-1] for line in there.splitlines() if re.match(r"[01] ", line)]
        assert len(losses) >= 2 and (min(losses) < 0.01 or losses[1] < losses[0]), losses
