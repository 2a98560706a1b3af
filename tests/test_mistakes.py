"""Mistakes on the command line: each ends with a status, and says in three lines at most what is
wrong with what, and what would be right.

The words of a mistake are typed in a folder that holds what `place` makes there.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import rushlight as rl
from rushlight.app import cli

OWN = """
import torch
class Good(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.out = torch.nn.Linear(64, 10)
    def forward(self, x):
        return self.out(x.flatten(1))
class Narrow(Good):
    def forward(self, x):
        return super().forward(x)[:, :3]
class Wrong(Good):
    def forward(self, x):
        return self.out(x)
class Asks(Good):
    def __init__(self, depth):
        super().__init__()
class Raises(Good):
    def __init__(self):
        self.out = nowhere
number = 3
"""

FILES = {
    "own_models.py": OWN,
    "typo.py": "import torch\nclass Net(torch.nn.Module)\n",
    "absent.py": "import torch, nonsuch\n",
    "table.csv": "a,b,y\n" + "".join(f"{i},{i % 3},{('no', 'yes')[i % 2]}\n" for i in range(40)),
    "other.csv": "q,r\n1,2\n3,4\n",
    "ragged.csv": "a,b\n1,2\n1,2,3\n",
    "head.csv": "a,b\n",
    "twice.csv": "a,a\n1,2\n",
    "same.csv": "a,y\n1,x\n2,x\n3,x\n",
    "few.csv": "a,y\n1,x\n2,z\n",
    "latin.csv": b"a,b\n\xe9,1\n",
    "lines.txt": "spam\tbuy now\nno tab here\n",
    "blank.txt": "\n\n",
    "notes.md": "hello",
    "text.pt": "hello",
    "empty.pt": b"",
    "bad.png": b"not an image",
    "bad.safetensors": b"\x10\0\0\0\0\0\0\0{",
    "void/readme": "no images here",
    "half/test/a/readme": "",
    "torn/last.pt": "junk",
}

#: What is typed after `rushlight`, and what must be said.
MISTAKES = [
    # verbs, options, choices
    ("trian", ["no verb 'trian'", "did you mean 'train'?"]),
    ("--verbose", ["no verb '--verbose'", "the verbs are run, check, train"]),
    ("train --modle mlp", ["unrecognized arguments: --modle", "did you mean --model?"]),
    ("train --modle=mlp", ["unrecognized arguments: --modle=mlp", "did you mean --model?"]),
    ("train --learning-rate 0.1", ["arguments: --learning-rate; did you mean --lr?"]),
    ("train --name mine", ["unrecognized arguments: --name; did you mean --out?"]),
    ("train --image_size=24", ["unrecognized arguments: --image_size=24; did you mean --size?"]),
    ("doctor --name mine", ["unrecognized arguments: --name mine\n"]),
    ("doctor --jsn", ["unrecognized arguments: --jsn", "did you mean --json?"]),
    ("doctor digits", ["usage: rushlight doctor", "unrecognized arguments: digits"]),
    ("train digits mnist", ["usage: rushlight train [DATA]", "unrecognized arguments: mnist"]),
    ("train --optimizer adma", ["--optimizer: invalid choice: 'adma'", "did you mean", "adam"]),
    ("train --schedule cosin", ["invalid choice: 'cosin'", "did you mean cosine?"]),
    ("train --lang fr", ["--lang: invalid choice: 'fr'", "en", "zh"]),
    ("train --augment flop", ["no augmentation 'flop'", "choose from none, shift"]),
    ("evaluate", ["usage: rushlight evaluate RUN", "are required: run"]),
    ("evaluate run --part all", ["--part: invalid choice: 'all'", "test", "valid", "train"]),
    ("runs --sort colour", ["--sort: invalid choice: 'colour'", "valid_accuracy"]),
    ("standin instal", ["invalid choice: 'instal'", "did you mean install?"]),
    ("standin install --hide-from", ["--hide-from: expected one argument"]),
    ("check", ["usage: rushlight check [-q] FILE", "required: FILE"]),
    # numbers
    ("train --lr fast", ["--lr: fast is not a positive number"]),
    ("train --epochs 1.5", ["--epochs: 1.5 is not a whole number of at least 1"]),
    ("train --momentum 1", ["--momentum: 1 is not a number from 0 to 1, below 1"]),
    ("train --seed 99999999999999999999", ["--seed: 99999999999999999999 is not", "from -9"]),
    ("find-lr --seed x", ["--seed: x is not a whole number"]),
    ("tune --seed x", ["--seed: x is not a whole number"]),
    ("tune --trials 0", ["--trials: 0 is not a whole number of at least 1"]),
    ("tune --low 1 --high 0.1", ["--low 1 must be below --high 0.1", "swap them"]),
    ("find-lr --low 1 --high 0.1", ["--low 1 must be below --high 0.1", "swap them"]),
    ("find-lr --steps 3", ["--steps 3: at least 10 are needed"]),
    ("serve run --port 99999", ["--port: 99999 is not a whole number from 0 to 65535"]),
    ("serve run --timeout 0", ["--timeout: 0 is not a positive number"]),
    ("export run --onnx x.onnx --opset 3", ["--opset: 3 is not a whole number from 17 to 21"]),
    ("predict run photos --top 0", ["--top: 0 is not a whole number of at least 1"]),
    ("inspect mlp --shape 28x28", ["--shape 28x28: three numbers such as 3x64x64"]),
    ("inspect mlp --shape 1x0x28", ["--shape 1x0x28", "each at least 1"]),
    ("inspect mlp --shape 1x-2x28", ["--shape 1x-2x28", "each at least 1"]),
    # options that do not go together
    ("train --optimizer adam --momentum 0.5", ["--momentum is not an option of adam", "sgd"]),
    ("train --model logistic --width 8", ["--width is not an option", "mlp, cnn", "leave it out"]),
    ("train --size 32", ["--size is for a folder of images", "digits", "leave it out"]),
    ("train --test 0.5", ["--test is for a folder of images", "digits", "leave it out"]),
    ("train --valid 0", ["--valid 0 leaves no image to validate", "fix: "]),
    ("train --nproc 2 --device cuda", ["--nproc 2 is for the CPU, not for --device cuda", "fix: "]),
    ("predict run photos --csv --json", ["--csv and --json exclude each other", "leave one out"]),
    ("runs . --csv --json", ["--csv and --json exclude each other", "leave one out"]),
    ("export run", ["nothing to write", "fix: --onnx FILE, --safetensors FILE or --pt FILE"]),
    ("export run --opset 20", ["--opset is for --onnx", "leave it out, or give --onnx FILE"]),
    ("evaluate run photos --part test", ["--part is of the run's own data", "leave it out"]),
    # data
    ("train nowhere", ["no data set 'nowhere'", "choose from digits", "or give a folder"]),
    ("train notes.md", ["no data set 'notes.md'", "a table (.csv, .tsv)"]),
    ("train nowhere.csv --target y", ["no file 'nowhere.csv'", "fix: check the name"]),
    ("train mnist --root nowhere", ["mnist is not in nowhere/MNIST/raw", "fix: --root FOLDER"]),
    ("train void", ["void has no images", "expected one folder per class, such as cat/"]),
    ("train photos/dark", ["photos/dark has 4 images but no folders", "expected one folder"]),
    ("train half", ["half has test but no train", "fix: add train/"]),
    ("train photos --size 8 --model resnet99", ["no model 'resnet99'", "did you mean resnet"]),
    ("train --target y", ["--target is for a table", "digits is none", "leave it out"]),
    ("train table.csv", ["say which column to predict", "fix: --target y"]),
    ("train table.csv --target z", ["table.csv has no column 'z'", "its columns are a, b, y"]),
    ("train table.csv --target y --size 8", ["--size is for images", "table.csv", "leave it out"]),
    ("train ragged.csv --target b", ["ragged.csv, line 3: 3 values for 2 columns", "fix: mend"]),
    ("train head.csv --target b", ["head.csv has no rows below its header", "fix: first a line"]),
    ("train twice.csv --target a", ["twice.csv: two columns are called 'a'", "rename one"]),
    ("train same.csv --target y", ["same.csv: the target has 1 values in column 'y'", "fix: "]),
    ("train few.csv --target y", ["few.csv has too few rows: 2", "fix: at least 3 rows"]),
    ("train latin.csv --target b", ["latin.csv is no text in UTF-8", "fix: ", "saved as UTF-8"]),
    ("train lines.txt", ["lines.txt, line 2: expected a label, a tab, and a text"]),
    ("train blank.txt", ["blank.txt has no lines", "fix: a label, a tab"]),
    ("evaluate run nowhere", ["no data set 'nowhere'", "choose from digits"]),
    ("evaluate run photos", ["photos has the classes dark, light, which the run has not"]),
    ("evaluate rows other.csv", ["other.csv has no column 'a', which the run was trained with"]),
    ("evaluate rows nowhere.csv", ["nowhere.csv: No such file", "fix: check the name"]),
    ("predict rows bad.png", ["rows was trained on rows of a table; bad.png is none", "fix: "]),
    ("predict rows photos", ["rows was trained on rows of a table; photos is none", ".csv, .tsv"]),
    ("predict rows head.csv", ["head.csv has no rows below its header", "fix: first a line"]),
    ("predict rows latin.csv", ["latin.csv is no text in UTF-8", "fix: a table (.csv"]),
    # models
    ("train --model mpl", ["no model 'mpl'; did you mean mlp?", "choose from logistic, mlp, cnn"]),
    ("train --model resnet18", ["resnet18 takes images of 3 channels, these have 1", "fix: "]),
    ("train --model own_models.py", ["own_models.py is a program", "as own_models.py:Net"]),
    ("train --model nowhere.py:Net", ["no file 'nowhere.py' for the model Net", "fix: check"]),
    ("train --model own_models.py:Bad", ["own_models.py has no Bad", "its models are Good, Na"]),
    ("train --model own_models.py:number", ["own_models.py:number is of type int", "fix: name a"]),
    ("train --model own_models.py:Asks", ["Asks of own_models.py needs depth", "needs a default"]),
    ("train --model own_models.py:Narrow", ["into (1, 3)", "for 10 classes it must be (1, 10)"]),
    ("train --model own_models.py:Raises", ["own_models.py, line 20, in __init__: NameError"]),
    ("train table.csv --target y --model cnn", ["cnn is for images; table.csv has rows", "mlp"]),
    ("train table.csv --target y --model resnet18", ["resnet18 is for images; table.csv has"]),
    (
        "train photos --model own_models.py:Good",
        ["line 8, in forward", "photos are brought to (3, 64, 64), by --size N to others"],
    ),
    ("train --model own_models.py:Wrong", ["own_models.py, line 14, in forward", "fix: in_feat"]),
    ("inspect own_models.py:Wrong --walk --shape 1x8x8", ["line 14, in forward", "mat1 and mat2"]),
    ("train --model typo.py:Net", ["typo.py, line 2: SyntaxError: expected ':'"]),
    ("train --model absent.py:Net", ["absent.py, line 1", "No module named 'nonsuch'"]),
    ("inspect nowhere", ["no model 'nowhere'", "choose from logistic, mlp, cnn, file.py:Class"]),
    ("inspect own_models.py", ["own_models.py is a program; name the class"]),
    # weights and runs
    ("train --init nowhere.pt", ["--init nowhere.pt: there is no such file; give a run's folder"]),
    ("train --init state.pt", ["none of its names is one of the model's", "there a; in the model"]),
    ("train --init list.pt", ["list.pt: this is no state dict", "fix: save model.state_dict()"]),
    ("train --init text.pt", ["not a PyTorch checkpoint", "in text.pt"]),
    ("train --init bad.safetensors", ["bad.safetensors is no whole safetensors file"]),
    ("train --init odd.pt --model own_models.py:Good", ["out.weight is (5, 5) there and (10, 64)"]),
    ("train --freeze nothing.*", ["--freeze nothing.*: no parameter has such a name; they are"]),
    ("train --freeze *", ["--freeze * leaves nothing to train", "fix: fewer patterns"]),
    ("train --resume nowhere", ["no run to go on with in nowhere", "fix: the folder of a run"]),
    ("train --resume torn", ["not a PyTorch checkpoint", "in torn/last.pt"]),
    ("train --resume cut", ["cut/last.pt begins like a checkpoint, but its end is missing"]),
    ("train --resume run", ["run has finished its 1 epochs", "fix: a new run", "--init run"]),
    ("train --resume flat", ["the run in flat has finished its 1 epochs", "fix: more --epochs"]),
    ("train --resume run --lr 0.5", ["--lr is 0.02 in this run and cannot become 0.5; what can"]),
    ("train --resume run --out b", ["--out cannot be given with --resume", "fix: leave --out out"]),
    (
        "train --resume run --epochs 9",
        ["--epochs cannot change", "fix: a new run, with --init run"],
    ),
    ("train --out run", ["run holds a run already", "go on with it: ", "--resume run"]),
    ("evaluate nowhere", ["no checkpoint 'nowhere'; give a run's folder or its best.pt"]),
    ("predict empty.pt photos", ["empty.pt is empty, a PyTorch checkpoint was expected"]),
    ("predict state.pt photos", ["state.pt is no checkpoint of `rushlight train`", "fix: give a"]),
    ("predict nowhere photos", ["no checkpoint 'nowhere'", "fix: `rushlight runs` lists the runs"]),
    ("export nowhere --pt x.pt", ["no checkpoint 'nowhere'; give a run's folder"]),
    ("runs nowhere", ["no folder 'nowhere' with runs in it", "`rushlight train` makes runs/"]),
    ("runs void", ["no runs there; `rushlight train` makes them"]),
    # files and folders
    ("check nowhere.py", ["nowhere.py: No such file or directory", "fix: check the name"]),
    ("check void", ["void: Is a directory", "fix: give the name of a file"]),
    ("check typo.py", ["typo.py: expected ':'", "line 2"]),
    ("train --out notes.md", ["notes.md: File exists", "fix: another name"]),
    ("train --out notes.md/run", ["notes.md/run: Not a directory", "fix: give a path"]),
    ("predict run nowhere.png", ["nowhere.png: No such file or directory", "fix: check the name"]),
    ("predict run bad.png", ["predict: bad.png is not an image", "expected one of .jpg"]),
    ("predict run void", ["no images in void", "fix: another folder"]),
    ("predict run *.gif", ["no file matches *.gif", "fix: check it"]),
    ("inspect mlp nowhere.png", ["inspect: nowhere.png: No such file or directory\n", "fix: "]),
    ("inspect mlp bad.png", ["inspect: bad.png is not an image", "expected one of .jpg"]),
    ("inspect mlp --page void", ["void is a folder; --page needs the name of a file"]),
    ("inspect mlp --page nowhere/x.html", ["nowhere/x.html cannot be written: No such", "fix: "]),
    ("export run --pt void", ["void is a folder; give the name of a file"]),
    ("export run --pt nowhere/x.pt", ["no folder 'nowhere' to write x.pt in: make it first"]),
    ("evaluate run --csv nowhere/x.csv", ["nowhere/x.csv: No such file or directory", "fix: "]),
    # devices
    ("train --device tpu", ["--device tpu: no such device; there are cpu, xla", "fix: --device"]),
    ("train --device cuda", ["--device cuda: ", "fix: --device cpu"]),
]

#: The same, in a process of its own.
IN_A_PROCESS = [
    ("trian", ["no verb 'trian'"]),
    ("train --resume torn", ["in torn/last.pt"]),
    ("run nowhere.py", ["can't open file", "nowhere.py'", "No such file or directory"]),
    ("run --lint", ["a script is missing after the options"]),
    ("run --lnit script.py", ["no option --lnit; there are --lint, -m MODULE and -c CODE"]),
    ("run -m nowhere", ["No module named nowhere that can be run"]),
    ("run -m", ["argument expected for the -m option"]),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the files above, photos, four runs, and files of tensors."""
    image = pytest.importorskip("PIL.Image")
    root = tmp_path_factory.mktemp("place")
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    random = np.random.default_rng(0)
    for name, level in (("dark", 60), ("light", 190)):
        (root / "photos" / name).mkdir(parents=True)
        for k in range(4):
            pixels = random.integers(level - 50, level + 50, (8, 9, 3), dtype=np.uint8)
            image.fromarray(pixels).save(root / "photos" / name / f"{k}.png")
    rl.save({"a": rl.zeros(2)}, root / "state.pt")
    rl.save({"out.weight": rl.zeros(5, 5)}, root / "odd.pt")
    rl.save([1, 2], root / "list.pt")
    words = ["--model", "logistic", "--epochs", "1", "--quiet", "--out"]
    assert cli.main(["train", *words, str(root / "run")]) == 0
    assert cli.main(["train", *words, str(root / "flat"), "--schedule", "none"]) == 0
    table = [str(root / "table.csv"), "--target", "y"]
    assert cli.main(["train", *table, *words, str(root / "rows")]) == 0
    (root / "cut").mkdir()
    (root / "cut" / "last.pt").write_bytes((root / "run" / "last.pt").read_bytes()[:3000])
    return root


def judged(status, err, texts):
    assert status in (1, 2), err
    assert 1 <= len(err.splitlines()) <= 3, err
    assert "Traceback" not in err
    assert not re.search(r"0x[0-9a-f]{6}|numpy|<_io|\[Errno \d+\].*:.*:.*:", err), err
    for text in texts:
        assert text in err


@pytest.mark.parametrize(("typed", "texts"), MISTAKES, ids=[typed for typed, _ in MISTAKES])
def test_a_mistake_is_told_what_would_be_right(place, monkeypatch, capsys, typed, texts):
    monkeypatch.chdir(place)
    before = sorted(place.rglob("*"))
    status = cli.main(shlex.split(typed))
    out, err = capsys.readouterr()
    judged(status, err, texts)
    assert out == ""
    left = [
        path for path in place.rglob("*") if path not in before and "__pycache__" not in str(path)
    ]
    assert left == []


@pytest.mark.parametrize(("typed", "texts"), IN_A_PROCESS, ids=[t for t, _ in IN_A_PROCESS])
def test_a_mistake_in_a_process(place, typed, texts):
    done = subprocess.run(
        [sys.executable, "-m", "rushlight", *shlex.split(typed)],
        cwd=place, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    judged(done.returncode, done.stderr, texts)
    assert done.stdout == ""


def test_there_are_mistakes_of_every_verb():
    typed = {words.split()[0] for words, _ in MISTAKES + IN_A_PROCESS}
    assert set(cli.VERBS) <= typed and len(MISTAKES) >= 60


def test_a_head_of_another_shape_is_no_head_of_other_classes(place, monkeypatch, capsys):
    """`--init` leaves one with other classes as it was made, and refuses one of other features."""
    monkeypatch.chdir(place)
    weights = {"out.weight": rl.ones(5, 64), "out.bias": rl.ones(5)}
    rl.save(weights, Path("other_classes.pt"))
    words = ["train", "--model", "own_models.py:Good", "--epochs", "1", "--quiet", "--out", "fresh"]
    assert cli.main([*words, "--init", "other_classes.pt"]) == 0
    assert capsys.readouterr().err == ""
