"""Runs that are killed, from and to a DICOMweb server: nothing is lost, and nothing twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support import pacs
from support.instances import make_instances
from support.lying_web import lying_web
from support.processes import killed_run
from support.servers import Orthanc

COUNT = 300
UNDER_WAY = 4 * 32
"""Each connection may have 32 outcomes on their way to the ledger."""


@pytest.mark.parametrize("goal", [1, 150])
def test_a_server_has_every_instance_once_after_a_kill(
    goal: int, orthanc_web: Orthanc, tmp_path: Path, recipe: Any, run: Any
) -> None:
    paths = make_instances(tmp_path / "in", COUNT, sessions=6)
    url = f"http://{orthanc_web.host}:{orthanc_web.http_port}/dicom-web"
    path = recipe(url, folder="in")
    killed_run(path, lambda: len(orthanc_web.instances()) >= goal, workers=True)
    ended = run("run", path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    held = sorted(orthanc_web.file(one) for one in orthanc_web.instances())
    assert held == sorted(file.read_bytes() for file in paths)


def test_a_kill_costs_at_most_what_was_under_way(tmp_path: Path, recipe: Any, run: Any) -> None:
    make_instances(tmp_path / "in", COUNT, sessions=6)
    with lying_web() as web:
        path = recipe(web.url, folder="in")
        killed_run(path, lambda: len(web.stored) >= COUNT // 2, workers=True)
        ended = run("run", path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert len(web.files) == COUNT
    assert COUNT <= len(web.stored) <= COUNT + UNDER_WAY


def test_what_was_retrieved_before_a_kill_is_not_asked_for_again(
    tmp_path: Path, recipe: Any, run: Any, exported: Any
) -> None:
    with lying_web() as web:
        for number in range(1, 13):
            web.add(pacs.study(tmp_path / "in", number, instances=5))
        path = recipe(web.url, connections=1)
        killed_run(path, lambda: len(exported()) >= 20, workers=True)
        before = len(_retrieved(web.requests))
        ended = run("run", path)
        again = len(_retrieved(web.requests)) - before
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert exported() == web.files
    assert again < 12


def _retrieved(requests: list[tuple[str, str]]) -> list[str]:
    return [at for _, at in requests if "/series/" in at and "/instances" not in at]
