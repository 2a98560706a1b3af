"""The page of a walk.

Letters: N batch, C channels, H and W height and width, F features, M maps.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from rushlight import Tensor
from rushlight.app.pages import png, svg
from rushlight.app.pages.numbers import Numbers, array, dead_units, first_two
from rushlight.app.pages.page import document, facts, footer
from rushlight.app.pages.recorder import Step, tensors
from rushlight.app.pages.words import Words

if TYPE_CHECKING:
    from rushlight.app.pages.walking import Walk

MAPS = 16  # that are drawn of a step's maps
IMAGES = 8  # of a mini-batch that are drawn
FILTERS = 32
WIDE = 1024  # numbers in a strip; more are averaged
MANY = 60  # steps; with more, one image is drawn
SHOWN = 10  # classes in a picture of softmax
ANSWERS = "The model's answers"


def walk_page(walk: Walk, lang: str) -> str:
    """The whole file."""
    words = Words(lang)
    return document(
        f"{walk.title}: {words('The walk')}",
        "\n".join(_parts(walk, words)),
        words,
    )


def _parts(walk: Walk, words: Words) -> list[str]:
    parameters = list(walk.model.parameters())
    total = sum(p.numel() for p in parameters)
    trained = sum(p.numel() for p in parameters if p.requires_grad)
    first = next(tensors(walk.inputs), None)
    shape = " × ".join(map(str, first.shape)) if first is not None else "-"
    photos = _photos(walk)
    lead = (
        words("A mini-batch of {n} images through the model, layer by layer.")
        if any(photos) and walk.batch > 1
        else words("A mini-batch of {n} through the model, layer by layer.")
    )
    return [
        f'<h1>{escape(walk.title)}</h1><p class="soft">{escape(lead.format(n=walk.batch))}</p>',
        facts(
            [
                (words("input"), shape),
                (words("parameters"), f"{total:,}"),
                (words("trainable"), f"{trained:,}"),
                (words("multiply-adds"), f"{walk.multiply_adds:,}"),
            ]
        ),
        _answers(walk, photos, words),
        f'<h2 id="steps">{words.html("Steps")}</h2>',
        f'<p class="say">{words.html("Each picture has a scale of its own: blue is below zero, orange above.")}'  # noqa: E501
        f'<br><span class="swatch"></span> '
        f"{words.html('Zero for the whole mini-batch: a dead unit.')}</p>",
        f'<div class="walk"><div class="side">{_graph(walk, words)}</div>',
        f"<div>{_input(walk, photos, words)}",
        *_steps(walk, words),
        "</div></div>",
        _parameters(walk, words),
        footer(words),
    ]


def _photos(walk: Walk) -> list[str | None]:
    first = next(tensors(walk.inputs), None)
    if first is None or first.ndim not in (3, 4) or not first.is_floating_point():
        return []
    return [png.photo(image, walk.mean, walk.std) for image in array(first)[:IMAGES]]


def _who(walk: Walk, i: int, words: Words) -> str:
    return walk.names[i] if i < len(walk.names) else words("image {i}", i=i + 1)


def _answers(walk: Walk, photos: list[str | None], words: Words) -> str:
    """The softmax bars of each image."""
    if walk.shares is None:
        return ""
    cards = []
    for i, row in enumerate(array(walk.shares)[:IMAGES]):
        best = np.argsort(-row, kind="stable")[:SHOWN]
        chosen = sorted(best.tolist()) if len(row) <= SHOWN else best.tolist()
        bars = "".join(
            f"<span>{escape(walk.classes[j])}</span>"
            f'<i class="{"top" if j == best[0] else ""}" style="width:{100 * row[j]:.2f}%"></i>'
            f"<em>{100 * row[j]:.1f} %</em>"
            for j in chosen
        )
        who = escape(_who(walk, i, words))
        if walk.target is not None:
            label = walk.classes[int(walk.target[i])]
            who += f'<br><span class="soft">{escape(words("label {label}", label=label))}</span>'
        picture = photos[i] if i < len(photos) else None
        image = f'<img src="{picture}" alt="">' if picture else ""
        cards.append(
            f'<div class="card"><div class="who">{image}<div><h3>'
            f"{words.html('answer')} {escape(walk.classes[int(best[0])])}</h3>"
            f'<div class="say" style="margin:0">{who}</div></div></div>'
            f'<div class="bars">{bars}</div></div>'
        )
    say = words("the output, which sums to 1" if walk.kind == "shares" else "softmax of the output")
    return (
        f'<h2 id="answers">{words.html(ANSWERS)}</h2>'
        f'<p class="say">{escape(say)}</p><div class="tiles">{"".join(cards)}</div>'
    )


def _graph(walk: Walk, words: Words) -> str:
    """The steps as a column of boxes."""
    first = next(tensors(walk.inputs), None)
    shape = str(tuple(first.shape)) if first is not None else ""
    boxes = [svg.Box("input", words("Input"), shape, "", "end")]
    for step in walk.steps:
        kind = "act" if step.activation else ""
        shape = str(tuple(step.output.shape))
        name = step.name if step.module is not None else words("a function")
        boxes.append(svg.Box(f"s{step.number}", step.title, shape, name, kind))
    edges = [(a, step.number) for step in walk.steps for a in step.sources]
    return f"<h2>{words.html('Graph')}</h2>" + svg.column(boxes, edges)


def _input(walk: Walk, photos: list[str | None], words: Words) -> str:
    items = "".join(
        f'<li><img src="{p}" alt="{escape(_who(walk, i, words))}">'
        f"{escape(_who(walk, i, words))}</li>"
        for i, p in enumerate(photos)
        if p
    )
    first = next(tensors(walk.inputs), None)
    body = f'<ul class="thumbs three">{items}</ul>' if items else ""
    if not items and first is not None and first.is_floating_point():
        body = _pictures(walk, first, None, "", words)
    return (
        f'<section class="card step" id="input"><div class="head"><h3>{words.html("Input")}</h3>'
        f"</div>{_numbers(first, words)}{body}</section>"
    )


def _numbers(tensor: Tensor | None, words: Words, shapes: str = "", counts: str = "") -> str:
    if tensor is None:
        return ""
    n = Numbers(array(tensor))
    shown = shapes or str(tuple(tensor.shape))
    first = f'<div class="shape"><span><b>{escape(shown)}</b></span>{counts}</div>'
    cells = []
    for name, value in (("min", n.min), ("mean", n.mean), ("max", n.max)):
        cells.append(f"<span>{escape(words(name))} <b>{value:.4g}</b></span>")
    cells.append(f"<span>{words.html('zeros')} <b>{100 * n.zeros:.1f} %</b></span>")
    return f'{first}<div class="shape">{"".join(cells)}</div>'


def _steps(walk: Walk, words: Words) -> list[str]:
    shown: dict[str, int] = {}  # parameter -> the step that has its picture
    out = []
    for step in walk.steps:
        counts = ""
        if step.parameters:
            counts += f"<span>{words.html('parameters')} <b>{step.parameters:,}</b></span>"
        if step.multiply_adds:
            counts += f"<span>{words.html('multiply-adds')} <b>{step.multiply_adds:,}</b></span>"
        shapes = f"{', '.join(map(str, step.inputs))} → {tuple(step.output.shape)}"
        name = step.name if step.module is not None else ""
        if step.module is None and step.name:
            name = words("within {name}", name=step.name)
        title = f"{step.name}: {step.title}" if step.module is not None and step.name else step.call
        call = f'<span class="code soft">{escape(step.call)}</span>' if title != step.call else ""
        if step.module is None and name:
            call = f'<span class="say">{escape(name)}</span>'
        formula = f'<p class="formula">{escape(step.formula)}</p>' if step.formula else ""
        out.append(
            f'<section class="card step" id="s{step.number}"><div class="head">'
            f'<span class="no">{step.number}</span><h3>{escape(title)}</h3>{call}</div>'
            f"{formula}{_numbers(step.output, words, shapes, counts)}"
            f"{_weights(walk, step, shown, words)}{_outputs(walk, step, words)}</section>"
        )
    return out


# ---------------------------------------------------------------- pictures


def _outputs(walk: Walk, step: Step, words: Words) -> str:
    """The result of a step; of an activation, what it got above it."""
    if not step.output.is_floating_point() or not step.output.numel():
        return ""
    dead = dead_units(step)
    body = ""
    if step.before is not None and step.before.shape == step.output.shape:
        limit = max(_limit(array(t)) for t in (step.before, step.output))
        body += _pictures(walk, step.before, None, words("before"), words, limit)
        body += _pictures(walk, step.output, dead, words("after"), words, limit)
    else:
        body += _pictures(walk, step.output, dead, "", words)
    if dead:
        text = words("dead in this batch: {n} of {all}")
        text = text.format(n=len(dead), all=step.output.shape[1])
        body += f'<div class="key"><span class="swatch"></span>{escape(text)}</div>'
    return body


def _limit(values: np.ndarray) -> float:
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max()) if finite.size else 1.0


def _pictures(
    walk: Walk,
    tensor: Tensor,
    dead: list[int] | None,
    name: str,
    words: Words,
    limit: float | None = None,
) -> str:
    """A row for each image: its maps (N, C, H, W), its matrix (N, A, B) or its strip (N, F)."""
    values = array(tensor)
    if values.ndim < 2:
        values = values.reshape(1, -1) if walk.batch != values.size else values.reshape(-1, 1)
    limit = limit or _limit(values)
    images = values[: 1 if len(walk.steps) > MANY else IMAGES]
    rows, note = [], ""
    if name:
        rows.append(f'<div class="wide">{escape(name)}</div>')
    for i, value in enumerate(images):
        who = f"<span>{escape(words('image {i}', i=i + 1))}</span>"
        if value.ndim == 1:
            rows.append(who + _strip(value, limit, dead))
            continue
        if value.ndim == 2:
            rows.append(who + _matrix(walk, value, limit))
            continue
        maps = value.reshape(len(value), -1, value.shape[-1])
        if value.ndim > 3:  # more dimensions: the middle one of each further
            maps = value.reshape(len(value), -1, *value.shape[-2:])[
                :, value[0, ..., 0, 0].size // 2
            ]
        maps = png.smaller(maps[:MAPS], 64, 64)
        text = words("first {n} of {all} maps" if len(value) > MAPS else "{all} maps")
        note = text.format(n=MAPS, all=len(value))
        rows.append(who + _sheet(maps, limit, dead, min(len(maps), MAPS)))
    ends = f"<span>{svg.short(-limit)}</span><i></i><span>{svg.short(limit)}</span>"
    more = f"<span>{escape(note)}</span>" if note else ""
    return f'<div class="rows">{"".join(rows)}</div><div class="key">{ends}{more}</div>'


def _strip(value: np.ndarray, limit: float, dead: list[int] | None) -> str:
    """(F) as a strip of one pixel's height; dead units below it."""
    line = png.smaller(value[None], 1, WIDE)
    width = line.shape[1]
    picture = png.heat_uri(line, limit)
    marks = ""
    if dead and len(value) <= WIDE:
        path = "".join(f"M{i} 0h1v1h-1z" for i in dead)
        marks = (
            f'<svg viewBox="0 0 {width} 1" preserveAspectRatio="none" style="height:3px;'
            f'margin-top:1px" aria-hidden="true"><path d="{path}" fill="#cc79a7"/></svg>'
        )
    return f'<div><img class="strip" src="{picture}" alt="">{marks}</div>'


