"""torch.utils.tensorboard: event files, read back by a reader of our own.

tests/oracle/test_tensorboard_oracle.py compares the same files with PyTorch's, message by message.
"""

import io
import struct
import wave
import zlib

import numpy as np
import pytest

import rushlight as torch
from rushlight import nn
from rushlight.utils.tensorboard import (
    FileWriter,
    RecordWriter,
    SummaryWriter,
    images,
    summary,
    wire,
)


def bitwise_crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def records(path):
    """The records of a file, both checksums of each verified."""
    data = path.read_bytes()
    while data:
        (n,) = struct.unpack("<Q", data[:8])
        for part, check in ((data[:8], data[8:12]), (data[12 : 12 + n], data[12 + n : 16 + n])):
            crc = bitwise_crc32c(part)
            mask = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
            assert struct.unpack("<I", check) == (mask,)
        yield data[12 : 12 + n]
        data = data[16 + n :]


def fields(data):
    """{field number: [values]} of a message: ints, bytes, or the bytes of a float."""
    found = {}
    i = 0

    def number():
        nonlocal i
        value = shift = 0
        while True:
            byte = data[i]
            i += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while i < len(data):
        key = number()
        kind = key & 7
        if kind == 0:
            value = number()
        else:
            size = {1: 8, 5: 4, 2: 0}[kind] or number()
            value = data[i : i + size]
            i += size
        found.setdefault(key >> 3, []).append(value)
    return found


def events(folder):
    """The events of all files directly in a folder, without the first of each."""
    found = []
    for path in sorted(folder.glob("events.out.tfevents.*")):
        first, *rest = [fields(r) for r in records(path)]
        assert first[3] == [b"brain.Event:2"]
        found += rest
    return found


def values(folder):
    """{tag: (step, fields of the Value)}"""
    found = {}
    for event in events(folder):
        for s in event.get(5, []):
            for value in fields(s)[1]:
                value = fields(value)
                found[value[1][0].decode()] = (event.get(2, [0])[0], value)
    return found


@pytest.fixture
def written(tmp_path):
    """write(f) -> values of what f(writer) wrote."""

    def write(f):
        with SummaryWriter(tmp_path) as writer:
            f(writer)
        return values(tmp_path)

    return write


def floats(data, kind="<f4"):
    return np.frombuffer(data, kind).tolist()


def plugin(value):
    """(name, content) of Value.metadata"""
    about = fields(fields(value[9][0])[1][0])
    return about[1][0].decode(), about.get(2, [b""])[0]


def test_crc32c():
    assert wire.crc32c(b"123456789") == 0xE3069283
    assert wire.crc32c(bytes(32)) == 0x8A9136AA  # RFC 3720, B.4
    data = np.random.RandomState(0).bytes(20001)
    for n in (0, 1, 8191, 8192, 8193, 20001):
        assert wire.crc32c(data[:n]) == bitwise_crc32c(data[:n])


def test_varints():
    assert [wire.varint(n) for n in (0, 127, 128, 300)] == [b"\0", b"\x7f", b"\x80\1", b"\xac\2"]
    assert wire.varint(-1) == b"\xff" * 9 + b"\1"


def test_scalars(written, tmp_path):
    def write(writer):
        writer.add_scalar("a/b", 1.5, 3, walltime=100.0)
        writer.add_scalar("zero", 0.0, 1)
        writer.add_scalar("new", torch.tensor(2.5), 4, new_style=True)
        writer.add_scalar("double", 0.1, 5, new_style=True, double_precision=True)
        writer.add_scalars("group/of", {"x": 1.0, "y": 2.0}, 7)

    found = written(write)
    assert events(tmp_path)[0][1] == [struct.pack("<d", 100.0)]
    assert found["a/b"][0] == 3 and floats(found["a/b"][1][2][0]) == [1.5]
    assert floats(found["zero"][1][2][0]) == [0.0]
    tensor = fields(found["new"][1][8][0])
    assert tensor[1] == [1] and floats(tensor[5][0]) == [2.5]
    assert plugin(found["new"][1]) == ("scalars", b"")
    tensor = fields(found["double"][1][8][0])
    assert tensor[1] == [2] and floats(tensor[6][0], "<f8") == [0.1]
    for tag, number in (("x", 1.0), ("y", 2.0)):
        inner = values(tmp_path / f"group_of_{tag}")
        assert inner["group/of"][0] == 7 and floats(inner["group/of"][1][2][0]) == [number]


