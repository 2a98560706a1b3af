"""A GPT of characters learns verse that a grammar makes (verse.py), then goes on by itself.

    rushlight run examples/gpt.py              (or python, with PyTorch)
    rushlight run examples/gpt.py --steps 2000 --width 128 --layers 4

Since the grammar is known, what was learned can be counted: lines of the sample that the grammar
could have written, and couplets that rhyme. Writes loss.svg, sample.txt and numbers.json.

Letters: B batch, T time, C channels, H heads, V vocabulary.
"""

import argparse
import json
import math
import time
from pathlib import Path

import drawing
import torch
import verse
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    """Attention to what came before, then a perceptron; each is added to its input."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def attend(self, x):
        B, T, C = x.shape
        q, k, v = (
            part.view(B, T, self.heads, C // self.heads).transpose(1, 2)  # (B, H, T, C / H)
            for part in self.qkv(x).split(C, dim=2)
        )
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(y.transpose(1, 2).reshape(B, T, C))

    def forward(self, x):
        x = x + self.attend(self.norm1(x))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class GPT(nn.Module):
    """Characters (B, T) -> scores of the next one (B, T, V)."""

    def __init__(self, vocabulary, block, width, layers, heads):
        super().__init__()
        self.block = block
        self.token = nn.Embedding(vocabulary, width)
        self.place = nn.Embedding(block, width)
        self.blocks = nn.Sequential(*[Block(width, heads) for _ in range(layers)])
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary, bias=False)
        for name, p in self.named_parameters():
            if p.dim() == 2:  # smaller where a sum over the layers follows (GPT-2)
                last = name.endswith(("out.weight", "down.weight"))
                nn.init.normal_(p, std=0.06 / math.sqrt(2 * layers) if last else 0.06)

    def forward(self, x):
        places = torch.arange(x.size(1), device=x.device)
        return self.head(self.norm(self.blocks(self.token(x) + self.place(places))))

    @torch.no_grad()
    def write(self, x, count, temperature):
        """x (1, T), and `count` characters more, each drawn by its probability."""
        for _ in range(count):
            scores = self(x[:, -self.block :])[:, -1] / temperature  # (1, V)
            x = torch.cat([x, torch.multinomial(scores.softmax(-1), 1)], 1)
        return x


def batch(codes, block, size, generator):
    """Windows from random places: characters (B, T), and those that follow them (B, T)."""
    starts = torch.randint(len(codes) - block, (size, 1), generator=generator)
    window = codes[starts + torch.arange(block + 1)]  # (B, T + 1)
    return window[:, :-1], window[:, 1:]


def loss_of(model, x, y, device):
    scores = model(x.to(device))
    return F.cross_entropy(scores.flatten(0, 1), y.to(device).flatten())


def rate(step, options):
    """Up over 5 % of the steps, then down along a cosine to a tenth."""
    warm = max(1, options.steps // 20)
    if step < warm:
        return options.lr * (step + 1) / warm
    share = (step - warm) / max(1, options.steps - warm)
    return options.lr * (0.55 + 0.45 * math.cos(math.pi * share))


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=1500, help="batches; default: 1500")
    parser.add_argument("--batch", type=int, default=8, help="windows in each; default: 8")
    parser.add_argument("--block", type=int, default=96, help="characters seen; default: 96")
    parser.add_argument("--width", type=int, default=96, help="channels; default: 96")
    parser.add_argument("--layers", type=int, default=2, help="default: 2")
    parser.add_argument("--heads", type=int, default=4, help="default: 4")
    parser.add_argument("--lr", type=float, default=6e-3, help="AdamW's rate; default: 0.006")
    parser.add_argument("--letters", type=int, default=300_000, help="of the text; default: 300000")
    parser.add_argument("--write", type=int, default=1500, help="characters; default: 1500")
    parser.add_argument("--temperature", type=float, default=0.6, help="default: 0.6")
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    parser.add_argument("--device", default="cpu", help="default: cpu")
    parser.add_argument("--out", type=Path, default=Path("runs/gpt"), help="default: runs/gpt")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    text, fresh = verse.write(options.letters, 1), verse.write(20_000, 2)
    letters = sorted(set(text))
    codes, held = (torch.tensor([letters.index(c) for c in t]) for t in (text, fresh))
    torch.manual_seed(options.seed)
    shape = options.block, options.width, options.layers, options.heads
    model = GPT(len(letters), *shape).to(options.device)
    size = sum(p.numel() for p in model.parameters())
    print(f"{len(text):,} characters, {len(letters)} different; {size:,} parameters")
    decay = [p for p in model.parameters() if p.dim() == 2]
    rest = [p for p in model.parameters() if p.dim() != 2]
    groups = [{"params": decay, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=options.lr, betas=(0.9, 0.95))

    generator = torch.Generator().manual_seed(options.seed)
    steps, losses, tests = [], [], []
    begin = time.perf_counter()
    for step in range(options.steps):
        for group in optimizer.param_groups:
            group["lr"] = rate(step, options)
        x, y = batch(codes, options.block, options.batch, generator)
        loss = loss_of(model, x, y, options.device)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        if step % max(1, options.steps // 10) == 0 or step == options.steps - 1:
            with torch.no_grad():
                same = torch.Generator().manual_seed(7)  # the same windows each time
                x, y = batch(held, options.block, 64, same)
                tests.append(loss_of(model, x, y, options.device).item())
            steps.append(step + 1)
            seconds = time.perf_counter() - begin
            both = f"loss {losses[-1]:.3f}  fresh verse {tests[-1]:.3f}"
            print(f"step {step + 1:4}  {both}  {seconds:.0f} s")

    start = torch.tensor([[letters.index("\n")]], device=options.device)
    written = model.write(start, options.write, options.temperature)[0].tolist()
    sample = "".join(letters[c] for c in written)
    print(sample[:600].strip())
    floor = verse.entropy()
    print(f"fresh verse: {tests[-1]:.3f} nats per character, the grammar's entropy is {floor:.3f}")
    lines, good, couplets, rhymed = verse.check("\n\n" + sample.lstrip("\n"))
    print(f"{good} of {lines} lines are the grammar's, {rhymed} of {couplets} couplets rhyme")
    (options.out / "sample.txt").write_text(sample, encoding="utf-8")
    curves = {"training batch": losses, "fresh verse": (steps, tests)}
    title = "Loss per character (nats) of a GPT on verse"
    level = (floor, "the grammar's own entropy")
    drawing.chart(options.out / "loss.svg", curves, title, "batch", "loss", level=level)
    numbers = {"loss": losses, "test": tests, "check": [lines, good, couplets, rhymed]}
    (options.out / "numbers.json").write_text(json.dumps(numbers, indent=1))


if __name__ == "__main__":
    main()
