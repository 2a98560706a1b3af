"""torch.distributed: the answers without a group, and a group of this one process."""

import json
import sys

import pytest
from rushlight.distributed.elastic.multiprocessing.errors import record
from rushlight.distributed.nn import functional as with_gradients

import rushlight as torch
from rushlight import distributed as dist
from rushlight import nn
from rushlight.distributed import runtime
from rushlight.distributed.reducer import buckets_of, reachable, tensors_in
from rushlight.nn.parallel import DistributedDataParallel
from rushlight.utils.data.distributed import DistributedSampler


@pytest.fixture
def group():
    """The group of this process."""
    dist.init_process_group("gloo", world_size=1, rank=0)
    yield dist.group.WORLD
    dist.destroy_process_group()


def test_without_a_group():
    assert dist.is_available() and not dist.is_initialized() and dist.is_gloo_available()
    assert not (dist.is_nccl_available() or dist.is_mpi_available() or dist.is_ucc_available())
    assert dist.group.WORLD is None and dist.GroupMember.NON_GROUP_MEMBER == -100
    x = torch.ones(1)
    for call in (
        dist.get_rank,
        dist.get_world_size,
        dist.get_backend,
        dist.barrier,
        lambda: dist.all_reduce(x),
        lambda: dist.broadcast(x, 0),
        lambda: dist.all_gather([x], x),
        lambda: dist.all_gather_object([None], 3),
        lambda: dist.send(x, 0),
        dist.distributed_c10d._get_default_group,
        lambda: DistributedDataParallel(nn.Linear(1, 1)),
    ):
        with pytest.raises(ValueError, match=r"^Default process group has not been initialized"):
            call()
    with pytest.raises(AssertionError, match="Process group cannot be None"):
        dist.destroy_process_group()


def test_the_group_of_one(group):
    assert dist.is_initialized() and isinstance(group, dist.ProcessGroup)
    assert (dist.get_rank(), dist.get_world_size(), dist.get_backend()) == (0, 1, "gloo")
    assert dist.get_process_group_ranks(group) == [0] and group.size() == 1
    with pytest.raises(ValueError, match="trying to initialize the default process group twice"):
        dist.init_process_group("gloo")
    other = dist.new_group([0])
    assert dist.get_rank(other) == 0 and dist.get_pg_count() == 2
    assert dist.get_rank(dist.new_group([])) == -1
    with pytest.raises(ValueError, match="should be within the world_size"):
        dist.new_group([1])


def test_several_processes_need_jax(monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)  # as if it were not installed
    with pytest.raises(RuntimeError, match=r"JAX is not installed\n  fix: pip install 'rushl"):
        dist.init_process_group("gloo", store=dist.HashStore(), world_size=2, rank=0)
    assert not dist.is_initialized()


def test_what_init_process_group_asks_for(monkeypatch):
    for given, kind, text in (
        ({"backend": "nccl"}, RuntimeError, "Distributed package doesn't have NCCL built in"),
        ({"backend": "smoke"}, AssertionError, "Unknown backend type smoke"),
        ({"timeout": 3}, TypeError, "Expected timeout argument to be of type datetime.timedelta"),
        ({"init_method": "smoke://"}, RuntimeError, "No rendezvous handler for smoke://"),
        ({"store": dist.HashStore()}, AssertionError, "world_size must be positive if using"),
        ({"rank": 0, "world_size": 2}, ValueError, "variable MASTER_ADDR expected, but not set"),
        (
            {"init_method": "tcp://127.0.0.1:2345", "rank": 0},
            ValueError,
            "tcp:// rendezvous: world size parameter missing",
        ),
        (
            {"store": dist.HashStore(), "rank": 3, "world_size": 2},
            ValueError,
            "rank 3 is not one of a group of 2",
        ),
    ):
        with pytest.raises(kind, match=text):
            dist.init_process_group(**{"backend": "gloo"} | given)
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(ValueError, match="variable RANK expected, but not set"):
        dist.init_process_group()
    assert not dist.is_initialized()


def test_collectives_leave_one_process_as_it_is(group):
    x = torch.tensor([1.0, 2.0])
    for op in (dist.ReduceOp.SUM, dist.ReduceOp.MAX, dist.ReduceOp.AVG):
        assert dist.all_reduce(x, op) is None and x.tolist() == [1.0, 2.0]
    work = dist.broadcast(x, src=0, async_op=True)
    assert work.wait() and work.is_completed() and work.get_future().wait()[0] is x
    out = [torch.zeros(2)]
    dist.all_gather(out, x)
    assert out[0].tolist() == [1.0, 2.0] and out[0] is not x
    flat = torch.zeros(1, 2)
    dist.all_gather_into_tensor(flat, x)
    assert flat.tolist() == [[1.0, 2.0]]
    dist.scatter(flat, [x * 3])
    assert flat.tolist() == [[3.0, 6.0]]
    dist.reduce_scatter(flat, [x])
    assert flat.tolist() == [[1.0, 2.0]]
    found = [None]
    dist.all_gather_object(found, {"a": 1})
    assert found == [{"a": 1}]
    dist.broadcast_object_list(found, src=0)
    dist.scatter_object_list(out, [5])
    assert out == [5]
    with pytest.raises(ValueError, match="rank 1 is not one of a group of 1"):
        dist.broadcast(x, src=1)
    with pytest.raises(ValueError, match="output tensor size must be equal"):
        dist.all_gather_into_tensor(torch.zeros(3), x)
    with pytest.raises(TypeError, match=r"Expected parameter `tensor` of type torch\.Tensor"):
        dist.all_reduce([1])
    with pytest.raises(ValueError, match="nobody to send to"):
        dist.send(x, 0)


