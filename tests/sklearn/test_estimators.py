"""rushlight.sklearn: scikit-learn's own checks of estimators, and what people do with them."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits, load_iris, make_regression
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import rushlight as rl
from rushlight import nn
from rushlight.sklearn import Classifier, Regressor

pytestmark = pytest.mark.filterwarnings("ignore")  # scikit-learn's checks try what warns


@parametrize_with_checks([Classifier(), Regressor(), Classifier(validation=0.1, patience=5)])
def test_check_estimator(estimator, check):
    check(estimator)


def test_digits():
    x, y = load_digits(return_X_y=True)
    a, b, c, d = train_test_split(x, y, random_state=0)
    net = Classifier(hidden=(64,), epochs=15, random_state=0).fit(a, c)
    assert net.score(b, d) > 0.95
    shares = net.predict_proba(b)
    np.testing.assert_allclose(shares.sum(1), 1)
    assert [row["epoch"] for row in net.history_] == list(range(1, 16))
    again = pickle.loads(pickle.dumps(net))
    np.testing.assert_array_equal(again.predict_proba(b), shares)
    np.testing.assert_array_equal(clone(net).fit(a, c).predict_proba(b), shares)


def test_a_search_over_a_pipeline_with_labels_that_are_words():
    x, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    net = make_pipeline(StandardScaler(), Classifier(epochs=20, random_state=0))
    search = GridSearchCV(net, {"classifier__lr": [1e-5, 1e-2]}, cv=3).fit(x, names)
    assert search.best_params_ == {"classifier__lr": 1e-2} and search.best_score_ > 0.9
    assert set(search.predict(x[:3])) == {"setosa"}


def test_regression():
    x, y = load_diabetes(return_X_y=True)
    assert cross_val_score(Regressor(epochs=20, random_state=0), x, y, cv=3).mean() > 0.35
    x, y = make_regression(200, 5, n_targets=3, random_state=0)
    net = Regressor(epochs=60, lr=1e-2, random_state=0).fit(x, y)
    assert net.predict(x).shape == (200, 3) and net.score(x, y) > 0.95


def test_modules_of_ones_own_and_the_generator():
    x, y = load_iris(return_X_y=True)
    before = rl.get_rng_state()
    module = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
    after = rl.get_rng_state()
    kept = [p.clone() for p in module.parameters()]
    net = Classifier(module, epochs=30, lr=1e-2, random_state=0).fit(x, y)
    assert net.score(x, y) > 0.9
    assert all(rl.equal(a, b) for a, b in zip(kept, module.parameters(), strict=True))
    made = Classifier(lambda m, k: nn.Linear(m, k), epochs=30, lr=1e-1, random_state=0).fit(x, y)
    assert made.score(x, y) > 0.9 and isinstance(made.module_, nn.Linear)
    assert rl.equal(rl.get_rng_state(), after) and not rl.equal(before, after)
    with pytest.raises(TypeError, match="module is a str"):
        Classifier("mlp").fit(x, y)
    with pytest.raises(ValueError, match="validation is 2"):
        Classifier(validation=2).fit(x, y)
