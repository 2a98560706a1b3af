"""torch.fx.Graph: the steps of a function in order, and the Python code that they are."""

from __future__ import annotations

import builtins
import contextlib
import keyword
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .node import INPLACE, MAGIC, Node, map_arg, qualified_name, type_text

__all__ = ["CodeGen", "Graph", "PythonCode"]

_ALWAYS = {"inf": math.inf, "nan": math.nan, "NoneType": type(None)}  # what code may name
_NOT_A_LETTER = re.compile(r"[^0-9a-zA-Z_]+")


def snake_case(name: str) -> str:
    """LayerNorm -> layer_norm, as names of nodes have it."""
    found = []
    low = False
    for c in name:
        if c.isupper() and low:
            found.append("_")
        low = c.islower()
        found.append(c)
    return "".join(found).lower()


class Namespace:
    """Names that are used already, and new ones like a given one."""

    def __init__(self) -> None:
        self.used: dict[str, Any] = {}
        self._counts: dict[str, int] = {}

    def create_name(self, candidate: str, obj: Any = None) -> str:
        """`candidate`, with a number behind it if it is taken, or a word of Python's."""
        name = _NOT_A_LETTER.sub("_", candidate) or "_unnamed"
        if name[0].isdigit():
            name = f"_{name}"
        base, number = name, None
        found = re.fullmatch(r"(.*)_(\d+)", name)
        if found:
            base, number = found[1], int(found[2])
        while name in self.used or self._illegal(name, obj):
            number = self._counts.get(base, 0) + 1 if number is None else number + 1
            number = max(number, self._counts.get(base, 0) + 1)
            self._counts[base] = number
            name = f"{base}_{number}"
        if number is not None:
            self._counts[base] = max(self._counts.get(base, 0), number)
        self.used[name] = obj
        return name

    @staticmethod
    def _illegal(name: str, obj: Any) -> bool:
        if keyword.iskeyword(name):
            return True
        if name in vars(builtins):
            return vars(builtins)[name] is not obj
        return name in ("inf", "nan", "NoneType", "torch", "device", "fx_pytree", "pytree")


@dataclass
class PythonCode:
    """The source of a function, and the objects that its names mean."""

    src: str
    globals: dict[str, Any]
    _lineno_map: dict[int, int] | None = None


class _NodeList:
    """The nodes of a graph, in order, or from the last."""

    def __init__(self, graph: Graph, direction: str = "_next"):
        self.graph, self.direction = graph, direction

    def __len__(self) -> int:
        return self.graph._len

    def __iter__(self) -> Iterator[Node]:
        root = self.graph._root
        at = getattr(root, self.direction)
        while at is not root:
            following = getattr(at, self.direction)
            if not at._erased:
                yield at
            # what a loop's body puts behind the node is walked over, too
            at = getattr(at, self.direction) if not at._erased else following

    def __reversed__(self) -> _NodeList:
        return _NodeList(self.graph, "_prev" if self.direction == "_next" else "_next")


