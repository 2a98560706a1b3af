"""pytorch-tabnet: its estimators trained, explained and saved; numbers as PyTorch's."""

import numpy as np
import pytest
import torch
from pytorch_tabnet.augmentations import ClassificationSMOTE, RegressionSMOTE
from pytorch_tabnet.multitask import TabNetMultiTaskClassifier
from pytorch_tabnet.pretraining import TabNetPretrainer
from pytorch_tabnet.tab_model import TabNetClassifier, TabNetRegressor

SMALL = {"n_d": 4, "n_a": 4, "n_steps": 2, "seed": 0, "verbose": 0, "device_name": "cpu"}
FIT = {"max_epochs": 3, "batch_size": 64, "virtual_batch_size": 32, "num_workers": 0}


def table():
    draw = np.random.default_rng(0)
    x = draw.normal(size=(192, 6)).astype(np.float32)
    x[:, 5] = draw.integers(0, 4, 192)
    return x, (x[:, 0] + x[:, 1] > 0).astype(int), (x[:, :1] - x[:, 2:3]).astype(np.float32)


@pytest.mark.parametrize("mask", ["sparsemax", "entmax"])
def test_classifier(mask, same):
    x, y, _ = table()
    model = TabNetClassifier(mask_type=mask, **SMALL)
    model.fit(x, y, eval_set=[(x, y)], eval_metric=["accuracy", "logloss"], **FIT)
    same("losses", model.history["loss"], rtol=1e-3)
    same("probabilities", model.predict_proba(x), rtol=1e-2, atol=1e-3)
    same("importances", model.feature_importances_, rtol=1e-2, atol=1e-3)


def test_categories(same):
    x, y, _ = table()
    model = TabNetClassifier(cat_idxs=[5], cat_dims=[4], cat_emb_dim=2, **SMALL)
    model.fit(x, y, weights=1, augmentations=ClassificationSMOTE(p=0.2, device_name="cpu"), **FIT)
    same("losses", model.history["loss"], rtol=1e-3)


def test_regressor(same):
    x, _, t = table()
    model = TabNetRegressor(
        optimizer_params={"lr": 0.02},
        scheduler_fn=torch.optim.lr_scheduler.StepLR,
        scheduler_params={"step_size": 1, "gamma": 0.9},
        **SMALL,
    )
    augment = RegressionSMOTE(p=0.2, device_name="cpu")
    model.fit(x, t, eval_set=[(x, t)], eval_metric=["mse"], augmentations=augment, **FIT)
    same("losses", model.history["loss"], rtol=1e-3)
    same("rates", model.history["lr"])


def test_multitask(same):
    x, y, _ = table()
    model = TabNetMultiTaskClassifier(**SMALL)
    model.fit(x, np.stack([y, 1 - y], 1), **FIT)
    same("losses", model.history["loss"], rtol=1e-3)


def test_pretraining(same):
    x, y, _ = table()
    first = TabNetPretrainer(**SMALL)
    first.fit(x, eval_set=[x], pretraining_ratio=0.5, **FIT)
    same("losses", first.history["loss"], rtol=1e-3)
    model = TabNetClassifier(**SMALL)
    # one epoch: batch norms over 32 rows make rounding errors ten times larger in each
    model.fit(x, y, from_unsupervised=first, **{**FIT, "max_epochs": 1})
    same("after", model.history["loss"], rtol=2e-3)


def test_explain(same):
    x, y, _ = table()
    model = TabNetClassifier(**SMALL)
    model.fit(x, y, **FIT)
    matrix, masks = model.explain(x[:20])
    same("matrix", matrix, rtol=1e-2, atol=1e-2)
    same("masks", {str(k): m for k, m in masks.items()}, rtol=1e-2, atol=1e-2)


def test_saved(tmp_path):
    x, y, _ = table()
    model = TabNetClassifier(**SMALL)
    model.fit(x, y, **FIT)
    path = model.save_model(str(tmp_path / "model"))
    copy = TabNetClassifier()
    copy.load_model(path)
    assert np.array_equal(copy.predict_proba(x), model.predict_proba(x))


def test_early_stopping():
    x, y, _ = table()
    model = TabNetClassifier(**SMALL)
    model.fit(x, y, eval_set=[(x, y)], patience=1, **{**FIT, "max_epochs": 30})
    assert len(model.history["loss"]) <= 30 and model.best_epoch <= 30
