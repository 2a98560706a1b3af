"""The pages of the API reference, as Markdown: made at build time, never committed.

One page per namespace lists its public names; a thing is described once, an op on the page of its
family (reference/ops/), a layer on that of its file (reference/nn/), all else on its namespace's.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections import defaultdict
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from rushlight.kernels import seam
from rushlight.testing.samples import sampled_cards

from . import commands, docstring, sources
from .names import SPACES, Entry, entries, public, slug

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import make_op_table  # noqa: E402

# classes whose methods are listed with themselves only
GENERAL = ("Module", "Optimizer", "LRScheduler", "Distribution", "Tensor")
GROUPS = ("ops", "nn")  # folders of pages below reference/


@cache
def book() -> dict[str, Entry]:
    """full name -> its entry."""
    return entries()


@cache
def verdicts() -> Any:
    """What the conformance run said of each name (docs/ops.md)."""
    return make_op_table.verdicts()


@cache
def native_words() -> frozenset[str]:
    """The names of native kernels; none where the extension is not built."""
    return frozenset(dir(seam.native)) - frozenset(dir(object))


@cache
def on_devices() -> frozenset[str]:
    """The cards whose samples tests/xla/test_cards.py runs through JAX."""
    return frozenset(card.name for card in sampled_cards())


# ---------------------------------------------------------------- one entry


def short(name: str) -> str:
    """torch.nn.functional.relu -> F.relu, torch.nn.Linear -> nn.Linear, as users write them."""
    for long, brief in (
        ("torch.nn.functional.", "F."),
        ("torch.nn.", "nn."),
        ("torch.Tensor.", "Tensor."),
    ):
        if name.startswith(long):
            return brief + name.removeprefix(long)
    return name


def signature(entry: Entry) -> str:
    """`torch.exp(input, *, out=None)`; a class without `self`."""
    value = entry.value
    method = entry.name.startswith("torch.Tensor.")
    if isinstance(value, property) or (entry.kind == "value" and not callable(value)):
        return short(entry.name)
    try:
        found = inspect.signature(value)
    except (TypeError, ValueError):
        return short(entry.name)
    parameters = [p.replace(annotation=plain(p.annotation)) for p in found.parameters.values()]
    if method and parameters and parameters[0].kind <= 1:
        parameters = parameters[1:]
    if [p.kind for p in parameters] == [2, 4] and entry.doc:  # *args, **kwargs: the text says more
        return ""
    returns = plain(found.return_annotation) if entry.kind != "class" else found.empty
    text = str(found.replace(parameters=parameters, return_annotation=returns))
    return broken(f"{short(entry.name)}{text.replace('<no value>', '...')}")


def broken(call: str) -> str:
    """A long signature over several lines, broken behind commas that are in no brackets."""
    if len(call) <= 84:
        return call
    head, _, rest = call.partition("(")
    depth = 0
    lines, line = [f"{head}("], "    "
    for part in re.split(r"(?<=,) ", rest):
        if depth == 0 and len(line) + len(part) > 84:
            lines.append(line.rstrip())
            line = "    "
        line += part + " "
        depth += sum(part.count(b) for b in "([{") - sum(part.count(b) for b in ")]}")
    return "\n".join([*lines, line.rstrip()])


class _Word:
    """An annotation that is shown without quotes."""

    def __init__(self, text: str):
        self.text = text

    def __repr__(self) -> str:
        return self.text


def plain(annotation: Any) -> Any:
    """An annotation as text; "Any" says nothing and goes."""
    if annotation is inspect.Signature.empty:
        return annotation
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return inspect.Signature.empty if text == "Any" else _Word(text)


def kernel_words(card: Any) -> list[str]:
    """The native kernels that a card's formulas name."""
    found: set[str] = set()
    for part in ("forward", "backward", "prepare"):
        code = getattr(getattr(card.source, part, None), "__code__", None)
        found |= set(code.co_names) & native_words() if code else set()
    return sorted(found)


def gradient(entry: Entry) -> str:
    """Whether an op has a derivative; "" where that is no question."""
    op = entry.op
    if op is None:
        return ""
    if not hasattr(op, "backward"):
        return "through the ops that it calls"
    if getattr(op, "view", False):
        return "yes; the result is a view"
    return "no" if op.title.startswith("NotImplemented") or not op.tensors else "yes"


