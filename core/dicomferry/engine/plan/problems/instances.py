"""Instances that XNAT keeps once, or does not take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from dicomferry.dicom.integrity import NO_PIXEL_DATA
from dicomferry.dicom.mends import ELEMENT_TWICE, SECOND_META_GROUP
from dicomferry.engine.pipeline.faults import MENDED
from dicomferry.engine.plan.directories import LISTED_NOT_FOUND
from dicomferry.engine.plan.problems.kinds import have, instances, problem, several
from dicomferry.engine.provenance.manifest import last_manifest, outcomes_in
from dicomferry.ledger.planning.alike import ItemGroups
from dicomferry.ledger.planning.short_lists import LIST_INCOMPLETE
from dicomferry.ledger.reading.plan_reader import PlanReader
from dicomferry.ledger.rows import Verdict
from dicomferry.ledger.store import Ledger
from dicomferry.model import Problem
from dicomferry.xnat.capabilities import accepted_sop_classes, accepted_transfer_syntaxes

_NOTHING: Final = "nothing-found"
_LEFT_OUT: Final = "excluded"
_WITHOUT_STUDY: Final = "query-without-study"
_ANSWER_DIFFERS: Final = "answer-differs"
_EXAMPLES: Final = 5
"""Mended files that are named; the manifest names all."""
_DIRECTORIES: Final = 20
"""DICOMDIRs and lists that are named."""
_ALLOWABLE: Final[Mapping[str, str]] = MappingProxyType(
    {
        SECOND_META_GROUP: "elements of a second meta group",
        ELEMENT_TWICE: "an element twice, with two values",
        NO_PIXEL_DATA: "no pixel data, although what they say of themselves is an image's",
    }
)
_NO_INSTANCE: Final = (Verdict.PASSED, Verdict.NOT_LOOKED_INTO)


def lost_runs(ledger: Ledger) -> str:
    """Return which runs have a manifest and are not in the ledger; normally nothing."""
    lost = ledger.lost_runs()
    if lost is None:
        return ""
    known, last = lost
    return (
        f"{ledger.path} knows of runs up to {known}, and beside it are manifests up to run"
        f" {last}: what was stored after run {known} is sent again"
    )


def behind(ledger: Ledger) -> Iterator[Problem]:
    """Tell of runs that have a manifest and are not in the ledger."""
    if lost := lost_runs(ledger):
        yield problem("ledger-behind", lost)
    elif unfinished := ledger.unfinished_run():
        run, kept = unfinished
        path = last_manifest(ledger.path.parent, run)
        if path and (missing := outcomes_in(path) - kept) > 0:
            yield problem(
                "ledger-behind",
                f"{path} lists {instances(missing)} more than {ledger.path} knows of: run {run}"
                " did not end by itself, and what it stored last is sent again",
            )


def nothing_found(items: ItemGroups, sources: Iterable[str]) -> Iterator[Problem]:
    """Find sources of which nothing can be brought, although nobody has chosen it so."""
    counts = list(items.by_source())
    for source in sources:
        found = [one for one in counts if one.source == source]
        left_out = sum(one.items for one in found if one.code == _LEFT_OUT)
        strange = sum(one.items for one in found if one.verdict in _NO_INSTANCE)
        total = sum(one.items for one in found)
        missed = sum(one.items for one in found if one.code == _NOTHING)
        if missed == total:
            yield problem("nothing-found", f"the source '{source}' found nothing")
        elif missed:
            rows = "1 row" if missed == 1 else f"{missed:,} rows"
            yield problem("nothing-found", f"the source '{source}' found nothing for {rows}")
        elif strange == total:
            files = "1 file, and it is not" if total == 1 else f"{total:,} files, and none is"
            yield problem(
                "nothing-found", f"the source '{source}' found {files} known to be an instance"
            )
        elif left_out and left_out + strange == total:
            yield problem(
                "nothing-found",
                f"the recipe leaves out all {left_out:,} that the source '{source}' found",
            )


def queries_without_study(items: ItemGroups) -> Iterator[Problem]:
    """Find questions to a server that found nothing, beside others that did."""
    if count := items.held_back_by_code().get(_WITHOUT_STUDY):
        asked = [one.reason for one in items.of_code(_WITHOUT_STUDY, count)]
        questions = "1 question" if count == 1 else f"{count:,} questions"
        yield problem(_WITHOUT_STUDY, f"{questions} found no study: {several(asked)}")


def gone(items: ItemGroups) -> Iterator[Problem]:
    """Find what the last plan was to bring, and what is not there any more."""
    if count := items.held_back_by_code().get("gone"):
        what = (
            "1 file of the last plan is" if count == 1 else f"{count:,} files of the last plan are"
        )
        yield problem("gone", f"{what} not there any more, and not stored everywhere")


def listed_not_found(items: ItemGroups) -> Iterator[Problem]:
    """Find DICOMDIRs that list what is not there, or are cut short."""
    count = items.held_back_by_code().get(LISTED_NOT_FOUND, 0)
    for one in items.of_code(LISTED_NOT_FOUND, _DIRECTORIES) if count else ():
        yield problem(LISTED_NOT_FOUND, f"{one.location} {one.reason}")
    if count > _DIRECTORIES:
        more = f"and {count - _DIRECTORIES:,} DICOMDIRs more list such files"
        yield problem(LISTED_NOT_FOUND, more)


def not_listed(plan: PlanReader) -> Iterator[Problem]:
    """Find series of which more came than their server lists."""
    if found := plan.unlisted():
        some = ", ".join(list(found)[:_EXAMPLES]) + (", …" if len(found) > _EXAMPLES else "")
        yield problem(
            "not-listed",
            f"{instances(sum(found.values()))} came with their series, and the server does not"
            f" list them: {some}",
        )


def answers(items: ItemGroups) -> Iterator[Problem]:
    """Find lists of servers that may lack something, and answers of theirs for something else."""
    held = items.held_back_by_code()
    for code in (LIST_INCOMPLETE, _ANSWER_DIFFERS):
        count = held.get(code, 0)
        for one in items.of_code(code, _DIRECTORIES) if count else ():
            yield problem(code, f"{one.location}: {one.reason}")
        if count > _DIRECTORIES:
            yield problem(code, f"and {count - _DIRECTORIES:,} more; `dicomferry status` lists all")


def faults(items: ItemGroups) -> Iterator[Problem]:
    """Find files that are not sent as they are, and those that only a recipe can let in."""
    found = items.mended(_EXAMPLES)
    if found.instances:
        named = "; ".join(f"{one.location}: {one.reason}" for one in found.first)
        more = found.instances - len(found.first)
        others = f"; and {more:,} more" if more else ""
        sent = (
            "is not sent as its file has it"
            if found.instances == 1
            else ("are not sent as their files have them")
        )
        yield problem(MENDED, f"{instances(found.instances)} {sent}: {named}{others}")
    held, allowed = items.held_back_by_code(), items.notes()
    for code, what in _ALLOWABLE.items():
        if count := held.get(code):
            files = "file has" if count == 1 else "files have"
            yield problem(code, f"{count:,} {files} {what}")
        if count := allowed[code]:
            yield problem(code, f"{instances(count)} with {what}")


def duplicates(items: ItemGroups) -> Iterator[Problem]:
    """Find instances that are there more than once."""
    found = items.held_back_by_code()
    if count := found.get("duplicate-differs"):
        yield problem(
            "duplicate-differs",
            f"{instances(count)} share a SOP Instance UID with another that differs; none of them"
            " is sent",
        )
    if count := found.get("duplicate"):
        files = "file is" if count == 1 else "files are"
        yield problem("duplicate", f"{count:,} {files} the same instance as another")
    if count := found.get("not-preferred"):
        yield problem(
            "not-preferred",
            f"{have(count)} other content than the copy that its source prefers; the preferred one"
            " is sent",
        )


def capabilities(items: ItemGroups) -> Iterator[Problem]:
    """Find SOP classes and transfer syntaxes that XNAT's receiver refuses."""
    classes, syntaxes = accepted_sop_classes(), accepted_transfer_syntaxes()
    for one in items.sop_classes_and_syntaxes():
        sop_class, syntax = one.sop_class_uid, one.transfer_syntax_uid
        if sop_class and (sop_class not in classes or (syntax and syntax not in syntaxes)):
            what = f"SOP class {sop_class}" if sop_class not in classes else f"syntax {syntax}"
            yield problem(
                "not-accepted-by-xnat",
                f"{instances(one.instances)} of {what}, which XNAT's receiver does not take",
            )
