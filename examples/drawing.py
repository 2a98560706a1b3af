"""The pictures of the examples: line charts and heat maps as SVG, sheets of images as PNG (Pillow).

Letters: N images, H and W height and width.
"""

import math
from html import escape
from pathlib import Path

import numpy as np
from PIL import Image

COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f", "#000000"]
STYLE = "font:13px system-ui,sans-serif;fill:#1d1f22"


def svg(path, width, height, body):
    """A file with white paper under what is drawn."""
    Path(path).write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" style="{STYLE}">'
        f'<rect width="{width}" height="{height}" rx="8" fill="#fff"/>{body}</svg>\n',
        encoding="utf-8",
    )


def text(x, y, words, place="middle", more=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{place}" {more}>{escape(str(words))}</text>'


def ticks(low, high, count=5):
    """Round numbers between two."""
    step = (high - low) / count
    power = 10.0 ** math.floor(math.log10(step))
    step = min((k * power for k in (1, 2, 5, 10) if k * power >= step * 0.999), default=10 * power)
    first = math.ceil(low / step - 1e-9)
    return [i * step for i in range(first, math.floor(high / step + 1e-9) + 1)]


def chart(path, curves, title, x_name, y_name, *, dots=(), level=None, square=False):
    """Curves with axes.

    curves  name -> ys, or (xs, ys)
    dots    names that are drawn as points
    level   (y, name) of a broken line across
    square  one unit is as long along both axes
    """
    series = {}
    for name, numbers in curves.items():
        xs, ys = numbers if isinstance(numbers, tuple) else (range(1, len(numbers) + 1), numbers)
        pairs = [(float(x), float(y)) for x, y in zip(xs, ys, strict=True)]
        series[name] = [(x, y) for x, y in pairs if math.isfinite(x + y)]
    every = [pair for pairs in series.values() for pair in pairs]
    if not every:
        raise ValueError(f"{title}: there is no finite number to draw")
    lows, highs = np.min(every, 0), np.max(every, 0)
    if level is not None:
        lows[1], highs[1] = min(lows[1], level[0]), max(highs[1], level[0])
    spans = np.where(highs > lows, highs - lows, 1.0)
    lows[1], highs[1] = lows[1] - 0.04 * spans[1], lows[1] + 1.04 * spans[1]
    highs[0] = lows[0] + spans[0]

    left, top, bottom = 64, 62, 48
    width, height = (420, 450) if square else (680, 340)
    across, down = width - left - 20, height - top - bottom

    def at(x, y):
        return (
            left + (x - lows[0]) / (highs[0] - lows[0]) * across,
            top + (highs[1] - y) / (highs[1] - lows[1]) * down,
        )

    out = [text(left, 22, title, "start", 'font-weight="600"')]
    for y in ticks(lows[1], highs[1]):
        place = at(lows[0], y)[1]
        out.append(f'<path d="M{left} {place:.1f}h{across}" stroke="#e4e4de"/>')
        out.append(text(left - 8, place + 4, f"{y:g}", "end", 'fill="#5d646d"'))
    for x in ticks(lows[0], highs[0], 6):
        out.append(text(at(x, 0)[0], height - bottom + 18, f"{x:g}", "middle", 'fill="#5d646d"'))
    out.append(text(left + across / 2, height - 10, x_name, "middle", 'fill="#5d646d"'))
    middle = top + down / 2
    turn = f'fill="#5d646d" transform="rotate(-90 16 {middle:.0f})"'
    out.append(text(16, middle, y_name, "middle", turn))
    if level is not None:
        place = at(lows[0], level[0])[1]
        out.append(f'<path d="M{left} {place:.1f}h{across}" stroke="#555" stroke-dasharray="5 4"/>')
        beside = place - 5 if place < middle else place + 14  # away from the curves
        out.append(text(left + 4, beside, level[1], "start", 'fill="#555"'))
    along = left
    for (name, pairs), colour in zip(series.items(), COLOURS * 9, strict=False):
        places = [at(*pair) for pair in pairs]
        if name in dots:
            marks = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in places)
            pen = 'stroke-width="3.5" stroke-linecap="round" stroke-opacity=".6"'
        else:
            marks = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places) if places else ""
            pen = 'stroke-width="1.8" stroke-linejoin="round"'
        out.append(f'<path d="{marks}" fill="none" stroke="{colour}" {pen}/>')
        out.append(f'<rect x="{along}" y="37" width="12" height="12" rx="3" fill="{colour}"/>')
        out.append(text(along + 17, 48, name, "start"))
        along += 34 + 7.2 * len(name)
    svg(path, width, height, "".join(out))