def histogram(value):
    h = fields(value[5][0])
    numbers = [floats(h[i][0], "<f8")[0] if i in h else 0.0 for i in range(1, 6)]
    return numbers, floats(h[6][0], "<f8"), floats(h[7][0], "<f8")


def test_histograms(written):
    def write(writer):
        writer.add_histogram("h", np.array([1.0, 2, 2, 3, 5, -1, 0]), 1)
        writer.add_histogram("auto", torch.arange(10.0), bins="auto", max_bins=3)
        writer.add_histogram_raw("raw", 0, 2, 3, 4, 5, [1.0, 2], [1, 2.0])

    found = written(write)
    numbers, limits, counts = histogram(found["h"][1])
    assert numbers == [-1.0, 5.0, 7.0, 12.0, 44.0]  # min, max, num, sum, sum of squares
    assert len(limits) == len(counts) and sum(counts) == 7 and counts[0] == 0 and counts[1] == 1
    assert limits[:2] == [-1.0089710279437536, -0.917246389039776]  # PyTorch 2.13.0's
    assert histogram(found["auto"][1]) == (
        [0.0, 9.0, 10.0, 45.0, 285.0],
        [0.0, 1.8, 3.6, 5.4, 7.2, 9.0],
        [0.0, 2.0, 2.0, 2.0, 2.0, 2.0],
    )
    assert histogram(found["raw"][1]) == ([0, 2, 3, 4, 5], [1, 2], [1, 2])


