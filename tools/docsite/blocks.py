"""The code blocks of a page: found, run in order, compared with the output that the page shows.

    ```python                 run, all blocks of a page in one namespace, in an empty folder
    ```console                lines with `$ `: typed in that folder, what stands under them compared
    ```text, ```output        right behind one: what it prints. If its first line begins with the
                              name of an error, the block must raise it with these words
    indented by four          the same: Python if it is Python, else commands

Commands without `$ ` are not run; what they name must be there: verbs and options of `rushlight`,
targets of the Makefile, modules, scripts, extras. In an output a line `...` stands for lines left
out, and numbers may differ by 1.5e-4; times, addresses and sizes may differ in any way, and so may
what stands below "seconds" in a table.

Remarks of a page, which readers do not see:

    <!-- not run: REASON -->      before a block
    <!-- needs: jax, onnx -->     before a block: run where these can be imported
    <!-- rounds as: avx512 -->    before a block, of a long training: its numbers are those of this
                                  instruction set; with another one what is printed must only have
                                  as many lines
    <!-- run first:               code for the blocks below, as `model = ...`
    ...
    -->
"""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import io
import os
import re
import subprocess
import sys
import tempfile
import textwrap
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

COMMAND = re.compile(
    r"(?:\$ |[A-Z_]+=\S+ )*(rushlight|python3?|make|pip|curl|cmake|uv|git|docker|mkdir|cd)\b"
)
REMARK = re.compile(r"<!-- (not run|needs|rounds as|run first):\s?(.*)", re.S)
ITEM = re.compile(r"\s*(?:[-*+]|\d+\.)\s")
RAISED = re.compile(r"(\w+(?:Error|Exception|Warning)): ")
NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:e[-+]?\d+)?(?!\w)")
# what differs from run to run: times, addresses, versions, folders
MOVING = re.compile(
    r"0x[0-9a-f]+|127\.0\.0\.1:\d+|/tmp/\S+|\d+:\d\d(?::\d\d)?"
    r"|[\d.,]+ ?(?:s|ms|us|min|MB|kB|KiB|MiB|GB|it/s|images/s)\b"
)
SLACK = 1.5e-4
# where an epoch takes more than ten seconds, a run says how far it is
SLOW = re.compile(r"^ +epoch \d+/\d+ +batch \d+/\d+ .*\n", re.M)


@dataclass
class Block:
    """A code block: its line in the page, its language, its text, and the remarks about it."""

    line: int
    language: str
    text: str
    not_run: str = ""
    needs: list[str] = field(default_factory=list)
    rounds_as: str = ""
    first: str = ""  # code of a remark, run before it
    output: str | None = None

    @property
    def session(self) -> bool:
        """Commands that are typed, not only named."""
        return self.language == "console" and self.text.startswith("$ ")

    def steps(self) -> list[tuple[str, str]]:
        """[(command, what is shown under it)] of a session."""
        found: list[tuple[str, list[str]]] = []
        for line in self.text.replace("\\\n", " ").split("\n"):
            if line.startswith("$ "):
                found.append((line[2:].partition("  #")[0].strip(), []))
            else:
                found[-1][1].append(line)
        if self.output is not None:
            found[-1][1].append(self.output)
        return [(command, "\n".join(shown).strip("\n")) for command, shown in found]

    @property
    def missing(self) -> list[str]:
        """The packages that it needs and that are not here."""
        return [name for name in self.needs if not is_installed(name)]


def is_installed(name: str) -> bool:
    """Can the package be imported? A folder of its name on the path (tests/onnx) is not it."""
    found = importlib.util.find_spec(name)
    return found is not None and found.origin is not None


