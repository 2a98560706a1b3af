"""The code blocks of README and docs/ run as they stand and print what they show.

The rules are those of tools/docsite/blocks.py. Tutorials, and pages with sessions of the command
line, are run by tests/docs/, which `make docs` calls.
"""

import re
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tools"))
from docsite import blocks, claims, commands  # noqa: E402

# tests/test_errors_page.py; tests/docs/
APART = ("errors.md", "tutorials/")
PAGES = [
    p
    for p in (ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "docs").rglob("*.md")))
    if p.is_file()
]
FOUND = {p.relative_to(ROOT).as_posix(): blocks.blocks(p.read_text("utf-8")) for p in PAGES}
PYTHON = [
    name
    for name, found in FOUND.items()
    if any(b.language == "python" for b in found)
    and not any(b.session and not b.not_run for b in found)
    and not any(word in name for word in APART)
]


@pytest.mark.parametrize("page", PYTHON)
def test_blocks_run_and_print_what_they_show(page):
    with blocks.empty_folder():
        wrong = [
            f"{page}:{block.line}: {said}"
            for block, result in blocks.run(FOUND[page], page)
            if (said := blocks.complaint(block, result))
        ]
    assert wrong == []


@pytest.mark.parametrize("page", [name for name in FOUND if "errors.md" not in name])
def test_commands_name_what_there_is(page):
    text = (ROOT / page).read_text("utf-8")
    given = [
        c
        for b in FOUND[page]
        if b.language in ("console", "bash", "sh")
        for c in commands.in_text(b.text)
    ]
    given += [c for code in re.findall(r"`([^`\n]+)`", text) for c in commands.in_text(code)]
    assert [f"{c}: {said}" for c in given if (said := commands.fault(c))] == []


def test_what_is_not_run_says_why():
    reasons = Counter()
    for name, found in FOUND.items():
        for block in found:
            if block.not_run:
                assert len(block.not_run) > 10, f"{name}:{block.line}: say why"
                reasons[name] += 1
    print("not run:", dict(reasons))
    assert sum(reasons.values()) <= 30  # a block that can run is better


def test_every_figure_names_a_command():
    bare = {p.name: claims.without(p.read_text("utf-8")) for p in claims.pages()}
    assert {name: at for name, at in bare.items() if at} == {}


# ---------------------------------------------------------------- the rules themselves

PAGE = """\
Text.

<!-- run first:
x = 20
-->
```python
print(x + 1.00001, "in 3.2 s")
```

```text
21 in 9.9 s
```

    y = x + 1
    assert y == 21

<!-- not run: needs a GPU -->

    $ rushlight train digits --device cuda

<!-- needs: no_such_package -->
```python
import no_such_package
```

- a list

    that goes on
"""


def test_blocks_are_found():
    found = blocks.blocks(PAGE)
    assert [(b.language, b.text.split("\n")[0]) for b in found] == [
        ("python", 'print(x + 1.00001, "in 3.2 s")'),
        ("python", "y = x + 1"),
        ("console", "$ rushlight train digits --device cuda"),
        ("python", "import no_such_package"),
    ]
    assert [b.not_run for b in found] == ["", "", "needs a GPU", ""]
    assert found[0].output == "21 in 9.9 s"
    assert found[3].missing == ["no_such_package"]
    with blocks.empty_folder():
        results = list(blocks.run(found, "page"))
    assert len(results) == 2
    assert [blocks.complaint(b, r) for b, r in results] == ["", ""]


def test_numbers_of_another_instruction_set_are_not_compared():
    page = "<!-- rounds as: {} -->\n```console\n$ {} -c 'print(2)'\n```\n\n```text\n{}\n```\n"
    here = blocks.instruction_set()
    for isa, shown, right in [
        (here, "2", 1),
        (here, "3", 0),
        ("none", "3", 1),
        ("none", "3\n4", 0),
    ]:
        (block,) = blocks.blocks(page.format(isa, "python", shown))
        assert block.rounds_as == isa
        with blocks.empty_folder():
            ((_, result),) = blocks.run([block], "page")
        assert (blocks.complaint(block, result) == "") == bool(right)


@pytest.mark.parametrize(
    ("output", "said"),
    [("22", "the page shows"), ("ValueError: no", "no error, but"), ("21\nmore", "the page shows")],
)
def test_another_output_is_seen(output, said):
    page = blocks.blocks(f"```python\nprint(21)\n```\n\n```text\n{output}\n```\n")
    with blocks.empty_folder():
        ((block, result),) = blocks.run(page, "page")
    assert said in blocks.complaint(block, result)


def test_seconds_of_a_table_are_not_compared():
    shown = "epoch  loss  seconds  \n    1  0.25     0.61  best\n    2  0.20     1.10\n"
    assert blocks.unlike(shown.replace("0.61", "9.99").replace("1.10", "0.01"), shown) == ""
    assert blocks.unlike(shown.replace("0.25", "0.26"), shown)


def test_a_session_is_typed():
    page = blocks.blocks("```console\n$ python -c 'print(6 * 7)'\n```\n\n```text\n43\n```\n")
    with blocks.empty_folder():
        ((block, result),) = blocks.run(page, "page")
    assert block.steps() == [("python -c 'print(6 * 7)'", "43")]
    assert result.answers == [(0, "42\n")]
    assert "printed:\n42" in blocks.complaint(block, result)
    line = "      epoch 15/15  batch 6/15  loss 0.0374  28 images/s\n"
    assert blocks.SLOW.sub("", "a\n" + line + "b\n") == "a\nb\n"


def test_an_error_is_compared():
    text = '```python\nraise ValueError("sizes 3 and 4")\n```\n\n```text\n'
    text += "ValueError: sizes {} and 4\n```\n"
    for number, wrong in (("3", False), ("5", True)):
        page = blocks.blocks(text.replace("{}", number))
        with blocks.empty_folder():
            ((block, result),) = blocks.run(page, "page")
        assert bool(blocks.complaint(block, result)) == wrong


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("rushlight train digits --epochs 3", ""),
        ("rushlight train digits --epoch-count 3", "rushlight train has no --epoch-count"),
        ("rushlight fry digits", "no verb 'fry'"),
        ("make test", ""),
        ("make coffee", "no target 'coffee' in the Makefile"),
        ("pip install 'rushlight[xla]'", ""),
        ("pip install 'rushlight[fast]'", "no extra 'fast' in pyproject.toml"),
        ("python tools/make_stubs.py", ""),
        ("python tools/make_tea.py", "no file tools/make_tea.py"),
        ("python -m rushlight.nowhere", "no module rushlight.nowhere"),
    ],
)
def test_faults_of_commands(command, said):
    assert commands.fault(command) == said


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# A\n\n`make bench`:\n\n## B\n\nmul takes 3 us.\n", []),
        ("# A\n\n## B\n\n`make bench`\n\n## C\n\nmul takes 3 us.\n", [(7, "3 us")]),
        ("# A\n\nIt is 2.5 times faster.\n", [(1, "2.5 times faster")]),
        ("# A\n\nThree rows, 4 columns.\n", []),
    ],
)
def test_figures_without_a_command(text, found):
    assert claims.without(text) == found
