"""Cases of attention: Python with `torch` and the values of `names` in scope, one a line of
tests/cases_attention.txt; and programs that train.

tools/freeze_attention.py evaluates them with PyTorch into tests/frozen/attention.json, the tests
with rushlight.
"""

import math
import warnings
from pathlib import Path

import numpy as np
from op_cases import encode

FILE = Path(__file__).parent / "cases_attention.txt"


def numbers(torch, *shape, seed=0):
    """Numbers of a normal distribution, the same in both libraries."""
    return torch.tensor(np.random.default_rng(seed).standard_normal(shape).astype(np.float32))


def names(torch):
    """Fresh values for a case."""
    nn, F = torch.nn, torch.nn.functional

    def R(*shape, seed=0):
        return numbers(torch, *shape, seed=seed)

    def B(*shape, seed=0):
        """A bool mask, two thirds of it True."""
        return torch.tensor(np.random.default_rng(seed + 50).random(shape) < 0.67)

    def qkv(t, s, e, d=None, lead=(2, 3)):
        d = d or e
        return R(*lead, t, e), R(*lead, s, e, seed=1), R(*lead, s, d, seed=2)

    def grads(f, *inputs):
        """f's result (the first of several), and the gradients of a weighted sum of it."""
        leaves = [t.detach().clone().requires_grad_() for t in inputs]
        y = f(*leaves)
        y = y[0] if isinstance(y, tuple) else y
        w = numbers(torch, *y.shape, seed=9)
        (y * w).sum().backward()
        return [y.detach(), *[t.grad for t in leaves]]

    def weighed(g):
        """Two numbers for a gradient: a weighted sum of it, and its size."""
        w = numbers(torch, *g.shape, seed=8)
        return [float((g * w).sum()), float(g.abs().sum())]

    def whole(layer, *inputs, **options):
        """What a layer gives in training from seed 1, its gradients, and what in evaluation."""
        leaves = [t.detach().clone().requires_grad_() for t in inputs]
        torch.manual_seed(1)
        y = layer(*leaves, **options)
        first = y[0] if isinstance(y, tuple) else y
        (first * numbers(torch, *first.shape, seed=9)).sum().backward()
        given = [t.grad for t in leaves]
        own = {n: weighed(p.grad) for n, p in layer.named_parameters()}
        layer.eval()
        with torch.no_grad():
            ev = layer(*inputs, **options)
        return {"y": y, "grads": given, "own": own, "eval": ev}

    def seeded(make):
        torch.manual_seed(0)
        return make()

    def state(layer):
        """Keys, shapes and sums of a layer's state."""
        return {
            k: [list(v.shape), float(v.double().sum()), float(v.double().abs().sum())]
            for k, v in layer.state_dict().items()
        }

    return {
        "torch": torch,
        "nn": nn,
        "F": F,
        "sdpa": F.scaled_dot_product_attention,
        "math": math,
        "inf": math.inf,
        "R": R,
        "B": B,
        "qkv": qkv,
        "grads": grads,
        "whole": whole,
        "seeded": seeded,
        "state": state,
        "causal": nn.Transformer.generate_square_subsequent_mask,
    }


