"""An LSTM forecasts the next day of an hourly series, beside the same hours of a week before.

    rushlight run examples/forecast.py         (or python, with PyTorch: the same numbers)

The series is made here: a trend that bends, a day, a week, and noise that remembers. Since the
noise is known, so is the error that no forecast can beat on average, and it is printed, too. Writes
forecast.svg (the last days of the test), errors.svg (by hours ahead) and numbers.json.

Letters: N windows, T hours seen, A hours ahead, F features.
"""

import argparse
import json
import time
from pathlib import Path

import drawing
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

DAY, WEEK = 24, 168
MEMORY, SHOCK = 0.8, 1.5  # the noise: n[t] = MEMORY n[t - 1] + SHOCK e[t]


def series(hours, seed):
    """(the numbers, their noise), one of each hour."""
    rng = np.random.default_rng(seed)
    t = np.arange(hours)
    trend = 100 + 0.004 * t + 8 * np.sin(2 * np.pi * t / (hours * 0.8))
    hour = 2 * np.pi * t / DAY
    weekend = (t // DAY % 7 >= 5).astype(float)
    day = (12 - 6 * weekend) * np.sin(hour - 2.2) + 4 * np.sin(2 * hour + 0.5)
    noise = np.zeros(hours)
    for i in range(1, hours):
        noise[i] = MEMORY * noise[i - 1] + SHOCK * rng.standard_normal()
    return trend + day - 7 * weekend, noise


def features(values, first):
    """(T, F): the value, and the hour of the day and the day of the week as angles."""
    t = np.arange(first, first + len(values))
    angles = [2 * np.pi * t / DAY, 2 * np.pi * t / WEEK]
    return np.stack([values, *[f(a) for a in angles for f in (np.sin, np.cos)]], 1)


class Forecaster(nn.Module):
    """A window (N, T, F) -> the next A hours (N, A), both from the window's mean."""

    def __init__(self, inputs, hidden, ahead):
        super().__init__()
        self.rnn = nn.LSTM(inputs, hidden, batch_first=True)
        self.head = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, ahead))

    def forward(self, x):
        _, (h, _) = self.rnn(x)
        return self.head(h[-1])  # (N, C) -> (N, A)


def windows(values, starts, seen, ahead, scale):
    """For each start: a window (N, T, F), the hours to forecast (N, A), both without the window's
    mean; the mean (N, 1), and the hours a week before those to forecast (N, A).

    Without its mean a window looks the same wherever a trend has led to."""
    x, y, means, before = [], [], [], []
    for s in starts:
        past, future = values[s : s + seen], values[s + seen : s + seen + ahead]
        x.append(features((past - past.mean()) / scale, s))
        y.append((future - past.mean()) / scale)
        means.append([past.mean()])
        before.append(values[s + seen - WEEK : s + seen - WEEK + ahead])
    return [torch.from_numpy(np.stack(p).astype(np.float32)) for p in (x, y, means, before)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=12, help="default: 12")
    parser.add_argument("--hidden", type=int, default=48, help="units; default: 48")
    parser.add_argument("--hours", type=int, default=7000, help="of the series; default: 7000")
    parser.add_argument("--seen", type=int, default=WEEK, help="hours in a window; default: 168")
    parser.add_argument("--ahead", type=int, default=DAY, help="hours to forecast; default: 24")
    parser.add_argument("--lr", type=float, default=4e-3, help="Adam's rate; default: 0.004")
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    parser.add_argument("--device", default="cpu", help="default: cpu")
    parser.add_argument("--out", type=Path, default=Path("runs/forecast"), help="runs/forecast")
    options = parser.parse_args()
    if options.seen < WEEK:
        parser.error(f"--seen {options.seen}: at least {WEEK}, a week, which is what it is beside")
    options.out.mkdir(parents=True, exist_ok=True)

    pattern, noise = series(options.hours, options.seed)
    values = pattern + noise
    seen, ahead, device = options.seen, options.ahead, options.device
    end = int(0.8 * options.hours)  # what comes later is the test
    scale = values[:end].std()
    train = windows(values, range(0, end - seen - ahead, 3), seen, ahead, scale)
    x, y = (part.to(device) for part in train[:2])
    begins = range(end - seen, options.hours - seen - ahead + 1, ahead)
    test_x, test_y, means, week = windows(values, begins, seen, ahead, scale)
    truth = test_y * scale + means
    print(f"{len(x)} windows to learn from, {len(test_x)} days to test with")

    torch.manual_seed(options.seed)
    model = Forecaster(x.shape[-1], options.hidden, ahead).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=options.lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, options.epochs)
    losses, begin = [], time.perf_counter()
    for epoch in range(1, options.epochs + 1):
        total = 0.0
        for rows in torch.randperm(len(x)).split(32):
            loss = F.l1_loss(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            total += loss.item() * len(rows)
        schedule.step()
        losses.append(total / len(x))
        with torch.no_grad():
            forecast = model(test_x.to(device)).cpu() * scale + means  # (N, A)
        error = (forecast - truth).abs().mean().item()
        seconds = time.perf_counter() - begin
        print(f"epoch {epoch:2}  loss {losses[-1]:.4f}  test error {error:.3f}  {seconds:.1f} s")

    # The best there is knows the pattern, and that the noise fades.
    last = noise[[s + seen - 1 for s in begins]][:, None]
    best = np.stack([pattern[s + seen : s + seen + ahead] for s in begins])
    best = torch.from_numpy(best + last * MEMORY ** np.arange(1, ahead + 1))  # (N, A)
    forecasts = {"a week before": week, "LSTM": forecast, "best possible": best}
    errors = {name: (f - truth).abs() for name, f in forecasts.items()}
    overall = {name: e.mean().item() for name, e in errors.items()}
    for name, mean in overall.items():
        print(f"mean absolute error, {name:13} {mean:.3f}")
    share = overall["LSTM"] / overall["a week before"]
    print(f"the LSTM's error is {share:.0%} of that of the week before")
    shown = min(5, len(truth))
    lines = {"truth": truth, "LSTM": forecast, "a week before": week}
    lines = {name: part[-shown:].flatten().tolist() for name, part in lines.items()}
    title = f"The last {shown} days, each forecast at midnight"
    drawing.chart(options.out / "forecast.svg", lines, title, "hour", "value")
    ahead_of = {name: e.mean(0).tolist() for name, e in errors.items()}
    title = "Mean absolute error"
    drawing.chart(options.out / "errors.svg", ahead_of, title, "hours ahead", "error")
    numbers = {"loss": losses, "errors": overall, "forecast": forecast[-1].tolist()}
    (options.out / "numbers.json").write_text(json.dumps(numbers, indent=1))


if __name__ == "__main__":
    main()
