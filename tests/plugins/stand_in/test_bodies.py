"""The stand-in asks for the login before it reads a body, and bounds what it reads."""

from __future__ import annotations

import socket
import struct
from base64 import b64encode
from pathlib import Path

import pytest

from support.journey import PASSWORD, journey
from support.patience import until
from support.xnat_wire import zip_of

KNOWN = f"Authorization: Basic {b64encode(f'ferry:{PASSWORD}'.encode()).decode()}"


def request(*headers: str, method: str = "POST") -> bytes:
    """Return the lines of an upload that come before its body."""
    lines = [f"{method} /data/services/import HTTP/1.1", "Host: x", *headers, "", ""]
    return "\r\n".join(lines).encode()


def answer(port: int, *headers: str, body: bytes = b"", method: str = "POST") -> bytes:
    """Send a request of which only `body` ever comes; return the first line of the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as talk:
        talk.sendall(request(*headers, method=method) + body)
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


def test_a_body_longer_than_the_stand_in_takes_is_413_before_it_comes(port: int) -> None:
    assert b" 413 " in answer(port, f"Content-Length: {1 << 40}", KNOWN)


def test_bodies_that_are_too_much_together_are_503_until_there_is_room(port: int) -> None:
    def another() -> bytes:
        return answer(port, "Content-Length: 2000", KNOWN, body=bytes(2000))

    with socket.create_connection(("127.0.0.1", port), timeout=20) as first:
        head = request(f"Content-Length: {(1 << 31) - 1000}", KNOWN)
        first.sendall(head + b"the first bytes of many")
        until(lambda: b" 503 " in another())
        assert b" 503 " in another()
    until(lambda: b" 503 " not in another())
    assert b" 400 " in another()


def test_a_zip_that_unpacks_to_more_than_the_stand_in_takes_is_413(port: int) -> None:
    bomb = bytearray(zip_of({"1.dcm": b"x" * 1000}))
    entry = bomb.index(b"PK\x01\x02")
    bomb[entry + 24 : entry + 28] = (0xFFFFFFF0).to_bytes(4, "little")
    lengths = f"Content-Length: {len(bomb)}"

    assert b" 413 " in answer(port, lengths, KNOWN, body=bytes(bomb))


def test_a_zip_that_says_it_unpacks_to_less_than_it_does_is_400(port: int) -> None:
    lie = bytearray(zip_of({"1.dcm": b"x" * 1000}))
    entry = lie.index(b"PK\x01\x02")
    lie[entry + 24 : entry + 28] = (10).to_bytes(4, "little")

    assert b" 400 " in answer(port, f"Content-Length: {len(lie)}", KNOWN, body=bytes(lie))


def test_a_client_that_goes_in_the_middle_of_a_body_leaves_the_others_alone(
    port: int, capfd: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as gone:
            gone.sendall(request("Content-Length: 100000", KNOWN) + b"half of it")
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    assert b" 400 " in answer(port, "Content-Length: 3", KNOWN, body=b"abc")
    assert "Traceback" not in capfd.readouterr().err
