"""Where a parameter's value comes from, and what it may look like."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from dicomferry.errors import FerryError
from dicomferry.recipe.params import Params, read_params
from dicomferry.recipe.settings import ParamSettings, read_settings
from dicomferry.recipe.yaml.reading import parse_document


def params(
    declared: str,
    given: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Params:
    document = parse_document(f"params:\n  x: {declared}\n", "r.yaml")
    return read_params(document, given or {}, environment or {})


def test_the_environment_counts_where_nothing_else_is_said() -> None:
    found = params("{default: a}", environment={"DICOMFERRY_PARAM_x": "b"})

    assert found.values == {"x": "b"}
    assert found.origins == {"x": "$DICOMFERRY_PARAM_x"}


def test_what_the_command_line_says_beats_the_environment() -> None:
    found = params("{default: a}", {"x": "c"}, {"DICOMFERRY_PARAM_x": "b"})

    assert found.values == {"x": "c"}
    assert found.origins == {"x": "--set x"}


def test_a_default_has_the_place_it_stands_at() -> None:
    assert params("{default: a}").origins == {"x": "r.yaml:2:16"}


def test_the_environment_may_name_what_this_recipe_has_not() -> None:
    assert params("{default: a}", environment={"DICOMFERRY_PARAM_y": "b"}).values == {"x": "a"}


def test_set_beats_a_file_of_parameters(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("x: file\n")

    settings = ParamSettings.of({"x": "set"}).over(read_settings(tmp_path / "p.yaml"))

    assert settings["x"] == "set"


def test_a_file_of_parameters_keeps_the_text_as_written(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("x: 007\ny: true\n")

    assert dict(read_settings(tmp_path / "p.yaml")) == {"x": "007", "y": "true"}


@pytest.mark.parametrize("text", ["x: [1]\n", "x: {a: b}\n", "x:\n", "- x\n"])
def test_a_file_of_anything_else_is_refused_with_its_place(tmp_path: Path, text: str) -> None:
    (tmp_path / "p.yaml").write_text(text)

    with pytest.raises(FerryError, match=r"p.yaml:\d+:\d+"):
        read_settings(tmp_path / "p.yaml")


def test_an_unknown_name_in_a_file_is_told_at_its_line(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("\nxx: a\n")

    with pytest.raises(FerryError, match=r"p.yaml:2:1: xx: the recipe declares no such"):
        params("{default: a}", read_settings(tmp_path / "p.yaml"))


@pytest.mark.parametrize(
    ("declared", "text", "seen"),
    [
        ("{type: text}", "007", "007"),
        ("{type: integer}", "-12", -12),
        ("{type: number}", "0.5", 0.5),
        ("{type: number}", "3", 3),
        ("{type: boolean}", "false", False),
        ("{type: choice, choices: [a, b]}", "b", "b"),
        ("{choices: [a, b]}", "a", "a"),
    ],
)
def test_a_parameter_is_seen_as_its_type(declared: str, text: str, seen: object) -> None:
    found = params(declared, {"x": text})

    assert not found.problems
    assert found.typed == {"x": seen}
    assert found.values == {"x": text}


@pytest.mark.parametrize(
    ("declared", "text", "message"),
    [
        ("{type: integer}", "007", "'007' is not a whole number"),
        ("{type: integer}", "1.0", "'1.0' is not a whole number"),
        ("{type: number}", "1,5", "'1,5' is not a number"),
        ("{type: number}", "nan", "'nan' is not a number"),
        ("{type: boolean}", "yes", "'yes' is neither true nor false"),
        ("{choices: [a, b]}", "c", "'c' is none of a, b"),
    ],
)
def test_a_value_of_another_type_is_a_fault(declared: str, text: str, message: str) -> None:
    (problem,) = params(declared, {"x": text}).problems

    assert problem.message == f"--set x: {message}"


def test_a_default_of_another_type_is_a_fault_at_its_place() -> None:
    (problem,) = params("{type: boolean, default: 1}").problems

    assert str(problem) == "r.yaml:2:31: params.x.default: '1' is neither true nor false"


def test_a_truth_value_may_be_written_as_yaml_writes_it() -> None:
    assert params("{type: boolean, default: true}").typed == {"x": True}
