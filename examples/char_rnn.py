"""An LSTM (or a GRU) reads verse character by character, learns to say the next one, and writes.

    rushlight run examples/char_rnn.py             (or python, with PyTorch: the same numbers)
    rushlight run examples/char_rnn.py --cell gru --epochs 6

Writes loss.svg, sample.txt, unit.svg and numbers.json. unit.svg shows a text coloured by one unit
of the hidden state: the one that knows best how far the line has come, although nobody told it to.

Letters: B batch, T time, C channels, V vocabulary, L layers.
"""

import argparse
import json
import time
from html import escape
from pathlib import Path

import drawing
import numpy as np
import torch
import verse
from torch import nn
from torch.nn import functional as F


class Reader(nn.Module):
    """Characters (B, T) and a state -> scores of the next character (B, T, V), the new state."""

    def __init__(self, cell, vocabulary, width, layers):
        super().__init__()
        self.token = nn.Embedding(vocabulary, width // 2)
        kind = {"lstm": nn.LSTM, "gru": nn.GRU}[cell]
        self.rnn = kind(width // 2, width, num_layers=layers, batch_first=True)
        self.head = nn.Linear(width, vocabulary)

    def forward(self, x, state=None):
        y, state = self.rnn(self.token(x), state)  # (B, T, C)
        return self.head(y), state

    @torch.no_grad()
    def write(self, first, count, temperature):
        """A list of `count` characters, each drawn by its probability after those before it."""
        x, state, written = first.view(1, 1), None, []
        for _ in range(count):
            scores, state = self(x, state)  # one step: all that came before is in the state
            x = torch.multinomial((scores[:, -1] / temperature).softmax(-1), 1)  # (1, 1)
            written.append(x.item())
        return written


def detached(state):
    """The state without its history: gradients go back through one piece of text only."""
    return tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()


def epoch(model, optimizer, codes, span, device):
    """Reads B pieces of the text side by side, `span` characters at a time; the losses."""
    losses, state = [], None
    for start in range(0, codes.size(1) - span, span):
        x = codes[:, start : start + span].to(device)
        y = codes[:, start + 1 : start + span + 1].to(device)
        scores, state = model(x, state)
        loss = F.cross_entropy(scores.flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        state = detached(state)
        losses.append(loss.item())
    return losses


@torch.no_grad()
def look(model, codes, text):
    """(h, r): what the last layer's units say after each character (T, C), and each unit's
    correlation (C) with the place in the line."""
    y, _ = model.rnn(model.token(codes.view(1, -1)))
    y = y[0].cpu().numpy()  # (T, C)
    place, along = [], 0
    for c in text:
        place.append(along)
        along = 0 if c == "\n" else along + 1
    place, y0 = np.array(place) - np.mean(place), y - y.mean(0)
    return y, place @ y0 / (np.linalg.norm(place) * np.linalg.norm(y0, axis=0) + 1e-9)


def draw(path, text, unit, title):
    """The text, each character on the colour of the unit after it: orange above 0, blue below."""
    out = [drawing.text(16, 24, title, "start", 'font-weight="600"')]
    out.append('<g font-family="monospace">')
    wide, tall, y, x = 9.6, 21, 40, 16
    for c, n in zip(text, unit.tolist(), strict=True):
        if c == "\n":
            y, x = y + tall, 16
            continue
        colour = "#d55e00" if n > 0 else "#0072b2"
        out.append(
            f'<rect x="{x:.1f}" y="{y}" width="{wide}" height="{tall - 2}" fill="{colour}" '
            f'fill-opacity="{abs(n) * 0.75:.2f}"/>'
        )
        if c != " ":
            out.append(f'<text x="{x + 1:.1f}" y="{y + 14}">{escape(c)}</text>')
        x += wide
    drawing.svg(path, 680, y + tall + 14, "".join(out) + "</g>")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cell", choices=["lstm", "gru"], default="lstm", help="default: lstm")
    parser.add_argument("--epochs", type=int, default=5, help="default: 5")
    parser.add_argument("--width", type=int, default=128, help="units of a layer; default: 128")
    parser.add_argument("--layers", type=int, default=1, help="default: 1")
    parser.add_argument("--batch", type=int, default=32, help="pieces side by side; default: 32")
    parser.add_argument("--span", type=int, default=48, help="characters at a time; default: 48")
    parser.add_argument("--lr", type=float, default=6e-3, help="Adam's rate; default: 0.006")
    parser.add_argument("--letters", type=int, default=200_000, help="of the text; default: 200000")
    parser.add_argument("--write", type=int, default=1500, help="characters; default: 1500")
    parser.add_argument("--temperature", type=float, default=0.6, help="default: 0.6")
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    parser.add_argument("--device", default="cpu", help="default: cpu")
    parser.add_argument("--out", type=Path, default=Path("runs/char_rnn"), help="runs/char_rnn")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    text, fresh = verse.write(options.letters, 1), verse.write(4_000, 2)
    letters = sorted(set(text))
    codes, held = (torch.tensor([letters.index(c) for c in t]) for t in (text, fresh))
    codes = codes[: len(codes) // options.batch * options.batch].view(options.batch, -1)  # (B, T)
    torch.manual_seed(options.seed)
    model = Reader(options.cell, len(letters), options.width, options.layers).to(options.device)
    size = sum(p.numel() for p in model.parameters())
    print(f"{len(text):,} characters, {len(letters)} different; {size:,} parameters")
    optimizer = torch.optim.Adam(model.parameters(), lr=options.lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options.epochs)

    losses, tests, begin = [], [], time.perf_counter()
    for number in range(1, options.epochs + 1):
        losses += epoch(model, optimizer, codes, options.span, options.device)
        schedule.step()
        with torch.no_grad():
            scores, _ = model(held[None, :-1].to(options.device))
            tests.append(F.cross_entropy(scores[0], held[1:].to(options.device)).item())
        seconds = time.perf_counter() - begin
        both = f"loss {losses[-1]:.3f}  fresh verse {tests[-1]:.3f}"
        print(f"epoch {number}  {both}  {seconds:.0f} s")

    first = torch.tensor(letters.index("\n"), device=options.device)
    written = model.write(first, options.write, options.temperature)
    sample = "".join(letters[c] for c in written)
    print(sample[:500].strip())
    floor = verse.entropy()
    print(f"fresh verse: {tests[-1]:.3f} nats per character, the grammar's entropy is {floor:.3f}")
    lines, good, couplets, rhymed = verse.check("\n\n" + sample.lstrip("\n"))
    print(f"{good} of {lines} lines are the grammar's, {rhymed} of {couplets} couplets rhyme")
    units, along = look(model, held.to(options.device), fresh)
    best = int(np.abs(along).argmax())
    print(f"unit {best} follows the place in the line: correlation {along[best]:.2f}")

    (options.out / "sample.txt").write_text(sample, encoding="utf-8")
    each = len(losses) // options.epochs
    ends = [each * (i + 1) for i in range(options.epochs)]
    curves = {"training text": losses, "fresh verse": (ends, tests)}
    title = f"Loss per character (nats), {options.cell.upper()} on verse"
    level = (floor, "the grammar's own entropy")
    drawing.chart(options.out / "loss.svg", curves, title, "piece of text", "loss", level=level)
    begin = fresh.index("\n\n") + 2  # from a whole speech
    end = fresh.index("\n\n", begin + 400)
    title = f"Unit {best}, correlation with the place in the line {along[best]:.2f}"
    draw(options.out / "unit.svg", fresh[begin:end], units[begin:end, best], title)
    numbers = {"loss": losses, "test": tests, "check": [lines, good, couplets, rhymed]}
    (options.out / "numbers.json").write_text(json.dumps(numbers, indent=1))


if __name__ == "__main__":
    main()
