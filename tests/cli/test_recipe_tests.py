"""`dicomferry test`: a recipe is tried on its own tests."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pydicom.data
import pytest

from dicomferry.engine.trial.expectation import Result, run_tests
from dicomferry.errors import FerryError
from dicomferry.host import Plugins, Selection, load_plugins
from dicomferry.recipe.load import load_recipe
from support.cli import ferry
from support.recipes import RECIPES

RECIPE = """\
recipe: 1
name: clinic
servers:
  xnat:
    xnat: {dicom: {host: h}, identification: {projects: [P]}}
sources:
  - folder: {path: nowhere, parts: "(?P<visit>V[0-9])"}
    when: Modality != "SR"
transforms:
  - remap:
      set: {InstitutionName: "Clinic", StationName: "{{ path.visit | default('') }}"}
      delete: [OtherPatientIDs]
  - remap: {lookup: {file: codes.csv, key: PatientID, set: {PatientName: Code}}}
  - identify:
      project: P
      subject: "{{ PatientName }}"
      session: "{{ PatientName }}_{{ Modality }}"
  - unify-uids: {salt: "${env:NOT_SET_ANYWHERE}"}
sinks:
  - xnat-cstore: {server: xnat}
"""

FIRST = RECIPE.count("\n") + 3
"""The line of the first test."""


class Bench:
    """A recipe whose tests are written by a test."""

    def __init__(self, folder: Path, plugins: Plugins) -> None:
        self._plugins = plugins
        self.path = folder / "clinic.yaml"
        (folder / "codes.csv").write_text("PatientID,Code\n1,A1\n")

    def write(self, tests: str) -> None:
        self.path.write_text(f"{RECIPE}\ntests:\n{tests}")

    def results(self, tests: str) -> list[Result]:
        """Return what came of each test."""
        self.write(tests)
        return list(run_tests(load_recipe(self.path, self._plugins.components, {}), self._plugins))

    def passes(self, test: str) -> bool:
        return self.results(test)[0].passed


@pytest.fixture(scope="module")
def plugins() -> Plugins:
    return load_plugins(Selection())


@pytest.fixture
def bench(tmp_path: Path, plugins: Plugins) -> Bench:
    return Bench(tmp_path, plugins)


GIVEN = 'given: {PatientID: "1", OtherPatientIDs: x}'


@pytest.mark.parametrize(
    "expect",
    [
        "{project: P, subject: A1, session: A1_MR}",
        "{session: A1_MR}",
        "{tags: {PatientName: A1, OtherPatientIDs: ~, InstitutionName: Clinic}}",
        "{tags: {'(0010,0010)': A1}}",
        "{rejected: false, excluded: false, subject: A1}",
    ],
)
def test_what_is_so_passes(bench: Bench, expect: str) -> None:
    assert bench.passes(f"  - {GIVEN}\n    expect: {expect}\n")


@pytest.mark.parametrize(
    ("expect", "path", "actual"),
    [
        ("{session: A1_CT}", "session", "A1_MR"),
        ("{subject: ~}", "subject", "A1"),
        ("{tags: {PatientName: B}}", "tags.PatientName", "A1"),
        ("{tags: {PatientName: ~}}", "tags.PatientName", "A1"),
        ("{tags: {OtherPatientIDs: x}}", "tags.OtherPatientIDs", None),
        ("{rejected: true}", "rejected", "sent"),
        ("{excluded: the reason}", "excluded", "sent"),
    ],
)
def test_what_is_not_so_fails(bench: Bench, expect: str, path: str, actual: str | None) -> None:
    (result,) = bench.results(f"  - {GIVEN}\n    expect: {expect}\n")

    (difference,) = result.differences
    assert ".".join(difference.path) == f"expect.{path}"
    assert difference.actual == actual


def test_edits_are_all_the_edits_there_are(bench: Bench) -> None:
    some = "{InstitutionName: Clinic, OtherPatientIDs: ~, PatientName: A1, StudyID: x}"
    (result,) = bench.results(f"  - {GIVEN}\n    expect: {{edits: {some}}}\n")

    told = {one.path[-1]: one.why for one in result.differences}
    assert told == {
        "StudyID": "it is not edited",
        "StationName": "it is edited, and not expected to be",
        "PatientComments": "it is edited, and not expected to be",
        "StudyInstanceUID": "it is edited, and not expected to be",
    }


def test_names_in_a_path_are_given(bench: Bench) -> None:
    test = f"  - {GIVEN}\n    path: {{visit: V7}}\n    expect: {{tags: {{StationName: V7}}}}\n"

    assert bench.passes(test)


def test_an_instance_that_no_source_lets_in_is_excluded(bench: Bench) -> None:
    given = 'given: {PatientID: "1", Modality: SR}'

    assert bench.passes(f"  - {given}\n    expect: {{excluded: the source's when}}\n")


def test_an_instance_a_rule_holds_back_is_rejected_for_its_reason(bench: Bench) -> None:
    test = '  - given: {PatientID: "2"}\n    expect: {rejected: not in codes.csv}\n'

    assert bench.passes(test)


def test_an_instance_held_back_unexpectedly_fails_with_the_reason(bench: Bench) -> None:
    (result,) = bench.results('  - given: {PatientID: "2"}\n    expect: {subject: A1}\n')

    (difference,) = result.differences
    assert difference.actual == "rejected"
    assert "codes.csv" in difference.why


def test_an_attribute_may_be_left_out(bench: Bench) -> None:
    assert bench.passes("  - given: {PatientID: ~}\n    expect: {rejected: PatientID}\n")


def test_a_file_may_be_given(bench: Bench) -> None:
    real = Path(pydicom.data.__file__).parent / "test_files" / "MR_small.dcm"
    shutil.copy(real, bench.path.parent / "one.dcm")
    given = 'file: one.dcm\n    given: {PatientID: "1"}'

    assert bench.passes(f"  - {given}\n    expect: {{session: A1_MR}}\n")


def test_a_damaged_file_is_rejected(bench: Bench) -> None:
    real = Path(pydicom.data.__file__).parent / "test_files" / "MR_small.dcm"
    (bench.path.parent / "one.dcm").write_bytes(real.read_bytes()[:-1000])

    assert bench.passes("  - file: one.dcm\n    expect: {rejected: true}\n")


def test_a_file_that_is_not_there_is_told_with_its_place(bench: Bench) -> None:
    with pytest.raises(FerryError, match=rf"clinic.yaml:{FIRST}:5: tests\[0\]: .*none.dcm"):
        bench.results("  - file: none.dcm\n    expect: {rejected: true}\n")


def test_a_failure_shows_the_line_of_the_expectation(bench: Bench) -> None:
    bench.write(f"  - {GIVEN}\n    expect:\n      session: A1_CT\n")

    result = ferry("test", bench.path)

    assert result.returncode == 1
    assert f"{bench.path}:{FIRST + 2}:16: tests[0].expect.session" in result.stdout
    assert "  - A1_CT\n  + A1_MR\n" in result.stdout


def test_a_test_that_expects_nothing_does_not_pass(bench: Bench) -> None:
    assert not bench.passes(f"  - {GIVEN}\n    expect: {{}}\n")


def test_a_recipe_without_tests_does_not_pass(bench: Bench) -> None:
    bench.path.write_text(RECIPE)

    result = ferry("test", bench.path)

    assert result.returncode == 2
    assert "has no tests" in result.stderr


@pytest.mark.parametrize("expect", ["{sesion: x}", "{tags: {PatientNmae: x}}", "{session: 1}"])
def test_an_expectation_of_the_wrong_shape_is_a_fault(bench: Bench, expect: str) -> None:
    with pytest.raises(FerryError, match=rf"clinic.yaml:{FIRST + 1}:"):
        bench.results(f"  - {GIVEN}\n    expect: {expect}\n")


def test_a_report_for_programs_has_every_difference(bench: Bench) -> None:
    bench.write(f"  - {GIVEN}\n    expect: {{session: A1_CT}}\n")

    result = ferry("test", bench.path, "--format", "json")

    report = json.loads(result.stdout)
    assert result.returncode == 1
    assert not report["passed"]
    assert report["tests"][0]["differences"][0]["actual"] == "A1_MR"


UPDATED = """\
  # the first
  - name: one          # keep
    given: {PatientID: "1", OtherPatientIDs: x}
    expect:
      session: A1_MR     # this is wrong
      tags:
        PatientName: A1       # this too
        InstitutionName: Clinic
  - given: {PatientID: "2"}    # not there
    expect: {rejected: "transforms[1]: PatientID is not in codes.csv"}
  - given: {PatientID: "1"}
    expect: {project: P, subject: A1, session: A1_MR}
