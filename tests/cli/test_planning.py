"""A plan that is brought up to date says what one made from nothing says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import TRANSFORMS
from support.cli import ferry
from support.instances import make_instances


def plan(recipe: Path, *options: object) -> dict[str, Any]:
    result = ferry("plan", recipe, "--format", "json", *options)
    assert result.returncode in (0, 1), result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def counts(plan: dict[str, Any]) -> dict[tuple[str, str], int]:
    return {(one["verdict"], one["code"]): one["items"] for one in plan["counts"]}


@pytest.mark.parametrize("transforms", [(), TRANSFORMS], ids=["as they are", "the whole matters"])
def test_after_changes_the_plan_is_the_same_as_one_made_from_nothing(
    tmp_path: Path, write_recipe: Callable[..., Path], transforms: Sequence[Any]
) -> None:
    data = tmp_path / "data"
    make_instances(data / "m", 600, sessions=3)
    recipe = write_recipe(transforms=transforms)
    before = plan(recipe)

    known = sorted(path for path in (data / "m").rglob("*") if path.is_file())
    make_instances(tmp_path / "more", 900, sessions=9)
    for place in ("a", "z"):  # found before and after those that are known; each twice
        shutil.copytree(tmp_path / "more", data / place)
    for path in known[::7]:
        path.write_bytes(path.read_bytes()[:700])
    for path in known[1::9]:
        path.unlink()
    changed = compared(recipe, tmp_path / "state-2")
    shutil.rmtree(data / "a")  # what it had first is no duplicate any more
    compared(recipe, tmp_path / "state-3")

    assert counts(before) == {("ready", ""): 600}
    assert counts(changed).keys() >= {
        ("ready", ""), ("excluded", "duplicate"), ("rejected", "duplicate-differs"),
        ("rejected", "damaged"),
    }  # fmt: skip


def compared(recipe: Path, state: Path) -> dict[str, Any]:
    """Bring the plan up to date and compare it with one made from nothing."""
    updated, fresh = plan(recipe), plan(recipe, "--state", state)
    # Of files that are alike the first known goes, which need not be the first found now.
    for part in ("sessions", "counts", "problems"):
        assert updated[part] == fresh[part]
    return updated
