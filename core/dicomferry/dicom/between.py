"""The difference of two pydicom data sets, as edits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dicomferry.dicom import bridge
from dicomferry.dicom.edits import Delete, Edit, Edits, Set, TagPath
from dicomferry.dicom.elements import Elements
from dicomferry.dicom.quiet import quietly
from dicomferry.dicom.syntax import Syntax
from dicomferry.dicom.text import CHARACTER_SET
from dicomferry.dicom.walk import BULK_TAGS

if TYPE_CHECKING:
    from pydicom import Dataset

    from dicomferry.dicom.header import Header


def edits_between(before: Dataset, after: Dataset, header: Header) -> Edits:
    """Return the edits that make `after` of `before`, both made from `header.dataset()`.

    Values are bytes in the encoding of the header's instance. Unchanged elements get no edit, so
    they keep their bytes. Pixel data is not compared.
    """
    with quietly():
        found = _between(before, after, header, ())
        # The character set goes first: it encodes the texts of all other edits.
        return Edits.of(sorted(found, key=lambda edit: edit.path != (CHARACTER_SET,)))


def _between(before: Dataset, after: Dataset, header: Header, above: TagPath) -> Iterator[Edit]:
    syntax, terms = header.elements.syntax, header.character_set
    recoded = before.get("SpecificCharacterSet") != after.get("SpecificCharacterSet")
    for tag in sorted({*before.keys(), *after.keys()}):
        if tag in BULK_TAGS or tag.element == 0:
            continue
        path = (*above, int(tag))
        if tag not in after:
            yield Delete(path)
            continue
        if tag in before and not recoded and before.get_item(tag) is after.get_item(tag):
            continue
        old = _element(before, tag, syntax, terms)
        new = _element(after, tag, syntax, _terms(after, terms))
        if old == new or new is None:
            continue
        items = header.items(int(tag))
        if old and items and len(before[tag].value) == len(after[tag].value) == len(items):
            for number, (was, now) in enumerate(
                zip(before[tag].value, after[tag].value, strict=True)
            ):
                yield from _between(was, now, items[number], (*path, number))
            continue
        yield Set(path, new[1], new[0])


def _terms(dataset: Dataset, around: tuple[str, ...]) -> tuple[str, ...]:
    terms = dataset.get("SpecificCharacterSet")
    if terms is None:
        return around
    return (str(terms),) if isinstance(terms, str) else tuple(str(term) for term in terms)


def _element(
    dataset: Dataset, tag: int, syntax: Syntax, terms: tuple[str, ...]
) -> tuple[str, bytes] | None:
    """Return VR and value field of one element as pydicom encodes it; None when missing."""
    from pydicom import Dataset as NewDataset

    if tag not in dataset:
        return None
    alone = NewDataset()
    creator = tag & 0xFFFF0000 | (tag >> 8 & 0xFF)
    if creator in dataset:
        alone[creator] = dataset.get_item(creator)
    alone[tag] = dataset[tag]
    elements = Elements.of(bridge.encoded(alone, syntax, terms), syntax)
    raw = elements.raw(tag)
    return (dataset[tag].VR, b"" if raw is None else raw) if tag in elements else None
