"""`rushlight check FILE...`: what programs use of torch, and whether rushlight has it.

The program is read, not run: its syntax tree is walked in order with a table of what each name
means (`import torch.nn as nn`, `from torch import optim as o`, `L = nn.Linear`), and every dotted
name that begins in torch or torchvision is looked up in rushlight as it is installed. Tensors and
layers are followed as far as that is certain without running: results of torch functions, of
layers and of tensor methods, the arguments of `forward`, batches of a DataLoader. What cannot be
followed is not listed, so an empty list of missing names is a good sign, not a promise.

    supported   the name is there
    partly      it is there, but does not take an argument that the program gives it by keyword
    missing     it is not there; the exit status is then 1
"""

import ast
import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from rushlight import jit
from rushlight.app.arguments import Parser
from rushlight.app.errors import expected
from rushlight.app.run import ALIASES, find_module, ours
from rushlight.core.names import pytorch_names, suggestion
from rushlight.core.paths import is_refused

#: Tensor methods and attributes whose value is not a tensor; the walk stops there.
PLAIN = frozenset(
    "item tolist numpy size dim ndim numel nelement shape dtype device layout stride is_leaf "
    "requires_grad grad_fn names element_size data_ptr is_contiguous storage_offset get_device "
    "backward register_hook retain_grad type is_floating_point is_complex equal allclose".split()
)
#: Attributes of a tensor that are tensors.
TENSOR_ATTRIBUTES = frozenset("T H mT mH grad data real imag".split())
#: Functions of torch itself whose result is not a tensor.
NO_TENSOR = frozenset(
    "manual_seed seed initial_seed device dtype Generator Size no_grad enable_grad inference_mode "
    "set_grad_enabled save load is_tensor is_grad_enabled get_default_dtype set_default_dtype "
    "set_num_threads get_num_threads set_printoptions finfo iinfo compile".split()
)
#: Packages beside PyTorch that nothing stands in for.
ABSENT = ("torchaudio", "torchtext")
TENSOR = "torch.Tensor"
#: What would be compiled code, and the functions that make it.
SCRIPTED = "torch.jit.ScriptModule"
SCRIPTING = frozenset(f"torch.jit.{name}" for name in ("script", "trace", "trace_module", "freeze"))


@dataclass
class Kind:
    """The inferred kind of an expression: a dotted torch name, or a value of such a class."""

    path: str  # "torch.nn.Linear"; for a value, its class
    value: bool = False  # True: an instance of `path`
    own: bool = False  # True: of a class of the program that derives from `path`


@dataclass
class Use:
    """One torch name that a program uses."""

    name: str
    lines: list[int] = field(default_factory=list)
    keywords: set[str] = field(default_factory=set)


_MISSING = object()


def resolve(path: str) -> Any:
    """The object that rushlight has under a torch name, or `_MISSING`."""
    parts = path.split(".")
    found: Any = find_module(ALIASES[parts[0]])
    for i, part in enumerate(parts[1:], 2):
        if hasattr(found, part):
            found = getattr(found, part)
        else:
            found = find_module(ours(".".join(parts[:i])) or "")
        if found is None:
            return _MISSING
    return found


def judge(use: Use) -> tuple[str, str]:
    """(supported | partly | missing, why) of one use."""
    if use.name in ABSENT:
        return "missing", "nothing stands in for this package"
    found = resolve(use.name)
    if found is _MISSING:
        home, _, name = use.name.rpartition(".")
        if home == SCRIPTED:
            return "missing", "torch.jit compiles nothing here: keep the state_dict, or write ONNX"
        if name in pytorch_names(home) or name.startswith("_") or resolve(home) is _MISSING:
            return "missing", ""
        return "missing", suggestion(name, dir(resolve(home)), home)
    if is_refused(found):
        return "missing", "refused when it is used"
    if use.keywords and callable(found):
        try:
            parameters = inspect.signature(found).parameters
        except (TypeError, ValueError):
            return "supported", ""
        if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            unknown = sorted(use.keywords - parameters.keys())
            if unknown:
                return "partly", "without " + ", ".join(f"{k}=" for k in unknown)
    return "supported", ""


