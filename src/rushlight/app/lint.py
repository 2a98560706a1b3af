"""`rushlight.lint()`, `rushlight run --lint SCRIPT`: what a training loop most often does wrong.

A loop with one of these mistakes runs and learns badly, without an error. While lint is on, each is
said once, as a `LintWarning` with the file and line of the program:

    zero_grad     gradients of the last step are added to: zero_grad() was forgotten
    train mode    a net with dropout or batch norm is evaluated (no_grad) in train mode
    eval mode     one is trained in eval mode
    softmax       cross_entropy of softmax's result; of sigmoid's, the loss with logits
    broadcast     a loss of (N,) and (N, 1): every sample is compared with every other
    plain list    layers in a list or dict, which parameters() does not see
    optimizer     parameters that get gradients and that no optimizer has
    gradient      a step without gradients, with none but zeros, or with NaN or infinity
    order         training from a DataLoader without shuffle whose labels are sorted

Nothing here changes what the program computes; it costs a look at every call of a layer.
"""

from __future__ import annotations

import functools
import os
import sys
import warnings
import weakref
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from rushlight.app.errors import to_stderr
from rushlight.autograd import api
from rushlight.core.grad_mode import is_grad_enabled
from rushlight.core.tensor import Tensor
from rushlight.dispatch import modes
from rushlight.nn.module import Module
from rushlight.nn.module_hooks import register_module_forward_hook, register_module_forward_pre_hook
from rushlight.optim.optimizer import (
    Optimizer,
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)
from rushlight.utils.data import DataLoader, SequentialSampler

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LOSSES = "mse_loss l1_loss smooth_l1_loss huber_loss".split()
_SOFTMAX = {
    "cross_entropy": ("Softmax", "softmax", "give it the scores (logits) themselves"),
    "nll_loss": ("Softmax", "softmax", "it wants log_softmax, or use cross_entropy of the scores"),
    "binary_cross_entropy_with_logits": (
        "Sigmoid",
        "sigmoid",
        "give it the scores themselves, or use binary_cross_entropy",
    ),
}
# nodes between the softmax and the loss that change no value
_VIEWS = "View Reshape Squeeze Unsqueeze Transpose Permute T Clone ToCopy Slice Select".split()


class LintWarning(UserWarning):
    """What lint found."""


class Finding(NamedTuple):
    """One mistake: its kind, the place in the program, what was said."""

    kind: str
    file: str
    line: int
    message: str


