"""Instances that XNAT keeps once, or does not take."""

from __future__ import annotations

from collections.abc import Iterator

from dicomferry.engine.plan.problems.kinds import instances, problem
from dicomferry.ledger.planning.alike import ItemGroups
from dicomferry.model import Problem
from dicomferry.xnat.capabilities import accepted_sop_classes, accepted_transfer_syntaxes


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
