"""`rushlight tune`: needs Optuna (`make test-tune`)."""

import csv
from html.parser import HTMLParser

import pytest

from rushlight.app import cli, tune
from rushlight.app.trainer import Learner

WORDS = ["tune", "digits", "--model", "cnn", "--epochs", "4", "--quiet", "--seed", "3"]


def trials(out):
    with open(out / "trials.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_a_search_halves_and_goes_on(tmp_path, capsys):
    out = tmp_path / "search"
    assert cli.main([*WORDS, "--trials", "6", "--out", str(out)]) == 0
    first = trials(out)
    assert len(first) == 6
    whole = [t for t in first if t["state"] == "whole"]
    stopped = [t for t in first if t["state"] == "stopped"]
    assert {t["epochs"] for t in whole} == {"4"} and whole
    assert {t["epochs"] for t in stopped} <= {"1", "2"} and stopped
    assert float(whole[0]["accuracy"]) > 0.5
    best = max(first, key=lambda t: float(t["accuracy"]))
    text = capsys.readouterr().out
    assert f"--lr {float(best['lr']):.3g}" in text.splitlines()[-1]
    assert f"--width {best['width']}" in text.splitlines()[-1] or best["width"] == "16"

    assert cli.main([*WORDS, "--trials", "8", "--out", str(out)]) == 0
    again = {t["trial"]: t for t in trials(out)}
    assert len(again) == 8
    assert all(again[t["trial"]] == t for t in first), "trials that had ended are kept"

    page = (out / "tune.html").read_text("utf-8")
    HTMLParser().feed(page)
    assert page.count('<path class="line') == 8 and "http" not in page.replace("http-equiv", "")


def test_a_stopped_search_says_how_to_go_on(tmp_path, capsys, monkeypatch):
    fit, calls = Learner.fit, []

    def interrupted(self, epochs):
        calls.append(epochs)
        if len(calls) == 3:
            raise KeyboardInterrupt
        fit(self, epochs)

    monkeypatch.setattr(Learner, "fit", interrupted)
    out = tmp_path / "search"
    assert cli.main([*WORDS, "--trials", "5", "--out", str(out)]) == 130
    assert len(trials(out)) == 2
    assert "stopped after 2 of 5 trials; the same command goes on" in capsys.readouterr().out
    monkeypatch.setattr(Learner, "fit", fit)
    assert cli.main([*WORDS, "--trials", "5", "--out", str(out)]) == 0
    assert len([t for t in trials(out)]) == 5


def test_a_loss_that_is_no_number_ends_the_trial_only(tmp_path, monkeypatch):
    monkeypatch.setattr(tune, "RATES", (1e-4, 0.3))
    out = tmp_path / "search"
    words = [*WORDS, "--trials", "4", "--low", "1e3", "--high", "1e9", "--out", str(out)]
    assert cli.main(words) == 0
    assert len(trials(out)) == 4


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--low", "1", "--high", "0.1"], "--low 1 must be below --high 0.1"),
        (["--trials", "0"], "0 is not a whole number of at least 1"),
        (["--model", "nix"], "no model 'nix'"),
    ],
)
def test_mistakes(tmp_path, capsys, words, said):
    assert cli.main(["tune", "digits", "--out", str(tmp_path / "x"), *words]) == 2
    assert said in capsys.readouterr().err