def heat(path, numbers, rows, columns, title, *, form="{:.2f}", low=None, high=None):
    """A table of numbers, the greater the darker. rows, columns: their names."""
    numbers = np.asarray(numbers, np.float64)
    low = float(np.nanmin(numbers)) if low is None else low
    high = float(np.nanmax(numbers)) if high is None else high
    wide = max(40, 8 * max(len(form.format(n)) for n in numbers.flat) + 8)
    long = max(len(c) for c in columns)
    turned = 8 * long > wide  # names that do not fit stand aslant
    left = 24 + 7.2 * max(len(r) for r in rows)
    top = 48 + (5.2 * long if turned else 22)
    cell = 30
    out = [text(16, 24, title, "start", 'font-weight="600"')]
    for j, name in enumerate(columns):
        x = left + (j + 0.5) * wide
        if turned:
            place = f'transform="rotate(-45 {x:.1f} {top - 8:.1f})"'
            out.append(text(x, top - 8, name, "start", place))
        else:
            out.append(text(x, top - 8, name))
    for i, row in enumerate(numbers):
        y = top + i * cell
        out.append(text(left - 8, y + cell / 2 + 4, rows[i], "end"))
        for j, n in enumerate(row):
            share = min(max((n - low) / ((high - low) or 1), 0), 1)
            opacity = f"{0.04 + 0.96 * share:.3f}"
            ink = "#fff" if share > 0.55 else "#1d1f22"
            out.append(
                f'<rect x="{left + j * wide:.1f}" y="{y:.1f}" width="{wide - 2}" '
                f'height="{cell - 2}" rx="3" fill="#0072b2" fill-opacity="{opacity}"/>'
            )
            middle = left + j * wide + wide / 2 - 1
            shown = form.format(n)
            shown = shown.lstrip("-") if shown.strip("-0.") == "" else shown  # 0.00 for -0.00
            out.append(text(middle, y + cell / 2 + 4, shown, more=f'fill="{ink}"'))
    width = left + wide * len(columns) + (3.8 * long + 8 if turned else 16)
    width = max(width, 32 + 7.4 * len(title))
    svg(path, round(width), round(top + cell * len(rows) + 14), "".join(out))


def sheet(path, images, columns, *, scale=4, gap=2):
    """Images (N, H, W) or (N, H, W, 3) of numbers in 0..1 side by side, row by row, as PNG."""
    images = np.asarray(images, np.float32)
    if images.ndim == 3:
        images = np.repeat(images[..., None], 3, -1)  # (N, H, W, 3)
    n, h, w, _ = images.shape
    rows = -(-n // columns)
    paper = np.full((rows * (h + gap) + gap, columns * (w + gap) + gap, 3), 0.85, np.float32)
    for i, image in enumerate(images):
        y, x = gap + i // columns * (h + gap), gap + i % columns * (w + gap)
        paper[y : y + h, x : x + w] = image
    pixels = np.rint(255 * np.clip(paper, 0, 1)).astype(np.uint8)
    size = pixels.shape[1] * scale, pixels.shape[0] * scale
    Image.fromarray(pixels).resize(size, Image.Resampling.NEAREST).save(path, optimize=True)
