"""Encodes and decodes text in a Specific Character Set (PS3.5 6.1.2, PS3.3 C.12.1.1.2)."""

from __future__ import annotations

from functools import cache

from dicomferry.dicom.quiet import quietly

CHARACTER_SET = 0x00080005

# The VRs whose text the Specific Character Set governs; all others are ASCII (PS3.5 6.1.2.3).
GOVERNED = frozenset(("LO", "LT", "PN", "SH", "ST", "UC", "UT"))

# pydicom's codecs for the commonest terms: pydicom need not be imported for these.
_ALONE = {
    "": "iso8859",
    "ISO_IR 6": "iso8859",
    "ISO_IR 100": "latin_1",
    "ISO_IR 101": "iso8859_2",
    "ISO_IR 144": "iso_ir_144",
    "ISO_IR 192": "UTF8",
}

# Characters that end a code extension: the first character set is active again (PS3.5 6.1.2.5.3).
_RESETS = {0x5C, 0x0A, 0x0C, 0x0D, 0x09}
_RESETS_IN_NAMES = _RESETS | {0x5E, 0x3D}


@cache
def codecs_of(character_set: tuple[str, ...]) -> tuple[str, ...]:
    """Return Python's codecs for a Specific Character Set, Latin-1 for what is unknown."""
    alone = _ALONE.get("".join(character_set)) if len(character_set) < 2 else None
    if alone is not None:
        return (alone,)
    from pydicom.charset import convert_encodings

    with quietly():
        return tuple(convert_encodings(list(character_set) or [""]))


@cache
def is_known(term: str) -> bool:
    """Say whether a term is one of PS3.3 C.12.1.1.2's."""
    from pydicom.charset import python_encoding

    return term in python_encoding and term != "ISO 2022 IR 6"


def decode(raw: bytes, vr: str, character_set: tuple[str, ...]) -> str:
    """Return text with its padding; bytes that cannot be decoded become U+FFFD."""
    if raw.isascii() and b"\x1b" not in raw:
        return raw.decode("ascii")
    if vr not in GOVERNED:
        return raw.decode("latin-1")
    codecs = codecs_of(character_set)
    if b"\x1b" not in raw:
        return raw.decode(codecs[0], errors="replace")
    from pydicom.charset import decode_bytes

    with quietly():
        return decode_bytes(raw, codecs, _RESETS_IN_NAMES if vr == "PN" else _RESETS)


def encode(text: str, vr: str, character_set: tuple[str, ...]) -> bytes:
    r"""Return the bytes of `text`, code extensions reset at every `\`, `^` and `=` in a name.

    Raises `UnicodeError` for a character that the character set lacks; a VR outside of `GOVERNED`
    takes ASCII only.
    """
    if vr not in GOVERNED or text.isascii():
        return text.encode("ascii")
    codecs = codecs_of(character_set)
    if len(codecs) == 1:
        # The default repertoire is ASCII (PS3.5 6.1.2.2); pydicom takes Latin-1.
        raw = _single(text, "ascii" if codecs[0] == "iso8859" else codecs[0])
    else:
        # pydicom would write Latin-1 without an escape; the default repertoire has none of it.
        if codecs[0] == "iso8859" and any("\x7f" < character <= "\xff" for character in text):
            raise UnicodeError("not in the default repertoire")
        raw = b"\\".join(_extended(part, vr, codecs) for part in text.split("\\"))
    if decode(raw, vr, character_set) != text:
        raise UnicodeError("does not read back")
    return raw


def _single(text: str, codec: str) -> bytes:
    raw = text.encode(codec)
    if codec == "shift_jis" and len(raw) != len(text):
        raise UnicodeError("JIS X 0201 has single bytes alone")
    return raw


def _extended(text: str, vr: str, codecs: tuple[str, ...]) -> bytes:
    if vr != "PN":
        return _extension(text, codecs)
    groups = (group.split("^") for group in text.split("="))
    return b"=".join(b"^".join(_extension(part, codecs) for part in group) for group in groups)


def _extension(text: str, codecs: tuple[str, ...]) -> bytes:
    """Encode with pydicom; it writes `?` for a lacking character, which `encode` finds later."""
    if text.isascii():
        return text.encode("ascii")
    from pydicom.charset import encode_string

    with quietly():
        return encode_string(text, codecs)
