"""Several processes on this machine: the launcher, JAX's runtime, and what stands on them.

The checks of rank_checks.py run in all processes, many in one launch: starting costs seconds.
"""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import rushlight as torch
from rushlight.core import accelerators
from rushlight.distributed import runtime

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "examples" / "gpt_ddp.py"
LAUNCH = [sys.executable, "-m", "rushlight.distributed.run"]


def launched(*words, **environment):
    """The finished launcher."""
    return subprocess.run(
        [*LAUNCH, *map(str, words)],
        capture_output=True,
        text=True,
        timeout=150,
        env=os.environ | environment,
    )


def test_two_processes():
    """All checks: collectives on all dtypes, messages, groups, DDP, ZeRO, SyncBatchNorm."""
    done = launched("--nproc-per-node=2", HERE / "rank_checks.py")
    assert done.returncode == 0, done.stdout + done.stderr
    names = re.findall(r"^def (check_\w+)", (HERE / "rank_checks.py").read_text(), re.M)
    assert re.findall(r"^ok (\w+)", done.stdout, re.M) == names
    assert "[Gloo]" not in done.stdout + done.stderr


def test_four_processes():
    """What depends on the number of processes."""
    names = """check_scattered_sums check_groups check_data_parallel_equals_one_process
        check_compiled_steps check_data_parallel_rules check_batch_norm_of_all
        check_sharded_optimizer""".split()
    done = launched("--nproc-per-node=4", HERE / "rank_checks.py", *names)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"^ok (\w+)", done.stdout, re.M) == names


DIES = """
import os, sys, time
import torch
import torch.distributed as dist

dist.init_process_group("gloo")
x = torch.ones(1000)
dist.all_reduce(x)
open(os.path.join(sys.argv[1], f"pid{dist.get_rank()}"), "w").write(str(os.getpid()))
while True:
    dist.all_reduce(x)
    x /= dist.get_world_size()
"""


def test_a_killed_process_ends_all(tmp_path):
    """kill -9 of one: the others are gone within 10 s, and the message names it."""
    (tmp_path / "dies.py").write_text(DIES)
    words = [*LAUNCH, "--nproc-per-node=2", str(tmp_path / "dies.py"), str(tmp_path)]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 60
    while not all((tmp_path / f"pid{r}").is_file() for r in (0, 1)) and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(0.3)
    pids = [int((tmp_path / f"pid{r}").read_text()) for r in (0, 1)]
    os.kill(pids[1], signal.SIGKILL)
    _, err = process.communicate(timeout=10)
    assert process.returncode == 1
    assert f"rank 1 (local_rank 1, pid {pids[1]}): ended by signal 9 (SIGKILL)" in err
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


#: losses of the same command under torchrun, PyTorch 2.13.0 on the CPU, gloo, two processes
PYTORCHS = [3.560870, 1.947261, 1.267714]


def test_a_script_of_pytorchs_names_goes_on_where_it_was(tmp_path):
    """examples/gpt_ddp.py: two epochs, then a third in new processes; the losses are those that
    PyTorch has for three epochs at once."""
    text = tmp_path / "text.txt"
    text.write_text("".join(f"{i} squared is {i * i}\n" for i in range(300)))

    def losses(snapshot, epochs):
        done = launched(
            "--nproc-per-node=2", EXAMPLE, "--epochs", epochs, "--stride", 32, "--text", text,
            "--snapshot", tmp_path / snapshot, RUSHLIGHT_NUM_THREADS="1",
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return re.findall(r"^epoch \d+ loss [\d.]+$", done.stdout, re.M)

    found = [*losses("a.pt", 2), *losses("a.pt", 3)]  # the third epoch in new processes
    assert [line.split()[1] for line in found] == ["1", "2", "3"]
    assert np.allclose([float(line.split()[-1]) for line in found], PYTORCHS, rtol=0, atol=2e-5)


def test_fully_shard_on_four_devices():
    """Parameters, gradients and state in parts on four devices of one process, the numbers those of
    one device; a load keeps the parts."""
    done = subprocess.run(
        [sys.executable, HERE / "shard_checks.py"],
        capture_output=True,
        text=True,
        timeout=150,
        env=os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=4"},
    )
    assert done.returncode == 0 and done.stdout.endswith("ok\n"), done.stderr


def test_training_from_the_command_line_with_two_processes(tmp_path):
    """The numbers are those of one process; a run that two began can be resumed by one."""

    def trained(out, *words):
        done = subprocess.run(
            [sys.executable, "-m", "rushlight", "train", *words, "--quiet"],
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        lines = (tmp_path / out / "history.csv").read_text().splitlines()[1:]
        return [[float(x) for x in line.split(",")[:5]] for line in lines]

    words = ["digits", "--model", "mlp", "--schedule", "none", "--epochs"]
    one = trained("one", *words, "3", "--out", str(tmp_path / "one"))
    two = trained("two", *words, "2", "--out", str(tmp_path / "two"), "--nproc", "2")
    assert np.allclose(one[:2], two, rtol=1e-4)
    more = trained("two", "--resume", str(tmp_path / "two"), "--epochs", "3")
    assert np.allclose(one, more, rtol=1e-3) and len(more) == 3


def test_a_process_of_several_sees_one_gpu_under_the_number_of_its_rank(monkeypatch):
    """With nccl, "cuda:1" is the only GPU that JAX shows to the process of LOCAL_RANK 1."""
    gpu = object()
    monkeypatch.setattr(accelerators, "jax_devices", lambda kind: [gpu])
    monkeypatch.setattr(accelerators, "_names", {})
    monkeypatch.setattr(accelerators, "_places", {})
    monkeypatch.setenv("LOCAL_RANK", "1")
    with pytest.raises(torch.AcceleratorError, match="invalid device ordinal"):
        accelerators.present(torch.device("cuda:1"))  # not joined to others
    monkeypatch.setattr(runtime, "started", lambda: runtime)
    assert accelerators.present(torch.device("cuda:1")) == torch.device("cuda:1")
    assert accelerators.place_of(torch.device("cuda:1")) is gpu
    with pytest.raises(torch.AcceleratorError, match="invalid device ordinal"):
        accelerators.present(torch.device("cuda:2"))
