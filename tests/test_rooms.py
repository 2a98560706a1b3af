"""Rooms open in one direction: what a module may import, read from the sources.

A room imports itself and the rooms before it in ORDER. An import inside a function is for something
that is seldom needed; it keeps to the same order, and the modules of a room make no circle.
"""

import ast
from functools import cache
from pathlib import Path

import pytest

import rushlight

PACKAGE = Path(rushlight.__file__).parent

ORDER = """
    _startup kernels core autograd dispatch serialization random ops
    nn optim utils.data vision testing app
""".split()
# PyTorch's names that stand beside the rooms: they may import any room, and no room them
SIGNPOSTS = """
    _VF __init__ __main__ _c _utils accelerator amp backends compiler cpu cuda distributed
    distributions fft func futures fx hub jit learner library linalg masked mps mtia
    multiprocessing nested onnx overrides profiler quasirandom return_types signal sklearn
    sparse special storage types utils version xpu
""".split()


def modules():
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts), path


MODULES = dict(modules())


def room(module):
    for name in sorted(ORDER, key=len, reverse=True):
        if module == name or module.startswith(name + "."):
            return name
    return None


@cache
def imports(module):
    """(line, imported module of ours) of each import of a module, inside functions too."""
    return list(_imports(module))


def _imports(module):
    path = MODULES[module]
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    if module == "__init__":
        package = []
    tree = ast.parse(path.read_text("utf-8"))
    # what only the type checker reads is no import
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            if node.level:
                base = package[: len(package) - node.level + 1]
                target = ".".join([*base, *(node.module or "").split(".")]).strip(".")
            elif (node.module or "").split(".")[0] == "rushlight":
                target = node.module.partition(".")[2]
            else:
                continue
            for alias in node.names:
                full = f"{target}.{alias.name}".strip(".")
                if full == "_native":
                    continue
                yield node.lineno, full if full in MODULES else target
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "rushlight":
                    yield node.lineno, alias.name.partition(".")[2]


@pytest.mark.parametrize("name", ORDER)
def test_a_room_imports_only_rooms_before_it(name):
    wrong = []
    for module in MODULES:
        if room(module) != name:
            continue
        for line, target in imports(module):
            there = room(target)
            if name == "app" and there is None:
                continue  # the program stands on the whole package
            if there is None or ORDER.index(there) > ORDER.index(name):
                wrong.append(f"{module}:{line} imports {target or 'the package'}")
    assert wrong == []


def test_every_module_has_a_place():
    lost = [m for m in MODULES if room(m) is None and m.split(".")[0] not in SIGNPOSTS]
    assert lost == []


def test_no_circles():
    """All imports, those inside functions too: no module imports itself by way of others."""
    graph = {m: {t for _, t in imports(m) if t in MODULES and t != m} for m in MODULES}
    for package in [m for m in MODULES if MODULES[m].name == "__init__.py"]:
        graph[package] = set()  # a package's __init__ lists what it holds
    done, circles = set(), []

    def visit(module, path):
        if module in path:
            circles.append(" -> ".join([*path[path.index(module) :], module]))
            return
        if module in done:
            return
        for target in sorted(graph[module]):
            visit(target, [*path, module])
        done.add(module)

    for module in graph:
        visit(module, [])
    assert circles == []
