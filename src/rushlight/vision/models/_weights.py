"""Published weights: their table (weights.json), and their files in torch.hub's cache folder.

Nothing is downloaded here: a file that is missing is an error that says where it has to be.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from ...serialization.hub_folder import get_dir

__all__ = ["Weights", "load_file", "names", "table"]


@cache
def _file() -> dict[str, Any]:
    path = os.path.join(os.path.dirname(__file__), "weights.json")
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def table() -> dict[str, dict[str, Any]]:
    """enum's name -> member's name -> what is known of it, or the member that it is another name
    of
    """
    return _file()["enums"]


def names(which: str) -> list[str]:
    """A list of classes, "_IMAGENET_CATEGORIES"."""
    return _file()["lists"][which]


class Weights:
    """Where weights are, what prepares images for them, and what is known of them.

    url         of the file
    transforms  called without arguments: what turns an image into the model's input
    meta        "categories", "num_params", "min_size", "recipe", "_metrics", ...
    """

    def __init__(self, url: str, transforms: Callable[[], Any], meta: dict[str, Any]) -> None:
        self.url = url
        self.transforms = transforms
        self.meta = meta

    def __repr__(self) -> str:
        return f"Weights(url={self.url!r})"


class Listed(Weights):
    """Weights of the table; what prepares images is imported when it is asked for."""

    def __init__(self, row: dict[str, Any]) -> None:
        self.url = row["url"]
        self._preset, self._prepare = row["preset"], row["prepare"]
        meta = dict(row["meta"])
        meta["min_size"] = tuple(meta["min_size"])
        if meta.get("categories") is not None:
            meta["categories"] = names(meta["categories"])
        self.meta = meta

    @property
    def transforms(self) -> Callable[[], Any]:  # type: ignore[override]
        """The preset with its options, still to be called."""
        from ..transforms import _presets
        from ..transforms.functional import InterpolationMode

        options = dict(self._prepare)
        if "interpolation" in options:
            options["interpolation"] = InterpolationMode(options["interpolation"])
        for name in ("mean", "std"):
            if name in options:
                options[name] = tuple(options[name])
        return partial(getattr(_presets, self._preset), **options)


def load_file(url: str, what: str, check_hash: bool = True) -> Any:
    """The state_dict in the cache folder's file of this URL.

    check_hash  the first digits of the file's SHA-256 have to be those in its name
    errors      FileNotFoundError: the file is not there; RuntimeError: another hash
    """
    import hashlib  # both are slow to import, and seldom needed

    from ...serialization.loading import load

    name = url.rpartition("/")[2].partition("?")[0]
    path = os.path.join(get_dir(), "checkpoints", name)
    if not os.path.exists(path):
        raise FileNotFoundError(
            f"the weights {what} are not on this machine, and rushlight does not download them by "
            f"itself\n  they are expected in {path}\n"
            f"  fix: curl --create-dirs -o {path} {url}"
        )
    prefix = re.search(r"-([a-f0-9]+)\.", name)
    if check_hash and prefix:
        with open(path, "rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if not found.startswith(prefix[1]):
            raise RuntimeError(
                f'invalid hash value (expected "{prefix[1]}", got "{found}")\n  file: {path}\n'
                f"  fix: delete it and fetch it again from {url}"
            )
    return load(path)
