"""What help() says of an op: a formula or a sentence, then shapes or errors."""

import inspect
import re

import pytest

import rushlight as torch
from rushlight.dispatch.registry import FUNCTIONAL, FUNCTIONS

# a row "shape" or "errors", an error by its name, shapes such as (N, *) -> (*)
CONTRACT = re.compile(r"\bshapes?\b|\berrors?\b|\w+Error\b|->|\(\*|\*\)")
PUBLIC = {f"F.{name}": FUNCTIONAL[name] for name in FUNCTIONAL} | {
    name: FUNCTIONS[name] for name in FUNCTIONS
}


def test_every_op_has_a_first_line():
    assert [n for n, f in PUBLIC.items() if not (inspect.getdoc(f) or "").split("\n")[0]] == []


def test_every_op_says_shapes_or_errors():
    silent = [n for n, f in PUBLIC.items() if not CONTRACT.search(inspect.getdoc(f) or "")]
    assert silent == []


def test_what_counts():
    assert CONTRACT.search("y = f(x)\n\nshape   x (N) -> y (N)")
    assert CONTRACT.search("y = f(x). ValueError: a word")
    assert not CONTRACT.search("y = f(x);  dx = dy (1 + x)")
    assert len(PUBLIC) > 500


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: torch.tril_indices(-1, 2), "row must be non-negative, got-1"),
        (lambda: torch.triu_indices(2, -1), "col must be non-negative, got-1"),
    ],
)
def test_sizes_of_triangles(call, sentence):
    with pytest.raises(RuntimeError, match=sentence):
        call()


@pytest.mark.parametrize(
    ("step", "sentence"), [(0, "step must be nonzero"), (-1, "inconsistent with step sign")]
)
def test_range_refuses_a_step_that_leads_nowhere(step, sentence):
    with pytest.warns(UserWarning, match="deprecated"), pytest.raises(RuntimeError, match=sentence):
        torch.range(0, 5, step)
