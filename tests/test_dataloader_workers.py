"""utils.data with worker processes: the same batches as without; errors, deaths, no leftovers."""

import json
import multiprocessing
import os
import random
import signal
import struct
import subprocess
import sys
import threading
import time

import loader_cases as cases
import numpy as np
import pytest

import rushlight as torch
from rushlight.utils.data import (
    DataLoader,
    Dataset,
    IterableDataset,
    SubsetRandomSampler,
    TensorDataset,
    get_worker_info,
)

pytestmark = [
    # A machine with one processor, and Python 3.12 about the kernels' threads, would warn.
    pytest.mark.filterwarnings("ignore:This DataLoader will create"),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded"),
]
TEN = list(range(10))


@pytest.fixture(autouse=True, scope="module")
def forked():
    """Workers are forked: they have lambdas and local classes, and Python 3.14 begins otherwise."""
    before = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method("fork", force=True)
    yield
    multiprocessing.set_start_method(before, force=True)


@pytest.fixture(autouse=True)
def nothing_left_behind():
    yield
    assert multiprocessing.active_children() == []


class Samples(Dataset):
    """Four samples; `at(2)` happens at the third."""

    def __init__(self, at=None):
        self.at = at

    def __len__(self):
        return 4

    def __getitem__(self, i):
        if i == 2 and self.at is not None:
            self.at(i)
        return i


class Stream(IterableDataset):
    """0, 1, ... in each worker, plus 100 for each worker before it; `more` samples per worker."""

    def __init__(self, n=5, more=0):
        self.n, self.more = n, more

    def __iter__(self):
        worker = get_worker_info().id
        return iter(range(100 * worker, 100 * worker + self.n + self.more * worker))


def raising(error):
    def at(i):
        raise error

    return at


def numbers(loader):
    return [cases.plain(batch) for batch in loader]


def test_batches_and_draws_are_pytorch_s(frozen):
    record = json.loads((frozen / "loader.json").read_text())
    assert cases.drawn_by_loaders(torch, 2) == record["drawn"]["2"]
    assert cases.whole_batches(torch, 2) == record["whole"]["2"]


class About(Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, i):
        info = get_worker_info()
        return [info.id, info.num_workers, info.seed - torch.initial_seed(), type(info.dataset)]


def test_worker_info():
    assert get_worker_info() is None
    found = list(DataLoader(About(), batch_size=None, num_workers=2))
    assert found == [[i % 2, 2, 0, About] for i in range(4)]


def test_worker_info_cannot_be_changed():
    def init(worker_id):
        get_worker_info().id = 5

    with pytest.raises(RuntimeError, match="Cannot assign attributes to WorkerInfo objects"):
        list(DataLoader(TEN, num_workers=1, worker_init_fn=init))


def test_init_function_runs_after_seeding_in_each_worker():
    seeds = multiprocessing.Array("q", 2)

    def init(worker_id):
        seeds[worker_id] = torch.initial_seed()

    torch.manual_seed(5)
    list(DataLoader(TEN, num_workers=2, worker_init_fn=init))
    torch.manual_seed(5)
    base = int(torch.empty((), dtype=torch.int64).random_().item())
    assert list(seeds) == [base, base + 1]


def test_a_data_set_of_tensors_needs_no_workers_unless_they_are_initialised():
    rows = TensorDataset(torch.arange(6))
    iterator = iter(DataLoader(rows, 2, num_workers=2))
    assert multiprocessing.active_children() == []
    assert numbers(iterator) == [[[0, 1]], [[2, 3]], [[4, 5]]]
    iterator = iter(DataLoader(rows, 2, num_workers=2, worker_init_fn=id))
    assert len(multiprocessing.active_children()) == 2
    assert numbers(iterator) == [[[0, 1]], [[2, 3]], [[4, 5]]]


# ---------------------------------------------------------------- errors


class Unusual(Exception):
    def __init__(self, a, b):
        super().__init__(a, b)


