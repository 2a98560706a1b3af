"""torch.multiprocessing and torch.futures."""

import importlib
import os
import signal
import sys
import time

import pytest

import rushlight as torch
from rushlight import multiprocessing as mp
from rushlight.futures import Future, collect_all, wait_all

FORK = {"start_method": "fork"}


def _write(i, folder, text):
    with open(os.path.join(folder, str(i)), "w") as file:
        file.write(f"{text}{i}")


def _fail_in_one(i):
    if i == 1:
        raise ValueError("boom")
    time.sleep(60)


def _leave(i):
    os._exit(3)


def _kill(i):
    os.kill(os.getpid(), signal.SIGKILL)


def _double(queue, answers):
    answers.put(queue.get() * 2)


def test_spawn_runs_a_function_in_each_process(tmp_path):
    assert mp.spawn(_write, (str(tmp_path), "x"), nprocs=2) is None
    assert [(tmp_path / str(i)).read_text() for i in range(2)] == ["x0", "x1"]
    started = mp.start_processes(_write, (str(tmp_path), "y"), 1, join=False, **FORK)
    assert isinstance(started, mp.ProcessContext) and len(started.pids()) == 1
    while not started.join():
        pass
    assert (tmp_path / "0").read_text() == "y0"


def test_an_exception_ends_the_others_and_is_raised_with_its_traceback():
    with pytest.raises(mp.ProcessRaisedException) as caught:
        mp.start_processes(_fail_in_one, (), 2, **FORK)
    text = str(caught.value)
    assert text.startswith("\n\n-- Process 1 terminated with the following error:\nTraceback")
    assert text.endswith("ValueError: boom\n") and caught.value.error_index == 1


def test_exit_codes_and_signals():
    with pytest.raises(mp.ProcessExitedException, match=r"^process 0 terminated with exit code 3$"):
        mp.start_processes(_leave, (), 1, **FORK)
    with pytest.raises(mp.ProcessExitedException, match="terminated with signal SIGKILL") as caught:
        mp.start_processes(_kill, (), 1, **FORK)
    assert (caught.value.exit_code, caught.value.signal_name) == (-9, "SIGKILL")


def test_another_start_method_of_spawn_warns(tmp_path):
    with pytest.warns(FutureWarning, match="This method only supports start_method=spawn"):
        mp.spawn(_write, (str(tmp_path), "z"), **FORK)


def test_tensors_go_through_queues():
    context = mp.get_context("fork")
    queue, answers = context.Queue(), context.Queue()
    process = context.Process(target=_double, args=(queue, answers))
    process.start()
    queue.put(torch.arange(4.0))
    assert answers.get(timeout=60).tolist() == [0.0, 2.0, 4.0, 6.0]
    process.join()


def test_names_and_strategies():
    assert mp.get_sharing_strategy() == "file_descriptor"
    mp.set_sharing_strategy("file_system")
    assert mp.get_sharing_strategy() == "file_system"
    mp.set_sharing_strategy("file_descriptor")
    with pytest.raises(AssertionError, match="invalid sharing strategy 'x'"):
        mp.set_sharing_strategy("x")
    assert mp.get_all_sharing_strategies() == {"file_descriptor", "file_system"}
    module = importlib.import_module("rushlight.multiprocessing.spawn")
    assert module.ProcessContext is mp.ProcessContext and callable(mp.spawn)
    assert sys.modules["rushlight.multiprocessing.spawn"] is module


# ---------------------------------------------------------------- futures


def test_a_future_has_one_result():
    future = Future()
    assert not future.done()
    seen = []
    future.add_done_callback(lambda f: seen.append(f.value()))
    after = future.then(lambda f: f.value() + 1)
    future.set_result(3)
    assert future.wait() == 3 and future.value() == 3 and seen == [3] and after.wait() == 4
    with pytest.raises(RuntimeError, match="Attempting to mark a completed Future as complete"):
        future.set_result(4)
    assert future.then(lambda f: f.value() * 2).wait() == 6
    assert torch.Future is Future and torch.jit.Future is Future


