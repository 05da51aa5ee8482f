"""A PACS that lies in one way after another: each instance of a list is accounted for."""

from __future__ import annotations

import csv
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from pydicom import Dataset, dcmread

from support import pacs, servers
from support.altered_answers import (
    IMAGE,
    SERIES,
    STRAY_IMAGE,
    STRAY_SERIES,
    STUDY,
    Alter,
    at,
    both,
    changed,
    each,
    first,
    more,
    numbers,
    of_first,
    without,
)
from support.cli import ferry
from support.pacs_recipes import csv_source, pacs_recipe
from support.scripted_pacs import Script, scripted

LIST = "Accession Number,Subject\nA0001,S1\nA0002,S2\n"
"""Two studies: the first of two instances, the second of one."""

ALL = ("stored", "stored")
FIRST_LOST = ("rejected", "stored")
NONE = ("rejected", "rejected")


class Way(Struct, frozen=True):
    """A way to lie, and what comes of it: the rows' outcomes, and how many instances arrive.

    The exit code is 0 exactly where every row is stored as a whole. `says` is a part of what the
    run and `rows.csv` say.
    """

    script: dict[str, Any]
    rows: tuple[str, str] = ALL
    arrive: int = 3
    says: str = ""


def sent(**values: Any) -> dict[str, Callable[[list[Dataset]], list[Dataset]]]:
    """Send the first study with other values in its headers."""

    def send(found: list[Dataset]) -> list[Dataset]:
        return [filed(one, **values) if of_first(one) else one for one in found]

    return {"sends": send}


def filed(instance: Dataset, **values: Any) -> Dataset:
    copy = changed(instance, **values)
    copy.file_meta = deepcopy(instance.file_meta)
    copy.file_meta.MediaStorageSOPInstanceUID = copy.SOPInstanceUID
    return copy


def once(which: int) -> dict[str, Callable[[Any], int | None]]:
    """Hang up at one C-FIND, counted from 1, and answer when it is asked again."""
    count = 0

    def before(event: Any) -> int | None:
        nonlocal count
        count += 1
        if count == which:
            event.assoc.abort()
            return 0xC000
        return None

    return {"before_find": before}


def always(level: str) -> dict[str, Callable[[Any], int | None]]:
    """Hang up at each C-FIND of a level."""

    def before(event: Any) -> int | None:
        if event.identifier.QueryRetrieveLevel == level:
            event.assoc.abort()
            return 0xC000
        return None

    return {"before_find": before}


def midway(level: str, number: int) -> dict[str, Callable[[str, int], bool]]:
    """Hang up once, between the answers at a level."""
    done = False

    def hangs_up(asked: str, at: int) -> bool:
        nonlocal done
        now = not done and asked == level and at == number
        done = done or now
        return now

    return {"hangs_up": hangs_up}


def first_image(**values: Any) -> dict[str, Alter]:
    """Answer other values for the last image of the first study."""

    def change(found: list[Dataset]) -> list[Dataset]:
        lot = [one for one in found if of_first(one)]
        return [changed(one, **values) if one in lot[1:] else one for one in found]

    return at(IMAGE, change)


