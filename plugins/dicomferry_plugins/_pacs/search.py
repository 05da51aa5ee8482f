"""Studies, their series and their instances, found on a PACS and counted on this side."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct, field

from dicomferry.dicom import difference, matches, single_queries, unproven
from dicomferry_plugins._pacs.query import IMAGE, SERIES, STUDY, Finder, IncompleteAnswerError

_MOST_SERIES = 5_000
_MOST_INSTANCES = 200_000

_MOST_NAMED = 5
"""Answers for something else that are named of one question."""

_NAME: Final = re.compile(r"[0-9A-Za-z._-]{1,128}", re.ASCII)
"""What is asked for by its name: UIDs, and what old devices write in their place (PS3.5 9.1)."""


class FoundSeries(Struct, frozen=True):
    """A series as a PACS describes it; `instances` are SOP instance UID and what else is known."""

    uid: str
    attributes: Mapping[str, str]
    instances: Mapping[str, Mapping[str, str]]


class Gap(Struct, frozen=True):
    """What keeps the list of a study from being known as whole, in words.

    `instances` is the number that the PACS tells of the study, or of a `series` of it: where so
    many come, nothing was missing. It is 0 where no number can prove that.
    """

    why: str
    series: str = ""
    instances: int = 0


class FoundStudy(Struct, frozen=True):
    """A study as a PACS describes it.

    `counts` are the numbers that the PACS tells of what is in it, by keyword. `gaps` say what it
    has by its own word and does not list, or may have; `remarks` say what else of its answers was
    not used, or contradicts another. `asked` are the keys by which it was asked for, Modality for
    ModalitiesInStudy, and `unproven` those of which the PACS returned no value: the header of each
    instance decides.
    """

    uid: str
    attributes: Mapping[str, str]
    series: tuple[FoundSeries, ...] = field(default=())
    counts: Mapping[str, str] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()
    remarks: tuple[str, ...] = ()
    asked: Mapping[str, str] = field(default_factory=dict)
    unproven: Mapping[str, str] = field(default_factory=dict)


class FoundStudies(Struct, frozen=True):
    """The studies that a PACS has; `dropped` says why answers are not among them, and how many."""

    studies: list[FoundStudy]
    dropped: Mapping[str, int] = field(default_factory=dict)


def find_studies(query: Finder, keys: Mapping[str, str], most: int) -> FoundStudies:
    """Return the studies that have what the keys ask for, sorted by date and UID.

    `ModalitiesInStudy` is proved by the study's series where the PACS does not return it, and by
    the headers' Modality where it does not return that either. Raises
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
        open_keys = unproven(certain, answer)
        if modalities:
            modality = _modality(query, uid, modalities, answer)
            if modality.other:
                dropped[modality.other] += 1
                continue
            if not modality.proven:
                open_keys["Modality"] = modalities
        known, counts = _known(answer, STUDY.returned), _known(answer, STUDY.counts)
        asked = {keyword: value for keyword, value in certain.items() if value}
        if modalities:
            asked["Modality"] = modalities
        study = FoundStudy(uid, known, counts=counts, asked=asked, unproven=open_keys)
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
        if (other := answer.get("StudyInstanceUID") or study.uid) != study.uid:
            tally.stray(f"series {uid} of study {other}", f"study {study.uid}")
            continue
        if not _NAME.fullmatch(uid):
            tally.gap("a series is named by something that is no UID")
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
        tally.compare(f"instances of series {uid}", told, len(one.instances), uid)
        if not one.instances and _number(told) != 0:
            tally.remarks[f"no instance of series {uid} is listed: all that comes is taken"] += 1
            series[uid] = one
        elif one.instances and keep(one):
            series[uid] = one
    if not seen and not tally.gaps:
        tally.gap("no series of it is listed")
    tally.compare_study(study, len(seen))
    return FoundStudy(
        study.uid, study.attributes, tuple(_sorted(list(series.values()))), study.counts,
        tuple(_gaps(tally.gaps)), (*_lines(tally.remarks), *tally.stray_lines()), study.asked,
        study.unproven,
    )  # fmt: skip


