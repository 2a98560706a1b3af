"""Arguments of the verbs: a parser whose errors are short, and the numbers they take."""

import argparse
import difflib
import re
from collections.abc import Callable
from typing import NoReturn

from rushlight.app.errors import CliError

#: What other programs call an option, without dashes: what it is called here.
OTHER_NAMES = {
    "learning-rate": "--lr",
    "name": "--out",
    "output": "--out",
    "output-dir": "--out",
    "bs": "--batch-size",
    "num-epochs": "--epochs",
    "optim": "--optimizer",
    "scheduler": "--schedule",
    "num-workers": "--workers",
    "image-size": "--size",
    "img-size": "--size",
    "imgsz": "--size",
    "gpu": "--device",
    "label": "--target",
    "weights": "--init",
    "pretrained": "--init",
    "checkpoint": "--resume",
}


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that says what is wrong after one line of usage."""

    def error(self, message: str) -> NoReturn:
        message += self._meant(message)
        raise CliError(message, usage=f"{self.format_usage().strip()}  ({self.prog} --help)")

    def _meant(self, message: str) -> str:
        """'; did you mean ...?' for a misspelt option or choice, else nothing."""
        before, _, choices = message.partition(" (choose from ")
        near: list[str] = []
        if before.startswith("unrecognized arguments: "):
            bare = {option.strip("-"): option for option in self._option_string_actions}
            for word in before.split()[2:]:
                name = word.split("=")[0].strip("-").replace("_", "-")
                other = OTHER_NAMES.get(name)
                if other in self._option_string_actions:
                    near.append(str(other))
                elif word.startswith("-"):
                    near += [bare[n] for n in difflib.get_close_matches(name, bare, n=1)]
        elif "invalid choice: " in before:
            word = before.partition("invalid choice: ")[2].strip("'")
            near = difflib.get_close_matches(word, re.findall(r"[\w-]+", choices), n=2)
        return f"; did you mean {' or '.join(near)}?" if near else ""


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
seed = whole(-(2**63), 2**64 - 1)  # what manual_seed takes
