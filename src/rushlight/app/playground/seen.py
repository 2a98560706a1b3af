"""The shapes that each line of a program makes.

`compiled` puts a call after each assignment, at the head of each loop, `with` and function, and
around what `return` gives back. The call gets the line, the names and the values. Lines and
tracebacks of the program stay as they are.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from types import CodeType
from typing import Any

from rushlight import Tensor

REPORT = "__rushlight_seen__"
RETURN = "return"
MOST = 3  # shapes of one name on one line that are told apart
PARTS = 4  # tensors of a tuple that are told


def compiled(source: str, filename: str) -> CodeType:
    """The code of a program, with reports. SyntaxError as the program's own."""
    tree = ast.parse(source, filename)
    return compile(
        ast.fix_missing_locations(_Reports().visit(tree)), filename, "exec", dont_inherit=True
    )


def _names(target: ast.AST) -> Iterator[ast.expr]:
    """The names in an assignment's target, and attributes of self."""
    if isinstance(target, ast.Name):
        yield target
    elif isinstance(target, ast.Attribute):
        if isinstance(target.value, ast.Name) and target.value.id == "self":
            yield target
    elif isinstance(target, ast.Starred):
        yield from _names(target.value)
    elif isinstance(target, ast.Tuple | ast.List):
        for part in target.elts:
            yield from _names(part)


def _read(name: ast.expr) -> ast.expr:
    if isinstance(name, ast.Attribute):
        return ast.Attribute(ast.Name(name.value.id, ast.Load()), name.attr, ast.Load())  # type: ignore[attr-defined]
    return ast.Name(name.id, ast.Load())  # type: ignore[attr-defined]


def _report(place: Any, names: list[ast.expr]) -> list[ast.stmt]:
    """The statement that reports these names; none for none."""
    if not names:
        return []
    args: list[ast.expr] = [ast.Constant(place.lineno)]
    for name in names:
        args += [ast.Constant(ast.unparse(name)), _read(name)]
    call = ast.Call(ast.Name(REPORT, ast.Load()), args, [])
    return [ast.copy_location(ast.Expr(call), place)]


class _Reports(ast.NodeTransformer):
    """Adds the reports."""

    def _after(self, node: Any, targets: list[ast.AST]) -> list[ast.stmt]:
        self.generic_visit(node)
        return [node, *_report(node, [name for t in targets for name in _names(t)])]

    def visit_Assign(self, node: ast.Assign) -> list[ast.stmt]:
        return self._after(node, list(node.targets))

    def visit_AugAssign(self, node: ast.AugAssign) -> list[ast.stmt]:
        return self._after(node, [node.target])

    def visit_AnnAssign(self, node: ast.AnnAssign) -> list[ast.stmt]:
        return self._after(node, [node.target] if node.value is not None else [])

    def visit_For(self, node: ast.For) -> ast.For:
        self.generic_visit(node)
        node.body[:0] = _report(node, list(_names(node.target)))
        return node

    def visit_With(self, node: ast.With) -> ast.With:
        self.generic_visit(node)
        held = [n for i in node.items if i.optional_vars for n in _names(i.optional_vars)]
        node.body[:0] = _report(node, held)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        a = node.args
        given = [*a.posonlyargs, *a.args, *filter(None, [a.vararg]), *a.kwonlyargs]
        names: list[ast.expr] = [ast.Name(g.arg, ast.Load()) for g in given if g.arg != "self"]
        first = int(ast.get_docstring(node, clean=False) is not None)
        node.body[first:first] = _report(node, names)
        return node

    def visit_Return(self, node: ast.Return) -> ast.Return:
        self.generic_visit(node)
        if node.value is not None:
            args = [ast.Constant(node.lineno), ast.Constant(RETURN), node.value]
            node.value = ast.copy_location(
                ast.Call(ast.Name(REPORT, ast.Load()), args, []), node.value
            )
        return node


def shape_text(value: Any) -> str:
    """(64, 10); those of the tensors in a tuple; "" for what holds none."""
    if isinstance(value, Tensor):
        return str(tuple(value.shape))
    if isinstance(value, tuple | list) and 0 < len(value) <= PARTS:
        parts = [shape_text(part) for part in value]
        return ", ".join(parts) if all(parts) else ""
    return ""


class Seen:
    """What the reports said: for each line and name, its shapes.

    `lines` is {line: {name: [shape, ...]}}, in the order in which they were first met.
    """

    def __init__(self) -> None:
        self.lines: dict[int, dict[str, list[str]]] = {}

    def __call__(self, line: int, *pairs: Any) -> Any:
        for name, value in zip(pairs[::2], pairs[1::2], strict=True):
            text = shape_text(value)
            if text:
                shapes = self.lines.setdefault(line, {}).setdefault(name, [])
                if text not in shapes and len(shapes) <= MOST:
                    shapes.append(text)
        return pairs[1]  # what `return` gives back
