"""A path that leads to no file is told at once, and never waited for."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from dicomferry.dicom.opening import open_blob
from dicomferry.errors import UnreadableError
from dicomferry.model import Location


def pipe(path: Path) -> None:
    os.mkfifo(path)


def bound_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("make", [pipe, bound_socket, device, folder])
def test_no_file_is_opened_that_is_none(
    make: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path may have 108 bytes
    assert callable(make)
    make(Path("IM0001"))

    with pytest.raises(UnreadableError, match="IM0001: "):
        open_blob(Location("IM0001"))
