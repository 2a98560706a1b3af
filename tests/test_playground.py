"""The playground's study of a program: output, errors, shapes, gradients, operations, walks.

The same under Pyodide, in node and in Chromium: tests/browser.
"""

import base64
import json
import warnings
from pathlib import Path

import pytest

import rushlight as rl
from rushlight.app.playground.ops import gradient_of
from rushlight.app.playground.seen import REPORT, Seen, compiled
from rushlight.app.playground.study import Study

EXAMPLES = Path(__file__).parents[1] / "docs/playground/examples"
NAMES = [e["name"] for e in json.loads((EXAMPLES / "index.json").read_text("utf-8"))]


def studied(source):
    """(the study, its result as the page gets it, what it told meanwhile)"""
    told = []
    study = Study(source, lambda kind, data: told.append((kind, json.loads(json.dumps(data)))))
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")  # not errors, as elsewhere in the tests
        result = study.run()
    return study, json.loads(json.dumps(result, allow_nan=False)), told


def text(told, kind="out"):
    return "".join(data for k, data in told if k == kind)


def seen(source):
    seen = Seen()
    exec(compiled(source, "program.py"), {REPORT: seen, "torch": rl})
    return seen.lines


def test_each_assignment_tells_its_shapes():
    lines = seen(
        "x = torch.zeros(2, 3)\n"
        "a, (b, *c) = x[0], (x, x, 5)\n"
        "x += 1\n"
        "n: int = 3\n"
        "for row, i in zip(x, range(2)):\n"
        "    pass\n"
        "with torch.no_grad() as nothing:\n"
        "    y = (x, x.T)\n"
    )
    assert lines == {
        1: {"x": ["(2, 3)"]},
        2: {"a": ["(3,)"], "b": ["(2, 3)"]},
        3: {"x": ["(2, 3)"]},
        5: {"row": ["(3,)"]},
        8: {"y": ["(2, 3), (3, 2)"]},
    }


def test_arguments_and_results_of_functions_tell_their_shapes():
    lines = seen(
        "class Net:\n"
        "    def forward(self, x, *more, scale=2):\n"
        '        """Twice."""\n'
        "        self.kept = x * scale\n"
        "        return self.kept.sum(1)\n"
        "for n in (1, 2, 1):\n"
        "    y = Net().forward(torch.ones(n, 4))\n"
    )
    assert lines[2] == {"x": ["(1, 4)", "(2, 4)"]}
    assert lines[4] == {"self.kept": ["(1, 4)", "(2, 4)"]}
    assert lines[5] == {"return": ["(1,)", "(2,)"]}
    assert lines[7] == {"y": ["(1,)", "(2,)"]}


def test_reports_change_nothing_of_a_program():
    source = (
        '"""The docstring."""\n'
        "from __future__ import annotations\n"
        "def f(x: 'int'):\n"
        '    """f\'s docstring."""\n'
        "    return x\n"
        "print(f.__doc__, __doc__, __name__, f(3), [y for y in range(2)])\n"
    )
    _, result, told = studied(source)
    assert result["ok"] and text(told) == "f's docstring. The docstring. __main__ 3 [0, 1]\n"


@pytest.mark.parametrize("name", NAMES)
def test_an_example_runs(name):
    study, result, _ = studied((EXAMPLES / f"{name}.py").read_text("utf-8"))
    if name == "mistakes":
        assert result["error"]["type"] == "RuntimeError"
    else:
        assert result["error"] is None
    for i, model in enumerate(result["models"]):
        page = study.walk(i, "zh")
        assert model["name"] in page and "<script" not in page
    assert result["lines"] and result["ops"] and result["tensors"]
    assert all(result["docs"][op["name"]]["formula"] for op in result["ops"])


def test_two_moons_learn_and_the_curves_have_every_step():
    _, result, told = studied((EXAMPLES / "two_moons.py").read_text("utf-8"))
    assert len(result["losses"]) == len(result["norms"]) == 15 * 8
    assert result["losses"][-1] < 0.2 < result["losses"][0]
    assert [v for k, data in told if k == "loss" for v in data] == result["losses"]
    assert float(text(told).split()[-1]) > 0.9
    assert [m["name"] for m in result["models"]] == ["model"]


