"""The API reference has every public name, and says shapes and errors where there are some."""

import re
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from docsite import docstring, names, reference  # noqa: E402

PAGES = reference.pages()
ANCHORS = {
    page: set(re.findall(r'\{ #([^ }]+) \}|<(?:a|code) id="([^"]+)"', text))
    for page, text in PAGES.items()
}
ANCHORS = {page: {a or b for a, b in found} for page, found in ANCHORS.items()}


@pytest.mark.parametrize("space", names.SPACES)
def test_every_public_name_has_an_anchor(space):
    home = names.module(space)
    listed = [
        n for n in getattr(home, "__all__", names.public(space)) if names.is_public(space, home, n)
    ]
    assert len(listed) > 2
    book = reference.book()
    lost = []
    for name in listed:
        full = f"{space}.{name}"
        page = (
            f"{book[full].page}.md"
            if reference.has_section(book[full])
            else f"{names.slug(space)}.md"
        )
        if full not in ANCHORS[page]:
            lost.append(full)
    assert lost == []


def test_an_op_is_described_once():
    book = reference.book()
    assert book["torch.relu"] is book["torch.Tensor.relu"] is book["torch.nn.functional.relu"]
    text = PAGES["ops/activation.md"]
    entry = text.partition("{ #torch.relu }")[2].partition("\n## ")[0]
    assert "torch.relu(input)" in entry and "y = max(x, 0)" in entry
    assert "<code>F.relu</code>" in entry and "rushlight/ops/activation.py" in entry
    assert "<th>gradient</th><td>yes</td>" in entry and "float32" in entry


def test_a_layer_says_what_it_computes():
    entry = PAGES["nn/conv.md"].partition("{ #torch.nn.Conv2d }")[2].partition("\n## ")[0]
    assert "in_channels: int" in entry and "<th>errors</th>" in entry


def labels(entry):
    """The labels of a docstring's rows."""
    tables = [docstring.rows(p) or [] for p in docstring.paragraphs(entry.doc)]
    return {label for table in tables for label, _ in table}


def unique(space):
    book = reference.book()
    return {id(book[f"{space}.{n}"]): book[f"{space}.{n}"] for n in names.public(space)}.values()


# what takes anything, or says "shape and errors are those of ..."
NO_ERRORS = "Identity Sigmoid Tanh Buffer LinearCrossEntropyOptions UninitializedBuffer"
NO_ERRORS = {f"torch.nn.{n}" for n in [*NO_ERRORS.split(), "UninitializedParameter"]}


@pytest.mark.parametrize("space", ["torch.nn", "torch.optim", "torch.optim.lr_scheduler"])
def test_classes_say_their_errors(space):
    silent = {
        e.name
        for e in unique(space)
        if e.kind == "class" and "rror" not in e.doc and "errors" not in labels(e)
    }
    assert silent == (NO_ERRORS if space == "torch.nn" else set())


def test_ops_say_their_shapes_or_errors():
    ops = {id(e): e for e in reference.book().values() if e.op is not None}.values()
    silent = [
        e.name
        for e in ops
        if not labels(e) & {"shape", "shapes", "errors"}
        and not re.search("->|Error|errors? (as|are)", e.doc)
    ]
    assert len(ops) > 600
    assert len(silent) <= 60  # copies of views, casts and the like; fewer is better


def test_every_verb_has_its_options():
    text = PAGES["app.md"]
    for verb in import_module("rushlight.app.cli").VERBS:
        assert f"{{ #rushlight-{verb} }}" in text
    assert "--epochs" in text and "--resume" in text


def test_docstrings_become_rows_and_examples():
    text = docstring.markdown(
        """y = max(x, 0) * 2

        shape   x (*) -> y (*)
        errors  RuntimeError: bool, and what goes
                on in the next line

            m <- b m

        >>> f(1)
        2
        """
    )
    assert '<p class="first">y = max(x, 0) * 2</p>' in text
    assert (
        "<tr><th>errors</th><td>RuntimeError: bool, and what goes on in the next line</td></tr>"
        in text
    )
    assert '<pre class="formula">m &lt;- b m</pre>' in text
    assert "```pycon\n>>> f(1)\n2\n```" in text
