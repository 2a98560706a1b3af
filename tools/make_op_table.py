"""Write docs/ops.md: which of PyTorch's public names rushlight has, and how right they are.

    python tools/make_op_table.py                     after a name was added or taken away
    python tools/make_op_table.py RUN.json ...        after a conformance run, with its --json files

The second form first reduces the runs to tests/frozen/conformance.json: for each unit and dtype how
many cases passed, of how many. A later file adds to the earlier ones and replaces what it ran, too.
tests/test_op_table.py holds the page to the package.
"""

import json
import sys
from collections import defaultdict
from importlib import import_module
from pathlib import Path
from textwrap import fill

ROOT = Path(__file__).parents[1]
PAGE, RUNS = ROOT / "docs/ops.md", ROOT / "tests/frozen/conformance.json"
SPACES = (
    "torch torch.Tensor torch.nn torch.nn.functional torch.nn.init torch.nn.utils torch.optim "
    "torch.optim.lr_scheduler torch.linalg torch.fft torch.special torch.distributions torch.func"
).split()
PREFIXES = ("nn.functional.", "linalg.", "special.", "fft.", "signal.windows.", "masked.")

# what stays wrong in the run, and why
REASONS = {
    "as_strided_scatter": "PyTorch's gradient of input is wrong: its own gradcheck refuses it",
    "cat": "the run copies `out=` apart from the input that it must overlap",
    "gather": "the run copies `out=` apart from the index that it must overlap",
    "cov": "a gradient that is 0 but for rounding",
    "igamma": "NaN arguments, where PyTorch gives 0 or 1; a = 3e38, where it gives NaN",
    "igammac": "NaN arguments, where PyTorch gives 0 or 1; a = 3e38, where it gives NaN",
    "zeta": "0 for q = inf and x = 1e20, where PyTorch gives NaN",
    "sort": "the order of equal bools, which PyTorch's vector instructions decide",
    "CrossMapLRN2d": "PyTorch's gradient is off by up to 1 %: central differences agree with ours",
    "LBFGS": "kept numbers that amplify the rounding of 20 iterations",
}


# ---------------------------------------------------------------- names


def namespace(space):
    """What rushlight has for "torch.nn": a module or a class; None if there is nothing."""
    found = import_module("rushlight")
    for part in space.split(".")[1:]:
        try:
            found = getattr(found, part)
        except AttributeError:
            return None
    return found


def is_there(space, name):
    """True if rushlight has the name and does not just refuse it (core/paths.py); other errors than
    AttributeError are not caught."""
    try:
        found = getattr(namespace(space), name)
    except AttributeError:
        return False
    return not import_module("rushlight.core.paths").is_refused(found)


def why_not(space, name):
    """Why a name is not there on purpose; "" if it is only missing.

    A module, class or function that stands for one of PyTorch's says so itself (core/paths.py); of
    other names core/not_applicable.py tells.
    """
    found = getattr(namespace(space), name, None)
    if import_module("rushlight.core.paths").is_refused(found):
        return getattr(found, "_why", "") or found.__doc__.removeprefix("Not in rushlight: ")
    return import_module("rushlight.core.not_applicable").reason(space, name)


def names():
    """{"torch.nn": (the names that are there, those that are missing, {reason: those that are not
    there on purpose})}"""
    listed = import_module("rushlight.core.names").pytorch_names
    found = {}
    for space in SPACES:
        here = {name: is_there(space, name) for name in sorted(listed(space))}
        lost, apart = [], defaultdict(list)
        for name in here:
            if not here[name]:
                why = why_not(space, name)
                (apart[why] if why else lost).append(name)
        if here:
            found[space] = ([n for n in here if here[n]], lost, dict(apart))
    return found


# ---------------------------------------------------------------- verdicts


def reduced(paths):
    """The runs as {"torch": version, "units": {"op abs": {"float32": [passed, of]}}}."""
    units = json.loads(RUNS.read_text("utf-8"))["units"] if RUNS.exists() else {}
    for path in paths:
        run = json.loads(Path(path).read_text("utf-8"))
        for unit in run["units"]:
            counts = defaultdict(lambda: [0, 0])
            in_place = defaultdict(lambda: [0, 0])
            for category, c in unit["categories"].items():
                form, _, what = category.partition("[")
                groups = [counts, in_place] if form == "op.inplace" else [counts]
                for group in groups:
                    group[what.rstrip("]") or "errors"][0] += c["passed"]
                    group[what.rstrip("]") or "errors"][1] += c["total"]
            units.setdefault(f"{unit['kind']} {unit['name']}", {}).update(counts)
            if in_place:  # "op nn.functional.relu_", "op round_.decimals_3"
                space = next((p for p in PREFIXES if unit["name"].startswith(p)), "")
                name, dot, variant = unit["name"].removeprefix(space).partition(".")
                units.setdefault(f"op {space}{name}_{dot}{variant}", {}).update(in_place)
    return {"torch": "2.13.0", "units": dict(sorted(units.items()))}


