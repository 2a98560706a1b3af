"""Arguments for the kernels of native/optim.cpp: whole steps of optimizers."""

import numpy as np
from kernel_cases import make, of


def _step(dtype, *positive):
    """Parameters of several shapes, gradients, and lists of states, the named ones positive. One
    lies in another order than the others: all of its arrays do."""
    shapes = [(3,), (40, 50), (), (300, 100)]
    lists = [[make(s, dtype, 10 * k + i) for i, s in enumerate(shapes)] for k in range(5)]
    for arrays in lists:
        arrays[1] = np.asfortranarray(arrays[1])
    return [
        [np.asarray(np.abs(x)) for x in a] if k - 2 in positive else a for k, a in enumerate(lists)
    ]


STEP = {"f": {"rtol": 1e-5, "atol": 1e-6}, "d": {"rtol": 1e-11, "atol": 1e-6}}


@of("sgd_step")
def _(name, dtype):
    for momentum, dampening, nesterov in [
        (0, 0, False),
        (0.9, 0, False),
        (0.9, 0.1, False),
        (0.9, 0, True),
    ]:
        for decay in (0, 0.1):
            for maximize in (False, True):
                numbers = (0.1, momentum, dampening, decay, nesterov, maximize)
                params, grads, bufs, *_ = _step(dtype)
                for known in ([None] * 4, bufs if momentum else [None] * 4):
                    yield (params, grads, known, *numbers), STEP[dtype]


@of("adam_step")
def _(name, dtype):
    for amsgrad in (False, True):
        for decay, decoupled in [(0, False), (0.1, False), (0.1, True)]:
            params, grads, m, v, largest = _step(dtype, 1, 2)
            numbers = (0.01, 0.9, 0.99, 1e-8, decay, amsgrad, False, decoupled)
            for t in (1.0, 3.0):
                largest = largest if amsgrad else None
                yield (params, grads, m, v, largest, [t] * 4, *numbers), STEP[dtype]


@of("rmsprop_step")
def _(name, dtype):
    for centered in (False, True):
        for momentum in (0, 0.9):
            params, grads, squares, means, bufs = _step(dtype, 0)
            means = [np.asarray(m / 8) for m in means] if centered else None
            squares = [np.asarray(s + 1) for s in squares]  # above the square of the mean
            bufs = bufs if momentum else None
            numbers = (0.01, 0.9, 1e-3, 0.1, momentum, True)
            yield (params, grads, squares, means, bufs, *numbers), STEP[dtype]


@of("adagrad_step")
def _(name, dtype):
    params, grads, sums, *_ = _step(dtype, 0)
    for t in (1.0, 3.0):
        yield (params, grads, sums, [t] * 4, 0.1, 0.01, 1e-10, 0.1, False), STEP[dtype]