class Named(Exception):
    def __init__(self, message):
        super().__init__(message)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ValueError("boo"), ValueError),
        (KeyError("boo"), KeyError),
        (FileNotFoundError(2, "boo"), FileNotFoundError),
        (Named("boo"), Named),
        (Unusual("boo", 2), RuntimeError),
    ],
)
def test_an_error_comes_with_its_type_and_traceback(error, kind):
    iterator = iter(DataLoader(Samples(raising(error)), num_workers=2))
    assert [next(iterator).item() for _ in range(2)] == [0, 1]
    with pytest.raises(kind) as caught:
        next(iterator)
    text = str(caught.value)
    name = type(error).__name__
    assert text.startswith(
        f"Caught {name} in DataLoader worker process 0.\nOriginal Traceback (most recent call last)"
    )
    assert "in __getitem__\n" in text and f"{name}: " in text and "boo" in text
    assert next(iterator).item() == 3  # PyTorch goes on, too
    with pytest.raises(StopIteration):
        next(iterator)


def test_an_exception_class_that_cannot_travel():
    class Local(Exception):
        pass

    with pytest.raises(RuntimeError, match="Caught Local in DataLoader worker process 0"):
        list(DataLoader(Samples(raising(Local())), num_workers=1))


def test_an_error_in_the_init_function():
    def init(worker_id):
        raise ValueError("init!")

    text = r"Caught ValueError in DataLoader worker process 0\.(.|\n)*init!"
    with pytest.raises(ValueError, match=text):
        list(DataLoader(TEN, num_workers=2, worker_init_fn=init))


def test_a_batch_that_cannot_be_pickled():
    with pytest.raises(Exception, match=r"Caught \w+ in DataLoader worker process 0"):
        list(DataLoader(TEN, num_workers=1, collate_fn=lambda batch: lambda: batch))


@pytest.mark.parametrize(
    ("at", "how"),
    [
        (
            lambda i: os.kill(os.getpid(), signal.SIGKILL),
            "killed by signal 9 .SIGKILL.;",
        ),
        (lambda i: os._exit(3), "exit code 3"),
        (lambda i: sys.exit(4), "exit code 4"),
    ],
)
def test_a_worker_that_dies(at, how):
    loader = DataLoader(Samples(at), num_workers=2)
    text = rf"DataLoader worker \(pid\(s\) \d+\) exited unexpectedly\n  {how}"
    with pytest.raises(RuntimeError, match=text):
        list(loader)


def test_timeout():
    loader = DataLoader(Samples(lambda i: time.sleep(0.5)), num_workers=1, timeout=0.1)
    with pytest.raises(RuntimeError, match=r"DataLoader timed out after 0\.1 seconds"):
        list(loader)


# ---------------------------------------------------------------- streams


def test_streams_take_turns_until_each_has_ended():
    loader = DataLoader(Stream(), 2, num_workers=2)
    assert numbers(loader) == [[0, 1], [100, 101], [2, 3], [102, 103], [4], [104]]
    loader = DataLoader(Stream(), 2, num_workers=2, drop_last=True)
    assert numbers(loader) == [[0, 1], [100, 101], [2, 3], [102, 103]]
    loader = DataLoader(Stream(2), None, num_workers=2)
    assert numbers(loader) == [0, 100, 1, 101]
    loader = DataLoader(Stream(3, more=4), 2, num_workers=2)
    assert numbers(loader) == [[0, 1], [100, 101], [2], [102, 103], [104, 105], [106]]


def test_a_stream_that_is_longer_than_it_says():
    class Short(Stream):
        def __len__(self):
            return 3

    loader = DataLoader(Short(2), num_workers=2)
    len(loader)
    with pytest.warns(UserWarning, match="but 4 samples have been fetched. For multiprocessing"):
        assert len(list(loader)) == 4


# ---------------------------------------------------------------- epochs


def test_persistent_workers_stay_and_go_on():
    torch.manual_seed(0)
    loader = DataLoader(About(), None, num_workers=2, persistent_workers=True)
    first = iter(loader)
    pids = [process.pid for process in first._workers]
    list(first)
    second = iter(loader)
    next(second)
    third = iter(loader)  # what the second one left is thrown away
    assert first is second is third
    assert [row[0] for row in third] == [0, 1, 0, 1]
    assert [process.pid for process in third._workers] == pids
    del first, second, third, loader


def test_persistent_stream_begins_anew():
    loader = DataLoader(Stream(3), 2, num_workers=1, persistent_workers=True)
    assert numbers(loader) == numbers(loader) == [[0, 1], [2]]
    del loader


