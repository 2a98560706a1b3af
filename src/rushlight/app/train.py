"""`rushlight train`: trains a classifier on a data set and a model given by name.

The command only combines the parts: data from datasets.py, models and their settings from
models.py, the loop and its checkpoints from trainer.py, what is shown from report.py. A run is one
folder:

    last.pt       the newest checkpoint: the whole state, from which --resume continues
    best.pt       the checkpoint of the best validation accuracy
    history.csv   one line per epoch
    report.txt    the report at the end
    report.html   the same as a page with pictures, written while the run goes on
"""

import argparse
import json
import shlex
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import rushlight as rl
from rushlight import nn, optim
from rushlight.app import augment, datasets, models, ranks, report, tables, transfer
from rushlight.app.arguments import Parser, count, not_negative, positive, seed, share, whole
from rushlight.app.errors import INTERRUPTED, CliError, expected, say
from rushlight.app.lock import Lock, Taken
from rushlight.app.pages.outcome import Outcome
from rushlight.app.pages.run_page import RunPage
from rushlight.app.pages.words import LANGUAGES
from rushlight.app.trainer import Learner, Stopped, save_atomically
from rushlight.core import accelerators
from rushlight.learner import EarlyStopping, JsonLines, TensorBoard
from rushlight.nn import functional as F
from rushlight.optim import lr_scheduler
from rushlight.optim.options import options_of
from rushlight.utils.data import DataLoader

Settings = dict[str, Any]

#: What is used where neither the user nor the model's recipe says otherwise.
DEFAULTS: Settings = {
    "data": "digits",
    "model": "mlp",
    "optimizer": None,
    "lr": None,
    "momentum": None,
    "weight_decay": None,
    "epochs": None,
    "batch_size": None,
    "schedule": None,
    "augment": "none",
    "seed": 0,
    "size": None,
    "root": "data",
    "download": False,
    "strict": False,
    "workers": 0,
    "device": "cpu",
    "width": None,
    "valid": None,
    "test": None,
    "patience": None,
    "init": None,
    "freeze": None,
    "target": None,
}

#: What may change when a run is resumed: nothing that its numbers depend on, and more epochs.
CHANGEABLE = ("epochs", "patience", "root", "download", "strict", "workers", "device")

#: Optimizers that cannot be chosen: LBFGS asks for the loss many times a step, Muon takes matrices,
#: SparseAdam gradients of embeddings.
UNSUITED = ("LBFGS", "Muon", "SparseAdam")

#: What a Learner is given where a number is predicted: targets of mean 0 and deviation 1.
NUMBERS = {"loss": F.mse_loss, "metrics": {"error": lambda y, t: (y - t).abs()[:, 0]}}

#: --optimizer -> the class of torch.optim, for all that it has.
OPTIMIZERS = {name.lower(): name for name in optim._HOME if name not in UNSUITED}

#: Options of an optimizer that are other than its defaults.
SUITED = {"sgd": {"momentum": 0.9}}

