"""Calls for autocast: one line per op in cases/autocast.txt, and nets that are trained under it.

In a line d is the dtype of the floating arguments, f is float32, r(*sizes, dtype) random numbers, L
torch.tensor.
"""

from pathlib import Path

LINES = (Path(__file__).parent / "cases" / "autocast.txt").read_text().splitlines()
CASES = dict(line.split(" | ", 1) for line in LINES)
LOWER = ("bfloat16", "float16")


def dtype_of(torch, name, given, lower):
    """The dtype that a call returns under autocast, or "error"."""

    def r(*sizes, dtype=torch.float32):
        return (torch.rand(*sizes) * 0.8 + 0.1).to(dtype)

    names = {
        "torch": torch,
        "F": torch.nn.functional,
        "L": torch.tensor,
        "r": r,
        "f": torch.float32,
    }
    with torch.autocast("cpu", dtype=getattr(torch, lower)):
        try:
            y = eval(CASES[name], {**names, "d": getattr(torch, given)})
        except (RuntimeError, NotImplementedError, ValueError):
            return "error"
    return str(y.dtype).removeprefix("torch.")


def _mlp(torch, nn):
    layers = [nn.Flatten(), nn.Linear(36, 32), nn.ReLU(), nn.Linear(32, 4)]
    return nn.Sequential(*layers), torch.rand(16, 1, 6, 6)


def _cnn(torch, nn):
    layers = [nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(72, 4)), torch.rand(16, 1, 6, 6)


def _attention(torch, nn):
    class Block(nn.Module):
        """A head of attention and a feed-forward net, both with a residual."""

        def __init__(self):
            super().__init__()
            self.qkv, self.out = nn.Linear(12, 36), nn.Linear(12, 12)
            self.norm1, self.norm2 = nn.LayerNorm(12), nn.LayerNorm(12)
            self.up, self.down, self.head = nn.Linear(12, 24), nn.Linear(24, 12), nn.Linear(12, 4)

        def forward(self, x):
            q, k, v = self.qkv(self.norm1(x)).chunk(3, -1)
            scores = (q @ k.transpose(1, 2) / 12**0.5).softmax(-1)
            x = x + self.out(scores @ v)
            x = x + self.down(nn.functional.gelu(self.up(self.norm2(x))))
            return self.head(x.mean(1))

    return Block(), torch.rand(16, 5, 12)


def _lstm(torch, nn):
    class Reader(nn.Module):
        """The last state of an LSTM, and a layer on it."""

        def __init__(self):
            super().__init__()
            self.lstm, self.head = nn.LSTM(6, 16, batch_first=True), nn.Linear(16, 4)

        def forward(self, x):
            return self.head(self.lstm(x)[0][:, -1])

    return Reader(), torch.rand(16, 5, 6)


def _encoder(torch, nn):
    layer = nn.TransformerEncoderLayer(12, 3, 24, dropout=0.0, batch_first=True)
    return nn.Sequential(layer, nn.Flatten(), nn.Linear(60, 4)), torch.rand(16, 5, 12)


NETS = {"mlp": _mlp, "cnn": _cnn, "attention": _attention, "encoder": _encoder, "lstm": _lstm}
# PyTorch has no LSTM in float16 on the CPU
TRAINED = [(net, lower) for net in NETS for lower in LOWER if (net, lower) != ("lstm", "float16")]


def losses(torch, net, lower="bfloat16"):
    """Six steps of Adam under autocast, from seed 0: the losses."""
    torch.manual_seed(0)
    model, x = NETS[net](torch, torch.nn)
    y = torch.arange(16) % 4
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    found = []
    for _ in range(6):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=getattr(torch, lower)):
            loss = torch.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        assert all(p.grad.dtype is torch.float32 for p in model.parameters())
        optimizer.step()
        found.append(loss.item())
    return found
