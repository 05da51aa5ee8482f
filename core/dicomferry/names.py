"""Names of files as text: a name is bytes, and need not be UTF-8."""

from __future__ import annotations

import re
from typing import Final

_ODD: Final = re.compile("[\ud800-\udfff]")


def shown(text: str) -> str:
    """Return text with each byte that is no UTF-8 (PEP 383) written as `%FF`.

    Such bytes are in names of old disks, and in whatever is made of names. No ledger, header or
    report can hold them. Two names never become one: the bytes stay told apart.
    """
    if text.isascii():
        return text
    return _ODD.sub(_hexadecimal, text)


def bytes_of(text: str) -> str:
    """Return the name that `shown` has made `text` of, as `os.fsencode` takes it."""
    return re.sub("%([89A-F][0-9A-F])", _odd, text)


def _hexadecimal(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"%{code - 0xDC00:02X}" if 0xDC80 <= code <= 0xDCFF else f"%u{code:04X}"


def _odd(match: re.Match[str]) -> str:
    return chr(0xDC00 + int(match[1], 16))
