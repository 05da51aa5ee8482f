"""An item whose reading failed is looked at by every plan until it can be read."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dicomferry import Ferry
from dicomferry.ledger.rows import Verdict
from support.instances import make_instances

RECIPE = """\
recipe: 1
name: shelf
sources: [{folder: {path: data}}]
sinks: [{export: {path: out, layout: "{{ SOPInstanceUID }}.dcm"}}]
"""
Trouble = Callable[[int], None]


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    make_instances(tmp_path / "data", 4)
    path = tmp_path / "shelf.yaml"
    path.write_text(RECIPE)
    return path


@pytest.fixture
def trouble(monkeypatch: pytest.MonkeyPatch) -> Trouble:
    """Let reads of one file fail with an error, or none with 0."""
    real = os.pread
    monkeypatch.setattr("dicomferry.dicom.blob.PAUSES", ())

    def set_trouble(number: int) -> None:
        def pread(descriptor: int, length: int, start: int) -> bytes:
            bad = Path(f"/proc/self/fd/{descriptor}").readlink().name == "I00000.dcm"
            if number and bad:
                raise OSError(number, os.strerror(number))
            return real(descriptor, length, start)

        monkeypatch.setattr(os, "pread", pread)

    return set_trouble


def counts(recipe: Path) -> tuple[int, int]:
    with Ferry.open(recipe, executor="in-process") as ferry:
        planned = ferry.plan().planned
        return planned.count(Verdict.READY), planned.count(Verdict.NOT_LOOKED_INTO)


@pytest.mark.parametrize("name", ["EIO", "ESTALE", "ENOMEM", "EMFILE", "EACCES"])
def test_what_could_not_be_read_is_read_by_the_next_plan(
    recipe: Path, trouble: Trouble, name: str
) -> None:
    first = min(path for path in (recipe.parent / "data").rglob("*") if path.is_file())
    first.rename(first.with_name("I00000.dcm"))

    trouble(getattr(errno, name))
    assert counts(recipe) == (3, 1)
    assert counts(recipe) == (3, 1)

    trouble(0)
    assert counts(recipe) == (4, 0)
    assert counts(recipe) == (4, 0)


def test_what_cannot_be_read_when_it_is_brought_fails_and_goes_with_the_next_run(
    recipe: Path, trouble: Trouble
) -> None:
    first = min(path for path in (recipe.parent / "data").rglob("*") if path.is_file())
    first.rename(first.with_name("I00000.dcm"))

    with Ferry.open(recipe, executor="in-process") as ferry:
        plan = ferry.plan()
        trouble(errno.EIO)
        report = ferry.run(plan)
    tally = report.sinks["export"]
    assert (tally.stored, tally.failed, tally.rejected) == (3, 1, 0)
    assert not report.complete

    trouble(0)
    with Ferry.open(recipe, executor="in-process") as ferry:
        report = ferry.run(ferry.plan())
    assert (report.complete, report.sinks["export"].stored) == (True, 1)


def test_twins_that_cannot_be_compared_now_are_compared_by_the_next_plan(
    recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = min(path for path in (recipe.parent / "data").rglob("*") if path.is_file())
    (recipe.parent / "data" / "copy.dcm").write_bytes(first.read_bytes())
    with monkeypatch.context() as patch:

        def fail(*_: object) -> str:
            raise OSError(errno.EIO, "Input/output error")

        patch.setattr("dicomferry.engine.plan.duplicates.content_digest", fail)
        assert counts(recipe) == (3, 2)

    assert counts(recipe) == (4, 0)
