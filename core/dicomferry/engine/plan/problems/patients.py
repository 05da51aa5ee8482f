"""Patients of the source that do not become one subject each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from dicomferry.dicom.dictionary import tag_of
from dicomferry.engine.pipeline.references import NAMES_STUDY, REFERENCE_LEFT
from dicomferry.engine.plan.audit import (
    PATIENT_OVER_SEVERAL_SUBJECTS,
    PATIENTS_NOT_TOLD_APART,
    STUDY_OF_SEVERAL_PATIENTS,
    suspicions,
)
from dicomferry.engine.plan.problems.kinds import instances, problem, several
from dicomferry.ledger.planning.alike import ItemGroups
from dicomferry.model import Problem

_PART_EMPTY = "label-part-empty"
_MOST = 20
"""Problems of one code that are told one by one; the audit's table has them all."""


def patients(items: ItemGroups, *, xnat: bool, sinks: Sequence[str] = ()) -> Iterator[Problem]:
    """Find patients that are merged, and patients that are divided, also by what `sinks` have."""
    told: dict[str, int] = defaultdict(int)
    for one in suspicions(items, xnat=xnat, sinks=sinks):
        told[one.code] += 1
        if told[one.code] > _MOST:
            continue
        places = several(list(one.places))
        if one.differing:
            places += f"; the first two differ in {' and '.join(one.differing)}"
        if one.code == PATIENT_OVER_SEVERAL_SUBJECTS:
            message = f"{one.where}, from {places}"
        elif one.code == STUDY_OF_SEVERAL_PATIENTS:
            message = f"{one.where} is of {len(one.places)} patients, from {places}"
        elif one.code == PATIENTS_NOT_TOLD_APART:
            message = (
                f"{one.where} gets {len(one.places):,} studies whose headers do not say whose they"
                f" are, from {places}"
            )
        else:
            count = sum(part.instances for part in one.parts)
            message = (
                f"{one.where} gets what was of {len(one.places)} patients, from {places}"
                f" ({instances(count)})"
            )
        yield problem(one.code, message)
    for code, count in told.items():
        if count > _MOST:
            yield problem(code, f"and {count - _MOST:,} more; `dicomferry plan --audit` lists all")


def empty_parts(items: ItemGroups) -> Iterator[Problem]:
    """Find labels of which a part is empty, because the header has no value there."""
    counts = items.notes()
    for note, folder in sorted(items.folders_noted(f"{_PART_EMPTY}:").items()):
        what, count = note.partition(":")[2], counts[note]
        yield problem(
            _PART_EMPTY,
            f"the label of {instances(count)} is made of {what}, which is empty, first in {folder}",
        )


def several_values(items: ItemGroups) -> Iterator[Problem]:
    """Find attributes of one value that have several: XNAT reads the first."""
    for one in items.of_several_values():
        have = "has" if one.instances == 1 else "have"
        tag = tag_of(one.keyword) or 0
        yield problem(
            "several-values",
            f"{instances(one.instances)} {have} several values of {one.keyword}"
            f" ({tag >> 16:04X},{tag & 0xFFFF:04X}), first in {one.folder}",
        )


def references(items: ItemGroups) -> Iterator[Problem]:
    """Count instances in which a reference still names what has another UID now."""
    if count := items.naming(REFERENCE_LEFT, NAMES_STUDY):
        name = "names" if count == 1 else "name"
        yield problem(
            REFERENCE_LEFT,
            f"{instances(count)} {name} a study by the UID it had, where no edit follows (a private"
            " element, a study that is divided, or one of an earlier plan)",
        )
