"""`fit`: a Learner of ready parts, trained in one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .. import nn, optim
from ..core.construct import tensor
from ..core.sharing import as_tensor
from ..core.tensor import Tensor
from ..nn import functional as F
from ..random.generator import manual_seed
from ..utils.data import DataLoader, Dataset, IterableDataset, TensorDataset
from .callbacks import EarlyStopping, Printer
from .loop import Learner


def fit(
    model: nn.Module,
    train: Any,
    valid: Any = None,
    *,
    epochs: int = 10,
    batch_size: int = 32,
    loss: Callable[[Any, Any], Tensor] | None = None,
    optimizer: Any = "adamw",
    lr: float | None = None,
    metrics: Mapping[str, Callable[[Any, Any], Any]] | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    verbose: bool = False,
    callbacks: Sequence[Any] = (),
    patience: int | None = None,
    resume: bool = False,
    **options: Any,
) -> Learner:
    """Trains a model; the Learner, with the history and the best epoch.

    train, valid   a DataLoader, a Dataset of (inputs..., targets), or a tuple of tensors or arrays
    loss           default: cross_entropy for whole targets, else mse_loss
    optimizer      its name ("sgd", "adamw", ...), its class, or one that is ready
    lr             default: the optimizer's own
    seed           of the order (and of all else that draws numbers from now on)
    patience       end after so many epochs that were no better
    resume         go on with the run in `out`, if there is one
    verbose        print a line for each epoch
    options        those of Learner: scheduler, monitor, clip, augment, out, device, ...

    errors  TypeError, ValueError: data or names that do not fit; Diverged

    >>> run = torch.fit(model, (x, y), (x_test, y_test), epochs=5, lr=0.01)
    >>> run.history[-1]["valid_accuracy"], run.best["epoch"]
    """
    if seed is not None:
        manual_seed(seed)
    loader = _loader(train, batch_size, shuffle)
    check = None if valid is None else _loader(valid, 2 * batch_size, False)
    if loss is None:
        loss = _suited(loader)
    extra: list[Any] = [*callbacks, *([Printer()] if verbose else [])]
    if patience is not None:
        extra.append(EarlyStopping(patience))
    learner = Learner(model, _optimizer(optimizer, model, lr), loader, check, loss=loss,
                      metrics=metrics, callbacks=extra, **options)  # fmt: skip
    if resume and learner.out is not None and (learner.out / "last.pt").is_file():
        learner.resume()
    learner.fit(epochs)
    return learner


def _loader(data: Any, batch_size: int, shuffle: bool) -> Any:
    if isinstance(data, (tuple, list)):
        tensors = [x if isinstance(x, Tensor) else _tensor(x) for x in data]
        data = TensorDataset(*tensors)
    if isinstance(data, Dataset):
        order = shuffle and not isinstance(data, IterableDataset)
        return DataLoader(data, batch_size=batch_size, shuffle=order)
    if not hasattr(data, "__iter__"):
        raise TypeError(
            f"data of type {type(data).__name__}: expected a DataLoader, a Dataset, or a tuple of "
            "tensors or arrays"
        )
    return data


def _tensor(x: Any) -> Tensor:
    return as_tensor(x) if hasattr(x, "__array__") else tensor(x)


def _suited(loader: Any) -> Callable[[Any, Any], Tensor]:
    """cross_entropy for whole targets, else mse_loss."""
    data: Any = getattr(loader, "dataset", None)
    first = data[0] if hasattr(data, "__getitem__") else None
    target = first[-1] if isinstance(first, (tuple, list)) else None
    if isinstance(target, int):
        return F.cross_entropy
    if isinstance(target, Tensor):
        return F.mse_loss if target.is_floating_point() else F.cross_entropy
    raise TypeError(
        "fit() cannot see what the targets are\n  fix: loss=F.cross_entropy, or another"
    )


def _optimizer(given: Any, model: nn.Module, lr: float | None) -> Any:
    if isinstance(given, str):
        known = {name.lower(): name for name in optim._HOME}
        if given.lower() not in known:
            raise ValueError(f"optimizer is {given!r}; there are {', '.join(known)}")
        given = getattr(optim, known[given.lower()])
    if isinstance(given, type):
        return given(model.parameters(), **({} if lr is None else {"lr": lr}))
    if lr is not None:
        raise ValueError("lr is for an optimizer by name or class; this one has its own")
    return given