class CodeGen:
    """How a graph becomes code: Graph.python_code asks it."""

    def generate(self, graph: Graph, root: str) -> PythonCode:
        """def forward(root, ...): one line per node."""
        free: list[str] = []
        body: list[str] = []
        names: dict[str, Any] = dict(_ALWAYS)
        space = Namespace()
        last_use = _last_uses(graph)

        def known(hint: str, obj: Any) -> str:
            """The name of an object in the code."""
            if _is_torch(obj):
                import rushlight

                names["torch"] = rushlight
                return qualified_name(obj)
            plain = hint.replace(".", "_")
            if plain in names and names[plain] is obj:
                return plain
            new = space.create_name(plain, obj)
            names[new] = obj
            return new

        def text(arg: Any) -> str:
            if isinstance(arg, Node):
                return arg.name
            if isinstance(arg, list):
                return f"[{', '.join(map(text, arg))}]"
            if isinstance(arg, tuple):
                if hasattr(arg, "_fields"):
                    kind = known(type(arg).__name__, type(arg))
                    return f"{kind}({', '.join(map(text, arg))})"
                return f"({', '.join(map(text, arg))}{',' if len(arg) == 1 else ''})"
            if isinstance(arg, dict):
                return "{" + ", ".join(f"{k!r}: {text(v)}" for k, v in arg.items()) + "}"
            if isinstance(arg, slice):
                return f"slice({text(arg.start)}, {text(arg.stop)}, {text(arg.step)})"
            if isinstance(arg, (int, float, str, complex, type(None), type(Ellipsis))):
                if isinstance(arg, complex) or type(arg) not in _PLAIN:
                    return repr(arg) if type(arg) in _PLAIN else known(type(arg).__name__, arg)
                return repr(arg)
            if isinstance(arg, type) or callable(arg):
                return known(qualified_name(arg), arg)
            shown = repr(arg)
            if shown.startswith("torch.") and "(" not in shown:  # a dtype, a layout
                import rushlight

                names["torch"] = rushlight
                return shown
            return known(type(arg).__name__.lower(), arg)

        def call(args: Any, kwargs: Any) -> str:
            return ", ".join([*map(text, args), *(f"{k} = {text(v)}" for k, v in kwargs.items())])

        for node in graph.nodes:
            kind = ""
            if node.type is not None and node.op != "output":
                kind = f" : {_annotation(node.type, known)}"
            end = _deletions(node, last_use)
            if node.op == "placeholder":
                default = f" = {text(node.args[0])}" if node.args else ""
                free.append(f"{node.target}{kind}{default}")
                raw = node.target.lstrip("*")
                if raw != node.name:
                    body.append(f"{node.name} = {raw}\n")
                continue
            if node.op == "output":
                body.append(f"return {text(node.args[0])}\n")
                continue
            if node.op == "call_method":
                self_, *rest = node.args
                made = (
                    f"{_attribute(_operand(text(self_)), node.target)}({call(rest, node.kwargs)})"
                )
            elif node.op == "get_attr":
                made = _attribute(root, node.target)
            elif node.op == "call_module":
                made = f"{_attribute(root, node.target)}({call(node.args, node.kwargs)})"
            else:
                made = self._function(node, text, call, known)
                if made is None:
                    first = text(node.args[0])
                    done = INPLACE[node.target].format(first, text(node.args[1]))
                    body.append(f"{done};  {node.name}{kind} = {first}{end}\n")
                    continue
            body.append(f"{node.name}{kind} = {made}{end}\n")
        if not body:
            body.append("pass\n")
        code = "".join("    " + line for line in body)
        head = f"def forward({', '.join([root, *free])}):"
        return PythonCode(f"\n\n\n{head}\n{code}    ", names)

    @staticmethod
    def _function(node: Node, text: Callable, call: Callable, known: Callable) -> str | None:
        """The code of a call of a function; None for an operator that works in place."""
        target = node.target
        if target in MAGIC and not node.kwargs:
            return MAGIC[target].format(*map(text, node.args))
        if target in INPLACE and not node.kwargs:
            return None
        name = qualified_name(target)
        if name == "getattr" and isinstance(node.args[1], str) and node.args[1].isidentifier():
            if len(node.args) == 2:
                return f"{text(node.args[0])}.{node.args[1]}"
        return f"{known(name, target)}({call(node.args, node.kwargs)})"


_PLAIN = (int, float, str, complex, bool, type(None), type(Ellipsis))


def _is_torch(obj: Any) -> bool:
    """Is it found under torch by its qualified name?"""
    name = qualified_name(obj) if callable(obj) else ""
    if not name.startswith("torch."):
        return False
    import rushlight

    found: Any = rushlight
    for part in name.split(".")[1:]:
        try:
            found = getattr(found, part, None)
        except NotImplementedError:
            return False
    return found is obj or found == obj


def _annotation(kind: Any, known: Callable) -> str:
    return type_text(kind) if getattr(kind, "__module__", "") == "builtins" else known("type", kind)


def _operand(text: str) -> str:
    return f"({text})" if text.lstrip("-")[:1].isdigit() else text


def _attribute(base: str, target: str) -> str:
    for part in target.split("."):
        base = f"{base}.{part}" if part.isidentifier() else f'getattr({base}, "{part}")'
    return base


def _last_uses(graph: Graph) -> dict[Node, list[Node]]:
    """node -> the nodes that it is the last to use; itself, if nobody uses it."""
    seen: set[Node] = set()
    last: dict[Node, list[Node]] = {}
    for node in reversed(graph.nodes):
        inputs: list[Node] = []
        map_arg((node.args, node.kwargs), inputs.append)
        for used in dict.fromkeys(inputs):
            if used not in seen:
                seen.add(used)
                last.setdefault(node, []).append(used)
    return last


def _deletions(node: Node, last: dict[Node, list[Node]]) -> str:
    """What ends a line: names that are not used any more are let go."""
    if node.op in ("placeholder", "output"):
        return ""
    gone = [used.name for used in last.get(node, ())]
    if not node.users:
        gone.append(node.name)
    return f";  {' = '.join(gone)} = None" if gone else ""


