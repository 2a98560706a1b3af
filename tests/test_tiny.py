"""Two seconds, before each commit: the whole way from a tensor to a trained and saved model."""

import io
import subprocess
import sys

import numpy as np

import rushlight as torch
from rushlight import nn
from rushlight.nn import functional as F
from rushlight.utils.data import DataLoader, TensorDataset


def test_tensor_and_gradient():
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    y = (x @ x.T).relu().sum()
    y.backward()
    assert y.item() == 5 + 11 + 11 + 25
    assert x.grad.tolist() == [[8.0, 12.0], [8.0, 12.0]]  # 2 * column sums, in each row
    assert repr(y) == "tensor(52., grad_fn=<SumBackward0>)"


def test_seeded_numbers_are_pytorchs():
    torch.manual_seed(0)
    assert torch.allclose(torch.rand(3), torch.tensor([0.4963, 0.7682, 0.0885]), atol=1e-4)
    assert torch.allclose(torch.randn(2), torch.tensor([0.3643, 0.1344]), atol=1e-4)
    assert torch.randperm(5).tolist() == [3, 2, 1, 4, 0]


def test_training_learns_and_is_saved():
    torch.manual_seed(0)
    x = torch.rand(256, 2)
    y = (x[:, 0] > x[:, 1]).long()
    loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
    model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(10):
        for xb, yb in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(xb), yb).backward()
            optimizer.step()
    assert (model(x).argmax(1) == y).float().mean() > 0.95

    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    copy = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 2))
    copy.load_state_dict(torch.load(file))
    assert torch.equal(copy(x), model(x))


def test_convolution():
    x = torch.arange(16.0).reshape(1, 1, 4, 4)
    w = torch.ones(1, 1, 3, 3, requires_grad=True)
    y = F.conv2d(x, w, padding=1)
    patches = np.lib.stride_tricks.sliding_window_view(np.pad(x.numpy()[0, 0], 1), (3, 3))
    assert np.array_equal(y.detach().numpy()[0, 0], patches.sum((2, 3)))
    y.sum().backward()
    assert np.array_equal(w.grad.numpy()[0, 0], patches.transpose(2, 3, 0, 1).sum((2, 3)))


def test_import_loads_nothing_heavy():
    heavy = [
        "torch",
        "jax",
        "scipy",
        "rich",
        "PIL",
        "multiprocessing",
        "urllib.request",
        "argparse",
    ]
    # what NumPy may have imported already; only seldom needed here
    seldom = ["traceback", "pathlib", "textwrap", "string", "pkgutil", "difflib", "dataclasses"]
    code = (
        "import numpy, sys; before = set(sys.modules); import rushlight; "
        f"print([m for m in {heavy + seldom} if m in sys.modules and m not in before])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "[]\n"
