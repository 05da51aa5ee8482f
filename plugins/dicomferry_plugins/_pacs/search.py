"""Studies, their series and their instances, found on a PACS and counted on this side."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct, field

from dicomferry.dicom import difference, matches, single_queries, unproven
from dicomferry_plugins._pacs.query import IMAGE, SERIES, STUDY, Finder, IncompleteAnswerError

_MOST_SERIES = 5_000
_MOST_INSTANCES = 200_000

_NAME: Final = re.compile(r"[0-9A-Za-z._-]{1,128}", re.ASCII)
"""What is asked for by its name: UIDs, and what old devices write in their place (PS3.5 9.1)."""


class FoundSeries(Struct, frozen=True):
    """A series as a PACS describes it; `instances` are SOP instance UID and what else is known."""

    uid: str
    attributes: Mapping[str, str]
    instances: Mapping[str, Mapping[str, str]]


class FoundStudy(Struct, frozen=True):
    """A study as a PACS describes it.

    `counts` are the numbers that the PACS tells of what is in it, by keyword. `gaps` say what it
    has by its own word and does not list; `remarks` say what else of its answers was not used, or
    contradicts another. `unproven` are the keys by which it was asked for and of which the PACS
    returned no value: the header of each instance decides.
    """

    uid: str
    attributes: Mapping[str, str]
    series: tuple[FoundSeries, ...] = field(default=())
    counts: Mapping[str, str] = field(default_factory=dict)
    gaps: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    unproven: Mapping[str, str] = field(default_factory=dict)


class FoundStudies(Struct, frozen=True):
    """The studies that a PACS has; `dropped` says why answers are not among them, and how many."""

    studies: list[FoundStudy]
    dropped: Mapping[str, int] = field(default_factory=dict)


def find_studies(query: Finder, keys: Mapping[str, str], most: int) -> FoundStudies:
    """Return the studies that have what the keys ask for, sorted by date and UID.

    `ModalitiesInStudy` is proved by the study's series where the PACS does not return it. Raises
    as `Query.find`, and for a study whose UID nobody can ask for.
    """
    singles = single_queries(keys)
    return together([find_single(query, single, keys, most) for single in singles])


def find_single(
    query: Finder, single: Mapping[str, str], keys: Mapping[str, str], most: int
) -> FoundStudies:
    """Return what one of the `single_queries` of the keys finds; raises as `find_studies`."""
    found: dict[str, FoundStudy] = {}
    dropped: Counter[str] = Counter()
    certain = {k: v for k, v in keys.items() if k != "ModalitiesInStudy"}
    modalities = keys.get("ModalitiesInStudy", "")
    for answer in query.find(STUDY, single, most):
        uid = answer.get("StudyInstanceUID", "")
        if other := difference(certain, answer):
            dropped[other] += 1
            continue
        if not _NAME.fullmatch(uid):
            raise IncompleteAnswerError("the PACS names a study by something that is no UID")
        if modalities and (other := _other_modality(query, uid, modalities, answer)):
            dropped[other] += 1
            continue
        known, counts = _known(answer, STUDY.returned), _known(answer, STUDY.counts)
        study = FoundStudy(uid, known, counts=counts, unproven=unproven(certain, answer))
        found.setdefault(uid, study)
    return FoundStudies(list(found.values()), dropped)


def together(parts: Sequence[FoundStudies]) -> FoundStudies:
    """Return the studies of several answers, each once, sorted by date and UID."""
    found: dict[str, FoundStudy] = {}
    dropped: Counter[str] = Counter()
    for part in parts:
        dropped.update(part.dropped)
        for study in part.studies:
            found.setdefault(study.uid, study)
    order = sorted(found.values(), key=lambda s: (s.attributes.get("StudyDate", ""), s.uid))
    return FoundStudies(order, dropped)


def find_contents(
    query: Finder, study: FoundStudy, keep: Callable[[FoundSeries], bool]
) -> FoundStudy:
    """Return a study with those of its series that are kept, and all of their instances.

    `keep` is asked twice: with a series alone, and, where it said yes, with its instances. What is
    listed is compared with the numbers that the PACS tells.
    """
    of_study = {"StudyInstanceUID": study.uid}
    tally = Tally()
    series: dict[str, FoundSeries] = {}
    seen: set[str] = set()
    for answer in query.find(SERIES, of_study, _MOST_SERIES):
        uid = answer.get("SeriesInstanceUID", "")
        if (answer.get("StudyInstanceUID") or study.uid) != study.uid:
            tally.remarks["a series of another study was answered, and is not carried"] += 1
            continue
        if not _NAME.fullmatch(uid):
            tally.gaps["a series is named by something that is no UID"] += 1
            continue
        if uid in seen:
            continue
        seen.add(uid)
        one = FoundSeries(uid, _known(answer, SERIES.returned), {})
        if not keep(one):
            tally.whole = False
            continue
        one = FoundSeries(uid, one.attributes, _instances(query, study.uid, uid, tally))
        told = answer.get("NumberOfSeriesRelatedInstances", "")
        if not one.instances and _number(told) != 0:
            tally.whole = False
            tally.remarks[f"no instance of series {uid} is listed: all that comes is taken"] += 1
            series[uid] = one
            continue
        tally.compare(f"instances of series {uid}", told, len(one.instances))
        if one.instances and keep(one):
            series[uid] = one
    if not seen and not tally.gaps:
        tally.gaps["no series of it is listed"] += 1
    told = study.counts.get("NumberOfStudyRelatedSeries", "")
    tally.compare("series", told, len(seen))
    if tally.whole and not tally.gaps:
        told = study.counts.get("NumberOfStudyRelatedInstances", "")
        tally.compare("instances", told, tally.instances)
    return FoundStudy(
        study.uid, study.attributes, tuple(_sorted(list(series.values()))), study.counts,
        _lines(tally.gaps), _lines(tally.remarks), study.unproven,
    )  # fmt: skip


class Tally(Struct):
    """What a PACS lists of one study, compared with what it tells of it.

    `whole` until a series is left out; `instances` are counted as they are listed.
    """

    whole: bool = True
    instances: int = 0
    gaps: Counter[str] = field(default_factory=Counter)
    remarks: Counter[str] = field(default_factory=Counter)

    def compare(self, what: str, told: str, listed: int) -> None:
        """Note a difference between a number that was told, if one was, and what is listed."""
        number = _number(told)
        if number is None or number == listed:
            return
        line = f"the PACS tells of {number:,} {what} and lists {listed:,}"
        (self.gaps if number > listed else self.remarks)[line] += 1


def _number(told: str) -> int | None:
    text = told.strip()
    return int(text) if text.isascii() and text.isdigit() else None


def _lines(counter: Counter[str]) -> tuple[str, ...]:
    return tuple(f"{line} ({n:,} times)" if n > 1 else line for line, n in counter.items())


def _instances(
    query: Finder, study: str, series: str, tally: Tally
) -> dict[str, Mapping[str, str]]:
    of_series = {"StudyInstanceUID": study, "SeriesInstanceUID": series}
    found: dict[str, Mapping[str, str]] = {}
    for answer in query.find(IMAGE, of_series, _MOST_INSTANCES):
        uid = answer.get("SOPInstanceUID", "")
        if not matches(of_series, {**of_series, **answer}):
            tally.remarks["an instance of another series was answered, and is not carried"] += 1
        elif not _NAME.fullmatch(uid):
            tally.gaps[f"an instance of series {series} is named by something that is no UID"] += 1
        else:
            found[uid] = _known(answer, IMAGE.returned)
    tally.instances += len(found)
    return found


def _other_modality(query: Finder, study: str, wanted: str, answer: Mapping[str, str]) -> str:
    """Say which modalities a study has in place of the wanted one; empty where it has that.

    What the PACS answers for the study is believed where it is no wildcard, and its series prove
    it. A series without a modality may be of any.
    """
    asked = f"ModalitiesInStudy '{wanted}' was asked for"
    returned = answer.get("ModalitiesInStudy", "").strip(" \0")
    told = returned and not set(returned) & set("*?")
    if told and not matches({"Modality": wanted}, {"Modality": returned}):
        return f"{asked}, it answered '{returned}'"
    series = query.find(SERIES, {"StudyInstanceUID": study}, _MOST_SERIES)
    own = [one for one in series if (one.get("StudyInstanceUID") or study) == study]
    if any(not difference({"Modality": wanted}, one) for one in own):
        return ""
    there = ", ".join(sorted({one.get("Modality", "") for one in own})) or "none"
    return f"{asked}, its series have {there}"


def _known(answer: Mapping[str, str], keywords: tuple[str, ...]) -> dict[str, str]:
    return {keyword: answer[keyword] for keyword in keywords if keyword in answer}


def _sorted(series: list[FoundSeries]) -> list[FoundSeries]:
    def order(one: FoundSeries) -> tuple[int, str]:
        number = one.attributes.get("SeriesNumber", "").strip()
        return (int(number) if number.lstrip("-").isdigit() else 0, one.uid)

    return sorted(series, key=order)
