"""Bad input and bad weather: told in a line, with nothing lost and nothing called stored."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import dcmread

from support import servers
from support.cli import PROGRAM, ferry
from support.instances import image, make_instances, part10, uid
from support.misbehaving import Receiver, held_back, serving
from support.patience import PATIENCE, until
from support.plugins import install


def status(recipe: Path) -> dict[str, dict[str, str]]:
    """Return what `status` says of every file, by file name."""
    listed = json.loads(ferry("status", recipe, "--items", "all", "--format", "json").stdout)
    return {Path(item["location"]).name: item for item in listed["items"]}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    make_instances(tmp_path / "data", 4, sessions=1, series=1)
    return tmp_path / "data"


def first_file(folder: Path) -> Path:
    return min(path for path in folder.rglob("*") if path.is_file())


def test_an_unreachable_server_is_told_and_everything_stays_due(
    data: Path, write_recipe: Callable[..., Path]
) -> None:
    recipe = write_recipe(dicom={"port": servers.free_port()})

    result = ferry("run", recipe)

    assert result.returncode == 1
    assert "127.0.0.1" in result.stdout
    assert "dicomferry run" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


def test_a_wrong_ae_title_shows_who_rejected_and_why(
    data: Path, write_recipe: Callable[..., Path]
) -> None:
    with serving(Receiver(called="OTHER")) as receiver:
        recipe = write_recipe(receiver, dicom={"ae_title": "XNAT"})

        result = ferry("run", recipe)

    assert result.returncode == 1
    assert "called AE title" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr


def test_a_refused_context_rejects_the_instance_by_name(
    data: Path, write_recipe: Callable[..., Path]
) -> None:
    with serving(Receiver(takes=lambda sop_class, syntax: False)) as receiver:
        result = ferry("run", write_recipe(receiver))

    assert result.returncode == 1
    assert "MR Image Storage" in result.stdout
    assert receiver.stored == []


def test_a_refusing_receiver_ends_with_exit_code_1_and_the_others_stored(
    data: Path, write_recipe: Callable[..., Path]
) -> None:
    bad = str(dcmread(first_file(data)).SOPInstanceUID)
    with serving(
        Receiver(status=lambda got: 0xA900 if got.sop_instance_uid == bad else 0)
    ) as receiver:
        recipe = write_recipe(receiver)
        result = ferry("run", recipe)

    assert result.returncode == 1
    assert "3 instances stored, 1 rejected" in result.stdout
    assert len(receiver.stored) == 3
    assert sum("stored" in str(item["sinks"]) for item in status(recipe).values()) == 3


@pytest.mark.parametrize(
    ("content", "verdict", "code"),
    [
        (b"", "passed", "not-dicom"),
        (b"just a text\n" * 100, "passed", "not-dicom"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), "passed", "not-dicom"),
    ],
    ids=["empty", "text", "picture"],
)
def test_what_is_not_dicom_is_listed_and_the_rest_goes(
    data: Path, write_recipe: Callable[..., Path], storescp: servers.StoreScp,
    content: bytes, verdict: str, code: str,
) -> None:  # fmt: skip
    (data / "odd").write_bytes(content)
    recipe = write_recipe(storescp)

    result = ferry("run", recipe)

    assert result.returncode == 0, result.stdout
    assert len(storescp.files()) == 4
    assert (status(recipe)["odd"]["verdict"], status(recipe)["odd"]["code"]) == (verdict, code)


def test_a_truncated_file_is_rejected_and_the_rest_goes(
    data: Path, write_recipe: Callable[..., Path], storescp: servers.StoreScp
) -> None:
    whole = first_file(data).read_bytes()
    (data / "cut").write_bytes(whole[:-7])
    recipe = write_recipe(storescp)

    result = ferry("run", recipe)

    assert result.returncode == 1
    assert status(recipe)["cut"]["code"] == "damaged"
    assert len(storescp.files()) == 4


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"])
def test_an_instance_without_a_uid_is_rejected_naming_it(
    data: Path, write_recipe: Callable[..., Path], keyword: str
) -> None:
    dataset = dcmread(first_file(data))
    del dataset[keyword]
    dataset.save_as(data / "nameless", enforce_file_format=False)
    # without unify-uids, which would give it the study of its session
    labels = {"project": "P", "subject": "{{ PatientID }}", "session": "{{ PatientID }}_MR"}
    recipe = write_recipe(transforms=[{"identify": labels}])

    ferry("plan", recipe)

    item = status(recipe)["nameless"]
    assert (item["verdict"], item["code"]) == ("rejected", "missing-uid")
    assert keyword in item["reason"]


def test_the_same_instance_twice_goes_once(
    data: Path, write_recipe: Callable[..., Path], storescp: servers.StoreScp
) -> None:
    shutil.copy(first_file(data), data / "zz copy")
    recipe = write_recipe(storescp)

    result = ferry("run", recipe)

    assert result.returncode == 0
    assert status(recipe)["zz copy"]["code"] == "duplicate"
    assert len(storescp.files()) == 4


def test_two_contents_under_one_uid_are_both_reported_and_neither_goes(
    data: Path, write_recipe: Callable[..., Path], storescp: servers.StoreScp
) -> None:
    first = first_file(data)
    dataset = dcmread(first)
    dataset.SliceThickness = "9"
    dataset.save_as(data / "other")
    recipe = write_recipe(storescp)

    result = ferry("run", recipe)

    assert result.returncode == 1
    known = status(recipe)
    assert known["other"]["code"] == known[first.name]["code"] == "duplicate-differs"
    assert len(storescp.files()) == 3


def test_a_duplicate_goes_when_its_twin_is_gone(
    data: Path, write_recipe: Callable[..., Path], storescp: servers.StoreScp
) -> None:
    first = first_file(data)
    shutil.copy(first, data / "zz copy")
    recipe = write_recipe(storescp)
    ferry("plan", recipe)
    first.unlink()

    result = ferry("run", recipe)

    assert result.returncode == 0
    assert len(storescp.files()) == 4


def test_a_forecast_that_differs_from_identify_refuses_the_run(
    data: Path, write_recipe: Callable[..., Path], storescp: servers.StoreScp
) -> None:
    transforms = [{"identify": {"project": "ELSEWHERE", "subject": "S", "session": "E"}}]
    recipe = write_recipe(storescp, transforms=transforms)

    result = ferry("run", recipe)

    assert result.returncode == 2
    assert "forecast-mismatch" in result.stdout
    assert "ELSEWHERE" in result.stdout
    assert storescp.files() == []


def test_two_originals_on_one_label_refuse_the_run_until_allowed(
    tmp_path: Path, write_recipe: Callable[..., Path], storescp: servers.StoreScp
) -> None:
    (tmp_path / "data").mkdir()
    for number, name in enumerate(["MC 7", "MC.7"]):
        elements = {
            "SOPInstanceUID": uid("twin", number), "StudyInstanceUID": uid("study", number),
            "SeriesInstanceUID": uid("series", number), "PatientID": name,
            "StudyDate": f"2001010{number + 1}",
        }  # fmt: skip
        (tmp_path / "data" / str(number)).write_bytes(part10(image(elements)))
    subject = {"subject": "{{ PatientID }}", "session": "{{ PatientID }}_{{ StudyDate }}"}
    transforms = [{"identify": {"project": "P"} | subject}]

    refused = ferry("run", write_recipe(storescp, transforms=transforms))
    recipe = write_recipe(
        storescp, transforms=transforms, allow=["label-collision", "patients-merged"]
    )
    allowed = ferry("run", recipe)

    assert refused.returncode == 2
    assert "label-collision" in refused.stdout
    assert allowed.returncode == 0
    assert len(storescp.files()) == 2


def test_a_second_run_beside_a_running_one_is_refused_naming_the_holder(
    data: Path, write_recipe: Callable[..., Path]
) -> None:
    with serving(Receiver(answers={1: lambda talk, got: talk.hang()})) as receiver:
        recipe = write_recipe(receiver)
        running = subprocess.Popen(
            [*PROGRAM, "run", str(recipe)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(lambda: receiver.received)

        second = ferry("run", recipe)

        running.kill()
        running.wait()
    assert second.returncode == 2
    assert f"process {running.pid}" in second.stderr


@pytest.mark.parametrize("code", [0xB000, 0xB006, 0xB007])
def test_warnings_of_a_receiver_are_counted_and_named(
    data: Path, write_recipe: Callable[..., Path], code: int
) -> None:
    bad = str(dcmread(first_file(data)).SOPInstanceUID)
    with serving(
        Receiver(status=lambda got: code if got.sop_instance_uid == bad else 0)
    ) as receiver:
        recipe = write_recipe(receiver)
        result = ferry("run", recipe)

    assert result.returncode == 0, result.stdout
    assert "4 instances stored" in result.stdout
    told = f"1 instance: 0x{code:04X} stored,"
    assert told in result.stdout
    assert "receivers warned of 1 instance, see above" in result.stdout
    assert told in ferry("status", recipe).stdout
    (warning,) = json.loads(ferry("status", recipe, "--format", "json").stdout)["warnings"]
    assert (warning["state"], warning["instances"]) == ("stored", 1)


def test_an_interrupt_stops_cleanly_and_says_how_to_go_on(
    tmp_path: Path, write_recipe: Callable[..., Path]
) -> None:
    make_instances(tmp_path / "data", 60, sessions=3)
    heard = threading.Event()

    with serving(Receiver(status=held_back(10, heard))) as receiver:
        recipe = write_recipe(receiver, dicom={"associations": 2})
        running = subprocess.Popen(
            [*PROGRAM, "run", str(recipe)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            until(lambda: len(receiver.received) == 12)
            running.send_signal(signal.SIGINT)
            assert running.stderr is not None
            assert any("stopping" in line for line in running.stderr)
        finally:
            heard.set()
        output, errors = running.communicate(timeout=PATIENCE)

        assert running.returncode == 1, errors
        assert "Stopped. 48 still to bring" in output
        assert f"dicomferry run {recipe}" in output
        assert "12 instances stored" in output
        assert len(receiver.stored) == 12
        assert ferry("run", recipe).returncode == 0
        assert len(receiver.instances()) == len(receiver.stored) == 60


def test_a_second_interrupt_ends_a_run_whose_receiver_does_not_answer(
    tmp_path: Path, write_recipe: Callable[..., Path]
) -> None:
    make_instances(tmp_path / "data", 12, sessions=3)
    with serving(Receiver(answers={3: lambda talk, got: talk.hang()})) as receiver:
        running = subprocess.Popen(
            [*PROGRAM, "run", str(write_recipe(receiver))],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        until(lambda: len(receiver.received) >= 3)
        running.send_signal(signal.SIGINT)
        assert running.stderr is not None
        assert any("stopping" in line for line in running.stderr)
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=PATIENCE)

    assert running.returncode == 1
    assert errors.strip() == "stopped"


STUCK = """
    import os
    import time
    from pathlib import Path

    import msgspec

    from dicomferry import Component, Edits, hookimpl


    class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
        \"\"\"Nothing.\"\"\"


    class Stuck:
        def edit(self, header):
            if "STUCK" in os.environ and header.text("PatientID") == "MC0002":
                Path(os.environ["STUCK"]).touch()
                time.sleep(600)
            return Edits()


    @hookimpl
    def dicomferry_transforms():
        yield Component("stuck", "gets stuck when it is told to", Options, lambda *_: Stuck())
