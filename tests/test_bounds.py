"""No argument makes a kernel read or write outside: sizes of zero, huge steps, indices, no memory.

The values and first lines of messages are PyTorch 2.13's, except where PyTorch itself reads outside
(labels of ctc_loss).
"""

import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

import rushlight as torch
import rushlight.nn.functional as F
from rushlight import kernels as seam
from rushlight.kernels.twin import TWINS

FAR = [2**31 - 1, 2**31, 2**32, 2**62, 2**63 - 1]
INF = float("inf")


def both_ways(f, *inputs):
    """f's result and its gradients."""
    inputs = [x.detach().clone().requires_grad_() for x in inputs]
    y = f(*inputs)
    y.sum().backward()
    return y, [x.grad for x in inputs]


# ---------------------------------------------------------------- nothing to add up


@pytest.mark.parametrize("op", ["sum", "mean", "softmax", "log_softmax", "logsumexp"])
def test_reductions_of_nothing(op):
    """One dimension is 0, another so large that reading it would end the process."""
    reduce = getattr(torch.Tensor, op)
    for shape, dim in (((0, 10**8), 1), ((0, 10**8, 0), 1), ((10**8, 0), 0)):
        x = torch.zeros(shape, requires_grad=True)
        y = reduce(x, dim)
        y.sum().backward()
        assert y.numel() == 0 and x.grad.shape == shape


def test_sums_of_nothing_are_zero():
    for shape, dim, sums in (((0, 3), 0, [0] * 3), ((3, 0), 1, [0] * 3), ((2, 0, 1), 1, [[0]] * 2)):
        assert torch.zeros(shape).sum(dim).tolist() == sums
    assert torch.zeros(0, 5).mean(0).isnan().all()


def test_an_empty_batch_with_label_smoothing():
    x = torch.zeros(0, 10**6, requires_grad=True)
    target = torch.zeros(0, dtype=torch.int64)
    loss = F.cross_entropy(x, target, label_smoothing=0.1, reduction="sum")
    loss.backward()
    assert loss.item() == 0 and x.grad.shape == (0, 10**6)


def test_layers_of_width_zero(kernels):
    """Forward and backward: a -1 in a reshape means nothing where a dimension is 0."""
    dy, x, w = np.zeros((2, 3, 0), np.float32), np.ones((2, 3, 4), np.float32), np.ones((0, 4))
    assert kernels.linear_dw(dy, x).shape == (0, 4)
    assert kernels.linear_db(dy).shape == (0,)
    assert (kernels.linear_dx(dy, w.astype(np.float32)) == np.zeros((2, 3, 4))).all()
    assert (kernels.linear_dw(x, dy) == np.zeros((4, 0))).all()
    i = np.array([0, 2])
    assert kernels.embedding(np.zeros((3, 0), np.float32), i).shape == (2, 0)
    dw = kernels.embedding_dw(np.zeros((2, 0), np.float32), i, 3, -1, True)
    assert dw.shape == (3, 0)


# ---------------------------------------------------------------- far steps


@pytest.mark.parametrize("far", FAR)
def test_strides_beyond_the_image(far):
    x = torch.arange(72.0).reshape(1, 2, 6, 6)
    w = torch.ones(3, 2, 3, 3)
    y, (dx, dw) = both_ways(lambda x, w: F.conv2d(x, w, stride=far), x, w)
    near, (near_dx, near_dw) = both_ways(lambda x, w: F.conv2d(x, w, stride=9), x, w)
    assert y.tolist() == near.tolist() and dx.tolist() == near_dx.tolist()
    assert dw.tolist() == near_dw.tolist()
    for stride in ((far, 1), (1, far)):
        one = tuple(min(s, 9) for s in stride)
        y, (dx, dw) = both_ways(lambda x, w, s=stride: F.conv2d(x, w, stride=s, padding=1), x, w)
        z, (dz, dv) = both_ways(lambda x, w, s=one: F.conv2d(x, w, stride=s, padding=1), x, w)
        assert (
            y.tolist() == z.tolist() and dx.tolist() == dz.tolist() and dw.tolist() == dv.tolist()
        )
    row, (dx, _) = both_ways(lambda x, w: F.conv1d(x, w, stride=far), x[:, :, 0], w[:, :, 0])
    assert row.shape == (1, 3, 1) and dx[:, :, 3:].sum() == 0
    assert F.conv_transpose2d(torch.ones(1, 3, 1, 1), w, stride=far).tolist() == [
        [[[3.0] * 3] * 3] * 2
    ]


