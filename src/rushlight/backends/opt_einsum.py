"""torch.backends.opt_einsum: not used; NumPy finds the order of contractions."""

enabled = False
strategy: str | None = None


def is_available() -> bool:
    """Is the package opt_einsum used? No."""
    return False
