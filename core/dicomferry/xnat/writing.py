"""Labels become edits: they are written where a receiving XNAT will look for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

from dicomferry.contract.identifier import Identifier
from dicomferry.dicom.edits import Edit, Edits, Set
from dicomferry.dicom.tags import parse_tag
from dicomferry.model import Rejected, Wanted
from dicomferry.xnat.labels import to_label

PATIENT_COMMENTS = 0x0010_4000

_ASSIGNABLE = re.compile(r"[A-Za-z0-9_-]+")

LabelsIn = Literal["comments", "fields", "both"]
"""One line in PatientComments, or the fields that XNAT reads where no comment tells."""


VALUE_MISSING: Final = "value-missing"
"""The code of a label or a template that an instance has no value for."""


def write_labels(
    texts: Mapping[str, str],
    identifiers: Sequence[Identifier],
    into: LabelsIn = "comments",
    auto_archive: bool | None = None,
) -> Edits | Rejected:
    """Return the edits that have every one of `identifiers` read `texts`, and what they ask for.

    `texts` has the wanted label of each level that is not left to XNAT. Subjects and sessions are
    cleaned as XNAT cleans labels. `auto_archive` has XNAT archive the session on its own, or not;
    only a comment can say so. An empty label, and a project that XNAT could not read in a
    comment, are rejected.
    """
    for level, text in texts.items():
        if not text:
            hint = "give it a value, as in {{ PatientID | default('none', true) }}"
            return Rejected(f"the {level} is empty: {hint}", VALUE_MISSING)
    labels = {
        level: text if level == "project" else to_label(text) for level, text in texts.items()
    }
    edits = _fields(labels, identifiers) if into != "comments" else []
    if into != "fields":
        if not _ASSIGNABLE.fullmatch(labels.get("project", "-")):
            return Rejected(
                "the project cannot be written in PatientComments: XNAT reads only"
                " letters, digits, '_' and '-' there"
            )
        edits.append(Set((PATIENT_COMMENTS,), _comment(labels, auto_archive)))
    wanted = Wanted(
        project=labels.get("project"),
        subject=labels.get("subject"),
        session=labels.get("session"),
        subject_original=texts.get("subject"),
        session_original=texts.get("session"),
    )
    return Edits(tuple(edits), wanted)


def _fields(labels: Mapping[str, str], identifiers: Iterable[Identifier]) -> list[Edit]:
    # A level without a field, as dqr's project, is decided elsewhere: the forecast says where.
    edits: list[Edit] = []
    for identifier in identifiers:
        fields = identifier.fields
        own = [Set((parse_tag(fields[k]),), label) for k, label in labels.items() if k in fields]
        edits += [edit for edit in own if edit not in edits]
    return edits


def _comment(labels: Mapping[str, str], auto_archive: bool | None) -> str:
    # One line: XNAT's pattern does not reach across a line end.
    words = [f"{level.capitalize()}:{label}" for level, label in labels.items()]
    if auto_archive is not None:
        words.append(f"AA:{str(auto_archive).lower()}")
    return " ".join(words)
