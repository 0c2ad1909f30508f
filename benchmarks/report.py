"""The results in print: tables for the terminal, and the same in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.timing import median

Results = Mapping[str, Any]


class Printed(NamedTuple):
    """A table in text. columns: their heads; those of numbers end in a colon."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def number(value: float) -> str:
    """Three digits, or all of a whole number's."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.3g}"


def throughput(results: Results) -> Printed:
    columns = ("network", "hidden", "dtype", "step", "fast:", "GFLOP/s:", "of peak:", "exact:", "GFLOP/s:", "JAX:")
    rows = []
    for row in results["rows"]:
        fast, exact, jax = (row["contenders"][name] for name in ("harness fast", "harness exact", "JAX"))
        about = [row[key] for key in ("network", "activation", "dtype", "step")]
        figures = [number(fast["steps"]), number(fast["gigaflops"]), f"{fast['of_peak']:.0%}"]
        figures += [number(exact["steps"]), number(exact["gigaflops"]), number(jax["steps"])]
        ratios = [number(jax["fast_over"]), f"{1 / exact['fast_over']:.2f}"]
        rows.append([*about, *figures, *ratios])
    return Printed("Million SGD steps a second", (*columns, "fast / JAX:", "exact / fast:"), rows)


def simplest(results: Results) -> Printed:
    columns = ("contender", "dtype", "M steps/s:", "GFLOP/s:", "fast over it:", "exact over it:", "its best setting")
    rows = []
    for row in results["rows"]:
        if "C fused" in row["contenders"]:
            for name, found in row["contenders"].items():
                figures = [number(found[key]) for key in ("steps", "gigaflops", "fast_over", "exact_over")]
                rows.append([name, row["dtype"], *figures, found["setting"]])
    return Printed("2-2-1, identity, one sample a step", columns, rows)


def targets(results: Results) -> Printed:
    rows = []
    for row in results["targets"]:
        bound = f"at {'least' if row['least'] else 'most'} {row['target']:g} {row['unit']}"
        reached = f"{number(row['figure'])} {row['unit']}{'' if row['met'] else ' (missed)'}"
        rows.append([row["work"], bound, reached, row["how"]])
    return Printed("Targets", ("work", "target", "reached:", "how"), rows)


def printed(results: Results) -> list[Printed]:
    """The tables that have rows."""
    return [table for table in (throughput(results), simplest(results), targets(results)) if table.rows]


def notes(results: Results) -> list[str]:
    """What the figures are of."""
    machine = results["machine"]
    peaks: dict[str, list[float]] = {}
    for row in results["rows"]:
        peaks.setdefault(row["dtype"], []).extend(row["peak"])
    made = [
        f"{machine['processor']}, {machine['cores']} cores, vectors of {machine['vectors']}, {machine['system']}, "
        f"{machine['date']}. {machine['versions']}.",
        f"Medians of {results['rounds']} rounds, in each of which every contender of a row had its turn; ratios are "
        "medians of the rounds' ratios. A step is one sample: forward, backward and its part of an update. Each "
        "network has its own learning rate; all have the same 8 samples and initial weights. Fast and exact are the "
        "harness's two arithmetics.",
    ]
    if peaks:
        found = ", ".join(f"{number(median(of))} {dtype}" for dtype, of in peaks.items())
        made.append(
            f"Peak: {found} GFLOP/s of fused multiply-adds on all processors. GFLOP/s count 4 m + outputs for a layer "
            "of m weights, and 2 m more for each layer but the first; activation functions do not count."
        )
    return made


def show(results: Results, console: Console) -> None:
    """Print the tables."""
    for title, columns, rows in printed(results):
        table = Table(title=title, title_justify="left")
        for column in columns:
            table.add_column(column.rstrip(":"), justify="right" if column.endswith(":") else "left")
        for row in rows:
            table.add_row(*row)
        console.print(table)
    for note in notes(results):
        console.print(note)


def markdown(results: Results) -> str:
    """The tables and what they were measured on."""
    lines = ["# Benchmarks", "", "Written by `make bench`.", ""]
    for note in notes(results):
        lines += [note, ""]
    for title, columns, rows in printed(results):
        lines += [f"## {title}", "", f"| {' | '.join(column.rstrip(':') for column in columns)} |"]
        lines += ["|" + "|".join("---:" if column.endswith(":") else "---" for column in columns) + "|"]
        lines += [f"| {' | '.join(row)} |" for row in rows]
        lines += [""]
    return "\n".join(lines)
