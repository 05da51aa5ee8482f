"""Bounds: one file that takes too long or too much memory costs that file, and is named."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from msgspec import Struct
from pydicom import dcmread
from ruamel.yaml import YAML

from dicomferry.contract.executor import Done
from dicomferry.dicom.made_up import made_up
from dicomferry.engine.pipeline.watch import Limits, Watch
from dicomferry.engine.workers.pool import Pool
from dicomferry.errors import FerryError, OverLimitError
from dicomferry.template import Templates
from dicomferry.testing.executor_tasks import BareWorker
from support.cli import ferry
from support.instances import make_instances
from support.plugins import install

SOON = {"DICOMFERRY_ITEM_SECONDS": "1"}
NOT_LONG = {"DICOMFERRY_WAIT_SECONDS": "3"}
BACKTRACKS = "(a+)+$"
LONG = "a" * 40 + "b"


@pytest.fixture
def plan(tmp_path: Path) -> Callable[..., tuple[dict[str, Any], str]]:
    """Give a function that plans three files, the first of which has a bad description."""

    def planned(
        description: str = LONG, transforms: list[Any] | None = None, env: dict[str, str] = SOON,
        identification: dict[str, Any] | None = None,
    ) -> tuple[dict[str, Any], str]:  # fmt: skip
        files = make_instances(tmp_path / "data", 3, sessions=3, series=1)
        dataset = dcmread(files[0])
        dataset.StudyDescription = description
        dataset.save_as(files[0])
        recipe = {
            "recipe": 1, "name": "bounds",
            "servers": {"xnat": {"xnat": {
                "dicom": {"host": "127.0.0.1", "port": 9},
                "identification": {"projects": ["P"]} | (identification or {}),
            }}},
            "sources": [{"folder": {"path": "data"}}],
            "transforms": [*(transforms or []),
                           {"identify": {"project": "P", "subject": "{{ PatientID }}",
                                         "session": "{{ PatientID }}"}}],
            "sinks": [{"xnat-cstore": {"server": "xnat"}}],
        }  # fmt: skip
        path = tmp_path / "bounds.yaml"
        with path.open("w") as file:
            YAML(typ="safe").dump(recipe, file)
        result = ferry("plan", path, env=env)
        assert result.returncode == 1, result.stdout + result.stderr
        told = json.loads(
            ferry("status", path, "--items", "all", "--format", "json", env=env).stdout
        )
        items = {Path(item["location"]).parent.parent.name: item for item in told["items"]}
        return items, result.stdout

    return planned


def test_a_pattern_that_backtracks_costs_one_file_and_names_its_step(
    plan: Callable[..., tuple[dict[str, Any], str]],
) -> None:
    rule = {"StudyDescription": {"pattern": BACKTRACKS, "with": ""}}

    items, text = plan(transforms=[{"remap": {"replace": rule}}])

    bad = items.pop("MC0000")
    assert (bad["verdict"], bad["code"]) == ("not-looked-into", "over-limit")
    assert "transforms[0]: it takes" in bad["reason"]
    assert {item["verdict"] for item in items.values()} == {"ready"}
    assert "over-limit" in text
    assert "Everything is stored" not in text


def test_a_rule_of_the_site_that_backtracks_costs_one_file(
    plan: Callable[..., tuple[dict[str, Any], str]],
) -> None:
    items, _ = plan(identification={"site": {"project": [f"(0008,1030):{BACKTRACKS}:1"]}})

    assert items["MC0000"]["code"] == "over-limit"
    assert "rules of the receiver" in items["MC0000"]["reason"]
    assert items["MC0001"]["verdict"] == "ready"


def test_a_rule_that_backtracks_costs_forecast_one_file(tmp_path: Path) -> None:
    files = make_instances(tmp_path / "data", 2, sessions=2, series=1)
    dataset = dcmread(files[0])
    dataset.StudyDescription = LONG
    dataset.save_as(files[0])
    server = tmp_path / "server.yaml"
    with server.open("w") as file:
        site = {"project": [f"(0008,1030):{BACKTRACKS}:1"]}
        YAML(typ="safe").dump({"identification": {"projects": ["P"], "site": site}}, file)

    result = ferry("forecast", tmp_path / "data", "--server", server, "--format", "json", env=SOON)

    report = json.loads(result.stdout)
    assert result.returncode == 1
    assert [Path(one["location"]) for one in report["left_out"]] == [files[0]]
    assert "DICOMFERRY_ITEM_SECONDS" in report["left_out"][0]["reason"]
    assert len(report["studies"]) == 1


PLUGIN = '''
import ctypes, os, signal, threading, time
from dicomferry import Component, Edits, hookimpl
import msgspec

class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Ends badly."""

