"""The playground: a program of the user's runs, and what happened in it is told as plain data.

seen.py     the program with a report after each assignment: which shapes each line makes
ops.py      each operation that runs, with its line, shapes and formula; the graph of a loss
study.py    one run: output, errors, lint, tensors, gradients, operations, walks
figures.py  matplotlib's figures, as pictures in the output

docs/playground/ has the page that shows it, in a browser, where this runs under Pyodide
(docs/browser.md). Nothing here needs a browser: tests/test_playground.py runs it as it is.
"""

from collections.abc import Callable
from typing import Any

Emit = Callable[[str, Any], None]
emitting: list[Emit] = []  # of the program that runs
