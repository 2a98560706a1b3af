"""The native core on the machine at hand: threads and processors, cache sizes."""

import os

import pytest

from rushlight import kernels as seam

native = seam.native
pytestmark = pytest.mark.skipif(native is None, reason="the native extension is not loaded")


@pytest.fixture
def two_processors():
    before = native.get_num_threads()
    native.set_processors(2)
    yield
    native.set_processors(0)
    native.set_num_threads(before)


def test_no_more_threads_work_than_there_are_processors(two_processors):
    """Four on two would take turns; the number asked for is still the one that is told."""
    for asked, at_work in ((1, 1), (2, 2), (4, 2), (64, 2)):
        native.set_num_threads(asked)
        assert (native.get_num_threads(), native.threads_at_work()) == (asked, at_work)
    native.set_processors(3)
    assert native.threads_at_work() == 3
    native.set_processors(1)
    assert (native.get_num_threads(), native.threads_at_work()) == (64, 1)


def test_the_processors_are_those_of_the_affinity_mask(in_python):
    code = """
import os
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from rushlight import _native as n
print(n.get_num_threads(), n.threads_at_work())
"""
    assert in_python(code, RUSHLIGHT_NUM_THREADS="4") == "4 1"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_four_threads_survive_fork(in_python):
    """With as many processors, and with two: the child has both numbers and the same bits."""
    code = """
import os, numpy as np
from rushlight import _native as n
x = np.linspace(-1, 1, 90000, dtype="f").reshape(300, 300)
for processors in (4, 2):
    n.set_processors(processors)
    n.set_num_threads(4)
    y = n.matmul(x, x)
    pid = os.fork()
    if pid == 0:
        same = n.matmul(x, x).tobytes() == y.tobytes()
        os._exit(0 if same and (n.get_num_threads(), n.threads_at_work()) == (4, processors) else 1)
    print(os.waitpid(pid, 0)[1])
"""
    assert in_python(code) == "0\n0"


def test_cache_sizes_are_within_bounds(in_python):
    code = "from rushlight import _native as n; print(*n.caches())"
    first, second, third = map(int, in_python(code).split())
    assert 1 << 14 <= first <= 1 << 18
    assert 1 << 17 <= second <= 1 << 23
    assert 0 <= third <= 1 << 26
    assert in_python(code, RUSHLIGHT_CACHES="65536,2097152,4194304") == "65536 2097152 4194304"
    assert in_python(code, RUSHLIGHT_CACHES="1,1,1") == "16384 131072 1"
    assert in_python(code, RUSHLIGHT_CACHES=f"{1 << 40},{1 << 40},{1 << 40}") == (
        f"{1 << 18} {1 << 23} {1 << 26}"
    )


def test_cache_sizes_change_no_bit(in_python):
    """Blocks follow from them, sums do not: products, convolutions of every way, y, dx and dw."""
    code = """
import hashlib, numpy as np
from rushlight import _native as n
r = np.random.default_rng(0)
f = lambda *shape: r.standard_normal(shape).astype("f")
results = [n.matmul(f(130, 1300), f(1300, 70))]
window = ((1, 1), (1, 1), (1, 1), 1)
for c, o, side, k, batch in ((64, 64, 56, 3, 1), (192, 320, 14, 3, 2), (600, 64, 4, 3, 2),
                             (3, 20, 60, 3, 3), (130, 40, 30, 1, 2)):
    pad = (k // 2, k // 2)
    window = ((1, 1), pad, (1, 1), 1)
    x, w = f(batch, c, side, side), f(o, c, k, k)
    y = n.conv2d(x, w, None, *window)
    results += [y, n.conv2d_dx(y, w, x.shape, *window), n.conv2d_dw(y, x, w.shape, *window)[0]]
print(hashlib.sha256(b"".join(a.tobytes() for a in results)).hexdigest())
"""
    sizes = ("", "16384,131072,0", "32768,262144,1048576", "262144,8388608,67108864")
    digests = {in_python(code, RUSHLIGHT_CACHES=size) for size in sizes}
    assert len(digests) == 1
    assert len(digests.pop()) == 64  # it did print one
