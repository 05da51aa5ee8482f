"""What names patients is its owner's alone, whatever the umask."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from support.cli import PROGRAM, ferry
from support.instances import make_instances
from support.journey import journey


def rights(path: Path) -> int:
    return path.stat().st_mode & 0o777


def shared(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Call the program with the umask of a shared machine."""
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False,
        preexec_fn=lambda: os.umask(0),
    )  # fmt: skip


@pytest.mark.parametrize("name", ["plan.csv", "plan.json"])
def test_a_saved_plan_and_a_crosswalk(tmp_path: Path, name: str) -> None:
    make_instances(tmp_path / "data", 2)
    recipe = tmp_path / "r.yaml"
    recipe.write_text(
        "recipe: 1\nname: r\nsources: [{folder: {path: data}}]\n"
        "sinks: [{export: {path: out, layout: '{{ SOPInstanceUID }}.dcm'}}]\n"
    )

    assert shared("plan", recipe, "-o", tmp_path / name).returncode == 0
    assert shared("status", recipe, "--crosswalk", tmp_path / "uids.csv").returncode == 0

    assert rights(tmp_path / name) == rights(tmp_path / "uids.csv") == 0o600
    state = tmp_path / ".dicomferry" / "r"
    assert rights(state) == 0o700
    assert {rights(path) for path in state.rglob("*") if path.is_file()} == {0o600}


def test_a_file_that_is_there_keeps_its_rights(tmp_path: Path) -> None:
    make_instances(tmp_path / "data", 2)
    recipe = tmp_path / "r.yaml"
    recipe.write_text(
        "recipe: 1\nname: r\nsources: [{folder: {path: data}}]\n"
        "sinks: [{export: {path: out, layout: '{{ SOPInstanceUID }}.dcm'}}]\n"
    )
    (tmp_path / "plan.csv").touch()
    (tmp_path / "plan.csv").chmod(0o640)

    assert ferry("plan", recipe, "-o", tmp_path / "plan.csv").returncode == 0

    assert rights(tmp_path / "plan.csv") == 0o640


@pytest.mark.parametrize("name", ["verdicts.json", "verdicts.csv"])
def test_verdicts_vectors_and_what_the_stand_in_keeps(tmp_path: Path, name: str) -> None:
    before = os.umask(0)
    try:
        with journey(tmp_path) as trip:
            make_instances(trip.folder / "data", 2, sessions=1)
            trip.ferry("run")
            shared("verify", trip.recipe, "-o", tmp_path / name)
            kept = trip.xnat.site.storage
            assert kept is not None
            found = [kept, *kept.rglob("*")]
            wrong = [p for p in found if rights(p) != (0o700 if p.is_dir() else 0o600)]
    finally:
        os.umask(before)
    assert len(found) > 3
    assert wrong == []
    if (tmp_path / name).exists():
        assert rights(tmp_path / name) == 0o600
