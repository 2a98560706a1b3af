"""The launcher: `python -m rushlight.distributed.run --nproc-per-node 4 script.py`, as torchrun.

This file reads the arguments and lets the machines find each other; launching.py starts the
processes and watches them. The scripts run as under `rushlight run`: `import torch` is rushlight.
"""

from __future__ import annotations

import argparse
import datetime
import os
import re
import signal
import sys
import uuid
from collections.abc import Sequence
from typing import Any

from .errors import DistError
from .launching import Node, Plan, run_all
from .tcp_store import TCPStore, is_here

__all__ = ["get_args_parser", "main", "parse_args", "run"]

USAGE = "python -m rushlight.distributed.run [OPTIONS] SCRIPT ARGS..."

_REFUSED = {
    "event_log_handler": "there are no event logs",
    "duplicate_stdout_filters": "lines are not filtered: use --tee and grep",
    "duplicate_stderr_filters": "lines are not filtered: use --tee and grep",
    "logs_specs": "use --log-dir, --redirects and --tee",
    "numa_binding": "processes are not bound to parts of a machine: use numactl",
    "virtual_local_rank": "each process takes the GPU of its LOCAL_RANK by itself",
    "run_path": "each process is a Python of its own",
}
_MEETING = ("static", "c10d")
_RUNS = ("timeout", "join_timeout", "last_call_timeout", "close_timeout", "read_timeout", "is_host")


def get_args_parser() -> argparse.ArgumentParser:
    """torchrun's options: those that do nothing here are refused by name when they are given."""
    p = argparse.ArgumentParser(
        prog="rushlight.distributed.run",
        usage=USAGE,
        description=__doc__.split("\n")[0],
        allow_abbrev=False,  # the script's own --nproc is not ours
    )

    def option(name: str, *more: str, **how: Any) -> None:
        spelt = [name] + ([name[:2] + name[2:].replace("-", "_")] if "-" in name[2:] else [])
        key = name.lstrip("-").replace("-", "_")
        default = os.environ.get(f"PET_{key.upper()}", how.pop("default", None))
        if how.get("action") == "store_true":
            default = str(default) in ("1", "True")
        p.add_argument(*more, *spelt, dest=key, default=default, **how)

    option("--nnodes", default="1", help="machines; MIN:MAX with MIN = MAX (default: 1)")
    option("--nproc-per-node", default="1", help="processes here: a number, cpu, gpu, auto")
    option("--node-rank", default="0", help="number of this machine, 0 for the master")
    option("--master-addr", help="address of machine 0 (default: 127.0.0.1)")
    option("--master-port", help="a free port of machine 0 (default: 29500; any, if it is alone)")
    option("--standalone", action="store_true", help="one machine, any free port")
    option("--local-addr", help="has no effect: the address towards the master is looked up")
    option("--rdzv-backend", default="static", help="static, or c10d: machines number themselves")
    option("--rdzv-endpoint", default="", help="HOST:PORT of a machine where all meet")
    option("--rdzv-id", default="none", help="a name for the run, the same on all machines")
    option("--rdzv-conf", default="", help="timeout=SECONDS, rank=NODE_RANK")
    option("--max-restarts", default="0", help="start all again, so often, when one fails")
    option(
        "--monitor-interval", default="0.1", help="has no effect: a process's end is seen at once"
    )
    option("--start-method", default="spawn", choices=["spawn", "fork", "forkserver"],
           help="has no effect: each process is a Python of its own")  # fmt: skip
    option("--role", default="default", help="a word in front of lines of --tee")
    option("--module", "-m", action="store_true", help="SCRIPT is a module's name")
    option("--no-python", action="store_true", help="SCRIPT is a program")
    option("--log-dir", help="folder for the files of --redirects and --tee")
    option("--redirects", "-r", default="0", help="1 stdout, 2 stderr, 3 both to files; or 0:1,1:2")
    option("--tee", "-t", default="0", help="the same, to files and here")
    option("--local-ranks-filter", default="", help="show only these ranks' output, 0,2")
    option("--signals-to-handle", default="SIGTERM,SIGINT,SIGHUP,SIGQUIT", help="and pass on")
    option("--shutdown-timeout", default="5", help="seconds from SIGTERM to SIGKILL (default: 5)")
    for key, why in _REFUSED.items():
        flag = key in ("virtual_local_rank", "run_path")
        option(f"--{key.replace('_', '-')}", help=f"not supported: {why}",
               **({"action": "store_true"} if flag else {}))  # fmt: skip
    p.add_argument("training_script", help="the program, or with -m a module")
    p.add_argument("training_script_args", nargs=argparse.REMAINDER, help="its arguments")
    return p


