"""What others wrote: it is shown as text wherever it stands, and what cannot be read ends in one line."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import harness
from harness.cli import output
from harness.errors import LONGEST, HarnessError, printable
from harness.experiment.errors import ExperimentError, Problem
from harness.store.contents import Contents, Found, StoreError
from harness.store.disk import Disk
from harness.store.lock import OWNER, owned
from harness.store.log import MOST_BLOCKS, Entry, File, entry_flaw, manifest_flaw, parse, parse_manifest, seal
from harness.views import ticks
from harness.views.pages import render
from reliability import strangers
from tests.support.command import call
from tests.support.scores import check

ESCAPE = "\x1b[2J\x1b]0;owned\x07\x9b31m"
FORGED = "a\n/etc/passwd: whole"
TURNED = "\u202egnp.exe"
BYTES = "\udcff"
HOSTILE = (ESCAPE, FORGED, TURNED, BYTES, "\ud800", "\0", "\u2028x", "x" * 3 * LONGEST)
MODULES = sorted(Path(harness.__file__).parent.rglob("*.py"))
DOOR = Path(output.__file__)
KEY = "0123456789abcdef"
FILE = File(f"runs/part-000000-{KEY}.parquet", 100, "ab" * 32)
ENTRY: dict[str, Any] = json.loads(Entry("part", 0, 5, KEY, 40, 1.5, 600, 900, (FILE,)).text())
MANIFEST: dict[str, Any] = {
    "name": "x",
    "fingerprint": "f" * 64,
    "experiment_sha256": "0" * 64,
    "state": "complete",
    "schema_version": 1,
    "blocks": 5,
    "block_size": None,
    "started": "2026-01-31T12:00:00+00:00",
    "seconds": 1.5,
    "versions": {"numpy": "2.4.0"},
}
DOLLARS = ("$\\frac{$", "$x$", "$", "\\$", "_x", "a$b$c$")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return harness.sweep(strangers.EXPERIMENT, tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_strangers_text_is_part_of_one_line(text: str) -> None:
    line = printable(text)
    assert line.isprintable()
    assert len(line) <= LONGEST
    assert printable(line) == line
    line.encode()


def test_what_can_be_seen_stays_as_it_is() -> None:
    text = "Gr\u00f6\u00dfe \u2192 \u00e9\u0301 \u6f22\u5b57 C:\\new $x$ [b] \U0001f600"
    assert printable(text) == text
    assert printable(BYTES + "\n") == "\\xff\\n"


@pytest.mark.parametrize("text", HOSTILE[:-1])
def test_no_message_has_more_lines_than_problems(text: str) -> None:
    assert str(HarnessError(f"{text}: bad")).count("\n") == 0
    assert str(HarnessError(text, text)).count("\n") == 1
    several = ExperimentError([Problem(text, 1, 2, text, text), Problem(text, None, None, "", text)])
    assert str(several).count("\n") == 1
    assert str(several).replace("\n", "").isprintable()


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
@pytest.mark.parametrize("err", [False, True])
def test_the_door_lets_lines_through_and_nothing_else(encoding: str, err: bool) -> None:
    program = f"from harness.cli.output import say; say({FORGED!r}, {ESCAPE!r}, {BYTES!r}, '\u2192', err={err})"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONIOENCODING": encoding},
        capture_output=True,
        check=True,
    )
    lines = (ended.stderr if err else ended.stdout).decode(encoding).split("\n")
    assert len(lines) == 5
    assert all(line.isprintable() for line in lines)


def test_styles_pass_and_other_escapes_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(output.click, "echo", lambda text, **how: told.append(text))  # which strips them from files
    output.styled(f"\x1b[1;31mbold\x1b[0m {ESCAPE}{FORGED}")
    assert told == [f"\x1b[1;31mbold\x1b[0m {printable(ESCAPE)}{printable(FORGED)}\n"]


@pytest.mark.parametrize("module", [module for module in MODULES if module != DOOR], ids=lambda path: path.name)
def test_everything_is_printed_through_one_door(module: Path) -> None:
    names = {"print", "click.echo", "click.secho", "Console", "sys.stdout.write", "sys.stderr.write", "sys.stdout"}
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            assert ast.unparse(node.func) not in names, f"{module}:{node.lineno}"


@pytest.mark.parametrize("text", [ESCAPE, FORGED, TURNED, BYTES])
def test_names_of_files_and_arguments_are_shown(text: str, whole: Path) -> None:
    for arguments in (["status", text], ["status", whole, text], [f"--{text}"], ["sweep", text], ["load", f"x{text}"]):
        ended = call(*arguments)
        assert ended.exit_code == 2
        assert [line for line in ended.stderr.split("\n") if line != printable(line)] == []
        assert ended.stderr.count("\n") <= 4  # how it is used, and the error


def test_a_folder_by_a_name_of_bytes_is_told_of(whole: Path, tmp_path: Path) -> None:
    place = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\x1b[31m"))
    shutil.copytree(whole, place)
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "harness"]
    for arguments in (["status", place], ["verify", place], ["report", place], ["plot", place, "--save", tmp_path]):
        ended = subprocess.run([*command, *arguments], env=environment, capture_output=True, check=False)
        told = ended.stdout + ended.stderr
        assert b"Traceback" not in told
        assert arguments[0] == "status" or b"\\xff\\x1b[31m" in told
        assert told.replace(b"\n", b"").decode("ascii").isprintable()


@pytest.mark.parametrize(("host", "told"), [(ESCAPE, "\\x1b[2J"), (FORGED, "a\\n/etc"), (BYTES, "\\xff")])
def test_an_owner_cannot_forge_a_line(host: str, told: str, whole: Path) -> None:
    with owned(whole):
        (whole / OWNER).write_text(json.dumps({"pid": 1, "host": host}))
        ended = call("compact", whole)
    assert ended.exit_code == 1
    assert ended.stderr.startswith(f"{whole}: process 1 on {told}")
    assert ended.stderr.count("\n") == 1


def test_a_name_in_the_log_is_shown(whole: Path) -> None:
    (whole / "log" / f"note{ESCAPE}{FORGED.replace('/', '-')}").write_text("")
    try:
        ended = call("verify", whole)
    finally:
        (whole / "log" / f"note{ESCAPE}{FORGED.replace('/', '-')}").unlink()
    assert ended.exit_code == 0
    assert ended.stdout.count("\n") == 2
    assert f"{whole}/log/note\\x1b[2J" in ended.stdout


@pytest.mark.parametrize(
    ("field", "found", "told"),
    [
        ("seconds", "1", "a number of seconds, or null, found '1'"),
        ("seconds", -1, "a number of seconds, or null, found -1"),
        ("seconds", float("nan"), "found nan"),
        ("started", "yesterday", "a date and time, found 'yesterday'"),
        ("versions", ["numpy"], "a text for each program, found a list of 1"),
        ("block_size", 0, "a whole number above 0, or null, found 0"),
        ("block_size", True, "found true"),
        ("blocks", 2**27 + 1, "a whole number from 1 to 134,217,728, found 134217729"),
        ("rows", -5, "found -5"),
        ("rows", 10**400, "found a number of many digits"),
        ("state", ESCAPE, "running or complete or replacing, found"),
        ("name", "x" * 5000, "a text, found 'xxx"),
        ("host", {}, "a text, found an empty mapping"),
    ],
)
def test_what_is_wrong_with_a_manifest_is_told(field: str, found: Any, told: str, tmp_path: Path) -> None:
    text = seal(MANIFEST | {field: found})
    assert parse_manifest(seal(MANIFEST)) == MANIFEST
    assert parse_manifest(text) is None
    assert manifest_flaw(text).startswith(f"{field}: expected ")
    assert told in manifest_flaw(text)
    (tmp_path / "manifest.json").write_bytes(text)
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / f"part-000000-{KEY}.json").write_bytes(Entry("part", 0, 5, KEY, files=(FILE,)).text())
    ended = call("status", tmp_path)
    assert f"{tmp_path}/manifest.json: damaged or missing: {field}: expected" in ended.stdout
    assert "the same sweep writes it anew" in ended.stdout


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"rows": -1}, "rows: expected a whole number from 0"),
        ({"stop": 0}, "stop: expected a whole number from 1"),
        ({"first": 5}, "stop: expected a number above 5, found 5"),
        ({"key": "../x"}, "key: expected 16 digits 0-9 a-f, found '../x'"),
        ({"kind": "whole"}, "kind: expected part or block, found 'whole'"),
        ({"steps": 901}, "steps: expected at most the 900 asked for, found 901"),
        ({"more": 1}, "'more': no such field"),
        ({"files": []}, "files: expected a file for each table, found an empty list"),
        ({"files": [1]}, "files[0]: expected a mapping, found 1"),
        ({"files": [{**ENTRY["files"][0], "bytes": -1}]}, "files[0]: bytes: expected a whole number from 0"),
        ({"files": [{**ENTRY["files"][0], "sha256": "x"}]}, "files[0]: sha256: expected 64 digits 0-9 a-f, found 'x'"),
        ({"files": [{**ENTRY["files"][0], "name": "../x"}]}, f"files: expected runs/part-000000-{KEY}.parquet"),
        ({"files": 2 * ENTRY["files"]}, f"files: expected runs/part-000000-{KEY}.parquet"),
    ],
)
def test_what_is_wrong_with_an_entry_is_told(changes: dict[str, Any], told: str, whole: Path) -> None:
    about = {name: value for name, value in (ENTRY | changes).items() if name != "check"}
    assert parse(Entry("part", 0, 5, KEY, 40, 1.5, 600, 900, (FILE,)).text()) is not None
    assert parse(seal(about)) is None
    assert entry_flaw(seal(about)).startswith(told)
    name = whole / "log" / f"part-000000-{KEY}.json"
    name.write_bytes(seal(about))
    try:
        assert f"{name}: damaged: {told}" in call("verify", whole).stdout
    finally:
        name.unlink()


@pytest.mark.parametrize("text", strangers.RAW)
def test_what_is_no_json_of_ours_is_damaged(text: bytes) -> None:
    assert parse_manifest(text) is None
    assert parse(text) is None
    assert manifest_flaw(text) == entry_flaw(text) == "not what was written: its checksum is another"


def test_a_forged_count_costs_nothing(tmp_path: Path) -> None:
    """What is counted is what the log has: nothing is made for each block that a manifest claims."""
    (tmp_path / "log").mkdir()
    (tmp_path / "manifest.json").write_bytes(seal(MANIFEST | {"blocks": MOST_BLOCKS, "state": "running"}))
    entries = [Entry("part", first, first + 10, KEY, files=(FILE,)) for first in (0, 5, 30, MOST_BLOCKS - 10)]
    found = Found(entries, [])
    assert found.done(MOST_BLOCKS, "part", "block") == 15 + 10 + 10
    assert found.done(33, "part") == 15 + 3
    assert found.done(33, "block") == 0
    assert sum(found.covers("part", 33)) == 18
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Found, "covers", None)
        assert "134,217,728" in call("status", tmp_path).stdout


@pytest.mark.parametrize("name", ["manifest.json", "experiment.yaml", f"log/part-000000-{KEY}.json"])
def test_a_file_of_a_hundred_gigabytes_is_not_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "manifest.json").write_bytes(seal(MANIFEST))
    with (tmp_path / name).open("ab") as file:
        file.truncate(10**11)
    ended = call("status", tmp_path)
    told = "100,000,000" if name != "experiment.yaml" else "experiment.yaml: not what was written"
    assert told in ended.stdout + ended.stderr
    with pytest.raises(OSError, match="bytes, expected at most"):
        Contents(Disk(tmp_path)).place.read(name, 2**20)


@pytest.mark.parametrize("text", DOLLARS)
def test_dollars_in_a_picture_are_dollars(text: str) -> None:
    from matplotlib.figure import Figure

    figure = Figure()
    drawn = figure.text(0, 0, ticks.literal(text))
    figure.savefig(os.devnull, format="png")
    assert drawn._preprocess_math(ticks.literal(text)) == (text, False)


@pytest.mark.parametrize("kind", strangers.KINDS)
def test_labels_are_drawn_as_they_are(kind: str, tmp_path: Path) -> None:
    """A person may call initial values anything, and their labels stand in titles, in legends and along axes."""
    values = {"values": {"weights": [[[1, 1], [1, 1]], [[1, 1]]]}}
    init = [{**values, "name": "_x"}, "ones", "zeros"]
    folder = harness.sweep(
        strangers.EXPERIMENT | {"parameters": strangers.EXPERIMENT["parameters"] | {"init": init}}, tmp_path
    )
    _relabelled(folder, "init", {"_x": "_x", "ones": "$\\frac{$ </script><b>x</b>", "zeros": f"{ESCAPE}{FORGED}"})
    for name in ("png", "svg"):
        ended = call("plot", folder, "--kind", kind, "--save", tmp_path / f"x.{name}")
        assert (ended.exit_code, ended.stderr) == (0, "")
    if kind in ("map", "spread"):
        assert b"\x1b" not in (tmp_path / "x.svg").read_bytes()


def _relabelled(folder: Path, name: str, labels: dict[str, str]) -> None:
    """Other labels in the table, with the checksums that go with them."""
    import hashlib

    import pyarrow as pa
    import pyarrow.parquet as pq

    (path,) = (folder / "runs").iterdir()
    made = pq.read_table(path)
    column = pa.array([labels.get(value, value) for value in made[name].to_pylist()]).dictionary_encode()
    at = made.schema.names.index(name)
    pq.write_table(made.set_column(at, pa.field(name, column.type), column), path)
    (log,) = (folder / "log").iterdir()
    about = json.loads(log.read_bytes())
    about.pop("check")
    for file in about["files"]:
        if file["name"].startswith("runs/"):
            file |= {"bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    log.write_bytes(seal(about))


def test_pages_hold_text(tmp_path: Path) -> None:
    evil = f"</script><script>alert(1)</script>{ESCAPE}{BYTES}{{{{ 7 * 7 }}}}"
    page = render("explain", name=evil, settings={evil: evil}, notes=[evil], data="{}")
    assert "<script>alert" not in page
    assert "\x1b" not in page
    assert "{{ 7 * 7 }}" in page
    page.encode()


def test_a_share_of_what_strangers_write(tmp_path: Path) -> None:
    check(strangers.strangers(tmp_path, 20))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda made: made.replace_schema_metadata({}), "metadata harness.fingerprint: expected a text in UTF-8"),
        (
            lambda made: made.replace_schema_metadata({**made.schema.metadata, b"PANDAS_ATTRS": b"{"}),
            "metadata PANDAS_ATTRS: expected the experiment's name and layers, as JSON",
        ),
        (
            lambda made: made.replace_schema_metadata({**made.schema.metadata, b"harness.experiment": b"\xff"}),
            "metadata harness.experiment: expected a text in UTF-8",
        ),
        (lambda made: made.remove_column(made.schema.names.index("status")), "column status: missing"),
    ],
)
def test_what_is_wrong_with_a_table_is_told(change: Any, told: str, whole: Path, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    folder = tmp_path / "trial"
    shutil.copytree(whole, folder)
    (path,) = (folder / "runs").iterdir()
    pq.write_table(change(pq.read_table(path)), path)
    for read in (harness.load, harness.open):
        with pytest.raises(StoreError) as seen:
            read(folder)
        assert str(seen.value).startswith(f"{path}: {told}")
        assert str(seen.value).endswith("get the folder anew, or train it anew with --overwrite")
    for arguments in (["report", folder], ["plot", folder], ["explain", folder, "--config", 0]):
        ended = call(*arguments)
        assert (ended.exit_code, ended.stderr.count("\n")) == (2, 1)
        assert told in ended.stderr
