"""Small data sets that come with the package: their files lie in this folder, sources and licences in its README.md."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import NamedTuple


class Shelved(NamedTuple):
    """A CSV file with a header, and what its columns are for; it may have more columns than these.

    targets, inputs: names of columns. classes: whether the target is a class, as text. about: a sentence.
    """

    file: str
    targets: tuple[str, ...]
    inputs: tuple[str, ...]
    classes: bool
    about: str


_NUCLEUS = (
    *("radius", "texture", "perimeter", "area", "smoothness"),
    *("compactness", "concavity", "concave_points", "symmetry", "fractal_dimension"),
)

SHELF: dict[str, Shelved] = {
    "iris": Shelved(
        "iris.csv",
        ("species",),
        ("sepal_length", "sepal_width", "petal_length", "petal_width"),
        True,
        "The species of 150 irises, from four lengths of their flowers in cm.",
    ),
    "wine": Shelved(
        "wine.csv",
        ("cultivar",),
        (
            *("alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols", "flavanoids"),
            *("nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue", "od280_od315_of_diluted_wines"),
            "proline",
        ),
        True,
        "Which of three cultivars 178 Italian wines are of, from thirteen numbers of a chemical analysis.",
    ),
    "breast_cancer": Shelved(
        "breast_cancer.csv",
        ("diagnosis",),
        (
            *(f"mean_{name}" for name in _NUCLEUS),
            *(f"{name}_error" for name in _NUCLEUS),
            *(f"worst_{name}" for name in _NUCLEUS),
        ),
        True,
        "Whether 569 breast masses are malignant or benign, from thirty numbers about the nuclei of their cells.",
    ),
    "penguins": Shelved(
        "penguins.csv",
        ("species",),
        ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"),
        True,
        "The species of 344 penguins, from four measurements, which two of them lack.",
    ),
    "diabetes": Shelved(
        "diabetes.csv",
        ("progression",),
        ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"),
        False,
        "How far the disease of 442 patients went in a year, from ten numbers of before, as they were measured.",
    ),
}


def path(name: str) -> Path:
    """The file of a data set of the shelf. Raises KeyError if there is none of this name."""
    return Path(str(files(__name__))) / SHELF[name].file
