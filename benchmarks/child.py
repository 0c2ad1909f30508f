"""What a new process does for `benchmarks.processes`: one job, named on the command line, and its figures as JSON."""

from __future__ import annotations

import json
import re
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROWS = [[0.1, 0.2, 0.3], [0.2, -0.1, 0.4], [-0.3, 0.1, -0.2], [0.2, 0.2, 0.1]] * 2


def experiment(layers: Any, parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": "child",
        "network": {"activation": "tanh"},
        "data": {"rows": ROWS},
        "parameters": {"layers": layers, "init": "xavier_uniform", **parameters},
    }


def first(units: int) -> dict[str, float]:
    """Seconds from before the import to the first result of 3-units-1, and those of the engine alone."""
    started = time.perf_counter()
    from harness.experiment import load
    from harness.sweeps.plan import Plan

    parameters = {"learning_rate": {"geomspace": [1e-4, 0.1, 1000]}, "epochs": 10}
    plan = Plan(load(experiment([[3, units, 1]], parameters) | {"data": {"rows": [[*row, 0.5] for row in ROWS]}}))
    block = plan.blocks[0]
    runs, _ = plan.asked(block)
    ready = time.perf_counter()
    plan.train(runs)
    done = time.perf_counter()
    return {"harness": done - started, "engine": done - ready}


def structures(count: int, runs: int) -> dict[str, float]:
    """A sweep over so many structures."""
    layers = [[2, units, 1] for units in range(1, count + 1)]
    return _sweep(experiment(layers, {"learning_rate": {"geomspace": [1e-4, 0.1, runs]}, "epochs": 10}))


def rows(count: int) -> dict[str, float]:
    """A sweep of so many rows, a multiple of 100; megabytes: the most this process held."""
    sizes = {"learning_rate_1": 100, "learning_rate_2": count // 100}
    axes = {key: {"geomspace": [1e-4, 0.1, size]} for key, size in sizes.items()}
    return _sweep(experiment([[2, 2, 1]], {**axes, "epochs": 1}))


def planning(rows: int) -> dict[str, float]:
    """A plan of about so many rows."""
    from harness.experiment import load
    from harness.sweeps.plan import Plan

    side = {"geomspace": [1e-4, 1, round(rows**0.5)]}
    started = time.perf_counter()
    mapping = experiment([[2, 2, 1]], {"learning_rate_1": side, "learning_rate_2": side, "epochs": 1})
    plan = Plan(load(mapping | {"run_cap": 10**13}))
    blocks = len(plan.parts)
    return {"seconds": time.perf_counter() - started, "blocks": blocks, "megabytes": most_memory() / 2**20}


def file(path: str, results: str) -> dict[str, float]:
    """A sweep of an experiment file into a folder: its rows and seconds, and the most this process held."""
    from harness.experiment import load
    from harness.sweeps import run

    ran = run.sweep(load(path), results)
    return {"rows": ran.plan.rows, "seconds": ran.seconds, "megabytes": most_memory() / 2**20}


def samples(count: int) -> dict[str, float]:
    """A sweep over so many samples, ten epochs of each."""
    rates = {"learning_rate": {"geomspace": [1e-4, 0.1, 100]}, "epochs": 10}
    return _sweep(experiment([[2, 4, 1]], rates) | {"data": {"generate": "circle", "samples": count}})


def recorded(runs: int, results: str) -> dict[str, float]:
    """A sweep of so many runs, a multiple of 125, with four rows and four points of loss curves each."""
    from harness.experiment import load
    from harness.sweeps import run

    mapping = experiment(
        [[2, 2, 1]],
        {
            "learning_rate_1": {"geomspace": [1e-2, 0.2, 5]},
            "learning_rate_2": {"geomspace": [1e-3, 1, runs // 125]},
            "epochs": [0, 1, 10, 100],
            "init": {"normal": {"std": 0.5}},
        },
    )
    more = {"repeats": 25, "run_cap": 10**9, "record": {"losses": {"every": 25}}}
    ran = run.sweep(load(mapping | more | {"data": {"rows": [[1, 1, 1]]}, "network": {}}), results)
    return {"rows": ran.plan.rows, "seconds": ran.seconds, "megabytes": most_memory() / 2**20}


def draw(kind: str, folder: str) -> dict[str, float]:
    """A picture of a folder, or its report, or what a notebook shows of it: its seconds, and what the process held."""
    from harness.views import plots
    from harness.views.report import page
    from harness.views.results import Results

    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        if kind == "page":
            Results(folder)._repr_html_()
        elif kind == "report":
            page.write(folder, str(Path(name, "report.html")))
        else:
            plots.write(folder, str(Path(name, "picture.png")), kind)
    return {"seconds": time.perf_counter() - started, "megabytes": most_memory() / 2**20}


def _sweep(mapping: dict[str, Any]) -> dict[str, float]:
    import harness

    with tempfile.TemporaryDirectory() as results:
        harness.sweep(mapping, results)
    return {"megabytes": most_memory() / 2**20}


def most_memory() -> int:
    """The most bytes this process held.

    On Linux getrusage does not say: a new process begins with its parent's figure, whose memory it shares until it
    executes a program of its own.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"^VmHWM:\s*(\d+) kB$", status.read_text("utf-8"), re.MULTILINE)[1]) * 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 2**10)


JOBS = {
    "first": first,
    "structures": structures,
    "rows": rows,
    "samples": samples,
    "planning": planning,
    "file": file,
    "recorded": recorded,
    "draw": draw,
}

if __name__ == "__main__":
    job, *words = sys.argv[1:]
    print(json.dumps(JOBS[job](*(int(word) if word.isdigit() else word for word in words))))
