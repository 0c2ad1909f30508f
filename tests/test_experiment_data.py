"""The data of an experiment: rows, CSV and Parquet files, and what is made up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from harness.experiment import ExperimentError, load
from harness.experiment.data import columns
from harness.experiment.data.generators import GENERATORS
from harness.experiment.model import Data
from harness.network.parts import AS_IT_IS, network_data
from harness.network.structure import structure
from tests.support import memory

PARAMETERS = {"learning_rate": 0.1, "epochs": 1, "init": "ones"}


def read(section: dict[str, Any], layers: list[int], **training: Any) -> Data:
    mapping = {
        "name": "x",
        "network": {"layers": layers},
        "data": section,
        "training": training,
        "parameters": PARAMETERS,
    }
    return load(mapping).data


def complaint(section: dict[str, Any]) -> list[str]:
    with pytest.raises(ExperimentError) as caught:
        read(section, [2, 1])
    return [line.removeprefix("experiment: data.") for line in str(caught.value).split("\n")]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)


def test_rows_are_inputs_then_targets() -> None:
    found = read({"rows": [[1, 2, 3], [4, 5, 6.5]]}, [2, 2, 1])
    np.testing.assert_array_equal(found.inputs, np.array([[1.0, 2.0], [4.0, 5.0]]), strict=True)
    np.testing.assert_array_equal(found.targets, np.array([[3.0], [6.5]]), strict=True)
    assert read({"rows": np.array([[1, 2, 3]])}, [1, 2]).targets.tolist() == [[2, 3]]


CSV = """b,"x 1",note,a
1, 2.5 ,hello,-3e-1
+4,5,,0
"""


def test_a_csv_file_is_read_by_column_name() -> None:
    Path("points.CSV").write_text(CSV)
    found = read({"file": "points.CSV", "inputs": ["a", "x 1"], "targets": ["b"]}, [2, 1])
    assert found.inputs.tolist() == [[-0.3, 2.5], [0, 5]]
    assert found.targets.tolist() == [[1], [4]]
    Path("points.CSV").write_bytes(b"\xef\xbb\xbf" + CSV.replace("\n", "\r\n").encode())
    assert read({"file": Path("points.CSV"), "inputs": ["b"], "targets": ["a"]}, [1, 1]).inputs.tolist() == [[1], [4]]


@pytest.mark.parametrize("first", ["#a", "# a", "%a", "//a"])
def test_a_mark_before_the_names_is_part_of_the_first(first: str) -> None:
    Path("p.csv").write_text(f"{first},b,c\n1,2,3\n4,5,6\n")
    assert read({"file": "p.csv", "inputs": [first, "b"], "targets": ["c"]}, [2, 1]).inputs.tolist() == [[1, 2], [4, 5]]


def test_every_digit_of_a_csv_file_counts() -> None:
    numbers = np.random.default_rng(0).standard_normal((100, 2)) * 10.0 ** np.arange(-50, 50)[:, None]
    Path("p.csv").write_text("a,b\n" + "".join(f"{a!r},{b!r}\n" for a, b in numbers.tolist()))
    found = read({"file": "p.csv", "inputs": ["a"], "targets": ["b"]}, [1, 1])
    np.testing.assert_array_equal(np.hstack([found.inputs, found.targets]), numbers)


def test_a_parquet_file_is_read_by_column_name() -> None:
    table = {
        "a": pa.array([1, 2], pa.uint8()),
        "b": pa.array([1.5, 2], pa.float32()),
        "c": [True, False],
        "d": ["x", None],
    }
    parquet.write_table(pa.table(table), "p.parquet")
    found = read({"file": "p.parquet", "inputs": ["c", "a"], "targets": ["b"]}, [2, 1])
    assert found.inputs.tolist() == [[1, 1], [0, 2]]
    assert found.targets.tolist() == [[1.5], [2]]


def test_a_file_lies_beside_the_experiment(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "p.csv").write_text("a,b\n1,2\n")
    text = "name: x\nnetwork: {layers: [1, 1]}\ndata: {file: p.csv, inputs: [a], targets: [b]}\n"
    text += "parameters: {learning_rate: 1, epochs: 1, init: ones}\n"
    (tmp_path / "sub" / "x.yaml").write_text(text)
    assert load("sub/x.yaml").data.inputs.tolist() == [[1]]


EACH = "one for each class of the targets"
DROP = "; missing: drop leaves such rows out"
COLUMNS = {"inputs": ["a", "b"], "targets": ["c"]}
ROWS = [(1.5, -2e-3, 0), (0.1, 3, 1), (1e300, 0.30000000000000004, 1)]
"""Numbers to be found in files of every form; the last ones tell a correctly rounded reading from others."""


def written(separator: str, point: str = ".", quote: str = "") -> str:
    lines = [["a", "b", "c"], *([repr(number).replace(".", point) for number in row] for row in ROWS)]
    return "".join(separator.join(f"{quote}{cell}{quote}" for cell in line) + "\n" for line in lines)


@pytest.mark.parametrize(
    "content",
    [
        *map(written, [",", ";", "\t", "|", ", ", " ; "]),
        written(";", ","),
        written("\t", ","),
        written(";", ",", '"'),
        written(",", quote='"'),
        written(", ", quote="'"),
        written(",").replace("a", '"a"'),
        written(",").replace("\n", "\r\n"),
        written(";").replace("\n", "\r"),
        "\n\n" + written(","),
        b"\xef\xbb\xbf" + written(",").encode(),
        b"\xef\xbb\xbf" + written(";", ",", '"').encode(),
        written("\t", ",").encode("utf-16"),
        ",a,b,c\n0,1.5,-0.002,0\n1,0.1,3,1\n2,1e300,0.30000000000000004,1\n",
        "size, cm;a;b;c\n1,5;1,5;-2,0e-3;0\n1,5;,1;3;1\n1,5;1e300;0,30000000000000004;1\n",
        '"a note\nof two lines",a,b,c\n"1\n2",1.5,-0.002,0\n,0.1,3,1\n,1e300,0.30000000000000004,1\n',
        'note,a,b,c\n"1;2;3;4",1.5,-0.002,0\n"1;2;3;4",0.1,3,1\n"1;2;3;4",1e300,0.30000000000000004,1\n',
    ],
)
def test_what_is_not_in_doubt_is_read(content: str | bytes) -> None:
    Path("p.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    found = read({"file": "p.csv", "inputs": ["a", "b"], "targets": ["c"]}, [2, 1])
    np.testing.assert_array_equal(np.hstack([found.inputs, found.targets]), ROWS)


@pytest.mark.parametrize(
    ("content", "names", "row"),
    [
        ("a, cm;b, cm;c\n1,5;2,5;0\n", ["a, cm", "b, cm", "c"], [1.5, 2.5, 0]),
        ("p, q, r;s\n1,5;2,5\n", ["p, q, r", "s"], [1.5, 2.5]),
        ("p;q;r,y\n1,2\n", ["p;q;r", "y"], [1, 2]),
        ("a|b,c;d\n1,2\n", ["a|b", "c;d"], [1, 2]),
        ("a\tb, c\td\n1\t2,5\t3\n", ["a", "b, c", "d"], [1, 2.5, 3]),
    ],
)
def test_names_may_hold_what_separates_columns_elsewhere(content: str, names: list[str], row: list[float]) -> None:
    Path("p.csv").write_text(content)
    found = read({"file": "p.csv", "inputs": names[:-1], "targets": names[-1:]}, [len(names) - 1, 1])
    assert np.hstack([found.inputs, found.targets]).tolist() == [row]


def test_a_large_file_may_have_cells_of_several_lines() -> None:
    rows = "".join(f'"{"note" * 20}\n{"of two lines" * 9}",{i},{i / 2}\n' for i in range(9000))
    Path("p.csv").write_text("note,a,b\n" + rows)
    assert Path("p.csv").stat().st_size > 3 * 2**19
    found = read({"file": "p.csv", "inputs": ["a"], "targets": ["b"]}, [1, 1])
    assert found.targets[:, 0].tolist() == [i / 2 for i in range(9000)]


def test_a_file_of_over_16_mib_is_refused() -> None:
    with Path("p.csv").open("wb") as file:
        file.truncate(2**24 + 1)
    assert complaint({"file": "p.csv", **COLUMNS}) == ["file: the file is over 16 MiB; keep more in a Parquet file"]
    Path("p.csv").write_text(",".join(f"x{i}" for i in range(4097)) + "\n")
    assert complaint({"file": "p.csv", **COLUMNS}) == ["file: expected at most 4,096 columns"]


def test_a_file_of_tabs_may_be_called_tsv() -> None:
    Path("p.tsv").write_text(written("\t"))
    assert len(read({"file": "p.tsv", "inputs": ["a", "b"], "targets": ["c"]}, [2, 1]).inputs) == 3


TEXT = "a,b,c\n1,2,3\n"
UTF8 = "expected a file that is saved as UTF-8"
NUL = "the file is not text: it has NUL bytes; expected a CSV file, saved as UTF-8"
ABOVE = "expected the names of its columns there, and nothing above them"


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (
            "1.0,2.0,0\n3,4,1\n",
            ["file: p.csv has no header: its first line is 1.0,2.0,0; expected names, such as x1,x2,y"],
        ),
        (
            "5.1;3,5;1,4;0,2;Iris-setosa\n4,9;3;1,4;0,2;Iris-setosa\n",
            [
                "file: p.csv has no header: its first line is 5.1;3,5;1,4;0,2;Iris-setosa; "
                "expected names, such as x1,x2,x3,y"
            ],
        ),
        (
            "a,b,c\n1,2,setosa\n1,2,versicolor\n1,2,virginica\n",
            [f"experiment: network.layers: expected 3 outputs, {EACH}, found 1; auto gives as many"],
        ),
        (
            "a,b,c\n1,no,'x'\n1,,'x'\ny,yes,'x'\n",
            [
                "inputs[1]: column b of p.csv holds text ('no', 'yes'); expected numbers",
                "file: row 3, column 'a': expected a finite number, found 'y'",
            ],
        ),
        (
            ",x,c\n0,1,2\n1,1,2\n",
            [
                f"inputs[{i}]: no such column; the file has an unnamed first column that counts from 0, x, c"
                for i in (0, 1)
            ],
        ),
        (
            ",A,b,c\n7,1,2,0\n",
            ["inputs[0]: no such column; the file has an unnamed first column, A, b, c"],
        ),
        (
            "a,b,c\n1,1,2,3\n2,1,2,3\n",
            [
                "file: p.csv has 3 names in its first line and 4 cells below; "
                "expected a name for every column, also for the first"
            ],
        ),
        (
            "a b c\n1 2 3\n",
            ["file: p.csv has one column, 'a b c'; expected several, with a comma, semicolon, tab or | between them"],
        ),
        (
            "a;b;c\n1.5;1,234;0\n2.5;2,345;1\n",
            [
                "inputs[1]: found '1,234', with a comma, and in column 'a' numbers with a point; "
                "expected the same sign before all fractions"
            ],
        ),
        (
            "a;b;c\n1;1.234,5;0\n",
            ["file: row 1, column 'b': expected a finite number, found '1.234,5'"],
        ),
        (
            "a;b;c\n1;1,234,567;0\n",
            ["file: row 1, column 'b': expected a finite number, found '1,234,567'"],
        ),
        (
            "a, bb, cc\n1,2,3\n",
            ["inputs[1]: no such column; did you mean bb?", "targets[0]: no such column; did you mean cc?"],
        ),
        ("a,a ,b,c\n1,2,3,4\n", ["inputs[0]: stands twice in the file"]),
    ],
)
def test_what_is_in_doubt_is_named(content: str, lines: list[str]) -> None:
    Path("p.csv").write_text(content)
    assert complaint({"file": "p.csv", **COLUMNS}) == lines


def test_numbers_may_be_names() -> None:
    Path("p.csv").write_text("2019,2020,2021\n1,2,3\n")
    assert read({"file": "p.csv", "inputs": ["2019", "2020"], "targets": ["2021"]}, [2, 1]).inputs.tolist() == [[1, 2]]


def test_a_file_of_names_that_were_written_with_their_spaces_is_still_read() -> None:
    Path("p.csv").write_text("a, b\n1,2\n")
    assert read({"file": "p.csv", "inputs": ["a"], "targets": [" b"]}, [1, 1]).targets.tolist() == [[2]]


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        ("", ["file: the file is empty"]),
        ("\n\n", ["file: the file is empty"]),
        ("a,b,c\n", ["file: the file has no rows"]),
        (
            "a,b,c\n1,x,3\n1,y,nan\n,1,2\n",
            [
                "file: row 3, column 'a': expected a finite number, found an empty cell" + DROP,
                "file: row 1, column 'b': expected a finite number, found 'x', and in 1 more row",
                "file: row 2, column 'c': expected a finite number, found 'nan'" + DROP,
            ],
        ),
        (
            "a,b,c\n1,1_0,inf\n",
            [
                "file: row 1, column 'b': expected a finite number, found '1_0'",
                "file: row 1, column 'c': expected a finite number, found 'inf'",
            ],
        ),
        ("a,b\n1,2\n", ["targets[0]: no such column; the file has a, b"]),
        (
            "a,B,cc\n1,2,3\n",
            ["inputs[1]: no such column; the file has a, B, cc", "targets[0]: no such column; did you mean cc?"],
        ),
        ("a,b,c,c\n1,2,3,4\n", ["targets[0]: stands twice in the file"]),
        (
            "a,b,c\n1,2,3\n1,2\n",
            ["file: p.csv has 2 cells in row 3, 1,2; expected 3, one for each name in its first line"],
        ),
        (
            b"\xff,b,c\n1,2,3\n",
            ["file: the first line is not UTF-8 text; expected a file that is saved as UTF-8"],
        ),
        (
            b"a,b,c\n1,\xff,3\n",
            ["file: line 2 is not UTF-8 text; expected a file that is saved as UTF-8"],
        ),
        *(
            (TEXT.encode(name), [f"file: the file is {name[:6].upper()} text without a byte-order mark; {UTF8}"])
            for name in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
        ),
        (
            "年".encode("utf-16-le") + TEXT.replace("\n", "\r\n").encode("utf-16-le"),
            [f"file: the file is UTF-16 text without a byte-order mark; {UTF8}"],
        ),
        (TEXT.encode("utf-32"), [f"file: the file is UTF-32 text; {UTF8}"]),
        (TEXT.encode("utf-16")[:-1], ["file: the file is UTF-16 text that is cut off or damaged"]),
        (b"PK\x03\x04" + bytes(99), [f"file: {NUL}"]),
        (TEXT.replace("2", "\0"), [f"file: {NUL}"]),
        *(
            (above + TEXT, [f"file: p.csv begins with the line '{above.splitlines()[0]}'; {ABOVE}"])
            for above in (
                "# made by hand\n",
                "# made by hand, in May\n",
                "# x,y,z\n",
                "#1\n#2\n# and so on, a, b, c\n",
                "% made by hand\n\n",
                "// made by hand\n",
                "sep=,\n",
                "All the results\n",
                "\n\n# later\n"[2:],
            )
        ),
        ("# a\n# b\n", [f"file: p.csv begins with the line '# a'; {ABOVE}"]),
        (
            TEXT + "# the end\n",
            ["file: p.csv has 1 cell in row 3, # the end; expected 3, one for each name in its first line"],
        ),
        ("a" * 140_000 + ",b,c\n", ["file: cannot be read as CSV: a cell of over 131,072 characters"]),
    ],
)
def test_what_a_csv_file_may_not_be(content: str | bytes, lines: list[str]) -> None:
    Path("p.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert complaint({"file": "p.csv", **COLUMNS}) == lines


def test_what_a_parquet_file_may_not_be() -> None:
    def told(table: dict[str, Any] | bytes) -> list[str]:
        Path("p.parquet").write_bytes(table) if isinstance(table, bytes) else parquet.write_table(
            pa.table(table), "p.parquet"
        )
        return complaint({"file": "p.parquet", **COLUMNS})

    none = pa.array([], pa.float64())
    assert told({"a": none, "b": none, "c": none}) == ["file: the file has no rows"]
    assert told({"a": [1], "b": ["x"], "c": [1]}) == ["inputs[1]: expected a column of numbers, found string"]
    assert told({"a": [1.0, np.nan], "b": [1, None], "c": [1, 2]}) == [
        "file: row 2, column 'a': expected a finite number, found nan" + DROP,
        "file: row 2, column 'b': expected a finite number, found an empty cell" + DROP,
    ]
    assert told({"a": [1], "b": [1]}) == ["targets[0]: no such column; the file has a, b"]
    (line,) = told(b"PAR1 nothing")
    assert line.startswith("file: cannot be read as Parquet: ")


def zeros(rows: int, columns: int) -> tuple[Path, dict[str, Any]]:
    """A Parquet file of zeros, which takes next to no room, and the section that names it."""
    column = pa.array(np.zeros(rows, np.uint8))
    names = [f"c{at}" for at in range(columns)]
    parquet.write_table(pa.table(dict.fromkeys(names, column)), "zeros.parquet")
    return Path("zeros.parquet"), {"file": "zeros.parquet", "inputs": names[:-1], "targets": names[-1:]}


def test_a_small_file_of_many_numbers_is_refused_before_it_is_read() -> None:
    file, section = zeros(10**6, 121)
    assert file.stat().st_size < 10**6
    told: list[str] = []

    def refused() -> None:
        with pytest.raises(ExperimentError) as caught:
            read(section, [120, 1])
        told.append(str(caught.value))

    assert memory.most(refused) < 10**7
    found = "found 1,000,000 rows x 121 columns; keep fewer of either"
    assert set(told) == {f"experiment: data.file: expected at most 50,000,000 numbers, {found}"}


def test_reading_data_takes_at_most_three_times_their_size() -> None:
    _, section = zeros(200_000, 21)
    assert memory.most(lambda: read(section, [20, 1])) < 3 * 200_000 * 21 * 8


@pytest.mark.parametrize("samples", [10**9, 10**18])
def test_samples_without_number_are_refused(samples: int) -> None:
    told = f"samples: expected a whole number of at most 1000000, found {samples}"
    assert complaint({"generate": "xor", "samples": samples}) == [told]


def test_a_csv_file_of_many_short_numbers_is_bounded_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "MOST_NUMBERS", 8)
    Path("p.csv").write_text("a,b,c\n" + "0,0,0\n" * 3)
    told = "file: expected at most 8 numbers, found 3 rows x 3 columns; keep fewer of either"
    assert complaint({"file": "p.csv", **COLUMNS}) == [told]
    Path("p.csv").write_text("a,b,c\n" + "0,0,0\n" * 2)
    assert read({"file": "p.csv", **COLUMNS}, [2, 1]).inputs.shape == (2, 2)


def test_classes_that_would_make_too_many_targets_are_refused() -> None:
    section = {"generate": "xor", "samples": 10**6}
    with pytest.raises(
        ExperimentError, match=r"found 1,000,000 rows x 60 columns.* a column of targets for each class"
    ):
        read(section, [2, 60], loss="cross_entropy")


def test_where_a_data_file_may_not_be() -> None:
    Path("d.csv").mkdir()
    here = Path.cwd()
    assert complaint({"file": "none.csv", **COLUMNS}) == [f"file: no such file: {here / 'none.csv'}"]
    assert complaint({"file": "d.csv", **COLUMNS}) == [f"file: is a directory: {here / 'd.csv'}"]
    assert complaint({"file": f"{'x' * 300}.csv", **COLUMNS})[0].startswith("file: no such file: ")
    assert complaint({"file": "/etc", **COLUMNS}) == [
        "file: expected a file that ends in .csv, .tsv or .parquet, found '/etc'"
    ]
    assert complaint({"file": "none.csv"}) == [
        "targets: missing; expected the name of a column, such as targets: y",
        f"file: no such file: {here / 'none.csv'}",
    ]
    assert complaint({"file": "none.csv", "inputs": [1], "targets": []}) == [
        "inputs[0]: expected text, found 1",
        "targets: expected a list of column names, found an empty list",
    ]
    Path("p.csv").write_text("a,b,c\n1,2,3\n")
    assert complaint({"file": "p.csv", "inputs": ["a", "b"], "targets": ["a"]}) == [
        "targets[0]: this column is named twice"
    ]
    assert complaint({"file": "p.csv", "inputs": ["a"], "targets": ["c"]}) == [
        "inputs: expected 2 inputs, to fit network.layers, found 1"
    ]
    assert complaint({"file": "p.csv", "inputs": ["a", "b"], "targets": ["b", "c"]}) == [
        "targets[0]: this column is named twice"
    ]


OTHERS = {"parity": [3, 1], "sine": [1, 1], "friedman1": [5, 1], "encoder": [8, 8]}
LAYERS = {kind: OTHERS.get(kind, [2, 1]) for kind in GENERATORS}


@pytest.mark.parametrize("kind", GENERATORS)
def test_made_up_data_depend_on_the_seed_alone(kind: str) -> None:
    found = read({"generate": kind}, LAYERS[kind])
    again = read({"generate": kind, "samples": 200, "noise": 0.1, "seed": 0}, LAYERS[kind])
    other = read({"generate": kind, "seed": 1}, LAYERS[kind])
    assert [found.inputs.shape, found.targets.shape] == [(200, width) for width in LAYERS[kind]]
    assert found.digest() == again.digest() != other.digest()
    np.testing.assert_array_equal(found.inputs, found.inputs.astype(np.float32))
    assert np.abs(found.inputs).max() < 3


def test_xor_without_noise_is_the_truth_table() -> None:
    found = read({"generate": "xor", "samples": 4, "noise": 0}, [2, 1])
    assert np.hstack([found.inputs, found.targets]).tolist() == [[0, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0]]


def test_each_kind_is_what_it_says() -> None:
    made = {kind: read({"generate": kind, "noise": 0}, layers) for kind, layers in LAYERS.items()}
    radius = np.hypot(*made["circle"].inputs.T)
    target = {kind: made[kind].targets[:, 0] for kind in made}
    for kind in ("xor", "circle", "spiral", "gaussian", "moons", "parity"):
        assert target[kind].tolist() == target[kind].round().tolist()
        assert target[kind].mean() == 0.5
    assert radius[target["circle"] == 1].max() <= 0.5 < 0.75 <= radius[target["circle"] == 0].min() + 1e-7
    np.testing.assert_allclose(
        made["spiral"].inputs[target["spiral"] == 0], -made["spiral"].inputs[target["spiral"] == 1], atol=1e-7
    )
    assert np.unique(np.hstack([made["gaussian"].inputs, made["gaussian"].targets]), axis=0).tolist() == [
        [-1, -1, 0],
        [1, 1, 1],
    ]
    x, y = made["linear"].inputs.T
    np.testing.assert_allclose(target["linear"], x / 2 - y / 4 + 1 / 8, atol=1e-7)


@pytest.mark.parametrize("kind", GENERATORS)
def test_noise_is_the_deviation_of_what_it_is_added_to(kind: str) -> None:
    clean, noisy = (read({"generate": kind, "samples": 4000, "noise": noise}, LAYERS[kind]) for noise in (0, 0.1))
    changes = [noisy.inputs - clean.inputs, noisy.targets - clean.targets]
    if kind in ("linear", "sine", "friedman1"):
        changes.reverse()
    np.testing.assert_allclose(changes[0].mean(0), 0, atol=0.01)
    np.testing.assert_allclose(changes[0].std(0), 0.1, atol=0.005)
    assert not changes[1].any()


@pytest.mark.parametrize("samples", [2, 200])
def test_moons_are_those_of_scikit_learn_by_turns(samples: int) -> None:
    found = read({"generate": "moons", "samples": samples, "noise": 0}, [2, 1])
    turn = np.linspace(0, np.pi, samples // 2)
    np.testing.assert_allclose(found.inputs[0::2], np.column_stack([np.cos(turn), np.sin(turn)]), atol=1e-7)
    np.testing.assert_allclose(found.inputs[1::2], np.column_stack([1 - np.cos(turn), 0.5 - np.sin(turn)]), atol=1e-7)
    assert found.targets[:, 0].tolist() == [0, 1] * (samples // 2)


def test_an_odd_moon_more_stands_on_the_first() -> None:
    found = read({"generate": "moons", "samples": 5, "noise": 0}, [2, 1])
    np.testing.assert_allclose(found.inputs, [[1, 0], [0, 0.5], [0, 1], [1, -0.5], [-1, 0]], atol=1e-7)
    assert read({"generate": "moons", "samples": 1, "noise": 0}, [2, 1]).inputs.tolist() == [[1, 0]]


def test_parity_without_noise_is_the_truth_table() -> None:
    found = read({"generate": "parity", "samples": 9, "noise": 0}, [3, 1])
    rows = ["000 0", "001 1", "010 1", "011 0", "100 1", "101 0", "110 0", "111 1", "000 0"]
    assert [f"{a:.0f}{b:.0f}{c:.0f} {y:.0f}" for a, b, c, y in np.hstack([found.inputs, found.targets])] == rows


def test_a_sine_is_one() -> None:
    found = read({"generate": "sine", "noise": 0}, [1, 1])
    np.testing.assert_allclose(found.targets, np.sin(np.pi * found.inputs), atol=5e-7)
    assert -1 <= found.inputs.min() < -0.9 < 0.9 < found.inputs.max() <= 1


def test_friedman_s_function_is_that_of_the_article() -> None:
    found = read({"generate": "friedman1", "samples": 20_000, "noise": 0}, [5, 1])
    x = found.inputs
    expected = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    np.testing.assert_allclose(found.targets[:, 0], expected, atol=1e-5)
    mean = 10 * 0.52461 + 20 / 12 + 10 / 2 + 5 / 2  # the mean of sin(pi u v) is Cin(pi)/pi
    assert abs(found.targets.mean() - mean) < 0.15
    np.testing.assert_allclose([x.min(0), x.max(0)], [[0] * 5, [1] * 5], atol=0.001)


def test_a_checkerboard_has_sixteen_squares() -> None:
    found = read({"generate": "checkerboard", "samples": 2000, "noise": 0}, [2, 1])
    board = np.array([[0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 0, 1], [1, 0, 1, 0]])
    column, row = (np.digitize(x, [-0.5, 0, 0.5]) for x in found.inputs.T)
    assert found.targets[:, 0].tolist() == board[row, column].tolist()
    assert np.bincount(4 * row + column, minlength=16).min() > 80
    assert np.abs(found.inputs).max() <= 1


def test_an_encoder_s_targets_are_its_inputs() -> None:
    found = read({"generate": "encoder", "samples": 16, "noise": 0}, [8, 3, 8])
    assert found.inputs.tolist() == found.targets.tolist() == [*np.eye(8).tolist(), *np.eye(8).tolist()]
    noisy = read({"generate": "encoder", "samples": 16}, [8, 3, 8])
    assert noisy.targets.tolist() == found.targets.tolist()


def test_classes_become_one_hot_targets_for_cross_entropy_alone() -> None:
    mapping = {"name": "x", "network": {"layers": [1, 3]}, "data": {"rows": [[5, 2], [6, 0]]}, "parameters": PARAMETERS}
    experiment = load({**mapping, "training": {"loss": "cross_entropy"}})
    assert experiment.data.targets.tolist() == [[2], [0]]
    assert network_data(experiment, structure(experiment, {}), AS_IT_IS).train.targets.tolist() == [
        [0, 0, 1],
        [1, 0, 0],
    ]
    one_hot = load({**mapping, "data": {"rows": [[5, 0, 0, 1], [6, 1, 0, 0]]}, "training": {"loss": "cross_entropy"}})
    assert network_data(one_hot, structure(one_hot, {}), AS_IT_IS).train.targets.tolist() == [[0, 0, 1], [1, 0, 0]]
    swept = load({**mapping, "network": {"layers": [1, 1]}, "data": {"rows": [[5, 0.5]]}})
    assert network_data(swept, structure(swept, {}), AS_IT_IS).train.targets.tolist() == [[0.5]]
