"""`rushlight run` and `rushlight check`, as a user starts them: in processes of their own."""

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from rushlight.app import check, cli, run


@pytest.fixture
def start(tmp_path):
    """start(source, *args, how=(...)) runs a script in its own folder; (status, stdout, stderr)."""

    def start(source, *args, how=("run",), name="script.py"):
        (tmp_path / name).write_text(dedent(source), encoding="utf-8")
        command = [sys.executable, "-m", "rushlight", *how]
        command += [name] if how in (("run",), ("check",)) else []
        done = subprocess.run(
            [*command, *args], cwd=tmp_path, capture_output=True, text=True, timeout=300
        )
        return done.returncode, done.stdout, done.stderr

    return start


def test_torch_is_rushlight_itself(start):
    status, out, err = start("""
        import sys
        import torch, torch.nn as nn, torch.nn.functional as F, torchvision.transforms
        from torch.utils.data import DataLoader
        import rushlight
        assert torch is rushlight and sys.modules["torch"] is rushlight
        assert F is rushlight.nn.functional is nn.functional is sys.modules["torch.nn.functional"]
        assert DataLoader is rushlight.utils.data.DataLoader
        assert torchvision is rushlight.vision
        assert F.__spec__.name == "rushlight.nn.functional"
        print(F.relu(torch.tensor([-1.0, 2.0])))
    """)
    assert (status, out, err) == (0, "tensor([0., 2.])\n", "")


def test_what_is_missing_says_so_and_can_be_probed(start):
    status, out, err = start("""
        import torch
        print(hasattr(torch, "frobnicate"), hasattr(torch.nn, "Frobnicate"))
        for what in ("import torch._frob", "import torchmetricks", "from torch import frobnicate"):
            try:
                exec(what)
            except ImportError as error:
                print(type(error).__name__, error.name)
        torch.frobnicate
    """)
    assert out.splitlines() == [
        "False False",
        "ModuleNotFoundError torch._frob",
        "ModuleNotFoundError torchmetricks",
        "ImportError torch",
    ]
    assert status == 1
    assert err.splitlines()[-1].startswith("AttributeError") and "torch.frobnicate" in err


def test_a_script_sees_what_python_shows_it(start, tmp_path):
    status, out, _ = start(
        """
        import os, pickle, sys
        class Mine: pass
        assert type(pickle.loads(pickle.dumps(Mine()))) is Mine
        assert sys.modules["__main__"].Mine is Mine
        print(__name__, __spec__, sys.argv, os.path.samefile(__file__, sys.argv[0]))
        print(os.path.samefile(sys.path[0], os.path.dirname(__file__)))
        sys.exit(7)
        """,
        "--flag",
        "x",
    )
    assert status == 7
    assert out.splitlines() == ["__main__ None ['script.py', '--flag', 'x'] True", "True"]


def test_a_traceback_shows_the_script_only(start):
    status, _, err = start("def f():\n    raise ValueError('mine')\nf()\n")
    assert status == 1
    files = [line.split('"')[1] for line in err.splitlines() if line.startswith("  File")]
    assert len(files) == 2 and all(file.endswith("script.py") for file in files)
    assert err.splitlines()[-1] == "ValueError: mine"


def test_module_and_code(start):
    source = (
        "import sys, torch\nprint(__name__, __spec__.name, sys.argv[1:], torch.__spec__.name)\n"
    )
    status, out, _ = start(source, "script", "a", how=("run", "-m"))
    assert (status, out) == (0, "__main__ script ['a'] rushlight\n")
    code = "import sys, torch; print(sys.argv, torch.zeros(1))"
    status, out, _ = start("", code, "a", how=("run", "-c"))
    assert (status, out) == (0, "['-c', 'a'] tensor([0.])\n")


def test_a_script_that_is_not_there(start):
    status, _, err = start("", "nowhere.py", how=("run", "--"))
    assert status == 2 and "nowhere.py" in err


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_multiprocessing_workers_import_torch_too(start, method):
    status, out, err = start(f"""
        import multiprocessing, sys
        import torch
        def work(queue):
            import torch.nn
            queue.put((torch.__spec__.name, torch.nn.__name__))
        if __name__ == "__main__":
            context = multiprocessing.get_context("{method}")
            queue = context.Queue()
            process = context.Process(target=work, args=(queue,))
            process.start()
            print(queue.get(timeout=250))
            process.join()
    """)
    assert (status, out) == (0, "('rushlight', 'rushlight.nn')\n"), err


def test_another_torch_in_the_process_is_refused(tmp_path):
    (tmp_path / "torch.py").write_text("")
    code = "import torch; from rushlight.app.run import install; install()"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "RuntimeError: torch is already imported, from" in done.stderr


def test_notes_stand_behind_what_was_printed_before_them(tmp_path):
    code = "from rushlight.app.errors import say; print('1.'); say('train', '2.'); print('3.')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.stdout == "1.\nrushlight train: 2.\n3.\n"


def test_only_these_names_are_answered():
    assert run.ours("torch.nn") == "rushlight.nn"
    assert run.ours("torchvision.datasets") == "rushlight.vision.datasets"
    assert [run.ours(name) for name in ("torchmetrics", "torchinfo", "torch_geometric.nn")] == [
        None
    ] * 3


