"""A query of `pacs-query` that the PACS does not answer is rejected alone; the others go on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from support import servers
from support.cli import ferry
from support.lists import held
from support.pacs_recipes import pacs_recipe
from support.scripted_pacs import Script, ScriptedPacs, scripted

THREE = [{"AccessionNumber": f"A{n:05}", "StudyDate": "20040315"} for n in (1, 2, 3)]
LISTED = {"AccessionNumber": "A00001\\A00002\\A00003"}


class Ended(Struct):
    """How `plan`, `run` and `status` ended over a PACS."""

    plan: Any
    run: Any
    status: Any
    stored: int

    @property
    def codes(self) -> list[int]:
        return [one.returncode for one in (self.plan, self.run, self.status)]


def carry(folder: Path, script: Script, where: Any, **options: Any) -> Ended:
    server = {"timeout": options.pop("timeout")} if "timeout" in options else {}
    instances = held(3)
    for one in instances:
        one.StudyDate = "20040315"
    with (
        scripted(instances, script) as asked,
        servers.storescp(folder / "xnat", options=["--fork"]) as xnat,
    ):
        source = {"pacs-query": {"pacs": "clinic", "where": where, **options}}
        recipe = pacs_recipe(folder, asked, xnat, source, retrieve="c-get", **server)
        plan, run, status = (ferry(verb, recipe) for verb in ("plan", "run", "status"))
        return Ended(plan, run, status, len(xnat.files()))


def at(level: str, does: Callable[[Any], int | None]) -> Callable[[Any], int | None]:
    """Return what a PACS does that misbehaves at one level for the second study alone."""

    def before(event: Any) -> int | None:
        asked = event.identifier
        accession = str(asked.get("AccessionNumber", ""))
        second = str(asked.get("StudyInstanceUID", "")).endswith(".2") or accession == "A00002"
        return does(event) if second and asked.QueryRetrieveLevel == level else None

    return before


def hangs_up(event: Any) -> int:
    event.assoc.abort()
    return 0xC000


def is_silent(event: Any) -> int:
    time.sleep(7)
    return 0x0000


@pytest.mark.parametrize("where", [THREE, LISTED], ids=["queries", "values"])
@pytest.mark.parametrize(
    ("does", "code", "timeout"),
    [(hangs_up, "unanswered", 15), (is_silent, "unanswered", 3),
     (lambda _: 0xA700, "untrusted-answer", 15)],
    ids=["hangs-up", "is-silent", "has-no-resources"],
)  # fmt: skip
def test_a_question_that_is_not_answered_is_rejected_and_the_others_go_on(
    tmp_path: Path, where: Any, does: Callable[[Any], int | None], code: str, timeout: int
) -> None:
    ended = carry(tmp_path, Script(before_find=at("STUDY", does)), where, timeout=timeout)

    assert ended.codes == [1, 1, 1], ended.run.stdout + ended.run.stderr
    assert ended.stored == 2
    for told in (ended.plan, ended.run):
        assert f"rejected: 1 file ({code})" in told.stdout
        assert "pacs:clinic!query" in told.stdout
        assert "AccessionNumber A00002" in told.stdout
        assert "hint: " in told.stdout
    assert "Everything is stored" not in ended.run.stdout


@pytest.mark.parametrize("level", ["SERIES", "IMAGE"])
@pytest.mark.parametrize("does", [hangs_up, lambda _: 0xA900], ids=["hangs-up", "refuses"])
def test_a_study_that_cannot_be_looked_into_is_rejected_alone(
    tmp_path: Path, level: str, does: Callable[[Any], int | None]
) -> None:
    where = {"AccessionNumber": "A*"}
    ended = carry(tmp_path, Script(before_find=at(level, does)), where)

    assert ended.codes == [1, 1, 1]
    assert ended.stored == 2
    assert "pacs:clinic!study 1.2.826.0.2: asked for by StudyInstanceUID" in ended.plan.stdout


@pytest.mark.parametrize(("keyword", "told"), [("PatientID", "P2"), ("PatientName", "N^2")])
def test_a_question_is_named_without_its_patient(tmp_path: Path, keyword: str, told: str) -> None:
    def before(event: Any) -> int | None:
        return hangs_up(event) if event.identifier.get(keyword) == told else None

    values = {"PatientID": "P{}", "PatientName": "N^{}"}[keyword]
    where = [{keyword: values.format(n), "StudyDate": "20040315"} for n in (1, 2)]
    ended = carry(tmp_path, Script(before_find=before), where)

    assert ended.codes == [1, 1, 1]
    assert f"query 2: asked for by {keyword}, StudyDate 20040315: " in ended.run.stdout
    assert told not in ended.run.stdout


def test_a_query_that_finds_more_than_it_may_is_rejected_alone(tmp_path: Path) -> None:
    where = [{"AccessionNumber": "A*"}, {"AccessionNumber": "A00003"}]
    ended = carry(tmp_path, Script(), where, expect="exactly-one")

    assert ended.codes == [1, 1, 1]
    assert ended.stored == 1
    assert "exactly one study is expected, there are 3" in ended.plan.stdout


def test_no_study_is_taken_where_a_value_without_answer_leaves_their_number_open(
    tmp_path: Path,
) -> None:
    refusing = Script(before_find=at("STUDY", lambda _: 0xA700))
    ended = carry(tmp_path, refusing, LISTED, expect="at-most 2")

    assert ended.codes == [1, 1, 1]
    assert ended.stored == 0


def test_a_pacs_that_goes_away_ends_with_every_query_rejected(tmp_path: Path) -> None:
    ended = carry(tmp_path, Script(before_find=hangs_up), THREE)

    assert ended.codes == [1, 1, 1]
    assert "rejected: 3 files (unanswered)" in ended.run.stdout


def test_a_pacs_that_nobody_reaches_is_told_before_any_query(tmp_path: Path) -> None:
    with servers.storescp(tmp_path / "xnat") as xnat:
        away = ScriptedPacs([], Script(), port=servers.free_port())
        source = {"pacs-query": {"pacs": "clinic", "where": THREE}}
        result = ferry("plan", pacs_recipe(tmp_path, away, xnat, source))

    assert result.returncode == 2
    assert "unreachable" in result.stderr


def test_a_query_without_answer_is_no_instance_that_is_gone(tmp_path: Path) -> None:
    broken: list[int] = []
    script = Script(before_find=at("STUDY", lambda event: hangs_up(event) if broken else None))
    with (
        scripted(held(3), script) as asked,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        where = [{"AccessionNumber": f"A{n:05}"} for n in (1, 2, 3)]
        source = {"pacs-query": {"pacs": "clinic", "where": where}}
        recipe = pacs_recipe(tmp_path, asked, xnat, source, retrieve="c-get")
        first = ferry("run", recipe)
        broken.append(1)
        second = ferry("run", recipe, "--format", "json")

        assert first.returncode == 0, first.stdout + first.stderr
        assert second.returncode == 1
        assert json.loads(second.stdout)["rejected_before_sending"] >= 1
        assert len(xnat.files()) == 3


@pytest.mark.parametrize(
    "where",
    [[{"AccessionNumber": "A00001"}, {"AccessionNumber": "A00009", "PatientID": "P9"}],
     {"AccessionNumber": "A00001\\A00009", "PatientID": "P*"}],
    ids=["queries", "values"],
)  # fmt: skip
@pytest.mark.parametrize("expect", ["any", "at-most 2"])
def test_a_question_that_finds_nothing_beside_others_is_told(
    tmp_path: Path, where: Any, expect: str
) -> None:
    ended = carry(tmp_path, Script(), where, expect=expect)

    assert ended.codes == [0, 0, 0]
    assert ended.stored == 1
    told = "warning [query-without-study] 1 question found no study: asked for by"
    assert f"{told} AccessionNumber A00009, PatientID" in ended.run.stdout


def test_queries_that_all_find_nothing_are_an_error(tmp_path: Path) -> None:
    where = [{"AccessionNumber": "A00007"}, {"AccessionNumber": "A00009"}]
    ended = carry(tmp_path, Script(), where)

    assert ended.codes == [2, 2, 2]
    assert "[nothing-found]" in ended.plan.stdout