def parse_args(args: Sequence[str] | None = None) -> argparse.Namespace:
    """The options. SystemExit 2: an unknown one, or one that is refused"""
    parser = get_args_parser()
    options = parser.parse_args(None if args is None else list(args))
    for key, why in _REFUSED.items():
        if getattr(options, key):
            parser.error(f"--{key.replace('_', '-')} is not supported: {why}")
    low, _, high = str(options.nnodes).partition(":")
    if high and high != low:
        parser.error(
            f"--nnodes {options.nnodes}: machines cannot come and go; fix: --nnodes {high}"
        )
    if options.rdzv_backend not in _MEETING:
        parser.error(
            f"--rdzv-backend {options.rdzv_backend} is not supported: {' and '.join(_MEETING)} are"
        )
    options.conf = _conf(parser, options.rdzv_conf)
    options.nnodes = _number(parser, "--nnodes", low, 1)
    options.nproc_per_node = _processes(parser, str(options.nproc_per_node))
    options.node_rank = _number(parser, "--node-rank", options.conf.get("rank", options.node_rank))
    options.max_restarts = _number(parser, "--max-restarts", options.max_restarts)
    options.shutdown_timeout = float(options.shutdown_timeout)
    options.local_ranks_filter = [int(x) for x in options.local_ranks_filter.split(",") if x]
    options.signals_to_handle = _signals(parser, options.signals_to_handle)
    for key in ("redirects", "tee"):
        setattr(options, key, _streams(parser, key, getattr(options, key), options.nproc_per_node))
    if options.standalone and options.nnodes != 1:
        parser.error("--standalone is for one machine: --nnodes must be 1")
    if not options.node_rank < options.nnodes:
        parser.error(f"--node-rank {options.node_rank} is not one of {options.nnodes} machines")
    if options.max_restarts and options.nnodes > 1:
        parser.error("--max-restarts is not supported for several machines")
    return options


def _number(parser: argparse.ArgumentParser, flag: str, text: Any, low: int = 0) -> int:
    try:
        found = int(text)
    except ValueError:
        found = low - 1
    if found < low:
        parser.error(f"{flag} {text}: a whole number from {low} on is expected")
    return found


def _processes(parser: argparse.ArgumentParser, text: str) -> int:
    gpus = sum(bool(re.fullmatch(r"nvidia\d+", name)) for name in os.listdir("/dev"))
    if text == "gpu" and not gpus:
        parser.error("--nproc-per-node gpu: there is no GPU here")
    if text in ("cpu", "gpu", "auto"):
        return gpus if gpus and text != "cpu" else os.cpu_count() or 1
    if text == "xpu":
        parser.error("--nproc-per-node xpu: there is no such device here")
    return _number(parser, "--nproc-per-node", text, 1)


def _conf(parser: argparse.ArgumentParser, text: str) -> dict[str, str]:
    found = {}
    for part in filter(None, text.split(",")):
        key, _, value = part.partition("=")
        if key not in (*_RUNS, "rank"):
            parser.error(f"--rdzv-conf {key} is not supported: timeout and rank are")
        found[key] = value
    return found


def _signals(parser: argparse.ArgumentParser, text: str) -> list[int]:
    found = []
    for name in filter(None, text.split(",")):
        number = getattr(signal, name.strip(), None)
        if not isinstance(number, signal.Signals) or number in (signal.SIGKILL, signal.SIGSTOP):
            parser.error(f"--signals-to-handle {name}: no signal that can be handled")
        found.append(number)
    return found


