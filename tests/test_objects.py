"""Results in an object store, against a real S3 server on loopback: the bytes as on disk, whatever comes between."""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.ipc
import pytest
from botocore.awsrequest import AWSResponse
from moto.core import set_initial_no_auth_action_count
from moto.server import ThreadedMotoServer

import harness
from harness.errors import FailedError, HarnessError, HarnessWarning
from harness.experiment import load
from harness.store import objects
from harness.store.folder import Folder
from harness.store.objects import Objects
from harness.store.places import place_of
from harness.sweeps import plan, run, work
from reliability import sweeps
from reliability.sweeps import ROOT, command, digests
from tests.support.command import call

BUCKETS = (f"bucket-{number}" for number in itertools.count())
PARAMETERS = sweeps.EXPERIMENT["parameters"] | {"learning_rate": {"geomspace": [1e-3, 3, 9]}}
EXPERIMENT: dict[str, Any] = sweeps.EXPERIMENT | {"parameters": PARAMETERS, "record": {}}
CURVES = EXPERIMENT | {"record": {"losses": {"every": 100}}}
BLOCK_SIZE, BLOCKS, ROWS = 2, 18, 144
SHARE = "import harness.sweeps.plan; harness.sweeps.plan.FEW_BLOCKS = 16;"
"""Python that lowers the number of blocks that have a file each, so that the blocks of this experiment share parts."""


@pytest.fixture(scope="module", autouse=True)
def few_blocks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "FEW_BLOCKS", 16)
        yield


def writer(bucket: str, before: str = "") -> list[str]:
    """A process that sweeps into the bucket."""
    python, option, program, *arguments = command(Path(), EXPERIMENT, BLOCK_SIZE)
    arguments[1] = f"s3://{bucket}/results"
    return [python, option, before + SHARE + program, *arguments]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    yield "http://{}:{}".format(*running.get_host_and_port())
    running.stop()


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in objects.ENDPOINTS + objects.REGIONS:
        monkeypatch.delenv(name, raising=False)
    given = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_ENDPOINT_URL": server}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    name = next(BUCKETS)
    client(server).create_bucket(Bucket=name)
    return name


@pytest.fixture(scope="module")
def on_disk(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return digests(harness.sweep(EXPERIMENT, tmp_path_factory.mktemp("disk"), block_size=BLOCK_SIZE))


def client(server: str) -> Any:
    return objects._writer(server, objects.REGION)


def names(server: str, bucket: str) -> list[str]:
    """The names of what lies under results/trial."""
    pages = client(server).get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="results/trial/")
    return [found["Key"].removeprefix("results/trial/") for page in pages for found in page.get("Contents", [])]


def contents(server: str, bucket: str) -> dict[str, bytes]:
    """What lies under results/trial, by its name."""
    get = client(server).get_object
    return {name: get(Bucket=bucket, Key=f"results/trial/{name}")["Body"].read() for name in names(server, bucket)}


def sha256(files: dict[str, bytes]) -> dict[str, str]:
    data = {name: text for name, text in files.items() if name.startswith(("runs", "curves"))}
    return {name: hashlib.sha256(text).hexdigest() for name, text in data.items()}