def blocks(text: str) -> list[Block]:
    """The blocks of a page, outputs joined to what prints them."""
    found: list[Block] = []
    remarks: list[tuple[str, str]] = []
    lines = text.split("\n")
    i, before, gap = 0, "", True  # the last line of text; was there a blank line
    last = -1  # the line behind the last block
    while i < len(lines):
        line = lines[i]
        fence = re.match(r"( *)(`{3,}|~{3,}) *([\w+-]*)", line)
        if line.startswith("<!-- "):
            end = next((j for j in range(i, len(lines)) if "-->" in lines[j]), len(lines) - 1)
            match = REMARK.match("\n".join(lines[i : end + 1]).rpartition("-->")[0].strip())
            if match:
                remarks.append((match[1], match[2].strip("\n").rstrip()))
            i, gap, last = end + 1, True, -1
            continue
        if fence:
            indent, mark, language = fence[1], fence[2], fence[3].lower()
            end = next(
                (j for j in range(i + 1, len(lines)) if lines[j].strip() == mark), len(lines)
            )
            body = "\n".join(x.removeprefix(indent) for x in lines[i + 1 : end])
            last = _add(found, Block(i + 1, language or "text", body), remarks, last, i, end + 1)
            i, before, gap = end + 1, "", True
            continue
        if line.startswith("    ") and line.strip() and gap and not ITEM.match(before):
            end = i
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                end += 1
            body = textwrap.dedent("\n".join(lines[i:end])).strip("\n")
            last = _add(found, Block(i + 1, language_of(body), body), remarks, last, i, end)
            i, gap = end, True
            continue
        if line.strip() and not line.startswith("    "):
            before, last = line, -1
        gap = not line.strip()
        i += 1
    return found


def _add(
    found: list[Block],
    block: Block,
    remarks: list[tuple[str, str]],
    last: int,
    start: int,
    end: int,
) -> int:
    """Put a block into the list, or its text as the output of the one before it."""
    joined = last >= 0 and found and (found[-1].language == "python" or found[-1].session)
    if block.language in ("text", "output") and joined and not remarks:
        found[-1].output = block.text
        return -1
    for kind, what in remarks:
        if kind == "not run":
            block.not_run = what.strip() or "?"
        elif kind == "needs":
            block.needs = [name.strip() for name in what.split(",")]
        elif kind == "rounds as":
            block.rounds_as = what.strip()
        else:
            block.first += textwrap.dedent(what) + "\n"
    remarks.clear()
    found.append(block)
    return end


def language_of(body: str) -> str:
    """What an indented block is: "console", "python" or "text"."""
    if COMMAND.match(body):
        return "console"
    try:
        tree = ast.parse(body)
    except SyntaxError:
        return "text"
    words = (ast.Expr, ast.Name, ast.Tuple, ast.Constant)
    return "text" if all(isinstance(n, words) for n in tree.body) and "(" not in body else "python"


# ---------------------------------------------------------------- running


@dataclass
class Result:
    """What a block did: its stdout, the error, the files it wrote; the answers of a session."""

    printed: str = ""
    answers: list[tuple[int, str]] = field(default_factory=list)
    error: BaseException | None = None
    files: dict[str, str] = field(default_factory=dict)


