"""A read-only view of one instance's data set, without bulk pixel data."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from dicomferry.dicom import dictionary, values
from dicomferry.dicom.editing import DECIDING, Setting, lay, vr_of
from dicomferry.dicom.elements import Elements
from dicomferry.dicom.pieces import Fresh
from dicomferry.dicom.reads import Reads, Trace
from dicomferry.dicom.syntax import CutError, UnsureError
from dicomferry.errors import DamagedError
from dicomferry.model import InstanceRef, Location, Wanted

if TYPE_CHECKING:
    from pydicom import Dataset

    from dicomferry.dicom.edits import Edits

_NOTHING: Mapping[str, str] = MappingProxyType({})
_NOWHERE = Location("")
_NO_VR = frozenset(("", "UN"))
_AsText = tuple[str | None, str | None, str]


class Header:
    """One instance's elements, each decoded at its first use; immutable.

    Tags are whole numbers, `0x00100020`. Pixel data and other values beyond 1 MiB are present
    (`in`, `tags`, `vr`), but not in memory: `raw` and `text` return None for them. `names` are the
    templates' `path.*`, `row` their `row.*`; `wanted` is what a transform asked for.
    """

    __slots__ = (
        "_around", "_elements", "_inside", "_location", "_read", "_ref", "_trace",
        "names", "row", "wanted",
    )  # fmt: skip

    def __init__(
        self,
        elements: Elements,
        *,
        location: Location = _NOWHERE,
        names: Mapping[str, str] = _NOTHING,
        row: Mapping[str, str] = _NOTHING,
        wanted: Wanted | None = None,
        around: Setting | None = None,
        trace: Trace | None = None,
    ) -> None:
        self._trace = trace
        self._elements = elements
        self._around = around or Setting()
        self._inside: Setting | None = None
        # A recipe's templates read the same few texts for every instance many times.
        self._read: dict[int, _AsText] = {}
        self._ref: InstanceRef | None = None
        self._location = location
        self.names = names
        self.row = row
        self.wanted = wanted

    @classmethod
    def of(
        cls,
        dataset: Dataset,
        *,
        location: Location = _NOWHERE,
        names: Mapping[str, str] = _NOTHING,
        row: Mapping[str, str] = _NOTHING,
    ) -> Header:
        """Return the header of a pydicom data set, encoded in explicit VR little endian."""
        from dicomferry.dicom.bridge import encoded
        from dicomferry.dicom.syntax import EXPLICIT

        elements = Elements.of(encoded(dataset, EXPLICIT), EXPLICIT)
        return cls(elements, location=location, names=names, row=row)

    def __contains__(self, tag: int) -> bool:
        return tag in self._elements

    def __repr__(self) -> str:
        return f"<Header of {self.location}>"

    @property
    def location(self) -> Location:
        """Where the instance was found."""
        self._trace_all()
        return self._location

    @property
    def elements(self) -> Elements:
        """The elements as bytes."""
        self._trace_all()
        return self._elements

    @property
    def _setting(self) -> Setting:
        if self._inside is None:
            self._inside = self._around.inside(self._elements)
        return self._inside

    @property
    def character_set(self) -> tuple[str, ...]:
        """The terms of Specific Character Set, its own or an enclosing data set's."""
        return self._setting.character_set

    @property
    def ref(self) -> InstanceRef:
        """The study, series, SOP instance and SOP class UIDs; empty where they are missing."""
        if self._ref is None:
            text = self.text
            self._ref = InstanceRef(
                text(0x0020000D) or "", text(0x0020000E) or "", text(0x00080018) or "",
                text(0x00080016) or "",
            )  # fmt: skip
        return self._ref

    def tags(self) -> Iterator[int]:
        """Yield the tags that are present, ascending."""
        return self._elements.tags()

    def vr(self, tag: int) -> str | None:
        """Return the VR, the dictionary's in implicit VR; None for a missing element."""
        if tag not in self._elements:
            return None
        written = self._elements.vr(tag)
        return written or vr_of(self._elements, tag, self._setting, text=False)

    def written_vr(self, tag: int) -> str:
        """Return the VR of an element as it is written; empty where none is, or no element."""
        return self._elements.vr(tag) if tag in self._elements else ""

    def known_vr(self, tag: int) -> str:
        """Return the VR by PS3.6, or by the dictionary of the block's creator; empty if unknown."""
        return self._elements.known_vr(tag)

    def raw(self, tag: int) -> bytes | None:
        """Return the value field's bytes; None when missing or not held."""
        return self._elements.raw(tag)

    def raw_text(self, tag: int) -> str | None:
        r"""Return the value as text with its padding; None where it is missing or no text.

        The data set's character set decodes it; U+FFFD replaces bytes that it does not have.
        Binary numbers are decimal; several values are joined by `\`.
        """
        return self._as_text(tag)[0]

    def text(self, key: int | str) -> str | None:
        r"""Return `raw_text` without padding, for a tag or a keyword; values are joined by `\`."""
        tag = dictionary.tag_of(key) if isinstance(key, str) else key
        if tag is None:
            return None
        found = self._read.get(tag)  # `_as_text` again, without its call: this is a hot path
        return found[1] if found is not None else self._as_text(tag)[1]

    def value(self, key: int | str) -> values.Value | None:
        """Return a value as templates see it, for a tag or a keyword; None when missing.

        IS and the binary whole numbers are `int`, DS, FL and FD `float`, all else `str`; several
        values are a list; an empty value is an empty text.
        """
        tag = dictionary.tag_of(key) if isinstance(key, str) else key
        if tag is None:
            return None
        _, text, vr = self._as_text(tag)
        return None if text is None else values.value(text, vr)

    def _as_text(self, tag: int) -> _AsText:
        """Return the value as text, the text without padding, and the VR that decoded it."""
        found = self._read.get(tag)
        if found is None:
            found = self._read[tag] = self._read_text(tag)
        return found

    def _read_text(self, tag: int) -> _AsText:
        elements = self._elements
        raw = elements.raw(tag)
        if raw is None:
            return None, None, ""
        vr = elements.vr(tag)
        if vr in _NO_VR:
            vr = vr_of(elements, tag, self._setting)
        text = values.plain_text(raw, vr)
        if text is None:
            text = values.raw_text(raw, vr, self.character_set, little=elements.syntax.little)
        return text, None if text is None else values.trim(text, vr), vr

    def sequences(self) -> list[int]:
        """Return the tags of the sequences that are present, ascending."""
        return self._elements.sequences()

    def every_sequence(self) -> list[int]:
        """Return the tags of `sequences`, and of values that are items though no VR says so.

        Private sequences of an unknown creator are such, in implicit VR or as UN (PS3.5 6.2.2).
        """
        return self._elements.every_sequence()

    def items(self, tag: int) -> tuple[Header, ...]:
        """Return the items of a sequence; none for a missing element or another VR.

        Raises `DamagedError` for a sequence that is not well formed.
        """
        if tag not in self._elements or not self._elements.is_sequence(tag):
            return ()
        try:
            found = self._elements.items(tag)
        except (UnsureError, CutError) as error:
            place = f"{self.location}: {dictionary.keyword_of(tag)}"
            raise DamagedError(f"{place}: its items cannot be read: {error}") from error
        return tuple(
            Header(item.elements, location=self._location, around=self._setting, trace=self._trace)
            for item in found
        )

    def private(self, group: int, creator: str, element: int) -> int | None:
        """Return the tag of a private element whose block `creator` reserved here, or None.

        `element` is the last two hex digits (PS3.5 7.8.1); the element itself may be missing.
        """
        for start in self.private_blocks(group, creator):
            return start | element
        return None

    def private_blocks(self, group: int, creator: str) -> Iterator[int]:
        """Yield the first tag of each block that `creator` reserved here, normally of one."""
        for block in range(0x10, 0x100):
            tag = group << 16 | block
            if tag in self._elements and self.text(tag) == creator:
                yield group << 16 | block << 8

    def dataset(self) -> Dataset:
        """Return a new pydicom data set, without the values that are not in memory.

        Raises `DamagedError` where pydicom cannot read a sequence.
        """
        from dicomferry.dicom.bridge import decoded

        left_out = self._elements.not_held()
        data = self._elements.encoded(without=left_out)
        try:
            return decoded(data, self._elements.syntax, self._around.character_set)
        except Exception as error:
            kind = type(error).__name__
            raise DamagedError(f"{self.location}: pydicom cannot read it ({kind})") from error

    def edited(self, edits: Edits) -> Header:
        """Return the header after `edits`; raises `EditError`."""
        laid = lay(self._elements, edits.items, self._around)
        return self._with(laid, edits.wanted or self.wanted)

    def with_origin(
        self, location: Location, names: Mapping[str, str], row: Mapping[str, str]
    ) -> Header:
        """Return the header with another location, `names` and `row`."""
        return Header(
            self._elements,
            location=location,
            names=names,
            row=row,
            wanted=self.wanted,
            around=self._around,
        )

    def traced(self, trace: Trace) -> Header:
        """Return the header; `trace` notes what is read of it, a sequence as one element."""
        return self._with(self._elements.traced(trace), self.wanted, trace)

    def fingerprint(self, reads: Reads) -> Hashable | None:
        """Return the values that `reads` names, `wanted`, `names` and `row`; None if too big."""
        found = self._elements.fingerprint(reads)
        if found is None:
            return None
        return found, self.wanted, tuple(self.names.items()), tuple(self.row.items())

    @property
    def laid(self) -> Mapping[int, Fresh | None]:
        """The new elements of the edits so far, by tag; None for a deleted one."""
        return self._elements.fresh

    def with_laid(self, laid: Mapping[int, Fresh | None], wanted: Wanted | None) -> Header:
        """Return the header with `laid`, which was made for a header of the same fingerprint."""
        header = self._with(self._elements.with_fresh(laid), wanted)
        if not any(tag in DECIDING or dictionary.is_private(tag) for tag in laid):
            # The texts decoded so far stay valid, but for the elements in `laid`.
            known = {tag: text for tag, text in self._read.items() if tag not in laid}
            header._read.update(known)  # noqa: SLF001  another of this class
        return header

    def _with(
        self, elements: Elements, wanted: Wanted | None, trace: Trace | None = None
    ) -> Header:
        return Header(
            elements,
            location=self._location,
            names=self.names,
            row=self.row,
            wanted=wanted,
            around=self._around,
            trace=trace or self._trace,
        )

    def _trace_all(self) -> None:
        if self._trace is not None:
            self._trace.read_all = True
