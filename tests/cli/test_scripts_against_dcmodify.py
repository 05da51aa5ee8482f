"""A script with dcmodify and the recipe that is made of it write the same."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import Dataset, Sequence

from dicomferry.recipe.yaml.reading import parse_document
from dicomferry_plugins.dcmtk_commands import dicomferry_importers
from support.cli import ferry
from support.dumps import dump, run
from support.instances import image, part10, uid


def nested() -> bytes:
    """Return an instance with patients and private elements in sequences, private ones too."""
    dataset = image({
        "SOPInstanceUID": uid("nested"), "PatientID": "MC1", "PatientName": "A^B", "StudyID": "7",
        "StudyInstanceUID": uid("study"), "SeriesInstanceUID": uid("series"),
    })  # fmt: skip
    inner, private = Dataset(), Dataset()
    for one in (inner, private):
        one.PatientID, one.PatientName = "MC1", "A^B"
        one.private_block(0x0019, "SITE", create=True).add_new(8, "LO", "inside")
    deep = Dataset()
    deep.PatientID = "MC1"
    inner.ReferencedPatientSequence = Sequence([deep])
    dataset.ReferencedStudySequence = Sequence([inner, Dataset()])
    dataset.private_block(0x0019, "SITE", create=True).add_new(8, "SQ", Sequence([private]))
    return part10(dataset)


@pytest.mark.parametrize(
    "words",
    [
        "-ea (0010,0020)",
        "-ea PatientID -ea PatientName",
        "-ma PatientID=OTHER",
        "-ma PatientID=OTHER -ea PatientName -i StudyID=9",
        "-i PatientID=1 -ma PatientID=2",
        "-ma PatientID=2 -m PatientID=3",
        "-ea PatientID -i PatientID=1",
        "-ea ReferencedStudySequence -i ReferencedStudySequence[0].PatientID=1",
        "-i ReferencedStudySequence[0].PatientName=C -ma PatientName=D",
        "-ma ReferencedSOPClassUID=1.2.3 -ea StudyID",
        "-ep",
        "-ep -i StudyID=9",
    ],
)
def test_what_dcmodify_writes_the_recipe_writes(
    tmp_path: Path, dcmtk: Callable[[str], str], words: str
) -> None:
    for folder in ("data", "theirs"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.dcm").write_bytes(nested())
    command = ["-nb", "-imt", *words.split(" ")]
    run(dcmtk("dcmodify"), *command, str(tmp_path / "theirs" / "x.dcm"))

    (importer,) = dicomferry_importers()
    script = f"dcmodify {shlex.join(command)} {tmp_path}/data/*.dcm\n"
    found = importer.translate(script, "x")
    assert found is not None
    tree = parse_document(found.text, "x.yaml").plain
    assert isinstance(tree, dict)
    recipe = tmp_path / "recipe.yaml"
    sinks = [{"export": {"path": "ours", "layout": "x.dcm"}}]
    recipe.write_text(json.dumps({
        "recipe": 1, "name": "x", "sources": [{"folder": {"path": "data"}}],
        "transforms": tree["transforms"], "sinks": sinks,
    }, default=str))  # fmt: skip
    done = ferry("run", recipe)

    (fault,) = found.faults
    assert "files are not changed where they are" in str(fault)
    assert done.returncode == 0, done.stdout + done.stderr
    dcmdump = dcmtk("dcmdump")
    assert dump(dcmdump, tmp_path / "ours" / "x.dcm") == dump(
        dcmdump, tmp_path / "theirs" / "x.dcm"
    )
