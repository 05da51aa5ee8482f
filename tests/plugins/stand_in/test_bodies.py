"""The stand-in asks for the login before it reads a body, and bounds what it reads."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from support.journey import journey


def answer(port: int, *headers: str, body: bytes = b"", method: str = "POST") -> bytes:
    """Send a request of which only `body` ever comes; return the first line of the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as talk:
        lines = [f"{method} /data/services/import HTTP/1.1", "Host: x", *headers, "", ""]
        talk.sendall("\r\n".join(lines).encode() + body)
        return talk.makefile("rb").readline()


@pytest.fixture
def port(tmp_path: Path):
    with journey(tmp_path) as trip:
        yield int(trip.xnat.url.rpartition(":")[2])


def test_a_stranger_is_refused_before_the_body_comes(port: int) -> None:
    assert b" 401 " in answer(port, "Content-Length: 1000000000")
    assert b" 401 " in answer(port, f"Content-Length: {1 << 40}")


@pytest.mark.parametrize("length", ["-1", "12x", "٣", "1e9"])
def test_a_length_that_is_none_is_refused(port: int, length: str) -> None:
    assert b" 400 " in answer(port, f"Content-Length: {length}")


def test_a_body_without_a_length_is_refused(port: int) -> None:
    assert b" 400 " in answer(port, "Transfer-Encoding: chunked", body=b"0\r\n\r\n")


def test_a_short_body_of_a_stranger_gets_its_answer(port: int) -> None:
    assert b" 401 " in answer(port, "Content-Length: 3", body=b"abc")
