"""Messages in pieces of any size: a part is what stood between two boundaries, or it is cut."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, strategies as st

from dicomferry_plugins._dicomweb.multipart import CutError, MultipartReader, media_type

BOUNDARY = "edge"
SOME_BYTES = st.one_of(
    st.binary(max_size=40),
    st.lists(
        st.sampled_from([b"\r", b"\n", b"--edge", b"\r\n--edg", b"\r\n--edgex", b"-", b"a"]),
        max_size=8,
    ).map(b"".join),
)


def message(parts: list[bytes], *, closed: bool = True, fields: bytes = b"A: b\r\n") -> bytes:
    body = b"".join(b"--edge\r\n" + fields + b"\r\n" + part + b"\r\n" for part in parts)
    return body + (b"--edge--\r\n" if closed else b"")


def pieces(body: bytes, size: int) -> Iterator[bytes]:
    return (body[at : at + size] for at in range(0, len(body), size))


def read(body: bytes, size: int = 7) -> list[bytes]:
    return [b"".join(part.chunks) for part in MultipartReader(pieces(body, size), BOUNDARY)]


def read_until_cut(body: bytes, size: int) -> list[bytes]:
    whole: list[bytes] = []
    reader = MultipartReader(pieces(body, size), BOUNDARY)
    with pytest.raises(CutError, match="closing boundary"):
        whole.extend(b"".join(part.chunks) for part in reader)
    return whole


def is_no_boundary(part: bytes) -> bool:
    """RFC 2046 forbids a boundary within a part."""
    lines = (b"\r\n" + part + b"\r\n").split(b"\r\n--edge")[1:]
    return not any(
        line.lstrip(b" \t").startswith(b"\r\n") or line.startswith(b"--") for line in lines
    )


@given(st.lists(SOME_BYTES.filter(is_no_boundary), min_size=1, max_size=4), st.integers(1, 30))
def test_parts_come_out_as_they_went_in(parts: list[bytes], size: int) -> None:
    assert read(message(parts), size) == parts


@given(st.lists(SOME_BYTES.filter(is_no_boundary), min_size=1, max_size=4), st.integers(1, 30),
       st.data())  # fmt: skip
def test_a_message_that_ends_anywhere_before_its_end_is_cut(
    parts: list[bytes], size: int, data: st.DataObject
) -> None:
    body = message(parts)[:-2]
    end = data.draw(st.integers(0, len(body) - 1))
    whole = read_until_cut(body[:end], size)
    assert whole == parts[: len(whole)]


def test_without_its_closing_boundary_a_message_is_cut_and_whole_parts_are_whole() -> None:
    body = message([b"one", b"two"], closed=False)
    assert read_until_cut(body, 5) == [b"one"]


def test_a_part_that_is_not_as_long_as_it_says_is_cut() -> None:
    body = message([b"four"], fields=b"Content-Length: 5\r\n")
    with pytest.raises(CutError, match="5 bytes has 4"):
        read(body)


def test_a_part_that_nobody_reads_is_passed_over() -> None:
    fields = [part.fields for part in MultipartReader([message([b"one", b"two"])], BOUNDARY)]
    assert fields == [{"a": "b"}, {"a": "b"}]


def test_a_preamble_an_epilogue_and_padding_mean_nothing() -> None:
    body = b"hello\r\n--edge \t\r\n\r\none\r\n--edge--\r\nbye\r\n--edge\r\n"
    assert read(body) == [b"one"]


def test_header_fields_without_an_end_are_cut() -> None:
    with pytest.raises(CutError, match="header fields"):
        read(b"--edge\r\nA: " + b"x" * (1 << 17), 1 << 12)


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ('Multipart/Related; boundary="a b"', ("multipart/related", "a b")),
        ("multipart/related;boundary=x", ("multipart/related", "x")),
        ("application/dicom", ("application/dicom", "")),
        ("", ("", "")),
    ],
)  # fmt: skip
def test_a_content_type_names_the_boundary(told: str, kind: tuple[str, str]) -> None:
    assert media_type(told) == kind
