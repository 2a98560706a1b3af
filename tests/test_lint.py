"""rushlight.lint(): each mistake is found, at its line; right programs are left alone."""

import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import rushlight as torch
import rushlight.nn.functional as F
from rushlight import nn
from rushlight.app.lint import LintWarning
from rushlight.utils.data import DataLoader, TensorDataset

ROOT = Path(__file__).parents[1]
X = torch.arange(64.0).reshape(16, 4) / 64
Y = torch.arange(16) // 8


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.drop, self.last = nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 2)

    def forward(self, x):
        return self.last(self.drop(self.first(x).relu()))


def sgd(*nets):
    return torch.optim.SGD([p for net in nets for p in net.parameters()], 0.1)


def forgotten_zero_grad():
    net = Net()
    optimizer = sgd(net)
    for _ in range(2):
        F.cross_entropy(net(X), Y).backward()
        optimizer.step()


def evaluated_in_train_mode():
    with torch.no_grad():
        Net()(X)


def trained_in_eval_mode():
    net = Net().eval()
    F.cross_entropy(net(X), Y).backward()
    sgd(net).step()


def softmax_before_cross_entropy():
    F.cross_entropy(Net()(X).softmax(1), Y)


def softmax_seen_through_views():
    F.cross_entropy(Net()(X).softmax(1).reshape(4, 4, 2).transpose(1, 2), Y.reshape(4, 4))


def sigmoid_before_the_loss_with_logits():
    F.binary_cross_entropy_with_logits(Net()(X).sigmoid()[:, 0], Y.float())


def loss_that_broadcasts():
    nn.MSELoss()(Net()(X)[:, :1], Y.float())


def layers_in_a_list():
    net = Net()
    net.more = [nn.Linear(2, 2)]
    net(X)


def layers_in_a_dict():
    net = Net()
    net.more = {"one": nn.Linear(2, 2)}
    net(X)


def parameters_without_optimizer():
    net = Net()
    optimizer = sgd(net.first)
    for _ in range(2):
        optimizer.zero_grad()
        F.cross_entropy(net(X), Y).backward()
        optimizer.step()


def gradients_of_zero():
    net = Net()
    (net(X) * 0).sum().backward()
    sgd(net).step()


def gradients_of_nan():
    net = Net()
    (net(X) * float("nan")).sum().backward()
    sgd(net).step()


def gradients_of_infinity():
    net = Net()
    (net(X) * float("inf")).sum().backward()
    sgd(net).step()


def no_gradients():
    sgd(Net()).step()


def sorted_labels():
    net = Net()
    optimizer = sgd(net)
    for x, y in DataLoader(TensorDataset(X, Y), 4):
        optimizer.zero_grad()
        F.cross_entropy(net(x), y).backward()
        optimizer.step()


MISTAKES = {
    forgotten_zero_grad: ["zero_grad"],
    evaluated_in_train_mode: ["train mode"],
    trained_in_eval_mode: ["eval mode"],
    softmax_before_cross_entropy: ["softmax"],
    softmax_seen_through_views: ["softmax"],
    sigmoid_before_the_loss_with_logits: ["softmax"],
    loss_that_broadcasts: ["broadcast"],
    layers_in_a_list: ["plain list"],
    layers_in_a_dict: ["plain list"],
    parameters_without_optimizer: ["optimizer"],
    gradients_of_zero: ["gradient"],
    gradients_of_nan: ["gradient"],
    gradients_of_infinity: ["gradient"],
    no_gradients: ["gradient"],
    sorted_labels: ["order"],
}
LINES = {
    "zero_grad": "optimizer.step()",
    "train mode": "Net()(X)",
    "eval mode": "sgd(net).step()",
    "softmax": "F.",
    "broadcast": "nn.MSELoss()(",
    "plain list": "net(X)",
    "optimizer": "optimizer.step()",
    "gradient": ".step()",
    "order": "for x, y in DataLoader",
}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda f: f.__name__)
def test_a_mistake_is_found_once_at_its_line(mistake):
    torch.manual_seed(0)
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        with torch.lint() as lint:
            mistake()
            mistake()
    assert [f.kind for f in lint.findings] == MISTAKES[mistake]
    found = lint.findings[0]
    assert found.file == __file__
    line = Path(__file__).read_text("utf-8").splitlines()[found.line - 1]
    assert LINES[found.kind] in line
    said = [w for w in shown if w.category is LintWarning]
    assert [(w.filename, w.lineno) for w in said] == [(found.file, found.line)]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda f: f.__name__)