WAYS = {
    "is-honest": Way({}),
    # lists that are cut
    "no-study-for-one-row": Way(without(STUDY), FIRST_LOST, 1, "there is none"),
    "no-study-at-all": Way({"lists": {STUDY: 0}}, NONE, 0, "there is none"),
    "no-series-of-one-study": Way(without(SERIES), FIRST_LOST, 1, "series"),
    "fewer-series-than-told": Way(
        first(STUDY, NumberOfStudyRelatedSeries="2"), ("incomplete", "stored"), 3,
        "tells of 2 series and lists 1",
    ),
    "fewer-instances-than-told": Way(
        at(IMAGE, lambda found: found[:1]) | {"pretends": {"NumberOfSeriesRelatedInstances": "2"}},
        ("stored", "incomplete"), 3, "tells of 2 instances of series",
    ),
    "canceled": Way({"final": 0xFE00}, NONE, 0, "0xfe00"),
    "out-of-resources": Way({"final": 0xA700}, NONE, 0, "0xa700"),
    "unable": Way({"final": 0xC001}, NONE, 0, "0xc001"),
    "not-authorized": Way({"final": 0x0124}, NONE, 0, "0x0124"),
    "class-not-supported": Way({"final": 0x0122}, NONE, 0, "0x0122"),
    "warns": Way({"final": 0xB000}, NONE, 0, "0xb000"),
    # numbers that are wrong
    "more-instances-of-a-study": Way(
        first(STUDY, NumberOfStudyRelatedInstances="7"), ("incomplete", "stored"), 3,
        "tells of 7 instances and lists 2",
    ),
    "more-instances-of-a-series": Way(
        first(SERIES, NumberOfSeriesRelatedInstances="9"), ("incomplete", "stored"), 3, "tells of 9"
    ),
    "fewer-instances-of-a-series": Way(first(SERIES, NumberOfSeriesRelatedInstances="1")),
    "fewer-series-of-a-study": Way(first(STUDY, NumberOfStudyRelatedSeries="0")),
    "a-number-below-zero": Way(first(STUDY, NumberOfStudyRelatedInstances="-1")),
    "an-empty-number": Way(first(SERIES, NumberOfSeriesRelatedInstances="")),
    # keys that are dropped
    "no-accession-number": Way(each(STUDY, AccessionNumber=None)),
    "an-empty-accession-number": Way(each(STUDY, AccessionNumber="")),
    "no-patient-id": Way(each(STUDY, PatientID=None)),
    "no-study-uid": Way(each(STUDY, StudyInstanceUID=None), NONE, 0, "no UID"),
    "no-study-uid-of-series": Way(each(SERIES, StudyInstanceUID=None)),
    "an-empty-study-uid-of-series": Way(each(SERIES, StudyInstanceUID="")),
    "no-series-uid": Way(each(SERIES, SeriesInstanceUID=None), NONE, 0, "no UID"),
    "no-series-uid-of-images": Way(each(IMAGE, SeriesInstanceUID=None)),
    "no-sop-instance-uid": Way(
        each(IMAGE, SOPInstanceUID=None), ("incomplete", "incomplete"), 3, "no UID"
    ),
    "no-sop-class": Way(each(IMAGE, SOPClassUID=None)),
    "no-modality": Way(each(SERIES, Modality=None)),
    "no-level": Way(each(STUDY, QueryRetrieveLevel=None)),
    # keys that are changed
    "another-accession-number": Way(
        first(STUDY, AccessionNumber="B0001"), FIRST_LOST, 1, "it answered 'B0001'"
    ),
    "an-accession-number-in-small-letters": Way(
        first(STUDY, AccessionNumber="a0001"), FIRST_LOST, 1, "it answered 'a0001'"
    ),
    "an-accession-number-with-zeros": Way(
        first(STUDY, AccessionNumber="00A0001"), FIRST_LOST, 1, "it answered '00A0001'"
    ),
    "an-accession-number-with-blanks": Way(first(STUDY, AccessionNumber=" A0001 ")),
    "another-level": Way(each(SERIES, QueryRetrieveLevel="IMAGE")),
    "another-class": Way(
        each(IMAGE, SOPClassUID="1.2.840.10008.5.1.4.1.1.2"), ("failed", "failed"), 0,
        "not retrieved",
    ),
    "an-unknown-character-set": Way(each(STUDY, SpecificCharacterSet="ISO_IR 999")),
    "an-optional-key-is-not-supported": Way({"pending": 0xFF01}),
    "an-optional-key-is-not-returned": Way({"pending": 0xFF01} | each(STUDY, AccessionNumber=None)),
    "another-key-under-a-warning": Way(
        {"pending": 0xFF01} | first(STUDY, AccessionNumber="B1"), FIRST_LOST, 1, "answered 'B1'"
    ),
    "the-header-has-another-accession-number": Way(
        sent(AccessionNumber="B0001"), FIRST_LOST, 1, "its own header has 'B0001'"
    ),
    "the-header-has-no-accession-number": Way(sent(AccessionNumber="")),
    "what-was-not-returned-is-another": Way(
        each(STUDY, AccessionNumber=None) | sent(AccessionNumber="B0001"), FIRST_LOST, 1,
        "its own header has 'B0001'",
    ),
    # answers for others
    "one-more-study": Way(more(STUDY, StudyInstanceUID="1.2.3", AccessionNumber="B0001")),
    "one-more-study-that-fits": Way(
        more(STUDY, StudyInstanceUID="1.2.3"), NONE, 0, "there are 2"
    ),
    "one-more-series": Way(
        STRAY_SERIES, ("incomplete", "incomplete"), 3, "series 1.2.3.4 of study 1.2.3"
    ),
    "one-more-series-and-numbers": Way(
        both(STRAY_SERIES, each(STUDY, NumberOfStudyRelatedSeries="1")), ALL, 3,
        "series 1.2.3.4 of study 1.2.3",
    ),
    "one-more-series-and-numbers-of-instances": Way(
        both(STRAY_SERIES, numbers(STUDY, "NumberOfStudyRelatedInstances")), ALL, 3,
        "series 1.2.3.4 of study 1.2.3",
    ),
    "a-series-in-place-of-its-own": Way(
        at(SERIES, lambda found: [changed(found[0], StudyInstanceUID="1.2.3")]), NONE, 0,
        "of study 1.2.3",
    ),
    "one-more-image": Way(
        STRAY_IMAGE, ("incomplete", "incomplete"), 3, "instance 1.2.3.4 of series 1.2.3"
    ),
    "one-more-image-and-numbers": Way(
        both(STRAY_IMAGE, numbers(SERIES, "NumberOfSeriesRelatedInstances")), ALL, 3,
        "instance 1.2.3.4 of series 1.2.3",
    ),
    "one-more-image-and-numbers-of-studies": Way(
        both(STRAY_IMAGE, numbers(STUDY, "NumberOfStudyRelatedInstances")), ALL, 3,
        "instance 1.2.3.4 of series 1.2.3",
    ),
    "one-more-image-of-another-study": Way(
        more(IMAGE, StudyInstanceUID="1.2", SOPInstanceUID="1.2.3.4"),
        ("incomplete", "incomplete"), 3, "of study 1.2",
    ),
    "an-image-in-place-of-its-own": Way(
        first_image(SeriesInstanceUID="1.2.3"), ("incomplete", "stored"), 3,
        "nothing proves that all of it is listed",
    ),
    "a-study-twice": Way(more(STUDY)),
    "a-series-twice": Way(more(SERIES)),
    "an-image-twice": Way(more(IMAGE)),
    "one-study-for-both-rows": Way(
        {"ignores": ("AccessionNumber",), "lists": {STUDY: 1}, "hides": ("AccessionNumber",)},
        NONE, 0, "relabel study",
    ),
    "an-image-that-it-does-not-have": Way(
        more(IMAGE, SOPInstanceUID="1.2.3.4"), ("incomplete", "incomplete"), 3, "goes elsewhere"
    ),
    # what it sends
    "a-stranger-first": Way({"stranger": "B0009"}),
    "another-patient": Way(sent(PatientID="OTHER"), FIRST_LOST, 1, "another PatientID"),
    "another-study": Way(sent(StudyInstanceUID="1.2.3"), FIRST_LOST, 1, "another StudyInstanceUID"),
    "another-series": Way(
        sent(SeriesInstanceUID="1.2.3"), FIRST_LOST, 1, "another SeriesInstanceUID"
    ),
    "each-twice": Way({"sends": lambda found: [one for one in found for _ in range(2)]}),
    "in-another-order": Way({"sends": lambda found: found[::-1]}),
    "nothing-and-calls-it-success": Way(
        {"stops_after": 0, "lies": True}, ("failed", "failed"), 0, "not retrieved"
    ),
    "one-and-calls-it-success": Way({"stops_after": 1, "lies": True}),
    "one-and-calls-it-a-failure": Way({"stops_after": 1}),
    "nothing-and-calls-it-a-failure": Way({"stops_after": 0}, ("failed", "failed"), 0),
    "one-is-lost": Way({"loses": "last"}, ("stored", "failed"), 2, "not retrieved"),
    # it hangs up
    "at-each-study": Way(always(STUDY), NONE, 0),
    "at-each-series": Way(always(SERIES), NONE, 0),
    "at-each-image": Way(always(IMAGE), NONE, 0),
    **{f"at-question-{number}-once": Way(once(number)) for number in range(1, 7)},
    **{f"within-the-{level}-answer": Way(midway(level, 0)) for level in (STUDY, SERIES, IMAGE)},
    **{
        f"at-question-{number}-once-of-patient-root": Way({"patient_root": True} | once(number))
        for number in (3, 4, 6)
    },
    "between-two-images": Way(midway(IMAGE, 1)),
    "after-each-image": Way({"stops_after": 1, "aborts": True}),
    "before-each-image": Way({"stops_after": 0, "aborts": True}, ("failed", "failed"), 0),
}  # fmt: skip


