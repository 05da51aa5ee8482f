"""Lays edits over elements; an element without an edit keeps every byte."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from dicomferry.dicom import dictionary
from dicomferry.dicom.edits import Delete, Edit, Set, TagPath
from dicomferry.dicom.elements import Elements, SequenceItem
from dicomferry.dicom.encode import encode_element, encode_value, padded
from dicomferry.dicom.framing import framed, sequence_delimiter
from dicomferry.dicom.pieces import Fresh
from dicomferry.dicom.syntax import LONG, SHORT, CutError, Syntax, UnsureError
from dicomferry.dicom.text import CHARACTER_SET, GOVERNED, decode, is_known
from dicomferry.dicom.values import trim
from dicomferry.dicom.walk import BULK_TAGS, DEPTH
from dicomferry.errors import EditError

PIXEL_REPRESENTATION = 0x00280103
LENGTH_TO_END = 0x00080001
"""A retired element: how many bytes follow it."""
_VRS = SHORT | LONG
DECIDING = frozenset((CHARACTER_SET, PIXEL_REPRESENTATION))
"""The elements that decide how others are decoded."""


class Setting(Struct, frozen=True):
    """The character set and sign of pixels that an item inherits from the data set around it."""

    character_set: tuple[str, ...] = ()
    signed: bool = False

    def inside(self, elements: Elements) -> Setting:
        """Return the setting of `elements` and of their items."""
        terms = elements.raw(CHARACTER_SET)
        pixels = elements.raw(PIXEL_REPRESENTATION)
        if terms is None and not pixels:
            return self
        return Setting(
            self.character_set if terms is None else _terms(terms),
            self.signed if not pixels else 1 in pixels[:2],
        )


@lru_cache(maxsize=64)
def _terms(raw: bytes) -> tuple[str, ...]:
    text = trim(raw.decode("latin-1"), "CS")
    return tuple(text.split("\\")) if text else ()


def vr_of(elements: Elements, tag: int, setting: Setting, *, text: bool = True) -> str:
    """Return an element's VR: as written, else by dictionary and setting; `UN` where unknown.

    A written UN only says that the writer did not know (PS3.5 6.2.2): the dictionary prevails.
    """
    written = elements.vr(tag) if tag in elements else ""
    if written not in ("", "UN"):
        return written
    known = elements.known_vr(tag) or "UN"
    if " or " not in known:
        return known
    if "US" in known and (text or "OW" not in known):
        return "SS" if setting.signed and "SS" in known else "US"
    return "OW"


def lay(elements: Elements, edits: Iterable[Edit], around: Setting) -> Elements:
    """Return `elements` after `edits`; raises `EditError`.

    Edits inside a sequence wait, so that the sequence is written once.
    """
    before, setting = elements, around.inside(elements)
    # `elements` sees what is laid here: a copy for each edit would take the square of their number.
    laid = dict(before.fresh)
    elements = before.over(laid)
    waiting: dict[int, list[Edit]] = {}
    renewed: set[TagPath] = set()
    for edit in edits:
        tag = edit.path[0]
        if len(edit.path) > 1:
            waiting.setdefault(tag, []).append(edit)
            renewed.add(edit.path)
            continue
        # Edits that came before this one take effect before it: in the sequence that it
        # replaces, and in the character set that it changes.
        for held in list(waiting) if tag == CHARACTER_SET else [tag] if tag in waiting else []:
            laid.update(_lay_inside(elements, held, waiting.pop(held), around))
        if tag == CHARACTER_SET:
            renewed.clear()
        renewed.add(edit.path)
        laid.update(_lay_one(elements, edit, setting))
        if tag in DECIDING:
            setting = around.inside(elements)
    for tag, inner in waiting.items():
        laid.update(_lay_inside(elements, tag, inner, around))
    if CHARACTER_SET in elements.fresh:
        _check_reading(before, elements, around, frozenset(renewed))
    return _with_group_lengths(before, elements)


def _lay_one(elements: Elements, edit: Edit, setting: Setting) -> dict[int, Fresh | None]:
    tag = edit.path[0]
    if isinstance(edit, Delete):
        return {tag: None} if tag in elements else {}
    if tag & 0xFFFF == 0 or tag >> 16 in (0, 0xFFFE):
        raise EditError(f"{dictionary.keyword_of(tag)}: group lengths and delimiters are not set")
    return {tag: _written(elements, edit, setting)}


def _written(elements: Elements, edit: Set, setting: Setting) -> Fresh:
    tag, syntax = edit.path[0], elements.syntax
    if tag in BULK_TAGS and tag in elements and elements.undefined(tag):
        raise EditError(f"{dictionary.keyword_of(tag)}: encapsulated pixel data is not edited")
    _check_private(elements, tag)
    vr = edit.vr or vr_of(elements, tag, setting, text=isinstance(edit.value, str))
    if vr == "UN" and not edit.vr and isinstance(edit.value, str) and dictionary.is_private(tag):
        vr = "LO"
    if vr.encode() not in _VRS:
        raise EditError(f"{dictionary.keyword_of(tag)}: {vr} is not a VR")
    if tag == CHARACTER_SET and isinstance(edit.value, str):
        _check_terms(edit.value)
    if isinstance(edit.value, bytes):
        raw = padded(edit.value, vr)
    else:
        raw = encode_value(tag, vr, edit.value, setting.character_set, little=syntax.little)
    data, start = encode_element(tag, vr, raw, syntax)
    return Fresh(b"" if syntax.implicit else vr.encode("ascii"), start, data)


def _check_terms(text: str) -> None:
    for term in text.split("\\") if text else ():
        if term.strip() and not is_known(term.strip()):
            raise EditError(
                f"SpecificCharacterSet: '{term}' is not a term of PS3.3 C.12.1.1.2",
                hint="ISO_IR 192 is UTF-8, ISO_IR 100 is Latin-1",
            )


def _check_private(elements: Elements, tag: int) -> None:
    if not dictionary.is_private(tag) or dictionary.is_creator(tag) or tag in elements:
        return
    block = tag & 0xFFFF0000 | (tag >> 8 & 0xFF)
    if not dictionary.is_creator(block) or block not in elements:
        raise EditError(
            f"{dictionary.keyword_of(tag)}: no private creator has reserved this element's block",
            hint='name the creator: (gggg,"CREATOR",ee)',
        )


def _lay_inside(
    elements: Elements, tag: int, edits: list[Edit], around: Setting
) -> dict[int, Fresh | None]:
    """Rewrite a sequence; items without an edit and the kind of its length stay the same."""
    if tag in elements and not elements.is_sequence(tag):
        raise EditError(f"{dictionary.keyword_of(tag)}: not a sequence, it has no items")
    items = list(_items(elements, tag)) if tag in elements else []
    by_item: dict[int, list[Edit]] = {}
    for edit in edits:
        inner = replace(edit, path=edit.path[2:])
        by_item.setdefault(edit.path[1], []).append(inner)
    if tag not in elements and not any(isinstance(edit, Set) for edit in edits):
        return {}
    syntax = items[0].elements.syntax if items else elements.syntax
    setting = around.inside(elements)
    for number, inner_edits in sorted(by_item.items()):
        if number >= len(items):
            if not any(isinstance(edit, Set) for edit in inner_edits):
                continue
            if number > len(items):
                raise EditError(
                    f"{dictionary.keyword_of(tag)}[{number}]: the sequence has {len(items)} items"
                )
            items.append(
                SequenceItem(Elements.of(b"", syntax), framed(b"", syntax), undefined=False)
            )
        item = items[number]
        items[number] = replace(item, elements=lay(item.elements, inner_edits, setting))
    return {tag: _sequence(elements, tag, items, syntax)}


def _items(elements: Elements, tag: int) -> tuple[SequenceItem, ...]:
    try:
        return elements.items(tag)
    except (UnsureError, CutError) as error:
        place = dictionary.keyword_of(tag)
        raise EditError(f"{place}: its items cannot be read: {error}") from error


def _sequence(elements: Elements, tag: int, items: list[SequenceItem], syntax: Syntax) -> Fresh:
    value = b"".join(item.encoded() for item in items)
    undefined = tag in elements and elements.undefined(tag)
    vr = (elements.vr(tag) if tag in elements else "") or "SQ"
    data, start = encode_element(tag, vr, value, elements.syntax)
    if undefined:
        data = data[: start - 4] + b"\xff\xff\xff\xff" + value + sequence_delimiter(syntax)
    return Fresh(b"" if elements.syntax.implicit else vr.encode("ascii"), start, data)


def _with_group_lengths(before: Elements, after: Elements) -> Elements:
    """Correct (gggg,0000) of the edited groups: retired (PS3.5 7.2), but a wrong one harms.

    So is Length to End, which counts the bytes of all groups behind it.
    """
    edited = {
        tag >> 16 for tag, new in after.fresh.items() if before.fresh.get(tag, tag) is not new
    }
    for group in edited:
        tag = group << 16
        if tag in after:
            behind = (other for other in after.tags() if tag < other <= tag + 0xFFFF)
            after = _with_length(after, tag, sum(map(after.length, behind)))
    if edited and LENGTH_TO_END in after:
        behind = (other for other in after.tags() if other > LENGTH_TO_END)
        after = _with_length(after, LENGTH_TO_END, sum(map(after.length, behind)))
    return after


def _with_length(elements: Elements, tag: int, length: int) -> Elements:
    raw = length.to_bytes(4, elements.syntax.order)
    data, start = encode_element(tag, "UL", raw, elements.syntax)
    vr = b"" if elements.syntax.implicit else b"UL"
    return elements.with_fresh({tag: Fresh(vr, start, data)})


def _check_reading(
    before: Elements, after: Elements, around: Setting, renewed: frozenset[TagPath]
) -> None:
    """Refuse a new character set in which text without an edit would read differently."""
    old, new = around.inside(before), around.inside(after)
    if old.character_set == new.character_set:
        return
    for path, raw, vr in _foreign_text(after, new):
        if path in renewed or decode(raw, vr, old.character_set) == decode(
            raw, vr, new.character_set
        ):
            continue
        raise EditError(
            "SpecificCharacterSet: cannot be changed, "
            f"{dictionary.keyword_of(path[-1])} holds text written in the former one",
            hint="set that element as well, or leave SpecificCharacterSet as it is",
        )


def _foreign_text(
    elements: Elements, setting: Setting, path: TagPath = ()
) -> Iterator[tuple[TagPath, bytes, str]]:
    """Yield path, bytes and VR of each text that depends on the character set."""
    for tag in elements.tags():
        if elements.is_said_to_be_sequence(tag):
            if len(path) > 2 * DEPTH:
                raise EditError(f"sequences are nested more than {DEPTH} deep")
            for number, item in enumerate(_items(elements, tag)):
                if CHARACTER_SET not in item.elements:
                    yield from _foreign_text(item.elements, setting, (*path, tag, number))
            continue
        raw = elements.raw(tag)
        if raw and (not raw.isascii() or b"\x1b" in raw):
            vr = vr_of(elements, tag, setting)
            if vr in GOVERNED:
                yield (*path, tag), raw, vr