"""


@pytest.mark.parametrize(
    "verb", [["plan"], ["run"], ["plan", "--executor=in-process"], ["run", "--executor=in-process"]]
)
def test_an_interrupt_while_planning_ends_at_once_and_the_next_run_plans_anew(
    tmp_path: Path, write_recipe: Callable[..., Path], storescp: servers.StoreScp, verb: list[str]
) -> None:
    make_instances(tmp_path / "data", 300, sessions=3)
    labels = {"project": "P", "subject": "{{ PatientID }}", "session": "{{ PatientID }}_MR"}
    recipe = write_recipe(storescp, transforms=[{"stuck": {}}, {"identify": labels}])
    installed = install(tmp_path / "plugins", "stuck", STUCK)
    running = subprocess.Popen(
        [*PROGRAM, *verb, str(recipe)],
        env=os.environ | installed | {"STUCK": str(tmp_path / "reached")},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    until((tmp_path / "reached").exists)
    running.send_signal(signal.SIGINT)
    output, errors = running.communicate(timeout=PATIENCE)

    assert running.returncode == 1, output
    assert "stopped" in errors
    assert "Traceback" not in errors
    assert storescp.files() == []
    assert "300 instances" in ferry("plan", recipe, env=installed).stdout


def test_an_unwritable_state_folder_is_told_with_a_way_out(
    data: Path, tmp_path: Path, write_recipe: Callable[..., Path]
) -> None:
    (tmp_path / "file").write_text("")

    result = ferry("plan", write_recipe(), "--state", tmp_path / "file" / "state")

    assert result.returncode == 2
    assert "--state" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_damaged_ledger_stops_before_anything_is_sent(
    data: Path, tmp_path: Path, write_recipe: Callable[..., Path], storescp: servers.StoreScp
) -> None:
    recipe = write_recipe(storescp)
    ferry("plan", recipe)
    ledger = tmp_path / ".dicomferry" / "journey" / "ledger.sqlite"
    ledger.write_bytes(ledger.read_bytes()[:4096] + b"\xff" * 8192)

    result = ferry("run", recipe)

    assert result.returncode == 2
    assert "ledger" in result.stderr
    assert storescp.files() == []


def test_a_file_that_changes_after_the_plan_is_not_sent_as_planned(
    data: Path, tmp_path: Path, write_recipe: Callable[..., Path]
) -> None:
    victim = max(path for path in data.rglob("*") if path.is_file())

    def meddle(talk: object, got: object) -> None:
        victim.write_bytes(victim.read_bytes() + b"\0\0")
        talk.keep(got)  # type: ignore[attr-defined]
        from support.misbehaving import response

        talk.send(response(got, 0))  # type: ignore[attr-defined,arg-type]

    with serving(Receiver(answers={1: meddle})) as receiver:
        recipe = write_recipe(receiver)
        result = ferry("run", recipe)

    assert result.returncode == 1
    assert "not what was planned" in result.stdout
    assert len(receiver.stored) == 3


def test_no_log_and_no_error_output_holds_a_patients_name(
    data: Path, tmp_path: Path, write_recipe: Callable[..., Path]
) -> None:
    for file in [path for path in data.rglob("*") if path.is_file()]:
        dataset = dcmread(file)
        dataset.PatientName = "CANARY^BIRD"
        dataset.PatientID = "CANARYID"
        dataset.save_as(file)
    (data / "cut").write_bytes(first_file(data).read_bytes()[:-5])
    with serving(Receiver(status=lambda got: 0xA900)) as receiver:
        recipe = write_recipe(
            dicom={"port": receiver.port, "ae_title": "XNAT"},
            transforms=[{"identify": {"project": "P", "subject": "S", "session": "E"}}],
        )
        result = ferry("run", recipe)

    log = tmp_path / ".dicomferry" / "journey" / "dicomferry.log"
    written = result.stderr + result.stdout + (log.read_text() if log.exists() else "")
    assert result.returncode == 1
    assert "CANARY" not in written
