"""Drawings in SVG: curves, histograms, the heat map of a confusion matrix, a column of boxes.

Colours and fonts come from the page's style sheet (page.py), so that one drawing fits light and
dark.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np


def number(value: float) -> str:
    """A coordinate: two decimals at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if math.isfinite(value) else "0"


def ticks(low: float, high: float, about: int = 4) -> list[float]:
    """Round numbers from low to high, about so many."""
    span = high - low
    if not (span > 0 and math.isfinite(span)):
        return [low]
    raw = span / about
    unit = 10.0 ** math.floor(math.log10(raw))
    step = next(unit * m for m in (1, 2, 2.5, 5, 10) if raw <= unit * m * 1.0001)
    first = math.ceil(low / step - 1e-9)
    return [i * step for i in range(first, math.floor(high / step + 1e-9) + 1)]


def short(value: float) -> str:
    """A number for an axis: 0.05, 12, 1e-4"""
    text = f"{value:.3g}"
    return text.replace("e-0", "e-").replace("e+0", "e")


def tag(width: float, height: float, body: str, label: str, style: str = "") -> str:
    """An <svg> of these sizes that scales with its place; `label` is read to those who listen."""
    return (
        f'<svg class="{style}" viewBox="0 0 {number(width)} {number(height)}" role="img" '
        f'aria-label="{escape(label)}">{body}</svg>'
    )


