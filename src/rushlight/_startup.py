"""Ctrl-C while `rushlight VERB` still imports this package: the process ends, without a traceback.

Imported first of all. Only the process of the command line itself is touched; `app/errors.py`
gives Ctrl-C back its usual meaning as soon as there is somebody to handle it.
"""

import os
import sys


def is_command_line() -> bool:
    """Is this process `rushlight ...` or `python -m rushlight ...`?"""
    if not sys.argv or sys.argv[0] != "-m":  # "-m": the module that is to run is being looked for
        return bool(sys.argv) and os.path.basename(sys.argv[0]) == "rushlight"
    words = sys.orig_argv
    return words[words.index("-m") + 1 :][:1] == ["rushlight"] if "-m" in words else False


def _set_ctrl_c(before: object, after: object) -> None:
    import signal

    if signal.getsignal(signal.SIGINT) == before:
        signal.signal(signal.SIGINT, after)  # type: ignore[arg-type]


def begin() -> None:
    """From here on Ctrl-C kills this process, if it is the command line's."""
    if is_command_line():
        import signal

        _set_ctrl_c(signal.default_int_handler, signal.SIG_DFL)


def end() -> None:
    """From here on Ctrl-C raises KeyboardInterrupt again."""
    import signal

    _set_ctrl_c(signal.SIG_DFL, signal.default_int_handler)


begin()
