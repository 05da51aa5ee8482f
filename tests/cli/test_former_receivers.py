"""What failed at a receiver that a recipe does not name any more is shown and does not count."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support import misbehaving, servers
from support.cli import ferry
from support.instances import make_instances

from .conftest import RecipeWriter

FORMER = "[not a sink of the recipe any more]"


def to_folder(name: str) -> list[dict[str, Any]]:
    layout = "{{ SOPInstanceUID }}.dcm"
    return [{"export": {"path": name, "layout": layout, "fsync": False}}]


@pytest.mark.parametrize("status", [0xA900, 0x0124])
def test_what_failed_at_the_address_before_is_told_as_such(
    tmp_path: Path, write_recipe: RecipeWriter, status: int
) -> None:
    make_instances(tmp_path / "data", 2)
    with (
        misbehaving.serving(misbehaving.Receiver(status=lambda _: status)) as old,
        servers.storescp(tmp_path / "new") as new,
    ):
        at_old = ferry("run", write_recipe(old, transforms=[]))
        failed = ferry("status", tmp_path / "journey.yaml")
        recipe = write_recipe(new, transforms=[])
        moved = ferry("run", recipe)
        after = ferry("status", recipe)
        told = json.loads(ferry("status", recipe, "--format", "json").stdout)
        listed = json.loads(ferry("status", recipe, "--items", "failed", "--format", "json").stdout)
        due = json.loads(ferry("status", recipe, "--items", "due", "--format", "json").stdout)

    assert (at_old.returncode, failed.returncode) == (1, 1)
    assert FORMER not in at_old.stdout + failed.stdout
    assert (moved.returncode, after.returncode) == (0, 0), moved.stdout + after.stdout
    assert "Everything is stored" in moved.stdout
    for text in (moved.stdout, after.stdout):
        assert any(line.endswith(FORMER) and f":{old.port}" in line for line in text.splitlines())
    assert (told["failures"], len(told["former"]), len(told["former_sinks"])) == ([], 1, 1)
    assert (listed["items"], due["items"]) == ([], [])
    assert after.stdout.splitlines()[-1].endswith("1 instance  1 stored")


def test_what_a_folder_before_rejected_is_told_as_such(
    tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    (file, *_) = make_instances(tmp_path / "data", 1)
    ferry("run", write_recipe(sinks=to_folder("out"), transforms=[]))
    for other in (tmp_path / "out").iterdir():
        other.write_bytes(b"another file")
    state = ["--state", tmp_path / "second"]
    rejected = ferry("run", tmp_path / "journey.yaml", *state)
    elsewhere = ferry("run", write_recipe(sinks=to_folder("out2"), transforms=[]), *state)

    assert file.exists()
    assert rejected.returncode == 1
    assert elsewhere.returncode == 0
    assert FORMER in elsewhere.stdout


def test_what_failed_at_a_sink_that_is_still_there_counts(
    tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    make_instances(tmp_path / "data", 1)
    with misbehaving.serving(misbehaving.Receiver(status=lambda _: 0xA900)) as old:
        recipe = write_recipe(old, transforms=[])
        ferry("run", recipe)
        again = ferry("run", recipe)

    assert again.returncode == 1
    assert FORMER not in again.stdout
    assert ferry("status", recipe).returncode == 1
