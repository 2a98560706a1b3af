"""PyTorch's public modules: each can be imported, or is refused by name (core/paths.py)."""

import contextlib
import importlib
import subprocess
import sys

import pytest

import rushlight as torch
from rushlight.core import paths
from rushlight.core.path_table import PATHS, REFUSED

MODULES = sorted(name.removeprefix("torch.") for name in paths.modules())


def imported(name):
    return importlib.import_module(f"rushlight.{name}")


@pytest.mark.parametrize("name", sorted({n.split(".")[0] for n in MODULES}))
def test_every_public_module_is_there_or_missing_by_name(name):
    for full in MODULES:
        if full.split(".")[0] != name:
            continue
        try:
            module = imported(full)
        except ModuleNotFoundError as error:
            assert error.name == f"rushlight.{full}" or full.startswith(error.name[10:] + ".")
            continue
        assert sys.modules[f"rushlight.{full}"] is module
        assert [n for n in dir(module) if not hasattr(module, n)] == []


def test_all_of_pytorchs_modules_are_there():
    there = []
    for name in MODULES:
        with contextlib.suppress(ModuleNotFoundError):
            imported(name)
            there.append(name)
    assert sorted(set(MODULES) - set(there)) == [] and len(MODULES) > 800


@pytest.mark.parametrize("name", sorted(PATHS))
def test_every_home_of_the_table_resolves(name):
    place = imported(name)
    homes = PATHS[name].split()
    for home in homes:
        shown, _, where = home.rpartition("=")
        module, _, only = where.partition(":")
        if only:
            assert getattr(place, shown or only) is getattr(imported(module), only)
        else:
            assert importlib.import_module(f"rushlight.{module}".rstrip("."))
    assert not homes or len([n for n in dir(place) if not n.startswith("__")]) > 0


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_is_refused_says_so_when_it_is_used(name):
    for full in MODULES:
        if full != name and not full.startswith(name + "."):
            continue
        module = imported(full)
        for word, mark in paths.listed(f"torch.{full}").items():
            thing = getattr(module, word, None)
            if mark == "=" or not (thing.__doc__ or "").startswith("Not in rushlight: "):
                continue
            with pytest.raises(NotImplementedError) as caught:
                thing()
            why = paths.row(full)[1]
            text = str(caught.value)
            assert text.startswith("rushlight does not have torch.")
            assert text.endswith(f".{word}: {why}") and why


def test_refused_classes_can_be_subclassed_and_asked_about():
    from rushlight.distributed.fsdp import FullyShardedDataParallel, ShardingStrategy

    class Mine(FullyShardedDataParallel):
        pass

    assert not isinstance(torch.nn.Linear(1, 1), FullyShardedDataParallel)
    assert ShardingStrategy.FULL_SHARD.name == "FULL_SHARD"
    with pytest.raises(
        NotImplementedError, match=r"torch\.distributed\.fsdp\.FullyShardedDataParallel"
    ):
        Mine()
    with pytest.raises(AttributeError, match=r"FullyShardedDataParallel\.state_dict_type"):
        _ = FullyShardedDataParallel.state_dict_type


def test_questions_about_what_is_refused_have_answers():
    assert torch.onnx.is_in_onnx_export() is False
    assert torch.onnx.TrainingMode.EVAL.name == "EVAL"
    assert not torch.distributed.rpc.is_available()
    from rushlight.export import Dim, dims

    assert repr((Dim("b"), Dim("s", min=2, max=5), Dim.AUTO)) == (
        "(Dim('b', min=0), Dim('s', max=5), DimHint(AUTO))"
    )
    assert repr(2 * Dim("s") + 1) == "2*s + 1" and [d.__name__ for d in dims("a", "c")] == [
        "a",
        "c",
    ]
    with pytest.raises(AssertionError, match="must be a valid identifier, got 1a"):
        Dim("1a")
    with pytest.raises(AssertionError, match="inconsistent min=5, max=2"):
        Dim("s", min=5, max=2)
    with pytest.raises(NotImplementedError, match=r"torch\.export\.export: models run"):
        torch.export.export(torch.nn.ReLU(), ())


def test_probes_for_private_modules_fail():
    for name in ("_inductor", "_dynamo.utils", "_six", "no_such_module", "onnx.no_such_module"):
        with pytest.raises(ModuleNotFoundError) as caught:
            imported(name)
        assert caught.value.name == f"rushlight.{name}"
    assert not hasattr(torch, "_six") and not hasattr(torch.nn.modules, "_six")


def test_attributes_find_submodules_without_an_import():
    code = (
        "import rushlight as torch, sys; assert 'rushlight.cuda.random' not in sys.modules;"
        "print(torch.cuda.random.manual_seed, torch.optim.adam.Adam, torch.nn.modules.conv.Conv2d,"
        " torch.utils.data.sampler.Sampler, torch.autograd.function.Function)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.count("rushlight") == 4


def test_a_pipe_made_from_a_refused_pipe_can_be_registered():
    """torch_geometric does so when it is imported; made, the pipe says what is not there."""
    iter_pipes = imported("utils.data.datapipes.iter")

    @torch.utils.data.functional_datapipe("mine")
    class Mine(iter_pipes.Batcher):
        pass

    with pytest.raises(NotImplementedError, match="data pipes are not supported"):
        Mine([1])
    with pytest.raises(TypeError, match="can only decorate IterDataPipe"):
        torch.utils.data.functional_datapipe("mine")(int)


def test_functions_that_need_rpc_say_that_there_is_none():
    api = imported("distributed.rpc.api")

    @api._require_initialized
    def ask():
        return 1

    with pytest.raises(RuntimeError, match="RPC has not been initialized"):
        ask()
    assert isinstance(api.RRef, type)  # PyTorch's other names are refused when they are used


@pytest.mark.parametrize(
    "question",
    "onnx.is_in_onnx_export cuda.nccl.is_available cuda.tunable.is_enabled package.is_from_package "
    "distributed.rpc.is_available distributed.autograd.is_available".split(),
)
def test_questions_about_what_is_not_there_are_answered(question):
    """Layers ask whether they are being exported; only what would have to work refuses."""
    space, _, name = question.rpartition(".")
    ask = getattr(imported(space), name)
    assert ask(torch) is False if name == "is_from_package" else ask() is False