def pixels(png):
    """(H, W, C) of a PNG as we write it: 8 bits, no filters."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    i, data = 8, b""
    while i < len(png):
        (n,) = struct.unpack(">I", png[i : i + 4])
        name, body = png[i + 4 : i + 8], png[i + 8 : i + 8 + n]
        assert struct.unpack(">I", png[i + 8 + n : i + 12 + n]) == (zlib.crc32(name + body),)
        if name == b"IHDR":
            w, h, depth, kind = struct.unpack(">IIBB", body[:10])
        data += body if name == b"IDAT" else b""
        i += 12 + n
    c = {0: 1, 4: 2, 2: 3, 6: 4}[kind]
    lines = np.frombuffer(zlib.decompress(data), np.uint8).reshape(h, 1 + w * c)
    assert depth == 8 and not lines[:, 0].any()
    return lines[:, 1:].reshape(h, w, c)


def test_images(written):
    one = torch.arange(48).reshape(3, 4, 4) / 48.0
    gray = np.arange(16, dtype=np.uint8).reshape(4, 4)
    many = torch.arange(9 * 1 * 2 * 2).reshape(9, 1, 2, 2) / 36.0

    def write(writer):
        writer.add_image("one", one, 1)
        writer.add_image("gray", gray, dataformats="HW")
        writer.add_images("many", many)
        writer.add_image_with_boxes("box", torch.zeros(3, 20, 20), torch.tensor([[2.0, 2, 10, 10]]))

    found = {tag: fields(v[4][0]) for tag, (_, v) in written(write).items()}
    wanted = (one.permute(1, 2, 0) * 255).to(torch.uint8).numpy()
    assert np.array_equal(pixels(found["one"][4][0]), wanted)
    assert [found["one"][i] for i in (1, 2, 3)] == [[4], [4], [3]]
    assert np.array_equal(pixels(found["gray"][4][0]), np.stack([gray] * 3, 2))
    grid = pixels(found["many"][4][0])
    assert grid.shape == (4, 16, 3)  # eight in a row
    assert grid[0, 2, 0] == int(4 / 36 * 255) and grid[2, 0, 0] == int(32 / 36 * 255)
    assert not grid[2:, 2:].any()
    red = pixels(found["box"][4][0])
    assert red[2, 5].tolist() == [255, 0, 0] and red[6, 6].tolist() == [0, 0, 0]
    assert pixels(images.encode_png(np.full((2, 3, 4), 7, np.uint8))).shape == (2, 3, 4)


def test_texts_curves_and_sound(written):
    labels, scores = torch.tensor([0, 1, 1, 0, 1]), torch.tensor([0.1, 0.9, 0.4, 0.6, 0.7])

    def write(writer):
        writer.add_text("note", "hello **x**", 1)
        writer.add_pr_curve("pr", labels, scores, num_thresholds=5)
        writer.add_audio("sound", torch.tensor([[-1.0, 0.5, 1.0]]), sample_rate=8000)
        writer.add_tensor("t", torch.tensor([[1.0, 2.0]]))

    found = {tag: v for tag, (_, v) in written(write).items()}
    tensor = fields(found["note/text_summary"][8][0])
    assert tensor[1] == [7] and tensor[8] == [b"hello **x**"]
    assert plugin(found["note/text_summary"]) == ("text", b"")
    rows = np.array(floats(fields(found["pr"][8][0])[5][0])).reshape(6, 5)
    assert rows[0].tolist() == [3, 3, 2, 1, 0]  # true positives at 0, 0.25, ... 1
    assert rows[1].tolist() == [2, 1, 1, 0, 0]
    assert np.allclose(rows[4], [0.6, 0.75, 2 / 3, 1, 0]) and np.allclose(
        rows[5], [1, 1, 2 / 3, 1 / 3, 0]
    )
    assert plugin(found["pr"]) == ("pr_curves", b"\x10\5")
    with wave.open(io.BytesIO(fields(found["sound"][6][0])[4][0])) as f:
        assert f.getframerate() == 8000
        assert np.frombuffer(f.readframes(3), "<i2").tolist() == [-32767, 16383, 32767]
    tensor = fields(found["t"][8][0])
    assert [fields(d)[1] for d in fields(tensor[2][0])[2]] == [[1], [2]]


def test_hparams_layouts_and_meshes(written, tmp_path):
    def write(writer):
        writer.add_hparams({"lr": 0.1, "opt": "sgd", "flag": True}, {"acc": 0.5}, run_name="hp")
        writer.add_custom_scalars_marginchart(["a", "b", "c"], "cat", "title")
        vertices, faces = torch.rand(1, 4, 3), torch.tensor([[[0, 1, 2]]])
        writer.add_mesh("m", vertices, faces=faces, config_dict={"k": 1})

    found = written(write)
    run = values(tmp_path / "hp")
    assert floats(run["acc"][1][2][0]) == [0.5]
    name, content = plugin(run["_hparams_/session_start_info"][1])
    begin = {}
    for entry in fields(fields(content)[3][0])[1]:
        entry = fields(entry)
        begin[entry[1][0].decode()] = fields(entry[2][0])
    assert name == "hparams" and begin["opt"] == {3: [b"sgd"]}
    assert floats(begin["lr"][2][0], "<f8") == [0.1] and floats(begin["flag"][2][0], "<f8") == [1.0]
    experiment = fields(fields(plugin(run["_hparams_/experiment"][1])[1])[2][0])
    kinds = {fields(i)[1][0]: fields(i)[4][0] for i in experiment[4]}
    assert kinds == {b"lr": 3, b"opt": 1, b"flag": 3}
    layout = fields(found["custom_scalars__config__"][1][8][0])[8][0]
    assert layout == b"\x12\x1b\n\3cat\x12\x14\n\5title\x1a\x0b\n\x09\n\1a\x12\1b\x1a\1c"
    assert set(found) == {"custom_scalars__config__", "m_VERTEX", "m_FACE"}
    about = fields(plugin(found["m_FACE"][1])[1])
    assert about[2] == [b"m"] and about[3] == [2] and about[5] == [b'{"k": 1}'] and about[7] == [6]
    assert floats(fields(found["m_FACE"][1][8][0])[5][0]) == [0, 1, 2]


def test_graph(tmp_path):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(2, 3), nn.Sequential(nn.Linear(3, 3), nn.ReLU())

        def forward(self, x):
            y = self.a(x)
            return self.b(y) + y

    model = Net().train()
    with SummaryWriter(tmp_path) as writer:
        writer.add_graph(model, torch.ones(1, 2))
    assert model.training and not model.a._forward_hooks
    nodes = [fields(n) for n in fields(events(tmp_path)[0][4][0])[1]]
    edges = {n[1][0].decode(): sorted(i.decode() for i in n.get(3, [])) for n in nodes}
    assert edges == {
        "input/input": [],
        "Net/a": ["input/input"],
        "Net/b/0": ["Net/a"],
        "Net/b/1": ["Net/b/0"],
        "output/output.1": ["Net/a", "Net/b/1"],
    }
    assert nodes[1][2] == [b"linear.Linear"]


def test_embedding(tmp_path):
    with SummaryWriter(tmp_path) as writer:
        pictures = torch.zeros(3, 3, 4, 4)
        writer.add_embedding(torch.arange(6.0).reshape(3, 2), ["a", "b", "c"], pictures, 2, "emb")
        with pytest.raises(AssertionError, match="#labels should equal with #data points"):
            writer.add_embedding(torch.ones(3, 2), ["a"])
    place = tmp_path / "00002" / "emb"
    assert (place / "tensors.tsv").read_text() == "0.0\t1.0\n2.0\t3.0\n4.0\t5.0\n"
    assert (place / "metadata.tsv").read_text() == "a\nb\nc\n"
    assert pixels((place / "sprite.png").read_bytes()).shape == (8, 8, 3)
    config = (tmp_path / "projector_config.pbtxt").read_text()
    assert 'tensor_name: "emb:00002"' in config and "single_image_dim: 4" in config


def test_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    writer = SummaryWriter(comment="_x", purge_step=4, filename_suffix=".end")
    writer.close()
    (folder,) = (tmp_path / "runs").iterdir()
    assert folder.name.endswith("_x") and writer.get_logdir() == str(folder.relative_to(tmp_path))
    (file,) = folder.iterdir()
    assert file.name.endswith(".end")
    (event,) = events(folder)
    assert event[2] == [4] and fields(event[7][0]) == {1: [1]}  # SessionLog.START
    writer.add_scalar("again", 1.0)
    writer.flush()
    assert len(list(folder.iterdir())) == 2
    writer.close()

    plain = FileWriter(str(tmp_path / "plain"), max_queue=2)
    plain.add_summary(summary.scalar("a", 1.0), 1)
    plain.add_summary(summary.scalar("b", 1.0), 1)
    assert set(values(tmp_path / "plain")) == {"a", "b"}  # two were waiting: on the disk
    plain.close()
    record = RecordWriter(str(tmp_path / "r"))
    record.write(b"abc")
    record.close()
    assert list(records(tmp_path / "r")) == [b"abc"]


def test_figures(written):
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1, 1), dpi=10)
    found = written(lambda w: w.add_figure("f", figure, close=False))
    assert pixels(fields(found["f"][1][4][0])[4][0]).shape == (10, 10, 3)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda w: w.add_scalar("a", [1, 2]), NotImplementedError, "Got <class 'list'>, but numpy"),
        (lambda w: w.add_scalar("a", torch.ones(2)), AssertionError, "should contain one element"),
        (lambda w: w.add_histogram("h", np.array([])), ValueError, "The input has no element."),
        (
            lambda w: w.add_image("a", torch.ones(2, 2)),
            AssertionError,
            "size of input tensor and input format are different",
        ),
        (lambda w: w.add_hparams(1, 2), TypeError, "should be dictionary."),
        (lambda w: w.add_video("v", None), NotImplementedError, "add_video is not supported"),
        (lambda w: w.add_onnx_graph("v"), NotImplementedError, "add_onnx_graph is not supported"),
    ],
)
def test_what_is_refused(tmp_path, call, error, words):
    with SummaryWriter(tmp_path) as writer, pytest.raises(error, match=words.replace(".", "[.]")):
        call(writer)
