"""A row of a list that the PACS does not answer is rejected by its number; the others go on."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread

from support import pacs, servers
from support.cli import ferry
from support.pacs_recipes import csv_source, pacs_recipe
from support.scripted_pacs import Script, ScriptedPacs, scripted

THREE = "Accession Number,Subject\n" + "".join(f"A000{n},S{n}\n" for n in (1, 2, 3))


def asks_for_two(asked: Dataset, level: str) -> bool:
    """Tell whether a question at a level is one for the second row's study."""
    if asked.QueryRetrieveLevel != level:
        return False
    return level == "STUDY" or str(asked.get("StudyInstanceUID", "")) == pacs.study_uid(2)


def at(level: str, does: Callable[[Any], int | None]) -> Callable[[Any], int | None]:
    """Return what a PACS does that misbehaves at one level for the second row alone."""

    def before(event: Any) -> int | None:
        asked = event.identifier
        accession = str(asked.get("AccessionNumber", ""))
        if not asks_for_two(asked, level) or (level == "STUDY" and accession != "A0002"):
            return None
        return does(event)

    return before


def hangs_up(event: Any) -> int:
    event.assoc.abort()
    return 0xC000


def is_silent(event: Any) -> int:
    time.sleep(7)
    return 0x0000


def run_three(tmp_path: Path, script: Script, **server: Any) -> tuple[dict[str, Any], int, str]:
    """Run three rows; return the report, the number of C-FINDs, and the rows' table."""
    held = [dcmread(path) for n in (1, 2, 3) for path in pacs.study(tmp_path / "in", n)]
    with (
        scripted(held, script) as asked,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        source = csv_source(tmp_path, THREE)
        recipe = pacs_recipe(tmp_path, asked, xnat, source, retrieve="c-get", **server)
        result = ferry("run", recipe, "--format", "json")
    assert "Traceback" not in result.stderr
    report: dict[str, Any] = json.loads(result.stdout)
    rows = (tmp_path / ".dicomferry/wanted/rows.csv").read_text()
    return report | {"code": result.returncode}, asked.finds, rows


@pytest.mark.parametrize("level", ["STUDY", "SERIES", "IMAGE"])
def test_a_row_on_which_the_pacs_hangs_up_is_rejected_alone(tmp_path: Path, level: str) -> None:
    report, _, rows = run_three(tmp_path, Script(before_find=at(level, hangs_up)))

    outcomes = [line.split(",")[3] for line in rows.splitlines()[1:]]
    assert report["code"] == 1
    assert outcomes == ["stored", "rejected", "stored"]
    assert "ended the association" in rows


@pytest.mark.parametrize("level", ["STUDY", "IMAGE"])
def test_a_row_that_the_pacs_is_silent_on_is_rejected_alone(tmp_path: Path, level: str) -> None:
    report, _, rows = run_three(tmp_path, Script(before_find=at(level, is_silent)), timeout=3)

    outcomes = [line.split(",")[3] for line in rows.splitlines()[1:]]
    assert report["code"] == 1
    assert outcomes == ["stored", "rejected", "stored"]


@pytest.mark.parametrize("status", [0xA700, 0xA900, 0xC001, 0x0122, 0xFE00])
def test_a_row_that_the_pacs_refuses_is_rejected_alone(tmp_path: Path, status: int) -> None:
    refusing = at("SERIES", lambda _: status)
    report, _, rows = run_three(tmp_path, Script(before_find=refusing))

    outcomes = [line.split(",")[3] for line in rows.splitlines()[1:]]
    assert report["code"] == 1
    assert outcomes == ["stored", "rejected", "stored"]
    assert f"{status:#06x}" in rows


def test_a_pacs_that_hangs_up_on_every_row_ends_in_no_row_stored(tmp_path: Path) -> None:
    report, finds, rows = run_three(tmp_path, Script(before_find=hangs_up))

    assert report["code"] == 1
    assert [line.split(",")[3] for line in rows.splitlines()[1:]] == ["rejected"] * 3
    assert finds == 9


def test_a_pacs_that_nobody_reaches_is_told_before_any_row(tmp_path: Path) -> None:
    with servers.storescp(tmp_path / "xnat") as xnat:
        away = ScriptedPacs([], Script(), port=servers.free_port())
        recipe = pacs_recipe(tmp_path, away, xnat, csv_source(tmp_path, THREE))
        result = ferry("plan", recipe)

    assert result.returncode == 2
    assert "unreachable" in result.stderr
