"""What went wrong once in files and recipes; the vectors lie beside the checkout.

A vector says in words what is given and what is expected; `SITUATIONS` does it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread

from dicomferry.xnat.naming.identifiers import ClassicIdentifier
from dicomferry.xnat.naming.options import Identification
from dicomferry_plugins._stand_in.standin import XnatStandIn
from support import pacs
from support.cli import ferry
from support.instances import image, part10, uid

from .conftest import RecipeWriter

VECTORS = Path(__file__).parents[3] / "shared" / "spec" / "vectors" / "splice.json"
Situation = Callable[[Path, RecipeWriter], None]
LAYOUT = [{"export": {"path": "out", "layout": "{{ SOPInstanceUID }}.dcm"}}]


def keep(folder: Path, number: int, **attributes: object) -> None:
    """Write an image of a study of its own, with more attributes."""
    folder.mkdir(exist_ok=True)
    dataset = image({
        "StudyInstanceUID": uid("study", number), "SeriesInstanceUID": uid("series", number),
        "SOPInstanceUID": uid("image", number), "PatientID": f"P{number}",
        "StudyDate": "20200101", "StudyTime": "101112", "SeriesNumber": 1,
    } | attributes)  # fmt: skip
    (folder / str(number)).write_bytes(part10(dataset))


def exported(folder: Path, number: int) -> Dataset:
    return dcmread(folder / "out" / f"{uid('image', number)}.dcm")


def a_group_length_follows_a_deletion(folder: Path, write: RecipeWriter) -> None:
    keep(folder / "data", 1)
    path = folder / "data" / "1"
    plain = path.read_bytes()
    start = plain.index(b"\x08\x00\x16\x00UI")
    length = b"\x08\x00\x00\x00UL\x04\x00\0\0\0\0"
    path.write_bytes(plain[:start] + length + plain[start:])
    delete = [{"remap": {"delete": ["StudyTime"]}}]
    result = ferry("run", write(sinks=LAYOUT, transforms=delete, servers={}))
    assert result.returncode == 0, result.stdout + result.stderr

    sent = (folder / "out" / f"{uid('image', 1)}.dcm").read_bytes()
    at = sent.index(length[:8]) + len(length)
    end = sent.index(b"\x10\x00", at)
    while sent[end + 2 : end + 6] not in (b"\x10\x00PN", b"\x20\x00LO"):
        end = sent.index(b"\x10\x00", end + 1)
    assert int.from_bytes(sent[at - 4 : at], "little") == end - at
    assert "StudyTime" not in exported(folder, 1)


def a_structure_set_follows_its_study(folder: Path, write: RecipeWriter) -> None:
    keep(folder / "data", 1)
    named, frame = Dataset(), Dataset()
    named.ReferencedSOPClassUID = "1.2.840.10008.3.1.2.3.1"
    named.ReferencedSOPInstanceUID = uid("study", 1)
    frame.RTReferencedStudySequence = [named]
    keep(
        folder / "data", 2, PatientID="P1", Modality="RTSTRUCT",
        ReferencedFrameOfReferenceSequence=[frame],
    )  # fmt: skip
    labels = {"project": "P", "subject": "{{ PatientID }}", "session": "{{ Modality }}"}
    steps = [{"identify": labels}, {"unify-uids": {"study": "derive"}}]
    result = ferry("run", write(sinks=LAYOUT, transforms=steps, servers={}))
    assert result.returncode == 0, result.stdout + result.stderr

    renamed = exported(folder, 1).StudyInstanceUID
    assert renamed != uid("study", 1)
    (found,) = exported(folder, 2).ReferencedFrameOfReferenceSequence
    assert found.RTReferencedStudySequence[0].ReferencedSOPInstanceUID == renamed


def a_stored_session_keeps_its_study(folder: Path, write: RecipeWriter) -> None:
    def disk(name: str, number: int, time: str) -> None:
        pacs.study(
            folder / "data" / name, number, PatientID="P1", PatientName="DOE^JANE",
            StudyDate="20210303", StudyTime=time,
        )  # fmt: skip

    identify = {"identify": {"project": "P", "subject": "S", "session": "S_MR"}}
    with XnatStandIn(ClassicIdentifier(Identification(projects=["P"]))) as site:
        path = write(site, transforms=[identify, {"unify-uids": {"study": "first"}}])  # type: ignore[arg-type]
        disk("one", 2, "120000")
        assert ferry("run", path).returncode == 0
        disk("two", 1, "090000")
        result = ferry("run", path)
        assert result.returncode == 0, result.stdout + result.stderr
        site.build()
        (session,) = site.tree().sessions
    assert session.instances == 4


def labels_that_clean_alike_are_exported(folder: Path, write: RecipeWriter) -> None:
    keep(folder / "data", 1, PatientName="A.B")
    keep(folder / "data", 2, PatientName="A B")
    result = ferry("run", write(sinks=LAYOUT, transforms=[], servers={}))
    assert result.returncode == 0, result.stdout + result.stderr
    assert len(list((folder / "out").iterdir())) == 2


SITUATIONS: dict[str, Situation] = {
    "L1": a_group_length_follows_a_deletion,
    "U1": a_structure_set_follows_its_study,
    "U4": a_stored_session_keeps_its_study,
    "E1": labels_that_clean_alike_are_exported,
}

if VECTORS.exists():

    @pytest.mark.parametrize("name", [vector["id"] for vector in json.loads(VECTORS.read_text())])
    def test_a_vector_ends_as_it_says(
        name: str, tmp_path: Path, write_recipe: RecipeWriter
    ) -> None:
        SITUATIONS[name](tmp_path, write_recipe)
