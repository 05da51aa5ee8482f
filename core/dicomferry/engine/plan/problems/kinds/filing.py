"""What becomes of sessions, patients and scans, and of references to them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from dicomferry.engine.plan.problems.kinds.kind import Kind
from dicomferry.model import Severity

_ERROR, _WARNING, _NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

FILING: Final[Mapping[str, Kind]] = MappingProxyType({
    # sessions
    "session-of-several-subjects": Kind(
        _ERROR,
        "the subject is not part of XNAT's session key, so the first to arrive gets everything",
        "make the session label name its subject",
    ),
    "session-of-several-studies": Kind(
        _WARNING,
        "XNAT makes a prearchive session of each StudyInstanceUID; one is archived, the others end"
        " in 'Invalid modification of session UID via archive process.'",
        "add unify-uids to the transforms",
    ),
    "study-over-several-sessions": Kind(
        _WARNING,
        "sessions with one StudyInstanceUID cannot be merged or told apart by UID later",
        "leave what differs within a study (such as Modality) out of the session label; with"
        " unify-uids each session gets a UID of its own",
    ),
    "studies-joined": Kind(
        _WARNING,
        "what was two examinations becomes one session, and nothing in XNAT tells them apart",
        "nothing, if they are one visit; otherwise name in the session label what tells them apart",
    ),
    "studies-joined-apart": Kind(
        _ERROR,
        "visits of different days become one session with the date of one of them",
        "put a date into the session label: StudyDate, or AcquisitionDate where that is empty; if"
        " they are one visit, allow it",
    ),
    "study-over-several-subjects": Kind(
        _ERROR,
        "a study is of one patient (PS3.3 A.1.2), so one of its subjects is a wrong one",
        "make the subject of what all instances of a study share; if it is meant, allow it",
    ),
    "series-over-several-sessions": Kind(
        _ERROR,
        "a series belongs to one study (PS3.3 A.1.2): its images are one scan, and half a scan"
        " cannot be read",
        "make the session label of what all instances of a series share; if it is meant, allow it",
    ),
    "date-spelled-twice": Kind(
        _WARNING,
        "one visit becomes two sessions when its date is written in two ways",
        "spell the dates alike with remap before identify",
    ),
    "session-stored-under-another-study": Kind(
        _ERROR,
        "XNAT merges no other StudyInstanceUID: 'Invalid modification of session UID via archive"
        " process.'",
        "keep the setting and the name of the recipe that the session was sent with, or choose"
        " another session label; to have it in the prearchive, allow it",
    ),
    "gap-in-session": Kind(
        _NOTE,
        "XNAT builds and archives a session that received nothing for five minutes, and merges"
        " what comes later",
        "send over a faster link, or have the site raise sessionXmlRebuilderInterval",
    ),
    # patients
    "session-of-several-patients": Kind(
        _ERROR,
        "the images of two people in one session cannot be told apart any more",
        "`dicomferry plan --audit FILE.csv` lists who goes where; mend the labels or the table, or"
        " allow it if they are one person",
    ),
    "patient-over-several-subjects": Kind(
        _ERROR,
        "one person counted as two is found by nobody later",
        "`dicomferry plan --audit FILE.csv` lists who goes where; mend the labels or the table, or"
        " allow it if it is meant",
    ),
    "study-of-several-patients": Kind(
        _ERROR,
        "a study is of one patient (PS3.3 A.1.2); anonymised disks give one UID to several",
        "look at both folders; give each patient UIDs of their own with remap, or allow it if they"
        " are one person",
    ),
    "patients-not-told-apart": Kind(
        _ERROR,
        "disks that were made anonymous give one ID to everybody, and so several people become one"
        " subject",
        "make the subject of what tells them apart, such as the folder (parts:) or a table; if they"
        " are one person, allow it",
    ),
    "label-part-empty": Kind(
        _ERROR,
        "labels that lack the part which tells visits or people apart fall together",
        "give the value a default(), or make the label of another attribute; if it is meant, allow"
        " it",
    ),
    "several-values": Kind(
        _WARNING,
        "XNAT reads the first of several values, and other programs the whole text: one person gets"
        " two IDs, or two people get one",
        "set one value with remap, or allow it",
    ),
    # references
    "reference-not-followed": Kind(
        _WARNING,
        "viewers and analyses that follow such a reference find nothing",
        "nothing, if nobody needs them; otherwise keep the study's UID, or delete the elements with"
        " remap",
    ),
    "references-to-renamed": Kind(
        _WARNING,
        "presentation states, structure sets and reports find their images by these UIDs",
        "leave these UIDs as they are, or remap the references in the same way",
    ),
    # scans
    "series-number-shared": Kind(
        _WARNING,
        "XNAT's scan ID is the SeriesNumber; series that share one are told apart as 1-MR1, 1-MR2",
        "give each series its own SeriesNumber with remap, or allow it and look scans up by UID",
    ),
    "scan-stored-under-another-number": Kind(
        _WARNING,
        "XNAT merges no files into a scan of another ID: 'Session already contains a scan with the"
        " same UID, but a different number'; that they come to a session which it has not built"
        " yet, within five minutes of the last, is no conflict",
        "delete the session in XNAT and bring it whole (`dicomferry verify --send-again`), or give"
        " each series its own SeriesNumber with remap before the first run",
    ),
    "series-number-missing": Kind(
        _WARNING,
        "without SeriesNumber XNAT makes the scan ID from the SeriesInstanceUID",
        "set SeriesNumber with remap",
    ),
})  # fmt: skip