#: schedule -> (stepped each, maker(optimizer, settings, batches of the whole run)). Those that step
#: with each batch are laid out for the whole run: its number of epochs cannot change any more.
SCHEDULES: dict[str, tuple[str, Callable[[Any, Settings, int], Any]]] = {
    "none": ("epoch", lambda o, s, n: None),
    "step": (
        "epoch",
        lambda o, s, n: lr_scheduler.StepLR(o, step_size=max(1, s["epochs"] // 3), gamma=0.1),
    ),
    "exponential": ("epoch", lambda o, s, n: lr_scheduler.ExponentialLR(o, gamma=0.9)),
    "plateau": (
        "epoch",
        lambda o, s, n: lr_scheduler.ReduceLROnPlateau(o, factor=0.3, patience=2),
    ),
    "cosine": ("batch", lambda o, s, n: lr_scheduler.CosineAnnealingLR(o, T_max=n)),
    "onecycle": (
        "batch",
        lambda o, s, n: lr_scheduler.OneCycleLR(
            o, s["lr"], total_steps=n, cycle_momentum=_has_momentum(o.param_groups[0])
        ),
    ),
}


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The arguments that were given, and only those (defaults come later)."""
    p = Parser(
        prog="rushlight train",
        usage="rushlight train [DATA] [--model NAME] [--epochs N] [--lr RATE] [--out DIR]",
        description=__doc__.split("\n")[0].partition(": ")[2],
        argument_default=argparse.SUPPRESS,
        epilog="Ctrl-C stops after the batch in hand and saves; --resume goes on from there.",
    )
    p.add_argument(
        "data",
        nargs="?",
        help=f"{', '.join(datasets.KNOWN)}, or a folder of images: one folder per class, or train/ "
        "and, if you like, val/ and test/, with one folder per class in each; or a table (.csv, "
        ".tsv) with --target; or lines of label, tab, text (.txt) (default: digits)",
    )
    p.add_argument("--target", metavar="COLUMN", help="the column of a table to predict")
    p.add_argument("--root", help="the folder that holds the data sets (default: data)")
    p.add_argument("--download", action="store_true", help="fetch the data set if it is not there")
    p.add_argument(
        "--model",
        help=f"{', '.join(models.MODELS)}, one of torchvision's (resnet18) or {models.OWN_MODEL} "
        "(default: mlp)",
    )
    p.add_argument(
        "--width", type=count, help="of mlp's hidden layers (512), cnn's channels (16; a folder 32)"
    )
    p.add_argument("--init", metavar="FILE", help="begin with the weights of a run or state dict")
    p.add_argument("--freeze", metavar="GLOB", help="parameters that stay: 'conv1.*,layer1.*'")
    p.add_argument("--optimizer", choices=OPTIMIZERS, help="default: what suits the model")
    p.add_argument("--lr", type=positive, help="learning rate (default: suits model, optimizer)")
    p.add_argument("--momentum", type=share, help="of sgd (default: 0.9), rmsprop (0)")
    p.add_argument("--weight-decay", type=not_negative, help="default: 0")
    p.add_argument("--epochs", type=count, help="default: what suits the model")
    p.add_argument("--patience", type=count, help="end after N epochs without a better accuracy")
    p.add_argument("--batch-size", type=count, help="validation uses twice as many")
    p.add_argument("--schedule", choices=SCHEDULES, help="default: what suits the model")
    p.add_argument("--augment", help=f"none, or some of {','.join(augment.MOVES)} (default: none)")
    p.add_argument("--size", type=count, help="bring the images of a folder to N x N (default: 64)")
    p.add_argument("--valid", type=share, help="share of the images to validate (default: 0.1)")
    p.add_argument("--test", type=share, help="likewise to test, for folders without test/ (0.1)")
    p.add_argument("--strict", action="store_true", help="stop at an image that cannot be read")
    p.add_argument("--seed", type=seed, help="of weights, order and augmentation (default: 0)")
    p.add_argument("--workers", type=whole(low=0), help="processes that load images (default: 0)")
    p.add_argument("--device", help="default: cpu; xla or cuda where JAX is installed")
    p.add_argument("--nproc", type=count, help="processes that share each batch (default: 1)")
    p.add_argument("--out", help="the run's folder (default: runs/DATA-MODEL)")
    p.add_argument("--resume", metavar="DIR", help="go on with the run in this folder")
    p.add_argument("--quiet", action="store_true", help="print the report only")
    p.add_argument(
        "--live", action="store_true", help="serve report.html on 127.0.0.1 while the run goes on"
    )
    p.add_argument("--json", action="store_true", help="a line of JSON per epoch, nothing else")
    p.add_argument("--tensorboard", action="store_true", help="event files in the run's folder")
    p.add_argument("--lang", choices=LANGUAGES, help="of report.html (default: en)")
    return p.parse_args(words)


# a run's parts


def complete(given: Settings) -> Settings:
    """The settings of a new run: what was given, then the model's recipe, then the defaults."""
    settings = DEFAULTS | given
    recipe = models.recipe(settings["model"])
    if recipe.folder is not None and datasets.is_folder(settings["data"]):
        recipe = recipe.folder
    for key in ("optimizer", "schedule", "batch_size", "epochs", "width"):
        if settings[key] is None:
            settings[key] = getattr(recipe, key)
    options = options_of(getattr(optim, OPTIMIZERS[settings["optimizer"]]))
    if settings["lr"] is None:
        rates = models.LEARNING_RATES | recipe.lr
        settings["lr"] = rates.get(settings["optimizer"], options["lr"].default)
    for key in ("momentum", "weight_decay"):
        if key in given and key not in options:
            able = [o for o, name in OPTIMIZERS.items() if key in options_of(getattr(optim, name))]
            raise CliError(
                f"{_flag(key)} is not an option of {settings['optimizer']}, but of "
                f"{', '.join(able)}"
            )
        if settings[key] is None and key in options:
            suited = SUITED.get(settings["optimizer"], {})
            settings[key] = suited.get(key, 0.0)
    return settings


def make_optimizer(model: nn.Module, settings: Settings) -> Any:
    """The optimizer of these settings, for all parameters of the model."""
    make = getattr(optim, OPTIMIZERS[settings["optimizer"]])
    chosen = ("lr", "momentum", "weight_decay")
    options = {k: settings[k] for k in chosen if k in options_of(make) and settings[k] is not None}
    return make(model.parameters(), **options)


def _has_momentum(group: dict[str, Any]) -> bool:
    """Does the optimizer of this group use a momentum that a schedule can change?"""
    return "betas" in group or group.get("momentum", 0) > 0


def _flag(key: str) -> str:
    """The option of the command line that sets `key`: 'weight_decay' -> '--weight-decay'"""
    return "--" + key.replace("_", "-")


def build(
    settings: Settings,
    data: datasets.Data,
    out: Path,
    watcher: Any,
    *,
    begin: bool = True,
    kind: type[Learner] = Learner,
) -> Learner:
    """A new Learner of these settings; begin: with the weights of --init, if there are some."""
    device = _device(settings["device"])
    rl.manual_seed(settings["seed"])
    with models.own_code(settings["model"]):
        model = models.made(settings["model"], data, settings["width"]).to(device)
    with datasets.told_size(data), models.own_code(settings["model"]):
        _try_out(model, data, device, own=":" in settings["model"])
    if settings["init"] is not None and begin:
        path = settings["init"]
        transfer.begin_with(model, transfer.read_weights(Path(path)), path)
    if settings["freeze"] is not None:
        transfer.freeze(model, settings["freeze"])
    optimizer = make_optimizer(model, settings)
    size, workers = settings["batch_size"], settings["workers"]
    images: Any = data.train
    train: DataLoader[Any] = DataLoader(images, batch_size=size, shuffle=True, num_workers=workers)
    each, make = SCHEDULES[settings["schedule"]]
    return kind(
        model,
        optimizer,
        train,
        _in_order(data.valid, settings),
        out=out,
        settings=settings,
        about=data.about(),
        watcher=watcher,
        scheduler=make(optimizer, settings, settings["epochs"] * len(train)),
        schedule_each=each,
        augment=augment.augmentation(settings["augment"]),
        device=device,
        callbacks=[EarlyStopping(settings["patience"])] if settings["patience"] else [],
        **(NUMBERS if data.is_number else {}),
    )


def _device(name: str) -> Any:
    """The device of that name. CliError: it cannot be used."""
    try:
        device = rl.device(name)
        rl.zeros(1).to(device)
    except (AssertionError, RuntimeError) as error:  # PyTorch's, for devices that are absent
        sentence = str(error).split("\n")[0]
        if sentence.startswith("Expected one of"):
            sentence = "no such device; there are cpu, xla, cuda"
        kind = name.partition(":")[0]
        command = accelerators.to_install(kind) if kind in ("cuda", "xla") else ""
        if command and kind == "xla":
            sentence = "JAX is not installed"
        way = f", or {command}" if command else ""
        raise CliError(f"--device {name}: {sentence}\n  fix: --device cpu{way}") from None
    return device


def _in_order(part: Any, settings: Settings) -> DataLoader[Any]:
    """A loader for evaluation: no gradients, so twice the batch fits."""
    return DataLoader(part, batch_size=2 * settings["batch_size"], num_workers=settings["workers"])


def _try_out(model: nn.Module, data: datasets.Data, device: Any, own: bool) -> None:
    """Runs one image through the model, so that a wrong shape is reported before training."""
    image, _ = data.train[0]
    model.eval()
    unfit = expected(RuntimeError, ValueError, before="the model does not take these images: ")
    with nullcontext() if own else unfit, rl.no_grad():
        scores = model(image.unsqueeze(0).to(device))
    if tuple(scores.shape) != (1, len(data.classes)):
        raise CliError(
            f"the model turns images {(1, *data.shape)} into {tuple(scores.shape)}; "
            f"for {len(data.classes)} classes it must be {(1, len(data.classes))}"
        )


def start(
    given: Settings, watcher: Callable[[int, bool], Any], stack: ExitStack
) -> tuple[Learner, datasets.Data]:
    """A new run, or the one that `given` resumes; its folder is ours until the stack is closed."""
    resume = given.pop("resume", None)
    if resume is None:
        wanted = given.pop("out", None)
        settings = complete(given)
        if wanted is None:
            name = f"{Path(settings['data']).name}-{_short(settings['model'])}"
            out, lock = _unused(Path("runs") / name)
        else:
            out = Path(wanted)
            lock = Lock(out)
        stack.push(lock)
        if (out / "last.pt").exists():
            raise CliError(
                f"{out} holds a run already\n  fix: another --out, or go on with it: "
                f"{command('--resume', str(out))}"
            )
        state = None
    else:
        out = Path(resume)
        if not (out / "last.pt").is_file():
            raise CliError(
                f"no run to go on with in {out}: it has no last.pt\n"
                "  fix: the folder of a run; `rushlight runs` lists those in runs/"
            )
        stack.push(Lock(out))
        state = models.read_run(out / "last.pt")
        settings = _changed(DEFAULTS | state["settings"], given, out)
    told: list[str] = []

    def tell(text: str) -> None:
        told.append(text)
        say("train", text)

    data = datasets.of(settings, tell)
    learner = build(
        settings, data, out, watcher(settings["epochs"], data.is_number), begin=state is None
    )
    learner.remarks += told
    if state is not None:
        learner.load_state_dict(state)
        learner.finished = _out_of_patience(learner)
        written = out / "report.txt"
        if learner.epoch < settings["epochs"] and not learner.finished:
            written.unlink(missing_ok=True)  # of fewer epochs
        elif written.exists():
            more = f"more --{'patience' if learner.finished else 'epochs'}"
            if not learner.finished and SCHEDULES[settings["schedule"]][0] == "batch":
                more = f"a new run that begins with its weights, --init {out}"
            raise CliError(
                f"the run in {out} has finished its {learner.epoch} epochs\n  fix: {more}"
            )
        else:  # it ended after its last checkpoint and before its report
            learner.write_history()
    return learner, data


def _out_of_patience(learner: Learner) -> bool:
    """Was the best epoch so long ago that the run ends?"""
    patience = learner.settings["patience"]
    if patience is None or learner.best is None:
        return False
    return learner.epoch - int(learner.best["epoch"]) >= patience


def _changed(settings: Settings, given: Settings, out: Path) -> Settings:
    """The settings of a resumed run, some of which may be changed."""
    for key, value in given.items():
        flag = _flag(key) if key != "data" else "the data"
        if key == "out":
            raise CliError(
                "--out cannot be given with --resume: a run stays in its folder\n"
                "  fix: leave --out out, or copy the folder"
            )
        if key not in CHANGEABLE and value != settings[key]:
            raise CliError(
                f"{flag} is {settings[key]} in this run and cannot become {value}; what can change "
                f"is {', '.join('--' + k for k in CHANGEABLE)}"
            )
    if SCHEDULES[settings["schedule"]][0] == "batch" and given.get("epochs") not in (
        None,
        settings["epochs"],
    ):
        raise CliError(
            f"--epochs cannot change: the {settings['schedule']} schedule of this run was laid "
            f"out for {settings['epochs']}\n  fix: a new run, with --init {out}"
        )
    return settings | given


def _short(model: str) -> str:
    """A model's name as part of a folder's: 'mine/net.py:Small' -> 'Small'"""
    return model.rpartition(":")[2]


def _unused(path: Path) -> tuple[Path, Lock]:
    """`path`, or `path`-2, -3, ...: the first that holds no run and that no other one is using."""
    found, i = path, 1
    while True:
        if not (found / "last.pt").exists():
            try:
                return found, Lock(found)
            except Taken:
                pass
        i += 1
        found = path.with_name(f"{path.name}-{i}")


# running it


def command(*words: str) -> str:
    """The command line that calls this program again."""
    is_module = Path(sys.argv[0]).name == "__main__.py"
    return shlex.join([*(["python", "-m"] if is_module else []), "rushlight", "train", *words])


@contextmanager
def _stopping(learner: Learner) -> Iterator[None]:
    """Ctrl-C and SIGTERM ask the learner to stop; a second Ctrl-C interrupts at once."""

    def ask(number: int, frame: Any) -> None:
        if learner.stop:
            raise KeyboardInterrupt
        learner.stop = True

    before = {n: signal.signal(n, ask) for n in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def describe(learner: Learner, data: datasets.Data) -> str:
    """What is about to be trained, in three lines."""
    s = learner.settings
    parameters = sum(p.numel() for p in learner.model.parameters())
    shape, what = "x".join(map(str, data.shape)), f"{len(data.classes)} classes"
    if data.table is not None:
        shape = f"{data.shape[0]} features"
        what = f"a number ({data.table['target']})" if data.is_number else what
    return (
        f"data   {data.name}: {len(data.train)} {data.things} to train on, {len(data.valid)} to "
        f"validate, {len(data.test)} to test; {shape}, {what}\n"
        f"model  {s['model']}: {parameters:,} parameters, on {s['device']}\n"
        f"plan   {s['epochs']} epochs, batch {s['batch_size']}, {s['optimizer']} lr {s['lr']:g}, "
        f"schedule {s['schedule']}, augment {s['augment']}, seed {s['seed']}"
    )


def again(settings: Settings) -> str:
    """The command that repeats a run of these settings: what differs from the defaults."""
    usual = complete({key: settings[key] for key in ("data", "model", "optimizer")})
    words = [settings["data"], "--model", settings["model"]]
    if settings["optimizer"] != complete({k: settings[k] for k in ("data", "model")})["optimizer"]:
        words += ["--optimizer", settings["optimizer"]]
    for key, value in settings.items():
        if key in ("data", "model", "optimizer") or value == usual.get(key) or value is False:
            continue
        words += [_flag(key)] if value is True else [_flag(key), str(value)]
    return command(*words)


def finish(learner: Learner, data: datasets.Data, seconds: float, page: RunPage) -> str:
    """The report: the best checkpoint on the test images. Leaves it in the run's folder."""
    learner.model.load_state_dict(rl.load(learner.out / "best.pt")["model"])
    if data.is_number:
        return _finish_number(learner, data, seconds, page)
    classes = len(data.classes)
    confusion = rl.zeros(classes, classes, dtype=rl.int64)
    found = Outcome(classes)
    test = learner.evaluate(_in_order(data.test, learner.settings), found.add, confusion)
    best = learner.best
    assert best is not None
    learner.outcome = {
        "test_loss": test.mean_loss,
        "test_accuracy": test.accuracy,
        "best_epoch": int(best["epoch"]),
        "out": str(learner.out),
    }
    text = "\n".join(
        [
            f"test accuracy {report.percent(test.accuracy)} ({test.right} of {test.images}), "
            f"loss {test.mean_loss:.4f}",
            f"  from epoch {best['epoch']}, the best on the validation {data.things} "
            f"({report.percent(best['valid_accuracy'])})",
            *report.confusion_table(confusion, data.classes, data.things),
            *report.not_learnt(
                learner.history, classes, learner.settings["lr"], len(learner.train)
            ),
            f"time {seconds:.1f} s; {sum(r['seconds'] for r in learner.history):.1f} s in all of "
            f"the {len(learner.history)} epochs",
            f"in {learner.out}: best.pt, last.pt, history.csv, report.txt, report.html",
        ]
    )
    page.finish(found)
    save_atomically(
        lambda path: path.write_text(describe(learner, data) + "\n" + text + "\n"),
        learner.out / "report.txt",
    )
    return text


def _finish_number(learner: Learner, data: datasets.Data, seconds: float, page: RunPage) -> str:
    """The report of a run that predicts a number."""
    assert data.table is not None and learner.best is not None
    loader = _in_order(data.test, learner.settings)
    outputs = rl.cat(learner.predict(loader))
    found = tables.number_measures(data.table, outputs, rl.cat([y for _, y in loader]))
    learner.outcome = found | {"best_epoch": int(learner.best["epoch"]), "out": str(learner.out)}
    text = "\n".join(
        [
            tables.number_text(data.table, found),
            f"  from epoch {learner.best['epoch']}, the best on the validation rows",
            f"time {seconds:.1f} s for {len(learner.history)} epochs",
            f"in {learner.out}: best.pt, last.pt, history.csv, report.txt, report.html",
        ]
    )
    page.finish(None)
    save_atomically(
        lambda path: path.write_text(describe(learner, data) + "\n" + text + "\n"),
        learner.out / "report.txt",
    )
    return text


def main(words: Sequence[str]) -> int:
    """Trains; 0 when it is finished, 130 when it was stopped."""
    given = vars(parse(words))
    if given.get("nproc", 1) > 1:
        if given.get("device", "cpu") != "cpu":
            raise CliError(
                f"--nproc {given['nproc']} is for the CPU, not for --device {given['device']}\n"
                "  fix: leave one of them out"
            )
        if command := accelerators.to_install(""):
            raise CliError(
                f"--nproc {given['nproc']}: JAX, which joins processes, is not installed\n"
                f"  fix: {command}"
            )
        if not ranks.is_launched():
            return ranks.launch(words, given["nproc"])
        if ranks.helps():
            return ranks.serve()
    with ExitStack() as stack:
        return _run(given, stack)


def _run(given: Settings, stack: ExitStack) -> int:
    quiet, live, lang = (given.pop(key, None) for key in ("quiet", "live", "lang"))
    nproc = given.pop("nproc", 1)
    as_json, events = given.pop("json", False), given.pop("tensorboard", False)
    quiet, told = quiet or as_json, sys.stderr if as_json else sys.stdout  # where words go
    begin = time.perf_counter()
    learner, data = start(
        given, lambda epochs, numbers: report.Progress(epochs, bool(quiet), numbers), stack
    )
    lines = describe(learner, data).split("\n")
    page = RunPage(
        learner,
        data,
        about=[(line[:6].strip(), line[6:].strip()) for line in lines],
        command=again(learner.settings),
        notes=learner.remarks,
        lang=lang or "en",
        serve=bool(live),
    )
    learner.watcher = page
    stack.callback(page.close)
    if live:
        print(f"live   {page.address}", flush=True, file=told)
    if events:
        learner.callbacks.append(TensorBoard(learner.out / "tensorboard"))
    if as_json:
        learner.callbacks.append(JsonLines())
    if not quiet:
        print(describe(learner, data))
        if learner.epoch or learner.batch:
            print(f"going on after {learner.epoch} epochs and {learner.batch} batches")
    try:
        with (
            _stopping(learner),
            learner.watcher,
            ranks.computing(learner.model, learner.settings, data, nproc),
        ):
            learner.fit(learner.settings["epochs"])
    except Stopped:
        print(
            f"stopped in epoch {learner.epoch + 1} after {learner.batch} of {len(learner.train)} "
            f"batches; all is saved in {learner.out}\n"
            f"go on with:  {command('--resume', str(learner.out))}",
            file=told,
        )
        return INTERRUPTED
    print(finish(learner, data, time.perf_counter() - begin, page), file=told)
    if as_json:
        print(json.dumps(learner.outcome), flush=True)
    return 0
