"""Experiment files made to do harm, and data files beside them: a function for each writes it into a folder."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Collection
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

MIB = 2**20
CANARY = "harm"
"""A file that is there if a command was run."""
PLAIN = {
    "name": "trial",
    "network": "{layers: [2, 2, 1]}",
    "data": "{rows: [[1, 1, 1]]}",
    "parameters": "{learning_rate: [0.1], epochs: [1], init: [ones]}",
}
CSV = "{file: data.csv, inputs: [a, b], targets: [c]}"
BOMB = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))


def yaml(**sections: str) -> str:
    """A plain experiment, with some of its sections replaced."""
    return "".join(f"{key}: {value}\n" for key, value in {**PLAIN, **sections}.items())


def axis(values: str) -> str:
    return yaml(parameters=f"{{learning_rate: {values}, epochs: [1], init: [ones]}}")


def axes(count: int, values: str) -> str:
    return yaml(
        network=f"{{layers: {[1] * (count + 1)}}}",
        data="{rows: [[1, 1]]}",
        parameters=f"{{{', '.join(f'learning_rate_{n}: {values}' for n in range(1, count + 1))}, epochs: [1]}}",
    )


TEXTS: dict[str, str | bytes] = {
    "empty": "",
    "alias bomb": "a0: &a0 [x]\n" + BOMB + yaml(),
    "alias bomb in use": "x: &a0 [[1, 1, 1]]\n" + BOMB + yaml(data="{rows: *a11}"),
    "alias of itself": yaml(data="&x {rows: *x}"),
    "100,000 anchors": yaml(description=f"[{'&a 1, ' * 100_000}]"),
    "lists 100,000 deep": yaml(data="[" * 100_000),
    "lists of numbers 100,000 deep": yaml(data="{rows: " + "[" * 100_000 + "1" + "]" * 100_000 + "}"),
    "mappings 100,000 deep": yaml(data="{a: " * 100_000),
    "indented 1,000 deep": "".join(" " * depth + "a:\n" for depth in range(1000)),
    "dashes 100,000 deep": "- " * 100_000,
    "questions 100,000 deep": "? " * 100_000,
    "a mebibyte of quotes": b"'" * MIB,
    "a mebibyte of colons": b": " * (MIB // 2),
    "a mebibyte of tabs": b"\t" * MIB,
    "a mebibyte in a line": yaml(description="x" * (MIB - 500)),
    "a mebibyte of keys": "".join(f"k{n}: 1\n" for n in range(100_000))[:MIB],
    "a mebibyte of rows": yaml(data=f"{{rows: [{'[1, 1, 1], ' * 80_000}]}}"),
    "a mebibyte of comments": "#\n" * (MIB // 2 - 100) + yaml(),
    "keys given 10,000 times": yaml() + "name: x\n" * 10_000,
    "a tag that runs a command": yaml(name="!!python/object/apply:os.system ['touch harm']"),
    "a tag that makes an object": yaml(data="!!python/object/new:os.system ['touch harm']"),
    "a tag that is a name": yaml(init="!!python/name:os.system"),
    "a binary tag": yaml(description="!!binary gASVHQAAAAAAAACMBXBvc2l4lIwGc3lzdGVtlJOU"),
    "a tag of its own": "%TAG ! tag:evil,2000:\n---\n" + yaml(name="!x y"),
    "a merge key": yaml(data="{<<: {rows: [[1, 1, 1]]}}"),
    "a second document": yaml() + "---\n" + yaml(),
    "YAML 1.1": "%YAML 1.1\n---\n" + yaml(),
    **{
        f"name {name[:12]}": yaml(name=name)
        for name in (
            *("../../x", "..", ".", "/etc/x", "a/b", "'a\\b'", '"a\\0b"', '"a\\nb"', "''", "x" * 10_000, ".hidden"),
            *("..\u2215x", "\uff0e\uff0e/x", "[a]", "-r", "~", "null", "1"),
        )
    },
    "a NUL": yaml(description="a\0b"),
    "only NULs": b"\0" * MIB,
    "not UTF-8": yaml().encode() + b"description: \xff\xfe\n",
    "half a character": yaml().encode() + b"description: \xe2\x82",
    "UTF-16": yaml().encode("utf-16"),
    "half a surrogate": yaml(description='"\\ud800"'),
    "control characters": yaml(description="\x1b[2J\x07"),
    "a megabyte of digits": axis("[" + "9" * 10**6 + "]"),
    "a megabyte of hexadecimal digits": axis("[0x" + "f" * 10**6 + "]"),
    "a seed of many digits": yaml(seed="9" * 5000),
    "an infinite rate": axis("[1e400]"),
    "1e30 values between": axis("{linspace: [0, 1, 1e30]}"),
    "10^30 values between": axis(f"{{geomspace: [1, 2, {10**30}]}}"),
    "10^18 values between": axis(f"{{geomspace: [1, 2, {10**18}]}}"),
    "a range of 1e30 values": axis("{range: [0, 1, 1e-30]}"),
    "1e30 drawn values": axis("{distribution: uniform, min: 0, max: 1, n: 1e30}"),
    "10^9 drawn values": axis(f"{{distribution: uniform, min: 0, max: 1, n: {10**9}}}"),
    "ten axes of 10^6 values": axes(10, "{linspace: [0.1, 1, 1000000]}"),
    "a hundred axes of 10^17 values": axes(100, f"{{linspace: [0.1, 1, {10**17}]}}"),
    "10^30 repeats": yaml(repeats=str(10**30), parameters="{learning_rate: [1], epochs: [1], init: [he_normal]}"),
    "10^9 repeats": yaml(repeats=str(10**9), parameters="{learning_rate: [1], epochs: [1], init: [he_normal]}"),
    "10^30 epochs": yaml(parameters=f"{{learning_rate: [1], epochs: [{10**30}], init: [ones]}}"),
    "2^63 - 1 epochs": yaml(parameters=f"{{learning_rate: [1], epochs: [{2**63 - 1}], init: [ones]}}"),
    "a billion units": yaml(network=f"{{layers: [2, {10**9}, 1]}}"),
    "10,000 layers": yaml(network=f"{{layers: {[2] * 10_000}}}"),
    "10^30 samples": yaml(data=f"{{generate: xor, samples: {10**30}}}"),
    "10^6 samples": yaml(data=f"{{generate: xor, samples: {10**6}}}"),
    "10,000 exclusions": yaml(exclude=f"[{'{epochs: 1}, ' * 10_000}]"),
    "a deep initialisation": yaml(parameters=f"{{init: [{'{values: ' * 31}1{'}' * 31}], epochs: [1]}}"),
    "curves of every epoch of 10^12": yaml(
        record="{losses: {every: 1}}", parameters=f"{{learning_rate: [1], epochs: [{10**12}], init: [ones]}}"
    ),
}


class Harm:
    """What runs a command when a pickle is read."""

    def __reduce__(self) -> Any:
        return os.system, (f"touch {CANARY}",)


def _extension() -> pa.Table:
    """A table whose metadata ask for a Python type that is unpickled."""
    asked = {b"ARROW:extension:name": b"arrow.py_extension_type", b"ARROW:extension:metadata": pickle.dumps(Harm())}
    fields = [pa.field(name, pa.float64(), metadata=asked) for name in "abc"]
    return pa.table([[1.0], [2.0], [3.0]], schema=pa.schema(fields, metadata={b"pandas": pickle.dumps(Harm())}))


def _rows(path: Path, millions: int) -> None:
    """Rows that compress to next to nothing."""
    rows = pa.table({name: pa.repeat(1.0, 10**6) for name in "abc"})
    with pq.ParquetWriter(path, rows.schema, compression="zstd") as file:
        for _ in range(millions):
            file.write_table(rows)


def _sparse(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.write(b"a,b,c\n1,2,3\n")
        file.truncate(size)


DATA: dict[str, Callable[[Path], Any]] = {
    "no data": lambda path: None,
    "empty data": lambda path: path.write_bytes(b""),
    "data that are a directory": lambda path: path.mkdir(),
    "data that are a FIFO": lambda path: os.mkfifo(path),
    "data that are endless": lambda path: path.symlink_to("/dev/zero"),
    "data that are random": lambda path: path.symlink_to("/dev/urandom"),
    "data that are themselves": lambda path: path.symlink_to(path),
    "binary data": lambda path: path.write_bytes(bytes(range(256)) * 4096),
    "pickled data": lambda path: path.write_bytes(pickle.dumps(Harm())),
    "data that are Parquet": lambda path: _rows(path, 1),
    "100 MB of rows": lambda path: path.write_bytes(b"a,b,c\n" + b"1.25,2.5,3.75\n" * (100 * MIB // 14)),
    "100 MB in a row": lambda path: path.write_bytes(b"a,b,c\n1,2," + b"3" * 100 * MIB),
    "100 MB of names": lambda path: path.write_bytes(b"a,b,c," + b"d" * 100 * MIB),
    "100 GB of NULs": lambda path: _sparse(path, 10**11),
    "a hundred thousand columns": lambda path: path.write_bytes(b"a,b,c" + b",d" * 10**5 + b"\n" + b"1," * 10**5),
    "an open quote": lambda path: path.write_bytes(b'a,b,c\n"1,2,3\n' * 10**5),
    "data that are not UTF-8": lambda path: path.write_bytes(b"a,b,c\n\xff,2,3\n"),
    "data with NULs": lambda path: path.write_bytes(b"a,b,c\n1,2\0,3\n"),
    "numbers of many digits": lambda path: path.write_bytes(b"a,b,c\n" + b"9" * 10**6 + b",1,1e999999999\n"),
    "rows of unequal length": lambda path: path.write_bytes(b"a,b,c\n1,2\n1,2,3,4\n" * 10**4),
}
PARQUET: dict[str, Callable[[Path], Any]] = {
    "Parquet that is random": lambda path: path.write_bytes(b"PAR1" + bytes(range(256)) * 999 + b"PAR1"),
    "Parquet with a footer of 2 GB": lambda path: path.write_bytes(b"PAR1" + b"\xff\xff\xff\x7fPAR1"),
    "Parquet that is pickled": lambda path: path.write_bytes(pickle.dumps(Harm())),
    "Parquet that would be unpickled": lambda path: pq.write_table(_extension(), path),
    "Parquet of 10^8 rows": lambda path: _rows(path, 100),
    "Parquet that is endless": lambda path: path.symlink_to("/dev/zero"),
}
SPECIAL: dict[str, Callable[[Path], Any]] = {
    "no file": lambda path: None,
    "a directory": lambda path: path.mkdir(),
    "a FIFO": lambda path: os.mkfifo(path),
    "an endless file": lambda path: path.symlink_to("/dev/zero"),
    "a link to itself": lambda path: path.symlink_to(path),
    "100 MB": lambda path: path.write_bytes(b"a: 1\n" * (20 * MIB)),
    "100 GB": lambda path: _sparse(path, 10**11),
    "data elsewhere": lambda path: path.write_text(yaml(data="{file: /etc/passwd, inputs: [a], targets: [b]}")),
    "data that are a device": lambda path: path.write_text(yaml(data="{file: /dev/zero, inputs: [a], targets: [b]}")),
    "data with a NUL": lambda path: path.write_text(yaml(data='{file: "a\\0.csv", inputs: [a], targets: [b]}')),
}


def _with_data(text: str, name: str, make: Callable[[Path], Any], path: Path) -> None:
    path.write_text(text)
    make(path.with_name(name))


def write(folder: Path, leave_out: Collection[str] = ()) -> dict[str, Path]:
    """Write the corpus, each file into a folder of its own; return the path of each by what it is called."""
    makers: dict[str, Callable[[Path], Any]] = dict(SPECIAL)
    for name, text in TEXTS.items():
        data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
        makers[name] = partial(Path.write_bytes, data=data)
    for suffix, tables in (("csv", DATA), ("parquet", PARQUET)):
        text = yaml(data=CSV.replace("csv", suffix))
        for name, make in tables.items():
            makers[name] = partial(_with_data, text, f"data.{suffix}", make)
    paths = {}
    for number, (name, make) in enumerate(makers.items()):
        if name in leave_out:
            continue
        paths[name] = folder / str(number) / "x.yaml"
        paths[name].parent.mkdir(parents=True)
        make(paths[name])
    return paths
