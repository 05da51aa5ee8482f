"""What a PACS sends of a series that was asked for, and does not list: taken, and told."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid

from support import pacs, servers
from support.cli import ferry
from support.pacs_recipes import csv_source, pacs_recipe
from support.scripted_pacs import Script, scripted

ROW = "Accession Number,Subject,Session\nA0001,S1,S1_MR\n"


class Case(Struct, frozen=True):
    """How a PACS lists `series` series of `instances` images, and how many come unlisted."""

    script: Script
    unlisted: int
    series: int = 1
    instances: int = 4


CASES = {
    "a-list-cut-by-one": Case(Script(lists={"IMAGE": 3}), 1),
    "a-list-cut-to-one": Case(Script(lists={"IMAGE": 1}), 3),
    "the-lists-of-several-series-cut": Case(Script(lists={"IMAGE": 2}), 6, series=3),
    "a-series-without-a-list": Case(Script(lists={"IMAGE": 0}), 4),
    "several-series-without-lists": Case(Script(lists={"IMAGE": 0}), 8, series=2),
    "no-list-and-a-number": Case(
        Script(lists={"IMAGE": 0}, pretends={"NumberOfSeriesRelatedInstances": "4"}), 4
    ),
}


def images(folder: Path, **wanted: int) -> list[Dataset]:
    return [dcmread(path) for path in pacs.study(folder, 1, **wanted)]


def uids(of: list[Dataset]) -> list[str]:
    return sorted(str(one.SOPInstanceUID) for one in of)


def stored(xnat: servers.StoreScp) -> list[str]:
    return uids([dcmread(file) for file in xnat.files()])


def as_json(*words: Any) -> dict[str, Any]:
    result = ferry(*words, "--format", "json")
    return {**json.loads(result.stdout), "code": result.returncode}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_unlisted_instances_of_an_asked_series_are_stored_and_told(
    tmp_path: Path, case: Case
) -> None:
    held = images(tmp_path / "in", series=case.series, instances=case.instances)
    with (
        scripted(held, case.script) as server,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        recipe = pacs_recipe(tmp_path, server, xnat, csv_source(tmp_path, ROW), retrieve="c-get")
        first, second = ferry("run", recipe), ferry("run", recipe)
        again = as_json("run", recipe)
        sessions = as_json("plan", recipe)["sessions"]
        arrived = stored(xnat)

    assert first.returncode == 0, first.stdout + first.stderr
    assert f"{case.unlisted} instance" in first.stdout
    assert "came that the PACS had not listed" in first.stdout
    assert arrived == uids(held)
    assert Counter(server.sent) == dict.fromkeys(arrived, 1), "something was retrieved twice"
    assert second.returncode == 0, second.stdout + second.stderr
    assert "[not-listed]" in second.stdout
    assert again["retrieval"]["retrieved"] == 0
    assert [one["instances"] for one in sessions] == [len(held)]


def test_an_unlisted_instance_that_no_sink_took_is_due_in_the_next_run(tmp_path: Path) -> None:
    held = images(tmp_path / "in", instances=3)
    port = servers.free_port()
    nobody = servers.StoreScp(port, "STORESCP", tmp_path, None)  # type: ignore[arg-type]
    with scripted(held, Script(lists={"IMAGE": 1})) as server:
        recipe = pacs_recipe(tmp_path, server, nobody, csv_source(tmp_path, ROW), retrieve="c-get")
        away = ferry("run", recipe)
        with servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat:
            recipe.write_text(recipe.read_text().replace(f"port: {port}", f"port: {xnat.port}"))
            result = ferry("run", recipe)
            arrived = stored(xnat)

    assert away.returncode == 1
    assert result.returncode == 0, result.stdout + result.stderr
    assert arrived == uids(held)


def test_a_series_without_a_list_of_which_nothing_comes_fails(tmp_path: Path) -> None:
    held = images(tmp_path / "in", series=2)
    lost = [one for one in held if one.SeriesInstanceUID == held[-1].SeriesInstanceUID]
    script = Script(lists={"IMAGE": 0}, loses=tuple(uids(lost)))
    with (
        scripted(held, script) as server,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        recipe = pacs_recipe(tmp_path, server, xnat, csv_source(tmp_path, ROW), retrieve="c-get")
        result = ferry("run", recipe)
        status = ferry("status", recipe)
        arrived = stored(xnat)

    assert result.returncode == status.returncode == 1, result.stdout
    assert "not retrieved from clinic" in result.stdout
    assert arrived == uids([one for one in held if one not in lost])


def test_a_series_without_a_list_whose_answer_ends_early_is_not_called_whole(
    tmp_path: Path,
) -> None:
    held = images(tmp_path / "in", instances=5)
    script = Script(lists={"IMAGE": 0}, stops_after=2)
    with (
        scripted(held, script) as server,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        recipe = pacs_recipe(tmp_path, server, xnat, csv_source(tmp_path, ROW), retrieve="c-get")
        result = ferry("run", recipe)
        arrived = stored(xnat)

    assert result.returncode == 1, result.stdout
    assert arrived == uids(held[:2])


def test_an_instance_of_another_series_is_not_taken_with_one_that_was_asked_for(
    tmp_path: Path,
) -> None:
    held = images(tmp_path / "in", instances=2)
    (stranger,) = images(tmp_path / "other", instances=1)
    stranger.SOPInstanceUID = generate_uid()
    stranger.SeriesInstanceUID = generate_uid()
    stranger.file_meta.MediaStorageSOPInstanceUID = stranger.SOPInstanceUID
    with (
        scripted(held, Script(stranger=stranger)) as server,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        recipe = pacs_recipe(tmp_path, server, xnat, csv_source(tmp_path, ROW), retrieve="c-get")
        result = ferry("run", recipe)
        arrived = stored(xnat)

    assert result.returncode == 0, result.stdout + result.stderr
    assert arrived == uids(held)


def test_a_series_that_was_not_chosen_is_not_taken_unlisted(tmp_path: Path) -> None:
    held = images(tmp_path / "in", series=2, instances=3)
    script = Script(lists={"IMAGE": 1})
    with (
        scripted(held, script) as server,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        source = csv_source(tmp_path, ROW, series={"exclude": {"SeriesNumber": ["2"]}})
        recipe = pacs_recipe(tmp_path, server, xnat, source, retrieve="c-get")
        result = ferry("run", recipe)
        arrived = stored(xnat)

    assert result.returncode == 0, result.stdout + result.stderr
    assert arrived == uids(held[:3])
