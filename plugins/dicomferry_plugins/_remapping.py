"""The steps of a remap: each reads a header and returns edits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal, Protocol

from msgspec import Struct

from dicomferry import (
    Delete,
    Edit,
    Edits,
    FerryError,
    Header,
    MissingKey,
    Rejected,
    Set,
    TagPath,
    Template,
)
from dicomferry.dicom import ElementPattern, transcoding_edits
from dicomferry_plugins._lookup import LookupTable, bare

_ONE_TEXT = frozenset({"LT", "ST", "UR", "UT"})  # `\` separates no values here (PS3.5 6.2)


class RemapStep(Protocol):
    """One section of a remap."""

    def edits(self, header: Header) -> Edits | Rejected:
        """Return the edits; all parts of one step read the same header."""


class TranscodeStep(Struct, frozen=True):
    """Writes all texts in another character set."""

    character_set: str

    def edits(self, header: Header) -> Edits:
        """Set every text beyond ASCII, and the character set."""
        return transcoding_edits(header, self.character_set)


class CopyStep(Struct, frozen=True):
    """Copies values; a missing source copies nothing."""

    pairs: tuple[tuple[ElementPattern, ElementPattern], ...]

    def edits(self, header: Header) -> Edits:
        """Set each target to the first match of its source."""
        return _settings(header, self._values(header))

    def _values(self, header: Header) -> Iterator[tuple[ElementPattern, str | bytes]]:
        for target, source in self.pairs:
            path = next(iter(source.matches(header)), None)
            value = None if path is None else _value(header, path)
            if value is not None:
                yield target, value


class ReplaceStep(Struct, frozen=True):
    """Replaces the matches of a regular expression, value by value."""

    rules: tuple[tuple[ElementPattern, re.Pattern[str], str], ...]

    def edits(self, header: Header) -> Edits:
        """Set each element whose text changes; a missing one stays missing."""
        return Edits.of(self._edits(header))

    def _edits(self, header: Header) -> Iterator[Edit]:
        for attribute, pattern, replacement in self.rules:
            for path in attribute.matches(header):
                holder = _holder(header, path)
                text = holder.text(path[-1])
                if text is None:
                    continue
                single = holder.vr(path[-1]) in _ONE_TEXT
                values = [text] if single else [value.strip() for value in text.split("\\")]
                changed = [pattern.sub(replacement, value) for value in values]
                if changed != values:
                    yield Set(path, "\\".join(changed))


class LookupStep(Struct, frozen=True):
    """Sets the values of a table's row for a key; an empty cell makes an empty element."""

    table: LookupTable
    key: ElementPattern | Template
    key_name: str
    targets: tuple[ElementPattern, ...]
    missing: Literal["reject", "keep", "error"]

    def edits(self, header: Header) -> Edits | Rejected:
        """Set the targets; raises `FerryError` for a missing key with `missing: error`."""
        key = self._key(header)
        row = self.table.rows.get(key) if key else None
        if row is not None:
            return _settings(header, zip(self.targets, row, strict=True))
        if self.missing == "keep":
            return Edits()
        reason = f"is not in {self.table.name}" if key else "is missing or empty"
        if key and bare(key) in self.table.bare:
            reason += ", where it stands with other zeros in front"
        if self.missing == "reject":
            lacks = MissingKey(self.table.name, self.table.columns, key) if key else None
            return Rejected(f"{self.key_name} {reason}", missing=lacks)
        raise FerryError(
            f"{header.location}: {self.key_name} {reason}",
            hint="add a row to the table, or say 'missing: reject' to carry the others",
        )

    def _key(self, header: Header) -> str:
        if isinstance(self.key, Template):
            return self.key.render(header).strip()
        path = next(iter(self.key.matches(header)), None)
        text = None if path is None else _holder(header, path).text(path[-1])
        return (text or "").strip()


class SetStep(Struct, frozen=True):
    """Sets rendered texts."""

    texts: tuple[tuple[ElementPattern, Template], ...]

    def edits(self, header: Header) -> Edits:
        """Set each element to its text; a missing element is created."""
        return _settings(header, ((name, text.render(header)) for name, text in self.texts))


class SetIfPresentStep(Struct, frozen=True):
    """Sets rendered texts in elements that are present, empty or not."""

    texts: tuple[tuple[ElementPattern, Template], ...]

    def edits(self, header: Header) -> Edits:
        """Set each present element; the template of a missing one is not rendered."""
        return Edits.of(
            Set(path, template.render(header))
            for attribute, template in self.texts
            for path in attribute.matches(header)
        )


class DeleteStep(Struct, frozen=True):
    """Deletes every match."""

    attributes: tuple[ElementPattern, ...]

    def edits(self, header: Header) -> Edits:
        """Delete every match that is present."""
        return Edits.of(
            Delete(path) for attribute in self.attributes for path in attribute.matches(header)
        )


def _settings(header: Header, values: Iterable[tuple[ElementPattern, str | bytes]]) -> Edits:
    edits: list[Edit] = []
    for target, value in values:
        made = target.setting(header, value)
        edits += made
        if len(made) > 1:
            # The edits may have reserved a private block: the next creator must see that.
            header = header.edited(Edits(made))
    return Edits(tuple(edits))


def _holder(header: Header, path: TagPath) -> Header:
    """Return the data set or item that holds the last tag of a path."""
    for sequence, number in zip(path[:-1:2], path[1::2], strict=True):
        header = header.items(sequence)[number]
    return header


def _value(header: Header, path: TagPath) -> str | bytes | None:
    holder = _holder(header, path)
    text = holder.text(path[-1])
    return holder.raw(path[-1]) if text is None else text
