"""The estimators beside scikit-learn's grid search over its own networks, and Optuna's search over them."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import GridSearchCV, ParameterGrid, cross_val_score, train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.reached import Reached
from benchmarks.timing import Effort, interleaved, median, ratio, seconds
from harness.experiment.axes.spacing import geomspace
from harness.sklearn import SweepClassifier, SweepRegressor
from harness.sweeps import local

HIDDEN, BATCH, FOLDS = 16, 16, 5
SPLITS, TRIALS, TESTED = 20, 30, 0.3
"""How often rows are divided anew, the settings that Optuna tries for each, and the share of the rows that test."""
FITS = 24
"""How many settings scikit-learn's speed is measured on: its time is that of its fits, whatever grid they are of."""
SMALL: Mapping[str, list[float]] = {
    "learning_rate": [0.001, 0.003, 0.01, 0.03],
    "weight_decay": [0.001, 0.03],
    "epochs": [10, 30, 100],
}
"""The grid that all choose from where their scores are compared; for Optuna, its bounds."""


class DataSet(NamedTuple):
    """loss: of the harness, where it is scikit-learn's. shrink: how much smaller its grids are, for its size."""

    name: str
    loss: str
    shrink: int = 1

    @property
    def kind(self) -> type[Any]:
        return SweepRegressor if self.loss == "half_mse" else SweepClassifier

    @property
    def rows(self) -> tuple[Any, Any]:
        from sklearn import datasets

        found: tuple[Any, Any] = getattr(datasets, f"load_{self.name}")(return_X_y=True)
        return found


SETS = (
    DataSet("wine", "cross_entropy"),
    DataSet("breast_cancer", "bce"),
    DataSet("diabetes", "half_mse"),
    DataSet("digits", "cross_entropy", shrink=2),
)


def network(loss: str, **settings: Any) -> Any:
    """Scikit-learn's network with the harness's settings: its `alpha` is divided by the batch, and spares biases."""
    about = {
        "hidden_layer_sizes": (HIDDEN,),
        "activation": "tanh",
        "batch_size": BATCH,
        "tol": 0.0,
        "n_iter_no_change": 10**9,
    }
    return (MLPRegressor if loss == "half_mse" else MLPClassifier)(**about | settings)


def theirs(point: Mapping[str, float], batch: int = BATCH) -> dict[str, Any]:
    """A point of a grid of ours by the names, and in the units, of scikit-learn."""
    rate, decay, epochs = (point[name] for name in SMALL)
    return {"learning_rate_init": float(rate), "alpha": float(decay * batch), "max_iter": int(epochs)}


def scaled(loss: str, made: Any) -> Any:
    """What standardizes as the harness does: inputs, and numbers that are predicted."""
    pipe = make_pipeline(StandardScaler(), made)
    return TransformedTargetRegressor(pipe, transformer=StandardScaler()) if loss == "half_mse" else pipe


def ours(data: DataSet, grid: Mapping[str, Any], seed: int = 0, **more: Any) -> Any:
    """The estimator of the harness on a grid."""
    layers = {"layers": [["auto", HIDDEN, "auto"]], "decay_biases": False}
    return data.kind({**layers, "loss": data.loss, **grid, **more}, folds=FOLDS, seed=seed)


def search(data: DataSet, points: list[Mapping[str, float]], seed: int = 0) -> Any:
    """Scikit-learn's search over these points, on all processors."""
    prefix = "regressor__mlpregressor__" if data.loss == "half_mse" else "mlpclassifier__"
    asked = [{prefix + name: [value] for name, value in theirs(point).items()} for point in points]
    made = scaled(data.loss, network(data.loss, random_state=seed))
    return GridSearchCV(made, asked, cv=FOLDS, n_jobs=local.processors())


def optuna_search(data: DataSet, trials: int, seed: int, inputs: Any, targets: Any) -> Any:
    """What Optuna comes to in so many trials, each scored on folds, trained on all rows."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    rates, decays, epochs = SMALL.values()

    def made(trial: Any) -> Any:
        rate = trial.suggest_float("learning_rate", rates[0], rates[-1], log=True)
        decay = trial.suggest_float("weight_decay", decays[0], decays[-1], log=True)
        count = trial.suggest_int("epochs", epochs[0], epochs[-1])
        point = {"learning_rate": rate, "weight_decay": decay, "epochs": count}
        return scaled(data.loss, network(data.loss, random_state=seed, **theirs(point)))

    def score(trial: Any) -> float:
        return float(cross_val_score(made(trial), inputs, targets, cv=FOLDS, n_jobs=local.processors()).mean())

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    study.optimize(score, n_trials=trials)
    return made(study.best_trial).fit(inputs, targets)


@contextmanager
def quietly() -> Iterator[None]:
    """Without scikit-learn's remark that it has come to the last epoch, here and in its workers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = os.environ.get("PYTHONWARNINGS")
        os.environ["PYTHONWARNINGS"] = "ignore"
        try:
            yield
        finally:
            os.environ.pop("PYTHONWARNINGS") if before is None else os.environ.update(PYTHONWARNINGS=before)


def speeds(effort: Effort) -> list[Reached]:
    """Fits a second, a fit being one setting on one fold."""
    return [_speed(data, arithmetic, effort) for data in SETS for arithmetic in ("exact", "fast")]


