"""What a sink of the recipe will leave out or reject is told by the plan, and the run agrees."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.cli import ferry
from support.instances import make_instances

from .conftest import RecipeWriter


def export(layout: str, path: str = "out", **more: Any) -> dict[str, Any]:
    return {"export": {"path": path, "layout": layout}, **more}


def told(verb: str, recipe: Path) -> tuple[int, dict[str, Any]]:
    end = ferry(verb, recipe, "--format", "json")
    return end.returncode, json.loads(end.stdout)


def codes(report: dict[str, Any]) -> set[str]:
    return {problem["code"] for problem in report["problems"]}


WHOLE = export("{{ SOPInstanceUID }}.dcm")
NEVER = export("{{ SOPInstanceUID }}.dcm", "other", when="Modality == 'XA'")


@pytest.mark.parametrize(
    "sinks", [[NEVER], [WHOLE, NEVER], [NEVER, WHOLE]], ids=["alone", "second", "first"]
)
def test_a_sink_whose_condition_never_holds_is_an_error_until_it_is_allowed(
    sinks: list[Any], tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    make_instances(tmp_path / "data", 4)
    recipe = write_recipe(sinks=sinks, transforms=[], servers={})

    code, report = told("plan", recipe)
    assert (code, codes(report)) == (2, {"sink-takes-nothing"})
    run = ferry("run", recipe)
    assert run.returncode == 2
    assert "Everything is stored" not in run.stdout
    assert not (tmp_path / "out").exists()

    allowed = write_recipe(sinks=sinks, transforms=[], servers={}, allow=["sink-takes-nothing"])
    assert ferry("run", allowed).returncode == 0
    assert not list((tmp_path / "other").iterdir())


def test_a_sink_whose_condition_holds_for_some_is_no_problem(
    tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    make_instances(tmp_path / "data", 4, series=2)
    some = export("{{ SOPInstanceUID }}.dcm", when="SeriesNumber == 1")
    recipe = write_recipe(sinks=[some], transforms=[], servers={})

    code, report = told("plan", recipe)
    assert (code, codes(report)) == (0, set())


@pytest.mark.parametrize(
    "layout",
    [
        "{{ OtherPatientIDs | default('') }}/{{ SOPInstanceUID }}.dcm",
        "{{ OtherPatientIDs }}/{{ SOPInstanceUID }}.dcm",
        "{{ 'a/b' }}/{{ SOPInstanceUID }}.dcm",
        "{{ '..' if InstanceNumber else 'x' }}/{{ (StudyDescription | default('')) }}",
    ],
    ids=["empty", "missing", "with a slash", "without a name"],
)
def test_what_a_layout_gives_no_path_is_rejected_in_the_plan_as_in_the_run(
    layout: str, tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    make_instances(tmp_path / "data", 4)
    recipe = write_recipe(
        sinks=[WHOLE, export(layout, "other")],
        transforms=[{"remap": {"delete": ["StudyDescription"]}}],
        servers={},
    )

    code, report = told("plan", recipe)
    assert (code, codes(report)) == (1, {"refused-by-sink"})
    (problem,) = report["problems"]
    assert "the sink 'export-2' will reject 4 instances, first in" in problem["message"]

    code, report = told("run", recipe)
    assert code == 1
    assert sum(sink["rejected"] for sink in report["sinks"].values()) == 4
    assert len(list((tmp_path / "out").iterdir())) == 4


def test_to_allow_what_a_sink_rejects_does_not_make_it_stored(
    tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    make_instances(tmp_path / "data", 2)
    recipe = write_recipe(
        sinks=[export("{{ OtherPatientIDs }}/x.dcm")], transforms=[], servers={},
        allow=["refused-by-sink"],
    )  # fmt: skip

    assert ferry("plan", recipe).returncode == 1
    assert ferry("run", recipe).returncode == 1
