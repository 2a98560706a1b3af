"""The nets of the compile tests, each with its optimizer and one batch, small."""

import rushlight as torch
import rushlight.nn.functional as F
from rushlight import nn


class Block(nn.Module):
    def __init__(self, i, o, stride=1):
        super().__init__()
        self.c1 = nn.Conv2d(i, o, 3, stride, 1, bias=False)
        self.b1 = nn.BatchNorm2d(o)
        self.c2 = nn.Conv2d(o, o, 3, 1, 1, bias=False)
        self.b2 = nn.BatchNorm2d(o)
        self.down = None
        if stride != 1 or i != o:
            self.down = nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o))

    def forward(self, x):
        y = self.b2(self.c2(F.relu(self.b1(self.c1(x)))))
        return F.relu(y + (x if self.down is None else self.down(x)))


def resnet18(width=8):
    """ResNet-18's eighteen layers, narrow: (N, 3, 16, 16) -> (N, 10)"""
    layers, i = [nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()], width
    for o, stride in ((1, 1), (1, 1), (2, 2), (2, 1), (4, 2), (4, 1), (8, 2), (8, 1)):
        layers.append(Block(i, width * o, stride))
        i = width * o
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(i, 10))


class Chars(nn.Module):
    """A character model: embedding, LSTM, head."""

    def __init__(self, v=20, d=16):
        super().__init__()
        self.e, self.rnn, self.head = nn.Embedding(v, d), nn.LSTM(d, d, 2), nn.Linear(d, v)

    def forward(self, x):
        y, _ = self.rnn(self.e(x))
        return self.head(y)


class Transformer(nn.Module):
    """Embedding, encoder layers with dropout and a causal mask, head."""

    def __init__(self, v=20, d=16, n=8, p=0.1):
        super().__init__()
        self.e, self.pos = nn.Embedding(v, d), nn.Parameter(torch.zeros(n, d))
        layer = nn.TransformerEncoderLayer(d, 2, 32, p, batch_first=True)
        self.body = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(d, v)
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(n))

    def forward(self, x):
        return self.head(self.body(self.e(x) + self.pos, mask=self.mask, is_causal=True))


def mlp():
    return nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(),
                         nn.Linear(32, 5))  # fmt: skip


def cnn():
    """The documents' net: strided convolutions, an average at the end."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 28, 28)),
        nn.Conv2d(1, 4, 3, 2, 1), nn.ReLU(), nn.Conv2d(4, 4, 3, 2, 1), nn.ReLU(),
        nn.Conv2d(4, 10, 3, 2, 1), nn.ReLU(), nn.AvgPool2d(4), nn.Flatten(),
    )  # fmt: skip


def lenet(p=0.3):
    return nn.Sequential(
        nn.Conv2d(1, 4, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 5), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(p), nn.Linear(96, 30), nn.ReLU(),
        nn.Dropout(p), nn.Linear(30, 10),
    )  # fmt: skip


def images(*shape):
    return lambda n: (torch.rand(n, *shape), torch.randint(0, 5, (n,)))


def chars(t):
    return lambda n: (torch.randint(0, 20, (n, t)), torch.randint(0, 20, (n, t)))


# name -> net, batch of n, optimizer of parameters
MODELS = {
    "mlp": (mlp, images(20), lambda p: torch.optim.SGD(p, 0.1, momentum=0.9)),
    "cnn": (cnn, images(784), lambda p: torch.optim.SGD(p, 0.05, momentum=0.9)),
    "lenet": (lenet, images(1, 28, 28), lambda p: torch.optim.Adam(p, 1e-3)),
    "lstm": (Chars, chars(8), lambda p: torch.optim.RMSprop(p, 1e-3)),
    "transformer": (Transformer, chars(8), lambda p: torch.optim.AdamW(p, 1e-3)),
    "resnet18": (resnet18, images(3, 16, 16), lambda p: torch.optim.SGD(p, 0.01, momentum=0.9)),
}


def make(name, double=False):
    """(net, optimizer, step, batch of n), the same ones at each call."""
    net, batch, optimizer = MODELS[name]
    torch.manual_seed(0)
    m = net()
    if double:
        m.double()
    opt = optimizer(m.parameters())

    def step(x, y):
        opt.zero_grad()
        out = m(x)
        loss = F.cross_entropy(out.reshape(-1, out.shape[-1]), y.reshape(-1))
        loss.backward()
        opt.step()
        return loss

    def given(n=4):
        x, y = batch(n)
        return (x.double() if double and x.is_floating_point() else x), y

    return m, opt, step, given
