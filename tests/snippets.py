"""Run the commands and programs of a page of the documentation, in order, and compare what they print.

`python -m tests.snippets` writes into every page what its snippets print today; look at the difference before you
commit it. The fences say what a block is:

console  `$ harness ..` or `$ make ..`, each followed by what it prints on standard output; a last line `...` stands
         for the lines that are left out
python   a program; all of a page share their variables, and a `text` block right behind one is what it prints
yaml     an experiment, written to the file that its first line names: `# rates.yaml`
sh       commands that a test cannot run (they install, or need a cluster); the harness's own are parsed
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import click
from click.testing import CliRunner

from harness.cli import main
from tests.support import ROOT

DEFAULT = "results/learning-rate"
"""Where the default sweep lies, which the pages share."""
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
BETWEEN = "```\n\n```text\n"
"""What stands between a program and what it prints."""
NAMED = re.compile(r"# ([\w-]+\.yaml)\n")
NEEDS = {"estimators": ("sklearn",), "six-commands": ("onnx", "onnxruntime")}
"""What the snippets of a page need beside the harness: packages that not every environment for tests has."""
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


class Fenced(NamedTuple):
    """A fenced block: its language, its text, and where the text lies in the page."""

    language: str
    text: str
    start: int
    stop: int

    @property
    def program(self) -> str:
        """The text without what is printed."""
        lines = self.text.splitlines(keepends=True)
        return "".join(line for line in lines if self.language != "console" or line.startswith("$ "))


class Printout(NamedTuple):
    """What a block says is printed, what was printed, and where the first lies in the page."""

    command: str
    expected: str
    found: str
    start: int
    stop: int


def blocks(page: str) -> list[Fenced]:
    return [Fenced(found[1], found[2], found.start(2), found.end(2)) for found in FENCE.finditer(page)]


def make(*words: str) -> str:
    """What make prints, also when it is called from within make."""
    command = ["make", "--no-print-directory", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def harness_words(command: str) -> list[str]:
    """The arguments of `harness` in a command; a target of make stands for the command that make says it runs."""
    words = shlex.split(command)
    if words[0] == "make":
        words = ["harness", *shlex.split(make("-n", *words[1:]).splitlines()[-1])[1:]]
    assert words[0] == "harness", f"{command}: not a command of the harness"
    return words[1:]


def run(command: str, folder: Path) -> str:
    """What a command prints on standard output in this folder. Its time on the way goes to standard error."""
    with contextlib.chdir(folder):
        result = CliRunner().invoke(main, harness_words(command), catch_exceptions=False, terminal_width=80)
    assert result.exit_code == 0, f"{command}: {result.output}"
    return result.stdout


def parse(command: str) -> None:
    """Check the options of a command that is not run. Raises click.ClickException."""
    group: click.Command = main
    words = harness_words(command)
    context = main.make_context("harness", list(words))
    if isinstance(group, click.Group) and words and not words[0].startswith("-"):
        _, found, rest = group.resolve_command(context, words)
        assert found is not None, command
        found.make_context(found.name, rest, parent=context)


def normal(text: str) -> str:
    """The text without what differs from run to run: seconds and speeds, but not their words; and estimates of time.

    An estimate depends on the processors, and says what is to be compiled only until it is.
    """
    lines = []
    for line in text.rstrip().splitlines():
        if line.startswith("time  "):
            lines.append("time")
            continue
        timed = re.search(r"\d (s|seconds|minutes)\b|a second\b", line)
        lines.append(re.sub(r" *[\d,.]*\d\b", " N", line).rstrip() if timed else line.rstrip())
    return "\n".join(lines)


def same(expected: str, found: str) -> bool:
    """Whether a block says what is printed."""
    told, printed = normal(expected).splitlines(), normal(found).splitlines()
    if told and told[-1] == "...":
        told, printed = told[:-1], printed[: len(told) - 1]
    return told == printed


def cut(expected: str, found: str) -> str:
    """What was printed, as many lines as the block shows if it leaves some out."""
    told, printed = expected.rstrip().splitlines(), [line.rstrip() for line in found.rstrip().splitlines()]
    if told and told[-1] == "...":
        printed = [*printed[: len(told) - 1], "..."]
    return "".join(f"{line}\n" for line in printed)


class Guide:
    """A page that is run in a folder of its own. shared: a folder with experiments/ and the default sweep's results."""

    def __init__(self, path: Path, folder: Path, shared: Path) -> None:
        self.text = path.read_text("utf-8")
        self.folder, self.shared = folder, shared
        self.variables: dict[str, Any] = {}
        shutil.copytree(shared / "experiments", folder / "experiments")

    def printed(self) -> Iterator[Printout]:
        """Run every block, in order."""
        found = blocks(self.text)
        for i, block in enumerate(found):
            if DEFAULT in block.program and not (self.folder / DEFAULT).exists():
                shutil.copytree(self.shared / DEFAULT, self.folder / DEFAULT, copy_function=os.link)
            if block.language == "console":
                yield from self._console(block)
            elif block.language == "python":
                printed = self._program(block.text)
                if after := [one for one in found[i + 1 : i + 2] if self.text[block.stop : one.start] == BETWEEN]:
                    yield Printout(block.text, after[0].text, printed, after[0].start, after[0].stop)
            elif block.language == "yaml" and (name := NAMED.match(block.text)):
                (self.folder / name[1]).write_text(block.text, "utf-8")
            elif block.language in ("sh", "bash"):
                self._not_run(block.text)

    def _console(self, block: Fenced) -> Iterator[Printout]:
        assert block.text.startswith("$ "), block.text
        at = block.start
        for piece in re.split(r"^(?=\$ )", block.text, flags=re.MULTILINE)[1:]:
            command, expected = piece.split("\n", 1)
            start = at + len(command) + 1
            yield Printout(command, expected, run(command[2:], self.folder), start, start + len(expected))
            at += len(piece)

    def _program(self, text: str) -> str:
        printed = io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(printed):
            exec(compile(text, "<snippet>", "exec"), self.variables)
        return printed.getvalue()

    def _not_run(self, text: str) -> None:
        subprocess.run(["bash", "-n"], input=text, text=True, check=True)
        for line in text.replace("\\\n", " ").splitlines():
            command = line.strip().split(" #")[0].split(" > ")[0].rstrip(" &")
            if command.startswith("harness "):
                parse(command)
            elif command.startswith("make "):
                make("-n", *(word for word in command.split()[1:]))

    def updated(self) -> str:
        """The page, with what its snippets print today."""
        text = self.text
        for one in reversed(list(self.printed())):
            if not same(one.expected, one.found):
                text = text[: one.start] + cut(one.expected, one.found) + text[one.stop :]
        return text


def prepared(folder: Path) -> Path:
    """A folder with the shipped experiments and the default sweep's results, as after `make sweep`."""
    shutil.copytree(ROOT / "experiments", folder / "experiments")
    run("harness sweep experiments/learning_rate.yaml", folder)
    return folder


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as name, mock.patch.dict(os.environ, {"COLUMNS": "80"}):
        shared = Path(name) / "shared"
        shared.mkdir()
        prepared(shared)
        for path in [Path(word).resolve() for word in sys.argv[1:]] or PAGES:
            folder = Path(name) / path.stem
            folder.mkdir()
            page = Guide(path, folder, shared)
            text = page.updated()
            if text != page.text:
                path.write_text(text, "utf-8")
                print(path.relative_to(ROOT))