@pytest.mark.parametrize("far", FAR)
def test_steps_that_nothing_fits(far):
    x, w = torch.ones(1, 2, 6, 6), torch.ones(3, 2, 3, 3)
    for use in (
        lambda: F.conv2d(x, w, dilation=far),
        lambda: F.conv2d(x, w, padding=far),
        lambda: F.conv2d(x, w, groups=far),
        lambda: F.conv_transpose2d(torch.ones(1, 3, 2, 2), w, stride=far),
        lambda: F.max_pool2d(x, far),
        lambda: F.avg_pool2d(x, 2, 1, far),
        lambda: F.max_pool2d(x, 2, 1, 0, far),
        lambda: F.adaptive_avg_pool2d(x, (far, far)),
        lambda: F.unfold(x, 3, dilation=far),
    ):
        with pytest.raises((RuntimeError, MemoryError, ValueError, OverflowError)):
            use()
    assert F.conv2d(x, w[:, :, :1, :1], dilation=far).shape == (1, 3, 6, 6)


def test_a_window_far_larger_than_its_input(kernels):
    """Only the taps that meet a cell are walked: 2^40 of them would never end."""
    x = np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4)
    k = 1 << 20
    y, index = kernels.max_pool2d(x, (k, k), (1, 1), (k // 2, k // 2), (1, 1), False)
    assert y.shape == (1, 1, 5, 5) and (y[0, 0, 1:, 1:] == 15).all() and index[0, 0, 4, 4] == 15
    assert y[0, 0, 0].tolist() == [15] * 5
    small = kernels.max_pool2d(x, (101, 3), (1, 1), (50, 1), (1, 1), False)
    twin = TWINS["max_pool2d"](x, (101, 3), (1, 1), (50, 1), (1, 1), False)
    assert (small[0] == twin[0]).all() and (small[1] == twin[1]).all()
    y = kernels.avg_pool2d(x, (k, k), (1, 1), (k // 2, k // 2), False, False, 0)
    assert y[0, 0, 2, 2] == x.mean()


@pytest.mark.parametrize("pool", [F.max_pool1d, F.avg_pool1d])
def test_ceil_mode_with_less_than_a_window(pool):
    with pytest.raises(RuntimeError, match="output size"):
        pool(torch.ones(1, 8, 1), 7, 2, 2, ceil_mode=True)
    assert F.avg_pool1d(torch.ones(1, 1, 2), 7, 2, 3, ceil_mode=True).shape == (1, 1, 2)


# ---------------------------------------------------------------- infinities


def test_infinite_weights(kernels):
    """dx has no 0 · inf from places where the kernel does not reach; PyTorch 2.13's numbers."""
    w = np.ones((1, 1, 3, 3), np.float32)
    w[0, 0, 0, 0] = INF
    dy = np.arange(9, dtype=np.float32).reshape(1, 1, 3, 3) + 1
    dx = kernels.conv2d_dx(dy, w, (1, 1, 5, 5), (1, 1), (0, 0), (1, 1), 1)
    assert dx[0, 0].tolist() == [
        [INF, INF, INF, 5, 3],
        [INF, INF, INF, 16, 9],
        [INF, INF, INF, 33, 18],
        [11, 24, 39, 28, 15],
        [7, 15, 24, 17, 9],
    ]
    y = F.conv_transpose1d(torch.ones(1, 1, 4), torch.tensor([[[INF, 1, 1]]]))
    assert y.tolist() == [[[INF, INF, INF, INF, 2, 1]]]


@pytest.mark.parametrize("seed", range(6))
def test_native_is_the_twin_for_infinities(kernels, seed):
    """Random shapes, some of the numbers infinite or NaN: the same places hold the same."""
    rng = np.random.default_rng(seed)
    groups = int(rng.choice([1, 2]))
    n, c, o = 2, groups * int(rng.integers(1, 9)), groups * int(rng.integers(1, 20))
    h, w = (int(v) for v in rng.integers(5, 9, 2))
    kernel, stride = (int(v) for v in rng.integers(1, 4, 2)), tuple(rng.integers(1, 3, 2).tolist())
    kernel = tuple(kernel)
    padding = tuple(int(rng.integers(0, 2)) for _ in kernel)

    def numbers(*shape):
        a = rng.standard_normal(shape).astype(np.float32)
        a.reshape(-1)[rng.integers(0, a.size, 2)] = rng.choice([INF, -INF, np.nan], 2)
        return a

    x, weight = numbers(n, c, h, w), numbers(o, c // groups, *kernel)
    args = (stride, padding, (1, 1), groups)
    with np.errstate(all="ignore"):
        dy = numbers(*TWINS["conv2d"](x, weight, None, *args).shape)
    for name, call in {
        "conv2d": (x, weight, None, *args),
        "conv2d_dx": (dy, weight, x.shape, *args),
        "conv2d_dw": (dy, x, weight.shape, *args),
        "avg_pool2d": (x, kernel, stride, (0, 0), True, True, 0),
        "max_pool2d": (x, kernel, stride, (0, 0), (1, 1), True),
        "linear": (x, numbers(3, w), None),
        "softmax": (x, 1),
    }.items():
        with np.errstate(all="ignore"):
            got, want = getattr(kernels, name)(*call), TWINS[name](*call)
        for a, b in zip(
            *((got, want) if isinstance(got, tuple) else ((got,), (want,))), strict=True
        ):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4, err_msg=name)


# ---------------------------------------------------------------- indices


@pytest.mark.parametrize("bad", [-1, -6, 5, 2**62])
def test_indices_that_are_none(bad):
    x, i = torch.ones(5, 3), torch.tensor([bad, 0])
    out, index = r"index out of range in self", f"index {bad} is out of bounds for dimension 0 with"
    for use, error, words in (
        (lambda: x.index_select(0, i), IndexError, out),
        (lambda: x.index_add(0, i, torch.ones(2, 3)), RuntimeError, index),
        (lambda: x.index_copy(0, i, torch.ones(2, 3)), IndexError, rf"index_copy_\(\): {index}"),
        (lambda: x.clone().index_add_(0, i, torch.ones(2, 3)), RuntimeError, index),
        (lambda: x.gather(0, i[:, None]), RuntimeError, index),
        (lambda: x.scatter(0, i[:, None], 1.0), RuntimeError, index),
        (lambda: F.embedding(i, x), IndexError, out),
        (
            lambda: F.embedding_bag(i[None], x),
            RuntimeError,
            f"Index 0 of input takes value {bad} wh",
        ),
        (lambda: F.cross_entropy(x[:2], i), IndexError, f"Target {bad} is out of bounds"),
        (lambda: torch.tensor(1.0).index_select(0, i[:1]), IndexError, out),
    ):
        with pytest.raises(error, match=words):
            use()


@pytest.mark.parametrize(
    ("offsets", "last", "words"),
    [
        ([0, 4], False, r"offsets\[-1\] can not be greater than input's length 3 but got .* of 4"),
        ([0, 4], True, r"offsets\[-1\] can not be greater than input's length 3"),
        ([0, 2, 1], False, "offsets must not become smaller"),
        ([0, 2, 1], True, "the last offset value should be the size of the indices tensor"),
        ([0, -1], False, "offsets must not become smaller"),
        ([1], False, r"offsets\[0\] has to be 0"),
        ([], True, "include_last_offset: number of offset should be at least 1"),
    ],
)
def test_offsets_of_bags(offsets, last, words):
    x, i = torch.ones(5, 3), torch.tensor([0, 1, 2])
    with pytest.raises(RuntimeError, match=words):
        F.embedding_bag(
            i, x, offsets=torch.tensor(offsets, dtype=torch.int64), include_last_offset=last
        )
    y = F.embedding_bag(i, x, offsets=torch.tensor([0, 0, 3]), mode="sum")
    assert y[:, 0].tolist() == [0, 3, 0]


CTC = "while checking arguments for ctc_loss_allocate_outputs"


@pytest.mark.parametrize(
    ("targets", "steps", "sizes", "words"),
    [
        ([[1, 2], [3, 4]], [4, 4], [2, 3], rf"size at least 3 at dimension 1, but got .*2.*{CTC}"),
        (
            [1, 2, 3],
            [4, 4],
            [2, 3],
            "to have size 5 at dimension 0, but got size 3 for argument #2",
        ),
        ([1, 2, 3, 4], [4, 4], [1, 2], "to have size 3 at dimension 0, but got size 4"),
        ([[1, 2], [3, 4]], [4, 4], [2, -1], "target_lengths to have value at least 0, but got va"),
        (
            [[1, 2], [3, 4]],
            [4, 5],
            [2, 2],
            "input_lengths to have value at most 4, but got value 5",
        ),
        ([[1, 2], [3, 4]], [4, -1], [2, 2], "input_lengths to have value at least 0, but got val"),
        ([[1, 2]], [4, 4], [2, 2], "to have size 2 at dimension 0, but got size 1"),
        ([[1, 2], [3, 5]], [4, 4], [2, 2], "target 5 is no class: there are 5, from 0"),
        ([[1, 2], [3, -1]], [4, 4], [2, 2], "target -1 is no class"),
    ],
)
def test_targets_of_ctc(targets, steps, sizes, words):
    x = torch.zeros(4, 2, 5).log_softmax(2)
    with pytest.raises(RuntimeError, match=words):
        F.ctc_loss(x, torch.tensor(targets), torch.tensor(steps), torch.tensor(sizes))


def test_a_label_beyond_its_length_counts_nothing():
    x = torch.zeros(4, 2, 5).log_softmax(2)
    short = torch.tensor([2, 1])
    good = F.ctc_loss(x, torch.tensor([[1, 2], [3, 4]]), torch.tensor([4, 4]), short)
    same = F.ctc_loss(x, torch.tensor([[1, 2], [3, 99]]), torch.tensor([4, 4]), short)
    assert good.item() == same.item()


@pytest.mark.skipif(seam.native is None, reason="NumPy, in the twins, reads an index twice")
def test_an_index_changed_by_another_thread():
    """Kernels read an index once, where they use it: a change after the check is a wrong row, not
    memory of somebody else."""
    rows, n = 64, 1 << 17
    table = torch.ones(rows, 64)
    index = torch.zeros(n, dtype=torch.int64)
    logits = torch.zeros(n, 8)
    stop = threading.Event()

    def disturb():
        flat = index.numpy()
        while not stop.is_set():
            flat[:] = 1 << 40
            flat[:] = 0
            time.sleep(0.0005)

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        for _ in range(40):
            for use in (
                lambda: both_ways(lambda w: F.embedding(index, w), table),
                lambda: both_ways(lambda x: F.cross_entropy(x, index), logits),
                lambda: table[index],
            ):
                try:
                    use()
                except (IndexError, RuntimeError):
                    pass
    finally:
        stop.set()
        thread.join()


def test_a_state_of_the_generator_that_reads_beyond_its_words():
    state = torch.Generator().manual_seed(1).get_state()
    words = state.numpy().view(np.uint32)
    left = [i for i in range(0, 16) if words[i] == 1]
    for i in left:
        for j in range(16):
            bad = state.clone()
            bad.numpy().view(np.uint32)[i] = 624
            bad.numpy().view(np.uint32)[j] = 624
            generator = torch.Generator()
            try:
                generator.set_state(bad)
            except RuntimeError:
                continue
            assert generator.mt[625] + generator.mt[624] - 1 <= 624


# ---------------------------------------------------------------- memory and threads


def run(program, **environment):
    import os

    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True, text=True, timeout=600, env={**os.environ, **environment}, check=False,
    )  # fmt: skip


NO_MEMORY = """
    import resource, rushlight as torch
    F = torch.nn.functional
    uses = {
        "matmul": lambda x=torch.ones(1200, 1200): x @ x,
        "linear": lambda x=torch.ones(64, 4096), w=torch.ones(4096, 4096): F.linear(x, w),
        "conv2d": lambda x=torch.ones(2, 64, 64, 64), w=torch.ones(64, 64, 3, 3):
            F.conv2d(x, w, padding=1),
        "narrow": lambda x=torch.ones(1, 64, 200, 200), w=torch.ones(64, 1, 3, 3):
            F.conv2d(x, w, padding=1, groups=64),
        "sum": lambda x=torch.ones(100000, 200): x.sum(0),
    }
    failed = 0
    for name, use in uses.items():
        for room in range(0, 400, 5):  # MB: at some of them there is memory for a part only
            used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (used + (room << 20), resource.RLIM_INFINITY))
            try:
                use()
                break
            except (MemoryError, RuntimeError) as e:
                failed += 1
            finally:
                resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY,) * 2)
        else:
            raise SystemExit(f"{name} never worked")
    print("ended", failed)
"""


@pytest.mark.skipif(seam.native is None, reason="OpenBLAS under the twins ends the process itself")
@pytest.mark.parametrize("threads", ["1", "3"])
def test_no_memory_is_an_error_not_an_end(threads):
    found = run(NO_MEMORY, RUSHLIGHT_NUM_THREADS=threads)
    assert found.returncode == 0 and found.stdout.startswith("ended"), found.stderr[-2000:]


def test_the_number_of_threads_is_bounded():
    found = run("""
        import os, rushlight as torch
        torch.set_num_threads(10000)
        x = torch.ones(4000, 4000)
        for _ in range(3): x.sum(1); x * 2; torch.ones(300, 300) @ torch.ones(300, 300)
        print(len(os.listdir("/proc/self/task")))
    """)
    assert found.returncode == 0 and int(found.stdout) <= 80, (found.stdout, found.stderr)
