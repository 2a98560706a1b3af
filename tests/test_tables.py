"""Tables and lines of text in `rushlight train`, evaluate and predict."""

import csv
import io
import json
import math
import zlib

import numpy as np
import pytest

from rushlight.app import cli, tables


def call(*words):
    return cli.main([str(word) for word in words])


def write(path, header, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


@pytest.fixture
def flowers(tmp_path):
    """Three classes around three points, a column of levels, some values missing."""
    random = np.random.RandomState(0)
    rows = []
    for i in range(240):
        k = i % 3
        x, y = random.randn(2) * 0.5 + [(0, 0), (3, 0), (0, 3)][k]
        rows.append(
            [f"{x:.3f}" if i % 17 else "", f"{100 * y:.2f}", "wet" if k == 1 else "dry", "abc"[k]]
        )
    return write(tmp_path / "flowers.csv", ["length", "width", "soil", "species"], rows)


@pytest.fixture
def houses(tmp_path):
    """price = 50 + 3 area - 20 old, and noise of deviation 2."""
    random = np.random.RandomState(1)
    rows = []
    for _ in range(300):
        area, old = random.uniform(20, 120), random.rand() < 0.4
        price = 50 + 3 * area - 20 * old + 2 * random.randn()
        rows.append([f"{area:.2f}", "old" if old else "new", f"{price:.3f}"])
    return write(tmp_path / "houses.csv", ["area", "age", "price"], rows)


# how rows become numbers


def test_columns_by_hand(tmp_path):
    path = write(
        tmp_path / "t.csv",
        ["a", "b", "empty", "y"],
        [["1", "red", "", "no"], ["3", "blue", "", "yes"], ["", "red", "NA", "no"]],
    )
    header, rows = tables.read(path)
    spec = tables.plan(header, rows, "y", path)
    assert spec["columns"] == [
        {"name": "a", "mean": 2.0, "std": 1.0},
        {"name": "b", "levels": ["blue", "red"]},
    ]
    x = tables.features(spec, header, rows, path)
    assert x.shape == (3, 3, 1, 1)
    assert x.reshape(3, 3).tolist() == [[-1, 0, 1], [1, 1, 0], [0, 0, 1]]
    assert tables.targets(spec, header, rows, path).tolist() == [0, 1, 0]


def test_a_numeric_target_with_many_values_is_a_number(tmp_path):
    rows = [[str(i), str(i * 0.5)] for i in range(30)]
    path = write(tmp_path / "t.csv", ["x", "y"], rows)
    header, rows = tables.read(path)
    spec = tables.plan(header, rows, "y", path)
    assert tables.is_number(spec) and spec["mean"] == pytest.approx(7.25)
    y = tables.targets(spec, header, rows, path)
    assert y.shape == (30, 1) and float(y.std(correction=0)) == pytest.approx(1.0, abs=1e-6)
    few = tables.plan(header, [[a, str(float(b) // 5)] for a, b in rows], "y", path)
    assert few["classes"] == ["0.0", "1.0", "2.0"]


def test_words_by_hand():
    x = tables.features({"text": 64}, ["label", "text"], [["a", "Go, go home"]], None)[0, :, 0, 0]
    go, home = 1 + math.log(2), 1.0
    length = math.hypot(go, home)
    wanted = np.zeros(64)
    wanted[zlib.crc32(b"go") % 64] = go / length
    wanted[zlib.crc32(b"home") % 64] += home / length
    assert x.tolist() == pytest.approx(wanted.tolist())


def test_measures_of_numbers_by_hand():
    import rushlight as rl

    spec = {"target": "y", "mean": 10.0, "std": 2.0}
    wanted, outputs = rl.tensor([[0.0], [1.0], [2.0]]), rl.tensor([[0.5], [1.0], [1.0]])
    found = tables.number_measures(spec, outputs, wanted)
    assert found["rmse"] == pytest.approx(math.sqrt((1 + 0 + 4) / 3))
    assert found["mae"] == pytest.approx(1.0)
    assert found["r2"] == pytest.approx(1 - 1.25 / 2)


# the command line


def test_classes_of_a_table(flowers, tmp_path, capsys):
    out = tmp_path / "run"
    words = [flowers, "--target", "species", "--model", "mlp", "--width", 64, "--lr", 0.02]
    assert call("train", *words, "--epochs", 20, "--out", out) == 0
    text = capsys.readouterr().out
    assert "192 rows to train on, 24 to validate, 24 to test; 4 features, 3 classes" in text
    assert float(text.split("test accuracy ")[1].split()[0]) > 90
    assert "--target species" in (out / "report.html").read_text("utf-8")
    assert call("evaluate", out, flowers, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["images"] == 240 and found["accuracy"] > 0.95
    with open(flowers, newline="") as file:
        rows = [r[:3] for r in csv.reader(file)][:6]
    new = write(tmp_path / "new.csv", rows[0], rows[1:])
    assert call("predict", out, new, "--csv") == 0
    answers = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [a["species"] for a in answers] == ["a", "b", "c", "a", "b"]
    assert list(answers[0]) == ["file", "row", "species", "probability"]


def test_a_number_of_a_table(houses, tmp_path, capsys):
    out = tmp_path / "run"
    words = [houses, "--target", "price", "--model", "mlp", "--width", 32, "--epochs", 80]
    assert call("train", *words, "--out", out) == 0
    text = capsys.readouterr().out
    assert "3 features, a number (price)" in text
    assert text.splitlines()[3].split() == ["epoch", "train", "loss", "error", "valid", "loss",
                                            "error", "lr", "seconds"]  # fmt: skip
    error, r2 = float(text.split("error of price: ")[1].split()[0]), float(text.split("R² ")[1][:6])
    assert error < 6 and r2 > 0.99
    assert call("evaluate", out, houses, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["rows"] == 300 and found["rmse"] < 6 and found["mae"] < found["rmse"]
    new = write(tmp_path / "new.csv", ["age", "area"], [["new", "100"], ["old", "100"]])
    assert call("predict", out, new, "--json") == 0
    first, second = (json.loads(line)["price"] for line in capsys.readouterr().out.splitlines())
    assert first == pytest.approx(350, abs=8) and second == pytest.approx(330, abs=8)
    assert call("runs", out, "--json") == 0
    assert json.loads(capsys.readouterr().out)["valid_accuracy"] is None


def test_a_run_on_a_table_goes_on(houses, tmp_path, capsys):
    words = [houses, "--target", "price", "--model", "mlp", "--quiet", "--schedule", "none"]
    assert call("train", *words, "--epochs", 4, "--out", tmp_path / "whole") == 0
    assert call("train", *words, "--epochs", 2, "--out", tmp_path / "part") == 0
    (tmp_path / "part" / "report.txt").unlink()
    assert call("train", "--resume", tmp_path / "part", "--epochs", 4, "--quiet") == 0

    def numbers(name):
        with open(tmp_path / name / "history.csv", newline="") as file:
            return [
                {k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)
            ]

    assert numbers("part") == numbers("whole")


def test_lines_of_text(tmp_path, capsys):
    random = np.random.RandomState(0)
    kinds = {"sport": "ball goal team match score win", "food": "salt soup bread bake taste cook"}
    lines = []
    for i in range(120):
        label = ("sport", "food")[i % 2]
        lines.append(f"{label}\t{' '.join(random.choice(kinds[label].split(), 5))} the a of")
    path = tmp_path / "lines.txt"
    path.write_text("\n".join(lines), "utf-8")
    out = tmp_path / "run"
    assert call("train", path, "--model", "logistic", "--epochs", 20, "--out", out) == 0
    assert "4096 features, 2 classes" in (text := capsys.readouterr().out)
    assert "test accuracy 100.00 %" in text
    new = tmp_path / "new.txt"
    new.write_text("?\tbake the bread\n?\tgoal of the match\n", "utf-8")
    assert call("predict", out, new) == 0
    assert [line.split()[3] for line in capsys.readouterr().out.splitlines()] == ["food", "sport"]


def test_words_without_spaces_by_hand():
    row = ["差评", "很好看 GPU8好"]
    x = tables.features({"text": 4096}, ["label", "text"], [row], None)[0, :, 0, 0]
    counts = {"很": 1, "好": 2, "看": 1, "很好": 1, "好看": 1, "gpu8": 1}
    wanted = np.zeros(4096)
    for word, count in counts.items():
        wanted[zlib.crc32(word.encode()) % 4096] += 1 + math.log(count)
    assert x.tolist() == pytest.approx((wanted / np.linalg.norm(wanted)).tolist())


def test_lines_of_chinese(tmp_path, capsys):
    random = np.random.RandomState(0)
    kinds = {"体育": "进球 比赛 球队 得分 胜利", "美食": "面包 好汤 烤肉 美味 厨师"}
    lines = []
    for i in range(120):
        label = ("体育", "美食")[i % 2]
        lines.append(f"{label}\t今天的{''.join(random.choice(kinds[label].split(), 4))}，真的")
    path = tmp_path / "lines.txt"
    path.write_text("\n".join(lines), "utf-8")
    out = tmp_path / "run"
    words = ["--model", "logistic", "--epochs", 20, "--quiet", "--out", out]
    assert call("train", path, *words) == 0
    capsys.readouterr()
    new = tmp_path / "new.txt"
    new.write_text("?\t厨师的面包\n?\t一场比赛\n", "utf-8")
    assert call("predict", out / "last.pt", new) == 0
    assert [line.split()[3] for line in capsys.readouterr().out.splitlines()] == ["美食", "体育"]


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        ("a,b\n1,2\n3,4\n", [], "say which column to predict\n  fix: --target b"),
        ("a,b\n1,2\n3,4\n", ["--target", "c"], "has no column 'c'; its columns are a, b"),
        ("a,b\n1,2\n3\n", ["--target", "b"], "line 3: 1 values for 2 columns"),
        ("a,b\n", ["--target", "b"], "has no rows below its header"),
        ("a,a\n1,2\n", ["--target", "a"], "two columns are called 'a'"),
        ("b\nx\ny\n", ["--target", "b"], "has no column besides 'b'"),
        ("a,b\n1,x\n2,x\n", ["--target", "b"], "the target has 1 values"),
        ("a,b\n1,x\n2,y\n", ["--target", "b"], "has too few rows: 2, with b known"),
        ("a,b\n1,x\n2,y\n", ["--target", "b", "--size", "8"], "--size is for images"),
        ("a,b\n1,x\n2,y\n", ["--target", "b", "--model", "cnn"], None),
    ],
)
def test_mistakes(tmp_path, capsys, text, words, said):
    path = tmp_path / "t.csv"
    path.write_text(text, "utf-8")
    assert call("train", path, "--out", tmp_path / "run", "--epochs", 1, *words) == 2
    error = capsys.readouterr().err
    assert "Traceback" not in error
    assert said is None or said in error


def test_more_mistakes(tmp_path, capsys, flowers):
    assert call("train", "digits", "--target", "b") == 2
    assert "--target is for a table (.csv, .tsv); digits is none" in capsys.readouterr().err
    (tmp_path / "bytes.csv").write_bytes(b"a,b\n\xff\xfe,1\n")
    assert call("train", tmp_path / "bytes.csv", "--target", "b") == 2
    assert "is no text in UTF-8" in capsys.readouterr().err
    (tmp_path / "l.txt").write_text("no tab here\n")
    assert call("train", tmp_path / "l.txt") == 2
    assert "line 1: expected a label, a tab, and a text" in capsys.readouterr().err
    out = tmp_path / "run"
    words = [flowers, "--target", "species", "--quiet", "--epochs", 1]
    assert call("train", *words, "--out", out) == 0
    capsys.readouterr()
    other = write(tmp_path / "o.csv", ["length", "width"], [["1", "2"]])
    assert call("predict", out, other) == 2
    assert "has no column 'soil', which the run was trained with" in capsys.readouterr().err
    other = write(tmp_path / "o.csv", ["length", "width", "soil"], [["long", "2", "dry"]])
    assert call("predict", out, other) == 2
    assert "column 'length': could not convert string to float: 'long'" in capsys.readouterr().err
    other = write(tmp_path / "o.csv", ["length", "width", "soil", "species"], [[1, 2, "dry", "z"]])
    assert call("evaluate", out, other) == 2
    assert "row 1: species is 'z', which is no class of the run" in capsys.readouterr().err
