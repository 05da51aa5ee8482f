"""What a person would read in a header and XNAT's patterns do not (sections 1.3 and 2.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from dicomferry.dicom.header import Header
from dicomferry.xnat.labels import dcm_text
from dicomferry.xnat.naming.assignment import Key, assigned
from dicomferry.xnat.routing.rules import Rule

COMMENT_OF_SEVERAL_LINES: Final = "comment-of-several-lines"
VALUE_LONGER_THAN_WINDOW: Final = "value-longer-than-rule-window"

_WINDOW = 64
_LINE_ENDS = "\n\r\u0085\u2028\u2029"


def notes(header: Header, rules: Iterable[Rule], comments: Iterable[int]) -> tuple[str, ...]:
    """Return the codes of what stands in a header's way to its labels, sorted."""
    return tuple(sorted({*_comments(header, comments), *_rules(header, rules)}))


def _comments(header: Header, comments: Iterable[int]) -> Iterator[str]:
    for tag in comments:
        comment = dcm_text(header, tag)
        if comment is None or not any(end in comment for end in _LINE_ENDS):
            continue
        line = " ".join(comment.split())
        if any(assigned(key, line) and not assigned(key, comment) for key in Key):
            yield COMMENT_OF_SEVERAL_LINES


def _rules(header: Header, rules: Iterable[Rule]) -> Iterator[str]:
    for rule in rules:
        if rule.target is None and len(dcm_text(header, rule.tag) or "") > _WINDOW:
            yield VALUE_LONGER_THAN_WINDOW