class Ends(msgspec.Struct, frozen=True):
    def edit(self, header):
        if header.value("StudyDescription") == "BAD":
            HOW
        return Edits()

@hookimpl
def dicomferry_transforms():
    yield Component("ends", "ends badly", Options, lambda o, c: Ends(), "transforms: [ends: {}]")
'''


@pytest.mark.parametrize(
    ("how", "code", "says"),
    [
        ("os._exit(1)", "ended-its-worker", "died"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "ended-its-worker", "killed"),
        ("os.kill(os.getpid(), signal.SIGXCPU)", "ended-its-worker", "processor"),
        ("bytearray(1 << 31)", "over-limit", "memory"),
        ("while True: pass", "over-limit", "processor"),
    ],
)
def test_whatever_ends_a_worker_costs_one_file(
    plan: Callable[..., tuple[dict[str, Any], str]], tmp_path: Path,
    how: str, code: str, says: str,
) -> None:  # fmt: skip
    env = install(tmp_path / "site", "ends", PLUGIN.replace("HOW", how))

    items, _ = plan("BAD", [{"ends": {}}], env | SOON | {"DICOMFERRY_WORKER_MB": "500"})

    assert (items["MC0000"]["verdict"], items["MC0000"]["code"]) == ("not-looked-into", code)
    assert says in items["MC0000"]["reason"]
    assert {items[one]["verdict"] for one in ("MC0001", "MC0002")} == {"ready"}


@pytest.mark.parametrize(
    "how", ["threading.Event().wait()", "os.kill(os.getpid(), signal.SIGSTOP)"]
)
def test_what_does_not_answer_costs_one_file_and_names_its_step(
    plan: Callable[..., tuple[dict[str, Any], str]], tmp_path: Path, how: str
) -> None:
    env = install(tmp_path / "site", "ends", PLUGIN.replace("HOW", how))

    items, text = plan("BAD", [{"ends": {}}], env | NOT_LONG)

    bad = items.pop("MC0000")
    assert (bad["verdict"], bad["code"]) == ("not-looked-into", "no-answer")
    assert "transforms[0]: nothing answered for 3 s" in bad["reason"]
    assert {item["verdict"] for item in items.values()} == {"ready"}
    assert "no-answer" in text


@pytest.mark.parametrize(
    "how", ["while True: pass", "while True: time.sleep(1)", "raise MemoryError"]
)
def test_what_takes_too_long_when_it_is_brought_costs_one_file_and_is_brought_later(
    tmp_path: Path, how: str
) -> None:
    slow = tmp_path / "slow"
    code = (
        f"if os.path.exists({str(slow)!r}): {how}"
        if "raise" in how
        else how.replace("True", f"os.path.exists({str(slow)!r})")
    )
    env = install(tmp_path / "site", "ends", PLUGIN.replace("HOW", code)) | SOON | NOT_LONG
    files = make_instances(tmp_path / "data", 3, sessions=1, series=1)
    dataset = dcmread(files[0])
    dataset.StudyDescription = "BAD"
    dataset.save_as(files[0])
    recipe = tmp_path / "bounds.yaml"
    with recipe.open("w") as file:
        YAML(typ="safe").dump({
            "recipe": 1, "name": "bounds",
            "sources": [{"folder": {"path": "data"}}],
            "transforms": [{"ends": {}}],
            "sinks": [{"export": {"path": "out", "layout": "{{ SOPInstanceUID }}.dcm"}}],
        }, file)  # fmt: skip
    assert ferry("plan", recipe, env=env).returncode == 0
    slow.touch()

    result = ferry("run", recipe, env=env)

    assert result.returncode == 1, result.stdout + result.stderr
    assert "Everything is stored" not in result.stdout
    assert len(list((tmp_path / "out").glob("*.dcm"))) == 2
    slow.unlink()
    assert ferry("run", recipe, env=env).returncode == 0
    assert len(list((tmp_path / "out").glob("*.dcm"))) == 3


SINK = '''
import threading
from contextlib import contextmanager
from dicomferry import Component, Failed, Stored, hookimpl
import msgspec

