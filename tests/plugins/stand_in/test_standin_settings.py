"""What an administrator can set, and the faults one can ask for, over real associations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE

from dicomferry.contract.stand_in import Faults
from dicomferry.errors import FerryError
from dicomferry_plugins._stand_in.site.filters import SeriesFilter
from dicomferry_plugins._stand_in.site.settings import SiteSettings
from dicomferry_plugins._stand_in.site.whitelist import admits
from dicomferry_plugins._stand_in.standin import XnatStandIn
from support.patience import until
from support.scu import store_each
from support.xnat_wire import rejection, store

MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
NAMED = "Project:P1 Subject:S1 Session:E1"
MakeDataset = Callable[..., Dataset]
Start = Callable[..., XnatStandIn]


@pytest.mark.parametrize(
    ("entry", "let_in"),
    [
        ("SENDER", True),
        ("OTHER", False),
        ("127.0.0.0/8", True),
        ("10.0.0.0/8", False),
        ("SENDER@127.0.0.1", True),
        ("SENDER@10.0.0.1", False),
        ("OTHER@127.0.0.1", False),
    ],
)
def test_a_whitelist_entry_lets_in_whom_it_names(entry: str, let_in: bool) -> None:
    assert admits([entry], "SENDER", "127.0.0.1") is let_in


def test_who_is_not_on_the_whitelist_is_rejected_for_good(start: Start) -> None:
    standin = start(settings=SiteSettings(whitelist=("OTHER",)))
    # permanent, by the user, calling AE title not recognized (PS3.8 9.3.4)
    assert rejection(standin.port) == (1, 1, 3)


def test_who_is_on_the_whitelist_stores(start: Start, make_dataset: MakeDataset) -> None:
    assert store(start(settings=SiteSettings(whitelist=("SENDER",))), make_dataset()) == [0x0000]


@pytest.mark.parametrize("title", ["", "A" * 17, "A\\B", " A", "A ", "Ä"])
def test_a_title_xnat_would_not_save_is_refused(start: Start, title: str) -> None:
    with pytest.raises(FerryError, match="no AE title"):
        start(ae_title=title)


@pytest.mark.parametrize(
    ("mode", "description", "kept"),
    [
        ("blacklist", "localizer", 0),
        ("blacklist", "localizer 2", 1),
        ("blacklist", "", 1),
        ("whitelist", "localizer", 1),
        ("whitelist", "t1", 0),
    ],
)
def test_the_import_filter_drops_silently(
    start: Start, make_dataset: MakeDataset, mode: str, description: str, kept: int
) -> None:
    standin = start(settings=SiteSettings(series_filter=SeriesFilter(mode, ("localizer",))))
    dataset = make_dataset(PatientComments=NAMED, SeriesDescription=description)
    assert store(standin, dataset) == [0x0000]
    assert standin.tree().instances == kept


def test_a_filter_of_another_kind_is_refused() -> None:
    with pytest.raises(FerryError, match="modalityMap"):
        SeriesFilter("modalityMap", ())


def test_the_default_script_rewrites_three_elements(
    start: Start, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    standin = start(storage=tmp_path, settings=SiteSettings(anonymize=True))
    dataset = make_dataset(
        PatientComments=NAMED, StudyDescription="HEAD", PatientName="A^B", PatientID="7"
    )
    store(standin, dataset)
    (file,) = tmp_path.rglob("*.dcm")
    stored = dcmread(file)
    found = (stored.StudyDescription, stored.PatientName, stored.PatientID)
    assert found == ("P1", "S1", "E1")
    assert stored.PatientComments == NAMED


def test_the_default_script_leaves_the_description_of_unassigned(
    start: Start, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    standin = start(storage=tmp_path, settings=SiteSettings(anonymize=True))
    store(standin, make_dataset(StudyDescription="HEAD", PatientID="E7"))
    (file,) = tmp_path.rglob("*.dcm")
    assert dcmread(file).StudyDescription == "HEAD"


def test_quiet_sessions_are_built_without_being_told(
    start: Start, make_dataset: MakeDataset
) -> None:
    standin = start(settings=SiteSettings(quiet_period=0.05))
    store(standin, make_dataset(PatientComments=NAMED))
    until(lambda: standin.tree().sessions[0].status == "ARCHIVED")


def test_every_nth_is_lost_on_demand_though_success_is_answered(
    start: Start, make_dataset: MakeDataset
) -> None:
    standin = start(faults=Faults(lose_every=2))
    statuses = store(standin, *(make_dataset(number) for number in range(1, 5)))
    assert statuses == [0x0000] * 4
    assert standin.tree().instances == 2


def test_a_full_disk_is_c000_from_then_on(start: Start, make_dataset: MakeDataset) -> None:
    standin = start(faults=Faults(disk_full_at=2))
    statuses = store(standin, *(make_dataset(number) for number in range(1, 4)))
    assert statuses == [0x0000, 0xC000, 0xC000]


def test_a_first_object_that_cannot_be_written_leaves_no_session(
    start: Start, make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dicomferry_plugins._stand_in.site.content.write_file", full)
    standin = start(storage=tmp_path)
    assert store(standin, make_dataset()) == [0xC000]
    assert standin.tree().sessions == ()


def test_what_cannot_be_written_is_answered_without_a_label(
    start: Start, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    standin = start(storage=tmp_path)
    (tmp_path / "P1").write_text("in the way")
    entity = AE("SENDER")
    entity.add_requested_context(MR_IMAGE, ExplicitVRLittleEndian)
    association = entity.associate(standin.host, standin.port, ae_title="XNAT")
    named = "Project:P1 Subject:CANARY Session:CANARY"
    (answer,) = store_each(association, [make_dataset(PatientComments=named)])
    association.release()
    assert answer.Status == 0xC000
    assert "CANARY" not in answer.ErrorComment
