"""The identity audit: patients of the source beside subjects of XNAT, in both directions.

It asks the plan, so it does not matter what made the labels: a template, a table, folder names,
rows of a CSV, or labels that somebody edited in a saved plan. What the plan adds to what earlier
runs have stored is asked the same questions once more, together with that (`before.py`).
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
from dicomferry.engine.plan.before import added, stored_before
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


def suspicions(items: ItemGroups, *, xnat: bool, sinks: Sequence[str] = ()) -> list[Suspicion]:
    """Return everything that is wrong between patients and subjects.

    `xnat` says whether an XNAT receives the data, to which a session has no subject. What the
    plan adds is compared with what `sinks` have, too.
    """
    keys = SessionKeys(items, xnat=xnat)
    parts = list(items.source_series())
    in_sessions = list(_in_sessions(parts, keys))
    all_told = _all_told(in_sessions, keys)
    found = [
        *in_sessions,
        *_in_subjects(parts, all_told),
        *_of_nobody(parts),
        *_over_subjects(parts),
        *_studies(parts, all_told),
    ]
    since = {(s.code, s.where): s for s in _since_earlier_runs(items, parts, keys, sinks)}
    # Where both tell of one subject, the one that names earlier runs is told in its place.
    return [since.pop((one.code, one.where), one) for one in found] + list(since.values())


def _since_earlier_runs(
    items: ItemGroups, parts: Sequence[SourceSeries], keys: SessionKeys, sinks: Sequence[str]
) -> Iterator[Suspicion]:
    """Yield what is wrong between what a plan adds and what earlier runs have stored."""
    stored = stored_before(items, sinks)
    fresh = added(parts, stored)
    before = [one.part for one in stored if not one.here]
    if not (fresh and before):
        return
    together = [*fresh, *before]
    in_sessions = list(_in_sessions(together, keys))
    for one in (
        *in_sessions,
        *_in_subjects(together, _all_told(in_sessions, keys)),
        *_of_nobody(together),
        *_over_subjects_since(fresh, [one.part for one in stored if not one.planned]),
    ):
        if len({bool(part.run) for part in one.parts}) == 2:  # of the plan, and of before
            yield one


def _all_told(
    in_sessions: Iterable[Suspicion], keys: SessionKeys
) -> Callable[[Iterable[SourceSeries]], bool]:
    """Return what tells whether all patients of some parts meet in sessions told already."""
    met = {keys.of(part.destination) for one in in_sessions for part in one.parts}

    def all_told(inside: Iterable[SourceSeries]) -> bool:
        inside = list(inside)
        known = {part.patient for part in inside if keys.of(part.destination) in met}
        return bool(known) and all(part.patient in known for part in inside)

    return all_told


def audit_rows(items: ItemGroups, *, xnat: bool, sinks: Sequence[str] = ()) -> list[AuditRow]:
    """Return a row for each patient under each subject, sorted by project and subject.

    Who was stored before by `sinks` has no row, but findings of those who are in the plan.
    """
    found: dict[tuple[str, str, Patient], list[SourceSeries]] = defaultdict(list)
    for part in items.source_series():
        place = part.destination
        found[place.project or "", place.subject or "", part.patient].append(part)
    codes: dict[tuple[str, str, Patient], dict[str, None]] = defaultdict(dict)
    for one in suspicions(items, xnat=xnat, sinks=sinks):
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
        if len(studies) < 2 or all(any(one.run for one in of) for of in studies.values()):
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


def _over_subjects_since(
    fresh: Iterable[SourceSeries], before: Iterable[SourceSeries]
) -> Iterator[Suspicion]:
    """Yield patients who were stored under other subjects than they come to now."""
    known: dict[tuple[str, str], list[SourceSeries]] = defaultdict(list)
    for part in before:
        known[part.destination.project or "", akin(part.patient)].append(part)
    found: dict[tuple[str, str], tuple[SourceSeries, SourceSeries]] = {}
    for part in fresh:
        place, patient_id = part.destination, akin(part.patient)
        key = place.project or "", patient_id
        if not patient_id or place.subject is None or key in found:
            continue
        same = [
            one for one in known[key][:_MOST_COMPARED] if same_person(one.patient, part.patient)
        ]
        subjects = {subject_key(one.destination.subject) for one in same}
        if same and subject_key(place.subject) not in subjects:
            found[key] = part, same[0]
    for (project, _), pair in found.items():
        labels = ", ".join(f"'{part.destination.subject}'" for part in pair)
        where = f"one patient is under 2 subjects of {project or 'Unassigned'}: {labels}"
        yield Suspicion(PATIENT_OVER_SEVERAL_SUBJECTS, where, _places(pair), pair)


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
    inside: Sequence[SourceSeries],
) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return a place of each person that parts are of, and in what the first two differ.

    Returns None where all may be one person's, and where earlier runs have stored something of
    each person already.
    """
    first: dict[Patient, SourceSeries] = {}
    for part in inside:
        if part.patient not in first or (part.run and not first[part.patient].run):
            first[part.patient] = part
    if len(first) < 2:
        return None
    groups = persons(first)
    before = [group for group in groups if any(first[patient].run for patient in group)]
    fresh = [group for group in groups if group not in before]
    if len(groups) < 2 or not fresh:
        return None
    # Who was stored before stands beside somebody new: only the first few are told.
    some, *others = [fresh[0], *before, *fresh[1:]]
    beside = sorted(others[0], key=lambda patient: not first[patient].run)
    pairs = ((one, other) for other in beside for one in some if not same_person(one, other))
    one, other = next(pairs, (some[0], beside[0]))
    rest = [group[0] for group in others[1:]]
    places = _places([first[patient] for patient in (one, other, *rest)])
    return places, tuple(told_apart_by(one, other))


def _places(parts: Sequence[SourceSeries]) -> tuple[str, ...]:
    folders = [part.folder for part in parts]
    if len(set(folders)) < len(folders):
        folders = [str(part.first) for part in parts]
    return tuple(
        f"{place} (stored before, by the run of {part.run})" if part.run else place
        for place, part in zip(folders, parts, strict=True)
    )
