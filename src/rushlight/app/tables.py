"""Tables (CSV, TSV) and labelled lines of text as data for `rushlight train`.

    rushlight train iris.csv --target species     classes, or a number where it has many values
    rushlight train mails.txt                     label, tab, text: one line each

A row becomes numbers, (F, 1, 1) as an image of one pixel: numeric columns with mean 0 and
deviation 1 over the training rows (what is missing is 0), other columns one number per level. Text
becomes a bag of words: word w counts at position crc32(w) mod FEATURES (the hashing trick:
Weinberger et al. 2009, arXiv:0902.2206), each count c as 1 + ln c, rows of length 1. Chinese and
Japanese have no spaces between words: there each character is a word, and each two in a row.

Letters: N rows, F features, K classes.
"""

from __future__ import annotations

import csv
import math
import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

import rushlight as rl
from rushlight import Tensor
from rushlight.app.errors import CliError
from rushlight.app.images import stratified

ENDINGS = (".csv", ".tsv", ".txt")
FEATURES = 4096  # of text
LEVELS = 50  # of a column: the commonest; others are no level
FEW = 20  # a numeric target with more values is a number to predict
MISSING = ("", "na", "n/a", "nan", "null", "none", "?")
UNSPACED = "\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han, kana
WORD = re.compile(rf"[{UNSPACED}]+|[^\W{UNSPACED}]+")

Rows = list[list[str]]


def is_table(name: str) -> bool:
    """Is it the name of a file of rows?"""
    return Path(name).suffix.lower() in ENDINGS and Path(name).is_file()


def read(path: Path) -> tuple[list[str], Rows]:
    """(names of the columns, the rows). CliError: no rows, a row of another length."""
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CliError(
            f"{path} is no text in UTF-8: {error.reason} at byte {error.start}\n"
            "  fix: a table (.csv, .tsv) or lines (.txt), saved as UTF-8"
        ) from None
    if path.suffix.lower() == ".txt":
        return ["label", "text"], _lines(path, text)
    first = text.split("\n", 1)[0]
    comma = max("\t,;", key=first.count) if path.suffix.lower() == ".csv" else "\t"
    rows = [row for row in csv.reader(text.splitlines(), delimiter=comma) if row]
    if len(rows) < 2:
        raise CliError(
            f"{path} has no rows below its header\n"
            "  fix: first a line with the names of the columns, then one line per row"
        )
    header = [name.strip() for name in rows[0]]
    if len(set(header)) < len(header):
        twice = next(n for n, c in Counter(header).items() if c > 1)
        raise CliError(f"{path}: two columns are called {twice!r}: rename one")
    for i, row in enumerate(rows[1:], 2):
        if len(row) != len(header):
            raise CliError(
                f"{path}, line {i}: {len(row)} values for {len(header)} columns\n"
                '  fix: mend the line; a value with a comma in it needs "quotes"'
            )
    return header, [[value.strip() for value in row] for row in rows[1:]]


def _lines(path: Path, text: str) -> Rows:
    rows = []
    for i, line in enumerate(text.splitlines(), 1):
        if line.strip():
            label, tab, words = line.partition("\t")
            if not tab:
                raise CliError(f"{path}, line {i}: expected a label, a tab, and a text")
            rows.append([label.strip(), words])
    if not rows:
        raise CliError(f"{path} has no lines\n  fix: a label, a tab, and a text in each")
    return rows


def _number(value: str) -> float | None:
    """None: missing. ValueError: no number."""
    return None if value.lower() in MISSING else float(value)


def _column(values: Sequence[str]) -> list[float | None] | None:
    """The values as numbers, or None if one is none."""
    try:
        return [_number(value) for value in values]
    except ValueError:
        return None


def plan(header: list[str], rows: Rows, target: str | None, path: Path) -> dict[str, Any]:
    """How rows become numbers, as plain data; the statistics are those of `rows`.

    target  the column to predict; None: of text its label
    CliError: there is no such column, or nothing to learn from.
    """
    if header == ["label", "text"] and target is None:
        return {"text": FEATURES, "target": "label", "classes": sorted({row[0] for row in rows})}
    if target is None:
        raise CliError(
            f"{path} is a table: say which column to predict\n  fix: --target {header[-1]}"
        )
    if target not in header:
        raise CliError(f"{path} has no column {target!r}; its columns are {', '.join(header)}")
    found: dict[str, Any] = {"target": target, "columns": []}
    for i, name in enumerate(header):
        values = [row[i] for row in rows]
        numbers = _column(values)
        if name == target:
            found |= _target(values, numbers, path, name)
        elif numbers is not None:
            known = np.array([x for x in numbers if x is not None and math.isfinite(x)])
            if len(known):
                std = float(known.std()) or 1.0
                found["columns"].append({"name": name, "mean": float(known.mean()), "std": std})
        else:
            levels = [v for v, _ in Counter(values).most_common(LEVELS)]
            found["columns"].append({"name": name, "levels": sorted(levels)})
    if not found["columns"]:
        raise CliError(f"{path} has no column besides {target!r}")
    return found


def _target(
    values: Sequence[str], numbers: Sequence[float | None] | None, path: Path, name: str
) -> dict[str, Any]:
    if numbers is not None and len(set(values)) > FEW:
        known = np.array([x for x in numbers if x is not None])
        return {"mean": float(known.mean()), "std": float(known.std()) or 1.0}
    classes = sorted({v for v in values if v.lower() not in MISSING})
    if len(classes) < 2:
        raise CliError(
            f"{path}: the target has {len(classes)} values in column {name!r}; two at least are "
            "needed\n  fix: --target with another column"
        )
    return {"classes": classes}


