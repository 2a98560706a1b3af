"""The command line as a page: each verb with what its parser knows."""

from __future__ import annotations

import argparse
import re
import tomllib
from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import cache
from html import escape
from importlib import import_module
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any

from rushlight.app.cli import VERBS


class _Parser(Exception):
    """Carries the parser out of a verb's `main`."""


def parser_of(main: Any) -> argparse.ArgumentParser | str:
    """The parser that a verb makes, caught when it is about to parse; its help if it has none."""
    before = argparse.ArgumentParser.parse_known_args

    def caught(self: Any, *args: Any, **options: Any) -> Any:
        raise _Parser(self)

    argparse.ArgumentParser.parse_known_args = caught  # type: ignore[method-assign]
    try:
        with redirect_stdout(StringIO()) as said:
            main(["--help"])
    except _Parser as found:
        return found.args[0]
    finally:
        argparse.ArgumentParser.parse_known_args = before  # type: ignore[method-assign]
    return said.getvalue()


def parsers() -> Iterator[tuple[str, str, Any]]:
    """(command, what its row says, its parser or its help) of every verb."""
    for verb, (home, what) in VERBS.items():
        main = import_module(f"rushlight.app.{home}").main
        yield f"rushlight {verb}", what, parser_of(main)
    main = import_module("rushlight.distributed.run").main
    yield "rushlight-run", "start a program in several processes", parser_of(main)


def rows(parser: argparse.ArgumentParser) -> Iterator[str]:
    """A row of a table for each argument."""
    for action in parser._actions:
        if isinstance(action, (argparse._HelpAction, argparse._SubParsersAction)):
            continue
        names = ", ".join(action.option_strings) or str(action.metavar or action.dest)
        if action.option_strings and action.nargs != 0:
            choices = "|".join(map(str, action.choices)) if action.choices else ""
            names += f" {action.metavar or choices or action.dest.upper()}"
        elif action.choices and not action.option_strings:
            names = "|".join(map(str, action.choices))
        text = (action.help or "") % {**vars(action), "prog": parser.prog} if action.help else ""
        yield f"<tr><td><code>{escape(names)}</code></td><td>{escape(text)}</td></tr>"


def section(command: str, what: str, parser: Any) -> str:
    """A verb: what it does, its usage, its arguments."""
    anchor = command.replace(" ", "-")
    out = [f"## {command} {{ #{anchor} }}", escape(what[0].upper() + what[1:], quote=False) + "."]
    if isinstance(parser, str):
        return "\n\n".join([*out, f'<pre class="formula">{escape(parser.strip())}</pre>'])
    parser.formatter_class = lambda prog: argparse.HelpFormatter(prog, width=90)
    out.append(f"```text\n{parser.format_usage().strip()}\n```")
    for one in (parser, *children(parser)):
        if one is not parser:
            out.append(f"```text\n{one.format_usage().strip()}\n```")
        if one.description and one.description.strip(" .").lower() != what.lower():
            text = one.description[0].upper() + one.description[1:]
            out.append(f"<p>{escape(text)}</p>")
        body = "".join(rows(one))
        if body:
            out.append(f'<table class="names"><tbody>{body}</tbody></table>')
        if one.epilog:
            out.append(f'<pre class="formula">{escape(one.epilog)}</pre>')
    return "\n\n".join(out)


def children(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """The parsers of a verb's own verbs."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.values()


def page() -> str:
    """reference/app.md"""
    parts = [section(*found) for found in parsers()]
    return (
        "# The command line\n\nMade from the parsers of the verbs.\n\n" + "\n\n".join(parts) + "\n"
    )


# ---------------------------------------------------------------- commands in pages

ROOT = Path(__file__).parents[2]
LINE = re.compile(r"^(?:\$ )?(?:[A-Z_]+=\S+ )*((?:rushlight(?:-run)?|make|python3?|pip) .*)$")


@cache
def options() -> dict[str, set[str] | None]:
    """command -> all its options; None: it has no parser of its own."""
    found: dict[str, set[str] | None] = {}
    for command, _, parser in parsers():
        every = [] if isinstance(parser, str) else [parser, *children(parser)]
        found[command] = {o for p in every for o in p._option_string_actions} or None
    return found


@cache
def targets() -> set[str]:
    """The targets of the Makefile."""
    text = (ROOT / "Makefile").read_text("utf-8")
    lines = [
        line.partition(":")[0]
        for line in text.split("\n")
        if re.match(r"[\w-]+(?: [\w-]+)*:", line)
    ]
    listed = re.search(r"^\.PHONY:(.*(?:\\\n.*)*)", text, re.M)
    return set(" ".join(lines).split()) | set(
        (listed[1] if listed else "").replace("\\", " ").split()
    )


@cache
def extras() -> set[str]:
    """The extras of the package."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return set(project["optional-dependencies"])


def in_text(text: str) -> Iterator[str]:
    """The commands of a block or of a line, one by one, without remarks."""
    joined = text.replace("\\\n", " ")
    for line in joined.split("\n"):
        for part in re.split(r"; (?=rushlight|make|python)| && ", line.partition("  #")[0]):
            if match := LINE.match(part.strip()):
                yield match[1].strip()


def fault(command: str) -> str:
    """What a command names that is not there; ""."""
    words = command.split()
    name, rest = words[0], words[1:]
    if name == "make":
        asked = [w for w in rest if re.fullmatch(r"[a-z][\w-]*", w)]
        lost = [w for w in asked[:1] if w not in targets()]
        return f"no target {lost[0]!r} in the Makefile" if lost else ""
    if name == "pip":
        asked = re.findall(r"(?:rushlight|\.)\[([\w,]+)\]", command)
        lost = [w for group in asked for w in group.split(",") if w not in extras()]
        return f"no extra {lost[0]!r} in pyproject.toml" if lost else ""
    if name.startswith("python"):
        if rest[:1] == ["-m"] and rest[1:]:
            top = rest[1].partition(".")[0]
            if top not in ("rushlight", "bench") or find_spec(rest[1]) is not None:
                return ""
            return f"no module {rest[1]}"
        script = next(
            (w for w in rest if re.fullmatch(r"(?:tools|examples|bench)/[\w/]+\.py", w)), ""
        )
        return f"no file {script}" if script and not (ROOT / script).is_file() else ""
    if not re.fullmatch(r"[a-z-]+", rest[0]):  # VERB, 动词
        return ""
    verb = "rushlight-run" if name == "rushlight-run" else f"rushlight {rest[0]}"
    if verb == "rushlight --help" or rest[0].startswith("--"):
        return ""
    if verb not in options():
        return f"no verb {rest[0]!r}"
    known = options()[verb]
    given = re.findall(r"(?<![\w-])--[a-z][\w-]*", command)
    lost = [o for o in given if known is not None and o not in known]
    return f"{verb} has no {lost[0]}" if lost else ""
