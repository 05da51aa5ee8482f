"""What is odd in the tables of a recipe is told by `validate`, `plan` and `run`, with its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support import pacs
from support.cli import ferry

Recipe = Callable[..., Path]
LABELS = {"identify": {"project": "P", "subject": "{{ PatientName }}", "session": "{{ StudyID }}"}}
TABLE = {"lookup": {"file": "codes.csv", "key": "PatientID", "set": {"PatientName": "code"}}}


@pytest.fixture
def recipe(tmp_path: Path, write_recipe: Recipe) -> Path:
    pacs.study(tmp_path / "data", 1)
    return write_recipe(
        transforms=[{"remap": TABLE}, LABELS],
        sinks=[{"export": {"path": "out", "layout": "{{ SOPInstanceUID }}.dcm"}}],
    )


@pytest.mark.parametrize("verb", ["validate", "plan", "run"])
@pytest.mark.parametrize(
    ("table", "warning"),
    [
        ("PatientID,code,note\nP0001,M,Müller\n".encode("cp1252"), "codes.csv:1:1"),
        ("PatientID,code\nP0001\u200b,M\n".encode(), "codes.csv:2:1"),
    ],
)
def test_a_warning_of_a_table_is_one_of_the_plan(
    recipe: Path, tmp_path: Path, verb: str, table: bytes, warning: str
) -> None:
    (tmp_path / "codes.csv").write_bytes(table)

    result = ferry(verb, recipe)

    assert result.returncode == 0, result.stderr
    assert warning in result.stdout
    assert "warning [remap:" in result.stdout


@pytest.mark.parametrize("verb", ["validate", "plan"])
def test_an_error_of_a_table_is_told_with_its_place(
    recipe: Path, tmp_path: Path, verb: str
) -> None:
    (tmp_path / "codes.csv").write_text("PatientID,code\nP0001,nan\nP0002,#N/A\n")

    result = ferry(verb, recipe)

    assert result.returncode == 2
    assert "codes.csv:2:7" in result.stderr
    assert "codes.csv:3:7" in result.stderr


def test_a_list_that_asks_for_everything_is_found_before_a_pacs_is_asked(
    tmp_path: Path, write_recipe: Recipe
) -> None:
    (tmp_path / "wanted.csv").write_text("Patient ID,Modality\nP1,MR\n*,??\n")
    recipe = write_recipe(
        sources=[{"csv-dqr": {"file": "wanted.csv", "pacs": "pacs"}}],
        servers={"pacs": {"pacs": {"host": "127.0.0.1", "port": 9, "ae_title": "PACS"}}},
        sinks=[{"export": {"path": "out", "layout": "{{ SOPInstanceUID }}.dcm"}}],
    )

    result = ferry("validate", recipe, "--format", "json")

    report = json.loads(result.stdout)
    assert result.returncode == 2
    assert [(p["code"], p["line"]) for p in report["problems"]] == [
        ("csv-dqr:asks-for-everything", 3)
    ]
