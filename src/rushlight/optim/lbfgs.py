"""L-BFGS, with the strong Wolfe line search."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..core.grad_mode import enable_grad
from ..core.tensor import Tensor, wrap
from ..kernels import as_array
from .optimizer import Optimizer, numbers
from .options import learning_rate, option, require


class LBFGS(Optimizer):
    """θ ← θ + t d with d = -H g, where H is built from the last steps s and changes of gradient y.

        d by the two loops:  q = -g;  newest to oldest: α = ρ s·q, q -= α y     ρ = 1 / y·s
                             d = (s·y / y·y) q;  oldest to newest: d += (α - ρ y·d) s
        t = lr (in the very first iteration lr · min(1, 1 / Σ|g|)), or by the line search

    One `step(closure)` runs up to max_iter iterations and max_eval evaluations (1.25 max_iter); it
    stops early when max|g| ≤ tolerance_grad, or step or loss change by less than tolerance_change.
    history_size: how many (s, y) are kept. line_search_fn: None or "strong_wolfe".
    ValueError: more than one parameter group. The state belongs to the first parameter.
    Source: Nocedal, Wright 2006, "Numerical Optimization", algorithms 7.4, 3.5 and 3.6.
    """

    lr: Any = option(default=1, check=learning_rate())
    max_iter: int = option(default=20)
    max_eval: int | None = option(default=None)
    tolerance_grad: float = option(default=1e-7)
    tolerance_change: float = option(default=1e-9)
    history_size: int = option(default=100)
    line_search_fn: str | None = option(default=None)

    def _prepare(self, options: dict[str, Any]) -> None:
        if options["max_eval"] is None:
            options["max_eval"] = options["max_iter"] * 5 // 4

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        require(
            not self.param_groups,
            "LBFGS doesn't support per-parameter options (parameter groups)",
        )
        super().add_param_group(param_group)

    # ------------------------------------------------------------ all parameters as one vector

    def _gather_flat_grad(self) -> np.ndarray:
        """All gradients in one vector; zeros where there is none."""
        params = self.param_groups[0]["params"]
        return np.concatenate(
            [
                np.zeros_like(numbers(p), order="C").ravel()
                if p._grad is None
                else numbers(p._grad.to_dense() if p._grad.is_sparse else p._grad).ravel()
                for p in params
            ]
        )

    def _move(self, starts: list[np.ndarray], t: float, d: np.ndarray) -> None:
        """Set the parameters to their starts + t d."""
        first = 0
        for p, start in zip(self.param_groups[0]["params"], starts, strict=True):
            x = numbers(p)
            x[...] = _fma(d[first : first + x.size].reshape(x.shape), t, start)
            first += x.size
            p._bump()

    # ------------------------------------------------------------ the step

    def step(self, closure: Callable) -> Any:  # type: ignore[override]
        """Up to max_iter iterations; closure: clears gradients, computes the loss and backward."""
        group = self.param_groups[0]
        lr, change = _plain(group["lr"]), group["tolerance_change"]
        search = group["line_search_fn"]
        params = group["params"]
        state = self.state[params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)

        def evaluate() -> Any:
            with enable_grad():
                return closure()

        first_loss = evaluate()
        loss, evals, iterations = _value(first_loss), 1, 0
        state["func_evals"] += 1
        g = self._gather_flat_grad()
        if np.abs(g).max() <= group["tolerance_grad"]:
            return first_loss
        memory = _Memory(state, group["history_size"])
        d, t = memory.d, memory.t
        while iterations < group["max_iter"]:
            iterations += 1
            state["n_iter"] += 1
            if state["n_iter"] == 1:
                d, t = -g, min(1.0, 1.0 / np.abs(g).sum()) * lr  # in the dtype of g
            else:
                memory.remember(g - memory.g, d * t)
                d, t = memory.direction(g), lr
            memory.g, memory.loss = g, loss
            slope = float(g @ d)
            if slope > -change:
                break
            starts = [numbers(p).copy() for p in params]
            used = 0
            if search is not None:
                if search != "strong_wolfe":
                    raise RuntimeError("only 'strong_wolfe' is supported")

                def at(t: float, starts: list = starts, d: np.ndarray = d) -> _Point:
                    self._move(starts, t, d)
                    f = _value(evaluate())
                    g = self._gather_flat_grad()
                    return _Point(t, f, g, float(g @ d))

                best, used = _strong_wolfe(at, t, d, _Point(0.0, loss, g, slope))
                loss, g, t = best.f, best.g, best.t
                self._move(starts, t, d)
            else:
                self._move(starts, t, d)
                if iterations != group["max_iter"]:
                    loss, used = _value(evaluate()), 1
                    g = self._gather_flat_grad()
            evals += used
            state["func_evals"] += used
            if (
                iterations == group["max_iter"]
                or evals >= group["max_eval"]
                or (used and np.abs(g).max() <= group["tolerance_grad"])
                or np.abs(d * t).max() <= change
                or abs(loss - memory.loss) < change
            ):
                break
        memory.save(state, d, t)
        return first_loss


class _Memory:
    """What the optimizer knows of the function: its last steps s and changes of gradient y."""

    def __init__(self, state: dict[str, Any], size: int):
        def arrays(key: str) -> list[np.ndarray]:
            return [x._a for x in state.get(key, [])]

        self.size = size
        self.y, self.s, self.rho = arrays("old_dirs"), arrays("old_stps"), arrays("ro")
        self.scale: Any = _plain(state.get("H_diag", 1))
        self.d, self.t = _plain(state.get("d")), _plain(state.get("t"))
        self.g, self.loss = _plain(state.get("prev_flat_grad")), state.get("prev_loss")
        self.alpha: list | None = state.get("al")

    def remember(self, y: np.ndarray, s: np.ndarray) -> None:
        """Keep one more pair, if the function is convex along it."""
        ys = _dot(y, s)
        if ys > 1e-10:
            if len(self.y) == self.size:
                del self.y[0], self.s[0], self.rho[0]
            self.y.append(y)
            self.s.append(s)
            self.rho.append(1.0 / ys)
            self.scale = ys / _dot(y, y)

    def direction(self, g: np.ndarray) -> np.ndarray:
        """-H g."""
        n = len(self.y)
        alpha: list = [None] * n
        d = -g
        for i in reversed(range(n)):
            alpha[i] = _dot(self.s[i], d) * self.rho[i]
            d = _fma(self.y[i], -alpha[i], d)
        d = d * self.scale
        for i in range(n):
            d = _fma(self.s[i], alpha[i] - _dot(self.y[i], d) * self.rho[i], d)
        self.alpha = [wrap(a) for a in alpha] + [None] * (self.size - n)
        return d

    def save(self, state: dict[str, Any], d: Any, t: Any) -> None:
        """Put everything into the optimizer's state, under PyTorch's names."""
        if self.alpha is not None:
            state["al"] = self.alpha
        state["d"] = wrap(d)
        given = isinstance(t, (np.generic, np.ndarray))  # of a Tensor lr
        state["t"] = wrap(as_array(t)) if given else t
        state["old_dirs"], state["old_stps"] = [wrap(y) for y in self.y], [wrap(s) for s in self.s]
        state["ro"] = [wrap(as_array(r)) for r in self.rho]
        state["H_diag"] = self.scale if type(self.scale) is int else wrap(as_array(self.scale))
        state["prev_flat_grad"], state["prev_loss"] = wrap(self.g), self.loss


def _plain(x: Any) -> Any:
    """The elements of a tensor, a number if it is 0-d; anything else unchanged."""
    if isinstance(x, Tensor):
        return x._a if x.ndim else x._a[()]
    return x


class _Point(NamedTuple):
    """A step t along the direction, and there: the value, the gradient, the slope g·d."""

    t: float
    f: float
    g: np.ndarray
    slope: float


def _strong_wolfe(
    at: Callable[[float], _Point], t: float, d: np.ndarray, start: _Point
) -> tuple[_Point, int]:
    """A step with f ≤ f₀ + c₁ t slope₀ and |slope| ≤ c₂ |slope₀|: bracket it, then zoom in.

    Returns the best point found and the number of evaluations. c₁ = 1e-4, c₂ = 0.9; at most 25
    steps; the bracket is given up when it is narrower than 1e-9 along every coordinate.
    """
    c1, c2, narrow, most = 1e-4, 0.9, 1e-9, 25

    def too_high(p: _Point) -> bool:
        return p.f > start.f + c1 * p.t * start.slope

    def flat(p: _Point) -> bool:
        return abs(p.slope) <= -c2 * start.slope

    reach = float(np.abs(d).max())
    before, new, evals, steps = start, at(t), 1, 0
    bracket: list[_Point] = []
    while steps < most:
        if too_high(new) or (steps > 1 and new.f >= before.f) or new.slope >= 0:
            if flat(new) and not too_high(new) and not (steps > 1 and new.f >= before.f):
                return new, evals
            bracket = [before, new]
            break
        if flat(new):
            return new, evals
        ahead = (new.t + 0.01 * (new.t - before.t), new.t * 10)
        before, t = new, _cubic_minimum(before, new, ahead)
        new = at(t)
        evals += 1
        steps += 1
    else:
        bracket = [start, new]

    stuck = False
    low, high = sorted(bracket, key=lambda p: p.f)
    while steps < most:
        left, right = sorted((low.t, high.t))
        if (right - left) * reach < narrow:
            break
        t = _cubic_minimum(bracket[0], bracket[1])
        margin = 0.1 * (right - left)
        if min(right - t, t - left) < margin:  # close to an end: twice in a row moves it inwards
            if stuck or t >= right or t <= left:
                t = right - margin if abs(t - right) < abs(t - left) else left + margin
                stuck = False
            else:
                stuck = True
        else:
            stuck = False
        new = at(t)
        evals += 1
        steps += 1
        i = 0 if bracket[0] is low else 1  # the place of the lower end; 1 - i of the other
        if too_high(new) or new.f >= low.f:
            bracket[1 - i] = new
            low, high = bracket if bracket[0].f <= bracket[1].f else bracket[::-1]
        else:
            done = flat(new)
            if not done and new.slope * (high.t - low.t) >= 0:
                bracket[1 - i] = high = low
            bracket[i] = low = new
            if done:
                break
    return low, evals


def _cubic_minimum(a: _Point, b: _Point, bounds: tuple[float, float] | None = None) -> float:
    """The minimum, within bounds, of the cubic through two points with their slopes."""
    left, right = bounds if bounds is not None else sorted((a.t, b.t))
    if a.t > b.t:
        a, b = b, a
    d1 = a.slope + b.slope - 3 * (a.f - b.f) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if square < 0:
        return (left + right) / 2.0
    d2 = math.sqrt(square)
    t = b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
    return min(max(t, left), right)


def _fma(x: np.ndarray, a: Any, y: np.ndarray) -> np.ndarray:
    """a x + y, rounded once."""
    if x.dtype != np.float32:
        return x * a + y
    return (x.astype(np.float64) * float(a) + y).astype(np.float32)


def _dot(x: np.ndarray, y: np.ndarray) -> Any:
    """x · y, rounded once."""
    return np.dot(x.astype(np.float64), y.astype(np.float64)).astype(x.dtype)


def _value(loss: Any) -> float:
    """A closure's loss, a tensor or a number, as a number."""
    return loss.item() if hasattr(loss, "item") else float(loss)
