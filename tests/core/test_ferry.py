"""A recipe is used from Python as from the command line, and nothing is printed or taken over."""

from __future__ import annotations

import json
import logging
import signal
from pathlib import Path

import msgspec
import pytest

from dicomferry import Ferry, FerryError, ProblemsError
from dicomferry.errors import LedgerError, StoppedError
from dicomferry.reports.plan import PlanReport
from support.cli import ferry as command_line
from support.instances import make_instances

RECIPE = """\
recipe: 1
name: shelf
params: {folder: {default: data}}
sources: [{folder: {path: "{{ params.folder }}"}}]
sinks: [{export: {path: out, layout: "{{ SOPInstanceUID }}.dcm"}}]
tests: [{given: {PatientID: A}, expect: {edits: {}}}]
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    make_instances(tmp_path / "data", 6)
    path = tmp_path / "shelf.yaml"
    path.write_text(RECIPE)
    return path


def test_a_run_stores_everything_and_prints_nothing(
    recipe: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with Ferry.open(recipe) as ferry:
        report = ferry.run(ferry.plan())

    assert report.complete
    assert len(list((recipe.parent / "out").rglob("*.dcm"))) == 6
    assert capfd.readouterr() == ("", "")


def test_a_second_run_sends_nothing_again(recipe: Path) -> None:
    for expected in (6, 0):
        with Ferry.open(recipe) as ferry:
            report = ferry.run(ferry.plan())

        assert (report.complete, report.sinks["export"].stored) == (True, expected)


def test_xnat_that_nobody_asked_has_not_landed_anything(recipe: Path) -> None:
    with Ferry.open(recipe) as ferry:
        report = ferry.run(ferry.plan())

    assert report.verify is None
    assert not report.landed


def test_nothing_is_sent_where_no_xnat_can_be_asked(recipe: Path) -> None:
    with Ferry.open(recipe) as ferry, pytest.raises(FerryError, match="no sink of the recipe"):
        ferry.run(ferry.plan(), verify=True)

    assert not (recipe.parent / "out").exists()


def test_the_report_is_what_the_command_line_prints_as_json(recipe: Path) -> None:
    with Ferry.open(recipe, state=recipe.parent / "here") as ferry:
        told = json.loads(msgspec.json.encode(ferry.plan().report()))

    printed = command_line("plan", recipe, "--format", "json", "--state", recipe.parent / "there")
    assert json.loads(printed.stdout) == told
    assert msgspec.convert(told, PlanReport).sessions


def test_a_param_is_given_as_a_value(recipe: Path, tmp_path: Path) -> None:
    make_instances(tmp_path / "more", 2)

    with Ferry.open(recipe, params={"folder": tmp_path / "more"}) as ferry:
        assert sum(session.instances for session in ferry.plan().sessions()) == 2


def test_an_unknown_param_is_named_as_it_was_given(recipe: Path) -> None:
    with pytest.raises(FerryError, match=r"params\['nonsense'\]: the recipe declares no such"):
        Ferry.open(recipe, params={"nonsense": 1})


def test_a_param_that_is_no_single_value_is_refused(recipe: Path) -> None:
    for value in (None, ["data"], {"a": 1}, object()):
        with pytest.raises(FerryError, match=r"params\['folder'\]"):
            Ferry.open(recipe, {"folder": value})


def test_only_the_last_plan_of_a_ferry_is_run(recipe: Path) -> None:
    other = recipe.with_name("other.yaml")
    other.write_text(RECIPE.replace("shelf", "other"))
    with Ferry.open(recipe) as ferry, Ferry.open(other) as another:
        for plan in (ferry.plan(), another.plan()):
            ferry.plan()
            with pytest.raises(FerryError, match="not the last plan"):
                ferry.run(plan)


def test_a_state_that_there_is_not_is_refused(recipe: Path) -> None:
    with Ferry.open(recipe) as ferry:
        ferry.plan()
        with pytest.raises(FerryError, match="no state 'sent'"):
            list(ferry.items("sent"))


def test_every_fault_of_a_recipe_is_raised_at_once(recipe: Path) -> None:
    recipe.write_text(RECIPE.replace("path: out", "pth: out").replace("name:", "nam:"))

    with pytest.raises(ProblemsError) as raised:
        Ferry.open(recipe)

    assert len(raised.value.problems) >= 2


def test_items_tell_what_became_of_each_instance(recipe: Path) -> None:
    with Ferry.open(recipe) as ferry:
        ferry.run(ferry.plan(), limit=1)
        stored, due = list(ferry.items("stored")), list(ferry.items("due"))

    with Ferry.open(recipe) as ferry:
        assert list(ferry.items("stored")) == stored
        assert ferry.status().counts[0].items == len(stored) + len(due) == 6
    assert {outcome.state for item in stored for outcome in item.sinks.values()} == {"stored"}


def test_the_state_folder_is_locked_from_the_first_plan_to_the_end(recipe: Path) -> None:
    with Ferry.open(recipe) as ferry:
        ferry.plan()
        with Ferry.open(recipe) as other, pytest.raises(LedgerError):
            other.plan()
    with Ferry.open(recipe) as other:
        assert other.plan().sessions()


def test_a_ferry_that_was_stopped_sends_nothing(recipe: Path) -> None:
    with Ferry.open(recipe) as ferry:
        plan = ferry.plan()
        ferry.stop()
        report = ferry.run(plan)

        assert (report.interrupted, report.complete, report.remaining) == (True, False, 6)
        with pytest.raises(StoppedError):
            ferry.plan()
    assert not (recipe.parent / "out").exists()


def test_no_signal_handler_is_changed(recipe: Path) -> None:
    watched = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in watched]
    with Ferry.open(recipe) as ferry:
        ferry.run(ferry.plan())
        assert [signal.getsignal(number) for number in watched] == before


def test_a_ferry_that_is_closed_writes_to_no_log(recipe: Path, tmp_path: Path) -> None:
    with Ferry.open(recipe, state=tmp_path / "first") as ferry:
        ferry.plan()
    logging.getLogger("dicomferry").warning("what happens later")

    log = tmp_path / "first" / "dicomferry.log"
    assert not log.exists() or "later" not in log.read_text()


def test_progress_is_told_to_a_function(recipe: Path) -> None:
    told: dict[str, int] = {}

    def show(what: str, done: int, total: int | None) -> None:
        told[what] = told.get(what, 0) + done

    with Ferry.open(recipe) as ferry:
        ferry.progress = show
        ferry.run(ferry.plan())

    assert told["export"] == 6


def test_a_plan_is_saved_chosen_from_and_run(recipe: Path, tmp_path: Path) -> None:
    with Ferry.open(recipe) as ferry:
        plan = ferry.plan()
        plan.save(tmp_path / "plan.csv")
        lines = (tmp_path / "plan.csv").read_text().splitlines()
        yes, no = lines[1], lines[2].replace("yes", "no", 1)
        (tmp_path / "plan.csv").write_text("\n".join([lines[0], yes, no, *lines[3:]]) + "\n")
        chosen = ferry.plan(tmp_path / "plan.csv")

        assert ferry.run(chosen).complete
    assert 0 < len(list((tmp_path / "out").rglob("*.dcm"))) < 6


def test_a_lock_that_fits_is_told_and_one_that_does_not_raises(recipe: Path) -> None:
    with Ferry.open(recipe) as ferry:
        assert ferry.lock() == ferry.check_lock() == recipe.with_suffix(".lock")
    recipe.write_text(RECIPE.replace("path: out", "path: elsewhere"))
    with Ferry.open(recipe) as ferry, pytest.raises(FerryError, match="not what was locked"):
        ferry.check_lock()


def test_a_run_is_replayed_by_its_manifest(recipe: Path) -> None:
    with Ferry.open(recipe, params={"folder": "data"}) as ferry:
        manifest = ferry.run(ferry.plan()).manifest

    with Ferry.of_manifest(manifest) as again:
        report = again.replay(manifest)

    assert (report.same, report.instances, report.identical) == (True, 6, 6)


def test_a_recipe_is_tried_on_its_tests_and_against_another(recipe: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(
        RECIPE.replace("sinks:", "transforms: [{remap: {set: {Modality: OT}}}]\nsinks:")
    )

    with Ferry.open(recipe) as one, Ferry.open(other) as two:
        assert one.test().passed
        assert one.contrast(one).same
        assert "Modality" in str(one.contrast(two).effects)