def test_collectives_with_gradients(group):
    x = torch.tensor([1.0], requires_grad=True)
    (with_gradients.all_gather(x)[0] * 3 + with_gradients.all_reduce(x)).backward()
    assert x.grad.item() == 4.0


def test_distributed_data_parallel_of_one(group):
    net = nn.Linear(2, 1)
    wrapped = DistributedDataParallel(net, find_unused_parameters=True)
    x = torch.ones(3, 2)
    assert torch.equal(wrapped(x), net(x)) and wrapped.module is net
    assert list(wrapped.state_dict()) == ["module.weight", "module.bias"]
    with wrapped.no_sync():
        wrapped(x).sum().backward()
    assert net.weight.grad.tolist() == [[3.0, 3.0]]
    with pytest.raises(RuntimeError, match="not needed when a module doesn't have any parameters"):
        DistributedDataParallel(nn.ReLU())


def test_meshes(group):
    mesh = dist.init_device_mesh("cpu", (1, 1), mesh_dim_names=("dp", "tp"))
    assert mesh.shape == (1, 1) and mesh["dp"].ndim == 1 and mesh.get_coordinate() == [0, 0]
    assert mesh.get_group("tp").size() == 1 and mesh.get_local_rank("tp") == 0
    with pytest.raises(ValueError, match="Mesh should not be bigger than default world size 1"):
        dist.init_device_mesh("cpu", (2,))
    with pytest.raises(KeyError, match="Invalid mesh_dim_name"):
        mesh["pp"]


def test_constants_and_names():
    assert dist.ReduceOp.SUM is dist.ReduceOp.RedOpType.SUM and dist.Backend("GLOO") == "gloo"
    assert dist.constants.default_pg_timeout.total_seconds() == 1800
    with pytest.raises(RuntimeError, match="LOCAL_RANK is not in the environment"):
        dist.get_node_local_rank()
    assert dist.get_node_local_rank(0) == 0


def test_the_sampler_asks_the_group(group):
    sampler = DistributedSampler(range(10), shuffle=False)
    assert (sampler.num_replicas, sampler.rank) == (1, 0) and list(sampler) == list(range(10))


def test_groups_of_subsets(group):
    assert dist.new_subgroups(1)[0].size() == 1
    with pytest.raises(ValueError, match="must not exceed the world size"):
        dist.new_subgroups(2)
    with pytest.raises(ValueError, match="Rank 0 has appeared in more than one subgroup"):
        dist.new_subgroups_by_enumeration([[0], [0]])
    assert dist.get_global_rank(group, 0) == dist.get_group_rank(group, 0) == 0
    with pytest.raises(ValueError, match="Group rank 4 is not part of group"):
        dist.get_global_rank(group, 4)


def test_buckets_go_from_the_last_parameter_to_the_first():
    params = [torch.zeros(n, dtype=d) for n, d in ((4, torch.float32),) * 3]
    params += [torch.zeros(4, dtype=torch.float64)]
    found = [bucket.indices for bucket in buckets_of(params, [16, 32])]
    assert found == [[3], [2, 1], [0]]  # the first holds 16 bytes, later ones 32; dtypes apart


def test_what_an_output_depends_on():
    a, b = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    outputs = {"y": [a * 2 + 1], "rest": (3, b.detach())}
    assert reachable(outputs) == {id(a)} and reachable(b) == {id(b)}
    assert len(list(tensors_in(outputs))) == 2


def test_a_file_is_told_why(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHELASTIC_ERROR_FILE", str(tmp_path / "error.json"))

    @record
    def main():
        raise ValueError("boom")

    with pytest.raises(ValueError, match="boom"):
        main()
    found = json.loads((tmp_path / "error.json").read_text())
    assert found["message"]["message"] == "ValueError: boom"


def test_where_rank_0_is_found(monkeypatch):
    """At the master's address if it is there, else at its own; on its machine by the loopback."""
    store = dist.HashStore()
    found = runtime._address(store, 0, "127.0.0.1", 1)
    assert found.startswith("127.0.0.1:") and runtime._address(store, 1, "x", 1) == found
    store = dist.HashStore()
    found = runtime._address(store, 0, "192.0.2.7", 1)  # the store is on another machine
    port = found.partition(":")[2]
    assert found == f"127.0.0.1:{port}"
    monkeypatch.setattr(runtime.socket, "gethostname", lambda: "another")
    own = runtime._own_address("192.0.2.7")
    assert runtime._address(store, 1, "192.0.2.7", 1) == f"{own}:{port}"


def test_numbers_travel_in_few_lengths():
    lengths = {runtime.rounded(n) for n in range(1, 100_000)}
    assert len(lengths) < 100 and all(runtime.rounded(n) == n for n in lengths)
    assert all(n <= runtime.rounded(n) <= max(64, 1.13 * n) for n in range(1, 5000))
