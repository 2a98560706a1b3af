"""rushlight.fit and the Learner: any data, model and loss; callbacks; the same bits after stops."""

import json
import math

import numpy as np
import pytest

import rushlight as rl
from rushlight import nn, optim
from rushlight.app import cli
from rushlight.learner import (
    Callback,
    Diverged,
    EarlyStopping,
    JsonLines,
    Learner,
    Meter,
    Stopped,
    TensorBoard,
    read_history,
)
from rushlight.nn import functional as F
from rushlight.utils.data import DataLoader, TensorDataset


def blobs(n=96, seed=0):
    """Points around three centres, and which."""
    random = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    points = random.normal(size=(n, 2)) + np.array([[0, 4], [4, 0], [-4, -4]])[labels]
    return rl.tensor(points, dtype=rl.float32), rl.tensor(labels)


def net():
    rl.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 16), nn.Dropout(0.1), nn.ReLU(), nn.Linear(16, 3))


def test_fit_in_one_call(capsys):
    run = rl.fit(net(), blobs(), blobs(30, 1), epochs=8, lr=0.01, seed=1, verbose=True)
    assert list(run.history[0]) == [
        "epoch", "train_loss", "train_accuracy", "valid_loss", "valid_accuracy", "lr", "seconds",
    ]  # fmt: skip
    assert run.history[-1]["valid_accuracy"] == 1.0 and run.best["epoch"] <= 8
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 8 and lines[0].startswith("epoch 1  train_loss") and "best" in lines[0]
    assert rl.fit(net(), blobs(), blobs(30, 1), epochs=8, lr=0.01, seed=1).history[-1][
        "train_loss"] == run.history[-1]["train_loss"]  # fmt: skip


def test_a_loss_and_metrics_of_ones_own():
    x = rl.linspace(-1, 1, 64)[:, None]
    metrics = {"error": lambda y, t: (y - t).abs().amax(1), "size": lambda y, t: y.abs().mean()}
    run = rl.fit(nn.Linear(1, 1), (x, 3 * x + 1), epochs=40, lr=0.1, loss=F.smooth_l1_loss,
                 metrics=metrics, optimizer="sgd", batch_size=16)  # fmt: skip
    assert run.monitor == "train_error" and not run.largest
    assert run.best["train_error"] == min(r["train_error"] for r in run.history) < 0.2
    assert run.columns[1:4] == ("train_loss", "train_error", "train_size")
    plain = rl.fit(nn.Linear(1, 1), (x.numpy(), (3 * x + 1).numpy()), epochs=1)
    assert plain.loss is F.mse_loss and plain.metrics == {}


def test_batches_of_other_kinds():
    class Own(Learner):
        def compute(self, batch):
            y = self.model(batch["points"])
            return F.cross_entropy(y, batch["label"]), y, batch["label"]

    x, y = blobs()
    loader = [{"points": x[i::4], "label": y[i::4]} for i in range(4)]
    model = net()
    run = Own(model, optim.Adam(model.parameters(), 0.01), loader)
    assert run.fit(3)[-1]["train_accuracy"] > run.history[0]["train_accuracy"]
    with pytest.raises(TypeError, match=r"a batch is a dict.*\n  fix: a subclass of Learner"):
        Learner(model, run.optimizer, loader).fit(1)
    auto = Learner(model2 := nn.Linear(2, 2), optim.SGD(model2.parameters(), 0.01), [x],
                   loss=F.mse_loss)  # fmt: skip
    assert auto.fit(2)[1]["train_loss"] < auto.history[0]["train_loss"]
    assert [o.shape for o in auto.predict([x[:5]])] == [(5, 2)]


