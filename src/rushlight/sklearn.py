"""scikit-learn estimators: networks that fit into pipelines, searches and cross-validation.

    from rushlight.sklearn import Classifier

    net = make_pipeline(StandardScaler(), Classifier(hidden=(64, 32), epochs=30))
    GridSearchCV(net, {"classifier__lr": [1e-3, 1e-2]}).fit(X, y)

Needs scikit-learn (pip install rushlight[sklearn]). The loop inside is rushlight.learner's.

Letters: N samples, M features, K classes or targets.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_is_fitted, validate_data
except ModuleNotFoundError as error:
    if error.name != "sklearn":
        raise
    raise ModuleNotFoundError(
        "rushlight.sklearn needs scikit-learn\n  fix: pip install 'rushlight[sklearn]'",
        name="sklearn",
    ) from None

from . import nn
from .core.grad_mode import no_grad
from .core.names import explain_missing
from .core.sharing import from_numpy
from .core.tensor import Tensor
from .learner import EarlyStopping, Learner, Printer
from .learner.fitting import _optimizer as make_optimizer
from .nn import functional as F
from .random.generator import Generator, get_rng_state, manual_seed, set_rng_state
from .utils.data import DataLoader, TensorDataset

__all__ = ["Classifier", "Regressor"]

BLOCK = 64  # rows that are predicted at once


class _Estimator(BaseEstimator):
    """What both have in common. See Classifier."""

    def __init__(
        self,
        module: Any = None,
        *,
        hidden: Sequence[int] = (100,),
        epochs: int = 100,
        batch_size: int = 32,
        lr: float | None = 1e-3,
        optimizer: Any = "adamw",
        loss: Callable[[Tensor, Tensor], Tensor] | None = None,
        standardize: bool = True,
        validation: float = 0.0,
        patience: int | None = None,
        callbacks: Sequence[Any] = (),
        random_state: Any = None,
        verbose: bool = False,
    ):
        self.module = module
        self.hidden = hidden
        self.epochs = epochs
        self.batch_size = batch_size
        self.lr = lr
        self.optimizer = optimizer
        self.loss = loss
        self.standardize = standardize
        self.validation = validation
        self.patience = patience
        self.callbacks = callbacks
        self.random_state = random_state
        self.verbose = verbose

    # training

    def _train(self, x: np.ndarray, y: np.ndarray, outputs: int, loss: Any) -> None:
        """x (N, M) float32, y (N) int64 or (N, K) float32"""
        if not 0 <= self.validation < 1:
            raise ValueError(f"validation is {self.validation}; it must be at least 0, below 1")
        center = x.mean(0) if self.standardize else np.zeros(x.shape[1])
        spread = x.std(0) if self.standardize else np.ones(x.shape[1])
        self.center_, self.scale_ = center, np.where(spread > 0, spread, 1.0)
        kept, seed = get_rng_state(), check_random_state(self.random_state).randint(2**31)
        try:
            manual_seed(int(seed))
            self.module_ = self._made(x.shape[1], outputs)
            self._fit(self._scaled(x), y, loss, int(seed))
        finally:
            set_rng_state(kept)

    def _fit(self, x: np.ndarray, y: np.ndarray, loss: Any, seed: int) -> None:
        order = np.random.RandomState(seed).permutation(len(x))
        held = round(len(x) * self.validation)
        parts = [order[held:], order[:held]]
        train, valid = (TensorDataset(from_numpy(x[p]), from_numpy(y[p])) for p in parts)
        shuffled = Generator().manual_seed(seed)
        loader: Any = DataLoader(train, self.batch_size, shuffle=True, generator=shuffled)
        check: Any = DataLoader(valid, 2 * self.batch_size) if held else None
        extra: list[Any] = list(self.callbacks)
        if self.verbose:
            extra.append(Printer())
        if self.patience is not None:
            extra.append(EarlyStopping(self.patience))
        optimizer = make_optimizer(self.optimizer, self.module_, self.lr)
        learner = Learner(self.module_, optimizer, loader, check, loss=loss, callbacks=extra)
        self.history_ = learner.fit(self.epochs)
        self.module_.eval()

    def _made(self, features: int, outputs: int) -> nn.Module:
        if self.module is None:
            widths = [features, *self.hidden]
            layers: list[nn.Module] = []
            for a, b in pairwise(widths):
                layers += [nn.Linear(a, b), nn.ReLU()]
            return nn.Sequential(*layers, nn.Linear(widths[-1], outputs))
        if isinstance(self.module, nn.Module):
            return copy.deepcopy(self.module)
        if callable(self.module):
            return self.module(features, outputs)
        raise TypeError(
            f"module is a {type(self.module).__name__}; it must be a Module, or a function "
            "f(features, outputs) that makes one"
        )

    # answers

    def _scaled(self, x: np.ndarray) -> np.ndarray:
        return ((x - self.center_) / self.scale_).astype(np.float32)

    def _outputs(self, x: Any) -> np.ndarray:
        """What the module says of x (N, M), as float64."""
        check_is_fitted(self)
        x = validate_data(self, x, dtype=(np.float64, np.float32), reset=False)
        given = self._scaled(x)
        # blocks of one size, the last one filled up: an answer does not depend on its neighbours
        blocks = np.zeros((-(-len(given) // BLOCK), BLOCK, given.shape[1]), np.float32)
        blocks.reshape(-1, given.shape[1])[: len(given)] = given
        with no_grad():
            rows = [self.module_(from_numpy(block)).numpy() for block in blocks]
        return np.concatenate(rows)[: len(given)].astype(np.float64)


class Classifier(ClassifierMixin, _Estimator):
    """A network that classifies, with scikit-learn's interface.

    module        a Module (a copy is trained), or f(features, classes) that makes one; its outputs
                  are scores (N, K). None: a perceptron of `hidden`
    hidden        widths of the hidden layers, with ReLU
    epochs, batch_size, lr
                  how long, how many at once, how fast
    optimizer     its name ("adamw", "sgd", ...) or class
    loss          f(scores, labels); default: cross_entropy
    standardize   features are brought to mean 0 and deviation 1
    validation    the share of the samples that only tells how good an epoch is
    patience      end after so many epochs that were no better
    callbacks     of the Learner
    random_state  an int: the same numbers again
    verbose       print a line for each epoch

    Attributes: classes_, module_, history_ (a row for each epoch), n_features_in_.
    """

    def fit(self, X: Any, y: Any) -> Classifier:
        """X (N, M), y (N) labels of any kind. ValueError: what scikit-learn says of other data"""
        X, y = validate_data(self, X, y, dtype=(np.float64, np.float32), ensure_min_samples=2)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        loss = F.cross_entropy if self.loss is None else self.loss
        self._train(X, labels.astype(np.int64), len(self.classes_), loss)
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """The scores (N, K); of two classes how much the second one is ahead (N)"""
        scores = self._outputs(X)  # says so if there was no fit
        return scores[:, 1] - scores[:, 0] if len(self.classes_) == 2 else scores

    def predict_proba(self, X: Any) -> np.ndarray:
        """softmax of the scores, (N, K)"""
        scores = self._outputs(X)
        e = np.exp(scores - scores.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest class, (N)"""
        scores = self._outputs(X)
        return self.classes_[scores.argmax(1)]