def test_there_are_more_than_forty_ways() -> None:
    assert len(WAYS) > 40


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", WAYS)
def test_every_instance_that_a_list_asks_for_is_accounted_for(tmp_path: Path, name: str) -> None:
    way = WAYS[name]
    paths = pacs.study(tmp_path / "in", 1, instances=2) + pacs.study(
        tmp_path / "in", 2, instances=1
    )
    held = [dcmread(path) for path in paths]
    script = dict(way.script)
    if "stranger" in script:
        script["stranger"] = filed(held[0], SOPInstanceUID="1.2.3", StudyInstanceUID="1.2")
    if "loses" in script:
        script["loses"] = (held[-1].SOPInstanceUID,)
    with (
        scripted(held, Script(**script)) as server,
        servers.storescp(tmp_path / "xnat", options=["--fork"]) as xnat,
    ):
        recipe = pacs_recipe(tmp_path, server, xnat, csv_source(tmp_path, LIST), retrieve="c-get")
        result = ferry("run", recipe)
        arrived = [str(dcmread(file).SOPInstanceUID) for file in xnat.files()]
    with (tmp_path / ".dicomferry/wanted/rows.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    said = result.stdout + "".join(row["reason"] for row in rows)

    assert result.returncode == (0 if way.rows == ALL else 1), result.stdout + result.stderr
    assert tuple(row["outcome"] for row in rows) == way.rows, said
    assert len(arrived) == way.arrive
    assert set(arrived) <= {str(one.SOPInstanceUID) for one in held}
    assert sum(int(row["stored"]) for row in rows) == way.arrive
    assert ("Everything is stored" in result.stdout) is (way.rows == ALL)
    assert way.says in said
