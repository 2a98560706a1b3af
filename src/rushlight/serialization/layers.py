"""Where the classes of whole modules in files are found.

`rushlight.nn` and `rushlight.vision` are rooms above this one, so the package itself puts the
look-ups here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def _none(name: str) -> Any:
    return None


find: Callable[[str], Any] = _none  # name -> rushlight's own nn.Module of this name, or None
find_model: Callable[[str], Any] = _none  # "models.resnet.ResNet" -> that of rushlight.vision


def is_ours(kind: type) -> bool:
    """Is it one of rushlight's own classes of layers and models?"""
    if find(kind.__name__) is kind:
        return True
    home = kind.__module__
    if not home.startswith(MODELS[0]):
        return False
    return find_model(f"{home.removeprefix(MODELS[0])}.{kind.__name__}") is kind


#: where models are: ours, and torchvision's name for it
MODELS = ("rushlight.vision.", "torchvision.")
