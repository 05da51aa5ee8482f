"""One run at a time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dicomferry.errors import LedgerError
from dicomferry.ledger import Lock

HOLD = """
import sys
from pathlib import Path
from dicomferry.ledger import Lock
with Lock(Path(sys.argv[1]), "run"):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_run_is_refused_and_the_holder_is_named(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        with pytest.raises(LedgerError, match=f"run, process {process.pid}"), Lock(tmp_path, "run"):
            pass
        process.kill()


def test_a_killed_holder_frees_the_lock(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        process.kill()
        process.wait()

    with Lock(tmp_path, "run"):
        pass


def test_a_lock_can_be_taken_again_after_its_release(tmp_path: Path) -> None:
    with Lock(tmp_path, "plan"):
        pass

    with Lock(tmp_path, "run"):
        pass


@pytest.mark.parametrize("content", [b"", b"not json", b"[1]"])
def test_a_strange_lock_file_is_no_obstacle(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "lock").write_bytes(content)

    with Lock(tmp_path, "run"):
        pass


def test_an_unwritable_folder_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")

    with pytest.raises(LedgerError, match="cannot be written"), Lock(file, "run"):
        pass


def test_the_lock_is_the_owners_alone(tmp_path: Path) -> None:
    with Lock(tmp_path, "run"):
        mode = (tmp_path / "lock").stat().st_mode & 0o777

    assert mode == 0o600
