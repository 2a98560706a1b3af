"""Attention: a small GPT in training, an encoder at work, scaled_dot_product_attention alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

WIDTH, HEADS, LAYERS, BATCH, STEPS, VOCABULARY = 128, 4, 4, 16, 64, 65


def gpt(lib: Any) -> Any:
    """A decoder-only model: 4 blocks 128 wide, attention by scaled_dot_product_attention."""
    torch, nn, functional = lib.torch, lib.nn, lib.F

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
            self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
            self.net = nn.Sequential(
                nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH)
            )

        def forward(self, x: Any) -> Any:
            b, t, c = x.shape
            parts = self.qkv(self.norm1(x)).split(c, dim=2)
            q, k, v = (p.view(b, t, HEADS, c // HEADS).transpose(1, 2) for p in parts)
            y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.out(y.transpose(1, 2).contiguous().view(b, t, c))
            return x + self.net(self.norm2(x))

    class GPT(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.tokens = nn.Embedding(VOCABULARY, WIDTH)
            self.places = nn.Embedding(STEPS, WIDTH)
            self.blocks = nn.Sequential(*[Block() for _ in range(LAYERS)])
            self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, VOCABULARY, bias=False)

        def forward(self, index: Any) -> Any:
            x = self.tokens(index) + self.places(torch.arange(index.shape[1]))
            return self.head(self.norm(self.blocks(x)))

    return GPT()


def training(lib: Any) -> list[float]:
    """One step: batch 16, 64 steps, cross entropy, AdamW."""
    torch = lib.torch
    model = gpt(lib)
    opt = lib.optim.AdamW(model.parameters(), lr=3e-4)
    x = torch.randint(0, VOCABULARY, (BATCH, STEPS))
    y = torch.randint(0, VOCABULARY, (BATCH, STEPS))

    def step() -> None:
        logits = model(x)
        loss = lib.F.cross_entropy(logits.view(-1, VOCABULARY), y.view(-1))
        opt.zero_grad()
        loss.backward()
        opt.step()

    return lib.blocks(step, 5)


def encoder(steps: int) -> Callable[[Any], list[float]]:
    """TransformerEncoder of 6 layers, 384 wide, 12 heads, gelu, on one sequence of `steps`."""

    def run(lib: Any) -> list[float]:
        torch, nn = lib.torch, lib.nn
        layer = nn.TransformerEncoderLayer(
            384, 12, 1536, activation="gelu", batch_first=True, dropout=0.0
        )
        model = nn.TransformerEncoder(layer, 6, enable_nested_tensor=False).eval()
        x = torch.randn(1, steps, 384)
        with torch.no_grad():
            return lib.blocks(lambda: model(x), 640 // steps)

    return run


def alone(batch: int, steps: int) -> Callable[[Any], list[float]]:
    """scaled_dot_product_attention of 8 heads of 64, without gradients."""

    def run(lib: Any) -> list[float]:
        torch = lib.torch
        q, k, v = (torch.randn(batch, steps, 8, 64).transpose(1, 2) for _ in range(3))
        f = lib.F.scaled_dot_product_attention
        with torch.no_grad():
            return lib.blocks(lambda: f(q, k, v), max(1, 2048 // steps))

    return run


# name -> (workload, (at least, aim))
ROWS = {
    "transformer, training": (training, (1.1, 1.5)),
    "encoder, 16 steps": (encoder(16), (1.3, 2)),
    "encoder, 128 steps": (encoder(128), (1, 1.3)),
    "attention, 64 steps": (alone(4, 64), (1, 1.5)),
    "attention, 512 steps": (alone(1, 512), (1, 1.5)),
    "attention, 2048 steps": (alone(1, 2048), (1, 1.5)),
}
