"""The application behind `rushlight serve`: a WSGI function, and the batches it puts together.

    GET  /          the page: a canvas to draw digits on, a place to drop photos
    GET  /health    {"status": "ok", ...}; 503 while it stops
    GET  /model     classes, size of the images
    POST /predict   an image file as the body, or JSON: {"pixels": numbers from 0 to 1 (H, W) or
                    (C, H, W)}, or {"images": [pixels, ...]}; ?top=3 ?invert=1

Answers of /predict: {"predictions": [[{"class": "7", "share": 0.98}, ...], ...]}. An error is
{"error": "..."} with a status of HTTP.

Letters: N images in a batch, C channels, H and W height and width.
"""

from __future__ import annotations

import io
import json
import queue
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import numpy as np

import rushlight as rl
from rushlight import Tensor, nn
from rushlight.app.predict import as_input

LARGEST_IMAGE = 50_000_000  # pixels: a small file may unfold to any size
MOST_IMAGES = 256  # in one request
WAITING = 1024  # images that may wait for a batch

STATUS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    411: "Length Required",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    500: "Internal Server Error",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
HEADERS = [
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    (
        "Content-Security-Policy",
        "default-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; frame-ancestors 'none'",
    ),
]


class Refused(Exception):
    """A request that cannot be answered: the status and the reason."""

    def __init__(self, status: int, text: str):
        super().__init__(text)
        self.status = status


class Batches:
    """Collects images of several requests and runs the model on them together.

    size    images in a batch, at most
    wait    seconds that the first image of a batch waits for others
    """

    def __init__(self, model: nn.Module, size: int = 32, wait: float = 0.005):
        self.model, self.size, self.wait = model.eval(), size, wait
        self.waiting: queue.Queue[tuple[Tensor, Future] | None] = queue.Queue(WAITING)
        self.batches = self.images = 0
        self.thread = threading.Thread(target=self._run, name="batches", daemon=True)
        self.thread.start()

    def ask(self, x: Tensor) -> Future:
        """The shares of the classes (K) for an image (C, H, W), later. Refused: too many wait."""
        future: Future = Future()
        try:
            self.waiting.put_nowait((x, future))
        except queue.Full:
            raise Refused(503, "too many images are waiting; try again later") from None
        return future

    def stop(self) -> None:
        """Answers what is waiting, and ends."""
        self.waiting.put(None)
        self.thread.join()

    def _run(self) -> None:
        while True:
            first = self.waiting.get()
            if first is None:
                return
            group, last = self._group(first)
            self._answer([item for item in group if not item[1].cancelled()])
            if last:
                return

    def _group(self, first: tuple) -> tuple[list, bool]:
        """(the images of one batch, is the end reached)"""
        group, until = [first], time.monotonic() + self.wait
        while len(group) < self.size:
            try:
                left = until - time.monotonic()
                item = self.waiting.get(left > 0, max(left, 0) or None)
            except queue.Empty:
                break
            if item is None:
                return group, True
            group.append(item)
        return group, False

    def _answer(self, group: list) -> None:
        if not group:
            return
        try:
            with rl.no_grad():
                scores = self.model(rl.stack([x for x, _ in group]))  # (N, K)
                shares = scores.softmax(1)
            self.batches, self.images = self.batches + 1, self.images + len(group)
            for (_, future), row in zip(group, shares.unbind(0), strict=True):
                future.set_result(row.tolist())
        except Exception as error:  # the threads that wait must hear of it
            for _, future in group:
                if not future.done():
                    future.set_exception(error)


