"""Event files beside PyTorch's: the same messages, read by the package tensorboard."""

import io
import sys

import numpy as np
import pytest
import torch

import rushlight
from rushlight.utils.tensorboard import SummaryWriter

loader = pytest.importorskip("tensorboard.backend.event_processing.event_file_loader")
Event = pytest.importorskip("tensorboard.compat.proto.event_pb2").Event


def write(writer, t):
    at = {"walltime": 100.0}
    rng = np.random.RandomState(0)
    writer.add_scalar("a/b", 1.5, 3, **at)
    writer.add_scalar("zero", 0.0, 3, **at)
    writer.add_scalar("new", t.tensor(2.5), 4, new_style=True, **at)
    writer.add_scalar("double", 0.1, 5, new_style=True, double_precision=True, **at)
    writer.add_scalars("group", {"x": 1.0, "y": 2.0}, 7, **at)
    writer.add_tensor("t", t.arange(6.0).reshape(2, 3), 1, **at)
    writer.add_histogram("h", rng.randn(1000), 1, **at)
    writer.add_histogram("h0", np.zeros(3), 1, **at)
    for i in range(2, 12):
        writer.add_histogram(f"max{i}", rng.randn(50), 1, bins="auto", max_bins=i, **at)
    writer.add_image("one", t.arange(48).reshape(3, 4, 4) / 48.0, 1, **at)
    writer.add_image("gray", np.arange(16, dtype=np.uint8).reshape(4, 4), dataformats="HW", **at)
    writer.add_images("many", t.arange(9 * 3 * 4 * 4).reshape(9, 3, 4, 4) / 432.0, 1, **at)
    boxes = t.tensor([[2.0, 2, 10, 10], [5, 5, 18, 30]])
    writer.add_image_with_boxes("box", t.zeros(3, 40, 40), boxes, 1, labels=["a", "b"], **at)
    writer.add_text("note", "hello **x**", 1, **at)
    labels = t.tensor([0, 1, 1, 0, 1])
    scores = t.tensor([0.1, 0.9, 0.4, 0.6, 0.7])
    writer.add_pr_curve("pr", labels, scores, 1, num_thresholds=5, **at)
    writer.add_pr_curve("weighted", labels, scores, 1, weights=np.arange(5.0), **at)
    writer.add_custom_scalars(
        {"A": {"x": ["Multiline", ["a", "b"]]}, "B": {"y": ["Margin", list("abc")]}}
    )
    writer.add_mesh(
        "mesh",
        t.arange(12.0).reshape(1, 4, 3),
        colors=t.arange(12).reshape(1, 4, 3),
        faces=t.tensor([[[0, 1, 2]]]),
        config_dict={"a": 1},
        **at,
    )
    writer.add_audio("sound", t.linspace(-1, 1, 100)[None], 1, sample_rate=8000, **at)
    hparams = {"lr": 0.1, "bs": 3, "flag": True, "opt": "sgd"}
    writer.add_hparams(hparams, {"acc": 0.5}, {"opt": ["sgd", "adam"]}, run_name="hp")


def read(folder):
    from PIL import Image

    found = {}
    for path in sorted(folder.rglob("*tfevents*")):
        events = found[str(path.parent.relative_to(folder))] = []
        for raw in loader.RawEventFileLoader(str(path)).Load():
            event = Event.FromString(raw)
            event.wall_time = event.wall_time if event.wall_time == 100 else 0
            event.ClearField("source_metadata")
            for value in event.summary.value:
                if value.HasField("image"):
                    picture = Image.open(io.BytesIO(value.image.encoded_image_string))
                    value.image.encoded_image_string = np.asarray(picture).tobytes()
                if value.tag == "_hparams_/session_start_info":  # a map has no order
                    content = value.metadata.plugin_data.content
                    value.metadata.plugin_data.content = bytes(sorted(content))
            events.append(event)
    return found


def test_the_same_events(tmp_path):
    from torch.utils.tensorboard import SummaryWriter as Theirs

    with Theirs(str(tmp_path / "theirs")) as writer:
        write(writer, torch)
    with SummaryWriter(tmp_path / "ours") as writer:
        write(writer, rushlight)
    theirs, ours = read(tmp_path / "theirs"), read(tmp_path / "ours")
    assert sorted(theirs) == sorted(ours) == [".", "group_x", "group_y", "hp"]
    for folder in theirs:
        assert len(theirs[folder]) == len(ours[folder])
        for a, b in zip(theirs[folder], ours[folder], strict=True):
            assert a == b
    assert "tensorflow" not in sys.modules
