"""The thread pool: the same bits for any number of threads, many callers at once, fork.

`make sanitize-thread` runs this file with the extension built for ThreadSanitizer.
"""

import os
import threading

import numpy as np
import pytest
from kernel_cases import make

from rushlight import kernels as seam

pytestmark = [
    pytest.mark.skipif(seam.native is None, reason="the native extension is not loaded"),
    pytest.mark.usefixtures("two_threads"),
]
native = seam.native


def test_the_pool_serves_many_python_threads():
    x, w = make((64, 300), "f"), make((200, 300), "f", 1)
    expected = native.linear(x, w, None)
    wrong = []

    def work():
        for _ in range(50):
            if not (native.linear(x, w, None) == expected).all():
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_more_threads_than_processors_runs_or_blocks_change_no_bit():
    x, w = make((300, 130), "f"), make((70, 130), "f", 1)
    long = make((400_000,), "f", 2)
    before, results = native.get_num_threads(), []
    try:
        for n in (1, 2, 3, 63, 64, 65, 100, 2):
            native.set_num_threads(n)
            for _ in range(10):
                y = native.linear(x, w, None), native.sum(long), native.exp(long)
                results.append([a.tobytes() for a in y])
    finally:
        native.set_num_threads(before)
    assert all(r == results[0] for r in results)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="of Linux")
def test_a_worker_that_woke_elsewhere_may_use_all_processors_again(in_python):
    code = """
import os, time, numpy as np
from rushlight import _native as n
n.set_num_threads(2)
x = np.ones(1 << 20, "f4")
for _ in range(20):
    time.sleep(0.003)  # the worker sleeps
    n.exp(x)
for _ in range(200):
    masks = {tuple(os.sched_getaffinity(int(t))) for t in os.listdir("/proc/self/task")}
    if masks == {tuple(os.sched_getaffinity(0))}:
        break
    time.sleep(0.01)
print(len(masks))
"""
    assert in_python(code).strip() == "1"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_the_pool_survives_fork(in_python):
    code = """
import os, numpy as np
from rushlight import _native as n
n.set_num_threads(2)
x = np.ones((300, 300), "f")
y = n.matmul(x, x)
pid = os.fork()
if pid == 0:
    os._exit(0 if (n.matmul(x, x) == y).all() and n.get_num_threads() == 2 else 1)
print(os.waitpid(pid, 0)[1])
"""
    assert in_python(code) == "0"


def test_threads_come_from_the_environment(in_python):
    code = "from rushlight import _native as n; print(n.get_num_threads())"
    assert in_python(code, RUSHLIGHT_NUM_THREADS="3") == "3"
    assert in_python(code, OMP_NUM_THREADS="1", RUSHLIGHT_NUM_THREADS="") == "1"


def kernels_of_all_kinds():
    """Name -> a call that uses the pool: products, sums in blocks, rows, windows."""
    x, w = make((96, 200), "f"), make((128, 200), "f", 1)
    long, image = make((300_000,), "f", 2), make((4, 8, 24, 24), "f", 3)
    filters = make((8, 8, 3, 3), "f", 4)
    window = ((1, 1), (1, 1), (1, 1), 1)
    dy = native.conv2d(image, filters, None, *window)
    return {
        "linear": lambda: native.linear(x, w, None),
        "linear_dw": lambda: native.linear_dw(make((96, 128), "f", 5), x),
        "exp": lambda: native.exp(long),
        "sum": lambda: native.sum(long),
        "softmax": lambda: native.softmax(x, 1),
        "layer_norm": lambda: native.layer_norm(x, 1, None, None, 1e-5)[0],
        "conv2d": lambda: native.conv2d(image, filters, None, *window),
        "conv2d_dx": lambda: native.conv2d_dx(dy, filters, image.shape, *window),
        "conv2d_dw": lambda: native.conv2d_dw(dy, image, filters.shape, *window)[0],
        "max_pool2d": lambda: native.max_pool2d(image, (2, 2), (2, 2), (0, 0), (1, 1), False)[0],
    }


def test_different_kernels_at_once_while_the_number_of_threads_changes():
    """Six Python threads, ten kernels, 1 to 5 threads of the pool: always the same bits."""
    calls = kernels_of_all_kinds()
    expected = {name: call().tobytes() for name, call in calls.items()}
    wrong, end = [], threading.Event()

    def work(first):
        names = list(calls)
        for i in range(40):
            name = names[(first + i) % len(names)]
            if calls[name]().tobytes() != expected[name]:
                wrong.append(name)

    def change():
        n = 0
        while not end.wait(0.001):
            native.set_num_threads(1 + n % 5)
            n += 1

    changer = threading.Thread(target=change)
    workers = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for t in (changer, *workers):
        t.start()
    for t in workers:
        t.join()
    end.set()
    changer.join()
    assert wrong == []


def test_optimizer_steps_of_many_threads():
    """Each thread has its parameters; the step's blocks share the pool."""

    def steps(seed):
        p, g = make((50_000,), "f", seed), make((50_000,), "f", seed + 1)
        buf = np.zeros_like(p)
        for _ in range(20):
            native.sgd_step([p], [g], [buf], 0.1, 0.9, 0.0, 0.01, False, False)
        return p.tobytes()

    expected, got = steps(3), []
    threads = [threading.Thread(target=lambda: got.append(steps(3))) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert got == [expected] * 4