def test_gradients_are_those_of_the_last_backward_with_the_names_of_the_program():
    _, result, _ = studied(
        "import torch\n"
        "w = torch.tensor([3.0, 4.0], requires_grad=True)\n"
        "net = torch.nn.Linear(2, 1, bias=False)\n"
        "opt = torch.optim.SGD([w, *net.parameters()], lr=0.0)\n"
        "for k in (1, 10):\n"
        "    (k * (w * w).sum() + net(w.detach()).sum()).backward()\n"
        "    opt.step()\n"
        "    opt.zero_grad()\n"
    )
    by_name = {g["name"]: g for g in result["grads"]}
    assert by_name["w"]["norm"] == pytest.approx(20 * 5)  # 2 k w
    assert by_name["w"]["share"] == pytest.approx(20)
    assert by_name["net.weight"]["grad"]["max"] == 4
    assert result["norms"] == pytest.approx([(10**2 + 5**2) ** 0.5, (100**2 + 5**2) ** 0.5])
    picture = by_name["w"]["grad"]["heat"]["image"].partition(",")[2]
    assert base64.b64decode(picture).startswith(b"\x89PNG")


def test_operations_have_line_formula_and_shapes():
    _, result, _ = studied(
        "import torch\nfrom torch import nn\n"
        "layer = nn.Linear(3, 2)\n"
        "for _ in range(4):\n"
        "    y = layer(torch.ones(5, 3)).relu()\n"
        "y.sum().backward()\n"
    )
    rows = {op["name"]: op for op in result["ops"]}
    assert list(rows) == ["ones", "linear", "relu", "sum"]  # and nothing of nn.init
    assert rows["linear"]["inputs"] == ["(5, 3)", "(2, 3)", "(2,)"]
    assert rows["linear"]["output"] == "(5, 2)" and rows["linear"]["times"] == 4
    assert [op["line"] for op in result["ops"]] == [5, 5, 5, 6]
    assert result["docs"]["linear"] == {
        "formula": "y = x Wᵀ + b",
        "grad": "dx = dy W,  dW = dyᵀ x,  db = Σ dy",
    }
    assert result["graph"]["size"] == 3  # of the last turn only
    assert ">5 · layer.weight, layer.bias<" in result["graph"]["svg"]


def test_an_index_is_written_as_the_program_writes_it():
    _, result, _ = studied(
        "import torch\nx = torch.ones(4, 5, requires_grad=True)\n"
        "x[:, 1:-1:2]\nx[..., None]\nx[torch.tensor([0, 1]), 2]\n"
    )
    calls = [op["call"] for op in result["ops"] if op["name"] == "getitem"]
    assert calls == ["[:, 1:-1:2]", "[..., None]", "[a tensor (2,), 2]"]


def test_many_arguments_of_one_shape_are_counted():
    _, result, _ = studied(
        "import torch\nx = torch.ones(2)\ntorch.stack([x] * 40)\ntorch.cat([x, x, x[:1]])\n"
    )
    rows = {op["name"]: op for op in result["ops"]}
    assert rows["stack"]["inputs"] == ["40 × (2,)"]
    assert rows["cat"]["inputs"] == ["(2,), (2,)", "(1,)"]


def test_the_graph_has_only_what_leads_to_the_loss():
    _, result, _ = studied(
        "import torch\n"
        "w = torch.ones(2, requires_grad=True)\n"
        "unused = w.exp().cos()\n"
        "loss = (w * 3).sum()\n"
        "loss.backward()\n"
    )
    assert result["graph"]["size"] == 2
    assert ">mul<" in result["graph"]["svg"] and ">cos<" not in result["graph"]["svg"]