class Tally(Struct):
    """What a PACS lists of one study, compared with what it tells of it.

    `whole` until a series is left out; `instances` are counted as they are listed. `strays` are
    answers for something else, each beside what was asked for; in place of one, something may be
    missing, unless its number was told: `unproven` are what was asked for and has no number.
    """

    whole: bool = True
    instances: int = 0
    gaps: Counter[Gap] = field(default_factory=Counter)
    remarks: Counter[str] = field(default_factory=Counter)
    strays: dict[str, list[str]] = field(default_factory=dict)
    unproven: list[str] = field(default_factory=list)

    def gap(self, why: str, series: str = "", instances: int = 0) -> None:
        """Note what may be missing."""
        self.gaps[Gap(why, series, instances)] += 1

    def stray(self, came: str, asked: str) -> None:
        """Note an answer that is of something else than was asked for."""
        self.strays.setdefault(asked, []).append(came)

    def compare(self, what: str, told: str, listed: int, series: str = "") -> None:
        """Note a difference between a number that was told, if one was, and what is listed."""
        number = _number(told)
        if number is None:
            if series and f"series {series}" in self.strays:
                self.unproven.append(f"series {series}")
            return
        line = f"the PACS tells of {number:,} {what} and lists {listed:,}"
        if number > listed:
            self.gap(line, series, 0 if what == "series" else number)
        elif number < listed:
            self.remarks[line] += 1

    def compare_study(self, study: FoundStudy, series: int) -> None:
        """Compare what is listed of a whole study, and note what no number proves."""
        told, instances = (study.counts.get(keyword, "") for keyword in STUDY.counts)
        self.compare("series", told, series)
        whole = self.whole and _number(instances) is not None
        if self.whole and not self.gaps:
            self.compare("instances", instances, self.instances)
        if f"study {study.uid}" in self.strays and _number(told) is None:
            self.unproven.append(f"study {study.uid}")
        for what in [] if whole else self.unproven:
            self.gap(
                f"the PACS answered with something else to the question for {what} and does not"
                " tell how much there is: nothing proves that all of it is listed"
            )

    def stray_lines(self) -> list[str]:
        """Return what came in place of what was asked for, in words."""
        lines = []
        for asked, came in self.strays.items():
            some = ", ".join(came[:_MOST_NAMED])
            more = f" and {len(came) - _MOST_NAMED:,} more" if len(came) > _MOST_NAMED else ""
            lines.append(f"{asked} was asked for, and not carried is what came of {some}{more}")
        return lines


def _number(told: str) -> int | None:
    text = told.strip()
    return int(text) if text.isascii() and text.isdigit() else None


def _gaps(counter: Counter[Gap]) -> Iterator[Gap]:
    for gap, n in counter.items():
        yield Gap(f"{gap.why} ({n:,} times)", gap.series, gap.instances) if n > 1 else gap


def _lines(counter: Counter[str]) -> tuple[str, ...]:
    return tuple(f"{line} ({n:,} times)" if n > 1 else line for line, n in counter.items())


def _instances(
    query: Finder, study: str, series: str, tally: Tally
) -> dict[str, Mapping[str, str]]:
    of_series = {"StudyInstanceUID": study, "SeriesInstanceUID": series}
    found: dict[str, Mapping[str, str]] = {}
    for answer in query.find(IMAGE, of_series, _MOST_INSTANCES):
        uid = answer.get("SOPInstanceUID", "")
        its = of_series | {k: answer[k] for k in of_series if answer.get(k)}
        if its != of_series:
            came = f"instance {uid} of series {its['SeriesInstanceUID']}"
            if its["StudyInstanceUID"] != study:
                came += f" of study {its['StudyInstanceUID']}"
            tally.stray(came, f"series {series}")
        elif not _NAME.fullmatch(uid):
            tally.gap(f"an instance of series {series} is named by something that is no UID")
        else:
            found[uid] = _known(answer, IMAGE.returned)
    tally.instances += len(found)
    return found


class Modality(Struct, frozen=True):
    """Whether a study has the modality that was asked for: `other` says what it has in its place,
    and `proven` that the PACS tells of it.
    """

    other: str = ""
    proven: bool = True


def _modality(query: Finder, study: str, wanted: str, answer: Mapping[str, str]) -> Modality:
    """Return whether a study has the modality that is wanted.

    What the PACS answers for the study is believed where it is no wildcard, and its series prove
    it. A series without a modality may be of any.
    """
    asked = f"ModalitiesInStudy '{wanted}' was asked for"
    returned = answer.get("ModalitiesInStudy", "").strip(" \0")
    told = bool(returned) and not set(returned) & set("*?")
    if told and not matches({"Modality": wanted}, {"Modality": returned}):
        return Modality(f"{asked}, it answered '{returned}'")
    series = query.find(SERIES, {"StudyInstanceUID": study}, _MOST_SERIES)
    own = [one for one in series if (one.get("StudyInstanceUID") or study) == study]
    if any(matches({"Modality": wanted}, one) for one in own):
        return Modality()
    if any(not difference({"Modality": wanted}, one) for one in own):
        return Modality(proven=told)
    there = ", ".join(sorted({one.get("Modality", "") for one in own})) or "none"
    return Modality(f"{asked}, its series have {there}")


def _known(answer: Mapping[str, str], keywords: tuple[str, ...]) -> dict[str, str]:
    return {keyword: answer[keyword] for keyword in keywords if keyword in answer}


def _sorted(series: list[FoundSeries]) -> list[FoundSeries]:
    def order(one: FoundSeries) -> tuple[int, str]:
        number = one.attributes.get("SeriesNumber", "").strip()
        return (int(number) if number.lstrip("-").isdigit() else 0, one.uid)

    return sorted(series, key=order)
