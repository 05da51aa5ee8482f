"""`receiver`: the stand-in as a program of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from pydicom import dcmread
from pynetdicom import AE
from pynetdicom.association import Association

from support.cli import PROGRAM, ferry
from support.instances import MR_IMAGE, make_instances
from support.patience import PATIENCE, until
from support.scu import store_each
from support.xnat_wire import rejection

HEAD = re.compile(r"(\S+) listens at ([\d.]+):(\d+), REST at (\S+);")


@contextmanager
def receiver(*options: str) -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    """Run it on free ports; give its process, its DICOM port and its REST root."""
    command = [*PROGRAM, "receiver", "--port", "0", "--rest-port", "0", *options]
    environment = os.environ | {"PYTHONUNBUFFERED": "1", "LOGIN": "me:canary"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            found = HEAD.search(line)
            assert found, line
            assert "NOT an XNAT" in line
            yield process, int(found[3]), found[4]
        finally:
            process.kill()


def associated(port: int, calling: str = "SENDER") -> Association:
    entity = AE(calling)
    entity.add_requested_context(MR_IMAGE)
    return entity.associate("127.0.0.1", port, ae_title="XNAT")


def sent(port: int, files: list[Path]) -> list[int]:
    association = associated(port)
    answers = store_each(association, map(dcmread, files))
    association.release()
    return [int(answer.Status) for answer in answers]


def ended(process: subprocess.Popen[str]) -> tuple[str, str]:
    process.send_signal(signal.SIGINT)
    told = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    return told


def test_it_shows_what_an_xnat_would_hold_when_it_is_stopped(tmp_path: Path) -> None:
    files = make_instances(tmp_path, 4, sessions=1)
    with receiver() as (process, port, _):
        assert sent(port, files) == [0x0000] * 4
        told, loud = ended(process)
    assert "1 session, 4 instances" in told
    assert "not an XNAT" in loud


def test_its_rest_side_answers(tmp_path: Path) -> None:
    with receiver("--prearchive-code", "0") as (_, port, url):
        sent(port, make_instances(tmp_path, 2, sessions=1))
        answer = requests.get(f"{url}/data/prearchive", auth=("a", "b"), timeout=PATIENCE)
    assert answer.json()["ResultSet"]["totalRecords"] == "1"


def test_a_session_is_built_once_it_is_quiet_for_the_time_that_is_named(tmp_path: Path) -> None:
    with receiver("--prearchive-code", "0", "--quiet-period", "0.2") as (_, port, url):
        sent(port, make_instances(tmp_path, 2, sessions=1))

        def status() -> str:
            answer = requests.get(f"{url}/data/prearchive", auth=("a", "b"), timeout=PATIENCE)
            return str(answer.json()["ResultSet"]["Result"][0]["status"])

        until(lambda: status() == "READY")


def test_it_takes_pdus_as_long_as_xnat_does() -> None:
    with receiver() as (_, port, _):
        association = associated(port)
        longest = association.acceptor.maximum_length
        association.release()
    assert longest == 16_384


def test_the_login_is_a_reference_and_shown_nowhere() -> None:
    with receiver("--login", "${env:LOGIN}") as (process, _, url):
        route = f"{url}/data/projects"
        assert requests.get(route, auth=("me", "wrong"), timeout=PATIENCE).status_code == 401
        assert requests.get(route, auth=("me", "canary"), timeout=PATIENCE).status_code == 200
        assert b"canary" not in Path(f"/proc/{process.pid}/cmdline").read_bytes()
        told = "".join(ended(process))
    assert "canary" not in told


def test_it_misbehaves_on_demand(tmp_path: Path) -> None:
    with receiver("--fault", "refuse-every=2", "--fault", "refuse-status=0xA700") as (_, port, _):
        assert sent(port, make_instances(tmp_path, 4, sessions=1)) == [0, 0xA700, 0, 0xA700]


def test_only_named_senders_get_in() -> None:
    with receiver("--sender", "SCANNER") as (_, port, _):
        assert rejection(port, calling="STRANGER") == (1, 1, 3)
        allowed = associated(port, "SCANNER")
        assert allowed.is_established
        allowed.release()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--series", "("], "--series"),
        (["--quiet-period", "soon"], "span of time"),
        (["--ae-title", "A\\B"], "no AE title"),
        (["--login", "${env:NOT_THERE_AT_ALL}"], "NOT_THERE_AT_ALL"),
    ],
)
def test_what_cannot_be_is_a_clear_error(options: list[str], said: str) -> None:
    result = ferry("receiver", "--port", "0", *options)
    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr
