"""What tests/xla/test_distributed.py runs with four virtual devices: fully_shard."""

import pytest
from rushlight.distributed.fsdp import CPUOffloadPolicy, FSDPModule, fully_shard
from rushlight.distributed.tensor import Shard

import rushlight as torch
from rushlight import nn
from rushlight.nn import functional as F


def mlp():
    return nn.Sequential(
        nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10)
    )


def part(t):
    """The shape of what lies on the first device, and on how many devices the tensor lies."""
    shards = t._a.v.addressable_shards
    return tuple(shards[0].data.shape), len({s.device for s in shards})


torch.manual_seed(5)
X, Y = torch.rand(4, 64, 784), torch.randint(0, 10, (4, 64))
for make in (
    lambda m: torch.optim.SGD(m.parameters(), lr=0.01, momentum=0.9),
    lambda m: torch.optim.AdamW(m.parameters(), lr=1e-3),
):
    torch.manual_seed(0)
    one, two = mlp(), mlp()
    two.load_state_dict(one.state_dict())
    two.to("xla")
    assert fully_shard(two[0]) is two[0]
    fully_shard(two)
    first, last = two[0].weight, two[4].weight
    optimizers = make(one), make(two)
    for i in range(4):
        losses = []
        for module, optimizer, x, y in (
            (one, optimizers[0], X[i], Y[i]),
            (two, optimizers[1], X[i].to("xla"), Y[i].to("xla")),
        ):
            optimizer.zero_grad()
            loss = F.cross_entropy(module(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert abs(losses[0] - losses[1]) < 1e-6
    assert part(first) == part(first.grad) == ((128, 784), 4)
    assert part(last) == ((10, 128), 4)  # 10 rows cannot be divided by 4
    assert part(two[4].bias) == ((10,), 4)
    for value in optimizers[1].state[first].values():
        if value.dim():
            assert part(value) == ((128, 784), 4)
    for p, q in zip(one.parameters(), two.parameters(), strict=True):
        assert (p - q.cpu()).abs().max() < (1e-6 if "SGD" in str(optimizers[0]) else 2e-5)
    if "SGD" not in str(optimizers[0]):  # single weights whose gradient is almost 0: Adam's m / v
        weights = [
            torch.cat([p.detach().cpu().reshape(-1) for p in m.parameters()]) for m in (one, two)
        ]
        assert (weights[0] - weights[1]).abs().mean() < 1e-7

# a compiled step: GSPMD sees it as a whole
results = []
for compiled in (False, True):
    torch.manual_seed(0)
    module = mlp().to("xla")
    fully_shard(module)
    sgd = torch.optim.SGD(module.parameters(), lr=0.01, momentum=0.9)

    def step(x, y, module=module, sgd=sgd):
        sgd.zero_grad()
        loss = F.cross_entropy(module(x), y)
        loss.backward()
        sgd.step()
        return loss

    f = torch.compile(step, fullgraph=True) if compiled else step
    losses = [f(X[i].to("xla"), Y[i].to("xla")).item() for i in range(4)]
    assert part(module[0].weight) == ((128, 784), 4)
    results.append((losses, [p.detach().cpu() for p in module.parameters()]))
for p, q in zip(results[0][1], results[1][1], strict=True):
    assert (p - q).abs().max() < 1e-6

assert isinstance(two, FSDPModule) and type(two).__name__ == "FSDPSequential"
assert part(two(X[0].to("xla"))) == ((16, 10), 4)  # the batch is split
two.load_state_dict({k: v.cpu() for k, v in two.state_dict().items()})
y = two(X[0].to("xla")[:3])  # three samples are not split
assert y.shape == (3, 10) and part(first) == ((128, 784), 4)
two[0].unshard()
assert part(first) == ((512, 784), 4)
two[0].reshard()
assert part(first) == ((128, 784), 4)

layer = nn.Linear(8, 12).to("xla")
fully_shard(layer, shard_placement_fn=lambda p: Shard(p.dim() - 1))
assert part(layer.weight) == ((12, 2), 4) and part(layer.bias) == ((3,), 4)
for call, kind, text in (
    (lambda: fully_shard(nn.Linear(2, 2)), ValueError, r"fix: model\.to\('xla'\)"),
    (lambda: fully_shard(layer), AssertionError, "has been called for this FSDPLinear already"),
    (
        lambda: fully_shard(nn.Linear(8, 6).to("xla"), shard_placement_fn=lambda p: Shard(0)),
        ValueError,
        r"dimension 0 of a parameter of shape \(6, 8\) is not divisible by 4 devices",
    ),
    (
        lambda: fully_shard(nn.Linear(8, 8).to("xla"), offload_policy=CPUOffloadPolicy()),
        NotImplementedError,
        "offloading to the CPU is not supported",
    ),
):
    with pytest.raises(kind, match=text):
        call()
print("ok")
