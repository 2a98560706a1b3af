"""The functions written out for a card (dispatch/codegen.py) and the general one (`_general` in
dispatch/call.py) do the same: values, dtypes, nodes, edges, what is saved, versions."""

import numpy as np
import pytest

from rushlight.core.tensor import Tensor
from rushlight.dispatch import codegen
from rushlight.dispatch.call import _general
from rushlight.dispatch.registry import CARDS
from rushlight.testing.samples import Make, sample_arguments, sampled_cards

# runs as text: one result, which is no view
WRITTEN = [
    c for c in sampled_cards() if not (c.listed or c.view or c.result is not None or c.outputs != 1)
]


def arguments(card, grad, changed):
    """The samples' arguments; with gradients wanted, and some of the tensors changed before."""
    for args in sample_arguments(card, Make(card.name)):
        for i, a in enumerate(args):
            if isinstance(a, Tensor):
                if grad and i in card.tensors and a._a.dtype.kind in "fc":
                    a.requires_grad_()
                if changed and i % 2 == 0:
                    a._bump()
        yield args


def kept(x):
    """What a node keeps, comparable: arrays by their bytes, Tensors by identity of their array."""
    if isinstance(x, Tensor):
        return "tensor", id(x._a)
    if isinstance(x, np.ndarray):
        return "array", x.dtype, x.shape, x.tobytes()
    return type(x).__name__, repr(x)


def seen(results):
    """Everything of a call that a user or the engine can see."""
    found = []
    for t in results if isinstance(results, tuple) else (results,):
        node = t._node
        found.append((t._a.dtype, t._a.shape, t._a.tobytes(), t._rg, t._v))
        if node is not None:
            found.append((type(node), t._slot, node.shapes, node.outs, node.hooks))
            found.append([e if e is None else id(e) for e in node.edges])
            found.append([kept(s) for s in node.saved])
            found.append(None if node.versions is None else list(node.versions))
            found.append(None if node.out_cell is None else node.out_cell[1])
    return found


@pytest.mark.parametrize("changed", [False, True])
@pytest.mark.parametrize("grad", [False, True])
@pytest.mark.parametrize("card", WRITTEN, ids=lambda c: c.name)
def test_written_and_general(card, grad, changed):
    written = codegen.runner(card)
    for args in arguments(card, grad, changed):
        assert seen(written(args)) == seen(_general(card, args))


GOLDEN = {
    "neg": "one operand, nothing saved",
    "exp": "promoted, the result saved",
    "linear": "three operands, inputs saved if wanted",
    "bilinear": "four operands",
    "masked_fill": "broadcast",
}


@pytest.mark.parametrize("name", GOLDEN)
def test_texts(name, frozen, request):
    """The texts themselves, so that a change of the generator shows in a review.

    After a change on purpose: pytest tests/test_runners.py --overwrite
    """
    text = codegen.source(CARDS[name])
    path = frozen / "runners" / f"{name}.txt"
    if request.config.getoption("--overwrite"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text("utf-8")
