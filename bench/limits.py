"""What the machine could do at best.

The measured sgemm peak and copy rate, and what each workload asks of them.
"""

from __future__ import annotations

import time

import numpy as np

from rushlight.kernels import K

# Multiply-adds count as two. Forward of a layer (I, O) at batch B: 2 B I O; backward the same again
# for the weights, and for the
# input of every layer but the first.
_B = 64
_MLP = [(784, 512), (512, 512), (512, 10)]
_CNN = [
    (1, 16, 14),
    (16, 16, 7),
    (16, 10, 4),
]  # channels in, channels out, side of the result; 3x3 kernels


def _dense(layers: list[tuple[int, int]], batch: int, backward: bool) -> float:
    forward = [2.0 * batch * i * o for i, o in layers]
    return sum(forward) * (2 if backward else 1) + (sum(forward[1:]) if backward else 0)


def _conv(batch: int, backward: bool) -> float:
    forward = [2.0 * batch * i * o * 9 * s * s for i, o, s in _CNN]
    return sum(forward) * (2 if backward else 1) + (sum(forward[1:]) if backward else 0)


def _bytes(weights: int, batch: int, inputs: int) -> float:
    """float32 read and written once.

    The batch; the weights for the product, their gradient written and read, the step.
    """
    return 4.0 * (batch * inputs + weights * 5)


FLOPS = {
    "logistic": _dense([(784, 10)], _B, True),
    "MLP": _dense(_MLP, _B, True),
    "CNN": _conv(_B, True),
    "inference at batch one, MLP": _dense(_MLP, 1, False),
    "inference at batch one, CNN": _conv(1, False),
}
BYTES = {
    "logistic": _bytes(7850, _B, 784),
    "MLP": _bytes(669706, _B, 784),
    "CNN": _bytes(3930, _B, 784),
    "inference at batch one, MLP": 4.0 * 669706,
    "inference at batch one, CNN": 4.0 * (784 + 3930),
}


def sgemm_peak() -> float:
    """FLOP/s of a product of 2048 x 2048, the best of several of NumPy's and of ours.

    What counts is the machine, and NumPy's BLAS does not know every processor.
    """
    a = np.ones((2048, 2048), np.float32)
    best = 0.0
    for multiply in (np.matmul, K.matmul):
        for _ in range(6):
            start = time.perf_counter()
            multiply(a, a)
            best = max(best, 2 * 2048**3 / (time.perf_counter() - start))
    return best


def copy_rate() -> float:
    """Bytes/s read and written by a copy of 256 MB."""
    a = np.ones(64 << 20, np.float32)
    b = np.empty_like(a)
    best = 0.0
    for _ in range(5):
        start = time.perf_counter()
        np.copyto(b, a)
        best = max(best, 2 * a.nbytes / (time.perf_counter() - start))
    return best


def least_microseconds(workload: str, flops: float, rate: float) -> float | None:
    """The time that the workload's arithmetic or its memory traffic takes at the measured peaks.

    None: not a matter of either.
    """
    key = workload if workload in FLOPS else workload.split(",")[0]
    if key not in FLOPS:
        return None
    return max(FLOPS[key] / flops, BYTES[key] / rate) * 1e6
