"""Write src/rushlight/ops/late_table.py: the names of the families that are imported late.

    PYTHONPATH=src RUSHLIGHT_PURE=1 python tools/make_late_table.py

Imports one family of `ops.LATER` after the other and notes what each registers. `table()` is also
what the test of the table reads, in a process of its own.
"""

from __future__ import annotations

import sys
import textwrap
from importlib import import_module
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1] / "src" / "rushlight"
TABLE = "rushlight.ops.late_table"
HEAD = '''"""Names of the families that are imported late, by family and kind; see dispatch/late.py.

Written by tools/make_late_table.py.
"""

NAMES: dict[str, dict[str, str]] = {
'''


def table() -> dict[str, dict[str, list[str]]]:
    """family -> {kind: names}. The package must not be imported yet."""
    empty = ModuleType(TABLE)
    empty.NAMES = {}  # type: ignore[attr-defined]
    sys.modules[TABLE] = empty
    ops = import_module("rushlight").__dict__["_ops"]
    from rushlight.core.tensor import Tensor
    from rushlight.dispatch import on_tensors
    from rushlight.dispatch.registry import CARDS, FUNCTIONAL, FUNCTIONS

    def state() -> dict[str, set[str]]:
        return {
            "cards": set(CARDS),
            "functions": set(FUNCTIONS),
            "functional": set(FUNCTIONAL),
            "methods": set(vars(Tensor)),
            "words": set(on_tensors._TRANSLATED),
        }

    found: dict[str, dict[str, list[str]]] = {}
    for family in ops.LATER:
        before, loaded = state(), set(sys.modules)
        import_module(f"rushlight.ops.{family}")
        after = state()
        imported = {m.removeprefix("rushlight.ops.") for m in set(sys.modules) - loaded}
        others = imported.intersection(ops.LATER) - {family}
        if others:
            raise SystemExit(
                f"{family} imports {sorted(others)}: they must stand before it in LATER"
            )
        new = {kind: sorted(after[kind] - before[kind]) for kind in after}
        new["methods"] = [n for n in new["methods"] if is_method(n)]
        found[family] = {kind: names for kind, names in new.items() if names}
        if not found[family]:
            raise SystemExit(f"{family} registers nothing, or was imported already: not late")
    return found


def is_method(name: str) -> bool:
    """A method; dunders and properties must not be late."""
    from rushlight.core.tensor import Tensor

    if isinstance(vars(Tensor)[name], property) or name.startswith("__"):
        raise SystemExit(f"Tensor.{name} is a property or an operator: its family cannot be late")
    return True


def text(found: dict[str, dict[str, list[str]]]) -> str:
    """The file."""
    out = HEAD
    for family, kinds in found.items():
        out += f'    "{family}": {{\n'
        for kind, names in kinds.items():
            lines = textwrap.wrap(
                " ".join(names), 78, break_long_words=False, break_on_hyphens=False
            )
            if len(lines) == 1 and len(lines[0]) < 76:
                out += f'        "{kind}": "{lines[0]}",\n'
            else:
                body = "\n".join(f'            "{line} "' for line in lines)
                out += f'        "{kind}": (\n{body}\n        ),\n'
        out += "    },\n"
    return out + "}\n"


if __name__ == "__main__":
    path = ROOT / "ops" / "late_table.py"
    written = text(table())
    path.write_text(written, "utf-8")
    print(f"{path}: {len(written.split())} words")
