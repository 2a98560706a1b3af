"""The examples in docstrings print what they say."""

import ast
import doctest
import importlib
import pkgutil
import sys
from pathlib import Path

import numpy as np
import pytest

import rushlight
import rushlight.nn.functional as F
from rushlight.dispatch.registry import Card

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))
from docsite.blocks import is_installed  # noqa: E402

OPS = importlib.import_module("rushlight.ops")  # as an attribute it is torch.ops
FAMILIES = sorted(m.name for m in pkgutil.iter_modules(OPS.__path__))
NAMES = {"torch": rushlight, "tensor": rushlight.tensor, "F": F}
PACKAGE = Path(rushlight.__file__).parent
# files outside ops/ whose docstrings have examples; those of onnx/ are run by `make test-onnx`
OTHERS = [
    path.relative_to(PACKAGE).as_posix()
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.parent.name != "ops" or path.parent.parent != PACKAGE
    if path.parent.name != "onnx" or is_installed("onnx")
    if ">>> " in path.read_text("utf-8")
]


def docs(module):
    """(name, docstring) of each function of a family, and of each card: its class."""
    for name, thing in vars(module).items():
        card = getattr(thing, "card", None)
        card = card if isinstance(card, Card) else None
        text = card.doc if card is not None else getattr(thing, "__doc__", None)
        if card is not None or getattr(thing, "__module__", None) == module.__name__:
            yield name, text or ""


@pytest.mark.parametrize("family", FAMILIES)
def test_examples(family):
    module = importlib.import_module(f"rushlight.ops.{family}")
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(verbose=False)
    for name, text in docs(module):
        test = parser.get_doctest(text, dict(NAMES), name, module.__file__, 0)
        # an expression without an answer shows a call whose result is random
        test.examples = [e for e in test.examples if e.want or "=" in e.source.split("(")[0]]
        runner.run(test)
    assert runner.failures == 0


def taken_for_granted():
    """What examples outside ops/ take for granted: a model with its data, loss and optimizer."""
    nn = rushlight.nn
    model, x, y = nn.Linear(2, 2), rushlight.rand(8, 2), rushlight.arange(8) % 2
    data = rushlight.utils.data.TensorDataset(x, y)
    return {
        **NAMES,
        "rushlight": rushlight,
        "nn": nn,
        "np": np,
        "model": model,
        "x": x,
        "y": y,
        "x_test": x,
        "y_test": y,
        "history": [],
        "test_loader": rushlight.utils.data.DataLoader(data, 4),
        "loss": F.cross_entropy(model(x), y),
        "optimizer": rushlight.optim.SGD(model.parameters(), lr=0.1),
    }


def documented(path):
    """(name, docstring) of every function and class of a file, and of the file itself."""
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            yield getattr(node, "name", path.stem), ast.get_docstring(node) or ""


def is_expression(source):
    tree = ast.parse(source)
    return isinstance(tree.body[0], ast.Expr)


@pytest.mark.parametrize("file", OTHERS)
def test_examples_elsewhere(file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = "rushlight." + file.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    module = importlib.import_module(name)
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(verbose=False)
    package = module if file.endswith("__init__.py") else sys.modules[name.rpartition(".")[0]]
    near = {n: getattr(package, n) for n in getattr(package, "__all__", ())}
    ran = 0
    for name, text in documented(PACKAGE / file):
        own = {k: v for k, v in vars(module).items() if not k.startswith("__")}
        names = {"__name__": "__main__", **near, **taken_for_granted(), **own}
        test = parser.get_doctest(text, names, name, str(PACKAGE / file), 0)
        for e in test.examples:  # an expression without an answer is run, whatever it gives
            if not e.want and is_expression(e.source):
                e.source = f"_ = {e.source}"
        ran += len(test.examples)
        runner.run(test)
    assert runner.failures == 0 and ran > 0
