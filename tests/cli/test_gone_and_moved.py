"""Files that vanish, move or are replaced between two runs."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import dcmread

from support.cli import ferry
from support.instances import make_instances

from .conftest import RecipeWriter

EXPORT = [{"export": {"path": "out", "layout": "{{ subject }}/{{ SOPInstanceUID }}.dcm"}}]


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return make_instances(tmp_path / "data", 6, sessions=2, series=1)


def held(recipe: Path) -> list[str]:
    told = json.loads(ferry("plan", recipe, "--format", "json").stdout)["held"]
    return sorted(f"{one['verdict']}/{one['code']}" for one in told)


def test_a_planned_file_that_vanished_is_told_until_it_is_back(
    files: list[Path], tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    recipe = write_recipe(sinks=EXPORT)
    assert ferry("plan", recipe).returncode == 0
    away = files[0].rename(tmp_path / "away")

    run = ferry("run", recipe)

    assert run.returncode == 1
    assert "5 instances stored" in run.stdout
    assert "gone" in run.stdout
    assert "Everything is stored." not in run.stdout
    assert ferry("status", recipe).returncode == 1
    assert ferry("run", recipe).returncode == 1
    away.rename(files[0])
    back = ferry("run", recipe)
    assert (back.returncode, "1 instance stored" in back.stdout) == (0, True)


@pytest.mark.parametrize("left", [b"", b"text", bytes(100)])
def test_a_planned_file_that_is_no_instance_any_more_is_told_until_it_is_back(
    left: bytes, files: list[Path], write_recipe: RecipeWriter
) -> None:
    recipe = write_recipe(sinks=EXPORT)
    assert ferry("plan", recipe).returncode == 0
    whole = files[0].read_bytes()
    files[0].write_bytes(left)

    for _ in range(2):
        run = ferry("run", recipe)
        assert run.returncode == 1
        assert "Everything is stored." not in run.stdout
        assert held(recipe) == ["not-looked-into/gone"]
    files[0].write_bytes(whole)
    back = ferry("run", recipe)
    assert (back.returncode, "1 instance stored" in back.stdout) == (0, True)
    files[0].write_bytes(left)
    assert ferry("run", recipe).returncode == 0


def test_what_is_stored_may_vanish(
    files: list[Path], tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    recipe = write_recipe(sinks=EXPORT)
    assert ferry("run", recipe).returncode == 0
    files[0].unlink()

    assert held(recipe) == []
    assert ferry("run", recipe).returncode == 0


def test_what_the_recipe_leaves_out_has_not_vanished(
    files: list[Path], write_recipe: RecipeWriter
) -> None:
    assert ferry("plan", write_recipe(sinks=EXPORT)).returncode == 0

    recipe = write_recipe(sinks=EXPORT, source={"exclude": ["MC0001"]})
    assert held(recipe) == []
    assert ferry("run", recipe).returncode == 0


def test_what_has_gone_can_be_allowed(files: list[Path], write_recipe: RecipeWriter) -> None:
    assert ferry("plan", write_recipe(sinks=EXPORT)).returncode == 0
    files[0].unlink()
    files[1].write_bytes(b"")

    recipe = write_recipe(sinks=EXPORT, allow=["gone"])
    assert held(recipe) == ["excluded/gone", "excluded/gone"]
    assert ferry("run", recipe).returncode == 0


@pytest.mark.parametrize("left", [0, 2])
def test_an_archive_that_lost_its_members_is_told(
    left: int, files: list[Path], tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    archive = tmp_path / "data" / "MC0000.zip"

    def pack(some: list[bytes]) -> None:
        with zipfile.ZipFile(archive, "w") as made:
            for number, content in enumerate(some):
                made.writestr(str(number), content)

    some = [path.read_bytes() for path in files if "MC0000" in str(path)]
    pack(some)
    shutil.rmtree(tmp_path / "data" / "MC0000")
    recipe = write_recipe(sinks=EXPORT, source={"archives": True})
    assert ferry("plan", recipe).returncode == 0
    pack(some[:left])

    run = ferry("run", recipe)

    assert run.returncode == 1
    assert f"{3 + left} instances stored" in run.stdout
    assert held(recipe).count("not-looked-into/gone") == 3 - left


def moved(tmp_path: Path) -> None:
    (tmp_path / "data" / "MC0000").rename(tmp_path / "data" / "renamed")


def deeper(tmp_path: Path) -> None:
    (tmp_path / "data" / "disk 2").mkdir()
    for folder in ("MC0000", "MC0001"):
        (tmp_path / "data" / folder).rename(tmp_path / "data" / "disk 2" / folder)


def copied(tmp_path: Path) -> None:
    """The copy is found first, so that the files of the old names are its duplicates."""
    shutil.copytree(tmp_path / "data" / "MC0000", tmp_path / "data" / "A copy")


def copied_without_times(tmp_path: Path) -> None:
    old = tmp_path / "data" / "MC0000"
    shutil.copytree(old, tmp_path / "data" / "new", copy_function=shutil.copyfile)
    shutil.rmtree(old)


@pytest.mark.parametrize("move", [moved, deeper, copied, copied_without_times])
def test_a_renamed_folder_is_not_sent_again(
    move: Callable[[Path], None], files: list[Path], tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    recipe = write_recipe(sinks=EXPORT)
    assert ferry("run", recipe).returncode == 0
    move(tmp_path)

    plan = ferry("plan", recipe)
    run = ferry("run", recipe)

    assert "0 instances to bring, 6 already stored" in plan.stdout
    assert run.returncode == 0
    assert "0 instances stored" in run.stdout
    assert not {"gone"} & set(run.stdout.split())


def test_a_moved_file_with_other_bytes_of_the_same_length_is_sent(
    files: list[Path], tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    recipe = write_recipe(sinks=EXPORT)
    assert ferry("run", recipe).returncode == 0
    content = bytearray(files[0].read_bytes())
    content[-1] ^= 1
    files[0].unlink()
    files[0].with_name("corrected").write_bytes(content)

    plan = ferry("plan", recipe)

    assert "1 instance to bring, 5 already stored" in plan.stdout


def test_other_edits_or_another_receiver_are_no_move(
    files: list[Path], tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    assert ferry("run", write_recipe(sinks=EXPORT)).returncode == 0
    moved(tmp_path)

    elsewhere = [{"export": EXPORT[0]["export"] | {"path": "other"}}]
    run = ferry("run", write_recipe(sinks=elsewhere))

    assert "6 instances stored" in run.stdout


def test_a_file_replaced_under_its_size_and_time_is_examined_anew(
    files: list[Path], tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    # Only one file of the series says another patient then.
    allow = [
        "series-over-several-sessions",
        "study-over-several-subjects",
        "study-of-several-patients",
    ]
    recipe = write_recipe(sinks=EXPORT, allow=allow)
    assert ferry("plan", recipe).returncode == 0
    status = files[0].stat()
    content = files[0].read_bytes()
    replaced = content.replace(b"MC0000", b"MC0009")
    files[0].write_bytes(replaced)
    os.utime(files[0], ns=(status.st_atime_ns, status.st_mtime_ns))

    first = ferry("run", recipe)
    second = ferry("run", recipe)

    assert first.returncode == 1
    assert "run again to plan it anew" in first.stdout
    assert second.returncode == 0, second.stdout
    assert "1 instance stored" in second.stdout
    (there,) = (tmp_path / "out" / "MC0009").iterdir()
    assert dcmread(there).PatientID == "MC0009"


def test_an_archive_that_changed_since_the_plan_is_noticed(
    files: list[Path], tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    from dicomferry.engine.pipeline.examine import unchanged
    from dicomferry.ledger.rows import Item
    from dicomferry.model import Location

    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        made.write(files[0], "x")
    status = (tmp_path / "a.zip").stat()
    place = Location(str(tmp_path / "a.zip"), "x")
    item = Item(1, "folder", place, 10, status.st_mtime_ns, {}, {})
    assert unchanged(item)

    os.utime(tmp_path / "a.zip", ns=(1, 1))
    assert not unchanged(item)
