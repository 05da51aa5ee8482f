"""Where everything in a document is."""

from __future__ import annotations

import pytest

from dicomferry.model import Place
from dicomferry.recipe.yaml.document import NodePath, path_text
from dicomferry.recipe.yaml.reading import parse_document

TEXT = """\
name: x
transforms:
  - remap:
      set: {PatientID: 00123}
      delete: []
"""

DOCUMENT = parse_document(TEXT, "recipe.yaml")


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        ((), 1, 1),
        (("name",), 1, 7),
        (("transforms",), 2, 1),
        (("transforms", 0), 3, 5),
        (("transforms", 0, "remap"), 3, 5),
        (("transforms", 0, "remap", "set", "PatientID"), 4, 24),
        (("transforms", 0, "remap", "set", "Nothing"), 4, 7),
        (("transforms", 7), 2, 1),
    ],
)
def test_a_value_is_placed_and_a_missing_one_has_its_ancestors_place(
    path: NodePath, line: int, column: int
) -> None:
    assert DOCUMENT.place(path) == Place("recipe.yaml", line, column)


def test_a_key_is_placed_apart_from_its_value() -> None:
    path = ("transforms", 0, "remap", "set", "PatientID")

    assert DOCUMENT.key_place(path) == Place("recipe.yaml", 4, 13)


def test_a_scalar_keeps_the_text_it_was_written_in() -> None:
    assert DOCUMENT.source(("transforms", 0, "remap", "set", "PatientID")) == "00123"


@pytest.mark.parametrize("path", [("transforms",), ("nothing", 0)])
def test_only_a_scalar_has_a_source_text(path: NodePath) -> None:
    assert DOCUMENT.source(path) is None


def test_a_path_reads_as_people_write_it() -> None:
    assert path_text(("transforms", 0, "remap", "set")) == "transforms[0].remap.set"
