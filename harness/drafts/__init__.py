"""Experiments to begin with: a commented start, a copy of a shipped one, or one that fits a CSV file.

`harness new` writes them into the current folder.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from harness.drafts.tables import of_csv
from harness.errors import HarnessError
from harness.experiment import shipped, source
from harness.experiment.errors import either, nearest
from harness.experiment.notes import BadValueError
from harness.experiment.settings import own_name

NAME = "experiment"
"""What the draft is called if nothing says so."""
XOR = {
    "question": "How many hidden units does it take to learn exclusive or, and at which learning rate?",
    "output": "sigmoid",
    "loss": "mse",
    "loss_comment": "mse or half_mse for any numbers; without `output` bce for 0 and 1, cross_entropy for classes.",
}


def write(name: str | None, origin: str | None = None, csv: str | None = None) -> list[Path]:
    """Write an experiment NAME.yaml into the current folder, and the data file it needs; return what was written.

    origin: the shipped experiment to copy. csv: the file that it shall fit. name: by default that of either. No file is
    overwritten. Raises HarnessError for what cannot be done, and OSError.
    """
    if origin is not None and csv is not None:
        raise HarnessError("--from and --csv: expected one of them")
    if origin is not None:
        files = _copy(origin, _checked(name))
    else:
        chosen = _checked(name) or (_name_of(csv) if csv else NAME)
        files = {Path(f"{chosen}{shipped.SUFFIX}"): _draft(chosen, of_csv(csv) if csv else XOR)}
    files = {path: content for path, content in files.items() if not _is_there(path, content)}
    done: list[Path] = []
    try:
        for path, content in files.items():
            with path.open("xb") as file:
                done.append(path)
                file.write(content)
    except BaseException:
        for path in done:
            path.unlink(missing_ok=True)
        raise
    return done


def _checked(name: str | None) -> str | None:
    """A name as an experiment may have it. Raises HarnessError."""
    if name is None:
        return None
    try:
        return own_name(name.removesuffix(shipped.SUFFIX))
    except BadValueError as bad:
        raise HarnessError(f"NAME: {bad}") from None


def _name_of(csv: str) -> str:
    """A name for the experiment of a data file."""
    return re.sub("[^A-Za-z0-9._-]+", "-", Path(csv).stem).lstrip(".")[:64] or NAME


def _is_there(path: Path, content: bytes) -> bool:
    """Whether a data file lies there already. Raises HarnessError if any other file does."""
    if not path.exists() and not path.is_symlink():
        return False
    if path.suffix != shipped.SUFFIX and path.is_file() and path.read_bytes() == content:
        return True
    raise HarnessError(f"{path}: is there already; expected a NAME that no file has, as nothing is overwritten")


def _copy(origin: str, name: str | None) -> dict[Path, bytes]:
    """A shipped experiment under another name, also in what its comments say, and its data file."""
    if origin not in shipped.names():
        names = shipped.names()
        raise HarnessError(f"--from {origin}: expected {either(names)}{nearest(origin, names)}")
    path = shipped.path(origin)
    read = source.read(path)
    text, before = read.text, str(read.data["name"])
    name, called = name or origin, name or before
    text = re.sub(r"^name: .*$", f"name: {source.describe(called)}", text, flags=re.MULTILINE)
    text = re.sub(rf"\bresults/{re.escape(before)}(?![\w.-])", f"results/{called}", text)
    text = text.replace(f"experiments/{path.name}", f"{name}{shipped.SUFFIX}")
    data = read.data["data"].get("file")
    beside = {Path(data): path.with_name(data).read_bytes()} if data else {}
    return {**beside, Path(f"{name}{shipped.SUFFIX}"): text.encode()}


def _draft(name: str, values: dict[str, Any]) -> bytes:
    """The commented experiment with these values."""
    templates = FileSystemLoader(Path(__file__).parent)
    environment = Environment(loader=templates, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True)
    template = environment.get_template("draft.yaml")
    about = {"file": f"{name}{shipped.SUFFIX}", "name": name, "written_name": source.describe(name)}
    return template.render(**about, description=source.describe(values["question"]), **values).encode()