class Application:
    """The WSGI application.

    about     {"classes": ..., "shape": (C, H, W), "mean": ..., "std": ...}
    most      bytes of a request, at most
    seconds   that an answer may take
    """

    def __init__(
        self,
        batches: Batches,
        about: dict[str, Any],
        name: str = "model",
        most: int = 10_000_000,
        seconds: float = 30.0,
    ):
        self.batches, self.about, self.name = batches, about, name
        self.most, self.seconds = most, seconds
        self.stopping = False
        self.began = time.monotonic()
        self.routes: dict[tuple[str, str], Callable[[dict], Any]] = {
            ("GET", "/"): self.page,
            ("GET", "/health"): self.health,
            ("GET", "/model"): self.model,
            ("POST", "/predict"): self.predict,
        }

    def __call__(self, environ: dict, start: Callable) -> Iterable[bytes]:
        """Answers one request."""
        status = 200
        try:
            found = self._route(environ)(environ)
        except Refused as error:
            status, found = error.status, {"error": str(error)}
        except Exception as error:  # of the model, or a fault here: the server goes on
            environ["wsgi.errors"].write(f"rushlight serve: {type(error).__name__}: {error}\n")
            status, found = 500, {"error": f"{type(error).__name__}: {error}"}
        if isinstance(found, bytes):
            kind, body = "text/html; charset=utf-8", found
        else:
            kind, body = "application/json", json.dumps(found).encode()
        if found is not None and isinstance(found, dict) and found.get("status") == "stopping":
            status = 503
        length = ("Content-Length", str(len(body)))
        start(f"{status} {STATUS[status]}", [("Content-Type", kind), length, *HEADERS])
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]

    def _route(self, environ: dict) -> Callable[[dict], Any]:
        path = environ.get("PATH_INFO") or "/"
        method = environ["REQUEST_METHOD"]
        method = "GET" if method == "HEAD" else method
        found = self.routes.get((method, path))
        if found is not None:
            return found
        if any(p == path for _, p in self.routes):
            raise Refused(405, f"{path} is not for {method}")
        raise Refused(404, f"no {path}; there are {', '.join(p for _, p in self.routes)}")

    # what is served

    def page(self, environ: dict) -> bytes:
        """The page, which knows the classes and the size of the images."""
        text = (Path(__file__).parent / "serve.html").read_text("utf-8")
        about = {"name": self.name, **self.model(environ)}
        return text.replace("/*ABOUT*/", _script(about)).encode()

    def health(self, environ: dict) -> dict[str, Any]:
        """Is it up, and what has it done."""
        return {
            "status": "stopping" if self.stopping else "ok",
            "model": self.name,
            "seconds": round(time.monotonic() - self.began, 1),
            "images": self.batches.images,
            "batches": self.batches.batches,
        }

    def model(self, environ: dict) -> dict[str, Any]:
        """What the model takes and answers."""
        return {"classes": self.about["classes"], "shape": list(self.about["shape"])}

    def predict(self, environ: dict) -> dict[str, Any]:
        """The likeliest classes of each image of the request."""
        query = parse_qs(environ.get("QUERY_STRING", ""))
        top = _number(query.get("top", ["5"])[0])
        invert = query.get("invert", ["0"])[0] in ("1", "true")
        if self.stopping:
            raise Refused(503, "the server is stopping")
        body = self._body(environ)
        kind = (environ.get("CONTENT_TYPE") or "").partition(";")[0].strip().lower()
        images = self._json(body, invert) if kind == "application/json" else [
            self._file(body, invert)
        ]  # fmt: skip
        futures = [self.batches.ask(x) for x in images]
        until = time.monotonic() + self.seconds
        try:
            rows = [f.result(max(until - time.monotonic(), 0.001)) for f in futures]
        except Late:
            for f in futures:
                f.cancel()
            raise Refused(504, f"no answer within {self.seconds:g} s") from None
        return {"predictions": [self._likeliest(row, top) for row in rows]}

    # parts of a request

    def _body(self, environ: dict) -> bytes:
        try:
            length = int(environ.get("CONTENT_LENGTH") or "")
        except ValueError:
            raise Refused(411, "the length of the body must be given") from None
        if length > self.most:
            raise Refused(413, f"{length:,} bytes; at most {self.most:,} are taken")
        body = environ["wsgi.input"].read(length)
        if not body:
            raise Refused(400, "the request is empty; send an image file or JSON")
        return body

    def _file(self, body: bytes, invert: bool) -> Tensor:
        from rushlight.vision.transforms.pil import image_module

        try:
            image = image_module().open(io.BytesIO(body))
            width, height = image.size
            if width * height > LARGEST_IMAGE:
                raise Refused(413, f"an image of {width} x {height} pixels is too large")
            return as_input(image, self.about, invert)
        except Refused:
            raise
        except ImportError as error:
            raise Refused(415, f"images need Pillow here ({error}); send JSON") from None
        except Exception:  # Pillow's decoders raise many types
            raise Refused(415, "the body is no image that can be read, and no JSON") from None

    def _json(self, body: bytes, invert: bool) -> list[Tensor]:
        try:
            given = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Refused(400, f"not JSON: {error}") from None
        if not isinstance(given, dict) or not {"pixels", "images"} & given.keys():
            raise Refused(400, 'JSON must be {"pixels": ...} or {"images": [...]}')
        images = [given["pixels"]] if "pixels" in given else given["images"]
        if not isinstance(images, list) or not images:
            raise Refused(400, '"images" must be a list of at least one image')
        if len(images) > MOST_IMAGES:
            raise Refused(413, f"{len(images)} images; at most {MOST_IMAGES} are taken")
        return [self._pixels(p, invert) for p in images]

    def _pixels(self, pixels: Any, invert: bool) -> Tensor:
        shape = tuple(self.about["shape"])
        try:
            a = np.asarray(pixels, np.float32)
        except (ValueError, TypeError):
            raise Refused(400, "pixels must be lists of numbers, all of one length") from None
        if shape[0] == 1 and a.shape == shape[1:]:
            a = a[None]
        if a.shape != shape:
            raise Refused(400, f"pixels have the shape {a.shape}; the model takes {shape}")
        if not np.isfinite(a).all() or a.min() < 0 or a.max() > 1:
            raise Refused(400, "pixels must be numbers from 0 (black) to 1 (white)")
        a = 1 - a if invert else a
        return rl.from_numpy((a - np.float32(self.about["mean"])) / np.float32(self.about["std"]))

    def _likeliest(self, row: list[float], top: int) -> list[dict[str, Any]]:
        order = sorted(range(len(row)), key=lambda i: -row[i])[:top]
        return [{"class": self.about["classes"][i], "share": row[i]} for i in order]


def _number(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:6]) <= 100_000:
        raise Refused(400, f"top={text[:20]} is not a whole number of at least 1")
    return int(text[:6])


def _script(value: Any) -> str:
    """JSON that may stand in a script of a page."""
    return json.dumps(value).replace("<", "\\u003c").replace("&", "\\u0026")
