"""The report of a run as a page, and rushlight.report, which writes it for any training loop.

Letters: N images, K classes, C channels, H and W height and width.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from rushlight import Tensor, nn
from rushlight.app.pages import png, svg
from rushlight.app.pages.outcome import Outcome, data_set, file_names, outcome, short_names
from rushlight.app.pages.page import document, facts, footer, table, write
from rushlight.app.pages.words import Words

FEW = 20  # images of a class, fewer of which are worth a warning
WORST, SURE, BATCH = 24, 12, 32  # pictures in a section
IN_CELL, IN_CELLS = 12, 400  # pictures of a cell of the confusion matrix; of all cells
LARGEST = 40  # classes of a heat map

Row = Mapping[str, float]


@dataclass
class Report:
    """What the page shows; whatever is not there is left out."""

    title: str
    lead: str = ""
    history: Sequence[Row] = ()
    best: float | None = None  # its epoch
    outcome: Outcome | None = None
    part: str = "test"  # which images the outcome is of: "test" or "validation"
    data: Any = None  # those images
    classes: Sequence[str] = ()
    mean: float = 0.0
    std: float = 1.0
    counts: Sequence[int] = ()  # training images of each class
    batch: tuple[Tensor, Tensor] | None = None  # a training batch, as the model saw it
    augmented: bool = False
    layers: Sequence[tuple[Any, ...]] = ()  # (name, class, output, parameters, multiply-adds)
    notes: Sequence[str] = ()  # warnings of the run's, such as files that were left out
    about: Sequence[tuple[str, str]] = ()  # data, model, plan
    command: str = ""
    seconds: float | None = None
    state: str = ""  # what is going on, while it is
    live: bool = False
    facts: Sequence[tuple[str, str]] = field(default_factory=list)

    def page(self, lang: str = "en") -> str:
        """The whole file."""
        words = Words(lang)
        made = f"{len(self.history)} {self.state}"
        gone = words("The run has ended, or was stopped. Its page is report.html in its folder.")
        return document(self.title, "\n".join(_parts(self, words)), words, self.live, made, gone)


def _parts(r: Report, words: Words) -> list[str]:
    sections = [
        ("curves", "Curves", _curves(r, words)),
        ("confusion", "Confusion", _confusion(r, words)),
        ("classes", "Classes", _classes(r, words)),
        ("mistakes", "Worst mistakes", _mistakes(r, words)),
        ("sure", "Surest", _sure(r, words)),
        ("unsure", "Least sure", _unsure(r, words)),
        ("batch", "A training batch", _batch(r, words)),
        ("layers", "Layers", _layers(r, words)),
        ("repeat", "Repeat it", _repeat(r, words)),
    ]
    sections = [s for s in sections if s[2]]
    links = "".join(f'<a href="#{i}">{words.html(title)}</a>' for i, title, _ in sections)
    state = f'<p class="soft" id="state">{escape(r.state)}</p>' if r.state else ""
    lead = f'<p class="soft">{escape(r.lead)}</p>' if r.lead else ""
    return [
        f"<h1>{escape(r.title)}</h1>{lead}{state}",
        facts(_facts(r, words), main=True),
        f"<nav>{links}</nav>" if len(sections) > 2 else "",
        _warnings(r, words),
        *(f'<h2 id="{i}">{words.html(title)}</h2>{body}' for i, title, body in sections),
        footer(words),
    ]


def percent(share: float) -> str:
    """0.9417 -> '94.17 %'"""
    return f"{100 * share:.2f} %"


def _facts(r: Report, words: Words) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    last = r.history[-1] if r.history else {}
    best = next((row for row in r.history if row.get("epoch") == r.best), last)
    if r.outcome is not None:
        found.append((words(f"{r.part} accuracy"), percent(r.outcome.accuracy)))
        right = words("{right} of {all}", right=r.outcome.right, all=len(r.outcome))
        found.append((words("right"), right))
        found.append((words(f"{r.part} loss"), f"{r.outcome.loss:.4f}"))
    elif "valid_accuracy" in best:
        found.append((words("validation accuracy"), percent(best["valid_accuracy"])))
        found.append((words("validation loss"), f"{best['valid_loss']:.4f}"))
    if r.best is not None:
        found.append((words("best epoch"), f"{r.best:g}"))
    if r.seconds is not None:
        long = r.seconds >= 120
        text = words("{n} min", n=f"{r.seconds / 60:.1f}") if long else ""
        found.append((words("time"), text or words("{n} s", n=f"{r.seconds:.1f}")))
    return [*found, *r.facts]


# ---------------------------------------------------------------- warnings


def warnings(r: Report, words: Words) -> list[str]:
    """What the reader ought to know of the data and of the training."""
    found = list(r.notes)
    few = [(n, c) for n, c in zip(r.counts, r.classes, strict=False) if n < FEW]
    found += [
        words("{label}: {n} images to train on, fewer than {few}", label=c, n=n, few=FEW)
        for n, c in few
    ]
    if r.outcome is not None:
        for c, (n, _, recall, _) in zip(r.classes, r.outcome.scores(), strict=False):
            if n == 0:
                found.append(words("{label}: nothing to test it with", label=c))
            elif recall == 0:
                found.append(words("{label}: none of its test examples is recognised", label=c))
    for row in r.history:
        losses = [row[k] for k in ("train_loss", "valid_loss") if k in row]
        if not all(map(math.isfinite, losses)):
            text = "the loss was nan or infinite in epoch {epoch}"
            found.append(words(text, epoch=f"{row.get('epoch', 0):g}"))
            break
    k = len(r.classes)
    if r.history and k > 1:
        last = r.history[-1]
        losses = [last[key] for key in ("train_loss", "valid_loss") if key in last]
        if losses and min(losses) >= 0.99 * math.log(k):
            text = (
                "the loss is no better than guessing's: {loss} "
                "(guessing among {k} classes has {guess})"
            )
            fields = {"loss": f"{min(losses):.4g}", "k": k, "guess": f"{math.log(k):.4g}"}
            found.append(words(text, **fields))
    turn = _overfits(r.history)
    if turn is not None:
        text = "validation loss rises since epoch {epoch}, training loss falls: the model overfits"
        found.append(words(text, epoch=f"{turn:g}"))
    return found


def _overfits(history: Sequence[Row]) -> float | None:
    """The epoch of the least validation loss, if it has clearly risen since, over 4 epochs."""
    rows = [row for row in history if {"train_loss", "valid_loss", "epoch"} <= row.keys()]
    if len(rows) < 6:
        return None
    low = min(range(len(rows)), key=lambda i: rows[i]["valid_loss"])
    rise = rows[-1]["valid_loss"] > 1.15 * rows[low]["valid_loss"]
    falls = rows[-1]["train_loss"] < rows[low]["train_loss"]
    return rows[low]["epoch"] if len(rows) - 1 - low >= 4 and rise and falls else None


def _warnings(r: Report, words: Words) -> str:
    items = "".join(f"<li>{escape(text)}</li>" for text in warnings(r, words))
    if not items:
        return ""
    return f'<div class="warn" id="warnings"><b>{words.html("Warnings")}</b><ul>{items}</ul></div>'


# ---------------------------------------------------------------- sections


def _curves(r: Report, words: Words) -> str:
    if not r.history:
        return ""
    epochs = [float(row.get("epoch", i + 1)) for i, row in enumerate(r.history)]

    def curve(key: str, name: str, colour: str) -> list[svg.Curve]:
        if not any(key in row for row in r.history):
            return []
        values = [float(row.get(key, math.nan)) for row in r.history]
        return [svg.Curve(name, epochs, values, colour)]

    train, valid, best = words("train"), words("valid"), words("best")
    of_losses = [*curve("train_loss", train, "b"), *curve("valid_loss", valid, "a")]
    of_shares = [*curve("train_accuracy", train, "b"), *curve("valid_accuracy", valid, "a")]
    top = max((y for c in of_shares for y in c.y if math.isfinite(y)), default=1.0)
    charts = [
        (
            words("loss"),
            svg.chart(
                words("loss"), of_losses, r.best, best, bounds=(0, None), x_name=words("epoch")
            ),
        ),
        (
            words("accuracy"),
            svg.chart(
                words("accuracy"),
                of_shares,
                r.best,
                best,
                axis=lambda y: f"{100 * y:.3g} %",
                bounds=(None, 1.0 if top > 0.5 else None),
                x_name=words("epoch"),
            ),
        ),
        (
            words("learning rate"),
            svg.chart(
                words("learning rate"),
                curve("lr", "", "a"),
                r.best,
                best,
                bounds=(0, None),
                x_name=words("epoch"),
            ),
        ),
    ]
    cards = "".join(
        f'<div class="card"><h3>{escape(name)}</h3>{drawing}</div>'
        for name, drawing in charts
        if drawing
    )
    say = (
        "Loss and accuracy after each epoch. The dots are the best epoch on the validation images."
        if r.best is not None
        else "Loss and accuracy after each epoch."
    )
    return f'<p class="say">{words.html(say)}</p><div class="tiles">{cards}</div>'


class _Pictures:
    """Thumbnails of the images of a report, with their names."""

    def __init__(self, r: Report, words: Words):
        self.r, self.words = r, words
        self.data = data_set(r.data) if r.data is not None else None
        self.name: Callable[[int], str] = file_names(self.data) if self.data is not None else str

    def __call__(self, indices: Sequence[int], right: bool = False, most: int = 64) -> str:
        """A list of thumbnails; `right`: all of them were recognised."""
        o = self.r.outcome
        if o is None or not indices:
            return ""
        names = short_names([self.name(i) for i in indices])
        items = []
        for i, name in zip(indices, names, strict=True):
            label, answer = (self.r.classes[int(k)] for k in (o.labels[i], o.answers[i]))
            sure = f'<span class="n">{100 * o.sure[i]:.1f} %</span>'
            wrong = label != answer
            said = f'{escape(label)} → <span class="x">{escape(answer)}</span>'
            text = f"<b>{said if wrong else escape(label)}</b> {sure}"
            items.append(
                f"<li>{self._image(i, f'{label}, {name}', most)}{text}"
                f"<br>{escape(_shortened(name))}</li>"
            )
        style = "thumbs" if "<img" in "".join(items) else "thumbs bare"
        return f'<ul class="{style}">{"".join(items)}</ul>'

    def _image(self, i: int, label: str, most: int) -> str:
        if self.data is None:
            return ""
        try:
            image = self.data[i][0]
        except OSError:  # a file that is gone
            return '<span class="none"></span>'
        picture = thumbnail(image, self.r.mean, self.r.std, most)
        return f'<img src="{picture}" alt="{escape(label)}">' if picture else ""


def thumbnail(image: Any, mean: float, std: float, most: int = 64) -> str | None:
    """The picture of a tensor that is an image; None for any other."""
    if not isinstance(image, Tensor) or image.ndim not in (2, 3) or image.is_complex():
        return None
    return png.photo(image.detach().double().tolist(), mean, std, most)


def _shortened(name: str, letters: int = 40) -> str:
    return name if len(name) <= letters else "…" + name[-letters + 1 :]


def _confusion(r: Report, words: Words) -> str:
    o = r.outcome
    if o is None or not len(o):
        return ""
    pictures = _Pictures(r, words)
    counts, k = o.confusion, o.classes
    linked = _cells(o)

    def title(i: int, j: int) -> str:
        n = int(counts[i, j])
        if i == j:
            return words("{label} recognised: {n}", label=r.classes[i], n=n)
        text = "{label} taken for {answer}: {n}"
        return words(text, label=r.classes[i], answer=r.classes[j], n=n)

    cells = "".join(
        f'<div class="cell card small" id="c-{i}-{j}"><div class="head"><h3>{escape(title(i, j))}'
        f'</h3><a href="#confusion">{words.html("close")}</a></div>'
        f"{pictures(o.cell(i, j, n), most=48)}{_more(int(counts[i, j]) - n, words)}</div>"
        for (i, j), n in linked.items()
    )
    common = "".join(
        f'<li><a href="#c-{i}-{j}">{escape(title(i, j))}</a></li>'
        if (i, j) in linked
        else f"<li>{escape(title(i, j))}</li>"
        for i, j, _ in o.confused()
    )
    common = f"<h3>{words.html('most often confused')}</h3><ul>{common}</ul>" if common else ""
    if not common:
        common = f'<p class="soft">{words.html("There is none: every answer was right.")}</p>'
    say = "Rows are what an image is, columns what the model says."
    drawing = ""
    if k <= LARGEST:
        say += " Choose a cell to see its images."
        names = words("the class"), words("the model's answer")
        drawing = svg.confusion(counts, r.classes, *names, lambda i, j: (i, j) in linked, title)
    return (
        f'<p class="say">{words.html(say)}</p><div class="matrix">'
        f'<div class="card">{drawing or common}</div>'
        f'<div class="cells">{cells}<div class="card hint">{common if drawing else ""}</div>'
        "</div></div>"
    )


def _classes(r: Report, words: Words) -> str:
    o = r.outcome
    if o is None or not len(o):
        return ""
    scores = o.scores()
    rows: list[tuple[Any, ...]] = [
        (r.classes[i], n, percent(p), percent(c), f"{f:.3f}")
        for i, (n, p, c, f) in enumerate(scores)
    ]
    there = [s for s in scores if s[0]]
    mean = [sum(s[i] for s in there) / max(len(there), 1) for i in (1, 2, 3)]
    last = (words("mean"), len(o), percent(mean[0]), percent(mean[1]), f"{mean[2]:.3f}")
    head = [words(t) for t in ("class", "images", "precision", "recall", "F1")]
    explained = words.html(
        "Precision: of the images that the model gives this class, the share that are right. "
        "Recall: of the class's images, the share that is found. F1 is their harmonic mean."
    )
    body = table(head, [*rows, last], right=(1, 2, 3, 4), style="scores")
    return f'<p class="say">{explained}</p><div class="card narrow">{body}</div>'


def _cells(o: Outcome) -> dict[tuple[int, int], int]:
    """{(label, answer): how many of its images are shown}: mistakes first, the commonest first."""
    counts = o.confusion
    pairs = sorted(
        ((i, j) for i in range(o.classes) for j in range(o.classes) if counts[i, j]),
        key=lambda ij: (ij[0] == ij[1], -counts[ij]),
    )
    left, found = IN_CELLS, {}
    for i, j in pairs:
        n = min(int(counts[i, j]), IN_CELL, left)
        if n:
            found[i, j] = n
            left -= n
    return found


def _more(n: int, words: Words) -> str:
    return f'<p class="say">{words.html("and {n} more", n=n)}</p>' if n > 0 else ""


def _mistakes(r: Report, words: Words) -> str:
    if r.outcome is None or not len(r.outcome):
        return ""
    worst = r.outcome.worst(WORST)
    if not worst:
        return f'<p class="say">{words.html("There is none: every answer was right.")}</p>'
    say = (
        "Wrong answers by loss, the largest first: the class, the answer and how sure the model "
        "was."
    )
    return f'<p class="say">{words.html(say)}</p>{_Pictures(r, words)(worst)}'


def _sure(r: Report, words: Words) -> str:
    if r.outcome is None or not r.outcome.right:
        return ""
    say = words.html("The right answers of which the model was surest.")
    return f'<p class="say">{say}</p>{_Pictures(r, words)(r.outcome.surest(SURE))}'


def _unsure(r: Report, words: Words) -> str:
    if r.outcome is None or not len(r.outcome):
        return ""
    say = words.html("The images of which the model was least sure, right or wrong.")
    return f'<p class="say">{say}</p>{_Pictures(r, words)(r.outcome.least_sure(SURE))}'


def _batch(r: Report, words: Words) -> str:
    if r.batch is None:
        return ""
    x, y = r.batch
    items = []
    for image, label in list(zip(x, y.tolist(), strict=True))[:BATCH]:
        picture = thumbnail(image, r.mean, r.std)
        if picture is None:
            return ""
        name = r.classes[label] if isinstance(label, int) and label < len(r.classes) else label
        items.append(f'<li><img src="{picture}" alt="">{escape(str(name))}</li>')
    say = "As the model saw it, after augmentation." if r.augmented else "As the model saw it."
    return (
        f'<p class="say">{words.html(say)}</p><div class="small">'
        f'<ul class="thumbs">{"".join(items)}</ul></div>'
    )


def _layers(r: Report, words: Words) -> str:
    if not r.layers:
        return ""
    head = [words(t) for t in ("layer", "class", "output", "parameters", "multiply-adds")]
    body = table(head, r.layers, code=(0,))
    say = words.html("In the order of their calls, for one image.")
    return f'<p class="say">{say}</p><div class="card">{body}</div>'


def _repeat(r: Report, words: Words) -> str:
    if not r.command and not r.about:
        return ""
    out = ""
    if r.command:
        say = words.html("The same command gives the same numbers.")
        out += f'<p class="say">{say}</p><pre>{escape(r.command)}</pre>'
    if r.about:
        rows = "".join(f"<tr><th>{escape(a)}</th><td>{escape(b)}</td></tr>" for a, b in r.about)
        out += f'<div class="card scroll"><table class="about">{rows}</table></div>'
    return out


# ---------------------------------------------------------------- in one's own program


def layer_rows(model: nn.Module, x: Any) -> list[tuple[Any, ...]]:
    """(name, class, output, parameters, multiply-adds) of each step of model(x)."""
    from rushlight.app.pages.recorder import record

    recorder, _ = record(model, x)
    return [
        (
            step.name if step.module is not None else "",
            step.call,
            str(tuple(step.output.shape)),
            step.parameters or "",
            step.multiply_adds or "",
        )
        for step in recorder.steps
    ]


def report(
    model: nn.Module,
    data: Any,
    path: str | Path = "report.html",
    *,
    history: Sequence[Row] = (),
    classes: Sequence[str] | None = None,
    batch: tuple[Tensor, Tensor] | None = None,
    mean: float = 0.0,
    std: float = 1.0,
    title: str = "",
    notes: Sequence[str] = (),
    command: str = "",
    lang: str = "en",
) -> Path:
    """Writes the page that `rushlight train` writes, for a training loop of one's own.

    model      a classifier, (N, ...) -> scores (N, K); it runs in evaluation mode and is left as it
               was
    data       what it is tested on: a data set of (x, label), a DataLoader, or (x, labels)
    history    a dict for each epoch, with some of epoch, train_loss, train_accuracy, valid_loss,
               valid_accuracy, lr; the best epoch is that of the largest valid_accuracy
    classes    the names of the K classes
    batch      (x, labels) of a training batch, as the model got it
    mean, std  what the images were normalised with
    notes      warnings to show; command  what repeats the run; lang  "en" or "zh"
    returns    the path of the file, which needs no network and no script
    errors     TypeError: model is no Module. ValueError: it is no classifier, labels outside of
               0..K-1, another number of classes

    >>> torch.report(model, test_loader, "report.html", history=history)
    PosixPath('report.html')
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"report(): model must be a Module, got {type(model).__name__}")
    found = outcome(model, data)
    names = [str(c) for c in classes] if classes is not None else _known_classes(data, found)
    if len(names) != found.classes:
        raise ValueError(
            f"report(): the model has {found.classes} classes, classes names {len(names)}"
        )
    rows = [{"epoch": i + 1, **row} for i, row in enumerate(history)]
    scored = [row for row in rows if "valid_accuracy" in row]
    best = max(scored, key=lambda row: row["valid_accuracy"]) if scored else None
    x = data_set(data)[0][0]
    layers = layer_rows(model, x.unsqueeze(0)) if isinstance(x, Tensor) else []
    written = Report(
        title or type(model).__name__,
        history=rows,
        best=None if best is None else best["epoch"],
        outcome=found,
        data=data,
        classes=names,
        mean=mean,
        std=std,
        batch=batch,
        layers=layers,
        notes=notes,
        command=command,
    )
    write(Path(path), written.page(lang))
    return Path(path)


def _known_classes(data: Any, found: Outcome) -> list[str]:
    """The names that the data set has for its classes, or numbers."""
    names = getattr(data_set(data), "classes", None)
    if isinstance(names, list | tuple) and len(names) == found.classes:
        return [str(c) for c in names]
    return [str(i) for i in range(found.classes)]
