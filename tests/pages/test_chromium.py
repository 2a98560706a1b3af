"""Every page in headless Chromium: nothing in the console, nothing asked of a network, links that
lead somewhere, no wider than its window, in light and dark, with and without script.
"""

import http.client
import os
import re
import subprocess
import sys
import time
from urllib.parse import urlsplit

import numpy as np
import pytest

BROKEN_LINKS = """
    [...document.querySelectorAll('a')].map(a => a.getAttribute('href'))
        .filter(h => !h.startsWith('#') || !document.getElementById(h.slice(1)))
"""
EMPTY_IMAGES = "[...document.images].filter(i => !i.complete || !i.naturalWidth).length"
# what sticks out to the right, unless its place scrolls
TOO_WIDE = """
    [...document.querySelectorAll('main *')].filter(e => {
        const box = e.getBoundingClientRect();
        return box.width && box.right > innerWidth + 1 && !e.closest('.scroll, pre, .side');
    }).map(e => e.outerHTML.slice(0, 80))
"""


def pixels(path):
    from PIL import Image

    with Image.open(path) as image:
        return np.asarray(image.convert("L")).astype(float)


@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_page_opens(browser, pages, shots, name, width, dark):
    shot = shots / f"{name}-{width}-{'dark' if dark else 'light'}.png"
    with browser.page(pages[name].as_uri(), width, dark=dark) as page:
        assert page.requests == [] and page.errors == []
        assert page.run(BROKEN_LINKS) == []
        assert page.run(EMPTY_IMAGES) == 0
        if name != "notebook":
            assert page.run("document.documentElement.scrollWidth") <= width
            assert page.run(TOO_WIDE) == []
            assert page.run("document.querySelectorAll('h1').length") == 1
        page.screenshot(shot, height=None if os.environ.get("PAGES_SHOTS") else 1600)
    seen = pixels(shot)
    assert seen.shape[1] == width and seen.std() > 5  # something is drawn
    if name != "notebook":
        corner = seen[:8, :8].mean()
        assert corner < 40 if dark else corner > 230


@pytest.mark.parametrize("kind", ["report", "report-photos", "walk-branches"])
def test_a_page_needs_no_script(browser, pages, shots, kind):
    text = pages[kind].read_text("utf-8")
    assert "<script" not in text and not re.search(r"""(src|href)=["']?(https?:|//|file:)""", text)
    with browser.page(pages[kind].as_uri(), 1400, script=False) as page:
        page.screenshot(shots / f"{kind}-no-script.png", height=900)
    with browser.page(pages[kind].as_uri(), 1400) as page:
        page.screenshot(shots / f"{kind}-script.png", height=900)
    a, b = (pixels(shots / f"{kind}-{way}.png") for way in ("no-script", "script"))
    assert np.abs(a - b).max() == 0


def test_a_cell_of_the_confusion_matrix_leads_to_its_images(browser, pages):
    shown = "[...document.querySelectorAll('.cell')].filter(c => c.offsetHeight).map(c => c.id)"
    with browser.page(pages["report"].as_uri()) as page:
        cells = page.run("[...document.querySelectorAll('svg.confusion a')].length")
        assert cells >= 10 and page.run(shown) == []
        assert page.run("document.querySelector('.hint').offsetHeight") > 0
        place = "document.querySelectorAll('svg.confusion a')[3]"
        assert page.run(f"{place}.dispatchEvent(new MouseEvent('click', {{bubbles: true}}))")
        target = page.run(f"{place}.getAttribute('href')")[1:]
        assert page.run(shown) == [target]
        count = int(page.run(f"document.getElementById('{target}').querySelector('h3').innerText")
                    .rpartition(": ")[2])  # fmt: skip
        images = f"document.getElementById('{target}').querySelectorAll('img').length"
        assert page.run(images) == min(count, 12)
        assert page.run("document.querySelector('.hint').offsetHeight") == 0
        assert page.requests == [] and page.errors == []


def test_what_a_report_shows(browser, pages):
    ids = "[...document.querySelectorAll('h2')].map(h => h.id)"
    with browser.page(pages["report"].as_uri()) as page:
        assert page.run(ids) == [
            "curves", "confusion", "classes", "mistakes", "sure", "unsure", "batch", "layers",
            "repeat",
        ]  # fmt: skip
        assert page.run("document.querySelectorAll('.chart').length") == 3
        assert page.run("document.querySelectorAll('.chart .dot').length") == 5  # best epoch
        assert page.run("document.querySelectorAll('#batch ~ div img').length") == 32
        text = page.run("document.body.innerText")
        assert "train digits --model mlp --epochs 6 --augment shift" in text
    with browser.page(pages["report-photos"].as_uri()) as page:
        assert page.run("document.documentElement.lang") == "zh"
        warnings = page.run("document.getElementById('warnings').innerText")
        assert "disc/broken.png" in warnings and "disc：只有 11 张训练图像，少于 20" in warnings
        assert "photo 0" in page.run("document.querySelector('.thumbs').innerText")


def test_what_a_walk_shows(browser, pages):
    with browser.page(pages["walk-branches"].as_uri()) as page:
        steps = page.run("[...document.querySelectorAll('.step h3')].map(h => h.innerText)")
        assert steps == [
            "Input", "first: Conv2d", "relu()", "second: Conv2d", "add()", "relu()",
            "second: Conv2d", "add()", "relu()", "avg_pool2d(kernel_size=4)",
            "flatten(start_dim=1)", "last: Linear",
        ]  # fmt: skip
        curved = "[...document.querySelectorAll('.graph .edge')].filter(e => e.outerHTML.includes"
        assert page.run(f"{curved}('Q')).length") == 2  # around the two additions
        assert page.run("document.querySelectorAll('.histogram').length") == 12
        again = "document.querySelector('#s6 .key a').getAttribute('href')"
        assert page.run(again) == "#s3"
    with browser.page(pages["walk"].as_uri()) as page:
        answers = page.run("[...document.querySelectorAll('.bars i.top')].length")
        assert answers == 3
        assert page.run("document.querySelectorAll('#s3 .strip').length") == 6  # before, after


# ---------------------------------------------------------------- live


def test_a_live_page_follows_its_run(browser, tmp_path, shots):
    out = tmp_path / "run"
    words = [*"train digits --epochs 150 --live --out".split(), str(out)]
    run = subprocess.Popen(
        [sys.executable, "-m", "rushlight", *words], stdout=subprocess.PIPE, text=True
    )
    try:
        address = run.stdout.readline().split()[1]
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address)
        port = urlsplit(address).port
        for path, host, status in (("/", "evil.example:80", 403), ("/best.pt", "localhost:1", 404)):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", path, headers={"Host": host})
            assert connection.getresponse().status == status
            connection.close()
        with browser.page(address) as page:
            seen = set()
            end = time.monotonic() + 100
            while page.run("document.querySelector('main').dataset.live") and (
                time.monotonic() < end
            ):
                seen.add(page.run("document.querySelector('main').dataset.made"))
                time.sleep(0.1)
            assert len(seen) > 1  # it has been brought up to date while the run went on
            text = page.run("document.body.innerText")
            assert "test accuracy" in text and "Worst mistakes" in text
            assert page.errors == []
            assert {urlsplit(u).netloc for u in page.requests} <= {f"127.0.0.1:{port}"}
            page.screenshot(shots / "live-end.png")
        out_text, _ = run.communicate(timeout=60)
        assert run.returncode == 0 and "report.html" in out_text
    finally:
        run.kill()
        run.wait()
    assert "<script" not in (out / "report.html").read_text("utf-8")
