"""torch.backends.mkl: rushlight multiplies matrices with OpenBLAS."""


def is_available() -> bool:
    """Is Intel's MKL used? No."""
    return False