"""


def test_update_rewrites_what_is_wrong_and_keeps_all_else(bench: Bench) -> None:
    wrong = UPDATED.replace("session: A1_MR     #", "session: x     #")
    wrong = wrong.replace("PatientName: A1 ", "PatientName: B ")
    wrong = wrong.replace('{rejected: "transforms[1]: PatientID is not in codes.csv"}',
                          "{subject: A1}")  # fmt: skip
    bench.write(wrong.replace("{project: P, subject: A1, session: A1_MR}", "{}"))

    result = ferry("test", bench.path, "--update")

    assert result.returncode == 0, result.stderr
    assert bench.path.read_text() == f"{RECIPE}\ntests:\n{UPDATED}"
    assert ferry("test", bench.path).returncode == 0


def test_update_leaves_a_recipe_that_passes_alone(bench: Bench) -> None:
    bench.write(UPDATED)
    before = bench.path.stat().st_mtime_ns

    assert ferry("test", bench.path, "--update").returncode == 0
    assert bench.path.stat().st_mtime_ns == before


def test_update_writes_the_edits_down(bench: Bench) -> None:
    bench.write(f"  - {GIVEN}\n    expect: {{edits: {{PatientName: A1}}, session: A1_MR}}\n")

    ferry("test", bench.path, "--update")

    assert ferry("test", bench.path).returncode == 0
    assert "OtherPatientIDs: ~" in bench.path.read_text()


@pytest.mark.parametrize("path", RECIPES, ids=[path.stem for path in RECIPES])
def test_a_recipe_that_ships_has_tests_and_passes_them(path: Path, plugins: Plugins) -> None:
    results = list(run_tests(load_recipe(path, plugins.components, {}), plugins))

    assert results
    assert [result.differences for result in results if not result.passed] == []
