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


FIRST = export("{{ SOPInstanceUID }}.dcm", "first", when="SeriesNumber == 1")
SECOND = export("{{ SOPInstanceUID }}.dcm", "second", when="SeriesNumber == 2")


@pytest.mark.parametrize(
    ("sinks", "none"),
    [([FIRST, NEVER, SECOND], 0), ([FIRST, FIRST], 2), ([FIRST], 0), ([FIRST, WHOLE], 0)],
    ids=["each by one", "half by none", "an only sink", "one takes all"],
)
def test_what_none_of_several_sinks_takes_is_told_until_it_is_allowed(
    sinks: list[Any], none: int, tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    make_instances(tmp_path / "data", 4, sessions=1)
    named = [{**sink, "id": f"s{number}"} for number, sink in enumerate(sinks)]
    more = {"sinks": named, "transforms": [], "servers": {}, "allow": ["sink-takes-nothing"]}

    code, report = told("plan", write_recipe(**more))
    warned = [one for one in report["problems"] if one["code"] == "taken-by-no-sink"]
    assert (code, len(warned)) == (0, bool(none))
    for one in warned:
        assert one["severity"] == "warning"
        assert f"the when: of every sink leaves out {none} instances, first in" in one["message"]
        assert str(tmp_path / "data") in one["message"]
    assert ferry("run", write_recipe(**more)).returncode == 0

    more["allow"] = ["sink-takes-nothing", "taken-by-no-sink"]
    assert "warning" not in {
        one["severity"] for one in told("plan", write_recipe(**more))[1]["problems"]
    }


def test_the_plan_counts_for_each_sink_as_the_run_does(
    tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    make_instances(tmp_path / "data", 5, sessions=1)
    layout = "{{ 'x' if InstanceNumber != 1 else '' }}/{{ SOPInstanceUID }}.dcm"
    recipe = write_recipe(
        sinks=[{**FIRST, "id": "some"}, {**export(layout, "odd"), "id": "odd"}],
        transforms=[], servers={},
    )  # fmt: skip

    takes = told("plan", recipe)[1]["sinks_take"]
    assert takes["some"]["left_out"] > 0
    assert takes["odd"]["refused"] > 0
    text = ferry("plan", recipe).stdout
    some = takes["some"]
    line = f"{some['to_bring']} instances to bring, {some['left_out']} left out by its when:."
    assert f"some: {line}" in text
    assert f"{takes['odd']['refused']} that it will reject." in text

    ran = told("run", recipe)[1]["sinks"]
    for sink, forecast in takes.items():
        assert ran[sink]["stored"] == forecast["to_bring"]
        assert ran[sink]["excluded"] == forecast["left_out"]
        assert ran[sink]["rejected"] == forecast["refused"]
    after = told("plan", recipe)[1]["sinks_take"]
    assert after == {sink: {**forecast, "to_bring": 0} for sink, forecast in takes.items()}


def test_a_condition_that_cannot_be_evaluated_is_told_as_the_condition_of_its_sink(
    tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    make_instances(tmp_path / "data", 2)
    odd = export("{{ SOPInstanceUID }}.dcm", when="OtherPatientIDs > 3")
    recipe = write_recipe(sinks=[odd], transforms=[], servers={})

    code, report = told("plan", recipe)
    (problem,) = report["problems"]
    assert (code, problem["code"]) == (1, "refused-by-sink")
    assert "the sink 'export' will reject 2 instances" in problem["message"]
    assert "its when: cannot be evaluated" in problem["message"]
    assert "OtherPatientIDs" in problem["message"]
    assert "when:" in problem["hint"]
    assert told("run", recipe)[0] == 1

    mended = export("{{ SOPInstanceUID }}.dcm", when="OtherPatientIDs | default(4) > 3")
    assert told("run", write_recipe(sinks=[mended], transforms=[], servers={}))[0] == 0
