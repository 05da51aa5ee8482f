"""Studies, their series and their instances, found on a PACS and counted on this side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct, field

from dicomferry.dimse import can_propose
from dicomferry_plugins._pacs.matching import matches, single_queries
from dicomferry_plugins._pacs.query import IMAGE, SERIES, STUDY, IncompleteAnswerError, Query

_MOST_SERIES = 5_000
_MOST_INSTANCES = 200_000


class FoundSeries(Struct, frozen=True):
    """A series as a PACS describes it; `instances` are SOP instance UID and what else is known."""

    uid: str
    attributes: Mapping[str, str]
    instances: Mapping[str, Mapping[str, str]]


class FoundStudy(Struct, frozen=True):
    """A study as a PACS describes it."""

    uid: str
    attributes: Mapping[str, str]
    series: tuple[FoundSeries, ...] = field(default=())


def find_studies(query: Query, keys: Mapping[str, str], most: int) -> list[FoundStudy]:
    """Return the studies that have what the keys ask for, sorted by date and UID.

    `ModalitiesInStudy` is proved by the study's series where the PACS does not return it. Raises
    as `Query.find`.
    """
    found: dict[str, FoundStudy] = {}
    certain = {k: v for k, v in keys.items() if k != "ModalitiesInStudy"}
    modalities = keys.get("ModalitiesInStudy", "")
    for single in single_queries(keys):
        for answer in query.find(STUDY, single, most):
            uid = answer.get("StudyInstanceUID", "")
            if not matches(certain, answer) or not _is_uid(uid):
                continue
            if modalities and not _has_modality(query, uid, modalities, answer):
                continue
            found.setdefault(uid, FoundStudy(uid, _known(answer, STUDY.returned)))
    return sorted(found.values(), key=lambda s: (s.attributes.get("StudyDate", ""), s.uid))


def find_contents(
    query: Query, study: FoundStudy, keep: Callable[[FoundSeries], bool]
) -> FoundStudy:
    """Return a study with those of its series that are kept, and all of their instances.

    `keep` is asked twice: with a series alone, and, where it said yes, with its instances.
    """
    of_study = {"StudyInstanceUID": study.uid}
    series = []
    for answer in query.find(SERIES, of_study, _MOST_SERIES):
        uid = answer.get("SeriesInstanceUID", "")
        if answer.get("StudyInstanceUID", study.uid) != study.uid or not _is_uid(uid):
            continue
        one = FoundSeries(uid, _known(answer, SERIES.returned), {})
        if keep(one):
            of_series = of_study | {"SeriesInstanceUID": uid}
            one = FoundSeries(uid, one.attributes, dict(_instances(query, of_series)))
            series += [one] if keep(one) else []
    return FoundStudy(study.uid, study.attributes, tuple(_sorted(series)))


def _instances(
    query: Query, of_series: Mapping[str, str]
) -> Iterator[tuple[str, Mapping[str, str]]]:
    for answer in query.find(IMAGE, of_series, _MOST_INSTANCES):
        uid = answer.get("SOPInstanceUID", "")
        if not _is_uid(uid):
            raise IncompleteAnswerError("the PACS names an instance by something that is no UID")
        if matches(of_series, {**of_series, **answer}):
            yield uid, _known(answer, IMAGE.returned)


def _has_modality(query: Query, study: str, wanted: str, answer: Mapping[str, str]) -> bool:
    returned = answer.get("ModalitiesInStudy", "")
    if returned and not matches({"Modality": wanted}, {"Modality": returned}):
        return False
    series = query.find(SERIES, {"StudyInstanceUID": study}, _MOST_SERIES)
    own = (one for one in series if one.get("StudyInstanceUID", study) == study)
    return any(matches({"Modality": wanted}, one) for one in own)


def _known(answer: Mapping[str, str], keywords: tuple[str, ...]) -> dict[str, str]:
    return {keyword: answer[keyword] for keyword in keywords if keyword in answer}


def _is_uid(text: str) -> bool:
    return can_propose((text, text))


def _sorted(series: list[FoundSeries]) -> list[FoundSeries]:
    def order(one: FoundSeries) -> tuple[int, str]:
        number = one.attributes.get("SeriesNumber", "").strip()
        return (int(number) if number.lstrip("-").isdigit() else 0, one.uid)

    return sorted(series, key=order)
