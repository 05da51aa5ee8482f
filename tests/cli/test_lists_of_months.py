"""A list after a list: what came in an earlier one is not sent again, and each row says so."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from pydicom import dcmread
from ruamel.yaml import YAML

from support import pacs, servers
from support.cli import ferry
from support.pacs_recipes import pacs_recipe
from support.scripted_pacs import Script, ScriptedPacs, scripted

HEADER = "Accession Number,Subject"
Run = Callable[..., CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Run a recipe whose `file` is given, against a PACS with three studies."""
    paths = [path for n in (1, 2, 3) for path in pacs.study(tmp_path / "in", n, instances=1)]
    held = [dcmread(path) for path in paths]
    (tmp_path / "lists").mkdir()
    with scripted(held, Script()) as asked, servers.storescp(tmp_path / "xnat") as xnat:

        def go(file: str, verb: str = "run") -> CompletedProcess[str]:
            source = {"csv-dqr": {"file": file, "pacs": "clinic"}}
            path = pacs_recipe(tmp_path, asked, xnat, source, routed=3, retrieve="c-get")
            return ferry(verb, path)

        yield go


def write(tmp_path: Path, name: str, *rows: str) -> None:
    (tmp_path / "lists" / name).write_text("\n".join([HEADER, *rows, ""]))


def rows(tmp_path: Path) -> list[dict[str, str]]:
    with (tmp_path / ".dicomferry/wanted/rows.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_later_list_in_the_folder_brings_only_what_is_new(run: Run, tmp_path: Path) -> None:
    write(tmp_path, "2026-04.csv", "A0001,S1", "A0002,S2")
    assert run("lists/*.csv").returncode == 0
    assert [row["reason"] for row in rows(tmp_path)] == ["", ""]
    write(tmp_path, "2026-05.csv", "A0003,S3")

    result = run("lists/*.csv")

    assert result.returncode == 0, result.stdout
    told = rows(tmp_path)
    assert [row["row"] for row in told] == ["1", "2", "3"]
    assert [row["line"] for row in told] == ["2", "3", "2"]
    assert [Path(row["list"]).name for row in told] == ["2026-04.csv"] * 2 + ["2026-05.csv"]
    assert [row["reason"][:25] for row in told] == ["stored before, by the run"] * 2 + [""]
    assert [row["outcome"] for row in told] == ["stored"] * 3


def test_a_later_list_in_the_place_of_the_first_says_what_came_before(
    run: Run, tmp_path: Path
) -> None:
    write(tmp_path, "april.csv", "A0001,S1", "A0002,S2")
    write(tmp_path, "may.csv", "A0002,S2", "A0003,S3")
    assert run("lists/april.csv").returncode == 0

    result = run("lists/may.csv")

    assert result.returncode == 0, result.stdout
    told = rows(tmp_path)
    assert [row["reason"][:25] for row in told] == ["stored before, by the run", ""]
    assert "list" not in told[0]


def test_a_row_of_a_later_list_that_calls_it_otherwise_is_told(run: Run, tmp_path: Path) -> None:
    write(tmp_path, "april.csv", "A0001,S1")
    write(tmp_path, "may.csv", "A0001,S9")
    run("lists/april.csv")

    result = run("lists/may.csv", "plan")

    assert result.returncode == 2
    assert "stored-under-other-labels" in result.stdout


def test_rows_of_two_lists_that_call_one_study_otherwise_are_held_back(
    run: Run, tmp_path: Path
) -> None:
    write(tmp_path, "april.csv", "A0001,S1")
    write(tmp_path, "may.csv", "A0001,S9")

    result = run("lists/*.csv", "plan")

    assert result.returncode == 1
    assert "rows 1, 2 relabel study" in result.stdout


def test_a_mistake_is_told_with_the_list_it_is_in(run: Run, tmp_path: Path) -> None:
    write(tmp_path, "april.csv", "A0001,S1")
    write(tmp_path, "may.csv", "A0002,S 2")

    result = run("lists/*.csv", "plan")

    assert result.returncode == 2
    assert "may.csv:2:7" in result.stderr


def test_a_pattern_that_no_list_matches_is_an_error(run: Run) -> None:
    result = run("lists/*.csv", "plan")

    assert result.returncode == 2
    assert "no list matches it" in result.stderr


@pytest.mark.parametrize(
    ("transforms", "again"),
    [
        ((), 0),
        (({"remap": {"set": {"ProtocolName": "{{ params.site }}"}}},), 0),
        (({"remap": {"set": {"ProtocolName": "{{ params['list'] ~ Modality }}"}}},), 1),
        (({"remap": {"set": {"ProtocolName": "X"}}, "when": "params.list != Modality"},), 1),
    ],
)
def test_a_list_that_a_param_names_sends_nothing_again_that_its_value_does_not_change(
    tmp_path: Path, transforms: tuple[dict[str, Any], ...], again: int
) -> None:
    with by_param(tmp_path, transforms) as (asked, recipe):
        first = ferry("run", recipe, "--set", "list=april.csv")
        assert first.returncode == 0, first.stdout + first.stderr
        before = asked.gets
        result = ferry("run", recipe, "--set", "list=may.csv")
        gets = asked.gets - before

    assert result.returncode == 0, result.stdout + result.stderr
    assert gets == 1 + again  # A0003 is new; A0002 is in both lists
    if not again:
        assert [row["reason"][:25] for row in rows(tmp_path)] == ["stored before, by the run", ""]


def test_a_ledger_that_has_noted_no_params_goes_by_those_of_its_last_run(tmp_path: Path) -> None:
    with by_param(tmp_path, ()) as (asked, recipe):
        assert ferry("run", recipe, "--set", "list=april.csv").returncode == 0
        with closing(sqlite3.connect(tmp_path / ".dicomferry/wanted/ledger.sqlite")) as ledger:
            ledger.execute("DELETE FROM meta WHERE key = 'params'")
            ledger.commit()
        before = asked.gets
        result = ferry("run", recipe, "--set", "list=may.csv")
        gets = asked.gets - before

    assert result.returncode == 0, result.stdout + result.stderr
    assert gets == 1


@contextmanager
def by_param(
    tmp_path: Path, transforms: tuple[dict[str, Any], ...]
) -> Iterator[tuple[ScriptedPacs, Path]]:
    """Write a recipe whose list is named by a param, and lists of two months."""
    paths = [path for n in (1, 2, 3) for path in pacs.study(tmp_path / "in", n, instances=1)]
    (tmp_path / "lists").mkdir()
    write(tmp_path, "april.csv", "A0001,S1", "A0002,S2")
    write(tmp_path, "may.csv", "A0002,S2", "A0003,S3")
    with (
        scripted([dcmread(path) for path in paths], Script()) as asked,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        source = {"csv-dqr": {"file": "lists/{{ params.list }}", "pacs": "clinic"}}
        path = pacs_recipe(tmp_path, asked, xnat, source, routed=3, retrieve="c-get")
        yaml = YAML(typ="safe")
        recipe = yaml.load(path)
        recipe["params"] = {"list": {"default": "none.csv"}, "site": {"default": "HERE"}}
        recipe["transforms"] = list(transforms)
        with path.open("w") as file:
            yaml.dump(recipe, file)
        yield asked, path
