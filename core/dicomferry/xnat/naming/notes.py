"""What a forecast notes for the plan: what the labels rest on, and what XNAT's patterns miss.

A note is a code. The ledger keeps the notes of a forecast beside the rules that decided, and
`engine/plan/problems` makes a problem of each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from dicomferry.dicom.header import Header
from dicomferry.xnat.naming.assignment import Key, assigned
from dicomferry.xnat.reading.reader import Reader
from dicomferry.xnat.routing.rules import Rule

COMMENT_OF_SEVERAL_LINES: Final = "comment-of-several-lines"
"""A comment has assignments that XNAT's pattern does not reach."""

VALUE_LONGER_THAN_WINDOW: Final = "value-longer-than-rule-window"
"""A rule without replacement sees the beginning of a value only."""

PROJECTS_NOT_DECLARED: Final = "projects-not-declared"
"""The project is taken to exist, because the recipe does not list the server's projects."""

GENERATIONS_DIFFER: Final = "generations-differ"
"""Two generations of XNAT file it otherwise, and the recipe names none; both follow the colon."""

_WINDOW = 64
_LINE_ENDS = "\n\r\u0085\u2028\u2029"


def notes(
    header: Header, reader: Reader, rules: Iterable[Rule], comments: Iterable[int]
) -> set[str]:
    """Return the notes on what stands in a header's way to its labels."""
    return {*_comments(header, reader, comments), *_rules(header, reader, rules)}


def _comments(header: Header, reader: Reader, comments: Iterable[int]) -> Iterator[str]:
    for tag in comments:
        comment = reader.text(header, tag)
        if comment is None or not any(end in comment for end in _LINE_ENDS):
            continue
        line = " ".join(comment.split())
        if any(assigned(key, line) and not assigned(key, comment) for key in Key):
            yield COMMENT_OF_SEVERAL_LINES


def _rules(header: Header, reader: Reader, rules: Iterable[Rule]) -> Iterator[str]:
    for rule in rules:
        if rule.target is None and len(reader.text(header, rule.tag) or "") > _WINDOW:
            yield VALUE_LONGER_THAN_WINDOW
