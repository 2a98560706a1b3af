"""torch.backends.cpu: what the processor can do."""

import numpy as np


def get_cpu_capability() -> str:
    """The widest vector instructions found: "AVX512", "AVX2" or "DEFAULT"."""
    found = np.show_config(mode="dicts")["SIMD Extensions"]  # type: ignore[index, call-overload]
    names = {*found.get("baseline", ()), *found.get("found", ())}
    if names & {"AVX512F", "AVX512_SKX", "X86_V4"}:
        return "AVX512"
    return "AVX2" if names & {"AVX2", "X86_V3"} else "DEFAULT"