def test_version(capsys):
    source = Path(__file__).parent.parent / "src/rushlight/__init__.py"
    version = re.search(r'^__version__ = "(.+)"$', source.read_text("utf-8"), re.M)[1]
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"rushlight {version}\n"


def test_verbs(capsys):
    assert cli.main([]) == 2 and cli.main(["--help"]) == 0
    assert cli.main(["tain"]) == 2
    assert "did you mean 'train'?" in capsys.readouterr().err


SCRIPT = """
import torch
import torch.nn as nn, torch.nn.functional as F
from torch import optim as o
from torch.utils.data import DataLoader as Loader

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 4, wobble=True)
    def forward(self, x):
        return F.relu(self.fc(x).frobnicate())

net = Net()
y = net(torch.rand(2, 3)).sum()
y.backward()
opt = o.SGD(net.parameters(), lr=0.1)
opt.step()
torch.frob.nicate(1)
for x, _ in Loader([1]):
    x.nowhere
"""


def test_check_follows_names_layers_and_tensors():
    found = {use.name: check.judge(use) for use in check.scan(SCRIPT)}
    assert {name for name, (state, _) in found.items() if state == "missing"} == {
        "torch.Tensor.frobnicate",
        "torch.Tensor.nowhere",
        "torch.frob.nicate",
    }
    assert found["torch.nn.Linear"] == ("partly", "without wobble=")
    for name in (
        "nn.functional.relu",
        "Tensor.backward",
        "optim.SGD.step",
        "utils.data.DataLoader",
    ):
        assert found["torch." + name][0] == "supported"


def test_check_counts_what_is_refused_as_missing():
    source = "import torch\ntorch.export.export(1)\ntorch.jit.load('x')\ntorch.jit.script(1)\n"
    found = {use.name: check.judge(use)[0] for use in check.scan(source)}
    assert found == {
        "torch": "supported",
        "torch.export.export": "missing",
        "torch.jit.load": "missing",
        "torch.jit.script": "supported",
    }


def test_check_knows_the_functions_that_always_refuse():
    source = """
import torch
from torch.utils.tensorboard import SummaryWriter
x = torch.ones(3)
x.to_sparse()
x.to_sparse_csr()
x.to_sparse_bsr((1, 1))
x.to_mkldnn()
torch.sparse_csr_tensor(x, x, x)
torch.nested.nested_tensor([x])
SummaryWriter.add_video
"""
    found = {use.name: check.judge(use)[0] for use in check.scan(source)}
    assert [name for name, what in found.items() if what == "missing"] == [
        "torch.Tensor.to_mkldnn",
        "torch.Tensor.to_sparse_bsr",
        "torch.Tensor.to_sparse_csr",
        "torch.nested.nested_tensor",
        "torch.sparse_csr_tensor",
        "torch.utils.tensorboard.SummaryWriter.add_video",
    ]


def test_check_sees_what_compiled_code_would_have():
    source = """
import torch, torchaudio.transforms
from torch import nn
from torchtext.data import get_tokenizer
s = torch.jit.script(nn.Linear(2, 2))
y = s(torch.ones(1, 2))
y.relu()
s.eval().save("a.pt")
s.save("a.pt")
torch.jit.trace(s, y).graph
@torch.jit.script
def f(x):
    return x
f.code
"""
    found = {use.name: check.judge(use) for use in check.scan(source)}
    missing = {name: why for name, (what, why) in found.items() if what == "missing"}
    assert sorted(missing) == [
        "torch.jit.ScriptModule.code",
        "torch.jit.ScriptModule.graph",
        "torch.jit.ScriptModule.save",
        "torchaudio",
        "torchtext",
    ]
    assert missing["torch.jit.ScriptModule.save"].startswith("torch.jit compiles nothing here")
    assert missing["torchaudio"] == "nothing stands in for this package"
    assert found["torch.Tensor.relu"][0] == "supported"


def test_a_misspelt_name_of_a_tensor_gets_a_hint(start):
    status, _, err = start("import torch\ntorch.ones(2).veiw(2)\n")
    assert status == 1
    assert err.splitlines()[-2:] == [
        "AttributeError: 'Tensor' object has no attribute 'veiw'",
        "  did you mean 'view'?",
    ]


def test_check_status_and_table(start, tmp_path, capsys):
    status, out, _ = start("import torch\ntorch.zeros(1)\n", how=("check",))
    assert status == 0 and out.splitlines()[-1] == "  2 names: 2 supported, 0 partly, 0 missing"
    program = tmp_path / "program.py"
    program.write_text("from torch import frobnicate\n")
    assert cli.main(["check", str(program)]) == 1
    assert "missing    torch.frobnicate  line 1" in capsys.readouterr().out
    program.write_text("import torch as\n")
    assert cli.main(["check", str(program)]) == 2
    assert "program.py" in capsys.readouterr().err


def test_check_says_what_a_misspelt_name_may_mean(tmp_path, capsys):
    program = tmp_path / "program.py"
    program.write_text("import torch\ntorch.nn.Relu\ntorch.zeors(2)\ntorch.ones(2).veiw(2)\n")
    assert check.main(["-q", str(program)]) == 1
    out = capsys.readouterr().out
    assert "torch.nn.Relu      line 2  did you mean 'ReLU'?" in out
    assert "torch.zeors        line 3  did you mean 'zeros'?" in out
    assert "torch.Tensor.veiw  line 4  did you mean 'view'?" in out