@contextlib.contextmanager
def empty_folder() -> Iterator[Path]:
    """An empty working directory that goes away."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield Path(folder)
        finally:
            os.chdir(before)


def run(page: list[Block], name: str) -> Iterator[tuple[Block, Result]]:
    """Runs the blocks of a page one after the other in the current directory."""
    names: dict[str, object] = {"__name__": "__main__"}
    for block in page:
        if block.not_run or block.missing:
            continue
        if block.session:
            yield block, Result(answers=[typed(command) for command, _ in block.steps()])
        if block.language not in ("python", "py"):
            continue
        before = snapshot()
        result, out = Result(), io.StringIO()
        code = "\n" * block.line + block.text  # errors name the page's own lines
        try:
            with contextlib.redirect_stdout(out):
                exec(compile(block.first, f"{name}: run first", "exec"), names)
                exec(compile(code, name, "exec"), names)
        except Exception as error:
            result.error = error
        result.printed = out.getvalue()
        after = snapshot()
        changed = [p for p in after if after[p] != before.get(p)]
        result.files = {p: Path(p).read_text("utf-8") for p in changed}
        yield block, result


def typed(command: str) -> tuple[int, str]:
    """(exit status, stdout and stderr) of a command in a terminal of 100 columns."""
    words = command
    if command.startswith("rushlight "):
        words = f"{sys.executable} -m {command}"
    elif command.startswith("python "):
        words = sys.executable + command.removeprefix("python")
    usual = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}  # as at a reader's
    done = subprocess.run(
        words,
        shell=True,
        env={**usual, "COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    return done.returncode, SLOW.sub("", done.stdout)


def snapshot() -> dict[str, tuple[int, int]]:
    """The drawings and pages of the current directory, with time and size."""
    found = {}
    for path in sorted(Path(".").glob("*.svg")) + sorted(Path(".").glob("*.html")):
        state = path.stat()
        found[path.name] = (state.st_mtime_ns, state.st_size)
    return found


def complaint(block: Block, result: Result) -> str:
    """What is not as the page says; "" if all is."""
    if block.session:
        differ = unlike if block.rounds_as in ("", instruction_set()) else of_other_length
        return "".join(
            f"$ {command}\n{wrong}\n"
            for (command, shown), (status, said) in zip(block.steps(), result.answers, strict=True)
            if (wrong := differ(said, shown) if shown else said if status else "")
        )
    expected = RAISED.match(block.output or "")
    if result.error is not None:
        said = f"{type(result.error).__name__}: {result.error}"
        if expected and not unlike(said, block.output or ""):
            return ""
        return "".join(traceback.format_exception(result.error))
    if expected:
        return f"no error, but the page shows\n{block.output}"
    if block.output is None:
        return ""
    return unlike(result.printed, block.output)


# ---------------------------------------------------------------- outputs


def unlike(got: str, want: str) -> str:
    """Where the two differ, beyond what may; "" if nowhere."""
    ours, theirs = (untimed(s.strip("\n").split("\n")) for s in (got, want))
    if _matches(ours, theirs):
        return ""
    return f"printed:\n{got}\nthe page shows:\n{want}"


def of_other_length(got: str, want: str) -> str:
    """Both, if they have not as many lines; else ""."""
    if len(got.strip("\n").split("\n")) == len(want.strip("\n").split("\n")):
        return ""
    return f"printed:\n{got}\nthe page shows:\n{want}"


def instruction_set() -> str:
    """That of rushlight's kernels here: "avx512", "avx2", "baseline"; "pure" without kernels."""
    from rushlight.kernels.seam import native

    return "pure" if native is None else native.isa()


def untimed(lines: list[str]) -> list[str]:
    """The lines with a mark in place of each number below the word "seconds" of a table's head, or
    without the last field of a CSV file."""
    found, end = [], 0
    for line in lines:
        head = re.search(r"\bseconds\b", line)
        number = re.search(r" [\d.]+$", line[:end])
        if head:
            end = len(line) + 999 if "," in line else head.end()
        elif end > 999 and "," in line:
            line = line.rpartition(",")[0]
        elif number:
            line = line[: number.start()].rstrip() + " ~" + line[end:]
        found.append(line.rstrip())
    return found


def _matches(ours: list[str], theirs: list[str]) -> bool:
    if not theirs:
        return not ours
    if theirs[0].strip() == "...":
        return any(_matches(ours[i:], theirs[1:]) for i in range(len(ours) + 1))
    return bool(ours) and same(ours[0], theirs[0]) and _matches(ours[1:], theirs[1:])


def same(ours: str, theirs: str) -> bool:
    """Two lines: the same words, numbers to 1.5e-4, what moves from run to run in any way."""
    a, b = (MOVING.sub("~", line) for line in (ours, theirs))
    words, shown = (" ".join(NUMBER.sub("#", line).split()) for line in (a, b))
    if words != shown:
        return False
    pairs = zip(NUMBER.findall(a), NUMBER.findall(b), strict=True)
    return all(abs(float(x) - float(y)) <= SLACK * max(1, abs(float(y))) for x, y in pairs)


if __name__ == "__main__":
    for page in sys.argv[1:]:
        for one in blocks(Path(page).read_text("utf-8")):
            state = one.not_run or ("needs " + ", ".join(one.needs) if one.needs else "")
            head = one.text.split("\n")[0][:70]
            print(f"{page}:{one.line}: {one.language:8} {head!r} {state}")
