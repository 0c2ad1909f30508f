"""The figures in print: tables for the terminal, docs/speed.md, and the lines about speed in README.md."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.results import Row, Speeds
from benchmarks.timing import median

ROOT = Path(__file__).parents[1]
PAGE, README = ROOT / "docs" / "speed.md", ROOT / "README.md"
MARKED = re.compile(r"(?<=<!-- speed: written by `make bench` -->\n).*?(?=<!-- end of speed -->)", re.DOTALL)
HEAD = """\
# Speed

This page is written by `make bench` from `docs/speed.json`, never by hand. The benchmark runs the harness beside C,
JAX, PyTorch (`torch.func`), NumPy, scikit-learn and Optuna, in turn, on the same machine; it takes over an hour.
`python -m benchmarks --only NAME` measures one row or target again; the others keep the date of their own run.
"""
METHOD = """\
A step is one sample: forward, backward, and its part of an update. Figures are medians of the rounds, in each of which
every contender of a row had its turn; ratios are medians of the rounds' ratios. Each network has its own learning rate;
all have the same 8 samples and initial weights. GFLOP/s count 4 m + outputs for a layer of m weights, and 2 m more for
each layer but the first; activation functions do not count. `fast` and `exact` are the two arithmetics of the harness.
"""
SUBNORMAL = """\
On Intel's processors an operation on a subnormal number takes some hundred cycles, and `exact` arithmetic cannot leave
such numbers out.
"""
WIDTH = 120
WHOLE = {"break_long_words": False, "break_on_hyphens": False}
FIRST, LARGE = "2-2-1 identity float64 one sample", "hundred million"
"""The row and the target that README.md quotes."""


class TextTable(NamedTuple):
    """A table in text. columns: their heads; those of numbers end in a colon."""

    title: str
    about: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def number(value: float) -> str:
    """Three digits, or all of a whole number's."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3g}"


def letters(results: Speeds) -> Sequence[tuple[str, Row]]:
    """The runs of the benchmark, each with the letter that stands for it in the tables."""
    return [(chr(ord("a") + i), run) for i, run in enumerate(results.runs)]


def letter(results: Speeds, row: Row) -> str:
    return next(name for name, run in letters(results) if run == row["run"])


def throughput(results: Speeds) -> TextTable:
    columns = ("network", "hidden", "dtype", "step", "fast:", "GFLOP/s:", "of peak:", "exact:", "GFLOP/s:", "JAX:")
    rows = []
    for row in results.rows.values():
        fast, exact, jax = (row["contenders"][name] for name in ("harness fast", "harness exact", "JAX"))
        about = [row[key] for key in ("network", "activation", "dtype", "step")]
        figures = [number(fast["steps"]), number(fast["gigaflops"]), f"{fast['of_peak']:.0%}"]
        figures += [number(exact["steps"]), number(exact["gigaflops"]), number(jax["steps"])]
        ratios = [number(jax["fast_over"]), f"{1 / exact['fast_over']:.2f}"]
        rows.append([*about, *figures, *ratios, letter(results, row)])
    about = "Million SGD steps a second of every network, activation, dtype and batch."
    return TextTable("Throughput", about, (*columns, "fast / JAX:", "exact / fast:", "run"), rows)


def simplest(results: Speeds) -> TextTable:
    columns = (
        "contender",
        "dtype",
        "M steps/s:",
        "GFLOP/s:",
        "fast over it:",
        "exact over it:",
        "its best setting",
        "run",
    )
    rows = []
    for row in results.rows.values():
        if "C fused" in row["contenders"]:
            for name, found in row["contenders"].items():
                figures = [number(found[key]) for key in ("steps", "gigaflops", "fast_over", "exact_over")]
                rows.append([name, row["dtype"], *figures, found["setting"], letter(results, row)])
    about = (
        "Million steps a second of 2-2-1 without activation functions, one sample a step. C fused is hand-written for "
        "this network and may do what `fast` may; C strict does the arithmetic of `exact`."
    )
    return TextTable("The smallest network, and everybody on it", about, columns, rows)


def targets(results: Speeds) -> TextTable:
    rows = []
    for found in results.targets.values():
        for row in found:
            bound = "none"
            if row["target"] is not None:
                bound = f"at {'least' if row['least'] else 'most'} {row['target']:g} {row['unit']}".rstrip()
            reached = f"{number(row['figure'])} {row['unit']}".rstrip() + ("" if row["met"] else " (missed)")
            rows.append([row["work"], bound, reached, row["how"], letter(results, row)])
    given = [row for found in results.targets.values() for row in found if row["target"] is not None]
    missed = sum(not row["met"] for row in given)
    about = f"{len(given) - missed} of {len(given)} targets are reached, {missed} are missed."
    return TextTable("Targets", about, ("work", "target", "reached:", "how", "run"), rows)


