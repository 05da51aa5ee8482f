"""A read that fails says nothing about the bytes: it is tried again, and never called damage."""

from __future__ import annotations

import errno
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dicomferry.dicom import passing
from dicomferry.dicom.archive import open_member
from dicomferry.dicom.blob import FileBlob
from dicomferry.errors import DamagedError, UnreadableError
from dicomferry.model import Location

CONTENT = b"0123456789" * 100
Failing = Callable[[int, int], list[int]]


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "scan.dcm"
    path.write_bytes(CONTENT)
    return str(path)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Failing:
    """Let the first reads of every file fail; return what counts the reads."""
    real, reads = os.pread, [0]
    monkeypatch.setattr("dicomferry.dicom.blob.PAUSES", (0.0,) * len(passing.PAUSES))

    def fail(number: int, times: int) -> list[int]:
        def pread(descriptor: int, length: int, start: int) -> bytes:
            reads[0] += 1
            if reads[0] <= times:
                raise OSError(number, os.strerror(number))
            return real(descriptor, length, start)

        monkeypatch.setattr(os, "pread", pread)
        return reads

    return fail


@pytest.mark.parametrize("name", ["EIO", "ESTALE", "ENOMEM", "EMFILE", "ETIMEDOUT"])
def test_a_read_that_fails_once_is_tried_again(file: str, failing: Failing, name: str) -> None:
    failing(getattr(errno, name), 1)

    assert FileBlob(file, "scan").read(5, 10) == CONTENT[5:15]


def test_a_read_that_goes_on_failing_is_told_and_is_no_damage(file: str, failing: Failing) -> None:
    reads = failing(errno.EIO, 100)

    with pytest.raises(UnreadableError, match="Input/output error"):
        FileBlob(file, "scan").read(0, 10)

    assert reads == [1 + len(passing.PAUSES)]


def test_what_cannot_pass_is_not_tried_again(file: str, failing: Failing) -> None:
    reads = failing(errno.EINVAL, 100)

    with pytest.raises(UnreadableError):
        FileBlob(file, "scan").read(0, 10)

    assert reads == [1]


def test_a_file_that_is_opened_while_there_are_no_descriptors_is_tried_again(
    file: str, failing: Failing, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, opened = os.open, [0]

    def full(path: str, flags: int) -> int:
        opened[0] += 1
        if opened[0] == 1:
            raise OSError(errno.EMFILE, "Too many open files")
        return real(path, flags)

    failing(0, 0)
    monkeypatch.setattr(os, "open", full)

    assert FileBlob(file, "scan").read(0, 3) == b"012"


def test_a_file_that_grows_while_it_is_read_is_no_damage(file: str) -> None:
    blob = FileBlob(file, "scan")
    with Path(file).open("ab") as more:
        more.write(b"more")

    with pytest.raises(UnreadableError, match="was changed while it was read"):
        blob.read(0, 10)


def test_an_archive_on_a_disk_that_fails_is_no_damaged_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "disk.zip"
    with zipfile.ZipFile(archive, "w") as writing:
        writing.writestr("a.dcm", CONTENT)

    def broken(*_: object) -> object:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("dicomferry.dicom.archive.inside._inside", broken)

    with pytest.raises(UnreadableError, match="Input/output error"):
        open_member(Location(str(archive), "a.dcm"))


def test_an_archive_that_is_broken_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "disk.tar.bz2").write_bytes(b"BZh9" + bytes(100))

    with pytest.raises(DamagedError):
        open_member(Location(str(tmp_path / "disk.tar.bz2"), "a.dcm"))
