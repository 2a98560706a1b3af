"""torch.backends.openmp: rushlight has a thread pool of its own."""


def is_available() -> bool:
    """Is OpenMP used? No."""
    return False