class Graph:
    """Steps in order: `nodes`, made by placeholder, call_module, ..., the last is the output."""

    def __init__(
        self, owning_module: Any = None, tracer_cls: Any = None, tracer_extras: Any = None
    ):
        self._root = Node(self, "", "root", "", (), {})
        self._len = 0
        self._insert: Callable[[Node], None] = self._root.prepend
        self._namespace = Namespace()
        self.owning_module = owning_module
        self._tracer_cls, self._tracer_extras = tracer_cls, tracer_extras
        self._codegen = CodeGen()

    @property
    def nodes(self) -> _NodeList:
        """The nodes in order: len, iteration, reversed."""
        return _NodeList(self)

    def find_nodes(self, *, op: str, target: Any = None, sort: bool = True) -> list[Node]:
        """Those of an op, and of a target if one is given."""
        if op == "call_function" and target is None:
            raise AssertionError("target must not be None for op='call_function'")
        return [n for n in self.nodes if n.op == op and (target is None or n.target == target)]

    def output_node(self) -> Node:
        """The output."""
        return next(n for n in reversed(self.nodes) if n.op == "output")

    # ---------------------------------------------------------------- making nodes

    def create_node(
        self,
        op: str,
        target: Any,
        args: tuple | None = None,
        kwargs: dict | None = None,
        name: str | None = None,
        type_expr: Any = None,
    ) -> Node:
        """A new node where `inserting_before` says, else at the end.

        errors  AssertionError: an unknown op
        """
        known = ("call_function", "call_method", "get_attr", "call_module", "placeholder", "output")
        if op not in known:
            raise AssertionError(f"op must be one of {known}, got {op}")
        candidate = name if name is not None else self._target_to_str(target)
        node = Node(
            self,
            self._namespace.create_name(candidate),
            op,
            target,
            args or (),
            kwargs or {},
            type_expr,
        )
        self._insert(node)
        self._len += 1
        return node

    @staticmethod
    def _target_to_str(target: Any) -> str:
        text = target if isinstance(target, str) else getattr(target, "__name__", str(target))
        if text.startswith("__") and text.endswith("__"):
            text = text[2:-2]
        return snake_case(text)

    def placeholder(self, name: str, type_expr: Any = None, default_value: Any = ...) -> Node:
        """An input."""
        args = () if default_value is ... else (default_value,)
        return self.create_node("placeholder", name, args, type_expr=type_expr)

    def get_attr(self, qualified_name: str, type_expr: Any = None) -> Node:
        """An attribute of the module: a parameter, a buffer."""
        return self.create_node("get_attr", qualified_name, type_expr=type_expr)

    def call_module(
        self, module_name: str, args: Any = None, kwargs: Any = None, type_expr: Any = None
    ) -> Node:
        """A call of a submodule."""
        return self.create_node("call_module", module_name, args, kwargs, type_expr=type_expr)

    def call_method(
        self, method_name: str, args: Any = None, kwargs: Any = None, type_expr: Any = None
    ) -> Node:
        """A call of a method of args[0]."""
        return self.create_node("call_method", method_name, args, kwargs, type_expr=type_expr)

    def call_function(
        self,
        the_function: Callable,
        args: Any = None,
        kwargs: Any = None,
        type_expr: Any = None,
        name: str | None = None,
    ) -> Node:
        """A call of a function."""
        return self.create_node("call_function", the_function, args, kwargs, name, type_expr)

    def output(self, result: Any, type_expr: Any = None) -> Node:
        """What is returned."""
        return self.create_node("output", "output", (result,), type_expr=type_expr)

    def node_copy(self, node: Node, arg_transform: Callable[[Node], Any] = lambda x: x) -> Node:
        """A copy of a node of another graph; arg_transform gives this graph's node for each."""
        args, kwargs = map_arg(node.args, arg_transform), map_arg(node.kwargs, arg_transform)
        new = self.create_node(node.op, node.target, args, kwargs, node.name, node.type)
        new.meta = dict(node.meta)
        return new

    def graph_copy(
        self, g: Graph, val_map: dict[Node, Any], return_output_node: bool = False
    ) -> Any:
        """Copies all nodes of g but the output, into val_map too; what the output returned."""
        for node in g.nodes:
            if node in val_map:
                continue
            if node.op == "output":
                result = map_arg(node.args[0], lambda n: val_map[n])
                return (result, node) if return_output_node else result
            val_map[node] = self.node_copy(node, lambda n: val_map[n])
        return None

    def __deepcopy__(self, memo: Any = None) -> Graph:
        new = Graph(tracer_cls=self._tracer_cls)
        found = new.graph_copy(self, {}, return_output_node=True)
        if isinstance(found, tuple):
            out = new.output(found[0], type_expr=getattr(found[1], "type", None))
            out.meta = dict(found[1].meta)
        new._codegen = self._codegen
        return new

    # ---------------------------------------------------------------- changing the order

    def _inserting(self, put: Callable[[Node], None]) -> Any:
        graph = self

        class Inserting:
            before = graph._insert

            def __enter__(self) -> None:
                pass

            def __exit__(self, *error: object) -> None:
                graph._insert = self.before

        point = Inserting()
        self._insert = put
        return point

    def inserting_before(self, n: Node | None = None) -> Any:
        """A context in which new nodes come before n; None: at the beginning."""
        if n is None:
            return self.inserting_after(self._root)
        if n.graph is not self:
            raise AssertionError("Node to insert before is not in graph.")
        return self._inserting(n.prepend)

    def inserting_after(self, n: Node | None = None) -> Any:
        """A context in which each new node comes right after n; None: at the end."""
        if n is None:
            return self.inserting_before(self._root)
        if n.graph is not self:
            raise AssertionError("Node to insert after is not in graph.")
        return self._inserting(n.append)

    def erase_node(self, to_erase: Node) -> None:
        """Takes a node away. errors  RuntimeError: it has users"""
        if to_erase.users:
            raise RuntimeError(
                f"Tried to erase Node {to_erase} but it still had {len(to_erase.users)} users in "
                f"the graph: {to_erase.users}!"
            )
        if to_erase.graph is not self:
            raise RuntimeError(f"Attempting to remove {to_erase} from wrong graph!")
        if to_erase._erased:
            return
        following = to_erase._next
        to_erase._unlink()
        to_erase._next = following  # a loop that is at this node goes on from here
        to_erase._erased = True
        to_erase._set((), {})
        self._len -= 1

    def eliminate_dead_code(self, is_impure_node: Callable[[Node], bool] | None = None) -> bool:
        """Takes away what nobody uses and does nothing else; was there any?"""
        self.lint()
        impure = is_impure_node or Node.is_impure
        changed = False
        for node in list(reversed(self.nodes)):
            if not impure(node) and not node.users:
                self.erase_node(node)
                changed = True
        return changed

    def process_inputs(self, *args: Any) -> Any:
        """The inputs of a call, as placeholders take them."""
        return args

    def process_outputs(self, out: Any) -> Any:
        """The output of a call."""
        return out

    # ---------------------------------------------------------------- text

    def set_codegen(self, codegen: CodeGen) -> None:
        """Another way to write the code."""
        self._codegen = codegen

    def python_code(self, root_module: str, **options: Any) -> PythonCode:
        """The function `forward(root_module, ...)` as source, with what its names mean."""
        return self._codegen.generate(self, root_module)

    def print_tabular(self) -> None:
        """Prints a table of the nodes."""
        rows = [[n.op, n.name, str(n.target), str(n.args), str(n.kwargs)] for n in self.nodes]
        head = ["opcode", "name", "target", "args", "kwargs"]
        widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
        rule = ["-" * width for width in widths]
        for row in [head, rule, *rows]:
            print("  ".join(word.ljust(w) for word, w in zip(row, widths, strict=True)).rstrip())

    def lint(self) -> None:
        """RuntimeError or AssertionError: an argument from later or from another graph, a name that
        is taken twice, a target that the module does not have."""
        seen: set[Node] = set()
        names: set[str] = set()
        for node in self.nodes:
            if node.graph is not self:
                raise RuntimeError(f"Node '{node}' does not belong to this Graph!")
            for used in node.all_input_nodes:
                if used.graph is not self:
                    raise RuntimeError(
                        f"Argument '{used}' of Node '{node}' does not belong to this Graph, but "
                        "was used as an argument!"
                    )
                if used not in seen:
                    raise RuntimeError(
                        f"Argument '{used}' of Node '{node}' was used before it has been defined! "
                        f"Please check that Nodes in the graph are topologically ordered\n{self}"
                    )
            if node.name in names:
                raise RuntimeError(f"Node redefined name {node.name}!")
            seen.add(node)
            names.add(node.name)
        if self.owning_module is not None:
            for node in self.nodes:
                if node.op in ("get_attr", "call_module"):
                    self._lint_target(node)

    def _lint_target(self, node: Node) -> None:
        at: Any = self.owning_module
        for i, part in enumerate(node.target.split(".")):
            if not hasattr(at, part):
                where = ".".join(node.target.split(".")[:i])
                raise RuntimeError(
                    f"Node {node} target {node.target} references nonexistent attribute {part} of "
                    f"{where}"
                )
            at = getattr(at, part)

    def on_generate_code(self, make_transformer: Any) -> Any:
        """Accepted and not used: code is written in one way."""
        return contextlib.nullcontext()

    def __str__(self) -> str:
        inputs: list[str] = []
        lines = [node.format_node(inputs) for node in self.nodes]
        return "graph():\n" + "\n".join("    " + line for line in lines if line)
