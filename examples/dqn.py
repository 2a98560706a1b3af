"""A net learns to balance a pole on a cart by trying: deep Q-learning.

    rushlight run examples/dqn.py              (or python, with PyTorch)
    rushlight run examples/dqn.py --episodes 400 --seed 3

The cart is pushed left or right fifty times a second; the equations are in `Cart`. An episode ends
when the pole leans by more than 12 degrees, the cart leaves the track, or after 500 pushes. Solved:
a mean of 475 or more over 50 new episodes without random actions. Writes returns.svg, balance.svg
(the pole's angle before and after learning) and numbers.json.

Letters: N transitions, S numbers of a state.
Source: Barto, Sutton, Anderson 1983, doi:10.1109/TSMC.1983.6313077 (the cart);
Mnih et al. 2015, doi:10.1038/nature14236; van Hasselt et al. 2016, arXiv:1509.06461 (double Q)
"""

import argparse
import copy
import json
import math
import random
import time
from pathlib import Path

import drawing
import torch
from torch import nn
from torch.nn import functional as F

LONGEST, SOLVED = 500, 475.0


class Cart:
    """A pole on a cart. State: place (m), speed, angle (rad), angular speed."""

    gravity, cart, pole, half, push, tick = 9.8, 1.0, 0.1, 0.5, 10.0, 0.02

    def __init__(self, rng):
        self.rng = rng

    def reset(self):
        self.state = [self.rng.uniform(-0.05, 0.05) for _ in range(4)]
        return self.state

    def step(self, action):
        """(the next state, has it fallen?) after a push to the left (0) or right (1)."""
        x, v, a, w = self.state
        force = self.push if action else -self.push
        mass = self.cart + self.pole
        along = (force + self.pole * self.half * w * w * math.sin(a)) / mass
        turn = (self.gravity * math.sin(a) - math.cos(a) * along) / (
            self.half * (4 / 3 - self.pole * math.cos(a) ** 2 / mass)
        )
        speed = along - self.pole * self.half * turn * math.cos(a) / mass
        t = self.tick
        self.state = [x + t * v, v + t * speed, a + t * w, w + t * turn]
        return self.state, abs(self.state[0]) > 2.4 or abs(self.state[2]) > math.radians(12)


class Memory:
    """The last transitions: state, action, reward, next state, and whether it went on."""

    def __init__(self, size):
        self.size, self.count = size, 0
        self.states, self.nexts = torch.zeros(size, 4), torch.zeros(size, 4)
        self.actions = torch.zeros(size, 1, dtype=torch.int64)
        self.on = torch.zeros(size)

    def add(self, state, action, following, fell):
        i = self.count % self.size
        self.states[i], self.nexts[i] = torch.tensor(state), torch.tensor(following)
        self.actions[i], self.on[i] = action, 0.0 if fell else 1.0
        self.count += 1

    def sample(self, count, generator):
        rows = torch.randint(min(self.count, self.size), (count,), generator=generator)
        return self.states[rows], self.actions[rows], self.nexts[rows], self.on[rows]


def best(net, state):
    with torch.no_grad():
        return int(net(torch.tensor(state)).argmax())


def learn(net, target, optimizer, memory, generator, discount=0.99):
    """One batch: Q(s, a) towards 1 + discount · Q'(s', argmax Q(s')), where Q' is an older copy."""
    states, actions, nexts, on = memory.sample(64, generator)
    with torch.no_grad():
        choice = net(nexts).argmax(1, keepdim=True)  # (N, 1)
        goal = 1 + discount * on * target(nexts).gather(1, choice)[:, 0]  # (N)
    loss = F.smooth_l1_loss(net(states).gather(1, actions)[:, 0], goal)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(net.parameters(), 10.0)
    optimizer.step()
    return loss.item()


def play(net, env):
    """The states of an episode without random actions."""
    states, fell = [env.reset()], False
    while not fell and len(states) <= LONGEST:
        state, fell = env.step(best(net, states[-1]))
        states.append(state)
    return states


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--episodes", type=int, default=300, help="at most; default: 300")
    parser.add_argument("--tests", type=int, default=50, help="episodes at the end; default: 50")
    parser.add_argument("--lr", type=float, default=1e-3, help="Adam's rate; default: 0.001")
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    parser.add_argument("--out", type=Path, default=Path("runs/dqn"), help="default: runs/dqn")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    torch.manual_seed(options.seed)
    rng, generator = random.Random(options.seed), torch.Generator().manual_seed(options.seed)
    net = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
    target, kept = copy.deepcopy(net), copy.deepcopy(net)
    optimizer = torch.optim.Adam(net.parameters(), lr=options.lr)
    env, memory = Cart(rng), Memory(20_000)
    before = play(net, env)

    returns, checks, losses, steps, top = [], [], [], 0, 0.0
    begin = time.perf_counter()
    for episode in range(1, options.episodes + 1):
        state, fell, length = env.reset(), False, 0
        while not fell and length < LONGEST:
            chance = max(0.02, 1 - steps / 3000)  # of a random push
            action = rng.randrange(2) if rng.random() < chance else best(net, state)
            following, fell = env.step(action)
            memory.add(state, action, following, fell)
            state, length, steps = following, length + 1, steps + 1
            if steps > 500 and steps % 2 == 0:
                losses.append(learn(net, target, optimizer, memory, generator))
            if steps % 250 == 0:
                target.load_state_dict(net.state_dict())
        returns.append(length)
        if episode % 10 == 0 or episode == options.episodes:
            mean = sum(len(play(net, env)) - 1 for _ in range(5)) / 5
            checks.append((episode, mean))
            seconds = time.perf_counter() - begin
            so_far = f"episode {episode:3}  {steps:6} pushes"
            print(f"{so_far}  without random actions {mean:.0f}  {seconds:.1f} s")
            if mean >= top:
                top = mean
                kept.load_state_dict(net.state_dict())
            if mean == LONGEST and sum(m == LONGEST for _, m in checks) >= 3:
                break

    tests = [len(play(kept, env)) - 1 for _ in range(options.tests)]
    mean = sum(tests) / len(tests)
    said = "solved" if mean >= SOLVED else f"not solved (that needs {SOLVED:.0f})"
    print(f"mean of {len(tests)} new episodes: {mean:.1f} of {LONGEST}; {said}")
    after = play(kept, env)
    curves = {"while learning": returns, "without random actions": tuple(zip(*checks, strict=True))}
    title, level = "How long the pole stayed up", (SOLVED, "solved")
    path = options.out / "returns.svg"
    drawing.chart(path, curves, title, "episode", "pushes", level=level)
    angles = {
        name: ([i * Cart.tick for i in range(len(states))], [math.degrees(s[2]) for s in states])
        for name, states in (("before learning", before), ("after", after))
    }
    path = options.out / "balance.svg"
    drawing.chart(path, angles, "The pole's angle in one episode", "seconds", "degrees")
    numbers = {"returns": returns, "loss": losses, "tests": tests}
    (options.out / "numbers.json").write_text(json.dumps(numbers))


if __name__ == "__main__":
    main()
