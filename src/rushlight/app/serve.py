"""`rushlight serve RUN`: a trained model over HTTP.

    http://127.0.0.1:8000/          a page to draw digits on, or to drop photos
    curl --data-binary @7.png http://127.0.0.1:8000/predict
    curl -H 'Content-Type: application/json' -d '{"pixels": [[0, ...], ...]}' .../predict

It listens on this machine only, unless --host says otherwise; there are no passwords, and no
encryption: put a server that has them in front. Ctrl-C and SIGTERM let what has begun finish.
"""

import logging
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rushlight.app import models
from rushlight.app.arguments import Parser, count, not_negative, positive, whole
from rushlight.app.errors import CliError
from rushlight.app.serving import Application, Batches

MEGABYTE = 1_000_000


def main(words: Sequence[str]) -> int:
    """Serves until it is stopped."""
    parser = Parser(
        prog="rushlight serve",
        usage="rushlight serve RUN [--host ADDRESS] [--port N] [--max-size MB] [--timeout S]",
        description="answer over HTTP what a trained model sees in images",
    )
    parser.add_argument("run", type=Path, help="a run's folder, or one of its checkpoints")
    parser.add_argument("--host", default="127.0.0.1", help="address (default: this machine only)")
    parser.add_argument("--port", type=whole(0, 65535), default=8000, help="default: 8000")
    parser.add_argument(
        "--max-size", type=positive, default=10.0, metavar="MB", help="of a request"
    )
    parser.add_argument("--timeout", type=positive, default=30.0, metavar="S", help="of a request")
    parser.add_argument("--threads", type=count, default=4, help="that read requests (default: 4)")
    parser.add_argument("--batch", type=count, default=32, help="images at once (default: 32)")
    parser.add_argument(
        "--wait", type=not_negative, default=5.0, metavar="MS", help="for a batch (default: 5)"
    )
    options = parser.parse_args(words)
    try:
        import waitress  # type: ignore[import-untyped]
    except ImportError:
        raise CliError("serving needs waitress\n  fix: pip install 'rushlight[serve]'") from None
    model, state = models.load(options.run)
    if "table" in state["data"]:
        raise CliError(
            f"{options.run} was trained on rows; serve takes images\n"
            f"  fix: rushlight predict {options.run} TABLE"
        )
    batches = Batches(model, options.batch, options.wait / 1000)
    size, name = int(options.max_size * MEGABYTE), f"{options.run}"
    app = Application(batches, state["data"], name, size, options.timeout)
    listener = _listening(options.host, options.port)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # that a request waits is no news
    server: Any = waitress.create_server(
        app,
        sockets=[listener],
        threads=options.threads,
        ident="rushlight",
        max_request_body_size=2 * size,  # the application answers in JSON up to here
        channel_timeout=int(max(options.timeout, 1)),
        cleanup_interval=5,
        clear_untrusted_proxy_headers=True,
    )
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    print(f"{name}: http://{shown}:{port}/  (Ctrl-C stops)", flush=True)
    if host not in ("127.0.0.1", "::1"):
        print("  anyone who reaches this address can ask; there is no password", flush=True)
    _until_stopped(server, app)
    batches.stop()
    print(f"stopped; {batches.images} images in {batches.batches} batches")
    return 0


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens there. CliError: the address is not ours, the port is taken."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(128)
        except OSError:
            listener.close()
            raise
        return listener
    except socket.gaierror as error:
        raise CliError(
            f"--host {host}: {error.strerror}\n  fix: an address of this machine, as 127.0.0.1"
        ) from None
    except OSError as error:
        raise CliError(
            f"{host}:{port} cannot be listened on: {error.strerror}\n  fix: another --port; 0: any"
        ) from None


def _until_stopped(server: Any, app: Application) -> None:
    """Runs the server until Ctrl-C or SIGTERM; what has begun is answered."""

    def ask(number: int, frame: Any) -> None:
        app.stopping = True
        raise SystemExit

    before = {n: signal.signal(n, ask) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        server.run()  # it catches SystemExit, and lets its threads finish for 5 s
    except SystemExit:
        server.task_dispatcher.shutdown()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        sys.stdout.flush()
