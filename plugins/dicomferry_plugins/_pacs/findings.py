"""Findings made of the studies that a PACS has: as many as are expected, and their instances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dicomferry import Finding, InstanceRef, Location, Refused, RemoteInstance, Unusable
from dicomferry.dicom import matches
from dicomferry_plugins._pacs.search import FoundSeries, FoundStudies, FoundStudy, Gap

MOST_CANDIDATES = 10
"""Studies that are named, or offered to choose from, where a question finds more than it may."""

_OF_PERSONS = ("PatientID", "PatientName", "PatientBirthDate", "ReferringPhysicianName")

_NOT_LISTED: Mapping[str, Mapping[str, str]] = {"": {}}
"""What stands for the instances of a series of which the PACS lists none."""


def unexpected(expect: str, found: FoundStudies) -> str:
    """Return why this many studies are not what is expected, naming them; empty when they are.

    Where there are too few, it says what else the PACS answered.
    """
    studies = found.studies
    number = len(studies)
    if expect == "any":
        return ""
    most = 1 if expect == "exactly-one" else int(expect.split()[-1])
    if number <= most and (number or expect != "exactly-one"):
        return ""
    wanted = "exactly one study is" if expect == "exactly-one" else f"{most} at most are"
    if not number:
        return f"{wanted} expected, there is none" + (
            f"; {not_used(found)}" if found.dropped else ""
        )
    some = "; ".join(map(_candidate, studies[:MOST_CANDIDATES]))
    more = "; …" if number > MOST_CANDIDATES else ""
    return f"{wanted} expected, there are {number}: {some}{more}"


def described_keys(keys: Mapping[str, str]) -> str:
    """Return what a question asks for, in one line; of a person's attributes the keyword alone."""
    told = (k if k in _OF_PERSONS or not v else f"{k} {v}" for k, v in keys.items())
    return f"asked for by {', '.join(told)}"


def not_used(found: FoundStudies) -> str:
    """Return what the PACS answered that was not asked for, in one line."""
    some = [
        f"{number:,} {'answer is' if number == 1 else 'answers are'} not used: {why}"
        for why, number in list(found.dropped.items())[:MOST_CANDIDATES]
    ]
    return "; ".join(some) + ("; …" if len(found.dropped) > MOST_CANDIDATES else "")


def _candidate(study: FoundStudy) -> str:
    known = study.attributes
    words = [known.get(k, "") for k in ("StudyDate", "ModalitiesInStudy", "StudyDescription")]
    return " ".join(word for word in (*words, study.uid) if word)


def findings(
    server: str,
    study: FoundStudy,
    *,
    relabel: Mapping[str, str],
    row: Mapping[str, str],
    table_row: int = 0,
    labels: Mapping[str, str] | None = None,
    candidate_of: Location | None = None,
) -> Iterator[Finding]:
    """Yield the instances of a study, and what of it the PACS has and does not list."""
    place = Location(f"pacs:{server}", f"study {study.uid}")
    for number, gap in enumerate(study.gaps, 1):
        at = Location(place.path, f"{place.member}, gap {number}")
        yield Refused(at, "list-incomplete", gap.why, table_row, _known(study, gap))
    if study.unproven:
        keys = ", ".join(study.unproven)
        why = f"asked for by {keys}, which the PACS does not return: each header decides"
        yield Unusable(Location(place.path, f"{place.member}, unproven"), "answer-unproven", why)
    if study.remarks:
        yield Unusable(place, "answer-differs", "; ".join(study.remarks), table_row)
    for series in study.series:
        asked = {**study.asked, **_modality(study, series)}
        for uid, known in (series.instances or _NOT_LISTED).items():
            yield RemoteInstance(
                "pacs",
                server,
                InstanceRef(study.uid, series.uid, uid, known.get("SOPClassUID", "")),
                {**study.attributes, **series.attributes, **known},
                relabel,
                row,
                table_row,
                labels=labels or {},
                candidate_of=candidate_of,
                asked=asked,
            )


def _modality(study: FoundStudy, series: FoundSeries) -> Mapping[str, str]:
    """Return the Modality that headers of a series may have, where one was asked for.

    A study has the one that was asked for where one series of it has. Empty where any will do.
    """
    wanted, told = study.asked.get("Modality", ""), series.attributes.get("Modality", "").strip()
    if not wanted or not told:
        several = study.attributes.get("ModalitiesInStudy", "")
        return {"Modality": wanted if "Modality" in study.unproven else several} if wanted else {}
    return {"Modality": wanted if matches({"Modality": wanted}, {"Modality": told}) else ""}


def _known(study: FoundStudy, gap: Gap) -> Mapping[str, str]:
    """Return what is not listed, by keyword, and the number that was told of it."""
    known = {"StudyInstanceUID": study.uid}
    if gap.series:
        known["SeriesInstanceUID"] = gap.series
    if gap.instances:
        level = "Series" if gap.series else "Study"
        known[f"NumberOf{level}RelatedInstances"] = str(gap.instances)
    return known
