"""torch.distributed: the answers without a group, and a group of this one process."""

import os

import pytest
from rushlight.distributed.nn import functional as with_gradients

import rushlight as torch
from rushlight import distributed as dist
from rushlight import nn
from rushlight.nn.parallel import DistributedDataParallel


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


def test_several_processes_are_refused(monkeypatch):
    with pytest.raises(NotImplementedError, match="one process: a group of 2 is not supported"):
        dist.init_process_group("gloo", world_size=2, rank=0)
    monkeypatch.setenv("WORLD_SIZE", "4")
    with pytest.raises(NotImplementedError, match="a group of 4"):
        dist.init_process_group()
    monkeypatch.setenv("WORLD_SIZE", "1")
    with pytest.raises(RuntimeError, match="Distributed package doesn't have NCCL built in"):
        dist.init_process_group("nccl")
    assert not dist.is_initialized() and os.environ["WORLD_SIZE"] == "1"


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
    with pytest.raises(NotImplementedError, match="a mesh of 2 is not supported"):
        dist.init_device_mesh("cpu", (2,))


def test_stores():
    store = dist.HashStore()
    store.set("a", "1")
    assert store.get("a") == b"1" and store.add("n", 2) == 2 and store.add("n", 3) == 5
    assert store.compare_set("a", "1", "2") == b"2" and store.check(["a", "n"])
    prefixed = dist.PrefixStore("p", store)
    prefixed.set("a", "9")
    assert store.get("p/a") == b"9" and prefixed.get("a") == b"9" and store.num_keys() == 3
    with pytest.raises(NotImplementedError, match="TCPStore"):
        dist.TCPStore("localhost", 1)


def test_constants_and_names():
    assert dist.ReduceOp.SUM is dist.ReduceOp.RedOpType.SUM and dist.Backend("GLOO") == "gloo"
    assert dist.constants.default_pg_timeout.total_seconds() == 1800
    with pytest.raises(RuntimeError, match="LOCAL_RANK is not in the environment"):
        dist.get_node_local_rank()
    assert dist.get_node_local_rank(0) == 0


def test_stores_of_one_process():
    """What PyTorch puts on the network or in a file is a dict where there is one process."""
    for store in (dist.TCPStore("127.0.0.1", 1234, 1, True), dist.FileStore("store", 1)):
        store.set("a", "1")
        assert store.add("a", 2) == 3 and store.get("a") == b"3" and store.num_keys() == 1
        assert isinstance(store, dist.Store)
    assert dist.TCPStore("127.0.0.1", 1234, is_master=True).port == 1234
    for several in (
        lambda: dist.TCPStore("127.0.0.1", 1234, 2, True),
        lambda: dist.TCPStore("127.0.0.1", 1234, 1, False),
        lambda: dist.FileStore("store"),
    ):
        with pytest.raises(NotImplementedError, match="of several: one process has nobody"):
            several()
