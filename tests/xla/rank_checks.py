"""What each process of tests/xla/test_distributed.py checks: run by the launcher, N processes.

Every function named check_* is called in order in all processes; an assertion that fails ends all.
"""

import datetime
import pathlib
import sys
import time

import numpy as np
import pytest
from rushlight.distributed.algorithms.ddp_comm_hooks import default_hooks
from rushlight.distributed.nn import functional as with_gradients
from rushlight.distributed.optim import ZeroRedundancyOptimizer

import rushlight as torch
from rushlight import distributed as dist
from rushlight import nn
from rushlight.distributed import ReduceOp
from rushlight.nn import functional as F
from rushlight.nn.parallel import DistributedDataParallel as DDP
from rushlight.utils.data import DataLoader, TensorDataset
from rushlight.utils.data.distributed import DistributedSampler

DTYPES = (
    "float32 float64 float16 bfloat16 complex64 complex128 int8 uint8 int16 int32 int64 bool "
    "float8_e4m3fn uint16"
).split()


FULLY = ("float32", "bfloat16", "int8", "int64", "bool")  # with all operations


def of(rank, dtype):
    """The tensor of a process: (2, 3), not in row-major order, with a negative zero."""
    x = torch.arange(6.0).reshape(3, 2).t() + rank
    x[0, 0] = -0.0 if rank == 0 else float(rank)
    return x.to(getattr(torch, dtype))


def same(x, y):
    """Equal to the bit, and of one dtype."""
    assert x.dtype == y.dtype and x.shape == y.shape, (x, y)
    a, b = (np.ascontiguousarray(t._a).view(np.uint8) for t in (x, y))
    assert (a == b).all(), (x, y)


def check_group(r, n):
    assert dist.is_initialized() and dist.get_backend() == "gloo"
    assert dist.get_process_group_ranks(None) == list(range(n))
    assert torch.distributed.get_node_local_rank() == r
    with pytest.raises(ValueError, match="initialize the default process group twice"):
        dist.init_process_group("gloo")


def check_all_reduce(r, n):
    everyone = range(n)
    for dtype in DTYPES:
        stacked = [of(q, dtype) for q in everyone]
        kind = getattr(torch, dtype)
        floating, complex_ = kind.is_floating_point, kind.is_complex
        wide = [x.to(torch.complex128 if complex_ else torch.float64) for x in stacked]
        x = of(r, dtype)
        assert dist.all_reduce(x) is None
        same(x, sum(wide[1:], wide[0]).to(kind))
        if complex_:
            with pytest.raises(ValueError, match=r"does not support RedOpType\.MAX on complex"):
                dist.all_reduce(x, ReduceOp.MAX)
            continue
        if dtype not in FULLY:
            continue
        for op, f in ((ReduceOp.MAX, torch.amax), (ReduceOp.MIN, torch.amin)):
            x = of(r, dtype)
            dist.all_reduce(x, op)
            assert torch.equal(x, f(torch.stack(wide), 0).to(kind)), (dtype, op, x)
        x = of(r, dtype)
        dist.all_reduce(x, ReduceOp.PRODUCT)
        assert torch.equal(x, torch.stack(wide).prod(0).to(kind)), (dtype, x)
        if floating:
            x = of(r, dtype)
            dist.all_reduce(x, ReduceOp.AVG)
            assert torch.allclose(x.double(), torch.stack(wide).mean(0), rtol=1e-2)
            with pytest.raises(RuntimeError, match=r"Cannot use ReduceOp\.BAND with non-integral"):
                dist.all_reduce(x, ReduceOp.BAND)
            continue
        with pytest.raises(RuntimeError, match="result type Float can't be cast"):
            dist.all_reduce(x, ReduceOp.AVG)
        for op, f in (
            (ReduceOp.BAND, np.bitwise_and),
            (ReduceOp.BOR, np.bitwise_or),
            (ReduceOp.BXOR, np.bitwise_xor),
        ):
            x = of(r, dtype)
            dist.all_reduce(x, op)
            assert (x._a == f.reduce([y._a for y in stacked])).all(), (dtype, op)


