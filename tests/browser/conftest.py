"""The playground's folder, rushlight under Pyodide in node, and a Chromium with a server beside it.

`make playground` builds the folder; $PLAYGROUND names another one. `make test-browser` does both.
Every page of the tests leaves a picture in $PAGES_SHOTS, if that is set.
"""

import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLAYGROUND = Path(os.environ.get("PLAYGROUND") or ROOT / "build/playground")
sys.path.insert(0, str(ROOT / "tests/pages"))  # browser.py: Chromium by its DevTools

from browser import Browser  # noqa: E402


@pytest.fixture(scope="session")
def in_node():
    """in_node(script, *words, NAME=value) -> the finished process; paths from the root."""

    def run(script, *words, limit=300, **environment):
        command = ["node", ROOT / "tests/browser/python.mjs", PLAYGROUND, ROOT, script, *words]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=limit,
            env=os.environ | {"PYODIDE_ENV": json.dumps(environment)},
        )

    return run


@pytest.fixture(scope="session")
def browser():
    with Browser() as browser:
        yield browser


class _Server(SimpleHTTPRequestHandler):
    """Anybody may read what it has; it remembers what it was asked for."""

    def end_headers(self):
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, *words):
        self.server.asked.append(self.path)


@contextmanager
def server_of(folder):
    """(address, list of paths that were asked for) of a server of a folder on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Server, directory=folder))
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", server.asked
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def served():
    """The address of the playground on this machine."""
    with server_of(PLAYGROUND) as (address, _):
        yield address


@pytest.fixture
def elsewhere(tmp_path):
    """Another origin, with a file x."""
    (tmp_path / "x").write_text("x" * 100)
    with server_of(tmp_path) as found:
        yield found


@pytest.fixture(scope="session")
def shots(tmp_path_factory):
    folder = Path(os.environ.get("PAGES_SHOTS") or tmp_path_factory.mktemp("shots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
