"""Propose labels for the instances of a folder, from a survey of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from dicomferry.engine.propose.labels import (
    UNDATED,
    UNKNOWN,
    Label,
    confuses_patients,
    confuses_visits,
    first_without,
)
from dicomferry.engine.propose.survey import LEVELS, Survey
from dicomferry.errors import FerryError


class Proposal(Struct, frozen=True):
    """Templates for the labels, and the facts that speak for them.

    `parts` is the regular expression of the source that gives the templates `path.*`, empty when
    they need none. `facts` have counts and no values, because people share recipes.
    """

    subject: str
    session: str
    parts: str
    archives: bool
    facts: tuple[str, ...]


def propose(found: Survey) -> Proposal:
    """Propose labels from headers where these tell instances apart, else from folder names.

    No proposal confuses the patients that were sampled, or joins their visits. Raises `FerryError`
    where no label keeps the patients apart.
    """
    subject = first_without(confuses_patients, _subjects(found), found.samples)
    if subject is None:
        raise FerryError(
            "no label was found that keeps the patients of this folder apart",
            hint="start from `dicomferry init` without --from, and name them by a table; see who"
            " goes where with `dicomferry plan --audit FILE.csv`",
        )
    session = first_without(confuses_visits, _sessions(found, subject), found.samples)
    session = session or Label((*subject.parts, "StudyInstanceUID"))
    levels = max(subject.levels, session.levels)
    parts = "".join(f"(?P<{name}>[^/]+)/" for name in LEVELS[:levels])
    return Proposal(
        subject.template, session.template, f"^{parts}" if parts else "", found.archives,
        tuple(_facts(found)),
    )  # fmt: skip


def _subjects(found: Survey) -> Iterator[Label]:
    """Yield subject labels that the headers or the folders have, the best first."""
    filled = [keyword for keyword in ("PatientID", "PatientName") if found.filled(keyword)]
    folder = ["path.subject"] if found.folders(0) else []
    for keyword in filled:
        if found.distinct(keyword) > 1 or found.folders(0) <= 1:
            yield Label((keyword,))
    yield from (Label((name,)) for name in folder)
    yield from (Label((keyword,)) for keyword in filled)
    if not filled and not folder:
        yield Label((UNKNOWN,))
    if len(filled) > 1:
        yield Label(tuple(filled))
    if found.filled("PatientBirthDate"):
        yield from (Label((keyword, "PatientBirthDate")) for keyword in filled)
    yield from (Label((*folder, keyword)) for keyword in filled if folder)


def _sessions(found: Survey, subject: Label) -> Iterator[Label]:
    """Yield session labels, the best first: with the modality, unless that divides a study."""
    dates = [("StudyDate",)] if found.filled("StudyDate") else []
    dates += [("path.visit",)] if found.folders(1) else []
    dates += [(UNDATED,)]
    modality = ("Modality",) if found.filled("Modality") else ()
    for with_modality in dict.fromkeys((modality, ())):
        yield from (Label((*subject.parts, *with_modality, *day)) for day in dates)


def _facts(found: Survey) -> list[str]:
    total = len(found.samples)
    facts = [f"{total} instances were looked at, and {found.others} files that are none"]
    for keyword in ("PatientID", "PatientName", "StudyDescription", "StudyDate", "Modality"):
        empty = sum(not sample.values[keyword] for sample in found.samples)
        missing = f", empty or missing in {empty}" if empty else ""
        facts.append(f"{keyword}: {found.distinct(keyword)} different{missing}")
    for level in range(2):
        names = found.folders(level)
        if not names:
            break
        agreeing = [k for k in ("PatientID", "PatientName", "StudyDate") if found.agrees(k, level)]
        each = f", each with one {' and one '.join(agreeing)}" if agreeing else ""
        facts.append(f"folders of level {level + 1}: {names} different{each}")
    studies = len({sample.study_instance_uid for sample in found.samples})
    return [*facts, f"StudyInstanceUID: {studies} different"]


def project_of(folder_name: str) -> str:
    """Return a project ID made of a folder's name, with characters that XNAT allows."""
    return re.sub(r"[^A-Za-z0-9]+", "_", folder_name).strip("_").upper() or "PROJECT"
