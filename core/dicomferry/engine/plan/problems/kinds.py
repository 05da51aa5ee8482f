"""Every code a plan can warn of: how much it matters, why XNAT minds, what to do.

`docs/problems.md` has a section for each, and a test that it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from dicomferry.model import Problem, Severity

_ERROR, _WARNING, _NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE


class Kind(Struct, frozen=True):
    """One kind of problem; sections are those of what is known of XNAT's behavior."""

    severity: Severity
    why: str
    hint: str


_KINDS: Final[Mapping[str, Kind]] = MappingProxyType({
    # identification
    "forecast-mismatch": Kind(
        _ERROR,
        "XNAT names by its own rules, and another rule than the one written to comes first",
        "write the labels where that rule reads them, or change the server's rules; see"
        " `dicomferry plan --diff`; for the labels of a list's rows, `dicomferry init --source"
        " csv-dqr` shows how",
    ),
    "servers-disagree": Kind(
        _ERROR,
        "each XNAT names by its own rules, so one recipe would file an instance in two ways",
        "give each server its own recipe",
    ),
    "refused-by-xnat": Kind(
        _ERROR,
        "a rule or a value that XNAT stumbles over makes it refuse the object (status 0xC000)",
        "mend the server's rule or the value, or leave these instances out with when:",
    ),
    "forecast-unknown": Kind(
        _ERROR,
        "what XNAT would call it depends on a rule that is not translated, or on what only its own"
        " server knows, so it could land anywhere",
        "write the rule in plainer syntax, or give the text a character set with transcode:; or"
        " leave these instances out with when:",
    ),
    "generations-differ": Kind(
        _WARNING,
        "XNAT up to 1.9 reads some values otherwise than the 1.10 line: trailing ^ of a name, line"
        " ends and tabs, NULs, text without a character set",
        "say which one is meant with identification: xnat: (`dicomferry doctor` finds out), or mend"
        " the values with remap",
    ),
    "unassigned": Kind(
        _WARNING,
        "an object whose project XNAT cannot find or its user cannot read waits in Unassigned",
        "name the project with identify, and list it under identification: projects:",
    ),
    "projects-not-declared": Kind(
        _WARNING,
        "a project that is not there sends everything to Unassigned, with status success",
        "list them under identification: projects:, so that a missing one is noticed",
    ),
    "no-session-label": Kind(
        _WARNING,
        "without any label XNAT calls the session 'dicom_upload', and throws all such together",
        "name the session with identify",
    ),
    "no-subject-label": Kind(
        _WARNING,
        "a session without subject is not archived: 'Unable to identify subject.'",
        "name the subject with identify",
    ),
    "comment-of-several-lines": Kind(
        _WARNING,
        "XNAT's pattern does not reach over the end of a line, so keys in the comment are lost",
        "let identify write the comment: it writes one line",
    ),
    "value-longer-than-rule-window": Kind(
        _WARNING,
        "a routing rule without replacement sees the first 64 characters of a value",
        "add ` t:X r:Y` to the rule, which lifts the limit, or shorten the value with remap",
    ),
    # labels
    "label-collision": Kind(
        _ERROR,
        "XNAT replaces what may not be in a label by '_', and so makes one of two",
        "tell them apart in identify, or spell them alike first with remap",
    ),
    "labels-differ-by-case": Kind(
        _WARNING,
        "XNAT matches subjects without regard to case, and files under the one that came first;"
        " sessions it keeps apart, in folders that a disk without regard to case makes one",
        "spell them alike with remap, or tell them apart",
    ),
    # a chosen plan
    "labels-from-plan": Kind(
        _NOTE,
        "XNAT files by what identify has written, whether a recipe or a table asks for it",
        "give the table to the next run, too: without it the recipe's own labels count",
    ),
    "zeros-restored": Kind(
        _NOTE,
        "7 and 007 are two labels, and a spreadsheet makes one of them when it opens a table",
        "nothing, if that is meant; if not, write a label that is no number",
    ),
    "labels-swapped": Kind(
        _ERROR,
        "sorting a single column of a spreadsheet does it, and files people's images under others",
        "make the plan again and edit it anew; if they were confused before, allow it",
    ),
    "patients-merged": Kind(
        _ERROR,
        "what is filed under one subject is one person's to everybody who reads it",
        "`dicomferry plan --audit FILE.csv` lists who goes where; mend the labels or the table, or"
        " allow it if they are one person",
    ),
    "stored-under-other-labels": Kind(
        _ERROR,
        "XNAT keeps what it has and files the same instances a second time",
        "give the labels that they are stored under: in the recipe, in the list, or by `--plan` and"
        " that table; to have both, allow it",
    ),
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
    "gap-in-session": Kind(
        _NOTE,
        "XNAT builds and archives a session that received nothing for five minutes, and merges"
        " what comes later",
        "send over a faster link, or have the site raise sessionXmlRebuilderInterval",
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
    # instances
    "nothing-found": Kind(
        _ERROR,
        "a disk that is not mounted and a filter that matches nothing look like work that is done",
        "check the path, the globs and the filters; where there may be nothing, allow it",
    ),
    "query-without-study": Kind(
        _WARNING,
        "a number that is mistyped, and one that the PACS does not have, look like work that is"
        " done",
        "see how the PACS writes the value; where there need be no study, allow it",
    ),
    "sink-takes-nothing": Kind(
        _ERROR,
        "a condition that never holds looks like work that is done",
        "check the sink's when:; where it may leave out everything, allow it",
    ),
    "refused-by-sink": Kind(
        _WARNING,
        "an instance without a place in the sink's folder is not stored there",
        "mend the values or the layout, with default() for what may be empty",
    ),
    "gone": Kind(
        _WARNING,
        "a disk that has lost files, or is another disk, looks like a smaller task that is done",
        "bring the files back, or, where they are not wanted any more, allow it",
    ),
    "listed-not-found": Kind(
        _WARNING,
        "a disk that was copied in part looks like a whole one",
        "compare with the disk and copy it again; where the files are meant to be elsewhere, allow"
        " it",
    ),
    "not-listed": Kind(
        _WARNING,
        "a PACS that cuts its list, or answers with another than it has, may have still more",
        "compare the series with the PACS; where its list is known to be short, allow it",
    ),
    "list-incomplete": Kind(
        _WARNING,
        "a list that lacks something looks like a smaller task that is done",
        "ask who runs the PACS what is missing; where its lists are known to be so, allow it",
    ),
    "answer-differs": Kind(
        _NOTE,
        "a PACS that answers something else may answer less of what was asked for, too",
        "see whether the PACS takes the keys into account, or make the question more precise",
    ),
    "ledger-behind": Kind(
        _WARNING,
        "what the ledger does not know of is sent again, and a receiver may hold it twice",
        "stop, and put the newest ledger back, with ledger.sqlite-wal where there is one; to send"
        " it again, move the manifests of the later runs out of the folder `manifests`",
    ),
    "state-of-another-recipe": Kind(
        _WARNING,
        "what status, verify, rows.csv and rejects.csv tell of the other recipe is gone from here;"
        " nothing that it has stored is sent again",
        "give each recipe a name: of its own, or a folder with --state; after a change of the"
        " recipe's name, nothing",
    ),
    "mended": Kind(
        _NOTE,
        "what XNAT stores differs from the file in more than the edits of the recipe",
        "nothing: every reader takes it for the same; the manifest of the run names all",
    ),
    "second-meta-group": Kind(
        _WARNING,
        "it does not get the second group; if that one is right, the transfer syntax is wrong",
        "look at the files; where the first group is right, allow it: the second is left out",
    ),
    "element-twice": Kind(
        _WARNING,
        "an element stands once in a data set (PS3.5 7.1): pydicom and dcm4che take the last one,"
        " dcmtk the first",
        "look at the files; where the last one is right, allow it: the first is left out",
    ),
    "no-pixel-data": Kind(
        _WARNING,
        "XNAT files what comes as an image, but no viewer shows it and no snapshot is made of it",
        "look for a whole copy; where there is nothing more to bring, allow it",
    ),
    "duplicate": Kind(
        _NOTE,
        "XNAT would silently overwrite the first with the second",
        "nothing: one of each is sent",
    ),
    "not-preferred": Kind(
        _NOTE,
        "XNAT keeps one file for a SOP Instance UID, and prefer: of the source says which",
        "`dicomferry status --items excluded` names what is left out, and the copy that is sent",
    ),
    "duplicate-differs": Kind(
        _WARNING,
        "XNAT keeps one file for a SOP Instance UID, or answers 'Duplicate DCM UID cannot be merged"
        " at this time.'",
        "`dicomferry status --items rejected` names them; keep one of each",
    ),
    "not-accepted-by-xnat": Kind(
        _WARNING,
        "XNAT's receiver refuses SOP classes and transfer syntaxes that are not on its list",
        "they will be rejected when sent; leave them out with when:, or convert them",
    ),
    "answers-kept": Kind(
        _NOTE,
        "",
        "nothing, if the server has nothing new; else set keep_answers: 0 under its server",
    ),
    # the site
    "site-anonymizes": Kind(
        _NOTE,
        "the site-wide script runs on every stored file, behind identification",
        "expect project and labels there; to keep the values, have the script switched off for the"
        " receiver and set anonymizes: [] under the server",
    ),
    "site-script-not-understood": Kind(
        _WARNING,
        "what becomes of the elements that these statements touch cannot be told, nor whether they"
        " drop or refuse an instance",
        "send a few sessions first and compare them with `dicomferry verify --content`",
    ),
    "site-script-changes-filing": Kind(
        _WARNING,
        "XNAT makes scans and their types of what its scripts leave; the plan forecasts them"
        " without",
        "send a few sessions first and see with `dicomferry verify` how they are filed",
    ),
    "project-not-readable": Kind(
        _ERROR,
        "what is sent to a project the receiving user cannot read ends in Unassigned",
        "create the project, mend its ID in the recipe, or get the login a role there",
    ),
    "session-exists": Kind(
        _NOTE,
        "XNAT merges what is sent into the session that is there",
        "nothing, if that is meant; otherwise choose another session label",
    ),
    "session-exists-for-another-subject": Kind(
        _ERROR,
        "XNAT answers 'Already Exists for another Subject', and it stays in the prearchive",
        "choose another session label, or move the session that is there",
    ),
    "session-exists-with-another-modality": Kind(
        _ERROR,
        "XNAT merges no other modality: 'Invalid modification of session modality via archive"
        " process.  Data may require a manual merge.'",
        "put the modality into the session label",
    ),
    "session-exists-with-another-study": Kind(
        _ERROR,
        "XNAT merges no other StudyInstanceUID: 'Invalid modification of session UID via archive"
        " process.'",
        "choose another session label, or give the instances that StudyInstanceUID",
    ),
    # plug-ins
    "plugin-check-failed": Kind(
        _ERROR,
        "a check that fails has not said that all is well",
        "tell the plug-in's author, or do without it: DICOMFERRY_BLOCK_PLUGINS names it",
    ),
    # the recipe
    "allowed-code-unknown": Kind(
        _WARNING,
        "a code that is misspelt waives nothing",
        "docs/problems.md lists the codes; what becomes of a single file cannot be allowed, but"
        " left out: by `exclude:` or `when:` of the source",
    ),
})  # fmt: skip


def known_codes() -> frozenset[str]:
    """Return every code a plan can carry, but for those of plug-ins."""
    return frozenset(_KINDS)


def problem(code: str, message: str) -> Problem:
    """Return a problem of a known kind; `message` says in a line what was found where."""
    kind = _KINDS[code]
    return Problem(code, message, kind.severity, hint=kind.hint, why=kind.why)


def instances(count: int) -> str:
    """Return a number of instances in words."""
    return f"{count:,} instance" if count == 1 else f"{count:,} instances"


def have(count: int) -> str:
    """Return a number of instances with its verb, as in `1 instance has`."""
    return f"{instances(count)} {'has' if count == 1 else 'have'}"


def several(found: list[str], limit: int = 3) -> str:
    """Return the first few of `found`, and how many more there are."""
    more = len(found) - limit
    return ", ".join(found[:limit]) + (f" and {more:,} more" if more > 0 else "")
