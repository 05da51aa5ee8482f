"""Collect the labels that a user edited in a table, and refuse those that cannot be labels."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from dicomferry.engine.plan.choosing.line import SEVERAL, UNASSIGNED, TableLine
from dicomferry.ledger.planning.chosen_labels import Labels, chosen_labels
from dicomferry.model import Problem, Wanted
from dicomferry.spreadsheet import is_no_value
from dicomferry.xnat.labels import to_label

_DATE = re.compile(
    r"\d{1,2}-(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    r"|(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-\d{2}"
)
"""What a spreadsheet program writes for `3-4`. Its `1.2E+16` has characters that no label has."""


def label_faults(lines: Iterable[TableLine]) -> list[Problem]:
    """Return what is wrong with edited labels: texts that are none, and contradicting lines."""
    lines = [line for line in lines if line.include and not line.faulty]
    unfit = [list(_unfit(line)) for line in lines]
    sound = (line for line, faults in zip(lines, unfit, strict=True) if not faults)
    return [*chain.from_iterable(unfit), *_contradictions(sound)]


def asked_labels(lines: Iterable[TableLine]) -> Labels:
    """Return the labels that the user edited on included lines, and every included candidate.

    Lines with a fault ask for none.
    """
    lines = [line for line in lines if line.include and not (line.faulty or any(_unfit(line)))]
    return {
        line.series: chosen_labels(line.edited)
        for line in lines
        if line.edited or line.is_candidate
    }


def _unfit(line: TableLine) -> Iterator[Problem]:
    for level, label in line.edited.items():
        fault, hint = _fault(label)
        if fault:
            yield _problem(level, f"the {level} {fault}", line, hint)


def _fault(label: str) -> tuple[str, str]:
    # Leave the label out: it may be a patient's name, and this text goes to standard error.
    if label in ("", UNASSIGNED):
        return "was taken away", "write the label that is wanted, or what stood there"
    if is_no_value(label):
        return (
            "is what a program writes where it has no value",
            "write the label that is wanted, or what stood there",
        )
    if SEVERAL.strip() in label:
        return "is several labels", "write one: the whole series goes there"
    if to_label(label) != label:
        return (
            "has what XNAT replaces by '_' in a label",
            "write only letters of ASCII, digits, '_' and '-', so that it is as XNAT will show it",
        )
    if _DATE.fullmatch(label):
        return (
            "is a date that a spreadsheet has made of a label",
            "make the plan again, and open it with its columns as text",
        )
    return "", ""


def _contradictions(lines: Iterable[TableLine]) -> Iterator[Problem]:
    """Find a series with two different labels, and a session with two different subjects.

    Lines without an edited label do not count: problems of the plan report what the recipe does.
    """
    series: dict[tuple[str, ...], tuple[Wanted, TableLine]] = {}
    sessions: dict[tuple[str, str], TableLine] = {}
    for line in lines:
        wanted = chosen_labels(line.edited)
        named, before = series.setdefault(line.series, (wanted, line))
        if named != wanted:
            level = next(iter(line.edited or before.edited))
            yield _problem(
                level, f"the {level} is another than line {_row(before)} gives the same series",
                line, "give it one label",
            )  # fmt: skip
        place = (line.labels["project"], line.labels["session"])
        other = sessions.setdefault(place, line)
        one_subject = line.labels["subject"] == other.labels["subject"]
        if not one_subject and (line.edited or other.edited):
            yield _problem(
                "subject", f"the session is of another subject on line {_row(other)}", line,
                "give both one subject, or each a session of its own",
            )  # fmt: skip


def _row(line: TableLine) -> int:
    return line.places["session"].line


def _problem(level: str, message: str, line: TableLine, hint: str) -> Problem:
    return Problem("plan-label", message, place=line.places[level], hint=hint)
