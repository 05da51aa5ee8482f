"""The built-in components keep the contracts that strangers' plug-ins are held to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pydicom import dcmread

from dicomferry import Destination, StudyAt
from dicomferry.host import Selection, load_plugins
from dicomferry.options import XnatDicom, XnatServer
from dicomferry.testing import (
    Pacs,
    build_stage,
    check_fetcher,
    check_identifier,
    check_sink,
    check_source,
    check_transform,
    header_of,
    instance_bytes,
    open_receiver,
)
from dicomferry_plugins._pacs.server import PacsServer
from support.instances import make_instances
from support.misbehaving import Receiver, serving

HEADERS: list[Mapping[str, Any]] = [
    {},
    {"PatientID": "MC0007", "PatientComments": "Project:P Subject:S Session:E"},
    {"PatientName": "Müller^Zoë", "PatientID": "", "StudyDate": None},
    {"StudyInstanceUID": "1.2.3", "StudyDescription": "P", "Modality": None},
]


@dataclass
class OneStudy:
    """A catalog of one study in one session."""

    study: str = "1.2.3"

    def studies(self) -> Iterator[StudyAt]:
        yield StudyAt(self.study, Destination("P", "S", "E"), "20050102", 1)

    def stored_studies(self) -> Iterator[StudyAt]:
        yield from ()

    def destinations_of_series(self, series_instance_uid: str) -> tuple[Destination, ...]:
        return (Destination("P", "S", "E"),)


@pytest.fixture(scope="module")
def components() -> Mapping[tuple[str, str], Any]:
    return {
        (offer.kind, offer.component.name): offer.component
        for offer in load_plugins(Selection()).offers
    }


@pytest.fixture
def build(components: Mapping[tuple[str, str], Any], tmp_path: Path) -> Callable[..., Any]:
    def built(
        kind: str, name: str, servers: Mapping[str, object] | None = None, /, **said: Any
    ) -> Any:
        return build_stage(components[kind, name], said, tmp_path, servers or {})

    return built


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return make_instances(tmp_path / "in", 4)


def test_folder(build: Callable[..., Any], files: list[Path], tmp_path: Path) -> None:
    (tmp_path / "in" / "dangling").symlink_to("nowhere")

    found = check_source(build("source", "folder", path="in", archives=True))

    assert len(found) == 5


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("remap", {"set": {"InstitutionName": "Clinic"}, "delete": ["OtherPatientIDs"]}),
        ("remap", {"replace": {"PatientID": {"pattern": "^MC0*", "with": "MC"}}}),
        ("identify", {"project": "P", "subject": "{{ PatientName }}", "session": "E"}),
        ("unify-uids", {}),
        ("unify-uids", {"study": "keep"}),
    ],
)
def test_a_transform(build: Callable[..., Any], name: str, options: dict[str, Any]) -> None:
    headers = [header_of(attributes) for attributes in HEADERS]
    transform = build("transform", name, **options)

    if name == "identify":
        # A template without a value is an error the engine takes for a rejection.
        headers = headers[:2]

    assert len(check_transform(transform, headers, OneStudy())) == len(headers)


@pytest.mark.parametrize("name", ["classic", "dqr"])
def test_an_identifier(build: Callable[..., Any], name: str) -> None:
    headers = [header_of(attributes) for attributes in HEADERS]

    assert len(check_identifier(build("identifier", name, projects=["P"]), headers)) == 4


def test_export(build: Callable[..., Any], files: list[Path], tmp_path: Path) -> None:
    sink = build("sink", "export", path="out", layout="{{ SOPInstanceUID }}.dcm")

    check_sink(sink, files, lambda uid: (tmp_path / "out" / f"{uid}.dcm").read_bytes())


def test_xnat_cstore(build: Callable[..., Any], files: list[Path], tmp_path: Path) -> None:
    with open_receiver(tmp_path / "received") as receiver:
        dicom = XnatDicom(host=receiver.host, port=receiver.port)
        servers = {"x": XnatServer(dicom=dicom)}
        sink = build("sink", "xnat-cstore", servers, server="x", retries=0)

        def held(uid: str) -> bytes:
            (path,) = (
                p
                for p in (tmp_path / "received").rglob("*.dcm")
                if uid in p.read_bytes().decode("latin-1")
            )
            return path.read_bytes()

        with (
            serving(Receiver(status=lambda got: 0xB123)) as lying,
            serving(Receiver(answers={n: lambda talk, got: talk.hang() for n in (1, 2)})) as mute,
        ):
            others = {
                name: build(
                    "sink", "xnat-cstore",
                    {"x": XnatServer(dicom=XnatDicom(
                        host=other.host, port=other.port, timeout=1,
                    ))},
                    server="x", retries=0,
                )
                for name, other in (("lying", lying), ("silent", mute))
            }  # fmt: skip
            check_sink(sink, files, held, **others)


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Mapping[str, PacsServer]]:
    """Give the servers of a recipe: one PACS that holds two patients."""
    folder = tmp_path / "held"
    folder.mkdir()
    for patient in ("P7", "P8"):
        (folder / patient).write_bytes(instance_bytes({"PatientID": patient}))
    with Pacs(folder) as pacs:
        yield {"old": PacsServer(host=pacs.host, port=pacs.port, ae_title=pacs.ae_title)}


def test_pacs_query(build: Callable[..., Any], old: Mapping[str, PacsServer]) -> None:
    source = build("source", "pacs-query", old, pacs="old", where={"PatientID": "P*"})

    assert len(check_source(source)) == 2


@pytest.mark.parametrize("retrieve", ["c-get", "auto"])
def test_the_fetcher_of_a_pacs(
    build: Callable[..., Any], old: Mapping[str, PacsServer], tmp_path: Path, retrieve: str
) -> None:
    source = build("source", "pacs-query", old, pacs="old", where={"PatientID": "P7"})
    server = msgspec.to_builtins(old["old"]) | {"retrieve": retrieve}
    fetcher = build("fetcher", "pacs", **server)

    (file,) = check_fetcher(fetcher, source.discover(), tmp_path / "fetched")

    assert dcmread(file).PatientID == "P7"


def test_csv_dqr(build: Callable[..., Any], old: Mapping[str, PacsServer], tmp_path: Path) -> None:
    (tmp_path / "wanted.csv").write_text("Patient ID\nP7\n")

    found = check_source(build("source", "csv-dqr", old, pacs="old", file="wanted.csv"))

    assert len(found) == 1
