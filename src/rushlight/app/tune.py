"""`rushlight tune DATA`: a search over rate, batch, optimizer and width, by successive halving.

Each trial is a short run with settings that Optuna proposes (TPE: Bergstra et al. 2011). After 1,
2, 4, ... epochs it goes on only if its validation accuracy is among the better half of the trials
that came so far (successive halving: Jamieson and Talwalkar 2016, arXiv:1502.07943). Everything is
kept in one folder, so that a search that was stopped goes on with --resume:

    study.db      what Optuna knows
    trials.csv    one line per trial
    tune.html     a table and the settings as parallel lines
"""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from rushlight.app import datasets, models, train
from rushlight.app.arguments import Parser, count, positive, seed
from rushlight.app.errors import INTERRUPTED, CliError, say
from rushlight.app.lock import Lock
from rushlight.app.pages import page, svg
from rushlight.app.pages.words import LANGUAGES, Words
from rushlight.app.report import percent
from rushlight.app.trainer import Learner, Row, save_atomically

BATCHES = (16, 32, 64, 128)
WIDTHS = {"mlp": (64, 128, 256, 512), "cnn": (8, 16, 32)}
OPTIMIZERS = ("sgd", "adam", "adamw")
RATES = (1e-4, 0.3)
COLUMNS = ("trial", "state", "accuracy", "epochs", "seconds", "lr", "batch_size", "optimizer",
           "width")  # fmt: skip


def optuna() -> Any:
    """The module. CliError: it is not installed."""
    try:
        import optuna
    except ImportError:
        raise CliError(
            "tune needs Optuna\n  fix: pip install 'rushlight[tune]', or pip install optuna"
        ) from None
    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    return optuna


class _Quiet:
    """The watcher of a trial: tells Optuna each epoch's accuracy, and ends what is not worth it."""

    def __init__(self, trial: Any, epochs: int):
        self.trial, self.epochs, self.pruned = trial, epochs, False
        self.learner: Learner | None = None

    def __enter__(self) -> _Quiet:
        return self

    def __exit__(self, *error: Any) -> None:
        pass

    def batch(self, epoch: int, done: int, batches: int, loss: float, images: int) -> None:
        pass

    def epoch(self, row: Row, best: bool) -> None:
        self.trial.report(row["valid_accuracy"], int(row["epoch"]))
        if row["epoch"] < self.epochs and self.trial.should_prune():
            self.pruned = True
            assert self.learner is not None
            self.learner.stop = True


class _Trial(Learner):
    """A Learner that writes no checkpoints."""

    def save(self, name: str) -> None:
        pass

    def write_history(self) -> None:
        pass