def learner(out, *callbacks, schedule="batch"):
    model = net()
    optimizer = optim.SGD(model.parameters(), 0.05, momentum=0.9)
    loader = DataLoader(TensorDataset(*blobs()), 16, shuffle=True)
    valid = DataLoader(TensorDataset(*blobs(30, 1)), 16)
    scheduler = optim.lr_scheduler.StepLR(optimizer, 5, 0.7)
    return Learner(model, optimizer, loader, valid, scheduler=scheduler, schedule_each=schedule,
                   callbacks=callbacks, out=out, clip=1.0, notes={"mine": [1, "a"]})  # fmt: skip


class Stop(Callback):
    def __init__(self, at):
        self.at, self.seen = at, 0

    def begin(self, learner):
        self.learner = learner

    def batch(self, epoch, done, batches, loss, images):
        self.seen += 1
        self.learner.stop = self.seen == self.at


@pytest.mark.parametrize("at", [1, 6, 9, 17])  # an epoch has 6 batches
@pytest.mark.parametrize("schedule", ["batch", "epoch"])
def test_a_stopped_run_goes_on_to_the_same_bits(tmp_path, at, schedule):
    whole = learner(tmp_path / "whole", schedule=schedule)
    whole.fit(3)
    first = learner(tmp_path / "parts", Stop(at), schedule=schedule)
    with pytest.raises(Stopped):
        first.fit(3)
    rl.rand(7)  # the generator is somewhere else
    second = learner(tmp_path / "parts", schedule=schedule).resume()
    second.fit(3)
    for a, b in zip(whole.model.parameters(), second.model.parameters(), strict=True):
        assert a.detach().numpy().tobytes() == b.detach().numpy().tobytes()
    strip = [[{k: v for k, v in row.items() if k != "seconds"} for row in run.history]
             for run in (whole, second)]  # fmt: skip
    assert strip[0] == strip[1]
    state = rl.load(tmp_path / "parts" / "last.pt")
    assert state["mine"] == [1, "a"] and state["epoch"] == 3
    rows = read_history(tmp_path / "parts" / "history.csv")
    assert [r["epoch"] for r in rows] == [1, 2, 3]
    assert rows[0]["train_loss"] == pytest.approx(second.history[0]["train_loss"], rel=1e-8)


def test_fit_resumes(tmp_path):
    given = {"lr": 0.01, "out": tmp_path / "run", "seed": 3}
    whole = rl.fit(net(), blobs(), blobs(30, 1), epochs=4, lr=0.01, seed=3)
    rl.fit(net(), blobs(), blobs(30, 1), epochs=2, **given)
    after = rl.fit(net(), blobs(), blobs(30, 1), epochs=4, resume=True, **given)
    assert [r["train_loss"] for r in after.history] == [r["train_loss"] for r in whole.history]


def test_early_stopping_counts_over_a_resume(tmp_path):
    def make():
        run = learner(tmp_path / "run", EarlyStopping(3))
        run.optimizer.param_groups[0]["lr"] = 0.0  # nothing gets better
        return run

    run = make()
    run.fit(2)
    again = make().resume()
    again.fit(50)
    assert again.epoch == 4 and again.finished
    assert len(make().resume().fit(50)) == 4
    with pytest.raises(ValueError, match="patience is 0"):
        EarlyStopping(0)


def test_lines_of_json(tmp_path):
    file = open(tmp_path / "lines", "w+")
    learner(None, JsonLines(file)).fit(2)
    JsonLines(file).epoch({"epoch": 3.0, "train_loss": math.nan}, False)
    file.seek(0)
    rows = [json.loads(line) for line in file]
    file.close()
    assert [r["epoch"] for r in rows] == [1, 2, 3] and rows[0]["best"] is True
    assert rows[2] == {"epoch": 3, "train_loss": None, "best": False}