def is_number(spec: dict[str, Any]) -> bool:
    """Is a number predicted, not a class?"""
    return "classes" not in spec


def features(spec: dict[str, Any], header: list[str], rows: Rows, path: Path) -> Tensor:
    """Rows as float32 (N, F, 1, 1). CliError: a column is absent, a value is no number."""
    if "text" in spec:
        return _bags([row[-1] for row in rows], spec["text"])
    parts = []
    for column in spec["columns"]:
        if column["name"] not in header:
            raise CliError(
                f"{path} has no column {column['name']!r}, which the run was trained with"
            )
        values = [row[header.index(column["name"])] for row in rows]
        if "levels" in column:
            levels = np.array(column["levels"], object)
            parts.append((np.array(values, object)[:, None] == levels).astype(np.float32))
            continue
        try:
            numbers = [_number(v) for v in values]
        except ValueError as error:
            raise CliError(f"{path}, column {column['name']!r}: {error}") from None
        a = np.array([column["mean"] if x is None else x for x in numbers], np.float64)
        parts.append(((a - column["mean"]) / column["std"]).astype(np.float32)[:, None])
    joined = np.ascontiguousarray(np.concatenate(parts, 1))
    return rl.from_numpy(joined).reshape(len(rows), -1, 1, 1)


def _words(text: str) -> Iterator[str]:
    for word in WORD.findall(text.lower()):
        if re.match(f"[{UNSPACED}]", word):
            yield from word
            yield from (a + b for a, b in pairwise(word))
        else:
            yield word


def _bags(texts: Sequence[str], size: int) -> Tensor:
    a = np.zeros((len(texts), size), np.float32)
    for row, text in zip(a, texts, strict=True):
        for word, count in Counter(_words(text)).items():
            row[zlib.crc32(word.encode()) % size] += 1 + math.log(count)
        row /= max(float(np.sqrt((row * row).sum())), 1e-12)
    return rl.from_numpy(a).reshape(len(texts), size, 1, 1)


def targets(spec: dict[str, Any], header: list[str], rows: Rows, path: Path) -> Tensor:
    """int64 (N) classes, or float32 (N, 1) of mean 0 and deviation 1. CliError: none of them."""
    if spec["target"] not in header:
        raise CliError(f"{path} has no column {spec['target']!r}")
    values = [row[header.index(spec["target"])] for row in rows]
    if is_number(spec):
        try:
            numbers = [_number(v) for v in values]
        except ValueError as error:
            raise CliError(f"{path}, column {spec['target']!r}: {error}") from None
        if None in numbers:
            raise CliError(
                f"{path}: column {spec['target']!r} is empty in row {numbers.index(None) + 1}"
            )
        a = (np.array(numbers, np.float64) - spec["mean"]) / spec["std"]
        return rl.from_numpy(a.astype(np.float32)).unsqueeze(1)
    where = {name: i for i, name in enumerate(spec["classes"])}
    for i, value in enumerate(values, 1):
        if value not in where:
            raise CliError(
                f"{path}, row {i}: {spec['target']} is {value!r}, which is no class of the run"
            )
    return rl.tensor([where[value] for value in values])


def parts(
    path: Path, target: str | None, shares: tuple[float, float], seed: int
) -> tuple[dict[str, Any], list[tuple[Tensor, Tensor]]]:
    """(the plan, [(features, targets) to train, to validate, to test]): random, by class."""
    header, rows = read(path)
    spec = plan(header, rows, target, path)
    i = header.index(spec["target"])
    kept = [row for row in rows if row[i].lower() not in MISSING]
    labels = [0 if is_number(spec) else spec["classes"].index(row[i]) for row in kept]
    samples: Any = list(enumerate(labels))
    chosen: Any = stratified(samples, shares, seed)
    split: list[Rows] = [[kept[j] for j, _ in part] for part in chosen]
    if not all(split):
        raise CliError(
            f"{path} has too few rows: {len(kept)}, with {spec['target']} known\n"
            "  fix: at least 3 rows of each class"
        )
    spec = plan(header, split[0], target, path) | {
        key: spec[key] for key in ("classes",) if key in spec
    }
    return spec, [
        (features(spec, header, part, path), targets(spec, header, part, path)) for part in split
    ]


def answers(spec: dict[str, Any], outputs: Tensor) -> list[dict[str, Any]]:
    """What the outputs (N, K) say of each row, for CSV and JSON."""
    if is_number(spec):
        return [{spec["target"]: v} for v in (outputs[:, 0] * spec["std"] + spec["mean"]).tolist()]
    shares = outputs.softmax(1)
    best = shares.max(1)
    return [
        {spec["target"]: spec["classes"][i], "probability": p}
        for i, p in zip(best.indices.tolist(), best.values.tolist(), strict=True)
    ]


def number_measures(spec: dict[str, Any], outputs: Tensor, wanted: Tensor) -> dict[str, float]:
    """Of numbers: root mean square and mean absolute error in units of the target, and R²."""
    away = (outputs - wanted)[:, 0].double() * spec["std"]
    spread = (wanted - wanted.mean())[:, 0].double() * spec["std"]
    square = float((away * away).mean())
    return {
        "rows": len(away),
        "rmse": math.sqrt(square),
        "mae": float(away.abs().mean()),
        "r2": 1 - square / max(float((spread * spread).mean()), 1e-300),
    }


def number_text(spec: dict[str, Any], found: dict[str, float], part: str = "test ") -> str:
    """The same as a line."""
    return (
        f"{part}error of {spec['target']}: {found['rmse']:.4g} (root mean square), "
        f"{found['mae']:.4g} (mean absolute), R² {found['r2']:.4f}, {found['rows']} rows"
    )