class Search:
    """The search over one data set and model; its folder is `out`."""

    def __init__(self, out: Path, fixed: dict[str, Any], rates: tuple[float, float], epochs: int):
        self.out, self.fixed, self.rates, self.epochs = out, fixed, rates, epochs
        self.optuna = optuna()
        self.data = datasets.of(fixed, lambda text: say("tune", text))
        if self.data.is_number:
            raise CliError(f"tune searches for classifiers; {fixed['target']} is a number")
        self.study = self.optuna.create_study(
            study_name="rushlight",
            storage=f"sqlite:///{out / 'study.db'}",
            load_if_exists=True,
            direction="maximize",
            sampler=self.optuna.samplers.TPESampler(seed=fixed["seed"]),
            pruner=self.optuna.pruners.SuccessiveHalvingPruner(
                min_resource=1, reduction_factor=2, min_early_stopping_rate=0
            ),
        )

    def proposed(self, trial: Any) -> dict[str, Any]:
        """The settings of a trial."""
        model = self.fixed["model"]
        found = {
            "lr": trial.suggest_float("lr", *self.rates, log=True),
            "batch_size": trial.suggest_categorical("batch_size", BATCHES),
            "optimizer": trial.suggest_categorical("optimizer", OPTIMIZERS),
        }
        if model in WIDTHS:
            found["width"] = trial.suggest_categorical("width", WIDTHS[model])
        return found

    def objective(self, trial: Any) -> float:
        """Trains a trial; its best validation accuracy."""
        begin = time.perf_counter()
        settings = train.complete(self.fixed | self.proposed(trial) | {"epochs": self.epochs})
        watcher = _Quiet(trial, self.epochs)
        learner = train.build(settings, self.data, self.out, watcher, kind=_Trial)
        watcher.learner = learner
        try:
            learner.fit(self.epochs)
        except train.Stopped:
            pass
        except CliError:  # the loss is no number
            raise self.optuna.TrialPruned() from None
        finally:
            trial.set_user_attr("seconds", time.perf_counter() - begin)
            trial.set_user_attr("epochs", learner.epoch)
        assert learner.best is not None
        trial.set_user_attr("best", learner.best["valid_accuracy"])
        if watcher.pruned:
            raise self.optuna.TrialPruned()
        return float(learner.best["valid_accuracy"])

    def rows(self) -> list[dict[str, Any]]:
        """The trials that have ended, best first."""
        found = []
        for t in self.study.trials:
            if t.state.name not in ("COMPLETE", "PRUNED"):
                continue
            accuracy = t.value if t.value is not None else t.user_attrs.get("best", math.nan)
            row = {
                "trial": t.number,
                "state": "whole" if t.state.name == "COMPLETE" else "stopped",
                "accuracy": accuracy,
                "epochs": t.user_attrs.get("epochs", 0),
                "seconds": t.user_attrs.get("seconds", math.nan),
            }
            found.append(row | {key: t.params.get(key, "") for key in COLUMNS[5:]})
        return sorted(found, key=lambda row: (-row["accuracy"], row["trial"]))

    def run(self, trials: int, tell: Callable[[Search], object] = lambda _: None) -> None:
        """Goes on until so many trials have ended; `tell` is called after each."""

        def ended(*_: Any) -> None:
            self.write()
            tell(self)

        done = len(self.rows())
        if done < trials:
            self.study.optimize(self.objective, n_trials=trials - done, callbacks=[ended])

    def write(self) -> None:
        """Writes trials.csv."""

        def into(path: Path) -> None:
            with open(path, "w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, COLUMNS)
                writer.writeheader()
                writer.writerows(self.rows())

        save_atomically(into, self.out / "trials.csv")

    def best(self) -> str:
        """The command that trains with the best settings to the end."""
        row = self.rows()[0]
        settings = {key: row[key] for key in COLUMNS[5:] if row[key] != ""}
        settings["lr"] = float(f"{settings['lr']:.3g}")
        return train.again(train.complete(self.fixed | settings))


def table(rows: Sequence[dict[str, Any]], most: int = 10) -> list[str]:
    """The best trials as lines for a terminal."""
    shown = [list(COLUMNS), *(list(cells(row)) for row in rows[:most])]
    widths = [max(len(line[i]) for line in shown) for i in range(len(COLUMNS))]
    return [
        "  ".join(f"{v:>{w}}" for v, w in zip(line, widths, strict=True)).rstrip() for line in shown
    ] + ([f"  and {len(rows) - most} more in trials.csv"] if len(rows) > most else [])


def cells(row: dict[str, Any]) -> list[str]:
    """A row as texts."""
    return [
        str(row["trial"]),
        row["state"],
        "-" if math.isnan(row["accuracy"]) else percent(row["accuracy"]),
        str(row["epochs"]),
        f"{row['seconds']:.1f}",
        f"{row['lr']:.3g}" if row["lr"] != "" else "",
        *(str(row[key]) for key in COLUMNS[6:]),
    ]


def parallel(rows: Sequence[dict[str, Any]], words: Words) -> str:
    """Parallel coordinates: an axis for each setting and one for the accuracy, a line per trial."""
    axes = [c for c in ("lr", "batch_size", "optimizer", "width", "epochs", "accuracy")
            if any(row[c] != "" for row in rows)]  # fmt: skip
    width, height, side, top, bottom = 760.0, 320.0, 60.0, 34.0, 18.0
    lines = [row for row in rows if not math.isnan(row["accuracy"])]
    best = max((row["accuracy"] for row in lines), default=1.0)
    least = min((row["accuracy"] for row in lines), default=0.0)
    step = (width - 2 * side) / (len(axes) - 1)
    out, places = [], {}
    for i, name in enumerate(axes):
        x = side + i * step
        values = sorted({row[name] for row in lines})
        numeric = name in ("lr", "accuracy")
        out.append(f'<path class="rule" d="M{svg.number(x)} {top}V{height - bottom}"/>')
        out.append(
            f'<text class="note" text-anchor="middle" x="{svg.number(x)}" y="{top - 16}">'
            f"{escape(words(name))}</text>"
        )
        scale = math.log10 if name == "lr" else float
        low, high = (scale(values[0]), scale(values[-1])) if numeric else (0, len(values) - 1)
        for j, value in enumerate(values):
            share = 0.5 if high == low else ((scale(value) if numeric else j) - low) / (high - low)
            places[name, value] = y = height - bottom - share * (height - top - bottom)
            if not numeric or j in (0, len(values) - 1):
                label = (
                    percent(value) if name == "accuracy" else svg.short(value) if numeric else value
                )
                out.append(
                    f'<text class="tick" x="{svg.number(x - 6)}" y="{svg.number(y)}" dy=".33em">'
                    f"{escape(str(label))}</text>"
                )
    for row in sorted(lines, key=lambda row: row["accuracy"]):
        points = "L".join(
            f"{svg.number(side + i * step)} {svg.number(places[name, row[name]])}"
            for i, name in enumerate(axes)
        )
        good = 1.0 if best == least else (row["accuracy"] - least) / (best - least)
        colour = "a" if row["accuracy"] == best else "b"
        title = ", ".join(f"{c} {v}" for c, v in zip(COLUMNS, cells(row), strict=True) if v)
        out.append(
            f'<path class="line {colour}" style="opacity:{0.15 + 0.85 * good:.2f}" d="M{points}">'
            f"<title>{escape(title)}</title></path>"
        )
    return svg.tag(width, height, "".join(out), words("settings and accuracy of the trials"))


def tune_page(rows: Sequence[dict[str, Any]], title: str, command: str, lang: str = "en") -> str:
    """The parallel lines, the table of all trials, the command that trains the best."""
    words = Words(lang)
    body = (
        f"<header><h1>{escape(title)}</h1></header>\n"
        f"<section>{parallel(rows, words)}</section>\n"
        f"<section>{page.table([words(c) for c in COLUMNS], map(cells, rows), right=range(2, 9))}"
        f"</section>\n<section><pre><code>{escape(command)}</code></pre></section>\n"
        f"{page.footer(words)}"
    )
    return page.document(title, body, words)


def main(words: Sequence[str]) -> int:
    """Searches, and prints the best trials."""
    parser = Parser(
        prog="rushlight tune",
        usage="rushlight tune [DATA] [--model NAME] [--trials N] [--epochs N] [--out DIR]",
        description="A search over learning rate, batch size, optimizer and width: successive "
        "halving by Optuna.",
        epilog="The same command goes on with a search that was stopped, up to --trials.",
    )
    parser.add_argument("data", nargs="?", default="digits", help="as in `rushlight train`")
    parser.add_argument("--model", default="mlp", help="as in `rushlight train` (default: mlp)")
    parser.add_argument("--trials", type=count, default=20, help="in all (default: 20)")
    parser.add_argument("--epochs", type=count, default=8, help="of the longest trials (8)")
    parser.add_argument("--size", type=count, help="as in `rushlight train`")
    parser.add_argument("--target", metavar="COLUMN", help="as in `rushlight train`")
    parser.add_argument("--root", default="data", help="the folder that holds the data sets")
    parser.add_argument("--seed", type=seed, default=0, help="of the search and of all trials (0)")
    parser.add_argument("--low", type=positive, default=RATES[0], help="the smallest rate (1e-4)")
    parser.add_argument("--high", type=positive, default=RATES[1], help="the largest rate (0.3)")
    parser.add_argument("--out", type=Path, help="the folder (default: tune/DATA-MODEL)")
    parser.add_argument("--quiet", action="store_true", help="print the table only")
    parser.add_argument("--lang", choices=LANGUAGES, default="en", help="of tune.html (en)")
    options = parser.parse_args(words)
    if options.low >= options.high:
        raise CliError(f"--low {options.low:g} must be below --high {options.high:g}: swap them")
    short = f"{Path(options.data).name}-{options.model.rpartition(':')[2]}"
    out = options.out or Path("tune") / short
    fixed = {key: getattr(options, key) for key in ("data", "model", "root", "seed")}
    fixed |= {k: v for k in ("size", "target") if (v := getattr(options, k)) is not None}
    with Lock(out), models.own_code(options.model):
        search = Search(out, fixed, (options.low, options.high), options.epochs)
        stopped = False
        try:
            search.run(options.trials, _quiet if options.quiet else _say)
        except KeyboardInterrupt:
            stopped = True
        rows = search.rows()
        if not rows:
            raise CliError("stopped before the first trial had ended", status=INTERRUPTED)
        search.write()
        page.write(out / "tune.html", tune_page(rows, short, search.best(), options.lang))
        print("\n".join(table(rows)))
        print(f"in {out}: study.db, trials.csv, tune.html\ntrain with:  {search.best()}")
        if stopped:
            print(f"stopped after {len(rows)} of {options.trials} trials; the same command goes on")
            return INTERRUPTED
    return 0


def _quiet(search: Search) -> None:
    pass


def _say(search: Search) -> None:
    """A line for the trial that has just ended."""
    last = max(search.rows(), key=lambda row: row["trial"])
    shown = ", ".join(f"{c} {v}" for c, v in zip(COLUMNS[5:], cells(last)[5:], strict=True) if v)
    accuracy = "-" if math.isnan(last["accuracy"]) else percent(last["accuracy"])
    print(f"trial {last['trial']}  {accuracy:>8}  {last['epochs']} epochs  {shown}", flush=True)
