"""What is not known to be there is not called landed, and what is not known to be missing is not
called missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dicomferry.engine.pipeline.servers import Target
from dicomferry.engine.verify.patience import await_verdicts
from dicomferry.engine.verify.reconciler import Reconciler
from dicomferry.engine.verify.verdict import SessionVerdict, Standing
from dicomferry.ledger import Ledger
from dicomferry.ledger.rows import Examined, Facts, Verdict
from dicomferry.model import (
    AutoArchive,
    Because,
    Destination,
    Forecast,
    InstanceRef,
    LocalFile,
    Location,
)
from dicomferry.xnat.filing.scans import uid_hash
from dicomferry.xnat.rest import RestClient, RestError, RestSite
from support.fake_xnat_rest import FakeXnat, Says, fake_xnat, table
from support.patience import PATIENCE
from support.plans import put_plan

SOP_CLASS = "1.2.840.10008.5.1.4.1.1.4"
UIDS = ("1.2.1", "1.2.2", "1.2.3")
STUDY = "1.9"
HOME = "/data/projects/P/subjects/S/experiments/E"
WAITING = "/data/prearchive/projects/P/T1/E"


def a_plan(folder: Path, sessions: tuple[str, ...] = ("E",)) -> Ledger:
    ledger = Ledger(folder)
    because = Because("", "", "")
    items = [(session, uid) for session in sessions for uid in UIDS]
    files = [LocalFile(Location(f"{s}/{uid}"), 1, 1) for s, uid in items]
    results = []
    for number, (session, uid) in enumerate(items, 1):
        ref = InstanceRef(STUDY, "1.8", f"{uid}.{session}" if session != "E" else uid, SOP_CLASS)
        forecast = Forecast(Destination("P", "S", session), because, AutoArchive.AUTO)
        facts = Facts(ref, "1.2.840.10008.1.2", "", "MR", "1")
        results.append(Examined(number, Verdict.READY, facts=facts, sent=ref, forecast=forecast))
    put_plan(ledger, files, results)
    return ledger


@pytest.fixture
def fake() -> Iterator[FakeXnat]:
    with fake_xnat() as server:
        server.routes["/data/projects"] = table([{"ID": "P"}])
        server.routes["/data/prearchive"] = server.routes["/data/experiments"] = table([])
        yield server


def archived(fake: FakeXnat, uids: tuple[str, ...], path: str = HOME) -> None:
    entries = "".join(f'<cat:entry UID="{uid}" URI="{uid}.dcm"/>' for uid in uids)
    catalog = f'<cat:DCMCatalog xmlns:cat="c"><cat:entries>{entries}</cat:entries></cat:DCMCatalog>'
    fake.routes[f"{path}/scans"] = table([{"ID": "1"}])
    fake.routes[f"{path}/scans/1/resources"] = table([{"label": "DICOM"}, {"label": "NIFTI"}])
    fake.routes[f"{path}/scans/1/resources/DICOM"] = Says(200, catalog.encode())


def waiting(fake: FakeXnat, status: str, names: tuple[str, ...] = ()) -> None:
    row = {"project": "P", "timestamp": "T1", "folderName": "E", "name": "E", "subject": "S",
           "tag": STUDY, "status": status}  # fmt: skip
    fake.routes["/data/prearchive"] = table([row])
    fake.routes[f"{WAITING}/scans"] = table([{"ID": "1"}])
    fake.routes[f"{WAITING}/scans/1/resources"] = table([{"label": "DICOM"}])
    files = table([{"Name": name} for name in names])
    fake.routes[f"{WAITING}/scans/1/resources/DICOM/files"] = files


def hashed(uid: str) -> str:
    return f"1.9-1-1-{uid_hash(SOP_CLASS, uid)}.dcm"


def ask(fake: FakeXnat, folder: Path, sessions: tuple[str, ...] = ("E",)) -> list[SessionVerdict]:
    ledger = a_plan(folder, sessions)
    target = Target("sink", "xnat", RestSite(fake.url, "a:b", timeout=PATIENCE), ())
    try:
        with RestClient(target.site, sleep=lambda _: None) as client:
            return list(Reconciler(target, client, ledger, "r.yaml").verdicts())
    finally:
        ledger.close()


def test_all_in_the_archive_has_landed(fake: FakeXnat, tmp_path: Path) -> None:
    archived(fake, UIDS)

    (verdict,) = ask(fake, tmp_path)

    assert verdict.standing is Standing.LANDED


def test_files_of_no_planned_instance_are_named(fake: FakeXnat, tmp_path: Path) -> None:
    archived(fake, (*UIDS, "1.2.99"))

    (verdict,) = ask(fake, tmp_path)

    assert (verdict.standing, verdict.foreign) == (Standing.LANDED, ("1.2.99",))


def test_a_leftover_in_the_prearchive_does_not_matter_once_all_is_archived(
    fake: FakeXnat, tmp_path: Path
) -> None:
    archived(fake, UIDS)
    waiting(fake, "CONFLICT")

    (verdict,) = ask(fake, tmp_path)

    assert verdict.standing is Standing.LANDED


def test_what_is_missing_is_named(fake: FakeXnat, tmp_path: Path) -> None:
    archived(fake, UIDS[:2])

    (verdict,) = ask(fake, tmp_path)

    assert verdict.standing is Standing.SHORT
    assert [instance.sop_instance_uid for instance in verdict.missing] == ["1.2.3"]


def test_names_tell_the_instances_of_the_prearchive(fake: FakeXnat, tmp_path: Path) -> None:
    waiting(fake, "READY", tuple(map(hashed, UIDS)))

    (verdict,) = ask(fake, tmp_path)

    assert verdict.standing is Standing.WAITING
    assert verdict.held.keys() == set(UIDS)


def test_archive_and_prearchive_together_are_not_short(fake: FakeXnat, tmp_path: Path) -> None:
    archived(fake, UIDS[:2])
    waiting(fake, "CONFLICT", (hashed("1.2.3"),))

    (verdict,) = ask(fake, tmp_path)

    assert verdict.standing is Standing.WAITING


@pytest.mark.parametrize("status", ["RECEIVING", "BUILDING", "QUEUED_ARCHIVING", "_MOVING"])
def test_nothing_is_missing_while_xnat_is_at_work(
    fake: FakeXnat, tmp_path: Path, status: str
) -> None:
    archived(fake, UIDS[:1])
    waiting(fake, status)

    (verdict,) = ask(fake, tmp_path)

    assert (verdict.standing, verdict.missing) == (Standing.WAITING, ())
    assert verdict.under_way


def test_a_session_that_was_not_built_says_nothing_of_its_files(
    fake: FakeXnat, tmp_path: Path
) -> None:
    waiting(fake, "ERROR")
    fake.routes[f"{WAITING}/scans"] = Says(500)

    (verdict,) = ask(fake, tmp_path)

    assert (verdict.standing, verdict.missing) == (Standing.WAITING, ())
    assert "action=build" in verdict.mend


def test_a_project_that_cannot_be_seen_is_unknown(fake: FakeXnat, tmp_path: Path) -> None:
    fake.routes["/data/projects"] = table([{"ID": "OTHER"}])

    (verdict,) = ask(fake, tmp_path)

    assert verdict.standing is Standing.UNKNOWN
    assert "cannot see the project 'P'" in verdict.message
    assert verdict.droppable == ()


@pytest.mark.parametrize("status", [403, 500])
def test_a_prearchive_that_cannot_be_seen_is_unknown(
    fake: FakeXnat, tmp_path: Path, status: int
) -> None:
    fake.routes["/data/prearchive"] = Says(status)

    (verdict,) = ask(fake, tmp_path)

    assert verdict.standing is Standing.UNKNOWN


def test_one_session_that_cannot_be_read_spoils_no_other(fake: FakeXnat, tmp_path: Path) -> None:
    archived(fake, UIDS)
    fake.routes["/data/projects/P/subjects/S/experiments/F/scans"] = Says(500)

    verdicts = ask(fake, tmp_path, ("E", "F"))

    assert [verdict.standing for verdict in verdicts] == [Standing.LANDED, Standing.UNKNOWN]


def test_a_catalog_that_is_cut_short_is_unknown(fake: FakeXnat, tmp_path: Path) -> None:
    archived(fake, UIDS)
    path = f"{HOME}/scans/1/resources/DICOM"
    fake.routes[path] = Says(200, fake.routes[path].body[:-20])

    (verdict,) = ask(fake, tmp_path)

    assert verdict.standing is Standing.UNKNOWN


def test_a_list_that_is_cut_short_is_unknown(fake: FakeXnat, tmp_path: Path) -> None:
    archived(fake, UIDS)
    fake.routes[f"{HOME}/scans"] = table([{"ID": "1"}], 2)

    (verdict,) = ask(fake, tmp_path)

    assert verdict.standing is Standing.UNKNOWN


def test_a_server_that_cannot_be_asked_at_all_is_an_error(fake: FakeXnat, tmp_path: Path) -> None:
    fake.routes["POST /data/JSESSION"] = Says(500)

    with pytest.raises(RestError):
        ask(fake, tmp_path)


def test_all_of_it_elsewhere_is_found_by_the_study(fake: FakeXnat, tmp_path: Path) -> None:
    row = {"ID": "X1", "project": "Q", "label": "E", "subject_label": "S", "UID": STUDY}
    other = {**row, "ID": "X2", "UID": "1.77"}
    fake.routes["/data/experiments"] = table([row, other])
    archived(fake, UIDS, "/data/experiments/X1")

    (verdict,) = ask(fake, tmp_path)

    assert verdict.standing is Standing.ELSEWHERE
    assert [place.destination.project for place in verdict.where] == ["Q"]


def test_what_cannot_be_looked_for_elsewhere_is_still_missing_here(
    fake: FakeXnat, tmp_path: Path
) -> None:
    archived(fake, UIDS[:1])
    fake.routes["/data/experiments"] = Says(500)

    (verdict,) = ask(fake, tmp_path)

    assert (verdict.standing, len(verdict.missing)) == (Standing.SHORT, 2)
    assert "not looked for elsewhere" in verdict.message


def test_waiting_ends_when_everything_has_landed(fake: FakeXnat, tmp_path: Path) -> None:
    archived(fake, UIDS)
    done = fake.routes.pop(f"{HOME}/scans")
    fake.routes[f"{HOME}/scans"] = [Says(404), done]
    naps: list[float] = []
    ledger = a_plan(tmp_path)
    target = Target("sink", "xnat", RestSite(fake.url, "a:b"), ())

    with RestClient(target.site) as client:
        reconciler = Reconciler(target, client, ledger, "r.yaml")
        (verdict,) = await_verdicts(
            reconciler, 600.0, lambda *_: None, naps.append, lambda: sum(naps)
        )
    ledger.close()

    assert verdict.standing is Standing.LANDED
    assert len(naps) == 1


def test_waiting_ends_in_time(fake: FakeXnat, tmp_path: Path) -> None:
    waiting(fake, "RECEIVING")
    naps: list[float] = []
    ledger = a_plan(tmp_path)
    target = Target("sink", "xnat", RestSite(fake.url, "a:b"), ())

    with RestClient(target.site) as client:
        reconciler = Reconciler(target, client, ledger, "r.yaml")
        (verdict,) = await_verdicts(
            reconciler, 600.0, lambda *_: None, naps.append, lambda: sum(naps)
        )
    ledger.close()

    assert verdict.standing is Standing.WAITING
    assert sum(naps) == 600.0
