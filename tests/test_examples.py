"""The examples in the docstrings of operations print what they say."""

import doctest
import importlib
import pkgutil

import pytest

import rushlight
import rushlight.nn.functional as F
from rushlight.dispatch.registry import Card

OPS = importlib.import_module("rushlight.ops")  # as an attribute it is torch.ops
FAMILIES = sorted(m.name for m in pkgutil.iter_modules(OPS.__path__))
NAMES = {"torch": rushlight, "tensor": rushlight.tensor, "F": F}


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
