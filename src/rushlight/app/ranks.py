"""`rushlight train --nproc N`: one process trains as ever, the others compute parts of its batches.

The launcher (distributed/run.py) starts all of them with the command's own words. Process 0 is the
trainer: data, optimizer, random numbers, checkpoints and pages are its own. `spread` replaces its
model's forward: in training each batch is cut into N parts, all processes compute their part with
the same parameters, and in backward the gradients are summed in process 0. So a run can be stopped
under any N and resumed under any other, and without dropout and batch norm its numbers are those of
one process, up to rounding. Batch norm sees a part of the batch, as in DataParallel.

Letters: N samples, K classes.
"""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import rushlight as rl
from rushlight import Tensor, nn
from rushlight.app import models
from rushlight.app.errors import CliError
from rushlight.app.trainer import Stopped

_STEP, _END = 1, 0  # what process 0 asks of the others


def is_launched() -> bool:
    """Is this one of the launcher's processes?"""
    return "RUSHLIGHT_LAUNCHER" in os.environ


def helps() -> bool:
    """Is this a process that computes parts of batches for process 0?"""
    return os.environ.get("RANK", "0") != "0"


def launch(words: Sequence[str], count: int) -> int:
    """Starts `rushlight train` with these words in `count` processes; the exit status."""
    from rushlight.distributed import run

    options = ["--standalone", "--nproc-per-node", str(count), "--module", "rushlight"]
    return run.run(run.parse_args([*options, "train", *words]))


def _distributed() -> Any:
    from rushlight import distributed

    if not distributed.is_initialized():
        distributed.init_process_group("gloo")
    return distributed


def _flat(tensors: Sequence[Tensor]) -> Tensor:
    return rl.cat([t.detach().reshape(-1).to(rl.float64) for t in tensors])


def _fill(tensors: Sequence[Tensor], flat: Tensor) -> None:
    start = 0
    with rl.no_grad():
        for t in tensors:
            t.copy_(flat[start : start + t.numel()].reshape(t.shape))
            start += t.numel()


def _state(model: nn.Module) -> list[Tensor]:
    return [*model.parameters(), *model.buffers()]


