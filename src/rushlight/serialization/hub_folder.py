"""The folder of downloaded weights: where `torch.hub` puts them and `vision.models` looks."""

from __future__ import annotations

import os

__all__ = ["get_dir", "set_dir", "torch_home"]

_chosen: str | None = None


def torch_home() -> str:
    """$TORCH_HOME, else $XDG_CACHE_HOME/torch, else ~/.cache/torch: PyTorch's folder, so that what
    it has downloaded is found.
    """
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    return os.path.expanduser(os.environ.get("TORCH_HOME", os.path.join(cache, "torch")))


def get_dir() -> str:
    """The folder of downloads: that of set_dir, else `hub` in torch_home()."""
    return _chosen if _chosen is not None else os.path.join(torch_home(), "hub")


def set_dir(d: str | os.PathLike) -> None:
    """Makes d the folder of downloads; it is created when it is needed."""
    global _chosen
    _chosen = os.path.expanduser(str(d))
