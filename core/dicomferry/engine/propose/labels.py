"""Labels that could be proposed, and whether one of them confuses patients or visits."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Final

from msgspec import Struct

from dicomferry.dicom.patient import Patient, akin, names_nobody, persons, same_person
from dicomferry.engine.propose.survey import LEVELS, Sampled

UNDATED: Final = "StudyDate | default('undated', true)"
UNKNOWN: Final = "PatientID | default('unknown', true)"

_STRANGE: Final = re.compile(r"[^A-Za-z0-9_-]")
_A_DAY: Final = 1


class Label(Struct, frozen=True):
    """The expressions a label is made of: keywords, `path.subject`, `path.visit`, or one of
    the two with a default.
    """

    parts: tuple[str, ...]

    @property
    def template(self) -> str:
        """Return the label as a recipe has it."""
        return "_".join(f"{{{{ {part} }}}}" for part in self.parts)

    @property
    def levels(self) -> int:
        """Return how many levels of folders the label names."""
        named = (n for n, name in enumerate(LEVELS, 1) if f"path.{name}" in self.parts)
        return max(named, default=0)

    def of(self, sample: Sampled) -> str:
        """Return what XNAT would make of the label for an instance, in small letters."""
        text = "_".join(_value(part, sample) for part in self.parts)
        return _STRANGE.sub("_", text).lower()


def confuses_patients(label: Label, samples: Iterable[Sampled]) -> bool:
    """Tell whether a subject label is of several patients, or one patient has several of it.

    A study that gets several labels is one patient who does. The audit of a plan asks the same.
    """
    by_label: dict[str, set[Patient]] = defaultdict(set)
    by_id: dict[str, dict[tuple[str, Patient], None]] = defaultdict(dict)
    by_study: dict[str, set[str]] = defaultdict(set)
    nobody: dict[str, set[str]] = defaultdict(set)
    for sample in samples:
        text = label.of(sample)
        if not sample.patient and names_nobody(text, sample.patient):
            nobody[text].add(sample.study_instance_uid)
        by_label[text].add(sample.patient)
        by_study[sample.study_instance_uid].add(text)
        if known := akin(sample.patient):
            by_id[known][text, sample.patient] = None
    if any(len(persons(found)) > 1 for found in by_label.values()) or any(
        len(found) > 1 for found in by_study.values()
    ):
        return True
    if any(len(studies) > 1 for studies in nobody.values()):
        return True
    return any(
        one_text != other_text and same_person(one, other)
        for found in by_id.values()
        for (one_text, one) in found
        for (other_text, other) in found
    )


def confuses_visits(label: Label, samples: Iterable[Sampled]) -> bool:
    """Tell whether a session label joins studies of different days, or divides one."""
    joined: dict[str, dict[str, str]] = defaultdict(dict)
    divided: dict[str, set[str]] = defaultdict(set)
    for sample in samples:
        text = label.of(sample)
        joined[text][sample.study_instance_uid] = sample.day
        divided[sample.study_instance_uid].add(text)
    return any(len(found) > 1 for found in divided.values()) or any(
        _apart(studies.values()) for studies in joined.values()
    )


def first_without(
    confuses: Callable[[Label, Iterable[Sampled]], bool],
    labels: Iterable[Label],
    samples: Iterable[Sampled],
) -> Label | None:
    """Return the first label that confuses nothing in the samples; None where all do."""
    samples = list(samples)
    return next((label for label in labels if not confuses(label, samples)), None)


def _apart(days: Iterable[str]) -> bool:
    dates = sorted(_dates(days))
    return bool(dates) and (dates[-1] - dates[0]).days > _A_DAY


def _dates(days: Iterable[str]) -> Iterator[date]:
    for day in days:
        digits = re.sub(r"\D", "", day)[:8]
        try:
            yield date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
        except ValueError:
            continue


def _value(part: str, sample: Sampled) -> str:
    section, dot, name = part.partition(".")
    if dot and section == "path":
        return sample.folders[LEVELS.index(name)]
    if part == UNDATED:
        return sample.values["StudyDate"] or "undated"
    if part == "StudyInstanceUID":
        return sample.study_instance_uid
    if part == UNKNOWN:
        return sample.values["PatientID"] or "unknown"
    return sample.values[part]