def test_in_order_false_gives_what_is_ready():
    class Uneven(Dataset):
        def __len__(self):
            return 6

        def __getitem__(self, i):
            time.sleep(0.3 if i == 0 else 0)
            return i

    found = [i for (i,) in numbers(DataLoader(Uneven(), num_workers=2, in_order=False))]
    assert sorted(found) == list(range(6)) and found[0] == 1


def test_prefetch_factor_says_how_far_workers_are_ahead():
    def asked(factor):
        seen = []

        class Watched(SubsetRandomSampler):
            def __iter__(self):
                for i in TEN:
                    seen.append(i)
                    yield i

        iterator = iter(
            DataLoader(TEN, sampler=Watched(TEN), num_workers=2, prefetch_factor=factor)
        )
        before = len(seen)
        next(iterator)
        return before, len(seen)

    assert asked(None) == (4, 5)
    assert asked(1) == (2, 3)


def test_resuming_with_workers():
    def loader():
        return DataLoader(TEN, 2, shuffle=True, num_workers=2)

    torch.manual_seed(1)
    first = loader()
    iterator = iter(first)
    next(iterator)
    state = first.state_dict()
    rest = numbers(iterator)
    second = loader()
    second.load_state_dict(state)
    assert numbers(second) == rest
    stream = DataLoader(Stream(4), 2, num_workers=2)
    iterator = iter(stream)
    next(iterator)
    resumed = DataLoader(Stream(4), 2, num_workers=2)
    resumed.load_state_dict(stream.state_dict())
    assert numbers(resumed) == numbers(iterator) == [[100, 101], [2, 3], [102, 103]]


# ---------------------------------------------------------------- transport, start and end


class Large(Dataset):
    """Rows that are larger together than a pipe."""

    def __len__(self):
        return 4

    def __getitem__(self, i):
        return torch.full((300_000,), float(i)), np.full((2, 3), i), {"name": f"n{i}"}


def test_large_batches_arrive_whole_and_writable():
    batches = list(DataLoader(Large(), 2, num_workers=2))
    for n, (x, y, names) in enumerate(batches):
        assert x.shape == (2, 300_000) and x.dtype == torch.float32
        assert torch.equal(x, torch.tensor([[2.0 * n], [2.0 * n + 1]]).expand(2, 300_000))
        assert y.tolist() == [[[2 * n] * 3] * 2, [[2 * n + 1] * 3] * 2]
        assert names["name"] == [f"n{2 * n}", f"n{2 * n + 1}"]
        x.add_(1)


def test_more_indices_than_a_pipe_holds():
    keys = ["k" * 100 + str(i) for i in range(5000)]
    loader = DataLoader({key: len(key) for key in keys}, batch_sampler=[keys] * 4, num_workers=1)
    assert [sum(batch) for batch in numbers(loader)] == [sum(map(len, keys))] * 4


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_other_start_methods(method):
    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {method} here")
    random.seed(0)
    loader = DataLoader(TEN, 5, num_workers=1, multiprocessing_context=method)
    assert numbers(loader) == [TEN[:5], TEN[5:]]


def run(script, **options):
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, **options
    )


def test_python_ends_while_an_iterator_is_open():
    done = run(
        "from rushlight.utils.data import DataLoader\n"
        "iterator = iter(DataLoader(range(1000), num_workers=2))\n"
        "print(next(iterator))\n"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "tensor([0])\n", "")


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_workers_end_when_the_main_process_is_killed():
    done = run(
        "import os, signal, sys\n"
        "from rushlight.utils.data import DataLoader\n"
        "iterator = iter(DataLoader(range(1000), num_workers=2))\n"
        "print(*(process.pid for process in iterator._workers), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert done.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 10
    running = [f"/proc/{pid}" for pid in done.stdout.split()]
    assert len(running) == 2
    while any(map(alive, running)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, running))


