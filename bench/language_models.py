"""Language models as people serve them: encoders like MiniLM and BGE, one token of a small GPT-2.

Written layer by layer, as in the packages that have them: separate projections for queries, keys
and values, a cache that grows by `cat`. Random weights, no gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .served import Served


def encoder(lib: Any, layers: int, width: int = 384, heads: int = 12) -> Any:
    """BERT's: attention, then a net of four times the width, each added and normalised."""
    nn, functional = lib.nn, lib.F

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
            self.out, self.norm1 = nn.Linear(width, width), nn.LayerNorm(width, eps=1e-12)
            self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
            self.norm2 = nn.LayerNorm(width, eps=1e-12)

        def split(self, x: Any) -> Any:
            return x.view(x.shape[0], x.shape[1], heads, width // heads).transpose(1, 2)

        def forward(self, x: Any, mask: Any) -> Any:
            q, k, v = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
            y = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
            y = y.transpose(1, 2).reshape(x.shape)
            x = self.norm1(self.out(y) + x)
            return self.norm2(self.down(functional.gelu(self.up(x))) + x)

    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(30522, width)
            self.places = nn.Embedding(512, width)
            self.norm = nn.LayerNorm(width, eps=1e-12)
            self.layers = nn.ModuleList([Block() for _ in range(layers)])

        def forward(self, tokens: Any, mask: Any) -> Any:
            x = self.norm(self.words(tokens) + self.places.weight[: tokens.shape[1]])
            for layer in self.layers:
                x = layer(x, mask)
            return x.mean(1)

    return Encoder()


def encoding(layers: int, steps: int) -> Callable[[Any], Callable[[], Any]]:
    def make(lib: Any) -> Callable[[], Any]:
        torch = lib.torch
        tokens, mask = torch.randint(0, 30522, (1, steps)), torch.zeros(1, 1, steps, steps)
        return Served(lib, encoder(lib, layers), tokens, mask)

    return make


WIDTH, HEADS, LAYERS, CACHE = 768, 12, 12, 128


def gpt2(lib: Any) -> Any:
    """GPT-2's small shape (Radford et al. 2019): 12 layers, 768 wide, 50257 tokens."""
    torch, nn, functional = lib.torch, lib.nn, lib.F

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
            self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
            self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

        def forward(self, x: Any, past: Any) -> Any:
            parts = self.qkv(self.norm1(x)).split(WIDTH, dim=2)
            q, k, v = (p.view(1, -1, HEADS, WIDTH // HEADS).transpose(1, 2) for p in parts)
            k, v = torch.cat((past[0], k), dim=2), torch.cat((past[1], v), dim=2)
            y = functional.scaled_dot_product_attention(q, k, v)
            x = x + self.out(y.transpose(1, 2).reshape(1, -1, WIDTH))
            return x + self.down(functional.gelu(self.up(self.norm2(x)), approximate="tanh"))

    class GPT2(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words, self.places = nn.Embedding(50257, WIDTH), nn.Embedding(1024, WIDTH)
            self.layers = nn.ModuleList([Block() for _ in range(LAYERS)])
            self.norm = nn.LayerNorm(WIDTH)

        def forward(self, tokens: Any, place: Any, past: Any) -> Any:
            x = self.words(tokens) + self.places(place)
            for layer, kept in zip(self.layers, past, strict=True):
                x = layer(x, kept)
            return functional.linear(self.norm(x), self.words.weight)

    return GPT2()


def one_token(lib: Any) -> Callable[[], Any]:
    torch = lib.torch
    token, place = torch.tensor([[7]]), torch.tensor([[CACHE]])
    shape = (1, HEADS, CACHE, WIDTH // HEADS)
    past = [(torch.randn(shape), torch.randn(shape)) for _ in range(LAYERS)]
    return Served(lib, gpt2(lib), token, place, past)


#: name: (what makes a call, calls in a block, (PyTorch's time over ours at least, aim))
ROWS: dict[str, tuple[Callable[[Any], Callable[[], Any]], int, tuple[float, float]]] = {
    "MiniLM's shape, 16 tokens": (encoding(6, 16), 10, (1.5, 2)),
    "MiniLM's shape, 128 tokens": (encoding(6, 128), 3, (1.2, 1.4)),
    "BGE-small's shape, 16 tokens": (encoding(12, 16), 5, (1.5, 2)),
    "BGE-small's shape, 128 tokens": (encoding(12, 128), 2, (1.2, 1.4)),
    "GPT-2's shape, one token": (one_token, 3, (1.2, 1.5)),
}