def only(blocks: int, then: Exception | None = None) -> run.Executor:
    """An executor that does so many blocks, and then fails."""

    def execute(function: Callable[[Any], int], tasks: Iterable[Any]) -> Iterator[int]:
        yield from map(function, itertools.islice(tasks, blocks))
        if then:
            raise then

    return execute


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the blocks that are trained."""
    numbers: list[int] = []
    train = work.train_block

    def counted(planned: Any, tables: Any, block: Any, earlier: Any = None) -> Any:
        numbers.append(block.number)
        return train(planned, tables, block, earlier)

    monkeypatch.setattr(work, "train_block", counted)
    return numbers


def test_the_same_bytes_as_on_disk(server: str, bucket: str, on_disk: dict[str, str]) -> None:
    folder = harness.sweep(EXPERIMENT, f"s3://{bucket}/results/", block_size=BLOCK_SIZE)
    assert folder == f"s3://{bucket}/results/trial"
    files = contents(server, bucket)
    assert sha256(files) == on_disk
    assert {name.split("/")[0] for name in files} == {"experiment.yaml", "manifest.json", "log", "runs"}
    assert harness.load(folder).equals(harness.load(Path(folder)))
    assert len(harness.load(folder)) == ROWS
    shown = call("status", folder)
    assert (shown.exit_code, shown.output.split()[:6]) == (
        0,
        ["state", "complete", "blocks", f"{BLOCKS}", "done", f"{BLOCKS}"],
    )


def test_it_can_be_looked_at(bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = str(harness.sweep(CURVES, f"s3://{bucket}/results"))
    monkeypatch.chdir(tmp_path)
    commands = {
        "trial-map.png": ["plot", folder],
        "trial-curves.png": ["plot", folder, "--kind", "curves"],
        "report.html": ["report", folder, "--save", "report.html"],
        "row.html": ["explain", folder, "--config", "3", "--html", "row.html"],
    }
    for name, arguments in commands.items():
        result = call(*arguments)
        assert (result.exit_code, result.output.splitlines()[0]) == (0, f"wrote {name}")
        assert (tmp_path / name).stat().st_size > 1000
    opened, row = harness.open(folder), harness.load(folder).iloc[3]
    assert opened.weights(3)["w1"][0, 0] == row["w1_1_1"]
    assert folder in opened._repr_html_()
    refused = call("report", folder)
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1)
    assert "--save" in refused.output


def test_an_endpoint_may_be_given(
    server: str, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained: list[int]
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    (tmp_path / "trial.yaml").write_text(json.dumps(EXPERIMENT))
    arguments = ["sweep", f"{tmp_path}/trial.yaml", "--results", f"s3://{bucket}/results", "--endpoint", server + "/"]
    ended = [call(*arguments) for _ in range(2)]
    assert [result.exit_code for result in ended] == [0, 0]
    assert f"s3://{bucket}/results/trial/runs" in ended[0].output
    assert "nothing was left to do" in ended[1].output
    assert trained == [0]


def test_a_sweep_that_failed_goes_on(server: str, bucket: str, on_disk: dict[str, str], trained: list[int]) -> None:
    options = run.Options(block_size=BLOCK_SIZE)
    with pytest.raises(FailedError, match="half-way"):
        run.sweep(load(EXPERIMENT), f"s3://{bucket}/results", options, only(BLOCKS - 4, FailedError("half-way")))
    assert not sha256(contents(server, bucket))
    harness.sweep(EXPERIMENT, f"s3://{bucket}/results", block_size=BLOCK_SIZE)
    assert sorted(trained) == list(range(BLOCKS))
    assert sha256(contents(server, bucket)) == on_disk


def test_a_sweep_that_was_killed_goes_on(server: str, bucket: str, on_disk: dict[str, str], trained: list[int]) -> None:
    child = subprocess.Popen(writer(bucket), cwd=ROOT)
    while child.poll() is None and sum(name.startswith("log/") for name in names(server, bucket)) < 6:
        pass
    child.kill()
    child.wait()
    files = contents(server, bucket)
    for name in (name for name in files if name.startswith("blocks/")):
        assert pa.ipc.open_file(files[name]).read_all().num_rows
    harness.sweep(EXPERIMENT, f"s3://{bucket}/results", block_size=BLOCK_SIZE)
    assert len(trained) <= BLOCKS - 6
    assert sha256(contents(server, bucket)) == on_disk


def test_two_writers_at_once(server: str, bucket: str, on_disk: dict[str, str]) -> None:
    writers = [subprocess.Popen(writer(bucket), cwd=ROOT) for _ in range(2)]
    assert [writer.wait() for writer in writers] == [0, 0]
    files = contents(server, bucket)
    assert sha256(files) == on_disk
    log = [json.loads(text) for name, text in files.items() if name.startswith("log/")]
    covered = [number for entry in log for number in range(entry["first"], entry["stop"])]
    assert sorted(covered) == list(range(BLOCKS))
    assert not [name for name in files if name.startswith("blocks/")]
    verified = call("verify", f"s3://{bucket}/results/trial")
    assert verified.exit_code == 0, verified.output


def test_a_writer_that_comes_late_leaves_nothing(server: str, bucket: str, on_disk: dict[str, str]) -> None:
    """One that began before another ended: its next block's part is there already."""
    late = run.Plan(load(EXPERIMENT), BLOCK_SIZE)
    tasks = run.tasks_left(late, run.Found([], []))
    harness.sweep(EXPERIMENT, f"s3://{bucket}/results", block_size=BLOCK_SIZE)
    before = contents(server, bucket)
    do = work.Work(late, place_of(f"s3://{bucket}/results", "trial"))
    assert do(tasks[3]) == BLOCK_SIZE
    assert contents(server, bucket) == before
    assert sha256(before) == on_disk


