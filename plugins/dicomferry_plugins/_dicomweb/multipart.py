"""The parts of a multipart/related message, as its bytes come (RFC 2046 5.1, PS3.18 8.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from email.message import Message
from typing import Final

from msgspec import Struct

_LONGEST_HEAD: Final = 1 << 16
_LONGEST_PADDING: Final = 256
_END_OF_HEAD: Final = b"\r\n\r\n"


class CutError(Exception):
    """The message is not whole: its closing boundary, or a part's own length, is missing."""


class Part(Struct, frozen=True):
    """One part: its header fields by lower-case name, and its bytes, which can be read once."""

    fields: Mapping[str, str]
    chunks: Iterator[bytes]


class MultipartReader:
    """Yields the parts of a message, holding no more of it than a chunk and a boundary.

    What is not read of a part is passed over when the next one is asked for. A part is whole when
    its `chunks` end; they raise `CutError` where the message ends before the part does.
    """

    def __init__(self, chunks: Iterable[bytes], boundary: str) -> None:
        self._chunks = iter(chunks)
        self._delimiter = b"\r\n--" + boundary.encode("latin-1", "replace")
        # The first boundary may be the first line.
        self._held = bytearray(b"\r\n")
        self._closed = False

    def __iter__(self) -> Iterator[Part]:
        """Yield the parts; raises `CutError` where the closing boundary does not come."""
        for _ in self._until_delimiter():
            pass  # a preamble means nothing
        while not self._closed:
            fields = self._fields()
            part = Part(fields, self._body(fields.get("content-length", "")))
            yield part
            for _ in part.chunks:
                pass

    def _body(self, told: str) -> Iterator[bytes]:
        size = 0
        for chunk in self._until_delimiter():
            size += len(chunk)
            yield chunk
        if told.isascii() and told.isdigit() and int(told) != size:
            raise CutError(f"a part of {told} bytes has {size}")

    def _until_delimiter(self) -> Iterator[bytes]:
        held, start = self._held, 0
        while True:
            at = held.find(self._delimiter, start)
            if at >= 0:
                end = self._end_of_delimiter(at + len(self._delimiter))
                if not end:
                    start = at + 1
                    continue
                if at:
                    yield bytes(held[:at])
                del held[:end]
                return
            ready = len(held) - len(self._delimiter) + 1
            if ready > 0:
                yield bytes(held[:ready])
                del held[:ready]
            start = 0
            self._fill()

    def _end_of_delimiter(self, at: int) -> int:
        """Return where a delimiter ends whose boundary ends at `at`; 0 where it is none."""
        held = self._held
        while True:
            rest = bytes(held[at : at + _LONGEST_PADDING])
            if rest.startswith(b"--"):
                self._closed = True
                return at + 2
            padding = len(rest) - len(rest.lstrip(b" \t"))
            line = rest[padding : padding + 2]
            if line == b"\r\n":
                return at + padding + 2
            if line not in (b"", b"\r", b"-") or len(rest) == _LONGEST_PADDING:
                return 0
            self._fill()

    def _fields(self) -> dict[str, str]:
        held = self._held
        # A part without header fields begins with the empty line.
        while not (held.startswith(b"\r\n") or _END_OF_HEAD in held):
            if len(held) > _LONGEST_HEAD:
                raise CutError("a part has no end of its header fields")
            self._fill()
        if held.startswith(b"\r\n"):
            del held[:2]
            return {}
        end = held.find(_END_OF_HEAD)
        lines = bytes(held[:end]).decode("latin-1").split("\r\n")
        del held[: end + len(_END_OF_HEAD)]
        pairs = (line.partition(":") for line in lines)
        return {name.strip().lower(): value.strip() for name, _, value in pairs}

    def _fill(self) -> None:
        chunk = next(self._chunks, None)
        if chunk is None:
            raise CutError("its closing boundary did not come")
        self._held += chunk


def media_type(content_type: str) -> tuple[str, str]:
    """Return the media type of a Content-Type, in lower case, and its boundary, if any."""
    message = Message()
    message["Content-Type"] = content_type
    return message.get_content_type() if content_type else "", message.get_boundary("") or ""
