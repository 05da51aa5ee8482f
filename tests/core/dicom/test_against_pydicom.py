"""The walker and pydicom say the same about every real file there is."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from pydicom import Dataset
from pydicom.datadict import dictionary_VR

from dicomferry.dicom.header import Header
from dicomferry.dicom.instance import Instance
from dicomferry.errors import FerryError

WHEEL = Path(pydicom.__file__).parent / "data" / "test_files"
SHARED = Path(__file__).parents[4] / "shared" / "data" / "dicom"
FILES = sorted(path for path in WHEEL.rglob("*") if path.is_file())
MORE = sorted(path for path in SHARED.rglob("*") if path.is_file()) if SHARED.exists() else []
TEXT = ("AE", "AS", "CS", "DA", "DT", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT")

# What dcmdump reads no better, and directories: these are told, not read.
NOT_INSTANCES = {"DICOMDIR", "README", "README.txt", "no_meta.dcm"}
DAMAGED = {"MR_truncated.dcm", "rtplan_truncated.dcm"}


def compare(header: Header, dataset: Dataset) -> None:
    assert list(header.tags()) == sorted(map(int, dataset.keys()))
    for tag in header.tags():
        expected = dataset[tag]
        items = header.items(tag)
        if expected.VR == "SQ":
            assert len(items) == len(expected.value), expected.tag
            for inner, item in zip(items, expected.value, strict=True):
                compare(inner, item)
        elif expected.VR in TEXT:
            compare_text(header, tag, expected)


def compare_text(header: Header, tag: int, expected: object) -> None:
    value = expected.value
    values = [value] if isinstance(value, str) or not hasattr(value, "__len__") else list(value)
    if expected.VR == "PN":
        values = [value] if expected.VM <= 1 else list(value)
    text = "\\".join(str(part or "") for part in values)
    strip = [part.strip(" \0=") for part in text.split("\\")]
    found = [part.strip(" \0=") for part in (header.text(tag) or "").split("\\")]
    assert strip == found, expected.tag


def is_instance(path: Path) -> bool:
    return not (path.name.startswith("DICOMDIR") or path.name in NOT_INSTANCES | DAMAGED) and (
        path.suffix in ("", ".dcm")
    )


@pytest.mark.parametrize(
    "path", [path for path in FILES if is_instance(path)], ids=lambda path: path.name
)
def test_a_wheel_file_reads_as_pydicom_reads_it(
    path: Path, opened: Callable[[Path], Instance]
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compare(opened(path).header, pydicom.dcmread(path, force=True))


if MORE:

    def test_every_shared_file_reads_as_pydicom_reads_it(
        opened: Callable[[Path], Instance],
    ) -> None:
        read = 0
        for path in MORE:
            try:
                instance = opened(path)
            except FerryError:
                continue
            with warnings.catch_warnings(), instance:
                warnings.simplefilter("ignore")
                compare(instance.header, pydicom.dcmread(path, force=True))
            read += 1
        assert read > len(MORE) // 2


@pytest.mark.parametrize(
    "path", [path for path in FILES if is_instance(path)], ids=lambda path: path.name
)
def test_the_vrs_of_an_explicit_file_are_those_written(
    path: Path, opened: Callable[[Path], Instance]
) -> None:
    instance = opened(path)
    header = instance.header
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(path, force=True)
    if dataset.original_encoding[0] or instance.mends:
        return
    for tag in sorted(dataset.keys()):
        written = dataset.get_item(tag).VR
        if written == "UN" or header.vr(tag) == "UN":
            continue
        assert header.vr(tag) == written or len(dictionary_VR(tag)) > 2


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small_implicit.dcm", "JPEG2000.dcm"])
def test_a_dataset_made_of_a_header_is_pydicom_s_own_without_pixel_data(
    name: str, wheel_file: Callable[[str], Path], opened: Callable[[Path], Instance]
) -> None:
    path = wheel_file(name)
    expected = pydicom.dcmread(path)
    del expected.PixelData

    dataset = opened(path).header.dataset()

    for element in expected:
        assert dataset[element.tag].value == element.value
