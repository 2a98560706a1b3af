"""The committed stubs are those of the schemas, and what they say of the samples is true."""

import importlib.util
import inspect
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import rushlight
from rushlight.core.tensor import Tensor
from rushlight.dispatch.registry import FUNCTIONAL, FUNCTIONS
from rushlight.testing.samples import Make, sample_calls, sampled_cards

TOOLS = Path(__file__).parents[1] / "tools"


@pytest.fixture(scope="module")
def maker():
    """tools/make_stubs.py as a module."""
    sys.path.insert(0, str(TOOLS))
    spec = importlib.util.spec_from_file_location("make_stubs", TOOLS / "make_stubs.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path.remove(str(TOOLS))


def test_stubs_are_current():
    """In a process of its own: other tests replace methods."""
    command = [sys.executable, TOOLS / "make_stubs.py", "--check"]
    path = {"PYTHONPATH": str(Path(rushlight.__file__).parents[1])}
    run = subprocess.run(command, capture_output=True, text=True, env=os.environ | path)
    assert (run.stdout, run.stderr) == ("", ""), "run `make stubs`"


def test_stubs_name_every_method(maker):
    text = maker.tensor_stub() + (Path(rushlight.__file__).parent / "core/tensor.py").read_text()
    names = [n for n in dir(Tensor) if n.isidentifier() and n[0] != "_"]
    lost = [n for n in names if f"def {n}(" not in text and f"{n} = " not in text]
    assert [n for n in lost if f"{n}: " not in text] == []


def fits(value, wanted):
    """True if a value is of a type, given as text in the schemas' words."""
    if "|" in wanted:
        parts = [part.strip() for part in wanted.split("|")]
        return any(fits(value, part) for part in parts)
    if wanted.startswith("Sequence["):
        return isinstance(value, (list, tuple)) and all(fits(v, wanted[9:-1]) for v in value)
    if wanted.startswith(("tuple[", "Literal[", "return_types.")):
        return isinstance(value, tuple) if wanted[0] != "L" else repr(value) == wanted[8:-1]
    plain = {"int": int, "bool": bool, "str": str, "None": type(None), "Tensor": Tensor}
    if wanted == "Number":
        return isinstance(value, (int, float, complex, np.number))
    if wanted in plain:
        return isinstance(value, plain[wanted])
    if wanted == "float":
        return isinstance(value, (int, float))
    return wanted == "Any" or type(value).__name__ == wanted


def accepted(name, thing, place, args, kwargs, maker):
    """What the overloads that take this call say they return."""
    kinds = {
        "positional": inspect.Parameter.POSITIONAL_OR_KEYWORD,
        "variadic": inspect.Parameter.VAR_POSITIONAL,
        "keyword": inspect.Parameter.KEYWORD_ONLY,
    }
    empty = inspect.Parameter.empty
    for signature in maker.signatures(name, thing, place):
        for parameters in signature.forms():
            kind = {n: k for n, k, t, d in parameters}
            types = {n: t for n, k, t, d in parameters}
            order = [
                inspect.Parameter(n, kinds[k], default=empty if d is None else d)
                for n, k, t, d in parameters
            ]
            try:
                call = inspect.Signature(sorted(order, key=lambda p: p.kind)).bind(*args, **kwargs)
            except TypeError:
                continue
            given = [
                (v, types[n])
                for n, value in call.arguments.items()
                for v in (value if kind[n] == "variadic" else [value])
            ]
            if all(fits(v, wanted) for v, wanted in given):
                yield signature.returns


@pytest.mark.parametrize("card", [c for c in sampled_cards() if c.schema], ids=lambda c: c.name)
def test_the_stub_takes_every_sample_and_says_what_it_returns(card, maker):
    name = card.schema.name
    for place, functions in (("torch", FUNCTIONS), ("F", FUNCTIONAL)):
        face = getattr(functions.get(name), "face", None)
        if face is None or face.op is not card:
            continue  # another function of that name, as torch.embedding and F.embedding
        for args, kwargs in sample_calls(card, Make(card.name)):
            returns = list(accepted(name, functions[name], place, args, kwargs, maker))
            assert returns, (name, [*args, *kwargs.items()])
            result = functions[name](*args, **kwargs)
            assert any(fits(result, wanted) for wanted in returns), (name, returns)
