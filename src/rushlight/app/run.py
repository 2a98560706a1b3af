"""`rushlight run SCRIPT ARGS...`: runs a program written for PyTorch on rushlight, untouched.

For that program `torch`, `torchvision` and their submodules are rushlight's own modules: `install`
puts a finder in front of `sys.meta_path` that answers for exactly these two names and what is below
them (not for torchmetrics or torchinfo). `torch.nn.functional` is not a copy but the module
`rushlight.nn.functional` itself, so classes and state are shared under both names.

A missing submodule raises ModuleNotFoundError, a missing attribute AttributeError, both with the
torch name in the message, so that `try: import` and `hasattr` in a program work as intended.
"""

import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import CodeType, ModuleType
from typing import Any

import rushlight as rl
from rushlight.app.errors import say
from rushlight.core.names import SIGNPOSTS, suggestion
from rushlight.version import COMPATIBLE
from rushlight.vision.version import __version__ as _TORCHVISION

#: torch's name -> ours
ALIASES = {"torch": "rushlight", "torchvision": "rushlight.vision"}
#: the versions that programs are shown; torchvision's is the one that goes with torch's
STANDIN_VERSIONS = {"torch": f"{COMPATIBLE}+rushlight", "torchvision": _TORCHVISION}

USAGE = """usage: rushlight run [--lint] SCRIPT ARGS...
       rushlight run [--lint] -m MODULE ARGS...
       rushlight run [--lint] -c CODE ARGS...

Runs a program written for PyTorch as `python` would, with `import torch` and `import torchvision`
answered by rushlight. `rushlight check SCRIPT` lists what the program needs first. --lint looks for
the usual mistakes of training loops while it runs, and says file and line."""


def ours(name: str) -> str | None:
    """rushlight's name of the module that a program calls `name`; None for other packages.

    >>> ours("torch.nn.functional"), ours("torchvision.datasets"), ours("torchmetrics")
    ('rushlight.nn.functional', 'rushlight.vision.datasets', None)
    """
    root, dot, rest = name.partition(".")
    return ALIASES[root] + dot + rest if root in ALIASES else None


def find_module(name: str) -> ModuleType | None:
    """The module `name` of rushlight: imported, or a module that is an attribute of its parent."""
    if name == "rushlight.ops":  # our cards; torch.ops is another thing
        return importlib.import_module("rushlight.library.namespaces").ops
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        # Only this module or its parents may be missing; a failed import inside them is an error.
        if not error.name or not (name + ".").startswith(error.name + "."):
            raise
    parent, _, child = name.rpartition(".")
    found = getattr(sys.modules.get(parent), child, None)
    return found if isinstance(found, ModuleType) else None


class AliasLoader(Loader):
    """Returns a module of rushlight under its torch name, unchanged."""

    def __init__(self, module: ModuleType, alias: str):
        self.module, self.alias = module, alias
        self.spec = module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self.module

    def get_code(self, name: str) -> CodeType | None:
        """The code, for `-m torch.distributed.run`."""
        loader: Any = self.spec and self.spec.loader
        return loader.get_code(self.spec.name) if hasattr(loader, "get_code") else None  # type: ignore[union-attr]

    def exec_module(self, module: ModuleType) -> None:
        # The import system has just set the alias's spec on the module; reload and pickle need the
        # original. The module has been executed already.
        module.__spec__ = self.spec
        # Modules that stand beside functions of their name: the import system would put them in the
        # functions' place, but not if it finds them here.
        for name, signpost in SIGNPOSTS.items():
            own = self.spec.name if self.spec is not None else module.__name__
            if name.rpartition(".")[0] == own:
                sys.modules.setdefault(self.alias + name.removeprefix(own), signpost)


