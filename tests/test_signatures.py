"""inspect.signature, and with it help() and completion, tells the arguments of every function."""

import importlib
import inspect

import pytest

import rushlight as torch

SPACES = ["", "nn.functional", "nn.init", "fft", "linalg", "signal.windows", "special", "Tensor"]


def functions(space):
    """(name, function) of the public functions in a namespace, or of Tensor's methods."""
    home = (
        torch.Tensor
        if space == "Tensor"
        else importlib.import_module(f"rushlight.{space}".strip("."))
    )
    for name in dir(home):
        f = getattr(home, name)
        if not name.startswith("_") and callable(f) and not inspect.isclass(f):
            yield name, f


def opaque(f):
    """True if the signature says nothing: none at all, or arguments and keywords of any name."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return True
    kinds = {p.kind for p in parameters}
    return {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD} <= kinds


@pytest.mark.parametrize("space", SPACES)
def test_no_signature_is_opaque(space):
    known = list(functions(space))
    assert len(known) > 3
    assert [name for name, f in known if opaque(f)] == []


def test_opaque_ones_are_seen():
    assert opaque(lambda *args, **kwargs: None)
    assert opaque(lambda x, *args, **options: None)
    assert not opaque(lambda *size, out=None: None)
