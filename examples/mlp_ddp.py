"""The perceptron of nets.py, trained by two processes, each of which sees half of every batch.

    rushlight-run --nproc-per-node 2 examples/mlp_ddp.py      (pip install 'rushlight[xla]')
    torchrun --nproc-per-node 2 examples/mlp_ddp.py           (PyTorch's own: the same numbers)
    rushlight run examples/mlp_ddp.py                         (one process: the same numbers again)

The gradients are averaged over the processes, so that any number of them takes the same steps: what
differs is the rounding. Writes accuracy.svg and numbers.json, from the first process.

Letters: N images, K classes.
"""

import argparse
import json
import os
import time
from pathlib import Path

import digits
import drawing
import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel


def batches(count, size, rank, world):
    """The rows of this process in each batch of an epoch: all draw the same order."""
    order = torch.randperm(count)
    for rows in order.split(size):
        if len(rows) == size:  # the same number of rows for each process
            yield rows[rank::world]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=20, help="default: 20")
    parser.add_argument("--batch", type=int, default=64, help="of all processes; default: 64")
    parser.add_argument("--hidden", type=int, default=64, help="units; default: 64")
    parser.add_argument("--lr", type=float, default=3e-3, help="Adam's rate; default: 0.003")
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    parser.add_argument("--out", type=Path, default=Path("runs/mlp_ddp"), help="runs/mlp_ddp")
    options = parser.parse_args()

    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    if options.batch % world:
        parser.error(f"--batch {options.batch}: a multiple of the {world} processes")
    (x, y), (test_x, test_y) = digits.load()
    torch.manual_seed(options.seed)  # the same weights and the same order in all processes
    model = nn.Sequential(
        nn.Flatten(),
        nn.Linear(x[0].numel(), options.hidden),
        nn.ReLU(),
        nn.Linear(options.hidden, 10),
    )
    if world > 1:
        dist.init_process_group("gloo")
        model = DistributedDataParallel(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=options.lr)

    losses, right, begin = [], [], time.perf_counter()
    for epoch in range(1, options.epochs + 1):
        total = torch.zeros(2)
        for rows in batches(len(x), options.batch, rank, world):
            loss = F.cross_entropy(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()  # DistributedDataParallel: the mean of all processes' gradients
            optimizer.step()
            total += torch.tensor([loss.item(), 1.0])
        if world > 1:
            dist.all_reduce(total)
        losses.append((total[0] / total[1]).item())
        with torch.no_grad():
            right.append((model(test_x).argmax(1) == test_y).float().mean().item())
        if rank == 0 and epoch % max(1, options.epochs // 5) == 0:
            seconds = time.perf_counter() - begin
            print(f"epoch {epoch:3}  loss {losses[-1]:.6f}  right {right[-1]:.1%}  {seconds:.1f} s")

    if world > 1:  # do all processes have the same weights?
        sums = torch.stack([p.detach().double().sum() for p in model.parameters()])
        others = [torch.zeros_like(sums) for _ in range(world)]
        dist.all_gather(others, sums)
        same = all(torch.equal(sums, other) for other in others)
        if rank == 0:
            print(f"{world} processes, {'the same' if same else 'DIFFERENT'} weights in all")
        dist.destroy_process_group()
    if rank == 0:
        options.out.mkdir(parents=True, exist_ok=True)
        curves = {"right on test digits": [100 * r for r in right]}
        title = f"A perceptron, {world} process{'es' if world > 1 else ''}"
        drawing.chart(options.out / "accuracy.svg", curves, title, "epoch", "percent")
        numbers = {"loss": losses, "right": right}
        (options.out / "numbers.json").write_text(json.dumps(numbers, indent=1))


if __name__ == "__main__":
    main()
