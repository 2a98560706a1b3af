"""Serves one page on 127.0.0.1 while it is being written: `rushlight train --live`."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LAST_LOOK = 5.0  # seconds that the last page waits for a browser that has been looking


class Live:
    """A server of its own thread; `page` is what it answers with.

    Only this machine reaches it, and only under its own name: a page of another site that has this
    address looked up for it gets no answer.
    """

    def __init__(self, port: int = 0):
        self.page = ""
        self.given = ""  # the page that was asked for last
        self.looked = 0.0  # when
        live = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host = (self.headers.get("Host") or "").rpartition(":")[0]
                if host not in ("127.0.0.1", "localhost"):
                    self.send_error(403)
                    return
                if self.path.partition("?")[0] not in ("/", "/report.html"):
                    self.send_error(404)
                    return
                page = live.page
                body = page.encode("utf-8")
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Cache-Control", "no-store")
                self.end_headers()
                self.wfile.write(body)
                live.given, live.looked = page, time.monotonic()

            def log_message(self, *args: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *args: object) -> None:
                pass  # a browser that went away

        self.server = Server(("127.0.0.1", port), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Ends it; a browser that has been looking gets the last page before."""
        end = time.monotonic() + LAST_LOOK
        while self.looked and self.given != self.page and time.monotonic() < end:
            if time.monotonic() - self.looked > LAST_LOOK:
                break
            time.sleep(0.05)
        self.server.shutdown()
        self.server.server_close()
