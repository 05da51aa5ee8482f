"""What was asked for is compared with the header of what came, told by the PACS or not."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread

from support import pacs, servers
from support.altered_answers import SERIES, STUDY, both, changed, each
from support.cli import ferry
from support.pacs_recipes import csv_source, pacs_recipe
from support.scripted_pacs import Script, scripted

Ask = Callable[..., tuple[int, str, int]]

UNTOLD = both(each(STUDY, ModalitiesInStudy=None), each(SERIES, Modality=None))
BY_MODALITY = "Accession Number,Modality,Subject\nA0001,MR,S1\n"
BY_DATE = "Accession Number,Study Date,Subject\nA0001,20210302,S1\n"


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """Run a list of rows, or a query, against a PACS that sends a study with other values."""
    held = [dcmread(path) for path in pacs.study(tmp_path / "in", 1, instances=2)]

    def go(
        rows: str | dict[str, str], sends: dict[str, str], script: dict[str, Any]
    ) -> tuple[int, str, int]:
        def send(found: list[Dataset]) -> list[Dataset]:
            return [filed(one, **sends) for one in found]

        source = (
            csv_source(tmp_path, rows)
            if isinstance(rows, str)
            else {"pacs-query": {"pacs": "clinic", "where": rows}}
        )
        with (
            scripted(
                held, Script(sends=send, ignores=("ModalitiesInStudy", "StudyDate"), **script)
            ) as server,
            servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
        ):
            recipe = pacs_recipe(tmp_path, server, xnat, source, routed=1, retrieve="c-get")
            result = ferry("run", recipe)
            arrived = len(xnat.files())
        return result.returncode, result.stdout + result.stderr, arrived

    return go


def filed(instance: Dataset, **values: Any) -> Dataset:
    copy = changed(instance, **values)
    copy.file_meta = deepcopy(instance.file_meta)
    return copy


@pytest.mark.parametrize(
    ("rows", "sends", "keyword"),
    [
        (BY_MODALITY, {"AccessionNumber": "B0001"}, "AccessionNumber"),
        (BY_DATE, {"StudyDate": "20200101"}, "StudyDate"),
        (BY_DATE.replace("20210302", "20210301-20210331"), {"StudyDate": "19990101"}, "StudyDate"),
        ({"AccessionNumber": "A0*"}, {"AccessionNumber": "B0001"}, "AccessionNumber"),
        ({"StudyID": "S0001"}, {"StudyID": "S0009"}, "StudyID"),
    ],
)
def test_a_header_that_contradicts_what_was_asked_and_told_is_held_back(
    ask: Ask, rows: str | dict[str, str], sends: dict[str, str], keyword: str
) -> None:
    code, said, arrived = ask(rows, sends, {})

    assert code == 1, said
    assert arrived == 0
    assert "not-as-asked" in said
    assert f"{keyword} '" in said
    assert f"its own header has '{sends[keyword]}'" in said


@pytest.mark.parametrize(
    ("rows", "sends"),
    [
        (BY_DATE, {}),
        (BY_DATE, {"StudyDate": ""}),
        (BY_DATE.replace("20210302", "20210301-20210331"), {"StudyDate": "20210331"}),
        ({"StudyDescription": "HEAD"}, {"StudyDescription": "Head"}),
        ({"PatientID": "P*"}, {}),
    ],
)
def test_a_header_that_contradicts_nothing_goes_on(
    ask: Ask, rows: str | dict[str, str], sends: dict[str, str]
) -> None:
    code, said, arrived = ask(rows, sends, {})

    assert code == 0, said
    assert arrived == 2


@pytest.mark.parametrize(
    "rows", [BY_MODALITY, {"AccessionNumber": "A0001", "ModalitiesInStudy": "MR"}]
)
@pytest.mark.parametrize(("modality", "code"), [("MR", 0), ("CT", 1), ("", 1)])
def test_a_modality_that_the_pacs_does_not_tell_is_decided_by_the_header(
    ask: Ask, rows: str | dict[str, str], modality: str, code: int
) -> None:
    ended, said, arrived = ask(rows, {"Modality": modality}, UNTOLD)

    assert ended == code, said
    assert arrived == (0 if code else 2)
    assert (f"Modality 'MR' was asked for, and its own header has '{modality}'" in said) == bool(
        code
    )


@pytest.mark.parametrize(
    ("told", "modality", "code"),
    [
        (each(STUDY, ModalitiesInStudy="MR"), "MR", 0),
        (each(STUDY, ModalitiesInStudy="MR"), "", 0),
        (each(STUDY, ModalitiesInStudy=["CT", "MR"]), "CT", 0),
        (each(STUDY, ModalitiesInStudy="MR"), "CT", 1),
        (each(SERIES, Modality="MR"), "", 0),
        (each(SERIES, Modality="MR"), "CT", 1),
        (both(each(STUDY, ModalitiesInStudy=["CT", "MR"]), each(SERIES, Modality="")), "CT", 0),
    ],
)
def test_a_modality_that_the_pacs_tells_is_not_contradicted_by_the_header(
    ask: Ask, told: dict[str, Any], modality: str, code: int
) -> None:
    ended, said, arrived = ask(BY_MODALITY, {"Modality": modality}, both(UNTOLD, told))

    assert ended == code, said
    assert arrived == (0 if code else 2)


def test_the_plan_says_which_key_a_header_is_to_decide(tmp_path: Path) -> None:
    held = [dcmread(path) for path in pacs.study(tmp_path / "in", 1)]
    with scripted(held, Script(ignores=("ModalitiesInStudy",), **UNTOLD)) as server:
        recipe = pacs_recipe(tmp_path, server, server, csv_source(tmp_path, BY_MODALITY))
        held_back = json.loads(ferry("plan", recipe, "--format", "json").stdout)["held"]

    (one,) = (item for item in held_back if item["code"] == "answer-unproven")
    assert "asked for by Modality" in one["reason"]