def _matrix(walk: Walk, value: np.ndarray, limit: float) -> str:
    """(A, B) as a picture."""
    value = png.smaller(value, 128, 512) if len(walk.steps) <= MANY else png.smaller(value, 48, 256)
    height = min(200, max(22, 6 * len(value)))
    return (
        f'<div><img class="strip" style="height:{height}px" '
        f'src="{png.heat_uri(value, limit)}" alt=""></div>'
    )


def _sheet(maps: np.ndarray, limit: float, dead: list[int] | None, columns: int) -> str:
    """Maps (M, H, W) side by side; the dead ones have a frame."""
    picture, width, height = png.grid(maps, columns, limit)
    m, h, w = maps.shape
    frames = "".join(
        f'<rect class="dead" x="{i % columns * (w + 1)}" y="{i // columns * (h + 1)}" '
        f'width="{w}" height="{h}"><title>{i}</title></rect>'
        for i in (dead or [])
        if i < m
    )
    largest = 56 if h * w > 1 else 24
    return (
        f'<div class="plain"><svg viewBox="0 0 {width} {height}" aria-hidden="true" '
        f'style="max-width:{columns * largest}px">'
        f'<image href="{picture}" width="{width}" height="{height}"/>{frames}</svg></div>'
    )


def _weights(walk: Walk, step: Step, shown: dict[str, int], words: Words) -> str:
    """A picture of a step's weight: filters as tiles, units as images, or the matrix."""
    named = dict(walk.model.named_parameters())
    name = next((n for n in step.weights if named[n].ndim >= 2), None)
    if name is None or not named[name].numel() or not named[name].is_floating_point():
        return ""
    if name in shown:
        text = words("weights again, see step {i}", i=shown[name])
        return f'<div class="key"><a href="#s{shown[name]}">{escape(text)}</a></div>'
    shown[name] = step.number
    w = array(named[name])
    if step.module is None and w.ndim == 2:
        w = w.T  # x @ w: a column is a unit
    limit = _limit(w)
    pixels = _pixels(walk, w)
    if w.ndim >= 4 or (w.ndim == 3 and w.shape[-1] > 1):
        kernels = w.reshape(len(w), w.shape[1], -1, w.shape[-1])
        count, channels = len(kernels), kernels.shape[1]
        if channels == 1:
            tiles, columns = kernels[:FILTERS, 0], MAPS
        else:  # a column is a filter, a row a channel of the input
            few = kernels[:MAPS, :MAPS].swapaxes(0, 1)
            tiles, columns = few.reshape(-1, *few.shape[2:]), few.shape[1]
        most = FILTERS if channels == 1 else MAPS
        text = words("first {n} of {all} filters" if count > most else "{all} filters")
        text = f"{text.format(n=most, all=count)}, {' × '.join(map(str, w.shape[1:]))}"
        body = _sheet_of_weights(tiles, limit, columns, 34 if channels == 1 else 20)
        if channels > 1:
            text += f"; {words('a column is a filter, a row a channel')}"
    elif pixels is not None:
        count = min(FILTERS, len(w)) if len(w) > 12 else len(w)
        c, tall, wide = pixels
        tiles = png.smaller(w[:count].reshape(count, c, tall, wide).mean(1), 64, 64)
        body = _sheet_of_weights(tiles, limit, MAPS if count > 12 else count, 56)
        text = (
            words("weights of the first {n} of {all} units, as images")
            if count < len(w)
            else words("weights of the {all} units, as images")
        ).format(n=count, all=len(w))
    else:
        body = _matrix(walk, w.reshape(len(w), -1), limit)
        text = words("weights, one row per unit")
        return f'<div class="weights">{escape(text)}{body}</div>'
    return f'<div class="weights">{escape(text)}{body}</div>'