class AliasFinder(MetaPathFinder):
    """Answers `import torch`, `import torchvision` and everything below them."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        name = ours(fullname)
        if name is None:
            return None
        module = find_module(name)
        if module is None:
            raise ModuleNotFoundError(
                f"rushlight does not have the module {fullname} yet", name=fullname
            )
        is_package = hasattr(module, "__path__")
        return ModuleSpec(fullname, AliasLoader(module, fullname), is_package=is_package)

    def find_distributions(self, context: Any = None) -> list[Any]:
        """What importlib.metadata asks: the records of torch and torchvision."""
        from rushlight.app.records import records

        wanted = getattr(context, "name", None)
        return records(STANDIN_VERSIONS, None if wanted is None else wanted.lower())


class WorkerPath(str):
    """An entry of `sys.path` that installs the alias in multiprocessing's workers.

    A spawned worker unpickles its parent's `sys.path` before it imports the program again;
    unpickling this entry installs the finder there. (A forked worker has it already.)
    """

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return _worker_path, (str(self),)


def _worker_path(entry: str) -> "WorkerPath":
    install()
    return WorkerPath(entry)


def install() -> None:
    """Makes `torch` and `torchvision` mean rushlight in this process; a second call does nothing.

    Raises RuntimeError if the real PyTorch has been imported: two libraries under one name would
    mix their tensors, with errors far from the cause.
    """
    for name, target in ALIASES.items():
        loaded = sys.modules.get(name)
        if loaded is not None and loaded is not sys.modules.get(target):
            where = getattr(loaded, "__file__", "a module without a file")
            raise RuntimeError(
                f"{name} is already imported, from {where}\n"
                f"  rushlight can stand in for {name} only in a process that has not loaded it\n"
                f"  fix: start the program with `python -m rushlight run`, and look for a .pth "
                f"file or a sitecustomize that imports {name}"
            )
    if not any(isinstance(finder, AliasFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, AliasFinder())
        import rushlight
        from rushlight import version

        shown = version.TorchVersion(STANDIN_VERSIONS["torch"])
        rushlight.__version__ = version.__version__ = shown
        rushlight.__name__ = "torch"  # programs compare it; the import system reads __spec__


def _new_main(**attributes: Any) -> ModuleType:
    """A fresh `__main__` in place of the one that is running us."""
    module = ModuleType("__main__")
    defaults = {"__builtins__": sys.modules["builtins"], "__annotations__": {}, "__cached__": None}
    module.__dict__.update(defaults | attributes)
    sys.modules["__main__"] = module
    return module


def _script(path: str) -> tuple[CodeType, ModuleType]:
    """The code of a file and the `__main__` that `python FILE` makes for it."""
    full = os.path.abspath(path)
    try:
        with open(full, "rb") as file:
            source = file.read()
    except OSError as error:
        say("run", f"can't open file {full!r}: [Errno {error.errno}] {error.strerror}")
        raise SystemExit(2) from None
    code = compile(source, full, "exec", dont_inherit=True)
    return code, _new_main(__file__=full, __loader__=SourceFileLoader("__main__", full))


def _module(name: str) -> tuple[CodeType, ModuleType]:
    """The code of a module and the `__main__` that `python -m NAME` makes for it."""
    try:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(name + ".__main__")
    except ModuleNotFoundError as error:
        say("run", error)
        raise SystemExit(1) from None
    loader: Any = spec and spec.loader
    code = loader.get_code(spec.name) if spec and hasattr(loader, "get_code") else None
    if spec is None or code is None:
        say("run", f"No module named {name} that can be run")
        raise SystemExit(1)
    sys.argv[0] = spec.origin or name
    main = _new_main(
        __file__=spec.origin, __loader__=spec.loader, __spec__=spec, __package__=spec.parent
    )
    return code, main


def _prepare(words: list[str]) -> tuple[CodeType, ModuleType]:
    """Sets `sys.argv` and `sys.path` as python does; the code to run and its `__main__`."""
    if words[0] in ("-m", "-c"):
        if len(words) < 2:
            say("run", f"argument expected for the {words[0]} option")
            raise SystemExit(2)
        kind, what, rest = words[0], words[1], words[2:]
    else:
        kind, what, rest = "", words[0], words[1:]
    sys.argv[:] = [kind or what, *rest]
    if not sys.flags.safe_path:  # then sys.path[0] is a folder that python chose for us, not for it
        sys.path[0] = {"": os.path.dirname(os.path.realpath(what)), "-m": os.getcwd(), "-c": ""}[
            kind
        ]
    sys.path[:] = [WorkerPath(entry) if entry else entry for entry in sys.path]
    if kind == "-c":
        return compile(what, "<string>", "exec", dont_inherit=True), _new_main()
    return _module(what) if kind == "-m" else _script(what)


def _report(error: BaseException) -> None:
    """Prints an exception as the interpreter does, without the frames of this file."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    error.__traceback__ = trace
    if isinstance(error, AttributeError) and isinstance(error.obj, rl.Tensor) and error.name:
        hint = suggestion(error.name, dir(error.obj), "torch.Tensor")
        if hint:  # Python itself has none: a tensor has too many names
            error.add_note(f"  {hint}")
    sys.excepthook(type(error), error, trace)


def main(words: Sequence[str]) -> int:
    """Runs the program that `words` name; its exit status (SystemExit goes through as it is)."""
    if not words or words[0] in ("-h", "--help"):
        print(USAGE)
        return 0 if words else 2
    install()
    words = list(words)
    watched: Any = nullcontext()
    if words[0] == "--lint":
        from rushlight.app.lint import lint_to_stderr

        del words[0]
        watched = lint_to_stderr()
    if words and words[0] == "--":
        del words[0]
    elif words and words[0].startswith("-") and words[0] not in ("-m", "-c"):
        say(
            "run",
            f"no option {words[0]}; there are --lint, -m MODULE and -c CODE, and what follows the "
            "script is for it",
        )
        return 2
    if not words:
        say("run", "a script is missing after the options")
        return 2
    try:
        code, module = _prepare(words)
        with watched:
            exec(code, module.__dict__)
    except KeyboardInterrupt as error:
        _report(error)
        return 130
    except Exception as error:
        _report(error)
        return 1
    return 0
