"""Arguments of the verbs: a parser whose errors are short, and the numbers they take."""

import argparse
from collections.abc import Callable
from typing import NoReturn

from rushlight.app.errors import CliError


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that says what is wrong after one line of usage."""

    def error(self, message: str) -> NoReturn:
        raise CliError(message, usage=f"{self.format_usage().strip()}  ({self.prog} --help)")


def number(low: float, high: float, include_low: bool, words: str) -> Callable[[str], float]:
    """A converter to float between the bounds; `words` describe what is right."""

    def convert(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not (low < value < high or (include_low and value == low)):
            raise argparse.ArgumentTypeError(f"{text} is not {words}")
        return value

    return convert


def whole(low: int | None = None, high: int | None = None) -> Callable[[str], int]:
    """A converter to int, between the bounds where there are some."""
    words = "a whole number"
    if low is not None:
        words += f" of at least {low}" if high is None else f" from {low} to {high}"

    def convert(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text} is not {words}") from None
        if (low is not None and value < low) or (high is not None and value > high):
            raise argparse.ArgumentTypeError(f"{text} is not {words}")
        return value

    return convert


positive = number(0.0, float("inf"), False, "a positive number")
not_negative = number(0.0, float("inf"), True, "a number of at least 0")
share = number(0.0, 1.0, True, "a number from 0 to 1, below 1")
count = whole(low=1)
