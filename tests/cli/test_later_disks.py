"""A later disk never changes the StudyInstanceUID of what is stored."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dicomferry.xnat.naming.identifiers import ClassicIdentifier
from dicomferry.xnat.naming.options import Identification
from dicomferry_plugins._stand_in.standin import XnatStandIn
from support import pacs
from support.cli import ferry

Recipe = Callable[..., Path]
IDENTIFY = {"identify": {"project": "P", "subject": "S", "session": "S_MR"}}


@pytest.fixture
def site() -> Iterator[XnatStandIn]:
    with XnatStandIn(ClassicIdentifier(Identification(projects=["P"]))) as xnat:
        yield xnat


def disk(folder: Path, number: int, time: str) -> None:
    pacs.study(
        folder, number, PatientID="P1", PatientName="DOE^JANE", StudyDate="20210303", StudyTime=time
    )


def recipe(write: Recipe, xnat: Any, study: str) -> Path:
    unify = {"unify-uids": {"study": study}}
    receiver = SimpleNamespace(host="127.0.0.1", port=xnat.port, ae_title="XNAT")
    return write(receiver, transforms=[IDENTIFY, unify])


@pytest.mark.parametrize("study", ["first", "keep", "derive"])
def test_the_second_disk_goes_under_the_uid_of_the_first(
    tmp_path: Path, write_recipe: Recipe, site: Any, study: str
) -> None:
    path = recipe(write_recipe, site, study)
    disk(tmp_path / "data" / "one", 2, "120000")
    assert ferry("run", path).returncode == 0
    disk(tmp_path / "data" / "two", 1, "090000")

    result = ferry("run", path)

    assert result.returncode == 0, result.stdout + result.stderr
    assert len(site.receipts()) == 4
    site.build()
    (session,) = site.tree().sessions
    assert session.instances == 4


def test_another_way_to_make_the_uid_is_refused_before_anything_is_sent(
    tmp_path: Path, write_recipe: Recipe, site: Any
) -> None:
    disk(tmp_path / "data", 2, "120000")
    assert ferry("run", recipe(write_recipe, site, "keep")).returncode == 0

    result = ferry("run", recipe(write_recipe, site, "derive"), "--format", "json")

    assert result.returncode == 2
    problems = {one["code"]: one["severity"] for one in json.loads(result.stdout)["problems"]}
    assert problems["session-stored-under-another-study"] == "error"
    assert len(site.receipts()) == 2


def test_a_late_file_of_a_renamed_scan_is_foretold_and_comes_to_be_the_conflict(
    tmp_path: Path, write_recipe: Recipe, site: Any
) -> None:
    same = {"PatientID": "P1", "SeriesNumber": 1}
    receiver = SimpleNamespace(host="127.0.0.1", port=site.port, ae_title="XNAT")
    path = write_recipe(receiver, transforms=[IDENTIFY], allow=["series-number-shared"])
    pacs.study(tmp_path / "data" / "one", 1, series=2, instances=1, **same)
    assert ferry("run", path).returncode == 0
    site.build()
    pacs.study(tmp_path / "data" / "two", 1, instances=2, **same)[0].unlink()

    plan = json.loads(ferry("plan", path, "--format", "json").stdout)
    assert ferry("run", path).returncode == 0
    site.build()

    (foretold,) = (
        one["message"]
        for one in plan["problems"]
        if one["code"] == "scan-stored-under-another-number"
    )
    assert "'S_MR' in P (1-MR1)" in foretold
    archived, waiting = site.tree().sessions
    assert (archived.instances, waiting.instances) == (2, 1)
    assert waiting.conflict == (
        "Session already contains a scan with the same UID, but a different number (1-MR1)."
    )
