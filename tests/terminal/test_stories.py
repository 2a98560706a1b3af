"""The command line from data to answers, typed as a person would: MNIST, photos, a table."""

import csv
import json
import re

import numpy as np

import rushlight as rl


def accuracy(text):
    return float(re.search(r"accuracy (\d+\.\d+) %", text)[1])


def test_mnist_trained_resumed_and_evaluated(terminal, mnist, tmp_path):
    window = terminal(100)
    train = f"rushlight train mnist --root {mnist} --width 64 --schedule none --epochs 1"
    status, text = window.run(f"{train} --out run")
    assert status == 0 and "1x28x28, 10 classes" in text
    first = accuracy(text[text.index("test accuracy") :])
    status, text = window.run("rushlight train --resume run")
    assert status == 2 and "the run in run has finished its 1 epochs" in text
    status, text = window.run("rushlight train --resume run --epochs 4")
    assert status == 0 and "going on after 1 epochs and 0 batches" in text
    status, text = window.run("rushlight evaluate run --json > found.json")
    found = json.loads((tmp_path / "found.json").read_text())
    assert status == 0 and 100 * found["accuracy"] > max(85, first)
    status, text = window.run("rushlight runs run")
    assert status == 0 and f"{100 * found['accuracy']:.2f} %" in text


def test_photos_trained_transferred_and_predicted(terminal, shapes, tmp_path):
    shapes("photos")
    window = terminal(110)
    train = "--model cnn --size 24 --batch-size 8 --optimizer adam --lr 0.01 --valid 0.2 --test 0.2"
    status, text = window.run(f"rushlight train photos {train} --epochs 40 --out run")
    assert status == 0 and "left out 1 file that cannot be read" in text
    assert "photos/disc/broken.png: not an image, or only part of one" in text
    status, text = window.run("rushlight evaluate run photos")
    assert status == 0 and accuracy(text) > 85 and "triangle" in text
    status, _ = window.run("rushlight predict run photos --csv > answers.csv")
    assert status == 1  # the broken file
    with open(tmp_path / "answers.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 36
    assert sum(row["class1"] == row["file"].split("/")[1] for row in rows) > 30

    shapes("more", ("disc", "line", "square", "triangle"))
    words = f"{train} --init run --freeze 'conv1.*,conv2.*' --epochs 2 --out second"
    status, text = window.run(f"rushlight train more {words}")
    assert status == 0 and "4 classes" in text
    first = rl.load(tmp_path / "run" / "best.pt")["model"]
    after = rl.load(tmp_path / "second" / "last.pt")["model"]
    same = [name for name in first if rl.equal(first[name], after[name])]
    assert same == ["conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias"]
    assert [len(first["conv3.bias"]), len(after["conv3.bias"])] == [3, 4]


def test_a_table_trained_evaluated_and_predicted(terminal, tmp_path):
    random = np.random.RandomState(0)
    with open(tmp_path / "flowers.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["length", "width", "soil", "species"])
        for i in range(180):
            x, y = random.randn(2) * 0.5 + [(0, 0), (3, 0), (0, 3)][i % 3]
            soil = "wet" if i % 3 == 1 else "dry"
            writer.writerow([f"{x:.3f}", f"{100 * y:.2f}", soil, "abc"[i % 3]])
    window = terminal(90)
    status, text = window.run("rushlight train flowers.csv")
    assert status == 2 and "fix: --target species" in text
    words = "--target species --model mlp --width 32 --lr 0.02 --epochs 20 --out run"
    status, text = window.run(f"rushlight train flowers.csv {words}")
    assert status == 0 and "4 features, 3 classes" in text
    status, text = window.run("rushlight evaluate run flowers.csv")
    assert status == 0 and accuracy(text) > 95
    (tmp_path / "new.csv").write_text("length,width,soil\n3.1,2,wet\n0.1,290,dry\n")
    status, text = window.run("rushlight predict run new.csv")
    assert status == 0
    assert re.findall(r"^new.csv, row (\d): (\w) ", text, re.M) == [("1", "b"), ("2", "c")]
