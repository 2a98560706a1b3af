"""torch.backends.cpu: what the processor can do, and how convolutions are computed."""

import numpy as np

from .. import kernels as _kernels


def get_cpu_capability() -> str:
    """The widest vector instructions found: "AVX512", "AVX2" or "DEFAULT"."""
    found = np.show_config(mode="dicts")["SIMD Extensions"]  # type: ignore[index, call-overload]
    names = {*found.get("baseline", ()), *found.get("found", ())}
    if names & {"AVX512F", "AVX512_SKX", "X86_V4"}:
        return "AVX512"
    return "AVX2" if names & {"AVX2", "X86_V3"} else "DEFAULT"


def set_winograd(on: bool) -> None:
    """Allow or forbid Winograd's way for float32 convolutions of 3x3 kernels and stride 1.

    Allowed unless the environment variable RUSHLIGHT_WINOGRAD is 0. It takes a third of the time.
    Its rounding error is that of the direct sum or up to 1.5 times that (docs/convolution.md), as
    long as neighbouring cells are of like size: next to a number of 1e8 those of size one lose
    their digits. rushlight's own, PyTorch has no such switch.
    """
    _kernels.set_winograd(on)


def get_winograd() -> bool:
    """Whether Winograd's way is allowed; False without the native kernels."""
    return _kernels.get_winograd()
