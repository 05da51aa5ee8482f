"""Patterns by which recipes name elements: keywords, tags, wildcards, creators, items."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from dicomferry.dicom import dictionary
from dicomferry.dicom.dictionary import keyword_of as keyword_of
from dicomferry.dicom.edits import Edit, Set, TagPath
from dicomferry.errors import EditError

if TYPE_CHECKING:
    from dicomferry.dicom.header import Header

_TAG = re.compile(r"\(?([0-9a-fA-F]{4}),?([0-9a-fA-F]{4})\)?")
_WILD = re.compile(r"\(?([0-9a-fA-FxX]{4}),?([0-9a-fA-FxX]{4})\)?")
_PRIVATE = re.compile(r'\(([0-9a-fA-F]{4}),\s*"([^"\\]+)",\s*([0-9a-fA-F]{2}|[xX]{2})\)')
_STEP = re.compile(r"(.+?)\[(\*|\d+)\]")
_SEPARATOR = re.compile(r'\.(?=(?:[^"]*"[^"]*")*[^"]*$)')


def parse_tag(text: str) -> int:
    """Return the tag of a keyword or of `(gggg,eeee)`; raises `ValueError` with a suggestion."""
    text = text.strip()
    match = _TAG.fullmatch(text)
    if match and text.startswith("(") == text.endswith(")"):
        return int(match[1] + match[2], 16)
    tag = dictionary.tag_of(text) if text.isidentifier() else None
    if tag is None:
        raise ValueError(_unknown(text))
    return tag


def _unknown(text: str) -> str:
    near = difflib.get_close_matches(text, dictionary.keywords(), 1, 0.7)
    hint = f" (did you mean '{near[0]}'?)" if near else ""
    return (
        f"'{text}' is not a DICOM keyword{hint}"
        if text.isidentifier()
        else (f"'{text}' is neither a DICOM keyword nor a tag such as (0010,0020)")
    )


class TagPattern(Struct, frozen=True):
    """The tags that equal `tag` in the bits of `mask`.

    With `creator`, the tags of the private block that it reserved; `tag` then holds the group and
    the last two hex digits.
    """

    tag: int
    mask: int = 0xFFFFFFFF
    creator: str = ""

    @property
    def exact(self) -> bool:
        """Whether at most one tag can match."""
        return self.mask == (0xFFFF00FF if self.creator else 0xFFFFFFFF)

    def matches(self, header: Header) -> Iterator[int]:
        """Yield the matching tags of one data set; a whole block includes its creator."""
        if not self.creator:
            if self.mask == 0xFFFFFFFF:
                found = (self.tag,) if self.tag in header else ()
                return iter(found)
            return (
                tag for tag in header.tags() if tag & self.mask == self.tag and self._is_meant(tag)
            )
        return self._private_matches(header)

    def _is_meant(self, tag: int) -> bool:
        """Say whether a wildcard that fits a private creator's tag means the creator.

        `(0019,xx10)` means element 10 of every block, not the creator of block 10 (PS3.5 7.8.1).
        `(0019,xxxx)` and `(0019,00xx)` mean the creators, too.
        """
        if not tag & 0x10000 or not 0x10 <= tag & 0xFFFF <= 0xFF:
            return True
        return self.mask & 0xFFFF == 0 or self.mask & 0xFF00 == 0xFF00

    def _private_matches(self, header: Header) -> Iterator[int]:
        group = self.tag >> 16
        for start in header.private_blocks(group, self.creator):
            if self.exact:
                tag = start | self.tag & 0xFF
                if tag in header:
                    yield tag
                continue
            yield from (tag for tag in header.tags() if tag & 0xFFFFFF00 == start)
            yield group << 16 | start >> 8 & 0xFF

    def places(self, header: Header, above: TagPath) -> tuple[tuple[int, ...], tuple[Edit, ...]]:
        """Return the tags to set, and the edit that reserves a private block that is missing.

        They are several where a creator has reserved several blocks and the element stands in
        more than one. Raises `EditError` where the group has no free block.
        """
        if not self.creator:
            return (self.tag,), ()
        group, element = self.tag >> 16, self.tag & 0xFF
        blocks = [start | element for start in header.private_blocks(group, self.creator)]
        if blocks:
            return tuple(tag for tag in blocks if tag in header) or (blocks[0],), ()
        taken = {other >> 8 & 0xFF for other in header.tags() if other >> 16 == group}
        for block in range(0x10, 0x100):
            creator = group << 16 | block
            if creator not in header and block not in taken:
                return (creator & 0xFFFF0000 | block << 8 | element,), (
                    Set((*above, creator), self.creator, "LO"),
                )
        raise EditError(f"group {group:04X}: all private blocks are taken")


ANYWHERE: Final = TagPattern(0, 0)
"""The step `**`: the data set, and every item of every sequence in it, at any depth."""


class ElementPattern(Struct, frozen=True):
    """A path of patterns: sequences, each with an item number (None: all items), and a leaf."""

    source: str
    steps: tuple[tuple[TagPattern, int | None], ...]
    leaf: TagPattern

    def __str__(self) -> str:
        return self.source

    @property
    def settable(self) -> bool:
        """Whether its elements can be created: it has no `x`."""
        steps = (pattern for pattern, _ in self.steps)
        return self.leaf.exact and all(one.exact or one == ANYWHERE for one in steps)

    def matches(self, header: Header) -> Iterator[TagPath]:
        """Yield the paths of the elements that are present."""
        for above, inner in self._items(header, self.steps, ()):
            for tag in self.leaf.matches(inner):
                yield (*above, tag)

    def targets(self, header: Header) -> Iterator[TagPath]:
        """Yield the paths of the elements that `setting` writes, present or not."""
        for edit in self.setting(header, ""):
            # The edit that reserves a private block is not a target.
            if self.leaf.creator and dictionary.is_creator(edit.path[-1]):
                continue
            yield edit.path

    def setting(self, header: Header, value: str | bytes) -> tuple[Edit, ...]:
        """Return the edits that give every target `value`, and reserve a missing private block.

        `[*]` means the items that are present, `**` the elements that are; a missing `[0]` is
        created. Raises `EditError` for a pattern that is not `settable`.
        """
        if not self.settable:
            raise EditError(f"{self.source}: a pattern with x cannot be set")
        if any(pattern == ANYWHERE for pattern, _ in self.steps):
            return tuple(Set(path, value) for path in self.matches(header))
        return tuple(self._settings(header, self.steps, (), value))

    def _settings(
        self,
        header: Header | None,
        steps: tuple[tuple[TagPattern, int | None], ...],
        above: TagPath,
        value: str | bytes,
    ) -> Iterator[Edit]:
        here = header if header is not None else _empty()
        if not steps:
            tags, reserving = self.leaf.places(here, above)
            yield from reserving
            for tag in tags:
                yield Set((*above, tag), value, self._vr_of_new(here, tag, value))
            return
        (pattern, number), *rest = steps
        tags, reserving = pattern.places(here, above)
        for tag in tags:
            items = here.items(tag)
            numbers = range(len(items)) if number is None else (number,)
            if numbers:
                yield from reserving
            for item in numbers:
                inner = items[item] if item < len(items) else None
                yield from self._settings(inner, tuple(rest), (*above, tag, item), value)

    def _vr_of_new(self, header: Header, tag: int, value: str | bytes) -> str:
        """Return the VR of the vendor's dictionary; empty where `lay` finds the VR itself."""
        if not self.leaf.creator or tag in header:
            return ""
        known = dictionary.private_vr(tag, self.leaf.creator)
        if len(known) == 2 and known != "UN":
            return known
        return "LO" if isinstance(value, str) else "UN"

    def _items(
        self, header: Header, steps: tuple[tuple[TagPattern, int | None], ...], above: TagPath
    ) -> Iterator[tuple[TagPath, Header]]:
        if not steps:
            yield above, header
            return
        (pattern, number), *rest = steps
        if pattern == ANYWHERE:
            yield from self._items(header, tuple(rest), above)
            for tag in header.every_sequence():
                for item, inner in enumerate(header.items(tag)):
                    yield from self._items(inner, steps, (*above, tag, item))
            return
        for tag in pattern.matches(header):
            for item, inner in enumerate(header.items(tag)):
                if number in (None, item):
                    yield from self._items(inner, tuple(rest), (*above, tag, item))