def scalars(folder):
    """{tag: [(step, value)]} of the event files in a folder, read byte by byte."""
    import struct

    found = {}
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        while data:
            (length,) = struct.unpack("<Q", data[:8])
            event, data = data[12 : 12 + length], data[16 + length :]
            step, summary = fields(event).get(2, [0])[0], fields(event).get(5)
            for value in fields(summary[0]).get(1, []) if summary else []:
                parts = fields(value)
                if 2 in parts:
                    number = struct.unpack("<f", parts[2][0])[0]
                    found.setdefault(parts[1][0].decode(), []).append((step, number))
    return found


def fields(data):
    """{number: [value]} of a message of protocol buffers."""

    def whole():
        nonlocal i
        value = shift = 0
        while True:
            byte = data[i]
            i, value, shift = i + 1, value | (byte & 127) << shift, shift + 7
            if byte < 128:
                return value

    found, i = {}, 0
    while i < len(data):
        key = whole()
        if key & 7 == 0:
            value = whole()
        else:
            size = {1: 8, 5: 4}.get(key & 7) or whole()
            value, i = data[i : i + size], i + size
        found.setdefault(key >> 3, []).append(value)
    return found


def test_event_files(tmp_path):
    run = learner(tmp_path / "run", TensorBoard(tmp_path / "events", every=3))
    run.fit(2)
    found = scalars(tmp_path / "events")
    assert [s for s, _ in found["batch/loss"]] == [3, 6, 9, 12]
    wanted = [(int(r["epoch"]), pytest.approx(r["valid_accuracy"])) for r in run.history]
    assert found["accuracy/valid"] == wanted and set(found) >= {"loss/train", "lr", "seconds"}
    again = learner(tmp_path / "run", TensorBoard(tmp_path / "events", every=3)).resume()
    again.fit(3)
    assert [s for s, _ in scalars(tmp_path / "events")["batch/loss"]] == [3, 6, 9, 12, 15, 18]


def test_the_command_line_writes_them(tmp_path, capsys):
    out = tmp_path / "run"
    words = ["train", "digits", "--model", "logistic", "--epochs", "2", "--out", str(out)]
    assert cli.main([*words, "--json", "--tensorboard"]) == 0
    said = capsys.readouterr()
    rows = [json.loads(line) for line in said.out.splitlines()]
    assert [r.get("epoch") for r in rows] == [1, 2, None] and rows[2]["out"] == str(out)
    assert f"{100 * rows[2]['test_accuracy']:.2f} %" in said.err
    assert [s for s, _ in scalars(out / "tensorboard")["loss/valid"]] == [1, 2]


def test_what_is_said():
    model = net()
    sgd = optim.SGD(model.parameters(), 0.1)
    with pytest.raises(ValueError, match="monitor is 'f1'; an epoch has train_loss, train_acc"):
        Learner(model, sgd, [], monitor="f1")
    with pytest.raises(ValueError, match="schedule_each is 'step'"):
        Learner(model, sgd, [], schedule_each="step")
    with pytest.raises(ValueError, match="optimizer is 'adm'; there are"):
        rl.fit(model, blobs(), optimizer="adm")
    with pytest.raises(ValueError, match="lr is for an optimizer by name"):
        rl.fit(model, blobs(), optimizer=sgd, lr=0.1)
    with pytest.raises(TypeError, match="data of type int"):
        rl.fit(model, 7)
    with pytest.raises(Diverged, match=r"the loss is nan in epoch 1, batch 1\n  fix: a smaller lr"):
        rl.fit(model, (blobs()[0] * math.nan, blobs()[1]), epochs=1)
    with pytest.raises(ValueError, match="needs a path"):
        Learner(model, sgd, []).resume()


def test_meters():
    meter = Meter()
    meter.add(2.0, 3, {"right": rl.tensor([True, False, True]), "norm": 4.0})
    meter.add(1.0, 1, {"right": rl.tensor([[1.0, 0.0]]), "norm": rl.tensor(0.0)})
    assert (meter.mean_loss, meter.mean("right"), meter.mean("norm")) == (1.75, 2.5 / 4, 3.0)
    assert math.isnan(meter.mean("other"))
