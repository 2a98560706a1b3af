"""`rushlight train` in a terminal: its bar, Ctrl-C, narrow ones, those without colours, pipes."""

import csv
import re

RUN = "rushlight train digits --model mlp --width 512 --batch-size 2 --schedule onecycle"
BAR = r"epoch (\d+)/(\d+) .*?(\d+)/647"  # 1293 images to train on in batches of 2
COLOUR = r"\x1b\[[0-9;]*3[0-9][0-9;]*m"


def bars(terminal, number=2, *options):
    """Screens with the bar at so many different places."""
    found = {}

    def seen():
        text = terminal.screen(*options)
        if place := re.findall(BAR, re.sub(r"\x1b\[[0-9;]*m", "", text)):
            found[tuple(place)] = text
        return len(found) >= number

    terminal.until(seen, "a moving bar")
    return found


def history(path):
    """history.csv without what the clock says."""
    with open(path / "history.csv", newline="") as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def test_the_bar_moves_and_leaves_the_table(terminal):
    window = terminal(100)
    number = window.type(f"{RUN} --epochs 4 --out run")
    found = bars(window, 3, "-e")
    assert all(len(place) == 1 for place in found)  # one bar, no trace of the last one
    assert any(re.search(COLOUR, text) for text in found.values())
    assert any("images/s" in text and "loss" in text for text in found.values())
    status, text = window.wait(number)
    assert status == 0 and not re.search(BAR, text)
    rows = re.findall(r"^ +(\d) +\d\.\d{4} +\d+\.\d\d % +\d\.\d{4}", text, re.M)
    assert rows == ["1", "2", "3", "4"]
    assert re.search(r"^test accuracy \d\d\.\d\d %", text, re.M)


def test_ctrl_c_saves_and_the_run_goes_on_to_the_same_end(terminal, tmp_path):
    window = terminal(100)
    status, text = window.run(f"{RUN} --epochs 4 --quiet --out whole")
    assert status == 0 and text.strip().startswith("test accuracy")
    number = window.type(f"{RUN} --epochs 4 --out run")
    window.until(lambda: re.search(r"epoch 2/4", window.screen()), "the second epoch")
    window.press("C-c")
    status, text = window.wait(number)
    assert status == 130
    where = re.search(r"^stopped in epoch (\d) after (\d+) of 647 batches; all is saved in run$",
                      text, re.M)  # fmt: skip
    assert where and where[1] in "234", text
    again = re.search(r"^go on with:  (rushlight train --resume run)$", text, re.M)
    assert again and "Traceback" not in text and "^C" not in text.split("stopped")[1]
    assert len(history(tmp_path / "run")) == int(where[1]) - 1
    status, text = window.run(again[1])
    assert status == 0
    assert f"going on after {int(where[1]) - 1} epochs and {where[2]} batches" in text
    assert history(tmp_path / "run") == history(tmp_path / "whole")
    assert [row["epoch"] for row in history(tmp_path / "run")] == ["1", "2", "3", "4"]


def test_44_columns(terminal):
    window = terminal(44)
    number = window.type(f"{RUN} --epochs 3 --out run")
    for place, text in bars(window, 3, "-J").items():
        assert len(place) == 1
        (line,) = [line for line in text.split("\n") if re.search(BAR, line)]
        assert len(line) <= 44 and "loss" in line and "…" not in line
    status, text = window.wait(number)
    table = text[re.search(r"^epoch ", text, re.M).start() : text.index("test accuracy")]
    titles, *rows = table.rstrip().split("\n")  # four lines: none is broken
    assert status == 0 and [row.split()[0] for row in rows] == ["1", "2", "3"]
    assert all(len(line) <= 44 for line in (titles, *rows)) and all("%" in row for row in rows)


def test_no_color(terminal):
    window = terminal(100)
    number = window.type(f"NO_COLOR=1 {RUN} --epochs 3 --out run")
    for text in bars(window, 3, "-e").values():
        assert not re.search(COLOUR, text)
    assert window.wait(number)[0] == 0


def test_a_dumb_terminal_gets_plain_lines(terminal, tmp_path):
    window = terminal(100)
    number = window.type(f"TERM=dumb {RUN} --epochs 3 --out run")
    seen = []

    def ended():
        seen.append(window.screen("-e"))
        return f"ended-0-{number}" in seen[-1]

    window.until(ended, "the end")
    assert not any(re.search(BAR + "|" + COLOUR, text) for text in seen)
    assert re.findall(r"^ +(\d) +\d\.\d{4} ", seen[-1], re.M) == ["1", "2", "3"]


def test_a_pipe_gets_plain_lines(terminal, tmp_path):
    window = terminal(44)
    assert window.run(f"{RUN} --epochs 2 --out run | cat > log")[0] == 0
    text = (tmp_path / "log").read_bytes().decode()
    assert "\x1b" not in text and "\r" not in text
    titles, *rows = text.split("\n")[3:6]
    assert titles.split()[-1] == "seconds" and [row.split()[0] for row in rows] == ["1", "2"]
    assert window.run(f"{RUN} --epochs 2 --out other | head -n 1")[0] == 0
    status, text = window.run(f"{RUN} --epochs 1 --quiet --out third > quiet")
    assert status == 0 and text.strip().split("\n")[0].startswith("ended-")
    assert (tmp_path / "quiet").read_text().startswith("test accuracy ")
