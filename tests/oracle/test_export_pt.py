"""`rushlight export --pt`: the real PyTorch reads the file, and computes the same with it."""

import numpy as np
import torch
from torch import nn

import rushlight as rl
from rushlight.app import cli, models


def test_pytorch_reads_an_exported_state_dict(tmp_path):
    run = tmp_path / "run"
    words = ["train", "digits", "--model", "mlp", "--epochs", "1", "--quiet", "--out", str(run)]
    assert cli.main(words) == 0
    assert cli.main(["export", str(run), "--pt", str(tmp_path / "net.pt")]) == 0
    layers = [nn.Linear(64, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)]
    theirs = nn.ModuleDict({"linear_relu_stack": nn.Sequential(*layers)})
    theirs.load_state_dict(torch.load(tmp_path / "net.pt", weights_only=True))
    ours, _ = models.load(run)
    x = np.random.default_rng(0).normal(size=(3, 1, 8, 8)).astype(np.float32)
    y = theirs["linear_relu_stack"](torch.from_numpy(x).flatten(1))
    np.testing.assert_allclose(
        ours(rl.from_numpy(x)).detach().numpy(), y.detach().numpy(), atol=1e-5
    )
