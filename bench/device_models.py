"""The nets of bench/device.py, written once for rushlight and PyTorch: each function gets the
package, the sizes of a run, and gives a net, a batch and an optimizer of parameters.

    B batch, T positions, V characters
"""

from __future__ import annotations

from typing import Any

# name -> sizes on a GPU, and where there is none
SIZES: dict[str, tuple[dict, dict]] = {
    "mlp": ({"B": 64}, {"B": 64}),
    "lenet": ({"B": 64}, {"B": 16}),
    "transformer": ({"B": 32, "T": 128, "D": 256, "L": 4}, {"B": 4, "T": 32, "D": 64, "L": 2}),
    "char-lstm": ({"B": 32, "T": 64, "D": 256}, {"B": 8, "T": 16, "D": 64}),
    "resnet18": ({"B": 128, "W": 64}, {"B": 4, "W": 16}),
}
V = 96


def mlp(torch: Any, B: int) -> tuple:
    nn = torch.nn
    net = nn.Sequential(
        nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)
    )
    return net, (torch.rand(B, 784), torch.randint(0, 10, (B,))), _sgd(torch)


def lenet(torch: Any, B: int) -> tuple:
    nn = torch.nn
    net = nn.Sequential(
        nn.Conv2d(1, 20, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(20, 50, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(800, 500), nn.ReLU(), nn.Linear(500, 10),
    )  # fmt: skip
    return net, (torch.rand(B, 1, 28, 28), torch.randint(0, 10, (B,))), _sgd(torch)


def transformer(torch: Any, B: int, T: int, D: int, L: int) -> tuple:
    nn = torch.nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.e, self.at = nn.Embedding(V, D), nn.Parameter(torch.zeros(T, D))
            layer = nn.TransformerEncoderLayer(
                D, 8, 4 * D, 0.0, activation="gelu", batch_first=True
            )
            self.body = nn.TransformerEncoder(layer, L, enable_nested_tensor=False)
            self.head = nn.Linear(D, V)
            self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(T))

        def forward(self, x: Any) -> Any:
            return self.head(self.body(self.e(x) + self.at, mask=self.mask, is_causal=True))

    return Net(), _text(torch, B, T), _adamw(torch)


def char_lstm(torch: Any, B: int, T: int, D: int) -> tuple:
    nn = torch.nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.e = nn.Embedding(V, D)
            self.rnn = nn.LSTM(D, D, 2, batch_first=True)
            self.head = nn.Linear(D, V)

        def forward(self, x: Any) -> Any:
            return self.head(self.rnn(self.e(x))[0])

    return Net(), _text(torch, B, T), _adamw(torch)


def resnet18(torch: Any, B: int, W: int) -> tuple:
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self, i: int, o: int, stride: int) -> None:
            super().__init__()
            self.c1, self.b1 = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o)
            self.c2, self.b2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
            self.down = nn.Identity()
            if stride != 1 or i != o:
                self.down = nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o))

        def forward(self, x: Any) -> Any:
            y = self.b2(self.c2(self.b1(self.c1(x)).relu()))
            return (y + self.down(x)).relu()

    layers, i = [nn.Conv2d(3, W, 3, 1, 1, bias=False), nn.BatchNorm2d(W), nn.ReLU()], W
    for o, stride in ((1, 1), (1, 1), (2, 2), (2, 1), (4, 2), (4, 1), (8, 2), (8, 1)):
        layers.append(Block(i, W * o, stride))
        i = W * o
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(i, 10))
    return net, (torch.rand(B, 3, 32, 32), torch.randint(0, 10, (B,))), _sgd(torch)


def _text(torch: Any, B: int, T: int) -> tuple:
    return torch.randint(0, V, (B, T)), torch.randint(0, V, (B, T))


def _sgd(torch: Any) -> Any:
    return lambda parameters: torch.optim.SGD(parameters, lr=0.01, momentum=0.9)


def _adamw(torch: Any) -> Any:
    return lambda parameters: torch.optim.AdamW(parameters, lr=1e-3)


MAKERS = {
    "mlp": mlp,
    "lenet": lenet,
    "transformer": transformer,
    "char-lstm": char_lstm,
    "resnet18": resnet18,
}


def made(torch: Any, name: str, small: bool, device: Any) -> tuple:
    """(step(x, y) -> loss, x, y) of a net on a device, of the same weights each time."""
    torch.manual_seed(0)
    net, (x, y), optimizer = MAKERS[name](torch, **SIZES[name][small])
    net, x, y = net.to(device), x.to(device), y.to(device)
    opt = optimizer(net.parameters())
    loss_of = torch.nn.functional.cross_entropy

    def step(x: Any, y: Any) -> Any:
        opt.zero_grad()
        out = net(x)
        loss = loss_of(out.reshape(-1, out.shape[-1]), y.reshape(-1))
        loss.backward()
        opt.step()
        return loss

    return step, x, y
