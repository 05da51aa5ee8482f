"""Lists of a PACS that may lack something: told everywhere, completed by what comes, or allowed."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from ruamel.yaml import YAML

from support import pacs, servers
from support.altered_answers import STRAY_IMAGE, STRAY_SERIES
from support.cli import ferry
from support.pacs_recipes import csv_source, pacs_recipe
from support.scripted_pacs import Script, scripted

ROW = "Accession Number,Subject\nA0001,S1\n"


class Site:
    """A PACS with one study of five instances, a list with a row, and a receiver."""

    def __init__(self, folder: Path, recipe: Path, xnat: servers.StoreScp) -> None:
        self._folder = folder
        self._recipe = recipe
        self._xnat = xnat

    def ask(self, verb: str) -> dict[str, Any]:
        result = ferry(verb, self._recipe, "--format", "json")
        assert result.stdout, result.stderr
        return {**json.loads(result.stdout), "code": result.returncode}

    def run(self, verb: str = "run", *options: object) -> tuple[int, str]:
        result = ferry(verb, self._recipe, *options)
        return result.returncode, result.stdout + result.stderr

    def row(self) -> dict[str, str]:
        with (self._folder / ".dicomferry/wanted/rows.csv").open(newline="") as file:
            (row,) = csv.DictReader(file)
        return row

    def allow(self, code: str) -> None:
        with self._recipe.open() as file:
            recipe = YAML(typ="safe").load(file)
        with self._recipe.open("w") as file:
            YAML(typ="safe").dump(recipe | {"allow": [code]}, file)

    @property
    def arrived(self) -> int:
        return len(self._xnat.files())


@pytest.fixture
def site(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    held = [dcmread(path) for path in pacs.study(tmp_path / "in", 1, instances=5)]
    with (
        scripted(held, Script(**request.param)) as server,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        source = csv_source(tmp_path, ROW)
        yield Site(tmp_path, pacs_recipe(tmp_path, server, xnat, source, retrieve="c-get"), xnat)


def problems(report: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {one["code"]: one for one in report["problems"]}


TOLD = {"lists": {"IMAGE": 3}, "pretends": {"NumberOfStudyRelatedInstances": "5"}}
OF_SERIES = TOLD | {"pretends": {"NumberOfSeriesRelatedInstances": "5"}}
AS_A_STUDY = TOLD | {"refuses": ("SERIES", "IMAGE")}


@pytest.mark.parametrize("site", [TOLD, OF_SERIES, AS_A_STUDY], indirect=True)
def test_a_short_list_passes_when_all_came_that_the_pacs_counts(site: Site) -> None:
    before = site.ask("plan")

    code, said = site.run()

    assert before["code"] == 1
    assert "lists 3" in problems(before)["list-incomplete"]["message"]
    assert code == 0, said
    assert site.arrived == 5
    assert "2 instances came that the PACS had not listed" in said
    assert "Everything is stored" in said
    assert site.row()["outcome"] == "stored"
    assert "all 5 of them came" in site.row()["reason"]
    again = site.ask("plan")
    assert again["code"] == 0
    assert "list-incomplete" not in problems(again)


@pytest.mark.parametrize(
    "site",
    [
        TOLD | {"pretends": {"NumberOfStudyRelatedInstances": "6"}},
        OF_SERIES | {"pretends": {"NumberOfSeriesRelatedInstances": "7"}},
    ],
    indirect=True,
)
def test_a_short_list_of_which_less_came_than_is_counted_is_allowed_or_rejected(
    site: Site,
) -> None:
    code, said = site.run()
    assert code == 1, said
    assert site.arrived == 5
    assert site.row()["outcome"] == "incomplete"

    site.allow("list-incomplete")

    code, said = site.run()
    assert code == 0, said
    assert "note [list-incomplete]" in said
    assert site.row()["outcome"] == "stored"


@pytest.mark.parametrize(
    ("site", "asked", "came"),
    [
        (STRAY_SERIES, f"study {pacs.study_uid(1)}", "series 1.2.3.4 of study 1.2.3"),
        (STRAY_IMAGE, "series ", "instance 1.2.3.4 of series 1.2.3"),
    ],
    indirect=["site"],
)
def test_an_answer_for_another_is_told_everywhere_and_allowed_where_nothing_is_counted(
    site: Site, asked: str, came: str
) -> None:
    for verb, code in (("plan", 1), ("run", 1), ("run", 1)):
        report = site.ask(verb)
        assert report["code"] == code
        told = problems(report)
        assert f"{asked}" in told["answer-differs"]["message"]
        assert came in told["answer-differs"]["message"]
        assert "nothing proves" in told["list-incomplete"]["message"]
        assert came in site.row()["reason"]

    site.allow("list-incomplete")

    code, said = site.run()
    assert code == 0, said
    assert came in said
    assert site.arrived == 5


@pytest.mark.parametrize("site", [TOLD, OF_SERIES], indirect=True)
def test_a_short_list_stands_in_a_saved_plan_and_does_not_hinder_its_run(
    site: Site, tmp_path: Path
) -> None:
    saved = tmp_path / "plan.csv"
    site.run("plan", "-o", saved)
    with saved.open(newline="") as file:
        lines = list(csv.DictReader(file))

    code, said = site.run("run", "--plan", saved)

    (gap,) = (line for line in lines if line["include"] == "held")
    assert gap["StudyInstanceUID"] == pacs.study_uid(1)
    assert "lists 3" in str(gap)
    assert code == 0, said
    assert site.arrived == 5


COUNTS = ("NumberOfStudyRelatedInstances", "NumberOfSeriesRelatedInstances")
NO_IMAGES = {"lists": {"IMAGE": 0}}


@pytest.mark.parametrize("counted", COUNTS)
@pytest.mark.parametrize("told", [5, 6])
def test_as_many_must_come_of_a_series_without_a_list_as_the_pacs_counts(
    tmp_path: Path, counted: str, told: int
) -> None:
    held = [dcmread(path) for path in pacs.study(tmp_path / "in", 1, instances=5)]
    script = Script(**NO_IMAGES, pretends={counted: str(told)})
    with (
        scripted(held, script) as server,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        source = csv_source(tmp_path, ROW)
        one = Site(tmp_path, pacs_recipe(tmp_path, server, xnat, source, retrieve="c-get"), xnat)
        code, said = one.run()
        again, _ = one.run("status")

    assert one.arrived == 5
    assert (code, again) == ((0, 0) if told == 5 else (1, 1)), said
    assert ("Everything is stored" in said) is (told == 5)
    if told == 6:
        assert "tells of 6 instances" in said
