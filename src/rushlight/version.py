"""torch.version: what PyTorch would be built with; here all of it is absent."""

from . import __version__ as __version__

cuda: str | None = None
hip: str | None = None
rocm: str | None = None
xpu: str | None = None
debug = False
git_version = "unknown"