def test_what_another_writer_does_meanwhile_stays(server: str, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its entries come into the log after this one has looked at it."""
    planned, place = run.Plan(load(EXPERIMENT), BLOCK_SIZE), place_of(f"s3://{bucket}/results", "trial")
    other, folder = work.Work(planned, place), Folder(place)
    look = Folder.found

    def looked(self: Folder, **how: Any) -> Any:
        found = look(self, **how)
        for task in run.tasks_left(planned, found)[:3]:
            other(task)
        return found

    monkeypatch.setattr(Folder, "found", looked)
    folder.open(planned.experiment, planned.totals(), planned.key)
    assert sum(name.startswith("log/") for name in names(server, bucket)) == 3


def test_damage_is_found_and_made_anew(server: str, bucket: str, trained: list[int]) -> None:
    folder = harness.sweep(CURVES, f"s3://{bucket}/results", block_size=5)
    whole = contents(server, bucket)
    runs = sorted(name for name in whole if name.startswith("runs/"))
    damaged = bytearray(whole[runs[3]])
    damaged[len(damaged) // 2] ^= 1
    client(server).put_object(Bucket=bucket, Key=f"results/trial/{runs[3]}", Body=bytes(damaged))
    client(server).delete_object(Bucket=bucket, Key=f"results/trial/{runs[7]}")
    verified = call("verify", folder)
    assert verified.exit_code == 1
    assert verified.output.splitlines() == [
        f"{folder}/{runs[3]}: not what was written: its SHA-256 is another",
        f"{folder}/{runs[7]}: missing",
        f"{folder}: 6 of 8 blocks are whole, 2 files are not",
    ]
    trained.clear()
    harness.sweep(CURVES, f"s3://{bucket}/results", block_size=5)
    assert sorted(trained) == [3, 7]
    assert sha256(contents(server, bucket)) == sha256(whole)
    assert call("verify", folder).exit_code == 0


def test_overwriting_leaves_nothing_of_the_other(server: str, bucket: str) -> None:
    harness.sweep(EXPERIMENT | {"seed": 5}, f"s3://{bucket}/results", block_size=5)
    with pytest.raises(HarnessError, match="--overwrite"):
        harness.sweep(EXPERIMENT, f"s3://{bucket}/results", block_size=5)
    options = run.Options(overwrite=True, block_size=5)
    with pytest.raises(FailedError):
        run.sweep(load(EXPERIMENT), f"s3://{bucket}/results", options, only(3, FailedError("stopped")))
    assert len(harness.load(f"s3://{bucket}/results/trial")) == 3 * 5 * 4
    client(server).put_object(Bucket=bucket, Key="results/trial/runs/part-000009-x.parquet", Body=b"of a killed writer")
    harness.sweep(EXPERIMENT, f"s3://{bucket}/results", block_size=5)
    with pytest.warns(HarnessWarning, match=r"ignored: runs/part-000009-x\.parquet$"):
        assert len(harness.load(f"s3://{bucket}/results/trial")) == ROWS
    assert call("verify", f"s3://{bucket}/results/trial").exit_code == 0


def test_data_from_a_file_lie_there_too(server: str, bucket: str, tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / f"{name}.csv").write_text(f"a,b,c\n1,{len(name)},3\n4,5,{name == 'old':d}\n")
    data = {"file": f"{tmp_path}/old.csv", "inputs": ["a", "b"], "targets": ["c"]}
    folder = str(harness.sweep(EXPERIMENT | {"data": data}, f"s3://{bucket}/results"))
    before = {name for name in names(server, bucket) if name.startswith("data-")}
    (tmp_path / "old.csv").unlink()
    (tmp_path / "trial.yaml").write_text(json.dumps(EXPERIMENT | {"data": data | {"file": f"{tmp_path}/new.csv"}}))
    assert len(harness.explain(folder, config=3))
    told = refused("sweep", f"{tmp_path}/trial.yaml", "--results", f"s3://{bucket}/results")[1]
    assert "made from other data (row 2, column 'c': 1 then, 0 now)" in told
    run.sweep(load(EXPERIMENT | {"data": data | {"file": f"{tmp_path}/new.csv"}}), f"s3://{bucket}/results", OVERWRITE)
    after = {name for name in names(server, bucket) if name.startswith("data-")}
    assert len(before) == len(after) == 1
    assert before != after
    assert call("verify", folder).exit_code == 0


OVERWRITE = run.Options(overwrite=True)
EXTENDING = "results here cannot be replaced at one instant; give another --results"


def test_extending_is_refused(bucket: str, tmp_path: Path) -> None:
    harness.sweep(EXPERIMENT, f"s3://{bucket}/results")
    (tmp_path / "trial.yaml").write_text(json.dumps(EXPERIMENT | {"repeats": 4}))
    told = refused("sweep", f"{tmp_path}/trial.yaml", "--results", f"s3://{bucket}/results", "--extend")
    assert told == (1, f"s3://{bucket}/results/trial: {EXTENDING}\n")
    assert "--extend" not in refused("sweep", f"{tmp_path}/trial.yaml", "--results", f"s3://{bucket}/results")[1]


def test_tasks_go_to_other_processes(server: str, bucket: str, on_disk: dict[str, str]) -> None:
    def elsewhere(function: Any, tasks: Iterable[Any]) -> Iterator[int]:
        for task in tasks:
            yield pickle.loads(pickle.dumps(function))(pickle.loads(pickle.dumps(task)))

    run.sweep(load(EXPERIMENT), f"s3://{bucket}/results", run.Options(block_size=BLOCK_SIZE), elsewhere)
    assert sha256(contents(server, bucket)) == on_disk


AUDIT = """
import os, sys
from harness.engine.cpu import private
elsewhere = ("/dev/null", private.NEW)  # a kernel that is being kept, in a directory that is open
def told(event, arguments):
    writes = event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR)
    if (writes or event in ("os.mkdir", "os.rename", "os.link")) and not str(arguments[0]).startswith(elsewhere):
        print(event, arguments)
