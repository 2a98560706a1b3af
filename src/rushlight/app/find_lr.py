"""`rushlight find-lr DATA`: which learning rate to begin with.

The rate grows by the same factor with each batch, from a small to a large one, and the loss of each
batch is noted (Smith 2017, arXiv:1506.01186). The loss, smoothed, falls, is flat, then rises; the
suggestion is the rate where it falls fastest along the logarithm of the rate. Nothing of the run is
kept.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from rushlight import Tensor, nn
from rushlight.app import datasets, models, train
from rushlight.app.arguments import Parser, count, positive, seed
from rushlight.app.errors import CliError, say, to_stderr
from rushlight.app.pages import page, svg
from rushlight.app.pages.words import Words
from rushlight.nn import functional as F

SMOOTHING = 0.9  # of the loss, exponential, without the bias of the start
TOO_HIGH = 3.0  # the sweep ends where the loss is so many times its lowest
ROWS, COLUMNS = 10, 60  # of the curve on a terminal
GIVEN = "data model optimizer batch_size width size root seed target".split()  # as in train


@dataclass(frozen=True)
class Sweep:
    """The rates that were tried, the smoothed loss at each, and the suggestion (None: no fall)."""

    rates: list[float]
    losses: list[float]
    suggestion: float | None


def find_lr(
    model: nn.Module,
    optimizer: Any,
    batches: Iterable[Any],
    loss: Callable[[Tensor, Tensor], Tensor] = F.cross_entropy,
    *,
    low: float = 1e-6,
    high: float = 10.0,
    steps: int = 100,
) -> Sweep:
    """Sweeps the learning rate of an optimizer from low to high; the model is put back afterwards.

    batches  pairs (x, y); they begin anew when they end
    loss     loss(model(x), y)
    steps    batches that are used at most: the sweep ends where the loss is TOO_HIGH or no number

    ValueError: not 0 < low < high, fewer than 10 steps, no batches.
    """
    if not 0 < low < high or steps < 10:
        raise ValueError(
            f"find_lr() needs 0 < low < high and at least 10 steps, got {low:g}, {high:g}, {steps}"
        )
    before = {name: t.detach().clone() for name, t in model.state_dict().items()}
    training, kept = model.training, copy.deepcopy(optimizer.state_dict())
    rates: list[float] = []
    losses: list[float] = []
    mean, best, iterator = 0.0, math.inf, iter(batches)
    model.train()
    try:
        for i in range(steps):
            try:
                x, y = next(iterator)
            except StopIteration:
                iterator = iter(batches)
                x, y = next(iterator, (None, None))
                if x is None:
                    raise ValueError("find_lr() got no batches") from None
            rate = low * (high / low) ** (i / (steps - 1))
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.zero_grad()
            value = loss(model(x), y)
            value.backward()
            optimizer.step()
            mean = SMOOTHING * mean + (1 - SMOOTHING) * value.item()
            smooth = mean / (1 - SMOOTHING ** (i + 1))
            if not math.isfinite(smooth) or smooth > TOO_HIGH * best:
                break
            best = min(best, smooth)
            rates.append(rate)
            losses.append(smooth)
    finally:
        model.load_state_dict(before)
        model.train(training)
        optimizer.zero_grad()
        optimizer.load_state_dict(kept)
    return Sweep(rates, losses, _steepest(rates, losses))


def _steepest(rates: Sequence[float], losses: Sequence[float], reach: int = 4) -> float | None:
    """The rate where the loss falls fastest over 2 reach + 1 points; None where it never falls."""
    end = losses.index(min(losses)) if losses else 0
    slopes = [
        (losses[i + reach] - losses[i - reach], i)
        for i in range(reach, min(end, len(losses) - reach - 1) + 1)
    ]
    slope, i = min(slopes, default=(0.0, 0))
    return rates[i] if slope < 0 else None


def picture(found: Sweep) -> list[str]:
    """The curve in letters: the loss over the logarithm of the rate."""
    if len(found.rates) < 2:
        return []
    low, high = min(found.losses), max(found.losses)
    first, last = math.log10(found.rates[0]), math.log10(found.rates[-1])
    cells = [[" "] * COLUMNS for _ in range(ROWS)]

    def at(rate: float) -> int:
        return round((math.log10(rate) - first) / (last - first) * (COLUMNS - 1))

    for rate, loss in zip(found.rates, found.losses, strict=True):
        row = round((high - loss) / max(high - low, 1e-12) * (ROWS - 1))
        cells[row][at(rate)] = "*"
    if found.suggestion is not None:
        column = at(found.suggestion)
        for line in cells:
            line[column] = line[column] if line[column] == "*" else "|"
    lines = [f"{high:8.3f} |{''.join(cells[0])}"]
    lines += [f"{'':8} |{''.join(row)}" for row in cells[1:-1]]
    lines += [f"{low:8.3f} |{''.join(cells[-1])}"]
    ends = f"{found.rates[0]:.0e}", f"{found.rates[-1]:.0e}"
    return [
        line.rstrip() for line in [*lines, f"{'':10}{ends[0]}{ends[1]:>{COLUMNS - len(ends[0])}}"]
    ]


def sweep_page(found: Sweep, title: str, command: str, lang: str = "en") -> str:
    """The curve as a page."""
    words = Words(lang)
    curve = svg.chart(
        words("loss by learning rate"),
        [svg.Curve(words("loss"), found.rates, found.losses, "a")],
        found.suggestion,
        "" if found.suggestion is None else f"{found.suggestion:.2g}",
        logarithmic=True,
        x_name=words("learning rate"),
    )
    said = words("no rate lets the loss fall")
    if found.suggestion is not None:
        said = words("suggestion: {rate}", rate=f"{found.suggestion:.2g}")
    body = (
        f"<h1>{escape(title)}</h1>\n<p>{said}</p>\n{curve}\n<pre><code>{escape(command)}</code></pre>\n"
        f"{page.footer(words)}"
    )
    return page.document(title, body, words)


def main(words: Sequence[str]) -> int:
    """Prints the curve and the suggestion."""
    parser = Parser(
        prog="rushlight find-lr",
        usage="rushlight find-lr [DATA] [--model NAME] [--optimizer NAME] [--page FILE]",
        description="Which learning rate to begin with: the loss while the rate grows.",
    )
    parser.add_argument("data", nargs="?", default="digits", help="as in `rushlight train`")
    parser.add_argument("--model", default="mlp", help="as in `rushlight train` (default: mlp)")
    parser.add_argument("--optimizer", choices=train.OPTIMIZERS, help="default: suits the model")
    parser.add_argument("--batch-size", type=count, help="default: suits the model")
    parser.add_argument("--width", type=count, help="as in `rushlight train`")
    parser.add_argument("--size", type=count, help="as in `rushlight train`")
    parser.add_argument("--target", metavar="COLUMN", help="as in `rushlight train`")
    parser.add_argument("--root", default="data", help="the folder that holds the data sets")
    parser.add_argument("--low", type=positive, default=1e-6, help="the first rate (1e-6)")
    parser.add_argument("--high", type=positive, default=10.0, help="the last rate (10)")
    parser.add_argument("--steps", type=count, default=150, help="batches at most (150)")
    parser.add_argument("--seed", type=seed, default=0, help="of weights and order (default: 0)")
    parser.add_argument("--page", type=Path, metavar="FILE", help="also draw the curve as HTML")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    options = parser.parse_args(words)
    if options.low >= options.high:
        raise CliError(f"--low {options.low:g} must be below --high {options.high:g}: swap them")
    if options.steps < 10:
        raise CliError(f"--steps {options.steps}: at least 10 are needed")
    given = {key: value for key in GIVEN if (value := getattr(options, key)) is not None}
    settings = train.complete(given)
    data = datasets.of(settings, lambda text: say("find-lr", text))
    learner = train.build(settings, data, Path("."), nullcontext())
    with models.own_code(settings["model"]):
        found = find_lr(
            learner.model,
            learner.optimizer,
            learner.train,
            learner.loss,
            low=options.low,
            high=options.high,
            steps=options.steps,
        )
    if options.page is not None:
        title = f"{Path(settings['data']).name}, {settings['model']}, {settings['optimizer']}"
        page.write(options.page, sweep_page(found, title, _next(settings, found)))
    if options.json:
        print(json.dumps({"rates": found.rates, "losses": found.losses, "lr": found.suggestion}))
        return 0
    print("\n".join(picture(found)))
    if found.suggestion is None:
        print("no rate lets the loss fall: look at the data, or begin with a smaller --low")
        return 1
    print(f"suggestion: --lr {found.suggestion:.2g}\ntrain with:  {_next(settings, found)}")
    if options.page is not None:
        to_stderr(f"drawn in {options.page}")
    return 0


def _next(settings: dict[str, Any], found: Sweep) -> str:
    """The command that trains with the suggestion."""
    rate = settings["lr"] if found.suggestion is None else float(f"{found.suggestion:.2g}")
    return train.again(settings | {"lr": rate})