def check_what_only_moves(r, n):
    for dtype in DTYPES:
        x = of(r, dtype)
        version = x._version
        dist.broadcast(x, n - 1)
        same(x, of(n - 1, dtype))
        assert x._version > version
        x = of(0, dtype) if r == 0 else of(9, dtype)
        dist.broadcast(x, 0)
        same(x, of(0, dtype))  # the negative zero, too
        out = [torch.zeros(2, 3, dtype=x.dtype) for _ in range(n)]
        dist.all_gather(out, of(r, dtype))
        flat = torch.zeros(n * 2, 3, dtype=x.dtype)
        dist.all_gather_into_tensor(flat, of(r, dtype).contiguous())
        for q in range(n):
            same(out[q], of(q, dtype))
            same(flat[2 * q : 2 * q + 2], of(q, dtype))
        lists = [torch.zeros(2, 3, dtype=x.dtype) for _ in range(n)] if r == 1 else None
        dist.gather(of(r, dtype), lists, dst=1)
        if r == 1:
            for q in range(n):
                same(lists[q], of(q, dtype))
        x = torch.zeros(2, 3, dtype=x.dtype)
        dist.scatter(x, [of(q + 1, dtype) for q in range(n)] if r == 0 else None, src=0)
        same(x, of(r + 1, dtype))
        to = [torch.zeros(2, 3, dtype=x.dtype) for _ in range(n)]
        dist.all_to_all(to, [of(r + n * q, dtype) for q in range(n)])
        for q in range(n):
            same(to[q], of(q + n * r, dtype))


def check_scattered_sums(r, n):
    x = torch.zeros(2)
    dist.reduce_scatter(x, [torch.tensor([1.0, q]) for q in range(n)])
    assert x.tolist() == [n, n * r]
    x = torch.zeros(1, 2)
    dist.reduce_scatter_tensor(x, torch.arange(2.0 * n).reshape(n, 2) + r)
    assert x.tolist() == [[sum(2 * r + i + q for q in range(n)) for i in (0, 1)]]
    x = torch.tensor([1.0, r])
    dist.reduce(x, dst=0)
    assert x.tolist() == ([n, sum(range(n))] if r == 0 else [1, r])


def check_parts_of_different_length(r, n):
    # process r sends q + 1 numbers to process q
    given = torch.tensor([float(10 * r + q) for q in range(n) for _ in range(q + 1)])
    out = torch.zeros(n * (r + 1))
    dist.all_to_all_single(out, given, [r + 1] * n, [q + 1 for q in range(n)])
    assert out.tolist() == [10.0 * q + r for q in range(n) for _ in range(r + 1)]
    for shape in ((), (0,), (3, 0), (100_001,)):
        x = torch.full(shape, r + 1.0)
        dist.all_reduce(x)
        assert x.shape == shape and (x == n * (n + 1) / 2).all()


def check_handles(r, n):
    xs = [torch.full((1000,), float(i + r)) for i in range(5)]
    works = [dist.all_reduce(x, async_op=True) for x in xs]
    assert works[-1].get_future().wait() == [xs[-1]] or True
    for i, (x, work) in enumerate(zip(xs, works, strict=True)):
        assert work.wait() and work.is_completed() and work.is_success()
        assert (x == n * i + sum(range(n))).all()
    work = dist.barrier(async_op=True)
    assert work.wait() and work.exception() is None


def check_objects(r, n):
    found = [None] * n
    dist.all_gather_object(found, {"rank": r, "text": "x" * 100 * r})
    assert [f["rank"] for f in found] == list(range(n)) and len(found[1]["text"]) == 100
    objects = [r, "a", None] if r == 1 else [None, None, None]
    dist.broadcast_object_list(objects, src=1)
    assert objects == [1, "a", None]
    out = [None]
    dist.scatter_object_list(out, [("for", q) for q in range(n)] if r == 0 else None, src=0)
    assert out == [("for", r)]
    lists = [None] * n if r == 0 else None
    dist.gather_object({r}, lists, dst=0)
    assert lists == ([{q} for q in range(n)] if r == 0 else None)
    if r == 0:
        dist.send_object_list([1, [2]], dst=1)
    if r == 1:
        got = [None, None]
        assert dist.recv_object_list(got, src=0) == 0 and got == [1, [2]]