sys.addaudithook(told)
"""


@pytest.mark.usefixtures("on_disk")
def test_no_local_file_is_written(bucket: str, tmp_path: Path) -> None:
    ended = subprocess.run(
        writer(bucket, AUDIT),
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (ended.stdout, ended.stderr) == ("", "")
    assert not list(tmp_path.iterdir())


def refused(*arguments: str) -> tuple[int, str]:
    ended = call(*arguments)
    assert isinstance(ended.exception, SystemExit)
    assert ended.stderr.count("\n") == 1
    return ended.exit_code, ended.stderr


@pytest.mark.parametrize("command", ["sweep", "status", "verify"])
def test_what_cannot_be_reached_is_told_in_a_line(
    command: str, server: str, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "trial.yaml").write_text(json.dumps(EXPERIMENT))

    def told(results: str) -> tuple[int, str]:
        given = [f"{tmp_path}/trial.yaml", "--results", results] if command == "sweep" else [f"{results}/trial"]
        return refused(command, *given)

    code, text = told("s3://no-such-bucket/results")
    assert text.startswith("s3://no-such-bucket/results/trial: ")
    assert (code, "bucket does not exist" in text) == ((1, True) if command == "sweep" else (2, False))
    code, text = set_initial_no_auth_action_count(0)(told)(f"s3://{bucket}/results")
    assert (code, "ACCESS_DENIED" in text) == (1, True)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    code, text = told(f"s3://{bucket}/results")
    assert (code, "connect" in text) == (1, True)


NO_ADDRESSES = (
    "",
    "http://",
    "https:///",
    "http://:9000",
    "127.0.0.1:9000",
    "ftp://x",
    "a b",
    "http://x y",
    "http://x/y",
)
MORE = (
    "http://x:65536",
    "http://x:y",
    "http://u@x",
    "http://x?y",
    "http://[x]",
    "http://.x",
    "s3://x",
    "http://x\n",
    "//x",
)


@pytest.mark.parametrize("endpoint", [*NO_ADDRESSES, *MORE])
def test_an_endpoint_that_is_no_address_does_not_mean_amazon_s(
    endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "_writer", lambda *given: pytest.fail("asked a store"))
    monkeypatch.setattr(objects, "_reader", lambda *given: pytest.fail("asked a store"))
    monkeypatch.setattr(objects.fs, "resolve_s3_region", lambda bucket: pytest.fail("asked Amazon"))
    (tmp_path / "trial.yaml").write_text(json.dumps(EXPERIMENT))
    sweep, status = (
        ("sweep", f"{tmp_path}/trial.yaml", "--results", "s3://b/results"),
        ("status", "s3://b/results/trial"),
    )
    told = f"{endpoint!r}: expected the address of a store, as http://HOST:PORT or https://HOST\n"
    assert refused(*sweep, "--endpoint", endpoint) == (2, f"--endpoint {told}")
    assert refused(*status, "--endpoint", endpoint) == (2, f"--endpoint {told}")
    if endpoint:  # the environment's is as good as not set
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        assert refused(*sweep) == (2, f"AWS_ENDPOINT_URL {told}")


@pytest.mark.parametrize("endpoint", ["http://x", "https://x.y-z:9000/", "http://127.0.0.1:1", "http://[::1]:65535"])
def test_an_endpoint_that_is_an_address(endpoint: str) -> None:
    assert Objects.at("bucket", ["results"], endpoint).endpoint == endpoint.rstrip("/")


def test_a_bucket_must_be_named(tmp_path: Path) -> None:
    with pytest.raises(HarnessError, match=r"s3://BUCKET/PREFIX"):
        harness.sweep(EXPERIMENT, "s3://")


def test_creating_does_not_replace(bucket: str) -> None:
    place = Objects.at(bucket, ["results"], None)
    assert place.create("log/a.json", b"first")
    assert not place.create("log/a.json", b"second")
    assert place.read("log/a.json") == b"first"
    place.remove(["log/a.json", "log/never-there.json"])
    assert place.create("log/a.json", b"third")
    assert place.sizes("log") == {"log/a.json": 5}


@pytest.mark.parametrize("busy", [1, objects.ATTEMPTS])
def test_a_busy_store_is_asked_again(server: str, bucket: str, busy: int) -> None:
    answers = [b"<Error><Code>ConditionalRequestConflict</Code><Message>busy</Message></Error>"] * busy

    class Raw:
        def stream(self) -> Iterator[bytes]:
            yield answers.pop()

    def answer(**given: Any) -> AWSResponse | None:
        return AWSResponse("", 409, {}, Raw()) if answers else None

    events = client(server).meta.events
    events.register_first("before-send.s3.PutObject", answer)
    try:
        place = Objects.at(bucket, ["results"], None)
        if busy < objects.ATTEMPTS:
            assert place.create("log/a.json", b"first")
        else:
            with pytest.raises(FailedError, match=r"log/a\.json: .*busy"):
                place.create("log/a.json", b"first")
    finally:
        events.unregister("before-send.s3.PutObject", answer)


UPLOAD = """
import sys
from harness.store.objects import Objects
Objects.at(sys.argv[1], [], sys.argv[2]).write("runs/part.parquet", bytes(2**25))
"""


def test_an_upload_that_is_cut_short_is_not_there(server: str, bucket: str) -> None:
    """Some of it reaches the store, and then the writer is killed."""
    host, _, port = server.removeprefix("http://").partition(":")
    with socket.create_server(("127.0.0.1", 0)) as between:
        address = "http://{}:{}".format(*between.getsockname())
        child = subprocess.Popen([sys.executable, "-c", UPLOAD, bucket, address], cwd=ROOT)
        near, far = between.accept()[0], socket.create_connection((host, int(port)))
        with near, far:
            answers = threading.Thread(target=lambda: near.sendall(far.recv(2**16)), daemon=True)
            answers.start()
            sent = 0
            while sent < 2**22:
                sent += far.send(near.recv(2**16))
            child.kill()
        assert child.wait() == -signal.SIGKILL
        answers.join()
    found = client(server)
    assert "Contents" not in found.list_objects_v2(Bucket=bucket)
    assert "Uploads" not in found.list_multipart_uploads(Bucket=bucket)