def run(entry: Entry) -> str:
    """What the conformance run said: the dtypes in which all of PyTorch's cases were right."""
    counts: dict[str, list[int]] = {}
    for name in entry.names:
        space, _, last = name.rpartition(".")
        op = getattr(entry.op, "name", last)
        op = op.rpartition(".")[2]
        counts = verdicts().get((space, last)) or verdicts().get((space, op)) or {}
        if counts:
            break
    right = [d for d, (passed, total) in counts.items() if passed == total and d != "errors"]
    wrong = [f"{d} {p} of {t}" for d, (p, t) in counts.items() if p != t]
    text = ", ".join(right)
    if wrong:
        text += ("; " if text else "") + "in part: " + ", ".join(wrong)
    return text


def facts(entry: Entry, up: str) -> list[tuple[str, str]]:
    """Rows of HTML about an entry that no docstring says."""
    found = []
    others = [n for n in entry.names if n != entry.name]
    if others:
        found.append(("also", ", ".join(f"<code>{short(n)}</code>" for n in others)))
    if text := gradient(entry):
        found.append(("gradient", text))
    if text := run(entry):
        found.append(("right beside PyTorch", f'{text} (<a href="{up}../ops/">op table</a>)'))
    if native_words() and entry.op is not None and hasattr(entry.op, "backward"):
        words = kernel_words(entry.op)
        where = f"native: {', '.join(f'<code>{w}</code>' for w in words)}" if words else "NumPy"
        if entry.op.name in on_devices():
            where += "; through JAX on devices"
        found.append(("computed by", where))
    if wraps := computes(entry):
        found.append(("computes", ", ".join(link(name, up) for name in wraps)))
    place = sources.place(entry.definition)
    if place:
        path, line = place
        url = f"{up}../{sources.url(path)}#L-{line}"
        found.append(("source", f'<a href="{url}"><code>{path}</code>, line {line}</a>'))
    return found


def computes(entry: Entry) -> list[str]:
    """The functions that a layer's forward calls: F.conv2d for Conv2d."""
    forward = getattr(entry.value, "forward", None) if entry.kind == "class" else None
    if forward is None or ".nn." not in entry.name:
        return []
    names = getattr(forward, "__code__", compile("", "", "exec")).co_names
    functions = [f"torch.nn.functional.{n}" for n in names] if "F" in names else []
    return [n for n in functions if n in book()]


def link(name: str, up: str) -> str:
    """HTML that leads to a name's description, from a page `up` below reference/."""
    return f'<a href="{up}{book()[name].page}/#{name}"><code>{short(name)}</code></a>'


def methods(entry: Entry) -> list[tuple[str, str]]:
    """(signature, first line) of the public methods that a class defines or takes from ours."""
    if entry.kind != "class" or entry.name == "torch.Tensor":
        return []
    found: dict[str, tuple[str, str]] = {}
    general = next((c for c in entry.value.__mro__[1:] if c.__name__ in GENERAL), object)
    for base in entry.value.__mro__:
        ours = base.__module__.partition(".")[0] in ("rushlight", "torch", "torchvision")
        if not ours or base in general.__mro__:
            continue
        for name, value in vars(base).items():
            value = inspect.unwrap(getattr(value, "__func__", value)) if callable(value) else value
            if name.startswith("_") or name in found or not inspect.isfunction(value):
                continue
            if not value.__doc__:
                continue
            try:
                listed = list(inspect.signature(value).parameters.values())[1:]
                text = ", ".join(str(p.replace(annotation=p.empty)) for p in listed)
            except (TypeError, ValueError):
                text = "..."
            found[name] = (f"{name}({text})", docstring.summary(value.__doc__))
    return list(found.values())


def described(entry: Entry, up: str) -> str:
    """The section of an entry."""
    anchors = "".join(f'<a id="{n}"></a>' for n in entry.names if n != entry.name)
    heading = short(entry.name).replace("_", "\\_")
    out = [f"## {heading} {{ #{entry.name} }}", anchors]
    if call := signature(entry):
        out.append(f"```python\n{call}\n```")
    out.append(docstring.markdown(entry.doc))
    rows = "".join(f"<tr><th>{a}</th><td>{b}</td></tr>" for a, b in facts(entry, up))
    if rows:
        out.append(f'<table class="rows facts"><tbody>{rows}</tbody></table>')
    listed = methods(entry)
    if listed:
        body = "".join(
            f"<tr><td><code>{escape(s, quote=False)}</code></td><td>{d}</td></tr>"
            for s, d in listed
        )
        out.append(f'<table class="methods"><tbody>{body}</tbody></table>')
    return "\n\n".join(part for part in out if part)