class Regressor(RegressorMixin, _Estimator):
    """A network for numbers, with scikit-learn's interface: arguments as Classifier's.

    module       its outputs are (N, K), K targets
    loss         f(outputs, targets); default: mse_loss
    standardize  targets, too
    """

    def fit(self, X: Any, y: Any) -> Regressor:
        """X (N, M), y (N) or (N, K) numbers"""
        X, y = validate_data(self, X, y, dtype=(np.float64, np.float32), multi_output=True,
                             y_numeric=True, ensure_min_samples=2)  # fmt: skip
        targets = np.asarray(y, np.float64)
        self._flat = targets.ndim == 1
        targets = targets.reshape(len(targets), -1)
        center = targets.mean(0) if self.standardize else np.zeros(targets.shape[1])
        spread = targets.std(0) if self.standardize else np.ones(targets.shape[1])
        self.target_center_, self.target_scale_ = center, np.where(spread > 0, spread, 1.0)
        scaled = ((targets - center) / self.target_scale_).astype(np.float32)
        loss = F.mse_loss if self.loss is None else self.loss
        self._train(X, scaled, targets.shape[1], loss)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """The numbers, (N) or (N, K) as y was"""
        y = self._outputs(X) * self.target_scale_ + self.target_center_
        return y[:, 0] if self._flat else y

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


explain_missing(__name__)