class Walk(ast.NodeVisitor):
    """Collects the torch names of one program in `uses`."""

    def __init__(self) -> None:
        self.uses: dict[str, Use] = {}
        self.scopes: list[dict[str, Kind | None]] = [{}]
        self.attributes: list[dict[str, Kind | None]] = []  # of `self`, per class we are in

    # names

    def record(self, path: str, node: ast.AST) -> None:
        use = self.uses.setdefault(path, Use(path))
        line = getattr(node, "lineno", 0)
        if line not in use.lines:
            use.lines.append(line)

    def look_up(self, name: str) -> Kind | None:
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return None

    def bind(self, target: ast.expr, kind: Kind | None) -> None:
        """Binds every name in an assignment's target to this kind (None: unknown)."""
        if isinstance(target, ast.Name):
            self.scopes[-1][target.id] = kind
        elif isinstance(target, ast.Tuple | ast.List):
            for part in target.elts:
                self.bind(part, kind if kind and kind.value and kind.path == TENSOR else None)
        elif isinstance(target, ast.Attribute) and self.attributes:
            if isinstance(target.value, ast.Name) and target.value.id == "self":
                self.attributes[-1][target.attr] = kind
        else:
            self.visit(target)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            root = alias.name.partition(".")[0]
            if root in ABSENT:
                self.record(root, node)
            if ours(alias.name) is None:
                continue
            self.record(alias.name, node)
            self.scopes[-1][alias.asname or root] = Kind(alias.name if alias.asname else root)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level or not node.module:
            return
        if (root := node.module.partition(".")[0]) in ABSENT:
            self.record(root, node)
        if ours(node.module) is None:
            return
        for alias in node.names:
            if alias.name == "*":
                self.record(node.module, node)
                for name in (
                    vars(resolve(node.module)) if resolve(node.module) is not _MISSING else ()
                ):
                    if not name.startswith("_"):
                        self.scopes[-1][name] = Kind(f"{node.module}.{name}")
                continue
            path = f"{node.module}.{alias.name}"
            self.record(path, node)
            self.scopes[-1][alias.asname or alias.name] = Kind(path)

    # expressions

    def kind(self, node: ast.expr | None) -> Kind | None:
        """What an expression is, recording the torch names in it."""
        match node:
            case None:
                return None
            case ast.Name():
                found = self.look_up(node.id)
                if found and not found.value and not found.own:
                    self.record(found.path, node)
                return found
            case ast.Attribute():
                return self.attribute(node)
            case ast.Call():
                return self.call(node)
            case ast.BinOp():
                sides = [self.kind(node.left), self.kind(node.right)]
                return next((k for k in sides if k and k.value and k.path == TENSOR), None)
            case ast.UnaryOp():
                return self.kind(node.operand)
            case ast.Subscript():
                self.visit(node.slice)
                found = self.kind(node.value)
                return found if found and found.value and found.path == TENSOR else None
        self.generic_visit(node)
        return None

    def attribute(self, node: ast.Attribute) -> Kind | None:
        name = node.attr
        if isinstance(node.value, ast.Name) and node.value.id == "self" and self.attributes:
            return self.attributes[-1].get(name)
        base = self.dotted(node.value)
        if base is None or base.own:
            return None
        path = f"{base.path}.{name}"
        if base.value:
            # Instances carry attributes their class does not show; methods are on the class.
            named = callable(getattr(resolve(base.path), name, None))
            if base.path == TENSOR or named or (base.path == SCRIPTED and name in jit.SCRIPTED):
                self.record(path, node)
            if base.path == TENSOR:
                return Kind(TENSOR, value=True) if name in TENSOR_ATTRIBUTES else Kind(path)
            return None
        self.record(path, node)
        return Kind(path)

    def dotted(self, node: ast.expr) -> Kind | None:
        """As `kind`, but the beginning of a longer dotted name is not recorded by itself."""
        if isinstance(node, ast.Name):
            return self.look_up(node.id)
        found = self.kind(node)
        if isinstance(node, ast.Attribute) and found and not found.value:
            use = self.uses.get(found.path)
            if use and use.lines[-1:] == [node.lineno] and not use.keywords:
                use.lines.pop()
                if not use.lines:
                    del self.uses[found.path]
        return found

    def call(self, node: ast.Call) -> Kind | None:
        function = self.kind(node.func)
        for argument in node.args:
            self.visit(argument)
        for keyword in node.keywords:
            self.visit(keyword.value)
        if function is None:
            return None
        if function.value:  # a layer, or a class of the program that derives from one
            is_module = function.own or self.is_class(function.path, "torch.nn.Module")
            return Kind(TENSOR, value=True) if is_module else None
        if function.own:
            return Kind(function.path, value=True, own=True)
        if function.path in self.uses:
            self.uses[function.path].keywords |= {k.arg for k in node.keywords if k.arg}
        return self.result(function.path)

    def result(self, path: str) -> Kind | None:
        """What calling a torch name returns."""
        parent, _, name = path.rpartition(".")
        if parent == TENSOR:
            return None if name in PLAIN else Kind(TENSOR, value=True)
        if path in SCRIPTING:
            return Kind(SCRIPTED, value=True)
        if isinstance(resolve(path), type) and path != TENSOR:
            return Kind(path, value=True)
        if parent == "torch.nn.functional" or (parent == "torch" and name not in NO_TENSOR):
            return Kind(TENSOR, value=True)
        return None

    @staticmethod
    def is_class(path: str, base: str) -> bool:
        found, above = resolve(path), resolve(base)
        return isinstance(found, type) and isinstance(above, type) and issubclass(found, above)

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.expr):
            self.kind(node)
        else:
            super().visit(node)

    # statements

    def visit_Assign(self, node: ast.Assign) -> None:
        if isinstance(node.value, ast.Tuple):
            kinds = [self.kind(part) for part in node.value.elts]
            for target in node.targets:
                if isinstance(target, ast.Tuple) and len(target.elts) == len(kinds):
                    for part, kind in zip(target.elts, kinds, strict=True):
                        self.bind(part, kind)
            return
        kind = self.kind(node.value)
        for target in node.targets:
            self.bind(target, kind)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.visit(node.annotation)
        self.bind(node.target, self.kind(node.value))

    def visit_For(self, node: ast.For) -> None:
        over = self.kind(node.iter)
        batches = bool(over and over.value and over.path == "torch.utils.data.DataLoader")
        self.bind(node.target, Kind(TENSOR, value=True) if batches else None)
        for statement in (*node.body, *node.orelse):
            self.visit(statement)

    def visit_With(self, node: ast.With) -> None:
        for item in node.items:
            kind = self.kind(item.context_expr)
            if item.optional_vars:
                self.bind(item.optional_vars, kind)
        for statement in node.body:
            self.visit(statement)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for decorator in node.decorator_list:
            self.visit(decorator)
        bases = [self.kind(base) for base in node.bases]
        base = next((b for b in bases if b), None)
        self.scopes[-1][node.name] = Kind(base.path, own=True) if base else None
        self.attributes.append({})
        self.scopes.append({})
        # __init__ first: it says what self's attributes are
        for statement in sorted(node.body, key=lambda s: getattr(s, "name", "") != "__init__"):
            self.visit(statement)
        self.scopes.pop()
        self.attributes.pop()

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        makers = [self.kind(decorator) for decorator in node.decorator_list]
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        for default in (*node.args.defaults, *node.args.kw_defaults):
            self.kind(default)
        scripted = any(kind and kind.path in SCRIPTING for kind in makers)
        self.scopes[-1][node.name] = Kind(SCRIPTED, value=True) if scripted else None
        forward = node.name == "forward" and bool(self.attributes)
        names = {a.arg: Kind(TENSOR, value=True) if forward else None for a in arguments}
        for argument in arguments:
            if argument.annotation:
                annotation = self.kind(argument.annotation)
                if annotation and not annotation.value and not annotation.own:
                    names[argument.arg] = Kind(annotation.path, value=True)
        self.kind(node.returns)
        self.scopes.append(names | {"self": None})
        for statement in node.body:
            self.visit(statement)
        self.scopes.pop()

    visit_AsyncFunctionDef = visit_FunctionDef