def _sheet_of_weights(tiles: np.ndarray, limit: float, columns: int, side: int) -> str:
    picture, width, height = png.grid(tiles, columns, limit)
    columns = min(columns, len(tiles))
    return (
        f'<div class="plain" style="margin-top:4px"><svg viewBox="0 0 {width} {height}" '
        f'aria-hidden="true" style="max-width:{columns * side}px">'
        f'<image href="{picture}" width="{width}" height="{height}"/></svg></div>'
    )


def _pixels(walk: Walk, w: np.ndarray) -> tuple[int, int, int] | None:
    """(C, H, W) of the input, if a row of w (F, C H W) has a weight for each of its pixels."""
    first: Any = next(tensors(walk.inputs), None)
    if w.ndim != 2 or first is None or first.ndim not in (3, 4):
        return None
    c, h, wide = (1, *first.shape[1:]) if first.ndim == 3 else tuple(first.shape[1:])
    return (c, h, wide) if c * h * wide == w.shape[1] and min(h, wide) > 2 else None


# ---------------------------------------------------------------- parameters


def _parameters(walk: Walk, words: Words) -> str:
    """The preview of each parameter, histograms of its numbers and of its gradient."""
    named = list(walk.model.named_parameters())
    if not named:
        return ""
    cards = []
    for name, param in named:
        values, grad = array(param), walk.grads.get(name)
        text = f"{words('values')}: {words('std')} {_std(values)}"
        left = svg.histogram(values, "a", f"{name}: {words('values')}") + escape(text)
        if grad is None:
            right = f"{words('gradient')}: {words('no gradient')}"
        else:
            g = array(grad)
            if g.size and not g.any():
                note = words("all zero")
            else:
                note = f"{words('norm')} {np.sqrt((g * g).sum()):.3g}"
            right = svg.histogram(g, "b", f"{name}: {words('gradient')}")
            right += escape(f"{words('gradient')}: {note}")
        cards.append(
            f'<div class="card"><div class="head"><h3>{escape(name)}</h3>'
            f'<span class="soft">{escape(str(tuple(param.shape)))}</span></div>'
            f'<div class="two"><div>{left}</div><div>{right}</div></div>'
            f"<pre>{escape(str(first_two(param.detach())))}</pre></div>"
        )
    say = words(
        "The first two entries of each ([:2]), its numbers, and its gradient for this mini-batch."
    )
    loss = words(
        {
            "labels": "The loss of the gradients: cross-entropy against the labels.",
            "answers": "The loss of the gradients: cross-entropy against the model's own answers, "
            "as there are no labels.",
            "squares": "The loss of the gradients: the mean square of the output.",
        }[walk.loss]
    )
    return (
        f'<h2 id="parameters">{words.html("Parameters")}</h2>'
        f'<p class="say">{escape(say)} {escape(loss)}</p>'
        f'<div class="params">{"".join(cards)}</div>'
        f"<h2>{words.html('structure')}</h2><pre>{escape(str(walk.model))}</pre>"
    )


def _std(values: np.ndarray) -> str:
    return f"{values.std():.3g}" if values.size else "-"
