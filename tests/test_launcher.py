"""The launcher: what processes get, who is named when one fails, signals. No process needs JAX."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from rushlight.distributed import run as launcher

HEAD = "import os, sys, time\nrank = int(os.environ['RANK'])\n"


@pytest.fixture
def launch(tmp_path):
    """launch(code, *options) -> the launcher's finished process."""

    def start(code, *options, wait=True, env=None, name="rushlight.distributed.run"):
        script = tmp_path / "script.py"
        script.write_text(HEAD + code)
        words = [
            sys.executable,
            "-m",
            *name.split(),
            *options,
            str(script),
            "one",
            "-x",
        ]
        process = subprocess.Popen(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | (env or {}),
        )
        if not wait:
            return process
        out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    return start


def until(path, count):
    """Waits until `count` processes have written their number into a folder."""
    end = time.monotonic() + 30
    while len(written := [n for p in sorted(path.glob("pid*")) if (n := p.read_text())]) < count:
        assert time.monotonic() < end
        time.sleep(0.02)
    return [int(n) for n in written]


def gone(pid):
    """Has the process ended?"""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_what_processes_are_told(launch):
    names = (
        "RANK LOCAL_RANK WORLD_SIZE LOCAL_WORLD_SIZE GROUP_RANK MASTER_ADDR OMP_NUM_THREADS "
        "TORCHELASTIC_RESTART_COUNT"
    )
    code = f"print(*[os.environ[n] for n in '{names}'.split()], *sys.argv[1:], flush=True)\n"
    code += "import torch; assert torch.__name__ == 'torch' and torch.ones(2).sum() == 2\n"
    code += "from torch.distributed import TCPStore\n"
    code += "store = TCPStore('127.0.0.1', int(os.environ['MASTER_PORT']))\n"
    code += "store.add('n', 1)\n"
    done = launch(code, "--nproc-per-node", "2", env={"OMP_NUM_THREADS": "3"})
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == [
        "0 0 2 2 0 127.0.0.1 3 0 one -x",
        "1 1 2 2 0 127.0.0.1 3 0 one -x",
    ]


@pytest.mark.parametrize("name", ["run", "launch"])
def test_under_pytorchs_names(launch, name):
    code = "import torch; print(rank, torch.distributed.is_torchelastic_launched())\n"
    done = launch(code, "--nproc-per-node=2", name=f"rushlight run -m torch.distributed.{name}")
    assert done.returncode == 0, done.stderr
    assert sorted(done.stdout.splitlines()) == ["0 True", "1 True"]


def test_the_first_that_fails_is_named_and_all_end(launch, tmp_path):
    code = f"open(r'{tmp_path}/pid%d' % rank, 'w').write(str(os.getpid()))\n"
    code += "import signal; signal.signal(signal.SIGTERM, lambda *a: None)\n"  # does not heed it
    code += "time.sleep(60) if rank != 1 else None\n"
    code += f"while len([n for n in os.listdir(r'{tmp_path}') if n[:3] == 'pid']) < 3: pass\n"
    code += "os.kill(os.getpid(), 9)\n"
    process = launch(code, "--nproc_per_node=3", "--shutdown-timeout", "0.5", wait=False)
    pids = until(tmp_path, 3)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1 and all(gone(pid) for pid in pids)
    assert f"rank 1 (local_rank 1, pid {pids[1]}): ended by signal 9 (SIGKILL)" in err
    assert "the other ranks here were stopped: 0, 2" in err


def test_an_exception_that_record_wrote_down_is_told(launch):
    code = (
        "from torch.distributed.elastic.multiprocessing.errors import record\n"
        "@record\ndef main():\n    raise ValueError('boom')\n"
        "main() if rank == 0 else time.sleep(60)\n"
    )
    done = launch(code, "--nproc-per-node=2")
    assert done.returncode == 1
    assert "exit status 1, ValueError: boom" in done.stderr and "Traceback" in done.stderr


def test_signals_are_passed_on(launch, tmp_path):
    code = (
        "import signal\n"
        "def note(number, frame):\n"
        f"    open(r'{tmp_path}/got%d_%d' % (rank, number), 'w').close()\n"
        "    number == signal.SIGUSR1 or sys.exit(0)\n"
        "signal.signal(signal.SIGUSR1, note); signal.signal(signal.SIGTERM, note)\n"
        f"open(r'{tmp_path}/pid%d' % rank, 'w').write(str(os.getpid()))\n"
        "while True: time.sleep(0.05)\n"
    )
    process = launch(code, "--nproc-per-node=2", wait=False)
    pids = until(tmp_path, 2)
    process.send_signal(signal.SIGUSR1)
    end = time.monotonic() + 20
    while len(list(tmp_path.glob(f"got*_{int(signal.SIGUSR1)}"))) < 2 and time.monotonic() < end:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 128 + signal.SIGTERM and "SIGTERM" in err
    assert len(list(tmp_path.glob("got*"))) == 4 and all(gone(pid) for pid in pids)


