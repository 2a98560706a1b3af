"""`rushlight VERB ARGS...`: finds the verb's module, imports it, and calls its `main(args)`.

A verb is one module of this folder and one row of `VERBS`. Its `main` takes the words after the
verb and returns the exit status (None is 0). Modules are imported when called, so `rushlight
--help` starts fast and `run` does not pay for what `train` needs. What a verb raises for the user
to read is printed here, for all of them (errors.py).
"""

import difflib
import sys
from collections.abc import Sequence
from importlib import import_module

from rushlight.app.errors import reported, to_stderr

#: verb -> (module of rushlight.app, what the help says)
VERBS = {
    "run": ("run", "run a script written for PyTorch, untouched"),
    "check": ("check", "list what a script uses of torch, and whether rushlight has it"),
    "train": ("train", "train a classifier: a data set and a model by name, or your own"),
    "evaluate": ("evaluate", "say how good a trained model is, class by class"),
    "find-lr": ("find_lr", "which learning rate to begin with: the loss while it grows"),
    "predict": ("predict", "say what a trained model sees in images"),
    "runs": ("runs", "the runs in a table, best first"),
    "tune": ("tune", "search for settings that train well"),
    "serve": ("serve", "answer over HTTP: a page to draw on, JSON for programs"),
    "standin": ("standin", "import torch means rushlight in this environment: install, remove"),
    "export": ("export", "write a trained model as ONNX, safetensors or for PyTorch"),
    "doctor": ("doctor", "say what is live here, what is missing, and what that costs"),
    "inspect": (
        "inspect",
        "list a model's layers, walk images through them, or list a file's tensors",
    ),
}


def usage() -> str:
    """The help text of the command itself."""
    rows = "\n".join(f"  {verb:<9} {text}" for verb, (_, text) in VERBS.items())
    return (
        "usage: rushlight VERB ARGS...\n\nverbs:\n"
        f"{rows}\n\n`rushlight VERB --help` explains a verb, `rushlight --version` names this one."
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line `argv` (default: the process's) and returns the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in ("-h", "--help", "help"):
        print(usage())
        return 0 if words else 2
    verb, *rest = words
    if verb == "--version":
        from rushlight.version import RUSHLIGHT

        print(f"rushlight {RUSHLIGHT}")
        return 0
    if verb not in VERBS:
        near = difflib.get_close_matches(verb, VERBS, n=1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        to_stderr(f"rushlight: no verb {verb!r}{hint}; the verbs are {', '.join(VERBS)}")
        return 2
    return reported(verb, lambda: import_module(f"rushlight.app.{VERBS[verb][0]}").main(rest))
