"""A ledger that knows less than the manifests beside it."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from support.cli import PROGRAM, ferry
from support.instances import make_instances
from support.misbehaving import Receiver, serving
from support.patience import until

from .conftest import RecipeWriter

EXPORT = [{"export": {"path": "out", "layout": "{{ subject }}/{{ SOPInstanceUID }}.dcm"}}]


def codes(recipe: Path) -> list[str]:
    told = json.loads(ferry("plan", recipe, "--format", "json").stdout)
    return [one["code"] for one in told["problems"]]


def test_an_old_copy_of_the_ledger_is_told_with_what_is_sent_again(
    tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    make_instances(tmp_path / "data", 2)
    recipe = write_recipe(sinks=EXPORT)
    assert ferry("run", recipe).returncode == 0
    (state,) = (tmp_path / ".dicomferry").iterdir()
    copy = shutil.copy(state / "ledger.sqlite", tmp_path / "copy")
    make_instances(tmp_path / "data", 4)
    assert ferry("run", recipe).returncode == 0
    assert "ledger-behind" not in codes(recipe)
    for path in state.glob("ledger.sqlite*"):
        path.unlink()
    shutil.copy(copy, state / "ledger.sqlite")

    status = ferry("status", recipe)
    assert (status.returncode, "manifests up to run 2" in status.stdout) == (1, True)
    assert json.loads(ferry("status", recipe, "--format", "json").stdout)["behind"]
    run = ferry("run", recipe)

    assert "ledger-behind" in run.stdout
    assert "what was stored after run 1 is sent again" in run.stdout
    assert ferry("status", recipe).returncode == 0


def test_a_log_that_is_lost_with_a_killed_run_is_told(
    tmp_path: Path, write_recipe: Callable[..., Path]
) -> None:
    make_instances(tmp_path / "data", 80, sessions=1, series=1)

    def manifests() -> list[Path]:
        return list((tmp_path / ".dicomferry").rglob("run-1.jsonl"))

    with serving(Receiver(answers={60: lambda talk, got: talk.hang()})) as receiver:
        recipe = write_recipe(receiver)
        assert ferry("plan", recipe).returncode == 0
        running = subprocess.Popen(
            [*PROGRAM, "run", str(recipe)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(lambda: any(b"outcome" in path.read_bytes() for path in manifests()))
        running.send_signal(signal.SIGKILL)
        running.wait()
    (log,) = (tmp_path / ".dicomferry").rglob("ledger.sqlite-wal")
    log.unlink()

    assert "ledger-behind" in codes(recipe)


def test_status_says_that_the_last_plan_was_not_finished(
    tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    make_instances(tmp_path / "data", 2)
    recipe = write_recipe(sinks=EXPORT)
    assert ferry("run", recipe).returncode == 0
    away = (tmp_path / "data").rename(tmp_path / "away")

    assert ferry("plan", recipe).returncode == 2
    told = ferry("status", recipe)
    assert (told.returncode, "The last plan was not finished" in told.stdout) == (1, True)
    assert json.loads(ferry("status", recipe, "--format", "json").stdout)["unfinished"] is True

    away.rename(tmp_path / "data")
    assert ferry("run", recipe).returncode == 0
    told = ferry("status", recipe)
    assert (told.returncode, "not finished" in told.stdout) == (0, False)