def scan(source: str | bytes, filename: str = "<script>") -> list[Use]:
    """The torch names that a program uses, in alphabetical order.

    >>> [use.name for use in scan("from torch import nn as n\\nn.ReLU()")]
    ['torch.nn', 'torch.nn.ReLU']
    """
    walk = Walk()
    walk.visit(ast.parse(source, filename))
    return sorted(walk.uses.values(), key=lambda use: use.name)


def table(uses: Sequence[Use], show_supported: bool) -> Iterator[str]:
    """The lines of the report of one file."""
    order = ("supported", "partly", "missing")
    rows = sorted(((*judge(use), use) for use in uses), key=lambda row: order.index(row[0]))
    shown = [row for row in rows if show_supported or row[0] != "supported"]
    width = max((len(use.name) for *_, use in shown), default=0)
    for state, why, use in shown:
        lines = ", ".join(map(str, use.lines[:4])) + (", ..." if len(use.lines) > 4 else "")
        yield f"  {state:<10} {use.name:<{width}}  line {lines}{'  ' + why if why else ''}"
    counts = [sum(state == row[0] for row in rows) for state in order]
    yield f"  {len(rows)} names: " + ", ".join(
        f"{n} {s}" for n, s in zip(counts, order, strict=True)
    )


def main(words: Sequence[str]) -> int:
    """Prints the table of each file; 1 if a name is missing."""
    parser = Parser(
        prog="rushlight check",
        usage="rushlight check [-q] FILE...",
        description="List what programs use of torch: supported, partly, missing.",
        epilog="The exit status is 1 when something is missing.",
    )
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="a Python file; it is read, not run"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="leave out what is supported")
    options = parser.parse_args(words)
    missing = False
    for name in options.files:
        with expected(SyntaxError, ValueError, before=f"{name}: "), open(name, "rb") as file:
            uses = scan(file.read(), name)
        print(name)
        print("\n".join(table(uses, show_supported=not options.quiet)))
        missing = missing or any(judge(use)[0] == "missing" for use in uses)
    return int(missing)
