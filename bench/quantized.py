"""Models whose Linear layers have weights of 8 bits (`torch.ao.quantization.quantize_dynamic`): one
layer of a few rows and of many, and encoders.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from .language_models import encoder
from .served import Served


def _whole(lib: Any, model: Any) -> Any:
    """The model with weights of 8 bits; by default both libraries round alike."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch: torch.ao.quantization is deprecated
        quantize = lib.torch.ao.quantization.quantize_dynamic
        return quantize(model.eval(), {lib.nn.Linear}, dtype=lib.torch.qint8)


def layer(rows: int, inputs: int, outputs: int) -> Callable[[Any], Callable[[], Any]]:
    def make(lib: Any) -> Callable[[], Any]:
        model = lib.nn.Sequential(lib.nn.Linear(inputs, outputs))
        return Served(lib, _whole(lib, model), lib.torch.randn(rows, inputs))

    return make


def encoding(layers: int, steps: int) -> Callable[[Any], Callable[[], Any]]:
    def make(lib: Any) -> Callable[[], Any]:
        torch = lib.torch
        tokens, mask = torch.randint(0, 30522, (1, steps)), torch.zeros(1, 1, steps, steps)
        return Served(lib, _whole(lib, encoder(lib, layers)), tokens, mask)

    return make


#: name: (what makes a call, calls in a block, (PyTorch's time over ours at least, aim))
ROWS: dict[str, tuple[Callable[[Any], Callable[[], Any]], int, tuple[float, float]]] = {
    "int8: 1 x 784 to 512": (layer(1, 784, 512), 200, (1, 1.3)),
    "int8: 1 x 2048 to 2048": (layer(1, 2048, 2048), 50, (1, 1.3)),
    "int8: 64 x 784 to 512": (layer(64, 784, 512), 50, (1, 1.3)),
    "int8: 128 x 384 to 1536": (layer(128, 384, 1536), 20, (1, 1.3)),
    "int8: MiniLM's shape, 16 tokens": (encoding(6, 16), 10, (1, 1.3)),
    "int8: MiniLM's shape, 128 tokens": (encoding(6, 128), 3, (1, 1.3)),
}
