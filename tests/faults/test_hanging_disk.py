"""A disk that does not answer costs one file; neither a verb nor its end waits for it.

The disk is a real one, whose reads no signal ends. `conftest.py` collects these tests where such a
disk can be mounted; `test_bounds.py` has the same facts for workers that wait for something else.
"""

from __future__ import annotations

import json
import os
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from support.cli import PROGRAM
from support.hanging_disk import mounted
from support.instances import make_instances


class Disk:
    """Three files on a disk, and a recipe that exports them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.source, self.mount = root / "files", root / "disk"
        self.recipe = root / "hanging.yaml"
        self.hangs = root / "files.hangs"

    def run(self, verb: str, *options: str, wait: int = 3) -> tuple[int, str]:
        """Run a verb and return its exit code and what it says.

        It writes to a file: a pipe would not end before the worker that was given up.
        """
        return self.ask(verb, self.recipe, *options, wait=wait)

    def ask(self, *words: str | Path, wait: int = 3) -> tuple[int, str]:
        text = self.root / "text"
        with text.open("w") as out:
            code = subprocess.run(
                [*PROGRAM, *words],
                cwd=self.root, stdout=out, stderr=out, timeout=60, check=False,
                env=os.environ | {"DICOMFERRY_WAIT_SECONDS": f"{wait}"},
            ).returncode  # fmt: skip
        return code, text.read_text()

    def write(self, folder: Path, *, archives: bool = False, out: str = "out") -> None:
        with self.recipe.open("w") as file:
            YAML(typ="safe").dump({
                "recipe": 1, "name": "hanging",
                "sources": [{"folder": {"path": str(folder), "archives": archives}}],
                "sinks": [{"export": {"path": out, "layout": "{{ SOPInstanceUID }}.dcm"}}],
            }, file)  # fmt: skip

    @property
    def exported(self) -> int:
        return len(list((self.root / "out").glob("*.dcm")))


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    one = Disk(tmp_path)
    one.source.mkdir()
    for number, file in enumerate(make_instances(tmp_path / "made", 3, sessions=1, series=1)):
        file.rename(one.source / f"{number}.dcm")
    one.write(one.mount)
    with mounted(one.source, one.mount):
        yield one


def test_a_file_whose_read_hangs_is_named_and_the_others_are_stored(disk: Disk) -> None:
    disk.hangs.write_text("1.dcm")

    code, text = disk.run("run")

    assert code == 1, text
    assert "Everything is stored" not in text
    assert "no-answer" in text
    assert disk.exported == 2
    _, told = disk.run("status", "--items", "not-looked-into", "--format", "json")
    (item,) = json.loads(told)["items"]
    assert (Path(item["location"]).name, item["code"]) == ("1.dcm", "no-answer")
    assert "reading it: nothing answered for 3 s" in item["reason"]


def test_a_file_whose_read_hangs_while_it_is_sent_is_failed_and_sent_later(disk: Disk) -> None:
    assert disk.run("plan")[0] == 0
    disk.hangs.write_text("0.dcm")

    code, text = disk.run("run")

    assert code == 1, text
    assert "Everything is stored" not in text
    assert "nothing answered" in text
    assert disk.exported == 2
    disk.hangs.unlink()
    code, text = disk.run("run", wait=30)
    assert (code, disk.exported) == (0, 3), text


def test_a_folder_whose_listing_hangs_ends_the_plan_with_its_path(disk: Disk) -> None:
    disk.hangs.write_text(".")

    for verb in ("run", "plan"):
        code, text = disk.run(verb)

        assert code == 2, text
        assert f"{disk.mount}: nothing answered for 3 s" in text
        assert disk.exported == 0


@pytest.mark.parametrize("hangs", ["3.zip", "1.dcm"])
def test_what_hangs_while_archives_are_looked_for_is_named_and_the_others_are_stored(
    disk: Disk, hangs: str
) -> None:
    make_instances(disk.root / "more", 1)
    with zipfile.ZipFile(disk.source / "3.zip", "w") as archive:
        for file in (disk.root / "more").rglob("*.dcm"):
            archive.write(file, "a.dcm")
    with mounted(disk.source, disk.root / "other"):
        disk.write(disk.root / "other", archives=True)
        disk.hangs.write_text(hangs)

        code, text = disk.run("run")

    assert code == 1, text
    assert "no-answer" in text
    assert f"{disk.root / 'other' / hangs}: nothing answered for 3 s" in text
    assert "Everything is stored" not in text
    assert disk.exported == (3 if hangs == "3.zip" else 2)


def test_a_forecast_names_a_file_that_hangs_and_goes_on(disk: Disk) -> None:
    disk.hangs.write_text("1.dcm")

    code, text = disk.ask("forecast", disk.mount)

    assert code == 1, text
    assert f"left out: {disk.mount}/1.dcm: {disk.mount}/1.dcm: nothing answered for 3 s" in text
    _, told = disk.ask("forecast", disk.mount, "--format", "json")
    assert sum(study["instances"] for study in json.loads(told)["studies"]) == 2


@pytest.mark.parametrize("verb", [("forecast",), ("init", "--from")], ids=" ".join)
def test_a_verb_that_lists_a_folder_that_hangs_ends_with_its_path(
    disk: Disk, verb: tuple[str, ...]
) -> None:
    disk.hangs.write_text(".")

    code, text = disk.ask(*verb, disk.mount)

    assert code == 2, text
    assert f"{disk.mount}: nothing answered for 3 s" in text


def test_the_edits_of_a_file_that_hangs_are_not_shown(disk: Disk) -> None:
    assert disk.run("plan")[0] == 0
    disk.hangs.write_text("1.dcm")

    code, text = disk.run("plan", "--diff", f"{disk.mount}/1.dcm")

    assert code == 2, text
    assert "1.dcm: nothing answered for 3 s" in text


def test_an_export_to_a_disk_that_hangs_is_failed_and_done_later(disk: Disk) -> None:
    disk.write(disk.source, out=f"{disk.mount}/out")
    disk.hangs.write_text("out?")

    code, text = disk.run("run")

    assert code == 1, text
    assert "nothing answered for 3 s" in text
    assert "Everything is stored" not in text
    disk.hangs.unlink()
    disk.write(disk.source)
    code, text = disk.run("run", wait=30)
    assert (code, disk.exported) == (0, 3), text