def alive(path):
    try:
        with open(f"{path}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_importing_the_package_imports_no_multiprocessing():
    done = run(
        "import sys, rushlight, rushlight.utils.data, rushlight.vision\n"
        "heavy = 'multiprocessing', 'PIL', 'urllib.request', 'gzip'\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    assert done.stdout == "[]\n", done.stderr


# ---------------------------------------------------------------- interruptions


class Slow(Dataset):
    def __len__(self):
        return 1000

    def __getitem__(self, i):
        time.sleep(0.002)
        return torch.ones(2000) * i


def children():
    """The processes that this one has started and that have not ended."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as file:
                state, parent = file.read().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if parent == str(os.getpid()) and state != "Z":
            found.append(int(pid))
    return found


@pytest.mark.skipif(not hasattr(os, "register_at_fork"), reason="no fork here")
def test_ctrl_c_while_a_worker_is_forked_is_not_lost():
    """Python forgets what is raised in a callback of fork; another thread may take the signal."""
    done = run(
        "import os, signal, threading, time\n"
        "from rushlight.utils.data import DataLoader\n"
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "sent = []\n"
        "def send():\n"
        "    if not sent:\n"
        "        sent.append(os.kill(os.getpid(), signal.SIGINT))\n"
        "        for _ in range(100): time.sleep(0.005)\n"
        "os.register_at_fork(after_in_parent=send)\n"
        "try:\n"
        "    for _ in range(5):\n"
        "        list(DataLoader(range(100), num_workers=1, multiprocessing_context='fork'))\n"
        "    print('lost')\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    assert done.stdout == "interrupted\n", done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks for processes in /proc")
def test_ctrl_c_leaves_no_worker():
    """At any moment: while workers start, within a message, while they end."""
    before = set(children())
    rng = random.Random(0)
    for _ in range(25):
        timer = threading.Timer(rng.random() * 0.12, lambda: os.kill(os.getpid(), signal.SIGINT))
        try:
            timer.start()
            end = time.monotonic() + 20  # Python forgets what is raised in a finalizer
            while time.monotonic() < end:
                for _ in DataLoader(Slow(), 4, num_workers=2):
                    pass
            for _ in DataLoader(Slow(), 4, num_workers=2):
                pass
        except KeyboardInterrupt:
            pass
        timer.join()
    end = time.monotonic() + 5
    while set(children()) - before and time.monotonic() < end:
        time.sleep(0.05)
    assert set(children()) - before == set()


def test_the_timeout_holds_within_a_message():
    """A worker that stops after the first bytes of a batch is late, too."""
    from rushlight.utils.data import pipe

    receiver, sender = pipe.make_pipe(multiprocessing)
    pipe.send(sender, [torch.ones(3), "a"])
    found = pipe.receive(receiver, time.monotonic() + 10)
    assert found[0].tolist() == [1, 1, 1] and found[1] == "a"
    for part in (b"\x01", struct.pack("<Q", 100) + b"half"):
        os.write(sender.fileno(), part)
        with pytest.raises(TimeoutError):
            pipe.receive(receiver, time.monotonic() + 0.2)
        while receiver.poll(0):
            os.read(receiver.fileno(), 1000)
    os.write(sender.fileno(), b"\x01")
    sender.close()
    with pytest.raises(EOFError):
        pipe.receive(receiver)


class Stops(Dataset):
    """Its worker is stopped by the system while it sends a batch larger than the pipe."""

    def __len__(self):
        return 4

    def __getitem__(self, i):
        if i == 0:
            threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGSTOP)).start()
        return torch.ones(1_000_000)


def test_a_worker_that_stops_within_a_batch_is_late():
    loader = iter(DataLoader(Stops(), 1, num_workers=1, timeout=2, prefetch_factor=3))
    time.sleep(1.5)  # by now it is stopped, with the pipe full
    with pytest.raises(RuntimeError, match="DataLoader timed out after 2 seconds"):
        for _ in range(4):
            next(loader)


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="no groups of processes here")
def test_ctrl_c_that_ends_the_workers_first_is_an_interrupt():
    """At a terminal every process of the group gets it; the main one may see its workers die
    before it comes to its own."""
    done = run(
        "import os, signal, threading, time\n"
        "from rushlight.utils.data import DataLoader\n"
        "loader = iter(DataLoader(range(1000), num_workers=1))\n"
        "next(loader)\n"
        "pid = loader._pool.processes[0].pid\n"
        "threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        "os.kill(pid, signal.SIGINT)\n"
        "try:\n"
        "    for _ in loader: pass\n"
        "    print('went on')\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    assert done.stdout == "interrupted\n", done.stderr
