"""Names of modules: what dir() lists is there, and what is not there is told apart in the error."""

import importlib
import pickle
import subprocess
import sys

import pytest

import rushlight as torch
from rushlight.core.names import closest, not_applicable, pytorch_names

SPACES = """
    nn nn.functional nn.init nn.modules nn.parameter nn.utils optim optim.lr_scheduler
    optim.swa_utils autograd autograd.function autograd.graph linalg special utils utils.data
    random serialization testing amp backends cpu cuda mps mtia xpu accelerator return_types vision
    vision.datasets vision.transforms vision.models vision.models.segmentation vision.ops
    vision.transforms.v2 vision.transforms.v2.functional vision.tv_tensors vision.io vision.utils
    profiler utils.benchmark utils.tensorboard utils.flop_counter utils.collect_env
    autograd.grad_mode func nn.utils.prune nn.utils.parametrize
    nn.utils.fusion utils.checkpoint fft signal.windows sparse masked nested
""".split()


def module(space):
    return importlib.import_module(f"rushlight.{space}" if space else "rushlight")


@pytest.mark.parametrize("space", ["", *SPACES])
def test_every_name_in_dir_resolves(space):
    names = dir(module(space))
    assert len(names) > 3
    assert [n for n in names if not hasattr(module(space), n)] == []


def test_every_name_in_dir_of_tensor_resolves():
    assert [n for n in dir(torch.Tensor) if not hasattr(torch.Tensor, n)] == []
    assert {"relu", "view", "sum", "backward", "shape", "__add__"} <= set(dir(torch.Tensor))


def test_dir_lists_lazy_names():
    assert {"tensor", "save", "load", "finfo", "relu", "nn", "float32"} <= set(dir(torch))
    assert {"relu", "conv2d", "cross_entropy"} <= set(dir(torch.nn.functional))
    assert {"Adam", "SGD", "lr_scheduler"} <= set(dir(torch.optim))
    assert {"Linear", "functional", "utils"} <= set(dir(torch.nn))


def test_dir_does_not_list_our_own_rooms():
    assert not {"core", "app", "dispatch", "kernels"} & set(dir(torch))
    assert torch.ops.aten.relu.default(torch.tensor([-1.0, 2.0])).tolist() == [0.0, 2.0]  # not ours
    assert not {"error_notes", "margin_loss", "pooling"} & set(dir(torch.nn))


@pytest.mark.parametrize(
    ("space", "name", "meant"),
    [
        ("", "zeors", "zeros"),
        ("", "flaot32", "float32"),
        ("nn", "Relu", "ReLU"),
        ("nn", "Conv2D", "Conv2d"),
        ("nn", "BatchNorm", "BatchNorm1d' or 'BatchNorm2d"),
        ("nn", "CrossEntropy", "CrossEntropyLoss"),
        ("nn.functional", "crossentropy", "cross_entropy"),
        ("nn.init", "xavier_unifrom_", "xavier_uniform_"),
        ("nn.utils", "clip_grad_nrom_", "clip_grad_norm_"),
        ("optim", "ADAM", "Adam"),
        ("optim.lr_scheduler", "StepLr", "StepLR"),
        ("utils.data", "Dataloader", "DataLoader"),
        ("autograd", "grads", "grad"),
        ("special", "expti", "expit"),
        ("linalg", "crss", "cross"),
        ("cuda", "is_avialable", "is_available"),
    ],
)
def test_a_misspelt_name(space, name, meant):
    with pytest.raises(AttributeError) as caught:
        getattr(module(space), name)
    assert f"has no attribute '{name}'; did you mean '{meant}'?" in str(caught.value)
    assert "rushlight does not have" not in str(caught.value)


@pytest.mark.parametrize("space", ["", *SPACES])
def test_a_name_of_pytorch_is_there_or_not_there_yet(space):
    public = f"torch.{space}".strip(".")
    for name in sorted(pytorch_names(public)):
        try:
            getattr(module(space), name)
        except AttributeError as error:
            why = not_applicable(public, name)
            start = f"rushlight does not have {public}.{name}{f': {why}; ' if why else ' yet: '}"
            assert str(error).startswith(start + "module ")


