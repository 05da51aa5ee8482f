"""What a PACS sends is taken if it was asked for and fits, and leaves nothing behind else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.events import Event

from dicomferry.dicom.header import Header
from dicomferry.engine.retrieve.inbox import Slot, SpoolInbox
from dicomferry.engine.retrieve.pace import Pace
from dicomferry.model import RemoteInstance
from dicomferry_plugins._pacs.intake import Door, Intake, receiving
from dicomferry_plugins._pacs.listener import MoveTarget, listening
from support import pacs, servers
from support.instances import EXPLICIT_LITTLE, MR_IMAGE
from support.scu import store_each

SMALL, LARGE = 16, 600
"""Rows of an image; the large one has 720 kB."""


class Watching(Intake):
    """An intake that notes how much of each instance was written before it was answered."""

    def __init__(self, inbox: SpoolInbox) -> None:
        super().__init__(inbox)
        self.written: list[int] = []

    def take(self, event: Event) -> int:
        """Note, and take."""
        self.written.append(Path(event.dataset_path).stat().st_size)
        return super().take(event)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "spool").mkdir()
    return tmp_path / "spool"


def images(folder: Path, rows: int = SMALL) -> list[Dataset]:
    return [dcmread(path) for path in pacs.study(folder.parent / "in", 1, rows=rows)]


def watching(folder: Path, wanted: list[Dataset], room: int) -> Watching:
    found = [RemoteInstance("pacs", "old", Header.of(one).ref) for one in wanted]
    slots = {one.location: Slot(one, folder / f"{i}") for i, one in enumerate(found)}
    return Watching(SpoolInbox(folder, slots, room, Pace(), lambda: False))


@contextmanager
def open_door(folder: Path) -> Iterator[tuple[Door, Association]]:
    """Listen, and associate with it as a PACS that moves images does."""
    port = servers.free_port()
    sender = AE("PACS")
    sender.add_requested_context(MR_IMAGE, EXPLICIT_LITTLE)
    with receiving(folder) as door, listening(MoveTarget("FERRY", port), door):
        association = sender.associate(servers.HOST, port, ae_title="FERRY")
        assert association.is_established
        yield door, association
        association.release()


def test_what_was_asked_for_and_fits_is_kept(folder: Path) -> None:
    held = images(folder)
    with open_door(folder) as (door, association):
        door.intake = intake = watching(folder, held, 1 << 20)
        answers = [answer.Status for answer in store_each(association, held)]

    assert answers == [0, 0]
    assert intake.came == 2
    assert [dcmread(folder / name).SOPInstanceUID for name in ("0", "1")] == [
        one.SOPInstanceUID for one in held
    ]


def test_what_outgrows_the_room_is_refused_and_not_even_written(folder: Path) -> None:
    held = images(folder, LARGE)
    with open_door(folder) as (door, association):
        door.intake = intake = watching(folder, held, 100_000)
        answers = [answer.Status for answer in store_each(association, held)]

    assert answers == [0xA700, 0xA700]
    assert intake.written == [0, 0]
    assert intake.inbox is not None
    assert intake.inbox.full
    assert not list(folder.iterdir())


def test_the_second_is_refused_where_there_is_room_for_one(folder: Path) -> None:
    held = images(folder, LARGE)
    with open_door(folder) as (door, association):
        door.intake = intake = watching(folder, held, 1_000_000)
        answers = [answer.Status for answer in store_each(association, held)]

    assert answers == [0, 0xA700]
    assert intake.inbox is not None
    assert [one.ref for one in intake.inbox.missing()] == [Header.of(held[1]).ref]
    assert {file.stem for file in folder.iterdir()} == {"0"}


def test_what_was_not_asked_for_is_refused_and_leaves_nothing(folder: Path) -> None:
    held = images(folder)
    with open_door(folder) as (door, association):
        door.intake = intake = watching(folder, held[:1], 1 << 20)
        (answer,) = store_each(association, held[1:])

    assert answer.Status == 0x0124
    assert intake.unasked == 1
    assert not list(folder.iterdir())


def test_nothing_is_taken_while_nothing_is_asked_for(folder: Path) -> None:
    held = images(folder, LARGE)
    with open_door(folder) as (_, association):
        (answer,) = store_each(association, held[:1])

    assert answer.Status == 0x0124
    assert not list(folder.iterdir())
