"""A terminal (tmux) whose screen a test reads and whose keys it presses, and data to train on."""

import gzip
import os
import re
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import rushlight
from rushlight.vision.datasets import Digits

SECONDS = 60  # that anything may take
COMMAND = """#!{python}
import sys
from rushlight.app.cli import main
sys.exit(main())
"""


class Terminal:
    """A shell in a window of tmux, on a server of its own."""

    def __init__(self, folder: Path, width: int):
        assert shutil.which("tmux"), "these tests need tmux: apt-get install tmux"
        self.folder, self.name, self.count = folder, f"rushlight-{os.getpid()}-{id(self)}", 0
        command = folder / "bin" / "rushlight"
        command.parent.mkdir(exist_ok=True)
        command.write_text(COMMAND.format(python=sys.executable))
        command.chmod(0o755)
        left_out = ("NO_COLOR", "COLUMNS", "LINES", "TMUX", "FORCE_COLOR", "PROMPT_COMMAND")
        env = {key: value for key, value in os.environ.items() if key not in left_out}
        env |= {"PATH": f"{command.parent}:{env['PATH']}", "PS1": "> ", "TERM": "xterm-256color"}
        env |= {"PYTHONPATH": str(Path(rushlight.__file__).parents[1]), "LC_ALL": "C.UTF-8"}
        size = ["-x", str(width), "-y", "50"]
        shell = ["bash", "--norc", "--noprofile"]
        words = ["-f", "/dev/null", "new-session", "-d", *size, "-c", str(folder), *shell]
        subprocess.run(["tmux", "-L", self.name, *words], env=env, check=True)

    def tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self.name, *words], capture_output=True, text=True, check=True
        )
        return done.stdout

    def close(self) -> None:
        self.tmux("kill-server")

    def screen(self, *options: str) -> str:
        """What is on the screen; -J joins lines that the terminal broke, -e keeps colours."""
        return self.tmux("capture-pane", "-p", "-S", "-", *options).rstrip()

    def press(self, key: str) -> None:
        self.tmux("send-keys", key)

    def type(self, command: str) -> int:
        """Types a command on an empty screen; a number for `wait`."""
        self.count += 1
        self.tmux("send-keys", "clear", "Enter")
        self.until(lambda: self.screen().strip() in (">", ""))
        self.tmux("clear-history")
        self.tmux("send-keys", "-l", f"{command}; echo ended-$?-{self.count}")
        self.tmux("send-keys", "Enter")
        return self.count

    def until(self, seen, what="what was expected"):
        """Waits until seen() is true, and returns it."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            if found := seen():
                return found
            time.sleep(0.03)
        raise AssertionError(f"{what} was not seen in {SECONDS} s; the screen:\n{self.screen()}")

    def wait(self, number: int) -> tuple[int, str]:
        """Waits for the end of a typed command: (its status, the screen without the typed line)."""
        pattern = rf"^ended-(\d+)-{number}$"
        status = self.until(lambda: re.search(pattern, self.screen("-J"), re.M), "the end")
        text = self.screen("-J")
        return int(status[1]), text.split(f"ended-$?-{number}", 1)[1]

    def run(self, command: str) -> tuple[int, str]:
        return self.wait(self.type(command))


@pytest.fixture
def terminal(tmp_path):
    """terminal(width): a shell in a terminal of so many columns, in an empty folder."""
    opened = []

    def make(width: int = 100) -> Terminal:
        opened.append(Terminal(tmp_path, width))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def shapes(tmp_path):
    """shapes(root, kinds): folders of 12 drawings each, of many sizes; one file is broken."""
    from PIL import Image, ImageDraw

    def make(root: str, kinds=("disc", "square", "triangle")) -> Path:
        random = np.random.default_rng(0)
        for kind in kinds:
            folder = tmp_path / root / kind
            folder.mkdir(parents=True)
            for k in range(12):
                width, height = (int(n) for n in random.integers(30, 90, 2))
                image = Image.new("RGB", (width, height), (int(random.integers(0, 60)),) * 3)
                box = (width * 0.15, height * 0.15, width * 0.85, height * 0.85)
                draw, colour = ImageDraw.Draw(image), (220, int(random.integers(120, 255)), 60)
                if kind == "disc":
                    draw.ellipse(box, fill=colour)
                elif kind == "square":
                    draw.rectangle(box, fill=colour)
                elif kind == "triangle":
                    draw.polygon([box[:2], (box[2], box[1]), (width / 2, box[3])], fill=colour)
                else:
                    draw.line(box, fill=colour, width=5)
                image.save(folder / f"{k:02}.{'jpg' if k % 3 else 'png'}")
        whole = (tmp_path / root / kinds[0] / "00.png").read_bytes()
        (tmp_path / root / kinds[0] / "broken.png").write_bytes(whole[: len(whole) // 2])
        return tmp_path / root

    return make


@pytest.fixture
def mnist(tmp_path):
    """A folder with MNIST's four files: the real ones in $RUSHLIGHT_MNIST, else digits of 28x28."""
    given = os.environ.get("RUSHLIGHT_MNIST")
    if given and (Path(given) / "MNIST" / "raw").is_dir():
        return Path(given)
    raw = tmp_path / "data" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part, train in (("train", True), ("t10k", False)):
        digits = Digits(tmp_path, train=train)
        wide = np.kron(digits.data.numpy(), np.ones((1, 3, 3)))  # (N, 8, 8) -> (N, 24, 24)
        for name, array in (
            ("images", np.pad(wide, ((0, 0), (2, 2), (2, 2)))),
            ("labels", digits.targets.numpy()),
        ):
            head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
            data = gzip.compress(head + array.astype(np.uint8).tobytes(), 1)
            (raw / f"{part}-{name}-idx{array.ndim}-ubyte.gz").write_bytes(data)
    return tmp_path / "data"