def test_an_unknown_name_and_a_private_one_are_only_unknown():
    for name in ("qqqqqqqq", "__wrapped__", "_relu"):
        with pytest.raises(AttributeError) as caught:
            getattr(torch, name)
        assert str(caught.value) == f"module 'rushlight' has no attribute '{name}'"


PATHS = """
    autograd.anomaly_mode autograd.forward_ad autograd.functional autograd.grad_mode
    autograd.gradcheck autograd.profiler autograd.variable nn.utils.fusion nn.utils.init
    nn.utils.memory_format nn.utils.parametrizations nn.utils.spectral_norm nn.utils.stateless
    nn.utils.weight_norm
""".split()


@pytest.mark.parametrize("space", PATHS)
def test_pytorchs_modules_are_import_paths_and_say_what_they_lack(space):
    public = f"torch.{space}"
    for name in pytorch_names(public):
        try:
            getattr(module(space), name)
        except AttributeError as error:
            why = not_applicable(public, name)
            start = f"rushlight does not have {public}.{name}{f': {why}; ' if why else ' yet: '}"
            assert str(error).startswith(start + "module ")
    with pytest.raises(AttributeError):
        _ = module(space).qqqqqq


def test_functions_that_have_the_name_of_their_file():
    for path in ("nn.utils.weight_norm", "nn.utils.spectral_norm", "autograd.gradcheck"):
        file = module(path)
        package, _, name = path.rpartition(".")
        function = getattr(module(package), name)
        assert callable(function) and getattr(file, name) is function
        assert name in dir(file)
    with pytest.raises(RuntimeError, match="is deprecated, use"):
        torch.autograd.variable(3)
    assert module("autograd.variable").Variable is torch.autograd.Variable


def test_closest():
    known = ["relu", "relu6", "selu", "ReLU", "max_pool2d", "nll_loss"]
    assert closest("Relu", known) == "'relu'"
    assert closest("reul", known) == "'relu'"
    assert closest("maxpool2d", known) == "'max_pool2d'"
    assert closest("nll", known) == "'nll_loss'"
    assert closest("conv", known) == ""


def test_a_misspelt_method_is_the_interpreters_to_say():
    """Tensor has no __getattr__; the traceback's last line is made from dir(x)."""
    code = "import rushlight; rushlight.ones(2).vieww(2)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    last = run.stderr.strip().splitlines()[-1]
    assert last == "AttributeError: 'Tensor' object has no attribute 'vieww'. Did you mean: 'view'?"


def test_the_package_holds_itself():
    """torch.torch.nn is torch.nn, as in PyTorch."""
    assert torch.torch is torch


def test_asking_whether_a_name_is_there_looks_for_no_other(monkeypatch):
    """Packages ask hasattr(torch.nn, name) thousands of times; a text is made when it is shown."""
    from rushlight.core import names

    asked = []
    monkeypatch.setattr(names, "closest", lambda *a: asked.append(a) or "")
    assert not hasattr(torch, "zeors") and getattr(torch.nn, "Relu", 5) == 5
    assert asked == []
    with pytest.raises(AttributeError) as caught:
        torch.nn.Relu  # noqa: B018
    assert str(caught.value) == "module 'rushlight.nn' has no attribute 'Relu'" and asked


def test_the_error_of_a_missing_name_is_an_ordinary_one():
    with pytest.raises(AttributeError) as caught:
        torch.zeors  # noqa: B018
    text = "module 'rushlight' has no attribute 'zeors'; did you mean 'zeros'?"
    assert repr(caught.value) == f"AttributeError({text!r})"
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is AttributeError and again.args == (text,)
    assert caught.value.name == "zeors"
    linear = "module 'rushlight.nn' has no attribute 'Liner'; did you mean 'Linear'?"
    for name, said in (("torch.zeors", text), ("torch.nn.Liner", linear)):
        code = f"import rushlight as torch; {name}"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.stderr.splitlines()[-1] == f"AttributeError: {said}"  # Python adds no second
