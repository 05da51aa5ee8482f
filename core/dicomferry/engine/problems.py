"""What is wrong with a plan as a whole, each with a stable code, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dicomferry.ledger.store import Ledger
from dicomferry.ledger.view import LedgerView
from dicomferry.model import Problem, Severity
from dicomferry.xnat.capabilities import accepted_sop_classes, accepted_transfer_syntaxes

_READY = (
    "FROM item JOIN destination ON destination.id = item.destination"
    " WHERE scan = ? AND verdict = 'ready'"
)


def find_problems(ledger: Ledger, allow: frozenset[str], *, xnat: bool) -> list[Problem]:
    """Return the plan's problems, errors first; those the recipe allows become notes.

    An error stops a run before anything is sent. `xnat` says whether an XNAT receives the data.
    """
    scan = LedgerView(ledger).scan
    found = [*_mismatches(ledger, scan), *_collisions(ledger, scan)]
    if xnat:
        found += [*_sessions(ledger, scan), *_destinations(ledger, scan)]
        found += _capabilities(ledger, scan)
    found += _twins(ledger, scan)
    waived = [
        replace(problem, severity=Severity.NOTE, message=f"{problem.message} [allowed]")
        if problem.code in allow
        else problem
        for problem in found
    ]
    return sorted(waived, key=lambda problem: list(Severity).index(problem.severity))


def _mismatches(ledger: Ledger, scan: int) -> Iterator[Problem]:
    rows = ledger.connection.execute(
        "SELECT code, reason, count(*) FROM item WHERE scan = ? AND verdict = 'rejected'"
        " AND code IN ('forecast-mismatch', 'servers-disagree', 'refused-by-xnat')"
        " GROUP BY 1, 2 ORDER BY 3 DESC",
        (scan,),
    )
    hints = {
        "forecast-mismatch": "write the labels where that rule reads them, or change the server's"
        " rules; see `dicomferry plan --diff`",
        "servers-disagree": "give each server its own recipe",
        "refused-by-xnat": "mend the server's rule, or leave these instances out with when:",
    }
    for code, reason, count in rows:
        yield Problem(code, f"{_instances(count)}: {reason}", hint=hints[code])


def _collisions(ledger: Ledger, scan: int) -> Iterator[Problem]:
    for level, other in (("subject", "subject"), ("session", "session")):
        rows = ledger.connection.execute(
            f"SELECT project, destination.{level}, count(DISTINCT {other}_original), count(*)"
            f" {_READY} AND {other}_original IS NOT NULL GROUP BY 1, 2 HAVING 3 > 1"
            f" AND count(DISTINCT {other}_original) > 1",
            (scan,),
        )
        for project, label, originals, count in rows:
            yield Problem(
                "label-collision",
                f"{originals} different {level}s fall together on the label '{label}'"
                f" in {project or 'Unassigned'} ({_instances(count)})",
                hint="tell them apart in identify, or spell them alike first with remap",
            )

    for project, subjects in ledger.connection.execute(
        f"SELECT project, group_concat(DISTINCT subject) {_READY}"
        " GROUP BY project, lower(subject) HAVING count(DISTINCT subject) > 1",
        (scan,),
    ):
        yield Problem(
            "labels-differ-by-case",
            f"the subjects {subjects} in {project or 'Unassigned'} are one to XNAT, which matches"
            " labels without regard to case",
            Severity.WARNING,
            hint="spell them alike with remap, or tell them apart",
        )


def _sessions(ledger: Ledger, scan: int) -> Iterator[Problem]:
    # XNAT's session key is project, StudyInstanceUID and label; the subject is not part of it.
    for project, session, subjects in ledger.connection.execute(
        f"SELECT project, session, count(DISTINCT subject) {_READY}"
        " GROUP BY 1, 2 HAVING count(DISTINCT subject) > 1",
        (scan,),
    ):
        yield Problem(
            "session-of-several-subjects",
            f"session '{session}' in {project or 'Unassigned'} would belong to {subjects} subjects,"
            " but XNAT keeps the first that arrives",
            hint="make the session label name its subject",
        )
    for project, session, studies in ledger.connection.execute(
        f"SELECT project, session, count(DISTINCT coalesce(sent_study, study)) {_READY}"
        " GROUP BY 1, 2 HAVING count(DISTINCT coalesce(sent_study, study)) > 1",
        (scan,),
    ):
        yield Problem(
            "session-of-several-studies",
            f"session '{session}' in {project or 'Unassigned'} holds {studies} StudyInstanceUIDs;"
            " XNAT makes several prearchive sessions of it, and all but one end in conflict",
            Severity.WARNING,
            hint="add unify-uids to the transforms",
        )
    (spanning,) = ledger.connection.execute(
        "SELECT count(*) FROM (SELECT 1"  # noqa: S608
        f" {_READY} GROUP BY coalesce(sent_study, study)"
        " HAVING count(DISTINCT project || '/' || session) > 1)",
        (scan,),
    ).fetchone()
    if spanning:
        yield Problem(
            "study-over-several-sessions",
            f"{spanning} StudyInstanceUIDs are spread over more than one session",
            Severity.WARNING,
            hint="add unify-uids to the transforms, or check the labels",
        )


def _destinations(ledger: Ledger, scan: int) -> Iterator[Problem]:
    (undeclared,) = ledger.connection.execute(
        "SELECT count(*) FROM item JOIN why ON why.id = item.why WHERE scan = ?"
        " AND verdict = 'ready' AND why.project LIKE '%projects are not declared'",
        (scan,),
    ).fetchone()
    if undeclared:
        yield Problem(
            "projects-not-declared",
            f"the project of {_instances(undeclared)} is taken to exist: the server's projects"
            " are not declared",
            Severity.WARNING,
            hint="list them under identification: projects:, so that a missing one is noticed",
        )
    (unassigned,) = ledger.connection.execute(
        f"SELECT count(*) {_READY} AND project = ''",
        (scan,),
    ).fetchone()
    if unassigned:
        yield Problem(
            "unassigned",
            f"{_instances(unassigned)} will land in Unassigned: no rule names a project that"
            " the server has",
            Severity.WARNING,
            hint="name the project with identify, and list it under identification: projects:",
        )
    (nameless,) = ledger.connection.execute(
        f"SELECT count(*) {_READY} AND session = 'dicom_upload'",
        (scan,),
    ).fetchone()
    if nameless:
        yield Problem(
            "no-session-label",
            f"{_instances(nameless)} have no session label; XNAT will call it 'dicom_upload'",
            Severity.WARNING,
            hint="name the session with identify",
        )


def _capabilities(ledger: Ledger, scan: int) -> Iterator[Problem]:
    classes, syntaxes = accepted_sop_classes(), accepted_transfer_syntaxes()
    for sop_class, syntax, count in ledger.connection.execute(
        f"SELECT sop_class, transfer_syntax, count(*) {_READY} GROUP BY 1, 2",
        (scan,),
    ):
        if sop_class not in classes or syntax not in syntaxes:
            what = f"SOP class {sop_class}" if sop_class not in classes else f"syntax {syntax}"
            yield Problem(
                "not-accepted-by-xnat",
                f"{_instances(count)} of {what}, which XNAT's receiver does not take",
                Severity.WARNING,
                hint="they will be rejected when sent; leave them out with when:, or convert them",
            )


def _twins(ledger: Ledger, scan: int) -> Iterator[Problem]:
    (count,) = ledger.connection.execute(
        "SELECT count(*) FROM item WHERE scan = ? AND code = 'duplicate-differs'", (scan,)
    ).fetchone()
    if count:
        yield Problem(
            "duplicate-differs",
            f"{_instances(count)} share a SOP Instance UID with another that differs;"
            " none of them is sent",
            Severity.WARNING,
            hint="`dicomferry status --items rejected` names them; keep one of each",
        )


def _instances(count: int) -> str:
    return f"{count} instance" if count == 1 else f"{count} instances"
