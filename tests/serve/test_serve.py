"""`rushlight serve`, as a process that is asked over HTTP, and its application alone."""

import http.client
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import rushlight as rl
from rushlight import nn
from rushlight.app import cli, serving
from rushlight.vision.datasets import Digits

SRC = str(Path(rl.__file__).parents[1])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a small trained run."""
    folder = tmp_path_factory.mktemp("runs") / "digits"
    words = ["train", "digits", "--model", "logistic", "--epochs", "1", "--quiet", "--out"]
    assert cli.main([*words, str(folder)]) == 0
    return folder


@pytest.fixture
def server(run):
    """(port, process) of a server on a free port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "rushlight", "serve", run, "--port", "0", "--max-size", "0.2",
         "--timeout", "3", "--wait", "50"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": SRC},
    )  # fmt: skip
    line = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
    assert found, (line, process.stderr.read())
    yield int(found[1]), process
    process.kill()
    process.communicate()


def ask(port, path, body=None, kind="application/json", method=None, **headers):
    """(status, answer) of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    body = json.dumps(body).encode() if isinstance(body, dict) else body
    head = {"Content-Type": kind, **headers} if body is not None else headers
    connection.request(method or ("GET" if body is None else "POST"), path, body, head)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    is_json = answer.getheader("Content-Type") == "application/json"
    return answer.status, json.loads(data) if is_json else data


def digit(i=0):
    """(pixels from 0 to 1 (8, 8), label) of a test image."""
    data = Digits("data", train=False)
    return data.data[i].numpy() / np.float32(255), int(data.targets[i])


def wanted(run, pixels):
    """The shares that the model of the run gives, computed here."""
    from rushlight.app import models

    model, state = models.load(run)
    x = (rl.from_numpy(pixels) - state["data"]["mean"]) / state["data"]["std"]
    with rl.no_grad():
        return model(x[None, None]).softmax(1)[0].tolist()


def test_pixels_files_batches_and_a_graceful_end(run, server):
    port, process = server
    pixels, _ = digit()
    status, answer = ask(port, "/predict?top=10", {"pixels": pixels.tolist()})
    assert status == 200
    shares = {row["class"]: row["share"] for row in answer["predictions"][0]}
    expected = wanted(run, pixels)
    assert [shares[str(k)] for k in range(10)] == pytest.approx(expected, abs=1e-6)
    assert list(shares.values()) == sorted(shares.values(), reverse=True)

    picture = io.BytesIO()
    Image.fromarray((pixels * 255).round().astype(np.uint8)).save(picture, "png")
    status, answer = ask(port, "/predict?top=1", picture.getvalue(), "image/png")
    assert (status, len(answer["predictions"][0])) == (200, 1)
    assert answer["predictions"][0][0]["share"] == pytest.approx(max(expected), abs=1e-5)
    dark = io.BytesIO()
    Image.fromarray(255 - (pixels * 255).round().astype(np.uint8)).save(dark, "png")
    turned = ask(port, "/predict?top=1&invert=1", dark.getvalue(), "image/png")
    first, second = (a["predictions"][0][0] for a in (turned[1], answer))
    assert first["class"] == second["class"]
    assert first["share"] == pytest.approx(second["share"], abs=1e-6)  # 1 - (1 - x) is not x

    before = ask(port, "/health")[1]
    assert before["status"] == "ok" and before["images"] == 3
    answers = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(ask(port, "/predict", {"pixels": pixels.tolist()}))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = ask(port, "/health")[1]
    assert [status for status, _ in answers] == [200] * 4 and after["images"] == 7
    assert after["batches"] - before["batches"] < 4  # together

    status, page = ask(port, "/")
    assert status == 200 and b"<canvas" in page and b'"shape": [1, 8, 8]' in page
    assert b"http" not in page.replace(b"http-equiv", b"")  # nothing is fetched from elsewhere

    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0 and "stopped; 7 images" in out and err == ""


def test_what_has_begun_is_answered(run, server):
    port, process = server
    pixels, _ = digit(1)
    body = json.dumps({"pixels": pixels.tolist()}).encode()
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    head = "POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)
    time.sleep(0.02)  # it waits for a batch, 50 ms
    process.send_signal(signal.SIGINT)
    answer = b""
    while piece := connection.recv(65536):
        answer += piece
        if b"predictions" in answer or b"error" in answer:
            break
    connection.close()
    assert b"200 OK" in answer or b"503" in answer
    assert process.wait(20) == 0


@pytest.mark.parametrize(
    ("path", "body", "kind", "status", "words"),
    [
        ("/predict", b"{", "application/json", 400, "not JSON"),
        ("/predict", b"[" * 90000, "application/json", 400, "not JSON"),
        ("/predict", {"pixel": 1}, "application/json", 400, "must be"),
        ("/predict", {"images": []}, "application/json", 400, "at least one"),
        ("/predict", {"images": [0] * 300}, "application/json", 413, "at most 256"),
        ("/predict", {"pixels": [[0, 1], [0]]}, "application/json", 400, "one length"),
        ("/predict", {"pixels": [["a"]]}, "application/json", 400, "numbers"),
        ("/predict", {"pixels": [[0.5] * 3] * 3}, "application/json", 400, "takes (1, 8, 8)"),
        ("/predict", {"pixels": [[2.0] * 8] * 8}, "application/json", 400, "from 0"),
        ("/predict?top=-1", {"pixels": [[0] * 8] * 8}, "application/json", 400, "top=-1"),
        ("/predict", b"not an image", "image/png", 415, "no image"),
        ("/predict", b"x" * 250_000, "image/png", 413, "at most 200,000"),
        ("/nothing", b"x", "text/plain", 404, "no /nothing"),
        ("/health", b"x", "text/plain", 405, "not for POST"),
    ],
)  # fmt: skip
def test_requests_that_are_refused(application, path, body, kind, status, words):
    got, answer = call(application, path, body, kind)
    assert got == status and words in answer["error"]


@pytest.fixture(scope="module")
def application(run):
    from rushlight.app import models

    model, state = models.load(run)
    batches = serving.Batches(model)
    yield serving.Application(batches, state["data"], most=200_000, seconds=1)
    batches.stop()


def call(application, path, body=b"", kind="", method="POST"):
    """(status, JSON) of the application called as a server does."""
    body = json.dumps(body).encode() if isinstance(body, dict) else body
    path, _, query = path.partition("?")
    found = []
    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "CONTENT_TYPE": kind,
        "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
    }  # fmt: skip
    answer = b"".join(application(environ, lambda status, headers: found.append(status)))
    return int(found[0][:3]), json.loads(answer)


def test_an_image_that_unfolds(application):
    """A file of some kilobytes that would be 900 megapixels."""
    rows = zlib.compress(b"\0" * 4000)

    def chunk(kind, data):
        check = zlib.crc32(kind + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + kind + data + check

    size = (30000).to_bytes(4, "big")
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size + size + b"\x08\0\0\0\0") + chunk(b"IDAT", rows)
    )
    status, answer = call(application, "/predict", bomb, "image/png")
    assert status in (413, 415) and "error" in answer


def test_a_slow_model_and_a_broken_one(run):
    class Slow(nn.Module):
        def forward(self, x):
            time.sleep(0.6)
            return x.flatten(1)[:, :2]

    class Broken(nn.Module):
        def forward(self, x):
            raise ValueError("no such thing")

    about = {"classes": ["a", "b"], "shape": [1, 2, 2], "mean": 0.0, "std": 1.0}
    body = {"pixels": [[0, 1], [1, 0]]}
    for model, status, words in ((Slow(), 504, "within 0.1 s"), (Broken(), 500, "no such thing")):
        batches = serving.Batches(model)
        app = serving.Application(batches, about, seconds=0.1)
        got, answer = call(app, "/predict", body, "application/json")
        assert got == status and words in answer["error"]
        batches.stop()


def test_too_many_wait(monkeypatch):
    monkeypatch.setattr(serving, "WAITING", 1)
    gate = threading.Event()

    class Held(nn.Module):
        def forward(self, x):
            gate.wait(5)
            return x.flatten(1)[:, :2]

    batches = serving.Batches(Held(), size=1)
    x = rl.zeros(1, 2, 2)
    first = batches.ask(x)
    while not batches.waiting.empty():
        time.sleep(0.001)
    batches.ask(x)
    with pytest.raises(serving.Refused, match="too many"):
        batches.ask(x)
    gate.set()
    assert first.result(5) == [0.5, 0.5]
    batches.stop()


def test_words_that_are_wrong(run, capsys):
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    port = str(taken.getsockname()[1])
    assert cli.main(["serve", str(run), "--port", port]) == 2
    assert "cannot be listened on" in capsys.readouterr().err
    taken.close()
    assert cli.main(["serve", str(run), "--port", "99999"]) == 2
    assert "whole number from 0 to 65535" in capsys.readouterr().err
    assert cli.main(["serve", "nowhere"]) == 2
    assert "no checkpoint 'nowhere'" in capsys.readouterr().err


def test_a_run_of_rows_is_not_served(tmp_path, capsys):
    rows = "".join(f"{i},{'ab'[i % 2]}\n" for i in range(30))
    (tmp_path / "t.csv").write_text("x,y\n" + rows)
    words = ["train", str(tmp_path / "t.csv"), "--target", "y", "--model", "logistic", "--quiet"]
    assert cli.main([*words, "--epochs", "1", "--out", str(tmp_path / "run")]) == 0
    assert cli.main(["serve", str(tmp_path / "run"), "--port", "0"]) == 2
    assert "was trained on rows; serve takes images\n  fix: rush" in capsys.readouterr().err


def test_a_host_that_is_none(run, capsys):
    assert cli.main(["serve", str(run), "--host", "192.0.2.1", "--port", "0"]) == 2
    assert "192.0.2.1:0 cannot be listened on" in capsys.readouterr().err
