"""Studies and series of the source that do not stay as they are, whatever UIDs they are sent with.

All is asked of the UIDs as found: a transform that gives each session one StudyInstanceUID mends
what XNAT would mind, and hides nothing here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator
from datetime import date
from typing import Final

from dicomferry.dicom.patient import persons
from dicomferry.engine.pipeline.references import STUDY_RENAMED
from dicomferry.engine.plan.problems.kinds import instances, problem, several
from dicomferry.engine.plan.session_keys import SessionKey, SessionKeys
from dicomferry.ledger.planning.alike import ItemGroups, SourceSeries
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.model import Problem
from dicomferry.xnat.filing.keys import subject_key
from dicomferry.xnat.labels import UNASSIGNED

_A_DAY: Final = 1
"""A study that goes on past midnight has two dates, one day apart."""
_DATE_IN_LABEL: Final = re.compile(r"(?<!\d)(\d{4})([_-])(\d{2})\2(\d{2})(?!\d)")

_LIKE_A_DATE: Final = re.compile(r"(?<!\d)\d{2,4}[_-]?\d{2}[_-]?\d{2,4}(?!\d)")


_Joined = dict[SessionKey, dict[str, set[str]]]
"""The StudyInstanceUIDs of each session, and the days of each."""


def studies(items: ItemGroups, *, xnat: bool) -> Iterator[Problem]:
    """Find studies that are joined, divided, or shared by several patients."""
    found = list(items.source_series())
    keys = SessionKeys(items, xnat=xnat)
    joined: _Joined = {}
    for one in found:
        studies_of = joined.setdefault(keys.of(one.destination), {})
        studies_of.setdefault(one.study_instance_uid, set()).add(day_of(one))
    yield from _told_joined(joined, _sent_apart(items, keys) if xnat else ())
    yield from _divided(found, keys)
    yield from _date_spellings(found)
    if count := items.renamed(STUDY_RENAMED):
        get = "gets" if count == 1 else "get"
        yield problem(
            "references-to-renamed",
            f"{instances(count)} {get} another Study-, Series- or SOPInstanceUID; what refers to it"
            " names the old one, unless the recipe changes that as well",
        )


def studies_of_rows(plan: PlanReader) -> Iterator[Problem]:
    """Find sessions that rows of tables ask for, and that join several studies of the source.

    For a recipe whose other labels do not matter: its sinks file by what the rows write.
    """
    joined: _Joined = {}
    for one in plan.row_sessions():
        key = SessionKey(None, one.session, subject_key(one.subject))
        days = joined.setdefault(key, {}).setdefault(one.study_instance_uid, set())
        days.add(_day(one.study_date))
    yield from _told_joined(joined, ())


def day_of(one: SourceSeries) -> str:
    """Return the day of a series as YYYYMMDD; empty where no date tells it."""
    return _day(one.study_date) or _day(one.acquired)


def days_apart(days: Iterable[str]) -> int:
    """Return how many days lie between the first and the last of days; 0 without any."""
    dates = [found for day in days if (found := _date(day)) is not None]
    return (max(dates) - min(dates)).days if dates else 0


def names_a_day(label: str, days: Iterable[str]) -> bool:
    """Tell whether a label has one of some days in it, however it is written."""
    digits = re.sub(r"[_-]", "", label)
    return any(day in digits or day[2:] in digits for day in days)


def _day(text: str) -> str:
    digits = re.sub(r"\D", "", text)[:8]
    return digits if _date(digits) is not None else ""


def _date(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None


def _sent_apart(items: ItemGroups, keys: SessionKeys) -> set[SessionKey]:
    """Return the sessions that are sent under several UIDs, which `sessions` tells."""
    sent: dict[SessionKey, set[str]] = defaultdict(set)
    for one in items.studies_of_destinations():
        sent[keys.of(one.destination)].add(one.study_instance_uid)
    return {key for key, uids in sent.items() if len(uids) > 1}


def _told_joined(sessions: _Joined, elsewhere: Container[SessionKey]) -> Iterator[Problem]:
    """Tell the sessions that join studies; those of one visit not where `elsewhere` does it."""
    told: dict[str, list[str]] = defaultdict(list)
    for key, joined in sorted(sessions.items(), key=lambda one: _label(one[0])):
        if len(joined) < 2:
            continue
        days = sorted({day for of_study in joined.values() for day in of_study if day})
        when = f"of {several(days)}" if days else "without a date"
        what = f"'{key.label}' in {key.project or UNASSIGNED} ({len(joined):,} studies {when})"
        if days_apart(days) > _A_DAY and not names_a_day(key.label, days):
            told["studies-joined-apart"].append(what)
        elif key not in elsewhere:
            told["studies-joined"].append(what)
    for code, which in told.items():
        number = "1 session joins" if len(which) == 1 else f"{len(which):,} sessions join"
        yield problem(code, f"{number} several studies of the source: {several(which)}")


def _divided(found: list[SourceSeries], keys: SessionKeys) -> Iterator[Problem]:
    of_study: dict[str, list[SourceSeries]] = defaultdict(list)
    of_series: dict[str, list[SourceSeries]] = defaultdict(list)
    for one in found:
        if one.study_instance_uid:  # else nothing says that they belong together
            of_study[one.study_instance_uid].append(one)
        if one.series_instance_uid:
            of_series[one.series_instance_uid].append(one)
    series = [parts for parts in of_series.values() if len(_places(parts, keys)) > 1]
    if series:
        yield problem(
            "series-over-several-sessions",
            f"{_number(series, 'series of the source', 'series of the source')} divided:"
            f" {several([_parts(parts) for parts in series])}",
        )
    over_subjects, over_sessions = [], []
    for parts in of_study.values():
        if len(_places(parts, keys)) < 2:
            continue
        if not _several_subjects(parts):
            over_sessions.append(parts)
        elif len(persons(part.patient for part in parts)) < 2:  # else the audit tells it
            over_subjects.append(parts)
    for code, which in (
        ("study-over-several-subjects", over_subjects),
        ("study-over-several-sessions", over_sessions),
    ):
        if which:
            yield problem(
                code,
                f"{_number(which, 'study of the source', 'studies of the source')} divided:"
                f" {several([_parts(parts) for parts in which])}",
            )


def _several_subjects(parts: Iterable[SourceSeries]) -> bool:
    """Tell whether parts have several subjects in one project; those of two projects are others."""
    subjects: dict[str | None, set[str]] = defaultdict(set)
    for part in parts:
        subjects[part.destination.project].add(subject_key(part.destination.subject))
    return any(len(found) > 1 for found in subjects.values())


def _date_spellings(found: list[SourceSeries]) -> Iterator[Problem]:
    labels: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for one in found:
        place = one.destination
        plain = _plain_date(place.session, day_of(one))
        labels[place.project or "", place.subject or "", plain].add(place.session)
    twice = [", ".join(sorted(found)) for found in labels.values() if len(found) > 1]
    if twice:
        yield problem(
            "date-spelled-twice",
            f"session labels that differ only by how a date is written: {several(twice)}",
        )


def _plain_date(label: str, day: str) -> str:
    """Return a label with its date as YYYYMMDD: any that tells its order, and every form of `day`.

    Two digits for the year and days before months are known by the date of the series alone.
    """
    plain = _DATE_IN_LABEL.sub(r"\1\3\4", label)
    if not day or day in plain:
        return plain
    year, month, of_month = day[:4], day[4:6], day[6:]
    forms = {
        "".join(order)
        for y in (year, year[2:])
        for order in ((y, month, of_month), (of_month, month, y), (month, of_month, y))
    }

    def as_day(found: re.Match[str]) -> str:
        return day if re.sub("[_-]", "", found[0]) in forms else found[0]

    return _LIKE_A_DATE.sub(as_day, plain)


def _places(parts: Iterable[SourceSeries], keys: SessionKeys) -> set[SessionKey]:
    return {keys.of(part.destination) for part in parts}


def _parts(parts: list[SourceSeries]) -> str:
    labels = sorted({str(part.destination) for part in parts})
    return f"from {parts[0].folder} to {several(labels)}"


def _number(found: list[list[SourceSeries]], one: str, more: str) -> str:
    return f"1 {one} is" if len(found) == 1 else f"{len(found):,} {more} are"


def _label(key: SessionKey) -> tuple[str, str]:
    return key.project or "", key.label
