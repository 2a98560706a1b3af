"""torch.backends.mps: Apple's GPU, which rushlight does not use."""


def is_built() -> bool:
    """Was this library built with MPS? No."""
    return False


def is_available() -> bool:
    """Is there an Apple GPU to compute on? No."""
    return False


def is_macos_or_newer(major: int, minor: int) -> bool:
    """Is this macOS major.minor or newer? Likewise, no."""
    return False


def is_macos13_or_newer(minor: int = 0) -> bool:
    """Is this macOS 13.minor or newer? Asked by scripts that choose MPS: answered for MPS, no."""
    return False
