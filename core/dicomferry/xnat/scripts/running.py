"""What a script makes of one header, and of what that cannot be told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from dicomferry.dicom.dictionary import standard_vr
from dicomferry.dicom.edits import Delete, Edits, Set
from dicomferry.dicom.header import Header
from dicomferry.model import Destination
from dicomferry.xnat.labels import UNASSIGNED
from dicomferry.xnat.reading.errors import UnforeseeableError
from dicomferry.xnat.reading.reader import Reader
from dicomferry.xnat.routing.java_errors import JavaSyntaxError
from dicomferry.xnat.routing.java_regex import java_pattern
from dicomferry.xnat.scripts.statements import (
    Action,
    Assign,
    Conditional,
    Element,
    Name,
    NotUnderstood,
    Remove,
    Script,
    ScriptCondition,
    Statement,
    Text,
    Value,
    Variable,
    touched_by,
)

_TEXTS: Final = frozenset(
    ("AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UI", "UT")
)
"""VRs that a script's text is stored in as it is."""


_WORDS: Final = re.compile(r"\w+")


class Doubt(Struct, frozen=True):
    """A value that nobody here can tell."""


DOUBT: Final = Doubt()

Known = str | None | Doubt
"""A text; None for an element that is not there, or a name without a value."""


class Outcome(Struct, frozen=True):
    """What a script does to one instance.

    `edits` are certain. What becomes of the elements in `doubtful` is not known, and with
    `all_doubtful` not of any other that `edits` does not name.
    """

    edits: Edits
    doubtful: frozenset[int]
    all_doubtful: bool


def run_script(
    script: Script, header: Header, names: Mapping[str, str | None], reader: Reader
) -> Outcome:
    """Run a script on a header; `names` are the values of `GIVEN`, None where that is not known.

    `reader` reads elements as the server does.
    """
    run = _ScriptRun(header, names, reader)
    for statement in script.statements:
        run.take(statement)
    return run.outcome()


def names_of(destination: Destination) -> dict[str, str | None]:
    """Return the names that XNAT gives to a script; None for a subject that it does not know."""
    return {
        "project": destination.project or UNASSIGNED,
        "subject": destination.subject,
        "session": destination.session,
    }


class _ScriptRun:
    """The state of a script that runs: values of elements and names that it has changed."""

    def __init__(self, header: Header, names: Mapping[str, str | None], reader: Reader) -> None:
        self._header = header
        self._reader = reader
        self._names: dict[str, Known] = {
            name: DOUBT if value is None else value for name, value in names.items()
        }
        self._elements: dict[int, Known] = {}
        self._all_doubtful = False

    def take(self, statement: Statement) -> None:
        """Run one statement."""
        match statement:
            case Conditional():
                self._choose(statement)
            case NotUnderstood():
                self._doubt(statement)
            case _:
                self._act(statement)

    def outcome(self) -> Outcome:
        """Return what came of all statements."""
        edits: list[Set | Delete] = []
        doubtful: set[int] = set()
        for tag, value in sorted(self._elements.items()):
            if isinstance(value, Doubt):
                doubtful.add(tag)
            elif value is not None:
                edits.append(Set((tag,), value, self._vr(tag)))
            elif tag in self._header:
                edits.append(Delete((tag,)))
        return Outcome(Edits.of(edits), frozenset(doubtful), self._all_doubtful)

    def _choose(self, statement: Conditional) -> None:
        holds = self._holds(statement.condition)
        if holds is None:
            for tag in touched_by(statement):
                self._elements[tag] = DOUBT
            for action in (statement.action, statement.otherwise):
                if isinstance(action, Name):
                    self._names[action.name] = DOUBT
        elif holds:
            self._act(statement.action)
        elif statement.otherwise is not None:
            self._act(statement.otherwise)

    def _doubt(self, statement: NotUnderstood) -> None:
        if statement.touches is None:
            self._all_doubtful = True
            self._elements = dict.fromkeys(self._elements, DOUBT)
            named = {name for name in self._names if name in _WORDS.findall(statement.text)}
            self._names.update(dict.fromkeys(named, DOUBT))
        else:
            self._elements.update(dict.fromkeys(statement.touches, DOUBT))

    def _act(self, action: Action) -> None:
        match action:
            case Remove(tag):
                self._elements[tag] = None
            case Name(name, value):
                self._names[name] = self._known(value)
            case Assign(tag, value, existing):
                self._assign(tag, self._known(value), existing=existing)

    def _assign(self, tag: int, value: Known, *, existing: bool) -> None:
        """Give an element a value; one that is not there changes nothing (DicomEdit's `assign`)."""
        if value is None:
            return
        there = self._there(tag) if existing else True
        if there is False:
            return
        storable = isinstance(value, str) and value.isascii() and self._vr(tag) in _TEXTS
        self._elements[tag] = value if storable and there else DOUBT

    def _there(self, tag: int) -> bool | None:
        """Tell whether an element is there; None where that is not known."""
        if tag in self._elements:
            value = self._elements[tag]
            return None if isinstance(value, Doubt) else value is not None
        return None if self._all_doubtful else tag in self._header

    def _known(self, value: Value) -> Known:
        match value:
            case Text(text):
                return text
            case Variable(name):
                return self._names.get(name, DOUBT)
            case Element(tag):
                return self._element(tag)

    def _element(self, tag: int) -> Known:
        if tag in self._elements:
            value = self._elements[tag]
            return value if value is None or _is_read_as_written(value) else DOUBT
        if self._all_doubtful:
            return DOUBT
        raw = self._header.raw(tag)
        if raw is None:
            return None if tag not in self._header else DOUBT
        # How an empty element compares, and one of several values, differs between releases.
        if not raw.strip(b"\0 ") or b"\\" in raw or self._vr(tag) not in _TEXTS:
            return DOUBT
        try:
            text = self._reader.text(self._header, tag)
        except UnforeseeableError:
            return DOUBT
        return DOUBT if text is None else text

    def _holds(self, condition: ScriptCondition) -> bool | None:
        """Tell whether a condition holds; None where that is not known."""
        left, right = self._known(condition.left), self._known(condition.right)
        if isinstance(left, Doubt) or isinstance(right, Doubt):
            return None
        if left is None:  # DicomEdit: what is not there equals nothing and matches nothing
            return condition.negated
        if not condition.by_pattern:
            return (left == right) is not condition.negated
        if right is None:
            return None
        try:
            matches = java_pattern(right).matches(left) is not None
        except (UnforeseeableError, JavaSyntaxError):
            return None
        return matches is not condition.negated

    def _vr(self, tag: int) -> str:
        return (self._header.vr(tag) if tag in self._header else "") or standard_vr(tag)


def _is_read_as_written(value: str | Doubt) -> bool:
    """Tell whether an element that was given a text is read as that text."""
    if isinstance(value, Doubt) or not value or "\\" in value:
        return False
    return value == value.strip(" ^\0\t\r\n")
