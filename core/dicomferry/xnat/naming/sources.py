"""Where XNAT looks for a label: routing rules, comments, whole elements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dicomferry.dicom.header import Header
from dicomferry.xnat.naming.assignment import Key, assigned
from dicomferry.xnat.reading.errors import UnforeseeableError
from dicomferry.xnat.reading.reader import Reader
from dicomferry.xnat.routing.rules import RuleChain, RuleError

COMMENTS: Final = (
    ("PatientComments", 0x00104000),
    ("StudyComments", 0x00324000),
    ("AdditionalPatientHistory", 0x001021B0),
)

Candidates = Iterator[tuple[str, str | None]]
"""The source in words and the text found there, in XNAT's order."""


def from_rules(chain: RuleChain, header: Header, reader: Reader) -> Candidates:
    """Yield what each rule extracts; raises `RuleError` and `UnforeseeableError`."""
    for rule in chain.rules:
        try:
            yield str(rule), rule.extract(header, reader)
        except (RuleError, UnforeseeableError) as error:
            raise type(error)(f"{rule.name}: {error}") from error


def from_comments(key: Key, header: Header, reader: Reader) -> Candidates:
    """Yield what each of the three comments assigns to a key."""
    for keyword, tag in COMMENTS:
        comment = _read(keyword, tag, header, reader)
        if comment is not None:
            yield f"{keyword} '{key}:'", assigned(key, comment)


def from_fields(header: Header, reader: Reader, *fields: tuple[str, int]) -> Candidates:
    """Yield whole elements, each given as keyword and tag."""
    for keyword, tag in fields:
        yield keyword, _read(keyword, tag, header, reader)


def first(candidates: Candidates) -> tuple[str, str] | None:
    """Return the first source with a text that is not empty (XNAT's `ChainExtractor`)."""
    return next(((source, text) for source, text in candidates if text), None)


def _read(keyword: str, tag: int, header: Header, reader: Reader) -> str | None:
    try:
        return reader.text(header, tag)
    except UnforeseeableError as error:
        raise UnforeseeableError(f"{keyword}: {error}") from error
