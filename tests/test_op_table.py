"""docs/ops.md says what is there: its names resolve, what it calls missing is refused by name, its
counts add up, and it is what tools/make_op_table.py writes.
"""

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import make_op_table as table  # noqa: E402

from rushlight.core.paths import is_refused  # noqa: E402

PAGE = table.PAGE.read_text("utf-8")
SECTIONS = {head: text for head, text in (part.split("\n", 1) for part in PAGE.split("\n## ")[1:])}


def in_section(space):
    """(the names said to be there, those said to be missing, those that are not applicable) of one
    section of the page."""
    text, *groups = SECTIONS[space].split("\nNot applicable: ")
    here, _, missing = text.partition("\nMissing:\n")
    apart = [
        (why, n) for why, _, names in (g.partition("\n") for g in groups) for n in words(names)
    ]
    return words(here), words(missing), apart


def words(text):
    return re.findall(r"`(\w+)`", text)


@pytest.mark.parametrize("space", SECTIONS)
def test_what_is_there_resolves(space):
    assert [n for n in in_section(space)[0] if not table.is_there(space, n)] == []


@pytest.mark.parametrize("space", SECTIONS)
def test_what_is_missing_is_refused_by_name(space):
    where = table.namespace(space)
    for name in in_section(space)[1]:
        if where is None or isinstance(where, type):  # no such module; classes look up themselves
            assert not table.is_there(space, name)
            continue
        try:
            found = getattr(where, name)
        except AttributeError as e:
            assert f"rushlight does not have {space}.{name} yet" in str(e)
        else:
            assert is_refused(found)


@pytest.mark.parametrize("space", SECTIONS)
def test_what_is_not_applicable_is_refused_with_the_reason(space):
    where = table.namespace(space)
    for why, name in in_section(space)[2]:
        assert not table.is_there(space, name)
        if isinstance(where, type):  # classes look up themselves
            continue
        try:
            found = getattr(where, name)
        except AttributeError as e:
            assert f"rushlight does not have {space}.{name}: {why}; module" in str(e)
        else:
            assert is_refused(found) and table.why_not(space, name) == why


def test_the_counts_add_up():
    rows = re.findall(r"^\| `?([\w.]+)`? \| ([\d |]+) \|$", PAGE.partition("\n## ")[0], re.M)
    counts = {space: [int(n) for n in numbers.split("|")] for space, numbers in rows}
    total = counts.pop("all")
    assert total == [sum(column) for column in zip(*counts.values(), strict=True)]
    assert list(counts) == list(SECTIONS)
    for space, (public, there, right, partly, uncounted, missing, without) in counts.items():
        here, lost, apart = in_section(space)
        assert (len(here), len(lost), len(apart)) == (there, missing, without)
        assert public == there + missing + without and there == right + partly + uncounted


def test_the_page_is_current():
    assert PAGE == table.page(), "run python tools/make_op_table.py"
