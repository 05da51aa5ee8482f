"""`plan --diff`: the edits of one instance, and in plain words why one is not sent."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydicom import dcmread

from support.cli import ferry
from support.instances import make_instances

RecipeWriter = Callable[..., Path]


def diff(recipe: Path, which: object) -> subprocess.CompletedProcess[str]:
    return ferry("plan", recipe, "--diff", which)


def not_sent(result: subprocess.CompletedProcess[str], path: Path) -> str:
    """Return why an instance is not sent, of an answer that says nothing else."""
    assert result.returncode == 2, result.stdout + result.stderr
    where, why = result.stdout.splitlines()
    assert where == str(path)
    assert why.startswith("  not sent: ")
    return why.removeprefix("  not sent: ")


def test_what_is_sent_is_shown_with_where_it_goes(
    tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    path, *_ = make_instances(tmp_path / "data", 2)

    result = diff(write_recipe(), path)

    assert result.returncode == 0, result.stderr
    assert "InstitutionName" in result.stdout
    assert result.stdout.splitlines()[-1] == "  goes to P / MC0000 / MC0000_MR"


def test_an_excluded_file_goes_nowhere_and_the_reason_is_told(
    tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    first, *_ = make_instances(tmp_path / "data", 2)
    again = Path(shutil.copy2(first, tmp_path / "data" / "zz"))
    recipe = write_recipe()

    why = not_sent(diff(recipe, again), again)

    assert why == f"excluded (duplicate): the same instance as {first}"
    uid = dcmread(first).SOPInstanceUID
    assert diff(recipe, uid).stdout.startswith(f"{first}\n")  # the one of the two that is sent


def test_a_rejected_file_goes_nowhere_and_the_reason_is_told(
    tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    first, *_ = make_instances(tmp_path / "data", 2)
    other = tmp_path / "data" / "zz"
    changed = dcmread(first)
    changed.PatientComments = "another content"
    changed.save_as(other)

    why = not_sent(diff(write_recipe(), other), other)

    assert why.startswith("rejected (duplicate-differs): its SOP Instance UID also belongs to ")


def test_a_file_that_is_no_instance_goes_nowhere_and_the_reason_is_told(
    tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    make_instances(tmp_path / "data", 1)
    path = tmp_path / "data" / "notes.txt"
    path.write_text("not an instance")

    why = not_sent(diff(write_recipe(), path), path)

    assert why.startswith("passed (not-dicom): ")


def test_a_file_that_has_left_the_disk_is_not_sent(
    tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    path, *_ = make_instances(tmp_path / "data", 2)
    recipe = write_recipe()
    ferry("plan", recipe)
    path.unlink()

    assert not_sent(diff(recipe, path), path) == "it has left the disk since it was found"


def test_a_file_that_only_an_earlier_plan_had_is_not_sent(
    tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    path, *_ = make_instances(tmp_path / "data", 2)
    make_instances(tmp_path / "other", 1)
    ferry("plan", write_recipe())
    elsewhere: dict[str, Any] = {"path": "other"}

    why = not_sent(diff(write_recipe(source=elsewhere), path), path)

    assert why == "no source of the recipe found it when the plan was made"


def test_a_file_that_no_plan_ever_had_is_refused(
    tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    make_instances(tmp_path / "data", 1)
    stranger, *_ = make_instances(tmp_path / "stranger", 1)

    result = diff(write_recipe(), stranger)

    assert result.returncode == 2
    assert not result.stdout
    assert "neither a file nor a SOP Instance UID of this plan" in result.stderr


def test_a_file_whose_name_is_no_text_is_planned_shown_and_brought(
    tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    first, second, third = make_instances(tmp_path / "data", 3, sessions=1)
    odd, copy, differs = (
        first.with_name(os.fsdecode(name)) for name in (b"odd\xff", b"copy\xff", b"differs\xff")
    )
    shutil.copy(second, copy)
    differs.write_bytes(third.read_bytes()[:-2] + b"zz")
    first.rename(odd)
    recipe = write_recipe(sinks=[{"export": {"path": "out", "layout": "{{ SOPInstanceUID }}.dcm"}}])

    shown = diff(recipe, odd)

    assert shown.returncode == 0, shown.stderr
    assert "InstitutionName" in shown.stdout
    assert not_sent(diff(recipe, second), second).endswith("copy%FF")
    assert "differs%FF, which differs" in not_sent(diff(recipe, third), third)
    assert diff(recipe, odd.with_name(os.fsdecode(b"no\xff"))).returncode == 2
    assert ferry("run", recipe).returncode == 1  # for what was rejected
    assert len(list((tmp_path / "out").iterdir())) == 2
