"""docs/ecosystem.md, from the results."""

from __future__ import annotations

from pathlib import Path

from bench.ecosystem import results
from bench.ecosystem.packages import PACKAGES

HEAD = """\
# Packages that depend on PyTorch, on rushlight

Made by `make ecosystem` (`python -m bench.ecosystem`): do not edit. Each package is installed,
unchanged, in an environment without PyTorch, beside rushlight and its stand-in
(`docs/running.md`). Its own tests run there, and the same tests in a second environment with
PyTorch 2.13.0, on the same machine, without a network, one process and one thread, each with the
same seeds. Counted are the tests that pass with PyTorch. A test that rushlight skips, does not
collect, or does not reach within the time limit has failed. "examples" are tests of ours in
`bench/ecosystem/examples/`, for packages without tests that run offline: their numbers are
compared with PyTorch's.

`make ecosystem PACKAGE=einops` runs one package again.

"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def write(path: Path) -> None:
    """The table, and for each package that fails tests the reasons, counted."""
    found = results.read()
    rows = [found[p.name] for p in PACKAGES if p.name in found]
    good = sum(results.share(r) >= 95 for r in rows)
    text = (
        HEAD + f"{good} of {len(rows)} packages pass 95 % or more of what passes with PyTorch.\n\n"
    )
    text += "| package | version | pass with PyTorch | of these with rushlight | share |\n"
    text += "|---|---|---|---|---|\n"
    for r in rows:
        text += f"| {r['package']} | {r['version']} | {r['passed_by_pytorch']} | "
        text += f"{r['passed_of_these']} | {results.share(r)} % |\n"
    waiting = [p.name for p in PACKAGES if p.name not in found]
    if waiting:
        text += f"\nDeclared, and not measured yet: {', '.join(waiting)}.\n"
    text += "\n## What is missing, and what was left out\n"
    for r in rows:
        parts = [f"- {count} x `{_cell(reason)}`\n" for reason, count in r["reasons"][:8]]
        rest = sum(count for _, count in r["reasons"][8:])
        if rest:
            parts.append(f"- {rest} for other reasons\n")
        for name, why in r["deselected"].items():
            parts.append(f"- not run: `{name.removesuffix('.py')}`: {why}\n")
        notes = [r["note"]] if r["note"] else []
        if r["every"] > 1:
            notes.append(f"one test of {r['every']}, chosen by the hash of its name")
        if notes:
            parts.insert(0, "".join(f"{n[0].upper()}{n[1:]}. " for n in notes).strip() + "\n\n")
        if parts:
            text += f"\n### {r['package']}\n\n" + "".join(parts)
    path.write_text(text, encoding="utf-8")
