"""rushlight.walk: a mini-batch through a model, layer by layer, as the source documents do it.

Letters: N batch, K classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import rushlight as rl
from rushlight import Tensor, nn
from rushlight.app.pages.numbers import Numbers, array, dead_units, first_two
from rushlight.app.pages.page import framed, write
from rushlight.app.pages.recorder import arguments, evaluating, record, tensors
from rushlight.app.pages.walk_page import walk_page
from rushlight.nn import functional as F


class Walk:
    """What happened to a mini-batch in a model. str() prints it, a notebook shows its page.

    model     the model
    inputs    what it was called with, a tuple
    steps     the layers and functions in the order of their calls: name, call, formula, inputs
              (shapes), output, before (what an activation got), parameters, multiply_adds, sources
    calls     every module's call, containers too
    output    the model's result (its first tensor)
    shares    softmax of the output (N, K), None where the output has another shape
    grads     {name of a parameter: its gradient for this mini-batch}
    loss      what these are the gradients of: "labels", "answers" or "squares"
    """

    def __init__(
        self,
        model: nn.Module,
        x: Any,
        target: Tensor | None = None,
        classes: Sequence[str] | None = None,
        names: Sequence[str] | None = None,
        mean: float = 0.0,
        std: float = 1.0,
        title: str = "",
    ):
        self.model, self.inputs = model, arguments(x)
        self.target, self.mean, self.std = target, mean, std
        self.title = title or type(model).__name__
        self.names = list(names) if names is not None else []
        recorder, result = record(model, self.inputs)
        self.steps, self.calls = recorder.steps, recorder.calls
        self.output: Tensor | None = next(tensors(result), None)
        self.multiply_adds = self.calls[0].multiply_adds if self.calls else 0
        self.shares, self.kind = _shares(self.output)
        k = 0 if self.shares is None else self.shares.shape[1]
        self.classes = [str(c) for c in classes] if classes is not None else []
        self.classes += [str(i) for i in range(len(self.classes), k)]
        self.loss = "labels" if target is not None else "answers" if k else "squares"
        self.grads = self._gradients()

    @property
    def batch(self) -> int:
        """N, the size of the mini-batch."""
        first = next(tensors(self.inputs), None)
        return int(first.shape[0]) if first is not None and first.ndim else 0

    def answers(self) -> list[int]:
        """The likeliest class of each image."""
        return [] if self.shares is None else self.shares.argmax(1).tolist()

    def _gradients(self) -> dict[str, Tensor]:
        """Of the loss of this mini-batch, in evaluation mode; .grad stays as it is."""
        named = [(n, p) for n, p in self.model.named_parameters() if p.requires_grad]
        if not named or self.output is None:
            return {}
        with evaluating(self.model), rl.enable_grad():
            result = next(tensors(self.model(*self.inputs)))
            if not result.requires_grad:
                return {}
            if self.shares is None:
                loss = result.float().pow(2).mean()
            else:
                target = self.target
                if target is None:
                    target = rl.tensor(self.answers())
                logs = {
                    "scores": lambda: F.log_softmax(result.float(), 1),
                    "shares": lambda: result.float().clamp(min=1e-30).log(),
                    "logs": lambda: result.float(),
                }[self.kind]()
                loss = F.nll_loss(logs, target)
            found = rl.autograd.grad(loss, [p for _, p in named], allow_unused=True)
        return {n: g for (n, _), g in zip(named, found, strict=True) if g is not None}

    # text

    def lines(self, values: bool = True) -> Iterator[str]:
        """The walk as text. `values`: tensors before and after activations, previews, too."""
        total = sum(p.numel() for p in self.model.parameters())
        shapes = ", ".join(str(tuple(t.shape)) for t in tensors(self.inputs))
        yield (
            f"{self.title}: a mini-batch {shapes}, {total:,} parameters, "
            f"{self.multiply_adds:,} multiply-adds"
        )
        for step in self.steps:
            yield ""
            name = f"{step.name}  " if step.name else ""
            yield f"{step.number:>3}  {name}{step.call}"
            if step.formula:
                yield f"     {step.formula}"
            given = ", ".join(map(str, step.inputs)) or "()"
            counts = f"{step.parameters:,} parameters" if step.parameters else "no parameters"
            if step.multiply_adds:
                counts += f", {step.multiply_adds:,} multiply-adds"
            yield f"     {given} -> {tuple(step.output.shape)}   {counts}"
            yield f"     {Numbers(array(step.output))}"
            dead = dead_units(step)
            if dead:
                yield f"     dead in this batch: {len(dead)} of {step.output.shape[1]}"
            if values and step.before is not None:
                yield f"Before {step.title}: {step.before}\n\n"
                yield f"After {step.title}: {step.output}"
        if self.shares is not None:
            yield ""
            for i, row in enumerate(array(self.shares)):
                best = np.argsort(-row, kind="stable")[:3]
                who = self.names[i] if i < len(self.names) else f"image {i + 1}"
                yield f"{who}: " + ", ".join(
                    f"{self.classes[j]} {100 * row[j]:.2f} %" for j in best
                )
            yield f"Predicted class: {rl.tensor(self.answers())}"
        if values:
            yield ""
            yield from self.preview()

    def preview(self) -> Iterator[str]:
        """The parameters as documents 001 and 003 print them."""
        yield f"Model structure: {self.model}\n\n"
        for name, param in self.model.named_parameters():
            yield f"Layer: {name} | Size: {param.size()} | Values : {first_two(param)} \n"

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def __repr__(self) -> str:
        return f"<walk of {self.title}: {len(self.steps)} steps>"

    # pages

    def page(self, lang: str = "en") -> str:
        """The walk as one HTML file, in "en" or "zh"."""
        return walk_page(self, lang)

    def save(self, path: str | Path, lang: str = "en") -> Path:
        """Writes the page and returns its path."""
        write(Path(path), self.page(lang))
        return Path(path)

    def _repr_html_(self) -> str:
        return framed(self.page())


def _shares(output: Tensor | None) -> tuple[Tensor | None, str]:
    """(probabilities (N, K), what the output is: "scores", "shares" or "logs")."""
    if output is None or output.ndim != 2 or output.shape[1] < 2 or not len(output):
        return None, ""
    if not output.is_floating_point():
        return None, ""
    x = output.detach().float()
    if float(x.min()) >= 0 and bool(((x.sum(1) - 1).abs() < 1e-4).all()):
        return x, "shares"
    if float(x.max()) <= 0 and bool(((x.exp().sum(1) - 1).abs() < 1e-4).all()):
        return x.exp(), "logs"
    return x.softmax(1), "scores"


def walk(
    model: nn.Module,
    x: Any,
    *,
    target: Tensor | None = None,
    classes: Sequence[str] | None = None,
    names: Sequence[str] | None = None,
    mean: float = 0.0,
    std: float = 1.0,
    title: str = "",
) -> Walk:
    """Sends a mini-batch through a model and keeps what each layer made of it.

    model    any Module; it runs twice, once for the gradients, in evaluation mode, and is left as
             it was
    x        a Tensor (N, ...), or a tuple of Tensors for several arguments; few images are enough,
             3 in the source documents
    target   the labels (N), for the gradients; without them the model's own answers are taken
    classes  the names of the classes, names  those of the images
    mean, std  what the images were normalised with, so that the page can show them
    title    a name for the page; default: the model's class
    errors   TypeError: model is no Module; whatever the model raises

    >>> w = torch.walk(torch.nn.Linear(4, 2), torch.ones(3, 4))
    >>> w.steps[0].call, w.steps[0].formula, w.steps[0].multiply_adds
    ('Linear(in_features=4, out_features=2, bias=True)', 'y = x Wᵀ + b', 24)

    print(w) is the text, w.save("walk.html") writes the page; a notebook shows it.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"walk(): model must be a Module, got {type(model).__name__}")
    return Walk(model, x, target, classes, names, mean, std, title)
