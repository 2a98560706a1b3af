"""Headless Chromium through its DevTools, by a pair of pipes: no driver, no web socket.

with Browser() as browser, browser.page("file:///x.html", width=400) as page:
    page.requests, page.errors, page.run("document.title"), page.screenshot()
"""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

CHROMIUM = next(
    (p for p in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if p), None
)
FLAGS = """
    --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync
    --disable-background-networking --disable-component-update --disable-default-apps
    --disable-extensions --hide-scrollbars --force-color-profile=srgb --remote-debugging-pipe
""".split()
PATIENCE = 60.0  # seconds that any answer may take


class Browser:
    """A Chromium of one's own; `page` opens a page in it."""

    def __init__(self):
        if CHROMIUM is None:
            raise RuntimeError("no chromium here; apt-get install chromium")
        self.folder = tempfile.mkdtemp(prefix="chromium-")
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        # Chromium reads commands from descriptor 3 and writes answers to 4
        words = " ".join([CHROMIUM, *FLAGS, f"--user-data-dir={self.folder}", "about:blank"])
        self.process = subprocess.Popen(
            ["bash", "-c", f"exec {words} 3<&{theirs_in} 4>&{theirs_out}"],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self.input, self.output = ours_in, ours_out
        self.rest, self.count = b"", 0
        self.events = []

    def __enter__(self):
        return self

    def __exit__(self, *error):
        try:
            self.call("Browser.close")
            self.process.wait(10)
        except (OSError, RuntimeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        os.close(self.input)
        os.close(self.output)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _message(self, patience):
        end = time.monotonic() + patience
        while b"\0" not in self.rest:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.input], [], [], left)[0]:
                return None
            part = os.read(self.input, 1 << 20)
            if not part:
                raise RuntimeError("chromium has ended")
            self.rest += part
        text, _, self.rest = self.rest.partition(b"\0")
        return json.loads(text)

    def call(self, method, session=None, **params):
        """The answer to a command; events that come before it are kept."""
        self.count += 1
        number = self.count
        command = {"id": number, "method": method, "params": params}
        if session:
            command["sessionId"] = session
        os.write(self.output, json.dumps(command).encode() + b"\0")
        while True:
            message = self._message(PATIENCE)
            if message is None:
                raise RuntimeError(f"chromium does not answer {method}")
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self.events.append(message)

    def wait(self, session, method, patience=PATIENCE):
        """Until the page has sent this event."""
        while True:
            for event in self.events:
                if event.get("sessionId") == session and event["method"] == method:
                    self.events.remove(event)
                    return event["params"]
            message = self._message(patience)
            if message is None:
                raise RuntimeError(f"chromium does not send {method}")
            self.events.append(message)

    @contextmanager
    def page(self, url, width=1400, height=900, dark=False, script=True):
        """The page at `url`, loaded, in a window of that size."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        answer = self.call("Target.attachToTarget", targetId=target, flatten=True)
        page = Page(self, answer["sessionId"], url)
        page.open(width, height, dark, script)
        yield page
        self.call("Target.closeTarget", targetId=target)


class Page:
    """A page that is open."""

    def __init__(self, browser, session, url):
        self.browser, self.session, self.url = browser, session, url

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def open(self, width, height, dark, script):
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.look(width, height, dark)
        self.call("Emulation.setScriptExecutionDisabled", value=not script)
        self.call("Page.navigate", url=self.url)
        self.browser.wait(self.session, "Page.loadEventFired")

    def look(self, width, height, dark=False):
        """The window's size, the reader's setting of light or dark."""
        self.width = width
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 500,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def _seen(self, *methods):
        self.run("1")  # whatever was on its way has arrived
        return [
            e["params"]
            for e in self.browser.events
            if e.get("sessionId") == self.session and e["method"] in methods
        ]

    @property
    def requests(self):
        """Addresses that were asked for, without data: and the page itself."""
        asked = [e["request"]["url"] for e in self._seen("Network.requestWillBeSent")]
        return [u for u in asked if not u.startswith("data:") and u.split("#")[0] != self.url]

    @property
    def errors(self):
        """What the console shows of errors and warnings, and uncaught exceptions."""
        logged = [
            e["entry"]["text"]
            for e in self._seen("Log.entryAdded")
            if e["entry"]["level"] in ("error", "warning")
        ]
        said = [str(e["args"]) for e in self._seen("Runtime.consoleAPICalled")]
        thrown = [str(e["exceptionDetails"]) for e in self._seen("Runtime.exceptionThrown")]
        return logged + said + thrown

    def run(self, expression):
        """The value of a JavaScript expression."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"])
        return result["result"].get("value")

    def screenshot(self, path, top=0, height=None):
        """A picture of the page from `top`; the whole page by default."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        height = min(height or 1e9, size["height"] - top, 12000)
        clip = {"x": 0, "y": top, "width": self.width, "height": height, "scale": 1}
        data = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]
        Path(path).write_bytes(base64.b64decode(data))
