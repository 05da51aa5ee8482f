"""Propose labels for the instances of a folder, from a survey of it."""

from __future__ import annotations

import re

from msgspec import Struct

from dicomferry.engine.propose.survey import LEVELS, Survey


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
    """Propose labels from headers where these tell instances apart, else from folder names."""
    subject, levels = _subject(found)
    session, levels = _session(found, subject, levels)
    parts = "".join(f"(?P<{name}>[^/]+)/" for name in LEVELS[:levels])
    return Proposal(
        subject, session, f"^{parts}" if parts else "", found.archives, tuple(_facts(found))
    )


def _subject(found: Survey) -> tuple[str, int]:
    for keyword in ("PatientID", "PatientName"):
        told_apart = found.distinct(keyword) > 1 or found.folders(0) <= 1
        if found.filled(keyword) and told_apart:
            return f"{{{{ {keyword} }}}}", 0
    if found.folders(0):
        return "{{ path.subject }}", 1
    return "{{ PatientID | default('unknown', true) }}", 0


def _session(found: Survey, subject: str, levels: int) -> tuple[str, int]:
    session = subject
    if found.filled("Modality"):
        session += "_{{ Modality }}"
    if found.filled("StudyDate"):
        return f"{session}_{{{{ StudyDate }}}}", levels
    if found.folders(1):
        return f"{session}_{{{{ path.visit }}}}", 2
    return f"{session}_{{{{ StudyDate | default('undated', true) }}}}", levels


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
