"""Instances damaged at random, by a seed: each of its own SOP Instance UID, at any depth.

It shares no code with dicomferry's walk: what lies about lengths is found by a walk of its own.
"""

from __future__ import annotations

import random
import struct
import warnings
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from pydicom import Dataset, Sequence, dcmread, dcmwrite
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
)

from support.instances import image, part10, uid

_LONG_VRS = frozenset(
    (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
)
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = (0xFFFE, 0xE000), (0xFFFE, 0xE00D), (0xFFFE, 0xE0DD)
_LARGEST = 200_000


class Base:
    """A whole file; `fresh` is a copy of it with another SOP Instance UID of the same length."""

    def __init__(self, name: str, content: bytes) -> None:
        self.name = name
        self.meta_end = _meta_end(content)
        read = dcmread(BytesIO(content), stop_before_pixels=True)
        self.syntax = str(read.file_meta.TransferSyntaxUID)
        self._uid = str(read.SOPInstanceUID).encode()
        self._content = content

    def fresh(self, number: int) -> bytes:
        """Return the file with a UID that `number` decides."""
        one = b"2.25.1%0*d" % (len(self._uid) - 6, number)
        head, body = self._content[: self.meta_end], self._content[self.meta_end :]
        if self.syntax == DeflatedExplicitVRLittleEndian:
            plain = zlib.decompress(body, -zlib.MAX_WBITS).replace(self._uid, one)
            packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
            body = packer.compress(plain) + packer.flush()
            body += b"\0" * (len(body) % 2)
        else:
            body = body.replace(self._uid, one)
        return head.replace(self._uid, one) + body


def bases() -> list[Base]:
    """Return made-up instances of every encoding, and the small ones that pydicom comes with."""
    made = [Base(name, content) for name, content in _made_up()]
    found = []
    for path in _of_pydicom():
        content = path.read_bytes()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                base = Base(path.name, content)
                read = dcmread(BytesIO(content))
                usable = bool(read.StudyInstanceUID and read.SeriesInstanceUID and read.SOPClassUID)
        except Exception:  # noqa: BLE001  what pydicom cannot read is no base
            continue
        if usable and content[128:132] == b"DICM" and len(base._uid) > 12:
            found.append(base)
    return made + found


def mutant(base: Base, number: int, seed: int) -> bytes:
    """Return one damaged copy of a base; the same for the same numbers."""
    luck = random.Random(f"{seed} {base.name} {number}")
    content = bytearray(base.fresh(number))
    for _ in range(luck.choice((1, 1, 1, 1, 2))):
        if content:
            luck.choice(_DAMAGES)(content, luck, base)
    return bytes(content)


def _flip(content: bytearray, luck: random.Random, base: Base) -> None:
    for _ in range(luck.choice((1, 1, 2, 8))):
        content[_at(content, luck)] ^= 1 << luck.randrange(8)


def _overwrite(content: bytearray, luck: random.Random, base: Base) -> None:
    at, length = _at(content, luck), luck.randint(1, 16)
    content[at : at + length] = luck.choice(
        (bytes(length), b"\xff" * length, luck.randbytes(length))
    )


def _cut_off(content: bytearray, luck: random.Random, base: Base) -> None:
    del content[_at(content, luck) :]


def _cut_out(content: bytearray, luck: random.Random, base: Base) -> None:
    at = _at(content, luck)
    del content[at : at + luck.choice((1, 2, 3, 4, 8, 100))]


def _insert(content: bytearray, luck: random.Random, base: Base) -> None:
    at, length = _at(content, luck), luck.choice((1, 2, 4, 8, 100))
    content[at:at] = luck.choice((bytes(length), luck.randbytes(length), content[at : at + length]))


def _lie_about_a_length(content: bytearray, luck: random.Random, base: Base) -> None:
    if not (fields := _length_fields(bytes(content), base)):
        return
    at, size = luck.choice(fields)
    order = _order(base, at)
    most = (1 << 8 * size) - 1
    (was,) = struct.unpack_from(order + ("I" if size == 4 else "H"), content, at)
    lies = (0, 1, was + 1, was - 1, was + 2, was - 2, was * 2, was // 2, most, most - 1, 2**31,
            luck.randrange(most), was + luck.randrange(64), was - luck.randrange(64))  # fmt: skip
    struct.pack_into(order + ("I" if size == 4 else "H"), content, at, luck.choice(lies) & most)


def _lie_about_an_element(content: bytearray, luck: random.Random, base: Base) -> None:
    if not (fields := _length_fields(bytes(content), base)):
        return
    at, size = luck.choice(fields)
    start = at - (8 if bytes(content[at - 4 : at - 2]) in _LONG_VRS else 6 if size == 2 else 4)
    if luck.random() < 0.5:
        content[start + 4 : start + 6] = luck.choice((b"SQ", b"UN", b"OB", b"XX", b"\0\0", b"US"))
    else:
        content[start + luck.randrange(4)] = luck.randrange(256)


_DAMAGES = (
    *(_flip,) * 5, _overwrite, _overwrite, _cut_off, _cut_out, _insert,
    *(_lie_about_a_length,) * 4, *(_lie_about_an_element,) * 3,
)  # fmt: skip
"""Those that leave most of a file as it was are tried more often: few of the others are ready."""


def _at(content: bytearray, luck: random.Random) -> int:
    """Return a place: half of them in the first 2 kB, where the elements are."""
    end = len(content) if luck.random() < 0.5 else min(len(content), 2048)
    return luck.randrange(end) if end else 0


def _order(base: Base, at: int) -> str:
    return ">" if base.syntax == ExplicitVRBigEndian and at >= base.meta_end else "<"


def _meta_end(content: bytes) -> int:
    (length,) = struct.unpack_from("<I", content, 140)
    return 144 + int(length)


def _length_fields(content: bytes, base: Base) -> list[tuple[int, int]]:
    """Return offset and size of the length fields of elements and items, as deep as they go."""
    fields: list[tuple[int, int]] = []
    try:
        fields += _walked(content, 132, base.meta_end, "<", explicit=True)
        if base.syntax != DeflatedExplicitVRLittleEndian:
            order, explicit = _order(base, base.meta_end), base.syntax != ImplicitVRLittleEndian
            fields += _walked(content, base.meta_end, len(content), order, explicit=explicit)
    except struct.error:  # damaged already
        pass
    return fields


def _walked(
    content: bytes, at: int, end: int, order: str, *, explicit: bool
) -> Iterator[tuple[int, int]]:
    """Yield length fields; sequences are gone through as if their items stood beside them."""
    while at + 8 <= end:
        tag = struct.unpack_from(order + "HH", content, at)
        vr = content[at + 4 : at + 6]
        if tag[0] == 0xFFFE or not explicit:
            at, size = at + 4, 4
        elif vr in _LONG_VRS:
            at, size = at + 8, 4
        else:
            at, size = at + 6, 2
        (length,) = struct.unpack_from(order + ("I" if size == 4 else "H"), content, at)
        yield at, size
        at += size
        nested = length == _UNDEFINED or tag in {_ITEM, _ITEM_END, _SEQUENCE_END}
        if (
            not nested
            and not (explicit and vr == b"SQ")
            and not _begins_an_item(content, at, order)
        ):
            at += length


def _begins_an_item(content: bytes, at: int, order: str) -> bool:
    return content[at : at + 4] == struct.pack(order + "HH", *_ITEM)


def _of_pydicom() -> list[Path]:
    import pydicom.data

    root = Path(pydicom.data.__file__).parent
    files = (path for path in root.rglob("*") if path.is_file())
    usable = sorted(path for path in files if 500 < path.stat().st_size < _LARGEST)
    # A hundred files of its directory of files are alike: three of them do.
    alike = [path for path in usable if path.parent.name == "98892003"]
    return [path for path in usable if "dicomdirtests" not in path.parts or path in alike[:3]]


def _made_up() -> Iterator[tuple[str, bytes]]:
    plain = _rich("plain")
    yield "made-up-explicit", part10(plain)
    yield "made-up-defined-lengths", part10(_rich("defined", undefined=False))
    yield "made-up-implicit", _encoded("implicit", ImplicitVRLittleEndian)
    yield "made-up-big", _encoded("big", ExplicitVRBigEndian)
    yield "made-up-deflated", _encoded("deflated", DeflatedExplicitVRLittleEndian)
    yield "made-up-jpeg", _encoded("jpeg", JPEGBaseline8Bit)


def _encoded(seed: str, syntax: str) -> bytes:
    dataset = _rich(seed)
    dataset.file_meta = dcmread(BytesIO(part10(_rich(seed)))).file_meta
    dataset.file_meta.TransferSyntaxUID = syntax
    if syntax == JPEGBaseline8Bit:
        dataset.BitsAllocated = dataset.BitsStored = 8
        dataset.HighBit = 7
        dataset.PixelData = encapsulate([b"\xff\xd8" + bytes(100) + b"\xff\xd9"])
        dataset["PixelData"].VR = "OB"
        dataset["PixelData"].is_undefined_length = True
    buffer = BytesIO()
    little = syntax != ExplicitVRBigEndian
    dcmwrite(
        buffer, dataset, enforce_file_format=True,
        implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=little,
    )  # fmt: skip
    return buffer.getvalue()


def _rich(seed: str, *, undefined: bool = True) -> Dataset:
    """Return an image with sequences three deep, of undefined and of defined lengths."""
    dataset = image({
        "ImageType": ["ORIGINAL", "PRIMARY"],
        "SOPInstanceUID": uid("mutants", seed), "StudyInstanceUID": uid("study", seed),
        "SeriesInstanceUID": uid("series", seed), "PatientID": f"M-{seed}", "PatientName": "A^B",
        "StudyDate": "20050102", "SeriesNumber": "3", "InstanceNumber": "7",
    })  # fmt: skip
    deepest, middle, outer = Dataset(), Dataset(), Dataset()
    deepest.CodeValue, deepest.CodingSchemeDesignator = "T-1", "SRT"
    deepest.CodeMeaning = "Brain of a meaning"
    middle.AnatomicRegionSequence = Sequence([deepest])
    middle.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.4"
    outer.ReferencedImageSequence = Sequence([middle, middle])
    outer.PatientID = "OTHER"
    dataset.RequestAttributesSequence = Sequence([outer])
    dataset.ProcedureCodeSequence = Sequence([deepest])
    dataset["ProcedureCodeSequence"].is_undefined_length = undefined
    outer["ReferencedImageSequence"].is_undefined_length = undefined
    middle.is_undefined_length_sequence_item = undefined
    block = dataset.private_block(0x0019, "MUTANTS", create=True)
    block.add_new(0x08, "CS", "PRIVATE")
    block.add_new(0x09, "SQ", Sequence([deepest]))
    return dataset
