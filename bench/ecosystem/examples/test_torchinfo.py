"""torchinfo: what `summary` prints of models."""

import pytest
import torch
from torch import nn
from torchinfo import summary


class Branches(nn.Module):
    def __init__(self):
        super().__init__()
        self.shared = nn.Linear(8, 8)
        self.list = nn.ModuleList([nn.Linear(8, k) for k in (2, 3)])
        self.scale = nn.Parameter(torch.ones(8))

    def forward(self, x, twice=False):
        x = self.shared(self.shared(x)) * self.scale
        return torch.cat([layer(x) for layer in self.list], 1)


MODELS = {
    "linear": (lambda: nn.Linear(4, 2), (3, 4)),
    "mlp": (lambda: nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)), (3, 4)),
    "conv": (
        lambda: nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(8 * 16, 5),
        ),
        (2, 3, 8, 8),
    ),
    "conv1d": (lambda: nn.Conv1d(2, 4, 3, groups=2), (2, 2, 9)),
    "transposed": (lambda: nn.ConvTranspose2d(3, 5, 2, stride=2), (1, 3, 4, 4)),
    "lstm": (lambda: nn.LSTM(5, 7, 2, batch_first=True), (2, 6, 5)),
    "gru": (lambda: nn.GRU(5, 7), (6, 2, 5)),
    "norm": (lambda: nn.Sequential(nn.LayerNorm(6), nn.GroupNorm(2, 4)), (2, 4, 6)),
    "encoder": (lambda: nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), (2, 5, 16)),
    "branches": (Branches, (3, 8)),
}
COLUMNS = ("input_size", "output_size", "num_params", "kernel_size", "mult_adds", "trainable")


@pytest.mark.parametrize("name", MODELS)
def test_summary(name, same):
    make, size = MODELS[name]
    found = summary(make(), input_size=size, verbose=0, col_names=COLUMNS, depth=4)
    same("text", str(found))
    same("numbers", [found.total_params, found.trainable_params, found.total_mult_adds])


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("rows", [("var_names",), ("depth", "ascii_only"), ()])
def test_rows(name, rows, same):
    make, size = MODELS[name]
    same("text", str(summary(make(), input_data=torch.ones(size), verbose=0, row_settings=rows)))


@pytest.mark.parametrize("mode", ["train", "eval", "same"])
def test_mode(mode):
    model = nn.Sequential(nn.Dropout(0.5), nn.Linear(2, 2)).train()
    summary(model, input_size=(1, 2), verbose=0, mode=mode)
    assert model.training


def test_without_input(same):
    same("text", str(summary(Branches(), verbose=0)))


def test_frozen(same):
    model = Branches()
    model.shared.requires_grad_(False)
    same("text", str(summary(model, input_size=(1, 8), verbose=0, col_names=COLUMNS)))


def test_keywords(same):
    same("text", str(summary(Branches(), input_size=(1, 8), verbose=0, twice=True)))


def test_dtypes(same):
    model = nn.Embedding(10, 4)
    same("text", str(summary(model, input_size=(2, 3), dtypes=[torch.long], verbose=0)))


def test_failure_names_the_layer():
    with pytest.raises(RuntimeError, match="Executed layers up to"):
        summary(MODELS["mlp"][0](), input_size=(3, 5), verbose=0)
