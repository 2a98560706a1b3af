"""What is said of an index that lies outside: which one, where it stands, what would be right."""

from __future__ import annotations

from typing import Any


def no_such_class(t: Any, bad: Any, classes: int) -> IndexError:
    """The error of targets t (*) of which those in `bad` are none of so many classes."""
    place = [int(i[0]) for i in bad.nonzero()] if bad.ndim else ""
    label = int(t[bad][0])
    if label < 0:
        fix = f"ignore_index={label} leaves such targets out"
    else:
        fix = f"count the classes from 0, or let the last layer have {int(t.max()) + 1} outputs"
    return IndexError(
        f"Target {label} is out of bounds.\n"
        f"  target{place} is {label}; {classes} classes are 0 to {classes - 1}\n"
        f"  fix: {fix}"
    )


def no_such_row(i: Any, rows: int) -> IndexError:
    """The error of indices i (*) of which some are no row of a table."""
    bad = (i < 0) | (i >= rows)
    place = [int(k[0]) for k in bad.nonzero()] if i.ndim else ""
    index = int(i[bad][0])
    if index < 0:
        fix = "indices count from 0; a row for padding can be 0, with padding_idx=0"
    else:
        fix = f"num_embeddings={int(i.max()) + 1}, or smaller indices"
    return IndexError(
        "index out of range in self\n"
        f"  input{place} is {index}; the table's {rows} rows are 0 to {rows - 1}\n"
        f"  fix: {fix}"
    )
