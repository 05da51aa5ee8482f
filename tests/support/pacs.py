"""PACS with something in them: studies made by code, sent to whatever server listens."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from support import servers
from support.instances import CT_IMAGE, MR_IMAGE, image, part10, uid


class Pacs(Protocol):
    """A server to query and retrieve from."""

    host: str
    port: int
    ae_title: str


ASKABLE = {
    "DicomAlwaysAllowFind": True,
    "DicomAlwaysAllowGet": True,
    "DicomAlwaysAllowMove": True,
    "DicomAlwaysAllowEcho": True,
}


@contextmanager
def orthanc(
    folder: Path, *, movers: Mapping[str, int] | None = None, **settings: object
) -> Iterator[servers.Orthanc]:
    """Run an Orthanc that anybody may ask; `movers` are its move destinations, with ports."""
    known = {
        f"m{i}": {"AET": aet, "Host": servers.HOST, "Port": port}
        for i, (aet, port) in enumerate((movers or {}).items())
    }
    with servers.orthanc(folder, **ASKABLE, DicomModalities=known, **settings) as server:
        yield server


def study(
    folder: Path, number: int, *, series: int = 1, instances: int = 2, rows: int = 16,
    **elements: object,
) -> list[Path]:  # fmt: skip
    """Write one study of small images: patient `P0007`, accession `A0007`, and so on."""
    paths = []
    for one in range(1, series + 1):
        for instance in range(1, instances + 1):
            name = (number, one, instance)
            modality = str(elements.get("Modality", "MR"))
            dataset = image(
                {
                    "SOPClassUID": CT_IMAGE if modality == "CT" else MR_IMAGE,
                    "SOPInstanceUID": uid("sop", *name),
                    "StudyInstanceUID": study_uid(number),
                    "SeriesInstanceUID": uid("series", number, one),
                    "StudyDate": f"202103{number % 28 + 1:02}",
                    "StudyTime": "101500",
                    "AccessionNumber": f"A{number:04}",
                    "StudyID": f"S{number:04}",
                    "PatientID": f"P{number:04}",
                    "PatientName": f"DOE^NR{number}",
                    "PatientBirthDate": "19561002",
                    "StudyDescription": "HEAD",
                    "SeriesDescription": f"series {one}",
                    "SeriesNumber": one,
                    "InstanceNumber": instance,
                }
                | elements,
                rows=rows,
            )
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{number:04}-{one}-{instance}.dcm"
            path.write_bytes(part10(dataset))
            paths.append(path)
    return paths


def study_uid(number: int) -> str:
    """Return the StudyInstanceUID of the study with this number."""
    return uid("study", number)


def fill(server: Pacs, folder: Path) -> None:
    """Send every file of a folder to a PACS."""
    path = servers.program("dcmsend")
    assert path is not None, "dcmsend is not installed"
    subprocess.run(
        [path, "-nh", "+sd", "+r", "-dn", "-aec", server.ae_title, server.host, str(server.port),
         str(folder)],
        check=True,
        env={"TCP_NODELAY": "1"},
        capture_output=True,
        timeout=600,
    )  # fmt: skip
