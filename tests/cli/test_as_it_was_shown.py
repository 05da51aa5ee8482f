"""What lands is counted against the plan that was shown, whatever a PACS had not told for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from ruamel.yaml import YAML

from support import pacs, plan_tables
from support.journey import Journey, journey
from support.scripted_pacs import Script, scripted


def held(folder: Path, *comments: str, **elements: Any) -> list[Dataset]:
    """Return a study with an instance for each comment, which no C-FIND tells."""
    made = []
    for path, comment in zip(pacs.study(folder, 1, instances=len(comments)), comments, strict=True):
        instance = dcmread(path)
        for keyword, value in {**elements, "PatientComments": comment}.items():
            setattr(instance, keyword, value)
        made.append(instance)
    return made


@contextmanager
def from_pacs(folder: Path, instances: list[Dataset]) -> Iterator[Journey]:
    """Run a journey from a PACS, whose instances XNAT names by what is in them."""
    with journey(folder) as trip, scripted(instances, Script()) as server:
        yaml = YAML(typ="safe")
        recipe = yaml.load(trip.recipe)
        address = {"host": server.host, "port": server.port, "ae_title": server.ae_title}
        recipe["servers"]["clinic"] = {"pacs": address}
        recipe["sources"] = [
            {"pacs-query": {"pacs": "clinic", "where": {"AccessionNumber": "A0001"}}}
        ]
        recipe["transforms"] = [{"remap": {"set": {"StudyDescription": "P"}}}]
        with trip.recipe.open("w") as file:
            yaml.dump(recipe, file)
        yield trip


@pytest.mark.parametrize(
    ("comments", "landed", "stands"),
    [
        (("Subject:OLD", "Subject:OLD"), 0, "empty, 0 of 2 instances"),
        (("Session:OLD_1",) * 2, 0, "empty, 0 of 2 instances"),
        (("Project:P Subject:OLD Session:OLD_1",) * 2, 0, "empty, 0 of 2 instances"),
        (("", "Subject:OLD"), 0, "1 of 2 instances"),
        (("", ""), 1, "landed"),
        (("Subject:DOE_NR1",) * 2, 1, "landed"),
    ],
)
def test_a_session_is_as_forecast_only_as_it_was_shown(
    tmp_path: Path, comments: tuple[str, ...], landed: int, stands: str
) -> None:
    with from_pacs(tmp_path, held(tmp_path / "in", *comments)) as trip:
        shown = trip.ferry("plan")
        run = trip.ferry("run")
        trip.xnat.build()
        verified = trip.ferry("verify")
        again = trip.ferry("plan")
        still = trip.ferry("verify")

    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert run.returncode == verified.returncode == 1 - landed, run.stdout + verified.stdout
    assert f"{landed} of 1 session landed as forecast" in verified.stdout
    assert stands in verified.stdout or landed
    assert again.returncode == still.returncode == 1 - landed
    assert f"{landed} of 1 session landed as forecast" in still.stdout
    assert landed or "held back once its own header was known" in verified.stdout


@pytest.mark.parametrize(("comment", "landed"), [("Subject:OLD", 0), ("", 1)])
def test_a_rehearsal_counts_against_the_plan_that_it_shows(
    tmp_path: Path, comment: str, landed: int
) -> None:
    with from_pacs(tmp_path, held(tmp_path / "in", comment)) as trip:
        result = trip.ferry("rehearse")

    assert result.returncode == 1 - landed, result.stdout + result.stderr
    assert f"{landed} of 1 session landed as forecast" in result.stdout


@pytest.mark.parametrize(
    ("edits", "landed"),
    [
        ({}, 0),
        ({"session": "NEW_1"}, 1),
        ({"subject": "NEW"}, 1),
        ({"subject": "NEW", "session": "NEW_1"}, 1),
    ],
)
def test_labels_chosen_in_a_table_hold_against_comments_that_no_pacs_tells(
    tmp_path: Path, edits: dict[str, str], landed: int
) -> None:
    comment = "Project:P Subject:OLD Session:OLD_1"
    with from_pacs(tmp_path, held(tmp_path / "in", comment)) as trip:
        table = tmp_path / "plan.csv"
        trip.ferry("plan", "-o", table)
        lines = plan_tables.read(table)
        lines[0] |= edits
        plan_tables.write(table, lines)
        run = trip.ferry("run", "--plan", table)
        trip.xnat.build()
        verified = trip.ferry("verify", "--format", "json")

    assert run.returncode == 1 - landed, run.stdout + run.stderr
    (session,) = json.loads(verified.stdout)["sessions"]
    assert (session["verdict"] == "landed") is bool(landed)
    for level, label in edits.items():
        assert session[level] == label