# ---------------------------------------------------------------- pages


def has_section(entry: Entry) -> bool:
    """Things without a docstring stand in the table of their page only."""
    return bool(entry.doc)


def listing(names: list[str], up: str) -> str:
    """A table of names, each with what it is; an anchor for those without a section."""
    rows = []
    for full in names:
        entry = book()[full]
        what = docstring.summary(entry.doc) or constant(entry)
        if has_section(entry):
            cell = link(full, up)
        else:
            cell = f'<code id="{full}">{short(full)}</code>'
        rows.append(f"<tr><td>{cell}</td><td>{what}</td></tr>")
    return f'<table class="names"><tbody>{"".join(rows)}</tbody></table>'


def constant(entry: Entry) -> str:
    """What a value without a docstring is."""
    value = entry.value
    if entry.kind == "value" and not isinstance(value, property):
        kind = type(value).__name__
        text = f"<code>{escape(repr(value))}</code>"
        return text if kind in ("dtype", "layout", "memory_format", "float", "bool") else kind
    if entry.kind == "class":
        return f"a class of <code>{entry.value.__mro__[1].__name__}</code>"
    return "an attribute" if isinstance(value, property) else ""


def module_doc(name: str) -> str:
    """A module's docstring as it opens its page."""
    doc = getattr(sys.modules.get(name), "__doc__", None)
    return docstring.markdown(doc) if doc else ""


def title_of(page: str) -> str:
    """What a page of a family is called."""
    return page.rpartition("/")[2].replace("_", " ").replace("-", " ").capitalize()


def pages() -> dict[str, str]:
    """path below reference/ -> Markdown."""
    sections: dict[str, list[Entry]] = defaultdict(list)
    for entry in {id(e): e for e in book().values()}.values():
        if has_section(entry):
            sections[entry.page].append(entry)
    found = {}
    for space, what in SPACES.items():
        page, names = slug(space), [f"{space}.{n}" for n in public(space)]
        body = [f"# {space}", what, listing(names, "../")]
        body += [described(e, "../") for e in by_name(sections.pop(page, []))]
        found[f"{page}.md"] = "\n\n".join(body) + "\n"
    for page, listed in sorted(sections.items()):
        home = listed[0].home
        body = [f"# {title_of(page)}", module_doc(home)]
        body += [described(e, "../../") for e in by_name(listed)]
        found[f"{page}.md"] = "\n\n".join(part for part in body if part) + "\n"
    found["app.md"] = commands.page()
    found["index.md"] = index(found)
    return found


def by_name(listed: list[Entry]) -> list[Entry]:
    return sorted(listed, key=lambda e: e.name.rpartition(".")[2].lower())


def index(found: dict[str, str]) -> str:
    """The first page: namespaces, then families."""
    rows = "\n".join(
        f"| [`{space}`]({slug(space)}.md) | {len(public(space))} | {what} |"
        for space, what in SPACES.items()
    )
    out = [
        "# API reference",
        "Made from the schemas, signatures and docstrings of the package when this site is built. "
        "Names are PyTorch's, behind `import rushlight as torch`; `nn` and `F` stand for "
        "`torch.nn` and `torch.nn.functional`.",
        f"| namespace | names | |\n|---|---|---|\n{rows}",
        "The command line: [every verb with its options](app.md). How right each name is beside "
        "PyTorch: [the op table](../ops.md).",
    ]
    for folder, title in zip(GROUPS, ("Operations", "Layers"), strict=True):
        names = sorted(p for p in found if p.startswith(f"{folder}/"))
        text = ", ".join(f"[{title_of(p[:-3]).lower()}]({p})" for p in names)
        out.append(f"## {title}\n\n{text}")
    out.append(
        "## How to read an entry\n\n"
        "Letters stand for sizes: N samples of a mini-batch, C channels, L length, H, W height and "
        "width; `*` any number of dimensions. `y` is the result, `dx` the gradient of `x`. "
        "*Right beside PyTorch* names the dtypes in which all cases of PyTorch's own test data "
        "gave PyTorch's results; what is not named was not run. *Computed by* names native "
        "kernels: without the extension their twins in NumPy compute the same."
    )
    return "\n\n".join(out) + "\n"