def _parts(n: int, count: int) -> list[int]:
    """How many samples each process takes: 7 by 3 -> [3, 2, 2]."""
    return [n // count + (i < n % count) for i in range(count)]


class _Spread(rl.autograd.Function):
    """Scores (N, K) of a batch, computed by all processes; in backward parameters' gradients."""

    @staticmethod
    def forward(
        ctx: Any, model: Any, forward: Any, x: Tensor, step: int, *params: Tensor
    ) -> Tensor:
        d = _distributed()
        sizes = _parts(len(x), d.get_world_size())
        d.broadcast_object_list([(_STEP, step, sizes, x.dtype, tuple(x.shape[1:]))], src=0)
        d.broadcast(_flat(_state(model)), src=0)
        parts = list(x.split(sizes))
        mine = _scatter(d, parts, parts[0])
        with rl.enable_grad():
            y = forward(mine)
        ctx.mine, ctx.leaves, ctx.sizes = y, params, sizes
        return rl.cat(_gather(d, y.detach(), sizes))

    @staticmethod
    def backward(ctx: Any, dy: Tensor) -> Any:
        d = _distributed()
        mine = _scatter(d, list(dy.split(ctx.sizes)), ctx.mine.detach())
        flat = _gradients(d, ctx.mine, ctx.leaves, mine)
        found, start = [], 0
        for p in ctx.leaves:
            found.append(flat[start : start + p.numel()].reshape(p.shape).to(p.dtype))
            start += p.numel()
        return None, None, None, None, *found


def _scatter(d: Any, parts: list[Tensor], like: Tensor) -> Tensor:
    """This process's part, lengths may differ; processes other than 0 say what theirs is like."""
    to = rl.empty(like.shape, dtype=like.dtype)
    given = parts if d.get_rank() == 0 else [like[:0]] * d.get_world_size()
    outs = [to if r == 0 else to[:0] for r in range(d.get_world_size())]
    d.all_to_all(outs, given)
    return to


def _gather(d: Any, y: Tensor, sizes: list[int]) -> list[Tensor]:
    """All processes' parts in process 0, nothing elsewhere."""
    here = d.get_rank() == 0
    outs = [rl.empty((n if here else 0, *y.shape[1:]), dtype=y.dtype) for n in sizes]
    d.all_to_all(outs, [y if r == 0 else y[:0] for r in range(len(sizes))])
    return outs


def _gradients(d: Any, y: Tensor, params: Sequence[Tensor], dy: Tensor) -> Tensor:
    """Σ over the processes of the parameters' gradients, flat, in process 0."""
    grads = rl.autograd.grad(y, [p for p in params if p.requires_grad], dy, allow_unused=True)
    rest = iter(grads)
    each = [next(rest) if p.requires_grad else None for p in params]
    flat = _flat([rl.zeros_like(p) if g is None else g for p, g in zip(params, each, strict=True)])
    d.reduce(flat, dst=0)
    return flat


def spread(model: nn.Module, settings: dict[str, Any], shape: tuple, classes: int) -> None:
    """From now on all processes compute what the model is asked in training."""
    d = _distributed()
    told = settings["model"], settings["seed"], settings["width"], shape, classes
    d.broadcast_object_list([told], src=0)
    forward, steps = model.forward, [0]

    def spread_forward(x: Tensor) -> Tensor:
        if not (model.training and rl.is_grad_enabled()):
            return forward(x)
        steps[0] += 1
        return _Spread.apply(model, forward, x, steps[0], *model.parameters())

    model.forward = spread_forward  # type: ignore[method-assign]


@contextmanager
def computing(model: nn.Module, settings: dict[str, Any], data: Any, count: int) -> Iterator[None]:
    """A context in which `count` processes compute; the others end with it.

    If it ends with an error, this process does, too, and the launcher ends the others.
    """
    if count < 2:
        yield
        return
    if str(settings["device"]) != "cpu":
        raise CliError(f"--nproc {count} is for the CPU, not for --device {settings['device']}")
    spread(model, settings, data.shape, len(data.classes))
    try:
        yield
    except Stopped:
        _dismiss(model)
        raise
    _dismiss(model)


def _dismiss(model: nn.Module) -> None:
    d = _distributed()
    d.broadcast_object_list([(_END, 0, [], None, ())], src=0)
    d.destroy_process_group()
    del model.__dict__["forward"]


def serve() -> int:
    """What processes 1, 2, ... do until they are dismissed; the exit status."""
    launcher = int(os.environ["RUSHLIGHT_LAUNCHER"])

    def stopped(number: int, frame: Any) -> None:
        if os.getppid() != launcher:  # it was killed; else process 0 stops, and dismisses us
            os._exit(1)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stopped)
    d = _distributed()
    told: list[Any] = [None]
    d.broadcast_object_list(told, src=0)
    name, seed, width, shape, classes = told[0]
    with models.own_code(name):
        model = models.recipe(name).built(shape, classes, width).train()
    params, rank = list(model.parameters()), d.get_rank()
    while True:
        d.broadcast_object_list(told, src=0)
        what, step, sizes, dtype, rest = told[0]
        if what == _END:
            d.destroy_process_group()
            return 0
        flat = _flat(_state(model))
        d.broadcast(flat, src=0)
        _fill(_state(model), flat)
        rl.manual_seed(seed + 7919 * step + rank)  # of dropout: another one in each process
        x = _scatter(d, [], rl.empty((sizes[rank], *rest), dtype=dtype))
        y = model(x)
        _gather(d, y.detach(), sizes)
        _gradients(d, y, params, _scatter(d, [], y.detach()))
