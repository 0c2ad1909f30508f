"""What strangers put into a results folder, by chance and by design: manifests, log entries, owners, tables.

Every command that reads a folder takes it or refuses it in a line, and nothing in it steers a terminal.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq
from click.testing import CliRunner

import harness
from harness import cli
from harness.errors import HarnessError, HarnessWarning, printable
from harness.store import lock
from harness.store.log import seal
from harness.views.report import page
from reliability.score import Score

EXPERIMENT: dict[str, Any] = {
    "name": "trial",
    "network": {"layers": [2, 2, 1]},
    "data": {"rows": [[1, 1, 1], [0.5, -1, 0.25]]},
    "parameters": {"init": ["ones", {"normal": {"std": 0.5}}], "learning_rate": [0.01, 0.1, 9], "epochs": [0, 1, 30]},
    "record": {"losses": {"every": 10}},
}
TEXTS = (
    *("", "x", "x" * 5000, "\x1b[2J\x1b]0;owned\x07", "a\n/etc/passwd: whole\r", "\x9b31m", "\u202eabc", "\ud800"),
    *("\udcff", "\0", "$\\frac{$", "</script><script>alert(1)</script>", "{{ 7 * 7 }}", "[bold]x[/][/x]"),
    *("_x", "../../x"),
)
NUMBERS = (-(10**30), -1, 0, 1, 2**27, 2**31, 2**63 - 1, 2**63, 10**30, 10**400, -0.5, 0.5, 1e308)
VALUES: tuple[Any, ...] = (None, True, False, *NUMBERS, *TEXTS, [], {}, [1, 2, 3], [None], {"a": 1}, [[[[]]]])
NESTED = (b"[" * 100_000, b'{"a":' * 100_000, b"[" * 900 + b"]" * 900)
RAW = (b"", b"{", b"null", b"\xff\xfe", b"9" * 5000, b"1e999", b'{"a": 1, "a": 2}', b" " * 2**21, *NESTED)
TYPES = (
    *(pa.string(), pa.bool_(), pa.int8(), pa.float32(), pa.float64(), pa.int64(), pa.null(), pa.binary()),
    *(pa.timestamp("us"), pa.decimal128(38, 2), pa.list_(pa.int64()), pa.struct([("a", pa.int64())])),
)
METADATA = (b"PANDAS_ATTRS", b"harness.experiment", b"harness.fingerprint", b"pandas", b"ARROW:schema", b"\xff")
LAYERS = ([1], [2, 2, 1], [0, 1], [-1, 2], [10**9] * 2, ["2"], "2", {}, None, True, [2**24, 2**24])
COMMANDS = ("status", "verify", "compact", "report", "plot", "explain", "sweep", "extend")
QUICK = 4
"""How often each other command or function is tried beside one of those that draw or train."""
SLOW = ("report", "plot", "explain", "sweep", "extend", "notebook")
KINDS = ("map", "curves", "weights", "paths", "spread", "share", "importance")

Change = Callable[[Path, random.Random], None]


def full(folder: Path) -> Iterator[Score]:
    return strangers(folder, 10_000)


def strangers(folder: Path, count: int, seed: int = 15) -> Iterator[Score]:
    """Change a whole folder so many times in each of four ways; read it with two commands or functions each time."""
    whole = harness.sweep(EXPERIMENT, folder / "whole")
    shutil.copy(whole / "experiment.yaml", folder / "x.yaml")
    (folder / "more.yaml").write_text((folder / "x.yaml").read_text().replace("[0.01, 0.1, 9]", "[0.01, 0.1, 1]"))
    for name, change in CHANGES.items():
        score, chance = Score(f"{name}: read or refused in a line, no traceback"), random.Random(f"{seed} {name}")
        for trial in range(count):
            place = folder / "tried" / "trial"
            shutil.copytree(whole, place)
            change(place, chance)
            weights = [1 if action in SLOW else QUICK for action in ACTIONS]
            actions = ["compact"] if name == "owners" else chance.choices(list(ACTIONS), weights, k=2)
            held = lock.owned(place) if name == "owners" else nullcontext()
            with held, mock.patch.object(lock, "PATIENCE", 0.01), mock.patch.object(page, "_plotly", str):
                if name == "owners":
                    own(place, chance)
                told = [f"{action}: {problem}" for action in actions if (problem := ACTIONS[action](place, chance))]
            score.add(not told, f"{name} {trial}: {told}")
            shutil.rmtree(folder / "tried")
        yield score


def value(chance: random.Random) -> Any:
    return chance.choice(VALUES)


def changed(about: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """A mapping with one to three of its fields, or of those of its files, given other values, left out or added."""
    made: dict[str, Any] = json.loads(json.dumps(about))
    for _ in range(chance.randint(1, 3)):
        files = made.get("files") if chance.random() < 0.4 else None
        inner = [one for one in files if isinstance(one, dict)] if isinstance(files, list) else []
        target = chance.choice(inner) if inner else made
        key = chance.choice([*target, "other"])
        if chance.random() < 0.15:
            target.pop(key, None)
        else:
            target[key] = value(chance)
    return made


def sealed(path: Path, chance: random.Random) -> bytes:
    """A file of the log, or a manifest, that was changed: mostly with a right checksum, else cut, or something else."""
    about = json.loads(path.read_bytes())
    about.pop("check")
    kind = chance.random()
    if kind < 0.8:
        return seal(changed(about, chance))
    if kind < 0.9:
        return chance.choice(RAW)
    return damaged(path.read_bytes(), chance)


def damaged(data: bytes, chance: random.Random) -> bytes:
    made = bytearray(data)
    if chance.random() < 0.3:
        del made[chance.randrange(len(made)) :]
    for _ in range(chance.randint(0, 4) if made else 0):
        made[chance.randrange(len(made))] = chance.randrange(256)
    return bytes(made)


def manifest(place: Path, chance: random.Random) -> None:
    (place / "manifest.json").write_bytes(sealed(place / "manifest.json", chance))


def entry(place: Path, chance: random.Random) -> None:
    """The entry of the part; at times under the name that it then has, beside the old one."""
    (path,) = (place / "log").iterdir()
    text = sealed(path, chance)
    name = path.name
    if chance.random() < 0.5:
        about = json.loads(path.read_bytes()) | {"first": chance.choice((0, 1, 2**27 - 1)), "stop": 2**27}
        about.pop("check")
        text, name = seal(about), f"part-{about['first']:06d}-{about['key']}.json"
        if chance.random() < 0.5:
            text = seal(changed(about, chance))
    (place / "log" / name).write_bytes(text)


def nothing(place: Path, chance: random.Random) -> None:
    pass


def own(place: Path, chance: random.Random) -> None:
    """The note of who writes there."""
    owner: dict[str, Any] = {"pid": 1, "host": chance.choice(TEXTS)}
    text = json.dumps(owner if chance.random() < 0.5 else changed(owner, chance)).encode()
    if chance.random() < 0.4:
        text = chance.choice((chance.choice(RAW), damaged(text, chance)))
    (place / lock.OWNER).write_bytes(text)


def table(place: Path, chance: random.Random) -> None:
    """The file of a table, with its size and checksum in the log."""
    kind = "curves" if chance.random() < 0.2 else "runs"
    (path,) = (place / kind).iterdir()
    made, sink = pq.read_table(path), io.BytesIO()
    for _ in range(chance.randint(1, 2)):
        try:
            made = chance.choice(TABLES)(made, chance)
        except (pa.ArrowException, LookupError, ValueError, TypeError):  # there is nothing of the kind to change
            continue
    try:
        pq.write_table(made, sink)
    except (pa.ArrowException, UnicodeError):
        pq.write_table(made.slice(0, 0).select([]), sink := io.BytesIO())
    data = damaged(sink.getvalue(), chance) if chance.random() < 0.1 else sink.getvalue()
    path.write_bytes(data)
    (log,) = (place / "log").iterdir()
    about = json.loads(log.read_bytes())
    about.pop("check")
    for file in about["files"]:
        if file["name"] == f"{kind}/{path.name}":
            file |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    log.write_bytes(seal(about))


def said(made: pa.Table, chance: random.Random) -> pa.Table:
    """Other metadata."""
    key = chance.choice(METADATA)
    text = str(value(chance)).encode("utf-8", "surrogatepass")
    if key == b"PANDAS_ATTRS" and chance.random() < 0.7:
        about = {"name": value(chance), "layers": chance.choice(LAYERS)}
        text = json.dumps({"harness": chance.choice((about, about, value(chance)))}).encode()
    kept = dict(made.schema.metadata or {})
    text = chance.choice((text, text, *RAW))
    return made.replace_schema_metadata({k: v for k, v in kept.items() if k != key} | {key: text})


def experiment(made: pa.Table, chance: random.Random) -> pa.Table:
    """Another experiment in the metadata."""
    sections = changed(EXPERIMENT, chance)
    text = json.dumps(sections).encode()
    return made.replace_schema_metadata({**made.schema.metadata, b"harness.experiment": text})


def typed(made: pa.Table, chance: random.Random) -> pa.Table:
    """A column of another type."""
    at, kind = chance.randrange(made.num_columns), chance.choice(TYPES)
    try:
        column = made.column(at).cast(kind)
    except (pa.ArrowException, TypeError):
        column = pa.nulls(len(made), kind)
    return made.set_column(at, pa.field(made.schema.names[at], kind), column)


def renamed(made: pa.Table, chance: random.Random) -> pa.Table:
    """A column by another name, by that of another one, in another place, or left out."""
    at, names = chance.randrange(made.num_columns), made.schema.names
    kind = chance.randrange(4)
    if kind == 0:
        names[at] = chance.choice(("w9_9_9", "w1_99999_1", "w1", "b7", *names, *TEXTS[:-9]))
        return made.rename_columns(names)
    if kind == 1:
        return made.remove_column(at)
    order = chance.sample(names, len(names)) if kind == 2 else [*names, names[at]]
    return made.select(order)


def filled(made: pa.Table, chance: random.Random) -> pa.Table:
    """Other values in some rows of a column: NULL, the least and the greatest, none that is finite, other labels."""
    at = chance.randrange(made.num_columns)
    field = made.schema.field(at)
    values = made.column(at).to_pylist()
    if pa.types.is_dictionary(field.type):
        pool: tuple[Any, ...] = (None, *(text for text in TEXTS if text not in ("\ud800", "\udcff")))
    elif pa.types.is_floating(field.type):
        pool = (None, float("nan"), float("inf"), -float("inf"), 1e308, -1.0, 0.0, 5e-324)
    else:
        pool = (None, -(2**63), 2**63 - 1, -1, 0, 7)
    every = chance.random() < 0.3
    one = chance.choice(pool)
    values = [one if every or chance.random() < 0.1 else old for old in values]
    column = pa.array(values, field.type.value_type if pa.types.is_dictionary(field.type) else field.type)
    column = column.dictionary_encode() if pa.types.is_dictionary(field.type) else column
    return made.set_column(at, pa.field(field.name, column.type), column)


def unreadable(made: pa.Table, chance: random.Random) -> pa.Table:
    """A label that is not UTF-8."""
    name = chance.choice([field.name for field in made.schema if pa.types.is_dictionary(field.type)])
    at = made.schema.names.index(name)
    bad = pa.StringArray.from_buffers(1, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"\xff\xfe"))
    column = pa.DictionaryArray.from_arrays(pa.array([0] * len(made), pa.int32()), bad)
    return made.set_column(at, pa.field(name, column.type), column)


def counted(made: pa.Table, chance: random.Random) -> pa.Table:
    """Rows left out, or given twice."""
    return chance.choice((made.slice(0, 0), made.slice(3, 1), pa.concat_tables([made, made])))


TABLES = (said, said, experiment, typed, renamed, filled, filled, unreadable, counted)
CHANGES: dict[str, Change] = {"manifests": manifest, "log entries": entry, "owners": nothing, "tables": table}


def command(name: str, place: Path, chance: random.Random) -> str:
    """Run a command on the folder; return what is wrong with how it ended, or nothing."""
    above = place.parent.parent
    arguments = {
        "report": ["report", place, "--save", place.parent / "x.html"],
        "plot": ["plot", place, "--kind", chance.choice(KINDS), "--save", place.parent / "x.png"],
        "explain": ["explain", place, "--config", chance.choice((0, 5, 17))],
        "sweep": ["sweep", above / "x.yaml", "--results", place.parent],
        "extend": ["sweep", above / "more.yaml", "--results", place.parent, "--extend"],
    }.get(name, [name, place])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ended = CliRunner().invoke(cli.main, list(map(str, arguments)))
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        return f"traceback: {ended.exception!r}"
    seen = [line for line in f"{ended.stdout}\n{ended.stderr}".split("\n") if line != printable(line)]
    if seen:
        return f"bare: {seen[0]!r}"
    lines = [line for line in ended.stderr.splitlines() if "not of the sweep, and ignored" not in line]
    alone = name in ("sweep", "extend") or ended.exit_code == 0 or len(lines) == 1 or (name == "verify" and not lines)
    return "" if ended.exit_code in (0, 1, 2) and alone else f"exit code {ended.exit_code}: {lines}"


def called(action: Callable[[Path], Any], place: Path, chance: random.Random) -> str:
    """Call a function on the folder; return what is wrong with how it ended, or nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("ignore", HarnessWarning)
        try:
            action(place)
        except HarnessError as error:
            return "" if all(line == printable(line) for line in str(error).split("\n")) else f"bare: {error!r}"
        except Exception as error:
            return f"traceback: {error!r}"
    return ""


def _weights(place: Path) -> None:
    harness.open(place).weights(17)


FUNCTIONS: dict[str, Callable[[Path], Any]] = {
    "load": harness.load,
    "load curves": partial(harness.load, curves=True),
    "open": lambda place: repr(harness.open(place)),
    "notebook": lambda place: harness.open(place)._repr_html_(),
    "weights": _weights,
}
ACTIONS: dict[str, Callable[[Path, random.Random], str]] = {
    **{name: partial(command, name) for name in COMMANDS},
    **{name: partial(called, action) for name, action in FUNCTIONS.items()},
}
