"""What a DICOMDIR lists and the source does not have."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MediaStorageDirectoryStorage,
)

from support.cli import ferry
from support.instances import make_instances

from .conftest import RecipeWriter

EXPORT = [{"export": {"path": "out", "layout": "{{ SOPInstanceUID }}.dcm"}}]


def record(path: Path, folder: Path, *, in_use: bool = True) -> Dataset:
    record = Dataset()
    record.OffsetOfTheNextDirectoryRecord = 0
    record.RecordInUseFlag = 0xFFFF if in_use else 0
    record.OffsetOfReferencedLowerLevelDirectoryEntity = 0
    record.DirectoryRecordType = "IMAGE"
    record.ReferencedFileID = list(path.relative_to(folder).parts)
    instance = dcmread(path)
    record.ReferencedSOPClassUIDInFile = instance.SOPClassUID
    record.ReferencedSOPInstanceUIDInFile = instance.SOPInstanceUID
    record.ReferencedTransferSyntaxUIDInFile = ExplicitVRLittleEndian
    return record


@pytest.fixture(
    params=[ExplicitVRLittleEndian, ImplicitVRLittleEndian], ids=["explicit", "implicit"]
)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> list[Path]:
    """Burn three instances with a DICOMDIR, of which a fourth was deleted; return the three."""
    data = tmp_path / "data"
    (data / "IMAGES").mkdir(parents=True)
    made = make_instances(tmp_path / "made", 4)
    burnt = [path.rename(data / "IMAGES" / f"IM00{at}") for at, path in enumerate(made)]
    directory = Dataset()
    directory.DirectoryRecordSequence = [
        record(path, data, in_use=path != burnt[3]) for path in burnt
    ]
    directory.file_meta = FileMetaDataset()
    directory.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    directory.file_meta.MediaStorageSOPInstanceUID = "2.25.1"
    directory.file_meta.TransferSyntaxUID = request.param
    directory.save_as(data / "DICOMDIR", enforce_file_format=True)
    burnt.pop().unlink()
    return burnt


def told(recipe: Path) -> list[str]:
    report = json.loads(ferry("plan", recipe, "--format", "json").stdout)
    return [p["message"] for p in report["problems"] if p["code"] == "listed-not-found"]


def test_a_listed_file_that_is_missing_is_told_until_it_is_there(
    disk: list[Path], tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    recipe = write_recipe(sinks=EXPORT)
    away = disk[1].rename(tmp_path / "away")
    (message,) = told(recipe)
    assert "DICOMDIR lists 1 file that is not there" in message
    assert message.endswith(disk[1].relative_to(tmp_path / "data").as_posix())

    away.rename(disk[1])
    assert told(recipe) == []


@pytest.mark.parametrize("kept", [0.9, 0.4])
def test_a_directory_that_is_cut_is_told(
    disk: list[Path], tmp_path: Path, write_recipe: RecipeWriter, kept: float
) -> None:
    directory = tmp_path / "data" / "DICOMDIR"
    whole = directory.read_bytes()
    directory.write_bytes(whole[: int(len(whole) * kept)])

    assert "is cut short" in told(write_recipe(sinks=EXPORT))[0]


@pytest.mark.parametrize("make", ["zip", "gztar"])
@pytest.mark.parametrize("inside", ["", "discs/one"])
def test_a_listed_file_that_an_archive_lacks_is_told(
    make: str, inside: str, disk: list[Path], tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    root = (tmp_path / "data").rename(tmp_path / "burnt")
    packed = tmp_path / "packed" / inside
    packed.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(root, packed, dirs_exist_ok=True)
    (packed / "IMAGES" / disk[1].name).rename(packed / "IMAGES" / "im001")  # in other letters
    (packed / "IMAGES" / disk[2].name).unlink()
    (tmp_path / "data").mkdir()
    shutil.make_archive(str(tmp_path / "data" / "disk"), make, tmp_path / "packed")

    (message,) = told(write_recipe(source={"archives": True}, sinks=EXPORT))

    assert "DICOMDIR lists 1 file that is not there" in message
    assert message.endswith(f"IMAGES/{disk[2].name}")


@pytest.mark.parametrize("kind", ["lower case", "version", "flat", "excluded", "damaged"])
def test_a_listed_file_that_is_there_in_another_way_is_not_told(
    kind: str, disk: list[Path], tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    one = disk[1]
    source = {}
    if kind == "lower case":
        one.rename(one.with_name(one.name.lower()))
    elif kind == "version":
        one.rename(one.with_name(f"{one.name}.;1"))
    elif kind == "flat":
        one.rename(tmp_path / "data" / "renamed.dcm")
    elif kind == "excluded":
        source = {"exclude": [f"**/{one.name}"]}
    else:
        one.write_bytes(one.read_bytes()[:300])

    assert told(write_recipe(source=source, sinks=EXPORT)) == []


def test_a_run_whose_directory_lists_more_ends_with_1_until_it_is_allowed(
    disk: list[Path], write_recipe: RecipeWriter
) -> None:
    disk[1].unlink()
    run = ferry("run", write_recipe(sinks=EXPORT))

    assert run.returncode == 1, run.stdout
    assert "Everything is stored" not in run.stdout
    assert "listed-not-found" in run.stdout

    allowed = ferry("run", write_recipe(sinks=EXPORT, allow=["listed-not-found"]))

    assert allowed.returncode == 0, allowed.stdout


@pytest.mark.parametrize("kind", ["empty", "zeros", "page", "neighbor", "folder"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_listed_file_that_is_no_instance_or_another_one_is_told(
    kind: str, packed: bool, disk: list[Path], tmp_path: Path, write_recipe: RecipeWriter
) -> None:
    one = disk[1]
    whole = one.read_bytes()
    one.unlink()
    if kind == "folder":
        one.mkdir()
    else:
        one.write_bytes({
            "empty": b"", "zeros": bytes(len(whole)), "page": b"<html>404</html>",
            "neighbor": disk[0].read_bytes(),
        }[kind])  # fmt: skip
    if packed:
        root = (tmp_path / "data").rename(tmp_path / "burnt")
        (tmp_path / "data").mkdir()
        shutil.make_archive(str(tmp_path / "data" / "disk"), "zip", root)

    result = ferry("run", write_recipe(source={"archives": packed}, sinks=EXPORT))

    assert result.returncode == 1, result.stdout
    # What holds nothing but NULs is there, and damaged.
    told = "rejected: 1 file (damaged)" if kind == "zeros" else "lists 1 file that is not"
    assert told in result.stdout
    assert "Everything is stored" not in result.stdout
