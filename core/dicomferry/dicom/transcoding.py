"""A data set's texts in another character set, at any depth (PS3.3 C.12.1.1.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dicomferry.dicom.dictionary import keyword_of
from dicomferry.dicom.editing import Setting, vr_of
from dicomferry.dicom.edits import Edit, Edits, Set, TagPath
from dicomferry.dicom.text import CHARACTER_SET, GOVERNED, decode, encode, is_known
from dicomferry.errors import EditError

if TYPE_CHECKING:
    from dicomferry.dicom.header import Header


_ASCII = ("ISO_IR 6", "ISO 2022 IR 6")
"""The default repertoire by its number, which is written where no term is asked for."""


def check_character_set(text: str) -> None:
    r"""Raise `ValueError` for a text that is no Specific Character Set; `\` joins its terms."""
    for term in text.split("\\"):
        if not is_known(term):
            raise ValueError(f"'{term}' is not a term of PS3.3 C.12.1.1.2; ISO_IR 192 is UTF-8")


def transcoding_edits(header: Header, character_set: str) -> Edits:
    r"""Return the edits that write a data set, items included, in another character set.

    `character_set` has the terms of Specific Character Set, joined by `\`. Raises `EditError` for
    text that the new set cannot hold, and for bytes that are no text of the old one.
    """
    terms = tuple(character_set.split("\\"))
    edits = tuple(_edits(header, terms, ()))  # also where nothing changes: it raises for bad bytes
    return Edits() if _is_done(header, terms) else Edits(edits)


def _is_done(header: Header, terms: tuple[str, ...]) -> bool:
    if header.character_set != terms:
        return False
    return all(
        _is_done(item, terms) for tag in header.every_sequence() for item in header.items(tag)
    )


def _edits(header: Header, terms: tuple[str, ...], above: TagPath) -> Iterator[Edit]:
    # The terms go first: in an item they encode what follows, as in the data set.
    if not above or CHARACTER_SET in header:
        yield Set((*above, CHARACTER_SET), "\\".join(terms))
    sequences = set(header.every_sequence())
    for tag in header.tags():
        if tag in sequences:
            for number, item in enumerate(header.items(tag)):
                yield from _edits(item, terms, (*above, tag, number))
        elif (raw := header.raw(tag)) and _is_beyond(raw):
            vr = vr_of(header.elements, tag, Setting(header.character_set))
            if vr in GOVERNED:
                yield Set((*above, tag), _recoded(tag, raw, vr, header.character_set, terms))


def _is_beyond(raw: bytes | None) -> bool:
    """Tell whether a value has bytes whose characters the character set decides."""
    return raw is not None and (not raw.isascii() or b"\x1b" in raw)


def _recoded(tag: int, raw: bytes, vr: str, old: tuple[str, ...], new: tuple[str, ...]) -> bytes:
    if not any(old):
        raise EditError(
            f"{keyword_of(tag)}: has bytes beyond ASCII, and no character set says what they are",
            hint="set SpecificCharacterSet first, in a remap in front of this one",
        )
    if strange := [term for term in old if not is_known(term) and term not in _ASCII]:
        raise EditError(
            f"{keyword_of(tag)}: its character set '{strange[0]}' is none of PS3.3 C.12.1.1.2",
            hint="set SpecificCharacterSet first, in a remap in front of this one",
        )
    text = decode(raw, vr, old)
    if "\ufffd" in text:
        raise EditError(
            f"{keyword_of(tag)}: has bytes that are no text in {_named(old)}",
            hint="set that element as well, or leave the character set as it is",
        )
    try:
        return encode(text, vr, new)
    except UnicodeError as error:
        raise EditError(
            f"{keyword_of(tag)}: cannot be written in {_named(new)}", hint="ISO_IR 192 has it all"
        ) from error


def _named(terms: tuple[str, ...]) -> str:
    return "\\".join(terms)
