"""Families of cards that are imported when one of their names is first asked for."""

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import rushlight
from rushlight import nn
from rushlight.ops import LATER
from rushlight.ops.late_table import NAMES

ROOT = Path(__file__).parents[1]


def fresh(code):
    """What a program prints in a process of its own."""
    path = {"PYTHONPATH": f"{Path(rushlight.__file__).parents[1]}{os.pathsep}{ROOT / 'tools'}"}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | path
    )
    assert run.stderr == ""
    return run.stdout


def test_the_table_is_current():
    found = fresh("import make_late_table as m, json; print(json.dumps(m.table()))")
    committed = {
        family: {kind: names.split() for kind, names in kinds.items()}
        for family, kinds in NAMES.items()
    }
    assert json.loads(found) == committed, "run `make stubs`"


def test_late_layers_are_listed_whole():
    """Each file of layers is imported with the package or has all of its names in nn._LAZY."""
    listed = {}
    for name, file in nn._LAZY.items():
        listed.setdefault(file, set()).add(name)
    listed["parallel"] |= set(import_module("rushlight.nn.parallel").__all__)  # most are not nn's
    for file, names in listed.items():
        assert names == set(import_module(f"rushlight.nn.{file}").__all__), file
        for name in names & nn._LAZY.keys():
            assert getattr(nn, name).__name__ == name


def test_no_late_layer_is_imported_with_the_package():
    loaded = fresh("import sys, rushlight.nn, rushlight.utils.data; print(*sys.modules)").split()
    assert not {f"rushlight.nn.{file}" for file in nn._LAZY.values()} & set(loaded)
    assert {"rushlight.nn.linear", "rushlight.utils.data.dataloader"} <= set(loaded)
    assert not {"rushlight.utils.data.worker", "random"} & set(loaded)


def test_star_gives_late_layers():
    got = fresh("from rushlight.nn import *; print(LSTM.__name__, Linear.__name__, init.__name__)")
    assert got.split() == ["LSTM", "Linear", "rushlight.nn.init"]


def test_no_late_family_is_imported_with_the_package():
    loaded = fresh("import sys, rushlight; print(*sys.modules)").split()
    assert not {f"rushlight.ops.{family}" for family in LATER} & set(loaded)
    assert "rushlight.ops.arithmetic" in loaded


def test_a_name_imports_its_family():
    assert fresh("""
import sys, rushlight as torch
from rushlight.nn import functional as F
def loaded(name): return f"rushlight.ops.{name}" in sys.modules
x = torch.tensor([0.25, 1.0, 0.5])
print("sort" in dir(torch), "topk" in dir(torch.Tensor), "gelu" in dir(F), loaded("sort"))
print(x.sort().values.tolist(), loaded("sort"), loaded("scan"))
print(torch.cumsum(x, 0).tolist(), loaded("scan"), loaded("windows"))
print(hasattr(torch.Tensor, "no_such_method"), torch.Tensor.diff(x).tolist())
print(torch.special.bessel_j0(torch.zeros(1)).item(), loaded("bessel"))
""").splitlines() == [
        "True True True False",
        "[0.25, 0.5, 1.0] True False",
        "[0.25, 1.25, 1.75] True False",
        "False [0.75, -0.5]",
        "1.0 True",
    ]


def test_a_family_that_is_imported_inside_a_mode_is_seen_by_it():
    """vmap, autocast, forward mode and subclasses are asked about it as about the others."""
    assert fresh("""
import rushlight as torch
x = torch.arange(6.0).reshape(2, 3)
print(torch.vmap(lambda r: torch.cumsum(r, 0))(x).tolist())
print(torch.vmap(lambda r: r.sort(descending=True).values)(x).tolist())
print(torch.vmap(lambda r: torch.linalg.vector_norm(r))(x).shape)
print(torch.func.jvp(lambda r: r.sinh(), (x[0],), (x[1],))[1].tolist()[0])
with torch.autocast("cpu", dtype=torch.bfloat16):
    print(torch.nn.functional.conv1d(x[None], torch.ones(1, 2, 1)).dtype)
    print(torch.cdist(x.bfloat16(), x.bfloat16()).dtype)
try:
    torch.vmap(lambda r: torch.nn.functional.rrelu(r, training=True))(x)
except RuntimeError as e:
    print(str(e)[:62])
class Mine(torch.Tensor):
    pass
print(type(torch.tensor([1.0]).as_subclass(Mine).cumprod(0)).__name__)
m = torch.empty(3, device="meta")
print(m.softmax(0).device, torch.nn.functional.gelu(m).device)
y = torch.ones(2, requires_grad=True)
(g,) = torch.autograd.grad(torch.nn.functional.softplus(y).sum(), y, create_graph=True)
print(round(torch.autograd.grad(g.sum(), y)[0][0].item(), 4))
""").splitlines() == [
        "[[0.0, 1.0, 3.0], [3.0, 7.0, 12.0]]",
        "[[2.0, 1.0, 0.0], [5.0, 4.0, 3.0]]",
        "torch.Size([2])",
        "3.0",
        "torch.bfloat16",
        "torch.float32",
        "vmap: called random operation while in randomness error mode. ",
        "Mine",
        "meta meta",
        "0.1966",
    ]
