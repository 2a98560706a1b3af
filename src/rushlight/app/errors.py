"""Errors that a user of the command line can mend, and the one place that prints them.

A verb raises CliError where it knows what is wrong; `expected` turns errors of the library that
are the user's to mend into one. `reported` wraps every verb (see cli.py).
"""

import errno
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rushlight import _startup

INTERRUPTED = 130  # 128 + SIGINT, as shells say it
BROKEN_PIPE = 141  # 128 + SIGPIPE

#: What to do about errors of the system.
FIXES = {
    errno.ENOENT: "check the name, and that its folder is there",
    errno.EISDIR: "give the name of a file",
    errno.ENOTDIR: "give a path whose folders are folders",
    errno.EEXIST: "another name, or remove what is there",
    errno.EACCES: "change its permissions, or choose another place",
    errno.EROFS: "choose a place that can be written to",
    errno.ENOSPC: "make room on the disk, or choose another place",
}


class CliError(Exception):
    """Something the user can mend, said in one or two lines.

    status  the exit status
    usage   a line that is printed before
    """

    def __init__(self, message: object, status: int = 2, usage: str = ""):
        super().__init__(str(message))
        self.status, self.usage = status, usage


def to_stderr(text: object) -> None:
    """Prints a line to stderr, after the lines that a piped stdout still keeps back."""
    sys.stdout.flush()
    print(text, file=sys.stderr)


def say(verb: str, text: object) -> None:
    """Prints `rushlight VERB: text` to stderr."""
    to_stderr(f"rushlight {verb}: {text}")


def reason(error: BaseException, name: object = None) -> str:
    """`name`: what is wrong with it; for errors of the system also what to do about it.

    name  what the error is about; None: the file that the error names
    """
    number = getattr(error, "errno", None)
    text = str(getattr(error, "strerror", None) or error) if number else str(error)
    if name is None and getattr(error, "filename", None) is not None:
        name = os.fsdecode(error.filename)  # type: ignore[attr-defined]
    if name is not None and not text.startswith(str(name)):
        text = f"{name}: {text}"
    return text + (f"\n  fix: {FIXES[number]}" if number in FIXES else "")


@contextmanager
def expected(*kinds: type[Exception], before: str = "") -> Iterator[None]:
    """Turns errors of these kinds into a CliError with the same text, after `before`."""
    try:
        yield
    except kinds as error:
        raise CliError(f"{before}{error}") from error


@contextmanager
def users_code(path: Path) -> Iterator[None]:
    """Turns any exception of the user's file into a CliError that names its line."""
    try:
        yield
    except CliError:
        raise
    except SyntaxError as error:
        where = error.filename or path
        raise CliError(f"{where}, line {error.lineno}: SyntaxError: {error.msg}") from error
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [f for f in frames if os.path.realpath(f.filename) == os.path.realpath(path)]
        where = f"{path}, line {own[-1].lineno}, in {own[-1].name}: " if own else f"{path}: "
        raise CliError(f"{where}{type(error).__name__}: {error}") from error


def reported(verb: str, call: Callable[[], int | None]) -> int:
    """Calls a verb; the exit status. Expected errors become one or two lines on stderr.

    Expected are CliError, errors of the system about files, Ctrl-C and a reader that went away.
    Anything else is a bug and keeps its traceback.
    """
    try:
        if _startup.is_command_line():
            _startup.end()
        status = call() or 0
        if verb != "run":  # a program that is run gets Python's own behaviour
            sys.stdout.flush()
        return status
    except CliError as error:
        if error.usage:
            to_stderr(error.usage)
        say(verb, error)
        return error.status
    except BrokenPipeError:
        # the interpreter flushes stdout once more when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except OSError as error:
        say(verb, reason(error))
        return 2
    except KeyboardInterrupt:
        say(verb, "interrupted")
        return INTERRUPTED
