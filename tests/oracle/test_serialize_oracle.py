"""Files both ways: PyTorch reads what rushlight writes, and the other way round."""

import collections
import io

import numpy as np
import pytest

oracle = pytest.importorskip("torch")

import rushlight as torch  # noqa: E402

DTYPES = (
    "float32 float64 float16 bfloat16 float8_e4m3fn float8_e5m2 uint8 int8 int16 int32 int64 "
    "uint16 uint32 uint64 bool complex64 complex128"
).split()


def carried(obj, writer, reader, **options):
    """What `reader` finds in a file that `writer` has written."""
    buffer = io.BytesIO()
    writer.save(obj, buffer, **{k: v for k, v in options.items() if k != "weights_only"})
    buffer.seek(0)
    return reader.load(buffer, weights_only=options.get("weights_only", True))


def values(lib):
    x = lib.arange(12.0).reshape(3, 4)
    p = lib.nn.Parameter(lib.ones(2, 2))
    noted = lib.ones(2, requires_grad=True)
    noted.note = "mine"
    state = collections.OrderedDict(weight=x, bias=x[0])
    state._metadata = {"": {"version": 1}}
    return {
        "dtypes": [lib.tensor([0, 1, 2]).to(getattr(lib, d)) for d in DTYPES],
        "views": [x, x[1:], x[:, 1], x.T, x.expand(2, 3, 4)],
        "shapes": [lib.tensor(1.5), lib.empty(0), lib.empty(0, 3), lib.ones(1, 1)],
        "parameters": [p, p, lib.nn.Parameter(lib.ones(1), requires_grad=False)],
        "attributes": noted,
        "buffer": lib.nn.Buffer(lib.ones(1)),
        "state": state,
        "plain": [None, True, -1, 2**70, 1.5, "é", (1, (2,)), {"a": [1]}, b"\x00\xff", {1, 2}],
        "names": [lib.Size([2, 3]), lib.float32, lib.int64, lib.device("cpu")],
    }


@pytest.mark.parametrize("key", list(values(oracle)))
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_both_ways(key, protocol):
    text = repr(values(oracle)[key])
    if protocol == 2 or key != "plain":  # PyTorch's weights_only reads protocol 2 only
        safe = protocol == 2
        found = carried(
            values(torch)[key], torch, oracle, pickle_protocol=protocol, weights_only=safe
        )
        assert repr(found) == text
    found = carried(values(oracle)[key], oracle, torch, pickle_protocol=protocol)
    assert repr(found) == text


def test_pytorch_before_1_6():
    mine = carried(values(oracle), oracle, torch, _use_new_zipfile_serialization=False)
    assert repr(mine) == repr(values(oracle))


def test_aliases_survive_both_ways():
    for writer, reader in ((oracle, torch), (torch, oracle)):
        x, rows, column, turned, _ = carried(values(writer)["views"], writer, reader)
        x[1, 1] = -1
        assert rows[0, 1] == column[1] == turned[1, 1] == -1


def test_numpy_values():
    a = [np.arange(6).reshape(2, 3).T, np.float64(2.5), np.arange(3, dtype=">i4")]
    for protocol in (2, 4, 5):
        found = carried(a, oracle, torch, pickle_protocol=protocol)
        assert [v.tolist() for v in found] == [v.tolist() for v in a]
    assert repr(carried(a[:2], torch, oracle, weights_only=False)) == repr(a[:2])


def test_real_state_dicts():
    net = oracle.nn.Sequential(
        oracle.nn.Conv2d(1, 4, 3),
        oracle.nn.BatchNorm2d(4),
        oracle.nn.LSTM(3, 4),
        oracle.nn.Linear(4, 2),
    )
    optimizer = oracle.optim.Adam(net.parameters())
    for p in net.parameters():
        p.grad = oracle.ones_like(p)
    optimizer.step()
    schedule = oracle.optim.lr_scheduler.StepLR(optimizer, 3)
    checkpoint = {
        "net": net.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3,
        "schedule": schedule.state_dict(), "rng": oracle.get_rng_state(),
    }  # fmt: skip
    mine = carried(checkpoint, oracle, torch)
    assert repr(mine) == repr(checkpoint)
    assert mine["net"]._metadata == checkpoint["net"]._metadata
    assert repr(carried(mine, torch, oracle)) == repr(checkpoint)


def test_whole_models_of_pytorch():
    net = oracle.nn.Sequential(
        oracle.nn.Linear(4, 3), oracle.nn.ReLU(), oracle.nn.BatchNorm1d(3)
    ).eval()
    mine = carried(net, oracle, torch, weights_only=False)
    assert repr(mine) == repr(net)
    assert np.allclose(
        mine(torch.ones(2, 4)).detach().numpy(), net(oracle.ones(2, 4)).detach().numpy()
    )


def test_mmap(tmp_path):
    path = tmp_path / "x.pt"
    x = oracle.arange(1000.0)
    oracle.save({"x": x}, path)
    assert repr(torch.load(path, mmap=True)["x"]) == repr(x)
    torch.save({"x": torch.arange(1000.0)}, path)
    assert repr(oracle.load(path, mmap=True)["x"]) == repr(x)


def test_errors_have_the_same_types(tmp_path):
    path = tmp_path / "x.pt"
    oracle.save(oracle.ones(3), path)
    whole = path.read_bytes()
    (tmp_path / "cut.pt").write_bytes(whole[:-20])
    (tmp_path / "empty.pt").write_bytes(b"")
    for use in (
        lambda lib: lib.load(tmp_path / "absent.pt"),
        lambda lib: lib.load(tmp_path / "cut.pt"),
        lambda lib: lib.load(tmp_path / "empty.pt"),
        lambda lib: lib.load(path, map_location="cuda"),
        lambda lib: lib.load(path, map_location=3),
        lambda lib: lib.load(3),
        lambda lib: lib.load(io.BytesIO(whole), mmap=True),
        lambda lib: lib.save(1, tmp_path / "absent" / "x.pt"),
        lambda lib: lib.save(1, 3),
    ):
        kinds = []
        for lib in (oracle, torch):
            with pytest.raises(Exception) as caught:
                use(lib)
            kinds.append(caught.type)
        assert issubclass(kinds[1], kinds[0])  # whoever catches PyTorch's catches ours
