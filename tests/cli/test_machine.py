"""Trouble of the machine is told with its place and what to do, and is never called a bug."""

from __future__ import annotations

import errno
import os
import resource
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dicomferry.cli.machine import trouble_of
from support.cli import PROGRAM, ferry
from support.instances import make_instances

RECIPE = """\
recipe: 1
name: shelf
sources: [{folder: {path: data}}]
sinks: [{export: {path: out, layout: "{{ SOPInstanceUID }}.dcm"}}]
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    make_instances(tmp_path / "data", 12)
    path = tmp_path / "shelf.yaml"
    path.write_text(RECIPE)
    return path


def limited(recipe: Path, kind: int, limit: int, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, "run", str(recipe), *options], capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(kind, (limit, limit)),
    )  # fmt: skip


def stored(recipe: Path) -> int:
    return len(list((recipe.parent / "out").glob("*.dcm")))


def closed() -> None:
    os.close(1)


@pytest.mark.parametrize("output", ["closed", "full", "gone"])
def test_a_run_whose_output_cannot_be_shown_does_its_work_and_says_so(
    recipe: Path, output: str
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    full = os.open("/dev/full", os.O_WRONLY)

    result = subprocess.run(
        [*PROGRAM, "run", str(recipe)], stderr=subprocess.PIPE, text=True, check=False,
        stdout={"closed": None, "full": full, "gone": writing}[output],
        preexec_fn=closed if output == "closed" else None,
    )  # fmt: skip

    assert (result.returncode, stored(recipe)) == (1, 12)
    assert "standard output" in result.stderr
    assert "`dicomferry status RECIPE` shows it" in result.stderr
    assert len(result.stderr.splitlines()) == 2
    assert ferry("run", recipe).returncode == 0


def test_help_that_nobody_reads_is_no_bug() -> None:
    full = os.open("/dev/full", os.O_WRONLY)

    result = subprocess.run(
        [*PROGRAM, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
    )

    assert result.returncode == 1
    assert "No space left on device" in result.stderr


@pytest.mark.parametrize("limit", [8, 12])
def test_too_few_open_files_are_told_with_the_limit(recipe: Path, limit: int) -> None:
    result = limited(recipe, resource.RLIMIT_NOFILE, limit)

    assert result.returncode in (1, 2)
    assert "ulimit -n" in result.stderr
    assert "bug" not in result.stderr
    assert ferry("run", recipe).returncode == 0
    assert stored(recipe) == 12


@pytest.mark.parametrize("limit", [0, 4096, 60_000, 100_000])
def test_a_disk_that_takes_no_more_is_told_and_nothing_is_lost(recipe: Path, limit: int) -> None:
    result = limited(recipe, resource.RLIMIT_FSIZE, limit)

    assert result.returncode in (1, 2), result.stdout
    assert "bug" not in result.stderr
    assert "Everything is stored" not in result.stdout
    assert "Traceback" not in result.stderr
    again = ferry("run", recipe)
    assert (again.returncode, stored(recipe)) == (0, 12), again.stdout + again.stderr


def test_a_full_dev_shm_is_not_needed(
    recipe: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from multiprocessing import heap

    monkeypatch.setattr(heap, "Arena", None)
    from dicomferry import Ferry

    with Ferry.open(recipe, state=tmp_path / "state") as opened:
        assert opened.run(opened.plan()).complete


@pytest.mark.parametrize("name", ["ENOSPC", "EDQUOT", "EROFS", "ENOMEM", "EMFILE", "ESTALE", "EIO"])
def test_an_error_of_the_machine_has_its_place_and_a_remedy(name: str) -> None:
    number = getattr(errno, name)

    trouble = trouble_of(OSError(number, os.strerror(number), "/data/x"))

    assert trouble is not None
    assert trouble.message == f"/data/x: {os.strerror(number)}"
    assert trouble.hint
    assert trouble.exit_code == 1


@pytest.mark.parametrize("make", [MemoryError, lambda: RuntimeError("can't start new thread")])
def test_no_memory_and_no_threads_are_the_machines(make: Callable[[], Exception]) -> None:
    assert trouble_of(make()) is not None


@pytest.mark.parametrize("error", [KeyError("x"), OSError("no number"), RuntimeError("other")])
def test_what_may_be_a_bug_stays_one(error: Exception) -> None:
    assert trouble_of(error) is None


def test_a_table_that_is_gone_in_the_middle_is_damage_of_the_ledger() -> None:
    with pytest.raises(sqlite3.OperationalError) as raised:
        sqlite3.connect(":memory:").execute("SELECT * FROM item")

    trouble = trouble_of(raised.value)

    assert trouble is not None
    assert "it is damaged: no such table: item" in trouble.message
