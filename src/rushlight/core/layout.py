"""torch.layout and torch.memory_format: names for how elements lie in memory."""

from __future__ import annotations


class _Name:
    """A named constant that prints as torch.<name>."""

    def __init__(self, name: str):
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self):
        return _by_name, (self.name,)


class layout(_Name):
    """torch.strided (the only layout of tensors here), and the names of the sparse ones."""


class memory_format(_Name):
    """The order of dimensions in memory.

    Contiguous_format, channels_last, channels_last_3d, preserve_format.
    """


strided = layout("strided")
sparse_coo, sparse_csr, sparse_csc = (
    layout("sparse_coo"),
    layout("sparse_csr"),
    layout("sparse_csc"),
)
sparse_bsr, sparse_bsc, jagged, _mkldnn = (
    layout("sparse_bsr"),
    layout("sparse_bsc"),
    layout("jagged"),
    layout("_mkldnn"),
)
contiguous_format, preserve_format = (
    memory_format("contiguous_format"),
    memory_format("preserve_format"),
)
channels_last, channels_last_3d = memory_format("channels_last"), memory_format("channels_last_3d")


def _by_name(name: str):
    return globals()[name]
