"""The attributes that edits changed in a header, for display."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from dicomferry.dicom.dictionary import keyword_of
from dicomferry.dicom.edits import TagPath
from dicomferry.dicom.header import Header


class AttributeChange(Struct, frozen=True):
    """One attribute before and after the edits; None where it is missing.

    A value that is no text is shown by its length, a sequence by the number of its items.
    """

    path: TagPath
    before: str | None
    after: str | None

    @property
    def name(self) -> str:
        """The attribute's name as recipes write it."""
        return path_name(self.path)


def path_name(path: TagPath) -> str:
    """Return a path as recipes write it: `Sequence[0].PatientID`."""
    steps = zip(path[:-1:2], path[1::2], strict=False)
    above = [f"{keyword_of(tag)}[{item}]" for tag, item in steps]
    return ".".join([*above, keyword_of(path[-1])])


def changes(before: Header, after: Header, above: TagPath = ()) -> Iterator[AttributeChange]:
    """Yield the differences of two headers of one instance, by tag."""
    for tag in sorted({*before.tags(), *after.tags()}):
        if before.raw(tag) == after.raw(tag) and before.vr(tag) == after.vr(tag):
            continue
        was, now = before.items(tag), after.items(tag)
        if (was or now) and len(was) == len(now):
            for number, (one, other) in enumerate(zip(was, now, strict=True)):
                yield from changes(one, other, (*above, tag, number))
        else:
            yield AttributeChange((*above, tag), shown(before, tag), shown(after, tag))


def shown(header: Header, tag: int) -> str | None:
    """Return a value for display; None for a missing element."""
    if tag not in header:
        return None
    if header.vr(tag) == "SQ":
        return f"({len(header.items(tag))} items)"
    text = header.text(tag)
    return f"({len(header.raw(tag) or b'')} bytes)" if text is None else text


def value_at(header: Header, path: TagPath) -> str | None:
    """Return the value at a path for display; None where there is none."""
    for tag, item in zip(path[:-1:2], path[1::2], strict=False):
        items = header.items(tag)
        if item >= len(items):
            return None
        header = items[item]
    return shown(header, path[-1])