def _streams(parser: argparse.ArgumentParser, key: str, text: str, count: int) -> list[int]:
    """ "3" -> [3, 3, ...], "0:1,1:2" -> [1, 2, 0, ...]"""
    found = [0] * count
    try:
        if ":" in text:
            for part in text.split(","):
                rank, _, what = part.partition(":")
                found[int(rank)] = int(what)
        else:
            found = [int(text)] * count
        if not all(0 <= what <= 3 for what in found):
            raise ValueError
    except (ValueError, IndexError):
        parser.error(f"--{key} {text}: 0, 1, 2, 3 or LOCAL_RANK:NUMBER,... is expected")
    return found


def _meet(options: argparse.Namespace) -> Node:
    """Where this machine stands among the others; machine 0 serves the store."""
    timeout = datetime.timedelta(seconds=float(options.conf.get("timeout", 900)))
    size, rank = options.nnodes, options.node_rank
    alone = size == 1 and (options.standalone or not (options.master_port or options.rdzv_endpoint))
    free = options.rdzv_backend == "c10d" and not alone
    host, port = options.master_addr or "127.0.0.1", int(options.master_port or 29500)
    if options.rdzv_endpoint and not alone:
        name, _, number = options.rdzv_endpoint.rpartition(":")
        host, port = (name, int(number)) if name else (options.rdzv_endpoint, 29400)
    if alone:
        host, port = "127.0.0.1", 0
    store = None
    if is_here(host) if free else rank == 0:
        try:
            store = TCPStore(host, port, None, True, timeout)
        except DistError:
            if not free:
                raise
    if store is None:
        store = TCPStore(host, port, None, False, timeout)
    run_id = options.rdzv_id if options.rdzv_id != "none" or not alone else str(uuid.uuid4())
    space = f"launcher/{run_id}"
    if free:
        rank = store.add(f"{space}/nodes", 1) - 1
        if rank >= size:
            raise DistError(f"{size} machines have come already to the run {run_id!r} at {host}")
    store.set(f"{space}/node/{rank}", str(options.nproc_per_node))
    counts = [int(store.get(f"{space}/node/{i}")) for i in range(size)]
    return Node(rank, counts, host, store.port, store, run_id, f"{space}/failed")


def run(args: argparse.Namespace) -> int:
    """Starts what parse_args has read; the exit status."""
    if not hasattr(os, "killpg"):
        print("rushlight.distributed.run: this system has no process groups", file=sys.stderr)
        return 1
    try:
        node = _meet(args)
    except DistError as error:
        print(f"rushlight.distributed.run: {error}", file=sys.stderr)
        return 1
    count = node.counts[node.rank]
    if count > 1 and "OMP_NUM_THREADS" not in os.environ:
        os.environ["OMP_NUM_THREADS"] = "1"
        if "RUSHLIGHT_NUM_THREADS" not in os.environ:
            print(
                "rushlight.distributed.run: each process computes with one thread "
                "(OMP_NUM_THREADS=1); set OMP_NUM_THREADS for more",
                file=sys.stderr,
            )
    plan = Plan(
        words=_words(args),
        name=args.training_script,
        role=args.role,
        log_dir=args.log_dir,
        redirects=args.redirects,
        tee=args.tee,
        shown=args.local_ranks_filter,
        signals=args.signals_to_handle,
        grace=args.shutdown_timeout,
        restarts=args.max_restarts,
    )
    return run_all(node, plan)


def _words(args: argparse.Namespace) -> list[str]:
    """The command line of a process."""
    script, rest = args.training_script, args.training_script_args
    if args.no_python:
        return [script, *rest]
    child = [sys.executable, "-m", f"{_root()}.distributed.child"]
    return [*child, *(["-m"] if args.module else []), script, *rest]


def _root() -> str:
    """The package's own name, also where it runs as torch.distributed.run."""
    return DistError.__module__.partition(".")[0]


def main(args: Sequence[str] | None = None) -> None:
    """Reads the arguments, runs, and ends with the exit status (SystemExit) if it is not 0."""
    status = run(parse_args(args))
    if status:
        raise SystemExit(status)


if __name__ == "__main__":
    main()
