"""Workloads of recurrent nets: a character model of one layer in training, an LSTM on one sequence.

The characters are one-hot rows, as in most programs of the kind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

CHARACTERS, HIDDEN, BATCH, STEPS = 64, 128, 32, 32


def characters(kind: str) -> Callable[[Any], Callable[[], Any]]:
    """One step of training: one-hot, the layer, Linear, cross entropy, backward, Adam."""

    def make(lib: Any) -> Callable[[], Any]:
        torch, nn, functional = lib.torch, lib.nn, lib.F
        layer = getattr(nn, kind)(CHARACTERS, HIDDEN, batch_first=True)
        head = nn.Linear(HIDDEN, CHARACTERS)
        opt = lib.optim.Adam([*layer.parameters(), *head.parameters()])
        text = torch.randint(0, CHARACTERS, (BATCH, STEPS + 1))
        letters, following = text[:, :-1].contiguous(), text[:, 1:].reshape(-1)

        def step() -> None:
            opt.zero_grad()
            y, _ = layer(functional.one_hot(letters, CHARACTERS).float())
            functional.cross_entropy(head(y).reshape(-1, CHARACTERS), following).backward()
            opt.step()

        return step

    return make


def one_sequence(lib: Any) -> Callable[[], Any]:
    """50 steps of one sequence through an LSTM, without gradients."""
    layer, x = lib.nn.LSTM(64, HIDDEN).eval(), lib.torch.rand(50, 1, 64)

    def run() -> Any:
        with lib.torch.no_grad():
            return layer(x)

    return run


#: name: (what makes a call, calls in a block, (PyTorch's time over ours at least, aim))
ROWS: dict[str, tuple[Callable[[Any], Callable[[], Any]], int, tuple[float, float]]] = {
    "character LSTM, training": (characters("LSTM"), 5, (1.5, 3)),
    "character GRU, training": (characters("GRU"), 5, (1.5, 3)),
    "LSTM at batch one, 50 steps": (one_sequence, 100, (2, 4)),
}
