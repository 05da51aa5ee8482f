"""`doctor` asks a PACS whether it may be queried and whether its images would get here."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from support import pacs, servers
from support.cli import ferry
from support.pacs_recipes import MOVER, pacs_recipe
from support.scripted_pacs import Script, ScriptedPacs, scripted

QUERY = {"pacs-query": {"pacs": "clinic", "where": {"PatientID": "P0001"}}}


@pytest.fixture(autouse=True)
def _programs(dcmtk: Callable[[str], str]) -> None:
    dcmtk("dcmqrscp")
    if servers.program("Orthanc") is None:
        pytest.skip("Orthanc is not installed: sudo apt-get install orthanc")


@contextmanager
def running(
    kind: str, folder: Path, port: int, mover: str = MOVER, *, studies: int = 1
) -> Iterator[pacs.Pacs]:
    run = pacs.orthanc if kind == "orthanc" else servers.dcmqrscp
    with run(folder / kind, movers={mover: port}) as server:
        for number in range(1, studies + 1):
            pacs.study(folder / "in", number)
        if studies:
            pacs.fill(server, folder / "in")
        yield server


def doctor(folder: Path, server: pacs.Pacs, **settings: Any) -> dict[str, dict[str, Any]]:
    recipe = pacs_recipe(folder, server, server, QUERY, **settings)
    result = ferry("doctor", recipe, "--format", "json")
    assert result.stdout, result.stderr
    checks = json.loads(result.stdout)["checks"]
    return {check["what"]: check for check in checks if check["server"] == "clinic"}


@pytest.mark.parametrize("kind", ["orthanc", "dcmqrscp"])
def test_a_pacs_that_answers_and_sends_is_well(tmp_path: Path, kind: str) -> None:
    port = servers.free_port()
    with running(kind, tmp_path, port) as server:
        checks = doctor(tmp_path, server, move_ae_title=MOVER, move_port=port)

    states = {what: check["state"] for what, check in checks.items()}
    assert states == dict.fromkeys(("C-ECHO", "C-FIND", "C-GET", "C-MOVE"), "ok"), checks


@pytest.mark.parametrize("kind", ["orthanc", "dcmqrscp"])
def test_a_move_destination_that_is_not_registered_is_found_out(tmp_path: Path, kind: str) -> None:
    port = servers.free_port()
    with running(kind, tmp_path, port, mover="ANOTHER") as server:
        move = doctor(
            tmp_path, server, retrieve="c-move", move_ae_title=MOVER, move_port=port
        )["C-MOVE"]  # fmt: skip

    assert move["state"] == "failed"
    assert f"{MOVER} at port {port} of this machine" in move["hint"]
    assert "regist" in move["hint"]


@pytest.mark.parametrize("kind", ["orthanc", "dcmqrscp"])
def test_a_destination_registered_with_another_port_is_found_out(tmp_path: Path, kind: str) -> None:
    with running(kind, tmp_path, servers.free_port()) as server:
        move = doctor(
            tmp_path, server, retrieve="c-move", move_ae_title=MOVER, move_port=servers.free_port()
        )["C-MOVE"]

    assert move["state"] == "failed"
    assert f"sent nothing to {MOVER}" in move["message"]


def test_without_an_image_to_try_it_with_moving_is_unknown(tmp_path: Path) -> None:
    port = servers.free_port()
    with running("dcmqrscp", tmp_path, port, studies=0) as server:
        move = doctor(tmp_path, server, move_ae_title=MOVER, move_port=port)["C-MOVE"]

    assert move["state"] == "unknown"


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        with running("dcmqrscp", tmp_path, port) as server:
            move = doctor(tmp_path, server, move_ae_title=MOVER, move_port=port)["C-MOVE"]

    assert move["state"] == "failed"
    assert f"cannot listen at port {port}" in move["message"]


def test_a_query_that_ends_without_success_is_told(tmp_path: Path) -> None:
    with scripted([], Script(final=0x0124)) as server:
        find = doctor(tmp_path, server, retrieve="c-get")["C-FIND"]

    assert find["state"] == "failed"
    assert "0x0124" in find["message"]
    assert "may DICOMFERRY query there?" in find["hint"]


def test_what_the_trial_brought_is_not_kept(tmp_path: Path) -> None:
    port = servers.free_port()
    with running("orthanc", tmp_path, port) as server:
        doctor(tmp_path, server, retrieve="c-move", move_ae_title=MOVER, move_port=port)

    assert not (tmp_path / ".dicomferry").exists()


def test_a_pacs_that_is_not_there_is_told_once(tmp_path: Path) -> None:
    checks = doctor(tmp_path, ScriptedPacs([], Script(), servers.free_port()))

    assert {what: check["state"] for what, check in checks.items()} == {"C-ECHO": "failed"}
