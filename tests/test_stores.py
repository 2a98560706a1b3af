"""Stores of torch.distributed: a dict, a file, a dict on the network; and how processes meet."""

import contextlib
import datetime
import socket
import subprocess
import sys
import threading

import pytest

from rushlight import distributed as dist
from rushlight.distributed.tcp_store import TCPStore

SHORT = datetime.timedelta(milliseconds=150)


@pytest.fixture(params=["hash", "file", "tcp", "client", "prefix"])
def store(request, tmp_path):
    """Each kind of store; "client" asks the store of another connection."""
    if request.param == "hash":
        return dist.HashStore()
    if request.param == "file":
        return dist.FileStore(str(tmp_path / "store"), 1)
    if request.param == "prefix":
        return dist.PrefixStore("p", dist.HashStore())
    made = dist.TCPStore("127.0.0.1", 0, 1, True)
    if request.param == "tcp":
        return made
    other = dist.TCPStore("127.0.0.1", made.port)
    other.kept = made
    return other


def test_keys_and_values(store):
    before = store.num_keys()
    store.set("a", "1")
    assert store.get("a") == b"1" and store.num_keys() == before + 1
    assert store.add("n", 2) == 2 and store.add("n", 3) == 5 and store.get("n") == b"5"
    assert store.compare_set("a", "1", "2") == b"2" and store.compare_set("a", "1", "3") == b"2"
    assert store.compare_set("new", "1", "2") == b"1" and not store.check(["new"])
    assert store.compare_set("new", "", "2") == b"2" and store.check(["a", "new"])
    store.append("list", b"\x00\xff")
    store.append("list", "é")
    assert store.get("list") == b"\x00\xff\xc3\xa9"
    store.multi_set(["u", "v"], ["8", "9"])
    assert store.multi_get(["u", "v"]) == [b"8", b"9"]
    assert store.delete_key("u") and not store.delete_key("u") and not store.check(["u"])
    store.set("empty", b"")
    assert store.get("empty") == b"" and isinstance(store, dist.Store)


def test_waiting(store):
    store.set_timeout(SHORT)
    assert store.timeout == SHORT
    with pytest.raises(dist.DistStoreError, match=r"wait timeout after 150ms, keys: /(p/)?x"):
        store.get("x")
    with pytest.raises(dist.DistStoreError, match=r"keys: /(p/)?x, /(p/)?y"):
        store.wait(["x", "y"], SHORT)
    store.set_timeout(datetime.timedelta(seconds=20))
    threading.Timer(0.1, lambda: store.set("x", "late")).start()
    assert store.get("x") == b"late"  # a get of another thread does not hold up the set


def test_prefixes():
    below = dist.HashStore()
    one = dist.PrefixStore("a", dist.PrefixStore("b", below))
    one.set("k", "1")
    assert below.get("b/a/k") == b"1" and one.underlying_store.underlying_store is below


def test_a_file_is_shared_and_survives(tmp_path):
    one, two = (dist.FileStore(str(tmp_path / "f"), 2) for _ in range(2))
    one.set("a", "1")
    assert two.get("a") == b"1" and two.add("n", 1) == 1 and one.add("n", 1) == 2
    assert one.delete_key("a") and not two.check(["a"])
    assert dist.FileStore(str(tmp_path / "f")).get("n") == b"2"


def test_many_clients_add_up():
    master = dist.TCPStore("127.0.0.1", 0, None, True)

    def work():
        client = dist.TCPStore("127.0.0.1", master.port)
        for _ in range(50):
            client.add("n", 1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert master.get("n") == b"200"


def test_a_store_waits_for_all_processes():
    with pytest.raises(dist.DistStoreError, match=r"waiting for clients\. 1/2 clients join"):
        dist.TCPStore("127.0.0.1", 0, 2, True, SHORT)
    code = (
        "import sys; from rushlight.distributed import TCPStore;"
        "s = TCPStore('127.0.0.1', int(sys.argv[1]), 2); s.set('hello', 'there')"
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    other = subprocess.Popen([sys.executable, "-c", code, str(port)])
    store = dist.TCPStore("127.0.0.1", port, 2, True)  # the client tries until this is here
    assert store.get("hello") == b"there" and other.wait(20) == 0


def test_addresses_that_do_not_work():
    master = dist.TCPStore("127.0.0.1", 0, None, True)
    with pytest.raises(dist.DistNetworkError, match="has failed to listen on any local network"):
        dist.TCPStore("127.0.0.1", master.port, None, True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    with pytest.raises(dist.DistNetworkError, match=r"timed out after 150ms while trying to con"):
        dist.TCPStore("127.0.0.1", free, timeout=SHORT)


def test_a_stranger_is_not_served():
    master = dist.TCPStore("127.0.0.1", 0, None, True)
    for text in (
        b"GET / HTTP/1.1\r\n\r\n" + b" " * 40,
        b"\xff" * 64,
        b"rushlight store 1\n\xff\xff\xff\xff",
    ):
        with socket.create_connection(("127.0.0.1", master.port)) as connection:
            connection.settimeout(10)
            connection.sendall(text)
            with contextlib.suppress(ConnectionResetError):  # closed before all of it was read
                assert connection.recv(100) == b""
    assert master.add("n", 1) == 1


def test_a_store_whose_process_has_ended():
    master = dist.TCPStore("127.0.0.1", 0, None, True)
    client = TCPStore("127.0.0.1", master.port, timeout=SHORT)
    client._connection().shutdown(socket.SHUT_RDWR)
    with pytest.raises(dist.DistNetworkError, match="was closed: its process has ended"):
        client.set("a", "1")
    client.set("a", "2")  # it asks again by a new connection
    assert master.get("a") == b"2"


def test_rendezvous(tmp_path, monkeypatch):
    store, rank, size = next(dist.rendezvous(f"file://{tmp_path}/f?rank=0&world_size=1"))
    assert (rank, size) == (0, 1) and isinstance(store, dist.FileStore)
    store, rank, size = next(dist.rendezvous("tcp://127.0.0.1:0", rank=0, world_size=1))
    assert store.add("n", 4) == 4 and store.port > 0
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    monkeypatch.setenv("MASTER_PORT", str(store.port))
    monkeypatch.setenv("RANK", "2")
    monkeypatch.setenv("WORLD_SIZE", "3")
    monkeypatch.setenv("TORCHELASTIC_USE_AGENT_STORE", "True")  # the launcher serves it
    agent, rank, size = next(dist.rendezvous("env://"))
    assert (rank, size) == (2, 3)
    agent.set("a", "1")
    assert store.get("/worker/attempt_0/a") == b"1"
    with pytest.raises(RuntimeError, match="No rendezvous handler for smoke://"):
        dist.rendezvous("smoke://")
    with pytest.raises(RuntimeError, match="`url` must be a string"):
        dist.rendezvous(3)
    dist.register_rendezvous_handler("mine", lambda url, **more: iter([(url, 7, 8)]))
    assert next(dist.rendezvous("mine://place", rank=1)) == ("mine://place?rank=1", 7, 8)
    with pytest.raises(RuntimeError, match="already registered"):
        dist.register_rendezvous_handler("mine", None)