def test_processes_end_with_a_killed_launcher(launch, tmp_path):
    code = f"open(r'{tmp_path}/pid%d' % rank, 'w').write(str(os.getpid())); time.sleep(60)\n"
    process = launch(code, "--nproc-per-node=2", wait=False)
    pids = until(tmp_path, 2)
    process.kill()
    process.communicate()
    assert all(gone(pid) for pid in pids)


def test_restarts_and_logs(launch, tmp_path):
    code = (
        "print('attempt', os.environ['TORCHELASTIC_RESTART_COUNT'])\n"
        "print('oops', file=sys.stderr)\n"
        "sys.exit(os.environ['TORCHELASTIC_RESTART_COUNT'] == '0' and rank == 1)\n"
    )
    options = ["--nproc-per-node=2", "--max-restarts=1", f"--log-dir={tmp_path}/logs"]
    done = launch(code, *options, "--tee=0:1", "--redirects=0:2,1:3", "--rdzv-id=mine", "--role=r")
    assert done.returncode == 0, done.stderr
    assert "all ranks start again (1 of 1 times)" in done.stderr and "oops" not in done.stderr
    assert "[r0]:attempt 1" in done.stdout.splitlines() and "[r1]" not in done.stdout
    logs = {str(p.relative_to(tmp_path / "logs")).partition("/")[2]: p.read_text()
            for p in (tmp_path / "logs").rglob("*.log")}  # fmt: skip
    assert logs["attempt_1/0/stdout.log"] == logs["attempt_1/1/stdout.log"] == "attempt 1\n"
    assert logs["attempt_1/0/stderr.log"] == "oops\n"


def test_two_machines_number_themselves(launch, tmp_path):
    """Two launchers, as of two machines, that meet by --rdzv-endpoint; one fails, both end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    code = (
        "print(os.environ['GROUP_RANK'], rank, os.environ['WORLD_SIZE'], flush=True)\n"
        "'fail' in os.environ and (time.sleep(60) if rank else sys.exit(3))\n"
    )
    options = ["--nnodes=2", "--nproc-per-node=1", "--rdzv-backend=c10d"]
    options += [f"--rdzv-endpoint=127.0.0.1:{port}", "--rdzv-id=run"]
    both = [launch(code, *options, wait=False) for _ in range(2)]
    outs = [p.communicate(timeout=60) for p in both]
    assert [p.returncode for p in both] == [0, 0], outs
    assert sorted(out for out, _ in outs) == ["0 0 2\n", "1 1 2\n"]
    master, other = [
        launch(code, "--nnodes=2", f"--node-rank={i}", f"--master-port={port}", "--master-addr",
               "127.0.0.1", wait=False, env={"fail": "1"})
        for i in range(2)
    ]  # fmt: skip
    errors = [p.communicate(timeout=60)[1] for p in (master, other)]
    assert (master.returncode, other.returncode) == (1, 1)
    assert "rank 0 (local_rank 0" in errors[0] and "another machine failed: rank 0" in errors[1]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("--nnodes 1:4", "machines cannot come and go; fix: --nnodes 4"),
        ("--rdzv-backend etcd", "--rdzv-backend etcd is not supported: static and c10d are"),
        ("--numa-binding node", "--numa-binding is not supported"),
        ("--event-log-handler x", "--event-log-handler is not supported: there are no event logs"),
        ("--virtual-local-rank", "--virtual-local-rank is not supported"),
        ("--rdzv-conf smoke=1", "--rdzv-conf smoke is not supported"),
        ("--nproc-per-node x", "--nproc-per-node x: a whole number from 1 on"),
        ("--standalone --nnodes 2", "--standalone is for one machine"),
        ("--nnodes 2 --node-rank 2", "--node-rank 2 is not one of 2 machines"),
        ("--max-restarts 1 --nnodes 2", "not supported for several machines"),
        ("--redirects 4", "--redirects 4: 0, 1, 2, 3 or LOCAL_RANK:NUMBER"),
        ("--signals-to-handle SIGKILL", "SIGKILL: no signal that can be handled"),
        ("--smoke", "--smoke"),
    ],
)
def test_options_that_are_refused(words, text, capsys):
    with pytest.raises(SystemExit) as caught:
        launcher.parse_args([*words.split(), "script.py"])
    assert caught.value.code == 2 and text in " ".join(capsys.readouterr().err.split())


def test_options_that_are_read(monkeypatch):
    monkeypatch.setenv("PET_NPROC_PER_NODE", "3")
    found = launcher.parse_args(
        ["--nnodes=1:1", "--rdzv-conf", "timeout=5", "m.py", "--nproc", "--nnodes", "9"]
    )
    assert (found.nproc_per_node, found.nnodes, found.conf) == (3, 1, {"timeout": "5"})
    assert found.training_script_args == ["--nproc", "--nnodes", "9"] and found.redirects == [
        0,
        0,
        0,
    ]