def _empty() -> Header:
    from dicomferry.dicom.elements import Elements
    from dicomferry.dicom.header import Header
    from dicomferry.dicom.syntax import EXPLICIT

    return Header(Elements.of(b"", EXPLICIT))


def parse_pattern(text: str) -> ElementPattern:
    """Return the pattern that `text` writes; raises `ValueError` with a suggestion.

    Forms: `PatientID`, `(0010,0020)`, `(0019,xx10)`, `(0019,"CREATOR",0C)`, `(0019,"CREATOR",xx)`,
    and behind `Sequence[*].` or `Sequence[0].` any of them. `**.` in front means the data set and
    every item of every sequence in it.
    """
    *above, leaf = _SEPARATOR.split(text.strip())
    steps: list[tuple[TagPattern, int | None]] = []
    for step in above:
        if step == "**":
            if steps and steps[-1][0] == ANYWHERE:
                raise ValueError(f"'{text}': one ** is enough")
            steps.append((ANYWHERE, None))
            continue
        match = _STEP.fullmatch(step)
        if not match:
            raise ValueError(f"'{text}': '{step}' needs an item, as in {step}[*] or {step}[0]")
        pattern = _tag_pattern(match[1])
        steps.append((pattern, None if match[2] == "*" else int(match[2])))
    if leaf == "**":
        raise ValueError(f"'{text}' names no element; name one behind it, as in **.PatientID")
    if _STEP.fullmatch(leaf):
        raise ValueError(f"'{text}' names an item; name an element in it, as in {leaf}.PatientID")
    return ElementPattern(text.strip(), tuple(steps), _tag_pattern(leaf))


def _tag_pattern(text: str) -> TagPattern:
    private = _PRIVATE.fullmatch(text.strip())
    if private:
        group, last = int(private[1], 16), private[3].lower()
        if group % 2 == 0:
            raise ValueError(f"'{text}': group {group:04X} is even, private groups are odd")
        if last == "xx":
            return TagPattern(group << 16, 0xFFFF0000, private[2])
        return TagPattern(group << 16 | int(last, 16), 0xFFFF00FF, private[2])
    wild = _WILD.fullmatch(text.strip())
    digits = (wild[1] + wild[2]).lower() if wild else ""
    if "x" in digits:
        mask = "".join("0" if digit == "x" else "f" for digit in digits)
        return TagPattern(int(digits.replace("x", "0"), 16), int(mask, 16))
    return TagPattern(parse_tag(text))