def printed(results: Speeds) -> list[TextTable]:
    """The tables that have rows."""
    return [table for table in (simplest(results), targets(results), throughput(results)) if table.rows]


def about_runs(results: Speeds) -> Iterator[str]:
    """A line for each run of the benchmark: its machine, and the peak that was measured beside it."""
    for name, run in letters(results):
        peaks: dict[str, list[float]] = {}
        for row in results.rows.values():
            if row["run"] == run:
                peaks.setdefault(row["dtype"], []).append(median(row["peak"]))
        peak = ", ".join(f"{number(median(of))} {dtype}" for dtype, of in peaks.items())
        about = f"{run['processor']}, {run['cores']} cores"
        about += "".join(f", {run[key]}" for key in ("system",) if run.get(key))
        about += f", vectors of {run['vectors']}" if run.get("vectors") else ""
        about += f". {run['versions']}" if run.get("versions") else ""
        about += f". {run['rounds']} rounds" if run["rounds"] > 1 else ""
        about += f". Peak: {peak} GFLOP/s of fused multiply-adds on all cores" if peak else ""
        yield f"- **{name}**: {run['date']}, commit {run['commit']}. {about}."


def show(results: Speeds, console: Console) -> None:
    """Print the tables."""
    for title, about, columns, rows in printed(results):
        table = Table(title=f"{title}. {about}", title_justify="left")
        for column in columns:
            table.add_column(column.rstrip(":"), justify="right" if column.endswith(":") else "left")
        for row in rows:
            table.add_row(*row)
        console.print(table)
    for line in about_runs(results):
        console.print(line)


def page(results: Speeds) -> str:
    """docs/speed.md: the tables and what they were measured on."""
    lines = [HEAD, "## What was measured where", "", *about_runs(results), "", METHOD]
    for title, about, columns, rows in printed(results):
        lines += [f"## {title}", "", about, "", f"| {' | '.join(column.rstrip(':') for column in columns)} |"]
        lines += ["|" + "|".join("---:" if column.endswith(":") else "---" for column in columns) + "|"]
        lines += [f"| {' | '.join(row)} |" for row in rows]
        lines += ["", *([SUBNORMAL] if title == "Targets" else [])]
    return "\n".join(lines)


def compared(ratio: float) -> str:
    """How a speed compares with another, in words."""
    return "as fast as" if f"{ratio:.2g}" == "1" else f"{number(ratio)} times as fast as"


def readme_lines(results: Speeds) -> Iterator[str]:
    """The lines about speed in README.md, as far as their rows were measured."""
    if row := results.rows.get(FIRST):
        of: dict[str, Any] = row["contenders"]
        run = row["run"]
        fast, exact = (f"{number(of[f'harness {name}']['steps'])} million" for name in ("fast", "exact"))
        yield (
            f"- The smallest network (2-2-1, float64, one sample a step) takes {fast} training steps a second in "
            f"`fast` arithmetic and {exact} in `exact` "
            f"({run['processor']}, {run['cores']} cores, {run['date']})."
        )
        others = ("JAX", "torch.func", "NumPy")
        over = [f"{number(of[name]['fast_over'])} times the speed of {name}" for name in others]
        yield (
            f"- In the same run that is {', '.join(over[:-1])} and {over[-1]}. "
            f"C written by hand for this one network is {compared(1 / of['C fused']['fast_over'])} `fast` and "
            f"{compared(1 / of['C strict']['exact_over'])} `exact`."
        )
    ratios = sorted(row["contenders"]["JAX"]["fast_over"] for row in results.rows.values())
    if ratios:
        yield (
            f"- Over {len(ratios)} combinations of network, activation, dtype and batch, `fast` is {number(ratios[0])} "
            f"to {number(ratios[-1])} times as fast as JAX, the median {number(median(ratios))} times."
        )
    for row in results.targets.get(LARGE, [])[:1]:
        yield f"- {row['how']} (`experiments/hundred_million.yaml`)."
    yield f"- {targets(results).about} [docs/speed.md](docs/speed.md) has all of them."


def readme(results: Speeds) -> str:
    """README.md with today's lines about speed."""
    text = README.read_text("utf-8")
    lines = (textwrap.fill(line, WIDTH, subsequent_indent="  ", **WHOLE) for line in readme_lines(results))
    return MARKED.sub("\n{}\n\n".format("\n".join(lines)).replace("\\", r"\\"), text)


def write(results: Speeds) -> None:
    """Write docs/speed.md, and the lines about speed in README.md."""
    README.write_text(readme(results), "utf-8")
    PAGE.write_text(page(results), "utf-8")