def _speed(data: DataSet, arithmetic: str, effort: Effort) -> Reached:
    sizes = (effort.size(16 // data.shrink, 2), effort.size(8 // data.shrink, 2), effort.size(10, 2))
    grid = {
        "learning_rate": geomspace(0.001, 0.03, sizes[0]).tolist(),
        "weight_decay": geomspace(0.001, 0.1, sizes[1]).tolist(),
        "epochs": [effort.size(10, 1) * number for number in range(1, sizes[2] + 1)],
    }
    points = list(ParameterGrid(grid))
    some = [points[at] for at in np.random.default_rng(0).permutation(len(points))[: effort.size(FITS, 2)]]
    kinds = {"arithmetic": arithmetic, "dtype": "float64" if arithmetic == "exact" else "float32"}
    rows = data.rows
    jobs = {
        "harness": partial(ours(data, grid, **kinds).fit, *rows),
        "scikit-learn": partial(search(data, some).fit, *rows),
    }
    with quietly():
        ours(data, {**grid, "epochs": 1, "learning_rate": 0.01}, **kinds).fit(*rows)  # compiles
        search(data, some[:1]).fit(*rows)  # starts the workers
        times = interleaved({name: partial(seconds, job) for name, job in jobs.items()}, min(effort.rounds, 3))
    rates = {name: list(FOLDS * len(of) / np.array(times[name])) for name, of in zip(jobs, (points, some), strict=True)}
    return Reached(
        f"{data.name}, {len(rows[0]):,} rows, {HIDDEN} hidden units, adam, {FOLDS} folds, {arithmetic} "
        f"{kinds['dtype']}: times the fits a second of GridSearchCV",
        100,
        True,
        ratio(rates["harness"], rates["scikit-learn"]),
        "x",
        f"{median(rates['harness']):,.0f} fits a second, from `fit(X, y)` to the network trained on all rows, over "
        f"{len(points):,} settings; GridSearchCV over scikit-learn's MLP, {local.processors()} workers, "
        f"{median(rates['scikit-learn']):.1f} on {len(some)} of them",
    )


def many(effort: Effort) -> list[Reached]:
    """The time of a hundred thousand settings."""
    sizes = (effort.size(200, 2), effort.size(25, 2), effort.size(20, 2))
    grid = {
        "learning_rate": {"geomspace": [0.001, 0.1, sizes[0]]},
        "weight_decay": {"geomspace": [0.0001, 0.1, sizes[1]]},
        "epochs": [5 * number for number in range(1, sizes[2] + 1)],
    }
    fitted = ours(SETS[0], grid)
    took = [seconds(partial(fitted.fit, *SETS[0].rows)) for _ in range(min(effort.rounds, 2))][-1]
    settings = len(fitted.cv_results_)
    return [
        Reached(
            f"SweepClassifier on wine, {settings:,} settings x {FOLDS} folds: seconds",
            60,
            False,
            took,
            "s",
            f"{sizes[0]} learning rates, {sizes[1]} weight decays, {sizes[2]} numbers of epochs up to "
            f"{5 * sizes[2]}; exact float64, kernels cached; all settings ranked, the best trained on all rows",
        )
    ]


def scores(effort: Effort) -> list[Reached]:
    """Scores on rows that nobody saw, split by split the same, and the time that each takes to choose."""
    return [row for data in SETS for row in _scores(data, effort)]


def _scores(data: DataSet, effort: Effort) -> list[Reached]:
    grid = {name: values[:: data.shrink] for name, values in SMALL.items()}
    grid = {name: values[: effort.size(len(values), 1)] for name, values in grid.items()}
    points, trials = list(ParameterGrid(grid)), effort.size(TRIALS, 2)
    contenders: dict[str, Callable[[int], Callable[[Any, Any], Any]]] = {
        "harness": lambda seed: ours(data, grid, seed).fit,
        f"GridSearchCV on the same {len(points)} settings": lambda seed: search(data, points, seed).fit,
    }
    if data.shrink == 1:
        contenders[f"Optuna in {trials} trials"] = lambda seed: partial(optuna_search, data, trials, seed)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
    inputs, targets = data.rows
    classes = None if data.loss == "half_mse" else targets
    ours(data, grid).fit(inputs, targets)  # compiles
    with quietly():
        for split in range(effort.size(SPLITS, 2)):
            known, unseen, learnt, answers = train_test_split(
                inputs, targets, test_size=TESTED, random_state=split, stratify=classes
            )
            for name, fit in contenders.items():
                started = time.perf_counter()
                fitted = fit(split)(known, learnt)
                found[name].append((time.perf_counter() - started, fitted.score(unseen, answers)))
    return [row for rival in list(contenders)[1:] for row in _against(data, rival, found["harness"], found[rival])]


def _against(
    data: DataSet, rival: str, own: list[tuple[float, float]], others: list[tuple[float, float]]
) -> list[Reached]:
    """The harness against another, split by split. Each has (seconds, score)."""
    (took, score), (took_by, score_by) = (np.array(some).T for some in (own, others))
    gained = score - score_by
    error = float(np.std(gained, ddof=1) / np.sqrt(len(gained)))
    measure = "R2" if data.loss == "half_mse" else "accuracy"
    work = f"{data.name}, {len(own)} splits, {measure} on the {TESTED:.0%} of the rows that are kept aside"
    how = (
        f"mean {score.mean():.4f} against {score_by.mean():.4f}, a difference of {gained.mean():+.4f}; better on "
        f"{int((gained > 0).sum())} splits, worse on {int((gained < 0).sum())}"
    )
    times = f"medians of {median(took):.2f} s against {median(took_by):.2f} s, from `fit` to the network"
    return [
        Reached(f"{work}: above {rival}, in standard errors", -2, True, float(gained.mean()) / (error or 1.0), "", how),
        Reached(f"{data.name}: times the speed of {rival}", 1, True, ratio(list(took_by), list(took)), "x", times),
    ]