@dataclass(frozen=True)
class Curve:
    """One line of a chart: its name, its points, the class of its colour ("a", "b")."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: str


def chart(
    title: str,
    curves: Sequence[Curve],
    best: float | None = None,
    best_name: str = "",
    axis: Callable[[float], str] = short,
    bounds: tuple[float | None, float | None] = (None, None),
    logarithmic: bool = False,
    x_name: str = "",
) -> str:
    """Lines over a common axis; `best` is the place of the dots.

    bounds       of the vertical axis, where the curves do not say it
    logarithmic  the horizontal axis
    """
    width, height, left, right, top, bottom = 420, 256, 46, 62, 24, 40
    points = [(x, y) for c in curves for x, y in zip(c.x, c.y, strict=True) if math.isfinite(y + x)]
    if not points:
        return ""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    low = min(ys) if bounds[0] is None else bounds[0]
    high = max(ys) if bounds[1] is None else bounds[1]
    if high <= low:
        low, high = (low - 0.5, high + 0.5) if low == 0 else (low - abs(low) / 2, low + abs(low))
    marks = ticks(low, high)
    step = marks[1] - marks[0] if len(marks) > 1 else high - low
    if bounds[0] is None:
        low = step * math.floor(low / step + 1e-9)
    if bounds[1] is None:
        high = step * math.ceil(high / step - 1e-9)
    marks = ticks(low, high)
    scale = math.log10 if logarithmic else float
    first, last = scale(min(xs)), scale(max(xs))

    def at_x(x: float) -> float:
        share = 0.5 if last == first else (scale(x) - first) / (last - first)
        return left + share * (width - left - right)

    def at_y(y: float) -> float:
        return top + (high - y) / (high - low) * (height - top - bottom)

    out = []
    for y in marks:
        place = number(at_y(y))
        out.append(f'<path class="rule" d="M{left} {place}H{width - right}"/>')
        out.append(f'<text class="tick" x="{left - 8}" y="{place}" dy=".33em">{axis(y)}</text>')
    if logarithmic:
        along = [10.0**i for i in range(math.ceil(first - 1e-9), math.floor(last + 1e-9) + 1)]
    else:
        along = [x for x in ticks(first, last, 5) if x == int(x)]
        along = [first, *[x for x in along if x - first > (last - first) / 10]]
    for x in along:
        out.append(
            f'<text class="tick mid" x="{number(at_x(x))}" y="{height - 22}">{short(x)}</text>'
        )
    out.append(
        f'<text class="tick mid" x="{number((left + width - right) / 2)}" y="{height - 5}">'
        f"{escape(x_name)}</text>"
    )
    if best is not None:
        place = number(at_x(best))
        out.append(f'<path class="best" d="M{place} {top}V{height - bottom}"/>')
        out.append(
            f'<text class="note" text-anchor="middle" x="{place}" y="{top - 8}">'
            f"{escape(best_name)}</text>"
        )
    names: list[tuple[float, Curve]] = []
    for c in curves:
        path, pen, dots = [], "M", []
        for x, y in zip(c.x, c.y, strict=True):
            if not math.isfinite(y + x):
                pen = "M"
                continue
            path.append(f"{pen}{number(at_x(x))} {number(at_y(min(max(y, low), high)))}")
            pen = "L"
            if x == best or len(c.x) == 1:
                dots.append(
                    f'<circle class="dot {c.colour}" r="4" cx="{number(at_x(x))}" '
                    f'cy="{number(at_y(y))}"><title>{escape(c.name)} {axis(y)}</title></circle>'
                )
        if not path:
            continue
        out.append(f'<path class="line {c.colour}" d="{"".join(path)}"/>')
        out += dots
        ends = [y for y in c.y if math.isfinite(y)]
        names.append((at_y(min(max(ends[-1], low), high)), c))
    names.sort(key=lambda pair: pair[0])
    for y, (_, c) in zip(apart([place for place, _ in names], height - bottom), names, strict=True):
        out.append(
            f'<text class="name {c.colour}" x="{width - right + 8}" y="{number(y)}" '
            f'dy=".33em">{escape(c.name)}</text>'
        )
    return tag(width, height, "".join(out), title, "chart")


def apart(places: Sequence[float], most: float, least: float = 15.0) -> list[float]:
    """Sorted places moved so that they are `least` apart and none is beyond `most`."""
    found: list[float] = []
    for place in places:
        found.append(max(place, found[-1] + least) if found else place)
    for i in reversed(range(len(found))):
        found[i] = min(found[i], most - least * (len(found) - 1 - i))
    return found


def histogram(values: Any, colour: str, label: str, bins: int = 41) -> str:
    """How often which number occurs; zero is marked, the ends are named."""
    values = np.asarray(values, np.float64).ravel()
    strange = int((~np.isfinite(values)).sum())
    values = values[np.isfinite(values)]
    width, height, bottom = 240, 84, 18
    if not len(values):
        text = f'<text class="tick mid" x="{width / 2}" y="{height / 2}">nan</text>'
        return tag(width, height, text, label, "histogram")
    low, high = float(values.min()), float(values.max())
    flat = high <= low
    if flat:
        low, high = low - (abs(low) or 1), high + (abs(high) or 1)
    counts, _ = np.histogram(values, bins, (low, high))
    tall, each = int(counts.max()), width / bins
    out = []
    for i, n in enumerate(counts.tolist()):
        if n:
            size = max(1.0, n / tall * (height - bottom - 2))
            out.append(
                f'<rect class="{colour}" x="{number(i * each)}" width="{number(each - 0.8)}" '
                f'y="{number(height - bottom - size)}" height="{number(size)}"/>'
            )
    base = height - bottom
    out.append(f'<path class="rule" d="M0 {base}H{width}"/>')
    if low < 0 < high:
        zero = number(-low / (high - low) * width)
        out.append(f'<path class="zero" d="M{zero} {base - 3}v6"/>')
        out.append(f'<text class="tick mid" x="{zero}" y="{height - 3}">0</text>')
    if not flat:
        out.append(f'<text class="tick start" x="0" y="{height - 3}">{short(low)}</text>')
        out.append(f'<text class="tick" x="{width}" y="{height - 3}">{short(high)}</text>')
    if strange:
        out.append(f'<text class="bad" x="{width}" y="12">{strange} nan, inf</text>')
    return tag(width, height, "".join(out), label, "histogram")


def confusion(
    counts: np.ndarray,
    classes: Sequence[str],
    label_name: str,
    answer_name: str,
    linked: Callable[[int, int], bool],
    title: Callable[[int, int], str],
) -> str:
    """The heat map of counts (K, K) by (label, answer); cells that are `linked` lead to #c-i-j."""
    k = len(classes)
    cell = 44 if k <= 12 else 30 if k <= 20 else 18
    letters = max(len(c) for c in classes)
    size = 13 if k <= 20 else 11
    shown = [c if len(c) <= 14 else c[:13] + "…" for c in classes]
    left = 30 + min(letters, 14) * size * 0.58
    turned = letters > max(2, cell // 10)
    top = 30 + (min(letters, 14) * size * 0.58 if turned else 16)
    width, height = left + k * cell + 2, top + k * cell + 2
    totals = np.maximum(counts.sum(1), 1)
    out = [
        f'<text class="note" x="{number(left + k * cell / 2)}" y="13" text-anchor="middle">'
        f"{escape(answer_name)}</text>",
        f'<text class="note" text-anchor="middle" transform="translate(13 '
        f'{number(top + k * cell / 2)}) rotate(-90)">{escape(label_name)}</text>',
    ]
    for i, name in enumerate(shown):
        middle = number(top + (i + 0.5) * cell)
        across = left + (i + 0.5) * cell
        place = f"translate({number(across)} {number(top - 7)})"
        turn = (
            f'text-anchor="start" transform="{place} rotate(-60)"'
            if turned
            else f'text-anchor="middle" transform="{place}"'
        )
        style = f'style="font-size:{size}px"'
        out.append(
            f'<text class="class" {style} x="{number(left - 7)}" y="{middle}" dy=".35em" '
            f'text-anchor="end">{escape(name)}</text><text class="class" {style} {turn}>'
            f"{escape(name)}</text>"
        )
    for i in range(k):
        for j in range(k):
            n = int(counts[i, j])
            share = n / totals[i]
            x, y = number(left + j * cell), number(top + i * cell)
            side = cell - 2
            paint = f'class="{"right" if i == j else "wrong"}" fill-opacity="{share**0.6:.2f}"'
            body = f'<rect class="back" x="{x}" y="{y}" width="{side}" height="{side}" rx="3"/>'
            if n:
                strong = " on" if share**0.6 > 0.6 else ""
                body += f'<rect {paint} x="{x}" y="{y}" width="{side}" height="{side}" rx="3"/>'
                if cell >= 30 or n < 100:
                    body += (
                        f'<text class="count{strong}" x="{number(left + j * cell + side / 2)}" '
                        f'y="{number(top + i * cell + side / 2)}" dy=".35em" '
                        f'style="font-size:{number(min(size, cell * 0.5))}px">{n}</text>'
                    )
                body = f"<title>{escape(title(i, j))}</title>{body}"
                if linked(i, j):
                    name = escape(title(i, j))
                    body = f'<a href="#c-{i}-{j}" aria-label="{name}">{body}</a>'
                else:
                    body = f"<g>{body}</g>"
            out.append(body)
    return (
        f'<svg class="confusion" viewBox="0 0 {number(width)} {number(height)}" '
        f'style="max-width:{number(width * 1.15)}px">{"".join(out)}</svg>'
    )


@dataclass(frozen=True)
class Box:
    """A box of a column: what it leads to, its title, what stands at its right, and below."""

    address: str
    title: str
    shape: str
    name: str
    kind: str


def column(boxes: Sequence[Box], edges: Sequence[tuple[int, int]]) -> str:
    """Boxes one below the other.

    edges  (from, to), numbers of boxes; those between neighbours are straight, others go around
    """
    wide, tall, gap = 232, 40, 16
    lanes: list[int] = []  # for each lane, the box at which it is free again
    out = []
    for a, b in sorted(edges):
        y1, y2 = a * (tall + gap) + tall, b * (tall + gap)
        if b == a + 1:
            out.append(f'<path class="edge" d="M{wide / 2} {y1}V{y2}"/>')
            out.append(f'<path class="tip" d="M{wide / 2} {y2}l-3.5-6h7z"/>')
        elif b > a:
            lane = next((i for i, free in enumerate(lanes) if free <= a), len(lanes))
            lanes[lane : lane + 1] = [b]
            x, y1, y2 = wide + 12 + 9 * lane, y1 - tall // 2, y2 + tall // 2
            out.append(
                f'<path class="edge" d="M{wide} {y1}H{x - 5}Q{x} {y1} {x} {y1 + 5}V{y2 - 5}Q{x} '
                f'{y2} {x - 5} {y2}H{wide}"/>'
            )
            out.append(f'<path class="tip" d="M{wide} {y2}l6-3.5v7z"/>')
    for i, box in enumerate(boxes):
        y = i * (tall + gap)
        shape = _fitted(box.shape, 19)
        title = _fitted(box.title, 30 - len(shape))
        out.append(
            f'<a href="#{escape(box.address)}"><rect class="box {box.kind}" x="1" y="{y + 1}" '
            f'width="{wide - 2}" height="{tall - 2}" rx="6"/>'
            f'<text class="first" x="10" y="{y + 17}">{escape(title)}</text>'
            f'<text class="second" text-anchor="end" x="{wide - 10}" y="{y + 17}">{escape(shape)}'
            f'</text><text class="second" x="10" y="{y + 32}">{escape(_fitted(box.name, 34))}'
            "</text></a>"
        )
    width = wide + (12 + 9 * len(lanes) if lanes else 0) + 2
    height = len(boxes) * (tall + gap) - gap + 2
    return (
        f'<svg class="graph" viewBox="0 0 {width} {height}" '
        f'style="max-width:{width}px">{"".join(out)}</svg>'
    )


def _fitted(text: str, letters: int) -> str:
    """The text, its beginning left out where it is too long."""
    return text if len(text) <= letters else "…" + text[-letters + 1 :]
