"""What sources find and answer, and the instances among it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from dicomferry.engine.plan.problems.kinds.kind import Kind
from dicomferry.model import Severity

_ERROR, _WARNING, _NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

FINDING: Final[Mapping[str, Kind]] = MappingProxyType({
    # sources
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
    "answers-kept": Kind(
        _NOTE,
        "",
        "nothing, if the server has nothing new; else set keep_answers: 0 under its server",
    ),
    # instances
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
})  # fmt: skip
