"""The playground's page in headless Chromium, over HTTP, with Pyodide in its worker."""

import json
import os
import time

import numpy as np
import pytest

PATIENCE = float(os.environ.get("PATIENCE", 120))  # seconds for Python to load, or a program to end
TEXT = "document.getElementById('status').className"


def until(page, expression, patience=PATIENCE):
    """The value of a JavaScript expression once it is true."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        value = page.run(expression)
        if value:
            return value
        time.sleep(0.1)
    raise AssertionError(
        f"{expression} is not true; the page says {page.run('document.body.innerText')}"
    )


def write(page, source):
    page.run(f"""(area => {{
        area.value = {json.dumps(source)};
        area.dispatchEvent(new Event('input'));
    }})(document.getElementById('code'))""")


def ready(page):
    return until(page, f"/ready|done|wrong|failed/.test({TEXT}) && {TEXT}")


def run(page, source=None, patience=PATIENCE):
    """The program runs to its end; "done" or "wrong"."""
    if source is not None:
        write(page, source)
    page.run("document.getElementById('run').click()")
    return until(page, f"/done|wrong|failed/.test({TEXT}) && {TEXT}", patience).split()[-1]


def panel(page, name):
    page.run(f"document.getElementById('tab-{name}').click()")
    return page.run(f"document.getElementById('panel-{name}').innerText")


def shoot(page, shots, name):
    page.screenshot(shots / f"{name}.png", height=1600)


@pytest.fixture(scope="module")
def page(browser, served):
    """One page for the tests that follow each other: Python loads once."""
    with browser.page(served + "?lang=en&example=two_moons", 1400, 900) as page:
        assert ready(page) == "status ready"
        yield page


def test_a_net_learns(page, shots):
    assert run(page) == "done"
    out = panel(page, "output")
    assert "epoch 14" in out and float(out.split("accuracy")[1].split()[0]) > 0.9
    assert page.run("document.querySelectorAll('#panel-output .curve').length") == 2
    shoot(page, shots, "playground-output")
    # the shapes stand beside the lines of the editor
    made = page.run("[...document.querySelectorAll('.made')].map(e => e.textContent)")
    assert "upper (200, 2)" in made and "xb (50, 2)   yb (50,)" in made


def test_what_a_run_shows(page, shots):
    assert "loss" in panel(page, "shapes") and "(400, 2)" in panel(page, "shapes")
    shoot(page, shots, "playground-tensors")
    gradients = panel(page, "gradients")
    assert "model.0.weight" in gradients and "(16, 2)" in gradients
    shoot(page, shots, "playground-gradients")
    operations = panel(page, "operations")
    assert "y = x Wᵀ + b" in operations and "(50, 2), (16, 2), (16,)" in operations
    assert page.run("document.querySelectorAll('#panel-operations svg .box').length") == 6
    shoot(page, shots, "playground-operations")
    panel(page, "walk")
    frame = until(page, "document.querySelector('#panel-walk iframe')?.srcdoc")
    assert "y = x Wᵀ + b" in frame and "ReLU" in frame
    time.sleep(0.3)
    shoot(page, shots, "playground-walk")
    empty = "[...document.images].filter(i => !i.complete || !i.naturalWidth).length"
    assert page.run(empty) == 0
    assert page.errors == []


def test_an_error_names_the_line_and_the_fix(page, shots):
    source = (
        "import torch\nprint('so far')\nlayer = torch.nn.Linear(3, 2)\nlayer(torch.ones(1, 4))\n"
    )
    assert run(page, source) == "wrong"
    out = panel(page, "output")
    assert "so far" in out and "RuntimeError" in out and "line 4" in out and "fix:" in out
    assert page.run("document.querySelector('.row.wrong').textContent") == "layer(torch.ones(1, 4))"
    shoot(page, shots, "playground-error")
    assert run(page, "x = (1,\n") == "wrong"
    assert "SyntaxError" in panel(page, "output")


def test_a_picture_of_matplotlib(page, shots):
    source = (
        "import matplotlib.pyplot as plt\nimport torch\n"
        "x = torch.linspace(0, 6, 50)\nplt.plot(x, x.sin())\nplt.show()\nprint('drawn')\n"
    )
    assert run(page, source) == "done"
    size = "(i => i && i.naturalWidth)(document.querySelector('#panel-output img.figure'))"
    assert until(page, size, 20) > 300 and "drawn" in panel(page, "output")
    shoot(page, shots, "playground-figure")


def test_a_program_that_does_not_end_is_stopped(page):
    write(
        page, "print('begun')\nn = 0\nwhile True:\n    n += 1\n    if n % 100000 == 0: print(n)\n"
    )
    page.run("document.getElementById('run').click()")
    until(page, "document.getElementById('panel-output').innerText.includes('100000')")
    # the page is alive meanwhile
    assert page.run("document.getElementById('stop').hidden") is False
    page.run("document.getElementById('stop').click()")
    assert ready(page) == "status ready"
    assert run(page, "print(6 * 7)") == "done" and panel(page, "output").strip() == "42"


def test_keys_of_the_editor(page):
    write(page, "if x:")
    page.run("(a => { a.focus(); a.setSelectionRange(5, 5) })(document.getElementById('code'))")

    def press(key, code=0, modifiers=0):
        for kind in ("rawKeyDown", "keyUp"):
            page.call("Input.dispatchKeyEvent", type=kind, key=key, modifiers=modifiers,
                      windowsVirtualKeyCode=code)  # fmt: skip

    value = "document.getElementById('code').value"
    press("Enter", 13)
    assert page.run(value) == "if x:\n    "
    press("Tab", 9)
    assert page.run(value) == "if x:\n        "
    press("Tab", 9, 8)  # with shift
    assert page.run(value) == "if x:\n    "
    press("/", 191, 2)  # with control: a line without anything is left
    assert page.run(value) == "if x:\n    "
    focus = "document.activeElement.id"
    assert page.run(focus) == "code"
    press("Escape", 27)
    press("Tab", 9)
    assert page.run(value) == "if x:\n    " and page.run(focus) != "code"


def test_tabs_by_keyboard(page):
    panel(page, "output")
    page.run("document.getElementById('tab-output').focus()")
    page.call(
        "Input.dispatchKeyEvent", type="rawKeyDown", key="ArrowRight", windowsVirtualKeyCode=39
    )
    assert page.run("document.activeElement.id") == "tab-shapes"
    assert page.run("document.getElementById('panel-shapes').hidden") is False
    assert page.run("document.querySelectorAll('[role=tab][aria-selected=true]').length") == 1


def example(page, name):
    page.run(f"""(choice => {{
        choice.value = {json.dumps(name)};
        choice.dispatchEvent(new Event('change'));
    }})(document.getElementById('example'))""")


def speak(page, lang):
    """The page in this language."""
    if not page.run("document.documentElement.lang").startswith(lang):
        page.run("document.getElementById('language').click()")


@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_fits_in_both_languages(page, shots, width, dark):
    lang = "zh" if dark else "en"
    page.look(width, 900, dark)
    speak(page, lang)
    if width == 400:
        example(page, "shapes_cnn")
        assert run(page) == "done"
    for name in ("output", "shapes", "gradients", "operations", "walk"):
        said = panel(page, name)
        if name == "walk":
            until(page, "!!document.querySelector('#panel-walk iframe')")
            time.sleep(0.3)
        if lang == "zh":
            assert any("\u4e00" <= c <= "\u9fff" for c in said)
        assert page.run("document.documentElement.scrollWidth") <= width
        shoot(page, shots, f"playground-{name}-{width}-{lang}-{'dark' if dark else 'light'}")
    unnamed = """[...document.querySelectorAll('button, select, textarea, iframe')].filter(e =>
        !(e.textContent.trim() || e.getAttribute('aria-label') || e.title || e.labels?.length))
        .map(e => e.outerHTML.slice(0, 80))"""
    assert page.run(unnamed) == []
    assert page.errors == []


def test_light_and_dark_differ(shots):
    """(The pictures of the test above.)"""
    from PIL import Image

    for width in (400, 1400):
        light, dark = (
            np.asarray(Image.open(shots / f"playground-output-{width}-{kind}.png").convert("L"))
            for kind in ("en-light", "zh-dark")
        )
        assert light[:8, :8].mean() > 230 and dark[:8, :8].mean() < 40


def test_a_link_carries_the_program(browser, page, served):
    speak(page, "zh")
    assert page.run("document.getElementById('run').textContent") == "运行"
    write(page, "print('从链接来 ✓')\n")
    page.run("document.getElementById('share').click()")
    link = until(page, "location.hash.startsWith('#code=') && location.href")
    with browser.page(link.replace("lang=en", "lang=zh"), 1000, 800) as other:
        ready(other)
        assert other.run("document.documentElement.lang") == "zh-CN"
        assert run(other) == "done"
        assert panel(other, "output").strip() == "从链接来 ✓"


def test_nothing_is_asked_of_others(page, served, elsewhere):
    """The page's policy lets no program reach another origin."""
    address, asked = elsewhere
    source = (
        "from pyodide.http import open_url\n"
        f"for address in ('{served}playground.json', '{address}x'):\n"
        "    try:\n        print(len(open_url(address).read()) > 10)\n"
        "    except Exception as error:\n        print('refused')\n"
    )
    assert run(page, source) == "done"
    assert panel(page, "output").split() == ["True", "refused"] and asked == []
    ours = page.run("performance.getEntriesByType('resource').map(e => new URL(e.name).origin)")
    assert set(ours) == {served.rstrip("/")}