def test_nothing_is_looked_at_afterwards(mistake):
    with torch.lint() as lint:
        pass
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # what PyTorch itself says of the shapes
        warnings.simplefilter("error", LintWarning)
        mistake()
    assert lint.findings == []


def clears_to_none(optimizer, net):
    optimizer.zero_grad()


def clears_in_place(optimizer, net):
    optimizer.zero_grad(set_to_none=False)


def clears_by_the_net(optimizer, net):
    net.zero_grad()


def clears_by_hand(optimizer, net):
    for p in net.parameters():
        if p.grad is not None:
            p.grad.zero_()


@pytest.mark.parametrize(
    "clear",
    [clears_to_none, clears_in_place, clears_by_the_net, clears_by_hand],
    ids=lambda f: f.__name__,
)
def test_right_loops_are_left_alone(clear):
    """Accumulation over two batches, evaluation between, two nets that train against each other."""
    torch.manual_seed(0)
    with torch.lint() as lint:
        net = Net()
        optimizer = sgd(net)
        for i, (x, y) in enumerate(DataLoader(TensorDataset(X, Y), 4, shuffle=True)):
            (F.cross_entropy(net(x), y) / 2).backward()
            if i % 2:
                optimizer.step()
                clear(optimizer, net)
        net.eval()
        with torch.no_grad():
            for x, y in DataLoader(TensorDataset(X, Y), 4):
                F.cross_entropy(net(x), y)
        judge, maker = nn.Linear(4, 1), nn.Linear(4, 4)
        of_judge, of_maker = sgd(judge), sgd(maker)
        for _ in range(3):
            clear(of_judge, judge)
            judge(X).mean().backward()
            (-judge(maker(X).detach())).mean().backward()
            of_judge.step()
            clear(of_maker, maker)
            judge(maker(X)).mean().backward()
            of_maker.step()
        line = nn.Linear(4, 1)
        lbfgs = torch.optim.LBFGS(line.parameters(), max_iter=2)

        def closure():
            lbfgs.zero_grad()
            loss = F.mse_loss(line(X), Y.float().unsqueeze(1))
            loss.backward()
            return loss

        lbfgs.step(closure)
        lbfgs.step(closure)
    assert lint.findings == []


def run_lint(*words):
    return subprocess.run(
        [sys.executable, "-m", "rushlight", "run", "--lint", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_lint_and_a_profiler_look_at_the_same_ops():
    with torch.lint() as lint, torch.profiler.profile() as profile:
        y = F.mse_loss(X @ X.T, X[:, :1] * torch.ones(16))
    assert torch.equal(y, (X @ X.T - X[:, :1]).pow(2).mean())
    assert [f.kind for f in lint.findings] == []
    assert {"aten::matmul", "aten::mse_loss"} <= {e.name for e in profile.events()}


PROGRAMS = [
    *[ROOT / "examples" / f"{name}.py" for name in ("own_function", "save_and_go_on", "xor")],
    *[ROOT / "tests" / "scripts" / f"{name}.py" for name in ("build_model", "from_scratch")],
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.stem)
def test_no_false_alarm(program, tmp_path):
    digits = Path(torch.__file__).parent / "vision/datasets/digits.npz"
    done = run_lint(program, *([digits] if program.parent.name == "scripts" else []))
    assert (done.returncode, done.stderr.splitlines()[-1:]) == (0, ["lint: nothing found"])


def test_the_command_line_names_file_and_line(tmp_path):
    script = tmp_path / "loop.py"
    script.write_text(
        "import torch\n"
        "net = torch.nn.Linear(3, 1)\n"
        "loss = torch.nn.functional.l1_loss(net(torch.ones(4, 3)), torch.ones(4))\n"
    )
    done = run_lint(script)
    assert done.returncode == 0
    lines = done.stderr.splitlines()
    assert [lines[0], lines[-1]] == [
        f"{script}:3: [broadcast] l1_loss of shapes (4, 1) and (4,) compares every sample with "
        "every other; bring one to the other's shape by squeeze(-1) or unsqueeze(-1)",
        "lint: 1 finding",
    ]
    missing = run_lint()
    assert missing.returncode == 2
    assert missing.stderr == "rushlight run: a script is missing after the options\n"
