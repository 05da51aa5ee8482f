"""Labels: what XNAT's rules make of them, and what somebody chose in a table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from dicomferry.engine.plan.problems.kinds.kind import Kind
from dicomferry.model import Severity

_ERROR, _WARNING, _NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

NAMING: Final[Mapping[str, Kind]] = MappingProxyType({
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
})  # fmt: skip
