"""What a fetcher gets is taken if it was ordered, fits, and is what its source told of."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dicomferry.engine.pipeline.spooled import discard, is_as_it_came
from dicomferry.engine.retrieve.inbox import Slot, SpoolInbox
from dicomferry.engine.retrieve.pace import Pace
from dicomferry.errors import FerryError
from dicomferry.model import InstanceRef, RemoteInstance


def instance(number: int, size: int = 0, modified_ns: int = 0) -> RemoteInstance:
    ref = InstanceRef("1", "1.2", f"1.2.{number}", "")
    return RemoteInstance("web", "s", ref, size=size, modified_ns=modified_ns)


def inbox(folder: Path, *instances: RemoteInstance, room: int = 100) -> SpoolInbox:
    slots = {one.location: Slot(one, folder / str(n)) for n, one in enumerate(instances)}
    return SpoolInbox(folder, slots, room, Pace(), lambda: False)


def pieces(data: bytes) -> Iterator[bytes]:
    for at in range(0, len(data), 10):
        yield data[at : at + 10]


def broken() -> Iterator[bytes]:
    yield b"half"
    raise ConnectionError


def write(box: SpoolInbox, one: RemoteInstance, data: bytes | Iterator[bytes]) -> None:
    with box.writing(one) as file:
        for piece in pieces(data) if isinstance(data, bytes) else data:
            file.write(piece)


def test_what_is_written_arrives_in_full_and_takes_its_room(tmp_path: Path) -> None:
    first, second = instance(1), instance(2)
    box = inbox(tmp_path, first, second)
    write(box, first, b"x" * 60)

    assert (tmp_path / "0").read_bytes() == b"x" * 60
    assert box.missing() == [second]
    assert (box.room, box.full) == (40, False)


def test_what_outgrows_the_room_leaves_nothing(tmp_path: Path) -> None:
    one = instance(1)
    box = inbox(tmp_path, one)
    write(box, one, b"x" * 101)

    assert (box.missing(), box.full, box.room) == ([one], True, 100)
    assert not list(tmp_path.iterdir())


def test_what_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    one = instance(1)
    box = inbox(tmp_path, one)
    with pytest.raises(ConnectionError):
        write(box, one, broken())

    assert (box.missing(), box.full) == ([one], False)
    assert not list(tmp_path.iterdir())


def test_what_was_not_ordered_is_not_kept(tmp_path: Path) -> None:
    box = inbox(tmp_path, instance(1))
    write(box, instance(2), b"x")

    assert not list(tmp_path.iterdir())


def test_what_was_not_ordered_is_kept_where_its_series_is_wanted_whole(tmp_path: Path) -> None:
    one, other, stranger = instance(1), instance(2), instance(3)
    box = SpoolInbox(
        tmp_path, {one.location: Slot(one, tmp_path / "0")}, 100, Pace(), lambda: False,
        lambda found: tmp_path / "extra" if found == other else None,
    )  # fmt: skip
    for each in (other, stranger):
        write(box, each, b"x")

    assert list(box.unlisted.values()) == [other]
    assert (tmp_path / "extra").read_bytes() == b"x"
    assert box.missing() == [one]


def test_a_series_without_a_list_is_missing_until_all_of_it_came(tmp_path: Path) -> None:
    series = RemoteInstance("web", "s", InstanceRef("1", "1.2", "", ""))
    box = inbox(tmp_path, series)

    assert box.missing() == [series]
    box.complete(series)
    assert not box.missing()


def test_a_file_is_known_by_its_digest(tmp_path: Path) -> None:
    one = instance(1)
    write(inbox(tmp_path, one), one, b"x" * 60)

    assert is_as_it_came(tmp_path / "0")
    (tmp_path / "0").write_bytes(b"x" * 59 + b"y")
    assert not is_as_it_came(tmp_path / "0")
    discard(tmp_path / "0")
    assert not list(tmp_path.iterdir())


def test_another_size_than_the_server_had_told_is_not_taken(tmp_path: Path) -> None:
    one = instance(1, size=50)
    box = inbox(tmp_path, one)
    write(box, one, b"x" * 49)

    assert (box.missing(), box.full) == ([one], False)
    assert box.why == "49 bytes came of an instance of 50"


def test_a_file_gets_the_time_that_the_server_had_told(tmp_path: Path) -> None:
    one = instance(1, modified_ns=10**18)
    write(inbox(tmp_path, one), one, b"x")

    assert os.stat(tmp_path / "0").st_mtime_ns == 10**18  # noqa: PTH116


def test_a_spool_that_is_gone_is_told(tmp_path: Path) -> None:
    one = instance(1)
    box = inbox(tmp_path / "gone", one)

    with pytest.raises(FerryError, match="cannot be used"):
        write(box, one, b"x")
