"""The stand-in does what is understood of the scripts of its site and projects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pydicom import Dataset, dcmread

from dicomferry.contract.stand_in import StandInOrder
from dicomferry.xnat.naming.identifiers import ClassicIdentifier
from dicomferry.xnat.naming.options import Identification
from dicomferry_plugins._stand_in.site.settings import SiteSettings
from dicomferry_plugins._stand_in.standin import XnatStandIn
from dicomferry_plugins.stand_in import dicomferry_stand_ins
from support.xnat_wire import store

NAMED = "Project:P1 Subject:S1 Session:E1"
SITE = """\
version "6.1"
(0008,0070) = "ACME" ? (0008,0080) := project : -(0008,0080)
(0020,0011) := 77
(0010,0030) := shiftDateByIncrement[(0010,0030), "-1"]
"""
OF_PROJECT = 'version "6.1"\n(0010,0010) := session\n-(0010,4000)\n'
MakeDataset = Callable[..., Dataset]
Start = Callable[..., XnatStandIn]


def scripted(**projects: str) -> SiteSettings:
    return SiteSettings(anonymize=True, site_script=SITE, project_scripts=projects)


def stored(folder: Path) -> Dataset:
    (file,) = folder.rglob("*.dcm")
    return dcmread(file)


def test_the_sites_script_runs_on_what_comes_in(
    start: Start, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    standin = start(storage=tmp_path, settings=scripted())
    dataset = make_dataset(PatientComments=NAMED, Manufacturer="ACME", PatientBirthDate="19600402")
    store(standin, dataset)
    found = stored(tmp_path)
    assert found.InstitutionName == "P1"
    assert found.PatientBirthDate == "19600402", "what is not understood is left undone"


def test_the_other_branch_of_a_condition_runs(
    start: Start, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    standin = start(storage=tmp_path, settings=scripted())
    store(standin, make_dataset(Manufacturer="OTHER", InstitutionName="SOMEWHERE"))
    assert "InstitutionName" not in stored(tmp_path)


def test_scans_are_numbered_by_what_the_script_leaves(
    start: Start, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    standin = start(storage=tmp_path, settings=scripted())
    store(standin, make_dataset(PatientComments=NAMED, SeriesNumber="3"))
    standin.build()
    ((scan,),) = (session.scans for session in standin.tree().sessions)
    assert scan.id == "77"
    assert "/SCANS/3/" in next(tmp_path.rglob("*.dcm")).as_posix(), "filed before the script runs"


def test_the_projects_script_runs_once_a_session_is_archived(
    start: Start, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    standin = start(storage=tmp_path, settings=scripted(P1=OF_PROJECT))
    store(standin, make_dataset(PatientComments=NAMED))
    assert stored(tmp_path).PatientComments == NAMED
    standin.build()
    found = stored(tmp_path)
    assert "PatientComments" not in found
    assert found.PatientName == "E1"


def test_the_script_of_another_project_does_not(
    start: Start, make_dataset: MakeDataset, tmp_path: Path
) -> None:
    standin = start(storage=tmp_path, settings=scripted(P2=OF_PROJECT))
    store(standin, make_dataset(PatientComments=NAMED))
    standin.build()
    assert stored(tmp_path).PatientComments == NAMED


def test_a_rehearsal_orders_the_scripts_of_the_recipe(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    (kind,) = dicomferry_stand_ins()
    order = StandInOrder(
        ClassicIdentifier(Identification(projects=["P1"])), storage=tmp_path, anonymize=True,
        site_script=SITE, project_scripts={"P1": OF_PROJECT},
    )  # fmt: skip
    with kind.open(order) as standin:
        store(standin, make_dataset(PatientComments=NAMED, Manufacturer="ACME"))  # type: ignore[arg-type]
        standin.build()
    found = stored(tmp_path)
    assert (found.InstitutionName, found.PatientName) == ("P1", "E1")