def test_exceptions_of_futures():
    future = Future()
    with pytest.raises(RuntimeError, match="not done"):
        future.value()
    with pytest.raises(AssertionError, match="3 is of type <class 'int'>, not an Exception"):
        future.set_exception(3)
    future.set_exception(ValueError("z"))
    with pytest.raises(ValueError, match=r"^z$"):
        future.wait()
    failing = Future()
    after = failing.then(lambda f: 1 / 0)
    failing.set_result(None)
    with pytest.raises(RuntimeError, match="running the callback: ZeroDivisionError: division by"):
        after.wait()


def test_a_callback_that_fails_is_printed(capsys):
    future = Future()
    future.add_done_callback(lambda f: 1 / 0)
    future.set_result(1)
    assert future.wait() == 1 and "ZeroDivisionError" in capsys.readouterr().err


def test_several_futures():
    a, b = Future(), Future()
    whole = collect_all([a, b])
    b.set_result(2)
    assert not whole.done()
    a.set_result(1)
    assert whole.wait() == [a, b] and wait_all([a, b]) == [1, 2] and collect_all([]).wait() == []
    failed = Future()
    failed.set_exception(KeyError("k"))
    with pytest.raises(KeyError):
        wait_all([a, failed])
    with pytest.raises(RuntimeError):
        Future(devices=["mps"])


# ---------------------------------------------------------------- shared memory


def _add_to(i, t, amount):
    with torch.no_grad():
        t.add_(amount)


def _train_some(i, model, rows):
    opt = torch.optim.SGD(model.parameters(), lr=0.5)
    loss = model(rows).sum()
    loss.backward()
    opt.step()


def _through_a_queue(queue, answers):
    t = queue.get()
    t[0] = 7.0
    answers.put((t.is_shared(), t))
    queue.get()  # as in PyTorch: a sender lives until its tensor has been received


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_processes_write_to_a_shared_tensor(method, dtype):
    t = torch.arange(4).to(dtype)
    assert not t.is_shared() and t.share_memory_() is t and t.is_shared()
    assert t.tolist() == [0.0, 1.0, 2.0, 3.0] and t.untyped_storage().is_shared()
    mp.start_processes(_add_to, (t, 2.0), nprocs=1, start_method=method)
    assert t.tolist() == [2.0, 3.0, 4.0, 5.0]


def test_a_tensor_that_is_not_shared_is_copied():
    t = torch.zeros(2)
    mp.start_processes(_add_to, (t, 2.0), nprocs=1, start_method="spawn")
    assert t.tolist() == [0.0, 0.0]


def test_a_shared_model_is_trained_in_another_process():
    model = torch.nn.Linear(2, 1)
    assert model.share_memory() is model and model.weight.is_shared()
    before = model.weight.detach().clone()
    mp.start_processes(_train_some, (model, torch.ones(3, 2)), nprocs=1, start_method="spawn")
    assert torch.allclose(model.weight, before - 0.5 * 3)
    assert isinstance(model.weight, torch.nn.Parameter) and model.weight.requires_grad


def test_shared_tensors_go_through_queues_both_ways():
    context = mp.get_context("spawn")
    queue, answers = context.Queue(), context.Queue()
    process = context.Process(target=_through_a_queue, args=(queue, answers))
    process.start()
    t = torch.zeros(2, 3).t().contiguous().share_memory_()
    queue.put(t[1])  # a view of it lies in the same memory
    shared, back = answers.get(timeout=60)
    queue.put(None)
    process.join()
    assert shared and t[1].tolist() == [7.0, 0.0]
    back[1] = 5.0
    assert t[1].tolist() == [7.0, 5.0]


def test_shared_memory_of_views_and_gradients():
    t = torch.ones(4)
    with pytest.raises(RuntimeError, match="share_memory_ of a view"):
        t[1:].share_memory_()
    p = torch.nn.Parameter(torch.ones(2, 3).t().clone())
    strides = p.stride()
    p.share_memory_()
    assert p.stride() == strides and p.shape == (3, 2)
    p.sum().backward()
    assert p.grad.tolist() == [[1.0, 1.0]] * 3
    assert p.detach().is_shared() and not (p + 1).is_shared() and not p.clone().is_shared()
    import copy

    assert not copy.deepcopy(p).is_shared()