class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Writes to a share."""

class Share(msgspec.Struct):
    lanes: int = 1
    receiver: str = "share"
    server: str = ""
    writes_disk: bool = True
    count: int = 0

    @contextmanager
    def open(self, consignment):
        yield self

    def store(self, parcel):
        if parcel.ref.sop_instance_uid.endswith(HANGS):
            threading.Event().wait()
        return Stored("kept")

@hookimpl
def dicomferry_sinks():
    yield Component("share", "writes", Options, lambda o, c: Share(), "sinks: [share: {}]")
'''


@pytest.mark.parametrize(("hangs", "kept"), [("(LAST,)", 4), ("''", 0)], ids=["one", "all"])
def test_a_share_that_hangs_costs_one_instance_and_three_of_them_the_sink(
    tmp_path: Path, hangs: str, kept: int
) -> None:
    files = make_instances(tmp_path / "data", 5, sessions=1, series=1)
    last = str(dcmread(files[2]).SOPInstanceUID)
    plugin = SINK.replace("HANGS", hangs.replace("LAST", repr(last)))
    env = install(tmp_path / "site", "share", plugin) | NOT_LONG
    recipe = tmp_path / "bounds.yaml"
    with recipe.open("w") as file:
        YAML(typ="safe").dump({
            "recipe": 1, "name": "bounds", "sources": [{"folder": {"path": "data"}}],
            "sinks": [{"share": {}}],
        }, file)  # fmt: skip

    result = ferry("run", recipe, "--format", "json", env=env)

    assert result.returncode == 1, result.stdout + result.stderr
    told = ferry("status", recipe, "--format", "json", env=env)
    (sink,) = json.loads(told.stdout)["sinks"].values()
    assert (sink.get("stored", 0), sink["failed"]) == (kept, 5 - kept), told.stdout


def test_parts_that_backtrack_name_the_source_and_what_to_look_for(tmp_path: Path) -> None:
    make_instances(tmp_path / "data" / LONG, 1)
    recipe = tmp_path / "bounds.yaml"
    with recipe.open("w") as file:
        YAML(typ="safe").dump({
            "recipe": 1, "name": "bounds",
            "sources": [{"folder": {"path": "data", "parts": f"(?P<a>{BACKTRACKS})"}}],
            "sinks": [{"export": {"path": "out", "layout": "{{ SOPInstanceUID }}"}}],
        }, file)  # fmt: skip

    result = ferry("plan", recipe, env=SOON)

    assert result.returncode == 2
    assert "sources[0]" in result.stderr
    assert "backtrack" in result.stderr


@pytest.mark.parametrize(
    "bomb",
    [
        "{{ (1, 2) * 999999999 }}", "{{ 1000000000 * ('a',) }}", "{{ [1] * 99999999999 }}",
        "{{ 1e999 | int }}", "{{ 1e999 | round }}", "{{ 1.5 | round(999999999, 'ceil') }}",
        "{{ 1.5 | round(-999999999, 'floor') }}", "{{ '%999999999d' % 1 }}",
        "{{ 'x' * 999999999 }}",
        "{{ 'a'" + " | replace('', 'aaaaaaaaaa')" * 9 + " }}", "{{ 9 ** 9 ** 9 }}",
        "{{ 'x' | abs }}", "{{ 5 | first }}", "{{ 1 is divisibleby 0 }}", "{{ 1e999 // 1 | int }}",
        "{{ 1 % 0 }}", "{{ '%c' % 99999999999 }}", "{{ " + "9" * 5000 + " | int }}",
    ],
)  # fmt: skip
def test_a_bomb_in_a_template_is_an_error_of_the_template(bomb: str) -> None:
    with pytest.raises((ValueError, FerryError)):
        Templates({}).template(bomb).render(made_up({}, "bomb"))


class Dies(Struct, frozen=True):
    """Ends its worker if it is number 3, else answers with its number."""

    number: int
    durable: ClassVar[bool] = False

    def work(self, _bench: object, _stopped: Callable[[], bool]) -> Iterator[int]:
        if self.number == 3:
            os._exit(1)
        yield self.number


@pytest.mark.parametrize("size", [1, 2])
def test_tasks_behind_one_that_ends_its_worker_are_done_by_another(size: int) -> None:
    with Pool(BareWorker, size) as pool:
        said = [one for batch in pool.run(map(Dies, range(30)), ahead=True) for one in batch]

    died = [one.task.number for one in said if isinstance(one.message, Done) and one.message.error]
    assert died == [3]
    answers = sorted(one.message for one in said if isinstance(one.message, int))
    assert answers == [number for number in range(30) if number != 3]


def test_a_loop_between_items_is_no_hang_and_one_instruction_is() -> None:
    watch = Watch(Limits(seconds=2))

    class Frame:
        f_lasti = 0

    one, other = Frame(), Frame()
    for _ in range(10):
        watch._tick(0, one)  # type: ignore[arg-type]
        watch._tick(0, other)  # type: ignore[arg-type]
    watch._tick(0, one)  # type: ignore[arg-type]
    watch._tick(0, one)  # type: ignore[arg-type]
    with pytest.raises(OverLimitError):
        watch._tick(0, one)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["soon", "-1", "1.5"])
def test_a_limit_that_is_no_number_is_told(text: str) -> None:
    with pytest.raises(FerryError, match="DICOMFERRY_ITEM_SECONDS"):
        Limits.of({"DICOMFERRY_ITEM_SECONDS": text})