def check_messages(r, n):
    right, left = (r + 1) % n, (r - 1) % n
    x, y = torch.arange(5.0) + r, torch.zeros(5)
    ops = [dist.P2POp(dist.irecv, y, left), dist.P2POp(dist.isend, x, right)]
    for work in dist.batch_isend_irecv(ops):
        work.wait()
    assert y.tolist() == (torch.arange(5.0) + left).tolist()
    if r == 0:
        for i in range(3):
            dist.send(torch.tensor([i]), 1, tag=i % 2)
        dist.send(torch.zeros(3_000_000), 1)  # more than one part
        with pytest.raises(ValueError, match="should not be the same as the rank of the current"):
            dist.send(x, 0)
    if r == 1:
        z = torch.tensor([9])
        got = []
        for tag in (1, 0, 0):  # by tag, in order within one
            assert dist.recv(z, None if tag else 0, tag=tag) == 0
            got.append(z.item())
        assert got == [1, 0, 2]
        big = torch.ones(3_000_000)
        dist.recv(big, 0)
        assert big.abs().sum() == 0


def check_groups(r, n):
    pair = dist.new_group([0, 1])
    x = torch.tensor([float(r)])
    if r < 2:
        assert dist.get_rank(pair) == r and dist.get_world_size(pair) == 2
        dist.all_reduce(x, group=pair)
        assert x.item() == 1
    else:
        assert pair == dist.GroupMember.NON_GROUP_MEMBER and dist.get_rank(pair) == -1
    last = dist.new_group([n - 1, 0])  # in order of rank
    if r in (0, n - 1):
        assert dist.get_process_group_ranks(last) == [0, n - 1]
        x = torch.tensor([r])
        dist.broadcast(x, n - 1, group=last)
        assert x.item() == n - 1 and dist.get_global_rank(last, 1) == n - 1
    mine, every = dist.new_subgroups(n // 2)
    assert len(every) == 2 and dist.get_world_size(mine) == n // 2
    mesh = dist.init_device_mesh("cpu", (2, n // 2), mesh_dim_names=("dp", "tp"))
    x = torch.tensor([float(r)])
    dist.all_reduce(x, group=mesh.get_group("dp"))
    assert x.item() == 2 * (r % (n // 2)) + n // 2
    assert mesh["tp"].get_local_rank() == r % (n // 2) and mesh.get_coordinate()[0] == r // (n // 2)
    with pytest.raises(ValueError, match="should be within the world_size"):
        dist.new_group([0, n])


def check_gradients_through_collectives(r, n):
    def gradient(f):
        x = torch.tensor([r + 1.0, 2.0], requires_grad=True)
        f(x).backward()
        return x.grad.tolist()

    weight = sum(q + 1.0 for q in range(n))
    total = sum(q + 1.0 for q in range(n))
    found = gradient(lambda x: (with_gradients.all_reduce(x) ** 2 * (r + 1)).sum())
    assert found == [2 * total * weight, 2 * 2 * n * weight]
    assert gradient(lambda x: sum(with_gradients.all_gather(x)).sum() * (r + 1)) == [weight, weight]
    found = gradient(lambda x: with_gradients.broadcast(x, 1).sum() * (r + 1))
    assert found == ([weight, weight] if r == 1 else [0, 0])
    found = gradient(lambda x: with_gradients.reduce(x, 0).sum() * (r + 1))
    assert found == [1, 1]
    found = gradient(
        lambda x: with_gradients.reduce_scatter(x, [x * (q + 1) for q in range(n)]).sum()
    )
    assert found == [weight, weight]


def mlp():
    return nn.Sequential(
        nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)
    )


def cnn():
    """The CNN of the documents."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 28, 28)),
        nn.Conv2d(1, 16, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 16, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 10, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.AvgPool2d(4),
        nn.Flatten(),
    )


def equal_everywhere(module):
    """Parameters and buffers are equal to the bit in all processes."""
    flat = torch.cat([t.detach().reshape(-1).double() for t in module.state_dict().values()])
    out = [torch.zeros_like(flat) for _ in range(dist.get_world_size())]
    dist.all_gather(out, flat)
    return all(torch.equal(out[0], x) for x in out)


def steps(module, optimizer, x, y):
    losses = []
    for a, b in zip(x, y, strict=True):
        optimizer.zero_grad()
        loss = F.cross_entropy(module(a), b)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def check_data_parallel_equals_one_process(r, n):
    torch.manual_seed(3)
    x, y = torch.rand(5, 32, 784), torch.randint(0, 10, (5, 32))
    mine = slice(r * 32 // n, (r + 1) * 32 // n)
    for make in (mlp, cnn):
        torch.manual_seed(0)
        whole = make()
        torch.manual_seed(r)  # only process 0 has the right weights
        module = DDP(make())
        sgd = {"lr": 0.1, "momentum": 0.9}
        here = steps(module, torch.optim.SGD(module.parameters(), **sgd), x[:, mine], y[:, mine])
        there = steps(whole, torch.optim.SGD(whole.parameters(), **sgd), x, y)
        mean = torch.tensor(here)
        dist.all_reduce(mean, ReduceOp.AVG)
        assert torch.allclose(mean, torch.tensor(there), rtol=1e-6)
        for p, q in zip(module.parameters(), whole.parameters(), strict=True):
            assert (p - q).abs().max() <= 1e-6
        assert equal_everywhere(module)
        assert next(iter(module.state_dict())).startswith("module.")


def check_compiled_steps(r, n):
    """A step with DDP inside as one program: the numbers of eager steps, and of one process."""
    torch.manual_seed(3)
    x, y = torch.rand(4, 32, 784), torch.randint(0, 10, (4, 32))
    mine = slice(r * 32 // n, (r + 1) * 32 // n)
    # batch norm magnifies rounding, and has statistics of each part of a batch
    normed = lambda: nn.Sequential(cnn(), nn.BatchNorm1d(10))  # noqa: E731
    for make, limit in ((mlp, 1e-6), (cnn, 1e-6), (normed, 1e-4)):
        kept = []
        for compiled in (False, True):
            torch.manual_seed(0)
            module = DDP(make())
            sgd = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9)

            def step(a, b, module=module, sgd=sgd):
                sgd.zero_grad()
                loss = F.cross_entropy(module(a), b)
                loss.backward()
                sgd.step()
                return loss

            f = torch.compile(step, backend="xla", fullgraph=True) if compiled else step
            losses = [f(a, b).item() for a, b in zip(x[:, mine], y[:, mine], strict=True)]
            kept.append((losses, module))
        assert np.allclose(kept[0][0], kept[1][0], rtol=10 * limit), kept
        for p, q in zip(kept[0][1].parameters(), kept[1][1].parameters(), strict=True):
            assert (p - q).abs().max() <= limit
        if make is not normed:
            torch.manual_seed(0)
            whole = make()
            steps(whole, torch.optim.SGD(whole.parameters(), lr=0.1, momentum=0.9), x, y)
            for p, q in zip(whole.parameters(), kept[1][1].parameters(), strict=True):
                assert (p - q).abs().max() <= limit
        flat = torch.cat([p.detach().reshape(-1) for p in kept[1][1].parameters()])
        out = [torch.zeros_like(flat) for _ in range(n)]
        dist.all_gather(out, flat)
        assert all(torch.equal(out[0], other) for other in out)
    alone = torch.compile(lambda a: (a * 2).sum(), backend="xla")  # a program of its own process
    if r == 0:
        assert [alone(torch.ones(3)).item() for _ in range(3)] == [6, 6, 6]


class Two(nn.Module):
    """Two layers, of which one may be left out, and buffers."""

    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 2)
        self.register_buffer("seen", torch.zeros(2))

    def forward(self, x, both=True):
        y = self.a(x)
        return {"y": [self.b(y) if both else y]}


def check_data_parallel_rules(r, n):
    x = torch.ones(1, 2) * (r + 1)
    mean = (n + 1) / 2
    model = DDP(nn.Linear(2, 1))
    loss = model(x).sum()
    loss.backward(retain_graph=True)
    grad = model.module.weight.grad
    assert grad.tolist() == [[mean, mean]]
    loss.backward()  # no forward before it: not reduced, as in PyTorch
    assert grad.tolist() == [[mean + r + 1] * 2]
    with model.no_sync():
        model(x).sum().backward()
    assert grad.tolist() == [[mean + 2 * (r + 1)] * 2]
    model(x).sum().backward()  # the mean of all that has come together
    assert grad.tolist() == [[4 * mean] * 2] and model.module.weight.grad is grad

    model = DDP(Two())
    model(x)["y"][0].sum().backward()
    with pytest.raises(RuntimeError, match=r"(?s)have finished reduction.*for rank \d: 4 5.*c\.w"):
        model(x)
    model = DDP(Two(), find_unused_parameters=True)
    model.module.seen += r
    model(x, both=r == 0)["y"][0].sum().backward()
    assert model.module.c.weight.grad is None  # used nowhere
    assert model.module.seen.tolist() == [0, 0]  # those of process 0
    found = model.module.b.bias.grad  # used in process 0 alone
    assert found.tolist() == [1 / n, 1 / n] and equal_everywhere(model)
    frozen = Two()
    frozen.c.requires_grad_(False)
    model = DDP(frozen, bucket_cap_mb=0.000005, broadcast_buffers=False)
    model.module.seen += r
    for _ in range(2):
        model(x)["y"][0].sum().backward()
    assert model.module.seen.tolist() == [r, r] and len(model.reducer.buckets) == 4
    layers = [nn.Linear(2, 2) for _ in range(1 + r % 2)]
    for other in (nn.Linear(2, 2 + r), nn.Sequential(*layers)):
        with pytest.raises(RuntimeError, match=r"same model across all ranks|appears not to match"):
            DDP(other)


def check_hooks_on_buckets(r, n):
    for hook in (
        default_hooks.allreduce_hook,
        default_hooks.fp16_compress_hook,
        default_hooks.bf16_compress_wrapper(default_hooks.allreduce_hook),
    ):
        model = DDP(nn.Linear(2, 1))
        model.register_comm_hook(None, hook)
        model(torch.ones(1, 2) * (r + 1)).sum().backward()
        assert model.module.weight.grad.tolist() == [[(n + 1) / 2] * 2]
        with pytest.raises(RuntimeError, match="can only be called once"):
            model.register_comm_hook(None, hook)


def check_uneven_batches(r, n):
    x = torch.ones(1, 2)
    for initial in (True, False):
        model = DDP(nn.Sequential(nn.Linear(2, 1), nn.BatchNorm1d(1, affine=False).eval()))
        found = []
        with model.join(divide_by_initial_world_size=initial):
            for _ in range(2 + r):
                model.zero_grad()
                model(x).sum().backward()
                found.append(model.module[0].bias.grad.item())
        scale = found[0]  # of the mean, all processes have the same
        for i, value in enumerate(found):
            active = sum(2 + q > i for q in range(n))
            expected = scale * (active / n if initial else 1)
            assert abs(value - expected) < 1e-6, (i, value, expected)
    with (
        pytest.raises(RuntimeError, match="exhausted"),
        model.join(throw_on_early_termination=True),
    ):
        for _ in range(2 + 3 * (r > 0)):
            model(x).sum().backward()


def check_batch_norm_of_all(r, n):
    torch.manual_seed(2)
    x, w = torch.randn(4 * n + 1, 3, 2), torch.randn(4 * n + 1, 3, 2)
    bounds = [0, *[5 + 4 * q for q in range(n)]]  # the first has one more
    mine = slice(bounds[r], bounds[r + 1])
    whole = nn.BatchNorm1d(3)
    part = nn.SyncBatchNorm.convert_sync_batchnorm(nn.BatchNorm1d(3))
    assert isinstance(part, nn.SyncBatchNorm)
    a, b = x.clone().requires_grad_(), x[mine].clone().requires_grad_()
    y = whole(a)
    (y * w).sum().backward()
    z = part(b)
    (z * w[mine]).sum().backward()
    assert torch.allclose(z, y[mine], atol=1e-6)
    assert torch.allclose(b.grad, a.grad[mine], atol=1e-5)
    assert torch.allclose(part.running_var, whole.running_var, atol=1e-6)
    assert torch.allclose(part.running_mean, whole.running_mean, atol=1e-6)
    grad = part.weight.grad.clone()
    dist.all_reduce(grad)
    assert torch.allclose(grad, whole.weight.grad, atol=1e-5)
    assert part.eval()(b).shape == b.shape


def check_sampler(r, n):
    sampler = DistributedSampler(range(10))
    assert (sampler.num_replicas, sampler.rank) == (n, r)
    found = [None] * n
    dist.all_gather_object(found, list(sampler))
    assert {i for share in found for i in share} == set(range(10))


def check_workers(r, n):
    """Workers of a loader are forked although JAX has threads: they compute with NumPy only."""
    data = TensorDataset(torch.arange(8.0 * n))
    loader = DataLoader(data, 2, sampler=DistributedSampler(data, shuffle=False), num_workers=2)
    total = sum(x.sum() for (x,) in loader)
    dist.all_reduce(total)
    assert total.item() == sum(range(8 * n))


def check_sharded_optimizer(r, n):
    torch.manual_seed(3)
    x, y = torch.rand(4, 16, 784), torch.randint(0, 10, (4, 16))
    torch.manual_seed(0)
    one, two = mlp(), mlp()
    two.load_state_dict(one.state_dict())
    plain = torch.optim.Adam(one.parameters(), lr=1e-3)
    sharded = ZeroRedundancyOptimizer(two.parameters(), torch.optim.Adam, lr=1e-3)
    schedule = torch.optim.lr_scheduler.StepLR(sharded, 1, 0.5)
    other = torch.optim.lr_scheduler.StepLR(plain, 1, 0.5)
    for i in range(3):
        for module, optimizer in ((one, plain), (two, sharded)):
            steps(module, optimizer, x[i : i + 1], y[i : i + 1])
        schedule.step(), other.step()
    for p, q in zip(one.parameters(), two.parameters(), strict=True):
        assert torch.equal(p, q)
    kept = sum(t.numel() for s in sharded.optim.state.values() for t in s.values() if t.dim())
    every = sum(2 * p.numel() for p in two.parameters())
    total = torch.tensor([kept])
    dist.all_reduce(total)
    assert kept < every and total.item() == every  # really in parts
    sharded.consolidate_state_dict(to=0)
    if r == 0:
        state, expected = sharded.state_dict(), plain.state_dict()
        assert state["param_groups"] == expected["param_groups"]
        for i, values in expected["state"].items():
            for key, value in values.items():
                assert torch.equal(state["state"][i][key], value)
    else:
        with pytest.raises(RuntimeError, match="has not been consolidated on this rank"):
            sharded.state_dict()
    state = [sharded.state_dict() if r == 0 else None]
    dist.broadcast_object_list(state)
    sharded.load_state_dict(state[0])
    for module, optimizer in ((one, plain), (two, sharded)):
        steps(module, optimizer, x[3:], y[3:])
    for p, q in zip(one.parameters(), two.parameters(), strict=True):
        assert torch.equal(p, q)


def check_who_does_not_come(r, n):
    limit = datetime.timedelta(seconds=0.5)
    dist.monitored_barrier(timeout=datetime.timedelta(seconds=20))
    if r == 0:
        with pytest.raises(RuntimeError, match=r"\[Rank 0\]: Rank 1 failed to pass monitoredBar"):
            dist.monitored_barrier(timeout=limit)
    elif r > 1:
        with pytest.raises(RuntimeError, match="Please check rank 0 logs for faulty rank"):
            dist.monitored_barrier(timeout=limit)
    dist.barrier()
    group = dist.new_group([0, 1], timeout=datetime.timedelta(seconds=0.3))
    if r == 0:
        work = dist.all_reduce(torch.ones(1), group=group, async_op=True)
        with pytest.raises(dist.DistBackendError, match=r"all_reduce timed out after 0\.3 s"):
            work.wait()
    if r == 1:
        time.sleep(1)
        dist.all_reduce(torch.ones(1), group=group, async_op=True)
    dist.barrier()


def check_the_end(r, n):
    dist.destroy_process_group()
    assert not dist.is_initialized()
    dist.init_process_group("gloo")  # JAX's runtime stays: the same processes meet again
    x = torch.ones(1)
    dist.all_reduce(x)
    assert x.item() == n
    dist.destroy_process_group()


def main():
    start = time.perf_counter()
    dist.init_process_group("gloo", timeout=datetime.timedelta(seconds=60))
    r, n = dist.get_rank(), dist.get_world_size()
    names = [name for name in globals() if name.startswith("check_")]
    if len(sys.argv) > 1:
        names = [name for name in names if name in sys.argv[1:]]
    print(
        f"{pathlib.Path(__file__).name}: {time.perf_counter() - start:.1f} s to start", flush=True
    )
    for name in names:
        begin = time.perf_counter()
        globals()[name](r, n)
        if r == 0:
            print(f"ok {name} {time.perf_counter() - begin:.2f} s", flush=True)


if __name__ == "__main__":
    main()