def places(unit):
    """The names that a unit of the conformance run is about: ("torch", "abs"), ..."""
    kind, name = unit.split(" ", 1)
    if kind == "module":
        return [("torch.nn", name)]
    if kind == "optim":
        return [("torch.optim", name)]
    if kind == "sched":
        return [("torch.optim.lr_scheduler", name)]
    for prefix in PREFIXES:
        if name.startswith(prefix):
            return [("torch." + prefix[:-1], name.removeprefix(prefix).partition(".")[0])]
    name = name.partition(".")[0]
    return [("torch", name), ("torch.Tensor", name)]


def verdicts():
    """{("torch", "abs"): {"float32": [passed, of]}}: the units of a name added up."""
    found = defaultdict(dict)
    for unit, counts in json.loads(RUNS.read_text("utf-8"))["units"].items():
        for place in places(unit):
            for what, (passed, total) in counts.items():
                if total:
                    old = found[place].get(what, [0, 0])
                    found[place][what] = [old[0] + passed, old[1] + total]
    return found


def op_of(space, name):
    """The op that a function or method runs: "acos" for arccos, "acos_" for arccos_."""
    function = getattr(namespace(space), name)
    function = getattr(function, "__wrapped__", function)  # asked first, dispatch/overrides.py
    op = getattr(getattr(function, "__globals__", {}).get("op"), "name", "")
    return op + "_" * name.endswith("_") if op else name


# ---------------------------------------------------------------- the page


HEAD = """\
# What is there, and how right it is

Written by `tools/make_op_table.py`; `tests/test_op_table.py` says when it is not current.
"Right" is a run of PyTorch 2.13's own test data (`op_db`, `module_db`, `optim_db`) through both
packages: values, dtypes, shapes, gradients, state, errors. A dtype that is not named was not run.
Other names of an op (`arccos`) stand with it; in-place forms were run as methods.

| | public names | there | all cases right | partly | not in the run | missing | not applicable |
|---|---|---|---|---|---|---|---|
"""


def listing(items):
    return fill(" ".join(f"`{n}`" for n in items), 100, break_on_hyphens=False) + "\n"


def page():
    """The text of docs/ops.md."""
    known, rows, sections = verdicts(), [], []
    sums = [0] * 7
    for space, (here, missing, apart) in names().items():
        right, partly, uncounted = defaultdict(list), [], []
        for name in here:
            op = op_of(space, name)
            counts = known.get((space, name)) or known.get((space, op))
            if not counts:
                uncounted.append(name)
            elif all(passed == total for passed, total in counts.values()):
                right[", ".join(d for d in counts if d != "errors") or "errors"].append(name)
            else:
                wrong = {d: c for d, c in counts.items() if c[0] != c[1]}
                what = "; ".join(f"{d} {p} of {t}" for d, (p, t) in wrong.items())
                fine = ", ".join(d for d in counts if d not in wrong and d != "errors")
                partly.append(
                    f"| `{name}` | {what} | {fine} | {REASONS.get(name) or REASONS.get(op, '')} |"
                )
        n = sum(map(len, right.values()))
        without = sum(map(len, apart.values()))
        row = [len(here) + len(missing) + without, len(here), n, len(partly), len(uncounted)]
        row += [len(missing), without]
        sums = [a + b for a, b in zip(sums, row, strict=True)]
        rows.append(f"| `{space}` | {' | '.join(map(str, row))} |")
        text = f"\n## {space}\n"
        for dtypes, group in sorted(right.items()):
            text += f"\nRight in {dtypes}:\n\n{listing(group)}"
        if partly:
            text += (
                "\nPartly (cases that are right):\n\n| | wrong | all right in | why |\n"
                "|---|---|---|---|\n"
            )
            text += "\n".join(partly) + "\n"
        if uncounted:
            text += f"\nThere, not in the run:\n\n{listing(uncounted)}"
        if missing:
            text += f"\nMissing:\n\n{listing(missing)}"
        for why, group in apart.items():
            text += f"\nNot applicable: {why}\n\n{listing(group)}"
        sections.append(text)
    rows.append(f"| all | {' | '.join(map(str, sums))} |")
    return HEAD + "\n".join(rows) + "\n" + "".join(sections)


def main(paths):
    if paths:
        units = reduced(paths)
        lines = [f"  {json.dumps(u)}: {json.dumps(c)}" for u, c in units["units"].items()]
        text = '{"torch": "2.13.0", "units": {\n' + ",\n".join(lines) + "\n}}\n"
        RUNS.write_text(text, "utf-8")
    PAGE.write_text(page(), "utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "src"))
    main(sys.argv[1:])
