"""Power loss: a run killed at any point is finished by running it again."""

from __future__ import annotations

import os
import random
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from support import servers
from support.cli import ferry
from support.instances import make_instances
from support.misbehaving import Receiver, held_back, serving
from support.patience import until
from support.processes import command_lines, killed_run

COUNT = 600
KILLS = 10


def test_ten_kills_and_reruns_bring_every_instance_once(
    tmp_path: Path, write_recipe: Callable[..., Path], orthanc: servers.Orthanc
) -> None:
    make_instances(tmp_path / "data", COUNT, sessions=12)
    recipe = write_recipe(orthanc, dicom={"associations": 2})
    store = tmp_path / "orthanc" / "store"

    def arrived() -> int:
        return sum(len(files) for folder, _, files in os.walk(store) if len(Path(folder).name) == 2)

    chance = random.Random(20091231)
    for goal in sorted(chance.sample(range(COUNT), KILLS)):
        killed_run(recipe, lambda goal=goal: arrived() >= goal)

    result = ferry("run", recipe)

    assert result.returncode == 0, result.stdout + result.stderr
    assert len(orthanc.instances()) == COUNT
    ledger = sqlite3.connect(tmp_path / ".dicomferry" / "journey" / "ledger.sqlite")
    assert ledger.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    rows = ledger.execute("SELECT count(*), count(DISTINCT sop), min(state) FROM delivery")
    assert rows.fetchone() == (COUNT, COUNT, "stored")
    ledger.close()


def test_a_kill_costs_at_most_what_was_under_way(
    tmp_path: Path, write_recipe: Callable[..., Path], dcmtk: Callable[[str], str]
) -> None:
    dcmtk("storescp")
    make_instances(tmp_path / "data", 300, sessions=6)
    with servers.storescp(tmp_path / "in", options=["--fork"]) as receiver:
        recipe = write_recipe(receiver, dicom={"associations": 2})
        killed_run(recipe, lambda: len(receiver.files()) >= 100)

        result = ferry("run", recipe)

        # every association may have 32 outcomes on their way to the ledger
        assert result.returncode == 0, result.stdout + result.stderr
        assert 300 <= len(receiver.files()) <= 300 + 2 * 32
        again = ferry("run", recipe)
        assert "0 instances stored" in again.stdout


def test_orphaned_workers_end_after_the_instance_they_are_at(
    tmp_path: Path, write_recipe: Callable[..., Path]
) -> None:
    make_instances(tmp_path / "data", 100, sessions=2)
    killed = threading.Event()

    with serving(Receiver(status=held_back(20, killed))) as receiver:
        try:
            session = killed_run(
                write_recipe(receiver, dicom={"associations": 2}),
                lambda: len(receiver.received) == 22,
            )
        finally:
            killed.set()
        until(lambda: not command_lines(session))

        assert len(receiver.stored) == len(receiver.received) == 22