@pytest.mark.parametrize(
    ("doc", "grad"),
    [
        ("y = max(x, 0), NaN stays;  dx = dy where y > 0\n\nshape  x", "dx = dy where y > 0"),
        ("z = x\n\ngrad    dx = dz,\n          dy = 2 dz\nerrors  none", "dx = dz, dy = 2 dz"),
        ("A tensor of zeros", ""),
        (None, ""),
    ],
)  # fmt: skip
def test_the_gradient_in_a_docstring(doc, grad):
    assert gradient_of(doc) == grad


def test_an_error_has_our_message_and_the_lines_of_the_program():
    source = (
        "import torch\n"
        "def f(x):\n"
        "    return torch.nn.Linear(3, 2)(x)\n"
        "print('before')\n"
        "y = f(torch.ones(1, 4))\n"
    )
    _, result, told = studied(source)
    error = result["error"]
    assert text(told) == "before\n"
    assert error["type"] == "RuntimeError" and "fix:" in error["message"]
    assert [(f["line"], f["code"]) for f in error["frames"]] == [
        (5, "y = f(torch.ones(1, 4))"),
        (3, "return torch.nn.Linear(3, 2)(x)"),
    ]
    assert error["line"] == 3
    assert error["traceback"].startswith("Traceback") and "study.py" not in error["traceback"]


def test_a_mistake_of_the_language_has_its_line():
    _, result, _ = studied("x = 1\ny = (2,\n")
    assert result["error"]["type"] == "SyntaxError" and result["error"]["line"] == 2


@pytest.mark.parametrize(("code", "ok"), [("", True), ("0", True), ("3", False)])
def test_a_program_may_end_itself(code, ok):
    assert studied(f"import sys\nsys.exit({code})\n")[1]["ok"] is ok


def test_hints_of_lint_name_the_line():
    _, result, told = studied((EXAMPLES / "mistakes.py").read_text("utf-8"))
    found = [(data["kind"], data["line"]) for kind, data in told if kind == "lint"]
    assert found == [("broadcast", 14), ("zero_grad", 16), ("train mode", 19)]
    assert result["error"]["line"] == 23
    assert [m["name"] for m in result["models"]] == ["model"]  # `more` never got through


def test_nothing_of_a_run_is_left_for_the_next():
    studied("import torch\ntorch.set_default_dtype(torch.float64)\ntorch.set_grad_enabled(False)\n")
    assert rl.get_default_dtype() is rl.float32 and rl.is_grad_enabled()
    _, result, _ = studied("import torch\nx = torch.ones(2)\n")
    assert [(t["name"], t["dtype"]) for t in result["tensors"]] == [("x", "torch.float32")]


def test_tensors_at_the_end_with_their_numbers():
    _, result, _ = studied(
        "import torch\n"
        "a = torch.tensor([[0.0, 2.0], [4.0, float('inf')]])\n"
        "b = torch.arange(3.0, requires_grad=True) * 2\n"
        "c = torch.eye(3).to_sparse()\n"
        "d = torch.zeros(0)\n"
    )
    a, b, c, d = result["tensors"]
    assert (a["shape"], a["min"], a["max"], a["zeros"]) == ("(2, 2)", 0, None, 0.25)
    assert (b["grad_fn"], b["mean"]) == ("MulBackward0", 2)
    assert c["shape"] == "(3, 3)" and "heat" not in c
    assert d["shape"] == "(0,)" and d["heat"] is None


def test_the_walk_takes_the_first_samples_of_the_last_batch():
    study, result, _ = studied(
        "import torch\n"
        "net = torch.nn.Sequential(torch.nn.Linear(4, 2), torch.nn.ReLU())\n"
        "for n in (7, 9):\n"
        "    net(torch.ones(n, 4))\n"
    )
    assert result["models"][0]["input"] == "(9, 4)"
    page = study.walk(0, "en")
    assert "3 × 4" in page and "y = x Wᵀ + b" in page
    assert 'lang="zh"' in study.walk(0, "zh") or 'lang="zh-CN"' in study.walk(0, "zh")
