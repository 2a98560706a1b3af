"""torch.serialization: saving, loading, and which classes loading may build."""

from .core.serialize import *  # noqa: F403
