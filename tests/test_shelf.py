"""The shelf: its files hold the numbers that were published, and say where they are from."""

from __future__ import annotations

import hashlib
from typing import Any

import pandas as pd
import pytest

from harness.experiment.data.shelf import SHELF, path

PUBLISHED: dict[str, dict[str, Any]] = {
    "iris": {
        "shape": (150, 5),
        "classes": {"setosa": 50, "versicolor": 50, "virginica": 50},
        "means": {"sepal_length": 5.843333, "sepal_width": 3.057333, "petal_length": 3.758, "petal_width": 1.199333},
        "ends": {"sepal_length": (4.3, 7.9), "petal_width": (0.1, 2.5)},
        "sha256": "9cc1c345c71bcc9b486b74cbf6063fa66f4bb5e0f603a4b3c3471ec2e5e8e355",
    },
    "wine": {
        "shape": (178, 14),
        "classes": {"class_0": 59, "class_1": 71, "class_2": 48},
        "means": {"alcohol": 13.0, "magnesium": 99.7, "proanthocyanins": 1.59, "hue": 0.96, "proline": 746.9},
        "ends": {"malic_acid": (0.74, 5.8), "od280_od315_of_diluted_wines": (1.27, 4), "proline": (278, 1680)},
        "sha256": "0b1878a85c7319cb85c8f5eed4731bac48b130b99bb19169c8ac7f55fbc984f7",
    },
    "breast_cancer": {
        "shape": (569, 31),
        "classes": {"malignant": 212, "benign": 357},
        "means": {"mean_radius": 14.13, "mean_texture": 19.29, "mean_perimeter": 91.97, "mean_area": 654.89},
        "ends": {"mean_radius": (6.981, 28.11), "area_error": (6.802, 542.2), "worst_concavity": (0, 1.252)},
        "sha256": "518936fa92ca3d8a78c420aee22030c4e519ffcba3be15dd23e83f2fc22e20e5",
    },
    "penguins": {
        "shape": (344, 8),
        "classes": {"Adelie": 152, "Chinstrap": 68, "Gentoo": 124},
        "means": {"bill_length_mm": 43.92, "bill_depth_mm": 17.15, "flipper_length_mm": 200.9, "body_mass_g": 4202},
        "ends": {"bill_length_mm": (32.1, 59.6), "body_mass_g": (2700, 6300), "year": (2007, 2009)},
        "sha256": "1867a776a83379df4219f227bb1effb967da12adb13732127c8c8d120434c29b",
    },
    "diabetes": {
        "shape": (442, 11),
        "classes": {},
        "means": {"age": 48.5181, "bmi": 26.3758, "bp": 94.647, "s1": 189.14, "s6": 91.26, "progression": 152.13348},
        "ends": {"sex": (1, 2), "s5": (3.2581, 6.107), "progression": (25, 346)},
        "sha256": "36e3fd6f8158bdc41f916d8989653227e5a5dd506c508de3f33febb48213e641",
    },
}
"""What scikit-learn's descriptions and R's summaries say; the SHA-256 of the files compared with scikit-learn 1.9.1."""


def decimals(number: float) -> int:
    return len(str(number).partition(".")[2])


def test_the_shelf_has_what_is_described() -> None:
    assert SHELF.keys() == PUBLISHED.keys()
    described = (path("iris").parent / "README.md").read_text("utf-8")
    for name, shelved in SHELF.items():
        section = described.partition(f"\n## {shelved.file}\n")[2].partition("\n## ")[0]
        assert [line[2:].partition(":")[0] for line in section.splitlines() if line.startswith("- ")] == [
            "Source",
            "Licence",
            "Changed",
        ], name
        assert "https://" in section
    assert sorted(one.name for one in path("iris").parent.glob("*.csv")) == sorted(one.file for one in SHELF.values())
    with pytest.raises(KeyError):
        path("boston")


@pytest.mark.parametrize("name", SHELF)
def test_a_data_set_is_the_published_one(name: str) -> None:
    shelved, published = SHELF[name], PUBLISHED[name]
    content = path(name).read_bytes()
    table = pd.read_csv(path(name))
    assert hashlib.sha256(content).hexdigest() == published["sha256"]
    assert table.shape == published["shape"]
    for column, mean in published["means"].items():
        assert round(table[column].mean(), decimals(mean)) == mean, column
    for column, ends in published["ends"].items():
        assert (table[column].min(), table[column].max()) == ends, column
    (target,) = shelved.targets
    assert shelved.classes == bool(published["classes"])
    if shelved.classes:
        assert table[target].value_counts().to_dict() == published["classes"]


@pytest.mark.parametrize("name", SHELF)
def test_a_data_set_s_columns_are_plain_and_its_inputs_numbers(name: str) -> None:
    shelved, table = SHELF[name], pd.read_csv(path(name))
    assert all(column.isidentifier() and column.islower() for column in table.columns)
    others = ["island", "sex", "year"] if name == "penguins" else []
    assert [c for c in table.columns if c not in (*shelved.targets, *others)] == [*shelved.inputs]
    assert table[[*shelved.inputs]].dtypes.map(pd.api.types.is_numeric_dtype).all()
    assert pd.api.types.is_numeric_dtype(table[shelved.targets[0]]) != shelved.classes
    assert path(name).read_bytes().isascii()
    assert b"\r" not in path(name).read_bytes()


def test_only_penguins_have_missing_cells() -> None:
    missing = {name: pd.read_csv(path(name)).isna().sum() for name in SHELF}
    assert {name: int(cells.sum()) for name, cells in missing.items() if cells.any()} == {"penguins": 2 * 4 + 11}
    assert missing["penguins"][["species", "island", "year"]].tolist() == [0, 0, 0]
    assert missing["penguins"][[*SHELF["penguins"].inputs, "sex"]].tolist() == [2, 2, 2, 2, 11]
    assert ",,,," in path("penguins").read_text("ascii")
    assert "NA" not in path("penguins").read_text("ascii")


def test_iris_has_the_article_s_rows_where_the_repository_errs() -> None:
    rows = path("iris").read_text("ascii").splitlines()
    assert (rows[35], rows[38]) == ("4.9,3.1,1.5,0.2,setosa", "4.9,3.6,1.4,0.1,setosa")
