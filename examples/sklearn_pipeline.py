"""A net of rushlight inside scikit-learn: a pipeline, a search over settings, a test at the end.

    pip install 'rushlight[sklearn]'
    python examples/sklearn_pipeline.py

The data are scikit-learn's own: 569 tumours, 30 measurements of each, benign or malignant. Missing
values are put in, so that the pipeline has something to mend. Writes search.svg (the accuracy of
each setting in cross-validation) and numbers.json.
"""

import argparse
import json
import time
from pathlib import Path

import drawing
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from rushlight.sklearn import Classifier


def pipeline(last):
    """Missing values become the median, columns mean 0 and deviation 1; then `last`."""
    return make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), last)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=30, help="of each net; default: 30")
    parser.add_argument("--folds", type=int, default=4, help="of the cross-validation; default: 4")
    parser.add_argument("--jobs", type=int, default=1, help="processes of the search; default: 1")
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    parser.add_argument("--out", type=Path, default=Path("runs/sklearn"), help="runs/sklearn")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)

    x, y = load_breast_cancer(return_X_y=True)
    holes = np.random.default_rng(options.seed).random(x.shape) < 0.02
    x[holes] = np.nan
    parts = train_test_split(x, y, test_size=0.25, stratify=y, random_state=options.seed)
    x, test_x, y, test_y = parts
    print(
        f"{len(x)} tumours to learn from, {len(test_x)} to test with, {holes.sum()} values missing"
    )

    net = pipeline(Classifier(epochs=options.epochs, random_state=options.seed))
    settings = {
        "classifier__hidden": [(), (16,), (64,), (64, 32)],
        "classifier__lr": [1e-3, 3e-3, 1e-2],
    }
    folds = StratifiedKFold(options.folds, shuffle=True, random_state=options.seed)
    search = GridSearchCV(net, settings, cv=folds, n_jobs=options.jobs)
    begin = time.perf_counter()
    search.fit(x, y)
    seconds = time.perf_counter() - begin
    scores = search.cv_results_["mean_test_score"]
    hidden, rates = settings.values()
    table = scores.reshape(len(hidden), len(rates))  # the last setting runs first
    print(f"{len(scores)} settings, {options.folds} folds each: {seconds:.1f} s")
    print(f"best in cross-validation: {search.best_score_:.3f} with {search.best_params_}")

    tests = {}
    for name, model in {
        "always benign": pipeline(DummyClassifier()),
        "logistic regression of scikit-learn": pipeline(LogisticRegression()),
        "net found by the search": search.best_estimator_,
    }.items():
        if name != "net found by the search":
            model.fit(x, y)
        area = roc_auc_score(test_y, model.predict_proba(test_x)[:, 1])
        tests[name] = [model.score(test_x, test_y), area]
        print(f"test accuracy {tests[name][0]:.3f}, area under the curve {area:.4f}  {name}")
    rows = ["no hidden layer" if not h else "hidden " + ", ".join(map(str, h)) for h in hidden]
    columns = [f"rate {rate:g}" for rate in rates]
    title = f"Accuracy in cross-validation, {options.folds} folds"
    drawing.heat(options.out / "search.svg", table, rows, columns, title, form="{:.3f}")
    numbers = {"scores": scores.tolist(), "tests": tests}
    (options.out / "numbers.json").write_text(json.dumps(numbers, indent=1))


if __name__ == "__main__":
    main()