def evaluate(torch, code):
    """The result in JSON's terms, with the warnings; errors as type and first line."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            result = _short(encode(torch, eval(code, names(torch))))
        except Exception as e:
            result = {"error": type(e).__name__, "message": str(e).split("\n")[0].strip()}
    texts = [str(w.message).split(" (Triggered")[0] for w in seen]
    kept = [t for t in texts if "nested tensors is in prototype" not in t]
    return {"result": result, "warnings": kept} if kept else {"result": result}


def _short(r):
    """Floats to the eight digits that float32 has."""
    if isinstance(r, dict):
        return {k: _short(v) for k, v in r.items()}
    if isinstance(r, list):
        return [_short(v) for v in r]
    return float(f"{r:.8g}") if isinstance(r, float) else r


def cases():
    return [line for line in FILE.read_text().splitlines() if line and line[0] != "#"]


# ---------------------------------------------------------------- training


def translation(torch):
    """An encoder-decoder Transformer with all its masks, dropout included: losses of ten steps."""
    nn = torch.nn
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = nn.Transformer(16, 4, 2, 2, 32, dropout=0.1, batch_first=False)
    words, head = nn.Embedding(20, 16), nn.Linear(16, 20)
    parameters = [*model.parameters(), *words.parameters(), *head.parameters()]
    opt = torch.optim.Adam(parameters, lr=1e-3)
    r = np.random.default_rng(0)
    src, tgt = (torch.tensor(r.integers(0, 20, (n, 3))) for n in (7, 6))
    padded = torch.tensor(np.arange(7)[None] >= np.array([[7], [5], [6]]))
    behind = torch.tensor(np.arange(5)[None] >= np.array([[5], [4], [3]]))
    mask = nn.Transformer.generate_square_subsequent_mask(5)
    losses = []
    for _ in range(10):
        out = model(
            words(src),
            words(tgt[:-1]),
            tgt_mask=mask,
            src_key_padding_mask=padded.float().masked_fill(padded, -math.inf),
            tgt_key_padding_mask=behind.float().masked_fill(behind, -math.inf),
            memory_key_padding_mask=padded.float().masked_fill(padded, -math.inf),
            tgt_is_causal=False,
        )
        loss = nn.functional.cross_entropy(head(out).reshape(-1, 20), tgt[1:].reshape(-1))
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    return losses


def gpt(torch):
    """GPT-like blocks with scaled_dot_product_attention, AdamW: losses of ten steps."""
    nn, F = torch.nn, torch.nn.functional

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(24), nn.LayerNorm(24)
            self.qkv, self.out = nn.Linear(24, 72), nn.Linear(24, 24)
            self.net = nn.Sequential(nn.Linear(24, 96), nn.GELU(), nn.Linear(96, 24))

        def forward(self, x):
            b, t, c = x.shape
            q, k, v = (
                p.view(b, t, 4, c // 4).transpose(1, 2)
                for p in self.qkv(self.norm1(x)).split(c, dim=2)
            )
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.out(y.transpose(1, 2).contiguous().view(b, t, c))
            return x + self.net(self.norm2(x))

    torch.manual_seed(0)
    tokens, places = nn.Embedding(30, 24), nn.Embedding(70, 24)
    blocks, norm, head = nn.Sequential(Block(), Block()), nn.LayerNorm(24), nn.Linear(24, 30)
    model = nn.ModuleList([tokens, places, blocks, norm, head])
    opt = torch.optim.AdamW(model.parameters(), lr=1e-3)
    r = np.random.default_rng(0)
    x, y = (torch.tensor(r.integers(0, 30, (3, 70))) for _ in range(2))
    losses = []
    for _ in range(10):
        z = head(norm(blocks(tokens(x) + places(torch.arange(70)))))
        loss = F.cross_entropy(z.reshape(-1, 30), y.reshape(-1))
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    return losses


def encoder_classifier(torch):
    """A batch-first, norm-first encoder with gelu, dropout and bool masks: losses of ten steps."""
    nn = torch.nn
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(
        16, 2, 32, dropout=0.2, activation="gelu", batch_first=True, norm_first=True
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = nn.TransformerEncoder(layer, 2, nn.LayerNorm(16))
    head = nn.Linear(16, 3)
    opt = torch.optim.SGD([*model.parameters(), *head.parameters()], lr=0.1, momentum=0.9)
    x = numbers(torch, 4, 9, 16)
    y = torch.tensor([0, 2, 1, 1])
    padded = torch.tensor(np.arange(9)[None] >= np.array([[9], [5], [6], [1]]))
    losses = []
    for _ in range(10):
        z = model(x, src_key_padding_mask=padded)[:, 0]
        loss = nn.functional.cross_entropy(head(z), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    return losses


TRAINING = {f.__name__: f for f in (translation, gpt, encoder_classifier)}
