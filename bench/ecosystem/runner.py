"""Runs a package's tests in one of its environments, under limits, and reads what was recorded."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

from bench.ecosystem.environments import Environment, _run
from bench.ecosystem.packages import Package

HERE = Path(__file__).parent
SETTINGS = ("pyproject.toml", "setup.cfg", "pytest.ini", "tox.ini", "conftest.py")
#: address space of a test process, bytes
MEMORY = 20 << 30


def sources(package: Package, mirrors: Path, folder: Path) -> None:
    """The package's tests in `folder`, without the package: what is tested is what is installed."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if package.repository:
        git = mirrors / package.repository.replace("/", "+") / "repo"
        if not git.exists():
            raise RuntimeError(
                f"{package.name}: no copy of the repository {package.repository} at {git}\n"
                "  fix: git clone --bare it there"
            )
        tests = [t.partition("::")[0] for t in package.tests if not t.startswith("examples/")]
        tree = f"{package.tag}:{package.folder}"
        names = set(_run("git", f"--git-dir={git}", "ls-tree", "--name-only", tree).split())
        take = [*tests, *package.take, *(s for s in SETTINGS if s in names)]
        index = {**os.environ, "GIT_INDEX_FILE": str(folder.parent / "index")}
        command = ("git", f"--git-dir={git}")
        _run(*command, "read-tree", tree, env=index)
        files = _run(*command, "ls-tree", "-rz", "--name-only", tree, "--", *dict.fromkeys(take))
        out = ("checkout-index", "-f", "-z", "--stdin", f"--prefix={folder.absolute()}/")
        _run(*command, f"--work-tree={folder.absolute()}", *out, env=index, input=files)
    for test in package.tests:
        if test.startswith("examples/"):
            (folder / "examples").mkdir(exist_ok=True)
            shutil.copy(HERE / test, folder / test)


def _limits() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _alone() -> list[str]:
    """Words in front of a command that take the network away, where that is allowed."""
    if (
        shutil.which("unshare")
        and not subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode
    ):
        return ["unshare", "-n", "sh", "-c", 'ip link set lo up 2>/dev/null; exec "$@"', "sh"]
    return []


def run(package: Package, environment: Environment, home: Path, mirrors: Path) -> dict[str, dict]:
    """Every test's outcome: node id -> {"outcome", "reason"}."""
    side = environment.side
    folder = home / "runs" / f"{package.name}-{side}"
    sources(package, mirrors, folder / "tests")
    record = folder / "record.jsonl"
    skip = folder / "skip.txt"
    skip.write_text("\n".join(package.deselect))
    plugin = folder / "plugin"
    plugin.mkdir(exist_ok=True)
    shutil.copy(HERE / "recorder.py", plugin)
    record.unlink(missing_ok=True)
    (folder / "home").mkdir(exist_ok=True)
    kept = {k: os.environ[k] for k in ("PATH", "LANG", "TERM") if k in os.environ}
    env = {
        **kept,
        "HOME": str(folder / "home"),
        "PYTHONPATH": str(plugin),
        "PYTHONHASHSEED": "0",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "MPLBACKEND": "Agg",
        "ECOSYSTEM_RECORD": str(record),
        "ECOSYSTEM_SIDE": side,
        "ECOSYSTEM_EACH": str(package.each),
        "ECOSYSTEM_EVERY": str(package.every),
        "ECOSYSTEM_VALUES": str(home / "values" / package.name),
        **({"ECOSYSTEM_SKIP": str(skip)} if package.deselect else {}),
        **({"ECOSYSTEM_TORCHVISION": "1"} if package.vision else {}),
        **package.environment,
    }
    command = [
        *_alone(), str(environment.python.absolute()), "-m", "pytest", "-q", "-p", "recorder",
        "-o", "addopts=", "-o", "filterwarnings=", "-p", "no:cacheprovider", "--tb=short",
        "--rootdir", ".",  # else names of tests hold folders above, which differ from side to side
        "--timeout", str(6 * package.each), "--continue-on-collection-errors",
        *package.arguments, *package.tests,
    ]  # fmt: skip
    end = time.monotonic() + package.limit
    log = (folder / "log.txt").open("w")
    for _ in range(30):
        before = len(_lines(record))
        process = subprocess.Popen(
            command, cwd=folder / "tests", env=env, stdin=subprocess.DEVNULL, stdout=log,
            stderr=log, preexec_fn=_limits, start_new_session=True,
        )  # fmt: skip
        try:
            status = process.wait(max(1, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            _close(record, "time limit of the package")
            break
        if status in range(6) or len(_lines(record)) == before:
            break
        _close(record, f"the process died (status {status})")  # and the rest is run
    log.close()
    return outcomes(record)


def _lines(record: Path) -> list[dict]:
    if not record.exists():
        return []
    return [json.loads(line) for line in record.read_text("utf-8").splitlines()]


def _close(record: Path, reason: str) -> None:
    lines = _lines(record)
    if lines and lines[-1]["outcome"] == "started":
        with record.open("a", encoding="utf-8") as file:
            file.write(
                json.dumps({"id": lines[-1]["id"], "outcome": "failed", "reason": reason}) + "\n"
            )


#: the worst of a test's lines counts
ORDER = ("started", "passed", "xfailed", "skipped", "not collected", "failed")


def outcomes(record: Path) -> dict[str, dict]:
    """A test with several lines (call and teardown) has the worst of them."""
    found: dict[str, dict] = {}
    for line in _lines(record):
        old = found.get(line["id"])
        if old is None or ORDER.index(line["outcome"]) >= ORDER.index(old["outcome"]):
            found[line["id"]] = {"outcome": line["outcome"], "reason": line["reason"]}
    return found
