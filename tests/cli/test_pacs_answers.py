"""What a PACS answers, compared with itself: nothing that it has is left out without a word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from pydicom import Dataset, dcmread

from support import pacs, servers
from support.cli import ferry
from support.pacs_recipes import csv_source, pacs_recipe
from support.scripted_pacs import Script, scripted

ROW = "Accession Number,Subject\nA0001,S1\n"
SERIES = "1.2.3.4.5"


class Case(Struct, frozen=True):
    """How a PACS answers, and how a run over it ends.

    `elements` are of its study of two instances; `stored` are how many of them are to arrive, and
    `says` is a part of what the run says.
    """

    code: int
    stored: int
    says: str
    pretends: dict[str, str] = {}
    ignores: tuple[str, ...] = ()
    elements: dict[str, Any] = {}


CASES = {
    "tells-no-number": Case(0, 2, "Everything is stored"),
    "tells-numbers-that-hold": Case(
        0, 2, "Everything is stored",
        {"NumberOfStudyRelatedSeries": "1", "NumberOfStudyRelatedInstances": "2",
         "NumberOfSeriesRelatedInstances": "2"},
    ),
    "tells-a-number-that-is-none": Case(
        0, 2, "Everything is stored", {"NumberOfStudyRelatedSeries": ""}
    ),
    "tells-of-more-instances-of-a-series": Case(
        1, 2, "tells of 5 instances of series", {"NumberOfSeriesRelatedInstances": "5"}
    ),
    "tells-of-more-series": Case(
        1, 2, "tells of 3 series and lists 1", {"NumberOfStudyRelatedSeries": "3"}
    ),
    "tells-of-more-instances-of-the-study": Case(
        1, 2, "tells of 4 instances and lists 2", {"NumberOfStudyRelatedInstances": "4"}
    ),
    "tells-of-fewer": Case(
        0, 2, "tells of 1 instances of series", {"NumberOfSeriesRelatedInstances": "1"}
    ),
    "series-named-with-a-dot-at-the-end": Case(
        0, 2, "Everything is stored", elements={"SeriesInstanceUID": f"{SERIES}."}
    ),
    "series-named-with-letters": Case(
        0, 2, "Everything is stored", elements={"SeriesInstanceUID": f"{SERIES}.CT"}
    ),
    "study-named-with-a-zero-in-front": Case(
        0, 2, "Everything is stored", elements={"StudyInstanceUID": f"{SERIES}.007"}
    ),
    "another-accession-number": Case(
        1, 0, "AccessionNumber 'A0001' was asked for, it answered 'A0009'",
        ignores=("AccessionNumber",), elements={"AccessionNumber": "A0009"},
    ),
    "another-number-by-two-zeros": Case(
        1, 0, "AccessionNumber 'A0001' was asked for, it answered '00A0001'",
        {"AccessionNumber": "00A0001"},
    ),
}  # fmt: skip


def run(folder: Path, held: list[Dataset], script: Script) -> tuple[Any, Any, list[str]]:
    """Plan and run; return how these went, and the SOP Instance UIDs that the receiver has."""
    with (
        scripted(held, script) as server,
        servers.storescp(folder / "xnat", options=["--fork"]) as xnat,
    ):
        recipe = pacs_recipe(folder, server, xnat, csv_source(folder, ROW), retrieve="c-get")
        plan, result = ferry("plan", recipe), ferry("run", recipe)
        return plan, result, [str(dcmread(f).SOPInstanceUID) for f in xnat.files()]


def images(folder: Path, **elements: Any) -> Iterator[Dataset]:
    for path in pacs.study(folder, 1, **elements):
        yield dcmread(path)


@pytest.mark.filterwarnings("ignore:Invalid value for VR UI")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_run_accounts_for_what_a_pacs_answers(tmp_path: Path, case: Case) -> None:
    script = Script(pretends=case.pretends, ignores=case.ignores)
    plan, result, stored = run(tmp_path, list(images(tmp_path / "in", **case.elements)), script)
    status = ferry("status", tmp_path / "wanted.yaml")

    assert result.returncode == case.code, result.stdout + result.stderr
    assert len(stored) == case.stored
    assert case.says in result.stdout + plan.stdout
    assert status.returncode == case.code


@pytest.mark.parametrize(
    ("comment", "level"),
    [("Subject:OLD", "the subject OLD"), ("Session:OLD_1", "the session OLD_1")],
)
def test_an_instance_whose_own_header_leads_elsewhere_is_held_back(
    tmp_path: Path, comment: str, level: str
) -> None:
    held = list(images(tmp_path / "in", PatientComments=comment))
    with (
        scripted(held, Script()) as server,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        source = {"pacs-query": {"pacs": "clinic", "where": {"AccessionNumber": "A0001"}}}
        recipe = pacs_recipe(tmp_path, server, xnat, source, retrieve="c-get")
        text = recipe.read_text().replace("identifier: dqr", "identifier: classic")
        recipe.write_text(text.replace("routing: {}", ""))
        plan = ferry("plan", recipe)
        result = ferry("run", recipe)

        assert plan.returncode == 0, plan.stdout + plan.stderr
        assert result.returncode == 1, result.stdout + result.stderr
        assert "forecast-changed" in result.stdout
        assert level in result.stdout
        assert not xnat.files()
