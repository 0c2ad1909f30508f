"""The commands that help to choose among settings: best, importance, compare."""

from __future__ import annotations

import click

from harness.cli import completing, printing
from harness.cli.options import folder_argument, parse_settings, where_option
from harness.cli.output import say
from harness.cli.printing import one_line_errors

by_option = click.option(
    "--by",
    metavar="COLUMN",
    shell_complete=completing.scores,
    help="The score that settings are judged by. Left out, validation_accuracy, validation_r2, validation_loss or, "
    "where no samples are kept for validation, the training loss: the first that is there.",
)


@click.command()
@folder_argument
@by_option
@click.option(
    "--top", type=click.IntRange(1), default=10, show_default=True, metavar="N", help="Print so many settings."
)
@where_option
@one_line_errors
def best(folder: str, by: str | None, top: int, where: tuple[str, ...]) -> None:
    """Rank the settings of a sweep by a score.

    A setting is what the swept parameters are, epochs included; its rows only repeat it, with other initial weights or
    on other folds of the data. Settings are ranked by their medians, a row that diverged being worse than any other;
    of equal ones that of less loss comes first. The spread is that of the middle half of the rows, and the config the
    row that is nearest to the median. Nothing is ranked by the test part: its scores are printed for the first setting.

    \b
    Example:
      harness best results/learning-rate
      harness best results/mine --by validation_loss --top 3 --where epochs=100
    """
    from harness.views.choosing.best import heading, on_test
    from harness.views.results import Results

    found = Results(folder).best(by, top, parse_settings(where, "--where"))
    say(f"{heading(found)}: {found.attrs['by']}, the median over the rows of a setting")
    printing.table(found)
    if told := on_test(found):
        say(f"the first on the test part: {told}")


@click.command()
@folder_argument
@by_option
@where_option
@one_line_errors
def importance(folder: str, by: str | None, where: tuple[str, ...]) -> None:
    """Tell which parameters decide a score.

    Prints the share that each parameter, and each pair beyond its two, has in the variance of the score over settings
    (functional ANOVA); the score of a setting is its mean over repeats and folds. On a full grid the shares are exact;
    where settings are missing or rows diverged they are estimated from what is there, which is said.

    \b
    Example:
      harness importance results/learning-rate --where epochs=1000
    """
    from harness.views.choosing.importance import title
    from harness.views.results import Results

    found = Results(folder).importance(by, parse_settings(where, "--where"))
    say(title(found))
    printing.table(found.assign(share=found["share"].map("{:>6.1%}".format)))
    if found.attrs["estimated"]:
        say(found.attrs["estimated"])


@click.command()
@folder_argument
@click.argument("other", required=False, shell_complete=completing.folders)
@by_option
@where_option
@click.option("--first", multiple=True, metavar="KEY=VALUE", help="Take only rows with this value as the first.")
@click.option("--second", multiple=True, metavar="KEY=VALUE", help="Take only rows with this value as the second.")
@one_line_errors
def compare(folder: str, other: str | None, by: str | None, where: tuple[str, ...], **sides: tuple[str, ...]) -> None:
    """Compare two sweeps, or two settings of one, seed by seed.

    The first are rows of FOLDER, the second rows of OTHER, or of FOLDER again if there is no OTHER. Two rows are a pair
    if they have the same repeat, fold and other parameters, so that both began with the same initial weights. Prints
    how many pairs there are, the median of their differences, and how often the second is better.

    \b
    Example:
      harness compare results/learning-rate --first learning_rate=0.01 --second learning_rate=0.1
      harness compare results/question results/question-adam --where epochs=10
    """
    from harness.views.choosing.compare import Side, compare
    from harness.views.choosing.settings import rising
    from harness.views.numbers import printed
    from harness.views.report.summary import percent
    from harness.views.results import Results

    both = parse_settings(where, "--where")
    held = {name: both | parse_settings(given, f"--{name}") for name, given in sides.items()}
    results = Results(folder)
    found = compare(
        Side(results, held["first"], "--first"),
        Side(Results(other) if other else results, held["second"], "--second"),
        by,
    )
    shares = {
        name: f"{count:,} ({percent(count, found.n)})"
        for name, count in (
            ("second_better", found.better),
            ("first_better", found.worse),
            ("equal", found.n - found.better - found.worse),
        )
    }
    printing.pairs(
        score=f"{found.by}, of which {'more' if rising(found.by) else 'less'} is better",
        pairs=f"{found.n:,}, of the same {', '.join(found.paired)}",
        median_difference=f"{printed(found.difference)} (second - first)",
        **shares,
        diverged="{:,} of the first, {:,} of the second".format(*found.diverged),
    )


COMMANDS = (best, importance, compare)
