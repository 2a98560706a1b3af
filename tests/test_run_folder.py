"""The folder of a run: one process at a time, nothing half written, the report in the end."""

import os
import signal
import subprocess
import sys
import time

import pytest

import rushlight as rl
from rushlight.app import cli
from rushlight.app.lock import Lock, Taken

TRAIN = ["train", "digits", "--model", "logistic", "--quiet"]
COMMAND = [sys.executable, "-m", "rushlight"]


def started(*words):
    return subprocess.Popen(
        [*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_folder_is_taken_once(tmp_path):
    folder = tmp_path / "a" / "b"
    with Lock(folder):
        with pytest.raises(Taken, match=r"b is in use by another `rushlight train`"):
            Lock(folder)
    assert not (tmp_path / "a").exists()
    with Lock(folder):
        (folder / "kept").write_text("")
    assert folder.is_dir()


def test_several_runs_in_one_folder(tmp_path):
    """One goes on; the others refuse in one line."""
    out = str(tmp_path / "run")
    with Lock(tmp_path / "run"):
        runs = [started(*TRAIN, "--epochs", "1", "--out", out) for _ in range(2)]
        for run in runs:
            text, error = run.communicate(timeout=300)
            assert run.returncode == 2 and text == ""
            assert error == f"rushlight train: {out} is in use by another `rushlight train`\n"
    assert cli.main([*TRAIN, "--epochs", "1", "--out", out]) == 0


def test_what_a_killed_run_left_half_written_goes(tmp_path, capsys):
    out = tmp_path / "run"
    out.mkdir()
    for name in ("last.pt.part", "best.pt.part.123.part"):
        (out / name).write_bytes(b"half")
    assert cli.main([*TRAIN, "--epochs", "1", "--out", str(out)]) == 0
    assert sorted(os.listdir(out)) == [
        "best.pt",
        "history.csv",
        "last.pt",
        "report.html",
        "report.txt",
    ]


def test_a_run_that_ended_before_its_report_gets_it(tmp_path, capsys):
    out = tmp_path / "run"
    assert cli.main([*TRAIN, "--epochs", "2", "--out", str(out)]) == 0
    report = (out / "report.txt").read_text()
    history = (out / "history.csv").read_text()
    (out / "report.txt").unlink()
    (out / "history.csv").unlink()  # killed right after last.pt
    assert cli.main(["train", "--resume", str(out), "--quiet"]) == 0
    again = (out / "report.txt").read_text()
    assert [line for line in again.splitlines() if not line.startswith("time")] == [
        line for line in report.splitlines() if not line.startswith("time")
    ]
    assert (out / "history.csv").read_text() == history
    capsys.readouterr()
    assert cli.main(["train", "--resume", str(out), "--quiet"]) == 2
    assert "has finished its 2 epochs" in capsys.readouterr().err


def test_kill_9_at_any_moment(tmp_path):
    """The run goes on to the same numbers, and leaves nothing half written."""
    out = tmp_path / "run"
    words = ["digits", "--model", "logistic", "--epochs", "4", "--quiet", "--schedule", "none"]
    assert cli.main(["train", *words, "--out", str(tmp_path / "whole")]) == 0
    run = started("train", *words, "--out", str(out))
    for delay in (0.05, 0.3, 0.02, 0.5):
        end = time.monotonic() + 60
        while not (out / "last.pt").exists() and run.poll() is None and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(delay)
        run.send_signal(signal.SIGKILL)
        run.communicate()
        if not (out / "last.pt").exists():
            run = started("train", *words, "--out", str(out))
        else:
            run = started("train", "--resume", str(out), "--quiet")
    run.communicate(timeout=300)
    if not (out / "report.txt").exists():
        assert cli.main(["train", "--resume", str(out), "--quiet"]) == 0
    assert sorted(os.listdir(out)) == [
        "best.pt",
        "history.csv",
        "last.pt",
        "report.html",
        "report.txt",
    ]
    a, b = (rl.load(folder / "last.pt")["model"] for folder in (out, tmp_path / "whole"))
    assert all((a[name] == b[name]).all() for name in b)


def test_a_full_disk_is_told(tmp_path, capsys, monkeypatch):
    def full(obj, path):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rushlight.learner.loop.save", full)
    assert cli.main([*TRAIN, "--epochs", "1", "--out", str(tmp_path / "run")]) == 1
    error = capsys.readouterr().err.strip().splitlines()
    assert error[0].endswith("best.pt cannot be written: No space left on device")
    assert error[1:] == ["  fix: make room on the disk, or choose another place"]
    assert not (tmp_path / "run").exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert cli.main([*TRAIN, "--out", str(tmp_path / "file" / "run")]) == 2
    error = capsys.readouterr().err.strip().splitlines()
    assert error[0].endswith("file/run: Not a directory")
    assert error[1:] == ["  fix: give a path whose folders are folders"]
