"""Counts lines of code per folder: no blank lines, comments or docstrings.

    python tools/size.py [FOLDER...]      default: src/rushlight native tests bench tools

Explaining costs nothing in this count, so nothing is gained by leaving it out.
"""

import ast
import io
import re
import sys
import tokenize
from collections import Counter
from pathlib import Path

FOLDERS = ("src/rushlight", "native", "tests", "bench", "tools", "examples")
LAYOUT = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)


def python_lines(text: str) -> int:
    """Lines that hold code."""
    docstrings: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        body = getattr(node, "body", None)
        if not isinstance(body, list) or not body or not isinstance(body[0], ast.Expr):
            continue
        value = body[0].value
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            docstrings.update(range(value.lineno, (value.end_lineno or value.lineno) + 1))
    code: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in LAYOUT and token.string:
            code.update(range(token.start[0], token.end[0] + 1))
    return len(code - docstrings)


def cpp_lines(text: str) -> int:
    """Lines that hold code; string literals with comment marks in them are not looked into."""
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m[0].count("\n"), text, flags=re.S)
    return sum(bool(re.sub(r"//.*", "", line).strip()) for line in text.splitlines())


COUNTERS = {".py": python_lines, ".cpp": cpp_lines, ".hpp": cpp_lines}


def main(folders: list[str]) -> None:
    files: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    longest = ("", 0)
    for folder in folders:
        for path in sorted(Path(folder).rglob("*")):
            if path.suffix in COUNTERS:
                text = path.read_text(encoding="utf-8")
                n = COUNTERS[path.suffix](text)
                files[str(path.parent)] += 1
                lines[str(path.parent)] += n
                longest = max(longest, (str(path), len(text.splitlines())), key=lambda f: f[1])
    width = max(map(len, lines), default=0)
    for name, n in lines.items():
        print(f"{name:<{width}} {files[name]:>5} files {n:>7} lines")
    print(f"{'all':<{width}} {sum(files.values()):>5} files {sum(lines.values()):>7} lines")
    print(f"the longest file: {longest[0]}, {longest[1]} lines with everything")


if __name__ == "__main__":
    main(sys.argv[1:] or [folder for folder in FOLDERS if Path(folder).is_dir()])
