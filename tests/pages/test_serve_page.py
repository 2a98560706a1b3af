"""The page of `rushlight serve` in headless Chromium: a digit is drawn, an answer appears."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

import rushlight as rl
from rushlight.app import cli

DRAW = """
    (() => {
        const canvas = document.getElementById('canvas'), box = canvas.getBoundingClientRect();
        canvas.setPointerCapture = () => {};
        const at = (kind, x, y) => canvas.dispatchEvent(new PointerEvent(kind, {
            pointerId: 1, clientX: box.left + x * box.width, clientY: box.top + y * box.height}));
        at('pointerdown', 0.5, 0.1);
        for (let y = 0.1; y <= 0.9; y += 0.1) at('pointermove', 0.5, y);
        at('pointerup', 0.5, 0.9);
    })()
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "digits"
    words = ["train", "digits", "--model", "mlp", "--epochs", "6", "--quiet", "--out", str(run)]
    assert cli.main(words) == 0
    process = subprocess.Popen(
        [sys.executable, "-m", "rushlight", "serve", run, "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(rl.__file__).parents[1])},
    )
    yield re.search(r"http://\S+", process.stdout.readline())[0]
    process.terminate()
    process.communicate(timeout=20)


@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_one_is_drawn(browser, shots, address, width, dark):
    with browser.page(address, width, dark=dark) as page:
        assert page.run("document.documentElement.scrollWidth") <= width
        page.run(DRAW)
        for _ in range(100):
            found = page.run("[...document.querySelectorAll('#answer tr')].map(r => r.innerText)")
            if found:
                break
            time.sleep(0.05)
        assert found[0].split()[0] == "1" and len(found) == 10, found
        assert page.errors == [] and page.run("document.getElementById('note').innerText") == ""
        assert all(r.startswith(address) for r in page.requests)
        assert page.run("document.documentElement.scrollWidth") <= width
        page.screenshot(shots / f"serve-{width}-{'dark' if dark else 'light'}.png")