def _place() -> tuple[str, int]:
    """File and line of the innermost frame that is the user's."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        written = name.startswith("<") and name not in ("<string>", "<stdin>")
        if not written and not name.startswith(_PACKAGE):
            return name, frame.f_lineno
        frame = frame.f_back
    return "<unknown>", 0


def _changes_in_training(net: Module) -> str:
    """The class of the first layer that computes otherwise in eval mode; "" if there is none."""
    for m in net.modules():
        name = type(m).__name__
        if ("Dropout" in name and getattr(m, "p", True)) or (
            "BatchNorm" in name and getattr(m, "track_running_stats", False)
        ):
            return name
    return ""


def _hidden_layers(net: Module) -> Iterator[tuple[str, Module, Module]]:
    """(attribute, its module, the layer) of layers in plain lists, tuples and dicts."""
    known = set(map(id, net.modules()))
    for m in list(net.modules()):
        for name, value in vars(m).items():
            if name.startswith("_") or not isinstance(value, (list, tuple, dict)):
                continue
            for layer in value.values() if isinstance(value, dict) else value:
                if isinstance(layer, Module) and id(layer) not in known:
                    if any(True for _ in layer.parameters()):
                        yield name, m, layer
                        break


def _labels(dataset: Any) -> np.ndarray | None:
    """The class labels of a data set that keeps them together, as a row of integers."""
    tensors = getattr(dataset, "tensors", None)
    found = (
        tensors[-1] if tensors else getattr(dataset, "targets", getattr(dataset, "labels", None))
    )
    if found is None:
        return None
    values = np.asarray(found.detach().cpu().numpy() if isinstance(found, Tensor) else found)
    return values if values.ndim == 1 and values.dtype.kind in "iu" else None


class _Steps:
    """What lint remembers of one optimizer."""

    def __init__(self) -> None:
        self.count = 0
        self.grad: Any = None  # the gradient that the last step used, while nothing has cleared it
        self.version = 0  # of that gradient, when lint last saw it
        self.used = 0  # of that gradient, in that step


class Lint:
    """Lint that is on, until `off()`; as a context manager, inside the block.

    findings   what was found so far, in order (list of Finding)
    """

    def __init__(self, show: Callable[[Finding], None] | None = None):
        self.findings: list[Finding] = []
        self._show = show or _warn
        self._said: set[tuple] = set()
        self._depth = 0
        self._roots: dict[int, Any] = {}  # nets that were called since the last step
        self._seen: weakref.WeakKeyDictionary[Module, bool] = weakref.WeakKeyDictionary()
        self._steps: weakref.WeakKeyDictionary[Any, _Steps] = weakref.WeakKeyDictionary()
        # where a pass over sorted labels was begun, and its iterator
        self._sorted: tuple[tuple[str, int], Any] | None = None
        self._mode = _Losses(self)
        modes.switch_on(self._mode)
        self._handles = [
            register_module_forward_pre_hook(self._enter),
            register_module_forward_hook(self._leave, always_call=True),
            register_optimizer_step_pre_hook(self._before_step),
            register_optimizer_step_post_hook(self._after_step),
        ]
        self._replaced: list[tuple[Any, str, Any]] = []
        self._replace(Tensor, "backward", self._watching_backward)
        autograd = sys.modules[f"{__name__.partition('.')[0]}.autograd"]
        self._replace(api, "backward", self._watching_backward)
        self._replace(autograd, "backward", self._watching_backward)
        self._replace(DataLoader, "__iter__", self._watching_loader)

    def _replace(self, where: Any, name: str, watching: Callable) -> None:
        old = vars(where)[name] if name in vars(where) else getattr(where, name)
        self._replaced.append((where, name, old))
        setattr(where, name, watching(getattr(where, name)))

    def off(self) -> None:
        """Stop looking. A second call does nothing."""
        if not self._handles:
            return
        modes.switch_off(self._mode)
        for handle in self._handles:
            handle.remove()
        self._handles = []
        for where, name, old in reversed(self._replaced):
            setattr(where, name, old)

    def __enter__(self) -> Lint:
        return self

    def __exit__(self, *exc: object) -> None:
        self.off()

    def say(self, kind: str, message: str, place: tuple[str, int] | None = None) -> None:
        """Note a finding, the first time."""
        if (kind, message) not in self._said:
            self._said.add((kind, message))
            self.findings.append(Finding(kind, *(place or _place()), message))
            self._show(self.findings[-1])

    # ------------------------------------------------------------ nets

    def _enter(self, net: Module, args: Any) -> None:
        self._depth += 1
        if self._depth > 1:
            return
        if net not in self._seen:
            self._seen[net] = True
            for name, owner, layer in _hidden_layers(net):
                self.say(
                    "plain list",
                    f"{type(owner).__name__}.{name} holds a {type(layer).__name__} in a plain "
                    "list or dict: parameters(), to() and state_dict() do not see it; use "
                    "nn.ModuleList or nn.ModuleDict",
                )
        if is_grad_enabled():
            self._roots[id(net)] = weakref.ref(net)
        elif net.training:
            changes = _changes_in_training(net)
            if changes:
                self.say(
                    "train mode",
                    f"{type(net).__name__} is evaluated in train mode, and its {changes} computes "
                    "otherwise there; call eval() before, and train() after",
                )

    def _leave(self, net: Module, args: Any, result: Any) -> None:
        self._depth -= 1

    # ------------------------------------------------------------ backward and steps

    def _watching_backward(self, plain: Any) -> Any:
        @functools.wraps(plain)
        def backward(*args: Any, **kwargs: Any) -> Any:
            kept = [
                s
                for s in self._steps.values()
                if s.grad is not None and s.grad._version == s.version
            ]
            for s in self._steps.values():
                if s not in kept:
                    s.grad = None  # cleared in place, or changed by the program
            plain(*args, **kwargs)
            for s in kept:
                s.version = s.grad._version

        return backward

    def _before_step(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        parameters = [p for g in optimizer.param_groups for p in g["params"]]
        state = self._steps.setdefault(optimizer, _Steps())
        state.count += 1
        if args[1:] or kwargs.get("closure"):
            return  # the closure clears, and computes, inside the step
        grads = [p.grad for p in parameters if p.grad is not None and not p.grad.is_sparse]
        name = type(optimizer).__name__
        first = state.grad
        if first is not None and any(g is first for g in grads):
            if first._version == state.version and state.version > state.used:
                self.say(
                    "zero_grad",
                    "the gradients of the last step were added to, not replaced; call "
                    f"zero_grad() between two steps of {name}",
                )
        if not grads:
            if not any(p.grad is not None for p in parameters):
                self.say(
                    "gradient",
                    f"{name}.step() with no gradient at all: call backward() before, and give it "
                    "the parameters of the net that is trained",
                )
            return
        values = [g.detach().numpy() for g in grads if g.device.type == "cpu"]
        if values and not any(v.any() for v in values):
            self.say("gradient", f"all gradients are zero at {name}.step(): nothing is learned")
        for p, g in zip([p for p in parameters if p.grad is not None], values, strict=False):
            if g.dtype.kind == "f" and not np.isfinite(g).all():
                what = "NaN" if np.isnan(g).any() else "infinity"
                self.say(
                    "gradient",
                    f"a gradient of shape {tuple(p.shape)} has {what} in it at {name}.step(): "
                    "look at the loss, the rate, divisions and logarithms",
                )
                break
        self._nets(state, parameters)

    def _nets(self, state: _Steps, parameters: list) -> None:
        """What is wrong with the nets that were trained by this step."""
        mine = set(map(id, parameters))
        for net in [net for ref in self._roots.values() if (net := ref()) is not None]:
            named = list(net.named_parameters())
            if not any(id(p) in mine for _, p in named):
                continue
            layer = "" if net.training else _changes_in_training(net)
            if layer:
                self.say(
                    "eval mode",
                    f"{type(net).__name__} is trained in eval mode, where its {layer} computes as "
                    "for evaluation; call train() before the epoch",
                )
            if state.count < 2:
                continue
            known = {id(p) for o in self._steps for g in o.param_groups for p in g["params"]}
            left = [
                n for n, p in named if p.requires_grad and p.grad is not None and id(p) not in known
            ]
            if left:
                more = f" and {len(left) - 3} more" if len(left) > 3 else ""
                self.say(
                    "optimizer",
                    f"{', '.join(left[:3])}{more} of {type(net).__name__} get gradients, and no "
                    "optimizer has them: they are not learned",
                )
        self._roots.clear()
        if self._sorted is not None:
            (place, iterator), self._sorted = self._sorted, None
            if iterator() is not None:
                self.say(
                    "order",
                    "training from a DataLoader without shuffle, and the labels of its data set "
                    "are sorted: a batch holds one class; pass shuffle=True",
                    place,
                )

    def _after_step(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        state = self._steps.setdefault(optimizer, _Steps())
        state.grad = None
        for group in optimizer.param_groups:
            for p in group["params"]:
                if p.grad is not None and not p.grad.is_sparse:
                    state.grad = p.grad
                    state.version = state.used = p.grad._version
                    return

    # ------------------------------------------------------------ data

    def _watching_loader(self, plain: Any) -> Any:
        @functools.wraps(plain)
        def iterate(loader: DataLoader) -> Any:
            iterator = plain(loader)
            size = loader.batch_size or 0
            labels = None
            if isinstance(loader.sampler, SequentialSampler) and size:
                labels = _labels(loader.dataset)
            if (
                labels is not None
                and len(labels) > size
                and labels[0] != labels[-1]
                and (labels[1:] >= labels[:-1]).all()
                and len(np.unique(labels)) < len(labels)
            ):
                self._sorted = _place(), weakref.ref(iterator)
            return iterator

        return iterate


class _Losses:
    """The mode that sees the losses, see dispatch/modes.py."""

    names = frozenset([*_LOSSES, *_SOFTMAX])

    def __init__(self, lint: Lint):
        self.lint = lint

    def run(self, op: Any, args: tuple, kwargs: dict, go: Any) -> Any:
        """Look at the arguments; the op is left to the others."""
        if len(args) > 1 and isinstance(args[0], Tensor) and isinstance(args[1], Tensor):
            if op.name in _SOFTMAX:
                self._softmax(op.name, args[0])
            elif op.name in _LOSSES:  # (ops that another mode wants to see come here, too)
                self._broadcast(op.name, args[0], args[1])
        return NotImplemented

    @staticmethod
    def change(card: Any, args: tuple) -> Any:
        """In place: none of the losses."""
        return NotImplemented

    def _softmax(self, loss: str, x: Tensor) -> None:
        node, word, fix = x.grad_fn, *_SOFTMAX[loss][1:]
        for _ in range(4):
            if node is None:
                return
            name = node.name().partition("Backward")[0]
            if name == _SOFTMAX[loss][0]:
                self.lint.say("softmax", f"{loss} of what {word} made: {fix}")
                return
            if name not in _VIEWS or not node.next_functions:
                return
            node = node.next_functions[0][0]

    def _broadcast(self, loss: str, x: Tensor, y: Tensor) -> None:
        small, large = sorted([tuple(x.shape), tuple(y.shape)], key=len)
        if len(large) == len(small) + 1 and large == (*small, 1) and small and small[-1] > 1:
            self.lint.say(
                "broadcast",
                f"{loss} of shapes {tuple(x.shape)} and {tuple(y.shape)} compares every sample "
                "with every other; bring one to the other's shape by squeeze(-1) or unsqueeze(-1)",
            )


def _warn(found: Finding) -> None:
    warnings.warn_explicit(
        f"[{found.kind}] {found.message}", LintWarning, found.file, max(found.line, 1)
    )


def lint() -> Lint:
    """Look for the usual mistakes of training loops from now on, or inside `with`.

    Returns a Lint: `findings`, and `off()`. Each finding is also a LintWarning, once for its place.

    >>> import rushlight as torch
    >>> net = torch.nn.Linear(2, 1)
    >>> with warnings.catch_warnings(action="ignore"), torch.lint() as found:
    ...     loss = torch.nn.functional.mse_loss(net(torch.ones(3, 2)), torch.ones(3))
    >>> [f.kind for f in found.findings]
    ['broadcast']
    """
    return Lint()


class lint_to_stderr:
    """Lint around a program of `rushlight run --lint`: one line each on stderr, and the count."""

    def __enter__(self) -> Lint:
        self.lint = Lint(self._print)
        return self.lint

    @staticmethod
    def _print(found: Finding) -> None:
        file = os.path.relpath(found.file)
        shown = found.file if file.startswith("..") else file
        to_stderr(f"{shown}:{found.line}: [{found.kind}] {found.message}")

    def __exit__(self, *exc: object) -> None:
        self.lint.off()
        count = len(self.lint.findings)
        word = {0: "nothing found", 1: "1 finding"}.get(count, f"{count} findings")
        to_stderr(f"lint: {word}")
