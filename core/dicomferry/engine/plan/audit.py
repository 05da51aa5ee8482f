"""The identity audit: patients of the source beside subjects of XNAT, in both directions.

It asks the plan alone, so it does not matter what made the labels: a template, a table, folder
names, rows of a CSV, or labels that somebody edited in a saved plan.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from dicomferry.dicom.patient import (
    Patient,
    akin,
    names_nobody,
    persons,
    same_person,
    told_apart_by,
)
from dicomferry.engine.plan.session_keys import SessionKey, SessionKeys
from dicomferry.ledger.planning.alike import ItemGroups, SourceSeries
from dicomferry.xnat.filing.keys import subject_key

SESSION_OF_SEVERAL_PATIENTS = "session-of-several-patients"
PATIENTS_MERGED = "patients-merged"
PATIENT_OVER_SEVERAL_SUBJECTS = "patient-over-several-subjects"
PATIENTS_NOT_TOLD_APART = "patients-not-told-apart"
STUDY_OF_SEVERAL_PATIENTS = "study-of-several-patients"

_MOST_COMPARED: Final = 200


class AuditRow(Struct, frozen=True):
    """One patient of the source under one subject. `findings` are codes of problems."""

    project: str
    subject: str
    patient: Patient
    sessions: tuple[str, ...]
    studies: int
    instances: int
    folders: tuple[str, ...]
    findings: tuple[str, ...]


class Suspicion(Struct, frozen=True):
    """What the audit finds: `where` in words, and a place of each patient or subject.

    The places are folders; where two would have the same one, files. `differing` are the keywords
    in which the first two patients differ, where patients are told apart.
    """

    code: str
    where: str
    places: tuple[str, ...]
    parts: tuple[SourceSeries, ...]
    differing: tuple[str, ...] = ()


def suspicions(items: ItemGroups, *, xnat: bool) -> list[Suspicion]:
    """Return everything that is wrong between patients and subjects.

    `xnat` says whether an XNAT receives the data, to which a session has no subject.
    """
    keys = SessionKeys(items, xnat=xnat)
    parts = list(items.source_series())
    in_sessions = list(_in_sessions(parts, keys))
    met = {keys.of(part.destination) for one in in_sessions for part in one.parts}

    def all_told(inside: Iterable[SourceSeries]) -> bool:
        """Tell whether all patients of some parts meet in sessions that were told already."""
        inside = list(inside)
        known = {part.patient for part in inside if keys.of(part.destination) in met}
        return bool(known) and all(part.patient in known for part in inside)

    return [
        *in_sessions,
        *_in_subjects(parts, all_told),
        *_of_nobody(parts),
        *_over_subjects(parts),
        *_studies(parts, all_told),
    ]


def audit_rows(items: ItemGroups, *, xnat: bool) -> list[AuditRow]:
    """Return a row for each patient under each subject, sorted by project and subject."""
    found: dict[tuple[str, str, Patient], list[SourceSeries]] = defaultdict(list)
    for part in items.source_series():
        place = part.destination
        found[place.project or "", place.subject or "", part.patient].append(part)
    codes: dict[tuple[str, str, Patient], dict[str, None]] = defaultdict(dict)
    for one in suspicions(items, xnat=xnat):
        for part in one.parts:
            place = part.destination
            codes[place.project or "", place.subject or "", part.patient][one.code] = None
    return [
        AuditRow(
            *key,
            tuple(sorted({part.destination.session for part in parts})),
            len({part.study_instance_uid for part in parts}),
            sum(part.instances for part in parts),
            tuple(sorted({part.folder for part in parts})),
            tuple(codes[key]),
        )
        for key, parts in sorted(found.items(), key=lambda one: one[0][:2])
    ]


def _in_sessions(parts: Iterable[SourceSeries], keys: SessionKeys) -> Iterator[Suspicion]:
    sessions: dict[SessionKey, list[SourceSeries]] = defaultdict(list)
    for part in parts:
        sessions[keys.of(part.destination)].append(part)
    for key, inside in sessions.items():
        if found := _told_apart(inside):
            where = f"the session '{key.label}' in {key.project or 'Unassigned'}"
            places, differing = found
            yield Suspicion(SESSION_OF_SEVERAL_PATIENTS, where, places, tuple(inside), differing)


def _in_subjects(
    parts: Iterable[SourceSeries], all_told: Callable[[Iterable[SourceSeries]], bool]
) -> Iterator[Suspicion]:
    """Yield subjects of several patients, unless these meet in a session, which was told."""
    subjects: dict[tuple[str, str], list[SourceSeries]] = defaultdict(list)
    for part in parts:
        place = part.destination
        if place.subject is not None:
            subjects[place.project or "", subject_key(place.subject)].append(part)
    for (project, _), inside in subjects.items():
        found = _told_apart(inside)
        if found is None or all_told(inside):
            continue
        where = f"the subject '{inside[0].destination.subject}' in {project or 'Unassigned'}"
        places, differing = found
        yield Suspicion(PATIENTS_MERGED, where, places, tuple(inside), differing)


def _of_nobody(parts: Iterable[SourceSeries]) -> Iterator[Suspicion]:
    """Yield subjects named after a placeholder that get studies whose headers tell nobody."""
    subjects: dict[tuple[str, str], dict[str, list[SourceSeries]]] = defaultdict(dict)
    for part in parts:
        place = part.destination
        if not part.patient and names_nobody(place.subject or "", part.patient):
            studies = subjects[place.project or "", subject_key(place.subject)]
            studies.setdefault(part.study_instance_uid, []).append(part)
    for (project, _), studies in subjects.items():
        if len(studies) < 2:
            continue
        inside = [part for of_study in studies.values() for part in of_study]
        where = f"the subject '{inside[0].destination.subject}' in {project or 'Unassigned'}"
        places = _places([of_study[0] for of_study in studies.values()])
        yield Suspicion(PATIENTS_NOT_TOLD_APART, where, places, tuple(inside))


def _over_subjects(parts: Iterable[SourceSeries]) -> Iterator[Suspicion]:
    by_id: dict[tuple[str, str], dict[tuple[str, Patient], SourceSeries]] = defaultdict(dict)
    everything: dict[tuple[str, str], list[SourceSeries]] = defaultdict(list)
    for part in parts:
        place, known = part.destination, akin(part.patient)
        if known and place.subject is not None:
            key = place.project or "", known
            by_id[key].setdefault((subject_key(place.subject), part.patient), part)
            everything[key].append(part)
    for (project, known), found in by_id.items():
        pairs = _same_elsewhere(list(found.items()))
        if not pairs:
            continue
        labels = ", ".join(f"'{part.destination.subject}'" for part in pairs)
        where = f"one patient is under {len(pairs)} subjects of {project or 'Unassigned'}: {labels}"
        yield Suspicion(
            PATIENT_OVER_SEVERAL_SUBJECTS, where, _places(pairs), tuple(everything[project, known])
        )


def _same_elsewhere(
    found: list[tuple[tuple[str, Patient], SourceSeries]],
) -> list[SourceSeries]:
    """Return a part of each subject that one and the same person is under; none for one subject."""
    alike: dict[Patient, dict[str, SourceSeries]] = defaultdict(dict)
    for (subject, patient), part in found:
        alike[patient][subject] = part
    for same in alike.values():
        if len(same) > 1:
            return list(same.values())
    # Several people behind one ID of an anonymised disk: not every pair of thousands is compared.
    for at, ((subject, patient), part) in enumerate(found[:_MOST_COMPARED]):
        same = {subject: part}
        for (other_subject, other), other_part in found[at + 1 : _MOST_COMPARED]:
            if other_subject != subject and same_person(patient, other):
                same.setdefault(other_subject, other_part)
        if len(same) > 1:
            return list(same.values())
    return []


def _studies(
    parts: Iterable[SourceSeries], all_told: Callable[[Iterable[SourceSeries]], bool]
) -> Iterator[Suspicion]:
    """Yield studies of several patients, unless these meet in a session, which was told."""
    by_uid: dict[str, list[SourceSeries]] = defaultdict(list)
    for part in parts:
        if part.study_instance_uid:
            by_uid[part.study_instance_uid].append(part)
    for inside in by_uid.values():
        if (found := _told_apart(inside)) and not all_told(inside):
            places, differing = found
            yield Suspicion(
                STUDY_OF_SEVERAL_PATIENTS, "one study", places, tuple(inside), differing
            )


def _told_apart(
    inside: Iterable[SourceSeries],
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return a place of each person that parts are of, and in what the first two differ.

    Returns None where all may be one person's.
    """
    first: dict[Patient, SourceSeries] = {}
    for part in inside:
        first.setdefault(part.patient, part)
    if len(first) < 2:
        return None
    some, *others = persons(first)
    if not others:
        return None
    other = others[0][0]
    one = next(patient for patient in some if not same_person(patient, other))
    places = _places([first[one], *(first[group[0]] for group in others)])
    return places, tuple(told_apart_by(one, other))


def _places(parts: Sequence[SourceSeries]) -> tuple[str, ...]:
    folders = tuple(part.folder for part in parts)
    if len(set(folders)) == len(folders):
        return folders
    return tuple(str(part.first) for part in parts)
